// SPDX-License-Identifier: MIT
//  "transfer" in the hands of a test, which is its blob store, its DHT, its reputation, and all
//  other nodes. Include after cmocka.h.
#ifndef GGEN_TESTS_TRANSFER_RIG_H
#define GGEN_TESTS_TRANSFER_RIG_H

#include "actors/transfer/download.h"
#include "actors/transfer/serve.h"
#include "actors/transfer/transfer.h"
#include "tests/puppet.h"

#include "cache.pb-c.h"
#include "dht.pb-c.h"
#include "peer_id.h"
#include "record.h"
#include "record_valid.h"
#include "reputation.pb-c.h"
#include "state.pb-c.h"
#include "swarm.pb-c.h"
#include "transfer.pb-c.h"

#include <sodium.h>

#define RIG_CHUNKS 40               //  of the package; the last has RIG_LAST bytes
#define RIG_LAST   1000
#define RIG_BYTES  ((RIG_CHUNKS - 1) * (size_t) RECORD_CHUNK_BYTES + RIG_LAST)

static uint8_t rig_content[RIG_BYTES];
static uint8_t rig_record[4096];
static size_t rig_record_size;
static digest_t rig_sha256;
static identity_t rig_identity;
static transfer_settings_t rig_settings;
static puppet_t rig;

//  ---- the package -------------------------------------------------------------------------------

static inline bytes_t
rig_chunk (uint32_t chunk)
{
    return (bytes_t) {rig_content + (size_t) chunk * RECORD_CHUNK_BYTES,
                      chunk + 1 < RIG_CHUNKS ? RECORD_CHUNK_BYTES : RIG_LAST};
}

static inline void
rig_sign (const Ggen__Release *release)
{
    static uint8_t payload[4096];
    uint8_t key[32], secret[crypto_sign_SECRETKEYBYTES], seed[crypto_sign_SEEDBYTES] = {1};
    uint8_t signature[64];
    crypto_sign_seed_keypair (key, secret, seed);
    size_t size, payload_size = ggen__release__pack (release, payload);
    uint8_t *bytes =
        record_signing_bytes (GGEN__RECORD_KIND__RELEASE, (bytes_t) {payload, payload_size}, &size);
    crypto_sign_detached (signature, NULL, bytes, size, secret);
    free (bytes);
    Ggen__SignedRecord record = GGEN__SIGNED_RECORD__INIT;
    record.kind = GGEN__RECORD_KIND__RELEASE;
    record.payload = (ProtobufCBinaryData) {payload_size, payload};
    record.key = (ProtobufCBinaryData) {sizeof key, key};
    record.signature = (ProtobufCBinaryData) {sizeof signature, signature};
    rig_record_size = ggen__signed_record__pack (&record, rig_record);
}

//  The record of another package of one chunk; the rig's comes back with rig_make_package.
static inline void
rig_make_other (uint8_t number)
{
    uint8_t digest[DIGEST_SIZE] = {number, 1};
    Ggen__Release release = GGEN__RELEASE__INIT;
    release.name = "other";
    release.version = "1.0.0";
    release.sha256 = release.files_sha256 = release.manifest_sha256 = release.chunks =
        (ProtobufCBinaryData) {DIGEST_SIZE, digest};
    release.size_bytes = 10;
    release.chunk_bytes = RECORD_CHUNK_BYTES;
    release.unpacked_bytes = 5000;
    release.files_count = 3;
    release.published_at = 1763600000;
    release.archive_format = "tar.gz";
    rig_sign (&release);
}

static inline void
rig_make_package (void)
{
    static uint8_t digests[RIG_CHUNKS * DIGEST_SIZE];
    for (size_t i = 0; i < RIG_BYTES && rig_record_size == 0; i++)
        rig_content[i] = (uint8_t) (i * 2654435761u >> 13);
    if (rig_record_size == 0)
        crypto_real.sha256 (rig_content, RIG_BYTES, rig_sha256.bytes);
    for (uint32_t i = 0; i < RIG_CHUNKS && rig_record_size == 0; i++)
        crypto_real.sha256 (rig_chunk (i).data, rig_chunk (i).size, digests + i * DIGEST_SIZE);
    Ggen__Release release = GGEN__RELEASE__INIT;
    release.name = "rust-cli";
    release.version = "1.0.0";
    release.sha256 = release.files_sha256 = release.manifest_sha256 = digest_to_field (&rig_sha256);
    release.size_bytes = RIG_BYTES;
    release.chunk_bytes = RECORD_CHUNK_BYTES;
    release.chunks = (ProtobufCBinaryData) {sizeof digests, digests};
    release.unpacked_bytes = 5000;
    release.files_count = 3;
    release.published_at = 1763600000;
    release.archive_format = "tar.gz";
    rig_sign (&release);
}

//  ---- other nodes -------------------------------------------------------------------------------

static inline peer_key_t
rig_peer (unsigned number)
{
    peer_key_t key = {{(uint8_t) (number + 1), (uint8_t) (number >> 8), 9}};
    return key;
}

//  Borrowed until the next call but seven.
static inline const char *
rig_address (unsigned number)
{
    static char addresses[8][ADDRESS_MAX + 1];
    static unsigned next;
    peer_key_t key = rig_peer (number);
    char *address = addresses[next++ % 8];
    peer_id_address (&key, "transfer", address);
    return address;
}

//  ---- life --------------------------------------------------------------------------------------

static inline said_t
rig_take (const char *to)
{
    said_t said = {0};
    if (!puppet_take (&rig, to, &said))
        fail_msg ("nothing was sent to %s", to);
    return said;
}

//  The next request; what was sent before it is passed over.
static inline said_t
rig_take_request (const char *to)
{
    said_t said = rig_take (to);
    while (said.envelope->kind != GGEN__KIND__REQUEST) {
        said_free (&said);
        said = rig_take (to);
    }
    return said;
}

//  What was sent to 'to' has this type.
static inline said_t
rig_take_type (const char *to, const ProtobufCMessageDescriptor *type)
{
    said_t said = rig_take (to);
    assert_string_equal (said.envelope->type, type->short_name);
    return said;
}

static inline bool
rig_silent (const char *to)
{
    for (unsigned i = 0; i < rig.said_count; i++)
        if (strcmp (rig.said[i].to, to) == 0)
            return false;
    return true;
}

static inline void *
rig_body (const said_t *said, const ProtobufCMessageDescriptor *type)
{
    void *body = protobuf_c_message_unpack (type, NULL, said->body_size, said->body);
    assert_non_null (body);
    return body;
}

//  Born, with 'served' kept of an earlier life when it is not NULL.
static inline void
rig_start (bool serves)
{
    Ggen__ServedEntry value = GGEN__SERVED_ENTRY__INIT;
    uint8_t packed[5000];
    Ggen__StateEntry entry = GGEN__STATE_ENTRY__INIT, *entries[] = {&entry};
    Ggen__StateLoadReply reply = GGEN__STATE_LOAD_REPLY__INIT;
    rig = (puppet_t) {0};
    puppet_start (&rig, &transfer_actor, &rig_settings);
    said_t load = rig_take_type ("state", &ggen__state_load_request__descriptor);
    if (serves) {
        value.record = (ProtobufCBinaryData) {rig_record_size, rig_record};
        value.reason = GGEN__SERVE_REASON__SERVE_PUBLISHED;
        entry.key = digest_to_field (&rig_sha256);
        entry.value = (ProtobufCBinaryData) {ggen__served_entry__pack (&value, packed), packed};
        reply.entries = entries;
        reply.n_entries = 1;
    }
    puppet_reply (&rig, &load, &reply.base);
}

static inline int
rig_setup (void **state)
{
    (void) state;
    rig_make_package ();
    rig_identity.key[0] = 200;
    rig_settings = (transfer_settings_t) TRANSFER_SETTINGS_DEFAULT;
    rig_settings.identity = &rig_identity;
    return 0;
}

static inline int
rig_teardown (void **state)
{
    (void) state;
    if (rig.actor)
        puppet_stop (&rig);
    return 0;
}

#define IN_RIG(test) cmocka_unit_test_setup_teardown (test, rig_setup, rig_teardown)

#endif
