// SPDX-License-Identifier: MIT
//  What a node that wants to harm can have "dht" do, and how much of it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "actors/dht/dht_inside.h"
#include "multiaddr.h"
#include "tests/puppet.h"
#include "tests/unit/dht_signed.h"

static puppet_t dht;
static identity_t identity;
static dht_settings_t settings;
static signer_t node;

static void
sign (void *context, const void *message, size_t size, uint8_t signature[CRYPTO_SIGNATURE_BYTES])
{
    crypto_sign_detached (signature, NULL, message, size, context);
}

static void
begin (void)
{
    dht = (puppet_t) {.now_ms = 0};
    node = signer_of (200);
    identity = (identity_t) {.sign = sign, .context = node.secret};
    memcpy (identity.key, node.key.bytes, sizeof identity.key);
    settings = dht_settings_default (&identity);
    settings.brief = true;                  //  It loads nothing
    puppet_start (&dht, &dht_actor, &settings);
}

static void
end (void)
{
    puppet_stop (&dht);
}

static signer_t
numbered (unsigned number)
{
    signer_t signer;
    uint8_t seed[crypto_sign_SEEDBYTES] = {(uint8_t) number, (uint8_t) (number >> 8), 7};
    crypto_sign_seed_keypair (signer.key.bytes, signer.secret, seed);
    return signer;
}

//  Of this node for these bytes; the node is at an address of a network of its own.
static packed_t
provider_record (unsigned number, const digest_t *sha256)
{
    const signer_t signer = numbered (number);
    digest_t copy = *sha256;
    uint8_t bytes[MULTIADDR_SIZE_MAX];
    const multiaddr_t address = {
        .kind = MULTIADDR_IP4, .ip = {20, (uint8_t) number, 0, 1}, .port = 4001};
    ProtobufCBinaryData field = {multiaddr_encode (&address, bytes), bytes};
    Ggen__Provider provider = GGEN__PROVIDER__INIT;
    provider.sha256 = digest_to_field (&copy);
    provider.seq = 1;
    provider.issued_at = dht.wall_ms / 1000;
    provider.ttl_secs = 3600;
    provider.addresses = &field;
    provider.n_addresses = 1;
    return signed_record (&signer, GGEN__RECORD_KIND__PROVIDER, &provider.base);
}

static void
meet (unsigned number)
{
    const signer_t peer = numbered (number);
    uint8_t bytes[MULTIADDR_SIZE_MAX];
    const multiaddr_t address = {
        .kind = MULTIADDR_IP4, .ip = {20, (uint8_t) number, 0, 1}, .port = 4001};
    ProtobufCBinaryData field = {multiaddr_encode (&address, bytes), bytes};
    char *protocols[] = {"dht/1"};
    Ggen__PeerUp up = GGEN__PEER_UP__INIT;
    up.peer_key = (ProtobufCBinaryData) {PUBLISHER_KEY_SIZE, (uint8_t *) peer.key.bytes};
    up.addresses = &field;
    up.n_addresses = 1;
    up.protocols = protocols;
    up.n_protocols = 1;
    up.tier = GGEN__TIER__COMMUNITY;
    puppet_ask_from (&dht, "swarm", &up.base, 0);
}

static void
address_of (unsigned number, char address[ADDRESS_MAX + 1])
{
    peer_key_t key;
    memcpy (key.bytes, numbered (number).key.bytes, sizeof key.bytes);
    peer_id_address (&key, "dht", address);
}

//  Take what it asked of this node last. False: nothing.
static bool
asked (unsigned number, said_t *said)
{
    char to[ADDRESS_MAX + 1];
    address_of (number, to);
    return puppet_take (&dht, to, said);
}

static unsigned
told_of (const char *type)
{
    unsigned count = 0;
    for (unsigned i = 0; i < dht.said_count; i++)
        count += strcmp (dht.said[i].to, "reputation") == 0
                 && strcmp (dht.said[i].envelope->type, type) == 0;
    return count;
}

//  ---- answers -----------------------------------------------------------------------------------

//  A read of which one node answers with so many records, all of them good; how many came of it.
static size_t
read_of (unsigned count)
{
    enum { ANSWERER = 1000, RECORDS_MAX = 600 };
    static packed_t packed[RECORDS_MAX];
    Ggen__StoredRecord rooms[RECORDS_MAX], *list[RECORDS_MAX];
    digest_t key = {{5}};
    said_t said = {0};
    meet (ANSWERER);
    assert_true (asked (ANSWERER, &said));
    Ggen__FindNodeReply found = GGEN__FIND_NODE_REPLY__INIT;
    puppet_reply (&dht, &said, &found.base);
    Ggen__DhtReadRequest request = GGEN__DHT_READ_REQUEST__INIT;
    request.key = digest_to_field (&key);
    request.limit = 4096;
    puppet_ask (&dht, &request.base);
    assert_true (asked (ANSWERER, &said));
    Ggen__GetRecordsReply got = GGEN__GET_RECORDS_REPLY__INIT;
    for (unsigned i = 0; i < count; i++) {
        packed[i] = provider_record (i, &key);
        ggen__stored_record__init (&rooms[i]);
        rooms[i].record = (ProtobufCBinaryData) {packed[i].size, packed[i].data};
        list[i] = &rooms[i];
    }
    got.records = list;
    got.n_records = count;
    puppet_reply (&dht, &said, &got.base);
    Ggen__DhtReadReply *reply = puppet_hear (&dht, &ggen__dht_read_reply__descriptor);
    const size_t taken = reply->n_records;
    puppet_free (reply);
    return taken;
}

static void
of_one_answer_so_many_records_are_verified_and_no_more (void **state)
{
    (void) state;
    begin ();
    assert_int_equal (read_of (300), DHT_REPLY_RECORDS_MAX);
    assert_int_equal (told_of ("Observation"), 0);
    end ();
}

static void
far_more_records_than_an_answer_has_are_misbehaviour (void **state)
{
    (void) state;
    begin ();
    assert_int_equal (read_of (600), 0);
    assert_int_equal (told_of ("Observation"), 1);
    end ();
}

//  ---- hints -------------------------------------------------------------------------------------

static void
store (unsigned number, const digest_t *key)
{
    digest_t copy = *key;
    const packed_t packed = provider_record (number, key);
    Ggen__StoredRecord stored = GGEN__STORED_RECORD__INIT;
    Ggen__PutRecordRequest request = GGEN__PUT_RECORD_REQUEST__INIT;
    stored.record = (ProtobufCBinaryData) {packed.size, (uint8_t *) packed.data};
    request.key = digest_to_field (&copy);
    request.record = &stored;
    puppet_ask (&dht, &request.base);
    Ggen__PutRecordReply *reply = puppet_hear (&dht, &ggen__put_record_reply__descriptor);
    assert_true (reply->stored);
    puppet_free (reply);
}

static void
hint (unsigned number, const digest_t *key)
{
    char from[ADDRESS_MAX + 1];
    digest_t copy = *key;
    const signer_t peer = numbered (number);
    Ggen__ProviderDead dead = GGEN__PROVIDER_DEAD__INIT;
    dead.key = digest_to_field (&copy);
    dead.peer_key = (ProtobufCBinaryData) {PUBLISHER_KEY_SIZE, (uint8_t *) peer.key.bytes};
    address_of (999, from);
    puppet_ask_from (&dht, from, &dead.base, 0);
}

static void
one_provider_is_asked_once_at_a_time_whether_it_is_there (void **state)
{
    (void) state;
    begin ();
    const digest_t key = {{5}};
    said_t said = {0};
    store (1, &key);
    hint (1, &key);
    assert_true (asked (1, &said));
    hint (1, &key);
    assert_int_equal (dht.said_count, 0);
    puppet_refuse (&dht, &said, NETWORK);
    hint (1, &key);                         //  It is known to be gone
    assert_int_equal (dht.said_count, 0);
    end ();
}

static void
hints_leave_room_for_those_who_want_into_the_table (void **state)
{
    (void) state;
    begin ();
    said_t said = {0};
    unsigned count = 0;
    for (unsigned i = 0; i < DHT_CHECKS_MAX; i++) {
        const digest_t key = {{(uint8_t) (i + 1)}};
        store (i, &key);
        hint (i, &key);
    }
    for (unsigned i = 0; i < DHT_CHECKS_MAX; i++)
        if (asked (i, &said)) {
            said_free (&said);
            count++;
        }
    assert_int_equal (count, DHT_DEAD_CHECKS_MAX);
    meet (100);
    assert_true (asked (100, &said));
    said_free (&said);
    end ();
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (of_one_answer_so_many_records_are_verified_and_no_more),
        cmocka_unit_test (far_more_records_than_an_answer_has_are_misbehaviour),
        cmocka_unit_test (one_provider_is_asked_once_at_a_time_whether_it_is_there),
        cmocka_unit_test (hints_leave_room_for_those_who_want_into_the_table),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
