// SPDX-License-Identifier: MIT
#include "serve.h"

#include "record_valid.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define READ_BUDGET_MS 20000
#define SAMPLE_MS      500          //  of the rate; shorter ones say little

//  A chunk somebody wants.
struct order_t {
    order_t *next;
    serve_t *serve;
    asker_t *asker;             //  NULL: gone while it was read
    ticket_t ticket;
    digest_t sha256;
    uint32_t chunk;
    uint32_t size_bytes;
};

struct asker_t {
    asker_t *next;              //  in the order of turns
    peer_key_t key;             //  zeros: of this node
    order_t *orders;            //  waiting, in their order
    unsigned reading;           //  of serve_t.reads
    unsigned queued;
    uint32_t unarrived_bytes;
    int64_t heard_ms;
};

static void pump (serve_t *self);

//  ---- askers ------------------------------------------------------------------------------------

void
serve_init (serve_t *self)
{
    self->sweep_ms = DEADLINE_NEVER;
}

static bool
is_served (const asker_t *asker)
{
    return asker->orders || asker->reading > 0 || asker->unarrived_bytes > 0;
}

//  Bytes that are not on their way any more, for whatever reason.
static void
forget_bytes (serve_t *self, asker_t *asker, uint32_t bytes)
{
    asker->unarrived_bytes -= bytes;
    self->unarrived_bytes -= bytes;
}

//  The rate is that of times when there is something to send.
static void
sample (serve_t *self, uint32_t bytes)
{
    int64_t now_ms = out_now_ms (self->out);
    self->sample_bytes += bytes;
    if (now_ms - self->since_ms < SAMPLE_MS)
        return;
    uint64_t rate = self->sample_bytes * 1000 / (uint64_t) (now_ms - self->since_ms);
    if (self->rate_bytes_s > 0)
        rate = (3 * (uint64_t) self->rate_bytes_s + rate) / 4;
    self->rate_bytes_s = rate > UINT32_MAX ? UINT32_MAX : rate > 0 ? (uint32_t) rate : 1;
    self->since_ms = now_ms;
    self->sample_bytes = 0;
}

static void
count_arrived (serve_t *self, asker_t *asker, uint32_t bytes)
{
    if (bytes > asker->unarrived_bytes)
        bytes = asker->unarrived_bytes;
    if (bytes > 0)
        sample (self, bytes);
    forget_bytes (self, asker, bytes);
}

//  Bytes that may be on their way.
static uint32_t
ahead_bytes (const serve_t *self)
{
    uint64_t ahead = (uint64_t) self->rate_bytes_s * SERVE_AHEAD_MS / 1000;
    if (self->rate_bytes_s == 0)
        ahead = SERVE_AHEAD_BYTES;
    return ahead < SERVE_AHEAD_BYTES_MIN  ? SERVE_AHEAD_BYTES_MIN
           : ahead > SERVE_NODE_BYTES_MAX ? SERVE_NODE_BYTES_MAX
                                          : (uint32_t) ahead;
}

//  Askers that may be served at one time.
static unsigned
slots (const serve_t *self)
{
    unsigned count = self->rate_bytes_s / SERVE_SHARE_BYTES_S;
    if (self->rate_bytes_s == 0)
        count = SERVE_SLOTS;
    return count < SERVE_SLOTS_MIN ? SERVE_SLOTS_MIN : count;
}

static unsigned
count_served (const serve_t *self)
{
    unsigned count = 0;
    for (const asker_t *at = self->first; at; at = at->next)
        count += is_served (at);
    return count;
}

static void
asker_destroy (serve_t *self, asker_t *asker)
{
    forget_bytes (self, asker, asker->unarrived_bytes);
    for (order_t *at = self->reads; at; at = at->next)
        if (at->asker == asker)
            at->asker = NULL;
    while (asker->orders) {
        order_t *order = asker->orders;
        asker->orders = order->next;
        self->queued--;
        free (order);
    }
    asker_t **at = &self->first;
    while (*at != asker)
        at = &(*at)->next;
    *at = asker->next;
    self->askers--;
    free (asker);
}

void
serve_clear (serve_t *self)
{
    while (self->first)
        asker_destroy (self, self->first);
    while (self->reads) {
        order_t *order = self->reads;
        self->reads = order->next;
        free (order);
    }
}

static asker_t *
find (const serve_t *self, const peer_key_t *key)
{
    for (asker_t *at = self->first; at; at = at->next)
        if (peer_key_equal (&at->key, key))
            return at;
    return NULL;
}

//  The one idle longest of those who want nothing now. NULL: all are at work.
static asker_t *
idlest (const serve_t *self)
{
    asker_t *idle = NULL;
    for (asker_t *at = self->first; at; at = at->next)
        if (!at->orders && !at->reading && (!idle || at->heard_ms < idle->heard_ms))
            idle = at;
    return idle;
}

//  NULL when there is no room for one more.
static asker_t *
asker_of (serve_t *self, const delivery_t *at)
{
    peer_key_t key = {{0}};
    if (strchr (at->from, '@') && peer_id_of_address (&key, at->from) != OK)
        return NULL;
    asker_t *asker = find (self, &key);
    if (!asker) {
        asker_t *idle = self->askers == SERVE_PEERS_MAX ? idlest (self) : NULL;
        if (idle)
            asker_destroy (self, idle);
        asker = self->askers < SERVE_PEERS_MAX ? calloc (1, sizeof *asker) : NULL;
        if (!asker)
            return NULL;
        asker->key = key;
        asker->next = self->first;
        self->first = asker;
        self->askers++;
        if (self->sweep_ms == DEADLINE_NEVER)
            self->sweep_ms = at->now_ms + SERVE_SILENCE_MS;
    }
    asker->heard_ms = at->now_ms;
    return asker;
}

static void
refuse_orders (serve_t *self, asker_t *asker)
{
    for (order_t *at = asker->orders; at; at = at->next)
        out_refuse (self->out, at->ticket, NETWORK, "", "the session ended");
}

void
serve_peer_down (serve_t *self, const peer_key_t *key)
{
    asker_t *asker = find (self, key);
    if (!asker)
        return;
    refuse_orders (self, asker);
    asker_destroy (self, asker);
    pump (self);
}

int64_t
serve_deadline_ms (const serve_t *self)
{
    return self->sweep_ms;
}

//  Those silent for long have got what was sent, or never will.
void
serve_tick (serve_t *self, int64_t now_ms)
{
    if (now_ms < self->sweep_ms)
        return;
    int64_t next_ms = DEADLINE_NEVER;
    for (asker_t *at = self->first, *next; at; at = next) {
        next = at->next;
        if (at->heard_ms + SERVE_SILENCE_MS <= now_ms) {
            forget_bytes (self, at, at->unarrived_bytes);
            if (!at->orders && !at->reading) {
                asker_destroy (self, at);
                continue;
            }
            at->heard_ms = now_ms;
        }
        if (at->heard_ms + SERVE_SILENCE_MS < next_ms)
            next_ms = at->heard_ms + SERVE_SILENCE_MS;
    }
    self->sweep_ms = next_ms;
    pump (self);
}

//  ---- reading and sending -----------------------------------------------------------------------

static void
unlink_order (order_t **list, const order_t *order)
{
    while (*list != order)
        list = &(*list)->next;
    *list = order->next;
}

//  The blob store has it no more, or something else under its name.
static bool
is_lost (const serve_t *self, const order_t *order, const answer_t *answer)
{
    uint8_t hash[CRYPTO_HASH_BYTES];
    const served_entry_t *entry = served_get (self->served, &order->sha256);
    if (answer->code)
        return answer->code == PACKAGE_NOT_FOUND;
    if (!entry || order->chunk >= entry->release->chunks_count)
        return true;
    if (answer->attachment.size != order->size_bytes)
        return answer->attachment.size > 0;
    self->crypto->sha256 (answer->attachment.data, answer->attachment.size, hash);
    return memcmp (hash, release_chunk_digest (entry->release, order->chunk), sizeof hash) != 0;
}

static void
free_copy (void *data, void *hint)
{
    (void) hint;
    free (data);
}

//  Returns whether it has gone out.
static bool
send (serve_t *self, const order_t *order, bytes_t bytes)
{
    uint8_t *copy = bytes.size == order->size_bytes && out_wanted (self->out, order->ticket)
                        ? malloc (bytes.size)
                        : NULL;
    if (!copy) {
        out_refuse (self->out, order->ticket, BUSY, "", "transfer: no memory for a chunk");
        return false;
    }
    memcpy (copy, bytes.data, bytes.size);
    Ggen__ChunkReply reply = GGEN__CHUNK_REPLY__INIT;
    reply.chunk = order->chunk;
    delivery_t at = {.out = self->out, .ticket = order->ticket};
    (void) !out_reply_with (&at, &reply.base, copy, bytes.size, free_copy, NULL);
    self->sent_bytes += bytes.size;
    return true;
}

static code_t
on_read (void *actor, void *order_, const answer_t *answer)
{
    (void) actor;
    order_t *order = order_;
    serve_t *self = order->serve;
    if (answer->progress)
        return OK;
    self->reading--;
    asker_t *asker = order->asker;
    unlink_order (&self->reads, order);
    if (asker)
        asker->reading--;
    bool lost = is_lost (self, order, answer);
    bool sent = false;
    if (lost)
        out_refuse (self->out, order->ticket, PACKAGE_NOT_FOUND, "", "no longer here");
    else if (answer->code)
        out_refuse (self->out, order->ticket, BUSY, "", "the blob store: %s",
                    code_name (answer->code));
    else
        sent = send (self, order, answer->attachment);
    if (!sent && asker && asker->unarrived_bytes >= order->size_bytes)
        forget_bytes (self, asker, order->size_bytes);
    if (lost)
        self->damaged (self->context, &order->sha256);
    free (order);
    pump (self);
    return OK;
}

//  Takes 'order', which is the first of its asker. False: nothing more can be read now.
static bool
read_chunk (serve_t *self, asker_t *asker)
{
    order_t *order = asker->orders;
    Ggen__BlobReadRequest request = GGEN__BLOB_READ_REQUEST__INIT;
    request.sha256 = digest_to_field (&order->sha256);
    request.offset = (uint64_t) order->chunk * RECORD_CHUNK_BYTES;
    request.size_bytes = order->size_bytes;
    ask_t ask = {.to = "blobs",
                 .message = &request.base,
                 .expect = &ggen__blob_read_reply__descriptor,
                 .budget_ms = READ_BUDGET_MS,
                 .on_answer = on_read,
                 .arg = order,
                 .quiet = true};
    if (out_ask (self->out, &ask) != OK)
        return false;
    asker->orders = order->next;
    asker->queued--;
    self->queued--;
    order->next = self->reads;
    self->reads = order;
    self->reading++;
    asker->reading++;
    if (self->unarrived_bytes == 0) {
        self->since_ms = out_now_ms (self->out);
        self->sample_bytes = 0;
    }
    asker->unarrived_bytes += order->size_bytes;
    self->unarrived_bytes += order->size_bytes;
    return true;
}

//  To the end of the turns.
static void
pass_turn (serve_t *self, asker_t *asker)
{
    asker_t **at = &self->first;
    while (*at != asker)
        at = &(*at)->next;
    *at = asker->next;
    asker->next = NULL;
    while (*at)
        at = &(*at)->next;
    *at = asker;
}

static bool
may_read (const serve_t *self, const asker_t *asker)
{
    const order_t *order = asker->orders;
    return order && asker->unarrived_bytes + order->size_bytes <= SERVE_PEER_BYTES_MAX
           && self->unarrived_bytes + order->size_bytes <= ahead_bytes (self);
}

//  Read as much as may be, one chunk for each asker in turn.
static void
pump (serve_t *self)
{
    while (self->reading < SERVE_READS_MAX && self->queued > 0) {
        asker_t *asker = self->first;
        while (asker && !may_read (self, asker))
            asker = asker->next;
        if (!asker || !read_chunk (self, asker))
            return;
        pass_turn (self, asker);
    }
}

//  ---- requests ----------------------------------------------------------------------------------

code_t
serve_have (serve_t *self, const delivery_t *at, const Ggen__HaveRequest *ask)
{
    digest_t sha256;
    if (digest_from_field (&sha256, ask->sha256) != OK)
        return VALIDATION;
    Ggen__HaveReply reply = GGEN__HAVE_REPLY__INIT;
    reply.all = served_get (self->served, &sha256) != NULL;
    return out_reply (at, &reply.base);
}

static code_t
enqueue (serve_t *self, const delivery_t *at, asker_t *asker, const release_t *release,
         uint32_t chunk)
{
    unsigned most = self->queued < SERVE_QUEUES_MAX / 2 ? SERVE_QUEUE_MAX : SERVE_QUEUE_SHARE;
    order_t *order = asker->queued < most && self->queued < SERVE_QUEUES_MAX
                         ? calloc (1, sizeof *order)
                         : NULL;
    if (!order)
        return out_fail (at, BUSY, "", "too many chunks are asked for");
    *order = (order_t) {.serve = self,
                        .asker = asker,
                        .ticket = at->ticket,
                        .sha256 = release->sha256,
                        .chunk = chunk,
                        .size_bytes = release_chunk_bytes (release, chunk)};
    order_t **last = &asker->orders;
    while (*last)
        last = &(*last)->next;
    *last = order;
    asker->queued++;
    self->queued++;
    return OK;
}

code_t
serve_chunk (serve_t *self, const delivery_t *at, const Ggen__ChunkRequest *ask)
{
    digest_t sha256;
    if (at->ticket == 0 || digest_from_field (&sha256, ask->sha256) != OK)
        return VALIDATION;
    const served_entry_t *entry = served_get (self->served, &sha256);
    if (!entry)
        return out_fail (at, PACKAGE_NOT_FOUND, "", "not served here");
    if (ask->chunk >= entry->release->chunks_count)
        return out_fail (at, VALIDATION, "", "it has no such chunk");
    asker_t *asker = asker_of (self, at);
    if (!asker)
        return out_fail (at, BUSY, "", "too many nodes are served");
    count_arrived (self, asker, ask->arrived_bytes);
    if (!is_served (asker) && count_served (self) >= slots (self))
        return out_fail (at, BUSY, "", "others are served first");
    code_t code = enqueue (self, at, asker, entry->release, ask->chunk);
    pump (self);
    return code;
}

code_t
serve_arrived (serve_t *self, const delivery_t *at, const Ggen__ChunksArrived *told)
{
    peer_key_t key = {{0}};
    if (strchr (at->from, '@') && peer_id_of_address (&key, at->from) != OK)
        return VALIDATION;
    asker_t *asker = find (self, &key);
    if (!asker)
        return OK;
    asker->heard_ms = at->now_ms;
    count_arrived (self, asker, told->arrived_bytes);
    pump (self);
    return OK;
}

bool
serve_cancelled (serve_t *self, ticket_t ticket)
{
    for (asker_t *asker = self->first; asker; asker = asker->next)
        for (order_t *at = asker->orders; at; at = at->next)
            if (at->ticket == ticket) {
                unlink_order (&asker->orders, at);
                asker->queued--;
                self->queued--;
                free (at);
                return true;
            }
    return false;
}
