// SPDX-License-Identifier: MIT
#include "gossip_inside.h"

#include <stdlib.h>
#include <string.h>

#define DIRECT_FAR 4                //  one in so many members may be no neighbour

//  FNV-1a. Two names that collide would share their neighbours, not their announcements.
uint32_t
topic_hash (const char *name)
{
    uint32_t hash = 2166136261u;
    for (; *name; name++)
        hash = (hash ^ (uint8_t) *name) * 16777619u;
    return hash;
}

topic_t *
topics_find (const gossip_t *self, uint32_t hash)
{
    for (unsigned i = 0; i < self->topics_count; i++)
        if (self->topics [i]->hash == hash)
            return self->topics [i];
    return NULL;
}

topic_t *
topics_need (gossip_t *self, const char *name)
{
    topic_t *topic = topics_find (self, topic_hash (name));
    if (topic)
        return strcmp (topic->name, name) == 0 ? topic : NULL;
    if (self->topics_count == GOSSIP_TOPICS_MAX)
        return NULL;
    topic_t **grown = realloc (self->topics, (self->topics_count + 1u) * sizeof *grown);
    if (!grown)
        return NULL;
    self->topics = grown;
    topic = calloc (1, sizeof *topic);
    if (!topic || !(topic->name = strdup (name))) {
        free (topic);
        return NULL;
    }
    topic->hash = topic_hash (name);
    topic->direct = true;
    topic->announced_ms = self->now_ms;
    topic->mended_ms = INT64_MIN / 2;
    return self->topics [self->topics_count++] = topic;
}

static void
topic_free (topic_t *topic)
{
    free (topic->backoffs);
    free (topic->name);
    free (topic);
}

void
topics_remove (gossip_t *self, topic_t *topic)
{
    unsigned i = 0;
    while (self->topics [i] != topic)
        i++;
    self->topics [i] = self->topics [--self->topics_count];
    topic_free (topic);
}

void
topics_done (gossip_t *self)
{
    while (self->topics_count > 0)
        topic_free (self->topics [--self->topics_count]);
    free (self->topics);
}

//  ---- one topic ---------------------------------------------------------------------------------

unsigned
topic_followers (const gossip_t *self, const topic_t *topic)
{
    unsigned count = 0;
    const peer_t *peer;
    for (unsigned slot = 0; (peer = peers_next (self, &slot)) != NULL; slot++)
        count += !peer->muted && peer_follows (peer, topic->hash);
    return count;
}

//  Members known are we, the neighbours that follow, and origins that are no neighbours. With many of
//  these the mesh has to carry it anyway, and what is pushed beside it would come twice.
bool
topic_direct (gossip_t *self, topic_t *topic)
{
    unsigned near = 1 + topic_followers (self, topic), members = near;
    for (uint32_t i = 0; i < id_table_count (self->origins.table) && members <= GOSSIP_DIRECT_OFF;
         i++) {
        const origin_t *origin = id_table_at (self->origins.table, i);
        members += self->now_ms - origin->heard_ms < HISTORY_KEPT_MS
                   && !peers_find_mark (self, origin->mark);
    }
    if (members <= GOSSIP_DIRECT_ON)
        topic->direct = true;
    else if (members > GOSSIP_DIRECT_OFF)
        topic->direct = false;
    return topic->direct && DIRECT_FAR * (members - near) <= members;
}

link_t *
topic_link (topic_t *topic, const peer_t *peer)
{
    for (unsigned i = 0; i < topic->links_count; i++)
        if (topic->links [i].slot == peer->slot)
            return &topic->links [i];
    return NULL;
}
