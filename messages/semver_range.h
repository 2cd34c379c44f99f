// SPDX-License-Identifier: MIT
//  Ranges of versions in node-semver's grammar (github.com/npm/node-semver, "Ranges", strict mode):
//  1.2.3  ^1.2  ~1.2  ~>1.2  >=1 <2  1.x  *  1.2 - 2.3  a || b, and "" for any. SPEC 3.2.
#ifndef GGEN_SEMVER_RANGE_H
#define GGEN_SEMVER_RANGE_H

#include "semver.h"

#define SEMVER_RANGE_TEXT_MAX 4096          //  bytes of input
#define SEMVER_RANGE_SETS_MAX 64            //  alternatives between ||
#define SEMVER_RANGE_COMPARATORS_MAX 64     //  comparators of one alternative

//  Immutable once parsed.
typedef struct semver_range_t semver_range_t;

//  Parse 'text' into a new range, which the caller destroys. Build metadata is dropped.
//  OK          *self_p is the range.
//  VALIDATION  not a range, a bound above SEMVER_NUMBER_MAX, or beyond one of the three limits;
//              *self_p is NULL.
must_use code_t
    semver_range_parse (semver_range_t **self_p, const char *text);

//  Free the range and set *self_p to NULL; NULL is accepted.
void
    semver_range_destroy (semver_range_t **self_p);

//  Does 'version' lie in the range? node's rule for pre-releases: one satisfies only an alternative
//  that names a pre-release of the same major.minor.patch. ("*" therefore has no pre-releases.)
bool
    semver_range_satisfied (const semver_range_t *self, const semver_t *version);

//  The normalised range: comparators with one space between, alternatives with "||", "*" for any.
//  Parsing it gives the same range, if it is within the limits. Lives as long as *self.
const char *
    semver_range_text (const semver_range_t *self);

//  Is it the range of every release, "*"?
bool
    semver_range_is_any (const semver_range_t *self);

#endif
