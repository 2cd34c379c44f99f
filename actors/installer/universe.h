// SPDX-License-Identifier: MIT
//  The resolver's question in numbers: names, ranked versions, ranges as sets of versions, and
//  every requirement that can be reached from the roots. What cannot be reached is never parsed.
#ifndef GGEN_INSTALLER_UNIVERSE_H
#define GGEN_INSTALLER_UNIVERSE_H

#include "resolver.h"
#include "satsolver.h"
#include "semver_range.h"

#define UNIVERSE_NONE UINT32_MAX

typedef struct {
    const char *id;
    uint32_t candidates_from;       //  In the sorted candidates
    uint32_t candidates_to;
    uint32_t first;                 //  Its versions, least preferred first; UNIVERSE_NONE: none yet
    uint32_t count;
    semver_t *semvers;              //  Of its versions, in their order
} universe_name_t;

typedef struct {
    const Ggen__Package *package;
    uint32_t name;
    bool live;                      //  May be chosen: not yanked, or locked
    bool reached;                   //  Some reachable requirement accepts it
} universe_version_t;

//  What one range accepts of one name; with 'complement', what it does not accept.
typedef struct {
    const char *name;
    const char *range;
    bool complement;
    uint32_t number;
    uint32_t name_number;           //  UNIVERSE_NONE: no candidate has this name
    uint32_t *items;                //  Live versions, ascending
    size_t count, room;
} universe_set_t;

typedef struct {
    const resolver_query_t *query;
    arena_t *arena;
    const Ggen__Package **candidates;       //  Sorted
    const resolver_locked_t **locked;       //  Sorted
    universe_name_t *names;                 //  Sorted by id
    size_t names_count, names_room;
    universe_version_t *versions;
    size_t versions_count, versions_room;
    universe_set_t **sets;
    size_t sets_count, sets_room;
    satsolver_edge_t *edges;                //  Roots first, then in order of discovery
    size_t edges_count, edges_room;
    uint32_t *reached;                      //  Versions in order of discovery
    size_t reached_count, reached_room;
    size_t checks_count;                    //  Of versions against ranges
    bool too_large;
    void *set_tree;                         //  Trees of tsearch (3): no hash to be flooded
    void *range_tree;
} universe_t;

//  Build from 'query', which is borrowed until universe_clear ().
//  OK           *self is complete
//  VALIDATION   too large, or a root's range is no range: *why says so, in self->arena
must_use code_t
    universe_init (universe_t *self, const resolver_query_t *query, const char **why);

//  Free what *self owns; a zeroed universe is fine.
void
    universe_clear (universe_t *self);

//  The name with this id, or UNIVERSE_NONE.
uint32_t
    universe_find_name (const universe_t *self, const char *id);

//  The whole question for the solver, without cuts. Its arrays live in self->arena.
satsolver_problem_t
    universe_problem (const universe_t *self);

#endif
