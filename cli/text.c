// SPDX-License-Identifier: MIT
#include "text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wchar.h>

#define INVALID_CHARACTER UINT32_MAX

//  Decode one character (RFC 3629: shortest form, no surrogates). '*size_p' is at least 1.
static uint32_t
next_character (const char *text, size_t *size_p)
{
    const unsigned char *at = (const unsigned char *) text;
    *size_p = 1;
    if (at [0] < 0x80)
        return at [0];
    const size_t more = at [0] >= 0xF0 ? 3 : at [0] >= 0xE0 ? 2 : 1;
    if (at [0] < 0xC2 || at [0] > 0xF4)
        return INVALID_CHARACTER;
    uint32_t value = at [0] & (0x3Fu >> more);
    for (size_t i = 1; i <= more; i++) {
        if ((at [i] & 0xC0) != 0x80)
            return INVALID_CHARACTER;
        value = value << 6 | (at [i] & 0x3F);
    }
    static const uint32_t smallest [] = {0, 0x80, 0x800, 0x10000};
    if (value < smallest [more] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
        return INVALID_CHARACTER;
    *size_p = more + 1;
    return value;
}

//  C1 controls are not here: escape_size takes them out as the sequences they begin.
static bool
is_dangerous (uint32_t c)
{
    return c < 0x20 || c == 0x7F
           || c == 0x061C || c == 0x200E || c == 0x200F
           || (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069)
           || c == 0xFEFF || (c >= 0xFFF9 && c <= 0xFFFB) || (c >= 0xE0000 && c <= 0xE007F);
}

//  Bytes of a control string up to its end: BEL, ST, or the end of the line or text.
static size_t
string_size (const char *text)
{
    size_t size = 0;
    while (text [size] && text [size] != '\n') {
        if (text [size] == '\a')
            return size + 1;
        if (text [size] == '\033')
            return text [size + 1] == '\\' ? size + 2 : size;
        if ((unsigned char) text [size] == 0xC2 && (unsigned char) text [size + 1] == 0x9C)
            return size + 2;
        size++;
    }
    return size;
}

//  Bytes of CSI parameters, intermediates and the final byte.
static size_t
csi_size (const char *text)
{
    size_t size = 0;
    while (text [size] >= 0x20 && text [size] <= 0x3F)
        size++;
    return size + (text [size] >= 0x40 && text [size] <= 0x7E);
}

//  Bytes of an escape sequence at 'text' (ESC, or its C1 equivalent); 0 if there is none.
static size_t
escape_size (const char *text, uint32_t c, size_t c_size)
{
    char kind = 0;
    size_t size = c_size;
    if (c == 0x1B) {
        kind = text [1];
        size = kind >= 0x40 && kind <= 0x5F ? 2 : 1;
    } else if (c >= 0x80 && c <= 0x9F)
        kind = (char) (c - 0x40);           //  C1 is ESC and this (ECMA-48 5.3)
    else
        return 0;

    if (kind == '[')
        return size + csi_size (text + size);
    if (kind == ']' || kind == 'P' || kind == 'X' || kind == '^' || kind == '_')
        return size + string_size (text + size);
    if (c != 0x1B || size == 2)
        return size;
    while (text [size] >= 0x20 && text [size] <= 0x2F)
        size++;
    return size + (text [size] >= 0x30 && text [size] <= 0x7E);
}

static char *
clean (const char *text, bool keep_lines)
{
    if (!text)
        text = "";
    char *out = malloc (strlen (text) + 1), *end = out;
    if (!out)
        return NULL;
    while (*text) {
        size_t size = 1;
        const uint32_t c = next_character (text, &size);
        const size_t escape = c == INVALID_CHARACTER ? 0 : escape_size (text, c, size);
        if (escape)
            size = escape;
        else if (c == INVALID_CHARACTER)
            *end++ = '?';
        else if (c == '\n' && keep_lines)
            *end++ = '\n';
        else if (c == '\n' || c == '\t')
            *end++ = ' ';
        else if (!is_dangerous (c)) {
            memcpy (end, text, size);
            end += size;
        }
        text += size;
    }
    *end = 0;
    return out;
}

char *
text_clean (const char *text)
{
    return clean (text, false);
}

char *
text_clean_lines (const char *text)
{
    return clean (text, true);
}

void
text_free (char **text_p)
{
    free (*text_p);
    *text_p = NULL;
}

static size_t
character_columns (uint32_t c)
{
    if (c == INVALID_CHARACTER)
        return 1;
    const int columns = wcwidth ((wchar_t) c);
    return columns < 0 ? 1 : (size_t) columns;
}

size_t
text_columns (const char *text)
{
    size_t columns = 0, size = 0;
    for (; *text; text += size)
        columns += character_columns (next_character (text, &size));
    return columns;
}

size_t
text_fit (const char *text, size_t columns)
{
    size_t at = 0, used = 0, size = 0;
    while (text [at]) {
        used += character_columns (next_character (text + at, &size));
        if (used > columns)
            break;
        at += size;
    }
    return at;
}

static size_t
word_columns (const char *word, size_t size)
{
    size_t columns = 0, step = 0;
    for (size_t at = 0; at < size; at += step)
        columns += character_columns (next_character (word + at, &step));
    return columns;
}

void
text_wrap (FILE *out, const char *text, size_t column, size_t indent, size_t width)
{
    const char *gap = "";
    while (*text) {
        text += strspn (text, " ");
        const size_t size = strcspn (text, " \n");
        const size_t columns = word_columns (text, size);
        if (width && *gap && size && column + 1 + columns >= width) {
            fprintf (out, "\n%*s", (int) indent, "");
            column = indent;
            gap = "";
        }
        fprintf (out, "%s%.*s", size ? gap : "", (int) size, text);
        column += strlen (gap) + columns;
        gap = size ? " " : gap;
        text += size;
        if (*text == '\n') {
            fprintf (out, "\n%*s", text [1] && text [1] != '\n' ? (int) indent : 0, "");
            column = indent;
            gap = "";
            text++;
        }
    }
    putc ('\n', out);
}

const char *
text_size (uint64_t size_bytes, char out [TEXT_SIZE_MAX])
{
    static const char *const units [] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    if (size_bytes < 1000) {
        snprintf (out, TEXT_SIZE_MAX, "%" PRIu64 " B", size_bytes);
        return out;
    }
    double value = (double) size_bytes;
    size_t unit = 0;
    //  999.5 would print as "1000": go on to the next unit first.
    while (value >= 999.5 && unit + 1 < sizeof units / sizeof units [0]) {
        value /= 1024;
        unit++;
    }
    snprintf (out, TEXT_SIZE_MAX, "%.*f %s", value < 9.95 ? 1 : 0, value, units [unit]);
    return out;
}

const char *
text_time (int64_t wall_s, char out [TEXT_TIME_MAX])
{
    const int64_t first_s = -62135596800, last_s = 253402300799;
    const time_t when = (time_t) wall_s;
    struct tm date;
    *out = 0;
    if (wall_s >= first_s && wall_s <= last_s && gmtime_r (&when, &date))
        snprintf (out, TEXT_TIME_MAX, "%04d-%02d-%02dT%02d:%02d:%02dZ",
                  (date.tm_year + 1900) % 10000, date.tm_mon + 1, date.tm_mday, date.tm_hour,
                  date.tm_min, date.tm_sec);
    return out;
}

const char *
text_ago (int64_t then_s, int64_t now_s, char out [TEXT_TIME_MAX])
{
    static const struct { uint64_t seconds; const char *name; } units [] = {
        {86400, "day"}, {3600, "hour"}, {60, "minute"}};
    const bool past = then_s <= now_s;
    const uint64_t away_s = past ? (uint64_t) now_s - (uint64_t) then_s
                                 : (uint64_t) then_s - (uint64_t) now_s;
    if (away_s >= 365 * units [0].seconds) {
        text_time (then_s, out);
        out [strcspn (out, "T")] = 0;
        return out;
    }
    for (size_t i = 0; i < sizeof units / sizeof units [0]; i++) {
        const uint64_t count = away_s / units [i].seconds;
        if (count) {
            snprintf (out, TEXT_TIME_MAX, "%s%" PRIu64 " %s%s%s", past ? "" : "in ", count,
                      units [i].name, count == 1 ? "" : "s", past ? " ago" : "");
            return out;
        }
    }
    snprintf (out, TEXT_TIME_MAX, past ? "just now" : "in a moment");
    return out;
}

const char *
text_duration (uint64_t seconds, char out [TEXT_TIME_MAX])
{
    if (seconds < 60)
        snprintf (out, TEXT_TIME_MAX, "%" PRIu64 "s", seconds);
    else if (seconds < 3600)
        snprintf (out, TEXT_TIME_MAX, "%" PRIu64 "m %02" PRIu64 "s", seconds / 60, seconds % 60);
    else if (seconds < 100 * 3600)
        snprintf (out, TEXT_TIME_MAX, "%" PRIu64 "h %02" PRIu64 "m", seconds / 3600,
                  seconds / 60 % 60);
    else
        snprintf (out, TEXT_TIME_MAX, ">99h");
    return out;
}
