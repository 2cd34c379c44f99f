// SPDX-License-Identifier: MIT
//  What "dht" keeps through "state", and finds again when it starts.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "actors/dht/dht_inside.h"
#include "messages/multiaddr.h"
#include "tests/memory_state.h"
#include "tests/puppet.h"
#include "tests/unit/dht_signed.h"
#include "swarm.pb-c.h"

static memory_state_t disk;

typedef struct {
    puppet_t dht, state;
    identity_t identity;
    dht_settings_t settings;
    signer_t node;
} rig_t;

static rig_t rig;

static void
sign (void *context, const void *message, size_t size, uint8_t signature[CRYPTO_SIGNATURE_BYTES])
{
    crypto_sign_detached (signature, NULL, message, size, context);
}

static void
relay (void)
{
    while (puppet_relay (&rig.dht, &rig.state))
        ;
}

static void
start (void)
{
    puppet_start (&rig.dht, &dht_actor, &rig.settings);
    relay ();
}

static void
begin (void)
{
    memory_state_clear (&disk);
    disk = (memory_state_t) {.count = 0};
    rig = (rig_t) {.node = signer_of (200)};
    rig.identity.sign = sign;
    rig.identity.context = rig.node.secret;
    memcpy (rig.identity.key, rig.node.key.bytes, sizeof rig.identity.key);
    rig.settings = dht_settings_default (&rig.identity);
    puppet_start (&rig.state, &memory_state_actor, &disk);
}

static void
end (void)
{
    puppet_stop (&rig.dht);
    puppet_stop (&rig.state);
    memory_state_clear (&disk);
}

//  The process ends and starts again after so long; the monotonic clock begins anew.
static void
restart_after (int64_t ms)
{
    puppet_stop (&rig.dht);
    rig.dht.now_ms = 500;
    rig.dht.wall_ms += ms;
    start ();
}

static dht_t *
dht (void)
{
    return actor_state (rig.dht.actor);
}

static void
ask_put (const char *from, const digest_t *key, const packed_t *packed, uint32_t age_secs)
{
    digest_t copy = *key;
    Ggen__StoredRecord stored = GGEN__STORED_RECORD__INIT;
    Ggen__PutRecordRequest request = GGEN__PUT_RECORD_REQUEST__INIT;
    stored.record = (ProtobufCBinaryData) {packed->size, (uint8_t *) packed->data};
    stored.age_secs = age_secs;
    request.key = digest_to_field (&copy);
    request.record = &stored;
    puppet_ask_from (&rig.dht, from, &request.base, 60000);
}

static void
put (const digest_t *key, const packed_t *packed, uint32_t age_secs)
{
    ask_put (PUPPET_TESTER, key, packed, age_secs);
    Ggen__PutRecordReply *reply =
        puppet_hear (&rig.dht, &ggen__put_record_reply__descriptor);
    assert_true (reply->stored);
    puppet_free (reply);
}

static const element_t *
get (const digest_t *key)
{
    return records_next (dht ()->records, key, NULL, rig.dht.now_ms);
}

static packed_t
provider_record (const digest_t *sha256, uint32_t ttl_secs)
{
    signer_t node = signer_of (7);
    digest_t copy = *sha256;
    Ggen__Provider provider = GGEN__PROVIDER__INIT;
    provider.sha256 = digest_to_field (&copy);
    provider.seq = 1;
    provider.issued_at = rig.dht.wall_ms / 1000;
    provider.ttl_secs = ttl_secs;
    return signed_record (&node, GGEN__RECORD_KIND__PROVIDER, &provider.base);
}

//  ---- records -----------------------------------------------------------------------------------

static void
what_was_stored_is_there_after_a_restart (void **state)
{
    (void) state;
    begin ();
    start ();
    signer_t signer = signer_of (1);
    digest_t key;
    packed_t head = signed_head (&signer, "acme", 3, rig.dht.wall_ms, &key);
    put (&key, &head, 0);
    puppet_wait (&rig.dht, 1100);
    relay ();
    restart_after (3600000);
    assert_non_null (get (&key));
    assert_int_equal (get (&key)->size, head.size);
    assert_memory_equal (get (&key)->packed, head.data, head.size);
    assert_int_equal (records_age_secs (get (&key), rig.dht.now_ms), 3601);
    end ();
}

//  Who is given it would take us for a forger.
static void
what_may_have_been_spoilt_on_the_disk_is_there_only_when_its_signature_is_good (void **state)
{
    (void) state;
    for (unsigned spoilt = 0; spoilt < 2; spoilt++) {
        begin ();
        start ();
        signer_t signer = signer_of (1);
        digest_t key;
        packed_t head = signed_head (&signer, "acme", 3, rig.dht.wall_ms, &key);
        put (&key, &head, 0);
        puppet_wait (&rig.dht, 1100);
        relay ();
        assert_int_equal (disk.count, 1);
        uint8_t *signature = memmem (disk.entries[0].value, disk.entries[0].value_size,
                                     head.data + head.size - 8, 8);
        assert_non_null (signature);
        *signature ^= (uint8_t) (spoilt << 3);
        disk.unchecked = true;
        restart_after (1000);
        assert_true ((get (&key) != NULL) == !spoilt);
        puppet_wait (&rig.dht, 1100);
        relay ();
        assert_int_equal (disk.count, !spoilt);
        end ();
    }
}

static void
time_on_disk_counts (void **state)
{
    (void) state;
    begin ();
    start ();
    digest_t key = {{5}};
    packed_t record = provider_record (&key, 7200);
    put (&key, &record, 600);
    puppet_wait (&rig.dht, 1100);
    relay ();
    restart_after (6000000);
    assert_non_null (get (&key));
    assert_true (records_age_secs (get (&key), rig.dht.now_ms) >= 6600);
    restart_after (700000);
    assert_null (get (&key));
    puppet_wait (&rig.dht, 1100);           //  And what is over is taken off the disk
    relay ();
    assert_int_equal (disk.count, 0);
    end ();
}

//  As of a machine whose clock does not run while it is off: what was signed after "now" was signed.
static void
given_the_clock_is_behind_after_a_restart_what_was_stored_is_there (void **state)
{
    (void) state;
    begin ();
    start ();
    signer_t signer = signer_of (1);
    digest_t head_key, key = {{5}};
    packed_t head = signed_head (&signer, "acme", 3, rig.dht.wall_ms, &head_key);
    packed_t record = provider_record (&key, 7200);
    put (&head_key, &head, 0);
    put (&key, &record, 600);
    puppet_wait (&rig.dht, 1100);
    relay ();
    restart_after (-INT64_C (86400000) * 365);
    assert_non_null (get (&head_key));
    assert_non_null (get (&key));
    assert_true (records_age_secs (get (&key), rig.dht.now_ms) >= 600);
    puppet_wait (&rig.dht, 1100);
    relay ();
    assert_int_equal (disk.count, 2);
    end ();
}

static void
what_is_removed_here_is_removed_there (void **state)
{
    (void) state;
    begin ();
    start ();
    digest_t key = {{5}};
    packed_t record = provider_record (&key, 60);
    put (&key, &record, 0);
    puppet_wait (&rig.dht, 1100);
    relay ();
    assert_int_equal (disk.count, 1);
    puppet_wait (&rig.dht, 62000);
    relay ();
    puppet_wait (&rig.dht, 1100);
    relay ();
    assert_int_equal (disk.count, 0);
    end ();
}

static void
changes_are_written_together (void **state)
{
    (void) state;
    begin ();
    start ();
    signer_t signer = signer_of (1);
    char name[32];
    digest_t key;
    for (unsigned i = 0; i < 100; i++) {
        snprintf (name, sizeof name, "acme-%u", i);
        packed_t head = signed_head (&signer, name, 3, rig.dht.wall_ms, &key);
        put (&key, &head, 0);
    }
    assert_int_equal (disk.puts, 0);
    for (unsigned i = 0; i < 3; i++) {
        puppet_wait (&rig.dht, 1100);
        relay ();
    }
    assert_int_equal (disk.count, 100);
    assert_int_equal (disk.puts, 2);
    assert_int_equal (disk.urgent, 0);
    restart_after (1000);
    assert_int_equal (records_count (dht ()->records), 100);
    assert_true (get (&key) != NULL);
    end ();
}

static void
many_are_loaded_in_pages (void **state)
{
    (void) state;
    begin ();
    start ();
    signer_t signer = signer_of (1);
    char name[32];
    digest_t key;
    for (unsigned i = 0; i < 25; i++) {
        snprintf (name, sizeof name, "acme-%u", i);
        packed_t head = signed_head (&signer, name, 3, rig.dht.wall_ms, &key);
        put (&key, &head, 0);
    }
    puppet_wait (&rig.dht, 1100);
    relay ();
    disk.page_max = 4;
    disk.loads = 0;
    restart_after (1000);
    assert_int_equal (records_count (dht ()->records), 25);
    assert_int_equal (disk.loads, 7 + 1);
    end ();
}

static void
what_does_not_decode_is_taken_off_the_disk (void **state)
{
    (void) state;
    begin ();
    uint8_t key[RECORDS_STATE_SIZE] = {1}, value[] = {0xFF, 0xFF, 0xFF};
    memory_state_insert (&disk, "dht", (ProtobufCBinaryData) {sizeof key, key},
                         (ProtobufCBinaryData) {sizeof value, value});
    memory_state_insert (&disk, "dht", (ProtobufCBinaryData) {3, key},
                         (ProtobufCBinaryData) {sizeof value, value});
    start ();
    assert_int_equal (records_count (dht ()->records), 0);
    puppet_wait (&rig.dht, 1100);
    relay ();
    assert_int_equal (disk.count, 1);       //  A key that cannot be ours is left alone
    end ();
}

static void
requests_wait_until_it_is_loaded (void **state)
{
    (void) state;
    begin ();
    puppet_start (&rig.dht, &dht_actor, &rig.settings);
    Ggen__DhtStatusRequest status = GGEN__DHT_STATUS_REQUEST__INIT;
    puppet_ask (&rig.dht, &status.base);
    assert_true (puppet_silent (&rig.dht));
    relay ();
    puppet_free (puppet_hear (&rig.dht, &ggen__dht_status_reply__descriptor));
    end ();
}

static void
a_table_that_cannot_be_loaded_is_done_without (void **state)
{
    (void) state;
    begin ();
    disk.load_code = STORAGE;
    start ();
    Ggen__DhtStatusRequest status = GGEN__DHT_STATUS_REQUEST__INIT;
    puppet_ask (&rig.dht, &status.base);
    for (unsigned i = 0; i < 3; i++) {
        assert_true (puppet_silent (&rig.dht) || i == 2);
        puppet_wait (&rig.dht, 1100);
        relay ();
    }
    puppet_free (puppet_hear (&rig.dht, &ggen__dht_status_reply__descriptor));
    end ();
}

static void
a_disk_that_cannot_be_written_stops_nothing (void **state)
{
    (void) state;
    begin ();
    start ();
    disk.put_code = STORAGE;
    signer_t signer = signer_of (1);
    digest_t key;
    packed_t head = signed_head (&signer, "acme", 3, rig.dht.wall_ms, &key);
    put (&key, &head, 0);
    puppet_wait (&rig.dht, 5000);
    relay ();
    assert_non_null (get (&key));
    disk.put_code = OK;
    head = signed_head (&signer, "acme", 4, rig.dht.wall_ms, &key);
    put (&key, &head, 0);
    puppet_wait (&rig.dht, 1100);
    relay ();
    assert_int_equal (disk.count, 1);
    end ();
}

static digest_t
put_head (unsigned number)
{
    signer_t signer = signer_of (1);
    char name[32];
    digest_t key;
    snprintf (name, sizeof name, "acme-%u", number);
    packed_t head = signed_head (&signer, name, 3, rig.dht.wall_ms, &key);
    put (&key, &head, 0);
    return key;
}

static void
a_batch_that_the_disk_refused_is_written_again_with_what_came_meanwhile (void **state)
{
    (void) state;
    begin ();
    start ();
    disk.put_code = STORAGE;
    digest_t first = put_head (1);
    puppet_wait (&rig.dht, 1100);           //  The batch is on its way
    digest_t second = put_head (2);
    relay ();
    assert_int_equal (disk.count, 0);
    disk.put_code = OK;
    puppet_wait (&rig.dht, 1100);
    relay ();
    assert_int_equal (disk.count, 2);
    puppet_wait (&rig.dht, 5000);
    relay ();
    assert_int_equal (disk.puts, 2);                //  And once
    restart_after (1000);
    assert_non_null (get (&first));
    assert_non_null (get (&second));
    end ();
}

static void
what_comes_while_a_batch_is_written_is_in_the_next_one (void **state)
{
    (void) state;
    begin ();
    start ();
    for (unsigned i = 0; i < 70; i++)
        put_head (i);
    puppet_wait (&rig.dht, 1100);           //  64 of them are on their way
    put_head (70);
    for (unsigned i = 0; i < 3; i++) {
        relay ();
        puppet_wait (&rig.dht, 1100);
    }
    assert_int_equal (disk.puts, 2);
    assert_int_equal (disk.count, 71);
    end ();
}

static void
what_is_refused_for_what_it_is_is_not_written_again (void **state)
{
    (void) state;
    begin ();
    start ();
    disk.put_code = VALIDATION;
    put_head (1);
    puppet_wait (&rig.dht, 1100);
    relay ();
    disk.put_code = OK;
    puppet_wait (&rig.dht, 5000);
    relay ();
    assert_int_equal (disk.puts, 1);
    assert_int_equal (disk.count, 0);
    end ();
}

//  ---- what we provide ---------------------------------------------------------------------------

static void
provide (const uint8_t *sha256, bool withdraw, uint64_t *seq_p)
{
    Ggen__DhtProvideRequest request = GGEN__DHT_PROVIDE_REQUEST__INIT;
    request.sha256 = (ProtobufCBinaryData) {DIGEST_SIZE, (uint8_t *) sha256};
    request.withdraw = withdraw;
    puppet_ask (&rig.dht, &request.base);
    relay ();
    Ggen__DhtProvideReply *reply =
        puppet_hear (&rig.dht, &ggen__dht_provide_reply__descriptor);
    assert_int_equal (reply->acknowledged, 1);      //  We are the only node there is
    assert_true (reply->here);
    puppet_free (reply);
    digest_t key;
    memcpy (key.bytes, sha256, DIGEST_SIZE);
    assert_non_null (get (&key));
    *seq_p = get (&key)->seq;
}

static void
what_we_provide_is_announced_again_after_a_restart (void **state)
{
    (void) state;
    begin ();
    start ();
    digest_t sha256 = {{9}};
    uint64_t before, after;
    provide (sha256.bytes, false, &before);
    puppet_wait (&rig.dht, 1100);
    relay ();
    restart_after (-3600000);           //  Its clock is wrong now
    assert_int_equal (dht_provide_count (dht ()), 1);
    puppet_wait (&rig.dht, 120000);
    relay ();
    assert_true (get (&sha256)->seq > before);
    provide (sha256.bytes, true, &after);
    assert_true (get (&sha256)->withdrawn);
    puppet_wait (&rig.dht, 1100);
    relay ();
    restart_after (1000);
    assert_int_equal (dht_provide_count (dht ()), 0);
    end ();
}

static void
our_records_have_a_higher_seq_each_time_even_when_the_clock_goes_back (void **state)
{
    (void) state;
    begin ();
    start ();
    digest_t sha256 = {{9}};
    uint64_t first, second;
    provide (sha256.bytes, false, &first);
    rig.dht.wall_ms -= 300000;
    provide (sha256.bytes, false, &second);
    assert_true (second > first);
    end ();
}

//  ---- whose share it takes ----------------------------------------------------------------------

static peer_key_t
peer (unsigned number)
{
    peer_key_t key = {{(uint8_t) (number * 37), (uint8_t) (number >> 8), (uint8_t) number, 1}};
    return key;
}

//  With a link to this network, whatever it says where it is.
static void
tell_of_session_at (unsigned number, unsigned network, bool ends)
{
    const multiaddr_t said = {.kind = MULTIADDR_IP4, .ip = {99, (uint8_t) number, 0, 1}, .port = 4001};
    const multiaddr_t seen = {.kind = MULTIADDR_IP4,
                              .ip = {81, (uint8_t) (network >> 8), (uint8_t) network, 1},
                              .port = 4001};
    uint8_t said_bytes[MULTIADDR_SIZE_MAX], bytes[MULTIADDR_SIZE_MAX];
    const peer_key_t key = peer (number);
    ProtobufCBinaryData field = {multiaddr_encode (&said, said_bytes), said_bytes};
    Ggen__PeerUp up = GGEN__PEER_UP__INIT;
    Ggen__PeerDown down = GGEN__PEER_DOWN__INIT;
    up.peer_key = down.peer_key = peer_key_to_field (&key);
    up.addresses = &field;
    up.n_addresses = number % 2;
    up.seen = (ProtobufCBinaryData) {multiaddr_encode (&seen, bytes), bytes};
    up.tier = GGEN__TIER__CLIENT;
    puppet_ask_from (&rig.dht, "swarm", ends ? &down.base : &up.base, 0);
}

static void
tell_of_session (unsigned number, bool ends)
{
    tell_of_session_at (number, number, ends);
}

//  It would choose, else, whose share it takes, or none.
static void
who_sends_takes_the_share_of_where_it_is_and_not_of_where_it_says_it_is (void **state)
{
    (void) state;
    begin ();
    start ();
    uint32_t groups[4];
    for (unsigned i = 0; i < 4; i++) {
        const peer_key_t key = peer (i);
        tell_of_session_at (i, 256 * (i / 2), false);
        groups[i] = dht_group_of (dht (), &key);
        assert_int_not_equal (groups[i], 0);
    }
    assert_int_equal (groups[0], groups[1]);
    assert_int_equal (groups[2], groups[3]);
    assert_int_not_equal (groups[0], groups[2]);
    end ();
}

static void
of_however_many_sessions_each_sends_for_its_group (void **state)
{
    (void) state;
    begin ();
    start ();
    char from[ADDRESS_MAX + 1];
    for (unsigned i = 0; i < DHT_SESSIONS_MAX; i++)
        tell_of_session (i, false);
    const peer_key_t last = peer (DHT_SESSIONS_MAX - 1);
    signer_t signer = signer_of (1);
    digest_t key;
    packed_t head = signed_head (&signer, "acme", 3, rig.dht.wall_ms, &key);
    peer_id_address (&last, "dht", from);
    ask_put (from, &key, &head, 0);
    assert_non_null (get (&key));
    assert_int_not_equal (get (&key)->sender_group, 0);
    for (unsigned i = 1; i < DHT_SESSIONS_MAX; i += 2)
        tell_of_session (i, true);
    for (unsigned i = 0; i < DHT_SESSIONS_MAX; i++) {
        const peer_key_t other = peer (i);
        assert_true ((dht_group_of (dht (), &other) == 0) == (i % 2 == 1));
    }
    for (unsigned i = 0; i < DHT_SESSIONS_MAX; i++)
        tell_of_session (i, true);
    assert_int_equal (dht ()->sessions_count, 0);
    end ();
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (what_was_stored_is_there_after_a_restart),
        cmocka_unit_test (
            what_may_have_been_spoilt_on_the_disk_is_there_only_when_its_signature_is_good),
        cmocka_unit_test (time_on_disk_counts),
        cmocka_unit_test (given_the_clock_is_behind_after_a_restart_what_was_stored_is_there),
        cmocka_unit_test (what_is_removed_here_is_removed_there),
        cmocka_unit_test (changes_are_written_together),
        cmocka_unit_test (many_are_loaded_in_pages),
        cmocka_unit_test (what_does_not_decode_is_taken_off_the_disk),
        cmocka_unit_test (requests_wait_until_it_is_loaded),
        cmocka_unit_test (a_table_that_cannot_be_loaded_is_done_without),
        cmocka_unit_test (a_disk_that_cannot_be_written_stops_nothing),
        cmocka_unit_test (a_batch_that_the_disk_refused_is_written_again_with_what_came_meanwhile),
        cmocka_unit_test (what_comes_while_a_batch_is_written_is_in_the_next_one),
        cmocka_unit_test (what_is_refused_for_what_it_is_is_not_written_again),
        cmocka_unit_test (what_we_provide_is_announced_again_after_a_restart),
        cmocka_unit_test (who_sends_takes_the_share_of_where_it_is_and_not_of_where_it_says_it_is),
        cmocka_unit_test (of_however_many_sessions_each_sends_for_its_group),
        cmocka_unit_test (our_records_have_a_higher_seq_each_time_even_when_the_clock_goes_back),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
