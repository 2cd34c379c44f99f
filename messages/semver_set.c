// SPDX-License-Identifier: MIT
#include "semver_set.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const char *const operator_texts [] = {"*", "", "<", "<=", ">", ">="};

struct semver_comparator_t {
    semver_operator_t operator;
    semver_t version;           //  Unused for SEMVER_ANY
};

static bool
is_none (const semver_comparator_t *comparator)
{
    return comparator->operator == SEMVER_BELOW
        && strcmp (comparator->version.text, "0.0.0-0") == 0;
}

bool
semver_set_is_none (const semver_set_t *self)
{
    return is_none (&self->comparators [0]);
}

bool
semver_set_is_any (const semver_set_t *self)
{
    return self->comparators [0].operator == SEMVER_ANY;
}

static bool
has (const semver_set_t *self, const semver_comparator_t *other)
{
    for (size_t i = 0; i < self->count; i++)
        if (self->comparators [i].operator == other->operator
        &&  strcmp (self->comparators [i].version.text, other->version.text) == 0)
            return true;
    return false;
}

//  Once something that nothing satisfies is in, it is alone; "any" stays only while it is alone.
static code_t
insert (semver_set_t *self, const semver_comparator_t *comparator)
{
    if (has (self, comparator) || (self->count && semver_set_is_none (self)))
        return OK;
    if (self->count && comparator->operator == SEMVER_ANY)
        return OK;
    if (self->count && (is_none (comparator) || semver_set_is_any (self)))
        self->count = 0;
    if (self->count == SEMVER_RANGE_COMPARATORS_MAX)
        return VALIDATION;

    semver_comparator_t *grown =
        realloc (self->comparators, (self->count + 1) * sizeof *self->comparators);
    assert (grown);
    self->comparators = grown;
    self->comparators [self->count++] = *comparator;
    return OK;
}

code_t
semver_set_add_any (semver_set_t *self)
{
    semver_comparator_t comparator = {.operator = SEMVER_ANY};
    return insert (self, &comparator);
}

code_t
semver_set_add (semver_set_t *self, semver_operator_t operator, const uint64_t numbers [3],
    const char *prerelease, size_t prerelease_size)
{
    semver_comparator_t comparator = {.operator = operator};
    code_t code = semver_make (&comparator.version, numbers, prerelease, prerelease_size);
    if (code != OK)
        return code;
    if (operator == SEMVER_AT_LEAST && strcmp (comparator.version.text, "0.0.0") == 0)
        return semver_set_add_any (self);
    return insert (self, &comparator);
}

//  Nothing is below the lowest pre-release of the lowest version.
code_t
semver_set_add_none (semver_set_t *self)
{
    return semver_set_add (self, SEMVER_BELOW, (uint64_t [3]) {0, 0, 0}, "0", 1);
}

void
semver_set_clear (semver_set_t *self)
{
    free (self->comparators);
    *self = (semver_set_t) {0};
}

static bool
holds (const semver_comparator_t *self, const semver_t *version)
{
    if (self->operator == SEMVER_ANY)
        return true;
    int order = semver_compare (version, &self->version);
    switch (self->operator) {
        case SEMVER_BELOW:    return order < 0;
        case SEMVER_AT_MOST:  return order <= 0;
        case SEMVER_ABOVE:    return order > 0;
        case SEMVER_AT_LEAST: return order >= 0;
        default:              return order == 0;
    }
}

//  Does a comparator name a pre-release of the same three numbers?
static bool
invites_prerelease (const semver_set_t *self, const semver_t *version)
{
    for (size_t i = 0; i < self->count; i++) {
        const semver_t *named = &self->comparators [i].version;
        if (semver_is_prerelease (named) && named->major == version->major
        &&  named->minor == version->minor && named->patch == version->patch)
            return true;
    }
    return false;
}

bool
semver_set_satisfied (const semver_set_t *self, const semver_t *version)
{
    for (size_t i = 0; i < self->count; i++)
        if (!holds (&self->comparators [i], version))
            return false;
    return !semver_is_prerelease (version) || invites_prerelease (self, version);
}

size_t
semver_set_text_size (const semver_set_t *self)
{
    size_t size = 1;
    for (size_t i = 0; i < self->count; i++)
        size += strlen (self->comparators [i].version.text) + 3;
    return size;
}

char *
semver_set_write (const semver_set_t *self, char *at)
{
    for (size_t i = 0; i < self->count; i++) {
        if (i > 0)
            *at++ = ' ';
        at = stpcpy (at, operator_texts [self->comparators [i].operator]);
        at = stpcpy (at, self->comparators [i].version.text);
    }
    return at;
}
