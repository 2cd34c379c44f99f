// SPDX-License-Identifier: MIT
#include "store_fixture.h"
#include "actors/store/beneath_io.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

static const unpack_options_t options = {.limits = ARCHIVE_LIMITS_DEFAULT};
static tar_t tar;
static temp_t temp;
static refusal_t refusal;

static int
set_up (void **state)
{
    (void) state;
    tar.size = 0;
    temp = temp_new ();
    return 0;
}

static int
tear_down (void **state)
{
    (void) state;
    temp_done (&temp);
    return 0;
}

static code_t
unpack_with (const unpack_options_t *how, unpacked_t *out)
{
    uint64_t size;
    int fd = gzip_file_of (temp.fd, &tar, &size);
    code_t code = unpack_archive (fd, size, temp.fd, "tree", how, out, &refusal);
    close (fd);
    return code;
}

//  The class the archive in 'tar' is refused for; nothing may be left. NULL: it is not.
static const char *
class_of (void)
{
    unpacked_t out;
    code_t code = unpack_with (&options, &out);
    unpacked_done (&out);
    if (!code && tree_remove (temp.fd, "tree", &refusal))
        fail_msg ("%s", refusal.text);
    assert_int_equal (entries_in (temp.fd), 0);
    return code ? refusal_name (refusal.kind) : NULL;
}

static void
assert_file (const char *path, mode_t mode, const char *text)
{
    char buffer [256] = {0};
    struct stat status;
    int fd = openat (temp.fd, path, O_RDONLY);
    if (fd == -1 || fstat (fd, &status))
        fail_msg ("%s: %s", path, strerror (errno));
    assert_int_equal (status.st_mode & 07777, mode);
    assert_int_equal (read (fd, buffer, sizeof buffer - 1), strlen (text));
    assert_string_equal (buffer, text);
    close (fd);
}

static void
fill_plain (void)
{
    tar_header (&tar, "any-top/", '5', 0, 0755);
    tar_file (&tar, "any-top/gpack.toml", "[gpack]\n");
    tar_header (&tar, "any-top/bin/run", '0', 2, 04755);
    tar_data (&tar, "#!", 2);
    tar_header (&tar, "any-top/w", '0', 1, 0666);
    tar_data (&tar, "w", 1);
    tar_file (&tar, "any-top/bin/sub/deep", "deep");
    tar_file (&tar, "any-top/bin/again", "");
    tar_header (&tar, "any-top/empty/", '5', 0, 07777);
    tar_end (&tar);
}

static void
a_plain_archive_is_unpacked_without_its_top (void **state)
{
    (void) state;
    mode_t before = umask (0077);       //  Modes must not depend on it
    fill_plain ();
    unpacked_t out;
    if (unpack_with (&options, &out))
        fail_msg ("%s", refusal.text);
    umask (before);
    assert_string_equal (out.top, "any-top");
    assert_int_equal (out.files_count, 5);
    assert_int_equal (out.unpacked_bytes, 8 + 2 + 1 + 4);
    assert_file ("tree/gpack.toml", 0444, "[gpack]\n");
    assert_file ("tree/bin/run", 0555, "#!");
    assert_file ("tree/w", 0444, "w");
    assert_file ("tree/bin/sub/deep", 0444, "deep");
    struct stat status;
    assert_int_equal (fstatat (temp.fd, "tree", &status, 0), 0);
    assert_int_equal (status.st_mode & 07777, 0755);
    assert_int_equal (fstatat (temp.fd, "tree/bin/sub", &status, 0), 0);
    assert_int_equal (status.st_mode & 07777, 0755);
    assert_int_equal (fstatat (temp.fd, "tree/empty", &status, 0), 0);
    assert_int_equal (status.st_mode & 07777, 0755);
    assert_int_equal (file_list_count (out.files), 6);
    assert_string_equal (file_list_at (out.files, 3)->path, "empty");
    tree_checked_t checked;
    assert_int_equal (tree_check (temp.fd, "tree", out.files, TREE_BY_CONTENT, NULL, NULL, &checked,
                                  &refusal), OK);
    assert_int_equal (checked.findings_count, 0);
    unpacked_done (&out);
}

static void
whatever_the_umask_takes_the_modes_are_the_same (void **state)
{
    (void) state;
    static const mode_t masks [] = {0, 0022, 0111, 0333, 0444, 0777};
    for (unsigned i = 0; i < COUNT_OF (masks); i++) {
        char from [16];
        unpacked_t out;
        tar.size = 0;
        fill_plain ();
        mode_t before = umask (masks [i]);
        code_t code = unpack_with (&options, &out);
        umask (before);
        if (code)
            fail_msg ("%s", refusal.text);
        unpacked_done (&out);
        struct stat status;
        assert_file ("tree/bin/run", 0555, "#!");
        assert_file ("tree/w", 0444, "w");
        assert_file ("tree/bin/sub/deep", 0444, "deep");
        assert_int_equal (fstatat (temp.fd, "tree/bin/sub", &status, 0), 0);
        assert_int_equal (status.st_mode & 07777, 0755);
        assert_int_equal (fstatat (temp.fd, "tree/empty", &status, 0), 0);
        assert_int_equal (status.st_mode & 07777, 0755);
        snprintf (from, sizeof from, "tree-%u", i);
        assert_int_equal (renameat (temp.fd, "tree", temp.fd, from), 0);
    }
}

static void
in_a_directory_that_gives_its_group_the_modes_are_the_same (void **state)
{
    (void) state;
    unpacked_t out;
    struct stat status;
    assert_int_equal (fchmod (temp.fd, 02700), 0);
    fill_plain ();
    if (unpack_with (&options, &out))
        fail_msg ("%s", refusal.text);
    unpacked_done (&out);
    static const char *const directories [] = {"tree", "tree/bin", "tree/bin/sub", "tree/empty"};
    for (unsigned i = 0; i < COUNT_OF (directories); i++) {
        assert_int_equal (fstatat (temp.fd, directories [i], &status, 0), 0);
        assert_int_equal (status.st_mode & 07777, 0755);
    }
}

//  Up, down and across directories of all depths: names that begin alike, and deeper than are kept open.
static void
files_lie_where_their_paths_say_in_whatever_order (void **state)
{
    (void) state;
    static const unsigned orders [] = {40, 3, 17, 16, 15, 30, 0, 18, 1, 40, 39, 17};
    static const char *const near [] = {"p/d/x/1", "p/d/xy/1", "p/dx/1", "p/d/x/2", "p/d/1", "p/d/xy/2"};
    char path [256];
    tar.size = 0;
    for (unsigned i = 0; i < COUNT_OF (orders); i++) {
        size_t used = (size_t) snprintf (path, sizeof path, "p/");
        for (unsigned level = 0; level < orders [i]; level++)
            used += (size_t) snprintf (path + used, sizeof path - used, "%c/", 'a' + level % 20);
        snprintf (path + used, sizeof path - used, "f%u", i);
        tar_file (&tar, path, path);
    }
    for (unsigned i = 0; i < COUNT_OF (near); i++)
        tar_file (&tar, near [i], near [i]);
    tar_end (&tar);
    unpacked_t out;
    if (unpack_with (&options, &out))
        fail_msg ("%s", refusal.text);
    assert_int_equal (out.files_count, COUNT_OF (orders) + COUNT_OF (near));
    assert_file ("tree/d/xy/2", 0444, "p/d/xy/2");
    assert_file ("tree/f6", 0444, "p/f6");
    tree_checked_t checked;
    assert_int_equal (tree_check (temp.fd, "tree", out.files, TREE_BY_CONTENT, NULL, NULL, &checked,
                                  &refusal), OK);
    assert_int_equal (checked.findings_count, 0);
    assert_int_equal (checked.files_count, out.files_count);
    unpacked_done (&out);
}

static void
pax_and_gnu_names_are_taken_as_utf8 (void **state)
{
    (void) state;
    const char pax [] = "24 path=p/caf\xc3\xa9/\xe6\x97\xa5.txt\n";
    tar_pax (&tar, 'x', pax, strlen (pax));
    tar_file (&tar, "p/x", "1");
    tar_pax (&tar, 'L', "p/long/name", 12);
    tar_file (&tar, "p/cut", "2");
    tar_end (&tar);
    unpacked_t out;
    if (unpack_with (&options, &out))
        fail_msg ("%s", refusal.text);
    unpacked_done (&out);
    assert_file ("tree/caf\xc3\xa9/\xe6\x97\xa5.txt", 0444, "1");
    assert_file ("tree/long/name", 0444, "2");
}

static void
what_is_not_in_one_top_directory_is_refused (void **state)
{
    (void) state;
    tar_file (&tar, "p/a", "");
    tar_file (&tar, "q/a", "");
    tar_end (&tar);
    assert_string_equal (class_of (), "wrong top directory");
    tar.size = 0;
    tar_file (&tar, "file", "");
    tar_end (&tar);
    assert_string_equal (class_of (), "wrong top directory");
    tar.size = 0;
    tar_header (&tar, "p/", '5', 0, 0755);
    tar_header (&tar, "p/", '5', 0, 0755);
    tar_end (&tar);
    assert_string_equal (class_of (), "duplicate");
}

static void
a_refusal_late_in_the_archive_leaves_nothing (void **state)
{
    (void) state;
    for (int i = 0; i < 40; i++) {
        char name [64];
        snprintf (name, sizeof name, "p/d%d/e/f%d", i % 7, i);
        tar_file (&tar, name, "content");
    }
    tar_file (&tar, "p/D3/x", "");
    tar_end (&tar);
    assert_string_equal (class_of (), "collision");
    assert_string_equal (refusal.path, "D3/x");
    assert_int_equal (refusal.code, VALIDATION);
}

static void
an_archive_cut_anywhere_is_refused (void **state)
{
    (void) state;
    fill_plain ();
    static uint8_t packed [1 << 16];
    size_t size = gzip (tar.data, tar.size, packed, sizeof packed);
    for (size_t cut = 0; cut < size; cut++) {
        int fd = file_of (temp.fd, packed, cut);
        unpacked_t out;
        assert_int_equal (unpack_archive (fd, cut, temp.fd, "tree", &options, &out, &refusal),
                          VALIDATION);
        assert_string_equal (refusal_name (refusal.kind), "malformed");
        assert_int_equal (entries_in (temp.fd), 0);
        close (fd);
    }
}

static void
limits_are_kept (void **state)
{
    (void) state;
    unpack_options_t small = options;
    unpacked_t out;
    tar_file (&tar, "p/gpack.toml", "0123456789");
    tar_file (&tar, "p/a", "");
    tar_end (&tar);
    small.limits.manifest_bytes = 9;
    assert_int_equal (unpack_with (&small, &out), VALIDATION);
    assert_string_equal (refusal.text, "gpack.toml: limits: the manifest is too large");
    small.limits.manifest_bytes = 10;
    assert_int_equal (unpack_with (&small, &out), OK);
    unpacked_done (&out);
    assert_int_equal (tree_remove (temp.fd, "tree", &refusal), OK);
    small.limits.entries = 1;
    assert_int_equal (unpack_with (&small, &out), SECURITY);
    small.limits.entries = 2;
    small.limits.unpacked_bytes = 9;
    assert_int_equal (unpack_with (&small, &out), SECURITY);
    assert_string_equal (refusal_name (refusal.kind), "bomb");
    small.limits.unpacked_bytes = 10;
    small.limits.packed_bytes = 10;
    assert_int_equal (unpack_with (&small, &out), VALIDATION);
    assert_string_equal (refusal_name (refusal.kind), "limits");
    assert_int_equal (entries_in (temp.fd), 0);
}

static void
a_directory_that_is_there_already_is_not_touched (void **state)
{
    (void) state;
    fill_plain ();
    assert_int_equal (mkdirat (temp.fd, "tree", 0700), 0);
    put (temp.fd, "tree/mine", "mine");
    unpacked_t out;
    assert_int_equal (unpack_with (&options, &out), ALREADY_EXISTS);
    assert_file ("tree/mine", 0644, "mine");
}

static bool
stop (void *argument, uint64_t done_bytes, uint64_t total_bytes)
{
    (void) argument;
    assert_true (done_bytes <= total_bytes && total_bytes > 0);
    return false;
}

static void
a_cancelled_unpack_leaves_nothing (void **state)
{
    (void) state;
    fill_plain ();
    unpack_options_t stopped = options;
    stopped.progress = stop;
    unpacked_t out;
    assert_int_equal (unpack_with (&stopped, &out), CANCELLED);
    assert_int_equal (entries_in (temp.fd), 0);
}

//  In a child: limits and users cannot be taken back.
static void
in_child (void (*body) (void))
{
    fflush (NULL);
    pid_t child = fork ();
    if (!child) {
        body ();
        _exit (0);
    }
    int status;
    waitpid (child, &status, 0);
    assert_true (WIFEXITED (status));
    assert_int_equal (WEXITSTATUS (status), 0);
}

static void
unpack_with_small_files_only (void)
{
    uint64_t size;
    int fd = gzip_file_of (temp.fd, &tar, &size);
    signal (SIGXFSZ, SIG_IGN);
    struct rlimit three = {3, 3};
    setrlimit (RLIMIT_FSIZE, &three);
    unpacked_t out;
    code_t code = unpack_archive (fd, size, temp.fd, "tree", &options, &out, &refusal);
    if (code != STORAGE || strcmp (refusal.path, "bin/sub/deep") || entries_in (temp.fd))
        _exit (1);
}

static void
a_failing_write_names_the_path_and_leaves_nothing (void **state)
{
    (void) state;
    tar_file (&tar, "p/a", "abc");
    tar_file (&tar, "p/bin/sub/deep", "deep");
    tar_end (&tar);
    in_child (unpack_with_small_files_only);
}

static void
unpack_where_others_write (void)
{
    uint64_t size;
    int fd = gzip_file_of (temp.fd, &tar, &size);
    fchmod (temp.fd, 0555);
    if (!geteuid () && setuid (65534))
        _exit (2);
    unpacked_t out;
    code_t code = unpack_archive (fd, size, temp.fd, "tree", &options, &out, &refusal);
    if (code != PERMISSION_DENIED || strcmp (refusal.path, "tree"))
        _exit (1);
}

static void
no_permission_is_said_with_the_path (void **state)
{
    (void) state;
    fill_plain ();
    in_child (unpack_where_others_write);
    fchmod (temp.fd, 0700);
}

static void
errors_of_the_system_have_their_codes (void **state)
{
    (void) state;
    assert_int_equal (refusal_system (&refusal, ENOSPC, "a/b", "write"), INSUFFICIENT_DISK_SPACE);
    assert_string_equal (refusal.text, "a/b: system: cannot write: No space left on device");
    assert_int_equal (refusal_system (NULL, EDQUOT, "", "write"), INSUFFICIENT_DISK_SPACE);
    assert_int_equal (refusal_system (NULL, EIO, "", "write"), STORAGE);
    assert_int_equal (refusal_system (NULL, EACCES, "", "write"), PERMISSION_DENIED);
    assert_int_equal (refusal_system (NULL, EROFS, "", "write"), PERMISSION_DENIED);
}

typedef int (open_fn) (int dirfd, const char *path, int flags, mode_t mode);

static void
nothing_is_opened_outside_or_through_a_link (void **state)
{
    (void) state;
    open_fn *const ways [] = {beneath_open, beneath_open_by_walk};
    mkdirat (temp.fd, "in", 0700);
    put (temp.fd, "outside", "secret");
    put (temp.fd, "in/file", "text");
    int in = openat (temp.fd, "in", O_RDONLY | O_DIRECTORY);
    assert_int_equal (symlinkat ("..", in, "up"), 0);
    assert_int_equal (symlinkat ("file", in, "alias"), 0);
    assert_int_equal (symlinkat ("/", in, "root"), 0);
    mkdirat (in, "dir", 0700);
    put (in, "dir/x", "x");
    static const char *const bad [] = {"../outside", "/etc/passwd", "up/outside", "alias",
                                       "root/etc", "dir/../../outside", "nothing", "file/x"};
    for (size_t w = 0; w < COUNT_OF (ways); w++) {
        for (size_t i = 0; i < COUNT_OF (bad); i++)
            if (ways [w] (in, bad [i], O_RDONLY, 0) != -1)
                fail_msg ("%s by way %zu", bad [i], w);
        int fd = ways [w] (in, "dir/x", O_RDONLY, 0);
        assert_true (fd >= 0);
        close (fd);
    }
    close (in);
}

#define WITH_TEMP(test) cmocka_unit_test_setup_teardown (test, set_up, tear_down)

int
main (void)
{
    const struct CMUnitTest tests [] = {
        WITH_TEMP (a_plain_archive_is_unpacked_without_its_top),
        WITH_TEMP (whatever_the_umask_takes_the_modes_are_the_same),
        WITH_TEMP (in_a_directory_that_gives_its_group_the_modes_are_the_same),
        WITH_TEMP (files_lie_where_their_paths_say_in_whatever_order),
        WITH_TEMP (pax_and_gnu_names_are_taken_as_utf8),
        WITH_TEMP (what_is_not_in_one_top_directory_is_refused),
        WITH_TEMP (a_refusal_late_in_the_archive_leaves_nothing),
        WITH_TEMP (an_archive_cut_anywhere_is_refused),
        WITH_TEMP (limits_are_kept),
        WITH_TEMP (a_directory_that_is_there_already_is_not_touched),
        WITH_TEMP (a_cancelled_unpack_leaves_nothing),
        WITH_TEMP (a_failing_write_names_the_path_and_leaves_nothing),
        WITH_TEMP (no_permission_is_said_with_the_path),
        cmocka_unit_test (errors_of_the_system_have_their_codes),
        WITH_TEMP (nothing_is_opened_outside_or_through_a_link),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
