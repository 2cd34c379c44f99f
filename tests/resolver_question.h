// SPDX-License-Identifier: MIT
//  Questions to the resolver made by hand or by a seeded generator, and its answers as judged text.
//  For cmocka tests.
#ifndef GGEN_TESTS_RESOLVER_QUESTION_H
#define GGEN_TESTS_RESOLVER_QUESTION_H

#include "actors/installer/resolver_explain.h"
#include "tests/resolver_check.h"

//  ---- a seeded generator ------------------------------------------------------------------------

static uint64_t state;

//  SplitMix64 (Steele, Lea & Flood 2014).
static inline uint32_t
draw (uint32_t below)
{
    uint64_t mixed = state += 0x9e3779b97f4a7c15u;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
    return (uint32_t) ((mixed ^ (mixed >> 31)) >> 32) % below;
}

//  ---- questions ---------------------------------------------------------------------------------

typedef struct {
    arena_t *arena;
    const Ggen__Package **packages;
    size_t packages_count, packages_room;
    resolver_root_t *roots;
    size_t roots_count, roots_room;
    resolver_locked_t *locked;
    size_t locked_count, locked_room;
    const char **known;
    size_t known_count, known_room;
    bool with_optional, ignore_dependencies;
} question_t;

static inline resolver_query_t
as_query (const question_t *self)
{
    return (resolver_query_t) {
        .candidates = self->packages, .candidates_count = self->packages_count,
        .roots = self->roots, .roots_count = self->roots_count,
        .locked = self->locked, .locked_count = self->locked_count,
        .known_names = self->known, .known_names_count = self->known_count,
        .with_optional = self->with_optional, .ignore_dependencies = self->ignore_dependencies};
}

static inline Ggen__Package *
add_package (question_t *self, const char *id, const char *version, bool yanked)
{
    Ggen__Package *package = arena_alloc (self->arena, sizeof *package);
    ggen__package__init (package);
    package->id = arena_strdup (self->arena, id);
    package->version = arena_strdup (self->arena, version);
    package->yanked = yanked;
    ARENA_PUSH (self->arena, self->packages, self->packages_count, self->packages_room, package);
    return package;
}

static inline void
add_need (question_t *self, Ggen__Package *package, const char *name, const char *range,
    bool optional)
{
    size_t size = package->n_dependencies * sizeof (void *);
    Ggen__Dependency *need = arena_alloc (self->arena, sizeof *need);
    Ggen__Dependency **needs = arena_alloc (self->arena, size + sizeof (void *));
    ggen__dependency__init (need);
    need->name = arena_strdup (self->arena, name);
    need->requirement = arena_strdup (self->arena, range);
    need->optional = optional;
    if (size)
        memcpy (needs, package->dependencies, size);
    needs [package->n_dependencies++] = need;
    package->dependencies = needs;
}

static inline void
shuffle (question_t *self)
{
    for (size_t index = self->packages_count; index > 1; index--) {
        size_t other = draw ((uint32_t) index);
        const Ggen__Package *package = self->packages [index - 1];
        self->packages [index - 1] = self->packages [other];
        self->packages [other] = package;
    }
    for (size_t index = self->roots_count; index > 1; index--) {
        size_t other = draw ((uint32_t) index);
        resolver_root_t root = self->roots [index - 1];
        self->roots [index - 1] = self->roots [other];
        self->roots [other] = root;
    }
}

//  ---- answers as text ---------------------------------------------------------------------------

static inline bool
accepts (const resolver_reason_t *reason, const char *name, const char *version)
{
    for (size_t index = 0; index < reason->fits_count; index++)
        if (!strcmp (reason->name, name) && !strcmp (reason->fits [index], version))
            return true;
    return false;
}

//  A derivation speaks only of versions that another of its steps leads to.
static inline void
check_is_led_to (const resolver_failure_t *failure, const resolver_reason_t *reason)
{
    for (size_t version = 0; version < reason->versions_count; version++) {
        bool found = false;
        for (size_t index = 0; index < failure->reasons_count; index++)
            found = found || (!failure->reasons [index].optional
                && accepts (&failure->reasons [index], reason->dependant, reason->versions [version]));
        assert_true (found);
    }
}

static inline void
check_failure (const resolver_query_t *query, const resolver_failure_t *failure)
{
    if (failure->code != DEPENDENCY)
        return;
    assert_true (check_reasons_contradict (query, failure, SIZE_MAX));
    for (size_t index = 0; index < failure->reasons_count; index++)
        check_is_led_to (failure, &failure->reasons [index]);
    for (size_t skip = 0; skip < failure->reasons_count; skip++)
        assert_false (check_reasons_contradict (query, failure, skip));
}

//  Solve and judge the answer: "a@1.0.0\nb@2.0.0\n", or "error: CODE\n", the explanation, "hint:
//  ...\n".
static inline char *
answer_text (const resolver_query_t *query)
{
    const Ggen__Package **chosen = NULL;
    size_t count = 0;
    resolver_failure_t *failure = NULL;
    code_t code = resolver_solve (query, &chosen, &count, &failure);
    char *text = strdup ("");
    for (size_t index = 0; index < count; index++) {
        char *longer = NULL;
        assert_true (asprintf (&longer, "%s%s@%s\n", text, chosen [index]->id,
            chosen [index]->version) > 0);
        free (text);
        text = longer;
    }
    if (code == OK) {
        assert_null (failure);
        const char *wrong = check_answer (query, (const Ggen__Package *const *) chosen, count);
        if (wrong)
            fail_msg ("%s:\n%s", wrong, text);
    }
    else {
        assert_int_equal (failure->code, code);
        check_failure (query, failure);
        char *why = resolver_explain (failure), *hint = resolver_explain_hint (failure);
        free (text);
        assert_true (asprintf (&text, "error: %s\n%s\nhint: %s\n", code_name (code), why,
            hint) > 0);
        free (why);
        free (hint);
    }
    free (chosen);
    resolver_failure_destroy (&failure);
    assert_null (failure);
    return text;
}

#endif
