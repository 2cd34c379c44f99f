// SPDX-License-Identifier: MIT
//  What was published while no node ran is told once one has a neighbour (p2p_late.h).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/p2p_rig.h"

#include "actors/registry/outbox.h"
#include "actors/registry/p2p_late.h"

static rig_t *rig;
static unsigned asked;              //  of the file registry
static code_t file_code;            //  not OK: that is its answer
static bool rotated;                //  it has a rotation beside its heads
static uint64_t head_seq;           //  of the head that it has with a version
static const char *head_versions;   //  that this lists; NULL: that version

static int
set_up (void **state)
{
    (void) state;
    rig = rig_new (NULL);
    asked = 0;
    file_code = OK;
    rotated = false;
    head_seq = 1;
    head_versions = NULL;
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
note (const char *id, const char *version)
{
    uint8_t key[LATE_KEY_MAX];
    size_t size = strlen (id) + 1;
    memcpy (key, id, size);
    memcpy (key + size, version, strlen (version));
    assert_true (memory_state_insert (
        rig->state, "unannounced", (ProtobufCBinaryData) {size + strlen (version), key},
        (ProtobufCBinaryData) {0, NULL}));
}

static unsigned
noted (void)
{
    unsigned count = 0;
    for (size_t i = 0; i < rig->state->count; i++)
        count += strcmp (rig->state->entries[i].table, "unannounced") == 0;
    return count;
}

//  A head that yanks nothing, of a higher seq than the one of its version; and the word of a recovery key.
static void
serve_heads (said_t *said)
{
    Ggen__GetHeadsRequest *request =
        ggen__get_heads_request__unpack (NULL, said->body_size, said->body);
    Ggen__GetHeadsReply reply = GGEN__GET_HEADS_REPLY__INIT;
    Ggen__Rotation rotation = GGEN__ROTATION__INIT;
    rotation.former_key = publisher_key_to_field (&rig->world->keys[0]);
    rotation.new_key = publisher_key_to_field (&rig->world->keys[1]);
    rotation.seq = 1;
    ProtobufCBinaryData records[] = {
        rig_head (rig, 0, request->id, 2, "1.0.0"),
        p2p_sign (rig->world, 2, GGEN__RECORD_KIND__ROTATION, &rotation.base)};
    reply.records = records;
    reply.n_records = rotated ? 2 : 1;
    puppet_reply (&rig->registry, said, &reply.base);
    free (records[0].data);
    free (records[1].data);
    ggen__get_heads_request__free_unpacked (request, NULL);
    rig_settle (rig);
}

//  It has whatever it is asked for, unless file_code says otherwise.
static void
serve_file (void)
{
    said_t said = {0};
    if (!puppet_take (&rig->registry, "registry_file", &said))
        return;
    asked++;
    if (!file_code && strcmp (said.envelope->type, "GetHeadsRequest") == 0) {
        serve_heads (&said);
        return;
    }
    Ggen__GetPackageVersionRequest *request =
        ggen__get_package_version_request__unpack (NULL, said.body_size, said.body);
    Ggen__PackageReply reply = GGEN__PACKAGE_REPLY__INIT;
    Ggen__Package package = GGEN__PACKAGE__INIT;
    Ggen__Publisher publisher = GGEN__PUBLISHER__INIT;
    digest_t digest = rig_digest (request->id, request->version, 0);
    publisher.public_key = publisher_key_to_field (&rig->world->keys[0]);
    package.id = package.title = request->id;
    package.version = request->version;
    package.location = "/dev/null";
    package.publisher = &publisher;
    package.sha256 = digest_to_field (&digest);
    package.size_bytes = 100;
    reply.package = &package;
    if (file_code)
        puppet_refuse (&rig->registry, &said, file_code);
    else {
        package.record = rig_release (rig, 0, request->id, request->version);
        package.head = rig_head (rig, 0, request->id, head_seq,
                                 head_versions ? head_versions : request->version);
        puppet_reply (&rig->registry, &said, &reply.base);
        free (package.record.data);
        free (package.head.data);
    }
    ggen__get_package_version_request__free_unpacked (request, NULL);
    rig_settle (rig);
}

static void
pass (int64_t ms)
{
    for (; ms > 0; ms -= 500) {
        rig_wait (rig, 500);
        serve_file ();
    }
}

static void
meet (void)
{
    Ggen__PeerUp up = GGEN__PEER_UP__INIT;
    up.kept = true;
    rig_tell (rig, "swarm", &up.base);
}

static unsigned
told (void)
{
    Ggen__OutboxReply *outbox = rig_outbox (rig);
    unsigned count = (unsigned) outbox->n_entries;
    puppet_free (outbox);
    return count;
}

static void
what_waits_is_told_after_the_first_neighbour_and_forgotten (void **state)
{
    (void) state;
    note ("alpha", "1.0.0");
    note ("beta", "2.0.0");
    rig_start (rig);
    //  Something else is tried again all the time.
    rig->world->dht_code = NETWORK;
    rig_must_publish (rig, 0, "gamma", "1.0.0", 1, "1.0.0");
    pass (30000);
    assert_int_equal (asked, 0);
    assert_int_equal (noted (), 2);
    rig->world->dht_code = OK;
    meet ();
    pass (LATE_DELAY_MS + 2 * LATE_STEP_MS + 2000);
    assert_int_equal (told (), 3);
    assert_int_equal (noted (), 0);
    assert_int_equal (asked, 2);
    //  It is over: another neighbour changes nothing.
    meet ();
    pass (LATE_ROUND_MS);
    assert_int_equal (asked, 2);
    assert_int_equal (rig->world->replicated, 3);
}

//  The version was told when it was published; a head came when no node ran.
static void
a_head_that_waits_is_told_too (void **state)
{
    (void) state;
    rig_start (rig);
    rig_must_publish (rig, 0, "alpha", "1.0.0", 1, "1.0.0");
    note ("alpha", "");
    meet ();
    pass (LATE_DELAY_MS + LATE_STEP_MS + 2000);
    assert_int_equal (noted (), 0);
    assert_int_equal (asked, 2);
    unsigned heads = 0;
    for (size_t i = 0; i < rig->world->records_count; i++)
        heads += rig->world->records[i].element.kind == GGEN__RECORD_KIND__HEAD
                 && rig->world->records[i].element.seq == 2;
    assert_int_equal (heads, 1);
}

//  All that its file registry has to say of a name, then no more.
static void
a_rotation_that_waits_is_told_with_the_heads (void **state)
{
    (void) state;
    rig_start (rig);
    rig_must_publish (rig, 0, "alpha", "1.0.0", 1, "1.0.0");
    rotated = true;
    note ("alpha", "");
    meet ();
    pass (LATE_DELAY_MS + 2 * LATE_STEP_MS + 2000);
    assert_int_equal (noted (), 0);
    assert_int_equal (asked, 2);
    unsigned rotations = 0;
    for (size_t i = 0; i < rig->world->records_count; i++)
        rotations += rig->world->records[i].element.kind == GGEN__RECORD_KIND__ROTATION;
    assert_int_equal (rotations, 1);
}

//  Of one name each version is looked for by itself.
static void
a_version_beside_one_that_is_told_is_told_too (void **state)
{
    (void) state;
    rig_start (rig);
    rig_must_publish (rig, 0, "alpha", "1.0.0", 1, "1.0.0");
    note ("alpha", "1.0.0");
    note ("alpha", "2.0.0");
    head_seq = 2;
    head_versions = "1.0.0 2.0.0";
    meet ();
    pass (LATE_DELAY_MS + 2 * LATE_STEP_MS + 2000);
    assert_int_equal (asked, 1);
    assert_int_equal (noted (), 0);
    unsigned releases = 0;
    for (size_t i = 0; i < rig->world->records_count; i++)
        releases += rig->world->records[i].element.kind == GGEN__RECORD_KIND__RELEASE;
    assert_int_equal (releases, 2);
}

//  The first one begins it.
static void
neighbours_that_come_without_end_neither_hold_it_up_nor_hurry_it (void **state)
{
    (void) state;
    note ("alpha", "1.0.0");
    note ("beta", "1.0.0");
    rig_start (rig);
    for (unsigned i = 0; i < 20; i++) {
        meet ();
        pass (500);
    }
    assert_int_equal (noted (), 0);
    assert_int_equal (told (), 2);
    assert_int_equal (asked, 2);
}

static void
a_table_that_cannot_be_read_is_read_in_the_next_round_and_an_empty_one_no_more (void **state)
{
    (void) state;
    note ("alpha", "1.0.0");
    rig_start (rig);
    rig->state->load_code = STORAGE;
    meet ();
    pass (10000);
    assert_int_equal (asked, 0);
    rig->state->load_code = OK;
    pass (LATE_ROUND_MS + 10000);
    assert_int_equal (noted (), 0);
    const unsigned loads = rig->state->loads;
    pass (2 * LATE_ROUND_MS);
    assert_int_equal (rig->state->loads, loads);
}

//  Nobody has its name there yet: it goes with the version.
static void
a_head_that_is_refused_waits_for_the_next_round (void **state)
{
    (void) state;
    note ("alpha", "");
    rig_start (rig);
    meet ();
    pass (10000);
    assert_int_equal (told (), 0);
    assert_int_equal (noted (), 1);
    rig_must_publish (rig, 0, "alpha", "1.0.0", 1, "1.0.0");
    pass (LATE_ROUND_MS + 10000);
    assert_int_equal (noted (), 0);
}

static void
what_is_gone_from_the_file_registry_is_forgotten (void **state)
{
    (void) state;
    note ("alpha", "1.0.0");
    assert_true (memory_state_insert (rig->state, "unannounced",
                                      (ProtobufCBinaryData) {3, (uint8_t *) "odd"},
                                      (ProtobufCBinaryData) {0, NULL}));
    file_code = PACKAGE_NOT_FOUND;
    rig_start (rig);
    meet ();
    pass (10000);
    assert_int_equal (told (), 0);
    assert_int_equal (noted (), 0);
}

static void
what_cannot_be_told_now_is_tried_again (void **state)
{
    (void) state;
    note ("alpha", "1.0.0");
    note ("beta", "1.0.0");
    file_code = STORAGE;
    rig_start (rig);
    meet ();
    pass (10000);
    assert_int_equal (asked, 2);
    assert_int_equal (noted (), 2);
    //  The archive does not come into the blob store.
    file_code = OK;
    rig->world->cache_code = STORAGE;
    pass (LATE_ROUND_MS);
    assert_int_equal (asked, 4);
    assert_int_equal (noted (), 2);
    assert_int_equal (told (), 0);
    rig->world->cache_code = OK;
    pass (LATE_ROUND_MS + 10000);
    assert_int_equal (noted (), 0);
    assert_int_equal (told (), 2);
}

static void
what_is_told_already_is_not_told_again (void **state)
{
    (void) state;
    note ("alpha", "1.0.0");
    rig_start (rig);
    rig_must_publish (rig, 0, "alpha", "1.0.0", 1, "1.0.0");
    meet ();
    pass (10000);
    assert_int_equal (asked, 0);
    assert_int_equal (noted (), 0);
}

static void
a_call_and_a_bootstrap_node_leave_it_to_others (void **state)
{
    (void) state;
    note ("alpha", "1.0.0");
    for (unsigned brief = 0; brief < 2; brief++) {
        rig->settings.routes_only = !brief;
        rig->settings.brief = brief;
        rig_start (rig);
        meet ();
        pass (10000);
        assert_int_equal (asked, 0);
        assert_int_equal (noted (), 1);
        puppet_stop (&rig->registry);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown (name, set_up, tear_down)

int
main (void)
{
    const struct CMUnitTest tests[] = {
        TEST (what_waits_is_told_after_the_first_neighbour_and_forgotten),
        TEST (a_head_that_waits_is_told_too),
        TEST (a_rotation_that_waits_is_told_with_the_heads),
        TEST (a_version_beside_one_that_is_told_is_told_too),
        TEST (neighbours_that_come_without_end_neither_hold_it_up_nor_hurry_it),
        TEST (a_table_that_cannot_be_read_is_read_in_the_next_round_and_an_empty_one_no_more),
        TEST (a_head_that_is_refused_waits_for_the_next_round),
        TEST (what_is_gone_from_the_file_registry_is_forgotten),
        TEST (what_cannot_be_told_now_is_tried_again),
        TEST (what_is_told_already_is_not_told_again),
        TEST (a_call_and_a_bootstrap_node_leave_it_to_others),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
