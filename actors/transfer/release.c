// SPDX-License-Identifier: MIT
#include "release.h"

#include "record_valid.h"
#include "runtime/actor/wire.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

//  The content of a field that a checked message has; empty when it has none.
static bytes_t
part_of (bytes_t wire, uint64_t number)
{
    bytes_t found = {NULL, 0};
    wire_field_t field;
    while (wire.size > 0 && wire_take_field (&wire, &field))
        if (field.tag == (number << 3 | 2))
            found = field.part;
    return found;
}

static release_t *
keep (bytes_t packed, const Ggen__SignedRecord *record, const Ggen__Release *release)
{
    release_t *self = malloc (sizeof *self + packed.size);
    if (!self)
        return NULL;
    *self = (release_t) {.size_bytes = release->size_bytes, .record_size = packed.size};
    memcpy (self->record, packed.data, packed.size);
    memcpy (self->sha256.bytes, release->sha256.data, DIGEST_SIZE);
    memcpy (self->signer.bytes, record->key.data, PUBLISHER_KEY_SIZE);
    bytes_t payload = part_of ((bytes_t) {self->record, packed.size}, 2);
    bytes_t digests = part_of (payload, 6);
    self->name = part_of (payload, 1);
    self->digests = digests.data;
    self->chunks_count = (uint32_t) (digests.size / DIGEST_SIZE);
    return self;
}

code_t
release_new (release_t **release_p, bytes_t packed, record_verify_fn *verify)
{
    AUTO (record_destroy) Ggen__SignedRecord *record = NULL;
    AUTO (record_release_destroy) Ggen__Release *release = NULL;
    *release_p = NULL;
    code_t code = record_open (&record, packed);
    if (code == OK && verify)
        code = record_check (record, verify, NULL);
    if (code == OK)
        code = record_release (&release, record);
    if (code)
        return code;
    *release_p = keep (packed, record, release);
    return *release_p ? OK : BUSY;
}

release_t *
release_copy (const release_t *self)
{
    const size_t size = sizeof *self + self->record_size;
    release_t *copy = malloc (size);
    if (!copy)
        return NULL;
    memcpy (copy, self, size);
    copy->digests = copy->record + (self->digests - self->record);
    copy->name.data = copy->record + (self->name.data - self->record);
    return copy;
}

void
release_destroy (release_t **self_p)
{
    free (*self_p);
    *self_p = NULL;
}

uint32_t
release_chunk_bytes (const release_t *self, uint32_t chunk)
{
    assert (chunk < self->chunks_count);
    uint64_t left = self->size_bytes - (uint64_t) chunk * RECORD_CHUNK_BYTES;
    return left < RECORD_CHUNK_BYTES ? (uint32_t) left : RECORD_CHUNK_BYTES;
}

const uint8_t *
release_chunk_digest (const release_t *self, uint32_t chunk)
{
    assert (chunk < self->chunks_count);
    return self->digests + (size_t) chunk * DIGEST_SIZE;
}
