// SPDX-License-Identifier: MIT
//  What is installed, as every kind of task begins: ggen.lock of a generation.
#include "task.h"

#include "lockfile.h"
#include "memory.h"

#include <stdlib.h>
#include <string.h>

static char *
text_of (ProtobufCBinaryData bytes)
{
    char *text = memory_new (bytes.len + 1, 1);
    memcpy (text, bytes.data, bytes.len);
    return text;
}

static void
take_root (task_t *task, const Ggen__ReadRootReply *reply, bool any)
{
    char *why = NULL;
    code_t code = OK;
    if (!reply->adopted && reply->lock.len > 0)
        code = lockfile_read ((const char *) reply->lock.data, reply->lock.len, &task->before, &why);
    if (code && any)
        task_warn (task, "ggen.lock of generation %llu: %s",
                   (unsigned long long) reply->generation, why ? why : code_name (code));
    else if (code)
        task_fail (task, code, "`ggen market rollback` goes back to an earlier state",
                   "ggen.lock of generation %llu: %s", (unsigned long long) reply->generation,
                   why ? why : code_name (code));
    if (!task->before) {
        task->before = memory_new (1, sizeof *task->before);
        ggen__lock__init (task->before);
    }
    free (why);
    if (reply->given_lock.len > 0)
        task->given_lock = text_of (reply->given_lock);
    task->has_adopted = reply->has_adopted;
    adopted_ask (task, reply);
    task->generation = reply->generation;
    task->current = reply->current;
    task->generations_count = reply->n_generations;
    task->generations = memory_new (reply->n_generations + 1, sizeof *task->generations);
    if (reply->n_generations > 0)
        memcpy (task->generations, reply->generations,
                reply->n_generations * sizeof *task->generations);
}

static void
on_root (task_t *task, void *item, const answer_t *answer)
{
    (void) item;
    take_root (task, (const void *) answer->message, false);
}

static void
on_any_root (task_t *task, void *item, const answer_t *answer)
{
    (void) item;
    Ggen__ReadRootReply nothing = GGEN__READ_ROOT_REPLY__INIT;
    if (answer->code)
        task_warn (task, "%s", answer->failure->message);
    take_root (task, answer->code ? &nothing : (const void *) answer->message, true);
}

static void
root_is_read (task_t *task)
{
    adopted_take (task);
    task->after_root (task);
}

static void
read_root (task_t *task, const Ggen__ReadRootRequest *what, bool any, task_step_fn *next)
{
    if (task->before)
        ggen__lock__free_unpacked (task->before, NULL);
    free (task->given_lock);
    free (task->generations);
    task->given_lock = NULL;
    task->before = NULL;
    task->generations = NULL;
    Ggen__ReadRootRequest request = *what;
    request.root = (char *) task->root;
    task_ask (task, "store", &request.base, &ggen__read_root_reply__descriptor,
              any ? on_any_root : on_root, NULL, any);
    task->after_root = next;
    task_then (task, root_is_read);
}

void
task_read_root (task_t *task, uint64_t generation, task_step_fn *next)
{
    Ggen__ReadRootRequest request = GGEN__READ_ROOT_REQUEST__INIT;
    request.generation = generation;
    read_root (task, &request, false, next);
}

void
task_read_adopted_root (task_t *task, task_step_fn *next)
{
    Ggen__ReadRootRequest request = GGEN__READ_ROOT_REQUEST__INIT;
    request.adopted = true;
    read_root (task, &request, false, next);
}

void
task_read_any_root (task_t *task, task_step_fn *next)
{
    Ggen__ReadRootRequest request = GGEN__READ_ROOT_REQUEST__INIT;
    read_root (task, &request, true, next);
}
