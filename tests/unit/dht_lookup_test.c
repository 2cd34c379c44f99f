// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "actors/dht/lookup.h"
#include "tests/unit/seeded.h"

#define NODES  2000
#define K      20
#define TARGET 0x123456789abcdef0ull

//  A network of contacts that exist here only; each knows some others as a Kademlia node does.
typedef struct {
    uint64_t places[NODES];
    bool dead[NODES];
    bool lies[NODES];
    bool asked[NODES];
    unsigned asks;
} scene_t;

static scene_t scene;

static contact_t
contact_of (uint64_t place)
{
    contact_t contact = {.place = place, .addresses_size = 2, .addresses = {1, 9}};
    memcpy (contact.key.bytes, &place, sizeof place);
    return contact;
}

static void
make_scene (rng_t *rng)
{
    scene = (scene_t) {.asks = 0};
    for (unsigned i = 0; i < NODES; i++)
        scene.places[i] = rng_u64 (rng);
}

static int
number_of (uint64_t place)
{
    for (int i = 0; i < NODES; i++)
        if (scene.places[i] == place)
            return i;
    return -1;
}

//  The closest to the target of those that satisfy 'lies', which this node knows: all that share
//  its first bits, and of the rest one in so many.
static size_t
known_by (unsigned node, bool liars_only, contact_t closer[K])
{
    size_t count = 0;
    for (unsigned i = 0; i < NODES; i++) {
        uint64_t apart = scene.places[i] ^ scene.places[node];
        unsigned bits = apart ? (unsigned) __builtin_clzll (apart) : 64;
        bool known = bits >= 7 || (scene.places[i] % (NODES / ((unsigned) K << bits) + 1u)) == 0;
        if (i == node || !known || (liars_only && !scene.lies[i]))
            continue;
        size_t at = count;
        while (at > 0 && (closer[at - 1].place ^ TARGET) > (scene.places[i] ^ TARGET))
            at--;
        if (at == K)
            continue;
        memmove (closer + at + 1, closer + at,
                 ((count < K ? count : K - 1) - at) * sizeof *closer);
        closer[at] = contact_of (scene.places[i]);
        count += count < K;
    }
    return count;
}

static const lookup_shape_t shape3 = {
    .k = K, .paths = 3, .parallel = 3, .parallel_max = 10, .hedged = true};
static const peer_key_t nobody = {{0}};

//  Ask and answer until it is done.
static void
run (lookup_t *lookup)
{
    uint16_t id;
    const contact_t *contact;
    while (lookup_next (lookup, &id, &contact)) {
        int number = number_of (contact->place);
        contact_t closer[K];
        lookup_asked (lookup, id, 1000);
        scene.asks++;
        if (number < 0 || scene.dead[number]) {
            lookup_failed (lookup, id);
            continue;
        }
        assert_false (scene.asked[number]);
        scene.asked[number] = true;
        size_t count = known_by ((unsigned) number, scene.lies[number], closer);
        lookup_answered (lookup, id, closer, count);
    }
    assert_true (lookup_done (lookup));
}

static lookup_t *
begin (rng_t *rng)
{
    lookup_t *lookup = lookup_new (TARGET, &nobody, &shape3);
    contact_t seeds[K];
    for (unsigned i = 0; i < K; i++)
        seeds[i] = contact_of (scene.places[rng_below (rng, NODES)]);
    lookup_seed (lookup, seeds, K);
    return lookup;
}

//  How many of the K closest honest living ones were found.
static unsigned
found_of_closest (const lookup_t *lookup)
{
    const contact_t *found[LOOKUP_CANDIDATES_MAX];
    size_t count = lookup_closest (lookup, found, LOOKUP_CANDIDATES_MAX, NULL);
    unsigned hits = 0;
    for (unsigned i = 0; i < NODES; i++) {
        unsigned nearer = 0;
        if (scene.dead[i] || scene.lies[i])
            continue;
        for (unsigned j = 0; j < NODES; j++)
            nearer += !scene.dead[j] && !scene.lies[j]
                   && (scene.places[j] ^ TARGET) < (scene.places[i] ^ TARGET);
        for (size_t j = 0; j < count && nearer < K; j++)
            hits += found[j]->place == scene.places[i];
    }
    return hits;
}

static void
the_closest_are_found_with_few_asks (void **state)
{
    (void) state;
    rng_t rng = seeded_rng (1);
    for (unsigned round = 0; round < 20; round++) {
        make_scene (&rng);
        lookup_t *lookup = begin (&rng);
        run (lookup);
        assert_seeded (found_of_closest (lookup) == K, round);
        assert_seeded (scene.asks <= 60, round);
        lookup_destroy (&lookup);
    }
}

static void
dead_ones_are_passed_over (void **state)
{
    (void) state;
    rng_t rng = seeded_rng (2);
    for (unsigned round = 0; round < 20; round++) {
        make_scene (&rng);
        for (unsigned i = 0; i < NODES; i++)
            scene.dead[i] = rng_below (&rng, 100) < 30;
        lookup_t *lookup = begin (&rng);
        run (lookup);
        assert_seeded (found_of_closest (lookup) >= 15, round);
        lookup_destroy (&lookup);
    }
}

static void
given_a_fifth_are_liars_the_closest_honest_ones_are_found (void **state)
{
    (void) state;
    rng_t rng = seeded_rng (3);
    unsigned found = 0, lost = 0, rounds = 100;
    for (unsigned round = 0; round < rounds; round++) {
        make_scene (&rng);
        for (unsigned i = 0; i < NODES; i++)
            scene.lies[i] = rng_below (&rng, 100) < 20;
        lookup_t *lookup = begin (&rng);
        run (lookup);
        unsigned hits = found_of_closest (lookup);
        lost += hits < 8;
        found += hits;
        lookup_destroy (&lookup);
    }
    assert_true (lost <= 2);        //  All three paths met liars from the start on
    assert_true (found >= 15 * rounds);
}

//  A ring of liars that lie as close as one can: they swallow the path that meets them, not the
//  others.
static void
liars_who_are_closest_of_all_spoil_no_path_but_their_own (void **state)
{
    (void) state;
    rng_t rng = seeded_rng (4);
    make_scene (&rng);
    lookup_t *lookup = lookup_new (TARGET, &nobody, &shape3);
    //  Three that are known, one for each path; only the first knows liars
    contact_t seeds[3];
    for (unsigned i = 0; i < 3; i++)
        seeds[i] = contact_of (scene.places[i]);
    lookup_seed (lookup, seeds, 3);
    unsigned told = 0;
    uint16_t id;
    const contact_t *contact;
    while (lookup_next (lookup, &id, &contact)) {
        contact_t closer[K];
        size_t count = K;
        bool liar = contact->place == scene.places[0] || (contact->place ^ TARGET) < 1000000;
        int number = liar ? 0 : number_of (contact->place);
        lookup_asked (lookup, id, 1000);
        for (unsigned i = 0; i < K && liar; i++)
            closer[i] = contact_of (TARGET ^ (++told % 900000 + 1));
        if (!liar)
            count = known_by ((unsigned) number, false, closer);
        lookup_answered (lookup, id, closer, count);
    }
    assert_true (lookup_done (lookup));
    assert_true (found_of_closest (lookup) >= 10);
    lookup_destroy (&lookup);
}

//  One path, begun with a liar and an honest one who is farther away; liars enough to fill the
//  path, none of them near.
static void
a_liar_among_the_first_does_not_keep_a_path_to_himself (void **state)
{
    (void) state;
    rng_t rng = seeded_rng (7);
    make_scene (&rng);
    lookup_shape_t shape = shape3;
    shape.paths = 1;
    lookup_t *lookup = lookup_new (TARGET, &nobody, &shape);
    contact_t seeds[2] = {contact_of (TARGET ^ (1ull << 62)), contact_of (scene.places[0])};
    while ((seeds[1].place ^ TARGET) >> 63 == 0)
        seeds[1] = contact_of (scene.places[rng_below (&rng, NODES)]);
    lookup_seed (lookup, seeds, 2);
    unsigned told = 0;
    uint16_t id;
    const contact_t *contact;
    while (lookup_next (lookup, &id, &contact)) {
        contact_t closer[K];
        size_t count = K;
        int number = number_of (contact->place);
        lookup_asked (lookup, id, 1000);
        for (unsigned i = 0; i < K && number < 0; i++)
            closer[i] = contact_of (TARGET ^ ((uint64_t) (++told % 30 + 30) << 56));
        if (number >= 0)
            count = known_by ((unsigned) number, false, closer);
        lookup_answered (lookup, id, closer, count);
    }
    const contact_t *found[K];
    size_t honest = 0, count = lookup_closest (lookup, found, K, NULL);
    for (size_t i = 0; i < count; i++)
        honest += number_of (found[i]->place) >= 0;
    assert_int_equal (honest, K);
    lookup_destroy (&lookup);
}

static void
when_nobody_whom_one_names_answers_the_rest_of_them_is_not_asked (void **state)
{
    (void) state;
    lookup_t *lookup = lookup_new (TARGET, &nobody, &shape3);
    contact_t seeds[3] = {contact_of (1), contact_of (2), contact_of (3)}, invented[K];
    uint16_t id;
    const contact_t *contact;
    unsigned wasted = 0;
    lookup_seed (lookup, seeds, 3);
    for (unsigned i = 0; i < K; i++)
        invented[i] = contact_of (TARGET ^ (i + 1));
    while (lookup_next (lookup, &id, &contact)) {
        lookup_asked (lookup, id, 1000);
        if (contact->place == 1)
            lookup_answered (lookup, id, invented, K);
        else if (contact->place < 4)
            lookup_answered (lookup, id, NULL, 0);
        else {
            lookup_failed (lookup, id);
            wasted++;
        }
    }
    assert_int_equal (wasted, LOOKUP_DOUBT);
    assert_int_equal (lookup_answers (lookup), 3);
    assert_true (lookup_done (lookup));
    lookup_destroy (&lookup);
}

static void
one_who_failed_gets_a_second_chance_under_other_addresses_only (void **state)
{
    (void) state;
    lookup_t *lookup = lookup_new (TARGET, &nobody, &shape3);
    contact_t seeds[3] = {contact_of (1), contact_of (2), contact_of (3)};
    contact_t node = contact_of (TARGET), elsewhere = node;
    uint16_t id;
    const contact_t *contact;
    unsigned asked = 0;
    contact_t third = node;
    third.addresses[1] = 5;
    elsewhere.addresses[1] = 7;
    lookup_seed (lookup, seeds, 3);
    while (lookup_next (lookup, &id, &contact)) {
        uint64_t place = contact->place;
        asked += place == TARGET;
        lookup_asked (lookup, id, 1000);
        if (place == TARGET)
            lookup_failed (lookup, id);
        else
            lookup_answered (lookup, id, place == 1 ? &node : place == 2 ? &elsewhere : &third, 1);
    }
    assert_int_equal (asked, 2);
    assert_int_equal (lookup_answers (lookup), 3);
    lookup_destroy (&lookup);
}

static void
of_one_group_of_addresses_a_path_asks_two (void **state)
{
    (void) state;
    lookup_shape_t shape = shape3;
    shape.group_max = 2;
    lookup_t *lookup = lookup_new (TARGET, &nobody, &shape);
    contact_t seed = contact_of (1), closer[K], more = contact_of (500);
    uint16_t id;
    const contact_t *contact;
    unsigned asked = 0;
    for (unsigned i = 0; i < K; i++) {
        closer[i] = contact_of (100 + i);
        closer[i].group = i < 10 ? 77 : 0;
    }
    more.group = 77;            //  Named by another one
    lookup_seed (lookup, &seed, 1);
    while (lookup_next (lookup, &id, &contact)) {
        bool first = contact->place == 1;
        asked += contact->group == 77;
        lookup_asked (lookup, id, 1000);
        lookup_answered (lookup, id, first ? closer : &more, first ? K : 1);
    }
    assert_int_equal (asked, 2);
    assert_int_equal (lookup_answers (lookup), 1 + 2 + 10);
    lookup_destroy (&lookup);
}

static void
given_one_is_late_another_is_asked_and_the_late_one_still_counts (void **state)
{
    (void) state;
    lookup_shape_t shape = shape3;
    shape.paths = 1;
    shape.parallel = 1;
    shape.parallel_max = 1;
    lookup_t *lookup = lookup_new (TARGET, &nobody, &shape);
    contact_t seeds[2] = {contact_of (TARGET ^ 1), contact_of (TARGET ^ 2)};
    uint16_t late, id;
    const contact_t *contact;
    lookup_seed (lookup, seeds, 2);
    assert_true (lookup_next (lookup, &late, &contact));
    lookup_asked (lookup, late, 500);
    assert_false (lookup_next (lookup, &id, &contact));
    assert_int_equal (lookup_hedge_ms (lookup), 500);
    assert_false (lookup_advance (lookup, 499));
    assert_true (lookup_advance (lookup, 500));
    assert_true (lookup_next (lookup, &id, &contact));
    lookup_asked (lookup, id, 900);
    lookup_answered (lookup, id, NULL, 0);
    assert_true (lookup_done (lookup));
    assert_int_equal (lookup_waiting (lookup), 1);
    lookup_answered (lookup, late, NULL, 0);
    assert_int_equal (lookup_answers (lookup), 2);
    lookup_destroy (&lookup);
}

//  Whoever was asked first, and however late it may be.
static void
those_that_are_asked_are_late_each_at_its_own_time (void **state)
{
    (void) state;
    lookup_shape_t shape = shape3;
    shape.paths = 1;
    shape.parallel = shape.parallel_max = 3;
    lookup_t *lookup = lookup_new (TARGET, &nobody, &shape);
    contact_t seeds[3] = {contact_of (TARGET ^ 1), contact_of (TARGET ^ 2), contact_of (TARGET ^ 3)};
    const int64_t late_ms[] = {500, 400, 600}, in_order_ms[] = {400, 500, 600};
    uint16_t id;
    const contact_t *contact;
    lookup_seed (lookup, seeds, 3);
    for (unsigned i = 0; i < 3; i++) {
        assert_true (lookup_next (lookup, &id, &contact));
        lookup_asked (lookup, id, late_ms[i]);
    }
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal (lookup_hedge_ms (lookup), in_order_ms[i]);
        assert_false (lookup_advance (lookup, in_order_ms[i] - 1));
        assert_true (lookup_advance (lookup, in_order_ms[i]));
    }
    assert_int_equal (lookup_hedge_ms (lookup), INT64_MAX);
    lookup_destroy (&lookup);
}

static void
without_hedging_one_that_is_late_is_waited_for (void **state)
{
    (void) state;
    lookup_shape_t shape = shape3;
    shape.hedged = false;
    lookup_t *lookup = lookup_new (TARGET, &nobody, &shape);
    contact_t seed = contact_of (1);
    uint16_t id;
    const contact_t *contact;
    lookup_seed (lookup, &seed, 1);
    assert_true (lookup_next (lookup, &id, &contact));
    lookup_asked (lookup, id, 500);
    assert_false (lookup_advance (lookup, 5000));
    assert_int_equal (lookup_hedge_ms (lookup), INT64_MAX);
    assert_false (lookup_done (lookup));
    lookup_destroy (&lookup);
}

static void
what_is_named_and_asked_is_bounded_whatever_comes (void **state)
{
    (void) state;
    rng_t rng = seeded_rng (5);
    lookup_t *lookup = lookup_new (TARGET, &nobody, &shape3);
    contact_t closer[K];
    uint16_t id, ids[LOOKUP_CANDIDATES_MAX];
    const contact_t *contact;
    for (unsigned i = 0; i < K; i++)
        closer[i] = contact_of (rng_u64 (&rng));
    lookup_seed (lookup, closer, K);
    unsigned asks = 0, waiting = 0;
    while (asks < 100000 && lookup_next (lookup, &id, &contact)) {
        lookup_asked (lookup, id, 1000);
        asks++;
        if (rng_below (&rng, 3) == 0 && lookup_waiting (lookup) < LOOKUP_WAITING_MAX - 1) {
            lookup_advance (lookup, 1000);
            waiting++;
            continue;
        }
        //  Ever closer ones, for ever new
        for (unsigned i = 0; i < K; i++)
            closer[i] = contact_of (TARGET ^ (rng_u64 (&rng) >> (asks < 60 ? asks : 60)));
        lookup_answered (lookup, id, closer, K);
        assert_seeded (lookup_waiting (lookup) <= LOOKUP_WAITING_MAX, asks);
    }
    assert_true (waiting > 0);
    assert_true (asks <= LOOKUP_CANDIDATES_MAX);
    assert_true (lookup_closest_ids (lookup, ids, LOOKUP_CANDIDATES_MAX)
                 <= LOOKUP_CANDIDATES_MAX);
    lookup_destroy (&lookup);
}

static void
no_more_than_a_few_are_waited_for_though_all_are_late (void **state)
{
    (void) state;
    rng_t rng = seeded_rng (8);
    make_scene (&rng);
    lookup_t *lookup = begin (&rng);
    uint16_t id;
    const contact_t *contact;
    unsigned asked = 0;
    while (lookup_next (lookup, &id, &contact)) {
        lookup_asked (lookup, id, 1000);
        lookup_advance (lookup, 1000);
        asked++;
    }
    assert_int_equal (asked, LOOKUP_WAITING_MAX);
    lookup_destroy (&lookup);
}

static void
we_are_not_asked (void **state)
{
    (void) state;
    contact_t own = contact_of (TARGET), other = contact_of (5);
    lookup_t *lookup = lookup_new (TARGET, &own.key, &shape3);
    uint16_t id;
    const contact_t *contact;
    lookup_seed (lookup, &own, 1);
    lookup_seed (lookup, &other, 1);
    assert_true (lookup_next (lookup, &id, &contact));
    assert_int_equal (contact->place, 5);
    lookup_asked (lookup, id, 1000);
    lookup_answered (lookup, id, &own, 1);
    assert_true (lookup_done (lookup));
    lookup_destroy (&lookup);
}

static void
hops_say_how_far_the_nearest_was (void **state)
{
    (void) state;
    lookup_t *lookup = lookup_new (TARGET, &nobody, &shape3);
    uint16_t id;
    const contact_t *contact;
    contact_t seed = contact_of (1ull << 60);
    unsigned hops = 0;
    lookup_seed (lookup, &seed, 1);
    for (unsigned i = 0; i < 4; i++) {
        contact_t next = contact_of (TARGET ^ (1000u >> i));
        assert_true (lookup_next (lookup, &id, &contact));
        lookup_asked (lookup, id, 1000);
        lookup_answered (lookup, id, &next, i < 3);
    }
    assert_int_equal (lookup_closest (lookup, NULL, 1, &hops), 1);
    assert_int_equal (hops, 4);
    lookup_destroy (&lookup);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (the_closest_are_found_with_few_asks),
        cmocka_unit_test (dead_ones_are_passed_over),
        cmocka_unit_test (given_a_fifth_are_liars_the_closest_honest_ones_are_found),
        cmocka_unit_test (liars_who_are_closest_of_all_spoil_no_path_but_their_own),
        cmocka_unit_test (a_liar_among_the_first_does_not_keep_a_path_to_himself),
        cmocka_unit_test (when_nobody_whom_one_names_answers_the_rest_of_them_is_not_asked),
        cmocka_unit_test (one_who_failed_gets_a_second_chance_under_other_addresses_only),
        cmocka_unit_test (of_one_group_of_addresses_a_path_asks_two),
        cmocka_unit_test (given_one_is_late_another_is_asked_and_the_late_one_still_counts),
        cmocka_unit_test (those_that_are_asked_are_late_each_at_its_own_time),
        cmocka_unit_test (without_hedging_one_that_is_late_is_waited_for),
        cmocka_unit_test (what_is_named_and_asked_is_bounded_whatever_comes),
        cmocka_unit_test (no_more_than_a_few_are_waited_for_though_all_are_late),
        cmocka_unit_test (we_are_not_asked),
        cmocka_unit_test (hops_say_how_far_the_nearest_was),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
