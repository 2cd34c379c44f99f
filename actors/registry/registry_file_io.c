// SPDX-License-Identifier: MIT
#include "actors/registry/registry_file_io.h"

#include <stdlib.h>
#include <string.h>

#include "actors/registry/catalog_io.h"
#include "runtime/actor/out.h"
#include "many.pb-c.h"
#include "message.h"
#include "runtime/host/job.h"
#include "runtime/host/log.h"
#include "upkeep.pb-c.h"

//  The catalog belongs to the worker from create until the worker has ended, before destroy.
typedef struct {
    out_t *out;
    jobs_t *jobs;
    catalog_t *catalog;
    struct task *tasks [JOBS_MAX];      //  whose jobs are queued or running
    unsigned tasks_count;
} registry_file_t;

typedef struct {
    const ProtobufCMessageDescriptor *request;
    catalog_fn *run;
    bool reads;                 //  can be done twice
} operation_t;

typedef struct task {
    registry_file_t *owner;
    const operation_t *operation;
    ProtobufCMessage *request;
    catalog_call_t call;
    code_t code;                //  of the call; CANCELLED until it has run
} task_t;

static const operation_t operations [] = {
    {&ggen__search_request__descriptor, catalog_search, true},
    {&ggen__get_package_request__descriptor, catalog_get, true},
    {&ggen__get_package_version_request__descriptor, catalog_get_version, true},
    {&ggen__list_versions_request__descriptor, catalog_list_versions, true},
    {&ggen__publish_request__descriptor, catalog_publish, false},
    {&ggen__delete_request__descriptor, catalog_delete, false},
    {&ggen__exists_request__descriptor, catalog_exists, true},
    {&ggen__metadata_request__descriptor, catalog_metadata, true},
    {&ggen__installed_request__descriptor, catalog_installed, false},
    {&ggen__reindex_request__descriptor, catalog_reindex, false},
    {&ggen__has_archives_request__descriptor, catalog_has_archives, true},
    {&ggen__check_version_request__descriptor, catalog_check_version, true},
    {&ggen__put_head_request__descriptor, catalog_put_head, false},
    {&ggen__get_heads_request__descriptor, catalog_get_heads, true},
    {&ggen__list_many_request__descriptor, catalog_list_many, true},
    {&ggen__heads_many_request__descriptor, catalog_heads_many, true},
};

static const operation_t *
find_operation (const ProtobufCMessageDescriptor *request)
{
    for (size_t i = 0; i < COUNT_OF (operations); i++)
        if (operations [i].request == request)
            return &operations [i];
    return NULL;
}

//  ---- tasks

static void
forget_failure (task_t *self)
{
    if (self->call.failure)
        ggen__failure__free_unpacked (self->call.failure, NULL);
    self->call.failure = NULL;
}

static void
task_destroy (task_t **self_p)
{
    task_t *self = *self_p;
    if (!self)
        return;
    forget_failure (self);
    if (self->call.reply)
        protobuf_c_message_free_unpacked (self->call.reply, NULL);
    if (self->request)
        protobuf_c_message_free_unpacked (self->request, NULL);
    free (self);
    *self_p = NULL;
}

static void
forget_task (registry_file_t *self, task_t *task)
{
    unsigned at = 0;
    while (self->tasks [at] != task)
        at++;
    self->tasks [at] = self->tasks [--self->tasks_count];
    task_destroy (&task);
}

//  On the worker.
static void
work (job_t *job, void *arg)
{
    task_t *self = arg;
    self->call.job = job;
    self->code = self->operation->run (self->owner->catalog, &self->call);
    if (self->code != STORAGE || !self->operation->reads)
        return;
    //  A damaged index is found out by the first who reads it, and made anew for the next.
    forget_failure (self);
    self->code = self->operation->run (self->owner->catalog, &self->call);
}

static code_t
on_job_done (void *self_, void *job, int64_t now_ms)
{
    (void) now_ms;
    registry_file_t *self = self_;
    task_t *task = job_arg (job);
    ticket_t ticket = job_ticket (job);
    if (ticket == 0 && task->code != OK)
        log_warn ("registry_file.event_lost", "type=%s code=%s why=%s",
                  task->request->descriptor->short_name, code_name (task->code),
                  task->call.failure ? task->call.failure->message : "");
    else if (task->code == OK && task->call.reply)
        out_answer (self->out, ticket, task->call.reply);
    else if (task->call.failure)
        out_refuse_as (self->out, ticket, task->call.failure);
    else
        out_refuse (self->out, ticket, task->code, "", "cancelled");
    forget_task (self, task);
    return OK;
}

//  ---- requests

static code_t
on_request (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    registry_file_t *self = self_;
    task_t *task = calloc (1, sizeof *task);
    if (!task)
        return BUSY;
    task->owner = self;
    task->operation = find_operation (message->descriptor);
    task->request = message_copy (message);
    task->call.request = task->request;
    task->call.wall_s = at->wall_ms / 1000;
    task->code = CANCELLED;
    code_t code = task->request ? jobs_start (self->jobs, at->ticket, work, task) : BUSY;
    if (code == OK)
        self->tasks [self->tasks_count++] = task;
    else
        task_destroy (&task);
    return code;
}

//  Never fails (SPEC 4), not even when no more work can be taken.
static code_t
on_metadata (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    registry_file_t *self = self_;
    if (on_request (self, at, message) == OK)
        return OK;
    Ggen__MetadataReply *reply = catalog_describe (self->catalog, 0);
    out_answer (at->out, at->ticket, &reply->base);
    ggen__metadata_reply__free_unpacked (reply, NULL);
    return OK;
}

static bool
on_cancelled (void *self, ticket_t ticket)
{
    return jobs_cancel (((registry_file_t *) self)->jobs, ticket);
}

//  ---- life

static void
registry_file_destroy (void *self_)
{
    registry_file_t *self = self_;
    while (self->tasks_count > 0)
        task_destroy (&self->tasks [--self->tasks_count]);
    catalog_destroy (&self->catalog);
    free (self);
}

static void *
registry_file_create (const actor_env_t *env)
{
    const registry_file_settings_t *settings = env->settings;
    registry_file_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->out = env->out;
    self->jobs = env->host;
    self->catalog = catalog_new (settings, env->crypto);
    if (self->catalog)
        return self;
    free (self);
    return NULL;
}

static const handler_t rows [] = {
    {&ggen__search_request__descriptor, on_request, THIS_NODE},
    {&ggen__get_package_request__descriptor, on_request, THIS_NODE},
    {&ggen__get_package_version_request__descriptor, on_request, THIS_NODE},
    {&ggen__list_versions_request__descriptor, on_request, THIS_NODE},
    {&ggen__publish_request__descriptor, on_request, THIS_NODE},
    {&ggen__delete_request__descriptor, on_request, THIS_NODE},
    {&ggen__exists_request__descriptor, on_request, THIS_NODE},
    {&ggen__metadata_request__descriptor, on_metadata, THIS_NODE},
    {&ggen__installed_request__descriptor, on_request, THIS_NODE},
    {&ggen__reindex_request__descriptor, on_request, THIS_NODE},
    {&ggen__has_archives_request__descriptor, on_request, THIS_NODE},
    {&ggen__check_version_request__descriptor, on_request, THIS_NODE},
    {&ggen__put_head_request__descriptor, on_request, THIS_NODE},
    {&ggen__get_heads_request__descriptor, on_request, THIS_NODE},
    {&ggen__list_many_request__descriptor, on_request, THIS_NODE},
    {&ggen__heads_many_request__descriptor, on_request, THIS_NODE},
    {0},
};

const actor_class_t registry_file_actor = {
    .name = "registry_file",
    .create = registry_file_create,
    .destroy = registry_file_destroy,
    .rows = rows,
    .cancelled = on_cancelled,
    .service = &ggen__registry__descriptor,
    .job_done = on_job_done,
};
