// SPDX-License-Identifier: MIT
#include "actors/registry/merge.h"
#include "actors/registry/newest_heads.h"
#include "messages/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sodium.h>
#include <cmocka.h>

#define PACKAGES_MAX 32
#define PACKED_MAX   2048

//  Packages of one test, and the merge they go into.
typedef struct {
    merge_t *merge;
    Ggen__Package packages[PACKAGES_MAX];
    Ggen__Publisher publishers[PACKAGES_MAX];
    uint8_t digests[PACKAGES_MAX][32];
    uint8_t heads[PACKAGES_MAX][PACKED_MAX];
    char *tags[PACKAGES_MAX];
    unsigned count;
    uint8_t public_key[32], secret_key[64];
} fixture_t;

static int
set_up (void **state)
{
    fixture_t *self = calloc (1, sizeof *self);
    self->merge = merge_new (&crypto_real);
    const uint8_t seed[32] = {7};
    crypto_sign_seed_keypair (self->public_key, self->secret_key, seed);
    *state = self;
    return 0;
}

static int
tear_down (void **state)
{
    fixture_t *self = *state;
    merge_destroy (&self->merge);
    free (self);
    return 0;
}

//  A package with a digest of bytes 'digest'; 0 = without one.
static Ggen__Package *
package (fixture_t *self, const char *id, const char *version, uint8_t digest)
{
    unsigned at = self->count++;
    Ggen__Package *made = &self->packages[at];
    ggen__package__init (made);
    made->id = (char *) id;
    made->version = (char *) version;
    memset (self->digests[at], digest, sizeof self->digests[at]);
    made->sha256 = (ProtobufCBinaryData) {digest ? 32 : 0, self->digests[at]};
    made->location = "/somewhere";
    return made;
}

//  Signed by the one key of this test: a head that lists 'version' of 'listed', yanked or not. 'heir': a key
//  that the name is handed over to, or nothing.
static void
give_last_head (fixture_t *self, Ggen__Package *to, uint64_t seq, const Ggen__Package *listed,
                bool yanked, ProtobufCBinaryData heir)
{
    unsigned at = (unsigned) (to - self->packages);
    Ggen__HeadVersion version = GGEN__HEAD_VERSION__INIT, *versions[] = {&version};
    version.version = listed->version;
    version.sha256 = listed->sha256;
    version.yanked = yanked;
    version.yank_reason = yanked ? "broken" : "";
    Ggen__Head head = GGEN__HEAD__INIT;
    head.name = to->id;
    head.seq = seq;
    head.expires_at = 1000;
    head.versions = versions;
    head.n_versions = 1;
    head.rotated_to = heir;
    uint8_t payload[PACKED_MAX], signature[64];
    size_t size = ggen__head__pack (&head, payload), signing_size;
    uint8_t *signing =
        record_signing_bytes (GGEN__RECORD_KIND__HEAD, (bytes_t) {payload, size}, &signing_size);
    crypto_sign_detached (signature, NULL, signing, signing_size, self->secret_key);
    free (signing);
    Ggen__SignedRecord record = GGEN__SIGNED_RECORD__INIT;
    record.kind = GGEN__RECORD_KIND__HEAD;
    record.payload = (ProtobufCBinaryData) {size, payload};
    record.key = (ProtobufCBinaryData) {32, self->public_key};
    record.signature = (ProtobufCBinaryData) {64, signature};
    to->head = (ProtobufCBinaryData) {ggen__signed_record__pack (&record, self->heads[at]),
                                      self->heads[at]};
}

static void
give_head (fixture_t *self, Ggen__Package *to, uint64_t seq, const Ggen__Package *listed,
           bool yanked)
{
    give_last_head (self, to, seq, listed, yanked, (ProtobufCBinaryData) {0, NULL});
}

static void
give_publisher (fixture_t *self, Ggen__Package *to)
{
    Ggen__Publisher *publisher = &self->publishers[to - self->packages];
    ggen__publisher__init (publisher);
    publisher->public_key = (ProtobufCBinaryData) {32, self->public_key};
    to->publisher = publisher;
}

static void
add (fixture_t *self, const char *source, unsigned count, Ggen__Package *const *packages)
{
    assert_int_equal (merge_add (self->merge, source, packages, count), OK);
}

#define ADD(fixture, source, ...) \
    add (fixture, source, COUNT_OF (((Ggen__Package *[]) {__VA_ARGS__})), \
         (Ggen__Package *[]) {__VA_ARGS__})

static void
finish (fixture_t *self)
{
    assert_int_equal (merge_finish (self->merge), OK);
}

static void
the_same_version_of_two_registries_is_one (void **state)
{
    fixture_t *self = *state;
    Ggen__Package *a = package (self, "pack", "1.0.0", 1), *b = package (self, "pack", "1.0.0", 1);
    a->downloads = 3;
    b->downloads = 5;
    b->readme = "Read me";
    b->location = "elsewhere";
    ADD (self, "file", a);
    ADD (self, "p2p", b);
    finish (self);
    size_t count;
    Ggen__Package **all = merge_versions (self->merge, &count);
    assert_int_equal (count, 1);
    assert_string_equal (all[0]->source, "file");
    assert_string_equal (all[0]->location, "/somewhere");
    assert_string_equal (all[0]->readme, "Read me");
    assert_int_equal (all[0]->downloads, 5);
    assert_int_equal (merge_conflicts_count (self->merge), 0);
}

static void
two_digests_of_a_version_are_a_conflict_that_names_both_sources (void **state)
{
    fixture_t *self = *state;
    ADD (self, "file", package (self, "pack", "1.0.0", 1));
    ADD (self, "p2p", package (self, "pack", "1.0.0", 2), package (self, "pack", "1.1.0", 3));
    finish (self);
    assert_int_equal (merge_conflicts_count (self->merge), 1);
    const merge_conflict_t *conflict = merge_conflict (self->merge, 0);
    assert_string_equal (conflict->id, "pack");
    assert_string_equal (conflict->version, "1.0.0");
    assert_string_equal (conflict->sources[0], "file");
    assert_string_equal (conflict->sources[1], "p2p");
    assert_int_equal (conflict->digests[0][0], 1);
    assert_int_equal (conflict->digests[1][0], 2);
}

//  Whose it is is said by the record; that it is good is for trust to see.
static void
give_record (fixture_t *self, Ggen__Package *to, uint8_t who)
{
    unsigned at = (unsigned) (to - self->packages);
    uint8_t key[32], signature[64] = {0}, payload = 1;
    memset (key, who, sizeof key);
    Ggen__SignedRecord record = GGEN__SIGNED_RECORD__INIT;
    record.kind = GGEN__RECORD_KIND__RELEASE;
    record.payload = (ProtobufCBinaryData) {1, &payload};
    record.key = (ProtobufCBinaryData) {sizeof key, key};
    record.signature = (ProtobufCBinaryData) {sizeof signature, signature};
    to->record = (ProtobufCBinaryData) {ggen__signed_record__pack (&record, self->heads[at]),
                                        self->heads[at]};
}

//  Anybody can publish anything under any name in the network: that must not take it from others.
static void
releases_of_two_keys_are_rivals_and_both_told (void **state)
{
    fixture_t *self = *state;
    Ggen__Package *ours = package (self, "pack", "1.0.0", 1);
    Ggen__Package *again = package (self, "pack", "1.0.0", 1);
    Ggen__Package *theirs = package (self, "pack", "1.0.0", 2);
    Ggen__Package *copied = package (self, "pack", "1.0.0", 1);
    give_record (self, ours, 1);
    give_record (self, again, 1);
    give_record (self, theirs, 2);
    give_record (self, copied, 3);
    ADD (self, "file", ours);
    ADD (self, "p2p", copied, theirs, again);
    finish (self);
    size_t count;
    Ggen__Package **all = merge_versions (self->merge, &count);
    assert_int_equal (merge_conflicts_count (self->merge), 0);
    assert_int_equal (count, 3);
    assert_string_equal (all[0]->source, "file");
    assert_int_equal (merge_dropped_count (self->merge), 0);
}

//  Registries that somebody has chosen do not just let anybody in.
static void
releases_of_two_keys_in_two_chosen_registries_are_a_conflict (void **state)
{
    fixture_t *self = *state;
    Ggen__Package *ours = package (self, "pack", "1.0.0", 1);
    Ggen__Package *theirs = package (self, "pack", "1.0.0", 2);
    give_record (self, ours, 1);
    give_record (self, theirs, 2);
    ADD (self, "file", ours);
    ADD (self, "team", theirs);
    finish (self);
    assert_int_equal (merge_conflicts_count (self->merge), 1);
}

static void
two_digests_of_one_key_are_a_conflict_even_with_rivals_between (void **state)
{
    fixture_t *self = *state;
    Ggen__Package *one = package (self, "pack", "1.0.0", 1);
    Ggen__Package *theirs = package (self, "pack", "1.0.0", 2);
    Ggen__Package *other = package (self, "pack", "1.0.0", 3);
    give_record (self, one, 1);
    give_record (self, theirs, 2);
    give_record (self, other, 1);
    other->record.data[other->record.len - 1] = 9;
    ADD (self, "file", one);
    ADD (self, "p2p", theirs, other);
    finish (self);
    assert_int_equal (merge_conflicts_count (self->merge), 1);
}

static void
a_version_written_differently_is_still_the_same_version (void **state)
{
    fixture_t *self = *state;
    ADD (self, "file", package (self, "pack", "v1.0.0", 1));
    ADD (self, "p2p", package (self, "pack", "1.0.0", 2));
    ADD (self, "http", package (self, "pack", "1.0.0+build", 3));
    finish (self);
    size_t count;
    merge_versions (self->merge, &count);
    assert_int_equal (count, 2);
    assert_int_equal (merge_conflicts_count (self->merge), 1);
}

static void
a_registry_without_the_digest_does_not_disagree (void **state)
{
    fixture_t *self = *state;
    Ggen__Package *known = package (self, "pack", "1.0.0", 9);
    known->size_bytes = 77;
    ADD (self, "file", package (self, "pack", "1.0.0", 0));
    ADD (self, "p2p", known);
    finish (self);
    assert_int_equal (merge_conflicts_count (self->merge), 0);
    Ggen__Package *latest = merge_latest (self->merge);
    assert_int_equal (latest->sha256.len, 32);
    assert_int_equal (latest->size_bytes, 77);
    assert_string_equal (latest->source, "p2p");
}

static void
versions_come_ascending (void **state)
{
    fixture_t *self = *state;
    ADD (self, "file", package (self, "pack", "1.10.0", 1), package (self, "pack", "1.0.0", 2));
    ADD (self, "p2p", package (self, "pack", "1.9.0", 3), package (self, "pack", "1.0.0-rc.1", 4));
    finish (self);
    size_t count;
    Ggen__Package **all = merge_versions (self->merge, &count);
    static const char *const expected[] = {"1.0.0-rc.1", "1.0.0", "1.9.0", "1.10.0"};
    assert_int_equal (count, COUNT_OF (expected));
    for (size_t i = 0; i < count; i++)
        assert_string_equal (all[i]->version, expected[i]);
}

static void
latest_is_the_highest_release_that_is_not_yanked (void **state)
{
    fixture_t *self = *state;
    Ggen__Package *yanked = package (self, "pack", "3.0.0", 3);
    yanked->yanked = true;
    ADD (self, "file", package (self, "pack", "1.0.0", 1), yanked);
    ADD (self, "p2p", package (self, "pack", "2.0.0-rc.1", 2));
    finish (self);
    assert_string_equal (merge_latest (self->merge)->version, "1.0.0");
}

static void
with_yanked_versions_only_there_is_no_latest (void **state)
{
    fixture_t *self = *state;
    Ggen__Package *yanked = package (self, "pack", "3.0.0", 3);
    yanked->yanked = true;
    ADD (self, "file", yanked);
    finish (self);
    assert_null (merge_latest (self->merge));
}

static void
malformed_entries_are_left_out_and_counted (void **state)
{
    fixture_t *self = *state;
    Ggen__Package *cut = package (self, "pack", "1.0.0", 1);
    cut->sha256.len = 31;
    ADD (self, "p2p", package (self, "../pack", "1.0.0", 1), package (self, "pack", "one", 1), cut,
         package (self, "pack", "1.0.0", 1));
    finish (self);
    size_t count;
    merge_versions (self->merge, &count);
    assert_int_equal (count, 1);
    assert_int_equal (merge_dropped_count (self->merge), 3);
}

static void
a_yank_that_one_registry_knows_counts_for_all (void **state)
{
    fixture_t *self = *state;
    Ggen__Package *stale = package (self, "pack", "2.0.0", 2);
    Ggen__Package *fresh = package (self, "pack", "1.0.0", 1);
    give_publisher (self, stale);
    give_publisher (self, fresh);
    give_head (self, stale, 1, stale, false);
    give_head (self, fresh, 2, stale, true);
    ADD (self, "p2p", stale);
    ADD (self, "file", fresh);
    finish (self);
    assert_string_equal (merge_latest (self->merge)->version, "1.0.0");
    size_t count;
    Ggen__Package **all = merge_versions (self->merge, &count);
    assert_true (all[1]->yanked);
    assert_string_equal (all[1]->yank_reason, "broken");
    assert_int_equal (all[1]->head.len, fresh->head.len);
    assert_memory_equal (all[1]->head.data, fresh->head.data, fresh->head.len);
}

static void
a_yank_can_be_taken_back_by_a_newer_head (void **state)
{
    fixture_t *self = *state;
    Ggen__Package *stale = package (self, "pack", "2.0.0", 2);
    Ggen__Package *fresh = package (self, "pack", "2.0.0", 2);
    give_publisher (self, stale);
    give_publisher (self, fresh);
    stale->yanked = true;
    give_head (self, stale, 1, stale, true);
    give_head (self, fresh, 2, fresh, false);
    ADD (self, "file", stale);
    ADD (self, "p2p", fresh);
    finish (self);
    assert_string_equal (merge_latest (self->merge)->version, "2.0.0");
}

//  Its successor may have yanked what it lists, and the registry has heard that.
static void
a_head_that_hands_the_name_over_takes_no_yank_back_and_yanks (void **state)
{
    fixture_t *self = *state;
    static uint8_t heir[32] = {9};
    for (unsigned yanks = 0; yanks < 2; yanks++) {
        Ggen__Package *told = package (self, "pack", "2.0.0", 2);
        give_publisher (self, told);
        told->yanked = !yanks;
        give_last_head (self, told, 3, told, yanks, (ProtobufCBinaryData) {sizeof heir, heir});
        newest_heads_t *heads = newest_heads_new (&crypto_real);
        newest_heads_add (heads, told);
        newest_heads_apply (heads, told);
        newest_heads_destroy (&heads);
        assert_true (told->yanked);
    }
}

static unsigned checks;

static bool
count_and_verify (void *context, const uint8_t *signature, const uint8_t *message, size_t size,
                  const uint8_t *key)
{
    checks++;
    return crypto_real.verify (context, signature, message, size, key);
}

//  One package's head by itself; returns whether the package is yanked then.
static bool
yanked_by (Ggen__Package *told)
{
    crypto_t crypto = crypto_real;
    crypto.verify = count_and_verify;
    checks = 0;
    newest_heads_t *heads = newest_heads_new (&crypto);
    newest_heads_add (heads, told);
    newest_heads_apply (heads, told);
    newest_heads_destroy (&heads);
    return told->yanked;
}

static void
the_only_head_is_checked_when_it_says_other_than_the_registry (void **state)
{
    fixture_t *self = *state;
    Ggen__Package *agreed = package (self, "pack", "2.0.0", 2);
    Ggen__Package *yanked = package (self, "pack", "3.0.0", 3);
    Ggen__Package *forged = package (self, "pack", "4.0.0", 4);
    Ggen__Package *hidden = package (self, "pack", "5.0.0", 5);
    Ggen__Package *all[] = {agreed, yanked, forged, hidden};
    for (unsigned i = 0; i < 4; i++)
        give_publisher (self, all[i]);
    give_head (self, agreed, 1, agreed, false);
    assert_false (yanked_by (agreed));
    assert_int_equal (checks, 0);
    give_head (self, yanked, 1, yanked, true);
    assert_true (yanked_by (yanked));
    assert_int_equal (checks, 1);
    give_head (self, forged, 1, forged, true);
    forged->head.data[forged->head.len - 1] ^= 1;
    assert_false (yanked_by (forged));
    assert_int_equal (checks, 1);
    hidden->yanked = true;
    give_head (self, hidden, 1, hidden, false);
    assert_false (yanked_by (hidden));
    assert_int_equal (checks, 1);
}

static void
a_forged_head_yanks_nothing (void **state)
{
    fixture_t *self = *state;
    Ggen__Package *honest = package (self, "pack", "2.0.0", 2);
    Ggen__Package *forged = package (self, "pack", "1.0.0", 1);
    give_publisher (self, honest);
    give_publisher (self, forged);
    give_head (self, honest, 1, honest, false);
    give_head (self, forged, 9, honest, true);
    forged->head.data[forged->head.len - 1] ^= 1;
    ADD (self, "file", honest);
    ADD (self, "p2p", forged);
    finish (self);
    assert_string_equal (merge_latest (self->merge)->version, "2.0.0");
    assert_ptr_equal (merge_latest (self->merge)->head.data, honest->head.data);
}

static void
a_head_of_other_bytes_yanks_nothing (void **state)
{
    fixture_t *self = *state;
    Ggen__Package *here = package (self, "pack", "2.0.0", 2);
    Ggen__Package *there = package (self, "pack", "2.0.0", 3);
    give_publisher (self, here);
    give_head (self, here, 1, there, true);
    ADD (self, "file", here);
    finish (self);
    assert_string_equal (merge_latest (self->merge)->version, "2.0.0");
}

//  ---- search ------------------------------------------------------------------------------------

static void
expect_found (fixture_t *self, const Ggen__SearchRequest *request, const char *expected)
{
    char found[200] = "";
    size_t count;
    Ggen__Package **all = merge_search (self->merge, request, &count);
    for (size_t i = 0; i < count; i++)
        snprintf (found + strlen (found), sizeof found - strlen (found), "%s%s", i ? " " : "",
                  all[i]->id);
    assert_string_equal (found, expected);
}

static void
results_of_registries_are_one_list_by_relevance (void **state)
{
    fixture_t *self = *state;
    Ggen__Package *described = package (self, "beta", "1.0.0", 1);
    Ggen__Package *tagged = package (self, "gamma", "1.0.0", 1);
    described->description = "Made of alpha";
    self->tags[0] = "alpha";
    tagged->tags = self->tags;
    tagged->n_tags = 1;
    ADD (self, "file", package (self, "alpha", "1.0.0", 1), described);
    ADD (self, "p2p", package (self, "my-alpha", "1.0.0", 1), package (self, "alphq", "1.0.0", 1),
         tagged);
    finish (self);
    Ggen__SearchRequest request = GGEN__SEARCH_REQUEST__INIT;
    request.query = "Alpha";
    request.fuzzy = true;
    expect_found (self, &request, "alpha my-alpha alphq beta gamma");
}

static void
equally_relevant_results_go_by_downloads_then_by_id (void **state)
{
    fixture_t *self = *state;
    Ggen__Package *popular = package (self, "z-alpha", "1.0.0", 1);
    popular->downloads = 10;
    ADD (self, "file", package (self, "b-alpha", "1.0.0", 1));
    ADD (self, "p2p", popular, package (self, "a-alpha", "1.0.0", 1));
    finish (self);
    Ggen__SearchRequest request = GGEN__SEARCH_REQUEST__INIT;
    request.query = "alpha";
    expect_found (self, &request, "z-alpha a-alpha b-alpha");
}

static void
each_id_is_found_once_with_the_latest_that_any_registry_has (void **state)
{
    fixture_t *self = *state;
    ADD (self, "file", package (self, "one", "1.0.0", 1), package (self, "two", "1.0.0", 1));
    ADD (self, "p2p", package (self, "two", "2.0.0", 2), package (self, "one", "0.9.0", 3));
    finish (self);
    Ggen__SearchRequest request = GGEN__SEARCH_REQUEST__INIT;
    request.sort = GGEN__SORT_ORDER__BY_NAME;
    size_t count;
    Ggen__Package **all = merge_search (self->merge, &request, &count);
    assert_int_equal (count, 2);
    assert_string_equal (all[0]->id, "one");
    assert_string_equal (all[0]->version, "1.0.0");
    assert_string_equal (all[1]->version, "2.0.0");
}

static void
the_order_can_be_by_name_downloads_or_time (void **state)
{
    static const char *const expected[] = {[GGEN__SORT_ORDER__BY_NAME] = "a b c",
                                           [GGEN__SORT_ORDER__BY_DOWNLOADS] = "c a b",
                                           [GGEN__SORT_ORDER__BY_UPDATED] = "b c a"};
    for (int sort = GGEN__SORT_ORDER__BY_DOWNLOADS; sort <= GGEN__SORT_ORDER__BY_UPDATED; sort++) {
        fixture_t *self = *state;
        merge_destroy (&self->merge);
        self->merge = merge_new (&crypto_real);
        self->count = 0;
        Ggen__Package *a = package (self, "a", "1.0.0", 1);
    Ggen__Package *b = package (self, "b", "1.0.0", 1),
                      *c = package (self, "c", "1.0.0", 1);
        a->downloads = 5;
        c->downloads = 9;
        b->created_at = 30;
        c->created_at = 20;
        a->created_at = 10;
        ADD (self, "file", a);
        ADD (self, "p2p", b);
        ADD (self, "http", c);
        finish (self);
        Ggen__SearchRequest request = GGEN__SEARCH_REQUEST__INIT;
        request.sort = (Ggen__SortOrder) sort;
        expect_found (self, &request, expected[sort]);
    }
}

static void
each_registry_keeps_its_own_order (void **state)
{
    fixture_t *self = *state;
    //  The first one has its reasons, which are not seen from here.
    ADD (self, "file", package (self, "zz", "1.0.0", 1), package (self, "aa", "1.0.0", 1));
    ADD (self, "p2p", package (self, "mm", "1.0.0", 1));
    finish (self);
    Ggen__SearchRequest request = GGEN__SEARCH_REQUEST__INIT;
    expect_found (self, &request, "mm zz aa");
}

static void
what_is_yanked_everywhere_is_not_found (void **state)
{
    fixture_t *self = *state;
    Ggen__Package *yanked = package (self, "gone", "1.0.0", 1);
    yanked->yanked = true;
    ADD (self, "file", yanked, package (self, "here", "1.0.0", 1));
    ADD (self, "p2p", yanked);
    finish (self);
    Ggen__SearchRequest request = GGEN__SEARCH_REQUEST__INIT;
    expect_found (self, &request, "here");
}

static void
nothing_merged_is_nothing_found (void **state)
{
    fixture_t *self = *state;
    assert_int_equal (merge_add (self->merge, "file", NULL, 0), OK);
    finish (self);
    Ggen__SearchRequest request = GGEN__SEARCH_REQUEST__INIT;
    expect_found (self, &request, "");
    assert_null (merge_latest (self->merge));
}

#define TEST(function) cmocka_unit_test_setup_teardown (function, set_up, tear_down)

int
main (void)
{
    const struct CMUnitTest tests[] = {
        TEST (the_same_version_of_two_registries_is_one),
        TEST (two_digests_of_a_version_are_a_conflict_that_names_both_sources),
        TEST (releases_of_two_keys_are_rivals_and_both_told),
        TEST (releases_of_two_keys_in_two_chosen_registries_are_a_conflict),
        TEST (two_digests_of_one_key_are_a_conflict_even_with_rivals_between),
        TEST (a_version_written_differently_is_still_the_same_version),
        TEST (a_registry_without_the_digest_does_not_disagree),
        TEST (versions_come_ascending),
        TEST (latest_is_the_highest_release_that_is_not_yanked),
        TEST (with_yanked_versions_only_there_is_no_latest),
        TEST (malformed_entries_are_left_out_and_counted),
        TEST (a_yank_that_one_registry_knows_counts_for_all),
        TEST (a_yank_can_be_taken_back_by_a_newer_head),
        TEST (a_head_that_hands_the_name_over_takes_no_yank_back_and_yanks),
        TEST (the_only_head_is_checked_when_it_says_other_than_the_registry),
        TEST (a_forged_head_yanks_nothing),
        TEST (a_head_of_other_bytes_yanks_nothing),
        TEST (results_of_registries_are_one_list_by_relevance),
        TEST (equally_relevant_results_go_by_downloads_then_by_id),
        TEST (each_id_is_found_once_with_the_latest_that_any_registry_has),
        TEST (the_order_can_be_by_name_downloads_or_time),
        TEST (each_registry_keeps_its_own_order),
        TEST (what_is_yanked_everywhere_is_not_found),
        TEST (nothing_merged_is_nothing_found),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
