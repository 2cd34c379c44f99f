// SPDX-License-Identifier: MIT
//  A thin cover over SQLite: every sqlite3_* call of the registry is in index_db_io.c. Statements
//  are prepared once and kept. The first failure sticks: later calls do nothing until
//  index_db_take_code, so a sequence of steps is checked once, at its end.
#ifndef GGEN_INDEX_DB_IO_H
#define GGEN_INDEX_DB_IO_H

#include "messages/base.h"

#define INDEX_DB_STATEMENTS_MAX 64  //  different statements; one more is our own bug
#define INDEX_DB_BUSY_MS 5000       //  how long another process's transaction is waited for

typedef struct index_db index_db_t;
typedef struct sqlite3_stmt index_db_rows_t;

//  Opens or creates the file. The first call of the process loads SQLite.
//  STORAGE              it is no database, or the disk's answer.
//  PERMISSION_DENIED    it cannot be written.
//  FEATURE_NOT_ENABLED  there is no SQLite on this machine.
//  'why' then has words for it.
must_use code_t index_db_open (index_db_t **self_p, const char *path, char *why, size_t why_size);
void index_db_close (index_db_t **self_p);

//  Some statements without rows, not kept.
void index_db_script (index_db_t *self, const char *sql);

//  Binds by 'types', one letter a value: i int64_t, t const char *, b bytes_t. Text and bytes are
//  borrowed until the statement ends. 'sql' is a static string: its address is its identity.
//  A statement is used once at a time.
index_db_rows_t *index_db_query (index_db_t *self, const char *sql, const char *types, ...);

//  The next row; false at the end, which ends the statement. 'rows' may be NULL.
bool index_db_next (index_db_t *self, index_db_rows_t *rows);
//  Ends a statement before its last row.
void index_db_end (index_db_rows_t *rows);

//  Gives FTS5 tables an auxiliary function "within (TABLE, COLUMNS)": 1 where each phrase of the match is in
//  one of the row's first so many columns, as if the match had been restricted to those, else 0. One query
//  then tells what would take two.
void index_db_define_within (index_db_t *self);

//  Columns of the row, from 0. Text is never NULL; both are borrowed until the next row.
int64_t index_db_int (index_db_rows_t *rows, int column);
const char *index_db_text (index_db_rows_t *rows, int column);
bytes_t index_db_bytes (index_db_rows_t *rows, int column);

//  A statement without rows.
void index_db_run (index_db_t *self, const char *sql, const char *types, ...);

//  The first column of the first row, or 'otherwise' when there is none.
int64_t index_db_value (index_db_t *self, const char *sql, int64_t otherwise, const char *types,
                        ...);

//  A transaction for writing, and its end: committed when nothing has failed since, else undone.
void index_db_begin (index_db_t *self);
must_use code_t index_db_commit (index_db_t *self);

//  What is read until index_db_read_end is of one moment, and the file is locked and looked at once,
//  not by each statement. The end ends statements that are open, and may follow a failure.
void index_db_read_begin (index_db_t *self);
void index_db_read_end (index_db_t *self);

//  Makes the sequence fail with this code, as if the database had; SERIALIZATION tells that what
//  it holds cannot be read.
void index_db_fail (index_db_t *self, code_t code);

//  What failed since the last call, and clears it. OK, STORAGE, PERMISSION_DENIED,
//  INSUFFICIENT_DISK_SPACE or BUSY, or what index_db_fail was given.
must_use code_t index_db_take_code (index_db_t *self);

//  SQLite's words for the last failure. Borrowed until the next call that fails.
const char *index_db_error (const index_db_t *self);

//  Has the file ever turned out to be damaged, or to be no database of ours?
bool index_db_is_damaged (const index_db_t *self);

#endif
