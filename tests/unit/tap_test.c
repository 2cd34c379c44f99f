// SPDX-License-Identifier: MIT
//  The tap as a listener sees it, and that it costs nothing when nobody listens.
#include "runtime/host/clock.h"
#include "runtime/host/home.h"
#include "runtime/host/host.h"
#include "runtime/host/tap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "tests/temp_dir.h"

#define WAIT_MS 60000

typedef struct {
    char directory[TEMP_DIR_SIZE], path[TEMP_DIR_SIZE + 20];
    tap_t *tap;
    zsock_t *listeners[2];
} air_t;

static int
setup (void **state)
{
    host_init ();
    air_t *air = calloc (1, sizeof *air);
    temp_dir_make (air->directory);
    snprintf (air->path, sizeof air->path, "%s/tap.ipc", air->directory);
    air->tap = tap_new (air->path, true);
    *state = air;
    return air->tap ? 0 : -1;
}

static int
teardown (void **state)
{
    air_t *air = *state;
    for (unsigned i = 0; i < 2; i++)
        zsock_destroy (&air->listeners[i]);
    tap_destroy (&air->tap);
    unlink (air->path);
    rmdir (air->directory);
    free (air);
    return 0;
}

//  Let the tap hear of it before going on.
static void
hear (air_t *air)
{
    zmq_pollitem_t item = {tap_socket (air->tap), 0, ZMQ_POLLIN, 0};
    assert_int_equal (zmq_poll (&item, 1, WAIT_MS), 1);
    tap_subscriptions (air->tap);
}

static void
listen_to (air_t *air, unsigned i, const char *topic)
{
    air->listeners[i] = zsock_new (ZMQ_SUB);
    zsock_set_rcvtimeo (air->listeners[i], WAIT_MS);
    zsock_set_subscribe (air->listeners[i], topic);
    assert_int_equal (zsock_connect (air->listeners[i], "ipc://%s", air->path), 0);
    hear (air);
}

//  The next message is of this one part.
static void
expect_part (air_t *air, unsigned i, const char *text)
{
    AUTO (zmsg_destroy) zmsg_t *msg = zmsg_recv (air->listeners[i]);
    assert_non_null (msg);
    assert_int_equal (zmsg_size (msg), 1);
    assert_true (zframe_streq (zmsg_first (msg), text));
}

static void
publish_at (air_t *air, size_t attachment_size, uint64_t sent_us)
{
    Ggen__Progress body = GGEN__PROGRESS__INIT;
    body.done = 42;
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__REPLY;
    envelope.id = 7;
    envelope.from = "store";
    envelope.type = "Progress";
    envelope.sent_us = sent_us;
    parcel_t parcel = {.to = "installer", .envelope = &envelope, .body = &body.base};
    if (attachment_size > 0) {
        parcel.attachment = calloc (1, attachment_size);
        parcel.attachment_size = attachment_size;
        parcel.free_attachment = (void (*) (void *, void *)) (void *) free;
    }
    frames_t frames;
    packet_t packet;
    assert_int_equal (packet_pack (&frames, &parcel), OK);
    assert_true (packet_read (&packet, &frames));
    tap_publish (air->tap, &packet);
    frames_close (&frames);
}

//  A Progress of 5 ms ago.
static void
publish (air_t *air, size_t attachment_size)
{
    publish_at (air, attachment_size, clock_us () - 5000);
}

//  The header of the next message; ggen__tap_header__free_unpacked it.
static Ggen__TapHeader *
next_header (air_t *air, unsigned i)
{
    AUTO (zmsg_destroy) zmsg_t *msg = zmsg_recv (air->listeners[i]);
    assert_non_null (msg);
    assert_int_equal (zmsg_size (msg), 3);
    assert_true (zframe_streq (zmsg_first (msg), "Progress"));
    zframe_t *packed = zmsg_next (msg), *body = zmsg_next (msg);
    Ggen__TapHeader *header =
        ggen__tap_header__unpack (NULL, zframe_size (packed), zframe_data (packed));
    assert_non_null (header);
    assert_int_equal (header->body_bytes, zframe_size (body));
    Ggen__Progress *progress =
        ggen__progress__unpack (NULL, zframe_size (body), zframe_data (body));
    assert_int_equal (progress->done, 42);
    ggen__progress__free_unpacked (progress, NULL);
    return header;
}

static void
nobody_listens_until_somebody_does (void **state)
{
    air_t *air = *state;
    assert_false (tap_wanted (air->tap));
    listen_to (air, 0, "");
    assert_true (tap_wanted (air->tap));
    zsock_destroy (&air->listeners[0]);
    hear (air);
    assert_false (tap_wanted (air->tap));
}

static void
a_listener_sees_who_said_what_to_whom (void **state)
{
    air_t *air = *state;
    listen_to (air, 0, "");
    publish (air, 0);
    Ggen__TapHeader *header = next_header (air, 0);
    assert_string_equal (header->to, "installer");
    assert_string_equal (header->envelope->from, "store");
    assert_int_equal (header->envelope->id, 7);
    assert_int_equal (header->sequence, 1);
    assert_int_equal (header->attachment_bytes, 0);
    assert_in_range (header->latency_us, 5000, 5000 + WAIT_MS * 1000);
    ggen__tap_header__free_unpacked (header, NULL);
}

static void
an_attachment_appears_as_its_size_and_digest (void **state)
{
    //  SHA-256 of 1,000 zeros.
    static const uint8_t expected[] = {0x54, 0x1b, 0x3e, 0x9d, 0xaa, 0x09, 0xb2, 0x0b,
                                       0xf8, 0x5f, 0xa2, 0x73, 0xe5, 0xcb, 0xd3, 0xe8,
                                       0x01, 0x85, 0xaa, 0x4e, 0xc2, 0x98, 0xe7, 0x65,
                                       0xdb, 0x87, 0x74, 0x2b, 0x70, 0x13, 0x8a, 0x53};
    air_t *air = *state;
    listen_to (air, 0, "");
    publish (air, 1000);
    Ggen__TapHeader *header = next_header (air, 0);
    assert_int_equal (header->attachment_bytes, 1000);
    assert_int_equal (header->attachment_sha256.len, sizeof expected);
    assert_memory_equal (header->attachment_sha256.data, expected, sizeof expected);
    ggen__tap_header__free_unpacked (header, NULL);
}

static void
a_listener_to_another_type_hears_nothing_but_the_gap_shows_it (void **state)
{
    air_t *air = *state;
    listen_to (air, 0, "SearchRequest");
    listen_to (air, 1, "Progress");
    publish (air, 0);
    publish (air, 0);
    for (unsigned i = 1; i <= 2; i++) {
        Ggen__TapHeader *header = next_header (air, 1);
        assert_int_equal (header->sequence, i);
        ggen__tap_header__free_unpacked (header, NULL);
    }
    zsock_set_rcvtimeo (air->listeners[0], 0);
    assert_null (zmsg_recv (air->listeners[0]));
}

static void
the_second_listener_still_hears_when_the_first_has_gone (void **state)
{
    air_t *air = *state;
    listen_to (air, 0, "Pro");
    listen_to (air, 1, "Progress");
    zsock_destroy (&air->listeners[0]);
    hear (air);
    assert_true (tap_wanted (air->tap));
    publish (air, 0);
    ggen__tap_header__free_unpacked (next_header (air, 1), NULL);
}

static void
a_sender_whose_clock_is_ahead_has_no_latency (void **state)
{
    air_t *air = *state;
    listen_to (air, 0, "");
    publish_at (air, 0, UINT64_MAX);
    Ggen__TapHeader *header = next_header (air, 0);
    assert_int_equal (header->latency_us, 0);
    ggen__tap_header__free_unpacked (header, NULL);
}

//  Who asks for it knows from when on it misses nothing; who does not is not troubled.
static void
a_listener_that_asks_for_a_hello_hears_it_before_anything_else (void **state)
{
    air_t *air = *state;
    listen_to (air, 0, "Progress");
    listen_to (air, 1, HOME_TAP_HELLO);
    zsock_set_subscribe (air->listeners[1], "Progress");
    hear (air);
    publish (air, 0);
    expect_part (air, 1, HOME_TAP_HELLO);
    ggen__tap_header__free_unpacked (next_header (air, 1), NULL);
    ggen__tap_header__free_unpacked (next_header (air, 0), NULL);
}

#define ON_AIR(test) cmocka_unit_test_setup_teardown (test, setup, teardown)

int
main (void)
{
    const struct CMUnitTest tests[] = {
        ON_AIR (nobody_listens_until_somebody_does),
        ON_AIR (a_listener_sees_who_said_what_to_whom),
        ON_AIR (an_attachment_appears_as_its_size_and_digest),
        ON_AIR (a_listener_to_another_type_hears_nothing_but_the_gap_shows_it),
        ON_AIR (the_second_listener_still_hears_when_the_first_has_gone),
        ON_AIR (a_sender_whose_clock_is_ahead_has_no_latency),
        ON_AIR (a_listener_that_asks_for_a_hello_hears_it_before_anything_else),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
