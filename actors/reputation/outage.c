// SPDX-License-Identifier: MIT
#include "outage.h"

#include <stdlib.h>
#include <string.h>

#define ROOM_FIRST 4u

void
outage_clear (outage_t *self)
{
    free (self->peers);
    *self = (outage_t) {0};
}

static outage_peer_t *
find (const outage_t *self, const uint8_t *peer)
{
    for (uint32_t i = 0; i < self->count; i++)
        if (memcmp (self->peers[i].peer, peer, OUTAGE_PEER_BYTES) == 0)
            return &self->peers[i];
    return NULL;
}

static void
drop (outage_t *self, outage_peer_t *peer)
{
    *peer = self->peers[--self->count];
    if (self->count == 0)
        outage_clear (self);
}

static void
forget_before (outage_t *self, int64_t ms)
{
    for (uint32_t i = self->count; i-- > 0;)
        if (self->peers[i].failed_ms < ms)
            drop (self, &self->peers[i]);
}

static outage_peer_t *
oldest (const outage_t *self)
{
    outage_peer_t *found = self->peers;
    for (uint32_t i = 1; i < self->count; i++)
        if (self->peers[i].failed_ms < found->failed_ms)
            found = &self->peers[i];
    return found;
}

static outage_peer_t *
add (outage_t *self)
{
    if (self->count == OUTAGE_PEERS_MAX)
        drop (self, oldest (self));
    if (self->count == self->room) {
        uint32_t room = self->room ? 2 * self->room : ROOM_FIRST;
        outage_peer_t *peers = realloc (self->peers, room * sizeof *peers);
        if (!peers)
            return NULL;
        self->peers = peers;
        self->room = room;
    }
    return &self->peers[self->count++];
}

void
outage_failed (outage_t *self, const uint8_t *peer, bool up, int64_t now_ms)
{
    forget_before (self, now_ms - OUTAGE_WINDOW_MS);
    outage_peer_t *entry = find (self, peer);
    if (!entry) {
        entry = add (self);
        if (!entry)
            return;
        *entry = (outage_peer_t) {0};
        memcpy (entry->peer, peer, OUTAGE_PEER_BYTES);
    }
    entry->failed_ms = now_ms;
    entry->up = up;
}

void
outage_counted (outage_t *self, const uint8_t *peer, int64_t now_ms)
{
    outage_peer_t *entry = find (self, peer);
    if (!entry)
        return;
    if (entry->counted == 0 || now_ms - entry->since_ms > OUTAGE_WINDOW_MS) {
        entry->since_ms = now_ms;
        entry->counted = 0;
    }
    entry->counted++;
}

void
outage_served (outage_t *self, const uint8_t *peer)
{
    outage_peer_t *entry = find (self, peer);
    if (entry)
        drop (self, entry);
}

void
outage_session (outage_t *self, const uint8_t *peer, bool up)
{
    outage_peer_t *entry = find (self, peer);
    if (entry)
        entry->up = up;
}

bool
outage_is_ours (outage_t *self, uint32_t sessions_count, int64_t now_ms)
{
    forget_before (self, now_ms - OUTAGE_WINDOW_MS);
    uint64_t ours = sessions_count;
    for (uint32_t i = 0; i < self->count; i++)
        ours += !self->peers[i].up;
    return 2 * (uint64_t) self->count > ours;
}

bool
outage_take (outage_t *self, const uint8_t **peer_p, uint32_t *counted_p)
{
    for (uint32_t i = 0; i < self->count; i++)
        if (self->peers[i].counted > 0) {
            *peer_p = self->peers[i].peer;
            *counted_p = self->peers[i].counted;
            self->peers[i].counted = 0;
            return true;
        }
    return false;
}
