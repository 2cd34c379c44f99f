// SPDX-License-Identifier: MIT
//  A node that lives for one call: its questions wait until somebody is there, and say so when nobody
//  is.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "actors/registry/p2p_join.h"
#include "tests/p2p_rig.h"

#define ALONE "nobody is there"

static rig_t *rig;

static int
set_up (void **state)
{
    (void) state;
    rig = rig_new (NULL);
    rig->settings.brief = true;
    rig->settings.alone_text = ALONE;
    rig->settings.join_ms = 5000;
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
plant (void)
{
    rig_plant (rig, 0, "pack", 3, "1.0.0");
    ProtobufCBinaryData packed =
        rig_listing_of (rig, 0, "pack", 3, "1.0.0", "Draws ontologies", NULL);
    rig_put_keyword (rig, "ontologies", 0, packed);
}

//  The next question to swarm; 'known' as it has to be.
static said_t
bootstrap (bool known)
{
    said_t said = {0};
    assert_true (puppet_take (&rig->registry, "swarm", &said));
    Ggen__BootstrapRequest *request =
        ggen__bootstrap_request__unpack (NULL, said.body_size, said.body);
    assert_non_null (request);
    assert_int_equal (request->known, known);
    assert_int_equal (request->wanted, 1);
    ggen__bootstrap_request__free_unpacked (request, NULL);
    return said;
}

static void
answer (bool known)
{
    said_t said = bootstrap (known);
    Ggen__BootstrapReply reply = GGEN__BOOTSTRAP_REPLY__INIT;
    reply.connected = 1;
    puppet_reply (&rig->registry, &said, &reply.base);
    rig_settle (rig);
}

static void
refuse (bool known)
{
    said_t said = bootstrap (known);
    puppet_refuse (&rig->registry, &said, BOOTSTRAP_TIMEOUT);
    rig_settle (rig);
}

static void
peer_comes (Ggen__Tier tier)
{
    char *protocols[] = {"dht/1"};
    uint8_t key[32] = {7};
    Ggen__PeerUp up = GGEN__PEER_UP__INIT;
    up.peer_key = (ProtobufCBinaryData) {sizeof key, key};
    up.protocols = protocols;
    up.n_protocols = 1;
    up.tier = tier;
    up.kept = true;
    rig_tell (rig, "swarm", &up.base);
}

static void
expect_found (void)
{
    Ggen__SearchReply *reply = rig_hear (rig, &ggen__search_reply__descriptor);
    assert_int_equal (reply->n_results, 1);
    assert_false (reply->incomplete);
    assert_int_equal (reply->n_warnings, 0);
    puppet_free (reply);
}

static void
expect_alone (void)
{
    Ggen__SearchReply *reply = rig_hear (rig, &ggen__search_reply__descriptor);
    assert_int_equal (reply->n_results, 0);
    assert_true (reply->incomplete);
    assert_int_equal (reply->n_warnings, 1);
    assert_string_equal (reply->warnings[0], ALONE);
    puppet_free (reply);
}

//  ---- tests ---------------------------------------------------------------------------------------

static void
a_question_waits_until_a_peer_is_there (void **state)
{
    (void) state;
    plant ();
    rig_start (rig);
    rig_ask_search (rig, "ontologies");
    rig_wait (rig, 2000);
    assert_true (puppet_silent (&rig->registry));
    peer_comes (GGEN__TIER__COMMUNITY);
    expect_found ();
    said_t said = bootstrap (false);
    said_free (&said);
}

static void
one_that_does_not_know_yet_that_it_can_be_dialled_is_given_a_moment (void **state)
{
    (void) state;
    plant ();
    rig_start (rig);
    rig_ask_search (rig, "ontologies");
    peer_comes (GGEN__TIER__CLIENT);
    answer (false);
    assert_true (puppet_silent (&rig->registry));
    peer_comes (GGEN__TIER__COMMUNITY);
    expect_found ();
}

static void
then_those_who_are_there_have_to_do (void **state)
{
    (void) state;
    plant ();
    rig_start (rig);
    rig_ask_search (rig, "ontologies");
    answer (false);
    rig_wait (rig, JOIN_SETTLE_MS);
    expect_found ();
}

static void
when_no_bootstrap_is_there_known_peers_are_tried (void **state)
{
    (void) state;
    plant ();
    rig_start (rig);
    rig_ask_search (rig, "ontologies");
    refuse (false);
    assert_true (puppet_silent (&rig->registry));
    peer_comes (GGEN__TIER__COMMUNITY);
    expect_found ();
    said_t said = bootstrap (true);
    said_free (&said);
}

static void
when_nobody_can_be_reached_that_is_told_at_once (void **state)
{
    (void) state;
    plant ();
    rig_start (rig);
    rig_ask_search (rig, "ontologies");
    refuse (false);
    refuse (true);
    rig_wait (rig, 1);
    expect_alone ();
    rig_ask_search (rig, "ontologies");
    expect_alone ();
    rig_ask_get (rig, "pack");
    rig_expect_failure (rig, NETWORK);
    rig_ask_list (rig, "pack");
    rig_expect_failure (rig, NETWORK);
}

static void
the_local_network_is_waited_for_a_little (void **state)
{
    (void) state;
    plant ();
    rig->settings.lan_ms = 1500;
    rig_start (rig);
    rig_ask_search (rig, "ontologies");
    refuse (false);
    refuse (true);
    rig_wait (rig, 1400);
    assert_true (puppet_silent (&rig->registry));
    rig_wait (rig, 100);
    expect_alone ();
}

static void
a_network_that_is_silent_is_given_up_and_heard_when_it_comes_after_all (void **state)
{
    (void) state;
    plant ();
    rig_start (rig);
    rig_ask_search (rig, "ontologies");
    rig_wait (rig, 4900);
    assert_true (puppet_silent (&rig->registry));
    rig_wait (rig, 100);
    expect_alone ();
    peer_comes (GGEN__TIER__COMMUNITY);
    rig_ask_search (rig, "ontologies");
    expect_found ();
    said_t said = bootstrap (false);
    said_free (&said);
}

static void
it_follows_no_news_and_leaves_the_outbox_to_a_node_that_stays (void **state)
{
    (void) state;
    rig->settings.brief = false;
    rig_start (rig);
    rig->world->dht_code = NETWORK;
    rig_ask_publish (rig, 0, "pack", "1.0.0", 1, "1.0.0");
    rig_wait (rig, 60000);
    said_t said;
    while (puppet_take (&rig->registry, PUPPET_TESTER, &said))
        said_free (&said);
    rig->settings.brief = true;
    rig->world->dht_code = OK;
    rig_restart (rig);
    peer_comes (GGEN__TIER__COMMUNITY);
    rig_wait (rig, 60000);
    assert_false (puppet_take (&rig->registry, "gossip", &said));
    Ggen__OutboxReply *outbox = rig_outbox (rig);
    assert_int_equal (outbox->n_entries, 0);
    puppet_free (outbox);
    said = bootstrap (false);
    said_free (&said);
}

static void
a_node_that_stays_says_that_it_is_alone_and_what_it_knows (void **state)
{
    (void) state;
    plant ();
    rig->settings.brief = false;
    rig_start (rig);
    Ggen__SearchReply *reply = rig_search (rig, "ontologies");
    assert_int_equal (reply->n_results, 1);
    assert_true (reply->incomplete);
    assert_string_equal (reply->warnings[0], ALONE);
    puppet_free (reply);
    peer_comes (GGEN__TIER__COMMUNITY);
    reply = rig_search (rig, "ontologies");
    assert_false (reply->incomplete);
    puppet_free (reply);
    Ggen__ConnectivityChanged changed = GGEN__CONNECTIVITY_CHANGED__INIT;
    rig_tell (rig, "swarm", &changed.base);
    reply = rig_search (rig, "ontologies");
    assert_true (reply->incomplete);
    puppet_free (reply);
}

#define TEST(function) cmocka_unit_test_setup_teardown (function, set_up, tear_down)

int
main (void)
{
    const struct CMUnitTest tests[] = {
        TEST (a_question_waits_until_a_peer_is_there),
        TEST (one_that_does_not_know_yet_that_it_can_be_dialled_is_given_a_moment),
        TEST (then_those_who_are_there_have_to_do),
        TEST (when_no_bootstrap_is_there_known_peers_are_tried),
        TEST (when_nobody_can_be_reached_that_is_told_at_once),
        TEST (the_local_network_is_waited_for_a_little),
        TEST (a_network_that_is_silent_is_given_up_and_heard_when_it_comes_after_all),
        TEST (it_follows_no_news_and_leaves_the_outbox_to_a_node_that_stays),
        TEST (a_node_that_stays_says_that_it_is_alone_and_what_it_knows),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
