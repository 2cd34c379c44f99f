// SPDX-License-Identifier: MIT
//  Which generations there are, and removing what nothing needs.
#include "store_call_io.h"

#include "adopt_io.h"
#include "sweep_io.h"

#include "upkeep.pb-c.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

//  ---- generations -------------------------------------------------------------------------------

//  When a generation was made: its lock is written once.
static int64_t
created_at (const place_t *place, uint64_t generation)
{
    char path [64];
    struct stat info;
    snprintf (path, sizeof path, "%llu/%s", (unsigned long long) generation, PLACE_LOCK_NAME);
    return fstatat (place->generations_fd, path, &info, 0) == 0 ? (int64_t) info.st_mtime : 0;
}

code_t
store_generations (store_call_t *call)
{
    const Ggen__GenerationsRequest *request = (const void *) call->request;
    place_t place;
    code_t code = store_open_place (call, request->root, false, &place);
    if (code)
        return code;
    size_t count = 0;
    Ggen__GenerationsReply *reply = malloc (sizeof *reply);
    ggen__generations_reply__init (reply);
    call->reply = &reply->base;
    code = place_current (&place, &reply->current, &call->refusal);
    uint64_t *numbers = code ? NULL : place_generations (&place, &count);
    reply->generations = calloc (count + 1, sizeof (void *));
    for (size_t i = 0; i < count && reply->generations; i++) {
        Ggen__Generation *generation = malloc (sizeof *generation);
        ggen__generation__init (generation);
        generation->number = numbers [i];
        generation->created_at = created_at (&place, numbers [i]);
        reply->generations [reply->n_generations++] = generation;
    }
    free (numbers);
    reply->has_adopted = adopt_is_there (&place);
    place_close (&place);
    return code;
}

//  ---- sweep -------------------------------------------------------------------------------------

static bool
go_on (void *call_, size_t done, size_t total)
{
    store_call_t *call = call_;
    job_progress (call->job, "clean", "", done, total, "trees");
    return !job_cancelled (call->job);
}

static int
by_number (const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *) a, y = *(const uint64_t *) b;
    return (x > y) - (x < y);
}

static void
tell (store_call_t *call, const sweep_t *sweep, const sweep_t *first)
{
    Ggen__SweepReply *reply = malloc (sizeof *reply);
    ggen__sweep_reply__init (reply);
    reply->generations = calloc (sweep->generations.count + 1, sizeof (uint64_t));
    for (size_t i = 0; i < sweep->generations.count && reply->generations; i++)
        reply->generations [reply->n_generations++] =
            strtoull (sweep->generations.items [i], NULL, 10);
    if (reply->n_generations > 0)
        qsort (reply->generations, reply->n_generations, sizeof (uint64_t), by_number);
    reply->generations_bytes = sweep->generations_bytes;
    reply->instances_count = (uint32_t) sweep->instances.count;
    reply->instances_bytes = sweep->instances_bytes;
    reply->temporary_count = first->temporary_count;
    reply->temporary_bytes = first->temporary_bytes;
    call->reply = &reply->base;
}

//  Look again now that nobody else writes there, and remove. What was in the making has been swept
//  by taking the place; 'first' has counted it.
static code_t
sweep_held (store_call_t *call, const sweep_t *first)
{
    const Ggen__SweepRequest *request = (const void *) call->request;
    place_t place;
    sweep_t sweep;
    code_t code = store_open_place (call, request->root, true, &place);
    if (code)
        return code;
    code = sweep_survey (&sweep, &place, request->generations, request->n_generations,
                         &call->refusal);
    if (code == OK)
        code = sweep_run (&sweep, &place, go_on, call, &call->refusal);
    if (code == OK)
        tell (call, &sweep, first);
    sweep_release (&sweep);
    place_close (&place);
    return code;
}

code_t
store_sweep (store_call_t *call)
{
    const Ggen__SweepRequest *request = (const void *) call->request;
    place_t place;
    sweep_t first;
    code_t code = store_open_place (call, request->root, false, &place);
    if (code)
        return code;
    code = sweep_survey (&first, &place, request->generations, request->n_generations,
                         &call->refusal);
    place_close (&place);
    bool nothing = first.generations.count + first.instances.count + first.temporary_count == 0;
    if (code == OK && (request->dry_run || nothing))
        tell (call, &first, &first);
    else if (code == OK)
        code = sweep_held (call, &first);
    sweep_release (&first);
    return code;
}
