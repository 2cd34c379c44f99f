// SPDX-License-Identifier: MIT
#include "runtime/actor/map.h"
#include "seeded.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static int values[300];

static void
a_value_is_found_replaced_and_taken_out (void **state)
{
    (void) state;
    map_t *map = map_new (4, 1);
    assert_null (map_get (map, "a", 1));
    assert_int_equal (map_put (map, "a", 1, &values[0]), OK);
    assert_ptr_equal (map_get (map, "a", 1), &values[0]);
    assert_int_equal (map_put (map, "a", 1, &values[1]), OK);
    assert_int_equal (map_count (map), 1);
    assert_ptr_equal (map_remove (map, "a", 1), &values[1]);
    assert_null (map_remove (map, "a", 1));
    assert_int_equal (map_count (map), 0);
    map_destroy (&map);
    assert_null (map);
    map_destroy (&map);
}

static void
keys_are_bytes_with_a_length_and_are_copied (void **state)
{
    (void) state;
    map_t *map = map_new (8, 1);
    char key[] = "ab\0c";
    assert_int_equal (map_put (map, key, 4, &values[4]), OK);
    assert_int_equal (map_put (map, key, 2, &values[2]), OK);
    assert_int_equal (map_put (map, key, 0, &values[0]), OK);
    memset (key, 'x', sizeof key);
    assert_ptr_equal (map_get (map, "ab\0c", 4), &values[4]);
    assert_ptr_equal (map_get (map, "ab", 2), &values[2]);
    assert_ptr_equal (map_get (map, "", 0), &values[0]);
    assert_null (map_get (map, "ab\0", 3));
    map_destroy (&map);
}

//  With these seeds keys of so many zeros have one hash.
static void
of_two_keys_with_one_hash_neither_is_the_other (void **state)
{
    (void) state;
    static const struct {
        uint64_t seed;
        size_t shorter, longer;
    } cases[] = {{111119, 232, 253}, {114192, 74, 99}};
    const uint8_t key[MAP_KEY_MAX] = {0};
    for (size_t i = 0; i < COUNT_OF (cases); i++) {
        map_t *map = map_new (4, cases[i].seed);
        assert_int_equal (map_put (map, key, cases[i].longer, &values[1]), OK);
        assert_null (map_get (map, key, cases[i].shorter));
        assert_int_equal (map_put (map, key, cases[i].shorter, &values[2]), OK);
        assert_ptr_equal (map_remove (map, key, cases[i].longer), &values[1]);
        assert_ptr_equal (map_get (map, key, cases[i].shorter), &values[2]);
        map_destroy (&map);
    }
}

//  Numbers in the first four bytes, the rest zero; with memory of its own or without.
static void
of_two_keys_with_one_hash_and_one_size_neither_is_the_other (void **state)
{
    (void) state;
    static const struct {
        uint32_t first, second;
        size_t size;
    } cases[] = {{243963, 359516, 4}, {27524, 257964, 16}};
    for (size_t i = 0; i < COUNT_OF (cases); i++) {
        uint8_t first[16] = {0}, second[16] = {0};
        memcpy (first, &cases[i].first, sizeof cases[i].first);
        memcpy (second, &cases[i].second, sizeof cases[i].second);
        map_t *map = map_new (4, 1);
        assert_int_equal (map_put (map, first, cases[i].size, &values[1]), OK);
        assert_null (map_get (map, second, cases[i].size));
        assert_int_equal (map_put (map, second, cases[i].size, &values[2]), OK);
        assert_ptr_equal (map_get (map, first, cases[i].size), &values[1]);
        assert_ptr_equal (map_remove (map, first, cases[i].size), &values[1]);
        assert_ptr_equal (map_get (map, second, cases[i].size), &values[2]);
        map_destroy (&map);
    }
}

static void
a_full_map_is_busy_but_still_replaces (void **state)
{
    (void) state;
    map_t *map = map_new (2, 1);
    assert_int_equal (map_put (map, "a", 1, &values[0]), OK);
    assert_int_equal (map_put (map, "b", 1, &values[1]), OK);
    assert_int_equal (map_put (map, "c", 1, &values[2]), BUSY);
    assert_null (map_get (map, "c", 1));
    assert_int_equal (map_put (map, "b", 1, &values[3]), OK);
    assert_ptr_equal (map_get (map, "b", 1), &values[3]);
    assert_int_equal (map_count (map), 2);
    map_destroy (&map);
}

static void
a_key_may_have_255_bytes_and_no_more (void **state)
{
    (void) state;
    uint8_t key[MAP_KEY_MAX + 1] = {0};
    map_t *map = map_new (4, 1);
    assert_int_equal (map_put (map, key, MAP_KEY_MAX, &values[0]), OK);
    assert_int_equal (map_put (map, key, MAP_KEY_MAX + 1, &values[1]), VALIDATION);
    assert_ptr_equal (map_get (map, key, MAP_KEY_MAX), &values[0]);
    assert_null (map_get (map, key, MAP_KEY_MAX + 1));
    assert_null (map_remove (map, key, MAP_KEY_MAX + 1));
    map_destroy (&map);
}

static void
the_order_of_a_walk_follows_from_seed_and_history (void **state)
{
    (void) state;
    uint8_t orders[3][64];
    for (unsigned run = 0; run < 3; run++) {
        map_t *map = map_new (64, run < 2 ? 7 : 8);
        for (uint8_t key = 0; key < 64; key++)
            assert_int_equal (map_put (map, &key, 1, &values[key]), OK);
        uint32_t cursor = 0;
        bytes_t key;
        for (unsigned i = 0; i < 64; i++) {
            assert_non_null (map_next (map, &cursor, &key));
            orders[run][i] = *key.data;
        }
        assert_null (map_next (map, &cursor, &key));
        map_destroy (&map);
    }
    assert_memory_equal (orders[0], orders[1], 64);
    assert_memory_not_equal (orders[0], orders[2], 64);
}

//  ---- against an array ----------------------------------------------------------------------------

#define KEYS_MAX    300u
#define ENTRIES_MAX 200u

//  Keys 0 .. KEYS_MAX - 1 by number, of lengths on both sides of what an entry has room for.
#define KEY_ROOM 20u

static size_t
key_of (unsigned number, uint8_t key[KEY_ROOM])
{
    memset (key, (int) (number % 19), KEY_ROOM);
    key[0] = (uint8_t) number;
    key[1] = (uint8_t) (number >> 8);
    return 2 + number % 19;
}

static void
check_walk (const map_t *map, void *const *model, unsigned round)
{
    unsigned seen = 0, expected = 0;
    uint32_t cursor = 0;
    bytes_t key;
    void *value;
    while ((value = map_next (map, &cursor, &key)) != NULL) {
        unsigned number = key.data[0] | (unsigned) key.data[1] << 8;
        assert_seeded (number < KEYS_MAX && model[number] == value, round);
        seen++;
    }
    for (unsigned i = 0; i < KEYS_MAX; i++)
        expected += model[i] != NULL;
    assert_seeded (seen == expected && map_count (map) == expected, round);
}

static void
it_agrees_with_an_array_whatever_is_done (void **state)
{
    (void) state;
    rng_t rng = seeded_rng (2);
    void *model[KEYS_MAX] = {NULL};
    map_t *map = map_new (ENTRIES_MAX, rng_u64 (&rng));
    for (unsigned round = 0; round < 100000; round++) {
        uint8_t key[KEY_ROOM];
        unsigned number = (unsigned) rng_below (&rng, KEYS_MAX);
        size_t size = key_of (number, key);
        void *value = &values[rng_below (&rng, COUNT_OF (values))];
        //  Long stretches of growth and of decline, so that it is full and empty at times.
        bool put = rng_below (&rng, 10) < (round / 5000 % 2 ? 2u : 8u);
        if (put) {
            bool full = map_count (map) == ENTRIES_MAX && !model[number];
            assert_seeded (map_put (map, key, size, value) == (full ? BUSY : OK), round);
            if (!full)
                model[number] = value;
        }
        else {
            assert_seeded (map_remove (map, key, size) == model[number], round);
            model[number] = NULL;
        }
        unsigned other = (unsigned) rng_below (&rng, KEYS_MAX);
        size = key_of (other, key);
        assert_seeded (map_get (map, key, size) == model[other], round);
        if (round % 500 == 0)
            check_walk (map, model, round);
    }
    map_destroy (&map);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (a_value_is_found_replaced_and_taken_out),
        cmocka_unit_test (keys_are_bytes_with_a_length_and_are_copied),
        cmocka_unit_test (of_two_keys_with_one_hash_neither_is_the_other),
        cmocka_unit_test (of_two_keys_with_one_hash_and_one_size_neither_is_the_other),
        cmocka_unit_test (a_full_map_is_busy_but_still_replaces),
        cmocka_unit_test (a_key_may_have_255_bytes_and_no_more),
        cmocka_unit_test (the_order_of_a_walk_follows_from_seed_and_history),
        cmocka_unit_test (it_agrees_with_an_array_whatever_is_done),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
