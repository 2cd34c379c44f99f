// SPDX-License-Identifier: MIT
#include "store_io.h"

#include "commit_io.h"
#include "store_call_io.h"
#include "tree_io.h"

#include "many.pb-c.h"
#include "message.h"
#include "runtime/host/clock.h"
#include "upkeep.pb-c.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
    store_t store;              //  the worker's
    out_t *out;
    jobs_t *jobs;
    store_call_t *calls;        //  whose jobs have not come back
} store_actor_t;

//  ---- what is in the making -----------------------------------------------------------------------

const staged_t *
store_find_staged (const store_t *self, const char *root, const uint8_t files_sha256 [SHA256_SIZE])
{
    for (size_t i = 0; i < self->staged_count; i++) {
        const staged_t *staged = &self->staged [i];
        if (!staged->archive && strcmp (staged->root, root) == 0
            && memcmp (staged->files_sha256, files_sha256, SHA256_SIZE) == 0)
            return staged;
    }
    return NULL;
}

void
store_temporary (store_t *self, char name [PLACE_INSTANCE_MAX])
{
    snprintf (name, PLACE_INSTANCE_MAX, COMMIT_TEMPORARY "%llu",
              (unsigned long long) ++self->serial);
}

code_t
store_stage (store_t *self, const staged_t *staged)
{
    if (self->staged_count == STORE_STAGED_MAX)
        return BUSY;
    if (self->staged_count == self->staged_room) {
        size_t room = self->staged_room ? 2 * self->staged_room : 16;
        staged_t *more = realloc (self->staged, room * sizeof *more);
        if (!more)
            return BUSY;
        self->staged = more;
        self->staged_room = room;
    }
    self->staged [self->staged_count] = *staged;
    self->staged [self->staged_count].root = strdup (staged->root);
    self->staged_count++;
    return OK;
}

//  ---- what was found clean --------------------------------------------------------------------------

void
store_clean_begin (store_t *self, const char *root, size_t count)
{
    free (self->clean_root);
    free (self->clean);
    self->clean_root = strdup (root);
    self->clean = calloc (count + 1, sizeof *self->clean);
    self->clean_count = 0;
    self->clean_ms = clock_ms ();
}

void
store_clean_add (store_t *self, const uint8_t files_sha256 [SHA256_SIZE], const char *name)
{
    if (!self->clean)
        return;
    clean_t *clean = &self->clean [self->clean_count++];
    memcpy (clean->files_sha256, files_sha256, SHA256_SIZE);
    snprintf (clean->name, sizeof clean->name, "%s", name);
}

const char *
store_clean_find (const store_t *self, const char *root, const uint8_t files_sha256 [SHA256_SIZE],
                  size_t *hint)
{
    if (!self->clean || !self->clean_root || strcmp (self->clean_root, root) != 0
        || clock_ms () - self->clean_ms > STORE_CLEAN_MS)
        return NULL;
    for (size_t i = 0; i < self->clean_count; i++) {
        size_t at = (*hint + i) % self->clean_count;
        if (memcmp (self->clean [at].files_sha256, files_sha256, SHA256_SIZE) == 0) {
            *hint = at + 1;
            return self->clean [at].name;
        }
    }
    return NULL;
}

//  ---- who writes ----------------------------------------------------------------------------------

//  Nobody else is writing there once it is held: what is in the making and not ours is left over.
static code_t
hold (store_t *self, const char *root, const place_t *place, refusal_t *refusal)
{
    for (size_t i = 0; i < self->held_count; i++)
        if (strcmp (self->held [i].root, root) == 0)
            return OK;
    if (self->held_count == STORE_HELD_MAX)
        return BUSY;
    held_t *held = &self->held [self->held_count];
    code_t code = place_take (place, &held->fd, refusal);
    if (code)
        return code;
    held->root = strdup (root);
    held->made_target = place->made_target;
    self->held_count++;
    commit_sweep (place);
    return OK;
}

static bool
is_needed (const store_t *self, const char *root)
{
    for (size_t i = 0; i < self->staged_count; i++)
        if (strcmp (self->staged [i].root, root) == 0)
            return true;
    return false;
}

//  A target that got nothing is left as it was.
static void
tidy (const store_t *self, const held_t *held)
{
    place_t place;
    if (place_open (&place, self->settings->home, held->root, false, NULL))
        return;
    place.made_target = held->made_target;
    place_tidy (&place);
    place_close (&place);
}

void
store_release (store_t *self)
{
    size_t kept = 0;
    for (size_t i = 0; i < self->held_count; i++) {
        held_t *held = &self->held [i];
        if (is_needed (self, held->root)) {
            self->held [kept++] = *held;
            continue;
        }
        tidy (self, held);
        if (held->fd >= 0)
            close (held->fd);
        free (held->root);
    }
    self->held_count = kept;
}

//  ---- places --------------------------------------------------------------------------------------

code_t
store_open_place (store_call_t *call, const char *root, bool write, place_t *place)
{
    const store_settings_t *settings = call->store->settings;
    bool home = !*root || strcmp (root, settings->home) == 0;
    if (write && home && !settings->writable) {
        refusal_set (&call->refusal, REFUSED_SYSTEM, root, strlen (root),
                     "the home is open for reading only");
        return PERMISSION_DENIED;
    }
    code_t code = place_open (place, settings->home, root, write, &call->refusal);
    memcpy (call->base, place->base, sizeof call->base);
    if (code || !write)
        return code;
    code = hold (call->store, root, place, &call->refusal);
    if (code)
        place_close (place);
    return code;
}

static bool
remove_staged (const store_t *self, const place_t *place, const staged_t *staged)
{
    place_t home;
    if (!staged->archive || !*place->target)
        return place->store_fd >= 0 && tree_remove (place->store_fd, staged->name, NULL) == OK;
    if (place_open (&home, self->settings->home, "", false, NULL))
        return false;
    bool removed = home.store_fd >= 0 && tree_remove (home.store_fd, staged->name, NULL) == OK;
    place_close (&home);
    return removed;
}

//  What cannot be removed is forgotten too: whoever writes there next sweeps it.
void
store_forget (store_t *self, const place_t *place, const char *root, bool archives)
{
    size_t kept = 0;
    for (size_t i = 0; i < self->staged_count; i++) {
        staged_t *staged = &self->staged [i];
        bool ours = staged->archive ? archives : strcmp (staged->root, root) == 0;
        if (!ours) {
            self->staged [kept++] = *staged;
            continue;
        }
        (void) !remove_staged (self, place, staged);
        free (staged->root);
    }
    self->staged_count = kept;
}

bool
store_progress (void *call_, uint64_t done_bytes, uint64_t total_bytes)
{
    store_call_t *call = call_;
    bool packs = call->request->descriptor == &ggen__pack_request__descriptor;
    job_progress (call->job, packs ? "pack" : "unpack", call->subject, done_bytes, total_bytes,
                  "bytes");
    return !job_cancelled (call->job);
}

void
store_set_bytes (ProtobufCBinaryData *field, const void *data, size_t size)
{
    field->data = malloc (size ? size : 1);
    field->len = field->data ? size : 0;
    if (size && field->data)
        memcpy (field->data, data, size);
}

//  ---- the table -----------------------------------------------------------------------------------

static const struct {
    const ProtobufCMessageDescriptor *request;
    store_fn *run;
} operations [] = {
    {&ggen__read_manifest_request__descriptor, store_read_manifest},
    {&ggen__write_new_request__descriptor, store_write_new},
    {&ggen__pack_request__descriptor, store_pack},
    {&ggen__unpack_request__descriptor, store_unpack},
    {&ggen__unpack_many_request__descriptor, store_unpack_many},
    {&ggen__has_trees_request__descriptor, store_has_trees},
    {&ggen__discard_request__descriptor, store_discard},
    {&ggen__read_root_request__descriptor, store_read_root},
    {&ggen__commit_request__descriptor, store_commit},
    {&ggen__activate_request__descriptor, store_activate},
    {&ggen__check_trees_request__descriptor, store_check_trees},
    {&ggen__generations_request__descriptor, store_generations},
    {&ggen__sweep_request__descriptor, store_sweep},
    {&ggen__survey_adopted_request__descriptor, store_survey_adopted},
    {&ggen__flush_request__descriptor, store_flush},
    {&ggen__prepare_request__descriptor, store_prepare},
};

static void
user_name (uid_t user, char name [64])
{
    char buffer [1024];
    struct passwd entry, *found = NULL;
    if (getpwuid_r (user, &entry, buffer, sizeof buffer, &found) == 0 && found)
        snprintf (name, 64, "%.60s", found->pw_name);
    else
        snprintf (name, 64, "user %u", (unsigned) user);
}

//  SPEC 6: what is in the way (I3: whose it is), and what would help (S2).
static void
explain (store_call_t *call)
{
    struct stat info;
    char owner [64], self [64];
    if (*call->hint || !*call->base)
        return;
    if (call->code == INSUFFICIENT_DISK_SPACE)
        snprintf (call->hint_text, sizeof call->hint_text,
                  "`ggen market clean` frees what nothing needs in %s", call->base);
    else if (call->code == PERMISSION_DENIED && stat (call->base, &info) == 0
             && info.st_uid != geteuid ()) {
        user_name (info.st_uid, owner);
        user_name (geteuid (), self);
        snprintf (call->hint_text, sizeof call->hint_text, "%s belongs to %s, and you are %s",
                  call->base, owner, self);
    }
    else if (call->code == PERMISSION_DENIED)
        snprintf (call->hint_text, sizeof call->hint_text,
                  "check the permissions of %s and of what is in it", call->base);
    else if (call->code == STORAGE)
        snprintf (call->hint_text, sizeof call->hint_text,
                  "look what is at %s; if its disk fails, the system's log tells more", call->base);
    call->hint = call->hint_text;
}

static void
work (job_t *job, void *arg)
{
    store_call_t *call = arg;
    call->job = job;
    pthread_mutex_lock (&call->store->mutex);
    call->store->running++;
    pthread_mutex_unlock (&call->store->mutex);
    for (size_t i = 0; i < COUNT_OF (operations); i++)
        if (operations [i].request == call->request->descriptor)
            call->code = operations [i].run (call);
    explain (call);
    pthread_mutex_lock (&call->store->mutex);
    if (--call->store->running == 0)
        store_release (call->store);
    pthread_mutex_unlock (&call->store->mutex);
}

static void
call_free (store_call_t *call)
{
    if (call->reply)
        protobuf_c_message_free_unpacked (call->reply, NULL);
    protobuf_c_message_free_unpacked (call->request, NULL);
    free (call);
}

static void
forget_call (store_actor_t *self, store_call_t *call)
{
    store_call_t **place = &self->calls;
    while (*place != call)
        place = &(*place)->following;
    *place = call->following;
    call_free (call);
}

static code_t
on_any (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    store_actor_t *self = self_;
    store_call_t *call = calloc (1, sizeof *call);
    if (!call || !(call->request = message_copy (message))) {
        free (call);
        return BUSY;
    }
    call->store = &self->store;
    call->ticket = at->ticket;
    call->hint = "";
    call->subject = "";
    //  A job that was never run (cancelled before its turn) is answered as such.
    call->code = CANCELLED;
    bool unpacks = message->descriptor == &ggen__unpack_request__descriptor
                   || message->descriptor == &ggen__unpack_many_request__descriptor;
    code_t code = unpacks ? jobs_start_beside (self->jobs, at->ticket, work, call)
                          : jobs_start (self->jobs, at->ticket, work, call);
    if (code) {
        call_free (call);
        return code;
    }
    call->following = self->calls;
    self->calls = call;
    return OK;
}

static code_t
on_done (void *self_, void *job, int64_t now_ms)
{
    (void) now_ms;
    store_actor_t *self = self_;
    store_call_t *call = job_arg (job);
    if (call->code == OK && call->reply)
        out_answer (self->out, call->ticket, call->reply);
    else if (call->code == CANCELLED)
        out_refuse (self->out, call->ticket, CANCELLED, "", "cancelled");
    else
        out_refuse (self->out, call->ticket, call->code == OK ? INTERNAL : call->code, call->hint,
                    "%s", *call->refusal.text ? call->refusal.text : code_name (call->code));
    forget_call (self, call);
    return OK;
}

static bool
on_cancelled (void *self, ticket_t ticket)
{
    return jobs_cancel (((store_actor_t *) self)->jobs, ticket);
}

static void *
create (const actor_env_t *env)
{
    store_actor_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->store.settings = env->settings;
    pthread_mutex_init (&self->store.mutex, NULL);
    self->out = env->out;
    self->jobs = env->host;
    return self;
}

static void
destroy (void *self_)
{
    store_actor_t *self = self_;
    while (self->calls)
        forget_call (self, self->calls);
    for (size_t i = 0; i < self->store.staged_count; i++)
        free (self->store.staged [i].root);
    self->store.staged_count = 0;
    store_release (&self->store);
    free (self->store.staged);
    free (self->store.clean_root);
    free (self->store.clean);
    pthread_mutex_destroy (&self->store.mutex);
    free (self);
}

static const handler_t rows [] = {
    {&ggen__read_manifest_request__descriptor, on_any, THIS_NODE},
    {&ggen__write_new_request__descriptor, on_any, THIS_NODE},
    {&ggen__pack_request__descriptor, on_any, THIS_NODE},
    {&ggen__unpack_request__descriptor, on_any, THIS_NODE},
    {&ggen__unpack_many_request__descriptor, on_any, THIS_NODE},
    {&ggen__has_trees_request__descriptor, on_any, THIS_NODE},
    {&ggen__discard_request__descriptor, on_any, THIS_NODE},
    {&ggen__read_root_request__descriptor, on_any, THIS_NODE},
    {&ggen__commit_request__descriptor, on_any, THIS_NODE},
    {&ggen__activate_request__descriptor, on_any, THIS_NODE},
    {&ggen__check_trees_request__descriptor, on_any, THIS_NODE},
    {&ggen__generations_request__descriptor, on_any, THIS_NODE},
    {&ggen__sweep_request__descriptor, on_any, THIS_NODE},
    {&ggen__survey_adopted_request__descriptor, on_any, THIS_NODE},
    {&ggen__flush_request__descriptor, on_any, THIS_NODE},
    {&ggen__prepare_request__descriptor, on_any, THIS_NODE},
    {0},
};

const actor_class_t store_actor = {.name = "store",
                                   .create = create,
                                   .destroy = destroy,
                                   .rows = rows,
                                   .cancelled = on_cancelled,
                                   .job_done = on_done};
