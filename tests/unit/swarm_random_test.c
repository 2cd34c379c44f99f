// SPDX-License-Identifier: MIT
//  A few swarms in bad weather: links break, nodes come and go, cannot be dialled, do not read, are
//  banned, and bytes on links change. Whatever happens, every request ends exactly once, nothing is
//  delivered without a session, what listeners hear adds up, and nothing grows beyond its bound.
//
//  SEED=7 build/tests/unit/swarm_random_test repeats the run of seed 7.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/seeded.h"
#include "tests/unit/swarm_world.h"

#define NODES    5u
#define ROUNDS   40u
#define STEPS    500u
#define ASKED_MAX (STEPS + 1)

static rng_t rng;
static unsigned this_round;

//  Requests of a node that have not ended.
typedef struct {
    uint64_t ids[ASKED_MAX];
    unsigned count;
    bool up[NODES];             //  as its listener knows
} book_keeper_t;

static book_keeper_t keepers[NODES];
static uint64_t ended, answered, delivered, spoilt;

static unsigned
below (unsigned limit)
{
    return (unsigned) rng_below (&rng, limit);
}

//  ---- what is watched ---------------------------------------------------------------------------

static unsigned
node_of (const uint8_t *key)
{
    for (unsigned i = 0; i < NODES; i++)
        if (memcmp (world.nodes[i]->key.bytes, key, PEER_KEY_SIZE) == 0)
            return i;
    return NODES;
}

static void
watch_peers (node_t *node, const ProtobufCMessage *body)
{
    bool up = body->descriptor == &ggen__peer_up__descriptor;
    ProtobufCBinaryData key = up ? ((const Ggen__PeerUp *) body)->peer_key
                                 : ((const Ggen__PeerDown *) body)->peer_key;
    bool *known = &keepers[node->number].up[node_of (key.data)];
    assert_seeded (up || *known, this_round);
    *known = up;
}

//  Something that a peer wants or says: it must have a session, or have had one a moment ago.
static void
watch_delivery (node_t *node, const char *from)
{
    peer_key_t key;
    assert_int_equal (peer_id_of_address (&key, from), OK);
    const links_t *links = world_swarm (node)->links;
    uint32_t cursor = 0;
    const link_t *link;
    bool found = false;
    while ((link = links_next (links, &cursor)) != NULL)
        found |= peer_key_equal (&link->key, &key)
                 && (link->state == LINK_SESSION || link->state == LINK_LEAVING);
    assert_seeded (found, this_round);
    delivered++;
}

static void
watch_end (node_t *node, const Ggen__Envelope *envelope)
{
    book_keeper_t *keeper = &keepers[node->number];
    unsigned i = 0;
    while (i < keeper->count && keeper->ids[i] != envelope->id)
        i++;
    assert_seeded (i < keeper->count, this_round);
    keeper->ids[i] = keeper->ids[--keeper->count];
    ended++;
    answered += strcmp (envelope->type, "Failure") != 0;
}

static void
watch (node_t *node, const parcel_t *parcel)
{
    const Ggen__Envelope *envelope = parcel->envelope;
    if (strcmp (parcel->to, "watcher") == 0) {
        if (parcel->body->descriptor == &ggen__peer_up__descriptor
            || parcel->body->descriptor == &ggen__peer_down__descriptor)
            watch_peers (node, parcel->body);
        return;
    }
    if (strcmp (parcel->to, "dht") != 0)
        return;
    if (envelope->kind == GGEN__KIND__REPLY)
        watch_end (node, envelope);
    else if (strchr (envelope->from, '@'))
        watch_delivery (node, envelope->from);
}

//  One frame in 50 is not what was sent.
static void
spoil (note_t *note)
{
    if (note->body_size == 0 || below (50) != 0)
        return;
    note->body[below ((unsigned) note->body_size)] ^= (uint8_t) (1u << below (8));
    spoilt++;
}

//  The counts are those of the links.
static void
check_census (const links_t *links)
{
    census_t counted = {0}, census = links_census (links);
    uint32_t cursor = 0;
    const link_t *link;
    while ((link = links_next (links, &cursor)) != NULL) {
        bool session = link->state == LINK_SESSION, beginning = link->state < LINK_SESSION;
        counted.kept += session && link->kept;
        counted.transients += session && !link->kept;
        counted.kept_inbound += session && link->kept && link->inbound;
        counted.inbound += session && link->inbound;
        counted.greetings += beginning && link->inbound;
        counted.dials += beginning && !link->inbound;
        counted.drains += link->state == LINK_DRAINING;
        assert_seeded (beginning == (link->greeting != NULL), this_round);
    }
    assert_seeded (memcmp (&counted, &census, sizeof census) == 0, this_round);
}

static void
check_bounds (void)
{
    for (unsigned i = 0; i < NODES; i++) {
        const node_t *node = world.nodes[i];
        if (!node->actor)
            continue;
        const swarm_t *swarm = world_swarm (node);
        census_t census = links_census (swarm->links);
        check_census (swarm->links);
        assert_seeded (census.kept <= node->settings.max_peers, this_round);
        assert_seeded (census.transients <= node->settings.max_transients, this_round);
        assert_seeded (census.dials <= DIALS_MAX, this_round);
        //  It asks of itself whether it can be dialled
        uint32_t flights = flights_count (swarm->flights);
        assert_seeded (flights >= keepers[i].count, this_round);
        assert_seeded (flights == keepers[i].count || !node->settings.addresses_sure, this_round);
        assert_seeded (book_count (swarm->book) <= node->settings.max_known, this_round);
        if (census.dials == 0)
            assert_seeded (swarm->parked_bytes == 0, this_round);
        for (unsigned j = 0; j < NODES; j++)
            assert_seeded (keepers[i].up[j]
                               == (world_session (node, world.nodes[j]) != NULL),
                           this_round);
    }
}

//  ---- what happens ------------------------------------------------------------------------------

static void
ask_something (node_t *node, const node_t *peer)
{
    book_keeper_t *keeper = &keepers[node->number];
    if (keeper->count == ASKED_MAX)
        return;
    keeper->ids[keeper->count++] = world.next_id + 1;
    world_ask (node, peer, "dht");
}

static void
cancel_something (node_t *node, const node_t *peer)
{
    const book_keeper_t *keeper = &keepers[node->number];
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    char to[ADDRESS_MAX + 1];
    if (keeper->count == 0)
        return;
    envelope.kind = GGEN__KIND__CANCEL;
    envelope.id = keeper->ids[below (keeper->count)];
    snprintf (to, sizeof to, "dht@%s", peer->text);
    world_say (node, "dht", to, &envelope, NULL, (bytes_t) {NULL, 0});
}

static void
turn (node_t *node)
{
    if (node->actor) {
        keepers[node->number] = (book_keeper_t) {.count = 0};
        world_stop (node);
    } else
        world_start (node);
}

static void
order (node_t *node, const node_t *peer, bool banned)
{
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    Ggen__BanOrder ban = GGEN__BAN_ORDER__INIT;
    Ggen__ConnectRequest connect = GGEN__CONNECT_REQUEST__INIT;
    envelope.kind = GGEN__KIND__EVENT;
    ban.peer_key = peer_key_to_field (&peer->key);
    ban.secs = below (20);
    if (banned) {
        world_say (node, "reputation", "swarm", &envelope, &ban.base, (bytes_t) {NULL, 0});
        return;
    }
    envelope.kind = GGEN__KIND__REQUEST;
    envelope.budget_ms = 10000;
    connect.address = (ProtobufCBinaryData) {peer->listens.size, (uint8_t *) peer->listens.data};
    if (below (2))
        connect.peer_key = peer_key_to_field (&peer->key);
    connect.persistent = below (4) == 0;
    world_say (node, "client-1", "swarm", &envelope, &connect.base, (bytes_t) {NULL, 0});
}

static void
disconnect_one (node_t *node, const node_t *peer)
{
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    Ggen__DisconnectRequest request = GGEN__DISCONNECT_REQUEST__INIT;
    envelope.kind = GGEN__KIND__EVENT;
    request.peer_key = peer_key_to_field (&peer->key);
    world_say (node, "client-1", "swarm", &envelope, &request.base, (bytes_t) {NULL, 0});
}

static void
act (void)
{
    node_t *node = world.nodes[below (NODES)], *peer = world.nodes[below (NODES)];
    unsigned what = below (100);
    if (what >= 97)
        turn (node);
    else if (what >= 95)
        peer->deaf = !peer->deaf;
    else if (what >= 93)
        peer->silent = !peer->silent;
    else if (what >= 88)
        world_cut (node->number, peer->number);
    else if (what >= 86)
        world.written_held = !world.written_held;
    else if (!node->actor)
        return;
    else if (what >= 84)
        order (node, peer, true);
    else if (what >= 80)
        order (node, peer, false);
    else if (what >= 77)
        disconnect_one (node, peer);
    else if (what >= 70)
        cancel_something (node, peer);
    else if (what >= 35)
        ask_something (node, peer);
    else
        world_answer (node, "dht");
}

static void
one_round (void)
{
    rng = seeded_rng (this_round);
    memset (keepers, 0, sizeof keepers);
    for (unsigned i = 0; i < NODES; i++) {
        node_t *node = world_node (10);
        node->settings.max_peers = 1 + below (4);
        node->settings.max_transients = 1 + below (4);
        node->settings.min_peers = below (3);
        node->settings.max_known = 1 + below (4);
        node->settings.addresses_sure = below (2);
        world_start (node);
    }
    world.watch = watch;
    world.spoil = below (2) ? spoil : NULL;
    for (unsigned i = 0; i < STEPS; i++) {
        act ();
        world_run (below (3) == 0 ? below (3000) : below (30));
        check_bounds ();
    }
    world.spoil = NULL;
    world.written_held = false;
    world_run (10000);
    check_bounds ();
    for (unsigned i = 0; i < NODES; i++)
        assert_seeded (keepers[i].count == 0, this_round);
    world_clear ();
}

static void
in_bad_weather_every_request_ends_once_and_all_bounds_hold (void **state)
{
    (void) state;
    for (this_round = 0; this_round < ROUNDS; this_round++)
        one_round ();
    assert_true (ended > ROUNDS * 50);
    assert_true (answered > ROUNDS * 5);
    assert_true (delivered > ROUNDS * 10);
    assert_true (spoilt > ROUNDS);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (in_bad_weather_every_request_ends_once_and_all_bounds_hold),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
