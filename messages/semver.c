// SPDX-License-Identifier: MIT
#include "semver.h"

#include "semver_scan.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *
scan_core (const char *at, semver_t *self)
{
    at = semver_scan_number (at, &self->major);
    if (!at || *at != '.')
        return NULL;
    at = semver_scan_number (at + 1, &self->minor);
    if (!at || *at != '.')
        return NULL;
    return semver_scan_number (at + 1, &self->patch);
}

code_t
semver_parse (semver_t *self, const char *text)
{
    if (strnlen (text, SEMVER_TEXT_MAX + 1) > SEMVER_TEXT_MAX)
        return VALIDATION;
    const char *start = text + strspn (text, SEMVER_SCAN_SPACES);
    if (*start == 'v')
        start++;

    const char *core_end = scan_core (start, self);
    if (!core_end)
        return VALIDATION;
    const char *prerelease_end = semver_scan_prerelease (core_end);
    if (!prerelease_end)
        return VALIDATION;
    const char *end = semver_scan_build (prerelease_end);
    if (!end || end [strspn (end, SEMVER_SCAN_SPACES)])
        return VALIDATION;

    self->core_size = (uint16_t) (core_end - start);
    self->prerelease_size = 0;
    if (prerelease_end > core_end)
        self->prerelease_size = (uint16_t) (prerelease_end - core_end - 1);
    memcpy (self->text, start, (size_t) (end - start));
    self->text [end - start] = 0;
    return OK;
}

bool
semver_is_canonical (const char *text)
{
    semver_t version;
    return semver_parse (&version, text) == OK && strcmp (version.text, text) == 0;
}

code_t
semver_make (semver_t *self, const uint64_t numbers [3], const char *prerelease, size_t size)
{
    for (int i = 0; i < 3; i++)
        if (numbers [i] > SEMVER_NUMBER_MAX)
            return VALIDATION;
    self->major = numbers [0];
    self->minor = numbers [1];
    self->patch = numbers [2];
    self->core_size = (uint16_t) snprintf (self->text, sizeof self->text,
        "%" PRIu64 ".%" PRIu64 ".%" PRIu64, numbers [0], numbers [1], numbers [2]);
    self->prerelease_size = 0;
    if (size == 0)
        return OK;

    if (size > SEMVER_TEXT_MAX - 1u - self->core_size)
        return VALIDATION;
    self->prerelease_size = (uint16_t) size;
    self->text [self->core_size] = '-';
    memcpy (self->text + self->core_size + 1, prerelease, size);
    self->text [self->core_size + 1 + size] = 0;
    return OK;
}

const char *
semver_text (const semver_t *self)
{
    return self->text;
}

bool
semver_is_prerelease (const semver_t *self)
{
    return self->prerelease_size > 0;
}

static int
compare_numbers (uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static bool
is_numeric (bytes_t identifier)
{
    for (size_t i = 0; i < identifier.size; i++)
        if (identifier.data [i] < '0' || identifier.data [i] > '9')
            return false;
    return true;
}

static int
compare_bytes (bytes_t a, bytes_t b)
{
    int order = memcmp (a.data, b.data, a.size < b.size ? a.size : b.size);
    return order ? order : compare_numbers (a.size, b.size);
}

//  Numeric identifiers have no leading zeros, so of two the one with more digits is greater.
static int
compare_identifiers (bytes_t a, bytes_t b)
{
    bool numeric = is_numeric (a);
    if (numeric != is_numeric (b))
        return numeric ? -1 : 1;
    if (numeric && a.size != b.size)
        return compare_numbers (a.size, b.size);
    return compare_bytes (a, b);
}

//  The identifiers of a pre-release not yet taken.
static bytes_t
prerelease_of (const semver_t *self)
{
    const char *start = self->text + self->core_size + 1;
    return (bytes_t) {(const uint8_t *) start, self->prerelease_size};
}

static bytes_t
take_identifier (bytes_t *rest)
{
    const uint8_t *dot = memchr (rest->data, '.', rest->size);
    bytes_t first = {rest->data, dot ? (size_t) (dot - rest->data) : rest->size};
    size_t taken = first.size + (dot ? 1 : 0);
    rest->data += taken;
    rest->size -= taken;
    return first;
}

static int
compare_prereleases (const semver_t *a, const semver_t *b)
{
    if (!a->prerelease_size || !b->prerelease_size)     //  A release is above its pre-releases
        return (a->prerelease_size == 0) - (b->prerelease_size == 0);
    bytes_t rest_a = prerelease_of (a), rest_b = prerelease_of (b);
    while (rest_a.size && rest_b.size) {
        int order = compare_identifiers (take_identifier (&rest_a), take_identifier (&rest_b));
        if (order)
            return order;
    }
    return compare_numbers (rest_a.size, rest_b.size);  //  The longer one, when one has ended
}

int
semver_compare (const semver_t *a, const semver_t *b)
{
    int order = compare_numbers (a->major, b->major);
    if (!order)
        order = compare_numbers (a->minor, b->minor);
    if (!order)
        order = compare_numbers (a->patch, b->patch);
    return order ? order : compare_prereleases (a, b);
}

int
semver_order (const semver_t *a, const semver_t *b)
{
    int order = semver_compare (a, b);
    return order ? order : strcmp (a->text, b->text);
}

int
semver_compare_latest (const semver_t *a, const semver_t *b)
{
    bool prerelease = semver_is_prerelease (a);
    if (prerelease != semver_is_prerelease (b))
        return prerelease ? -1 : 1;
    return semver_compare (a, b);
}

const semver_t *
semver_latest (const semver_t *versions, size_t count)
{
    const semver_t *best = NULL;
    for (size_t i = 0; i < count; i++)
        if (!best || semver_compare_latest (&versions [i], best) > 0)
            best = &versions [i];
    return best;
}
