// SPDX-License-Identifier: MIT
//  What transfer decides with: bitmaps, chunks, windows, sources, and what a release says of bytes.
#include "actors/transfer/chunks.h"
#include "actors/transfer/release.h"
#include "actors/transfer/source.h"
#include "record_valid.h"
#include "runtime/actor/crypto.h"
#include "runtime/actor/wire.h"
#include "seeded.h"
#include "swarm.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#include <sodium.h>

//  ---- window ------------------------------------------------------------------------------------

static void
a_window_starts_at_four_and_stays_there_on_a_short_path (void **state)
{
    (void) state;
    window_t window = {0};
    assert_int_equal (window_credit (&window), 4);
    for (unsigned i = 0; i < 100; i++)
        window_arrived (&window, 2);
    assert_int_equal (window_credit (&window), 4);
}

static void
a_window_grows_to_sixteen_on_a_long_path (void **state)
{
    (void) state;
    window_t window = {0};
    for (unsigned i = 0; i < 4; i++)
        window_arrived (&window, 150);
    assert_int_equal (window_credit (&window), 5);
    for (unsigned i = 0; i < 500; i++)
        window_arrived (&window, 150);
    assert_int_equal (window_credit (&window), WINDOW_MAX);
}

static void
a_window_shrinks_to_four_when_chunks_queue_and_to_one_when_they_are_late (void **state)
{
    (void) state;
    window_t window = {0};
    for (unsigned i = 0; i < 500; i++)
        window_arrived (&window, 150);
    for (unsigned i = 0; i < 50; i++)
        window_arrived (&window, 2000);
    assert_int_equal (window_credit (&window), 4);
    window_late (&window);
    assert_int_equal (window_credit (&window), 2);
    for (unsigned i = 0; i < 5; i++)
        window_late (&window);
    assert_int_equal (window_credit (&window), 1);
    for (unsigned i = 0; i < 20; i++)
        window_arrived (&window, 150);
    assert_true (window_credit (&window) >= 4);
}

static void
patience_is_twice_the_usual_and_never_a_hiccup (void **state)
{
    (void) state;
    window_t window = {0};
    assert_int_equal (window_patience_ms (&window, 1500), 1500);
    window_arrived (&window, 1000);
    assert_int_equal (window_patience_ms (&window, 1500), 2000);
    window = (window_t) {0};
    window_arrived (&window, 0);
    assert_int_equal (window_patience_ms (&window, 1500), 50);
    window_arrived (&window, INT64_MAX);
    assert_true (window_patience_ms (&window, 1500) > 0);
}

static void
a_window_is_never_outside_its_bounds (void **state)
{
    (void) state;
    rng_t rng = seeded_rng (1);
    window_t window = {0};
    for (unsigned i = 0; i < 20000; i++) {
        if (rng_below (&rng, 50) == 0)
            window_late (&window);
        else
            window_arrived (&window, (int64_t) rng_below (&rng, 1u << rng_below (&rng, 31)));
        unsigned credit = window_credit (&window);
        assert_seeded (credit >= 1 && credit <= WINDOW_MAX, i);
    }
}

//  ---- chunks ------------------------------------------------------------------------------------

static void
a_bitmap_of_others_has_to_be_long_enough (void **state)
{
    (void) state;
    uint8_t bits[] = {0xFF, 0x81};
    assert_null (bitmap_copy ((ProtobufCBinaryData) {1, bits}, 9));
    uint8_t *copy = bitmap_copy ((ProtobufCBinaryData) {2, bits}, 9);
    assert_non_null (copy);
    assert_int_equal (bitmap_count (copy, 9), 9);
    assert_int_equal (bitmap_count (copy, 8), 8);
    free (copy);
}

static void
what_is_done_already_is_not_asked (void **state)
{
    (void) state;
    chunks_t chunks;
    uint8_t done[] = {0x05};
    assert_int_equal (chunks_init (&chunks, 4, done), OK);
    assert_int_equal (chunks.done_count, 2);
    assert_int_equal (chunks_pick (&chunks, NULL, 0), 1);
    chunks_ask (&chunks, 1);
    assert_int_equal (chunks_pick (&chunks, NULL, 0), 3);
    chunks_ask (&chunks, 3);
    assert_int_equal (chunks_pick (&chunks, NULL, 0), CHUNKS_NONE);
    chunks_unask (&chunks, 1);
    assert_int_equal (chunks_pick (&chunks, NULL, 3), 1);
    chunks_clear (&chunks);
}

static void
the_rarest_chunk_is_asked_first (void **state)
{
    (void) state;
    chunks_t chunks;
    uint8_t first[] = {0x0F}, second[] = {0x0B};
    assert_int_equal (chunks_init (&chunks, 4, NULL), OK);
    assert_int_equal (chunks_partial (&chunks, first), OK);
    assert_int_equal (chunks_partial (&chunks, second), OK);
    assert_int_equal (chunks_pick (&chunks, NULL, 0), 2);
    assert_int_equal (chunks_pick (&chunks, second, 1), 1);
    chunks_clear (&chunks);
}

static void
a_chunk_that_could_not_be_written_is_missing_again (void **state)
{
    (void) state;
    chunks_t chunks;
    assert_int_equal (chunks_init (&chunks, 1, NULL), OK);
    chunks_ask (&chunks, 0);
    chunks_unask (&chunks, 0);
    chunks_arrive (&chunks, 0);
    assert_int_equal (chunks_pick (&chunks, NULL, 0), CHUNKS_NONE);
    chunks_written (&chunks, 0, false);
    assert_int_equal (chunks_pick (&chunks, NULL, 0), 0);
    chunks_arrive (&chunks, 0);
    chunks_written (&chunks, 0, true);
    assert_true (chunks_complete (&chunks));
    chunks_clear (&chunks);
}

//  Whatever happens in whatever order, the counts are those of the chunks.
static void
chunks_are_counted_right (void **state)
{
    (void) state;
    rng_t rng = seeded_rng (2);
    for (unsigned round = 0; round < 200; round++) {
        chunks_t chunks;
        uint32_t count = 1 + (uint32_t) rng_below (&rng, 30);
        unsigned asked[30] = {0};
        bool arrived[30] = {false};
        assert_int_equal (chunks_init (&chunks, count, NULL), OK);
        for (unsigned i = 0; i < 300; i++) {
            uint32_t chunk = (uint32_t) rng_below (&rng, count);
            uint64_t what = rng_below (&rng, 4);
            if (what == 0 && asked[chunk] < 4) {
                chunks_ask (&chunks, chunk);
                asked[chunk]++;
            }
            else if (what == 1 && asked[chunk] > 0) {
                chunks_unask (&chunks, chunk);
                asked[chunk]--;
            }
            else if (what == 2 && chunks_missing (&chunks, chunk)) {
                chunks_arrive (&chunks, chunk);
                arrived[chunk] = true;
            }
            else if (what == 3 && arrived[chunk]) {
                chunks_written (&chunks, chunk, rng_below (&rng, 2));
                arrived[chunk] = false;
            }
            uint32_t wanted = 0;
            for (uint32_t at = 0; at < count; at++)
                wanted += chunks_missing (&chunks, at) && asked[at] == 0;
            assert_seeded (chunks.wanted_count == wanted, round);
            assert_seeded (chunks.done_count == bitmap_count (chunks.done, count), round);
            uint32_t pick = chunks_pick (&chunks, NULL, chunk);
            assert_seeded ((pick == CHUNKS_NONE) == (wanted == 0), round);
        }
        chunks_clear (&chunks);
    }
}

//  ---- sources -----------------------------------------------------------------------------------

#define PEERS 40

static uint8_t keys[PEERS][PEER_KEY_SIZE];
static Ggen__Contact contacts[PEERS], *list[PEERS];
static const uint8_t own_key[PEER_KEY_SIZE] = {7, 7};

static void
make_contacts (void)
{
    for (unsigned i = 0; i < PEERS; i++) {
        keys[i][0] = (uint8_t) (i + 1);
        ggen__contact__init (&contacts[i]);
        contacts[i].peer_key = (ProtobufCBinaryData) {PEER_KEY_SIZE, keys[i]};
        list[i] = &contacts[i];
    }
}

static void
sources_are_bounded_and_none_is_twice_or_we_ourselves (void **state)
{
    (void) state;
    sources_t sources = {0};
    make_contacts ();
    assert_int_equal (sources_add (&sources, list, 3, own_key), 3);
    assert_int_equal (sources_add (&sources, list, 4, own_key), 1);
    contacts[10].peer_key.len = 31;
    memcpy (keys[11], own_key, PEER_KEY_SIZE);
    assert_int_equal (sources_add (&sources, list + 10, 2, own_key), 0);
    sources_add (&sources, list, PEERS, own_key);
    assert_int_equal (sources.count, SOURCES_MAX);
    sources_clear (&sources);
}

static void
addresses_are_bounded (void **state)
{
    (void) state;
    static uint8_t bytes[300];
    ProtobufCBinaryData addresses[20];
    sources_t sources = {0};
    make_contacts ();
    for (unsigned i = 0; i < 20; i++)
        addresses[i] = (ProtobufCBinaryData) {i == 0 ? 300 : i == 1 ? 0 : 8, bytes};
    contacts[0].addresses = addresses;
    contacts[0].n_addresses = 20;
    assert_int_equal (sources_add (&sources, list, 1, own_key), 1);
    Ggen__Addresses *route =
        ggen__addresses__unpack (NULL, sources.list[0].route_size, sources.list[0].route);
    assert_non_null (route);
    assert_int_equal (route->n_addresses, 10);
    ggen__addresses__free_unpacked (route, NULL);
    sources_clear (&sources);
}

static void
sources_are_tried_in_the_order_of_reputation_and_banned_ones_never (void **state)
{
    (void) state;
    sources_t sources = {0};
    Ggen__PeerScore scores[4], *order[4];
    make_contacts ();
    sources_add (&sources, list, 3, own_key);
    static const unsigned peers[] = {2, 9, 0, 2};
    for (unsigned i = 0; i < 4; i++) {
        ggen__peer_score__init (&scores[i]);
        scores[i].peer_key = contacts[peers[i]].peer_key;
        scores[i].banned = peers[i] == 0;
        order[i] = &scores[i];
    }
    Ggen__RankReply reply = GGEN__RANK_REPLY__INIT;
    reply.peers = order;
    reply.n_peers = 4;
    sources_rank (&sources, &reply);
    assert_int_equal (sources.list[0].key.bytes[0], 3);
    assert_int_equal (sources.list[1].key.bytes[0], 1);
    assert_int_equal (sources.list[1].state, SOURCE_GONE);
    assert_int_equal (sources.list[2].key.bytes[0], 2);
    assert_int_equal (sources_alive (&sources), 2);
    assert_false (sources_revivable (&sources));
    sources_clear (&sources);
}

//  Among those that nothing speaks against, reputation makes no order: who hosts already is no better.
static void
hosts_keep_their_order_but_for_those_to_be_avoided (void **state)
{
    (void) state;
    sources_t sources = {0};
    Ggen__PeerScore scores[4], *order[4];
    make_contacts ();
    sources_add (&sources, list, 4, own_key);
    static const unsigned peers[] = {3, 1, 0, 2};
    for (unsigned i = 0; i < 4; i++) {
        ggen__peer_score__init (&scores[i]);
        scores[i].peer_key = contacts[peers[i]].peer_key;
        scores[i].low = peers[i] == 0;
        scores[i].banned = peers[i] == 2;
        order[i] = &scores[i];
    }
    Ggen__RankReply reply = GGEN__RANK_REPLY__INIT;
    reply.peers = order;
    reply.n_peers = 4;
    sources_avoid (&sources, &reply);
    static const uint8_t expected[] = {2, 3, 4, 1};
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal (sources.list[i].key.bytes[0], expected[i]);
    assert_int_equal (sources.list[1].state, SOURCE_GONE);
    assert_int_equal (sources_alive (&sources), 3);
    sources_clear (&sources);
}

static void
who_gave_something_may_fail_three_times_and_who_did_not_once (void **state)
{
    (void) state;
    source_t source = {.chunks = 0};
    assert_true (source_failed (&source, NETWORK, 100, 200));
    source = (source_t) {.chunks = 0};
    source_gave (&source, 100, 10, 50);
    assert_false (source_failed (&source, NETWORK, 100, 200));
    //  Asked before that, so it failed with it.
    assert_false (source_failed (&source, NETWORK, 150, 300));
    assert_int_equal (source.strikes, 1);
    assert_false (source_failed (&source, NETWORK, 800, 900));
    assert_true (source_failed (&source, NETWORK, 1800, 1900));
    assert_int_equal (source.state, SOURCE_GONE);
}

static void
who_is_busy_is_left_alone_longer_each_time_and_in_the_end_for_good (void **state)
{
    (void) state;
    source_t source = {.chunks = 0};
    int64_t now_ms = 0, before_ms = 0;
    unsigned times = 0;
    while (!source_busy (&source, now_ms, 0.0)) {
        int64_t pause_ms = source.not_before_ms - now_ms;
        assert_true (pause_ms >= before_ms && pause_ms <= 2000);
        //  Others of the same moment do not count.
        assert_false (source_busy (&source, now_ms, 0.0));
        before_ms = pause_ms;
        now_ms = source.not_before_ms;
        times++;
    }
    assert_int_equal (times, SOURCE_BUSY_MAX);
    assert_int_equal (source.why, BUSY);
}

static void
who_could_not_be_reached_may_come_back_and_who_lied_may_not (void **state)
{
    (void) state;
    sources_t sources = {0};
    make_contacts ();
    sources_add (&sources, list, 2, own_key);
    source_end (&sources.list[1], CHECKSUM_MISMATCH);
    for (unsigned i = 0; i < SOURCE_REVIVALS_MAX; i++) {
        source_end (&sources.list[0], CONNECTION_FAILED);
        assert_true (sources_revivable (&sources));
        assert_int_equal (sources_add (&sources, list, 2, own_key), 1);
    }
    source_end (&sources.list[0], CONNECTION_FAILED);
    assert_int_equal (sources_add (&sources, list, 2, own_key), 0);
    sources_clear (&sources);
}

//  ---- releases ----------------------------------------------------------------------------------

#define CHUNKS 3

typedef struct {
    uint8_t data[2000];
    size_t size;
} packed_t;

static packed_t
signed_release (void)
{
    uint8_t digests[CHUNKS * DIGEST_SIZE], seed[crypto_sign_SEEDBYTES] = {1};
    uint8_t key[32], secret[crypto_sign_SECRETKEYBYTES], signature[64], payload[1000];
    for (size_t i = 0; i < sizeof digests; i++)
        digests[i] = (uint8_t) i;
    Ggen__Release release = GGEN__RELEASE__INIT;
    release.name = "rust-cli";
    release.version = "1.0.0";
    release.sha256 = release.files_sha256 = release.manifest_sha256 =
        (ProtobufCBinaryData) {DIGEST_SIZE, digests};
    release.size_bytes = 2 * RECORD_CHUNK_BYTES + 5;
    release.chunk_bytes = RECORD_CHUNK_BYTES;
    release.chunks = (ProtobufCBinaryData) {sizeof digests, digests};
    release.unpacked_bytes = 5000;
    release.files_count = 3;
    release.published_at = 1763600000;
    release.archive_format = "tar.gz";
    crypto_sign_seed_keypair (key, secret, seed);
    size_t size, payload_size = ggen__release__pack (&release, payload);
    uint8_t *bytes =
        record_signing_bytes (GGEN__RECORD_KIND__RELEASE, (bytes_t) {payload, payload_size}, &size);
    crypto_sign_detached (signature, NULL, bytes, size, secret);
    free (bytes);
    Ggen__SignedRecord record = GGEN__SIGNED_RECORD__INIT;
    record.kind = GGEN__RECORD_KIND__RELEASE;
    record.payload = (ProtobufCBinaryData) {payload_size, payload};
    record.key = (ProtobufCBinaryData) {sizeof key, key};
    record.signature = (ProtobufCBinaryData) {sizeof signature, signature};
    packed_t packed;
    packed.size = ggen__signed_record__pack (&record, packed.data);
    return packed;
}

static void
a_release_tells_the_digest_and_size_of_each_chunk (void **state)
{
    (void) state;
    packed_t packed = signed_release ();
    release_t *release;
    assert_int_equal (
        release_new (&release, (bytes_t) {packed.data, packed.size}, crypto_real.verify), OK);
    release_t *copy = release_copy (release);
    release_destroy (&release);
    assert_int_equal (copy->chunks_count, CHUNKS);
    assert_int_equal (release_chunk_bytes (copy, 1), RECORD_CHUNK_BYTES);
    assert_int_equal (release_chunk_bytes (copy, 2), 5);
    for (uint32_t i = 0; i < CHUNKS; i++)
        assert_int_equal (release_chunk_digest (copy, i)[1], i * DIGEST_SIZE + 1);
    assert_int_equal (copy->name.size, strlen ("rust-cli"));
    assert_memory_equal (copy->name.data, "rust-cli", copy->name.size);
    assert_memory_equal (copy->record, packed.data, packed.size);
    release_destroy (&copy);
}

static void
a_release_that_is_not_as_it_was_signed_is_none (void **state)
{
    (void) state;
    packed_t packed = signed_release ();
    rng_t rng = seeded_rng (3);
    for (unsigned round = 0; round < 2000; round++) {
        packed_t changed = packed;
        uint64_t bit = rng_below (&rng, 8 * packed.size);
        changed.data[bit / 8] ^= (uint8_t) (1u << bit % 8);
        release_t *release;
        assert_seeded (release_new (&release, (bytes_t) {changed.data, changed.size},
                                    crypto_real.verify)
                           != OK,
                       round);
        assert_null (release);
    }
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (a_window_starts_at_four_and_stays_there_on_a_short_path),
        cmocka_unit_test (a_window_grows_to_sixteen_on_a_long_path),
        cmocka_unit_test (a_window_shrinks_to_four_when_chunks_queue_and_to_one_when_they_are_late),
        cmocka_unit_test (patience_is_twice_the_usual_and_never_a_hiccup),
        cmocka_unit_test (a_window_is_never_outside_its_bounds),
        cmocka_unit_test (a_bitmap_of_others_has_to_be_long_enough),
        cmocka_unit_test (what_is_done_already_is_not_asked),
        cmocka_unit_test (the_rarest_chunk_is_asked_first),
        cmocka_unit_test (a_chunk_that_could_not_be_written_is_missing_again),
        cmocka_unit_test (chunks_are_counted_right),
        cmocka_unit_test (sources_are_bounded_and_none_is_twice_or_we_ourselves),
        cmocka_unit_test (addresses_are_bounded),
        cmocka_unit_test (sources_are_tried_in_the_order_of_reputation_and_banned_ones_never),
        cmocka_unit_test (hosts_keep_their_order_but_for_those_to_be_avoided),
        cmocka_unit_test (who_gave_something_may_fail_three_times_and_who_did_not_once),
        cmocka_unit_test (who_is_busy_is_left_alone_longer_each_time_and_in_the_end_for_good),
        cmocka_unit_test (who_could_not_be_reached_may_come_back_and_who_lied_may_not),
        cmocka_unit_test (a_release_tells_the_digest_and_size_of_each_chunk),
        cmocka_unit_test (a_release_that_is_not_as_it_was_signed_is_none),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
