// SPDX-License-Identifier: MIT
//  "Did you mean ...?"
#ifndef GGEN_INSTALLER_SIMILAR_H
#define GGEN_INSTALLER_SIMILAR_H

#include "base.h"

#define SIMILAR_MAX 3               //  Suggestions
#define SIMILAR_TEXT_MAX 214        //  bytes; longer texts are similar to nothing

//  Optimal string alignment distance (Damerau-Levenshtein without edited transpositions) of two
//  texts without regard to case, or 'limit' + 1 if it is larger than 'limit'.
unsigned
    similar_distance (const char *a, const char *b, unsigned limit);

//  A list of the names nearest to 'wanted'; zero it but for 'wanted'. Names are borrowed.
typedef struct {
    const char *wanted;
    const char *names [SIMILAR_MAX];        //  Best first; equally near ones in strcmp order
    unsigned distances [SIMILAR_MAX];
    size_t count;
} similar_t;

//  Take 'name' into account: within a third of the length of what is wanted (at least 1), not equal
//  to it. What is wanted without a namespace is compared with what follows that of 'name', too.
void
    similar_offer (similar_t *self, const char *name);

#endif
