// SPDX-License-Identifier: MIT
#include "runtime/actor/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static rng_t
stream_of (uint8_t first)
{
    const uint8_t key[RNG_KEY_BYTES] = {first};
    rng_t rng;
    rng_init (&rng, key);
    return rng;
}

//  RFC 8439 appendix A.1, vectors 1 and 2: key and nonce of zeros, blocks 0 and 1.
static void
the_stream_is_chacha20 (void **state)
{
    (void) state;
    static const uint8_t expected[] = {
        0x76, 0xb8, 0xe0, 0xad, 0xa0, 0xf1, 0x3d, 0x90, 0x40, 0x5d, 0x6a, 0xe5, 0x53, 0x86, 0xbd,
        0x28, 0xbd, 0xd2, 0x19, 0xb8, 0xa0, 0x8d, 0xed, 0x1a, 0xa8, 0x36, 0xef, 0xcc, 0x8b, 0x77,
        0x0d, 0xc7, 0xda, 0x41, 0x59, 0x7c, 0x51, 0x57, 0x48, 0x8d, 0x77, 0x24, 0xe0, 0x3f, 0xb8,
        0xd8, 0x4a, 0x37, 0x6a, 0x43, 0xb8, 0xf4, 0x15, 0x18, 0xa1, 0x1c, 0xc3, 0x87, 0xb6, 0x69,
        0xb2, 0xee, 0x65, 0x86, 0x9f, 0x07, 0xe7, 0xbe, 0x55, 0x51, 0x38, 0x7a, 0x98, 0xba, 0x97,
        0x7c, 0x73, 0x2d, 0x08, 0x0d, 0xcb, 0x0f, 0x29, 0xa0, 0x48, 0xe3, 0x65, 0x69, 0x12, 0xc6,
        0x53, 0x3e, 0x32, 0xee, 0x7a, 0xed, 0x29, 0xb7, 0x21, 0x76, 0x9c, 0xe6, 0x4e, 0x43, 0xd5,
        0x71, 0x33, 0xb0, 0x74, 0xd8, 0x39, 0xd5, 0x31, 0xed, 0x1f, 0x28, 0x51, 0x0a, 0xfb, 0x45,
        0xac, 0xe1, 0x0a, 0x1f, 0x4b, 0x79, 0x4d, 0x6f};
    rng_t rng = stream_of (0);
    uint8_t bytes[sizeof expected];
    rng_bytes (&rng, bytes, sizeof bytes);
    assert_memory_equal (bytes, expected, sizeof expected);
}

static void
the_same_bytes_come_in_pieces_of_any_size (void **state)
{
    (void) state;
    enum { TOTAL = 3000 };
    uint8_t whole[TOTAL], pieces[TOTAL];
    rng_t rng = stream_of (1);
    rng_bytes (&rng, whole, TOTAL);
    rng = stream_of (1);
    size_t done = 0;
    for (size_t size = 0; done < TOTAL; size++) {
        size_t part = size < TOTAL - done ? size : TOTAL - done;
        rng_bytes (&rng, pieces + done, part);
        done += part;
    }
    assert_memory_equal (whole, pieces, TOTAL);
}

static void
another_key_is_another_stream_and_no_block_repeats (void **state)
{
    (void) state;
    uint8_t a[1024], b[1024];
    rng_t one = stream_of (1), two = stream_of (2);
    rng_bytes (&one, a, sizeof a);
    rng_bytes (&two, b, sizeof b);
    assert_memory_not_equal (a, b, 64);
    for (size_t i = 64; i < sizeof a; i += 64)
        assert_memory_not_equal (a, a + i, 64);
}

static void
below_stays_below_and_is_even (void **state)
{
    (void) state;
    enum { SIDES = 6, THROWS = 60000 };
    unsigned seen[SIDES] = {0};
    rng_t rng = stream_of (3);
    for (unsigned i = 0; i < THROWS; i++) {
        uint64_t side = rng_below (&rng, SIDES);
        assert_true (side < SIDES);
        seen[side]++;
    }
    //  Within 5 standard deviations (91) of 10,000; the stream is fixed, so this never flickers.
    for (unsigned i = 0; i < SIDES; i++)
        assert_in_range (seen[i], 10000 - 455, 10000 + 455);
}

static void
below_has_no_bias_where_modulo_would (void **state)
{
    (void) state;
    //  Of 2^64 values modulo 3 * 2^62 the lower third would come twice as often.
    const uint64_t limit = 3ull << 62;
    unsigned low = 0;
    rng_t rng = stream_of (4);
    for (unsigned i = 0; i < 30000; i++)
        low += rng_below (&rng, limit) < limit / 3;
    assert_in_range (low, 10000 - 409, 10000 + 409);
}

static void
below_zero_and_one_are_zero (void **state)
{
    (void) state;
    rng_t rng = stream_of (5);
    assert_int_equal (rng_below (&rng, 0), 0);
    assert_int_equal (rng_below (&rng, 1), 0);
}

static void
unit_is_from_zero_to_below_one (void **state)
{
    (void) state;
    rng_t rng = stream_of (6);
    double sum = 0;
    for (unsigned i = 0; i < 10000; i++) {
        double unit = rng_unit (&rng);
        assert_true (unit >= 0 && unit < 1);
        sum += unit;
    }
    assert_true (sum > 4850 && sum < 5150);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (the_stream_is_chacha20),
        cmocka_unit_test (the_same_bytes_come_in_pieces_of_any_size),
        cmocka_unit_test (another_key_is_another_stream_and_no_block_repeats),
        cmocka_unit_test (below_stays_below_and_is_even),
        cmocka_unit_test (below_has_no_bias_where_modulo_would),
        cmocka_unit_test (below_zero_and_one_are_zero),
        cmocka_unit_test (unit_is_from_zero_to_below_one),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
