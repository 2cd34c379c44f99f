// SPDX-License-Identifier: MIT
#include "transfer_stage.h"

#include "actors/swarm/swarm.h"
#include "clients.h"
#include "dht.pb-c.h"
#include "peer_id.h"
#include "record_valid.h"
#include "runtime/actor/out.h"
#include "sim_state.h"
#include "transfer.pb-c.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DISK_BYTES  (UINT64_C (1) << 32)
#define DRIP_MS     90000
#define DRIPS_MAX   64
#define CLOSER_MAX  20
#define PUBLISH_MS  300000

static const char *const protocols[] = {"transfer/1", NULL};
static const char *const actors[] = {"transfer", NULL};

static void *
fresh (size_t size)
{
    void *memory = calloc (1, size);
    if (!memory)
        abort ();
    return memory;
}

static stage_package_t *
package_of (stage_t *self, ProtobufCBinaryData sha256)
{
    for (uint32_t i = 0; i < self->packages_count; i++)
        if (sha256.len == DIGEST_SIZE
            && memcmp (self->packages[i].content->sha256.bytes, sha256.data, DIGEST_SIZE) == 0)
            return &self->packages[i];
    return NULL;
}

static void *
seat_create (const actor_env_t *env)
{
    return (void *) env->settings;
}

static void
seat_destroy (void *self)
{
    (void) self;
}

//  ---- the book: "dht" and "reputation" ----------------------------------------------------------

typedef struct {
    Ggen__Contact contacts[STAGE_NODES_MAX], *list[STAGE_NODES_MAX];
    ProtobufCBinaryData addresses[STAGE_NODES_MAX];
    uint8_t bytes[STAGE_NODES_MAX][WORLD_ADDRESS_BYTES];
    size_t count;
} contacts_t;

static void
add_contact (contacts_t *self, const stage_t *stage, uint32_t node)
{
    size_t at = self->count++;
    Ggen__Contact *contact = &self->contacts[at];
    ggen__contact__init (contact);
    contact->peer_key =
        (ProtobufCBinaryData) {PEER_KEY_SIZE, (uint8_t *) world_identity (stage->world, node)->key};
    self->addresses[at] = (ProtobufCBinaryData) {
        world_address (stage->world, node, self->bytes[at]), self->bytes[at]};
    contact->addresses = &self->addresses[at];
    contact->n_addresses = 1;
    self->list[at] = contact;
}

static code_t
on_read (void *seat, const delivery_t *at, const ProtobufCMessage *message)
{
    stage_t *stage = ((stage_seat_t *) seat)->stage;
    const Ggen__DhtReadRequest *read = (const void *) message;
    const stage_package_t *package = package_of (stage, read->key);
    contacts_t contacts = {.count = 0};
    for (uint32_t i = 0; package && i < stage->nodes_count; i++)
        if (package->providers >> i & 1)
            add_contact (&contacts, stage, i);
    Ggen__DhtReadReply reply = GGEN__DHT_READ_REPLY__INIT;
    reply.providers = contacts.list;
    reply.n_providers = contacts.count;
    stage->reads++;
    return out_reply (at, &reply.base);
}

static code_t
on_provide (void *seat_, const delivery_t *at, const ProtobufCMessage *message)
{
    const stage_seat_t *seat = seat_;
    const Ggen__DhtProvideRequest *provide = (const void *) message;
    stage_package_t *package = package_of (seat->stage, provide->sha256);
    Ggen__DhtProvideReply reply = GGEN__DHT_PROVIDE_REPLY__INIT;
    uint64_t bit = UINT64_C (1) << seat->node;
    if (package)
        package->providers = provide->withdraw ? package->providers & ~bit
                                               : package->providers | bit;
    reply.acknowledged = reply.asked = 1;
    return out_reply (at, &reply.base);
}

static code_t
on_near (void *seat_, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) message;
    const stage_seat_t *seat = seat_;
    contacts_t contacts = {.count = 0};
    for (uint32_t i = 1; i < seat->stage->nodes_count && contacts.count < CLOSER_MAX; i++) {
        uint32_t node = (seat->node + i) % seat->stage->nodes_count;
        if (!seat->stage->natted[node])
            add_contact (&contacts, seat->stage, node);
    }
    Ggen__FindNodeReply reply = GGEN__FIND_NODE_REPLY__INIT;
    reply.closer = contacts.list;
    reply.n_closer = contacts.count;
    return out_reply (at, &reply.base);
}

//  As the DHT does, it looks for itself.
static code_t
on_dead (void *seat, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) at;
    stage_t *stage = ((stage_seat_t *) seat)->stage;
    const Ggen__ProviderDead *dead = (const void *) message;
    stage_package_t *package = package_of (stage, dead->key);
    uint32_t node;
    if (package && world_node_of_key (stage->world, dead->peer_key.data, &node)
        && world_node_state (stage->world, node) != NODE_ON)
        package->providers &= ~(UINT64_C (1) << node);
    return OK;
}

static const handler_t dht_rows[] = {
    {&ggen__dht_read_request__descriptor, on_read, THIS_NODE},
    {&ggen__dht_provide_request__descriptor, on_provide, THIS_NODE},
    {&ggen__find_node_request__descriptor, on_near, THIS_NODE},
    {&ggen__provider_dead__descriptor, on_dead, THIS_NODE},
    {0},
};
static const actor_class_t book_dht = {
    .name = "dht", .create = seat_create, .destroy = seat_destroy, .rows = dht_rows};

static code_t
on_observation (void *seat, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) at;
    stage_t *stage = ((stage_seat_t *) seat)->stage;
    const Ggen__Observation *seen = (const void *) message;
    uint32_t node;
    if (seen->experience < COUNT_OF (stage->seen[0])
        && world_node_of_key (stage->world, seen->peer_key.data, &node))
        stage->seen[node][seen->experience]++;
    return OK;
}

static code_t
on_rank (void *seat, const delivery_t *at, const ProtobufCMessage *message)
{
    stage_t *stage = ((stage_seat_t *) seat)->stage;
    const Ggen__RankRequest *rank = (const void *) message;
    Ggen__PeerScore scores[STAGE_NODES_MAX], *list[STAGE_NODES_MAX];
    Ggen__RankReply reply = GGEN__RANK_REPLY__INIT;
    reply.peers = list;
    for (size_t i = 0; i < rank->n_peer_keys && i < STAGE_NODES_MAX; i++) {
        uint32_t node;
        ggen__peer_score__init (&scores[i]);
        scores[i].peer_key = rank->peer_keys[i];
        scores[i].low = world_node_of_key (stage->world, rank->peer_keys[i].data, &node)
                        && stage->low[node];
        list[reply.n_peers++] = &scores[i];
    }
    return out_reply (at, &reply.base);
}

static const handler_t reputation_rows[] = {
    {&ggen__observation__descriptor, on_observation, THIS_NODE},
    {&ggen__rank_request__descriptor, on_rank, THIS_NODE},
    {0}};
static const actor_class_t book_reputation = {.name = "reputation",
                                              .create = seat_create,
                                              .destroy = seat_destroy,
                                              .rows = reputation_rows};

//  ---- those that lie ----------------------------------------------------------------------------

typedef struct {
    const stage_seat_t *seat;
    out_t *out;
    struct {
        ticket_t ticket;
        int64_t at_ms;
    } drips[DRIPS_MAX];
    unsigned drips_count;
} liar_t;

static void *
liar_create (const actor_env_t *env)
{
    liar_t *self = fresh (sizeof *self);
    self->seat = env->settings;
    self->out = env->out;
    return self;
}

static void
free_bytes (void *data, void *hint)
{
    (void) hint;
    free (data);
}

static code_t
send_wrong (const delivery_t *at, const sim_content_t *content, uint32_t chunk, bool shorter)
{
    uint32_t size = sim_content_chunk_bytes (content, chunk);
    uint8_t *bytes = fresh (size);
    Ggen__ChunkReply reply = GGEN__CHUNK_REPLY__INIT;
    reply.chunk = chunk;
    sim_content_read (content, (uint64_t) chunk * RECORD_CHUNK_BYTES, size, bytes);
    if (!shorter)
        bytes[size / 2] ^= 4;
    return out_reply_with (at, &reply.base, bytes, size - shorter, free_bytes, NULL);
}

static code_t
on_liar_chunk (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    liar_t *self = self_;
    stage_t *stage = self->seat->stage;
    const Ggen__ChunkRequest *ask = (const void *) message;
    const stage_package_t *package = package_of (stage, ask->sha256);
    if (!package || ask->chunk >= package->content->chunks_count)
        return PACKAGE_NOT_FOUND;
    switch (stage->manners[self->seat->node]) {
    case STAGE_WRONG:
    case STAGE_SHORT:
        return send_wrong (at, package->content, ask->chunk,
                           stage->manners[self->seat->node] == STAGE_SHORT);
    case STAGE_DRIP:
        if (self->drips_count < DRIPS_MAX) {
            self->drips[self->drips_count].ticket = at->ticket;
            self->drips[self->drips_count++].at_ms = at->now_ms + DRIP_MS;
        }
        return OK;
    case STAGE_SILENT:
        return OK;
    default:
        return PACKAGE_NOT_FOUND;
    }
}

static code_t
on_liar_have (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) message;
    const liar_t *liar = self;
    Ggen__HaveReply reply = GGEN__HAVE_REPLY__INIT;
    reply.all = liar->seat->stage->manners[liar->seat->node] != STAGE_EMPTY;
    return out_reply (at, &reply.base);
}

static code_t
liar_tick (void *self_, int64_t now_ms, int64_t wall_ms)
{
    (void) wall_ms;
    liar_t *self = self_;
    while (self->drips_count > 0 && self->drips[0].at_ms <= now_ms) {
        out_refuse (self->out, self->drips[0].ticket, BUSY, "", "later");
        memmove (self->drips, self->drips + 1, --self->drips_count * sizeof self->drips[0]);
    }
    return OK;
}

static int64_t
liar_deadline_ms (const void *self)
{
    const liar_t *liar = self;
    return liar->drips_count > 0 ? liar->drips[0].at_ms : DEADLINE_NEVER;
}

static const handler_t liar_rows[] = {{&ggen__chunk_request__descriptor, on_liar_chunk, ANY_NODE},
                                      {&ggen__have_request__descriptor, on_liar_have, ANY_NODE},
                                      {0}};
static const actor_class_t liar_actor = {.name = "transfer",
                                         .create = liar_create,
                                         .destroy = free,
                                         .rows = liar_rows,
                                         .tick = liar_tick,
                                         .deadline_ms = liar_deadline_ms};

//  ---- nodes -------------------------------------------------------------------------------------

static void
compose (void *context, world_t *world, uint32_t node, node_plan_t *plan)
{
    stage_t *self = context;
    swarm_settings_t *swarm = self->swarms[node];
    if (!swarm) {
        swarm = self->swarms[node] = fresh (sizeof *swarm);
        swarm_settings_default (swarm);
        swarm->identity = world_identity (world, node);
        swarm->protocols = protocols;
        swarm->reachable = actors;
        swarm->listeners = actors;
        self->disks[node] = sim_parts_new (self->contents, DISK_BYTES);
        self->states[node] = sim_state_new (100);
        self->settings[node].identity = swarm->identity;
        self->seats[node] = (stage_seat_t) {self, node};
    }
    world_plan_add (plan, &sim_state_actor, self->states[node]);
    world_plan_add (plan, &swarm_actor, swarm);
    world_plan_add (plan, &sim_parts_actor, self->disks[node]);
    world_plan_add (plan, &book_dht, &self->seats[node]);
    world_plan_add (plan, &book_reputation, &self->seats[node]);
    if (self->manners[node] == STAGE_HONEST)
        world_plan_add (plan, &transfer_actor, &self->settings[node]);
    else
        world_plan_add (plan, &liar_actor, &self->seats[node]);
}

void
stage_open (stage_t *self, uint64_t seed, uint32_t nodes, const transfer_settings_t *settings)
{
    world_setup_t setup = {.seed = seed, .compose = compose, .context = self};
    self->contents = sim_contents_new ();
    self->world = world_new (&setup);
    self->nodes_count = nodes;
    for (uint32_t i = 0; i < nodes; i++) {
        traits_t traits;
        world_traits (self->world, i, &traits);
        traits.dialable = !self->natted[i];
        if (self->uplink_bytes_s) {
            traits.uplink_bytes_s = self->uplink_bytes_s;
            traits.x_ms = traits.y_ms = 0;
            traits.access_ms = 5;
        }
        self->settings[i] = *settings;
        world_start (self->world, world_add (self->world, &traits));
    }
}

void
stage_close (stage_t *self)
{
    world_destroy (&self->world);
    for (uint32_t i = 0; i < self->nodes_count; i++) {
        sim_parts_destroy (&self->disks[i]);
        sim_state_t *state = self->states[i];
        sim_state_destroy (&state);
        free (self->swarms[i]);
    }
    for (uint32_t i = 0; i < self->packages_count; i++)
        free (self->packages[i].record);
    sim_contents_destroy (&self->contents);
}

void
stage_run (stage_t *self, int64_t ms)
{
    world_run (self->world, world_now_us (self->world) + 1000 * ms);
}

//  ---- packages ----------------------------------------------------------------------------------

uint32_t
stage_package (stage_t *self, uint64_t size_bytes)
{
    uint32_t number = self->packages_count++;
    stage_package_t *package = &self->packages[number];
    if (number >= STAGE_PACKAGES_MAX)
        abort ();
    package->content =
        sim_contents_derive (self->contents, world_seed (self->world) << 8 | number, size_bytes);
    char name[20];
    snprintf (name, sizeof name, "package-%u", number);
    //  Node 0 has the keys of a publisher like any other's.
    package->record = sim_content_record (package->content, name, "1.0.0",
                                          world_identity (self->world, 0), &package->record_size);
    return number;
}

static void
replicated (void *context, world_t *world, const client_reply_t *reply)
{
    (void) world;
    stage_t *self = context;
    Ggen__ReplicateReply *stored = clients_unpack (reply, &ggen__replicate_reply__descriptor);
    self->replicated++;
    self->replicated_code = reply->code;
    self->replicated_stored = stored ? stored->stored : 0;
    self->replicated_asked = stored ? stored->asked : 0;
    if (stored)
        ggen__replicate_reply__free_unpacked (stored, NULL);
}

void
stage_publish (stage_t *self, uint32_t node, uint32_t package, uint32_t replicas)
{
    const stage_package_t *it = &self->packages[package];
    Ggen__ReplicateRequest request = GGEN__REPLICATE_REQUEST__INIT;
    sim_parts_put (self->disks[node], it->content);
    request.record = (ProtobufCBinaryData) {it->record_size, it->record};
    request.replicas = replicas;
    clients_ask (self->world, node, "transfer", &request.base, PUBLISH_MS, replicated, self);
}

void
stage_claim (stage_t *self, uint32_t node, uint32_t package)
{
    self->packages[package].providers |= UINT64_C (1) << node;
}

//  ---- fetches -----------------------------------------------------------------------------------

static void
fetched (void *context, world_t *world, const client_reply_t *reply)
{
    (void) world;
    stage_fetch_t *fetch = context;
    fetch->ended = true;
    fetch->code = reply->code;
    fetch->took_ms = reply->took_us / 1000;
    if (reply->failure)
        snprintf (fetch->why, sizeof fetch->why, "%s", reply->failure->message);
    fetch->details = reply->failure ? (uint32_t) reply->failure->n_details : 0;
    Ggen__TransferFetchReply *got =
        clients_unpack (reply, &ggen__transfer_fetch_reply__descriptor);
    if (!got)
        return;
    fetch->peers = got->peers;
    fetch->wrong_chunks = got->wrong_chunks;
    ggen__transfer_fetch_reply__free_unpacked (got, NULL);
}

uint32_t
stage_fetch (stage_t *self, uint32_t node, uint32_t package, uint32_t budget_ms)
{
    uint32_t number = self->fetches_count++;
    if (number >= STAGE_FETCHES_MAX)
        abort ();
    stage_fetch_t *fetch = &self->fetches[number];
    *fetch = (stage_fetch_t) {.node = node, .package = package};
    const stage_package_t *it = &self->packages[package];
    Ggen__TransferFetchRequest request = GGEN__TRANSFER_FETCH_REQUEST__INIT;
    request.record = (ProtobufCBinaryData) {it->record_size, it->record};
    request.subject = "a package";
    clients_ask (self->world, node, "transfer", &request.base, budget_ms, fetched, fetch);
    return number;
}

bool
stage_finish (stage_t *self, int64_t ms_max)
{
    uint32_t open = 1;
    for (int64_t ms = 0; ms < ms_max && open > 0; ms += 100) {
        stage_run (self, 100);
        open = 0;
        for (uint32_t i = 0; i < self->fetches_count; i++)
            open += !self->fetches[i].ended;
    }
    return open == 0;
}

//  ---- what can be seen --------------------------------------------------------------------------

bool
stage_has (const stage_t *self, uint32_t node, uint32_t package)
{
    return sim_parts_has (self->disks[node], &self->packages[package].content->sha256);
}

uint32_t
stage_copies (const stage_t *self, uint32_t package)
{
    uint32_t copies = 0;
    for (uint32_t i = 0; i < self->nodes_count; i++)
        copies += world_node_state (self->world, i) == NODE_ON && stage_has (self, i, package);
    return copies;
}

uint32_t
stage_seen (const stage_t *self, uint32_t node, Ggen__Experience experience)
{
    return self->seen[node][experience];
}
