// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "messages/base58.h"
#include "messages/hex.h"
#include "messages/peer_id.h"
#include "runtime/actor/actor.h"
#include "tests/unit/seeded.h"

#include <stdio.h>
#include <string.h>

#define ROUNDS 500

_Static_assert (PEER_ADDRESS_SIZE <= ADDRESS_MAX + 1, "an address of an actor has room");

//  The key, id and CID of the example in libp2p's specs/peer-ids.
static const char key_hex [] = "1ed1e8fae2c4a144b8be8fd4b47bf3d3b34b871c3cacf6010f0e42d474fce27e";
static const char id_text [] = "12D3KooWBtg3aaRMjxwedh83aGiUkwSxDwUZkzuJcfaqUmo7R3pq";
static const char id_hex [] =
    "0024080112201ed1e8fae2c4a144b8be8fd4b47bf3d3b34b871c3cacf6010f0e42d474fce27e";

static peer_key_t
the_key (void)
{
    peer_key_t key;
    assert_int_equal (hex_decode (key.bytes, sizeof key.bytes, key_hex), OK);
    return key;
}

static peer_key_t
any_key (rng_t *rng)
{
    peer_key_t key;
    rng_bytes (rng, key.bytes, sizeof key.bytes);
    return key;
}

//  The peer id of these bytes; "OK" or the reason.
static const char *
read_hex (const char *hex, code_t expected)
{
    static char why [128];
    uint8_t bytes [128];
    peer_key_t key, wanted = the_key ();
    assert_int_equal (hex_decode (bytes, strlen (hex) / 2, hex), OK);
    code_t code = peer_id_from_bytes (&key, (bytes_t) {bytes, strlen (hex) / 2}, why, sizeof why);
    assert_int_equal (code, expected);
    if (code == OK)
        assert_true (peer_key_equal (&key, &wanted));
    return code == OK ? "OK" : why;
}

static void
the_example_of_the_specification_is_written_and_read (void **state)
{
    (void) state;
    peer_key_t key = the_key (), back;
    char text [PEER_ID_TEXT + 1], hex [2 * PEER_ID_SIZE + 1], why [128];
    uint8_t bytes [PEER_ID_SIZE];
    peer_id_text (&key, text);
    assert_string_equal (text, id_text);
    peer_id_bytes (&key, bytes);
    hex_encode (hex, bytes, sizeof bytes);
    assert_string_equal (hex, id_hex);
    static const char *const texts [] = {
        id_text, "bafzaajaiaejcahwr5d5ofrfbis4l5d6uwr57hu5tjodrypfm6yaq6dsc2r2pzyt6",
        "BAFZAAJAIAEJCAHWR5D5OFRFBIS4L5D6UWR57HU5TJODRYPFM6YAQ6DSC2R2PZYT6",
        "z5AanNVJCxnGuh8TJu4nye3dE3NbxAd8FB9cr46uVagyFPuibMxok2R",
    };
    for (size_t i = 0; i < COUNT_OF (texts); i++) {
        assert_int_equal (peer_id_parse (&back, texts [i], why, sizeof why), OK);
        assert_true (peer_key_equal (&back, &key));
    }
}

static void
a_peer_of_another_kind_of_key_is_refused_with_its_reason (void **state)
{
    (void) state;
    static const char *const rows [] [2] = {
        {"16Uiu2HAmLhLvBoYaoZfaMUKuibM6ac163GwKY74c5kiSLg5KvLpY", "secp256k1"},
        {"QmVMT29id3TUASyfZZ6k9hmNyc2nYabCo4uMSpDw4zrgDk", "the hash of a key"},
        {"QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N", "the hash of a key"},
        {"bafzbeie5745rpv2m6tjyuugywy4d5ewrqgqqhfnf445he3omzpjbx5xqxe", "the hash of a key"},
    };
    for (size_t i = 0; i < COUNT_OF (rows); i++) {
        peer_key_t key;
        char why [128];
        assert_int_equal (peer_id_parse (&key, rows [i] [0], why, sizeof why),
                          FEATURE_NOT_ENABLED);
        assert_non_null (strstr (why, rows [i] [1]));
        assert_int_equal (peer_id_parse (&key, rows [i] [0], NULL, 0), FEATURE_NOT_ENABLED);
    }
    assert_string_equal (read_hex ("0007" "0800" "1203" "010203", FEATURE_NOT_ENABLED),
                         "its key is of type RSA; only Ed25519 is supported");
    assert_non_null (strstr (read_hex ("0005" "0803" "1201" "01", FEATURE_NOT_ENABLED), "ECDSA"));
}

static void
what_is_no_peer_id_is_refused_with_its_reason (void **state)
{
    (void) state;
    static const char *const rows [] [2] = {
        {"", "empty"},
        {"12D3KooWBtg3aaRMjxwedh83aGiUkwSxDwUZkzuJcfaqUmo7R3p", "cut short"},
        {"12D3KooWBtg3aaRMjxwedh83aGiUkwSxDwUZkzuJcfaqUmo7R3pqq", ""},
        {"12D3KooWBtg3aaRMjxwedh83aGiUkwSxDwUZkzuJcfaqUmo7R3p0", "base58"},
        {"12D3KooWBtg3aaRMjxwedh83aGiUkwSxDwUZkzuJcfaqUmo7R3pq ", "base58"},
        {" 12D3KooWBtg3aaRMjxwedh83aGiUkwSxDwUZkzuJcfaqUmo7R3pq", "begins neither"},
        {"2D3KooWBtg3aaRMjxwedh83aGiUkwSxDwUZkzuJcfaqUmo7R3pq", "begins neither"},
        {"112D3KooWBtg3aaRMjxwedh83aGiUkwSxDwUZkzuJcfaqUmo7R3pq", "more follows"},
        {"k51qzi5uqu5dgutdk6i1ynyzgkqngpha5xpgia3a5qqp4jsh0u4csozksxel2r", "begins neither"},
        {"1", "no multihash"}, {"b", "no CID"}, {"z", "no CID"}, {"Qm", ""},
        {"bafzaajaiaejcahwr5d5ofrfbis4l5d6uwr57hu5tjodrypfm6yaq6dsc2r2pzytA", "of its base"},
        {"bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy", "not of a libp2p key"},
        {"z12D3KooWBtg3aaRMjxwedh83aGiUkwSxDwUZkzuJcfaqUmo7R3pq", "no CID"},
    };
    for (size_t i = 0; i < COUNT_OF (rows); i++) {
        peer_key_t key;
        char why [128];
        assert_int_equal (peer_id_parse (&key, rows [i] [0], why, sizeof why), VALIDATION);
        if (!strstr (why, rows [i] [1]))
            fail_msg ("%s: %s", rows [i] [0], why);
    }
}

#define KEY "1ed1e8fae2c4a144b8be8fd4b47bf3d3b34b871c3cacf6010f0e42d474fce27e"

static void
the_bytes_of_a_peer_id_have_one_form (void **state)
{
    (void) state;
    static const char *const rows [] [2] = {
        {"", "no multihash"}, {"00", "no multihash"}, {"0080", "no multihash"},
        //  Varints that are longer than needed: hash, size, tags, type, size of the key
        {"800024" "08011220" KEY, "no multihash"},
        {"00a400" "08011220" KEY, "no multihash"},
        {"0025" "8800011220" KEY, "begin with a type"},
        {"0025" "0881001220" KEY, "begin with a type"},
        {"0025" "0801920020" KEY, "no data"},
        {"0025" "080112a000" KEY, "no data"},
        {"0024" "1220" KEY "0801", "begin with a type"},
        {"0022" "1220" KEY, "begin with a type"},
        {"0002" "0801", "no data"},
        {"0026" "0801" "0801" "1220" KEY, "no data"},
        {"0026" "08011220" KEY "0801", "more follows its key"},
        {"0026" "08011220" KEY "1a00", "more follows its key"},
        {"0024" "0801121f" KEY, "more follows its key"},
        {"0023" "08011220" KEY, "more follows its end"},
        {"0025" "08011220" KEY, "cut short"},
        {"0024" "08011221" KEY, "key is cut short"},
        {"0025" "08011221" KEY "00", "has not 32 bytes"},
        {"0004" "08011200", "has not 32 bytes"},
        {"0024" "08041220" KEY, "unknown type"},
        {"002b" "08001227" KEY "00000000000000", "too long"},
        {"1124" "08011220" KEY, "neither identity nor SHA-256"},
        {"121f" "00000000000000000000000000000000000000000000000000000000000000",
         "neither identity nor SHA-256"},
        {"1221" KEY "00", "neither identity nor SHA-256"},
    };
    assert_string_equal (read_hex ("0024" "08011220" KEY, OK), "OK");
    for (size_t i = 0; i < COUNT_OF (rows); i++) {
        const char *why = read_hex (rows [i] [0], VALIDATION);
        if (!strstr (why, rows [i] [1]))
            fail_msg ("%s: %s", rows [i] [0], why);
    }
}

static void
any_key_comes_back_from_its_text_bytes_and_address (void **state)
{
    (void) state;
    rng_t rng = seeded_rng (1);
    for (unsigned round = 0; round < ROUNDS; round++) {
        peer_key_t key = any_key (&rng), back;
        char text [PEER_ID_TEXT + 1], address [PEER_ADDRESS_SIZE], why [128];
        uint8_t bytes [PEER_ID_SIZE];
        memset (key.bytes, round % 16 ? key.bytes [0] : 0, rng_below (&rng, 33) / (round % 16 + 1));
        peer_id_text (&key, text);
        assert_seeded (strlen (text) == PEER_ID_TEXT && strncmp (text, "12D3KooW", 8) == 0, round);
        assert_seeded (peer_id_parse (&back, text, why, sizeof why) == OK, round);
        assert_seeded (peer_key_equal (&key, &back), round);
        peer_id_bytes (&key, bytes);
        assert_seeded (peer_id_from_bytes (&back, (bytes_t) {bytes, sizeof bytes}, why,
                                           sizeof why) == OK, round);
        assert_seeded (peer_key_equal (&key, &back), round);
        peer_id_address (&key, "registry_p2p", address);
        assert_seeded (strcmp (address + 13, text) == 0, round);
        assert_seeded (peer_id_of_address (&back, address) == OK, round);
        assert_seeded (peer_key_equal (&key, &back), round);
    }
}

//  A flip before the key is never taken for this or another peer; one inside is another peer.
static void
every_flipped_bit_and_every_cut_is_seen (void **state)
{
    (void) state;
    rng_t rng = seeded_rng (2);
    for (unsigned round = 0; round < 8; round++) {
        peer_key_t key = any_key (&rng), back;
        uint8_t bytes [PEER_ID_SIZE];
        peer_id_bytes (&key, bytes);
        for (unsigned bit = 0; bit < 8 * PEER_ID_SIZE; bit++) {
            bytes [bit / 8] ^= (uint8_t) (1u << bit % 8);
            code_t code = peer_id_from_bytes (&back, (bytes_t) {bytes, sizeof bytes}, NULL, 0);
            bool inside = bit / 8 >= PEER_ID_SIZE - PEER_KEY_SIZE;
            assert_seeded ((code == OK) == inside, round);
            assert_seeded (!inside || !peer_key_equal (&key, &back), round);
            bytes [bit / 8] ^= (uint8_t) (1u << bit % 8);
        }
        for (size_t size = 0; size < PEER_ID_SIZE; size++)
            assert_seeded (peer_id_from_bytes (&back, (bytes_t) {bytes, size}, NULL, 0) != OK,
                           round);
    }
}

//  What is accepted of a changed text is another peer, whose own text it is.
static void
a_text_with_a_changed_character_never_is_the_same_peer (void **state)
{
    (void) state;
    rng_t rng = seeded_rng (3);
    for (unsigned round = 0; round < 4 * ROUNDS; round++) {
        peer_key_t key = any_key (&rng), back;
        char text [PEER_ID_TEXT + 1], again [PEER_ID_TEXT + 1];
        peer_id_text (&key, text);
        size_t at = rng_below (&rng, PEER_ID_TEXT);
        char was = text [at];
        text [at] = (char) (1 + rng_below (&rng, 255));
        if (text [at] == was || peer_id_parse (&back, text, NULL, 0) != OK)
            continue;
        peer_id_text (&back, again);
        assert_seeded (!peer_key_equal (&key, &back) && strcmp (again, text) == 0, round);
    }
}

static void
an_address_names_an_actor_and_a_peer_in_one_way (void **state)
{
    (void) state;
    peer_key_t key = the_key (), back;
    char address [PEER_ADDRESS_SIZE], longest [PEER_ACTOR_MAX + 2];
    peer_id_address (&key, "dht", address);
    assert_string_equal (address, "dht@12D3KooWBtg3aaRMjxwedh83aGiUkwSxDwUZkzuJcfaqUmo7R3pq");
    memset (longest, 'a', sizeof longest);
    longest [PEER_ACTOR_MAX] = 0;
    peer_id_address (&key, longest, address);
    assert_int_equal (strlen (address), sizeof address - 1);
    assert_int_equal (peer_id_of_address (&back, address), OK);

    static const char *const refused [] = {
        "", "@", "dht", "dht@", "@12D3KooWBtg3aaRMjxwedh83aGiUkwSxDwUZkzuJcfaqUmo7R3pq",
        "12D3KooWBtg3aaRMjxwedh83aGiUkwSxDwUZkzuJcfaqUmo7R3pq",
        "dht@@12D3KooWBtg3aaRMjxwedh83aGiUkwSxDwUZkzuJcfaqUmo7R3pq",
        "dht@a@12D3KooWBtg3aaRMjxwedh83aGiUkwSxDwUZkzuJcfaqUmo7R3pq",
        "dht@12D3KooWBtg3aaRMjxwedh83aGiUkwSxDwUZkzuJcfaqUmo7R3p",
        "dht@12D3KooWBtg3aaRMjxwedh83aGiUkwSxDwUZkzuJcfaqUmo7R3pqq",
        "dht@12D3KooWBtg3aaRMjxwedh83aGiUkwSxDwUZkzuJcfaqUmo7R3p0",
        "dht@bafzaajaiaejcahwr5d5ofrfbis4l5d6uwr57hu5tjodrypfm6yaq6dsc2r2pzyt6",
        "dht@16Uiu2HAmLhLvBoYaoZfaMUKuibM6ac163GwKY74c5kiSLg5KvL",
        ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
         "@12D3KooWBtg3aaRMjxwedh83aGiUkwSxDwUZkzuJcfaqUmo7R3pq"),
    };
    for (size_t i = 0; i < COUNT_OF (refused); i++)
        assert_int_equal (peer_id_of_address (&back, refused [i]), VALIDATION);
}

static void
a_field_holds_a_key_of_32_bytes (void **state)
{
    (void) state;
    peer_key_t key = the_key (), back;
    uint8_t bytes [33] = {0};
    ProtobufCBinaryData field = peer_key_to_field (&key);
    assert_ptr_equal (field.data, key.bytes);
    assert_int_equal (peer_key_from_field (&back, field), OK);
    assert_true (peer_key_equal (&key, &back));
    assert_int_equal (peer_key_from_field (&back, (ProtobufCBinaryData) {0, NULL}), VALIDATION);
    assert_int_equal (peer_key_from_field (&back, (ProtobufCBinaryData) {31, bytes}), VALIDATION);
    assert_int_equal (peer_key_from_field (&back, (ProtobufCBinaryData) {33, bytes}), VALIDATION);
    for (unsigned bit = 0; bit < 8 * PEER_KEY_SIZE; bit++) {
        back.bytes [bit / 8] ^= (uint8_t) (1u << bit % 8);
        assert_false (peer_key_equal (&key, &back));
        back.bytes [bit / 8] ^= (uint8_t) (1u << bit % 8);
    }
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (the_example_of_the_specification_is_written_and_read),
        cmocka_unit_test (a_peer_of_another_kind_of_key_is_refused_with_its_reason),
        cmocka_unit_test (what_is_no_peer_id_is_refused_with_its_reason),
        cmocka_unit_test (the_bytes_of_a_peer_id_have_one_form),
        cmocka_unit_test (any_key_comes_back_from_its_text_bytes_and_address),
        cmocka_unit_test (every_flipped_bit_and_every_cut_is_seen),
        cmocka_unit_test (a_text_with_a_changed_character_never_is_the_same_peer),
        cmocka_unit_test (an_address_names_an_actor_and_a_peer_in_one_way),
        cmocka_unit_test (a_field_holds_a_key_of_32_bytes),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
