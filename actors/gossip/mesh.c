// SPDX-License-Identifier: MIT
//  Links of each topic (gossipsub v1.1), and which of them are eager (Plumtree).
#include "gossip_inside.h"

#include <stdlib.h>

#define BACKOFF_SECS        60
#define BACKOFF_SECS_MAX    3600
#define LEAVE_BACKOFF_SECS  10
#define REFUSED_SLACK_MS    15000   //  until it asks again after its backoff
#define EAGER_FIRST         2       //  links that are made eager before anything was heard
#define SOON_MS             100     //  a new mesh does not wait for the heartbeat; up to as much more

//  A link stays eager while at most one in WORTH_SECOND of its pushes comes second: that bounds
//  what all second copies cost. What it did long ago counts up to WORTH_MAX.
#define WORTH_SECOND        4
#define WORTH_MAX           8

void
mesh_soon (gossip_t *self)
{
    gossip_due (self, DUE_HEARTBEAT,
        self->now_ms + SOON_MS + (int64_t) rng_below (self->rng, SOON_MS));
}

static unsigned
eager_count (const topic_t *topic)
{
    unsigned count = 0;
    for (unsigned i = 0; i < topic->links_count; i++)
        count += topic->links [i].eager;
    return count;
}

static unsigned
outbound_count (const gossip_t *self, const topic_t *topic)
{
    unsigned count = 0;
    for (unsigned i = 0; i < topic->links_count; i++)
        count += self->peers [topic->links [i].slot]->outbound;
    return count;
}

//  ---- backoff -----------------------------------------------------------------------------------

static bool
backed_off (const gossip_t *self, const topic_t *topic, const peer_t *peer)
{
    for (unsigned i = 0; i < topic->backoffs_count; i++)
        if (topic->backoffs [i].slot == peer->slot)
            return self->now_ms < topic->backoffs [i].until_ms;
    return false;
}

//  The place of this neighbour; if it has none, one that is over, a new one, or the one that ends
//  first.
static backoff_t *
backoff_place (gossip_t *self, topic_t *topic, const peer_t *peer)
{
    backoff_t *place = NULL;
    for (unsigned i = 0; i < topic->backoffs_count; i++) {
        backoff_t *at = &topic->backoffs [i];
        if (at->slot == peer->slot)
            return at;
        if (!place || at->until_ms < place->until_ms)
            place = at;
    }
    if (topic->backoffs_count == BACKOFFS_MAX
        || (place && place->until_ms + REFUSED_SLACK_MS <= self->now_ms))
        return place;
    backoff_t *grown = realloc (topic->backoffs, (topic->backoffs_count + 1u) * sizeof *grown);
    if (!grown)
        return place;
    topic->backoffs = grown;
    return &grown [topic->backoffs_count++];
}

static void
back_off (gossip_t *self, topic_t *topic, const peer_t *peer, uint32_t secs, bool refused)
{
    backoff_t *place = backoff_place (self, topic, peer);
    if (place)
        *place = (backoff_t) {peer->slot, refused, self->now_ms + (int64_t) secs * 1000};
}

peer_t *
mesh_refused (const gossip_t *self, const topic_t *topic, unsigned *at)
{
    for (; *at < topic->backoffs_count; ++*at) {
        const backoff_t *backoff = &topic->backoffs [*at];
        if (backoff->refused && self->now_ms < backoff->until_ms + REFUSED_SLACK_MS)
            return self->peers [backoff->slot];
    }
    return NULL;
}

//  ---- links -------------------------------------------------------------------------------------

static link_t *
link_add (topic_t *topic, const peer_t *peer)
{
    link_t *link = &topic->links [topic->links_count++];
    *link = (link_t) {.slot = peer->slot, .offered_ms = INT64_MIN / 2};
    return link;
}

static void
link_remove (topic_t *topic, link_t *link)
{
    *link = topic->links [--topic->links_count];
}

//  The link that had something before us most lately is the one to push what we would miss.
static void
keep_eager (gossip_t *self, topic_t *topic)
{
    link_t *best = NULL;
    for (unsigned i = 0; i < topic->links_count; i++) {
        link_t *link = &topic->links [i];
        if (link->eager)
            return;
        if (!best || link->offered_ms > best->offered_ms)
            best = link;
    }
    if (!best)
        return;
    best->eager = true;
    best->worth = 0;
    outbox_topic (self, self->peers [best->slot], SAY_EAGER, topic);
}

static void
prune (gossip_t *self, topic_t *topic, link_t *link, uint32_t secs)
{
    peer_t *peer = self->peers [link->slot];
    link_remove (topic, link);
    back_off (self, topic, peer, secs, false);
    outbox_prune (self, peer, topic->name, secs);
}

void
mesh_forget (gossip_t *self, topic_t *topic, const peer_t *peer)
{
    for (unsigned i = 0; i < topic->backoffs_count; i++)
        if (topic->backoffs [i].slot == peer->slot) {
            topic->backoffs [i] = topic->backoffs [--topic->backoffs_count];
            break;
        }
    link_t *link = topic_link (topic, peer);
    if (!link)
        return;
    link_remove (topic, link);
    keep_eager (self, topic);
    if (topic->links_count < GOSSIP_MESH_LOW)
        mesh_soon (self);
}

void
mesh_leave (gossip_t *self, topic_t *topic)
{
    while (topic->links_count > 0)
        prune (self, topic, &topic->links [0], LEAVE_BACKOFF_SECS);
}

//  ---- what neighbours say -----------------------------------------------------------------------

//  NULL: we do not follow it.
static topic_t *
followed (const gossip_t *self, const char *name)
{
    topic_t *topic = topics_find (self, topic_hash (name));
    return topic && topic->followed ? topic : NULL;
}

static bool
accepts (gossip_t *self, topic_t *topic, peer_t *peer)
{
    if (backed_off (self, topic, peer)) {
        score_change (self, peer, SCORE_RUDE);
        return false;
    }
    if (score_of (peer, self->now_ms) < 0)
        return false;
    if (topic->links_count < GOSSIP_MESH_HIGH)
        return true;
    return topic->links_count < LINKS_MAX && peer->outbound
           && outbound_count (self, topic) < GOSSIP_MESH_OUT;
}

void
mesh_on_graft (gossip_t *self, peer_t *peer, const char *name)
{
    if (!announcement_topic_valid (name))
        return;
    topic_t *topic = followed (self, name);
    if (topic && topic_link (topic, peer))
        return;
    if (topic && accepts (self, topic, peer)) {
        link_add (topic, peer);
        return;
    }
    if (topic)
        back_off (self, topic, peer, BACKOFF_SECS, score_of (peer, self->now_ms) >= 0);
    outbox_prune (self, peer, name, BACKOFF_SECS);
}

void
mesh_on_prune (gossip_t *self, peer_t *peer, const char *name, uint32_t backoff_secs)
{
    topic_t *topic = followed (self, name);
    if (!topic)
        return;
    mesh_forget (self, topic, peer);
    back_off (self, topic, peer,
        backoff_secs < LEAVE_BACKOFF_SECS  ? LEAVE_BACKOFF_SECS
        : backoff_secs > BACKOFF_SECS_MAX ? BACKOFF_SECS_MAX
                                           : backoff_secs,
        false);
}

void
mesh_on_eager (gossip_t *self, peer_t *peer, const char *name)
{
    topic_t *topic = followed (self, name);
    link_t *link = topic ? topic_link (topic, peer) : NULL;
    if (link && !link->eager) {
        link->eager = true;
        link->worth = 0;
    }
}

void
mesh_on_lazy (gossip_t *self, peer_t *peer, const char *name)
{
    topic_t *topic = followed (self, name);
    link_t *link = topic ? topic_link (topic, peer) : NULL;
    if (!link || !link->eager)
        return;
    link->eager = false;
    link->offered_ms = self->now_ms;    //  it is fast: it had what we pushed
    keep_eager (self, topic);
}

//  ---- what pushes tell --------------------------------------------------------------------------

void
mesh_first (topic_t *topic, const peer_t *peer)
{
    link_t *link = topic_link (topic, peer);
    if (!link)
        return;
    //  The other side thinks that it is eager, and is right.
    link->eager = true;
    if (link->worth < WORTH_MAX)
        link->worth++;
}

void
mesh_second (gossip_t *self, topic_t *topic, peer_t *peer, bool raced)
{
    link_t *link = topic_link (topic, peer);
    if (!link)
        return;
    if (link->eager && !raced)
        return;
    if (link->eager) {
        link->worth = (int8_t) (link->worth - (WORTH_SECOND - 1));
        if (link->worth < 0 && eager_count (topic) == 1)
            link->worth = 0;
        if (link->worth >= 0)
            return;
    }
    link->eager = false;
    outbox_topic (self, peer, SAY_LAZY, topic);
}

void
mesh_make_eager (gossip_t *self, topic_t *topic, peer_t *peer)
{
    link_t *link = topic_link (topic, peer);
    if (!link)
        return;
    link->offered_ms = self->now_ms;
    if (link->eager)
        return;
    link->eager = true;
    link->worth = 0;
    outbox_topic (self, peer, SAY_EAGER, topic);
}

//  ---- upkeep ------------------------------------------------------------------------------------

#define STANDING_MAX   10           //  more does not make it better: a flood would
#define STANDING_GROUP 5            //  for each other one in the mesh behind its public address

//  How well a neighbour would do: its score, less for each further one behind its public address,
//  but never below zero for that.
static int
standing (const gossip_t *self, const topic_t *topic, const peer_t *peer)
{
    int score = score_of (peer, self->now_ms);
    if (score > STANDING_MAX)
        score = STANDING_MAX;
    if (score <= 0 || peer->group == 0)
        return score;
    for (unsigned i = 0; i < topic->links_count; i++) {
        const peer_t *other = self->peers [topic->links [i].slot];
        score -= other != peer && other->group == peer->group ? STANDING_GROUP : 0;
    }
    return score > 0 ? score : 0;
}

static bool
may_graft (const gossip_t *self, topic_t *topic, const peer_t *peer)
{
    return !peer->muted && peer_follows (peer, topic->hash) && !topic_link (topic, peer)
           && score_of (peer, self->now_ms) >= 0;
}

//  A random one among the best; NULL when there is none. *again_ms is when a backoff ends.
static peer_t *
candidate (gossip_t *self, topic_t *topic, bool outbound, int64_t *again_ms)
{
    peer_t *peer, *best = NULL;
    int best_standing = 0;
    unsigned alike = 0;
    for (unsigned slot = 0; (peer = peers_next (self, &slot)) != NULL; slot++) {
        if ((outbound && !peer->outbound) || !may_graft (self, topic, peer))
            continue;
        if (backed_off (self, topic, peer)) {
            for (unsigned i = 0; i < topic->backoffs_count; i++)
                if (topic->backoffs [i].slot == peer->slot
                    && topic->backoffs [i].until_ms < *again_ms)
                    *again_ms = topic->backoffs [i].until_ms;
            continue;
        }
        int rank = standing (self, topic, peer);
        if (best && rank < best_standing)
            continue;
        alike = best && rank == best_standing ? alike + 1 : 1;
        if (rng_below (self->rng, alike) == 0)
            best = peer;
        best_standing = rank;
    }
    return best;
}

static void
graft (gossip_t *self, topic_t *topic, peer_t *peer)
{
    bool eager = eager_count (topic) < EAGER_FIRST;
    link_t *link = link_add (topic, peer);
    outbox_topic (self, peer, SAY_GRAFT, topic);
    if (!eager)
        return;
    link->eager = true;
    outbox_topic (self, peer, SAY_EAGER, topic);
}

static void
grow (gossip_t *self, topic_t *topic, int64_t *again_ms)
{
    peer_t *peer;
    while (topic->links_count < GOSSIP_MESH
           && (peer = candidate (self, topic, false, again_ms)) != NULL)
        graft (self, topic, peer);
}

//  Least worth keeping: lazy ones before eager ones, then by standing.
static link_t *
least (gossip_t *self, topic_t *topic)
{
    link_t *least = NULL;
    int least_rank = 0;
    bool keep_outbound = outbound_count (self, topic) <= GOSSIP_MESH_OUT;
    for (unsigned i = 0; i < topic->links_count; i++) {
        link_t *link = &topic->links [i];
        const peer_t *peer = self->peers [link->slot];
        int rank = standing (self, topic, peer) + (link->eager ? 1000 : 0)
                   + (keep_outbound && peer->outbound ? 500 : 0);
        if (!least || rank < least_rank) {
            least = link;
            least_rank = rank;
        }
    }
    return least;
}

static void
drop_bad (gossip_t *self, topic_t *topic)
{
    for (unsigned i = topic->links_count; i-- > 0;)
        if (score_of (self->peers [topic->links [i].slot], self->now_ms) < 0)
            prune (self, topic, &topic->links [i], BACKOFF_SECS);
}

static int64_t
keep_mesh (gossip_t *self, topic_t *topic)
{
    int64_t again_ms = DEADLINE_NEVER;
    drop_bad (self, topic);
    if (topic->links_count < GOSSIP_MESH_LOW)
        grow (self, topic, &again_ms);
    while (topic->links_count > GOSSIP_MESH_HIGH)
        prune (self, topic, least (self, topic), BACKOFF_SECS);
    int64_t never_ms = DEADLINE_NEVER;
    peer_t *outward = topic->links_count >= GOSSIP_MESH_LOW && topic->links_count < GOSSIP_MESH_HIGH
                              && outbound_count (self, topic) < GOSSIP_MESH_OUT
                          ? candidate (self, topic, true, &never_ms)
                          : NULL;
    if (outward)
        graft (self, topic, outward);
    keep_eager (self, topic);
    return again_ms;
}

int64_t
mesh_heartbeat (gossip_t *self)
{
    int64_t again_ms = DEADLINE_NEVER;
    for (unsigned i = 0; i < self->topics_count; i++) {
        int64_t topic_ms = self->topics [i]->followed ? keep_mesh (self, self->topics [i])
                                                      : DEADLINE_NEVER;
        if (topic_ms < again_ms)
            again_ms = topic_ms;
    }
    return again_ms;
}
