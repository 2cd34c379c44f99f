// SPDX-License-Identifier: MIT
//  Reading generation 0: what lies in it, what its manifests and its ggen.lock say.
#include "task.h"

#include "adopted.h"
#include "lockfile.h"
#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct adoption_t {
    Ggen__Lock *old;                //  of its ggen.lock; NULL: none that reads
    Ggen__SurveyAdoptedReply *survey;
    bool given;                     //  it is the ggen.lock of a target in which ggen never installed
    adopted_found_t *found;         //  one for each entry of the survey
} adoption_t;

void
adopted_destroy (task_t *task)
{
    adoption_t *self = task->adoption;
    if (!self)
        return;
    for (size_t i = 0; self->found && i < self->survey->n_entries; i++)
        if (self->found [i].package)
            ggen__package__free_unpacked (self->found [i].package, NULL);
    if (self->survey)
        ggen__survey_adopted_reply__free_unpacked (self->survey, NULL);
    if (self->old)
        ggen__lock__free_unpacked (self->old, NULL);
    free (self->found);
    free (self);
    task->adoption = NULL;
}

static const char *
where_of (const task_t *task)
{
    return *task->root ? "" : "packages/";
}

//  One that cannot be read makes a directory that is no package, unless ggen.lock names it.
static void
on_manifest (task_t *task, void *found_, const answer_t *answer)
{
    adopted_found_t *found = found_;
    const Ggen__ReadManifestReply *reply = (const void *) answer->message;
    char *why = NULL;
    if (answer->code)
        task_warn (task, "%s", answer->failure->message);
    else if (reply->manifest && !(found->package = task_read_package (reply->manifest, &why)))
        task_warn (task, "%s%s: %s", where_of (task), found->entry->path, why);
    free (why);
}

static void
ask_manifest (task_t *task, adopted_found_t *found)
{
    char *path = NULL;
    Ggen__ReadManifestRequest request = GGEN__READ_MANIFEST_REQUEST__INIT;
    if (asprintf (&path, "%s/%s", task->adoption->survey->directory, found->entry->path) < 0)
        return;
    request.path = path;
    task_ask (task, "store", &request.base, &ggen__read_manifest_reply__descriptor, on_manifest,
              found, true);
    free (path);
}

//  A target is adopted when all that its lock names lies there; else the lock says what is to be installed.
static bool
all_are_there (const adoption_t *self)
{
    size_t count = 0;
    for (size_t i = 0; i < self->survey->n_entries; i++)
        count += self->survey->entries [i]->kind != GGEN__ADOPTED_KIND__OTHER_ENTRY;
    return count == self->old->n_packages;
}

static void
on_survey (task_t *task, void *none, const answer_t *answer)
{
    (void) none;
    adoption_t *self = task->adoption;
    self->survey = (Ggen__SurveyAdoptedReply *) message_copy (answer->message);
    if (!self->survey) {
        task_fail (task, INTERNAL, "", "out of memory");
        return;
    }
    if (self->survey->incomplete)
        task_warn (task, "more than %zu entries lie in packages/: the others are in reach, and not listed",
                   self->survey->n_entries);
    if (self->given && !all_are_there (self)) {
        adopted_destroy (task);
        return;
    }
    self->found = memory_new (self->survey->n_entries, sizeof *self->found);
    for (size_t i = 0; i < self->survey->n_entries; i++) {
        self->found [i].entry = self->survey->entries [i];
        if (self->survey->entries [i]->kind == GGEN__ADOPTED_KIND__PACKAGE_ENTRY)
            ask_manifest (task, &self->found [i]);
    }
}

static void
read_old_lock (task_t *task, const Ggen__ReadRootReply *reply)
{
    char *why = NULL;
    bool good = reply->lock.len == 0
                || lockfile_read ((const char *) reply->lock.data, reply->lock.len,
                                  &task->adoption->old, &why) == OK;
    if (!good || *reply->lock_fault)
        task_warn (task, "%sggen.lock: %s; the manifests there are read instead", where_of (task),
                   good ? reply->lock_fault : why ? why : "it does not read");
    free (why);
}

static void
ask_all (task_t *task, const Ggen__ReadRootReply *reply)
{
    Ggen__SurveyAdoptedRequest request = GGEN__SURVEY_ADOPTED_REQUEST__INIT;
    task->adoption = memory_new (1, sizeof *task->adoption);
    read_old_lock (task, reply);
    request.root = (char *) task->root;
    task_ask (task, "store", &request.base, &ggen__survey_adopted_reply__descriptor, on_survey, NULL,
              false);
}

//  One that does not read is told by who has to follow it (install_given.c).
static void
ask_target (task_t *task, const Ggen__ReadRootReply *reply)
{
    Ggen__SurveyAdoptedRequest request = GGEN__SURVEY_ADOPTED_REQUEST__INIT;
    char *why = NULL;
    Ggen__Lock *given = NULL;
    code_t code = lockfile_read ((const char *) reply->given_lock.data, reply->given_lock.len, &given,
                                 &why);
    free (why);
    if (code || given->n_packages == 0) {
        if (given)
            ggen__lock__free_unpacked (given, NULL);
        return;
    }
    task->adoption = memory_new (1, sizeof *task->adoption);
    task->adoption->old = given;
    task->adoption->given = true;
    request.root = (char *) task->root;
    request.paths = memory_new (given->n_packages, sizeof *request.paths);
    for (size_t i = 0; i < given->n_packages; i++)
        request.paths [request.n_paths++] = given->packages [i]->name;
    task_ask (task, "store", &request.base, &ggen__survey_adopted_reply__descriptor, on_survey, NULL,
              false);
    free (request.paths);
}

void
adopted_ask (task_t *task, const Ggen__ReadRootReply *reply)
{
    adopted_destroy (task);
    bool never = reply->current == 0 && reply->n_generations == 0 && !reply->adopted;
    if (never && reply->given_lock.len > 0)
        ask_target (task, reply);
    if (!reply->adopted)
        return;
    ask_all (task, reply);
}

static void
warn (void *task, const char *text)
{
    task_warn (task, "%s", text);
}

void
adopted_take (task_t *task)
{
    const adoption_t *self = task->adoption;
    if (!self)
        return;
    ggen__lock__free_unpacked (task->before, NULL);
    task->before = adopted_lock (self->old, self->found, self->survey->n_entries, where_of (task), warn,
                                 task);
    if (self->given) {
        free (task->given_lock);
        task->given_lock = NULL;
        task->adopts = true;
    }
    if (task->before->n_packages == 0)
        task_warn (task, "nothing in packages/ is a package: no manifest and no ggen.lock says so; it "
                         "stays as it is");
    adopted_destroy (task);
}
