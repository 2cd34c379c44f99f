// SPDX-License-Identifier: MIT
//  Real connections on loopback between link actors of one thread, driven as their shells would.
#include "actors/swarm/link_io.h"

#include "actors/swarm/guard_io.h"
#include "actors/swarm/link_pulse_io.h"
#include "actors/swarm/redials_io.h"
#include "actors/swarm/swarm.h"
#include "link.pb-c.h"
#include "runtime/host/host.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zmq.h>
#include <cmocka.h>

#include "tests/unit/hearing.h"

#define NODES      3
#define WAIT_MS    60000

typedef struct {
    link_settings_t settings;
    multiaddr_t listen;
    actor_t *actor;
    hearing_t hearing;
    bool asleep;                        //  its shell does nothing
    uint8_t address[MULTIADDR_SIZE_MAX];
    size_t address_size;
} node_t;

typedef struct {
    node_t nodes[NODES];
} fixture_t;

//  ---- driving -------------------------------------------------------------------------------------

static void
start (node_t *node)
{
    actor_setup_t setup = {.name = "link",
                           .epoch = 1,
                           .crypto = &crypto_real,
                           .port = {&node->hearing, hearing_take, hearing_clock_us},
                           .settings = &node->settings,
                           .now_ms = clock_ms (),
                           .wall_ms = clock_wall_ms ()};
    node->actor = actor_new (&link_actor, &setup);
    assert_non_null (node->actor);
}

static void
step (node_t *node)
{
    if (!node->actor || node->asleep)
        return;
    assert_int_equal (actor_input (node->actor, clock_ms (), clock_wall_ms ()), OK);
    if (actor_deadline_ms (node->actor) <= clock_ms ())
        assert_int_equal (actor_tick (node->actor, clock_ms (), clock_wall_ms ()), OK);
}

//  Let all nodes work until something comes, a little at most.
static void
work (fixture_t *self)
{
    zmq_pollitem_t items[NODES * ACTOR_SOCKETS_MAX];
    int count = 0;
    for (unsigned i = 0; i < NODES; i++) {
        void *sockets[ACTOR_SOCKETS_MAX];
        node_t *node = &self->nodes[i];
        unsigned some = node->actor && !node->asleep ? actor_sockets (node->actor, sockets) : 0;
        for (unsigned j = 0; j < some; j++)
            items[count++] = (zmq_pollitem_t) {sockets[j], 0, ZMQ_POLLIN, 0};
    }
    zmq_poll (items, count, 5);
    for (unsigned i = 0; i < NODES; i++)
        step (&self->nodes[i]);
}

static unsigned
count_of (const node_t *node, const char *type)
{
    return hearing_count (&node->hearing, type);
}

//  Work until 'node' has been told 'count' of these; the last of them.
static const heard_t *
wait_for (fixture_t *self, const node_t *node, const char *type, unsigned count)
{
    int64_t until_ms = clock_ms () + WAIT_MS;
    while (count_of (node, type) < count) {
        if (clock_ms () > until_ms)
            fail_msg ("%u of %u %s", count_of (node, type), count, type);
        work (self);
    }
    return hearing_last (&node->hearing, type);
}

//  ---- asking --------------------------------------------------------------------------------------

static void
say (node_t *node, const ProtobufCMessage *message, bytes_t attachment)
{
    swarm_says (node->actor, message, attachment, clock_ms ());
}

static void
dial_key (node_t *from, uint64_t link, const node_t *to, const uint8_t key[32])
{
    Ggen__LinkDial dial = GGEN__LINK_DIAL__INIT;
    dial.link = link;
    dial.address = (ProtobufCBinaryData) {to->address_size, (uint8_t *) to->address};
    dial.transport_key = (ProtobufCBinaryData) {key ? 32 : 0, (uint8_t *) key};
    dial.budget_ms = 3000;
    say (from, &dial.base, (bytes_t) {0});
}

static void
dial (node_t *from, uint64_t link, const node_t *to)
{
    dial_key (from, link, to, to->settings.public_key);
}

static void
send_text (node_t *from, uint64_t link, const char *text, bytes_t attachment)
{
    Ggen__LinkSend request = GGEN__LINK_SEND__INIT;
    request.link = link;
    request.envelope = (ProtobufCBinaryData) {strlen (text), (uint8_t *) text};
    request.body = (ProtobufCBinaryData) {3, (uint8_t *) "abc"};
    say (from, &request.base, attachment);
}

static void
close_link (node_t *from, uint64_t link)
{
    Ggen__LinkClose request = GGEN__LINK_CLOSE__INIT;
    request.link = link;
    say (from, &request.base, (bytes_t) {0});
}

//  Of node 0 to node 1, with a message each way; the number at node 1.
static uint64_t
connect_them (fixture_t *self, uint64_t link)
{
    node_t *a = &self->nodes[0], *b = &self->nodes[1];
    unsigned ups_a = count_of (a, "LinkUp"), ups_b = count_of (b, "LinkUp");
    unsigned received = count_of (a, "LinkReceived");
    dial (a, link, b);
    wait_for (self, a, "LinkUp", ups_a + 1);
    send_text (a, link, "hello", (bytes_t) {0});
    const heard_t *heard = wait_for (self, b, "LinkUp", ups_b + 1);
    uint64_t number = ((const Ggen__LinkUp *) heard->message)->link;
    send_text (b, number, "welcome", (bytes_t) {0});
    wait_for (self, a, "LinkReceived", received + 1);
    return number;
}

//  ---- set up --------------------------------------------------------------------------------------

static void
listen_on (fixture_t *self, node_t *node, uint32_t heartbeat_ms, uint32_t stuck_ms)
{
    unsigned before = count_of (node, "LinkListening");
    actor_destroy (&node->actor);
    node->settings.heartbeat_ms = heartbeat_ms;
    node->settings.stuck_ms = stuck_ms;
    start (node);
    const heard_t *heard = wait_for (self, node, "LinkListening", before + 1);
    const Ggen__LinkListening *listening = (const void *) heard->message;
    assert_int_equal (listening->n_addresses, 1);
    node->address_size = listening->addresses[0].len;
    memcpy (node->address, listening->addresses[0].data, node->address_size);
}

static int
set_up_with (void **state, uint32_t heartbeat_ms)
{
    host_init ();
    fixture_t *self = calloc (1, sizeof *self);
    assert_non_null (self);
    for (unsigned i = 0; i < NODES; i++) {
        node_t *node = &self->nodes[i];
        node->listen = (multiaddr_t) {.kind = MULTIADDR_IP4, .ip = {127, 0, 0, 1}};
        crypto_box_keypair (node->settings.public_key, node->settings.secret_key);
        node->settings.addresses = &node->listen;
        node->settings.addresses_count = 1;
        listen_on (self, node, heartbeat_ms, 0);
    }
    *state = self;
    return 0;
}

static int
set_up (void **state)
{
    return set_up_with (state, 200);
}

static int
set_up_patient (void **state)
{
    return set_up_with (state, 5000);
}

static int
tear_down (void **state)
{
    fixture_t *self = *state;
    for (unsigned i = 0; i < NODES; i++) {
        node_t *node = &self->nodes[i];
        actor_destroy (&node->actor);
        hearing_clear (&node->hearing);
    }
    free (self);
    return 0;
}

//  ---- tests ---------------------------------------------------------------------------------------

static void
both_sides_know_each_others_key (void **state)
{
    fixture_t *self = *state;
    node_t *a = &self->nodes[0], *b = &self->nodes[1];
    uint64_t number = connect_them (self, 1);
    assert_int_equal (number % 2, 0);
    const Ggen__LinkUp *at_a = (const void *) wait_for (self, a, "LinkUp", 1)->message;
    const Ggen__LinkUp *at_b = (const void *) wait_for (self, b, "LinkUp", 1)->message;
    assert_int_equal (at_a->link, 1);
    assert_false (at_a->inbound);
    assert_memory_equal (at_a->transport_key.data, b->settings.public_key, 32);
    assert_memory_equal (at_a->address.data, b->address, b->address_size);
    assert_true (at_b->inbound);
    assert_memory_equal (at_b->transport_key.data, a->settings.public_key, 32);
    multiaddr_t seen;
    assert_int_equal (multiaddr_decode (&seen, (bytes_t) {at_b->address.data, at_b->address.len}),
                      OK);
    assert_true (multiaddr_is_loopback (&seen));
}

//  Bytes that it said are written, on all its links.
static uint64_t
written_by (const node_t *node)
{
    uint64_t bytes = 0;
    for (unsigned i = 0; i < node->hearing.count; i++)
        if (strcmp (node->hearing.list[i].type, "LinkWritten") == 0)
            bytes += ((const Ggen__LinkWritten *) node->hearing.list[i].message)->bytes_count;
    return bytes;
}

static void
messages_keep_their_order_and_their_bytes (void **state)
{
    fixture_t *self = *state;
    node_t *a = &self->nodes[0], *b = &self->nodes[1];
    connect_them (self, 1);
    static uint8_t chunk[ATTACHMENT_BYTES_MAX];
    unsigned before = count_of (b, "LinkReceived");
    uint64_t bytes = 8;                         //  "hello" and "abc" of connect_them
    for (unsigned i = 0; i < 300; i++) {
        char text[16];
        snprintf (text, sizeof text, "%u", i);
        memset (chunk, (int) i, sizeof chunk);
        bytes_t attachment = {chunk, i % 10 == 0 ? sizeof chunk : 0};
        send_text (a, 1, text, attachment);
        bytes += strlen (text) + 3 + attachment.size;
    }
    wait_for (self, b, "LinkReceived", before + 300);
    unsigned next = 0;
    for (unsigned i = 0; i < b->hearing.count; i++) {
        const Ggen__LinkReceived *received = (const void *) b->hearing.list[i].message;
        if (strcmp (b->hearing.list[i].type, "LinkReceived") != 0 || received->envelope.data[0] == 'h')
            continue;
        char text[16];
        snprintf (text, sizeof text, "%u", next);
        assert_int_equal (received->envelope.len, strlen (text));
        assert_memory_equal (received->envelope.data, text, strlen (text));
        assert_memory_equal (received->body.data, "abc", 3);
        assert_int_equal (b->hearing.list[i].attachment_size, next % 10 == 0 ? sizeof chunk : 0);
        if (next % 10 == 0)
            assert_int_equal (b->hearing.list[i].attachment[0], (uint8_t) next);
        next++;
    }
    assert_int_equal (next, 300);
    //  All that was sent is told as written, some time.
    int64_t until_ms = clock_ms () + WAIT_MS;
    while (written_by (a) != bytes && clock_ms () < until_ms)
        work (self);
    assert_int_equal (written_by (a), bytes);
}

static code_t
code_of (const heard_t *heard)
{
    return ((const Ggen__LinkDown *) heard->message)->code;
}

static void
another_key_than_expected_is_no_link (void **state)
{
    fixture_t *self = *state;
    node_t *a = &self->nodes[0];
    dial_key (a, 1, &self->nodes[1], self->nodes[2].settings.public_key);
    assert_int_not_equal (code_of (wait_for (self, a, "LinkDown", 1)), OK);
    assert_int_equal (count_of (a, "LinkUp"), 0);
    assert_int_equal (count_of (&self->nodes[1], "LinkUp"), 0);
}

static void
what_cannot_be_dialled_is_told (void **state)
{
    fixture_t *self = *state;
    node_t *a = &self->nodes[0], *b = &self->nodes[1];
    actor_destroy (&b->actor);
    dial (a, 1, b);
    const heard_t *heard = wait_for (self, a, "LinkDown", 1);
    assert_int_not_equal (code_of (heard), OK);
    dial_key (a, 3, &self->nodes[2], NULL);
    assert_int_equal (code_of (wait_for (self, a, "LinkDown", 2)), FEATURE_NOT_ENABLED);
    b->address_size = 3;
    dial (a, 5, b);
    assert_int_equal (code_of (wait_for (self, a, "LinkDown", 3)), INVALID_MULTIADDR);
}

static void
a_place_that_is_being_left_is_dialled_again_when_it_is_free (void **state)
{
    fixture_t *self = *state;
    node_t *a = &self->nodes[0], *b = &self->nodes[1];
    dial (a, 1, b);
    wait_for (self, a, "LinkUp", 1);
    dial (a, 3, b);
    close_link (a, 1);
    wait_for (self, a, "LinkUp", 2);
    send_text (a, 3, "hello", (bytes_t) {0});
    wait_for (self, b, "LinkReceived", 1);
    //  One that stays is not waited for long
    dial (a, 5, b);
    assert_int_equal (code_of (wait_for (self, a, "LinkDown", 1)), BUSY);
    //  And one that is called off is not dialled
    dial (a, 7, b);
    dial (a, 9, b);
    close_link (a, 9);
    close_link (a, 3);
    const Ggen__LinkUp *up = (const void *) wait_for (self, a, "LinkUp", 3)->message;
    assert_int_equal (up->link, 7);
}

static void
what_was_said_before_a_close_arrives_and_then_the_end (void **state)
{
    fixture_t *self = *state;
    node_t *a = &self->nodes[0], *b = &self->nodes[1];
    uint64_t number = connect_them (self, 1);
    unsigned before = count_of (b, "LinkReceived");
    send_text (a, 1, "goodbye", (bytes_t) {0});
    close_link (a, 1);
    wait_for (self, b, "LinkReceived", before + 1);
    const Ggen__LinkDown *down = (const void *) wait_for (self, b, "LinkDown", 1)->message;
    assert_int_equal (down->link, number);
    assert_int_equal (count_of (a, "LinkDown"), 0);
    //  And there is a way back.
    connect_them (self, 3);
    number = ((const Ggen__LinkUp *) wait_for (self, b, "LinkUp", 2)->message)->link;
    close_link (b, number);
    assert_int_equal (((const Ggen__LinkDown *) wait_for (self, a, "LinkDown", 1)->message)->link,
                      3);
}

//  Let only one work, for so long.
static void
work_alone (fixture_t *self, node_t *node, int64_t ms)
{
    int64_t until_ms = clock_ms () + ms;
    for (unsigned i = 0; i < NODES; i++)
        self->nodes[i].asleep = &self->nodes[i] != node;
    while (clock_ms () < until_ms)
        work (self);
    for (unsigned i = 0; i < NODES; i++)
        self->nodes[i].asleep = false;
}

static void
what_is_read_after_the_end_of_its_connection_is_of_the_same_link (void **state)
{
    fixture_t *self = *state;
    node_t *a = &self->nodes[0], *b = &self->nodes[1];
    connect_them (self, 1);
    unsigned before = count_of (b, "LinkReceived");
    for (unsigned i = 0; i < 100; i++)
        send_text (a, 1, "last words", (bytes_t) {0});
    close_link (a, 1);
    work_alone (self, a, 500);
    wait_for (self, b, "LinkDown", 1);
    assert_int_equal (count_of (b, "LinkReceived"), before + 100);
    work_alone (self, b, 50);
    assert_int_equal (count_of (b, "LinkUp"), 1);
    assert_string_equal (b->hearing.list[b->hearing.count - 1].type, "LinkDown");
}

//  Work, without a message, for so many heartbeats (200 ms each).
static void
be_quiet (fixture_t *self, unsigned beats)
{
    int64_t until_ms = clock_ms () + 200 * beats;
    while (clock_ms () < until_ms)
        work (self);
}

static void
links_without_messages_stay_and_one_to_a_frozen_node_ends (void **state)
{
    fixture_t *self = *state;
    node_t *a = &self->nodes[0], *b = &self->nodes[1];
    connect_them (self, 1);
    unsigned received = count_of (a, "LinkReceived") + count_of (b, "LinkReceived");
    be_quiet (self, 2 * LINK_SILENCES);
    assert_int_equal (count_of (a, "LinkDown") + count_of (b, "LinkDown"), 0);
    assert_int_equal (count_of (a, "LinkReceived") + count_of (b, "LinkReceived"), received);
    b->asleep = true;
    const Ggen__LinkDown *down = (const void *) wait_for (self, a, "LinkDown", 1)->message;
    assert_int_equal (down->code, TIMEOUT);
    b->asleep = false;
    wait_for (self, b, "LinkDown", 1);
}

//  libzmq issues 3937, 4364, 4767: with ZeroMQ's heartbeats that aborts the process.
static void
a_peer_that_fills_our_queue_and_ends_is_survived (void **state)
{
    fixture_t *self = *state;
    node_t *a = &self->nodes[0], *b = &self->nodes[1];
    static uint8_t chunk[32768];
    connect_them (self, 1);
    b->asleep = true;
    for (unsigned i = 0; i < 400; i++)
        send_text (a, 1, "more", (bytes_t) {chunk, sizeof chunk});
    be_quiet (self, 2);
    actor_destroy (&a->actor);
    be_quiet (self, 5);
    b->asleep = false;
    wait_for (self, b, "LinkDown", 1);
    assert_true (count_of (b, "LinkReceived") > 100);
}

static void
silence_counts_only_when_all_that_came_is_read (void **state)
{
    (void) state;
    pulse_t pulse;
    end_t end = {.side = WIRES_OUT};
    pulse_init (&pulse, 100);
    pulse_begin (&end, 1000);
    assert_int_equal (pulse_next_ms (&pulse, &end), 1100);
    assert_int_equal (pulse_judge (&pulse, &end, 1099), PULSE_GOOD);
    assert_int_equal (pulse_judge (&pulse, &end, 1100), PULSE_SAY);
    end.said_ms = 1290;
    assert_int_equal (pulse_next_ms (&pulse, &end), 1300);
    //  We stood still: it is not known what lies there.
    pulse.drained_ms[WIRES_OUT] = 1290;
    pulse.drained_ms[WIRES_IN] = 1400;
    assert_int_equal (pulse_judge (&pulse, &end, 1400), PULSE_READ);
    pulse.drained_ms[WIRES_OUT] = 1401;
    assert_int_equal (pulse_judge (&pulse, &end, 1401), PULSE_LOST);
    end.heard_ms = 1400;
    assert_int_equal (pulse_judge (&pulse, &end, 1401), PULSE_SAY);
}

//  Look, as a shell does, whether something has come, and read nothing, until the other side of a link
//  knows that it has ended.
static void
only_look (fixture_t *self, node_t *node, const node_t *other)
{
    void *sockets[ACTOR_SOCKETS_MAX];
    zmq_pollitem_t items[ACTOR_SOCKETS_MAX];
    unsigned count = actor_sockets (node->actor, sockets);
    int64_t until_ms = clock_ms () + WAIT_MS;
    node->asleep = true;
    for (unsigned i = 0; i < count; i++)
        items[i] = (zmq_pollitem_t) {sockets[i], 0, ZMQ_POLLIN, 0};
    while (count_of (other, "LinkDown") == 0) {
        assert_true (clock_ms () < until_ms);
        work (self);
        zmq_poll (items, (int) count, 0);
        if (actor_deadline_ms (node->actor) <= clock_ms ())
            assert_int_equal (actor_tick (node->actor, clock_ms (), clock_wall_ms ()), OK);
    }
    node->asleep = false;
}

//  Of two links, the first is let go after something came from 'speaker' and nobody read it yet. Returns
//  how many messages more were told.
static unsigned
let_go_unread (fixture_t *self, unsigned speaker)
{
    node_t *a = &self->nodes[0];
    uint64_t numbers[NODES] = {0};
    numbers[1] = connect_them (self, 1);
    dial (a, 3, &self->nodes[2]);
    wait_for (self, a, "LinkUp", 2);
    send_text (a, 3, "hello", (bytes_t) {0});
    numbers[2] =
        ((const Ggen__LinkUp *) wait_for (self, &self->nodes[2], "LinkUp", 1)->message)->link;
    unsigned received = count_of (a, "LinkReceived");
    close_link (a, 1);
    send_text (&self->nodes[speaker], numbers[speaker], "one", (bytes_t) {0});
    only_look (self, a, &self->nodes[1]);
    send_text (&self->nodes[2], numbers[2], "two", (bytes_t) {0});
    wait_for (self, a, "LinkReceived", received + (speaker == 2 ? 2 : 1));
    assert_int_equal (count_of (a, "LinkDown"), 0);
    return count_of (a, "LinkReceived") - received;
}

//  libzmq issue 3485.
static void
a_link_is_let_go_while_a_message_of_it_is_unread (void **state)
{
    assert_int_equal (let_go_unread (*state, 1), 1);
}

static void
what_came_from_another_while_a_link_is_let_go_is_not_lost (void **state)
{
    assert_int_equal (let_go_unread (*state, 2), 2);
}

static void
a_node_that_ends_is_told_on_either_side (void **state)
{
    fixture_t *self = *state;
    node_t *a = &self->nodes[0], *b = &self->nodes[1], *c = &self->nodes[2];
    connect_them (self, 1);
    dial (c, 1, a);
    wait_for (self, c, "LinkUp", 1);
    send_text (c, 1, "hello", (bytes_t) {0});
    wait_for (self, a, "LinkUp", 2);
    actor_destroy (&a->actor);
    wait_for (self, b, "LinkDown", 1);
    wait_for (self, c, "LinkDown", 1);
    send_text (b, 2, "nobody", (bytes_t) {0});
    assert_int_equal (count_of (b, "LinkDown"), 1);
}

static void
a_peer_that_does_not_read_is_cut_off_at_the_bound (void **state)
{
    fixture_t *self = *state;
    node_t *a = &self->nodes[0], *b = &self->nodes[1];
    connect_them (self, 1);
    b->asleep = true;
    static uint8_t chunk[256 << 10];
    unsigned sent = 0;
    while (count_of (a, "LinkDown") == 0 && sent < 4000) {
        send_text (a, 1, "more", (bytes_t) {chunk, sizeof chunk});
        work (self);
        sent++;
    }
    assert_int_equal (count_of (a, "LinkDown"), 1);
    assert_true (sent * sizeof chunk > LINK_QUEUE_BYTES_MAX);
    //  What is not on its way, but for what is told together.
    assert_true (sent * sizeof chunk - written_by (a) < LINK_QUEUE_BYTES_MAX + (1u << 20));
}

//  A dial may be over before there is room for it.
static void
a_dial_waits_no_longer_than_it_has (void **state)
{
    (void) state;
    redials_t redials = {.count = 0};
    assert_true (redials_put (&redials, &(outbound_t) {.number = 1, .ends_ms = 1005}, 1000));
    assert_true (redials_put (&redials, &(outbound_t) {.number = 2, .ends_ms = 9000}, 1000));
    assert_int_equal (redials.list[0]->until_ms, 1005);
    assert_int_equal (redials.list[1]->until_ms, 1000 + REDIALS_WAIT_MS);
    for (uint64_t number = 3; number <= REDIALS_MAX; number++)
        assert_true (redials_put (&redials, &(outbound_t) {.number = number}, 1000));
    assert_false (redials_put (&redials, &(outbound_t) {.number = 99}, 1000));
    redials_drop (&redials, 5);
    assert_true (redials_put (&redials, &(outbound_t) {.number = 99}, 1000));
    redials_clear (&redials);
    assert_true (redials_next_ms (&redials) == DEADLINE_NEVER);
}

//  As many as its queues do not hold, and less than what it is cut off for.
static unsigned
fill (fixture_t *self, node_t *from)
{
    static uint8_t chunk[16 << 10];
    const unsigned count = 900;
    for (unsigned i = 0; i < count; i++) {
        send_text (from, 1, "more", (bytes_t) {chunk, sizeof chunk});
        if (i % 50 == 0)
            work (self);
    }
    return count;
}

static void
a_peer_that_does_not_read_is_tried_ever_more_seldom_and_has_it_all_when_it_reads (void **state)
{
    fixture_t *self = *state;
    node_t *a = &self->nodes[0], *b = &self->nodes[1];
    listen_on (self, a, 5000, 0);
    listen_on (self, b, 5000, 0);       //  Who does not read hears no heartbeat either
    connect_them (self, 1);
    unsigned before = count_of (b, "LinkReceived");
    b->asleep = true;
    unsigned count = fill (self, a), tries = 0;
    int64_t until_ms = clock_ms () + 1000, due_ms = 0;
    //  For a second, or as long as it takes to see some.
    while (clock_ms () < until_ms || (tries < 5 && clock_ms () < until_ms + WAIT_MS)) {
        tries += actor_deadline_ms (a->actor) != due_ms;
        due_ms = actor_deadline_ms (a->actor);
        work (self);
    }
    assert_in_range (tries, 5, 60);
    assert_int_equal (count_of (a, "LinkDown"), 0);
    b->asleep = false;
    wait_for (self, b, "LinkReceived", before + count);
}

static void
a_peer_that_never_reads_is_cut_off_in_the_end (void **state)
{
    fixture_t *self = *state;
    node_t *a = &self->nodes[0], *b = &self->nodes[1];
    listen_on (self, a, 5000, 300);
    listen_on (self, b, 5000, 0);
    connect_them (self, 1);
    b->asleep = true;
    fill (self, a);
    const Ggen__LinkDown *down = (const void *) wait_for (self, a, "LinkDown", 1)->message;
    assert_int_equal (down->code, BUSY);
}

static void
a_frame_larger_than_swarm_takes_is_cut (void **state)
{
    fixture_t *self = *state;
    node_t *a = &self->nodes[0], *b = &self->nodes[1];
    connect_them (self, 1);
    unsigned before = count_of (b, "LinkReceived");
    Ggen__LinkSend request = GGEN__LINK_SEND__INIT;
    request.link = 1;
    request.envelope = (ProtobufCBinaryData) {4, (uint8_t *) "much"};
    request.body = (ProtobufCBinaryData) {SWARM_BODY_MAX, calloc (1, SWARM_BODY_MAX + 8192)};
    say (a, &request.base, (bytes_t) {0});
    wait_for (self, b, "LinkReceived", before + 1);
    request.body.len += 8192;
    say (a, &request.base, (bytes_t) {0});
    wait_for (self, a, "LinkDown", 1);
    wait_for (self, b, "LinkDown", 1);
    assert_int_equal (count_of (b, "LinkReceived"), before + 1);
    free (request.body.data);
}

//  ---- strangers -----------------------------------------------------------------------------------

static int
raw_connection (const node_t *to)
{
    multiaddr_t address;
    assert_int_equal (multiaddr_decode (&address, (bytes_t) {to->address, to->address_size}), OK);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons (address.port)};
    at.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
    int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true (fd >= 0);
    assert_int_equal (connect (fd, (struct sockaddr *) &at, sizeof at), 0);
    return fd;
}

//  Work until the other side has closed it.
static void
wait_for_end (fixture_t *self, int fd)
{
    int64_t until_ms = clock_ms () + WAIT_MS;
    char bytes[512];
    for (;;) {
        ssize_t got = recv (fd, bytes, sizeof bytes, MSG_DONTWAIT);
        if (got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK))
            return;
        assert_true (clock_ms () < until_ms);
        work (self);
    }
}

static void
garbage_and_silence_are_cut_and_others_go_on (void **state)
{
    fixture_t *self = *state;
    int garbage = raw_connection (&self->nodes[1]), silent = raw_connection (&self->nodes[1]);
    static const char text[] = "GET / HTTP/1.1\r\nHost: example.org\r\n\r\n................";
    assert_int_equal (send (garbage, text, sizeof text, 0), sizeof text);
    connect_them (self, 1);
    wait_for_end (self, garbage);
    wait_for_end (self, silent);                //  After HANDSHAKE_IVL
    close (garbage);
    close (silent);
    assert_int_equal (count_of (&self->nodes[1], "LinkUp"), 1);
    send_text (&self->nodes[0], 1, "still", (bytes_t) {0});
    wait_for (self, &self->nodes[1], "LinkReceived", 2);
}

//  A routing id of its own choice, of so many bytes: the router here takes it as the peer's name.
static void *
named_stranger (void *context, const node_t *to, size_t name_size)
{
    uint8_t public_key[32], secret_key[32];
    multiaddr_t address;
    char endpoint[64];
    int linger_ms = 0;
    assert_int_equal (multiaddr_decode (&address, (bytes_t) {to->address, to->address_size}), OK);
    crypto_box_keypair (public_key, secret_key);
    snprintf (endpoint, sizeof endpoint, "tcp://127.0.0.1:%u", address.port);
    void *socket = zmq_socket (context, ZMQ_DEALER);
    static uint8_t name[64];
    name[0]++;
    memset (name + 1, 'n', sizeof name - 1);
    zmq_setsockopt (socket, ZMQ_ROUTING_ID, name, name_size);
    zmq_setsockopt (socket, ZMQ_LINGER, &linger_ms, sizeof linger_ms);
    zmq_setsockopt (socket, ZMQ_CURVE_SERVERKEY, to->settings.public_key, 32);
    zmq_setsockopt (socket, ZMQ_CURVE_PUBLICKEY, public_key, 32);
    zmq_setsockopt (socket, ZMQ_CURVE_SECRETKEY, secret_key, 32);
    assert_int_equal (zmq_connect (socket, endpoint), 0);
    return socket;
}

static void
who_takes_a_long_name_is_cut_and_not_mixed_up_with_another (void **state)
{
    fixture_t *self = *state;
    node_t *b = &self->nodes[1];
    void *context = zmq_ctx_new ();
    void *first = named_stranger (context, b, 20), *second = named_stranger (context, b, 20);
    zmq_send (first, "envelope", 8, ZMQ_SNDMORE);
    zmq_send (first, "body", 4, 0);
    zmq_send (second, "envelope", 8, ZMQ_SNDMORE);
    zmq_send (second, "body", 4, 0);
    connect_them (self, 1);
    work_alone (self, b, 300);
    assert_int_equal (count_of (b, "LinkUp"), 1);
    zmq_close (first);
    zmq_close (second);
    zmq_ctx_term (context);
}

static void
who_says_far_too_often_that_it_is_there_is_cut (void **state)
{
    fixture_t *self = *state;
    node_t *b = &self->nodes[1];
    void *context = zmq_ctx_new ();
    void *stranger = named_stranger (context, b, 5);
    zmq_send (stranger, "envelope", 8, ZMQ_SNDMORE);
    zmq_send (stranger, "body", 4, 0);
    wait_for (self, b, "LinkReceived", 1);
    for (unsigned i = 0; i < LINK_PULSES_MAX + 100; i++) {
        zmq_send (stranger, "", 0, ZMQ_SNDMORE);
        zmq_send (stranger, "", 0, 0);
        if (i % 100 == 0)
            step (b);
    }
    const Ggen__LinkDown *down = (const void *) wait_for (self, b, "LinkDown", 1)->message;
    assert_int_equal (down->code, VALIDATION);
    assert_int_equal (count_of (b, "LinkReceived"), 1);
    zmq_close (stranger);
    zmq_ctx_term (context);
}

static void
heartbeats_are_counted_anew_after_a_while (void **state)
{
    (void) state;
    end_t end = {.pulses_ms = 1000};
    for (unsigned i = 0; i < LINK_PULSES_MAX; i++)
        assert_true (pulse_heard (&end, 1000 + LINK_HEARTBEAT_MS - 1));
    assert_false (pulse_heard (&end, 1000 + LINK_HEARTBEAT_MS - 1));
    assert_true (pulse_heard (&end, 1000 + LINK_HEARTBEAT_MS));
}

//  Both ends of a connection on loopback.
static void
make_connection (int ends[2])
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t size = sizeof at;
    at.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
    int listener = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal (bind (listener, (struct sockaddr *) &at, sizeof at), 0);
    assert_int_equal (listen (listener, 1), 0);
    assert_int_equal (getsockname (listener, (struct sockaddr *) &at, &size), 0);
    ends[0] = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal (connect (ends[0], (struct sockaddr *) &at, sizeof at), 0);
    ends[1] = accept (listener, NULL, NULL);
    assert_true (ends[1] >= 0);
    close (listener);
}

static bool
is_cut (const int ends[2])
{
    char byte;
    return recv (ends[0], &byte, 1, MSG_DONTWAIT) == 0;
}

static void
the_guard_cuts_what_is_too_many_and_what_stays_silent (void **state)
{
    (void) state;
    guard_t *guard = guard_new (2);
    int ends[3][2];
    for (unsigned i = 0; i < 3; i++) {
        make_connection (ends[i]);
        assert_int_equal (guard_accepted (guard, ends[i][1], 1000), i < 2);
        assert_int_equal (is_cut (ends[i]), i == 2);
    }
    assert_true (guard_proven (guard, ends[0][1]));
    assert_int_equal (guard_look (guard, 1000 + LINK_UNPROVEN_MS - 1), 0);
    assert_int_equal (guard_look (guard, 1000 + LINK_UNPROVEN_MS), 1);
    assert_false (is_cut (ends[0]));
    assert_true (is_cut (ends[1]));
    for (unsigned i = 0; i < 6; i++)
        close (ends[i / 2][i % 2]);
    guard_destroy (&guard);
}

static void
the_guard_cuts_no_other_that_has_the_descriptor_since (void **state)
{
    (void) state;
    guard_t *guard = guard_new (2);
    int first[2], second[2];
    make_connection (first);
    make_connection (second);
    assert_true (guard_accepted (guard, first[1], 0));
    assert_int_equal (dup2 (second[1], first[1]), first[1]);
    guard_cut (guard, first[1]);
    assert_false (is_cut (second));
    guard_look (guard, LINK_UNPROVEN_MS);
    assert_false (is_cut (second));
    for (unsigned i = 0; i < 2; i++) {
        close (first[i]);
        close (second[i]);
    }
    guard_destroy (&guard);
}

//  So many bytes arrive; that they are read does not make a message of them.
static void
pour (const int ends[2], size_t bytes)
{
    static uint8_t buffer[65536];
    for (size_t sent = 0, got = 0; got < bytes;) {
        const size_t left = bytes - sent;
        ssize_t now = left ? send (ends[0], buffer, left < sizeof buffer ? left : sizeof buffer,
                                   MSG_DONTWAIT)
                           : 0;
        sent += now > 0 ? (size_t) now : 0;
        now = recv (ends[1], buffer, sizeof buffer, sent > got ? 0 : MSG_DONTWAIT);
        got += now > 0 ? (size_t) now : 0;
    }
}

static void
before_its_first_message_nobody_says_more_than_a_hello_takes (void **state)
{
    (void) state;
    guard_t *guard = guard_new (2);
    int ends[2][2];
    for (unsigned i = 0; i < 2; i++) {
        make_connection (ends[i]);
        assert_true (guard_accepted (guard, ends[i][1], 0));
        if (i == 0)
            assert_true (guard_proven (guard, ends[i][1]));
        pour (ends[i], LINK_FIRST_BYTES + 8192);
    }
    assert_int_equal (guard_look (guard, 1), 1);
    assert_false (is_cut (ends[0]));
    assert_true (is_cut (ends[1]));
    assert_int_equal (guard_look (guard, 2), 0);        //  Once
    for (unsigned i = 0; i < 4; i++)
        close (ends[i / 2][i % 2]);
    guard_destroy (&guard);
}

static void
of_all_that_fill_the_memory_together_the_greatest_is_cut (void **state)
{
    (void) state;
    enum { COUNT = 5, GREATEST = 2 };
    guard_t *guard = guard_new (COUNT);
    int ends[COUNT][2];
    for (unsigned i = 0; i < COUNT; i++) {
        make_connection (ends[i]);
        assert_true (guard_accepted (guard, ends[i][1], 0));
        assert_true (guard_proven (guard, ends[i][1]));
        pour (ends[i], LINK_GUARD_ALL_BYTES / COUNT + (i == GREATEST ? 65536 : 32768));
        assert_int_equal (guard_look (guard, 1), i + 1 == COUNT);
    }
    for (unsigned i = 0; i < COUNT; i++)
        assert_int_equal (is_cut (ends[i]), i == GREATEST);
    assert_in_range (guard_unread (guard), LINK_GUARD_ALL_BYTES / 2, LINK_GUARD_ALL_BYTES);
    for (unsigned i = 0; i < 2 * COUNT; i++)
        close (ends[i / 2][i % 2]);
    guard_destroy (&guard);
}

static void
many_small_messages_are_no_credit_for_a_large_one (void **state)
{
    (void) state;
    guard_t *guard = guard_new (1);
    int ends[2];
    make_connection (ends);
    assert_true (guard_accepted (guard, ends[1], 0));
    assert_true (guard_proven (guard, ends[1]));
    for (unsigned i = 0; i < LINK_GUARD_BYTES / 64; i++)
        guard_read (guard, ends[1], 0);
    assert_int_equal (guard_look (guard, 1), 0);
    pour (ends, LINK_GUARD_BYTES + 8192);
    assert_int_equal (guard_look (guard, 2), 1);
    close (ends[0]);
    close (ends[1]);
    guard_destroy (&guard);
}

static void
whom_we_dialled_is_none_of_those_who_came_in (void **state)
{
    (void) state;
    guard_t *guard = guard_new (1);
    int came[2], dialled[2];
    make_connection (came);
    make_connection (dialled);
    assert_true (guard_dialled (guard, dialled[1], 0));
    assert_true (guard_accepted (guard, came[1], 0));   //  The one that may be
    //  What is told late of a descriptor's last life is not told of this one.
    guard_closed (guard, came[1], true);
    guard_closed (guard, dialled[1], false);
    assert_int_equal (guard_count (guard), 2);
    pour (dialled, LINK_FIRST_BYTES + 8192);
    assert_int_equal (guard_look (guard, 1), 1);
    assert_true (is_cut (dialled));
    assert_false (is_cut (came));
    guard_closed (guard, dialled[1], true);
    guard_closed (guard, came[1], false);
    assert_int_equal (guard_count (guard), 0);
    for (unsigned i = 0; i < 2; i++) {
        close (came[i]);
        close (dialled[i]);
    }
    guard_destroy (&guard);
}

//  A message whose frames never end, by somebody whose key is as good as any.
static void
a_message_without_end_is_cut (void **state)
{
    fixture_t *self = *state;
    node_t *b = &self->nodes[1];
    multiaddr_t address;
    assert_int_equal (multiaddr_decode (&address, (bytes_t) {b->address, b->address_size}), OK);
    uint8_t public_key[32], secret_key[32];
    crypto_box_keypair (public_key, secret_key);
    char endpoint[64], monitor_at[] = "inproc://endless";
    snprintf (endpoint, sizeof endpoint, "tcp://127.0.0.1:%u", address.port);
    void *context = zmq_ctx_new ();
    void *socket = zmq_socket (context, ZMQ_DEALER), *monitor = zmq_socket (context, ZMQ_PAIR);
    int linger_ms = 0;
    zmq_setsockopt (socket, ZMQ_LINGER, &linger_ms, sizeof linger_ms);
    zmq_setsockopt (socket, ZMQ_CURVE_SERVERKEY, b->settings.public_key, 32);
    zmq_setsockopt (socket, ZMQ_CURVE_PUBLICKEY, public_key, 32);
    zmq_setsockopt (socket, ZMQ_CURVE_SECRETKEY, secret_key, 32);
    assert_int_equal (zmq_socket_monitor (socket, monitor_at, ZMQ_EVENT_DISCONNECTED), 0);
    assert_int_equal (zmq_connect (monitor, monitor_at), 0);
    assert_int_equal (zmq_connect (socket, endpoint), 0);
    //  Not without end, because ZeroMQ sends nothing before it has it all; but as good as.
    static uint8_t frame[60000];
    for (unsigned i = 0; i < 4000; i++)
        assert_int_equal (zmq_send (socket, frame, sizeof frame, ZMQ_SNDMORE), sizeof frame);
    assert_int_equal (zmq_send (socket, frame, sizeof frame, 0), sizeof frame);
    int64_t until_ms = clock_ms () + WAIT_MS;
    zmq_pollitem_t cut = {monitor, 0, ZMQ_POLLIN, 0};
    while (zmq_poll (&cut, 1, 0) == 0 && clock_ms () < until_ms)
        work (self);
    assert_true (cut.revents & ZMQ_POLLIN);
    assert_int_equal (count_of (b, "LinkUp"), 0);
    zmq_close (monitor);
    zmq_close (socket);
    zmq_ctx_term (context);
}

//  The same by one whom we have dialled.
static void
a_message_without_end_of_whom_we_dialled_is_cut (void **state)
{
    fixture_t *self = *state;
    node_t *a = &self->nodes[0], host = {.address_size = 0};
    uint8_t secret_key[32];
    char endpoint[64];
    size_t size = sizeof endpoint;
    const int yes = 1, none = 0;
    crypto_box_keypair (host.settings.public_key, secret_key);
    void *context = zmq_ctx_new (), *socket = zmq_socket (context, ZMQ_DEALER);
    zmq_setsockopt (socket, ZMQ_LINGER, &none, sizeof none);
    zmq_setsockopt (socket, ZMQ_CURVE_SERVER, &yes, sizeof yes);
    zmq_setsockopt (socket, ZMQ_CURVE_SECRETKEY, secret_key, 32);
    assert_int_equal (zmq_bind (socket, "tcp://127.0.0.1:*"), 0);
    assert_int_equal (zmq_getsockopt (socket, ZMQ_LAST_ENDPOINT, endpoint, &size), 0);
    multiaddr_t address = {.kind = MULTIADDR_IP4, .ip = {127, 0, 0, 1}};
    address.port = (uint16_t) strtoul (strrchr (endpoint, ':') + 1, NULL, 10);
    host.address_size = multiaddr_encode (&address, host.address);
    dial (a, 1, &host);
    wait_for (self, a, "LinkUp", 1);
    static uint8_t frame[60000];
    for (unsigned i = 0; i < 4000; i++)
        assert_int_equal (zmq_send (socket, frame, sizeof frame, ZMQ_SNDMORE), sizeof frame);
    assert_int_equal (zmq_send (socket, frame, sizeof frame, 0), sizeof frame);
    const Ggen__LinkDown *down = (const void *) wait_for (self, a, "LinkDown", 1)->message;
    assert_int_equal (down->code, NETWORK);     //  Not VALIDATION: it never was here as a whole
    zmq_close (socket);
    zmq_ctx_term (context);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown (both_sides_know_each_others_key, set_up, tear_down),
        cmocka_unit_test_setup_teardown (messages_keep_their_order_and_their_bytes, set_up,
                                         tear_down),
        cmocka_unit_test_setup_teardown (another_key_than_expected_is_no_link, set_up, tear_down),
        cmocka_unit_test_setup_teardown (what_cannot_be_dialled_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown (a_place_that_is_being_left_is_dialled_again_when_it_is_free,
                                         set_up, tear_down),
        cmocka_unit_test_setup_teardown (what_was_said_before_a_close_arrives_and_then_the_end,
                                         set_up, tear_down),
        cmocka_unit_test_setup_teardown (
            what_is_read_after_the_end_of_its_connection_is_of_the_same_link, set_up, tear_down),
        cmocka_unit_test_setup_teardown (links_without_messages_stay_and_one_to_a_frozen_node_ends,
                                         set_up, tear_down),
        cmocka_unit_test_setup_teardown (a_peer_that_fills_our_queue_and_ends_is_survived, set_up,
                                         tear_down),
        cmocka_unit_test (silence_counts_only_when_all_that_came_is_read),
        cmocka_unit_test_setup_teardown (a_link_is_let_go_while_a_message_of_it_is_unread, set_up,
                                         tear_down),
        cmocka_unit_test_setup_teardown (
            what_came_from_another_while_a_link_is_let_go_is_not_lost, set_up, tear_down),
        cmocka_unit_test_setup_teardown (a_node_that_ends_is_told_on_either_side, set_up,
                                         tear_down),
        cmocka_unit_test (a_dial_waits_no_longer_than_it_has),
        cmocka_unit_test_setup_teardown (a_peer_that_does_not_read_is_cut_off_at_the_bound,
                                         set_up_patient, tear_down),
        cmocka_unit_test_setup_teardown (
            a_peer_that_does_not_read_is_tried_ever_more_seldom_and_has_it_all_when_it_reads,
            set_up_patient, tear_down),
        cmocka_unit_test_setup_teardown (a_peer_that_never_reads_is_cut_off_in_the_end,
                                         set_up_patient, tear_down),
        cmocka_unit_test_setup_teardown (a_frame_larger_than_swarm_takes_is_cut, set_up, tear_down),
        cmocka_unit_test_setup_teardown (garbage_and_silence_are_cut_and_others_go_on, set_up,
                                         tear_down),
        cmocka_unit_test_setup_teardown (
            who_takes_a_long_name_is_cut_and_not_mixed_up_with_another, set_up, tear_down),
        cmocka_unit_test_setup_teardown (who_says_far_too_often_that_it_is_there_is_cut, set_up,
                                         tear_down),
        cmocka_unit_test (heartbeats_are_counted_anew_after_a_while),
        cmocka_unit_test (the_guard_cuts_what_is_too_many_and_what_stays_silent),
        cmocka_unit_test (before_its_first_message_nobody_says_more_than_a_hello_takes),
        cmocka_unit_test (of_all_that_fill_the_memory_together_the_greatest_is_cut),
        cmocka_unit_test (the_guard_cuts_no_other_that_has_the_descriptor_since),
        cmocka_unit_test (many_small_messages_are_no_credit_for_a_large_one),
        cmocka_unit_test (whom_we_dialled_is_none_of_those_who_came_in),
        cmocka_unit_test_setup_teardown (a_message_without_end_is_cut, set_up, tear_down),
        cmocka_unit_test_setup_teardown (a_message_without_end_of_whom_we_dialled_is_cut,
                                         set_up_patient, tear_down),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
