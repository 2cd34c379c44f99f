// SPDX-License-Identifier: MIT
#include "shelf_fixture.h"

#include <dirent.h>
#include <signal.h>
#include <sys/wait.h>

#include "actors/registry/signed_head.h"

static Ggen__Package *
get (fixture_t *self, const char *id, const char *version)
{
    Ggen__Package *package;
    assert_int_equal (shelf_get (self->shelf, id, version, &package), OK);
    return package;
}

static void
lock (fixture_t *self)
{
    assert_int_equal (shelf_lock (self->shelf, 0, 0, NULL, NULL), OK);
}

static uint64_t
generation (fixture_t *self)
{
    uint64_t number;
    int64_t wall_s;
    assert_int_equal (shelf_generation (self->shelf, &number, &wall_s), OK);
    return number;
}

//  The seq of the newest head, or 0.
static uint64_t
newest_seq (fixture_t *self, const char *id, uint8_t key)
{
    uint8_t keys [32], *data, signer [32];
    size_t size;
    memset (keys, key, sizeof keys);
    assert_int_equal (shelf_head (self->shelf, id, (bytes_t) {keys, 32}, &data, &size), OK);
    if (!data)
        return 0;
    Ggen__Head *head = signed_head_open ((bytes_t) {data, size}, signer);
    uint64_t seq = head->seq;
    ggen__head__free_unpacked (head, NULL);
    free (data);
    return seq;
}

static void
what_was_put_is_what_is_got (void **state)
{
    fixture_t *self = *state;
    bool there;
    Ggen__Package package = make_package ("ns/name", "1.0.0-rc.1+b", 7);
    package.title = (char *) "A title";
    package.readme = (char *) "# Read me";
    package.record = make_release ("ns/name", "1.0.0-rc.1+b", 1);
    package.head = make_head ("ns/name", 3, 1, NULL);
    shelf_put_t item = {.package = &package,
                        .archive_path = self->archive,
                        .manifest = {(const uint8_t *) "[gpack]", 7},
                        .manifest_name = "gpack.toml",
                        .wall_s = WALL};
    assert_int_equal (put_item (self, &item, &there), OK);
    assert_false (there);

    Ggen__Package *got = get (self, "ns/name", "1.0.0-rc.1+b");
    assert_string_equal (got->title, "A title");
    assert_string_equal (got->readme, "# Read me");
    assert_string_equal (got->source, "file");
    assert_int_equal (got->record.len, package.record.len);
    assert_memory_equal (got->record.data, package.record.data, got->record.len);
    assert_int_equal (got->head.len, package.head.len);
    assert_memory_equal (got->head.data, package.head.data, got->head.len);
    char *bytes = read_text (got->location);
    assert_string_equal (bytes, "archive");
    free (bytes);
    assert_non_null (strstr (got->location, "/ns/name/1.0.0-rc.1+b/ns-name-1.0.0-rc.1+b.tar.gz"));
    ggen__package__free_unpacked (got, NULL);

    uint8_t *manifest;
    size_t size;
    const char *name;
    assert_int_equal (
        shelf_manifest (self->shelf, "ns/name", "1.0.0-rc.1+b", &manifest, &size, &name), OK);
    assert_string_equal (name, "gpack.toml");
    assert_int_equal (size, 7);
    assert_memory_equal (manifest, "[gpack]", 7);
    free (manifest);
    free (package.record.data);
    free (package.head.data);
}

static void
the_archive_is_linked_and_stays_the_callers (void **state)
{
    fixture_t *self = *state;
    struct stat st;
    assert_int_equal (put (self, "a", "1.0.0", 1), OK);
    assert_int_equal (stat (self->archive, &st), 0);
    assert_int_equal (st.st_nlink, 2);
}

static void
an_archive_on_another_disk_is_copied (void **state)
{
    fixture_t *self = *state;
    char path [] = "/dev/shm/ggen-shelf-XXXXXX";
    int fd = mkstemp (path);
    if (fd == -1)
        skip ();
    assert_int_equal (write (fd, "archive", 7), 7);
    close (fd);
    Ggen__Package package = make_package ("a", "1.0.0", 1);
    shelf_put_t item = {.package = &package, .archive_path = path, .wall_s = WALL};
    bool there;
    code_t code = put_item (self, &item, &there);
    unlink (path);
    assert_int_equal (code, OK);
    Ggen__Package *got = get (self, "a", "1.0.0");
    char *bytes = read_text (got->location);
    assert_string_equal (bytes, "archive");
    free (bytes);
    ggen__package__free_unpacked (got, NULL);
}

static void
given_the_same_digest_when_put_again_then_it_is_already_there (void **state)
{
    fixture_t *self = *state;
    bool there = false;
    assert_int_equal (put (self, "a", "1.0.0", 1), OK);
    uint64_t before = generation (self);
    Ggen__Package package = make_package ("a", "1.0.0", 1);
    shelf_put_t item = {.package = &package, .archive_path = self->archive};
    assert_int_equal (put_item (self, &item, &there), OK);
    assert_true (there);
    assert_int_equal (generation (self), before);
}

static void
given_another_digest_when_put_then_both_are_named_and_the_first_stays (void **state)
{
    fixture_t *self = *state;
    assert_int_equal (put (self, "a", "1.0.0", 0x11), OK);
    assert_int_equal (put (self, "a", "1.0.0", 0x22), ALREADY_EXISTS);
    assert_non_null (strstr (shelf_error (self->shelf), "1111111111111111"));
    assert_non_null (strstr (shelf_error (self->shelf), "2222222222222222"));
    Ggen__Package *got = get (self, "a", "1.0.0");
    assert_int_equal (got->sha256.data [0], 0x11);
    ggen__package__free_unpacked (got, NULL);
}

static void
given_force_when_put_then_the_other_digest_is_replaced_and_nothing_is_left_over (void **state)
{
    fixture_t *self = *state;
    bool there;
    assert_int_equal (put (self, "a", "1.0.0", 1), OK);
    Ggen__Package package = make_package ("a", "1.0.0", 2);
    shelf_put_t item = {.package = &package, .archive_path = self->archive, .force = true};
    assert_int_equal (put_item (self, &item, &there), OK);
    assert_false (there);
    Ggen__Package *got = get (self, "a", "1.0.0");
    assert_int_equal (got->sha256.data [0], 2);
    ggen__package__free_unpacked (got, NULL);
    struct stat st;
    assert_int_equal (stat (self->archive, &st), 0);
    assert_int_equal (st.st_nlink, 2);          //  The old version's link is gone
}

static void
ids_that_differ_in_case_only_collide (void **state)
{
    fixture_t *self = *state;
    assert_int_equal (put (self, "Ns/Name", "1.0.0", 1), OK);
    assert_int_equal (put (self, "ns/name", "1.0.0", 1), ALREADY_EXISTS);
    assert_non_null (strstr (shelf_error (self->shelf), "Ns/Name"));
    assert_int_equal (put (self, "ns/other", "1.0.0", 1), OK);
    assert_int_equal (put (self, "Ns/Name", "2.0.0", 1), OK);
    lock (self);
    assert_int_equal (shelf_delete (self->shelf, "Ns/Name", "1.0.0", WALL), OK);
    assert_int_equal (shelf_delete (self->shelf, "Ns/Name", "2.0.0", WALL), OK);
    shelf_unlock (self->shelf);
    assert_int_equal (put (self, "ns/name", "1.0.0", 1), OK);
}

static void
an_id_cannot_lie_inside_a_version_nor_a_version_over_something_else (void **state)
{
    fixture_t *self = *state;
    char path [512];
    assert_int_equal (put (self, "a", "1.0.0", 1), OK);
    assert_int_equal (put (self, "a/1.0.0", "2.0.0", 1), VALIDATION);
    snprintf (path, sizeof path, "%s/a/2.0.0", self->directory);
    assert_int_equal (mkdir (path, 0777), 0);
    strcat (path, "/notes");
    write_text (path, "mine");
    assert_int_equal (put (self, "a", "2.0.0", 1), VALIDATION);
    assert_true (is_there (self, "a/2.0.0/notes"));
}

static void
names_that_are_no_place_are_refused (void **state)
{
    fixture_t *self = *state;
    static const char *ids [] = {"",       "..",        "../a",       "a/..",      "/a",
                                 "a/",     "a/b/c",     "a b",        ".trash",    ".tmp-1",
                                 ".lock",  "generation", "index.json", "INDEX.db",  "a\n",
                                 "@scope", "index.json.corrupted",    "a//b",      "\xc3\xa9"};
    for (size_t i = 0; i < COUNT_OF (ids); i++)
        assert_int_equal (put (self, ids [i], "1.0.0", 1), VALIDATION);
    static const char *versions [] = {"", "..", "1.0", "1.0.0/../x", "v1.0.0", "01.0.0", "1.0.0-"};
    for (size_t i = 0; i < COUNT_OF (versions); i++)
        assert_int_equal (put (self, "a", versions [i], 1), VALIDATION);
    assert_int_equal (put (self, "@scope/a", "1.0.0", 1), OK);
    Ggen__Package *package;
    assert_int_equal (shelf_get (self->shelf, "..", "1.0.0", &package), PACKAGE_NOT_FOUND);
    assert_null (package);
}

static void
an_archive_of_another_size_is_refused_and_leaves_nothing (void **state)
{
    fixture_t *self = *state;
    write_text (self->archive, "longer than told");
    assert_int_equal (put (self, "a", "1.0.0", 1), VALIDATION);
    assert_false (is_there (self, "a"));
    DIR *list = opendir (self->directory);
    struct dirent *entry;
    while ((entry = readdir (list)))
        assert_int_not_equal (strncmp (entry->d_name, ".tmp", 4), 0);
    closedir (list);
}

static void
an_import_without_archive_keeps_its_url (void **state)
{
    fixture_t *self = *state;
    bool there;
    Ggen__Package package = make_package ("a", "1.0.0", 1);
    package.location = (char *) "https://example.org/a.tgz";
    assert_int_equal (put_item (self, &(shelf_put_t) {.package = &package}, &there), OK);
    Ggen__Package *got = get (self, "a", "1.0.0");
    assert_string_equal (got->location, "https://example.org/a.tgz");
    ggen__package__free_unpacked (got, NULL);
}

static void
versions_are_listed_in_ascending_precedence (void **state)
{
    fixture_t *self = *state;
    static const char *given [] = {"1.0.0", "1.0.0-rc.10", "10.0.0", "1.0.0-rc.2", "2.0.0",
                                   "1.0.0-alpha", "1.0.0-rc", "1.0.0+b", "1.0.0-1"};
    static const char *wanted [] = {"1.0.0-1", "1.0.0-alpha", "1.0.0-rc", "1.0.0-rc.2",
                                    "1.0.0-rc.10", "1.0.0", "1.0.0+b", "2.0.0", "10.0.0"};
    for (size_t i = 0; i < COUNT_OF (given); i++)
        assert_int_equal (put (self, "a", given [i], 1), OK);
    char **versions;
    size_t count;
    assert_int_equal (shelf_versions (self->shelf, "a", &versions, &count), OK);
    assert_int_equal (count, COUNT_OF (wanted));
    for (size_t i = 0; i < count; i++) {
        assert_string_equal (versions [i], wanted [i]);
        free (versions [i]);
    }
    free (versions);
    assert_int_equal (shelf_versions (self->shelf, "unknown", &versions, &count), OK);
    assert_int_equal (count, 0);
    free (versions);
}

static void
a_deleted_version_is_gone_and_the_others_stay (void **state)
{
    fixture_t *self = *state;
    Ggen__Package *package;
    assert_int_equal (put (self, "ns/a", "1.0.0", 1), OK);
    assert_int_equal (put (self, "ns/a", "2.0.0", 1), OK);
    lock (self);
    assert_int_equal (shelf_delete (self->shelf, "ns/a", "1.0.0", WALL), OK);
    assert_int_equal (shelf_delete (self->shelf, "ns/a", "1.0.0", WALL), PACKAGE_NOT_FOUND);
    shelf_unlock (self->shelf);
    assert_int_equal (shelf_get (self->shelf, "ns/a", "1.0.0", &package), PACKAGE_NOT_FOUND);
    ggen__package__free_unpacked (get (self, "ns/a", "2.0.0"), NULL);
    lock (self);
    assert_int_equal (shelf_delete (self->shelf, "ns/a", "2.0.0", WALL), OK);
    shelf_unlock (self->shelf);
    assert_false (is_there (self, "ns"));
    assert_true (is_there (self, ".trash"));
    reopen (self);
    assert_false (is_there (self, ".trash"));
}

static void
the_newest_head_is_the_one_of_highest_seq_of_its_signer (void **state)
{
    fixture_t *self = *state;
    assert_int_equal (put_signed (self, "a", "1.0.0", 1, 5, NULL), OK);
    assert_int_equal (put_signed (self, "a", "2.0.0", 1, 6, NULL), OK);
    assert_int_equal (put_signed (self, "a", "3.0.0", 2, 9, NULL), OK);
    assert_int_equal (put_signed (self, "a", "4.0.0", 1, 4, NULL), OK);
    assert_int_equal (newest_seq (self, "a", 1), 6);
    assert_int_equal (newest_seq (self, "a", 2), 9);
    assert_int_equal (newest_seq (self, "a", 3), 0);
    assert_false (is_there (self, "a/1.0.0/head"));     //  Older ones are tidied away
}

static void
a_head_is_replaced_by_a_newer_one_only (void **state)
{
    fixture_t *self = *state;
    assert_int_equal (put_signed (self, "a", "1.0.0", 1, 5, NULL), OK);
    ProtobufCBinaryData older = make_head ("a", 5, 1, NULL), newer = make_head ("a", 6, 1, "1.0.0"),
                        other = make_head ("b", 7, 1, NULL);
    lock (self);
    uint64_t before = generation (self);
    assert_int_equal (shelf_replace_head (self->shelf, "a", "1.0.0",
                                          (bytes_t) {older.data, older.len}, WALL),
                      VALIDATION);
    assert_int_equal (shelf_replace_head (self->shelf, "a", "1.0.0",
                                          (bytes_t) {other.data, other.len}, WALL),
                      VALIDATION);
    assert_int_equal (shelf_replace_head (self->shelf, "a", "1.0.0",
                                          (bytes_t) {(const uint8_t *) "x", 1}, WALL),
                      VALIDATION);
    assert_int_equal (generation (self), before);
    assert_int_equal (shelf_replace_head (self->shelf, "a", "1.0.0",
                                          (bytes_t) {newer.data, newer.len}, WALL),
                      OK);
    assert_int_equal (generation (self), before + 1);
    shelf_unlock (self->shelf);
    assert_int_equal (newest_seq (self, "a", 1), 6);
    free (older.data);
    free (newer.data);
    free (other.data);
}

static void
a_deleted_or_replaced_version_leaves_its_head_to_another_of_its_signer (void **state)
{
    fixture_t *self = *state;
    bool there;
    assert_int_equal (put_signed (self, "a", "1.0.0", 1, 5, NULL), OK);
    assert_int_equal (put_signed (self, "a", "2.0.0", 1, 6, NULL), OK);
    lock (self);
    assert_int_equal (shelf_delete (self->shelf, "a", "2.0.0", WALL), OK);
    shelf_unlock (self->shelf);
    assert_int_equal (newest_seq (self, "a", 1), 6);
    assert_int_equal (put_signed (self, "a", "3.0.0", 1, 7, NULL), OK);
    Ggen__Package package = make_package ("a", "3.0.0", 9);
    shelf_put_t item = {.package = &package, .archive_path = self->archive, .force = true};
    assert_int_equal (put_item (self, &item, &there), OK);
    assert_int_equal (newest_seq (self, "a", 1), 7);
}

static void
each_change_moves_the_generation (void **state)
{
    fixture_t *self = *state;
    uint64_t first = generation (self);
    assert_true (first > 0);
    assert_int_equal (put (self, "a", "1.0.0", 1), OK);
    assert_int_equal (generation (self), first + 1);
    lock (self);
    assert_int_equal (shelf_delete (self->shelf, "a", "1.0.0", WALL), OK);
    shelf_unlock (self->shelf);
    assert_int_equal (generation (self), first + 2);
    reopen (self);
    assert_int_equal (generation (self), first + 2);
}

static void
leftovers_of_a_crash_are_swept_at_open_unless_somebody_writes (void **state)
{
    fixture_t *self = *state;
    char path [512];
    snprintf (path, sizeof path, "%s/.tmp", self->directory);
    assert_int_equal (mkdir (path, 0777), 0);
    snprintf (path, sizeof path, "%s/.tmp/1-1", self->directory);
    assert_int_equal (mkdir (path, 0777), 0);
    snprintf (path, sizeof path, "%s/.tmp/1-1/package", self->directory);
    write_text (path, "half");
    shelf_t *other;
    lock (self);
    assert_int_equal (shelf_open (&other, self->directory), OK);
    shelf_close (&other);
    assert_true (is_there (self, ".tmp/1-1"));
    shelf_unlock (self->shelf);
    reopen (self);
    assert_false (is_there (self, ".tmp/1-1"));
}

static void
note_wait (void *arg, int pid, unsigned attempt, unsigned attempts)
{
    assert_int_equal (pid, getpid ());
    assert_int_equal (attempts, 3);
    assert_int_equal (attempt, ++*(unsigned *) arg);
}

static void
a_held_lock_times_out_naming_the_holder (void **state)
{
    fixture_t *self = *state;
    shelf_t *other;
    unsigned waits = 0;
    char pid [32];
    snprintf (pid, sizeof pid, "pid %d", (int) getpid ());
    assert_int_equal (shelf_open (&other, self->directory), OK);
    lock (self);
    assert_int_equal (shelf_lock (other, 3, 0, note_wait, &waits), LOCK_TIMEOUT);
    assert_int_equal (waits, 3);
    assert_non_null (strstr (shelf_error (other), pid));
    assert_false (shelf_is_locked (other));
    shelf_unlock (self->shelf);
    assert_int_equal (shelf_lock (other, 3, 0, note_wait, &waits), OK);
    shelf_close (&other);
}

//  When the pid in ".lock" was written, and its inode.
static struct stat
lock_stat (fixture_t *self)
{
    char path [PATH_MAX];
    struct stat info;
    snprintf (path, sizeof path, "%s/.lock", self->directory);
    assert_int_equal (stat (path, &info), 0);
    return info;
}

static void
opening_what_is_in_order_does_not_write (void **state)
{
    fixture_t *self = *state;
    shelf_t *other;
    char path [PATH_MAX];
    assert_int_equal (put (self, "a", "1.0.0", 1), OK);
    struct stat before = lock_stat (self);
    assert_int_equal (shelf_open (&other, self->directory), OK);
    shelf_close (&other);
    struct stat after = lock_stat (self);
    assert_memory_equal (&after.st_ctim, &before.st_ctim, sizeof before.st_ctim);
    snprintf (path, sizeof path, "%s/.tmp", self->directory);
    assert_int_equal (mkdir (path, 0777), 0);
    assert_int_equal (shelf_open (&other, self->directory), OK);
    shelf_close (&other);
    assert_int_equal (access (path, F_OK), -1);
    snprintf (path, sizeof path, "%s/generation", self->directory);
    assert_int_equal (unlink (path), 0);
    assert_int_equal (shelf_open (&other, self->directory), OK);
    shelf_close (&other);
    assert_int_equal (access (path, F_OK), 0);
}

static void
who_only_looks_makes_removes_and_locks_nothing (void **state)
{
    fixture_t *self = *state;
    shelf_t *other;
    Ggen__Package *package;
    char left [PATH_MAX], absent [PATH_MAX];
    assert_int_equal (put (self, "a", "1.0.0", 1), OK);
    snprintf (left, sizeof left, "%s/.tmp", self->directory);
    snprintf (absent, sizeof absent, "%s/absent", self->directory);
    assert_int_equal (mkdir (left, 0777), 0);
    assert_int_equal (shelf_open_to_look (&other, self->directory), OK);
    assert_int_equal (shelf_lock (other, 0, 0, NULL, NULL), PERMISSION_DENIED);
    assert_int_equal (shelf_get (other, "a", "1.0.0", &package), OK);
    ggen__package__free_unpacked (package, NULL);
    shelf_close (&other);
    assert_int_equal (access (left, F_OK), 0);
    assert_int_not_equal (shelf_open_to_look (&other, absent), OK);
    assert_null (other);
    assert_int_equal (access (absent, F_OK), -1);
}

static void
a_registry_that_was_removed_is_recreated (void **state)
{
    fixture_t *self = *state;
    assert_int_equal (put (self, "a", "1.0.0", 1), OK);
    uint64_t before = generation (self);
    temp_dir_remove (self->directory);
    assert_int_equal (put (self, "b", "1.0.0", 1), OK);
    assert_true (is_there (self, "b/1.0.0/package"));
    assert_true (generation (self) > before);

    shelf_t *other;                             //  And one that somebody else made anew
    temp_dir_remove (self->directory);
    assert_int_equal (shelf_open (&other, self->directory), OK);
    assert_int_equal (put (self, "c", "1.0.0", 1), OK);
    assert_true (is_there (self, "c/1.0.0/package"));
    shelf_close (&other);
}

static code_t
count_visit (void *arg, const Ggen__Package *package)
{
    assert_non_null (package);
    ++*(size_t *) arg;
    return OK;
}

static void
a_walk_visits_every_version_once_and_counts_what_is_damaged (void **state)
{
    fixture_t *self = *state;
    size_t count = 0, damaged;
    char path [512];
    assert_int_equal (put (self, "a", "1.0.0", 1), OK);
    assert_int_equal (put (self, "a", "2.0.0", 1), OK);
    assert_int_equal (put (self, "a/b", "1.0.0", 1), OK);
    assert_int_equal (put (self, "@s/c", "1.0.0", 1), OK);
    assert_int_equal (put (self, "d", "1.0.0", 1), OK);
    snprintf (path, sizeof path, "%s/d/1.0.0/package", self->directory);
    write_text (path, "\xff\xff\xff");
    snprintf (path, sizeof path, "%s/a/link", self->directory);
    assert_int_equal (symlink ("1.0.0", path), 0);
    assert_int_equal (shelf_walk (self->shelf, count_visit, &count, &damaged), OK);
    assert_int_equal (count, 4);
    assert_int_equal (damaged, 1);
    assert_non_null (strstr (shelf_error (self->shelf), "d/1.0.0"));
    Ggen__Package *package;
    assert_int_equal (shelf_get (self->shelf, "d", "1.0.0", &package), SERIALIZATION);
    assert_int_equal (put (self, "d", "1.0.0", 1), SERIALIZATION);
}

static void
a_version_moved_to_another_place_is_damaged (void **state)
{
    fixture_t *self = *state;
    char from [512], to [512];
    size_t count = 0, damaged;
    assert_int_equal (put (self, "a", "1.0.0", 1), OK);
    snprintf (from, sizeof from, "%s/a/1.0.0", self->directory);
    snprintf (to, sizeof to, "%s/a/6.6.6", self->directory);
    assert_int_equal (rename (from, to), 0);
    assert_int_equal (shelf_walk (self->shelf, count_visit, &count, &damaged), OK);
    assert_int_equal (count, 0);
    assert_int_equal (damaged, 1);
}

static void
a_writer_killed_before_the_rename_leaves_the_old_state (void **state)
{
    fixture_t *self = *state;
    assert_int_equal (put (self, "a", "1.0.0", 1), OK);
    pid_t child = fork ();
    if (child == 0) {
        shelf_t *shelf;
        if (shelf_open (&shelf, self->directory) == OK
            && shelf_lock (shelf, 0, 0, NULL, NULL) == OK) {
            char path [512];
            snprintf (path, sizeof path, "%s/.tmp", self->directory);
            mkdir (path, 0777);
            snprintf (path, sizeof path, "%s/.tmp/%d-0", self->directory, (int) getpid ());
            mkdir (path, 0777);
            kill (getpid (), SIGKILL);
        }
        _exit (1);
    }
    int status;
    assert_int_equal (waitpid (child, &status, 0), child);
    assert_true (WIFSIGNALED (status));
    assert_int_equal (put (self, "a", "2.0.0", 1), OK);     //  The dead one's lock is free
    reopen (self);
    size_t count = 0, damaged;
    assert_int_equal (shelf_walk (self->shelf, count_visit, &count, &damaged), OK);
    assert_int_equal (count, 2);
}

#define T(name) cmocka_unit_test_setup_teardown (name, setup, teardown)

static code_t
keep (fixture_t *self, const char *id, ProtobufCBinaryData record)
{
    assert_int_equal (shelf_lock (self->shelf, 0, 0, NULL, NULL), OK);
    code_t code = shelf_keep_record (self->shelf, id, (bytes_t) {record.data, record.len}, WALL);
    shelf_unlock (self->shelf);
    free (record.data);
    return code;
}

static void
count_record (void *arg, bytes_t record)
{
    (void) record;
    ++*(unsigned *) arg;
}

static unsigned
records_count (fixture_t *self, const char *id)
{
    unsigned count = 0;
    assert_int_equal (shelf_records (self->shelf, id, count_record, &count), OK);
    return count;
}

static void
a_head_by_itself_is_kept_beside_the_versions (void **state)
{
    fixture_t *self = *state;
    assert_int_equal (keep (self, "a", make_head ("a", 1, 1, NULL)), PACKAGE_NOT_FOUND);
    assert_int_equal (put_signed (self, "a", "1.0.0", 1, 5, NULL), OK);
    assert_int_equal (keep (self, "a", make_head ("a", 5, 1, NULL)), OK);      //  The same again
    assert_false (is_there (self, "a/.heads"));
    assert_int_equal (keep (self, "a", make_head ("a", 4, 1, NULL)), VALIDATION);
    assert_int_equal (keep (self, "a", make_head ("b", 9, 1, NULL)), VALIDATION);
    assert_int_equal (keep (self, "a", make_head ("a", 6, 1, NULL)), OK);
    assert_int_equal (newest_seq (self, "a", 1), 6);
    assert_false (is_there (self, "a/1.0.0/head"));     //  Older ones are tidied away
    assert_int_equal (keep (self, "a", make_head ("a", 1, 2, NULL)), OK);      //  Of another key
    assert_int_equal (newest_seq (self, "a", 2), 1);
    assert_int_equal (records_count (self, "a"), 2);
    reopen (self);
    assert_int_equal (newest_seq (self, "a", 1), 6);
    //  One that comes with a version is newer again.
    assert_int_equal (put_signed (self, "a", "1.1.0", 1, 7, NULL), OK);
    assert_int_equal (newest_seq (self, "a", 1), 7);
    assert_int_equal (records_count (self, "a"), 2);
}

static void
the_head_of_the_last_version_stays_when_that_goes (void **state)
{
    fixture_t *self = *state;
    assert_int_equal (put_signed (self, "ns/a", "1.0.0", 1, 5, NULL), OK);
    assert_int_equal (shelf_lock (self->shelf, 0, 0, NULL, NULL), OK);
    assert_int_equal (shelf_delete (self->shelf, "ns/a", "1.0.0", WALL), OK);
    shelf_unlock (self->shelf);
    assert_int_equal (newest_seq (self, "ns/a", 1), 5);
    assert_int_equal (put_signed (self, "ns/a", "1.0.0", 1, 6, NULL), OK);
    assert_int_equal (newest_seq (self, "ns/a", 1), 6);
}

static void
kept_heads_are_bounded (void **state)
{
    fixture_t *self = *state;
    assert_int_equal (put_signed (self, "a", "1.0.0", 1, 5, NULL), OK);
    for (unsigned i = 0; i < SHELF_HEADS_MAX; i++)
        assert_int_equal (keep (self, "a", make_head ("a", 1, (uint8_t) (10 + i), NULL)), OK);
    assert_int_equal (keep (self, "a", make_head ("a", 1, 200, NULL)), VALIDATION);
    assert_int_equal (keep (self, "a", make_head ("a", 2, 10, NULL)), OK);
    assert_int_equal (newest_seq (self, "a", 10), 2);
}

static void
damaged_files_among_the_heads_are_left_aside (void **state)
{
    fixture_t *self = *state;
    char path [256];
    assert_int_equal (put_signed (self, "a", "1.0.0", 1, 5, NULL), OK);
    assert_int_equal (keep (self, "a", make_head ("a", 1, 2, NULL)), OK);
    snprintf (path, sizeof path, "%s/a/.heads/garbage", self->directory);
    write_text (path, "garbage");
    assert_int_equal (records_count (self, "a"), 2);
    assert_int_equal (newest_seq (self, "a", 2), 1);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        T (what_was_put_is_what_is_got),
        T (the_archive_is_linked_and_stays_the_callers),
        T (an_archive_on_another_disk_is_copied),
        T (given_the_same_digest_when_put_again_then_it_is_already_there),
        T (given_another_digest_when_put_then_both_are_named_and_the_first_stays),
        T (given_force_when_put_then_the_other_digest_is_replaced_and_nothing_is_left_over),
        T (ids_that_differ_in_case_only_collide),
        T (an_id_cannot_lie_inside_a_version_nor_a_version_over_something_else),
        T (names_that_are_no_place_are_refused),
        T (an_archive_of_another_size_is_refused_and_leaves_nothing),
        T (an_import_without_archive_keeps_its_url),
        T (versions_are_listed_in_ascending_precedence),
        T (a_deleted_version_is_gone_and_the_others_stay),
        T (the_newest_head_is_the_one_of_highest_seq_of_its_signer),
        T (a_head_by_itself_is_kept_beside_the_versions),
        T (the_head_of_the_last_version_stays_when_that_goes),
        T (kept_heads_are_bounded),
        T (damaged_files_among_the_heads_are_left_aside),
        T (a_head_is_replaced_by_a_newer_one_only),
        T (a_deleted_or_replaced_version_leaves_its_head_to_another_of_its_signer),
        T (each_change_moves_the_generation),
        T (leftovers_of_a_crash_are_swept_at_open_unless_somebody_writes),
        T (a_held_lock_times_out_naming_the_holder),
        T (opening_what_is_in_order_does_not_write),
        T (who_only_looks_makes_removes_and_locks_nothing),
        T (a_registry_that_was_removed_is_recreated),
        T (a_walk_visits_every_version_once_and_counts_what_is_damaged),
        T (a_version_moved_to_another_place_is_damaged),
        T (a_writer_killed_before_the_rename_leaves_the_old_state),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
