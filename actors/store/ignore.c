// SPDX-License-Identifier: MIT
#include "ignore.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    char *glob;
    bool negated;
    bool directories_only;
    bool anchored;          //  Matches whole paths; else a name at any depth
} pattern_t;

struct ignore {
    pattern_t *patterns;
    size_t count;
    char *text;             //  What the globs point into
};

//  [...] at 'glob': does it match 'byte'? *end_p is behind the bracket, or NULL: it has no end.
static bool
match_bracket (const char *glob, unsigned char byte, const char **end_p)
{
    const char *at = glob + 1;
    bool inverted = *at == '!' || *at == '^', found = false;
    at += inverted;
    *end_p = NULL;
    for (bool first = true; *at && (first || *at != ']'); first = false) {
        if (*at == '\\' && at [1])
            at++;
        unsigned char low = (unsigned char) *at++, high = low;
        if (*at == '-' && at [1] && at [1] != ']') {
            at++;
            if (*at == '\\' && at [1])
                at++;
            high = (unsigned char) *at++;
        }
        found |= low <= byte && byte <= high;
    }
    if (*at == ']')
        *end_p = at + 1;
    return found != inverted;
}

//  One step without stars. Moves both pointers on and returns true when the heads match.
static bool
match_one (const char **glob, const char **text)
{
    const char *after;
    switch (**glob) {
    case 0:
        return false;
    case '?':
        if (**text == '/')
            return false;
        *glob += 1;
        *text += 1;
        return true;
    case '[': {
        bool found = match_bracket (*glob, (unsigned char) **text, &after);
        if (!after || !found || **text == '/')
            return false;
        *glob = after;
        *text += 1;
        return true;
    }
    case '\\':
        if ((*glob) [1]) {
            if ((*glob) [1] != **text)
                return false;
            *glob += 2;
            *text += 1;
            return true;
        }
        break;
    default:
        break;
    }
    if (**glob != **text)
        return false;
    *glob += 1;
    *text += 1;
    return true;
}

//  "**" counts only as a whole component; elsewhere it is "*".
static bool
is_double_star (const char *begin, const char *at)
{
    return at [0] == '*' && at [1] == '*' && (at == begin || at [-1] == '/')
           && (at [2] == '/' || !at [2]);
}

//  Only the last "*" and the last "**" can need another try: time is at most |glob| * |text|^2,
//  never exponential.
static bool
match_glob (const char *pattern, const char *text)
{
    const char *glob = pattern, *star = NULL, *star_text = NULL, *deep = NULL, *deep_text = NULL;
    for (;;) {
        if (is_double_star (pattern, glob)) {
            if (!glob [2])
                return *text != 0;      //  "x/**": all below x, not x itself
            deep = glob += 3;
            deep_text = text;
            star = NULL;
            continue;
        }
        if (*glob == '*') {
            while (*glob == '*')
                glob++;
            star = glob;
            star_text = text;
            continue;
        }
        if (!*text && !*glob)
            return true;
        if (*text && match_one (&glob, &text))
            continue;
        if (star && *star_text && *star_text != '/') {
            glob = star;
            text = ++star_text;
            continue;
        }
        const char *slash = deep ? strchr (deep_text, '/') : NULL;
        if (!slash)
            return false;
        deep_text = slash + 1;
        text = deep_text;
        glob = deep;
        star = NULL;
    }
}

//  Drop trailing spaces that are not escaped.
static size_t
trimmed (const char *line, size_t size)
{
    while (size && line [size - 1] == ' ') {
        size_t slashes = 0;
        while (slashes + 1 < size && line [size - 2 - slashes] == '\\')
            slashes++;
        if (slashes % 2)
            break;
        size--;
    }
    return size;
}

static bool
parse_pattern (char *line, size_t size, pattern_t *pattern)
{
    *pattern = (pattern_t) {0};
    if (size && line [size - 1] == '\r')
        size--;
    size = trimmed (line, size);
    if (!size || *line == '#')
        return false;
    if (*line == '!') {
        pattern->negated = true;
        line++;
        size--;
    }
    if (size && line [size - 1] == '/') {
        pattern->directories_only = true;
        size--;
    }
    line [size] = 0;
    pattern->anchored = strchr (line, '/') != NULL;
    if (*line == '/')
        line++;
    pattern->glob = line;
    return *line != 0;
}

static code_t
parse_lines (ignore_t *self, size_t size)
{
    for (char *line = self->text, *end = self->text + size; line < end;) {
        char *newline = memchr (line, '\n', (size_t) (end - line));
        size_t line_size = (size_t) ((newline ? newline : end) - line);
        if (line_size > IGNORE_PATTERN_SIZE_MAX)
            return VALIDATION;
        pattern_t pattern;
        if (parse_pattern (line, line_size, &pattern)) {
            if (self->count == IGNORE_PATTERNS_MAX)
                return VALIDATION;
            self->patterns [self->count++] = pattern;
        }
        line += line_size + 1;
    }
    return OK;
}

code_t
ignore_parse (const char *text, size_t size, ignore_t **self_p)
{
    *self_p = NULL;
    if (size > IGNORE_FILE_SIZE_MAX)
        return VALIDATION;
    ignore_t *self = calloc (1, sizeof *self);
    if (!self)
        return INTERNAL;
    code_t code = INTERNAL;
    self->text = malloc (size + 1);
    self->patterns = calloc (IGNORE_PATTERNS_MAX, sizeof *self->patterns);
    if (self->text && self->patterns) {
        if (size)
            memcpy (self->text, text, size);
        self->text [size] = 0;
        code = parse_lines (self, size);
    }
    if (code)
        ignore_destroy (&self);
    *self_p = self;
    return code;
}

void
ignore_destroy (ignore_t **self_p)
{
    ignore_t *self = *self_p;
    if (!self)
        return;
    free (self->patterns);
    free (self->text);
    free (self);
    *self_p = NULL;
}

bool
ignore_matches (const ignore_t *self, const char *path, bool directory)
{
    const char *slash = strrchr (path, '/'), *name = slash ? slash + 1 : path;
    for (size_t i = self->count; i-- > 0;) {
        const pattern_t *pattern = &self->patterns [i];
        if (pattern->directories_only && !directory)
            continue;
        if (match_glob (pattern->glob, pattern->anchored ? path : name))
            return !pattern->negated;
    }
    return false;
}
