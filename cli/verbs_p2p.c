// SPDX-License-Identifier: MIT
//  p2p peers, connect, disconnect: what a running node knows of others.
#include "verbs.h"
#include "multiaddr.h"
#include "render.h"
#include "session.h"
#include "shape.h"
#include "table.h"
#include "text.h"
#include "wording.h"
#include "swarm.pb-c.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

//  ---- shared --------------------------------------------------------------------------------------

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
    shape_set (&one, "peer_id", shape_text (wording_peer (peer->peer_key, id)));
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
        const char *cells [] = {wording_peer (peer->peer_key, id),
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
    wording_peer (reply->peer_key, id);
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
