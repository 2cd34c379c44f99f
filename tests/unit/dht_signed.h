// SPDX-License-Identifier: MIT
//  Signed records for tests of "dht". Include after cmocka.h.
#ifndef GGEN_TESTS_DHT_SIGNED_H
#define GGEN_TESTS_DHT_SIGNED_H

#include "dht_key.h"
#include "runtime/actor/crypto.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    publisher_key_t key;
    uint8_t secret[crypto_sign_SECRETKEYBYTES];
} signer_t;

typedef struct {
    uint8_t data[4096];
    size_t size;
} packed_t;

static inline signer_t
signer_of (uint8_t number)
{
    signer_t signer;
    uint8_t seed[crypto_sign_SEEDBYTES] = {number, 99};
    crypto_sign_seed_keypair (signer.key.bytes, signer.secret, seed);
    return signer;
}

static inline packed_t
signed_record (const signer_t *signer, Ggen__RecordKind kind, const ProtobufCMessage *message)
{
    packed_t packed = {.size = 0};
    uint8_t payload[sizeof packed.data], signature[RECORD_SIGNATURE_SIZE];
    size_t size = protobuf_c_message_get_packed_size (message), bytes_size;
    assert_true (size <= sizeof payload - 200);
    protobuf_c_message_pack (message, payload);
    uint8_t *bytes = record_signing_bytes (kind, (bytes_t) {payload, size}, &bytes_size);
    crypto_sign_detached (signature, NULL, bytes, bytes_size, signer->secret);
    free (bytes);
    Ggen__SignedRecord record = GGEN__SIGNED_RECORD__INIT;
    record.kind = kind;
    record.payload = (ProtobufCBinaryData) {size, payload};
    record.key = (ProtobufCBinaryData) {PUBLISHER_KEY_SIZE, (uint8_t *) signer->key.bytes};
    record.signature = (ProtobufCBinaryData) {sizeof signature, signature};
    packed.size = ggen__signed_record__pack (&record, packed.data);
    return packed;
}

//  A head of this name, and where it lies.
static inline packed_t
signed_head (const signer_t *signer, const char *name, uint64_t seq, int64_t wall_ms,
             digest_t *key)
{
    Ggen__Head head = GGEN__HEAD__INIT;
    head.name = (char *) name;
    head.seq = seq;
    head.issued_at = wall_ms / 1000;
    head.expires_at = head.issued_at + 86400 * 30;
    dht_key_head (key, crypto_real.sha256, name, &signer->key);
    return signed_record (signer, GGEN__RECORD_KIND__HEAD, &head.base);
}

//  A listing with one keyword and a long description, and where it lies under that.
static inline packed_t
signed_listing (const signer_t *signer, const char *name, char *keyword, int64_t wall_ms,
                digest_t *key)
{
    static uint8_t sha256[DIGEST_SIZE] = {1};
    char text[513];
    Ggen__Listing listing = GGEN__LISTING__INIT;
    memset (text, 'x', sizeof text);
    text[sizeof text - 1] = 0;
    listing.name = (char *) name;
    listing.seq = 1;
    listing.issued_at = wall_ms / 1000;
    listing.ttl_secs = 86400;
    listing.version = "1.0.0";
    listing.title = "A title";
    listing.description = text;
    listing.keywords = &keyword;
    listing.n_keywords = 1;
    listing.license = "MIT";
    listing.author = "somebody";
    listing.sha256 = (ProtobufCBinaryData) {sizeof sha256, sha256};
    listing.size_bytes = 1000;
    dht_key_keyword (key, crypto_real.sha256, keyword, 0);
    return signed_record (signer, GGEN__RECORD_KIND__LISTING, &listing.base);
}

#endif
