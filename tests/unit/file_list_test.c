// SPDX-License-Identifier: MIT
#include "store_fixture.h"
#include "actors/store/file_list.h"
#include "actors/store/stamps.h"

#define NOTHING "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define OTHER "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"

static const archive_limits_t limits = ARCHIVE_LIMITS_DEFAULT;

static code_t
parse (const char *text, file_list_t **list)
{
    return file_list_parse (text, strlen (text), &limits, list);
}

static void
add (file_list_t *list, const char *path, bool directory, bool executable)
{
    file_entry_t entry = {.path = path, .directory = directory, .executable = executable,
                          .size_bytes = directory ? 0 : 3};
    assert_true (sha256_from_hex (directory ? NOTHING : OTHER, 64, entry.sha256));
    assert_non_null (file_list_add (list, &entry, strlen (path)));
}

static void
the_text_is_sorted_and_lists_only_empty_directories (void **state)
{
    (void) state;
    file_list_t *list = file_list_new ();
    add (list, "d", true, false);
    add (list, "b", false, true);
    add (list, "d/e", true, false);
    add (list, "d-", false, false);
    add (list, "d/e/x", false, false);
    add (list, "z", true, false);
    file_list_sort (list);
    size_t size;
    char *text = file_list_format (list, &size);
    assert_string_equal (text, OTHER " 755 3 b\n" OTHER " 644 3 d-\n" OTHER " 644 3 d/e/x\n"
                               NOTHING " 755 0 z/\n");
    assert_int_equal (size, strlen (text));
    sha256_t *hasher = sha256_new ();
    uint8_t whole [SHA256_SIZE], streamed [SHA256_SIZE];
    sha256_of (hasher, text, size, whole);
    file_list_sha256 (list, hasher, streamed);
    assert_memory_equal (whole, streamed, SHA256_SIZE);
    sha256_destroy (&hasher);

    file_list_t *again;
    assert_int_equal (parse (text, &again), OK);
    size_t again_size;
    char *again_text = file_list_format (again, &again_size);
    assert_string_equal (text, again_text);
    assert_true (file_list_at (again, 3)->directory);
    assert_true (file_list_at (again, 0)->executable);
    free (text);
    free (again_text);
    file_list_destroy (&list);
    file_list_destroy (&again);
}

static void
entries_and_directories_are_found (void **state)
{
    (void) state;
    file_list_t *list;
    const char text [] = OTHER " 644 3 a-\n" OTHER " 644 3 a/b/c\n" NOTHING " 755 0 e/\n";
    assert_int_equal (parse (text, &list), OK);
    size_t index = 9;
    assert_non_null (file_list_find (list, "a/b/c", &index));
    assert_int_equal (index, 1);
    assert_non_null (file_list_find (list, "e", &index));
    assert_int_equal (index, 2);
    assert_null (file_list_find (list, "a", NULL));
    assert_null (file_list_find (list, "a/b/c/d", NULL));
    assert_true (file_list_has_directory (list, "a"));
    assert_true (file_list_has_directory (list, "a/b"));
    assert_false (file_list_has_directory (list, "a/b/c"));
    assert_false (file_list_has_directory (list, "e"));
    assert_int_equal (file_list_bytes (list), 6);
    file_list_destroy (&list);
}

static void
a_text_that_is_not_canonical_is_refused (void **state)
{
    (void) state;
    static const char *const bad [] = {
        "\n", "x\n", OTHER "\n", OTHER " 644 3 a", OTHER " 644 3 \n", OTHER " 644 a\n",
        OTHER " 644 03 a\n", OTHER " 644 -3 a\n", OTHER " 644  3 a\n", OTHER " 600 3 a\n",
        OTHER " 644 18446744073709551616 a\n", OTHER " 644 3 /a\n", OTHER " 644 3 a/../b\n",
        OTHER " 644 3 a/\n", NOTHING " 644 0 a/\n", NOTHING " 755 1 a/\n", OTHER " 755 0 a/\n",
        NOTHING " 755 0 /\n", OTHER " 644 3 a\r\n",
        "2C26B46B68FFC68FF99B453C1D30413413422D706483BFA0F98A5E886266E7AE 644 3 a\n",
        OTHER " 644 3 b\n" OTHER " 644 3 a\n",          //  Order
        OTHER " 644 3 a\n" OTHER " 644 3 a\n",          //  Twice
        OTHER " 644 3 a\n" OTHER " 644 3 a/b\n",        //  A file and a directory
        OTHER " 644 3 a\n" OTHER " 644 3 a-\n" OTHER " 644 3 a/b\n",
        OTHER " 644 3 a\n" NOTHING " 755 0 a/\n",
        NOTHING " 755 0 a/\n" OTHER " 644 3 a/b\n",     //  Not empty
    };
    for (size_t i = 0; i < COUNT_OF (bad); i++) {
        file_list_t *list;
        if (parse (bad [i], &list) != SERIALIZATION || list)
            fail_msg ("%s", bad [i]);
    }
}

static void
more_than_the_limits_is_refused (void **state)
{
    (void) state;
    archive_limits_t small = limits;
    small.entries = 1;
    file_list_t *list;
    const char two [] = OTHER " 644 3 a\n" OTHER " 644 3 b\n";
    assert_int_equal (file_list_parse (two, strlen (two), &small, &list), VALIDATION);
    assert_int_equal (parse (OTHER " 644 536870912 a\n" OTHER " 644 1 b\n", &list), VALIDATION);
    assert_int_equal (parse ("", &list), OK);
    file_list_destroy (&list);
}

static void
stamps_are_read_back_except_racy_ones (void **state)
{
    (void) state;
    file_list_t *list;
    assert_int_equal (parse (OTHER " 644 3 a\n" OTHER " 644 3 b\n", &list), OK);
    const int64_t now_ns = INT64_C (1700000000000000000);
    file_list_at (list, 0)->stamp = (file_stamp_t) {7, -5, now_ns - STAMPS_RACY_NS - 1};
    file_list_at (list, 1)->stamp = (file_stamp_t) {8, 6, now_ns - STAMPS_RACY_NS};
    uint8_t digest [SHA256_SIZE] = {1};
    size_t size;
    char *text = stamps_format (list, digest, now_ns, &size);
    file_list_at (list, 0)->stamp = (file_stamp_t) {0};
    assert_true (stamps_parse (text, size, digest, 0, list));
    assert_int_equal (file_list_at (list, 0)->stamp.inode, 7);
    assert_int_equal (file_list_at (list, 0)->stamp.mtime_ns, -5);
    assert_int_equal (file_list_at (list, 1)->stamp.ctime_ns, 0);       //  Racy
    //  Unless nobody could edit it for another while; an earlier moment makes nothing worse
    assert_true (stamps_parse (text, size, digest, now_ns + 1, list));
    assert_int_equal (file_list_at (list, 1)->stamp.inode, 8);
    assert_true (stamps_parse (text, size, digest, now_ns - 1000, list));
    assert_int_equal (file_list_at (list, 0)->stamp.inode, 7);
    assert_int_equal (file_list_at (list, 1)->stamp.ctime_ns, 0);
    free (text);
    file_list_destroy (&list);
}

static void
damaged_stamps_are_all_unknown (void **state)
{
    (void) state;
    file_list_t *list;
    assert_int_equal (parse (OTHER " 644 3 a\n" OTHER " 644 3 b\n", &list), OK);
    file_list_at (list, 0)->stamp = file_list_at (list, 1)->stamp = (file_stamp_t) {1, 1, 1};
    uint8_t digest [SHA256_SIZE] = {1}, other [SHA256_SIZE] = {2};
    size_t size;
    char *text = stamps_format (list, digest, INT64_C (1700000000000000000), &size);
    assert_false (stamps_parse (text, size, other, 0, list));
    for (size_t cut = 0; cut < size; cut++) {
        char *piece = calloc (1, cut + 1);
        memcpy (piece, text, cut);
        assert_false (stamps_parse (piece, cut, digest, 0, list));
        assert_int_equal (file_list_at (list, 0)->stamp.ctime_ns, 0);
        free (piece);
    }
    free (text);
    file_list_destroy (&list);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (the_text_is_sorted_and_lists_only_empty_directories),
        cmocka_unit_test (entries_and_directories_are_found),
        cmocka_unit_test (a_text_that_is_not_canonical_is_refused),
        cmocka_unit_test (more_than_the_limits_is_refused),
        cmocka_unit_test (stamps_are_read_back_except_racy_ones),
        cmocka_unit_test (damaged_stamps_are_all_unknown),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
