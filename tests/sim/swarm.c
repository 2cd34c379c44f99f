// SPDX-License-Identifier: MIT
//  Some hundred nodes with nothing but the real "swarm", its "state", and somebody who now and then
//  asks a node picked at random something. They begin at three bootstrap nodes; a fifth cannot be
//  dialled.
//
//  SEED=7 build/tests/sim/swarm repeats the run of seed 7.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "actors/swarm/swarm.h"
#include "actors/swarm/swarm_self.h"
#include "dht.pb-c.h"
#include "lib/network.h"
#include "lib/storage_state.h"
#include "lib/world.h"
#include "multiaddr.h"
#include "tests/unit/seeded.h"

#include <malloc.h>
#include <stdio.h>

#define NODES       300u
#define BOOTSTRAPS  3u
#define SECOND_US   INT64_C (1000000)
#define ASK_MS      4000        //  between two questions of one node
#define BUDGET_MS   8000u
#define BYTES_MAX   24576       //  of a node with its sessions, its book and three actors' runtime

//  ---- who asks ----------------------------------------------------------------------------------

typedef struct crowd_t crowd_t;

typedef struct {
    swarm_settings_t swarm;
    storage_state_settings_t state;
    uint8_t address_bytes[WORLD_ADDRESS_BYTES];
    bytes_t address;
    crowd_t *crowd;
    uint32_t number;
    int connectivity;           //  as it was told last
    bool known, dialable;
} person_t;

struct crowd_t {
    world_t *world;
    person_t people[NODES];
    swarm_bootstrap_t bootstraps[BOOTSTRAPS];
    uint8_t bootstrap_bytes[BOOTSTRAPS][MULTIADDR_SIZE_MAX];
    unsigned answered, failed;      //  of nodes that can be dialled
};

typedef struct {
    person_t *person;
    out_t *out;
    rng_t *rng;
    int64_t next_ms;
} asker_t;

static void *
asker_create (const actor_env_t *env)
{
    asker_t *self = calloc (1, sizeof *self);
    assert_non_null (self);
    self->person = (person_t *) env->settings;
    self->out = env->out;
    self->rng = env->rng;
    self->next_ms = env->now_ms + 2000 + (int64_t) rng_below (env->rng, ASK_MS);
    return self;
}

static bool
can_be_dialled (const crowd_t *crowd, uint32_t node)
{
    return world_node_traits (crowd->world, node)->dialable;
}

static code_t
on_answer (void *self_, void *arg, const answer_t *answer)
{
    crowd_t *crowd = ((asker_t *) self_)->person->crowd;
    if (answer->progress || !can_be_dialled (crowd, (uint32_t) (uintptr_t) arg))
        return OK;
    if (answer->code == OK)
        crowd->answered++;
    else
        crowd->failed++;
    return OK;
}

static code_t
asker_tick (void *self_, int64_t now_ms, int64_t wall_ms)
{
    (void) wall_ms;
    asker_t *self = self_;
    crowd_t *crowd = self->person->crowd;
    uint32_t peer = (uint32_t) rng_below (self->rng, world_nodes_count (crowd->world));
    Ggen__FindNodeRequest request = GGEN__FIND_NODE_REQUEST__INIT;
    Ggen__Addresses addresses = GGEN__ADDRESSES__INIT;
    uint8_t bytes[WORLD_ADDRESS_BYTES], route[2 * WORLD_ADDRESS_BYTES];
    ProtobufCBinaryData field = {world_address (crowd->world, peer, bytes), bytes};
    char to[ADDRESS_MAX + 1];
    self->next_ms = now_ms + ASK_MS;
    if (peer == self->person->number)
        return OK;
    addresses.addresses = &field;
    addresses.n_addresses = 1;
    peer_id_address ((const peer_key_t *) world_identity (crowd->world, peer)->key, "dht", to);
    ask_t ask = {.to = to,
                 .message = &request.base,
                 .expect = &ggen__find_node_reply__descriptor,
                 .budget_ms = BUDGET_MS,
                 .on_answer = on_answer,
                 .arg = (void *) (uintptr_t) peer,
                 .route = {route, ggen__addresses__pack (&addresses, route)}};
    return out_ask (self->out, &ask) == BUSY ? FATAL : OK;
}

static int64_t
asker_deadline_ms (const void *self)
{
    return ((const asker_t *) self)->next_ms;
}

static code_t
on_find_node (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) self;
    (void) message;
    Ggen__FindNodeReply reply = GGEN__FIND_NODE_REPLY__INIT;
    return out_reply (at, &reply.base);
}

static code_t
on_connectivity (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) at;
    ((asker_t *) self)->person->connectivity =
        (int) ((const Ggen__ConnectivityChanged *) message)->connectivity;
    return OK;
}

static code_t
on_dialability (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) at;
    person_t *person = ((asker_t *) self)->person;
    person->known = ((const Ggen__Dialability *) message)->known;
    person->dialable = ((const Ggen__Dialability *) message)->dialable;
    return OK;
}

static code_t
on_peer (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) self;
    (void) at;
    (void) message;
    return OK;
}

static const handler_t asker_rows[] = {
    {&ggen__find_node_request__descriptor, on_find_node, ANY_NODE},
    {&ggen__connectivity_changed__descriptor, on_connectivity, THIS_NODE},
    {&ggen__dialability__descriptor, on_dialability, THIS_NODE},
    {&ggen__peer_up__descriptor, on_peer, THIS_NODE},
    {&ggen__peer_down__descriptor, on_peer, THIS_NODE},
    {0}};
static const actor_class_t asker_class = {.name = "dht",
                                          .create = asker_create,
                                          .destroy = free,
                                          .rows = asker_rows,
                                          .tick = asker_tick,
                                          .deadline_ms = asker_deadline_ms};

//  ---- the crowd ---------------------------------------------------------------------------------

static const char *const names[] = {"dht", NULL};
static const char *const protocols[] = {"dht/1", NULL};

static void
compose (void *self_, world_t *world, uint32_t node, node_plan_t *plan)
{
    crowd_t *self = self_;
    person_t *person = &self->people[node];
    person->crowd = self;
    person->number = node;
    person->connectivity = GGEN__CONNECTIVITY__OFFLINE;
    person->address =
        (bytes_t) {person->address_bytes, world_address (world, node, person->address_bytes)};
    swarm_settings_default (&person->swarm);
    person->swarm.identity = world_identity (world, node);
    person->swarm.tier = node < BOOTSTRAPS ? GGEN__TIER__BOOTSTRAP : GGEN__TIER__COMMUNITY;
    person->swarm.addresses = &person->address;
    person->swarm.addresses_count = 1;
    person->swarm.reachable = names;
    person->swarm.listeners = names;
    person->swarm.protocols = protocols;
    person->swarm.bootstraps = self->bootstraps;
    person->swarm.bootstraps_count = BOOTSTRAPS;
    person->swarm.max_known = 32;
    person->state = (storage_state_settings_t) {.storage = world_storage (world, node)};
    world_plan_add (plan, &swarm_actor, &person->swarm);
    world_plan_add (plan, &asker_class, person);
    world_plan_add (plan, &storage_state_actor, &person->state);
}

static void
add_node (crowd_t *self)
{
    traits_t traits;
    uint32_t node = world_nodes_count (self->world);
    world_traits (self->world, node, &traits);
    traits.dialable = node < BOOTSTRAPS || node % 5 != 0;
    world_add (self->world, &traits);
    if (node >= BOOTSTRAPS)
        return;
    multiaddr_t address;
    uint8_t bytes[WORLD_ADDRESS_BYTES];
    bytes_t given = {bytes, world_address (self->world, node, bytes)};
    assert_int_equal (multiaddr_decode (&address, given), OK);
    address.has_peer = true;
    memcpy (address.peer.bytes, world_identity (self->world, node)->key, PEER_KEY_SIZE);
    uint8_t *at = self->bootstrap_bytes[node];
    self->bootstraps[node] = (swarm_bootstrap_t) {{at, multiaddr_encode (&address, at)}, 0};
}

static void
run_secs (crowd_t *self, unsigned secs)
{
    world_run (self->world, world_now_us (self->world) + secs * SECOND_US);
    const char *fault = world_fault (self->world);
    if (fault)
        fail_msg ("%s; repeat with SEED=%llu", fault, (unsigned long long) seed_of_run ());
}

static swarm_t *
swarm_of (const crowd_t *self, uint32_t node)
{
    return world_actor (self->world, node, "swarm");
}

static void
check_bounds (const crowd_t *self)
{
    for (uint32_t i = 0; i < NODES; i++) {
        const swarm_t *swarm = swarm_of (self, i);
        if (!swarm)
            continue;
        census_t census = links_census (swarm->links);
        assert_true (census.kept <= 128 && census.transients <= 64);
        assert_true (census.dials <= DIALS_MAX && census.greetings <= GREETINGS_MAX);
    }
}

static crowd_t *
crowd_open (void)
{
    crowd_t *self = calloc (1, sizeof *self);
    assert_non_null (self);
    world_setup_t setup = {.seed = seed_of_run (), .compose = compose, .context = self,
                           .skew_ms_max = 2000};
    self->world = world_new (&setup);
    for (uint32_t i = 0; i < NODES; i++)
        add_node (self);
    return self;
}

static void
crowd_close (crowd_t *self)
{
    world_destroy (&self->world);
    free (self);
}

static size_t
heap_bytes (const crowd_t *self)
{
    return mallinfo2 ().uordblks - world_bytes (self->world);
}

//  How many of those that run have at least so many kept sessions.
static unsigned
connected (const crowd_t *self, uint32_t kept)
{
    unsigned count = 0;
    for (uint32_t i = 0; i < NODES; i++)
        count += swarm_of (self, i) && links_census (swarm_of (self, i)->links).kept >= kept;
    return count;
}

static void
join_all (crowd_t *self)
{
    for (uint32_t i = 0; i < NODES; i++) {
        world_start (self->world, i);
        if (i % 20 == 19)
            run_secs (self, 1);
    }
}

static void
hundreds_of_nodes_join_at_three_bootstraps (void **state)
{
    (void) state;
    crowd_t *self = crowd_open ();
    size_t before = heap_bytes (self);
    join_all (self);
    run_secs (self, 60);
    check_bounds (self);
    size_t bytes = heap_bytes (self) > before ? (heap_bytes (self) - before) / NODES : 0;
    assert_in_range (connected (self, 5), NODES - BOOTSTRAPS, NODES);
    unsigned right = 0, online = 0;
    for (uint32_t i = 0; i < NODES; i++) {
        const person_t *person = &self->people[i];
        right += person->known && person->dialable == can_be_dialled (self, i);
        online += person->connectivity == GGEN__CONNECTIVITY__CONNECTED;
    }
    assert_in_range (right, NODES * 99 / 100, NODES);
    assert_in_range (online, NODES * 99 / 100, NODES);
    assert_in_range (bytes, 0, BYTES_MAX);
    unsigned failed = self->failed, answered = self->answered;
    run_secs (self, 60);
    assert_int_equal (self->failed - failed, 0);
    assert_true (self->answered - answered > 12 * NODES - 500);
    crowd_close (self);
}

static void
what_a_partition_parts_is_whole_again_soon_after (void **state)
{
    (void) state;
    crowd_t *self = crowd_open ();
    join_all (self);
    run_secs (self, 60);
    for (uint32_t i = 0; i < NODES; i++)
        network_group (self->world, i, i % 3 == 0);
    network_cut (self->world, 0, 1, true);
    network_cut (self->world, 1, 0, true);
    run_secs (self, 180);
    check_bounds (self);
    network_heal (self->world);
    run_secs (self, 30);
    assert_in_range (connected (self, 5), NODES - BOOTSTRAPS, NODES);
    unsigned failed = self->failed;
    run_secs (self, 60);
    assert_int_equal (self->failed - failed, 0);
    crowd_close (self);
}

static void
nodes_that_die_and_come_back_find_their_peers (void **state)
{
    (void) state;
    crowd_t *self = crowd_open ();
    join_all (self);
    run_secs (self, 90);
    for (uint32_t i = 0; i < NODES; i++)
        if (i % 4 == 1 || i < BOOTSTRAPS)
            world_kill (self->world, i);
    run_secs (self, 60);
    check_bounds (self);
    //  Without any bootstrap node
    for (uint32_t i = BOOTSTRAPS; i < NODES; i++)
        world_start (self->world, i);
    run_secs (self, 30);
    assert_in_range (connected (self, 5), (NODES - BOOTSTRAPS) * 99 / 100, NODES);
    crowd_close (self);
}

//  Whom a node must not dial for longer than one that has no room asks for, though it never failed.
static unsigned
kept_away (const swarm_t *swarm)
{
    unsigned count = 0;
    for (uint32_t i = 0; i < book_count (swarm->book); i++) {
        const known_t *known = book_at (swarm->book, i);
        count += known->tries == 0
                 && known->next_ms - out_now_ms (swarm->out) > FULL_PAUSE_SECS * INT64_C (1000);
    }
    return count;
}

//  Those that nobody can dial have only their own dials to find again who stopped.
static void
nodes_that_stop_ask_nobody_to_stay_away (void **state)
{
    (void) state;
    crowd_t *self = crowd_open ();
    join_all (self);
    run_secs (self, 90);
    for (uint32_t i = 0; i < NODES; i++)
        if (can_be_dialled (self, i))
            world_stop (self->world, i);
    run_secs (self, 1);
    for (uint32_t i = 0; i < NODES; i++) {
        if (swarm_of (self, i))
            assert_int_equal (kept_away (swarm_of (self, i)), 0);
        world_start (self->world, i);
    }
    run_secs (self, 30);
    check_bounds (self);
    assert_in_range (connected (self, 5), NODES - BOOTSTRAPS, NODES);
    crowd_close (self);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (hundreds_of_nodes_join_at_three_bootstraps),
        cmocka_unit_test (what_a_partition_parts_is_whole_again_soon_after),
        cmocka_unit_test (nodes_that_die_and_come_back_find_their_peers),
        cmocka_unit_test (nodes_that_stop_ask_nobody_to_stay_away),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
