// SPDX-License-Identifier: MIT
#include "dialability.h"

#include "dials.h"
#include "sessions.h"

#include <stdio.h>
#include <string.h>

static bool
is_sure (const swarm_t *self)
{
    return self->settings->addresses_sure || self->settings->tier == GGEN__TIER__BOOTSTRAP;
}

void
dialability_say (const swarm_t *self, Ggen__Dialability *message,
                 ProtobufCBinaryData addresses[MULTIADDR_PEER_MAX])
{
    const dialability_t *state = &self->dialability;
    const addresses_t *at = state->reached.size > 0 ? &state->reached : &self->listening;
    message->known = state->known;
    message->dialable = state->dialable;
    message->addresses = addresses;
    message->n_addresses = state->known && state->dialable ? addresses_fields (at, addresses) : 0;
}

//  The answer has changed, or our addresses have.
static void
tell (swarm_t *self)
{
    ProtobufCBinaryData addresses[MULTIADDR_PEER_MAX];
    Ggen__Dialability message = GGEN__DIALABILITY__INIT;
    self->described++;
    dialability_say (self, &message, addresses);
    swarm_tell (self, &message.base);
    uint32_t cursor = 0;
    link_t *link;
    while ((link = links_next (self->links, &cursor)) != NULL)
        if (link->state == LINK_SESSION)
            sessions_renew (self, link, 0);
}

//  A no may be of a moment: of a peer, or a machine, that had too much to do.
static int64_t
again_ms (dialability_t *state)
{
    if (state->dialable) {
        state->refusals = 0;
        return DIALABILITY_AGAIN_MS;
    }
    int64_t wait_ms = (int64_t) DIALABILITY_DOUBT_MS << state->refusals;
    if (wait_ms >= DIALABILITY_HOPE_MS)
        return DIALABILITY_HOPE_MS;
    state->refusals++;
    return wait_ms;
}

static void
know (swarm_t *self, bool dialable)
{
    dialability_t *state = &self->dialability;
    bool news = !state->known || state->dialable != dialable;
    state->known = true;
    state->dialable = dialable;
    state->next_ms = out_now_ms (self->out) + book_jitter_ms (self->rng, again_ms (state));
    if (news)
        tell (self);
}

void
dialability_begin (swarm_t *self)
{
    self->dialability.next_ms = DEADLINE_NEVER;
    if (!is_sure (self))
        return;
    know (self, self->listening.size > 0);
    self->dialability.next_ms = DEADLINE_NEVER;
}

//  ---- votes -------------------------------------------------------------------------------------

//  Enough say the same, or nobody else is there to ask.
static void
count_votes (swarm_t *self, bool all)
{
    dialability_t *state = &self->dialability;
    const votes_t *votes = state->votes[1].yes + state->votes[1].no > 0 ? &state->votes[1]
                                                                       : &state->votes[0];
    if (votes->yes >= 2 && votes->yes > votes->no)
        know (self, true);
    else if (votes->no >= 2 && votes->no >= votes->yes)
        know (self, false);
    else if (all && votes->yes + votes->no > 0)
        know (self, votes->yes > votes->no);
}

static void
vote (swarm_t *self, uint64_t group, bool yes, bool all)
{
    votes_t *votes = &self->dialability.votes[group != 0];
    if (yes)
        votes->yes++;
    else
        votes->no++;
    count_votes (self, all);
}

static bool
heard_group (const dialability_t *state, uint64_t group)
{
    for (unsigned i = 0; i < state->groups_count; i++)
        if (state->groups[i] == group)
            return true;
    return false;
}

static bool
take_group (dialability_t *state, uint64_t group)
{
    if (state->groups_count == COUNT_OF (state->groups)
        || (group != 0 && heard_group (state, group)))
        return false;
    state->groups[state->groups_count++] = group;
    return true;
}

//  ---- asking ------------------------------------------------------------------------------------

//  Who listens on all of IPv6 does so on all of IPv4, too.
static bool
can_be_ours (bytes_t listening, const multiaddr_t *reached)
{
    multiaddr_t mine;
    return multiaddr_decode (&mine, listening) == OK && mine.port == reached->port
           && (mine.kind == reached->kind
               || (mine.kind == MULTIADDR_IP6 && reached->kind == MULTIADDR_IP4));
}

//  Of what a peer says it reached, what can be ours: with a port at which we listen.
static void
note_reached (swarm_t *self, const Ggen__DialBackReply *reply)
{
    ProtobufCBinaryData ours[MULTIADDR_PEER_MAX], good[MULTIADDR_PEER_MAX];
    size_t ours_count = addresses_fields (&self->listening, ours), count = 0;
    for (size_t i = 0; i < reply->n_reached && count < MULTIADDR_PEER_MAX; i++) {
        multiaddr_t theirs;
        if (multiaddr_decode (&theirs, (bytes_t) {reply->reached[i].data, reply->reached[i].len})
            != OK)
            continue;
        for (size_t j = 0; j < ours_count; j++)
            if (can_be_ours ((bytes_t) {ours[j].data, ours[j].len}, &theirs)) {
                good[count++] = reply->reached[i];
                break;
            }
    }
    addresses_t reached;
    if (count == 0 || !addresses_set (&reached, good, count, NULL, NULL))
        return;
    addresses_clear (&self->dialability.reached);
    self->dialability.reached = reached;
}

static code_t
on_tried (void *self_, void *arg, const answer_t *answer)
{
    swarm_t *self = self_;
    dialability_t *state = &self->dialability;
    const Ggen__DialBackReply *reply = (const void *) answer->message;
    if (answer->progress || (uintptr_t) arg >> 1 != state->round)
        return OK;
    state->asking--;
    bool public_group = (uintptr_t) arg & 1;
    if (answer->code == OK) {
        if (reply->n_reached > 0)
            note_reached (self, reply);
        vote (self, public_group, reply->n_reached > 0, state->asking == 0);
    } else
        count_votes (self, state->asking == 0);
    if (answer->code == BUSY && state->asking == 0 && !state->known)
        state->next_ms = out_now_ms (self->out) + book_jitter_ms (self->rng, DIALABILITY_BUSY_MS);
    return OK;
}

static void
ask (swarm_t *self, const link_t *link, uint64_t group)
{
    dialability_t *state = &self->dialability;
    ProtobufCBinaryData addresses[MULTIADDR_PEER_MAX];
    char to[ADDRESS_MAX + 1];
    Ggen__DialBackRequest request = GGEN__DIAL_BACK_REQUEST__INIT;
    request.addresses = addresses;
    request.n_addresses = addresses_fields (&self->listening, addresses);
    peer_id_address (&link->key, "swarm", to);
    ask_t question = {.to = to,
                      .message = &request.base,
                      .expect = &ggen__dial_back_reply__descriptor,
                      .budget_ms = DIALABILITY_MS,
                      .on_answer = on_tried,
                      .arg = (void *) ((uintptr_t) state->round << 1 | (group != 0))};
    if (out_ask (self->out, &question) == OK)
        state->asking++;
}

void
dialability_up (swarm_t *self, link_t *link)
{
    dialability_t *state = &self->dialability;
    uint64_t group = addresses_group (link_seen (link));
    if (is_sure (self) || state->known || self->listening.size == 0
        || !take_group (state, group))
        return;
    if (link->inbound)
        vote (self, group, true, state->asking == 0);
    else
        ask (self, link, group);
    if (state->next_ms == DEADLINE_NEVER)
        state->next_ms = out_now_ms (self->out) + DIALABILITY_RETRY_MS;
}

void
dialability_reset (swarm_t *self)
{
    dialability_t *state = &self->dialability;
    addresses_clear (&state->reached);
    state->known = state->dialable = false;
    state->refusals = 0;
    dialability_run (self);
    if (is_sure (self))
        dialability_begin (self);
}

//  What we knew counts until there is another answer.
void
dialability_run (swarm_t *self)
{
    dialability_t *state = &self->dialability;
    bool known = state->known;
    uint32_t cursor = 0;
    link_t *link;
    state->next_ms = DEADLINE_NEVER;
    state->asking = state->groups_count = 0;
    state->round++;
    memset (state->votes, 0, sizeof state->votes);
    state->known = false;
    while ((link = links_next (self->links, &cursor)) != NULL && !state->known)
        if (link->state == LINK_SESSION)
            dialability_up (self, link);
    if (!state->known) {
        state->known = known;
        if (known)
            state->next_ms = out_now_ms (self->out) + DIALABILITY_RETRY_MS;
    }
}

//  ---- for others --------------------------------------------------------------------------------

static unsigned
trials (const swarm_t *self, const uint8_t transport_key[CRYPTO_KEY_BYTES], bool *same)
{
    unsigned count = 0;
    uint32_t cursor = 0;
    const link_t *link;
    *same = false;
    while ((link = links_next (self->links, &cursor)) != NULL)
        if (link->greeting && link->greeting->trial) {
            count++;
            *same |= memcmp (link->greeting->transport_key, transport_key, CRYPTO_KEY_BYTES) == 0;
        }
    return count;
}

//  Only at the IP of the one who asks: nobody is dialled for somebody else.
static bool
own_addresses (addresses_t *own, const link_t *link, const Ggen__DialBackRequest *request)
{
    ProtobufCBinaryData fields[MULTIADDR_PEER_MAX], good[MULTIADDR_PEER_MAX];
    const bytes_t seen = link_seen (link);
    addresses_t all;
    size_t count = 0;
    if (!addresses_set (&all, request->addresses, request->n_addresses, &seen, &link->key))
        return false;
    size_t all_count = addresses_fields (&all, fields);
    for (size_t i = 0; i < all_count; i++)
        if (addresses_same_ip (seen, (bytes_t) {fields[i].data, fields[i].len}))
            good[count++] = fields[i];
    bool done = addresses_set (own, good, count, NULL, NULL);
    addresses_clear (&all);
    return done;
}

code_t
dialability_back (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    swarm_t *self = self_;
    const char *text = strchr (at->from, '@');
    const link_t *link = text ? links_peer (self->links, text + 1) : NULL;
    uint8_t transport_key[CRYPTO_KEY_BYTES];
    addresses_t addresses;
    bool same;
    if (!link || link->state != LINK_SESSION
        || !self->crypto->transport_key (link->key.bytes, transport_key))
        return CONNECTION_FAILED;
    if (trials (self, transport_key, &same) == TRIALS_MAX || same)
        return BUSY;
    if (!own_addresses (&addresses, link, (const void *) message))
        return BUSY;
    if (addresses.size == 0) {
        Ggen__DialBackReply reply = GGEN__DIAL_BACK_REPLY__INIT;
        return out_reply (at, &reply.base);
    }
    return dials_trial (self, at->ticket, &addresses, transport_key).code;
}
