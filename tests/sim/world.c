// SPDX-License-Identifier: MIT
//  The world of many nodes (lib/world.h), shown by toys that ask each other for echoes over links.
#include "lib/clients.h"
#include "lib/network.h"
#include "lib/toy.h"
#include "runtime/actor/admit.h"
#include "tests/unit/seeded.h"

#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#define NODES_COUNT 20u
#define SECOND      INT64_C (1000000)

typedef struct {
    world_t *world;
    toy_settings_t settings[NODES_COUNT];
    uint32_t interval_ms;
    double loss;
    bool real_crypto;
} stage_t;

static void
compose (void *context, world_t *world, uint32_t node, node_plan_t *plan)
{
    stage_t *stage = context;
    stage->settings[node] = (toy_settings_t) {world, node, stage->interval_ms};
    world_plan_add (plan, &toy_swarm_actor, &stage->settings[node]);
    world_plan_add (plan, &toy_actor, &stage->settings[node]);
}

static void
stage_open (stage_t *stage, uint64_t seed)
{
    world_setup_t setup = {.seed = seed,
                           .compose = compose,
                           .context = stage,
                           .skew_ms_max = 5000,
                           .drift_ppm_max = 100,
                           .real_crypto = stage->real_crypto,
                           .loss = stage->loss};
    if (stage->interval_ms == 0)
        stage->interval_ms = 200;
    stage->world = world_new (&setup);
    for (uint32_t i = 0; i < NODES_COUNT; i++)
        world_start (stage->world, world_add (stage->world, NULL));
}

static toy_counts_t
counts_of (const stage_t *stage, uint32_t node)
{
    const void *toy = world_actor (stage->world, node, "toy");
    return toy ? toy_counts (toy) : (toy_counts_t) {0};
}

static toy_counts_t
counts_of_all (const stage_t *stage)
{
    toy_counts_t all = {0};
    for (uint32_t i = 0; i < NODES_COUNT; i++) {
        toy_counts_t one = counts_of (stage, i);
        all.asked += one.asked;
        all.answered += one.answered;
        all.failed += one.failed;
        all.rtt_ms_sum += one.rtt_ms_sum;
    }
    return all;
}

//  ---- the same seed -------------------------------------------------------------------------------

//  All kinds of faults, one after the other.
static void
storm (stage_t *stage)
{
    world_t *world = stage->world;
    world_run (world, 2 * SECOND);
    world_kill (world, 3);
    world_vanish (world, 4);
    world_freeze (world, 5, 3000);
    network_group (world, 6, 1);
    network_cut (world, 0, 1, true);
    network_break (world, 5);
    network_outage (world, 2, true);
    world_run (world, 20 * SECOND);
    network_heal (world);
    network_outage (world, 2, false);
    world_start (world, 3);
    world_start (world, 4);
    world_stop (world, 7);
    world_run (world, 25 * SECOND);
}

static void
digest_of (uint64_t seed, bool real_crypto, uint8_t digest[WORLD_DIGEST_SIZE])
{
    stage_t stage = {.loss = 0.01, .real_crypto = real_crypto};
    stage_open (&stage, seed);
    storm (&stage);
    world_digest (stage.world, digest);
    world_destroy (&stage.world);
}

static void
the_same_seed_gives_the_same_digest (void **state)
{
    (void) state;
    uint8_t first[WORLD_DIGEST_SIZE], second[WORLD_DIGEST_SIZE];
    void *ballast[100];
    digest_of (seed_of_run (), false, first);
    for (unsigned i = 0; i < COUNT_OF (ballast); i++)
        ballast[i] = malloc (17 * i + 1);
    digest_of (seed_of_run (), false, second);
    for (unsigned i = 0; i < COUNT_OF (ballast); i++)
        free (ballast[i]);
    assert_memory_equal (first, second, sizeof first);
}

static void
another_seed_is_another_run (void **state)
{
    (void) state;
    uint8_t first[WORLD_DIGEST_SIZE], second[WORLD_DIGEST_SIZE];
    digest_of (seed_of_run (), false, first);
    digest_of (seed_of_run () + 1, false, second);
    assert_memory_not_equal (first, second, sizeof first);
}

static void
observer_arrives (void *context, world_t *world, const note_t *note)
{
    (void) world, (void) note;
    ++*(uint64_t *) context;
}

static void
who_watches_changes_nothing (void **state)
{
    (void) state;
    uint8_t first[WORLD_DIGEST_SIZE], second[WORLD_DIGEST_SIZE];
    uint64_t seen = 0;
    digest_of (seed_of_run (), false, first);
    stage_t stage = {.loss = 0.01};
    stage_open (&stage, seed_of_run ());
    observer_t observer = {.context = &seen, .arrives = observer_arrives};
    world_observe (stage.world, &observer);
    storm (&stage);
    world_digest (stage.world, second);
    assert_int_equal (seen, world_counts (stage.world).letters);
    world_destroy (&stage.world);
    assert_memory_equal (first, second, sizeof first);
}

//  ---- the network ---------------------------------------------------------------------------------

static void
toys_hear_each_other_on_all_nodes (void **state)
{
    (void) state;
    stage_t stage = {0};
    stage_open (&stage, seed_of_run ());
    world_run (stage.world, 30 * SECOND);
    for (uint32_t i = 0; i < NODES_COUNT; i++) {
        assert_true (counts_of (&stage, i).answered > 50);
        assert_int_equal (counts_of (&stage, i).failed, 0);
    }
    world_destroy (&stage.world);
}

//  What a tap on one node would see of a dial.
typedef struct {
    uint32_t dialler, target;
    int64_t up_us, accepted_us, answered_us;
} dial_t;

static void
watch_dial (void *context, world_t *world, const note_t *note)
{
    dial_t *dial = context;
    Ggen__Envelope *envelope = world_envelope (note);
    assert_non_null (envelope);
    bool up = strcmp (envelope->type, "LinkUp") == 0;
    (void) world;
    if (up && note->node == dial->dialler && dial->up_us == 0)
        dial->up_us = note->at_us;
    if (up && note->node == dial->target && dial->accepted_us == 0)
        dial->accepted_us = note->at_us;
    if (note->node == dial->dialler && strcmp (envelope->type, "LinkReceived") == 0
        && dial->answered_us == 0)
        dial->answered_us = note->at_us;
    ggen__envelope__free_unpacked (envelope, NULL);
}

static void
a_dial_takes_four_and_a_half_round_trips_to_the_first_reply (void **state)
{
    (void) state;
    stage_t stage = {.interval_ms = 1000000};
    stage_open (&stage, seed_of_run ());
    world_t *world = stage.world;
    dial_t dial = {.dialler = 0, .target = 1};
    observer_t observer = {.context = &dial, .arrives = watch_dial};
    world_observe (world, &observer);
    world_run (world, SECOND);
    Ggen__Progress message = GGEN__PROGRESS__INIT;
    clients_ask (world, 0, "toy@1", &message.base, 10000, NULL, NULL);
    world_run (world, 10 * SECOND);
    double rtt_us = 2.0 * (double) network_latency_us (world, 0, 1);
    assert_in_range ((uint64_t) (dial.accepted_us - SECOND), (uint64_t) (2.9 * rtt_us),
                     (uint64_t) (3.9 * rtt_us));
    assert_in_range ((uint64_t) (dial.up_us - SECOND), (uint64_t) (3.4 * rtt_us),
                     (uint64_t) (4.4 * rtt_us));
    assert_in_range ((uint64_t) (dial.answered_us - SECOND), (uint64_t) (4.4 * rtt_us),
                     (uint64_t) (5.7 * rtt_us));
    world_destroy (&stage.world);
}

#define ORDERED_COUNT 300u

//  Numbers in the order in which "toy" of node 1 gets them.
typedef struct {
    uint64_t count, last;
    bool disorder;
} order_t;

static void
watch_order (void *context, world_t *world, const note_t *note)
{
    order_t *order = context;
    if (note->node != 1 || note->kind != GGEN__KIND__REQUEST
        || strcmp (world_seat_name (world, note->node, note->seat), "toy") != 0)
        return;
    mail_t mail = letters_mail (note);
    Ggen__Progress *message = ggen__progress__unpack (NULL, mail.body.size, mail.body.data);
    assert_non_null (message);
    if (message->done <= ORDERED_COUNT) {       //  else a toy's own, which says the time
        order->disorder |= message->done <= order->last;
        order->last = message->done;
        order->count++;
    }
    ggen__progress__free_unpacked (message, NULL);
}

static void
within_a_link_nothing_overtakes_though_packets_are_lost (void **state)
{
    (void) state;
    stage_t stage = {.interval_ms = 1000000, .loss = 0.05};
    stage_open (&stage, seed_of_run ());
    world_t *world = stage.world;
    order_t order = {0};
    observer_t observer = {.context = &order, .arrives = watch_order};
    world_observe (world, &observer);
    Ggen__Progress message = GGEN__PROGRESS__INIT;
    for (message.done = 1; message.done <= ORDERED_COUNT; message.done++) {
        clients_ask (world, 0, "toy@1", &message.base, 20000, NULL, NULL);
        if (message.done == 5)
            world_run (world, 5 * SECOND);
        world_run (world, world_now_us (world) + 500);
    }
    world_run (world, 20 * SECOND);
    assert_int_equal (order.count, ORDERED_COUNT);
    assert_false (order.disorder);
    assert_true (network_counts (world).resent > 5);
    world_destroy (&stage.world);
}

static void
where_no_process_listens_a_dial_is_refused_and_where_no_host_is_it_times_out (void **state)
{
    (void) state;
    stage_t stage = {.interval_ms = 1000000};
    stage_open (&stage, seed_of_run ());
    world_t *world = stage.world;
    world_kill (world, 1);
    world_vanish (world, 2);
    network_counts_t before = network_counts (world);
    Ggen__Progress message = GGEN__PROGRESS__INIT;
    clients_ask (world, 0, "toy@1", &message.base, 10000, NULL, NULL);
    world_run (world, SECOND);
    assert_int_equal (network_links_of (world, 0), 0);
    clients_ask (world, 0, "toy@2", &message.base, 10000, NULL, NULL);
    world_run (world, 2 * SECOND);
    assert_int_equal (network_links_of (world, 0), 1);
    world_run (world, 8 * SECOND);
    assert_int_equal (network_links_of (world, 0), 0);
    assert_int_equal (network_counts (world).dials_failed - before.dials_failed, 2);
    world_destroy (&stage.world);
}

//  All nodes know each other now. Returns how many links node 0 has.
static uint32_t
links_after_talk (stage_t *stage)
{
    stage_open (stage, seed_of_run ());
    world_run (stage->world, 150 * SECOND);
    uint32_t links = network_links_of (stage->world, 0);
    assert_true (links >= NODES_COUNT - 1);
    return links;
}

static void
peers_of_a_dead_process_hear_of_it_at_once_and_of_a_vanished_host_by_their_heartbeats (void **state)
{
    (void) state;
    for (unsigned vanish = 0; vanish < 2; vanish++) {
        stage_t stage = {.interval_ms = 500};
        uint32_t links = links_after_talk (&stage);
        uint64_t downs = network_counts (stage.world).downs;
        vanish ? world_vanish (stage.world, 0) : world_kill (stage.world, 0);
        assert_int_equal (network_counts (stage.world).downs - downs, links);
        assert_int_equal (network_links_of (stage.world, 0), 0);
        uint32_t others = network_counts (stage.world).links;
        world_run (stage.world, world_now_us (stage.world) + SECOND / 2);
        if (vanish)
            assert_true (network_counts (stage.world).links >= others);
        else
            assert_true (network_counts (stage.world).links <= others - links / 2);
        world_destroy (&stage.world);
    }
}

static void
between_two_sides_of_a_cut_nothing_passes_and_after_it_all_is_well (void **state)
{
    (void) state;
    stage_t stage = {.interval_ms = 500};
    links_after_talk (&stage);
    world_t *world = stage.world;
    network_group (world, 0, 1);
    network_cut (world, 0, 1, true);
    network_cut (world, 1, 0, true);
    world_run (world, world_now_us (world) + SECOND);
    toy_counts_t before = counts_of (&stage, 0);
    world_run (world, world_now_us (world) + 60 * SECOND);
    toy_counts_t cut = counts_of (&stage, 0);
    assert_true (cut.answered - before.answered < 3);
    assert_true (cut.failed - before.failed > 50);
    network_heal (world);
    world_run (world, world_now_us (world) + 10 * SECOND);
    before = counts_of (&stage, 0);
    world_run (world, world_now_us (world) + 20 * SECOND);
    assert_int_equal (counts_of (&stage, 0).failed, before.failed);
    assert_true (counts_of (&stage, 0).answered - before.answered > 20);
    world_destroy (&stage.world);
}

static void
a_short_cut_delays_what_was_said_and_loses_nothing (void **state)
{
    (void) state;
    stage_t stage = {.interval_ms = 500};
    links_after_talk (&stage);
    world_t *world = stage.world;
    toy_counts_t before = counts_of_all (&stage);
    uint32_t links = network_counts (world).links;
    network_group (world, 0, 1);
    network_cut (world, 0, 1, true);
    world_run (world, world_now_us (world) + 2 * SECOND);
    network_heal (world);
    world_run (world, world_now_us (world) + 10 * SECOND);
    assert_int_equal (counts_of_all (&stage).failed, before.failed);
    assert_true (network_counts (world).links >= links);
    world_destroy (&stage.world);
}

//  ---- nodes ---------------------------------------------------------------------------------------

static void
a_frozen_node_does_nothing_and_goes_on (void **state)
{
    (void) state;
    stage_t stage = {0};
    links_after_talk (&stage);
    world_t *world = stage.world;
    world_freeze (world, 0, 4000);
    toy_counts_t before = counts_of (&stage, 0);
    world_run (world, world_now_us (world) + 3 * SECOND);
    assert_int_equal (counts_of (&stage, 0).asked, before.asked);
    assert_int_equal (world_node_state (world, 0), NODE_FROZEN);
    world_run (world, world_now_us (world) + 4 * SECOND);
    assert_true (counts_of (&stage, 0).asked > before.asked);
    world_destroy (&stage.world);
}

//  What its mailbox has no room for waits, as in the buffers of the system.
static void
nothing_that_links_tell_a_frozen_node_is_lost (void **state)
{
    (void) state;
    stage_t stage = {.interval_ms = 10};
    links_after_talk (&stage);
    world_t *world = stage.world;
    world_freeze (world, 0, 4000);
    uint64_t before = world_counts (world).dropped;
    world_run (world, world_now_us (world) + 3 * SECOND);
    assert_int_equal (world_counts (world).depth_max, ADMIT_REQUESTS_MAX);
    world_run (world, world_now_us (world) + 4 * SECOND);
    assert_int_equal (world_counts (world).dropped, before);
    world_destroy (&stage.world);
}

static void
a_node_that_starts_again_is_another_incarnation (void **state)
{
    (void) state;
    stage_t stage = {0};
    links_after_talk (&stage);
    world_t *world = stage.world;
    world_stop (world, 0);
    world_run (world, world_now_us (world) + SECOND);
    assert_int_equal (world_node_state (world, 0), NODE_OFF);
    assert_null (world_actor (world, 0, "toy"));
    world_start (world, 0);
    assert_int_equal (counts_of (&stage, 0).asked, 0);
    world_run (world, world_now_us (world) + 10 * SECOND);
    assert_true (counts_of (&stage, 0).answered > 10);
    assert_int_equal (world_counts (world).nodes_on, NODES_COUNT);
    world_destroy (&stage.world);
}

static void
mail_to_an_earlier_incarnation_is_lost (void **state)
{
    (void) state;
    stage_t stage = {.interval_ms = 1000000};
    stage_open (&stage, seed_of_run ());
    world_t *world = stage.world;
    world_run (world, SECOND);
    uint8_t toy = world_seat (world, 0, "toy");
    uint64_t handled = world_metrics (world, 0, toy).handled;
    Ggen__Progress message = GGEN__PROGRESS__INIT;
    clients_tell (world, 0, "toy", &message.base);
    world_run (world, SECOND + 1000);
    assert_int_equal (world_metrics (world, 0, toy).handled, handled + 1);
    clients_tell (world, 0, "toy", &message.base);
    world_kill (world, 0);
    world_start (world, 0);
    uint64_t lost = world_counts (world).lost;
    world_run (world, 2 * SECOND);
    assert_int_equal (world_metrics (world, 0, toy).handled, 0);
    assert_int_equal (world_counts (world).lost, lost + 1);
    world_destroy (&stage.world);
}

static void
wall_clocks_are_off_and_drift_and_monotonic_ones_cannot_be_compared (void **state)
{
    (void) state;
    stage_t stage = {0};
    stage_open (&stage, seed_of_run ());
    world_t *world = stage.world;
    assert_int_not_equal (world_mono_ms (world, 0), world_mono_ms (world, 1));
    int64_t apart_ms = world_wall_ms (world, 0) - world_wall_ms (world, 1);
    assert_true (apart_ms != 0 && apart_ms <= 10000 && apart_ms >= -10000);
    world_skew (world, 0, 3600000, 1000);
    assert_int_equal (world_wall_ms (world, 0), CLOCKS_START_WALL_MS + 3600000);
    world_run (world, 100 * SECOND);
    assert_int_equal (world_wall_ms (world, 0), CLOCKS_START_WALL_MS + 3600000 + 100000 + 100);
    world_destroy (&stage.world);
}

//  ---- clients -------------------------------------------------------------------------------------

typedef struct {
    unsigned count;
    code_t code;
    uint64_t done;
} ends_t;

static void
client_done (void *context, world_t *world, const client_reply_t *reply)
{
    ends_t *ends = context;
    (void) world;
    ends->count++;
    ends->code = reply->code;
    Ggen__Progress *answer = clients_unpack (reply, &ggen__progress__descriptor);
    if (!answer)
        return;
    ends->done = answer->done;
    ggen__progress__free_unpacked (answer, NULL);
}

//  ---- actors --------------------------------------------------------------------------------------

//  At most one in ten of "toy"'s requests.
static code_t
refuse_some (void *rng, world_t *world, const note_t *note)
{
    bool toy = strcmp (world_seat_name (world, note->node, note->seat), "toy") == 0;
    return toy && rng_below (rng, 10) == 0 ? STORAGE : OK;
}

static void
an_actor_that_fails_is_born_again_and_owes_nothing (void **state)
{
    (void) state;
    stage_t stage = {0};
    stage_open (&stage, seed_of_run ());
    world_t *world = stage.world;
    world_run (world, 5 * SECOND);
    toy_counts_t before = counts_of (&stage, 0);
    assert_true (before.asked > 0);
    world_fail (world, 0, world_seat (world, 0, "toy"));
    assert_int_equal (world_counts (world).incarnations, 1);
    assert_int_equal (counts_of (&stage, 0).asked, 0);
    world_run (world, 15 * SECOND);
    assert_true (counts_of (&stage, 0).answered > 0);
    world_kill (world, 1);
    world_fail (world, 1, 0);
    world_destroy (&stage.world);
}

static void
a_mailbox_is_bounded_and_who_comes_to_a_stalled_actor_too_late_is_told_busy (void **state)
{
    (void) state;
    stage_t stage = {.interval_ms = 1000000};
    stage_open (&stage, seed_of_run ());
    world_t *world = stage.world;
    ends_t ends[3 * ADMIT_REQUESTS_MAX] = {0};
    Ggen__Progress message = GGEN__PROGRESS__INIT;
    world_stall (world, 0, world_seat (world, 0, "toy"), 500);
    for (unsigned i = 0; i < COUNT_OF (ends); i++)
        clients_ask (world, 0, "toy", &message.base, 3000, client_done, &ends[i]);
    world_run (world, SECOND / 4);
    assert_int_equal (world_depth (world, 0, world_seat (world, 0, "toy")), ADMIT_REQUESTS_MAX);
    world_run (world, SECOND);
    unsigned busy = 0, good = 0;
    for (unsigned i = 0; i < COUNT_OF (ends); i++) {
        assert_int_equal (ends[i].count, 1);
        busy += ends[i].code == BUSY;
        good += ends[i].code == OK;
    }
    assert_int_equal (good, ADMIT_REQUESTS_MAX);
    assert_int_equal (busy, COUNT_OF (ends) - ADMIT_REQUESTS_MAX);
    assert_int_equal (world_counts (world).busy, busy);
    assert_int_equal (world_counts (world).depth_max, ADMIT_REQUESTS_MAX);
    world_destroy (&stage.world);
}

static void
requests_can_be_refused_on_their_way (void **state)
{
    (void) state;
    stage_t stage = {0};
    stage_open (&stage, seed_of_run ());
    world_t *world = stage.world;
    rng_t rng;
    world_rng (world, &rng, "refusals", 0);
    world_refuse (world, refuse_some, &rng);
    world_run (world, 30 * SECOND);
    toy_counts_t all = counts_of_all (&stage);
    assert_in_range (all.failed, all.asked / 20, all.asked / 5);
    world_refuse (world, NULL, NULL);
    uint32_t open, pending;
    world_debts (world, &open, &pending);
    assert_true (pending > 0);
    assert_int_equal (pending, all.asked - all.answered - all.failed);
    world_destroy (&stage.world);
}

static ends_t
ask (world_t *world, uint32_t node, const char *to)
{
    ends_t ends = {0};
    Ggen__Progress message = GGEN__PROGRESS__INIT;
    message.done = 42;
    clients_ask (world, node, to, &message.base, 3000, client_done, &ends);
    assert_int_equal (ends.count, 0);
    world_run (world, world_now_us (world) + 5 * SECOND);
    assert_int_equal (ends.count, 1);
    return ends;
}

static void
a_client_gets_its_answer_or_another_end (void **state)
{
    (void) state;
    stage_t stage = {0};
    stage_open (&stage, seed_of_run ());
    world_t *world = stage.world;
    assert_int_equal (ask (world, 0, "toy").done, 42);
    assert_int_equal (ask (world, 0, "toy@3").done, 42);
    assert_int_equal (ask (world, 0, "nobody").code, FEATURE_NOT_ENABLED);
    assert_int_equal (ask (world, 0, "toy@99").code, TIMEOUT);
    world_kill (world, 0);
    assert_int_equal (ask (world, 0, "toy").code, NODE_NOT_STARTED);
    assert_int_equal (clients_waiting (world), 0);
    world_destroy (&stage.world);
}

static void
a_clients_time_is_its_own_though_another_had_its_place (void **state)
{
    (void) state;
    stage_t stage = {.interval_ms = 1000000};
    stage_open (&stage, seed_of_run ());
    world_t *world = stage.world;
    ends_t first = {0}, second = {0};
    Ggen__Progress message = GGEN__PROGRESS__INIT;
    clients_ask (world, 0, "toy", &message.base, 1000, client_done, &first);
    world_run (world, SECOND / 10);
    assert_int_equal (first.count, 1);
    world_stall (world, 0, world_seat (world, 0, "toy"), 5000);
    clients_ask (world, 0, "toy", &message.base, 8000, client_done, &second);
    world_run (world, 4 * SECOND);
    assert_int_equal (second.count, 0);
    world_run (world, 7 * SECOND);
    assert_int_equal (second.count, 1);
    assert_int_equal (second.code, OK);
    world_destroy (&stage.world);
}

static void
a_client_of_a_node_that_dies_is_told (void **state)
{
    (void) state;
    stage_t stage = {0};
    stage_open (&stage, seed_of_run ());
    ends_t ends = {0};
    Ggen__Progress message = GGEN__PROGRESS__INIT;
    clients_ask (stage.world, 0, "toy@1", &message.base, 3000, client_done, &ends);
    world_kill (stage.world, 0);
    world_run (stage.world, 5 * SECOND);
    assert_int_equal (ends.count, 1);
    assert_int_equal (ends.code, NODE_NOT_STARTED);
    world_destroy (&stage.world);
}

//  ---- faults --------------------------------------------------------------------------------------

static void
the_first_violation_is_kept_and_all_are_counted (void **state)
{
    (void) state;
    stage_t stage = {0};
    stage_open (&stage, seed_of_run ());
    world_run (stage.world, SECOND);
    assert_null (world_fault (stage.world));
    world_violation (stage.world, "package %d is lost", 7);
    world_violation (stage.world, "another");
    assert_string_equal (world_fault (stage.world), "at 1.000000 s: package 7 is lost");
    assert_int_equal (world_counts (stage.world).violations, 2);
    world_destroy (&stage.world);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (the_same_seed_gives_the_same_digest),
        cmocka_unit_test (another_seed_is_another_run),
        cmocka_unit_test (who_watches_changes_nothing),
        cmocka_unit_test (toys_hear_each_other_on_all_nodes),
        cmocka_unit_test (a_dial_takes_four_and_a_half_round_trips_to_the_first_reply),
        cmocka_unit_test (within_a_link_nothing_overtakes_though_packets_are_lost),
        cmocka_unit_test (
            where_no_process_listens_a_dial_is_refused_and_where_no_host_is_it_times_out),
        cmocka_unit_test (
            peers_of_a_dead_process_hear_of_it_at_once_and_of_a_vanished_host_by_their_heartbeats),
        cmocka_unit_test (between_two_sides_of_a_cut_nothing_passes_and_after_it_all_is_well),
        cmocka_unit_test (a_short_cut_delays_what_was_said_and_loses_nothing),
        cmocka_unit_test (a_frozen_node_does_nothing_and_goes_on),
        cmocka_unit_test (nothing_that_links_tell_a_frozen_node_is_lost),
        cmocka_unit_test (a_node_that_starts_again_is_another_incarnation),
        cmocka_unit_test (mail_to_an_earlier_incarnation_is_lost),
        cmocka_unit_test (wall_clocks_are_off_and_drift_and_monotonic_ones_cannot_be_compared),
        cmocka_unit_test (an_actor_that_fails_is_born_again_and_owes_nothing),
        cmocka_unit_test (
            a_mailbox_is_bounded_and_who_comes_to_a_stalled_actor_too_late_is_told_busy),
        cmocka_unit_test (requests_can_be_refused_on_their_way),
        cmocka_unit_test (a_client_gets_its_answer_or_another_end),
        cmocka_unit_test (a_clients_time_is_its_own_though_another_had_its_place),
        cmocka_unit_test (a_client_of_a_node_that_dies_is_told),
        cmocka_unit_test (the_first_violation_is_kept_and_all_are_counted),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
