// SPDX-License-Identifier: MIT
#include "state_db.h"

#include "log.h"
#include "private_file.h"

#include "sqlite_dl.h"

#include <sodium.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

//  1 had no sums.
#define SCHEMA_VERSION  2
#define SUM_BYTES       16
#define BUSY_TIMEOUT_MS 200
#define PAGE_BYTES      4096
#define ASIDE           ".corrupted"

struct state_db_t {
    char path[PRIVATE_PATH_MAX];
    char why[PRIVATE_PATH_MAX + 256];
    sqlite3 *db;                //  NULL: not open
    int64_t version;            //  of its schema; 0: it has none
    sqlite3_stmt *put;          //  these two: NULL as long as there is no schema, or an older one
    sqlite3_stmt *remove;
    sqlite3_stmt *read;         //  NULL as long as there is no schema
    bool changing;              //  between begin and commit
};

state_db_t *
state_db_new (const char *path)
{
    assert (path[0] == '/');
    state_db_t *self = strlen (path) < PRIVATE_PATH_MAX ? calloc (1, sizeof *self) : NULL;
    if (self)
        strcpy (self->path, path);
    return self;
}

//  Closing takes back what was not committed.
static void
close_db (state_db_t *self)
{
    if (!self->db)
        return;
    sqlite3_finalize (self->put);
    sqlite3_finalize (self->remove);
    sqlite3_finalize (self->read);
    sqlite3_close (self->db);
    self->put = self->remove = self->read = NULL;
    self->db = NULL;
    self->changing = false;
}

void
state_db_destroy (state_db_t **self_p)
{
    if (!*self_p)
        return;
    close_db (*self_p);
    free (*self_p);
    *self_p = NULL;
}

bool
state_db_is_changing (const state_db_t *self)
{
    return self->changing;
}

const char *
state_db_why (const state_db_t *self)
{
    return self->why;
}

//  ---- failing -----------------------------------------------------------------------------------

typedef char longer_path_t[PRIVATE_PATH_MAX + 32];

static bool
is_absent (const char *path)
{
    return access (path, F_OK) != 0 && errno == ENOENT;
}

//  Nothing is missing while this is not there; who cannot look is not told so.
static bool
is_one_aside (const state_db_t *self)
{
    longer_path_t aside;
    snprintf (aside, sizeof aside, "%s" ASIDE, self->path);
    return !is_absent (aside);
}

//  Out of the way, with its journal: that must never be played into another file. The name is on
//  disk before a new file has entries.
static bool
move_aside (state_db_t *self)
{
    longer_path_t aside, journal, journal_aside;
    char why[sizeof self->why];
    snprintf (aside, sizeof aside, "%s" ASIDE, self->path);
    snprintf (journal, sizeof journal, "%s-journal", self->path);
    snprintf (journal_aside, sizeof journal_aside, "%s" ASIDE "-journal", self->path);
    bool second = is_one_aside (self);
    if ((second ? unlink (journal) : rename (journal, journal_aside)) != 0 && errno != ENOENT)
        return false;
    if ((second ? unlink (self->path) : rename (self->path, aside)) != 0
        || private_file_sync_dir (self->path, why, sizeof why) != OK)
        return false;
    log_warn ("state.corrupted", "path=%s moved_to=%s reason=%s", self->path,
              second ? "(removed)" : aside, self->why);
    return true;
}

static bool
may_write (const state_db_t *self)
{
    char dir[PRIVATE_PATH_MAX];
    const char *slash = strrchr (self->path, '/');
    snprintf (dir, sizeof dir, "%.*s", (int) (slash - self->path + 1), self->path);
    return faccessat (AT_FDCWD, self->path, W_OK, AT_EACCESS) == 0
           && faccessat (AT_FDCWD, dir, W_OK | X_OK, AT_EACCESS) == 0;
}

//  What an SQLite result means here. Its low byte is the class of the error.
static code_t
code_of (const state_db_t *self, int result)
{
    switch (result & 0xFF) {
    case SQLITE_PERM:
    case SQLITE_READONLY:
        return PERMISSION_DENIED;
    case SQLITE_CANTOPEN:
        return may_write (self) ? STORAGE : PERMISSION_DENIED;
    case SQLITE_FULL:
        return INSUFFICIENT_DISK_SPACE;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return BUSY;
    default:
        return STORAGE;
    }
}

static void
give_up_file (state_db_t *self)
{
    close_db (self);
    if (move_aside (self))
        return;
    size_t used = strlen (self->why);
    snprintf (self->why + used, sizeof self->why - used, ", and it cannot be moved aside: %s",
              strerror (errno));
}

static code_t
failed (state_db_t *self, int result)
{
    code_t code = code_of (self, result);
    snprintf (self->why, sizeof self->why, "%s: %s", self->path, sqlite3_errmsg (self->db));
    close_db (self);
    if ((result & 0xFF) == SQLITE_CORRUPT || (result & 0xFF) == SQLITE_NOTADB)
        give_up_file (self);
    return code;
}

//  ---- opening -----------------------------------------------------------------------------------

//  The number a pragma answers.
static int
ask_pragma (state_db_t *self, const char *sql, int64_t *number_p)
{
    sqlite3_stmt *statement = NULL;
    int result = sqlite3_prepare_v2 (self->db, sql, -1, &statement, NULL);
    if (result == SQLITE_OK && (result = sqlite3_step (statement)) == SQLITE_ROW) {
        *number_p = sqlite3_column_int64 (statement, 0);
        result = SQLITE_OK;
    }
    sqlite3_finalize (statement);
    return result;
}

static int
prepare (state_db_t *self)
{
    const struct {
        sqlite3_stmt **statement;
        const char *sql;
    } all[] = {
        {&self->put, "INSERT INTO entries (tab, key, value, sum) VALUES (?1, ?2, ?3, ?4)"
                     " ON CONFLICT (tab, key) DO UPDATE SET value = ?3, sum = ?4"},
        {&self->remove, "DELETE FROM entries WHERE tab = ?1 AND key = ?2"},
        {&self->read,
         "SELECT key, value, sum FROM entries WHERE tab = ?1 AND key > ?2 ORDER BY key"}};
    int result = SQLITE_OK;
    for (size_t i = 0; i < COUNT_OF (all) && result == SQLITE_OK; i++)
        result = sqlite3_prepare_v2 (self->db, all[i].sql, -1, all[i].statement, NULL);
    return result;
}

//  What can be done with a file that may be read only.
static int
prepare_older (state_db_t *self)
{
    return sqlite3_prepare_v2 (
        self->db, "SELECT key, value, NULL FROM entries WHERE tab = ?1 AND key > ?2 ORDER BY key",
        -1, &self->read, NULL);
}

static int
set_up (state_db_t *self)
{
    char pragmas[160];
    snprintf (pragmas, sizeof pragmas,
              "PRAGMA journal_mode = TRUNCATE; PRAGMA synchronous = FULL;"
              " PRAGMA max_page_count = %lld",
              STATE_DB_BYTES_MAX / PAGE_BYTES);
    sqlite3_busy_timeout (self->db, BUSY_TIMEOUT_MS);
    return sqlite3_exec (self->db, pragmas, NULL, NULL, NULL);
}

static code_t
open_db (state_db_t *self)
{
    self->version = 0;
    int result = sqlite3_open_v2 (self->path, &self->db,
                                  SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (result == SQLITE_OK)
        result = set_up (self);
    if (result == SQLITE_OK)
        result = ask_pragma (self, "PRAGMA user_version", &self->version);
    if (result == SQLITE_OK && self->version == SCHEMA_VERSION)
        result = prepare (self);
    if (result == SQLITE_OK && self->version == 1)
        result = prepare_older (self);
    if (result != SQLITE_OK)
        return failed (self, result);
    if (self->version >= 0 && self->version <= SCHEMA_VERSION)
        return OK;
    close_db (self);
    snprintf (self->why, sizeof self->why,
              "%s: schema %" PRId64 " is of a later version of ggen; this one knows %d",
              self->path, self->version, SCHEMA_VERSION);
    return STORAGE;
}

//  SQLite would create it readable by all.
static code_t
create_file (state_db_t *self)
{
    code_t code = private_file_make_dir (self->path, self->why, sizeof self->why);
    if (code == OK)
        code = private_file_create (self->path, (bytes_t) {NULL, 0}, self->why, sizeof self->why);
    return code == ALREADY_EXISTS ? OK : code;
}

//  Open it for reading; self->db stays NULL when there is no file.
static code_t
open_present (state_db_t *self)
{
    if (self->db || is_absent (self->path))
        return OK;
    code_t code = sqlite_dl_load (self->why, sizeof self->why);
    if (code == OK)
        code = open_db (self);
    //  Corrupt, and out of the way now: what is left is a file that is not there.
    return code == STORAGE && is_absent (self->path) ? OK : code;
}

bool
state_db_misses (state_db_t *self)
{
    //  It may be now that damage is found. A file that does not open fails what comes next.
    code_t code = open_present (self);
    if (code || !is_one_aside (self))
        return false;
    snprintf (self->why, sizeof self->why,
              "%s" ASIDE " was set aside as damaged, and what only it had is missing", self->path);
    return true;
}

//  ---- changing ----------------------------------------------------------------------------------

static code_t
execute (state_db_t *self, const char *sql)
{
    int result = sqlite3_exec (self->db, sql, NULL, NULL, NULL);
    return result == SQLITE_OK ? OK : failed (self, result);
}

static code_t
make_schema (state_db_t *self)
{
    code_t code = execute (
        self, self->version == 0
                  ? "CREATE TABLE entries (tab TEXT NOT NULL, key BLOB NOT NULL,"
                    " value BLOB NOT NULL, sum BLOB, PRIMARY KEY (tab, key)) STRICT;"
                    "PRAGMA user_version = 2"
                  : "ALTER TABLE entries ADD COLUMN sum BLOB; PRAGMA user_version = 2");
    if (code)
        return code;
    sqlite3_finalize (self->read);
    self->read = NULL;
    int result = prepare (self);
    return result == SQLITE_OK ? OK : failed (self, result);
}

_Static_assert (SCHEMA_VERSION == 2, "make_schema says which version it makes");

code_t
state_db_begin (state_db_t *self)
{
    code_t code = open_present (self);
    if (code)
        return code;
    if (!self->db) {
        code = create_file (self);
        if (code == OK)
            code = sqlite_dl_load (self->why, sizeof self->why);
        if (code == OK)
            code = open_db (self);
        if (code)
            return code;
    }
    code = execute (self, "BEGIN IMMEDIATE");
    if (code == OK && !self->put)
        code = make_schema (self);
    self->changing = code == OK;
    return code;
}

//  An empty blob that is not NULL.
static bytes_t
not_null (bytes_t bytes)
{
    return bytes.size > 0 ? bytes : (bytes_t) {(const uint8_t *) "", 0};
}

//  SQLite knows when its own pages make no sense, and not when a bit of what is in them has turned.
static void
sum_of (const char *table, bytes_t key, bytes_t value, uint8_t sum[SUM_BYTES])
{
    const uint8_t size[] = {0, (uint8_t) key.size, (uint8_t) (key.size >> 8)};
    crypto_generichash_state state;
    crypto_generichash_init (&state, NULL, 0, SUM_BYTES);
    crypto_generichash_update (&state, (const uint8_t *) table, strlen (table));
    crypto_generichash_update (&state, size, sizeof size);
    crypto_generichash_update (&state, key.data, key.size);
    crypto_generichash_update (&state, value.data, value.size);
    crypto_generichash_final (&state, sum, SUM_BYTES);
}

static int
bind (sqlite3_stmt *statement, const char *table, bytes_t key)
{
    int result = sqlite3_bind_text (statement, 1, table, -1, SQLITE_STATIC);
    key = not_null (key);
    if (result == SQLITE_OK)
        result = sqlite3_bind_blob (statement, 2, key.data, (int) key.size, SQLITE_STATIC);
    return result;
}

static code_t
run (state_db_t *self, sqlite3_stmt *statement, int result, uint32_t *changed_p)
{
    if (result == SQLITE_OK)
        result = sqlite3_step (statement);
    if (result != SQLITE_DONE)
        return failed (self, result);
    *changed_p += (uint32_t) sqlite3_changes (self->db);
    sqlite3_reset (statement);
    sqlite3_clear_bindings (statement);
    return OK;
}

code_t
state_db_put (state_db_t *self, const char *table, bytes_t key, bytes_t value, uint32_t *changed_p)
{
    uint8_t sum[SUM_BYTES];
    int result = bind (self->put, table, key);
    value = not_null (value);
    sum_of (table, key, value, sum);
    if (result == SQLITE_OK)
        result = sqlite3_bind_blob (self->put, 3, value.data, (int) value.size, SQLITE_STATIC);
    if (result == SQLITE_OK)
        result = sqlite3_bind_blob (self->put, 4, sum, sizeof sum, SQLITE_STATIC);
    return run (self, self->put, result, changed_p);
}

code_t
state_db_remove (state_db_t *self, const char *table, bytes_t key, uint32_t *changed_p)
{
    return run (self, self->remove, bind (self->remove, table, key), changed_p);
}

code_t
state_db_commit (state_db_t *self)
{
    code_t code = execute (self, "COMMIT");
    self->changing = false;
    return code;
}

//  ---- reading -----------------------------------------------------------------------------------

static bytes_t
column (sqlite3_stmt *statement, int index)
{
    const uint8_t *data = sqlite3_column_blob (statement, index);
    return (bytes_t) {data, (size_t) sqlite3_column_bytes (statement, index)};
}

typedef enum {
    ENTRY_WHOLE,
    ENTRY_UNCHECKED,
    ENTRY_DAMAGED
} entry_t;

static entry_t
look (const char *table, bytes_t key, bytes_t value, bytes_t sum)
{
    uint8_t expected[SUM_BYTES];
    if (!sum.data)
        return ENTRY_UNCHECKED;
    sum_of (table, key, value, expected);
    return sum.size == SUM_BYTES && memcmp (sum.data, expected, SUM_BYTES) == 0 ? ENTRY_WHOLE
                                                                                : ENTRY_DAMAGED;
}

code_t
state_db_read (state_db_t *self, const char *table, bytes_t after, bool whole,
               state_db_visit_fn *visit, void *context)
{
    code_t code = open_present (self);
    if (code || !self->read)
        return code;
    int result = bind (self->read, table, after);
    while (result == SQLITE_OK || result == SQLITE_ROW) {
        result = sqlite3_step (self->read);
        if (result != SQLITE_ROW)
            continue;
        bytes_t key = column (self->read, 0), value = column (self->read, 1);
        entry_t entry = look (table, key, value, column (self->read, 2));
        if (entry != ENTRY_DAMAGED)
            result = visit (context, key, value, entry == ENTRY_WHOLE) ? SQLITE_ROW : SQLITE_DONE;
        else if (!whole)
            log_warn ("state.damaged", "path=%s table=%s", self->path, table);
        else {
            snprintf (self->why, sizeof self->why,
                      "%s: an entry of table '%s' is not what was written", self->path, table);
            give_up_file (self);
            return STORAGE;
        }
    }
    if (result != SQLITE_DONE)
        return failed (self, result);
    sqlite3_reset (self->read);
    sqlite3_clear_bindings (self->read);
    return OK;
}
