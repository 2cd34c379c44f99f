// SPDX-License-Identifier: MIT
//  The texts of minisign, taken apart again. That minisign itself reads them is for cli/publisher.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base64.h"
#include "minisign.h"

#include <stdio.h>
#include <string.h>

static publisher_key_t key;

static int
setup (void **state)
{
    (void) state;
    for (size_t i = 0; i < sizeof key.bytes; i++)
        key.bytes [i] = (uint8_t) (0x40 + i);
    return 0;
}

//  The bytes of line 'number' (from 0) of a text.
static size_t
decode_line (const char *text, unsigned number, uint8_t bytes [128])
{
    char line [256] = "";
    for (; number > 0; number--)
        text = strchr (text, '\n') + 1;
    size_t length = strcspn (text, "\n"), size;
    memcpy (line, text, length);
    assert_int_equal (base64_decode (bytes, 128, &size, line), OK);
    return size;
}

static void
a_public_key_is_algorithm_id_and_key (void **state)
{
    (void) state;
    char text [MINISIGN_TEXT_MAX];
    uint8_t bytes [128];
    minisign_public_text (&key, text);
    assert_memory_equal (text, "untrusted comment: ", 19);
    assert_int_equal (decode_line (text, 1, bytes), 2 + 8 + 32);
    assert_memory_equal (bytes, "Ed", 2);
    assert_memory_equal (bytes + 2, key.bytes, 8);
    assert_memory_equal (bytes + 10, key.bytes, 32);
    assert_int_equal (text [strlen (text) - 1], '\n');
}

static void
a_signature_is_of_a_hash_and_has_the_id_of_its_key (void **state)
{
    (void) state;
    char text [MINISIGN_TEXT_MAX];
    uint8_t bytes [128], first [MINISIGN_SIGNATURE_SIZE], global [MINISIGN_SIGNATURE_SIZE];
    memset (first, 1, sizeof first);
    memset (global, 2, sizeof global);
    minisign_signature_text (&key, first, "timestamp:5\tfile:a", global, text);
    assert_int_equal (decode_line (text, 1, bytes), 2 + 8 + 64);
    assert_memory_equal (bytes, "ED", 2);
    assert_memory_equal (bytes + 2, key.bytes, 8);
    assert_memory_equal (bytes + 10, first, 64);
    assert_non_null (strstr (text, "\ntrusted comment: timestamp:5\tfile:a\n"));
    assert_int_equal (decode_line (text, 3, bytes), 64);
    assert_memory_equal (bytes, global, 64);
}

static void
the_second_signature_is_over_the_first_and_the_comment (void **state)
{
    (void) state;
    uint8_t first [MINISIGN_SIGNATURE_SIZE], bytes [MINISIGN_GLOBAL_MAX];
    memset (first, 7, sizeof first);
    assert_int_equal (minisign_global_bytes (first, "abc", bytes), 64 + 3);
    assert_memory_equal (bytes, first, 64);
    assert_memory_equal (bytes + 64, "abc", 3);
}

static void
the_longest_comment_fits (void **state)
{
    (void) state;
    char comment [MINISIGN_COMMENT_MAX + 1], text [MINISIGN_TEXT_MAX];
    uint8_t signature [MINISIGN_SIGNATURE_SIZE] = {0}, bytes [MINISIGN_GLOBAL_MAX];
    memset (comment, 'c', sizeof comment);
    comment [MINISIGN_COMMENT_MAX] = 0;
    assert_int_equal (minisign_global_bytes (signature, comment, bytes), MINISIGN_GLOBAL_MAX);
    minisign_signature_text (&key, signature, comment, signature, text);
    uint8_t decoded [128];
    assert_int_equal (decode_line (text, 3, decoded), 64);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (a_public_key_is_algorithm_id_and_key),
        cmocka_unit_test (a_signature_is_of_a_hash_and_has_the_id_of_its_key),
        cmocka_unit_test (the_second_signature_is_over_the_first_and_the_comment),
        cmocka_unit_test (the_longest_comment_fits),
    };
    return cmocka_run_group_tests (tests, setup, NULL);
}
