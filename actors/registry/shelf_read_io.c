// SPDX-License-Identifier: MIT
//  The shelf's reads. All bytes found are judged: the directory may have been copied, edited or
//  damaged by anybody.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "actors/registry/shelf_self_io.h"
#include "actors/registry/signed_head.h"
#include "actors/registry/version_key.h"

static const char *const formats [] = {"tar.gz", "tar.zst"};
static const char *const manifests [] = {"gpack.toml", "package.toml", "pack.toml",
                                         "package.json"};

int
shelf_open_version (shelf_t *self, const char *id, const char *version)
{
    if (!layout_id_is_valid (id) || !layout_version_is_valid (version))
        return -1;
    char path [LAYOUT_PATH_MAX];
    layout_version_path (path, id, version);
    int dir = disk_open_directory (self->root, path);
    if (dir != -1 && faccessat (dir, "package", F_OK, AT_SYMLINK_NOFOLLOW) != 0)
        disk_close (&dir);
    return dir;
}

//  Loops over the directories in a directory; "." and ".." and what the registry uses are left out.
typedef code_t (entry_fn) (void *arg, int dir, const char *name);

static code_t
each_entry (int dir, entry_fn *visit, void *arg)
{
    int copied = openat (dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = copied == -1 ? NULL : fdopendir (copied);
    if (!list) {
        disk_close (&copied);
        return disk_code (errno);
    }
    code_t code = OK;
    struct dirent *entry;
    while (code == OK && (entry = readdir (list))) {
        const char *name = entry->d_name;
        if ((entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN) && strcmp (name, ".") != 0
            && strcmp (name, "..") != 0 && !layout_is_reserved (name))
            code = visit (arg, dir, name);
    }
    closedir (list);
    return code;
}

typedef struct {
    shelf_each_fn *each;
    void *arg;
    size_t count;
} each_t;

//  OK goes on, CANCELLED ends the loop without being an error.
static code_t
each_version (void *arg, int dir, const char *name)
{
    each_t *self = arg;
    if (!layout_version_is_valid (name))
        return OK;
    AUTO (disk_close) int version = disk_open_directory (dir, name);
    if (version == -1 || faccessat (version, "package", F_OK, AT_SYMLINK_NOFOLLOW) != 0)
        return OK;
    return self->each (self->arg, version, name) && ++self->count < SHELF_VERSIONS_MAX ? OK
                                                                                       : CANCELLED;
}

code_t
shelf_each (shelf_t *self, const char *id, shelf_each_fn *each, void *arg)
{
    AUTO (disk_close) int dir
        = layout_id_is_valid (id) ? disk_open_directory (self->root, id) : -1;
    if (dir == -1)
        return OK;
    each_t loop = {each, arg, 0};
    code_t code = each_entry (dir, each_version, &loop);
    return code == OK || code == CANCELLED ? OK : shelf_fail_disk (self, code, id);
}

//  A file into a bytes field of a message that was just unpacked.
static code_t
read_bytes (int dir, const char *name, size_t max, ProtobufCBinaryData *field)
{
    free (field->data);
    return disk_read (dir, name, max, &field->data, &field->len);
}

//  Replaces a text of an unpacked message; takes 'text'.
static void
set_text (char **field, char *text)
{
    if (*field != protobuf_c_empty_string)
        free (*field);
    *field = text ? text : (char *) protobuf_c_empty_string;
}

//  The archive's name in a version's directory; false when it holds none.
static bool
find_archive (int dir, const Ggen__Package *package, char name [LAYOUT_NAME_MAX + 1])
{
    for (size_t i = 0; i < COUNT_OF (formats); i++)
        if (layout_archive_name (name, package->id, package->version, formats [i])
            && faccessat (dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
            return true;
    return false;
}

//  Unpacks 'package' and checks that it is the one its place says.
static Ggen__Package *
read_package (int dir, const char *id, const char *version)
{
    uint8_t *data;
    size_t size;
    if (disk_read (dir, "package", SHELF_PACKAGE_MAX, &data, &size) != OK || !data)
        return NULL;
    Ggen__Package *package = ggen__package__unpack (NULL, size, data);
    free (data);
    if (package && strcmp (package->id, id) == 0 && strcmp (package->version, version) == 0)
        return package;
    ggen__package__free_unpacked (package, NULL);
    return NULL;
}

//  NULL when the files are damaged.
static Ggen__Package *
peek (shelf_t *self, int dir, const char *id, const char *version)
{
    Ggen__Package *package = read_package (dir, id, version);
    if (!package)
        return NULL;
    if (read_bytes (dir, "record", SHELF_RECORD_MAX, &package->record) != OK
        || read_bytes (dir, "head", SHELF_HEAD_MAX, &package->head) != OK) {
        ggen__package__free_unpacked (package, NULL);
        return NULL;
    }
    char name [LAYOUT_NAME_MAX + 1], *path;
    if (find_archive (dir, package, name)
        && asprintf (&path, "%s/%s/%s/%s", self->directory, id, version, name) > 0)
        set_text (&package->location, path);
    set_text (&package->source, strdup ("file"));
    return package;
}

//  Opens and peeks.
static code_t
peek_at (shelf_t *self, const char *id, const char *version, int *dir_p,
         Ggen__Package **package_p)
{
    *package_p = NULL;
    *dir_p = shelf_open_version (self, id, version);
    if (*dir_p == -1)
        return shelf_fail (self, PACKAGE_NOT_FOUND, "%s@%s is not in %s", id, version,
                           self->directory);
    *package_p = peek (self, *dir_p, id, version);
    return *package_p ? OK
                      : shelf_fail (self, SERIALIZATION, "%s/%s/%s is damaged", self->directory,
                                    id, version);
}

code_t
shelf_peek (shelf_t *self, const char *id, const char *version, Ggen__Package **package_p)
{
    AUTO (disk_close) int dir = -1;
    return peek_at (self, id, version, &dir, package_p);
}

code_t
shelf_get (shelf_t *self, const char *id, const char *version, Ggen__Package **package_p)
{
    AUTO (disk_close) int dir = -1;
    code_t code = peek_at (self, id, version, &dir, package_p);
    if (code != OK)
        return code;
    Ggen__Package *package = *package_p;
    uint8_t *readme, key [SIGNED_HEAD_KEY_SIZE];
    size_t size;
    code = disk_read (dir, "readme", SHELF_README_MAX, &readme, &size);
    if (code == OK && readme)
        set_text (&package->readme, (char *) readme);
    bytes_t record = {package->record.data, package->record.len};
    if (code == OK && signed_head_release_key (record, key)) {
        free (package->head.data);
        package->head.data = NULL;
        code = shelf_head (self, id, (bytes_t) {key, sizeof key}, &package->head.data,
                           &package->head.len);
    }
    if (code == OK)
        return OK;
    ggen__package__free_unpacked (package, NULL);
    *package_p = NULL;
    return shelf_fail_disk (self, code, id);
}

code_t
shelf_minisig (shelf_t *self, const char *id, const char *version, char **text_p)
{
    *text_p = NULL;
    AUTO (disk_close) int dir = shelf_open_version (self, id, version);
    if (dir == -1)
        return shelf_fail (self, PACKAGE_NOT_FOUND, "%s@%s is not in %s", id, version,
                           self->directory);
    for (size_t i = 0; i < COUNT_OF (formats) && !*text_p; i++) {
        char name [LAYOUT_NAME_MAX + 1], beside [LAYOUT_NAME_MAX + sizeof ".minisig"];
        uint8_t *data;
        size_t size;
        if (!layout_archive_name (name, id, version, formats [i]))
            continue;
        snprintf (beside, sizeof beside, "%s.minisig", name);
        if (strlen (beside) > LAYOUT_NAME_MAX)
            continue;
        code_t code = disk_read (dir, beside, SHELF_MINISIG_MAX, &data, &size);
        if (code != OK)
            return shelf_fail_disk (self, code, beside);
        //  Text has no NUL in it; what is behind one is not its signature.
        *text_p = (char *) data;
    }
    return OK;
}

code_t
shelf_record (shelf_t *self, const char *id, const char *version, uint8_t **data_p,
              size_t *size_p)
{
    *data_p = NULL;
    AUTO (disk_close) int dir = shelf_open_version (self, id, version);
    if (dir == -1)
        return shelf_fail (self, PACKAGE_NOT_FOUND, "%s@%s is not in %s", id, version,
                           self->directory);
    code_t code = disk_read (dir, "record", SHELF_RECORD_MAX, data_p, size_p);
    return code == OK ? OK : shelf_fail_disk (self, code, "record");
}

code_t
shelf_manifest (shelf_t *self, const char *id, const char *version, uint8_t **data_p,
                size_t *size_p, const char **name_p)
{
    *data_p = NULL;
    AUTO (disk_close) int dir = shelf_open_version (self, id, version);
    for (size_t i = 0; dir != -1 && i < COUNT_OF (manifests); i++) {
        code_t code = disk_read (dir, manifests [i], SHELF_MANIFEST_MAX, data_p, size_p);
        if (code != OK)
            return shelf_fail_disk (self, code, manifests [i]);
        *name_p = manifests [i];
        if (*data_p)
            return OK;
    }
    return shelf_fail (self, PACKAGE_NOT_FOUND, "no manifest of %s@%s is in %s", id, version,
                       self->directory);
}

typedef struct {
    version_key_t key;
    char *text;
} version_t;

typedef struct {
    version_t *list;
    size_t count;
    size_t room;
    bool full;          //  no memory
} versions_t;

static bool
collect_version (void *arg, int dir, const char *version)
{
    (void) dir;
    versions_t *self = arg;
    if (self->count == self->room) {
        size_t room = self->room ? 2 * self->room : 16;
        version_t *list = realloc (self->list, room * sizeof *list);
        self->full = !list;
        if (!list)
            return false;
        self->list = list;
        self->room = room;
    }
    version_t *item = &self->list [self->count];
    item->text = strdup (version);
    self->full = !item->text || !version_key (&item->key, version);
    if (!self->full)
        self->count++;
    return !self->full;
}

static int
compare_versions (const void *a_, const void *b_)
{
    const version_t *a = a_, *b = b_;
    size_t size = a->key.size < b->key.size ? a->key.size : b->key.size;
    int order = memcmp (a->key.bytes, b->key.bytes, size);
    return order ? order : strcmp (a->text, b->text);   //  No key begins another
}

code_t
shelf_versions (shelf_t *self, const char *id, char ***versions_p, size_t *count_p)
{
    *versions_p = NULL;
    *count_p = 0;
    versions_t found = {0};
    code_t code = shelf_each (self, id, collect_version, &found);
    char **texts = code == OK && !found.full ? calloc (found.count + 1, sizeof *texts) : NULL;
    if (!texts) {
        for (size_t i = 0; i < found.count; i++)
            free (found.list [i].text);
        free (found.list);
        return code == OK ? shelf_fail (self, STORAGE, "no memory for versions of %s", id) : code;
    }
    if (found.count)
        qsort (found.list, found.count, sizeof *found.list, compare_versions);
    for (size_t i = 0; i < found.count; i++)
        texts [i] = found.list [i].text;
    free (found.list);
    *versions_p = texts;
    *count_p = found.count;
    return OK;
}

typedef struct {
    const char *id;
    const uint8_t *key;
    uint8_t *data;      //  the newest so far
    size_t size;
    uint64_t seq;
    code_t code;
} newest_t;

static bool
take_newer (newest_t *self, int dir, const char *name)
{
    uint8_t *data, key [SIGNED_HEAD_KEY_SIZE];
    size_t size;
    self->code = disk_read (dir, name, SHELF_HEAD_MAX, &data, &size);
    if (self->code != OK || !data)
        return self->code == OK;
    Ggen__Head *head = signed_head_open ((bytes_t) {data, size}, key);
    if (head && strcmp (head->name, self->id) == 0 && memcmp (key, self->key, sizeof key) == 0
        && (!self->data || head->seq > self->seq)) {
        free (self->data);
        self->data = data;
        self->size = size;
        self->seq = head->seq;
        data = NULL;
    }
    free (data);
    ggen__head__free_unpacked (head, NULL);
    return true;
}

static bool
take_newer_head (void *arg, int dir, const char *version)
{
    (void) version;
    return take_newer (arg, dir, "head");
}

code_t
shelf_head (shelf_t *self, const char *id, bytes_t key, uint8_t **data_p, size_t *size_p)
{
    *data_p = NULL;
    *size_p = 0;
    if (key.size != SIGNED_HEAD_KEY_SIZE)
        return OK;
    newest_t newest = {.id = id, .key = key.data, .code = OK};
    char name [SHELF_HEAD_NAME_MAX];
    AUTO (disk_close) int heads = shelf_open_heads (self, id);
    code_t code = shelf_each (self, id, take_newer_head, &newest);
    shelf_head_name (name, key.data, "head");
    if (code == OK && newest.code == OK && heads != -1)
        take_newer (&newest, heads, name);
    if (code == OK && newest.code != OK)
        code = shelf_fail_disk (self, newest.code, id);
    if (code != OK) {
        free (newest.data);
        return code;
    }
    *data_p = newest.data;
    *size_p = newest.size;
    return OK;
}

typedef struct {
    shelf_t *shelf;
    shelf_visit_fn *visit;
    void *arg;
    size_t *damaged_p;
    size_t count;
    char id [2 * LAYOUT_NAME_MAX + 2];      //  where the walk is
} walk_t;

static code_t
walk_version (walk_t *self, int dir, const char *version)
{
    if (++self->count > SHELF_WALK_MAX)
        return shelf_fail (self->shelf, STORAGE, "%s has more than %d versions",
                           self->shelf->directory, SHELF_WALK_MAX);
    Ggen__Package *package = NULL;
    if (layout_id_is_valid (self->id) && layout_version_is_valid (version))
        package = peek (self->shelf, dir, self->id, version);
    if (!package) {
        if ((*self->damaged_p)++ == 0)
            shelf_fail (self->shelf, SERIALIZATION, "%s/%s/%s is damaged", self->shelf->directory,
                        self->id, version);
        return OK;
    }
    code_t code = self->visit (self->arg, package);
    ggen__package__free_unpacked (package, NULL);
    shelf_tell (self->shelf, self->count, 0);
    return code;
}

//  Below the first part of an id: its versions, or the second part. Deeper is nothing of ours.
static code_t
walk_below (void *arg, int dir, const char *name)
{
    walk_t *self = arg;
    AUTO (disk_close) int child = disk_open_directory (dir, name);
    if (child == -1)
        return OK;
    if (faccessat (child, "package", F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        return walk_version (self, child, name);
    size_t length = strlen (self->id);
    if (strchr (self->id, '/') || length > LAYOUT_NAME_MAX)
        return OK;
    snprintf (self->id + length, sizeof self->id - length, "/%s", name);
    code_t code = each_entry (child, walk_below, self);
    self->id [length] = 0;
    return code;
}

static code_t
walk_top (void *arg, int dir, const char *name)
{
    walk_t *self = arg;
    AUTO (disk_close) int child = disk_open_directory (dir, name);
    if (child == -1)
        return OK;
    snprintf (self->id, sizeof self->id, "%s", name);
    return each_entry (child, walk_below, self);
}

void
shelf_watch (shelf_t *self, shelf_watch_fn *watch, void *arg)
{
    self->watch = watch;
    self->watch_arg = arg;
}

void
shelf_tell (const shelf_t *self, uint64_t done, uint64_t total)
{
    if (self->watch)
        self->watch (self->watch_arg, done, total);
}

code_t
shelf_walk (shelf_t *self, shelf_visit_fn *visit, void *arg, size_t *damaged_p)
{
    *damaged_p = 0;
    walk_t walk = {.shelf = self, .visit = visit, .arg = arg, .damaged_p = damaged_p};
    return each_entry (self->root, walk_top, &walk);
}
