// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "messages/dht_key.h"
#include "messages/hex.h"
#include "messages/multiaddr.h"
#include "messages/record_valid.h"
#include "runtime/actor/crypto.h"
#include "tests/unit/seeded.h"

#include <sodium.h>
#include <string.h>

#define NAME    "acme/web-kit"
#define VERSION "1.2.3"

static uint8_t secret [crypto_sign_SECRETKEYBYTES];
static publisher_key_t signer;

static int
make_signer (void **state)
{
    (void) state;
    uint8_t seed [crypto_sign_SEEDBYTES] = {7};
    return crypto_sign_seed_keypair (signer.bytes, secret, seed);
}

//  ---- keys --------------------------------------------------------------------------------------

//  The text that is hashed, instead of its hash.
static uint8_t seen [512];
static size_t seen_size;

static void
look (const void *data, size_t size, uint8_t hash [DIGEST_SIZE])
{
    assert_true (size <= sizeof seen);
    memcpy (seen, data, size);
    seen_size = size;
    memset (hash, 0, DIGEST_SIZE);
}

#define assert_seen(text) \
    do { \
        assert_int_equal (seen_size, sizeof (text) - 1); \
        assert_memory_equal (seen, text, seen_size); \
    } while (0)

static void
a_key_is_the_hash_of_a_text_of_its_own_kind (void **state)
{
    (void) state;
    digest_t key;
    publisher_key_t publisher;
    memset (publisher.bytes, 'K', sizeof publisher.bytes);
#define KEY32 "KKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKK"
    dht_key_name (&key, look, "a/b");
    assert_seen ("ggen name 1\0a/b");
    dht_key_head (&key, look, "a/b", &publisher);
    assert_seen ("ggen head 1\0a/b\0" KEY32);
    dht_key_release (&key, look, "a/b", "1.0.0", &publisher);
    assert_seen ("ggen release 1\0a/b\0" "1.0.0\0" KEY32);
    dht_key_rotation (&key, look, &publisher);
    assert_seen ("ggen rotation 1\0" KEY32);
    dht_key_keyword (&key, look, "web", 0);
    assert_seen ("ggen keyword 1\0web\0\0");
    dht_key_keyword (&key, look, "web", 7);
    assert_seen ("ggen keyword 1\0web\0\7");
    peer_key_t peer;
    memset (peer.bytes, 'K', sizeof peer.bytes);
    dht_key_peer (&key, look, &peer);
    assert_seen ("\0\x24\x08\x01\x12\x20" KEY32);
}

static void
a_peer_lies_where_libp2p_puts_it (void **state)
{
    (void) state;
    peer_key_t peer;
    digest_t key;
    char hex [DIGEST_HEX_SIZE + 1];
    assert_int_equal (peer_id_parse (&peer, "12D3KooWBtg3aaRMjxwedh83aGiUkwSxDwUZkzuJcfaqUmo7R3pq",
                                     NULL, 0), OK);
    dht_key_peer (&key, crypto_real.sha256, &peer);
    digest_to_hex (&key, hex);
    assert_string_equal (hex, "dfd53212a4bd2beda3ea8e82d08285370c70a70cfe9c588e28754b23c8033121");
}

//  ---- records -----------------------------------------------------------------------------------

typedef struct {
    uint8_t bytes [1024];
    size_t size;
} packed_t;

static bytes_t
bytes_of (const packed_t *packed)
{
    return (bytes_t) {packed->bytes, packed->size};
}

static void
sign (packed_t *self, Ggen__RecordKind kind, const ProtobufCMessage *payload)
{
    uint8_t packed [512], signature [RECORD_SIGNATURE_SIZE];
    size_t size = protobuf_c_message_pack (payload, packed), signed_size;
    uint8_t *bytes = record_signing_bytes (kind, (bytes_t) {packed, size}, &signed_size);
    assert_non_null (bytes);
    crypto_sign_detached (signature, NULL, bytes, signed_size, secret);
    free (bytes);
    Ggen__SignedRecord record = GGEN__SIGNED_RECORD__INIT;
    record.kind = kind;
    record.payload = (ProtobufCBinaryData) {size, packed};
    record.key = publisher_key_to_field (&signer);
    record.signature = (ProtobufCBinaryData) {sizeof signature, signature};
    assert_true (ggen__signed_record__get_packed_size (&record) <= sizeof self->bytes);
    self->size = ggen__signed_record__pack (&record, self->bytes);
}

static uint8_t sevens [32] = {7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
                              7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7};
static const ProtobufCBinaryData digest = {sizeof sevens, sevens};

static void
sign_release (packed_t *packed)
{
    Ggen__Release release = GGEN__RELEASE__INIT;
    release.name = NAME;
    release.version = VERSION;
    release.sha256 = release.files_sha256 = release.manifest_sha256 = release.chunks = digest;
    release.size_bytes = release.files_count = 1;
    release.chunk_bytes = RECORD_CHUNK_BYTES;
    release.archive_format = "tar.gz";
    release.published_at = 100;
    sign (packed, GGEN__RECORD_KIND__RELEASE, &release.base);
}

static void
sign_head (packed_t *packed)
{
    Ggen__Head head = GGEN__HEAD__INIT;
    head.name = NAME;
    head.seq = 9;
    head.issued_at = 100;
    head.expires_at = 200;
    sign (packed, GGEN__RECORD_KIND__HEAD, &head.base);
}

static void
sign_rotation (packed_t *packed)
{
    uint8_t next [32] = {1};
    Ggen__Rotation rotation = GGEN__ROTATION__INIT;
    rotation.former_key = digest;
    rotation.new_key = (ProtobufCBinaryData) {sizeof next, next};
    rotation.seq = 9;
    rotation.issued_at = 100;
    sign (packed, GGEN__RECORD_KIND__ROTATION, &rotation.base);
}

static Ggen__Listing
make_listing (void)
{
    static char *keywords [] = {"web", "kit"};
    Ggen__Listing listing = GGEN__LISTING__INIT;
    listing.name = NAME;
    listing.seq = 9;
    listing.issued_at = 100;
    listing.ttl_secs = 3600;
    listing.version = VERSION;
    listing.keywords = keywords;
    listing.n_keywords = 2;
    listing.sha256 = digest;
    listing.size_bytes = 1;
    return listing;
}

static void
sign_listing (packed_t *packed)
{
    Ggen__Listing listing = make_listing ();
    sign (packed, GGEN__RECORD_KIND__LISTING, &listing.base);
}

static Ggen__Provider
make_provider (void)
{
    Ggen__Provider provider = GGEN__PROVIDER__INIT;
    provider.sha256 = digest;
    provider.seq = 9;
    provider.issued_at = 100;
    provider.ttl_secs = 3600;
    return provider;
}

static void
sign_provider (packed_t *packed)
{
    Ggen__Provider provider = make_provider ();
    sign (packed, GGEN__RECORD_KIND__PROVIDER, &provider.base);
}

static void
sign_peer (packed_t *packed)
{
    Ggen__PeerRecord peer = GGEN__PEER_RECORD__INIT;
    peer.seq = 9;
    peer.issued_at = 100;
    peer.ttl_secs = 3600;
    sign (packed, GGEN__RECORD_KIND__PEER, &peer.base);
}

static void
place_release (digest_t *key)
{
    dht_key_release (key, crypto_real.sha256, NAME, VERSION, &signer);
}

static void
place_head (digest_t *key)
{
    dht_key_head (key, crypto_real.sha256, NAME, &signer);
}

static void
place_rotation (digest_t *key)
{
    publisher_key_t former;
    memcpy (former.bytes, sevens, sizeof former.bytes);
    dht_key_rotation (key, crypto_real.sha256, &former);
}

static void
place_listing (digest_t *key)
{
    dht_key_name (key, crypto_real.sha256, NAME);
}

static void
place_provider (digest_t *key)
{
    memcpy (key->bytes, sevens, sizeof key->bytes);
}

static void
place_peer (digest_t *key)
{
    peer_key_t peer;
    memcpy (peer.bytes, signer.bytes, sizeof peer.bytes);
    dht_key_peer (key, crypto_real.sha256, &peer);
}

static const struct {
    void (*sign) (packed_t *packed);
    void (*place) (digest_t *key);
    Ggen__RecordKind kind;
    uint64_t seq;
    uint32_t ttl_secs;
    bool renewed_by_signer_only;
} kinds [] = {
    {sign_release, place_release, GGEN__RECORD_KIND__RELEASE, 0, 0, false},
    {sign_head, place_head, GGEN__RECORD_KIND__HEAD, 9, 0, false},
    {sign_rotation, place_rotation, GGEN__RECORD_KIND__ROTATION, 9, 0, false},
    {sign_listing, place_listing, GGEN__RECORD_KIND__LISTING, 9, 3600, false},
    {sign_provider, place_provider, GGEN__RECORD_KIND__PROVIDER, 9, 3600, true},
    {sign_peer, place_peer, GGEN__RECORD_KIND__PEER, 9, 3600, true},
};

static code_t
check (dht_element_t *element, const digest_t *key, bytes_t packed)
{
    return dht_key_check (element, crypto_real.sha256, crypto_real.verify, key, packed);
}

static void
each_record_belongs_under_its_own_key_only (void **state)
{
    (void) state;
    for (size_t i = 0; i < COUNT_OF (kinds); i++) {
        packed_t packed = {.size = 0};
        kinds [i].sign (&packed);
        for (size_t j = 0; j < COUNT_OF (kinds); j++) {
            dht_element_t element;
            digest_t key, own;
            kinds [j].place (&key);
            kinds [i].place (&own);
            assert_int_equal (check (&element, &key, bytes_of (&packed)), i == j ? OK : SECURITY);
            assert_int_equal (element.kind, kinds [i].kind);
            assert_memory_equal (element.signer, signer.bytes, sizeof element.signer);
            assert_memory_equal (element.subject, own.bytes, sizeof element.subject);
            assert_true (element.seq == kinds [i].seq);
            assert_int_equal (element.ttl_secs, kinds [i].ttl_secs);
            assert_int_equal (element.issued_at, 100);
            assert_false (element.withdrawn);
            assert_int_equal (element.renewed_by_signer_only, kinds [i].renewed_by_signer_only);
        }
    }
}

static void
a_listing_lies_under_every_part_of_its_keywords (void **state)
{
    (void) state;
    static const char *const words [] = {"web", "kit", "acme", "we"};
    packed_t packed = {.size = 0};
    digest_t key, name;
    dht_element_t element;
    sign_listing (&packed);
    place_listing (&name);
    for (size_t i = 0; i < COUNT_OF (words); i++)
        for (unsigned part = 0; part < DHT_KEYWORD_PARTS_MAX; part++) {
            dht_key_keyword (&key, crypto_real.sha256, words [i], part);
            assert_int_equal (check (&element, &key, bytes_of (&packed)), i < 2 ? OK : SECURITY);
            assert_memory_equal (element.subject, name.bytes, sizeof element.subject);
        }
}

//  So it takes the place of what lay there.
static void
a_withdrawal_lies_where_the_listing_did (void **state)
{
    (void) state;
    Ggen__Listing listing = make_listing ();
    packed_t packed = {.size = 0};
    digest_t key;
    dht_element_t element;
    listing.withdrawn = true;
    listing.version = "";
    listing.sha256 = (ProtobufCBinaryData) {0, NULL};
    listing.size_bytes = 0;
    sign (&packed, GGEN__RECORD_KIND__LISTING, &listing.base);
    dht_key_keyword (&key, crypto_real.sha256, "kit", 1);
    assert_int_equal (check (&element, &key, bytes_of (&packed)), OK);
    assert_true (element.withdrawn);
    place_listing (&key);
    assert_int_equal (check (&element, &key, bytes_of (&packed)), OK);

    Ggen__Provider provider = make_provider ();
    provider.withdrawn = true;
    sign (&packed, GGEN__RECORD_KIND__PROVIDER, &provider.base);
    place_provider (&key);
    assert_int_equal (check (&element, &key, bytes_of (&packed)), OK);
    assert_true (element.withdrawn);
}

static void
a_signed_record_out_of_bounds_is_refused (void **state)
{
    (void) state;
    Ggen__Listing listing = make_listing ();
    packed_t packed = {.size = 0};
    digest_t key;
    dht_element_t element;
    listing.ttl_secs = 0;
    sign (&packed, GGEN__RECORD_KIND__LISTING, &listing.base);
    place_listing (&key);
    assert_int_equal (check (&element, &key, bytes_of (&packed)), VALIDATION);
    //  Signed as what it is not
    Ggen__Provider provider = make_provider ();
    sign (&packed, GGEN__RECORD_KIND__PEER, &provider.base);
    assert_int_equal (check (&element, &key, bytes_of (&packed)), SERIALIZATION);
}

static void
every_flipped_bit_and_every_cut_is_refused (void **state)
{
    (void) state;
    for (size_t i = 0; i < COUNT_OF (kinds); i++) {
        packed_t packed = {.size = 0};
        digest_t key;
        dht_element_t element;
        kinds [i].sign (&packed);
        kinds [i].place (&key);
        for (size_t bit = 0; bit < 8 * packed.size; bit++) {
            packed.bytes [bit / 8] ^= (uint8_t) (1u << bit % 8);
            code_t code = check (&element, &key, bytes_of (&packed));
            if (code != SERIALIZATION && code != INVALID_SIGNATURE)
                fail_msg ("kind %zu, bit %zu: %s", i, bit, code_name (code));
            packed.bytes [bit / 8] ^= (uint8_t) (1u << bit % 8);
        }
        for (size_t size = 0; size < packed.size; size++)
            assert_int_equal (check (&element, &key, (bytes_t) {packed.bytes, size}),
                              SERIALIZATION);
        assert_int_equal (check (&element, &key, (bytes_t) {packed.bytes, packed.size + 1}),
                          SERIALIZATION);
        assert_int_equal (check (&element, &key, bytes_of (&packed)), OK);
    }
}

//  Two kinds, names, versions, keys or words never meet in one key.
static void
different_things_have_different_keys (void **state)
{
    (void) state;
    rng_t rng = seeded_rng (1);
    digest_t keys [64];
    static const char *const names [] = {"a", "a/b", "ab", "b"};
    size_t count = 0;
    for (size_t i = 0; i < COUNT_OF (names); i++) {
        publisher_key_t publisher;
        rng_bytes (&rng, publisher.bytes, sizeof publisher.bytes);
        dht_key_name (&keys [count++], crypto_real.sha256, names [i]);
        dht_key_head (&keys [count++], crypto_real.sha256, names [i], &publisher);
        dht_key_head (&keys [count++], crypto_real.sha256, names [i], &signer);
        dht_key_release (&keys [count++], crypto_real.sha256, names [i], "1.0.0", &signer);
        dht_key_release (&keys [count++], crypto_real.sha256, names [i], "1.0.1", &signer);
        dht_key_rotation (&keys [count++], crypto_real.sha256, &publisher);
        dht_key_keyword (&keys [count++], crypto_real.sha256, names [i], 0);
        dht_key_keyword (&keys [count++], crypto_real.sha256, names [i], 1);
    }
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < i; j++)
            assert_false (digest_equal (&keys [i], &keys [j]));
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (a_key_is_the_hash_of_a_text_of_its_own_kind),
        cmocka_unit_test (a_peer_lies_where_libp2p_puts_it),
        cmocka_unit_test (each_record_belongs_under_its_own_key_only),
        cmocka_unit_test (a_listing_lies_under_every_part_of_its_keywords),
        cmocka_unit_test (a_withdrawal_lies_where_the_listing_did),
        cmocka_unit_test (a_signed_record_out_of_bounds_is_refused),
        cmocka_unit_test (every_flipped_bit_and_every_cut_is_refused),
        cmocka_unit_test (different_things_have_different_keys),
    };
    return cmocka_run_group_tests (tests, make_signer, NULL);
}
