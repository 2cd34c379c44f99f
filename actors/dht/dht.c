// SPDX-License-Identifier: MIT
#include "dht_inside.h"

#include "multiaddr.h"
#include "node.pb-c.h"

#include <stdlib.h>
#include <string.h>

#define SESSIONS_STEP 16u

dht_settings_t
dht_settings_default (const identity_t *identity)
{
    return (dht_settings_t) {
        .identity = identity,
        .server = true,
        .check_before = true,
        .hedge = true,
        .paths = 3,
        .parallel = 3,
        .parallel_max = 16,
        .corrections = 4,
        .path_group_max = 2,
        .regions = true,
        .diversity = {.group_table_max = 3, .group_bucket_max = 2},
        .records = {.bytes_max = 64u << 20,
                    .far_bytes_max = 8u << 20,
                    .signer_bytes_max = 4u << 20,
                    .group_bytes_max = 16u << 20,
                    .sets_max = 262144,
                    .set_max = 256,
                    .signer_set_max = 16,
                    .group_set_max = 8},
        .query_timeout_ms = 10000,
        .refresh_ms = 600000,
        .republish_ms = 79200000,
        .provider_ttl_secs = 86400,
        .young_ms = 1200000,
        .young_nodes = 1000};
}

dht_settings_t
dht_settings_plain (const identity_t *identity)
{
    dht_settings_t settings = dht_settings_default (identity);
    settings.check_before = false;
    settings.hedge = false;
    settings.paths = 1;
    settings.parallel_max = settings.parallel;
    settings.corrections = 0;
    settings.path_group_max = 0;
    settings.regions = false;
    settings.diversity = (kbucket_limits_t) {0};
    settings.young_ms = 0;
    return settings;
}

//  ---- what the parts ask ------------------------------------------------------------------------

bool
dht_is_server (const dht_t *self)
{
    return self->settings->server && self->dialable;
}

lookup_shape_t
dht_shape (const dht_t *self, unsigned paths)
{
    const dht_settings_t *settings = self->settings;
    if (paths == 0)
        paths = settings->paths;
    //  parallel_max is for the paths that are usual
    unsigned parallel_max = settings->parallel_max * paths / settings->paths;
    return (lookup_shape_t) {.k = KBUCKET_K,
                             .paths = (uint8_t) paths,
                             .parallel = settings->parallel,
                             .parallel_max = (uint8_t) parallel_max,
                             .group_max = settings->path_group_max,
                             .hedged = settings->hedge};
}

int64_t
dht_wall_ms (const dht_t *self)
{
    return out_wall_ms (self->out) + self->skew_ms;
}

uint32_t
dht_up_secs (const dht_t *self)
{
    int64_t up_ms = out_now_ms (self->out) - self->born_ms;
    return up_ms < self->settings->young_ms ? (uint32_t) (up_ms / 1000) + 1 : 0;
}

int32_t
dht_later_secs (dht_t *self, uint32_t ms)
{
    int64_t later_ms = (int64_t) ms - ms / 10 + (int64_t) rng_below (self->rng, ms / 5 + 1);
    return (int32_t) ((out_now_ms (self->out) + later_ms) / 1000);
}

void
dht_observe (dht_t *self, const peer_key_t *peer, Ggen__Experience experience, const char *detail)
{
    Ggen__Observation seen = GGEN__OBSERVATION__INIT;
    seen.peer_key = peer_key_to_field (peer);
    seen.experience = experience;
    seen.detail = (char *) detail;
    out_event (self->out, "reputation", &seen.base);
}

//  ---- what swarm tells --------------------------------------------------------------------------

static bool
serves_dht (const Ggen__PeerUp *up)
{
    for (size_t i = 0; i < up->n_protocols; i++)
        if (strcmp (up->protocols[i], "dht/1") == 0)
            return up->tier != GGEN__TIER__CLIENT;
    return false;
}

//  Room for SESSIONS_STEP more than there are, when a crowd comes and when it has gone.
static bool
resize_sessions (dht_t *self)
{
    session_group_t *sessions =
        realloc (self->sessions, (self->sessions_count + SESSIONS_STEP) * sizeof *sessions);
    if (sessions)
        self->sessions = sessions;
    return sessions;
}

//  Where it is, or belongs: they are in the order of their ids.
static unsigned
session_place (const dht_t *self, uint64_t id)
{
    unsigned low = 0, high = self->sessions_count;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (self->sessions[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static session_group_t *
find_session (const dht_t *self, uint64_t id)
{
    unsigned at = session_place (self, id);
    return at < self->sessions_count && self->sessions[at].id == id ? &self->sessions[at] : NULL;
}

uint32_t
dht_group_of (const dht_t *self, const peer_key_t *peer)
{
    const session_group_t *session = find_session (self, contact_place_of (peer->bytes));
    return session ? session->group : 0;
}

//  By where it is, not by where it says it is. PeerUp comes again when something of the session has
//  changed.
static void
remember_session (dht_t *self, uint64_t id, uint32_t group)
{
    session_group_t session = {id, group}, *known = find_session (self, id);
    if (group == 0)
        return;
    if (known) {
        *known = session;
        return;
    }
    if (self->sessions_count == DHT_SESSIONS_MAX)
        return;
    if (self->sessions_count % SESSIONS_STEP == 0 && !resize_sessions (self))
        return;
    unsigned at = session_place (self, id);
    memmove (self->sessions + at + 1, self->sessions + at,
             (self->sessions_count++ - at) * sizeof session);
    self->sessions[at] = session;
}

static void
forget_session (dht_t *self, uint64_t id)
{
    session_group_t *known = find_session (self, id);
    if (!known)
        return;
    memmove (known, known + 1,
             (size_t) (self->sessions + self->sessions_count - (known + 1)) * sizeof *known);
    self->sessions_count--;
    if (self->sessions_count % SESSIONS_STEP == 0)
        resize_sessions (self);         //  Without memory it stays as it is
}

static code_t
on_peer_up (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    dht_t *self = self_;
    const Ggen__PeerUp *up = (const void *) message;
    contact_t contact;
    (void) at;
    if (contact_from_fields (&contact, up->peer_key, up->addresses, up->n_addresses,
                             self->crypto->sha256)
        != OK)
        return VALIDATION;
    remember_session (self, contact_place_of (contact.key.bytes), contact_group (up->seen));
    if (serves_dht (up))
        dht_upkeep_consider (self, &contact);
    dht_upkeep_run (self);
    return OK;
}

static code_t
on_peer_down (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    dht_t *self = self_;
    const Ggen__PeerDown *down = (const void *) message;
    peer_key_t key;
    (void) at;
    if (peer_key_from_field (&key, down->peer_key) != OK)
        return VALIDATION;
    forget_session (self, contact_place_of (key.bytes));
    return OK;
}

//  A copy of the addresses that outlives the message; NULL when there are none, or no memory. Those
//  that mean nothing to others would make every record that names them void.
static Ggen__Addresses *
copy_addresses (const Ggen__Dialability *dialability)
{
    Ggen__Addresses addresses = GGEN__ADDRESSES__INIT;
    ProtobufCBinaryData fields[MULTIADDR_PEER_MAX];
    multiaddr_t address;
    addresses.addresses = fields;
    for (size_t i = 0; i < dialability->n_addresses && i < MULTIADDR_PEER_MAX; i++) {
        ProtobufCBinaryData field = dialability->addresses[i];
        if (multiaddr_decode (&address, (bytes_t) {field.data, field.len}) == OK
            && multiaddr_is_dialable (&address))
            fields[addresses.n_addresses++] = field;
    }
    if (addresses.n_addresses == 0)
        return NULL;
    size_t size = ggen__addresses__get_packed_size (&addresses);
    uint8_t *packed = malloc (size);
    if (!packed)
        return NULL;
    ggen__addresses__pack (&addresses, packed);
    Ggen__Addresses *copy = ggen__addresses__unpack (NULL, size, packed);
    free (packed);
    return copy;
}

static code_t
on_dialability (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    dht_t *self = self_;
    const Ggen__Dialability *dialability = (const void *) message;
    (void) at;
    self->dialable = !dialability->known || dialability->dialable;
    if (self->addresses)
        ggen__addresses__free_unpacked (self->addresses, NULL);
    self->addresses = copy_addresses (dialability);
    return OK;
}

static code_t
on_connectivity (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    dht_t *self = self_;
    const Ggen__ConnectivityChanged *now = (const void *) message;
    bool offline = now->connectivity == GGEN__CONNECTIVITY__OFFLINE;
    if (self->offline && !offline) {
        self->joined = false;
        self->refresh_secs[kbucket_buckets (self->table) - 1] = (int32_t) (at->now_ms / 1000);
    }
    self->offline = offline;
    return OK;
}

static code_t
on_peers_clock (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    dht_t *self = self_;
    (void) at;
    self->skew_ms = ((const Ggen__PeersClock *) message)->skew_ms;
    return OK;
}

static code_t
on_status (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    const dht_t *self = self_;
    Ggen__DhtStatusReply reply = GGEN__DHT_STATUS_REPLY__INIT;
    (void) message;
    reply.contacts = kbucket_count (self->table);
    reply.records = records_count (self->records);
    reply.records_bytes = records_bytes (self->records);
    reply.provided = dht_provide_count (self);
    reply.nodes_estimate = self->nodes_estimate;
    reply.server = dht_is_server (self);
    reply.queries = self->queries;
    reply.queries_failed = self->queries_failed;
    reply.refused_invalid = self->refused_invalid;
    reply.refused_full = self->refused_full;
    reply.lookups = self->lookups;
    reply.lookups_ms = self->lookups_ms;
    reply.closest_bucket = kbucket_buckets (self->table) - 1;
    return out_reply (at, &reply.base);
}

//  ---- life --------------------------------------------------------------------------------------

static void
dht_destroy (void *self_)
{
    dht_t *self = self_;
    dht_op_drop_all (self);
    dht_query_drop_all (self);
    records_destroy (&self->records);
    kbucket_destroy (&self->table);
    dht_keep_destroy (&self->keep);
    dht_provide_destroy (&self->provide);
    if (self->addresses)
        ggen__addresses__free_unpacked (self->addresses, NULL);
    free (self->candidates);
    free (self->handovers);
    free (self->sessions);
    free (self);
}

static void *
dht_create (const actor_env_t *env)
{
    dht_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->out = env->out;
    self->rng = env->rng;
    self->crypto = env->crypto;
    self->settings = env->settings;
    self->born_ms = env->now_ms;
    self->dialable = true;
    memcpy (self->own.bytes, self->settings->identity->key, sizeof self->own.bytes);
    self->place = contact_place (&self->own, self->crypto->sha256);
    pace_init (&self->pace);
    for (unsigned i = 1; i < KBUCKET_BUCKETS_MAX; i++)
        self->refresh_secs[i] = dht_later_secs (self, self->settings->refresh_ms);
    self->table = kbucket_new (self->place, &self->settings->diversity);
    self->records = records_new (&self->settings->records, rng_u64 (self->rng),
                                 self->crypto->sha256, dht_keep_changed, self);
    self->keep = dht_keep_new ();
    self->provide = dht_provide_new ();
    if (!self->table || !self->records || !self->keep || !self->provide) {
        dht_destroy (self);
        return NULL;
    }
    dht_keep_load (self);
    return self;
}

static bool
dht_ready (const void *self)
{
    return dht_keep_ready (self);
}

static int64_t
dht_deadline_ms (const void *self_)
{
    const dht_t *self = self_;
    int64_t due_ms[] = {dht_op_deadline_ms (self), dht_upkeep_deadline_ms (self),
                        dht_provide_deadline_ms (self), dht_keep_deadline_ms (self)};
    int64_t earliest_ms = DEADLINE_NEVER;
    for (unsigned i = 0; i < COUNT_OF (due_ms); i++)
        if (due_ms[i] < earliest_ms)
            earliest_ms = due_ms[i];
    return earliest_ms;
}

static code_t
dht_tick (void *self_, int64_t now_ms, int64_t wall_ms)
{
    dht_t *self = self_;
    dht_keep_tick (self, now_ms, wall_ms);
    dht_provide_tick (self, now_ms);
    dht_upkeep_tick (self, now_ms);
    dht_op_tick (self, now_ms);
    return OK;
}

static bool
dht_cancelled (void *self_, ticket_t ticket)
{
    dht_t *self = self_;
    dht_op_cancel (self, ticket);
    dht_op_run (self);
    return false;
}

static const handler_t rows[] = {
    {&ggen__save_request__descriptor, dht_keep_save, THIS_NODE},
    {&ggen__find_node_request__descriptor, dht_serve_find, ANY_NODE},
    {&ggen__get_records_request__descriptor, dht_serve_get, ANY_NODE},
    {&ggen__put_record_request__descriptor, dht_serve_put, ANY_NODE},
    {&ggen__provider_dead__descriptor, dht_serve_dead, ANY_NODE},
    {&ggen__dht_read_request__descriptor, dht_read, THIS_NODE},
    {&ggen__dht_write_request__descriptor, dht_write, THIS_NODE},
    {&ggen__dht_provide_request__descriptor, dht_provide, THIS_NODE},
    {&ggen__dht_status_request__descriptor, on_status, THIS_NODE},
    {&ggen__peer_up__descriptor, on_peer_up, THIS_NODE},
    {&ggen__peer_down__descriptor, on_peer_down, THIS_NODE},
    {&ggen__dialability__descriptor, on_dialability, THIS_NODE},
    {&ggen__connectivity_changed__descriptor, on_connectivity, THIS_NODE},
    {&ggen__peers_clock__descriptor, on_peers_clock, THIS_NODE},
    {0}};

const actor_class_t dht_actor = {.name = "dht",
                                 .create = dht_create,
                                 .destroy = dht_destroy,
                                 .rows = rows,
                                 .tick = dht_tick,
                                 .deadline_ms = dht_deadline_ms,
                                 .cancelled = dht_cancelled,
                                 .ready = dht_ready};
