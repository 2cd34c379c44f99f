// SPDX-License-Identifier: MIT
//  "Did you mean": the nearest of several words, by edit distance.
#ifndef GGEN_SUGGEST_H
#define GGEN_SUGGEST_H

#include <stddef.h>

//  Longer words get no suggestion: nobody mistypes 64 bytes by a letter or two.
#define SUGGEST_WORD_MAX 64

//  Insertions, deletions, substitutions and swaps of neighbours that turn a into b (optimal string
//  alignment; Damerau 1964, Wagner & Fischer 1974). Bytes, not characters.
//  SIZE_MAX when either is longer than SUGGEST_WORD_MAX bytes.
size_t
    suggest_distance (const char *a, const char *b);

typedef struct {
    const char *word;       //  What was typed
    const char *best;       //  What to propose; NULL while nothing is near enough
    size_t distance;        //  Of 'best'
} suggest_t;

//  Look for words near 'word', which is borrowed while 'self' is used.
void
    suggest_start (suggest_t *self, const char *word);

//  Compare with 'candidate'; if it is the nearest so far, self->best becomes 'proposal' (borrowed).
//  Near enough is a third of the letters, at most 3. Of equals the first offered stays.
void
    suggest_offer (suggest_t *self, const char *candidate, const char *proposal);

#endif
