// SPDX-License-Identifier: MIT
//  The file registry through its messages: the guarantees of SPEC 4.
#include "registry_file_fixture.h"

#include "many.h"
#include "many.pb-c.h"
#include "upkeep.pb-c.h"

#define T(name) cmocka_unit_test_setup_teardown (name, setup, teardown)

static void
a_published_package_is_what_is_got (void **state)
{
    fixture_t *self = *state;
    signer_t signer = make_signer (1);
    draft_t made;
    draft (self, &made, "acme/tool", "1.2.3", "bytes");
    made.package.title = (char *) "Tool";
    made.package.description = (char *) "Does things";
    made.package.readme = (char *) "# Read me";
    sign_draft (&made, &signer);
    ProtobufCBinaryData record = made.package.record;
    uint8_t copy [1024];
    memcpy (copy, record.data, record.len);
    Ggen__PublishReply *reply = send_draft (self, &made);
    assert_non_null (reply);
    assert_int_equal (reply->acknowledged, 1);
    assert_false (reply->already_there);
    assert_int_equal (reply->n_warnings, 0);
    assert_string_equal (read_file (reply->location), "bytes");
    Ggen__Package *package = get (self, "acme/tool");
    assert_non_null (package);
    assert_string_equal (package->version, "1.2.3");
    assert_string_equal (package->title, "Tool");
    assert_string_equal (package->readme, "# Read me");
    assert_string_equal (package->source, "file");
    assert_string_equal (read_file (package->location), "bytes");
    assert_int_equal (package->record.len, record.len);
    assert_memory_equal (package->record.data, copy, record.len);
    assert_memory_equal (package->sha256.data, made.digest, 32);
}

static void
publishing_again_is_fine_and_another_digest_is_not (void **state)
{
    fixture_t *self = *state;
    assert_false (publish (self, "a", "1.0.0", "one")->already_there);
    Ggen__PublishReply *again = publish (self, "a", "1.0.0", "one");
    assert_true (again->already_there);
    assert_int_equal (again->acknowledged, 1);
    assert_null (publish (self, "a", "1.0.0", "two"));
    assert_int_equal (failure_code (self), ALREADY_EXISTS);
    assert_string_equal (read_file (get (self, "a")->location), "one");
}

static void
force_replaces_a_publishers_own_version_only (void **state)
{
    fixture_t *self = *state;
    signer_t owner = make_signer (1), other = make_signer (2);
    assert_non_null (publish_signed (self, "a", "1.0.0", "one", &owner));
    draft_t made;
    draft (self, &made, "a", "1.0.0", "two");
    made.request.force = true;
    sign_draft (&made, &other);
    assert_null (send_draft (self, &made));
    assert_int_equal (failure_code (self), PERMISSION_DENIED);
    draft (self, &made, "a", "1.0.0", "two");
    made.request.force = true;
    assert_null (send_draft (self, &made));
    assert_int_equal (failure_code (self), PERMISSION_DENIED);
    assert_string_equal (read_file (get (self, "a")->location), "one");
    draft (self, &made, "a", "1.0.0", "two");
    made.request.force = true;
    sign_draft (&made, &owner);
    assert_non_null (send_draft (self, &made));
    assert_string_equal (read_file (get (self, "a")->location), "two");
}

static void
versions_ascend_and_the_latest_is_a_release_if_there_is_one (void **state)
{
    fixture_t *self = *state;
    publish (self, "a", "2.0.0-rc.1", "x");
    assert_string_equal (get (self, "a")->version, "2.0.0-rc.1");
    publish (self, "a", "1.10.0", "x");
    publish (self, "a", "1.9.0", "x");
    assert_string_equal (versions (self, "a"), "1.9.0 1.10.0 2.0.0-rc.1 ");
    assert_string_equal (get (self, "a")->version, "1.10.0");
    assert_string_equal (get_version (self, "a", "1.9.0")->version, "1.9.0");
    assert_string_equal (versions (self, "unknown"), "");
}

static void
what_is_missing_is_not_found_with_what_was_meant (void **state)
{
    fixture_t *self = *state;
    publish (self, "acme/http-client", "1.0.0", "x");
    publish (self, "acme/http-client", "1.1.0", "x");
    assert_null (get (self, "acme/htpt-client"));
    assert_int_equal (failure_code (self), PACKAGE_NOT_FOUND);
    assert_string_equal (self->failure->hint, "did you mean acme/http-client?");
    assert_null (get (self, "http-client"));
    assert_string_equal (self->failure->hint, "did you mean acme/http-client?");
    draft_t made;
    draft (self, &made, "unlike", "1.0.0", "x");
    made.package.description = (char *) "entirely different";
    assert_non_null (send_draft (self, &made));
    assert_int_equal (search (self, "entirely-different")->n_results, 1);
    assert_null (get (self, "entirely-different"));
    assert_string_equal (self->failure->hint, "");
    assert_null (get_version (self, "acme/http-client", "1.2.0"));
    assert_int_equal (failure_code (self), PACKAGE_NOT_FOUND);
    assert_string_equal (self->failure->hint, "available: 1.1.0, 1.0.0");
    assert_null (get_version (self, "../..", "1.2.0"));
    assert_int_equal (failure_code (self), PACKAGE_NOT_FOUND);
}

static void
a_long_list_of_versions_is_named_by_its_highest (void **state)
{
    fixture_t *self = *state;
    for (unsigned i = 0; i < 10; i++) {
        char version [16];
        snprintf (version, sizeof version, "1.%u.0", i);
        assert_non_null (publish (self, "a", version, "x"));
    }
    assert_null (get_version (self, "a", "9.0.0"));
    assert_string_equal (self->failure->hint, "available: 1.9.0, 1.8.0, 1.7.0, 1.6.0, 1.5.0, "
                                              "1.4.0, 1.3.0, 1.2.0 and 2 older");
}

static void
only_the_publisher_deletes_and_other_versions_stay (void **state)
{
    fixture_t *self = *state;
    signer_t owner = make_signer (1), other = make_signer (2);
    publish_signed (self, "a", "1.0.0", "one", &owner);
    publish_signed (self, "a", "2.0.0", "two", &owner);
    assert_false (delete (self, "a", "2.0.0", other.public));
    assert_int_equal (failure_code (self), PERMISSION_DENIED);
    assert_false (delete (self, "a", "2.0.0", NULL));
    assert_int_equal (failure_code (self), PERMISSION_DENIED);
    assert_string_equal (versions (self, "a"), "1.0.0 2.0.0 ");
    char json [128];
    snprintf (json, sizeof json, "%s/index.json", self->directory);
    assert_non_null (strstr (read_file (json), "/2.0.0/"));
    assert_true (delete (self, "a", "2.0.0", owner.public));
    assert_null (strstr (read_file (json), "/2.0.0/"));
    assert_null (get_version (self, "a", "2.0.0"));
    assert_int_equal (failure_code (self), PACKAGE_NOT_FOUND);
    assert_string_equal (read_file (get (self, "a")->location), "one");
    assert_false (delete (self, "a", "2.0.0", owner.public));
    assert_int_equal (failure_code (self), PACKAGE_NOT_FOUND);
    assert_true (delete (self, "a", "1.0.0", owner.public));
    assert_false (exists (self, "a"));
    assert_non_null (publish (self, "a", "1.0.0", "anew"));
}

static void
existence_is_of_any_version (void **state)
{
    fixture_t *self = *state;
    assert_false (exists (self, "a"));
    publish (self, "a", "1.0.0-alpha", "x");
    assert_true (exists (self, "a"));
}

static void
a_search_finds_each_id_once_with_its_latest_version (void **state)
{
    fixture_t *self = *state;
    publish (self, "web-server", "1.0.0", "x");
    publish (self, "web-server", "1.1.0", "x");
    publish (self, "web-client", "1.0.0", "x");
    Ggen__SearchReply *found = search (self, "");
    assert_int_equal (found->n_results, 2);
    assert_int_equal (found->total, 2);
    assert_false (found->incomplete);
    found = search (self, "server");
    assert_int_equal (found->n_results, 1);
    assert_string_equal (found->results [0]->version, "1.1.0");
    Ggen__SearchRequest request = GGEN__SEARCH_REQUEST__INIT;
    request.limit = 1;
    found = ask (self, &request.base, &ggen__search_reply__descriptor);
    assert_int_equal (found->n_results, 1);
    assert_int_equal (found->total, 2);
}

static void
a_search_outside_of_the_limits_is_told_them (void **state)
{
    fixture_t *self = *state;
    Ggen__SearchRequest request = GGEN__SEARCH_REQUEST__INIT;
    request.limit = 1001;
    assert_null (ask (self, &request.base, &ggen__search_reply__descriptor));
    assert_int_equal (failure_code (self), VALIDATION);
    assert_non_null (strstr (self->failure->message, "1 to 1000 (this one: 1001)"));
    char query [1002];
    memset (query, 'q', 1001);
    query [1001] = 0;
    assert_null (search (self, query));
    assert_int_equal (failure_code (self), VALIDATION);
    assert_non_null (strstr (self->failure->message, "up to 1000 characters (1001)"));
}

static void
installations_are_counted_and_rank (void **state)
{
    fixture_t *self = *state;
    publish (self, "aaa", "1.0.0", "x");
    publish (self, "bbb", "1.0.0", "x");
    Ggen__InstalledRequest request = GGEN__INSTALLED_REQUEST__INIT;
    char *ids [] = {(char *) "bbb", (char *) "bbb"};
    request.ids = ids;
    request.n_ids = COUNT_OF (ids);
    assert_non_null (ask (self, &request.base, &ggen__installed_reply__descriptor));
    assert_int_equal (get (self, "bbb")->downloads, 2);
    assert_string_equal (search (self, "")->results [0]->id, "bbb");
}

static void
an_answer_too_long_for_a_message_says_what_is_left_out (void **state)
{
    fixture_t *self = *state;
    char *words = malloc (900001);
    memset (words, 'w', 900000);
    words [900000] = 0;
    assert_non_null (publish (self, "many", "0.1.0", "x"));
    for (unsigned i = 1; i <= 3; i++) {
        char version [16], id [16];
        snprintf (version, sizeof version, "%u.0.0", i);
        snprintf (id, sizeof id, "long-%u", i);
        draft_t made;
        draft (self, &made, "many", version, "x");
        made.package.description = words;
        assert_non_null (send_draft (self, &made));
        draft (self, &made, id, "1.0.0", "x");
        made.package.description = words;
        assert_non_null (send_draft (self, &made));
    }
    free (words);
    assert_string_equal (versions (self, "many"), "2.0.0 3.0.0 ");
    Ggen__ListVersionsReply *listed = (void *) self->reply;
    assert_true (listed->incomplete);
    assert_int_equal (listed->n_warnings, 1);
    Ggen__SearchReply *found = search (self, "");
    assert_int_equal (found->n_results, 2);
    assert_int_equal (found->total, 4);
    assert_string_equal (found->warnings [0],
                         "2 results did not fit; ask for them with offset 2");
}

static uint64_t
reindex (fixture_t *self)
{
    Ggen__ReindexRequest request = GGEN__REINDEX_REQUEST__INIT;
    const Ggen__ReindexReply *reply =
        ask (self, &request.base, &ggen__reindex_reply__descriptor);
    assert_non_null (reply);
    return reply->packages_count;
}

//  A version whose directory was taken away behind its back.
static void
take_away (fixture_t *self, const char *id)
{
    char path [200];
    snprintf (path, sizeof path, "%s/%s", self->directory, id);
    temp_dir_remove (path);
}

static void
both_indexes_are_made_anew_when_asked_for (void **state)
{
    fixture_t *self = *state;
    char path [200];
    publish (self, "aaa", "1.0.0", "x");
    publish (self, "bbb", "1.0.0", "x");
    assert_int_equal (reindex (self), 2);
    take_away (self, "bbb");
    assert_int_equal (search (self, "")->total, 2);
    assert_int_equal (reindex (self), 1);
    assert_null (get (self, "bbb"));
    snprintf (path, sizeof path, "%s/index.json", self->directory);
    assert_non_null (strstr (read_file (path), "aaa"));
    assert_null (strstr (read_file (path), "bbb"));
}

static void
a_version_that_is_gone_is_not_told_of_and_the_index_learns_it (void **state)
{
    fixture_t *self = *state;
    for (unsigned writable = 2; writable-- > 0;) {
        restart (self, true);
        publish (self, "aaa", "1.0.0", "x");
        publish (self, "aaa", "2.0.0", "y");
        publish (self, "bbb", "1.0.0", "z");
        restart (self, writable);
        take_away (self, "aaa/2.0.0");
        assert_string_equal (versions (self, "aaa"), "1.0.0 ");
        const Ggen__ListVersionsReply *listed = (const void *) self->reply;
        assert_int_equal (listed->n_warnings, 1);
        assert_non_null (strstr (listed->warnings [0], "aaa@2.0.0 are gone"));
        assert_string_equal (versions (self, "aaa"), "1.0.0 ");
        listed = (const void *) self->reply;
        assert_int_equal (listed->n_warnings, !writable);
        take_away (self, "bbb");
        assert_null (get (self, "bbb"));
        assert_int_equal (failure_code (self), PACKAGE_NOT_FOUND);
        assert_int_equal (exists (self, "bbb"), !writable);
    }
}

//  What is found wrong with aaa 1.0.0, or "" ; NULL: it is not there.
static const char *
fault_of (fixture_t *self, bool bytes)
{
    static uint8_t digest [32];
    Ggen__CheckVersionRequest request = GGEN__CHECK_VERSION_REQUEST__INIT;
    const Ggen__Package *package = get (self, "aaa");
    if (package)
        memcpy (digest, package->sha256.data, 32);
    request.id = (char *) "aaa";
    request.version = (char *) "1.0.0";
    request.sha256 = (ProtobufCBinaryData) {32, digest};
    request.bytes = bytes;
    const Ggen__CheckVersionReply *reply =
        ask (self, &request.base, &ggen__check_version_reply__descriptor);
    return reply ? reply->fault : NULL;
}

static bool
put_again (fixture_t *self, uint8_t number)
{
    draft_t made;
    const signer_t signer = make_signer (number);
    draft (self, &made, "aaa", "1.0.0", "content");
    sign_draft (&made, &signer);
    made.request.again = true;
    return send_draft (self, &made) != NULL;
}

static void
what_is_wrong_with_a_version_is_found_and_put_again (void **state)
{
    fixture_t *self = *state;
    char archive [300], record [300];
    const signer_t signer = make_signer (1);
    assert_null (fault_of (self, false));
    publish_signed (self, "aaa", "1.0.0", "content", &signer);
    snprintf (archive, sizeof archive, "%s", get (self, "aaa")->location);
    snprintf (record, sizeof record, "%s/aaa/1.0.0/record", self->directory);
    assert_string_equal (fault_of (self, true), "");
    //  Of the same size: only its bytes tell.
    assert_int_equal (unlink (archive), 0);
    write_file (archive, "CONTENT", 7);
    assert_string_equal (fault_of (self, false), "");
    assert_true (strlen (fault_of (self, true)) > 0);
    assert_true (put_again (self, 1));
    assert_string_equal (fault_of (self, true), "");
    assert_int_equal (unlink (archive), 0);
    assert_string_equal (fault_of (self, false), "its archive is gone");
    assert_true (put_again (self, 1));
    //  A record of which not even the signer is left does not keep its publisher away.
    write_file (record, "no record", 9);
    assert_true (strlen (fault_of (self, false)) > 0);
    assert_true (put_again (self, 1));
    assert_string_equal (fault_of (self, true), "");
    //  Nobody else's comes over one that is sound.
    assert_false (put_again (self, 2));
    assert_int_equal (failure_code (self), PERMISSION_DENIED);
}

static void
reading_only_makes_no_index_anew (void **state)
{
    fixture_t *self = *state;
    Ggen__ReindexRequest request = GGEN__REINDEX_REQUEST__INIT;
    publish (self, "aaa", "1.0.0", "x");
    restart (self, false);
    assert_null (ask (self, &request.base, &ggen__reindex_reply__descriptor));
    assert_int_equal (failure_code (self), PERMISSION_DENIED);
}

//  Digests it knows with an archive, one whose archive is gone, and one it never had.
static void
archives_are_found_by_their_digests (void **state)
{
    fixture_t *self = *state;
    uint8_t digests [3] [32] = {{0}};
    ProtobufCBinaryData fields [3];
    Ggen__HasArchivesRequest request = GGEN__HAS_ARCHIVES_REQUEST__INIT;
    publish (self, "aaa", "1.0.0", "x");
    publish (self, "bbb", "1.0.0", "y");
    memcpy (digests [1], get (self, "aaa")->sha256.data, 32);
    const Ggen__Package *other = get (self, "bbb");
    memcpy (digests [2], other->sha256.data, 32);
    for (unsigned i = 0; i < 3; i++)
        fields [i] = (ProtobufCBinaryData) {32, digests [i]};
    assert_int_equal (unlink (other->location), 0);
    request.sha256 = fields;
    request.n_sha256 = 3;
    const Ggen__HasArchivesReply *reply =
        ask (self, &request.base, &ggen__has_archives_reply__descriptor);
    assert_non_null (reply);
    assert_int_equal (reply->n_found, 1);
    assert_int_equal (reply->found [0], 1);
}

static void
many_lists_and_heads_are_what_each_would_be_alone (void **state)
{
    fixture_t *self = *state;
    static const char *const ids [] = {"a", "unknown", "acme/tool"};
    Ggen__ListVersionsRequest lists [3], *list [3];
    Ggen__GetHeadsRequest heads [3], *head [3];
    Ggen__ListManyRequest ask_lists = GGEN__LIST_MANY_REQUEST__INIT;
    Ggen__HeadsManyRequest ask_heads = GGEN__HEADS_MANY_REQUEST__INIT;
    signer_t signer = make_signer (1);
    publish (self, "a", "1.0.0", "x");
    publish (self, "a", "1.1.0", "y");
    assert_non_null (publish_signed (self, "acme/tool", "2.0.0", "z", &signer));
    for (unsigned i = 0; i < 3; i++) {
        list [i] = &lists [i];
        head [i] = &heads [i];
        ggen__list_versions_request__init (list [i]);
        ggen__get_heads_request__init (head [i]);
        list [i]->id = head [i]->id = (char *) ids [i];
    }
    ask_lists.lists = list;
    ask_heads.heads = head;
    ask_lists.n_lists = ask_heads.n_heads = 3;
    const Ggen__ListManyReply *listed =
        ask (self, &ask_lists.base, &ggen__list_many_reply__descriptor);
    assert_int_equal (listed->n_lists, 3);
    assert_int_equal (listed->lists [0]->reply->n_versions, 2);
    assert_string_equal (listed->lists [0]->reply->versions [1]->version, "1.1.0");
    assert_int_equal (listed->lists [1]->reply->n_versions, 0);
    assert_int_equal (listed->lists [2]->reply->n_versions, 1);
    assert_true (listed->lists [2]->reply->versions [0]->record.len > 0);
    const Ggen__HeadsManyReply *found =
        ask (self, &ask_heads.base, &ggen__heads_many_reply__descriptor);
    assert_int_equal (found->n_heads, 3);
    assert_int_equal (found->heads [0]->reply->n_records, 0);
    Ggen__GetHeadsRequest alone = GGEN__GET_HEADS_REQUEST__INIT;
    size_t records = found->heads [2]->reply->n_records;
    alone.id = (char *) ids [2];
    assert_int_equal (((const Ggen__GetHeadsReply *) ask (self, &alone.base,
                                                           &ggen__get_heads_reply__descriptor))
                          ->n_records,
                      records);
}

static void
of_many_lists_those_that_do_not_fit_are_left_out (void **state)
{
    fixture_t *self = *state;
    static char text [200 * 1024];
    Ggen__ListVersionsRequest one = GGEN__LIST_VERSIONS_REQUEST__INIT;
    Ggen__ListVersionsRequest *list [MANY_QUESTIONS_MAX + 1];
    Ggen__ListManyRequest request = GGEN__LIST_MANY_REQUEST__INIT;
    draft_t made;
    memset (text, 'x', sizeof text - 1);
    draft (self, &made, "a", "1.0.0", "x");
    made.package.description = text;
    assert_non_null (send_draft (self, &made));
    one.id = (char *) "a";
    for (unsigned i = 0; i <= MANY_QUESTIONS_MAX; i++)
        list [i] = &one;
    request.lists = list;
    request.n_lists = MANY_QUESTIONS_MAX;
    const Ggen__ListManyReply *reply =
        ask (self, &request.base, &ggen__list_many_reply__descriptor);
    assert_non_null (reply);
    assert_int_equal (reply->n_lists, MANY_QUESTIONS_MAX);
    assert_non_null (reply->lists [9]->reply);
    assert_null (reply->lists [MANY_QUESTIONS_MAX - 1]->reply);
    request.n_lists = MANY_QUESTIONS_MAX + 1;
    assert_null (ask (self, &request.base, &ggen__list_many_reply__descriptor));
    assert_int_equal (failure_code (self), VALIDATION);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        T (a_published_package_is_what_is_got),
        T (publishing_again_is_fine_and_another_digest_is_not),
        T (force_replaces_a_publishers_own_version_only),
        T (versions_ascend_and_the_latest_is_a_release_if_there_is_one),
        T (what_is_missing_is_not_found_with_what_was_meant),
        T (a_long_list_of_versions_is_named_by_its_highest),
        T (only_the_publisher_deletes_and_other_versions_stay),
        T (existence_is_of_any_version),
        T (a_search_finds_each_id_once_with_its_latest_version),
        T (a_search_outside_of_the_limits_is_told_them),
        T (installations_are_counted_and_rank),
        T (an_answer_too_long_for_a_message_says_what_is_left_out),
        T (both_indexes_are_made_anew_when_asked_for),
        T (a_version_that_is_gone_is_not_told_of_and_the_index_learns_it),
        T (what_is_wrong_with_a_version_is_found_and_put_again),
        T (reading_only_makes_no_index_anew),
        T (archives_are_found_by_their_digests),
        T (many_lists_and_heads_are_what_each_would_be_alone),
        T (of_many_lists_those_that_do_not_fit_are_left_out),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
