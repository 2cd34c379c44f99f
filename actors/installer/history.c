// SPDX-License-Identifier: MIT
#include "history.h"

#include "lockfile.h"
#include "memory.h"
#include "task.h"

#include <stdlib.h>
#include <string.h>

size_t
history_kept (const Ggen__GenerationsReply *there, bool all, uint64_t **kept_p)
{
    size_t count = there->n_generations, newest = count > HISTORY_KEPT ? count - HISTORY_KEPT : 0;
    size_t kept = 0;
    *kept_p = memory_new (HISTORY_KEPT + 1, sizeof **kept_p);
    for (size_t i = 0; i < count; i++)
        if (there->generations [i]->number == there->current || (!all && i >= newest))
            (*kept_p) [kept++] = there->generations [i]->number;
    return kept;
}

//  ---- the verb ----------------------------------------------------------------------------------

//  What is told, and the lock of the generation before the oldest of it.
typedef struct {
    Ggen__GenerationsReply *there;
    size_t from, count;                 //  of there->generations: what is read
    Ggen__Lock **locks;                 //  of each; NULL: it does not read
    bool with_one_before;               //  the first is read only to tell what the next one changed
    bool with_adopted;                  //  generation 0 is told, too: it is task->before
} history_t;

//  The lock of one, and whose it is.
typedef struct {
    history_t *history;
    size_t index;
} reading_t;

typedef struct {
    history_t history;
    reading_t readings [HISTORY_MAX + 1];
} history_task_t;

static void
history_free (void *more)
{
    history_t *self = &((history_task_t *) more)->history;
    for (size_t i = 0; self->locks && i < self->count; i++)
        if (self->locks [i])
            ggen__lock__free_unpacked (self->locks [i], NULL);
    free (self->locks);
    if (self->there)
        ggen__generations_reply__free_unpacked (self->there, NULL);
    free (more);
}

static Ggen__HistoryEntry *
entry_new (const history_t *self, size_t index, const Ggen__Lock *adopted)
{
    const Ggen__Generation *generation = self->there->generations [self->from + index];
    static const Ggen__Lock nothing = GGEN__LOCK__INIT;
    const Ggen__Lock *lock = self->locks [index];
    const Ggen__Lock *before = index > 0 ? self->locks [index - 1] : NULL;
    Ggen__HistoryEntry *entry = memory_new (1, sizeof *entry);
    ggen__history_entry__init (entry);
    entry->generation = generation->number;
    entry->created_at = generation->created_at;
    entry->current = generation->number == self->there->current;
    entry->damaged = !lock;
    entry->packages_count = lock ? (uint32_t) lock->n_packages : 0;
    if (before)
        entry->previous = self->there->generations [self->from + index - 1]->number;
    else if (generation->number == 1)
        before = self->with_adopted ? adopted : &nothing;
    if (!lock || !before)
        return entry;
    Ggen__PlanStep **steps;
    size_t count;
    plan_between (before, lock, &steps, &count);
    for (size_t i = 0; i < count; i++)
        if (steps [i]->action != GGEN__ACTION__KEEP)
            steps [entry->n_steps++] = steps [i];
        else
            ggen__plan_step__free_unpacked (steps [i], NULL);
    entry->steps = steps;
    return entry;
}

//  What was there before ggen: no generation led to it.
static Ggen__HistoryEntry *
adopted_entry (const history_t *self, const Ggen__Lock *adopted)
{
    Ggen__HistoryEntry *entry = memory_new (1, sizeof *entry);
    ggen__history_entry__init (entry);
    entry->adopted = true;
    entry->current = self->there->current == 0;
    entry->packages_count = (uint32_t) adopted->n_packages;
    return entry;
}

static void
history_answer (task_t *task)
{
    const history_t *self = &((const history_task_t *) task->more)->history;
    Ggen__HistoryReply reply = GGEN__HISTORY_REPLY__INIT;
    reply.entries = memory_new (self->count + 1, sizeof (void *));
    for (size_t i = self->count; i > (self->with_one_before ? 1 : 0); i--)
        reply.entries [reply.n_entries++] = entry_new (self, i - 1, task->before);
    if (self->with_adopted)
        reply.entries [reply.n_entries++] = adopted_entry (self, task->before);
    reply.total = (uint32_t) self->there->n_generations + (self->there->has_adopted ? 1 : 0);
    task_answer (task, &reply.base);
    for (size_t i = 0; i < reply.n_entries; i++)
        ggen__history_entry__free_unpacked (reply.entries [i], NULL);
    free (reply.entries);
}

//  A lock that cannot be read is told as damaged; the others are told all the same.
static void
on_lock (task_t *task, void *item, const answer_t *answer)
{
    (void) task;
    const reading_t *reading = item;
    const Ggen__ReadRootReply *reply = (const void *) answer->message;
    char *why = NULL;
    Ggen__Lock *lock = NULL;
    if (answer->code == OK
        && lockfile_read ((const char *) reply->lock.data, reply->lock.len, &lock, &why) == OK)
        reading->history->locks [reading->index] = lock;
    free (why);
}

static void
read_adopted (task_t *task)
{
    task_read_adopted_root (task, history_answer);
}

static void
history_read (task_t *task)
{
    const Ggen__HistoryRequest *request = (const void *) task->request;
    history_task_t *more = task->more;
    history_t *self = &more->history;
    size_t total = self->there->n_generations;
    bool limited = request->limit > 0 && request->limit < HISTORY_MAX;
    size_t wanted = limited ? request->limit : HISTORY_MAX;
    self->with_one_before = total > wanted;
    self->count = self->with_one_before ? wanted + 1 : total;
    self->from = total - self->count;
    self->locks = memory_new (self->count, sizeof *self->locks);
    for (size_t i = 0; i < self->count; i++) {
        Ggen__ReadRootRequest read = GGEN__READ_ROOT_REQUEST__INIT;
        read.root = (char *) task->root;
        read.generation = self->there->generations [self->from + i]->number;
        more->readings [i] = (reading_t) {self, i};
        task_ask (task, "store", &read.base, &ggen__read_root_reply__descriptor, on_lock,
                  &more->readings [i], true);
    }
    self->with_adopted = self->there->has_adopted && total < wanted;
    task_then (task, self->with_adopted ? read_adopted : history_answer);
}

static void
on_generations (task_t *task, void *item, const answer_t *answer)
{
    history_t *self = item;
    self->there = (Ggen__GenerationsReply *) message_copy (answer->message);
    if (!self->there)
        task_fail (task, INTERNAL, "", "out of memory");
}

void
history_start (task_t *task)
{
    history_task_t *more = memory_new (1, sizeof *more);
    task->root = ((const Ggen__HistoryRequest *) (const void *) task->request)->root;
    task->more = more;
    task->free_more = history_free;
    Ggen__GenerationsRequest request = GGEN__GENERATIONS_REQUEST__INIT;
    request.root = (char *) task->root;
    task_ask (task, "store", &request.base, &ggen__generations_reply__descriptor, on_generations,
              &more->history, false);
    task_then (task, history_read);
}
