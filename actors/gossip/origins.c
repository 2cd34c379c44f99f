// SPDX-License-Identifier: MIT
#include "origins.h"

#include <stdlib.h>

#define MUTED_MS 600000
#define KEPT_MS  1200000            //  after it what it announced is too old, however its clock goes

bool
origins_init (origins_t *self, uint64_t seed)
{
    self->table = id_table_new (GOSSIP_ORIGINS_MAX, ID_MARK_SIZE, sizeof (origin_t), seed);
    return self->table != NULL;
}

static void
drop_oldest (origins_t *self)
{
    free (((origin_t *) id_table_at (self->table, 0))->run_before);
    id_table_drop_oldest (self->table);
}

void
origins_done (origins_t *self)
{
    while (self->table && id_table_count (self->table) > 0)
        drop_oldest (self);
    id_table_destroy (&self->table);
}

//  ---- numbers -----------------------------------------------------------------------------------

static bool
same_run (const seq_window_t *window, uint64_t seq)
{
    return window->newest >> ORIGINS_RUN_BITS == seq >> ORIGINS_RUN_BITS;
}

static bool
window_has (const seq_window_t *self, uint64_t seq)
{
    if (seq > self->newest)
        return false;
    uint64_t back = self->newest - seq;
    return back >= ORIGINS_WINDOW || (self->bits [back / 64] >> back % 64 & 1);
}

static void
window_note (seq_window_t *self, uint64_t seq)
{
    if (seq > self->newest) {
        uint64_t steps = seq - self->newest;
        for (; steps >= 64 && (self->bits [0] || self->bits [1]); steps -= 64) {
            self->bits [1] = self->bits [0];
            self->bits [0] = 0;
        }
        if (steps % 64) {
            self->bits [1] = self->bits [1] << steps % 64 | self->bits [0] >> (64 - steps % 64);
            self->bits [0] <<= steps % 64;
        }
        self->newest = seq;
    }
    uint64_t back = self->newest - seq;
    if (back < ORIGINS_WINDOW)
        self->bits [back / 64] |= 1ull << back % 64;
}

bool
origins_replayed (const origins_t *self, const uint8_t key [ID_SIZE], uint64_t seq)
{
    const origin_t *origin = id_table_find (self->table, key);
    if (!origin)
        return false;
    if (same_run (&origin->run, seq))
        return window_has (&origin->run, seq);
    if (!origin->run_before)
        return false;
    return same_run (origin->run_before, seq) ? window_has (origin->run_before, seq)
                                              : seq < origin->run.newest;
}

//  ---- rates -------------------------------------------------------------------------------------

static int64_t
tokens_at (const origin_t *origin, int64_t now_ms)
{
    int64_t tokens = origin->tokens + (now_ms - origin->heard_ms) * GOSSIP_ORIGIN_RATE;
    return tokens < GOSSIP_ORIGIN_BURST * 1000 ? tokens : GOSSIP_ORIGIN_BURST * 1000;
}

static bool
is_muted (const origin_t *origin, int64_t now_ms)
{
    return now_ms / 1000 < (int64_t) origin->muted_until_s;
}

bool
origins_over (const origins_t *self, const uint8_t key [ID_SIZE], int64_t now_ms)
{
    const origin_t *origin = id_table_find (self->table, key);
    return origin && (is_muted (origin, now_ms) || tokens_at (origin, now_ms) < 1000);
}

bool
origins_busy (const origins_t *self, const uint8_t key [ID_SIZE], int64_t now_ms)
{
    const origin_t *origin = id_table_find (self->table, key);
    return origin && tokens_at (origin, now_ms) < GOSSIP_ORIGIN_BURST * 1000 / 2;
}

static origin_t *
origin_new (origins_t *self, const uint8_t *key, int64_t now_ms)
{
    //  The oldest entry may be of one that speaks often: it goes to the end of the line.
    while (id_table_count (self->table) == GOSSIP_ORIGINS_MAX) {
        origin_t oldest = *(const origin_t *) id_table_at (self->table, 0);
        id_table_drop_oldest (self->table);
        const origin_t *next = id_table_at (self->table, 0);
        origin_t *again = oldest.heard_ms > next->heard_ms
                              ? id_table_add (self->table, oldest.mark)
                              : NULL;
        if (again)
            *again = oldest;
        else {
            free (oldest.run_before);
            break;
        }
    }
    origin_t *origin = id_table_add (self->table, key);
    if (origin) {
        origin->heard_ms = now_ms;
        origin->tokens = GOSSIP_ORIGIN_BURST * 1000;
    }
    return origin;
}

//  Without memory the run before is not known: ids tell for two minutes what of it was here.
static seq_window_t *
run_before (origin_t *origin)
{
    if (!origin->run_before)
        origin->run_before = calloc (1, sizeof *origin->run_before);
    return origin->run_before;
}

static void
note_seq (origin_t *origin, uint64_t seq)
{
    seq_window_t *before;
    if (origin->run.newest > 0 && seq > origin->run.newest && !same_run (&origin->run, seq)) {
        if ((before = run_before (origin)) != NULL)
            *before = origin->run;
        origin->run = (seq_window_t) {0};
    }
    if (same_run (&origin->run, seq) || origin->run.newest == 0)
        window_note (&origin->run, seq);
    else if ((before = run_before (origin)) != NULL
             && (same_run (before, seq) || before->newest == 0))
        window_note (before, seq);
}

void
origins_note (origins_t *self, const uint8_t key [ID_SIZE], uint64_t seq, int64_t now_ms)
{
    origin_t *origin = id_table_find (self->table, key);
    if (!origin)
        origin = origin_new (self, key, now_ms);
    if (!origin)
        return;
    int64_t tokens = tokens_at (origin, now_ms) - 1000;
    origin->tokens = (uint16_t) (tokens > 0 ? tokens : 0);
    origin->heard_ms = now_ms;
    note_seq (origin, seq);
}

void
origins_expire (origins_t *self, int64_t now_ms)
{
    while (id_table_count (self->table) > 0
           && ((const origin_t *) id_table_at (self->table, 0))->heard_ms + KEPT_MS <= now_ms)
        drop_oldest (self);
}

bool
origins_fault (origins_t *self, const uint8_t key [ID_SIZE], int64_t now_ms)
{
    origin_t *origin = id_table_find (self->table, key);
    if (!origin || is_muted (origin, now_ms))
        return false;
    if (++origin->faults < GOSSIP_ORIGIN_FAULTS_MAX)
        return false;
    origin->faults = 0;
    origin->muted_until_s = (uint32_t) ((now_ms + MUTED_MS) / 1000);
    return true;
}
