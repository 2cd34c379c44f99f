// SPDX-License-Identifier: MIT
#include "registry_p2p.h"

#include "p2p_change.h"
#include "p2p_requests.h"
#include "package_id.h"

#include "gossip.pb-c.h"
#include "node.pb-c.h"
#include "publisher.pb-c.h"
#include "swarm.pb-c.h"

#include <stdlib.h>
#include <string.h>

const registry_p2p_settings_t registry_p2p_settings_default = {
    .topic = "/ggen/packages/v1", .replicas = 3, .answer_ms = 10000};

bool
p2p_is_private (const registry_p2p_t *self, const char *id)
{
    bytes_t name = {(const uint8_t *) id, strlen (id)};
    for (unsigned i = 0; i < self->settings->private_count; i++)
        if (package_id_fits (self->settings->private_ids[i], name))
            return true;
    return false;
}

bool
p2p_must_wait (const registry_p2p_t *self)
{
    return self->join.joining || self->reads_in_flight >= P2P_READS_MAX;
}

code_t
p2p_read (registry_p2p_t *self, const digest_t *key, bool first_valid, ticket_t ticket,
          answer_fn *on_answer, void *arg)
{
    digest_t place = *key;
    Ggen__DhtReadRequest request = GGEN__DHT_READ_REQUEST__INIT;
    request.key = digest_to_field (&place);
    request.first_valid = first_valid;
    //  Thrice as long as until an answer may be partial: then it has ended hard (SPEC 3.7).
    ask_t ask = {.to = "dht",
                 .message = &request.base,
                 .expect = &ggen__dht_read_reply__descriptor,
                 .budget_ms = 3 * self->settings->answer_ms,
                 .parent = out_wanted (self->out, ticket) ? ticket : 0,
                 .on_answer = on_answer,
                 .arg = arg,
                 .quiet = true};
    //  Cancelled is not the same as answered.
    if (ticket && !ask.parent)
        return CANCELLED;
    if (self->join.joining)
        return BUSY;
    if (self->settings->brief && self->join.alone)
        return NETWORK;
    return out_ask (self->out, &ask);
}

int64_t
p2p_answer_at_ms (const registry_p2p_t *self, const delivery_t *at)
{
    int64_t wait_ms = self->settings->answer_ms;
    if (at->deadline_ms != DEADLINE_NEVER) {
        int64_t left_ms = at->deadline_ms - at->now_ms;
        if (left_ms - left_ms / 8 < wait_ms)
            wait_ms = left_ms - left_ms / 8;
    }
    return at->now_ms + wait_ms;
}

void
p2p_pump (registry_p2p_t *self)
{
    find_pump (self);
    search_pump (self);
}

//  ---- life ----------------------------------------------------------------------------------------

static void
destroy (void *self_)
{
    registry_p2p_t *self = self_;
    find_destroy_all (self);
    search_destroy_all (self);
    change_destroy_all (self);
    outbox_destroy (&self->outbox);
    keep_end (&self->keep);
    late_end (&self->late);
    discovered_destroy (&self->discovered);
    free (self);
}

static void *
create (const actor_env_t *env)
{
    registry_p2p_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->out = env->out;
    self->rng = env->rng;
    self->crypto = env->crypto;
    self->settings = env->settings ? env->settings : &registry_p2p_settings_default;
    ggen__p2p_status_reply__init (&self->counts);
    self->discovered = discovered_new (self->settings->discovered_max, self->settings->signer_max,
                                       rng_u64 (env->rng));
    if (!self->discovered) {
        destroy (self);
        return NULL;
    }
    self->follow_at_ms = DEADLINE_NEVER;
    keep_begin (self);
    late_begin (self);
    join_begin (self);
    if (!self->settings->brief)
        news_follow (self);
    return self;
}

static code_t
tick (void *self_, int64_t now_ms, int64_t wall_ms)
{
    (void) wall_ms;
    registry_p2p_t *self = self_;
    keep_tick (self, now_ms);
    join_tick (self, now_ms);
    outbox_tick (self, now_ms);
    late_tick (self, now_ms);
    find_tick (self, now_ms);
    search_tick (self, now_ms);
    if (self->follow_at_ms <= now_ms)
        news_follow (self);
    return OK;
}

static int64_t
least (int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t
deadline_ms (const void *self_)
{
    const registry_p2p_t *self = self_;
    int64_t work_ms = least (find_deadline_ms (self), search_deadline_ms (self));
    int64_t kept_ms = least (keep_deadline_ms (&self->keep), outbox_deadline_ms (&self->outbox));
    int64_t came_ms = least (self->follow_at_ms, self->late.at_ms);
    return least (least (work_ms, kept_ms), least (came_ms, self->join.until_ms));
}

static bool
ready (const void *self_)
{
    const registry_p2p_t *self = self_;
    return keep_ready (&self->keep);
}

static const handler_t rows[] = {
    {&ggen__save_request__descriptor, keep_save_all, THIS_NODE},
    {&ggen__search_request__descriptor, p2p_on_search, THIS_NODE},
    {&ggen__get_package_request__descriptor, p2p_on_get, THIS_NODE},
    {&ggen__get_package_version_request__descriptor, p2p_on_get_version, THIS_NODE},
    {&ggen__list_versions_request__descriptor, p2p_on_list_versions, THIS_NODE},
    {&ggen__publish_request__descriptor, p2p_on_publish, THIS_NODE},
    {&ggen__delete_request__descriptor, p2p_on_delete, THIS_NODE},
    {&ggen__exists_request__descriptor, p2p_on_exists, THIS_NODE},
    {&ggen__metadata_request__descriptor, p2p_on_metadata, THIS_NODE},
    {&ggen__put_head_request__descriptor, p2p_on_put_head, THIS_NODE},
    {&ggen__get_heads_request__descriptor, p2p_on_get_heads, THIS_NODE},
    {&ggen__outbox_request__descriptor, p2p_on_outbox, THIS_NODE},
    {&ggen__p2p_status_request__descriptor, p2p_on_status, THIS_NODE},
    {&ggen__announced__descriptor, p2p_on_announced, THIS_NODE},
    {&ggen__peer_up__descriptor, p2p_on_peer_up, THIS_NODE},
    {&ggen__connectivity_changed__descriptor, p2p_on_connectivity, THIS_NODE},
    {0},
};

const actor_class_t registry_p2p_actor = {.name = "registry_p2p",
                                          .create = create,
                                          .destroy = destroy,
                                          .rows = rows,
                                          .tick = tick,
                                          .deadline_ms = deadline_ms,
                                          .ready = ready,
                                          .service = &ggen__registry__descriptor};
