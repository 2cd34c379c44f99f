// SPDX-License-Identifier: MIT
#include "installer.h"

#include "memory.h"
#include "task.h"
#include "metrics.pb-c.h"

#include <stdlib.h>
#include <string.h>

struct installer_t {
    out_t *out;
    const crypto_t *crypto;
    bool require_fresh, tells_later;
    task_t *tasks;                  //  oldest first
    unsigned tasks_count;
    unsigned active;
    bool writing;                   //  one task changes things, or compares them, at a time
    bool starting;
    uint64_t installs, installs_failed;     //  that ended
};

//  ---- tasks ---------------------------------------------------------------------------------------

static void
task_free (task_t *task)
{
    for (size_t i = 0; i < task->items_count; i++) {
        if (task->items [i].own_package)
            ggen__package__free_unpacked (task->items [i].own_package, NULL);
        if (task->items [i].release)
            ggen__release__free_unpacked (task->items [i].release, NULL);
    }
    arena_destroy (&task->arena);
    if (task->free_more)
        task->free_more (task->more);
    if (task->before)
        ggen__lock__free_unpacked (task->before, NULL);
    if (task->after)
        ggen__lock__free_unpacked (task->after, NULL);
    if (task->failure)
        ggen__failure__free_unpacked (task->failure, NULL);
    if (task->reply)
        protobuf_c_message_free_unpacked (task->reply, NULL);
    if (task->steps)
        plan_destroy (&task->steps, task->steps_count);
    for (size_t i = 0; i < task->warnings_count; i++)
        free (task->warnings [i]);
    protobuf_c_message_free_unpacked (task->request, NULL);
    adopted_destroy (task);
    free (task->given_lock);
    free (task->generations);
    free (task->items);
    free (task);
}

static void
unlink_task (installer_t *self, task_t *task)
{
    task_t **place = &self->tasks;
    while (*place != task)
        place = &(*place)->following;
    *place = task->following;
    self->tasks_count--;
}

//  Start what may start, oldest first. Ending tasks call this again, so it never nests.
static void
start_tasks (installer_t *self)
{
    if (self->starting)
        return;
    self->starting = true;
    for (task_t *task = self->tasks; task && self->active < TASK_ACTIVE_MAX;) {
        task_t *following = task->following;
        if (!task->started && !out_wanted (self->out, task->ticket)) {
            unlink_task (self, task);
            task_free (task);
        }
        else if (!task->started && !(task->writes && self->writing)) {
            task->started = true;
            self->active++;
            self->writing |= task->writes;
            task_begin (task);
            //  The list may have changed under us.
            following = self->tasks;
        }
        task = following;
    }
    self->starting = false;
}

void
installer_task_over (installer_t *self, task_t *task)
{
    if (task->writes)
        self->writing = false;
    if (task->first == install_start)
        *(task->failure ? &self->installs_failed : &self->installs) += 1;
    self->active--;
    unlink_task (self, task);
    task_free (task);
    start_tasks (self);
}

//  ---- requests ------------------------------------------------------------------------------------

//  Those who wait and whose asker has gone make room.
static void
drop_unwanted (installer_t *self)
{
    for (task_t *task = self->tasks, *following; task; task = following) {
        following = task->following;
        if (!task->started && !out_wanted (self->out, task->ticket)) {
            unlink_task (self, task);
            task_free (task);
        }
    }
}

static code_t
on_task (installer_t *self, const delivery_t *at, const ProtobufCMessage *message,
         task_step_fn *first, bool writes)
{
    if (self->tasks_count == INSTALLER_TASKS_MAX)
        drop_unwanted (self);
    if (self->tasks_count == INSTALLER_TASKS_MAX)
        return out_fail (at, BUSY, "try again", "%u installations are waiting already",
                         self->tasks_count);
    task_t *task = memory_new (1, sizeof *task);
    task->installer = self;
    task->out = self->out;
    task->crypto = self->crypto;
    task->require_fresh = self->require_fresh;
    task->tells_later = self->tells_later;
    task->ticket = at->ticket;
    task->request = message_copy (message);
    task->first = first;
    task->writes = writes;
    task->root = "";
    task_t **place = &self->tasks;
    while (*place)
        place = &(*place)->following;
    *place = task;
    self->tasks_count++;
    start_tasks (self);
    return OK;
}

static code_t
on_install (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    return on_task (self, at, message, install_start, true);
}

static code_t
on_remove (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    return on_task (self, at, message, remove_start, true);
}

static code_t
on_list (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    return on_task (self, at, message, list_start, false);
}

static code_t
on_verify (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    //  It reads the lock and then the trees: no commit may come between the two.
    return on_task (self, at, message, verify_start, true);
}

static code_t
on_rollback (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    return on_task (self, at, message, rollback_start, true);
}

static code_t
on_publish (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    return on_task (self, at, message, publish_start, true);
}

static code_t
on_init (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    return on_task (self, at, message, init_start, false);
}

static code_t
on_outdated (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    return on_task (self, at, message, outdated_start, false);
}

static code_t
on_update (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    return on_task (self, at, message, update_start, true);
}

static code_t
on_history (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    return on_task (self, at, message, history_start, false);
}

static code_t
on_clean (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    //  What it finds unneeded must not be installed meanwhile.
    return on_task (self, at, message, clean_start, true);
}

static code_t
on_policy (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    return on_task (self, at, message, policy_start, false);
}

//  Heads are numbered: two that are made at one time would have one number.
static code_t
on_yank (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    return on_task (self, at, message, yank_start, true);
}

static code_t
on_unpublish (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    return on_task (self, at, message, unpublish_start, true);
}

static code_t
on_rotate (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    return on_task (self, at, message, rotate_start, true);
}

static code_t
on_status (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) message;
    const installer_t *self = self_;
    Ggen__InstallerStatusReply reply = GGEN__INSTALLER_STATUS_REPLY__INIT;
    reply.installs = self->installs;
    reply.installs_failed = self->installs_failed;
    reply.waiting = self->tasks_count;
    return out_reply (at, &reply.base);
}

//  A task that runs ends by itself: what it asks is cancelled, and what it has done already it says.
static bool
on_cancelled (void *self_, ticket_t ticket)
{
    const installer_t *self = self_;
    for (const task_t *task = self->tasks; task; task = task->following)
        if (task->ticket == ticket)
            return task->started;
    return false;
}

//  ---- the class -----------------------------------------------------------------------------------

static void *
create (const actor_env_t *env)
{
    const installer_settings_t *settings = env->settings;
    installer_t *self = memory_new (1, sizeof *self);
    self->out = env->out;
    self->crypto = env->crypto;
    self->require_fresh = settings && settings->require_fresh;
    self->tells_later = settings && settings->tells_later;
    return self;
}

static void
destroy (void *self_)
{
    installer_t *self = self_;
    while (self->tasks) {
        task_t *task = self->tasks;
        self->tasks = task->following;
        task_abandon (task);
        task_free (task);
    }
    free (self);
}

static const handler_t rows [] = {
    {&ggen__install_request__descriptor, on_install, THIS_NODE},
    {&ggen__remove_request__descriptor, on_remove, THIS_NODE},
    {&ggen__list_installed_request__descriptor, on_list, THIS_NODE},
    {&ggen__verify_request__descriptor, on_verify, THIS_NODE},
    {&ggen__rollback_request__descriptor, on_rollback, THIS_NODE},
    {&ggen__publish_tree_request__descriptor, on_publish, THIS_NODE},
    {&ggen__init_request__descriptor, on_init, THIS_NODE},
    {&ggen__outdated_request__descriptor, on_outdated, THIS_NODE},
    {&ggen__update_request__descriptor, on_update, THIS_NODE},
    {&ggen__history_request__descriptor, on_history, THIS_NODE},
    {&ggen__clean_request__descriptor, on_clean, THIS_NODE},
    {&ggen__policy_request__descriptor, on_policy, THIS_NODE},
    {&ggen__yank_request__descriptor, on_yank, THIS_NODE},
    {&ggen__unpublish_request__descriptor, on_unpublish, THIS_NODE},
    {&ggen__rotate_request__descriptor, on_rotate, THIS_NODE},
    {&ggen__installer_status_request__descriptor, on_status, THIS_NODE},
    {0},
};

const actor_class_t installer_actor = {
    .name = "installer",
    .create = create,
    .destroy = destroy,
    .rows = rows,
    .cancelled = on_cancelled};
