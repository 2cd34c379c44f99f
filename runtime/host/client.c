// SPDX-License-Identifier: MIT
#include "client.h"

#include "clock.h"
#include "frames.h"
#include "host.h"
#include "log.h"
#include "runtime/actor/out.h"
#include "runtime/actor/wire.h"
#include "utf8.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>

//  The bus pings its clients twice a second.
#define SILENCE_MAX_MS 5000

//  How long the end of a cancelled request is waited for.
#define CANCEL_WAIT_MS 15000

#define WAKE_MS 100

struct client_t {
    home_t home;
    void *node;
    const client_embed_t *embed;
    zsock_t *dealer;
    bool ends;                  //  the process, after client_close
    bool failed;                //  a call has: what was done for it may go on
    uint32_t calls;
    uint64_t trace;
};

static volatile sig_atomic_t interrupted;

void
client_interrupt (void)
{
    interrupted = 1;
}

bool
client_interrupted (void)
{
    return interrupted != 0;
}

Ggen__Failure *
client_failure (code_t code, const char *hint, const char *format, ...)
{
    char text[FAILURE_TEXT_MAX + 1];
    va_list args;
    va_start (args, format);
    vsnprintf (text, sizeof text, format, args);
    utf8_trim (text);
    va_end (args);
    Ggen__Failure *failure = malloc (sizeof *failure);
    assert (failure);
    ggen__failure__init (failure);
    failure->code = code;
    failure->message = strdup (text);
    failure->hint = strdup (hint ? hint : "");
    return failure;
}

//  ---- attaching -----------------------------------------------------------------------------------

static void send_kind (client_t *self, const client_call_t *call, Ggen__Kind kind);

static code_t
connect_to (client_t *self, const char *endpoint, const char *program, char *why, size_t why_size)
{
    self->dealer = zsock_new (ZMQ_DEALER);
    zsock_set_linger (self->dealer, 0);
    if (zsock_connect (self->dealer, "%s", endpoint) < 0) {
        snprintf (why, why_size, "cannot connect to %s", endpoint);
        return NETWORK;
    }
    Ggen__AttachRequest request = GGEN__ATTACH_REQUEST__INIT;
    request.program = (char *) program;
    request.protocol = BUS_PROTOCOL;
    request.pid = (uint32_t) getpid ();
    client_call_t call = {.to = "bus",
                          .request = &request.base,
                          .expect = &ggen__attach_reply__descriptor,
                          .timeout_ms = SILENCE_MAX_MS};
    //  A node of this process is of this program: its answer would say nothing new.
    if (self->node) {
        self->calls++;
        send_kind (self, &call, GGEN__KIND__REQUEST);
        return OK;
    }
    ProtobufCMessage *message = NULL;
    Ggen__Failure *failure = NULL;
    code_t code = client_call (self, &call, &message, &failure);
    if (code) {
        snprintf (why, why_size, "%s", failure->message);
        ggen__failure__free_unpacked (failure, NULL);
        return code;
    }
    Ggen__AttachReply *reply = (Ggen__AttachReply *) message;
    if (reply->protocol != BUS_PROTOCOL) {
        snprintf (why, why_size, "the running node (ggen %s, pid %u) speaks another protocol",
                  reply->version, reply->pid);
        code = FEATURE_NOT_ENABLED;
    }
    ggen__attach_reply__free_unpacked (reply, NULL);
    return code;
}

code_t
client_open (client_t **self_p, const client_setup_t *setup, char *why, size_t why_size)
{
    *self_p = NULL;
    host_init ();
    client_t *self = calloc (1, sizeof *self);
    assert (self);
    self->embed = setup->embed;
    self->ends = setup->ends;
    self->home.lock = -1;
    self->trace = (uint64_t) getpid () << 32 | (uint32_t) clock_us ();
    home_result_t result = HOME_OURS;
    int pid = 0;
    code_t code = home_init (&self->home, setup->home_dir);
    if (code)
        snprintf (why, why_size, "the path of the home is too long");
    else
        code = home_enter (&self->home, setup->need, setup->waiting, setup->waiting_context,
                           &result, &pid, why, why_size);
    char ipc[HOME_PATH_MAX + 64];
    const char *endpoint = ipc;
    snprintf (ipc, sizeof ipc, "ipc://%s", self->home.bus_path);
    if (code == OK && result == HOME_OURS)
        code = self->embed->start (self->embed->context, &self->home, false, &self->node,
                                   &endpoint, why, why_size);
    if (code == OK)
        code = connect_to (self, endpoint, setup->program, why, why_size);
    if (code == OK && !setup->quiet)
        log_info ("client.attached", "home=%s node=%s program=%s", self->home.dir,
                  self->node ? "own" : "running", setup->program);
    if (code)
        client_close (&self);
    *self_p = self;
    return code;
}

//  To stop a node takes longer than most questions.
static bool
may_be_left (const client_t *self)
{
    const client_embed_t *embed = self->embed;
    return self->ends && !self->failed && embed->may_be_left
           && embed->may_be_left (embed->context, self->node);
}

void
client_close (client_t **self_p)
{
    client_t *self = *self_p;
    if (!self)
        return;
    zsock_destroy (&self->dealer);
    if (self->node && !may_be_left (self))
        self->embed->stop (self->embed->context, &self->node);
    home_leave (&self->home);
    free (self);
    *self_p = NULL;
}

bool
client_embedded (const client_t *self)
{
    return self->node != NULL;
}

//  ---- asking --------------------------------------------------------------------------------------

static void
send_kind (client_t *self, const client_call_t *call, Ggen__Kind kind)
{
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = kind;
    envelope.id = self->calls;
    envelope.from = "client";
    envelope.trace = self->trace;
    envelope.budget_ms = call->budget_ms ? call->budget_ms : call->timeout_ms;
    envelope.sent_us = clock_us ();
    if (strchr (call->to, '@'))
        envelope.to = (char *) call->to;
    parcel_t parcel = {.to = call->to, .envelope = &envelope};
    if (kind == GGEN__KIND__REQUEST) {
        parcel.body = call->request;
        envelope.type = (char *) call->request->descriptor->short_name;
    }
    frames_t frames;
    frames_pack (&frames, &parcel);
    frames_send (&frames, zsock_resolve (self->dealer), ZMQ_DONTWAIT);
    frames_close (&frames);
}

static ProtobufCMessage *
unpack (const ProtobufCMessageDescriptor *descriptor, bytes_t body)
{
    if (!wire_valid (descriptor, body))
        return NULL;
    return protobuf_c_message_unpack (descriptor, NULL, body.size, body.data);
}

typedef struct {
    bool ended;
    bool progressed;
    code_t code;
    ProtobufCMessage *reply;
    Ggen__Failure *failure;
} outcome_t;

static void
end_failed (outcome_t *outcome, code_t code, const char *message)
{
    outcome->ended = true;
    outcome->code = code;
    outcome->failure = client_failure (code, "", "%s", message);
}

static void
take_reply (const client_call_t *call, const Ggen__Envelope *envelope, bytes_t body,
            outcome_t *outcome)
{
    outcome->ended = true;
    if (strcmp (envelope->type, ggen__failure__descriptor.short_name) == 0) {
        outcome->failure = (Ggen__Failure *) unpack (&ggen__failure__descriptor, body);
        outcome->code = outcome->failure ? outcome->failure->code : SERIALIZATION;
        if (outcome->failure && outcome->code != OK)
            return;
        if (outcome->failure)
            ggen__failure__free_unpacked (outcome->failure, NULL);
        end_failed (outcome, SERIALIZATION, "the node's answer does not decode");
        return;
    }
    if (strcmp (envelope->type, call->expect->short_name) == 0)
        outcome->reply = unpack (call->expect, body);
    if (!outcome->reply)
        end_failed (outcome, SERIALIZATION, "the node's answer does not decode");
}

static void
take (client_t *self, const client_call_t *call, frames_t *frames, outcome_t *outcome)
{
    bytes_t packed = frames_bytes (frames, 0);
    bytes_t body = frames_bytes (frames, 1);
    Ggen__Envelope *envelope = (Ggen__Envelope *) unpack (&ggen__envelope__descriptor, packed);
    if (!envelope)
        return;
    //  Other clients can send here, too; only who was asked can answer.
    bool ours = envelope->id == self->calls && strcmp (envelope->from, call->to) == 0;
    if (envelope->kind == GGEN__KIND__REPLY && ours)
        take_reply (call, envelope, body, outcome);
    else if (envelope->kind == GGEN__KIND__PROGRESS && ours) {
        Ggen__Progress *progress = (Ggen__Progress *) unpack (&ggen__progress__descriptor, body);
        outcome->progressed = true;
        if (progress && call->progress)
            call->progress (call->context, progress, clock_ms ());
        if (progress)
            ggen__progress__free_unpacked (progress, NULL);
    }
    else if (envelope->kind == GGEN__KIND__EVENT && strcmp (envelope->from, "bus") == 0
             && strcmp (envelope->type, ggen__failure__descriptor.short_name) == 0)
        take_reply (call, envelope, body, outcome);
    ggen__envelope__free_unpacked (envelope, NULL);
}

//  Take all that is there; returns whether anything was.
static bool
drain (client_t *self, const client_call_t *call, outcome_t *outcome)
{
    bool heard = false;
    frames_t frames;
    code_t code;
    while (!outcome->ended
           && (code = frames_recv (&frames, zsock_resolve (self->dealer))) != BUSY) {
        heard = true;
        if (code == OK)
            take (self, call, &frames, outcome);
        else
            end_failed (outcome, CONNECTION_FAILED, "the bus is gone");
        frames_close (&frames);
    }
    return heard;
}

code_t
client_call (client_t *self, const client_call_t *call, ProtobufCMessage **reply_p,
             Ggen__Failure **failure_p)
{
    outcome_t outcome = {.code = OK};
    bool cancelled = false;
    self->calls++;
    send_kind (self, call, GGEN__KIND__REQUEST);
    int64_t now_ms = clock_ms ();
    int64_t heard_ms = now_ms;
    int64_t deadline_ms = call->timeout_ms ? now_ms + call->timeout_ms : INT64_MAX;
    while (!outcome.ended) {
        zmq_pollitem_t item = {zsock_resolve (self->dealer), 0, ZMQ_POLLIN, 0};
        zmq_poll (&item, 1, WAKE_MS);
        bool heard = drain (self, call, &outcome);
        now_ms = clock_ms ();
        if (heard)
            heard_ms = now_ms;
        if (outcome.progressed && call->timeout_ms && !cancelled)
            deadline_ms = now_ms + call->timeout_ms;
        outcome.progressed = false;
        if (outcome.ended)
            break;
        if (call->progress)
            call->progress (call->context, NULL, now_ms);
        if (interrupted && !cancelled) {
            cancelled = true;
            send_kind (self, call, GGEN__KIND__CANCEL);
            deadline_ms = now_ms + CANCEL_WAIT_MS;
        }
        if (now_ms >= deadline_ms)
            end_failed (&outcome, TIMEOUT,
                        cancelled ? "interrupted, and how it ended is not known"
                                  : "no answer in time");
        else if (now_ms - heard_ms > SILENCE_MAX_MS)
            end_failed (&outcome, CONNECTION_FAILED, "the node stopped answering");
    }
    *reply_p = outcome.reply;
    *failure_p = outcome.failure;
    self->failed = self->failed || outcome.code != OK;
    return outcome.code;
}
