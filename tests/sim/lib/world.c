// SPDX-License-Identifier: MIT
#include "world_inside.h"

#include "clients.h"
#include "node.pb-c.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

//  Monotonic clocks start somewhere in the first month after their host did.
#define MONO_START_MS_MIN 1000000
#define MONO_START_MS_MAX INT64_C (2600000000)

//  ---- life of the world ---------------------------------------------------------------------------

void
world_rng (const world_t *self, rng_t *rng, const char *purpose, uint64_t number)
{
    uint8_t key[RNG_KEY_BYTES];
    crypto_generichash_state state;
    crypto_generichash_init (&state, NULL, 0, sizeof key);
    crypto_generichash_update (&state, (const uint8_t *) &self->setup.seed,
                               sizeof self->setup.seed);
    crypto_generichash_update (&state, (const uint8_t *) &number, sizeof number);
    crypto_generichash_update (&state, (const uint8_t *) purpose, strlen (purpose));
    crypto_generichash_final (&state, key, sizeof key);
    rng_init (rng, key);
}

world_t *
world_new (const world_setup_t *setup)
{
    world_t *self = calloc (1, sizeof *self);
    if (!self || sodium_init () < 0)
        abort ();
    self->setup = *setup;
    self->crypto = setup->real_crypto ? &crypto_real : &crypto_sim;
    self->agenda = agenda_new ();
    self->letters = letters_new ();
    self->scratch = actor_scratch_new ();
    if (!self->scratch)
        abort ();
    self->actions.next = self->actions.previous = &self->actions;
    memcpy (self->digest, &setup->seed, sizeof setup->seed);
    world_rng (self, &self->rng, "service", 0);
    if (setup->heap)
        self->heapbook = heapbook_new (setup->heap);
    network_open (self);
    clients_open (self);
    return self;
}

static void
free_action (action_t *action)
{
    action->next->previous = action->previous;
    action->previous->next = action->next;
    free (action);
}

void
world_destroy (world_t **self_p)
{
    world_t *self = *self_p;
    if (!self)
        return;
    for (uint32_t i = 0; i < self->nodes_count; i++) {
        seats_close (self, i);
        free (self->nodes[i].identity);
        storage_destroy (&self->nodes[i].storage);
    }
    due_t due;
    while (agenda_pop (self->agenda, INT64_MAX, &due))
        if (agenda_kind (&due) == DUE_LETTER) {
            note_t *note = due.thing;
            letters_free (self->letters, &note);
        }
    while (self->actions.next != &self->actions)
        free_action (self->actions.next);
    clients_close (self);
    network_close (self);
    agenda_destroy (&self->agenda);
    letters_destroy (&self->letters);
    actor_scratch_destroy (&self->scratch);
    heapbook_destroy (&self->heapbook);
    free (self->nodes);
    free (self->keys);
    free (self->fault);
    free (self);
    *self_p = NULL;
}

//  ---- nodes ---------------------------------------------------------------------------------------

void
world_plan_add (node_plan_t *plan, const actor_class_t *class, const void *settings)
{
    assert (plan->count < WORLD_SEATS_MAX);
    plan->seats[plan->count++] = (seat_plan_t) {.class = class, .settings = settings};
}

void
world_plan_replace (node_plan_t *plan, const char *name, const actor_class_t *class,
                    const void *settings)
{
    for (unsigned i = 0; i < plan->count; i++) {
        seat_plan_t *seat = &plan->seats[i];
        if (strcmp (seat->name ? seat->name : seat->class->name, name) == 0) {
            seat->class = class;
            seat->name = name;
            seat->settings = settings;
            return;
        }
    }
    abort ();
}

static uint32_t
key_slot (const world_t *self, const uint8_t *key)
{
    uint32_t hash;
    memcpy (&hash, key, sizeof hash);
    uint32_t slot = hash & (self->keys_room - 1);
    while (self->keys[slot] != NO_INDEX
           && memcmp (self->nodes[self->keys[slot]].identity->identity.key, key, CRYPTO_KEY_BYTES)
                  != 0)
        slot = (slot + 1) & (self->keys_room - 1);
    return slot;
}

static void
remember_key (world_t *self, uint32_t node)
{
    if (2 * self->nodes_count > self->keys_room) {
        free (self->keys);
        self->keys_room = self->keys_room ? 2 * self->keys_room : 64;
        self->keys = malloc (self->keys_room * sizeof *self->keys);
        if (!self->keys)
            abort ();
        memset (self->keys, 0xFF, self->keys_room * sizeof *self->keys);
        for (uint32_t i = 0; i < node; i++)
            self->keys[key_slot (self, self->nodes[i].identity->identity.key)] = i;
    }
    self->keys[key_slot (self, self->nodes[node].identity->identity.key)] = node;
}

bool
world_node_of_key (const world_t *self, const uint8_t key[CRYPTO_KEY_BYTES], uint32_t *node_p)
{
    if (self->keys_room == 0)
        return false;
    *node_p = self->keys[key_slot (self, key)];
    return *node_p != NO_INDEX;
}

uint32_t
world_add (world_t *self, const traits_t *traits)
{
    if (self->nodes_count == self->nodes_room) {
        self->nodes_room = self->nodes_room ? 2 * self->nodes_room : 64;
        self->nodes = realloc (self->nodes, self->nodes_room * sizeof *self->nodes);
        if (!self->nodes)
            abort ();
    }
    assert (self->nodes_count < WORLD_NODES_MAX);
    uint32_t at = self->nodes_count++;
    node_t *node = &self->nodes[at];
    *node = (node_t) {.first_end = NO_INDEX, .swarm = WORLD_SEATS_MAX};
    node->identity = malloc (sizeof *node->identity);
    if (!node->identity)
        abort ();
    crypto_sim_identity (node->identity, self->setup.real_crypto, self->setup.seed, "node", at);
    if (traits)
        node->traits = *traits;
    else
        world_traits (self, at, &node->traits);
    remember_key (self, at);
    network_add (self, at);
    return at;
}

void
world_rekey (world_t *self, uint32_t at, uint64_t number)
{
    assert (self->nodes[at].life == 0);
    crypto_sim_identity (self->nodes[at].identity, self->setup.real_crypto, self->setup.seed, "node",
                         number);
    memset (self->keys, 0xFF, self->keys_room * sizeof *self->keys);
    for (uint32_t i = 0; i < self->nodes_count; i++)
        self->keys[key_slot (self, self->nodes[i].identity->identity.key)] = i;
}

static void
tell_observers (world_t *self, uint32_t at, bool lives)
{
    for (unsigned i = 0; i < self->observers_count; i++)
        if (self->observers[i].lives)
            self->observers[i].lives (self->observers[i].context, self, at, lives);
}

void
world_start (world_t *self, uint32_t at)
{
    node_t *node = &self->nodes[at];
    if (node_runs (node))
        return;
    node_plan_t plan = {0};
    self->setup.compose (self->setup.context, self, at, &plan);
    node = &self->nodes[at];
    node->state = NODE_ON;
    node->life++;
    node->uplink_us = self->now_us;
    self->counts.nodes_on++;
    seats_open (self, at, &plan);
    cables_listen (self, at);
    tell_observers (self, at, true);
}

//  A crash takes back what the disk has not acknowledged; without one "state" writes it at its end.
static void
end_node (world_t *self, uint32_t at, node_state_t state, bool crash)
{
    node_t *node = &self->nodes[at];
    if (node_runs (node)) {
        if (crash && node->storage)
            storage_crash (node->storage, &self->rng);
        cables_lose (self, at, state == NODE_GONE);
        seats_close (self, at);
        node->life++;
        self->counts.nodes_on--;
        clients_lose (self, at);
    }
    node->state = state;
    tell_observers (self, at, false);
}

void
world_kill (world_t *self, uint32_t at)
{
    if (node_runs (&self->nodes[at]))
        end_node (self, at, NODE_OFF, true);
}

void
world_vanish (world_t *self, uint32_t at)
{
    end_node (self, at, NODE_GONE, true);
}

//  'context' is the node and the life that is to end.
static void
finish_parting (void *context, world_t *self)
{
    uint64_t number = (uintptr_t) context;
    const node_t *node = &self->nodes[(uint32_t) number];
    if (node->life == number >> 32 && node_runs (node))
        end_node (self, (uint32_t) number, NODE_OFF, false);
}

//  As bus_drain.c does, which waits for them for longer.
static void
ask_to_save (world_t *self, uint32_t at)
{
    const node_t *node = &self->nodes[at];
    for (uint8_t i = 0; i < node->seats_count; i++) {
        const handler_t *row = node->seats[i].class->rows;
        Ggen__SaveRequest save = GGEN__SAVE_REQUEST__INIT;
        while (row->message && row->message != &ggen__save_request__descriptor)
            row++;
        if (row->message)
            clients_ask (self, at, world_seat_name (self, at, i), &save.base, WORLD_PARTING_MS, NULL,
                         NULL);
    }
}

void
world_stop (world_t *self, uint32_t at)
{
    const node_t *node = &self->nodes[at];
    if (!node_runs (node))
        return;
    ask_to_save (self, at);
    world_at (self, self->now_us + WORLD_PARTING_MS * 1000, finish_parting,
              (void *) (uintptr_t) ((uint64_t) node->life << 32 | at));
}

static void
thaw (void *context, world_t *self)
{
    uint32_t at = (uint32_t) (uintptr_t) context;
    node_t *node = &self->nodes[at];
    if (node->state != NODE_FROZEN || node->frozen_us > self->now_us)
        return;
    node->state = NODE_ON;
    cables_look (self, at);
    seats_thaw (self, at);
}

void
world_freeze (world_t *self, uint32_t at, int64_t ms)
{
    node_t *node = &self->nodes[at];
    if (!node_runs (node))
        return;
    node->state = NODE_FROZEN;
    node->frozen_us = self->now_us + ms * 1000;
    cables_look (self, at);
    world_at (self, node->frozen_us, thaw, (void *) (uintptr_t) at);
}

void
world_slow (world_t *self, uint32_t at, double factor)
{
    self->nodes[at].traits.slow = (float) factor;
}

void
world_skew (world_t *self, uint32_t at, int64_t skew_ms, int32_t drift_ppm)
{
    self->nodes[at].traits.clocks.skew_ms = skew_ms;
    self->nodes[at].traits.clocks.drift_ppm = drift_ppm;
}

void
world_fail (world_t *self, uint32_t node, uint8_t seat)
{
    seats_fail (self, node, seat);
}

void
world_stall (world_t *self, uint32_t node, uint8_t seat, int64_t ms)
{
    seats_stall (self, node, seat, ms * 1000);
}

void
world_refuse (world_t *self, refuse_fn *refuse, void *context)
{
    self->refuse = refuse;
    self->refuse_context = context;
}

void
world_post (world_t *self, uint32_t node, const char *to, Ggen__Envelope *envelope,
            const ProtobufCMessage *body)
{
    if (node_runs (&self->nodes[node]))
        seats_say (self, node, to, envelope, body);
}

//  ---- time ----------------------------------------------------------------------------------------

static action_t *
add_action (world_t *self, action_fn *function, void *context, int64_t interval_us)
{
    action_t *action = malloc (sizeof *action);
    if (!action)
        abort ();
    *action = (action_t) {function, context, interval_us, &self->actions, self->actions.previous};
    action->previous->next = action;
    self->actions.previous = action;
    return action;
}

void
world_at (world_t *self, int64_t at_us, action_fn *action, void *context)
{
    agenda_push (self->agenda, DUE_ACTION,
                 (due_t) {.at_us = at_us > self->now_us ? at_us : self->now_us,
                          .thing = add_action (self, action, context, 0)});
}

void
world_every (world_t *self, int64_t interval_us, action_fn *action, void *context)
{
    agenda_push (self->agenda, DUE_ACTION,
                 (due_t) {.at_us = self->now_us,
                          .thing = add_action (self, action, context, interval_us)});
}

static void
act (world_t *self, action_t *action)
{
    action->action (action->context, self);
    if (action->interval_us > 0)
        agenda_push (self->agenda, DUE_ACTION,
                     (due_t) {.at_us = self->now_us + action->interval_us, .thing = action});
    else
        free_action (action);
}

static void
happen (world_t *self, const due_t *due)
{
    switch (agenda_kind (due)) {
    case DUE_LETTER:
        seats_arrive (self, due->thing);
        break;
    case DUE_WORK:
        seats_work (self, due->a, (uint8_t) due->b);
        break;
    case DUE_WAKE:
        seats_wake (self, due->a, (uint8_t) due->b, due->at_us);
        break;
    case DUE_LINK:
        cables_due (self, due->a, due->b);
        break;
    default:
        act (self, due->thing);
    }
}

uint64_t
world_run (world_t *self, int64_t until_us)
{
    uint64_t before = self->counts.events;
    due_t due;
    self->ended = false;
    while (!self->ended && agenda_pop (self->agenda, until_us, &due)) {
        self->now_us = due.at_us;
        self->counts.events++;
        happen (self, &due);
    }
    if (!self->ended && self->now_us < until_us)
        self->now_us = until_us;
    return self->counts.events - before;
}

void
world_end (world_t *self)
{
    self->ended = true;
}

int64_t
world_now_us (const world_t *self)
{
    return self->now_us;
}

//  ---- what a node is like -------------------------------------------------------------------------

static void
draw_clocks (const world_t *self, rng_t *rng, clocks_t *clocks)
{
    const world_setup_t *setup = &self->setup;
    clocks->offset_ms = MONO_START_MS_MIN + (int64_t) rng_below (rng, MONO_START_MS_MAX);
    clocks->skew_ms = (int64_t) rng_below (rng, 2 * (uint64_t) setup->skew_ms_max + 1)
                      - setup->skew_ms_max;
    clocks->drift_ppm = (int32_t) rng_below (rng, 2 * (uint64_t) setup->drift_ppm_max + 1)
                        - setup->drift_ppm_max;
}

void
world_traits (const world_t *self, uint32_t node, traits_t *traits)
{
    rng_t rng;
    world_rng (self, &rng, "traits", node);
    memset (traits, 0, sizeof *traits);
    network_settle (traits, node, &rng);
    traits->dialable = rng_unit (&rng) >= self->setup.natted;
    traits->slow = 1.0f;
    draw_clocks (self, &rng, &traits->clocks);
}
