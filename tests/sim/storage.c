// SPDX-License-Identifier: MIT
//  Disks of the simulator's nodes, and "state" on them (lib/storage.h, lib/storage_state.h).
#include "lib/clients.h"
#include "lib/storage_state.h"
#include "state.pb-c.h"
#include "tests/unit/seeded.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#define MS 1000

//  ---- the disk ------------------------------------------------------------------------------------

static bytes_t
text (const char *of)
{
    return (bytes_t) {(const uint8_t *) of, strlen (of)};
}

static bool
append_entry (void *list_, bytes_t key, bytes_t value)
{
    char *list = list_;
    size_t size = strlen (list);
    snprintf (list + size, 256 - size, "%.*s=%.*s ", (int) key.size, (const char *) key.data,
              (int) value.size, (const char *) value.data);
    return true;
}

//  What a table holds: "a=1 b=2 ".
static void
assert_table (const storage_t *storage, const char *table, const char *expected)
{
    char list[256] = "";
    storage_read (storage, table, (bytes_t) {NULL, 0}, append_entry, list);
    assert_string_equal (list, expected);
}

static void
put (storage_t *storage, const char *table, const char *key, const char *value)
{
    uint32_t changed = 0;
    assert_int_equal (storage_put (storage, table, text (key), text (value), &changed), OK);
    assert_int_equal (changed, 1);
}

static void
commit (storage_t *storage)
{
    storage_write (storage);
    storage_written (storage);
}

static void
entries_are_in_the_order_of_their_keys_and_of_their_table_only (void **state)
{
    (void) state;
    storage_t *storage = storage_new ();
    uint32_t changed = 0;
    put (storage, "t", "b", "2");
    put (storage, "t", "a", "1");
    put (storage, "u", "a", "9");
    put (storage, "s", "z", "0");
    put (storage, "t", "ab", "3");
    put (storage, "t", "b", "4");
    assert_table (storage, "t", "a=1 ab=3 b=4 ");
    assert_int_equal (storage_remove (storage, "t", text ("a"), &changed), OK);
    assert_int_equal (storage_remove (storage, "t", text ("none"), &changed), OK);
    assert_int_equal (changed, 1);
    assert_table (storage, "t", "ab=3 b=4 ");
    char list[256] = "";
    storage_read (storage, "t", text ("ab"), append_entry, list);
    assert_string_equal (list, "b=4 ");
    storage_destroy (&storage);
}

static void
what_is_undone_is_as_it_was (void **state)
{
    (void) state;
    storage_t *storage = storage_new ();
    uint32_t changed = 0;
    put (storage, "t", "a", "1");
    put (storage, "t", "b", "2");
    commit (storage);
    put (storage, "t", "a", "changed");
    put (storage, "t", "a", "changed again");
    assert_int_equal (storage_remove (storage, "t", text ("b"), &changed), OK);
    put (storage, "t", "b", "back");
    put (storage, "t", "c", "new");
    assert_int_equal (storage_remove (storage, "t", text ("c"), &changed), OK);
    storage_undo (storage);
    assert_table (storage, "t", "a=1 b=2 ");
    assert_int_equal (storage_used_bytes (storage), 4);
    storage_destroy (&storage);
}

static void
after_a_crash_the_batch_under_way_is_there_or_not_and_the_open_one_is_not (void **state)
{
    (void) state;
    rng_t rng = seeded_rng (1);
    unsigned kept = 0;
    for (unsigned round = 0; round < 100; round++) {
        storage_t *storage = storage_new ();
        put (storage, "t", "a", "1");
        commit (storage);
        put (storage, "t", "a", "2");
        put (storage, "t", "b", "2");
        storage_write (storage);
        put (storage, "t", "a", "3");
        put (storage, "t", "c", "3");
        storage_crash (storage, &rng);
        char list[256] = "";
        storage_read (storage, "t", (bytes_t) {NULL, 0}, append_entry, list);
        bool whole = strcmp (list, "a=2 b=2 ") == 0;
        assert_true (whole || strcmp (list, "a=1 ") == 0);
        assert_false (storage_is_writing (storage));
        kept += whole;
        storage_destroy (&storage);
    }
    assert_in_range (kept, 20, 80);
}

static void
a_full_disk_takes_no_more_and_one_that_fails_says_so (void **state)
{
    (void) state;
    storage_t *storage = storage_new ();
    uint32_t changed = 0;
    storage_limit (storage, 10);
    put (storage, "t", "a", "12345");
    assert_int_equal (storage_put (storage, "t", text ("b"), text ("1234"), &changed),
                      INSUFFICIENT_DISK_SPACE);
    assert_int_equal (storage_take (storage, 5), INSUFFICIENT_DISK_SPACE);
    assert_int_equal (storage_take (storage, 4), OK);
    assert_int_equal (storage_used_bytes (storage), 10);
    storage_give (storage, 4);
    put (storage, "t", "b", "123");
    storage_fail (storage, STORAGE, STORAGE);
    assert_int_equal (storage_put (storage, "t", text ("b"), text ("1"), &changed), STORAGE);
    assert_int_equal (storage_remove (storage, "t", text ("b"), &changed), STORAGE);
    assert_int_equal (storage_take (storage, 0), STORAGE);
    assert_int_equal (storage_read_code (storage), STORAGE);
    assert_int_equal (changed, 0);
    assert_table (storage, "t", "a=12345 b=123 ");
    storage_destroy (&storage);
}

//  ---- "state" on a node ----------------------------------------------------------------------------

typedef struct {
    world_t *world;
    storage_state_settings_t settings;
} stage_t;

static void
compose (void *context, world_t *world, uint32_t node, node_plan_t *plan)
{
    stage_t *stage = context;
    stage->settings = (storage_state_settings_t) {world_storage (world, node), 10, 10};
    world_plan_add (plan, &storage_state_actor, &stage->settings);
}

static void
stage_open (stage_t *stage)
{
    world_setup_t setup = {.seed = seed_of_run (), .compose = compose, .context = stage};
    stage->world = world_new (&setup);
    world_start (stage->world, world_add (stage->world, NULL));
}

typedef struct {
    unsigned count;
    code_t code;
    int64_t took_us;
    uint32_t changed;
} end_t;

static void
put_done (void *context, world_t *world, const client_reply_t *reply)
{
    end_t *end = context;
    (void) world;
    end->count++;
    end->code = reply->code;
    end->took_us = reply->took_us;
    Ggen__StatePutReply *answer = clients_unpack (reply, &ggen__state_put_reply__descriptor);
    if (!answer)
        return;
    end->changed = answer->changed;
    ggen__state_put_reply__free_unpacked (answer, NULL);
}

static void
ask_put (stage_t *stage, const char *key, const char *value, bool urgent, end_t *end)
{
    Ggen__StateEntry entry = GGEN__STATE_ENTRY__INIT, *list = &entry;
    entry.key = (ProtobufCBinaryData) {strlen (key), (uint8_t *) key};
    entry.value = (ProtobufCBinaryData) {strlen (value), (uint8_t *) value};
    Ggen__StatePutRequest request = GGEN__STATE_PUT_REQUEST__INIT;
    request.table = "t";
    request.put = &list;
    request.n_put = 1;
    request.urgent = urgent;
    *end = (end_t) {0};
    clients_ask (stage->world, 0, "state", &request.base, 10000, put_done, end);
}

static void
run_ms (stage_t *stage, int64_t ms)
{
    world_run (stage->world, world_now_us (stage->world) + ms * MS);
}

static void
an_urgent_put_is_answered_when_it_is_on_disk_and_others_with_their_batch (void **state)
{
    (void) state;
    stage_t stage;
    end_t slow, urgent;
    stage_open (&stage);
    ask_put (&stage, "a", "1", false, &slow);
    run_ms (&stage, 900);
    assert_int_equal (slow.count, 0);
    run_ms (&stage, 200);
    assert_int_equal (slow.count, 1);
    assert_in_range ((uint64_t) slow.took_us, 1000 * MS, 1020 * MS);
    ask_put (&stage, "a", "2", false, &slow);
    ask_put (&stage, "b", "2", true, &urgent);
    run_ms (&stage, 50);
    assert_int_equal (slow.count, 1);
    assert_int_equal (urgent.count, 1);
    assert_int_equal (urgent.code, OK);
    assert_int_equal (urgent.changed, 1);
    assert_in_range ((uint64_t) urgent.took_us, 10 * MS, 20 * MS);
    assert_table (world_storage (stage.world, 0), "t", "a=2 b=2 ");
    world_destroy (&stage.world);
}

static void
a_kill_takes_what_was_not_acknowledged_and_a_stop_takes_nothing (void **state)
{
    (void) state;
    stage_t stage;
    end_t first, second;
    stage_open (&stage);
    ask_put (&stage, "a", "1", true, &first);
    run_ms (&stage, 100);
    assert_int_equal (first.code, OK);
    ask_put (&stage, "a", "2", false, &second);
    run_ms (&stage, 100);
    world_kill (stage.world, 0);
    assert_table (world_storage (stage.world, 0), "t", "a=1 ");
    run_ms (&stage, 10);
    assert_int_equal (second.code, NODE_NOT_STARTED);
    world_start (stage.world, 0);
    ask_put (&stage, "a", "3", false, &second);
    run_ms (&stage, 100);
    world_stop (stage.world, 0);
    run_ms (&stage, WORLD_PARTING_MS + 100);
    assert_int_equal (world_node_state (stage.world, 0), NODE_OFF);
    assert_table (world_storage (stage.world, 0), "t", "a=3 ");
    world_destroy (&stage.world);
}

static void
what_fails_takes_its_batch_with_it_and_all_in_it_are_told (void **state)
{
    (void) state;
    stage_t stage;
    end_t first, second;
    stage_open (&stage);
    ask_put (&stage, "a", "1", false, &first);
    run_ms (&stage, 100);
    storage_fail (world_storage (stage.world, 0), OK, INSUFFICIENT_DISK_SPACE);
    ask_put (&stage, "b", "2", false, &second);
    run_ms (&stage, 100);
    assert_int_equal (first.code, INSUFFICIENT_DISK_SPACE);
    assert_int_equal (second.code, INSUFFICIENT_DISK_SPACE);
    assert_table (world_storage (stage.world, 0), "t", "");
    storage_fail (world_storage (stage.world, 0), OK, OK);
    ask_put (&stage, "b", "2", true, &second);
    run_ms (&stage, 100);
    assert_int_equal (second.code, OK);
    world_destroy (&stage.world);
}

//  What a load brought: keys, and whether there are more.
typedef struct {
    char keys[64];
    bool more;
    code_t code;
} page_t;

static void
load_done (void *context, world_t *world, const client_reply_t *reply)
{
    page_t *page = context;
    (void) world;
    page->code = reply->code;
    Ggen__StateLoadReply *answer = clients_unpack (reply, &ggen__state_load_reply__descriptor);
    if (!answer)
        return;
    for (size_t i = 0; i < answer->n_entries; i++)
        strncat (page->keys, (const char *) answer->entries[i]->key.data,
                 answer->entries[i]->key.len);
    page->more = answer->next_key.len > 0;
    ggen__state_load_reply__free_unpacked (answer, NULL);
}

static page_t
load (stage_t *stage, const char *after, uint32_t limit)
{
    page_t page = {.keys = ""};
    Ggen__StateLoadRequest request = GGEN__STATE_LOAD_REQUEST__INIT;
    request.table = "t";
    request.after_key = (ProtobufCBinaryData) {strlen (after), (uint8_t *) after};
    request.limit = limit;
    clients_ask (stage->world, 0, "state", &request.base, 1000, load_done, &page);
    run_ms (stage, 10);
    return page;
}

static void
loads_come_in_pages_and_see_what_is_not_written_yet (void **state)
{
    (void) state;
    stage_t stage;
    end_t end;
    stage_open (&stage);
    for (const char *keys[] = {"a", "b", "c", NULL}, **key = keys; *key; key++)
        ask_put (&stage, *key, "1", false, &end);
    run_ms (&stage, 10);
    page_t page = load (&stage, "", 2);
    assert_string_equal (page.keys, "ab");
    assert_true (page.more);
    page = load (&stage, "b", 2);
    assert_string_equal (page.keys, "c");
    assert_false (page.more);
    storage_fail (world_storage (stage.world, 0), STORAGE, OK);
    assert_int_equal (load (&stage, "", 0).code, STORAGE);
    run_ms (&stage, 2000);
    world_destroy (&stage.world);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (entries_are_in_the_order_of_their_keys_and_of_their_table_only),
        cmocka_unit_test (what_is_undone_is_as_it_was),
        cmocka_unit_test (
            after_a_crash_the_batch_under_way_is_there_or_not_and_the_open_one_is_not),
        cmocka_unit_test (a_full_disk_takes_no_more_and_one_that_fails_says_so),
        cmocka_unit_test (an_urgent_put_is_answered_when_it_is_on_disk_and_others_with_their_batch),
        cmocka_unit_test (a_kill_takes_what_was_not_acknowledged_and_a_stop_takes_nothing),
        cmocka_unit_test (what_fails_takes_its_batch_with_it_and_all_in_it_are_told),
        cmocka_unit_test (loads_come_in_pages_and_see_what_is_not_written_yet),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
