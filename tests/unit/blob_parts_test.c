// SPDX-License-Identifier: MIT
//  Parts, and blobs that are held, with real files: the actor "blobs", its jobs, and what is on the
//  disk afterwards.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#include "tests/puppet.h"

#include "actors/cache/blob_held_io.h"
#include "actors/cache/blobs_io.h"
#include "actors/cache/part_io.h"
#include "cache.pb-c.h"
#include "runtime/host/host.h"
#include "runtime/host/job.h"
#include "tests/temp_dir.h"
#include "transfer.pb-c.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#define CHUNKS 5
#define LAST   1000
#define BYTES  ((CHUNKS - 1) * (size_t) PART_CHUNK_BYTES + LAST)

static uint8_t content[BYTES];
static uint8_t chunks[CHUNKS * DIGEST_SIZE];
static digest_t sha256;
static char root[TEMP_DIR_SIZE], cache[96];
static jobs_t *jobs;
static puppet_t blobs;

//  ---- the actor ---------------------------------------------------------------------------------

static void
start (void)
{
    static blobs_settings_t settings;
    settings.directory = cache;
    jobs = jobs_new ();
    blobs = (puppet_t) {.host = jobs};
    puppet_start (&blobs, &blobs_actor, &settings);
}

static void
stop (void)
{
    jobs_destroy (&jobs);
    puppet_stop (&blobs);
}

static bytes_t
chunk_of (uint32_t chunk)
{
    return (bytes_t) {content + (size_t) chunk * PART_CHUNK_BYTES,
                      chunk + 1 < CHUNKS ? PART_CHUNK_BYTES : LAST};
}

static int
set_up (void **state)
{
    (void) state;
    host_init ();
    for (size_t i = 0; i < BYTES; i++)
        content[i] = (uint8_t) (i * 2654435761u >> 11);
    crypto_real.sha256 (content, BYTES, sha256.bytes);
    for (uint32_t i = 0; i < CHUNKS; i++)
        crypto_real.sha256 (chunk_of (i).data, chunk_of (i).size, chunks + i * DIGEST_SIZE);
    temp_dir_make (root);
    snprintf (cache, sizeof cache, "%s/home/cache", root);
    start ();
    return 0;
}

static int
tear_down (void **state)
{
    (void) state;
    stop ();
    temp_dir_remove (root);
    return 0;
}

static void
finish_job (void)
{
    for (;;) {
        zmq_pollitem_t item = {NULL, jobs_fd (jobs), ZMQ_POLLIN, 0};
        assert_int_equal (zmq_poll (&item, 1, 60000), 1);
        job_t *job;
        Ggen__Progress *progress;
        jobs_event_t event = jobs_next (jobs, &job, &progress);
        if (event == JOBS_PROGRESS)
            ggen__progress__free_unpacked (progress, NULL);
        if (event != JOBS_DONE)
            continue;
        assert_int_equal (actor_job_done (blobs.actor, job, blobs.now_ms, 0), OK);
        job_destroy (&job);
        return;
    }
}

//  ---- what it is asked --------------------------------------------------------------------------

static void
ask_open (bool with_chunks)
{
    Ggen__PartOpenRequest request = GGEN__PART_OPEN_REQUEST__INIT;
    request.sha256 = digest_to_field (&sha256);
    request.size_bytes = BYTES;
    if (with_chunks)
        request.chunks = (ProtobufCBinaryData) {sizeof chunks, chunks};
    puppet_ask (&blobs, &request.base);
}

//  Its bitmap.
static uint8_t
hear_open (void)
{
    Ggen__PartOpenReply *reply = puppet_hear (&blobs, &ggen__part_open_reply__descriptor);
    assert_false (reply->complete);
    assert_int_equal (reply->bitmap.len, 1);
    uint8_t bitmap = reply->bitmap.data[0];
    puppet_free (reply);
    return bitmap;
}

static void
ask_write (uint32_t chunk, bytes_t bytes)
{
    Ggen__PartWriteRequest request = GGEN__PART_WRITE_REQUEST__INIT;
    request.sha256 = digest_to_field (&sha256);
    request.chunk = chunk;
    size_t size;
    uint8_t *body = puppet_pack (&request.base, &size);
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__REQUEST;
    envelope.id = ++blobs.next_id;
    envelope.from = PUPPET_TESTER;
    envelope.type = "PartWriteRequest";
    envelope.budget_ms = 60000;
    assert_int_equal (puppet_deliver_with (&blobs, &envelope, body, size, bytes), OK);
    free (body);
}

static void
write_chunk (uint32_t chunk)
{
    ask_write (chunk, chunk_of (chunk));
    puppet_free (puppet_hear (&blobs, &ggen__part_write_reply__descriptor));
}

static code_t
hear_failure (void)
{
    Ggen__Failure *failure = puppet_hear (&blobs, &ggen__failure__descriptor);
    code_t code = failure->code;
    puppet_free (failure);
    return code;
}

static void
ask_finish (bool hold)
{
    Ggen__PartFinishRequest request = GGEN__PART_FINISH_REQUEST__INIT;
    request.sha256 = digest_to_field (&sha256);
    request.size_bytes = BYTES;
    request.hold = hold;
    puppet_ask (&blobs, &request.base);
}

static void
hold (bool release, code_t expected)
{
    Ggen__BlobHoldRequest request = GGEN__BLOB_HOLD_REQUEST__INIT;
    request.sha256 = digest_to_field (&sha256);
    request.release = release;
    puppet_ask (&blobs, &request.base);
    if (expected)
        assert_int_equal (hear_failure (), expected);
    else
        puppet_free (puppet_hear (&blobs, &ggen__blob_hold_reply__descriptor));
}

static void
read_chunk (uint64_t offset, uint32_t size, code_t expected)
{
    Ggen__BlobReadRequest request = GGEN__BLOB_READ_REQUEST__INIT;
    request.sha256 = digest_to_field (&sha256);
    request.offset = offset;
    request.size_bytes = size;
    puppet_ask (&blobs, &request.base);
    if (expected) {
        assert_int_equal (hear_failure (), expected);
        return;
    }
    said_t said = {0};
    assert_true (puppet_take (&blobs, PUPPET_TESTER, &said));
    assert_string_equal (said.envelope->type, "BlobReadReply");
    assert_int_equal (said.attachment_size, size);
    assert_memory_equal (said.attachment, content + offset, size);
    said_free (&said);
}

static bool
is_found (void)
{
    Ggen__BlobFindRequest request = GGEN__BLOB_FIND_REQUEST__INIT;
    request.sha256 = digest_to_field (&sha256);
    puppet_ask (&blobs, &request.base);
    if (puppet_silent (&blobs))
        finish_job ();
    Ggen__BlobFindReply *reply = puppet_hear (&blobs, &ggen__blob_find_reply__descriptor);
    bool found = reply->found;
    puppet_free (reply);
    return found;
}

static void
remove_blob (void)
{
    Ggen__BlobRemoveRequest request = GGEN__BLOB_REMOVE_REQUEST__INIT;
    request.sha256 = digest_to_field (&sha256);
    puppet_ask (&blobs, &request.base);
    puppet_free (puppet_hear (&blobs, &ggen__blob_remove_reply__descriptor));
}

static void
drop_part (void)
{
    Ggen__PartDropRequest request = GGEN__PART_DROP_REQUEST__INIT;
    request.sha256 = digest_to_field (&sha256);
    puppet_ask (&blobs, &request.base);
    puppet_free (puppet_hear (&blobs, &ggen__part_drop_reply__descriptor));
}

//  A whole blob, put together.
static void
make_blob (bool held)
{
    ask_open (true);
    hear_open ();
    for (uint32_t i = 0; i < CHUNKS; i++)
        write_chunk (i);
    ask_finish (held);
    finish_job ();
    puppet_free (puppet_hear (&blobs, &ggen__part_finish_reply__descriptor));
}

//  ---- files -------------------------------------------------------------------------------------

static const char *
file_of (const char *folder, const char *suffix)
{
    static char paths[4][256];
    static unsigned turn;
    char hex[DIGEST_HEX_SIZE + 1], *path = paths[turn++ % 4];
    digest_to_hex (&sha256, hex);
    if (strcmp (folder, "parts") == 0)
        snprintf (path, sizeof paths[0], "%s/parts/%s%s", cache, hex, suffix);
    else
        snprintf (path, sizeof paths[0], "%s/%s/%.2s/%s", cache, folder, hex, hex);
    return path;
}

static bool
exists (const char *path)
{
    return access (path, F_OK) == 0;
}

static void
poke (const char *path, off_t offset, char byte)
{
    int file = open (path, O_WRONLY);
    assert_true (file >= 0);
    assert_int_equal (pwrite (file, &byte, 1, offset), 1);
    close (file);
}

//  As if the machine had started anew since: the id of its start is 16 bytes from the map's begin.
static void
reboot (void)
{
    poke (file_of ("parts", ".map"), 16, 'X');
}

//  ---- putting together --------------------------------------------------------------------------

static void
chunks_in_any_order_become_a_blob (void **state)
{
    (void) state;
    ask_open (true);
    assert_int_equal (hear_open (), 0);
    static const uint32_t order[] = {4, 0, 3, 1, 2};
    for (unsigned i = 0; i < CHUNKS; i++)
        write_chunk (order[i]);
    struct stat info;
    assert_int_equal (stat (file_of ("parts", ""), &info), 0);
    assert_int_equal (info.st_mode & 07777, 0600);
    ask_finish (false);
    finish_job ();
    Ggen__PartFinishReply *reply = puppet_hear (&blobs, &ggen__part_finish_reply__descriptor);
    assert_string_equal (reply->path, file_of ("blobs", ""));
    puppet_free (reply);
    assert_false (exists (file_of ("parts", "")) || exists (file_of ("parts", ".map")));
    assert_true (is_found ());
    read_chunk (0, PART_CHUNK_BYTES, OK);
    read_chunk ((CHUNKS - 1) * (uint64_t) PART_CHUNK_BYTES, LAST, OK);
}

static void
what_was_written_is_there_after_a_restart_of_the_process (void **state)
{
    (void) state;
    ask_open (true);
    hear_open ();
    write_chunk (1);
    write_chunk (4);
    stop ();
    start ();
    ask_open (true);
    assert_int_equal (hear_open (), 0x12);
}

static void
after_a_restart_of_the_machine_only_chunks_that_hash_right_are_there (void **state)
{
    (void) state;
    ask_open (true);
    hear_open ();
    for (uint32_t i = 0; i < 4; i++)
        write_chunk (i);
    poke (file_of ("parts", ""), 2 * PART_CHUNK_BYTES + 7, (char) (content[7] + 1));
    poke (file_of ("parts", ""), 2 * PART_CHUNK_BYTES + 8, (char) (content[8] + 1));
    reboot ();
    ask_open (true);
    assert_true (puppet_silent (&blobs));
    finish_job ();
    assert_int_equal (hear_open (), 0x0B);
    //  From now on it is trusted.
    ask_open (true);
    assert_int_equal (hear_open (), 0x0B);
    //  Without digests there is no telling.
    reboot ();
    ask_open (false);
    assert_int_equal (hear_open (), 0);
}

static void
a_whole_that_is_wrong_is_thrown_away (void **state)
{
    (void) state;
    ask_open (true);
    hear_open ();
    for (uint32_t i = 0; i < CHUNKS; i++)
        write_chunk (i);
    poke (file_of ("parts", ""), 5, (char) (content[5] + 1));
    ask_finish (false);
    finish_job ();
    assert_int_equal (hear_failure (), CHECKSUM_MISMATCH);
    assert_false (exists (file_of ("parts", "")) || exists (file_of ("blobs", "")));
    ask_open (true);
    assert_int_equal (hear_open (), 0);
}

static void
a_whole_with_holes_is_not_finished (void **state)
{
    (void) state;
    ask_open (true);
    hear_open ();
    write_chunk (0);
    ask_finish (false);
    assert_int_equal (hear_failure (), STORAGE);
    ask_open (true);
    assert_int_equal (hear_open (), 1);
}

static void
chunks_of_another_size_or_place_are_refused (void **state)
{
    (void) state;
    ask_write (0, chunk_of (0));
    assert_int_equal (hear_failure (), VALIDATION);
    ask_open (true);
    hear_open ();
    ask_write (0, (bytes_t) {content, PART_CHUNK_BYTES - 1});
    assert_int_equal (hear_failure (), VALIDATION);
    ask_write (CHUNKS - 1, chunk_of (0));
    assert_int_equal (hear_failure (), VALIDATION);
    ask_write (CHUNKS, chunk_of (CHUNKS - 1));
    assert_int_equal (hear_failure (), VALIDATION);
    ask_write (0, (bytes_t) {NULL, 0});
    assert_int_equal (hear_failure (), VALIDATION);
    ask_open (true);
    assert_int_equal (hear_open (), 0);
}

static void
a_map_that_makes_no_sense_begins_anew (void **state)
{
    (void) state;
    for (unsigned i = 0; i < 3; i++) {
        ask_open (true);
        assert_int_equal (hear_open (), 0);
        write_chunk (2);
        if (i == 0)
            poke (file_of ("parts", ".map"), 0, 'x');
        else if (i == 1)
            assert_int_equal (truncate (file_of ("parts", ".map"), 20), 0);
        else
            assert_int_equal (truncate (file_of ("parts", ""), 20), 0);
    }
    ask_open (true);
    assert_int_equal (hear_open (), 0);
}

static void
a_part_of_no_or_of_too_many_bytes_is_refused (void **state)
{
    (void) state;
    Ggen__PartOpenRequest request = GGEN__PART_OPEN_REQUEST__INIT;
    request.sha256 = digest_to_field (&sha256);
    request.size_bytes = BLOB_BYTES_MAX + 1;
    puppet_ask (&blobs, &request.base);
    assert_int_equal (hear_failure (), VALIDATION);
    request.size_bytes = 0;
    puppet_ask (&blobs, &request.base);
    assert_int_equal (hear_failure (), VALIDATION);
    request.sha256.len = 31;
    puppet_ask (&blobs, &request.base);
    assert_int_equal (hear_failure (), VALIDATION);
}

static void
of_too_many_parts_the_one_untouched_for_longest_goes (void **state)
{
    (void) state;
    blob_store_t *store = blob_store_open (cache);
    uint8_t bitmap[PART_BITMAP_MAX];
    blob_failure_t failure = {.code = OK};
    bool trusted;
    digest_t digests[PARTS_MAX + 1];
    for (unsigned i = 0; i <= PARTS_MAX; i++) {
        digests[i] = (digest_t) {{(uint8_t) i, 3}};
        assert_int_equal (part_open (store, &digests[i], 10, bitmap, &trusted, &failure), OK);
        char path[BLOB_PATH_MAX];
        struct timespec times[2] = {{1000 + (i == 0 ? 500 : i), 0}, {1000 + (i == 0 ? 500 : i), 0}};
        part_path (store, &digests[i], path);
        assert_int_equal (utimensat (AT_FDCWD, path, times, 0), 0);
    }
    for (unsigned i = 0; i <= PARTS_MAX; i++) {
        char path[BLOB_PATH_MAX];
        part_path (store, &digests[i], path);
        assert_int_equal (exists (path), i != 1);
    }
    blob_store_close (&store);
}

static void
what_is_dropped_is_gone (void **state)
{
    (void) state;
    drop_part ();
    ask_open (true);
    hear_open ();
    write_chunk (0);
    drop_part ();
    assert_false (exists (file_of ("parts", "")) || exists (file_of ("parts", ".map")));
}

//  ---- what is a blob already --------------------------------------------------------------------

static bool
hear_complete (void)
{
    Ggen__PartOpenReply *reply = puppet_hear (&blobs, &ggen__part_open_reply__descriptor);
    bool complete = reply->complete && strcmp (reply->path, file_of ("blobs", "")) == 0;
    puppet_free (reply);
    return complete;
}

static void
a_blob_need_not_be_put_together_and_is_checked_once (void **state)
{
    (void) state;
    make_blob (false);
    ask_open (true);
    assert_true (hear_complete ());
    stop ();
    start ();
    ask_open (true);
    assert_true (puppet_silent (&blobs));
    finish_job ();
    assert_true (hear_complete ());
}

static void
a_damaged_blob_is_put_together_anew_even_when_it_is_held (void **state)
{
    (void) state;
    make_blob (false);
    hold (false, OK);
    poke (file_of ("blobs", ""), 3, (char) (content[3] + 1));
    stop ();
    start ();
    ask_open (true);
    finish_job ();
    assert_int_equal (hear_open (), 0);
    assert_false (exists (file_of ("blobs", "")) || exists (file_of ("held", "")));
}

//  ---- what is held ------------------------------------------------------------------------------

static void
a_held_blob_stays_when_the_cache_drops_it (void **state)
{
    (void) state;
    hold (false, PACKAGE_NOT_FOUND);
    hold (true, OK);
    make_blob (false);
    hold (false, OK);
    hold (false, OK);
    remove_blob ();
    assert_false (exists (file_of ("blobs", "")));
    read_chunk (100, 1000, OK);
    //  And is the cache's again when somebody wants it.
    assert_true (is_found ());
    assert_true (exists (file_of ("blobs", "")));
    hold (true, OK);
    remove_blob ();
    read_chunk (100, 1000, PACKAGE_NOT_FOUND);
    assert_false (is_found ());
}

static void
what_is_put_together_for_others_is_not_the_caches (void **state)
{
    (void) state;
    make_blob (true);
    assert_true (exists (file_of ("held", "")));
    assert_false (exists (file_of ("blobs", "")));
    read_chunk (0, 10, OK);
    ask_open (true);
    if (puppet_silent (&blobs))
        finish_job ();
    assert_true (hear_complete ());
}

static void
what_is_not_in_it_is_not_read (void **state)
{
    (void) state;
    make_blob (false);
    read_chunk (0, 0, VALIDATION);
    read_chunk (0, PART_CHUNK_BYTES + 1, VALIDATION);
    read_chunk (BYTES - 5, 6, PACKAGE_NOT_FOUND);
    read_chunk (UINT64_MAX, 6, VALIDATION);
    read_chunk (BYTES - 5, 5, OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown (name, set_up, tear_down)

int
main (void)
{
    const struct CMUnitTest tests[] = {
        TEST (chunks_in_any_order_become_a_blob),
        TEST (what_was_written_is_there_after_a_restart_of_the_process),
        TEST (after_a_restart_of_the_machine_only_chunks_that_hash_right_are_there),
        TEST (a_whole_that_is_wrong_is_thrown_away),
        TEST (a_whole_with_holes_is_not_finished),
        TEST (chunks_of_another_size_or_place_are_refused),
        TEST (a_map_that_makes_no_sense_begins_anew),
        TEST (a_part_of_no_or_of_too_many_bytes_is_refused),
        TEST (of_too_many_parts_the_one_untouched_for_longest_goes),
        TEST (what_is_dropped_is_gone),
        TEST (a_blob_need_not_be_put_together_and_is_checked_once),
        TEST (a_damaged_blob_is_put_together_anew_even_when_it_is_held),
        TEST (a_held_blob_stays_when_the_cache_drops_it),
        TEST (what_is_put_together_for_others_is_not_the_caches),
        TEST (what_is_not_in_it_is_not_read),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
