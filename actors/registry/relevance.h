// SPDX-License-Identifier: MIT
//  How well a result fits a query, as far as its texts tell (SPEC 4, "Ranking").
#ifndef GGEN_RELEVANCE_H
#define GGEN_RELEVANCE_H

#include "base.h"
#include "registry.pb-c.h"

//  Better is less.
typedef enum {
    RELEVANCE_NAME_EQUAL,       //  also for an empty query
    RELEVANCE_NAME_CONTAINS,
    RELEVANCE_NAME_CLOSE,       //  the query wants close names too, and nothing else explains it
    RELEVANCE_DESCRIPTION,
    RELEVANCE_TAG,              //  or keyword, or category
    RELEVANCE_OTHER
} relevance_t;

//  Capitals (ASCII) do not count; of several words each has to be there.
relevance_t relevance_of (const Ggen__SearchRequest *request, const Ggen__Package *package);

#endif
