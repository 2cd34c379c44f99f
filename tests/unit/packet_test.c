// SPDX-License-Identifier: MIT
#include "runtime/host/packet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define PART(text) {(const uint8_t *) (text), sizeof (text) - 1}

//  Each is read from memory of just its size, so that a sanitizer sees a look beyond the end.
static frames_t
frames_of (bytes_t bytes)
{
    frames_t frames = {.count = 1};
    zmq_msg_init_size (&frames.part[0], bytes.size);
    if (bytes.size > 0)
        memcpy (zmq_msg_data (&frames.part[0]), bytes.data, bytes.size);
    return frames;
}

static bool
reads (bytes_t bytes)
{
    frames_t frames = frames_of (bytes);
    packet_t packet;
    bool read = packet_read (&packet, &frames);
    frames_close (&frames);
    return read;
}

static void
count_free (void *data, void *hint)
{
    ++*(unsigned *) hint;
    free (data);
}

//  From "me", of a Progress with this subject; the body is left out when it is NULL.
static code_t
pack (frames_t *frames, const char *to, const char *type, const char *subject, unsigned *freed)
{
    Ggen__Progress body = GGEN__PROGRESS__INIT;
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__EVENT;
    envelope.from = "me";
    envelope.type = (char *) type;
    parcel_t parcel = {.to = to, .envelope = &envelope};
    if (subject) {
        body.subject = (char *) subject;
        parcel.body = &body.base;
    }
    if (freed) {
        parcel.attachment = calloc (1, 1000);
        parcel.attachment_size = 1000;
        parcel.free_attachment = count_free;
        parcel.hint = freed;
    }
    return packet_pack (frames, &parcel);
}

static void
what_was_packed_is_read (void **state)
{
    (void) state;
    unsigned freed = 0;
    frames_t frames;
    packet_t packet;
    assert_int_equal (pack (&frames, "you", "Progress", "half", &freed), OK);
    assert_int_equal (frames.count, 2);
    assert_true (packet_read (&packet, &frames));
    assert_string_equal (packet.address, "you");
    Ggen__Envelope *envelope =
        ggen__envelope__unpack (NULL, packet.envelope.size, packet.envelope.data);
    Ggen__Progress *body = ggen__progress__unpack (NULL, packet.body.size, packet.body.data);
    assert_string_equal (envelope->from, "me");
    assert_string_equal (body->subject, "half");
    assert_int_equal (packet.attachment.size, 1000);
    ggen__envelope__free_unpacked (envelope, NULL);
    ggen__progress__free_unpacked (body, NULL);
    frames_close (&frames);
    assert_int_equal (freed, 1);
}

static void
a_body_that_was_packed_before_goes_out_as_it_is (void **state)
{
    (void) state;
    static const uint8_t body[] = {250, 255, 255, 0, 7};
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__EVENT;
    envelope.from = "dht@12D3KooWpeer";
    parcel_t parcel = {.to = "dht", .envelope = &envelope, .packed = {body, sizeof body}};
    frames_t frames;
    packet_t packet;
    assert_int_equal (parcel_body_size (&parcel), sizeof body);
    assert_int_equal (packet_pack (&frames, &parcel), OK);
    assert_true (packet_read (&packet, &frames));
    assert_int_equal (packet.body.size, sizeof body);
    assert_memory_equal (packet.body.data, body, sizeof body);
    frames_close (&frames);
}

static void
a_message_without_a_body_has_an_empty_one (void **state)
{
    (void) state;
    frames_t frames;
    packet_t packet;
    assert_int_equal (pack (&frames, "you", "", NULL, NULL), OK);
    assert_int_equal (frames.count, 1);
    assert_true (packet_read (&packet, &frames));
    assert_int_equal (packet.body.size, 0);
    assert_true (packet.envelope.size > 0);
    assert_null (packet.attachment.data);
    frames_close (&frames);
}

static void
addresses_are_as_long_as_they_may_be_and_no_longer (void **state)
{
    (void) state;
    char address[ADDRESS_MAX + 2];
    unsigned freed = 0;
    frames_t frames;
    packet_t packet;
    memset (address, 'a', sizeof address);
    address[ADDRESS_MAX + 1] = 0;
    assert_int_equal (pack (&frames, address, "", NULL, &freed), VALIDATION);
    assert_int_equal (frames.count, 0);
    assert_int_equal (freed, 1);
    assert_int_equal (pack (&frames, "", "", NULL, &freed), VALIDATION);
    assert_int_equal (freed, 2);
    address[ADDRESS_MAX] = 0;
    assert_int_equal (pack (&frames, address, "", NULL, NULL), OK);
    assert_true (packet_read (&packet, &frames));
    assert_string_equal (packet.address, address);
    frames_close (&frames);
}

static void
an_envelope_is_as_long_as_it_may_be_and_no_longer (void **state)
{
    (void) state;
    static char type[PACKET_ENVELOPE_MAX + 1];
    //  Kind, from, and the head of the type are 2, 4 and 4 bytes.
    const size_t longest = PACKET_ENVELOPE_MAX - 10;
    frames_t frames;
    packet_t packet;
    memset (type, 't', longest);
    assert_int_equal (pack (&frames, "you", type, "half", NULL), OK);
    assert_true (packet_read (&packet, &frames));
    assert_int_equal (packet.envelope.size, PACKET_ENVELOPE_MAX);
    assert_int_equal (packet.body.size, 6);
    frames_close (&frames);
    type[longest] = 't';
    assert_int_equal (pack (&frames, "you", type, "half", NULL), VALIDATION);
    assert_int_equal (frames.count, 0);
}

static void
wrapping_moves_the_attachment_and_leaves_it_at_an_error (void **state)
{
    (void) state;
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    unsigned freed = 0;
    frames_t frames;
    packet_t packet;
    zmq_msg_t attachment;
    zmq_msg_init_data (&attachment, calloc (1, 1000), 1000, count_free, &freed);
    const bytes_t body = PART ("body");
    assert_int_equal (packet_wrap (&frames, "", &envelope, body, &attachment), VALIDATION);
    assert_int_equal (zmq_msg_size (&attachment), 1000);
    assert_int_equal (packet_wrap (&frames, "you", &envelope, body, &attachment), OK);
    assert_int_equal (zmq_msg_size (&attachment), 0);
    assert_true (packet_read (&packet, &frames));
    assert_int_equal (packet.envelope.size, 0);
    assert_int_equal (packet.body.size, 4);
    assert_memory_equal (packet.body.data, "body", 4);
    assert_int_equal (packet.attachment.size, 1000);
    frames_close (&frames);
    assert_int_equal (freed, 1);
    zmq_msg_close (&attachment);
}

static void
a_packet_cut_anywhere_before_its_body_is_none (void **state)
{
    (void) state;
    static const bytes_t whole = PART ("\3you\0\5\0abcde"), bodied = PART ("\3you\0\5\0abcdeB");
    for (size_t size = 0; size < whole.size; size++)
        assert_false (reads ((bytes_t) {whole.data, size}));
    assert_true (reads (whole));
    assert_true (reads (bodied));
}

static void
lengths_that_lie_are_refused (void **state)
{
    (void) state;
    static const bytes_t lies[] = {
        PART (""),                          //  nothing
        PART ("\0\0\0\0"),                  //  no address
        PART ("\3you!\0\0"),                //  no NUL where the address ends
        PART ("\4you\0\0\0"),               //  the NUL too early
        PART ("\2you\0\0\0"),               //  the NUL too late
        PART ("\377you\0\0\0"),             //  an address beyond the end
        PART ("\3you\0\1\0"),               //  an envelope beyond the end
        PART ("\3you\0\0\1abcdefghij"),     //  the high byte counts
        PART ("\3you\0\377\377abcdefghij"),
        PART ("$TERM"),
    };
    for (size_t i = 0; i < COUNT_OF (lies); i++)
        assert_false (reads (lies[i]));
    assert_true (reads ((bytes_t) PART ("\3you\0\0\0")));
}

static void
an_address_longer_than_allowed_is_refused_though_it_is_all_there (void **state)
{
    (void) state;
    uint8_t bytes[1 + ADDRESS_MAX + 1 + 1 + 2];
    memset (bytes, 0, sizeof bytes);
    memset (bytes + 1, 'a', ADDRESS_MAX + 1);
    bytes[0] = ADDRESS_MAX + 1;
    assert_false (reads ((bytes_t) {bytes, sizeof bytes}));
    bytes[0] = ADDRESS_MAX;
    bytes[1 + ADDRESS_MAX] = 0;
    assert_true (reads ((bytes_t) {bytes, sizeof bytes}));
}

static void
more_parts_than_packet_and_attachment_are_refused (void **state)
{
    (void) state;
    static const bytes_t whole = PART ("\3you\0\0\0");
    packet_t packet;
    frames_t frames = frames_of (whole);
    zmq_msg_init_size (&frames.part[frames.count++], 7);
    assert_true (packet_read (&packet, &frames));
    assert_int_equal (packet.attachment.size, 7);
    zmq_msg_init_size (&frames.part[frames.count++], 7);
    assert_false (packet_read (&packet, &frames));
    frames_close (&frames);
    assert_false (packet_read (&packet, &frames));
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (what_was_packed_is_read),
        cmocka_unit_test (a_body_that_was_packed_before_goes_out_as_it_is),
        cmocka_unit_test (a_message_without_a_body_has_an_empty_one),
        cmocka_unit_test (addresses_are_as_long_as_they_may_be_and_no_longer),
        cmocka_unit_test (an_envelope_is_as_long_as_it_may_be_and_no_longer),
        cmocka_unit_test (wrapping_moves_the_attachment_and_leaves_it_at_an_error),
        cmocka_unit_test (a_packet_cut_anywhere_before_its_body_is_none),
        cmocka_unit_test (lengths_that_lie_are_refused),
        cmocka_unit_test (an_address_longer_than_allowed_is_refused_though_it_is_all_there),
        cmocka_unit_test (more_parts_than_packet_and_attachment_are_refused),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
