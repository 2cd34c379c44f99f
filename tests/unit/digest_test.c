// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "messages/digest.h"
#include "messages/publisher_key.h"

#include <stdio.h>
#include <string.h>

//  0x00, 0x11, ... 0xff, 0x00, ...
static void
fill (uint8_t bytes [32])
{
    for (int i = 0; i < 32; i++)
        bytes [i] = (uint8_t) (i % 16 * 0x11);
}

static const char hex [] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

static void
a_digest_goes_to_hex_and_back (void **state)
{
    (void) state;
    digest_t digest, again;
    char text [DIGEST_HEX_SIZE + 1];
    fill (digest.bytes);
    digest_to_hex (&digest, text);
    assert_string_equal (text, hex);
    assert_int_equal (digest_from_hex (&again, text), OK);
    assert_true (digest_equal (&digest, &again));
    again.bytes [31] ^= 1;
    assert_false (digest_equal (&digest, &again));
}

static void
hex_that_is_not_exactly_a_digest_is_refused (void **state)
{
    (void) state;
    digest_t digest;
    char text [DIGEST_HEX_SIZE + 2];
    static const char wrong [] = {0, 'A', 'F', 'g', ' ', '/', ':', '`', '@', '\x80'};
    for (size_t i = 0; i < COUNT_OF (wrong); i++)
        for (size_t at = 0; at < DIGEST_HEX_SIZE; at += 21) {
            strcpy (text, hex);
            text [at] = wrong [i];
            assert_int_equal (digest_from_hex (&digest, text), VALIDATION);
        }
    snprintf (text, sizeof text, "%s0", hex);
    assert_int_equal (digest_from_hex (&digest, text), VALIDATION);
    assert_int_equal (digest_from_hex (&digest, ""), VALIDATION);
}

static void
a_digest_goes_to_integrity_text_and_back (void **state)
{
    (void) state;
    digest_t digest, again;
    char text [DIGEST_INTEGRITY_SIZE + 1];
    fill (digest.bytes);
    digest_to_integrity (&digest, text);
    assert_int_equal (strncmp (text, "sha256-", 7), 0);
    assert_string_equal (text + 7, hex);
    assert_int_equal (digest_from_integrity (&again, text), OK);
    assert_true (digest_equal (&digest, &again));
    text [6] = ':';
    assert_int_equal (digest_from_integrity (&again, text), VALIDATION);
    assert_int_equal (digest_from_integrity (&again, hex), VALIDATION);
    assert_int_equal (digest_from_integrity (&again, "sha256-"), VALIDATION);
    assert_int_equal (digest_from_integrity (&again, "sha"), VALIDATION);
}

static void
a_digest_is_taken_from_32_bytes_only (void **state)
{
    (void) state;
    digest_t digest, again;
    fill (digest.bytes);
    ProtobufCBinaryData field = digest_to_field (&digest);
    assert_int_equal (digest_from_field (&again, field), OK);
    assert_true (digest_equal (&digest, &again));
    assert_int_equal (digest_from_bytes (&again, (bytes_t) {digest.bytes, 31}), VALIDATION);
    assert_int_equal (digest_from_bytes (&again, (bytes_t) {digest.bytes, 33}), VALIDATION);
    assert_int_equal (digest_from_field (&again, (ProtobufCBinaryData) {0, NULL}), VALIDATION);
}

static void
a_publisher_key_goes_to_text_and_back (void **state)
{
    (void) state;
    publisher_key_t key, again;
    char text [PUBLISHER_KEY_TEXT_SIZE + 1];
    fill (key.bytes);
    publisher_key_to_text (&key, text);
    assert_int_equal (strncmp (text, "ed25519:", 8), 0);
    assert_string_equal (text + 8, hex);
    assert_int_equal (publisher_key_from_text (&again, text), OK);
    assert_true (publisher_key_equal (&key, &again));
    text [PUBLISHER_KEY_TEXT_SIZE - 1] = 0;
    assert_int_equal (publisher_key_from_text (&again, text), VALIDATION);
    assert_int_equal (publisher_key_from_text (&again, hex), VALIDATION);
    publisher_key_to_text (&key, text);
    text [7] = '-';
    assert_int_equal (publisher_key_from_text (&again, text), VALIDATION);
}

static void
a_publisher_key_is_taken_from_32_bytes_only (void **state)
{
    (void) state;
    publisher_key_t key, again;
    fill (key.bytes);
    assert_int_equal (publisher_key_from_field (&again, publisher_key_to_field (&key)), OK);
    assert_true (publisher_key_equal (&key, &again));
    again.bytes [0] ^= 1;
    assert_false (publisher_key_equal (&key, &again));
    assert_int_equal (publisher_key_from_bytes (&again, (bytes_t) {key.bytes, 0}), VALIDATION);
}

static void
a_fingerprint_is_four_groups_of_the_key (void **state)
{
    (void) state;
    publisher_key_t key;
    char text [PUBLISHER_KEY_FINGERPRINT_SIZE + 1];
    fill (key.bytes);
    publisher_key_fingerprint (&key, text);
    assert_string_equal (text, "0011 2233 4455 6677");
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (a_digest_goes_to_hex_and_back),
        cmocka_unit_test (hex_that_is_not_exactly_a_digest_is_refused),
        cmocka_unit_test (a_digest_goes_to_integrity_text_and_back),
        cmocka_unit_test (a_digest_is_taken_from_32_bytes_only),
        cmocka_unit_test (a_publisher_key_goes_to_text_and_back),
        cmocka_unit_test (a_publisher_key_is_taken_from_32_bytes_only),
        cmocka_unit_test (a_fingerprint_is_four_groups_of_the_key),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
