// SPDX-License-Identifier: MIT
//  p2p status, peers, connect, disconnect, bootstrap, ban, unban: what a running node knows of others.
#include "verbs.h"
#include "interfaces.h"
#include "multiaddr.h"
#include "render.h"
#include "session.h"
#include "shape.h"
#include "table.h"
#include "text.h"
#include "wording.h"
#include "dht.pb-c.h"
#include "gossip.pb-c.h"
#include "p2p.pb-c.h"
#include "reputation.pb-c.h"
#include "swarm.pb-c.h"
#include "transfer.pb-c.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

//  ---- shared --------------------------------------------------------------------------------------

static const char *
peer_text (ProtobufCBinaryData field, char text [PEER_ID_TEXT + 1])
{
    peer_key_t key;
    text [0] = 0;
    if (peer_key_from_field (&key, field) == OK)
        peer_id_text (&key, text);
    return text;
}

static const char *
address_text (ProtobufCBinaryData field, char text [MULTIADDR_TEXT_MAX + 1])
{
    multiaddr_t address;
    text [0] = 0;
    if (multiaddr_decode (&address, (bytes_t) {field.data, field.len}) == OK)
        multiaddr_text (&address, text);
    return text;
}

//  False: no node runs on this home, and that was printed.
static bool
is_running (session_t *session, const screen_t *screen)
{
    if (session_status (session) != VERB_DONE)
        return false;
    if (!session_embedded (session))
        return true;
    render_error (screen, NODE_NOT_STARTED, "no node runs on this home", "start one: ggen p2p start");
    return false;
}

static int
status_of (session_t *session)
{
    return session_status (session) == VERB_DONE ? VERB_FAILED : session_status (session);
}

//  ---- status --------------------------------------------------------------------------------------

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

//  Where others may dial what the node says it listens at.
static size_t
reach_of (ProtobufCBinaryData field, multiaddr_t reach [INTERFACES_MAX])
{
    multiaddr_t listening;
    if (multiaddr_decode (&listening, (bytes_t) {field.data, field.len}) != OK)
        return 0;
    return interfaces_reach (&listening, reach);
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

typedef struct {
    const Ggen__SwarmStatusReply *swarm;
    const Ggen__DhtStatusReply *dht;
    const Ggen__GossipStatusReply *gossip;
    const Ggen__TransferStatusReply *transfer;
    const Ggen__P2pStatusReply *packages;
} status_t;

static bool
ask_status (session_t *session, status_t *status)
{
    Ggen__SwarmStatusRequest swarm = GGEN__SWARM_STATUS_REQUEST__INIT;
    Ggen__DhtStatusRequest dht = GGEN__DHT_STATUS_REQUEST__INIT;
    Ggen__GossipStatusRequest gossip = GGEN__GOSSIP_STATUS_REQUEST__INIT;
    Ggen__TransferStatusRequest transfer = GGEN__TRANSFER_STATUS_REQUEST__INIT;
    Ggen__P2pStatusRequest packages = GGEN__P2P_STATUS_REQUEST__INIT;
    status->swarm =
        session_ask (session, "swarm", &swarm.base, &ggen__swarm_status_reply__descriptor);
    if (!status->swarm)
        return false;
    status->dht = session_ask (session, "dht", &dht.base, &ggen__dht_status_reply__descriptor);
    status->gossip =
        session_ask (session, "gossip", &gossip.base, &ggen__gossip_status_reply__descriptor);
    status->transfer =
        session_ask (session, "transfer", &transfer.base, &ggen__transfer_status_reply__descriptor);
    status->packages =
        session_ask (session, "registry_p2p", &packages.base, &ggen__p2p_status_reply__descriptor);
    return status->dht && status->gossip && status->transfer && status->packages;
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
status_shape (const status_t *status)
{
    char text [PEER_ID_TEXT + 1];
    const Ggen__SwarmStatusReply *swarm = status->swarm;
    const Ggen__Dialability *dialability = swarm->dialability;
    json_t *document = json_object ();
    shape_set (&document, "running", json_true ());
    shape_set (&document, "peer_id", shape_text (peer_text (swarm->peer_key, text)));
    shape_set (&document, "addresses", addresses_shape (swarm->addresses, swarm->n_addresses));
    shape_set (&document, "dialable", !dialability || !dialability->known
                                          ? json_null ()
                                          : json_boolean (dialability->dialable));
    shape_set (&document, "connectivity",
               json_string (connectivity_word (swarm->connectivity)));
    shape_set (&document, "peers", json_integer (swarm->peers_count));
    shape_set (&document, "peers_max", json_integer (swarm->peers_max));
    shape_set (&document, "clock_skew_ms", json_integer (swarm->clock_skew_ms));
    shape_set (&document, "dht_server", json_boolean (status->dht->server));
    shape_set (&document, "dht_contacts", json_integer (status->dht->contacts));
    shape_set (&document, "dht_records", json_integer (status->dht->records));
    shape_set (&document, "dht_queries", json_integer ((json_int_t) status->dht->queries));
    shape_set (&document, "topics", topics_shape (status->gossip));
    shape_set (&document, "announced", json_integer ((json_int_t) status->gossip->announced));
    shape_set (&document, "heard", json_integer ((json_int_t) status->gossip->delivered));
    shape_set (&document, "published", json_integer (status->packages->published));
    shape_set (&document, "discovered", json_integer (status->packages->discovered));
    shape_set (&document, "serving", json_integer (status->transfer->serving));
    shape_set (&document, "hosted_bytes", json_integer ((json_int_t) status->transfer->hosted_bytes));
    shape_set (&document, "sent_bytes", json_integer ((json_int_t) status->transfer->sent_bytes));
    shape_set (&document, "received_bytes",
               json_integer ((json_int_t) status->transfer->received_bytes));
    shape_set (&document, "bulk_connections", json_integer (swarm->bulk_count));
    shape_set (&document, "bulk_sent_bytes", json_integer ((json_int_t) swarm->bulk_sent_bytes));
    shape_set (&document, "bulk_received_bytes",
               json_integer ((json_int_t) swarm->bulk_received_bytes));
    return document;
}

static void
print_addresses (const screen_t *screen, const Ggen__SwarmStatusReply *swarm)
{
    char text [MULTIADDR_TEXT_MAX + 1], peer [PEER_ID_TEXT + 1], line [sizeof text + sizeof peer + 8];
    multiaddr_t reach [INTERFACES_MAX];
    bool is_first = true;
    peer_text (swarm->peer_key, peer);
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
print_status (const screen_t *screen, const status_t *status)
{
    char line [256], size [TEXT_SIZE_MAX], received [TEXT_SIZE_MAX], peer [PEER_ID_TEXT + 1];
    const Ggen__SwarmStatusReply *swarm = status->swarm;
    render_field (screen, "peer id", peer_text (swarm->peer_key, peer));
    print_addresses (screen, swarm);
    render_field (screen, "network", connectivity_text (swarm->connectivity));
    snprintf (line, sizeof line, "%" PRIu32 " of at most %" PRIu32, swarm->peers_count,
              swarm->peers_max);
    render_field (screen, "peers", line);
    render_field (screen, "dialable",
                  !swarm->dialability || !swarm->dialability->known ? "not known yet"
                  : swarm->dialability->dialable                    ? "yes"
                                                 : "no: others cannot connect to this node");
    snprintf (line, sizeof line, "%s, %" PRIu32 " contacts, %" PRIu32 " records",
              status->dht->server ? "server" : "client", status->dht->contacts,
              status->dht->records);
    render_field (screen, "DHT", line);
    snprintf (line, sizeof line, "%" PRIu32 " published, %" PRIu32 " discovered, %" PRIu32 " served",
              status->packages->published, status->packages->discovered, status->transfer->serving);
    render_field (screen, "packages", line);
    render_field (screen, "hosted", text_size (status->transfer->hosted_bytes, size));
    snprintf (line, sizeof line, "%" PRIu32 " connections, %s sent, %s received", swarm->bulk_count,
              text_size (swarm->bulk_sent_bytes, size),
              text_size (swarm->bulk_received_bytes, received));
    render_field (screen, "bulk", line);
    if (llabs (swarm->clock_skew_ms) > 600000)
        render_warning (screen, "the clock of this machine differs from its peers' by more than 10 minutes");
}

int
p2p_status_run (const args_t *args, const screen_t *screen)
{
    AUTO (session_close) session_t *session = session_open (args, screen);
    status_t status = {0};
    if (session_status (session) != VERB_DONE)
        return session_status (session);
    if (session_embedded (session)) {
        if (screen->json) {
            json_t *document = json_object ();
            shape_set (&document, "running", json_false ());
            render_json (screen, document);
        }
        else
            screen_say (screen, "No node runs on this home. Start one: ggen p2p start\n");
        return VERB_DONE;
    }
    if (!ask_status (session, &status))
        return status_of (session);
    if (screen->json)
        render_json (screen, status_shape (&status));
    else
        print_status (screen, &status);
    return VERB_DONE;
}

//  ---- peers ---------------------------------------------------------------------------------------

static const char *
tier_word (Ggen__Tier tier)
{
    return tier == GGEN__TIER__BOOTSTRAP ? "bootstrap" : tier == GGEN__TIER__CLIENT ? "client"
                                                                                    : "community";
}

static json_t *
peer_shape (const Ggen__PeerStatus *peer)
{
    char id [PEER_ID_TEXT + 1], address [MULTIADDR_TEXT_MAX + 1];
    json_t *one = json_object ();
    shape_set (&one, "peer_id", shape_text (peer_text (peer->peer_key, id)));
    shape_set (&one, "address", shape_text (address_text (peer->address, address)));
    shape_set (&one, "inbound", json_boolean (peer->inbound));
    shape_set (&one, "tier", json_string (tier_word (peer->tier)));
    shape_set (&one, "lan", json_boolean (peer->lan));
    shape_set (&one, "rtt_ms", peer->rtt_ms ? json_integer (peer->rtt_ms) : json_null ());
    shape_set (&one, "connected_ms", json_integer (peer->since_ms));
    shape_set (&one, "sent_bytes", json_integer ((json_int_t) peer->sent_bytes));
    shape_set (&one, "received_bytes", json_integer ((json_int_t) peer->received_bytes));
    return one;
}

static void
print_peers (const screen_t *screen, const Ggen__PeersReply *reply)
{
    static const column_t columns [] = {{"PEER", TABLE_CUT}, {"ADDRESS", TABLE_CUT}, {"TIER", 0},
                                        {"RTT", TABLE_RIGHT}, {"SENT", TABLE_RIGHT},
                                        {"RECEIVED", TABLE_RIGHT}};
    AUTO (table_destroy) table_t *table = table_new (screen, columns, COUNT_OF (columns));
    for (size_t at = 0; table && at < reply->n_peers; at++) {
        const Ggen__PeerStatus *peer = reply->peers [at];
        char id [PEER_ID_TEXT + 1], address [MULTIADDR_TEXT_MAX + 1], rtt [24] = "-";
        char sent [TEXT_SIZE_MAX], received [TEXT_SIZE_MAX];
        if (peer->rtt_ms)
            snprintf (rtt, sizeof rtt, "%" PRIu32 " ms", peer->rtt_ms);
        const char *cells [] = {peer_text (peer->peer_key, id),
                                address_text (peer->address, address),
                                tier_word (peer->tier),
                                rtt,
                                text_size (peer->sent_bytes, sent),
                                text_size (peer->received_bytes, received)};
        if (table_row (table, cells) != OK)
            break;
    }
    if (table && reply->n_peers > 0)
        table_print (table);
    else
        screen_say (screen, "No peers. Connect to one: ggen p2p connect ADDRESS\n");
}

int
p2p_peers_run (const args_t *args, const screen_t *screen)
{
    AUTO (session_close) session_t *session = session_open (args, screen);
    Ggen__PeersRequest request = GGEN__PEERS_REQUEST__INIT;
    const Ggen__PeersReply *reply =
        is_running (session, screen)
            ? session_ask (session, "swarm", &request.base, &ggen__peers_reply__descriptor)
            : NULL;
    if (!reply)
        return status_of (session);
    if (!screen->json) {
        print_peers (screen, reply);
        return VERB_DONE;
    }
    json_t *document = json_object (), *peers = json_array ();
    for (size_t at = 0; at < reply->n_peers; at++)
        shape_append (&peers, peer_shape (reply->peers [at]));
    shape_set (&document, "peers", peers);
    shape_set (&document, "total", json_integer ((json_int_t) reply->n_peers));
    render_json (screen, document);
    return VERB_DONE;
}

//  ---- connect and disconnect ------------------------------------------------------------------------

//  A peer id or an address of the command line. False: it is neither, and that was printed.
static bool
take_peer (const screen_t *screen, const char *word, peer_key_t *key, bool *is_key,
           multiaddr_t *address)
{
    char why [200], message [700];
    *is_key = word [0] != '/';
    code_t code = *is_key ? peer_id_parse (key, word, why, sizeof why)
                          : multiaddr_parse (address, word, why, sizeof why);
    if (code == OK)
        return true;
    snprintf (message, sizeof message, "%.400s: %s", word, why);
    render_error (screen, *is_key ? VALIDATION : INVALID_MULTIADDR, message,
                  "a peer is 12D3KooW..., an address /ip4/192.0.2.7/tcp/4101/p2p/12D3KooW...");
    return false;
}

int
p2p_connect_run (const args_t *args, const screen_t *screen)
{
    peer_key_t key;
    multiaddr_t address;
    bool is_key;
    uint8_t bytes [MULTIADDR_SIZE_MAX];
    char id [PEER_ID_TEXT + 1];
    if (!take_peer (screen, args->positionals [0], &key, &is_key, &address))
        return VERB_FAILED;
    Ggen__ConnectRequest request = GGEN__CONNECT_REQUEST__INIT;
    request.persistent = args_flag (args, "persistent");
    if (is_key)
        request.peer_key = peer_key_to_field (&key);
    else
        request.address = (ProtobufCBinaryData) {multiaddr_encode (&address, bytes), bytes};
    AUTO (session_close) session_t *session = session_open (args, screen);
    const Ggen__ConnectReply *reply =
        is_running (session, screen)
            ? session_ask (session, "swarm", &request.base, &ggen__connect_reply__descriptor)
            : NULL;
    if (!reply)
        return status_of (session);
    peer_text (reply->peer_key, id);
    if (!screen->json) {
        screen_say (screen, "%s %s %s\n", render_mark (screen, MARK_GOOD),
                    reply->was_connected ? "Already connected to" : "Connected to", id);
        return VERB_DONE;
    }
    json_t *document = json_object ();
    shape_set (&document, "peer_id", shape_text (id));
    shape_set (&document, "was_connected", json_boolean (reply->was_connected));
    render_json (screen, document);
    return VERB_DONE;
}

int
p2p_disconnect_run (const args_t *args, const screen_t *screen)
{
    peer_key_t key;
    multiaddr_t address;
    bool is_key;
    if (!take_peer (screen, args->positionals [0], &key, &is_key, &address))
        return VERB_FAILED;
    if (!is_key && !address.has_peer) {
        render_error (screen, VALIDATION, "this address does not say which peer it is of",
                      "name the peer id, as `ggen p2p peers` shows it");
        return VERB_FAILED;
    }
    Ggen__DisconnectRequest request = GGEN__DISCONNECT_REQUEST__INIT;
    request.peer_key = peer_key_to_field (is_key ? &key : &address.peer);
    AUTO (session_close) session_t *session = session_open (args, screen);
    const Ggen__DisconnectReply *reply =
        is_running (session, screen)
            ? session_ask (session, "swarm", &request.base, &ggen__disconnect_reply__descriptor)
            : NULL;
    if (!reply)
        return status_of (session);
    if (!screen->json) {
        char counted [WORDING_COUNT_MAX];
        screen_say (screen, "%s Disconnected; %s left\n", render_mark (screen, MARK_GOOD),
                    wording_count (reply->peers_count, "peer", counted));
        return VERB_DONE;
    }
    json_t *document = json_object ();
    shape_set (&document, "peers", json_integer (reply->peers_count));
    render_json (screen, document);
    return VERB_DONE;
}
