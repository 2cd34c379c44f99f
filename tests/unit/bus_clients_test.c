// SPDX-License-Identifier: MIT
//  The ROUTER's edge: frames of clients become packets and come back as frames.
#include "runtime/actor/out.h"
#include "runtime/host/clock.h"
#include "runtime/host/host.h"
#include "runtime/host/packet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define WAIT_MS 60000

//  ---- an actor that answers with the body and the attachment of the request -------------------------

static void *
mirror_create (const actor_env_t *env)
{
    (void) env;
    return calloc (1, 1);
}

static void
free_copy (void *data, void *hint)
{
    (void) hint;
    free (data);
}

static code_t
mirror_progress (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) self;
    uint8_t *copy = malloc (at->attachment.size + 1);
    if (at->attachment.size > 0)
        memcpy (copy, at->attachment.data, at->attachment.size);
    return out_reply_with (at, message, copy, at->attachment.size, free_copy, NULL);
}

static const handler_t mirror_rows[] = {{&ggen__progress__descriptor, mirror_progress, THIS_NODE},
                                        {0}};
static const actor_class_t mirror_class = {
    .name = "mirror", .create = mirror_create, .destroy = free, .rows = mirror_rows};

//  ---- a client ------------------------------------------------------------------------------------

typedef struct {
    host_t *host;
    zsock_t *dealer;
} edge_t;

static int
setup (void **state)
{
    static const role_t roles[] = {{NULL, &mirror_class, NULL}};
    const bus_setup_t bus = {.roles = roles, .roles_count = 1, .home = "test", .version = "test"};
    char why[200] = "";
    edge_t *edge = calloc (1, sizeof *edge);
    if (host_start (&edge->host, &bus, why, sizeof why))
        return -1;
    edge->dealer = zsock_new (ZMQ_DEALER);
    zsock_set_linger (edge->dealer, 0);
    zsock_set_rcvtimeo (edge->dealer, WAIT_MS);
    *state = edge;
    return zsock_connect (edge->dealer, "%s", host_endpoint (edge->host));
}

static int
teardown (void **state)
{
    edge_t *edge = *state;
    zsock_destroy (&edge->dealer);
    host_stop (&edge->host);
    free (edge);
    return 0;
}

//  A request; the attachment, when there is one, is a copy of 'text'.
static void
ask (const edge_t *edge, const char *to, uint64_t id, const char *type, const char *text,
     size_t attachment_size)
{
    Ggen__Progress body = GGEN__PROGRESS__INIT;
    body.subject = (char *) text;
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__REQUEST;
    envelope.id = id;
    envelope.type = (char *) type;
    parcel_t parcel = {.to = to, .envelope = &envelope, .body = &body.base};
    if (attachment_size > 0) {
        parcel.attachment = strdup (text);
        parcel.attachment_size = attachment_size;
        parcel.free_attachment = free_copy;
    }
    frames_t frames;
    frames_pack (&frames, &parcel);
    assert_int_equal (frames_send (&frames, zsock_resolve (edge->dealer), 0), 0);
}

//  The next reply, whatever Pings come before it; ggen__envelope__free_unpacked it.
static Ggen__Envelope *
hear (const edge_t *edge, frames_t *frames)
{
    int64_t until_ms = clock_ms () + WAIT_MS;
    for (;;) {
        assert_true (clock_ms () < until_ms);
        assert_int_equal (frames_wait (frames, zsock_resolve (edge->dealer)), OK);
        bytes_t packed = frames_bytes (frames, 0);
        Ggen__Envelope *envelope = ggen__envelope__unpack (NULL, packed.size, packed.data);
        assert_non_null (envelope);
        if (envelope->kind == GGEN__KIND__REPLY)
            return envelope;
        ggen__envelope__free_unpacked (envelope, NULL);
        frames_close (frames);
    }
}

//  ---- tests ---------------------------------------------------------------------------------------

static void
bodies_and_attachments_pass_whole_in_both_directions (void **state)
{
    const edge_t *edge = *state;
    static char text[100001];
    const size_t size = sizeof text - 1;
    memset (text, 't', size);
    ask (edge, "mirror", 7, "Progress", text, size);
    frames_t frames;
    Ggen__Envelope *envelope = hear (edge, &frames);
    assert_int_equal (envelope->id, 7);
    assert_int_equal (frames.count, 3);
    bytes_t packed = frames_bytes (&frames, 1), attachment = frames_bytes (&frames, 2);
    Ggen__Progress *answer = ggen__progress__unpack (NULL, packed.size, packed.data);
    assert_non_null (answer);
    assert_string_equal (answer->subject, text);
    assert_int_equal (attachment.size, size);
    assert_memory_equal (attachment.data, text, size);
    ggen__progress__free_unpacked (answer, NULL);
    ggen__envelope__free_unpacked (envelope, NULL);
    frames_close (&frames);
}

static void
what_fits_in_no_packet_is_dropped_and_the_next_is_served (void **state)
{
    const edge_t *edge = *state;
    static char text[PACKET_ENVELOPE_MAX + 1];
    memset (text, 't', PACKET_ENVELOPE_MAX);
    ask (edge, "mirror", 1, text, "", 0);
    ask (edge, text, 2, "Progress", "", 0);
    ask (edge, text + PACKET_ENVELOPE_MAX - ADDRESS_MAX - 1, 3, "Progress", "", 0);
    ask (edge, "", 4, "Progress", "", 0);
    ask (edge, "mirror", 5, "Progress", "", 0);
    frames_t frames;
    Ggen__Envelope *envelope = hear (edge, &frames);
    assert_int_equal (envelope->id, 5);
    assert_string_equal (envelope->type, "Progress");
    ggen__envelope__free_unpacked (envelope, NULL);
    frames_close (&frames);
}

static void
the_longest_address_is_answered (void **state)
{
    const edge_t *edge = *state;
    char address[ADDRESS_MAX + 1];
    memset (address, 'a', ADDRESS_MAX);
    address[ADDRESS_MAX] = 0;
    ask (edge, address, 9, "Progress", "", 0);
    frames_t frames;
    Ggen__Envelope *envelope = hear (edge, &frames);
    assert_int_equal (envelope->id, 9);
    assert_string_equal (envelope->from, address);
    assert_string_equal (envelope->type, "Failure");
    ggen__envelope__free_unpacked (envelope, NULL);
    frames_close (&frames);
}

#define AT_THE_EDGE(test) cmocka_unit_test_setup_teardown (test, setup, teardown)

int
main (void)
{
    const struct CMUnitTest tests[] = {
        AT_THE_EDGE (bodies_and_attachments_pass_whole_in_both_directions),
        AT_THE_EDGE (what_fits_in_no_packet_is_dropped_and_the_next_is_served),
        AT_THE_EDGE (the_longest_address_is_answered),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
