// SPDX-License-Identifier: MIT
//  Packages out of the rows of the index.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/registry/index_self_io.h"

#define ONE_COLUMNS INDEX_PACKAGE_COLUMNS ", v.record, h.head"
#define ONE_TABLES \
    " FROM packages p JOIN versions v USING (pid)" \
    " LEFT JOIN heads h ON h.pid = v.pid AND h.key = v.key "

static bool
set_text (char **field, char *text)
{
    if (!text)
        return false;
    if (*field != protobuf_c_empty_string)
        free (*field);
    *field = text;
    return true;
}

static bool
set_bytes (ProtobufCBinaryData *field, bytes_t bytes)
{
    field->data = bytes.size ? malloc (bytes.size) : NULL;
    if (!field->data)
        return bytes.size == 0;
    memcpy (field->data, bytes.data, bytes.size);
    field->len = bytes.size;
    return true;
}

Ggen__Package *
index_package (index_t *self, index_db_rows_t *rows)
{
    bytes_t packed = index_db_bytes (rows, 0);
    Ggen__Package *package = ggen__package__unpack (NULL, packed.size, packed.data);
    if (!package) {
        index_db_fail (self->db, SERIALIZATION);
        return NULL;
    }
    const char *archive = index_db_text (rows, 3);
    char *path = NULL;
    bool done = set_text (&package->source, strdup ("file"))
                && set_text (&package->yank_reason, strdup (index_db_text (rows, 2)));
    if (done && archive [0]) {
        if (asprintf (&path, "%s/%s", shelf_directory (self->shelf), archive) < 0)
            path = NULL;
        done = set_text (&package->location, path);
    }
    package->yanked = index_db_int (rows, 1) != 0;
    package->downloads = (uint64_t) index_db_int (rows, 4);
    if (done)
        return package;
    index_db_fail (self->db, STORAGE);
    ggen__package__free_unpacked (package, NULL);
    return NULL;
}

//  The package of the only row, with record and head.
static code_t
take_one (index_t *self, index_db_rows_t *rows, const char *id, Ggen__Package **package_p)
{
    *package_p = NULL;
    bool found = index_db_next (self->db, rows);
    Ggen__Package *package = found ? index_package (self, rows) : NULL;
    if (package
        && (!set_bytes (&package->record, index_db_bytes (rows, INDEX_PACKAGE_COLUMNS_COUNT))
            || !set_bytes (&package->head,
                           index_db_bytes (rows, INDEX_PACKAGE_COLUMNS_COUNT + 1))))
        index_db_fail (self->db, STORAGE);
    if (found)
        index_db_end (rows);
    code_t code = index_finish (self);
    if (code == OK && !found)
        return index_fail (self, PACKAGE_NOT_FOUND, id);
    if (code != OK) {
        ggen__package__free_unpacked (package, NULL);
        return code;
    }
    *package_p = package;
    return OK;
}

code_t
index_latest (index_t *self, const char *id, Ggen__Package **package_p)
{
    index_db_rows_t *rows = index_db_query (
        self->db, "SELECT " ONE_COLUMNS ONE_TABLES "WHERE p.id = ? AND v.vid = p.latest", "t", id);
    return take_one (self, rows, id, package_p);
}

code_t
index_exact (index_t *self, const char *id, const char *version, Ggen__Package **package_p)
{
    index_db_rows_t *rows = index_db_query (
        self->db, "SELECT " ONE_COLUMNS ONE_TABLES "WHERE p.id = ? AND v.version = ?", "tt", id,
        version);
    return take_one (self, rows, id, package_p);
}

code_t
index_exists (index_t *self, const char *id, bool *exists_p)
{
    *exists_p
        = index_db_value (self->db, "SELECT 1 FROM packages WHERE id = ?", 0, "t", id) == 1;
    return index_finish (self);
}

//  Rows into the reply; its list has room for 'room' of them.
static void
read_versions (index_t *self, const char *id, Ggen__ListVersionsReply *reply, size_t room)
{
    index_db_rows_t *rows = index_db_query (
        self->db,
        //  A head goes with the highest version of its signer.
        "SELECT " INDEX_PACKAGE_COLUMNS ", v.record, (SELECT h.head FROM heads h"
        " WHERE h.pid = v.pid AND h.key = v.key AND v.vid = (SELECT vid FROM versions w"
        " WHERE w.pid = v.pid AND w.key = h.key ORDER BY w.sort DESC, w.version DESC LIMIT 1))"
        " FROM packages p JOIN versions v USING (pid) WHERE p.id = ?"
        " ORDER BY v.sort, v.version",
        "t", id);
    while (reply->n_versions < room && index_db_next (self->db, rows)) {
        Ggen__Package *package = index_package (self, rows);
        if (!package)
            break;
        reply->versions [reply->n_versions++] = package;
        if (!set_bytes (&package->record, index_db_bytes (rows, INDEX_PACKAGE_COLUMNS_COUNT))
            || !set_bytes (&package->head,
                           index_db_bytes (rows, INDEX_PACKAGE_COLUMNS_COUNT + 1))) {
            index_db_fail (self->db, STORAGE);
            break;
        }
    }
    index_db_end (rows);
}

code_t
index_versions (index_t *self, const char *id, Ggen__ListVersionsReply **reply_p)
{
    *reply_p = NULL;
    Ggen__ListVersionsReply *reply = malloc (sizeof *reply);
    if (!reply)
        return STORAGE;
    ggen__list_versions_reply__init (reply);
    index_db_read_begin (self->db);
    int64_t count = index_db_value (
        self->db, "SELECT count (*) FROM versions v JOIN packages p USING (pid) WHERE p.id = ?", 0,
        "t", id);
    size_t room = count < SHELF_VERSIONS_MAX ? (size_t) count : SHELF_VERSIONS_MAX;
    reply->versions = calloc (room + 1, sizeof *reply->versions);
    if (reply->versions)
        read_versions (self, id, reply, room);
    else
        index_db_fail (self->db, STORAGE);
    index_db_read_end (self->db);
    code_t code = index_finish (self);
    if (code == OK)
        *reply_p = reply;
    else
        ggen__list_versions_reply__free_unpacked (reply, NULL);
    return code;
}
