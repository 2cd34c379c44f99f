// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "messages/uvarint.h"
#include "tests/unit/seeded.h"

#include <string.h>

static void
the_numbers_of_the_specification_go_both_ways (void **state)
{
    (void) state;
    static const struct {
        uint64_t value;
        size_t size;
        const char *bytes;
    } rows [] = {
        {0, 1, "\x00"}, {1, 1, "\x01"}, {127, 1, "\x7f"}, {128, 2, "\x80\x01"},
        {255, 2, "\xff\x01"}, {300, 2, "\xac\x02"}, {16384, 3, "\x80\x80\x01"},
        {INT64_MAX, 9, "\xff\xff\xff\xff\xff\xff\xff\xff\x7f"},
    };
    for (size_t i = 0; i < COUNT_OF (rows); i++) {
        uint8_t bytes [UVARINT_SIZE_MAX];
        uint64_t value;
        assert_int_equal (uvarint_write (bytes, rows [i].value), rows [i].size);
        assert_memory_equal (bytes, rows [i].bytes, rows [i].size);
        bytes_t rest = {bytes, rows [i].size};
        assert_int_equal (uvarint_take (&rest, &value), OK);
        assert_true (value == rows [i].value);
        assert_int_equal (rest.size, 0);
        rest = (bytes_t) {bytes, rows [i].size - 1};
        assert_int_equal (uvarint_take (&rest, &value), VALIDATION);
    }
}

static void
one_that_is_longer_than_needed_or_than_63_bits_is_refused (void **state)
{
    (void) state;
    static const char *const rows [] = {"\x80\x00", "\xff\x00", "\x81\x80\x00",
                                        "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01",
                                        "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"};
    static const size_t sizes [] = {2, 2, 3, 10, 10};
    for (size_t i = 0; i < COUNT_OF (rows); i++) {
        bytes_t rest = {(const uint8_t *) rows [i], sizes [i]};
        uint64_t value;
        assert_int_equal (uvarint_take (&rest, &value), VALIDATION);
    }
}

//  What is read is written again byte by byte the same, and what is written is read.
static void
a_number_has_one_encoding (void **state)
{
    (void) state;
    rng_t rng = seeded_rng (1);
    for (unsigned round = 0; round < 20000; round++) {
        uint8_t bytes [12], again [UVARINT_SIZE_MAX];
        uint64_t value = rng_u64 (&rng) >> (1 + rng_below (&rng, 63)), back;
        bytes_t rest = {again, uvarint_write (again, value)};
        assert_seeded (uvarint_take (&rest, &back) == OK && back == value, round);

        rng_bytes (&rng, bytes, sizeof bytes);
        rest = (bytes_t) {bytes, rng_below (&rng, sizeof bytes + 1)};
        size_t size = rest.size;
        if (uvarint_take (&rest, &value) == OK) {
            size_t taken = size - rest.size;
            assert_seeded (uvarint_write (again, value) == taken, round);
            assert_seeded (memcmp (again, bytes, taken) == 0, round);
        }
    }
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (the_numbers_of_the_specification_go_both_ways),
        cmocka_unit_test (one_that_is_longer_than_needed_or_than_63_bits_is_refused),
        cmocka_unit_test (a_number_has_one_encoding),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
