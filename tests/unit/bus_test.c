// SPDX-License-Identifier: MIT
//  The bus and the shells under load, failure and abuse (ARCHITECTURE, "Bus").
#include "runtime/actor/out.h"
#include "runtime/host/clock.h"
#include "runtime/host/host.h"
#include "runtime/host/job.h"
#include "registry.pb-c.h"
#include "seeded.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#define WAIT_MS 60000

//  ---- a client that speaks frames ------------------------------------------------------------------

typedef struct {
    zsock_t *dealer;
    uint64_t next_id;
} probe_t;

static probe_t
probe_open (const host_t *host)
{
    probe_t probe = {zsock_new (ZMQ_DEALER), 0};
    zsock_set_linger (probe.dealer, 0);
    zsock_set_sndhwm (probe.dealer, 0);
    assert_int_equal (zsock_connect (probe.dealer, "%s", host_endpoint (host)), 0);
    return probe;
}

static uint64_t
probe_send (probe_t *probe, Ggen__Kind kind, const char *to, const ProtobufCMessage *body,
            uint64_t id)
{
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = kind;
    envelope.id = id ? id : ++probe->next_id;
    envelope.from = "probe";
    if (body)
        envelope.type = (char *) body->descriptor->short_name;
    envelope.sent_us = clock_us ();
    parcel_t parcel = {.to = to, .envelope = &envelope, .body = body};
    frames_t frames;
    frames_pack (&frames, &parcel);
    assert_int_equal (frames_send (&frames, zsock_resolve (probe->dealer), 0), 0);
    return envelope.id;
}

typedef struct {
    Ggen__Kind kind;
    uint64_t id;
    char type[64];
    code_t code;                //  of a Failure
    uint64_t number;            //  of a Progress
} heard_t;

//  The next message that is no event (a Ping), or fails the test after WAIT_MS.
static heard_t
probe_recv (probe_t *probe)
{
    int64_t until_ms = clock_ms () + WAIT_MS;
    for (;;) {
        zmq_pollitem_t item = {zsock_resolve (probe->dealer), 0, ZMQ_POLLIN, 0};
        assert_true (clock_ms () < until_ms);
        zmq_poll (&item, 1, 100);
        frames_t frames;
        if (frames_recv (&frames, zsock_resolve (probe->dealer)) != OK)
            continue;
        bytes_t packed = frames_bytes (&frames, 0), body = frames_bytes (&frames, 1);
        Ggen__Envelope *envelope = ggen__envelope__unpack (NULL, packed.size, packed.data);
        assert_non_null (envelope);
        heard_t heard = {.kind = envelope->kind, .id = envelope->id};
        snprintf (heard.type, sizeof heard.type, "%s", envelope->type);
        if (strcmp (heard.type, "Failure") == 0) {
            Ggen__Failure *failure = ggen__failure__unpack (NULL, body.size, body.data);
            assert_non_null (failure);
            heard.code = failure->code;
            ggen__failure__free_unpacked (failure, NULL);
        }
        if (strcmp (heard.type, "Progress") == 0) {
            Ggen__Progress *progress = ggen__progress__unpack (NULL, body.size, body.data);
            assert_non_null (progress);
            heard.number = progress->done;
            ggen__progress__free_unpacked (progress, NULL);
        }
        ggen__envelope__free_unpacked (envelope, NULL);
        frames_close (&frames);
        if (heard.kind != GGEN__KIND__EVENT)
            return heard;
    }
}

//  ---- actors for the tests -------------------------------------------------------------------------
//  They speak Progress and Detail: small messages of the vocabulary that fit the purpose.

typedef struct {
    out_t *out;
    const char *name;
    int64_t next_tick_ms;
    ticket_t held;
    jobs_t *jobs;
    unsigned asked, answered, busy;
} toy_t;

static _Atomic unsigned ticks, replies_seen, busy_seen, stopped_jobs, started_jobs, held_requests;
static _Atomic bool gate_open;

static void *
toy_create (const actor_env_t *env)
{
    toy_t *self = calloc (1, sizeof *self);
    self->out = env->out;
    self->name = env->name;
    self->next_tick_ms = env->now_ms + 10;
    self->jobs = env->host;
    return self;
}

static void
toy_destroy (void *self)
{
    free (self);
}

static code_t
echo_progress (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) self;
    return out_reply (at, message);
}

static code_t
toy_tick (void *self_, int64_t now_ms, int64_t wall_ms)
{
    (void) wall_ms;
    toy_t *self = self_;
    self->next_tick_ms = now_ms + 10;
    ticks++;
    return OK;
}

static int64_t
toy_deadline_ms (const void *self)
{
    return ((const toy_t *) self)->next_tick_ms;
}

static const handler_t echo_rows[] = {{&ggen__progress__descriptor, echo_progress, THIS_NODE},
                                      {0}};
static const actor_class_t echo_class = {.name = "echo",
                                         .create = toy_create,
                                         .destroy = toy_destroy,
                                         .rows = echo_rows,
                                         .tick = toy_tick,
                                         .deadline_ms = toy_deadline_ms};

//  Keeps its asker waiting in the handler until the gate opens: a slow actor.
static code_t
slow_progress (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) self;
    while (!atomic_load (&gate_open))
        sched_yield ();
    return out_reply (at, message);
}

static const handler_t slow_rows[] = {{&ggen__progress__descriptor, slow_progress, THIS_NODE},
                                      {0}};
static const actor_class_t slow_class = {
    .name = "slow", .create = toy_create, .destroy = toy_destroy, .rows = slow_rows};

//  Asks 'slow' as often as it is told, and counts how its requests end.
static code_t
on_counted (void *self, void *arg, const answer_t *answer)
{
    (void) self;
    (void) arg;
    if (answer->code == BUSY)
        busy_seen++;
    else
        replies_seen++;
    return OK;
}

static code_t
ask_many (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    toy_t *self = self_;
    uint64_t times = ((const Ggen__Progress *) message)->done;
    for (uint64_t i = 0; i < times; i++) {
        ask_t ask = {.to = "slow",
                     .message = message,
                     .expect = &ggen__progress__descriptor,
                     .on_answer = on_counted,
                     .budget_ms = 60000};
        self->asked += out_ask (at->out, &ask) == OK;
    }
    Ggen__Progress reply = GGEN__PROGRESS__INIT;
    reply.done = self->asked;
    return out_reply (at, &reply.base);
}

static const handler_t asker_rows[] = {{&ggen__progress__descriptor, ask_many, THIS_NODE}, {0}};
static const actor_class_t asker_class = {
    .name = "asker", .create = toy_create, .destroy = toy_destroy, .rows = asker_rows};

//  Floods 'echo' with events for as long as it lives, a burst each tick.
static code_t
flood_tick (void *self_, int64_t now_ms, int64_t wall_ms)
{
    (void) wall_ms;
    toy_t *self = self_;
    Ggen__Progress body = GGEN__PROGRESS__INIT;
    for (unsigned i = 0; i < 500; i++)
        out_event (self->out, "echo", &body.base);
    self->next_tick_ms = now_ms;
    return OK;
}

static const actor_class_t flood_class = {.name = "flood",
                                          .create = toy_create,
                                          .destroy = toy_destroy,
                                          .rows = echo_rows,
                                          .tick = flood_tick,
                                          .deadline_ms = toy_deadline_ms};

//  Holds a request for ever, or fails for good on a Detail.
static code_t
hold (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) message;
    ((toy_t *) self_)->held = at->ticket;
    held_requests++;
    return OK;
}

static code_t
die (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) self;
    (void) at;
    (void) message;
    return FATAL;
}

static const handler_t mortal_rows[] = {{&ggen__progress__descriptor, hold, THIS_NODE},
                                        {&ggen__ping__descriptor, echo_progress, THIS_NODE},
                                        {&ggen__detail__descriptor, die, THIS_NODE},
                                        {0}};
static const actor_class_t mortal_class = {
    .name = "mortal", .create = toy_create, .destroy = toy_destroy, .rows = mortal_rows};

//  Runs a job that ends only when it is cancelled.
static void
endless_work (job_t *job, void *arg)
{
    (void) arg;
    started_jobs++;
    uint64_t done = 0;
    while (!job_cancelled (job)) {
        job_progress (job, "work", "endless", ++done, 0, "");
        sched_yield ();
    }
    stopped_jobs++;
}

static code_t
start_work (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) message;
    return jobs_start (((toy_t *) self_)->jobs, at->ticket, endless_work, NULL);
}

static bool
stop_work (void *self_, ticket_t ticket)
{
    return jobs_cancel (((toy_t *) self_)->jobs, ticket);
}

static code_t
work_done (void *self_, void *job, int64_t now_ms)
{
    (void) now_ms;
    out_refuse (((toy_t *) self_)->out, job_ticket (job), CANCELLED, "", "work was cancelled");
    return OK;
}

static const handler_t worker_rows[] = {{&ggen__progress__descriptor, start_work, THIS_NODE},
                                        {0}};
static const actor_class_t worker_class = {.name = "worker",
                                           .create = toy_create,
                                           .destroy = toy_destroy,
                                           .rows = worker_rows,
                                           .cancelled = stop_work,
                                           .job_done = work_done};

//  Tells 'counter' as much as it is asked to, and more at each input of its socket, which never ends
//  while it is open.
typedef struct {
    toy_t toy;
    void *near, *far;
} wired_t;

static _Atomic unsigned told, counted;
static _Atomic bool inputs_wanted;

static void
tell_counter (out_t *out, uint64_t times)
{
    Ggen__Progress body = GGEN__PROGRESS__INIT;
    for (uint64_t i = 0; i < times; i++) {
        body.done = told++;
        out_event (out, "counter", &body.base);
    }
}

static void *
wired_create (const actor_env_t *env)
{
    static atomic_uint names;
    char endpoint[64];
    wired_t *self = calloc (1, sizeof *self);
    self->toy.out = env->out;
    snprintf (endpoint, sizeof endpoint, "inproc://wired-%u", atomic_fetch_add (&names, 1));
    self->near = zmq_socket (zsys_init (), ZMQ_PULL);
    self->far = zmq_socket (zsys_init (), ZMQ_PUSH);
    zmq_bind (self->near, endpoint);
    zmq_connect (self->far, endpoint);
    zmq_send (self->far, "x", 1, 0);
    return self;
}

static void
wired_destroy (void *self_)
{
    wired_t *self = self_;
    zmq_close (self->near);
    zmq_close (self->far);
    free (self);
}

static unsigned
wired_sockets (void *self, void **sockets)
{
    sockets[0] = ((wired_t *) self)->near;
    return atomic_load (&inputs_wanted) ? 1 : 0;
}

static code_t
wired_input (void *self, int64_t now_ms)
{
    (void) now_ms;
    tell_counter (((wired_t *) self)->toy.out, 10);
    return OK;
}

static code_t
wired_progress (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) self;
    tell_counter (at->out, ((const Ggen__Progress *) message)->done);
    return out_reply (at, message);
}

static const handler_t wired_rows[] = {{&ggen__progress__descriptor, wired_progress, THIS_NODE},
                                       {0}};
static const actor_class_t wired_class = {.name = "wired",
                                          .create = wired_create,
                                          .destroy = wired_destroy,
                                          .rows = wired_rows,
                                          .sockets = wired_sockets,
                                          .input = wired_input};

static code_t
count_progress (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) self;
    (void) at;
    while (!atomic_load (&gate_open))
        sched_yield ();
    counted += ((const Ggen__Progress *) message)->done == counted;
    return OK;
}

static const handler_t counter_rows[] = {{&ggen__progress__descriptor, count_progress, THIS_NODE},
                                         {0}};
static const actor_class_t counter_class = {
    .name = "counter", .create = toy_create, .destroy = toy_destroy, .rows = counter_rows};

static const role_t all_roles[] = {{NULL, &echo_class, NULL},   {NULL, &slow_class, NULL},
                                   {NULL, &asker_class, NULL},  {NULL, &mortal_class, NULL},
                                   {NULL, &worker_class, NULL}, {NULL, &flood_class, NULL},
                                   {NULL, &wired_class, NULL},  {NULL, &counter_class, NULL}};

static host_t *
start_host (void)
{
    char why[200] = "";
    host_t *host = NULL;
    bus_setup_t setup = {.roles = all_roles,
                         .roles_count = COUNT_OF (all_roles),
                         .home = "test",
                         .version = "test"};
    atomic_store (&gate_open, false);
    atomic_store (&inputs_wanted, false);
    told = counted = 0;
    ticks = replies_seen = busy_seen = stopped_jobs = started_jobs = held_requests = 0;
    code_t code = host_start (&host, &setup, why, sizeof why);
    if (code)
        print_message ("%s\n", why);
    assert_int_equal (code, OK);
    return host;
}

//  ---- tests ----------------------------------------------------------------------------------------

static void
a_request_is_answered_by_the_actor_it_names (void **state)
{
    (void) state;
    host_t *host = start_host ();
    probe_t probe = probe_open (host);
    Ggen__Progress body = GGEN__PROGRESS__INIT;
    body.done = 42;
    uint64_t id = probe_send (&probe, GGEN__KIND__REQUEST, "echo", &body.base, 0);
    heard_t heard = probe_recv (&probe);
    assert_int_equal (heard.kind, GGEN__KIND__REPLY);
    assert_int_equal (heard.id, id);
    assert_int_equal (heard.number, 42);
    zsock_destroy (&probe.dealer);
    host_stop (&host);
}

static void
an_unknown_address_and_an_unknown_message_are_refused_politely (void **state)
{
    (void) state;
    host_t *host = start_host ();
    probe_t probe = probe_open (host);
    Ggen__Progress body = GGEN__PROGRESS__INIT;
    Ggen__SearchRequest search = GGEN__SEARCH_REQUEST__INIT;
    probe_send (&probe, GGEN__KIND__REQUEST, "nobody", &body.base, 0);
    assert_int_equal (probe_recv (&probe).code, FEATURE_NOT_ENABLED);
    probe_send (&probe, GGEN__KIND__REQUEST, "dht@12D3Koo", &body.base, 0);
    assert_int_equal (probe_recv (&probe).code, NODE_NOT_STARTED);
    probe_send (&probe, GGEN__KIND__REQUEST, "echo", &search.base, 0);
    assert_int_equal (probe_recv (&probe).code, FEATURE_NOT_ENABLED);
    zsock_destroy (&probe.dealer);
    host_stop (&host);
}

static void
a_flooding_actor_starves_neither_another_nor_its_own_ticks (void **state)
{
    (void) state;
    host_t *host = start_host ();
    probe_t probe = probe_open (host);
    Ggen__Progress body = GGEN__PROGRESS__INIT;
    //  The first message starts the flood, on the actor's first tick.
    probe_send (&probe, GGEN__KIND__REQUEST, "flood", &body.base, 0);
    probe_recv (&probe);
    for (unsigned i = 0; i < 200; i++) {
        probe_send (&probe, GGEN__KIND__REQUEST, "mortal", &(Ggen__Ping) GGEN__PING__INIT.base, 0);
        assert_string_equal (probe_recv (&probe).type, "Ping");
    }
    //  'echo' is under the flood all the time; its ticks go on.
    unsigned before = ticks;
    int64_t until_ms = clock_ms () + WAIT_MS;
    while (ticks < before + 5 && clock_ms () < until_ms)
        sched_yield ();
    assert_true (ticks >= before + 5);
    zsock_destroy (&probe.dealer);
    host_stop (&host);
}

static void
a_slow_actor_makes_busy_and_no_request_stays_unanswered (void **state)
{
    (void) state;
    host_t *host = start_host ();
    probe_t probe = probe_open (host);
    Ggen__Progress body = GGEN__PROGRESS__INIT;
    const unsigned asks = 600;
    for (unsigned i = 0; i < asks; i++)
        probe_send (&probe, GGEN__KIND__REQUEST, "slow", &body.base, 0);
    unsigned busy = 0, answered = 0;
    //  Refusals come at once, while the actor is stuck.
    while (busy < asks - ADMIT_REQUESTS_MAX) {
        assert_int_equal (probe_recv (&probe).code, BUSY);
        busy++;
    }
    atomic_store (&gate_open, true);
    while (busy + answered < asks) {
        heard_t heard = probe_recv (&probe);
        if (strcmp (heard.type, "Failure") == 0)
            busy++;
        else
            answered++;
    }
    assert_int_equal (answered, ADMIT_REQUESTS_MAX);
    zsock_destroy (&probe.dealer);
    host_stop (&host);
}

//  Until all that was told, at least so much, was counted, in its order.
static void
wait_for_all_told (unsigned least)
{
    for (int64_t until_ms = clock_ms () + WAIT_MS; counted < told || told < least;) {
        if (clock_ms () > until_ms)
            fail_msg ("%u of %u", counted, told);
        sched_yield ();
    }
}

static void
events_of_an_actor_with_sockets_wait_for_room (void **state)
{
    (void) state;
    host_t *host = start_host ();
    probe_t probe = probe_open (host);
    Ggen__Progress body = GGEN__PROGRESS__INIT;
    body.done = 1000;
    probe_send (&probe, GGEN__KIND__REQUEST, "wired", &body.base, 0);
    //  Others are served meanwhile.
    probe_send (&probe, GGEN__KIND__REQUEST, "echo", &body.base, 0);
    assert_int_equal (probe_recv (&probe).kind, GGEN__KIND__REPLY);
    atomic_store (&gate_open, true);
    wait_for_all_told (1000);
    assert_int_equal (told, 1000);
    zsock_destroy (&probe.dealer);
    host_stop (&host);
}

static void
an_actor_with_sockets_reads_no_more_than_its_listener_takes (void **state)
{
    (void) state;
    host_t *host = start_host ();
    probe_t probe = probe_open (host);
    Ggen__Progress body = GGEN__PROGRESS__INIT;
    atomic_store (&inputs_wanted, true);
    probe_send (&probe, GGEN__KIND__REQUEST, "wired", &body.base, 0);
    const unsigned most = ADMIT_REQUESTS_MAX + SHELL_UNFETCHED_MESSAGES + 10 + 1;
    unsigned before;
    int64_t until_ms = clock_ms () + WAIT_MS;
    do {
        before = told;
        zmq_poll (NULL, 0, 50);
    } while ((told != before || told < ADMIT_REQUESTS_MAX) && clock_ms () < until_ms);
    assert_in_range (told, ADMIT_REQUESTS_MAX, most);
    atomic_store (&gate_open, true);
    until_ms = clock_ms () + WAIT_MS;
    while (told < 10 * most && clock_ms () < until_ms)
        sched_yield ();
    assert_true (told >= 10 * most);
    atomic_store (&inputs_wanted, false);
    wait_for_all_told (10 * most);
    zsock_destroy (&probe.dealer);
    host_stop (&host);
}

static void
replies_reach_an_actor_that_asked_as_much_as_it_may (void **state)
{
    (void) state;
    host_t *host = start_host ();
    probe_t probe = probe_open (host);
    Ggen__Progress body = GGEN__PROGRESS__INIT;
    body.done = 10 * PENDING_MAX;
    probe_send (&probe, GGEN__KIND__REQUEST, "asker", &body.base, 0);
    assert_int_equal (probe_recv (&probe).number, PENDING_MAX);
    atomic_store (&gate_open, true);
    int64_t until_ms = clock_ms () + WAIT_MS;
    while (replies_seen + busy_seen < PENDING_MAX && clock_ms () < until_ms)
        sched_yield ();
    assert_int_equal (replies_seen + busy_seen, PENDING_MAX);
    zsock_destroy (&probe.dealer);
    host_stop (&host);
}

static void
attachments_cannot_pass_the_bound_in_bytes (void **state)
{
    (void) state;
    seat_t *seat = calloc (1, sizeof *seat);
    seat->name = "slow";
    seat->setup = (shell_setup_t) {&slow_class, "slow", NULL, &seat->mailbox};
    atomic_store (&gate_open, false);
    host_init ();
    unsigned taken[GGEN__KIND__GONE + 1] = {0};
    const Ggen__Kind kinds[] = {GGEN__KIND__REQUEST, GGEN__KIND__EVENT, GGEN__KIND__REPLY};
    for (unsigned k = 0; k < COUNT_OF (kinds); k++)
        for (unsigned i = 0; i < 100; i++) {
            Ggen__Progress body = GGEN__PROGRESS__INIT;
            Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
            envelope.kind = kinds[k];
            envelope.from = "x";
            envelope.type = "Progress";
            parcel_t parcel = {.to = "slow",
                               .envelope = &envelope,
                               .body = &body.base,
                               .attachment = calloc (1, 256 << 10),
                               .attachment_size = 256 << 10,
                               .free_attachment = (void (*) (void *, void *)) (void *) free};
            frames_t frames;
            assert_int_equal (packet_pack (&frames, &parcel), OK);
            if (seat_put (seat, &frames, kinds[k]) == ADMIT_TAKE)
                taken[kinds[k]]++;
            frames_close (&frames);
            assert_true (seat_depth_bytes (seat) <= MAILBOX_BYTES_MAX);
        }
    assert_int_equal (taken[GGEN__KIND__REQUEST], 15);
    assert_int_equal (taken[GGEN__KIND__EVENT], 0);
    assert_int_equal (taken[GGEN__KIND__REPLY], 16);
    atomic_store (&gate_open, true);
    seat_stop (seat);
    free (seat);
}

static void
a_cancelled_client_ends_its_job (void **state)
{
    (void) state;
    host_t *host = start_host ();
    probe_t probe = probe_open (host);
    Ggen__Progress body = GGEN__PROGRESS__INIT;
    uint64_t id = probe_send (&probe, GGEN__KIND__REQUEST, "worker", &body.base, 0);
    assert_int_equal (probe_recv (&probe).kind, GGEN__KIND__PROGRESS);
    probe_send (&probe, GGEN__KIND__CANCEL, "worker", NULL, id);
    heard_t heard = probe_recv (&probe);
    while (heard.kind == GGEN__KIND__PROGRESS)
        heard = probe_recv (&probe);
    assert_int_equal (heard.code, CANCELLED);
    assert_int_equal (stopped_jobs, 1);
    zsock_destroy (&probe.dealer);
    host_stop (&host);
}

static void
a_vanished_client_ends_its_job (void **state)
{
    (void) state;
    host_t *host = start_host ();
    probe_t probe = probe_open (host);
    Ggen__Progress body = GGEN__PROGRESS__INIT;
    probe_send (&probe, GGEN__KIND__REQUEST, "worker", &body.base, 0);
    assert_int_equal (probe_recv (&probe).kind, GGEN__KIND__PROGRESS);
    zsock_destroy (&probe.dealer);
    int64_t until_ms = clock_ms () + WAIT_MS;
    while (stopped_jobs == 0 && clock_ms () < until_ms)
        sched_yield ();
    assert_int_equal (stopped_jobs, 1);
    host_stop (&host);
}

static void
a_fatal_actor_comes_back_and_open_requests_get_internal (void **state)
{
    (void) state;
    host_t *host = start_host ();
    probe_t probe = probe_open (host);
    Ggen__Progress body = GGEN__PROGRESS__INIT;
    Ggen__Detail fatal = GGEN__DETAIL__INIT;
    uint64_t id = probe_send (&probe, GGEN__KIND__REQUEST, "mortal", &body.base, 0);
    probe_send (&probe, GGEN__KIND__EVENT, "mortal", &fatal.base, 0);
    heard_t heard = probe_recv (&probe);
    assert_int_equal (heard.id, id);
    assert_int_equal (heard.code, INTERNAL);
    probe_send (&probe, GGEN__KIND__REQUEST, "mortal", &(Ggen__Ping) GGEN__PING__INIT.base, 0);
    assert_int_equal (probe_recv (&probe).kind, GGEN__KIND__REPLY);
    zsock_destroy (&probe.dealer);
    host_stop (&host);
}

static void
an_actor_that_fails_too_often_ends_the_node (void **state)
{
    (void) state;
    host_t *host = start_host ();
    probe_t probe = probe_open (host);
    Ggen__Detail fatal = GGEN__DETAIL__INIT;
    for (unsigned i = 0; i <= SHELL_FATALS_MAX; i++)
        probe_send (&probe, GGEN__KIND__EVENT, "mortal", &fatal.base, 0);
    volatile int interrupted = 0;
    assert_int_equal (host_wait (host, &interrupted), INTERNAL);
    zsock_destroy (&probe.dealer);
    host_stop (&host);
}

static void
a_late_request_is_dropped_and_counted (void **state)
{
    (void) state;
    host_t *host = start_host ();
    probe_t probe = probe_open (host);
    Ggen__Progress body = GGEN__PROGRESS__INIT;
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__REQUEST;
    envelope.id = 7;
    envelope.from = "probe";
    envelope.type = "Progress";
    envelope.budget_ms = 50;
    envelope.sent_us = clock_us () - 100000;
    parcel_t parcel = {.to = "echo", .envelope = &envelope, .body = &body.base};
    frames_t frames;
    frames_pack (&frames, &parcel);
    assert_int_equal (frames_send (&frames, zsock_resolve (probe.dealer), 0), 0);
    uint64_t id = probe_send (&probe, GGEN__KIND__REQUEST, "echo", &body.base, 100);
    assert_int_equal (probe_recv (&probe).id, id);
    zsock_destroy (&probe.dealer);
    host_stop (&host);
}

//  A packed envelope with some bits flipped, or bytes of any kind.
static size_t
garbage (rng_t *rng, uint8_t *bytes, size_t size_max)
{
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = (Ggen__Kind) rng_below (rng, GGEN__KIND__GONE + 2);
    envelope.id = rng_below (rng, 5);
    envelope.from = rng_below (rng, 2) ? "echo" : "";
    envelope.reply_to = rng_below (rng, 2) ? "bus" : "mortal";
    envelope.type = rng_below (rng, 2) ? "Progress" : "ActorFailed";
    size_t size = ggen__envelope__pack (&envelope, bytes);
    if (rng_below (rng, 3) == 0)
        rng_bytes (rng, bytes, size = rng_below (rng, size_max));
    for (uint64_t flips = rng_below (rng, 3); flips > 0 && size > 0; flips--)
        bytes[rng_below (rng, size)] ^= (uint8_t) (1u << rng_below (rng, 8));
    return size;
}

static void
garbage_from_a_client_never_stops_the_bus (void **state)
{
    (void) state;
    const char *addresses[] = {"echo", "bus", "worker", "client-1", "nobody", "x@y", ""};
    host_t *host = start_host ();
    probe_t vandal = probe_open (host), probe = probe_open (host);
    rng_t rng = seeded_rng (10);
    void *raw = zsock_resolve (vandal.dealer);
    for (unsigned round = 0; round < 5000; round++) {
        const char *address = addresses[rng_below (&rng, COUNT_OF (addresses))];
        unsigned parts = (unsigned) rng_below (&rng, FRAMES_MAX + 3);
        zmq_send (raw, address, strlen (address), parts ? ZMQ_SNDMORE : 0);
        for (unsigned i = 0; i < parts; i++) {
            uint8_t bytes[200];
            size_t size = garbage (&rng, bytes, sizeof bytes);
            zmq_send (raw, bytes, size, i + 1 < parts ? ZMQ_SNDMORE : 0);
        }
    }
    //  Another client is served as before, though it may be told BUSY for a while.
    Ggen__Progress body = GGEN__PROGRESS__INIT;
    heard_t heard;
    do {
        probe_send (&probe, GGEN__KIND__REQUEST, "echo", &body.base, 0);
        heard = probe_recv (&probe);
    } while (heard.code == BUSY);
    assert_string_equal (heard.type, "Progress");
    zsock_destroy (&vandal.dealer);
    zsock_destroy (&probe.dealer);
    host_stop (&host);
}

static void
term_arrives_under_full_load (void **state)
{
    (void) state;
    host_t *host = start_host ();
    probe_t probe = probe_open (host);
    Ggen__Progress body = GGEN__PROGRESS__INIT;
    probe_send (&probe, GGEN__KIND__REQUEST, "flood", &body.base, 0);
    probe_recv (&probe);
    for (unsigned i = 0; i < 5000; i++)
        probe_send (&probe, GGEN__KIND__REQUEST, "echo", &body.base, 0);
    //  The runner's deadline is the assertion: this returns.
    host_stop (&host);
    assert_null (host);
    zsock_destroy (&probe.dealer);
}

static unsigned
room_for_descriptors (void)
{
    char line[200];
    unsigned room = 0;
    FILE *status = fopen ("/proc/self/status", "r");
    while (status && room == 0 && fgets (line, sizeof line, status))
        sscanf (line, "FDSize: %u", &room);
    if (status)
        fclose (status);
    return room;
}

//  In a child: its table is as large as what is open needs, whatever the parent's has grown to.
static unsigned
room_with_a_host (void)
{
    int status = 0;
    pid_t child = fork ();
    if (child == 0) {
        host_t *host = start_host ();
        const unsigned room = room_for_descriptors () / 64;
        host_stop (&host);
        _exit ((int) (room < 100 ? room : 100));
    }
    if (child < 0 || waitpid (child, &status, 0) != child || !WIFEXITED (status))
        return 0;
    return 64 * (unsigned) WEXITSTATUS (status);
}

//  Threads that share a full table wait for milliseconds until it has grown.
static void
there_is_room_for_descriptors_before_there_are_threads (void **state)
{
    (void) state;
    struct rlimit limit;
    if (getrlimit (RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < HOST_DESCRIPTORS) {
        print_message ("# at most %u descriptors are allowed here: NOT TESTED\n",
                       (unsigned) limit.rlim_cur);
        skip ();
    }
    pid_t child = fork ();
    if (child == 0) {
        close_range (3, ~0u, 0);
        _exit (room_with_a_host () >= HOST_DESCRIPTORS ? 0 : 1);
    }
    int status;
    assert_int_equal (waitpid (child, &status, 0), child);
    assert_int_equal (status, 0);
}

static void
a_class_without_a_row_of_its_service_stops_the_start (void **state)
{
    (void) state;
    static const actor_class_t hollow = {.name = "hollow",
                                         .create = toy_create,
                                         .destroy = toy_destroy,
                                         .rows = echo_rows,
                                         .service = &ggen__registry__descriptor};
    const role_t roles[] = {{NULL, &hollow, NULL}};
    bus_setup_t setup = {.roles = roles, .roles_count = 1, .home = "", .version = ""};
    char why[200] = "";
    host_t *host = NULL;
    assert_int_equal (host_start (&host, &setup, why, sizeof why), INTERNAL);
    assert_non_null (strstr (why, "hollow offers Registry but has no row for Search"));
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        //  First: it forks, and there are no threads yet.
        cmocka_unit_test (there_is_room_for_descriptors_before_there_are_threads),
        cmocka_unit_test (a_request_is_answered_by_the_actor_it_names),
        cmocka_unit_test (an_unknown_address_and_an_unknown_message_are_refused_politely),
        cmocka_unit_test (a_flooding_actor_starves_neither_another_nor_its_own_ticks),
        cmocka_unit_test (a_slow_actor_makes_busy_and_no_request_stays_unanswered),
        cmocka_unit_test (events_of_an_actor_with_sockets_wait_for_room),
        cmocka_unit_test (an_actor_with_sockets_reads_no_more_than_its_listener_takes),
        cmocka_unit_test (replies_reach_an_actor_that_asked_as_much_as_it_may),
        cmocka_unit_test (attachments_cannot_pass_the_bound_in_bytes),
        cmocka_unit_test (a_cancelled_client_ends_its_job),
        cmocka_unit_test (a_vanished_client_ends_its_job),
        cmocka_unit_test (a_fatal_actor_comes_back_and_open_requests_get_internal),
        cmocka_unit_test (an_actor_that_fails_too_often_ends_the_node),
        cmocka_unit_test (a_late_request_is_dropped_and_counted),
        cmocka_unit_test (garbage_from_a_client_never_stops_the_bus),
        cmocka_unit_test (term_arrives_under_full_load),
        cmocka_unit_test (a_class_without_a_row_of_its_service_stops_the_start),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
