// SPDX-License-Identifier: MIT
#include "metrics.h"
#include "shape.h"

#include <math.h>
#include <string.h>

typedef struct {
    const char *name;
    const char *type;
    const char *help;
} family_t;

//  A summary's _sum and _count belong to the family before them.
static const family_t families [] = {
    {"marketplace_uptime_seconds", "gauge", "Time since the node was started"},
    {"marketplace_clients", "gauge", "Programs attached to the node"},
    {"marketplace_disk_free_bytes", "gauge", "Free on the disk of the home"},
    {"marketplace_heap_bytes", "gauge", "Memory for what is allocated, of the system"},
    {"marketplace_heap_used_bytes", "gauge", "Of it, what is in use, or kept for the next use"},
    {"marketplace_search_duration_ms", "summary", "How long searches took, in all registries"},
    {"marketplace_install_success_total", "counter", "Installs that ended well"},
    {"marketplace_install_failure_total", "counter", "Installs that failed"},
    {"marketplace_cache_hit_ratio", "gauge", "Archives asked for that were there, of all"},
    {"marketplace_cache_hits_total", "counter", "Archives asked for that were there"},
    {"marketplace_cache_misses_total", "counter", "Archives asked for that were not there"},
    {"marketplace_cache_archives", "gauge", "Archives kept"},
    {"marketplace_cache_bytes", "gauge", "Size of the archives kept"},
    {"marketplace_cache_max_bytes", "gauge", "Size of archives beyond which some are dropped"},
    {"marketplace_hot_entries", "gauge", "Packages remembered in memory"},
    {"marketplace_hot_hits_total", "counter", "Look-ups that memory answered"},
    {"marketplace_hot_misses_total", "counter", "Look-ups that memory did not answer"},
    {"marketplace_p2p_peers", "gauge", "Nodes connected to"},
    {"marketplace_p2p_known", "gauge", "Nodes whose addresses are remembered"},
    {"marketplace_p2p_dialable", "gauge", "1: others can dial this node; 0: not, or not known"},
    {"marketplace_p2p_clock_skew_ms", "gauge", "Median of the peers' clocks minus ours"},
    {"marketplace_p2p_refused_total", "counter", "Messages and connections refused"},
    {"marketplace_dht_contacts", "gauge", "Nodes in the routing table"},
    {"marketplace_dht_records", "gauge", "Records kept"},
    {"marketplace_dht_records_bytes", "gauge", "Size of the records kept"},
    {"marketplace_dht_provided", "gauge", "Records of this node that it renews"},
    {"marketplace_dht_queries_total", "counter", "Reads, writes and provides asked for here"},
    {"marketplace_dht_query_duration_ms", "summary", "How long these took"},
    {"marketplace_dht_messages_total", "counter", "Requests sent to other nodes"},
    {"marketplace_dht_messages_failed_total", "counter", "Requests that got no answer"},
    {"marketplace_gossip_announced_total", "counter", "Announcements made here"},
    {"marketplace_gossip_delivered_total", "counter", "Announcements heard for the first time"},
    {"marketplace_gossip_duplicates_total", "counter", "Announcements that had been here before"},
    {"marketplace_gossip_invalid_total", "counter", "Announcements with a wrong signature or shape"},
    {"marketplace_gossip_refused_total", "counter", "Sound ones: too old, replayed, too many"},
    {"marketplace_gossip_sent_total", "counter", "Bodies sent to neighbours"},
    {"marketplace_gossip_neighbours", "gauge", "Nodes that gossip is exchanged with"},
    {"marketplace_gossip_seen", "gauge", "Announcements remembered by their hash"},
    {"marketplace_gossip_history_bytes", "gauge", "Announcements kept to be passed on"},
    {"marketplace_packages_published", "gauge", "Packages published here"},
    {"marketplace_packages_discovered", "gauge", "Packages heard of"},
    {"marketplace_packages_served", "gauge", "Packages served to others"},
    {"marketplace_packages_hosted", "gauge", "Of these, for other publishers"},
    {"marketplace_hosted_bytes", "gauge", "Size of what is hosted for others"},
    {"marketplace_transfer_wrong_chunks_total", "counter", "Chunks with another hash than signed"},
    {"marketplace_bulk_connections", "gauge", "Nodes that archives are exchanged with"},
    {"marketplace_bulk_sent_bytes_total", "counter", "Of all that was sent: by bulk connections"},
    {"marketplace_bulk_received_bytes_total", "counter", "Of all that was received: by these"},
    {"marketplace_reputation_avg", "gauge", "Mean score of all known nodes"},
    {"marketplace_reputation_known", "gauge", "Nodes that something is remembered of"},
    {"marketplace_bytes_sent_total", "counter", "Said to other nodes, before encryption"},
    {"marketplace_bytes_received_total", "counter", "Heard from other nodes, after decryption"},
    {"marketplace_actor_queue_messages", "gauge", "Messages waiting in a mailbox"},
    {"marketplace_actor_queue_bytes", "gauge", "Their size"},
    {"marketplace_actor_handled_total", "counter", "Messages handled"},
    {"marketplace_actor_handler_seconds_total", "counter", "Time spent in handlers"},
    {"marketplace_actor_refused_total", "counter", "Requests refused because too many wait"},
    {"marketplace_actor_dropped_total", "counter", "Messages dropped: late, malformed, too many"},
};

typedef struct {
    metric_t *metrics;
    size_t count;
} list_t;

static void
add_of (list_t *self, const char *family, const char *label, const char *of, double value)
{
    if (self->count < METRICS_MAX)
        self->metrics [self->count++] = (metric_t) {family, label, of, value};
}

static void
add (list_t *self, const char *family, double value)
{
    add_of (self, family, NULL, NULL, value);
}

static void
add_summary (list_t *self, const char *sum, const char *count, uint64_t sum_ms, uint64_t times)
{
    add (self, sum, (double) sum_ms);
    add (self, count, (double) times);
}

static void
add_local (list_t *self, const status_t *status)
{
    const Ggen__CacheStatusReply *cache = status->cache;
    const uint64_t asked = cache->hits + cache->misses;
    add (self, "marketplace_uptime_seconds", (double) status->node->uptime_ms / 1000);
    add (self, "marketplace_clients", status->node->clients_count);
    add (self, "marketplace_disk_free_bytes", (double) status->node->disk_free_bytes);
    add (self, "marketplace_heap_bytes", (double) status->node->heap_bytes);
    add (self, "marketplace_heap_used_bytes", (double) status->node->heap_used_bytes);
    add_summary (self, "marketplace_search_duration_ms_sum", "marketplace_search_duration_ms_count",
                 status->registry->searches_ms, status->registry->searches);
    add (self, "marketplace_install_success_total", (double) status->installer->installs);
    add (self, "marketplace_install_failure_total", (double) status->installer->installs_failed);
    add (self, "marketplace_cache_hit_ratio",
         asked > 0 ? (double) cache->hits / (double) asked : 0);
    add (self, "marketplace_cache_hits_total", (double) cache->hits);
    add (self, "marketplace_cache_misses_total", (double) cache->misses);
    add (self, "marketplace_cache_archives", cache->blobs_count);
    add (self, "marketplace_cache_bytes", (double) cache->size_bytes);
    add (self, "marketplace_cache_max_bytes", (double) cache->max_bytes);
    add (self, "marketplace_hot_entries", status->hot->entries);
    add (self, "marketplace_hot_hits_total", (double) (status->hot->hits + status->hot->absent_hits));
    add (self, "marketplace_hot_misses_total", (double) status->hot->misses);
}

static void
add_swarm (list_t *self, const Ggen__SwarmStatusReply *swarm)
{
    const bool dialable = swarm->dialability && swarm->dialability->known
                          && swarm->dialability->dialable;
    add (self, "marketplace_p2p_peers", swarm->peers_count);
    add (self, "marketplace_p2p_known", swarm->known_count);
    add (self, "marketplace_p2p_dialable", dialable);
    add (self, "marketplace_p2p_clock_skew_ms", (double) swarm->clock_skew_ms);
    add_of (self, "marketplace_p2p_refused_total", "reason", "banned",
            (double) swarm->refused_banned);
    add_of (self, "marketplace_p2p_refused_total", "reason", "full", (double) swarm->refused_full);
    add_of (self, "marketplace_p2p_refused_total", "reason", "rate", (double) swarm->refused_rate);
    add_of (self, "marketplace_p2p_refused_total", "reason", "invalid",
            (double) swarm->dropped_invalid);
}

static void
add_dht (list_t *self, const Ggen__DhtStatusReply *dht)
{
    add (self, "marketplace_dht_contacts", dht->contacts);
    add (self, "marketplace_dht_records", dht->records);
    add (self, "marketplace_dht_records_bytes", (double) dht->records_bytes);
    add (self, "marketplace_dht_provided", dht->provided);
    add (self, "marketplace_dht_queries_total", (double) dht->lookups);
    add_summary (self, "marketplace_dht_query_duration_ms_sum",
                 "marketplace_dht_query_duration_ms_count", dht->lookups_ms, dht->lookups);
    add (self, "marketplace_dht_messages_total", (double) dht->queries);
    add (self, "marketplace_dht_messages_failed_total", (double) dht->queries_failed);
}

static void
add_gossip (list_t *self, const Ggen__GossipStatusReply *gossip)
{
    add (self, "marketplace_gossip_announced_total", (double) gossip->announced);
    add (self, "marketplace_gossip_delivered_total", (double) gossip->delivered);
    add (self, "marketplace_gossip_duplicates_total", (double) gossip->duplicates);
    add (self, "marketplace_gossip_invalid_total", (double) gossip->invalid);
    add (self, "marketplace_gossip_refused_total", (double) gossip->refused);
    add (self, "marketplace_gossip_sent_total", (double) gossip->sent_bodies);
    add (self, "marketplace_gossip_neighbours", gossip->neighbours);
    add (self, "marketplace_gossip_seen", gossip->seen);
    add (self, "marketplace_gossip_history_bytes", (double) gossip->history_bytes);
}

static void
add_traffic (list_t *self, const Ggen__SwarmStatusReply *swarm)
{
    for (size_t at = 0; at < swarm->n_traffic; at++)
        add_of (self, "marketplace_bytes_sent_total", "protocol", swarm->traffic [at]->protocol,
                (double) swarm->traffic [at]->sent_bytes);
    for (size_t at = 0; at < swarm->n_traffic; at++)
        add_of (self, "marketplace_bytes_received_total", "protocol",
                swarm->traffic [at]->protocol, (double) swarm->traffic [at]->received_bytes);
}

static void
add_network (list_t *self, const status_t *status)
{
    add_swarm (self, status->swarm);
    add_dht (self, status->dht);
    add_gossip (self, status->gossip);
    add (self, "marketplace_packages_published", status->packages->published);
    add (self, "marketplace_packages_discovered", status->packages->discovered);
    add (self, "marketplace_packages_served", status->transfer->serving);
    add (self, "marketplace_packages_hosted", status->transfer->hosted);
    add (self, "marketplace_hosted_bytes", (double) status->transfer->hosted_bytes);
    add (self, "marketplace_transfer_wrong_chunks_total", (double) status->transfer->wrong_chunks);
    add (self, "marketplace_bulk_connections", status->swarm->bulk_count);
    add (self, "marketplace_bulk_sent_bytes_total", (double) status->swarm->bulk_sent_bytes);
    add (self, "marketplace_bulk_received_bytes_total", (double) status->swarm->bulk_received_bytes);
    add (self, "marketplace_reputation_avg", status->reputation->average);
    add (self, "marketplace_reputation_known", status->reputation->known_count);
    add_traffic (self, status->swarm);
}

static double
actor_value (const Ggen__ActorMetrics *actor, unsigned which)
{
    const double values [] = {
        actor->queue_messages,
        (double) actor->queue_bytes,
        (double) actor->handled,
        (double) actor->handler_us / 1e6,
        (double) actor->refused_busy,
        (double) (actor->dropped + actor->dropped_late)};
    return values [which];
}

static void
add_actors (list_t *self, const Ggen__NodeStatusReply *node)
{
    static const char *const names [] = {
        "marketplace_actor_queue_messages", "marketplace_actor_queue_bytes",
        "marketplace_actor_handled_total", "marketplace_actor_handler_seconds_total",
        "marketplace_actor_refused_total", "marketplace_actor_dropped_total"};
    for (unsigned which = 0; which < COUNT_OF (names); which++)
        for (size_t at = 0; at < node->n_actors; at++)
            add_of (self, names [which], "actor", node->actors [at]->name,
                    actor_value (node->actors [at], which));
}

size_t
metrics_of (const status_t *status, metric_t metrics [METRICS_MAX])
{
    list_t list = {metrics, 0};
    add_local (&list, status);
    if (status->swarm)
        add_network (&list, status);
    add_actors (&list, status->node);
    return list.count;
}

//  ---- writing them --------------------------------------------------------------------------------

static bool
is_of (const family_t *family, const char *name)
{
    const size_t size = strlen (family->name);
    return strncmp (name, family->name, size) == 0
           && (!name [size]
               || (strcmp (family->type, "summary") == 0
                   && (strcmp (name + size, "_sum") == 0 || strcmp (name + size, "_count") == 0)));
}

static const family_t *
family_of (const char *name)
{
    for (size_t at = 0; at < COUNT_OF (families); at++)
        if (is_of (&families [at], name))
            return &families [at];
    return NULL;
}

//  Labels are names of our own: nothing in them needs escaping.
static void
write_name (const metric_t *metric, char *text, size_t size)
{
    if (metric->label)
        snprintf (text, size, "%s{%s=\"%s\"}", metric->family, metric->label, metric->of);
    else
        snprintf (text, size, "%s", metric->family);
}

static bool
is_whole (double value)
{
    return fabs (value) < 9007199254740992.0 && value == floor (value);
}

void
metrics_print (FILE *out, const metric_t metrics [], size_t metrics_count)
{
    const family_t *before = NULL;
    for (size_t at = 0; at < metrics_count; at++) {
        char name [256];
        const family_t *family = family_of (metrics [at].family);
        if (family && family != before)
            fprintf (out, "# HELP %s %s\n# TYPE %s %s\n", family->name, family->help, family->name,
                     family->type);
        before = family;
        write_name (&metrics [at], name, sizeof name);
        fprintf (out, is_whole (metrics [at].value) ? "%s %.0f\n" : "%s %.9g\n", name,
                 metrics [at].value);
    }
}

json_t *
metrics_shape (const metric_t metrics [], size_t metrics_count)
{
    json_t *object = json_object ();
    for (size_t at = 0; at < metrics_count; at++) {
        char name [256];
        write_name (&metrics [at], name, sizeof name);
        shape_set (&object, name, is_whole (metrics [at].value)
                                      ? json_integer ((json_int_t) metrics [at].value)
                                      : json_real (metrics [at].value));
    }
    return object;
}
