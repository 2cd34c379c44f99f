// SPDX-License-Identifier: MIT
#include "yaml.h"

#include <stdlib.h>

#define REAL_DIGITS 6
#define DEPTH_MAX 32            //  deeper parts are written in one line

static void write_value (FILE *out, const json_t *value, unsigned depth);

static void
write_flow (FILE *out, const json_t *value)
{
    char *text = json_dumps (value, JSON_ENCODE_ANY | JSON_REAL_PRECISION (REAL_DIGITS));
    fputs (text ? text : "null", out);
    free (text);
}

static bool
is_block (const json_t *value, unsigned depth)
{
    return depth < DEPTH_MAX
           && ((json_is_object (value) && json_object_size (value) > 0)
               || (json_is_array (value) && json_array_size (value) > 0));
}

static void
begin_line (FILE *out, unsigned depth, bool first)
{
    if (!first)
        fprintf (out, "\n%*s", (int) (2 * depth), "");
}

//  After "name:" or below the document: a block begins on a line of its own.
static void
write_below (FILE *out, const json_t *value, unsigned depth)
{
    if (!is_block (value, depth)) {
        fputc (' ', out);
        write_flow (out, value);
        return;
    }
    begin_line (out, depth, false);
    write_value (out, value, depth);
}

//  The first line of a block goes on where the writer is.
static void
write_value (FILE *out, const json_t *value, unsigned depth)
{
    const char *name;
    json_t *member;
    size_t at;
    bool first = true;
    if (!is_block (value, depth)) {
        write_flow (out, value);
        return;
    }
    if (json_is_array (value)) {
        json_array_foreach (value, at, member) {
            begin_line (out, depth, at == 0);
            fputs ("- ", out);
            write_value (out, member, depth + 1);
        }
        return;
    }
    json_object_foreach ((json_t *) (uintptr_t) value, name, member) {
        begin_line (out, depth, first);
        first = false;
        fprintf (out, "%s:", name);
        write_below (out, member, depth + 1);
    }
}

void
yaml_write (FILE *out, const json_t *document)
{
    write_value (out, document, 0);
    fputc ('\n', out);
}
