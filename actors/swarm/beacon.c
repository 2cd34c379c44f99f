// SPDX-License-Identifier: MIT
#include "beacon.h"

#include "runtime/actor/deadlines.h"

#include <string.h>

//  ---- the datagram --------------------------------------------------------------------------------

enum { MAGIC = 0, VERSION = 4, FLAGS = 5, PORT = 6, KEY = 8 };

#define VERSION_SPOKEN 1u
#define FLAG_ASKS      1u

static const uint8_t magic[] = {'g', 'g', 'e', 'n'};

void
beacon_encode (const beacon_t *self, uint8_t bytes[BEACON_SIZE])
{
    memcpy (bytes + MAGIC, magic, sizeof magic);
    bytes[VERSION] = VERSION_SPOKEN;
    bytes[FLAGS] = self->asks ? FLAG_ASKS : 0;
    bytes[PORT] = (uint8_t) (self->port >> 8);
    bytes[PORT + 1] = (uint8_t) self->port;
    memcpy (bytes + KEY, self->key.bytes, PEER_KEY_SIZE);
}

code_t
beacon_decode (beacon_t *self, bytes_t bytes)
{
    if (bytes.size != BEACON_SIZE || memcmp (bytes.data + MAGIC, magic, sizeof magic) != 0
        || bytes.data[VERSION] != VERSION_SPOKEN || (bytes.data[FLAGS] & ~FLAG_ASKS) != 0)
        return VALIDATION;
    self->asks = bytes.data[FLAGS] == FLAG_ASKS;
    self->port = (uint16_t) (bytes.data[PORT] << 8 | bytes.data[PORT + 1]);
    memcpy (self->key.bytes, bytes.data + KEY, PEER_KEY_SIZE);
    return self->port > 0 || self->asks ? OK : VALIDATION;
}

//  ---- when it is said -------------------------------------------------------------------------------

#define EAGER 3u

static int64_t
soon_ms (const beacon_pace_t *self, rng_t *rng, int64_t now_ms, uint32_t within_ms)
{
    int64_t at_ms = now_ms + (int64_t) rng_below (rng, within_ms) + 1;
    int64_t earliest_ms = self->last_ms + BEACON_PAUSE_MS;
    return self->last_ms > 0 && at_ms < earliest_ms ? earliest_ms : at_ms;
}

void
beacon_pace_start (beacon_pace_t *self, rng_t *rng, int64_t now_ms)
{
    self->eager = EAGER;
    self->next_ms = soon_ms (self, rng, now_ms, BEACON_FIRST_MS);
}

bool
beacon_pace_sent (beacon_pace_t *self, rng_t *rng, int64_t now_ms)
{
    const bool asks = self->eager > 0;
    self->last_ms = now_ms;
    if (asks)
        self->eager--;
    self->next_ms = self->eager > 0
                        ? now_ms + BEACON_PAUSE_MS
                        : now_ms + BEACON_EVERY_MS * 3 / 4
                              + (int64_t) rng_below (rng, BEACON_EVERY_MS / 2);
    return asks;
}

void
beacon_pace_asked (beacon_pace_t *self, rng_t *rng, int64_t now_ms)
{
    if (self->next_ms == DEADLINE_NEVER)
        return;
    int64_t at_ms = soon_ms (self, rng, now_ms, BEACON_ANSWER_MS);
    if (at_ms < self->next_ms)
        self->next_ms = at_ms;
}

//  ---- what is passed on -----------------------------------------------------------------------------

#define WHOLE     1000u             //  one, in thousandths
#define MINUTE_MS 60000

static void
fill (beacon_source_t *self, unsigned max, int64_t now_ms)
{
    const int64_t gained = (now_ms - self->filled_ms) * max * WHOLE / MINUTE_MS;
    if (gained <= 0)
        return;
    self->filled_ms = now_ms;
    const uint32_t full = max * WHOLE;
    self->credit = gained < full - self->credit ? self->credit + (uint32_t) gained : full;
}

static size_t
network_size (const multiaddr_t *source)
{
    return source->kind == MULTIADDR_IP6 ? 8 : 4;
}

static beacon_source_t *
find (beacon_sieve_t *self, const multiaddr_t *source)
{
    for (unsigned i = 0; i < self->count; i++)
        if (self->sources[i].is_v6 == (source->kind == MULTIADDR_IP6)
            && memcmp (self->sources[i].network, source->ip, network_size (source)) == 0)
            return &self->sources[i];
    return NULL;
}

static beacon_source_t *
oldest (beacon_sieve_t *self)
{
    beacon_source_t *first = self->sources;
    for (unsigned i = 1; i < self->count; i++)
        if (self->sources[i].filled_ms < first->filled_ms)
            first = &self->sources[i];
    return first;
}

static beacon_source_t *
add (beacon_sieve_t *self, const multiaddr_t *source, int64_t now_ms)
{
    beacon_source_t *it =
        self->count < BEACON_SOURCES_MAX ? &self->sources[self->count++] : oldest (self);
    *it = (beacon_source_t) {.is_v6 = source->kind == MULTIADDR_IP6,
                             .credit = BEACON_SOURCE_MAX * WHOLE,
                             .filled_ms = now_ms};
    memcpy (it->network, source->ip, network_size (source));
    return it;
}

bool
beacon_sieve_pass (beacon_sieve_t *self, const multiaddr_t *source, int64_t now_ms)
{
    if (self->count == 0)
        self->all = (beacon_source_t) {.credit = BEACON_ALL_MAX * WHOLE, .filled_ms = now_ms};
    fill (&self->all, BEACON_ALL_MAX, now_ms);
    if (self->all.credit < WHOLE)
        return false;
    beacon_source_t *it = find (self, source);
    if (!it)
        it = add (self, source, now_ms);
    fill (it, BEACON_SOURCE_MAX, now_ms);
    if (it->credit < WHOLE)
        return false;
    it->credit -= WHOLE;
    self->all.credit -= WHOLE;
    return true;
}
