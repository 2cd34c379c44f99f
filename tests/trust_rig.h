// SPDX-License-Identifier: MIT
//  "trust" in the hands of a test, with a state that the test drives, three publishers, and what
//  they sign. Include after cmocka.h.
#ifndef GGEN_TESTS_TRUST_RIG_H
#define GGEN_TESTS_TRUST_RIG_H

#include "actors/trust/heads.h"
#include "actors/trust/policy.h"
#include "actors/trust/tables.h"
#include "actors/trust/trust.h"
#include "tests/memory_state.h"
#include "tests/puppet.h"

#include <sodium.h>

#define WALL_SECONDS 1763600000

//  ---- publishers and what they sign -------------------------------------------------------------

typedef struct {
    publisher_key_t key;
    uint8_t secret[crypto_sign_SECRETKEYBYTES];
    char text[PUBLISHER_KEY_TEXT_SIZE + 1];
    char fingerprint[PUBLISHER_KEY_FINGERPRINT_SIZE + 1];
} signer_t;

static signer_t alice, bob, eve;
static uint8_t digest[DIGEST_SIZE], other_digest[DIGEST_SIZE];

typedef struct {
    uint8_t data[2048];
    size_t size;
} packed_t;

static inline void
make_signer (signer_t *self, uint8_t number)
{
    uint8_t seed[crypto_sign_SEEDBYTES] = {number};
    crypto_sign_seed_keypair (self->key.bytes, self->secret, seed);
    publisher_key_to_text (&self->key, self->text);
    publisher_key_fingerprint (&self->key, self->fingerprint);
}

static inline packed_t
sign (const signer_t *signer, Ggen__RecordKind kind, const ProtobufCMessage *message)
{
    packed_t payload = {.size = protobuf_c_message_get_packed_size (message)};
    assert_true (payload.size <= sizeof payload.data);
    protobuf_c_message_pack (message, payload.data);
    size_t size;
    uint8_t signature[RECORD_SIGNATURE_SIZE];
    uint8_t *bytes = record_signing_bytes (kind, (bytes_t) {payload.data, payload.size}, &size);
    crypto_sign_detached (signature, NULL, bytes, size, signer->secret);
    free (bytes);
    Ggen__SignedRecord record = GGEN__SIGNED_RECORD__INIT;
    record.kind = kind;
    record.payload = (ProtobufCBinaryData) {payload.size, payload.data};
    record.key = (ProtobufCBinaryData) {PUBLISHER_KEY_SIZE, (uint8_t *) signer->key.bytes};
    record.signature = (ProtobufCBinaryData) {sizeof signature, signature};
    packed_t packed = {.size = protobuf_c_message_get_packed_size (&record.base)};
    assert_true (packed.size <= sizeof packed.data);
    protobuf_c_message_pack (&record.base, packed.data);
    return packed;
}

static inline packed_t
release_of (const signer_t *signer, const char *name, const char *version)
{
    ProtobufCBinaryData field = {DIGEST_SIZE, digest};
    Ggen__Release release = GGEN__RELEASE__INIT;
    release.name = (char *) name;
    release.version = (char *) version;
    release.sha256 = release.files_sha256 = release.manifest_sha256 = release.chunks = field;
    release.size_bytes = 1000;
    release.chunk_bytes = 262144;
    release.unpacked_bytes = 5000;
    release.files_count = 3;
    release.published_at = WALL_SECONDS - 100;
    release.archive_format = "tar.gz";
    return sign (signer, GGEN__RECORD_KIND__RELEASE, &release.base);
}

//  What a head of the tests is made of; zeros are the usual.
typedef struct {
    const char *name;               //  "rust-cli"
    uint64_t seq;                   //  1
    int64_t issued_at, expires_at;  //  an hour ago, in a day
    const char *version;            //  "1.0.0"
    const uint8_t *sha256;          //  digest
    const char *yank_reason;        //  not yanked
    const signer_t *successor;      //  none
} head_t;

static inline packed_t
head_of (const signer_t *signer, head_t parts)
{
    Ggen__HeadVersion version = GGEN__HEAD_VERSION__INIT, *versions = &version;
    version.version = (char *) (parts.version ? parts.version : "1.0.0");
    version.sha256 =
        (ProtobufCBinaryData) {DIGEST_SIZE, (uint8_t *) (parts.sha256 ? parts.sha256 : digest)};
    version.yanked = parts.yank_reason != NULL;
    if (parts.yank_reason)
        version.yank_reason = (char *) parts.yank_reason;
    Ggen__Head head = GGEN__HEAD__INIT;
    head.name = (char *) (parts.name ? parts.name : "rust-cli");
    head.seq = parts.seq ? parts.seq : 1;
    head.issued_at = parts.issued_at ? parts.issued_at : WALL_SECONDS - 3600;
    head.expires_at = parts.expires_at ? parts.expires_at : WALL_SECONDS + 86400;
    head.versions = &versions;
    head.n_versions = 1;
    if (parts.successor)
        head.rotated_to =
            (ProtobufCBinaryData) {PUBLISHER_KEY_SIZE, (uint8_t *) parts.successor->key.bytes};
    return sign (signer, GGEN__RECORD_KIND__HEAD, &head.base);
}

//  ---- the actor, with a state that the test drives ----------------------------------------------

static memory_state_t kept;
static puppet_t trust, state;

static inline void
settle (void)
{
    while (puppet_relay (&trust, &state))
        ;
}

static inline int
setup (void **unused)
{
    (void) unused;
    make_signer (&alice, 1);
    make_signer (&bob, 2);
    make_signer (&eve, 3);
    memset (digest, 0xd1, sizeof digest);
    memset (other_digest, 0xe2, sizeof other_digest);
    kept = (memory_state_t) {0};
    trust = state = (puppet_t) {.wall_ms = (int64_t) WALL_SECONDS * 1000};
    puppet_start (&state, &memory_state_actor, &kept);
    puppet_start (&trust, &trust_actor, NULL);
    settle ();
    return 0;
}

static inline int
teardown (void **unused)
{
    (void) unused;
    puppet_stop (&trust);
    puppet_stop (&state);
    memory_state_clear (&kept);
    return 0;
}

static inline void
restart (void)
{
    puppet_stop (&trust);
    puppet_start (&trust, &trust_actor, NULL);
    settle ();
}

static inline ProtobufCBinaryData
key_field (const signer_t *signer)
{
    return (ProtobufCBinaryData) {PUBLISHER_KEY_SIZE, (uint8_t *) signer->key.bytes};
}

//  A check of rust-cli 1.0.0 that pins.
static inline Ggen__CheckReleaseRequest
check_of (const packed_t *record, const packed_t *head)
{
    Ggen__CheckReleaseRequest check = GGEN__CHECK_RELEASE_REQUEST__INIT;
    check.name = "rust-cli";
    check.version = "1.0.0";
    check.pin = true;
    if (record)
        check.record = (ProtobufCBinaryData) {record->size, (uint8_t *) record->data};
    if (head)
        check.head = (ProtobufCBinaryData) {head->size, (uint8_t *) head->data};
    return check;
}

//  What becomes of a release by alice with this head, also by alice.
static inline Ggen__CheckReleaseRequest
with_head (packed_t *record, packed_t *head, head_t parts)
{
    *record = release_of (&alice, "rust-cli", "1.0.0");
    *head = head_of (&alice, parts);
    return check_of (record, head);
}

static inline Ggen__CheckReleaseReply *
accepted (const Ggen__CheckReleaseRequest *check)
{
    puppet_ask (&trust, &check->base);
    settle ();
    return puppet_hear (&trust, &ggen__check_release_reply__descriptor);
}

static inline void
assert_accepted (const Ggen__CheckReleaseRequest *check)
{
    puppet_free (accepted (check));
}

static inline Ggen__Failure *
refused (const ProtobufCMessage *message)
{
    puppet_ask (&trust, message);
    settle ();
    return puppet_hear (&trust, &ggen__failure__descriptor);
}

//  Refused with this code, saying (message or hint) all of 'words' up to a NULL.
static inline void
assert_refused (const Ggen__CheckReleaseRequest *check, code_t code, const char *const words[])
{
    Ggen__Failure *failure = refused (&check->base);
    if (failure->code != code)
        fail_msg ("%s, not %s: %s", code_name (failure->code), code_name (code),
                  failure->message);
    for (; words && *words; words++)
        if (!strstr (failure->message, *words) && !strstr (failure->hint, *words))
            fail_msg ("'%s' is not in: %s / %s", *words, failure->message, failure->hint);
    puppet_free (failure);
}

#define WORDS(...) ((const char *const[]) {__VA_ARGS__, NULL})

//  rust-cli is pinned to 'signer' from now on, by first use.
static inline void
pin_to (const signer_t *signer)
{
    packed_t record = release_of (signer, "rust-cli", "1.0.0");
    Ggen__CheckReleaseRequest check = check_of (&record, NULL);
    assert_accepted (&check);
}

static inline Ggen__TrustListReply *
list (void)
{
    Ggen__TrustListRequest request = GGEN__TRUST_LIST_REQUEST__INIT;
    puppet_ask (&trust, &request.base);
    settle ();
    return puppet_hear (&trust, &ggen__trust_list_reply__descriptor);
}

//  Is exactly one name pinned, and so?
static inline void
assert_pinned (const signer_t *signer, const char *how, uint64_t head_seq)
{
    Ggen__TrustListReply *reply = list ();
    assert_int_equal (reply->n_pins, 1);
    assert_string_equal (reply->pins[0]->name, "rust-cli");
    assert_int_equal (reply->pins[0]->key.len, PUBLISHER_KEY_SIZE);
    assert_memory_equal (reply->pins[0]->key.data, signer->key.bytes, PUBLISHER_KEY_SIZE);
    assert_string_equal (reply->pins[0]->how, how);
    assert_int_equal (reply->pins[0]->head_seq, head_seq);
    puppet_free (reply);
}

#endif
