// SPDX-License-Identifier: MIT
//  Giving what we serve to other nodes to keep: whom to ask, and counting those that did.
//  Asked are first the nodes closest to the digest, then those that we are connected with. Not by
//  reputation, which only says whom to avoid: best known are those who host already, so all that is published
//  would lie on the same few nodes, and be gone with them.
#include "transfer_inside.h"

#include <stdlib.h>
#include <string.h>

#define ASKS_MAX        4           //  nodes that are asked at one time
#define ASKED_MAX       16          //  in all
#define NEAR_BUDGET_MS  5000
#define RANK_BUDGET_MS  2000
#define HOST_BUDGET_MS  60000       //  in all: what another node tells of its progress buys no time

//  One node that is asked.
typedef struct host_ask_t host_ask_t;
struct host_ask_t {
    host_ask_t *next;
    replication_t *replication;
};

struct replication_t {
    replication_t *next;
    transfer_t *transfer;
    release_t *release;
    ticket_t ticket;                //  0: nobody waits for it
    sources_t hosts;                //  who may be asked
    unsigned tried;                 //  of them
    host_ask_t *asks;
    unsigned asks_count;
    uint32_t wanted, stored, asked;
};

static code_t on_near (void *transfer, void *self, const answer_t *answer);
static code_t on_ranked (void *transfer, void *self, const answer_t *answer);
static code_t on_hosted (void *transfer, void *ask, const answer_t *answer);

//  ---- life --------------------------------------------------------------------------------------

static void
replication_destroy (replication_t *self)
{
    replication_t **at = &self->transfer->replications;
    while (*at != self)
        at = &(*at)->next;
    *at = self->next;
    self->transfer->replications_count--;
    while (self->asks) {
        host_ask_t *ask = self->asks;
        self->asks = ask->next;
        free (ask);
    }
    sources_clear (&self->hosts);
    release_destroy (&self->release);
    free (self);
}

void
replicate_clear (transfer_t *self)
{
    while (self->replications)
        replication_destroy (self->replications);
}

static void
end (replication_t *self)
{
    Ggen__ReplicateReply reply = GGEN__REPLICATE_REPLY__INIT;
    reply.stored = self->stored;
    reply.asked = self->asked;
    if (self->ticket)
        out_answer (self->transfer->out, self->ticket, &reply.base);
    replication_destroy (self);
}

bool
replicate_cancelled (transfer_t *self, ticket_t ticket)
{
    replication_t *at = self->replications;
    while (at && at->ticket != ticket)
        at = at->next;
    if (!at)
        return false;
    out_forget (self->out, on_near, at);
    out_forget (self->out, on_ranked, at);
    for (host_ask_t *ask = at->asks; ask; ask = ask->next)
        out_forget (self->out, on_hosted, ask);
    replication_destroy (at);
    return true;
}

//  ---- asking them -------------------------------------------------------------------------------

static void
tell_progress (const replication_t *self)
{
    Ggen__Progress progress = GGEN__PROGRESS__INIT;
    progress.stage = "store";
    progress.done = self->stored;
    progress.total = self->wanted;
    progress.unit = "hosts";
    if (self->ticket)
        out_progress (self->transfer->out, self->ticket, &progress);
}

static bool
ask_host (replication_t *self, const source_t *host)
{
    char address[ADDRESS_MAX + 1];
    host_ask_t *ask = calloc (1, sizeof *ask);
    if (!ask)
        return false;
    Ggen__HostRequest request = GGEN__HOST_REQUEST__INIT;
    request.record = (ProtobufCBinaryData) {self->release->record_size, self->release->record};
    peer_id_address (&host->key, "transfer", address);
    ask_t asked = {.to = address,
                   .message = &request.base,
                   .expect = &ggen__host_reply__descriptor,
                   .budget_ms = HOST_BUDGET_MS,
                   .parent = self->ticket,
                   .on_answer = on_hosted,
                   .arg = ask,
                   .route = {host->route, host->route_size},
                   .quiet = true};
    if (out_ask (self->transfer->out, &asked) != OK) {
        free (ask);
        return false;
    }
    *ask = (host_ask_t) {self->asks, self};
    self->asks = ask;
    self->asks_count++;
    self->asked++;
    return true;
}

//  Ask as many as are still needed; end when nobody is left.
static void
advance (replication_t *self)
{
    while (self->stored + self->asks_count < self->wanted && self->asks_count < ASKS_MAX
           && self->asked < ASKED_MAX && self->tried < self->hosts.count) {
        const source_t *host = &self->hosts.list[self->tried++];
        if (host->state == SOURCE_READY && !ask_host (self, host))
            break;
    }
    if (self->asks_count == 0)
        end (self);
}

static code_t
on_hosted (void *transfer, void *ask_, const answer_t *answer)
{
    (void) transfer;
    host_ask_t *ask = ask_;
    replication_t *self = ask->replication;
    if (answer->progress) {
        tell_progress (self);
        return OK;
    }
    host_ask_t **at = &self->asks;
    while (*at != ask)
        at = &(*at)->next;
    *at = ask->next;
    free (ask);
    self->asks_count--;
    if (answer->code == OK) {
        self->stored++;
        tell_progress (self);
    }
    advance (self);
    return OK;
}

//  ---- whom to ask -------------------------------------------------------------------------------

static code_t
on_ranked (void *transfer, void *self_, const answer_t *answer)
{
    (void) transfer;
    replication_t *self = self_;
    if (answer->progress)
        return OK;
    if (answer->code == OK)
        sources_avoid (&self->hosts, (const void *) answer->message);
    advance (self);
    return OK;
}

static void
rank (replication_t *self)
{
    ProtobufCBinaryData keys[SOURCES_MAX];
    Ggen__RankRequest request = GGEN__RANK_REQUEST__INIT;
    request.peer_keys = keys;
    for (unsigned i = 0; i < self->hosts.count; i++)
        keys[request.n_peer_keys++] = peer_key_to_field (&self->hosts.list[i].key);
    ask_t ask = {.to = "reputation",
                 .message = &request.base,
                 .expect = &ggen__rank_reply__descriptor,
                 .budget_ms = RANK_BUDGET_MS,
                 .on_answer = on_ranked,
                 .arg = self,
                 .quiet = true};
    if (out_ask (self->transfer->out, &ask) != OK)
        advance (self);
}

//  The connected ones, in an order that differs from package to package.
static void
add_connected (replication_t *self)
{
    transfer_t *transfer = self->transfer;
    Ggen__Contact contacts[TRANSFER_HOSTS_MAX], *list[TRANSFER_HOSTS_MAX];
    unsigned count = transfer->hosts_count;
    if (count == 0)
        return;
    unsigned start = (unsigned) rng_below (transfer->rng, count);
    for (unsigned i = 0; i < count; i++) {
        ggen__contact__init (&contacts[i]);
        contacts[i].peer_key = peer_key_to_field (&transfer->hosts[(start + i) % count]);
        list[i] = &contacts[i];
    }
    sources_add (&self->hosts, list, count, transfer->settings->identity->key);
}

static void
add_and_rank (replication_t *self)
{
    add_connected (self);
    if (self->hosts.count > 0)
        rank (self);
    else
        end (self);
}

static code_t
on_near (void *transfer_, void *self_, const answer_t *answer)
{
    transfer_t *transfer = transfer_;
    replication_t *self = self_;
    const Ggen__FindNodeReply *reply = (const void *) answer->message;
    if (answer->progress)
        return OK;
    if (reply)
        sources_add (&self->hosts, reply->closer, reply->n_closer,
                     transfer->settings->identity->key);
    add_and_rank (self);
    return OK;
}

static code_t
ask_near (replication_t *self)
{
    Ggen__FindNodeRequest request = GGEN__FIND_NODE_REQUEST__INIT;
    request.target = digest_to_field (&self->release->sha256);
    ask_t ask = {.to = "dht",
                 .message = &request.base,
                 .expect = &ggen__find_node_reply__descriptor,
                 .budget_ms = NEAR_BUDGET_MS,
                 .on_answer = on_near,
                 .arg = self,
                 .quiet = true};
    return out_ask (self->transfer->out, &ask);
}

//  Those that have it are in the list, so that they are not added again, but never asked.
static void
leave_out (replication_t *self, const sources_t *have)
{
    for (unsigned i = 0; have && i < have->count; i++) {
        Ggen__Contact contact = GGEN__CONTACT__INIT, *list[] = {&contact};
        contact.peer_key = peer_key_to_field (&have->list[i].key);
        sources_add (&self->hosts, list, 1, self->transfer->settings->identity->key);
    }
    for (unsigned i = 0; i < self->hosts.count; i++) {
        self->hosts.list[i].revivals = SOURCE_REVIVALS_MAX;
        source_end (&self->hosts.list[i], ALREADY_EXISTS);
    }
}

code_t
replicate (transfer_t *self, release_t **release_p, ticket_t ticket, uint32_t wanted,
           const sources_t *have)
{
    replication_t *replication = self->replications_count < TRANSFER_REPLICATIONS_MAX
                                     ? calloc (1, sizeof *replication)
                                     : NULL;
    if (!replication)
        return BUSY;
    *replication = (replication_t) {.next = self->replications,
                                    .transfer = self,
                                    .release = *release_p,
                                    .ticket = ticket,
                                    .wanted = wanted};
    *release_p = NULL;
    self->replications = replication;
    self->replications_count++;
    leave_out (replication, have);
    //  Without the DHT, those connected have to do.
    if (wanted == 0)
        end (replication);
    else if (ask_near (replication) != OK)
        add_and_rank (replication);
    return OK;
}
