// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "messages/base32.h"
#include "messages/base58.h"
#include "tests/unit/seeded.h"

#include <string.h>

#define ROUNDS 2000

//  The ones of draft-msporny-base58, and the ends of the range.
static void
known_texts_go_both_ways (void **state)
{
    (void) state;
    static const struct {
        const char *data;
        size_t size;
        const char *text;
    } rows [] = {
        {"", 0, ""}, {"\0", 1, "1"}, {"\0\0\0", 3, "111"}, {"\x01", 1, "2"}, {"\x39", 1, "z"},
        {"\x3a", 1, "21"}, {"Hello World!", 12, "2NEpo7TZRRrLZSi2U"},
        {"The quick brown fox jumps over the lazy dog.", 44,
         "USm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z"},
        {"\x00\x00\x28\x7f\xb4\xcd", 6, "11233QC4"},
    };
    for (size_t i = 0; i < COUNT_OF (rows); i++) {
        char text [BASE58_TEXT_MAX + 1];
        uint8_t data [BASE58_SIZE_MAX];
        size_t size = 99;
        assert_int_equal (base58_encode (text, (const uint8_t *) rows [i].data, rows [i].size),
                          strlen (rows [i].text));
        assert_string_equal (text, rows [i].text);
        assert_int_equal (base58_decode (data, sizeof data, &size, text), OK);
        assert_int_equal (size, rows [i].size);
        assert_memory_equal (data, rows [i].data, size);
    }
}

//  Digit by digit, as one does it on paper.
static size_t
encode_on_paper (char *text, const uint8_t *data, size_t size)
{
    static const char alphabet [] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    uint8_t digits [BASE58_TEXT_MAX + 1];
    size_t count = 0, zeros = 0;
    while (zeros < size && data [zeros] == 0)
        zeros++;
    for (size_t i = zeros; i < size; i++) {
        unsigned carry = data [i];
        for (size_t at = 0; at < count || carry; at++, carry /= 58) {
            carry += at < count ? digits [at] * 256u : 0;
            count += at == count;
            digits [at] = (uint8_t) (carry % 58);
        }
    }
    memset (text, '1', zeros);
    for (size_t i = 0; i < count; i++)
        text [zeros + i] = alphabet [digits [count - 1 - i]];
    text [zeros + count] = 0;
    return zeros + count;
}

static void
any_bytes_are_the_text_that_paper_gives_and_come_back (void **state)
{
    (void) state;
    rng_t rng = seeded_rng (1);
    for (unsigned round = 0; round < ROUNDS; round++) {
        uint8_t data [BASE58_SIZE_MAX], again [BASE58_SIZE_MAX];
        char text [BASE58_TEXT_MAX + 1], paper [BASE58_TEXT_MAX + 1];
        size_t size = rng_below (&rng, BASE58_SIZE_MAX + 1), back = 0;
        rng_bytes (&rng, data, size);
        memset (data, 0, rng_below (&rng, 8) == 0 ? rng_below (&rng, size + 1) : 0);
        size_t count = base58_encode (text, data, size);
        assert_seeded (count == encode_on_paper (paper, data, size), round);
        assert_seeded (strcmp (text, paper) == 0, round);
        assert_seeded (base58_decode (again, size, &back, text) == OK && back == size, round);
        assert_seeded (memcmp (again, data, size) == 0, round);
        assert_seeded (size == 0 || base58_decode (again, size - 1, &back, text) != OK, round);
    }
}

static void
the_largest_number_has_room_and_one_more_has_none (void **state)
{
    (void) state;
    uint8_t data [BASE58_SIZE_MAX], again [BASE58_SIZE_MAX + 1];
    char text [BASE58_TEXT_MAX + 1], long_text [BASE58_TEXT_MAX + 2];
    size_t size;
    memset (data, 0xff, sizeof data);
    assert_int_equal (base58_encode (text, data, sizeof data), BASE58_TEXT_MAX);
    assert_int_equal (base58_decode (again, sizeof again, &size, text), OK);
    assert_int_equal (size, BASE58_SIZE_MAX);
    assert_memory_equal (again, data, size);

    memset (long_text, 'z', sizeof long_text - 1);
    long_text [sizeof long_text - 1] = 0;
    assert_int_equal (base58_decode (again, sizeof again, &size, long_text), VALIDATION);
    assert_int_equal (base58_decode (again, sizeof again, &size, long_text + 1), VALIDATION);
    memset (long_text, '1', sizeof long_text - 1);
    assert_int_equal (base58_decode (again, sizeof again, &size, long_text), VALIDATION);
    assert_int_equal (base58_decode (again, sizeof again, &size,
                                     long_text + BASE58_TEXT_MAX + 1 - BASE58_SIZE_MAX), OK);
    assert_int_equal (base58_decode (again, sizeof again, &size,
                                     long_text + BASE58_TEXT_MAX - BASE58_SIZE_MAX), VALIDATION);
}

static void
what_is_no_digit_of_base58_is_refused (void **state)
{
    (void) state;
    static const char alphabet [] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    for (int c = 1; c < 256; c++) {
        char text [] = "2x2";
        uint8_t data [8];
        size_t size;
        text [1] = (char) c;
        assert_int_equal (base58_decode (data, sizeof data, &size, text) == OK,
                          strchr (alphabet, c) != NULL);
    }
}

static void
base32_is_that_of_rfc_4648_in_either_case (void **state)
{
    (void) state;
    static const char *const rows [] [3] = {
        {"", "", ""}, {"f", "my", "MY"}, {"fo", "mzxq", "MZXQ"}, {"foo", "mzxw6", "MZXW6"},
        {"foob", "mzxw6yq", "MZXW6YQ"}, {"fooba", "mzxw6ytb", "MZXW6YTB"},
        {"foobar", "mzxw6ytboi", "MZXW6YTBOI"},
    };
    for (size_t i = 0; i < COUNT_OF (rows); i++) {
        uint8_t data [8];
        size_t size = 99, plain = strlen (rows [i] [0]);
        for (size_t upper = 0; upper < 2; upper++) {
            assert_int_equal (base32_decode (data, plain, &size, rows [i] [1 + upper],
                                             upper ? 'A' : 'a'), OK);
            assert_int_equal (size, plain);
            assert_memory_equal (data, rows [i] [0], size);
        }
        if (plain > 0) {
            assert_int_equal (base32_decode (data, plain - 1, &size, rows [i] [1], 'a'),
                              VALIDATION);
            assert_int_equal (base32_decode (data, plain, &size, rows [i] [1], 'A'), VALIDATION);
        }
    }
}

static void
what_is_not_strictly_base32_is_refused (void **state)
{
    (void) state;
    static const char *const texts [] = {
        "a", "aaa", "m", "mz", "mzx", "mzxw6y", "my======", "mZ", "m1", "m0", "m8", "mzxr", "m{",
        "m`", "my ", "\xff\xff"};
    for (size_t i = 0; i < COUNT_OF (texts); i++) {
        uint8_t data [8];
        size_t size;
        assert_int_equal (base32_decode (data, sizeof data, &size, texts [i], 'a'), VALIDATION);
    }
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (known_texts_go_both_ways),
        cmocka_unit_test (any_bytes_are_the_text_that_paper_gives_and_come_back),
        cmocka_unit_test (the_largest_number_has_room_and_one_more_has_none),
        cmocka_unit_test (what_is_no_digit_of_base58_is_refused),
        cmocka_unit_test (base32_is_that_of_rfc_4648_in_either_case),
        cmocka_unit_test (what_is_not_strictly_base32_is_refused),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
