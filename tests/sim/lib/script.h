// SPDX-License-Identifier: MIT
//  The language of scenario files, of the simulator (tests/sim/scenarios/*.scn; docs/SIMULATION.md) and
//  of the harness (tests/harness/scenarios/*.scn; docs/HARNESS.md): one statement a line, a verb and its
//  arguments, '#' to the end of the line is for people. Some verbs and arguments only one of them has.
//
//      cut 50% at 5m for 30s..2m
//
//  An argument stands at its place, or behind its name ("at"). Numbers carry their unit: 30%, 1.5s,
//  200ms, 5m, 2h, 30d, 20/s, 6/m, 1/h, 30%/h. A..B is a number between the two, drawn from the seed
//  and the number of the line, so a line that is left out changes nothing for another. "maybe 40%"
//  before a verb: the statement is heeded in so many of a hundred runs.
#ifndef GGEN_TESTS_SCRIPT_H
#define GGEN_TESTS_SCRIPT_H

#include "runtime/actor/rng.h"

#define SCRIPT_SLOTS_MAX 8u
#define SCRIPT_LINES_MAX 256u       //  statements of a file
#define SCRIPT_WORD_MAX  63u        //  characters

typedef enum {
    SLOT_COUNT,                     //  12
    SLOT_SHARE,                     //  30%
    SLOT_AMOUNT,                    //  12, 30% or "rest"
    SLOT_TIME,                      //  20s; in seconds
    SLOT_RATE,                      //  20/s; a second
    SLOT_TURNOVER,                  //  30%/h; a second
    SLOT_NUMBER,                    //  1.1
    SLOT_VALUE,                     //  a number with or without %, ms, s, m, h, d
    SLOT_WORD
} slot_kind_t;

//  Whose verb or argument it is.
typedef enum { SCRIPT_BOTH, SCRIPT_SIM, SCRIPT_HARNESS } script_program_t;

typedef struct {
    const char *name;               //  of an argument behind its name; with '<' it has a place instead
    slot_kind_t kind;
    bool required;
    script_program_t program;
} script_slot_t;

typedef enum {
    //  the world
    VERB_TITLE, VERB_NODES, VERB_LENGTH, VERB_MIX, VERB_DHT, VERB_NET, VERB_BOOTSTRAPS,
    VERB_PEERS, VERB_LIARS,
    //  lives
    VERB_JOIN, VERB_CHURN, VERB_ROLL, VERB_KILL, VERB_STOP, VERB_VANISH, VERB_AWAY,
    //  faults
    VERB_FREEZE, VERB_UNPLUG, VERB_SLOW, VERB_SHIFT, VERB_CUT, VERB_OUTAGE, VERB_BREAK, VERB_DISK,
    //  work
    VERB_PUBLISHERS, VERB_PUBLISH, VERB_UPDATE, VERB_READ, VERB_SEARCH, VERB_INSTALL,
    VERB_ANNOUNCE, VERB_YANK, VERB_WITHDRAW, VERB_ROTATE, VERB_STEAL, VERB_RECOVER,
    //  judgement
    VERB_SETTLE, VERB_CHECK, VERB_EXPECT,
    //  of the harness only
    VERB_SETTING, VERB_START, VERB_HEAL, VERB_DELAY, VERB_DROP, VERB_CORRUPT, VERB_STORM, VERB_BAN,
    VERB_VISIT, VERB_LIMIT, VERB_SAMPLE,
    VERB_COUNT
} script_verb_id_t;

typedef struct {
    script_verb_id_t id;
    script_program_t program;
    const char *name;
    script_slot_t slots[SCRIPT_SLOTS_MAX];  //  ends with a name of NULL
    bool fault;                     //  may be left out when a failing run is made smaller
    const char *help;
} script_verb_t;

//  Number 'index' of the table; NULL at the end.
const script_verb_t *script_verb (unsigned index);

typedef struct {
    bool given;
    bool share;                     //  SLOT_AMOUNT, SLOT_VALUE: 0.3 was written 30%
    bool rest;                      //  SLOT_AMOUNT: "rest"
    double low, high;
    char word[SCRIPT_WORD_MAX + 1];
} script_value_t;

typedef struct {
    const script_verb_t *verb;
    unsigned line;                  //  of the file, from 1
    double chance;                  //  1.0 without "maybe"
    script_value_t values[SCRIPT_SLOTS_MAX];
} script_line_t;

typedef struct {
    char *name;                     //  as it was given
    unsigned count;
    script_line_t lines[SCRIPT_LINES_MAX];
} script_t;

//  For the simulator or the harness. NULL: 'why' says "file:line: what is wrong". The caller destroys it.
script_t *script_parse (script_program_t program, const char *name, const char *text, char *why,
                        size_t why_size);
script_t *script_read (script_program_t program, const char *path, char *why, size_t why_size);
void script_destroy (script_t **self_p);

//  The argument of this name; never NULL (aborts: the verb has none).
const script_value_t *script_value (const script_line_t *line, const char *slot);

//  Its number, drawn between its ends; 'otherwise' when it was not given.
double script_number (const script_line_t *line, const char *slot, double otherwise, rng_t *rng);

//  The first statement of a verb; NULL: there is none.
const script_line_t *script_find (const script_t *self, script_verb_id_t verb);

#endif
