// SPDX-License-Identifier: MIT
//  One alternative of a range: comparators that all have to hold. For semver_range.c and
//  semver_grammar.c.
#ifndef GGEN_SEMVER_SET_H
#define GGEN_SEMVER_SET_H

#include "semver_range.h"

typedef enum {
    SEMVER_ANY,
    SEMVER_EQUAL,
    SEMVER_BELOW,
    SEMVER_AT_MOST,
    SEMVER_ABOVE,
    SEMVER_AT_LEAST
} semver_operator_t;

typedef struct semver_comparator_t semver_comparator_t;

//  All zero is the set before its first comparator. It owns its comparators.
typedef struct {
    size_t count;
    semver_comparator_t *comparators;
} semver_set_t;

//  Add a comparator with a version as semver_make () builds it. ">=0.0.0" is any version.
//  VALIDATION  semver_make () refuses the version, or SEMVER_RANGE_COMPARATORS_MAX are in.
must_use code_t
    semver_set_add (semver_set_t *self, semver_operator_t operator, const uint64_t numbers [3],
        const char *prerelease, size_t prerelease_size);

//  Add "any version", or "<0.0.0-0", which no version satisfies.
must_use code_t
    semver_set_add_any (semver_set_t *self);
must_use code_t
    semver_set_add_none (semver_set_t *self);

//  Free the comparators; *self is all zero again.
void
    semver_set_clear (semver_set_t *self);

//  As semver_range_satisfied (), for one alternative.
bool
    semver_set_satisfied (const semver_set_t *self, const semver_t *version);

//  Is it "*", or "<0.0.0-0", which nothing satisfies?
bool
    semver_set_is_any (const semver_set_t *self);
bool
    semver_set_is_none (const semver_set_t *self);

//  Bytes that semver_set_write () may write, its NUL included.
size_t
    semver_set_text_size (const semver_set_t *self);

//  Write the normalised text and a NUL at 'at'; returns where the NUL is.
char *
    semver_set_write (const semver_set_t *self, char *at);

#endif
