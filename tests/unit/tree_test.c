// SPDX-License-Identifier: MIT
#include "store_fixture.h"
#include "actors/store/stamps_io.h"

#include <sys/wait.h>
#include <time.h>

static temp_t temp;
static refusal_t refusal;
static file_list_t *list;
static char findings [4096];
static tree_checked_t checked;

//  An unpacked tree: a, bin/run (executable), d/e/f, empty/.
static int
set_up (void **state)
{
    (void) state;
    temp = temp_new ();
    static tar_t tar;
    tar.size = 0;
    tar_file (&tar, "p/a", "aaa");
    tar_header (&tar, "p/bin/run", '0', 2, 0755);
    tar_data (&tar, "#!", 2);
    tar_file (&tar, "p/d/e/f", "f");
    tar_header (&tar, "p/empty/", '5', 0, 0755);
    tar_end (&tar);
    uint64_t size;
    int fd = gzip_file_of (temp.fd, &tar, &size);
    unpack_options_t options = {.limits = ARCHIVE_LIMITS_DEFAULT};
    unpacked_t out;
    if (unpack_archive (fd, size, temp.fd, "tree", &options, &out, &refusal))
        fail_msg ("%s", refusal.text);
    close (fd);
    list = out.files;
    return 0;
}

static int
tear_down (void **state)
{
    (void) state;
    file_list_destroy (&list);
    temp_done (&temp);
    return 0;
}

static void
note (void *argument, const tree_finding_t *finding)
{
    (void) argument;
    size_t used = strlen (findings);
    snprintf (findings + used, sizeof findings - used, "%s %s %.4s>%.4s\n",
              tree_finding_name (finding->kind), finding->path, finding->expected,
              finding->actual);
}

//  All findings as one text.
static const char *
check (tree_check_mode_t mode)
{
    *findings = 0;
    if (tree_check (temp.fd, "tree", list, mode, note, NULL, &checked, &refusal))
        fail_msg ("%s", refusal.text);
    return findings;
}

//  What an editor does that keeps size and time: other bytes, the old mtime.
static void
edit_in_secret (const char *path, const char *text)
{
    struct stat status;
    assert_int_equal (fstatat (temp.fd, path, &status, 0), 0);
    fchmodat (temp.fd, path, 0644, 0);
    put_bytes (temp.fd, path, text, strlen (text), 0444);
    struct timespec times [2] = {status.st_atim, status.st_mtim};
    assert_int_equal (utimensat (temp.fd, path, times, 0), 0);
}

static void
an_untouched_tree_has_no_findings_and_needs_no_hashing (void **state)
{
    (void) state;
    assert_string_equal (check (TREE_BY_STAMPS), "");
    assert_int_equal (checked.files_count, 3);
    assert_int_equal (checked.hashed_count, 0);
    assert_string_equal (check (TREE_BY_CONTENT), "");
    assert_int_equal (checked.hashed_count, 3);
    assert_int_equal (checked.hashed_bytes, 6);
}

static void
every_kind_of_change_is_found (void **state)
{
    (void) state;
    edit_in_secret ("tree/a", "bbb");
    fchmodat (temp.fd, "tree/bin/run", 0444, 0);
    unlinkat (temp.fd, "tree/d/e/f", 0);
    assert_int_equal (symlinkat ("/etc/passwd", temp.fd, "tree/d/e/f"), 0);
    unlinkat (temp.fd, "tree/empty", AT_REMOVEDIR);
    mkdirat (temp.fd, "tree/more", 0755);
    put (temp.fd, "tree/more/x", "");
    for (tree_check_mode_t mode = TREE_BY_STAMPS; mode <= TREE_BY_CONTENT; mode++) {
        check (mode);
        assert_int_equal (checked.findings_count, 5);
        assert_non_null (strstr (findings, "changed a 9834>3e74\n"));
        assert_non_null (strstr (findings, "mode bin/run 755>444\n"));
        assert_non_null (strstr (findings, "kind d/e/f file>syml\n"));
        assert_non_null (strstr (findings, "missing empty dire>\n"));
        assert_non_null (strstr (findings, "extra more >dire\n"));
    }
}

static void
a_file_for_a_directory_and_a_directory_for_a_file (void **state)
{
    (void) state;
    unlinkat (temp.fd, "tree/a", 0);
    mkdirat (temp.fd, "tree/a", 0755);
    assert_int_equal (tree_remove (temp.fd, "tree/d", &refusal), OK);
    put (temp.fd, "tree/d", "");
    put (temp.fd, "tree/empty/now", "not");
    check (TREE_BY_STAMPS);
    assert_int_equal (checked.findings_count, 4);
    assert_non_null (strstr (findings, "kind a file>dire\n"));
    assert_non_null (strstr (findings, "kind d dire>file\n"));
    assert_non_null (strstr (findings, "missing d/e/f 252f>\n"));
    assert_non_null (strstr (findings, "extra empty/now >file\n"));
}

static void
setuid_is_found_and_write_permission_is_not (void **state)
{
    (void) state;
    fchmodat (temp.fd, "tree/a", 0644, 0);
    assert_string_equal (check (TREE_BY_CONTENT), "");
    fchmodat (temp.fd, "tree/a", 04444, 0);
    assert_string_equal (check (TREE_BY_CONTENT), "mode a 644>4444\n");
}

static void
a_touched_file_is_hashed_once_and_its_stamp_renewed (void **state)
{
    (void) state;
    assert_int_equal (utimensat (temp.fd, "tree/a", NULL, 0), 0);
    assert_string_equal (check (TREE_BY_STAMPS), "");
    assert_int_equal (checked.hashed_count, 1);
    assert_int_equal (checked.refreshed_count, 1);
    assert_string_equal (check (TREE_BY_STAMPS), "");
    assert_int_equal (checked.hashed_count, 0);
}

static bool
load_stamps (const char *name)
{
    uint8_t digest [SHA256_SIZE];
    sha256_t *hasher = sha256_new ();
    file_list_sha256 (list, hasher, digest);
    sha256_destroy (&hasher);
    return stamps_load (temp.fd, name, digest, list);
}

//  As if some time had passed since the tree was unpacked.
static void
age_stamps (void)
{
    size_t size;
    uint8_t digest [SHA256_SIZE];
    sha256_t *hasher = sha256_new ();
    file_list_sha256 (list, hasher, digest);
    sha256_destroy (&hasher);
    char *text = stamps_format (list, digest, INT64_MAX, &size);
    put_bytes (temp.fd, "stamps", text, size, 0600);
    free (text);
}

static void
saved_stamps_are_used_when_they_are_not_racy (void **state)
{
    (void) state;
    age_stamps ();
    assert_true (load_stamps ("stamps"));
    assert_string_equal (check (TREE_BY_STAMPS), "");
    assert_int_equal (checked.hashed_count, 0);
    //  Saved in the tick in which the files were written: not trusted, hashed once more
    assert_int_equal (stamps_save (temp.fd, "stamps", list, &refusal), OK);
    file_list_at (list, 0)->stamp.inode++;
    assert_true (load_stamps ("stamps"));
    assert_string_equal (check (TREE_BY_STAMPS), "");
    assert_int_equal (checked.hashed_count, checked.refreshed_count);
    edit_in_secret ("tree/a", "bbb");
    assert_string_equal (check (TREE_BY_STAMPS), "changed a 9834>3e74\n");
}

//  The time of the file itself tells until when nobody could edit the tree.
static void
stamps_that_were_settled_later_are_less_racy (void **state)
{
    (void) state;
    struct stat info;
    const struct timespec future [] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = INT32_MAX}};
    assert_int_equal (stamps_save (temp.fd, "stamps", list, &refusal), OK);
    assert_int_equal (utimensat (temp.fd, "stamps", future, 0), 0);
    assert_true (load_stamps ("stamps"));
    assert_string_equal (check (TREE_BY_STAMPS), "");
    assert_int_equal (checked.hashed_count, 0);
    stamps_settle (temp.fd, "stamps");
    assert_int_equal (fstatat (temp.fd, "stamps", &info, 0), 0);
    assert_true (info.st_mtim.tv_sec < INT32_MAX);
    assert_true (info.st_mtim.tv_sec >= time (NULL) - 60);
}

//  A tree in use may have been edited meanwhile: the text takes its time to be written.
static void
stamps_of_a_tree_in_use_are_settled_by_no_later_time_than_theirs (void **state)
{
    (void) state;
    struct stat info;
    char text [256] = "";
    long long written_ns;
    AUTO (file_list_destroy) file_list_t *many = file_list_new ();
    for (unsigned i = 0; i < 20000; i++) {
        char path [16];
        int size = snprintf (path, sizeof path, "f%05u", i);
        assert_non_null (file_list_add (many, &(file_entry_t) {.path = path}, (size_t) size));
    }
    file_list_sort (many);
    assert_int_equal (stamps_save (temp.fd, "stamps", many, &refusal), OK);
    int fd = openat (temp.fd, "stamps", O_RDONLY);
    assert_true (read (fd, text, sizeof text - 1) > 0);
    assert_int_equal (fstat (fd, &info), 0);
    close (fd);
    assert_int_equal (sscanf (text, "ggen-stamps 1 %*64s %lld", &written_ns), 1);
    assert_true (info.st_mtim.tv_sec * 1000000000LL + info.st_mtim.tv_nsec <= written_ns);
}

static void
lost_stamps_cost_a_hash_and_nothing_else (void **state)
{
    (void) state;
    assert_false (load_stamps ("nothing"));
    assert_string_equal (check (TREE_BY_STAMPS), "");
    assert_int_equal (checked.hashed_count, 3);
    assert_int_equal (checked.refreshed_count, 3);
}

static void
a_tree_that_is_gone_is_a_refusal (void **state)
{
    (void) state;
    assert_int_equal (tree_remove (temp.fd, "tree", &refusal), OK);
    assert_int_equal (tree_check (temp.fd, "tree", list, TREE_BY_STAMPS, NULL, NULL, &checked,
                                  &refusal), STORAGE);
    assert_string_equal (refusal.path, "tree");
}

static void
removing_follows_no_link (void **state)
{
    (void) state;
    mkdirat (temp.fd, "kept", 0700);
    put (temp.fd, "kept/file", "text");
    assert_int_equal (symlinkat ("../kept", temp.fd, "tree/link"), 0);
    assert_int_equal (symlinkat ("nowhere", temp.fd, "tree/broken"), 0);
    fchmodat (temp.fd, "tree/d/e", 0, 0);
    fchmodat (temp.fd, "tree/d", 0500, 0);
    assert_int_equal (tree_remove (temp.fd, "tree", &refusal), OK);
    assert_int_equal (tree_remove (temp.fd, "tree", &refusal), OK);     //  Not there: fine
    assert_int_equal (entries_in (temp.fd), 1);
    assert_int_equal (faccessat (temp.fd, "kept/file", F_OK, 0), 0);
    assert_int_equal (symlinkat ("kept", temp.fd, "alias"), 0);
    assert_int_equal (tree_remove (temp.fd, "alias", &refusal), OK);
    assert_int_equal (faccessat (temp.fd, "kept/file", F_OK, 0), 0);
}

static void
a_user_can_remove_what_was_made_unwritable (void **state)
{
    (void) state;
    if (!geteuid ())
        assert_int_equal (fchown (temp.fd, 65534, (gid_t) -1), 0);
    fflush (NULL);
    pid_t child = fork ();
    if (!child) {
        if (!geteuid () && setuid (65534))
            _exit (2);
        mkdirat (temp.fd, "mine", 0700);
        mkdirat (temp.fd, "mine/d", 0700);
        put (temp.fd, "mine/d/f", "");
        fchmodat (temp.fd, "mine/d", 0, 0);
        fchmodat (temp.fd, "mine", 0500, 0);
        _exit (tree_remove (temp.fd, "mine", &refusal) ? 1 : 0);
    }
    int status;
    waitpid (child, &status, 0);
    assert_int_equal (status, 0);
}

static void
a_tree_deeper_than_any_of_ours_is_left_alone (void **state)
{
    (void) state;
    int at = dup (temp.fd);
    for (int i = 0; i < TREE_DEPTH_MAX + 1; i++) {
        assert_int_equal (mkdirat (at, "d", 0700), 0);
        int next = openat (at, "d", O_RDONLY | O_DIRECTORY);
        close (at);
        at = next;
    }
    close (at);
    assert_int_equal (tree_remove (temp.fd, "d", &refusal), STORAGE);
    //  Take one level off the top: then it can be removed
    assert_int_equal (renameat (temp.fd, "d/d", temp.fd, "e"), 0);
    assert_int_equal (tree_remove (temp.fd, "e", &refusal), OK);
}

#define WITH_TEMP(test) cmocka_unit_test_setup_teardown (test, set_up, tear_down)

int
main (void)
{
    const struct CMUnitTest tests [] = {
        WITH_TEMP (an_untouched_tree_has_no_findings_and_needs_no_hashing),
        WITH_TEMP (every_kind_of_change_is_found),
        WITH_TEMP (a_file_for_a_directory_and_a_directory_for_a_file),
        WITH_TEMP (setuid_is_found_and_write_permission_is_not),
        WITH_TEMP (a_touched_file_is_hashed_once_and_its_stamp_renewed),
        WITH_TEMP (saved_stamps_are_used_when_they_are_not_racy),
        WITH_TEMP (stamps_that_were_settled_later_are_less_racy),
        WITH_TEMP (stamps_of_a_tree_in_use_are_settled_by_no_later_time_than_theirs),
        WITH_TEMP (lost_stamps_cost_a_hash_and_nothing_else),
        WITH_TEMP (a_tree_that_is_gone_is_a_refusal),
        WITH_TEMP (removing_follows_no_link),
        WITH_TEMP (a_user_can_remove_what_was_made_unwritable),
        WITH_TEMP (a_tree_deeper_than_any_of_ours_is_left_alone),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
