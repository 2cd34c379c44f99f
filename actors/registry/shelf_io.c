// SPDX-License-Identifier: MIT
//  Opening, locking and numbering; what is in the directory is in shelf_read_io.c and
//  shelf_write_io.c.
#include "actors/registry/shelf_self_io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LOCK_POLL_MS 20
#define NUMBER_TEXT_MAX 64

code_t
shelf_fail (shelf_t *self, code_t code, const char *format, ...)
{
    va_list args;
    va_start (args, format);
    vsnprintf (self->error, sizeof self->error, format, args);
    va_end (args);
    return code;
}

code_t
shelf_fail_disk (shelf_t *self, code_t code, const char *what)
{
    return shelf_fail (self, code, "%s/%s: %s", self->directory, what, strerror (errno));
}

const char *
shelf_error (const shelf_t *self)
{
    return self->error;
}

const char *
shelf_directory (const shelf_t *self)
{
    return self->directory;
}

//  Creates the directory with its parents.
static code_t
make_directory (const char *path)
{
    AUTO (disk_close) int start
        = open (path [0] == '/' ? "/" : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return start == -1 ? disk_code (errno) : disk_make_directories (start, path);
}

bool
shelf_is_there (const shelf_t *self)
{
    struct stat there, ours;
    return self->root != -1 && stat (self->directory, &there) == 0
           && fstat (self->root, &ours) == 0 && there.st_ino == ours.st_ino
           && there.st_dev == ours.st_dev;
}

//  (Re)opens the directory when it is not the one that our descriptor stands for.
static code_t
open_root (shelf_t *self)
{
    if (shelf_is_there (self))
        return OK;
    disk_close (&self->root);
    code_t code = self->looks ? OK : make_directory (self->directory);
    if (code != OK)
        return shelf_fail_disk (self, code, "");
    self->root = open (self->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return self->root == -1 ? shelf_fail_disk (self, disk_code (errno), "") : OK;
}

static int
lock_pid (int fd)
{
    char text [NUMBER_TEXT_MAX] = "";
    ssize_t size = pread (fd, text, sizeof text - 1, 0);
    return size > 0 ? atoi (text) : 0;
}

static void
write_pid (int fd)
{
    char text [NUMBER_TEXT_MAX];
    int size = snprintf (text, sizeof text, "%d\n", (int) getpid ());
    //  Only a hint for who waits: not worth failing for.
    if (ftruncate (fd, 0) != 0 || pwrite (fd, text, (size_t) size, 0) != size)
        return;
}

//  Flock the file that is at ".lock" now. LOCK_TIMEOUT: somebody holds it.
static code_t
try_lock (shelf_t *self, int *pid_p)
{
    code_t code = open_root (self);
    if (code != OK)
        return code;
    AUTO (disk_close) int fd
        = openat (self->root, ".lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (fd == -1)
        return shelf_fail_disk (self, disk_code (errno), ".lock");
    if (flock (fd, LOCK_EX | LOCK_NB) != 0) {
        *pid_p = lock_pid (fd);
        return LOCK_TIMEOUT;
    }
    //  The whole registry may have been removed and made anew since the open.
    struct stat there, ours;
    if (fstat (fd, &ours) != 0 || fstatat (self->root, ".lock", &there, AT_SYMLINK_NOFOLLOW) != 0
        || there.st_ino != ours.st_ino) {
        *pid_p = 0;
        return LOCK_TIMEOUT;
    }
    write_pid (fd);
    self->lock = fd;
    fd = -1;
    return OK;
}

static int64_t
now_ms (void)
{
    struct timespec now;
    clock_gettime (CLOCK_MONOTONIC, &now);
    return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

//  Tries until the time is over; at least once.
static code_t
lock_within (shelf_t *self, unsigned wait_ms, int *pid_p)
{
    int64_t end = now_ms () + wait_ms;
    for (;;) {
        code_t code = try_lock (self, pid_p);
        if (code != LOCK_TIMEOUT || now_ms () >= end)
            return code;
        poll (NULL, 0, LOCK_POLL_MS);
    }
}

static code_t
write_generation (shelf_t *self, uint64_t generation, int64_t wall_s)
{
    char text [NUMBER_TEXT_MAX];
    int size = snprintf (text, sizeof text, "%" PRIu64 " %" PRId64 "\n", generation, wall_s);
    code_t code = disk_replace (self->root, "generation",
                                (bytes_t) {(const uint8_t *) text, (size_t) size});
    return code == OK ? OK : shelf_fail_disk (self, code, "generation");
}

static code_t
create_generation (shelf_t *self)
{
    uint64_t generation;
    int64_t wall_s;
    code_t code = shelf_generation (self, &generation, &wall_s);
    if (code != OK || generation != 0)
        return code;
    struct timespec now;
    clock_gettime (CLOCK_REALTIME, &now);
    return write_generation (
        self, (uint64_t) now.tv_sec * 1000000 + (uint64_t) now.tv_nsec / 1000, now.tv_sec);
}

code_t
shelf_lock (shelf_t *self, unsigned attempts, unsigned attempt_ms, shelf_waiting_fn *waiting,
            void *arg)
{
    assert (!shelf_is_locked (self));
    if (self->looks)
        return shelf_fail (self, PERMISSION_DENIED, "%s is only looked at", self->directory);
    int pid = 0;
    code_t code = lock_within (self, 0, &pid);
    for (unsigned i = 1; i <= attempts && code == LOCK_TIMEOUT; i++) {
        if (waiting)
            waiting (arg, pid, i, attempts);
        code = lock_within (self, attempt_ms, &pid);
    }
    if (code == LOCK_TIMEOUT)
        return shelf_fail (self, code, "%s/.lock is held by pid %d, waited %u ms", self->directory,
                           pid, attempts * attempt_ms);
    if (code == OK)
        code = create_generation (self);
    if (code != OK)
        shelf_unlock (self);
    return code;
}

void
shelf_unlock (shelf_t *self)
{
    disk_close (&self->lock);
}

bool
shelf_is_locked (const shelf_t *self)
{
    return self->lock != -1;
}

//  What may be left behind, but for files of one name that the next writer replaces.
static const char *const leftovers [] = {LAYOUT_STAGES, LAYOUT_TRASH};

//  Whether there is nothing to make and nothing to remove: then opening writes nothing.
static bool
is_tidy (shelf_t *self)
{
    uint64_t generation;
    int64_t wall_s;
    if (shelf_generation (self, &generation, &wall_s) != OK || generation == 0)
        return false;
    for (size_t i = 0; i < COUNT_OF (leftovers); i++)
        if (faccessat (self->root, leftovers [i], F_OK, AT_SYMLINK_NOFOLLOW) == 0)
            return false;
    return true;
}

static code_t
open_at (shelf_t **self_p, const char *directory, bool looks)
{
    shelf_t *self = *self_p = calloc (1, sizeof *self);
    if (!self)
        return STORAGE;
    self->root = self->lock = -1;
    self->looks = looks;
    code_t code = looks ? OK : make_directory (directory);
    self->directory = code == OK ? realpath (directory, NULL) : NULL;
    if (code == OK)
        code = self->directory ? open_root (self) : disk_code (errno);
    if (code != OK)
        shelf_close (self_p);
    return code;
}

code_t
shelf_open_to_look (shelf_t **self_p, const char *directory)
{
    return open_at (self_p, directory, true);
}

code_t
shelf_open (shelf_t **self_p, const char *directory)
{
    code_t code = open_at (self_p, directory, false);
    if (code != OK || is_tidy (*self_p))
        return code;
    code = shelf_lock (*self_p, 0, 0, NULL, NULL);
    if (code == OK) {
        shelf_sweep (*self_p);
        shelf_unlock (*self_p);
    }
    if (code == OK || code == LOCK_TIMEOUT || code == PERMISSION_DENIED)
        return OK;                  //  Else somebody is writing, or we may only read
    shelf_close (self_p);
    return code;
}

code_t
shelf_open_foreign (shelf_t **self_p, const char *directory)
{
    *self_p = NULL;
    shelf_t *self = calloc (1, sizeof *self);
    if (!self)
        return STORAGE;
    self->lock = -1;
    self->root = open (directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    code_t code = self->root == -1 ? disk_code (errno) : OK;
    if (code == OK && !(self->directory = realpath (directory, NULL)))
        code = disk_code (errno);
    if (code != OK)
        shelf_close (&self);
    *self_p = self;
    return code;
}

void
shelf_close (shelf_t **self_p)
{
    shelf_t *self = *self_p;
    if (!self)
        return;
    disk_close (&self->lock);
    disk_close (&self->root);
    free (self->directory);
    free (self);
    *self_p = NULL;
}

code_t
shelf_generation (shelf_t *self, uint64_t *generation_p, int64_t *wall_s_p)
{
    *generation_p = 0;
    *wall_s_p = 0;
    uint8_t *text;
    size_t size;
    code_t code = disk_read (self->root, "generation", NUMBER_TEXT_MAX, &text, &size);
    if (code != OK)
        return shelf_fail_disk (self, code, "generation");
    //  Text that is no number counts as missing: the next writer begins anew.
    if (text && sscanf ((char *) text, "%" SCNu64 " %" SCNd64, generation_p, wall_s_p) != 2)
        *generation_p = 0, *wall_s_p = 0;
    free (text);
    return OK;
}

code_t
shelf_bump (shelf_t *self, int64_t wall_s)
{
    uint64_t generation;
    int64_t last_s;
    code_t code = shelf_generation (self, &generation, &last_s);
    return code == OK ? write_generation (self, generation + 1, wall_s) : code;
}

void
shelf_sweep (shelf_t *self)
{
    assert (shelf_is_locked (self));
    for (size_t i = 0; i < COUNT_OF (leftovers); i++)
        if (disk_remove (self->root, leftovers [i]) != OK)
            shelf_fail_disk (self, STORAGE, leftovers [i]);
}
