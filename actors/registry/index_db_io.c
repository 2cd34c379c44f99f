// SPDX-License-Identifier: MIT
#include "actors/registry/index_db_io.h"
#include "sqlite_dl.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ERROR_MAX 256
#define READS_FEW 8         //  transactions for reading; one call has two or three

//  Journal TRUNCATE and synchronous NORMAL. The database is derived, so losing it is cheap, but
//  losing a part of it unnoticed is not: with MEMORY a kill in the middle of a commit, with OFF a
//  power cut, can leave pages of two states, and finding that out needs a whole check at each open
//  (30 ms for 10,000 packages). Two or three fsyncs a publish are less than that. Not WAL: readers
//  of a copied or read-only tree would need its two companions.
//  No mmap: a file cut short by another program would then be a SIGBUS, not an error.
//  What only a writer needs is set before the first transaction for writing: most processes read, and
//  read once. For one call each page is needed once, and 256 KiB of pages that are used again cost less
//  than as many fresh ones as the call reads; who writes, or goes on reading, keeps 16 MiB.
static const char SETTINGS [] = "PRAGMA temp_store = MEMORY;"
                                "PRAGMA cache_size = -256;"
                                "PRAGMA cell_size_check = ON;"
                                "PRAGMA trusted_schema = OFF;";
static const char SETTINGS_TO_STAY [] = "PRAGMA cache_size = -16384;";
static const char SETTINGS_TO_WRITE [] = "PRAGMA cache_size = -16384;"
                                         "PRAGMA journal_mode = TRUNCATE;"
                                         "PRAGMA synchronous = NORMAL;";

typedef struct {
    const char *sql;
    sqlite3_stmt *statement;
} kept_t;

struct index_db {
    sqlite3 *handle;
    kept_t kept [INDEX_DB_STATEMENTS_MAX];
    size_t kept_count;
    code_t code;            //  the failure that sticks
    bool damaged;
    bool writes;            //  is set to
    bool has_within;        //  index_db_define_within was called
    unsigned reads;         //  transactions for reading, up to READS_FEW
    char error [ERROR_MAX];
};

static code_t
code_of (int result)
{
    switch (result & 0xFF) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return BUSY;
        case SQLITE_PERM:
        case SQLITE_READONLY:
        case SQLITE_CANTOPEN:
        case SQLITE_AUTH:
            return PERMISSION_DENIED;
        case SQLITE_FULL:
            return INSUFFICIENT_DISK_SPACE;
        default:
            return STORAGE;
    }
}

static void
fail (index_db_t *self, int result)
{
    int primary = result & 0xFF;
    //  Our statements are right, so SQLITE_ERROR means a schema that is no longer ours.
    self->damaged = self->damaged || primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB
                    || primary == SQLITE_ERROR;
    if (self->code != OK)
        return;
    self->code = code_of (result);
    snprintf (self->error, sizeof self->error, "%s", sqlite3_errmsg (self->handle));
}

code_t
index_db_open (index_db_t **self_p, const char *path, char *why, size_t why_size)
{
    *self_p = NULL;
    code_t loaded = sqlite_dl_load (why, why_size);
    if (loaded != OK)
        return loaded;
    snprintf (why, why_size, "cannot be opened");
    index_db_t *self = calloc (1, sizeof *self);
    if (!self)
        return STORAGE;
    int result = sqlite3_open_v2 (
        path, &self->handle,
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
    if (result == SQLITE_OK) {
        sqlite3_busy_timeout (self->handle, INDEX_DB_BUSY_MS);
        result = sqlite3_exec (self->handle, SETTINGS, NULL, NULL, NULL);
    }
    if (result != SQLITE_OK) {
        code_t code = code_of (result);
        index_db_close (&self);
        return code;
    }
    *self_p = self;
    return OK;
}

void
index_db_close (index_db_t **self_p)
{
    index_db_t *self = *self_p;
    if (!self)
        return;
    for (size_t i = 0; i < self->kept_count; i++)
        sqlite3_finalize (self->kept [i].statement);
    sqlite3_close (self->handle);
    free (self);
    *self_p = NULL;
}

void
index_db_script (index_db_t *self, const char *sql)
{
    if (self->code != OK)
        return;
    int result = sqlite3_exec (self->handle, sql, NULL, NULL, NULL);
    if (result != SQLITE_OK)
        fail (self, result);
}

//  The prepared statement of this text; NULL when it cannot be prepared.
static sqlite3_stmt *
prepared (index_db_t *self, const char *sql)
{
    for (size_t i = 0; i < self->kept_count; i++)
        if (self->kept [i].sql == sql)
            return self->kept [i].statement;
    assert (self->kept_count < INDEX_DB_STATEMENTS_MAX);
    sqlite3_stmt *statement = NULL;
    int result = sqlite3_prepare_v3 (self->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement,
                                     NULL);
    if (result != SQLITE_OK) {
        fail (self, result);
        return NULL;
    }
    self->kept [self->kept_count++] = (kept_t) {sql, statement};
    return statement;
}

static int
bind_one (sqlite3_stmt *statement, int at, char type, va_list *args)
{
    if (type == 'i')
        return sqlite3_bind_int64 (statement, at, va_arg (*args, int64_t));
    if (type == 't')
        return sqlite3_bind_text (statement, at, va_arg (*args, const char *), -1, SQLITE_STATIC);
    assert (type == 'b');
    bytes_t bytes = va_arg (*args, bytes_t);
    return sqlite3_bind_blob64 (statement, at, bytes.data ? (const void *) bytes.data : "",
                                bytes.size, SQLITE_STATIC);
}

static sqlite3_stmt *
start (index_db_t *self, const char *sql, const char *types, va_list *args)
{
    sqlite3_stmt *statement = self->code == OK ? prepared (self, sql) : NULL;
    if (!statement)
        return NULL;
    assert (!sqlite3_stmt_busy (statement));
    for (int i = 0; types [i]; i++) {
        int result = bind_one (statement, i + 1, types [i], args);
        if (result != SQLITE_OK) {
            fail (self, result);
            return NULL;
        }
    }
    return statement;
}

index_db_rows_t *
index_db_query (index_db_t *self, const char *sql, const char *types, ...)
{
    va_list args;
    va_start (args, types);
    sqlite3_stmt *statement = start (self, sql, types, &args);
    va_end (args);
    return statement;
}

bool
index_db_next (index_db_t *self, index_db_rows_t *rows)
{
    if (!rows)
        return false;
    int result = sqlite3_step (rows);
    if (result == SQLITE_ROW)
        return true;
    if (result != SQLITE_DONE)
        fail (self, result);
    sqlite3_reset (rows);
    return false;
}

void
index_db_end (index_db_rows_t *rows)
{
    if (rows)
        sqlite3_reset (rows);
}

int64_t
index_db_int (index_db_rows_t *rows, int column)
{
    return sqlite3_column_int64 (rows, column);
}

const char *
index_db_text (index_db_rows_t *rows, int column)
{
    const unsigned char *text = sqlite3_column_text (rows, column);
    return text ? (const char *) text : "";
}

bytes_t
index_db_bytes (index_db_rows_t *rows, int column)
{
    const void *data = sqlite3_column_blob (rows, column);
    return (bytes_t) {data, data ? (size_t) sqlite3_column_bytes (rows, column) : 0};
}

void
index_db_run (index_db_t *self, const char *sql, const char *types, ...)
{
    va_list args;
    va_start (args, types);
    sqlite3_stmt *statement = start (self, sql, types, &args);
    va_end (args);
    while (index_db_next (self, statement))
        ;
}

int64_t
index_db_value (index_db_t *self, const char *sql, int64_t otherwise, const char *types, ...)
{
    va_list args;
    va_start (args, types);
    sqlite3_stmt *statement = start (self, sql, types, &args);
    va_end (args);
    if (!index_db_next (self, statement))
        return otherwise;
    int64_t value = sqlite3_column_int64 (statement, 0);
    sqlite3_reset (statement);
    return value;
}

void
index_db_begin (index_db_t *self)
{
    if (!self->writes)
        index_db_script (self, SETTINGS_TO_WRITE);
    self->writes = self->writes || self->code == OK;
    index_db_run (self, "BEGIN IMMEDIATE", "");
}

code_t
index_db_commit (index_db_t *self)
{
    index_db_run (self, "COMMIT", "");
    code_t code = index_db_take_code (self);
    if (!sqlite3_get_autocommit (self->handle))
        sqlite3_exec (self->handle, "ROLLBACK", NULL, NULL, NULL);
    return code;
}

//  ---- the auxiliary function

//  An empty phrase, of a word that is none to the tokenizer, restricts nothing.
static void
within (const Fts5ExtensionApi *api, Fts5Context *match, sqlite3_context *result, int count,
        sqlite3_value **values)
{
    const int columns = count == 1 ? sqlite3_value_int (values [0]) : 0;
    bool all = true;
    for (int phrase = api->xPhraseCount (match); all && phrase-- > 0;) {
        Fts5PhraseIter at;
        int column = -1;
        int failure = api->xPhraseFirstColumn (match, phrase, &at, &column);
        if (failure != SQLITE_OK) {
            sqlite3_result_error_code (result, failure);
            return;
        }
        //  Columns come in their order
        all = api->xPhraseSize (match, phrase) == 0 || (column >= 0 && column < columns);
    }
    sqlite3_result_int (result, all);
}

void
index_db_define_within (index_db_t *self)
{
    fts5_api *api = NULL;
    sqlite3_stmt *statement = NULL;
    if (self->has_within || self->code != OK)
        return;
    int result = sqlite3_prepare_v2 (self->handle, "SELECT fts5 (?)", -1, &statement, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_bind_pointer (statement, 1, (void *) &api, "fts5_api_ptr", NULL);
    if (result == SQLITE_OK)
        sqlite3_step (statement);
    sqlite3_finalize (statement);
    if (result == SQLITE_OK)
        result = api ? api->xCreateFunction (api, "within", NULL, within, NULL) : SQLITE_NOTFOUND;
    self->has_within = result == SQLITE_OK;
    if (result != SQLITE_OK)
        fail (self, result);
}

void
index_db_read_begin (index_db_t *self)
{
    if (self->reads < READS_FEW && ++self->reads == READS_FEW)
        index_db_script (self, SETTINGS_TO_STAY);
    index_db_run (self, "BEGIN", "");
}

void
index_db_read_end (index_db_t *self)
{
    //  Nothing was written, so there is nothing that could fail to be.
    if (!sqlite3_get_autocommit (self->handle))
        sqlite3_exec (self->handle, "ROLLBACK", NULL, NULL, NULL);
}

void
index_db_fail (index_db_t *self, code_t code)
{
    if (self->code != OK)
        return;
    self->code = code;
    self->damaged = self->damaged || code == SERIALIZATION;
    snprintf (self->error, sizeof self->error, "%s", code_name (code));
}

code_t
index_db_take_code (index_db_t *self)
{
    code_t code = self->code;
    self->code = OK;
    return code;
}

const char *
index_db_error (const index_db_t *self)
{
    return self->error;
}

bool
index_db_is_damaged (const index_db_t *self)
{
    return self->damaged;
}
