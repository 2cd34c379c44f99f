// SPDX-License-Identifier: MIT
#include "signatures.h"

#include <stdlib.h>
#include <string.h>

#define SLOTS_FIRST 16

//  Slots that a signature may be in, one after another. In a table at most half full hardly one finds
//  all of them taken.
#define PROBES 8

typedef struct {
    uint8_t hash[CRYPTO_HASH_BYTES];
} known_t;

//  The first slot is told by the first bytes of a hash: those are as good as random.
struct signatures_t {
    const crypto_t *crypto;
    known_t *slots;                 //  all zero: empty
    size_t slots_count;             //  0, or a power of two
    size_t used;
};

signatures_t *
signatures_new (const crypto_t *crypto)
{
    signatures_t *self = calloc (1, sizeof *self);
    if (self)
        self->crypto = crypto;
    return self;
}

void
signatures_destroy (signatures_t **self_p)
{
    if (!*self_p)
        return;
    free ((*self_p)->slots);
    free (*self_p);
    *self_p = NULL;
}

const crypto_t *
signatures_crypto (const signatures_t *self)
{
    return self->crypto;
}

//  Where it is, or the first empty slot that it may be in; else the first of all.
static known_t *
slot_of (known_t *slots, size_t count, const known_t *known)
{
    static const known_t none;
    uint32_t number;
    memcpy (&number, known->hash, sizeof number);
    for (size_t i = 0; i < PROBES; i++) {
        known_t *slot = &slots[(number + i) & (count - 1)];
        if (memcmp (slot, known, sizeof *known) == 0 || memcmp (slot, &none, sizeof none) == 0)
            return slot;
    }
    return &slots[number & (count - 1)];
}

static void
put (signatures_t *self, const known_t *known)
{
    static const known_t none;
    known_t *slot = slot_of (self->slots, self->slots_count, known);
    self->used += memcmp (slot, &none, sizeof none) == 0;
    *slot = *known;
}

//  Keep it at most half full, so that hardly any take each other's place.
static void
make_room (signatures_t *self)
{
    size_t count = self->slots_count, more = count ? 2 * count : SLOTS_FIRST;
    if (2 * self->used < count || more > SIGNATURES_MAX)
        return;
    static const known_t none;
    known_t *old = self->slots, *slots = calloc (more, sizeof *slots);
    if (!slots)
        return;
    self->slots = slots;
    self->slots_count = more;
    self->used = 0;
    for (size_t i = 0; i < count; i++)
        if (memcmp (&old[i], &none, sizeof none) != 0)
            put (self, &old[i]);
    free (old);
}

//  Key and signature have one size each, and the message goes in as its hash: no two signatures
//  give the same bytes.
static known_t
known_of (const signatures_t *self, const uint8_t *signature, const uint8_t *message, size_t size,
          const uint8_t *key)
{
    uint8_t all[CRYPTO_KEY_BYTES + CRYPTO_SIGNATURE_BYTES + CRYPTO_HASH_BYTES];
    known_t known;
    memcpy (all, key, CRYPTO_KEY_BYTES);
    memcpy (all + CRYPTO_KEY_BYTES, signature, CRYPTO_SIGNATURE_BYTES);
    self->crypto->sha256 (message, size, all + CRYPTO_KEY_BYTES + CRYPTO_SIGNATURE_BYTES);
    self->crypto->sha256 (all, sizeof all, known.hash);
    return known;
}

static bool
has (const signatures_t *self, const known_t *known)
{
    return self->slots
           && memcmp (slot_of (self->slots, self->slots_count, known), known, sizeof *known) == 0;
}

static void
remember (signatures_t *self, const known_t *known)
{
    make_room (self);
    if (self->slots)
        put (self, known);
}

static bool
verify (void *self_, const uint8_t *signature, const uint8_t *message, size_t size,
        const uint8_t *key)
{
    signatures_t *self = self_;
    known_t known = known_of (self, signature, message, size, key);
    if (has (self, &known))
        return true;
    if (!self->crypto->verify (NULL, signature, message, size, key))
        return false;
    remember (self, &known);
    return true;
}

code_t
signatures_check (signatures_t *self, const Ggen__SignedRecord *record)
{
    return record_check (record, verify, self);
}

//  ---- many ------------------------------------------------------------------------------------------

typedef struct {
    size_t count;
    crypto_check_t checks[SIGNATURES_LEARN_MAX];
    known_t known[SIGNATURES_LEARN_MAX];
} lesson_t;

//  The same record twice is checked twice: nothing is remembered before the end.
static void
add (const signatures_t *self, lesson_t *lesson, const Ggen__SignedRecord *record)
{
    crypto_check_t check = {.signature = record->signature.data, .key = record->key.data};
    uint8_t *message = record_signing_bytes (
        record->kind, (bytes_t) {record->payload.data, record->payload.len}, &check.size);
    if (!message)
        return;
    check.message = message;
    lesson->known[lesson->count] =
        known_of (self, check.signature, message, check.size, check.key);
    if (has (self, &lesson->known[lesson->count]))
        free (message);
    else
        lesson->checks[lesson->count++] = check;
}

void
signatures_learn (signatures_t *self, Ggen__SignedRecord *const *records, size_t count)
{
    lesson_t *lesson = self->crypto->verify_many ? malloc (sizeof *lesson) : NULL;
    if (!lesson)
        return;
    lesson->count = 0;
    for (size_t i = 0; i < count && i < SIGNATURES_LEARN_MAX; i++)
        add (self, lesson, records[i]);
    self->crypto->verify_many (lesson->checks, lesson->count);
    for (size_t i = 0; i < lesson->count; i++) {
        if (lesson->checks[i].holds)
            remember (self, &lesson->known[i]);
        free ((uint8_t *) (uintptr_t) lesson->checks[i].message);
    }
    free (lesson);
}
