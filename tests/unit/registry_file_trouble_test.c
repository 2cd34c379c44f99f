// SPDX-License-Identifier: MIT
//  The file registry when things are not well: S1, S3 and S4 of SPEC 6, directories that are missing or
//  cannot be written, damage, and more work than can be queued.
#include "registry_file_fixture.h"

#include "runtime/host/job.h"

#define T(name) cmocka_unit_test_setup_teardown (name, setup, teardown)

static void
metadata_never_fails (void **state)
{
    fixture_t *self = *state;
    publish (self, "a", "1.0.0", "x");
    Ggen__MetadataReply *reply = metadata (self);
    assert_string_equal (reply->name, "file");
    assert_int_equal (reply->packages_count, 1);
    assert_true (reply->supports_publish);
    assert_false (reply->requires_auth);
    assert_true (reply->n_features > 0);
    char url [128];
    snprintf (url, sizeof url, "file://%s", self->directory);
    assert_string_equal (reply->url, url);
    stop (self);
    temp_dir_remove (self->directory);
    write_file (self->directory, "no directory", 12);
    start (self, true);
    assert_int_equal (metadata (self)->packages_count, 0);
    assert_null (get (self, "a"));
    assert_non_null (strstr (self->failure->message, self->directory));
}

static void
without_a_directory_a_reader_sees_an_empty_registry_and_makes_none (void **state)
{
    fixture_t *self = *state;
    restart (self, false);
    temp_dir_remove (self->directory);
    assert_int_equal (search (self, "")->n_results, 0);
    assert_null (get (self, "a"));
    assert_int_equal (failure_code (self), PACKAGE_NOT_FOUND);
    assert_null (get_version (self, "a", "1.0.0"));
    assert_int_equal (failure_code (self), PACKAGE_NOT_FOUND);
    assert_string_equal (versions (self, "a"), "");
    assert_false (exists (self, "a"));
    assert_false (metadata (self)->supports_publish);
    assert_null (publish (self, "a", "1.0.0", "x"));
    assert_int_equal (failure_code (self), PERMISSION_DENIED);
    assert_false (delete (self, "a", "1.0.0", NULL));
    assert_int_equal (failure_code (self), PERMISSION_DENIED);
    assert_int_equal (access (self->directory, F_OK), -1);
}

static void
a_reader_sees_the_directory_come_and_go (void **state)
{
    fixture_t *self = *state, writer = {0};
    snprintf (writer.base, sizeof writer.base, "%s", self->base);
    snprintf (writer.directory, sizeof writer.directory, "%s", self->directory);
    restart (self, false);
    assert_false (exists (self, "a"));
    start (&writer, true);
    assert_non_null (publish (&writer, "a", "1.0.0", "x"));
    assert_true (exists (self, "a"));
    assert_non_null (publish (&writer, "b", "1.0.0", "x"));
    assert_true (exists (self, "b"));
    stop (&writer);
    temp_dir_remove (self->directory);
    assert_false (exists (self, "a"));
    assert_int_equal (access (self->directory, F_OK), -1);
}

static void
a_removed_directory_is_made_again (void **state)
{
    fixture_t *self = *state;
    publish (self, "a", "1.0.0", "x");
    temp_dir_remove (self->directory);
    assert_false (exists (self, "a"));
    assert_non_null (publish (self, "b", "1.0.0", "x"));
    assert_true (exists (self, "b"));
}

//  Files keep their mode and with it their times: by those an index knows its index.json.
static void
chmod_directories (const char *directory, const char *mode)
{
    char command [256];
    snprintf (command, sizeof command, "find '%s' -depth -type d -exec chmod %s {} +", directory,
              mode);
    assert_int_equal (system (command), 0);
}

//  Root may write anywhere: become somebody else, in all threads.
static void
become (uid_t user)
{
    if (getuid () == 0)
        assert_int_equal (seteuid (user), 0);
}

static void
a_directory_that_cannot_be_written_is_still_read (void **state)
{
    fixture_t *self = *state;
    publish (self, "a", "1.0.0", "x");
    publish (self, "a", "1.1.0", "x");
    stop (self);
    char index [128];
    snprintf (index, sizeof index, "%s/index.db", self->directory);
    //  Round 0: its index is good. 1: there is none. 2: it is of another generation.
    for (int round = 0; round < 3; round++) {
        if (round == 1)
            assert_int_equal (unlink (index), 0);
        chmod_directories (self->directory, "a-w,a+rx");
        become (65534);
        start (self, true);
        assert_string_equal (versions (self, "a"), "1.0.0 1.1.0 ");
        assert_string_equal (search (self, "a")->results [0]->version, "1.1.0");
        assert_int_equal (metadata (self)->packages_count, 1);
        Ggen__PublishRequest request = GGEN__PUBLISH_REQUEST__INIT;
        Ggen__Package package = GGEN__PACKAGE__INIT;
        request.package = &package;
        package.id = (char *) "b";
        package.version = (char *) "1.0.0";
        uint8_t digest [32];
        crypto_hash_sha256 (digest, NULL, 0);
        package.sha256 = (ProtobufCBinaryData) {32, digest};
        request.archive_path = (char *) "/dev/null";
        assert_null (ask (self, &request.base, &ggen__publish_reply__descriptor));
        assert_int_equal (failure_code (self), VALIDATION);
        assert_false (delete (self, "a", "1.0.0", NULL));
        assert_int_equal (failure_code (self), PERMISSION_DENIED);
        assert_non_null (strstr (self->failure->message, self->directory));
        stop (self);
        become (0);
        chmod_directories (self->directory, "u+w");
        if (round == 1) {
            start (self, true);
            publish (self, "a", "0.9.0", "x");
            delete (self, "a", "0.9.0", NULL);
            stop (self);
            char generation [128];
            snprintf (generation, sizeof generation, "%s/generation", self->directory);
            write_file (generation, "77 1\n", 5);
        }
    }
    start (self, true);
    assert_string_equal (versions (self, "a"), "1.0.0 1.1.0 ");
}

static void
a_damaged_index_json_is_set_aside_and_told_once (void **state)
{
    fixture_t *self = *state;
    char path [128], saved [128];
    publish (self, "a", "1.0.0", "x");
    snprintf (path, sizeof path, "%s/index.json", self->directory);
    snprintf (saved, sizeof saved, "%s/index.json.corrupted", self->directory);
    write_file (path, "{broken", 7);
    Ggen__SearchReply *found = search (self, "");
    assert_int_equal (found->n_results, 1);
    assert_int_equal (found->n_warnings, 1);
    assert_non_null (strstr (found->warnings [0], saved));
    assert_string_equal (read_file (saved), "{broken");
    assert_non_null (strstr (read_file (path), "\"1.0.0\""));
    assert_int_equal (search (self, "")->n_warnings, 0);
}

static void
a_warning_waits_for_an_answer_that_can_carry_it (void **state)
{
    fixture_t *self = *state;
    char path [128];
    publish (self, "a", "1.0.0", "x");
    snprintf (path, sizeof path, "%s/index.json", self->directory);
    write_file (path, "{broken", 7);
    assert_true (exists (self, "a"));
    assert_null (get (self, "b"));
    assert_non_null (get (self, "a"));
    assert_int_equal (((Ggen__PackageReply *) (void *) self->reply)->n_warnings, 1);
}

//  Overwrites a page of the index; false when it has not so many.
static bool
damage_page (const fixture_t *self, unsigned page)
{
    char path [128], junk [4096];
    struct stat st;
    snprintf (path, sizeof path, "%s/index.db", self->directory);
    memset (junk, 0x5a, sizeof junk);
    int fd = open (path, O_RDWR | O_CLOEXEC);
    off_t at = (off_t) (page * sizeof junk);
    assert_int_equal (fstat (fd, &st), 0);
    if (at < st.st_size)
        assert_int_equal (pwrite (fd, junk, sizeof junk, at), sizeof junk);
    close (fd);
    return at < st.st_size;
}

static void
damage_anywhere_in_the_database_is_mended_before_the_answer (void **state)
{
    fixture_t *self = *state;
    publish (self, "a", "1.0.0", "x");
    for (unsigned page = 0;; page++) {
        restart (self, true);
        assert_true (exists (self, "a"));
        if (!damage_page (self, page))
            break;
        assert_non_null (search (self, "a"));
        assert_string_equal (versions (self, "a"), "1.0.0 ");
        assert_int_equal (search (self, "")->n_results, 1);
    }
}

//  ---- the lock

static int
hold_lock (const fixture_t *self)
{
    char path [128], pid [16];
    snprintf (path, sizeof path, "%s/.lock", self->directory);
    int fd = open (path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    assert_int_equal (flock (fd, LOCK_EX | LOCK_NB), 0);
    int size = snprintf (pid, sizeof pid, "%d\n", 4321);
    assert_int_equal (ftruncate (fd, 0), 0);
    assert_int_equal (pwrite (fd, pid, (size_t) size, 0), size);
    return fd;
}

//  Publishes against the lock; returns when the wait was told. The id of the request.
static uint64_t
publish_and_wait (fixture_t *self, draft_t *made)
{
    forget (self);
    draft (self, made, "a", "2.0.0", "x");
    uint64_t id = post (self, GGEN__KIND__REQUEST, &made->request.base, 0);
    while (hear (self, &ggen__publish_reply__descriptor) != GGEN__KIND__PROGRESS)
        ;
    return id;
}

static void
a_publisher_waits_for_another_and_is_told_whom (void **state)
{
    fixture_t *self = *state;
    publish (self, "a", "1.0.0", "x");
    int fd = hold_lock (self);
    draft_t made;
    publish_and_wait (self, &made);
    assert_string_equal (self->progress->subject, "another installation in progress (pid 4321)");
    assert_int_equal (self->progress->done, 1);
    assert_int_equal (self->progress->total, 3);
    close (fd);
    while (hear (self, &ggen__publish_reply__descriptor) != GGEN__KIND__REPLY)
        ;
    assert_non_null (self->reply);
    assert_string_equal (versions (self, "a"), "1.0.0 2.0.0 ");
}

static void
who_waited_in_vain_is_told_path_time_and_pid (void **state)
{
    fixture_t *self = *state;
    self->lock_attempt_ms = 200;
    restart (self, true);
    publish (self, "a", "1.0.0", "x");
    int fd = hold_lock (self);
    assert_false (delete (self, "a", "1.0.0", NULL));
    assert_int_equal (failure_code (self), LOCK_TIMEOUT);
    assert_int_equal (self->progress->done, 3);
    assert_int_equal (self->failure->n_details, 3);
    assert_non_null (strstr (self->failure->details [0]->value, "/registry/.lock"));
    assert_string_equal (self->failure->details [1]->value, "600 ms");
    assert_string_equal (self->failure->details [2]->value, "4321");
    close (fd);
    assert_true (delete (self, "a", "1.0.0", NULL));
}

static void
who_waits_for_the_lock_can_be_cancelled (void **state)
{
    fixture_t *self = *state;
    publish (self, "a", "1.0.0", "x");
    int fd = hold_lock (self);
    draft_t made;
    uint64_t id = publish_and_wait (self, &made);
    post (self, GGEN__KIND__CANCEL, NULL, id);
    while (hear (self, &ggen__publish_reply__descriptor) != GGEN__KIND__REPLY)
        ;
    assert_int_equal (failure_code (self), CANCELLED);
    close (fd);
    assert_string_equal (versions (self, "a"), "1.0.0 ");
}

static void
a_stop_drops_what_is_queued (void **state)
{
    fixture_t *self = *state;
    publish (self, "a", "1.0.0", "x");
    int fd = hold_lock (self);
    draft_t made;
    publish_and_wait (self, &made);
    Ggen__ExistsRequest request = GGEN__EXISTS_REQUEST__INIT;
    for (unsigned i = 0; i < JOBS_MAX; i++)
        post (self, GGEN__KIND__REQUEST, &request.base, 0);
    restart (self, true);
    close (fd);
    assert_string_equal (versions (self, "a"), "1.0.0 ");
}

static void
more_than_can_be_queued_is_busy_but_metadata_is_answered (void **state)
{
    fixture_t *self = *state;
    publish (self, "a", "1.0.0", "x");
    int fd = hold_lock (self);
    draft_t made;
    publish_and_wait (self, &made);
    Ggen__ExistsRequest request = GGEN__EXISTS_REQUEST__INIT;
    for (unsigned i = 0; i < JOBS_MAX; i++)
        post (self, GGEN__KIND__REQUEST, &request.base, 0);
    while (hear (self, &ggen__publish_reply__descriptor) != GGEN__KIND__REPLY)
        ;
    assert_int_equal (failure_code (self), BUSY);
    assert_string_equal (metadata (self)->name, "file");
    close (fd);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        T (metadata_never_fails),
        T (without_a_directory_a_reader_sees_an_empty_registry_and_makes_none),
        T (a_reader_sees_the_directory_come_and_go),
        T (a_removed_directory_is_made_again),
        T (a_directory_that_cannot_be_written_is_still_read),
        T (a_damaged_index_json_is_set_aside_and_told_once),
        T (a_warning_waits_for_an_answer_that_can_carry_it),
        T (damage_anywhere_in_the_database_is_mended_before_the_answer),
        T (a_publisher_waits_for_another_and_is_told_whom),
        T (who_waited_in_vain_is_told_path_time_and_pid),
        T (who_waits_for_the_lock_can_be_cancelled),
        T (a_stop_drops_what_is_queued),
        T (more_than_can_be_queued_is_busy_but_metadata_is_answered),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
