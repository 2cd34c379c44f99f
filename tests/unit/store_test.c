// SPDX-License-Identifier: MIT
//  The store actor on real files: commits, generations, edits, targets, checks.
#include "tests/unit/store_rig.h"

#include "actors/store/place_io.h"

typedef struct {
    temp_t temp;
    rig_t rig;
    char base [200];                //  of the target: DIR/.ggen
    char target [128];
} world_t;

static int
set_up (void **state)
{
    world_t *world = calloc (1, sizeof *world);
    char home [128];
    world->temp = temp_new ();
    assert_int_equal (mkdirat (world->temp.fd, "home", 0755), 0);
    snprintf (home, sizeof home, "%s/home", world->temp.name);
    snprintf (world->target, sizeof world->target, "%s/target", world->temp.name);
    snprintf (world->base, sizeof world->base, "%s/.ggen", world->target);
    rig_start (&world->rig, home, world->temp.name, true);
    *state = world;
    return 0;
}

static int
tear_down (void **state)
{
    world_t *world = *state;
    rig_stop (&world->rig);
    temp_done (&world->temp);
    free (world);
    return 0;
}

//  Another process comes: its actor knows nothing of what the last one did.
static void
restart (world_t *world, bool writable)
{
    char home [128];
    strcpy (home, world->rig.home);
    rig_stop (&world->rig);
    rig_start (&world->rig, home, world->temp.name, writable);
}

static void
assert_text (const char *base, const char *name, const char *text)
{
    const char *found = rig_read_file (base, name);
    if (!found)
        fail_msg ("%s/%s is not there", base, name);
    assert_string_equal (found, text);
}

static bool
exists (const char *base, const char *name)
{
    char path [400];
    struct stat info;
    snprintf (path, sizeof path, "%s/%s", base, name);
    return lstat (path, &info) == 0;
}

static made_t
install (rig_t *rig, const char *root, const char *id, const char *text, uint64_t expected)
{
    made_t made;
    assert_int_equal (rig_unpack (rig, root, id, text, &made), OK);
    assert_int_equal (rig_commit (rig, root, &made, 1, expected, text), OK);
    return made;
}

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

//  ---- generations ---------------------------------------------------------------------------------

static void
a_second_generation_shares_the_trees_of_the_first (void **state)
{
    world_t *world = *state;
    rig_t *rig = &world->rig;
    struct stat first, second;
    char path [300];
    made_t made [2];
    made [0] = install (rig, "", "alpha", "one", 0);
    assert_int_equal (rig_unpack (rig, "", "beta", "two", &made [1]), OK);
    assert_int_equal (rig_commit (rig, "", made, 2, 1, "lock"), OK);
    snprintf (path, sizeof path, "%s/generations/1/alpha/readme", rig->home);
    assert_int_equal (stat (path, &first), 0);
    snprintf (path, sizeof path, "%s/generations/2/alpha/readme", rig->home);
    assert_int_equal (stat (path, &second), 0);
    assert_int_equal (first.st_ino, second.st_ino);
    assert_int_equal (rig_count (rig->home, "store", ""), 2 + 2);
}

static void
an_earlier_generation_is_made_current_by_one_rename_and_the_later_one_stays (void **state)
{
    world_t *world = *state;
    rig_t *rig = &world->rig;
    made_t made [2];
    made [0] = install (rig, "", "alpha", "one", 0);
    assert_int_equal (rig_unpack (rig, "", "beta", "two", &made [1]), OK);
    assert_int_equal (rig_commit (rig, "", made, 2, 1, "lock 2"), OK);
    assert_int_equal (rig_activate (rig, "", made, 1, 1), OK);
    const Ggen__ActivateReply *reply = (const void *) rig->reply;
    assert_int_equal (reply->from_generation, 2);
    assert_int_equal (reply->generation, 1);
    assert_false (exists (rig->home, "packages/beta"));
    assert_text (rig->home, "packages/ggen.lock", "one");
    assert_int_equal (rig_activate (rig, "", made, 2, 2), OK);
    assert_text (rig->home, "packages/beta/readme", "two");
    //  A new one after going back gets a number of its own.
    assert_int_equal (rig_activate (rig, "", made, 1, 1), OK);
    assert_int_equal (rig_commit (rig, "", made, 1, 1, "lock 3"), OK);
    assert_int_equal (rig_current (rig, ""), 3);
    assert_text (rig->home, "generations/2/ggen.lock", "lock 2");
}

static void
a_generation_that_is_not_there_is_not_found (void **state)
{
    world_t *world = *state;
    rig_t *rig = &world->rig;
    assert_int_equal (rig_read_root (rig, "", 7), PACKAGE_NOT_FOUND);
    made_t made = install (rig, "", "alpha", "one", 0);
    assert_int_equal (rig_read_root (rig, "", 7), PACKAGE_NOT_FOUND);
    assert_int_equal (rig_activate (rig, "", &made, 1, 7), PACKAGE_NOT_FOUND);
    assert_int_equal (rig_current (rig, ""), 1);
    assert_int_equal (rig_read_root (rig, "", 1), OK);
}

static void
a_link_that_is_no_generation_is_told (void **state)
{
    world_t *world = *state;
    int home = open (world->rig.home, O_RDONLY | O_DIRECTORY);
    assert_int_equal (symlinkat ("elsewhere", home, "packages"), 0);
    assert_int_equal (rig_read_root (&world->rig, "", 0), VALIDATION);
    close (home);
}

//  ---- a directory of before -----------------------------------------------------------------------

static int
make_old_packages (const rig_t *rig)
{
    char path [200];
    snprintf (path, sizeof path, "%s/packages", rig->home);
    assert_int_equal (mkdir (path, 0755), 0);
    int dirfd = open (path, O_RDONLY | O_DIRECTORY);
    assert_int_equal (mkdirat (dirfd, "old", 0755), 0);
    assert_int_equal (mkdirat (dirfd, "alpha", 0755), 0);
    assert_int_equal (mkdirat (dirfd, "@scope", 0755), 0);
    assert_int_equal (mkdirat (dirfd, "@scope/old", 0755), 0);
    put (dirfd, "old/readme", "of before");
    put (dirfd, "alpha/readme", "of before");
    put (dirfd, "@scope/old/readme", "of before");
    put (dirfd, "ggen.lock", "{}");
    return dirfd;
}

static void
a_directory_of_before_becomes_generation_0_and_stays_in_reach (void **state)
{
    world_t *world = *state;
    rig_t *rig = &world->rig;
    made_t made [2];
    close (make_old_packages (rig));
    assert_int_equal (rig_current (rig, ""), 0);
    assert_int_equal (rig_unpack (rig, "", "alpha", "new", &made [0]), OK);
    assert_int_equal (rig_unpack (rig, "", "@scope/new", "scoped", &made [1]), OK);
    assert_text (rig->home, "packages/alpha/readme", "of before");
    assert_int_equal (rig_commit (rig, "", made, 2, 0, "lock"), OK);
    assert_int_equal (rig_current (rig, ""), 1);
    assert_text (rig->home, "packages/alpha/readme", "new");
    assert_text (rig->home, "packages/@scope/new/readme", "scoped");
    assert_text (rig->home, "packages/ggen.lock", "lock");
    assert_text (rig->home, "generations/0/alpha/readme", "of before");
    assert_text (rig->home, "packages/old/readme", "of before");
    assert_text (rig->home, "packages/@scope/old/readme", "of before");
    //  So it goes on, also when what took its place leaves.
    assert_int_equal (rig_commit (rig, "", made + 1, 1, 1, "lock"), OK);
    assert_text (rig->home, "packages/old/readme", "of before");
    assert_text (rig->home, "packages/alpha/readme", "of before");
    assert_int_equal (rig_activate (rig, "", made, 2, 1), OK);
    assert_text (rig->home, "packages/alpha/readme", "new");
    restart (world, true);
    assert_int_equal (rig_commit (&world->rig, "", made, 2, 1, "lock"), OK);
    assert_text (world->rig.home, "generations/0/ggen.lock", "{}");
    assert_int_equal (rig_leftovers (world->rig.home), 0);
}

static void
a_directory_of_before_is_unmoved_by_a_commit_that_fails (void **state)
{
    world_t *world = *state;
    rig_t *rig = &world->rig;
    made_t made = {.id = "alpha"};
    close (make_old_packages (rig));
    assert_int_equal (rig_commit (rig, "", &made, 1, 0, "lock"), STORAGE);
    assert_text (rig->home, "packages/ggen.lock", "{}");
    assert_false (exists (rig->home, "generations/0"));
    //  Nor does a second such directory replace the first.
    install (rig, "", "alpha", "one", 0);
    char path [200];
    snprintf (path, sizeof path, "%s/packages", rig->home);
    assert_int_equal (unlink (path), 0);
    close (make_old_packages (rig));
    assert_int_equal (rig_unpack (rig, "", "alpha", "two", &made), OK);
    assert_int_equal (rig_commit (rig, "", &made, 1, 0, "lock"), ALREADY_EXISTS);
    assert_text (rig->home, "packages/ggen.lock", "{}");
    assert_text (rig->home, "generations/0/ggen.lock", "{}");
}

//  ---- edits ---------------------------------------------------------------------------------------

static void
edit_in_place (int dirfd)
{
    put (dirfd, "readme", "hellO");
}

static void
edit_in_place_with_the_old_time (int dirfd)
{
    struct stat info;
    assert_int_equal (fstatat (dirfd, "readme", &info, 0), 0);
    put (dirfd, "readme", "hellO");
    const struct timespec times [] = {info.st_atim, info.st_mtim};
    assert_int_equal (utimensat (dirfd, "readme", times, 0), 0);
}

static void
edit_by_rename (int dirfd)
{
    put (dirfd, "readme~", "hellO");
    assert_int_equal (renameat (dirfd, "readme~", dirfd, "readme"), 0);
}

static void
edit_mode (int dirfd)
{
    assert_int_equal (fchmodat (dirfd, "readme", 0755, 0), 0);
}

static void
edit_delete (int dirfd)
{
    assert_int_equal (unlinkat (dirfd, "readme", 0), 0);
}

static void
edit_add (int dirfd)
{
    put (dirfd, "mine", "a note");
}

static void (*const edits []) (int) = {edit_in_place, edit_in_place_with_the_old_time,
                                       edit_by_rename, edit_mode, edit_delete, edit_add};

static void
edit (const rig_t *rig, const char *name, void (*how) (int))
{
    char path [300];
    snprintf (path, sizeof path, "%s/%s", rig->home, name);
    int fd = open (path, O_RDONLY | O_DIRECTORY);
    assert_true (fd >= 0);
    how (fd);
    close (fd);
}

static void
an_edited_tree_is_made_anew_and_the_earlier_generation_keeps_the_edit (void **state)
{
    world_t *world = *state;
    rig_t *rig = &world->rig;
    uint64_t current = 0;
    for (size_t i = 0; i < COUNT_OF (edits); i++) {
        char path [64], text [32];
        snprintf (text, sizeof text, "hello");
        made_t made = install (rig, "", "alpha", text, current), again;
        current = rig_current (rig, "");
        const Ggen__HasTreesReply *has = rig_has (rig, "", &made, 1);
        assert_int_equal (has->n_missing, 0);
        assert_int_equal (has->n_edited, 0);
        edit (rig, "packages/alpha", edits [i]);
        has = rig_has (rig, "", &made, 1);
        assert_int_equal (has->n_missing, 1);
        assert_int_equal (has->n_edited, 1);
        //  Without its original there is no commit.
        assert_int_equal (rig_commit (rig, "", &made, 1, current, "lock"), STORAGE);
        assert_int_equal (rig_unpack (rig, "", "alpha", text, &again), OK);
        assert_int_equal (rig_commit (rig, "", &again, 1, current, "lock"), OK);
        assert_text (rig->home, "packages/alpha/readme", "hello");
        assert_false (exists (rig->home, "packages/alpha/mine"));
        assert_int_equal (rig_check (rig, "", &made, 1)->n_findings, 0);
        snprintf (path, sizeof path, "generations/%u/alpha/readme", (unsigned) current);
        const char *kept = rig_read_file (rig->home, path);
        if (edits [i] == edit_delete)
            assert_null (kept);
        else if (edits [i] != edit_mode && edits [i] != edit_add)
            assert_string_equal (kept, "hellO");
        current = rig_current (rig, "");
        assert_int_equal (rig_leftovers (rig->home), 0);
    }
}

static void
an_edit_that_an_earlier_generation_keeps_is_told_once (void **state)
{
    world_t *world = *state;
    rig_t *rig = &world->rig;
    made_t made = install (rig, "", "alpha", "hello", 0), again;
    edit (rig, "packages/alpha", edit_in_place);
    assert_int_equal (rig_unpack (rig, "", "alpha", "hello", &again), OK);
    assert_int_equal (rig_has (rig, "", &made, 1)->n_edited, 1);
    assert_int_equal (rig_commit (rig, "", &made, 1, 1, "lock"), OK);
    const Ggen__HasTreesReply *has = rig_has (rig, "", &made, 1);
    assert_int_equal (has->n_missing, 0);
    assert_int_equal (has->n_edited, 0);
}

static void
going_back_restores_the_original_bytes (void **state)
{
    world_t *world = *state;
    rig_t *rig = &world->rig;
    made_t old = install (rig, "", "alpha", "hello", 0), again;
    install (rig, "", "alpha", "later", 1);
    edit (rig, "generations/1/alpha", edit_in_place);
    assert_int_equal (rig_activate (rig, "", &old, 1, 1), STORAGE);
    assert_text (rig->home, "packages/alpha/readme", "later");
    assert_int_equal (rig_unpack (rig, "", "alpha", "hello", &again), OK);
    assert_int_equal (rig_activate (rig, "", &old, 1, 1), OK);
    assert_text (rig->home, "packages/alpha/readme", "hello");
    assert_int_equal (rig_check (rig, "", &old, 1)->n_findings, 0);
    assert_int_equal (rig_leftovers (rig->home), 0);
}

static void
packages_whose_ids_look_like_names_of_ours_live_beside_each_other (void **state)
{
    world_t *world = *state;
    rig_t *rig = &world->rig;
    made_t made [4], again;
    static const char *const ids [] = {"alpha", "alpha.ggen-new", "tmp.1", "tmp.link"};
    for (size_t i = 0; i < 4; i++)
        assert_int_equal (rig_unpack (rig, "", ids [i], ids [i], &made [i]), OK);
    assert_int_equal (rig_commit (rig, "", made, 4, 0, "lock"), OK);
    assert_int_equal (rig_commit (rig, "", made, 4, 1, "lock"), OK);
    edit (rig, "packages/alpha", edit_in_place);
    assert_int_equal (rig_unpack (rig, "", "alpha", "alpha", &again), OK);
    assert_int_equal (rig_activate (rig, "", made, 4, 1), OK);
    assert_int_equal (rig_check (rig, "", made, 4)->n_findings, 0);
    assert_text (rig->home, "packages/alpha.ggen-new/readme", "alpha.ggen-new");
}

//  ---- check ---------------------------------------------------------------------------------------

static void
flip (int dirfd)
{
    put (dirfd, "sub/deep", "deeP");
}

static void
lose (int dirfd)
{
    assert_int_equal (unlinkat (dirfd, "sub/deep", 0), 0);
}

static void
no_longer_run (int dirfd)
{
    assert_int_equal (fchmodat (dirfd, "run", 0444, 0), 0);
}

static void
link_instead (int dirfd)
{
    assert_int_equal (unlinkat (dirfd, "readme", 0), 0);
    assert_int_equal (symlinkat ("/etc/passwd", dirfd, "readme"), 0);
}

static void
add_odd_name (int dirfd)
{
    put (dirfd, "odd\xff\x1b[31m", "x");
}

static void
exactly_what_was_changed_is_found (void **state)
{
    world_t *world = *state;
    rig_t *rig = &world->rig;
    static const struct {
        void (*edit) (int);
        Ggen__Finding finding;
        const char *path;
    } cases [] = {{flip, GGEN__FINDING__CHANGED, "sub/deep"},
                  {lose, GGEN__FINDING__MISSING, "sub/deep"},
                  {edit_add, GGEN__FINDING__EXTRA, "mine"},
                  {add_odd_name, GGEN__FINDING__EXTRA, "odd\\xff\\x1b[31m"},
                  {no_longer_run, GGEN__FINDING__MODE, "run"},
                  {link_instead, GGEN__FINDING__KIND, "readme"}};
    for (unsigned i = 0; i < COUNT_OF (cases); i++) {
        char text [16];
        snprintf (text, sizeof text, "case %u", i);
        made_t made = install (rig, "", "alpha", text, i);
        const Ggen__CheckTreesReply *found = rig_check (rig, "", &made, 1);
        assert_int_equal (found->n_findings, 0);
        assert_int_equal (found->packages_count, 1);
        assert_int_equal (found->files_count, 4);
        edit (rig, "packages/alpha", cases [i].edit);
        found = rig_check (rig, "", &made, 1);
        assert_int_equal (found->n_findings, 1);
        assert_int_equal (found->findings [0]->finding, cases [i].finding);
        assert_string_equal (found->findings [0]->path, cases [i].path);
        assert_string_equal (found->findings [0]->package, "alpha");
    }
}

static void
a_link_or_a_list_that_is_gone_is_found (void **state)
{
    world_t *world = *state;
    rig_t *rig = &world->rig;
    char path [300], hex [SHA256_HEX_SIZE + 1];
    made_t made = install (rig, "", "alpha", "one", 0);
    sha256_to_hex (made.files_sha256, hex);
    snprintf (path, sizeof path, "%s/store/%s/files", rig->home, hex);
    put (AT_FDCWD, path, "what was never signed\n");
    const Ggen__CheckTreesReply *found = rig_check (rig, "", &made, 1);
    assert_int_equal (found->n_findings, 1);
    assert_int_equal (found->findings [0]->finding, GGEN__FINDING__UNVERIFIABLE);
    assert_int_equal (rig_has (rig, "", &made, 1)->n_missing, 1);
    snprintf (path, sizeof path, "%s/packages/alpha", rig->home);
    assert_int_equal (unlink (path), 0);
    found = rig_check (rig, "", &made, 1);
    assert_int_equal (found->n_findings, 1);
    assert_int_equal (found->findings [0]->finding, GGEN__FINDING__MISSING);
}

//  ---- a root of its own ---------------------------------------------------------------------------

static void
a_target_has_links_to_its_packages_and_its_lock (void **state)
{
    world_t *world = *state;
    rig_t *rig = &world->rig;
    made_t made [2];
    assert_int_equal (rig_unpack (rig, world->target, "alpha", "one", &made [0]), OK);
    assert_int_equal (rig_unpack (rig, world->target, "@scope/name", "two", &made [1]), OK);
    assert_int_equal (rig_commit (rig, world->target, made, 2, 0, "lock"), OK);
    assert_text (world->target, "alpha/readme", "one");
    assert_text (world->target, "@scope/name/readme", "two");
    assert_text (world->target, "ggen.lock", "lock");
    assert_false (exists (rig->home, "packages"));
    assert_int_equal (rig_current (rig, world->target), 1);
    //  What leaves takes its link along, and the directory that was made for it.
    assert_int_equal (rig_commit (rig, world->target, made, 1, 1, "lock"), OK);
    assert_false (exists (world->target, "@scope"));
    assert_text (world->target, "alpha/readme", "one");
    assert_int_equal (rig_activate (rig, world->target, made, 2, 1), OK);
    assert_text (world->target, "@scope/name/readme", "two");
    assert_int_equal (rig_leftovers (world->base), 0);
}

static void
what_ggen_did_not_make_in_a_target_is_left_alone (void **state)
{
    world_t *world = *state;
    rig_t *rig = &world->rig;
    made_t made [3];
    assert_int_equal (mkdir (world->target, 0755), 0);
    int dirfd = open (world->target, O_RDONLY | O_DIRECTORY);
    for (int turn = 0; turn < 3; turn++) {
        if (turn == 0)
            put (dirfd, "beta", "mine");
        else if (turn == 1)
            assert_int_equal (symlinkat ("/elsewhere/.ggen/current/beta", dirfd, "beta"), 0);
        else
            assert_int_equal (mkdirat (dirfd, "beta", 0755), 0);
        put (dirfd, "alpha.ggen-new", "mine too");
        assert_int_equal (rig_unpack (rig, world->target, "alpha", "one", &made [0]), OK);
        assert_int_equal (rig_unpack (rig, world->target, "beta", "two", &made [1]), OK);
        assert_int_equal (rig_commit (rig, world->target, made, 2, 0, "lock"), ALREADY_EXISTS);
        assert_non_null (strstr (rig->failure->message, "beta"));
        rig_discard (rig, world->target);
        assert_true (exists (world->target, "beta"));
        assert_text (world->target, "alpha.ggen-new", "mine too");
        //  Nor is anything of ours left that leads nowhere.
        assert_false (exists (world->target, "alpha"));
        assert_false (exists (world->target, "ggen.lock"));
        assert_int_equal (rig_current (rig, world->target), 0);
        assert_int_equal (rig_leftovers (world->base), 0);
        assert_int_equal (unlinkat (dirfd, "beta", turn == 2 ? AT_REMOVEDIR : 0), 0);
    }
    close (dirfd);
}

static void
a_package_and_a_name_space_of_that_name_can_follow_each_other_in_a_target (void **state)
{
    world_t *world = *state;
    rig_t *rig = &world->rig;
    made_t outer = install (rig, world->target, "ns", "outer", 0);
    made_t inner = install (rig, world->target, "ns/name", "inner", 1);
    assert_text (world->target, "ns/name/readme", "inner");
    assert_int_equal (rig_commit (rig, world->target, &outer, 1, 2, "lock"), OK);
    assert_text (world->target, "ns/readme", "outer");
    assert_int_equal (rig_check (rig, world->target, &outer, 1)->n_findings, 0);
    assert_int_equal (rig_activate (rig, world->target, &inner, 1, 2), OK);
    assert_text (world->target, "ns/name/readme", "inner");
    assert_false (exists (world->target, "ns/readme"));
}

static void
a_target_below_directories_that_are_not_there_is_made (void **state)
{
    world_t *world = *state;
    char deep [200];
    snprintf (deep, sizeof deep, "%s/a/b/c", world->temp.name);
    install (&world->rig, deep, "alpha", "one", 0);
    assert_text (deep, "alpha/readme", "one");
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

#define TEST(name) cmocka_unit_test_setup_teardown (name, set_up, tear_down)

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
        TEST (a_second_generation_shares_the_trees_of_the_first),
        TEST (an_earlier_generation_is_made_current_by_one_rename_and_the_later_one_stays),
        TEST (a_generation_that_is_not_there_is_not_found),
        TEST (a_link_that_is_no_generation_is_told),
        TEST (a_directory_of_before_becomes_generation_0_and_stays_in_reach),
        TEST (a_directory_of_before_is_unmoved_by_a_commit_that_fails),
        TEST (an_edited_tree_is_made_anew_and_the_earlier_generation_keeps_the_edit),
        TEST (an_edit_that_an_earlier_generation_keeps_is_told_once),
        TEST (going_back_restores_the_original_bytes),
        TEST (packages_whose_ids_look_like_names_of_ours_live_beside_each_other),
        TEST (exactly_what_was_changed_is_found),
        TEST (a_link_or_a_list_that_is_gone_is_found),
        TEST (a_target_has_links_to_its_packages_and_its_lock),
        TEST (what_ggen_did_not_make_in_a_target_is_left_alone),
        TEST (a_package_and_a_name_space_of_that_name_can_follow_each_other_in_a_target),
        TEST (a_target_below_directories_that_are_not_there_is_made),
        TEST (a_file_that_is_there_is_not_written_over),
        TEST (a_new_file_brings_the_directories_it_lies_in),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
