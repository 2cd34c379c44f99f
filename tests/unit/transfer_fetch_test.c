// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#include "transfer_rig.h"

//  ---- what the others say -----------------------------------------------------------------------

static uint64_t
fetch_from (unsigned peers)
{
    Ggen__TransferFetchRequest request = GGEN__TRANSFER_FETCH_REQUEST__INIT;
    Ggen__Contact contacts[16], *list[16];
    peer_key_t keys[16];
    request.record = (ProtobufCBinaryData) {rig_record_size, rig_record};
    request.subject = "rust-cli@1.0.0";
    request.providers = list;
    for (unsigned i = 0; i < peers; i++) {
        keys[i] = rig_peer (i);
        ggen__contact__init (&contacts[i]);
        contacts[i].peer_key = peer_key_to_field (&keys[i]);
        list[request.n_providers++] = &contacts[i];
    }
    return puppet_ask (&rig, &request.base);
}

//  The part has these chunks.
static void
open_part (uint8_t *bitmap, size_t size)
{
    Ggen__PartOpenReply reply = GGEN__PART_OPEN_REPLY__INIT;
    reply.bitmap = (ProtobufCBinaryData) {size, bitmap};
    said_t open = rig_take_type ("blobs", &ggen__part_open_request__descriptor);
    puppet_reply (&rig, &open, &reply.base);
}

static void
rank_as_given (void)
{
    said_t rank = rig_take_type ("reputation", &ggen__rank_request__descriptor);
    puppet_refuse (&rig, &rank, TIMEOUT);
}

static void
begin (unsigned peers)
{
    rig_start (false);
    fetch_from (peers);
    open_part (NULL, 0);
    rank_as_given ();
}

//  All of a part but 'missing' chunks from the first on.
static void
begin_with_missing (unsigned peers, unsigned missing)
{
    uint8_t bitmap[5];
    memset (bitmap, 0xFF, sizeof bitmap);
    for (unsigned i = 0; i < missing; i++)
        bitmap[i / 8] &= (uint8_t) ~(1u << i % 8);
    rig_start (false);
    fetch_from (peers);
    open_part (bitmap, sizeof bitmap);
    rank_as_given ();
}

static unsigned
asked_of (unsigned peer)
{
    unsigned count = 0;
    for (unsigned i = 0; i < rig.said_count; i++)
        count += strcmp (rig.said[i].to, rig_address (peer)) == 0
                 && rig.said[i].envelope->kind == GGEN__KIND__REQUEST;
    return count;
}

static uint32_t
chunk_of (const said_t *said)
{
    Ggen__ChunkRequest *request = rig_body (said, &ggen__chunk_request__descriptor);
    uint32_t chunk = request->chunk;
    puppet_free (request);
    return chunk;
}

static void
send_chunk (said_t *said)
{
    Ggen__ChunkReply reply = GGEN__CHUNK_REPLY__INIT;
    reply.chunk = chunk_of (said);
    puppet_reply_with (&rig, said, &reply.base, rig_chunk (reply.chunk));
}

//  The chunk that was asked of a peer first comes, and is written.
static uint32_t
give (unsigned peer)
{
    said_t said = rig_take_request (rig_address (peer));
    uint32_t chunk = chunk_of (&said);
    send_chunk (&said);
    return chunk;
}

static void
write_one (uint32_t chunk)
{
    Ggen__PartWriteReply reply = GGEN__PART_WRITE_REPLY__INIT;
    said_t said = rig_take_type ("blobs", &ggen__part_write_request__descriptor);
    Ggen__PartWriteRequest *request = rig_body (&said, &ggen__part_write_request__descriptor);
    assert_int_equal (request->chunk, chunk);
    assert_int_equal (said.attachment_size, rig_chunk (chunk).size);
    assert_memory_equal (said.attachment, rig_chunk (chunk).data, said.attachment_size);
    puppet_free (request);
    puppet_reply (&rig, &said, &reply.base);
}

static void
finish (code_t code)
{
    Ggen__PartFinishReply reply = GGEN__PART_FINISH_REPLY__INIT;
    reply.path = "/cache/blobs/ab/abcd";
    said_t said = rig_take_type ("blobs", &ggen__part_finish_request__descriptor);
    if (code)
        puppet_refuse (&rig, &said, code);
    else
        puppet_reply (&rig, &said, &reply.base);
}

//  What was told on the way is not looked at.
static void
hear_fetched (void)
{
    said_t said = {0};
    do {
        said_free (&said);
        said = rig_take (PUPPET_TESTER);
    } while (said.envelope->kind == GGEN__KIND__PROGRESS);
    assert_string_equal (said.envelope->type, "TransferFetchReply");
    said_free (&said);
}

static code_t
hear_failure (unsigned *details_p)
{
    Ggen__Failure *failure = puppet_hear (&rig, &ggen__failure__descriptor);
    code_t code = failure->code;
    if (details_p)
        *details_p = (unsigned) failure->n_details;
    puppet_free (failure);
    return code;
}

//  What reputation was told of a peer last; EXPERIENCE_NONE: nothing.
static Ggen__Experience
seen (unsigned peer)
{
    Ggen__Experience experience = GGEN__EXPERIENCE__EXPERIENCE_NONE;
    peer_key_t key = rig_peer (peer);
    for (unsigned i = 0; i < rig.said_count; i++) {
        if (strcmp (rig.said[i].to, "reputation") != 0
            || strcmp (rig.said[i].envelope->type, "Observation") != 0)
            continue;
        Ggen__Observation *one = rig_body (&rig.said[i], &ggen__observation__descriptor);
        if (memcmp (one->peer_key.data, key.bytes, PEER_KEY_SIZE) == 0)
            experience = one->experience;
        puppet_free (one);
    }
    return experience;
}

static bool
cancel_was_sent (unsigned peer)
{
    for (unsigned i = 0; i < rig.said_count; i++)
        if (strcmp (rig.said[i].to, rig_address (peer)) == 0
            && rig.said[i].envelope->kind == GGEN__KIND__CANCEL)
            return true;
    return false;
}

//  ---- the straight way --------------------------------------------------------------------------

static void
a_fetch_goes_from_part_to_providers_to_chunks_to_the_whole (void **state)
{
    (void) state;
    begin_with_missing (1, 3);
    for (unsigned i = 0; i < 3; i++)
        write_one (give (0));
    finish (OK);
    Ggen__TransferFetchReply *reply =
        puppet_hear (&rig, &ggen__transfer_fetch_reply__descriptor);
    assert_string_equal (reply->path, "/cache/blobs/ab/abcd");
    assert_int_equal (reply->size_bytes, RIG_BYTES);
    assert_int_equal (reply->peers, 1);
    assert_int_equal (reply->wrong_chunks, 0);
    puppet_free (reply);
    assert_int_equal (seen (0), GGEN__EXPERIENCE__SERVED);
    //  The peer learns that the last ones have come.
    said_t told = rig_take_type (rig_address (0), &ggen__chunks_arrived__descriptor);
    said_free (&told);
    assert_int_equal (actor_metrics (rig.actor).pending, 0);
}

static void
what_is_there_already_is_told_at_once (void **state)
{
    (void) state;
    rig_start (false);
    fetch_from (1);
    said_t open = rig_take ("blobs");
    Ggen__PartOpenReply reply = GGEN__PART_OPEN_REPLY__INIT;
    reply.complete = true;
    reply.path = "/there";
    puppet_reply (&rig, &open, &reply.base);
    hear_fetched ();
}

static void
a_part_with_all_chunks_only_has_to_be_finished (void **state)
{
    (void) state;
    uint8_t bitmap[5];
    memset (bitmap, 0xFF, sizeof bitmap);
    rig_start (false);
    fetch_from (1);
    open_part (bitmap, sizeof bitmap);
    finish (OK);
    hear_fetched ();
}

static void
providers_are_asked_of_the_dht_when_none_is_named (void **state)
{
    (void) state;
    rig_start (false);
    fetch_from (0);
    open_part (NULL, 0);
    said_t read = rig_take_type ("dht", &ggen__dht_read_request__descriptor);
    Ggen__DhtReadRequest *request = rig_body (&read, &ggen__dht_read_request__descriptor);
    assert_true (request->first_valid);
    puppet_free (request);
    Ggen__Contact contact = GGEN__CONTACT__INIT, *list[] = {&contact};
    peer_key_t key = rig_peer (5);
    contact.peer_key = peer_key_to_field (&key);
    Ggen__DhtReadReply reply = GGEN__DHT_READ_REPLY__INIT;
    reply.providers = list;
    reply.n_providers = 1;
    puppet_reply (&rig, &read, &reply.base);
    rank_as_given ();
    assert_int_equal (asked_of (5), 4);
}

static void
a_record_of_other_bytes_than_wanted_is_refused (void **state)
{
    (void) state;
    rig_start (false);
    uint8_t other[DIGEST_SIZE] = {1};
    Ggen__TransferFetchRequest request = GGEN__TRANSFER_FETCH_REQUEST__INIT;
    request.record = (ProtobufCBinaryData) {rig_record_size, rig_record};
    request.sha256 = (ProtobufCBinaryData) {DIGEST_SIZE, other};
    puppet_ask (&rig, &request.base);
    assert_int_equal (hear_failure (NULL), CHECKSUM_MISMATCH);
    request.sha256 = digest_to_field (&rig_sha256);
    puppet_ask (&rig, &request.base);
    open_part (NULL, 0);
}

static void
a_record_that_does_not_hold_is_refused (void **state)
{
    (void) state;
    rig_start (false);
    rig_record[rig_record_size - 1] ^= 1;
    fetch_from (1);
    rig_record[rig_record_size - 1] ^= 1;
    assert_int_equal (hear_failure (NULL), INVALID_SIGNATURE);
    assert_true (rig_silent ("blobs"));
}

//  ---- who is asked for how much -----------------------------------------------------------------

static void
each_peer_has_four_chunks_in_flight_at_first_and_all_together_twenty_four (void **state)
{
    (void) state;
    begin (3);
    for (unsigned peer = 0; peer < 3; peer++)
        assert_int_equal (asked_of (peer), 4);
    puppet_stop (&rig);
    begin (10);
    unsigned all = 0;
    for (unsigned peer = 0; peer < 10; peer++) {
        assert_true (asked_of (peer) <= 4);
        all += asked_of (peer);
    }
    assert_int_equal (all, DOWNLOAD_CHUNKS_MAX);
}

static void
no_chunk_is_asked_of_two_at_first (void **state)
{
    (void) state;
    bool asked[RIG_CHUNKS] = {false};
    begin (6);
    for (unsigned peer = 0; peer < 6; peer++)
        while (asked_of (peer) > 0) {
            said_t said = rig_take (rig_address (peer));
            uint32_t chunk = chunk_of (&said);
            assert_false (asked[chunk]);
            asked[chunk] = true;
            said_free (&said);
        }
}

static void
no_more_chunks_are_asked_for_while_the_disk_is_behind (void **state)
{
    (void) state;
    begin (4);
    for (unsigned i = 0; i < DOWNLOAD_WRITES_MAX; i++)
        give (i % 4);
    unsigned before = asked_of (0) + asked_of (1) + asked_of (2) + asked_of (3);
    give (0);
    assert_int_equal (asked_of (0) + asked_of (1) + asked_of (2) + asked_of (3), before - 1);
    for (unsigned i = 0; i < 2; i++) {
        Ggen__PartWriteReply reply = GGEN__PART_WRITE_REPLY__INIT;
        said_t said = rig_take ("blobs");
        puppet_reply (&rig, &said, &reply.base);
    }
    assert_true (asked_of (0) + asked_of (1) + asked_of (2) + asked_of (3) >= before);
}

static void
a_large_fetch_leaves_room_for_another (void **state)
{
    (void) state;
    begin (10);
    rig_make_other (1);
    fetch_from (1);
    said_t open = rig_take_type ("blobs", &ggen__part_open_request__descriptor);
    Ggen__PartOpenReply reply = GGEN__PART_OPEN_REPLY__INIT;
    puppet_reply (&rig, &open, &reply.base);
    //  The large one goes on only when it has come down to its half.
    unsigned large = DOWNLOAD_CHUNKS_MAX;
    rig_make_package ();
    for (unsigned peer = 9; large > DOWNLOAD_CHUNKS_MAX / 2; peer = (peer + 9) % 10) {
        if (asked_of (peer) == 0)
            continue;
        write_one (give (peer));
        large--;
        unsigned all = 0;
        for (unsigned i = 0; i < 10; i++)
            all += asked_of (i);
        assert_int_equal (all, large);
    }
    rank_as_given ();
    unsigned all = 0;
    for (unsigned i = 0; i < 10; i++)
        all += asked_of (i);
    assert_int_equal (all, DOWNLOAD_CHUNKS_MAX / 2 + 1);
}

//  ---- late, wrong, gone -------------------------------------------------------------------------

static void
a_late_chunk_is_asked_of_another_and_the_loser_is_told (void **state)
{
    (void) state;
    begin_with_missing (2, 1);
    assert_int_equal (asked_of (0), 1);
    assert_int_equal (asked_of (1), 0);
    puppet_wait (&rig, 1499);
    assert_int_equal (asked_of (1), 0);
    puppet_wait (&rig, 1);
    assert_int_equal (asked_of (1), 1);
    write_one (give (1));
    assert_true (cancel_was_sent (0));
    finish (OK);
    //  What comes too late changes nothing.
    said_t late = rig_take (rig_address (0));
    send_chunk (&late);
    hear_fetched ();
}

static void
a_fast_one_takes_work_from_a_slow_one (void **state)
{
    (void) state;
    begin_with_missing (2, 8);
    //  Peer 1 gives all it is asked for within 20 ms each.
    for (unsigned i = 0; i < 4; i++) {
        puppet_wait (&rig, 5);
        write_one (give (1));
    }
    assert_int_equal (asked_of (1), 0);
    puppet_wait (&rig, 100);
    assert_true (asked_of (1) > 0);
    for (unsigned i = 0; i < 4; i++)
        write_one (give (1));
    finish (OK);
    hear_fetched ();
}

static void
what_a_silent_peer_was_asked_is_taken_back_and_asked_again (void **state)
{
    (void) state;
    begin_with_missing (1, 2);
    write_one (give (0));
    said_t lost = rig_take_request (rig_address (0));
    said_free (&lost);
    puppet_wait (&rig, 19900);
    assert_int_equal (asked_of (0), 0);
    puppet_wait (&rig, 700);
    assert_true (cancel_was_sent (0));
    assert_int_equal (asked_of (0), 1);
    write_one (give (0));
    finish (OK);
    hear_fetched ();
}

//  What dht was asked for is answered with one provider.
static void
name_provider (unsigned peer)
{
    Ggen__Contact contact = GGEN__CONTACT__INIT, *list[] = {&contact};
    peer_key_t key = rig_peer (peer);
    contact.peer_key = peer_key_to_field (&key);
    Ggen__DhtReadReply reply = GGEN__DHT_READ_REPLY__INIT;
    reply.providers = list;
    reply.n_providers = 1;
    said_t read = rig_take_type ("dht", &ggen__dht_read_request__descriptor);
    puppet_reply (&rig, &read, &reply.base);
}

static void
a_peer_that_gives_nothing_has_others_looked_for_beside_it (void **state)
{
    (void) state;
    begin_with_missing (1, 1);
    puppet_wait (&rig, 1999);
    assert_true (rig_silent ("dht"));
    puppet_wait (&rig, 1);
    name_provider (5);
    assert_false (cancel_was_sent (0));
    assert_int_equal (asked_of (5), 1);
    write_one (give (5));
    assert_true (cancel_was_sent (0));
    finish (OK);
    hear_fetched ();
    assert_int_equal (actor_metrics (rig.actor).pending, 0);
}

static void
a_fifth_peer_is_asked_for_a_chunk_that_four_do_not_give_but_later (void **state)
{
    (void) state;
    begin_with_missing (5, 1);
    puppet_wait (&rig, 1500);
    puppet_wait (&rig, 1500);
    puppet_wait (&rig, 1500);
    assert_int_equal (asked_of (3), 1);
    puppet_wait (&rig, 2999);
    assert_int_equal (asked_of (4), 0);
    puppet_wait (&rig, 1);
    assert_int_equal (asked_of (4), 1);
    write_one (give (4));
    finish (OK);
    hear_fetched ();
}

//  One chunk came fast, so it is not our own way that keeps the other: a second for each.
static void
where_chunks_usually_come_fast_one_after_the_other_is_asked_soon (void **state)
{
    (void) state;
    begin_with_missing (8, 2);
    puppet_wait (&rig, 100);
    write_one (give (0));
    uint32_t left = chunk_of (&rig.said[0]);
    for (unsigned i = 1; i < 8; i++) {
        assert_int_equal (asked_of (i), 0);
        puppet_wait (&rig, 1000);
        assert_int_equal (asked_of (i), 1);
    }
    assert_int_equal (give (7), left);
    write_one (left);
    finish (OK);
    hear_fetched ();
}

//  Answer what dht was asked with these peers.
static void
name_providers (const unsigned *peers, unsigned count)
{
    Ggen__Contact contacts[4], *list[4];
    peer_key_t keys[4];
    Ggen__DhtReadReply reply = GGEN__DHT_READ_REPLY__INIT;
    reply.providers = list;
    for (unsigned i = 0; i < count; i++) {
        keys[i] = rig_peer (peers[i]);
        ggen__contact__init (&contacts[i]);
        contacts[i].peer_key = peer_key_to_field (&keys[i]);
        list[reply.n_providers++] = &contacts[i];
    }
    said_t read = rig_take_type ("dht", &ggen__dht_read_request__descriptor);
    puppet_reply (&rig, &read, &reply.base);
}

static void
who_was_silent_is_tried_again_after_those_who_never_were (void **state)
{
    (void) state;
    begin_with_missing (1, 1);
    puppet_wait (&rig, 2000);
    name_providers (NULL, 0);
    puppet_wait (&rig, 4000);
    name_providers (NULL, 0);
    puppet_wait (&rig, 8000);
    puppet_wait (&rig, 6000);
    assert_int_equal (seen (0), GGEN__EXPERIENCE__FAILED);
    assert_int_equal (asked_of (0), 1);
    name_providers ((const unsigned[]) {0, 5}, 2);
    assert_int_equal (asked_of (5), 1);
    assert_int_equal (asked_of (0), 1);
    puppet_wait (&rig, 1500);
    assert_int_equal (asked_of (0), 2);
    write_one (give (5));
    finish (OK);
    hear_fetched ();
}

static void
a_look_that_is_not_needed_any_more_is_taken_back (void **state)
{
    (void) state;
    begin_with_missing (1, 1);
    puppet_wait (&rig, 2000);
    write_one (give (0));
    finish (OK);
    hear_fetched ();
    assert_int_equal (actor_metrics (rig.actor).pending, 0);
}

static void
a_peer_that_never_gave_anything_is_given_up_after_twenty_seconds (void **state)
{
    (void) state;
    begin_with_missing (1, 1);
    puppet_wait (&rig, 19999);
    assert_false (cancel_was_sent (0));
    puppet_wait (&rig, 1);
    assert_true (cancel_was_sent (0));
    assert_int_equal (seen (0), GGEN__EXPERIENCE__FAILED);
}

static void
wrong_bytes_end_their_peer_at_once_and_another_one_is_asked (void **state)
{
    (void) state;
    begin_with_missing (2, 2);
    said_t said = rig_take (rig_address (0));
    Ggen__ChunkReply reply = GGEN__CHUNK_REPLY__INIT;
    reply.chunk = chunk_of (&said);
    puppet_reply_with (&rig, &said, &reply.base, rig_chunk (reply.chunk == 0 ? 1 : 0));
    assert_int_equal (seen (0), GGEN__EXPERIENCE__WRONG_BYTES);
    Ggen__Progress *told = puppet_hear (&rig, &ggen__progress__descriptor);
    assert_string_equal (told->stage, "verification failed, trying alternate source");
    puppet_free (told);
    assert_true (rig_silent ("blobs"));
    assert_true (cancel_was_sent (0));
    assert_int_equal (asked_of (1), 2);
    write_one (give (1));
    write_one (give (1));
    finish (OK);
    Ggen__TransferFetchReply *got = puppet_hear (&rig, &ggen__transfer_fetch_reply__descriptor);
    assert_int_equal (got->wrong_chunks, 1);
    puppet_free (got);
}

static void
another_chunk_than_asked_for_is_wrong_and_none_is_only_a_failure (void **state)
{
    (void) state;
    begin_with_missing (1, 2);
    said_t said = rig_take (rig_address (0));
    Ggen__ChunkReply reply = GGEN__CHUNK_REPLY__INIT;
    reply.chunk = 1 - chunk_of (&said);
    puppet_reply_with (&rig, &said, &reply.base, rig_chunk (reply.chunk));
    assert_int_equal (seen (0), GGEN__EXPERIENCE__WRONG_BYTES);
    puppet_stop (&rig);
    begin_with_missing (1, 2);
    said = rig_take (rig_address (0));
    reply.chunk = chunk_of (&said);
    puppet_reply (&rig, &said, &reply.base);
    assert_int_equal (seen (0), GGEN__EXPERIENCE__FAILED);
}

static void
who_lacks_a_chunk_is_asked_what_it_has_and_only_for_that (void **state)
{
    (void) state;
    begin_with_missing (1, 3);
    for (unsigned i = 0; i < 3; i++) {
        said_t said = rig_take_type (rig_address (0), &ggen__chunk_request__descriptor);
        puppet_refuse (&rig, &said, PACKAGE_NOT_FOUND);
    }
    said_t have = rig_take_type (rig_address (0), &ggen__have_request__descriptor);
    uint8_t bitmap[5] = {0x02};
    Ggen__HaveReply reply = GGEN__HAVE_REPLY__INIT;
    reply.bitmap = (ProtobufCBinaryData) {sizeof bitmap, bitmap};
    puppet_reply (&rig, &have, &reply.base);
    assert_int_equal (asked_of (0), 1);
    assert_int_equal (give (0), 1);
    write_one (1);
    //  Nobody has the rest: dht is asked, in full at the second time.
    said_t read = rig_take_type ("dht", &ggen__dht_read_request__descriptor);
    said_free (&read);
}

static void
who_cannot_be_reached_is_told_to_dht_and_reputation (void **state)
{
    (void) state;
    begin_with_missing (2, 1);
    said_t said = rig_take (rig_address (0));
    puppet_refuse (&rig, &said, CONNECTION_FAILED);
    assert_int_equal (seen (0), GGEN__EXPERIENCE__FAILED);
    said_t dead = rig_take_type ("dht", &ggen__provider_dead__descriptor);
    said_free (&dead);
    assert_int_equal (asked_of (1), 1);
}

static void
a_busy_peer_is_asked_again_after_a_while (void **state)
{
    (void) state;
    begin_with_missing (1, 1);
    said_t said = rig_take (rig_address (0));
    puppet_refuse (&rig, &said, BUSY);
    assert_int_equal (asked_of (0), 0);
    puppet_wait (&rig, 400);
    assert_int_equal (asked_of (0), 1);
    assert_int_equal (seen (0), GGEN__EXPERIENCE__EXPERIENCE_NONE);
}

static void
without_providers_it_ends_after_two_looks (void **state)
{
    (void) state;
    unsigned details;
    rig_start (false);
    fetch_from (0);
    open_part (NULL, 0);
    for (unsigned i = 0; i < 2; i++) {
        Ggen__DhtReadReply reply = GGEN__DHT_READ_REPLY__INIT;
        said_t read = rig_take_type ("dht", &ggen__dht_read_request__descriptor);
        puppet_reply (&rig, &read, &reply.base);
    }
    assert_int_equal (hear_failure (&details), ALL_PROVIDERS_FAILED);
    assert_int_equal (details, 0);
}

static void
those_that_failed_are_named (void **state)
{
    (void) state;
    unsigned details;
    begin_with_missing (1, 1);
    said_t said = rig_take (rig_address (0));
    puppet_refuse (&rig, &said, VALIDATION);
    for (unsigned i = 0; i < 5; i++) {
        said_t read = rig_take_request ("dht");
        puppet_refuse (&rig, &read, TIMEOUT);
        puppet_wait (&rig, 9000);
    }
    assert_int_equal (hear_failure (&details), ALL_PROVIDERS_FAILED);
    assert_int_equal (details, 1);
}

static void
when_none_can_be_reached_it_ends_after_two_pauses (void **state)
{
    (void) state;
    unsigned details;
    begin_with_missing (1, 1);
    said_t said = rig_take (rig_address (0));
    puppet_refuse (&rig, &said, CONNECTION_FAILED);
    static const int64_t pauses_ms [] = {0, 0, 1000, 3000};
    for (unsigned i = 0; i < COUNT_OF (pauses_ms); i++) {
        puppet_wait (&rig, pauses_ms [i]);
        said_t read = rig_take_request ("dht");
        puppet_refuse (&rig, &read, TIMEOUT);
    }
    assert_int_equal (hear_failure (&details), ALL_PROVIDERS_FAILED);
    assert_int_equal (details, 1);
}

//  ---- the disk ----------------------------------------------------------------------------------

static void
a_disk_that_fails_ends_it_with_what_the_disk_said (void **state)
{
    (void) state;
    begin_with_missing (1, 2);
    give (0);
    said_t said = rig_take_type ("blobs", &ggen__part_write_request__descriptor);
    puppet_refuse (&rig, &said, INSUFFICIENT_DISK_SPACE);
    assert_int_equal (hear_failure (NULL), INSUFFICIENT_DISK_SPACE);
    assert_true (cancel_was_sent (0));
    assert_int_equal (actor_metrics (rig.actor).pending, 0);
}

static void
a_busy_disk_has_its_chunk_fetched_again (void **state)
{
    (void) state;
    begin_with_missing (1, 1);
    give (0);
    said_t said = rig_take ("blobs");
    puppet_refuse (&rig, &said, BUSY);
    puppet_wait (&rig, 100);
    write_one (give (0));
    finish (OK);
    hear_fetched ();
}

static void
a_whole_that_is_wrong_is_fetched_once_more (void **state)
{
    (void) state;
    begin_with_missing (1, 1);
    write_one (give (0));
    finish (CHECKSUM_MISMATCH);
    uint8_t bitmap[5] = {0xFE, 0xFF, 0xFF, 0xFF, 0xFF};
    open_part (bitmap, sizeof bitmap);
    rank_as_given ();
    write_one (give (0));
    finish (CHECKSUM_MISMATCH);
    assert_int_equal (hear_failure (NULL), CHECKSUM_MISMATCH);
}

//  ---- who waits ---------------------------------------------------------------------------------

static void
a_fetch_that_is_cancelled_takes_everything_back (void **state)
{
    (void) state;
    rig_start (false);
    uint64_t id = fetch_from (2);
    open_part (NULL, 0);
    rank_as_given ();
    give (0);
    puppet_cancel (&rig, id);
    assert_int_equal (hear_failure (NULL), CANCELLED);
    assert_true (cancel_was_sent (0) && cancel_was_sent (1));
    assert_int_equal (actor_metrics (rig.actor).pending, 0);
    assert_int_equal (actor_metrics (rig.actor).open, 0);
}

static void
two_who_want_the_same_are_one_fetch_and_it_goes_on_when_one_leaves (void **state)
{
    (void) state;
    rig_start (false);
    uint64_t first = fetch_from (1);
    fetch_from (1);
    uint8_t bitmap[5] = {0xFC, 0xFF, 0xFF, 0xFF, 0xFF};
    open_part (bitmap, sizeof bitmap);
    rank_as_given ();
    assert_true (rig_silent ("blobs"));
    puppet_cancel (&rig, first);
    assert_int_equal (hear_failure (NULL), CANCELLED);
    //  Its requests were cancelled with it.
    for (unsigned i = 0; i < 2; i++) {
        said_t said = rig_take_request (rig_address (0));
        puppet_refuse (&rig, &said, CANCELLED);
    }
    for (unsigned i = 0; i < 2; i++) {
        said_t said = rig_take_request (rig_address (0));
        uint32_t chunk = chunk_of (&said);
        send_chunk (&said);
        write_one (chunk);
    }
    finish (OK);
    hear_fetched ();
    assert_int_equal (seen (0), GGEN__EXPERIENCE__SERVED);
}

static void
progress_is_told_in_bytes (void **state)
{
    (void) state;
    begin (2);
    puppet_wait (&rig, 100);
    write_one (give (0));
    Ggen__Progress *progress = puppet_hear (&rig, &ggen__progress__descriptor);
    assert_int_equal (progress->total, RIG_BYTES);
    assert_true (progress->done == RECORD_CHUNK_BYTES || progress->done == RIG_LAST);
    assert_string_equal (progress->unit, "bytes");
    puppet_free (progress);
}

static void
more_fetches_than_may_be_are_busy (void **state)
{
    (void) state;
    rig_start (false);
    for (unsigned i = 0; i <= DOWNLOADS_MAX; i++) {
        rig_make_other ((uint8_t) i);
        fetch_from (1);
        assert_true ((i == DOWNLOADS_MAX) != puppet_silent (&rig));
    }
    assert_int_equal (hear_failure (NULL), BUSY);
    assert_int_equal (actor_metrics (rig.actor).pending, DOWNLOADS_ACTIVE_MAX);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        IN_RIG (a_fetch_goes_from_part_to_providers_to_chunks_to_the_whole),
        IN_RIG (what_is_there_already_is_told_at_once),
        IN_RIG (a_part_with_all_chunks_only_has_to_be_finished),
        IN_RIG (providers_are_asked_of_the_dht_when_none_is_named),
        IN_RIG (a_record_of_other_bytes_than_wanted_is_refused),
        IN_RIG (a_record_that_does_not_hold_is_refused),
        IN_RIG (each_peer_has_four_chunks_in_flight_at_first_and_all_together_twenty_four),
        IN_RIG (no_chunk_is_asked_of_two_at_first),
        IN_RIG (no_more_chunks_are_asked_for_while_the_disk_is_behind),
        IN_RIG (a_large_fetch_leaves_room_for_another),
        IN_RIG (a_late_chunk_is_asked_of_another_and_the_loser_is_told),
        IN_RIG (a_fast_one_takes_work_from_a_slow_one),
        IN_RIG (what_a_silent_peer_was_asked_is_taken_back_and_asked_again),
        IN_RIG (a_peer_that_gives_nothing_has_others_looked_for_beside_it),
        IN_RIG (a_fifth_peer_is_asked_for_a_chunk_that_four_do_not_give_but_later),
        IN_RIG (where_chunks_usually_come_fast_one_after_the_other_is_asked_soon),
        IN_RIG (who_was_silent_is_tried_again_after_those_who_never_were),
        IN_RIG (a_look_that_is_not_needed_any_more_is_taken_back),
        IN_RIG (a_peer_that_never_gave_anything_is_given_up_after_twenty_seconds),
        IN_RIG (wrong_bytes_end_their_peer_at_once_and_another_one_is_asked),
        IN_RIG (another_chunk_than_asked_for_is_wrong_and_none_is_only_a_failure),
        IN_RIG (who_lacks_a_chunk_is_asked_what_it_has_and_only_for_that),
        IN_RIG (who_cannot_be_reached_is_told_to_dht_and_reputation),
        IN_RIG (a_busy_peer_is_asked_again_after_a_while),
        IN_RIG (without_providers_it_ends_after_two_looks),
        IN_RIG (those_that_failed_are_named),
        IN_RIG (when_none_can_be_reached_it_ends_after_two_pauses),
        IN_RIG (a_disk_that_fails_ends_it_with_what_the_disk_said),
        IN_RIG (a_busy_disk_has_its_chunk_fetched_again),
        IN_RIG (a_whole_that_is_wrong_is_fetched_once_more),
        IN_RIG (a_fetch_that_is_cancelled_takes_everything_back),
        IN_RIG (two_who_want_the_same_are_one_fetch_and_it_goes_on_when_one_leaves),
        IN_RIG (progress_is_told_in_bytes),
        IN_RIG (more_fetches_than_may_be_are_busy),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
