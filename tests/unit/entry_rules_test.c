// SPDX-License-Identifier: MIT
#include "store_fixture.h"
#include "actors/store/entry_rules.h"
#include "actors/store/path_set.h"
#include "actors/store/unicode.h"

static const archive_limits_t limits = ARCHIVE_LIMITS_DEFAULT;

//  The class a path is refused for; NULL when it is not.
static const char *
class_of (const char *path)
{
    static refusal_t refusal;
    return entry_rules_check (path, strlen (path), &limits, &refusal)
               ? refusal_name (refusal.kind) : NULL;
}

static void
ordinary_names_pass (void **state)
{
    (void) state;
    static const char *const good [] = {
        "p/a", "p", "p/-rf", "p/*", "p/$(id)", "p/`x`", "p/a b", "p/.gitignore", "p/.github/x",
        "p/caf\xc3\xa9/\xe6\x97\xa5\xe6\x9c\xac.txt", "p/...a", "p/con-tour", "p/com", "p/com10",
        "p/null", "p/auxiliary.c", "p/lpt", "p/ggen", "p/.gge", "p/..a",
    };
    for (size_t i = 0; i < COUNT_OF (good); i++)
        if (class_of (good [i]))
            fail_msg ("%s: %s", good [i], class_of (good [i]));
}

static void
bad_names_are_refused_for_their_class (void **state)
{
    (void) state;
    static const char *const bad [][2] = {
        {"", "name"}, {"/a", "absolute path"}, {"//a", "absolute path"},
        {"..", "path traversal"}, {"../a", "path traversal"}, {"p/../a", "path traversal"},
        {"p/a/..", "path traversal"}, {"p\\a", "path traversal"},
        {"./a", "duplicate"}, {"p//a", "duplicate"}, {"p/.", "duplicate"}, {"p/", "duplicate"},
        {"p/\xff", "name"}, {"p/\xc0\xaf", "name"}, {"p/\xed\xa0\x80", "name"}, {"p/a\nb", "name"},
        {"p/\x1b[2J", "name"}, {"p/\x7f", "name"}, {"p/\xc2\x85", "name"},
        {"p/\xe2\x80\xae" "cod.exe", "name"}, {"p/\xe2\x81\xa6x", "name"},
        {"p/\xef\xbb\xbfx", "name"}, {"p/\xe2\x80\xa8x", "name"},
        {"p/CON", "reserved name"}, {"p/nul.txt", "reserved name"}, {"p/aux", "reserved name"},
        {"p/Prn .x", "reserved name"}, {"p/COM1", "reserved name"}, {"p/lpt9.c", "reserved name"},
        {"p/com\xc2\xb9", "reserved name"}, {"p/conin$", "reserved name"},
        {"p/a:b", "reserved name"}, {"p/a.", "reserved name"}, {"p/a ", "reserved name"},
        {"p/a./b", "reserved name"}, {"p/.git", "reserved name"}, {"p/.GIT/x", "reserved name"},
        {"p/.gIt", "reserved name"}, {"p/git~1", "reserved name"}, {"p/.ggen", "reserved name"},
        {"p/.ggen-ok", "reserved name"}, {"p/x/.GGENignore", "reserved name"},
        {"p/.g\xe2\x80\x8dit", "reserved name"},
    };
    for (size_t i = 0; i < COUNT_OF (bad); i++) {
        const char *class = class_of (bad [i][0]);
        if (!class || strcmp (class, bad [i][1]))
            fail_msg ("'%s': %s, not %s", bad [i][0], class ? class : "passed", bad [i][1]);
    }
}

static void
sizes_at_the_limit_pass_and_one_more_does_not (void **state)
{
    (void) state;
    char path [2048];
    memset (path, 'x', sizeof path);
    path [1] = '/';
    path [2 + 255] = 0;
    assert_null (class_of (path));
    path [2 + 255] = 'x';
    path [2 + 256] = 0;
    assert_string_equal (class_of (path), "name");
    for (size_t i = 100; i < sizeof path; i += 100)
        path [i] = '/';
    memset (path + 201, 'x', 99);
    path [1024] = 0;
    assert_null (class_of (path));
    path [1024] = 'x';
    path [1025] = 0;
    assert_string_equal (class_of (path), "limits");
    for (size_t i = 0; i < 65 * 2; i++)
        path [i] = i % 2 ? '/' : 'd';
    path [64 * 2 + 1] = 0;                  //  The top directory and 64 below it
    assert_null (class_of (path));
    path [64 * 2 + 1] = '/';
    path [64 * 2 + 2] = 'd';
    path [64 * 2 + 3] = 0;
    assert_string_equal (class_of (path), "limits");
}

static void
a_refusal_names_path_and_class_and_is_printable (void **state)
{
    (void) state;
    refusal_t refusal;
    assert_int_equal (entry_rules_check ("p/a\x1b[2J", 7, &limits, &refusal), VALIDATION);
    assert_string_equal (refusal.path, "p/a\\x1b[2J");
    assert_string_equal (refusal.text, "p/a\\x1b[2J: name: it holds a control, format or bidi "
                                       "character");
    assert_int_equal (entry_rules_check ("p/../a", 6, &limits, &refusal), SECURITY);
    char longer [3000];
    memset (longer, 'y', sizeof longer);
    assert_int_equal (entry_rules_check (longer, sizeof longer, &limits, &refusal), VALIDATION);
    assert_string_equal (refusal.path + strlen (refusal.path) - 4, "y...");
}

//  ---- collisions ------------------------------------------------------------------------------

static const uint8_t key [PATH_SET_KEY_SIZE] = "fixed for tests";

//  Adds paths (a trailing slash: directory) until one is refused: its class, or NULL.
static const char *
class_of_set (const char *const *paths, size_t count)
{
    static refusal_t refusal;
    path_set_t *set = path_set_new (100, key);
    const char *class = NULL;
    for (size_t i = 0; i < count && !class; i++) {
        size_t size = strlen (paths [i]);
        bool directory = paths [i][size - 1] == '/';
        path_set_place_t place;
        if (path_set_add (set, paths [i], size - directory, directory, &place, &refusal))
            class = refusal_name (refusal.kind);
    }
    path_set_destroy (&set);
    return class;
}
#define CLASS_OF_SET(...)                                                                          \
    class_of_set ((const char *const []) {__VA_ARGS__},                                            \
                  COUNT_OF (((const char *const []) {__VA_ARGS__})))

static void
different_paths_do_not_collide (void **state)
{
    (void) state;
    assert_null (CLASS_OF_SET ("a", "b", "a-", "d/", "d/a", "d/e/f", "d/e/", "A b", "x/a"));
}

static void
the_same_path_twice_is_a_duplicate (void **state)
{
    (void) state;
    assert_string_equal (CLASS_OF_SET ("a", "a"), "duplicate");
    assert_string_equal (CLASS_OF_SET ("d/", "d/"), "duplicate");
    assert_string_equal (CLASS_OF_SET ("d/x", "d/", "d/"), "duplicate");
}

static void
names_that_fold_to_the_same_collide (void **state)
{
    (void) state;
    assert_string_equal (CLASS_OF_SET ("README", "readme"), "collision");
    assert_string_equal (CLASS_OF_SET ("Dir/a", "dir/b"), "collision");
    assert_string_equal (CLASS_OF_SET ("\xc3\x89", "\xc3\xa9"), "collision");          //  E acute
    assert_string_equal (CLASS_OF_SET ("caf\xc3\xa9", "cafe\xcc\x81"), "collision");   //  NFC, NFD
    assert_string_equal (CLASS_OF_SET ("stra\xc3\x9f" "e", "STRASSE"), "collision");
    assert_string_equal (CLASS_OF_SET ("\xce\xa3", "\xcf\x82"), "collision");          //  sigmas
    assert_string_equal (CLASS_OF_SET ("a\xe2\x80\x8c" "b", "ab"), "collision");
}

static void
a_file_cannot_be_a_directory (void **state)
{
    (void) state;
    assert_string_equal (CLASS_OF_SET ("a", "a/b"), "collision");
    assert_string_equal (CLASS_OF_SET ("a/b", "a"), "collision");
    assert_string_equal (CLASS_OF_SET ("a/", "a"), "collision");
    assert_string_equal (CLASS_OF_SET ("a", "a/"), "collision");
}

static void
places_say_what_is_new (void **state)
{
    (void) state;
    path_set_t *set = path_set_new (100, key);
    path_set_place_t first, second, third;
    assert_int_equal (path_set_add (set, "a/b/c", 5, false, &first, NULL), OK);
    assert_int_equal (first.new_offset, 0);
    assert_int_equal (first.name_offset, 4);
    assert_int_equal (path_set_add (set, "a/b/d", 5, false, &second, NULL), OK);
    assert_int_equal (second.new_offset, 4);
    assert_int_equal (second.parent, first.parent);
    assert_int_equal (path_set_add (set, "a/b", 3, true, &third, NULL), OK);
    assert_int_equal (third.new_offset, 3);
    assert_int_equal (third.node, first.parent);
    path_set_destroy (&set);
}

static void
more_nodes_than_allowed_are_refused (void **state)
{
    (void) state;
    path_set_t *set = path_set_new (1000, key);
    refusal_t refusal;
    path_set_place_t place;
    char name [16];
    for (int i = 0; i < 1000; i++) {
        snprintf (name, sizeof name, "f%d", i);
        assert_int_equal (path_set_add (set, name, strlen (name), false, &place, &refusal), OK);
    }
    assert_int_equal (path_set_add (set, "g", 1, false, &place, &refusal), SECURITY);
    assert_string_equal (refusal_name (refusal.kind), "bomb");
    path_set_destroy (&set);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (ordinary_names_pass),
        cmocka_unit_test (bad_names_are_refused_for_their_class),
        cmocka_unit_test (sizes_at_the_limit_pass_and_one_more_does_not),
        cmocka_unit_test (a_refusal_names_path_and_class_and_is_printable),
        cmocka_unit_test (different_paths_do_not_collide),
        cmocka_unit_test (the_same_path_twice_is_a_duplicate),
        cmocka_unit_test (names_that_fold_to_the_same_collide),
        cmocka_unit_test (a_file_cannot_be_a_directory),
        cmocka_unit_test (places_say_what_is_new),
        cmocka_unit_test (more_nodes_than_allowed_are_refused),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
