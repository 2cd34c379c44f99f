// SPDX-License-Identifier: MIT
//  What liars have in common: how they get into their seats, and into the rows of honest actors.
#include "adversary.h"

#include "actors/swarm/swarm_self.h"
#include "library.h"

#include "dht.pb-c.h"
#include "runtime/actor/out.h"

#include <stdlib.h>
#include <string.h>

#define ROWS_MAX 40u

static void *
fresh (size_t size)
{
    void *memory = calloc (1, size);
    if (!memory)
        abort ();
    return memory;
}

band_t *
band_new (const adversary_t *adversary, play_t *play)
{
    band_t *self = fresh (sizeof *self);
    self->adversary = adversary;
    self->play = play;
    return self;
}

static void
liar_free (liar_t *self)
{
    if (self->memory)
        self->forget (self->memory);
    free ((void *) self->class.rows);
    free (self);
}

void
band_destroy (band_t **self_p)
{
    band_t *self = *self_p;
    if (!self)
        return;
    for (liar_t *next, *liar = self->liars; liar; liar = next) {
        next = liar->next;
        liar_free (liar);
    }
    free (self->nodes);
    free (self->plan);
    free (self);
    *self_p = NULL;
}

void
band_join (band_t *self, uint32_t node)
{
    self->nodes = realloc (self->nodes, (self->nodes_count + 1) * sizeof *self->nodes);
    if (!self->nodes)
        abort ();
    if (self->adversary->join)
        self->adversary->join (self, node);
    self->nodes[self->nodes_count++] = node;
}

//  ---- the disguise --------------------------------------------------------------------------------

static const handler_t *
row_for (const handler_t *rows, const ProtobufCMessageDescriptor *message)
{
    for (; rows->message; rows++)
        if (rows->message == message)
            return rows;
    return NULL;
}

const handler_t *
liar_honest_row (const liar_t *self, const ProtobufCMessage *message)
{
    return row_for (self->lie->mask->honest->rows, message->descriptor);
}

static const handler_t *
mix_rows (const handler_t *honest, const handler_t *others)
{
    handler_t *rows = fresh (ROWS_MAX * sizeof *rows);
    for (unsigned i = 0; honest[i].message; i++) {
        const handler_t *other = row_for (others, honest[i].message);
        if (i + 1 == ROWS_MAX)
            abort ();
        rows[i] = other ? *other : honest[i];
    }
    return rows;
}

code_t
liar_tick (liar_t *self, void *state, int64_t now_ms, int64_t wall_ms)
{
    if (self->lie->every_ms > 0 && now_ms >= self->act_ms) {
        self->act_ms = now_ms + self->lie->every_ms;
        if (!play_is_calm (self->band->play))
            self->lie->act (state, self, now_ms, wall_ms);
    }
    const actor_class_t *honest = self->lie->mask->honest;
    return honest->deadline_ms (state) <= now_ms ? honest->tick (state, now_ms, wall_ms) : OK;
}

int64_t
liar_deadline_ms (const liar_t *self, const void *state)
{
    int64_t honest_ms = self->lie->mask->honest->deadline_ms (state);
    return self->lie->every_ms > 0 && self->act_ms < honest_ms ? self->act_ms : honest_ms;
}

//  The seat is in the plan: a scenario's nodes need not have all of them.
static bool
has_seat (const node_plan_t *plan, const lie_t *lie)
{
    for (unsigned i = 0; i < plan->count; i++)
        if (plan->seats[i].class == lie->mask->honest)
            return true;
    return false;
}

static liar_t *
liar_for (band_t *self, const lie_t *lie, uint32_t node)
{
    for (liar_t *at = self->liars; at; at = at->next)
        if (at->node == node && at->lie == lie)
            return at;
    const void *settings;
    honest_settings_t *honest = honest_settings (self->play->honest, self->play->world, node);
    liar_t *liar = fresh (sizeof *liar);
    size_t size = lie->mask->settings (honest, &settings);
    memcpy (&liar->settings, settings, size);
    liar->band = self;
    liar->lie = lie;
    liar->node = node;
    liar->class = *lie->mask->honest;
    liar->class.rows = mix_rows (lie->mask->honest->rows, lie->rows);
    liar->class.tick = lie->mask->tick;
    liar->class.deadline_ms = lie->mask->deadline_ms;
    world_rng (self->play->world, &liar->rng, self->adversary->name, node);
    liar->next = self->liars;
    self->liars = liar;
    return liar;
}

static void
take_seat (band_t *self, const lie_t *lie, uint32_t node, node_plan_t *plan)
{
    liar_t *liar = liar_for (self, lie, node);
    liar->born_ms = world_mono_ms (self->play->world, node);
    liar->act_ms = liar->born_ms + lie->every_ms;
    world_plan_replace (plan, lie->mask->honest->name, &liar->class, liar);
}

void
band_arm (band_t *self, uint32_t node, node_plan_t *plan)
{
    const lie_t *told[LIES_MAX];
    unsigned count = 0;
    for (const lie_t *const *lie = self->adversary->lies; *lie; lie++)
        if (has_seat (plan, *lie))
            told[count++] = *lie;
    if (self->adversary->mixed && count > 0)
        take_seat (self, told[node % count], node, plan);
    for (unsigned i = 0; i < count && !self->adversary->mixed; i++)
        take_seat (self, told[i], node, plan);
}

//  ---- what all of them need -----------------------------------------------------------------------

size_t
liar_peers (const liar_t *self, liar_peer_t *peers, size_t max)
{
    const swarm_t *swarm = world_actor (self->band->play->world, self->node, "swarm");
    uint32_t cursor = 0;
    size_t count = 0;
    if (!swarm)
        return 0;
    for (const link_t *at; count < max && (at = links_next (swarm->links, &cursor)) != NULL;)
        if (at->state == LINK_SESSION) {
            memcpy (peers[count].key, at->key.bytes, CRYPTO_KEY_BYTES);
            peers[count++].link = at->number;
        }
    return count;
}

static code_t
ignore (void *state, void *arg, const answer_t *answer)
{
    (void) state;
    (void) arg;
    (void) answer;
    return OK;
}

void
liar_put (out_t *out, const uint8_t *peer, digest_t *key, ProtobufCBinaryData record)
{
    char to[PEER_ADDRESS_SIZE];
    peer_key_t id;
    Ggen__PutRecordRequest put = GGEN__PUT_RECORD_REQUEST__INIT;
    Ggen__StoredRecord stored = GGEN__STORED_RECORD__INIT;
    memcpy (id.bytes, peer, sizeof id.bytes);
    peer_id_address (&id, "dht", to);
    stored.record = record;
    put.key = digest_to_field (key);
    put.record = &stored;
    const ask_t ask = {.to = to,
                       .message = &put.base,
                       .expect = &ggen__put_record_reply__descriptor,
                       .budget_ms = 5000,
                       .on_answer = ignore};
    //  With too much under way it is not sent: there is one less.
    code_t code = out_ask (out, &ask);
    (void) code;
}
