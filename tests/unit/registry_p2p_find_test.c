// SPDX-License-Identifier: MIT
//  GetPackage, GetPackageVersion, ListVersions, Exists and GetHeads over a DHT that others filled, some
//  of them liars.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/p2p_rig.h"
#include "message.h"

static rig_t *rig;

static int
set_up (void **state)
{
    (void) state;
    rig = rig_new (NULL);
    return 0;
}

static int
tear_down (void **state)
{
    (void) state;
    rig_free (rig);
    return 0;
}

//  ---- what is found -------------------------------------------------------------------------------

static void
a_package_comes_with_what_its_publisher_signed (void **state)
{
    (void) state;
    rig_start (rig);
    rig_plant (rig, 0, "pack", 3, "1.0.0 1.1.0");
    Ggen__PackageReply *reply = rig_get (rig, "pack");
    const Ggen__Package *package = reply->package;
    digest_t digest = rig_digest ("pack", "1.1.0", 0);
    assert_string_equal (package->version, "1.1.0");
    assert_string_equal (package->source, "p2p");
    assert_string_equal (package->description, "For tests");
    assert_memory_equal (package->sha256.data, digest.bytes, DIGEST_SIZE);
    assert_int_equal (package->size_bytes, 100);
    assert_int_equal (package->n_dependencies, 1);
    assert_string_equal (package->dependencies[0]->name, "base");
    assert_true (package->record.len > 0 && package->head.len > 0);
    assert_memory_equal (package->publisher->public_key.data, rig->world->keys[0].bytes, 32);
    assert_int_equal (strncmp (package->location, "dht:", 4), 0);
    assert_int_equal (reply->n_warnings, 0);
    puppet_free (reply);
    rig_ask_version (rig, "pack", "1.0.0");
    reply = rig_hear (rig, &ggen__package_reply__descriptor);
    assert_string_equal (reply->package->version, "1.0.0");
    puppet_free (reply);
    rig_ask_version (rig, "pack", "1.0.1");
    rig_expect_failure (rig, PACKAGE_NOT_FOUND);
}

static void
all_versions_of_all_publishers_are_listed (void **state)
{
    (void) state;
    rig_start (rig);
    rig_plant (rig, 0, "pack", 3, "1.0.0 1.1.0!");
    rig_plant (rig, 1, "pack", 8, "1.0.0 9.0.0");
    Ggen__ListVersionsReply *reply = rig_list (rig, "pack");
    assert_int_equal (reply->n_versions, 4);
    assert_string_equal (reply->versions[0]->version, "1.0.0");
    assert_string_equal (reply->versions[1]->version, "1.0.0");
    assert_false (message_same_bytes (reply->versions[0]->publisher->public_key,
                                  reply->versions[1]->publisher->public_key));
    assert_string_equal (reply->versions[2]->version, "1.1.0");
    assert_true (reply->versions[2]->yanked);
    assert_string_equal (reply->versions[2]->yank_reason, "broken");
    assert_string_equal (reply->versions[3]->version, "9.0.0");
    assert_false (reply->incomplete);
    puppet_free (reply);
}

static void
of_two_publishers_the_pinned_one_is_told_and_the_other_named (void **state)
{
    (void) state;
    rig_start (rig);
    rig_plant (rig, 0, "pack", 3, "1.0.0");
    rig_plant (rig, 1, "pack", 8, "9.0.0");
    Ggen__PackageReply *reply = rig_get (rig, "pack");
    assert_string_equal (reply->package->version, "9.0.0");
    assert_int_equal (reply->n_warnings, 1);
    assert_non_null (strstr (reply->warnings[0], "also published by"));
    puppet_free (reply);
    p2p_pin (rig->world, "pack", 0);
    reply = rig_get (rig, "pack");
    assert_string_equal (reply->package->version, "1.0.0");
    puppet_free (reply);
}

static void
a_publisher_without_a_listing_is_found_by_his_pin (void **state)
{
    (void) state;
    rig_start (rig);
    rig_put_head (rig, 0, "pack", rig_head (rig, 0, "pack", 3, "1.0.0"));
    rig_put_release (rig, 0, "pack", "1.0.0", rig_release (rig, 0, "pack", "1.0.0"));
    rig_ask_get (rig, "pack");
    rig_expect_failure (rig, PACKAGE_NOT_FOUND);
    p2p_pin (rig->world, "pack", 0);
    puppet_free (rig_get (rig, "pack"));
}

static void
of_many_versions_the_newest_are_listed_and_it_says_so (void **state)
{
    (void) state;
    char versions[600] = "";
    rig_start (rig);
    for (unsigned i = 0; i < 40; i++)
        sprintf (versions + strlen (versions), "%s1.%u.0", i ? " " : "", i);
    rig_plant (rig, 0, "pack", 3, versions);
    Ggen__ListVersionsReply *reply = rig_list (rig, "pack");
    assert_int_equal (reply->n_versions, 32);
    assert_string_equal (reply->versions[31]->version, "1.39.0");
    assert_string_equal (reply->versions[0]->version, "1.8.0");
    assert_true (reply->incomplete);
    assert_int_equal (reply->n_warnings, 1);
    puppet_free (reply);
}

static void
an_id_exists_when_anybody_offers_it (void **state)
{
    (void) state;
    rig_start (rig);
    assert_false (rig_exists (rig, "pack"));
    rig_plant (rig, 0, "pack", 3, "1.0.0");
    unsigned before = rig->world->reads;
    assert_true (rig_exists (rig, "pack"));
    assert_true (rig->world->reads - before <= 1);
    //  It has been heard of now.
    before = rig->world->reads;
    assert_true (rig_exists (rig, "pack"));
    assert_int_equal (rig->world->reads, before);
}

//  ---- lies ----------------------------------------------------------------------------------------

static void
records_with_a_broken_signature_do_not_count (void **state)
{
    (void) state;
    rig_start (rig);
    rig_plant (rig, 0, "pack", 3, "1.0.0");
    ProtobufCBinaryData forged = rig_listing (rig, 1, "pack", 3, "6.6.6");
    forged.data[forged.len - 1] ^= 1;
    rig_put_listing (rig, "pack", forged);
    forged = rig_head (rig, 1, "pack", 9, "6.6.6");
    forged.data[forged.len - 1] ^= 1;
    rig_put_head (rig, 1, "pack", forged);
    Ggen__ListVersionsReply *reply = rig_list (rig, "pack");
    assert_int_equal (reply->n_versions, 1);
    assert_string_equal (reply->versions[0]->version, "1.0.0");
    puppet_free (reply);
}

//  Everything else of what they say is there.
static void
records_of_another_name_do_not_count (void **state)
{
    (void) state;
    rig_start (rig);
    digest_t other = rig_digest ("other", "1.0.0", 1);
    rig_put_listing (rig, "pack", rig_listing (rig, 0, "other", 3, "1.0.0"));
    rig_put_head (rig, 0, "pack", rig_head (rig, 0, "pack", 3, "1.0.0"));
    rig_put_release (rig, 0, "pack", "1.0.0", rig_release (rig, 0, "pack", "1.0.0"));
    rig_ask_get (rig, "pack");
    rig_expect_failure (rig, PACKAGE_NOT_FOUND);
    rig_put_listing (rig, "pack", rig_listing (rig, 1, "pack", 3, "1.0.0"));
    rig_put_head (rig, 1, "pack", rig_head (rig, 1, "other", 3, "1.0.0"));
    rig_put_release (rig, 1, "pack", "1.0.0",
                     rig_release_at (rig, 1, "pack", "1.0.0", &other, RIG_WALL - 100));
    rig_ask_get (rig, "pack");
    rig_expect_failure (rig, PACKAGE_NOT_FOUND);
}

//  A head that lists one archive, and a release (of the same key even) that signs another.
static void
a_release_with_another_digest_than_its_head_does_not_count (void **state)
{
    (void) state;
    rig_start (rig);
    digest_t other = rig_digest ("other", "1.0.0", 0);
    rig_put_listing (rig, "pack", rig_listing (rig, 0, "pack", 3, "1.0.0"));
    rig_put_head (rig, 0, "pack", rig_head (rig, 0, "pack", 3, "1.0.0"));
    rig_put_release (rig, 0, "pack", "1.0.0",
                     rig_release_at (rig, 0, "pack", "1.0.0", &other, RIG_WALL - 100));
    rig_ask_get (rig, "pack");
    rig_expect_failure (rig, PACKAGE_NOT_FOUND);
}

static void
a_release_of_a_stranger_does_not_count (void **state)
{
    (void) state;
    rig_start (rig);
    digest_t digest = rig_digest ("pack", "1.0.0", 0);
    rig_put_listing (rig, "pack", rig_listing (rig, 0, "pack", 3, "1.0.0"));
    rig_put_head (rig, 0, "pack", rig_head (rig, 0, "pack", 3, "1.0.0"));
    rig_put_release (rig, 0, "pack", "1.0.0",
                     rig_release_at (rig, 1, "pack", "1.0.0", &digest, RIG_WALL - 100));
    rig_ask_get (rig, "pack");
    rig_expect_failure (rig, PACKAGE_NOT_FOUND);
}

static void
a_network_that_goes_back_takes_nobody_back (void **state)
{
    (void) state;
    rig_start (rig);
    rig_plant (rig, 0, "pack", 5, "1.0.0! 1.1.0");
    puppet_free (rig_list (rig, "pack"));
    p2p_world_clear (rig->world);
    rig_plant (rig, 0, "pack", 4, "1.0.0");
    rig_put_release (rig, 0, "pack", "1.1.0", rig_release (rig, 0, "pack", "1.1.0"));
    Ggen__ListVersionsReply *reply = rig_list (rig, "pack");
    assert_int_equal (reply->n_versions, 2);
    assert_true (reply->versions[0]->yanked);
    puppet_free (reply);
}

static void
a_head_that_leaps_is_not_believed (void **state)
{
    (void) state;
    rig_start (rig);
    rig_plant (rig, 0, "pack", 5, "1.0.0");
    puppet_free (rig_get (rig, "pack"));
    rig_put_head (rig, 0, "pack", rig_head (rig, 0, "pack", 1ull << 39, "1.0.0!"));
    Ggen__PackageReply *reply = rig_get (rig, "pack");
    assert_false (reply->package->yanked);
    puppet_free (reply);
}

//  A pinned publisher's head may come from the first who answers; one that is older than what his
//  listing says is looked up in full.
static void
a_short_cut_to_an_old_head_is_taken_in_full (void **state)
{
    (void) state;
    rig_start (rig);
    p2p_pin (rig->world, "pack", 0);
    rig_plant (rig, 0, "pack", 3, "1.0.0");
    unsigned before = rig->world->first_valid;
    puppet_free (rig_get (rig, "pack"));
    assert_int_equal (rig->world->first_valid - before, 2);     //  Head and release
    rig_put_listing (rig, "pack", rig_listing (rig, 0, "pack", 4, "1.0.0"));
    before = rig->world->reads;
    puppet_free (rig_get (rig, "pack"));
    assert_int_equal (rig->world->reads - before, 4);
}

//  ---- handing over --------------------------------------------------------------------------------

static void
plant_handover (const char *versions)
{
    rig_head_t head;
    rig_head_fill (&head, 0, "pack", 4, versions);
    head.head.rotated_to = publisher_key_to_field (&rig->world->keys[1]);
    rig_put_listing (rig, "pack", rig_listing (rig, 0, "pack", 4, "1.0.0"));
    rig_put_head (rig, 0, "pack",
                  p2p_sign (rig->world, 0, GGEN__RECORD_KIND__HEAD, &head.head.base));
    rig_put_release (rig, 0, "pack", "1.0.0", rig_release (rig, 0, "pack", "1.0.0"));
}

//  The successor's head lists the former key's archive, and stands for its very words; 'signer' is whom it
//  names as who signed them, -1: nobody.
static ProtobufCBinaryData
successor_head (bool yanked, bool right, int signer)
{
    rig_head_t head;
    digest_t words;
    ProtobufCBinaryData packed = rig_release (rig, 0, "pack", "1.0.0");
    Ggen__SignedRecord *record = ggen__signed_record__unpack (NULL, packed.len, packed.data);
    crypto_real.sha256 (record->payload.data, record->payload.len - (right ? 0 : 1), words.bytes);
    ggen__signed_record__free_unpacked (record, NULL);
    free (packed.data);
    rig_head_fill (&head, 0, "pack", 1, yanked ? "1.0.0!" : "1.0.0");
    head.rooms[0].release_sha256 = digest_to_field (&words);
    if (signer >= 0)
        head.rooms[0].release_key = publisher_key_to_field (&rig->world->keys[signer]);
    return p2p_sign (rig->world, 1, GGEN__RECORD_KIND__HEAD, &head.head.base);
}

static void
the_successor_decides_what_is_yanked (void **state)
{
    (void) state;
    rig_start (rig);
    plant_handover ("1.0.0");
    rig_put_head (rig, 1, "pack", successor_head (true, true, -1));
    rig_ask_get (rig, "pack");
    rig_expect_failure (rig, PACKAGE_NOT_FOUND);
    Ggen__ListVersionsReply *reply = rig_list (rig, "pack");
    assert_int_equal (reply->n_versions, 1);
    assert_true (reply->versions[0]->yanked);
    puppet_free (reply);
}

static void
a_former_keys_release_is_found_through_its_successor (void **state)
{
    (void) state;
    rig_start (rig);
    plant_handover ("");
    rig_put_head (rig, 1, "pack", successor_head (false, true, 0));
    Ggen__PackageReply *reply = rig_get (rig, "pack");
    assert_memory_equal (reply->package->publisher->public_key.data, rig->world->keys[0].bytes, 32);
    puppet_free (reply);
}

//  It stands for other words than those that are there.
static void
a_former_keys_other_release_is_not (void **state)
{
    (void) state;
    rig_start (rig);
    plant_handover ("");
    rig_put_head (rig, 1, "pack", successor_head (false, false, -1));
    rig_ask_get (rig, "pack");
    rig_expect_failure (rig, PACKAGE_NOT_FOUND);
}

static void
a_former_keys_release_is_of_whom_the_head_names (void **state)
{
    (void) state;
    rig_start (rig);
    plant_handover ("");
    rig_put_head (rig, 1, "pack", successor_head (false, true, 1));
    rig_ask_get (rig, "pack");
    rig_expect_failure (rig, PACKAGE_NOT_FOUND);
}

static void
heads_and_rotations_of_all_keys_are_told (void **state)
{
    (void) state;
    rig_start (rig);
    plant_handover ("1.0.0");
    rig_put_head (rig, 1, "pack", successor_head (false, true, -1));
    Ggen__Rotation rotation = GGEN__ROTATION__INIT;
    rotation.former_key = publisher_key_to_field (&rig->world->keys[0]);
    rotation.new_key = publisher_key_to_field (&rig->world->keys[1]);
    rotation.seq = 1;
    digest_t key;
    dht_key_rotation (&key, crypto_real.sha256, &rig->world->keys[0]);
    rig_put (rig, &key,
             p2p_sign (rig->world, 2, GGEN__RECORD_KIND__ROTATION, &rotation.base));
    Ggen__GetHeadsRequest request = GGEN__GET_HEADS_REQUEST__INIT;
    request.id = "pack";
    rig_ask (rig, &request.base);
    Ggen__GetHeadsReply *reply = rig_hear (rig, &ggen__get_heads_reply__descriptor);
    assert_int_equal (reply->n_records, 3);
    puppet_free (reply);
}

//  ---- a bad network -------------------------------------------------------------------------------

static void
without_a_network_it_is_a_failure_and_not_absence (void **state)
{
    (void) state;
    rig_start (rig);
    rig->world->dht_code = NETWORK;
    rig_ask_get (rig, "pack");
    rig_expect_failure (rig, NETWORK);
    rig_ask_list (rig, "pack");
    rig_expect_failure (rig, NETWORK);
}

static void
what_was_heard_before_is_told_without_a_network (void **state)
{
    (void) state;
    rig_start (rig);
    rig_plant (rig, 0, "pack", 3, "1.0.0");
    assert_true (rig_exists (rig, "pack"));
    rig->world->dht_code = NETWORK;
    assert_true (rig_exists (rig, "pack"));
    Ggen__SearchReply *reply = rig_search (rig, "pack");
    assert_int_equal (reply->n_results, 1);
    assert_true (reply->incomplete);
    assert_int_equal (reply->n_warnings, 1);
    puppet_free (reply);
}

static void
a_slow_network_is_answered_for_in_time_and_heard_later (void **state)
{
    (void) state;
    rig_start (rig);
    rig_plant (rig, 0, "pack", 3, "1.0.0");
    rig->held = "dht";
    rig_ask_list (rig, "pack");
    rig_wait (rig, 9000);
    assert_true (puppet_silent (&rig->registry));
    rig_wait (rig, 1500);
    Ggen__ListVersionsReply *reply = rig_hear (rig, &ggen__list_versions_reply__descriptor);
    assert_int_equal (reply->n_versions, 0);
    assert_true (reply->incomplete);
    puppet_free (reply);
    rig->held = NULL;
    rig_settle (rig);
    Ggen__P2pStatusReply *status = rig_status (rig);
    assert_int_equal (status->discovered, 1);
    puppet_free (status);
}

//  Late is not absent.
static void
a_slow_network_does_not_say_that_there_is_nothing (void **state)
{
    (void) state;
    rig_start (rig);
    rig->held = "dht";
    rig_ask_get (rig, "pack");
    rig_wait (rig, 11000);
    rig_expect_failure (rig, DHT_TIMEOUT);
    Ggen__ExistsRequest request = GGEN__EXISTS_REQUEST__INIT;
    request.id = "pack";
    rig_ask (rig, &request.base);
    rig_wait (rig, 11000);
    rig_expect_failure (rig, DHT_TIMEOUT);
}

//  Its head was heard of: the release needs no other answer first.
static void
what_is_known_of_a_name_saves_waiting (void **state)
{
    (void) state;
    rig_start (rig);
    rig_plant (rig, 0, "pack", 3, "1.0.0");
    puppet_free (rig_get (rig, "pack"));
    rig->held = "dht";
    rig_ask_get (rig, "pack");
    unsigned asked = 0;
    for (unsigned i = 0; i < rig->registry.said_count; i++)
        asked += strcmp (rig->registry.said[i].to, "dht") == 0;
    assert_int_equal (asked, 3);
    rig->held = NULL;
    rig_settle (rig);
    puppet_free (rig_hear (rig, &ggen__package_reply__descriptor));
}

static void
a_head_that_is_newer_than_the_known_one_leads_to_its_releases (void **state)
{
    (void) state;
    char versions[600] = "1.0.0";
    rig_start (rig);
    rig_plant (rig, 0, "pack", 3, versions);
    puppet_free (rig_list (rig, "pack"));
    for (unsigned i = 1; i < 40; i++)
        sprintf (versions + strlen (versions), " 1.%u.0", i);
    rig_plant (rig, 0, "pack", 4, versions);
    Ggen__ListVersionsReply *reply = rig_list (rig, "pack");
    assert_int_equal (reply->n_versions, 32);
    assert_string_equal (reply->versions[31]->version, "1.39.0");
    puppet_free (reply);
}

static void
of_a_pinned_name_only_the_pinned_ones_release_is_read (void **state)
{
    (void) state;
    rig_start (rig);
    rig_plant (rig, 0, "pack", 3, "1.0.0");
    rig_plant (rig, 1, "pack", 3, "2.0.0");
    p2p_pin (rig->world, "pack", 0);
    puppet_free (rig_get (rig, "pack"));
    rig->world->reads = 0;
    puppet_free (rig_get (rig, "pack"));
    assert_int_equal (rig->world->reads, 4);        //  Listings, two heads, one release
}

static void
an_asker_who_has_less_time_is_answered_in_less (void **state)
{
    (void) state;
    rig_start (rig);
    rig->held = "dht";
    Ggen__ListVersionsRequest request = GGEN__LIST_VERSIONS_REQUEST__INIT;
    request.id = "pack";
    size_t size;
    uint8_t *body = puppet_pack (&request.base, &size);
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__REQUEST;
    envelope.id = 77;
    envelope.from = PUPPET_TESTER;
    envelope.type = "ListVersionsRequest";
    envelope.budget_ms = 800;
    envelope.sent_us = puppet_clock_us (&rig->registry);
    assert_int_equal (puppet_deliver (&rig->registry, &envelope, body, size), OK);
    free (body);
    rig_wait (rig, 720);
    puppet_free (rig_hear (rig, &ggen__list_versions_reply__descriptor));
}

static void
more_questions_than_its_bound_are_refused (void **state)
{
    (void) state;
    rig_start (rig);
    rig->held = "dht";
    for (unsigned i = 0; i < REGISTRY_P2P_FINDS_MAX; i++)
        rig_ask_list (rig, "pack");
    assert_true (puppet_silent (&rig->registry));
    rig_ask_list (rig, "pack");
    rig_expect_failure (rig, BUSY);
    rig->held = NULL;
    rig_settle (rig);
    for (unsigned i = 0; i < REGISTRY_P2P_FINDS_MAX; i++)
        puppet_free (rig_hear (rig, &ggen__list_versions_reply__descriptor));
}

//  ---- the hot tier --------------------------------------------------------------------------------

static void
what_was_looked_up_lately_needs_no_network (void **state)
{
    (void) state;
    rig->world->warm = true;
    rig_start (rig);
    rig_plant (rig, 0, "pack", 3, "1.0.0 1.1.0!");
    rig_plant (rig, 1, "pack", 3, "2.0.0");
    puppet_free (rig_list (rig, "pack"));
    puppet_free (rig_get (rig, "pack"));
    unsigned before = rig->world->reads;
    Ggen__ListVersionsReply *list = rig_list (rig, "pack");
    assert_int_equal (list->n_versions, 3);
    assert_true (list->versions[1]->yanked);
    assert_true (list->versions[0]->record.len > 0 && list->versions[0]->head.len > 0);
    puppet_free (list);
    Ggen__PackageReply *reply = rig_get (rig, "pack");
    assert_string_equal (reply->package->version, "2.0.0");
    puppet_free (reply);
    assert_int_equal (rig->world->reads, before);
    Ggen__P2pStatusReply *status = rig_status (rig);
    assert_int_equal (status->hot_hits, 2);
    assert_int_equal (status->hot_misses, 2);
    puppet_free (status);
}

static void
that_there_is_nothing_is_believed_until_something_is_heard_of (void **state)
{
    (void) state;
    rig->world->warm = true;
    rig_start (rig);
    rig_ask_get (rig, "pack");
    rig_expect_failure (rig, PACKAGE_NOT_FOUND);
    unsigned before = rig->world->reads;
    rig_ask_get (rig, "pack");
    rig_expect_failure (rig, PACKAGE_NOT_FOUND);
    assert_int_equal (rig->world->reads, before);
    rig_plant (rig, 0, "pack", 3, "1.0.0");
    Ggen__SearchReply *found = rig_search (rig, "pack");
    puppet_free (found);
    assert_true (rig_exists (rig, "pack"));
    puppet_free (rig_get (rig, "pack"));
}

static void
what_is_hot_gives_way_to_something_newer_and_to_a_pin (void **state)
{
    (void) state;
    rig->world->warm = true;
    rig_start (rig);
    rig_plant (rig, 0, "pack", 3, "1.0.0");
    puppet_free (rig_get (rig, "pack"));
    puppet_free (rig_list (rig, "pack"));
    rig_plant (rig, 0, "pack", 4, "1.0.0! 1.1.0");
    //  A question of the other kind reads the new head.
    Ggen__GetHeadsRequest request = GGEN__GET_HEADS_REQUEST__INIT;
    request.id = "pack";
    rig_ask (rig, &request.base);
    puppet_free (rig_hear (rig, &ggen__get_heads_reply__descriptor));
    Ggen__PackageReply *reply = rig_get (rig, "pack");
    assert_string_equal (reply->package->version, "1.1.0");
    puppet_free (reply);
    rig_put_head (rig, 1, "pack", rig_head (rig, 1, "pack", 9, "0.5.0"));
    rig_put_release (rig, 1, "pack", "0.5.0", rig_release (rig, 1, "pack", "0.5.0"));
    p2p_pin (rig->world, "pack", 1);
    reply = rig_get (rig, "pack");
    assert_string_equal (reply->package->version, "0.5.0");
    puppet_free (reply);
}

static void
what_is_not_all_does_not_become_hot (void **state)
{
    (void) state;
    rig_start (rig);
    rig_plant (rig, 0, "pack", 3, "1.0.0");
    rig->world->incomplete = true;
    puppet_free (rig_list (rig, "pack"));
    rig->world->dht_code = NETWORK;
    rig_ask_get (rig, "other");
    rig_expect_failure (rig, NETWORK);
    assert_int_equal (rig->world->hot_count, 0);
}

static void
what_is_damaged_in_the_hot_tier_does_not_count (void **state)
{
    (void) state;
    rig->world->warm = true;
    rig_start (rig);
    rig_plant (rig, 0, "pack", 3, "1.0.0");
    puppet_free (rig_get (rig, "pack"));
    for (size_t i = 0; i < rig->world->hot_count; i++)
        rig->world->hot[i]->value.data[40] ^= 1;
    puppet_free (rig_get (rig, "pack"));
}

static void
what_has_been_hot_for_long_is_renewed_behind_the_answer (void **state)
{
    (void) state;
    rig->world->warm = true;
    rig->settings.refresh_ms = 150000;
    rig_start (rig);
    rig_plant (rig, 0, "pack", 3, "1.0.0");
    puppet_free (rig_get (rig, "pack"));
    const unsigned before = rig->world->reads;
    rig->world->hot_age_ms = 149999;
    puppet_free (rig_get (rig, "pack"));
    assert_int_equal (rig->world->reads, before);
    rig_plant (rig, 0, "pack", 4, "1.0.0! 1.1.0");
    rig->world->hot_age_ms = 150000;
    Ggen__PackageReply *reply = rig_get (rig, "pack");
    assert_string_equal (reply->package->version, "1.0.0");
    puppet_free (reply);
    rig_settle (rig);
    assert_true (rig->world->reads > before);
    const unsigned after = rig->world->reads;
    rig->world->hot_age_ms = 0;
    reply = rig_get (rig, "pack");
    assert_string_equal (reply->package->version, "1.1.0");
    puppet_free (reply);
    assert_int_equal (rig->world->reads, after);
}

//  ---- settings ------------------------------------------------------------------------------------

static void
nobody_is_asked_about_private_ids (void **state)
{
    (void) state;
    static const char *const patterns[] = {"acme/*", "*-internal", "v?-secret"};
    rig->settings.private_ids = patterns;
    rig->settings.private_count = COUNT_OF (patterns);
    rig_start (rig);
    rig_plant (rig, 1, "acme/tool", 3, "1.0.0");
    rig_plant (rig, 1, "my-internal", 3, "1.0.0");
    unsigned before = rig->world->reads;
    rig_ask_get (rig, "acme/tool");
    rig_expect_failure (rig, PACKAGE_NOT_FOUND);
    rig_ask_version (rig, "my-internal", "1.0.0");
    rig_expect_failure (rig, PACKAGE_NOT_FOUND);
    assert_false (rig_exists (rig, "acme/tool"));
    assert_false (rig_exists (rig, "v2-secret"));
    Ggen__ListVersionsReply *reply = rig_list (rig, "acme/tool");
    assert_int_equal (reply->n_versions, 0);
    puppet_free (reply);
    assert_int_equal (rig->world->reads, before);
    rig_plant (rig, 1, "acmetool", 3, "1.0.0");
    puppet_free (rig_get (rig, "acmetool"));
}

static void
versions_that_are_too_young_are_left_out_but_given_by_name (void **state)
{
    (void) state;
    rig->settings.min_publish_age_secs = 3600;
    rig_start (rig);
    digest_t old = rig_digest ("pack", "1.0.0", 0);
    rig_plant (rig, 0, "pack", 3, "1.0.0 1.1.0");
    rig_put_release (rig, 0, "pack", "1.0.0",
                     rig_release_at (rig, 0, "pack", "1.0.0", &old, RIG_WALL - 4000));
    Ggen__PackageReply *reply = rig_get (rig, "pack");
    assert_string_equal (reply->package->version, "1.0.0");
    assert_int_equal (reply->n_warnings, 1);
    puppet_free (reply);
    Ggen__ListVersionsReply *list = rig_list (rig, "pack");
    assert_int_equal (list->n_versions, 1);
    puppet_free (list);
    rig_ask_version (rig, "pack", "1.1.0");
    puppet_free (rig_hear (rig, &ggen__package_reply__descriptor));
}

static void
with_require_fresh_an_expired_head_has_no_latest (void **state)
{
    (void) state;
    rig_start (rig);
    rig_plant (rig, 0, "pack", 3, "1.0.0");
    rig->registry.wall_ms += 2000000000;
    puppet_free (rig_get (rig, "pack"));
    rig->settings.require_fresh = true;
    rig_ask_get (rig, "pack");
    rig_expect_failure (rig, SECURITY);
    rig_ask_version (rig, "pack", "1.0.0");
    puppet_free (rig_hear (rig, &ggen__package_reply__descriptor));
}

#define TEST(name) cmocka_unit_test_setup_teardown (name, set_up, tear_down)

int
main (void)
{
    const struct CMUnitTest tests[] = {
        TEST (a_package_comes_with_what_its_publisher_signed),
        TEST (all_versions_of_all_publishers_are_listed),
        TEST (of_two_publishers_the_pinned_one_is_told_and_the_other_named),
        TEST (a_publisher_without_a_listing_is_found_by_his_pin),
        TEST (of_many_versions_the_newest_are_listed_and_it_says_so),
        TEST (an_id_exists_when_anybody_offers_it),
        TEST (records_with_a_broken_signature_do_not_count),
        TEST (records_of_another_name_do_not_count),
        TEST (a_release_with_another_digest_than_its_head_does_not_count),
        TEST (a_release_of_a_stranger_does_not_count),
        TEST (a_network_that_goes_back_takes_nobody_back),
        TEST (a_head_that_leaps_is_not_believed),
        TEST (a_short_cut_to_an_old_head_is_taken_in_full),
        TEST (the_successor_decides_what_is_yanked),
        TEST (a_former_keys_release_is_found_through_its_successor),
        TEST (a_former_keys_other_release_is_not),
        TEST (a_former_keys_release_is_of_whom_the_head_names),
        TEST (heads_and_rotations_of_all_keys_are_told),
        TEST (without_a_network_it_is_a_failure_and_not_absence),
        TEST (what_was_heard_before_is_told_without_a_network),
        TEST (a_slow_network_is_answered_for_in_time_and_heard_later),
        TEST (a_slow_network_does_not_say_that_there_is_nothing),
        TEST (what_is_known_of_a_name_saves_waiting),
        TEST (a_head_that_is_newer_than_the_known_one_leads_to_its_releases),
        TEST (of_a_pinned_name_only_the_pinned_ones_release_is_read),
        TEST (an_asker_who_has_less_time_is_answered_in_less),
        TEST (more_questions_than_its_bound_are_refused),
        TEST (what_was_looked_up_lately_needs_no_network),
        TEST (that_there_is_nothing_is_believed_until_something_is_heard_of),
        TEST (what_is_hot_gives_way_to_something_newer_and_to_a_pin),
        TEST (what_is_not_all_does_not_become_hot),
        TEST (what_has_been_hot_for_long_is_renewed_behind_the_answer),
        TEST (what_is_damaged_in_the_hot_tier_does_not_count),
        TEST (nobody_is_asked_about_private_ids),
        TEST (versions_that_are_too_young_are_left_out_but_given_by_name),
        TEST (with_require_fresh_an_expired_head_has_no_latest),
    };
    return cmocka_run_group_tests_name ("registry_p2p look-ups", tests, NULL, NULL);
}
