// SPDX-License-Identifier: MIT
#include "bootstraps.h"

#include <stdlib.h>
#include <string.h>

static uint32_t
count_of (const swarm_t *self)
{
    size_t count = self->settings->bootstraps_count;
    return count < SWARM_BOOTSTRAPS_MAX ? (uint32_t) count : SWARM_BOOTSTRAPS_MAX;
}

//  This node itself, and what is no address, is never dialled.
static int64_t
first_dial_ms (const swarm_t *self, bytes_t given)
{
    multiaddr_t address;
    if (multiaddr_decode (&address, given) != OK)
        return DEADLINE_NEVER;
    bool is_self = address.has_peer
                   && memcmp (address.peer.bytes, self->settings->identity->key, PEER_KEY_SIZE) == 0;
    return is_self ? DEADLINE_NEVER : 0;
}

bool
bootstraps_begin (swarm_t *self)
{
    uint32_t count = count_of (self);
    self->bootstrapped_ms = -1;
    if (count > 0 && !(self->bootstraps = calloc (count, sizeof *self->bootstraps)))
        return false;
    for (uint32_t i = 0; i < count; i++)
        self->bootstraps[i].next_ms = first_dial_ms (self, self->settings->bootstraps[i].address);
    return true;
}

void
bootstraps_destroy (swarm_t *self)
{
    free (self->bootstraps);
    self->bootstraps = NULL;
}

static bool
better (const swarm_t *self, const bootstrap_t *a, const bootstrap_t *b)
{
    const swarm_bootstrap_t *given = self->settings->bootstraps;
    if (a->tries != b->tries)
        return a->tries < b->tries;
    uint32_t first = given[a - self->bootstraps].priority;
    uint32_t second = given[b - self->bootstraps].priority;
    return first < second || (first == second && rng_below (self->rng, 2) == 0);
}

static void
not_after (int64_t *next_ms, int64_t at_ms)
{
    if (at_ms < *next_ms)
        *next_ms = at_ms;
}

bootstrap_t *
bootstraps_next (swarm_t *self, int64_t now_ms, int64_t *next_ms)
{
    bootstrap_t *best = NULL;
    unsigned linked = 0;
    for (uint32_t i = 0; i < count_of (self); i++)
        linked += self->bootstraps[i].linked;
    if (linked >= BOOTSTRAPS_FIRST && now_ms - self->bootstrapped_ms < BOOTSTRAPS_MORE_MS) {
        not_after (next_ms, self->bootstrapped_ms + BOOTSTRAPS_MORE_MS);
        return NULL;
    }
    for (uint32_t i = 0; i < count_of (self); i++) {
        bootstrap_t *at = &self->bootstraps[i];
        if (at->linked)
            continue;
        if (at->next_ms > now_ms)
            not_after (next_ms, at->next_ms);
        else if (!best || better (self, at, best))
            best = at;
    }
    return best;
}

bool
bootstraps_key (const swarm_t *self, const bootstrap_t *bootstrap, peer_key_t *key)
{
    multiaddr_t address;
    if (multiaddr_decode (&address, self->settings->bootstraps[bootstrap - self->bootstraps].address)
            != OK
        || !address.has_peer)
        return false;
    *key = address.peer;
    return true;
}

//  An address that names this peer ends with its key.
static bool
is_of (const swarm_t *self, const bootstrap_t *bootstrap, const peer_key_t *key)
{
    peer_key_t its;
    bytes_t address = self->settings->bootstraps[bootstrap - self->bootstraps].address;
    if (address.size < PEER_KEY_SIZE
        || memcmp (address.data + address.size - PEER_KEY_SIZE, key->bytes, PEER_KEY_SIZE) != 0)
        return false;
    return bootstraps_key (self, bootstrap, &its) && peer_key_equal (&its, key);
}

bootstrap_t *
bootstraps_of (const swarm_t *self, const link_t *link)
{
    if (link->bootstrap > 0)
        return &self->bootstraps[link->bootstrap - 1];
    for (uint32_t i = 0; i < count_of (self) && link->named; i++)
        if (is_of (self, &self->bootstraps[i], &link->key))
            return &self->bootstraps[i];
    return NULL;
}

void
bootstraps_failed (swarm_t *self, bootstrap_t *bootstrap)
{
    int64_t ms = BOOK_RETRY_MS;
    for (uint8_t i = 0; i < bootstrap->tries && ms < BOOK_RETRY_MAX_MS; i++)
        ms *= 2;
    if (bootstrap->tries < UINT8_MAX)
        bootstrap->tries++;
    bootstrap->linked = false;
    bootstrap->next_ms =
        out_now_ms (self->out)
        + book_jitter_ms (self->rng, ms < BOOK_RETRY_MAX_MS ? ms : BOOK_RETRY_MAX_MS);
}

void
bootstraps_leave (swarm_t *self, const peer_key_t *key, int64_t until_ms)
{
    for (uint32_t i = 0; i < count_of (self); i++) {
        bootstrap_t *bootstrap = &self->bootstraps[i];
        bool meant = !key || is_of (self, bootstrap, key);
        if (meant && bootstrap->next_ms < until_ms)
            bootstrap->next_ms = until_ms;
    }
}
