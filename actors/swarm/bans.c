// SPDX-License-Identifier: MIT
#include "bans.h"

#include <stdlib.h>
#include <string.h>

#define SIZE_FIRST 4u

struct ban_t {
    uint8_t key[CRYPTO_KEY_BYTES];
    int64_t until_ms;
};

void
bans_clear (bans_t *self)
{
    free (self->bans);
    *self = (bans_t) {0};
}

static ban_t *
find (const bans_t *self, const uint8_t *key)
{
    for (uint32_t i = 0; i < self->count; i++)
        if (memcmp (self->bans[i].key, key, CRYPTO_KEY_BYTES) == 0)
            return &self->bans[i];
    return NULL;
}

static void
drop (bans_t *self, ban_t *ban)
{
    *ban = self->bans[--self->count];
}

static void
drop_ended (bans_t *self, int64_t now_ms)
{
    for (uint32_t i = self->count; i > 0; i--)
        if (self->bans[i - 1].until_ms <= now_ms)
            drop (self, &self->bans[i - 1]);
}

static void
drop_first_to_end (bans_t *self)
{
    ban_t *first = self->bans;
    for (uint32_t i = 1; i < self->count; i++)
        if (self->bans[i].until_ms < first->until_ms)
            first = &self->bans[i];
    drop (self, first);
}

static bool
make_room (bans_t *self, int64_t now_ms)
{
    if (self->count < self->size)
        return true;
    drop_ended (self, now_ms);
    if (self->count == BANS_MAX)
        drop_first_to_end (self);
    if (self->count < self->size)
        return true;
    uint32_t size = self->size ? 2 * self->size : SIZE_FIRST;
    ban_t *bans = realloc (self->bans, size * sizeof *bans);
    if (!bans)
        return false;
    self->bans = bans;
    self->size = size;
    return true;
}

bool
bans_put (bans_t *self, const uint8_t key[CRYPTO_KEY_BYTES], int64_t until_ms, int64_t now_ms)
{
    ban_t *ban = find (self, key);
    if (!ban && !make_room (self, now_ms))
        return false;
    if (!ban)
        ban = &self->bans[self->count++];
    memcpy (ban->key, key, sizeof ban->key);
    ban->until_ms = until_ms;
    return true;
}

void
bans_remove (bans_t *self, const uint8_t key[CRYPTO_KEY_BYTES])
{
    ban_t *ban = find (self, key);
    if (ban)
        drop (self, ban);
}

int64_t
bans_left_ms (const bans_t *self, const uint8_t key[CRYPTO_KEY_BYTES], int64_t now_ms)
{
    const ban_t *ban = find (self, key);
    return ban && ban->until_ms > now_ms ? ban->until_ms - now_ms : 0;
}
