// SPDX-License-Identifier: MIT
//  What code that unpacks could do to files outside of the tree that it fills: nothing, where the
//  kernel has Landlock. The code is the function that is told of the progress.
#include "store_fixture.h"
#include "actors/store/sandbox_io.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

static temp_t temp;

typedef struct {
    unsigned calls;
    //  errno of each
    int create, write, truncate, unlink, mkdir, rmdir, rename, link, symlink, execute, socket, kill;
    bool inside, read;
} attempts_t;

static int
error_of (int result)
{
    return result == -1 ? errno : 0;
}

static int
error_of_open (const char *path, int flags)
{
    int fd = openat (temp.fd, path, flags | O_CLOEXEC, 0600);
    int error = error_of (fd);
    if (fd != -1)
        close (fd);
    return error;
}

static bool
try_everything (void *self_, uint64_t done, uint64_t total)
{
    (void) done, (void) total;
    attempts_t *self = self_;
    if (self->calls++)
        return true;
    self->create = error_of_open ("new", O_WRONLY | O_CREAT | O_EXCL);
    self->write = error_of_open ("outside", O_WRONLY);
    self->truncate = error_of_open ("outside", O_WRONLY | O_TRUNC);
    self->unlink = error_of (unlinkat (temp.fd, "outside", 0));
    self->mkdir = error_of (mkdirat (temp.fd, "new", 0700));
    self->rmdir = error_of (unlinkat (temp.fd, "empty", AT_REMOVEDIR));
    self->rename = error_of (renameat (temp.fd, "outside", temp.fd, "new"));
    self->link = error_of (linkat (temp.fd, "outside", temp.fd, "tree/link", 0));
    self->symlink = error_of (symlinkat ("outside", temp.fd, "tree/symlink"));
    char *const words [] = {"true", NULL}, *const nothing [] = {NULL};
    self->execute = error_of (execve ("/bin/true", words, nothing));
    self->socket = error_of (socket (AF_INET, SOCK_STREAM, 0));
    self->kill = error_of (kill (getpid (), 0));
    self->inside = error_of_open ("tree/inside", O_WRONLY | O_CREAT | O_EXCL) == 0
                   && unlinkat (temp.fd, "tree/inside", 0) == 0;
    self->read = error_of_open ("outside", O_RDONLY) == 0;
    return true;
}

static void
unpack (attempts_t *attempts)
{
    static tar_t tar;
    tar.size = 0;
    tar_file (&tar, "p/a", "abc");
    tar_end (&tar);
    uint64_t size;
    int fd = gzip_file_of (temp.fd, &tar, &size);
    const unpack_options_t options = {.limits = ARCHIVE_LIMITS_DEFAULT,
                                      .progress = try_everything, .argument = attempts};
    unpacked_t out;
    refusal_t refusal;
    if (unpack_archive (fd, size, temp.fd, "tree", &options, &out, &refusal))
        fail_msg ("%s", refusal.text);
    assert_int_equal (out.files_count, 1);
    unpacked_done (&out);
    close (fd);
}

static void
no_file_outside_of_the_tree_can_be_changed_while_it_is_filled (void **state)
{
    (void) state;
    if (!sandbox_available ()) {
        print_message ("# this kernel has no Landlock: NOT TESTED that unpacking is walled in\n");
        skip ();
    }
    put (temp.fd, "outside", "whole");
    assert_int_equal (mkdirat (temp.fd, "empty", 0700), 0);
    attempts_t attempts = {0};
    unpack (&attempts);
    assert_true (attempts.calls > 0);
    assert_int_equal (attempts.create, EACCES);
    assert_int_equal (attempts.write, EACCES);
    assert_int_equal (attempts.truncate, EACCES);
    assert_int_equal (attempts.unlink, EACCES);
    assert_int_equal (attempts.mkdir, EACCES);
    assert_int_equal (attempts.rmdir, EACCES);
    assert_int_equal (attempts.rename, EACCES);
    //  A link into another directory needs more than the right to make one: EXDEV before version 2
    assert_true (attempts.link == EACCES || attempts.link == EXDEV);
    assert_int_equal (attempts.symlink, EACCES);
    assert_true (attempts.execute == EACCES || attempts.execute == EPERM);
    assert_true (attempts.inside && attempts.read);
}

static bool
has_seccomp (void)
{
    FILE *file = fopen ("/proc/sys/kernel/seccomp/actions_avail", "r");
    char text [200] = "";
    bool has = file && fgets (text, sizeof text, file) && strstr (text, "errno");
    if (file)
        fclose (file);
    return has;
}

static void
who_unpacks_reaches_nobody_and_starts_nothing (void **state)
{
    (void) state;
    if (!has_seccomp ()) {
        print_message ("# this kernel has no seccomp: NOT TESTED that unpacking reaches nobody\n");
        skip ();
    }
    attempts_t attempts = {0};
    unpack (&attempts);
    assert_int_equal (attempts.socket, EPERM);
    assert_int_equal (attempts.kill, EPERM);
    assert_int_equal (attempts.execute, EPERM);
}

static void
who_unpacks_is_as_free_as_before (void **state)
{
    (void) state;
    attempts_t attempts = {.calls = 1};     //  It tries nothing
    unpack (&attempts);
    assert_int_equal (error_of_open ("new", O_WRONLY | O_CREAT | O_EXCL), 0);
    int one = socket (AF_INET, SOCK_STREAM, 0);
    assert_true (one != -1);
    close (one);
    pid_t child = fork ();
    if (child == 0) {
        execl ("/bin/true", "true", (char *) NULL);
        _exit (1);
    }
    int status;
    assert_int_equal (waitpid (child, &status, 0), child);
    assert_int_equal (status, 0);
}

static code_t
return_what_is_asked (void *argument)
{
    return *(code_t *) argument;
}

static void
the_code_of_the_work_comes_back (void **state)
{
    (void) state;
    for (code_t asked = OK; asked <= FATAL; asked++) {
        code_t code;
        assert_int_equal (sandbox_run (temp.fd, return_what_is_asked, &asked, &code), OK);
        assert_int_equal (code, asked);
    }
}

static void
what_is_no_directory_of_a_disk_does_not_keep_the_work_from_being_done (void **state)
{
    (void) state;
    code_t asked = STORAGE, code;
    assert_int_equal (sandbox_run (-1, return_what_is_asked, &asked, &code), OK);
    assert_int_equal (code, STORAGE);
}

//  ---- a series --------------------------------------------------------------------------------------

typedef struct {
    int socket, create;
    attempts_t first, second;
} series_t;

static code_t
unpack_two (void *self_)
{
    series_t *self = self_;
    self->socket = error_of (socket (AF_INET, SOCK_STREAM, 0));
    self->create = error_of_open ("made", O_WRONLY | O_CREAT | O_EXCL);
    unpack (&self->first);
    assert_int_equal (renameat (temp.fd, "tree", temp.fd, "earlier"), 0);
    unpack (&self->second);
    return OK;
}

static void
in_a_series_each_unpacking_is_walled_in_by_itself (void **state)
{
    (void) state;
    if (!sandbox_available () || !has_seccomp ()) {
        print_message ("# this kernel has no Landlock or seccomp: NOT TESTED that series have walls\n");
        skip ();
    }
    series_t series = {0};
    code_t code;
    put (temp.fd, "outside", "whole");
    assert_int_equal (sandbox_series (unpack_two, &series, &code), OK);
    assert_int_equal (code, OK);
    assert_int_equal (series.socket, EPERM);
    assert_int_equal (series.create, 0);
    const attempts_t *each [] = {&series.first, &series.second};
    for (unsigned i = 0; i < COUNT_OF (each); i++) {
        assert_int_equal (each [i]->write, EACCES);
        assert_int_equal (each [i]->mkdir, EACCES);
        assert_int_equal (each [i]->socket, EPERM);
        assert_int_equal (each [i]->kill, EPERM);
        assert_true (each [i]->inside && each [i]->read);
    }
    //  And who asked for it is as free as before.
    int one = socket (AF_INET, SOCK_STREAM, 0);
    assert_true (one != -1);
    close (one);
}

static int
set_up (void **state)
{
    (void) state;
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

#define TEST(name) cmocka_unit_test_setup_teardown (name, set_up, tear_down)

int
main (void)
{
    const struct CMUnitTest tests [] = {
        TEST (no_file_outside_of_the_tree_can_be_changed_while_it_is_filled),
        TEST (who_unpacks_reaches_nobody_and_starts_nothing),
        TEST (who_unpacks_is_as_free_as_before),
        TEST (the_code_of_the_work_comes_back),
        TEST (in_a_series_each_unpacking_is_walled_in_by_itself),
        TEST (what_is_no_directory_of_a_disk_does_not_keep_the_work_from_being_done),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
