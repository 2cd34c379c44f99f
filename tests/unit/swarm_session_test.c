// SPDX-License-Identifier: MIT
//  How a session begins, which of two stays, and how it ends.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/swarm_world.h"

#define NO_BYTES ((bytes_t) {NULL, 0})

static int
teardown (void **state)
{
    (void) state;
    world_clear ();
    return 0;
}

//  ---- somebody whose words the test writes ------------------------------------------------------

typedef struct {
    node_t *node;               //  whom it talks to
    uint64_t number;
    peer_key_t key;
    uint8_t secret[crypto_sign_SECRETKEYBYTES];
    uint8_t transport_key[CRYPTO_KEY_BYTES];
    uint8_t nonce[GREETING_NONCE_SIZE];
    uint8_t answers[GREETING_NONCE_SIZE];
} stranger_t;

static void
come_in_from (stranger_t *self, node_t *node, uint8_t seed_byte, const multiaddr_t *address)
{
    uint8_t seed[crypto_sign_SEEDBYTES] = {seed_byte, 1};
    *self = (stranger_t) {.node = node, .nonce = {9}};
    self->number = world.inbound_number += 2;
    crypto_sign_seed_keypair (self->key.bytes, self->secret, seed);
    assert_true (crypto_real.transport_key (self->key.bytes, self->transport_key));
    uint8_t bytes[MULTIADDR_SIZE_MAX];
    Ggen__LinkUp up = GGEN__LINK_UP__INIT;
    up.link = self->number;
    up.inbound = true;
    up.transport_key = (ProtobufCBinaryData) {CRYPTO_KEY_BYTES, self->transport_key};
    up.address = (ProtobufCBinaryData) {multiaddr_encode (address, bytes), bytes};
    world_link_says (node->number, &up.base, NO_BYTES, 0);
    world_run (0);
}

static void
come_in (stranger_t *self, node_t *node, uint8_t seed_byte, uint8_t last_of_ip)
{
    const multiaddr_t address = {
        .kind = MULTIADDR_IP4, .ip = {80, 0, 0, last_of_ip}, .port = 5000};
    come_in_from (self, node, seed_byte, &address);
}

static void
say_bytes (const stranger_t *self, const char *type, bytes_t body)
{
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    uint8_t packed[512];
    envelope.kind = GGEN__KIND__EVENT;
    envelope.from = envelope.to = "swarm";
    envelope.type = (char *) type;
    Ggen__LinkReceived received = GGEN__LINK_RECEIVED__INIT;
    received.link = self->number;
    received.envelope = (ProtobufCBinaryData) {ggen__envelope__pack (&envelope, packed), packed};
    received.body = (ProtobufCBinaryData) {body.size, (uint8_t *) body.data};
    world_link_says (self->node->number, &received.base, NO_BYTES, 0);
    world_run (0);
}

static void
say (const stranger_t *self, const ProtobufCMessage *message)
{
    size_t size;
    uint8_t *body = world_pack (message, &size);
    say_bytes (self, message->descriptor->short_name, (bytes_t) {body, size});
    free (body);
}

//  The type of the last that was said to it; its body in *note, which world_clear frees.
static const char *
heard (const note_t **note)
{
    static char type[64];
    assert_true (world.said_count > 0);
    *note = &world.said[world.said_count - 1];
    Ggen__Envelope *envelope =
        ggen__envelope__unpack (NULL, (*note)->envelope_size, (*note)->envelope);
    assert_non_null (envelope);
    snprintf (type, sizeof type, "%s", envelope->type);
    ggen__envelope__free_unpacked (envelope, NULL);
    return type;
}

static void
say_hello (stranger_t *self, uint32_t version)
{
    Ggen__Hello hello = GGEN__HELLO__INIT;
    hello.version = version;
    hello.nonce = (ProtobufCBinaryData) {sizeof self->nonce, self->nonce};
    say (self, &hello.base);
    const note_t *note;
    if (world.said_count == 0 || strcmp (heard (&note), "Identify") != 0)
        return;
    Ggen__Identify *identify = ggen__identify__unpack (NULL, note->body_size, note->body);
    assert_non_null (identify);
    assert_memory_equal (identify->answers.data, self->nonce, sizeof self->nonce);
    memcpy (self->answers, identify->nonce.data, sizeof self->answers);
    ggen__identify__free_unpacked (identify, NULL);
}

static void
sign_and_say (const stranger_t *self, Ggen__Identify *identify)
{
    uint8_t signature[CRYPTO_SIGNATURE_BYTES], bytes[4096] = "ggen identify 1";
    identify->signature = (ProtobufCBinaryData) {0, NULL};
    size_t size = 16 + ggen__identify__pack (identify, bytes + 16);
    crypto_sign_detached (signature, NULL, bytes, size, self->secret);
    identify->signature = (ProtobufCBinaryData) {sizeof signature, signature};
    say (self, &identify->base);
}

static Ggen__Identify
identify_of (stranger_t *self)
{
    Ggen__Identify identify = GGEN__IDENTIFY__INIT;
    identify.peer_key = peer_key_to_field (&self->key);
    identify.nonce = (ProtobufCBinaryData) {sizeof self->nonce, self->nonce};
    identify.answers = (ProtobufCBinaryData) {sizeof self->answers, self->answers};
    identify.tier = GGEN__TIER__COMMUNITY;
    identify.wall_ms = world_wall_ms (self->node);
    return identify;
}

static node_t *
lone_node (void)
{
    node_t *node = world_node (10);
    world_start (node);
    return node;
}

static unsigned
sessions (const node_t *node)
{
    census_t census = links_census (world_swarm (node)->links);
    return census.kept + census.transients;
}

//  ---- the handshake -----------------------------------------------------------------------------

static void
both_sides_learn_who_the_other_is (void **state)
{
    (void) state;
    node_t *a = world_node (10), *b = world_node (20);
    b->wall_offset_ms = 5000;
    world_start (a);
    world_start (b);
    world_ask (a, b, "dht");
    world_run (200);
    note_t note;
    Ggen__Envelope *envelope;
    assert_true (world_take (a, "watcher", "PeerUp", &note, &envelope));
    Ggen__PeerUp *up = ggen__peer_up__unpack (NULL, note.body_size, note.body);
    assert_memory_equal (up->peer_key.data, b->key.bytes, PEER_KEY_SIZE);
    assert_int_equal (up->n_addresses, 1);
    assert_memory_equal (up->addresses[0].data, b->listens.data, b->listens.size);
    assert_int_equal (up->seen.len, b->listens.size);
    assert_memory_equal (up->seen.data, b->listens.data, b->listens.size);
    assert_int_equal (up->n_protocols, 3);
    assert_string_equal (up->protocols[1], "gossip/1");
    assert_int_equal (up->tier, GGEN__TIER__COMMUNITY);
    assert_false (up->inbound);
    assert_false (up->kept);
    assert_in_range (up->skew_ms, 4900, 5100);
    ggen__peer_up__free_unpacked (up, NULL);
    ggen__envelope__free_unpacked (envelope, NULL);
    note_free (&note);
    assert_true (world_take (b, "watcher", "PeerUp", &note, &envelope));
    up = ggen__peer_up__unpack (NULL, note.body_size, note.body);
    assert_memory_equal (up->peer_key.data, a->key.bytes, PEER_KEY_SIZE);
    assert_true (up->inbound);
    assert_true (up->seen.len > 0);
    assert_in_range (-up->skew_ms, 4900, 5100);
    ggen__peer_up__free_unpacked (up, NULL);
    ggen__envelope__free_unpacked (envelope, NULL);
    note_free (&note);
}

static void
a_stranger_who_says_all_right_gets_in (void **state)
{
    (void) state;
    node_t *node = lone_node ();
    stranger_t stranger;
    come_in (&stranger, node, 1, 1);
    say_hello (&stranger, 1);
    Ggen__Identify identify = identify_of (&stranger);
    sign_and_say (&stranger, &identify);
    assert_int_equal (sessions (node), 1);
}

static void
an_address_without_ip_stands_for_the_one_we_see (void **state)
{
    (void) state;
    node_t *node = lone_node ();
    stranger_t stranger;
    come_in (&stranger, node, 1, 7);
    say_hello (&stranger, 1);
    Ggen__Identify identify = identify_of (&stranger);
    uint8_t bytes[MULTIADDR_SIZE_MAX];
    multiaddr_t address = {.kind = MULTIADDR_IP4, .port = 4001};
    ProtobufCBinaryData fields[2] = {{multiaddr_encode (&address, bytes), bytes},
                                     {3, (uint8_t *) "abc"}};
    identify.addresses = fields;
    identify.n_addresses = 2;
    sign_and_say (&stranger, &identify);
    note_t note;
    Ggen__Envelope *envelope;
    assert_true (world_take (node, "watcher", "PeerUp", &note, &envelope));
    Ggen__PeerUp *up = ggen__peer_up__unpack (NULL, note.body_size, note.body);
    assert_int_equal (up->n_addresses, 1);
    assert_int_equal (
        multiaddr_decode (&address, (bytes_t) {up->addresses[0].data, up->addresses[0].len}), OK);
    assert_memory_equal (address.ip, ((uint8_t[]) {80, 0, 0, 7}), 4);
    assert_int_equal (address.port, 4001);
    ggen__peer_up__free_unpacked (up, NULL);
    ggen__envelope__free_unpacked (envelope, NULL);
    note_free (&note);
}

//  Say Hello, then this Identify: it must end the link, and nobody gets in.
static void
assert_kept_out (stranger_t *stranger, Ggen__Identify *identify, bool sign)
{
    if (sign)
        sign_and_say (stranger, identify);
    else
        say (stranger, &identify->base);
    assert_int_equal (sessions (stranger->node), 0);
    assert_int_equal (links_count (world_swarm (stranger->node)->links), 0);
    assert_true (world.closed == stranger->number);
    const note_t *note;
    assert_string_equal (heard (&note), "Goodbye");
    assert_int_equal (stranger->node->notes_count, 0);
}

static void
whoever_does_not_prove_who_it_is_stays_out (void **state)
{
    (void) state;
    node_t *node = lone_node ();
    stranger_t stranger, other;
    come_in (&other, node, 2, 2);
    for (unsigned wrong = 0; wrong < 8; wrong++) {
        come_in (&stranger, node, 1, 1);
        say_hello (&stranger, 1);
        Ggen__Identify identify = identify_of (&stranger);
        uint8_t signature[CRYPTO_SIGNATURE_BYTES] = {1};
        links_t *links = world_swarm (node)->links;
        link_t *first = links_find (links, other.number);
        if (first)
            links_remove (links, &first);
        switch (wrong) {
        case 0:                             //  a signature that does not hold
            identify.signature = (ProtobufCBinaryData) {sizeof signature, signature};
            assert_kept_out (&stranger, &identify, false);
            break;
        case 1:                             //  none
            assert_kept_out (&stranger, &identify, false);
            break;
        case 2:                             //  a nonce that is not ours
            stranger.answers[0] ^= 1;
            assert_kept_out (&stranger, &identify, true);
            break;
        case 3:                             //  another nonce than that of Hello
            stranger.nonce[5] = 1;
            assert_kept_out (&stranger, &identify, true);
            break;
        case 4:                             //  a key that the link has not proven
            stranger.key = other.key;
            memcpy (stranger.secret, other.secret, sizeof other.secret);
            assert_kept_out (&stranger, &identify, true);
            break;
        case 5:                             //  the name of this node itself
            identify.peer_key = peer_key_to_field (&node->key);
            assert_kept_out (&stranger, &identify, true);
            break;
        case 6:                             //  keys and nonces of another size
            identify.peer_key.len = 31;
            assert_kept_out (&stranger, &identify, true);
            break;
        default:
            identify.answers.len = 0;
            assert_kept_out (&stranger, &identify, true);
            break;
        }
    }
}

static void
who_is_banned_in_the_middle_of_a_handshake_stays_out (void **state)
{
    (void) state;
    node_t *node = lone_node ();
    stranger_t stranger;
    come_in (&stranger, node, 1, 1);
    say_hello (&stranger, 1);
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    Ggen__BanOrder order = GGEN__BAN_ORDER__INIT;
    envelope.kind = GGEN__KIND__EVENT;
    order.peer_key = peer_key_to_field (&stranger.key);
    order.secs = 100;
    world_say (node, "reputation", "swarm", &envelope, &order.base, (bytes_t) {NULL, 0});
    Ggen__Identify identify = identify_of (&stranger);
    assert_kept_out (&stranger, &identify, true);
    assert_int_equal (world_swarm (node)->refused_banned, 1);
}

static void
an_identify_is_good_only_once (void **state)
{
    (void) state;
    node_t *node = lone_node ();
    stranger_t stranger;
    come_in (&stranger, node, 1, 1);
    say_hello (&stranger, 1);
    uint8_t first[GREETING_NONCE_SIZE];
    memcpy (first, stranger.answers, sizeof first);
    come_in (&stranger, node, 1, 1);
    say_hello (&stranger, 1);
    assert_memory_not_equal (first, stranger.answers, sizeof first);
    memcpy (stranger.answers, first, sizeof first);
    Ggen__Identify identify = identify_of (&stranger);
    sign_and_say (&stranger, &identify);
    assert_int_equal (sessions (node), 0);
}

static void
words_out_of_turn_end_the_link (void **state)
{
    (void) state;
    node_t *node = lone_node ();
    stranger_t stranger;
    come_in (&stranger, node, 1, 1);
    Ggen__Identify identify = identify_of (&stranger);
    sign_and_say (&stranger, &identify);
    assert_int_equal (links_count (world_swarm (node)->links), 0);
    //  Nonces that nobody has given
    come_in (&stranger, node, 1, 1);
    memset (stranger.nonce, 0, sizeof stranger.nonce);
    memset (stranger.answers, 0, sizeof stranger.answers);
    identify = identify_of (&stranger);
    sign_and_say (&stranger, &identify);
    assert_int_equal (links_count (world_swarm (node)->links), 0);
    come_in (&stranger, node, 1, 1);
    say_hello (&stranger, 1);
    say_hello (&stranger, 1);
    assert_int_equal (links_count (world_swarm (node)->links), 0);
    come_in (&stranger, node, 1, 1);
    say_bytes (&stranger, "Hello", (bytes_t) {(const uint8_t *) "\xFF\xFF", 2});
    assert_int_equal (links_count (world_swarm (node)->links), 0);
    come_in (&stranger, node, 1, 1);
    say_bytes (&stranger, "SessionUpdate", NO_BYTES);
    assert_int_equal (links_count (world_swarm (node)->links), 0);
}

static void
another_version_is_refused_politely (void **state)
{
    (void) state;
    node_t *node = lone_node ();
    stranger_t stranger;
    come_in (&stranger, node, 1, 1);
    say_hello (&stranger, 2);
    const note_t *note;
    assert_string_equal (heard (&note), "Goodbye");
    Ggen__Goodbye *goodbye = ggen__goodbye__unpack (NULL, note->body_size, note->body);
    assert_int_equal (goodbye->code, FEATURE_NOT_ENABLED);
    assert_string_equal (goodbye->reason, "version 2 is not spoken here, 1 is");
    ggen__goodbye__free_unpacked (goodbye, NULL);
    assert_true (world.closed == stranger.number);
}

static void
silence_ends_after_two_seconds (void **state)
{
    (void) state;
    node_t *node = lone_node ();
    stranger_t stranger;
    come_in (&stranger, node, 1, 1);
    world_run (1000);
    say_hello (&stranger, 1);
    world_run (GREETING_MS - 1001);
    assert_int_equal (links_count (world_swarm (node)->links), 1);
    world_run (1);
    assert_int_equal (links_count (world_swarm (node)->links), 0);
    assert_true (world.closed == stranger.number);
}

static void
nothing_passes_before_and_after_a_session (void **state)
{
    (void) state;
    node_t *a, *b;
    world_pair (&a, &b);
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    uint8_t packed[256];
    envelope.kind = GGEN__KIND__REQUEST;
    envelope.id = 5;
    envelope.from = envelope.to = "dht";
    envelope.type = "FindNodeRequest";
    Ggen__LinkReceived received = GGEN__LINK_RECEIVED__INIT;
    received.envelope = (ProtobufCBinaryData) {ggen__envelope__pack (&envelope, packed), packed};
    stranger_t stranger;
    come_in (&stranger, a, 1, 1);
    received.link = stranger.number;
    world_link_says (0, &received.base, NO_BYTES, 0);
    say_hello (&stranger, 1);
    world_link_says (0, &received.base, NO_BYTES, 0);
    envelope.kind = GGEN__KIND__EVENT;
    received.envelope.len = ggen__envelope__pack (&envelope, packed);
    world_link_says (0, &received.base, NO_BYTES, 0);
    world_run (0);
    assert_int_equal (a->notes_count, 0);
    assert_non_null (links_find (world_swarm (a)->links, stranger.number));
    received.link = world_session (a, b)->number;
    world_cut (0, 1);
    world_run (0);
    world_forget ();
    world_link_says (0, &received.base, NO_BYTES, 0);
    world_run (0);
    assert_int_equal (a->notes_count, 0);
    assert_true (world.closed == received.link);
}

static void
five_strangers_of_one_address_may_wait_at_the_door (void **state)
{
    (void) state;
    node_t *node = lone_node ();
    stranger_t strangers[STRANGERS_MAX], one_more;
    for (uint8_t i = 0; i < STRANGERS_MAX; i++)
        come_in (&strangers[i], node, i, 1);
    come_in (&one_more, node, 99, 1);
    assert_true (world.closed == one_more.number);
    come_in (&one_more, node, 99, 2);
    assert_true (world.closed != one_more.number);
    say_hello (&strangers[0], 1);
    Ggen__Identify identify = identify_of (&strangers[0]);
    sign_and_say (&strangers[0], &identify);
    assert_int_equal (sessions (node), 1);
    come_in (&one_more, node, 99, 1);
    assert_true (world.closed != one_more.number);
    assert_int_equal (links_count (world_swarm (node)->links), STRANGERS_MAX + 2);
}

static void
a_64_of_ipv6_counts_as_one_address (void **state)
{
    (void) state;
    node_t *node = lone_node ();
    stranger_t strangers[STRANGERS_MAX], one_more;
    multiaddr_t address = {.kind = MULTIADDR_IP6, .ip = {0x2A, 1}, .port = 5000};
    for (uint8_t i = 0; i < STRANGERS_MAX; i++) {
        address.ip[8 + i] = 7;
        come_in_from (&strangers[i], node, i, &address);
        assert_true (world.closed != strangers[i].number);
    }
    address.ip[15] = 9;
    come_in_from (&one_more, node, 99, &address);
    assert_true (world.closed == one_more.number);
    address.ip[7] = 1;
    come_in_from (&one_more, node, 99, &address);
    assert_true (world.closed != one_more.number);
}

//  ---- two links ---------------------------------------------------------------------------------

static void
when_both_dial_at_once_one_link_stays_and_nothing_is_lost (void **state)
{
    (void) state;
    for (unsigned head_start = 0; head_start <= 60; head_start += 5) {
        node_t *a = world_node (10), *b = world_node (10);
        world_start (a);
        world_start (b);
        bool swap = head_start % 2;
        world_ask (swap ? b : a, swap ? a : b, "dht");
        world_run (head_start);
        world_ask (swap ? a : b, swap ? b : a, "dht");
        world_run (100);
        assert_true (world_answer (a, "dht") && world_answer (b, "dht"));
        world_run (100);
        assert_int_equal (world_count (a, "dht", "FindNodeReply"), 1);
        assert_int_equal (world_count (b, "dht", "FindNodeReply"), 1);
        assert_int_equal (world_count (a, "watcher", "PeerUp"), 1);
        assert_int_equal (world_count (b, "watcher", "PeerUp"), 1);
        world_run (DRAINING_MS + 100);
        assert_int_equal (a->notes_count + b->notes_count, 0);
        assert_int_equal (world_open (0, 1), 1);
        assert_int_equal (links_count (world_swarm (a)->links), 1);
        assert_int_equal (links_count (world_swarm (b)->links), 1);
        world_ask (a, b, "dht");
        world_run (50);
        assert_true (world_answer (b, "dht"));
        world_clear ();
    }
}

static void
the_link_dialled_by_the_smaller_key_stays (void **state)
{
    (void) state;
    for (unsigned first = 0; first < 2; first++) {
        node_t *a = world_node (10), *b = world_node (10);
        world_start (a);
        world_start (b);
        world_ask (first ? b : a, first ? a : b, "dht");
        world_run (5);
        world_ask (first ? a : b, first ? b : a, "dht");
        world_run (DRAINING_MS + 200);
        bool a_is_smaller = memcmp (a->key.bytes, b->key.bytes, PEER_KEY_SIZE) < 0;
        assert_int_equal (world.wires_count, 2);
        assert_int_equal (world_session (a, b)->inbound, !a_is_smaller);
        assert_int_equal (world_session (b, a)->inbound, a_is_smaller);
        world_clear ();
    }
}

static void
the_link_that_goes_ends_with_the_session (void **state)
{
    (void) state;
    node_t *a = world_node (10), *b = world_node (10);
    world_start (a);
    world_start (b);
    world_ask (a, b, "dht");
    world_run (5);
    world_ask (b, a, "dht");
    world_run (100);
    assert_int_equal (world.wires_count, 2);
    assert_int_equal (links_count (world_swarm (a)->links), 2);
    links_t *links = world_swarm (a)->links;
    uint64_t stays = world_session (a, b)->number, goes = 0;
    uint32_t cursor = 0;
    const link_t *link;
    while ((link = links_next (links, &cursor)) != NULL)
        if (link->state == LINK_DRAINING)
            goes = link->number;
    assert_true (goes != 0);
    world_down (0, stays, NETWORK, 0);
    Ggen__LinkReceived received = GGEN__LINK_RECEIVED__INIT;
    received.link = goes;
    world_link_says (0, &received.base, NO_BYTES, 0);
    world_run (0);
    assert_int_equal (links_count (links), 0);
    assert_int_equal (world_count (a, "watcher", "PeerDown"), 1);
}

static void
a_node_does_not_talk_to_itself (void **state)
{
    (void) state;
    node_t *a = lone_node ();
    Ggen__ConnectRequest request = GGEN__CONNECT_REQUEST__INIT;
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__REQUEST;
    envelope.budget_ms = 20000;
    request.address = (ProtobufCBinaryData) {a->listens.size, (uint8_t *) a->listens.data};
    world_say (a, "dht", "swarm", &envelope, &request.base, NO_BYTES);
    world_run (200);
    assert_int_equal (world_failure (a, 0), CONNECTION_FAILED);
    assert_int_equal (world_count (a, "watcher", "PeerUp"), 0);
    assert_int_equal (links_count (world_swarm (a)->links), 0);
}

static void
a_peer_that_began_anew_gets_a_new_session (void **state)
{
    (void) state;
    node_t *a, *b;
    world_pair (&a, &b);
    world_run (YOUNG_MS + 1);
    uint64_t id = world_ask (a, b, "dht");
    for (unsigned i = 0; i < world.wires_count; i++)
        world.wires[i].open[1] = false;     //  b forgets; a does not hear of it
    actor_destroy (&b->actor);
    world_start (b);
    world_ask (b, a, "dht");
    world_run (100);
    assert_int_equal (world_failure (a, id), CONNECTION_FAILED);
    assert_int_equal (world_count (a, "watcher", "PeerDown"), 1);
    assert_int_equal (world_count (a, "watcher", "PeerUp"), 1);
    assert_true (world_answer (a, "dht"));
    world_run (100);
    assert_int_equal (world_count (b, "dht", "FindNodeReply"), 1);
}

//  ---- ends --------------------------------------------------------------------------------------

static void
a_session_for_one_lookup_ends_when_idle (void **state)
{
    (void) state;
    node_t *a, *b;
    world_pair (&a, &b);
    world_run (IDLE_MS / 2);
    world_ask (a, b, "dht");
    world_run (100);
    assert_true (world_answer (b, "dht"));
    world_run (IDLE_MS / 2 + 100);
    assert_non_null (world_session (a, b));
    world_run (IDLE_MS);
    assert_null (world_session (a, b));
    assert_null (world_session (b, a));
    assert_int_equal (world_count (a, "watcher", "PeerDown"), 1);
    assert_int_equal (world_count (b, "watcher", "PeerDown"), 1);
    assert_int_equal (world_open (0, 1), 0);
    assert_int_equal (links_count (world_swarm (a)->links), 0);
    assert_true (actor_deadline_ms (a->actor) == DEADLINE_NEVER);
}

static void
when_all_places_are_taken_the_idlest_goes (void **state)
{
    (void) state;
    node_t *a = world_node (10);
    a->settings.max_transients = 2;
    world_start (a);
    node_t *peers[4];
    for (unsigned i = 0; i < COUNT_OF (peers); i++) {
        peers[i] = world_node (20);
        world_start (peers[i]);
        world_ask (a, peers[i], "dht");
        world_run (100);
        if (i != 0)
            assert_true (world_answer (peers[i], "dht"));
        world_run (EVICT_IDLE_MS);
    }
    assert_int_equal (sessions (a), 2);
    assert_non_null (world_session (a, peers[0]));      //  it waits for an answer
    assert_null (world_session (a, peers[1]));
    assert_null (world_session (a, peers[2]));
    assert_null (world_session (peers[1], a));
}

static void
a_refusal_for_want_of_room_is_told_to_the_asker (void **state)
{
    (void) state;
    node_t *a = world_node (10), *b = world_node (10);
    b->settings.max_transients = 0;
    world_start (a);
    world_start (b);
    uint64_t id = world_ask (a, b, "dht");
    world_run (200);
    assert_int_equal (world_failure (a, id), BUSY);
    assert_int_equal (sessions (a) + sessions (b), 0);
    assert_int_equal (world_swarm (b)->refused_full, 1);
    assert_int_equal (world_count (a, "watcher", "PeerUp"), 0);
}

static void
what_is_asked_while_the_other_side_says_goodbye_is_still_answered (void **state)
{
    (void) state;
    node_t *a, *b;
    world_pair (&a, &b);
    world_run (YOUNG_MS + 1);
    Ggen__DisconnectRequest request = GGEN__DISCONNECT_REQUEST__INIT;
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__EVENT;
    uint64_t id = world_ask (a, b, "dht");
    world_say (b, "client-1", "swarm", &envelope, &request.base, NO_BYTES);
    assert_int_equal (world_count (b, "watcher", "PeerDown"), 1);
    world_run (50);
    assert_int_equal (world_count (a, "watcher", "PeerDown"), 1);
    assert_null (world_session (a, b));
    uint64_t other = world_ask (a, b, "gossip");
    world_run (100);
    assert_int_equal (world_count (a, "watcher", "PeerUp"), 1);
    assert_true (world_answer (b, "dht") && world_answer (b, "gossip"));
    world_run (100);
    note_t note;
    Ggen__Envelope *answer;
    for (unsigned i = 0; i < 2; i++) {
        assert_true (world_take (a, "dht", "FindNodeReply", &note, &answer));
        assert_true (answer->id == id || answer->id == other);
        ggen__envelope__free_unpacked (answer, NULL);
        note_free (&note);
    }
    world_run (LEAVING_MS);
    assert_int_equal (links_count (world_swarm (a)->links), 1);
    assert_int_equal (links_count (world_swarm (b)->links), 1);
    assert_int_equal (world_open (0, 1), 1);
}

static void
what_is_not_answered_soon_after_a_goodbye_fails (void **state)
{
    (void) state;
    node_t *a, *b;
    world_pair (&a, &b);
    Ggen__DisconnectRequest request = GGEN__DISCONNECT_REQUEST__INIT;
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__EVENT;
    uint64_t id = world_ask (a, b, "dht");
    world_say (b, "client-1", "swarm", &envelope, &request.base, NO_BYTES);
    world_run (LEAVING_MS - 100);
    assert_int_equal (world_failure (a, id), OK);
    world_run (200);
    assert_int_equal (world_failure (a, id), CONNECTION_FAILED);
    assert_int_equal (links_count (world_swarm (a)->links), 0);
    assert_int_equal (links_count (world_swarm (b)->links), 0);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown (both_sides_learn_who_the_other_is, teardown),
        cmocka_unit_test_teardown (a_stranger_who_says_all_right_gets_in, teardown),
        cmocka_unit_test_teardown (an_address_without_ip_stands_for_the_one_we_see, teardown),
        cmocka_unit_test_teardown (whoever_does_not_prove_who_it_is_stays_out, teardown),
        cmocka_unit_test_teardown (who_is_banned_in_the_middle_of_a_handshake_stays_out, teardown),
        cmocka_unit_test_teardown (an_identify_is_good_only_once, teardown),
        cmocka_unit_test_teardown (words_out_of_turn_end_the_link, teardown),
        cmocka_unit_test_teardown (another_version_is_refused_politely, teardown),
        cmocka_unit_test_teardown (silence_ends_after_two_seconds, teardown),
        cmocka_unit_test_teardown (nothing_passes_before_and_after_a_session, teardown),
        cmocka_unit_test_teardown (five_strangers_of_one_address_may_wait_at_the_door, teardown),
        cmocka_unit_test_teardown (a_64_of_ipv6_counts_as_one_address, teardown),
        cmocka_unit_test_teardown (when_both_dial_at_once_one_link_stays_and_nothing_is_lost,
                                   teardown),
        cmocka_unit_test_teardown (the_link_dialled_by_the_smaller_key_stays, teardown),
        cmocka_unit_test_teardown (the_link_that_goes_ends_with_the_session, teardown),
        cmocka_unit_test_teardown (a_node_does_not_talk_to_itself, teardown),
        cmocka_unit_test_teardown (a_peer_that_began_anew_gets_a_new_session, teardown),
        cmocka_unit_test_teardown (a_session_for_one_lookup_ends_when_idle, teardown),
        cmocka_unit_test_teardown (when_all_places_are_taken_the_idlest_goes, teardown),
        cmocka_unit_test_teardown (a_refusal_for_want_of_room_is_told_to_the_asker, teardown),
        cmocka_unit_test_teardown (
            what_is_asked_while_the_other_side_says_goodbye_is_still_answered, teardown),
        cmocka_unit_test_teardown (what_is_not_answered_soon_after_a_goodbye_fails, teardown),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
