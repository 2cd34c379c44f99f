// SPDX-License-Identifier: MIT
#include "render.h"
#include "shape.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

#define FIELD_COLUMNS 14        //  where the values of render_field begin
#define REAL_DIGITS_MIN 15      //  significant ones; so many of a text survive in a double
#define REAL_DIGITS_MAX 17      //  so many tell any two doubles apart

//  How many significant digits the longest number in 'value' needs to read back. Zeros at the end
//  are not printed, so fewer than the least are no shorter.
static int
real_digits (const json_t *value)
{
    int most = REAL_DIGITS_MIN;
    const char *key;
    json_t *inner;
    size_t at;
    if (json_is_real (value)) {
        char text [64];
        do
            snprintf (text, sizeof text, "%.*g", most, json_real_value (value));
        while (strtod (text, NULL) != json_real_value (value) && ++most < REAL_DIGITS_MAX);
    }
    json_object_foreach ((json_t *) (uintptr_t) value, key, inner) {
        const int digits = real_digits (inner);
        most = digits > most ? digits : most;
    }
    json_array_foreach (value, at, inner) {
        const int digits = real_digits (inner);
        most = digits > most ? digits : most;
    }
    return most;
}

size_t
render_reals (const json_t *value)
{
    return JSON_REAL_PRECISION ((size_t) real_digits (value));
}

static void
dump (const screen_t *screen, json_t *document, size_t flags)
{
    if (!document)
        document = shape_error (INTERNAL, "out of memory", NULL);
    flags |= JSON_ENSURE_ASCII | render_reals (document);
    if (document && json_dumpf (document, screen->out, flags) == 0)
        putc ('\n', screen->out);
    json_decref (document);
}

void
render_json (const screen_t *screen, json_t *document)
{
    dump (screen, document, JSON_INDENT (2));
}

void
render_json_line (const screen_t *screen, json_t *document)
{
    dump (screen, document, JSON_COMPACT);
    fflush (screen->out);
}

//  "label: text" on err; lines after the first are indented.
static void
print_labelled (const screen_t *screen, const char *label, color_t color, const char *text)
{
    AUTO (text_free) char *lines = text_clean_lines (text);
    if (!lines)
        return;
    fprintf (screen->err, "%s%s:%s ", screen_color (screen->err_colors, color), label,
             screen_plain (screen->err_colors));
    for (char *line = lines; line; ) {
        char *end = strchr (line, '\n');
        if (end)
            *end++ = 0;
        fprintf (screen->err, "%s%s\n", line == lines ? "" : "  ", line);
        line = end && *end ? end : NULL;
    }
}

//  What there was to warn of before it failed (installer).
static bool
is_warning (const Ggen__Detail *detail)
{
    return strcmp (detail->key, "warning") == 0;
}

void
render_failure (const screen_t *screen, const Ggen__Failure *failure)
{
    if (screen->json) {
        render_json (screen, shape_failure (failure));
        return;
    }
    for (size_t at = 0; at < failure->n_details; at++)
        if (is_warning (failure->details [at]))
            render_warning (screen, failure->details [at]->value);
    print_labelled (screen, "error", COLOR_ERROR,
                    *failure->message ? failure->message : code_name (failure->code));
    if (screen->verbose) {
        print_labelled (screen, "code", COLOR_FAINT, code_name (failure->code));
        for (size_t at = 0; at < failure->n_details; at++) {
            if (is_warning (failure->details [at]))
                continue;
            AUTO (text_free) char *key = text_clean (failure->details [at]->key);
            print_labelled (screen, key ? key : "", COLOR_FAINT, failure->details [at]->value);
        }
    }
    if (*failure->hint)
        print_labelled (screen, "hint", COLOR_HINT, failure->hint);
}

void
render_error (const screen_t *screen, code_t code, const char *message, const char *hint)
{
    Ggen__Failure failure = GGEN__FAILURE__INIT;
    failure.code = code;
    failure.message = (char *) (uintptr_t) message;
    failure.hint = (char *) (uintptr_t) (hint ? hint : "");
    render_failure (screen, &failure);
}

void
render_warning (const screen_t *screen, const char *message)
{
    if (!screen->json)
        print_labelled (screen, "warning", COLOR_WARNING, message);
}

void
render_warnings (const screen_t *screen, char *const messages [], size_t messages_count)
{
    for (size_t at = 0; at < messages_count; at++)
        render_warning (screen, messages [at]);
}

void
render_field (const screen_t *screen, const char *title, const char *value)
{
    if (!value || !*value)
        return;
    AUTO (text_free) char *text = text_clean_lines (value);
    if (!text)
        return;
    const char *colon = *title ? ":" : "";
    const size_t used = text_columns (title) + strlen (colon);
    fprintf (screen->out, "%s%s%s%s%*s", screen_color (screen->colors, COLOR_STRONG), title, colon,
             screen_plain (screen->colors), used < FIELD_COLUMNS ? (int) (FIELD_COLUMNS - used) : 1,
             "");
    text_wrap (screen->out, text, used < FIELD_COLUMNS ? FIELD_COLUMNS : used + 1, FIELD_COLUMNS,
               screen->width);
}

const char *
render_mark (const screen_t *screen, mark_t mark)
{
    static const char *const marks [][2] = {
        [MARK_GOOD] = {"ok", "\u2713"},    [MARK_BAD] = {"!!", "\u2717"},
        [MARK_WARNING] = {"!", "\u26A0"},  [MARK_ARROW] = {"->", "\u2192"},
        [MARK_BULLET] = {"*", "\u2022"}};
    return marks [mark][screen->utf8];
}
