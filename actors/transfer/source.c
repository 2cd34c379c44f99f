// SPDX-License-Identifier: MIT
#include "source.h"

#include "swarm.pb-c.h"

#include <stdlib.h>
#include <string.h>

#define ADDRESSES_MAX     10        //  of a peer (SPEC 8)
#define ADDRESS_BYTES_MAX 256
#define BUSY_FIRST_MS     250
#define BUSY_LONGEST_MS   2000
#define STRUCK_PAUSE_MS   500

static void
source_clear (source_t *self)
{
    free (self->route);
    free (self->has);
}

void
sources_clear (sources_t *self)
{
    for (unsigned i = 0; i < self->count; i++)
        source_clear (&self->list[i]);
    free (self->list);
    *self = (sources_t) {0};
}

//  ---- who they are ------------------------------------------------------------------------------

//  Where it may be dialled; without addresses, swarm knows better or not at all.
static void
set_route (source_t *self, const Ggen__Contact *contact)
{
    ProtobufCBinaryData list[ADDRESSES_MAX];
    Ggen__Addresses addresses = GGEN__ADDRESSES__INIT;
    addresses.addresses = list;
    for (size_t i = 0; i < contact->n_addresses && addresses.n_addresses < ADDRESSES_MAX; i++)
        if (contact->addresses[i].len > 0 && contact->addresses[i].len <= ADDRESS_BYTES_MAX)
            list[addresses.n_addresses++] = contact->addresses[i];
    if (addresses.n_addresses == 0)
        return;
    size_t size = ggen__addresses__get_packed_size (&addresses);
    uint8_t *route = malloc (size);
    if (!route)
        return;
    ggen__addresses__pack (&addresses, route);
    free (self->route);
    self->route = route;
    self->route_size = (uint32_t) size;
}

static source_t *
find (const sources_t *self, const peer_key_t *key)
{
    for (unsigned i = 0; i < self->count; i++)
        if (peer_key_equal (&self->list[i].key, key))
            return &self->list[i];
    return NULL;
}

//  Failures that say nothing about what it will do next time pass.
static bool
is_revivable (const source_t *self)
{
    unsigned most = self->why == TIMEOUT ? SOURCE_SILENT_MAX : SOURCE_REVIVALS_MAX;
    return self->state == SOURCE_GONE && self->revivals < most
           && self->why != CHECKSUM_MISMATCH && self->why != LOW_REPUTATION;
}

bool
sources_revivable (const sources_t *self)
{
    for (unsigned i = 0; i < self->count; i++)
        if (is_revivable (&self->list[i]))
            return true;
    return false;
}

bool
sources_unreached (const sources_t *self)
{
    for (unsigned i = 0; i < self->count; i++) {
        const source_t *at = &self->list[i];
        if (at->state != SOURCE_GONE || at->why != CONNECTION_FAILED || at->chunks > 0)
            return false;
    }
    return true;
}

static bool
revive (source_t *self, const Ggen__Contact *contact)
{
    if (!is_revivable (self))
        return false;
    self->state = SOURCE_READY;
    self->revivals++;
    self->strikes = self->busy = self->beaten = 0;
    self->not_before_ms = 0;
    free (self->has);
    self->has = NULL;
    set_route (self, contact);
    return true;
}

static bool
add_one (sources_t *self, const Ggen__Contact *contact, const uint8_t own_key[PEER_KEY_SIZE])
{
    peer_key_t key;
    if (peer_key_from_field (&key, contact->peer_key) != OK
        || memcmp (key.bytes, own_key, PEER_KEY_SIZE) == 0)
        return false;
    source_t *known = find (self, &key);
    if (known)
        return revive (known, contact);
    if (self->count == SOURCES_MAX)
        return false;
    self->list[self->count] = (source_t) {.key = key};
    set_route (&self->list[self->count++], contact);
    return true;
}

unsigned
sources_add (sources_t *self, Ggen__Contact *const *contacts, size_t count,
             const uint8_t own_key[PEER_KEY_SIZE])
{
    size_t room = self->count + count < SOURCES_MAX ? self->count + count : SOURCES_MAX;
    source_t *list = room > 0 ? reallocarray (self->list, room, sizeof *list) : NULL;
    if (!list)
        return 0;
    self->list = list;
    unsigned added = 0;
    for (size_t i = 0; i < count; i++)
        added += add_one (self, contacts[i], own_key);
    return added;
}

//  ---- in which order ----------------------------------------------------------------------------

static void
swap (source_t *a, source_t *b)
{
    source_t kept = *a;
    *a = *b;
    *b = kept;
}

void
sources_rank (sources_t *self, const Ggen__RankReply *reply)
{
    unsigned placed = 0;
    for (size_t i = 0; i < reply->n_peers && placed < self->count; i++) {
        const Ggen__PeerScore *score = reply->peers[i];
        peer_key_t key;
        source_t *source = peer_key_from_field (&key, score->peer_key) == OK ? find (self, &key)
                                                                            : NULL;
        if (!source || source < self->list + placed)
            continue;
        if (score->banned)
            source_end (source, LOW_REPUTATION);
        swap (source, &self->list[placed++]);
    }
}

static void
move_last (sources_t *self, source_t *source)
{
    source_t kept = *source;
    source_t *last = &self->list[self->count - 1];
    memmove (source, source + 1, (size_t) (last - source) * sizeof *source);
    *last = kept;
}

void
sources_avoid (sources_t *self, const Ggen__RankReply *reply)
{
    for (size_t i = 0; i < reply->n_peers; i++) {
        const Ggen__PeerScore *score = reply->peers[i];
        peer_key_t key;
        source_t *source = peer_key_from_field (&key, score->peer_key) == OK ? find (self, &key)
                                                                            : NULL;
        if (source && score->banned)
            source_end (source, LOW_REPUTATION);
        else if (source && score->low)
            move_last (self, source);
    }
}

unsigned
sources_alive (const sources_t *self)
{
    unsigned alive = 0;
    for (unsigned i = 0; i < self->count; i++)
        alive += self->list[i].state != SOURCE_GONE;
    return alive;
}

//  ---- how they do -------------------------------------------------------------------------------

void
source_end (source_t *self, code_t code)
{
    self->state = SOURCE_GONE;
    self->why = code;
}

bool
source_failed (source_t *self, code_t code, int64_t asked_ms, int64_t now_ms)
{
    if (self->state == SOURCE_GONE || asked_ms < self->struck_ms)
        return false;
    window_late (&self->window);
    self->struck_ms = now_ms;
    self->not_before_ms = now_ms + STRUCK_PAUSE_MS;
    if (self->chunks > 0 && ++self->strikes < SOURCE_STRIKES_MAX)
        return false;
    source_end (self, code);
    return true;
}

bool
source_busy (source_t *self, int64_t now_ms, double chance)
{
    if (self->state == SOURCE_GONE)
        return false;
    //  Of requests refused together the first counts.
    if (now_ms < self->not_before_ms)
        return false;
    if (self->busy == SOURCE_BUSY_MAX) {
        source_end (self, BUSY);
        return true;
    }
    int64_t pause_ms = BUSY_FIRST_MS;
    for (unsigned i = 0; i < self->busy && pause_ms < BUSY_LONGEST_MS; i++)
        pause_ms *= 2;
    self->busy++;
    self->not_before_ms = now_ms + pause_ms + (int64_t) ((double) pause_ms / 2 * chance);
    window_late (&self->window);
    return false;
}

void
source_gave (source_t *self, uint32_t size_bytes, int64_t took_ms, int64_t now_ms)
{
    self->gave_ms = now_ms;
    window_arrived (&self->window, took_ms);
    self->strikes = self->busy = self->beaten = 0;
    self->chunks++;
    self->given_bytes += size_bytes;
    self->took_ms += took_ms > 0 ? (uint64_t) took_ms : 0;
    self->untold_bytes += size_bytes;
}
