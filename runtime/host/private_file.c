// SPDX-License-Identifier: MIT
#include "private_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

code_t
private_file_explain (const char *path, char *why, size_t why_size)
{
    int reason = errno;
    snprintf (why, why_size, "%s: %s", path, strerror (reason));
    switch (reason) {
    case EACCES:
    case EPERM:
    case EROFS:
        return PERMISSION_DENIED;
    case EEXIST:
        return ALREADY_EXISTS;
    case ENOSPC:
    case EDQUOT:
        return INSUFFICIENT_DISK_SPACE;
    default:
        return STORAGE;
    }
}

const char *
private_file_hint (code_t code)
{
    switch (code) {
    case INSUFFICIENT_DISK_SPACE:
        return "free some space on the disk";
    case PERMISSION_DENIED:
        return "check who owns the directory and the file";
    case STORAGE:
        return "if the disk fails, the system's log tells more";
    default:
        return "";
    }
}

code_t
private_file_make_dir (const char *path, char *why, size_t why_size)
{
    char dir[PRIVATE_PATH_MAX];
    if (strlen (path) >= sizeof dir) {
        snprintf (why, why_size, "a path of %zu bytes is too long", strlen (path));
        return VALIDATION;
    }
    strcpy (dir, path);
    for (char *slash = strchr (dir + 1, '/'); slash; slash = strchr (slash + 1, '/')) {
        *slash = 0;
        struct stat info;
        bool made = mkdir (dir, 0700) == 0;
        if (!made && (errno != EEXIST || stat (dir, &info) != 0))
            return private_file_explain (dir, why, why_size);
        //  What is durable inside it is lost with the name of the directory itself.
        code_t code = made ? private_file_sync_dir (dir, why, why_size) : OK;
        if (code)
            return code;
        *slash = '/';
    }
    return OK;
}

static bool
write_all (int file, bytes_t content)
{
    size_t done = 0;
    while (done < content.size) {
        ssize_t size = write (file, content.data + done, content.size - done);
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0)
            return false;
        done += (size_t) size;
    }
    return true;
}

code_t
private_file_create (const char *path, bytes_t content, char *why, size_t why_size)
{
    int file = open (path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (file < 0)
        return private_file_explain (path, why, why_size);
    code_t code = OK;
    //  A umask only takes bits away: it may have taken the owner's.
    if (fchmod (file, 0600) != 0 || !write_all (file, content) || fsync (file) != 0)
        code = private_file_explain (path, why, why_size);
    if (close (file) != 0 && code == OK)
        code = private_file_explain (path, why, why_size);
    if (code == OK)
        code = private_file_sync_dir (path, why, why_size);
    if (code)
        unlink (path);
    return code;
}

code_t
private_file_sync_dir (const char *path, char *why, size_t why_size)
{
    char dir[PRIVATE_PATH_MAX];
    const char *slash = strrchr (path, '/');
    snprintf (dir, sizeof dir, "%.*s", slash && slash != path ? (int) (slash - path) : 1,
              slash ? path : ".");
    int file = open (dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file < 0)
        return private_file_explain (dir, why, why_size);
    code_t code = fsync (file) == 0 ? OK : private_file_explain (dir, why, why_size);
    close (file);
    return code;
}
