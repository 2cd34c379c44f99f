// SPDX-License-Identifier: MIT
//  "state" with real files: what is acknowledged is there after a crash, and nothing else counts.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "runtime/host/log.h"
#include "runtime/host/state_io.h"
#include "tests/temp_dir.h"
#include "state.pb-c.h"
#include "tests/puppet.h"

#include "sqlite_dl.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char home[TEMP_DIR_SIZE], path[128];
static state_settings_t settings = {.path = path};

static int
make_home (void **state)
{
    (void) state;
    temp_dir_make (home);
    snprintf (path, sizeof path, "%s/p2p/state.db", home);
    log_set_level (LEVEL_ERROR);
    return 0;
}

static int
remove_home (void **state)
{
    (void) state;
    return temp_dir_remove (home);
}

static mode_t
mode_of (const char *file)
{
    struct stat info;
    return stat (file, &info) == 0 ? info.st_mode & 07777 : 0;
}

//  Ask for a put of 'count' entries "PREFIXnnnn" whose values have 'value_size' bytes.
static void
ask_put (puppet_t *puppet, const char *table, const char *prefix, size_t count, size_t value_size,
         bool urgent)
{
    Ggen__StatePutRequest put = GGEN__STATE_PUT_REQUEST__INIT;
    Ggen__StateEntry *values = calloc (count + 1, sizeof *values);
    Ggen__StateEntry **list = calloc (count + 1, sizeof *list);
    char(*keys)[32] = calloc (count + 1, sizeof *keys);
    uint8_t *value = calloc (1, value_size + 1);
    memset (value, 'v', value_size);
    put.table = (char *) table;
    put.urgent = urgent;
    put.put = list;
    put.n_put = count;
    for (size_t i = 0; i < count; i++) {
        snprintf (keys[i], sizeof keys[i], count == 1 ? "%s" : "%s%04zu", prefix, i);
        values[i] = (Ggen__StateEntry) GGEN__STATE_ENTRY__INIT;
        values[i].key = (ProtobufCBinaryData) {strlen (keys[i]), (uint8_t *) keys[i]};
        values[i].value = (ProtobufCBinaryData) {value_size, value};
        list[i] = &values[i];
    }
    puppet_ask (puppet, &put.base);
    free (value);
    free (keys);
    free (list);
    free (values);
}

static unsigned
hear_changed (puppet_t *puppet)
{
    Ggen__StatePutReply *reply = puppet_hear (puppet, &ggen__state_put_reply__descriptor);
    unsigned changed = reply->changed;
    puppet_free (reply);
    return changed;
}

static code_t
hear_failure (puppet_t *puppet, char text[512])
{
    Ggen__Failure *failure = puppet_hear (puppet, &ggen__failure__descriptor);
    code_t code = failure->code;
    if (text)
        snprintf (text, 512, "%s", failure->message);
    puppet_free (failure);
    return code;
}

//  All entries of a table, page after page; *pages_p counts them. Keys have to ascend.
static size_t
load_all (puppet_t *puppet, const char *table, uint32_t limit, unsigned *pages_p)
{
    size_t count = 0;
    uint8_t after[STATE_KEY_MAX];
    size_t after_size = 0;
    *pages_p = 0;
    do {
        Ggen__StateLoadRequest load = GGEN__STATE_LOAD_REQUEST__INIT;
        load.table = (char *) table;
        load.limit = limit;
        load.after_key = (ProtobufCBinaryData) {after_size, after};
        puppet_ask (puppet, &load.base);
        Ggen__StateLoadReply *page = puppet_hear (puppet, &ggen__state_load_reply__descriptor);
        size_t bytes = 0;
        for (size_t i = 0; i < page->n_entries; i++) {
            ProtobufCBinaryData key = page->entries[i]->key;
            size_t least = key.len < after_size ? key.len : after_size;
            int order = memcmp (after, key.data, least);
            assert_true (order < 0 || (order == 0 && after_size < key.len));
            memcpy (after, key.data, key.len);
            after_size = key.len;
            bytes += key.len + page->entries[i]->value.len;
        }
        assert_true (bytes <= STATE_PAGE_BYTES_MAX);
        assert_true (page->n_entries <= (limit ? limit : STATE_PAGE_ENTRIES_MAX));
        count += page->n_entries;
        ++*pages_p;
        after_size = page->next_key.len;
        if (after_size > 0)
            memcpy (after, page->next_key.data, after_size);
        puppet_free (page);
    } while (after_size > 0);
    return count;
}

static size_t
count_of (puppet_t *puppet, const char *table)
{
    unsigned pages;
    return load_all (puppet, table, 0, &pages);
}

//  What a fresh actor finds, in a process of its own: SQLite's locks are one process's.
static size_t
count_after_crash (const char *table)
{
    puppet_t puppet = {0};
    puppet_start (&puppet, &state_actor, &settings);
    size_t count = count_of (&puppet, table);
    puppet_stop (&puppet);
    return count;
}

//  ---- tests -------------------------------------------------------------------------------------

static void
a_load_without_a_database_is_empty_and_creates_nothing (void **state)
{
    (void) state;
    puppet_t puppet = {0};
    puppet_start (&puppet, &state_actor, &settings);
    assert_int_equal (count_of (&puppet, "pins"), 0);
    puppet_stop (&puppet);
    assert_int_equal (mode_of (path), 0);
    char dir[128];
    snprintf (dir, sizeof dir, "%s/p2p", home);
    assert_int_equal (mode_of (dir), 0);
}

static void
the_first_put_creates_file_and_directory_for_their_owner_only (void **state)
{
    (void) state;
    puppet_t puppet = {0};
    mode_t umask_before = umask (0);
    puppet_start (&puppet, &state_actor, &settings);
    ask_put (&puppet, "pins", "a", 1, 10, true);
    umask (umask_before);
    assert_int_equal (hear_changed (&puppet), 1);
    char dir[128];
    snprintf (dir, sizeof dir, "%s/p2p", home);
    assert_int_equal (mode_of (path), 0600);
    assert_int_equal (mode_of (dir), 0700);
    puppet_stop (&puppet);
}

//  Run 'work' in a child that dies without a goodbye.
static void
in_a_child_that_is_killed (void (*work) (puppet_t *puppet))
{
    pid_t child = fork ();
    assert_true (child >= 0);
    if (child == 0) {
        puppet_t puppet = {0};
        puppet_start (&puppet, &state_actor, &settings);
        work (&puppet);
        _exit (puppet_silent (&puppet) ? 0 : 1);
    }
    int status;
    waitpid (child, &status, 0);
    assert_true (WIFEXITED (status));
    assert_int_equal (WEXITSTATUS (status), 0);
}

static void
put_urgently (puppet_t *puppet)
{
    ask_put (puppet, "pins", "u", 3, 10, true);
    if (hear_changed (puppet) != 3)
        _exit (2);
}

static void
put_lazily (puppet_t *puppet)
{
    ask_put (puppet, "pins", "l", 3, 10, false);
}

static void
put_lazily_and_wait (puppet_t *puppet)
{
    ask_put (puppet, "pins", "l", 3, 10, false);
    puppet_wait (puppet, STATE_BATCH_MS);
    if (hear_changed (puppet) != 3)
        _exit (2);
}

static void
what_was_acknowledged_is_there_after_a_kill (void **state)
{
    (void) state;
    in_a_child_that_is_killed (put_urgently);
    assert_int_equal (count_after_crash ("pins"), 3);
    //  Not acknowledged, and not there: the batch was never committed.
    in_a_child_that_is_killed (put_lazily);
    assert_int_equal (count_after_crash ("pins"), 3);
    in_a_child_that_is_killed (put_lazily_and_wait);
    assert_int_equal (count_after_crash ("pins"), 6);
}

static void
a_batch_is_answered_when_its_time_has_come_and_not_before (void **state)
{
    (void) state;
    puppet_t puppet = {0};
    puppet_start (&puppet, &state_actor, &settings);
    ask_put (&puppet, "peers", "a", 2, 10, false);
    puppet_wait (&puppet, STATE_BATCH_MS / 2);
    ask_put (&puppet, "peers", "b", 3, 10, false);
    assert_true (puppet_silent (&puppet));
    assert_int_equal (count_of (&puppet, "peers"), 5);      //  But loads see it
    puppet_wait (&puppet, STATE_BATCH_MS / 2);
    assert_int_equal (hear_changed (&puppet), 2);
    assert_int_equal (hear_changed (&puppet), 3);
    assert_true (puppet_silent (&puppet));
    //  A second batch has a second of its own.
    ask_put (&puppet, "peers", "c", 1, 10, false);
    puppet_wait (&puppet, STATE_BATCH_MS - 1);
    assert_true (puppet_silent (&puppet));
    puppet_wait (&puppet, 1);
    assert_int_equal (hear_changed (&puppet), 1);
    puppet_stop (&puppet);
    assert_int_equal (count_after_crash ("peers"), 6);
}

static void
an_urgent_put_takes_the_batch_before_it_along (void **state)
{
    (void) state;
    puppet_t puppet = {0};
    puppet_start (&puppet, &state_actor, &settings);
    ask_put (&puppet, "peers", "a", 1, 10, false);
    ask_put (&puppet, "bans", "b", 2, 10, true);
    assert_int_equal (hear_changed (&puppet), 1);
    assert_int_equal (hear_changed (&puppet), 2);
    puppet_stop (&puppet);
}

static void
a_batch_is_kept_when_the_actor_ends (void **state)
{
    (void) state;
    puppet_t puppet = {0};
    puppet_start (&puppet, &state_actor, &settings);
    ask_put (&puppet, "peers", "a", 4, 10, false);
    puppet_stop (&puppet);
    assert_int_equal (count_after_crash ("peers"), 4);
}

static void
a_batch_of_many_bytes_does_not_wait (void **state)
{
    (void) state;
    puppet_t puppet = {0};
    puppet_start (&puppet, &state_actor, &settings);
    for (unsigned i = 0; i < 2; i++) {
        char prefix[8];
        snprintf (prefix, sizeof prefix, "%u-", i);
        ask_put (&puppet, "dht", prefix, 15, STATE_VALUE_MAX / 2, false);
        assert_true (puppet_silent (&puppet));
    }
    ask_put (&puppet, "dht", "2-", 15, STATE_VALUE_MAX / 2, false);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal (hear_changed (&puppet), 15);
    puppet_stop (&puppet);
}

//  Those who wait are bounded by OPEN_MAX, but events and those who gave up count as well.
static void
a_batch_of_many_puts_does_not_wait (void **state)
{
    (void) state;
    puppet_t puppet = {0};
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    Ggen__StatePutRequest put = GGEN__STATE_PUT_REQUEST__INIT;
    put.table = "peers";
    size_t size;
    uint8_t *body = puppet_pack (&put.base, &size);
    envelope.kind = GGEN__KIND__EVENT;
    envelope.from = PUPPET_TESTER;
    envelope.type = "StatePutRequest";
    puppet_start (&puppet, &state_actor, &settings);
    for (unsigned i = 0; i < OPEN_MAX; i++)
        assert_int_equal (puppet_deliver (&puppet, &envelope, body, size), OK);
    free (body);
    puppet_wait (&puppet, STATE_BATCH_MS / 2);
    ask_put (&puppet, "peers", "a", 1, 1, false);       //  Begins a batch of its own
    puppet_wait (&puppet, STATE_BATCH_MS / 2);
    assert_true (puppet_silent (&puppet));
    puppet_wait (&puppet, STATE_BATCH_MS / 2);
    assert_int_equal (hear_changed (&puppet), 1);
    puppet_stop (&puppet);
}

static void
pages_are_bounded_in_entries_and_bytes_and_lose_nothing (void **state)
{
    (void) state;
    unsigned pages;
    puppet_t puppet = {0};
    puppet_start (&puppet, &state_actor, &settings);
    for (unsigned i = 0; i < 3; i++) {
        char prefix[8];
        snprintf (prefix, sizeof prefix, "%u-", i);
        ask_put (&puppet, "small", prefix, 700, 5, true);
        assert_int_equal (hear_changed (&puppet), 700);
    }
    ask_put (&puppet, "large", "x", 15, STATE_VALUE_MAX, true);
    assert_int_equal (hear_changed (&puppet), 15);
    assert_int_equal (load_all (&puppet, "small", 0, &pages), 2100);
    assert_int_equal (pages, 3);
    assert_int_equal (load_all (&puppet, "small", 5000, &pages), 2100);
    assert_int_equal (pages, 3);
    assert_int_equal (load_all (&puppet, "small", 300, &pages), 2100);
    assert_int_equal (pages, 7);
    assert_int_equal (load_all (&puppet, "large", 0, &pages), 15);
    assert_int_equal (pages, 5);
    assert_int_equal (load_all (&puppet, "other", 0, &pages), 0);
    puppet_stop (&puppet);
}

static void
entries_are_replaced_and_removed (void **state)
{
    (void) state;
    puppet_t puppet = {0};
    puppet_start (&puppet, &state_actor, &settings);
    ask_put (&puppet, "pins", "a", 2, 10, true);
    assert_int_equal (hear_changed (&puppet), 2);
    ask_put (&puppet, "pins", "a", 2, 0, true);             //  Now with empty values
    assert_int_equal (hear_changed (&puppet), 2);
    assert_int_equal (count_of (&puppet, "pins"), 2);
    Ggen__StatePutRequest put = GGEN__STATE_PUT_REQUEST__INIT;
    ProtobufCBinaryData keys[] = {{5, (uint8_t *) "a0000"}, {1, (uint8_t *) "z"}};
    put.table = "pins";
    put.remove = keys;
    put.n_remove = 2;
    put.urgent = true;
    puppet_ask (&puppet, &put.base);
    assert_int_equal (hear_changed (&puppet), 1);
    assert_int_equal (count_of (&puppet, "pins"), 1);
    puppet_stop (&puppet);
}

static void
puts_out_of_bounds_are_refused (void **state)
{
    (void) state;
    puppet_t puppet = {0};
    char key[STATE_KEY_MAX + 2];
    memset (key, 'k', sizeof key);
    key[STATE_KEY_MAX + 1] = 0;
    puppet_start (&puppet, &state_actor, &settings);
    ask_put (&puppet, "pins; DROP TABLE entries", "a", 1, 1, true);
    ask_put (&puppet, "", "a", 1, 1, true);
    ask_put (&puppet, "pins", "", 1, 1, true);
    ask_put (&puppet, "pins", "a", 1, STATE_VALUE_MAX + 1, true);
    ask_put (&puppet, "pins", "a", STATE_PUT_ENTRIES_MAX + 1, 1, true);
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal (hear_failure (&puppet, NULL), VALIDATION);
    Ggen__StateLoadRequest load = GGEN__STATE_LOAD_REQUEST__INIT;
    load.table = "Pins";
    puppet_ask (&puppet, &load.base);
    load.table = "pins";
    load.after_key = (ProtobufCBinaryData) {STATE_KEY_MAX + 1, (uint8_t *) key};
    puppet_ask (&puppet, &load.base);
    assert_int_equal (hear_failure (&puppet, NULL), VALIDATION);
    assert_int_equal (hear_failure (&puppet, NULL), VALIDATION);
    assert_int_equal (mode_of (path), 0);                   //  Nothing was even opened
    puppet_stop (&puppet);
}

static void
write_file (const char *file, const void *data, size_t size, off_t offset)
{
    int out = open (file, O_WRONLY | O_CREAT, 0600);
    assert_true (out >= 0);
    assert_int_equal (pwrite (out, data, size, offset), size);
    close (out);
}

static void
make_dir_of_the_database (void)
{
    char dir[128];
    snprintf (dir, sizeof dir, "%s/p2p", home);
    mkdir (dir, 0700);
}

static void
write_garbage (const char *file)
{
    char garbage[8192];
    memset (garbage, 'g', sizeof garbage);
    write_file (file, garbage, sizeof garbage, 0);
}

static void
a_file_that_is_no_database_is_moved_aside (void **state)
{
    (void) state;
    char aside[160];
    make_dir_of_the_database ();
    write_garbage (path);
    snprintf (aside, sizeof aside, "%s.corrupted", path);
    puppet_t puppet = {0};
    puppet_start (&puppet, &state_actor, &settings);
    assert_int_equal (count_of (&puppet, "pins"), 0);
    assert_int_equal (mode_of (path), 0);
    assert_int_equal (mode_of (aside), 0600);
    ask_put (&puppet, "pins", "a", 1, 1, true);
    assert_int_equal (hear_changed (&puppet), 1);
    assert_int_equal (count_of (&puppet, "pins"), 1);
    puppet_stop (&puppet);
    assert_int_equal (count_after_crash ("pins"), 1);
}

//  A database whose first page is sound and whose others are not; the file's journal is one too.
static void
make_damaged_database (void)
{
    char garbage[4096], journal[160];
    memset (garbage, 0xFF, sizeof garbage);
    puppet_t puppet = {0};
    puppet_start (&puppet, &state_actor, &settings);
    ask_put (&puppet, "pins", "a", 1000, 100, true);
    assert_int_equal (hear_changed (&puppet), 1000);
    puppet_stop (&puppet);
    for (off_t page = 1; page < 20; page++)
        write_file (path, garbage, sizeof garbage, page * 4096);
    snprintf (journal, sizeof journal, "%s-journal", path);
    write_file (journal, garbage, sizeof garbage, 0);
}

//  What runs into it fails once and says so; after that there is a new database.
static void
damage_inside_is_found_moved_aside_and_begun_anew (void **state)
{
    (void) state;
    char aside[160], text[512];
    for (unsigned loads = 0; loads < 2; loads++) {
        make_damaged_database ();
        puppet_t puppet = {0};
        puppet_start (&puppet, &state_actor, &settings);
        Ggen__StateLoadRequest load = GGEN__STATE_LOAD_REQUEST__INIT;
        load.table = "pins";
        if (loads)
            puppet_ask (&puppet, &load.base);
        else
            ask_put (&puppet, "pins", "b", 1, 1, false);
        assert_int_equal (hear_failure (&puppet, text), STORAGE);
        assert_non_null (strstr (text, path));
        snprintf (aside, sizeof aside, "%s.corrupted", path);
        assert_int_equal (mode_of (aside), 0600);
        snprintf (aside, sizeof aside, "%s-journal", path);
        assert_int_equal (mode_of (aside), 0);
        assert_int_equal (count_of (&puppet, "pins"), 0);
        ask_put (&puppet, "pins", "a", 1, 1, true);
        assert_int_equal (hear_changed (&puppet), 1);
        assert_int_equal (count_of (&puppet, "pins"), 1);
        puppet_stop (&puppet);
        assert_int_equal (unlink (path), 0);
    }
}

//  ---- what may not begin anew -------------------------------------------------------------------

static void
assert_missing (puppet_t *puppet)
{
    Ggen__Failure *failure = puppet_hear (puppet, &ggen__failure__descriptor);
    assert_int_equal (failure->code, STORAGE);
    assert_non_null (strstr (failure->message, "state.db.corrupted was set aside"));
    assert_non_null (strstr (failure->hint, "remove state.db.corrupted"));
    puppet_free (failure);
}

//  A load and a put of what has to be whole are refused.
static void
assert_closed (puppet_t *puppet)
{
    Ggen__StateLoadRequest load = GGEN__STATE_LOAD_REQUEST__INIT;
    Ggen__StatePutRequest put = GGEN__STATE_PUT_REQUEST__INIT;
    load.table = put.table = (char *) "pins";
    load.whole = put.whole = put.urgent = true;
    puppet_ask (puppet, &load.base);
    assert_missing (puppet);
    puppet_ask (puppet, &put.base);
    assert_missing (puppet);
}

static void
what_has_to_be_whole_is_refused_until_the_damaged_file_is_removed (void **state)
{
    (void) state;
    char aside[160];
    snprintf (aside, sizeof aside, "%s.corrupted", path);
    make_dir_of_the_database ();
    write_garbage (path);
    puppet_t puppet = {0};
    puppet_start (&puppet, &state_actor, &settings);
    assert_closed (&puppet);
    //  Other tables begin anew; a new file does not make the old one whole.
    ask_put (&puppet, "bans", "a", 1, 1, true);
    assert_int_equal (hear_changed (&puppet), 1);
    assert_closed (&puppet);
    puppet_stop (&puppet);
    puppet_start (&puppet, &state_actor, &settings);
    assert_closed (&puppet);
    assert_int_equal (unlink (aside), 0);
    Ggen__StateLoadRequest load = GGEN__STATE_LOAD_REQUEST__INIT;
    load.table = (char *) "pins";
    load.whole = true;
    puppet_ask (&puppet, &load.base);
    puppet_free (puppet_hear (&puppet, &ggen__state_load_reply__descriptor));
    assert_int_equal (count_of (&puppet, "bans"), 1);
    puppet_stop (&puppet);
}

//  Loads are not the only ones to find damage: here nothing was loaded before.
static void
a_put_of_what_has_to_be_whole_finds_the_damage_too (void **state)
{
    (void) state;
    make_dir_of_the_database ();
    write_garbage (path);
    puppet_t puppet = {0};
    puppet_start (&puppet, &state_actor, &settings);
    Ggen__StatePutRequest put = GGEN__STATE_PUT_REQUEST__INIT;
    put.table = (char *) "pins";
    put.whole = put.urgent = true;
    puppet_ask (&puppet, &put.base);
    assert_missing (&puppet);
    puppet_stop (&puppet);
}

//  ---- what was not lost whole -------------------------------------------------------------------

static void
put_text (puppet_t *puppet, const char *key, const char *value)
{
    Ggen__StatePutRequest put = GGEN__STATE_PUT_REQUEST__INIT;
    Ggen__StateEntry entry = GGEN__STATE_ENTRY__INIT, *list = &entry;
    put.table = (char *) "pins";
    put.put = &list;
    put.n_put = 1;
    put.urgent = true;
    entry.key = (ProtobufCBinaryData) {strlen (key), (uint8_t *) key};
    entry.value = (ProtobufCBinaryData) {strlen (value), (uint8_t *) value};
    puppet_ask (puppet, &put.base);
    assert_int_equal (hear_changed (puppet), 1);
}

//  Two entries, and then one bit of the file is another: in what 'text' says, wherever that is.
static void
turn_a_bit (const char *text)
{
    puppet_t puppet = {0};
    puppet_start (&puppet, &state_actor, &settings);
    put_text (&puppet, "spoiled", "what it said when it was put");
    put_text (&puppet, "sound", "something else");
    puppet_stop (&puppet);
    static uint8_t bytes[64 << 10];
    int file = open (path, O_RDONLY);
    ssize_t size = read (file, bytes, sizeof bytes);
    close (file);
    assert_true (size > 0);
    const uint8_t *from = bytes, *found;
    while ((found = memmem (from, (size_t) (bytes + size - from), text, strlen (text)))) {
        const uint8_t turned = *found ^ 4;
        write_file (path, &turned, 1, found - bytes);
        from = found + 1;
    }
    assert_true (from > bytes);
}

static Ggen__StateLoadReply *
load_pins (puppet_t *puppet)
{
    Ggen__StateLoadRequest load = GGEN__STATE_LOAD_REQUEST__INIT;
    load.table = (char *) "pins";
    puppet_ask (puppet, &load.base);
    return puppet_hear (puppet, &ggen__state_load_reply__descriptor);
}

static void
an_entry_of_which_a_bit_was_lost_is_not_there_until_it_is_put_again (void **state)
{
    (void) state;
    static const char *const texts[] = {"it said when", "spoiled"};
    for (unsigned i = 0; i < COUNT_OF (texts); i++) {
        turn_a_bit (texts[i]);
        puppet_t puppet = {0};
        puppet_start (&puppet, &state_actor, &settings);
        Ggen__StateLoadReply *page = load_pins (&puppet);
        assert_int_equal (page->n_entries, 1);
        assert_memory_equal (page->entries[0]->key.data, "sound", 5);
        assert_false (page->entries[0]->unchecked);
        puppet_free (page);
        put_text (&puppet, "spoiled", "what it says now");
        assert_int_equal (count_of (&puppet, "pins"), 2);
        puppet_stop (&puppet);
        assert_int_equal (unlink (path), 0);
    }
}

static void
what_has_to_be_whole_is_damaged_when_a_bit_of_it_was_lost (void **state)
{
    (void) state;
    char text[512];
    turn_a_bit ("it said when");
    puppet_t puppet = {0};
    puppet_start (&puppet, &state_actor, &settings);
    Ggen__StateLoadRequest load = GGEN__STATE_LOAD_REQUEST__INIT;
    load.table = (char *) "pins";
    load.whole = true;
    puppet_ask (&puppet, &load.base);
    assert_int_equal (hear_failure (&puppet, text), STORAGE);
    assert_non_null (strstr (text, "'pins'"));
    assert_closed (&puppet);
    assert_int_equal (count_of (&puppet, "bans"), 0);
    puppet_stop (&puppet);
}

//  As files were before there were sums.
static void
make_older_database (void)
{
    char why[256];
    sqlite3 *db;
    puppet_t puppet = {0};
    puppet_start (&puppet, &state_actor, &settings);
    put_text (&puppet, "a", "1");
    put_text (&puppet, "b", "2");
    puppet_stop (&puppet);
    assert_int_equal (sqlite_dl_load (why, sizeof why), OK);
    assert_int_equal (sqlite3_open_v2 (path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    assert_int_equal (sqlite3_exec (db, "ALTER TABLE entries DROP COLUMN sum;"
                                        "PRAGMA user_version = 1", NULL, NULL, NULL),
                      SQLITE_OK);
    assert_int_equal (sqlite3_close (db), SQLITE_OK);
}

static void
what_was_put_before_there_were_sums_is_read_and_said_to_be_unchecked (void **state)
{
    (void) state;
    make_older_database ();
    puppet_t puppet = {0};
    for (unsigned puts = 0; puts < 3; puts++) {
        puppet_start (&puppet, &state_actor, &settings);
        if (puts > 0)
            put_text (&puppet, puts == 1 ? "a" : "b", "3");
        Ggen__StateLoadReply *page = load_pins (&puppet);
        assert_int_equal (page->n_entries, 2);
        assert_int_equal (page->entries[0]->unchecked, puts < 1);
        assert_int_equal (page->entries[1]->unchecked, puts < 2);
        puppet_free (page);
        puppet_stop (&puppet);
    }
}

static void
an_older_database_loses_what_is_removed_first (void **state)
{
    (void) state;
    make_older_database ();
    puppet_t puppet = {0};
    puppet_start (&puppet, &state_actor, &settings);
    Ggen__StatePutRequest put = GGEN__STATE_PUT_REQUEST__INIT;
    put.table = (char *) "pins";
    put.remove = &(ProtobufCBinaryData) {1, (uint8_t *) "a"};
    put.n_remove = 1;
    put.urgent = true;
    puppet_ask (&puppet, &put.base);
    assert_int_equal (hear_changed (&puppet), 1);
    puppet_stop (&puppet);
    assert_int_equal (count_after_crash ("pins"), 1);
}

static void
the_first_damaged_file_is_kept_when_the_next_one_is_damaged_too (void **state)
{
    (void) state;
    char aside[160];
    snprintf (aside, sizeof aside, "%s.corrupted", path);
    make_dir_of_the_database ();
    write_garbage (aside);
    write_file (path, "other garbage, and enough of it to be looked at", 48, 0);
    puppet_t puppet = {0};
    puppet_start (&puppet, &state_actor, &settings);
    assert_int_equal (count_of (&puppet, "bans"), 0);
    assert_int_equal (mode_of (path), 0);
    struct stat info;
    assert_int_equal (stat (aside, &info), 0);
    assert_int_equal (info.st_size, 8192);
    assert_closed (&puppet);
    puppet_stop (&puppet);
}

static void
a_database_of_a_later_version_is_left_alone (void **state)
{
    (void) state;
    char text[512];
    puppet_t puppet = {0};
    puppet_start (&puppet, &state_actor, &settings);
    ask_put (&puppet, "pins", "a", 1, 1, true);
    assert_int_equal (hear_changed (&puppet), 1);
    puppet_stop (&puppet);
    write_file (path, "\x00\x00\x00\x03", 4, 60);           //  user_version, file format 1.3.13
    puppet_start (&puppet, &state_actor, &settings);
    ask_put (&puppet, "pins", "b", 1, 1, true);
    assert_int_equal (hear_failure (&puppet, text), STORAGE);
    assert_non_null (strstr (text, "later version"));
    puppet_stop (&puppet);
    write_file (path, "\x00\x00\x00\x02", 4, 60);
    assert_int_equal (count_after_crash ("pins"), 1);
}

//  Permissions do not stop root: then be nobody for a while.
static void
in_a_home_that_may_not_be_written_loads_work_and_puts_say_why (void **state)
{
    (void) state;
    char dir[128], text[512];
    snprintf (dir, sizeof dir, "%s/p2p", home);
    puppet_t puppet = {0};
    puppet_start (&puppet, &state_actor, &settings);
    ask_put (&puppet, "pins", "a", 2, 1, true);
    assert_int_equal (hear_changed (&puppet), 2);
    puppet_stop (&puppet);
    bool root = geteuid () == 0;
    assert_int_equal (chmod (path, root ? 0444 : 0400), 0);
    assert_int_equal (chmod (dir, 0555), 0);
    assert_int_equal (chmod (home, 0555), 0);
    if (root)
        assert_int_equal (seteuid (65534), 0);
    puppet_start (&puppet, &state_actor, &settings);
    assert_int_equal (count_of (&puppet, "pins"), 2);
    ask_put (&puppet, "pins", "b", 1, 1, true);
    assert_int_equal (hear_failure (&puppet, text), PERMISSION_DENIED);
    assert_non_null (strstr (text, path));
    ask_put (&puppet, "pins", "b", 1, 1, false);
    assert_int_equal (hear_failure (&puppet, text), PERMISSION_DENIED);
    assert_int_equal (count_of (&puppet, "pins"), 2);
    puppet_stop (&puppet);
    char other[160];
    snprintf (other, sizeof other, "%s/elsewhere/state.db", home);
    puppet_start (&puppet, &state_actor, &(state_settings_t) {.path = other});
    assert_int_equal (count_of (&puppet, "pins"), 0);
    ask_put (&puppet, "pins", "b", 1, 1, true);
    assert_int_equal (hear_failure (&puppet, text), PERMISSION_DENIED);
    puppet_stop (&puppet);
    if (root)
        assert_int_equal (seteuid (0), 0);
    assert_int_equal (chmod (dir, 0700), 0);
    assert_int_equal (chmod (home, 0700), 0);
}

static void
a_call_that_only_reads_loads_and_keeps_nothing (void **state)
{
    (void) state;
    char text[512];
    puppet_t puppet = {0};
    puppet_start (&puppet, &state_actor, &(state_settings_t) {.path = path, .read_only = true});
    assert_int_equal (count_of (&puppet, "pins"), 0);
    ask_put (&puppet, "pins", "b", 1, 1, true);
    assert_int_equal (hear_failure (&puppet, text), PERMISSION_DENIED);
    puppet_stop (&puppet);
    assert_int_not_equal (access (path, F_OK), 0);
}

#define HOME_TEST(test) cmocka_unit_test_setup_teardown (test, make_home, remove_home)

int
main (void)
{
    const struct CMUnitTest tests[] = {
        HOME_TEST (a_load_without_a_database_is_empty_and_creates_nothing),
        HOME_TEST (a_call_that_only_reads_loads_and_keeps_nothing),
        HOME_TEST (the_first_put_creates_file_and_directory_for_their_owner_only),
        HOME_TEST (what_was_acknowledged_is_there_after_a_kill),
        HOME_TEST (a_batch_is_answered_when_its_time_has_come_and_not_before),
        HOME_TEST (an_urgent_put_takes_the_batch_before_it_along),
        HOME_TEST (a_batch_is_kept_when_the_actor_ends),
        HOME_TEST (a_batch_of_many_bytes_does_not_wait),
        HOME_TEST (a_batch_of_many_puts_does_not_wait),
        HOME_TEST (pages_are_bounded_in_entries_and_bytes_and_lose_nothing),
        HOME_TEST (entries_are_replaced_and_removed),
        HOME_TEST (puts_out_of_bounds_are_refused),
        HOME_TEST (a_file_that_is_no_database_is_moved_aside),
        HOME_TEST (damage_inside_is_found_moved_aside_and_begun_anew),
        HOME_TEST (what_has_to_be_whole_is_refused_until_the_damaged_file_is_removed),
        HOME_TEST (a_put_of_what_has_to_be_whole_finds_the_damage_too),
        HOME_TEST (an_entry_of_which_a_bit_was_lost_is_not_there_until_it_is_put_again),
        HOME_TEST (what_has_to_be_whole_is_damaged_when_a_bit_of_it_was_lost),
        HOME_TEST (what_was_put_before_there_were_sums_is_read_and_said_to_be_unchecked),
        HOME_TEST (an_older_database_loses_what_is_removed_first),
        HOME_TEST (the_first_damaged_file_is_kept_when_the_next_one_is_damaged_too),
        HOME_TEST (a_database_of_a_later_version_is_left_alone),
        HOME_TEST (in_a_home_that_may_not_be_written_loads_work_and_puts_say_why),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
