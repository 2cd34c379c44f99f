// SPDX-License-Identifier: MIT
//  The pieces of the SemVer grammar that versions and ranges share. Each function reads at 'at' in
//  NUL-terminated text and returns the first byte behind what it read, or NULL when it is
//  malformed.
#ifndef GGEN_SEMVER_SCAN_H
#define GGEN_SEMVER_SCAN_H

#include "base.h"

//  What separates words: ASCII white space.
#define SEMVER_SCAN_SPACES " \t\n\v\f\r"

//  A decimal number without leading zeros, at most SEMVER_NUMBER_MAX.
const char *
    semver_scan_number (const char *at, uint64_t *number);

//  "-rc.1", or nothing when there is no '-'. Numeric identifiers have no leading zeros.
const char *
    semver_scan_prerelease (const char *at);

//  "+build.007", or nothing when there is no '+'.
const char *
    semver_scan_build (const char *at);

#endif
