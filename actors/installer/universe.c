// SPDX-License-Identifier: MIT
#include "universe.h"

#include <assert.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

typedef struct {
    const char *text;
    semver_range_t *range;          //  NULL: the text is no range
} range_t;

//  A version of the name that is being ranked.
typedef struct {
    const Ggen__Package *package;
    semver_t semver;
    bool locked;
    bool preferred;             //  for being locked
} ranked_t;

//  ---- names -------------------------------------------------------------------------------------

//  Of two candidates with one id and version the one with the smaller digest comes first.
static int
compare_candidates (const void *a_, const void *b_)
{
    const Ggen__Package *a = *(const Ggen__Package *const *) a_;
    const Ggen__Package *b = *(const Ggen__Package *const *) b_;
    int order = strcmp (a->id, b->id);
    if (!order)
        order = strcmp (a->version, b->version);
    if (order)
        return order;
    if (a->sha256.len != b->sha256.len)
        return a->sha256.len < b->sha256.len ? -1 : 1;
    return a->sha256.len ? memcmp (a->sha256.data, b->sha256.data, a->sha256.len) : 0;
}

static int
compare_locked (const void *a_, const void *b_)
{
    const resolver_locked_t *a = *(const resolver_locked_t *const *) a_;
    const resolver_locked_t *b = *(const resolver_locked_t *const *) b_;
    int order = strcmp (a->name, b->name);
    return order ? order : strcmp (a->version, b->version);
}

static bool
is_locked (const universe_t *self, const Ggen__Package *package)
{
    resolver_locked_t key = {package->id, package->version}, *key_p = &key;
    return self->query->locked_count
        && bsearch (&key_p, self->locked, self->query->locked_count, sizeof *self->locked,
            compare_locked);
}

static int
compare_texts (const void *a, const void *b)
{
    return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static bool
is_fresh (const universe_t *self, const char *name)
{
    return self->query->fresh_count
        && bsearch (&name, self->query->fresh, self->query->fresh_count, sizeof name,
            compare_texts);
}

static void
sort_inputs (universe_t *self)
{
    const resolver_query_t *query = self->query;
    self->candidates = arena_alloc (self->arena, query->candidates_count * sizeof (void *));
    for (size_t index = 0; index < query->candidates_count; index++)
        self->candidates [index] = query->candidates [index];
    qsort (self->candidates, query->candidates_count, sizeof (void *), compare_candidates);

    self->locked = arena_alloc (self->arena, query->locked_count * sizeof (void *));
    for (size_t index = 0; index < query->locked_count; index++)
        self->locked [index] = &query->locked [index];
    qsort (self->locked, query->locked_count, sizeof (void *), compare_locked);
}

static void
collect_names (universe_t *self)
{
    for (uint32_t index = 0; index < self->query->candidates_count; index++) {
        const char *id = self->candidates [index]->id;
        if (!self->names_count || strcmp (self->names [self->names_count - 1].id, id)) {
            universe_name_t name = {.id = id, .candidates_from = index, .first = UNIVERSE_NONE};
            ARENA_PUSH (self->arena, self->names, self->names_count, self->names_room, name);
        }
        self->names [self->names_count - 1].candidates_to = index + 1;
    }
}

static int
compare_name (const void *id, const void *name)
{
    return strcmp (id, ((const universe_name_t *) name)->id);
}

uint32_t
universe_find_name (const universe_t *self, const char *id)
{
    if (!self->names_count)
        return UNIVERSE_NONE;
    const universe_name_t *name =
        bsearch (id, self->names, self->names_count, sizeof *name, compare_name);
    return name ? (uint32_t) (name - self->names) : UNIVERSE_NONE;
}

//  ---- versions ----------------------------------------------------------------------------------

//  Least preferred first.
static int
compare_ranked (const void *a_, const void *b_)
{
    const ranked_t *a = a_, *b = b_;
    if (a->preferred != b->preferred)
        return a->preferred ? 1 : -1;
    return semver_order (&a->semver, &b->semver);
}

//  Parse and rank the versions of a name, the first time that somebody wants it.
static void
reach_name (universe_t *self, universe_name_t *name)
{
    if (name->first != UNIVERSE_NONE)
        return;
    ranked_t *ranked = memory_new (name->candidates_to - name->candidates_from, sizeof *ranked);
    const char *previous = "";
    for (uint32_t index = name->candidates_from; index < name->candidates_to; index++) {
        const Ggen__Package *package = self->candidates [index];
        ranked_t *entry = &ranked [name->count];
        if (strcmp (package->version, previous)
        &&  semver_parse (&entry->semver, package->version) == OK) {
            entry->package = package;
            entry->locked = is_locked (self, package);
            entry->preferred = entry->locked && !is_fresh (self, package->id);
            name->count++;
        }
        previous = package->version;
    }
    qsort (ranked, name->count, sizeof *ranked, compare_ranked);

    name->first = (uint32_t) self->versions_count;
    name->semvers = arena_alloc (self->arena, name->count * sizeof (semver_t));
    for (uint32_t index = 0; index < name->count; index++) {
        universe_version_t version = {.package = ranked [index].package,
            .name = (uint32_t) (name - self->names),
            .live = !ranked [index].package->yanked || ranked [index].locked};
        ARENA_PUSH (self->arena, self->versions, self->versions_count, self->versions_room,
            version);
        name->semvers [index] = ranked [index].semver;
    }
    free (ranked);
}

//  ---- ranges ------------------------------------------------------------------------------------

static int
compare_range (const void *a, const void *b)
{
    return strcmp (((const range_t *) a)->text, ((const range_t *) b)->text);
}

//  The parsed range, parsed once per text; NULL if it is none.
static const semver_range_t *
find_range (universe_t *self, const char *text)
{
    range_t key = {.text = text};
    void *found = tfind (&key, &self->range_tree, compare_range);
    if (!found) {
        range_t *fresh = memory_new (1, sizeof *fresh);
        *fresh = key;
        if (semver_range_parse (&fresh->range, text) != OK)
            fresh->range = NULL;
        found = tsearch (fresh, &self->range_tree, compare_range);
        assert (found);
    }
    return (*(range_t **) found)->range;
}

static void
free_range (void *range_)
{
    range_t *range = range_;
    semver_range_destroy (&range->range);
    free (range);
}

static void
free_nothing (void *set)
{
    (void) set;                 //  Sets live in the arena
}

//  Mark in 'accepted' which versions of the name fit the range.
static void
accept_range (const universe_t *self, const universe_name_t *name, const semver_range_t *range,
    bool *accepted)
{
    for (uint32_t index = 0; index < name->count; index++) {
        accepted [index] = self->versions [name->first + index].live
            && semver_range_satisfied (range, &name->semvers [index]);
    }
}

//  Any version: what "*" accepts, or every pre-release if it accepts none.
static void
accept_any (const universe_t *self, const universe_name_t *name, const semver_range_t *any,
    bool *accepted)
{
    accept_range (self, name, any, accepted);
    for (uint32_t index = 0; index < name->count; index++)
        if (accepted [index])
            return;
    for (uint32_t index = 0; index < name->count; index++)
        accepted [index] = self->versions [name->first + index].live;
}

//  Of those that are accepted keep only the newest.
static void
keep_newest (const universe_name_t *name, bool *accepted)
{
    const semver_t *semvers = name->semvers;
    uint32_t newest = UNIVERSE_NONE;
    for (uint32_t index = 0; index < name->count; index++)
        if (accepted [index]
        && (newest == UNIVERSE_NONE || semver_order (&semvers [index], &semvers [newest]) > 0))
            newest = index;
    for (uint32_t index = 0; index < name->count; index++)
        accepted [index] = index == newest;
}

//  ---- sets --------------------------------------------------------------------------------------

static int
compare_sets (const void *a_, const void *b_)
{
    const universe_set_t *a = a_, *b = b_;
    int order = strcmp (a->name, b->name);
    if (!order)
        order = strcmp (a->range, b->range);
    return order ? order : (int) a->complement - (int) b->complement;
}

static void
fill_set (universe_t *self, universe_set_t *set, const semver_range_t *range)
{
    universe_name_t *name = &self->names [set->name_number];
    reach_name (self, name);
    self->checks_count += name->count;
    self->too_large = self->checks_count > RESOLVER_CHECKS_MAX;
    if (self->too_large)
        return;
    bool *accepted = memory_new (name->count, sizeof *accepted);
    bool latest = !strcmp (set->range, "latest");
    if (latest || !strcmp (set->range, "*"))
        accept_any (self, name, range, accepted);
    else
        accept_range (self, name, range, accepted);
    if (latest)
        keep_newest (name, accepted);

    for (uint32_t index = 0; index < name->count; index++)
        if (accepted [index] != set->complement && self->versions [name->first + index].live)
            ARENA_PUSH (self->arena, set->items, set->count, set->room, name->first + index);
    free (accepted);
}

//  The set of a requirement, made the first time. NULL if its range is none.
//  Beyond RESOLVER_CHECKS_MAX sets stay empty and self->too_large says so.
static universe_set_t *
find_set (universe_t *self, const char *name, const char *range_text, bool complement)
{
    const char *range = *range_text ? range_text : "*";
    universe_set_t key = {.name = name, .range = range, .complement = complement};
    void *found = tfind (&key, &self->set_tree, compare_sets);
    if (found)
        return *(universe_set_t **) found;
    const semver_range_t *parsed = find_range (self, strcmp (range, "latest") ? range : "*");
    if (!parsed)
        return NULL;

    universe_set_t *set = arena_alloc (self->arena, sizeof *set);
    *set = key;
    set->number = (uint32_t) self->sets_count;
    set->name_number = universe_find_name (self, name);
    if (set->name_number != UNIVERSE_NONE && !self->too_large)
        fill_set (self, set, parsed);
    ARENA_PUSH (self->arena, self->sets, self->sets_count, self->sets_room, set);
    found = tsearch (set, &self->set_tree, compare_sets);
    assert (found);
    return set;
}

//  ---- reach -------------------------------------------------------------------------------------

static void
add_edge (universe_t *self, uint32_t from, const universe_set_t *set)
{
    satsolver_edge_t edge = {.from = from, .set = set->number, .excludes = set->complement};
    ARENA_PUSH (self->arena, self->edges, self->edges_count, self->edges_room, edge);
    if (set->complement)
        return;
    for (size_t index = 0; index < set->count; index++) {
        universe_version_t *version = &self->versions [set->items [index]];
        if (!version->reached) {
            version->reached = true;
            ARENA_PUSH (self->arena, self->reached, self->reached_count, self->reached_room,
                set->items [index]);
        }
    }
}

//  False when there are too many.
static bool
add_dependencies (universe_t *self, uint32_t version)
{
    const Ggen__Package *package = self->versions [version].package;
    if (package->n_dependencies > RESOLVER_EDGES_MAX - self->edges_count)
        return false;
    for (size_t index = 0; index < package->n_dependencies; index++) {
        const Ggen__Dependency *dependency = package->dependencies [index];
        bool complement = dependency->optional && !self->query->with_optional;
        const universe_set_t *set =
            find_set (self, dependency->name, dependency->requirement, complement);
        if (set && (!complement || set->count))
            add_edge (self, version, set);
    }
    return true;
}

static int
compare_roots (const void *a_, const void *b_)
{
    const resolver_root_t *a = a_, *b = b_;
    int order = strcmp (a->name, b->name);
    return order ? order : strcmp (a->range, b->range);
}

static code_t
add_roots (universe_t *self, const char **why)
{
    size_t count = self->query->roots_count;
    resolver_root_t *roots = arena_alloc (self->arena, count * sizeof *roots);
    for (size_t index = 0; index < count; index++)
        roots [index] = self->query->roots [index];
    qsort (roots, count, sizeof *roots, compare_roots);

    for (size_t index = 0; index < count; index++) {
        const universe_set_t *set = find_set (self, roots [index].name, roots [index].range, false);
        if (!set) {
            static const char like [] = " (one is like ^1.2, ~1.2.3 or >=1 <2)";
            size_t size = strlen (roots [index].name) + strlen (roots [index].range) + 32
                          + sizeof like;
            char *text = arena_alloc (self->arena, size);
            stpcpy (stpcpy (stpcpy (stpcpy (text, roots [index].name), ": no version range: "),
                            roots [index].range), like);
            *why = text;
            return VALIDATION;
        }
        add_edge (self, SATSOLVER_ROOT, set);
    }
    return OK;
}

//  Between any two versions of a name that may be chosen the solver keeps a rule.
static bool
has_too_many_pairs (const universe_t *self)
{
    size_t pairs = 0;
    for (size_t index = 0; index < self->names_count; index++) {
        const universe_name_t *name = &self->names [index];
        size_t reached = 0;
        for (uint32_t version = 0; version < name->count; version++)
            reached += self->versions [name->first + version].reached;
        pairs += reached * (reached + 1) / 2 - reached;
    }
    return pairs > RESOLVER_PAIRS_MAX;
}

code_t
universe_init (universe_t *self, const resolver_query_t *query, const char **why)
{
    *self = (universe_t) {.query = query, .arena = arena_new ()};
    if (query->candidates_count > RESOLVER_CANDIDATES_MAX
    ||  query->roots_count > RESOLVER_CANDIDATES_MAX) {
        *why = "more candidates than the resolver takes";
        return VALIDATION;
    }
    sort_inputs (self);
    collect_names (self);
    code_t code = add_roots (self, why);
    if (code != OK)
        return code;
    for (size_t index = 0; index < self->reached_count && !query->ignore_dependencies; index++)
        if (!add_dependencies (self, self->reached [index]) || self->too_large) {
            *why = "more dependencies than the resolver takes";
            return VALIDATION;
        }
    if (!has_too_many_pairs (self))
        return OK;
    *why = "more versions than the resolver takes";
    return VALIDATION;
}

void
universe_clear (universe_t *self)
{
    tdestroy (self->set_tree, free_nothing);
    tdestroy (self->range_tree, free_range);
    arena_destroy (&self->arena);
    *self = (universe_t) {0};
}

//  ---- problem -----------------------------------------------------------------------------------

static void
number_sets (const universe_t *self, satsolver_problem_t *problem)
{
    size_t total = 0;
    for (size_t set = 0; set < self->sets_count; set++)
        total += self->sets [set]->count;
    uint32_t *starts = arena_alloc (self->arena, (self->sets_count + 1) * sizeof *starts);
    uint32_t *items = arena_alloc (self->arena, total * sizeof *items);
    for (size_t set = 0; set < self->sets_count; set++) {
        size_t count = self->sets [set]->count;
        if (count)
            memcpy (items + starts [set], self->sets [set]->items, count * sizeof *items);
        starts [set + 1] = starts [set] + (uint32_t) count;
    }
    problem->sets_count = self->sets_count;
    problem->set_starts = starts;
    problem->set_items = items;
}

satsolver_problem_t
universe_problem (const universe_t *self)
{
    uint32_t *names = arena_alloc (self->arena, self->versions_count * sizeof *names);
    uint32_t *ranks = arena_alloc (self->arena, self->versions_count * sizeof *ranks);
    for (size_t index = 0; index < self->versions_count; index++) {
        names [index] = self->versions [index].name;
        ranks [index] = (uint32_t) index - self->names [names [index]].first + 1;
    }
    satsolver_problem_t problem = {.versions_count = self->versions_count,
        .names = names, .ranks = ranks,
        .edges_count = self->edges_count, .edges = self->edges};
    number_sets (self, &problem);
    return problem;
}
