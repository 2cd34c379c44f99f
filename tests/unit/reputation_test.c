// SPDX-License-Identifier: MIT
//  Actor "reputation": what it counts, how it ranks, whom it remembers.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/reputation_rig.h"

#include <math.h>

#define HOUR_MS 3600000
#define DAY_MS  (24 * HOUR_MS)

#define SERVED      GGEN__EXPERIENCE__SERVED
#define FAILED      GGEN__EXPERIENCE__FAILED
#define WRONG_BYTES GGEN__EXPERIENCE__WRONG_BYTES

#define assert_near(a, b, epsilon) assert_true (fabs ((double) (a) - (double) (b)) < (epsilon))

//  ---- counting ----------------------------------------------------------------------------------

static void
a_peer_never_met_is_given_credit (void **unused)
{
    (void) unused;
    Ggen__ReputationReply *reply = asked_about (1);
    const Ggen__PeerReputation *it = reply->peers[0];
    assert_near (it->score->score, 0.75, 1e-9);
    assert_near (it->score->success_rate, 1, 1e-9);
    assert_false (it->score->low || it->score->banned || it->score->trusted);
    assert_int_equal (it->last_seen, 0);
    assert_int_equal (it->n_history, 0);
    puppet_free (reply);
    //  Asking does not make it known
    reply = asked_about_all ();
    assert_int_equal (reply->n_peers, 0);
    assert_near (reply->average, 0, 1e-9);
    puppet_free (reply);
}

//  Ten chunks in 100 ms each, of two packages, one of them seen twice; one failure; an hour later:
//  0.5 * 12/13 + 0.25 + 0.15 * 2/10 + 0.1 * 1/2
static void
what_it_saw_makes_the_score (void **unused)
{
    (void) unused;
    has_company (3);
    for (unsigned i = 0; i < 10; i++)
        saw_package (1, SERVED, 100, i == 3 ? 1 : i == 5 ? 2 : 0);
    saw_package (1, SERVED, 200, 2);
    saw_package (1, SERVED, 0, 0);
    saw (1, FAILED);
    rig_wait (HOUR_MS);
    Ggen__ReputationReply *reply = asked_about (1);
    const Ggen__PeerReputation *it = reply->peers[0];
    assert_int_equal (it->successes, 12);
    assert_int_equal (it->failures, 1);
    assert_int_equal (it->packages, 2);
    assert_near (it->average_ms, 130, 1e-3);
    assert_near (it->score->success_rate, 12.0 / 13, 1e-9);
    assert_near (it->score->score, 0.5 * 12 / 13 + 0.25 + 0.03 + 0.05, 1e-9);
    assert_int_equal (it->last_seen, WALL_SECS);
    assert_int_equal (it->n_history, 1);
    puppet_free (reply);
}

static void
a_failure_is_no_sample_of_speed_and_no_sign_of_life (void **unused)
{
    (void) unused;
    has_company (3);
    saw_package (1, FAILED, 1, 0);
    Ggen__ReputationReply *reply = asked_about (1);
    assert_near (reply->peers[0]->average_ms, 0, 1e-9);
    assert_int_equal (reply->peers[0]->last_seen, 0);
    //  0.25 for the response that was not measured
    assert_near (reply->peers[0]->score->score, 0.25, 1e-9);
    puppet_free (reply);
}

static void
a_peer_with_a_session_is_seen_all_the_time (void **unused)
{
    (void) unused;
    comes_up (1);
    rig_wait (5 * HOUR_MS);
    Ggen__ReputationReply *reply = asked_about (1);
    assert_near (reply->peers[0]->score->score, 0.85, 1e-9);
    assert_int_equal (reply->peers[0]->last_seen, WALL_SECS + 5 * 3600);
    puppet_free (reply);
    goes_down (1, OK);
    rig_wait (HOUR_MS);
    reply = asked_about (1);
    assert_near (reply->peers[0]->score->score, 0.80, 1e-9);
    assert_int_equal (reply->peers[0]->last_seen, WALL_SECS + 5 * 3600);
    puppet_free (reply);
}

static void
when_swarm_has_no_peers_all_sessions_are_over (void **unused)
{
    (void) unused;
    comes_up (1);
    comes_up (2);
    Ggen__ConnectivityChanged changed = GGEN__CONNECTIVITY_CHANGED__INIT;
    rig_event (&changed.base);
    rig_wait (HOUR_MS);
    Ggen__ReputationReply *reply = asked_about (1);
    assert_near (reply->peers[0]->score->score, 0.80, 1e-9);
    puppet_free (reply);
    //  Their ends, told late, change nothing
    goes_down (1, OK);
    reply = asked_about (1);
    assert_near (reply->peers[0]->score->score, 0.80, 1e-9);
    puppet_free (reply);
}

static void
peers_met_for_one_lookup_are_not_remembered (void **unused)
{
    (void) unused;
    comes_up_as (1, false);
    Ggen__ReputationReply *reply = asked_about_all ();
    assert_int_equal (reply->n_peers, 0);
    puppet_free (reply);
}

static void
nonsense_is_not_counted (void **unused)
{
    (void) unused;
    peer_t key = peer (1);
    Ggen__Observation seen = GGEN__OBSERVATION__INIT;
    seen.experience = SERVED;
    seen.peer_key = (ProtobufCBinaryData) {31, key.bytes};
    rig_event (&seen.base);
    seen.peer_key = (ProtobufCBinaryData) {32, identity.key};
    rig_event (&seen.base);
    seen.peer_key.data = key.bytes;
    seen.experience = GGEN__EXPERIENCE__EXPERIENCE_NONE;
    rig_event (&seen.base);
    seen.experience = (Ggen__Experience) 7;
    rig_event (&seen.base);
    Ggen__ReputationReply *reply = asked_about_all ();
    assert_int_equal (reply->n_peers, 0);
    puppet_free (reply);
}

static void
nobody_on_another_node_can_tell_it_anything (void **unused)
{
    (void) unused;
    peer_t key = peer (1);
    Ggen__Observation seen = GGEN__OBSERVATION__INIT;
    seen.experience = WRONG_BYTES;
    seen.peer_key = field_of (&key);
    size_t size;
    uint8_t *body = puppet_pack (&seen.base, &size);
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__EVENT;
    envelope.from = "transfer@12D3KooWabc";
    envelope.type = "Observation";
    assert_int_equal (puppet_deliver (&reputation, &envelope, body, size), OK);
    free (body);
    assert_false (is_banned (1));
}

static void
history_is_told_of_those_who_are_named (void **unused)
{
    (void) unused;
    has_company (3);
    for (unsigned hour = 0; hour < 3; hour++) {
        saw_package (1, SERVED, 100, 1 + hour);
        saw_package (1, SERVED, 100, 1 + hour);
        rig_wait (HOUR_MS);
    }
    Ggen__ReputationReply *reply = asked_about (1);
    assert_int_equal (reply->peers[0]->n_history, 3);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal (reply->peers[0]->history[i]->at, WALL_SECS + i * 3600);
        //  0.5 + 0.25 + 0.1 + 0.15 * packages / 10
        assert_near (reply->peers[0]->history[i]->score, 0.85 + 0.015 * (i + 1), 1e-4);
    }
    puppet_free (reply);
    reply = asked_about_all ();
    assert_int_equal (reply->peers[0]->n_history, 0);
    puppet_free (reply);
}

//  ---- ranking -----------------------------------------------------------------------------------

static void
ranks_the_best_first_the_low_later_and_the_banned_last (void **unused)
{
    (void) unused;
    has_company (10);
    saw (1, WRONG_BYTES);                   //  banned
    saw (2, FAILED);                        //  0.25: low
    saw_package (4, SERVED, 3999, 0);       //  0.5 + 0.0625 + 0.1 = 0.6625: low
    saw_package (5, SERVED, 10, 1);         //  0.865
    rig_settle ();
    Ggen__RankReply *reply = ranked (1, 5); //  3 is not known: 0.75
    assert_int_equal (reply->n_peers, 5);
    const uint32_t expected[] = {5, 3, 4, 2, 1};
    const bool low[] = {false, false, true, true, true};
    for (size_t i = 0; i < 5; i++) {
        expect_rank (reply, i, expected[i]);
        assert_int_equal (reply->peers[i]->low, low[i]);
        assert_int_equal (reply->peers[i]->banned, expected[i] == 1);
    }
    puppet_free (reply);
}

static void
equal_peers_stay_as_they_were_asked (void **unused)
{
    (void) unused;
    Ggen__RankReply *reply = ranked (1, 20);
    for (uint32_t i = 0; i < 20; i++)
        expect_rank (reply, i, 1 + i);
    puppet_free (reply);
}

//  Twelve served, ten packages, at once: trusted; nine served are not.
static void
trust_needs_ten_transfers (void **unused)
{
    (void) unused;
    for (unsigned i = 0; i < 10; i++) {
        if (i < 9)
            saw_package (1, SERVED, 10, 1 + i);
        saw_package (2, SERVED, 10, 1 + i);
    }
    Ggen__RankReply *reply = ranked (1, 2);
    expect_rank (reply, 0, 2);
    assert_true (reply->peers[0]->trusted);
    assert_false (reply->peers[1]->trusted);
    puppet_free (reply);
}

static void
a_request_out_of_bounds_is_refused (void **unused)
{
    (void) unused;
    static uint8_t key[33];
    static ProtobufCBinaryData fields[REPUTATION_KEYS_MAX + 1];
    Ggen__RankRequest rank = GGEN__RANK_REQUEST__INIT;
    for (size_t i = 0; i < COUNT_OF (fields); i++)
        fields[i] = (ProtobufCBinaryData) {32, key};
    rank.peer_keys = fields;
    rank.n_peer_keys = REPUTATION_KEYS_MAX + 1;
    puppet_ask (&reputation, &rank.base);
    expect_failure (VALIDATION);
    rank.n_peer_keys = REPUTATION_KEYS_MAX;
    puppet_ask (&reputation, &rank.base);
    puppet_free (puppet_hear (&reputation, &ggen__rank_reply__descriptor));
    fields[7].len = 33;
    puppet_ask (&reputation, &rank.base);
    expect_failure (VALIDATION);
}

//  ---- places ------------------------------------------------------------------------------------

static void
at_home_in_berlin (void)
{
    rig_stop ();
    settings.located = true;
    settings.latitude = 52.52;
    settings.longitude = 13.405;
    rig_start ();
    rig_settle ();
}

//  Potsdam is 26.9184 km from Berlin: 0.1 * (1 - 0.269184) = 0.0730816
static void
a_near_peer_comes_before_an_equal_one (void **unused)
{
    (void) unused;
    at_home_in_berlin ();
    comes_up (1);
    comes_up (2);
    says_where (2, 52.4009, 13.0591);
    says_where (1, 53.5511, 9.9937);
    Ggen__RankReply *rank = ranked (1, 2);
    expect_rank (rank, 0, 2);
    assert_near (rank->peers[0]->score, 0.85 + 0.0730816, 1e-6);
    assert_near (rank->peers[1]->score, 0.85, 1e-9);
    puppet_free (rank);
    Ggen__ReputationReply *reply = asked_about (2);
    assert_true (reply->peers[0]->located);
    assert_near (reply->peers[0]->latitude, 52.4009, 1e-7);
    assert_near (reply->peers[0]->longitude, 13.0591, 1e-7);
    assert_near (reply->peers[0]->distance_km, 26.9184, 1e-3);
    puppet_free (reply);
}

//  Whoever says that it is next door does not get past security.min_peer_reputation by that.
static void
a_place_does_not_lift_a_low_peer (void **unused)
{
    (void) unused;
    at_home_in_berlin ();
    saw_package (1, SERVED, 3999, 0);       //  0.6625
    says_where (1, 52.52, 13.405);
    Ggen__RankReply *rank = ranked (1, 2);  //  2 is not known: 0.75
    expect_rank (rank, 0, 2);
    assert_near (rank->peers[1]->score, 0.7625, 1e-6);
    assert_true (rank->peers[1]->low);
    puppet_free (rank);
}

static void
a_place_off_the_globe_is_none (void **unused)
{
    (void) unused;
    at_home_in_berlin ();
    comes_up (1);
    says_where (1, NAN, 0);
    says_where (1, 91, 0);
    Ggen__ReputationReply *reply = asked_about (1);
    assert_false (reply->peers[0]->located);
    puppet_free (reply);
}

//  ---- whom it remembers -------------------------------------------------------------------------

static bool
is_known (uint32_t number)
{
    Ggen__ReputationReply *reply = asked_about_all ();
    peer_t key = peer (number);
    bool known = false;
    for (size_t i = 0; i < reply->n_peers; i++)
        known |= memcmp (reply->peers[i]->score->peer_key.data, key.bytes, 32) == 0;
    puppet_free (reply);
    return known;
}

static void
those_only_seen_are_forgotten_after_a_day (void **unused)
{
    (void) unused;
    has_company (3);
    comes_up (1);
    goes_down (1, OK);
    saw (2, SERVED);
    rig_wait (DAY_MS);
    assert_true (is_known (1));
    rig_wait (2 * HOUR_MS);
    assert_false (is_known (1));
    assert_true (is_known (2));
    assert_true (is_known (1000));
}

//  0.25 / 5 for a response of 5 s, 0.1 / 25 for a day ago: below 0.2.
static void
a_bad_peer_is_forgotten_after_a_week_and_a_good_one_is_not (void **unused)
{
    (void) unused;
    has_company (100);
    saw_package (1, SERVED, 4999, 0);
    for (unsigned i = 0; i < 9; i++)
        saw (1, FAILED);
    saw (2, SERVED);
    rig_wait (7 * DAY_MS);
    assert_true (is_known (1));
    rig_wait (2 * HOUR_MS);
    assert_false (is_known (1));
    assert_true (is_known (2));
    //  Nor is it loaded again
    rig_wait (LEDGER_DELAY_MS);
    rig_restart ();
    assert_false (is_known (1));
    assert_true (is_known (2));
}

static void
when_full_those_without_history_and_long_unseen_go_first (void **unused)
{
    (void) unused;
    rig_stop ();
    settings.peers_max = 32;
    rig_start ();
    rig_settle ();
    saw (1, WRONG_BYTES);               //  banned
    saw (2, SERVED);                    //  history
    for (uint32_t i = 3; i <= 32; i++) {
        comes_up (i);
        if (i != 5)
            goes_down (i, OK);          //  only seen; 5 has a session
        rig_wait (1000);
    }
    comes_up (100);
    //  A sixteenth of 32: the two that were seen longest ago
    assert_false (is_known (3) || is_known (4));
    for (uint32_t i = 5; i <= 32; i++)
        assert_true (is_known (i));
    assert_true (is_known (1) && is_known (2) && is_known (100));
    //  Many strangers later: the ban, the session and the history are there
    for (uint32_t i = 200; i < 400; i++) {
        comes_up (i);
        goes_down (i, OK);
    }
    assert_true (is_banned (1));
    assert_true (is_known (5) && is_known (2) && is_known (100));
}

static void
when_all_have_to_stay_a_new_one_is_not_remembered (void **unused)
{
    (void) unused;
    rig_stop ();
    settings.peers_max = 8;
    rig_start ();
    rig_settle ();
    has_company (8);
    saw (1, SERVED);
    assert_false (is_known (1));
    goes_down (1000, OK);
    saw (1, SERVED);
    assert_true (is_known (1));
}

static void
those_who_are_banned_are_never_forgotten (void **unused)
{
    (void) unused;
    rig_stop ();
    settings.peers_max = 32;
    rig_start ();
    rig_settle ();
    for (uint32_t i = 1; i <= 24; i++)
        saw (i, WRONG_BYTES);
    has_company (8);
    rig_settle ();
    saw (100, SERVED);
    assert_false (is_known (100));
    for (uint32_t i = 1; i <= 24; i++)
        assert_true (is_known (i));
}

int
main (void)
{
#define rigged(test) cmocka_unit_test_setup_teardown (test, rig_setup, rig_teardown)
    const struct CMUnitTest tests[] = {
        rigged (a_peer_never_met_is_given_credit),
        rigged (what_it_saw_makes_the_score),
        rigged (a_failure_is_no_sample_of_speed_and_no_sign_of_life),
        rigged (a_peer_with_a_session_is_seen_all_the_time),
        rigged (when_swarm_has_no_peers_all_sessions_are_over),
        rigged (peers_met_for_one_lookup_are_not_remembered),
        rigged (nonsense_is_not_counted),
        rigged (nobody_on_another_node_can_tell_it_anything),
        rigged (history_is_told_of_those_who_are_named),
        rigged (ranks_the_best_first_the_low_later_and_the_banned_last),
        rigged (equal_peers_stay_as_they_were_asked),
        rigged (trust_needs_ten_transfers),
        rigged (a_request_out_of_bounds_is_refused),
        rigged (a_near_peer_comes_before_an_equal_one),
        rigged (a_place_does_not_lift_a_low_peer),
        rigged (a_place_off_the_globe_is_none),
        rigged (those_only_seen_are_forgotten_after_a_day),
        rigged (a_bad_peer_is_forgotten_after_a_week_and_a_good_one_is_not),
        rigged (when_full_those_without_history_and_long_unseen_go_first),
        rigged (when_all_have_to_stay_a_new_one_is_not_remembered),
        rigged (those_who_are_banned_are_never_forgotten),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
