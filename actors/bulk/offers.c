// SPDX-License-Identifier: MIT
#include "offers.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

void
offer_wipe (offer_t *self)
{
    sodium_memzero (self, sizeof *self);
}

void
offers_clear (offers_t *self)
{
    if (self->list)
        sodium_memzero (self->list, BULK_OFFERS_MAX * sizeof *self->list);
    free (self->list);
    *self = (offers_t) {0};
}

static void
remove_at (offers_t *self, unsigned index)
{
    self->list[index] = self->list[--self->count];
    offer_wipe (&self->list[self->count]);
    if (self->count == 0)
        offers_clear (self);
}

code_t
offers_add (offers_t *self, uint64_t lane, const uint8_t token[OPENING_TOKEN_BYTES],
            const uint8_t secret[OPENING_SECRET_BYTES], int64_t now_ms)
{
    offers_drop (self, lane);
    if (!self->list)
        self->list = calloc (BULK_OFFERS_MAX, sizeof *self->list);
    if (!self->list || self->count == BULK_OFFERS_MAX)
        return BUSY;
    offer_t *offer = &self->list[self->count++];
    *offer = (offer_t) {.lane = lane, .ends_ms = now_ms + BULK_OFFERS_MS};
    opening_id (token, offer->id);
    memcpy (offer->token, token, OPENING_TOKEN_BYTES);
    memcpy (offer->secret, secret, OPENING_SECRET_BYTES);
    return OK;
}

bool
offers_take (offers_t *self, const uint8_t id[OPENING_ID_BYTES], offer_t *offer)
{
    for (unsigned i = 0; i < self->count; i++)
        if (sodium_memcmp (self->list[i].id, id, OPENING_ID_BYTES) == 0) {
            *offer = self->list[i];
            remove_at (self, i);
            return true;
        }
    return false;
}

void
offers_drop (offers_t *self, uint64_t lane)
{
    for (unsigned i = 0; i < self->count; i++)
        if (self->list[i].lane == lane) {
            remove_at (self, i);
            return;
        }
}

bool
offers_expired (offers_t *self, int64_t now_ms, offer_t *offer)
{
    for (unsigned i = 0; i < self->count; i++)
        if (self->list[i].ends_ms <= now_ms) {
            *offer = self->list[i];
            remove_at (self, i);
            return true;
        }
    return false;
}

int64_t
offers_earliest_ms (const offers_t *self)
{
    int64_t earliest_ms = INT64_MAX;
    for (unsigned i = 0; i < self->count; i++)
        if (self->list[i].ends_ms < earliest_ms)
            earliest_ms = self->list[i].ends_ms;
    return earliest_ms;
}
