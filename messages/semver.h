// SPDX-License-Identifier: MIT
//  Versions as SemVer 2.0.0 defines them (semver.org), with node-semver's limits: at most 256
//  bytes, major, minor and patch at most 2^53 - 1. Numbers in the pre-release part have no limit;
//  they are compared as decimal strings. SPEC 3.2.
#ifndef GGEN_SEMVER_H
#define GGEN_SEMVER_H

#include "base.h"

#define SEMVER_TEXT_MAX 256                     //  bytes, as given: spaces and a leading v count
#define SEMVER_NUMBER_MAX 9007199254740991ull   //  2^53 - 1

//  A value: copy it freely, there is nothing to free. Read it through the functions below.
typedef struct {
    uint64_t major;
    uint64_t minor;
    uint64_t patch;
    uint16_t core_size;                         //  bytes of "1.2.3" in text
    uint16_t prerelease_size;                   //  bytes of "rc.1", behind a '-'; 0 = release
    char text [SEMVER_TEXT_MAX + 1];            //  "1.2.3-rc.1+build.5"
} semver_t;

//  Parse 'text'. Space around it and a leading v are accepted and dropped.
//  OK          *self is set.
//  VALIDATION  not a version, longer than SEMVER_TEXT_MAX, or a number above SEMVER_NUMBER_MAX;
//              *self is undefined.
must_use code_t
    semver_parse (semver_t *self, const char *text);

//  Is 'text' a version exactly as semver_text () would write it (no space, no v)?
bool
    semver_is_canonical (const char *text);

//  Build a version from its parts; 'prerelease' is 'size' bytes that are known to be well-formed, 0
//  = none.
//  VALIDATION  a number is above SEMVER_NUMBER_MAX or the text longer than SEMVER_TEXT_MAX.
must_use code_t
    semver_make (semver_t *self, const uint64_t numbers [3], const char *prerelease, size_t size);

//  The canonical text, with build metadata. Lives as long as *self.
const char *
    semver_text (const semver_t *self);

//  Precedence (SemVer 2.0.0, item 11): below, equal to or above 0. Build metadata is ignored.
int
    semver_compare (const semver_t *a, const semver_t *b);

//  A total order for lists that people see: precedence, then the bytes of the text.
int
    semver_order (const semver_t *a, const semver_t *b);

//  Has it a pre-release part ("1.0.0-rc.1")?
bool
    semver_is_prerelease (const semver_t *self);

//  Which of two is rather called "latest"? Any release is above any pre-release, else precedence
//  decides.
int
    semver_compare_latest (const semver_t *a, const semver_t *b);

//  The one of 'count' versions called "latest", or NULL when there are none. The caller leaves out
//  yanked ones.
const semver_t *
    semver_latest (const semver_t *versions, size_t count);

#endif
