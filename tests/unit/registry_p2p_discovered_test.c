// SPDX-License-Identifier: MIT
//  What a node has heard of: its bounds, and that nothing goes back.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/p2p_rig.h"

static rig_t *rig;              //  for its signers

static int
set_up (void **state)
{
    (void) state;
    rig = rig_new (NULL);
    rig_start (rig);
    return 0;
}

static int
tear_down (void **state)
{
    (void) state;
    rig_free (rig);
    return 0;
}

static code_t
hear (discovered_t *table, unsigned who, const char *id, uint64_t seq)
{
    p2p_signed_t listing;
    ProtobufCBinaryData packed = rig_listing (rig, who, id, seq, "1.0.0");
    assert_int_equal (p2p_signed_open (&listing, GGEN__RECORD_KIND__LISTING,
                                       (bytes_t) {packed.data, packed.len}, &crypto_real), OK);
    code_t code = discovered_listing (table, &listing);
    p2p_signed_clear (&listing);
    free (packed.data);
    return code;
}

static known_t *
find (const discovered_t *table, unsigned who, const char *id)
{
    return discovered_find (table, id, &rig->world->keys[who]);
}

static void
a_seq_never_goes_back (void **state)
{
    (void) state;
    discovered_t *table = discovered_new (0, 0, 1);
    assert_int_equal (hear (table, 0, "pack", 5), OK);
    assert_int_equal (hear (table, 0, "pack", 4), VALIDATION);
    assert_int_equal (hear (table, 0, "pack", 5), ALREADY_EXISTS);
    assert_int_equal (hear (table, 0, "pack", 6), OK);
    assert_int_equal (find (table, 0, "pack")->listing_seq, 6);
    assert_int_equal (hear (table, 1, "pack", 1), OK);
    assert_int_equal (discovered_count (table), 2);
    discovered_destroy (&table);
}

static void
a_seq_that_leaps_is_not_believed (void **state)
{
    (void) state;
    discovered_t *table = discovered_new (0, 0, 1);
    assert_int_equal (hear (table, 0, "far", DISCOVERED_FIRST_MAX + 1), SECURITY);
    assert_int_equal (hear (table, 0, "pack", 7), OK);
    assert_int_equal (hear (table, 0, "pack", 8 + DISCOVERED_JUMP_MAX), SECURITY);
    assert_int_equal (hear (table, 0, "pack", 7 + DISCOVERED_JUMP_MAX), OK);
    assert_null (find (table, 0, "far"));
    discovered_destroy (&table);
}

static void
two_records_of_one_seq_are_a_contradiction (void **state)
{
    (void) state;
    discovered_t *table = discovered_new (0, 0, 1);
    p2p_signed_t listing;
    ProtobufCBinaryData packed = rig_listing_of (rig, 0, "pack", 5, "1.0.0", "Another text", NULL);
    assert_int_equal (p2p_signed_open (&listing, GGEN__RECORD_KIND__LISTING,
                                       (bytes_t) {packed.data, packed.len}, &crypto_real), OK);
    assert_int_equal (hear (table, 0, "pack", 5), OK);
    assert_int_equal (discovered_listing (table, &listing), SECURITY);
    p2p_signed_clear (&listing);
    free (packed.data);
    discovered_destroy (&table);
}

static void
when_full_the_one_used_longest_ago_goes (void **state)
{
    (void) state;
    discovered_t *table = discovered_new (3, 0, 1);
    assert_int_equal (hear (table, 0, "one", 1), OK);
    assert_int_equal (hear (table, 0, "two", 1), OK);
    assert_int_equal (hear (table, 0, "three", 1), OK);
    discovered_touch (table, find (table, 0, "one"));
    assert_int_equal (hear (table, 0, "four", 1), OK);
    assert_null (find (table, 0, "two"));
    assert_non_null (find (table, 0, "one"));
    assert_int_equal (discovered_count (table), 3);
    discovered_destroy (&table);
}

static void
what_is_protected_never_goes (void **state)
{
    (void) state;
    discovered_t *table = discovered_new (2, 0, 1);
    assert_int_equal (hear (table, 0, "own", 1), OK);
    assert_int_equal (hear (table, 0, "pinned", 1), OK);
    discovered_protect (table, find (table, 0, "own"), true, false);
    discovered_protect (table, find (table, 0, "pinned"), false, true);
    assert_int_equal (hear (table, 0, "third", 1), STORAGE);
    discovered_protect (table, find (table, 0, "pinned"), false, false);
    assert_int_equal (hear (table, 0, "third", 1), OK);
    assert_null (find (table, 0, "pinned"));
    assert_non_null (find (table, 0, "own"));
    discovered_destroy (&table);
}

static void
a_spammer_drives_out_only_itself (void **state)
{
    (void) state;
    discovered_t *table = discovered_new (100, 4, 1);
    char id[16];
    assert_int_equal (hear (table, 1, "honest", 1), OK);
    for (unsigned i = 0; i < 50; i++) {
        snprintf (id, sizeof id, "spam%u", i);
        assert_int_equal (hear (table, 0, id, 1), OK);
    }
    assert_int_equal (discovered_count (table), 5);
    assert_non_null (find (table, 1, "honest"));
    assert_non_null (find (table, 0, "spam49"));
    assert_null (find (table, 0, "spam45"));
    discovered_destroy (&table);
}

//  Keys are cheap: who came first has the name.
static void
too_many_publishers_of_one_name_are_not_kept (void **state)
{
    (void) state;
    discovered_t *table = discovered_new (0, 0, 1);
    p2p_signed_t listing;
    ProtobufCBinaryData packed = rig_listing (rig, 0, "pack", 5, "1.0.0");
    assert_int_equal (p2p_signed_open (&listing, GGEN__RECORD_KIND__LISTING,
                                       (bytes_t) {packed.data, packed.len}, &crypto_real), OK);
    for (unsigned i = 0; i < DISCOVERED_NAME_MAX; i++) {
        listing.key.bytes[0] = (uint8_t) i;
        assert_int_equal (discovered_listing (table, &listing), OK);
    }
    listing.key.bytes[0] = 200;
    assert_int_equal (discovered_listing (table, &listing), STORAGE);
    listing.key.bytes[0] = 0;
    assert_non_null (discovered_find (table, "pack", &listing.key));
    p2p_signed_clear (&listing);
    free (packed.data);
    discovered_destroy (&table);
}

static void
a_walk_meets_each_entry_once (void **state)
{
    (void) state;
    discovered_t *table = discovered_new (0, 0, 1);
    char id[16];
    for (unsigned i = 0; i < 60; i++) {
        snprintf (id, sizeof id, "p%u", i / 3);
        assert_int_equal (hear (table, i % 3, id, 1), OK);
    }
    discovered_walk_t walk = {0};
    unsigned count = 0;
    while (discovered_next (table, &walk))
        count++;
    assert_int_equal (count, 60);
    discovered_destroy (&table);
}

//  Entries come and go in any order; memory and lists have to agree (as sanitizers see).
static void
coming_and_going_in_any_order_keeps_it_whole (void **state)
{
    (void) state;
    discovered_t *table = discovered_new (20, 8, 1);
    uint64_t random = 7;
    char id[16];
    for (unsigned i = 0; i < 3000; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        unsigned who = (unsigned) (random >> 60) % 3;
        snprintf (id, sizeof id, "%s%u", random >> 40 & 1 ? "P" : "p", (unsigned) (random >> 33) % 40);
        code_t code = hear (table, who, id, 1 + i);
        assert_true (code == OK || code == STORAGE);
        known_t *known = find (table, who, id);
        if (known && i % 7 == 0)
            discovered_protect (table, known, false, !known->pinned);
        assert_true (discovered_count (table) <= 20);
    }
    discovered_destroy (&table);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (a_seq_never_goes_back),
        cmocka_unit_test (a_seq_that_leaps_is_not_believed),
        cmocka_unit_test (two_records_of_one_seq_are_a_contradiction),
        cmocka_unit_test (when_full_the_one_used_longest_ago_goes),
        cmocka_unit_test (what_is_protected_never_goes),
        cmocka_unit_test (a_spammer_drives_out_only_itself),
        cmocka_unit_test (too_many_publishers_of_one_name_are_not_kept),
        cmocka_unit_test (a_walk_meets_each_entry_once),
        cmocka_unit_test (coming_and_going_in_any_order_keeps_it_whole),
    };
    return cmocka_run_group_tests_name ("discovered", tests, set_up, tear_down);
}
