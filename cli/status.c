// SPDX-License-Identifier: MIT
#include "status.h"
#include "interfaces.h"
#include "metrics.h"
#include "render.h"
#include "shape.h"
#include "table.h"
#include "text.h"
#include "wording.h"
#include "multiaddr.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FIELD_MAX 512
#define SKEW_ODD_MS (10 * 60 * 1000)    //  SPEC 8: beyond this, dates are warnings only

//  ---- asking --------------------------------------------------------------------------------------

static bool
has_actor (const Ggen__NodeStatusReply *node, const char *name)
{
    for (size_t at = 0; at < node->n_actors; at++)
        if (strcmp (node->actors [at]->name, name) == 0)
            return true;
    return false;
}

static bool
ask_local (status_t *self, status_ask_fn *ask, void *context)
{
    Ggen__NodeStatusRequest node = GGEN__NODE_STATUS_REQUEST__INIT;
    Ggen__InstallerStatusRequest installer = GGEN__INSTALLER_STATUS_REQUEST__INIT;
    Ggen__RegistryStatusRequest registry = GGEN__REGISTRY_STATUS_REQUEST__INIT;
    Ggen__CacheStatusRequest cache = GGEN__CACHE_STATUS_REQUEST__INIT;
    Ggen__HotStatusRequest hot = GGEN__HOT_STATUS_REQUEST__INIT;
    return (self->node = ask (context, "bus", &node.base,
                                      &ggen__node_status_reply__descriptor))
           && (self->installer = ask (context, "installer", &installer.base,
                                              &ggen__installer_status_reply__descriptor))
           && (self->registry = ask (context, "registry", &registry.base,
                                             &ggen__registry_status_reply__descriptor))
           && (self->cache = ask (context, "cache", &cache.base,
                                          &ggen__cache_status_reply__descriptor))
           && (self->hot = ask (context, "cache", &hot.base,
                                        &ggen__hot_status_reply__descriptor));
}

static bool
ask_network (status_t *self, status_ask_fn *ask, void *context)
{
    Ggen__SwarmStatusRequest swarm = GGEN__SWARM_STATUS_REQUEST__INIT;
    Ggen__DhtStatusRequest dht = GGEN__DHT_STATUS_REQUEST__INIT;
    Ggen__GossipStatusRequest gossip = GGEN__GOSSIP_STATUS_REQUEST__INIT;
    Ggen__TransferStatusRequest transfer = GGEN__TRANSFER_STATUS_REQUEST__INIT;
    Ggen__P2pStatusRequest packages = GGEN__P2P_STATUS_REQUEST__INIT;
    Ggen__ReputationRequest reputation = GGEN__REPUTATION_REQUEST__INIT;
    reputation.best = STATUS_PEERS_MAX;
    return (self->swarm = ask (context, "swarm", &swarm.base,
                                       &ggen__swarm_status_reply__descriptor))
           && (self->dht = ask (context, "dht", &dht.base,
                                        &ggen__dht_status_reply__descriptor))
           && (self->gossip = ask (context, "gossip", &gossip.base,
                                           &ggen__gossip_status_reply__descriptor))
           && (self->transfer = ask (context, "transfer", &transfer.base,
                                             &ggen__transfer_status_reply__descriptor))
           && (self->packages = ask (context, "registry_p2p", &packages.base,
                                             &ggen__p2p_status_reply__descriptor))
           && (self->reputation = ask (context, "reputation", &reputation.base,
                                               &ggen__reputation_reply__descriptor));
}

bool
status_ask (status_t *self, status_ask_fn *ask, void *context)
{
    *self = (status_t) {0};
    return ask_local (self, ask, context)
           && (!has_actor (self->node, "swarm") || ask_network (self, ask, context));
}

//  ---- in words ------------------------------------------------------------------------------------

static const char *
connectivity_word (Ggen__Connectivity connectivity)
{
    return connectivity == GGEN__CONNECTIVITY__CONNECTED ? "connected"
           : connectivity == GGEN__CONNECTIVITY__LIMITED ? "limited"
                                                         : "offline";
}

static const char *
connectivity_text (Ggen__Connectivity connectivity)
{
    return connectivity == GGEN__CONNECTIVITY__CONNECTED ? "connected"
           : connectivity == GGEN__CONNECTIVITY__LIMITED ? "limited P2P connectivity"
                                                         : "operating in offline mode";
}

static const char *
dialable_text (const Ggen__Dialability *dialability)
{
    return !dialability || !dialability->known ? "not known yet"
           : dialability->dialable             ? "yes"
                                               : "no: others cannot connect to this node";
}

//  Where others may dial what the node says it listens at.
static size_t
reach_of (ProtobufCBinaryData field, multiaddr_t reach [INTERFACES_MAX])
{
    multiaddr_t listening;
    if (multiaddr_decode (&listening, (bytes_t) {field.data, field.len}) != OK)
        return 0;
    return interfaces_reach (&listening, reach);
}

static double
ratio (uint64_t part, uint64_t rest)
{
    return part + rest > 0 ? (double) part / (double) (part + rest) : 0;
}

//  ---- as JSON -------------------------------------------------------------------------------------

static json_t *
number (uint64_t value)
{
    return json_integer (value > INT64_MAX ? INT64_MAX : (json_int_t) value);
}

static json_t *
addresses_shape (ProtobufCBinaryData *addresses, size_t count)
{
    json_t *list = json_array ();
    char text [MULTIADDR_TEXT_MAX + 1];
    multiaddr_t reach [INTERFACES_MAX];
    for (size_t at = 0; at < count; at++) {
        size_t reach_count = reach_of (addresses [at], reach);
        for (size_t i = 0; i < reach_count; i++) {
            multiaddr_text (&reach [i], text);
            shape_append (&list, shape_text (text));
        }
    }
    return list;
}

static json_t *
topics_shape (const Ggen__GossipStatusReply *gossip)
{
    json_t *topics = json_array ();
    for (size_t at = 0; at < gossip->n_topics; at++) {
        json_t *one = json_object ();
        shape_set (&one, "topic", shape_text (gossip->topics [at]->topic));
        shape_set (&one, "members", json_integer (gossip->topics [at]->members));
        shape_append (&topics, one);
    }
    return topics;
}

static json_t *
reputation_shape (const Ggen__ReputationReply *reputation)
{
    char peer [PEER_ID_TEXT + 1];
    json_t *object = json_object (), *best = json_array ();
    for (size_t at = 0; at < reputation->n_peers && at < STATUS_PEERS_MAX; at++) {
        const Ggen__PeerScore *score = reputation->peers [at]->score;
        json_t *one = json_object ();
        shape_set (&one, "peer_id", shape_text (wording_peer (score->peer_key, peer)));
        shape_set (&one, "score", json_real (score->score));
        shape_set (&one, "success_rate", json_real (score->success_rate));
        shape_set (&one, "trusted", json_boolean (score->trusted));
        shape_append (&best, one);
    }
    shape_set (&object, "average", json_real (reputation->average));
    shape_set (&object, "best", best);
    return object;
}

static void
shape_network (const status_t *self, json_t **document)
{
    char text [PEER_ID_TEXT + 1];
    const Ggen__SwarmStatusReply *swarm = self->swarm;
    const Ggen__Dialability *dialability = swarm->dialability;
    shape_set (document, "peer_id", shape_text (wording_peer (swarm->peer_key, text)));
    shape_set (document, "addresses", addresses_shape (swarm->addresses, swarm->n_addresses));
    shape_set (document, "dialable", !dialability || !dialability->known
                                         ? json_null ()
                                         : json_boolean (dialability->dialable));
    shape_set (document, "connectivity", json_string (connectivity_word (swarm->connectivity)));
    shape_set (document, "peers", json_integer (swarm->peers_count));
    shape_set (document, "peers_max", json_integer (swarm->peers_max));
    shape_set (document, "last_bootstrap_ms", swarm->last_bootstrap_ms < 0
                                                  ? json_null ()
                                                  : json_integer (swarm->last_bootstrap_ms));
    shape_set (document, "clock_skew_ms", json_integer (swarm->clock_skew_ms));
    shape_set (document, "dht_server", json_boolean (self->dht->server));
    shape_set (document, "dht_contacts", json_integer (self->dht->contacts));
    shape_set (document, "dht_records", json_integer (self->dht->records));
    shape_set (document, "dht_queries", number (self->dht->queries));
    shape_set (document, "nodes_estimate", number (self->dht->nodes_estimate));
    shape_set (document, "topics", topics_shape (self->gossip));
    shape_set (document, "announced", number (self->gossip->announced));
    shape_set (document, "heard", number (self->gossip->delivered));
    shape_set (document, "published", json_integer (self->packages->published));
    shape_set (document, "discovered", json_integer (self->packages->discovered));
    shape_set (document, "serving", json_integer (self->transfer->serving));
    shape_set (document, "hosted_bytes", number (self->transfer->hosted_bytes));
    shape_set (document, "sent_bytes", number (self->transfer->sent_bytes));
    shape_set (document, "received_bytes", number (self->transfer->received_bytes));
    shape_set (document, "bulk_connections", json_integer (swarm->bulk_count));
    shape_set (document, "bulk_sent_bytes", number (swarm->bulk_sent_bytes));
    shape_set (document, "bulk_received_bytes", number (swarm->bulk_received_bytes));
    shape_set (document, "reputation", reputation_shape (self->reputation));
}

static json_t *
cache_shape (const status_t *self)
{
    const Ggen__CacheStatusReply *cache = self->cache;
    json_t *object = json_object ();
    shape_set (&object, "archives", json_integer (cache->blobs_count));
    shape_set (&object, "size_bytes", number (cache->size_bytes));
    shape_set (&object, "max_bytes", number (cache->max_bytes));
    shape_set (&object, "hits", number (cache->hits));
    shape_set (&object, "misses", number (cache->misses));
    shape_set (&object, "hot_entries", json_integer (self->hot->entries));
    shape_set (&object, "hot_hits", number (self->hot->hits + self->hot->absent_hits));
    shape_set (&object, "hot_misses", number (self->hot->misses));
    return object;
}

static json_t *
actors_shape (const Ggen__NodeStatusReply *node)
{
    json_t *actors = json_array ();
    for (size_t at = 0; at < node->n_actors; at++) {
        const Ggen__ActorMetrics *actor = node->actors [at];
        json_t *one = json_object ();
        shape_set (&one, "name", shape_text (actor->name));
        shape_set (&one, "queue_messages", json_integer (actor->queue_messages));
        shape_set (&one, "queue_bytes", number (actor->queue_bytes));
        shape_set (&one, "pending", json_integer (actor->pending));
        shape_set (&one, "handled", number (actor->handled));
        shape_set (&one, "handler_us", number (actor->handler_us));
        shape_set (&one, "handler_max_us", number (actor->handler_max_us));
        shape_set (&one, "refused", number (actor->refused_busy));
        shape_set (&one, "dropped", number (actor->dropped + actor->dropped_late));
        shape_set (&one, "incarnation", json_integer (actor->incarnation));
        shape_append (&actors, one);
    }
    return actors;
}

//  Those of the actors fill a screen.
static json_t *
metrics_document (const status_t *self, bool is_detailed)
{
    metric_t metrics [METRICS_MAX];
    size_t count = metrics_of (self, metrics);
    while (!is_detailed && count > 0 && metrics [count - 1].label
           && strcmp (metrics [count - 1].label, "actor") == 0)
        count--;
    return metrics_shape (metrics, count);
}

json_t *
status_shape (const status_t *self, bool is_detailed)
{
    json_t *document = json_object ();
    shape_set (&document, "running", json_true ());
    shape_set (&document, "pid", json_integer (self->node->pid));
    shape_set (&document, "uptime_ms", number (self->node->uptime_ms));
    shape_set (&document, "version", shape_text (self->node->version));
    shape_set (&document, "network", json_boolean (self->swarm != NULL));
    if (self->swarm)
        shape_network (self, &document);
    shape_set (&document, "cache", cache_shape (self));
    shape_set (&document, "disk_free_bytes", number (self->node->disk_free_bytes));
    if (is_detailed)
        shape_set (&document, "actors", actors_shape (self->node));
    shape_set (&document, "metrics", metrics_document (self, is_detailed));
    return document;
}

//  ---- for people ----------------------------------------------------------------------------------

static void
print_addresses (const screen_t *screen, const Ggen__SwarmStatusReply *swarm)
{
    char text [MULTIADDR_TEXT_MAX + 1], peer [PEER_ID_TEXT + 1];
    char line [sizeof text + sizeof peer + 8];
    multiaddr_t reach [INTERFACES_MAX];
    bool is_first = true;
    wording_peer (swarm->peer_key, peer);
    for (size_t at = 0; at < swarm->n_addresses; at++) {
        size_t reach_count = reach_of (swarm->addresses [at], reach);
        for (size_t i = 0; i < reach_count; i++) {
            multiaddr_text (&reach [i], text);
            snprintf (line, sizeof line, "%s/p2p/%s", text, peer);
            render_field (screen, is_first ? "addresses" : "", line);
            is_first = false;
        }
    }
}

static void
print_swarm (const status_t *self, const screen_t *screen)
{
    char line [FIELD_MAX], ago [TEXT_TIME_MAX];
    const Ggen__SwarmStatusReply *swarm = self->swarm;
    print_addresses (screen, swarm);
    render_field (screen, "network", connectivity_text (swarm->connectivity));
    snprintf (line, sizeof line, "%" PRIu32 " of at most %" PRIu32, swarm->peers_count,
              swarm->peers_max);
    render_field (screen, "peers", line);
    render_field (screen, "dialable", dialable_text (swarm->dialability));
    if (swarm->last_bootstrap_ms < 0)
        snprintf (line, sizeof line, "never");
    else
        snprintf (line, sizeof line, "%s ago",
                  text_duration ((uint64_t) swarm->last_bootstrap_ms / 1000, ago));
    render_field (screen, "bootstrap", line);
}

static void
print_dht (const status_t *self, const screen_t *screen)
{
    char line [FIELD_MAX], contacts [WORDING_COUNT_MAX], records [WORDING_COUNT_MAX];
    const Ggen__DhtStatusReply *dht = self->dht;
    snprintf (line, sizeof line, "%s, %s, %s, %" PRIu64 " %s, %" PRIu64 " of them failed",
              dht->server ? "server" : "client", wording_count (dht->contacts, "contact", contacts),
              wording_count (dht->records, "record", records), dht->queries,
              dht->queries == 1 ? "query" : "queries", dht->queries_failed);
    render_field (screen, "DHT", line);
}

static void
print_gossip (const status_t *self, const screen_t *screen)
{
    char line [FIELD_MAX], members [WORDING_COUNT_MAX];
    const Ggen__GossipStatusReply *gossip = self->gossip;
    for (size_t at = 0; at < gossip->n_topics; at++) {
        snprintf (line, sizeof line, "%s, %s", gossip->topics [at]->topic,
                  wording_count (gossip->topics [at]->members, "member", members));
        render_field (screen, at == 0 ? "topics" : "", line);
    }
    snprintf (line, sizeof line,
              "%" PRIu64 " announced, %" PRIu64 " heard, %" PRIu64 " refused", gossip->announced,
              gossip->delivered, gossip->refused + gossip->invalid);
    render_field (screen, "gossip", line);
}

static void
print_packages (const status_t *self, const screen_t *screen)
{
    char line [FIELD_MAX], hosted [TEXT_SIZE_MAX], sent [TEXT_SIZE_MAX], received [TEXT_SIZE_MAX];
    char connections [WORDING_COUNT_MAX];
    snprintf (line, sizeof line,
              "%" PRIu32 " published, %" PRIu32 " discovered, %" PRIu32 " served, %s hosted",
              self->packages->published, self->packages->discovered, self->transfer->serving,
              text_size (self->transfer->hosted_bytes, hosted));
    render_field (screen, "packages", line);
    snprintf (line, sizeof line, "%s sent, %s received",
              text_size (self->transfer->sent_bytes, sent),
              text_size (self->transfer->received_bytes, received));
    render_field (screen, "archives", line);
    snprintf (line, sizeof line, "%s, %s sent, %s received",
              wording_count (self->swarm->bulk_count, "connection", connections),
              text_size (self->swarm->bulk_sent_bytes, sent),
              text_size (self->swarm->bulk_received_bytes, received));
    render_field (screen, "bulk", line);
}

static void
print_reputation (const status_t *self, const screen_t *screen)
{
    char line [FIELD_MAX], peer [PEER_ID_TEXT + 1];
    const Ggen__ReputationReply *reputation = self->reputation;
    for (size_t at = 0; at < reputation->n_peers && at < STATUS_PEERS_MAX; at++) {
        const Ggen__PeerScore *score = reputation->peers [at]->score;
        snprintf (line, sizeof line, "%.2f  %s%s", score->score,
                  wording_peer (score->peer_key, peer), score->banned ? "  banned" : "");
        render_field (screen, at == 0 ? "reputation" : "", line);
    }
}

//  "1 hit, 0 misses".
static const char *
use (uint64_t hits, uint64_t misses, char out [FIELD_MAX / 2])
{
    char counted [WORDING_COUNT_MAX];
    snprintf (out, FIELD_MAX / 2, "%s, %" PRIu64 " %s", wording_count (hits, "hit", counted), misses,
              misses == 1 ? "miss" : "misses");
    return out;
}

static void
print_cache (const status_t *self, const screen_t *screen)
{
    char line [FIELD_MAX], size [TEXT_SIZE_MAX], max [TEXT_SIZE_MAX], disk [TEXT_SIZE_MAX];
    const Ggen__CacheStatusReply *cache = self->cache;
    char archives [WORDING_COUNT_MAX], used [FIELD_MAX / 2];
    snprintf (line, sizeof line, "%s, %s of at most %s; %s (%.0f %%)",
              wording_count (cache->blobs_count, "archive", archives),
              text_size (cache->size_bytes, size), text_size (cache->max_bytes, max),
              use (cache->hits, cache->misses, used), 100 * ratio (cache->hits, cache->misses));
    render_field (screen, "cache", line);
    snprintf (line, sizeof line, "%" PRIu32 " of at most %" PRIu32 " packages; %s", self->hot->entries,
              self->hot->entries_max,
              use (self->hot->hits + self->hot->absent_hits, self->hot->misses, used));
    render_field (screen, "hot tier", line);
    if (self->node->disk_free_bytes > 0) {
        snprintf (line, sizeof line, "%s free", text_size (self->node->disk_free_bytes, disk));
        render_field (screen, "disk", line);
    }
}

static void
print_clock (const screen_t *screen, const Ggen__SwarmStatusReply *swarm)
{
    char line [FIELD_MAX];
    const int64_t skew_ms = swarm->clock_skew_ms;
    const bool is_alone = skew_ms == 0 && swarm->peers_count == 0;
    snprintf (line, sizeof line, "%.1f s %s the median of its peers", fabs ((double) skew_ms / 1000),
              skew_ms > 0 ? "behind" : "ahead of");
    render_field (screen, "clock", is_alone                  ? "no peers to compare it with"
                                   : llabs (skew_ms) < 1000 ? "as its peers'"
                                                            : line);
    if (llabs (skew_ms) > SKEW_ODD_MS)
        render_warning (screen, "the clock of this machine differs from its peers' by more than 10 "
                                "minutes");
}

static void
print_actors (const screen_t *screen, const Ggen__NodeStatusReply *node)
{
    static const column_t columns [] = {
        {"ACTOR", 0}, {"QUEUE", TABLE_RIGHT}, {"PENDING", TABLE_RIGHT}, {"HANDLED", TABLE_RIGHT},
        {"TIME us", TABLE_RIGHT}, {"LONGEST us", TABLE_RIGHT}, {"REFUSED", TABLE_RIGHT},
        {"DROPPED", TABLE_RIGHT}};
    AUTO (table_destroy) table_t *table = table_new (screen, columns, COUNT_OF (columns));
    for (size_t at = 0; table && at < node->n_actors; at++) {
        const Ggen__ActorMetrics *actor = node->actors [at];
        const uint64_t values [] = {actor->queue_messages, actor->pending, actor->handled,
                                    actor->handler_us, actor->handler_max_us, actor->refused_busy,
                                    actor->dropped + actor->dropped_late};
        char texts [COUNT_OF (values)][24];
        const char *cells [COUNT_OF (columns)] = {actor->name};
        for (size_t i = 0; i < COUNT_OF (values); i++) {
            snprintf (texts [i], sizeof texts [i], "%" PRIu64, values [i]);
            cells [i + 1] = texts [i];
        }
        if (table_row (table, cells) != OK)
            break;
    }
    if (table) {
        fputc ('\n', screen->out);
        table_print (table);
    }
}

void
status_print (const status_t *self, const screen_t *screen, bool is_detailed)
{
    char line [FIELD_MAX], peer [PEER_ID_TEXT + 1], uptime [TEXT_TIME_MAX];
    if (self->swarm)
        render_field (screen, "peer id", wording_peer (self->swarm->peer_key, peer));
    snprintf (line, sizeof line, "%s, pid %" PRIu32 ", version %s",
              text_duration (self->node->uptime_ms / 1000, uptime), self->node->pid,
              self->node->version);
    render_field (screen, "uptime", line);
    if (self->swarm) {
        print_swarm (self, screen);
        print_dht (self, screen);
        print_gossip (self, screen);
        print_packages (self, screen);
        print_reputation (self, screen);
        print_clock (screen, self->swarm);
    }
    else
        render_field (screen, "network", "this node is not of the network (p2p.enabled, registry.mode)");
    print_cache (self, screen);
    if (is_detailed)
        print_actors (screen, self->node);
}
