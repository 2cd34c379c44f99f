// SPDX-License-Identifier: MIT
//  One gossip actor among people who say what the test wants: frames, pushes, forgeries, nothing.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/gossip_rig.h"

#include <assert.h>
#include <malloc.h>

//  It follows the topic and has 'count' neighbours that do.
static rig_t *
with_neighbours (unsigned count)
{
    rig_t *rig = rig_new ();
    rig_follow_topic (rig, RIG_TOPIC, false);
    for (unsigned i = 0; i < count; i++) {
        rig_up (rig, i);
        rig_subscribe (rig, i, RIG_TOPIC);
    }
    puppet_wait (&rig->puppet, 2000);
    for (unsigned i = 0; i < count; i++)
        (void) rig_told (rig, i);
    return rig;
}

//  As many neighbours, each with a link to it; the first 'eager' of them eager.
static rig_t *
with_links (unsigned count, unsigned eager)
{
    rig_t *rig = rig_new ();
    rig_follow_topic (rig, RIG_TOPIC, false);
    for (unsigned i = 0; i < count; i++) {
        rig_up (rig, i);
        rig_link (rig, i, i < eager);
    }
    puppet_wait (&rig->puppet, 2000);
    for (unsigned i = 0; i < count; i++)
        (void) rig_told (rig, i);
    return rig;
}

//  Its only topic, from inside.
static topic_t *
topic_of (rig_t *rig)
{
    return rig_state (rig)->topics [0];
}

static link_t *
link_of (rig_t *rig, unsigned who)
{
    return topic_link (topic_of (rig), peers_find (rig_state (rig), rig->people [who].address));
}

//  ---- neighbours --------------------------------------------------------------------------------

static void
a_neighbour_that_gossips_is_told_what_we_follow (void **state)
{
    (void) state;
    rig_t *rig = rig_new ();
    rig_follow_topic (rig, RIG_TOPIC, false);
    rig_up_as (rig, 0, "gossip/1", true, true);
    rig_up_as (rig, 1, "transfer/1", true, true);
    rig_up_as (rig, 2, "gossip/1", false, true);
    puppet_wait (&rig->puppet, 100);
    assert_int_equal (rig_told (rig, 0).subscribe, 1);
    assert_int_equal (rig_told (rig, 1).frames, 0);
    assert_int_equal (rig_told (rig, 2).frames, 0);
    //  Whose link does not stay is no neighbour, whatever it says.
    rig_subscribe (rig, 2, RIG_TOPIC);
    puppet_wait (&rig->puppet, 100);
    assert_int_equal (rig_told (rig, 2).frames, 0);
    rig_follow_topic (rig, "/other", false);
    puppet_wait (&rig->puppet, 100);
    assert_int_equal (rig_told (rig, 0).subscribe, 1);
    rig_follow_topic (rig, "/other", true);
    puppet_wait (&rig->puppet, 100);
    assert_int_equal (rig_told (rig, 0).unsubscribe, 1);
    rig_destroy (rig);
}

static void
given_nothing_to_say_nothing_is_said_and_nothing_is_due (void **state)
{
    (void) state;
    rig_t *rig = with_links (6, 2);
    puppet_wait (&rig->puppet, 3600000);
    for (unsigned i = 0; i < 6; i++)
        assert_int_equal (rig_told (rig, i).frames, 0);
    assert_true (actor_deadline_ms (rig->puppet.actor) == DEADLINE_NEVER);
    rig_destroy (rig);
}

static void
an_idle_actor_with_thirty_two_neighbours_takes_some_seven_kibibytes (void **state)
{
    (void) state;
#ifdef GGEN_INSTRUMENTED
    skip ();
#endif
    rig_t *rig = rig_new ();
    rig_follow_topic (rig, RIG_TOPIC, false);
    //  The difference between eight and forty: what malloc keeps for later is in both.
    size_t bytes [2];
    for (unsigned i = 0; i < 40; i++) {
        rig_up (rig, i);
        rig_subscribe (rig, i, RIG_TOPIC);
        puppet_wait (&rig->puppet, 60000);
        for (unsigned k = 0; k <= i; k++)
            (void) rig_told (rig, k);
        if (i == 7 || i == 39)
            bytes [i == 39] = mallinfo2 ().uordblks;
    }
    size_t all = bytes [1] - bytes [0] + sizeof (gossip_t) + sizeof (topic_t);
    if (all > 7500)
        fail_msg ("%zu bytes", all);
    rig_destroy (rig);
}

//  ---- bodies ------------------------------------------------------------------------------------

static void
what_is_verified_is_delivered_once_and_told_on (void **state)
{
    (void) state;
    rig_t *rig = with_links (5, 2);
    packed_t packed = rig_announcement (rig, 90, "news");
    rig_send (rig, 0, &packed);
    assert_int_equal (rig_delivered (rig), 1);
    assert_int_equal (rig_told (rig, 1).bodies, 1);
    assert_int_equal (rig_told (rig, 0).bodies, 0);
    puppet_wait (&rig->puppet, 100);
    for (unsigned i = 2; i < 5; i++) {
        told_t told = rig_told (rig, i);
        assert_int_equal (told.bodies, 0);
        assert_int_equal (told.have, 1);
    }
    assert_int_equal (rig_told (rig, 0).have, 0);
    rig_send (rig, 2, &packed);
    assert_int_equal (rig_delivered (rig), 0);
    Ggen__GossipStatusReply *status = rig_status (rig);
    assert_int_equal (status->delivered, 1);
    assert_int_equal (status->duplicates, 1);
    assert_int_equal (status->topics [0]->members, 6);
    assert_int_equal (status->topics [0]->mesh, 5);
    puppet_free (status);
    free (packed.bytes);
    rig_destroy (rig);
}

static void
the_first_bad_signature_ends_all_talk (void **state)
{
    (void) state;
    rig_t *rig = with_links (5, 5);
    packed_t packed = rig_announcement (rig, 90, "news"), good = rig_announcement (rig, 90, "more");
    packed.bytes [packed.size - 1] ^= 1;
    rig_send (rig, 0, &packed);
    assert_int_equal (rig_delivered (rig), 0);
    assert_int_equal (rig_observed (rig), GGEN__EXPERIENCE__FORGED);
    assert_null (link_of (rig, 0));
    rig_send (rig, 0, &good);
    assert_int_equal (rig_delivered (rig), 0);
    rig_send (rig, 1, &good);
    assert_int_equal (rig_delivered (rig), 1);
    puppet_wait (&rig->puppet, 5000);
    assert_int_equal (rig_told (rig, 0).frames, 0);
    assert_int_equal (rig_told (rig, 2).bodies, 1);
    free (packed.bytes);
    free (good.bytes);
    rig_destroy (rig);
}

static void
what_was_about_to_be_said_to_who_forges_is_not_said (void **state)
{
    (void) state;
    rig_t *rig = with_links (5, 2);
    packed_t good = rig_announcement (rig, 90, "news"), packed = rig_announcement (rig, 90, "more");
    packed.bytes [packed.size - 1] ^= 1;
    rig_send (rig, 0, &good);
    rig_send (rig, 3, &packed);
    puppet_wait (&rig->puppet, 1000);
    assert_int_equal (rig_told (rig, 2).have, 1);
    assert_int_equal (rig_told (rig, 3).frames, 0);
    free (packed.bytes);
    free (good.bytes);
    rig_destroy (rig);
}

static void
sign_badly (void *context, const void *message, size_t size, uint8_t *signature)
{
    (void) context;
    (void) message;
    (void) size;
    memset (signature, 0, CRYPTO_SIGNATURE_BYTES);
}

static void
given_we_cannot_verify_at_all_nobody_is_accused (void **state)
{
    (void) state;
    rig_t *rig = with_links (5, 5);
    packed_t packed = rig_announcement (rig, 90, "news");
    packed.bytes [packed.size - 1] ^= 1;
    rig->identity.sign = sign_badly;
    rig_send (rig, 0, &packed);
    assert_int_equal (rig_observed (rig), GGEN__EXPERIENCE__EXPERIENCE_NONE);
    assert_non_null (link_of (rig, 0));
    free (packed.bytes);
    rig_destroy (rig);
}

static void
what_is_too_old_or_was_here_or_is_not_followed_is_dropped_without_blame (void **state)
{
    (void) state;
    rig_t *rig = with_links (2, 2);
    int64_t wall_ms = rig->puppet.wall_ms;
    packed_t old = rig_seal (rig, &rig->people [90], RIG_TOPIC, "x", wall_ms - 601000);
    packed_t early = rig_seal (rig, &rig->people [90], RIG_TOPIC, "x", wall_ms + 601000);
    packed_t other = rig_seal (rig, &rig->people [90], "/other", "x", wall_ms);
    packed_t ours = rig_seal (rig, &rig->us, RIG_TOPIC, "x", wall_ms);
    packed_t good = rig_seal (rig, &rig->people [90], RIG_TOPIC, "x", wall_ms + 599000);
    rig_send (rig, 0, &old);
    rig_send (rig, 0, &early);
    rig_send (rig, 0, &other);
    rig_send (rig, 0, &ours);
    assert_int_equal (rig_delivered (rig), 0);
    rig_send (rig, 0, &good);
    assert_int_equal (rig_delivered (rig), 1);
    //  Long after its id was forgotten its number is known.
    puppet_wait (&rig->puppet, HISTORY_KEPT_MS + 1000);
    assert_int_equal (history_count (rig_state (rig)->history), 0);
    rig_send (rig, 0, &good);
    assert_int_equal (rig_delivered (rig), 0);
    assert_int_equal (rig_observed (rig), GGEN__EXPERIENCE__EXPERIENCE_NONE);
    Ggen__GossipStatusReply *status = rig_status (rig);
    assert_int_equal (status->refused, 5);
    assert_int_equal (status->invalid, 0);
    puppet_free (status);
    free (old.bytes), free (early.bytes), free (other.bytes), free (ours.bytes), free (good.bytes);
    rig_destroy (rig);
}

static void
given_our_clock_is_wrong_the_peers_clocks_say_what_is_too_old (void **state)
{
    (void) state;
    rig_t *rig = with_links (2, 2);
    int64_t wall_ms = rig->puppet.wall_ms;
    Ggen__PeersClock clock = GGEN__PEERS_CLOCK__INIT;
    packed_t ours = rig_seal (rig, &rig->people [90], RIG_TOPIC, "x", wall_ms);
    packed_t theirs = rig_seal (rig, &rig->people [91], RIG_TOPIC, "x", wall_ms + 3600000);
    clock.skew_ms = 3600000;
    rig_event (rig, "swarm", &clock.base);
    rig_send (rig, 0, &ours);
    assert_int_equal (rig_delivered (rig), 0);
    rig_send (rig, 0, &theirs);
    assert_int_equal (rig_delivered (rig), 1);
    free (ours.bytes), free (theirs.bytes);
    rig_destroy (rig);
}

static void
one_origin_is_heard_up_to_its_rate (void **state)
{
    (void) state;
    rig_t *rig = with_links (2, 2);
    unsigned heard = 0;
    for (unsigned i = 0; i < 300; i++) {
        packed_t packed = rig_announcement (rig, 90, "again");
        rig_send (rig, 0, &packed);
        (void) rig_told (rig, 1);
        heard += rig_delivered (rig);
        free (packed.bytes);
        puppet_wait (&rig->puppet, 1);
    }
    puppet_wait (&rig->puppet, 3000);
    heard += rig_delivered (rig);
    assert_in_range (heard, GOSSIP_ORIGIN_BURST, GOSSIP_ORIGIN_BURST + GOSSIP_ORIGIN_RATE);
    packed_t packed = rig_announcement (rig, 91, "honest");
    rig_send (rig, 1, &packed);
    assert_int_equal (rig_delivered (rig), 1);
    free (packed.bytes);
    rig_destroy (rig);
}

static void
what_no_honest_node_sends_is_told_to_reputation (void **state)
{
    (void) state;
    rig_t *rig = with_links (3, 3);
    packed_t garbage = rig_announcement (rig, 90, "news");
    garbage.bytes [0] = 0xff;
    rig_send (rig, 0, &garbage);
    assert_int_equal (rig_observed (rig), GGEN__EXPERIENCE__MISBEHAVED);
    puppet_wait (&rig->puppet, 1000);
    assert_null (link_of (rig, 0));

    uint8_t short_id [5] = {0};
    ProtobufCBinaryData ids [] = {{sizeof short_id, short_id}};
    Ggen__GossipHave have = GGEN__GOSSIP_HAVE__INIT, *haves [] = {&have};
    Ggen__GossipFrame frame = GGEN__GOSSIP_FRAME__INIT;
    have.ids = ids;
    have.n_ids = 1;
    frame.have = haves;
    frame.n_have = 1;
    rig_frame (rig, 1, &frame);
    assert_int_equal (rig_observed (rig), GGEN__EXPERIENCE__MISBEHAVED);

    packed_t large = {calloc (1, GOSSIP_FRAME_BYTES_MAX + 1), ANNOUNCEMENT_BYTES_MAX + 1, {0}};
    rig_send (rig, 2, &large);
    assert_int_equal (rig_observed (rig), GGEN__EXPERIENCE__MISBEHAVED);
    free (garbage.bytes);
    free (large.bytes);
    rig_destroy (rig);
}

static void
what_waits_of_all_neighbours_together_is_bounded (void **state)
{
    (void) state;
    const unsigned neighbours = 12;
    char *item = malloc (60001);
    memset (item, 'x', 60000);
    item [60000] = 0;
    rig_t *rig = with_links (neighbours, 0);
    gossip_t *gossip = rig_state (rig);
    for (unsigned who = 0; who < neighbours; who++) {
        //  It has used up what is verified at once.
        peer_t *peer = peers_find (gossip, rig->people [who].address);
        peer->verify_tokens = 0;
        peer->verify_at = (uint32_t) gossip->now_ms;
        for (unsigned i = 0; i < 8; i++) {
            packed_t packed = rig_announcement (rig, 90, item);
            rig_send (rig, who, &packed);
            free (packed.bytes);
        }
    }
    assert_in_range (gossip->inbox_bytes, 4u << 19, 4u << 20);
    assert_true (gossip->counts.dropped_full > 10);
    free (item);
    rig_destroy (rig);
}

static void
given_one_neighbour_floods_another_is_heard_at_once (void **state)
{
    (void) state;
    rig_t *rig = with_links (2, 2);
    for (unsigned i = 0; i < 2000; i++) {
        packed_t packed = rig_announcement (rig, 2 + i % 80, "flood");
        rig_send (rig, 0, &packed);
        (void) rig_delivered (rig);
        (void) rig_told (rig, 1);
        free (packed.bytes);
    }
    assert_true (rig_state (rig)->counts.delivered < 900);
    assert_true (rig_state (rig)->counts.dropped_full > 0);
    //  It may have heard all that from others.
    assert_int_equal (rig_observed (rig), GGEN__EXPERIENCE__EXPERIENCE_NONE);
    puppet_wait (&rig->puppet, 100);
    (void) rig_delivered (rig);
    packed_t packed = rig_announcement (rig, 90, "honest");
    rig_send (rig, 1, &packed);
    assert_true (history_has (rig_state (rig)->history, packed.id));
    free (packed.bytes);
    //  What waited is verified in its time.
    puppet_wait (&rig->puppet, 3000);
    assert_int_equal (rig_state (rig)->inbox_bytes, 0);
    assert_true (rig_delivered (rig) > 50);
    rig_destroy (rig);
}

//  ---- eager and lazy ----------------------------------------------------------------------------

static void
a_link_whose_push_comes_second_turns_lazy (void **state)
{
    (void) state;
    rig_t *rig = with_links (3, 3);
    packed_t packed = rig_announcement (rig, 90, "news");
    rig_send (rig, 0, &packed);
    (void) rig_told (rig, 1);
    rig_send (rig, 1, &packed);
    puppet_wait (&rig->puppet, 1);
    assert_int_equal (rig_told (rig, 1).lazy, 1);
    assert_false (link_of (rig, 1)->eager);
    assert_true (link_of (rig, 0)->eager);
    free (packed.bytes);
    rig_destroy (rig);
}

static void
a_link_that_was_of_use_stays_eager_while_few_of_its_pushes_come_second (void **state)
{
    (void) state;
    rig_t *rig = with_links (3, 3);
    for (unsigned i = 0; i < 8; i++) {
        packed_t packed = rig_announcement (rig, 90, "news");
        rig_send (rig, 1, &packed);
        free (packed.bytes);
    }
    unsigned seconds = 0;
    while (link_of (rig, 1)->eager) {
        packed_t packed = rig_announcement (rig, 90, "more");
        rig_send (rig, 0, &packed);
        rig_send (rig, 1, &packed);
        free (packed.bytes);
        seconds++;
    }
    assert_int_equal (seconds, 3);
    rig_destroy (rig);
}

static void
what_an_origin_pours_out_turns_no_link_lazy (void **state)
{
    (void) state;
    rig_t *rig = with_links (3, 3);
    for (unsigned i = 0; i < GOSSIP_ORIGIN_BURST / 2 + 1; i++) {
        packed_t packed = rig_announcement (rig, 90, "news");
        rig_send (rig, 0, &packed);
        free (packed.bytes);
    }
    for (unsigned i = 0; i < 10; i++) {
        packed_t packed = rig_announcement (rig, 90, "more");
        rig_send (rig, 0, &packed);
        rig_send (rig, 1, &packed);
        free (packed.bytes);
    }
    assert_true (link_of (rig, 1)->eager);
    packed_t packed = rig_announcement (rig, 91, "news");
    rig_send (rig, 0, &packed);
    rig_send (rig, 1, &packed);
    assert_false (link_of (rig, 1)->eager);
    free (packed.bytes);
    rig_destroy (rig);
}

static void
the_last_eager_link_stays (void **state)
{
    (void) state;
    rig_t *rig = with_links (3, 1);
    packed_t packed = rig_announcement (rig, 90, "news");
    rig_send (rig, 2, &packed);
    assert_true (link_of (rig, 2)->eager);
    rig_send (rig, 0, &packed);
    assert_false (link_of (rig, 0)->eager);
    char *topics [] = {RIG_TOPIC};
    Ggen__GossipFrame frame = GGEN__GOSSIP_FRAME__INIT;
    frame.lazy = topics;
    frame.n_lazy = 1;
    rig_frame (rig, 2, &frame);
    unsigned eager = 0;
    for (unsigned i = 0; i < 3; i++)
        eager += link_of (rig, i)->eager;
    assert_int_equal (eager, 1);
    free (packed.bytes);
    rig_destroy (rig);
}

static void
given_its_eager_neighbour_is_gone_another_one_takes_its_place (void **state)
{
    (void) state;
    rig_t *rig = with_links (4, 1);
    rig_down (rig, 0);
    puppet_wait (&rig->puppet, 1);
    unsigned eager = 0;
    for (unsigned i = 1; i < 4; i++)
        eager += rig_told (rig, i).eager;
    assert_int_equal (eager, 1);
    rig_destroy (rig);
}

//  ---- ids ---------------------------------------------------------------------------------------

static void
an_offered_id_is_asked_for_when_no_push_comes (void **state)
{
    (void) state;
    rig_t *rig = with_links (3, 1);
    packed_t packed = rig_announcement (rig, 90, "news");
    rig_have (rig, 1, packed.id, false);
    puppet_wait (&rig->puppet, 100);
    assert_int_equal (rig_told (rig, 1).want, 0);
    puppet_wait (&rig->puppet, 200);
    assert_int_equal (rig_told (rig, 1).want, 1);
    //  Who would have pushed it needs not.
    assert_int_equal (rig_told (rig, 0).dont_want, 1);
    rig_send (rig, 1, &packed);
    assert_int_equal (rig_delivered (rig), 1);
    //  No push came after it either: the tree needs this link.
    puppet_wait (&rig->puppet, 4000);
    assert_int_equal (rig_told (rig, 1).eager, 1);
    assert_int_equal (rig_state (rig)->counts.pulled, 1);
    free (packed.bytes);
    rig_destroy (rig);
}

static void
given_a_push_comes_nothing_is_asked_for (void **state)
{
    (void) state;
    rig_t *rig = with_links (3, 1);
    packed_t packed = rig_announcement (rig, 90, "news");
    rig_have (rig, 1, packed.id, false);
    rig_send (rig, 0, &packed);
    puppet_wait (&rig->puppet, 5000);
    assert_int_equal (rig_told (rig, 1).want, 0);
    free (packed.bytes);
    rig_destroy (rig);
}

static void
what_was_too_much_of_its_origin_is_not_fetched_of_all_who_offer_it (void **state)
{
    (void) state;
    rig_t *rig = with_links (3, 1);
    for (unsigned i = 0; i < GOSSIP_ORIGIN_BURST; i++) {
        packed_t packed = rig_announcement (rig, 90, "news");
        rig_send (rig, 0, &packed);
        free (packed.bytes);
    }
    packed_t much = rig_announcement (rig, 90, "more"), other = rig_announcement (rig, 91, "news");
    rig_send (rig, 0, &much);
    uint64_t delivered = rig_state (rig)->counts.delivered;
    assert_int_equal (delivered, GOSSIP_ORIGIN_BURST);
    rig_have (rig, 1, much.id, false);
    rig_have (rig, 2, other.id, false);
    puppet_wait (&rig->puppet, 300);
    assert_int_equal (rig_told (rig, 1).want, 0);
    assert_int_equal (rig_told (rig, 2).want, 1);
    //  Its rate allows it by now, but it was to be heard then.
    rig_send (rig, 1, &much);
    assert_int_equal (rig_state (rig)->counts.delivered, delivered);
    rig_send (rig, 2, &other);
    //  Later it is history, as anything else.
    rig_have (rig, 1, much.id, true);
    puppet_wait (&rig->puppet, 100);
    assert_int_equal (rig_told (rig, 1).want, 1);
    rig_send (rig, 1, &much);
    assert_int_equal (rig_state (rig)->counts.delivered, delivered + 2);
    assert_non_null (rig_state (rig)->refusals.marks);
    puppet_wait (&rig->puppet, 2 * HISTORY_KEPT_MS);
    assert_null (rig_state (rig)->refusals.marks);
    assert_int_equal (rig_state (rig)->counts.broken_promises, 0);
    free (much.bytes);
    free (other.bytes);
    rig_destroy (rig);
}

static void
given_no_answer_others_are_asked_and_the_promise_is_broken (void **state)
{
    (void) state;
    rig_t *rig = with_links (3, 1);
    packed_t packed = rig_announcement (rig, 90, "news");
    rig_have (rig, 1, packed.id, false);
    rig_have (rig, 2, packed.id, false);
    puppet_wait (&rig->puppet, 1500);
    assert_int_equal (rig_told (rig, 1).want, 1);
    assert_int_equal (rig_told (rig, 2).want, 1);
    puppet_wait (&rig->puppet, 10000);
    assert_int_equal (rig_told (rig, 1).want + rig_told (rig, 2).want, 2);     //  once more each
    Ggen__GossipStatusReply *status = rig_status (rig);
    assert_int_equal (status->broken_promises, 2);
    puppet_free (status);
    assert_null (rig_state (rig)->wants);
    free (packed.bytes);
    rig_destroy (rig);
}

static void
who_offers_and_does_not_deliver_is_no_longer_believed (void **state)
{
    (void) state;
    rig_t *rig = with_links (3, 1);
    uint8_t id [ID_SIZE] = {1};
    for (unsigned i = 0; i < 20; i++) {
        id [1] = (uint8_t) i;
        rig_have (rig, 1, id, false);
    }
    puppet_wait (&rig->puppet, 10000);
    assert_int_equal (rig_told (rig, 1).want, 80);     //  each of 20 ids four times
    assert_null (link_of (rig, 1));
    id [0] = 2;
    rig_have (rig, 1, id, false);
    puppet_wait (&rig->puppet, 5000);
    assert_int_equal (rig_told (rig, 1).want, 0);
    rig_destroy (rig);
}

static void
one_neighbour_cannot_fill_the_table_of_ids (void **state)
{
    (void) state;
    rig_t *rig = with_links (3, 1);
    uint8_t id [ID_SIZE] = {1};
    for (unsigned i = 0; i < 2 * GOSSIP_WANTS_MAX; i++) {
        memcpy (id + 1, &i, sizeof i);
        rig_have (rig, 1, id, false);
    }
    assert_int_equal (id_table_count (rig_state (rig)->wants), GOSSIP_WANTS_MAX / 8);
    packed_t packed = rig_announcement (rig, 90, "news");
    rig_have (rig, 2, packed.id, false);
    assert_int_equal (id_table_count (rig_state (rig)->wants), GOSSIP_WANTS_MAX / 8 + 1);
    free (packed.bytes);
    rig_destroy (rig);
}

static void
what_is_asked_for_is_given_within_bounds (void **state)
{
    (void) state;
    rig_t *rig = with_links (3, 1);
    char *item = malloc (60001);
    memset (item, 'x', 60000);
    item [60000] = 0;
    packed_t packed = rig_announcement (rig, 90, item);
    rig_send (rig, 0, &packed);
    unsigned given = 0;
    uint8_t unknown [ID_SIZE] = {9};
    rig_want (rig, 1, unknown);
    for (unsigned i = 0; i < 100; i++) {
        rig_want (rig, 1, packed.id);
        puppet_wait (&rig->puppet, 2);
        given += rig_told (rig, 1).bodies;
    }
    assert_in_range (given, 16, 17);
    puppet_wait (&rig->puppet, 1000);
    rig_want (rig, 1, packed.id);
    puppet_wait (&rig->puppet, 2);
    assert_int_equal (rig_told (rig, 1).bodies, 1);
    free (packed.bytes);
    free (item);
    rig_destroy (rig);
}

static void
given_a_neighbour_gets_it_from_elsewhere_it_is_told_the_id_only (void **state)
{
    (void) state;
    rig_t *rig = with_links (3, 2);
    packed_t packed = rig_announcement (rig, 90, "news");
    ProtobufCBinaryData ids [] = {{ID_SIZE, packed.id}};
    Ggen__GossipFrame frame = GGEN__GOSSIP_FRAME__INIT;
    frame.dont_want = ids;
    frame.n_dont_want = 1;
    rig_frame (rig, 1, &frame);
    rig_send (rig, 0, &packed);
    puppet_wait (&rig->puppet, 100);
    told_t told = rig_told (rig, 1);
    assert_int_equal (told.bodies, 0);
    assert_int_equal (told.have, 1);
    free (packed.bytes);
    rig_destroy (rig);
}

static void
who_comes_later_is_told_what_was_and_passes_it_on_by_id (void **state)
{
    (void) state;
    rig_t *rig = with_links (2, 2);
    packed_t packed = rig_announcement (rig, 90, "news");
    rig_send (rig, 0, &packed);
    puppet_wait (&rig->puppet, 300000);
    rig_up (rig, 5);
    rig_subscribe (rig, 5, RIG_TOPIC);
    puppet_wait (&rig->puppet, 10);
    assert_int_equal (rig_told (rig, 5).late, 1);
    free (packed.bytes);

    packed = rig_announcement (rig, 91, "from the other half");
    (void) rig_told (rig, 1);
    rig_have (rig, 5, packed.id, true);
    puppet_wait (&rig->puppet, 20);
    assert_int_equal (rig_told (rig, 5).want, 1);
    rig_send (rig, 5, &packed);
    puppet_wait (&rig->puppet, 20);
    told_t told = rig_told (rig, 1);
    assert_int_equal (told.bodies, 0);
    assert_int_equal (told.late, 1);
    free (packed.bytes);
    rig_destroy (rig);
}

//  ---- the mesh ----------------------------------------------------------------------------------

static void
a_mesh_grows_to_six_and_takes_up_to_twelve (void **state)
{
    (void) state;
    rig_t *rig = with_neighbours (40);
    assert_int_equal (topic_of (rig)->links_count, GOSSIP_MESH);
    unsigned pruned = 0;
    for (unsigned i = 0; i < 40; i++) {
        rig_link (rig, i, false);
        puppet_wait (&rig->puppet, 1);
        pruned += rig_told (rig, i).prune;
    }
    assert_int_equal (topic_of (rig)->links_count, GOSSIP_MESH_HIGH);
    assert_int_equal (pruned, 40 - GOSSIP_MESH_HIGH);
    //  Those that were refused have to wait; who does not loses.
    for (unsigned i = 0; i < 40; i++)
        if (!link_of (rig, i)) {
            const peer_t *peer = peers_find (rig_state (rig), rig->people [i].address);
            rig_link (rig, i, false);
            assert_true (score_of (peer, rig->puppet.now_ms) < 0);
            break;
        }
    rig_destroy (rig);
}

static void
whom_the_mesh_has_no_room_for_is_told_ids (void **state)
{
    (void) state;
    rig_t *rig = with_links (22, 12);
    packed_t packed = rig_announcement (rig, 90, "news");
    rig_send (rig, 0, &packed);
    puppet_wait (&rig->puppet, 100);
    for (unsigned i = 12; i < 22; i++) {
        assert_null (link_of (rig, i));
        told_t told = rig_told (rig, i);
        assert_int_equal (told.have, 1);
        assert_int_equal (told.bodies, 0);
    }
    free (packed.bytes);
    rig_destroy (rig);
}

static void
given_it_was_pruned_it_waits_a_minute (void **state)
{
    (void) state;
    rig_t *rig = with_neighbours (1);
    assert_non_null (link_of (rig, 0));
    Ggen__GossipPrune prune = GGEN__GOSSIP_PRUNE__INIT, *prunes [] = {&prune};
    prune.topic = RIG_TOPIC;
    prune.backoff_secs = 60;
    Ggen__GossipFrame frame = GGEN__GOSSIP_FRAME__INIT;
    frame.prune = prunes;
    frame.n_prune = 1;
    rig_frame (rig, 0, &frame);
    assert_null (link_of (rig, 0));
    puppet_wait (&rig->puppet, 59000);
    assert_int_equal (rig_told (rig, 0).graft, 0);
    puppet_wait (&rig->puppet, 3000);
    assert_int_equal (rig_told (rig, 0).graft, 1);
    rig_destroy (rig);
}

static void
a_neighbour_has_one_backoff_even_when_that_of_another_is_over (void **state)
{
    (void) state;
    rig_t *rig = with_neighbours (2);
    Ggen__GossipPrune prune = GGEN__GOSSIP_PRUNE__INIT, *prunes [] = {&prune};
    prune.topic = RIG_TOPIC;
    prune.backoff_secs = 600;
    Ggen__GossipFrame frame = GGEN__GOSSIP_FRAME__INIT;
    frame.prune = prunes;
    frame.n_prune = 1;
    rig_frame (rig, 1, &frame);
    rig_frame (rig, 0, &frame);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal (topic_of (rig)->backoffs [i].slot, 1 - i);
    topic_of (rig)->backoffs [0].until_ms = rig_state (rig)->now_ms - 60000;
    rig_link (rig, 0, false);
    rig_down (rig, 0);
    for (unsigned i = 0; i < topic_of (rig)->backoffs_count; i++)
        assert_non_null (rig_state (rig)->peers [topic_of (rig)->backoffs [i].slot]);
    rig_destroy (rig);
}

static void
a_mesh_has_two_links_that_we_dialled (void **state)
{
    (void) state;
    rig_t *rig = rig_new ();
    rig_follow_topic (rig, RIG_TOPIC, false);
    for (unsigned i = 0; i < 8; i++) {
        rig_up_as (rig, i, "gossip/1", true, true);
        rig_link (rig, i, false);
    }
    for (unsigned i = 8; i < 12; i++) {
        rig_up_as (rig, i, "gossip/1", true, false);
        rig_subscribe (rig, i, RIG_TOPIC);
    }
    rig_down (rig, 0);
    packed_t packed = rig_announcement (rig, 90, "news");
    rig_send (rig, 1, &packed);
    puppet_wait (&rig->puppet, 5000);
    unsigned dialled = 0;
    for (unsigned i = 8; i < 12; i++)
        dialled += link_of (rig, i) != NULL;
    assert_int_equal (dialled, GOSSIP_MESH_OUT);
    free (packed.bytes);
    rig_destroy (rig);
}

static void
what_is_no_longer_followed_is_left (void **state)
{
    (void) state;
    rig_t *rig = with_links (3, 2);
    rig_follow_topic (rig, RIG_TOPIC, true);
    puppet_wait (&rig->puppet, 10);
    told_t told = rig_told (rig, 0);
    assert_int_equal (told.prune, 1);
    assert_int_equal (told.unsubscribe, 1);
    packed_t packed = rig_announcement (rig, 90, "news");
    rig_send (rig, 0, &packed);
    assert_int_equal (rig_delivered (rig), 0);
    rig_link (rig, 1, true);
    puppet_wait (&rig->puppet, 10);
    assert_int_equal (rig_told (rig, 1).prune, 2);
    puppet_wait (&rig->puppet, 70000);
    assert_int_equal (rig_state (rig)->topics_count, 0);
    free (packed.bytes);
    rig_destroy (rig);
}

static void
given_more_than_half_turn_bad_at_once_that_is_us (void **state)
{
    (void) state;
    rig_t *rig = with_links (6, 2);
    gossip_t *gossip = rig_state (rig);
    for (unsigned i = 0; i < 3; i++)
        score_change (gossip, gossip->peers [i], SCORE_BROKEN);
    assert_int_equal (gossip->counts.alarms, 0);
    assert_true (score_of (gossip->peers [0], gossip->now_ms) < 0);
    score_change (gossip, gossip->peers [3], SCORE_BROKEN);
    assert_int_equal (gossip->counts.alarms, 1);
    for (unsigned i = 0; i < 6; i++)
        assert_true (score_of (gossip->peers [i], gossip->now_ms) >= 0);
    rig_destroy (rig);
}

static void
a_bad_score_is_forgotten_in_time (void **state)
{
    (void) state;
    rig_t *rig = with_links (3, 2);
    gossip_t *gossip = rig_state (rig);
    score_change (gossip, gossip->peers [0], SCORE_MALFORMED);
    assert_true (score_of (gossip->peers [0], gossip->now_ms) < SCORE_IDS_MIN);
    assert_true (score_of (gossip->peers [0], gossip->now_ms + 11000) > SCORE_IDS_MIN);
    assert_true (score_of (gossip->peers [0], gossip->now_ms + 100000) == 0);
    rig_destroy (rig);
}

//  ---- announcing --------------------------------------------------------------------------------

static void
announce (rig_t *rig, const char *topic, const char *item)
{
    Ggen__AnnounceRequest request = GGEN__ANNOUNCE_REQUEST__INIT;
    request.topic = (char *) topic;
    request.item = (ProtobufCBinaryData) {strlen (item), (uint8_t *) item};
    puppet_ask (&rig->puppet, &request.base);
}

//  Answer all pushes to 'who', or let them fail.
static unsigned
answer_pushes (rig_t *rig, unsigned who, code_t code)
{
    unsigned count = 0;
    said_t said = {0};
    while (puppet_take (&rig->puppet, rig->people [who].address, &said)) {
        if (strcmp (said.envelope->type, "PushRequest") != 0) {
            said_free (&said);
            continue;
        }
        count++;
        Ggen__PushReply reply = GGEN__PUSH_REPLY__INIT;
        Ggen__Failure failure = GGEN__FAILURE__INIT;
        failure.code = code;
        puppet_reply (&rig->puppet, &said, code == OK ? &reply.base : &failure.base);
    }
    return count;
}

static void
announcements_of_one_millisecond_share_a_signature (void **state)
{
    (void) state;
    rig_t *rig = with_neighbours (3);
    for (unsigned i = 0; i < 10; i++)
        announce (rig, RIG_TOPIC, "news");
    puppet_wait (&rig->puppet, 1);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal (answer_pushes (rig, i, i == 2 ? BUSY : OK), 1);
    for (unsigned i = 0; i < 10; i++) {
        Ggen__AnnounceReply *reply =
            puppet_hear (&rig->puppet, &ggen__announce_reply__descriptor);
        assert_int_equal (reply->asked, 3);
        assert_int_equal (reply->acknowledged, 2);
        puppet_free (reply);
    }
    assert_int_equal (rig_state (rig)->counts.announced, 1);
    //  Who did not answer is told the id.
    puppet_wait (&rig->puppet, 5000);
    assert_int_equal (rig_told (rig, 2).have, 1);
    assert_int_equal (rig_told (rig, 1).have, 0);
    rig_destroy (rig);
}

static void
given_nobody_is_there_it_goes_to_those_who_come (void **state)
{
    (void) state;
    rig_t *rig = rig_new ();
    rig_follow_topic (rig, RIG_TOPIC, false);
    announce (rig, RIG_TOPIC, "news");
    puppet_wait (&rig->puppet, 1);
    Ggen__AnnounceReply *reply = puppet_hear (&rig->puppet, &ggen__announce_reply__descriptor);
    assert_int_equal (reply->asked, 0);
    puppet_free (reply);
    puppet_wait (&rig->puppet, 50000);
    rig_up (rig, 0);
    rig_subscribe (rig, 0, RIG_TOPIC);
    puppet_wait (&rig->puppet, 10);
    assert_int_equal (rig_told (rig, 0).late, 1);
    rig_destroy (rig);
}

static void
more_than_our_rate_waits_and_shares_signatures (void **state)
{
    (void) state;
    rig_t *rig = with_neighbours (1);
    for (unsigned i = 0; i < 500; i++) {
        announce (rig, RIG_TOPIC, "news");
        puppet_wait (&rig->puppet, 2);
        answer_pushes (rig, 0, OK);
    }
    for (unsigned i = 0; i < 20; i++) {
        puppet_wait (&rig->puppet, 100);
        answer_pushes (rig, 0, OK);
    }
    assert_in_range (rig_state (rig)->counts.announced, GOSSIP_OWN_BURST,
        GOSSIP_OWN_BURST + 4 * GOSSIP_OWN_RATE);
    for (unsigned i = 0; i < 500; i++)
        puppet_free (puppet_hear (&rig->puppet, &ggen__announce_reply__descriptor));
    rig_destroy (rig);
}

static void
what_cannot_be_announced_is_refused (void **state)
{
    (void) state;
    rig_t *rig = rig_new ();
    said_t said = {0};
    announce (rig, RIG_TOPIC, "");
    announce (rig, "no topic", "news");
    for (unsigned i = 0; i < 2; i++) {
        assert_true (puppet_take (&rig->puppet, PUPPET_TESTER, &said));
        Ggen__Failure *failure = ggen__failure__unpack (NULL, said.body_size, said.body);
        assert_int_equal (failure->code, VALIDATION);
        ggen__failure__free_unpacked (failure, NULL);
        said_free (&said);
    }
    rig_destroy (rig);
}

static unsigned
pushed_to (rig_t *rig, unsigned count)
{
    announce (rig, RIG_TOPIC, "news");
    puppet_wait (&rig->puppet, 1);
    unsigned pushed = 0;
    for (bool more = true; more;) {
        more = false;
        for (unsigned i = 0; i < count; i++) {
            unsigned now = answer_pushes (rig, i, OK);
            pushed += now;
            more = more || now > 0;
        }
    }
    puppet_free (puppet_hear (&rig->puppet, &ggen__announce_reply__descriptor));
    return pushed;
}

static void
up_to_sixty_four_members_all_are_pushed_to_and_above_eighty_the_mesh (void **state)
{
    (void) state;
    rig_t *rig = with_neighbours (63);
    assert_int_equal (pushed_to (rig, 63), 63);
    for (unsigned i = 63; i < 79; i++) {
        rig_up (rig, i);
        rig_subscribe (rig, i, RIG_TOPIC);
    }
    assert_int_equal (pushed_to (rig, 79), 79);
    rig_up (rig, 79);
    rig_subscribe (rig, 79, RIG_TOPIC);
    rig_up (rig, 80);
    rig_subscribe (rig, 80, RIG_TOPIC);
    assert_true (pushed_to (rig, 81) <= GOSSIP_MESH_HIGH);
    for (unsigned i = 65; i < 81; i++)
        rig_down (rig, i);
    assert_true (pushed_to (rig, 65) <= GOSSIP_MESH_HIGH);
    for (unsigned i = 63; i < 65; i++)
        rig_down (rig, i);
    assert_int_equal (pushed_to (rig, 63), 63);
    rig_destroy (rig);
}

//  Members that are no neighbours get it by the mesh in any case: what is pushed beside its tree would
//  meet it there.
static void
given_many_members_are_no_neighbours_it_goes_over_eager_links_and_the_others_are_told_its_id (void **state)
{
    (void) state;
    rig_t *rig = with_links (6, 2);
    assert_int_equal (pushed_to (rig, 6), 6);
    for (unsigned i = 0; i < 3; i++) {
        packed_t packed = rig_announcement (rig, 90 + i, "news");
        rig_send (rig, i % 2, &packed);
        free (packed.bytes);
    }
    puppet_wait (&rig->puppet, 2000);
    for (unsigned i = 0; i < 6; i++)
        (void) rig_told (rig, i);
    announce (rig, RIG_TOPIC, "news");
    puppet_wait (&rig->puppet, 1000);
    for (unsigned i = 0; i < 6; i++) {
        told_t told = rig_told (rig, i);
        assert_int_equal (told.pushes, i < 2);
        assert_true (i < 2 || told.have >= 1);
        assert_int_equal (told.bodies, 0);
    }
    rig_destroy (rig);
}

static void
a_topic_can_be_announced_to_without_following (void **state)
{
    (void) state;
    rig_t *rig = rig_new ();
    for (unsigned i = 0; i < 5; i++) {
        rig_up (rig, i);
        rig_subscribe (rig, i, i < 3 ? "/ggen/packages/v1/games" : RIG_TOPIC);
    }
    announce (rig, "/ggen/packages/v1/games", "news");
    puppet_wait (&rig->puppet, 1);
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal (answer_pushes (rig, i, OK), i < 3);
    puppet_wait (&rig->puppet, 61000);
    assert_int_equal (rig_state (rig)->topics_count, 0);
    rig_destroy (rig);
}

//  ---- pushes ------------------------------------------------------------------------------------

//  The code that answers a push, or OK.
static code_t
push (rig_t *rig, unsigned who, const packed_t *packed, bytes_t pushed, bool *fresh)
{
    Ggen__PushRequest request = GGEN__PUSH_REQUEST__INIT;
    request.announcement = (ProtobufCBinaryData) {packed->size, packed->bytes};
    request.pushed = (ProtobufCBinaryData) {pushed.size, (uint8_t *) pushed.data};
    rig_request (rig, who, &request.base);
    said_t said = {0};
    do {
        said_free (&said);
        assert_true (puppet_take (&rig->puppet, rig->people [who].address, &said));
    } while (said.envelope->kind != GGEN__KIND__REPLY);
    code_t code = OK;
    if (strcmp (said.envelope->type, "PushReply") == 0) {
        Ggen__PushReply *reply = ggen__push_reply__unpack (NULL, said.body_size, said.body);
        *fresh = reply->fresh;
        ggen__push_reply__free_unpacked (reply, NULL);
    } else {
        Ggen__Failure *failure = ggen__failure__unpack (NULL, said.body_size, said.body);
        code = failure->code;
        ggen__failure__free_unpacked (failure, NULL);
    }
    said_free (&said);
    return code;
}

static void
a_push_of_its_origin_is_acknowledged_and_not_pushed_to_those_who_get_it_anyway (void **state)
{
    (void) state;
    rig_t *rig = with_links (4, 4);
    packed_t packed = rig_announcement (rig, 0, "news");
    bool fresh = false;
    uint8_t pushed [8];
    memcpy (pushed, rig->people [1].key.bytes, 4);
    memcpy (pushed + 4, rig->people [2].key.bytes, 4);
    assert_int_equal (push (rig, 0, &packed, (bytes_t) {pushed, 8}, &fresh), OK);
    assert_true (fresh);
    assert_int_equal (rig_delivered (rig), 1);
    assert_int_equal (rig_told (rig, 1).bodies, 0);
    assert_int_equal (rig_told (rig, 2).bodies, 0);
    assert_int_equal (rig_told (rig, 3).bodies, 1);
    assert_int_equal (push (rig, 0, &packed, (bytes_t) {pushed, 8}, &fresh), OK);
    assert_false (fresh);
    free (packed.bytes);
    rig_destroy (rig);
}

static void
a_push_by_another_than_its_origin_is_refused (void **state)
{
    (void) state;
    rig_t *rig = with_links (4, 4);
    packed_t packed = rig_announcement (rig, 1, "news");
    bool fresh;
    assert_int_equal (push (rig, 0, &packed, (bytes_t) {NULL, 0}, &fresh), SECURITY);
    assert_int_equal (rig_observed (rig), GGEN__EXPERIENCE__MISBEHAVED);
    assert_int_equal (rig_delivered (rig), 0);
    assert_int_equal (push (rig, 50, &packed, (bytes_t) {NULL, 0}, &fresh), PERMISSION_DENIED);
    free (packed.bytes);
    rig_destroy (rig);
}

//  ---- the follower ------------------------------------------------------------------------------

static void
the_follower_is_told_no_faster_than_it_can_read (void **state)
{
    (void) state;
    rig_t *rig = with_links (2, 2);
    for (unsigned i = 0; i < 200; i++) {
        packed_t packed = rig_announcement (rig, 10 + i % 50, "news");
        rig_send (rig, 0, &packed);
        free (packed.bytes);
    }
    assert_int_equal (rig_delivered (rig), 64);
    puppet_wait (&rig->puppet, 32);
    assert_in_range (rig_delivered (rig), 1, 33);
    puppet_wait (&rig->puppet, 2000);
    assert_in_range (rig_delivered (rig), 100, 135);
    assert_null (rig_state (rig)->news);

    ProtobufCBinaryData items [100];
    for (unsigned i = 0; i < 100; i++)
        items [i] = (ProtobufCBinaryData) {4, (uint8_t *) "news"};
    identity_t identity = {.sign = rig_sign, .context = &rig->people [90]};
    memcpy (identity.key, rig->people [90].key.bytes, sizeof identity.key);
    Ggen__Announcement announcement = GGEN__ANNOUNCEMENT__INIT;
    announcement.seq = 1;
    announcement.wall_ms = rig->puppet.wall_ms;
    announcement.topic = RIG_TOPIC;
    announcement.items = items;
    announcement.n_items = 100;
    packed_t packed;
    packed.bytes = announcement_seal (&announcement, &identity, &packed.size);
    rig_send (rig, 0, &packed);
    assert_int_equal (rig_delivered (rig), 64);
    puppet_wait (&rig->puppet, 100);
    assert_int_equal (rig_delivered (rig), 36);
    free (packed.bytes);
    rig_destroy (rig);
}

static void
invalid (rig_t *rig, const packed_t *packed, unsigned origin)
{
    Ggen__AnnouncedInvalid invalid = GGEN__ANNOUNCED_INVALID__INIT;
    invalid.id = (ProtobufCBinaryData) {ID_SIZE, (uint8_t *) packed->id};
    invalid.origin = peer_key_to_field (&rig->people [origin].key);
    rig_event (rig, "registry_p2p", &invalid.base);
}

static void
an_origin_whose_items_are_invalid_is_not_heard_for_a_while (void **state)
{
    (void) state;
    rig_t *rig = with_links (2, 2);
    packed_t unheard = rig_announcement (rig, 0, "never sent");
    for (unsigned i = 0; i < 5; i++)
        invalid (rig, &unheard, 0);
    for (unsigned i = 0; i < 3; i++) {
        packed_t packed = rig_announcement (rig, 0, "spam");
        rig_send (rig, 0, &packed);
        assert_int_equal (rig_delivered (rig), 1);
        invalid (rig, &packed, 0);
        free (packed.bytes);
    }
    assert_int_equal (rig_observed (rig), GGEN__EXPERIENCE__MISBEHAVED);
    rig_send (rig, 1, &unheard);
    assert_int_equal (rig_delivered (rig), 0);
    free (unheard.bytes);
    packed_t other = rig_announcement (rig, 90, "news");
    rig_send (rig, 1, &other);
    assert_int_equal (rig_delivered (rig), 1);
    free (other.bytes);
    rig_destroy (rig);
}

int
main (void)
{
    assert (sodium_init () >= 0);
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (a_neighbour_that_gossips_is_told_what_we_follow),
        cmocka_unit_test (given_nothing_to_say_nothing_is_said_and_nothing_is_due),
        cmocka_unit_test (an_idle_actor_with_thirty_two_neighbours_takes_some_seven_kibibytes),
        cmocka_unit_test (what_is_verified_is_delivered_once_and_told_on),
        cmocka_unit_test (the_first_bad_signature_ends_all_talk),
        cmocka_unit_test (what_was_about_to_be_said_to_who_forges_is_not_said),
        cmocka_unit_test (given_we_cannot_verify_at_all_nobody_is_accused),
        cmocka_unit_test (what_is_too_old_or_was_here_or_is_not_followed_is_dropped_without_blame),
        cmocka_unit_test (given_our_clock_is_wrong_the_peers_clocks_say_what_is_too_old),
        cmocka_unit_test (one_origin_is_heard_up_to_its_rate),
        cmocka_unit_test (what_no_honest_node_sends_is_told_to_reputation),
        cmocka_unit_test (what_waits_of_all_neighbours_together_is_bounded),
        cmocka_unit_test (given_one_neighbour_floods_another_is_heard_at_once),
        cmocka_unit_test (a_link_whose_push_comes_second_turns_lazy),
        cmocka_unit_test (a_link_that_was_of_use_stays_eager_while_few_of_its_pushes_come_second),
        cmocka_unit_test (the_last_eager_link_stays),
        cmocka_unit_test (what_an_origin_pours_out_turns_no_link_lazy),
        cmocka_unit_test (given_its_eager_neighbour_is_gone_another_one_takes_its_place),
        cmocka_unit_test (an_offered_id_is_asked_for_when_no_push_comes),
        cmocka_unit_test (given_a_push_comes_nothing_is_asked_for),
        cmocka_unit_test (what_was_too_much_of_its_origin_is_not_fetched_of_all_who_offer_it),
        cmocka_unit_test (given_no_answer_others_are_asked_and_the_promise_is_broken),
        cmocka_unit_test (who_offers_and_does_not_deliver_is_no_longer_believed),
        cmocka_unit_test (one_neighbour_cannot_fill_the_table_of_ids),
        cmocka_unit_test (what_is_asked_for_is_given_within_bounds),
        cmocka_unit_test (given_a_neighbour_gets_it_from_elsewhere_it_is_told_the_id_only),
        cmocka_unit_test (who_comes_later_is_told_what_was_and_passes_it_on_by_id),
        cmocka_unit_test (a_mesh_grows_to_six_and_takes_up_to_twelve),
        cmocka_unit_test (whom_the_mesh_has_no_room_for_is_told_ids),
        cmocka_unit_test (given_it_was_pruned_it_waits_a_minute),
        cmocka_unit_test (a_neighbour_has_one_backoff_even_when_that_of_another_is_over),
        cmocka_unit_test (a_mesh_has_two_links_that_we_dialled),
        cmocka_unit_test (what_is_no_longer_followed_is_left),
        cmocka_unit_test (given_more_than_half_turn_bad_at_once_that_is_us),
        cmocka_unit_test (a_bad_score_is_forgotten_in_time),
        cmocka_unit_test (announcements_of_one_millisecond_share_a_signature),
        cmocka_unit_test (given_nobody_is_there_it_goes_to_those_who_come),
        cmocka_unit_test (more_than_our_rate_waits_and_shares_signatures),
        cmocka_unit_test (what_cannot_be_announced_is_refused),
        cmocka_unit_test (up_to_sixty_four_members_all_are_pushed_to_and_above_eighty_the_mesh),
        cmocka_unit_test (
            given_many_members_are_no_neighbours_it_goes_over_eager_links_and_the_others_are_told_its_id),
        cmocka_unit_test (a_topic_can_be_announced_to_without_following),
        cmocka_unit_test (a_push_of_its_origin_is_acknowledged_and_not_pushed_to_those_who_get_it_anyway),
        cmocka_unit_test (a_push_by_another_than_its_origin_is_refused),
        cmocka_unit_test (the_follower_is_told_no_faster_than_it_can_read),
        cmocka_unit_test (an_origin_whose_items_are_invalid_is_not_heard_for_a_while),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
