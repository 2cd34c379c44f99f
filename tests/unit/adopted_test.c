// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/installer/adopted.h"
#include "actors/installer/lock.h"
#include "actors/installer/lockfile.h"

#define ENTRIES_MAX 16

//  What lies in generation 0, and what was warned of.
typedef struct {
    Ggen__AdoptedEntry entries [ENTRIES_MAX];
    Ggen__Package packages [ENTRIES_MAX];
    Ggen__Dependency needs [ENTRIES_MAX], *need_lists [ENTRIES_MAX] [1];
    adopted_found_t found [ENTRIES_MAX];
    size_t count;
    char warnings [4096];
    Ggen__Lock *lock;
} place_t;

//  In order of path. 'id' NULL: without a manifest that reads.
static void
add (place_t *self, const char *path, const char *id, const char *version, const char *need)
{
    size_t at = self->count++;
    ggen__adopted_entry__init (&self->entries [at]);
    self->entries [at].path = (char *) (uintptr_t) path;
    self->entries [at].kind = id ? GGEN__ADOPTED_KIND__PACKAGE_ENTRY
                                 : GGEN__ADOPTED_KIND__DIRECTORY_ENTRY;
    self->found [at].entry = &self->entries [at];
    if (!id)
        return;
    ggen__package__init (&self->packages [at]);
    self->packages [at].id = (char *) (uintptr_t) id;
    self->packages [at].version = (char *) (uintptr_t) version;
    self->packages [at].description = (char *) "told by the manifest";
    self->found [at].package = &self->packages [at];
    if (!need)
        return;
    ggen__dependency__init (&self->needs [at]);
    self->needs [at].name = (char *) (uintptr_t) need;
    self->needs [at].requirement = (char *) "*";
    self->need_lists [at] [0] = &self->needs [at];
    self->packages [at].dependencies = self->need_lists [at];
    self->packages [at].n_dependencies = 1;
}

static void
add_file (place_t *self, const char *path)
{
    add (self, path, NULL, NULL, NULL);
    self->entries [self->count - 1].kind = GGEN__ADOPTED_KIND__OTHER_ENTRY;
}

static void
warn (void *place, const char *text)
{
    place_t *self = place;
    size_t used = strlen (self->warnings);
    snprintf (self->warnings + used, sizeof self->warnings - used, "%s\n", text);
}

//  "name version path, ..." of the lock that is made of it; 'old' is the text of a ggen.lock or NULL.
static const char *
adopt (place_t *self, const char *old)
{
    static char text [2048];
    char *why = NULL;
    Ggen__Lock *lock = NULL;
    if (old)
        assert_int_equal (lockfile_read (old, strlen (old), &lock, &why), OK);
    self->lock = adopted_lock (lock, self->found, self->count, "packages/", warn, self);
    if (lock)
        ggen__lock__free_unpacked (lock, NULL);
    assert_int_equal (lock_check (self->lock, &why), OK);
    *text = 0;
    for (size_t i = 0; i < self->lock->n_packages; i++) {
        const Ggen__LockedPackage *locked = self->lock->packages [i];
        size_t used = strlen (text);
        assert_true (locked->direct);
        assert_int_equal (locked->publisher_key.len, 0);
        snprintf (text + used, sizeof text - used, "%s%s %s %s", i ? ", " : "", locked->name,
                  locked->version, locked->adopted);
    }
    return text;
}

static void
release (place_t *self)
{
    ggen__lock__free_unpacked (self->lock, NULL);
}

static void
without_a_lock_manifests_tell_names_versions_and_needs (void **state)
{
    (void) state;
    place_t place = {.count = 0};
    add (&place, "alpha", "alpha", "1.0.0", "beta");
    add (&place, "beta-2", "beta", "2.0.0", "absent");
    add (&place, "stuff", NULL, NULL, NULL);
    assert_string_equal (adopt (&place, NULL), "alpha 1.0.0 alpha, beta 2.0.0 beta-2");
    assert_int_equal (place.lock->packages [0]->n_dependencies, 1);
    assert_string_equal (place.lock->packages [0]->dependencies [0]->version, "2.0.0");
    assert_int_equal (place.lock->packages [1]->n_dependencies, 0);
    assert_string_equal (place.lock->packages [0]->description, "told by the manifest");
    assert_string_equal (place.warnings, "");
    release (&place);
}

static void
a_lock_says_which_version_and_digest_and_loses_its_publishers (void **state)
{
    (void) state;
    place_t place = {.count = 0};
    add (&place, "alpha", "alpha", "9.9.9", "beta");
    add (&place, "beta", NULL, NULL, NULL);
    assert_string_equal (
        adopt (&place, "{\"packages\":{\"alpha\":{\"version\":\"1.0.0\",\"publisher\":\"ed25519:"
                       "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\","
                       "\"checksum\":"
                       "\"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\"},"
                       "\"beta\":{\"version\":\"2.0.0\"}}}"),
        "alpha 1.0.0 alpha, beta 2.0.0 beta");
    assert_int_equal (place.lock->packages [0]->sha256.len, 32);
    //  What it says of dependencies counts, not the manifest.
    assert_int_equal (place.lock->packages [0]->n_dependencies, 0);
    assert_string_equal (place.warnings,
                         "alpha is 1.0.0 in packages/ggen.lock, and 9.9.9 in packages/alpha\n");
    release (&place);
}

static void
what_a_lock_names_is_found_by_its_manifest_rather_of_its_version (void **state)
{
    (void) state;
    place_t place = {.count = 0};
    add (&place, "a", "alpha", "1.0.0", NULL);
    add (&place, "b", "alpha", "2.0.0", NULL);
    assert_string_equal (adopt (&place, "{\"packages\":{\"alpha\":{\"version\":\"2.0.0\"},"
                                        "\"lost\":{\"version\":\"1.0.0\"}}}"),
                         "alpha 2.0.0 b");
    assert_string_equal (place.warnings,
                         "packages/ggen.lock names lost 1.0.0, which is not there\n"
                         "packages/a is left out of the list: its name, alpha, is that of something "
                         "else\n");
    release (&place);
}

static void
a_file_in_the_place_of_a_name_is_no_package_and_keeps_its_place (void **state)
{
    (void) state;
    place_t place = {.count = 0};
    add_file (&place, "alpha");
    add (&place, "alpha-1", "alpha", "1.0.0", NULL);
    assert_string_equal (adopt (&place, "{\"packages\":{\"alpha\":{\"version\":\"1.0.0\"}}}"), "");
    assert_non_null (strstr (place.warnings, "names alpha 1.0.0, which is not there"));
    assert_non_null (strstr (place.warnings, "packages/alpha-1 is left out"));
    release (&place);
}

static void
a_package_and_one_that_would_lie_in_it_are_not_both_listed (void **state)
{
    (void) state;
    place_t place = {.count = 0};
    add (&place, "a", "ns/one", "1.0.0", NULL);
    add (&place, "b", "ns", "1.0.0", NULL);
    add (&place, "c", "ns/two", "1.0.0", NULL);
    add (&place, "d", "top", "1.0.0", NULL);
    add (&place, "e", "top/below", "1.0.0", NULL);
    assert_string_equal (adopt (&place, NULL), "ns/one 1.0.0 a, ns/two 1.0.0 c, top 1.0.0 d");
    assert_non_null (strstr (place.warnings, "packages/b is left out"));
    assert_non_null (strstr (place.warnings, "packages/e is left out"));
    release (&place);
}

static void
a_circle_of_manifests_is_told_and_no_needs_are_kept (void **state)
{
    (void) state;
    place_t place = {.count = 0};
    add (&place, "alpha", "alpha", "1.0.0", "beta");
    add (&place, "beta", "beta", "1.0.0", "alpha");
    assert_string_equal (adopt (&place, NULL), "alpha 1.0.0 alpha, beta 1.0.0 beta");
    assert_int_equal (place.lock->packages [0]->n_dependencies, 0);
    assert_non_null (strstr (place.warnings, "alpha@1.0.0 -> beta@1.0.0 -> alpha@1.0.0"));
    release (&place);
}

static void
only_a_name_or_a_name_in_a_scope_is_a_path_of_generation_0 (void **state)
{
    (void) state;
    static const char *const good [] = {"a", "@me/tool", "..a", "a b", ".hidden"};
    static const char *const bad [] = {"", "/", "/a", "a/", "a/b/c", "..", ".", "../a", "./a", "a/..",
                                       "a/."};
    for (size_t i = 0; i < COUNT_OF (good); i++)
        assert_true (adopted_path_valid (good [i]));
    for (size_t i = 0; i < COUNT_OF (bad); i++)
        assert_false (adopted_path_valid (bad [i]));
}

static void
a_lockfile_keeps_where_a_package_was_adopted_from_and_refuses_what_leads_elsewhere (void **state)
{
    (void) state;
    char text [512], *why = NULL, *written = NULL;
    Ggen__Lock *lock = NULL;
    static const char shape [] = "{\"version\":1,\"packages\":{\"a@1.0.0\":{\"integrity\":null,"
                                 "\"adopted\":\"%s\"}}}";
    snprintf (text, sizeof text, shape, "a-1.0.0");
    assert_int_equal (lockfile_read (text, strlen (text), &lock, &why), OK);
    assert_string_equal (lock->packages [0]->adopted, "a-1.0.0");
    assert_int_equal (lockfile_write (lock, &written, &why), OK);
    assert_non_null (strstr (written, "\"adopted\": \"a-1.0.0\""));
    ggen__lock__free_unpacked (lock, NULL);
    free (written);
    snprintf (text, sizeof text, shape, "../../../etc");
    assert_int_equal (lockfile_read (text, strlen (text), &lock, &why), VALIDATION);
    assert_string_equal (why, "a: adopted from no path");
    free (why);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (without_a_lock_manifests_tell_names_versions_and_needs),
        cmocka_unit_test (a_lock_says_which_version_and_digest_and_loses_its_publishers),
        cmocka_unit_test (what_a_lock_names_is_found_by_its_manifest_rather_of_its_version),
        cmocka_unit_test (a_file_in_the_place_of_a_name_is_no_package_and_keeps_its_place),
        cmocka_unit_test (a_package_and_one_that_would_lie_in_it_are_not_both_listed),
        cmocka_unit_test (a_circle_of_manifests_is_told_and_no_needs_are_kept),
        cmocka_unit_test (only_a_name_or_a_name_in_a_scope_is_a_path_of_generation_0),
        cmocka_unit_test (a_lockfile_keeps_where_a_package_was_adopted_from_and_refuses_what_leads_elsewhere),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
