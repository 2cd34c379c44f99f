// SPDX-License-Identifier: MIT
//  The file registry through its messages: the guarantees of SPEC 4, and S1, S3, S4 of SPEC 6.
#include "registry_file_fixture.h"

#include "runtime/host/job.h"

#define T(name) cmocka_unit_test_setup_teardown (name, setup, teardown)

static char *
read_file (const char *path)
{
    static char text [4096];
    FILE *in = fopen (path, "r");
    if (!in)
        return NULL;
    text [fread (text, 1, sizeof text - 1, in)] = 0;
    fclose (in);
    return text;
}

//  ---- the contract

static void
a_published_package_is_what_is_got (void **state)
{
    fixture_t *self = *state;
    signer_t signer = make_signer (1);
    draft_t made;
    draft (self, &made, "acme/tool", "1.2.3", "bytes");
    made.package.title = (char *) "Tool";
    made.package.description = (char *) "Does things";
    made.package.readme = (char *) "# Read me";
    sign_draft (&made, &signer);
    ProtobufCBinaryData record = made.package.record;
    uint8_t copy [1024];
    memcpy (copy, record.data, record.len);
    Ggen__PublishReply *reply = send_draft (self, &made);
    assert_non_null (reply);
    assert_int_equal (reply->acknowledged, 1);
    assert_false (reply->already_there);
    assert_int_equal (reply->n_warnings, 0);
    assert_string_equal (read_file (reply->location), "bytes");
    Ggen__Package *package = get (self, "acme/tool");
    assert_non_null (package);
    assert_string_equal (package->version, "1.2.3");
    assert_string_equal (package->title, "Tool");
    assert_string_equal (package->readme, "# Read me");
    assert_string_equal (package->source, "file");
    assert_string_equal (read_file (package->location), "bytes");
    assert_int_equal (package->record.len, record.len);
    assert_memory_equal (package->record.data, copy, record.len);
    assert_memory_equal (package->sha256.data, made.digest, 32);
}

static void
publishing_again_is_fine_and_another_digest_is_not (void **state)
{
    fixture_t *self = *state;
    assert_false (publish (self, "a", "1.0.0", "one")->already_there);
    Ggen__PublishReply *again = publish (self, "a", "1.0.0", "one");
    assert_true (again->already_there);
    assert_int_equal (again->acknowledged, 1);
    assert_null (publish (self, "a", "1.0.0", "two"));
    assert_int_equal (failure_code (self), ALREADY_EXISTS);
    assert_string_equal (read_file (get (self, "a")->location), "one");
}

static void
force_replaces_a_publishers_own_version_only (void **state)
{
    fixture_t *self = *state;
    signer_t owner = make_signer (1), other = make_signer (2);
    assert_non_null (publish_signed (self, "a", "1.0.0", "one", &owner));
    draft_t made;
    draft (self, &made, "a", "1.0.0", "two");
    made.request.force = true;
    sign_draft (&made, &other);
    assert_null (send_draft (self, &made));
    assert_int_equal (failure_code (self), PERMISSION_DENIED);
    draft (self, &made, "a", "1.0.0", "two");
    made.request.force = true;
    assert_null (send_draft (self, &made));
    assert_int_equal (failure_code (self), PERMISSION_DENIED);
    assert_string_equal (read_file (get (self, "a")->location), "one");
    draft (self, &made, "a", "1.0.0", "two");
    made.request.force = true;
    sign_draft (&made, &owner);
    assert_non_null (send_draft (self, &made));
    assert_string_equal (read_file (get (self, "a")->location), "two");
}

static void
versions_ascend_and_the_latest_is_a_release_if_there_is_one (void **state)
{
    fixture_t *self = *state;
    publish (self, "a", "2.0.0-rc.1", "x");
    assert_string_equal (get (self, "a")->version, "2.0.0-rc.1");
    publish (self, "a", "1.10.0", "x");
    publish (self, "a", "1.9.0", "x");
    assert_string_equal (versions (self, "a"), "1.9.0 1.10.0 2.0.0-rc.1 ");
    assert_string_equal (get (self, "a")->version, "1.10.0");
    assert_string_equal (get_version (self, "a", "1.9.0")->version, "1.9.0");
    assert_string_equal (versions (self, "unknown"), "");
}

static void
what_is_missing_is_not_found_with_what_was_meant (void **state)
{
    fixture_t *self = *state;
    publish (self, "acme/http-client", "1.0.0", "x");
    publish (self, "acme/http-client", "1.1.0", "x");
    assert_null (get (self, "acme/htpt-client"));
    assert_int_equal (failure_code (self), PACKAGE_NOT_FOUND);
    assert_string_equal (self->failure->hint, "did you mean acme/http-client?");
    assert_null (get (self, "http-client"));
    assert_string_equal (self->failure->hint, "did you mean acme/http-client?");
    draft_t made;
    draft (self, &made, "unlike", "1.0.0", "x");
    made.package.description = (char *) "entirely different";
    assert_non_null (send_draft (self, &made));
    assert_int_equal (search (self, "entirely-different")->n_results, 1);
    assert_null (get (self, "entirely-different"));
    assert_string_equal (self->failure->hint, "");
    assert_null (get_version (self, "acme/http-client", "1.2.0"));
    assert_int_equal (failure_code (self), PACKAGE_NOT_FOUND);
    assert_string_equal (self->failure->hint, "available: 1.1.0, 1.0.0");
    assert_null (get_version (self, "../..", "1.2.0"));
    assert_int_equal (failure_code (self), PACKAGE_NOT_FOUND);
}

static void
a_long_list_of_versions_is_named_by_its_highest (void **state)
{
    fixture_t *self = *state;
    for (unsigned i = 0; i < 10; i++) {
        char version [16];
        snprintf (version, sizeof version, "1.%u.0", i);
        assert_non_null (publish (self, "a", version, "x"));
    }
    assert_null (get_version (self, "a", "9.0.0"));
    assert_string_equal (self->failure->hint, "available: 1.9.0, 1.8.0, 1.7.0, 1.6.0, 1.5.0, "
                                              "1.4.0, 1.3.0, 1.2.0 and 2 older");
}

static bool
delete (fixture_t *self, const char *id, const char *version, const signer_t *signer)
{
    Ggen__DeleteRequest request = GGEN__DELETE_REQUEST__INIT;
    request.id = (char *) id;
    request.version = (char *) version;
    if (signer)
        request.publisher_key = (ProtobufCBinaryData) {32, (uint8_t *) signer->public};
    return ask (self, &request.base, &ggen__delete_reply__descriptor) != NULL;
}

static void
only_the_publisher_deletes_and_other_versions_stay (void **state)
{
    fixture_t *self = *state;
    signer_t owner = make_signer (1), other = make_signer (2);
    publish_signed (self, "a", "1.0.0", "one", &owner);
    publish_signed (self, "a", "2.0.0", "two", &owner);
    assert_false (delete (self, "a", "2.0.0", &other));
    assert_int_equal (failure_code (self), PERMISSION_DENIED);
    assert_false (delete (self, "a", "2.0.0", NULL));
    assert_int_equal (failure_code (self), PERMISSION_DENIED);
    assert_string_equal (versions (self, "a"), "1.0.0 2.0.0 ");
    char json [128];
    snprintf (json, sizeof json, "%s/index.json", self->directory);
    assert_non_null (strstr (read_file (json), "/2.0.0/"));
    assert_true (delete (self, "a", "2.0.0", &owner));
    assert_null (strstr (read_file (json), "/2.0.0/"));
    assert_null (get_version (self, "a", "2.0.0"));
    assert_int_equal (failure_code (self), PACKAGE_NOT_FOUND);
    assert_string_equal (read_file (get (self, "a")->location), "one");
    assert_false (delete (self, "a", "2.0.0", &owner));
    assert_int_equal (failure_code (self), PACKAGE_NOT_FOUND);
    assert_true (delete (self, "a", "1.0.0", &owner));
    assert_false (exists (self, "a"));
    assert_non_null (publish (self, "a", "1.0.0", "anew"));
}

static void
existence_is_of_any_version (void **state)
{
    fixture_t *self = *state;
    assert_false (exists (self, "a"));
    publish (self, "a", "1.0.0-alpha", "x");
    assert_true (exists (self, "a"));
}

static void
a_search_finds_each_id_once_with_its_latest_version (void **state)
{
    fixture_t *self = *state;
    publish (self, "web-server", "1.0.0", "x");
    publish (self, "web-server", "1.1.0", "x");
    publish (self, "web-client", "1.0.0", "x");
    Ggen__SearchReply *found = search (self, "");
    assert_int_equal (found->n_results, 2);
    assert_int_equal (found->total, 2);
    assert_false (found->incomplete);
    found = search (self, "server");
    assert_int_equal (found->n_results, 1);
    assert_string_equal (found->results [0]->version, "1.1.0");
    Ggen__SearchRequest request = GGEN__SEARCH_REQUEST__INIT;
    request.limit = 1;
    found = ask (self, &request.base, &ggen__search_reply__descriptor);
    assert_int_equal (found->n_results, 1);
    assert_int_equal (found->total, 2);
}

static void
a_search_outside_of_the_limits_is_told_them (void **state)
{
    fixture_t *self = *state;
    Ggen__SearchRequest request = GGEN__SEARCH_REQUEST__INIT;
    request.limit = 1001;
    assert_null (ask (self, &request.base, &ggen__search_reply__descriptor));
    assert_int_equal (failure_code (self), VALIDATION);
    assert_non_null (strstr (self->failure->message, "1 to 1000 (this one: 1001)"));
    char query [1002];
    memset (query, 'q', 1001);
    query [1001] = 0;
    assert_null (search (self, query));
    assert_int_equal (failure_code (self), VALIDATION);
    assert_non_null (strstr (self->failure->message, "up to 1000 characters (1001)"));
}

static void
installations_are_counted_and_rank (void **state)
{
    fixture_t *self = *state;
    publish (self, "aaa", "1.0.0", "x");
    publish (self, "bbb", "1.0.0", "x");
    Ggen__InstalledEvent event = GGEN__INSTALLED_EVENT__INIT;
    event.id = (char *) "bbb";
    post (self, GGEN__KIND__EVENT, &event.base, 0);
    post (self, GGEN__KIND__EVENT, &event.base, 0);
    assert_int_equal (get (self, "bbb")->downloads, 2);
    assert_string_equal (search (self, "")->results [0]->id, "bbb");
}

static void
an_answer_too_long_for_a_message_says_what_is_left_out (void **state)
{
    fixture_t *self = *state;
    char *words = malloc (900001);
    memset (words, 'w', 900000);
    words [900000] = 0;
    assert_non_null (publish (self, "many", "0.1.0", "x"));
    for (unsigned i = 1; i <= 3; i++) {
        char version [16], id [16];
        snprintf (version, sizeof version, "%u.0.0", i);
        snprintf (id, sizeof id, "long-%u", i);
        draft_t made;
        draft (self, &made, "many", version, "x");
        made.package.description = words;
        assert_non_null (send_draft (self, &made));
        draft (self, &made, id, "1.0.0", "x");
        made.package.description = words;
        assert_non_null (send_draft (self, &made));
    }
    free (words);
    assert_string_equal (versions (self, "many"), "2.0.0 3.0.0 ");
    Ggen__ListVersionsReply *listed = (void *) self->reply;
    assert_true (listed->incomplete);
    assert_int_equal (listed->n_warnings, 1);
    Ggen__SearchReply *found = search (self, "");
    assert_int_equal (found->n_results, 2);
    assert_int_equal (found->total, 4);
    assert_string_equal (found->warnings [0],
                         "2 results did not fit; ask for them with offset 2");
}

//  ---- when things are not well

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
    remove_tree (self->directory);
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
    remove_tree (self->directory);
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
    remove_tree (self->directory);
    assert_false (exists (self, "a"));
    assert_int_equal (access (self->directory, F_OK), -1);
}

static void
a_removed_directory_is_made_again (void **state)
{
    fixture_t *self = *state;
    publish (self, "a", "1.0.0", "x");
    remove_tree (self->directory);
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
        T (a_published_package_is_what_is_got),
        T (publishing_again_is_fine_and_another_digest_is_not),
        T (force_replaces_a_publishers_own_version_only),
        T (versions_ascend_and_the_latest_is_a_release_if_there_is_one),
        T (what_is_missing_is_not_found_with_what_was_meant),
        T (a_long_list_of_versions_is_named_by_its_highest),
        T (only_the_publisher_deletes_and_other_versions_stay),
        T (existence_is_of_any_version),
        T (a_search_finds_each_id_once_with_its_latest_version),
        T (a_search_outside_of_the_limits_is_told_them),
        T (installations_are_counted_and_rank),
        T (an_answer_too_long_for_a_message_says_what_is_left_out),
        T (metadata_never_fails),
        T (without_a_directory_a_reader_sees_an_empty_registry_and_makes_none),
        T (a_reader_sees_the_directory_come_and_go),
        T (a_removed_directory_is_made_again),
        T (a_directory_that_cannot_be_written_is_still_read),
        T (a_damaged_index_json_is_set_aside_and_told_once),
        T (a_warning_waits_for_an_answer_that_can_carry_it),
        T (damage_anywhere_in_the_database_is_mended_before_the_answer),
        T (a_publisher_waits_for_another_and_is_told_whom),
        T (who_waits_for_the_lock_can_be_cancelled),
        T (a_stop_drops_what_is_queued),
        T (more_than_can_be_queued_is_busy_but_metadata_is_answered),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
