// SPDX-License-Identifier: MIT
//  Publish, PutHead and Delete: what is told to whom, what is honestly answered, and that the outbox
//  forgets nothing.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/p2p_rig.h"

#include "actors/registry/outbox.h"
#include "actors/registry/p2p_change.h"

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

static unsigned
records_of (Ggen__RecordKind kind)
{
    unsigned count = 0;
    for (size_t i = 0; i < rig->world->records_count; i++)
        count += rig->world->records[i].element.kind == kind;
    return count;
}

//  The highest seq of a head in the DHT.
static uint64_t
head_seq_told (void)
{
    uint64_t seq = 0;
    for (size_t i = 0; i < rig->world->records_count; i++) {
        const dht_element_t *element = &rig->world->records[i].element;
        if (element->kind == GGEN__RECORD_KIND__HEAD && element->seq > seq)
            seq = element->seq;
    }
    return seq;
}

static unsigned
items_on (const char *topic)
{
    unsigned count = 0;
    for (size_t i = 0; i < rig->world->items_count; i++)
        count += strcmp (rig->world->items[i].topic, topic) == 0;
    return count;
}

static Ggen__PutHeadReply *
put_head (unsigned who, uint64_t seq, const char *versions)
{
    Ggen__PutHeadRequest request = GGEN__PUT_HEAD_REQUEST__INIT;
    request.id = "pack";
    request.record = rig_head (rig, who, "pack", seq, versions);
    rig_ask (rig, &request.base);
    free (request.record.data);
    return rig_hear (rig, &ggen__put_head_reply__descriptor);
}

//  Publish version 1.0.0 of "pack"; returns how many writes that took.
static unsigned
publish_pack (void)
{
    const unsigned before = rig->world->writes;
    puppet_free (rig_publish (rig, 0, "pack", "1.0.0", 1, "1.0.0"));
    return rig->world->writes - before;
}

//  ---- telling -------------------------------------------------------------------------------------

static void
a_publish_is_told_to_all_who_have_to_know (void **state)
{
    (void) state;
    rig_start (rig);
    Ggen__PublishReply *reply = rig_publish (rig, 0, "rust-tool", "1.0.0", 1, "1.0.0");
    assert_int_equal (reply->acknowledged, 1);
    assert_int_equal (reply->n_warnings, 0);
    assert_false (reply->already_there);
    puppet_free (reply);
    assert_int_equal (records_of (GGEN__RECORD_KIND__RELEASE), 1);
    assert_int_equal (records_of (GGEN__RECORD_KIND__HEAD), 1);
    //  Under its name, and under "rust", "tool", "made", "tests".
    assert_int_equal (records_of (GGEN__RECORD_KIND__LISTING), 5);
    assert_int_equal (rig->world->provided, 1);
    assert_int_equal (rig->world->replicated, 1);
    assert_int_equal (items_on ("/ggen/packages/v1"), 1);
    assert_int_equal (items_on ("/ggen/packages/v1/tools"), 1);
    Ggen__OutboxReply *outbox = rig_outbox (rig);
    assert_int_equal (outbox->n_entries, 1);
    assert_true (outbox->entries[0]->done);
    assert_int_equal (outbox->entries[0]->stored, 1);
    assert_int_equal (outbox->entries[0]->records, 3);
    puppet_free (outbox);
}

//  Each is a node of its own; what one publishes the other finds and gets.
static void
what_one_node_publishes_another_finds (void **state)
{
    (void) state;
    rig_start (rig);
    rig_t *other = rig_new (rig->world);
    rig_start (other);
    rig_must_publish (rig, 0, "rust-tool", "1.0.0", 1, "1.0.0");
    Ggen__SearchReply *found = rig_search (other, "RUST");
    assert_int_equal (found->n_results, 1);
    assert_string_equal (found->results[0]->id, "rust-tool");
    assert_false (found->incomplete);
    puppet_free (found);
    Ggen__PackageReply *reply = rig_get (other, "rust-tool");
    assert_string_equal (reply->package->version, "1.0.0");
    assert_string_equal (reply->package->description, "Made for tests");
    puppet_free (reply);
    rig_free (other);
}

static void
it_says_honestly_on_how_many_hosts_it_is (void **state)
{
    (void) state;
    rig->settings.replicas = 3;
    rig_start (rig);
    Ggen__PublishReply *reply = rig_publish (rig, 0, "pack", "1.0.0", 1, "1.0.0");
    assert_int_equal (reply->acknowledged, 1);
    assert_int_equal (reply->n_warnings, 1);
    assert_non_null (strstr (reply->warnings[0], "stored on 1 of 3"));
    puppet_free (reply);
    Ggen__OutboxReply *outbox = rig_outbox (rig);
    assert_false (outbox->entries[0]->done);
    assert_int_equal (outbox->entries[0]->wanted, 3);
    puppet_free (outbox);
    //  It is tried again, and nothing else is.
    unsigned writes = rig->world->writes;
    rig->world->stored = 3;
    rig_wait (rig, OUTBOX_RETRY_MS);
    outbox = rig_outbox (rig);
    assert_true (outbox->entries[0]->done);
    assert_int_equal (outbox->entries[0]->stored, 3);
    puppet_free (outbox);
    assert_int_equal (rig->world->writes, writes);
}

//  As just after a start: the DHT knows nobody yet, and keeps it here.
static void
what_only_this_node_holds_is_told_again (void **state)
{
    (void) state;
    rig_start (rig);
    rig->world->alone = true;
    puppet_free (rig_publish (rig, 0, "pack", "1.0.0", 1, "1.0.0"));
    Ggen__OutboxReply *outbox = rig_outbox (rig);
    assert_false (outbox->entries[0]->done);
    puppet_free (outbox);
    unsigned writes = rig->world->writes, provided = rig->world->provided;
    rig->world->alone = false;
    rig_wait (rig, OUTBOX_RETRY_MS);
    outbox = rig_outbox (rig);
    assert_true (outbox->entries[0]->done);
    puppet_free (outbox);
    assert_int_equal (rig->world->writes, 2 * writes);
    assert_int_equal (rig->world->provided, provided + 1);
}

//  It is written anew while this says that few have it, once more when it no longer does, and then no
//  more.
static void
check_written_again (bool *few)
{
    *few = true;
    const unsigned writes = publish_pack (), provided = rig->world->provided;
    Ggen__OutboxReply *outbox = rig_outbox (rig);
    assert_true (outbox->entries[0]->done);
    puppet_free (outbox);
    rig_wait (rig, 30000);
    assert_int_equal (rig->world->writes, 2 * writes);
    *few = false;
    rig_wait (rig, 60000);
    assert_int_equal (rig->world->writes, 3 * writes);
    assert_int_equal (rig->world->provided, provided);
    rig_wait (rig, 3600000);
    assert_int_equal (rig->world->writes, 3 * writes);
}

//  As in a part of the network that is cut off: it is done, and done again when the parts may have met.
static void
what_few_others_have_is_written_again (void **state)
{
    (void) state;
    rig_start (rig);
    check_written_again (&rig->world->few);
}

static void
who_writes_is_not_one_of_the_others_who_have_it (void **state)
{
    (void) state;
    rig_start (rig);
    check_written_again (&rig->world->here);
}

//  A network that has no more: it is not asked for ever.
static void
what_few_others_have_is_written_seven_times_at_most (void **state)
{
    (void) state;
    rig_start (rig);
    rig->world->few = true;
    const unsigned writes = publish_pack ();
    for (unsigned i = 0; i < 12; i++)
        rig_wait (rig, 960000);
    assert_int_equal (rig->world->writes, 7 * writes);
}

//  The newer head stands for the older one's; for the older version nothing else does.
static void
what_few_have_of_an_older_version_is_written_again (void **state)
{
    (void) state;
    rig_start (rig);
    rig->world->few = true;
    puppet_free (rig_publish (rig, 0, "pack", "1.0.0", 1, "1.0.0"));
    rig->world->few = false;
    puppet_free (rig_publish (rig, 0, "pack", "2.0.0", 2, "1.0.0 2.0.0"));
    const unsigned writes = rig->world->writes;
    Ggen__OutboxReply *outbox = rig_outbox (rig);
    assert_int_equal (outbox->n_entries, 2);
    puppet_free (outbox);
    rig_wait (rig, 30000);
    assert_int_equal (rig->world->writes, writes + 1);
    outbox = rig_outbox (rig);
    assert_int_equal (outbox->n_entries, 1);
    puppet_free (outbox);
    rig_wait (rig, 3600000);
    assert_int_equal (rig->world->writes, writes + 1);
}

//  It is being told when the newer one comes: what few have of its head then needs no second writing.
static void
what_few_have_of_a_head_that_is_old_before_it_is_told_is_not_written_again (void **state)
{
    (void) state;
    rig_start (rig);
    rig->held = "state";
    rig_ask_publish (rig, 0, "pack", "1.0.0", 1, "1.0.0");
    rig_ask_publish (rig, 0, "pack", "2.0.0", 2, "1.0.0 2.0.0");
    rig->held = "dht";
    rig_settle (rig);
    rig->world->few = true;
    rig->held = NULL;
    rig_settle (rig);
    puppet_free (rig_hear (rig, &ggen__publish_reply__descriptor));
    puppet_free (rig_hear (rig, &ggen__publish_reply__descriptor));
    rig->world->writes = 0;
    rig_wait (rig, 30000);
    //  Both releases, one head, one listing under its name and "pack", "made", "tests".
    assert_int_equal (rig->world->writes, 2 + 1 + 4);
}

//  What the former process knew of it is gone.
static void
what_was_published_lately_is_written_once_more_after_a_restart (void **state)
{
    (void) state;
    rig_start (rig);
    const unsigned writes = publish_pack (), provided = rig->world->provided;
    rig_restart (rig);
    rig_wait (rig, 30000);
    assert_int_equal (rig->world->writes, 2 * writes);
    assert_int_equal (rig->world->provided, provided);
    rig_wait (rig, 3600000);
    rig_restart (rig);
    rig_wait (rig, 3600000);
    assert_int_equal (rig->world->writes, 2 * writes);
}

static void
a_full_keyword_goes_on_under_its_next_part (void **state)
{
    (void) state;
    char id[16];
    rig->world->full = 2;
    rig_start (rig);
    for (unsigned i = 0; i < 5; i++) {
        snprintf (id, sizeof id, "tool-%c", 'a' + (int) i);
        rig_must_publish (rig, 0, id, "1.0.0", 1, "1.0.0");
    }
    rig_t *other = rig_new (rig->world);
    rig_start (other);
    Ggen__SearchReply *found = rig_search (other, "tool");
    assert_int_equal (found->n_results, 5);
    puppet_free (found);
    rig_free (other);
}

static void
the_listing_tells_of_the_latest_version (void **state)
{
    (void) state;
    rig_start (rig);
    rig_must_publish (rig, 0, "pack", "1.10.0", 1, "1.10.0");
    rig_must_publish (rig, 0, "pack", "1.9.0", 2, "1.10.0 1.9.0");
    Ggen__SearchReply *found = rig_search (rig, "pack");
    assert_int_equal (found->n_results, 1);
    assert_string_equal (found->results[0]->version, "1.10.0");
    assert_string_equal (found->results[0]->description, "Made for tests");
    puppet_free (found);
}

static void
a_key_that_is_not_the_default_signs_its_listing (void **state)
{
    (void) state;
    rig_start (rig);
    Ggen__PublishReply *reply = rig_publish (rig, 2, "pack", "1.0.0", 1, "1.0.0");
    assert_int_equal (reply->n_warnings, 0);
    puppet_free (reply);
    assert_true (records_of (GGEN__RECORD_KIND__LISTING) > 0);
}

static void
without_a_key_here_there_is_no_listing_and_it_says_so (void **state)
{
    (void) state;
    rig->world->keys_count = 1;
    rig_start (rig);
    Ggen__PublishReply *reply = rig_publish (rig, 2, "pack", "1.0.0", 1, "1.0.0");
    assert_true (reply->n_warnings > 0);
    puppet_free (reply);
    assert_int_equal (records_of (GGEN__RECORD_KIND__LISTING), 0);
    assert_int_equal (records_of (GGEN__RECORD_KIND__HEAD), 1);
}

//  ---- refusals ------------------------------------------------------------------------------------

static void
a_head_below_the_one_in_the_network_is_refused (void **state)
{
    (void) state;
    rig_start (rig);
    rig_plant (rig, 0, "pack", 7, "1.0.0");
    unsigned records = (unsigned) rig->world->records_count;
    rig_ask_publish (rig, 0, "pack", "1.1.0", 6, "1.0.0 1.1.0");
    rig_expect_failure (rig, VALIDATION);
    rig_ask_publish (rig, 0, "pack", "1.1.0", 7, "1.0.0 1.1.0");
    rig_expect_failure (rig, SECURITY);
    assert_int_equal (rig->world->records_count, records);
    assert_int_equal (rig->world->items_count, 0);
    rig_must_publish (rig, 0, "pack", "1.1.0", 8, "1.0.0 1.1.0");
}

static void
another_archive_for_a_version_of_the_network_is_refused (void **state)
{
    (void) state;
    rig_start (rig);
    rig_head_t head;
    rig_head_fill (&head, 0, "pack", 2, "1.0.0");
    head.digests[0] = rig_digest ("other", "1.0.0", 0);
    rig_put_head (rig, 0, "pack",
                  p2p_sign (rig->world, 0, GGEN__RECORD_KIND__HEAD, &head.head.base));
    rig_ask_publish (rig, 0, "pack", "1.0.0", 3, "1.0.0");
    rig_expect_failure (rig, ALREADY_EXISTS);
}

static void
a_private_id_is_not_told (void **state)
{
    (void) state;
    static const char *const patterns[] = {"secret-*"};
    rig->settings.private_ids = patterns;
    rig->settings.private_count = 1;
    rig_start (rig);
    Ggen__PublishReply *reply = rig_publish (rig, 0, "secret-plan", "1.0.0", 1, "1.0.0");
    assert_int_equal (reply->acknowledged, 0);
    assert_int_equal (reply->n_warnings, 1);
    puppet_free (reply);
    assert_int_equal (rig->world->reads + rig->world->writes, 0);
    assert_int_equal (rig->world->items_count, 0);
}

static void
a_bootstrap_node_tells_of_no_package_of_its_own (void **state)
{
    (void) state;
    rig->settings.routes_only = true;
    rig_start (rig);
    Ggen__PublishReply *reply = rig_publish (rig, 0, "pack", "1.0.0", 1, "1.0.0");
    assert_int_equal (reply->acknowledged, 0);
    assert_int_equal (reply->n_warnings, 1);
    assert_non_null (strstr (reply->warnings [0], "node.tier"));
    puppet_free (reply);
    assert_int_equal (rig->world->reads + rig->world->writes, 0);
    assert_int_equal (rig->world->items_count, 0);
}

static void
a_publish_whose_archive_cannot_be_kept_leaves_nothing (void **state)
{
    (void) state;
    rig_start (rig);
    rig->world->cache_code = INSUFFICIENT_DISK_SPACE;
    rig_ask_publish (rig, 0, "pack", "1.0.0", 1, "1.0.0");
    rig_expect_failure (rig, INSUFFICIENT_DISK_SPACE);
    assert_int_equal (rig->world->records_count, 0);
    assert_false (rig_exists (rig, "pack"));
}

//  ---- the outbox ----------------------------------------------------------------------------------

static void
nothing_is_told_before_it_is_on_disk (void **state)
{
    (void) state;
    rig_start (rig);
    rig->held = "state";
    rig_ask_publish (rig, 0, "pack", "1.0.0", 1, "1.0.0");
    assert_int_equal (rig->world->writes, 0);
    assert_int_equal (rig->world->items_count, 0);
    rig->held = NULL;
    rig_settle (rig);
    assert_true (rig->state->urgent > 0);
    assert_true (rig->world->writes > 0);
    puppet_free (rig_hear (rig, &ggen__publish_reply__descriptor));
}

//  Who reads a head looks for the release and the archive of what it lists next.
static void
a_version_is_told_of_when_its_record_and_archive_can_be_found (void **state)
{
    (void) state;
    rig_start (rig);
    rig->held = "state";
    rig_ask_publish (rig, 0, "pack", "1.0.0", 1, "1.0.0");
    puppet_t *kept = &rig->others[RIG_OTHERS - 1];
    assert_string_equal (kept->class->name, "state");
    assert_true (puppet_relay (&rig->registry, kept));
    assert_int_equal (rig->registry.said_count, 3);
    assert_string_equal (rig->registry.said[0].to, "dht");
    assert_string_equal (rig->registry.said[1].to, "dht");
    assert_string_equal (rig->registry.said[2].to, "transfer");
    rig->held = NULL;
    rig_settle (rig);
    assert_true (rig->world->items_count > 0);
    puppet_free (rig_hear (rig, &ggen__publish_reply__descriptor));
}

static void
given_the_dht_takes_nothing_the_news_goes_out_all_the_same (void **state)
{
    (void) state;
    rig_start (rig);
    rig->world->dht_code = NETWORK;
    rig_ask_publish (rig, 0, "pack", "1.0.0", 1, "1.0.0");
    rig_settle (rig);
    assert_true (rig->world->items_count > 0);
    puppet_free (rig_hear (rig, &ggen__publish_reply__descriptor));
}

//  But the topic of all has somebody, or there is nobody at all.
static void
a_category_that_nobody_follows_is_told_all_the_same (void **state)
{
    (void) state;
    rig_start (rig);
    const char *const topics[] = {"/ggen/packages/v1/tools", "/ggen/packages/v1"};
    for (unsigned i = 0; i < COUNT_OF (topics); i++) {
        rig->world->unheard = topics[i];
        rig_must_publish (rig, 0, i ? "all" : "category", "1.0.0", 1, "1.0.0");
        Ggen__OutboxReply *outbox = rig_outbox (rig);
        assert_int_equal (outbox->entries[i]->done, i == 0);
        puppet_free (outbox);
    }
}

static void
what_is_kept_is_found_here_before_others_have_answered (void **state)
{
    (void) state;
    rig_start (rig);
    rig->held = "transfer";
    rig_ask_publish (rig, 0, "pack", "1.0.0", 1, "1.0.0");
    assert_true (puppet_silent (&rig->registry));
    rig->world->dht_code = NETWORK;
    assert_true (rig_exists (rig, "pack"));
    Ggen__PackageReply *found = rig_get (rig, "pack");
    assert_string_equal (found->package->version, "1.0.0");
    puppet_free (found);
    rig->held = NULL;
    rig_settle (rig);
    puppet_free (rig_hear (rig, &ggen__publish_reply__descriptor));
}

//  Hosts may take long.
static void
who_publishes_is_answered_when_it_is_time_though_not_all_is_told (void **state)
{
    (void) state;
    rig_start (rig);
    rig->held = "transfer";
    rig_ask_publish (rig, 0, "pack", "1.0.0", 1, "1.0.0");
    assert_true (puppet_silent (&rig->registry));
    rig_wait (rig, CHANGE_ANSWER_FACTOR * rig->settings.answer_ms);
    Ggen__PublishReply *reply = rig_hear (rig, &ggen__publish_reply__descriptor);
    assert_true (reply->n_warnings > 0);
    puppet_free (reply);
    rig->held = NULL;
    rig_settle (rig);
    Ggen__OutboxReply *outbox = rig_outbox (rig);
    assert_true (outbox->entries[0]->done);
    puppet_free (outbox);
}

static void
what_cannot_be_written_down_is_not_published (void **state)
{
    (void) state;
    rig_start (rig);
    rig->state->put_code = INSUFFICIENT_DISK_SPACE;
    rig_ask_publish (rig, 0, "pack", "1.0.0", 1, "1.0.0");
    rig_expect_failure (rig, INSUFFICIENT_DISK_SPACE);
    assert_int_equal (rig->world->writes, 0);
    Ggen__OutboxReply *outbox = rig_outbox (rig);
    assert_int_equal (outbox->n_entries, 0);
    puppet_free (outbox);
}

//  No network at all: it is kept, through a restart, and told when there is one.
static void
a_publish_without_a_network_is_told_later (void **state)
{
    (void) state;
    rig_start (rig);
    rig->world->dht_code = NETWORK;
    rig->world->transfer_code = NETWORK;
    rig->world->heard = 0;
    Ggen__PublishReply *reply = rig_publish (rig, 0, "pack", "1.0.0", 1, "1.0.0");
    assert_int_equal (reply->acknowledged, 0);
    assert_true (reply->n_warnings >= 2);
    puppet_free (reply);
    rig_restart (rig);
    assert_int_equal (rig->world->records_count, 0);
    rig->world->dht_code = rig->world->transfer_code = OK;
    rig->world->heard = 4;
    rig_wait (rig, 100);
    rig_wait (rig, 2 * OUTBOX_RETRY_MS);
    assert_int_equal (records_of (GGEN__RECORD_KIND__HEAD), 1);
    Ggen__OutboxReply *outbox = rig_outbox (rig);
    assert_true (outbox->entries[0]->done);
    assert_int_equal (outbox->entries[0]->announced, 4);
    puppet_free (outbox);
    assert_true (rig_exists (rig, "pack"));
}

//  A sanitizer sees whether the steps on their way went with the node.
static void
what_nobody_answered_before_a_stop_is_asked_again (void **state)
{
    (void) state;
    rig_start (rig);
    rig->held = "transfer";
    rig_ask_publish (rig, 0, "pack", "1.0.0", 1, "1.0.0");
    assert_int_equal (records_of (GGEN__RECORD_KIND__RELEASE), 1);
    assert_int_equal (rig->world->replicated, 0);
    rig_restart (rig);
    rig->held = NULL;
    rig_wait (rig, 2 * OUTBOX_RETRY_MS);
    assert_int_equal (rig->world->replicated, 1);
    Ggen__OutboxReply *outbox = rig_outbox (rig);
    assert_true (outbox->entries[0]->done);
    puppet_free (outbox);
}

static void
tries_become_rarer_and_a_peer_that_comes_starts_them_anew (void **state)
{
    (void) state;
    rig_start (rig);
    rig->world->dht_code = NETWORK;
    puppet_free (rig_publish (rig, 0, "pack", "1.0.0", 1, "1.0.0"));
    rig_wait (rig, 3600000);
    unsigned before = rig->world->writes;
    rig_wait (rig, 400000);
    //  One more round at most: release, head, and the listing in four places.
    assert_true (rig->world->writes - before <= 6);
    rig->world->dht_code = OK;
    Ggen__PeerUp up = GGEN__PEER_UP__INIT;
    up.kept = true;
    rig_tell (rig, "swarm", &up.base);
    rig_wait (rig, 1500);
    assert_int_equal (records_of (GGEN__RECORD_KIND__HEAD), 1);
}

//  What is too old to be announced again is so, too.
static void
who_was_woken_and_fails_again_is_tried_soon (void **state)
{
    (void) state;
    rig_start (rig);
    rig->world->dht_code = NETWORK;
    puppet_free (rig_publish (rig, 0, "pack", "1.0.0", 1, "1.0.0"));
    rig->registry.wall_ms += (OUTBOX_AGAIN_SECS + 60) * INT64_C (1000);
    rig_wait (rig, 3600000);
    Ggen__PeerUp up = GGEN__PEER_UP__INIT;
    up.kept = true;
    rig_tell (rig, "swarm", &up.base);
    rig_wait (rig, 1500);
    const unsigned before = rig->world->writes;
    rig_wait (rig, 2 * OUTBOX_RETRY_MS);
    assert_true (rig->world->writes > before);
}

static void
a_newer_head_stands_for_an_older_one_that_was_not_told (void **state)
{
    (void) state;
    rig_start (rig);
    rig->world->dht_code = NETWORK;
    puppet_free (rig_publish (rig, 0, "pack", "1.0.0", 1, "1.0.0"));
    puppet_free (rig_publish (rig, 0, "pack", "1.1.0", 2, "1.0.0 1.1.0"));
    rig->world->dht_code = OK;
    rig->world->writes = 0;
    rig_wait (rig, 4 * OUTBOX_RETRY_MS);
    assert_int_equal (records_of (GGEN__RECORD_KIND__RELEASE), 2);
    assert_int_equal (records_of (GGEN__RECORD_KIND__HEAD), 1);
    //  Both releases, one head, one listing under its name and "pack", "made", "tests".
    assert_int_equal (rig->world->writes, 2 + 1 + 4);
    Ggen__OutboxReply *outbox = rig_outbox (rig);
    assert_int_equal (outbox->n_entries, 1);
    assert_string_equal (outbox->entries[0]->version, "1.1.0");
    puppet_free (outbox);
    //  On disk, too.
    rig_restart (rig);
    outbox = rig_outbox (rig);
    assert_int_equal (outbox->n_entries, 1);
    puppet_free (outbox);
}

//  Two heads of "pack", which is published, one after the other, before either was answered.
static void
ask_for_two_heads (uint64_t first_seq, uint64_t second_seq)
{
    const uint64_t seqs[] = {first_seq, second_seq};
    Ggen__PutHeadRequest request = GGEN__PUT_HEAD_REQUEST__INIT;
    request.id = "pack";
    for (size_t i = 0; i < COUNT_OF (seqs); i++) {
        request.record = rig_head (rig, 0, "pack", seqs[i], "1.0.0!");
        rig_ask (rig, &request.base);
        free (request.record.data);
    }
}

//  The newer one stands for the older one, whose own write has not been answered.
static void
an_older_head_that_is_not_on_disk_yet_is_answered_all_the_same (void **state)
{
    (void) state;
    rig_start (rig);
    rig_must_publish (rig, 0, "pack", "1.0.0", 1, "1.0.0");
    rig->held = "state";
    ask_for_two_heads (3, 2);
    rig->held = NULL;
    rig_settle (rig);
    puppet_free (rig_hear (rig, &ggen__put_head_reply__descriptor));
    puppet_free (rig_hear (rig, &ggen__put_head_reply__descriptor));
}

//  Of the head by itself; 0 = it is not on disk.
static uint64_t
head_seq_on_disk (void)
{
    uint64_t seq = 0;
    for (size_t i = 0; i < rig->state->count; i++) {
        const memory_entry_t *entry = &rig->state->entries[i];
        if (strcmp (entry->table, "outbox") != 0)
            continue;
        Ggen__OutboxState *kept =
            ggen__outbox_state__unpack (NULL, entry->value_size, entry->value);
        p2p_signed_t head;
        assert_non_null (kept);
        assert_int_equal (p2p_signed_reopen (&head, GGEN__RECORD_KIND__HEAD,
                                             (bytes_t) {kept->head.data, kept->head.len}),
                          OK);
        if (!*kept->version)
            seq = head.head->seq;
        p2p_signed_clear (&head);
        ggen__outbox_state__free_unpacked (kept, NULL);
    }
    return seq;
}

//  A bit of the signature of the head that is to be told.
static void
spoil_outbox (void)
{
    const size_t at = memory_state_find (rig->state, "outbox", (ProtobufCBinaryData) {0, NULL});
    memory_entry_t *entry = &rig->state->entries[at];
    Ggen__OutboxState *kept = ggen__outbox_state__unpack (NULL, entry->value_size, entry->value);
    assert_non_null (kept);
    uint8_t *signature = memmem (entry->value, entry->value_size,
                                 kept->head.data + kept->head.len - 8, 8);
    assert_non_null (signature);
    *signature ^= 8;
    ggen__outbox_state__free_unpacked (kept, NULL);
}

static void
what_may_have_been_spoilt_on_the_disk_is_told_only_when_its_signatures_are_good (void **state)
{
    (void) state;
    rig_start (rig);
    publish_pack ();
    rig->state->unchecked = true;
    for (unsigned spoilt = 0; spoilt < 2; spoilt++) {
        rig_restart (rig);
        Ggen__OutboxReply *outbox = rig_outbox (rig);
        assert_int_equal (outbox->n_entries, !spoilt);
        puppet_free (outbox);
        spoil_outbox ();
    }
}

//  A crash at any time finds the newer one.
static void
an_older_head_put_after_a_newer_one_does_not_take_its_place_on_disk (void **state)
{
    (void) state;
    rig_start (rig);
    rig_must_publish (rig, 0, "pack", "1.0.0", 1, "1.0.0");
    rig->held = "state";
    ask_for_two_heads (3, 2);
    //  The older one's round has nothing to tell; the newer one's goes on.
    rig->held = "dht";
    rig_settle (rig);
    assert_true (head_seq_on_disk () == 3);
    rig->held = NULL;
    rig_settle (rig);
    assert_true (head_seq_on_disk () == 3);
}

//  Two others are being told: the older head waits for its turn, and goes while it waits.
static void
a_head_that_waits_for_its_turn_is_answered_when_a_newer_one_stands_for_it (void **state)
{
    (void) state;
    rig_start (rig);
    rig_must_publish (rig, 0, "pack", "1.0.0", 1, "1.0.0");
    rig->held = "transfer";
    rig_ask_publish (rig, 0, "one", "1.0.0", 1, "1.0.0");
    rig_ask_publish (rig, 0, "two", "1.0.0", 1, "1.0.0");
    ask_for_two_heads (2, 3);
    puppet_free (rig_hear (rig, &ggen__put_head_reply__descriptor));
    rig->held = NULL;
    rig_settle (rig);
    puppet_free (rig_hear (rig, &ggen__publish_reply__descriptor));
    puppet_free (rig_hear (rig, &ggen__publish_reply__descriptor));
    puppet_free (rig_hear (rig, &ggen__put_head_reply__descriptor));
}

//  One stands for the other, not each for the other.
static void
a_head_that_is_put_twice_at_once_is_answered_twice (void **state)
{
    (void) state;
    rig_start (rig);
    rig_must_publish (rig, 0, "pack", "1.0.0", 1, "1.0.0");
    rig->held = "state";
    Ggen__PutHeadRequest request = GGEN__PUT_HEAD_REQUEST__INIT;
    request.id = "pack";
    request.record = rig_head (rig, 0, "pack", 2, "1.0.0!");
    rig_ask (rig, &request.base);
    rig_ask (rig, &request.base);
    free (request.record.data);
    rig->held = NULL;
    rig_settle (rig);
    puppet_free (rig_hear (rig, &ggen__put_head_reply__descriptor));
    puppet_free (rig_hear (rig, &ggen__put_head_reply__descriptor));
    assert_int_equal (records_of (GGEN__RECORD_KIND__HEAD), 1);
    Ggen__OutboxReply *outbox = rig_outbox (rig);
    assert_int_equal (outbox->n_entries, 1);
    assert_true (outbox->entries[0]->done);
    puppet_free (outbox);
}

static void
an_older_entry_goes_when_its_archive_is_stored (void **state)
{
    (void) state;
    rig->settings.replicas = 2;
    rig_start (rig);
    puppet_free (rig_publish (rig, 0, "pack", "1.0.0", 1, "1.0.0"));
    Ggen__OutboxReply *outbox = rig_outbox (rig);
    assert_false (outbox->entries[0]->done);
    puppet_free (outbox);
    Ggen__PublishReply *reply = rig_publish (rig, 0, "pack", "1.0.0", 2, "1.0.0");
    assert_true (reply->already_there);
    puppet_free (reply);
    puppet_free (put_head (0, 3, "1.0.0"));
    rig->world->stored = 2;
    rig_restart (rig);
    rig_wait (rig, 2 * OUTBOX_RETRY_MS);
    outbox = rig_outbox (rig);
    assert_int_equal (outbox->n_entries, 1);
    assert_string_equal (outbox->entries[0]->version, "");
    puppet_free (outbox);
}

//  It was recorded without being announced, and is announced now: its record and its archive are where
//  they were, unless the record is another one.
static void
of_a_version_that_is_published_again_the_head_is_told_and_what_else_is_new (void **state)
{
    (void) state;
    const unsigned head_and_listing = 1 + 4;
    rig_start (rig);
    for (unsigned other = 0; other < 2; other++) {
        const char *version = other ? "2.0.0" : "1.0.0", *versions = other ? "1.0.0 2.0.0" : "1.0.0";
        const unsigned items = items_on ("/ggen/packages/v1");
        rig->unannounced = true;
        rig_must_publish (rig, 0, "pack", version, 1 + 2 * other, versions);
        assert_int_equal (items_on ("/ggen/packages/v1"), items);
        const unsigned provided = rig->world->provided;
        rig->world->writes = 0;
        rig->unannounced = false;
        rig_ask_publish_at (rig, 0, "pack", version, 2 + 2 * other, versions,
                            RIG_WALL - (other ? 50 : 100));
        puppet_free (rig_hear (rig, &ggen__publish_reply__descriptor));
        assert_int_equal (rig->world->writes, head_and_listing + other);
        assert_int_equal (rig->world->provided, provided + other);
        assert_int_equal (items_on ("/ggen/packages/v1"), items + 1);
        assert_int_equal (head_seq_told (), 2 + 2 * other);
    }
}

//  Each stands for itself, whatever of the one before it was done.
static void
a_head_after_a_head_is_told_too (void **state)
{
    (void) state;
    rig_start (rig);
    rig_must_publish (rig, 0, "pack", "1.0.0", 1, "1.0.0");
    for (uint64_t seq = 2; seq < 5; seq++) {
        puppet_free (put_head (0, seq, seq % 2 ? "1.0.0" : "1.0.0!"));
        assert_int_equal (head_seq_told (), seq);
    }
}

//  Another node of this publisher's was faster; who refuses ours hands out its head.
static void
a_newer_head_that_is_met_while_telling_is_learned (void **state)
{
    (void) state;
    rig_start (rig);
    rig->world->dht_code = NETWORK;
    rig_must_publish (rig, 0, "pack", "1.0.0", 1, "1.0.0");
    rig->world->dht_code = OK;
    rig_put_head (rig, 0, "pack", rig_head (rig, 0, "pack", 2, "1.0.0!"));
    rig_wait (rig, 2 * OUTBOX_RETRY_MS);
    rig->world->dht_code = NETWORK;
    rig_ask_version (rig, "pack", "1.0.0");
    rig_wait (rig, rig->settings.answer_ms);
    Ggen__PackageReply *reply = rig_hear (rig, &ggen__package_reply__descriptor);
    assert_true (reply->package->yanked);
    puppet_free (reply);
}

//  This node's are the outbox of both.
static void
two_publishers_of_one_name_stand_each_for_itself (void **state)
{
    (void) state;
    rig_start (rig);
    rig->world->dht_code = NETWORK;
    rig_must_publish (rig, 0, "pack", "1.0.0", 1, "1.0.0");
    rig_must_publish (rig, 1, "pack", "1.0.0", 5, "1.0.0");
    rig->world->dht_code = OK;
    rig_wait (rig, 4 * OUTBOX_RETRY_MS);
    assert_int_equal (records_of (GGEN__RECORD_KIND__HEAD), 2);
    assert_int_equal (records_of (GGEN__RECORD_KIND__RELEASE), 2);
}

//  As after a crash between the newer entry and the older one's end.
static void
an_older_entry_found_on_disk_does_not_speak_for_its_name (void **state)
{
    (void) state;
    rig_start (rig);
    rig->world->dht_code = NETWORK;
    puppet_free (rig_publish (rig, 0, "pack", "1.0.0", 1, "1.0.0"));
    const memory_entry_t *entry = &rig->state->entries[rig->state->count - 1];
    assert_string_equal (entry->table, "outbox");
    ProtobufCBinaryData key = p2p_copy ((ProtobufCBinaryData) {entry->key_size, entry->key});
    ProtobufCBinaryData value = p2p_copy ((ProtobufCBinaryData) {entry->value_size, entry->value});
    puppet_free (rig_publish (rig, 0, "pack", "1.1.0", 2, "1.0.0 1.1.0"));
    puppet_stop (&rig->registry);
    assert_true (memory_state_insert (rig->state, "outbox", key, value));
    free (key.data);
    free (value.data);
    rig->world->dht_code = OK;
    rig->world->writes = 0;
    rig_start (rig);
    rig_wait (rig, 4 * OUTBOX_RETRY_MS);
    assert_int_equal (rig->world->writes, 2 + 1 + 4);
    assert_int_equal (rig->world->items_count, 2 * 2);
}

static void
a_damaged_outbox_does_no_harm (void **state)
{
    (void) state;
    ProtobufCBinaryData key = {3, (uint8_t *) "abc"}, value = {5, (uint8_t *) "\xff\xff\x01zz"};
    assert_true (memory_state_insert (rig->state, "outbox", key, value));
    assert_true (memory_state_insert (rig->state, "discovered", key, value));
    Ggen__OutboxState state_ = GGEN__OUTBOX_STATE__INIT;
    state_.id = "../x";
    state_.version = "1";
    ProtobufCBinaryData packed = p2p_pack (&state_.base);
    assert_true (memory_state_insert (rig->state, "outbox", packed, packed));
    free (packed.data);
    rig_start (rig);
    Ggen__OutboxReply *outbox = rig_outbox (rig);
    assert_int_equal (outbox->n_entries, 0);
    puppet_free (outbox);
    puppet_free (rig_publish (rig, 0, "pack", "1.0.0", 1, "1.0.0"));
}

//  As it would be written for a head of this name.
static void
insert_entry (const char *id, const char *table_key)
{
    Ggen__OutboxState state = GGEN__OUTBOX_STATE__INIT;
    ProtobufCBinaryData key = {strlen (table_key), (uint8_t *) (uintptr_t) table_key};
    state.id = (char *) (uintptr_t) id;
    state.version = "";
    state.head = rig_head (rig, 0, id, 1, "1.0.0");
    ProtobufCBinaryData packed = p2p_pack (&state.base);
    assert_true (memory_state_insert (rig->state, "outbox", key, packed));
    free (packed.data);
    free (state.head.data);
}

static void
of_an_outbox_that_others_have_written_to_each_is_taken_once_and_so_many_at_most (void **state)
{
    (void) state;
    char id[16];
    insert_entry ("pack", "a");
    insert_entry ("pack", "b");
    rig_start (rig);
    Ggen__OutboxReply *outbox = rig_outbox (rig);
    assert_int_equal (outbox->n_entries, 1);
    puppet_free (outbox);
    puppet_stop (&rig->registry);
    for (unsigned i = 0; i < OUTBOX_MAX + 10; i++) {
        snprintf (id, sizeof id, "pack-%u", i);
        insert_entry (id, id);
    }
    rig_start (rig);
    outbox = rig_outbox (rig);
    assert_int_equal (outbox->n_entries, OUTBOX_MAX);
    puppet_free (outbox);
}

//  What is told makes room, the oldest first; what is not told yet is kept.
static void
an_outbox_that_is_full_forgets_what_is_done_and_nothing_else (void **state)
{
    (void) state;
    char id[16];
    for (unsigned i = 0; i < OUTBOX_MAX; i++) {
        snprintf (id, sizeof id, "pack-%03u", i);
        insert_entry (id, id);
    }
    rig->world->dht_code = NETWORK;
    rig_start (rig);
    rig_ask_publish (rig, 0, "new", "1.0.0", 1, "1.0.0");
    rig_expect_failure (rig, STORAGE);
    rig->world->dht_code = OK;
    rig_wait (rig, 2 * OUTBOX_RETRY_MS);
    rig_must_publish (rig, 0, "new", "1.0.0", 1, "1.0.0");
    Ggen__OutboxReply *outbox = rig_outbox (rig);
    assert_int_equal (outbox->n_entries, OUTBOX_MAX);
    assert_string_equal (outbox->entries[0]->id, "pack-001");
    assert_string_equal (outbox->entries[OUTBOX_MAX - 1]->id, "new");
    puppet_free (outbox);
}

static void
without_its_tables_it_answers_and_does_not_publish (void **state)
{
    (void) state;
    rig->state->load_code = STORAGE;
    rig_start (rig);
    rig_plant (rig, 0, "pack", 1, "1.0.0");
    rig_ask_get (rig, "pack");
    assert_true (puppet_silent (&rig->registry));
    rig_wait (rig, 2000);
    puppet_free (rig_hear (rig, &ggen__package_reply__descriptor));
    rig_ask_publish (rig, 0, "new", "1.0.0", 1, "1.0.0");
    rig_expect_failure (rig, STORAGE);
    rig->state->load_code = OK;
    rig_wait (rig, 6000);
    puppet_free (rig_publish (rig, 0, "new", "1.0.0", 1, "1.0.0"));
}

//  ---- healing -------------------------------------------------------------------------------------

static void
when_halves_meet_what_was_published_is_announced_again (void **state)
{
    (void) state;
    rig_start (rig);
    rig_must_publish (rig, 0, "pack", "1.0.0", 1, "1.0.0");
    rig_wait (rig, 60000);
    assert_int_equal (items_on ("/ggen/packages/v1"), 1);
    Ggen__PeerUp up = GGEN__PEER_UP__INIT;
    rig_tell (rig, "swarm", &up.base);
    rig_tell (rig, "swarm", &up.base);
    rig_wait (rig, 5000);
    assert_int_equal (items_on ("/ggen/packages/v1"), 1);
    up.kept = true;
    rig_tell (rig, "swarm", &up.base);
    rig_tell (rig, "swarm", &up.base);
    rig_wait (rig, 2500);
    assert_int_equal (items_on ("/ggen/packages/v1"), 2);
    //  Not for each of a crowd.
    for (unsigned i = 0; i < 20; i++)
        rig_tell (rig, "swarm", &up.base);
    Ggen__ConnectivityChanged changed = GGEN__CONNECTIVITY_CHANGED__INIT;
    changed.connectivity = GGEN__CONNECTIVITY__CONNECTED;
    rig_tell (rig, "swarm", &changed.base);
    rig_wait (rig, 20000);
    assert_int_equal (items_on ("/ggen/packages/v1"), 2);
    rig_wait (rig, 15000);
    assert_int_equal (items_on ("/ggen/packages/v1"), 3);
}

//  Of many the newest, and nothing that something newer stands for.
static void
so_many_are_announced_again_as_stand_for_themselves_and_are_newest (void **state)
{
    (void) state;
    char id[16];
    rig_start (rig);
    for (unsigned i = 0; i < OUTBOX_AGAIN_MAX; i++) {
        snprintf (id, sizeof id, "pack-%u", i);
        rig_must_publish (rig, 0, id, "1.0.0", 1, "1.0.0");
    }
    rig->world->few = true;             //  What stands behind is not done
    rig_must_publish (rig, 0, "pack", "1.0.0", 1, "1.0.0");
    rig_must_publish (rig, 0, "pack", "2.0.0", 2, "1.0.0 2.0.0");
    const unsigned items = items_on ("/ggen/packages/v1");
    Ggen__PeerUp up = GGEN__PEER_UP__INIT;
    up.kept = true;
    rig_tell (rig, "swarm", &up.base);
    rig_tell (rig, "swarm", &up.base);
    rig_wait (rig, 2500);
    //  Of the newest entries one is the older version of "pack".
    assert_int_equal (items_on ("/ggen/packages/v1"), items + OUTBOX_AGAIN_MAX - 1);
}

static void
what_was_published_long_ago_is_not_announced_again (void **state)
{
    (void) state;
    rig_start (rig);
    rig->world->few = true;
    rig_must_publish (rig, 0, "pack", "1.0.0", 1, "1.0.0");
    const unsigned writes = rig->world->writes;
    rig->registry.wall_ms += (OUTBOX_AGAIN_SECS + 60) * INT64_C (1000);
    Ggen__PeerUp up = GGEN__PEER_UP__INIT;
    up.kept = true;
    rig_tell (rig, "swarm", &up.base);
    rig_tell (rig, "swarm", &up.base);
    rig_wait (rig, 5000);
    assert_int_equal (items_on ("/ggen/packages/v1"), 1);
    assert_int_equal (rig->world->writes, writes);
}

//  ---- PutHead, Delete -----------------------------------------------------------------------------

static void
a_yank_reaches_others_and_its_texts_come_back_with_its_undoing (void **state)
{
    (void) state;
    rig_start (rig);
    rig_t *other = rig_new (rig->world);
    rig_start (other);
    rig_must_publish (rig, 0, "pack", "1.0.0", 1, "1.0.0");
    puppet_free (put_head (0, 2, "1.0.0!"));
    Ggen__SearchReply *found = rig_search (other, "pack");
    assert_int_equal (found->n_results, 0);
    puppet_free (found);
    rig_ask_get (other, "pack");
    rig_expect_failure (other, PACKAGE_NOT_FOUND);
    rig_ask_version (other, "pack", "1.0.0");
    Ggen__PackageReply *reply = rig_hear (other, &ggen__package_reply__descriptor);
    assert_true (reply->package->yanked);
    puppet_free (reply);
    assert_true (rig_exists (other, "pack"));
    puppet_free (put_head (0, 3, "1.0.0"));
    found = rig_search (other, "pack");
    assert_int_equal (found->n_results, 1);
    assert_string_equal (found->results[0]->description, "Made for tests");
    puppet_free (found);
    rig_free (other);
}

//  Entries of older versions are still there, for few have these.
static void
the_texts_that_come_back_are_those_of_the_last_offer (void **state)
{
    (void) state;
    rig_start (rig);
    rig->world->few = true;
    rig->description = "First";
    rig_must_publish (rig, 0, "pack", "1.0.0", 1, "1.0.0");
    rig->description = "Second";
    rig_must_publish (rig, 0, "pack", "2.0.0", 2, "1.0.0 2.0.0");
    puppet_free (put_head (0, 3, "1.0.0! 2.0.0!"));
    puppet_free (put_head (0, 4, "1.0.0 2.0.0"));
    Ggen__SearchReply *found = rig_search (rig, "pack");
    assert_int_equal (found->n_results, 1);
    assert_string_equal (found->results[0]->description, "Second");
    puppet_free (found);
}

static void
a_deleted_version_is_no_longer_served_and_no_longer_listed (void **state)
{
    (void) state;
    rig_start (rig);
    rig_must_publish (rig, 0, "pack", "1.0.0", 1, "1.0.0");
    rig_must_publish (rig, 0, "pack", "1.1.0", 2, "1.0.0 1.1.0");
    Ggen__DeleteRequest request = GGEN__DELETE_REQUEST__INIT;
    request.id = "pack";
    request.version = "1.1.0";
    request.publisher_key = publisher_key_to_field (&rig->world->keys[0]);
    rig_ask (rig, &request.base);
    puppet_free (rig_hear (rig, &ggen__delete_reply__descriptor));
    assert_int_equal (rig->world->withdrawn, 1);
    assert_int_equal (rig->world->unprovided, 1);
    rig_t *other = rig_new (rig->world);
    rig_start (other);
    Ggen__PackageReply *reply = rig_get (other, "pack");
    assert_string_equal (reply->package->version, "1.0.0");
    puppet_free (reply);
    rig_free (other);
}

//  As unpublish does it: the head without it first, then the version.
static void
a_version_whose_head_is_gone_already_is_withdrawn (void **state)
{
    (void) state;
    rig_start (rig);
    rig_must_publish (rig, 0, "pack", "1.0.0", 1, "1.0.0");
    puppet_free (put_head (0, 2, ""));
    Ggen__DeleteRequest request = GGEN__DELETE_REQUEST__INIT;
    request.id = "pack";
    request.version = "1.0.0";
    request.publisher_key = publisher_key_to_field (&rig->world->keys[0]);
    rig_ask (rig, &request.base);
    puppet_free (rig_hear (rig, &ggen__delete_reply__descriptor));
    assert_int_equal (rig->world->withdrawn, 1);
    assert_false (rig_exists (rig, "pack"));
}

static void
nobody_deletes_what_another_key_published (void **state)
{
    (void) state;
    rig_start (rig);
    rig_plant (rig, 1, "pack", 3, "1.0.0");
    Ggen__DeleteRequest request = GGEN__DELETE_REQUEST__INIT;
    request.id = "pack";
    request.version = "1.0.0";
    request.publisher_key = publisher_key_to_field (&rig->world->keys[0]);
    rig_ask (rig, &request.base);
    rig_expect_failure (rig, PERMISSION_DENIED);
    assert_int_equal (rig->world->withdrawn, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown (name, set_up, tear_down)

int
main (void)
{
    const struct CMUnitTest tests[] = {
        TEST (a_publish_is_told_to_all_who_have_to_know),
        TEST (what_one_node_publishes_another_finds),
        TEST (it_says_honestly_on_how_many_hosts_it_is),
        TEST (what_only_this_node_holds_is_told_again),
        TEST (what_few_others_have_is_written_again),
        TEST (who_writes_is_not_one_of_the_others_who_have_it),
        TEST (what_few_others_have_is_written_seven_times_at_most),
        TEST (what_few_have_of_an_older_version_is_written_again),
        TEST (what_few_have_of_a_head_that_is_old_before_it_is_told_is_not_written_again),
        TEST (what_was_published_lately_is_written_once_more_after_a_restart),
        TEST (a_full_keyword_goes_on_under_its_next_part),
        TEST (the_listing_tells_of_the_latest_version),
        TEST (a_key_that_is_not_the_default_signs_its_listing),
        TEST (without_a_key_here_there_is_no_listing_and_it_says_so),
        TEST (a_head_below_the_one_in_the_network_is_refused),
        TEST (another_archive_for_a_version_of_the_network_is_refused),
        TEST (a_private_id_is_not_told),
        TEST (a_bootstrap_node_tells_of_no_package_of_its_own),
        TEST (a_publish_whose_archive_cannot_be_kept_leaves_nothing),
        TEST (nothing_is_told_before_it_is_on_disk),
        TEST (a_version_is_told_of_when_its_record_and_archive_can_be_found),
        TEST (given_the_dht_takes_nothing_the_news_goes_out_all_the_same),
        TEST (a_category_that_nobody_follows_is_told_all_the_same),
        TEST (what_is_kept_is_found_here_before_others_have_answered),
        TEST (who_publishes_is_answered_when_it_is_time_though_not_all_is_told),
        TEST (what_cannot_be_written_down_is_not_published),
        TEST (a_publish_without_a_network_is_told_later),
        TEST (what_nobody_answered_before_a_stop_is_asked_again),
        TEST (tries_become_rarer_and_a_peer_that_comes_starts_them_anew),
        TEST (who_was_woken_and_fails_again_is_tried_soon),
        TEST (a_newer_head_stands_for_an_older_one_that_was_not_told),
        TEST (an_older_head_that_is_not_on_disk_yet_is_answered_all_the_same),
        TEST (what_may_have_been_spoilt_on_the_disk_is_told_only_when_its_signatures_are_good),
        TEST (an_older_head_put_after_a_newer_one_does_not_take_its_place_on_disk),
        TEST (a_head_that_waits_for_its_turn_is_answered_when_a_newer_one_stands_for_it),
        TEST (a_head_that_is_put_twice_at_once_is_answered_twice),
        TEST (an_older_entry_goes_when_its_archive_is_stored),
        TEST (of_a_version_that_is_published_again_the_head_is_told_and_what_else_is_new),
        TEST (a_head_after_a_head_is_told_too),
        TEST (a_newer_head_that_is_met_while_telling_is_learned),
        TEST (two_publishers_of_one_name_stand_each_for_itself),
        TEST (an_older_entry_found_on_disk_does_not_speak_for_its_name),
        TEST (a_damaged_outbox_does_no_harm),
        TEST (of_an_outbox_that_others_have_written_to_each_is_taken_once_and_so_many_at_most),
        TEST (an_outbox_that_is_full_forgets_what_is_done_and_nothing_else),
        TEST (without_its_tables_it_answers_and_does_not_publish),
        TEST (when_halves_meet_what_was_published_is_announced_again),
        TEST (so_many_are_announced_again_as_stand_for_themselves_and_are_newest),
        TEST (what_was_published_long_ago_is_not_announced_again),
        TEST (a_yank_reaches_others_and_its_texts_come_back_with_its_undoing),
        TEST (the_texts_that_come_back_are_those_of_the_last_offer),
        TEST (a_deleted_version_is_no_longer_served_and_no_longer_listed),
        TEST (a_version_whose_head_is_gone_already_is_withdrawn),
        TEST (nobody_deletes_what_another_key_published),
    };
    return cmocka_run_group_tests_name ("registry_p2p publishing", tests, NULL, NULL);
}
