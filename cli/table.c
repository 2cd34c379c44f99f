// SPDX-License-Identifier: MIT
#include "table.h"
#include "text.h"

#include <assert.h>
#include <libsmartcols/libsmartcols.h>
#include <stdlib.h>
#include <string.h>

struct table_t {
    struct libscols_table *lines;
    FILE *out;
    size_t columns_count;
    size_t rows_count;
    size_t rows_left_out;
};

static int
column_flags (unsigned flags)
{
    return (flags & TABLE_RIGHT ? SCOLS_FL_RIGHT : 0) | (flags & TABLE_CUT ? SCOLS_FL_TRUNC : 0)
           | (flags & TABLE_WRAP ? SCOLS_FL_WRAP : 0) | (flags & TABLE_TREE ? SCOLS_FL_TREE : 0);
}

//  The screen has decided what is a terminal and how wide; the library must not look for itself.
static void
fit (struct libscols_table *lines, const screen_t *screen)
{
    scols_table_set_stream (lines, screen->out);
    scols_table_set_termforce (lines, screen->width ? SCOLS_TERMFORCE_ALWAYS
                                                    : SCOLS_TERMFORCE_NEVER);
    if (screen->width)
        scols_table_set_termwidth (lines, screen->width);
    scols_table_enable_ascii (lines, !screen->utf8);
    scols_table_enable_colors (lines, screen->colors);
    //  Pipes and other locales get the bytes as they are, not \x escapes; they are clean.
    scols_table_enable_noencoding (lines, !screen->width);
    scols_table_set_column_separator (lines, "  ");
}

table_t *
table_new (const screen_t *screen, const column_t columns [], size_t columns_count)
{
    assert (columns_count > 0 && columns_count <= TABLE_COLUMNS_MAX);
    table_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->out = screen->out;
    self->columns_count = columns_count;
    self->lines = scols_new_table ();
    if (!self->lines) {
        table_destroy (&self);
        return NULL;
    }
    fit (self->lines, screen);
    for (size_t at = 0; at < columns_count; at++) {
        struct libscols_column *column = scols_table_new_column (
            self->lines, columns [at].title, 0, column_flags (columns [at].flags));
        if (!column) {
            table_destroy (&self);
            return NULL;
        }
        if (screen->colors)
            scols_cell_set_color (scols_column_get_header (column), "bold");
    }
    return self;
}

void
table_destroy (table_t **self_p)
{
    if (!*self_p)
        return;
    scols_unref_table ((*self_p)->lines);
    free (*self_p);
    *self_p = NULL;
}

code_t
table_row (table_t *self, const char *const cells [])
{
    void *line;
    return table_branch (self, NULL, cells, &line);
}

code_t
table_branch (table_t *self, void *parent, const char *const cells [], void **line_p)
{
    *line_p = NULL;
    if (self->rows_count == TABLE_ROWS_MAX) {
        self->rows_left_out++;
        return OK;
    }
    struct libscols_line *line = scols_table_new_line (self->lines, parent);
    if (!line)
        return INTERNAL;
    for (size_t at = 0; at < self->columns_count; at++) {
        char *cell = text_clean (cells [at]);
        if (!cell || scols_line_refer_data (line, at, cell) != 0) {
            free (cell);
            return INTERNAL;
        }
    }
    self->rows_count++;
    *line_p = line;
    return OK;
}

void
table_print (table_t *self)
{
    if (self->rows_count == 0)
        return;
    scols_print_table (self->lines);
    if (self->rows_left_out)
        fprintf (self->out, "and %zu more\n", self->rows_left_out);
}
