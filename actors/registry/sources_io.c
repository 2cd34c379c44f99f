// SPDX-License-Identifier: MIT
#include "actors/registry/sources_io.h"

#include <stdlib.h>
#include <string.h>

#include "actors/registry/sources_self_io.h"
#include "message.h"
#include "sources.pb-c.h"
#include "trust.pb-c.h"

//  ---- tasks -------------------------------------------------------------------------------------

static void
task_destroy (source_task_t **self_p)
{
    source_task_t *self = *self_p;
    if (!self)
        return;
    source_list_clear (&self->list);
    if (self->request)
        protobuf_c_message_free_unpacked (self->request, NULL);
    if (self->reply)
        protobuf_c_message_free_unpacked (self->reply, NULL);
    if (self->failure)
        ggen__failure__free_unpacked (self->failure, NULL);
    free (self);
    *self_p = NULL;
}

static void
forget_task (sources_t *self, source_task_t *task)
{
    source_task_t **at = &self->tasks;
    while (*at != task)
        at = &(*at)->next;
    *at = task->next;
    task_destroy (&task);
}

//  ---- requests ----------------------------------------------------------------------------------

static const struct {
    const ProtobufCMessageDescriptor *request;
    source_work_fn *run;
    bool changes;
} operations [] = {
    {&ggen__source_list_request__descriptor, source_work_list, false},
    {&ggen__source_add_request__descriptor, source_work_add, true},
    {&ggen__source_remove_request__descriptor, source_work_remove, true},
    {&ggen__source_import_request__descriptor, source_work_import, true},
    {&ggen__source_sync_request__descriptor, source_work_sync, false},
};

static size_t
operation_of (const ProtobufCMessage *message)
{
    size_t at = 0;
    while (operations [at].request != message->descriptor)
        at++;
    return at;
}

static void
work (job_t *job, void *arg)
{
    source_task_t *task = arg;
    task->job = job;
    operations [operation_of (task->request)].run (task);
}

static void
tell_registry (sources_t *self, const source_task_t *task)
{
    Ggen__SourcesChanged event = GGEN__SOURCES_CHANGED__INIT;
    event.count = task->list.count + (self->url != NULL);
    out_event (self->out, "registry", &event.base);
}

static code_t
on_job_done (void *self_, void *job, int64_t now_ms)
{
    (void) now_ms;
    sources_t *self = self_;
    source_task_t *task = job_arg (job);
    if (task->changed)
        tell_registry (self, task);
    if (task->failure)
        out_refuse_as (self->out, task->ticket, task->failure);
    else if (task->reply)
        out_answer (self->out, task->ticket, task->reply);
    else
        out_refuse (self->out, task->ticket, CANCELLED, "", "cancelled");
    forget_task (self, task);
    return OK;
}

//  A task, not yet started; NULL: out of memory.
static source_task_t *
task_new (sources_t *self, const delivery_t *at, const ProtobufCMessage *message)
{
    source_task_t *task = calloc (1, sizeof *task);
    if (!task)
        return NULL;
    task->owner = self;
    task->ticket = at->ticket;
    task->wall_s = at->wall_ms / 1000;
    task->request = message_copy (message);
    if (!task->request)
        task_destroy (&task);
    else {
        task->next = self->tasks;
        self->tasks = task;
    }
    return task;
}

static code_t
on_request (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    sources_t *self = self_;
    if (operations [operation_of (message)].changes && !self->writable)
        return out_fail (at, PERMISSION_DENIED, "", "the home is open for reading only");
    source_task_t *task = task_new (self, at, message);
    code_t code = task ? jobs_start (self->jobs, at->ticket, work, task) : BUSY;
    if (code != OK && task)
        forget_task (self, task);
    return code;
}

//  The name was not trusted for unsigned packages, or no longer is.
static code_t
on_untrusted (void *self_, void *task_, const answer_t *answer)
{
    sources_t *self = self_;
    source_task_t *task = task_;
    if (answer->progress)
        return OK;
    code_t code = answer->code == PACKAGE_NOT_FOUND ? OK : answer->code;
    if (code == OK)
        code = jobs_start (self->jobs, task->ticket, work, task);
    if (code == OK)
        return OK;
    out_refuse (self->out, task->ticket, code, "", "%s",
                answer->failure ? answer->failure->message : code_name (code));
    forget_task (self, task);
    return OK;
}

//  Another source by this name must not find its unsigned packages accepted.
static code_t
on_remove (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    sources_t *self = self_;
    const Ggen__SourceRemoveRequest *request = (const void *) message;
    if (!self->writable)
        return out_fail (at, PERMISSION_DENIED, "", "the home is open for reading only");
    if (!source_name_is_valid (request->name))
        return out_fail (at, PACKAGE_NOT_FOUND, "see: ggen market registry list",
                         "there is no source named '%.80s' that could be removed", request->name);
    source_task_t *task = task_new (self, at, message);
    if (!task)
        return BUSY;
    Ggen__TrustRemoveRequest remove = GGEN__TRUST_REMOVE_REQUEST__INIT;
    remove.unsigned_registry = request->name;
    ask_t ask = {.to = "trust",
                 .message = &remove.base,
                 .expect = &ggen__trust_remove_reply__descriptor,
                 .parent = at->ticket,
                 .on_answer = on_untrusted,
                 .arg = task};
    code_t code = out_ask (self->out, &ask);
    if (code != OK)
        forget_task (self, task);
    return code;
}

static bool
on_cancelled (void *self, ticket_t ticket)
{
    return jobs_cancel (((sources_t *) self)->jobs, ticket);
}

//  ---- life --------------------------------------------------------------------------------------

static void
sources_destroy (void *self_)
{
    sources_t *self = self_;
    while (self->tasks)
        forget_task (self, self->tasks);
    free (self->home);
    free (self->registry);
    free (self->cache);
    free (self->url);
    free (self);
}

static void *
sources_create (const actor_env_t *env)
{
    const sources_settings_t *settings = env->settings;
    sources_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->out = env->out;
    self->jobs = env->host;
    self->crypto = env->crypto;
    self->writable = settings->writable;
    self->home = strdup (settings->home);
    self->registry = strdup (settings->registry);
    self->cache = strdup (settings->cache);
    self->url = settings->url ? strdup (settings->url) : NULL;
    if (self->home && self->registry && self->cache && (self->url || !settings->url))
        return self;
    sources_destroy (self);
    return NULL;
}

static const handler_t rows [] = {
    {&ggen__source_list_request__descriptor, on_request, THIS_NODE},
    {&ggen__source_add_request__descriptor, on_request, THIS_NODE},
    {&ggen__source_remove_request__descriptor, on_remove, THIS_NODE},
    {&ggen__source_import_request__descriptor, on_request, THIS_NODE},
    {&ggen__source_sync_request__descriptor, on_request, THIS_NODE},
    {0},
};

const actor_class_t sources_actor = {
    .name = "sources",
    .create = sources_create,
    .destroy = sources_destroy,
    .rows = rows,
    .cancelled = on_cancelled,
    .job_done = on_job_done,
};
