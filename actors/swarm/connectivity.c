// SPDX-License-Identifier: MIT
#include "connectivity.h"

#include "upkeep.h"

#include <string.h>

#define PEAK_MS (3600000 / PEAKS_COUNT)

//  The most kept sessions of the last hour, in steps of five minutes.
static uint32_t
peak (const connectivity_t *state, int64_t now_ms)
{
    int64_t step = now_ms / PEAK_MS;
    uint32_t most = 0;
    for (unsigned i = 0; i < PEAKS_COUNT; i++)
        if (step - state->peaks[i].step < PEAKS_COUNT && state->peaks[i].most > most)
            most = state->peaks[i].most;
    return most;
}

static void
note_peak (connectivity_t *state, uint32_t kept, int64_t now_ms)
{
    int64_t step = now_ms / PEAK_MS;
    peak_t *at = &state->peaks[step % PEAKS_COUNT];
    if (at->step != (uint32_t) step)
        *at = (peak_t) {.step = (uint32_t) step};
    if (kept > at->most)
        at->most = (uint16_t) kept;
}

static uint32_t
enough (const swarm_t *self)
{
    uint32_t half = peak (&self->connectivity, out_now_ms (self->out)) / 2;
    return half > self->settings->min_peers ? half : self->settings->min_peers;
}

uint32_t
connectivity_wanted (const swarm_t *self)
{
    uint32_t wanted = enough (self), max = self->settings->max_peers;
    return wanted < max ? wanted : max;
}

bool
connectivity_eager (const swarm_t *self)
{
    const connectivity_t *state = &self->connectivity;
    return state->lost_ms > 0 && out_now_ms (self->out) - state->lost_ms < UPKEEP_EAGER_MS;
}

static void
judge (swarm_t *self)
{
    connectivity_t *state = &self->connectivity;
    census_t census = links_census (self->links);
    int64_t now_ms = out_now_ms (self->out);
    bool few = census.kept < enough (self);
    bool stale = now_ms - state->fresh_ms >= CONNECTIVITY_NEW_MS;
    Ggen__Connectivity now = census.kept + census.transients == 0 ? GGEN__CONNECTIVITY__OFFLINE
                             : few && stale                       ? GGEN__CONNECTIVITY__LIMITED
                                            : GGEN__CONNECTIVITY__CONNECTED;
    state->next_ms = few && !stale && now != GGEN__CONNECTIVITY__OFFLINE
                         ? state->fresh_ms + CONNECTIVITY_NEW_MS
                         : DEADLINE_NEVER;
    if (now == state->now)
        return;
    if (state->now == GGEN__CONNECTIVITY__CONNECTED) {
        state->lost_ms = now_ms;
        upkeep_soon (self);
    }
    state->now = now;
    Ggen__ConnectivityChanged changed = GGEN__CONNECTIVITY_CHANGED__INIT;
    changed.connectivity = now;
    changed.peers_count = census.kept + census.transients;
    swarm_tell (self, &changed.base);
}

void
connectivity_changed (swarm_t *self, bool fresh)
{
    int64_t now_ms = out_now_ms (self->out);
    if (fresh || self->connectivity.now == GGEN__CONNECTIVITY__OFFLINE)
        self->connectivity.fresh_ms = now_ms;
    note_peak (&self->connectivity, links_census (self->links).kept, now_ms);
    judge (self);
}

void
connectivity_run (swarm_t *self, int64_t now_ms)
{
    (void) now_ms;
    judge (self);
}
