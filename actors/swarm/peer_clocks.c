// SPDX-License-Identifier: MIT
#include "peer_clocks.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define GROWTH 8u

//  Far beyond any clock, far within what can be subtracted.
#define WALL_MAX_MS (INT64_C (1) << 52)

void
peer_clocks_clear (peer_clocks_t *self)
{
    free (self->samples);
    *self = (peer_clocks_t) {0};
}

static void
drop (peer_clocks_t *self, unsigned at)
{
    memmove (self->samples + at, self->samples + at + 1,
             (--self->count - at) * sizeof *self->samples);
}

bool
peer_clocks_watch (peer_clocks_t *self, int64_t now_ms, int64_t wall_ms)
{
    int64_t ahead_ms = wall_ms - now_ms;
    bool jumped = self->watched && llabs (ahead_ms - self->own_ahead_ms) > PEER_CLOCKS_JUMP_MS;
    self->watched = true;
    self->own_ahead_ms = ahead_ms;
    for (unsigned i = self->count; jumped && i-- > 0;)
        if (self->samples[i].up)
            self->samples[i].doubted = true;
        else
            drop (self, i);
    return jumped;
}

static uint64_t
id_of (const peer_key_t *peer)
{
    uint64_t id;
    memcpy (&id, peer->bytes, sizeof id);
    return id;
}

//  The index of this peer's sample, or count.
static unsigned
find (const peer_clocks_t *self, uint64_t peer)
{
    unsigned i = 0;
    while (i < self->count && self->samples[i].peer != peer)
        i++;
    return i;
}

//  The oldest of those that are worth least.
static unsigned
find_worst (const peer_clocks_t *self)
{
    unsigned worst = 0, least = UINT_MAX;
    for (unsigned i = 0; i < self->count; i++) {
        unsigned worth = 2u * self->samples[i].chosen + self->samples[i].up;
        if (worth < least) {
            least = worth;
            worst = i;
        }
    }
    return worst;
}

//  Returns false when there is no memory.
static bool
make_room (peer_clocks_t *self)
{
    if (self->count == PEER_CLOCKS_MAX)
        drop (self, find_worst (self));
    if (self->count < self->room)
        return true;
    peer_clock_t *samples = realloc (self->samples, (self->room + GROWTH) * sizeof *samples);
    if (!samples)
        return false;
    self->samples = samples;
    self->room = (uint8_t) (self->room + GROWTH);
    return true;
}

void
peer_clocks_add (peer_clocks_t *self, const peer_key_t *peer, bool chosen, int64_t wall_ms,
                 int64_t now_ms)
{
    unsigned at = find (self, id_of (peer));
    if (at < self->count)
        drop (self, at);
    if (!make_room (self))
        return;
    wall_ms = wall_ms < 0 ? 0 : wall_ms > WALL_MAX_MS ? WALL_MAX_MS : wall_ms;
    self->samples[self->count++] = (peer_clock_t) {.peer = id_of (peer),
                                                   .ahead_ms = wall_ms - now_ms,
                                                   .chosen = chosen,
                                                   .up = true};
}

void
peer_clocks_down (peer_clocks_t *self, const peer_key_t *peer)
{
    unsigned at = find (self, id_of (peer));
    if (at == self->count)
        return;
    self->samples[at].up = false;
    if (self->samples[at].doubted)
        drop (self, at);
}

static int
by_size (const void *a_, const void *b_)
{
    int64_t a = *(const int64_t *) a_, b = *(const int64_t *) b_;
    return (a > b) - (a < b);
}

//  Of an even number two are in the middle. When these differ, half of all are wrong, and ours decides.
static int64_t
nearer (int64_t a_ms, int64_t b_ms)
{
    return llabs (a_ms) < llabs (b_ms) ? a_ms : b_ms;
}

int64_t
peer_clocks_skew_ms (const peer_clocks_t *self)
{
    int64_t ahead_ms[PEER_CLOCKS_MAX];
    unsigned chosen = 0, count = 0;
    for (unsigned i = 0; i < self->count; i++)
        chosen += self->samples[i].chosen;
    for (unsigned i = 0; i < self->count; i++)
        if (chosen < PEER_CLOCKS_MIN || self->samples[i].chosen)
            ahead_ms[count++] = self->samples[i].ahead_ms;
    if (count == 0)
        return 0;
    qsort (ahead_ms, count, sizeof ahead_ms[0], by_size);
    return nearer (ahead_ms[(count - 1) / 2] - self->own_ahead_ms,
                   ahead_ms[count / 2] - self->own_ahead_ms);
}

bool
peer_clocks_news (peer_clocks_t *self, int64_t *skew_ms_p)
{
    int64_t skew_ms = self->count < PEER_CLOCKS_MIN ? 0 : peer_clocks_skew_ms (self);
    if (llabs (skew_ms) < PEER_CLOCKS_STEP_MS)
        skew_ms = 0;
    bool is_over = skew_ms == 0 && self->told_ms != 0;
    if (!is_over && llabs (skew_ms - self->told_ms) < PEER_CLOCKS_STEP_MS)
        return false;
    *skew_ms_p = self->told_ms = skew_ms;
    return true;
}
