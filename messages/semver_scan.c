// SPDX-License-Identifier: MIT
#include "semver_scan.h"

#include "semver.h"

//  Not isdigit () and isalnum (): those ask the locale.
static bool
is_digit (char c)
{
    return c >= '0' && c <= '9';
}

static bool
is_identifier_char (char c)
{
    return is_digit (c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-';
}

const char *
semver_scan_number (const char *at, uint64_t *number)
{
    if (!is_digit (*at) || (*at == '0' && is_digit (at [1])))
        return NULL;
    uint64_t value = 0;
    for (; is_digit (*at); at++) {
        value = value * 10 + (uint64_t) (*at - '0');
        if (value > SEMVER_NUMBER_MAX)
            return NULL;
    }
    *number = value;
    return at;
}

static const char *
scan_identifier (const char *at)
{
    const char *start = at;
    while (is_identifier_char (*at))
        at++;
    return at > start ? at : NULL;
}

static bool
has_leading_zero (const char *at, const char *end)
{
    if (*at != '0' || end - at == 1)
        return false;
    while (at < end && is_digit (*at))
        at++;
    return at == end;
}

const char *
semver_scan_prerelease (const char *at)
{
    if (*at != '-')
        return at;
    do {
        const char *start = at + 1;
        at = scan_identifier (start);
        if (!at || has_leading_zero (start, at))
            return NULL;
    } while (*at == '.');
    return at;
}

const char *
semver_scan_build (const char *at)
{
    if (*at != '+')
        return at;
    do
        at = scan_identifier (at + 1);
    while (at && *at == '.');
    return at;
}
