// SPDX-License-Identifier: MIT
#include "origins.h"

#define MUTED_MS 600000
#define KEPT_MS  1200000            //  after it what it announced is too old, however its clock goes

bool
origins_init (origins_t *self, uint64_t seed)
{
    self->table = id_table_new (GOSSIP_ORIGINS_MAX, sizeof (origin_t), seed);
    return self->table != NULL;
}

void
origins_done (origins_t *self)
{
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
    if (same_run (&origin->run_before, seq))
        return window_has (&origin->run_before, seq);
    return seq < origin->run.newest && origin->run_before.newest != 0;
}

//  ---- rates -------------------------------------------------------------------------------------

static int64_t
tokens_at (const origin_t *origin, int64_t now_ms)
{
    int64_t tokens = origin->tokens + (now_ms - origin->heard_ms) * GOSSIP_ORIGIN_RATE;
    return tokens < GOSSIP_ORIGIN_BURST * 1000 ? tokens : GOSSIP_ORIGIN_BURST * 1000;
}

bool
origins_over (const origins_t *self, const uint8_t key [ID_SIZE], int64_t now_ms)
{
    const origin_t *origin = id_table_find (self->table, key);
    return origin && (now_ms < origin->muted_until_ms || tokens_at (origin, now_ms) < 1000);
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
                              ? id_table_add (self->table, oldest.key)
                              : NULL;
        if (again)
            *again = oldest;
        else
            break;
    }
    origin_t *origin = id_table_add (self->table, key);
    if (origin) {
        origin->heard_ms = now_ms;
        origin->tokens = GOSSIP_ORIGIN_BURST * 1000;
    }
    return origin;
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
    origin->tokens = (int32_t) (tokens > 0 ? tokens : 0);
    origin->heard_ms = now_ms;
    if (seq > origin->run.newest && !same_run (&origin->run, seq)) {
        origin->run_before = origin->run;
        origin->run = (seq_window_t) {0};
    }
    if (same_run (&origin->run, seq) || origin->run.newest == 0)
        window_note (&origin->run, seq);
    else if (same_run (&origin->run_before, seq) || origin->run_before.newest == 0)
        window_note (&origin->run_before, seq);
}

void
origins_expire (origins_t *self, int64_t now_ms)
{
    while (id_table_count (self->table) > 0
           && ((const origin_t *) id_table_at (self->table, 0))->heard_ms + KEPT_MS <= now_ms)
        id_table_drop_oldest (self->table);
}

bool
origins_fault (origins_t *self, const uint8_t key [ID_SIZE], int64_t now_ms)
{
    origin_t *origin = id_table_find (self->table, key);
    if (!origin || now_ms < origin->muted_until_ms)
        return false;
    if (++origin->faults < GOSSIP_ORIGIN_FAULTS_MAX)
        return false;
    origin->faults = 0;
    origin->muted_until_ms = now_ms + MUTED_MS;
    return true;
}
