// SPDX-License-Identifier: MIT
#include "cli/feed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const feed_filter_t everything;

typedef struct {
    Ggen__TapHeader header;
    Ggen__Envelope envelope;
    feed_message_t message;
} made_t;

//  A message as the tap would send it, 10 us after it was sent at 'sent_us'.
static feed_message_t *
make (made_t *self, Ggen__Kind kind, uint64_t sequence, uint64_t sent_us)
{
    ggen__tap_header__init (&self->header);
    ggen__envelope__init (&self->envelope);
    self->envelope.kind = kind;
    self->envelope.id = 0x100000007;
    self->envelope.from = kind == GGEN__KIND__REPLY ? "registry" : "client-1";
    self->envelope.type = kind == GGEN__KIND__REPLY ? "SearchReply" : "SearchRequest";
    self->envelope.sent_us = sent_us;
    self->header.envelope = &self->envelope;
    self->header.to = kind == GGEN__KIND__REPLY ? "client-1" : "registry";
    self->header.sequence = sequence;
    self->header.at_us = 3723004000;
    self->header.body_bytes = 0;
    self->header.latency_us = 10;
    self->message = (feed_message_t) {.header = &self->header};
    return &self->message;
}

static uint64_t
lost_at (feed_t *feed, uint64_t sequence)
{
    made_t made;
    feed_message_t *message = make (&made, GGEN__KIND__EVENT, sequence, 0);
    feed_take (feed, message);
    return message->lost;
}

static void
a_gap_in_the_sequence_is_a_loss (void **state)
{
    (void) state;
    AUTO (feed_destroy) feed_t *feed = feed_new (&everything);
    assert_int_equal (lost_at (feed, 41), 0);
    assert_int_equal (lost_at (feed, 42), 0);
    assert_int_equal (lost_at (feed, 46), 3);
    assert_int_equal (lost_at (feed, 47), 0);
}

static void
a_second_node_begins_its_own_sequence (void **state)
{
    (void) state;
    AUTO (feed_destroy) feed_t *feed = feed_new (&everything);
    assert_int_equal (lost_at (feed, 5), 0);
    assert_int_equal (lost_at (feed, 1), 0);
    assert_int_equal (lost_at (feed, 6), 0);
    assert_int_equal (lost_at (feed, 2), 0);
    assert_int_equal (lost_at (feed, 7), 0);
    //  A jump of the one heard last; the other goes on.
    assert_int_equal (lost_at (feed, 10), 2);
    assert_int_equal (lost_at (feed, 3), 0);
    //  A third one, whose first messages are no continuation of the second's.
    assert_int_equal (lost_at (feed, 1), 0);
    assert_int_equal (lost_at (feed, 2), 0);
    assert_int_equal (lost_at (feed, 3), 0);
}

static void
more_nodes_than_streams_forget_the_stalest (void **state)
{
    (void) state;
    AUTO (feed_destroy) feed_t *feed = feed_new (&everything);
    for (int node = 0; node < 3 * FEED_STREAMS; node++)
        assert_int_equal (lost_at (feed, 1), 0);
    assert_int_equal (lost_at (feed, 2), 0);
}

static void
a_reply_shows_the_time_since_its_request_passed (void **state)
{
    (void) state;
    made_t made;
    AUTO (feed_destroy) feed_t *feed = feed_new (&everything);
    feed_message_t *message = make (&made, GGEN__KIND__REQUEST, 1, 1000);
    assert_true (feed_take (feed, message));
    assert_int_equal (message->latency_us, 10);
    message = make (&made, GGEN__KIND__REPLY, 2, 1500);
    assert_true (feed_take (feed, message));
    assert_int_equal (message->latency_us, 500);
    //  A second answer to the same request is none.
    message = make (&made, GGEN__KIND__REPLY, 3, 1600);
    assert_true (feed_take (feed, message));
    assert_int_equal (message->latency_us, 10);
}

static void
two_askers_with_one_id_are_told_apart (void **state)
{
    (void) state;
    made_t made;
    AUTO (feed_destroy) feed_t *feed = feed_new (&everything);
    feed_take (feed, make (&made, GGEN__KIND__REQUEST, 1, 1000));
    feed_message_t *message = make (&made, GGEN__KIND__REQUEST, 2, 2000);
    made.envelope.from = "client-2";
    feed_take (feed, message);
    message = make (&made, GGEN__KIND__REPLY, 3, 2300);
    feed_take (feed, message);
    assert_int_equal (message->latency_us, 1300);
}

static bool
shown (const feed_filter_t *filter, const char *from, const char *to)
{
    made_t made;
    AUTO (feed_destroy) feed_t *feed = feed_new (filter);
    feed_message_t *message = make (&made, GGEN__KIND__REQUEST, 1, 0);
    made.envelope.from = (char *) (uintptr_t) from;
    made.header.to = (char *) (uintptr_t) to;
    return feed_take (feed, message);
}

static void
filters_choose_by_type_actor_and_peer (void **state)
{
    (void) state;
    const feed_filter_t type = {.type = "Search*"}, other = {.type = "Install*"};
    assert_true (shown (&type, "a", "b"));
    assert_false (shown (&other, "a", "b"));
    const feed_filter_t actor = {.actor = "dht"};
    assert_true (shown (&actor, "dht", "b"));
    assert_true (shown (&actor, "a", "dht@PEER"));
    assert_false (shown (&actor, "a", "dhtx"));
    assert_false (shown (&actor, "dh", "b"));
    const feed_filter_t peer = {.peer = "PEER"};
    assert_true (shown (&peer, "a", "dht@PEER"));
    assert_true (shown (&peer, "dht@PEER", "a"));
    assert_false (shown (&peer, "PEER", "dht@PEERS"));
}

static void
a_message_that_is_not_shown_still_counts (void **state)
{
    (void) state;
    made_t made;
    const feed_filter_t none = {.type = "Nothing"};
    AUTO (feed_destroy) feed_t *feed = feed_new (&none);
    assert_false (feed_take (feed, make (&made, GGEN__KIND__REQUEST, 1, 0)));
    feed_message_t *message = make (&made, GGEN__KIND__REQUEST, 4, 0);
    assert_false (feed_take (feed, message));
    assert_int_equal (message->lost, 2);
}

static void
a_header_without_an_envelope_is_passed_over (void **state)
{
    (void) state;
    Ggen__TapHeader header = GGEN__TAP_HEADER__INIT;
    feed_message_t message = {.header = &header};
    AUTO (feed_destroy) feed_t *feed = feed_new (&everything);
    assert_false (feed_take (feed, &message));
    assert_int_equal (message.lost, 0);
}

static void
prints (const feed_message_t *message, const char *expected)
{
    char *text;
    size_t size;
    FILE *out = open_memstream (&text, &size);
    feed_print (out, message);
    fclose (out);
    assert_string_equal (text, expected);
    free (text);
}

static void
a_line_has_time_type_way_id_size_and_latency (void **state)
{
    (void) state;
    made_t made;
    feed_message_t *message = make (&made, GGEN__KIND__REQUEST, 1, 0);
    message->latency_us = 17;
    prints (message, "01:02:03.004 SearchRequest            client-1 -> registry  "
                     "0000000100000007  0 B  17 us\n");
    made.header.attachment_bytes = 262144;
    made.envelope.to = "dht@PEER";
    made.envelope.type = "";
    made.envelope.from = "a\033[31m";
    made.envelope.kind = GGEN__KIND__CANCEL;
    prints (message, "01:02:03.004 CANCEL                   a -> dht@PEER  "
                     "0000000100000007  0+262144 B  17 us\n");
}

static void
json_has_the_decoded_body (void **state)
{
    (void) state;
    made_t made;
    const uint8_t body [] = {0x0a, 2, 'h', 'i'};
    feed_message_t *message = make (&made, GGEN__KIND__REQUEST, 1, 0);
    message->body = (bytes_t) {body, sizeof body};
    json_t *json = feed_shape (message);
    assert_string_equal (json_string_value (json_object_get (json, "kind")), "REQUEST");
    assert_string_equal (json_string_value (json_object_get (json, "id")), "0000000100000007");
    json_t *decoded = json_object_get (json, "body");
    assert_string_equal (json_string_value (json_object_get (decoded, "query")), "hi");
    json_decref (json);
    made.envelope.type = "Unheard";
    json = feed_shape (message);
    assert_true (json_is_null (json_object_get (json, "body")));
    json_decref (json);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (a_gap_in_the_sequence_is_a_loss),
        cmocka_unit_test (a_second_node_begins_its_own_sequence),
        cmocka_unit_test (more_nodes_than_streams_forget_the_stalest),
        cmocka_unit_test (a_reply_shows_the_time_since_its_request_passed),
        cmocka_unit_test (two_askers_with_one_id_are_told_apart),
        cmocka_unit_test (filters_choose_by_type_actor_and_peer),
        cmocka_unit_test (a_message_that_is_not_shown_still_counts),
        cmocka_unit_test (a_header_without_an_envelope_is_passed_over),
        cmocka_unit_test (a_line_has_time_type_way_id_size_and_latency),
        cmocka_unit_test (json_has_the_decoded_body),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
