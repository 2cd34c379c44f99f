// SPDX-License-Identifier: MIT
//  install: read what is there, gather what could be, choose, check who published it, make the
//  trees, commit.
#include "install.h"

#include "memory.h"

#include <stdlib.h>
#include <string.h>

static void
install_free (void *more)
{
    install_t *self = more;
    gather_destroy (&self->gather);
    for (size_t i = 0; i < self->locals_count; i++) {
        if (self->locals [i].manifest)
            ggen__package__free_unpacked (self->locals [i].manifest, NULL);
        free (self->locals [i].archive_path);
    }
    uint32_t cursor = 0;
    void *key;
    while (self->pins && (key = map_next (self->pins, &cursor, NULL)) != NULL)
        free (key);
    map_destroy (&self->pins);
    install_lines_destroy (&self->lines);
    if (self->trust)
        ggen__trust_list_reply__free_unpacked (self->trust, NULL);
    for (size_t i = 0; i < self->suggestions_count; i++)
        free (self->suggestions [i]);
    for (size_t i = 0; i < self->direct_count; i++)
        free (self->direct [i]);
    if (self->installed)
        ggen__lock__free_unpacked (self->installed, NULL);
    if (self->own_request)
        ggen__install_request__free_unpacked (self->own_request, NULL);
    free (self->fresh);
    free (self->suggestions);
    free (self->direct);
    free (self->locals);
    free (self->chosen);
    free (self);
}

bool
install_want (const char *want, char id [PACKAGE_ID_MAX + 1], const char **range_p)
{
    return !package_id_is_path (want) && package_id_split (want, id, range_p) == OK;
}

bool
install_wants (const task_t *task, const char *name)
{
    const Ggen__InstallRequest *request = install_request (task);
    for (size_t i = 0; i < request->n_wants; i++) {
        char id [PACKAGE_ID_MAX + 1];
        const char *range;
        if (install_want (request->wants [i], id, &range) && strcmp (id, name) == 0)
            return true;
    }
    return false;
}

//  ---- the end -------------------------------------------------------------------------------------

static void
install_answer (task_t *task)
{
    const Ggen__InstallRequest *request = install_request (task);
    Ggen__InstallReply reply = GGEN__INSTALL_REPLY__INIT;
    task_tell_publishers (task);
    reply.steps = task->steps;
    reply.n_steps = task->steps_count;
    reply.generation = task->generation;
    reply.warnings = task->warnings;
    reply.n_warnings = task->warnings_count;
    reply.dry_run = request->dry_run;
    reply.fetched_bytes = task->fetched_bytes;
    task_answer (task, &reply.base);
}

//  Beside the commit, which waits for the disk longer than this does: all has been fetched, accepted and
//  unpacked by now. A count that cannot be kept changes nothing; one that fails was counted all the same.
static void
count (task_t *task)
{
    Ggen__InstalledRequest request = GGEN__INSTALLED_REQUEST__INIT;
    request.ids = memory_new (task->items_count, sizeof *request.ids);
    for (size_t i = 0; i < task->items_count; i++)
        if (task->items [i].changed && !task->items [i].local)
            request.ids [request.n_ids++] = task->items [i].locked->name;
    if (request.n_ids > 0)
        task_ask_aside (task, "registry_file", &request.base,
                        &ggen__installed_reply__descriptor);
    free (request.ids);
}

static void
committed (task_t *task)
{
    install_of (task)->answer (task);
}

static void
commit (task_t *task)
{
    count (task);
    task_commit (task, committed);
}

//  Trees that the store lacks, or that the links of now do not lead to.
static bool
any_missing (const task_t *task)
{
    for (size_t i = 0; i < task->items_count; i++)
        if (task->items [i].missing || task->items [i].edited)
            return true;
    return false;
}

static void
trees_are_there (task_t *task)
{
    if (plan_is_noop (task->steps, task->steps_count) && !any_missing (task)
        && !task->replaces_lock)
        install_of (task)->answer (task);
    else
        install_pin (task, commit);
}

static void
checked (task_t *task)
{
    const Ggen__InstallRequest *request = install_request (task);
    bool noop = plan_is_noop (task->steps, task->steps_count);
    if (request->frozen && !noop)
        task_fail (task, DEPENDENCY, "install without --frozen to change ggen.lock",
                   "ggen.lock does not satisfy the request, and --frozen forbids to change it");
    else if (!install_take_given (task))
        return;
    else if (request->dry_run)
        install_of (task)->answer (task);
    else
        materialise (task, trees_are_there);
}

void
install_chosen (task_t *task)
{
    install_check (task, checked);
}

static void
choose (task_t *task)
{
    install_choose (task, install_of (task)->after_choice);
}

//  ---- the beginning -------------------------------------------------------------------------------

void
install_gather (task_t *task)
{
    const Ggen__InstallRequest *request = install_request (task);
    install_t *self = install_of (task);
    install_prepare (task, request->n_wants);
    for (size_t i = 0; i < request->n_wants; i++) {
        char id [PACKAGE_ID_MAX + 1];
        const char *range;
        if (install_want (request->wants [i], id, &range))
            gather_exact (task, self->gather, id, range);
        else if (package_id_is_path (request->wants [i]))
            self->locals [self->locals_count++].path = request->wants [i];
        else {
            task_fail (task, VALIDATION, "a package is NAME or NAME@RANGE, a path begins with ./",
                       "'%s' is no package id", request->wants [i]);
            return;
        }
    }
    for (size_t i = 0; i < task->before->n_packages; i++)
        gather_exact (task, self->gather, task->before->packages [i]->name,
                      request->frozen ? task->before->packages [i]->version : NULL);
    install_locals (task, choose);
}

install_t *
install_begin (task_t *task, const Ggen__InstallRequest *request, task_step_fn *answer)
{
    install_t *self = memory_new (1, sizeof *self);
    self->request = request;
    self->after_choice = install_chosen;
    self->answer = answer;
    task->root = request->root;
    task->offline = request->offline;
    task->more = self;
    task->free_more = install_free;
    self->gather = gather_new (request->with_optional, request->no_dependencies);
    self->locals = memory_new (request->n_wants + 1, sizeof *self->locals);
    return self;
}

void
install_start (task_t *task)
{
    install_begin (task, (const Ggen__InstallRequest *) (const void *) task->request,
                   install_answer);
    task_read_root (task, 0, install_read_given);
}
