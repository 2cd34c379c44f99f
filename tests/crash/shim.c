// SPDX-License-Identifier: MIT
//  Preloaded into ggen (LD_PRELOAD), it counts the calls that change what is below one directory,
//  and ends the process at the k-th of them, makes it fail, or writes all of them down. Counted is
//  what would change something: mkdir of a directory that is there is not. One lock orders the calls
//  of all threads, so k means the same call as long as the threads do not race.
//
//  CRASH_HOME   the directory (absolute, no links in it)
//  CRASH_LOG    a file: one line a call, fields separated by tabs, with all data in mode "record"
//  CRASH_MODE   record; kill (before call k); torn (in the middle of call k, if it writes);
//               fail (call k fails); full (from call k on there is no room, what k writes is cut)
//  CRASH_AT     k, from 1
//  CRASH_ERRNO  of mode "fail"; calls that never have this error pass
//  CRASH_UNSYNCED  "syncfs" or "all": these calls only say that they synced. For the test that the
//               enumeration of power losses finds what is not synced
//
//  Without CRASH_HOME nothing is changed. What escapes: mmap, io_uring, children's calls, and
//  stdio but for streams of fdopen ().
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define LOG_FD 900                      //  above what ggen has open
#define STREAM_BUFFER_BYTES (4u << 20)  //  no stream of a test holds more
#define STREAM_FD_MAX 256

typedef enum { NONE, RECORD, KILL, TORN, FAIL, FULL } crash_mode_t;

//  Which errors a call can have besides EIO.
enum { ALLOCATES = 1, DENIABLE = 2, WRITES = 4 };

static struct {
    crash_mode_t mode;
    long at, count;
    int error;
    bool unsyncedfs, unsynced;          //  syncfs () does nothing; nor does fsync ()
    char home [PATH_MAX];
    size_t home_size;
    char *streams [STREAM_FD_MAX];      //  buffers of fdopen ()
} shim;

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static long (*kernel) (long, ...);      //  libc's own syscall ()

//  ---- set-up --------------------------------------------------------------------------------------

static void
set_up (void)
{
    static const char *modes [] = {"", "record", "kill", "torn", "fail", "full"};
    *(void **) &kernel = dlsym (RTLD_NEXT, "syscall");
    const char *home = getenv ("CRASH_HOME"), *log = getenv ("CRASH_LOG"),
               *mode = getenv ("CRASH_MODE"), *at = getenv ("CRASH_AT"),
               *error = getenv ("CRASH_ERRNO"), *unsynced = getenv ("CRASH_UNSYNCED");
    if (!home || !log || !mode || strlen (home) >= sizeof shim.home)
        return;
    int fd = (int) kernel (SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (fd < 0 || dup3 (fd, LOG_FD, O_CLOEXEC) < 0)
        abort ();
    kernel (SYS_close, fd);
    strcpy (shim.home, home);
    shim.home_size = strlen (home);
    shim.at = at ? atol (at) : 0;
    shim.error = error ? atoi (error) : EIO;
    shim.unsyncedfs = unsynced && strcmp (unsynced, "none") != 0;
    shim.unsynced = unsynced && strcmp (unsynced, "all") == 0;
    for (unsigned i = RECORD; i <= FULL; i++)
        if (strcmp (mode, modes [i]) == 0)
            shim.mode = (crash_mode_t) i;
}

static bool
is_on (void)
{
    pthread_once (&once, set_up);
    return shim.mode != NONE;
}

//  ---- the log -------------------------------------------------------------------------------------

static void
put (const char *text, size_t size)
{
    while (size > 0) {
        long put_size = kernel (SYS_write, LOG_FD, text, size);
        if (put_size <= 0)
            abort ();
        text += put_size;
        size -= (size_t) put_size;
    }
}

__attribute__ ((format (printf, 1, 2))) static void
say (const char *format, ...)
{
    char line [3 * PATH_MAX];
    va_list args;
    va_start (args, format);
    int size = vsnprintf (line, sizeof line, format, args);
    va_end (args);
    put (line, (size_t) size);
}

//  What was done, for the replay.
#define NOTE(...)                                                                                  \
    do {                                                                                           \
        int error_ = errno;                                                                        \
        if (shim.mode == RECORD)                                                                   \
            say (__VA_ARGS__);                                                                     \
        errno = error_;                                                                            \
    } while (0)

static void
say_hex (const uint8_t *data, size_t size)
{
    char *text = malloc (2 * size + 2);
    if (!text)
        abort ();
    for (size_t i = 0; i < size; i++) {
        text [2 * i] = "0123456789abcdef" [data [i] >> 4];
        text [2 * i + 1] = "0123456789abcdef" [data [i] & 15];
    }
    text [2 * size] = '\n';
    put (text, 2 * size + 1);
    free (text);
}

//  ---- paths ---------------------------------------------------------------------------------------

static bool
path_of_fd (int fd, char path [PATH_MAX])
{
    char link [40];
    snprintf (link, sizeof link, "/proc/self/fd/%d", fd);
    long size = kernel (SYS_readlinkat, AT_FDCWD, link, path, PATH_MAX - 1);
    path [size > 0 ? size : 0] = 0;
    return size > 0;
}

//  The name itself, in a directory without links.
static bool
path_of (int dirfd, const char *name, char path [PATH_MAX])
{
    char parent [PATH_MAX];
    int fd = -1;
    if (sscanf (name, "/proc/self/fd/%d", &fd) == 1)
        return path_of_fd (fd, path);
    if (strlen (name) >= sizeof parent)
        return false;
    strcpy (parent, name);
    for (size_t end = strlen (parent); end > 1 && parent [end - 1] == '/'; end--)
        parent [end - 1] = 0;
    char *slash = strrchr (parent, '/');
    const char *last = slash ? slash + 1 : parent, *above = slash ? parent : ".";
    char kept [NAME_MAX + 1];
    snprintf (kept, sizeof kept, "%s", last);
    if (slash)
        slash [slash == parent] = 0;
    fd = (int) kernel (SYS_openat, dirfd, above, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
    bool found = fd >= 0 && path_of_fd (fd, path);
    if (fd >= 0)
        kernel (SYS_close, fd);
    size_t used = strlen (path);
    return found && snprintf (path + used, PATH_MAX - used, "/%s", kept) < (int) (PATH_MAX - used);
}

//  The path below the home, "." for itself, NULL when it is elsewhere.
static const char *
below (const char *path)
{
    if (strncmp (path, shim.home, shim.home_size) != 0)
        return NULL;
    const char *rest = path + shim.home_size;
    return *rest == 0 ? "." : *rest == '/' ? rest + 1 : NULL;
}

static const char *
name_below (int dirfd, const char *name, char path [PATH_MAX])
{
    int error = errno;
    const char *found = is_on () && path_of (dirfd, name, path) ? below (path) : NULL;
    errno = error;
    return found;
}

static const char *
fd_below (int fd, char path [PATH_MAX])
{
    int error = errno;
    const char *found = is_on () && path_of_fd (fd, path) ? below (path) : NULL;
    errno = error;
    return found;
}

static bool
is_there (int dirfd, const char *name)
{
    struct stat info;
    int error = errno;
    bool there = fstatat (dirfd, name, &info, AT_SYMLINK_NOFOLLOW) == 0;
    errno = error;
    return there;
}

static long long
modified_ns (int fd)
{
    struct stat info;
    return fstat (fd, &info) ? 0 : info.st_mtim.tv_sec * 1000000000LL + info.st_mtim.tv_nsec;
}

//  ---- the k-th call -------------------------------------------------------------------------------

static void
die (void)
{
    kernel (SYS_kill, getpid (), SIGKILL);
    //  Who unpacks may not send signals (actors/store/sandbox_io.h), but end the process as abruptly.
    kernel (SYS_exit_group, 137);
    for (;;)
        pause ();
}

static bool
applies (unsigned kind)
{
    return shim.error == ENOSPC ? kind & ALLOCATES : shim.error == EACCES ? kind & DENIABLE : true;
}

typedef enum { GO, REFUSED, CUT } verdict_t;

//  Takes the turn; leave () gives it back. REFUSED: errno is set. CUT: write half of it.
static verdict_t
enter (const char *call, const char *path, unsigned kind)
{
    pthread_mutex_lock (&turn);
    bool now = ++shim.count == shim.at;
    if (now)
        say ("!\t%ld\t%s\t%s\n", shim.count, call, path);
    if (now && (shim.mode == KILL || (shim.mode == TORN && !(kind & WRITES))))
        die ();
    if (now && shim.mode == FAIL && applies (kind)) {
        errno = shim.error;
        return REFUSED;
    }
    if (shim.mode == FULL && shim.count >= shim.at && kind & ALLOCATES) {
        errno = ENOSPC;
        return now && kind & WRITES ? CUT : REFUSED;
    }
    return now && shim.mode == TORN ? CUT : GO;
}

static long
leave (long result)
{
    int error = errno;
    pthread_mutex_unlock (&turn);
    errno = error;
    return result;
}

//  ---- opening -------------------------------------------------------------------------------------

static int
open_changing (int dirfd, const char *name, const struct open_how *how, bool beneath)
{
    char path [PATH_MAX];
    struct stat info;
    const char *call = NULL, *at = name_below (dirfd, name, path);
    int error = errno;
    bool there = at && fstatat (dirfd, name, &info, 0) == 0;
    errno = error;
    if (at && !there && how->flags & O_CREAT)
        call = "create";
    else if (there && how->flags & O_TRUNC && S_ISREG (info.st_mode) && info.st_size > 0)
        call = "empty";
    if (call && enter (call, at, ALLOCATES | DENIABLE) == REFUSED)
        return (int) leave (-1);
    int fd = (int) (beneath ? kernel (SYS_openat2, dirfd, name, how, sizeof *how)
                            : kernel (SYS_openat, dirfd, name, (int) how->flags, (int) how->mode));
    if (!call)
        return fd;
    if (fd >= 0 && fstat (fd, &info) == 0 && fd_below (fd, path)) {
        if (*call == 'c')
            NOTE ("create\t%s\t%o\t%lld\n", below (path), info.st_mode & 07777u, modified_ns (fd));
        else
            NOTE ("size\t%s\t0\t%lld\n", below (path), modified_ns (fd));
    }
    return (int) leave (fd);
}

static int
open_any (int dirfd, const char *name, int flags, mode_t mode)
{
    pthread_once (&once, set_up);
    if (!(flags & (O_CREAT | O_TRUNC)) || (flags & O_TMPFILE) == O_TMPFILE)
        return (int) kernel (SYS_openat, dirfd, name, flags, mode);
    struct open_how how = {.flags = (unsigned) flags, .mode = flags & O_CREAT ? mode : 0};
    return open_changing (dirfd, name, &how, false);
}

#define TAKE_MODE(flags, mode)                                                                     \
    mode_t mode = 0;                                                                               \
    if ((flags) & (O_CREAT | O_TMPFILE)) {                                                         \
        va_list args_;                                                                             \
        va_start (args_, flags);                                                                   \
        mode = va_arg (args_, mode_t);                                                             \
        va_end (args_);                                                                            \
    }

int
open (const char *name, int flags, ...)
{
    TAKE_MODE (flags, mode)
    return open_any (AT_FDCWD, name, flags, mode);
}

int
open64 (const char *name, int flags, ...)
{
    TAKE_MODE (flags, mode)
    return open_any (AT_FDCWD, name, flags | O_LARGEFILE, mode);
}

int
openat (int dirfd, const char *name, int flags, ...)
{
    TAKE_MODE (flags, mode)
    return open_any (dirfd, name, flags, mode);
}

int
openat64 (int dirfd, const char *name, int flags, ...)
{
    TAKE_MODE (flags, mode)
    return open_any (dirfd, name, flags | O_LARGEFILE, mode);
}

//  ---- data ----------------------------------------------------------------------------------------

//  'offset' -1: where the file stands.
static ssize_t
write_any (int fd, const void *data, size_t size, off_t offset)
{
    char path [PATH_MAX];
    const char *at = fd_below (fd, path);
    if (!at || size == 0)
        return offset < 0 ? kernel (SYS_write, fd, data, size)
                          : kernel (SYS_pwrite64, fd, data, size, offset);
    verdict_t verdict = enter ("write", at, ALLOCATES | WRITES);
    if (verdict == REFUSED || (verdict == CUT && size < 2 && shim.mode == FULL))
        return leave (-1);
    if (verdict == CUT)
        size /= 2;
    off_t begin = offset < 0 ? lseek (fd, 0, SEEK_CUR) : offset;
    ssize_t done = offset < 0 ? kernel (SYS_write, fd, data, size)
                              : kernel (SYS_pwrite64, fd, data, size, offset);
    if (verdict == CUT && shim.mode == TORN)
        die ();
    if (done > 0 && shim.mode == RECORD) {
        say ("write\t%s\t%lld\t%lld\t", at, (long long) begin, modified_ns (fd));
        say_hex (data, (size_t) done);
    }
    return leave (done);
}

ssize_t
write (int fd, const void *data, size_t size)
{
    return write_any (fd, data, size, -1);
}

ssize_t
pwrite (int fd, const void *data, size_t size, off_t offset)
{
    return write_any (fd, data, size, offset);
}

ssize_t
pwrite64 (int fd, const void *data, size_t size, off64_t offset)
{
    return write_any (fd, data, size, offset);
}

//  One part at a time: a short write is one that callers have to bear anyway.
ssize_t
writev (int fd, const struct iovec *parts, int count)
{
    char path [PATH_MAX];
    if (!fd_below (fd, path))
        return kernel (SYS_writev, fd, parts, count);
    for (int i = 0; i < count; i++)
        if (parts [i].iov_len > 0)
            return write_any (fd, parts [i].iov_base, parts [i].iov_len, -1);
    return 0;
}

int
ftruncate (int fd, off_t size)
{
    char path [PATH_MAX];
    struct stat info;
    const char *at = fd_below (fd, path);
    if (!at || (fstat (fd, &info) == 0 && info.st_size == size))
        return (int) kernel (SYS_ftruncate, fd, size);
    if (enter ("size", at, size > info.st_size ? ALLOCATES : 0) == REFUSED)
        return (int) leave (-1);
    long done = kernel (SYS_ftruncate, fd, size);
    if (done == 0)
        NOTE ("size\t%s\t%lld\t%lld\n", at, (long long) size, modified_ns (fd));
    return (int) leave (done);
}

int
ftruncate64 (int fd, off64_t size)
{
    return ftruncate (fd, size);
}

//  libc's streams write without calling write (): ours holds all until it is flushed, here.
FILE *
fdopen (int fd, const char *mode)
{
    FILE *(*libc_fdopen) (int, const char *);
    char path [PATH_MAX];
    *(void **) &libc_fdopen = dlsym (RTLD_NEXT, "fdopen");
    FILE *stream = libc_fdopen (fd, mode);
    if (!stream || !fd_below (fd, path) || fd >= STREAM_FD_MAX || *mode == 'r')
        return stream;
    free (shim.streams [fd]);
    shim.streams [fd] = malloc (STREAM_BUFFER_BYTES);
    if (!shim.streams [fd] || setvbuf (stream, shim.streams [fd], _IOFBF, STREAM_BUFFER_BYTES))
        abort ();
    return stream;
}

static int
flush (FILE *stream)
{
    char path [PATH_MAX];
    int fd = stream ? fileno (stream) : -1;
    size_t size = fd >= 0 && fd < STREAM_FD_MAX && shim.streams [fd] && fd_below (fd, path)
                      ? __fpending (stream)
                      : 0;
    for (size_t done = 0; done < size;) {
        ssize_t part = write (fd, shim.streams [fd] + done, size - done);
        if (part < 0)
            return EOF;
        done += (size_t) part;
    }
    if (size > 0)
        __fpurge (stream);
    return 0;
}

int
fflush (FILE *stream)
{
    int (*libc_fflush) (FILE *);
    *(void **) &libc_fflush = dlsym (RTLD_NEXT, "fflush");
    return flush (stream) ? EOF : libc_fflush (stream);
}

int
fclose (FILE *stream)
{
    int (*libc_fclose) (FILE *);
    *(void **) &libc_fclose = dlsym (RTLD_NEXT, "fclose");
    int flushed = flush (stream);
    if (flushed)
        __fpurge (stream);
    return libc_fclose (stream) || flushed ? EOF : 0;
}

//  ---- names ---------------------------------------------------------------------------------------

int
mkdirat (int dirfd, const char *name, mode_t mode)
{
    char path [PATH_MAX];
    struct stat info;
    const char *at = name_below (dirfd, name, path);
    if (!at || is_there (dirfd, name))
        return (int) kernel (SYS_mkdirat, dirfd, name, mode);
    if (enter ("mkdir", at, ALLOCATES | DENIABLE) == REFUSED)
        return (int) leave (-1);
    long done = kernel (SYS_mkdirat, dirfd, name, mode);
    if (done == 0 && fstatat (dirfd, name, &info, AT_SYMLINK_NOFOLLOW) == 0)
        NOTE ("mkdir\t%s\t%o\n", at, info.st_mode & 07777u);
    return (int) leave (done);
}

int
mkdir (const char *name, mode_t mode)
{
    pthread_once (&once, set_up);
    return mkdirat (AT_FDCWD, name, mode);
}

int
symlinkat (const char *target, int dirfd, const char *name)
{
    char path [PATH_MAX];
    const char *at = name_below (dirfd, name, path);
    if (!at || is_there (dirfd, name))
        return (int) kernel (SYS_symlinkat, target, dirfd, name);
    if (enter ("symlink", at, ALLOCATES | DENIABLE) == REFUSED)
        return (int) leave (-1);
    long done = kernel (SYS_symlinkat, target, dirfd, name);
    if (done == 0)
        NOTE ("symlink\t%s\t%s\n", at, target);
    return (int) leave (done);
}

int
symlink (const char *target, const char *name)
{
    return symlinkat (target, AT_FDCWD, name);
}

//  A file from elsewhere comes with its bytes.
static void
note_link (const char *from, const char *to)
{
    int fd = below (from) ? -1 : (int) kernel (SYS_openat, AT_FDCWD, from, O_RDONLY, 0);
    struct stat info;
    if (shim.mode != RECORD || fd < 0 || fstat (fd, &info) != 0) {
        NOTE ("link\t%s\t%s\n", below (from) ? below (from) : "", to);
    }
    else {
        uint8_t *data = malloc ((size_t) info.st_size + 1);
        if (!data || read (fd, data, (size_t) info.st_size) != info.st_size)
            abort ();
        say ("bring\t%s\t%o\t%lld\t", to, info.st_mode & 07777u, modified_ns (fd));
        say_hex (data, (size_t) info.st_size);
        free (data);
    }
    if (fd >= 0)
        kernel (SYS_close, fd);
}

int
linkat (int from_fd, const char *from, int to_fd, const char *to, int flags)
{
    char source [PATH_MAX], path [PATH_MAX];
    const char *at = name_below (to_fd, to, path);
    if (!at || is_there (to_fd, to) || !path_of (from_fd, from, source))
        return (int) kernel (SYS_linkat, from_fd, from, to_fd, to, flags);
    if (enter ("link", at, ALLOCATES | DENIABLE) == REFUSED)
        return (int) leave (-1);
    long done = kernel (SYS_linkat, from_fd, from, to_fd, to, flags);
    if (done == 0)
        note_link (source, at);
    return (int) leave (done);
}

int
link (const char *from, const char *to)
{
    return linkat (AT_FDCWD, from, AT_FDCWD, to, 0);
}

int
renameat2 (int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
    char source [PATH_MAX], path [PATH_MAX];
    const char *at = name_below (to_fd, to, path), *old = name_below (from_fd, from, source);
    if (!at || !old || !is_there (from_fd, from))
        return (int) kernel (SYS_renameat2, from_fd, from, to_fd, to, flags);
    if (enter ("rename", at, ALLOCATES | DENIABLE) == REFUSED)
        return (int) leave (-1);
    long done = kernel (SYS_renameat2, from_fd, from, to_fd, to, flags);
    if (done == 0)
        NOTE ("rename\t%s\t%s\t%u\n", old, at, flags);
    return (int) leave (done);
}

int
renameat (int from_fd, const char *from, int to_fd, const char *to)
{
    return renameat2 (from_fd, from, to_fd, to, 0);
}

int
rename (const char *from, const char *to)
{
    return renameat2 (AT_FDCWD, from, AT_FDCWD, to, 0);
}

int
unlinkat (int dirfd, const char *name, int flags)
{
    char path [PATH_MAX];
    struct stat info;
    int error = errno;
    const char *at = name_below (dirfd, name, path);
    bool changes = at && fstatat (dirfd, name, &info, AT_SYMLINK_NOFOLLOW) == 0
                   && S_ISDIR (info.st_mode) == !!(flags & AT_REMOVEDIR);
    errno = error;
    if (!changes)
        return (int) kernel (SYS_unlinkat, dirfd, name, flags);
    if (enter ("unlink", at, DENIABLE) == REFUSED)
        return (int) leave (-1);
    long done = kernel (SYS_unlinkat, dirfd, name, flags);
    if (done == 0)
        NOTE ("unlink\t%s\n", at);
    return (int) leave (done);
}

int
unlink (const char *name)
{
    return unlinkat (AT_FDCWD, name, 0);
}

int
rmdir (const char *name)
{
    return unlinkat (AT_FDCWD, name, AT_REMOVEDIR);
}

//  ---- modes ---------------------------------------------------------------------------------------

int
fchmod (int fd, mode_t mode)
{
    char path [PATH_MAX];
    struct stat info;
    const char *at = fd_below (fd, path);
    if (!at || (fstat (fd, &info) == 0 && (info.st_mode & 07777u) == mode))
        return (int) kernel (SYS_fchmod, fd, mode);
    if (enter ("mode", at, DENIABLE) == REFUSED)
        return (int) leave (-1);
    long done = kernel (SYS_fchmod, fd, mode);
    if (done == 0)
        NOTE ("mode\t%s\t%o\n", at, mode);
    return (int) leave (done);
}

int
fchmodat (int dirfd, const char *name, mode_t mode, int flags)
{
    char path [PATH_MAX];
    const char *at = name_below (dirfd, name, path);
    (void) flags;           //  The kernel's call has none, and ggen needs none
    if (!at)
        return (int) kernel (SYS_fchmodat, dirfd, name, mode);
    if (enter ("mode", at, DENIABLE) == REFUSED)
        return (int) leave (-1);
    long done = kernel (SYS_fchmodat, dirfd, name, mode);
    if (done == 0)
        NOTE ("mode\t%s\t%o\n", at, mode);
    return (int) leave (done);
}

//  ---- syncing -------------------------------------------------------------------------------------

static int
sync_any (long number, int fd, const char *call)
{
    char path [PATH_MAX];
    const char *at = fd_below (fd, path);
    if (!at)
        return (int) kernel (number, fd);
    if (enter (call, at, 0) == REFUSED)
        return (int) leave (-1);
    bool skipped = number == SYS_syncfs ? shim.unsyncedfs : shim.unsynced;
    long done = skipped ? 0 : kernel (number, fd);
    if (done == 0 && !skipped)
        NOTE ("%s\t%s\n", call, at);
    return (int) leave (done);
}

int
fsync (int fd)
{
    return sync_any (SYS_fsync, fd, "sync");
}

int
fdatasync (int fd)
{
    return sync_any (SYS_fdatasync, fd, "sync");
}

int
syncfs (int fd)
{
    return sync_any (SYS_syncfs, fd, "syncall");
}

//  ---- by number -----------------------------------------------------------------------------------

long
syscall (long number, ...)
{
    long a [6];
    va_list args;
    va_start (args, number);
    for (int i = 0; i < 6; i++)
        a [i] = va_arg (args, long);
    va_end (args);
    pthread_once (&once, set_up);
    const struct open_how *how = (const struct open_how *) a [2];
    if (number == SYS_openat2 && how->flags & (O_CREAT | O_TRUNC))
        return open_changing ((int) a [0], (const char *) a [1], how, true);
    if (number == SYS_renameat2)
        return renameat2 ((int) a [0], (const char *) a [1], (int) a [2], (const char *) a [3],
                          (unsigned) a [4]);
    return kernel (number, a [0], a [1], a [2], a [3], a [4], a [5]);
}
