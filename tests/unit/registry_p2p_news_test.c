// SPDX-License-Identifier: MIT
//  What gossip brings: taken when it is signed and agrees with itself, told of when it does not.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/p2p_rig.h"

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

static void
announce_bytes (ProtobufCBinaryData item)
{
    Ggen__Announced announced = GGEN__ANNOUNCED__INIT;
    uint8_t id[32] = {1}, origin[32] = {2};
    announced.topic = "/ggen/packages/v1";
    announced.item = item;
    announced.id = (ProtobufCBinaryData) {sizeof id, id};
    announced.origin = (ProtobufCBinaryData) {sizeof origin, origin};
    rig_tell (rig, "gossip", &announced.base);
}

//  Takes its parts; size 0: none.
static void
announce (ProtobufCBinaryData listing, ProtobufCBinaryData head, ProtobufCBinaryData release)
{
    Ggen__PackageNews news = GGEN__PACKAGE_NEWS__INIT;
    news.listing = listing;
    news.head = head;
    news.releases = &release;
    news.n_releases = release.len > 0 ? 1 : 0;
    ProtobufCBinaryData item = p2p_pack (&news.base);
    announce_bytes (item);
    free (item.data);
    free (listing.data);
    free (head.data);
    free (release.data);
}

static void
announce_good (unsigned who, const char *id, uint64_t seq)
{
    announce (rig_listing (rig, who, id, seq, "1.0.0"), rig_head (rig, who, id, seq, "1.0.0"),
              rig_release (rig, who, id, "1.0.0"));
}

static void
expect_counts (uint64_t accepted, uint64_t refused)
{
    Ggen__P2pStatusReply *status = rig_status (rig);
    assert_int_equal (status->news_accepted, accepted);
    assert_int_equal (status->news_refused, refused);
    assert_int_equal (rig->world->invalid, refused);
    puppet_free (status);
}

static const ProtobufCBinaryData none = {0, NULL};

//  ---- good ----------------------------------------------------------------------------------------

static void
good_news_is_found_without_asking_anybody (void **state)
{
    (void) state;
    rig_start (rig);
    announce_good (1, "pack", 3);
    expect_counts (1, 0);
    rig->world->dht_code = NETWORK;
    assert_true (rig_exists (rig, "pack"));
    Ggen__SearchReply *reply = rig_search (rig, "pack");
    assert_int_equal (reply->n_results, 1);
    puppet_free (reply);
}

static void
news_survives_a_restart (void **state)
{
    (void) state;
    rig_start (rig);
    announce_good (1, "pack", 3);
    rig_wait (rig, 5000);
    rig_restart (rig);
    rig->world->dht_code = NETWORK;
    assert_true (rig_exists (rig, "pack"));
    //  Also that a seq does not go back.
    announce_good (1, "pack", 2);
    Ggen__P2pStatusReply *status = rig_status (rig);
    assert_int_equal (status->news_accepted, 0);
    puppet_free (status);
}

static void
the_same_news_again_and_older_news_is_nobodys_fault (void **state)
{
    (void) state;
    rig_start (rig);
    announce_good (1, "pack", 3);
    announce_good (1, "pack", 3);
    announce_good (1, "pack", 2);
    expect_counts (1, 0);
    Ggen__SearchReply *reply = rig_search (rig, "pack");
    assert_int_equal (reply->n_results, 1);
    puppet_free (reply);
}

static void
a_withdrawal_takes_it_out (void **state)
{
    (void) state;
    rig_start (rig);
    announce_good (1, "pack", 3);
    Ggen__Listing listing = GGEN__LISTING__INIT;
    listing.name = "pack";
    listing.seq = 4;
    listing.issued_at = RIG_WALL;
    listing.ttl_secs = 3600;
    listing.withdrawn = true;
    announce (p2p_sign (rig->world, 1, GGEN__RECORD_KIND__LISTING, &listing.base),
              rig_head (rig, 1, "pack", 4, "1.0.0!"), none);
    expect_counts (2, 0);
    Ggen__SearchReply *reply = rig_search (rig, "pack");
    assert_int_equal (reply->n_results, 0);
    puppet_free (reply);
}

static void
it_follows_the_topic_of_all_or_those_it_was_told (void **state)
{
    (void) state;
    static const char *const categories[] = {"web", "data"};
    rig_start (rig);
    assert_int_equal (rig->world->follows, 1);
    rig->settings.categories = categories;
    rig->settings.categories_count = 2;
    rig_restart (rig);
    assert_int_equal (rig->world->follows, 3);
}

//  ---- wrong ---------------------------------------------------------------------------------------

static void
what_is_no_news_at_all_is_its_origins_fault (void **state)
{
    (void) state;
    rig_start (rig);
    announce_bytes ((ProtobufCBinaryData) {4, (uint8_t *) "\xff\xff\xff\xff"});
    announce (none, none, none);
    announce (rig_listing (rig, 1, "pack", 3, "1.0.0"), none, none);
    expect_counts (0, 3);
}

static void
forged_news_is_its_origins_fault (void **state)
{
    (void) state;
    rig_start (rig);
    ProtobufCBinaryData listing = rig_listing (rig, 1, "pack", 3, "1.0.0");
    listing.data[listing.len - 1] ^= 1;
    announce (listing, rig_head (rig, 1, "pack", 3, "1.0.0"), none);
    ProtobufCBinaryData head = rig_head (rig, 1, "pack", 3, "1.0.0");
    head.data[head.len - 1] ^= 1;
    announce (rig_listing (rig, 1, "pack", 3, "1.0.0"), head, none);
    ProtobufCBinaryData release = rig_release (rig, 1, "pack", "1.0.0");
    release.data[release.len - 1] ^= 1;
    announce (rig_listing (rig, 1, "pack", 3, "1.0.0"), rig_head (rig, 1, "pack", 3, "1.0.0"),
              release);
    expect_counts (0, 3);
    assert_false (rig_exists (rig, "pack"));
}

static void
news_that_does_not_agree_is_its_origins_fault (void **state)
{
    (void) state;
    rig_start (rig);
    //  Another publisher, name, seq or version in the head than in the listing.
    announce (rig_listing (rig, 1, "pack", 3, "1.0.0"), rig_head (rig, 2, "pack", 3, "1.0.0"), none);
    announce (rig_listing (rig, 1, "pack", 3, "1.0.0"), rig_head (rig, 1, "kcap", 3, "1.0.0"), none);
    announce (rig_listing (rig, 1, "pack", 3, "1.0.0"), rig_head (rig, 1, "pack", 4, "1.0.0"), none);
    announce (rig_listing (rig, 1, "pack", 3, "1.0.0"), rig_head (rig, 1, "pack", 3, "1.1.0"), none);
    announce (rig_listing (rig, 1, "pack", 3, "1.0.0"), rig_head (rig, 1, "pack", 3, "1.0.0!"),
              none);
    //  The same archive even, signed by somebody else.
    rig_head_t head;
    rig_head_fill (&head, 1, "pack", 3, "1.0.0");
    announce (rig_listing (rig, 1, "pack", 3, "1.0.0"),
              p2p_sign (rig->world, 2, GGEN__RECORD_KIND__HEAD, &head.head.base), none);
    expect_counts (0, 6);
    //  A release of another name, of another key, that the head does not list.
    announce (rig_listing (rig, 1, "pack", 3, "1.0.0"), rig_head (rig, 1, "pack", 3, "1.0.0"),
              rig_release (rig, 1, "kcap", "1.0.0"));
    announce (rig_listing (rig, 1, "pack", 3, "1.0.0"), rig_head (rig, 1, "pack", 3, "1.0.0"),
              rig_release (rig, 2, "pack", "1.0.0"));
    announce (rig_listing (rig, 1, "pack", 3, "1.0.0"), rig_head (rig, 1, "pack", 3, "1.0.0"),
              rig_release (rig, 1, "pack", "1.1.0"));
    digest_t digest = rig_digest ("pack", "1.0.0", 1);
    announce (rig_listing (rig, 1, "pack", 3, "1.0.0"), rig_head (rig, 1, "pack", 3, "1.0.0"),
              rig_release_at (rig, 2, "pack", "1.0.0", &digest, RIG_WALL));
    expect_counts (0, 10);
    assert_false (rig_exists (rig, "pack"));
}

static void
a_seq_that_leaps_is_not_taken (void **state)
{
    (void) state;
    rig_start (rig);
    announce_good (1, "pack", 3);
    announce_good (1, "pack", 1ull << 39);
    announce_good (1, "pack", 4);
    expect_counts (2, 0);
}

static void
private_ids_are_not_heeded (void **state)
{
    (void) state;
    static const char *const patterns[] = {"acme/*"};
    rig->settings.private_ids = patterns;
    rig->settings.private_count = 1;
    rig_start (rig);
    announce_good (1, "acme/tool", 3);
    expect_counts (0, 0);
    Ggen__P2pStatusReply *status = rig_status (rig);
    assert_int_equal (status->discovered, 0);
    puppet_free (status);
}

//  ---- too much ------------------------------------------------------------------------------------

static void
a_flood_of_one_signer_drives_out_only_itself (void **state)
{
    (void) state;
    char id[16];
    rig->settings.signer_max = 5;
    rig_start (rig);
    announce_good (2, "honest", 1);
    for (unsigned i = 0; i < 30; i++) {
        snprintf (id, sizeof id, "spam-%u", i);
        announce_good (1, id, 1);
    }
    Ggen__P2pStatusReply *status = rig_status (rig);
    assert_int_equal (status->discovered, 6);
    puppet_free (status);
    assert_true (rig_exists (rig, "honest"));
}

static void
what_trust_has_pinned_is_not_driven_out (void **state)
{
    (void) state;
    char id[16];
    rig->settings.discovered_max = 8;
    rig_start (rig);
    p2p_pin (rig->world, "pinned", 2);
    announce_good (2, "pinned", 1);
    for (unsigned i = 0; i < 40; i++) {
        snprintf (id, sizeof id, "p-%u", i);
        announce_good (i % 2, id, 1);
    }
    Ggen__P2pStatusReply *status = rig_status (rig);
    assert_int_equal (status->discovered, 8);
    puppet_free (status);
    rig->world->dht_code = NETWORK;
    assert_true (rig_exists (rig, "pinned"));
    rig_ask_get (rig, "p-0");
    rig_expect_failure (rig, NETWORK);
}

static void
what_is_driven_out_is_gone_from_the_disk (void **state)
{
    (void) state;
    char id[16];
    rig->settings.discovered_max = 4;
    rig_start (rig);
    for (unsigned i = 0; i < 20; i++) {
        snprintf (id, sizeof id, "p-%u", i);
        announce_good (1, id, 1);
        rig_wait (rig, 3000);
    }
    rig_wait (rig, 10000);
    assert_int_equal (rig->state->count, 4);
}

#define TEST(name) cmocka_unit_test_setup_teardown (name, set_up, tear_down)

int
main (void)
{
    const struct CMUnitTest tests[] = {
        TEST (good_news_is_found_without_asking_anybody),
        TEST (news_survives_a_restart),
        TEST (the_same_news_again_and_older_news_is_nobodys_fault),
        TEST (a_withdrawal_takes_it_out),
        TEST (it_follows_the_topic_of_all_or_those_it_was_told),
        TEST (what_is_no_news_at_all_is_its_origins_fault),
        TEST (forged_news_is_its_origins_fault),
        TEST (news_that_does_not_agree_is_its_origins_fault),
        TEST (a_seq_that_leaps_is_not_taken),
        TEST (private_ids_are_not_heeded),
        TEST (a_flood_of_one_signer_drives_out_only_itself),
        TEST (what_trust_has_pinned_is_not_driven_out),
        TEST (what_is_driven_out_is_gone_from_the_disk),
    };
    return cmocka_run_group_tests_name ("registry_p2p news", tests, NULL, NULL);
}
