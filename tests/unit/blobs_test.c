// SPDX-License-Identifier: MIT
//  The blob store with real files: the actor, its jobs, and what is on the disk afterwards.
#include "tests/fake_port.h"

#include "actors/cache/blobs_io.h"
#include "actors/cache/blob_store_io.h"
#include "actors/cache/sha256_io.h"
#include "runtime/host/host.h"
#include "runtime/host/job.h"
#include "many.h"
#include "many.pb-c.h"
#include "tests/temp_dir.h"
#include "upkeep.pb-c.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
    char root[TEMP_DIR_SIZE];   //  a new directory; the store is in its "home/cache"
    char cache[96];
    fake_t fake;
    jobs_t *jobs;
} store_t;

//  ---- files -------------------------------------------------------------------------------------

static const char *
path_of (const store_t *store, const char *name)
{
    static char paths[4][200];
    static unsigned turn;
    char *path = paths[turn++ % 4];
    snprintf (path, sizeof paths[0], "%s/%s", store->root, name);
    return path;
}

static digest_t
write_file (const store_t *store, const char *name, size_t size, uint8_t fill)
{
    digest_t digest;
    uint8_t *bytes = malloc (size + 1);
    memset (bytes, fill, size);
    FILE *file = fopen (path_of (store, name), "w");
    assert_non_null (file);
    assert_int_equal (fwrite (bytes, 1, size, file), size);
    fclose (file);
    crypto_real.sha256 (bytes, size, digest.bytes);
    free (bytes);
    return digest;
}

static unsigned
count_files (const char *path)
{
    DIR *directory = opendir (path);
    unsigned count = 0;
    for (struct dirent *entry; directory && (entry = readdir (directory));)
        count += entry->d_name[0] != '.';
    if (directory)
        closedir (directory);
    return count;
}

static struct stat
stat_of (const char *path)
{
    struct stat info;
    assert_int_equal (stat (path, &info), 0);
    return info;
}

//  ---- the actor ---------------------------------------------------------------------------------

static void
start (store_t *store)
{
    blobs_settings_t settings = {store->cache};
    store->jobs = jobs_new ();
    fake_start_with (&store->fake, &blobs_actor, &settings, store->jobs);
}

static void
stop (store_t *store)
{
    jobs_destroy (&store->jobs);
    fake_stop (&store->fake);
}

static int
set_up (void **state)
{
    host_init ();
    store_t *store = calloc (1, sizeof *store);
    temp_dir_make (store->root);
    snprintf (store->cache, sizeof store->cache, "%s/home/cache", store->root);
    start (store);
    *state = store;
    return 0;
}

static int
tear_down (void **state)
{
    store_t *store = *state;
    stop (store);
    temp_dir_remove (store->root);
    free (store);
    return 0;
}

//  Let its worker finish one job.
static void
finish_job (store_t *store)
{
    for (;;) {
        zmq_pollitem_t item = {NULL, jobs_fd (store->jobs), ZMQ_POLLIN, 0};
        assert_int_equal (zmq_poll (&item, 1, 60000), 1);
        job_t *job;
        Ggen__Progress *progress;
        jobs_event_t event = jobs_next (store->jobs, &job, &progress);
        if (event == JOBS_PROGRESS)
            ggen__progress__free_unpacked (progress, NULL);
        if (event != JOBS_DONE)
            continue;
        assert_int_equal (actor_job_done (store->fake.actor, job, store->fake.now_ms, 0), OK);
        job_destroy (&job);
        return;
    }
}

static uint64_t
ask_import (store_t *store, const char *path, digest_t digest, uint64_t size_bytes)
{
    Ggen__BlobImportRequest request = GGEN__BLOB_IMPORT_REQUEST__INIT;
    request.sha256 = digest_to_field (&digest);
    request.size_bytes = size_bytes;
    request.path = (char *) path;
    return fake_request (&store->fake, "cache", &request.base, 0);
}

static const char *
import (store_t *store, const char *path, digest_t digest, uint64_t size_bytes)
{
    const Ggen__BlobImportReply *reply;
    ask_import (store, path, digest, size_bytes);
    finish_job (store);
    fake_expect (&store->fake, &ggen__blob_import_reply__descriptor, &reply);
    return reply->path;
}

static const Ggen__Failure *
import_fails (store_t *store, const char *path, digest_t digest, uint64_t size_bytes, code_t code)
{
    uint64_t id = ask_import (store, path, digest, size_bytes);
    finish_job (store);
    return fake_expect_failure (&store->fake, id, code);
}

typedef enum { AT_ONCE, BY_JOB } how_t;

static const Ggen__BlobFindReply *
find (store_t *store, digest_t digest, uint64_t size_bytes, how_t how)
{
    Ggen__BlobFindRequest request = GGEN__BLOB_FIND_REQUEST__INIT;
    request.sha256 = digest_to_field (&digest);
    request.size_bytes = size_bytes;
    fake_request (&store->fake, "cache", &request.base, 0);
    if (how == BY_JOB) {
        fake_expect_nothing (&store->fake);
        finish_job (store);
    }
    const Ggen__BlobFindReply *reply;
    fake_expect (&store->fake, &ggen__blob_find_reply__descriptor, &reply);
    return reply;
}

//  ---- tests -------------------------------------------------------------------------------------

static void
an_import_links_the_file_and_leaves_it_as_it_was (void **state)
{
    store_t *store = *state;
    digest_t digest = write_file (store, "a", 300000, 'a');
    const char *source = path_of (store, "a");
    assert_int_equal (chmod (source, 0644), 0);
    struct stat before = stat_of (source);
    const char *path = import (store, source, digest, 300000);
    char hex[DIGEST_HEX_SIZE + 1], expected[300];
    digest_to_hex (&digest, hex);
    snprintf (expected, sizeof expected, "%s/blobs/%.2s/%s", store->cache, hex, hex);
    assert_string_equal (path, expected);
    struct stat blob = stat_of (path);
    assert_int_equal (blob.st_ino, before.st_ino);
    assert_int_equal (blob.st_mode, before.st_mode);
    assert_int_equal (blob.st_mtim.tv_sec, before.st_mtim.tv_sec);
    assert_int_equal (stat_of (store->cache).st_mode & 07777, 0700);
    assert_int_equal (count_files (path_of (store, "home/cache/tmp")), 0);
}

static void
a_file_that_others_may_change_is_copied (void **state)
{
    store_t *store = *state;
    digest_t digest = write_file (store, "a", 300000, 'a');
    const char *source = path_of (store, "a");
    assert_int_equal (chmod (source, 0666), 0);
    struct stat blob = stat_of (import (store, source, digest, 0));
    assert_int_not_equal (blob.st_ino, stat_of (source).st_ino);
    assert_int_equal (blob.st_mode & 07777, 0600);
    assert_int_equal (blob.st_size, 300000);
    assert_int_equal (count_files (path_of (store, "home/cache/tmp")), 0);
}

static void
wrong_bytes_are_refused_and_leave_nothing (void **state)
{
    store_t *store = *state;
    digest_t digest = write_file (store, "a", 1000, 'a');
    digest_t actual = write_file (store, "b", 1000, 'b');
    const Ggen__Failure *failure =
        import_fails (store, path_of (store, "b"), digest, 1000, CHECKSUM_MISMATCH);
    char expected_hex[DIGEST_HEX_SIZE + 1], actual_hex[DIGEST_HEX_SIZE + 1];
    digest_to_hex (&digest, expected_hex);
    digest_to_hex (&actual, actual_hex);
    assert_int_equal (failure->n_details, 2);
    assert_string_equal (failure->details[0]->key, "expected");
    assert_string_equal (failure->details[0]->value, expected_hex);
    assert_string_equal (failure->details[1]->value, actual_hex);
    assert_int_equal (count_files (path_of (store, "home/cache/tmp")), 0);
    assert_false (find (store, digest, 0, AT_ONCE)->found);
}

static void
bytes_beyond_the_size_are_refused (void **state)
{
    store_t *store = *state;
    digest_t digest = write_file (store, "a", 1000, 'a');
    const Ggen__Failure *failure =
        import_fails (store, path_of (store, "a"), digest, 999, CHECKSUM_MISMATCH);
    assert_non_null (strstr (failure->message, "has 1000 bytes"));
    assert_non_null (strstr (failure->message, "999"));
}

static void
what_is_no_regular_file_is_refused (void **state)
{
    store_t *store = *state;
    digest_t digest = write_file (store, "a", 10, 'a');
    assert_int_equal (mkfifo (path_of (store, "fifo"), 0600), 0);
    import_fails (store, path_of (store, "fifo"), digest, 10, VALIDATION);
    import_fails (store, store->root, digest, 10, VALIDATION);
    const Ggen__Failure *failure =
        import_fails (store, path_of (store, "missing"), digest, 10, STORAGE);
    assert_non_null (strstr (failure->message, "missing"));
    uint64_t id = ask_import (store, "relative", digest, 10);
    fake_expect_failure (&store->fake, id, VALIDATION);
}

static void
an_imported_blob_is_found_at_once (void **state)
{
    store_t *store = *state;
    digest_t digest = write_file (store, "a", 1000, 'a');
    import (store, path_of (store, "a"), digest, 1000);
    for (unsigned i = 0; i < 3; i++) {
        const Ggen__BlobFindReply *reply = find (store, digest, 1000, AT_ONCE);
        assert_true (reply->found);
        assert_int_equal (reply->size_bytes, 1000);
    }
    assert_false (find (store, digest, 1001, AT_ONCE)->found);
}

static void
after_a_restart_a_blob_is_checked_once (void **state)
{
    store_t *store = *state;
    digest_t digest = write_file (store, "a", 1000, 'a');
    import (store, path_of (store, "a"), digest, 1000);
    stop (store);
    start (store);
    assert_true (find (store, digest, 1000, BY_JOB)->found);
    assert_true (find (store, digest, 1000, AT_ONCE)->found);
}

static void
a_blob_whose_bytes_changed_is_absent_and_removed (void **state)
{
    store_t *store = *state;
    digest_t digest = write_file (store, "a", 1000, 'a');
    char path[300];
    snprintf (path, sizeof path, "%s", import (store, path_of (store, "a"), digest, 1000));
    //  Through its other name, with the same size and time.
    const struct timespec times[] = {{.tv_nsec = UTIME_OMIT}, stat_of (path).st_mtim};
    int file = open (path_of (store, "a"), O_WRONLY);
    assert_int_equal (pwrite (file, "x", 1, 500), 1);
    assert_int_equal (futimens (file, times), 0);
    close (file);
    assert_false (find (store, digest, 1000, BY_JOB)->found);
    assert_int_equal (access (path, F_OK), -1);
    assert_int_equal (access (path_of (store, "a"), F_OK), 0);
}

static void
a_damaged_blob_is_replaced_by_an_import (void **state)
{
    store_t *store = *state;
    digest_t digest = write_file (store, "a", 1000, 'a');
    char path[300];
    snprintf (path, sizeof path, "%s", import (store, path_of (store, "a"), digest, 1000));
    assert_int_equal (unlink (path), 0);
    FILE *torn = fopen (path, "w");
    fclose (torn);
    assert_false (find (store, digest, 1000, AT_ONCE)->found);
    import (store, path_of (store, "a"), digest, 1000);
    assert_true (find (store, digest, 1000, AT_ONCE)->found);
    //  And once more: both names are the same file by now.
    import (store, path_of (store, "a"), digest, 1000);
    assert_int_equal (count_files (path_of (store, "home/cache/tmp")), 0);
}

static void
a_blob_removed_is_gone_and_tells_what_it_freed (void **state)
{
    store_t *store = *state;
    digest_t linked = write_file (store, "a", 1000, 'a');
    digest_t copied = write_file (store, "b", 500, 'b');
    assert_int_equal (chmod (path_of (store, "b"), 0666), 0);
    import (store, path_of (store, "a"), linked, 0);
    import (store, path_of (store, "b"), copied, 0);
    digest_t *all[] = {&linked, &copied, &copied};
    const uint64_t freed_bytes[] = {0, 500, 0};
    for (unsigned i = 0; i < COUNT_OF (all); i++) {
        Ggen__BlobRemoveRequest request = GGEN__BLOB_REMOVE_REQUEST__INIT;
        request.sha256 = digest_to_field (all[i]);
        fake_request (&store->fake, "cache", &request.base, 0);
        const Ggen__BlobRemoveReply *reply;
        fake_expect (&store->fake, &ggen__blob_remove_reply__descriptor, &reply);
        assert_int_equal (reply->freed_bytes, freed_bytes[i]);
        assert_false (find (store, *all[i], 0, AT_ONCE)->found);
    }
    assert_int_equal (access (path_of (store, "a"), F_OK), 0);
}

static const Ggen__BlobDropReply *
drop (store_t *store, digest_t digests[3], bool dry_run)
{
    ProtobufCBinaryData fields[3];
    for (unsigned i = 0; i < 3; i++)
        fields[i] = digest_to_field (&digests[i]);
    Ggen__BlobDropRequest request = GGEN__BLOB_DROP_REQUEST__INIT;
    request.sha256 = fields;
    request.n_sha256 = 3;
    request.dry_run = dry_run;
    fake_request (&store->fake, "cache", &request.base, 0);
    finish_job (store);
    const Ggen__BlobDropReply *reply;
    fake_expect (&store->fake, &ggen__blob_drop_reply__descriptor, &reply);
    return reply;
}

static void
blobs_dropped_are_gone_and_a_dry_run_tells_the_same (void **state)
{
    store_t *store = *state;
    digest_t digests[] = {write_file (store, "a", 1000, 'a'), write_file (store, "b", 500, 'b'),
                          {{9}}};
    assert_int_equal (chmod (path_of (store, "b"), 0666), 0);
    import (store, path_of (store, "a"), digests[0], 0);
    import (store, path_of (store, "b"), digests[1], 0);
    const Ggen__BlobDropReply *reply = drop (store, digests, true);
    assert_int_equal (reply->n_sha256, 2);
    assert_int_equal (reply->freed_bytes, 500);
    assert_true (find (store, digests[1], 0, AT_ONCE)->found);
    reply = drop (store, digests, false);
    assert_int_equal (reply->n_sha256, 2);
    assert_int_equal (reply->freed_bytes, 500);
    assert_false (find (store, digests[0], 0, AT_ONCE)->found);
    assert_false (find (store, digests[1], 0, AT_ONCE)->found);
    assert_int_equal (access (path_of (store, "a"), F_OK), 0);
}

static void
the_list_names_all_blobs_with_size_and_use (void **state)
{
    store_t *store = *state;
    digest_t a = write_file (store, "a", 1000, 'a'), b = write_file (store, "b", 500, 'b');
    char path[300], stray[320];
    snprintf (path, sizeof path, "%s", import (store, path_of (store, "a"), a, 0));
    import (store, path_of (store, "b"), b, 0);
    //  What is no blob does not count.
    snprintf (stray, sizeof stray, "%sx", path);
    fclose (fopen (stray, "w"));
    const struct timespec times[] = {{.tv_sec = 12345}, {.tv_nsec = UTIME_OMIT}};
    assert_int_equal (utimensat (AT_FDCWD, path, times, 0), 0);
    fake_request (&store->fake, "cache",
                  &(Ggen__BlobListRequest) GGEN__BLOB_LIST_REQUEST__INIT.base, 0);
    finish_job (store);
    const Ggen__BlobListReply *reply;
    fake_expect (&store->fake, &ggen__blob_list_reply__descriptor, &reply);
    assert_int_equal (reply->n_blobs, 2);
    for (size_t i = 0; i < 2; i++) {
        bool is_a = memcmp (reply->blobs[i]->sha256.data, a.bytes, DIGEST_SIZE) == 0;
        assert_int_equal (reply->blobs[i]->size_bytes, is_a ? 1000 : 500);
        assert_int_equal (reply->blobs[i]->used_at == 12345, is_a);
    }
}

static void
finding_a_blob_is_using_it (void **state)
{
    store_t *store = *state;
    digest_t digest = write_file (store, "a", 1000, 'a');
    char path[300];
    snprintf (path, sizeof path, "%s", import (store, path_of (store, "a"), digest, 0));
    const struct timespec times[] = {{.tv_sec = 12345}, {.tv_sec = 54321}};
    assert_int_equal (utimensat (AT_FDCWD, path, times, 0), 0);
    assert_true (find (store, digest, 0, BY_JOB)->found);
    assert_true (stat_of (path).st_atim.tv_sec > 12345);
    assert_int_equal (stat_of (path).st_mtim.tv_sec, 54321);
}

static void
leftovers_of_a_killed_process_are_removed_at_the_start (void **state)
{
    store_t *store = *state;
    digest_t digest = write_file (store, "a", 10, 'a');
    import (store, path_of (store, "a"), digest, 0);
    stop (store);
    write_file (store, "home/cache/tmp/123-4", 10, 'x');
    start (store);
    assert_int_equal (count_files (path_of (store, "home/cache/tmp")), 0);
}

static void
what_another_process_is_staging_stays (void **state)
{
    store_t *store = *state;
    digest_t digest = write_file (store, "a", 10, 'a');
    import (store, path_of (store, "a"), digest, 0);
    //  A lock is of the open file, so this one is as good as another process's.
    write_file (store, "home/cache/tmp/123-4", 10, 'x');
    blob_store_t *other = blob_store_open (store->cache);
    assert_int_equal (count_files (path_of (store, "home/cache/tmp")), 1);
    blob_store_close (&other);
    stop (store);
    start (store);
    assert_int_equal (count_files (path_of (store, "home/cache/tmp")), 0);
}

static void
a_start_creates_nothing (void **state)
{
    store_t *store = *state;
    digest_t digest = write_file (store, "a", 10, 'a');
    assert_false (find (store, digest, 0, AT_ONCE)->found);
    assert_int_equal (access (path_of (store, "home"), F_OK), -1);
}

static void
where_nothing_can_be_written_the_checked_source_is_the_answer (void **state)
{
    store_t *store = *state;
    digest_t digest = write_file (store, "a", 1000, 'a'), other = write_file (store, "b", 10, 'b');
    stop (store);
    //  Root may write anywhere, so be somebody else for a while.
    bool is_root = geteuid () == 0;
    assert_int_equal (chmod (store->root, 0555), 0);
    assert_int_equal (is_root ? seteuid (65534) : 0, 0);
    start (store);
    const char *path = import (store, path_of (store, "a"), digest, 1000);
    import_fails (store, path_of (store, "a"), other, 1000, CHECKSUM_MISMATCH);
    assert_int_equal (is_root ? seteuid (0) : 0, 0);
    assert_int_equal (chmod (store->root, 0700), 0);
    assert_string_equal (path, path_of (store, "a"));
}

static void
a_source_that_may_not_be_read_is_told_with_its_path_and_owner (void **state)
{
    store_t *store = *state;
    digest_t digest = write_file (store, "a", 1000, 'a');
    bool is_root = geteuid () == 0;
    assert_int_equal (chmod (store->root, 0755), 0);
    assert_int_equal (chmod (path_of (store, "a"), 0), 0);
    assert_int_equal (is_root ? seteuid (65534) : 0, 0);
    const Ggen__Failure *failure =
        import_fails (store, path_of (store, "a"), digest, 1000, PERMISSION_DENIED);
    assert_int_equal (is_root ? seteuid (0) : 0, 0);
    assert_non_null (strstr (failure->message, path_of (store, "a")));
    assert_non_null (strstr (failure->message, "owner uid"));
}

static void
a_full_disk_says_how_much_is_needed_and_how_much_there_is (void **state)
{
    store_t *store = *state;
    digest_t digest = write_file (store, "a", 300000, 'a');
    assert_int_equal (mkdir (path_of (store, "home"), 0700), 0);
    if (mount ("ggen", path_of (store, "home"), "tmpfs", 0, "size=64k") != 0)
        skip ();
    stop (store);
    start (store);
    const Ggen__Failure *failure =
        import_fails (store, path_of (store, "a"), digest, 0, INSUFFICIENT_DISK_SPACE);
    unsigned left = count_files (path_of (store, "home/cache/tmp"));
    //  Lazily: the store has its lock open in there.
    assert_int_equal (umount2 (path_of (store, "home"), MNT_DETACH), 0);
    assert_int_equal (left, 0);
    assert_int_equal (failure->n_details, 2);
    assert_string_equal (failure->details[0]->key, "required");
    assert_string_equal (failure->details[0]->value, "300000");
    assert_string_equal (failure->details[1]->key, "available");
}

static bool
go_on (void *arg, uint64_t done, uint64_t total)
{
    (void) arg;
    return done <= total;
}

static void
a_copy_that_cannot_be_written_says_why (void **state)
{
    store_t *store = *state;
    write_file (store, "a", 1000, 'a');
    int source = open (path_of (store, "a"), O_RDONLY), full = open ("/dev/full", O_WRONLY);
    digest_t digest;
    sha256_watch_t watch = {go_on, NULL, 1000};
    assert_int_equal (sha256_copy (source, full, &watch, &digest), SHA256_WRITE_FAILED);
    assert_int_equal (errno, ENOSPC);
    watch.total = 999;
    assert_int_equal (sha256_copy (source, -1, &watch, &digest), SHA256_TOO_LONG);
    sha256_close (&source);
    sha256_close (&full);
    assert_int_equal (full, -1);
}

static void
a_place_that_is_no_directory_is_told_with_its_path (void **state)
{
    store_t *store = *state;
    digest_t digest = write_file (store, "a", 1000, 'a');
    write_file (store, "home", 1, 'h');
    const Ggen__Failure *failure =
        import_fails (store, path_of (store, "a"), digest, 1000, STORAGE);
    assert_non_null (strstr (failure->message, "/home/cache"));
}

static void
a_cancelled_import_ends_and_leaves_nothing (void **state)
{
    store_t *store = *state;
    digest_t digest = write_file (store, "a", 8 << 20, 'a');
    uint64_t id = ask_import (store, path_of (store, "a"), digest, 0);
    fake_cancel (&store->fake, "cache", id);
    finish_job (store);
    fake_expect_failure (&store->fake, id, CANCELLED);
    assert_int_equal (count_files (path_of (store, "home/cache/tmp")), 0);
    assert_false (find (store, digest, 0, AT_ONCE)->found);
}

static bool
stop_at_once (void *arg, uint64_t done, uint64_t total)
{
    (void) arg;
    assert_true (done <= total);
    return false;
}

static void
work_stops_when_its_watch_says_so (void **state)
{
    store_t *store = *state;
    digest_t digest = write_file (store, "a", 8 << 20, 'a');
    assert_int_equal (chmod (path_of (store, "a"), 0666), 0);
    blob_store_t *own = blob_store_open (store->cache);
    blob_watch_t watch = {stop_at_once, NULL};
    blob_failure_t failure = {.code = OK};
    blob_stamp_t stamp;
    char path[BLOB_PATH_MAX];
    assert_int_equal (blob_store_import (own, path_of (store, "a"), &digest, 0, &watch, path,
                                         &stamp, &failure),
                      CANCELLED);
    assert_int_equal (count_files (path_of (store, "home/cache/tmp")), 0);
    blob_store_close (&own);
}

//  ---- many --------------------------------------------------------------------------------------

static const Ggen__BlobTakeManyReply *
take_many (store_t *store, const char *const names[], digest_t *digests, size_t count)
{
    Ggen__BlobImportRequest asks[4], *list[4];
    Ggen__BlobTakeManyRequest request = GGEN__BLOB_TAKE_MANY_REQUEST__INIT;
    const Ggen__BlobTakeManyReply *reply;
    request.blobs = list;
    request.n_blobs = count;
    for (size_t i = 0; i < count; i++) {
        list[i] = &asks[i];
        ggen__blob_import_request__init (list[i]);
        list[i]->sha256 = digest_to_field (&digests[i]);
        list[i]->size_bytes = 1000;
        list[i]->path = (char *) path_of (store, names[i]);
    }
    fake_request (&store->fake, "cache", &request.base, 0);
    finish_job (store);
    fake_expect (&store->fake, &ggen__blob_take_many_reply__descriptor, &reply);
    assert_int_equal (reply->n_blobs, count);
    return reply;
}

static void
of_many_each_is_found_or_imported_and_the_unusual_left_out (void **state)
{
    store_t *store = *state;
    const char *const names[] = {"a", "b", "damaged", "gone"};
    digest_t digests[4];
    for (unsigned i = 0; i < 4; i++)
        digests[i] = write_file (store, names[i], 1000, (uint8_t) (i + 1));
    write_file (store, "damaged", 1000, 99);
    assert_int_equal (unlink (path_of (store, "gone")), 0);
    import (store, path_of (store, "a"), digests[0], 1000);
    const Ggen__BlobTakeManyReply *reply = take_many (store, names, digests, 4);
    for (unsigned i = 0; i < 2; i++) {
        char expected[BLOB_PATH_MAX], hex[DIGEST_HEX_SIZE + 1];
        digest_to_hex (&digests[i], hex);
        snprintf (expected, sizeof expected, "%s/blobs/%.2s/%s", store->cache, hex, hex);
        assert_string_equal (reply->blobs[i]->path, expected);
        assert_int_equal (reply->blobs[i]->size_bytes, 1000);
        assert_int_equal (reply->blobs[i]->found, i == 0);
    }
    assert_string_equal (reply->blobs[2]->path, "");
    assert_string_equal (reply->blobs[3]->path, "");
    //  What was taken was checked.
    assert_true (find (store, digests[1], 1000, AT_ONCE)->found);
    assert_int_equal (count_files (path_of (store, "home/cache/tmp")), 0);
}

static void
of_many_a_blob_whose_bytes_changed_is_left_out (void **state)
{
    store_t *store = *state;
    const char *const names[] = {"a"};
    digest_t digest = write_file (store, "a", 1000, 'a');
    char path[300];
    snprintf (path, sizeof path, "%s", import (store, path_of (store, "a"), digest, 1000));
    int file = open (path_of (store, "a"), O_WRONLY);
    assert_int_equal (pwrite (file, "x", 1, 500), 1);
    close (file);
    assert_string_equal (take_many (store, names, &digest, 1)->blobs[0]->path, "");
}

static void
of_many_where_nothing_can_be_written_none_is_taken (void **state)
{
    store_t *store = *state;
    const char *const names[] = {"a"};
    digest_t digest = write_file (store, "a", 1000, 'a');
    FILE *in_the_way = fopen (path_of (store, "home"), "w");
    fclose (in_the_way);
    assert_string_equal (take_many (store, names, &digest, 1)->blobs[0]->path, "");
}

static void
many_without_a_digest_or_a_path_or_too_many_are_refused (void **state)
{
    store_t *store = *state;
    Ggen__BlobImportRequest ask = GGEN__BLOB_IMPORT_REQUEST__INIT, *list[MANY_FETCHES_MAX + 1];
    Ggen__BlobTakeManyRequest request = GGEN__BLOB_TAKE_MANY_REQUEST__INIT;
    digest_t digest = {{1}};
    for (unsigned i = 0; i <= MANY_FETCHES_MAX; i++)
        list[i] = &ask;
    request.blobs = list;
    request.n_blobs = 1;
    ask.path = (char *) "/a";
    fake_expect_failure (&store->fake, fake_request (&store->fake, "cache", &request.base, 0),
                         VALIDATION);
    ask.sha256 = digest_to_field (&digest);
    ask.path = (char *) "a";
    fake_expect_failure (&store->fake, fake_request (&store->fake, "cache", &request.base, 0),
                         VALIDATION);
    ask.path = (char *) "/a";
    request.n_blobs = MANY_FETCHES_MAX + 1;
    fake_expect_failure (&store->fake, fake_request (&store->fake, "cache", &request.base, 0),
                         VALIDATION);
}

#define TEST(function) cmocka_unit_test_setup_teardown (function, set_up, tear_down)

int
main (void)
{
    const struct CMUnitTest tests[] = {
        TEST (an_import_links_the_file_and_leaves_it_as_it_was),
        TEST (a_file_that_others_may_change_is_copied),
        TEST (wrong_bytes_are_refused_and_leave_nothing),
        TEST (bytes_beyond_the_size_are_refused),
        TEST (what_is_no_regular_file_is_refused),
        TEST (an_imported_blob_is_found_at_once),
        TEST (after_a_restart_a_blob_is_checked_once),
        TEST (a_blob_whose_bytes_changed_is_absent_and_removed),
        TEST (a_damaged_blob_is_replaced_by_an_import),
        TEST (a_blob_removed_is_gone_and_tells_what_it_freed),
        TEST (blobs_dropped_are_gone_and_a_dry_run_tells_the_same),
        TEST (the_list_names_all_blobs_with_size_and_use),
        TEST (finding_a_blob_is_using_it),
        TEST (leftovers_of_a_killed_process_are_removed_at_the_start),
        TEST (what_another_process_is_staging_stays),
        TEST (a_start_creates_nothing),
        TEST (where_nothing_can_be_written_the_checked_source_is_the_answer),
        TEST (a_source_that_may_not_be_read_is_told_with_its_path_and_owner),
        TEST (a_full_disk_says_how_much_is_needed_and_how_much_there_is),
        TEST (a_copy_that_cannot_be_written_says_why),
        TEST (a_place_that_is_no_directory_is_told_with_its_path),
        TEST (a_cancelled_import_ends_and_leaves_nothing),
        TEST (work_stops_when_its_watch_says_so),
        TEST (of_many_each_is_found_or_imported_and_the_unusual_left_out),
        TEST (of_many_a_blob_whose_bytes_changed_is_left_out),
        TEST (of_many_where_nothing_can_be_written_none_is_taken),
        TEST (many_without_a_digest_or_a_path_or_too_many_are_refused),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
