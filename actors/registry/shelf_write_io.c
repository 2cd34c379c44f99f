// SPDX-License-Identifier: MIT
//  The shelf's changes. Each becomes true by one rename; what is before it can be swept away, what
//  is after it is tidying that may be lost.
#include <errno.h>
#include <fcntl.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "actors/registry/shelf_self_io.h"
#include "actors/registry/signed_head.h"

#define STAGE_MAX 64            //  bytes of ".tmp/PID-N"
#define DIGEST_SIZE 32
#define STAGE_TRIES_MAX 1000    //  names left behind by a process of our pid

static bool
manifest_name_is_valid (const char *name)
{
    static const char *names [] = {"gpack.toml", "package.toml", "pack.toml", "package.json"};
    for (size_t i = 0; i < COUNT_OF (names); i++)
        if (strcmp (name, names [i]) == 0)
            return true;
    return false;
}

//  Has it no head, or one of this id?
static bool
head_fits (const Ggen__Package *package)
{
    uint8_t key [SIGNED_HEAD_KEY_SIZE];
    if (package->head.len == 0)
        return true;
    Ggen__Head *head
        = signed_head_open ((bytes_t) {package->head.data, package->head.len}, key);
    bool fits = head && strcmp (head->name, package->id) == 0;
    ggen__head__free_unpacked (head, NULL);
    return fits;
}

//  What of an item is wrong, or NULL.
static const char *
item_fault (const shelf_put_t *item)
{
    const Ggen__Package *package = item->package;
    const char *format = item->archive_format;
    if (!layout_id_is_valid (package->id))
        return "the id is not valid";
    if (!layout_version_is_valid (package->version))
        return "the version is not SemVer";
    if (package->sha256.len != DIGEST_SIZE && (item->archive_path || package->sha256.len != 0))
        return "the digest has not 32 bytes";
    if (format && strcmp (format, "tar.gz") != 0 && strcmp (format, "tar.zst") != 0)
        return "the archive format is neither tar.gz nor tar.zst";
    if (item->manifest_name && !manifest_name_is_valid (item->manifest_name))
        return "the manifest has another name than SPEC 3.1 knows";
    if (item->minisig && strlen (item->minisig) > SHELF_MINISIG_MAX)
        return "the signature of its archive is too long";
    if (package->record.len > SHELF_RECORD_MAX || package->head.len > SHELF_HEAD_MAX
        || strlen (package->readme) > SHELF_README_MAX || item->manifest.size > SHELF_MANIFEST_MAX)
        return "a record, head, readme or manifest is too long";
    if (!head_fits (package))
        return "its head is no head of this id";
    return NULL;
}

static bool
note_version (void *arg, int dir, const char *version)
{
    (void) dir;
    (void) version;
    ++*(size_t *) arg;
    return true;
}

//  The other id that differs from 'id' in case only; 'dir' is at 'path', 'rest' is what of the id
//  is still to be found below it.
static bool
find_twin (shelf_t *self, const char *id, int dir, const char *rest, const char *path,
           char twin [LAYOUT_PATH_MAX])
{
    int copied = openat (dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = copied == -1 ? NULL : fdopendir (copied);
    if (!list) {
        disk_close (&copied);
        return false;
    }
    size_t length = strcspn (rest, "/");
    bool found = false;
    struct dirent *entry;
    while (!found && (entry = readdir (list))) {
        if (strlen (entry->d_name) != length || strncasecmp (entry->d_name, rest, length) != 0)
            continue;
        char here [LAYOUT_PATH_MAX];
        snprintf (here, sizeof here, "%s%s%s", path, path [0] ? "/" : "", entry->d_name);
        if (!rest [length]) {
            size_t count = 0;
            found = strcmp (here, id) != 0 && shelf_each (self, here, note_version, &count) == OK
                    && count > 0;
            memcpy (twin, here, sizeof here);
            continue;
        }
        AUTO (disk_close) int child = disk_open_directory (dir, entry->d_name);
        found = child != -1 && find_twin (self, id, child, rest + length + 1, here, twin);
    }
    closedir (list);
    return found;
}

//  Is there room for this id and one more version of it?
static code_t
check_place (shelf_t *self, const char *id, const char *version)
{
    char path [LAYOUT_PATH_MAX], twin [LAYOUT_PATH_MAX];
    size_t count = 0;
    code_t code = shelf_each (self, id, note_version, &count);
    if (code != OK)
        return code;
    if (count >= SHELF_VERSIONS_MAX)
        return shelf_fail (self, VALIDATION, "%s has %d versions, no more fit", id,
                           SHELF_VERSIONS_MAX);
    //  Names of a case-insensitive disk the tree may be copied to: only a new id can collide.
    if (count == 0 && !self->filling && find_twin (self, id, self->root, id, "", twin))
        return shelf_fail (self, ALREADY_EXISTS, "%s differs from %s in case only", id, twin);
    snprintf (path, sizeof path, "%s/package", id);
    if (faccessat (self->root, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        return shelf_fail (self, VALIDATION, "%s is the place of a version of another id", id);
    layout_version_path (path, id, version);
    if (unlinkat (self->root, path, AT_REMOVEDIR) != 0 && errno != ENOENT)
        return shelf_fail (self, VALIDATION, "%s is the place of another id", path);
    return OK;
}

static code_t
make_stage (shelf_t *self, char stage [STAGE_MAX], int *dir_p)
{
    if (mkdirat (self->root, LAYOUT_STAGES, 0777) != 0 && errno != EEXIST)
        return shelf_fail_disk (self, disk_code (errno), LAYOUT_STAGES);
    for (int i = 0; i < STAGE_TRIES_MAX; i++) {
        snprintf (stage, STAGE_MAX, LAYOUT_STAGES "/%d-%u", (int) getpid (), self->serial++);
        if (mkdirat (self->root, stage, 0777) == 0) {
            *dir_p = disk_open_directory (self->root, stage);
            return *dir_p == -1 ? shelf_fail_disk (self, disk_code (errno), stage) : OK;
        }
        if (errno != EEXIST)
            break;
    }
    return shelf_fail_disk (self, disk_code (errno), stage);
}

static code_t
write_package (int dir, const Ggen__Package *package)
{
    static char empty [] = "";
    Ggen__Package bare = *package;
    bare.record = bare.head = (ProtobufCBinaryData) {0};
    bare.readme = empty;
    size_t size = ggen__package__get_packed_size (&bare);
    if (size > SHELF_PACKAGE_MAX)
        return VALIDATION;
    uint8_t *data = malloc (size + 1);
    if (!data)
        return STORAGE;
    ggen__package__pack (&bare, data);
    code_t code = disk_write (dir, "package", (bytes_t) {data, size});
    free (data);
    return code;
}

static code_t
write_optional (int dir, const char *name, const void *data, size_t size)
{
    return size ? disk_write (dir, name, (bytes_t) {data, size}) : OK;
}

//  Beside the archive of this name.
static code_t
write_minisig (int dir, const char *archive, const char *text)
{
    char name [LAYOUT_NAME_MAX + sizeof ".minisig"];
    snprintf (name, sizeof name, "%s.minisig", archive);
    return text && strlen (name) <= LAYOUT_NAME_MAX ? write_optional (dir, name, text, strlen (text))
                                                    : OK;
}

//  All files of a version, and the directory itself, onto the disk.
static code_t
fill_stage (shelf_t *self, int dir, const shelf_put_t *item)
{
    const Ggen__Package *package = item->package;
    code_t code = write_package (dir, package);
    if (code == VALIDATION)
        return shelf_fail (self, code, "the package has more than %u bytes", SHELF_PACKAGE_MAX);
    if (code == OK)
        code = write_optional (dir, "record", package->record.data, package->record.len);
    if (code == OK)
        code = write_optional (dir, "head", package->head.data, package->head.len);
    if (code == OK)
        code = write_optional (dir, "readme", package->readme, strlen (package->readme));
    if (code == OK && item->manifest_name)
        code = disk_write (dir, item->manifest_name, item->manifest);
    if (code == OK && item->archive_path) {
        char name [LAYOUT_NAME_MAX + 1];
        if (!layout_archive_name (name, package->id, package->version,
                                  item->archive_format ? item->archive_format : "tar.gz"))
            return shelf_fail (self, VALIDATION, "id and version are too long for a file name");
        code = disk_link (item->archive_path, package->size_bytes, dir, name);
        if (code != OK)
            return shelf_fail (self, code, "%s: %s", item->archive_path,
                               code == VALIDATION ? "is no file of the size told"
                                                  : strerror (errno));
        code = write_minisig (dir, name, item->minisig);
    }
    if (code == OK && !self->filling)
        code = disk_sync_files (dir);
    return code == OK ? OK : shelf_fail_disk (self, code, package->id);
}

//  Syncs the directories that 'path' lies in, the registry's own left out.
static code_t
sync_parents (shelf_t *self, const char *path)
{
    char parent [LAYOUT_PATH_MAX], *slash;
    code_t code = OK;
    snprintf (parent, sizeof parent, "%s", path);
    while (code == OK && (slash = strrchr (parent, '/'))) {
        *slash = 0;
        AUTO (disk_close) int dir = disk_open_directory (self->root, parent);
        code = dir == -1 ? disk_code (errno) : disk_sync (dir);
    }
    return code;
}

//  The commit point: the stage takes its place, or changes places with what is there.
static code_t
commit_stage (shelf_t *self, const char *stage, const shelf_put_t *item, bool replaces)
{
    char path [LAYOUT_PATH_MAX];
    layout_version_path (path, item->package->id, item->package->version);
    if (renameat2 (self->root, stage, self->root, path,
                   replaces ? RENAME_EXCHANGE : RENAME_NOREPLACE) != 0)
        return shelf_fail_disk (self, disk_code (errno), path);
    code_t code = sync_parents (self, path);
    return code == OK ? OK : shelf_fail_disk (self, code, path);
}

typedef struct {
    const uint8_t *key;
    uint64_t seq;
} older_t;

//  Unlinks the head of a version when the same key has signed a newer one.
static bool
drop_older_head (void *arg, int dir, const char *version)
{
    (void) version;
    const older_t *than = arg;
    uint8_t *data, key [SIGNED_HEAD_KEY_SIZE];
    size_t size;
    if (disk_read (dir, "head", SHELF_HEAD_MAX, &data, &size) != OK || !data)
        return true;
    Ggen__Head *head = signed_head_open ((bytes_t) {data, size}, key);
    if (head && memcmp (key, than->key, sizeof key) == 0 && head->seq < than->seq)
        unlinkat (dir, "head", 0);      //  A failure leaves an old head, which does no harm
    ggen__head__free_unpacked (head, NULL);
    free (data);
    return true;
}

//  The same of what is in .heads.
static void
drop_older_kept (shelf_t *self, const char *id, const older_t *than)
{
    char name [SHELF_HEAD_NAME_MAX];
    uint8_t *data, key [SIGNED_HEAD_KEY_SIZE];
    size_t size;
    AUTO (disk_close) int heads = shelf_open_heads (self, id);
    shelf_head_name (name, than->key, "head");
    if (heads == -1 || disk_read (heads, name, SHELF_HEAD_MAX, &data, &size) != OK || !data)
        return;
    Ggen__Head *head = signed_head_open ((bytes_t) {data, size}, key);
    if (head && head->seq < than->seq)
        unlinkat (heads, name, 0);
    ggen__head__free_unpacked (head, NULL);
    free (data);
}

void
shelf_drop_older_heads (shelf_t *self, const char *id, bytes_t newest)
{
    uint8_t key [SIGNED_HEAD_KEY_SIZE];
    Ggen__Head *head = signed_head_open (newest, key);
    if (!head)
        return;
    older_t than = {key, head->seq};
    if (shelf_each (self, id, drop_older_head, &than) != OK)
        shelf_fail (self, STORAGE, "old heads of %s stay", id);
    drop_older_kept (self, id, &than);
    ggen__head__free_unpacked (head, NULL);
}

bool
shelf_head_is_newest (shelf_t *self, const char *id, bytes_t bytes)
{
    uint8_t key [SIGNED_HEAD_KEY_SIZE], *data, ignored [SIGNED_HEAD_KEY_SIZE];
    size_t size;
    Ggen__Head *head = signed_head_open (bytes, key);
    bool newest = head && strcmp (head->name, id) == 0
                  && shelf_head (self, id, (bytes_t) {key, sizeof key}, &data, &size) == OK;
    if (newest && data) {
        Ggen__Head *other = signed_head_open ((bytes_t) {data, size}, ignored);
        newest = other && head->seq > other->seq;
        ggen__head__free_unpacked (other, NULL);
        free (data);
    }
    ggen__head__free_unpacked (head, NULL);
    return newest;
}

typedef struct {
    const char *but;            //  not this version
    const uint8_t *key;
    char version [LAYOUT_NAME_MAX + 1];
} heir_t;

static bool
find_heir (void *arg, int dir, const char *version)
{
    heir_t *self = arg;
    uint8_t *data, key [SIGNED_HEAD_KEY_SIZE];
    size_t size;
    if (strcmp (version, self->but) == 0
        || disk_read (dir, "record", SHELF_RECORD_MAX, &data, &size) != OK || !data)
        return true;
    bool same = signed_head_release_key ((bytes_t) {data, size}, key)
                && memcmp (key, self->key, sizeof key) == 0;
    free (data);
    if (same)
        snprintf (self->version, sizeof self->version, "%s", version);
    return !same;
}

//  Puts a head into a version's directory.
static code_t
place_head (shelf_t *self, const char *id, const char *version, bytes_t head)
{
    AUTO (disk_close) int dir = shelf_open_version (self, id, version);
    if (dir == -1)
        return shelf_fail (self, PACKAGE_NOT_FOUND, "%s@%s is not in %s", id, version,
                           self->directory);
    code_t code = disk_replace (dir, "head", head);
    return code == OK ? OK : shelf_fail_disk (self, code, id);
}

//  Before a version goes: the head in its directory moves to another version of its signer, or is
//  kept without one.
static code_t
hand_head_over (shelf_t *self, const char *id, const char *version)
{
    AUTO (disk_close) int dir = shelf_open_version (self, id, version);
    uint8_t *data, key [SIGNED_HEAD_KEY_SIZE];
    size_t size;
    code_t code = disk_read (dir, "head", SHELF_HEAD_MAX, &data, &size);
    if (code != OK)
        return shelf_fail_disk (self, code, id);
    if (!data)
        return OK;
    Ggen__Head *head = signed_head_open ((bytes_t) {data, size}, key);
    heir_t heir = {.but = version, .key = key};
    if (head)
        code = shelf_each (self, id, find_heir, &heir);
    if (code == OK && heir.version [0]) {
        code = place_head (self, id, heir.version, (bytes_t) {data, size});
        if (code == OK)
            shelf_drop_older_heads (self, id, (bytes_t) {data, size});
    }
    else if (code == OK && head)
        code = shelf_keep_head (self, id, (bytes_t) {data, size});
    ggen__head__free_unpacked (head, NULL);
    free (data);
    return code;
}

//  In a directory that nobody knows: made where it will be.
static code_t
put_filling (shelf_t *self, const shelf_put_t *item)
{
    char path [LAYOUT_PATH_MAX];
    layout_version_path (path, item->package->id, item->package->version);
    code_t code = disk_make_directories_unsynced (self->root, path);
    AUTO (disk_close) int dir = code == OK ? disk_open_directory (self->root, path) : -1;
    return dir == -1 ? shelf_fail_disk (self, disk_code (errno), path)
                     : fill_stage (self, dir, item);
}

static code_t
put_new (shelf_t *self, const shelf_put_t *item, bool replaces)
{
    char stage [STAGE_MAX];
    AUTO (disk_close) int dir = -1;
    code_t code = make_stage (self, stage, &dir);
    if (code == OK)
        code = fill_stage (self, dir, item);
    if (code == OK && disk_make_directories (self->root, item->package->id) != OK)
        code = shelf_fail_disk (self, disk_code (errno), item->package->id);
    if (code == OK)
        code = shelf_bump (self, item->wall_s);     //  Syncs the registry's directory too
    if (code == OK && replaces)
        code = hand_head_over (self, item->package->id, item->package->version);
    if (code == OK)
        code = commit_stage (self, stage, item, replaces);
    //  What is at the stage now is what failed, or what was replaced, or nothing.
    if (disk_remove (self->root, stage) != OK && code == OK)
        shelf_fail (self, STORAGE, "%s/%s stays until the next sweep", self->directory, stage);
    unlinkat (self->root, LAYOUT_STAGES, AT_REMOVEDIR);
    if (code == OK && item->package->head.len)
        shelf_drop_older_heads (self, item->package->id,
                                (bytes_t) {item->package->head.data, item->package->head.len});
    return code;
}

static void
hex (char *text, ProtobufCBinaryData digest)
{
    text [0] = 0;
    for (size_t i = 0; i < digest.len && i < DIGEST_SIZE; i++)
        sprintf (text + 2 * i, "%02x", digest.data [i]);
}

static code_t
fail_digest (shelf_t *self, const Ggen__Package *ours, const Ggen__Package *theirs)
{
    char old [2 * DIGEST_SIZE + 1], new [2 * DIGEST_SIZE + 1];
    hex (old, ours->sha256);
    hex (new, theirs->sha256);
    return shelf_fail (self, ALREADY_EXISTS, "%s@%s is here with digest %s, not %s", ours->id,
                       ours->version, old, new);
}

code_t
shelf_put (shelf_t *self, const shelf_put_t *item, bool *already_there_p)
{
    assert (shelf_is_locked (self));
    *already_there_p = false;
    const Ggen__Package *package = item->package;
    const char *fault = item_fault (item);
    if (fault)
        return shelf_fail (self, VALIDATION, "%.214s@%.255s: %s", package->id, package->version,
                           fault);
    Ggen__Package *ours;
    code_t code = shelf_peek (self, package->id, package->version, &ours);
    if (code == PACKAGE_NOT_FOUND) {
        code = check_place (self, package->id, package->version);
        if (code == OK)
            code = self->filling ? put_filling (self, item) : put_new (self, item, false);
        return code;
    }
    //  Damaged: there is no digest to compare.
    if (code == SERIALIZATION && (item->force || item->again))
        return put_new (self, item, true);
    if (code != OK)
        return code;
    bool same = ours->sha256.len == package->sha256.len && ours->sha256.len
                && memcmp (ours->sha256.data, package->sha256.data, ours->sha256.len) == 0;
    bytes_t head = {package->head.data, package->head.len};
    *already_there_p = same;
    if (same && item->again)
        code = put_new (self, item, true);
    else if (same && shelf_head_is_newest (self, package->id, head))
        code = shelf_replace_head (self, package->id, package->version, head, item->wall_s);
    else if (!same)
        code = item->force ? put_new (self, item, true) : fail_digest (self, ours, package);
    ggen__package__free_unpacked (ours, NULL);
    return code;
}

code_t
shelf_fill (shelf_t *self, int64_t wall_s)
{
    assert (shelf_is_locked (self));
    code_t code = shelf_bump (self, wall_s);
    self->filling = code == OK;
    return code;
}

code_t
shelf_filled (shelf_t *self)
{
    assert (self->filling);
    self->filling = false;
    return syncfs (self->root) == 0 ? OK : shelf_fail_disk (self, disk_code (errno), ".");
}

code_t
shelf_replace_head (shelf_t *self, const char *id, const char *version, bytes_t head,
                    int64_t wall_s)
{
    assert (shelf_is_locked (self));
    AUTO (disk_close) int dir = shelf_open_version (self, id, version);
    if (dir == -1)
        return shelf_fail (self, PACKAGE_NOT_FOUND, "%s@%s is not in %s", id, version,
                           self->directory);
    if (head.size > SHELF_HEAD_MAX || !shelf_head_is_newest (self, id, head))
        return shelf_fail (self, VALIDATION, "no newer head of %s", id);
    code_t code = shelf_bump (self, wall_s);
    if (code == OK)
        code = place_head (self, id, version, head);
    if (code == OK)
        shelf_drop_older_heads (self, id, head);
    return code;
}

//  Directories of an id that hold nothing any more; "ns" of "ns/name" after "name".
static void
remove_empty_parents (shelf_t *self, const char *id)
{
    char path [LAYOUT_PATH_MAX];
    snprintf (path, sizeof path, "%s", id);
    while (unlinkat (self->root, path, AT_REMOVEDIR) == 0) {
        char *slash = strrchr (path, '/');
        if (!slash)
            return;
        *slash = 0;
    }
}

code_t
shelf_delete (shelf_t *self, const char *id, const char *version, int64_t wall_s)
{
    assert (shelf_is_locked (self));
    char path [LAYOUT_PATH_MAX], trash [STAGE_MAX];
    AUTO (disk_close) int dir = shelf_open_version (self, id, version);
    if (dir == -1)
        return shelf_fail (self, PACKAGE_NOT_FOUND, "%s@%s is not in %s", id, version,
                           self->directory);
    code_t code = shelf_bump (self, wall_s);
    if (code == OK)
        code = hand_head_over (self, id, version);
    if (code != OK)
        return code;
    if (mkdirat (self->root, LAYOUT_TRASH, 0777) != 0 && errno != EEXIST)
        return shelf_fail_disk (self, disk_code (errno), LAYOUT_TRASH);
    layout_version_path (path, id, version);
    int renamed = -1;
    for (int i = 0; renamed != 0 && i < STAGE_TRIES_MAX; i++) {
        snprintf (trash, sizeof trash, LAYOUT_TRASH "/%d-%u", (int) getpid (), self->serial++);
        renamed = renameat2 (self->root, path, self->root, trash, RENAME_NOREPLACE);
        if (renamed != 0 && errno != EEXIST)
            break;
    }
    if (renamed != 0)
        return shelf_fail_disk (self, disk_code (errno), path);
    code = sync_parents (self, path);
    remove_empty_parents (self, id);
    return code == OK ? OK : shelf_fail_disk (self, code, path);
}
