// SPDX-License-Identifier: MIT
#include "rng.h"

#include <sodium.h>
#include <string.h>

void
rng_init (rng_t *self, const uint8_t key[RNG_KEY_BYTES])
{
    memset (self, 0, sizeof *self);
    memcpy (self->key, key, RNG_KEY_BYTES);
    self->used = sizeof self->buffer;
}

static void
refill (rng_t *self)
{
    static const uint8_t nonce[crypto_stream_chacha20_NONCEBYTES];
    memset (self->buffer, 0, sizeof self->buffer);
    crypto_stream_chacha20_xor_ic (self->buffer, self->buffer, sizeof self->buffer, nonce,
                                   self->block, self->key);
    self->block += sizeof self->buffer / 64;
    self->used = 0;
}

void
rng_bytes (rng_t *self, void *data, size_t size)
{
    uint8_t *out = data;
    while (size > 0) {
        if (self->used == sizeof self->buffer)
            refill (self);
        size_t part = sizeof self->buffer - self->used;
        if (part > size)
            part = size;
        memcpy (out, self->buffer + self->used, part);
        self->used += (uint32_t) part;
        out += part;
        size -= part;
    }
}

uint64_t
rng_u64 (rng_t *self)
{
    uint64_t value;
    rng_bytes (self, &value, sizeof value);
    return value;
}

uint64_t
rng_below (rng_t *self, uint64_t limit)
{
    if (limit == 0)
        return 0;
    uint64_t threshold = (0 - limit) % limit;
    uint64_t value = rng_u64 (self);
    while (value < threshold)
        value = rng_u64 (self);
    return value % limit;
}

double
rng_unit (rng_t *self)
{
    return (double) (rng_u64 (self) >> 11) * 0x1.0p-53;
}
