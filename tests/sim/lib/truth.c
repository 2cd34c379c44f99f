// SPDX-License-Identifier: MIT
#include "truth.h"

#include "record.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

//  Numbers that are in or not: open addressing, never 0.
typedef struct {
    uint64_t *places;
    size_t room, count;
} marks_t;

typedef struct signer_t {
    identity_t identity;
    const identity_t *inner;
    truth_t *truth;
    struct signer_t *next;
} signer_t;

struct truth_t {
    marks_t keys, said;
    signer_t *signers;
};

//  ---- marks ---------------------------------------------------------------------------------------

static size_t
place_of (const marks_t *self, uint64_t mark)
{
    size_t at = (size_t) mark & (self->room - 1);
    while (self->places[at] != 0 && self->places[at] != mark)
        at = (at + 1) & (self->room - 1);
    return at;
}

static bool
has (const marks_t *self, uint64_t mark)
{
    return self->room > 0 && self->places[place_of (self, mark)] == mark;
}

static void
grow (marks_t *self)
{
    marks_t larger = {.room = self->room ? 2 * self->room : 256, .count = self->count};
    larger.places = calloc (larger.room, sizeof *larger.places);
    if (!larger.places)
        abort ();
    for (size_t i = 0; i < self->room; i++)
        if (self->places[i] != 0)
            larger.places[place_of (&larger, self->places[i])] = self->places[i];
    free (self->places);
    *self = larger;
}

static void
add (marks_t *self, uint64_t mark)
{
    if (2 * self->count >= self->room)
        grow (self);
    size_t at = place_of (self, mark);
    self->count += self->places[at] == 0;
    self->places[at] = mark;
}

static uint64_t
mark_of (const uint8_t *key, const void *message, size_t size)
{
    uint64_t mark = 0;
    uint8_t hash[crypto_generichash_BYTES_MIN];
    crypto_generichash (hash, sizeof hash, message, size, key, CRYPTO_KEY_BYTES);
    memcpy (&mark, hash, sizeof mark);
    return mark | 1;
}

static uint64_t
mark_of_key (const uint8_t *key)
{
    uint64_t mark;
    memcpy (&mark, key, sizeof mark);
    return mark | 1;
}

//  ---- signing -------------------------------------------------------------------------------------

static bool
is_greeting (const void *message, size_t size)
{
    static const char prefix[] = "ggen identify";
    return size >= sizeof prefix && memcmp (message, prefix, sizeof prefix - 1) == 0;
}

static void
sign (void *context, const void *message, size_t size, uint8_t *signature)
{
    const signer_t *signer = context;
    if (!is_greeting (message, size))
        add (&signer->truth->said, mark_of (signer->identity.key, message, size));
    signer->inner->sign (signer->inner->context, message, size, signature);
}

const identity_t *
truth_identity (truth_t *self, const identity_t *inner)
{
    signer_t *signer = calloc (1, sizeof *signer);
    if (!signer)
        abort ();
    *signer = (signer_t) {.inner = inner, .truth = self, .next = self->signers};
    memcpy (signer->identity.key, inner->key, CRYPTO_KEY_BYTES);
    signer->identity.sign = sign;
    signer->identity.context = signer;
    self->signers = signer;
    add (&self->keys, mark_of_key (inner->key));
    return &signer->identity;
}

truth_t *
truth_new (void)
{
    truth_t *self = calloc (1, sizeof *self);
    if (!self)
        abort ();
    return self;
}

void
truth_destroy (truth_t **self_p)
{
    truth_t *self = *self_p;
    if (!self)
        return;
    for (signer_t *next, *signer = self->signers; signer; signer = next) {
        next = signer->next;
        free (signer);
    }
    free (self->keys.places);
    free (self->said.places);
    free (self);
    *self_p = NULL;
}

//  ---- judging -------------------------------------------------------------------------------------

bool
truth_is_honest (const truth_t *self, ProtobufCBinaryData key)
{
    return key.len == CRYPTO_KEY_BYTES && has (&self->keys, mark_of_key (key.data));
}

bool
truth_record (const truth_t *self, bytes_t packed)
{
    AUTO (record_destroy) Ggen__SignedRecord *record = NULL;
    if (record_open (&record, packed) != OK)
        return false;
    if (!truth_is_honest (self, record->key))
        return true;
    size_t size;
    uint8_t *signed_bytes = record_signing_bytes (
        record->kind, (bytes_t) {record->payload.data, record->payload.len}, &size);
    bool said = signed_bytes && has (&self->said, mark_of (record->key.data, signed_bytes, size));
    free (signed_bytes);
    return said;
}
