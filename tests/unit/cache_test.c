// SPDX-License-Identifier: MIT
//  The cache actor, with the test in the place of the blob store.
#include "tests/fake_port.h"

#include "actors/cache/cache.h"
#include "cache.pb-c.h"
#include "actors/cache/fetch_many.h"
#include "digest.h"
#include "many.pb-c.h"
#include "transfer.pb-c.h"
#include "upkeep.pb-c.h"

static digest_t
digest_of (uint8_t number)
{
    digest_t digest;
    memset (digest.bytes, number, sizeof digest.bytes);
    return digest;
}

//  A cache that holds 'count' blobs of 100 bytes each; the first one was used longest ago.
static void
start (fake_t *fake, uint64_t bytes_max, unsigned count)
{
    static cache_settings_t settings;
    settings.bytes_max = bytes_max;
    fake_start (fake, &cache_actor, &settings);
    const Ggen__BlobListRequest *list;
    const fake_sent_t *asked = fake_expect (fake, &ggen__blob_list_request__descriptor, &list);
    assert_string_equal (asked->to, "blobs");
    Ggen__BlobEntry entries[8], *blobs[8];
    digest_t digests[8];
    Ggen__BlobListReply reply = GGEN__BLOB_LIST_REPLY__INIT;
    reply.blobs = blobs;
    reply.n_blobs = count;
    for (unsigned i = 0; i < count; i++) {
        ggen__blob_entry__init (&entries[i]);
        digests[i] = digest_of ((uint8_t) (i + 1));
        entries[i].sha256 = digest_to_field (&digests[i]);
        entries[i].size_bytes = 100;
        entries[i].used_at = 1000 + i;
        blobs[count - 1 - i] = &entries[i];
    }
    fake_answer (fake, asked, &reply.base);
}

typedef struct {
    Ggen__FetchRequest request;
    digest_t digest;
    Ggen__FetchSource sources[4], *list[4];
} want_t;

//  A request for blob 'number' from files and other registries: "file:/a http:x".
static const ProtobufCMessage *
want (want_t *self, uint8_t number, unsigned sources_count, const char *const sources[][2])
{
    ggen__fetch_request__init (&self->request);
    self->digest = digest_of (number);
    self->request.sha256 = digest_to_field (&self->digest);
    self->request.size_bytes = 100;
    self->request.subject = "pack@1.0.0";
    self->request.sources = self->list;
    self->request.n_sources = sources_count;
    for (unsigned i = 0; i < sources_count; i++) {
        ggen__fetch_source__init (&self->sources[i]);
        self->sources[i].registry = (char *) sources[i][0];
        self->sources[i].location = (char *) sources[i][1];
        self->list[i] = &self->sources[i];
    }
    return &self->request.base;
}

static const char *const file_a[][2] = {{"file", "/a"}};
static const char *const files_ab[][2] = {{"file", "/a"}, {"file", "/b"}};
static const char *const all_kinds[][2] = {{"p2p", "12D3"}, {"http", "https://x"}, {"file", "/a"}};

static void
answer_find (fake_t *fake, const char *path)
{
    const Ggen__BlobFindRequest *find;
    const fake_sent_t *asked = fake_expect (fake, &ggen__blob_find_request__descriptor, &find);
    Ggen__BlobFindReply reply = GGEN__BLOB_FIND_REPLY__INIT;
    reply.found = path != NULL;
    reply.path = path ? (char *) path : reply.path;
    reply.size_bytes = 100;
    fake_answer (fake, asked, &reply.base);
}

static const fake_sent_t *
expect_import (fake_t *fake, const char *path)
{
    const Ggen__BlobImportRequest *import;
    const fake_sent_t *asked = fake_expect (fake, &ggen__blob_import_request__descriptor, &import);
    assert_string_equal (import->path, path);
    assert_int_equal (import->size_bytes, 100);
    return asked;
}

static void
answer_import (fake_t *fake, const fake_sent_t *asked, const char *path)
{
    Ggen__BlobImportReply reply = GGEN__BLOB_IMPORT_REPLY__INIT;
    reply.path = (char *) path;
    reply.size_bytes = 100;
    fake_answer (fake, asked, &reply.base);
}

static void
expect_fetched (fake_t *fake, uint64_t id, const char *path, const char *source)
{
    const Ggen__FetchReply *reply;
    const fake_sent_t *sent = fake_expect (fake, &ggen__fetch_reply__descriptor, &reply);
    assert_int_equal (sent->envelope->id, id);
    assert_string_equal (reply->path, path);
    assert_string_equal (reply->source, source);
    assert_int_equal (reply->size_bytes, 100);
}

static const Ggen__CacheStatusReply *
status_of (fake_t *fake)
{
    const Ggen__CacheStatusReply *reply;
    Ggen__CacheStatusRequest request = GGEN__CACHE_STATUS_REQUEST__INIT;
    fake_request (fake, "cli", &request.base, 0);
    fake_expect (fake, &ggen__cache_status_reply__descriptor, &reply);
    return reply;
}

static void
what_the_store_has_is_a_hit (void **state)
{
    (void) state;
    fake_t fake;
    want_t ask;
    start (&fake, 1000, 1);
    uint64_t id = fake_request (&fake, "installer", want (&ask, 1, 1, file_a), 0);
    answer_find (&fake, "/cache/1");
    expect_fetched (&fake, id, "/cache/1", "cache");
    const Ggen__CacheStatusReply *status = status_of (&fake);
    assert_int_equal (status->hits, 1);
    assert_int_equal (status->misses, 0);
    assert_int_equal (status->max_bytes, 1000);
    fake_expect_nothing (&fake);
    fake_stop (&fake);
}

static void
what_it_has_not_is_imported_and_counted (void **state)
{
    (void) state;
    fake_t fake;
    want_t ask;
    start (&fake, 1000, 2);
    uint64_t id = fake_request (&fake, "installer", want (&ask, 9, 1, file_a), 0);
    answer_find (&fake, NULL);
    answer_import (&fake, expect_import (&fake, "/a"), "/cache/9");
    expect_fetched (&fake, id, "/cache/9", "file");
    const Ggen__CacheStatusReply *status = status_of (&fake);
    assert_int_equal (status->misses, 1);
    assert_int_equal (status->blobs_count, 3);
    assert_int_equal (status->size_bytes, 300);
    fake_stop (&fake);
}

static void
a_store_that_cannot_be_written_gives_the_source_and_keeps_nothing (void **state)
{
    (void) state;
    fake_t fake;
    want_t ask;
    start (&fake, 1000, 0);
    uint64_t id = fake_request (&fake, "installer", want (&ask, 9, 1, file_a), 0);
    answer_find (&fake, NULL);
    answer_import (&fake, expect_import (&fake, "/a"), "/a");
    expect_fetched (&fake, id, "/a", "file");
    assert_int_equal (status_of (&fake)->blobs_count, 0);
    fake_stop (&fake);
}

static void
fetches_of_the_same_are_one_import_and_all_are_answered (void **state)
{
    (void) state;
    fake_t fake;
    want_t ask;
    start (&fake, 1000, 0);
    uint64_t ids[3];
    for (unsigned i = 0; i < 3; i++)
        ids[i] = fake_request (&fake, "installer", want (&ask, 9, 1, file_a), 0);
    answer_find (&fake, NULL);
    answer_import (&fake, expect_import (&fake, "/a"), "/cache/9");
    for (unsigned i = 0; i < 3; i++)
        expect_fetched (&fake, ids[2 - i], "/cache/9", "file");
    fake_expect_nothing (&fake);
    fake_stop (&fake);
}

static void
another_fetch_of_the_same_bytes_waits_and_then_finds_them (void **state)
{
    (void) state;
    fake_t fake;
    want_t ask;
    start (&fake, 1000, 0);
    uint64_t first = fake_request (&fake, "installer", want (&ask, 9, 1, file_a), 0);
    uint64_t second = fake_request (&fake, "installer", want (&ask, 9, 2, files_ab), 0);
    uint64_t third = fake_request (&fake, "cli", want (&ask, 9, 0, NULL), 0);
    answer_find (&fake, NULL);
    const fake_sent_t *import = expect_import (&fake, "/a");
    fake_expect_nothing (&fake);
    //  One that waits can go; the import is not disturbed by it.
    fake_cancel (&fake, "cli", third);
    fake_expect_failure (&fake, third, CANCELLED);
    fake_expect_nothing (&fake);
    answer_import (&fake, import, "/cache/9");
    expect_fetched (&fake, first, "/cache/9", "file");
    answer_find (&fake, "/cache/9");
    expect_fetched (&fake, second, "/cache/9", "cache");
    fake_expect_nothing (&fake);
    fake_stop (&fake);
}

static void
when_the_asker_it_works_for_goes_the_others_still_get_their_bytes (void **state)
{
    (void) state;
    fake_t fake;
    want_t ask;
    start (&fake, 1000, 0);
    uint64_t leader = fake_request (&fake, "installer", want (&ask, 9, 1, file_a), 60000);
    uint64_t other = fake_request (&fake, "cli", want (&ask, 9, 1, file_a), 50000);
    answer_find (&fake, NULL);
    const fake_sent_t *import = expect_import (&fake, "/a");
    fake_cancel (&fake, "installer", leader);
    assert_int_equal (fake.sent[fake.seen++].envelope->kind, GGEN__KIND__CANCEL);
    fake_answer_failure (&fake, import, CANCELLED, "stopped");
    fake_expect_failure (&fake, leader, CANCELLED);
    answer_import (&fake, expect_import (&fake, "/a"), "/cache/9");
    expect_fetched (&fake, other, "/cache/9", "file");
    fake_stop (&fake);
}

static void
when_all_askers_go_the_work_ends (void **state)
{
    (void) state;
    fake_t fake;
    want_t ask;
    start (&fake, 1000, 0);
    uint64_t id = fake_request (&fake, "installer", want (&ask, 9, 2, files_ab), 0);
    answer_find (&fake, NULL);
    const fake_sent_t *import = expect_import (&fake, "/a");
    fake_cancel (&fake, "installer", id);
    assert_int_equal (fake.sent[fake.seen++].envelope->kind, GGEN__KIND__CANCEL);
    fake_answer_failure (&fake, import, CANCELLED, "stopped");
    fake_expect_failure (&fake, id, CANCELLED);
    fake_expect_nothing (&fake);
    //  Nothing of it is left behind.
    fake_request (&fake, "installer", want (&ask, 9, 2, files_ab), 0);
    answer_find (&fake, NULL);
    fake_stop (&fake);
}

static void
progress_reaches_everyone_who_waits (void **state)
{
    (void) state;
    fake_t fake;
    want_t ask;
    start (&fake, 1000, 0);
    for (unsigned i = 0; i < 2; i++)
        fake_request (&fake, "installer", want (&ask, 9, 1, file_a), 0);
    answer_find (&fake, NULL);
    const fake_sent_t *import = expect_import (&fake, "/a");
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__PROGRESS;
    envelope.id = import->envelope->id;
    envelope.from = "blobs";
    Ggen__Progress progress = GGEN__PROGRESS__INIT;
    progress.done = 50;
    fake_deliver (&fake, &envelope, &progress.base);
    for (unsigned i = 0; i < 2; i++) {
        const Ggen__Progress *heard;
        fake_expect (&fake, &ggen__progress__descriptor, &heard);
        assert_int_equal (heard->done, 50);
    }
    fake_expect_nothing (&fake);
    fake_stop (&fake);
}

static void
wrong_bytes_of_the_only_source_are_a_checksum_mismatch (void **state)
{
    (void) state;
    fake_t fake;
    want_t ask;
    start (&fake, 1000, 0);
    uint64_t id = fake_request (&fake, "installer", want (&ask, 9, 1, file_a), 0);
    answer_find (&fake, NULL);
    Ggen__Detail rooms[] = {GGEN__DETAIL__INIT, GGEN__DETAIL__INIT};
    Ggen__Detail *details[] = {rooms, rooms + 1};
    rooms[0].key = "expected";
    rooms[1].key = "actual";
    Ggen__Failure failure = GGEN__FAILURE__INIT;
    failure.code = CHECKSUM_MISMATCH;
    failure.details = details;
    failure.n_details = 2;
    fake_answer (&fake, expect_import (&fake, "/a"), &failure.base);
    const Ggen__Failure *heard = fake_expect_failure (&fake, id, CHECKSUM_MISMATCH);
    assert_int_equal (heard->n_details, 2);
    assert_string_equal (heard->details[1]->key, "actual");
    fake_stop (&fake);
}

static void
wrong_bytes_of_one_source_make_it_try_the_next (void **state)
{
    (void) state;
    fake_t fake;
    want_t ask;
    start (&fake, 1000, 0);
    uint64_t id = fake_request (&fake, "installer", want (&ask, 9, 2, files_ab), 0);
    answer_find (&fake, NULL);
    fake_answer_failure (&fake, expect_import (&fake, "/a"), CHECKSUM_MISMATCH, "wrong");
    answer_import (&fake, expect_import (&fake, "/b"), "/cache/9");
    expect_fetched (&fake, id, "/cache/9", "file");
    fake_stop (&fake);
}

//  ---- from web servers --------------------------------------------------------------------------

static const fake_sent_t *
expect_download (fake_t *fake, uint8_t number)
{
    const Ggen__WebFetchRequest *download;
    const fake_sent_t *asked = fake_expect (fake, &ggen__web_fetch_request__descriptor, &download);
    digest_t digest = digest_of (number);
    assert_string_equal (asked->to, "web");
    assert_string_equal (download->url, "https://x");
    assert_memory_equal (download->sha256.data, digest.bytes, DIGEST_SIZE);
    return asked;
}

static void
a_web_server_gives_it_into_the_store (void **state)
{
    (void) state;
    static const char *const from_web[][2] = {{"http", "https://x"}};
    fake_t fake;
    want_t ask;
    start (&fake, 1000, 0);
    uint64_t id = fake_request (&fake, "installer", want (&ask, 9, 1, from_web), 0);
    answer_find (&fake, NULL);
    const fake_sent_t *asked = expect_download (&fake, 9);
    Ggen__WebFetchReply there = GGEN__WEB_FETCH_REPLY__INIT;
    there.path = "/store/9";
    there.size_bytes = 100;
    fake_answer (&fake, asked, &there.base);
    expect_fetched (&fake, id, "/store/9", "http");
    assert_int_equal (status_of (&fake)->blobs_count, 1);
    fake_stop (&fake);
}

static void
when_every_source_fails_each_is_named_with_its_reason (void **state)
{
    (void) state;
    fake_t fake;
    want_t ask;
    start (&fake, 1000, 0);
    uint64_t id = fake_request (&fake, "installer", want (&ask, 9, 3, all_kinds), 0);
    answer_find (&fake, NULL);
    fake_answer_failure (&fake, expect_download (&fake, 9), NETWORK, "nobody listens");
    fake_answer_failure (&fake, expect_import (&fake, "/a"), CHECKSUM_MISMATCH, "wrong bytes");
    const Ggen__Failure *failure = fake_expect_failure (&fake, id, ALL_PROVIDERS_FAILED);
    assert_non_null (strstr (failure->message, "pack@1.0.0"));
    assert_non_null (strstr (failure->message, "p2p: not tried: this registry is not served here"));
    assert_non_null (strstr (failure->message, "http: nobody listens: NETWORK"));
    assert_non_null (strstr (failure->message, "file: wrong bytes: CHECKSUM_MISMATCH"));
    assert_int_equal (failure->n_details, 3);
    assert_string_equal (failure->details[2]->key, "file");
    assert_string_equal (failure->details[2]->value, "wrong bytes");
    fake_stop (&fake);
}

static void
offline_passes_over_all_but_files (void **state)
{
    (void) state;
    fake_t fake;
    want_t ask;
    start (&fake, 1000, 0);
    want (&ask, 9, 2, all_kinds);
    ask.request.offline = true;
    uint64_t id = fake_request (&fake, "installer", &ask.request.base, 0);
    answer_find (&fake, NULL);
    const Ggen__Failure *failure = fake_expect_failure (&fake, id, ALL_PROVIDERS_FAILED);
    assert_non_null (strstr (failure->message, "http: not tried: offline"));
    fake_stop (&fake);
}

//  ---- from other nodes --------------------------------------------------------------------------

static const fake_sent_t *
expect_transfer (fake_t *fake, uint8_t number)
{
    const Ggen__TransferFetchRequest *transfer;
    const fake_sent_t *asked =
        fake_expect (fake, &ggen__transfer_fetch_request__descriptor, &transfer);
    digest_t digest = digest_of (number);
    assert_string_equal (asked->to, "transfer");
    assert_int_equal (transfer->record.len, 3);
    assert_int_equal (transfer->sha256.len, DIGEST_SIZE);
    assert_memory_equal (transfer->sha256.data, digest.bytes, DIGEST_SIZE);
    assert_string_equal (transfer->subject, "pack@1.0.0");
    return asked;
}

static void
other_nodes_give_it_through_transfer (void **state)
{
    (void) state;
    static const char *const p2p[][2] = {{"p2p", "dht:77"}};
    fake_t fake;
    want_t ask;
    start (&fake, 1000, 0);
    want (&ask, 7, 1, p2p);
    ask.sources[0].record = (ProtobufCBinaryData) {3, (uint8_t *) "rec"};
    uint64_t id = fake_request (&fake, "client", &ask.request.base, 0);
    answer_find (&fake, NULL);
    const fake_sent_t *asked = expect_transfer (&fake, 7);
    Ggen__TransferFetchReply reply = GGEN__TRANSFER_FETCH_REPLY__INIT;
    reply.path = "/blobs/07";
    reply.size_bytes = 100;
    fake_answer (&fake, asked, &reply.base);
    expect_fetched (&fake, id, "/blobs/07", "p2p");
    assert_int_equal (status_of (&fake)->blobs_count, 1);
    fake_stop (&fake);
}

static void
when_other_nodes_fail_the_next_source_is_tried (void **state)
{
    (void) state;
    static const char *const both[][2] = {{"p2p", "dht:77"}, {"file", "/a"}};
    fake_t fake;
    want_t ask;
    start (&fake, 1000, 0);
    want (&ask, 7, 2, both);
    ask.sources[0].record = (ProtobufCBinaryData) {3, (uint8_t *) "rec"};
    uint64_t id = fake_request (&fake, "client", &ask.request.base, 0);
    answer_find (&fake, NULL);
    fake_answer_failure (&fake, expect_transfer (&fake, 7), ALL_PROVIDERS_FAILED, "all failed");
    answer_import (&fake, expect_import (&fake, "/a"), "/blobs/07");
    expect_fetched (&fake, id, "/blobs/07", "file");
    fake_stop (&fake);
}

static void
without_any_source_it_says_so (void **state)
{
    (void) state;
    fake_t fake;
    want_t ask;
    start (&fake, 1000, 0);
    uint64_t id = fake_request (&fake, "installer", want (&ask, 9, 0, NULL), 0);
    answer_find (&fake, NULL);
    const Ggen__Failure *failure = fake_expect_failure (&fake, id, ALL_PROVIDERS_FAILED);
    assert_non_null (strstr (failure->message, "no source is known"));
    fake_stop (&fake);
}

static void
a_full_disk_ends_it_at_once (void **state)
{
    (void) state;
    fake_t fake;
    want_t ask;
    start (&fake, 1000, 0);
    uint64_t id = fake_request (&fake, "installer", want (&ask, 9, 2, files_ab), 0);
    answer_find (&fake, NULL);
    fake_answer_failure (&fake, expect_import (&fake, "/a"), INSUFFICIENT_DISK_SPACE, "full");
    fake_expect_failure (&fake, id, INSUFFICIENT_DISK_SPACE);
    fake_expect_nothing (&fake);
    fake_stop (&fake);
}

static void
a_digest_of_another_size_is_refused (void **state)
{
    (void) state;
    fake_t fake;
    want_t ask;
    start (&fake, 1000, 0);
    want (&ask, 9, 1, file_a);
    ask.request.sha256.len = 31;
    uint64_t id = fake_request (&fake, "installer", &ask.request.base, 0);
    fake_expect_failure (&fake, id, VALIDATION);
    fake_stop (&fake);
}

static uint8_t
expect_removed (fake_t *fake)
{
    const Ggen__BlobRemoveRequest *remove;
    const fake_sent_t *asked = fake_expect (fake, &ggen__blob_remove_request__descriptor, &remove);
    fake_answer (fake, asked, &(Ggen__BlobRemoveReply) GGEN__BLOB_REMOVE_REPLY__INIT.base);
    return remove->sha256.data[0];
}

static void
a_cache_found_too_large_removes_what_was_used_longest_ago (void **state)
{
    (void) state;
    fake_t fake;
    start (&fake, 250, 4);
    assert_int_equal (expect_removed (&fake), 1);
    assert_int_equal (expect_removed (&fake), 2);
    fake_expect_nothing (&fake);
    assert_int_equal (status_of (&fake)->size_bytes, 200);
    fake_stop (&fake);
}

static void
an_import_pushes_out_the_oldest_but_not_itself (void **state)
{
    (void) state;
    fake_t fake;
    want_t ask;
    start (&fake, 200, 2);
    uint64_t hit = fake_request (&fake, "installer", want (&ask, 1, 1, file_a), 0);
    answer_find (&fake, "/cache/1");
    expect_fetched (&fake, hit, "/cache/1", "cache");
    uint64_t id = fake_request (&fake, "installer", want (&ask, 9, 1, file_a), 0);
    answer_find (&fake, NULL);
    answer_import (&fake, expect_import (&fake, "/a"), "/cache/9");
    expect_fetched (&fake, id, "/cache/9", "file");
    assert_int_equal (expect_removed (&fake), 2);
    fake_expect_nothing (&fake);
    fake_stop (&fake);
}

static void
what_was_just_handed_out_goes_only_after_the_grace_time (void **state)
{
    (void) state;
    fake_t fake;
    want_t ask;
    start (&fake, 50, 0);
    fake_request (&fake, "installer", want (&ask, 9, 1, file_a), 0);
    answer_find (&fake, NULL);
    answer_import (&fake, expect_import (&fake, "/a"), "/cache/9");
    fake.seen++;
    fake_pass (&fake, CACHE_GRACE_MS - 1);
    fake_expect_nothing (&fake);
    //  Being fetched again keeps it, however old it is.
    fake_request (&fake, "installer", want (&ask, 9, 1, file_a), 0);
    const Ggen__BlobFindRequest *find;
    const fake_sent_t *asked = fake_expect (&fake, &ggen__blob_find_request__descriptor, &find);
    fake_pass (&fake, 20000);
    fake_expect_nothing (&fake);
    Ggen__BlobFindReply reply = GGEN__BLOB_FIND_REPLY__INIT;
    reply.found = true;
    fake_answer (&fake, asked, &reply.base);
    fake.seen++;
    fake_request (&fake, "installer", want (&ask, 8, 1, file_a), 0);
    answer_find (&fake, NULL);
    answer_import (&fake, expect_import (&fake, "/a"), "/cache/8");
    fake.seen++;
    fake_expect_nothing (&fake);
    fake_pass (&fake, 2 * CACHE_GRACE_MS);
    assert_int_equal (expect_removed (&fake), 9);
    assert_int_equal (expect_removed (&fake), 8);
    fake_stop (&fake);
}

static void
requests_wait_until_the_list_is_loaded (void **state)
{
    (void) state;
    fake_t fake;
    want_t ask;
    cache_settings_t settings = {.bytes_max = 1000};
    fake_start (&fake, &cache_actor, &settings);
    const Ggen__BlobListRequest *list;
    const fake_sent_t *asked = fake_expect (&fake, &ggen__blob_list_request__descriptor, &list);
    fake_request (&fake, "installer", want (&ask, 9, 1, file_a), 0);
    fake_expect_nothing (&fake);
    //  A store that cannot be listed does not stop it.
    fake_answer_failure (&fake, asked, STORAGE, "no");
    answer_find (&fake, "/cache/9");
    fake_stop (&fake);
}

static void
more_fetches_than_it_can_do_at_one_time_are_refused (void **state)
{
    (void) state;
    fake_t fake;
    want_t ask;
    start (&fake, 1000, 0);
    for (unsigned i = 0; i < CACHE_FETCHES_MAX; i++)
        fake_request (&fake, "installer", want (&ask, (uint8_t) i, 1, file_a), 0);
    fake.seen = fake.sent_count;
    uint64_t id = fake_request (&fake, "installer", want (&ask, 99, 1, file_a), 0);
    fake_expect_failure (&fake, id, BUSY);
    fake_stop (&fake);
}

//  ---- upkeep ------------------------------------------------------------------------------------

static void
the_list_is_the_stores (void **state)
{
    (void) state;
    fake_t fake;
    start (&fake, 1000, 0);
    Ggen__CacheListRequest request = GGEN__CACHE_LIST_REQUEST__INIT;
    uint64_t id = fake_request (&fake, "installer", &request.base, 0);
    const Ggen__BlobListRequest *list;
    const fake_sent_t *asked = fake_expect (&fake, &ggen__blob_list_request__descriptor, &list);
    //  One at a time: the rest of its questions is for fetches.
    fake_expect_failure (&fake, fake_request (&fake, "installer", &request.base, 0), BUSY);
    Ggen__BlobListReply reply = GGEN__BLOB_LIST_REPLY__INIT;
    fake_answer (&fake, asked, &reply.base);
    const Ggen__BlobListReply *listed;
    const fake_sent_t *told = fake_expect (&fake, &ggen__blob_list_reply__descriptor, &listed);
    assert_int_equal (told->envelope->id, id);
    fake_stop (&fake);
}

static void
what_is_dropped_is_gone_but_what_is_being_fetched_stays (void **state)
{
    (void) state;
    fake_t fake;
    want_t ask;
    start (&fake, 1000, 3);
    fake_request (&fake, "installer", want (&ask, 2, 1, file_a), 0);
    fake.seen = fake.sent_count;
    digest_t digests[] = {digest_of (1), digest_of (2), digest_of (9)};
    ProtobufCBinaryData fields[3];
    for (unsigned i = 0; i < 3; i++)
        fields[i] = digest_to_field (&digests[i]);
    Ggen__CacheDropRequest request = GGEN__CACHE_DROP_REQUEST__INIT;
    request.sha256 = fields;
    request.n_sha256 = 3;
    fake_request (&fake, "installer", &request.base, 0);
    const Ggen__BlobDropRequest *drop;
    const fake_sent_t *asked = fake_expect (&fake, &ggen__blob_drop_request__descriptor, &drop);
    assert_int_equal (drop->n_sha256, 2);
    assert_memory_equal (drop->sha256[0].data, digests[0].bytes, DIGEST_SIZE);
    assert_memory_equal (drop->sha256[1].data, digests[2].bytes, DIGEST_SIZE);
    Ggen__BlobDropReply reply = GGEN__BLOB_DROP_REPLY__INIT;
    reply.sha256 = fields;
    reply.n_sha256 = 1;
    reply.freed_bytes = 100;
    fake_answer (&fake, asked, &reply.base);
    const Ggen__CacheDropReply *dropped;
    fake_expect (&fake, &ggen__cache_drop_reply__descriptor, &dropped);
    assert_int_equal (dropped->blobs_count, 1);
    assert_int_equal (dropped->freed_bytes, 100);
    Ggen__CacheStatusRequest status = GGEN__CACHE_STATUS_REQUEST__INIT;
    fake_request (&fake, "installer", &status.base, 0);
    const Ggen__CacheStatusReply *told;
    fake_expect (&fake, &ggen__cache_status_reply__descriptor, &told);
    assert_int_equal (told->blobs_count, 2);
    fake_stop (&fake);
}

//  ---- many --------------------------------------------------------------------------------------

typedef struct {
    want_t wants[3];
    Ggen__FetchRequest *list[MANY_FETCHES_MAX + 1];
    Ggen__FetchManyRequest request;
} many_want_t;

static const ProtobufCMessage *
want_many (many_want_t *self)
{
    ggen__fetch_many_request__init (&self->request);
    self->request.fetches = self->list;
    self->request.n_fetches = 3;
    for (unsigned i = 0; i < 3; i++) {
        want (&self->wants[i], (uint8_t) (i + 7), 1, file_a);
        self->list[i] = &self->wants[i].request;
    }
    return &self->request.base;
}

//  Blob 7 was there, 8 is new, 9 could not be had.
static void
answer_take (fake_t *fake)
{
    const Ggen__BlobTakeManyRequest *asked_for;
    const fake_sent_t *asked =
        fake_expect (fake, &ggen__blob_take_many_request__descriptor, &asked_for);
    assert_string_equal (asked->to, "blobs");
    assert_int_equal (asked_for->n_blobs, 3);
    assert_string_equal (asked_for->blobs[1]->path, "/a");
    assert_int_equal (asked_for->blobs[1]->size_bytes, 100);
    Ggen__BlobTaken taken[3], *list[3];
    Ggen__BlobTakeManyReply reply = GGEN__BLOB_TAKE_MANY_REPLY__INIT;
    reply.blobs = list;
    reply.n_blobs = 3;
    for (unsigned i = 0; i < 3; i++) {
        list[i] = &taken[i];
        ggen__blob_taken__init (list[i]);
    }
    taken[0].path = (char *) "/cache/7";
    taken[0].found = true;
    taken[1].path = (char *) "/cache/8";
    taken[0].size_bytes = taken[1].size_bytes = 100;
    fake_answer (fake, asked, &reply.base);
}

static void
many_are_one_question_and_those_that_cannot_be_had_are_left_out (void **state)
{
    (void) state;
    fake_t fake;
    many_want_t ask;
    start (&fake, 1000, 1);
    fake_request (&fake, "installer", want_many (&ask), 0);
    answer_take (&fake);
    const Ggen__FetchManyReply *reply;
    fake_expect (&fake, &ggen__fetch_many_reply__descriptor, &reply);
    assert_int_equal (reply->n_fetched, 3);
    assert_string_equal (reply->fetched[0]->path, "/cache/7");
    assert_string_equal (reply->fetched[0]->source, "cache");
    assert_string_equal (reply->fetched[1]->path, "/cache/8");
    assert_string_equal (reply->fetched[1]->source, "file");
    assert_int_equal (reply->fetched[1]->size_bytes, 100);
    assert_string_equal (reply->fetched[2]->path, "");
    const Ggen__CacheStatusReply *status = status_of (&fake);
    assert_int_equal (status->hits, 1);
    assert_int_equal (status->misses, 1);
    assert_int_equal (status->blobs_count, 3);
    fake_stop (&fake);
}

static void
many_that_are_being_fetched_stay_and_one_after_the_other_is_refused (void **state)
{
    (void) state;
    fake_t fake;
    many_want_t ask;
    digest_t seventh = digest_of (7);
    start (&fake, 1000, 7);
    const Ggen__BlobTakeManyRequest *take;
    for (unsigned i = 0; i < FETCH_MANY_MAX; i++) {
        fake_request (&fake, "installer", want_many (&ask), 0);
        fake_expect (&fake, &ggen__blob_take_many_request__descriptor, &take);
    }
    fake_expect_failure (&fake, fake_request (&fake, "installer", want_many (&ask), 0), BUSY);
    //  The newest of those that were there is one of them.
    Ggen__CacheDropRequest drop = GGEN__CACHE_DROP_REQUEST__INIT;
    ProtobufCBinaryData field = digest_to_field (&seventh);
    const Ggen__BlobDropRequest *dropped;
    drop.sha256 = &field;
    drop.n_sha256 = 1;
    fake_request (&fake, "installer", &drop.base, 0);
    fake_expect (&fake, &ggen__blob_drop_request__descriptor, &dropped);
    assert_int_equal (dropped->n_sha256, 0);
    fake_stop (&fake);
}

static void
when_blobs_fails_many_fail_and_the_next_are_asked_for (void **state)
{
    (void) state;
    fake_t fake;
    many_want_t ask;
    const Ggen__BlobTakeManyRequest *take;
    start (&fake, 1000, 0);
    for (unsigned i = 0; i < 2 * FETCH_MANY_MAX; i++) {
        uint64_t id = fake_request (&fake, "installer", want_many (&ask), 0);
        fake_answer_failure (&fake,
                             fake_expect (&fake, &ggen__blob_take_many_request__descriptor, &take),
                             STORAGE, "it burns");
        fake_expect_failure (&fake, id, STORAGE);
    }
    fake_stop (&fake);
}

static void
many_of_another_place_than_a_path_or_too_many_are_refused (void **state)
{
    (void) state;
    static const char *const nodes[][2] = {{"p2p", "12D3"}};
    fake_t fake;
    many_want_t ask;
    start (&fake, 1000, 0);
    want_many (&ask);
    want (&ask.wants[1], 8, 1, nodes);
    fake_expect_failure (&fake, fake_request (&fake, "installer", &ask.request.base, 0), VALIDATION);
    want (&ask.wants[1], 8, 0, nodes);
    fake_expect_failure (&fake, fake_request (&fake, "installer", &ask.request.base, 0), VALIDATION);
    want_many (&ask);
    for (unsigned i = 0; i <= MANY_FETCHES_MAX; i++)
        ask.list[i] = &ask.wants[0].request;
    ask.request.n_fetches = MANY_FETCHES_MAX + 1;
    fake_expect_failure (&fake, fake_request (&fake, "installer", &ask.request.base, 0), VALIDATION);
    fake_expect_nothing (&fake);
    fake_stop (&fake);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (what_the_store_has_is_a_hit),
        cmocka_unit_test (what_it_has_not_is_imported_and_counted),
        cmocka_unit_test (a_store_that_cannot_be_written_gives_the_source_and_keeps_nothing),
        cmocka_unit_test (fetches_of_the_same_are_one_import_and_all_are_answered),
        cmocka_unit_test (another_fetch_of_the_same_bytes_waits_and_then_finds_them),
        cmocka_unit_test (when_the_asker_it_works_for_goes_the_others_still_get_their_bytes),
        cmocka_unit_test (when_all_askers_go_the_work_ends),
        cmocka_unit_test (progress_reaches_everyone_who_waits),
        cmocka_unit_test (wrong_bytes_of_the_only_source_are_a_checksum_mismatch),
        cmocka_unit_test (wrong_bytes_of_one_source_make_it_try_the_next),
        cmocka_unit_test (a_web_server_gives_it_into_the_store),
        cmocka_unit_test (when_every_source_fails_each_is_named_with_its_reason),
        cmocka_unit_test (offline_passes_over_all_but_files),
        cmocka_unit_test (other_nodes_give_it_through_transfer),
        cmocka_unit_test (when_other_nodes_fail_the_next_source_is_tried),
        cmocka_unit_test (without_any_source_it_says_so),
        cmocka_unit_test (a_full_disk_ends_it_at_once),
        cmocka_unit_test (a_digest_of_another_size_is_refused),
        cmocka_unit_test (a_cache_found_too_large_removes_what_was_used_longest_ago),
        cmocka_unit_test (an_import_pushes_out_the_oldest_but_not_itself),
        cmocka_unit_test (what_was_just_handed_out_goes_only_after_the_grace_time),
        cmocka_unit_test (requests_wait_until_the_list_is_loaded),
        cmocka_unit_test (more_fetches_than_it_can_do_at_one_time_are_refused),
        cmocka_unit_test (the_list_is_the_stores),
        cmocka_unit_test (what_is_dropped_is_gone_but_what_is_being_fetched_stays),
        cmocka_unit_test (many_are_one_question_and_those_that_cannot_be_had_are_left_out),
        cmocka_unit_test (many_that_are_being_fetched_stay_and_one_after_the_other_is_refused),
        cmocka_unit_test (when_blobs_fails_many_fail_and_the_next_are_asked_for),
        cmocka_unit_test (many_of_another_place_than_a_path_or_too_many_are_refused),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
