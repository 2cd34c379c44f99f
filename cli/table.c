// SPDX-License-Identifier: MIT
#include "table.h"
#include "render.h"
#include "text.h"

#include <assert.h>
#include <libsmartcols/libsmartcols.h>
#include <stdlib.h>
#include <string.h>

#define GAP_COLUMNS 2           //  between two columns
#define TITLE_MAX 32            //  bytes of a title as that of a field; longer ones are cut
#define CUT_LINES 2             //  of a cell that may be cut, in a paragraph
#define FLEXIBLE_MIN 12         //  columns that one that may be cut or broken needs to be read

struct table_t {
    struct libscols_table *lines;
    const screen_t *screen;
    size_t columns_count;
    size_t widths [TABLE_COLUMNS_MAX];  //  of the widest cell
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
    self->screen = screen;
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
        const size_t width = text_columns (cell);
        if (width > self->widths [at])
            self->widths [at] = width;
    }
    self->rows_count++;
    *line_p = line;
    return OK;
}

static const char *
title_of (struct libscols_column *column)
{
    const char *title = scols_cell_get_data (scols_column_get_header (column));
    return title ? title : "";
}

//  Whether the columns that may not be cut fit beside each other.
static bool
fits (const table_t *self)
{
    size_t total = 0;
    for (size_t at = 0; at < self->columns_count; at++) {
        struct libscols_column *column = scols_table_get_column (self->lines, at);
        const size_t title = text_columns (title_of (column)), natural = self->widths [at];
        const bool flexible = scols_column_is_trunc (column) || scols_column_is_wrap (column);
        size_t width = natural > title ? natural : title;
        if (scols_column_is_tree (column))
            return true;
        if (flexible && width > FLEXIBLE_MIN)
            width = FLEXIBLE_MIN;
        if (width > 0)
            total += width + (at > 0 ? GAP_COLUMNS : 0);
    }
    return total <= self->screen->width;
}

//  "PUBLISHER" as the title of a field.
static void
lower (char out [TITLE_MAX], const char *title)
{
    snprintf (out, TITLE_MAX, "%s", title);
    for (char *at = out; *at; at++)
        if (*at >= 'A' && *at <= 'Z')
            *at = (char) (*at - 'A' + 'a');
}

//  What a table would cut is cut here too, after a few lines.
static void
print_cut (const screen_t *screen, const char *title, const char *cell)
{
    const size_t all = strlen (cell), fits = text_fit (cell, CUT_LINES * screen->width);
    char *start = fits < all ? malloc (fits + sizeof "...") : NULL;
    if (start) {
        memcpy (start, cell, fits);
        strcpy (start + fits, screen->utf8 ? "\u2026" : "...");
    }
    render_field (screen, title, start ? start : cell);
    free (start);
}

//  A row is a paragraph of fields, as `ggen market info` prints them.
static void
print_row (const table_t *self, struct libscols_line *line)
{
    char title [TITLE_MAX];
    for (size_t at = 0; at < self->columns_count; at++) {
        struct libscols_column *column = scols_table_get_column (self->lines, at);
        const char *cell = scols_cell_get_data (scols_line_get_cell (line, at));
        lower (title, title_of (column));
        if (cell && scols_column_is_trunc (column))
            print_cut (self->screen, title, cell);
        else
            render_field (self->screen, *title ? title : "note", cell);
    }
}

static void
print_fields (const table_t *self)
{
    struct libscols_iter *iter = scols_new_iter (SCOLS_ITER_FORWARD);
    struct libscols_line *line = NULL;
    const char *gap = "";
    while (iter && scols_table_next_line (self->lines, iter, &line) == 0) {
        fputs (gap, self->screen->out);
        print_row (self, line);
        gap = "\n";
    }
    scols_free_iter (iter);
}

//  A column without title and cells would leave spaces at the ends of lines.
static void
hide_empty (table_t *self)
{
    for (size_t at = 0; at < self->columns_count; at++) {
        struct libscols_column *column = scols_table_get_column (self->lines, at);
        if (!*title_of (column) && self->widths [at] == 0)
            scols_column_set_flags (column, scols_column_get_flags (column) | SCOLS_FL_HIDDEN);
    }
}

//  The library fills up the last column, too; what is not there has no spaces before it.
static void
print_lines (const table_t *self)
{
    AUTO (text_free) char *text = NULL;
    if (scols_print_table_to_string (self->lines, &text) != 0 || !text) {
        scols_print_table (self->lines);
        return;
    }
    for (const char *line = text; *line;) {
        const size_t size = strcspn (line, "\n");
        size_t shown = size;
        while (shown > 0 && line [shown - 1] == ' ')
            shown--;
        fwrite (line, 1, shown, self->screen->out);
        fputc ('\n', self->screen->out);
        line += size + (line [size] == '\n');
    }
}

void
table_print (table_t *self)
{
    if (self->rows_count == 0)
        return;
    hide_empty (self);
    if (self->screen->width > 0 && !fits (self))
        print_fields (self);
    else
        print_lines (self);
    if (self->rows_left_out)
        fprintf (self->screen->out, "and %zu more\n", self->rows_left_out);
}
