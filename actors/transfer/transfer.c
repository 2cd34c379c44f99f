// SPDX-License-Identifier: MIT
#include "transfer_inside.h"

#include "cache.pb-c.h"
#include "swarm.pb-c.h"

#include <stdlib.h>
#include <string.h>

#define PROTOCOL     "transfer/1"
#define PROGRESS_MS  100

//  Each of these can be asked for at any time: a download's own, a chunk that is read, an
//  adoption's step, a reputation, a replication's step and its hosts, a check with its questions,
//  and what is dropped without waiting.
#define REPLICATION_PENDING_MAX 4
#define CHECK_PENDING_MAX       4
#define DROPS_PENDING_MAX       6
_Static_assert (DOWNLOADS_PENDING_MAX + SERVE_READS_MAX + TRANSFER_ADOPTIONS_MAX
                        + TRANSFER_HOSTINGS_MAX
                        + TRANSFER_REPLICATIONS_MAX * REPLICATION_PENDING_MAX + CHECK_PENDING_MAX
                        + DROPS_PENDING_MAX
                    <= PENDING_MAX,
                "everything can be asked for at one time");
_Static_assert ((DOWNLOAD_CHUNKS_MAX + SERVE_READS_MAX) * (ATTACHMENT_BYTES_MAX)
                    < MAILBOX_BYTES_MAX,
                "all chunks that are asked for fit into the mailbox");

//  ---- private names -----------------------------------------------------------------------------

bool
transfer_private (const transfer_t *self, bytes_t name)
{
    for (size_t i = 0; i < self->settings->private_count; i++)
        if (package_id_fits (self->settings->private_patterns[i], name))
            return true;
    return false;
}

static code_t
open_release (const transfer_t *self, const delivery_t *at, ProtobufCBinaryData record,
              release_t **release_p)
{
    code_t code =
        release_new (release_p, (bytes_t) {record.data, record.len}, self->crypto->verify);
    if (code)
        out_fail (at, code, "", "transfer: the release record does not hold");
    else if (transfer_private (self, (*release_p)->name)) {
        release_destroy (release_p);
        code = PERMISSION_DENIED;
        out_fail (at, code, "p2p.private in the configuration says so",
                  "this package never leaves the node");
    }
    return code;
}

//  ---- TransferFetch -----------------------------------------------------------------------------

static void
on_shared (transfer_t *self, const adopted_t *adopted)
{
    (void) self;
    (void) adopted;
}

//  What cannot be shared now is not shared: nobody waits for it.
static void
share (transfer_t *self, const release_t *release)
{
    if (!self->settings->share_installed || self->undialable
        || served_get (&self->served, &release->sha256))
        return;
    AUTO (release_destroy) release_t *copy = release_copy (release);
    if (copy)
        (void) !adopt (self, &copy, GGEN__SERVE_REASON__SERVE_SHARED, 0, 0, on_shared);
}

static void
on_fetched (void *self_, ticket_t ticket, const download_end_t *fetched)
{
    transfer_t *self = self_;
    if (fetched->code) {
        out_refuse_as (self->out, ticket, fetched->failure);
        return;
    }
    Ggen__TransferFetchReply reply = GGEN__TRANSFER_FETCH_REPLY__INIT;
    reply.path = (char *) fetched->path;
    reply.size_bytes = fetched->release->size_bytes;
    reply.peers = fetched->peers;
    reply.wrong_chunks = fetched->wrong_chunks;
    reply.took_ms = fetched->took_ms;
    out_answer (self->out, ticket, &reply.base);
    share (self, fetched->release);
}

static code_t
on_fetch (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    transfer_t *self = self_;
    const Ggen__TransferFetchRequest *ask = (const void *) message;
    AUTO (release_destroy) release_t *release = NULL;
    if (at->ticket == 0 || open_release (self, at, ask->record, &release) != OK)
        return OK;
    digest_t wanted;
    if (digest_from_field (&wanted, ask->sha256) == OK && !digest_equal (&wanted, &release->sha256))
        return out_fail (at, CHECKSUM_MISMATCH, "", "the release record is of other bytes");
    download_ask_t fetch = {.providers = ask->providers,
                            .providers_count = ask->n_providers,
                            .subject = ask->subject,
                            .ticket = at->ticket,
                            .progress_ms = PROGRESS_MS,
                            .end = on_fetched};
    return downloads_start (&self->downloads, &release, &fetch);
}

//  ---- Replicate, WithdrawBlob -------------------------------------------------------------------

static void
on_published (transfer_t *self, const adopted_t *adopted)
{
    const ticket_t ticket = adopted->ticket;
    if (adopted->failure) {
        out_refuse_as (self->out, ticket, adopted->failure);
        return;
    }
    const served_entry_t *entry = served_get (&self->served, &adopted->sha256);
    AUTO (release_destroy) release_t *release = entry ? release_copy (entry->release) : NULL;
    code_t code = release ? replicate (self, &release, ticket, adopted->number, NULL) : BUSY;
    if (code)
        out_refuse (self->out, ticket, code, "try again", "transfer: busy giving out others");
}

static code_t
on_replicate (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    transfer_t *self = self_;
    const Ggen__ReplicateRequest *ask = (const void *) message;
    AUTO (release_destroy) release_t *release = NULL;
    if (at->ticket == 0 || open_release (self, at, ask->record, &release) != OK)
        return OK;
    return adopt (self, &release, GGEN__SERVE_REASON__SERVE_PUBLISHED, at->ticket, ask->replicas,
                  on_published);
}

static code_t
on_withdraw (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    transfer_t *self = self_;
    const Ggen__WithdrawBlobRequest *ask = (const void *) message;
    Ggen__WithdrawBlobReply reply = GGEN__WITHDRAW_BLOB_REPLY__INIT;
    digest_t sha256;
    if (digest_from_field (&sha256, ask->sha256) != OK)
        return VALIDATION;
    adopt_drop (self, &sha256);
    return out_reply (at, &reply.base);
}

//  ---- serving -----------------------------------------------------------------------------------

static code_t
on_have (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    return serve_have (&((transfer_t *) self)->serve, at, (const void *) message);
}

static code_t
on_chunk (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    return serve_chunk (&((transfer_t *) self)->serve, at, (const void *) message);
}

static code_t
on_arrived (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    return serve_arrived (&((transfer_t *) self)->serve, at, (const void *) message);
}

static code_t
on_host (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    return hosting_request (self, at, (const void *) message);
}

static code_t
on_removed (void *self, void *arg, const answer_t *answer)
{
    (void) self;
    (void) arg;
    (void) answer;
    return OK;
}

//  The disk has lied, or has it no more: it is served no longer, and what is left of it goes.
static void
damaged (void *self_, const digest_t *sha256)
{
    transfer_t *self = self_;
    digest_t key = *sha256;
    adopt_drop (self, &key);
    Ggen__BlobRemoveRequest request = GGEN__BLOB_REMOVE_REQUEST__INIT;
    request.sha256 = digest_to_field (&key);
    ask_t ask = {.to = "blobs",
                 .message = &request.base,
                 .expect = &ggen__blob_remove_reply__descriptor,
                 .on_answer = on_removed};
    (void) !out_ask (self->out, &ask);
}

static code_t
on_status (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) message;
    const transfer_t *self = self_;
    Ggen__TransferStatusReply reply = GGEN__TRANSFER_STATUS_REPLY__INIT;
    reply.fetching = self->downloads.count;
    reply.serving = self->served.count;
    reply.hosted = self->served.hosted_count;
    reply.hosted_bytes = self->served.hosted_bytes;
    reply.host_max_bytes = self->settings->hosts ? self->settings->host_max_bytes : 0;
    reply.sent_bytes = self->serve.sent_bytes;
    reply.received_bytes = self->downloads.received_bytes;
    reply.wrong_chunks = self->downloads.wrong_chunks;
    return out_reply (at, &reply.base);
}

//  ---- what swarm tells --------------------------------------------------------------------------

static bool
may_host (const Ggen__PeerUp *peer)
{
    for (size_t i = 0; i < peer->n_protocols; i++)
        if (strcmp (peer->protocols[i], PROTOCOL) == 0)
            return peer->tier == GGEN__TIER__COMMUNITY && peer->kept;
    return false;
}

static unsigned
host_index (const transfer_t *self, const peer_key_t *key)
{
    unsigned at = 0;
    while (at < self->hosts_count && !peer_key_equal (&self->hosts[at], key))
        at++;
    return at;
}

//  Those beyond TRANSFER_HOSTS_MAX are not remembered: a few are enough.
static code_t
on_peer_up (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) at;
    transfer_t *self = self_;
    const Ggen__PeerUp *peer = (const void *) message;
    peer_key_t key;
    if (peer_key_from_field (&key, peer->peer_key) != OK || !may_host (peer))
        return OK;
    if (!self->hosts)
        self->hosts = calloc (TRANSFER_HOSTS_MAX, sizeof *self->hosts);
    if (self->hosts && self->hosts_count < TRANSFER_HOSTS_MAX
        && host_index (self, &key) == self->hosts_count)
        self->hosts[self->hosts_count++] = key;
    return OK;
}

static code_t
on_peer_down (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) at;
    transfer_t *self = self_;
    peer_key_t key;
    if (peer_key_from_field (&key, ((const Ggen__PeerDown *) message)->peer_key) != OK)
        return OK;
    unsigned index = host_index (self, &key);
    if (index < self->hosts_count)
        self->hosts[index] = self->hosts[--self->hosts_count];
    serve_peer_down (&self->serve, &key);
    return OK;
}

static code_t
on_dialability (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) at;
    const Ggen__Dialability *told = (const void *) message;
    ((transfer_t *) self)->undialable = told->known && !told->dialable;
    return OK;
}

//  ---- life --------------------------------------------------------------------------------------

static bool
cancelled (void *self_, ticket_t ticket)
{
    transfer_t *self = self_;
    if (hosting_cancelled (self, ticket) || downloads_leave (&self->downloads, ticket)
        || replicate_cancelled (self, ticket))
        //  What was asked for it is forgotten, so nothing else ends it.
        out_refuse (self->out, ticket, CANCELLED, "", "transfer: cancelled");
    else if (serve_cancelled (&self->serve, ticket))
        out_refuse (self->out, ticket, CANCELLED, "", "transfer: cancelled");
    return false;
}

static code_t
tick (void *self_, int64_t now_ms, int64_t wall_ms)
{
    (void) wall_ms;
    transfer_t *self = self_;
    served_tick (&self->served, now_ms);
    downloads_tick (&self->downloads, now_ms);
    serve_tick (&self->serve, now_ms);
    upkeep_tick (self, now_ms);
    return OK;
}

static int64_t
earlier (int64_t a_ms, int64_t b_ms)
{
    return a_ms < b_ms ? a_ms : b_ms;
}

static int64_t
deadline_ms (const void *self_)
{
    const transfer_t *self = self_;
    int64_t ms = earlier (served_deadline_ms (&self->served), self->check_ms);
    ms = earlier (ms, downloads_deadline_ms (&self->downloads));
    return earlier (ms, serve_deadline_ms (&self->serve));
}

static bool
ready (const void *self)
{
    return served_ready (&((const transfer_t *) self)->served);
}

static void
destroy (void *self_)
{
    transfer_t *self = self_;
    hosting_clear (self);
    adopt_clear (self);
    replicate_clear (self);
    upkeep_clear (self);
    downloads_clear (&self->downloads);
    serve_clear (&self->serve);
    served_clear (&self->served);
    free (self->hosts);
    free (self);
}

static void
loaded (void *self)
{
    upkeep_wake (self);
}

static void *
create (const actor_env_t *env)
{
    transfer_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->out = env->out;
    self->rng = env->rng;
    self->crypto = env->crypto;
    self->settings = env->settings;
    self->check_ms = DEADLINE_NEVER;
    self->downloads = (downloads_t) {.out = env->out,
                                     .rng = env->rng,
                                     .crypto = env->crypto,
                                     .own_key = self->settings->identity->key,
                                     .context = self};
    self->serve = (serve_t) {.out = env->out,
                             .crypto = env->crypto,
                             .served = &self->served,
                             .context = self,
                             .damaged = damaged};
    serve_init (&self->serve);
    served_init (&self->served, env, loaded, self);
    return self;
}

static const handler_t rows[] = {
    {&ggen__have_request__descriptor, on_have, ANY_NODE},
    {&ggen__chunk_request__descriptor, on_chunk, ANY_NODE},
    {&ggen__chunks_arrived__descriptor, on_arrived, ANY_NODE},
    {&ggen__host_request__descriptor, on_host, ANY_NODE},
    {&ggen__transfer_fetch_request__descriptor, on_fetch, THIS_NODE},
    {&ggen__replicate_request__descriptor, on_replicate, THIS_NODE},
    {&ggen__withdraw_blob_request__descriptor, on_withdraw, THIS_NODE},
    {&ggen__transfer_status_request__descriptor, on_status, THIS_NODE},
    {&ggen__peer_up__descriptor, on_peer_up, THIS_NODE},
    {&ggen__peer_down__descriptor, on_peer_down, THIS_NODE},
    {&ggen__dialability__descriptor, on_dialability, THIS_NODE},
    {0},
};

const actor_class_t transfer_actor = {
    .name = "transfer",
    .create = create,
    .destroy = destroy,
    .rows = rows,
    .tick = tick,
    .deadline_ms = deadline_ms,
    .cancelled = cancelled,
    .ready = ready,
};
