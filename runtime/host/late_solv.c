// SPDX-License-Identifier: MIT
//  libsolv.
#include "late.h"

#include <solv/pool.h>
#include <solv/queue.h>
#include <solv/repo.h>
#include <solv/rules.h>
#include <solv/problems.h>
#include <solv/solver.h>

#define FUNCTIONS(F)                                                                               \
    F (Pool *, pool_create, (void), ())                                                            \
    F (void, pool_free, (Pool * self), (self))                                                     \
    F (int, pool_set_flag, (Pool * self, int flag, int value), (self, flag, value))                \
    F (Id, pool_str2id, (Pool * self, const char *text, int creates), (self, text, creates))       \
    F (Id, pool_rel2id, (Pool * self, Id name, Id version, int relation, int creates),             \
       (self, name, version, relation, creates))                                                   \
    F (void, pool_createwhatprovides, (Pool * self), (self))                                       \
    F (Id, pool_queuetowhatprovides, (Pool * self, Queue *providers), (self, providers))           \
    F (void, pool_set_whatprovides, (Pool * self, Id id, Id providers), (self, id, providers))     \
    F (Repo *, repo_create, (Pool * pool, const char *name), (pool, name))                         \
    F (Id, repo_add_solvable, (Repo * self), (self))                                               \
    F (Id, repo_add_solvable_block, (Repo * self, int count), (self, count))                       \
    F (Offset, repo_addid_dep, (Repo * self, Offset old, Id id, Id marker),                        \
       (self, old, id, marker))                                                                    \
    F (void, queue_init, (Queue * self), (self))                                                   \
    F (void, queue_free, (Queue * self), (self))                                                   \
    F (void, queue_alloc_one, (Queue * self), (self))                                              \
    F (Solver *, solver_create, (Pool * pool), (pool))                                             \
    F (void, solver_free, (Solver * self), (self))                                                 \
    F (int, solver_set_flag, (Solver * self, int flag, int value), (self, flag, value))            \
    F (int, solver_solve, (Solver * self, Queue *job), (self, job))                                \
    F (int, solver_get_decisionlevel, (Solver * self, Id id), (self, id))                          \
    F (int, solver_allruleinfos, (Solver * self, Id rule, Queue *infos), (self, rule, infos))      \
    F (void, solver_findallproblemrules, (Solver * self, Id problem, Queue *rules),                \
       (self, problem, rules))

LATE_LIBRARY ("libsolv.so.1", FUNCTIONS, LATE_NONE)
