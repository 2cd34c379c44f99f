// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/toml.h"
#include "tests/manifest_rules.h"

//  What the last reading gave.
static Ggen__Package *package;
static manifest_notes_t notes;

static int
forget (void **state)
{
    (void) state;
    if (package)
        ggen__package__free_unpacked (package, NULL);
    package = NULL;
    return 0;
}

static code_t
read_json (const char *text, const manifest_rules_t *rules)
{
    forget (NULL);
    json_t *doc = json_loads (text, 0, NULL);
    assert_non_null (doc);
    code_t code = manifest_read (doc, "package.json", rules, &package, &notes);
    json_decref (doc);
    return code;
}

static code_t
read_toml (const char *text, const manifest_rules_t *rules)
{
    forget (NULL);
    toml_error_t error;
    json_t *doc = toml_parse (text, strlen (text), NULL, &error);
    if (!doc)
        fail_msg ("%s: %u:%u: %s", text, error.line, error.column, error.reason);
    code_t code = manifest_read (doc, "gpack.toml", rules, &package, &notes);
    json_decref (doc);
    return code;
}

//  A good manifest whose end is 'rest'.
static void
read_good (const char *rest)
{
    char text [4096];
    snprintf (text, sizeof text, "[package]\nname = 'a'\nversion = '1.0.0'\ndescription = 'd'\n%s",
              rest);
    code_t code = read_toml (text, &lenient);
    if (code)
        fail_msg ("%s: %s", rest, notes.error);
}

static void
assert_warning (size_t index, const char *expected)
{
    if (index >= notes.warnings_count || strcmp (notes.warnings [index], expected) != 0)
        fail_msg ("warning %zu of %zu is '%s', expected '%s'", index, notes.warnings_count,
                  notes.warnings [index], expected);
}

//  As "a=1.0 b?=*": name, '?' when optional, requirement.
static void
assert_dependencies (const char *expected)
{
    char got [4096] = "";
    size_t used = 0;
    for (size_t i = 0; i < package->n_dependencies; i++) {
        const Ggen__Dependency *it = package->dependencies [i];
        used += (size_t) snprintf (got + used, sizeof got - used, "%s%s%s=%s", i ? " " : "",
                                   it->name, it->optional ? "?" : "", it->requirement);
    }
    assert_string_equal (got, expected);
}

static void
assert_list (size_t count, char **list, const char *expected)
{
    char got [512] = "";
    for (size_t i = 0; i < count; i++)
        strcat (strcat (got, i ? "," : ""), list [i]);
    assert_string_equal (got, expected);
}

static void
all_fields_are_read (void **state)
{
    (void) state;
    assert_int_equal (read_toml (
        "[gpack]\nname = 'a'\nversion = '1.2.3-rc.1+b'\ntitle = 'A title'\nfull_name = 'no'\n"
        "description = 'Größe'\nauthors = ['X', 'Y']\nlicense = 'MIT'\nrepository = 'r'\n"
        "homepage = 'h'\ncategories = ['c', 'd']\ntags = ['t']\nkeywords = ['k', 'l']\n"
        "readme = 'README.md'\nggen_compat = '>=1'\nunknown = 1\n[other]\nx = 1\n", &lenient), OK);
    assert_string_equal (package->id, "a");
    assert_string_equal (package->version, "1.2.3-rc.1+b");
    assert_string_equal (package->title, "A title");
    assert_string_equal (package->description, "Größe");
    assert_string_equal (package->license, "MIT");
    assert_string_equal (package->repository, "r");
    assert_string_equal (package->homepage, "h");
    assert_string_equal (package->readme, "README.md");
    assert_string_equal (package->ggen_compat, ">=1");
    assert_list (package->n_authors, package->authors, "X,Y");
    assert_list (package->n_categories, package->categories, "c,d");
    assert_list (package->n_tags, package->tags, "t");
    assert_list (package->n_keywords, package->keywords, "k,l");
    assert_int_equal (package->n_dependencies, 0);
    assert_int_equal (notes.warnings_count, 0);
}

static void
fields_stand_in_any_section_or_at_top_level (void **state)
{
    (void) state;
    const char *const forms [] = {
        "name = 'a'\nversion = '1.0.0'\ndescription = 'd'",
        "[gpack]\nname = 'a'\nversion = '1.0.0'\ndescription = 'd'",
        "[package]\nname = 'a'\nversion = '1.0.0'\ndescription = 'd'",
        "[pack]\nname = 'a'\nversion = '1.0.0'\ndescription = 'd'",
        "name = 'no'\ndescription = 'd'\n[package]\nname = 'a'\nversion = '1.0.0'",
        "[pack]\nname = 'no'\ndescription = 'd'\n[gpack]\nname = 'a'\nversion = '1.0.0'",
    };
    for (size_t i = 0; i < COUNT_OF (forms); i++) {
        assert_int_equal (read_toml (forms [i], &lenient), OK);
        assert_string_equal (package->id, "a");
        assert_string_equal (package->description, "d");
        assert_int_equal (notes.warnings_count, 0);
    }
}

static void
id_wins_as_identity_and_title_falls_back (void **state)
{
    (void) state;
    read_good ("id = 'io.x'");
    assert_string_equal (package->id, "io.x");
    assert_string_equal (package->title, "a");
    read_good ("full_name = 'The full name'");
    assert_string_equal (package->title, "The full name");
    read_good ("title = ''\nfull_name = 'F'");
    assert_string_equal (package->title, "F");
    assert_int_equal (read_toml ("id = 'x/y'\nversion = '1.0.0'\ndescription = 'd'", &lenient), OK);
    assert_string_equal (package->title, "x/y");
    assert_int_equal (read_toml ("id = 'x'\nname = 'A free name!'\nversion = '1.0.0'", &lenient),
                      OK);
    assert_string_equal (package->title, "A free name!");
}

static void
what_is_required_is_named_when_missing_or_wrong (void **state)
{
    (void) state;
    static const struct {
        const char *text, *field, *error;
    } cases [] = {
        {"version = '1.0.0'", "name", "gpack.toml: name: missing"},
        {"name = 'a'", "version", "gpack.toml: version: missing"},
        {"name = 1\nversion = '1.0.0'", "name", "gpack.toml: name: expected a text"},
        {"name = 'a'\nversion = 1.0", "version",
         "gpack.toml: version: expected a text like \"1.0.0\""},
        {"name = 'a b'\nversion = '1.0.0'", "name", "gpack.toml: name: 'a b' is no package id"},
        {"name = ''\nversion = '1.0.0'", "name", "gpack.toml: name: '' is no package id"},
        {"name = 'a'\nid = '../b'\nversion = '1.0.0'", "id",
         "gpack.toml: id: '../b' is no package id"},
        {"name = 'a'\nversion = '1.0'", "version",
         "gpack.toml: version: '1.0' is no version like 1.0.0"},
        {"name = 'a'\nversion = 'vv1.0.0'", "version",
         "gpack.toml: version: 'vv1.0.0' is no version like 1.0.0"},
    };
    for (size_t i = 0; i < COUNT_OF (cases); i++) {
        assert_int_equal (read_toml (cases [i].text, &lenient), VALIDATION);
        assert_null (package);
        assert_string_equal (notes.field, cases [i].field);
        assert_string_equal (notes.error, cases [i].error);
    }
}

static void
a_missing_description_is_a_warning_or_when_strict_an_error (void **state)
{
    (void) state;
    manifest_rules_t strict = lenient;
    strict.is_strict = true;
    const char *text = "name = 'a'\nversion = '1.0.0'\n";
    assert_int_equal (read_toml (text, &lenient), OK);
    assert_string_equal (package->description, "");
    assert_int_equal (notes.warnings_count, 1);
    assert_warning (0, "gpack.toml: description: missing");
    assert_int_equal (read_toml (text, &strict), VALIDATION);
    assert_string_equal (notes.field, "description");
    strict.is_lax = true;
    assert_int_equal (read_toml (text, &strict), OK);
    assert_int_equal (notes.warnings_count, 0);
}

static void
version_loses_its_v_and_can_be_overridden (void **state)
{
    (void) state;
    manifest_rules_t rules = lenient;
    assert_int_equal (read_toml ("name = 'a'\nversion = 'v1.0.0'", &rules), OK);
    assert_string_equal (package->version, "1.0.0");
    rules.version = "v2.0.0";
    assert_int_equal (read_toml ("name = 'a'", &rules), OK);
    assert_string_equal (package->version, "2.0.0");
    rules.version = "two";
    assert_int_equal (read_toml ("name = 'a'\nversion = '1.0.0'", &rules), VALIDATION);
}

static void
lists_are_read_in_all_forms (void **state)
{
    (void) state;
    read_good ("author = 'Me'\ncategory = 'web'\ntags = 'one'\n");
    assert_list (package->n_authors, package->authors, "Me");
    assert_list (package->n_categories, package->categories, "web");
    assert_list (package->n_tags, package->tags, "one");
    read_good ("authors = ['A', 'B']\nauthor = 'A'\ncategories = ['x']\ncategory = 'y'\n");
    assert_list (package->n_authors, package->authors, "A,B");
    assert_list (package->n_categories, package->categories, "x,y");
    read_good ("[package.tags]\ntags = ['s', 't', 's', '']\n[package.keywords]\nkeywords = ['k']");
    assert_list (package->n_tags, package->tags, "s,t");
    assert_list (package->n_keywords, package->keywords, "k");
    assert_int_equal (notes.warnings_count, 0);

    read_good ("tags = ['s', 1, 't']\nkeywords = {x = 1}\nlicense = 5\n");
    assert_list (package->n_tags, package->tags, "s,t");
    assert_warning (0, "gpack.toml: license: expected a text; left out");
    assert_warning (1, "gpack.toml: tags: element 2 is no text; left out");
    assert_warning (2, "gpack.toml: keywords: expected a list of texts; left out");
    assert_int_equal (notes.warnings_count, 3);
}

static void
dependencies_are_read_in_all_forms (void **state)
{
    (void) state;
    static const struct {
        const char *text, *expected;
    } cases [] = {
        {"dependencies = []", ""},
        {"dependencies = ['b', '@s/c', 'd@^1.2', '@s/e@2.x', 'f@']",
         "b=* @s/c=* d=^1.2 @s/e=2.x f=*"},
        {"dependencies = [{name = 'b', version = '1'}, {name = 'c', optional = true}]",
         "b=1 c?=*"},
        {"dependencies = [{name = 'b', version_req = '^1', optional = false}]", "b=^1"},
        {"[dependencies]\nb = '>=0.1.0'\nz = '1.0'\nc = ''", "b=>=0.1.0 z=1.0 c=*"},
        {"[package.dependencies]\nb = '1'\n[dependencies]\nc = '2'", "b=1 c=2"},
        {"[dependencies]\nserde = {version = '1.0', features = ['derive']}\n"
         "rio = {version = '0.3', optional = true}\nx = {optional = true}\ny = {optional = false}",
         "serde=1.0 rio?=0.3 x?=* y=*"},
        {"[dependencies.b]\nversion = '1'\n", "b=1"},
        {"[dependencies]\nrequired = ['b', 'c']\noptional = ['d@1']", "b=* c=* d?=1"},
        {"[dependencies]\nrequired = []", ""},
        {"[dependencies.required]\nb = '1'\n[dependencies.optional]\nc = '2'", "b=1 c?=2"},
        {"[dependencies]\noptional = '1.0'", "optional=1.0"},
        {"[dev-dependencies]\nb = '1'\n[build-dependencies]\nc = '1'\n[test_dependencies]\nd = 1",
         ""},
        {"[dependencies]\n'a.b' = '1'", "a.b=1"},
    };
    for (size_t i = 0; i < COUNT_OF (cases); i++) {
        read_good (cases [i].text);
        assert_dependencies (cases [i].expected);
        if (notes.warnings_count)
            fail_msg ("%s: %s", cases [i].text, notes.warnings [0]);
    }
}

static void
what_cannot_be_resolved_is_one_warning_each (void **state)
{
    (void) state;
    static const struct {
        const char *text, *expected, *warning;
    } cases [] = {
        {"[dependencies]\nb = 'ontology/b.ttl'\nc = '1'", "c=1",
         "gpack.toml: dependencies.b: 'ontology/b.ttl' is no version range; not resolved"},
        {"[dependencies]\nb = 'templates/*.sparql'", "",
         "gpack.toml: dependencies.b: 'templates/*.sparql' is no version range; not resolved"},
        {"[dependencies]\nb = 'some prose that goes on and on and on, äääääää'", "",
         "gpack.toml: dependencies.b: 'some prose that goes on and on and on, ääää' is no version "
         "range; not resolved"},
        {"[dependencies.rust]\nasync = '7.0'\nsqlx = {version = '0.7'}", "",
         "gpack.toml: dependencies.rust: no version range; not resolved"},
        {"[dependencies]\nrequired = []\nfeatures = ['x', 'y']", "",
         "gpack.toml: dependencies.features: no version range; not resolved"},
        {"[dependencies]\nb = {path = '../b', optional = true}", "",
         "gpack.toml: dependencies.b: no version range; not resolved"},
        {"[dependencies]\nb = {path = '../b', version = '1'}\nc = 1.0", "b=1",
         "gpack.toml: dependencies.c: no version range; not resolved"},
        {"[dependencies]\n'b c' = '1'", "",
         "gpack.toml: dependencies: 'b c' is no package id; not resolved"},
        {"dependencies = ['fastapi>=0.1']", "",
         "gpack.toml: dependencies: 'fastapi>=0.1' is no package id; not resolved"},
        {"dependencies = ['b', 3]", "b=*",
         "gpack.toml: dependencies: element 2 has no name; not resolved"},
        {"dependencies = 'b'", "",
         "gpack.toml: dependencies: expected a table or a list; not resolved"},
        {"dependencies = ['b@1', 'b@1', 'b@2']", "b=1",
         "gpack.toml: dependencies: 'b' stands there twice; the first one counts"},
        {"[dependencies.required.optional]\nb = '1'", "",
         "gpack.toml: dependencies.optional: no version range; not resolved"},
    };
    for (size_t i = 0; i < COUNT_OF (cases); i++) {
        read_good (cases [i].text);
        assert_dependencies (cases [i].expected);
        assert_warning (0, cases [i].warning);
        assert_int_equal (notes.warnings_count, 1);
    }
}

static void
npm_forms_are_read (void **state)
{
    (void) state;
    assert_int_equal (read_json (
        "{\"name\": \"@ggen/hub\", \"version\": \"1.0.0\", \"description\": \"D\","
        " \"author\": {\"name\": \"Ann\", \"email\": \"a@x.org\", \"url\": \"u\"},"
        " \"keywords\": [\"k\"], \"license\": {\"type\": \"MIT\"},"
        " \"repository\": {\"type\": \"git\", \"url\": \"git+https://x\"},"
        " \"scripts\": {\"postinstall\": \"x\"}, \"devDependencies\": {\"q\": \"1\"},"
        " \"dependencies\": {\"next\": \"14.2.35\", \"@r/x\": \"^1.1.0\", \"w\": \"workspace:*\","
        "   \"maybe\": \"1\"},"
        " \"optionalDependencies\": {\"maybe\": \"1\"}}", &lenient), OK);
    assert_string_equal (package->id, "@ggen/hub");
    assert_list (package->n_authors, package->authors, "Ann <a@x.org>");
    assert_string_equal (package->license, "MIT");
    assert_string_equal (package->repository, "git+https://x");
    assert_dependencies ("maybe?=1 next=14.2.35 @r/x=^1.1.0");
    assert_int_equal (notes.warnings_count, 1);
    assert_warning (0, "package.json: dependencies.w: 'workspace:*' is no version range; "
                       "not resolved");
    assert_int_equal (read_json ("{\"name\": \"a\", \"version\": \"1.0.0\", \"description\": \"D\","
                                 " \"author\": \"Ann <a@x.org>\"}", &lenient), OK);
    assert_list (package->n_authors, package->authors, "Ann <a@x.org>");
    assert_int_equal (read_json ("[]", &lenient), VALIDATION);
}

static void
warnings_lists_and_dependencies_are_bounded (void **state)
{
    (void) state;
    json_t *doc = json_pack ("{s:s, s:s, s:s, s:[], s:{}}", "name", "a", "version", "1.0.0",
                             "description", "d", "tags", "dependencies");
    json_t *dependencies = json_object_get (doc, "dependencies");
    char name [32];
    for (int i = 0; i < MANIFEST_DEPENDENCIES_MAX; i++) {
        snprintf (name, sizeof name, "d%d", i);
        json_object_set_new (dependencies, name, json_string ("1.0.0"));
        json_array_append_new (json_object_get (doc, "tags"), json_string (name));
    }
    assert_int_equal (manifest_read (doc, "x", &lenient, &package, &notes), OK);
    assert_int_equal (package->n_dependencies, MANIFEST_DEPENDENCIES_MAX);
    assert_int_equal (package->n_tags, MANIFEST_LIST_MAX);
    assert_warning (0, "x: tags: only the first 256 are kept");
    assert_int_equal (notes.warnings_count, 1);
    forget (NULL);

    json_object_set_new (dependencies, "one-more", json_string ("1.0.0"));
    assert_int_equal (manifest_read (doc, "x", &lenient, &package, &notes), VALIDATION);
    assert_null (package);
    assert_string_equal (notes.field, "dependencies");
    json_decref (doc);
}

static void
further_warnings_are_counted_only (void **state)
{
    (void) state;
    char text [2048] = "[dependencies]\n";
    for (int i = 0; i < MANIFEST_WARNINGS_MAX + 5; i++)
        sprintf (text + strlen (text), "d%d = 'no range'\n", i);
    read_good (text);
    assert_int_equal (notes.warnings_count, MANIFEST_WARNINGS_MAX + 5);
    assert_non_null (strstr (notes.warnings [MANIFEST_WARNINGS_MAX - 1], "d31"));
}

static void
names_are_looked_for_in_order (void **state)
{
    (void) state;
    const char *const expected [] = {"gpack.toml", "package.toml", "pack.toml", "package.json"};
    for (size_t i = 0; i < COUNT_OF (expected); i++)
        assert_string_equal (manifest_names [i], expected [i]);
    assert_null (manifest_names [4]);
}

static void
the_text_of_init_reads_back_without_warnings (void **state)
{
    (void) state;
    manifest_rules_t strict = lenient;
    strict.is_strict = true;
    char *text = manifest_init_text ("@me/my-pack");
    assert_int_equal (read_toml (text, &strict), OK);
    assert_string_equal (package->id, "@me/my-pack");
    assert_string_equal (package->version, "0.1.0");
    assert_int_equal (notes.warnings_count, 0);

    //  With every optional line switched on too.
    for (char *at = text; (at = strstr (at, "\n# ")) != NULL; at++) {
        char *equals = strstr (at, " = ");
        if (equals && !memchr (at + 3, ' ', (size_t) (equals - at - 3)))
            memcpy (at + 1, "  ", 2);
    }
    assert_int_equal (read_toml (text, &strict), OK);
    assert_string_equal (package->title, "A longer name");
    assert_dependencies ("some-package=^1.2.0 only-if-wanted?=2.x");
    assert_int_equal (notes.warnings_count, 0);
    free (text);
    assert_null (manifest_init_text ("a\"b"));
    assert_null (manifest_init_text ("a\nb"));
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test_teardown (all_fields_are_read, forget),
        cmocka_unit_test_teardown (fields_stand_in_any_section_or_at_top_level, forget),
        cmocka_unit_test_teardown (id_wins_as_identity_and_title_falls_back, forget),
        cmocka_unit_test_teardown (what_is_required_is_named_when_missing_or_wrong, forget),
        cmocka_unit_test_teardown (a_missing_description_is_a_warning_or_when_strict_an_error,
                                   forget),
        cmocka_unit_test_teardown (version_loses_its_v_and_can_be_overridden, forget),
        cmocka_unit_test_teardown (lists_are_read_in_all_forms, forget),
        cmocka_unit_test_teardown (dependencies_are_read_in_all_forms, forget),
        cmocka_unit_test_teardown (what_cannot_be_resolved_is_one_warning_each, forget),
        cmocka_unit_test_teardown (npm_forms_are_read, forget),
        cmocka_unit_test_teardown (warnings_lists_and_dependencies_are_bounded, forget),
        cmocka_unit_test_teardown (further_warnings_are_counted_only, forget),
        cmocka_unit_test_teardown (names_are_looked_for_in_order, forget),
        cmocka_unit_test_teardown (the_text_of_init_reads_back_without_warnings, forget),
    };
    return cmocka_run_group_tests_name ("manifest", tests, NULL, NULL);
}
