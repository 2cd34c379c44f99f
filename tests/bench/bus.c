// SPDX-License-Identifier: MIT
//  One measurement of the bus, or of a raw ZeroMQ PAIR for comparison:
//
//      bus MODE COUNT [none|idle|subscribed]
//
//  rtt         64 B, actor -> bus -> actor -> bus -> actor, one at a time
//  flow        64 B one way, with a window of 120 messages
//  bulk-rtt    64 B there, 256 KiB attachment back
//  bulk-flow   the same with 8 requests under way
//  pair-rtt, pair-flow   64 B between two threads over inproc PAIR, no bus, no actor
//
//  Prints one line: p50_ns p99_ns messages_per_s cpu_ns_per_message (0 = does not apply).
#include "runtime/actor/out.h"
#include "runtime/host/frames.h"
#include "runtime/host/host.h"

#include <pthread.h>
#include <sys/resource.h>

#define BULK_BYTES  (256u << 10)
#define WINDOW      120u
#define CREDIT      40u         //  messages told as arrived at a time
#define BULK_WINDOW 8u
#define SUBJECT     "sixty-four bytes of a body: this text and the framing around."

typedef enum { RTT, FLOW, BULK_RTT, BULK_FLOW, PAIR_RTT, PAIR_FLOW } bench_mode_t;
static const char *const mode_names[] = {"rtt",       "flow",     "bulk-rtt",
                                         "bulk-flow", "pair-rtt", "pair-flow"};

typedef struct {
    bench_mode_t mode;
    uint64_t count;
    uint64_t sent, ended, arrived;
    uint64_t *took_ns;
    uint64_t started_ns, stopped_ns;
    uint64_t asked_ns;
    ticket_t owner;             //  the request that started it all
} bench_t;

static uint64_t
now_ns (void)
{
    struct timespec now;
    clock_gettime (CLOCK_MONOTONIC, &now);
    return (uint64_t) now.tv_sec * 1000000000u + (uint64_t) now.tv_nsec;
}

//  ---- actors --------------------------------------------------------------------------------------

typedef struct {
    out_t *out;
    bench_t *bench;
    uint64_t heard;
} bench_actor_t;

static void *
actor_create (const actor_env_t *env)
{
    bench_actor_t *self = calloc (1, sizeof *self);
    if (self)
        *self = (bench_actor_t) {env->out, (bench_t *) env->settings, 0};
    return self;
}

static void
keep (void *data, void *hint)
{
    (void) data;
    (void) hint;
}

//  The far end: answers requests, with bulk when asked for it, and gives credit for events.
static code_t
far_progress (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    static uint8_t bulk[BULK_BYTES];
    bench_actor_t *self = self_;
    if (at->ticket && ((const Ggen__Progress *) message)->total)
        return out_reply_with (at, message, bulk, sizeof bulk, keep, NULL);
    if (at->ticket)
        return out_reply (at, message);
    if (++self->heard % CREDIT == 0)
        out_event (self->out, "near", message);
    return OK;
}

static void
finish (bench_actor_t *self)
{
    Ggen__Progress done = GGEN__PROGRESS__INIT;
    self->bench->stopped_ns = now_ns ();
    out_answer (self->out, self->bench->owner, &done.base);
}

static code_t on_answer (void *self, void *arg, const answer_t *answer);

static void
ask (bench_actor_t *self)
{
    bench_t *bench = self->bench;
    Ggen__Progress question = GGEN__PROGRESS__INIT;
    question.subject = SUBJECT;
    question.total = bench->mode == BULK_RTT || bench->mode == BULK_FLOW;
    ask_t ask = {.to = "far",
                 .message = &question.base,
                 .expect = &ggen__progress__descriptor,
                 .on_answer = on_answer};
    bench->sent++;
    bench->asked_ns = now_ns ();
    if (out_ask (self->out, &ask))
        abort ();
}

static code_t
on_answer (void *self_, void *arg, const answer_t *answer)
{
    bench_actor_t *self = self_;
    bench_t *bench = self->bench;
    (void) arg;
    if (answer->code)
        abort ();
    bench->took_ns[bench->ended++] = now_ns () - bench->asked_ns;
    if (bench->sent < bench->count)
        ask (self);
    else if (bench->ended == bench->count)
        finish (self);
    return OK;
}

static void
flow (bench_actor_t *self)
{
    bench_t *bench = self->bench;
    Ggen__Progress word = GGEN__PROGRESS__INIT;
    word.subject = SUBJECT;
    for (; bench->sent < bench->count && bench->sent - bench->arrived < WINDOW; bench->sent++)
        out_event (self->out, "far", &word.base);
    if (bench->arrived + CREDIT > bench->count)
        finish (self);
}

//  The near end: a request starts the measurement, an event is credit.
static code_t
near_progress (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    bench_actor_t *self = self_;
    bench_t *bench = self->bench;
    (void) message;
    if (!at->ticket) {
        bench->arrived += CREDIT;
        flow (self);
        return OK;
    }
    bench->owner = at->ticket;
    bench->started_ns = now_ns ();
    if (bench->mode == FLOW)
        flow (self);
    else
        for (unsigned i = 0; i < (bench->mode == BULK_FLOW ? BULK_WINDOW : 1); i++)
            ask (self);
    return OK;
}

static const handler_t far_rows[] = {{&ggen__progress__descriptor, far_progress, THIS_NODE}, {0}};
static const handler_t near_rows[] = {{&ggen__progress__descriptor, near_progress, THIS_NODE},
                                      {0}};
static const actor_class_t far_class = {
    .name = "far", .create = actor_create, .destroy = free, .rows = far_rows};
static const actor_class_t near_class = {
    .name = "near", .create = actor_create, .destroy = free, .rows = near_rows};

//  ---- the bus -------------------------------------------------------------------------------------

//  A listener that reads as fast as it can; it says on its pipe when it heard the first message.
static void
listener_main (zsock_t *pipe, void *args)
{
    zsock_t *sub = zsock_new (ZMQ_SUB);
    zsock_set_subscribe (sub, "");
    zsock_connect (sub, "ipc://%s", (const char *) args);
    zsock_signal (pipe, 0);
    zmq_pollitem_t items[] = {{zsock_resolve (pipe), 0, ZMQ_POLLIN, 0},
                              {zsock_resolve (sub), 0, ZMQ_POLLIN, 0}};
    bool heard = false;
    while (zmq_poll (items, 2, -1) >= 0 && !items[0].revents) {
        frames_t frames;
        for (unsigned i = 0; i < 1000 && frames_recv (&frames, items[1].socket) == OK; i++)
            frames_close (&frames);
        if (!heard)
            zstr_send (pipe, "heard");
        heard = true;
    }
    zsock_destroy (&sub);
}

static void
call (zsock_t *dealer, const char *to, const ProtobufCMessage *body)
{
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__REQUEST;
    envelope.from = "main";
    envelope.type = (char *) body->descriptor->short_name;
    parcel_t parcel = {.to = to, .envelope = &envelope, .body = body};
    frames_t frames;
    frames_pack (&frames, &parcel);
    frames_send (&frames, zsock_resolve (dealer), 0);
    zmq_pollitem_t item = {zsock_resolve (dealer), 0, ZMQ_POLLIN, 0};
    for (bool ended = false; !ended;) {
        zmq_poll (&item, 1, -1);
        if (frames_recv (&frames, item.socket) != OK)
            continue;
        bytes_t head = frames_bytes (&frames, 0);
        ended = head.size > 1 && head.data[1] == GGEN__KIND__REPLY;
        frames_close (&frames);
    }
}

//  Send until the listener hears: then its subscription has come.
static zactor_t *
listen_until_heard (zsock_t *dealer, char *path)
{
    zactor_t *listener = zactor_new (listener_main, path);
    zmq_pollitem_t item = {zsock_resolve (listener), 0, ZMQ_POLLIN, 0};
    Ggen__Progress word = GGEN__PROGRESS__INIT;
    do
        call (dealer, "far", &word.base);
    while (zmq_poll (&item, 1, 10) == 0);
    return listener;
}

static void
run_bus (bench_t *bench, const char *tap)
{
    const role_t roles[] = {{NULL, &far_class, bench}, {NULL, &near_class, bench}};
    char directory[] = "/tmp/ggen-bench-XXXXXX", path[64], lock[64], why[200] = "";
    if (!mkdtemp (directory))
        abort ();
    snprintf (path, sizeof path, "%s/tap.ipc", directory);
    snprintf (lock, sizeof lock, "%s/tap.lock", directory);
    bool tapped = strcmp (tap, "none") != 0;
    bus_setup_t setup = {.roles = roles,
                         .roles_count = COUNT_OF (roles),
                         .tap_path = tapped ? path : NULL,
                         .tap_lock_path = tapped ? lock : NULL,
                         .home = "",
                         .version = ""};
    host_t *host = NULL;
    if (host_start (&host, &setup, why, sizeof why))
        abort ();
    zsock_t *dealer = zsock_new (ZMQ_DEALER);
    zsock_connect (dealer, "%s", host_endpoint (host));
    zactor_t *listener =
        strcmp (tap, "subscribed") == 0 ? listen_until_heard (dealer, path) : NULL;
    Ggen__Progress go = GGEN__PROGRESS__INIT;
    call (dealer, "near", &go.base);
    zsock_destroy (&dealer);
    host_stop (&host);
    zactor_destroy (&listener);
    unlink (path);
    unlink (lock);
    rmdir (directory);
}

//  ---- raw PAIR ------------------------------------------------------------------------------------

static void
pair_main (zsock_t *pipe, void *args)
{
    bench_t *bench = args;
    void *raw = zsock_resolve (pipe);
    zsock_signal (pipe, 0);
    for (uint64_t i = 0; i < bench->count; i++) {
        zmq_msg_t message;
        zmq_msg_init (&message);
        zmq_msg_recv (&message, raw, 0);
        if (bench->mode == PAIR_RTT || i + 1 == bench->count)
            zmq_msg_send (&message, raw, 0);
        else
            zmq_msg_close (&message);
    }
    zstr_free (&(char *) {zstr_recv (pipe)});
}

static void
pair_send (void *raw)
{
    zmq_msg_t message;
    zmq_msg_init_size (&message, 64);
    memset (zmq_msg_data (&message), 'x', 64);
    zmq_msg_send (&message, raw, 0);
}

static void
pair_recv (void *raw)
{
    zmq_msg_t message;
    zmq_msg_init (&message);
    zmq_msg_recv (&message, raw, 0);
    zmq_msg_close (&message);
}

static void
run_pair (bench_t *bench)
{
    host_init ();
    zactor_t *peer = zactor_new (pair_main, bench);
    void *raw = zsock_resolve (peer);
    bench->started_ns = now_ns ();
    for (uint64_t i = 0; i < bench->count; i++) {
        uint64_t asked_ns = now_ns ();
        pair_send (raw);
        if (bench->mode == PAIR_RTT) {
            pair_recv (raw);
            bench->took_ns[bench->ended++] = now_ns () - asked_ns;
        }
    }
    if (bench->mode == PAIR_FLOW)
        pair_recv (raw);
    bench->stopped_ns = now_ns ();
    zactor_destroy (&peer);
}

//  ---- result --------------------------------------------------------------------------------------

static int
by_size (const void *a_, const void *b_)
{
    const uint64_t *a = a_, *b = b_;
    return *a < *b ? -1 : *a > *b;
}

static uint64_t
cpu_ns (void)
{
    struct rusage usage;
    getrusage (RUSAGE_SELF, &usage);
    return (uint64_t) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000000u
           + (uint64_t) (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000u;
}

static void
print_result (bench_t *bench, uint64_t spent_ns)
{
    //  A question and its answer are two messages, an event and a PAIR's one-way message are one.
    bool both_ways = bench->mode != FLOW && bench->mode != PAIR_FLOW;
    double messages = (double) bench->count * (both_ways ? 2 : 1);
    double seconds = (double) (bench->stopped_ns - bench->started_ns) / 1e9;
    bool single = bench->mode == RTT || bench->mode == BULK_RTT || bench->mode == PAIR_RTT;
    uint64_t p50 = 0, p99 = 0;
    if (single) {
        qsort (bench->took_ns, bench->ended, sizeof *bench->took_ns, by_size);
        p50 = bench->took_ns[bench->ended / 2];
        p99 = bench->took_ns[bench->ended * 99 / 100];
    }
    printf ("%" PRIu64 " %" PRIu64 " %.0f %.0f\n", p50, p99, messages / seconds,
            (double) spent_ns / messages);
}

int
main (int argc, char **argv)
{
    bench_t bench = {.count = argc > 2 ? strtoull (argv[2], NULL, 10) : 0};
    unsigned mode = 0;
    while (argc > 2 && mode < COUNT_OF (mode_names) && strcmp (argv[1], mode_names[mode]) != 0)
        mode++;
    if (bench.count == 0 || mode == COUNT_OF (mode_names)) {
        fprintf (stderr, "usage: bus MODE COUNT [none|idle|subscribed]\n");
        return 2;
    }
    bench.mode = (bench_mode_t) mode;
    bench.took_ns = calloc (bench.count, sizeof *bench.took_ns);
    if (!bench.took_ns)
        return 1;
    uint64_t before_ns = cpu_ns ();
    if (bench.mode == PAIR_RTT || bench.mode == PAIR_FLOW)
        run_pair (&bench);
    else
        run_bus (&bench, argc > 3 ? argv[3] : "none");
    print_result (&bench, cpu_ns () - before_ns);
    free (bench.took_ns);
    return 0;
}
