// SPDX-License-Identifier: MIT
//  Two that have a session agree whether it is there to stay.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "actors/swarm/sessions.h"
#include "actors/swarm/stay.h"
#include "tests/unit/swarm_world.h"

#define PAUSE_MS (FULL_PAUSE_SECS * INT64_C (1000))

static int
teardown (void **state)
{
    (void) state;
    world_clear ();
    return 0;
}

static void
connect_to (node_t *node, const node_t *peer)
{
    Ggen__ConnectRequest request = GGEN__CONNECT_REQUEST__INIT;
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    request.address = (ProtobufCBinaryData) {peer->listens.size, (uint8_t *) peer->listens.data};
    request.peer_key = peer_key_to_field (&peer->key);
    envelope.kind = GGEN__KIND__REQUEST;
    envelope.budget_ms = 60000;
    world_say (node, "client-1", "swarm", &envelope, &request.base, (bytes_t) {NULL, 0});
}

static void
meet (node_t *node, node_t *peer)
{
    world_ask (node, peer, "dht");
    world_run (200);
    assert_true (world_answer (peer, "dht"));
    world_run (100);
}

static bool
keeps (const node_t *node, const node_t *peer)
{
    const link_t *link = world_session (node, peer);
    return link && link->kept;
}

static node_t *
started (uint32_t min_peers, uint32_t max_peers)
{
    node_t *node = world_node (10);
    node->settings.min_peers = min_peers;
    node->settings.max_peers = max_peers;
    world_start (node);
    return node;
}

//  A node whose only place is taken by another.
static node_t *
full (void)
{
    node_t *node = started (0, 1), *guest = started (0, 128);
    connect_to (guest, node);
    world_run (200);
    assert_true (keeps (node, guest) && keeps (guest, node));
    return node;
}

//  PeerUp, the last of them that was said: was it one of a session that stays?
static bool
last_up_kept (node_t *node, unsigned *count_p)
{
    note_t note;
    Ggen__Envelope *envelope;
    bool kept = false;
    *count_p = 0;
    while (world_take (node, "watcher", "PeerUp", &note, &envelope)) {
        Ggen__PeerUp *up = ggen__peer_up__unpack (NULL, note.body_size, note.body);
        assert_non_null (up);
        kept = up->kept;
        ++*count_p;
        ggen__peer_up__free_unpacked (up, NULL);
        ggen__envelope__free_unpacked (envelope, NULL);
        note_free (&note);
    }
    return kept;
}

//  ---- no room -----------------------------------------------------------------------------------

static void
who_is_dialled_and_has_no_place_says_so_and_the_dialler_does_not_keep_it_either (void **state)
{
    (void) state;
    node_t *b = full (), *a = started (0, 128);
    unsigned count;
    connect_to (a, b);
    world_run (200);
    assert_non_null (world_session (a, b));
    assert_non_null (world_session (b, a));
    assert_false (keeps (a, b));
    assert_false (keeps (b, a));
    assert_false (last_up_kept (a, &count));
    assert_int_equal (count, 2);
    world_run (2 * IDLE_MS);
    assert_null (world_session (a, b));
    assert_null (world_session (b, a));
}

static void
a_session_at_hand_that_the_other_side_cannot_keep_is_not_kept (void **state)
{
    (void) state;
    node_t *b = full (), *a = started (1, 128);
    meet (a, b);
    assert_false (keeps (a, b));
    assert_false (keeps (b, a));
}

static void
who_is_refused_finds_one_that_has_a_place (void **state)
{
    (void) state;
    node_t *b = full (), *c = full (), *a = started (1, 128), *d = started (0, 128);
    meet (a, b);
    meet (a, c);
    assert_int_equal (links_census (world_swarm (a)->links).kept, 0);
    meet (a, d);
    assert_true (keeps (a, d));
    assert_true (keeps (d, a));
}

static void
who_is_refused_asks_again_when_the_pause_is_over_and_not_before (void **state)
{
    (void) state;
    node_t *b = full (), *a = started (1, 128);
    meet (a, b);
    unsigned wires = world.wires_count;
    world_swarm (b)->refused_full = 0;
    for (unsigned i = 0; i < 9; i++) {
        meet (a, b);                //  So it does not end
        world_run (PAUSE_MS / 10 - 300);
        assert_false (keeps (a, b));
    }
    assert_int_equal (world.wires_count, wires);
    b->settings.max_peers = 2;
    world_run (PAUSE_MS / 10 + 1000);
    assert_true (keeps (a, b));
    assert_true (keeps (b, a));
}

//  The session has ended meanwhile: the pause is of the peer.
static void
who_was_refused_is_not_dialled_before_the_pause_is_over (void **state)
{
    (void) state;
    node_t *b = full (), *a = started (1, 128);
    meet (a, b);
    unsigned wires = world.wires_count;
    world_run (PAUSE_MS - 1000);
    assert_null (world_session (a, b));
    assert_int_equal (world.wires_count, wires);
    meet (a, b);                    //  A lookup may
    assert_int_equal (world.wires_count, wires + 1);
    assert_false (keeps (a, b));
    b->settings.max_peers = 2;
    world_run (1000);
    assert_true (keeps (a, b));
    assert_true (keeps (b, a));
}

static void
however_long_a_pause_is_asked_for_it_is_an_hour_at_most (void **state)
{
    (void) state;
    node_t *b = full (), *a = started (1, 128);
    meet (a, b);
    sessions_renew (world_swarm (b), world_session (b, a), UINT32_MAX);
    world_run (PAUSE_MAX_SECS * INT64_C (1000) - 1000);
    b->settings.max_peers = 2;
    assert_false (keeps (a, b));
    world_run (10000);
    assert_true (keeps (a, b));
    assert_true (keeps (b, a));
}

//  ---- letting go --------------------------------------------------------------------------------

static void
who_is_let_go_does_not_ask_for_the_place_at_once (void **state)
{
    (void) state;
    node_t *a = started (0, 128), *b = started (1, 128);
    connect_to (a, b);
    world_run (200);
    assert_true (keeps (b, a));
    stay_release (world_swarm (a), world_session (a, b));
    world_run (1000);
    assert_non_null (world_session (a, b));
    assert_false (keeps (a, b));
    assert_false (keeps (b, a));
}

static void
let_go_by_one_side_and_asked_for_by_the_other_at_once_it_is_kept_by_neither (void **state)
{
    (void) state;
    node_t *a = started (0, 128), *b = started (0, 128);
    connect_to (a, b);
    world_run (200);
    //  As if b had asked just before it hears.
    links_set (world_swarm (b)->links, world_session (b, a), LINK_SESSION, false);
    stay_release (world_swarm (a), world_session (a, b));
    stay_keep (world_swarm (b), world_session (b, a), false);
    world_run (1000);
    assert_false (keeps (a, b));
    assert_false (keeps (b, a));
}

static void
who_let_go_may_ask_for_it_again (void **state)
{
    (void) state;
    node_t *a = started (0, 128), *b = started (0, 128);
    connect_to (a, b);
    world_run (200);
    stay_release (world_swarm (a), world_session (a, b));
    world_run (1000);
    connect_to (a, b);
    world_run (1000);
    assert_true (keeps (a, b));
    assert_true (keeps (b, a));
}

//  ---- what was said in Hello --------------------------------------------------------------------

static void
a_wish_that_came_after_hello_is_told (void **state)
{
    (void) state;
    node_t *a = started (0, 128), *b = started (0, 128);
    world_ask (a, b, "dht");
    world_run (2 * DELAY_MS + 1);   //  Hello is on its way
    connect_to (a, b);
    world_run (200);
    assert_true (keeps (a, b));
    assert_true (keeps (b, a));
}

static void
given_both_dial_and_one_has_no_place_they_agree (void **state)
{
    (void) state;
    unsigned all = 0;
    for (unsigned later = 0; later < 5; later++) {
        node_t *b = full (), *a = started (0, 128);
        connect_to (a, b);
        world_run (later * DELAY_MS);
        world_ask (b, a, "dht");
        world_run (500);
        assert_true (world_answer (a, "dht"));
        world_run (100);
        assert_non_null (world_session (a, b));
        assert_non_null (world_session (b, a));
        assert_int_equal (keeps (a, b), keeps (b, a));
        all += keeps (a, b);
        world_clear ();
    }
    assert_true (all < 5);
}

static void
given_both_dial_and_one_wants_to_keep_it_both_do (void **state)
{
    (void) state;
    for (unsigned later = 0; later < 5; later++) {
        node_t *b = started (0, 128), *a = started (0, 128);
        connect_to (a, b);
        world_run (later * DELAY_MS);
        world_ask (b, a, "dht");
        world_run (500);
        assert_true (keeps (a, b));
        assert_true (keeps (b, a));
        world_clear ();
    }
}

//  It dies, and nobody is told; it is back at once.
static void
die_and_begin_anew (node_t *node)
{
    for (unsigned i = 0; i < world.wires_count; i++)
        for (unsigned side = 0; side < 2; side++)
            if (world.wires[i].node[side] == node->number)
                world.wires[i].open[0] = world.wires[i].open[1] = false;
    world_stop (node);
    world_start (node);
}

//  It takes its new link for one that it dialled at the same time as the other side, and its session goes on
//  over it.
static void
given_one_begins_anew_and_dials_who_still_has_the_former_session_they_agree (void **state)
{
    (void) state;
    node_t *a = started (0, 128), *b = started (0, 128);
    if (memcmp (a->key.bytes, b->key.bytes, PEER_KEY_SIZE) < 0) {
        node_t *smaller = a;
        a = b;
        b = smaller;
    }
    connect_to (a, b);
    world_run (200);
    assert_true (keeps (a, b) && keeps (b, a));
    die_and_begin_anew (b);
    world_run (1000);
    assert_true (keeps (a, b));
    meet (b, a);
    world_run (200);
    assert_non_null (world_session (b, a));
    assert_int_equal (keeps (a, b), keeps (b, a));
}

//  ---- what it says of itself --------------------------------------------------------------------

static void
who_says_that_it_does_not_keep_what_we_keep_is_asked_to (void **state)
{
    (void) state;
    node_t *a = started (0, 128), *b = started (0, 128);
    connect_to (a, b);
    world_run (200);
    links_set (world_swarm (b)->links, world_session (b, a), LINK_SESSION, false);
    sessions_renew (world_swarm (b), world_session (b, a), 0);
    world_run (200);
    assert_true (keeps (a, b));
    assert_true (keeps (b, a));
}

//  The last word was overtaken: one side keeps what the other does not. As long as it is used the second says
//  so again; unused it ends.
static void
two_that_are_at_odds_agree_within_a_minute (void **state)
{
    (void) state;
    node_t *a = started (0, 128), *b = started (0, 128);
    connect_to (a, b);
    world_run (200);
    link_t *link = world_session (b, a);
    links_set (world_swarm (b)->links, link, LINK_SESSION, false);
    links_deadline (world_swarm (b)->links, link, link->used_ms + IDLE_MS);
    for (unsigned i = 0; i < 6; i++) {
        meet (a, b);
        world_run (10000);
    }
    assert_true (world_session (a, b) && world_session (b, a));
    assert_int_equal (keeps (a, b), keeps (b, a));
}

int
main (void)
{
    if (sodium_init () < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown (
            who_is_dialled_and_has_no_place_says_so_and_the_dialler_does_not_keep_it_either,
            teardown),
        cmocka_unit_test_teardown (a_session_at_hand_that_the_other_side_cannot_keep_is_not_kept,
                                   teardown),
        cmocka_unit_test_teardown (who_is_refused_finds_one_that_has_a_place, teardown),
        cmocka_unit_test_teardown (who_is_refused_asks_again_when_the_pause_is_over_and_not_before,
                                   teardown),
        cmocka_unit_test_teardown (who_was_refused_is_not_dialled_before_the_pause_is_over,
                                   teardown),
        cmocka_unit_test_teardown (however_long_a_pause_is_asked_for_it_is_an_hour_at_most,
                                   teardown),
        cmocka_unit_test_teardown (who_is_let_go_does_not_ask_for_the_place_at_once, teardown),
        cmocka_unit_test_teardown (
            let_go_by_one_side_and_asked_for_by_the_other_at_once_it_is_kept_by_neither, teardown),
        cmocka_unit_test_teardown (who_let_go_may_ask_for_it_again, teardown),
        cmocka_unit_test_teardown (a_wish_that_came_after_hello_is_told, teardown),
        cmocka_unit_test_teardown (given_both_dial_and_one_has_no_place_they_agree, teardown),
        cmocka_unit_test_teardown (given_both_dial_and_one_wants_to_keep_it_both_do, teardown),
        cmocka_unit_test_teardown (
            given_one_begins_anew_and_dials_who_still_has_the_former_session_they_agree, teardown),
        cmocka_unit_test_teardown (who_says_that_it_does_not_keep_what_we_keep_is_asked_to,
                                   teardown),
        cmocka_unit_test_teardown (two_that_are_at_odds_agree_within_a_minute, teardown),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
