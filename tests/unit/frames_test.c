// SPDX-License-Identifier: MIT
#include "runtime/host/frames.h"
#include "runtime/host/host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

typedef struct {
    zsock_t *near, *far;
} pipe_t;

static int
setup (void **state)
{
    host_init ();
    pipe_t *pipe = calloc (1, sizeof *pipe);
    pipe->far = zsys_create_pipe (&pipe->near);
    *state = pipe;
    return 0;
}

static int
teardown (void **state)
{
    pipe_t *pipe = *state;
    zsock_destroy (&pipe->near);
    zsock_destroy (&pipe->far);
    free (pipe);
    return 0;
}

static void
send_parts (const pipe_t *pipe, unsigned parts)
{
    for (unsigned i = 0; i < parts; i++)
        assert_int_equal (
            zmq_send (zsock_resolve (pipe->far), "abcdefghij", i, i + 1 < parts ? ZMQ_SNDMORE : 0),
            (int) i);
}

static void
count_free (void *data, void *hint)
{
    ++*(unsigned *) hint;
    free (data);
}

static frames_t
pack (unsigned *freed)
{
    static Ggen__Progress body = GGEN__PROGRESS__INIT;
    static Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.from = "me";
    parcel_t parcel = {.to = "you",
                       .envelope = &envelope,
                       .body = &body.base,
                       .attachment = malloc (1000),
                       .attachment_size = 1000,
                       .free_attachment = count_free,
                       .hint = freed};
    frames_t frames;
    frames_pack (&frames, &parcel);
    return frames;
}

static void
nothing_there_is_busy_and_leaves_nothing_behind (void **state)
{
    const pipe_t *pipe = *state;
    frames_t frames;
    assert_int_equal (frames_recv (&frames, zsock_resolve (pipe->near)), BUSY);
    assert_int_equal (frames.count, 0);
    frames_close (&frames);
}

static void
a_message_of_as_many_frames_as_may_be_is_taken_whole (void **state)
{
    const pipe_t *pipe = *state;
    frames_t frames;
    send_parts (pipe, FRAMES_MAX);
    assert_int_equal (frames_recv (&frames, zsock_resolve (pipe->near)), OK);
    assert_int_equal (frames.count, FRAMES_MAX);
    assert_int_equal (frames_size (&frames), 0 + 1 + 2 + 3 + 4);
    assert_memory_equal (frames_bytes (&frames, 4).data, "abcd", 4);
    assert_null (frames_bytes (&frames, FRAMES_MAX).data);
    frames_close (&frames);
    frames_close (&frames);
}

static void
a_message_of_more_frames_is_dropped_and_the_next_one_comes (void **state)
{
    const pipe_t *pipe = *state;
    frames_t frames;
    send_parts (pipe, FRAMES_MAX + 1);
    send_parts (pipe, 10);
    send_parts (pipe, 2);
    assert_int_equal (frames_recv (&frames, zsock_resolve (pipe->near)), VALIDATION);
    assert_int_equal (frames.count, 0);
    assert_int_equal (frames_recv (&frames, zsock_resolve (pipe->near)), VALIDATION);
    assert_int_equal (frames_recv (&frames, zsock_resolve (pipe->near)), OK);
    assert_int_equal (frames.count, 2);
    frames_close (&frames);
}

static void
a_parcel_arrives_in_its_parts_and_its_attachment_is_freed_once (void **state)
{
    const pipe_t *pipe = *state;
    unsigned freed = 0;
    frames_t frames = pack (&freed), heard;
    assert_int_equal (frames.count, 4);
    assert_memory_equal (frames_bytes (&frames, 0).data, "you", 3);
    assert_int_equal (frames_send (&frames, zsock_resolve (pipe->far), 0), 0);
    frames_close (&frames);
    assert_int_equal (freed, 0);
    assert_int_equal (frames_wait (&heard, zsock_resolve (pipe->near)), OK);
    assert_int_equal (heard.count, 4);
    assert_memory_equal (frames_bytes (&heard, 0).data, "you", 3);
    assert_int_equal (frames_bytes (&heard, 3).size, 1000);
    frames_close (&heard);
    assert_int_equal (freed, 1);
}

static void
an_attachment_that_is_not_sent_is_freed_once (void **state)
{
    (void) state;
    unsigned freed = 0;
    frames_t frames = pack (&freed);
    frames_close (&frames);
    frames_close (&frames);
    assert_int_equal (freed, 1);

    //  A ROUTER that does not know the address refuses the whole message, which stays ours.
    zsock_t *router = zsock_new (ZMQ_ROUTER);
    zsock_set_router_mandatory (router, 1);
    frames = pack (&freed);
    assert_int_equal (frames_send (&frames, zsock_resolve (router), ZMQ_DONTWAIT), EHOSTUNREACH);
    assert_int_equal (frames.count, 4);
    assert_int_equal (freed, 1);
    frames_close (&frames);
    assert_int_equal (freed, 2);
    zsock_destroy (&router);
}

#define WITH_PIPE(test) cmocka_unit_test_setup_teardown (test, setup, teardown)

int
main (void)
{
    const struct CMUnitTest tests[] = {
        WITH_PIPE (nothing_there_is_busy_and_leaves_nothing_behind),
        WITH_PIPE (a_message_of_as_many_frames_as_may_be_is_taken_whole),
        WITH_PIPE (a_message_of_more_frames_is_dropped_and_the_next_one_comes),
        WITH_PIPE (a_parcel_arrives_in_its_parts_and_its_attachment_is_freed_once),
        WITH_PIPE (an_attachment_that_is_not_sent_is_freed_once),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
