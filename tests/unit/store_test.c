// SPDX-License-Identifier: MIT
//  The store actor on real files: commits.
#include "tests/unit/store_world.h"

#include "many.h"
#include "many.pb-c.h"

//  ---- commit --------------------------------------------------------------------------------------

static void
given_an_empty_home_when_one_package_is_committed_then_it_is_installed (void **state)
{
    world_t *world = *state;
    rig_t *rig = &world->rig;
    made_t made;
    assert_int_equal (rig_current (rig, ""), 0);
    assert_int_equal (rig_unpack (rig, "", "alpha", "hello", &made), OK);
    assert_false (exists (rig->home, "packages"));
    assert_int_equal (rig_commit (rig, "", &made, 1, 0, "the lock"), OK);
    assert_int_equal (((const Ggen__CommitReply *) (const void *) rig->reply)->generation, 1);
    assert_text (rig->home, "packages/alpha/readme", "hello");
    assert_text (rig->home, "packages/alpha/sub/deep", "deep");
    assert_text (rig->home, "packages/ggen.lock", "the lock");
    assert_int_equal (rig_read_root (rig, "", 0), OK);
    const Ggen__ReadRootReply *root = (const void *) rig->reply;
    assert_int_equal (root->current, 1);
    assert_int_equal (root->generation, 1);
    assert_int_equal (root->n_generations, 1);
    assert_int_equal (root->lock.len, 8);
    assert_int_equal (rig_leftovers (rig->home), 0);
}

static void
installed_files_are_read_only_and_keep_who_may_run_them (void **state)
{
    world_t *world = *state;
    struct stat info;
    char path [300];
    install (&world->rig, "", "alpha", "hello", 0);
    snprintf (path, sizeof path, "%s/packages/alpha/readme", world->rig.home);
    assert_int_equal (stat (path, &info), 0);
    assert_int_equal (info.st_mode & 07777, 0444);
    snprintf (path, sizeof path, "%s/packages/alpha/run", world->rig.home);
    assert_int_equal (stat (path, &info), 0);
    assert_int_equal (info.st_mode & 07777, 0555);
}

static void
many_packages_and_scoped_ids_are_one_generation (void **state)
{
    world_t *world = *state;
    rig_t *rig = &world->rig;
    made_t made [42];
    for (unsigned i = 0; i < 40; i++) {
        char id [32], text [32];
        snprintf (id, sizeof id, "pack-%u", i);
        snprintf (text, sizeof text, "text %u", i);
        assert_int_equal (rig_unpack (rig, "", id, text, &made [i]), OK);
    }
    assert_int_equal (rig_unpack (rig, "", "@scope/name", "scoped", &made [40]), OK);
    assert_int_equal (rig_unpack (rig, "", "ns/name", "spaced", &made [41]), OK);
    assert_int_equal (rig_commit (rig, "", made, 42, 0, "lock"), OK);
    assert_text (rig->home, "packages/pack-39/readme", "text 39");
    assert_text (rig->home, "packages/@scope/name/readme", "scoped");
    assert_text (rig->home, "packages/ns/name/readme", "spaced");
    assert_int_equal (rig_check (rig, "", made, 42)->n_findings, 0);
    assert_int_equal (rig_leftovers (rig->home), 0);
}

static void
a_package_inside_the_directory_of_another_is_refused_and_nothing_changes (void **state)
{
    world_t *world = *state;
    rig_t *rig = &world->rig;
    made_t made [2];
    assert_int_equal (rig_unpack (rig, "", "ns", "outer", &made [0]), OK);
    assert_int_equal (rig_unpack (rig, "", "ns/name", "inner", &made [1]), OK);
    assert_int_equal (rig_commit (rig, "", made, 2, 0, "lock"), VALIDATION);
    assert_non_null (strstr (rig->failure->message, "ns/name"));
    assert_int_equal (rig_current (rig, ""), 0);
    assert_false (exists (rig->home, "packages"));
    //  What was unpacked can still be committed, or be discarded.
    assert_int_equal (rig_commit (rig, "", made, 1, 0, "lock"), OK);
    rig_discard (rig, "");
    assert_int_equal (rig_leftovers (rig->home), 0);
}

static void
ids_that_lead_elsewhere_are_refused (void **state)
{
    world_t *world = *state;
    rig_t *rig = &world->rig;
    made_t made;
    static const char *const ids [] = {"../escape", "/abs", "a/../b", "..", "a//b", "a/b/c/d/e", ""};
    assert_int_equal (rig_unpack (rig, "", "alpha", "hello", &made), OK);
    for (size_t i = 0; i < COUNT_OF (ids); i++) {
        strcpy (made.id, ids [i]);
        assert_int_equal (rig_commit (rig, "", &made, 1, 0, "lock"), VALIDATION);
        assert_int_equal (rig_activate (rig, "", &made, 1, 1), VALIDATION);
    }
    //  So deep that a buffer for its way back up would not do.
    memset (made.id, '/', sizeof made.id - 1);
    made.id [sizeof made.id - 1] = 0;
    assert_int_equal (rig_commit (rig, "", &made, 1, 0, "lock"), VALIDATION);
    assert_int_equal (rig_current (rig, ""), 0);
}

static void
a_package_named_like_the_lock_is_refused (void **state)
{
    world_t *world = *state;
    made_t made;
    assert_int_equal (rig_unpack (&world->rig, "", "ggen.lock", "hello", &made), OK);
    assert_int_equal (rig_commit (&world->rig, "", &made, 1, 0, "lock"), VALIDATION);
    assert_int_equal (rig_current (&world->rig, ""), 0);
}

static void
a_tree_that_nobody_unpacked_is_refused (void **state)
{
    world_t *world = *state;
    made_t made = {.id = "alpha"};
    assert_int_equal (rig_commit (&world->rig, "", &made, 1, 0, "lock"), STORAGE);
    assert_int_equal (rig_current (&world->rig, ""), 0);
    assert_int_equal (rig_leftovers (world->rig.home), 0);
}

static void
a_commit_planned_on_another_generation_is_busy_and_changes_nothing (void **state)
{
    world_t *world = *state;
    rig_t *rig = &world->rig;
    made_t made [2];
    made [0] = install (rig, "", "alpha", "one", 0);
    assert_int_equal (rig_unpack (rig, "", "beta", "two", &made [1]), OK);
    assert_int_equal (rig_commit (rig, "", made, 2, 0, "lock"), BUSY);
    assert_int_equal (rig_current (rig, ""), 1);
    assert_false (exists (rig->home, "packages/beta"));
    rig_discard (rig, "");
    assert_int_equal (rig_leftovers (rig->home), 0);
}

static void
a_lock_that_could_not_be_read_again_is_refused (void **state)
{
    world_t *world = *state;
    rig_t *rig = &world->rig;
    made_t made = install (rig, "", "alpha", "one", 0);
    char *lock = malloc (PLACE_LOCK_MAX + 2);
    memset (lock, 'x', PLACE_LOCK_MAX + 1);
    lock [PLACE_LOCK_MAX + 1] = 0;
    assert_int_equal (rig_commit (rig, "", &made, 1, 1, lock), VALIDATION);
    assert_int_equal (rig_current (rig, ""), 1);
    lock [PLACE_LOCK_MAX] = 0;
    assert_int_equal (rig_commit (rig, "", &made, 1, 1, lock), OK);
    assert_int_equal (rig_read_root (rig, "", 0), OK);
    assert_int_equal (((const Ggen__ReadRootReply *) (const void *) rig->reply)->lock.len,
                      PLACE_LOCK_MAX);
    free (lock);
}

static void
a_process_that_may_only_read_changes_nothing (void **state)
{
    world_t *world = *state;
    made_t made = install (&world->rig, "", "alpha", "one", 0), other;
    restart (world, false);
    rig_t *rig = &world->rig;
    assert_int_equal (rig_unpack (rig, "", "beta", "two", &other), PERMISSION_DENIED);
    assert_int_equal (rig_unpack (rig, rig->home, "beta", "two", &other), PERMISSION_DENIED);
    assert_int_equal (rig_commit (rig, "", &made, 1, 1, "lock"), PERMISSION_DENIED);
    assert_int_equal (rig_activate (rig, "", &made, 1, 1), PERMISSION_DENIED);
    assert_int_equal (rig_current (rig, ""), 1);
    assert_int_equal (rig_has (rig, "", &made, 1)->n_missing, 0);
    assert_int_equal (rig_check (rig, "", &made, 1)->n_findings, 0);
}

//  SPEC 6, I3.
static void
without_permission_nothing_changes_and_path_and_owner_are_told (void **state)
{
    world_t *world = *state;
    rig_t *rig = &world->rig;
    made_t made = install (rig, "", "alpha", "one", 0), other;
    uid_t self = geteuid ();
    char generations [200], store [200];
    snprintf (generations, sizeof generations, "%s/generations", rig->home);
    snprintf (store, sizeof store, "%s/store", rig->home);
    assert_int_equal (chmod (generations, 0555), 0);
    assert_int_equal (chmod (store, 0555), 0);
    assert_int_equal (chmod (world->temp.name, 0777), 0);
    if (self == 0)
        assert_int_equal (seteuid (65534), 0);
    code_t unpacked = rig_unpack (rig, "", "beta", "two", &other);
    char told [1000];
    snprintf (told, sizeof told, "%s|%s", rig->failure ? rig->failure->message : "",
              rig->failure ? rig->failure->hint : "");
    code_t committed = rig_commit (rig, "", &made, 1, 1, "lock");
    if (self == 0)
        assert_int_equal (seteuid (0), 0);
    assert_int_equal (unpacked, PERMISSION_DENIED);
    assert_int_equal (committed, PERMISSION_DENIED);
    if (!strstr (told, rig->home) || (self == 0 && !strstr (told, "root")))
        fail_msg ("neither path nor owner: %s", told);
    assert_int_equal (chmod (generations, 0755), 0);
    assert_int_equal (chmod (store, 0755), 0);
    assert_int_equal (rig_current (rig, ""), 1);
    assert_text (rig->home, "packages/alpha/readme", "one");
}

static void
what_a_crash_left_is_removed_by_the_next_write (void **state)
{
    world_t *world = *state;
    made_t made = install (&world->rig, "", "alpha", "one", 0);
    install (&world->rig, world->target, "alpha", "one", 0);
    restart (world, true);
    rig_t *rig = &world->rig;
    const char *const bases [] = {rig->home, world->base};
    for (size_t i = 0; i < 2; i++) {
        char path [300];
        snprintf (path, sizeof path, "%s/store/tmp.77", bases [i]);
        assert_int_equal (mkdir (path, 0500), 0);
        snprintf (path, sizeof path, "%s/store/tmp.78", bases [i]);
        put (AT_FDCWD, path, "an archive");
        snprintf (path, sizeof path, "%s/generations/tmp.generation", bases [i]);
        assert_int_equal (mkdir (path, 0755), 0);
    }
    assert_int_equal (rig_commit (rig, "", &made, 1, 1, "lock"), OK);
    assert_int_equal (rig_leftovers (rig->home), 0);
    assert_int_equal (rig_commit (rig, world->target, &made, 1, 1, "lock"), OK);
    assert_int_equal (rig_leftovers (world->base), 0);
}

static void
what_was_unpacked_and_not_needed_leaves_nothing_behind (void **state)
{
    world_t *world = *state;
    rig_t *rig = &world->rig;
    made_t made [2], again;
    //  The same tree twice, and one that is installed already.
    assert_int_equal (rig_unpack (rig, "", "alpha", "one", &made [0]), OK);
    assert_int_equal (rig_unpack (rig, "", "beta", "one", &made [1]), OK);
    assert_memory_equal (made [0].files_sha256, made [1].files_sha256, SHA256_SIZE);
    assert_int_equal (rig_commit (rig, "", made, 2, 0, "lock"), OK);
    assert_int_equal (rig_leftovers (rig->home), 0);
    assert_int_equal (rig_unpack (rig, "", "alpha", "one", &again), OK);
    assert_int_equal (rig_commit (rig, "", made, 2, 1, "lock"), OK);
    assert_int_equal (rig_leftovers (rig->home), 0);
    assert_text (rig->home, "packages/beta/readme", "one");
}

static void
discard_removes_what_was_unpacked_and_packed_whatever_its_root (void **state)
{
    world_t *world = *state;
    rig_t *rig = &world->rig;
    made_t made;
    char source [200];
    snprintf (source, sizeof source, "%s/source", world->temp.name);
    assert_int_equal (mkdir (source, 0755), 0);
    int fd = open (source, O_RDONLY | O_DIRECTORY);
    put (fd, "gpack.toml", "name = \"x\"\nversion = \"1.0.0\"\n");
    close (fd);
    Ggen__PackRequest pack = GGEN__PACK_REQUEST__INIT;
    pack.path = source;
    pack.id = "x";
    pack.version = "1.0.0";
    pack.compression = "gzip";
    assert_int_equal (rig_call (rig, &pack.base, &ggen__pack_reply__descriptor), OK);
    assert_int_equal (rig_unpack (rig, world->target, "alpha", "one", &made), OK);
    assert_int_equal (rig_leftovers (rig->home), 1);
    assert_int_equal (rig_leftovers (world->base), 1);
    rig_discard (rig, world->target);
    assert_int_equal (rig_leftovers (rig->home), 0);
    assert_int_equal (rig_leftovers (world->base), 0);
    assert_int_equal (rig_commit (rig, world->target, &made, 1, 0, "lock"), STORAGE);
}

static void
bytes_that_are_not_the_ones_that_were_signed_are_not_staged (void **state)
{
    world_t *world = *state;
    rig_t *rig = &world->rig;
    char path [300];
    struct stat info;
    uint8_t wrong [SHA256_SIZE] = {1};
    rig_archive (rig, "hello", path);
    assert_int_equal (stat (path, &info), 0);
    Ggen__UnpackRequest request = GGEN__UNPACK_REQUEST__INIT;
    request.archive_path = path;
    request.subject = "alpha@1.0.0";
    request.files_sha256 = (ProtobufCBinaryData) {SHA256_SIZE, wrong};
    assert_int_equal (rig_call (rig, &request.base, &ggen__unpack_reply__descriptor), SECURITY);
    request.files_sha256.len = 0;
    request.sha256 = (ProtobufCBinaryData) {SHA256_SIZE, wrong};
    request.size_bytes = (uint64_t) info.st_size;
    assert_int_equal (rig_call (rig, &request.base, &ggen__unpack_reply__descriptor),
                      CHECKSUM_MISMATCH);
    request.sha256.len = 31;
    assert_int_equal (rig_call (rig, &request.base, &ggen__unpack_reply__descriptor), VALIDATION);
    assert_int_equal (rig_leftovers (rig->home), 0);
}

static void
two_hosts_on_one_home_do_not_tread_on_each_other (void **state)
{
    world_t *world = *state;
    rig_t *rig = &world->rig, other;
    made_t mine, theirs;
    assert_int_equal (rig_unpack (rig, "", "alpha", "mine", &mine), OK);
    rig_start (&other, rig->home, world->temp.name, true);
    assert_int_equal (rig_unpack (&other, "", "beta", "theirs", &theirs), BUSY);
    assert_int_equal (rig_commit (rig, "", &mine, 1, 0, "lock"), OK);
    //  The first is done; the second planned on what is no longer true.
    assert_int_equal (rig_unpack (&other, "", "beta", "theirs", &theirs), OK);
    assert_int_equal (rig_commit (&other, "", &theirs, 1, 0, "lock"), BUSY);
    rig_discard (&other, "");
    assert_text (rig->home, "packages/alpha/readme", "mine");
    assert_int_equal (rig_current (rig, ""), 1);
    assert_int_equal (rig_leftovers (rig->home), 0);
    rig_stop (&other);
}

//  ---- many ----------------------------------------------------------------------------------------

typedef struct {
    Ggen__UnpackRequest requests [3], *list [MANY_UNPACKS_MAX + 1];
    Ggen__UnpackManyRequest request;
    char paths [3] [300];
} many_t;

static many_t *
many_of (const rig_t *rig)
{
    static many_t self;
    static const char *const texts [] = {"first", "second", "third"};
    ggen__unpack_many_request__init (&self.request);
    self.request.archives = self.list;
    self.request.n_archives = 3;
    for (unsigned i = 0; i < 3; i++) {
        rig_archive (rig, texts [i], self.paths [i]);
        self.list [i] = &self.requests [i];
        ggen__unpack_request__init (self.list [i]);
        self.list [i]->archive_path = self.paths [i];
        self.list [i]->subject = "pack@1.0.0";
    }
    return &self;
}

static void
many_archives_are_staged_by_one_request (void **state)
{
    world_t *world = *state;
    rig_t *rig = &world->rig;
    many_t *many = many_of (rig);
    made_t made [3] = {{.id = "first"}, {.id = "second"}, {.id = "third"}};
    assert_int_equal (
        rig_call (rig, &many->request.base, &ggen__unpack_many_reply__descriptor), OK);
    const Ggen__UnpackManyReply *reply = (const void *) rig->reply;
    assert_int_equal (reply->n_unpacked, 3);
    for (unsigned i = 0; i < 3; i++) {
        assert_string_equal (reply->unpacked [i]->manifest->name, "gpack.toml");
        memcpy (made [i].files_sha256, reply->unpacked [i]->files_sha256.data, SHA256_SIZE);
    }
    assert_int_equal (rig_commit (rig, "", made, 3, 0, "lock"), OK);
    assert_text (rig->home, "packages/first/readme", "first");
    assert_text (rig->home, "packages/third/readme", "third");
    assert_int_equal (rig_leftovers (rig->home), 0);
}

static void
what_was_unpacked_can_be_committed_after_a_flush_and_it_can_be_prepared_for (void **state)
{
    world_t *world = *state;
    rig_t *rig = &world->rig;
    made_t made;
    Ggen__FlushRequest flush = GGEN__FLUSH_REQUEST__INIT;
    Ggen__PrepareRequest prepare = GGEN__PREPARE_REQUEST__INIT;
    assert_int_equal (rig_call (rig, &prepare.base, &ggen__prepare_reply__descriptor), OK);
    //  Nothing was installed ever
    assert_int_equal (rig_call (rig, &flush.base, &ggen__flush_reply__descriptor), OK);
    assert_int_equal (rig_unpack (rig, "", "pack", "text", &made), OK);
    assert_int_equal (rig_call (rig, &flush.base, &ggen__flush_reply__descriptor), OK);
    assert_int_equal (rig_commit (rig, "", &made, 1, 0, "lock"), OK);
    assert_text (rig->home, "packages/pack/readme", "text");
    assert_int_equal (rig_leftovers (rig->home), 0);
}

static void
of_many_the_first_failure_is_the_answer_and_what_was_staged_is_discarded (void **state)
{
    world_t *world = *state;
    rig_t *rig = &world->rig;
    many_t *many = many_of (rig);
    uint8_t wrong [SHA256_SIZE] = {1};
    many->requests [1].files_sha256 = (ProtobufCBinaryData) {SHA256_SIZE, wrong};
    assert_int_equal (
        rig_call (rig, &many->request.base, &ggen__unpack_many_reply__descriptor), SECURITY);
    assert_int_equal (rig_leftovers (rig->home), 1);
    rig_discard (rig, "");
    assert_int_equal (rig_leftovers (rig->home), 0);
}

static void
many_of_two_roots_or_none_or_too_many_are_refused (void **state)
{
    world_t *world = *state;
    rig_t *rig = &world->rig;
    many_t *many = many_of (rig);
    many->requests [2].root = world->target;
    assert_int_equal (
        rig_call (rig, &many->request.base, &ggen__unpack_many_reply__descriptor), VALIDATION);
    many->request.n_archives = 0;
    assert_int_equal (
        rig_call (rig, &many->request.base, &ggen__unpack_many_reply__descriptor), VALIDATION);
    for (unsigned i = 0; i <= MANY_UNPACKS_MAX; i++)
        many->list [i] = &many->requests [0];
    many->request.n_archives = MANY_UNPACKS_MAX + 1;
    assert_int_equal (
        rig_call (rig, &many->request.base, &ggen__unpack_many_reply__descriptor), VALIDATION);
    assert_int_equal (rig_leftovers (rig->home), 0);
}

//  ---- other requests ------------------------------------------------------------------------------

static void
a_file_that_is_there_is_not_written_over (void **state)
{
    world_t *world = *state;
    char path [200];
    snprintf (path, sizeof path, "%s/new", world->temp.name);
    Ggen__WriteNewRequest request = GGEN__WRITE_NEW_REQUEST__INIT;
    request.path = path;
    request.content = (ProtobufCBinaryData) {5, (uint8_t *) "first"};
    assert_int_equal (rig_call (&world->rig, &request.base, &ggen__write_new_reply__descriptor), OK);
    request.content.data = (uint8_t *) "other";
    assert_int_equal (rig_call (&world->rig, &request.base, &ggen__write_new_reply__descriptor),
                      ALREADY_EXISTS);
    assert_text (world->temp.name, "new", "first");
}

static void
a_new_file_brings_the_directories_it_lies_in (void **state)
{
    world_t *world = *state;
    char directory [200], path [240];
    snprintf (directory, sizeof directory, "%s/a/b", world->temp.name);
    snprintf (path, sizeof path, "%s/new", directory);
    Ggen__ReadManifestRequest read = GGEN__READ_MANIFEST_REQUEST__INIT;
    read.path = directory;
    assert_int_equal (rig_call (&world->rig, &read.base, &ggen__read_manifest_reply__descriptor),
                      OK);
    Ggen__WriteNewRequest request = GGEN__WRITE_NEW_REQUEST__INIT;
    request.path = path;
    request.content = (ProtobufCBinaryData) {5, (uint8_t *) "first"};
    assert_int_equal (rig_call (&world->rig, &request.base, &ggen__write_new_reply__descriptor), OK);
    assert_text (directory, "new", "first");
    snprintf (path, sizeof path, "%s/new/below", directory);
    assert_int_not_equal (
        rig_call (&world->rig, &request.base, &ggen__write_new_reply__descriptor), OK);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        TEST (given_an_empty_home_when_one_package_is_committed_then_it_is_installed),
        TEST (installed_files_are_read_only_and_keep_who_may_run_them),
        TEST (many_packages_and_scoped_ids_are_one_generation),
        TEST (a_package_inside_the_directory_of_another_is_refused_and_nothing_changes),
        TEST (ids_that_lead_elsewhere_are_refused),
        TEST (a_package_named_like_the_lock_is_refused),
        TEST (a_tree_that_nobody_unpacked_is_refused),
        TEST (a_commit_planned_on_another_generation_is_busy_and_changes_nothing),
        TEST (a_lock_that_could_not_be_read_again_is_refused),
        TEST (a_process_that_may_only_read_changes_nothing),
        TEST (without_permission_nothing_changes_and_path_and_owner_are_told),
        TEST (what_a_crash_left_is_removed_by_the_next_write),
        TEST (what_was_unpacked_and_not_needed_leaves_nothing_behind),
        TEST (discard_removes_what_was_unpacked_and_packed_whatever_its_root),
        TEST (bytes_that_are_not_the_ones_that_were_signed_are_not_staged),
        TEST (two_hosts_on_one_home_do_not_tread_on_each_other),
        TEST (many_archives_are_staged_by_one_request),
        TEST (what_was_unpacked_can_be_committed_after_a_flush_and_it_can_be_prepared_for),
        TEST (of_many_the_first_failure_is_the_answer_and_what_was_staged_is_discarded),
        TEST (many_of_two_roots_or_none_or_too_many_are_refused),
        TEST (a_file_that_is_there_is_not_written_over),
        TEST (a_new_file_brings_the_directories_it_lies_in),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
