// SPDX-License-Identifier: MIT
//  Pure actors run anywhere: this program has no ZeroMQ in it and only one thread. In it the real
//  "installer", "registry", "trust" and "cache" serve clients who publish, search, install, verify,
//  remove and roll back signed packages, while actors stand still and fail, mailboxes refuse, and
//  bytes on the disk change; those that touch a disk are replaced (tests/sim/lib/sim_*.h). What has
//  to hold at every step is in sim_watch.h. The same seed gives the same run, byte by byte.
//
//  SEED=7 ROUNDS=1 build/tests/sim/purity repeats the run of seed 7.
#include "lib/sim_run.h"
#include "lib/sim_store.h"
#include "installer.pb-c.h"
#include "registry.pb-c.h"
#include "runtime/actor/admit.h"
#include "tests/unit/seeded.h"

#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#define ROUNDS_DEFAULT 20u
#define ACTIONS        400u
#define REPEAT         "repeat with SEED=%llu ROUNDS=1 build/tests/sim/purity"

static unsigned
rounds (void)
{
    const char *text = getenv ("ROUNDS");
    return text ? (unsigned) strtoul (text, NULL, 10) : ROUNDS_DEFAULT;
}

//  Says how to see it again.
static void
assert_faultless (sim_run_t *run, uint64_t seed)
{
    const char *fault = sim_run_fault (run);
    if (fault)
        fail_msg ("%s; " REPEAT, fault, (unsigned long long) seed);
}

//  ---- what a client gets ----------------------------------------------------------------------------

//  The reply, which has to be of this kind; the caller frees it.
static void *
ask (sim_run_t *run, const char *to, const ProtobufCMessage *message,
     const ProtobufCMessageDescriptor *expect)
{
    size_t number = sim_run_ask (run, to, message);
    void *reply = sim_crowd_reply (run->crowd, number, expect);
    if (!reply) {
        const sim_request_t *request = sim_crowd_request (run->crowd, number);
        Ggen__Failure *failure =
            request->body ? ggen__failure__unpack (NULL, request->body_size, request->body) : NULL;
        fail_msg ("%s: %s: %s", message->descriptor->short_name, code_name (request->code),
                  failure ? failure->message : "no answer");
    }
    return reply;
}

static code_t
code_of (sim_run_t *run, const char *to, const ProtobufCMessage *message)
{
    size_t number = sim_run_ask (run, to, message);
    assert_int_equal (sim_crowd_request (run->crowd, number)->fate, SIM_ANSWERED);
    return sim_crowd_request (run->crowd, number)->code;
}

static void
publish (sim_run_t *run, const char *directory)
{
    Ggen__PublishTreeRequest request = GGEN__PUBLISH_TREE_REQUEST__INIT;
    request.path = (char *) directory;
    Ggen__PublishTreeReply *reply =
        ask (run, "installer", &request.base, &ggen__publish_tree_reply__descriptor);
    assert_int_equal (reply->acknowledged, 1);
    ggen__publish_tree_reply__free_unpacked (reply, NULL);
}

static Ggen__InstallRequest
install_of (char **want, const char *root)
{
    Ggen__InstallRequest request = GGEN__INSTALL_REQUEST__INIT;
    request.wants = want;
    request.n_wants = 1;
    request.root = (char *) root;
    return request;
}

//  How many packages it changed.
static size_t
install (sim_run_t *run, const char *want, const char *root)
{
    char *wants = (char *) want;
    Ggen__InstallRequest request = install_of (&wants, root);
    Ggen__InstallReply *reply =
        ask (run, "installer", &request.base, &ggen__install_reply__descriptor);
    size_t changed = reply->n_steps;
    ggen__install_reply__free_unpacked (reply, NULL);
    return changed;
}

static code_t
install_code (sim_run_t *run, const char *want)
{
    char *wants = (char *) want;
    Ggen__InstallRequest request = install_of (&wants, "");
    return code_of (run, "installer", &request.base);
}

static size_t
findings (sim_run_t *run, bool fix)
{
    Ggen__VerifyRequest request = GGEN__VERIFY_REQUEST__INIT;
    request.fix = fix;
    Ggen__VerifyReply *reply =
        ask (run, "installer", &request.base, &ggen__verify_reply__descriptor);
    size_t count = reply->n_findings;
    ggen__verify_reply__free_unpacked (reply, NULL);
    return count;
}

static size_t
installed (sim_run_t *run)
{
    Ggen__ListInstalledRequest request = GGEN__LIST_INSTALLED_REQUEST__INIT;
    Ggen__ListInstalledReply *reply =
        ask (run, "installer", &request.base, &ggen__list_installed_reply__descriptor);
    size_t count = reply->n_packages;
    ggen__list_installed_reply__free_unpacked (reply, NULL);
    return count;
}

static size_t
hits (sim_run_t *run, const char *query)
{
    Ggen__SearchRequest request = GGEN__SEARCH_REQUEST__INIT;
    request.query = (char *) query;
    request.limit = 100;
    Ggen__SearchReply *reply =
        ask (run, "registry", &request.base, &ggen__search_reply__descriptor);
    size_t count = reply->n_results;
    ggen__search_reply__free_unpacked (reply, NULL);
    return count;
}

static void
remove_package (sim_run_t *run, const char *name)
{
    char *names = (char *) name;
    Ggen__RemoveRequest request = GGEN__REMOVE_REQUEST__INIT;
    request.names = &names;
    request.n_names = 1;
    Ggen__RemoveReply *reply =
        ask (run, "installer", &request.base, &ggen__remove_reply__descriptor);
    ggen__remove_reply__free_unpacked (reply, NULL);
}

static void
roll_back (sim_run_t *run)
{
    Ggen__RollbackRequest request = GGEN__ROLLBACK_REQUEST__INIT;
    Ggen__RollbackReply *reply =
        ask (run, "installer", &request.base, &ggen__rollback_reply__descriptor);
    ggen__rollback_reply__free_unpacked (reply, NULL);
}

//  ---- tests ----------------------------------------------------------------------------------------

static void
there_is_no_zeromq_in_this_program (void **state)
{
    (void) state;
    assert_null (dlsym (RTLD_DEFAULT, "zmq_ctx_new"));
    assert_null (dlsym (RTLD_DEFAULT, "zactor_new"));
    assert_non_null (dlsym (RTLD_DEFAULT, "protobuf_c_message_pack"));
}

static void
in_good_weather_the_main_job_is_done (void **state)
{
    (void) state;
    sim_run_t run;
    char path[SIM_PATH_MAX];
    sim_run_open (&run, seed_of_run ());
    publish (&run, SIM_SOURCES "own-0-1.0.0");
    publish (&run, SIM_SOURCES "own-1-1.0.0");
    publish (&run, SIM_SOURCES "own-2-1.0.0");
    assert_int_equal (hits (&run, "own"), 3);
    assert_int_equal (install (&run, "own-2", ""), 3);
    assert_int_equal (install (&run, "alice-1", ""), 2 + 3);
    assert_int_equal (installed (&run), 5);
    assert_int_equal (findings (&run, false), 0);
    assert_true (sim_store_tree (run.disk, "", "own-1", path));
    assert_true (sim_disk_damage (run.disk, path, 77));
    assert_int_equal (findings (&run, false), 1);
    assert_int_equal (findings (&run, true), 1);
    assert_int_equal (findings (&run, false), 0);
    remove_package (&run, "own-2");
    assert_int_equal (installed (&run), 2);
    roll_back (&run);
    assert_int_equal (installed (&run), 5);
    sim_run_calm (&run);
    assert_faultless (&run, seed_of_run ());
    sim_run_close (&run);
}

static void
what_was_not_signed_as_it_is_does_not_get_in (void **state)
{
    (void) state;
    sim_run_t run;
    sim_run_open (&run, seed_of_run ());
    assert_int_equal (install_code (&run, "forged"), INVALID_SIGNATURE);
    assert_int_equal (install_code (&run, "unsigned"), MISSING_SIGNATURE);
    assert_int_equal (install_code (&run, "swapped"), CHECKSUM_MISMATCH);
    assert_int_equal (install_code (&run, "lied"), SECURITY);
    assert_int_equal (install_code (&run, "stolen"), SECURITY);
    assert_int_equal (install_code (&run, "rival"), UNTRUSTED_PUBLISHER);
    assert_int_equal (sim_watch_commits (run.watch), 0);
    sim_run_calm (&run);
    assert_faultless (&run, seed_of_run ());
    sim_run_close (&run);
}

static void
digest_of (uint64_t seed, uint8_t digest[WORLD_DIGEST_SIZE])
{
    sim_run_t run;
    sim_run_open (&run, seed);
    sim_run_storm (&run, ACTIONS);
    world_digest (run.world, digest);
    sim_run_close (&run);
}

static void
another_seed_is_another_run (void **state)
{
    (void) state;
    uint8_t first[WORLD_DIGEST_SIZE], second[WORLD_DIGEST_SIZE];
    digest_of (seed_of_run (), first);
    digest_of (seed_of_run () + 1, second);
    assert_memory_not_equal (first, second, sizeof first);
}

//  How requests ended, of all rounds together.
typedef struct {
    unsigned requests, expired, left, codes[FATAL];
    unsigned commits, judged;
    uint64_t incarnations, busy, depth_max;
} tally_t;

static void
count (tally_t *tally, const sim_run_t *run)
{
    world_counts_t counts = world_counts (run->world);
    for (size_t i = 0; i < sim_crowd_count (run->crowd); i++) {
        const sim_request_t *request = sim_crowd_request (run->crowd, i);
        tally->requests++;
        tally->expired += request->fate == SIM_EXPIRED;
        tally->left += request->fate == SIM_LEFT;
        if (request->fate == SIM_ANSWERED)
            tally->codes[request->code]++;
    }
    tally->commits += sim_watch_commits (run->watch);
    tally->judged += sim_watch_judged (run->watch);
    tally->incarnations += counts.incarnations;
    tally->busy += counts.busy;
    if (counts.depth_max > tally->depth_max)
        tally->depth_max = counts.depth_max;
}

//  The same again, with memory lying elsewhere.
static void
assert_same_again (const sim_run_t *run, uint64_t seed)
{
    uint8_t first[WORLD_DIGEST_SIZE], second[WORLD_DIGEST_SIZE];
    void *ballast[100];
    world_digest (run->world, first);
    for (unsigned i = 0; i < COUNT_OF (ballast); i++)
        ballast[i] = malloc (17 * i + 1);
    digest_of (seed, second);
    for (unsigned i = 0; i < COUNT_OF (ballast); i++)
        free (ballast[i]);
    if (memcmp (first, second, sizeof first) != 0)
        fail_msg ("two runs of one seed differ; " REPEAT, (unsigned long long) seed);
}

//  In another root, for in the home trees may be damaged for good.
static void
assert_market_is_open (sim_run_t *run)
{
    sim_market_write (run->disk, "calm", "1.0.0", NULL);
    publish (run, SIM_SOURCES "calm-1.0.0");
    assert_int_equal (install (run, "calm", "/elsewhere"), 1);
    sim_run_calm (run);
}

//  They were storms worth the name.
static void
assert_rough (const tally_t *tally)
{
    static const code_t expected[] = {
        OK,       BUSY,     TIMEOUT,           CANCELLED,           INTERNAL,
        STORAGE,  SECURITY, INVALID_SIGNATURE, MISSING_SIGNATURE,   CHECKSUM_MISMATCH,
        DEPENDENCY, ALREADY_EXISTS, UNTRUSTED_PUBLISHER, PACKAGE_NOT_FOUND, FEATURE_NOT_ENABLED};
    for (size_t i = 0; i < COUNT_OF (expected); i++)
        if (tally->codes[expected[i]] == 0)
            fail_msg ("no request ended with %s", code_name (expected[i]));
    assert_true (tally->requests > 2000 && tally->codes[OK] > 500);
    assert_true (tally->left > 0 && tally->expired > 0 && tally->busy > 100);
    assert_true (tally->commits > 100 && tally->judged > 300 && tally->incarnations > 100);
    assert_in_range (tally->depth_max, ADMIT_REQUESTS_MAX, MAILBOX_MESSAGES_MAX);
}

static void
a_storm_breaks_no_promise_comes_twice_alike_and_leaves_the_market_open (void **state)
{
    (void) state;
    tally_t tally = {0};
    for (uint64_t seed = seed_of_run (); seed < seed_of_run () + rounds (); seed++) {
        sim_run_t run;
        sim_run_open (&run, seed);
        sim_run_storm (&run, ACTIONS);
        assert_faultless (&run, seed);
        assert_same_again (&run, seed);
        assert_market_is_open (&run);
        assert_faultless (&run, seed);
        count (&tally, &run);
        sim_run_close (&run);
    }
    if (rounds () >= ROUNDS_DEFAULT)
        assert_rough (&tally);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (there_is_no_zeromq_in_this_program),
        cmocka_unit_test (in_good_weather_the_main_job_is_done),
        cmocka_unit_test (what_was_not_signed_as_it_is_does_not_get_in),
        cmocka_unit_test (another_seed_is_another_run),
        cmocka_unit_test (a_storm_breaks_no_promise_comes_twice_alike_and_leaves_the_market_open),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
