// SPDX-License-Identifier: MIT
//  Whom a swarm dials of itself, whom it keeps, refuses and remembers, and what it says of all
//  that.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "actors/swarm/bootstraps.h"
#include "actors/swarm/connectivity.h"
#include "actors/swarm/dialability.h"
#include "actors/swarm/sessions.h"
#include "actors/swarm/stay.h"
#include "actors/swarm/upkeep.h"
#include "tests/unit/swarm_world.h"

#define NO_BYTES ((bytes_t) {NULL, 0})

static int
teardown (void **state)
{
    (void) state;
    world_clear ();
    return 0;
}

//  ---- what the tests say ------------------------------------------------------------------------

//  Say a message to the swarm of this node as 'from'. Returns the id.
static uint64_t
tell (node_t *node, const char *from, Ggen__Kind kind, const ProtobufCMessage *message)
{
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = kind;
    envelope.budget_ms = kind == GGEN__KIND__REQUEST ? 60000 : 0;
    return world_say (node, from, "swarm", &envelope, message, NO_BYTES);
}

static void
ban (node_t *node, const node_t *peer, uint32_t secs)
{
    Ggen__BanOrder order = GGEN__BAN_ORDER__INIT;
    order.peer_key = peer_key_to_field (&peer->key);
    order.secs = secs;
    tell (node, "reputation", GGEN__KIND__EVENT, &order.base);
}

static void
connect_to (node_t *node, const node_t *peer, bool with_key, bool persistent)
{
    Ggen__ConnectRequest request = GGEN__CONNECT_REQUEST__INIT;
    request.address = (ProtobufCBinaryData) {peer->listens.size, (uint8_t *) peer->listens.data};
    if (with_key)
        request.peer_key = peer_key_to_field (&peer->key);
    request.persistent = persistent;
    tell (node, "client-1", GGEN__KIND__REQUEST, &request.base);
}

static void
disconnect (node_t *node, const node_t *peer)
{
    Ggen__DisconnectRequest request = GGEN__DISCONNECT_REQUEST__INIT;
    if (peer)
        request.peer_key = peer_key_to_field (&peer->key);
    tell (node, "client-1", GGEN__KIND__REQUEST, &request.base);
}

//  The next answer to client-1 of this type; puppets free it.
static void *
hear (node_t *node, const ProtobufCMessageDescriptor *type)
{
    note_t note;
    Ggen__Envelope *envelope;
    if (!world_take (node, "client-1", type->short_name, &note, &envelope))
        return NULL;
    void *message = protobuf_c_message_unpack (type, NULL, note.body_size, note.body);
    assert_non_null (message);
    ggen__envelope__free_unpacked (envelope, NULL);
    note_free (&note);
    return message;
}

static code_t
hear_failure (node_t *node)
{
    Ggen__Failure *failure = hear (node, &ggen__failure__descriptor);
    code_t code = failure ? failure->code : OK;
    if (failure)
        ggen__failure__free_unpacked (failure, NULL);
    return code;
}

static Ggen__SwarmStatusReply *
status_of (node_t *node)
{
    Ggen__SwarmStatusRequest request = GGEN__SWARM_STATUS_REQUEST__INIT;
    tell (node, "client-1", GGEN__KIND__REQUEST, &request.base);
    Ggen__SwarmStatusReply *reply = hear (node, &ggen__swarm_status_reply__descriptor);
    assert_non_null (reply);
    return reply;
}

static unsigned
kept (const node_t *node)
{
    return links_census (world_swarm (node)->links).kept;
}

//  'count' bootstraps of a node: those nodes, with their keys.
static void
give_bootstraps (node_t *node, node_t **peers, unsigned count)
{
    static swarm_bootstrap_t bootstraps[NODES_MAX][8];
    static uint8_t bytes[NODES_MAX][8][MULTIADDR_SIZE_MAX];
    for (unsigned i = 0; i < count; i++) {
        multiaddr_t address;
        assert_int_equal (multiaddr_decode (&address, peers[i]->listens), OK);
        address.has_peer = true;
        address.peer = peers[i]->key;
        uint8_t *at = bytes[node->number][i];
        bootstraps[node->number][i] =
            (swarm_bootstrap_t) {{at, multiaddr_encode (&address, at)}, i};
    }
    node->settings.bootstraps = bootstraps[node->number];
    node->settings.bootstraps_count = count;
}

//  ---- bans --------------------------------------------------------------------------------------

static void
nobody_comes_in_and_nobody_is_dialled_before_old_bans_are_told (void **state)
{
    (void) state;
    node_t *a = world_node (10), *b = world_node (10), *c = world_node (10);
    const Ggen__BansTold told = GGEN__BANS_TOLD__INIT;
    a->settings.waits_for_bans = true;
    a->settings.min_peers = 1;
    give_bootstraps (a, &c, 1);
    world_start (a);
    world_start (b);
    world_start (c);
    connect_to (b, a, true, false);
    world_run (100);
    assert_int_equal (links_count (world_swarm (a)->links), 0);
    assert_int_equal (hear_failure (b), CONNECTION_FAILED);
    ban (a, b, 60);
    tell (a, "reputation", GGEN__KIND__EVENT, &told.base);
    world_run (200);
    assert_non_null (world_session (a, c));
    connect_to (b, a, true, false);
    world_run (100);
    assert_null (world_session (a, b));
    assert_int_equal (world_swarm (a)->refused_banned, 1);
}

static void
old_bans_that_are_never_told_keep_nobody_out_for_ever (void **state)
{
    (void) state;
    node_t *a = world_node (10), *b = world_node (10);
    a->settings.waits_for_bans = true;
    a->settings.min_peers = 1;
    give_bootstraps (a, &b, 1);
    world_start (a);
    world_start (b);
    world_run (BANS_DUE_MS - 1);
    assert_null (world_session (a, b));
    world_run (200);
    assert_non_null (world_session (a, b));
}

static void
a_ban_ends_the_session_and_keeps_the_peer_out_until_it_ends (void **state)
{
    (void) state;
    node_t *a, *b;
    world_pair (&a, &b);
    world_ask (a, b, "dht");
    ban (a, b, 100);
    assert_int_equal (world_failure (a, 0), CONNECTION_FAILED);
    world_run (100);
    assert_null (world_session (a, b));
    assert_null (world_session (b, a));
    world_ask (a, b, "dht");
    assert_int_equal (world_failure (a, 0), LOW_REPUTATION);
    world_forget ();
    world_ask (b, a, "dht");
    world_run (200);
    assert_int_equal (world_failure (b, 0), CONNECTION_FAILED);
    assert_int_equal (world_swarm (a)->refused_banned, 1);
    assert_int_equal (world_count (a, "watcher", "PeerUp"), 0);
    world_run (100000);
    world_ask (a, b, "dht");
    world_run (200);
    assert_non_null (world_session (a, b));
}

static void
a_ban_can_be_lifted (void **state)
{
    (void) state;
    node_t *a, *b;
    world_pair (&a, &b);
    ban (a, b, 100);
    ban (a, b, 0);
    world_run (100);
    world_ask (a, b, "dht");
    world_run (200);
    assert_non_null (world_session (a, b));
}

static void
of_too_many_bans_the_one_that_ends_first_makes_way (void **state)
{
    (void) state;
    bans_t bans = {0};
    uint8_t key[CRYPTO_KEY_BYTES] = {0}, first[CRYPTO_KEY_BYTES] = {0};
    for (uint32_t i = 0; i < BANS_MAX; i++) {
        memcpy (key, &i, sizeof i);
        assert_true (bans_put (&bans, key, 100000 + (i == 7 ? 0 : i + 1), 1000));
    }
    first[0] = 7;
    assert_true (bans_left_ms (&bans, first, 1000) > 0);
    key[31] = 1;
    assert_true (bans_put (&bans, key, 500000, 1000));
    assert_int_equal (bans_left_ms (&bans, first, 1000), 0);
    assert_int_equal (bans.count, BANS_MAX);
    assert_int_equal (bans_left_ms (&bans, key, 1000), 499000);
    assert_int_equal (bans_left_ms (&bans, key, 500000), 0);
    key[30] = 1;
    assert_true (bans_put (&bans, key, 600000, 400000));
    assert_int_equal (bans.count, 2);
    bans_clear (&bans);
}

//  ---- asked for ---------------------------------------------------------------------------------

static void
connect_makes_a_session_that_stays (void **state)
{
    (void) state;
    node_t *a = world_node (10), *b = world_node (10);
    world_start (a);
    world_start (b);
    connect_to (a, b, true, false);
    assert_null (hear (a, &ggen__connect_reply__descriptor));
    world_run (200);
    Ggen__ConnectReply *reply = hear (a, &ggen__connect_reply__descriptor);
    assert_non_null (reply);
    assert_memory_equal (reply->peer_key.data, b->key.bytes, PEER_KEY_SIZE);
    assert_memory_equal (reply->address.data, b->listens.data, b->listens.size);
    assert_false (reply->was_connected);
    ggen__connect_reply__free_unpacked (reply, NULL);
    world_run (10 * IDLE_MS);
    assert_int_equal (kept (a), 1);
    assert_int_equal (kept (b), 1);
    connect_to (a, b, true, false);
    reply = hear (a, &ggen__connect_reply__descriptor);
    assert_true (reply->was_connected);
    ggen__connect_reply__free_unpacked (reply, NULL);
}

static void
connect_by_address_alone_learns_who_is_there (void **state)
{
    (void) state;
    node_t *a, *b;
    world_pair (&a, &b);
    node_t *c = world_node (10);
    world_start (c);
    connect_to (a, c, false, false);
    connect_to (a, b, false, false);
    world_run (200);
    Ggen__ConnectReply *reply = hear (a, &ggen__connect_reply__descriptor);
    assert_memory_equal (reply->peer_key.data, c->key.bytes, PEER_KEY_SIZE);
    ggen__connect_reply__free_unpacked (reply, NULL);
    reply = hear (a, &ggen__connect_reply__descriptor);
    assert_memory_equal (reply->peer_key.data, b->key.bytes, PEER_KEY_SIZE);
    ggen__connect_reply__free_unpacked (reply, NULL);
    world_run (10 * IDLE_MS);
    assert_int_equal (kept (a), 2);
    assert_int_equal (links_count (world_swarm (a)->links), 2);
}

static void
connect_says_why_it_cannot (void **state)
{
    (void) state;
    node_t *a = world_node (10), *b = world_node (10), *c = world_node (10);
    world_start (a);
    world_start (c);
    connect_to (a, b, true, false);
    world_run (200);
    assert_int_equal (hear_failure (a), CONNECTION_FAILED);
    connect_to (a, a, true, false);
    assert_int_equal (hear_failure (a), CONNECTION_FAILED);
    ban (a, c, 100);
    connect_to (a, c, true, false);
    assert_int_equal (hear_failure (a), LOW_REPUTATION);
    Ggen__ConnectRequest request = GGEN__CONNECT_REQUEST__INIT;
    tell (a, "client-1", GGEN__KIND__REQUEST, &request.base);
    assert_int_equal (hear_failure (a), VALIDATION);
    request.peer_key = peer_key_to_field (&b->key);
    tell (a, "client-1", GGEN__KIND__REQUEST, &request.base);
    assert_int_equal (hear_failure (a), CONNECTION_FAILED);
    request.address = (ProtobufCBinaryData) {3, (uint8_t *) "abc"};
    tell (a, "client-1", GGEN__KIND__REQUEST, &request.base);
    assert_int_equal (hear_failure (a), INVALID_MULTIADDR);
    //  Somebody else lives at its address
    connect_to (a, c, true, false);
    assert_int_equal (hear_failure (a), LOW_REPUTATION);
    request.address = (ProtobufCBinaryData) {c->listens.size, (uint8_t *) c->listens.data};
    tell (a, "client-1", GGEN__KIND__REQUEST, &request.base);
    world_run (200);
    assert_int_equal (hear_failure (a), CONNECTION_FAILED);
    assert_int_equal (links_count (world_swarm (a)->links), 0);
}

static void
a_persistent_peer_is_redialled_for_ever_until_it_is_disconnected (void **state)
{
    (void) state;
    node_t *a = world_node (10), *b = world_node (10);
    world_start (a);
    connect_to (a, b, true, true);
    world_run (3600000);
    assert_int_equal (hear_failure (a), CONNECTION_FAILED);
    world_start (b);
    world_run (2 * BOOK_RETRY_MAX_MS);
    assert_int_equal (kept (a), 1);
    world_cut (0, 1);
    world_run (10000);
    assert_int_equal (kept (a), 1);
    disconnect (a, b);
    world_run (100);
    Ggen__DisconnectReply *reply = hear (a, &ggen__disconnect_reply__descriptor);
    assert_int_equal (reply->peers_count, 1);
    ggen__disconnect_reply__free_unpacked (reply, NULL);
    world_run (3600000);
    assert_int_equal (kept (a) + kept (b), 0);
}

static void
a_persistent_peer_is_one_after_a_restart_too (void **state)
{
    (void) state;
    node_t *a = world_node (10), *b = world_node (10);
    world_start (a);
    world_start (b);
    connect_to (a, b, true, true);
    world_run (61000);
    assert_int_equal (a->kept_count, 1);
    world_stop (a);
    world_start (a);
    world_run (1000);
    assert_int_equal (kept (a), 1);
}

static void
disconnect_of_all_ends_all (void **state)
{
    (void) state;
    node_t *a, *b;
    world_pair (&a, &b);
    node_t *c = world_node (10);
    world_start (c);
    connect_to (a, c, true, true);
    world_run (200);
    disconnect (a, NULL);
    world_run (100);
    assert_int_equal (links_count (world_swarm (a)->links), 0);
    assert_int_equal (links_count (world_swarm (b)->links), 0);
    assert_int_equal (links_count (world_swarm (c)->links), 0);
}

static void
bootstrap_answers_when_enough_are_there_or_none_can_be (void **state)
{
    (void) state;
    node_t *a = world_node (10), *peers[3];
    for (unsigned i = 0; i < 3; i++)
        peers[i] = world_node (10);
    world_start (a);
    Ggen__BootstrapRequest request = GGEN__BOOTSTRAP_REQUEST__INIT;
    tell (a, "client-1", GGEN__KIND__REQUEST, &request.base);
    assert_int_equal (hear_failure (a), CONFIG);
    give_bootstraps (a, peers, 3);
    world_stop (a);
    world_start (a);
    tell (a, "client-1", GGEN__KIND__REQUEST, &request.base);
    world_run (30000);
    assert_int_equal (hear_failure (a), BOOTSTRAP_TIMEOUT);
    world_start (peers[0]);
    peers[1]->silent = true;
    world_start (peers[1]);
    tell (a, "client-1", GGEN__KIND__REQUEST, &request.base);
    world_run (30000);
    Ggen__BootstrapReply *reply = hear (a, &ggen__bootstrap_reply__descriptor);
    assert_non_null (reply);
    assert_int_equal (reply->connected, 1);
    assert_int_equal (reply->failed, 2);
    assert_int_equal (reply->n_failures, 2);
    assert_non_null (strstr (reply->failures[0], "/ip4/10.1.0."));
    ggen__bootstrap_reply__free_unpacked (reply, NULL);
    request.wanted = 1;
    tell (a, "client-1", GGEN__KIND__REQUEST, &request.base);
    reply = hear (a, &ggen__bootstrap_reply__descriptor);
    assert_non_null (reply);
    assert_int_equal (reply->connected, 1);
    ggen__bootstrap_reply__free_unpacked (reply, NULL);
    world_run (30000);
}

static void
those_known_from_before_are_dialled_when_that_is_asked (void **state)
{
    (void) state;
    node_t *a, *b;
    world_pair (&a, &b);
    node_t *stranger = world_node (10);
    world_start (stranger);
    Ggen__BootstrapRequest request = GGEN__BOOTSTRAP_REQUEST__INIT;
    request.known = true;
    request.wanted = 1;
    tell (stranger, "client-1", GGEN__KIND__REQUEST, &request.base);
    assert_int_equal (hear_failure (stranger), CONFIG);
    connect_to (a, b, true, false);
    world_run (1000);
    world_forget ();
    world_stop (b);
    world_run (60000);
    tell (a, "client-1", GGEN__KIND__REQUEST, &request.base);
    world_run (30000);
    assert_int_equal (hear_failure (a), BOOTSTRAP_TIMEOUT);
    world_start (b);
    tell (a, "client-1", GGEN__KIND__REQUEST, &request.base);
    world_run (1000);
    Ggen__BootstrapReply *reply = hear (a, &ggen__bootstrap_reply__descriptor);
    assert_non_null (reply);
    assert_int_equal (reply->connected, 1);
    ggen__bootstrap_reply__free_unpacked (reply, NULL);
}

static void
a_call_whose_asker_has_gone_is_forgotten (void **state)
{
    (void) state;
    node_t *a = world_node (10), *b = world_node (10);
    world_start (a);
    world_start (b);
    b->silent = true;
    for (unsigned i = 0; i < CALLS_MAX; i++)
        connect_to (a, b, true, false);
    connect_to (a, b, true, false);
    assert_int_equal (hear_failure (a), BUSY);
    Ggen__Envelope gone = GGEN__ENVELOPE__INIT;
    gone.kind = GGEN__KIND__GONE;
    world_say (a, "client-1", "swarm", &gone, NULL, NO_BYTES);
    world_forget ();
    connect_to (a, b, true, false);
    assert_int_equal (hear_failure (a), OK);
    world_run (DIAL_ALL_MS);
    assert_int_equal (hear_failure (a), TIMEOUT);
}

//  ---- of itself ---------------------------------------------------------------------------------

static void
a_new_node_finds_its_bootstraps_and_keeps_them_while_it_needs_them (void **state)
{
    (void) state;
    node_t *peers[2] = {world_node (10), world_node (10)}, *a = world_node (10);
    give_bootstraps (a, peers, 2);
    a->settings.min_peers = 5;
    world_start (peers[0]);
    world_start (peers[1]);
    world_start (a);
    world_run (500);
    assert_int_equal (kept (a), 2);
    assert_int_equal (kept (peers[0]), 1);
    world_run (10 * IDLE_MS);
    assert_int_equal (kept (a), 2);
}

static void
a_bootstrap_that_has_dialled_us_is_one_that_we_have (void **state)
{
    (void) state;
    node_t *peer = world_node (10), *stranger = world_node (10), *a = world_node (10);
    give_bootstraps (a, &peer, 1);
    a->settings.min_peers = 1;
    world_start (a);
    world_run (1000);
    world_start (stranger);
    world_start (peer);
    connect_to (stranger, a, true, false);
    world_run (10);
    assert_false (world_swarm (a)->bootstraps[0].linked);
    connect_to (peer, a, true, false);
    world_run (200);
    assert_true (world_session (a, peer)->inbound);
    assert_true (world_swarm (a)->bootstraps[0].linked);
}

static void
bootstraps_that_are_away_are_retried_with_growing_pauses_of_at_most_five_minutes (void **state)
{
    (void) state;
    node_t *peer = world_node (10), *a = world_node (10);
    give_bootstraps (a, &peer, 1);
    a->settings.min_peers = 1;
    world_start (a);
    world_run (3600000);
    Ggen__SwarmStatusReply *status = status_of (a);
    assert_int_equal (status->connectivity, GGEN__CONNECTIVITY__OFFLINE);
    assert_in_range (status->last_bootstrap_ms, 0, 5 * BOOK_RETRY_MAX_MS / 4);
    ggen__swarm_status_reply__free_unpacked (status, NULL);
    assert_in_range (world_swarm (a)->bootstraps[0].tries, 12, 30);
    world_start (peer);
    world_run (5 * BOOK_RETRY_MAX_MS / 4 + 1000);
    assert_int_equal (kept (a), 1);
    assert_int_equal (a->connectivity, GGEN__CONNECTIVITY__CONNECTED);
}

static void
sessions_at_hand_are_kept_when_peers_are_missing (void **state)
{
    (void) state;
    node_t *a = world_node (10), *peers[4];
    a->settings.min_peers = 3;
    world_start (a);
    for (unsigned i = 0; i < 4; i++) {
        peers[i] = world_node (10);
        world_start (peers[i]);
        world_ask (a, peers[i], "dht");
        world_run (100);
        assert_true (world_answer (peers[i], "dht"));
    }
    world_run (10 * IDLE_MS);
    assert_int_equal (kept (a), 3);
    assert_int_equal (links_count (world_swarm (a)->links), 3);
    unsigned others = 0;
    for (unsigned i = 0; i < 4; i++)
        others += kept (peers[i]);
    assert_int_equal (others, 3);
}

static void
bootstrap_nodes_are_let_go_when_others_are_there (void **state)
{
    (void) state;
    node_t *boot = world_node (10), *a = world_node (10), *peers[2];
    boot->settings.tier = GGEN__TIER__BOOTSTRAP;
    give_bootstraps (a, &boot, 1);
    a->settings.min_peers = 2;
    world_start (boot);
    world_start (a);
    world_run (200);
    assert_int_equal (kept (a), 1);
    for (unsigned i = 0; i < 2; i++) {
        peers[i] = world_node (10);
        world_start (peers[i]);
        connect_to (a, peers[i], true, false);
    }
    world_run (2 * IDLE_MS);
    assert_int_equal (kept (a), 2);
    assert_null (world_session (a, boot));
    assert_int_equal (links_count (world_swarm (boot)->links), 0);
}

static void
one_that_is_let_go_without_another_place_goes_at_once (void **state)
{
    (void) state;
    node_t *boot = world_node (10), *a = world_node (10), *peer = world_node (10);
    boot->settings.tier = GGEN__TIER__BOOTSTRAP;
    a->settings.min_peers = 1;
    a->settings.max_transients = 0;
    world_start (boot);
    world_start (a);
    world_start (peer);
    connect_to (a, boot, true, false);
    world_run (200);
    assert_int_equal (kept (a), 1);
    connect_to (a, peer, true, false);
    world_run (200);
    assert_int_equal (kept (a), 1);
    assert_int_equal (links_census (world_swarm (a)->links).transients, 0);
    assert_non_null (world_session (a, peer));
}

static void
some_hear_of_kept_sessions_only (void **state)
{
    (void) state;
    static const char *const keepers[] = {"keeper", NULL};
    node_t *a = world_node (10), *b = world_node (10), *c = world_node (10);
    a->settings.kept_listeners = keepers;
    world_start (a);
    world_start (b);
    world_start (c);
    world_ask (a, b, "dht");
    world_run (200);
    assert_true (world_answer (b, "dht"));
    assert_int_equal (world_count (a, "watcher", "PeerUp"), 1);
    world_run (2 * IDLE_MS);
    assert_int_equal (world_count (a, "watcher", "PeerDown"), 1);
    assert_int_equal (world_count (a, "keeper", "PeerUp"), 0);
    assert_int_equal (world_count (a, "keeper", "PeerDown"), 0);
    world_ask (a, c, "dht");
    world_run (200);
    connect_to (a, c, true, false);
    world_run (200);
    assert_int_equal (world_count (a, "keeper", "PeerUp"), 1);
    stay_release (world_swarm (a), world_session (a, c));
    assert_int_equal (world_count (a, "keeper", "PeerUp"), 1);
    world_run (2 * IDLE_MS);
    assert_null (world_session (a, c));
    assert_int_equal (world_count (a, "keeper", "PeerDown"), 1);
}

//  ---- connectivity ------------------------------------------------------------------------------

static void
connectivity_is_told_when_it_changes (void **state)
{
    (void) state;
    node_t *a = world_node (10), *peers[6];
    a->settings.min_peers = 3;
    world_start (a);
    for (unsigned i = 0; i < 6; i++) {
        peers[i] = world_node (10);
        world_start (peers[i]);
    }
    assert_int_equal (a->connectivity, -1);
    connect_to (a, peers[0], true, false);
    world_run (200);
    assert_int_equal (a->connectivity, GGEN__CONNECTIVITY__CONNECTED);
    world_run (59000);
    assert_int_equal (a->connectivity, GGEN__CONNECTIVITY__CONNECTED);
    world_run (1500);
    assert_int_equal (a->connectivity, GGEN__CONNECTIVITY__LIMITED);
    for (unsigned i = 1; i < 6; i++)
        connect_to (a, peers[i], true, false);
    world_run (200);
    assert_int_equal (a->connectivity, GGEN__CONNECTIVITY__CONNECTED);
    assert_int_equal (a->connectivity_count, 3);
    for (unsigned i = 0; i < 6; i++)
        world_stop (peers[i]);
    world_run (100);
    assert_int_equal (a->connectivity, GGEN__CONNECTIVITY__OFFLINE);
    assert_int_equal (a->connectivity_count, 4);
}

static void
half_of_the_last_hours_peers_are_missed_too (void **state)
{
    (void) state;
    node_t *a = world_node (10), *peers[9];
    a->settings.min_peers = 1;
    world_start (a);
    for (unsigned i = 0; i < 9; i++) {
        peers[i] = world_node (10);
        world_start (peers[i]);
        connect_to (a, peers[i], true, false);
        world_run (100);
    }
    assert_int_equal (kept (a), 9);
    for (unsigned i = 0; i < 6; i++)
        world_stop (peers[i]);
    world_run (CONNECTIVITY_NEW_MS);
    assert_int_equal (a->connectivity, GGEN__CONNECTIVITY__LIMITED);
    assert_int_equal (kept (a), 3);
    world_run (3600000 + 300000);
    assert_int_equal (kept (a), 3);
    disconnect (a, peers[8]);
    world_run (200);
    assert_int_equal (a->connectivity, GGEN__CONNECTIVITY__CONNECTED);
}

static void
after_a_partition_known_peers_are_back_within_seconds (void **state)
{
    (void) state;
    node_t *a = world_node (10), *peers[6];
    a->settings.min_peers = 4;
    world_start (a);
    for (unsigned i = 0; i < 6; i++) {
        peers[i] = world_node (10);
        world_start (peers[i]);
        connect_to (a, peers[i], true, false);
    }
    world_run (60000);
    for (unsigned i = 0; i < 6; i++) {
        peers[i]->deaf = true;
        world_cut (0, i + 1);
    }
    world_run (300000);
    assert_int_equal (kept (a), 0);
    assert_int_equal (a->connectivity, GGEN__CONNECTIVITY__OFFLINE);
    for (unsigned i = 0; i < 6; i++)
        peers[i]->deaf = false;
    world_run (7000);
    assert_int_equal (a->connectivity, GGEN__CONNECTIVITY__CONNECTED);
    assert_true (kept (a) >= 4);
}

//  With enough peers on its own side a node would never look for those on the other.
static void
those_who_were_lost_together_are_found_again_though_others_are_there (void **state)
{
    (void) state;
    node_t *a = world_node (10), *peers[6];
    a->settings.min_peers = 2;
    world_start (a);
    for (unsigned i = 0; i < 6; i++) {
        peers[i] = world_node (10);
        world_start (peers[i]);
        connect_to (a, peers[i], true, false);
    }
    world_run (60000);
    for (unsigned i = 0; i < 3; i++) {
        peers[i]->silent = true;
        world_cut (0, i + 1);
        world_run (1000);
    }
    world_run (300000);
    assert_int_equal (kept (a), 3);
    for (unsigned i = 0; i < 3; i++)
        peers[i]->silent = false;
    world_run (DIAL_MS + UPKEEP_EAGER_RETRY_MS);
    assert_int_equal (kept (a), 6);
}

static void
one_who_is_lost_is_not_looked_for_when_others_are_there (void **state)
{
    (void) state;
    node_t *a = world_node (10), *peers[4];
    a->settings.min_peers = 2;
    world_start (a);
    for (unsigned i = 0; i < 4; i++) {
        peers[i] = world_node (10);
        world_start (peers[i]);
        connect_to (a, peers[i], true, false);
    }
    world_run (60000);
    unsigned wires = world.wires_count;
    world_cut (0, 1);
    world_run (300000);
    assert_int_equal (kept (a), 3);
    assert_int_equal (world.wires_count, wires);
}

static void
what_cannot_be_reached_is_not_dialled_again_at_once (void **state)
{
    (void) state;
    node_t *a = world_node (10), *b = world_node (10);
    world_start (a);
    world_ask (a, b, "dht");
    world_run (100);
    assert_int_equal (world_failure (a, 0), CONNECTION_FAILED);
    world_start (b);
    world_ask (a, b, "dht");
    assert_int_equal (world_failure (a, 0), CONNECTION_FAILED);
    world_run (5 * BOOK_RETRY_MS / 4);
    world_ask (a, b, "dht");
    world_run (200);
    assert_non_null (world_session (a, b));
}

static void
failures_remembered_are_bounded (void **state)
{
    (void) state;
    book_t *book = book_new (4, 77);
    uint8_t seed[RNG_KEY_BYTES] = {1};
    rng_t rng;
    rng_init (&rng, seed);
    for (uint32_t i = 0; i < 10 * BOOK_MISSES_MAX; i++) {
        peer_key_t key = {{0}};
        memcpy (key.bytes, &i, sizeof i);
        book_failed (book, &key, &rng, 1000 + i);
        assert_true (book_missed_until_ms (book, &key) > 1000 + i);
        assert_true (book_missed_until_ms (book, &key) <= 1000 + i + 5 * BOOK_RETRY_MS / 4);
        if (i == 3)
            for (unsigned j = 0; j < 300; j++)
                book_failed (book, &key, &rng, 1000 + i);
        assert_true (book_missed_until_ms (book, &key) <= 1000 + i + 5 * BOOK_MISS_MAX_MS / 4);
    }
    peer_key_t first = {{0}};
    assert_int_equal (book_missed_until_ms (book, &first), 0);
    book_destroy (&book);
}

//  ---- the book ----------------------------------------------------------------------------------

static void
good_peers_are_known_after_a_restart (void **state)
{
    (void) state;
    node_t *a, *b;
    world_pair (&a, &b);
    assert_int_equal (a->puts, 0);
    world_run (61000);
    assert_int_equal (a->kept_count, 1);
    assert_memory_equal (a->kept[0].key, b->key.bytes, PEER_KEY_SIZE);
    world_stop (a);
    a->settings.min_peers = 1;
    world_start (a);
    world_run (500);
    assert_int_equal (kept (a), 1);
    world_run (600000);
    assert_int_equal (a->puts, 1);
    Ggen__KnownPeer *known = ggen__known_peer__unpack (NULL, a->kept[0].size, a->kept[0].value);
    assert_int_equal (known->n_addresses, 1);
    ggen__known_peer__free_unpacked (known, NULL);
}

static void
of_too_many_known_peers_the_worst_is_forgotten_on_disk_too (void **state)
{
    (void) state;
    node_t *a = world_node (10), *peers[5];
    a->settings.max_known = 3;
    world_start (a);
    for (unsigned i = 0; i < 5; i++) {
        peers[i] = world_node (10);
        world_start (peers[i]);
        connect_to (a, peers[i], true, i == 0);
        world_run (61000);
    }
    assert_int_equal (book_count (world_swarm (a)->book), 3);
    world_run (61000);
    assert_int_equal (a->kept_count, 3);
    bool first = false, last = false;
    for (unsigned i = 0; i < 3; i++) {
        first |= memcmp (a->kept[i].key, peers[0]->key.bytes, PEER_KEY_SIZE) == 0;
        last |= memcmp (a->kept[i].key, peers[4]->key.bytes, PEER_KEY_SIZE) == 0;
    }
    assert_true (first && last);
    //  What is written already is not written again.
    unsigned puts = a->puts;
    world_cut (0, 1);
    world_run (120000);
    assert_int_equal (kept (a), 5);
    assert_int_equal (a->puts, puts);
}

static void
what_others_wrote_into_the_table_does_no_harm (void **state)
{
    (void) state;
    node_t *a = world_node (10);
    for (unsigned i = 0; i < 3; i++) {
        a->kept[i].key[0] = (uint8_t) (i + 1);
        a->kept[i].value = world_copy ("\xFF\x01garbage", 9);
        a->kept[i].size = i == 2 ? 0 : 9;
        a->kept_count++;
    }
    //  All right, but for its size.
    Ggen__KnownPeer large = GGEN__KNOWN_PEER__INIT;
    ProtobufCBinaryData addresses[300];
    for (unsigned i = 0; i < COUNT_OF (addresses); i++)
        addresses[i] = (ProtobufCBinaryData) {a->listens.size, a->address};
    large.addresses = addresses;
    large.n_addresses = COUNT_OF (addresses);
    a->kept[3].key[0] = 4;
    a->kept[3].value = world_pack (&large.base, &a->kept[3].size);
    a->kept_count++;
    world_start (a);
    world_run (1000);
    assert_int_equal (book_count (world_swarm (a)->book), 0);
}

//  ---- places ------------------------------------------------------------------------------------

static void
those_who_dial_us_get_three_quarters_of_the_places (void **state)
{
    (void) state;
    node_t *a = world_node (10), *peers[6];
    a->settings.max_peers = 4;
    world_start (a);
    for (unsigned i = 0; i < 6; i++) {
        peers[i] = world_node (20);
        world_start (peers[i]);
        if (i < 4)
            connect_to (peers[i], a, true, false);
    }
    world_run (200);
    census_t census = links_census (world_swarm (a)->links);
    assert_int_equal (census.kept, 3);
    assert_int_equal (census.transients, 1);
    connect_to (a, peers[4], true, false);
    world_run (200);
    assert_int_equal (kept (a), 4);
    connect_to (a, peers[5], true, false);
    world_run (200);
    census = links_census (world_swarm (a)->links);
    assert_int_equal (census.kept, 4);
    assert_int_equal (census.kept_inbound, 2);
    assert_non_null (world_session (a, peers[4]));
    assert_non_null (world_session (a, peers[5]));
}

//  ---- dialability -------------------------------------------------------------------------------

static void
a_node_learns_that_it_can_be_dialled (void **state)
{
    (void) state;
    node_t *a = world_node (10), *peers[2] = {world_node (20), world_node (30)};
    a->settings.addresses_sure = false;
    world_start (a);
    assert_int_equal (a->dialability_count, 0);
    world_start (peers[0]);
    world_start (peers[1]);
    connect_to (a, peers[0], true, false);
    world_run (50);
    assert_int_equal (world_session (peers[0], a)->tier, GGEN__TIER__CLIENT);
    world_run (500);
    assert_true (a->told && a->dialable);
    assert_int_equal (world_session (peers[0], a)->tier, GGEN__TIER__COMMUNITY);
    connect_to (a, peers[1], true, false);
    world_run (200);
    assert_int_equal (world_session (peers[1], a)->tier, GGEN__TIER__COMMUNITY);
    assert_int_equal (a->dialability_count, 1);
    assert_int_equal (links_count (world_swarm (a)->links), 2);
    assert_int_equal (links_count (world_swarm (peers[0])->links), 1);
}

//  Who greets it meanwhile was told before what it is no longer.
static void
what_a_node_learns_of_itself_during_a_handshake_is_told_after_it (void **state)
{
    (void) state;
    for (unsigned later_ms = 0; later_ms < 200; later_ms += 5) {
        node_t *a = world_node (10), *peers[2] = {world_node (20), world_node (30)};
        a->settings.addresses_sure = false;
        world_start (a);
        world_start (peers[0]);
        world_start (peers[1]);
        connect_to (a, peers[0], true, false);
        world_run (later_ms);
        connect_to (peers[1], a, true, false);
        world_run (1000);
        assert_true (a->told && a->dialable);
        for (unsigned i = 0; i < 2; i++)
            assert_int_equal (world_session (peers[i], a)->tier, GGEN__TIER__COMMUNITY);
        world_clear ();
    }
}

//  'a' cannot be dialled, and has just learned it from 'b'.
static void
pair_with_deaf (node_t **a, node_t **b)
{
    *a = world_node (10);
    *b = world_node (20);
    (*a)->settings.addresses_sure = false;
    (*a)->deaf = true;
    world_start (*a);
    world_start (*b);
    connect_to (*a, *b, true, false);
    world_run (10000);
    assert_true ((*a)->told && !(*a)->dialable);
}

static void
a_node_that_cannot_be_dialled_stays_a_client_until_it_can (void **state)
{
    (void) state;
    node_t *a, *b;
    pair_with_deaf (&a, &b);
    assert_int_equal (world_session (b, a)->tier, GGEN__TIER__CLIENT);
    a->deaf = false;
    world_run (2 * 300000);
    assert_true (a->told && a->dialable);
    assert_int_equal (world_session (b, a)->tier, GGEN__TIER__COMMUNITY);
    assert_int_equal (a->dialability_count, 2);
}

static void
a_no_of_a_moment_is_soon_asked_again (void **state)
{
    (void) state;
    node_t *a, *b;
    pair_with_deaf (&a, &b);
    a->deaf = false;
    world_run (2 * DIALABILITY_DOUBT_MS);
    assert_true (a->told && a->dialable);
}

static void
of_a_crowd_that_joins_at_once_each_soon_learns_that_it_can_be_dialled (void **state)
{
    (void) state;
    node_t *hub = world_node (10), *crowd[2 * TRIALS_MAX];
    world_start (hub);
    for (unsigned i = 0; i < COUNT_OF (crowd); i++) {
        crowd[i] = world_node (20 + i);
        crowd[i]->settings.addresses_sure = false;
        world_start (crowd[i]);
    }
    for (unsigned i = 0; i < COUNT_OF (crowd); i++)
        connect_to (crowd[i], hub, true, false);
    world_run (DIALABILITY_RETRY_MS / 4);
    for (unsigned i = 0; i < COUNT_OF (crowd); i++)
        assert_true (crowd[i]->told && crowd[i]->dialable);
}

static void
whoever_dials_us_shows_that_we_can_be_dialled (void **state)
{
    (void) state;
    node_t *a = world_node (10), *b = world_node (20);
    a->settings.addresses_sure = false;
    world_start (a);
    world_start (b);
    connect_to (b, a, true, false);
    world_run (200);
    assert_true (a->told && a->dialable);
}

static void
nobody_is_dialled_for_somebody_else (void **state)
{
    (void) state;
    node_t *a, *b;
    world_pair (&a, &b);
    node_t *victim = world_node (99);
    world_start (victim);
    ProtobufCBinaryData fields[2] = {{victim->listens.size, (uint8_t *) victim->listens.data},
                                     {3, (uint8_t *) "abc"}};
    Ggen__DialBackRequest request = GGEN__DIAL_BACK_REQUEST__INIT;
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    char to[ADDRESS_MAX + 1];
    request.addresses = fields;
    request.n_addresses = 2;
    envelope.kind = GGEN__KIND__REQUEST;
    envelope.budget_ms = 5000;
    snprintf (to, sizeof to, "swarm@%s", b->text);
    unsigned wires = world.wires_count;
    world_say (a, "client-1", to, &envelope, &request.base, NO_BYTES);
    world_run (500);
    Ggen__DialBackReply *reply = hear (a, &ggen__dial_back_reply__descriptor);
    assert_non_null (reply);
    assert_int_equal (reply->n_reached, 0);
    ggen__dial_back_reply__free_unpacked (reply, NULL);
    assert_int_equal (world.wires_count, wires);
}

//  ---- what it says ------------------------------------------------------------------------------

static void
status_and_peers_say_how_it_is (void **state)
{
    (void) state;
    node_t *a = world_node (10), *peers[3];
    world_start (a);
    static const int64_t offsets[3] = {-5000, 700000, 800000};
    for (unsigned i = 0; i < 3; i++) {
        peers[i] = world_node (10);
        peers[i]->wall_offset_ms = offsets[i];
        world_start (peers[i]);
        connect_to (a, peers[i], true, i == 1);
    }
    world_run (1000);
    world_forget ();
    Ggen__SwarmStatusReply *status = status_of (a);
    assert_int_equal (status->peers_count, 3);
    assert_int_equal (status->peers_max, 128);
    assert_in_range (status->clock_skew_ms, 699900, 700100);
    assert_true (status->dialability->known && status->dialability->dialable);
    assert_int_equal (status->connectivity, GGEN__CONNECTIVITY__CONNECTED);
    assert_int_equal (status->last_bootstrap_ms, -1);
    ggen__swarm_status_reply__free_unpacked (status, NULL);
    Ggen__PeersRequest request = GGEN__PEERS_REQUEST__INIT;
    tell (a, "client-1", GGEN__KIND__REQUEST, &request.base);
    Ggen__PeersReply *reply = hear (a, &ggen__peers_reply__descriptor);
    assert_int_equal (reply->n_peers, 3);
    for (unsigned i = 0; i < 3; i++) {
        assert_true (reply->peers[i]->kept && !reply->peers[i]->inbound);
        assert_int_equal (reply->peers[i]->rtt_ms, 2 * DELAY_MS + 1);
        assert_in_range (reply->peers[i]->since_ms, 900, 1000);
        assert_true (reply->peers[i]->sent_bytes == 0 || reply->peers[i]->received_bytes == 0);
        assert_int_equal (reply->peers[i]->n_protocols, 3);
    }
    ggen__peers_reply__free_unpacked (reply, NULL);
}

static int64_t
told_skew_ms (node_t *node)
{
    note_t note;
    Ggen__Envelope *envelope;
    assert_true (world_take (node, "watcher", "PeersClock", &note, &envelope));
    Ggen__PeersClock *clock = ggen__peers_clock__unpack (NULL, note.body_size, note.body);
    int64_t skew_ms = clock->skew_ms;
    ggen__peers_clock__free_unpacked (clock, NULL);
    ggen__envelope__free_unpacked (envelope, NULL);
    note_free (&note);
    return skew_ms;
}

static void
a_clock_that_is_weeks_away_is_as_far_as_can_be_told (void **state)
{
    (void) state;
    node_t *a = world_node (10), *b = world_node (20);
    b->wall_offset_ms = INT64_C (40) * 86400000;
    world_start (a);
    world_start (b);
    connect_to (a, b, true, false);
    world_run (1000);
    assert_int_equal (world_session (a, b)->skew_ms, INT32_MAX);
    assert_int_equal (world_session (b, a)->skew_ms, -INT32_MAX);
}

static void
given_our_clock_differs_from_those_we_dialled_that_is_told_and_again_when_it_is_set (void **state)
{
    (void) state;
    node_t *a = world_node (10);
    a->wall_offset_ms = -7200000;
    world_start (a);
    for (unsigned i = 0; i < 5; i++) {
        node_t *stranger = world_node (11 + i);
        stranger->wall_offset_ms = 999999999;
        world_start (stranger);
        connect_to (stranger, a, true, false);
    }
    world_run (1000);
    assert_in_range (told_skew_ms (a), 999999999 + 7199900, 999999999 + 7200100);
    for (unsigned i = 0; i < 3; i++) {
        node_t *peer = world_node (20 + i);
        world_start (peer);
        connect_to (a, peer, true, false);
    }
    world_run (1000);
    assert_in_range (told_skew_ms (a), 7199900, 7200100);
    a->wall_offset_ms = 0;
    world_run (60000);
    assert_int_equal (told_skew_ms (a), 0);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown (nobody_comes_in_and_nobody_is_dialled_before_old_bans_are_told,
                                   teardown),
        cmocka_unit_test_teardown (old_bans_that_are_never_told_keep_nobody_out_for_ever, teardown),
        cmocka_unit_test_teardown (a_ban_ends_the_session_and_keeps_the_peer_out_until_it_ends,
                                   teardown),
        cmocka_unit_test_teardown (a_ban_can_be_lifted, teardown),
        cmocka_unit_test_teardown (of_too_many_bans_the_one_that_ends_first_makes_way, teardown),
        cmocka_unit_test_teardown (connect_makes_a_session_that_stays, teardown),
        cmocka_unit_test_teardown (connect_by_address_alone_learns_who_is_there, teardown),
        cmocka_unit_test_teardown (connect_says_why_it_cannot, teardown),
        cmocka_unit_test_teardown (
            a_persistent_peer_is_redialled_for_ever_until_it_is_disconnected, teardown),
        cmocka_unit_test_teardown (a_persistent_peer_is_one_after_a_restart_too, teardown),
        cmocka_unit_test_teardown (disconnect_of_all_ends_all, teardown),
        cmocka_unit_test_teardown (bootstrap_answers_when_enough_are_there_or_none_can_be,
                                   teardown),
        cmocka_unit_test_teardown (those_known_from_before_are_dialled_when_that_is_asked,
                                   teardown),
        cmocka_unit_test_teardown (a_call_whose_asker_has_gone_is_forgotten, teardown),
        cmocka_unit_test_teardown (
            a_new_node_finds_its_bootstraps_and_keeps_them_while_it_needs_them, teardown),
        cmocka_unit_test_teardown (a_bootstrap_that_has_dialled_us_is_one_that_we_have, teardown),
        cmocka_unit_test_teardown (
            bootstraps_that_are_away_are_retried_with_growing_pauses_of_at_most_five_minutes,
            teardown),
        cmocka_unit_test_teardown (sessions_at_hand_are_kept_when_peers_are_missing, teardown),
        cmocka_unit_test_teardown (bootstrap_nodes_are_let_go_when_others_are_there, teardown),
        cmocka_unit_test_teardown (one_that_is_let_go_without_another_place_goes_at_once,
                                   teardown),
        cmocka_unit_test_teardown (some_hear_of_kept_sessions_only, teardown),
        cmocka_unit_test_teardown (connectivity_is_told_when_it_changes, teardown),
        cmocka_unit_test_teardown (half_of_the_last_hours_peers_are_missed_too, teardown),
        cmocka_unit_test_teardown (after_a_partition_known_peers_are_back_within_seconds,
                                   teardown),
        cmocka_unit_test_teardown (
            those_who_were_lost_together_are_found_again_though_others_are_there, teardown),
        cmocka_unit_test_teardown (one_who_is_lost_is_not_looked_for_when_others_are_there,
                                   teardown),
        cmocka_unit_test_teardown (what_cannot_be_reached_is_not_dialled_again_at_once, teardown),
        cmocka_unit_test_teardown (failures_remembered_are_bounded, teardown),
        cmocka_unit_test_teardown (good_peers_are_known_after_a_restart, teardown),
        cmocka_unit_test_teardown (of_too_many_known_peers_the_worst_is_forgotten_on_disk_too,
                                   teardown),
        cmocka_unit_test_teardown (what_others_wrote_into_the_table_does_no_harm, teardown),
        cmocka_unit_test_teardown (those_who_dial_us_get_three_quarters_of_the_places, teardown),
        cmocka_unit_test_teardown (a_node_learns_that_it_can_be_dialled, teardown),
        cmocka_unit_test_teardown (what_a_node_learns_of_itself_during_a_handshake_is_told_after_it,
                                   teardown),
        cmocka_unit_test_teardown (a_node_that_cannot_be_dialled_stays_a_client_until_it_can,
                                   teardown),
        cmocka_unit_test_teardown (a_no_of_a_moment_is_soon_asked_again, teardown),
        cmocka_unit_test_teardown (
            of_a_crowd_that_joins_at_once_each_soon_learns_that_it_can_be_dialled, teardown),
        cmocka_unit_test_teardown (whoever_dials_us_shows_that_we_can_be_dialled, teardown),
        cmocka_unit_test_teardown (nobody_is_dialled_for_somebody_else, teardown),
        cmocka_unit_test_teardown (status_and_peers_say_how_it_is, teardown),
        cmocka_unit_test_teardown (a_clock_that_is_weeks_away_is_as_far_as_can_be_told, teardown),
        cmocka_unit_test_teardown (
            given_our_clock_differs_from_those_we_dialled_that_is_told_and_again_when_it_is_set,
            teardown),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
