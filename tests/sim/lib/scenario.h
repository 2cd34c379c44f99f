// SPDX-License-Identifier: MIT
//  A scenario as the program sees it: what nodes are made of, what happens to them, and what is looked
//  at. One of these is one const struct; scenario_find knows all of them by name.
#ifndef GGEN_TESTS_SCENARIO_H
#define GGEN_TESTS_SCENARIO_H

#include "world.h"

#include <stdio.h>

#define SCENARIO_WITHOUT_MAX 64u

typedef struct {
    uint32_t nodes;             //  0: as the scenario has it
    uint64_t seed;
    double minutes;             //  of virtual time; 0: as the scenario has it
    uint32_t without[SCENARIO_WITHOUT_MAX];     //  lines of the file that are not heeded
    unsigned without_count;
    bool real_crypto;
    const char *file;           //  of the scenario's own text; NULL = none
} scenario_options_t;

typedef struct {
    const char *name;
    const char *help;
    //  What world_new is to be given beyond seed and cryptography. 'setup' is filled with defaults.
    //  'options' gets the scenario's own numbers where it has none. NULL: the file is wrong, and it was
    //  told on stderr. Returns the scenario's own state, which is the context of the rest, and that of
    //  compose when 'setup' names none.
    void *(*create) (scenario_options_t *options, world_setup_t *setup);
    void (*destroy) (void *self);
    //  The world is there and empty: add and start nodes, plan actions, observe.
    void (*begin) (void *self, world_t *world);
    //  Time is over: what can only be judged at the end (world_violation). May be NULL.
    void (*end) (void *self, world_t *world);
    //  Its own results, as lines "  name value", or as members of a JSON object after those that are
    //  there: ", "name": value". May be NULL.
    void (*report) (void *self, const world_t *world, FILE *file, bool json);
} scenario_t;

//  NULL: there is none of this name.
const scenario_t *scenario_find (const char *name);

//  The file that a name means: itself, or that of tests/sim/scenarios, below the current directory; NULL:
//  there is none. scenario_script plays it.
#define SCENARIO_PATH_MAX 512
const char *scenario_file (const char *name, char path[SCENARIO_PATH_MAX]);

//  Number 'index' of them; NULL at the end.
const scenario_t *scenario_at (unsigned index);

extern const scenario_t scenario_script;
extern const scenario_t scenario_toy;
extern const scenario_t scenario_calm;

#endif
