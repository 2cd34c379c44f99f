// SPDX-License-Identifier: MIT
#include "config/schema_doc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

//  The text of a memory stream, or NULL when memory ran out.
static char *
finish (FILE *out, char **text)
{
    if (fclose (out) == 0)
        return *text;
    free (*text);
    return NULL;
}

static size_t
section_size (const schema_key_t *row)
{
    return (size_t) (strchr (row->key, '.') - row->key);
}

static bool
begins_section (const schema_key_t *row)
{
    return row == schema_keys || section_size (row) != section_size (row - 1)
        || strncmp (row->key, row [-1].key, section_size (row)) != 0;
}

static void
write_key (FILE *out, const schema_key_t *row)
{
    char expected [SCHEMA_EXPECTED_SIZE];
    const char *name = row->key + section_size (row) + 1;
    if (begins_section (row))
        fprintf (out, "\n[%.*s]\n", (int) section_size (row), row->key);
    fprintf (out, "# %s (%s)%s\n", row->help, schema_expected (row, expected),
             row->lacks ? " (no effect yet)" : "");
    //  The defaults' JSON is TOML as well; TOML has no null.
    if (strcmp (row->value, "null") == 0)
        fprintf (out, "# %s =\n", name);
    else
        fprintf (out, "# %s = %s\n", name, row->value);
}

char *
schema_doc_toml (void)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream (&text, &size);
    if (!out)
        return NULL;
    fputs ("# Configuration of ggen. Each key stands here with its default; remove the '#' to\n"
           "# change it. A flag goes before an environment variable, that before this file.\n"
           "# '~' is your home directory; relative paths are under ggen's home.\n", out);
    for (const schema_key_t *row = schema_keys; row->key; row++)
        write_key (out, row);
    return finish (out, &text);
}

//  '|' would end the table's cell.
static void
write_cell (FILE *out, const char *text, const char *separator)
{
    for (; *text; text++)
        if (*text == '|')
            fputs (separator, out);
        else
            fputc (*text, out);
}

char *
schema_doc_markdown (void)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream (&text, &size);
    if (!out)
        return NULL;
    fputs ("| key | default | accepts | environment | meaning |\n|---|---|---|---|---|\n", out);
    for (const schema_key_t *row = schema_keys; row->key; row++) {
        char expected [SCHEMA_EXPECTED_SIZE];
        bool is_none = strcmp (row->value, "null") == 0;
        fprintf (out, "| `%s` | ", row->key);
        if (is_none)
            fputs ("none", out);
        else
            fprintf (out, "`%s`%s%s", row->value, *schema_unit (row) ? " " : "",
                     schema_unit (row));
        fputs (" | ", out);
        write_cell (out, schema_expected (row, expected), "\\|");
        fputs (" | ", out);
        write_cell (out, row->env ? row->env : "", ", ");
        fprintf (out, " | %s%s |\n", row->help, row->lacks ? " (no effect yet)" : "");
    }
    return finish (out, &text);
}
