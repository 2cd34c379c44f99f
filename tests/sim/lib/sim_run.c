// SPDX-License-Identifier: MIT
#include "sim_run.h"

#include "registry.pb-c.h"
#include "runtime/actor/admit.h"
#include "sim_blobs.h"
#include "sim_store.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

//  Above the longest chain of budgets and wind-downs that a request can hang on.
#define SILENCE_MS 200000

//  As addresses are told to those who watch: of mail for an actor, or for a client.
static void
address_of (const world_t *world, const note_t *note, char name[ADDRESS_MAX + 1])
{
    uint32_t number;
    if (world_client (note, &number))
        snprintf (name, ADDRESS_MAX + 1, "client-%u", number);
    else
        snprintf (name, ADDRESS_MAX + 1, "%s", world_seat_name (world, note->node, note->seat));
}

static void
arrives (void *self_, world_t *world, const note_t *note)
{
    sim_run_t *self = self_;
    char to[ADDRESS_MAX + 1];
    uint32_t number;
    Ggen__Envelope *envelope = world_envelope (note);
    if (!envelope)
        abort ();
    address_of (world, note, to);
    sim_watch_arrives (self->watch, to, envelope, letters_mail (note).body);
    if (world_client (note, &number)
        && !sim_crowd_heard (self->crowd, to, envelope, letters_mail (note).body))
        sim_watch_blame (self->watch, "%s tells %s of request %llu, which ended before",
                         envelope->from, to, (unsigned long long) envelope->id);
    ggen__envelope__free_unpacked (envelope, NULL);
}

//  Refusals hit what actors ask of each other: clients are refused where a mailbox is really full.
static code_t
refuse (void *self_, world_t *world, const note_t *note)
{
    sim_run_t *self = self_;
    (void) world;
    if (self->refuse_one_in == 0 || rng_below (&self->rng, self->refuse_one_in) > 0)
        return OK;
    Ggen__Envelope *envelope = world_envelope (note);
    bool client = !envelope || strncmp (envelope->from, "client-", 7) == 0;
    if (envelope)
        ggen__envelope__free_unpacked (envelope, NULL);
    return client ? OK : BUSY;
}

static void
handled (void *self_, world_t *world, uint32_t node, uint8_t seat, const note_t *note)
{
    sim_run_t *self = self_;
    world_counts_t counts = world_counts (world);
    (void) note;
    sim_watch_worked (self->watch, world_seat_name (world, node, seat), &counts);
}

void
sim_run_open (sim_run_t *self, uint64_t seed)
{
    uint8_t key[RNG_KEY_BYTES] = {2};
    if (sodium_init () < 0)
        abort ();
    *self = (sim_run_t) {.disk = sim_disk_new (), .state = sim_state_new (3)};
    memcpy (key + 8, &seed, sizeof seed);
    rng_init (&self->rng, key);
    sim_signer_t *signers[] = {&self->people.ours, &self->people.alice, &self->people.eve};
    for (size_t i = 0; i < COUNT_OF (signers); i++) {
        sim_signer_make (signers[i], &self->rng);
        self->keys[i] = signers[i]->key;
    }
    self->registry = sim_registry_file_new (self->disk);
    self->watch = sim_watch_new (self->state);
    self->things = (sim_things_t) {self->disk, self->state, self->registry, &self->people.ours};
    world_setup_t setup = {
        .seed = seed, .real_crypto = true, .compose = sim_node_compose, .context = &self->things};
    observer_t observer = {.context = self, .arrives = arrives, .handled = handled};
    self->world = world_new (&setup);
    world_observe (self->world, &observer);
    world_refuse (self->world, refuse, self);
    self->crowd = sim_crowd_new (&self->rng, self->world, self->keys, COUNT_OF (self->keys));
    sim_market_open (&self->people, self->disk, self->registry, self->watch);
    world_start (self->world, world_add (self->world, NULL));
}

void
sim_run_close (sim_run_t *self)
{
    world_destroy (&self->world);
    sim_crowd_destroy (&self->crowd);
    sim_watch_destroy (&self->watch);
    sim_registry_file_destroy (&self->registry);
    sim_state_destroy (&self->state);
    sim_disk_destroy (&self->disk);
}

void
sim_run_pass (sim_run_t *self, int64_t ms)
{
    world_run (self->world, world_now_us (self->world) + ms * 1000);
}

//  ---- weather -------------------------------------------------------------------------------------

static uint8_t
some_actor (sim_run_t *self)
{
    return world_seat (self->world, 0, sim_node_actors[rng_below (&self->rng, SIM_ACTORS_COUNT)]);
}

//  A user edits a tree; a blob rots.
static void
damage (sim_run_t *self)
{
    static const char *const places[] = {SIM_HOME "/store/", SIM_BLOBS};
    const char *prefix = places[rng_below (&self->rng, COUNT_OF (places))], *path = NULL, *next;
    size_t cursor = 0;
    for (uint64_t i = 0, skip = 1 + rng_below (&self->rng, 6);
         i < skip && (next = sim_disk_next (self->disk, prefix, &cursor)) != NULL; i++)
        path = next;
    if (path)
        sim_disk_damage (self->disk, path, rng_u64 (&self->rng));
}

//  An actor stands still, and more comes to it than its mailbox takes.
static void
flood (sim_run_t *self)
{
    Ggen__SearchRequest search = GGEN__SEARCH_REQUEST__INIT;
    search.limit = 1;
    world_stall (self->world, 0, world_seat (self->world, 0, "registry"), 50);
    for (unsigned i = 0; i < 2 * ADMIT_REQUESTS_MAX; i++)
        sim_crowd_ask (self->crowd, "registry", &search.base, 0);
}

static void
blow (sim_run_t *self)
{
    static const int64_t stalls_ms[] = {20, 300, 3000, 15000};
    static const unsigned refusals[] = {0, 0, 0, 20, 5};
    switch (rng_below (&self->rng, self->blows_one_in)) {
    case 0:
        world_fail (self->world, 0, some_actor (self));
        break;
    case 1:
        world_stall (self->world, 0, some_actor (self),
                     stalls_ms[rng_below (&self->rng, COUNT_OF (stalls_ms))]);
        break;
    case 2:
        damage (self);
        break;
    case 3:
        self->refuse_one_in = refusals[rng_below (&self->rng, COUNT_OF (refusals))];
        break;
    case 4:
        sim_state_fail (self->state, rng_below (&self->rng, 3) ? OK : STORAGE);
        break;
    default:
        break;
    }
    if (rng_below (&self->rng, 500) == 0)
        flood (self);
}

//  Mostly clients come one after another; now and then all at once, or nobody for a while.
void
sim_run_storm (sim_run_t *self, unsigned actions)
{
    static const unsigned winds[] = {10, 40, 160};
    self->blows_one_in = winds[rng_below (&self->rng, COUNT_OF (winds))];
    for (unsigned done = 0; done < actions;) {
        uint64_t burst = rng_below (&self->rng, 12) ? 1 : 12;
        uint64_t pause_ms = rng_below (&self->rng, 20) ? 200 : 20000;
        for (; burst > 0 && done < actions; burst--, done++)
            sim_crowd_act (self->crowd);
        sim_run_pass (self, (int64_t) rng_below (&self->rng, pause_ms));
        sim_crowd_expire (self->crowd);
        blow (self);
    }
    sim_run_calm (self);
}

void
sim_run_calm (sim_run_t *self)
{
    self->refuse_one_in = 0;
    sim_state_fail (self->state, OK);
    sim_run_pass (self, SILENCE_MS);
    sim_crowd_expire (self->crowd);
}

//  ---- a test asks ---------------------------------------------------------------------------------

size_t
sim_run_ask (sim_run_t *self, const char *to, const ProtobufCMessage *message)
{
    size_t number = sim_crowd_ask (self->crowd, to, message, 0);
    for (unsigned i = 0;
         i < 1000 && sim_crowd_request (self->crowd, number)->fate == SIM_WAITS; i++)
        sim_run_pass (self, 100);
    return number;
}

const char *
sim_run_fault (sim_run_t *self)
{
    uint32_t open, pending;
    world_debts (self->world, &open, &pending);
    for (size_t i = 0; i < sim_crowd_count (self->crowd); i++) {
        const sim_request_t *request = sim_crowd_request (self->crowd, i);
        if (request->fate == SIM_WAITS)
            sim_watch_blame (self->watch, "request %zu of client-%u to %s, %s, never ends", i + 1,
                             request->client, request->to, request->asked->short_name);
    }
    if (open > 0 || pending > 0)
        sim_watch_blame (self->watch, "all is quiet, and %u answers are owed, %u waited for", open,
                         pending);
    return sim_watch_fault (self->watch);
}
