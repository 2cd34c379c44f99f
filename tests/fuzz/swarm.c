// SPDX-License-Identifier: MIT
//  What others say to "swarm": before a session, in one, and on its bulk connection; what its own actors
//  have it carry meanwhile; and what "link" and "bulk" tell. An input is a sequence of
//
//      [what][who][size, u16 little-endian][size bytes]
//
//  who % LINKS is a stranger who came in, after these one that was dialled.
//
//  what % 12:  0 it comes in, or is up        1 its link is down
//              2 Hello: the bytes, with a nonce and a version that are good
//              3 Identify: the bytes, with keys and nonces that are good
//              4 a message with the bytes as body: of a type that 'who' chooses as well
//              5 any message: the first byte is the size of the envelope
//              6 the same by its bulk connection
//              7 who * 64 milliseconds pass
//              8 somebody here asks it something    9 or cancels that
//             10 an answer to what it was asked last, with the bytes as body
//             11 its bulk connection stands, or has ended; or all that was sent has left
//
//  Whatever comes: what it sends decodes, every request of this node ends once, and memory stays within
//  its bounds.
#include "actors/swarm/lanes.h"
#include "actors/swarm/swarm_self.h"
#include "link.pb-c.h"
#include "runtime/actor/wire.h"
#include "tests/fuzz/lib/fuzz.h"
#include "tests/fuzz/lib/stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINKS       4
#define ASKED_MAX   64

typedef struct {
    stage_t stage;
    uint64_t numbers[2 * LINKS];                    //  of strangers, then of those dialled
    uint8_t nonces[2 * LINKS][GREETING_NONCE_SIZE]; //  that swarm wants answered
    uint64_t inbound;                               //  the last number that was given
    uint64_t sent_id;                               //  of what was asked of another node last
    unsigned sent_to;
    bool open[ASKED_MAX];                           //  what was asked here and has not ended
    unsigned asked_count;
} play_t;

//  ---- keys ----------------------------------------------------------------------------------------

static peer_key_t
key_of (unsigned who)
{
    peer_key_t key;
    memset (key.bytes, (int) (who + 1), sizeof key.bytes);
    return key;
}

static bool
same_key (const uint8_t key[CRYPTO_KEY_BYTES], uint8_t transport_key[CRYPTO_KEY_BYTES])
{
    memcpy (transport_key, key, CRYPTO_KEY_BYTES);
    return true;
}

static bool
verify (void *context, const uint8_t *signature, const uint8_t *message, size_t size,
        const uint8_t *key)
{
    (void) context, (void) signature, (void) message, (void) size, (void) key;
    return true;
}

//  ---- what it says --------------------------------------------------------------------------------

static void
note_sent (play_t *self, const Ggen__LinkSend *send)
{
    bytes_t body = {send->body.data, send->body.len};
    Ggen__Envelope *envelope =
        ggen__envelope__unpack (NULL, send->envelope.len, send->envelope.data);
    must_hold (envelope && body.size <= SWARM_BODY_MAX);
    for (unsigned who = 0; who < 2 * LINKS; who++) {
        if (self->numbers[who] != send->link)
            continue;
        if (envelope->kind == GGEN__KIND__REQUEST) {
            self->sent_id = envelope->id;
            self->sent_to = who;
        }
        const bool hello = strcmp (envelope->type, "Hello") == 0;
        if (!hello && strcmp (envelope->type, "Identify") != 0)
            continue;
        Ggen__Hello *said = hello ? ggen__hello__unpack (NULL, body.size, body.data) : NULL;
        Ggen__Identify *named = hello ? NULL : ggen__identify__unpack (NULL, body.size, body.data);
        must_hold (said || named);
        memcpy (self->nonces[who], said ? said->nonce.data : named->nonce.data,
                GREETING_NONCE_SIZE);
        if (said)
            ggen__hello__free_unpacked (said, NULL);
        if (named)
            ggen__identify__free_unpacked (named, NULL);
    }
    ggen__envelope__free_unpacked (envelope, NULL);
}

static void
note_ended (play_t *self, const Ggen__Envelope *envelope)
{
    must_hold (envelope->id > 0 && envelope->id <= self->asked_count);
    must_hold (self->open[envelope->id - 1]);
    self->open[envelope->id - 1] = false;
}

static void
on_send (stage_t *stage, const parcel_t *parcel)
{
    play_t *self = (play_t *) stage;
    if (strcmp (parcel->envelope->type, "LinkSend") == 0)
        note_sent (self, (const void *) parcel->body);
    if (strcmp (parcel->envelope->type, "LinkDial") == 0)
        self->numbers[LINKS] = ((const Ggen__LinkDial *) parcel->body)->link;
    if (strcmp (parcel->to, "client-1") == 0 && parcel->envelope->kind == GGEN__KIND__REPLY)
        note_ended (self, parcel->envelope);
}

//  ---- what it is told -----------------------------------------------------------------------------

static void
tell (play_t *self, const char *from, const ProtobufCMessage *message)
{
    stage_tell (&self->stage, from, GGEN__KIND__EVENT, message);
}

static void
come (play_t *self, unsigned who)
{
    uint8_t bytes[MULTIADDR_SIZE_MAX];
    const multiaddr_t address = {
        .kind = MULTIADDR_IP4, .ip = {80, 0, (uint8_t) who, 1}, .port = 5000};
    const peer_key_t key = key_of (who);
    Ggen__LinkUp up = GGEN__LINK_UP__INIT;
    up.inbound = who < LINKS;
    if (up.inbound)
        self->numbers[who] = self->inbound += 2;
    up.link = self->numbers[who];
    up.transport_key = peer_key_to_field (&key);
    up.address = (ProtobufCBinaryData) {multiaddr_encode (&address, bytes), bytes};
    tell (self, "link", &up.base);
}

static void
go (play_t *self, unsigned who)
{
    Ggen__LinkDown down = GGEN__LINK_DOWN__INIT;
    down.link = self->numbers[who];
    down.code = NETWORK;
    self->numbers[who] = 0;
    tell (self, "link", &down.base);
}

//  Mail of the other side, whose first frame is 'head'.
static void
receive (play_t *self, unsigned who, bytes_t head, bytes_t body)
{
    Ggen__LinkReceived received = GGEN__LINK_RECEIVED__INIT;
    received.link = self->numbers[who];
    received.envelope = (ProtobufCBinaryData) {head.size, (uint8_t *) head.data};
    received.body = (ProtobufCBinaryData) {body.size, (uint8_t *) body.data};
    tell (self, "link", &received.base);
}

static void
say (play_t *self, unsigned who, Ggen__Envelope *envelope, bytes_t body)
{
    uint8_t head[512];
    must_hold (ggen__envelope__get_packed_size (envelope) <= sizeof head);
    receive (self, who, (bytes_t) {head, ggen__envelope__pack (envelope, head)}, body);
}

static void
say_own (play_t *self, unsigned who, const ProtobufCMessage *message)
{
    size_t size;
    uint8_t *packed = stage_pack (message, &size);
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__EVENT;
    envelope.from = envelope.to = "swarm";
    envelope.type = (char *) message->descriptor->short_name;
    say (self, who, &envelope, (bytes_t) {packed, size});
    free (packed);
}

//  ---- steps ---------------------------------------------------------------------------------------

static const uint8_t their_nonce[GREETING_NONCE_SIZE] = {9};

static void
say_hello (play_t *self, unsigned who, bytes_t bytes)
{
    Ggen__Hello *hello = wire_valid (&ggen__hello__descriptor, bytes)
                             ? ggen__hello__unpack (NULL, bytes.size, bytes.data)
                             : NULL;
    if (!hello)
        return;
    Ggen__Hello said = GGEN__HELLO__INIT;
    said.version = GREETING_VERSION;
    said.kept = hello->kept;
    said.nonce = (ProtobufCBinaryData) {sizeof their_nonce, (uint8_t *) their_nonce};
    say_own (self, who, &said.base);
    ggen__hello__free_unpacked (hello, NULL);
}

static void
say_identify (play_t *self, unsigned who, bytes_t bytes)
{
    const peer_key_t key = key_of (who);
    uint8_t signature[CRYPTO_SIGNATURE_BYTES] = {7};
    Ggen__Identify *read = wire_valid (&ggen__identify__descriptor, bytes)
                               ? ggen__identify__unpack (NULL, bytes.size, bytes.data)
                               : NULL;
    if (!read)
        return;
    Ggen__Identify said = *read;
    said.base.n_unknown_fields = 0;
    said.peer_key = peer_key_to_field (&key);
    said.nonce = (ProtobufCBinaryData) {sizeof their_nonce, (uint8_t *) their_nonce};
    said.answers = (ProtobufCBinaryData) {GREETING_NONCE_SIZE, self->nonces[who]};
    said.signature = (ProtobufCBinaryData) {sizeof signature, signature};
    say_own (self, who, &said.base);
    ggen__identify__free_unpacked (read, NULL);
}

static void
say_body (play_t *self, unsigned who, unsigned which, bytes_t body)
{
    static const struct {
        const char *to, *type;
        Ggen__Kind kind;
    } kinds[] = {{"swarm", "SessionUpdate", GGEN__KIND__EVENT},
                 {"swarm", "Goodbye", GGEN__KIND__EVENT},
                 {"swarm", "BulkWanted", GGEN__KIND__EVENT},
                 {"swarm", "BulkOffer", GGEN__KIND__EVENT},
                 {"swarm", "DialBackRequest", GGEN__KIND__REQUEST},
                 {"swarm", "DialBackRequest", GGEN__KIND__CANCEL},
                 {"dht", "FindNodeRequest", GGEN__KIND__REQUEST},
                 {"nobody", "FindNodeRequest", GGEN__KIND__REQUEST}};
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = kinds[which % COUNT_OF (kinds)].kind;
    envelope.id = 5;
    envelope.from = "dht";
    envelope.to = (char *) kinds[which % COUNT_OF (kinds)].to;
    envelope.type = (char *) kinds[which % COUNT_OF (kinds)].type;
    say (self, who, &envelope, body);
}

//  Mail of the other side, by its bulk connection.
static void
receive_bulk (play_t *self, unsigned who, bytes_t head, bytes_t body)
{
    const swarm_t *swarm = actor_state (self->stage.actor);
    const link_t *link = links_find (swarm->links, self->numbers[who]);
    Ggen__BulkReceived received = GGEN__BULK_RECEIVED__INIT;
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    size_t size;
    received.lane = link ? lanes_number (link) : 0;
    received.envelope = (ProtobufCBinaryData) {head.size, (uint8_t *) head.data};
    received.body = (ProtobufCBinaryData) {body.size, (uint8_t *) body.data};
    uint8_t *packed = stage_pack (&received.base, &size);
    envelope.kind = GGEN__KIND__EVENT;
    envelope.from = "bulk";
    envelope.type = "BulkReceived";
    stage_deliver (&self->stage, &envelope, (bytes_t) {packed, size},
                   (bytes_t) {(const uint8_t *) "chunk", 5});
    free (packed);
}

static void
say_anything (play_t *self, unsigned who, bytes_t bytes, bool bulk)
{
    if (bytes.size == 0)
        return;
    const size_t rest = bytes.size - 1, split = bytes.data[0] < rest ? bytes.data[0] : rest;
    const bytes_t head = {bytes.data + 1, split}, body = {head.data + split, rest - split};
    if (bulk)
        receive_bulk (self, who, head, body);
    else
        receive (self, who, head, body);
}

static void
ask_it (play_t *self, unsigned who, bool cancel)
{
    char to[ADDRESS_MAX + 1];
    uint8_t route[MULTIADDR_SIZE_MAX + 8], bytes[MULTIADDR_SIZE_MAX];
    const multiaddr_t address = {.kind = MULTIADDR_IP4, .ip = {80, 0, 0, 9}, .port = 5000};
    const peer_key_t key = key_of (who);
    ProtobufCBinaryData field = {multiaddr_encode (&address, bytes), bytes};
    Ggen__Addresses addresses = GGEN__ADDRESSES__INIT;
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    if (self->asked_count == (cancel ? 0 : ASKED_MAX))
        return;
    addresses.addresses = &field;
    addresses.n_addresses = 1;
    peer_id_address (&key, "transfer", to);
    envelope.kind = cancel ? GGEN__KIND__CANCEL : GGEN__KIND__REQUEST;
    if (!cancel)
        self->open[self->asked_count++] = true;
    envelope.id = self->asked_count;
    envelope.from = "client-1";
    envelope.to = to;
    envelope.type = "ChunkRequest";
    envelope.budget_ms = 30000;
    envelope.route = (ProtobufCBinaryData) {ggen__addresses__pack (&addresses, route), route};
    stage_deliver (&self->stage, &envelope, (bytes_t) {(const uint8_t *) "x", 1},
                   (bytes_t) {NULL, 0});
}

static void
answer_it (play_t *self, unsigned which, bytes_t body)
{
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = which % 4 == 0 ? GGEN__KIND__PROGRESS : GGEN__KIND__REPLY;
    envelope.id = self->sent_id;
    envelope.from = envelope.to = "transfer";
    envelope.type = which % 4 == 1 ? "Failure" : "ChunkReply";
    say (self, self->sent_to, &envelope, body);
}

static void
tell_of_bulk (play_t *self, unsigned who, unsigned which)
{
    const swarm_t *swarm = actor_state (self->stage.actor);
    const link_t *link = links_find (swarm->links, self->numbers[who]);
    Ggen__BulkUp up = GGEN__BULK_UP__INIT;
    Ggen__BulkDown down = GGEN__BULK_DOWN__INIT;
    Ggen__LinkWritten written = GGEN__LINK_WRITTEN__INIT;
    up.lane = down.lane = link ? lanes_number (link) : 0;
    down.code = which % 8 ? NETWORK : SECURITY;
    written.link = self->numbers[who];
    written.bytes_count = link ? link->unwritten_bytes : 1;
    const ProtobufCMessage *const all[] = {&up.base, &down.base, &written.base};
    tell (self, which % 3 == 2 ? "link" : "bulk", all[which % 3]);
}

static void
step (stage_t *stage, uint8_t what, uint8_t who, bytes_t bytes)
{
    play_t *self = (play_t *) stage;
    const unsigned whom = who % (2 * LINKS), which = who / (2 * LINKS);
    switch (what % 12) {
    case 0: come (self, whom); break;
    case 1: go (self, whom); break;
    case 2: say_hello (self, whom, bytes); break;
    case 3: say_identify (self, whom, bytes); break;
    case 4: say_body (self, whom, which, bytes); break;
    case 5: say_anything (self, whom, bytes, false); break;
    case 6: say_anything (self, whom, bytes, true); break;
    case 7: stage_pass (stage, who * 64); break;
    case 8: ask_it (self, whom, false); break;
    case 9: ask_it (self, whom, true); break;
    case 10: answer_it (self, which, bytes); break;
    default: tell_of_bulk (self, whom, which); break;
    }
}

static void
check_bounds (const void *state)
{
    const swarm_t *swarm = state;
    const census_t census = links_census (swarm->links);
    must_hold (census.greetings <= GREETINGS_MAX && census.dials <= DIALS_MAX);
    must_hold (census.kept <= swarm->settings->max_peers);
    must_hold (census.transients <= swarm->settings->max_transients);
    must_hold (flights_count (swarm->flights) <= FLIGHTS_MAX);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    static const char *const reachable[] = {"dht", NULL}, *const listeners[] = {"watcher", NULL};
    static const char *const protocols[] = {"dht/1", LANE_PROTOCOL, NULL};
    play_t self = {.asked_count = 0};
    crypto_t crypto = {.sha256 = crypto_real.sha256, .verify = verify, .transport_key = same_key};
    identity_t identity = {.key = {99}, .sign = stage_sign};
    swarm_settings_t settings;
    swarm_settings_default (&settings);
    settings.identity = &identity;
    settings.reachable = reachable;
    settings.listeners = listeners;
    settings.protocols = protocols;
    settings.bulk = true;
    settings.max_peers = 3;
    settings.max_transients = 2;
    settings.min_peers = 1;
    stage_begin (&self.stage, &swarm_actor, &settings, &crypto, on_send);
    stage_play (&self.stage, data, size, step, check_bounds);
    for (unsigned i = 0; i < 20; i++)
        stage_pass (&self.stage, 5000);
    for (unsigned i = 0; i < self.asked_count; i++)
        must_hold (!self.open[i]);
    stage_end (&self.stage);
    return 0;
}
