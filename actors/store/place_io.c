// SPDX-License-Identifier: MIT
#include "place_io.h"

#include "beneath_io.h"
#include "stamps_io.h"
#include "tree_io.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

//  The text of the longest file list of ours: entries times a long line.
#define FILE_LIST_TEXT_MAX (64u << 20)

static code_t
open_dir (int dirfd, const char *name, bool create, int *fd_p, const char *path,
          refusal_t *refusal)
{
    if (create && mkdirat (dirfd, name, 0755) != 0 && errno != EEXIST)
        return refusal_system (refusal, errno, path, "create directory");
    *fd_p = openat (dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*fd_p < 0 && (create || errno != ENOENT))
        return refusal_system (refusal, errno, path, "open directory");
    return OK;
}

//  The directory 'path' and those above it.
static code_t
make_path (const char *path, bool *made_p, refusal_t *refusal)
{
    char part [PLACE_PATH_MAX];
    strcpy (part, path);
    for (char *slash = strchr (part + 1, '/');; slash = strchr (slash + 1, '/')) {
        if (slash)
            *slash = 0;
        *made_p = mkdir (part, 0755) == 0;
        if (!*made_p && errno != EEXIST)
            return refusal_system (refusal, errno, part, "create directory");
        if (!slash)
            return OK;
        *slash = '/';
    }
}

static code_t
open_base (place_t *self, bool create, refusal_t *refusal)
{
    code_t code = OK;
    if (*self->target && create)
        code = make_path (self->target, &self->made_target, refusal);
    if (code == OK)
        code = open_dir (AT_FDCWD, self->base, create, &self->base_fd, self->base, refusal);
    if (code == OK && self->base_fd >= 0)
        code = open_dir (self->base_fd, "store", create, &self->store_fd, "store", refusal);
    if (code == OK && self->base_fd >= 0)
        code = open_dir (self->base_fd, "generations", create, &self->generations_fd,
                         "generations", refusal);
    return code;
}

code_t
place_open (place_t *self, const char *home, const char *root, bool create, refusal_t *refusal)
{
    memset (self, 0, sizeof *self);
    self->base_fd = self->store_fd = self->generations_fd = -1;
    bool target = *root && strcmp (root, home) != 0;
    if (strlen (root) + sizeof "/.ggen" > sizeof self->base || strlen (home) >= sizeof self->base)
        return refusal_set (refusal, REFUSED_LIMITS, root, strlen (root), "the path is too long");
    if (target) {
        strcpy (self->target, root);
        snprintf (self->base, sizeof self->base, "%s/.ggen", root);
    }
    else
        strcpy (self->base, home);
    self->link = target ? "current" : "packages";
    code_t code = open_base (self, create, refusal);
    if (code)
        place_close (self);
    return code;
}

void
place_close (place_t *self)
{
    if (self->generations_fd >= 0)
        close (self->generations_fd);
    if (self->store_fd >= 0)
        close (self->store_fd);
    if (self->base_fd >= 0)
        close (self->base_fd);
    self->base_fd = self->store_fd = self->generations_fd = -1;
}

void
place_tidy (const place_t *self)
{
    if (!*self->target || self->base_fd < 0)
        return;
    //  Only empty directories go: of these failures none matters.
    unlinkat (self->base_fd, "generations", AT_REMOVEDIR);
    unlinkat (self->base_fd, "store", AT_REMOVEDIR);
    rmdir (self->base);
    if (self->made_target)
        rmdir (self->target);
}

static bool
parse_generation (const char *text, uint64_t *generation_p)
{
    if (!isdigit ((unsigned char) *text) || *text == '0')
        return false;
    char *end;
    errno = 0;
    *generation_p = strtoull (text, &end, 10);
    return errno == 0 && *end == 0;
}

code_t
place_current (const place_t *self, uint64_t *generation_p, refusal_t *refusal)
{
    *generation_p = 0;
    char text [64];
    ssize_t size = self->base_fd < 0 ? -1 : readlinkat (self->base_fd, self->link, text, 63);
    if (size < 0 && (self->base_fd < 0 || errno == ENOENT))
        return OK;
    if (size < 0 && errno == EINVAL && !*self->target)
        return OK;      //  A directory of before generations: commit_io adopts it
    if (size < 0 && errno == EINVAL) {
        code_t code = refusal_system (refusal, EEXIST, self->link, "read link");
        if (refusal)
            snprintf (refusal->text, sizeof refusal->text,
                      "%.400s/%s is a directory that ggen did not make", self->base, self->link);
        return code;
    }
    if (size < 0)
        return refusal_system (refusal, errno, self->link, "read link");
    text [size] = 0;
    static const char prefix [] = "generations/";
    if (strcmp (text, PLACE_ADOPTED_LINK) == 0)
        return OK;      //  Back to what was there before (adopt_io.h)
    if (strncmp (text, prefix, sizeof prefix - 1) != 0
        || !parse_generation (text + sizeof prefix - 1, generation_p))
        return refusal_set (refusal, REFUSED_MALFORMED, self->link, strlen (self->link),
                            "it links to '%s', which is no generation", text);
    return OK;
}

code_t
place_read_file (int dirfd, const char *name, size_t size_max, char **data_p, size_t *size_p,
                 refusal_t *refusal)
{
    *data_p = NULL;
    int fd = beneath_open (dirfd, name, O_RDONLY, 0);
    struct stat info;
    if (fd < 0 || fstat (fd, &info) != 0) {
        code_t code = refusal_system (refusal, errno, name, "open");
        if (fd >= 0)
            close (fd);
        return code;
    }
    if (!S_ISREG (info.st_mode) || (uint64_t) info.st_size > size_max) {
        close (fd);
        return refusal_set (refusal, REFUSED_LIMITS, name, strlen (name),
                            "not a file of at most %zu bytes", size_max);
    }
    size_t size = (size_t) info.st_size, done = 0;
    char *data = malloc (size + 1);
    ssize_t part = 1;
    while (data && done < size && part > 0) {
        part = read (fd, data + done, size - done);
        if (part < 0 && errno == EINTR)
            part = 1;
        else if (part > 0)
            done += (size_t) part;
    }
    int error = data ? errno : ENOMEM;
    close (fd);
    if (!data || part < 0) {
        free (data);
        return refusal_system (refusal, error, name, "read");
    }
    data [done] = 0;
    *data_p = data;
    *size_p = done;
    return OK;
}

code_t
place_lock (const place_t *self, uint64_t generation, char **text_p, size_t *size_p,
            refusal_t *refusal)
{
    char path [64];
    *text_p = NULL;
    *size_p = 0;
    if (generation == 0)
        return OK;
    snprintf (path, sizeof path, "%llu/ggen.lock", (unsigned long long) generation);
    struct stat info;
    if (self->generations_fd < 0
        || (fstatat (self->generations_fd, path, &info, 0) != 0 && errno == ENOENT)) {
        refusal->code = PACKAGE_NOT_FOUND;
        snprintf (refusal->text, sizeof refusal->text, "there is no generation %llu",
                  (unsigned long long) generation);
        return PACKAGE_NOT_FOUND;
    }
    return place_read_file (self->generations_fd, path, PLACE_LOCK_MAX, text_p, size_p, refusal);
}

code_t
place_given_lock (const place_t *self, char **text_p, size_t *size_p, refusal_t *refusal)
{
    struct stat info;
    code_t code = OK;
    *text_p = NULL;
    *size_p = 0;
    int dirfd = *self->target ? open (self->target, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (dirfd < 0)
        return OK;
    if (fstatat (dirfd, PLACE_LOCK_NAME, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG (info.st_mode))
        code = place_read_file (dirfd, PLACE_LOCK_NAME, PLACE_LOCK_MAX, text_p, size_p, refusal);
    close (dirfd);
    return code;
}

static int
by_number (const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *) a, y = *(const uint64_t *) b;
    return x < y ? -1 : x > y;
}

uint64_t *
place_generations (const place_t *self, size_t *count_p)
{
    *count_p = 0;
    int fd = self->generations_fd < 0 ? -1 : openat (self->generations_fd, ".", O_RDONLY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir (fd);
    if (!dir) {
        if (fd >= 0)
            close (fd);
        return NULL;
    }
    uint64_t *list = NULL;
    size_t room = 0;
    const struct dirent *entry;
    while ((entry = readdir (dir)) != NULL && *count_p < PLACE_GENERATIONS_MAX) {
        uint64_t generation;
        if (!parse_generation (entry->d_name, &generation))
            continue;
        if (*count_p == room) {
            room = room ? 2 * room : 16;
            uint64_t *more = realloc (list, room * sizeof *list);
            if (!more)
                break;
            list = more;
        }
        list [(*count_p)++] = generation;
    }
    closedir (dir);
    if (list)
        qsort (list, *count_p, sizeof *list, by_number);
    return list;
}

bool
place_instance_in (const char *link, char instance [PLACE_INSTANCE_MAX])
{
    const char *at = strstr (link, "store/");
    if (!at)
        return false;
    at += sizeof "store/" - 1;
    size_t length = strcspn (at, "/");
    if (length < SHA256_HEX_SIZE || length >= PLACE_INSTANCE_MAX || strcmp (at + length, "/tree") != 0)
        return false;
    memcpy (instance, at, length);
    instance [length] = 0;
    return true;
}

bool
place_instance (const place_t *self, uint64_t generation, const char *id,
                char instance [PLACE_INSTANCE_MAX])
{
    char path [512], target [512];
    snprintf (path, sizeof path, "%llu/%s", (unsigned long long) generation, id);
    ssize_t size = readlinkat (self->generations_fd, path, target, sizeof target - 1);
    if (size < 0)
        return false;
    target [size] = 0;
    return place_instance_in (target, instance);
}

file_list_t *
place_file_list (const place_t *self, const char *instance,
                 const uint8_t files_sha256 [SHA256_SIZE])
{
    char path [PLACE_INSTANCE_MAX + 16], *text = NULL;
    size_t size;
    snprintf (path, sizeof path, "%s/files", instance);
    if (place_read_file (self->store_fd, path, FILE_LIST_TEXT_MAX, &text, &size, NULL))
        return NULL;
    uint8_t digest [SHA256_SIZE];
    sha256_t *hasher = sha256_new ();
    archive_limits_t limits = ARCHIVE_LIMITS_DEFAULT;
    file_list_t *list = NULL;
    if (hasher) {
        sha256_of (hasher, text, size, digest);
        if (memcmp (digest, files_sha256, SHA256_SIZE) == 0
            && file_list_parse (text, size, &limits, &list) != OK)
            list = NULL;
    }
    sha256_destroy (&hasher);
    free (text);
    return list;
}

static bool
is_clean (const place_t *self, const char *instance, const uint8_t files_sha256 [SHA256_SIZE],
          bool refresh)
{
    char path [PLACE_INSTANCE_MAX + 16];
    AUTO (file_list_destroy) file_list_t *list = place_file_list (self, instance, files_sha256);
    if (!list)
        return false;
    int fd = openat (self->store_fd, instance, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return false;
    snprintf (path, sizeof path, "stamps");
    stamps_load (fd, path, files_sha256, list);
    tree_checked_t checked;
    bool clean = tree_check (fd, "tree", list, TREE_BY_STAMPS, NULL, NULL, &checked, NULL) == OK
                 && checked.findings_count == 0;
    //  Stamps that cannot be saved cost time at the next look, nothing else.
    if (clean && refresh && checked.refreshed_count > 0 && stamps_save (fd, path, list, NULL) != OK)
        clean = true;
    close (fd);
    return clean;
}

bool
place_clean_instance (const place_t *self, const uint8_t files_sha256 [SHA256_SIZE], bool refresh,
                      char instance [PLACE_INSTANCE_MAX])
{
    char hex [SHA256_HEX_SIZE + 1];
    struct stat info;
    sha256_to_hex (files_sha256, hex);
    for (unsigned i = 0; i < PLACE_INSTANCES_MAX; i++) {
        snprintf (instance, PLACE_INSTANCE_MAX, i ? "%s.%u" : "%s", hex, i);
        if (self->store_fd < 0 || fstatat (self->store_fd, instance, &info, AT_SYMLINK_NOFOLLOW) != 0)
            return false;
        if (is_clean (self, instance, files_sha256, refresh))
            return true;
    }
    *instance = 0;
    return false;
}

bool
place_is_edited (const place_t *self, uint64_t generation, const char *id,
                 const uint8_t files_sha256 [SHA256_SIZE], const char *clean)
{
    char instance [PLACE_INSTANCE_MAX], hex [SHA256_HEX_SIZE + 1];
    sha256_to_hex (files_sha256, hex);
    return place_instance (self, generation, id, instance) && strcmp (instance, clean) != 0
           && memcmp (instance, hex, SHA256_HEX_SIZE) == 0
           && !is_clean (self, instance, files_sha256, false);
}

//  The lock is on the directory itself: there is no file that could be removed while it is held.
code_t
place_take (const place_t *self, int *fd_p, refusal_t *refusal)
{
    *fd_p = openat (self->generations_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*fd_p < 0)
        return refusal_system (refusal, errno, self->base, "open directory");
    if (flock (*fd_p, LOCK_EX | LOCK_NB) == 0)
        return OK;
    bool taken = errno == EWOULDBLOCK;
    close (*fd_p);
    *fd_p = -1;
    if (!taken)
        return OK;
    refusal_set (refusal, REFUSED_CHANGED, self->base, strlen (self->base),
                 "another installation is in progress there");
    return BUSY;
}
