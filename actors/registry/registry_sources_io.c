// SPDX-License-Identifier: MIT
#include "actors/registry/registry_sources_io.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/registry/answers.h"
#include "actors/registry/catalog_io.h"
#include "actors/registry/disk_io.h"
#include "actors/registry/reply.h"
#include "actors/registry/source_file_io.h"
#include "actors/registry/web_copy_io.h"
#include "runtime/actor/out.h"
#include "message.h"
#include "runtime/host/job.h"

#define WHY_MAX 5000

#define SOURCES_MAX (SOURCE_LIST_MAX + 1)   //  and the one of the settings

_Static_assert (SOURCES_MAX <= REGISTRY_BACKENDS_MAX, "a call has a slot for each source");

//  What is known of a source that is an URL.
typedef struct {
    char *directory;                //  that its catalog reads
    int64_t failed_at;              //  wall seconds; 0: it did not
    web_copy_t copy;                //  as it was looked at last
} web_t;

//  List, catalogs, webs and stamp are the worker's, from create until the worker has ended.
typedef struct {
    out_t *out;
    jobs_t *jobs;
    const crypto_t *crypto;
    char *home;
    char *cache;
    char *url;
    bool url_alone;
    bool dry;
    char scratch [PATH_MAX];        //  of a dry run, for what it fetches; "" until then
    source_list_t list;
    catalog_t *catalogs [SOURCES_MAX];      //  of an URL: NULL until its index was fetched
    web_t webs [SOURCES_MAX];
    source_file_stamp_t stamp;
    bool loaded;
    struct task *tasks;                         //  whose jobs have not come back
} sources_t;

typedef struct {
    const ProtobufCMessageDescriptor *request;
    catalog_fn *run;
    answer_call_fn *answer;
} operation_t;

typedef struct task {
    struct task *next;
    sources_t *owner;
    const operation_t *operation;
    ProtobufCMessage *request;
    ticket_t ticket;
    int64_t wall_s;
    backend_t backends [SOURCES_MAX];       //  the sources, by their names
    call_t *call;                               //  what they said; NULL until the job has run
    code_t code;
    char why [WHY_MAX];
} task_t;

static const operation_t operations [] = {
    {&ggen__search_request__descriptor, catalog_search, answers_search},
    {&ggen__get_package_request__descriptor, catalog_get, answers_package},
    {&ggen__get_package_version_request__descriptor, catalog_get_version, answers_package},
    {&ggen__list_versions_request__descriptor, catalog_list_versions, answers_versions},
    {&ggen__exists_request__descriptor, catalog_exists, answers_exists},
    {&ggen__metadata_request__descriptor, catalog_metadata, answers_metadata},
    {&ggen__get_heads_request__descriptor, catalog_get_heads, answers_get_heads},
};

//  ---- the list, on the worker -------------------------------------------------------------------

static void
forget_list (sources_t *self)
{
    for (unsigned i = 0; i < self->list.count; i++) {
        catalog_destroy (&self->catalogs [i]);
        free (self->webs [i].directory);
        self->webs [i] = (web_t) {.directory = NULL};
    }
    source_list_clear (&self->list);
    self->loaded = false;
}

static catalog_t *
open_catalog (const sources_t *self, const Ggen__Source *source)
{
    if (source->kind == GGEN__SOURCE_KIND__SOURCE_DIRECTORY)
        return catalog_new_foreign (source->directory, self->crypto);
    if (source->kind == GGEN__SOURCE_KIND__SOURCE_IMPORTED)
        return catalog_new (&(registry_file_settings_t) {.directory = source->directory, .looks = true},
                            self->crypto);
    return NULL;
}

//  The list as it is on disk now. The stamp is taken first: what comes between is read again.
static code_t
load_list (sources_t *self, char *why, size_t why_size)
{
    source_file_stamp_t stamp = source_file_stamp (self->home);
    if (self->loaded && stamp.device == self->stamp.device && stamp.inode == self->stamp.inode
        && stamp.size_bytes == self->stamp.size_bytes
        && stamp.modified_ns == self->stamp.modified_ns)
        return OK;
    forget_list (self);
    code_t code = self->url_alone ? OK : source_file_read (self->home, &self->list, why, why_size);
    if (code == OK)
        code = source_list_add_url (&self->list, self->url);
    if (code != OK)
        return code;
    for (unsigned i = 0; i < self->list.count; i++)
        self->catalogs [i] = open_catalog (self, self->list.items [i]);
    self->stamp = stamp;
    self->loaded = true;
    return OK;
}

//  ---- one source, on the worker -----------------------------------------------------------------

static void
name_package (Ggen__Package *package, const char *name)
{
    if (package)
        reply_set_text (&package->source, name);
}

//  The registry directory says "file" of itself; here it has a name.
static void
name_source (ProtobufCMessage *reply, const char *name)
{
    if (reply->descriptor == &ggen__package_reply__descriptor)
        name_package (((Ggen__PackageReply *) reply)->package, name);
    else if (reply->descriptor == &ggen__metadata_reply__descriptor)
        reply_set_text (&((Ggen__MetadataReply *) reply)->name, name);
    else if (reply->descriptor == &ggen__search_reply__descriptor) {
        Ggen__SearchReply *found = (Ggen__SearchReply *) reply;
        for (size_t i = 0; i < found->n_results; i++)
            name_package (found->results [i], name);
    } else if (reply->descriptor == &ggen__list_versions_reply__descriptor) {
        Ggen__ListVersionsReply *list = (Ggen__ListVersionsReply *) reply;
        for (size_t i = 0; i < list->n_versions; i++)
            name_package (list->versions [i], name);
    }
}

static void
ask_catalog (task_t *task, catalog_t *catalog, job_t *job, const ProtobufCMessage *request,
             slot_t *slot)
{
    catalog_call_t call = {.request = request, .wall_s = task->wall_s, .job = job};
    code_t code = task->operation->run (catalog, &call);
    if (code == STORAGE) {
        //  A damaged index is found out by the first who reads it, and made anew for the next.
        if (call.failure)
            ggen__failure__free_unpacked (call.failure, NULL);
        call.failure = NULL;
        code = task->operation->run (catalog, &call);
    }
    protobuf_c_message_free_unpacked (slot->reply, NULL);
    ggen__failure__free_unpacked (slot->failure, NULL);
    slot->reply = call.reply;
    slot->failure = call.failure;
    if (slot->reply)
        name_source (slot->reply, slot->backend->name);
}

//  May this request wait for the network?
static bool
may_ask (const ProtobufCMessage *request)
{
    if (request->descriptor == &ggen__get_heads_request__descriptor)
        return !((const Ggen__GetHeadsRequest *) request)->local;
    if (request->descriptor == &ggen__search_request__descriptor)
        return !((const Ggen__SearchRequest *) request)->local;
    return request->descriptor != &ggen__list_versions_request__descriptor
           || !((const Ggen__ListVersionsRequest *) request)->local;
}

//  Where a dry run keeps what it fetches; "" when that cannot be made.
static const char *
scratch (sources_t *self)
{
    const char *place = getenv ("TMPDIR");
    if (*self->scratch)
        return self->scratch;
    snprintf (self->scratch, sizeof self->scratch, "%s/ggen-index-XXXXXX",
              place && *place == '/' ? place : "/tmp");
    if (!mkdtemp (self->scratch))
        *self->scratch = 0;
    return self->scratch;
}

//  A dry run takes what is at hand when that is fresh.
static void
look_dry (sources_t *self, web_copy_ask_t *ask, web_copy_t *copy)
{
    const bool asks = ask->asks;
    ask->asks = false;
    web_copy_look (ask, copy);
    if (!asks || (copy->code == OK && web_copy_is_fresh (copy, ask->wall_s)))
        return;
    web_copy_t fetched;
    ask->asks = true;
    ask->cache = scratch (self);
    if (!*ask->cache)
        return;
    web_copy_look (ask, &fetched);
    if (*fetched.directory || !*copy->directory)
        *copy = fetched;
    copy->code = fetched.code;
    memcpy (copy->why, fetched.why, sizeof copy->why);
}

//  The catalog of a source's copy, made current. One that cannot be is told as a warning.
static void
look_at_web (task_t *task, unsigned at, job_t *job)
{
    sources_t *self = task->owner;
    web_t *web = &self->webs [at];
    const Ggen__Source *source = self->list.items [at];
    bool waits = web->failed_at > 0 && task->wall_s - web->failed_at < REGISTRY_SOURCES_RETRY_S;
    bool asks = !waits && may_ask (task->request);
    web_copy_ask_t ask = {.cache = self->cache,
                          .url = source->location,
                          .asks = asks,
                          .wall_s = task->wall_s,
                          .crypto = self->crypto,
                          .job = job};
    if (!waits && self->dry)
        look_dry (self, &ask, &web->copy);
    else if (!waits)
        web_copy_look (&ask, &web->copy);
    if (asks)                           //  Who gave up waiting says nothing of the server
        web->failed_at = web->copy.code == OK || web->copy.code == CANCELLED ? 0 : task->wall_s;
    if (!*web->copy.directory)
        return;
    if (web->copy.code != OK) {
        task->call->incomplete = true;
        call_warn (task->call, "registry '%s': %s (%s); what it told before is used", source->name,
                   web->copy.why, code_name (web->copy.code));
    }
    if (web->directory && strcmp (web->directory, web->copy.directory) == 0)
        return;
    catalog_destroy (&self->catalogs [at]);
    free (web->directory);
    web->directory = strdup (web->copy.directory);
    if (web->directory)
        self->catalogs [at] = catalog_new (
            &(registry_file_settings_t) {.directory = web->directory, .looks = true}, self->crypto);
}

//  A copy that has lost files is as good as none, whatever its server calls unchanged. False: there is no
//  other one to be had now.
static bool
look_again (task_t *task, unsigned at, job_t *job)
{
    sources_t *self = task->owner;
    if (!catalog_has_lost (self->catalogs [at]) || self->dry || !may_ask (task->request))
        return false;
    web_copy_doubt (self->cache, self->list.items [at]->location, self->webs [at].copy.directory);
    look_at_web (task, at, job);
    return self->catalogs [at] && !catalog_has_lost (self->catalogs [at]);
}

static void
ask_source (task_t *task, unsigned at, job_t *job, const ProtobufCMessage *request)
{
    sources_t *self = task->owner;
    const Ggen__Source *source = self->list.items [at];
    slot_t *slot = &task->call->slots [at];
    bool web = source->kind == GGEN__SOURCE_KIND__SOURCE_WEB;
    if (web)
        look_at_web (task, at, job);
    //  With nothing at hand, who may not ask the network has nothing to say.
    if (web && !self->catalogs [at] && !may_ask (request))
        return;
    slot->asked = true;
    task->call->asked++;
    if (self->catalogs [at]) {
        ask_catalog (task, self->catalogs [at], job, request, slot);
        if (web && look_again (task, at, job))
            ask_catalog (task, self->catalogs [at], job, request, slot);
    } else if (web && self->webs [at].copy.code != OK)
        slot->failure = reply_failure (self->webs [at].copy.code, "", "%s", self->webs [at].copy.why);
    else
        call_unanswered (slot, BUSY);
}

//  ---- all of them, on the worker ----------------------------------------------------------------

static bool
is_named (const Ggen__SearchRequest *request, const char *name)
{
    for (size_t i = 0; i < request->n_registries; i++)
        if (strcmp (request->registries [i], name) == 0)
            return true;
    return request->n_registries == 0;
}

static void
warn_of_unknown (const sources_t *self, call_t *call, const Ggen__SearchRequest *request)
{
    for (size_t i = 0; i < request->n_registries; i++) {
        if (source_list_find (&self->list, request->registries [i]))
            continue;
        call->incomplete = true;
        call_warn (call, "registry '%.80s' is not enabled here", request->registries [i]);
    }
}

//  Several are each asked for all that the page could hold, as the coordinator does.
static void
ask_searched (task_t *task, job_t *job)
{
    const Ggen__SearchRequest *request = (const void *) task->request;
    Ggen__SearchRequest each = *request;
    unsigned named = 0;
    for (unsigned i = 0; i < task->call->slots_count; i++)
        named += is_named (request, task->backends [i].name);
    each.n_registries = 0;
    if (named > 1) {
        uint64_t wanted = (uint64_t) request->offset + request->limit;
        each.offset = 0;
        each.limit = wanted < REGISTRY_LIMIT_MAX ? (uint32_t) wanted : REGISTRY_LIMIT_MAX;
    }
    warn_of_unknown (task->owner, task->call, request);
    for (unsigned i = 0; i < task->call->slots_count && !job_cancelled (job); i++)
        if (is_named (request, task->backends [i].name))
            ask_source (task, i, job, &each.base);
}

static code_t
name_backends (task_t *task)
{
    const source_list_t *list = &task->owner->list;
    for (unsigned i = 0; i < list->count; i++) {
        task->backends [i].address = strdup (list->items [i]->name);
        if (!task->backends [i].address)
            return BUSY;
        task->backends [i].name = task->backends [i].address;
    }
    task->call = call_new (task->ticket, task->request, task->backends, list->count);
    return task->call ? OK : BUSY;
}

static void
work (job_t *job, void *arg)
{
    task_t *task = arg;
    task->code = load_list (task->owner, task->why, sizeof task->why);
    if (task->code == OK)
        task->code = name_backends (task);
    if (task->code != OK)
        return;
    if (task->operation->answer == answers_search)
        ask_searched (task, job);
    else
        for (unsigned i = 0; i < task->call->slots_count && !job_cancelled (job); i++)
            ask_source (task, i, job, task->request);
    if (job_cancelled (job))
        task->code = CANCELLED;
}

//  ---- tasks -------------------------------------------------------------------------------------

static void
task_destroy (task_t **self_p)
{
    task_t *self = *self_p;
    if (!self)
        return;
    call_destroy (&self->call);
    for (unsigned i = 0; i < SOURCES_MAX; i++)
        free (self->backends [i].address);
    if (self->request)
        protobuf_c_message_free_unpacked (self->request, NULL);
    free (self);
    *self_p = NULL;
}

static void
forget_task (sources_t *self, task_t *task)
{
    task_t **at = &self->tasks;
    while (*at != task)
        at = &(*at)->next;
    *at = task->next;
    task_destroy (&task);
}

//  No source at all is an empty registry.
static void
answer_nothing (sources_t *self, const task_t *task)
{
    const ProtobufCMessageDescriptor *request = task->request->descriptor;
    Ggen__SearchReply found = GGEN__SEARCH_REPLY__INIT;
    Ggen__ListVersionsReply versions = GGEN__LIST_VERSIONS_REPLY__INIT;
    Ggen__ExistsReply exists = GGEN__EXISTS_REPLY__INIT;
    if (request == &ggen__search_request__descriptor) {
        found.incomplete = task->call->incomplete;
        found.warnings = task->call->warnings;
        found.n_warnings = task->call->warnings_count;
        out_answer (self->out, task->ticket, &found.base);
    } else if (request == &ggen__list_versions_request__descriptor)
        out_answer (self->out, task->ticket, &versions.base);
    else if (request == &ggen__exists_request__descriptor)
        out_answer (self->out, task->ticket, &exists.base);
    else
        out_refuse (self->out, task->ticket, PACKAGE_NOT_FOUND, "", "there are no sources");
}

static code_t
on_job_done (void *self_, void *job, int64_t now_ms)
{
    (void) now_ms;
    sources_t *self = self_;
    task_t *task = job_arg (job);
    bool metadata = task->operation->answer == answers_metadata;
    if (metadata && !task->call) {
        Ggen__MetadataReply reply = GGEN__METADATA_REPLY__INIT;
        out_answer (self->out, task->ticket, &reply.base);
    } else if (task->code != OK)
        out_refuse (self->out, task->ticket, task->code, "", "%s",
                    *task->why ? task->why : code_name (task->code));
    else if (task->call->asked == 0 && !metadata)
        answer_nothing (self, task);
    else
        task->operation->answer (self->out, self->crypto, task->call);
    forget_task (self, task);
    return OK;
}

//  ---- requests ----------------------------------------------------------------------------------

static const operation_t *
find_operation (const ProtobufCMessageDescriptor *request)
{
    const operation_t *operation = operations;
    while (operation->request != request)
        operation++;
    return operation;
}

static code_t
on_request (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    sources_t *self = self_;
    task_t *task = calloc (1, sizeof *task);
    if (!task)
        return BUSY;
    task->owner = self;
    task->operation = find_operation (message->descriptor);
    task->request = message_copy (message);
    task->ticket = at->ticket;
    task->wall_s = at->wall_ms / 1000;
    task->code = CANCELLED;
    code_t code = task->request ? jobs_start (self->jobs, at->ticket, work, task) : BUSY;
    if (code != OK) {
        task_destroy (&task);
        return code;
    }
    task->next = self->tasks;
    self->tasks = task;
    return OK;
}

//  Never fails (SPEC 4).
static code_t
on_metadata (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    Ggen__MetadataReply reply = GGEN__METADATA_REPLY__INIT;
    return on_request (self, at, message) == OK ? OK : out_reply (at, &reply.base);
}

static code_t
on_change (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) self;
    (void) message;
    return out_fail (at, PERMISSION_DENIED, "publish to the home's own registry: --registry file",
                     "the sources of a home are read only");
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
    forget_list (self);
    if (*self->scratch)
        (void) !disk_remove (AT_FDCWD, self->scratch);
    free (self->home);
    free (self->cache);
    free (self->url);
    free (self);
}

static void *
sources_create (const actor_env_t *env)
{
    const registry_sources_settings_t *settings = env->settings;
    sources_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->out = env->out;
    self->jobs = env->host;
    self->crypto = env->crypto;
    self->home = strdup (settings->home);
    self->cache = strdup (settings->cache);
    self->url = settings->url ? strdup (settings->url) : NULL;
    self->url_alone = settings->url_alone;
    self->dry = settings->dry;
    if (self->home && self->cache && (self->url || !settings->url))
        return self;
    sources_destroy (self);
    return NULL;
}

static const handler_t rows [] = {
    {&ggen__search_request__descriptor, on_request, THIS_NODE},
    {&ggen__get_package_request__descriptor, on_request, THIS_NODE},
    {&ggen__get_package_version_request__descriptor, on_request, THIS_NODE},
    {&ggen__list_versions_request__descriptor, on_request, THIS_NODE},
    {&ggen__publish_request__descriptor, on_change, THIS_NODE},
    {&ggen__delete_request__descriptor, on_change, THIS_NODE},
    {&ggen__exists_request__descriptor, on_request, THIS_NODE},
    {&ggen__metadata_request__descriptor, on_metadata, THIS_NODE},
    {&ggen__get_heads_request__descriptor, on_request, THIS_NODE},
    {0},
};

const actor_class_t registry_sources_actor = {
    .name = "registry_sources",
    .create = sources_create,
    .destroy = sources_destroy,
    .rows = rows,
    .cancelled = on_cancelled,
    .service = &ggen__registry__descriptor,
    .job_done = on_job_done,
};
