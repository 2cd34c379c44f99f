// SPDX-License-Identifier: MIT
#include "blob_held_io.h"

#include "sha256_io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void
held_path (const blob_store_t *self, const digest_t *digest, char path[BLOB_PATH_MAX])
{
    char hex[DIGEST_HEX_SIZE + 1];
    digest_to_hex (digest, hex);
    snprintf (path, BLOB_PATH_MAX, "%s/held/%.2s/%s", blob_store_directory (self), hex, hex);
}

//  Have the directory that a file is to be in.
static code_t
make_parent (char *path, blob_failure_t *failure)
{
    char *slash = strrchr (path, '/');
    *slash = 0;
    code_t code = blob_store_make_directories (path, failure);
    *slash = '/';
    return code;
}

static bool
is_file (const char *path)
{
    struct stat info;
    return lstat (path, &info) == 0 && S_ISREG (info.st_mode);
}

code_t
blob_held_take (blob_store_t *self, const char *file, const digest_t *digest, bool held,
                char path[BLOB_PATH_MAX], blob_stamp_t *stamp_p, blob_failure_t *failure)
{
    struct stat info;
    if (held)
        held_path (self, digest, path);
    else
        blob_store_path (self, digest, path);
    code_t code = make_parent (path, failure);
    if (code)
        return code;
    if (rename (file, path) != 0)
        return blob_store_fail_errno (failure, path);
    if (!held && blob_store_use (self, digest, stamp_p))
        return OK;
    return held && lstat (path, &info) == 0 ? OK
                                            : blob_store_fail (failure, STORAGE, path, "vanished");
}

code_t
blob_held_add (blob_store_t *self, const digest_t *digest, blob_failure_t *failure)
{
    char blob[BLOB_PATH_MAX], held[BLOB_PATH_MAX];
    blob_store_path (self, digest, blob);
    held_path (self, digest, held);
    if (is_file (held))
        return OK;
    if (!is_file (blob))
        return blob_store_fail (failure, PACKAGE_NOT_FOUND, blob, "there is no such blob");
    code_t code = make_parent (held, failure);
    if (code)
        return code;
    return link (blob, held) == 0 || errno == EEXIST ? OK : blob_store_fail_errno (failure, held);
}

code_t
blob_held_release (const blob_store_t *self, const digest_t *digest, blob_failure_t *failure)
{
    char held[BLOB_PATH_MAX];
    held_path (self, digest, held);
    return unlink (held) == 0 || errno == ENOENT || errno == ENOTDIR
               ? OK
               : blob_store_fail_errno (failure, held);
}

bool
blob_held_restore (blob_store_t *self, const digest_t *digest)
{
    char blob[BLOB_PATH_MAX], held[BLOB_PATH_MAX];
    blob_failure_t failure;
    blob_store_path (self, digest, blob);
    held_path (self, digest, held);
    if (is_file (blob))
        return true;
    return is_file (held) && make_parent (blob, &failure) == OK
           && (link (held, blob) == 0 || errno == EEXIST);
}

int
blob_held_read (const blob_store_t *self, const digest_t *digest, blob_failure_t *failure)
{
    char path[BLOB_PATH_MAX];
    const int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
    failure->code = OK;
    held_path (self, digest, path);
    int file = open (path, flags);
    if (file >= 0 || (errno != ENOENT && errno != ENOTDIR)) {
        if (file < 0)
            blob_store_fail_errno (failure, path);
        return file;
    }
    blob_store_path (self, digest, path);
    file = open (path, flags);
    if (file < 0 && errno != ENOENT && errno != ENOTDIR)
        blob_store_fail_errno (failure, path);
    return file;
}
