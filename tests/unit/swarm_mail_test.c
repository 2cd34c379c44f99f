// SPDX-License-Identifier: MIT
//  Mail between actors of different nodes, through two swarms: how it gets there, and how a request
//  ends when it does not.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/swarm_world.h"

static int
teardown (void **state)
{
    (void) state;
    world_clear ();
    return 0;
}

//  ---- the way there and back --------------------------------------------------------------------

static void
a_request_makes_a_session_and_its_answer_comes_back (void **state)
{
    (void) state;
    node_t *a = world_node (10), *b = world_node (10);
    world_start (a);
    world_start (b);
    uint64_t id = world_ask (a, b, "dht");
    world_run (500);
    assert_int_equal (world_count (a, "watcher", "PeerUp"), 1);
    assert_int_equal (world_count (b, "watcher", "PeerUp"), 1);

    note_t note;
    Ggen__Envelope *envelope;
    char name[ADDRESS_MAX + 1];
    assert_true (world_take (b, "dht", "FindNodeRequest", &note, &envelope));
    snprintf (name, sizeof name, "dht@%s", a->text);
    assert_string_equal (envelope->from, name);
    assert_string_equal (envelope->to, "");
    assert_int_equal (envelope->route.len, 0);
    assert_in_range (envelope->budget_ms, 4800, 5000);
    b->notes[b->notes_count++] = note;
    ggen__envelope__free_unpacked (envelope, NULL);

    assert_true (world_answer (b, "dht"));
    world_run (100);
    assert_true (world_take (a, "dht", "FindNodeReply", &note, &envelope));
    snprintf (name, sizeof name, "dht@%s", b->text);
    assert_string_equal (envelope->from, name);
    assert_true (envelope->id == id);
    ggen__envelope__free_unpacked (envelope, NULL);
    note_free (&note);
    assert_int_equal (flights_count (world_swarm (a)->flights), 0);
    assert_int_equal (a->notes_count, 0);
}

static void
all_that_waits_for_one_peer_shares_one_dial_and_keeps_its_order (void **state)
{
    (void) state;
    node_t *a = world_node (10), *b = world_node (10);
    world_start (a);
    world_start (b);
    uint64_t ids[8];
    for (unsigned i = 0; i < COUNT_OF (ids); i++)
        ids[i] = world_ask (a, b, i % 2 ? "gossip" : "dht");
    world_run (500);
    assert_int_equal (world.wires_count, 1);
    for (unsigned i = 0; i < COUNT_OF (ids); i++)
        assert_true (world_answer (b, i % 2 ? "gossip" : "dht"));
    world_run (100);
    for (unsigned i = 0; i < COUNT_OF (ids); i++) {
        note_t note;
        Ggen__Envelope *envelope;
        assert_true (world_take (a, "dht", "FindNodeReply", &note, &envelope));
        assert_true (envelope->id == ids[i]);
        ggen__envelope__free_unpacked (envelope, NULL);
        note_free (&note);
    }
}

static void
an_event_passes_in_a_session_and_is_dropped_without (void **state)
{
    (void) state;
    node_t *a, *b;
    world_pair (&a, &b);
    Ggen__ProviderDead event = GGEN__PROVIDER_DEAD__INIT;
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    char to[ADDRESS_MAX + 1];
    envelope.kind = GGEN__KIND__EVENT;
    snprintf (to, sizeof to, "dht@%s", b->text);
    world_say (a, "dht", to, &envelope, &event.base, (bytes_t) {NULL, 0});
    world_run (100);
    assert_int_equal (world_count (b, "dht", "ProviderDead"), 1);
    world_cut (0, 1);
    world_run (100);
    world_say (a, "dht", to, &envelope, &event.base, (bytes_t) {NULL, 0});
    world_run (1000);
    assert_int_equal (world_count (b, "dht", "ProviderDead"), 0);
}

static void
a_cancel_reaches_the_one_who_was_asked (void **state)
{
    (void) state;
    node_t *a, *b;
    world_pair (&a, &b);
    uint64_t id = world_ask (a, b, "dht");
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    char to[ADDRESS_MAX + 1];
    envelope.kind = GGEN__KIND__CANCEL;
    envelope.id = id;
    snprintf (to, sizeof to, "dht@%s", b->text);
    world_say (a, "dht", to, &envelope, NULL, (bytes_t) {NULL, 0});
    world_run (100);
    note_t request, cancel;
    Ggen__Envelope *asked, *cancelled;
    assert_true (world_take (b, "dht", "FindNodeRequest", &request, &asked));
    assert_true (world_take (b, "dht", "", &cancel, &cancelled));
    assert_int_equal (cancelled->kind, GGEN__KIND__CANCEL);
    assert_true (cancelled->id == asked->id);
    assert_string_equal (cancelled->from, asked->from);
    ggen__envelope__free_unpacked (asked, NULL);
    ggen__envelope__free_unpacked (cancelled, NULL);
    note_free (&request);
    note_free (&cancel);
    assert_int_equal (flights_count (world_swarm (a)->flights), 1);
}

static void
progress_of_another_node_gives_a_request_no_more_time (void **state)
{
    (void) state;
    node_t *a, *b;
    world_pair (&a, &b);
    world_ask (a, b, "dht");
    world_run (1000);
    note_t request;
    Ggen__Envelope *asked;
    assert_true (world_take (b, "dht", "FindNodeRequest", &request, &asked));
    Ggen__Progress progress = GGEN__PROGRESS__INIT;
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__PROGRESS;
    envelope.id = asked->id;
    for (unsigned i = 0; i < 3; i++) {
        world_say (b, "dht", asked->from, &envelope, &progress.base, (bytes_t) {NULL, 0});
        world_run (1000);
    }
    assert_int_equal (world_count (a, "dht", "Progress"), 3);
    assert_int_equal (world_failure (a, 0), OK);
    world_run (2000);
    assert_int_equal (world_failure (a, 0), TIMEOUT);
    assert_int_equal (flights_count (world_swarm (a)->flights), 0);
    ggen__envelope__free_unpacked (asked, NULL);
    note_free (&request);
}

//  ---- failures ----------------------------------------------------------------------------------

static void
what_cannot_be_reached_fails_at_once (void **state)
{
    (void) state;
    node_t *a = world_node (10), *b = world_node (10);
    world_start (a);
    uint64_t first = world_ask (a, b, "dht"), second = world_ask (a, b, "dht");
    world_run (100);
    note_t note;
    Ggen__Envelope *envelope;
    char name[ADDRESS_MAX + 1];
    assert_true (world_take (a, "dht", "Failure", &note, &envelope));
    snprintf (name, sizeof name, "dht@%s", b->text);
    assert_string_equal (envelope->from, name);
    assert_true (envelope->id == first || envelope->id == second);
    ggen__envelope__free_unpacked (envelope, NULL);
    note_free (&note);
    assert_int_equal (world_failure (a, 0), CONNECTION_FAILED);
    assert_int_equal (a->notes_count, 0);
    assert_int_equal (links_count (world_swarm (a)->links), 0);
    assert_int_equal (flights_count (world_swarm (a)->flights), 0);
}

static void
a_dial_that_nobody_answers_ends_with_timeout (void **state)
{
    (void) state;
    node_t *a = world_node (10), *b = world_node (10);
    world_start (a);
    world_start (b);
    b->silent = true;
    uint64_t id = world_ask (a, b, "dht");
    world_run (DIAL_MS - 1);
    assert_int_equal (world_failure (a, id), OK);
    world_run (1);
    assert_int_equal (world_failure (a, id), TIMEOUT);
    assert_int_equal (links_count (world_swarm (a)->links), 0);
}

static void
without_an_address_it_fails_at_once (void **state)
{
    (void) state;
    node_t *a = world_node (10), *b = world_node (10);
    world_start (a);
    Ggen__FindNodeRequest request = GGEN__FIND_NODE_REQUEST__INIT;
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    char to[ADDRESS_MAX + 1];
    envelope.kind = GGEN__KIND__REQUEST;
    snprintf (to, sizeof to, "dht@%s", b->text);
    world_say (a, "dht", to, &envelope, &request.base, (bytes_t) {NULL, 0});
    assert_int_equal (world_failure (a, 0), CONNECTION_FAILED);
    world_say (a, "dht", to, &envelope, &request.base, (bytes_t) {(const uint8_t *) "\xFF", 1});
    assert_int_equal (world_failure (a, 0), CONNECTION_FAILED);
}

static void
a_peer_that_is_known_needs_no_address (void **state)
{
    (void) state;
    node_t *a, *b;
    world_pair (&a, &b);
    world_cut (0, 1);
    world_run (100);
    Ggen__FindNodeRequest request = GGEN__FIND_NODE_REQUEST__INIT;
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    char to[ADDRESS_MAX + 1];
    envelope.kind = GGEN__KIND__REQUEST;
    snprintf (to, sizeof to, "dht@%s", b->text);
    world_say (a, "dht", to, &envelope, &request.base, (bytes_t) {NULL, 0});
    world_run (200);
    assert_true (world_answer (b, "dht"));
}

static void
what_is_no_address_is_refused (void **state)
{
    (void) state;
    node_t *a = world_node (10);
    world_start (a);
    static const char *const wrong[] = {
        "dht@",
        "@12D3KooWBtg3aaRMjxwedh83aGiUkwSxDwUZkzuJcfaqUmo7R3pq",
        "dht@12D3KooWBtg3aaRMjxwedh83aGiUkwSxDwUZkzuJcfaqUmo7R3p0",
        "dht@12D3KooW",
        "dht@QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N",
        "dht@bafzaajaiaejcahwr5d5ofrfbis4l5d6uwr57hu5tjodrypfm6yaq6dsc2r2pzyt6",
        "DHT@12D3KooWBtg3aaRMjxwedh83aGiUkwSxDwUZkzuJcfaqUmo7R3pq",
        "a-name-longer-than-any-actor-has-it@12D3KooWBtg3aaRMjxwedh83aGiUkwSxDwUZkzuJcfaqUmo7R3pq"};
    for (unsigned i = 0; i < COUNT_OF (wrong); i++) {
        Ggen__FindNodeRequest request = GGEN__FIND_NODE_REQUEST__INIT;
        Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
        envelope.kind = GGEN__KIND__REQUEST;
        world_say (a, "dht", wrong[i], &envelope, &request.base, (bytes_t) {NULL, 0});
        assert_int_equal (world_failure (a, 0), VALIDATION);
    }
    world_ask (a, a, "dht");
    assert_int_equal (world_failure (a, 0), CONNECTION_FAILED);
}

static void
a_session_that_breaks_fails_what_was_asked_at_once (void **state)
{
    (void) state;
    node_t *a, *b;
    world_pair (&a, &b);
    for (unsigned i = 0; i < 3; i++)
        world_ask (a, b, "dht");
    world_run (5);
    world_cut (0, 1);
    world_run (1);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal (world_failure (a, 0), CONNECTION_FAILED);
    assert_int_equal (world_count (a, "watcher", "PeerDown"), 1);
    assert_int_equal (world_count (b, "watcher", "PeerDown"), 1);
    assert_int_equal (a->notes_count, 0);
    assert_int_equal (flights_count (world_swarm (a)->flights), 0);
    assert_int_equal (links_count (world_swarm (a)->links), 0);
}

static void
a_request_that_is_not_answered_times_out (void **state)
{
    (void) state;
    node_t *a, *b;
    world_pair (&a, &b);
    uint64_t id = world_ask (a, b, "dht");
    world_run (4999);
    assert_int_equal (world_failure (a, id), OK);
    world_run (1);
    assert_int_equal (world_failure (a, id), TIMEOUT);
    assert_true (world_answer (b, "dht"));
    world_forget ();
    world_run (100);
    assert_int_equal (a->notes_count, 0);
}

static void
a_request_that_waits_for_its_session_can_be_cancelled (void **state)
{
    (void) state;
    node_t *a = world_node (10), *b = world_node (10);
    world_start (a);
    world_start (b);
    b->silent = true;
    uint64_t id = world_ask (a, b, "dht");
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    char to[ADDRESS_MAX + 1];
    envelope.kind = GGEN__KIND__CANCEL;
    envelope.id = id;
    snprintf (to, sizeof to, "dht@%s", b->text);
    world_say (a, "gossip", to, &envelope, NULL, (bytes_t) {NULL, 0});
    assert_int_equal (a->notes_count, 0);
    world_say (a, "dht", to, &envelope, NULL, (bytes_t) {NULL, 0});
    assert_int_equal (world_failure (a, id), CANCELLED);
    assert_int_equal (world_swarm (a)->parked_bytes, 0);
}

static void
what_waits_for_a_session_is_bounded (void **state)
{
    (void) state;
    node_t *a = world_node (10), *b = world_node (10);
    world_start (a);
    world_start (b);
    b->silent = true;
    for (unsigned i = 0; i < PARKED_MAX; i++)
        world_ask (a, b, "dht");
    assert_int_equal (a->notes_count, 0);
    uint64_t id = world_ask (a, b, "dht");
    assert_int_equal (world_failure (a, id), BUSY);
    world_run (DIAL_MS);
    for (unsigned i = 0; i < PARKED_MAX; i++)
        assert_int_equal (world_failure (a, 0), TIMEOUT);
    assert_int_equal (world_swarm (a)->parked_bytes, 0);
}

static void
a_peer_that_does_not_read_is_asked_no_more (void **state)
{
    (void) state;
    node_t *a, *b;
    world_pair (&a, &b);
    world.written_held = true;
    world_session (a, b)->unwritten_bytes = UNWRITTEN_MAX;
    world_ask (a, b, "dht");
    assert_int_equal (world_failure (a, 0), OK);
    world_ask (a, b, "dht");
    assert_int_equal (world_failure (a, 0), BUSY);
    Ggen__LinkWritten written = GGEN__LINK_WRITTEN__INIT;
    written.link = world_session (a, b)->number;
    written.bytes_count = UNWRITTEN_MAX;
    world_link_says (0, &written.base, (bytes_t) {NULL, 0}, 0);
    world_run (1);
    world_ask (a, b, "dht");
    assert_int_equal (world_failure (a, 0), OK);
    written.bytes_count = UINT64_MAX;
    world_link_says (0, &written.base, (bytes_t) {NULL, 0}, 0);
    world_run (1);
    assert_int_equal (world_session (a, b)->unwritten_bytes, 0);
}

//  ---- what a peer may do ------------------------------------------------------------------------

//  Have 'b' write a frame of its own to 'a' in their session.
static void
write_frame (node_t *b, const node_t *a, Ggen__Envelope *envelope, bytes_t body,
             bytes_t attachment)
{
    Ggen__LinkSend send = GGEN__LINK_SEND__INIT;
    uint8_t packed[1024];
    send.link = world_session (b, a)->number;
    send.envelope = (ProtobufCBinaryData) {ggen__envelope__pack (envelope, packed), packed};
    send.body = (ProtobufCBinaryData) {body.size, (uint8_t *) body.data};
    world_carry (b->number, &send, attachment);
    world_run (2 * DELAY_MS);
}

static Ggen__Envelope
request_to (const char *to)
{
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__REQUEST;
    envelope.id = 77;
    envelope.from = "dht";
    envelope.to = (char *) to;
    envelope.type = "FindNodeRequest";
    return envelope;
}

static void
only_the_actors_of_the_settings_can_be_reached (void **state)
{
    (void) state;
    node_t *a, *b;
    world_pair (&a, &b);
    static const char *const hidden[] = {"installer", "keyring", "state", "link", "nobody"};
    const bytes_t none = {NULL, 0};
    for (unsigned i = 0; i < COUNT_OF (hidden); i++) {
        Ggen__Envelope envelope = request_to (hidden[i]);
        write_frame (b, a, &envelope, none, none);
        envelope.kind = GGEN__KIND__EVENT;
        write_frame (b, a, &envelope, none, none);
        envelope.kind = GGEN__KIND__CANCEL;
        write_frame (b, a, &envelope, none, none);
        assert_int_equal (world_count (a, hidden[i], "FindNodeRequest"), 0);
    }
    Ggen__Envelope envelope = request_to ("dht");
    write_frame (b, a, &envelope, none, none);
    assert_int_equal (world_count (a, "dht", "FindNodeRequest"), 1);
    assert_int_equal (a->notes_count, 0);
}

static void
a_peer_cannot_speak_for_another (void **state)
{
    (void) state;
    node_t *a, *b;
    world_pair (&a, &b);
    const bytes_t none = {NULL, 0};
    char name[ADDRESS_MAX + 1];
    Ggen__Envelope envelope = request_to ("dht");
    envelope.reply_to = "installer";
    envelope.route = (ProtobufCBinaryData) {3, (uint8_t *) "abc"};
    envelope.sent_us = 5;
    write_frame (b, a, &envelope, none, none);
    note_t note;
    Ggen__Envelope *passed;
    assert_true (world_take (a, "dht", "FindNodeRequest", &note, &passed));
    snprintf (name, sizeof name, "dht@%s", b->text);
    assert_string_equal (passed->from, name);
    assert_string_equal (passed->reply_to, "");
    assert_int_equal (passed->route.len, 0);
    assert_int_equal (passed->budget_ms, BUDGET_IN_MS);
    ggen__envelope__free_unpacked (passed, NULL);
    note_free (&note);
    snprintf (name, sizeof name, "dht@%s", a->text);
    static const char *const wrong[] = {"", "installer@x", "DHT", "d h t", "\xC3\xA4", "dht\n"};
    for (unsigned i = 0; i < COUNT_OF (wrong); i++) {
        envelope = request_to ("dht");
        envelope.from = (char *) wrong[i];
        write_frame (b, a, &envelope, none, none);
        envelope = request_to (wrong[i]);
        write_frame (b, a, &envelope, none, none);
    }
    envelope = request_to (name);
    write_frame (b, a, &envelope, none, none);
    assert_int_equal (world_count (a, "dht", "FindNodeRequest"), 0);
    assert_int_equal (world_count (a, "reputation", "Observation"), 1);
    assert_int_equal (a->notes_count, 0);
}

static void
an_answer_counts_only_from_the_one_who_was_asked (void **state)
{
    (void) state;
    node_t *a, *b;
    world_pair (&a, &b);
    node_t *c = world_node (10);
    world_start (c);
    world_ask (a, c, "dht");
    world_run (200);
    assert_true (world_answer (c, "dht"));
    world_run (100);
    world_forget ();
    uint64_t id = world_ask (a, b, "dht");
    world_run (100);
    note_t note;
    Ggen__Envelope *asked;
    assert_true (world_take (b, "dht", "FindNodeRequest", &note, &asked));
    const bytes_t none = {NULL, 0};
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__REPLY;
    envelope.from = "dht";
    envelope.to = "dht";
    envelope.type = "FindNodeReply";
    envelope.id = asked->id;
    write_frame (c, a, &envelope, none, none);
    envelope.id = id;
    write_frame (b, a, &envelope, none, none);
    envelope.id = asked->id + (1ull << 32);
    write_frame (b, a, &envelope, none, none);
    assert_int_equal (world_count (a, "dht", "FindNodeReply"), 0);
    envelope.id = asked->id;
    envelope.from = "keyring";
    envelope.to = "installer";
    write_frame (b, a, &envelope, none, none);
    assert_int_equal (world_count (a, "installer", "FindNodeReply"), 0);
    assert_int_equal (world_count (a, "dht", "FindNodeReply"), 1);
    write_frame (b, a, &envelope, none, none);
    assert_int_equal (world_count (a, "dht", "FindNodeReply"), 0);
    ggen__envelope__free_unpacked (asked, NULL);
    note_free (&note);
}

static void
kinds_and_bulk_that_nodes_do_not_send_are_refused (void **state)
{
    (void) state;
    node_t *a, *b;
    world_pair (&a, &b);
    const bytes_t none = {NULL, 0}, bulk = {(const uint8_t *) "bulk", 4};
    static const int kinds[] = {GGEN__KIND__KIND_NONE, GGEN__KIND__GONE, 7, -1, INT32_MAX};
    for (unsigned i = 0; i < COUNT_OF (kinds); i++) {
        Ggen__Envelope envelope = request_to ("dht");
        envelope.kind = (Ggen__Kind) kinds[i];
        write_frame (b, a, &envelope, none, none);
    }
    Ggen__Envelope envelope = request_to ("dht");
    write_frame (b, a, &envelope, none, bulk);
    assert_int_equal (world_count (a, "dht", "FindNodeRequest"), 0);
    assert_true (world_count (a, "reputation", "Observation") > 0);
    assert_non_null (world_session (a, b));
}

static void
a_body_beyond_every_bound_ends_the_session (void **state)
{
    (void) state;
    node_t *a, *b;
    world_pair (&a, &b);
    bytes_t body = {calloc (1, SWARM_BODY_MAX + 1), SWARM_BODY_MAX + 1};
    Ggen__Envelope envelope = request_to ("dht");
    write_frame (b, a, &envelope, (bytes_t) {body.data, SWARM_BODY_MAX}, (bytes_t) {NULL, 0});
    assert_non_null (world_session (a, b));
    assert_int_equal (world_count (a, "dht", "FindNodeRequest"), 1);
    write_frame (b, a, &envelope, body, (bytes_t) {NULL, 0});
    assert_null (world_session (a, b));
    world_run (100);
    assert_null (world_session (b, a));
    assert_int_equal (world_count (a, "dht", "FindNodeRequest"), 0);
    assert_int_equal (world_count (a, "reputation", "Observation"), 1);
    free ((void *) body.data);
}

//  What the other side would end the session for does not leave.
static void
what_is_larger_than_nodes_take_fails_here (void **state)
{
    (void) state;
    node_t *a, *b;
    world_pair (&a, &b);
    Ggen__FindNodeRequest large = GGEN__FIND_NODE_REQUEST__INIT;
    large.target = (ProtobufCBinaryData) {SWARM_BODY_MAX, calloc (1, SWARM_BODY_MAX)};
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    char to[ADDRESS_MAX + 1];
    snprintf (to, sizeof to, "dht@%s", b->text);
    envelope.kind = GGEN__KIND__REQUEST;
    envelope.budget_ms = 5000;
    uint64_t id = world_say (a, "dht", to, &envelope, &large.base, (bytes_t) {NULL, 0});
    assert_int_equal (world_failure (a, id), VALIDATION);
    id = world_ask (a, b, "dht");
    world_run (200);
    note_t note;
    Ggen__Envelope *asked, reply = GGEN__ENVELOPE__INIT;
    assert_true (world_take (b, "dht", "FindNodeRequest", &note, &asked));
    reply.kind = GGEN__KIND__REPLY;
    reply.id = asked->id;
    world_say (b, "dht", asked->from, &reply, &large.base, (bytes_t) {NULL, 0});
    world_run (200);
    assert_int_equal (world_failure (a, id), INTERNAL);
    assert_non_null (world_session (a, b));
    ggen__envelope__free_unpacked (asked, NULL);
    note_free (&note);
    free (large.target.data);
}

static void
a_peer_may_ask_only_so_much_at_a_time (void **state)
{
    (void) state;
    node_t *a, *b;
    world_pair (&a, &b);
    Ggen__Envelope envelope = request_to ("dht");
    for (unsigned i = 0; i < OWED_MAX + 1; i++) {
        envelope.id++;
        write_frame (b, a, &envelope, (bytes_t) {NULL, 0}, (bytes_t) {NULL, 0});
    }
    assert_true (world_answer (a, "dht"));
    envelope.id++;
    write_frame (b, a, &envelope, (bytes_t) {NULL, 0}, (bytes_t) {NULL, 0});
    assert_int_equal (world_count (a, "dht", "FindNodeRequest"), OWED_MAX);
    links_set (world_swarm (a)->links, world_session (a, b), LINK_SESSION, true);
    links_set (world_swarm (b)->links, world_session (b, a), LINK_SESSION, true);
    world_run (OWED_SECS * 1000);
    write_frame (b, a, &envelope, (bytes_t) {NULL, 0}, (bytes_t) {NULL, 0});
    assert_int_equal (world_count (a, "dht", "FindNodeRequest"), 1);
}

static void
a_chunk_comes_with_its_answer (void **state)
{
    (void) state;
    node_t *a, *b;
    world_pair (&a, &b);
    world_ask (a, b, "transfer");
    world_run (100);
    note_t note;
    Ggen__Envelope *asked;
    assert_true (world_take (b, "transfer", "FindNodeRequest", &note, &asked));
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__REPLY;
    envelope.id = asked->id;
    envelope.from = "transfer";
    envelope.to = asked->from;
    envelope.type = "FindNodeReply";
    note_t chunk = {.to = "swarm", .node = 1};
    chunk.envelope = world_pack (&envelope.base, &chunk.envelope_size);
    chunk.attachment_size = 256 << 10;
    chunk.attachment = malloc (chunk.attachment_size);
    memset (chunk.attachment, 0xAB, chunk.attachment_size);
    world_deliver (&chunk);
    ggen__envelope__free_unpacked (asked, NULL);
    note_free (&note);
    world_run (100);
    assert_true (world_take (a, "dht", "FindNodeReply", &note, &asked));
    assert_int_equal (note.attachment_size, 256 << 10);
    assert_int_equal (note.attachment[1000], 0xAB);
    ggen__envelope__free_unpacked (asked, NULL);
    note_free (&note);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown (a_request_makes_a_session_and_its_answer_comes_back, teardown),
        cmocka_unit_test_teardown (
            all_that_waits_for_one_peer_shares_one_dial_and_keeps_its_order, teardown),
        cmocka_unit_test_teardown (an_event_passes_in_a_session_and_is_dropped_without, teardown),
        cmocka_unit_test_teardown (a_cancel_reaches_the_one_who_was_asked, teardown),
        cmocka_unit_test_teardown (progress_of_another_node_gives_a_request_no_more_time, teardown),
        cmocka_unit_test_teardown (what_cannot_be_reached_fails_at_once, teardown),
        cmocka_unit_test_teardown (a_dial_that_nobody_answers_ends_with_timeout, teardown),
        cmocka_unit_test_teardown (without_an_address_it_fails_at_once, teardown),
        cmocka_unit_test_teardown (a_peer_that_is_known_needs_no_address, teardown),
        cmocka_unit_test_teardown (what_is_no_address_is_refused, teardown),
        cmocka_unit_test_teardown (a_session_that_breaks_fails_what_was_asked_at_once, teardown),
        cmocka_unit_test_teardown (a_request_that_is_not_answered_times_out, teardown),
        cmocka_unit_test_teardown (a_request_that_waits_for_its_session_can_be_cancelled,
                                   teardown),
        cmocka_unit_test_teardown (what_waits_for_a_session_is_bounded, teardown),
        cmocka_unit_test_teardown (a_peer_that_does_not_read_is_asked_no_more, teardown),
        cmocka_unit_test_teardown (only_the_actors_of_the_settings_can_be_reached, teardown),
        cmocka_unit_test_teardown (a_peer_cannot_speak_for_another, teardown),
        cmocka_unit_test_teardown (an_answer_counts_only_from_the_one_who_was_asked, teardown),
        cmocka_unit_test_teardown (kinds_and_bulk_that_nodes_do_not_send_are_refused, teardown),
        cmocka_unit_test_teardown (a_body_beyond_every_bound_ends_the_session, teardown),
        cmocka_unit_test_teardown (what_is_larger_than_nodes_take_fails_here, teardown),
        cmocka_unit_test_teardown (a_peer_may_ask_only_so_much_at_a_time, teardown),
        cmocka_unit_test_teardown (a_chunk_comes_with_its_answer, teardown),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
