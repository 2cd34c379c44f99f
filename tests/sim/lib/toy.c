// SPDX-License-Identifier: MIT
#include "toy.h"

#include "link.pb-c.h"
#include "runtime/actor/envelope.h"
#include "runtime/actor/out.h"
#include "runtime/actor/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PEERS_MAX   64u
#define WAITING_MAX 8u
#define BUDGET_MS   5000u

//  ---- toy: asks and answers ----------------------------------------------------------------------

typedef struct {
    out_t *out;
    rng_t *rng;
    const toy_settings_t *settings;
    int64_t next_ms;
    toy_counts_t counts;
} toy_t;

static int64_t
toy_pause_ms (toy_t *self)
{
    return 1 + (int64_t) rng_below (self->rng, 2 * self->settings->interval_ms);
}

static void *
toy_create (const actor_env_t *env)
{
    toy_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    *self = (toy_t) {.out = env->out, .rng = env->rng, .settings = env->settings};
    self->next_ms = env->now_ms + toy_pause_ms (self);
    return self;
}

static code_t
toy_echo (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) self;
    return out_reply (at, message);
}

static code_t
toy_answered (void *self_, void *arg, const answer_t *answer)
{
    toy_t *self = self_;
    self->counts.answered += answer->code == OK;
    self->counts.failed += answer->code != OK;
    if (answer->code == OK)
        self->counts.rtt_ms_sum += answer->now_ms - (int64_t) (uintptr_t) arg;
    return OK;
}

static code_t
toy_tick (void *self_, int64_t now_ms, int64_t wall_ms)
{
    toy_t *self = self_;
    char to[ADDRESS_MAX + 1];
    (void) wall_ms;
    uint32_t others = world_nodes_count (self->settings->world) - 1;
    uint32_t node = self->settings->node + 1 + (uint32_t) rng_below (self->rng, others);
    snprintf (to, sizeof to, "toy@%u", node % (others + 1));
    Ggen__Progress message = GGEN__PROGRESS__INIT;
    message.stage = "are you there?";
    message.done = (uint64_t) now_ms;
    ask_t ask = {.to = to,
                 .message = &message.base,
                 .expect = &ggen__progress__descriptor,
                 .budget_ms = BUDGET_MS,
                 .on_answer = toy_answered,
                 .arg = (void *) (uintptr_t) now_ms};
    self->counts.asked += out_ask (self->out, &ask) == OK;
    self->next_ms = now_ms + toy_pause_ms (self);
    return OK;
}

static int64_t
toy_deadline_ms (const void *self)
{
    return ((const toy_t *) self)->next_ms;
}

toy_counts_t
toy_counts (const void *state)
{
    return ((const toy_t *) state)->counts;
}

static const handler_t toy_rows[] = {{&ggen__progress__descriptor, toy_echo, ANY_NODE}, {0}};
const actor_class_t toy_actor = {.name = "toy",
                                 .create = toy_create,
                                 .destroy = free,
                                 .rows = toy_rows,
                                 .tick = toy_tick,
                                 .deadline_ms = toy_deadline_ms};

//  ---- swarm: carries ------------------------------------------------------------------------------

//  Mail that waits for its link.
typedef struct parked_t {
    struct parked_t *next;
    size_t envelope_size, body_size;
    uint8_t bytes[];
} parked_t;

typedef struct {
    uint64_t link;
    uint32_t node;              //  on the other side; UINT32_MAX = it dialled
    bool up;
    uint8_t parked_count;
    parked_t *first, *last;
} toy_peer_t;

typedef struct {
    out_t *out;
    wire_arena_t *arena;
    const toy_settings_t *settings;
    toy_peer_t *peers;
    unsigned peers_count, peers_room;
    uint64_t link;
} toy_swarm_t;

static void *
swarm_create (const actor_env_t *env)
{
    toy_swarm_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->out = env->out;
    self->settings = env->settings;
    self->arena = env->arena;
    return self;
}

static void
forget (toy_peer_t *peer)
{
    while (peer->first) {
        parked_t *next = peer->first->next;
        free (peer->first);
        peer->first = next;
    }
    peer->last = NULL;
    peer->parked_count = 0;
}

static void
swarm_destroy (void *self_)
{
    toy_swarm_t *self = self_;
    for (unsigned i = 0; i < self->peers_count; i++)
        forget (&self->peers[i]);
    free (self->peers);
    free (self);
}

static void
swarm_send (toy_swarm_t *self, const toy_peer_t *peer, bytes_t envelope, bytes_t body)
{
    Ggen__LinkSend send = GGEN__LINK_SEND__INIT;
    send.link = peer->link;
    send.envelope = (ProtobufCBinaryData) {envelope.size, (uint8_t *) envelope.data};
    send.body = (ProtobufCBinaryData) {body.size, (uint8_t *) body.data};
    out_event (self->out, "link", &send.base);
}

static void
park (toy_peer_t *peer, bytes_t envelope, bytes_t body)
{
    if (peer->parked_count == WAITING_MAX)
        return;
    parked_t *copy = malloc (sizeof *copy + envelope.size + body.size);
    if (!copy)
        return;
    *copy = (parked_t) {NULL, envelope.size, body.size};
    memcpy (copy->bytes, envelope.data, envelope.size);
    if (body.size > 0)
        memcpy (copy->bytes + envelope.size, body.data, body.size);
    if (peer->last)
        peer->last->next = copy;
    else
        peer->first = copy;
    peer->last = copy;
    peer->parked_count++;
}

//  The link's peer. 0 and the node's number for one that is to be dialled.
static toy_peer_t *
peer_of (toy_swarm_t *self, uint64_t link, uint32_t node)
{
    for (unsigned i = 0; i < self->peers_count; i++)
        if (link ? self->peers[i].link == link : self->peers[i].node == node)
            return &self->peers[i];
    return NULL;
}

//  When all are taken the first one has to go.
static toy_peer_t *
add_peer (toy_swarm_t *self, uint64_t link, uint32_t node)
{
    if (self->peers_count == PEERS_MAX) {
        Ggen__LinkClose close = GGEN__LINK_CLOSE__INIT;
        close.link = self->peers[0].link;
        out_event (self->out, "link", &close.base);
        forget (&self->peers[0]);
        self->peers[0] = self->peers[--self->peers_count];
    }
    if (self->peers_count == self->peers_room) {
        self->peers_room = self->peers_room ? 2 * self->peers_room : 4;
        self->peers = realloc (self->peers, self->peers_room * sizeof *self->peers);
        if (!self->peers)
            abort ();
    }
    toy_peer_t *peer = &self->peers[self->peers_count++];
    *peer = (toy_peer_t) {.link = link, .node = node};
    return peer;
}

static toy_peer_t *
dial (toy_swarm_t *self, uint32_t node)
{
    uint8_t address[WORLD_ADDRESS_BYTES], key[CRYPTO_KEY_BYTES];
    world_t *world = self->settings->world;
    Ggen__LinkDial message = GGEN__LINK_DIAL__INIT;
    self->link += 2;
    message.link = self->link - 1;
    message.address = (ProtobufCBinaryData) {world_address (world, node, address), address};
    world_crypto (world)->transport_key (world_identity (world, node)->key, key);
    message.transport_key = (ProtobufCBinaryData) {sizeof key, key};
    message.budget_ms = BUDGET_MS;
    out_event (self->out, "link", &message.base);
    return add_peer (self, message.link, node);
}

//  "toy@17" is node 17; "toy@link-4" is who dialled us on link 4.
static code_t
swarm_transit (void *self_, const transit_t *mail)
{
    toy_swarm_t *self = self_;
    const char *at = strchr (mail->envelope->to, '@') + 1;
    bool inbound = strncmp (at, "link-", 5) == 0;
    uint64_t number = strtoull (inbound ? at + 5 : at, NULL, 10);
    toy_peer_t *peer = inbound ? peer_of (self, number, 0) : peer_of (self, 0, (uint32_t) number);
    if (!peer && (inbound || number >= world_nodes_count (self->settings->world)))
        return OK;
    if (!peer)
        peer = dial (self, (uint32_t) number);
    size_t size = envelope_size (mail->envelope);
    uint8_t *packed = wire_arena_alloc (self->arena, size);
    bytes_t envelope = {packed, envelope_pack (mail->envelope, packed)};
    if (peer->up)
        swarm_send (self, peer, envelope, mail->body);
    else
        park (peer, envelope, mail->body);
    return OK;
}

static code_t
on_up (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    toy_swarm_t *self = self_;
    const Ggen__LinkUp *up = (const void *) message;
    (void) at;
    toy_peer_t *peer = up->inbound ? add_peer (self, up->link, UINT32_MAX)
                                   : peer_of (self, up->link, 0);
    if (!peer)
        return OK;
    peer->up = true;
    for (const parked_t *mail = peer->first; mail; mail = mail->next)
        swarm_send (self, peer, (bytes_t) {mail->bytes, mail->envelope_size},
                    (bytes_t) {mail->bytes + mail->envelope_size, mail->body_size});
    forget (peer);
    return OK;
}

static code_t
on_down (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    toy_swarm_t *self = self_;
    (void) at;
    toy_peer_t *peer = peer_of (self, ((const Ggen__LinkDown *) message)->link, 0);
    if (!peer)
        return OK;
    forget (peer);
    *peer = self->peers[--self->peers_count];
    return OK;
}

//  "toy@17" sends "toy": the node behind the '@' is what the link says, whatever they claim.
static code_t
on_received (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    toy_swarm_t *self = self_;
    const Ggen__LinkReceived *received = (const void *) message;
    char from[ADDRESS_MAX + 1], to[ADDRESS_MAX + 1];
    Ggen__Envelope envelope;
    (void) at;
    const toy_peer_t *peer = peer_of (self, received->link, 0);
    if (peer
        && envelope_unpack (&envelope, self->arena,
                            (bytes_t) {received->envelope.data, received->envelope.len})) {
        int size = (int) strcspn (envelope.from, "@");
        if (peer->node == UINT32_MAX)
            snprintf (from, sizeof from, "%.*s@link-%llu", size, envelope.from,
                      (unsigned long long) peer->link);
        else
            snprintf (from, sizeof from, "%.*s@%u", size, envelope.from, peer->node);
        snprintf (to, sizeof to, "%.*s", (int) strcspn (envelope.to, "@"), envelope.to);
        envelope.from = from;
        envelope.to = "";
        out_pass (self->out, to, &envelope, (bytes_t) {received->body.data, received->body.len},
                  (bytes_t) {NULL, 0});
    }
    return OK;
}

//  Nothing is done about where we listen and what has left.
static code_t
on_news (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) self, (void) at, (void) message;
    return OK;
}

static const handler_t swarm_rows[] = {{&ggen__link_listening__descriptor, on_news, THIS_NODE},
                                       {&ggen__link_received__descriptor, on_received, THIS_NODE},
                                       {&ggen__link_written__descriptor, on_news, THIS_NODE},
                                       {&ggen__link_up__descriptor, on_up, THIS_NODE},
                                       {&ggen__link_down__descriptor, on_down, THIS_NODE},
                                       {0}};
const actor_class_t toy_swarm_actor = {.name = "swarm",
                                       .create = swarm_create,
                                       .destroy = swarm_destroy,
                                       .rows = swarm_rows,
                                       .transit = swarm_transit};
