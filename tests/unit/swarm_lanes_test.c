// SPDX-License-Identifier: MIT
//  Bulk connections as swarm sees them: when one is made and by whom, what goes there, and how what is
//  asked ends when one does. The test is "bulk".
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "actors/swarm/lanes.h"
#include "bulk.pb-c.h"
#include "tests/unit/swarm_world.h"
#include "transfer.pb-c.h"

static const char *const with_bulk[] = {"transfer/1", LANE_PROTOCOL, NULL};

static int
teardown (void **state)
{
    (void) state;
    world_clear ();
    return 0;
}

//  ---- the test as "bulk" ------------------------------------------------------------------------

//  Two nodes with bulk connections that have a session, dialled by 'a'.
static void
pair (node_t **a, node_t **b)
{
    *a = world_node (10);
    *b = world_node (10);
    for (unsigned i = 0; i < 2; i++) {
        node_t *node = i ? *b : *a;
        node->settings.bulk = true;
        node->settings.protocols = with_bulk;
        world_start (node);
    }
    world_ask (*a, *b, "dht");
    world_run (200);
    assert_true (world_answer (*b, "dht"));
    world_run (100);
    assert_non_null (world_session (*a, *b));
    world_forget ();
}

//  What swarm has last said to "bulk" of this type; to be freed. NULL: nothing.
static void *
bulk_hears (node_t *node, const ProtobufCMessageDescriptor *type, bytes_t *attachment)
{
    note_t note;
    Ggen__Envelope *envelope;
    if (!world_take (node, "bulk", type->short_name, &note, &envelope))
        return NULL;
    ggen__envelope__free_unpacked (envelope, NULL);
    ProtobufCMessage *message = protobuf_c_message_unpack (type, NULL, note.body_size, note.body);
    assert_non_null (message);
    if (attachment) {
        *attachment = (bytes_t) {note.attachment, note.attachment_size};
        note.attachment = NULL;
    }
    note_free (&note);
    return message;
}

static void
bulk_says (node_t *node, const ProtobufCMessage *message, bytes_t attachment)
{
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    note_t note = {.to = "swarm", .node = node->number};
    envelope.kind = GGEN__KIND__EVENT;
    envelope.from = "bulk";
    envelope.type = (char *) message->descriptor->short_name;
    note.envelope = world_pack (&envelope.base, &note.envelope_size);
    note.body = world_pack (message, &note.body_size);
    if (attachment.size > 0)
        note.attachment = world_copy (attachment.data, attachment.size);
    note.attachment_size = attachment.size;
    world_deliver (&note);
}

//  The lane that swarm wants an offer for; 0: none.
static uint64_t
invited (node_t *node)
{
    Ggen__BulkInvite *invite = bulk_hears (node, &ggen__bulk_invite__descriptor, NULL);
    uint64_t lane = invite ? invite->lane : 0;
    protobuf_c_message_free_unpacked ((ProtobufCMessage *) invite, NULL);
    return lane;
}

static void
offer (node_t *node, uint64_t lane)
{
    uint8_t bytes[32] = {4};
    Ggen__BulkOffer offered = GGEN__BULK_OFFER__INIT;
    Ggen__BulkInvited message = GGEN__BULK_INVITED__INIT;
    offered.token = offered.key = (ProtobufCBinaryData) {sizeof bytes, bytes};
    offered.port = 4444;
    message.lane = lane;
    message.offer = &offered;
    bulk_says (node, &message.base, (bytes_t) {0});
    world_run (50);
}

static void
up (node_t *node, uint64_t lane)
{
    Ggen__BulkUp message = GGEN__BULK_UP__INIT;
    message.lane = lane;
    bulk_says (node, &message.base, (bytes_t) {0});
}

static void
down (node_t *node, uint64_t lane, code_t code)
{
    Ggen__BulkDown message = GGEN__BULK_DOWN__INIT;
    message.lane = lane;
    message.code = code;
    message.reason = "for a test";
    bulk_says (node, &message.base, (bytes_t) {0});
}

//  The lane that swarm wants dialled; 0: none.
static uint64_t
dialled (node_t *node, const node_t *peer)
{
    Ggen__BulkDial *dial = bulk_hears (node, &ggen__bulk_dial__descriptor, NULL);
    uint64_t lane = dial ? dial->lane : 0;
    if (dial) {
        assert_int_equal (dial->offer->port, 4444);
        assert_int_equal (dial->offer->token.data[0], 4);
        assert_int_equal (dial->address.len, peer->listens.size);
        assert_memory_equal (dial->address.data, peer->listens.data, peer->listens.size);
    }
    protobuf_c_message_free_unpacked ((ProtobufCMessage *) dial, NULL);
    return lane;
}

static uint64_t
ask_chunk (node_t *node, const node_t *peer)
{
    Ggen__ChunkRequest request = GGEN__CHUNK_REQUEST__INIT;
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    char to[ADDRESS_MAX + 1];
    envelope.kind = GGEN__KIND__REQUEST;
    envelope.budget_ms = 60000;
    snprintf (to, sizeof to, "transfer@%s", peer->text);
    uint64_t id = world_say (node, "dht", to, &envelope, &request.base, (bytes_t) {0});
    world_run (50);
    return id;
}

//  "transfer" answers what it was asked first, with bulk bytes.
static void
give_chunk (node_t *node, const char *bytes)
{
    note_t note;
    Ggen__Envelope *asked;
    assert_true (world_take (node, "transfer", "ChunkRequest", &note, &asked));
    note_free (&note);
    Ggen__ChunkReply reply = GGEN__CHUNK_REPLY__INIT;
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    note_t answer = {.to = "swarm", .node = node->number};
    envelope.kind = GGEN__KIND__REPLY;
    envelope.id = asked->id;
    envelope.from = "transfer";
    envelope.to = asked->from;
    envelope.type = "ChunkReply";
    answer.envelope = world_pack (&envelope.base, &answer.envelope_size);
    answer.body = world_pack (&reply.base, &answer.body_size);
    answer.attachment = world_copy (bytes, strlen (bytes));
    answer.attachment_size = strlen (bytes);
    world_deliver (&answer);
    ggen__envelope__free_unpacked (asked, NULL);
    world_run (50);
}

//  What "dht", who asks for chunks here, was given.
static bool
got_chunk (node_t *node, uint64_t id, const char *bytes)
{
    note_t note;
    Ggen__Envelope *envelope;
    if (!world_take (node, "dht", "ChunkReply", &note, &envelope))
        return false;
    bool same = envelope->id == id && note.attachment_size == strlen (bytes)
                && memcmp (note.attachment, bytes, note.attachment_size) == 0;
    ggen__envelope__free_unpacked (envelope, NULL);
    note_free (&note);
    return same;
}

//  Two at one time: the first of them.
static uint64_t
ask_chunks (node_t *node, const node_t *peer)
{
    uint64_t id = ask_chunk (node, peer);
    ask_chunk (node, peer);
    return id;
}

//  Such a pair with a lane; their names for it.
static void
pair_with_lane (node_t **a, node_t **b, uint64_t *of_a, uint64_t *of_b)
{
    pair (a, b);
    ask_chunks (*a, *b);
    *of_b = invited (*b);
    assert_true (*of_b != 0);
    offer (*b, *of_b);
    *of_a = dialled (*a, *b);
    assert_true (*of_a != 0);
    up (*a, *of_a);
    up (*b, *of_b);
    give_chunk (*b, "first");
    Ggen__BulkSend *sent = bulk_hears (*b, &ggen__bulk_send__descriptor, NULL);
    assert_non_null (sent);
    ggen__bulk_send__free_unpacked (sent, NULL);
    world_forget ();
}

static void
check_goes_by_session (node_t *a, node_t *b)
{
    uint64_t id = ask_chunk (a, b);
    give_chunk (b, "by the session");
    assert_true (got_chunk (a, id, "by the session"));
}

//  "bulk" brings to 'to' what it was given at 'from'. False: it was given nothing.
static bool
bulk_carries (node_t *from, node_t *to, uint64_t lane)
{
    bytes_t attachment = {0};
    Ggen__BulkSend *sent = bulk_hears (from, &ggen__bulk_send__descriptor, &attachment);
    if (!sent)
        return false;
    Ggen__BulkReceived received = GGEN__BULK_RECEIVED__INIT;
    received.lane = lane;
    received.envelope = sent->envelope;
    received.body = sent->body;
    bulk_says (to, &received.base, attachment);
    free ((void *) attachment.data);
    ggen__bulk_send__free_unpacked (sent, NULL);
    return true;
}

//  ---- making ------------------------------------------------------------------------------------

static void
the_one_that_was_dialled_offers_and_the_other_dials (void **state)
{
    (void) state;
    node_t *a, *b;
    pair (&a, &b);
    ask_chunk (a, b);
    assert_true (invited (b) == 0);      //  One is not worth it
    ask_chunk (a, b);
    assert_true (invited (a) == 0);
    uint64_t of_b = invited (b);
    assert_true (of_b != 0);
    offer (b, of_b);
    assert_true (dialled (a, b) != 0);
    assert_true (dialled (b, a) == 0);
}

static void
the_one_that_was_dialled_offers_also_when_it_asks (void **state)
{
    (void) state;
    node_t *a, *b;
    pair (&a, &b);
    ask_chunks (b, a);
    uint64_t of_b = invited (b);
    assert_true (of_b != 0);
    offer (b, of_b);
    uint64_t of_a = dialled (a, b);
    up (a, of_a);
    up (b, of_b);
    give_chunk (a, "there");
    assert_true (bulk_carries (a, b, of_b));
}

static void
until_it_stands_chunks_go_over_the_session (void **state)
{
    (void) state;
    node_t *a, *b;
    pair (&a, &b);
    uint64_t id = ask_chunks (a, b);
    uint64_t lane = invited (b);
    give_chunk (b, "a chunk");
    assert_true (got_chunk (a, id, "a chunk"));
    down (b, lane, FEATURE_NOT_ENABLED);
    give_chunk (b, "its neighbour");
    assert_false (got_chunk (a, id, "its neighbour"));      //  It answers the other

    //  And it is not asked for again at once
    id = ask_chunks (a, b);
    give_chunk (b, "another");
    assert_true (got_chunk (a, id, "another"));
    assert_true (invited (b) == 0);
    for (unsigned secs = 0; secs < LANE_PAUSE_SECS; secs += 10) {
        assert_true (invited (b) == 0);
        world_run (10000);
        ask_chunk (a, b);               //  Or the session would end
    }
    assert_true (invited (b) != 0);
}

static void
a_peer_without_bulk_connections_is_not_asked_for_one (void **state)
{
    (void) state;
    node_t *a, *b;
    world_pair (&a, &b);
    uint64_t id = ask_chunks (a, b);
    give_chunk (b, "a chunk");
    assert_true (got_chunk (a, id, "a chunk"));
    assert_int_equal (world_count (b, "transfer", "ChunkRequest"), 1);
    assert_int_equal (a->notes_count + b->notes_count, 0);
}

//  What it says there is dialled would be its choice.
static void
an_offer_of_the_one_that_dialled_is_let_be (void **state)
{
    (void) state;
    node_t *a, *b;
    pair (&a, &b);
    link_t *link = world_session (a, b);
    link->lane = 1;                     //  As one would that keeps to no rule
    link->lane_state = LANE_MADE;
    offer (a, lanes_number (link));
    assert_true (dialled (b, a) == 0);
}

static void
an_offer_to_a_node_without_bulk_connections_is_let_be (void **state)
{
    (void) state;
    node_t *a, *b;
    pair (&a, &b);
    a->settings.bulk = false;           //  It said otherwise
    ask_chunks (b, a);
    offer (b, invited (b));
    assert_true (dialled (a, b) == 0);
    assert_non_null (world_session (a, b));
}

//  ---- using -------------------------------------------------------------------------------------

static void
a_chunk_goes_by_the_lane_and_ends_its_request (void **state)
{
    (void) state;
    node_t *a, *b;
    uint64_t of_a, of_b;
    pair_with_lane (&a, &b, &of_a, &of_b);
    uint64_t id = ask_chunk (a, b);
    give_chunk (b, "a chunk");
    assert_false (got_chunk (a, id, "a chunk"));
    assert_true (bulk_carries (b, a, of_a));
    assert_true (got_chunk (a, id, "a chunk"));
    assert_true (world_swarm (a)->bulk_received_bytes > 0);
    assert_true (world_swarm (b)->bulk_sent_bytes > 0);
}

static void
what_is_no_answer_is_refused_on_a_lane (void **state)
{
    (void) state;
    node_t *a, *b;
    uint64_t of_a, of_b;
    pair_with_lane (&a, &b, &of_a, &of_b);
    world_run (2000);
    const Ggen__Kind kinds[] = {GGEN__KIND__REQUEST, GGEN__KIND__EVENT, GGEN__KIND__PROGRESS,
                                GGEN__KIND__CANCEL, GGEN__KIND__GONE};
    for (unsigned i = 0; i < COUNT_OF (kinds); i++) {
        uint8_t packed[200];
        Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
        Ggen__BulkReceived received = GGEN__BULK_RECEIVED__INIT;
        envelope.kind = kinds[i];
        envelope.id = 1;
        envelope.from = envelope.to = "transfer";
        envelope.type = "ChunkRequest";
        received.lane = of_a;
        received.envelope = (ProtobufCBinaryData) {ggen__envelope__pack (&envelope, packed), packed};
        bulk_says (a, &received.base, (bytes_t) {packed, 10});
    }
    assert_int_equal (world_swarm (a)->dropped_invalid, COUNT_OF (kinds));
    assert_int_equal (world_count (a, "transfer", "ChunkRequest"), 0);
    assert_int_equal (world_count (a, "reputation", "Observation"), 1);
    assert_non_null (world_session (a, b));
}

static void
what_comes_by_an_unknown_lane_is_dropped (void **state)
{
    (void) state;
    node_t *a, *b;
    uint64_t of_a, of_b;
    pair_with_lane (&a, &b, &of_a, &of_b);
    uint64_t id = ask_chunk (a, b);
    give_chunk (b, "a chunk");
    assert_true (bulk_carries (b, a, of_a + 1));
    assert_false (got_chunk (a, id, "a chunk"));
    up (a, of_a + ((uint64_t) 1 << 16));
    Ggen__BulkClose *close = bulk_hears (a, &ggen__bulk_close__descriptor, NULL);
    assert_non_null (close);
    assert_true (close->lane == of_a + ((uint64_t) 1 << 16));
    ggen__bulk_close__free_unpacked (close, NULL);
}

//  ---- ending ------------------------------------------------------------------------------------

static void
when_a_lane_breaks_what_was_to_come_by_it_fails_at_once (void **state)
{
    (void) state;
    node_t *a, *b;
    uint64_t of_a, of_b;
    pair_with_lane (&a, &b, &of_a, &of_b);
    uint64_t chunk = ask_chunk (a, b), other = world_ask (a, b, "dht");
    down (a, of_a, NETWORK);
    assert_int_equal (world_failure (a, chunk), NETWORK);
    world_run (100);
    assert_int_equal (world_count (a, "dht", "Failure"), 2);        //  Those for making the lane
    assert_int_equal (world_count (a, "reputation", "Observation"), 0);
    assert_int_equal (flights_count (world_swarm (a)->flights), 1);
    (void) other;

    //  The session goes on, and carries chunks
    down (b, of_b, NETWORK);
    world_forget ();
    check_goes_by_session (a, b);
}

static void
a_broken_seal_is_told_to_reputation_as_a_failure (void **state)
{
    (void) state;
    node_t *a, *b;
    uint64_t of_a, of_b;
    pair_with_lane (&a, &b, &of_a, &of_b);
    down (a, of_a, SECURITY);
    note_t note;
    Ggen__Envelope *envelope;
    assert_true (world_take (a, "reputation", "Observation", &note, &envelope));
    Ggen__Observation *seen = ggen__observation__unpack (NULL, note.body_size, note.body);
    assert_non_null (seen);
    assert_int_equal (seen->experience, GGEN__EXPERIENCE__FAILED);
    assert_memory_equal (seen->peer_key.data, b->key.bytes, PEER_KEY_SIZE);
    ggen__observation__free_unpacked (seen, NULL);
    ggen__envelope__free_unpacked (envelope, NULL);
    note_free (&note);
}

static void
an_idle_lane_that_was_closed_is_made_again_when_needed (void **state)
{
    (void) state;
    node_t *a, *b;
    uint64_t of_a, of_b;
    pair_with_lane (&a, &b, &of_a, &of_b);
    down (a, of_a, OK);
    down (b, of_b, OK);
    world_forget ();
    ask_chunks (a, b);
    assert_true (invited (b) != 0);
}

static void
what_comes_back_goes_over_the_session (void **state)
{
    (void) state;
    node_t *a, *b;
    uint64_t of_a, of_b;
    pair_with_lane (&a, &b, &of_a, &of_b);
    uint64_t id = ask_chunk (a, b);
    give_chunk (b, "a chunk");
    bytes_t attachment;
    Ggen__BulkSend *sent = bulk_hears (b, &ggen__bulk_send__descriptor, &attachment);
    assert_non_null (sent);
    Ggen__BulkReturned returned = GGEN__BULK_RETURNED__INIT;
    returned.lane = of_b;
    returned.envelope = sent->envelope;
    returned.body = sent->body;
    bulk_says (b, &returned.base, attachment);
    world_run (50);
    assert_true (got_chunk (a, id, "a chunk"));
    free ((void *) attachment.data);
    ggen__bulk_send__free_unpacked (sent, NULL);

    //  And so do those that follow
    check_goes_by_session (a, b);
}

static void
a_session_that_ends_closes_its_lane (void **state)
{
    (void) state;
    node_t *a, *b;
    uint64_t of_a, of_b;
    pair_with_lane (&a, &b, &of_a, &of_b);
    world_cut (a->number, b->number);
    world_run (10);
    for (unsigned i = 0; i < 2; i++) {
        Ggen__BulkClose *close = bulk_hears (i ? b : a, &ggen__bulk_close__descriptor, NULL);
        assert_non_null (close);
        assert_true (close->lane == (i ? of_b : of_a));
        ggen__bulk_close__free_unpacked (close, NULL);
    }
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown (the_one_that_was_dialled_offers_and_the_other_dials, teardown),
        cmocka_unit_test_teardown (the_one_that_was_dialled_offers_also_when_it_asks,
                                   teardown),
        cmocka_unit_test_teardown (until_it_stands_chunks_go_over_the_session, teardown),
        cmocka_unit_test_teardown (a_peer_without_bulk_connections_is_not_asked_for_one, teardown),
        cmocka_unit_test_teardown (an_offer_of_the_one_that_dialled_is_let_be, teardown),
        cmocka_unit_test_teardown (an_offer_to_a_node_without_bulk_connections_is_let_be, teardown),
        cmocka_unit_test_teardown (a_chunk_goes_by_the_lane_and_ends_its_request, teardown),
        cmocka_unit_test_teardown (what_is_no_answer_is_refused_on_a_lane, teardown),
        cmocka_unit_test_teardown (what_comes_by_an_unknown_lane_is_dropped, teardown),
        cmocka_unit_test_teardown (when_a_lane_breaks_what_was_to_come_by_it_fails_at_once, teardown),
        cmocka_unit_test_teardown (a_broken_seal_is_told_to_reputation_as_a_failure, teardown),
        cmocka_unit_test_teardown (an_idle_lane_that_was_closed_is_made_again_when_needed, teardown),
        cmocka_unit_test_teardown (what_comes_back_goes_over_the_session, teardown),
        cmocka_unit_test_teardown (a_session_that_ends_closes_its_lane, teardown),
    };
    if (sodium_init () < 0)
        return 1;
    return cmocka_run_group_tests (tests, NULL, NULL);
}
