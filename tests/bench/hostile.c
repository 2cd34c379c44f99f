// SPDX-License-Identifier: MIT
//  Peers with valid keys that mean no good to one node, for tests/bench/hostile.py:
//
//      hostile endless MULTIADDR SECONDS COUNT           a message of 24 MB in small frames, from each
//      hostile garbage MULTIADDR SECONDS COUNT           10,000 messages a second that are none, no greeting
//      hostile requests MULTIADDR SECONDS COUNT          10,000 questions a second to the dht, in sessions
//      hostile events MULTIADDR SECONDS COUNT            10,000 announcements a second, in sessions
//      hostile deaf MULTIADDR SECONDS COUNT SHA256 CHUNKS    asks for all chunks, and reads no more
//      hostile half MULTIADDR SECONDS COUNT              in sessions, by a bulk connection: half a record
//      hostile newcomer MULTIADDR SECONDS COUNT          means no harm: one session after another; it
//                                                        says how many microseconds each took
//
//  COUNT peers at a time, and with one word more from addresses 10.78.N.M in turn; who is cut off comes
//  again with a new key. MULTIADDR ends in /p2p/PEER. It says "begun" when they are at it, and in the
//  end how much was said and how often one was cut off.
#include "actors/bulk/opening.h"
#include "actors/swarm/greeting.h"
#include "actors/swarm/identity_io.h"
#include "bulk.pb-c.h"
#include "dht.pb-c.h"
#include "gossip.pb-c.h"
#include "hex.h"
#include "multiaddr.h"
#include "runtime/host/clock.h"
#include "transfer.pb-c.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zmq.h>

#define PEERS_MAX     64u
#define RATE          10000         //  messages a second, of all peers together
#define ENDLESS_BYTES 60000u        //  of a frame, and so many frames: ZeroMQ sends nothing before it
#define ENDLESS_FRAMES 400u         //  has it all, so it has an end, beyond every bound
#define GREETING_WAIT_MS 3000
#define NEWCOMER_PAUSE_MS 20
#define BULK_RECORD_MAX 270868u     //  docs/PROTOCOL_BULK.md
#define DEAF_BUFFER   65536         //  bytes that the system takes for who reads no more

typedef struct {
    void *socket, *monitor;
    int bulk;                       //  a TCP connection; 0: none
    identity_file_t *identity;
} peer_t;

static void *context;
static multiaddr_t target;
static unsigned long said, cuts, answers;
static bool deaf, scattered;

static void
fail (const char *why)
{
    fprintf (stderr, "hostile: %s\n", why);
    exit (1);
}

//  ---- coming and going ----------------------------------------------------------------------------

static void
set_number (void *socket, int option, int value)
{
    zmq_setsockopt (socket, option, &value, sizeof value);
}

static void
come (peer_t *self)
{
    static unsigned number;
    uint8_t public_key[32], secret_key[32], server_key[32];
    char monitor_at[40], endpoint[80], from[40] = "";
    if (identity_file_borrow (&self->identity, "/nonexistent/keypair") != OK
        || crypto_sign_ed25519_pk_to_curve25519 (server_key, target.peer.bytes) != 0)
        fail ("no keys");
    identity_file_transport (self->identity, public_key, secret_key);
    snprintf (monitor_at, sizeof monitor_at, "inproc://hostile-%u", number++);
    if (scattered)
        snprintf (from, sizeof from, "10.78.%u.%u:0;", number / 250 % 250, number % 250 + 1);
    snprintf (endpoint, sizeof endpoint, "tcp://%s%u.%u.%u.%u:%u", from, target.ip[0], target.ip[1],
              target.ip[2], target.ip[3], target.port);
    self->socket = zmq_socket (context, ZMQ_DEALER);
    self->monitor = zmq_socket (context, ZMQ_PAIR);
    set_number (self->socket, ZMQ_LINGER, 0);
    set_number (self->socket, ZMQ_RECONNECT_IVL, -1);
    set_number (self->socket, ZMQ_SNDHWM, 0);
    if (deaf) {
        set_number (self->socket, ZMQ_RCVHWM, 1);
        set_number (self->socket, ZMQ_RCVBUF, DEAF_BUFFER);
    }
    zmq_setsockopt (self->socket, ZMQ_CURVE_SERVERKEY, server_key, 32);
    zmq_setsockopt (self->socket, ZMQ_CURVE_PUBLICKEY, public_key, 32);
    zmq_setsockopt (self->socket, ZMQ_CURVE_SECRETKEY, secret_key, 32);
    const int ends = ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL
                     | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;
    if (zmq_socket_monitor (self->socket, monitor_at, ends) != 0
        || zmq_connect (self->monitor, monitor_at) != 0 || zmq_connect (self->socket, endpoint) != 0)
        fail (zmq_strerror (zmq_errno ()));
}

static void
leave (peer_t *self)
{
    zmq_socket_monitor (self->socket, NULL, 0);
    zmq_close (self->monitor);
    zmq_close (self->socket);
    if (self->bulk > 0)
        close (self->bulk);
    identity_file_close (&self->identity);
}

static bool
is_cut (const peer_t *self)
{
    zmq_pollitem_t item = {self->monitor, 0, ZMQ_POLLIN, 0};
    return zmq_poll (&item, 1, 0) > 0;
}

//  ---- saying --------------------------------------------------------------------------------------

//  Two frames; nothing for a connection that has ended.
static void
send_frames (peer_t *self, const void *head, size_t head_size, const void *body, size_t body_size)
{
    if (zmq_send (self->socket, head, head_size, ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0)
        return;
    zmq_send (self->socket, body, body_size, ZMQ_DONTWAIT);
    said++;
}

static void
say (peer_t *self, Ggen__Kind kind, const char *to, const ProtobufCMessage *message)
{
    static uint64_t id;
    uint8_t head[256];
    size_t size = protobuf_c_message_get_packed_size (message);
    uint8_t *body = malloc (size + 1);
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = kind;
    envelope.id = ++id;
    envelope.from = strcmp (to, "swarm") == 0 ? "swarm" : "dht";
    envelope.to = (char *) to;
    envelope.type = (char *) message->descriptor->short_name;
    envelope.budget_ms = 10000;
    if (!body)
        fail ("no memory");
    protobuf_c_message_pack (message, body);
    send_frames (self, head, ggen__envelope__pack (&envelope, head), body, size);
    free (body);
}

//  Read a whole message; its second frame in *body, to be closed. False: none has come.
static bool
hear (peer_t *self, zmq_msg_t *body, int wait_ms)
{
    zmq_pollitem_t item = {self->socket, 0, ZMQ_POLLIN, 0};
    if (zmq_poll (&item, 1, wait_ms) <= 0)
        return false;
    zmq_msg_init (body);
    bool more = true;
    for (unsigned at = 0; more; at++) {
        zmq_msg_t other;
        zmq_msg_t *frame = at == 1 ? body : &other;
        zmq_msg_init (&other);
        if (zmq_msg_recv (frame, self->socket, 0) < 0)
            fail ("a message broke off");
        more = zmq_msg_more (frame) != 0;
        zmq_msg_close (&other);
    }
    return true;
}

//  A session as every honest node begins it. False: it was refused.
static bool
greet (peer_t *self)
{
    uint8_t nonce[GREETING_NONCE_SIZE], signature[CRYPTO_SIGNATURE_BYTES];
    zmq_msg_t heard;
    Ggen__Hello hello = GGEN__HELLO__INIT;
    randombytes_buf (nonce, sizeof nonce);
    hello.version = GREETING_VERSION;
    hello.nonce = (ProtobufCBinaryData) {sizeof nonce, nonce};
    say (self, GGEN__KIND__EVENT, "swarm", &hello.base);
    if (!hear (self, &heard, GREETING_WAIT_MS))
        return false;
    Ggen__Identify *theirs =
        ggen__identify__unpack (NULL, zmq_msg_size (&heard), zmq_msg_data (&heard));
    zmq_msg_close (&heard);
    bool known = theirs && theirs->nonce.len == GREETING_NONCE_SIZE;
    if (known) {
        Ggen__Identify identify = GGEN__IDENTIFY__INIT;
        identify.nonce = hello.nonce;
        identify.answers = theirs->nonce;
        identify.tier = GGEN__TIER__CLIENT;
        identify.protocols = (char *[]) {"bulk/1"};
        identify.n_protocols = 1;
        identify.wall_ms = clock_wall_ms ();
        known = greeting_sign (&identify, identity_file_identity (self->identity), signature);
        if (known)
            say (self, GGEN__KIND__EVENT, "swarm", &identify.base);
    }
    if (theirs)
        ggen__identify__free_unpacked (theirs, NULL);
    return known;
}

//  ---- attacks -------------------------------------------------------------------------------------

typedef struct {
    bool in_session;
    void (*begin) (peer_t *self);       //  once, for each that has come
    void (*go_on) (peer_t *self);       //  RATE times a second; NULL: that was it
} attack_t;

static uint8_t sha256[32];
static unsigned long chunks;

static void
say_without_end (peer_t *self)
{
    static const uint8_t frame[ENDLESS_BYTES];
    for (unsigned i = 0; i < ENDLESS_FRAMES; i++)
        zmq_send (self->socket, frame, sizeof frame,
                  ZMQ_DONTWAIT | (i + 1 < ENDLESS_FRAMES ? ZMQ_SNDMORE : 0));
    said++;
}

static void
say_garbage (peer_t *self)
{
    uint8_t bytes[100];
    randombytes_buf (bytes, sizeof bytes);
    send_frames (self, bytes, sizeof bytes / 2, bytes, sizeof bytes);
}

static void
ask_dht (peer_t *self)
{
    uint8_t key[32];
    zmq_msg_t heard;
    Ggen__FindNodeRequest request = GGEN__FIND_NODE_REQUEST__INIT;
    randombytes_buf (key, sizeof key);
    request.target = (ProtobufCBinaryData) {sizeof key, key};
    say (self, GGEN__KIND__REQUEST, "dht", &request.base);
    for (; hear (self, &heard, 0); answers++)
        zmq_msg_close (&heard);
}

static void
announce (peer_t *self)
{
    uint8_t bytes[150];
    Ggen__GossipFrame frame = GGEN__GOSSIP_FRAME__INIT;
    ProtobufCBinaryData body = {sizeof bytes, bytes};
    randombytes_buf (bytes, sizeof bytes);
    frame.announcements = &body;
    frame.n_announcements = 1;
    say (self, GGEN__KIND__EVENT, "gossip", &frame.base);
}

static void
ask_for_all (peer_t *self)
{
    Ggen__ChunkRequest request = GGEN__CHUNK_REQUEST__INIT;
    request.sha256 = (ProtobufCBinaryData) {sizeof sha256, sha256};
    for (request.chunk = 0; request.chunk < chunks; request.chunk++)
        say (self, GGEN__KIND__REQUEST, "transfer", &request.base);
}

//  The offer that answers our wish; NULL: none has come.
static Ggen__BulkOffer *
hear_offer (peer_t *self)
{
    const int64_t until_ms = clock_ms () + GREETING_WAIT_MS;
    Ggen__BulkWanted wanted = GGEN__BULK_WANTED__INIT;
    zmq_msg_t heard;
    say (self, GGEN__KIND__EVENT, "swarm", &wanted.base);
    while (clock_ms () < until_ms && hear (self, &heard, GREETING_WAIT_MS)) {
        Ggen__BulkOffer *offer =
            ggen__bulk_offer__unpack (NULL, zmq_msg_size (&heard), zmq_msg_data (&heard));
        zmq_msg_close (&heard);
        if (offer && offer->token.len == OPENING_TOKEN_BYTES && offer->key.len == OPENING_KEY_BYTES)
            return offer;
        if (offer)
            ggen__bulk_offer__free_unpacked (offer, NULL);
    }
    return NULL;
}

//  A connection with the proof that it is ours, then half of the largest record.
static void
say_half (peer_t *self)
{
    static const uint8_t record[BULK_RECORD_MAX / 2] = {BULK_RECORD_MAX & 255, BULK_RECORD_MAX >> 8 & 255,
                                                        BULK_RECORD_MAX >> 16};
    uint8_t secret[OPENING_SECRET_BYTES], opening[OPENING_BYTES], answer[OPENING_ANSWER_BYTES];
    seals_t seals = {0};
    Ggen__BulkOffer *offer = hear_offer (self);
    if (!offer)
        return;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons ((uint16_t) offer->port)};
    memcpy (&to.sin_addr, target.ip, sizeof to.sin_addr);
    randombytes_buf (secret, sizeof secret);
    self->bulk = socket (AF_INET, SOCK_STREAM, 0);
    if (opening_write (offer->token.data, offer->key.data, secret, SEAL_AES_256_GCM, opening, &seals) == OK
        && connect (self->bulk, (struct sockaddr *) &to, sizeof to) == 0
        && write (self->bulk, opening, sizeof opening) == sizeof opening
        && recv (self->bulk, answer, sizeof answer, MSG_WAITALL) == sizeof answer
        && write (self->bulk, record, sizeof record) == sizeof record)
        said++;
    seals_clear (&seals);
    ggen__bulk_offer__free_unpacked (offer, NULL);
}

static const struct {
    const char *name;
    attack_t attack;
} attacks[] = {{"endless", {false, say_without_end, NULL}},
               {"garbage", {false, NULL, say_garbage}},
               {"requests", {true, NULL, ask_dht}},
               {"events", {true, NULL, announce}},
               {"deaf", {true, ask_for_all, NULL}},
               {"half", {true, say_half, NULL}}};

//  One session after another, for so long: what each takes.
static int
come_and_go (int64_t for_ms)
{
    const int64_t until_ms = clock_ms () + for_ms;
    while (clock_ms () < until_ms) {
        peer_t peer = {0};
        const uint64_t began_us = clock_us ();
        come (&peer);
        if (greet (&peer))
            printf ("%" PRIu64 "\n", clock_us () - began_us);
        else
            printf ("refused\n");
        leave (&peer);
        zmq_poll (NULL, 0, NEWCOMER_PAUSE_MS);
    }
    zmq_ctx_term (context);
    return 0;
}

static bool
start (peer_t *self, const attack_t *attack)
{
    come (self);
    if (attack->in_session && !greet (self)) {
        leave (self);
        return false;
    }
    if (attack->begin)
        attack->begin (self);
    return true;
}

//  Who is cut off comes again.
static void
renew (peer_t *peers, unsigned count, const attack_t *attack)
{
    for (unsigned i = 0; i < count; i++) {
        if (peers[i].socket && !is_cut (&peers[i]))
            continue;
        if (peers[i].socket)
            leave (&peers[i]);
        cuts++;
        peers[i] = (peer_t) {0};
        if (!start (&peers[i], attack))
            peers[i] = (peer_t) {0};
    }
}

static void
run (peer_t *peers, unsigned count, const attack_t *attack, int64_t for_ms)
{
    int64_t began_ms = clock_ms (), now_ms;
    long turns = 0;
    for (unsigned i = 0; i < count; i++)
        if (!start (&peers[i], attack))
            peers[i] = (peer_t) {0};
    printf ("begun\n");
    fflush (stdout);
    for (int64_t renewed_ms = 0; (now_ms = clock_ms ()) < began_ms + for_ms;) {
        if (now_ms - renewed_ms >= 20) {
            renew (peers, count, attack);
            renewed_ms = now_ms;
        }
        for (; attack->go_on && turns < (now_ms - began_ms) * RATE / 1000; turns++)
            if (peers[(unsigned) turns % count].socket)
                attack->go_on (&peers[(unsigned) turns % count]);
        zmq_poll (NULL, 0, 1);
    }
    for (unsigned i = 0; i < count; i++)
        if (peers[i].socket)
            leave (&peers[i]);
}

int
main (int argc, char **argv)
{
    static peer_t peers[PEERS_MAX];
    char why[200];
    const attack_t *attack = NULL;
    for (unsigned i = 0; argc >= 5 && i < COUNT_OF (attacks); i++)
        if (strcmp (argv[1], attacks[i].name) == 0)
            attack = &attacks[i].attack;
    const bool newcomer = argc >= 5 && strcmp (argv[1], "newcomer") == 0;
    if (!attack && !newcomer) {
        fputs ("usage: hostile ATTACK MULTIADDR SECONDS COUNT [SHA256 CHUNKS] [scattered]\n", stderr);
        return 2;
    }
    if (sodium_init () < 0 || multiaddr_parse (&target, argv[2], why, sizeof why) != OK
        || target.kind != MULTIADDR_IP4 || !target.has_peer)
        fail ("no address of a node");
    if (newcomer) {
        context = zmq_ctx_new ();
        return come_and_go ((int64_t) (1000 * atof (argv[3])));
    }
    deaf = attack->begin == ask_for_all;
    if (deaf && (argc < 7 || hex_decode (sha256, sizeof sha256, argv[5]) != OK))
        fail ("no digest");
    scattered = argc == (deaf ? 8 : 6);
    chunks = deaf ? strtoul (argv[6], NULL, 10) : 0;
    unsigned long count = strtoul (argv[4], NULL, 10);
    context = zmq_ctx_new ();
    run (peers, count < 1 || count > PEERS_MAX ? 1 : (unsigned) count, attack,
         (int64_t) (1000 * atof (argv[3])));
    printf ("%lu messages, %lu answers, cut %lu times\n", said, answers, cuts);
    zmq_ctx_term (context);
    return 0;
}
