// SPDX-License-Identifier: MIT
#include "shelf_fixture.h"

#include <jansson.h>

#include "actors/registry/index_io.h"
#include "actors/registry/index_json.h"
#include "actors/registry/words.h"

static void
lock (fixture_t *self)
{
    assert_int_equal (shelf_lock (self->shelf, 0, 0, NULL, NULL), OK);
}

//  Opens the index; there must be no warning.
static index_t *
open_index (fixture_t *self)
{
    index_t *index_;
    char *warning;
    assert_int_equal (index_open (&index_, self->shelf, &warning), OK);
    assert_null (warning);
    return index_;
}

static code_t
count_download (index_t *index_, const char *id)
{
    char *ids [] = {(char *) id};
    return index_count_downloads (index_, ids, 1);
}

static void
update (fixture_t *self, index_t *index_, const char *id, const char *version)
{
    lock (self);
    assert_int_equal (index_update (index_, id, version), OK);
    assert_int_equal (index_write_json (index_), OK);
    shelf_unlock (self->shelf);
}

static char *
path_of (const fixture_t *self, const char *name)
{
    char *path;
    assert_true (asprintf (&path, "%s/%s", self->directory, name) > 0);
    return path;
}

static char *
read_json (const fixture_t *self)
{
    char *path = path_of (self, "index.json"), *text = read_text (path);
    assert_non_null (text);
    free (path);
    return text;
}

static void
remove_file (const fixture_t *self, const char *name)
{
    char *path = path_of (self, name);
    assert_int_equal (unlink (path), 0);
    free (path);
}

//  Overwrites bytes of a file of the registry.
static void
damage (const fixture_t *self, const char *name, long from, size_t size)
{
    char *path = path_of (self, name);
    FILE *file = fopen (path, "r+");
    assert_non_null (file);
    assert_int_equal (fseek (file, from, SEEK_SET), 0);
    for (size_t i = 0; i < size; i++)
        fputc (0xA5, file);
    fclose (file);
    free (path);
}

//  The latest version, or "" when there is none.
static const char *
latest (index_t *index_, const char *id)
{
    static char version [64];
    Ggen__Package *package;
    version [0] = 0;
    code_t code = index_latest (index_, id, &package);
    if (code == OK)
        snprintf (version, sizeof version, "%s", package->version);
    else
        assert_int_equal (code, PACKAGE_NOT_FOUND);
    ggen__package__free_unpacked (package, NULL);
    return version;
}

//  The ids that a search finds, with a space behind each, and its total.
static const char *
ask (index_t *index_, const Ggen__SearchRequest *request, uint32_t *total_p)
{
    static char ids [8192];
    Ggen__SearchReply *reply;
    if (index_search (index_, request, &reply) != OK) fail_msg ("%s", index_error (index_));
    ids [0] = 0;
    for (size_t i = 0; i < reply->n_results; i++) {
        strcat (ids, reply->results [i]->id);
        strcat (ids, " ");
    }
    *total_p = reply->total;
    ggen__search_reply__free_unpacked (reply, NULL);
    return ids;
}

static const char *
find (index_t *index_, const char *query)
{
    uint32_t total;
    Ggen__SearchRequest request = GGEN__SEARCH_REQUEST__INIT;
    request.query = (char *) query;
    request.limit = 20;
    return ask (index_, &request, &total);
}

static const char *
find_fuzzy (index_t *index_, const char *query)
{
    uint32_t total;
    Ggen__SearchRequest request = GGEN__SEARCH_REQUEST__INIT;
    request.query = (char *) query;
    request.limit = 20;
    request.fuzzy = true;
    return ask (index_, &request, &total);
}

static void
put_described (fixture_t *self, const char *id, const char *description, const char *tag)
{
    char *tags [] = {(char *) tag};
    Ggen__Package package = make_package (id, "1.0.0", 1);
    package.description = (char *) description;
    package.tags = tags;
    package.n_tags = tag [0] ? 1 : 0;
    assert_int_equal (put_package (self, &package), OK);
}

static void
an_empty_registry_has_an_empty_index (void **state)
{
    fixture_t *self = *state;
    index_t *index_ = open_index (self);
    uint64_t count;
    bool exists;
    assert_int_equal (index_count (index_, &count), OK);
    assert_int_equal (count, 0);
    assert_int_equal (index_exists (index_, "a", &exists), OK);
    assert_false (exists);
    assert_string_equal (find (index_, ""), "");
    assert_string_equal (latest (index_, "a"), "");
    Ggen__ListVersionsReply *reply;
    assert_int_equal (index_versions (index_, "a", &reply), OK);
    assert_int_equal (reply->n_versions, 0);
    ggen__list_versions_reply__free_unpacked (reply, NULL);
    char *text = read_json (self);
    assert_non_null (strstr (text, "\"packages\":{}}"));
    free (text);
    index_close (&index_);
}

static void
what_the_shelf_has_is_what_the_index_tells (void **state)
{
    fixture_t *self = *state;
    assert_int_equal (put_signed (self, "ns/a", "1.0.0", 1, 3, NULL), OK);
    index_t *index_ = open_index (self);
    Ggen__Package *ours, *theirs;
    assert_int_equal (shelf_get (self->shelf, "ns/a", "1.0.0", &theirs), OK);
    assert_int_equal (index_exact (index_, "ns/a", "1.0.0", &ours), OK);
    size_t size = ggen__package__get_packed_size (theirs);
    assert_int_equal (ggen__package__get_packed_size (ours), size);
    uint8_t *a = malloc (size), *b = malloc (size);
    ggen__package__pack (ours, a);
    ggen__package__pack (theirs, b);
    assert_memory_equal (a, b, size);
    free (a);
    free (b);
    ggen__package__free_unpacked (ours, NULL);
    ggen__package__free_unpacked (theirs, NULL);
    assert_int_equal (index_exact (index_, "ns/a", "1.0.1", &ours), PACKAGE_NOT_FOUND);
    assert_null (ours);
    index_close (&index_);
}

static void
index_json_is_schema_1_0_0 (void **state)
{
    fixture_t *self = *state;
    char *authors [] = {(char *) "Ann", (char *) "Bob"}, *categories [] = {(char *) "web"},
         *tags [] = {(char *) "x", (char *) "y"};
    Ggen__Dependency needs = GGEN__DEPENDENCY__INIT, *dependencies [] = {&needs};
    needs.name = (char *) "b";
    needs.requirement = (char *) "^1.0.0";
    needs.optional = true;
    Ggen__Package package = make_package ("@s/a", "1.0.0+b", 0xab);
    package.title = (char *) "T \"quoted\"";
    package.description = (char *) "D\xff";         //  No UTF-8
    package.authors = authors;
    package.n_authors = 2;
    package.categories = categories;
    package.n_categories = 1;
    package.tags = tags;
    package.n_tags = 2;
    package.license = (char *) "MIT";
    package.dependencies = dependencies;
    package.n_dependencies = 1;
    package.record = make_release ("@s/a", "1.0.0+b", 1);
    assert_int_equal (put_package (self, &package), OK);
    free (package.record.data);
    assert_int_equal (put (self, "Z", "1.0.0", 1), OK);
    assert_int_equal (put (self, "a", "1.0.0", 1), OK);
    index_t *index_ = open_index (self);
    char *text = read_json (self);
    static const char wanted []
        = "\"@s/a\":{\"name\":\"T \\\"quoted\\\"\",\"description\":\"D?\",\"author\":\"Ann, Bob\","
          "\"category\":\"web\",\"tags\":[\"x\",\"y\"],\"repository\":\"\",\"license\":\"MIT\","
          "\"homepage\":\"\",\"versions\":[{\"version\":\"1.0.0+b\",\"download_url\":"
          "\"%40s/a/1.0.0%2Bb/%40s-a-1.0.0%2Bb.tar.gz\",\"checksum\":\"abababababababab"
          "abababababababababababababababababababababababab\",\"dependencies\":[{\"name\":\"b\","
          "\"version_req\":\"^1.0.0\",\"optional\":true}],\"published_at\":"
          "\"2025-11-20T00:53:20Z\",\"size_bytes\":7,\"record\":\"CAES";
    assert_non_null (strstr (text, wanted));
    assert_non_null (strstr (text, "{\"version\":\"1.0.0\",\"updated_at\":\"2025-11-20T00:53:20Z\","
                                   "\"generation\":"));
    //  Keys are sorted by their bytes.
    assert_true (strstr (text, "\"@s/a\":{") < strstr (text, "\"Z\":{"));
    assert_true (strstr (text, "\"Z\":{") < strstr (text, "\"a\":{"));
    json_t *json = json_loads (text, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null (json);
    assert_int_equal (json_object_size (json_object_get (json, "packages")), 3);
    json_decref (json);
    free (text);
    index_close (&index_);
}

static void
latest_is_the_highest_not_yanked_and_a_prerelease_only_if_nothing_else (void **state)
{
    fixture_t *self = *state;
    index_t *index_ = open_index (self);
    assert_int_equal (put (self, "a", "2.0.0-rc.1", 1), OK);
    update (self, index_, "a", "2.0.0-rc.1");
    assert_string_equal (latest (index_, "a"), "2.0.0-rc.1");
    assert_int_equal (put_signed (self, "a", "1.9.0", 1, 1, NULL), OK);
    update (self, index_, "a", "1.9.0");
    assert_string_equal (latest (index_, "a"), "1.9.0");
    assert_int_equal (put_signed (self, "a", "1.10.0", 1, 2, NULL), OK);
    update (self, index_, "a", "1.10.0");
    assert_string_equal (latest (index_, "a"), "1.10.0");
    index_close (&index_);
}

static code_t
replace_head (fixture_t *self, const char *id, const char *version, uint64_t seq,
              const char *yanked)
{
    ProtobufCBinaryData head = make_head (id, seq, 1, yanked);
    lock (self);
    code_t code
        = shelf_replace_head (self->shelf, id, version, (bytes_t) {head.data, head.len}, WALL);
    shelf_unlock (self->shelf);
    free (head.data);
    return code;
}

static void
a_head_yanks_and_a_newer_one_undoes_it (void **state)
{
    fixture_t *self = *state;
    assert_int_equal (put_signed (self, "a", "1.0.0", 1, 1, NULL), OK);
    assert_int_equal (put_signed (self, "a", "2.0.0", 1, 2, NULL), OK);
    index_t *index_ = open_index (self);
    assert_int_equal (replace_head (self, "a", "1.0.0", 3, "2.0.0"), OK);
    update (self, index_, "a", "1.0.0");
    assert_string_equal (latest (index_, "a"), "1.0.0");
    Ggen__Package *package;
    assert_int_equal (index_exact (index_, "a", "2.0.0", &package), OK);
    assert_true (package->yanked);
    assert_string_equal (package->yank_reason, "broken");
    ggen__package__free_unpacked (package, NULL);
    char *text = read_json (self);
    assert_non_null (strstr (text, "\"yanked\":true"));
    free (text);
    assert_int_equal (replace_head (self, "a", "2.0.0", 4, NULL), OK);
    update (self, index_, "a", "2.0.0");
    assert_string_equal (latest (index_, "a"), "2.0.0");
    index_close (&index_);
}

static void
a_head_of_another_publisher_yanks_nothing (void **state)
{
    fixture_t *self = *state;
    assert_int_equal (put_signed (self, "a", "1.0.0", 1, 1, NULL), OK);
    assert_int_equal (put_signed (self, "a", "0.1.0", 2, 9, "1.0.0"), OK);
    index_t *index_ = open_index (self);
    assert_string_equal (latest (index_, "a"), "1.0.0");
    index_close (&index_);
}

static void
a_package_with_all_versions_yanked_exists_and_is_not_found (void **state)
{
    fixture_t *self = *state;
    bool exists;
    assert_int_equal (put_signed (self, "a", "1.0.0", 1, 1, "1.0.0"), OK);
    index_t *index_ = open_index (self);
    assert_string_equal (latest (index_, "a"), "");
    static const char *queries [] = {"a", ""};
    for (size_t i = 0; i < COUNT_OF (queries); i++) {
        uint32_t total;
        Ggen__SearchRequest request = GGEN__SEARCH_REQUEST__INIT;
        request.query = (char *) queries [i];
        request.limit = 20;
        assert_string_equal (ask (index_, &request, &total), "");
        assert_int_equal (total, 0);
    }
    assert_int_equal (index_exists (index_, "a", &exists), OK);
    assert_true (exists);
    char *text = read_json (self);
    assert_non_null (strstr (text, "\"a\":{"));
    free (text);
    index_close (&index_);
}

static void
versions_ascend_and_only_the_highest_of_a_publisher_carries_the_head (void **state)
{
    fixture_t *self = *state;
    assert_int_equal (put_signed (self, "a", "1.10.0", 1, 1, NULL), OK);
    assert_int_equal (put_signed (self, "a", "1.9.0", 1, 2, "1.10.0"), OK);
    assert_int_equal (put_signed (self, "a", "1.0.0", 2, 1, NULL), OK);
    index_t *index_ = open_index (self);
    Ggen__ListVersionsReply *reply;
    assert_int_equal (index_versions (index_, "a", &reply), OK);
    assert_int_equal (reply->n_versions, 3);
    assert_string_equal (reply->versions [0]->version, "1.0.0");
    assert_string_equal (reply->versions [1]->version, "1.9.0");
    assert_string_equal (reply->versions [2]->version, "1.10.0");
    assert_true (reply->versions [2]->yanked);
    assert_true (reply->versions [0]->head.len > 0);
    assert_int_equal (reply->versions [1]->head.len, 0);
    assert_true (reply->versions [2]->head.len > 0);
    assert_true (reply->versions [1]->record.len > 0);
    ggen__list_versions_reply__free_unpacked (reply, NULL);
    index_close (&index_);
}

static void
results_come_by_name_then_description_then_tag_then_downloads (void **state)
{
    fixture_t *self = *state;
    put_described (self, "tagged", "nothing here", "template");
    put_described (self, "described-1", "a template for all", "");
    put_described (self, "described-2", "another template", "");
    put_described (self, "templade", "misspelt", "");
    put_described (self, "rust-template", "contains it", "");
    put_described (self, "mytemplates", "contains it inside of a word", "");
    put_described (self, "template", "is it", "");
    put_described (self, "other", "no relation", "");
    index_t *index_ = open_index (self);
    assert_string_equal (find (index_, "Template"),
                         "template mytemplates rust-template described-1 described-2 tagged ");
    assert_string_equal (
        find_fuzzy (index_, "template"),
        "template mytemplates rust-template templade described-1 described-2 tagged ");
    assert_int_equal (count_download (index_, "described-2"), OK);
    assert_int_equal (count_download (index_, "tagged"), OK);
    assert_int_equal (count_download (index_, "tagged"), OK);
    assert_string_equal (find (index_, "template"),
                         "template mytemplates rust-template described-2 described-1 tagged ");
    index_close (&index_);
}

static void
every_word_has_to_be_found_and_order_does_not_matter (void **state)
{
    fixture_t *self = *state;
    put_described (self, "web-api", "x", "");
    put_described (self, "api-for-web", "x", "");
    put_described (self, "one", "an api to the web", "");
    put_described (self, "two", "an api", "web");
    put_described (self, "three", "an api", "");
    index_t *index_ = open_index (self);
    assert_string_equal (find (index_, "web api"), "web-api api-for-web one two ");
    assert_string_equal (find (index_, "ap"), "api-for-web web-api one three two ");
    assert_string_equal (find (index_, "web ap"), "api-for-web web-api one two ");
    index_close (&index_);
}

static void
the_publishers_scope_is_no_part_of_the_name (void **state)
{
    fixture_t *self = *state;
    put_described (self, "@zed/tool", "x", "");
    put_described (self, "a-tool", "x", "");
    index_t *index_ = open_index (self);
    assert_string_equal (find (index_, "tool"), "@zed/tool a-tool ");
    assert_string_equal (find (index_, "@zed/tool"), "@zed/tool ");
    index_close (&index_);
}

static void
filters_are_any_category_all_tags_and_author_and_license (void **state)
{
    fixture_t *self = *state;
    static char *web [] = {(char *) "Web"}, *cli [] = {(char *) "cli"},
                *tags [] = {(char *) "x", (char *) "y"},
                *authors [] = {(char *) "Ann Lee <ann@example.org>"};
    Ggen__Package one = make_package ("one", "1.0.0", 1), two = make_package ("two", "1.0.0", 1),
                  three = make_package ("three", "1.0.0", 1);
    one.categories = web;
    two.categories = cli;
    one.n_categories = two.n_categories = 1;
    one.tags = two.tags = tags;
    one.n_tags = 2;
    two.n_tags = 1;
    one.authors = authors;
    one.n_authors = 1;
    one.license = (char *) "MIT";
    assert_int_equal (put_package (self, &one), OK);
    assert_int_equal (put_package (self, &two), OK);
    assert_int_equal (put_package (self, &three), OK);
    index_t *index_ = open_index (self);
    uint32_t total;
    char *both [] = {(char *) "web", (char *) "CLI"};
    Ggen__SearchRequest request = GGEN__SEARCH_REQUEST__INIT;
    request.limit = 10;
    request.categories = both;
    request.n_categories = 2;
    assert_string_equal (ask (index_, &request, &total), "one two ");
    request.n_categories = 1;
    assert_string_equal (ask (index_, &request, &total), "one ");
    request.n_categories = 0;
    request.tags = tags;
    request.n_tags = 1;
    assert_string_equal (ask (index_, &request, &total), "one two ");
    request.n_tags = 2;
    assert_string_equal (ask (index_, &request, &total), "one ");
    request.n_tags = 0;
    request.license = (char *) "mit";
    assert_string_equal (ask (index_, &request, &total), "one ");
    request.license = (char *) "";
    static const char *names [] = {"ann lee", "ann@example.org", "Ann Lee <ann@example.org>"};
    for (size_t i = 0; i < COUNT_OF (names); i++) {
        request.author = (char *) names [i];
        assert_string_equal (ask (index_, &request, &total), "one ");
    }
    request.author = (char *) "ann";
    assert_string_equal (ask (index_, &request, &total), "");
    request.author = (char *) "";
    request.query = (char *) "two";
    request.categories = both;
    request.n_categories = 1;
    assert_string_equal (ask (index_, &request, &total), "");
    request.n_categories = 2;
    assert_string_equal (ask (index_, &request, &total), "two ");
    index_close (&index_);
}

static void
pages_join_to_the_whole_in_every_order (void **state)
{
    fixture_t *self = *state;
    char id [16];
    for (int i = 0; i < 150; i++) {
        snprintf (id, sizeof id, "p%03d", (i * 37) % 150);
        Ggen__Package package = make_package (id, "1.0.0", 1);
        package.description = (char *) (i % 3 ? "common words" : "common rare words");
        package.created_at = WALL + i;
        assert_int_equal (put_package (self, &package), OK);
    }
    index_t *index_ = open_index (self);
    for (int i = 0; i < 5; i++)
        assert_int_equal (count_download (index_, i % 2 ? "p077" : "p005"), OK);
    static const char *queries [] = {"", "common", "rare"};
    for (int query = 0; query < 3; query++)
        for (int order = 0; order <= GGEN__SORT_ORDER__BY_UPDATED; order++) {
            uint32_t total;
            Ggen__SearchRequest request = GGEN__SEARCH_REQUEST__INIT;
            request.query = (char *) queries [query];
            request.sort = (Ggen__SortOrder) order;
            request.limit = 1000;
            char *whole = strdup (ask (index_, &request, &total)), pages [8192] = "";
            assert_int_equal (total, query == 2 ? 50 : 150);
            assert_int_equal (strlen (whole), 5 * total);
            request.limit = 7;
            for (request.offset = 0; request.offset < total + 7; request.offset += 7)
                strcat (pages, ask (index_, &request, &total));
            assert_string_equal (pages, whole);
            if (order <= GGEN__SORT_ORDER__BY_DOWNLOADS && query < 2)
                assert_memory_equal (whole, "p005 p077 p000 p001", 19);
            if (order == GGEN__SORT_ORDER__BY_NAME && query < 2)
                assert_memory_equal (whole, "p000 p001", 9);
            if (order == GGEN__SORT_ORDER__BY_UPDATED && query < 2)
                assert_memory_equal (whole, "p113 p076", 9);
            free (whole);
        }
    index_close (&index_);
}

static void
no_query_is_ever_an_operator (void **state)
{
    fixture_t *self = *state;
    put_described (self, "a-near-b", "naïve café words", "");
    put_described (self, "other", "or and not", "");
    index_t *index_ = open_index (self);
    static const struct {
        const char *query, *wanted;
    } cases [] = {
        {"\"", ""},          {"*", ""},          {"'", ""},       {"^", ""},
        {"NEAR(", "a-near-b "}, {"near* -b", "a-near-b "},  {"name:near", ""}, {"name : near", ""},
        {"\"near", "a-near-b "}, {"{name} : near", ""},     {"OR", "other "},  {"AND NOT", "other "},
        {"near OR other", ""},   {"café", "a-near-b "},     {"CAFE", "a-near-b "},
        {"— café", "a-near-b "}, {"\xff\xfe", ""},          {"%", ""},         {"_", ""},
        {"near'; DROP TABLE packages; --", ""},             {"(((", ""},       {"a+b", "a-near-b "},
    };
    for (size_t i = 0; i < COUNT_OF (cases); i++)
        if (strcmp (find (index_, cases [i].query), cases [i].wanted) != 0)
            fail_msg ("'%s' found '%s'", cases [i].query, find (index_, cases [i].query));
    char query [1100];
    memset (query, '"', sizeof query);
    query [1000] = 0;
    assert_string_equal (find (index_, query), "");
    for (size_t i = 0; i < 1000; i++)
        query [i] = i % 2 ? ' ' : 'x';
    assert_string_equal (find (index_, query), "");
    for (size_t i = 0; i < 1000; i += 5)
        memcpy (query + i, "near ", 5);
    assert_string_equal (find_fuzzy (index_, query), "a-near-b ");
    memset (query, 'x', 1001);
    query [1001] = 0;
    Ggen__SearchRequest request = GGEN__SEARCH_REQUEST__INIT;
    Ggen__SearchReply *reply;
    request.query = query;
    request.limit = 20;
    assert_int_equal (index_search (index_, &request, &reply), VALIDATION);
    request.query = (char *) "x";
    request.limit = 0;
    assert_int_equal (index_search (index_, &request, &reply), VALIDATION);
    request.limit = 1001;
    assert_int_equal (index_search (index_, &request, &reply), VALIDATION);
    index_close (&index_);
}

//  A registry that changed in every way there is, through the index.
static void
live_through_changes (fixture_t *self, index_t *index_)
{
    assert_int_equal (put_signed (self, "b", "1.0.0", 1, 1, NULL), OK);
    update (self, index_, "b", "1.0.0");
    assert_int_equal (put_signed (self, "b", "2.0.0", 1, 2, "1.0.0"), OK);
    update (self, index_, "b", "2.0.0");
    put_described (self, "ns/a", "some words", "tag");
    update (self, index_, "ns/a", "1.0.0");
    assert_int_equal (put (self, "c", "1.0.0", 1), OK);
    update (self, index_, "c", "1.0.0");
    assert_int_equal (put (self, "c", "2.0.0", 1), OK);
    update (self, index_, "c", "2.0.0");
    lock (self);
    assert_int_equal (shelf_delete (self->shelf, "c", "2.0.0", WALL), OK);
    shelf_unlock (self->shelf);
    update (self, index_, "c", "2.0.0");
    assert_int_equal (put (self, "d", "1.0.0", 1), OK);
    update (self, index_, "d", "1.0.0");
    lock (self);
    assert_int_equal (shelf_delete (self->shelf, "d", "1.0.0", WALL), OK);
    shelf_unlock (self->shelf);
    update (self, index_, "d", "1.0.0");
}

typedef struct {
    unsigned told;
    uint64_t done, total;
} told_t;

static void
note_progress (void *arg, uint64_t done, uint64_t total)
{
    *(told_t *) arg = (told_t) {((told_t *) arg)->told + 1, done, total};
}

static void
whoever_watches_is_told_of_each_step_of_a_rebuild (void **state)
{
    fixture_t *self = *state;
    index_t *index_ = open_index (self);
    told_t told = {0};
    live_through_changes (self, index_);
    index_close (&index_);
    remove_file (self, "index.db");
    shelf_watch (self->shelf, note_progress, &told);
    index_ = open_index (self);
    shelf_watch (self->shelf, NULL, NULL);
    assert_int_equal (told.done, 3);        //  packages, of which one has two versions
    assert_int_equal (told.total, 3);
    assert_int_equal (told.told, 4 + 3);
    const unsigned before = told.told;
    index_close (&index_);
    index_ = open_index (self);
    assert_int_equal (told.told, before);
    index_close (&index_);
}

static void
a_rebuilt_index_equals_the_one_kept_up_to_date (void **state)
{
    fixture_t *self = *state;
    index_t *index_ = open_index (self);
    live_through_changes (self, index_);
    assert_int_equal (count_download (index_, "b"), OK);
    index_close (&index_);
    char *before = read_json (self);
    remove_file (self, "index.db");
    remove_file (self, "index.json");
    index_ = open_index (self);
    char *after = read_json (self);
    assert_string_equal (after, before);
    assert_string_equal (find (index_, ""), "b c ns/a ");
    assert_string_equal (find (index_, "words"), "ns/a ");
    assert_string_equal (latest (index_, "b"), "2.0.0");
    free (before);
    free (after);
    index_close (&index_);
}

static void
given_another_generation_when_opened_then_it_is_rebuilt_and_downloads_stay (void **state)
{
    fixture_t *self = *state;
    index_t *index_ = open_index (self);
    live_through_changes (self, index_);
    assert_int_equal (count_download (index_, "ns/a"), OK);
    index_close (&index_);
    assert_int_equal (put (self, "late", "1.0.0", 1), OK);  //  Killed before the index knew
    index_ = open_index (self);
    assert_string_equal (find (index_, ""), "ns/a b c late ");
    char *text = read_json (self);
    assert_non_null (strstr (text, "\"late\":{"));
    free (text);
    index_close (&index_);
}

static void
given_two_changes_and_one_update_then_both_are_known (void **state)
{
    fixture_t *self = *state;
    index_t *index_ = open_index (self);
    assert_int_equal (put (self, "a", "1.0.0", 1), OK);
    assert_int_equal (put (self, "b", "1.0.0", 1), OK);
    update (self, index_, "b", "1.0.0");
    assert_string_equal (find (index_, ""), "a b ");
    index_close (&index_);
}

static void
given_a_database_that_is_none_when_opened_then_it_is_rebuilt (void **state)
{
    fixture_t *self = *state;
    index_t *index_ = open_index (self);
    live_through_changes (self, index_);
    index_close (&index_);
    char *before = read_json (self);
    damage (self, "index.db", 0, 4096);
    index_ = open_index (self);
    assert_string_equal (find (index_, ""), "b c ns/a ");
    char *after = read_json (self);
    assert_string_equal (after, before);
    free (before);
    free (after);
    index_close (&index_);
}

static void
given_damaged_pages_then_a_refresh_after_the_failure_rebuilds (void **state)
{
    fixture_t *self = *state;
    index_t *index_ = open_index (self);
    live_through_changes (self, index_);
    index_close (&index_);
    char *path = path_of (self, "index.db");
    struct stat st;
    assert_int_equal (stat (path, &st), 0);
    free (path);
    for (long page = 1; page < st.st_size / 4096; page++) {
        damage (self, "index.db", page * 4096, 4096);
        char *warning;
        assert_int_equal (index_open (&index_, self->shelf, &warning), OK);
        free (warning);
        Ggen__SearchRequest request = GGEN__SEARCH_REQUEST__INIT;
        request.query = (char *) "words";
        request.limit = 20;
        Ggen__SearchReply *reply;
        if (index_search (index_, &request, &reply) == OK)
            ggen__search_reply__free_unpacked (reply, NULL);
        else {
            assert_int_equal (index_refresh (index_, &warning), OK);
            free (warning);
            assert_string_equal (find (index_, "words"), "ns/a ");
        }
        index_close (&index_);
    }
}

static void
given_an_index_json_that_is_none_then_it_is_kept_aside_and_rewritten (void **state)
{
    fixture_t *self = *state;
    assert_int_equal (put (self, "a", "1.0.0", 1), OK);
    index_t *index_ = open_index (self);
    index_close (&index_);
    char *before = read_json (self), *path = path_of (self, "index.json"), *warning;
    static const char *damaged [] = {"{\"version\":", "", "[]", "garbage"};
    for (size_t i = 0; i < COUNT_OF (damaged); i++) {
        write_text (path, damaged [i]);
        assert_int_equal (index_open (&index_, self->shelf, &warning), OK);
        assert_non_null (warning);
        assert_non_null (strstr (warning, "index.json.corrupted"));
        free (warning);
        char *saved_path = path_of (self, "index.json.corrupted"), *saved = read_text (saved_path),
             *after = read_json (self);
        assert_string_equal (saved, damaged [i]);
        assert_string_equal (after, before);
        free (saved);
        free (saved_path);
        free (after);
        index_close (&index_);
    }
    write_text (path, "{\"version\":\"1.0.0\",\"packages\":{}}");  //  Sound, but not of ours
    index_ = open_index (self);
    char *after = read_json (self);
    assert_string_equal (after, before);
    index_close (&index_);
    free (after);
    free (before);
    free (path);
}

static void
damaged_versions_are_left_out_with_a_warning (void **state)
{
    fixture_t *self = *state;
    assert_int_equal (put (self, "a", "1.0.0", 1), OK);
    assert_int_equal (put (self, "b", "1.0.0", 1), OK);
    char *path = path_of (self, "a/1.0.0/package"), *warning;
    write_text (path, "\xff");
    free (path);
    index_t *index_;
    assert_int_equal (index_open (&index_, self->shelf, &warning), OK);
    assert_non_null (strstr (warning, "a/1.0.0"));
    free (warning);
    assert_string_equal (find (index_, ""), "b ");
    index_close (&index_);
}

static void
given_the_registry_removed_when_refreshed_then_it_is_empty_again (void **state)
{
    fixture_t *self = *state;
    assert_int_equal (put (self, "a", "1.0.0", 1), OK);
    index_t *index_ = open_index (self);
    temp_dir_remove (self->directory);
    char *warning;
    assert_int_equal (index_refresh (index_, &warning), OK);
    assert_null (warning);
    assert_string_equal (find (index_, ""), "");
    assert_true (is_there (self, "index.json"));
    index_close (&index_);
}

static void
a_replaced_version_is_found_by_its_new_words_only (void **state)
{
    fixture_t *self = *state;
    bool there;
    put_described (self, "a", "ancient words", "old");
    index_t *index_ = open_index (self);
    Ggen__Package package = make_package ("a", "1.0.0", 2);
    package.description = (char *) "modern words";
    shelf_put_t item = {.package = &package, .archive_path = self->archive, .force = true};
    assert_int_equal (put_item (self, &item, &there), OK);
    update (self, index_, "a", "1.0.0");
    assert_string_equal (find (index_, "ancient"), "");
    assert_string_equal (find (index_, "old"), "");
    assert_string_equal (find (index_, "modern"), "a ");
    index_close (&index_);
}

//  5,000 directories made by hand, as an unsigned import would: their fsyncs are not the point.
static void
five_thousand_versions_of_one_id_are_all_there_and_one_more_is_refused (void **state)
{
    fixture_t *self = *state;
    char path [512], version [32];
    assert_int_equal (put (self, "a", "0.0.0", 1), OK);
    for (int i = 1; i < SHELF_VERSIONS_MAX; i++) {
        snprintf (version, sizeof version, "0.%d.%d", i % 70, i);
        snprintf (path, sizeof path, "%s/a/%s", self->directory, version);
        assert_int_equal (mkdir (path, 0777), 0);
        Ggen__Package package = make_package ("a", version, 1);
        uint8_t packed [256];
        size_t size = ggen__package__pack (&package, packed);
        strcat (path, "/package");
        FILE *out = fopen (path, "w");
        assert_int_equal (fwrite (packed, 1, size, out), size);
        fclose (out);
    }
    assert_int_equal (put (self, "a", "1.0.0", 1), VALIDATION);
    index_t *index_ = open_index (self);
    assert_string_equal (latest (index_, "a"), "0.69.4969");
    Ggen__ListVersionsReply *reply;
    assert_int_equal (index_versions (index_, "a", &reply), OK);
    assert_int_equal (reply->n_versions, SHELF_VERSIONS_MAX);
    assert_string_equal (reply->versions [4999]->version, "0.69.4969");
    ggen__list_versions_reply__free_unpacked (reply, NULL);
    index_close (&index_);
}

static void
distances_count_swaps_as_one_edit_and_stop_at_the_limit (void **state)
{
    (void) state;
    static const struct {
        const char *a, *b;
        unsigned max, wanted;
    } cases [] = {
        {"", "", 2, 0},          {"a", "", 2, 1},      {"json", "jsno", 2, 1},
        {"kitten", "sitting", 3, 3}, {"kitten", "sitting", 2, 3}, {"ab", "ba", 1, 1},
        {"abc", "abcdef", 2, 3}, {"same", "same", 0, 0}, {"a", "b", 0, 1},
    };
    for (size_t i = 0; i < COUNT_OF (cases); i++)
        assert_int_equal (words_distance (cases [i].a, cases [i].b, cases [i].max),
                          cases [i].wanted);
    char longer [400];
    memset (longer, 'x', sizeof longer);
    longer [399] = 0;
    assert_int_equal (words_distance (longer, longer, 2), 3);
}

#define T(name) cmocka_unit_test_setup_teardown (name, setup, teardown)

int
main (void)
{
    const struct CMUnitTest tests [] = {
        T (an_empty_registry_has_an_empty_index),
        T (what_the_shelf_has_is_what_the_index_tells),
        T (index_json_is_schema_1_0_0),
        T (latest_is_the_highest_not_yanked_and_a_prerelease_only_if_nothing_else),
        T (a_head_yanks_and_a_newer_one_undoes_it),
        T (a_head_of_another_publisher_yanks_nothing),
        T (a_package_with_all_versions_yanked_exists_and_is_not_found),
        T (versions_ascend_and_only_the_highest_of_a_publisher_carries_the_head),
        T (results_come_by_name_then_description_then_tag_then_downloads),
        T (every_word_has_to_be_found_and_order_does_not_matter),
        T (the_publishers_scope_is_no_part_of_the_name),
        T (filters_are_any_category_all_tags_and_author_and_license),
        T (pages_join_to_the_whole_in_every_order),
        T (no_query_is_ever_an_operator),
        T (whoever_watches_is_told_of_each_step_of_a_rebuild),
        T (a_rebuilt_index_equals_the_one_kept_up_to_date),
        T (given_another_generation_when_opened_then_it_is_rebuilt_and_downloads_stay),
        T (given_two_changes_and_one_update_then_both_are_known),
        T (given_a_database_that_is_none_when_opened_then_it_is_rebuilt),
        T (given_damaged_pages_then_a_refresh_after_the_failure_rebuilds),
        T (given_an_index_json_that_is_none_then_it_is_kept_aside_and_rewritten),
        T (damaged_versions_are_left_out_with_a_warning),
        T (given_the_registry_removed_when_refreshed_then_it_is_empty_again),
        T (a_replaced_version_is_found_by_its_new_words_only),
        T (five_thousand_versions_of_one_id_are_all_there_and_one_more_is_refused),
        cmocka_unit_test (distances_count_swaps_as_one_edit_and_stop_at_the_limit),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
