// SPDX-License-Identifier: MIT
//  Search: the keywords of the DHT united with what was heard of.
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

//  Under each keyword, as its publisher would do.
static void
plant (unsigned who, const char *id, uint64_t seq, const char *description, const char *tag)
{
    ProtobufCBinaryData packed = rig_listing_of (rig, who, id, seq, "1.0.0", description, tag);
    p2p_signed_t listing;
    assert_int_equal (p2p_signed_reopen (&listing, GGEN__RECORD_KIND__LISTING,
                                         (bytes_t) {packed.data, packed.len}), OK);
    for (size_t i = 0; i < listing.listing->n_keywords; i++)
        rig_put_keyword (rig, listing.listing->keywords[i], 0, p2p_copy (packed));
    p2p_signed_clear (&listing);
    free (packed.data);
}

static void
expect_hits (const char *query, const char *const *ids, size_t count)
{
    Ggen__SearchReply *reply = rig_search (rig, query);
    assert_int_equal (reply->n_results, count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal (reply->results[i]->id, ids[i]);
    puppet_free (reply);
}

#define EXPECT(query, ...) \
    expect_hits (query, (const char *const[]) {__VA_ARGS__}, \
                 COUNT_OF (((const char *const[]) {__VA_ARGS__})))

static void
a_word_that_nobody_ever_announced_here_is_found (void **state)
{
    (void) state;
    rig_start (rig);
    plant (1, "gizmo", 3, "Draws ontologies", "rdf");
    Ggen__SearchReply *reply = rig_search (rig, "ontologies");
    assert_int_equal (reply->n_results, 1);
    assert_string_equal (reply->results[0]->id, "gizmo");
    assert_string_equal (reply->results[0]->version, "1.0.0");
    assert_string_equal (reply->results[0]->source, "p2p");
    assert_int_equal (reply->total, 1);
    assert_false (reply->incomplete);
    assert_int_equal (reply->n_warnings, 0);
    puppet_free (reply);
    EXPECT ("RDF", "gizmo");
}

//  'who' has handed 'id' over to this key.
static void
hand_over (unsigned who, const char *id, unsigned to)
{
    rig_head_t head;
    Ggen__PutHeadRequest request = GGEN__PUT_HEAD_REQUEST__INIT;
    rig_head_fill (&head, who, id, 2, "1.0.0");
    head.head.rotated_to = publisher_key_to_field (&rig->world->keys[to]);
    request.id = (char *) (uintptr_t) id;
    request.record = p2p_sign (rig->world, who, GGEN__RECORD_KIND__HEAD, &head.head.base);
    rig_ask (rig, &request.base);
    free (request.record.data);
    puppet_free (rig_hear (rig, &ggen__put_head_reply__descriptor));
}

//  Whichever of the two keys comes first; twice, too, and in a ring it ends.
static void
of_a_name_that_was_handed_over_the_successor_tells (void **state)
{
    (void) state;
    static const char *const ids[] = {"alpha", "beta", "gamma", "delta"};
    static const unsigned lines[][3] = {{0, 1, 1}, {1, 0, 0}, {2, 0, 1}, {1, 2, 0}};
    rig_start (rig);
    for (unsigned i = 0; i < COUNT_OF (ids); i++) {
        const unsigned *line = lines[i], last = line[2];
        for (unsigned who = 0; who < P2P_SIGNERS; who++)
            if (who == line[0] || who == line[1] || who == last)
                rig_must_publish (rig, who, ids[i], "1.0.0", 1, "1.0.0");
        hand_over (line[0], ids[i], line[1]);
        if (last != line[1])
            hand_over (line[1], ids[i], last);
        Ggen__SearchReply *reply = rig_search (rig, ids[i]);
        assert_int_equal (reply->n_results, 1);
        ProtobufCBinaryData teller = reply->results[0]->publisher->public_key;
        assert_memory_equal (teller.data, rig->world->keys[last].bytes, PUBLISHER_KEY_SIZE);
        puppet_free (reply);
    }
    hand_over (1, "alpha", 0);
    EXPECT ("alpha", "alpha");
}

static void
of_several_words_each_has_to_be_there (void **state)
{
    (void) state;
    rig_start (rig);
    plant (1, "alpha", 1, "A parser for turtle", NULL);
    plant (1, "beta", 1, "A parser for sparql", NULL);
    plant (1, "gamma", 1, "Draws turtle", NULL);
    EXPECT ("turtle parser", "alpha");
    EXPECT ("parser", "alpha", "beta");
    Ggen__SearchReply *reply = rig_search (rig, "parser nowhere");
    assert_int_equal (reply->n_results, 0);
    puppet_free (reply);
}

static void
what_was_heard_of_and_what_is_read_are_one_answer (void **state)
{
    (void) state;
    rig_start (rig);
    rig_plant (rig, 1, "my-tool", 1, "1.0.0");
    puppet_free (rig_get (rig, "my-tool"));
    plant (1, "your-tool", 1, "Another", NULL);
    EXPECT ("tool", "my-tool", "your-tool");
}

static void
the_newest_word_of_a_publisher_counts (void **state)
{
    (void) state;
    rig_start (rig);
    plant (1, "pack", 3, "Old words", NULL);
    rig_plant (rig, 1, "pack", 5, "1.0.0");
    puppet_free (rig_get (rig, "pack"));
    Ggen__SearchReply *reply = rig_search (rig, "old");
    assert_int_equal (reply->n_results, 0);
    puppet_free (reply);
    EXPECT ("pack", "pack");
}

static void
no_id_comes_twice_and_the_trusted_one_tells (void **state)
{
    static const char *const texts[] = {"Mine", "Theirs", "Whose"};
    for (unsigned pinned = 0; pinned < COUNT_OF (texts); pinned++) {
        rig_start (rig);
        for (unsigned who = 0; who < COUNT_OF (texts); who++)
            plant (who, "pack", 3, texts[who], NULL);
        puppet_free (rig_search (rig, "pack"));
        //  Trust is asked when the name is looked up.
        p2p_pin (rig->world, "pack", pinned);
        rig_ask_get (rig, "pack");
        rig_expect_failure (rig, PACKAGE_NOT_FOUND);
        Ggen__SearchReply *reply = rig_search (rig, "pack");
        assert_int_equal (reply->n_results, 1);
        assert_string_equal (reply->results[0]->description, texts[pinned]);
        puppet_free (reply);
        tear_down (state);
        set_up (state);
    }
}

static void
forged_and_misplaced_listings_do_not_count (void **state)
{
    (void) state;
    rig_start (rig);
    ProtobufCBinaryData forged = rig_listing_of (rig, 1, "bait", 1, "1.0.0", "A parser", NULL);
    forged.data[forged.len - 1] ^= 1;
    rig_put_keyword (rig, "parser", 0, forged);
    rig_put_keyword (rig, "parser", 0, rig_listing_of (rig, 0, "other", 1, "1.0.0", "Text", NULL));
    Ggen__SearchReply *reply = rig_search (rig, "parser");
    assert_int_equal (reply->n_results, 0);
    puppet_free (reply);
}

static void
filters_and_order_hold_over_the_network (void **state)
{
    (void) state;
    rig_start (rig);
    plant (1, "zeta", 1, "A parser", "rdf");
    plant (1, "parser-kit", 1, "For many", NULL);
    plant (1, "parser", 1, "The one", "rdf");
    EXPECT ("parser", "parser", "parser-kit", "zeta");
    Ggen__SearchRequest request = GGEN__SEARCH_REQUEST__INIT;
    char *tags[] = {"RDF"};
    request.query = "parser";
    request.limit = 1;
    request.offset = 1;
    request.tags = tags;
    request.n_tags = 1;
    rig_ask (rig, &request.base);
    Ggen__SearchReply *reply = rig_hear (rig, &ggen__search_reply__descriptor);
    assert_int_equal (reply->total, 2);
    assert_int_equal (reply->n_results, 1);
    assert_string_equal (reply->results[0]->id, "zeta");
    puppet_free (reply);
    request.sort = GGEN__SORT_ORDER__BY_NAME;
    request.offset = 0;
    request.limit = 9;
    request.n_tags = 0;
    rig_ask (rig, &request.base);
    reply = rig_hear (rig, &ggen__search_reply__descriptor);
    assert_string_equal (reply->results[2]->id, "zeta");
    puppet_free (reply);
}

static void
without_a_query_it_tells_what_it_knows_and_that_this_is_not_all (void **state)
{
    (void) state;
    rig_start (rig);
    plant (1, "gizmo", 1, "Unknown here", NULL);
    rig_plant (rig, 1, "pack", 1, "1.0.0");
    puppet_free (rig_get (rig, "pack"));
    unsigned before = rig->world->reads;
    Ggen__SearchReply *reply = rig_search (rig, "");
    assert_int_equal (reply->n_results, 1);
    assert_true (reply->incomplete);
    assert_int_equal (reply->n_warnings, 1);
    puppet_free (reply);
    assert_int_equal (rig->world->reads, before);
}

static void
an_answer_of_only_a_part_of_the_network_says_so (void **state)
{
    (void) state;
    rig_start (rig);
    rig->world->incomplete = true;
    plant (1, "gizmo", 1, "Words", NULL);
    Ggen__SearchReply *reply = rig_search (rig, "gizmo");
    assert_int_equal (reply->n_results, 1);
    assert_true (reply->incomplete);
    puppet_free (reply);
}

static void
a_slow_network_gives_what_is_here_and_more_the_next_time (void **state)
{
    (void) state;
    rig_start (rig);
    rig_plant (rig, 1, "near-tool", 1, "1.0.0");
    puppet_free (rig_get (rig, "near-tool"));
    plant (1, "far-tool", 1, "Words", NULL);
    rig->held = "dht";
    rig_ask_search (rig, "tool");
    rig_wait (rig, 10500);
    Ggen__SearchReply *reply = rig_hear (rig, &ggen__search_reply__descriptor);
    assert_int_equal (reply->n_results, 1);
    assert_true (reply->incomplete);
    puppet_free (reply);
    rig->held = NULL;
    rig_settle (rig);
    rig->world->dht_code = NETWORK;
    EXPECT ("tool", "far-tool", "near-tool");
}

static void
a_full_set_is_read_to_its_end (void **state)
{
    (void) state;
    char id[16];
    rig->world->full = 3;
    rig_start (rig);
    for (unsigned i = 0; i < 8; i++) {
        snprintf (id, sizeof id, "tool-%u", i);
        rig_put_keyword (rig, "tool", i / 3, rig_listing (rig, 1, id, 1, "1.0.0"));
    }
    Ggen__SearchReply *reply = rig_search (rig, "tool");
    assert_int_equal (reply->n_results, 8);
    assert_false (reply->incomplete);
    puppet_free (reply);
}

static void
of_several_words_the_rarest_is_read_to_its_end (void **state)
{
    (void) state;
    char id[16];
    rig->world->full = 3;
    rig_start (rig);
    for (unsigned i = 0; i < 9; i++) {
        snprintf (id, sizeof id, "common-%u", i);
        rig_put_keyword (rig, "common", i / 3, rig_listing (rig, 1, id, 1, "1.0.0"));
    }
    rig_put_keyword (rig, "rare", 0, rig_listing (rig, 1, "rare-common", 1, "1.0.0"));
    unsigned before = rig->world->reads;
    EXPECT ("common rare", "rare-common");
    assert_int_equal (rig->world->reads - before, 2);
}

//  16 references per keyword and signer are the DHT's bound; here one signer has no more than its share.
static void
a_small_table_still_finds_all (void **state)
{
    (void) state;
    char id[16];
    rig->settings.discovered_max = 4;
    rig_start (rig);
    for (unsigned i = 0; i < 12; i++) {
        snprintf (id, sizeof id, "tool-%c", 'a' + (int) i);
        rig_put_keyword (rig, "tool", 0, rig_listing (rig, i % 3, id, 1, "1.0.0"));
    }
    Ggen__SearchReply *reply = rig_search (rig, "tool");
    assert_int_equal (reply->n_results, 12);
    puppet_free (reply);
    Ggen__P2pStatusReply *status = rig_status (rig);
    assert_true (status->discovered <= 4);
    puppet_free (status);
}

static void
private_ids_of_others_are_not_found (void **state)
{
    (void) state;
    static const char *const patterns[] = {"acme-*"};
    rig->settings.private_ids = patterns;
    rig->settings.private_count = 1;
    rig_start (rig);
    plant (1, "acme-tool", 1, "Not ours", NULL);
    plant (1, "other-tool", 1, "Fine", NULL);
    EXPECT ("tool", "other-tool");
}

#define TEST(name) cmocka_unit_test_setup_teardown (name, set_up, tear_down)

int
main (void)
{
    const struct CMUnitTest tests[] = {
        TEST (a_word_that_nobody_ever_announced_here_is_found),
        TEST (of_a_name_that_was_handed_over_the_successor_tells),
        TEST (of_several_words_each_has_to_be_there),
        TEST (what_was_heard_of_and_what_is_read_are_one_answer),
        TEST (the_newest_word_of_a_publisher_counts),
        TEST (no_id_comes_twice_and_the_trusted_one_tells),
        TEST (forged_and_misplaced_listings_do_not_count),
        TEST (filters_and_order_hold_over_the_network),
        TEST (without_a_query_it_tells_what_it_knows_and_that_this_is_not_all),
        TEST (an_answer_of_only_a_part_of_the_network_says_so),
        TEST (a_slow_network_gives_what_is_here_and_more_the_next_time),
        TEST (a_full_set_is_read_to_its_end),
        TEST (of_several_words_the_rarest_is_read_to_its_end),
        TEST (a_small_table_still_finds_all),
        TEST (private_ids_of_others_are_not_found),
    };
    return cmocka_run_group_tests_name ("registry_p2p search", tests, NULL, NULL);
}
