// SPDX-License-Identifier: MIT
#include "satsolver.h"

#include <assert.h>
#include <solv/pool.h>
#include <solv/poolarch.h>
#include <solv/problems.h>
#include <solv/queue.h>
#include <solv/repo.h>
#include <solv/rules.h>
#include <solv/solver.h>
#include <stdio.h>
#include <stdlib.h>

#include "memory.h"
#include "satorder.h"

//  Solvable FIRST + i is version i. Dependencies are names that no package has ("s7" for set 7);
//  who provides them is told to the pool directly, so libsolv never compares a version with a
//  range.
typedef struct {
    const satsolver_problem_t *problem;
    Pool *pool;
    Repo *repo;
    Id first;                   //  Solvable of version 0
    Id *set_ids;                //  Dependency that means "one of this set"
    Id first_set_id;
    Id *markers;                //  Per item of each cut: solvable that stands for "one of this set"
    Id nobody;                  //  Dependency that nothing provides
    Id always;                  //  Solvable that is chosen in every answer
    uint32_t *offers;           //  Versions that can be reached, in the order to load them
    size_t offers_count;
} model_t;

static Id
text_id (Pool *pool, const char *prefix, size_t number)
{
    char text [32];
    snprintf (text, sizeof text, "%s%010zu", prefix, number);
    return pool_str2id (pool, text, 1);
}

static void
set_solvable (model_t *self, Id solvable, Id name, Id evr)
{
    Solvable *entry = pool_id2solvable (self->pool, solvable);
    entry->name = name;
    entry->evr = evr;
    entry->arch = ARCH_NOARCH;
    entry->provides = repo_addid_dep (self->repo, entry->provides, name, 0);
}

static Id
add_solvable (model_t *self, const char *name, size_t number)
{
    Id solvable = repo_add_solvable (self->repo);
    set_solvable (self, solvable, text_id (self->pool, name, number), text_id (self->pool, "", 0));
    return solvable;
}

//  Versions that nothing accepts stay nameless: between any two of one name there is a rule.
static void
add_versions (model_t *self)
{
    const satsolver_problem_t *problem = self->problem;
    self->first = repo_add_solvable_block (self->repo, (int) problem->versions_count);
    for (size_t index = 0; index < self->offers_count; index++) {
        uint32_t version = self->offers [index];
        set_solvable (self, self->first + (Id) version,
            text_id (self->pool, "n", problem->names [version]),
            text_id (self->pool, "", problem->ranks [version]));
    }
}

//  The ids of set names are consecutive: nothing else is interned between them.
static void
name_sets (model_t *self)
{
    size_t sets_count = self->problem->sets_count;
    self->set_ids = memory_new (sets_count, sizeof (Id));
    for (size_t index = 0; index < sets_count; index++)
        self->set_ids [index] = text_id (self->pool, "s", index);
    self->first_set_id = sets_count ? self->set_ids [0] : 0;
}

static void
add_edges (model_t *self)
{
    const satsolver_problem_t *problem = self->problem;
    for (size_t index = 0; index < problem->edges_count; index++) {
        const satsolver_edge_t *edge = &problem->edges [index];
        Id set = self->set_ids [edge->set];
        if (edge->from == SATSOLVER_ROOT)
            continue;
        Solvable *version = pool_id2solvable (self->pool, self->first + (Id) edge->from);
        if (edge->excludes)
            version->conflicts = repo_addid_dep (self->repo, version->conflicts, set, 0);
        else
            version->requires = repo_addid_dep (self->repo, version->requires, set, 0);
    }
}

//  A solvable that every version of a set requires: it is chosen whenever one of them is.
static Id
add_marker (model_t *self, size_t number, uint32_t set)
{
    const satsolver_problem_t *problem = self->problem;
    Id marker = add_solvable (self, "m", number);
    Id name = pool_id2solvable (self->pool, marker)->name;
    for (uint32_t at = problem->set_starts [set]; at < problem->set_starts [set + 1]; at++) {
        Solvable *version = pool_id2solvable (self->pool,
            self->first + (Id) problem->set_items [at]);
        version->requires = repo_addid_dep (self->repo, version->requires, name, 0);
    }
    return marker;
}

//  Not all markers of a cut together: the first needs the impossible if all others are chosen.
static void
add_cut (model_t *self, uint32_t from, uint32_t to)
{
    Id others = 0;
    for (uint32_t at = from; at < to; at++)
        self->markers [at] = add_marker (self, at, self->problem->cut_items [at]);
    for (uint32_t at = from + 1; at < to; at++) {
        Id name = pool_id2solvable (self->pool, self->markers [at])->name;
        others = others ? pool_rel2id (self->pool, others, name, REL_AND, 1) : name;
    }
    Id refusal = self->nobody;
    if (others)
        refusal = pool_rel2id (self->pool, self->nobody, others, REL_COND, 1);
    Solvable *first = pool_id2solvable (self->pool, self->markers [from]);
    first->requires = repo_addid_dep (self->repo, first->requires, refusal, 0);
}

static void
provide_sets (model_t *self)
{
    const satsolver_problem_t *problem = self->problem;
    pool_createwhatprovides (self->pool);
    Queue providers;
    queue_init (&providers);
    for (size_t set = 0; set < problem->sets_count; set++) {
        queue_empty (&providers);
        for (uint32_t at = problem->set_starts [set]; at < problem->set_starts [set + 1]; at++)
            queue_push (&providers, self->first + (Id) problem->set_items [at]);
        pool_set_whatprovides (self->pool, self->set_ids [set],
            pool_queuetowhatprovides (self->pool, &providers));
    }
    queue_free (&providers);
}

//  libsolv loads what a job can reach with a queue that it moves as a whole every few steps:
//  quadratic in its length (100,000 versions took 28 s). So every version is offered to it after
//  what it needs, by jobs that are satisfied anyway, and the queue stays short.
static void
offer_versions (const model_t *self, Queue *job)
{
    Queue either;
    queue_init (&either);
    queue_push2 (job, SOLVER_INSTALL | SOLVER_SOLVABLE, self->always);
    for (size_t index = 0; index < self->offers_count; index++) {
        queue_empty (&either);
        queue_push2 (&either, self->first + (Id) self->offers [index], self->always);
        queue_push2 (job, SOLVER_INSTALL | SOLVER_SOLVABLE_ONE_OF,
            pool_queuetowhatprovides (self->pool, &either));
    }
    queue_free (&either);
}

static void
ask_roots (const model_t *self, Queue *job)
{
    const satsolver_problem_t *problem = self->problem;
    for (size_t index = 0; index < problem->edges_count; index++)
        if (problem->edges [index].from == SATSOLVER_ROOT)
            queue_push2 (job, SOLVER_INSTALL | SOLVER_SOLVABLE_PROVIDES,
                self->set_ids [problem->edges [index].set]);
}

static void
model_init (model_t *self, const satsolver_problem_t *problem, Queue *job)
{
    assert (problem->versions_count < INT32_MAX / 2);
    self->problem = problem;
    self->pool = pool_create ();
    //  A version that excludes itself cannot be chosen
    pool_set_flag (self->pool, POOL_FLAG_FORBIDSELFCONFLICTS, 1);
    self->repo = repo_create (self->pool, "candidates");
    self->nobody = pool_str2id (self->pool, "nobody", 1);
    self->offers = memory_new (problem->versions_count, sizeof *self->offers);
    self->offers_count = satorder_list (problem, self->offers);
    name_sets (self);
    add_versions (self);
    add_edges (self);
    self->always = add_solvable (self, "always", 0);

    size_t markers_count = problem->cuts_count ? problem->cut_starts [problem->cuts_count] : 0;
    self->markers = memory_new (markers_count, sizeof (Id));
    for (size_t cut = 0; cut < problem->cuts_count; cut++)
        add_cut (self, problem->cut_starts [cut], problem->cut_starts [cut + 1]);
    provide_sets (self);
    offer_versions (self, job);
    ask_roots (self, job);
}

static void
model_clear (model_t *self)
{
    free (self->offers);
    free (self->markers);
    free (self->set_ids);
    pool_free (self->pool);
}

static void
read_chosen (const model_t *self, Solver *solver, satsolver_result_t *result)
{
    size_t versions_count = self->problem->versions_count;
    result->items = memory_new (versions_count, sizeof (uint32_t));
    for (size_t index = 0; index < versions_count; index++)
        if (solver_get_decisionlevel (solver, self->first + (Id) index) > 0)
            result->items [result->items_count++] = (uint32_t) index;
}

//  Mark the edges (from, dependency) that a rule of the proof stands for.
static void
mark_edges (const model_t *self, Id from, Id dependency, bool *marks)
{
    const satsolver_problem_t *problem = self->problem;
    if (dependency < self->first_set_id
    ||  dependency >= self->first_set_id + (Id) problem->sets_count)
        return;
    uint32_t set = (uint32_t) (dependency - self->first_set_id);
    uint32_t version = from ? (uint32_t) (from - self->first) : SATSOLVER_ROOT;
    for (size_t index = 0; index < problem->edges_count; index++)
        if (problem->edges [index].set == set && problem->edges [index].from == version)
            marks [index] = true;
}

static void
read_core (const model_t *self, Solver *solver, satsolver_result_t *result)
{
    size_t edges_count = self->problem->edges_count;
    bool *marks = memory_new (edges_count, sizeof (bool));
    Queue rules, infos;
    queue_init (&rules);
    queue_init (&infos);
    solver_findallproblemrules (solver, 1, &rules);
    for (int rule = 0; rule < rules.count; rule++) {
        //  One rule may have several causes; each is four numbers: type, from, to, dependency
        solver_allruleinfos (solver, rules.elements [rule], &infos);
        for (int at = 0; at + 3 < infos.count; at += 4)
            mark_edges (self, infos.elements [at + 1], infos.elements [at + 3], marks);
    }
    queue_free (&infos);
    queue_free (&rules);

    result->items = memory_new (edges_count, sizeof (uint32_t));
    for (size_t index = 0; index < edges_count; index++)
        if (marks [index])
            result->items [result->items_count++] = (uint32_t) index;
    free (marks);
}

void
satsolver_solve (const satsolver_problem_t *problem, satsolver_result_t *result)
{
    *result = (satsolver_result_t) {0};
    model_t model = {0};
    Queue job;
    queue_init (&job);
    model_init (&model, problem, &job);

    Solver *solver = solver_create (model.pool);
    solver_set_flag (solver, SOLVER_FLAG_IGNORE_RECOMMENDED, 1);
    result->satisfied = solver_solve (solver, &job) == 0;
    if (result->satisfied)
        read_chosen (&model, solver, result);
    else if (!problem->cuts_count)
        read_core (&model, solver, result);

    solver_free (solver);
    queue_free (&job);
    model_clear (&model);
}

void
satsolver_result_clear (satsolver_result_t *result)
{
    free (result->items);
    *result = (satsolver_result_t) {0};
}
