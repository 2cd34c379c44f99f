// SPDX-License-Identifier: MIT
//  registries.json: what it may say, and that what was read is written as it was.
#include "actors/registry/source_list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ITEM "{\"name\": \"%s\", \"kind\": \"%s\", \"location\": \"%s\", \"directory\": \"%s\"}"

static code_t
read_text (source_list_t *list, const char *text)
{
    char why [200];
    return source_list_read (list, text, strlen (text), why, sizeof why);
}

static code_t
read_item (const char *name, const char *kind, const char *location, const char *directory)
{
    char item [1000], text [1200];
    source_list_t list;
    snprintf (item, sizeof item, ITEM, name, kind, location, directory);
    snprintf (text, sizeof text, "{\"version\": 1, \"sources\": [%s]}", item);
    code_t code = read_text (&list, text);
    assert_int_equal (list.count, code == OK ? 1 : 0);
    source_list_clear (&list);
    return code;
}

static void
names_are_short_plain_and_not_taken (void **state)
{
    (void) state;
    static const char *const good [] = {"a", "team", "my.mirror-2_x", "0"};
    static const char *const bad [] = {"",     "Team", "a/b", ".a",  "-a",      "a b",   "file",
                                       "p2p",  "http", "all", "central", "path", "cache", "installed",
                                       "sources", "a\n"};
    char longest [SOURCE_NAME_MAX + 2];
    for (size_t i = 0; i < COUNT_OF (good); i++)
        assert_true (source_name_is_valid (good [i]));
    for (size_t i = 0; i < COUNT_OF (bad); i++)
        assert_false (source_name_is_valid (bad [i]));
    memset (longest, 'a', sizeof longest);
    longest [SOURCE_NAME_MAX] = 0;
    assert_true (source_name_is_valid (longest));
    longest [SOURCE_NAME_MAX] = 'a';
    longest [SOURCE_NAME_MAX + 1] = 0;
    assert_false (source_name_is_valid (longest));
}

static void
a_source_stands_in_a_place_of_its_kind (void **state)
{
    (void) state;
    assert_int_equal (read_item ("a", "directory", "/x", "/x"), OK);
    assert_int_equal (read_item ("a", "imported", "/x/index.json", "/h/sources/a.1"), OK);
    assert_int_equal (read_item ("a", "web", "https://x.org", ""), OK);
    assert_int_equal (read_item ("a", "web", "ftp://x.org", ""), VALIDATION);
    assert_int_equal (read_item ("a", "web", "https://x.org", "/x"), VALIDATION);
    assert_int_equal (read_item ("a", "directory", "x", "x"), VALIDATION);
    assert_int_equal (read_item ("a", "directory", "x", ""), VALIDATION);
    assert_int_equal (read_item ("file", "directory", "/x", "/x"), VALIDATION);
    assert_int_equal (read_item ("a", "home", "/x", "/x"), SERIALIZATION);
    assert_int_equal (read_item ("a", "other", "/x", "/x"), SERIALIZATION);
}

static void
what_is_no_list_of_this_version_is_refused (void **state)
{
    (void) state;
    static const char *const bad [] = {"{", "[]", "{}", "{\"version\": 2, \"sources\": []}",
                                       "{\"version\": 1}", "{\"version\": 1, \"sources\": {}}",
                                       "{\"version\": 1, \"sources\": [7]}",
                                       "{\"version\": 1, \"sources\": [{\"name\": \"a\"}]}"};
    source_list_t list;
    for (size_t i = 0; i < COUNT_OF (bad); i++)
        assert_int_equal (read_text (&list, bad [i]), SERIALIZATION);
    assert_int_equal (read_text (&list, ""), OK);
    assert_int_equal (list.count, 0);
}

static void
a_name_is_there_once (void **state)
{
    (void) state;
    char item [300], text [1000];
    source_list_t list;
    snprintf (item, sizeof item, ITEM, "a", "directory", "/x", "/x");
    snprintf (text, sizeof text, "{\"version\": 1, \"sources\": [%s, %s]}", item, item);
    assert_int_equal (read_text (&list, text), VALIDATION);
    assert_int_equal (list.count, 0);
}

static void
fill (source_list_t *list, unsigned count)
{
    *list = (source_list_t) {.count = 0};
    for (unsigned i = 0; i < count; i++) {
        char name [16];
        snprintf (name, sizeof name, "s%u", i);
        assert_int_equal (
            source_list_add (list, source_new (name, GGEN__SOURCE_KIND__SOURCE_DIRECTORY, "/x",
                                               "/x", 7 + i)),
            OK);
    }
}

static void
what_was_written_is_read_in_its_order (void **state)
{
    (void) state;
    source_list_t list, again;
    fill (&list, 3);
    char *text = source_list_text (&list);
    assert_int_equal (read_text (&again, text), OK);
    assert_int_equal (again.count, 3);
    for (unsigned i = 0; i < 3; i++) {
        assert_string_equal (again.items [i]->name, list.items [i]->name);
        assert_int_equal (again.items [i]->added_at, 7 + i);
    }
    char *same = source_list_text (&again);
    assert_string_equal (same, text);
    free (same);
    free (text);
    source_list_clear (&list);
    source_list_clear (&again);
}

static void
taking_one_out_leaves_the_others_in_their_order (void **state)
{
    (void) state;
    source_list_t list;
    fill (&list, 3);
    Ggen__Source *taken = source_list_take (&list, "s1");
    assert_string_equal (taken->name, "s1");
    ggen__source__free_unpacked (taken, NULL);
    assert_int_equal (list.count, 2);
    assert_string_equal (list.items [1]->name, "s2");
    assert_null (source_list_find (&list, "s1"));
    assert_null (source_list_take (&list, "s1"));
    source_list_clear (&list);
}

static void
one_more_than_fit_is_refused (void **state)
{
    (void) state;
    source_list_t list;
    fill (&list, SOURCE_LIST_MAX);
    Ggen__Source *more = source_new ("more", GGEN__SOURCE_KIND__SOURCE_DIRECTORY, "/x", "/x", 1);
    assert_int_equal (source_list_add (&list, more), VALIDATION);
    ggen__source__free_unpacked (more, NULL);
    source_list_clear (&list);
}

static void
a_source_that_json_cannot_tell_does_not_vanish_from_the_text (void **state)
{
    (void) state;
    source_list_t list;
    fill (&list, 1);
    Ggen__Source *odd
        = source_new ("odd", GGEN__SOURCE_KIND__SOURCE_DIRECTORY, "/\xff", "/\xff", 1);
    assert_int_equal (source_list_add (&list, odd), OK);
    assert_null (source_list_text (&list));
    source_list_clear (&list);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (names_are_short_plain_and_not_taken),
        cmocka_unit_test (a_source_stands_in_a_place_of_its_kind),
        cmocka_unit_test (what_is_no_list_of_this_version_is_refused),
        cmocka_unit_test (a_name_is_there_once),
        cmocka_unit_test (what_was_written_is_read_in_its_order),
        cmocka_unit_test (taking_one_out_leaves_the_others_in_their_order),
        cmocka_unit_test (one_more_than_fit_is_refused),
        cmocka_unit_test (a_source_that_json_cannot_tell_does_not_vanish_from_the_text),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
