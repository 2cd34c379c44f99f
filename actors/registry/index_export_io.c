// SPDX-License-Identifier: MIT
//  index.json: rows joined to one text. Each package and each version keeps its JSON in its row, so
//  writing is reading rows in order, never rendering, and never holding the whole.
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "actors/registry/index_json.h"
#include "actors/registry/index_self_io.h"
#include "messages/base64.h"
#include "messages/rfc3339.h"

#define JSON_NAME "index.json"
#define JSON_STAGE ".tmp-index.json"
#define JSON_SAVED "index.json.corrupted"
#define JSON_MAX (900u << 20)        //  bytes; a longer index.json counts as damaged
#define BUFFER_BYTES (1u << 18)

//  What tells that a file is the one we wrote, without reading it.
static const char *const stamp_keys [] = {"json_inode", "json_size", "json_mtime", "json_ctime"};

static void
stamp_of (const struct stat *st, int64_t stamp [COUNT_OF (stamp_keys)])
{
    stamp [0] = (int64_t) st->st_ino;
    stamp [1] = st->st_size;
    stamp [2] = st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
    stamp [3] = st->st_ctim.tv_sec * 1000000000 + st->st_ctim.tv_nsec;
}

//  The registry directory; -1 with errno.
static int
open_registry (const index_t *self)
{
    return open (shelf_directory (self->shelf), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

bool
index_json_is_ours (index_t *self)
{
    AUTO (disk_close) int dir = open_registry (self);
    struct stat st;
    int64_t stamp [COUNT_OF (stamp_keys)];
    if (dir == -1 || fstatat (dir, JSON_NAME, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return false;
    stamp_of (&st, stamp);
    for (size_t i = 0; i < COUNT_OF (stamp_keys); i++)
        if (index_meta (self, stamp_keys [i]) != stamp [i])
            return false;
    return true;
}

//  SQLite parses without building a tree: 60 MB in 0.2 s.
static bool
is_object (index_t *self, const uint8_t *data, size_t size)
{
    return !memchr (data, 0, size)
           && index_db_value (self->db,
                              "SELECT CASE WHEN json_valid (?1) THEN json_type (?1) = 'object'"
                              " ELSE 0 END",
                              0, "t", (const char *) data)
                  == 1;
}

static void
add_warning (char **warning_p, const char *text)
{
    char *both = NULL;
    if (asprintf (&both, "%s%s%s", *warning_p ? *warning_p : "", *warning_p ? "; " : "", text) < 0)
        return;
    free (*warning_p);
    *warning_p = both;
}

code_t
index_save_damaged_json (index_t *self, char **warning_p)
{
    AUTO (disk_close) int dir = open_registry (self);
    if (dir == -1 || faccessat (dir, JSON_NAME, F_OK, AT_SYMLINK_NOFOLLOW) != 0)
        return OK;
    uint8_t *data;
    size_t size;
    bool sound = disk_read (dir, JSON_NAME, JSON_MAX, &data, &size) == OK && data
                 && is_object (self, data, size);
    free (data);
    if (sound)
        return index_finish (self);
    if (renameat (dir, JSON_NAME, dir, JSON_SAVED) != 0)
        return index_fail (self, disk_code (errno), "index.json is damaged and cannot be moved");
    char text [PATH_MAX + 128];
    snprintf (text, sizeof text, "index.json was damaged and is rebuilt; the damaged one is %s/%s",
              shelf_directory (self->shelf), JSON_SAVED);
    add_warning (warning_p, text);
    return index_finish (self);
}

//  A signed record as a JSON string.
static void
write_record (index_t *self, FILE *out, bytes_t record)
{
    fputc ('"', out);
    char *text = malloc (base64_encoded_size (record.size) + 1);
    if (text) {
        base64_encode (text, record.data, record.size);
        fputs (text, out);
    } else
        index_db_fail (self->db, STORAGE);
    free (text);
    fputc ('"', out);
}

//  The heads of a package's publishers and the rotations by their recovery keys, if there are any.
static void
write_heads (index_t *self, FILE *out, int64_t pid)
{
    const char *before = ",\"heads\":[";
    index_db_rows_t *rows = index_db_query (
        self->db,
        "SELECT head, key, 0 FROM heads WHERE pid = ?1"
        " UNION ALL SELECT record, key, 1 FROM rotations WHERE pid = ?1 ORDER BY 3, 2",
        "i", pid);
    while (index_db_next (self->db, rows)) {
        fputs (before, out);
        write_record (self, out, index_db_bytes (rows, 0));
        before = ",";
    }
    if (*before == ',' && !before [1])
        fputc (']', out);
}

//  An object's text without its closing brace, for more fields to follow.
static void
write_open_object (FILE *out, const char *json)
{
    size_t length = strlen (json);
    fwrite (json, 1, length ? length - 1 : 0, out);
}

static void
write_key (index_t *self, FILE *out, const char *id)
{
    char *key = index_json_text (id);
    if (key)
        fprintf (out, "%s:", key);
    else
        index_db_fail (self->db, STORAGE);
    free (key);
}

static void
write_packages (index_t *self, FILE *out)
{
    index_db_rows_t *rows = index_db_query (
        self->db,
        "SELECT p.pid, p.id, p.json, v.json, v.record, v.yanked FROM packages p"
        " JOIN versions v USING (pid) ORDER BY p.id, v.sort, v.version",
        "");
    int64_t last = 0;
    while (index_db_next (self->db, rows)) {
        int64_t pid = index_db_int (rows, 0);
        if (pid != last) {
            fputs (last ? "]},\n" : "\n", out);
            write_key (self, out, index_db_text (rows, 1));
            write_open_object (out, index_db_text (rows, 2));
            write_heads (self, out, pid);
            fputs (",\"versions\":[", out);
        } else
            fputc (',', out);
        last = pid;
        write_open_object (out, index_db_text (rows, 3));
        fputs (",\"record\":", out);
        write_record (self, out, index_db_bytes (rows, 4));
        fputs (index_db_int (rows, 5) ? ",\"yanked\":true}" : "}", out);
    }
    fputs (last ? "]}\n" : "", out);
}

static void
write_document (index_t *self, FILE *out)
{
    char updated_at [RFC3339_SIZE + 1];
    rfc3339_write (index_meta (self, "updated_at"), updated_at);
    fprintf (out,
             "{\"version\":\"1.0.0\",\"updated_at\":\"%s\",\"generation\":%" PRId64
             ",\"packages\":{",
             updated_at, index_meta (self, "generation"));
    write_packages (self, out);
    fputs ("}}\n", out);
}

//  The whole file beside its place, on the disk.
static code_t
write_stage (index_t *self, int dir)
{
    int fd = openat (dir, JSON_STAGE, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666);
    FILE *out = fd == -1 ? NULL : fdopen (fd, "w");
    if (!out) {
        code_t code = index_fail (self, disk_code (errno), strerror (errno));
        disk_close (&fd);
        return code;
    }
    setvbuf (out, NULL, _IOFBF, BUFFER_BYTES);
    write_document (self, out);
    code_t code = index_finish (self);
    if (code == OK && (fflush (out) != 0 || ferror (out) || fsync (fileno (out)) != 0))
        code = index_fail (self, disk_code (errno), strerror (errno));
    fclose (out);
    return code;
}

//  From now on this file is known as ours.
static code_t
remember (index_t *self, int dir)
{
    struct stat st;
    int64_t stamp [COUNT_OF (stamp_keys)];
    if (fstatat (dir, JSON_NAME, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return index_fail (self, disk_code (errno), strerror (errno));
    stamp_of (&st, stamp);
    index_db_begin (self->db);
    for (size_t i = 0; i < COUNT_OF (stamp_keys); i++)
        index_set_meta (self, stamp_keys [i], stamp [i]);
    index_set_meta (self, "json_generation", index_meta (self, "generation"));
    code_t code = index_db_commit (self->db);
    return code == OK ? OK : index_fail (self, code, index_db_error (self->db));
}

code_t
index_write_json (index_t *self)
{
    assert (shelf_is_locked (self->shelf));
    if (self->in_memory)
        return OK;
    if (index_json_is_ours (self)
        && index_meta (self, "json_generation") == index_meta (self, "generation"))
        return index_finish (self);
    AUTO (disk_close) int dir = open_registry (self);
    if (dir == -1)
        return index_fail (self, disk_code (errno), strerror (errno));
    code_t code = write_stage (self, dir);
    if (code == OK && renameat (dir, JSON_STAGE, dir, JSON_NAME) != 0)
        code = index_fail (self, disk_code (errno), strerror (errno));
    if (code == OK)
        return remember (self, dir);
    unlinkat (dir, JSON_STAGE, 0);
    return code;
}
