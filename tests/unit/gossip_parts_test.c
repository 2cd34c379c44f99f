// SPDX-License-Identifier: MIT
//  The structures of gossip: table of ids, history, origins, announcements, addresses.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/gossip_rig.h"
#include "tests/unit/seeded.h"

//  ---- ids ---------------------------------------------------------------------------------------

typedef struct {
    uint8_t id [ID_SIZE];
    uint32_t number;
} entry_t;

static void
id_of (uint8_t id [ID_SIZE], uint32_t number)
{
    crypto_real.sha256 (&number, sizeof number, id);
}

static void
a_table_of_ids_is_a_queue_in_which_each_is_found (void **state)
{
    (void) state;
    rng_t rng = seeded_rng (1);
    id_table_t *table = id_table_new (500, ID_SIZE, sizeof (entry_t), rng_u64 (&rng));
    uint32_t first = 0, next = 0;
    for (unsigned round = 0; round < 20000; round++) {
        uint8_t id [ID_SIZE];
        bool growing = round / 3000 % 2 == 0;
        if (rng_below (&rng, 100) < (growing ? 60u : 40u)) {
            id_of (id, next);
            entry_t *entry = id_table_add (table, id);
            assert_seeded ((entry != NULL) == (next - first < 500), round);
            if (entry)
                entry->number = next++;
        } else if (first < next) {
            id_table_drop_oldest (table);
            first++;
        }
        assert_seeded (id_table_count (table) == next - first, round);
        uint32_t any = (uint32_t) rng_below (&rng, next + 10);
        id_of (id, any);
        const entry_t *found = id_table_find (table, id);
        assert_seeded ((found != NULL) == (any >= first && any < next), round);
        assert_seeded (!found || found->number == any, round);
        if (first < next) {
            uint32_t at = (uint32_t) rng_below (&rng, next - first);
            assert_seeded (((entry_t *) id_table_at (table, at))->number == first + at, round);
        }
    }
    id_table_destroy (&table);
}

//  ---- history -----------------------------------------------------------------------------------

static body_t *
body_of (uint32_t number, size_t size)
{
    uint8_t *bytes = calloc (1, size);
    assert_non_null (bytes);
    body_t *body = body_new ((bytes_t) {bytes, size});
    free (bytes);
    id_of (body->id, number);
    return body;
}

static void
remember (history_t *history, uint32_t number, size_t size, bool own, int64_t now_ms)
{
    body_t *body = body_of (number, size);
    body->own = own;
    history_add (history, body, now_ms);
    body_release (&body);
}

//  What so many of 100 bytes take.
#define KEPT(count) ((uint32_t) ((count) * (100 + sizeof (body_t))))

static bool
has_id (const history_t *history, uint32_t number)
{
    uint8_t id [ID_SIZE];
    id_of (id, number);
    return history_has (history, id);
}

static bool
has_body (const history_t *history, uint32_t number)
{
    uint8_t id [ID_SIZE];
    id_of (id, number);
    return history_find (history, id) != NULL;
}

static void
a_history_keeps_newest_bytes_within_its_bound_and_all_ids (void **state)
{
    (void) state;
    history_t *history = history_new (KEPT (10), 7);
    for (uint32_t i = 0; i < 30; i++)
        remember (history, i, 100, false, i);
    //  What came just now stays for a moment, whatever comes.
    assert_int_equal (history_bytes (history), KEPT (30));
    history_expire (history, 1000 + HISTORY_RECENT_MS);
    assert_int_equal (history_bytes (history), KEPT (10));
    for (uint32_t i = 0; i < 30; i++) {
        assert_true (has_id (history, i));
        assert_int_equal (has_body (history, i), i >= 20);
    }
    history_destroy (&history);
}

static void
a_flood_of_one_moment_is_bounded_too (void **state)
{
    (void) state;
    history_t *history = history_new (KEPT (10), 7);
    for (uint32_t i = 0; i < 200; i++)
        remember (history, i, 100, false, 0);
    assert_int_equal (history_bytes (history), KEPT (10 * HISTORY_RECENT_FACTOR));
    history_destroy (&history);
}

static void
our_own_stay_for_a_minute_whatever_else_comes (void **state)
{
    (void) state;
    history_t *history = history_new (KEPT (10), 7);
    remember (history, 0, 100, true, 0);
    for (uint32_t i = 1; i < 30; i++)
        remember (history, i, 100, false, 1000);
    history_expire (history, HISTORY_OWN_MS - 1);
    assert_true (has_body (history, 0));
    assert_false (has_body (history, 1));
    remember (history, 30, 100, false, HISTORY_OWN_MS + 1);
    assert_false (has_body (history, 0));
    history_destroy (&history);
}

static void
ids_go_after_two_minutes_and_bytes_after_ten (void **state)
{
    (void) state;
    history_t *history = history_new (KEPT (1) + 50, 7);
    remember (history, 0, 100, false, 0);
    remember (history, 1, 100, false, 10);
    history_expire (history, HISTORY_RECENT_MS + 10);
    assert_int_equal (history_deadline_ms (history), HISTORY_SEEN_MS);
    history_expire (history, HISTORY_SEEN_MS - 1);
    assert_true (has_id (history, 0));
    history_expire (history, HISTORY_SEEN_MS);
    assert_false (has_id (history, 0));
    assert_true (has_body (history, 1));
    history_expire (history, HISTORY_KEPT_MS + 10);
    assert_int_equal (history_count (history), 0);
    assert_int_equal (history_bytes (history), 0);
    history_destroy (&history);
}

static void
at_its_bound_the_oldest_id_is_forgotten (void **state)
{
    (void) state;
    history_t *history = history_new (100, 7);
    for (uint32_t i = 0; i <= GOSSIP_SEEN_MAX; i++)
        remember (history, i, 1, false, 0);
    assert_int_equal (history_count (history), GOSSIP_SEEN_MAX);
    assert_false (has_id (history, 0));
    assert_true (has_id (history, 1));
    history_destroy (&history);
}

//  ---- origins -----------------------------------------------------------------------------------

#define RUN(run, number) ((uint64_t) (run) << ORIGINS_RUN_BITS | (number))

static void
a_number_counts_once_in_any_order (void **state)
{
    (void) state;
    rng_t rng = seeded_rng (2);
    origins_t origins;
    uint8_t key [ID_SIZE] = {1};
    bool model [2000] = {false};
    assert_true (origins_init (&origins, 7));
    uint64_t newest = 0;
    for (unsigned round = 0; round < 5000; round++) {
        uint64_t number = newest + rng_below (&rng, ORIGINS_WINDOW + 60);
        number = number > ORIGINS_WINDOW + 40 ? number - ORIGINS_WINDOW - 40 : 1;
        if (number >= 2000)
            break;
        bool replayed = origins_replayed (&origins, key, RUN (9, number));
        assert_seeded (replayed == (model [number] || number + ORIGINS_WINDOW <= newest), round);
        origins_note (&origins, key, RUN (9, number), 0);
        model [number] = true;
        newest = number > newest ? number : newest;
    }
    assert_true (newest > 300);
    origins_done (&origins);
}

static void
the_last_words_of_the_run_before_are_heard_and_those_of_earlier_runs_are_not (void **state)
{
    (void) state;
    origins_t origins;
    uint8_t key [ID_SIZE] = {1};
    assert_true (origins_init (&origins, 7));
    origins_note (&origins, key, RUN (5, 1), 0);
    origins_note (&origins, key, RUN (6, 1), 0);
    assert_false (origins_replayed (&origins, key, RUN (5, 2)));
    origins_note (&origins, key, RUN (5, 2), 0);
    assert_true (origins_replayed (&origins, key, RUN (5, 2)));
    origins_note (&origins, key, RUN (7, 1), 0);
    assert_true (origins_replayed (&origins, key, RUN (5, 3)));
    assert_false (origins_replayed (&origins, key, RUN (6, 2)));
    origins_done (&origins);
}

static void
an_origin_has_a_rate_of_its_own (void **state)
{
    (void) state;
    origins_t origins;
    uint8_t loud [ID_SIZE] = {1}, calm [ID_SIZE] = {2};
    assert_true (origins_init (&origins, 7));
    for (unsigned i = 1; i <= GOSSIP_ORIGIN_BURST; i++) {
        assert_false (origins_over (&origins, loud, 0));
        origins_note (&origins, loud, RUN (5, i), 0);
    }
    assert_true (origins_over (&origins, loud, 0));
    assert_false (origins_over (&origins, calm, 0));
    assert_true (origins_over (&origins, loud, 1000 / GOSSIP_ORIGIN_RATE - 1));
    assert_false (origins_over (&origins, loud, 1000 / GOSSIP_ORIGIN_RATE));
    origins_done (&origins);
}

static void
at_the_bound_the_origin_that_was_silent_longest_is_forgotten (void **state)
{
    (void) state;
    origins_t origins;
    assert_true (origins_init (&origins, 7));
    uint8_t key [ID_SIZE];
    for (uint32_t i = 0; i < GOSSIP_ORIGINS_MAX; i++) {
        id_of (key, i);
        origins_note (&origins, key, RUN (5, 1), i);
    }
    id_of (key, 0);
    origins_note (&origins, key, RUN (5, 2), 5000);
    id_of (key, 9999);
    origins_note (&origins, key, RUN (5, 1), 6000);
    assert_int_equal (id_table_count (origins.table), GOSSIP_ORIGINS_MAX);
    id_of (key, 0);
    assert_true (origins_replayed (&origins, key, RUN (5, 1)));
    id_of (key, 1);
    assert_false (origins_replayed (&origins, key, RUN (5, 1)));
    origins_done (&origins);
}

//  ---- announcements -----------------------------------------------------------------------------

static code_t
judged (const uint8_t *bytes, size_t size)
{
    Ggen__Announcement *announcement;
    code_t code = announcement_open (&announcement, (bytes_t) {bytes, size});
    if (code == OK) {
        code = announcement_verify (announcement, (bytes_t) {bytes, size}, &crypto_real);
        ggen__announcement__free_unpacked (announcement, NULL);
    }
    return code;
}

static void
every_bit_of_an_announcement_is_signed (void **state)
{
    (void) state;
    rig_t *rig = rig_new ();
    packed_t packed = rig_announcement (rig, 0, "news");
    assert_int_equal (judged (packed.bytes, packed.size), OK);
    for (size_t bit = 0; bit < 8 * packed.size; bit++) {
        packed.bytes [bit / 8] ^= (uint8_t) (1 << bit % 8);
        assert_int_not_equal (judged (packed.bytes, packed.size), OK);
        packed.bytes [bit / 8] ^= (uint8_t) (1 << bit % 8);
    }
    for (size_t size = 0; size < packed.size; size++)
        assert_int_not_equal (judged (packed.bytes, size), OK);
    free (packed.bytes);
    rig_destroy (rig);
}

static code_t
sealed (rig_t *rig, const char *topic, size_t items_count, size_t item_size)
{
    ProtobufCBinaryData *items = calloc (items_count + 1, sizeof *items);
    uint8_t *bytes = calloc (1, item_size + 1);
    assert_non_null (items);
    for (size_t i = 0; i < items_count; i++)
        items [i] = (ProtobufCBinaryData) {item_size, bytes};
    Ggen__Announcement announcement = GGEN__ANNOUNCEMENT__INIT;
    announcement.topic = (char *) topic;
    announcement.items = items;
    announcement.n_items = items_count;
    size_t size;
    uint8_t *packed = announcement_seal (&announcement, &rig->identity, &size);
    code_t code = judged (packed, size);
    free (packed);
    free (items);
    free (bytes);
    return code;
}

static void
an_announcement_has_bounds (void **state)
{
    (void) state;
    rig_t *rig = rig_new ();
    char longest [GOSSIP_TOPIC_BYTES_MAX + 2];
    memset (longest, 'a', sizeof longest);
    longest [0] = '/';
    longest [sizeof longest - 1] = 0;
    assert_int_equal (sealed (rig, longest, 1, 1), SERIALIZATION);
    longest [sizeof longest - 2] = 0;
    assert_int_equal (sealed (rig, longest, 1, 1), OK);
    assert_int_equal (sealed (rig, "", 1, 1), SERIALIZATION);
    assert_int_equal (sealed (rig, "packages", 1, 1), SERIALIZATION);
    assert_int_equal (sealed (rig, "/a b", 1, 1), SERIALIZATION);
    assert_int_equal (sealed (rig, "/a", 0, 1), SERIALIZATION);
    assert_int_equal (sealed (rig, "/a", 1, 0), SERIALIZATION);
    assert_int_equal (sealed (rig, "/a", 1, GOSSIP_ITEM_BYTES_MAX), OK);
    assert_int_equal (sealed (rig, "/a", 1, GOSSIP_ITEM_BYTES_MAX + 1), SERIALIZATION);
    assert_int_equal (sealed (rig, "/a", GOSSIP_ITEMS_MAX, 256), OK);
    assert_int_equal (sealed (rig, "/a", GOSSIP_ITEMS_MAX + 1, 1), SERIALIZATION);
    rig_destroy (rig);
}

//  ---- addresses ---------------------------------------------------------------------------------

static uint32_t
group_of (uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
    const uint8_t address [] = {4, a, b, c, d, 6, 0x10, 0x20};
    return peer_group ((bytes_t) {address, sizeof address});
}

static void
only_public_addresses_are_a_group (void **state)
{
    (void) state;
    assert_int_equal (group_of (127, 0, 0, 1), 0);
    assert_int_equal (group_of (10, 1, 2, 3), 0);
    assert_int_equal (group_of (192, 168, 1, 1), 0);
    assert_int_equal (group_of (172, 31, 1, 1), 0);
    assert_int_equal (group_of (100, 64, 1, 1), 0);
    assert_int_equal (group_of (169, 254, 1, 1), 0);
    assert_int_not_equal (group_of (172, 32, 1, 1), 0);
    assert_int_not_equal (group_of (8, 8, 8, 8), 0);
    assert_int_equal (group_of (8, 8, 8, 8), group_of (8, 8, 8, 8));
    assert_int_not_equal (group_of (8, 8, 8, 8), group_of (8, 8, 8, 9));
    uint8_t six [] = {41, 0x20, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 6, 1, 1};
    uint32_t site = peer_group ((bytes_t) {six, sizeof six});
    six [16] = 99;
    assert_int_equal (peer_group ((bytes_t) {six, sizeof six}), site);
    six [1] = 0xfe;
    assert_int_equal (peer_group ((bytes_t) {six, sizeof six}), 0);
    assert_int_equal (peer_group ((bytes_t) {six, 3}), 0);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (a_table_of_ids_is_a_queue_in_which_each_is_found),
        cmocka_unit_test (a_history_keeps_newest_bytes_within_its_bound_and_all_ids),
        cmocka_unit_test (a_flood_of_one_moment_is_bounded_too),
        cmocka_unit_test (our_own_stay_for_a_minute_whatever_else_comes),
        cmocka_unit_test (ids_go_after_two_minutes_and_bytes_after_ten),
        cmocka_unit_test (at_its_bound_the_oldest_id_is_forgotten),
        cmocka_unit_test (a_number_counts_once_in_any_order),
        cmocka_unit_test (the_last_words_of_the_run_before_are_heard_and_those_of_earlier_runs_are_not),
        cmocka_unit_test (an_origin_has_a_rate_of_its_own),
        cmocka_unit_test (at_the_bound_the_origin_that_was_silent_longest_is_forgotten),
        cmocka_unit_test (every_bit_of_an_announcement_is_signed),
        cmocka_unit_test (an_announcement_has_bounds),
        cmocka_unit_test (only_public_addresses_are_a_group),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
