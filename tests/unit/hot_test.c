// SPDX-License-Identifier: MIT
//  The hot tier, by itself against a plain list, and as the cache actor serves it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "actors/cache/cache.h"
#include "actors/cache/hot.h"
#include "tests/memory_state.h"
#include "tests/puppet.h"
#include "tests/unit/seeded.h"

#include "cache.pb-c.h"
#include "hot.pb-c.h"
#include "node.pb-c.h"

static const hot_limits_t usual = {HOT_ENTRIES_DEFAULT, HOT_BYTES_DEFAULT, HOT_TTL_MS,
                                   HOT_ABSENT_TTL_MS};

static bytes_t
text (const char *words)
{
    return (bytes_t) {(const uint8_t *) words, strlen (words)};
}

static void
put (hot_t *hot, const char *key, const char *value, int64_t now_ms)
{
    assert_int_equal (hot_put (hot, text (key), text (value), now_ms), OK);
}

static hot_found_t
get (hot_t *hot, const char *key, int64_t now_ms)
{
    bytes_t value;
    int64_t age_ms;
    return hot_get (hot, text (key), now_ms, &value, &age_ms);
}

static void
expect (hot_t *hot, const char *key, const char *expected, int64_t now_ms, int64_t expected_age_ms)
{
    bytes_t value;
    int64_t age_ms;
    assert_int_equal (hot_get (hot, text (key), now_ms, &value, &age_ms), HOT_FOUND);
    assert_int_equal (value.size, strlen (expected));
    assert_memory_equal (value.data, expected, value.size);
    assert_int_equal (age_ms, expected_age_ms);
}

//  ---- by itself ---------------------------------------------------------------------------------

static void
what_was_put_is_there_for_five_minutes_however_often_it_is_used (void **state)
{
    (void) state;
    hot_t *hot = hot_new (&usual, 1);
    put (hot, "rust-cli", "1.0.0", 1000);
    for (int64_t ms = 0; ms < 300000; ms += 10000)
        expect (hot, "rust-cli", "1.0.0", 1000 + ms, ms);
    expect (hot, "rust-cli", "1.0.0", 300999, 299999);
    assert_int_equal (get (hot, "rust-cli", 301000), HOT_COLD);
    assert_int_equal (hot_entries (hot), 0);
    assert_int_equal (hot_bytes (hot), 0);
    hot_counts_t counts = hot_counts (hot);
    assert_int_equal (counts.hits, 31);
    assert_int_equal (counts.misses, 1);
    assert_int_equal (counts.expired, 1);
    hot_destroy (&hot);
    assert_null (hot);
    hot_destroy (&hot);
}

static void
what_is_not_there_is_believed_for_fifteen_seconds (void **state)
{
    (void) state;
    hot_t *hot = hot_new (&usual, 1);
    assert_int_equal (hot_put (hot, text ("ghost"), (bytes_t) {NULL, 0}, 0), OK);
    assert_int_equal (get (hot, "ghost", 14999), HOT_KNOWN_ABSENT);
    assert_int_equal (get (hot, "ghost", 15000), HOT_COLD);
    assert_int_equal (hot_counts (hot).absent_hits, 1);
    //  It turned up; and is gone again
    put (hot, "ghost", "boo", 15000);
    expect (hot, "ghost", "boo", 20000, 5000);
    assert_int_equal (hot_put (hot, text ("ghost"), (bytes_t) {NULL, 0}, 20000), OK);
    assert_int_equal (get (hot, "ghost", 20000), HOT_KNOWN_ABSENT);
    hot_destroy (&hot);
}

static void
what_is_not_there_is_believed_no_longer_than_what_is (void **state)
{
    (void) state;
    hot_t *hot = hot_new (&(hot_limits_t) {3, 10000, 1000, 5000}, 1);
    assert_int_equal (hot_put (hot, text ("ghost"), (bytes_t) {NULL, 0}, 0), OK);
    assert_int_equal (get (hot, "ghost", 999), HOT_KNOWN_ABSENT);
    assert_int_equal (get (hot, "ghost", 1000), HOT_COLD);
    hot_destroy (&hot);
}

static void
an_empty_value_is_there (void **state)
{
    (void) state;
    hot_t *hot = hot_new (&usual, 1);
    put (hot, "empty", "", 0);
    expect (hot, "empty", "", 0, 0);
    hot_destroy (&hot);
}

static void
of_too_many_the_one_used_longest_ago_goes (void **state)
{
    (void) state;
    hot_t *hot = hot_new (&(hot_limits_t) {3, 10000, 1000, 100}, 1);
    put (hot, "a", "1", 0);
    put (hot, "b", "2", 0);
    put (hot, "c", "3", 0);
    expect (hot, "a", "1", 0, 0);
    put (hot, "d", "4", 0);
    assert_int_equal (get (hot, "b", 0), HOT_COLD);
    expect (hot, "a", "1", 0, 0);
    expect (hot, "c", "3", 0, 0);
    expect (hot, "d", "4", 0, 0);
    assert_int_equal (hot_counts (hot).evicted, 1);
    hot_destroy (&hot);
}

static void
bytes_are_bounded_too (void **state)
{
    (void) state;
    char large[700];
    memset (large, 'x', sizeof large - 1);
    large[sizeof large - 1] = 0;
    hot_t *hot = hot_new (&(hot_limits_t) {100, 2000, 1000, 100}, 1);
    put (hot, "a", large, 0);
    put (hot, "b", large, 0);
    put (hot, "c", large, 0);
    assert_true (hot_bytes (hot) <= 2000);
    assert_int_equal (hot_entries (hot), 2);
    assert_int_equal (get (hot, "a", 0), HOT_COLD);
    //  One that is above the bound by itself is not kept, and what was there before is not either
    uint8_t huge[2000] = {0};
    assert_int_equal (hot_put (hot, text ("b"), (bytes_t) {huge, sizeof huge}, 0), BUSY);
    assert_int_equal (get (hot, "b", 0), HOT_COLD);
    expect (hot, "c", large, 0, 0);
    hot_destroy (&hot);
}

static void
keys_and_values_out_of_bounds_are_refused (void **state)
{
    (void) state;
    static uint8_t bytes[HOT_VALUE_MAX + 1];
    hot_t *hot = hot_new (&usual, 1);
    bytes_t value = text ("v");
    assert_int_equal (hot_put (hot, (bytes_t) {bytes, 0}, value, 0), VALIDATION);
    assert_int_equal (hot_put (hot, (bytes_t) {bytes, HOT_KEY_MAX + 1}, value, 0), VALIDATION);
    assert_int_equal (hot_put (hot, (bytes_t) {bytes, HOT_KEY_MAX}, value, 0), OK);
    assert_int_equal (hot_put (hot, text ("k"), (bytes_t) {bytes, HOT_VALUE_MAX + 1}, 0),
                      VALIDATION);
    assert_int_equal (hot_put (hot, text ("k"), (bytes_t) {bytes, HOT_VALUE_MAX}, 0), OK);
    assert_int_equal (hot_entries (hot), 2);
    hot_destroy (&hot);
}

static void
without_room_nothing_is_kept (void **state)
{
    (void) state;
    hot_t *hot = hot_new (&(hot_limits_t) {0, 10000, 1000, 100}, 1);
    assert_int_equal (hot_put (hot, text ("k"), text ("v"), 0), BUSY);
    assert_int_equal (get (hot, "k", 0), HOT_COLD);
    assert_int_equal (hot_drop_prefix (hot, text ("")), 0);
    hot_destroy (&hot);
}

static void
a_prefix_drops_all_that_begins_so (void **state)
{
    (void) state;
    hot_t *hot = hot_new (&usual, 1);
    put (hot, "rust-cli@1", "1", 0);
    put (hot, "rust-cli@2", "2", 0);
    put (hot, "rust", "-cli@3", 0);
    put (hot, "go-cli@1", "3", 0);
    assert_int_equal (hot_drop_prefix (hot, text ("rust-cli@")), 2);
    expect (hot, "rust", "-cli@3", 0, 0);
    expect (hot, "go-cli@1", "3", 0, 0);
    assert_true (hot_drop (hot, text ("rust")));
    assert_false (hot_drop (hot, text ("rust")));
    assert_int_equal (hot_drop_prefix (hot, text ("")), 1);
    assert_int_equal (hot_bytes (hot), 0);
    hot_destroy (&hot);
}

//  ---- against a plain list ----------------------------------------------------------------------

#define MODEL_KEYS 40

typedef struct {
    bool there, absent;
    uint32_t value;
    int64_t put_ms;
    unsigned used;              //  round
} model_t;

static void
model_evict (model_t *model, unsigned max)
{
    for (;;) {
        unsigned count = 0, oldest = MODEL_KEYS;
        for (unsigned i = 0; i < MODEL_KEYS; i++)
            if (model[i].there) {
                count++;
                if (oldest == MODEL_KEYS || model[i].used < model[oldest].used)
                    oldest = i;
            }
        if (count <= max)
            return;
        model[oldest].there = false;
    }
}

static hot_found_t
model_get (model_t *it, int64_t now_ms, unsigned round)
{
    if (it->there && now_ms - it->put_ms >= (it->absent ? 100 : 1000))
        it->there = false;
    if (!it->there)
        return HOT_COLD;
    it->used = round;
    return it->absent ? HOT_KNOWN_ABSENT : HOT_FOUND;
}

static void
it_is_what_a_list_with_times_would_be (void **state)
{
    (void) state;
    rng_t rng = seeded_rng (31);
    hot_t *hot = hot_new (&(hot_limits_t) {16, 1 << 20, 1000, 100}, 1);
    model_t model[MODEL_KEYS] = {{0}};
    int64_t now_ms = 0;
    for (unsigned round = 1; round < 50000; round++) {
        uint8_t key[3] = {'k', (uint8_t) rng_below (&rng, MODEL_KEYS), 7};
        model_t *it = &model[key[1]];
        now_ms += (int64_t) rng_below (&rng, 30);
        uint32_t value = (uint32_t) rng_u64 (&rng);
        switch (rng_below (&rng, 4)) {
        case 0:
            *it = (model_t) {true, rng_below (&rng, 3) == 0, value, now_ms, round};
            model_evict (model, 16);
            bytes_t bytes = {it->absent ? NULL : (const uint8_t *) &value,
                             it->absent ? 0 : sizeof value};
            assert_int_equal (hot_put (hot, (bytes_t) {key, 3}, bytes, now_ms), OK);
            break;
        case 1:
            if (rng_below (&rng, 8) == 0) {
                assert_seeded (hot_drop (hot, (bytes_t) {key, 3}) == it->there, round);
                it->there = false;
            }
            break;
        default: {
            bytes_t found;
            int64_t age_ms;
            hot_found_t expected = model_get (it, now_ms, round);
            hot_found_t got = hot_get (hot, (bytes_t) {key, 3}, now_ms, &found, &age_ms);
            assert_seeded (got == expected, round);
            if (got == HOT_FOUND)
                assert_seeded (memcmp (found.data, &it->value, 4) == 0
                                   && age_ms == now_ms - it->put_ms,
                               round);
        }
        }
    }
    hot_destroy (&hot);
}

//  ---- as the cache serves it --------------------------------------------------------------------

static puppet_t cache;

static int
start_cache (void **state)
{
    (void) state;
    static const cache_settings_t settings = {
        .bytes_max = 1000, .hot = {2, HOT_BYTES_DEFAULT, HOT_TTL_MS, HOT_ABSENT_TTL_MS}};
    cache = (puppet_t) {0};
    puppet_start (&cache, &cache_actor, &settings);
    said_t said = {0};
    assert_true (puppet_take (&cache, "blobs", &said));
    Ggen__BlobListReply none = GGEN__BLOB_LIST_REPLY__INIT;
    puppet_reply (&cache, &said, &none.base);
    return 0;
}

static int
stop_cache (void **state)
{
    (void) state;
    puppet_stop (&cache);
    return 0;
}

static ProtobufCBinaryData
field (const char *words)
{
    return (ProtobufCBinaryData) {strlen (words), (uint8_t *) words};
}

static void
ask_get (const char *key, Ggen__Heat heat, const char *value)
{
    Ggen__HotGetRequest ask = GGEN__HOT_GET_REQUEST__INIT;
    ask.key = field (key);
    puppet_ask (&cache, &ask.base);
    Ggen__HotGetReply *reply = puppet_hear (&cache, &ggen__hot_get_reply__descriptor);
    assert_int_equal (reply->heat, heat);
    assert_int_equal (reply->value.len, strlen (value));
    assert_memory_equal (reply->value.data, value, reply->value.len);
    puppet_free (reply);
}

static bool
ask_put (const char *key, const char *value)
{
    Ggen__HotPutRequest ask = GGEN__HOT_PUT_REQUEST__INIT;
    ask.key = field (key);
    ask.absent = value == NULL;
    if (value)
        ask.value = field (value);
    puppet_ask (&cache, &ask.base);
    Ggen__HotPutReply *reply = puppet_hear (&cache, &ggen__hot_put_reply__descriptor);
    bool kept = reply->kept;
    puppet_free (reply);
    return kept;
}

static void
the_cache_answers_for_its_hot_tier (void **state)
{
    (void) state;
    ask_get ("a", GGEN__HEAT__COLD, "");
    assert_true (ask_put ("a", "one"));
    assert_true (ask_put ("b", NULL));
    ask_get ("a", GGEN__HEAT__HOT, "one");
    ask_get ("b", GGEN__HEAT__HOT_ABSENT, "");
    assert_true (ask_put ("a", ""));
    ask_get ("a", GGEN__HEAT__HOT, "");
    assert_true (ask_put ("c", "three"));
    Ggen__HotStatusRequest ask = GGEN__HOT_STATUS_REQUEST__INIT;
    puppet_ask (&cache, &ask.base);
    Ggen__HotStatusReply *status = puppet_hear (&cache, &ggen__hot_status_reply__descriptor);
    assert_int_equal (status->entries, 2);
    assert_int_equal (status->entries_max, 2);
    assert_int_equal (status->max_bytes, HOT_BYTES_DEFAULT);
    assert_true (status->size_bytes > 0);
    assert_int_equal (status->hits, 2);
    assert_int_equal (status->absent_hits, 1);
    assert_int_equal (status->misses, 1);
    assert_int_equal (status->evicted, 1);
    puppet_free (status);
    puppet_wait (&cache, HOT_TTL_MS);
    ask_get ("c", GGEN__HEAT__COLD, "");
}

static void
the_cache_drops_one_or_all_that_begin_so (void **state)
{
    (void) state;
    ask_put ("ab", "1");
    ask_put ("ac", "2");
    Ggen__HotDropRequest ask = GGEN__HOT_DROP_REQUEST__INIT;
    ask.key = field ("a");
    const uint32_t expected[] = {0, 2};
    for (int prefix = 0; prefix <= 1; prefix++) {
        ask.prefix = prefix;
        puppet_ask (&cache, &ask.base);
        Ggen__HotDropReply *reply = puppet_hear (&cache, &ggen__hot_drop_reply__descriptor);
        assert_int_equal (reply->dropped, expected[prefix]);
        puppet_free (reply);
    }
}

static void
a_put_can_be_an_event (void **state)
{
    (void) state;
    Ggen__HotPutRequest message = GGEN__HOT_PUT_REQUEST__INIT;
    message.key = field ("a");
    message.value = field ("one");
    size_t size;
    uint8_t *body = puppet_pack (&message.base, &size);
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__EVENT;
    envelope.from = "registry_p2p";
    envelope.type = "HotPutRequest";
    assert_int_equal (puppet_deliver (&cache, &envelope, body, size), OK);
    free (body);
    assert_int_equal (cache.said_count, 0);
    ask_get ("a", GGEN__HEAT__HOT, "one");
}

static void
the_cache_refuses_keys_out_of_bounds_and_does_not_keep_what_is_too_large (void **state)
{
    (void) state;
    char key[HOT_KEY_MAX + 2];
    memset (key, 'k', sizeof key - 1);
    key[sizeof key - 1] = 0;
    const char *const bad[] = {"", key};
    for (size_t i = 0; i < COUNT_OF (bad); i++) {
        Ggen__HotGetRequest get_it = GGEN__HOT_GET_REQUEST__INIT;
        Ggen__HotPutRequest put_it = GGEN__HOT_PUT_REQUEST__INIT;
        Ggen__HotDropRequest drop_it = GGEN__HOT_DROP_REQUEST__INIT;
        get_it.key = put_it.key = drop_it.key = field (bad[i]);
        const ProtobufCMessage *const asks[] = {&get_it.base, &put_it.base, &drop_it.base};
        for (size_t k = 0; k < COUNT_OF (asks); k++) {
            puppet_ask (&cache, asks[k]);
            Ggen__Failure *failure = puppet_hear (&cache, &ggen__failure__descriptor);
            assert_int_equal (failure->code, VALIDATION);
            puppet_free (failure);
        }
    }
    char *large = malloc (HOT_VALUE_MAX + 2);
    memset (large, 'x', HOT_VALUE_MAX + 1);
    large[HOT_VALUE_MAX + 1] = 0;
    assert_true (ask_put ("a", "one"));
    assert_false (ask_put ("a", large));
    ask_get ("a", GGEN__HEAT__COLD, "");
    free (large);
}

//  ---- across a restart ----------------------------------------------------------------------------

static memory_state_t *memory;
static puppet_t state_keeper;

static void
settle (void)
{
    while (puppet_relay (&cache, &state_keeper))
        continue;
}

//  Up to where it asks what was kept.
static void
start_loading (void)
{
    static const cache_settings_t settings = {
        .bytes_max = 1000,
        .hot = {10, HOT_BYTES_DEFAULT, HOT_TTL_MS, HOT_ABSENT_TTL_MS},
        .keeps_hot = true};
    puppet_start (&cache, &cache_actor, &settings);
    said_t said = {0};
    assert_true (puppet_take (&cache, "blobs", &said));
    Ggen__BlobListReply none = GGEN__BLOB_LIST_REPLY__INIT;
    puppet_reply (&cache, &said, &none.base);
}

static void
start_keeping (void)
{
    start_loading ();
    settle ();
}

static int
start_kept (void **state)
{
    (void) state;
    memory = calloc (1, sizeof *memory);
    assert_non_null (memory);
    cache = state_keeper = (puppet_t) {0};
    puppet_start (&state_keeper, &memory_state_actor, memory);
    start_keeping ();
    return 0;
}

static int
stop_kept (void **state)
{
    (void) state;
    puppet_stop (&cache);
    puppet_stop (&state_keeper);
    memory_state_clear (memory);
    free (memory);
    return 0;
}

static void
save (void)
{
    Ggen__SaveRequest request = GGEN__SAVE_REQUEST__INIT;
    puppet_ask (&cache, &request.base);
    settle ();
    puppet_free (puppet_hear (&cache, &ggen__save_reply__descriptor));
}

static void
restart_after (int64_t ms)
{
    puppet_stop (&cache);
    cache.now_ms = 5000;                //  Another machine start: the clock begins anew
    cache.wall_ms += ms;
    start_keeping ();
}

static void
what_is_hot_when_the_node_is_stopped_is_hot_in_the_next_one (void **state)
{
    (void) state;
    assert_true (ask_put ("a", "one"));
    assert_true (ask_put ("b", NULL));
    assert_true (ask_put ("c", ""));
    puppet_wait (&cache, 1000);
    assert_true (ask_put ("d", "four"));
    save ();
    assert_int_equal (memory->count, 4);
    restart_after (10000);
    assert_int_equal (memory->count, 0);
    ask_get ("a", GGEN__HEAT__HOT, "one");
    ask_get ("b", GGEN__HEAT__HOT_ABSENT, "");
    ask_get ("c", GGEN__HEAT__HOT, "");
    ask_get ("d", GGEN__HEAT__HOT, "four");
    puppet_wait (&cache, HOT_TTL_MS - 11000);
    ask_get ("a", GGEN__HEAT__COLD, "");
    ask_get ("d", GGEN__HEAT__HOT, "four");
    puppet_wait (&cache, 1000);
    ask_get ("d", GGEN__HEAT__COLD, "");
}

static void
what_was_looked_up_since_is_newer_than_what_was_kept (void **state)
{
    (void) state;
    assert_true (ask_put ("a", "one"));
    assert_true (ask_put ("b", "two"));
    save ();
    puppet_stop (&cache);
    start_loading ();
    assert_true (ask_put ("a", "new"));
    settle ();
    ask_get ("a", GGEN__HEAT__HOT, "new");
    ask_get ("b", GGEN__HEAT__HOT, "two");
}

static void
what_is_too_old_by_then_is_cold (void **state)
{
    (void) state;
    assert_true (ask_put ("a", "one"));
    save ();
    restart_after (HOT_TTL_MS);
    ask_get ("a", GGEN__HEAT__COLD, "");
    assert_int_equal (memory->count, 0);
    assert_true (ask_put ("a", "one"));
    save ();
    restart_after (-1000);              //  A clock that was put back says nothing of its age
    ask_get ("a", GGEN__HEAT__COLD, "");
}

static void
a_value_as_large_as_can_be_is_left_behind_and_the_others_are_not (void **state)
{
    (void) state;
    char *large = malloc (HOT_VALUE_MAX + 1);
    memset (large, 'x', HOT_VALUE_MAX);
    large[HOT_VALUE_MAX] = 0;
    assert_true (ask_put ("a", "one"));
    assert_true (ask_put ("b", large));
    save ();
    restart_after (1);
    ask_get ("a", GGEN__HEAT__HOT, "one");
    ask_get ("b", GGEN__HEAT__COLD, "");
    free (large);
}

static void
a_disk_that_fails_costs_the_heat_only (void **state)
{
    (void) state;
    assert_true (ask_put ("a", "one"));
    memory->put_code = STORAGE;
    save ();
    ask_get ("a", GGEN__HEAT__HOT, "one");
    memory->load_code = STORAGE;
    restart_after (1);
    ask_get ("a", GGEN__HEAT__COLD, "");
    assert_true (ask_put ("a", "one"));
}

static void
garbage_on_the_disk_is_not_hot (void **state)
{
    (void) state;
    assert_true (ask_put ("a", "one"));
    assert_true (ask_put ("b", "two"));
    save ();
    memset (memory->entries[0].value, 0xFF, memory->entries[0].value_size);
    restart_after (1);
    ask_get ("a", GGEN__HEAT__COLD, "");
    ask_get ("b", GGEN__HEAT__HOT, "two");
}

int
main (void)
{
#define kept(test) cmocka_unit_test_setup_teardown (test, start_kept, stop_kept)
#define served(test) cmocka_unit_test_setup_teardown (test, start_cache, stop_cache)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (what_was_put_is_there_for_five_minutes_however_often_it_is_used),
        cmocka_unit_test (what_is_not_there_is_believed_for_fifteen_seconds),
        cmocka_unit_test (what_is_not_there_is_believed_no_longer_than_what_is),
        cmocka_unit_test (an_empty_value_is_there),
        cmocka_unit_test (of_too_many_the_one_used_longest_ago_goes),
        cmocka_unit_test (bytes_are_bounded_too),
        cmocka_unit_test (keys_and_values_out_of_bounds_are_refused),
        cmocka_unit_test (without_room_nothing_is_kept),
        cmocka_unit_test (a_prefix_drops_all_that_begins_so),
        cmocka_unit_test (it_is_what_a_list_with_times_would_be),
        served (the_cache_answers_for_its_hot_tier),
        served (the_cache_drops_one_or_all_that_begin_so),
        served (a_put_can_be_an_event),
        served (the_cache_refuses_keys_out_of_bounds_and_does_not_keep_what_is_too_large),
        kept (what_is_hot_when_the_node_is_stopped_is_hot_in_the_next_one),
        kept (what_was_looked_up_since_is_newer_than_what_was_kept),
        kept (what_is_too_old_by_then_is_cold),
        kept (a_value_as_large_as_can_be_is_left_behind_and_the_others_are_not),
        kept (a_disk_that_fails_costs_the_heat_only),
        kept (garbage_on_the_disk_is_not_hot),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
