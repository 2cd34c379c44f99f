// SPDX-License-Identifier: MIT
#include "actors/registry/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t
words_characters (const char *text)
{
    size_t count = 0;
    for (; *text; text++)
        count += ((unsigned char) *text & 0xC0) != 0x80;
    return count;
}

char *
words_fold (const char *text)
{
    char *folded = malloc (strlen (text) + 1);
    if (!folded)
        return NULL;
    char *to = folded;
    bool gap = false;
    for (; *text; text++) {
        unsigned char c = (unsigned char) *text;
        bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
                    || c >= 0x80;
        if (!word) {
            gap = to != folded;
            continue;
        }
        if (gap)
            *to++ = ' ';
        gap = false;
        *to++ = (char) (c >= 'A' && c <= 'Z' ? c + 32 : c);
    }
    *to = 0;
    return folded;
}

char *
words_match (const char *folded, const char *columns, words_kind_t kind, bool prefix)
{
    char *match = NULL;
    size_t size = 0, count = 0;
    FILE *out = open_memstream (&match, &size);
    if (!out)
        return NULL;
    if (columns)
        fprintf (out, "{%s} : (", columns);
    size_t words = 0;
    for (const char *at = folded; *at && words < WORDS_MAX; words++) {
        size_t length = strcspn (at, " ");
        if (kind == WORDS_ALL || (length >= WORDS_SHORT) == (kind == WORDS_LONG)) {
            //  Folding has removed every quote, so nothing can end the string early. Words side
            //  by side are FTS5's implicit AND, which ignores those its tokenizer finds empty.
            fprintf (out, "%s\"%.*s\"%s", count ? " " : "", (int) length, at, prefix ? "*" : "");
            count++;
        }
        at += length + (at [length] == ' ');
    }
    if (columns)
        fputc (')', out);
    bool failed = fclose (out) != 0;
    if (failed || count == 0) {
        free (match);
        match = NULL;
    }
    return match;
}

unsigned
words_tolerance (size_t length)
{
    return length < 3 ? 0 : length <= 5 ? 1 : 2;
}

static unsigned
least (unsigned a, unsigned b)
{
    return a < b ? a : b;
}

unsigned
words_distance (const char *a, const char *b, unsigned max)
{
    size_t rows = strlen (a), columns = strlen (b);
    size_t longer = rows > columns ? rows : columns, shorter = rows + columns - longer;
    if (longer > WORDS_DISTANCE_TEXT_MAX || longer - shorter > max)
        return max + 1;
    unsigned lines [3] [WORDS_DISTANCE_TEXT_MAX + 1];
    unsigned *before = lines [0], *last = lines [1], *line = lines [2];
    for (size_t j = 0; j <= columns; j++)
        last [j] = before [j] = (unsigned) j;
    for (size_t i = 1; i <= rows; i++) {
        unsigned best = line [0] = (unsigned) i;
        for (size_t j = 1; j <= columns; j++) {
            unsigned cost = least (least (last [j], line [j - 1]) + 1,
                                   last [j - 1] + (a [i - 1] != b [j - 1]));
            if (i > 1 && j > 1 && a [i - 1] == b [j - 2] && a [i - 2] == b [j - 1])
                cost = least (cost, before [j - 2] + 1);
            line [j] = cost;
            best = least (best, cost);
        }
        if (best > max)
            return max + 1;
        unsigned *free_line = before;
        before = last;
        last = line;
        line = free_line;
    }
    return least (last [columns], max + 1);
}
