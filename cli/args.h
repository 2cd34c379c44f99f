// SPDX-License-Identifier: MIT
//  A command line after it was read: the verb, its options, its arguments.
//  Asking for an option that the verb's row lacks, or as another kind, is our bug: asserted.
#ifndef GGEN_ARGS_H
#define GGEN_ARGS_H

#include "command.h"

#define ARGS_POSITIONALS_MAX 1024       //  one more is wrong usage
#define ARGS_OPTIONS_MAX 256            //  one more is wrong usage
#define ARGS_TEXT_MAX 512               //  bytes of a problem or hint; longer ones are cut

typedef struct {
    const option_t *option;
    const char *value;                  //  "true" or "false" for a flag
} given_t;

struct args_t {
    const group_t *group;               //  where the words led; never NULL
    const verb_t *verb;                 //  NULL when only a group was named
    const char *positionals [ARGS_POSITIONALS_MAX];
    size_t positionals_count;
    given_t given [ARGS_OPTIONS_MAX];   //  in the order of the command line
    size_t given_count;
    char problem [ARGS_TEXT_MAX];       //  after a failed parse
    char hint [ARGS_TEXT_MAX];
};

//  Whether a flag is on.
bool
    args_flag (const args_t *self, const char *name);

//  The same for a global flag, whatever the verb's options are called (--help, --version).
bool
    args_global (const args_t *self, const char *name);

//  Whether the option was on the command line.
bool
    args_given (const args_t *self, const char *name);

//  The option's last value, else its default, else NULL. Borrowed from argv or the table.
const char *
    args_value (const args_t *self, const char *name);

//  The values of an option that collects, in order: at most 'values_max' into 'values'. Returns how
//  many there are, which may be more; ARGS_OPTIONS_MAX are always enough.
size_t
    args_values (const args_t *self, const char *name, const char *values [], size_t values_max);

//  The value of an OPTION_COUNT or OPTION_REAL, else its default; 'absent' when it has neither.
uint64_t
    args_count (const args_t *self, const char *name, uint64_t absent);
double
    args_real (const args_t *self, const char *name, double absent);

//  Argument number 'at', or NULL when there are not that many.
const char *
    args_positional (const args_t *self, size_t at);

//  Whether output is JSON: --json or --format json.
bool
    args_json (const args_t *self);

//  What this call does to the home, its flags considered. There must be a verb.
needs_t
    args_needs (const args_t *self);

#endif
