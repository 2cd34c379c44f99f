// SPDX-License-Identifier: MIT
#include "runtime/host/host.h"
#include "runtime/host/watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

typedef struct {
    zsock_t *near[2], *far[2];  //  two pairs
    watch_t watch[2];           //  of the near ends
    watch_set_t set;
} pairs_t;

static bool
drain (watch_t *watch)
{
    char byte;
    bool any = false;
    while (zmq_recv (watch->socket, &byte, 1, ZMQ_DONTWAIT) >= 0)
        any = true;
    watch_empty (watch);
    return any;
}

static int
setup (void **state)
{
    host_init ();
    pairs_t *pairs = calloc (1, sizeof *pairs);
    for (unsigned i = 0; i < 2; i++) {
        pairs->far[i] = zsys_create_pipe (&pairs->near[i]);
        watch_add (&pairs->set, &pairs->watch[i], zsock_resolve (pairs->near[i]));
        assert_true (pairs->watch[i].ready);
        assert_false (drain (&pairs->watch[i]));
    }
    *state = pairs;
    return 0;
}

static int
teardown (void **state)
{
    pairs_t *pairs = *state;
    for (unsigned i = 0; i < 2; i++) {
        zsock_destroy (&pairs->near[i]);
        zsock_destroy (&pairs->far[i]);
    }
    free (pairs);
    return 0;
}

static void
send_from (zsock_t *socket)
{
    assert_int_equal (zmq_send (zsock_resolve (socket), "x", 1, ZMQ_DONTWAIT), 1);
}

static void
a_message_makes_its_socket_ready_and_no_other (void **state)
{
    pairs_t *pairs = *state;
    watch_wait (&pairs->set, 0);
    assert_false (pairs->watch[0].ready || pairs->watch[1].ready);
    send_from (pairs->far[1]);
    watch_wait (&pairs->set, -1);
    assert_false (pairs->watch[0].ready);
    assert_true (pairs->watch[1].ready);
    assert_true (drain (&pairs->watch[1]));
}

static void
what_is_ready_is_not_waited_for (void **state)
{
    pairs_t *pairs = *state;
    watch_ready (&pairs->watch[0]);
    //  The runner's deadline is the assertion: these return.
    for (unsigned i = 0; i < 4; i++)
        watch_wait (&pairs->set, -1);
    assert_true (pairs->watch[0].ready);
}

static void
one_that_is_always_ready_does_not_hide_another (void **state)
{
    pairs_t *pairs = *state;
    watch_ready (&pairs->watch[0]);
    watch_wait (&pairs->set, -1);
    send_from (pairs->far[1]);
    watch_wait (&pairs->set, -1);
    watch_wait (&pairs->set, -1);
    assert_true (pairs->watch[1].ready);
}

//  What makes the rule of watch.h necessary, and that it suffices: whatever a send has consumed
//  of the news, the message is found.
static void
no_message_is_lost_between_sends (void **state)
{
    pairs_t *pairs = *state;
    for (unsigned round = 0; round < 2000; round++) {
        send_from (pairs->far[0]);
        for (unsigned i = 0; i < round % 5; i++) {
            watch_ready (&pairs->watch[0]);
            send_from (pairs->near[0]);
        }
        watch_wait (&pairs->set, -1);
        watch_wait (&pairs->set, 0);
        assert_true (pairs->watch[0].ready);
        assert_true (drain (&pairs->watch[0]));
        char byte;
        while (zmq_recv (zsock_resolve (pairs->far[0]), &byte, 1, ZMQ_DONTWAIT) >= 0)
            continue;
    }
}

static void
one_that_was_removed_is_not_looked_at (void **state)
{
    pairs_t *pairs = *state;
    watch_remove (&pairs->set, &pairs->watch[1]);
    watch_remove (&pairs->set, &pairs->watch[1]);
    send_from (pairs->far[1]);
    watch_wait (&pairs->set, 0);
    assert_false (pairs->watch[1].ready);
    send_from (pairs->far[0]);
    watch_wait (&pairs->set, -1);
    assert_true (pairs->watch[0].ready);
}

#define WITH_PAIRS(test) cmocka_unit_test_setup_teardown (test, setup, teardown)

int
main (void)
{
    const struct CMUnitTest tests[] = {
        WITH_PAIRS (a_message_makes_its_socket_ready_and_no_other),
        WITH_PAIRS (what_is_ready_is_not_waited_for),
        WITH_PAIRS (one_that_is_always_ready_does_not_hide_another),
        WITH_PAIRS (no_message_is_lost_between_sends),
        WITH_PAIRS (one_that_was_removed_is_not_looked_at),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
