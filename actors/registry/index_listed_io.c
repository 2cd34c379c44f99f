// SPDX-License-Identifier: MIT
#include "actors/registry/index_listed_io.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/registry/index_self_io.h"

code_t
index_open_listed (index_t **self_p, const char *path, char **why_p)
{
    *why_p = NULL;
    index_t *self = *self_p = calloc (1, sizeof *self);
    if (!self)
        return STORAGE;
    self->in_memory = path == NULL;
    self->path = strdup (path ? path : "memory");
    code_t code = self->path ? index_ready (self) : STORAGE;
    if (code == OK) {
        index_db_script (self->db, "CREATE TABLE IF NOT EXISTS listed (pid INTEGER NOT NULL,"
                                   " record BLOB NOT NULL);"
                                   "CREATE INDEX IF NOT EXISTS listed_by_package ON listed (pid);");
        code = index_finish (self);
    }
    if (code == OK)
        return OK;
    *why_p = strdup (self->error);
    index_close (self_p);
    return code;
}

code_t
index_mark (index_t *self, int64_t *mark_p)
{
    *mark_p = index_meta (self, "generation");
    return index_finish (self);
}

static void
insert_heads (index_t *self, const import_index_t *list)
{
    for (size_t i = 0; i < list->heads_count; i++)
        index_db_run (self->db,
                      "INSERT INTO listed SELECT pid, ?2 FROM packages WHERE id = ?1", "tb",
                      list->heads [i].id, list->heads [i].record);
}

code_t
index_fill (index_t *self, const import_index_t *list, int64_t mark)
{
    index_db_begin (self->db);
    index_empty (self);
    index_db_run (self->db, "DELETE FROM listed", "");
    for (size_t i = 0; i < list->packages_count; i++)
        if (list->packages [i])
            index_insert (self, list->packages [i]);
    insert_heads (self, list);
    index_settle_all (self);
    index_set_meta (self, "generation", mark);
    code_t code = index_db_commit (self->db);
    return code == OK ? OK : index_fail (self, code, index_db_error (self->db));
}

void
index_listed_records (index_t *self, int64_t pid, shelf_record_fn *visit, void *arg)
{
    index_db_rows_t *rows
        = index_db_query (self->db, "SELECT record FROM listed WHERE pid = ?", "i", pid);
    while (index_db_next (self->db, rows))
        visit (arg, index_db_bytes (rows, 0));
}

code_t
index_get_records (index_t *self, const char *id, shelf_record_fn *visit, void *arg)
{
    int64_t pid = index_db_value (self->db, "SELECT pid FROM packages WHERE id = ?", 0, "t", id);
    code_t code = pid ? index_records (self, pid, id, visit, arg) : OK;
    return code == OK ? index_finish (self) : index_fail (self, code, "heads cannot be read");
}
