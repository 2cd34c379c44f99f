// SPDX-License-Identifier: MIT
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const names[] = {"trace", "debug", "info", "warn", "error"};
static _Atomic int least = LEVEL_WARN;

//  The file that stderr is; NULL: it is whatever the process was started with. Set once.
static struct {
    char *path;
    uint64_t bytes_max;
    _Atomic uint64_t bytes;         //  written since it was looked at last
    pthread_mutex_t turning;
} file = {.turning = PTHREAD_MUTEX_INITIALIZER};

void
log_set_level (log_level_t level)
{
    atomic_store (&least, (int) level);
}

bool
log_level_parse (const char *text, log_level_t *level_p)
{
    for (unsigned i = 0; i < COUNT_OF (names); i++)
        if (strcmp (text, names[i]) == 0) {
            *level_p = (log_level_t) i;
            return true;
        }
    return false;
}

//  ---- to a file -----------------------------------------------------------------------------------

//  Make 'path' stderr. Other threads write meanwhile: to the one or to the other.
static code_t
open_file (const char *path)
{
    int opened = open (path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (opened < 0)
        return STORAGE;
    code_t code = dup2 (opened, STDERR_FILENO) < 0 ? STORAGE : OK;
    close (opened);
    return code;
}

//  What else writes to stderr was not counted, so its size is asked for.
static uint64_t
size_of_file (void)
{
    struct stat info;
    return fstat (STDERR_FILENO, &info) == 0 && info.st_size > 0 ? (uint64_t) info.st_size : 0;
}

static void
turn (void)
{
    char former[4096 + 64];
    if (pthread_mutex_trylock (&file.turning) != 0)
        return;
    if (size_of_file () >= file.bytes_max) {
        snprintf (former, sizeof former, "%s.1", file.path);
        if (rename (file.path, former) == 0 && open_file (file.path) != OK)
            (void) !rename (former, file.path);
    }
    atomic_store (&file.bytes, size_of_file ());
    pthread_mutex_unlock (&file.turning);
}

code_t
log_to_file (const char *path, uint64_t bytes_max)
{
    char *copy = strdup (path);
    if (!copy)
        return STORAGE;
    if (open_file (path) != OK) {
        int reason = errno;
        free (copy);
        errno = reason;
        return STORAGE;
    }
    file.bytes_max = bytes_max;
    atomic_store (&file.bytes, size_of_file ());
    free (file.path);
    file.path = copy;
    return OK;
}

void
log_line (log_level_t level, const char *event, const char *format, ...)
{
    if ((int) level < atomic_load_explicit (&least, memory_order_relaxed))
        return;
    char line[1024];
    int size = snprintf (line, sizeof line, "%s %s ", names[level], event);
    va_list args;
    va_start (args, format);
    int more = vsnprintf (line + size, 1000 - (size_t) size, format, args);
    va_end (args);
    size = more < 0 ? size : size + more;
    if (size > 999)
        size = 999;
    for (int i = 0; i < size; i++)
        if ((unsigned char) line[i] < 0x20 || line[i] == 0x7F)
            line[i] = '?';
    line[size++] = '\n';
    //  One write a line, so that lines of several threads do not mix. Nothing to do if it fails.
    ssize_t written = write (STDERR_FILENO, line, (size_t) size);
    if (written > 0 && file.path
        && atomic_fetch_add (&file.bytes, (uint64_t) written) + (uint64_t) written
               >= file.bytes_max)
        turn ();
}
