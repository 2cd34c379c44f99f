// SPDX-License-Identifier: MIT
#include "reputation_self.h"

#include <stdlib.h>
#include <string.h>

//  ---- opinions ----------------------------------------------------------------------------------

//  A peer while it is put into an order.
typedef struct {
    const known_peer_t *peer;   //  NULL: nothing is known of it
    uint8_t *key;
    score_facts_t facts;
    double rank;
    uint32_t place;             //  where it was asked for
    bool banned;
    bool low;
} opinion_t;

static opinion_t
form (const reputation_t *self, const known_peer_t *peer, const uint8_t *key, int64_t wall_ms)
{
    const known_peer_t stranger = {.average_ms = (float) SCORE_UNKNOWN};
    opinion_t opinion = {.peer = peer, .key = (uint8_t *) key};
    opinion.facts = reputation_facts (self, peer ? peer : &stranger, wall_ms);
    opinion.rank = score_rank (&opinion.facts);
    opinion.banned = peer && peer->flags & KNOWN_BANNED;
    opinion.low = score_earned (&opinion.facts) < self->settings->min_peer_reputation;
    return opinion;
}

static int
best_first (const void *a_, const void *b_)
{
    const opinion_t *a = a_, *b = b_;
    if (a->banned != b->banned)
        return a->banned ? 1 : -1;
    if (a->low != b->low)
        return a->low ? 1 : -1;
    if (a->rank != b->rank)
        return a->rank > b->rank ? -1 : 1;
    return (a->place > b->place) - (a->place < b->place);
}

static void
fill_score (Ggen__PeerScore *score, const opinion_t *opinion)
{
    ggen__peer_score__init (score);
    score->peer_key = (ProtobufCBinaryData) {KNOWN_KEY_BYTES, opinion->key};
    score->score = score_total (&opinion->facts);
    score->success_rate = score_success (&opinion->facts);
    score->low = opinion->low;
    score->banned = opinion->banned;
    score->trusted = !opinion->banned && score_trusted (&opinion->facts);
}

//  Opinions of those named. NULL when that has been answered.
static opinion_t *
form_named (const reputation_t *self, const delivery_t *at, size_t count,
            const ProtobufCBinaryData *keys)
{
    opinion_t *opinions = NULL;
    if (count > REPUTATION_KEYS_MAX)
        out_fail (at, VALIDATION, "", "more than %d peers", REPUTATION_KEYS_MAX);
    else if (!(opinions = malloc ((count + 1) * sizeof *opinions)))
        out_fail (at, BUSY, "", "out of memory");
    for (size_t i = 0; opinions && i < count; i++) {
        if (keys[i].len != KNOWN_KEY_BYTES) {
            out_fail (at, VALIDATION, "", "a peer's key has %d bytes", KNOWN_KEY_BYTES);
            free (opinions);
            return NULL;
        }
        opinions[i] =
            form (self, known_find (self->known, keys[i].data), keys[i].data, at->wall_ms);
        opinions[i].place = (uint32_t) i;
    }
    return opinions;
}

//  ---- RankRequest -------------------------------------------------------------------------------

code_t
reputation_on_rank (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    const Ggen__RankRequest *ask = (const void *) message;
    opinion_t *opinions = form_named (self, at, ask->n_peer_keys, ask->peer_keys);
    if (!opinions)
        return OK;
    qsort (opinions, ask->n_peer_keys, sizeof *opinions, best_first);
    Ggen__RankReply reply = GGEN__RANK_REPLY__INIT;
    Ggen__PeerScore *scores = malloc ((ask->n_peer_keys + 1) * sizeof *scores);
    reply.peers = malloc ((ask->n_peer_keys + 1) * sizeof *reply.peers);
    code_t code = scores && reply.peers ? OK : BUSY;
    for (size_t i = 0; code == OK && i < ask->n_peer_keys; i++)
        fill_score (reply.peers[reply.n_peers++] = &scores[i], &opinions[i]);
    if (code == OK)
        out_reply (at, &reply.base);
    free (reply.peers);
    free (scores);
    free (opinions);
    return code;
}

//  ---- ReputationRequest -------------------------------------------------------------------------

//  An answer while it is made.
typedef struct {
    Ggen__PeerReputation reputation;
    Ggen__PeerScore score;
    Ggen__ReputationPoint *points;      //  with history: room for all
    Ggen__ReputationPoint **list;
} told_t;

static bool
fill_history (told_t *told, const trend_t *trend)
{
    if (trend->count == 0)
        return true;
    told->points = malloc (trend->count * sizeof *told->points);
    told->list = malloc (trend->count * sizeof *told->list);
    if (!told->points || !told->list)
        return false;
    for (unsigned i = 0; i < trend->count; i++) {
        ggen__reputation_point__init (told->list[i] = &told->points[i]);
        told->points[i].at = trend->points[i].at;
        told->points[i].score = trend_score (&trend->points[i]);
    }
    told->reputation.history = told->list;
    told->reputation.n_history = trend->count;
    return true;
}

static void
fill_known (told_t *told, const known_peer_t *peer, const delivery_t *at)
{
    Ggen__PeerReputation *reputation = &told->reputation;
    const known_ban_t *ban = known_ban (peer);
    reputation->successes = peer->successes;
    reputation->failures = peer->failures;
    reputation->average_ms = peer->average_ms < 0 ? 0 : peer->average_ms;
    reputation->last_seen = peer->flags & KNOWN_UP     ? at->wall_ms / 1000
                            : peer->flags & KNOWN_SEEN ? peer->seen
                                                       : 0;
    if (peer->flags & KNOWN_LOCATED) {
        reputation->located = true;
        reputation->latitude = geo_latitude (&peer->more->place);
        reputation->longitude = geo_longitude (&peer->more->place);
    }
    if (!ban)
        return;
    reputation->bans_count = ban->count;
    if (peer->flags & KNOWN_BANNED) {
        reputation->banned_until = bans_until (peer, at->now_ms, at->wall_ms);
        reputation->ban_reason = (char *) ban->reason;
    }
}

//  Returns false when memory is short.
static bool
fill_told (told_t *told, const opinion_t *opinion, bool history, const delivery_t *at)
{
    ggen__peer_reputation__init (&told->reputation);
    fill_score (&told->score, opinion);
    told->reputation.score = &told->score;
    told->reputation.packages = opinion->facts.packages;
    if (opinion->facts.distance_km >= 0)
        told->reputation.distance_km = opinion->facts.distance_km;
    if (!opinion->peer)
        return true;
    fill_known (told, opinion->peer, at);
    return !history || !opinion->peer->more || fill_history (told, &opinion->peer->more->trend);
}

static double
average (const reputation_t *self, int64_t wall_ms)
{
    double sum = 0;
    uint32_t count = known_count (self->known);
    for (uint32_t i = 0; i < count; i++) {
        score_facts_t facts = reputation_facts (self, known_at (self->known, i), wall_ms);
        sum += score_total (&facts);
    }
    return count ? sum / count : 0;
}

static code_t
tell (const reputation_t *self, const delivery_t *at, const opinion_t *opinions, size_t count,
      bool history)
{
    Ggen__ReputationReply reply = GGEN__REPUTATION_REPLY__INIT;
    told_t *told = calloc (count + 1, sizeof *told);
    reply.peers = malloc ((count + 1) * sizeof *reply.peers);
    bool room = told && reply.peers;
    for (size_t i = 0; room && i < count; i++) {
        room = fill_told (&told[i], &opinions[i], history, at);
        reply.peers[reply.n_peers++] = &told[i].reputation;
    }
    reply.average = average (self, at->wall_ms);
    reply.known_count = known_count (self->known);
    if (room)
        out_reply (at, &reply.base);
    for (size_t i = 0; told && i < count; i++) {
        free (told[i].points);
        free (told[i].list);
    }
    free (reply.peers);
    free (told);
    return room ? OK : BUSY;
}

static code_t
tell_all (const reputation_t *self, const delivery_t *at, uint32_t best)
{
    uint32_t count = known_count (self->known);
    opinion_t *opinions = malloc ((count + 1) * sizeof *opinions);
    if (!opinions)
        return BUSY;
    for (uint32_t i = 0; i < count; i++) {
        const known_peer_t *peer = known_at (self->known, i);
        opinions[i] = form (self, peer, peer->key, at->wall_ms);
        opinions[i].place = i;
    }
    qsort (opinions, count, sizeof *opinions, best_first);
    if (best > 0 && best < count)
        count = best;
    code_t code = tell (self, at, opinions, count, false);
    free (opinions);
    return code;
}

code_t
reputation_on_reputation (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    const Ggen__ReputationRequest *ask = (const void *) message;
    if (ask->n_peer_keys == 0)
        return tell_all (self, at, ask->best);
    opinion_t *opinions = form_named (self, at, ask->n_peer_keys, ask->peer_keys);
    if (!opinions)
        return OK;
    code_t code = tell (self, at, opinions, ask->n_peer_keys, true);
    free (opinions);
    return code;
}

//  ---- BanRequest, UnbanRequest ------------------------------------------------------------------

static asked_t *
ask_later (reputation_t *self, const delivery_t *at, const uint8_t *key)
{
    if (self->asked_count == REPUTATION_ASKED_MAX)
        return NULL;
    asked_t *asked = realloc (self->asked, (self->asked_count + 1) * sizeof *asked);
    if (!asked)
        return NULL;
    self->asked = asked;
    asked_t *entry = &asked[self->asked_count];
    *entry = (asked_t) {.ticket = at->ticket};
    memcpy (entry->key, key, KNOWN_KEY_BYTES);
    self->asked_count++;
    return entry;
}

static void
answer (const reputation_t *self, const asked_t *asked, const known_peer_t *peer,
        const Ggen__Failure *failure)
{
    Ggen__BanReply banned = GGEN__BAN_REPLY__INIT;
    Ggen__UnbanReply unbanned = GGEN__UNBAN_REPLY__INIT;
    banned.until = bans_until (peer, out_now_ms (self->out), out_wall_ms (self->out));
    unbanned.was_banned = true;
    if (failure)
        out_refuse (self->out, asked->ticket, failure->code, failure->hint,
                    "this holds only until the node ends, for it cannot be kept: %s",
                    failure->message);
    else
        out_answer (self->out, asked->ticket, asked->unbans ? &unbanned.base : &banned.base);
}

void
reputation_answer_asked (reputation_t *self, const known_peer_t *peer, const Ggen__Failure *failure)
{
    uint32_t left = 0;
    for (uint32_t i = 0; i < self->asked_count; i++) {
        asked_t *asked = &self->asked[i];
        if (known_find (self->known, asked->key) == peer)
            answer (self, asked, peer, failure);
        else
            self->asked[left++] = *asked;
    }
    self->asked_count = left;
    if (left == 0) {
        free (self->asked);
        self->asked = NULL;
    }
}

code_t
reputation_on_ban (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    reputation_t *self = self_;
    const Ggen__BanRequest *ask = (const void *) message;
    if (!reputation_is_peer (self, ask->peer_key))
        return out_fail (at, VALIDATION, "", "not a peer's key, or our own");
    known_peer_t *peer = reputation_admit (self, ask->peer_key.data, at->now_ms);
    if (!peer)
        return out_fail (at, STORAGE, "unban some, or try again later",
                         "as many peers are kept as can be (%u)", self->settings->peers_max);
    asked_t *asked = ask_later (self, at, ask->peer_key.data);
    if (!asked)
        return BUSY;
    const Ggen__Experience by_person = GGEN__EXPERIENCE__EXPERIENCE_NONE;
    const char *reason = *ask->reason ? ask->reason : bans_cause_name (by_person);
    code_t code = reputation_ban (self, peer, by_person, ask->secs ? ask->secs : BAN_SECS_FIRST,
                                  reason, at->now_ms);
    if (code) {
        self->asked_count--;
        return out_fail (at, code, "unban some", "refused until the node ends; as many bans are "
                         "kept as can be (%u)", self->bans_count);
    }
    return OK;
}

code_t
reputation_on_unban (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    reputation_t *self = self_;
    const Ggen__UnbanRequest *ask = (const void *) message;
    Ggen__UnbanReply reply = GGEN__UNBAN_REPLY__INIT;
    if (!reputation_is_peer (self, ask->peer_key))
        return out_fail (at, VALIDATION, "", "not a peer's key, or our own");
    known_peer_t *peer = known_find (self->known, ask->peer_key.data);
    if (!peer || !(peer->flags & KNOWN_BANNED))
        return out_reply (at, &reply.base);
    asked_t *asked = ask_later (self, at, ask->peer_key.data);
    if (!asked)
        return BUSY;
    asked->unbans = true;
    bans_end (peer, at->wall_ms);
    known_ban_forget (peer);
    self->bans_count--;
    ledger_ban_changed (self->ledger, peer);
    return OK;
}
