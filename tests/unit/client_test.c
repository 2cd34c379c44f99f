// SPDX-License-Identifier: MIT
//  The CLI's door, on a node in this process, with a second client that means no good.
#include "runtime/actor/out.h"
#include "runtime/host/client.h"
#include "runtime/host/clock.h"
#include "runtime/host/frames.h"
#include "runtime/host/host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "tests/temp_dir.h"

//  ---- the node ------------------------------------------------------------------------------------

static void *
toy_create (const actor_env_t *env)
{
    return env->out;
}

static void
toy_destroy (void *self)
{
    (void) self;
}

//  Echoes; first it says how far it is, as often as 'total' says. Fails when 'done' is 13, and
//  with a failure that is none when it is 14.
static code_t
echo (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    const Ggen__Progress *asked = (const void *) message;
    for (uint64_t i = 0; i < asked->total; i++)
        out_progress (self, at->ticket, asked);
    if (asked->done == 13)
        return out_fail (at, SECURITY, "do this", "%s", "no luck");
    if (asked->done == 14)
        return out_fail (at, OK, "", "no failure");
    return out_reply (at, message);
}

//  Of an actor whose requests wait for ever.
static bool
never (const void *self)
{
    (void) self;
    return false;
}

static const handler_t rows[] = {{&ggen__progress__descriptor, echo, THIS_NODE}, {0}};
static const actor_class_t mute_class = {
    .name = "mute", .create = toy_create, .destroy = toy_destroy, .rows = rows, .ready = never};
static const actor_class_t echo_class = {
    .name = "echo", .create = toy_create, .destroy = toy_destroy, .rows = rows};
static const role_t roles[] = {{NULL, &echo_class, NULL}, {NULL, &mute_class, NULL}};

static code_t
node_start (void *context, const home_t *home, bool daemon, void **node_p, const char **endpoint_p,
            char *why, size_t why_size)
{
    (void) context;
    (void) daemon;
    host_t *host = NULL;
    bus_setup_t setup = {
        .roles = roles, .roles_count = COUNT_OF (roles), .home = home->dir, .version = "test"};
    code_t code = host_start (&host, &setup, why, why_size);
    *node_p = host;
    if (code == OK)
        *endpoint_p = host_endpoint (host);
    return code;
}

static void
node_stop (void *context, void **node_p)
{
    (void) context;
    host_t *host = *node_p;
    host_stop (&host);
    *node_p = NULL;
}

typedef struct {
    char directory[TEMP_DIR_SIZE];
    client_t *client;
    char endpoint[64];
    unsigned progressed;
    uint32_t timeout_ms;        //  of a call; 0 = enough
} home_test_t;

static home_test_t *running;

static code_t
node_start_seen (void *context, const home_t *home, bool daemon, void **node_p,
                 const char **endpoint_p, char *why, size_t why_size)
{
    code_t code = node_start (context, home, daemon, node_p, endpoint_p, why, why_size);
    if (code == OK)
        snprintf (running->endpoint, sizeof running->endpoint, "%s", *endpoint_p);
    return code;
}

static const client_embed_t embed = {node_start_seen, node_stop, NULL, NULL};

static int
setup (void **state)
{
    home_test_t *test = running = calloc (1, sizeof *test);
    temp_dir_make (test->directory);
    char why[200] = "";
    client_setup_t client = {
        .home_dir = test->directory, .need = HOME_READ, .program = "test", .embed = &embed};
    assert_int_equal (client_open (&test->client, &client, why, sizeof why), OK);
    *state = test;
    return 0;
}

static int
teardown (void **state)
{
    home_test_t *test = *state;
    client_close (&test->client);
    assert_int_equal (rmdir (test->directory), 0);
    free (test);
    return 0;
}

//  ---- calling -------------------------------------------------------------------------------------

static void
on_progress (void *context, const Ggen__Progress *progress, int64_t now_ms)
{
    (void) now_ms;
    if (progress)
        ((home_test_t *) context)->progressed++;
}

typedef struct {
    code_t code;
    uint64_t number;
    char message[64], hint[64];
} outcome_t;

static outcome_t
call (home_test_t *test, const char *to, uint64_t number, uint64_t signs)
{
    outcome_t outcome = {.code = OK};
    Ggen__Progress request = GGEN__PROGRESS__INIT;
    request.done = number;
    request.total = signs;
    client_call_t ask = {.to = to,
                         .request = &request.base,
                         .expect = &ggen__progress__descriptor,
                         .timeout_ms = test->timeout_ms ? test->timeout_ms : 10000,
                         .progress = on_progress,
                         .context = test};
    ProtobufCMessage *reply = NULL;
    Ggen__Failure *failure = NULL;
    outcome.code = client_call (test->client, &ask, &reply, &failure);
    assert_true ((outcome.code == OK) == (reply != NULL) && (failure == NULL) == (reply != NULL));
    if (reply) {
        outcome.number = ((const Ggen__Progress *) reply)->done;
        protobuf_c_message_free_unpacked (reply, NULL);
        return outcome;
    }
    snprintf (outcome.message, sizeof outcome.message, "%s", failure->message);
    snprintf (outcome.hint, sizeof outcome.hint, "%s", failure->hint);
    ggen__failure__free_unpacked (failure, NULL);
    return outcome;
}

//  As another client: send this to the first one, and wait until the bus has passed it on.
static void
speak_falsely (home_test_t *test, Ggen__Kind kind, uint64_t id, const ProtobufCMessage *body)
{
    AUTO (zsock_destroy) zsock_t *dealer = zsock_new (ZMQ_DEALER);
    assert_int_equal (zsock_connect (dealer, "%s", test->endpoint), 0);
    const char *addresses[] = {"client-1", "echo"};
    for (unsigned i = 0; i < COUNT_OF (addresses); i++) {
        Ggen__Progress question = GGEN__PROGRESS__INIT;
        Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
        parcel_t parcel = {.to = addresses[i], .envelope = &envelope};
        envelope.kind = i == 0 ? kind : GGEN__KIND__REQUEST;
        envelope.id = i == 0 ? id : 1;
        envelope.from = "echo";
        parcel.body = i == 0 ? body : &question.base;
        envelope.type = (char *) parcel.body->descriptor->short_name;
        frames_t frames;
        frames_pack (&frames, &parcel);
        assert_int_equal (frames_send (&frames, zsock_resolve (dealer), 0), 0);
    }
    AUTO (zmsg_destroy) zmsg_t *answer = zmsg_recv (dealer);
    assert_non_null (answer);
}

static void
a_call_gets_its_answer_and_each_sign_of_progress (void **state)
{
    home_test_t *test = *state;
    assert_true (client_embedded (test->client));
    outcome_t outcome = call (test, "echo", 7, 3);
    assert_int_equal (outcome.code, OK);
    assert_int_equal (outcome.number, 7);
    assert_int_equal (test->progressed, 3);
    assert_int_equal (call (test, "echo", 8, 0).number, 8);
}

static void
a_failure_comes_with_its_words (void **state)
{
    outcome_t outcome = call (*state, "echo", 13, 0);
    assert_int_equal (outcome.code, SECURITY);
    assert_string_equal (outcome.message, "no luck");
    assert_string_equal (outcome.hint, "do this");
}

static void
a_failure_that_is_none_is_no_answer (void **state)
{
    assert_int_equal (call (*state, "echo", 14, 0).code, SERIALIZATION);
}

static void
an_unknown_actor_is_a_failure_and_not_a_wait (void **state)
{
    assert_int_equal (call (*state, "nobody", 1, 0).code, FEATURE_NOT_ENABLED);
    assert_int_equal (call (*state, "dht@12D3KooWpeer", 1, 0).code, NODE_NOT_STARTED);
}

//  Attaching was call 1; the next one is 2.
static void
an_answer_of_somebody_who_was_not_asked_does_not_count (void **state)
{
    home_test_t *test = *state;
    Ggen__Progress lie = GGEN__PROGRESS__INIT;
    lie.done = 666;
    speak_falsely (test, GGEN__KIND__PROGRESS, 2, &lie.base);
    speak_falsely (test, GGEN__KIND__REPLY, 2, &lie.base);
    outcome_t outcome = call (test, "echo", 7, 0);
    assert_int_equal (outcome.number, 7);
    assert_int_equal (test->progressed, 0);
}

static void
only_the_bus_can_say_that_the_node_has_failed (void **state)
{
    home_test_t *test = *state;
    Ggen__Failure lie = GGEN__FAILURE__INIT;
    lie.code = INTERNAL;
    speak_falsely (test, GGEN__KIND__EVENT, 0, &lie.base);
    assert_int_equal (call (test, "echo", 7, 0).code, OK);
}

//  ---- the end -------------------------------------------------------------------------------------

static bool
keep_node (void *context, const void *node)
{
    *(const void **) context = node;
    return true;
}

//  A client of its own home; returns the node that is left when it is closed after a call to 'to', or NULL.
static void *
node_left (home_test_t *test, bool ends, const char *to, uint64_t number, uint32_t timeout_ms)
{
    const void *left = NULL;
    const client_embed_t leaving = {node_start_seen, node_stop, keep_node, &left};
    const client_setup_t client = {.home_dir = test->directory,
                                   .need = HOME_READ,
                                   .program = "test",
                                   .embed = &leaving,
                                   .ends = ends};
    home_test_t other = {.client = NULL};
    char why[200] = "";
    assert_int_equal (client_open (&other.client, &client, why, sizeof why), OK);
    other.timeout_ms = timeout_ms;
    call (&other, to, number, 0);
    client_close (&other.client);
    return (void *) (uintptr_t) left;
}

static void
a_process_that_ends_leaves_a_node_that_did_all_it_was_asked (void **state)
{
    void *left = node_left (*state, true, "echo", 7, 10000);
    assert_non_null (left);
    node_stop (NULL, &left);
    assert_null (node_left (*state, false, "echo", 7, 10000));
    assert_null (node_left (*state, true, "echo", 13, 10000));      //  fails
    assert_null (node_left (*state, true, "mute", 7, 1));
}

#define WITH_CLIENT(test) cmocka_unit_test_setup_teardown (test, setup, teardown)

int
main (void)
{
    const struct CMUnitTest tests[] = {
        WITH_CLIENT (a_call_gets_its_answer_and_each_sign_of_progress),
        WITH_CLIENT (a_failure_comes_with_its_words),
        WITH_CLIENT (a_failure_that_is_none_is_no_answer),
        WITH_CLIENT (an_unknown_actor_is_a_failure_and_not_a_wait),
        WITH_CLIENT (an_answer_of_somebody_who_was_not_asked_does_not_count),
        WITH_CLIENT (only_the_bus_can_say_that_the_node_has_failed),
        WITH_CLIENT (a_process_that_ends_leaves_a_node_that_did_all_it_was_asked),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
