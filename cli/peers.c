// SPDX-License-Identifier: MIT
#include "peers.h"
#include "render.h"
#include "shape.h"
#include "verbs.h"
#include "wording.h"

#include <stdio.h>
#include <string.h>

//  ---- words ---------------------------------------------------------------------------------------

const char *
peers_address (ProtobufCBinaryData field, char text [MULTIADDR_TEXT_MAX + 1])
{
    multiaddr_t address;
    text [0] = 0;
    if (multiaddr_decode (&address, (bytes_t) {field.data, field.len}) == OK)
        multiaddr_text (&address, text);
    return text;
}

const char *
peers_tier (Ggen__Tier tier)
{
    return tier == GGEN__TIER__BOOTSTRAP ? "bootstrap" : tier == GGEN__TIER__CLIENT ? "client"
                                                                                    : "community";
}

//  ---- shapes --------------------------------------------------------------------------------------

const Ggen__PeerReputation *
peers_seen (const Ggen__ReputationReply *reply, ProtobufCBinaryData peer_key)
{
    for (size_t at = 0; at < reply->n_peers; at++) {
        const Ggen__PeerScore *score = reply->peers [at]->score;
        if (score && score->peer_key.len == peer_key.len
            && memcmp (score->peer_key.data, peer_key.data, peer_key.len) == 0)
            return reply->peers [at];
    }
    return NULL;
}

json_t *
peers_shape (const Ggen__PeerStatus *peer, const Ggen__PeerReputation *seen)
{
    char id [PEER_ID_TEXT + 1], address [MULTIADDR_TEXT_MAX + 1];
    json_t *one = json_object ();
    shape_set (&one, "peer_id", shape_text (wording_peer (peer->peer_key, id)));
    shape_set (&one, "address", shape_text (peers_address (peer->address, address)));
    shape_set (&one, "inbound", json_boolean (peer->inbound));
    shape_set (&one, "tier", json_string (peers_tier (peer->tier)));
    shape_set (&one, "lan", json_boolean (peer->lan));
    shape_set (&one, "bulk", json_boolean (peer->bulk));
    shape_set (&one, "rtt_ms", peer->rtt_ms ? json_integer (peer->rtt_ms) : json_null ());
    shape_set (&one, "connected_ms", json_integer (peer->since_ms));
    shape_set (&one, "sent_bytes", json_integer ((json_int_t) peer->sent_bytes));
    shape_set (&one, "received_bytes", json_integer ((json_int_t) peer->received_bytes));
    shape_set (&one, "reputation", json_real (seen && seen->score ? seen->score->score : 0));
    shape_set (&one, "packages", json_integer (seen ? seen->packages : 0));
    return one;
}

//  ---- the node ------------------------------------------------------------------------------------

bool
peers_node_runs (session_t *session, const screen_t *screen)
{
    if (session_status (session) != VERB_DONE)
        return false;
    if (!session_embedded (session))
        return true;
    render_error (screen, NODE_NOT_STARTED, "no node runs on this home", "start one: ggen p2p start");
    return false;
}

int
peers_status (session_t *session)
{
    return session_status (session) == VERB_DONE ? VERB_FAILED : session_status (session);
}

bool
peers_take (const screen_t *screen, const char *word, peer_key_t *key, bool *is_key,
            multiaddr_t *address)
{
    char why [200], message [700];
    multiaddr_t spare;
    multiaddr_t *place = address ? address : &spare;
    *is_key = word [0] != '/';
    code_t code = *is_key ? peer_id_parse (key, word, why, sizeof why)
                          : multiaddr_parse (place, word, why, sizeof why);
    if (code == OK && !address && !*is_key && !place->has_peer) {
        render_error (screen, VALIDATION, "this address does not say which peer it is of",
                      "name the peer id, as `ggen p2p peers` shows it");
        return false;
    }
    if (code == OK && !address && !*is_key)
        *key = place->peer;
    if (code == OK)
        return true;
    snprintf (message, sizeof message, "%.400s: %s", word, why);
    render_error (screen, *is_key ? VALIDATION : INVALID_MULTIADDR, message,
                  "a peer is 12D3KooW..., an address /ip4/192.0.2.7/tcp/4101/p2p/12D3KooW...");
    return false;
}
