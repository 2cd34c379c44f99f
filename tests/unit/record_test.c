// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "messages/record.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define SPARE 64            //  Bytes of a packed message that a test may add

static uint8_t digest_bytes [2 * DIGEST_SIZE];
static uint8_t public_key [PUBLISHER_KEY_SIZE];
static uint8_t secret_key [crypto_sign_SECRETKEYBYTES];

static int
make_keys (void **state)
{
    (void) state;
    uint8_t seed [crypto_sign_SEEDBYTES] = {7};
    memset (digest_bytes, 0xd1, sizeof digest_bytes);
    return sodium_init () < 0 || crypto_sign_seed_keypair (public_key, secret_key, seed);
}

static bool
verify (void *context, const uint8_t *signature, const uint8_t *message, size_t size,
    const uint8_t *key)
{
    ++*(int *) context;
    return crypto_sign_verify_detached (signature, message, size, key) == 0;
}

//  A packed message with room for SPARE bytes more.
typedef struct {
    size_t size;
    uint8_t *data;
} packed_t;

static void
packed_free (packed_t *self)
{
    free (self->data);
}

static packed_t
pack (const ProtobufCMessage *message)
{
    packed_t packed = {.data = calloc (1, protobuf_c_message_get_packed_size (message) + SPARE)};
    assert_non_null (packed.data);
    packed.size = protobuf_c_message_pack (message, packed.data);
    return packed;
}

static packed_t
pack_release (void)
{
    Ggen__SignedDependency dependency = GGEN__SIGNED_DEPENDENCY__INIT;
    dependency.name = "@scope/base";
    dependency.requirement = "^1.2";
    dependency.publisher_key = (ProtobufCBinaryData) {PUBLISHER_KEY_SIZE, public_key};
    Ggen__SignedDependency *dependencies [] = {&dependency};
    ProtobufCBinaryData digest = {DIGEST_SIZE, digest_bytes};
    Ggen__Release release = GGEN__RELEASE__INIT;
    release.name = "rust-cli";
    release.version = "1.0.0-rc.1";
    release.sha256 = release.files_sha256 = release.manifest_sha256 = digest;
    release.size_bytes = 262145;
    release.chunk_bytes = 262144;
    release.chunks = (ProtobufCBinaryData) {2 * DIGEST_SIZE, digest_bytes};
    release.unpacked_bytes = 600000;
    release.files_count = 3;
    release.n_dependencies = 1;
    release.dependencies = dependencies;
    release.published_at = 1763600000;
    release.archive_format = "tar.gz";
    return pack (&release.base);
}

static packed_t
pack_head (void)
{
    Ggen__HeadVersion version = GGEN__HEAD_VERSION__INIT;
    version.version = "1.0.0";
    version.sha256 = (ProtobufCBinaryData) {DIGEST_SIZE, digest_bytes};
    Ggen__HeadVersion *versions [] = {&version};
    Ggen__Head head = GGEN__HEAD__INIT;
    head.name = "rust-cli";
    head.seq = 4;
    head.expires_at = 10;
    head.n_versions = 1;
    head.versions = versions;
    return pack (&head.base);
}

static packed_t
sign (Ggen__RecordKind kind, const packed_t *payload)
{
    size_t size;
    uint8_t signature [RECORD_SIGNATURE_SIZE];
    uint8_t *message = record_signing_bytes (kind, (bytes_t) {payload->data, payload->size}, &size);
    assert_non_null (message);
    crypto_sign_detached (signature, NULL, message, size, secret_key);
    free (message);
    Ggen__SignedRecord record = GGEN__SIGNED_RECORD__INIT;
    record.kind = kind;
    record.payload = (ProtobufCBinaryData) {payload->size, payload->data};
    record.key = (ProtobufCBinaryData) {PUBLISHER_KEY_SIZE, public_key};
    record.signature = (ProtobufCBinaryData) {RECORD_SIGNATURE_SIZE, signature};
    return pack (&record.base);
}

static packed_t
signed_release (void)
{
    AUTO (packed_free) packed_t payload = pack_release ();
    return sign (GGEN__RECORD_KIND__RELEASE, &payload);
}

static code_t
open_and_check (const packed_t *packed)
{
    int calls = 0;
    AUTO (record_destroy) Ggen__SignedRecord *record = NULL;
    code_t code = record_open (&record, (bytes_t) {packed->data, packed->size});
    assert_true ((code == OK) == (record != NULL));
    if (code != OK)
        return code;
    code = record_check (record, verify, &calls);
    assert_int_equal (calls, 1);
    return code;
}

//  What record_release () says of a signed record with this payload.
static code_t
read_release (const packed_t *payload)
{
    AUTO (packed_free) packed_t packed = sign (GGEN__RECORD_KIND__RELEASE, payload);
    AUTO (record_destroy) Ggen__SignedRecord *record = NULL;
    AUTO (record_release_destroy) Ggen__Release *release = NULL;
    assert_int_equal (record_open (&record, (bytes_t) {packed.data, packed.size}), OK);
    code_t code = record_release (&release, record);
    assert_true ((code == OK) == (release != NULL));
    return code;
}

static void
the_signed_bytes_name_the_kind (void **state)
{
    (void) state;
    size_t size;
    const bytes_t payload = {(const uint8_t *) "load", 4};
    uint8_t *bytes = record_signing_bytes (GGEN__RECORD_KIND__RELEASE, payload, &size);
    assert_int_equal (size, 14 + 8 + 4);
    assert_memory_equal (bytes, "ggen record 1\0RELEASE\0load", size);
    free (bytes);
    bytes = record_signing_bytes (GGEN__RECORD_KIND__HEAD, (bytes_t) {NULL, 0}, &size);
    assert_int_equal (size, 14 + 5);
    assert_memory_equal (bytes, "ggen record 1\0HEAD", size);
    free (bytes);
    assert_null (record_signing_bytes (GGEN__RECORD_KIND__RECORD_NONE, payload, &size));
    assert_null (record_signing_bytes ((Ggen__RecordKind) 7, payload, &size));
    assert_null (record_signing_bytes (GGEN__RECORD_KIND__HEAD,
        (bytes_t) {payload.data, RECORD_PAYLOAD_MAX + 1}, &size));
}

static void
a_signed_release_opens_and_holds (void **state)
{
    (void) state;
    AUTO (packed_free) packed_t packed = signed_release ();
    assert_int_equal (open_and_check (&packed), OK);
    AUTO (record_destroy) Ggen__SignedRecord *record = NULL;
    AUTO (record_release_destroy) Ggen__Release *release = NULL;
    AUTO (record_head_destroy) Ggen__Head *head = NULL;
    assert_int_equal (record_open (&record, (bytes_t) {packed.data, packed.size}), OK);
    assert_int_equal (record_release (&release, record), OK);
    assert_string_equal (release->name, "rust-cli");
    assert_string_equal (release->dependencies [0]->requirement, "^1.2");
    assert_int_equal (record_head (&head, record), SERIALIZATION);
    assert_null (head);
}

static void
a_signed_head_opens_and_holds (void **state)
{
    (void) state;
    AUTO (packed_free) packed_t payload = pack_head ();
    AUTO (packed_free) packed_t packed = sign (GGEN__RECORD_KIND__HEAD, &payload);
    assert_int_equal (open_and_check (&packed), OK);
    AUTO (record_destroy) Ggen__SignedRecord *record = NULL;
    AUTO (record_release_destroy) Ggen__Release *release = NULL;
    AUTO (record_head_destroy) Ggen__Head *head = NULL;
    assert_int_equal (record_open (&record, (bytes_t) {packed.data, packed.size}), OK);
    assert_int_equal (record_head (&head, record), OK);
    assert_int_equal (head->seq, 4);
    assert_int_equal (record_release (&release, record), SERIALIZATION);
    assert_null (release);
}

static void
every_flipped_bit_is_refused_or_breaks_the_signature (void **state)
{
    (void) state;
    AUTO (packed_free) packed_t packed = signed_release ();
    size_t opened = 0;
    for (size_t bit = 0; bit < packed.size * 8; bit++) {
        packed.data [bit / 8] ^= (uint8_t) (1 << bit % 8);
        code_t code = open_and_check (&packed);
        if (code != SERIALIZATION && code != INVALID_SIGNATURE)
            fail_msg ("bit %zu: %s", bit, code_name (code));
        opened += code == INVALID_SIGNATURE;
        packed.data [bit / 8] ^= (uint8_t) (1 << bit % 8);
    }
    assert_true (opened > packed.size * 4);         //  The signature was really asked
    assert_int_equal (open_and_check (&packed), OK);
}

static void
a_record_cut_short_or_made_longer_is_refused (void **state)
{
    (void) state;
    AUTO (packed_free) packed_t packed = signed_release ();
    size_t whole = packed.size;
    for (packed.size = 0; packed.size < whole; packed.size++)
        assert_int_equal (open_and_check (&packed), SERIALIZATION);
    packed.size = whole + 1;
    assert_int_equal (open_and_check (&packed), SERIALIZATION);
    memcpy (packed.data + whole, "\x28\x01", 2);    //  Field 5, which is unknown
    packed.size = whole + 2;
    assert_int_equal (open_and_check (&packed), SERIALIZATION);
    memcpy (packed.data + whole, "\x08\x01", 2);    //  The kind once more
    assert_int_equal (open_and_check (&packed), SERIALIZATION);
}

//  A record of parts of these sizes, not signed.
static code_t
open_parts (int kind, size_t payload_size, size_t key_size, size_t signature_size)
{
    uint8_t *bytes = calloc (1, RECORD_PAYLOAD_MAX + 1);
    assert_non_null (bytes);
    Ggen__SignedRecord parts = GGEN__SIGNED_RECORD__INIT;
    parts.kind = (Ggen__RecordKind) kind;
    parts.payload = (ProtobufCBinaryData) {payload_size, bytes};
    parts.key = (ProtobufCBinaryData) {key_size, bytes};
    parts.signature = (ProtobufCBinaryData) {signature_size, bytes};
    AUTO (packed_free) packed_t packed = pack (&parts.base);
    AUTO (record_destroy) Ggen__SignedRecord *record = NULL;
    code_t code = record_open (&record, (bytes_t) {packed.data, packed.size});
    free (bytes);
    return code;
}

static void
kinds_and_sizes_have_to_be_right (void **state)
{
    (void) state;
    assert_int_equal (open_parts (1, 1, 32, 64), OK);
    assert_int_equal (open_parts (2, RECORD_PAYLOAD_MAX, 32, 64), OK);
    assert_int_equal (open_parts (1, RECORD_PAYLOAD_MAX + 1, 32, 64), SERIALIZATION);
    assert_int_equal (open_parts (1, 0, 32, 64), SERIALIZATION);
    assert_int_equal (open_parts (0, 1, 32, 64), SERIALIZATION);
    assert_int_equal (open_parts (7, 1, 32, 64), SERIALIZATION);
    assert_int_equal (open_parts (-1, 1, 32, 64), SERIALIZATION);
    assert_int_equal (open_parts (1, 1, 31, 64), SERIALIZATION);
    assert_int_equal (open_parts (1, 1, 33, 64), SERIALIZATION);
    assert_int_equal (open_parts (1, 1, 32, 63), SERIALIZATION);
    assert_int_equal (open_parts (1, 1, 32, 65), SERIALIZATION);
}

static void
a_signature_is_of_one_kind_only (void **state)
{
    (void) state;
    AUTO (packed_free) packed_t packed = signed_release ();
    assert_int_equal (packed.data [1], GGEN__RECORD_KIND__RELEASE);
    packed.data [1] = GGEN__RECORD_KIND__HEAD;
    assert_int_equal (open_and_check (&packed), INVALID_SIGNATURE);
}

static void
a_field_of_a_later_version_is_kept_inside_the_payload (void **state)
{
    (void) state;
    AUTO (packed_free) packed_t payload = pack_release ();
    memcpy (payload.data + payload.size, "\xf8\x01\x05", 3);    //  Field 31 = 5
    payload.size += 3;
    assert_int_equal (read_release (&payload), OK);
}

static void
a_payload_has_one_encoding (void **state)
{
    (void) state;
    AUTO (packed_free) packed_t payload = pack_release ();
    size_t whole = payload.size;
    memcpy (payload.data + whole, "\x48\x03", 2);               //  files_count once more
    payload.size = whole + 2;
    assert_int_equal (read_release (&payload), SERIALIZATION);
    memcpy (payload.data + whole, "\xf8\x81\x00\x05", 4);       //  Field 31, its tag too long
    payload.size = whole + 4;
    assert_int_equal (read_release (&payload), SERIALIZATION);
    payload.size = whole - 1;
    assert_int_equal (read_release (&payload), SERIALIZATION);
}

static void
fields_out_of_order_are_refused (void **state)
{
    (void) state;
    AUTO (packed_free) packed_t payload = pack_head ();
    assert_memory_equal (payload.data, "\x0a\x08rust-cli\x10\x04\x20\x0a", 14);
    memcpy (payload.data + 10, "\x20\x0a\x10\x04", 4);          //  expires_at, then seq
    AUTO (packed_free) packed_t packed = sign (GGEN__RECORD_KIND__HEAD, &payload);
    AUTO (record_destroy) Ggen__SignedRecord *record = NULL;
    AUTO (record_head_destroy) Ggen__Head *head = NULL;
    assert_int_equal (record_open (&record, (bytes_t) {packed.data, packed.size}), OK);
    assert_int_equal (record_head (&head, record), SERIALIZATION);
}

static void
a_payload_of_the_other_kind_is_not_even_looked_at (void **state)
{
    (void) state;
    packed_t payload = {5, (uint8_t *) "\x0a\x03pkg"};            //  The name: field 1 of both
    AUTO (packed_free) packed_t packed = sign (GGEN__RECORD_KIND__HEAD, &payload);
    AUTO (record_destroy) Ggen__SignedRecord *record = NULL;
    AUTO (record_release_destroy) Ggen__Release *release = NULL;
    AUTO (record_head_destroy) Ggen__Head *head = NULL;
    assert_int_equal (record_open (&record, (bytes_t) {packed.data, packed.size}), OK);
    assert_int_equal (record_release (&release, record), SERIALIZATION);
    assert_int_equal (record_head (&head, record), VALIDATION);
}

static void
a_string_with_a_nul_inside_is_refused (void **state)
{
    (void) state;
    AUTO (packed_free) packed_t payload = pack_release ();
    assert_memory_equal (payload.data, "\x0a\x08rust-cli", 10);
    payload.data [6] = 0;                                       //  "rust", NUL, "cli"
    assert_int_equal (read_release (&payload), SERIALIZATION);
}

static void
a_release_that_is_not_acceptable_is_refused (void **state)
{
    (void) state;
    AUTO (packed_free) packed_t payload = pack_release ();
    payload.data [5] = ' ';
    assert_int_equal (read_release (&payload), VALIDATION);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (the_signed_bytes_name_the_kind),
        cmocka_unit_test (a_signed_release_opens_and_holds),
        cmocka_unit_test (a_signed_head_opens_and_holds),
        cmocka_unit_test (every_flipped_bit_is_refused_or_breaks_the_signature),
        cmocka_unit_test (a_record_cut_short_or_made_longer_is_refused),
        cmocka_unit_test (kinds_and_sizes_have_to_be_right),
        cmocka_unit_test (a_signature_is_of_one_kind_only),
        cmocka_unit_test (a_field_of_a_later_version_is_kept_inside_the_payload),
        cmocka_unit_test (a_payload_has_one_encoding),
        cmocka_unit_test (fields_out_of_order_are_refused),
        cmocka_unit_test (a_payload_of_the_other_kind_is_not_even_looked_at),
        cmocka_unit_test (a_string_with_a_nul_inside_is_refused),
        cmocka_unit_test (a_release_that_is_not_acceptable_is_refused),
    };
    return cmocka_run_group_tests (tests, make_keys, NULL);
}
