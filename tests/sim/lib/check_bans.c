// SPDX-License-Identifier: MIT
//  Bans hit only liars. A node that was ill itself, or whose peer was, may have been banned for failing,
//  which is what the rule is for; for anything else no honest node ever is.
//  Who is banned is out: a while later whoever banned it has no session with it.
//  Beside it what becomes of liars is counted: who was banned, when, by how many.
#include "check.h"

#include "glance.h"
#include "look.h"
#include "reputation.pb-c.h"
#include "runtime/actor/map.h"

#include <stdlib.h>
#include <string.h>

#define ILL_US INT64_C (120000000)      //  so long after trouble a node may still be banned for it

#define OUT_S     10                    //  until a session has to be over
#define BANS_MAX  (1u << 20)
#define NODES_A_SECOND 16u

//  What became of a liar.
typedef struct {
    int64_t first_us;               //  of its bans; 0: none yet
    uint32_t bans;
} fate_t;

typedef struct {
    fate_t *fates;                  //  by node
    uint32_t room;
    map_t *since;                   //  by node, its life, and whom it banned: ban_t
    uint32_t next;                  //  node that is looked at next
} watch_t;

static void *
create (play_t *play)
{
    watch_t *self = calloc (1, sizeof *self);
    (void) play;
    if (!self || !(self->since = map_new (BANS_MAX, 1)))
        abort ();
    return self;
}

static void
destroy (void *self_)
{
    watch_t *self = self_;
    map_destroy (&self->since);
    free (self->fates);
    free (self);
}

static fate_t *
fate_of (watch_t *self, const play_t *play, uint32_t node)
{
    if (node >= self->room) {
        self->fates = realloc (self->fates, play->players_count * sizeof *self->fates);
        if (!self->fates)
            abort ();
        memset (self->fates + self->room, 0,
                (play->players_count - self->room) * sizeof *self->fates);
        self->room = play->players_count;
    }
    return &self->fates[node];
}

static bool
may_have_failed (const play_t *play, uint32_t node)
{
    return !players_is_well (play, node, play_now_us (play) - ILL_US);
}

static void
note_liar (watch_t *self, play_t *play, uint32_t node)
{
    fate_t *fate = fate_of (self, play, node);
    int64_t now_us = play_now_us (play), met_us = play->players[node].met_us;
    if (fate->bans++ > 0)
        return;
    fate->first_us = now_us;
    if (met_us >= 0)
        measures_add (play->measures, MEASURE_BAN_MS, (double) (now_us - met_us) / 1000);
}

//  ---- who is banned is out ------------------------------------------------------------------------

//  Second it began, and how many it lasts: as a pointer that is never NULL.
typedef union {
    struct {
        uint32_t begin_s, secs;
    } at;
    void *value;
} ban_t;

_Static_assert (sizeof (ban_t) == sizeof (void *), "a ban is kept as a pointer");

#define PAIR_BYTES (4 + 8 + CRYPTO_KEY_BYTES)

static void
pair_of (uint8_t pair[PAIR_BYTES], const play_t *play, uint32_t node, const uint8_t *key)
{
    memcpy (pair, &node, 4);
    memcpy (pair + 4, &play->players[node].since_us, 8);
    memcpy (pair + 12, key, CRYPTO_KEY_BYTES);
}

static void
note_ban (watch_t *self, const play_t *play, uint32_t node, const Ggen__BanOrder *order)
{
    uint8_t pair[PAIR_BYTES];
    ban_t ban = {{(uint32_t) (play_now_us (play) / 1000000), order->secs}};
    pair_of (pair, play, node, order->peer_key.data);
    if (order->secs == 0)
        map_remove (self->since, pair, sizeof pair);
    else if (map_put (self->since, pair, sizeof pair, ban.value) != OK)
        abort ();
}

typedef struct {
    const watch_t *watch;
    play_t *play;
    uint32_t node;
} reader_t;

static void
look_at_session (void *reader_, const uint8_t *peer_key, bool kept)
{
    (void) kept;
    const reader_t *reader = reader_;
    uint8_t pair[PAIR_BYTES];
    pair_of (pair, reader->play, reader->node, peer_key);
    ban_t ban = {.value = map_get (reader->watch->since, pair, sizeof pair)};
    int64_t now_s = play_now_us (reader->play) / 1000000;
    if (ban.value && now_s > ban.at.begin_s + OUT_S && now_s < (int64_t) ban.at.begin_s + ban.at.secs)
        world_violation (reader->play->world, "bans: node %u has a session with one that it banned",
                         reader->node);
}

static void
second (void *self_, play_t *play)
{
    watch_t *self = self_;
    for (unsigned i = 0; i < NODES_A_SECOND && play->players_count > 0; i++) {
        reader_t reader = {self, play, self->next++ % play->players_count};
        const void *swarm = players_is_on (play, reader.node)
                                    && players_is_honest (play, reader.node)
                                ? world_actor (play->world, reader.node, "swarm")
                                : NULL;
        if (swarm && world_node_state (play->world, reader.node) == NODE_ON)
            look_links (swarm, look_at_session, &reader);
    }
}

static void
arrives (void *self, play_t *play, const note_t *note)
{
    uint32_t node;
    if (note->kind != GGEN__KIND__EVENT || !players_is_honest (play, note->node)
        || !glance_is (note, "BanOrder") || !glance_is_local (note))
        return;
    Ggen__BanOrder *order = glance_body (note, &ggen__ban_order__descriptor);
    if (order && order->peer_key.len == CRYPTO_KEY_BYTES)
        note_ban (self, play, note->node, order);
    bool known = order && order->secs > 0 && order->peer_key.len == CRYPTO_KEY_BYTES
                 && world_node_of_key (play->world, order->peer_key.data, &node);
    if (known && !players_is_honest (play, node))
        note_liar (self, play, node);
    else if (known
             && !(strstr (order->reason, "fail")
                  && (may_have_failed (play, node) || may_have_failed (play, note->node))))
        world_violation (play->world, "bans: node %u bans node %u, which is honest: %s", note->node,
                         node, order->reason);
    if (order)
        ggen__ban_order__free_unpacked (order, NULL);
}

//  Sessions of honest nodes with each liar, by node of the liar.
typedef struct {
    play_t *play;
    uint32_t *sessions;
} tally_t;

static void
count_session (void *tally_, const uint8_t *peer_key, bool kept)
{
    (void) kept;
    const tally_t *tally = tally_;
    uint32_t node;
    if (world_node_of_key (tally->play->world, peer_key, &node))
        tally->sessions[node]++;
}

static void
end (void *self, play_t *play)
{
    tally_t tally = {play, calloc (play->players_count + 1, sizeof *tally.sessions)};
    if (!tally.sessions)
        abort ();
    for (uint32_t i = 0; i < play->players_count; i++) {
        const void *swarm =
            players_is_honest (play, i) ? world_actor (play->world, i, "swarm") : NULL;
        if (swarm && players_is_on (play, i))
            look_links (swarm, count_session, &tally);
    }
    for (uint32_t i = 0; i < play->players_count; i++) {
        if (players_is_honest (play, i) || !players_is_on (play, i))
            continue;
        const fate_t *fate = fate_of (self, play, i);
        measures_try (play->measures, MEASURE_LIARS_BANNED, fate->bans > 0);
        measures_add (play->measures, MEASURE_LIAR_BANS, fate->bans);
        measures_add (play->measures, MEASURE_LIAR_SESSIONS, tally.sessions[i]);
    }
    free (tally.sessions);
}

const check_t check_bans = {.name = "bans",
                            .help = "nobody honest is banned, and who is banned has no session",
                            .create = create,
                            .destroy = destroy,
                            .arrives = arrives,
                            .second = second,
                            .end = end};
