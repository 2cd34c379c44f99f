// SPDX-License-Identifier: MIT
//  From a list of packages to their trees in the store: which are missing, and, when they have been
//  obtained (obtain.c), the commit.
#include "obtain.h"

#include "lockfile.h"
#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

//  ---- trees in messages ----------------------------------------------------------------------------

static Ggen__Tree **
make_trees (Ggen__LockedPackage *const *packages, size_t count)
{
    Ggen__Tree **trees = memory_new (count, sizeof *trees);
    for (size_t i = 0; i < count; i++) {
        trees [i] = memory_new (1, sizeof *trees [i]);
        ggen__tree__init (trees [i]);
        trees [i]->id = packages [i]->name;
        trees [i]->version = packages [i]->version;
        trees [i]->files_sha256 = packages [i]->files_sha256;
        trees [i]->adopted = packages [i]->adopted;
    }
    return trees;
}

Ggen__Tree **
task_trees (const task_t *task, size_t *count_p)
{
    *count_p = task->after->n_packages;
    return make_trees (task->after->packages, task->after->n_packages);
}

void
task_trees_destroy (Ggen__Tree **trees, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free (trees [i]);
    free (trees);
}

void
task_items_from_lock (task_t *task, const Ggen__Lock *lock)
{
    task->after = lock_copy (lock);
    task->items = memory_new (lock->n_packages, sizeof *task->items);
    for (size_t i = 0; i < lock->n_packages; i++)
        task->items [task->items_count++].locked = task->after->packages [i];
}

static const item_t *
item_of (const task_t *task, const char *name)
{
    for (size_t i = 0; i < task->items_count; i++)
        if (strcmp (task->items [i].locked->name, name) == 0)
            return &task->items [i];
    return NULL;
}

void
task_tell_publishers (task_t *task)
{
    for (size_t i = 0; i < task->steps_count; i++) {
        Ggen__PlanStep *step = task->steps [i];
        const item_t *item = item_of (task, step->name);
        if (!item)
            continue;
        const ProtobufCBinaryData *key = &item->locked->publisher_key;
        free (step->publisher_key.data);
        step->publisher_key.data = memory_new (key->len, 1);
        step->publisher_key.len = key->len;
        if (key->len > 0)
            memcpy (step->publisher_key.data, key->data, key->len);
        step->first_use = item->first_use;
    }
}

//  ---- what is there -------------------------------------------------------------------------------

static void
on_has (task_t *task, void *none, const answer_t *answer)
{
    (void) none;
    const Ggen__HasTreesReply *reply = (const void *) answer->message;
    for (size_t i = 0; i < reply->n_edited; i++)
        if (reply->edited [i] < task->items_count)
            task->items [reply->edited [i]].edited = true;
    for (size_t i = 0; i < reply->n_missing; i++) {
        if (reply->missing [i] >= task->items_count)
            continue;
        item_t *item = &task->items [reply->missing [i]];
        item->missing = true;
    }
    obtain (task);
}

static void
warn_of_edits (task_t *task)
{
    for (size_t i = 0; i < task->items_count; i++)
        if (task->items [i].edited && !task->items [i].changed)
            task_warn (task,
                       "%s %s was edited; the new state has the original, the edited files stay in "
                       "generation %llu",
                       task->items [i].locked->name, task->items [i].locked->version,
                       (unsigned long long) task->current);
    task_then (task, task->materialised);
}

void
materialise (task_t *task, task_step_fn *next)
{
    task->materialised = next;
    Ggen__LockedPackage **packages = memory_new (task->items_count, sizeof *packages);
    for (size_t i = 0; i < task->items_count; i++)
        packages [i] = task->items [i].locked;
    Ggen__HasTreesRequest request = GGEN__HAS_TREES_REQUEST__INIT;
    request.trees = make_trees (packages, task->items_count);
    request.n_trees = task->items_count;
    request.root = (char *) task->root;
    request.generation = task->generation;
    task_ask (task, "store", &request.base, &ggen__has_trees_reply__descriptor, on_has, NULL, false);
    task_trees_destroy (request.trees, request.n_trees);
    free (packages);
    task_then (task, warn_of_edits);
}

//  ---- commit --------------------------------------------------------------------------------------

static void
on_committed (task_t *task, void *item, const answer_t *answer)
{
    (void) item;
    task->generation = ((const Ggen__CommitReply *) (const void *) answer->message)->generation;
    task->committed = true;
}

//  Where packages lie that were adopted and are not any more: removed, or replaced by one of ours.
//  Borrowed texts; free the array.
static char **
dropped_paths (const task_t *task, size_t *count_p)
{
    char **paths = memory_new (task->before->n_packages, sizeof *paths);
    *count_p = 0;
    for (size_t i = 0; i < task->before->n_packages; i++) {
        const Ggen__LockedPackage *old = task->before->packages [i];
        const Ggen__LockedPackage *now = lock_find (task->after, old->name);
        if (*old->adopted && (!now || strcmp (now->adopted, old->adopted) != 0))
            paths [(*count_p)++] = old->adopted;
    }
    return paths;
}

static char **
adopted_paths (const task_t *task, size_t *count_p)
{
    char **paths = memory_new (task->before->n_packages, sizeof *paths);
    *count_p = task->before->n_packages;
    for (size_t i = 0; i < *count_p; i++)
        paths [i] = task->before->packages [i]->adopted;
    return paths;
}

void
task_commit (task_t *task, task_step_fn *next)
{
    char *text = NULL, *why = NULL;
    code_t code = lockfile_write (task->after, &text, &why);
    if (code) {
        task_fail (task, code, "", "the new state is not consistent: %s", why ? why : code_name (code));
        free (why);
        return;
    }
    Ggen__CommitRequest request = GGEN__COMMIT_REQUEST__INIT;
    request.lock = (ProtobufCBinaryData) {strlen (text), (uint8_t *) text};
    request.trees = task_trees (task, &request.n_trees);
    request.root = (char *) task->root;
    request.expected = task->current;
    request.replaces_lock = task->replaces_lock;
    request.dropped = dropped_paths (task, &request.n_dropped);
    request.adopts = task->adopts ? adopted_paths (task, &request.n_adopts) : NULL;
    task_ask (task, "store", &request.base, &ggen__commit_reply__descriptor, on_committed, NULL,
              false);
    task_trees_destroy (request.trees, request.n_trees);
    free (request.dropped);
    free (request.adopts);
    free (text);
    task_then (task, next);
}
