// SPDX-License-Identifier: MIT
//  The seat "swarm", by which others could be made to speak for us: envelopes that say more than their
//  sender may, on the links of sessions that are real (SPEC 9, remote input).
#include "adversary.h"

#include "actors/swarm/swarm_self.h"
#include "gossip.pb-c.h"
#include "link.pb-c.h"
#include "registry.pb-c.h"
#include "transfer.pb-c.h"
#include "trust.pb-c.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PEERS_MAX 16u

static liar_t *
liar_of (const void *state)
{
    return (liar_t *) ((const swarm_t *) state)->settings;
}

static code_t
tick_lying (void *state, int64_t now_ms, int64_t wall_ms)
{
    return liar_tick (liar_of (state), state, now_ms, wall_ms);
}

static int64_t
deadline_lying (const void *state)
{
    return liar_deadline_ms (liar_of (state), state);
}

static size_t
settings (const honest_settings_t *settings, const void **settings_p)
{
    *settings_p = &settings->swarm;
    return sizeof settings->swarm;
}

const mask_t mask_swarm = {&swarm_actor, tick_lying, deadline_lying, settings};

//  What is said, to whom, by whom.
typedef struct {
    swarm_t *swarm;
    liar_t *liar;
    uint64_t link;
    const char *victim;             //  peer id of somebody else
} word_t;

static void
say (const word_t *word, Ggen__Envelope *envelope, const ProtobufCMessage *body)
{
    uint8_t packed[8192], room[8192];
    Ggen__LinkSend send = GGEN__LINK_SEND__INIT;
    if (!*envelope->type)
        envelope->type = (char *) body->descriptor->short_name;
    if (ggen__envelope__get_packed_size (envelope) > sizeof packed
        || protobuf_c_message_get_packed_size (body) > sizeof room)
        abort ();
    send.link = word->link;
    send.envelope = (ProtobufCBinaryData) {ggen__envelope__pack (envelope, packed), packed};
    send.body = (ProtobufCBinaryData) {protobuf_c_message_pack (body, room), room};
    out_event (word->swarm->out, "link", &send.base);
}

static Ggen__Envelope
letter (const word_t *word, Ggen__Kind kind, const char *from, const char *to)
{
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = kind;
    envelope.id = 0xBAD00000000u + word->liar->count++;
    envelope.from = (char *) from;
    envelope.to = (char *) to;
    envelope.budget_ms = 1000;
    return envelope;
}

//  ---- addresses -----------------------------------------------------------------------------------

//  To be passed on: by name, and by a name with a node in it.
static void
pass_me_on (const word_t *word)
{
    char to[PEER_ADDRESS_SIZE + 8], from[PEER_ADDRESS_SIZE + 8];
    Ggen__DhtStatusRequest ask = GGEN__DHT_STATUS_REQUEST__INIT;
    snprintf (to, sizeof to, "dht@%s", word->victim);
    snprintf (from, sizeof from, "reputation@%s", word->victim);
    Ggen__Envelope envelope = letter (word, GGEN__KIND__REQUEST, "dht", to);
    say (word, &envelope, &ask.base);
    envelope = letter (word, GGEN__KIND__REQUEST, from, "dht");
    say (word, &envelope, &ask.base);
    envelope = letter (word, GGEN__KIND__REQUEST, "dht", "dht");
    envelope.reply_to = (char *) "keyring";
    say (word, &envelope, &ask.base);
    envelope = letter (word, GGEN__KIND__REQUEST, "dht", "client-1");
    say (word, &envelope, &ask.base);
}

//  ---- what only this node may ask --------------------------------------------------------------------

static void
order_about (const word_t *word)
{
    static const char *const seats[] = {"swarm", "dht", "gossip", "reputation", "transfer", "state",
                                        "trust", "keyring", "registry_p2p", "blobs", "link"};
    const world_t *world = word->liar->band->play->world;
    uint32_t other = (uint32_t) rng_below (&word->liar->rng, world_nodes_count (world));
    ProtobufCBinaryData key = {CRYPTO_KEY_BYTES, (uint8_t *) world_identity (world, other)->key};
    Ggen__BanOrder ban = GGEN__BAN_ORDER__INIT;
    Ggen__Observation seen = GGEN__OBSERVATION__INIT;
    Ggen__PeerDown down = GGEN__PEER_DOWN__INIT;
    Ggen__DisconnectRequest disconnect = GGEN__DISCONNECT_REQUEST__INIT;
    Ggen__AnnounceRequest announce = GGEN__ANNOUNCE_REQUEST__INIT;
    Ggen__WithdrawBlobRequest withdraw = GGEN__WITHDRAW_BLOB_REQUEST__INIT;
    ban.peer_key = seen.peer_key = down.peer_key = key;
    ban.secs = 3600;
    seen.experience = GGEN__EXPERIENCE__FORGED;
    announce.topic = (char *) "/ggen/packages/v1";
    announce.item = key;
    withdraw.sha256 = key;
    const struct {
        Ggen__Kind kind;
        const ProtobufCMessage *message;
    } orders[] = {{GGEN__KIND__EVENT, &ban.base},          {GGEN__KIND__EVENT, &seen.base},
                  {GGEN__KIND__EVENT, &down.base},         {GGEN__KIND__REQUEST, &disconnect.base},
                  {GGEN__KIND__REQUEST, &announce.base},   {GGEN__KIND__REQUEST, &withdraw.base}};
    for (unsigned i = 0; i < COUNT_OF (orders); i++) {
        const char *to = seats[rng_below (&word->liar->rng, COUNT_OF (seats))];
        Ggen__Envelope envelope = letter (word, orders[i].kind, "reputation", to);
        say (word, &envelope, orders[i].message);
        envelope = letter (word, orders[i].kind, "swarm",
                           i == 0 ? "swarm" : i == 1 ? "reputation" : i == 4 ? "gossip" : "dht");
        say (word, &envelope, orders[i].message);
    }
}

//  ---- answers to nothing ------------------------------------------------------------------------------

//  Ids as an honest swarm counts them: low ones, and the next ones.
static void
answer_unasked (const word_t *word)
{
    Ggen__DhtReadReply read = GGEN__DHT_READ_REPLY__INIT;
    Ggen__FindNodeReply find = GGEN__FIND_NODE_REPLY__INIT;
    Ggen__Failure failure = GGEN__FAILURE__INIT;
    Ggen__Progress progress = GGEN__PROGRESS__INIT;
    failure.code = GGEN__CODE__FATAL;
    for (unsigned i = 0; i < 8; i++) {
        Ggen__Envelope envelope = letter (word, GGEN__KIND__REPLY, "dht", "dht");
        envelope.id = i < 4 ? i : rng_u64 (&word->liar->rng);
        say (word, &envelope,
             i % 3 == 0 ? &read.base : i % 3 == 1 ? &find.base : &failure.base);
        envelope = letter (word, GGEN__KIND__PROGRESS, "dht", "dht");
        envelope.id = i;
        say (word, &envelope, &progress.base);
    }
}

//  The end of what others have asked, and of others.
static void
end_others (const word_t *word)
{
    Ggen__Progress nothing = GGEN__PROGRESS__INIT;
    Ggen__Goodbye goodbye = GGEN__GOODBYE__INIT;
    Ggen__Envelope envelope;
    for (unsigned i = 0; i < 8; i++) {
        envelope = letter (word, GGEN__KIND__CANCEL, "dht", "dht");
        envelope.id = i;
        say (word, &envelope, &nothing.base);
    }
    envelope = letter (word, GGEN__KIND__GONE, "client-1", "dht");
    say (word, &envelope, &nothing.base);
    envelope = letter (word, GGEN__KIND__GONE, word->victim, "transfer");
    say (word, &envelope, &nothing.base);
    envelope = letter (word, GGEN__KIND__EVENT, "swarm", "dht");
    say (word, &envelope, &goodbye.base);
}

//  ---- numbers and kinds -----------------------------------------------------------------------------

static void
exaggerate (const word_t *word)
{
    uint8_t bytes[DIGEST_SIZE] = {0};
    Ggen__FindNodeRequest find = GGEN__FIND_NODE_REQUEST__INIT;
    Ggen__Envelope envelope = letter (word, GGEN__KIND__REQUEST, "dht", "dht");
    find.target = (ProtobufCBinaryData) {sizeof bytes, bytes};
    envelope.budget_ms = UINT32_MAX;
    envelope.sent_us = UINT64_MAX;
    say (word, &envelope, &find.base);
    envelope = letter (word, GGEN__KIND__REQUEST, "dht", "gossip");
    envelope.type = (char *) "FindNodeRequest";
    say (word, &envelope, &find.base);
    envelope = letter (word, GGEN__KIND__REQUEST, "dht", "dht");
    envelope.type = (char *) "PutRecordRequest";
    say (word, &envelope, &find.base);
    envelope = letter (word, (Ggen__Kind) 77, "dht", "dht");
    say (word, &envelope, &find.base);
    envelope = letter (word, GGEN__KIND__REQUEST, "dht", "dht");
    envelope.type = (char *) "NoSuchRequest";
    say (word, &envelope, &find.base);
}

//  One kind of them to each, in turn.
static void
confuse (void *state, liar_t *liar, int64_t now_ms, int64_t wall_ms)
{
    static void (*const words[]) (const word_t *) = {pass_me_on, order_about, answer_unasked,
                                                     end_others, exaggerate};
    liar_peer_t peers[PEERS_MAX];
    size_t count = liar_peers (liar, peers, PEERS_MAX);
    const world_t *world = liar->band->play->world;
    (void) now_ms;
    (void) wall_ms;
    for (size_t i = 0; i < count; i++) {
        char victim[PEER_ID_TEXT + 1];
        peer_key_t key;
        uint32_t other = (uint32_t) rng_below (&liar->rng, world_nodes_count (world));
        memcpy (key.bytes, world_identity (world, other)->key, sizeof key.bytes);
        peer_id_text (&key, victim);
        const word_t word = {state, liar, peers[i].link, victim};
        words[rng_below (&liar->rng, COUNT_OF (words))](&word);
    }
}

static const handler_t no_rows[] = {{0}};

const lie_t lie_deputy = {.mask = &mask_swarm, .rows = no_rows, .every_ms = 500, .act = confuse};
