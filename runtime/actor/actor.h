// SPDX-License-Identifier: MIT
//  An actor: state, handlers, and a table that says who may send what. Its inputs are messages and
//  ticks, its only effect is sending messages (out.h). The same class runs in the host (a thread
//  on the bus) and in the simulator (by the thousand in one thread); this file is all that the two
//  share, and it is pure: no clock, no socket, no file.
#ifndef GGEN_ACTOR_H
#define GGEN_ACTOR_H

#include "base.h"
#include "crypto.h"
#include "deadlines.h"
#include "rng.h"
#include "wire.h"

//  Sockets, and descriptors, of an I/O actor.
#define ACTOR_SOCKETS_MAX     8
#define ACTOR_DESCRIPTORS_MAX 4

//  Longest address: "name", "client-N" or "name@PEERID".
#define ADDRESS_MAX 127

//  A mailbox holds at most so much. Above half, requests and events are refused with BUSY; the
//  rest is kept for replies, of which there can be no more than an actor has asked for.
#define MAILBOX_MESSAGES_MAX 256
#define MAILBOX_BYTES_MAX    (8u << 20)

//  Requests an actor may wait for at one time. Below the mailbox's reserve for replies.
#define PENDING_MAX 80

//  Requests an actor may owe an answer at one time; more are answered with BUSY.
#define OPEN_MAX 192

//  Requests that wait while an actor is not ready yet.
#define HELD_MAX 64

//  Largest body, and largest attachment (one chunk of a transfer, with slack).
#define BODY_BYTES_MAX       (4u << 20)
#define ATTACHMENT_BYTES_MAX ((256u << 10) + 4096u)

typedef struct actor_t actor_t;
typedef struct out_t out_t;

//  What an actor may take of its arena within one input.
#define ACTOR_ARENA_MAX (1u << 20)

//  A request that still has to be answered. 0 = none (the message was an event).
typedef uint64_t ticket_t;

//  What a handler knows of the message it is given. Borrowed for the call.
typedef struct {
    const char *from;           //  "installer", "client-7", "dht@PEERID"
    ticket_t ticket;
    out_t *out;
    int64_t now_ms;             //  monotonic
    int64_t wall_ms;            //  since 1970
    int64_t deadline_ms;        //  when the asker gives up; DEADLINE_NEVER without budget
    bytes_t attachment;         //  bulk bytes beside the body; data is NULL without
} delivery_t;

//  A message for another address that passes through this actor: swarm's work. 'to' in the envelope
//  says for whom. All is borrowed for the call.
typedef struct {
    const Ggen__Envelope *envelope;
    bytes_t body;               //  packed
    bytes_t attachment;
    int64_t now_ms;
    int64_t wall_ms;
} transit_t;

//  Returns OK when the message was dealt with: answered (out_reply, out_fail), or its ticket kept
//  to be answered later. Any other code answers a request with that code. FATAL ends the actor:
//  the host answers its open requests with INTERNAL and starts a new incarnation.
typedef code_t (handler_fn) (void *self, const delivery_t *at, const ProtobufCMessage *message);

//  Who may send a message: actors and clients of this node, or also other nodes.
typedef enum { THIS_NODE, ANY_NODE } sender_t;

typedef struct {
    const ProtobufCMessageDescriptor *message;
    handler_fn *handler;
    sender_t sender;
} handler_t;

//  What an actor is born with. Everything but 'settings' and 'host' outlives it; settings are
//  borrowed for create only unless the class says otherwise.
typedef struct {
    const char *name;           //  its address on the bus
    out_t *out;
    rng_t *rng;
    const crypto_t *crypto;
    wire_arena_t *arena;        //  for what is needed within one call only: it is reset after each
                                //  input, may be other actors' as well, and has ACTOR_ARENA_MAX bytes
    const void *settings;       //  as its class defines; from node.c
    void *host;                 //  what I/O actors get of the host (runtime/host/job.h); else NULL
    int64_t now_ms;
    int64_t wall_ms;
} actor_env_t;

typedef struct {
    const char *name;
    //  NULL: could not be born (the host counts it as FATAL).
    void *(*create) (const actor_env_t *env);
    void (*destroy) (void *self);
    const handler_t *rows;      //  ends with a row of NULLs
    //  Time passed; called when deadline_ms has come. Both may be NULL. FATAL as in handlers.
    code_t (*tick) (void *self, int64_t now_ms, int64_t wall_ms);
    int64_t (*deadline_ms) (const void *self);
    //  The asker of 'ticket' no longer wants it, or its budget has passed. Returns true when the
    //  actor will still answer it (work has to wind down first); false answers it now. May be NULL.
    bool (*cancelled) (void *self, ticket_t ticket);
    //  False while it still loads what it kept: requests wait (HELD_MAX of them, the next gets BUSY)
    //  and are handled in their order when it turns true. Answers come in as ever. May be NULL.
    bool (*ready) (const void *self);
    //  Every rpc of this service must have a row, or the host does not start.
    const ProtobufCServiceDescriptor *service;
    //  Mail from this node for an actor of another one ("dht@12D3KooW...") comes here, whatever its
    //  kind and type. OK or FATAL. NULL: such mail is dropped as invalid.
    code_t (*transit) (void *self, const transit_t *mail);
    //  Result of a job that ran on a worker (runtime/host/job.h). I/O actors only.
    code_t (*job_done) (void *self, void *job, int64_t now_ms);
    //  The raw ZeroMQ sockets that it waits for, at most ACTOR_SOCKETS_MAX; asked before each wait.
    //  At least one. I/O actors only, and 'input' with it.
    unsigned (*sockets) (void *self, void **sockets);
    //  The same with descriptors that are no ZeroMQ sockets, at most ACTOR_DESCRIPTORS_MAX; it may be
    //  none for a while. An actor has this, 'sockets' or both.
    unsigned (*descriptors) (void *self, int *descriptors);
    //  Something came on one of them: take a bounded number of messages from each. OK or FATAL.
    code_t (*input) (void *self, int64_t now_ms);
} actor_class_t;

//  A message on its way in; all borrowed for the call. 'body' may be empty.
typedef struct {
    bytes_t envelope;
    bytes_t body;
    bytes_t attachment;
} mail_t;

//  A message on its way out. 'attachment' is taken: whoever sends calls free_attachment (attachment,
//  hint) when it is done, also when it cannot send. All else is borrowed for the call.
typedef struct {
    const char *to;
    const Ggen__Envelope *envelope;
    const ProtobufCMessage *body;       //  NULL: no body, or 'packed'
    bytes_t packed;                     //  the body, when it was packed before
    void *attachment;
    size_t attachment_size;
    void (*free_attachment) (void *data, void *hint);
    void *hint;
} parcel_t;

//  Bytes of its body, and writing them.
size_t parcel_body_size (const parcel_t *self);
void parcel_body_write (const parcel_t *self, uint8_t *bytes);

//  The way out of an actor: the bus, or the simulator.
typedef struct {
    void *context;
    void (*send) (void *context, const parcel_t *parcel);
    uint64_t (*clock_us) (void *context);   //  stamps envelopes; monotonic microseconds
} port_t;

//  Memory for the one message that is being handled. Actors that run in one thread may share it: none
//  keeps anything there after its input. NULL: out of memory.
typedef struct actor_scratch_t actor_scratch_t;
actor_scratch_t *actor_scratch_new (void);
void actor_scratch_destroy (actor_scratch_t **self_p);

typedef struct {
    const char *name;           //  NULL = the class's; outlives the actor
    uint32_t epoch;             //  of this incarnation; no two of one name share it
    uint8_t key[RNG_KEY_BYTES]; //  of its random stream
    const crypto_t *crypto;
    port_t port;
    const void *settings;
    void *host;
    actor_scratch_t *scratch;   //  NULL: one of its own; else outlives the actor
    int64_t now_ms;
    int64_t wall_ms;
} actor_setup_t;

typedef struct {
    uint64_t handled;           //  messages given to a handler or to a waiting request
    uint64_t refused_busy;      //  requests refused at OPEN_MAX
    uint64_t dropped_late;      //  requests whose budget had passed on arrival
    uint64_t dropped_invalid;   //  malformed, unknown, not allowed, or an answer nobody waits for
    uint32_t pending;           //  asked, not yet answered
    uint32_t open;              //  owed answers
} actor_metrics_t;

//  Does an actor of this class wait for more than its mailbox?
static inline bool
actor_class_waits (const actor_class_t *class)
{
    return class->input;
}

//  Check a class: every rpc of its service has a row, no message has two.
//  OK, or INTERNAL with the reason in 'why'.
must_use code_t actor_class_check (const actor_class_t *class, char *why, size_t why_size);

//  NULL: out of memory or the class's create failed. 'setup' is borrowed for the call, but what
//  its pointers point to (name, crypto, port context, scratch) must outlive the actor.
actor_t *actor_new (const actor_class_t *class, const actor_setup_t *setup);

//  Open requests are not answered, waiting requests are not called back.
void actor_destroy (actor_t **self_p);

//  Hand it one message. OK, or FATAL when the actor ended; then call actor_abandon and destroy it.
must_use code_t actor_deliver (actor_t *self, const mail_t *mail, int64_t now_ms, int64_t wall_ms);

//  Let time pass: expires waiting and open requests, then the class's tick when it is due.
//  OK or FATAL.
must_use code_t actor_tick (actor_t *self, int64_t now_ms, int64_t wall_ms);

//  When it next wants actor_tick; DEADLINE_NEVER when only a message can make it move.
int64_t actor_deadline_ms (const actor_t *self);

//  A job of an I/O actor came back. OK or FATAL.
must_use code_t actor_job_done (actor_t *self, void *job, int64_t now_ms, int64_t wall_ms);

//  The sockets of an I/O actor; 0 for any other.
unsigned actor_sockets (actor_t *self, void *sockets[ACTOR_SOCKETS_MAX]);
//  The same of its descriptors.
unsigned actor_descriptors (actor_t *self, int descriptors[ACTOR_DESCRIPTORS_MAX]);

//  Something came on one of those. OK or FATAL.
must_use code_t actor_input (actor_t *self, int64_t now_ms, int64_t wall_ms);

//  A job of an I/O actor says how far it is.
void actor_job_progress (actor_t *self, ticket_t ticket, const Ggen__Progress *progress,
                         int64_t now_ms);

//  Answer every open request, and every one that waits until it is ready, with INTERNAL.
void actor_abandon (actor_t *self);

actor_metrics_t actor_metrics (const actor_t *self);

//  The class's state, for tests that look inside.
void *actor_state (actor_t *self);

#endif
