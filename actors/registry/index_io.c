// SPDX-License-Identifier: MIT
//  Opening, judging and rebuilding the index.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "actors/registry/index_self_io.h"

#define SCHEMA_VERSION 2
#define WHY_MAX 256         //  bytes of the reason why a database cannot be opened

//  versions.sort is a version_key: memcmp order is precedence.
//  words and names are FTS5 over the columns of packages; a row is in them, in aliases, labels and
//  ranks when packages.latest is not 0. ranks is narrow on purpose: sorting hits reads only it.
static const char SCHEMA []
    = "CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;"
      "CREATE TABLE downloads (id TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID;"
      "CREATE TABLE packages (pid INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,"
      " latest INTEGER NOT NULL DEFAULT 0, json TEXT NOT NULL DEFAULT '',"
      " name TEXT NOT NULL DEFAULT '', description TEXT NOT NULL DEFAULT '',"
      " labels TEXT NOT NULL DEFAULT '');"
      "CREATE TABLE versions (vid INTEGER PRIMARY KEY, pid INTEGER NOT NULL,"
      " version TEXT NOT NULL, sort BLOB NOT NULL, prerelease INTEGER NOT NULL,"
      " yanked INTEGER NOT NULL, yank_reason TEXT NOT NULL, key BLOB NOT NULL,"
      " archive TEXT NOT NULL, json TEXT NOT NULL, record BLOB NOT NULL, package BLOB NOT NULL,"
      " UNIQUE (pid, version));"
      "CREATE INDEX versions_by_order ON versions (pid, sort, version);"
      "CREATE INDEX versions_yanked ON versions (pid) WHERE yanked;"
      "CREATE TABLE heads (pid INTEGER NOT NULL, key BLOB NOT NULL, seq INTEGER NOT NULL,"
      " head BLOB NOT NULL, PRIMARY KEY (pid, key));"
      "CREATE TABLE rotations (pid INTEGER NOT NULL, key BLOB NOT NULL, record BLOB NOT NULL,"
      " PRIMARY KEY (pid, key));"
      "CREATE TABLE aliases (length INTEGER NOT NULL, text TEXT NOT NULL, whole INTEGER NOT NULL,"
      " pid INTEGER NOT NULL, PRIMARY KEY (length, text, whole, pid)) WITHOUT ROWID;"
      "CREATE INDEX aliases_by_package ON aliases (pid);"
      "CREATE TABLE labels (kind TEXT NOT NULL, value TEXT NOT NULL, pid INTEGER NOT NULL,"
      " PRIMARY KEY (kind, value, pid)) WITHOUT ROWID;"
      "CREATE INDEX labels_by_package ON labels (pid);"
      "CREATE TABLE ranks (pid INTEGER PRIMARY KEY, downloads INTEGER NOT NULL,"
      " updated INTEGER NOT NULL, id TEXT NOT NULL);"
      "CREATE INDEX ranks_by_downloads ON ranks (downloads DESC, id);"
      "CREATE INDEX ranks_by_updated ON ranks (updated DESC, id);"
      "CREATE INDEX ranks_by_id ON ranks (id);"
      "CREATE VIRTUAL TABLE words USING fts5 (name, description, labels, content = 'packages',"
      " content_rowid = 'pid', tokenize = 'porter unicode61 remove_diacritics 2');"
      "CREATE VIRTUAL TABLE names USING fts5 (name, content = 'packages', content_rowid = 'pid',"
      " tokenize = 'trigram');"
      "PRAGMA user_version = 2;";

int64_t
index_meta (index_t *self, const char *key)
{
    return index_db_value (self->db, "SELECT value FROM meta WHERE key = ?", 0, "t", key);
}

void
index_set_meta (index_t *self, const char *key, int64_t value)
{
    index_db_run (self->db, "INSERT OR REPLACE INTO meta VALUES (?, ?)", "ti", key, value);
}

code_t
index_fail (index_t *self, code_t code, const char *text)
{
    snprintf (self->error, sizeof self->error, "%s: %s", self->path, text);
    return code;
}

code_t
index_finish (index_t *self)
{
    code_t code = index_db_take_code (self->db);
    return code == OK ? OK : index_fail (self, code, index_db_error (self->db));
}

const char *
index_error (const index_t *self)
{
    return self->error;
}

//  The words of the shelf's last failure are ours.
static code_t
shelf_failed (index_t *self, code_t code)
{
    snprintf (self->error, sizeof self->error, "%s", shelf_error (self->shelf));
    return code;
}

static code_t
open_database (index_t *self)
{
    struct stat st;
    char why [WHY_MAX];
    index_db_close (&self->db);
    code_t code
        = index_db_open (&self->db, self->in_memory ? ":memory:" : self->path, why, sizeof why);
    if (code == OK && self->in_memory)
        return OK;
    if (code == OK && stat (self->path, &st) != 0) {
        code = disk_code (errno);
        snprintf (why, sizeof why, "%s", strerror (errno));
    }
    if (code != OK)
        return index_fail (self, code, why);
    self->device = st.st_dev;
    self->inode = st.st_ino;
    return OK;
}

//  Is the open database still the file at its path, and not damaged?
static bool
database_is_usable (index_t *self)
{
    struct stat st;
    if (!self->db || index_db_is_damaged (self->db))
        return false;
    return self->in_memory
           || (stat (self->path, &st) == 0 && st.st_dev == self->device
               && st.st_ino == self->inode);
}

//  A fresh, empty database in the place of one that cannot be used.
static code_t
create_database (index_t *self)
{
    static const char *companions [] = {"", "-journal", "-wal", "-shm"};
    index_db_close (&self->db);
    for (size_t i = 0; i < COUNT_OF (companions) && !self->in_memory; i++) {
        char path [PATH_MAX];
        snprintf (path, sizeof path, "%s%s", self->path, companions [i]);
        if (unlink (path) != 0 && errno != ENOENT)
            return index_fail (self, disk_code (errno), strerror (errno));
    }
    code_t code = open_database (self);
    if (code != OK)
        return code;
    index_db_begin (self->db);
    index_db_script (self->db, SCHEMA);
    code = index_db_commit (self->db);
    return code == OK ? OK : index_fail (self, code, index_db_error (self->db));
}

//  Has the database our schema? Another one, or none, is made anew.
static bool
schema_is_ours (index_t *self)
{
    int64_t version = index_db_value (self->db, "PRAGMA user_version", -1, "");
    return index_db_take_code (self->db) == OK && version == SCHEMA_VERSION;
}

static code_t
is_current (index_t *self, bool *current_p)
{
    uint64_t generation;
    int64_t wall_s;
    *current_p = false;
    code_t code = shelf_generation (self->shelf, &generation, &wall_s);
    if (code != OK)
        return shelf_failed (self, code);
    if (!database_is_usable (self) || !schema_is_ours (self))
        return OK;
    int64_t ours = index_meta (self, "generation");
    code = index_finish (self);
    if (code == BUSY)
        return code;
    //  A directory without a number gets one by its first writer; in memory we have to do without.
    *current_p = code == OK && (generation != 0 || self->in_memory)
                 && ours == (int64_t) generation;
    return OK;
}

static code_t
visit_version (void *arg, const Ggen__Package *package)
{
    index_insert (arg, package);
    return OK;
}

static void
settle_all (index_t *self)
{
    //  By number: index_settle changes the table that a cursor would stand on.
    int64_t last = index_db_value (self->db, "SELECT max (pid) FROM packages", 0, "");
    for (int64_t pid = 1; pid <= last; pid++) {
        index_settle (self, pid);
        shelf_tell (self->shelf, (uint64_t) pid, (uint64_t) last);
    }
}

static code_t
fill (index_t *self, size_t *damaged_p)
{
    uint64_t generation;
    int64_t wall_s;
    code_t code = shelf_generation (self->shelf, &generation, &wall_s);
    if (code != OK)
        return shelf_failed (self, code);
    index_db_begin (self->db);
    index_empty (self);
    code = shelf_walk (self->shelf, visit_version, self, damaged_p);
    if (code != OK) {
        index_db_fail (self->db, code);
        return shelf_failed (self, index_db_commit (self->db));
    }
    settle_all (self);
    index_set_meta (self, "generation", (int64_t) generation);
    index_set_meta (self, "json_generation", -1);       //  index.json is of the rows before
    index_set_meta (self, "updated_at", wall_s);
    code = index_db_commit (self->db);
    return code == OK ? OK : index_fail (self, code, index_db_error (self->db));
}

static code_t
rebuild (index_t *self, char **warning_p)
{
    size_t damaged = 0;
    code_t code = OK;
    if (!database_is_usable (self) || !schema_is_ours (self))
        code = create_database (self);
    if (code == OK)
        code = fill (self, &damaged);
    if (code != OK && self->db && index_db_is_damaged (self->db)) {     //  Found out on the way
        code = create_database (self);
        if (code == OK)
            code = fill (self, &damaged);
    }
    if (code == OK && damaged > 0
        && asprintf (warning_p, "%zu damaged versions are left out, the first: %s", damaged,
                     shelf_error (self->shelf)) < 0)
        *warning_p = NULL;
    return code;
}

//  Is there anything to be made?
static code_t
look (index_t *self, bool *current_p, bool *written_p)
{
    index_db_t *db = self->db;
    if (db)
        index_db_read_begin (db);
    code_t code = is_current (self, current_p);
    *written_p = code == OK && *current_p && !self->in_memory && index_json_is_ours (self)
                 && index_meta (self, "json_generation") == index_meta (self, "generation");
    if (db)
        index_db_read_end (db);
    return code;
}

//  Under the lock: whatever is not current is made so.
static code_t
refresh_locked (index_t *self, char **warning_p)
{
    bool current;
    code_t code = is_current (self, &current);
    if (code == OK && !current)
        code = rebuild (self, warning_p);
    if (code == OK && !index_json_is_ours (self))
        code = index_save_damaged_json (self, warning_p);
    return code == OK ? index_write_json (self) : code;
}

code_t
index_rebuild (index_t *self, char **warning_p)
{
    *warning_p = NULL;
    code_t code = rebuild (self, warning_p);
    if (code == OK && !self->in_memory && !index_json_is_ours (self))
        code = index_save_damaged_json (self, warning_p);
    return code == OK ? index_write_json (self) : code;
}

code_t
index_refresh (index_t *self, char **warning_p)
{
    *warning_p = NULL;
    bool current, written;
    //  Another file is at the path, or it is the first time. A damaged one is not opened again:
    //  the new handle would not know what the old one has found out.
    bool damaged = self->db && index_db_is_damaged (self->db);
    code_t code = OK;
    if (!damaged && !database_is_usable (self) && access (self->path, F_OK) == 0)
        code = open_database (self);
    if (code == PERMISSION_DENIED || code == FEATURE_NOT_ENABLED)
        return code;                //  Making the file anew would not help
    code = look (self, &current, &written);
    if (code != OK)
        return code;
    if (self->in_memory)
        return current ? OK : rebuild (self, warning_p);
    if (written)
        return index_finish (self);
    if (shelf_is_locked (self->shelf))
        return refresh_locked (self, warning_p);
    code = shelf_lock (self->shelf, SHELF_LOCK_ATTEMPTS, SHELF_LOCK_ATTEMPT_MS, NULL, NULL);
    if (code != OK)
        return shelf_failed (self, code);
    code = refresh_locked (self, warning_p);
    shelf_unlock (self->shelf);
    return code;
}

static code_t
open_at (index_t **self_p, shelf_t *shelf, bool in_memory, char **warning_p)
{
    *warning_p = NULL;
    index_t *self = *self_p = calloc (1, sizeof *self);
    if (!self)
        return STORAGE;
    self->shelf = shelf;
    self->in_memory = in_memory;
    code_t code = STORAGE;
    if (asprintf (&self->path, "%s/index.db", shelf_directory (shelf)) < 0)
        self->path = NULL;
    else
        code = index_refresh (self, warning_p);
    if (code != OK) {
        free (*warning_p);
        *warning_p = strdup (self->error);
        index_close (self_p);
    }
    return code;
}

code_t
index_open (index_t **self_p, shelf_t *shelf, char **warning_p)
{
    return open_at (self_p, shelf, false, warning_p);
}

code_t
index_open_in_memory (index_t **self_p, shelf_t *shelf, char **warning_p)
{
    return open_at (self_p, shelf, true, warning_p);
}

void
index_close (index_t **self_p)
{
    index_t *self = *self_p;
    if (!self)
        return;
    index_db_close (&self->db);
    free (self->path);
    free (self);
    *self_p = NULL;
}

code_t
index_count (index_t *self, uint64_t *count_p)
{
    *count_p = (uint64_t) index_db_value (self->db, "SELECT count (*) FROM packages", 0, "");
    return index_finish (self);
}

code_t
index_count_downloads (index_t *self, char *const *ids, size_t count)
{
    index_db_begin (self->db);
    for (size_t i = 0; i < count; i++) {
        index_db_run (self->db,
                      "INSERT INTO downloads VALUES (?, 1)"
                      " ON CONFLICT (id) DO UPDATE SET count = count + 1",
                      "t", ids [i]);
        index_db_run (self->db, "UPDATE ranks SET downloads = downloads + 1 WHERE id = ?", "t",
                      ids [i]);
    }
    code_t code = index_db_commit (self->db);
    return code == OK ? OK : index_fail (self, code, index_db_error (self->db));
}
