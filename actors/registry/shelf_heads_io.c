// SPDX-License-Identifier: MIT
//  What is signed of an id apart from its versions: heads of keys that have no version here, and
//  rotations. One file each in ID/.heads, named after its signer, replaced by one rename.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "actors/registry/shelf_self_io.h"
#include "actors/registry/signed_head.h"
#include "messages/hex.h"

#define HEADS ".heads"

int
shelf_open_heads (shelf_t *self, const char *id)
{
    char path [LAYOUT_PATH_MAX];
    if (!layout_id_is_valid (id))
        return -1;
    snprintf (path, sizeof path, "%s/" HEADS, id);
    return disk_open_directory (self->root, path);
}

void
shelf_head_name (char name [SHELF_HEAD_NAME_MAX], const uint8_t key [32], const char *suffix)
{
    char hex [2 * SIGNED_HEAD_KEY_SIZE + 1];
    hex_encode (hex, key, SIGNED_HEAD_KEY_SIZE);
    snprintf (name, SHELF_HEAD_NAME_MAX, "%s.%s", hex, suffix);
}

//  ---- one record

//  Who signed it, what kind it is, its seq.
typedef struct {
    uint8_t key [SIGNED_HEAD_KEY_SIZE];
    const char *suffix;
    uint64_t seq;
} about_t;

//  False when it is neither a head of this id nor a rotation.
static bool
about (about_t *self, const char *id, bytes_t record)
{
    Ggen__Head *head = signed_head_open (record, self->key);
    if (head) {
        bool fits = strcmp (head->name, id) == 0;
        self->suffix = "head";
        self->seq = head->seq;
        ggen__head__free_unpacked (head, NULL);
        return fits;
    }
    Ggen__Rotation *rotation = signed_rotation_open (record, self->key);
    if (!rotation)
        return false;
    self->suffix = "rotation";
    self->seq = rotation->seq;
    ggen__rotation__free_unpacked (rotation, NULL);
    return true;
}

//  ---- reading

//  Loops over the files of .heads; false ends the loop. -1 is an empty one.
typedef bool (file_fn) (void *arg, bytes_t record);

static code_t
each_file (shelf_t *self, const char *id, file_fn *visit, void *arg)
{
    int heads = shelf_open_heads (self, id);
    if (heads == -1)
        return OK;
    DIR *list = fdopendir (heads);
    if (!list) {
        disk_close (&heads);
        return shelf_fail_disk (self, disk_code (errno), id);
    }
    code_t code = OK;
    bool on = true;
    struct dirent *entry;
    while (on && code == OK && (entry = readdir (list))) {
        uint8_t *data;
        size_t size;
        if (entry->d_name [0] == '.' || entry->d_type == DT_DIR)
            continue;
        code = disk_read (dirfd (list), entry->d_name, SHELF_HEAD_MAX, &data, &size);
        if (code != OK)
            shelf_fail_disk (self, code, id);
        else if (data)
            on = visit (arg, (bytes_t) {data, size});
        if (code == OK)
            free (data);
    }
    closedir (list);
    return code;
}

typedef struct {
    const char *id;
    shelf_record_fn *visit;
    void *arg;
    unsigned count;
} kept_t;

static bool
visit_kept (void *arg, bytes_t record)
{
    kept_t *self = arg;
    about_t it;
    if (about (&it, self->id, record))
        self->visit (self->arg, record);
    return ++self->count < SHELF_HEADS_MAX;
}

code_t
shelf_kept_records (shelf_t *self, const char *id, shelf_record_fn *visit, void *arg)
{
    kept_t kept = {id, visit, arg, 0};
    return each_file (self, id, visit_kept, &kept);
}

//  ---- all records of an id

typedef struct {
    about_t about;
    uint8_t *data;
    size_t size;
} one_t;

typedef struct {
    const char *id;
    one_t list [SHELF_HEADS_MAX];
    unsigned count;
} all_t;

//  Copies it unless a newer one of its signer and kind is there.
static void
take (all_t *self, bytes_t record)
{
    about_t it;
    if (!about (&it, self->id, record))
        return;
    unsigned at = 0;
    while (at < self->count
           && (self->list [at].about.suffix != it.suffix
               || memcmp (self->list [at].about.key, it.key, sizeof it.key) != 0))
        at++;
    if (at == SHELF_HEADS_MAX || (at < self->count && self->list [at].about.seq >= it.seq))
        return;
    uint8_t *copy = malloc (record.size + 1);
    if (!copy)
        return;
    memcpy (copy, record.data, record.size);
    if (at < self->count)
        free (self->list [at].data);
    else
        self->count++;
    self->list [at] = (one_t) {it, copy, record.size};
}

static void
take_kept (void *arg, bytes_t record)
{
    take (arg, record);
}

static bool
take_of_version (void *arg, int dir, const char *version)
{
    (void) version;
    uint8_t *data;
    size_t size;
    if (disk_read (dir, "head", SHELF_HEAD_MAX, &data, &size) == OK && data) {
        take (arg, (bytes_t) {data, size});
        free (data);
    }
    return true;
}

code_t
shelf_records (shelf_t *self, const char *id, shelf_record_fn *visit, void *arg)
{
    all_t all = {.id = id};
    //  Those kept come first: rotations are among them, and they are few.
    code_t code = shelf_kept_records (self, id, take_kept, &all);
    if (code == OK)
        code = shelf_each (self, id, take_of_version, &all);
    for (unsigned i = 0; i < all.count; i++) {
        if (code == OK)
            visit (arg, (bytes_t) {all.list [i].data, all.list [i].size});
        free (all.list [i].data);
    }
    return code;
}

//  ---- writing

static bool
count_file (void *arg, bytes_t record)
{
    (void) record;
    return ++*(unsigned *) arg < SHELF_HEADS_MAX;
}

static code_t
write_record (shelf_t *self, const char *id, const about_t *it, bytes_t record)
{
    char path [LAYOUT_PATH_MAX], name [SHELF_HEAD_NAME_MAX];
    unsigned count = 0;
    shelf_head_name (name, it->key, it->suffix);
    code_t code = each_file (self, id, count_file, &count);
    if (code != OK)
        return code;
    snprintf (path, sizeof path, "%s/" HEADS, id);
    if (disk_make_directories (self->root, path) != OK)
        return shelf_fail_disk (self, disk_code (errno), path);
    AUTO (disk_close) int heads = shelf_open_heads (self, id);
    if (heads == -1)
        return shelf_fail_disk (self, disk_code (errno), path);
    if (count >= SHELF_HEADS_MAX && faccessat (heads, name, F_OK, AT_SYMLINK_NOFOLLOW) != 0)
        return shelf_fail (self, VALIDATION, "%s has %d heads and rotations, no more fit", id,
                           SHELF_HEADS_MAX);
    //  The directory may be new in its parent.
    AUTO (disk_close) int parent = disk_open_directory (self->root, id);
    code = parent == -1 ? disk_code (errno) : disk_sync (parent);
    if (code == OK)
        code = disk_replace (heads, name, record);
    return code == OK ? OK : shelf_fail_disk (self, code, path);
}

//  The record of this signer and kind that .heads has; NULL without.
static uint8_t *
kept_of (shelf_t *self, const char *id, const about_t *it, size_t *size_p)
{
    char name [SHELF_HEAD_NAME_MAX];
    uint8_t *data = NULL;
    AUTO (disk_close) int heads = shelf_open_heads (self, id);
    shelf_head_name (name, it->key, it->suffix);
    if (heads != -1 && disk_read (heads, name, SHELF_HEAD_MAX, &data, size_p) != OK)
        data = NULL;
    return data;
}

code_t
shelf_keep_head (shelf_t *self, const char *id, bytes_t head)
{
    about_t it, old;
    size_t size;
    if (!about (&it, id, head))
        return OK;              //  Of another name: it has no say here
    uint8_t *data = kept_of (self, id, &it, &size);
    bool newer = !data || !about (&old, id, (bytes_t) {data, size}) || it.seq > old.seq;
    free (data);
    return newer ? write_record (self, id, &it, head) : OK;
}

//  Is it on the shelf, byte by byte? *newer_p: it is newer than what is.
static bool
is_there (shelf_t *self, const char *id, const about_t *it, bytes_t record, bool *newer_p)
{
    uint8_t *data = NULL;
    size_t size = 0;
    about_t old;
    bool is_head = strcmp (it->suffix, "head") == 0;
    if (!is_head)
        data = kept_of (self, id, it, &size);
    else if (shelf_head (self, id, (bytes_t) {it->key, sizeof it->key}, &data, &size) != OK)
        data = NULL;
    bool same = data && size == record.size && memcmp (data, record.data, size) == 0;
    *newer_p = !data || !about (&old, id, (bytes_t) {data, size}) || it->seq > old.seq;
    free (data);
    return same;
}

static bool
is_a_version (void *arg, int dir, const char *version)
{
    (void) dir;
    (void) version;
    *(bool *) arg = true;
    return false;
}

code_t
shelf_keep_record (shelf_t *self, const char *id, bytes_t record, int64_t wall_s)
{
    assert (shelf_is_locked (self));
    about_t it;
    bool newer, known = false;
    code_t code = shelf_each (self, id, is_a_version, &known);
    AUTO (disk_close) int heads = shelf_open_heads (self, id);
    if (code == OK && !known && heads == -1)
        return shelf_fail (self, PACKAGE_NOT_FOUND, "%s is not in %s", id, self->directory);
    if (code != OK)
        return code;
    if (record.size > SHELF_HEAD_MAX || !about (&it, id, record))
        return shelf_fail (self, VALIDATION, "no head of %s, and no rotation", id);
    if (is_there (self, id, &it, record, &newer))
        return OK;
    if (!newer)
        return shelf_fail (self, VALIDATION, "a newer %s of %s by this key is there", it.suffix, id);
    code = shelf_bump (self, wall_s);
    if (code == OK)
        code = write_record (self, id, &it, record);
    if (code == OK && strcmp (it.suffix, "head") == 0)
        shelf_drop_older_heads (self, id, record);
    return code;
}
