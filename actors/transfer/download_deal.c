// SPDX-License-Identifier: MIT
//  Who is asked for which chunk.
#include "download_inside.h"

#define ACTIVE_SOURCES_MAX  8       //  of one download at work at one time
#define CHUNKS_PER_SOURCE   4       //  work for which another one is taken in
#define ASKED_OF_MAX        8       //  providers that are asked for one chunk at one time
#define ASKED_OF_SOON       4       //  more of them only now and then: our own way may be slow
#define ASKED_OF_QUICK      16      //  instead of both, where our own way is known to be quick
#define QUICK_MS            1500    //  that is: chunks usually need less
#define HEDGE_SLOW_MS       3000
#define HEDGE_MIN_MS        50
#define HEDGE_FACTOR        3       //  times what the other one usually needs
#define SILENT_MS           20000   //  a provider slower than 13 KB/s gives nothing
#define UNKNOWN_PATIENCE_MS 1500    //  for the first chunk: a dial alone is 4.5 round trips
#define QUICK_PATIENCE_MS   1000    //  the same, where our own way is known to be quick

static bool
is_quick (const downloads_t *all)
{
    return all->usual_ms > 0 && all->usual_ms <= QUICK_MS;
}

static unsigned
asked_of_max (const downloads_t *all)
{
    return is_quick (all) ? ASKED_OF_QUICK : ASKED_OF_MAX;
}

//  How long a chunk of this want's provider should take at most.
static int64_t
patience_ms (const want_t *want)
{
    const downloads_t *all = want->download->all;
    int64_t unknown_ms = UNKNOWN_PATIENCE_MS;
    if (is_quick (all) && HEDGE_FACTOR * all->usual_ms < UNKNOWN_PATIENCE_MS)
        unknown_ms = HEDGE_FACTOR * all->usual_ms < QUICK_PATIENCE_MS
                         ? QUICK_PATIENCE_MS
                         : HEDGE_FACTOR * all->usual_ms;
    return window_patience_ms (&download_source_of (want)->window, unknown_ms);
}

//  When 'other' should be asked too for what this want waits for: when it would have had it thrice,
//  or its own provider twice.
static int64_t
hedge_ms (const want_t *want, const source_t *other)
{
    int64_t own_ms = patience_ms (want);
    bool soon = is_quick (want->download->all)
             || want->download->chunks.asked[want->chunk] < ASKED_OF_SOON;
    int64_t other_ms = HEDGE_FACTOR * (int64_t) other->window.usual_ms;
    if (other_ms > 0 && other_ms < HEDGE_MIN_MS)
        other_ms = HEDGE_MIN_MS;
    int64_t wait_ms = other_ms > 0 && other_ms < own_ms ? other_ms : own_ms;
    if (!soon && wait_ms < HEDGE_SLOW_MS)
        wait_ms = HEDGE_SLOW_MS;
    return want->asked_ms + wait_ms;
}

//  Was it asked for after all others of its chunk? The list begins with the latest.
static bool
is_latest (const download_t *self, const want_t *want)
{
    const want_t *at = self->wants;
    while (at->chunk != want->chunk || at->writing)
        at = at->next;
    return at == want;
}

static bool
asked_of (const download_t *self, unsigned index, uint32_t chunk)
{
    for (const want_t *at = self->wants; at; at = at->next)
        if (at->chunk == chunk && at->source == index)
            return true;
    return false;
}

//  What this source could be asked for beside those who let us wait: the oldest such chunk.
//  *wake_p is lowered to when the next one is due.
static uint32_t
overdue (const download_t *self, unsigned index, int64_t now_ms, int64_t *wake_p)
{
    const source_t *source = &self->sources.list[index];
    const want_t *oldest = NULL;
    for (const want_t *at = self->wants; at; at = at->next) {
        if (at->writing || !download_wants_chunk (at)
            || self->chunks.asked[at->chunk] >= asked_of_max (self->all)
            || (source->has && !bitmap_get (source->has, at->chunk))
            || !is_latest (self, at) || asked_of (self, index, at->chunk))
            continue;
        int64_t due_ms = hedge_ms (at, source);
        if (due_ms > now_ms)
            *wake_p = due_ms < *wake_p ? due_ms : *wake_p;
        else if (!oldest || at->asked_ms < oldest->asked_ms)
            oldest = at;
    }
    return oldest ? oldest->chunk : CHUNKS_NONE;
}

//  Those who are late lose half of their credit, once a chunk.
static void
count_late (download_t *self, int64_t now_ms, int64_t *wake_p)
{
    for (want_t *at = self->wants; at; at = at->next) {
        if (at->writing || at->late)
            continue;
        int64_t due_ms = at->asked_ms + patience_ms (at);
        if (due_ms > now_ms) {
            *wake_p = due_ms < *wake_p ? due_ms : *wake_p;
            continue;
        }
        at->late = true;
        window_late (&download_source_of (at)->window);
    }
}

//  Since when it has let us wait: since it gave something last, or was asked.
static int64_t
silent_since_ms (const download_t *self, unsigned index)
{
    int64_t asked_ms = DEADLINE_NEVER;
    for (const want_t *at = self->wants; at; at = at->next)
        if (at->source == index && !at->writing && at->asked_ms < asked_ms)
            asked_ms = at->asked_ms;
    int64_t gave_ms = self->sources.list[index].gave_ms;
    return gave_ms > asked_ms ? gave_ms : asked_ms;
}

//  From those who are silent everything is taken back.
static void
count_silent (download_t *self, int64_t now_ms, int64_t *wake_p)
{
    for (unsigned i = 0; i < self->sources.count; i++) {
        if (self->sources.list[i].in_flight == 0)
            continue;
        int64_t since_ms = silent_since_ms (self, i);
        if (since_ms + SILENT_MS <= now_ms)
            download_silent (self, i, since_ms);
        else if (since_ms + SILENT_MS < *wake_p)
            *wake_p = since_ms + SILENT_MS;
    }
}

static bool
is_late (const download_t *self, unsigned index)
{
    for (const want_t *at = self->wants; at; at = at->next)
        if (at->source == index && at->late && !at->writing)
            return true;
    return false;
}

//  May this download ask for one more chunk now?
static bool
has_room (const download_t *self)
{
    const downloads_t *all = self->all;
    unsigned share = DOWNLOAD_CHUNKS_MAX / all->active;
    return all->in_flight < DOWNLOAD_CHUNKS_MAX && all->writing < DOWNLOAD_WRITES_MAX
           && self->in_flight < share;
}

//  So many sources there is work for.
static unsigned
sources_wanted (const download_t *self)
{
    unsigned chunks = self->chunks.wanted_count + self->in_flight;
    unsigned wanted = (chunks + CHUNKS_PER_SOURCE - 1) / CHUNKS_PER_SOURCE;
    return wanted > ACTIVE_SOURCES_MAX ? ACTIVE_SOURCES_MAX : wanted > 0 ? wanted : 1;
}

typedef struct {
    int64_t now_ms;
    int64_t wake_ms;
    bool expects;               //  something is on its way, or may be asked later
    bool full;                  //  no room for more
    unsigned working;           //  sources from which something may come soon
} round_t;

//  It failed, has given nothing, and was named again: those that were never tried go first.
static bool
is_second_choice (const source_t *source)
{
    return source->revivals > 0 && source->chunks == 0;
}

//  Returns false when it could not be sent.
static bool
ask (download_t *self, unsigned index, uint32_t chunk, round_t *round)
{
    round->full = !has_room (self);
    if (round->full)
        return false;
    if (download_ask_chunk (self, index, chunk))
        return true;
    self->not_before_ms = round->now_ms + DOWNLOAD_RETRY_MS;
    round->full = true;
    return false;
}

//  Give this source at most one chunk. Returns whether any was given.
static bool
deal_one (download_t *self, unsigned index, round_t *round)
{
    source_t *source = &self->sources.list[index];
    bool idle = source->in_flight == 0, dealt = false;
    uint32_t chunk = CHUNKS_NONE;
    if (source->not_before_ms > round->now_ms) {
        round->expects = true;
        if (source->not_before_ms < round->wake_ms)
            round->wake_ms = source->not_before_ms;
        return false;
    }
    if (source->in_flight < window_credit (&source->window)) {
        if (!idle || round->working < sources_wanted (self))
            chunk = chunks_pick (&self->chunks, source->has, source->start);
        if (chunk == CHUNKS_NONE)
            chunk = overdue (self, index, round->now_ms, &round->wake_ms);
        dealt = chunk != CHUNKS_NONE && ask (self, index, chunk, round);
    }
    round->working += source->in_flight > 0 && !is_late (self, index);
    return dealt;
}

//  Give each source at most one chunk, in their order. Returns whether any was given.
static bool
deal (download_t *self, round_t *round)
{
    bool dealt = false;
    round->working = 0;
    for (unsigned second = 0; second < 2; second++)
        for (unsigned i = 0; i < self->sources.count && !round->full; i++) {
            const source_t *source = &self->sources.list[i];
            if (source->state == SOURCE_READY && is_second_choice (source) == second)
                dealt |= deal_one (self, i, round);
        }
    return dealt;
}

static void
schedule (download_t *self)
{
    round_t round = {.now_ms = out_now_ms (self->all->out), .wake_ms = DEADLINE_NEVER};
    count_silent (self, round.now_ms, &round.wake_ms);
    count_late (self, round.now_ms, &round.wake_ms);
    if (self->not_before_ms > round.now_ms)
        round.full = true;
    while (!round.full && deal (self, &round))
        ;
    //  What was asked for just now can be late, too.
    count_silent (self, round.now_ms, &round.wake_ms);
    count_late (self, round.now_ms, &round.wake_ms);
    download_tell_arrived (self);
    if (self->not_before_ms > round.now_ms && self->not_before_ms < round.wake_ms)
        round.wake_ms = self->not_before_ms;
    bool deserted = !self->wants && !round.expects && !round.full && !self->looking;
    if (!deserted)
        download_look (self, round.now_ms, &round.wake_ms);
    self->wake_ms = round.wake_ms;
    if (deserted)
        download_deserted (self);
}

void
downloads_schedule (downloads_t *self)
{
    self->again = true;
    if (self->scheduling)
        return;
    self->scheduling = true;
    while (self->again) {
        self->again = false;
        for (download_t *at = self->first, *next; at && !self->again; at = next) {
            next = at->next;
            if (at->phase == DOWNLOAD_RUNNING)
                schedule (at);
        }
    }
    self->scheduling = false;
}
