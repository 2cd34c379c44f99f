// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#include "actors/transfer/transfer_inside.h"
#include "transfer_rig.h"

//  ---- what others ask ---------------------------------------------------------------------------

static void
ask_chunk (unsigned peer, uint32_t chunk, uint32_t arrived_bytes)
{
    Ggen__ChunkRequest request = GGEN__CHUNK_REQUEST__INIT;
    request.sha256 = digest_to_field (&rig_sha256);
    request.chunk = chunk;
    request.arrived_bytes = arrived_bytes;
    puppet_ask_from (&rig, rig_address (peer), &request.base, 60000);
}

static void
tell_arrived (unsigned peer, uint32_t bytes)
{
    Ggen__ChunksArrived arrived = GGEN__CHUNKS_ARRIVED__INIT;
    arrived.arrived_bytes = bytes;
    puppet_ask_from (&rig, rig_address (peer), &arrived.base, 0);
}

static code_t
failure_to (const char *to)
{
    said_t said = rig_take_type (to, &ggen__failure__descriptor);
    Ggen__Failure *failure = rig_body (&said, &ggen__failure__descriptor);
    code_t code = failure->code;
    puppet_free (failure);
    said_free (&said);
    return code;
}

//  The blob store reads what it is asked for next; false when it is asked for nothing.
static bool
read_one (bool right)
{
    said_t said = {0};
    static uint8_t wrong[RECORD_CHUNK_BYTES];
    Ggen__BlobReadReply reply = GGEN__BLOB_READ_REPLY__INIT;
    if (!puppet_take (&rig, "blobs", &said))
        return false;
    Ggen__BlobReadRequest *request = rig_body (&said, &ggen__blob_read_request__descriptor);
    bytes_t bytes = {right ? rig_content + request->offset : wrong, request->size_bytes};
    puppet_free (request);
    puppet_reply_with (&rig, &said, &reply.base, bytes);
    return true;
}

static unsigned
sent_to (unsigned peer, const char *type)
{
    unsigned count = 0;
    for (unsigned i = 0; i < rig.said_count; i++)
        count += strcmp (rig.said[i].to, rig_address (peer)) == 0
                 && strcmp (rig.said[i].envelope->type, type) == 0;
    return count;
}

static void
forget_all_said (void)
{
    for (unsigned i = 0; i < rig.said_count; i++)
        said_free (&rig.said[i]);
    rig.said_count = 0;
}

static Ggen__TransferStatusReply *
status (void)
{
    Ggen__TransferStatusRequest request = GGEN__TRANSFER_STATUS_REQUEST__INIT;
    puppet_ask (&rig, &request.base);
    return puppet_hear (&rig, &ggen__transfer_status_reply__descriptor);
}

//  The path away from here carries 'bytes_s' a second; nothing is on its way.
static void
measure (uint32_t bytes_s)
{
    for (unsigned i = 0; i < 30; i++) {
        uint32_t sent = 0;
        for (; sent < bytes_s / 2; sent += RECORD_CHUNK_BYTES) {
            ask_chunk (20 + sent / RECORD_CHUNK_BYTES % 8, 0, 0);
            read_one (true);
        }
        unsigned peers = sent / RECORD_CHUNK_BYTES < 8 ? sent / RECORD_CHUNK_BYTES : 8;
        for (unsigned peer = 20; peer < 20 + peers; peer++) {
            puppet_wait (&rig, (int64_t) sent * 1000 / bytes_s / peers + 1);
            tell_arrived (peer, sent_to (peer, "ChunkReply") * RECORD_CHUNK_BYTES);
        }
        forget_all_said ();
    }
}

//  ---- serving -----------------------------------------------------------------------------------

static void
a_chunk_that_is_asked_for_is_read_and_sent (void **state)
{
    (void) state;
    rig_start (true);
    ask_chunk (1, 7, 0);
    assert_true (read_one (true));
    said_t said = rig_take_type (rig_address (1), &ggen__chunk_reply__descriptor);
    assert_int_equal (said.attachment_size, RECORD_CHUNK_BYTES);
    assert_memory_equal (said.attachment, rig_chunk (7).data, said.attachment_size);
    said_free (&said);
    ask_chunk (1, RIG_CHUNKS - 1, 0);
    assert_true (read_one (true));
    said = rig_take_type (rig_address (1), &ggen__chunk_reply__descriptor);
    assert_int_equal (said.attachment_size, RIG_LAST);
    said_free (&said);
    Ggen__TransferStatusReply *now = status ();
    assert_int_equal (now->sent_bytes, RECORD_CHUNK_BYTES + RIG_LAST);
    assert_int_equal (now->serving, 1);
    puppet_free (now);
}

static void
what_is_not_served_or_does_not_exist_is_refused (void **state)
{
    (void) state;
    rig_start (false);
    ask_chunk (1, 0, 0);
    assert_int_equal (failure_to (rig_address (1)), PACKAGE_NOT_FOUND);
    puppet_stop (&rig);
    rig_start (true);
    ask_chunk (1, RIG_CHUNKS, 0);
    assert_int_equal (failure_to (rig_address (1)), VALIDATION);
    Ggen__ChunkRequest bad = GGEN__CHUNK_REQUEST__INIT;
    puppet_ask_from (&rig, rig_address (1), &bad.base, 60000);
    assert_int_equal (failure_to (rig_address (1)), VALIDATION);
    //  As an event it has nobody to be answered to.
    bad.sha256 = digest_to_field (&rig_sha256);
    puppet_ask_from (&rig, rig_address (1), &bad.base, 0);
    assert_false (read_one (true));
}

static void
have_says_all_or_nothing (void **state)
{
    (void) state;
    for (unsigned serves = 0; serves < 2; serves++) {
        rig_start (serves);
        Ggen__HaveRequest request = GGEN__HAVE_REQUEST__INIT;
        request.sha256 = digest_to_field (&rig_sha256);
        puppet_ask_from (&rig, rig_address (1), &request.base, 60000);
        said_t said = rig_take_type (rig_address (1), &ggen__have_reply__descriptor);
        Ggen__HaveReply *reply = rig_body (&said, &ggen__have_reply__descriptor);
        assert_int_equal (reply->all, serves);
        puppet_free (reply);
        said_free (&said);
        puppet_stop (&rig);
    }
}

//  ---- what is kept of an earlier life -----------------------------------------------------------

#define MANY_CHUNKS 400u            //  of a release whose record is large

//  A record as "state" keeps it: its signature was checked once.
static void
make_many (uint32_t number, Ggen__StateEntry *entry, uint8_t sha256[DIGEST_SIZE])
{
    static uint8_t digests[MANY_CHUNKS * DIGEST_SIZE], payload[sizeof digests + 500];
    uint8_t key[PUBLISHER_KEY_SIZE] = {1}, signature[RECORD_SIGNATURE_SIZE] = {1};
    memset (sha256, 0, DIGEST_SIZE);
    memcpy (sha256, &number, sizeof number);
    Ggen__Release release = GGEN__RELEASE__INIT;
    release.name = "many";
    release.version = "1.0.0";
    release.sha256 = release.files_sha256 = release.manifest_sha256 =
        (ProtobufCBinaryData) {DIGEST_SIZE, sha256};
    release.size_bytes = MANY_CHUNKS * (uint64_t) RECORD_CHUNK_BYTES;
    release.chunk_bytes = RECORD_CHUNK_BYTES;
    release.chunks = (ProtobufCBinaryData) {sizeof digests, digests};
    release.unpacked_bytes = 5000;
    release.files_count = 3;
    release.published_at = 1763600000;
    release.archive_format = "tar.gz";
    Ggen__SignedRecord record = GGEN__SIGNED_RECORD__INIT;
    record.kind = GGEN__RECORD_KIND__RELEASE;
    record.payload = (ProtobufCBinaryData) {ggen__release__pack (&release, payload), payload};
    record.key = (ProtobufCBinaryData) {sizeof key, key};
    record.signature = (ProtobufCBinaryData) {sizeof signature, signature};
    Ggen__ServedEntry value = GGEN__SERVED_ENTRY__INIT;
    value.record.len = ggen__signed_record__get_packed_size (&record);
    value.record.data = malloc (value.record.len);
    assert_non_null (value.record.data);
    ggen__signed_record__pack (&record, value.record.data);
    value.reason = GGEN__SERVE_REASON__SERVE_PUBLISHED;
    *entry = (Ggen__StateEntry) GGEN__STATE_ENTRY__INIT;
    entry->key = (ProtobufCBinaryData) {DIGEST_SIZE, sha256};
    entry->value.data = malloc (ggen__served_entry__get_packed_size (&value));
    assert_non_null (entry->value.data);
    entry->value.len = ggen__served_entry__pack (&value, entry->value.data);
    free (value.record.data);
}

//  Born, with so many releases kept, in pages.
static void
start_with (uint32_t count, bool unchecked)
{
    enum { PAGE = 32 };
    uint8_t sha256[PAGE][DIGEST_SIZE];
    Ggen__StateEntry entries[PAGE], *list[PAGE];
    rig = (puppet_t) {0};
    puppet_start (&rig, &transfer_actor, &rig_settings);
    for (uint32_t at = 0; at < count;) {
        said_t load = rig_take_type ("state", &ggen__state_load_request__descriptor);
        Ggen__StateLoadReply page = GGEN__STATE_LOAD_REPLY__INIT;
        page.entries = list;
        for (; page.n_entries < PAGE && at < count; page.n_entries++, at++) {
            make_many (at, &entries[page.n_entries], sha256[page.n_entries]);
            entries[page.n_entries].unchecked = unchecked;
            list[page.n_entries] = &entries[page.n_entries];
        }
        if (at < count)
            page.next_key = list[page.n_entries - 1]->key;
        puppet_reply (&rig, &load, &page.base);
        for (size_t i = 0; i < page.n_entries; i++)
            free (entries[i].value.data);
    }
    forget_all_said ();
}

static void
withdraw (uint32_t number)
{
    uint8_t sha256[DIGEST_SIZE] = {0};
    memcpy (sha256, &number, sizeof number);
    Ggen__WithdrawBlobRequest request = GGEN__WITHDRAW_BLOB_REQUEST__INIT;
    request.sha256 = (ProtobufCBinaryData) {sizeof sha256, sha256};
    puppet_ask (&rig, &request.base);
    puppet_free (puppet_hear (&rig, &ggen__withdraw_blob_reply__descriptor));
}

static bool
serves (uint32_t number)
{
    uint8_t sha256[DIGEST_SIZE] = {0};
    memcpy (sha256, &number, sizeof number);
    Ggen__HaveRequest request = GGEN__HAVE_REQUEST__INIT;
    request.sha256 = (ProtobufCBinaryData) {sizeof sha256, sha256};
    puppet_ask_from (&rig, rig_address (1), &request.base, 60000);
    said_t said = rig_take_type (rig_address (1), &ggen__have_reply__descriptor);
    Ggen__HaveReply *reply = rig_body (&said, &ggen__have_reply__descriptor);
    const bool all = reply->all;
    puppet_free (reply);
    said_free (&said);
    return all;
}

static void
what_is_withdrawn_leaves_all_others_served (void **state)
{
    (void) state;
    static const uint32_t gone[] = {0, 4, 3, 1};
    start_with (5, false);
    for (unsigned i = 0; i < COUNT_OF (gone); i++) {
        withdraw (gone[i]);
        assert_false (serves (gone[i]));
        for (unsigned left = i + 1; left < COUNT_OF (gone); left++)
            assert_true (serves (gone[left]));
        assert_true (serves (2));
    }
    const transfer_t *transfer = actor_state (rig.actor);
    assert_int_equal (transfer->served.count, 1);
    assert_int_equal (transfer->served.list[0]->release->sha256.bytes[0], 2);
}

//  Its record would be told to others when it is to be hosted by more of them.
static void
what_may_have_been_spoilt_on_the_disk_is_served_only_when_its_signature_is_good (void **state)
{
    (void) state;
    start_with (1, false);
    assert_true (serves (0));
    puppet_stop (&rig);
    start_with (1, true);
    assert_false (serves (0));
}

static void
records_of_what_is_served_are_bounded_in_bytes (void **state)
{
    (void) state;
    start_with (700, false);
    const served_t *served = &((const transfer_t *) actor_state (rig.actor))->served;
    assert_in_range (served->records_bytes, SERVED_RECORDS_BYTES_MAX / 2, SERVED_RECORDS_BYTES_MAX);
    assert_in_range (served->count, 500, 699);
    //  What goes makes room.
    const uint64_t before = served->records_bytes;
    withdraw (0);
    assert_true (served->records_bytes < before);
}

//  ---- what goes wrong ---------------------------------------------------------------------------

static void
a_chunk_that_the_disk_spoilt_is_not_sent_and_everything_is_withdrawn (void **state)
{
    (void) state;
    rig_start (true);
    ask_chunk (1, 3, 0);
    assert_true (read_one (false));
    assert_int_equal (failure_to (rig_address (1)), PACKAGE_NOT_FOUND);
    said_t said = rig_take_type ("state", &ggen__state_put_request__descriptor);
    Ggen__StatePutRequest *put = rig_body (&said, &ggen__state_put_request__descriptor);
    assert_int_equal (put->n_remove, 1);
    puppet_free (put);
    said_free (&said);
    said = rig_take_type ("dht", &ggen__dht_provide_request__descriptor);
    Ggen__DhtProvideRequest *provide = rig_body (&said, &ggen__dht_provide_request__descriptor);
    assert_true (provide->withdraw);
    puppet_free (provide);
    said_free (&said);
    said = rig_take_type ("blobs", &ggen__blob_hold_request__descriptor);
    said_free (&said);
    said = rig_take_type ("blobs", &ggen__blob_remove_request__descriptor);
    said_free (&said);
    ask_chunk (1, 4, 0);
    assert_int_equal (failure_to (rig_address (1)), PACKAGE_NOT_FOUND);
}

static void
a_blob_store_that_is_busy_withdraws_nothing (void **state)
{
    (void) state;
    rig_start (true);
    ask_chunk (1, 3, 0);
    said_t said = rig_take ("blobs");
    puppet_refuse (&rig, &said, STORAGE);
    assert_int_equal (failure_to (rig_address (1)), BUSY);
    ask_chunk (1, 3, 0);
    assert_true (read_one (true));
    assert_int_equal (sent_to (1, "ChunkReply"), 1);
}

//  ---- bounds ------------------------------------------------------------------------------------

static void
one_peer_has_at_most_four_mebibytes_on_their_way (void **state)
{
    (void) state;
    rig_start (true);
    for (unsigned i = 0; i < 20; i++)
        ask_chunk (1, i, 0);
    while (read_one (true))
        ;
    assert_int_equal (sent_to (1, "ChunkReply"), 16);
    tell_arrived (1, 2 * RECORD_CHUNK_BYTES);
    while (read_one (true))
        ;
    assert_int_equal (sent_to (1, "ChunkReply"), 18);
    //  One more request, and with it word of the rest.
    ask_chunk (1, 30, 16 * RECORD_CHUNK_BYTES);
    while (read_one (true))
        ;
    assert_int_equal (sent_to (1, "ChunkReply"), 21);
}

static void
who_says_more_has_arrived_than_was_sent_gains_nothing (void **state)
{
    (void) state;
    rig_start (true);
    tell_arrived (1, UINT32_MAX);
    ask_chunk (1, 0, UINT32_MAX);
    for (unsigned i = 1; i < 20; i++)
        ask_chunk (1, i, 0);
    while (read_one (true))
        ;
    assert_int_equal (sent_to (1, "ChunkReply"), 16);
}

static void
all_peers_have_at_most_sixteen_mebibytes_on_their_way (void **state)
{
    (void) state;
    rig_start (true);
    measure (16u << 20);
    for (unsigned peer = 0; peer < 6; peer++)
        for (unsigned i = 0; i < 14; i++) {
            ask_chunk (peer, i, 0);
            while (read_one (true))
                ;
        }
    unsigned sent = 0;
    for (unsigned peer = 0; peer < 6; peer++)
        sent += sent_to (peer, "ChunkReply");
    assert_int_equal (sent, SERVE_NODE_BYTES_MAX / RECORD_CHUNK_BYTES);
    //  A session that ends makes room for the others.
    Ggen__PeerDown down = GGEN__PEER_DOWN__INIT;
    peer_key_t key = rig_peer (0);
    down.peer_key = peer_key_to_field (&key);
    puppet_ask_from (&rig, "swarm", &down.base, 0);
    assert_true (read_one (true));
}

static void
no_more_is_on_its_way_than_arrives_in_two_seconds (void **state)
{
    (void) state;
    rig_start (true);
    measure (2u << 20);
    for (unsigned peer = 0; peer < 6; peer++)
        for (unsigned i = 0; i < 14; i++) {
            ask_chunk (peer, i, 0);
            while (read_one (true))
                ;
        }
    unsigned sent = 0;
    for (unsigned peer = 0; peer < 6; peer++)
        sent += sent_to (peer, "ChunkReply");
    assert_in_range (sent, 14, 17);
}

static void
a_slow_path_serves_few_at_one_time_and_the_others_are_told_to_come_again (void **state)
{
    (void) state;
    rig_start (true);
    measure (512u << 10);
    for (unsigned peer = 0; peer < 20; peer++)
        ask_chunk (peer, 0, 0);
    unsigned refused = 0;
    for (unsigned peer = 0; peer < 20; peer++)
        refused += sent_to (peer, "Failure");
    assert_in_range (refused, 11, 13);
    //  Who has got what he wanted makes room.
    while (read_one (true))
        ;
    tell_arrived (0, RECORD_CHUNK_BYTES);
    ask_chunk (19, 0, 0);
    assert_true (read_one (true));
}

static void
who_is_silent_is_taken_to_have_got_it (void **state)
{
    (void) state;
    rig_start (true);
    for (unsigned i = 0; i < 17; i++)
        ask_chunk (1, i, 0);
    while (read_one (true))
        ;
    assert_int_equal (sent_to (1, "ChunkReply"), 16);
    puppet_wait (&rig, SERVE_SILENCE_MS);
    assert_true (read_one (true));
    assert_int_equal (sent_to (1, "ChunkReply"), 17);
}

static void
at_most_six_are_read_at_one_time_and_everybody_has_his_turn (void **state)
{
    (void) state;
    rig_start (true);
    for (unsigned peer = 0; peer < 4; peer++)
        for (unsigned i = 0; i < 5; i++)
            ask_chunk (peer, i, 0);
    unsigned reads = 0;
    for (unsigned i = 0; i < rig.said_count; i++)
        reads += strcmp (rig.said[i].to, "blobs") == 0;
    assert_int_equal (reads, SERVE_READS_MAX);
    //  The first took five reads before others asked; then they go round.
    for (unsigned i = 0; i < 12; i++)
        assert_true (read_one (true));
    for (unsigned peer = 0; peer < 4; peer++)
        assert_true (sent_to (peer, "ChunkReply") >= 2);
}

static void
queues_are_bounded_and_nobody_takes_all_of_them (void **state)
{
    (void) state;
    rig_start (true);
    measure (16u << 20);
    for (unsigned i = 0; i < 40; i++)
        ask_chunk (0, 1, 0);
    //  Six are being read, sixteen wait.
    assert_int_equal (sent_to (0, "Failure"), 40 - SERVE_READS_MAX - SERVE_QUEUE_MAX);
    for (unsigned peer = 1; peer < 8; peer++)
        for (unsigned i = 0; i < 20; i++)
            ask_chunk (peer, 1, 0);
    //  When half of the room is taken, each gets a little of the other half.
    assert_int_equal (sent_to (1, "Failure"), 4);
    assert_int_equal (sent_to (7, "Failure"), 20 - SERVE_QUEUE_SHARE);
    forget_all_said ();
    for (unsigned peer = 8; peer < 100; peer++)
        ask_chunk (peer, 1, 0);
    unsigned refused = 0;
    for (unsigned peer = 8; peer < 100; peer++)
        refused += sent_to (peer, "Failure");
    assert_true (refused > 0);
    assert_int_equal (actor_metrics (rig.actor).open, SERVE_QUEUES_MAX + SERVE_READS_MAX);
}

static void
many_askers_are_forgotten_when_they_are_idle (void **state)
{
    (void) state;
    rig_start (true);
    for (unsigned peer = 0; peer < 3 * SERVE_PEERS_MAX; peer++) {
        ask_chunk (peer, RIG_CHUNKS - 1, 0);
        assert_true (read_one (true));
        assert_int_equal (sent_to (peer, "ChunkReply"), 1);
        tell_arrived (peer, RIG_LAST);
        forget_all_said ();
    }
}

static void
a_request_that_is_cancelled_is_not_read (void **state)
{
    (void) state;
    rig_start (true);
    for (unsigned i = 0; i < SERVE_READS_MAX; i++)
        ask_chunk (1, i, 0);
    ask_chunk (2, 20, 0);
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__CANCEL;
    envelope.id = rig.next_id;
    envelope.from = (char *) rig_address (2);
    assert_int_equal (puppet_deliver (&rig, &envelope, NULL, 0), OK);
    assert_int_equal (failure_to (rig_address (2)), CANCELLED);
    while (read_one (true))
        ;
    assert_int_equal (sent_to (2, "ChunkReply"), 0);
    assert_int_equal (sent_to (1, "ChunkReply"), SERVE_READS_MAX);
}

//  ---- by chance ---------------------------------------------------------------------------------

static void
whatever_they_ask_the_bounds_hold (void **state)
{
    (void) state;
    uint32_t seed = 12345, on_way[8] = {0};
    rig_start (true);
    for (unsigned i = 0; i < 5000; i++) {
        seed = seed * 1664525 + 1013904223;
        unsigned peer = seed >> 20 & 7, what = seed >> 8 & 15;
        if (what < 8) {
            uint32_t told = on_way[peer] > 0 && what < 3 ? RECORD_CHUNK_BYTES : 0;
            ask_chunk (peer, seed >> 12 & 31, told);
            on_way[peer] -= told;
        }
        else if (what < 14)
            read_one (true);
        else if (what == 14)
            puppet_wait (&rig, 1);
        else {
            tell_arrived (peer, on_way[peer]);
            on_way[peer] = 0;
        }
        uint32_t all = 0;
        for (unsigned at = 0; at < 8; at++) {
            on_way[at] += sent_to (at, "ChunkReply") * RECORD_CHUNK_BYTES;
            assert_true (on_way[at] <= SERVE_PEER_BYTES_MAX);
            all += on_way[at];
        }
        assert_true (all <= SERVE_NODE_BYTES_MAX);
        for (unsigned at = 0; at < rig.said_count;)
            if (strcmp (rig.said[at].to, "blobs") == 0)
                at++;
            else {
                said_free (&rig.said[at]);
                memmove (rig.said + at, rig.said + at + 1,
                         (--rig.said_count - at) * sizeof rig.said[0]);
            }
    }
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        IN_RIG (a_chunk_that_is_asked_for_is_read_and_sent),
        IN_RIG (what_is_not_served_or_does_not_exist_is_refused),
        IN_RIG (have_says_all_or_nothing),
        IN_RIG (what_is_withdrawn_leaves_all_others_served),
        IN_RIG (what_may_have_been_spoilt_on_the_disk_is_served_only_when_its_signature_is_good),
        IN_RIG (records_of_what_is_served_are_bounded_in_bytes),
        IN_RIG (a_chunk_that_the_disk_spoilt_is_not_sent_and_everything_is_withdrawn),
        IN_RIG (a_blob_store_that_is_busy_withdraws_nothing),
        IN_RIG (one_peer_has_at_most_four_mebibytes_on_their_way),
        IN_RIG (who_says_more_has_arrived_than_was_sent_gains_nothing),
        IN_RIG (all_peers_have_at_most_sixteen_mebibytes_on_their_way),
        IN_RIG (no_more_is_on_its_way_than_arrives_in_two_seconds),
        IN_RIG (a_slow_path_serves_few_at_one_time_and_the_others_are_told_to_come_again),
        IN_RIG (who_is_silent_is_taken_to_have_got_it),
        IN_RIG (at_most_six_are_read_at_one_time_and_everybody_has_his_turn),
        IN_RIG (queues_are_bounded_and_nobody_takes_all_of_them),
        IN_RIG (many_askers_are_forgotten_when_they_are_idle),
        IN_RIG (a_request_that_is_cancelled_is_not_read),
        IN_RIG (whatever_they_ask_the_bounds_hold),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
