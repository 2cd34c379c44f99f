// SPDX-License-Identifier: MIT
//  What merge.c and merge_search.c share; nobody else includes it.
#ifndef GGEN_MERGE_INSIDE_H
#define GGEN_MERGE_INSIDE_H

#include "newest_heads.h"
#include "merge.h"
#include "semver.h"

typedef struct {
    Ggen__Package package;              //  a shallow copy: strings and lists are the registry's
    semver_t version;
    const char *source;
    unsigned registry;                  //  in the order of adding
    size_t place;                       //  in what that registry said
    bool emitted;                       //  by merge_search, on the first entry of an id
} merge_entry_t;

//  What was added, as it was added: merge_search keeps each registry's own order.
typedef struct {
    const char *id;
    unsigned registry;
} merge_added_t;

struct merge_t {
    newest_heads_t *heads;
    merge_entry_t *entries;             //  after merge_finish by id, then version, none twice
    size_t count;
    size_t room;
    unsigned registries_count;
    merge_conflict_t conflicts[MERGE_CONFLICTS_MAX];
    size_t conflicts_count;
    size_t dropped_count;
    Ggen__Package **list;               //  what was given out last; room for all entries
    merge_added_t *added;
    size_t added_count;
};

//  The one called latest of entries [first, end), yanked ones apart; NULL without any.
merge_entry_t *merge_latest_of (merge_t *self, size_t first, size_t end);

#endif
