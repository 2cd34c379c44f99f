// SPDX-License-Identifier: MIT
//  The grammar of one alternative of a range. For semver_range.c.
#ifndef GGEN_SEMVER_GRAMMAR_H
#define GGEN_SEMVER_GRAMMAR_H

#include "semver_set.h"

//  Parse one alternative ("^1.2 <1.5", "1 - 2", "") into *set, which is all zero. 'text' is at most
//  SEMVER_RANGE_TEXT_MAX bytes; it is cut into pieces.
//  OK          at least one comparator is in the set.
//  VALIDATION  not a range, or beyond a limit; *set still has to be cleared.
must_use code_t
    semver_grammar_parse (semver_set_t *set, char *text);

#endif
