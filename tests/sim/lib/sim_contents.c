// SPDX-License-Identifier: MIT
#include "sim_contents.h"

#include "sim_keyring.h"

#include "record.h"
#include "record_valid.h"
#include "runtime/actor/crypto.h"
#include "runtime/actor/map.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define CONTENTS_MAX 1000000u
#define WORD         sizeof (uint64_t)

struct sim_contents_t {
    map_t *map;                     //  digest -> sim_content_t
};

static void *
fresh (size_t size)
{
    void *memory = calloc (1, size);
    if (!memory)
        abort ();
    return memory;
}

sim_contents_t *
sim_contents_new (void)
{
    sim_contents_t *self = fresh (sizeof *self);
    self->map = map_new (CONTENTS_MAX, 0);
    if (!self->map)
        abort ();
    return self;
}

void
sim_contents_destroy (sim_contents_t **self_p)
{
    if (!*self_p)
        return;
    uint32_t cursor = 0;
    bytes_t key;
    for (sim_content_t *content; (content = map_next ((*self_p)->map, &cursor, &key));) {
        free (content->digests);
        free (content);
    }
    map_destroy (&(*self_p)->map);
    free (*self_p);
    *self_p = NULL;
}

//  ---- bytes -------------------------------------------------------------------------------------

//  SplitMix64 (Steele, Lea and Flood 2014): word 'index' of the stream of a seed, without those
//  before it.
static uint64_t
word_of (uint64_t seed, uint64_t index)
{
    uint64_t z = seed + (index + 1) * UINT64_C (0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C (0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C (0x94D049BB133111EB);
    return z ^ z >> 31;
}

static void
derive (uint64_t seed, uint64_t offset, size_t size, uint8_t *bytes)
{
    while (size > 0) {
        uint64_t word = word_of (seed, offset / WORD);
        size_t from = (size_t) (offset % WORD), part = WORD - from < size ? WORD - from : size;
        memcpy (bytes, (const uint8_t *) &word + from, part);
        bytes += part;
        offset += part;
        size -= part;
    }
}

void
sim_content_read (const sim_content_t *content, uint64_t offset, size_t size, uint8_t *bytes)
{
    assert (offset + size <= content->size_bytes);
    derive (content->seed, offset, size, bytes);
}

uint32_t
sim_content_chunk_bytes (const sim_content_t *content, uint32_t chunk)
{
    uint64_t left = content->size_bytes - (uint64_t) chunk * RECORD_CHUNK_BYTES;
    return left < RECORD_CHUNK_BYTES ? (uint32_t) left : RECORD_CHUNK_BYTES;
}

void
sim_content_fill (const sim_content_t *content, Ggen__Release *release)
{
    release->sha256 = (ProtobufCBinaryData) {DIGEST_SIZE, (uint8_t *) content->sha256.bytes};
    release->size_bytes = content->size_bytes;
    release->chunk_bytes = RECORD_CHUNK_BYTES;
    release->chunks =
        (ProtobufCBinaryData) {(size_t) content->chunks_count * DIGEST_SIZE, content->digests};
}

uint8_t *
sim_content_record (const sim_content_t *content, const char *name, const char *version,
                    const identity_t *signer, size_t *size_p)
{
    Ggen__Release release = GGEN__RELEASE__INIT;
    sim_content_fill (content, &release);
    release.name = (char *) name;
    release.version = (char *) version;
    release.files_sha256 = release.manifest_sha256 = release.sha256;
    release.unpacked_bytes = 5000;
    release.files_count = 3;
    release.published_at = 1763600000;
    release.archive_format = "tar.gz";
    ProtobufCBinaryData record = sim_sign (signer, GGEN__RECORD_KIND__RELEASE, &release.base);
    *size_p = record.len;
    return record.data;
}

//  ---- contents ----------------------------------------------------------------------------------

//  Takes 'content' and gives the one that is known of them.
static const sim_content_t *
enter (sim_contents_t *self, sim_content_t *content)
{
    uint8_t *bytes = fresh (content->size_bytes);
    sim_content_read (content, 0, content->size_bytes, bytes);
    crypto_real.sha256 (bytes, content->size_bytes, content->sha256.bytes);
    const sim_content_t *known = sim_contents_find (self, &content->sha256);
    if (known) {
        free (content);
        free (bytes);
        return known;
    }
    content->chunks_count =
        (uint32_t) ((content->size_bytes + RECORD_CHUNK_BYTES - 1) / RECORD_CHUNK_BYTES);
    content->digests = fresh ((size_t) content->chunks_count * DIGEST_SIZE);
    for (uint32_t i = 0; i < content->chunks_count; i++)
        crypto_real.sha256 (bytes + (size_t) i * RECORD_CHUNK_BYTES,
                            sim_content_chunk_bytes (content, i),
                            content->digests + (size_t) i * DIGEST_SIZE);
    free (bytes);
    if (map_put (self->map, content->sha256.bytes, DIGEST_SIZE, content) != OK)
        abort ();
    return content;
}

const sim_content_t *
sim_contents_derive (sim_contents_t *self, uint64_t seed, uint64_t size_bytes)
{
    sim_content_t *content = fresh (sizeof *content);
    content->seed = seed;
    content->size_bytes = size_bytes;
    return enter (self, content);
}

const sim_content_t *
sim_contents_find (const sim_contents_t *self, const digest_t *sha256)
{
    return map_get (self->map, sha256->bytes, DIGEST_SIZE);
}
