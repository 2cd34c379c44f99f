// SPDX-License-Identifier: MIT
//  What a range is once it is parsed: alternatives ("sets") of comparators that all have to hold.
#include "semver_range.h"

#include "semver_grammar.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct semver_range_t {
    size_t sets_count;
    char *text;
    semver_set_t sets [];       //  Room for _SETS_MAX while parsing, then for sets_count
};

static void
keep_only (semver_range_t *self, size_t kept)
{
    for (size_t i = 0; i < self->sets_count; i++)
        if (i != kept)
            semver_set_clear (&self->sets [i]);
    self->sets [0] = self->sets [kept];
    self->sets_count = 1;
}

static void
drop_none_sets (semver_range_t *self)
{
    size_t kept = 0;
    for (size_t i = 0; i < self->sets_count; i++)
        if (semver_set_is_none (&self->sets [i]))
            semver_set_clear (&self->sets [i]);
        else
            self->sets [kept++] = self->sets [i];
    self->sets_count = kept;
}

//  Alternatives that nothing satisfies go, unless there is no other; one that is any version stays
//  alone.
static void
simplify (semver_range_t *self)
{
    bool none = true;
    for (size_t i = 0; i < self->sets_count; i++)
        none = none && semver_set_is_none (&self->sets [i]);
    if (none) {
        keep_only (self, 0);
        return;
    }
    drop_none_sets (self);
    for (size_t i = 0; i < self->sets_count; i++)
        if (semver_set_is_any (&self->sets [i])) {
            keep_only (self, i);
            return;
        }
}

static char *
write_text (const semver_range_t *self)
{
    size_t size = 1;
    for (size_t i = 0; i < self->sets_count; i++)
        size += semver_set_text_size (&self->sets [i]) + 2;
    char *text = malloc (size);
    assert (text);
    char *at = text;
    for (size_t i = 0; i < self->sets_count; i++) {
        if (i > 0)
            at = stpcpy (at, "||");
        at = semver_set_write (&self->sets [i], at);
    }
    return text;
}

//  Parse the alternatives in 'text', which is cut into pieces.
static code_t
parse_sets (semver_range_t *self, char *text)
{
    while (text) {
        if (self->sets_count == SEMVER_RANGE_SETS_MAX)
            return VALIDATION;
        char *next = strstr (text, "||");
        if (next) {
            *next = 0;
            next += 2;
        }
        code_t code = semver_grammar_parse (&self->sets [self->sets_count++], text);
        if (code != OK)
            return code;
        text = next;
    }
    return OK;
}

code_t
semver_range_parse (semver_range_t **self_p, const char *text)
{
    *self_p = NULL;
    size_t size = strnlen (text, SEMVER_RANGE_TEXT_MAX + 1);
    if (size > SEMVER_RANGE_TEXT_MAX)
        return VALIDATION;
    char scratch [SEMVER_RANGE_TEXT_MAX + 1];
    memcpy (scratch, text, size + 1);

    semver_range_t *self = calloc (1, sizeof *self + SEMVER_RANGE_SETS_MAX * sizeof *self->sets);
    assert (self);
    code_t code = parse_sets (self, scratch);
    if (code != OK) {
        semver_range_destroy (&self);
        return code;
    }
    simplify (self);
    self->text = write_text (self);
    *self_p = realloc (self, sizeof *self + self->sets_count * sizeof *self->sets);
    assert (*self_p);
    return OK;
}

void
semver_range_destroy (semver_range_t **self_p)
{
    semver_range_t *self = *self_p;
    if (!self)
        return;
    for (size_t i = 0; i < self->sets_count; i++)
        semver_set_clear (&self->sets [i]);
    free (self->text);
    free (self);
    *self_p = NULL;
}

bool
semver_range_satisfied (const semver_range_t *self, const semver_t *version)
{
    for (size_t i = 0; i < self->sets_count; i++)
        if (semver_set_satisfied (&self->sets [i], version))
            return true;
    return false;
}

const char *
semver_range_text (const semver_range_t *self)
{
    return self->text;
}

bool
semver_range_is_any (const semver_range_t *self)
{
    return semver_set_is_any (&self->sets [0]);
}
