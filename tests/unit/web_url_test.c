// SPDX-License-Identifier: MIT
//  Where a registry's index is, and what its relative URLs mean.
#include "actors/registry/web_url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void
what_begins_with_http_and_has_a_host_is_an_url (void **state)
{
    (void) state;
    assert_true (web_url_is_one ("http://a"));
    assert_true (web_url_is_one ("HTTPS://a.example:81/b"));
    static const char *const others [] = {"", "http://", "http:///a", "ftp://a", "/a", "http:a", "a"};
    for (size_t i = 0; i < COUNT_OF (others); i++)
        assert_false (web_url_is_one (others [i]));
}

static void
the_index_is_below_a_registry_or_is_what_is_named (void **state)
{
    (void) state;
    static const char *const cases [] [2] = {
        {"http://a", "http://a/index.json"},
        {"http://a/", "http://a/index.json"},
        {"http://a/b//", "http://a/b/index.json"},
        {"https://a/b/packages.json", "https://a/b/packages.json"},
        {"http://a/json", "http://a/json/index.json"}};
    for (size_t i = 0; i < COUNT_OF (cases); i++) {
        char *url = web_url_index (cases [i] [0]);
        assert_string_equal (url, cases [i] [1]);
        free (url);
    }
}

static void
references_are_of_the_place_of_the_index (void **state)
{
    (void) state;
    static const char *const cases [] [3] = {
        {"http://a/r/index.json", "p/1.0.0/p.tar.gz", "http://a/r/p/1.0.0/p.tar.gz"},
        {"http://a/r/index.json?x=/y", "p.tgz", "http://a/r/p.tgz"},
        {"http://a/index.json", "%40s/p.tgz", "http://a/%40s/p.tgz"},
        {"http://a:1/r/index.json", "/p.tgz", "http://a:1/p.tgz"},
        {"http://a/r/index.json", "https://b/p.tgz", "https://b/p.tgz"},
        {"http://a/r/index.json", "../p.tgz", NULL},
        {"http://a/r/index.json", "/../p.tgz", NULL},
        {"http://a/r/index.json", "p/%2e%2e/%2e%2e/p.tgz", NULL},
        {"http://a/r/index.json", "//b/p.tgz", NULL},
        {"http://a/r/index.json", "file:///etc/passwd", NULL},
        {"http://a/r/index.json", "ftp://b/p.tgz", NULL},
        {"http://a/r/index.json", "", NULL}};
    for (size_t i = 0; i < COUNT_OF (cases); i++) {
        char *url = web_url_join (cases [i] [0], cases [i] [1]);
        if (cases [i] [2])
            assert_string_equal (url, cases [i] [2]);
        else
            assert_null (url);
        free (url);
    }
}

int
main (void)
{
    static const struct CMUnitTest tests [] = {
        cmocka_unit_test (what_begins_with_http_and_has_a_host_is_an_url),
        cmocka_unit_test (the_index_is_below_a_registry_or_is_what_is_named),
        cmocka_unit_test (references_are_of_the_place_of_the_index),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
