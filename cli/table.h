// SPDX-License-Identifier: MIT
//  Tables on a terminal or in a pipe, drawn by libsmartcols.
//  On a terminal lines fit its width: columns marked TABLE_WRAP are broken over several lines,
//  those marked TABLE_CUT lose their end; when it is too narrow for the others, each row becomes a
//  paragraph of fields, where such a cell has a few lines at most. In a pipe nothing is broken or
//  cut. The column marked TABLE_TREE draws which row is below which. Cells are cleaned (text.h).
#ifndef GGEN_TABLE_H
#define GGEN_TABLE_H

#include "screen.h"

#define TABLE_COLUMNS_MAX 16
#define TABLE_ROWS_MAX 100000       //  further rows are counted and said, not drawn

typedef enum { TABLE_LEFT = 0, TABLE_RIGHT = 1, TABLE_CUT = 2, TABLE_WRAP = 4,
               TABLE_TREE = 8 } table_flags_t;

typedef struct {
    const char *title;
    unsigned flags;                 //  of table_flags_t
} column_t;

typedef struct table_t table_t;

//  A table without rows for this screen. NULL only without memory. 'columns' are copied.
table_t *
    table_new (const screen_t *screen, const column_t columns [], size_t columns_count);
void
    table_destroy (table_t **self_p);

//  Add a row; as many cells as columns; NULL is an empty cell. Cells are copied.
//  INTERNAL  out of memory
must_use code_t
    table_row (table_t *self, const char *const cells []);

//  The same below another row; 'parent' NULL: below none. *line_p is what to give as the parent of
//  further rows, or NULL when there was no room for it. The table is its owner.
must_use code_t
    table_branch (table_t *self, void *parent, const char *const cells [], void **line_p);

//  Draw it. Without rows nothing is printed, not even titles.
void
    table_print (table_t *self);

#endif
