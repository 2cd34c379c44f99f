// SPDX-License-Identifier: MIT
#include "suggest.h"

#include <stdint.h>
#include <string.h>

static size_t
smaller (size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t
suggest_distance (const char *a, const char *b)
{
    const size_t a_size = strlen (a), b_size = strlen (b);
    if (a_size > SUGGEST_WORD_MAX || b_size > SUGGEST_WORD_MAX)
        return SIZE_MAX;

    //  cost [i % 3] is row i of the table; a swap looks two rows back.
    size_t cost [3][SUGGEST_WORD_MAX + 1];
    for (size_t j = 0; j <= b_size; j++)
        cost [0][j] = j;
    for (size_t i = 1; i <= a_size; i++) {
        size_t *row = cost [i % 3];
        const size_t *above = cost [(i - 1) % 3], *two_above = cost [(i + 1) % 3];
        row [0] = i;
        for (size_t j = 1; j <= b_size; j++) {
            const size_t changed = a [i - 1] != b [j - 1];
            row [j] = smaller (above [j] + 1, row [j - 1] + 1);
            row [j] = smaller (row [j], above [j - 1] + changed);
            if (i > 1 && j > 1 && a [i - 1] == b [j - 2] && a [i - 2] == b [j - 1])
                row [j] = smaller (row [j], two_above [j - 2] + 1);
        }
    }
    return cost [a_size % 3][b_size];
}

void
suggest_start (suggest_t *self, const char *word)
{
    const size_t third = (strlen (word) + 2) / 3;
    *self = (suggest_t) {.word = word, .distance = smaller (third, 3) + 1};
}

void
suggest_offer (suggest_t *self, const char *candidate, const char *proposal)
{
    const size_t distance = suggest_distance (self->word, candidate);
    if (distance < self->distance) {
        self->best = proposal;
        self->distance = distance;
    }
}
