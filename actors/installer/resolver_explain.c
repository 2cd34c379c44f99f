// SPDX-License-Identifier: MIT
#include "resolver_explain.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    char *bytes;
    size_t size, room;
} text_t;

static void printf_like (2, 3)
add (text_t *self, const char *format, ...)
{
    va_list arguments;
    char *piece = NULL;
    va_start (arguments, format);
    int size = vasprintf (&piece, format, arguments);
    va_end (arguments);
    assert (size >= 0);
    if (self->size + (size_t) size + 1 > self->room) {
        self->room = (self->size + (size_t) size + 1) * 2;
        self->bytes = realloc (self->bytes, self->room);
        assert (self->bytes);
    }
    memcpy (self->bytes + self->size, piece, (size_t) size + 1);
    self->size += (size_t) size;
    free (piece);
}

//  ---- lists -------------------------------------------------------------------------------------

static void
add_versions (text_t *text, const char *const *versions, size_t count)
{
    size_t shown = count > RESOLVER_EXPLAIN_VERSIONS_MAX ? RESOLVER_EXPLAIN_VERSIONS_MAX : count;
    for (size_t index = 0; index < shown; index++)
        add (text, "%s%s", index ? ", " : "", versions [index]);
    if (shown < count)
        add (text, " and %zu more", count - shown);
}

static void
add_want (text_t *text, const resolver_want_t *want)
{
    if (want->dependant)
        add (text, "%s@%s (%s)", want->dependant, want->version, want->range);
    else
        add (text, "you (%s)", want->range);
}

static void
add_wants (text_t *text, const resolver_lack_t *lack)
{
    size_t shown = lack->wants_count;
    if (shown > RESOLVER_EXPLAIN_WANTS_MAX)
        shown = RESOLVER_EXPLAIN_WANTS_MAX;
    for (size_t index = 0; index < shown; index++) {
        add (text, "%s", index ? ", " : "");
        add_want (text, &lack->wants [index]);
    }
    if (shown < lack->wants_count)
        add (text, " and %zu more", lack->wants_count - shown);
}

//  ---- what lacks --------------------------------------------------------------------------------

static void
add_lack (text_t *text, const resolver_lack_t *lack)
{
    add (text, lack->exists ? "%s: no matching version; wanted by " : "%s: not found; wanted by ",
        lack->name);
    add_wants (text, lack);
    if (lack->available_count) {
        add (text, "; available: ");
        add_versions (text, lack->available, lack->available_count);
    }
    if (lack->yanked_count) {
        add (text, "; yanked: ");
        add_versions (text, lack->yanked, lack->yanked_count);
    }
}

static void
add_lacks (text_t *text, const resolver_failure_t *failure)
{
    for (size_t index = 0; index < failure->lacks_count; index++) {
        add (text, "%s", index ? "\n" : "");
        add_lack (text, &failure->lacks [index]);
    }
}

//  ---- derivation --------------------------------------------------------------------------------

static void
add_subject (text_t *text, const resolver_reason_t *reason)
{
    if (!reason->dependant)
        add (text, "you asked for ");
    else if (reason->every_version && reason->versions_count > 1)
        add (text, "every version of %s needs ", reason->dependant);
    else {
        add (text, "%s ", reason->dependant);
        add_versions (text, reason->versions, reason->versions_count);
        add (text, reason->versions_count > 1 ? " need " : " needs ");
    }
}

//  "foo 1.0.0 needs bar ^2.0.0 (2.1.0, 2.0.0)": what fits lets the reader check the conclusion.
static void
add_reason (text_t *text, const resolver_reason_t *reason)
{
    add_subject (text, reason);
    add (text, "%s %s", reason->name, reason->range);
    if (reason->optional)
        add (text, ", if it is present");
    if (!reason->exists)
        add (text, ", which does not exist");
    else if (!reason->fits_count)
        add (text, ", which no version fits");
    else {
        add (text, " (");
        add_versions (text, reason->fits, reason->fits_count);
        add (text, ")");
    }
}

//  Is this the first reason that speaks of its name, and not the only one?
static bool
is_shared (const resolver_failure_t *failure, size_t at)
{
    size_t before = 0, after = 0;
    for (size_t index = 0; index < failure->reasons_count; index++)
        if (index != at && !strcmp (failure->reasons [index].name, failure->reasons [at].name))
            *(index < at ? &before : &after) += 1;
    return !before && after;
}

static void
add_conclusion (text_t *text, const resolver_failure_t *failure)
{
    size_t shared = 0;
    add (text, "\nso no set of versions satisfies all of these");
    for (size_t index = 0; index < failure->reasons_count; index++)
        if (is_shared (failure, index))
            add (text, shared++ ? ", %s" : "; they meet in %s", failure->reasons [index].name);
}

static void
add_derivation (text_t *text, const resolver_failure_t *failure)
{
    size_t shown = failure->reasons_count;
    if (shown > RESOLVER_EXPLAIN_REASONS_MAX)
        shown = RESOLVER_EXPLAIN_REASONS_MAX;
    for (size_t index = 0; index < shown; index++) {
        add (text, index ? "\n    and " : "because ");
        add_reason (text, &failure->reasons [index]);
    }
    if (shown < failure->reasons_count)
        add (text, "\n    and %zu more", failure->reasons_count - shown);
    add_conclusion (text, failure);
}

char *
resolver_explain (const resolver_failure_t *failure)
{
    text_t text = {0};
    add (&text, "%s", "");
    switch (failure->code) {
        case PACKAGE_NOT_FOUND:
        case NO_MATCHING_VERSION:
            add_lacks (&text, failure);
            break;
        case DEPENDENCY:
            add_derivation (&text, failure);
            break;
        case CIRCULAR_DEPENDENCY:
            add (&text, "dependency cycle: %s", failure->detail);
            break;
        default:
            add (&text, "%s", failure->detail);
    }
    return text.bytes;
}

//  ---- hint --------------------------------------------------------------------------------------

static void
add_similar (text_t *text, const resolver_failure_t *failure)
{
    size_t told = 0;
    for (size_t index = 0; index < failure->lacks_count; index++) {
        const resolver_lack_t *lack = &failure->lacks [index];
        for (size_t similar = 0; similar < lack->similar_count; similar++)
            add (text, similar ? " or %s" : told ? "; %s" : "did you mean %s",
                lack->similar [similar]);
        if (lack->similar_count && failure->lacks_count > 1)
            add (text, " (for %s)", lack->name);
        told += lack->similar_count;
    }
    if (told)
        add (text, "?");
    else
        add (text, "search with `ggen market search`, or add a registry that has it");
}

char *
resolver_explain_hint (const resolver_failure_t *failure)
{
    text_t text = {0};
    add (&text, "%s", "");
    switch (failure->code) {
        case PACKAGE_NOT_FOUND:
            add_similar (&text, failure);
            break;
        case NO_MATCHING_VERSION:
            add (&text, "ask for one of the available versions, "
                "or for another version of what wants it");
            break;
        case DEPENDENCY:
            add (&text, "loosen one of these requirements, or leave one of the packages out");
            break;
        case CIRCULAR_DEPENDENCY:
            add (&text, "one of these packages has to give up its dependency; tell its publisher");
            break;
        default:
            break;
    }
    return text.bytes;
}
