// SPDX-License-Identifier: MIT
#include "blob_scan_io.h"

#include "digest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define SCAN_PATH_MAX 4096

static void
close_directory (DIR **directory_p)
{
    if (*directory_p)
        closedir (*directory_p);
}

//  ---- tmp/ --------------------------------------------------------------------------------------

static void
empty (int tmp)
{
    //  Of a descriptor of its own: closedir closes it.
    int copy = dup (tmp);
    AUTO (close_directory) DIR *directory = copy < 0 ? NULL : fdopendir (copy);
    if (!directory && copy >= 0)
        close (copy);
    for (struct dirent *entry; directory && (entry = readdir (directory));)
        if (entry->d_name[0] != '.')
            unlinkat (tmp, entry->d_name, 0);
}

int
blob_sweep (const char *directory)
{
    char path[SCAN_PATH_MAX];
    snprintf (path, sizeof path, "%s/tmp", directory);
    int tmp = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (tmp < 0)
        return -1;
    int lock = openat (tmp, ".lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock >= 0 && flock (lock, LOCK_EX | LOCK_NB) == 0)
        empty (tmp);
    close (tmp);
    //  Others who sweep are done in milliseconds, and none of them found anything of ours.
    while (lock >= 0 && flock (lock, LOCK_SH) != 0)
        if (errno != EINTR) {
            close (lock);
            lock = -1;
        }
    return lock;
}

//  ---- blobs/ ------------------------------------------------------------------------------------

typedef struct {
    Ggen__BlobListReply *reply;
    size_t room;                //  of reply->blobs
    size_t blobs_max;
} scan_t;

static bool
make_room (scan_t *self)
{
    if (self->reply->n_blobs < self->room)
        return true;
    size_t room = self->room ? 2 * self->room : 64;
    Ggen__BlobEntry **blobs = reallocarray (self->reply->blobs, room, sizeof *blobs);
    if (!blobs)
        return false;
    self->reply->blobs = blobs;
    self->room = room;
    return true;
}

//  Returns false when memory is short.
static bool
add (scan_t *self, const digest_t *digest, const struct stat *info)
{
    Ggen__BlobEntry *entry = make_room (self) ? malloc (sizeof *entry) : NULL;
    uint8_t *bytes = entry ? malloc (DIGEST_SIZE) : NULL;
    if (!bytes) {
        free (entry);
        return false;
    }
    ggen__blob_entry__init (entry);
    memcpy (bytes, digest->bytes, DIGEST_SIZE);
    entry->sha256 = (ProtobufCBinaryData) {DIGEST_SIZE, bytes};
    entry->size_bytes = (uint64_t) info->st_size;
    entry->used_at = info->st_atim.tv_sec;
    self->reply->blobs[self->reply->n_blobs++] = entry;
    return true;
}

//  One of the 256 directories; what is no blob in it is not ours to touch.
static bool
scan_directory (scan_t *self, const char *path)
{
    AUTO (close_directory) DIR *directory = opendir (path);
    struct dirent *entry;
    while (directory && self->reply->n_blobs < self->blobs_max && (entry = readdir (directory))) {
        digest_t digest;
        struct stat info;
        if (digest_from_hex (&digest, entry->d_name) != OK
            || memcmp (entry->d_name, path + strlen (path) - 2, 2) != 0
            || fstatat (dirfd (directory), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0
            || !S_ISREG (info.st_mode))
            continue;
        if (!add (self, &digest, &info))
            return false;
    }
    return true;
}

Ggen__BlobListReply *
blob_scan (const char *directory, size_t blobs_max)
{
    Ggen__BlobListReply *reply = malloc (sizeof *reply);
    if (!reply)
        return NULL;
    ggen__blob_list_reply__init (reply);
    scan_t self = {.reply = reply, .blobs_max = blobs_max};
    for (unsigned i = 0; i < 256; i++) {
        char path[SCAN_PATH_MAX];
        snprintf (path, sizeof path, "%s/blobs/%02x", directory, i);
        if (!scan_directory (&self, path)) {
            ggen__blob_list_reply__free_unpacked (reply, NULL);
            return NULL;
        }
    }
    return reply;
}
