// SPDX-License-Identifier: MIT
//  Older indexes: every shape, what is taken of it, what is skipped and why.
#include "actors/registry/import_index.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SUM "becfae4c580cbf26cc871a44925b584f6c8ded54d6627c89c965d12b906ff186"

static code_t
read_text (import_index_t *index, const char *text)
{
    char why [300] = "";
    code_t code = import_index_read (index, text, strlen (text), why, sizeof why);
    assert_true (code == OK || *why);
    return code;
}

static void
must_read (import_index_t *index, const char *text, const char *shape, size_t packages,
           size_t skipped)
{
    assert_int_equal (read_text (index, text), OK);
    assert_string_equal (index->shape, shape);
    size_t there = 0;
    for (size_t i = 0; i < index->packages_count; i++)
        there += index->packages [i] != NULL;
    assert_int_equal (there, packages);
    assert_int_equal (index->skipped_count, skipped);
}

static void
a_list_of_entries_is_read (void **state)
{
    (void) state;
    import_index_t index;
    must_read (&index,
               "[{\"id\": \"a-pack\", \"name\": \"A Pack\", \"version\": \"1.0.0\", \"description\":"
               " \"d\", \"author\": \"x\", \"license\": \"MIT\", \"category\": \"web\"}]",
               "list", 1, 0);
    const Ggen__Package *package = index.packages [0];
    assert_string_equal (package->id, "a-pack");
    assert_string_equal (package->title, "A Pack");
    assert_string_equal (package->version, "1.0.0");
    assert_string_equal (package->license, "MIT");
    assert_string_equal (package->authors [0], "x");
    assert_string_equal (package->categories [0], "web");
    assert_string_equal (package->location, "");
    assert_int_equal (package->sha256.len, 0);
    import_index_clear (&index);
}

static void
a_list_inside_packages_is_read_with_its_bare_dependencies (void **state)
{
    (void) state;
    import_index_t index;
    must_read (&index,
               "{\"packages\": [{\"name\": \"a\", \"version\": \"v1.2.0\", \"tags\": [\"t\", 7],"
               " \"dependencies\": [\"b\", \"c@^1.2\", \"no id\", \"d@x-y-z\"], \"checksum\": \"" SUM
               "\", \"download_url\": \"https://x.org/a.zip\"}]}",
               "packages", 1, 0);
    const Ggen__Package *package = index.packages [0];
    assert_string_equal (package->version, "1.2.0");
    assert_int_equal (package->n_tags, 1);
    assert_int_equal (package->n_dependencies, 2);
    assert_string_equal (package->dependencies [0]->name, "b");
    assert_string_equal (package->dependencies [0]->requirement, "*");
    assert_string_equal (package->dependencies [1]->name, "c");
    assert_string_equal (package->dependencies [1]->requirement, "^1.2");
    assert_int_equal (index.dependencies_dropped, 2);
    assert_int_equal (package->sha256.len, 32);
    assert_int_equal (package->sha256.data [0], 0xbe);
    assert_string_equal (package->location, "https://x.org/a.zip");
    import_index_clear (&index);
}

static void
packs_with_versions_by_number_are_read_with_their_revisions (void **state)
{
    (void) state;
    import_index_t index;
    must_read (&index,
               "{\"packs\": {\"io.x\": {\"name\": \"X\", \"versions\": {\"0.1.0\": {\"git_url\":"
               " \"https://x/y.git\", \"git_rev\": \"abc\", \"sha256\": \"" SUM "\"},"
               " \"0.2.0\": {\"git_url\": \"https://x/y.git\"}}}}}",
               "packs", 2, 0);
    assert_string_equal (index.packages [0]->location, "https://x/y.git#abc");
    assert_string_equal (index.packages [1]->location, "https://x/y.git");
    assert_int_equal (index.packages [0]->sha256.len, 32);
    import_index_clear (&index);
}

static void
our_own_shape_is_read_with_all_it_tells (void **state)
{
    (void) state;
    import_index_t index;
    must_read (&index,
               "{\"version\": \"1.0.0\", \"packages\": {\"@s/a\": {\"versions\": [{\"version\":"
               " \"1.0.0\", \"download_url\": \"a/1/a.tar.gz\", \"checksum\": \"sha256-" SUM "\","
               " \"size_bytes\": 77, \"published_at\": \"2025-11-20T05:48:23Z\", \"yanked\": true,"
               " \"record\": \"AQID\", \"dependencies\": [{\"name\": \"b\", \"version_req\": \"~1\","
               " \"optional\": true}]}]}}}",
               "1.0.0", 1, 0);
    const Ggen__Package *package = index.packages [0];
    assert_string_equal (package->id, "@s/a");
    assert_int_equal (package->size_bytes, 77);
    assert_int_equal (package->created_at, 1763617703);
    assert_true (package->yanked);
    assert_int_equal (package->record.len, 3);
    assert_true (package->dependencies [0]->optional);
    assert_string_equal (package->dependencies [0]->requirement, "~1");
    import_index_clear (&index);
}

static void
an_id_wins_over_a_name_and_what_has_neither_is_skipped (void **state)
{
    (void) state;
    import_index_t index;
    must_read (&index,
               "[{\"id\": \"wins\", \"name\": \"other\", \"version\": \"1.0.0\"},"
               " {\"id\": \"No Id\", \"name\": \"name-then\", \"version\": \"1.0.0\"},"
               " {\"id\": \"No Id\", \"name\": \"No Name\", \"version\": \"1.0.0\"},"
               " {\"name\": \"../up\", \"version\": \"1.0.0\"}, {\"name\": \"index.json\","
               " \"version\": \"1.0.0\"}, {\"version\": \"1.0.0\"}, 7]",
               "list", 2, 5);
    assert_string_equal (index.packages [0]->id, "wins");
    assert_string_equal (index.packages [1]->id, "name-then");
    assert_string_equal (index.skipped [0]->name, "No Name");
    assert_non_null (strstr (index.skipped [0]->reason, "package id"));
    import_index_clear (&index);
}

static void
versions_that_are_none_and_twins_are_skipped (void **state)
{
    (void) state;
    import_index_t index;
    must_read (&index,
               "[{\"name\": \"a\", \"version\": \"1.0.0\", \"description\": \"first\"},"
               " {\"name\": \"a\", \"version\": \"1.0.0\", \"description\": \"second\"},"
               " {\"name\": \"a\", \"version\": \"1.0\"}, {\"name\": \"a\"},"
               " {\"name\": \"a\", \"version\": \"1.0.1\"}]",
               "list", 2, 3);
    assert_string_equal (index.packages [0]->description, "first");
    assert_null (index.packages [1]);
    import_index_clear (&index);
}

static void
a_digest_or_record_that_is_none_counts_as_absent (void **state)
{
    (void) state;
    import_index_t index;
    must_read (&index,
               "[{\"name\": \"a\", \"version\": \"1.0.0\", \"checksum\": \"abc\", \"record\": \"!!\","
               " \"size_bytes\": -4, \"author\": 7, \"tags\": \"one\"}]",
               "list", 1, 0);
    assert_int_equal (index.packages [0]->sha256.len, 0);
    assert_int_equal (index.packages [0]->record.len, 0);
    assert_int_equal (index.packages [0]->size_bytes, 0);
    assert_int_equal (index.packages [0]->n_tags, 1);
    assert_int_equal (index.digests_dropped, 1);
    import_index_clear (&index);
}

static void
what_is_no_index_is_refused (void **state)
{
    (void) state;
    static const char *const bad [] = {"", "{", "{}", "7", "\"x\"", "{\"packages\": 7}",
                                       "{\"packs\": \"x\"}"};
    import_index_t index;
    for (size_t i = 0; i < COUNT_OF (bad); i++) {
        assert_int_equal (read_text (&index, bad [i]), SERIALIZATION);
        assert_int_equal (index.packages_count, 0);
    }
    must_read (&index, "[]", "list", 0, 0);
    import_index_clear (&index);
}

static void
very_many_skipped_entries_are_counted_but_not_all_named (void **state)
{
    (void) state;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream (&text, &size);
    fputc ('[', out);
    for (unsigned i = 0; i < IMPORT_SKIPPED_MAX + 50; i++)
        fprintf (out, "%s{\"name\": \"bad name\"}", i ? "," : "");
    fputc (']', out);
    fclose (out);
    import_index_t index;
    must_read (&index, text, "list", 0, IMPORT_SKIPPED_MAX + 50);
    assert_int_equal (index.skipped_listed, IMPORT_SKIPPED_MAX);
    import_index_clear (&index);
    free (text);
}

static void
relative_urls_become_paths_that_stay_inside (void **state)
{
    (void) state;
    static const struct {
        const char *url, *path;
    } cases [] = {{"a/b.tar.gz", "a/b.tar.gz"}, {"a%20b%2Fc", "a b/c"}, {"a..b/..c", "a..b/..c"},
                  {"", NULL},                   {"/etc/passwd", NULL},  {"../a", NULL},
                  {"a/../../b", NULL},          {"a/..", NULL},         {"%2e%2e/a", NULL},
                  {"%2fa", NULL},               {"a%00b", NULL},        {"a%zz", NULL},
                  {"a%2", NULL},                {"https://x/y", NULL},  {"file:///x", NULL},
                  {"x+y-z.1:a", NULL},          {"./a:b", "./a:b"}};
    for (size_t i = 0; i < COUNT_OF (cases); i++) {
        char *path = import_index_path (cases [i].url);
        if (cases [i].path)
            assert_string_equal (path, cases [i].path);
        else
            assert_null (path);
        free (path);
    }
}

//  'count' times 'what', with commas between, as a list; to be freed.
static char *
list_of (const char *what, size_t count, const char *last)
{
    size_t size = strlen (what);
    char *text = malloc (count * (size + 1) + strlen (last) + 3), *to = text;
    assert_non_null (text);
    *to++ = '[';
    for (size_t i = 0; i < count; i++, *to++ = ',')
        to = mempcpy (to, what, size);
    sprintf (to, "%s]", last);
    return text;
}

static void
what_is_skipped_counts_as_an_entry_too (void **state)
{
    (void) state;
    import_index_t index;
    const char good [] = "{\"name\": \"a\", \"version\": \"1.0.0\"}";
    char *text = list_of ("0", IMPORT_ENTRIES_MAX - 1, good);
    must_read (&index, text, "list", 1, IMPORT_ENTRIES_MAX - 1);
    import_index_clear (&index);
    free (text);
    text = list_of ("0", IMPORT_ENTRIES_MAX + 1, good);
    assert_int_equal (read_text (&index, text), VALIDATION);
    free (text);
}

static void
a_small_text_that_would_take_much_memory_is_refused (void **state)
{
    (void) state;
    import_index_t index;
    char *text = list_of ("{}", IMPORT_OBJECTS_MAX, "0");
    assert_int_equal (read_text (&index, text), VALIDATION);
    free (text);
    text = list_of ("0", IMPORT_VALUES_MAX + 1, "0");
    assert_int_equal (read_text (&index, text), VALIDATION);
    free (text);
    //  What is quoted is no value.
    text = list_of (",{[\\\",{", IMPORT_OBJECTS_MAX / 2, "");
    memcpy (text, "[\"", 2);
    memcpy (text + strlen (text) - 2, "\"]", 2);
    must_read (&index, text, "list", 0, 1);
    import_index_clear (&index);
    free (text);
}

static void
of_one_package_so_many_heads_are_taken_and_no_more (void **state)
{
    (void) state;
    import_index_t index;
    char *heads = list_of ("\"QUJD\"", 3 * IMPORT_HEADS_OF_ID_MAX, "\"QUJD\""), *text;
    assert_true (asprintf (&text, "{\"packages\": {\"b\": {\"versions\": [], \"heads\": %s},"
                           " \"c\": {\"versions\": [], \"heads\": [\"QUJD\"]},"
                           " \"a\": {\"versions\": [], \"heads\": [\"QUJD\"]}}}", heads) > 0);
    must_read (&index, text, "1.0.0", 0, 0);
    assert_int_equal (index.heads_count, IMPORT_HEADS_OF_ID_MAX + 2);
    assert_string_equal (index.heads [0].id, "a");
    assert_string_equal (index.heads [IMPORT_HEADS_OF_ID_MAX].id, "b");
    assert_string_equal (index.heads [IMPORT_HEADS_OF_ID_MAX + 1].id, "c");
    import_index_clear (&index);
    free (heads);
    free (text);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (a_list_of_entries_is_read),
        cmocka_unit_test (a_list_inside_packages_is_read_with_its_bare_dependencies),
        cmocka_unit_test (packs_with_versions_by_number_are_read_with_their_revisions),
        cmocka_unit_test (our_own_shape_is_read_with_all_it_tells),
        cmocka_unit_test (an_id_wins_over_a_name_and_what_has_neither_is_skipped),
        cmocka_unit_test (versions_that_are_none_and_twins_are_skipped),
        cmocka_unit_test (a_digest_or_record_that_is_none_counts_as_absent),
        cmocka_unit_test (what_is_no_index_is_refused),
        cmocka_unit_test (very_many_skipped_entries_are_counted_but_not_all_named),
        cmocka_unit_test (what_is_skipped_counts_as_an_entry_too),
        cmocka_unit_test (a_small_text_that_would_take_much_memory_is_refused),
        cmocka_unit_test (of_one_package_so_many_heads_are_taken_and_no_more),
        cmocka_unit_test (relative_urls_become_paths_that_stay_inside),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
