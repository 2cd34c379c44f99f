// SPDX-License-Identifier: MIT
//  The numbers that opinions are made of: score, distance, distinct packages, history.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "actors/reputation/distinct.h"
#include "actors/reputation/geo.h"
#include "actors/reputation/score.h"
#include "actors/reputation/trend.h"
#include "tests/unit/seeded.h"

#include <math.h>

#define NONE SCORE_UNKNOWN

#define assert_near(a, b, epsilon) assert_true (fabs ((double) (a) - (double) (b)) < (epsilon))

//  ---- score -------------------------------------------------------------------------------------

//  Totals computed apart from this program, from the formula of SPEC 7.
static void
the_score_is_the_formula (void **state)
{
    (void) state;
    const struct {
        score_facts_t facts;    //  ok, failed, average ms, packages, idle secs, seen, km
        double total;
    } cases[] = {
        //  Nothing known: 0.50 + 0.25; just met: and 0.10
        {{0, 0, NONE, 0, 0, false, NONE}, 0.75},
        {{0, 0, NONE, 0, 0, true, NONE}, 0.85},
        //  0.5 * 0.9 + 0.25 * 1000/1000 + 0.15 * 0.3 + 0.1 * 1/2
        {{9, 1, 999, 3, 3600, true, NONE}, 0.795},
        //  The same at half the speed: 0.25 * 1000/2000
        {{9, 1, 1999, 3, 3600, true, NONE}, 0.67},
        //  The best there is, which no place can better
        {{10, 0, 50, 10, 0, true, NONE}, 1.0},
        {{10, 0, 50, 10, 0, true, 0}, 1.0},
        //  Only ever failed, and was never there: 0.25 for the unmeasured response
        {{0, 10, NONE, 0, 0, false, NONE}, 0.25},
        //  0.125 + 0.0625 + 0.015 + 0.1/169 + 0.1 * 0.75
        {{1, 3, 3999, 1, 7 * 86400, true, 25}, 0.278091716},
        //  More than ten packages are no more than ten; 100 km are too far
        {{5, 5, 499, 20, 1800, true, 99.9}, 0.716766667},
        {{5, 5, 499, 20, 1800, true, 100}, 0.716666667},
        //  Seen in the future is seen now
        {{3, 1, 1000, 0, -50, true, NONE}, 0.724750250},
        //  Counters that are full do not overflow
        {{UINT32_MAX, UINT32_MAX, 9999, 5, 86400, true, 50}, 0.404},
    };
    for (size_t i = 0; i < COUNT_OF (cases); i++)
        assert_near (score_total (&cases[i].facts), cases[i].total, 1e-9);
}

//  100; 0.7 * 100 + 0.3 * 200 = 130; 0.7 * 130 + 0.3 * 30 = 100; 0.7 * 100 + 0.3 * 0 = 70
static void
the_average_moves_by_three_tenths_of_the_newest (void **state)
{
    (void) state;
    const uint32_t took_ms[] = {100, 200, 30, 0};
    const double expected_ms[] = {100, 130, 100, 70};
    double average_ms = NONE;
    for (size_t i = 0; i < COUNT_OF (took_ms); i++) {
        average_ms = score_average_ms (average_ms, took_ms[i]);
        assert_near (average_ms, expected_ms[i], 1e-9);
    }
}

static void
nobody_is_trusted_below_ten_transfers_or_for_its_place (void **state)
{
    (void) state;
    score_facts_t facts = {9, 0, 10, 9, 0, true, NONE};
    assert_true (score_earned (&facts) > SCORE_TRUSTED);
    assert_false (score_trusted (&facts));
    facts.successes = 10;
    assert_true (score_trusted (&facts));
    //  0.5 * 10/20 + 0.25 + 0.15 + 0.1 = 0.75, and 0.85 with its place
    facts = (score_facts_t) {10, 10, 10, 10, 0, true, 0};
    assert_near (score_total (&facts), 0.85, 1e-9);
    assert_false (score_trusted (&facts));
}

static score_facts_t
random_facts (rng_t *rng)
{
    return (score_facts_t) {
        .successes = (uint32_t) rng_below (rng, 100),
        .failures = (uint32_t) rng_below (rng, 100),
        .average_ms = rng_below (rng, 4) ? rng_unit (rng) * 20000 : NONE,
        .packages = (uint32_t) rng_below (rng, 30),
        .idle_secs = rng_unit (rng) * 1e6,
        .seen = rng_below (rng, 4) > 0,
        .distance_km = rng_below (rng, 2) ? rng_unit (rng) * 200 : NONE};
}

static void
a_place_only_orders_peers_that_are_otherwise_within_a_tenth (void **state)
{
    (void) state;
    rng_t rng = seeded_rng (1);
    for (unsigned round = 0; round < 20000; round++) {
        score_facts_t a = random_facts (&rng), b = random_facts (&rng);
        double gap = score_earned (&a) - score_earned (&b);
        assert_seeded (gap <= 0.1 || score_rank (&a) > score_rank (&b), round);
        assert_seeded (score_total (&a) >= 0 && score_total (&a) <= 1, round);
    }
}

static void
one_more_success_never_lowers_a_score_and_one_more_failure_never_raises_it (void **state)
{
    (void) state;
    rng_t rng = seeded_rng (2);
    for (unsigned round = 0; round < 20000; round++) {
        score_facts_t facts = random_facts (&rng), better = facts, worse = facts;
        better.successes++;
        worse.failures++;
        assert_seeded (score_total (&better) >= score_total (&facts), round);
        assert_seeded (score_total (&worse) <= score_total (&facts), round);
    }
}

//  ---- places ------------------------------------------------------------------------------------

//  Computed apart from this program, as the angle between two vectors (not by haversines).
static void
distances_are_those_along_the_great_circle (void **state)
{
    (void) state;
    const struct {
        double a[2], b[2], km;
    } cases[] = {
        {{52.52, 13.405}, {52.52, 13.405}, 0},
        {{52.52, 13.405}, {52.4009, 13.0591}, 26.9184},         //  Berlin, Potsdam
        {{52.52, 13.405}, {53.5511, 9.9937}, 255.2502},         //  Berlin, Hamburg
        {{40.7128, -74.006}, {51.5074, -0.1278}, 5570.2222},    //  New York, London
        {{-33.8688, 151.2093}, {35.6762, 139.6503}, 7825.8186}, //  Sydney, Tokyo
        {{0, 0}, {0, 1}, 111.1949},
        {{0, 179.9}, {0, -179.9}, 22.2390},
        {{90, 0}, {-90, 0}, 20015.0868},
        {{10, 20}, {-10, -160}, 20015.0868},                    //  antipodes
    };
    for (size_t i = 0; i < COUNT_OF (cases); i++) {
        geo_t a, b;
        assert_int_equal (geo_from_degrees (&a, cases[i].a[0], cases[i].a[1]), OK);
        assert_int_equal (geo_from_degrees (&b, cases[i].b[0], cases[i].b[1]), OK);
        assert_near (geo_distance_km (&a, &b), cases[i].km, 1e-3);
        assert_near (geo_distance_km (&b, &a), cases[i].km, 1e-3);
    }
}

static void
places_off_the_globe_are_refused (void **state)
{
    (void) state;
    const double bad[][2] = {{90.1, 0},     {-90.1, 0},     {0, 180.1},    {0, -180.1},
                             {NAN, 0},      {0, NAN},       {INFINITY, 0}, {0, -INFINITY}};
    geo_t place;
    for (size_t i = 0; i < COUNT_OF (bad); i++)
        assert_int_equal (geo_from_degrees (&place, bad[i][0], bad[i][1]), VALIDATION);
    assert_int_equal (geo_from_degrees (&place, -90, 180), OK);
    assert_near (geo_latitude (&place), -90, 1e-9);
    assert_near (geo_longitude (&place), 180, 1e-9);
}

//  ---- distinct packages -------------------------------------------------------------------------

static void
up_to_sixteen_packages_are_counted_exactly (void **state)
{
    (void) state;
    rng_t rng = seeded_rng (3);
    distinct_t distinct = {0};
    uint8_t digests[DISTINCT_EXACT][32];
    for (unsigned i = 0; i < DISTINCT_EXACT; i++) {
        rng_bytes (&rng, digests[i], sizeof digests[i]);
        assert_true (distinct_add (&distinct, digests[i]));
        for (unsigned again = 0; again <= i; again++)
            assert_false (distinct_add (&distinct, digests[again]));
        assert_int_equal (distinct_count (&distinct), i + 1);
    }
}

//  1.04 / sqrt (64) is 13 %; the mean of 200 such counts is within four of its own errors, and of
//  the little that counts just above sixteen are raised (never below 17).
static void
more_packages_are_counted_with_an_error_of_thirteen_percent (void **state)
{
    (void) state;
    const uint32_t counts[] = {17, 30, 64, 150, 200, 1000, 20000};
    rng_t rng = seeded_rng (4);
    for (size_t i = 0; i < COUNT_OF (counts); i++) {
        double sum = 0, squares = 0;
        for (unsigned round = 0; round < 200; round++) {
            distinct_t distinct = {0};
            for (uint32_t k = 0; k < counts[i]; k++) {
                uint8_t digest[DISTINCT_DIGEST_BYTES];
                rng_bytes (&rng, digest, sizeof digest);
                distinct_add (&distinct, digest);
            }
            double error = (double) distinct_count (&distinct) / counts[i] - 1;
            sum += error;
            squares += error * error;
        }
        assert_seeded (fabs (sum / 200) < 0.05, counts[i]);
        assert_seeded (sqrt (squares / 200) < 0.155, counts[i]);
    }
}

//  Rounding takes some of them past half the way round, of which there is no arc sine.
static void
no_two_places_are_at_no_distance (void **state)
{
    (void) state;
    rng_t rng = seeded_rng (7);
    for (unsigned round = 0; round < 100000; round++) {
        double latitude = rng_unit (&rng) * 180 - 90, longitude = rng_unit (&rng) * 180;
        geo_t a, b;
        assert_int_equal (geo_from_degrees (&a, latitude, longitude), OK);
        assert_int_equal (geo_from_degrees (&b, -latitude, longitude - 180), OK);
        assert_seeded (fabs (geo_distance_km (&a, &b) - 20015.0868) < 0.01, round);
    }
}

static void
a_count_survives_being_kept (void **state)
{
    (void) state;
    rng_t rng = seeded_rng (5);
    distinct_t distinct = {0}, back;
    uint8_t bytes[DISTINCT_REGISTERS + 1], digest[32];
    for (unsigned i = 0; i < 100; i++) {
        size_t size = distinct_pack (&distinct, bytes);
        assert_true (size <= sizeof bytes);
        assert_int_equal (distinct_unpack (&back, (bytes_t) {bytes, size}), OK);
        assert_int_equal (distinct_count (&back), distinct_count (&distinct));
        assert_false (i > 0 && distinct_add (&back, digest));
        rng_bytes (&rng, digest, sizeof digest);
        assert_int_equal (distinct_add (&back, digest), distinct_add (&distinct, digest));
        assert_int_equal (distinct_count (&back), distinct_count (&distinct));
    }
}

static void
bytes_that_are_no_count_are_refused (void **state)
{
    (void) state;
    uint8_t bytes[DISTINCT_REGISTERS + 5] = {DISTINCT_EXACT + 1};
    distinct_t distinct;
    const size_t bad[] = {1, 3, 5, 62, 66, 68, 69};
    for (size_t i = 0; i < COUNT_OF (bad); i++)
        assert_int_equal (distinct_unpack (&distinct, (bytes_t) {bytes, bad[i]}), VALIDATION);
    assert_int_equal (distinct_unpack (&distinct, (bytes_t) {bytes, 65}), OK);
    bytes[64] = 28;
    assert_int_equal (distinct_unpack (&distinct, (bytes_t) {bytes, 65}), VALIDATION);
    bytes[64] = 0;
    bytes[0] = 3;
    assert_int_equal (distinct_unpack (&distinct, (bytes_t) {bytes, 65}), VALIDATION);
}

//  ---- history -----------------------------------------------------------------------------------

#define T0 1763600000u

static void
points_are_an_hour_apart (void **state)
{
    (void) state;
    trend_t trend = {0};
    assert_true (trend_add (&trend, T0, 0.5));
    assert_false (trend_add (&trend, T0 + 3599, 0.6));
    assert_true (trend_add (&trend, T0 + 3600, 0.7));
    assert_int_equal (trend.count, 2);
    assert_near (trend_score (&trend.points[0]), 0.5, 1e-4);
    assert_near (trend_score (&trend.points[1]), 0.7, 1e-4);
    trend_clear (&trend);
}

static void
a_year_of_points_stays_even_and_bounded (void **state)
{
    (void) state;
    trend_t trend = {0};
    for (uint32_t hour = 0; hour < 365 * 24; hour++) {
        trend_add (&trend, T0 + hour * 3600, (hour % 100) / 100.0);
        assert_true (trend.count <= TREND_POINTS_MAX);
    }
    //  The first is there still, and no gap is longer than the step.
    assert_int_equal (trend.points[0].at, T0);
    assert_true (trend.count > TREND_POINTS_MAX / 2);
    uint32_t step = TREND_STEP_SECS << trend.doublings;
    for (unsigned i = 1; i < trend.count; i++)
        assert_int_equal (trend.points[i].at - trend.points[i - 1].at, step);
    assert_true (trend.points[trend.count - 1].at + step >= T0 + (365 * 24 - 1) * 3600);
    trend_clear (&trend);
}

static void
when_the_clock_is_set_back_points_of_the_future_go (void **state)
{
    (void) state;
    trend_t trend = {0};
    trend_add (&trend, T0, 0.1);
    trend_add (&trend, T0 + 100 * 3600, 0.2);
    trend_add (&trend, T0 + 200 * 3600, 0.3);
    assert_true (trend_add (&trend, T0 + 50 * 3600, 0.4));
    assert_int_equal (trend.count, 2);
    assert_int_equal (trend.points[1].at, T0 + 50 * 3600);
    trend_clear (&trend);
}

static void
history_survives_being_kept (void **state)
{
    (void) state;
    rng_t rng = seeded_rng (6);
    trend_t trend = {0}, back;
    uint32_t at = T0;
    for (unsigned i = 0; i < 200; i++) {
        uint8_t bytes[TREND_PACKED_SIZE (TREND_POINTS_MAX)];
        trend_pack (&trend, bytes);
        assert_int_equal (
            trend_unpack (&back, (bytes_t) {bytes, TREND_PACKED_SIZE (trend.count)}), OK);
        assert_int_equal (back.count, trend.count);
        assert_int_equal (back.doublings, trend.doublings);
        for (unsigned k = 0; k < trend.count; k++) {
            assert_int_equal (back.points[k].at, trend.points[k].at);
            assert_int_equal (back.points[k].score, trend.points[k].score);
        }
        trend_clear (&back);
        at += (uint32_t) rng_below (&rng, 100000);
        trend_add (&trend, at, rng_unit (&rng));
    }
    trend_clear (&trend);
}

static void
bytes_that_are_no_history_are_refused (void **state)
{
    (void) state;
    uint8_t bytes[TREND_PACKED_SIZE (TREND_POINTS_MAX + 1)] = {0};
    trend_t trend;
    const size_t bad[] = {2, 6, 8, TREND_PACKED_SIZE (TREND_POINTS_MAX + 1)};
    for (size_t i = 0; i < COUNT_OF (bad); i++)
        assert_int_equal (trend_unpack (&trend, (bytes_t) {bytes, bad[i]}), VALIDATION);
    bytes[0] = 21;
    assert_int_equal (trend_unpack (&trend, (bytes_t) {bytes, 7}), VALIDATION);
    assert_int_equal (trend_unpack (&trend, (bytes_t) {NULL, 0}), OK);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (the_score_is_the_formula),
        cmocka_unit_test (the_average_moves_by_three_tenths_of_the_newest),
        cmocka_unit_test (nobody_is_trusted_below_ten_transfers_or_for_its_place),
        cmocka_unit_test (a_place_only_orders_peers_that_are_otherwise_within_a_tenth),
        cmocka_unit_test (
            one_more_success_never_lowers_a_score_and_one_more_failure_never_raises_it),
        cmocka_unit_test (distances_are_those_along_the_great_circle),
        cmocka_unit_test (places_off_the_globe_are_refused),
        cmocka_unit_test (no_two_places_are_at_no_distance),
        cmocka_unit_test (up_to_sixteen_packages_are_counted_exactly),
        cmocka_unit_test (more_packages_are_counted_with_an_error_of_thirteen_percent),
        cmocka_unit_test (a_count_survives_being_kept),
        cmocka_unit_test (bytes_that_are_no_count_are_refused),
        cmocka_unit_test (points_are_an_hour_apart),
        cmocka_unit_test (a_year_of_points_stays_even_and_bounded),
        cmocka_unit_test (when_the_clock_is_set_back_points_of_the_future_go),
        cmocka_unit_test (history_survives_being_kept),
        cmocka_unit_test (bytes_that_are_no_history_are_refused),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
