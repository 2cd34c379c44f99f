// SPDX-License-Identifier: MIT
#include "registry.h"

#include "answers.h"
#include "ask_many.h"
#include "call.h"
#include "many.pb-c.h"
#include "metrics.pb-c.h"
#include "sources.pb-c.h"

#include <stdlib.h>
#include <string.h>

#define ANSWER_MS   10000u
#define METADATA_MS 2000u
#define PREFIX      "registry_"

typedef struct {
    out_t *out;
    const crypto_t *crypto;
    backend_t backends[REGISTRY_BACKENDS_MAX];
    unsigned backends_count;
    uint32_t answer_ms;
    call_t *calls;
    unsigned calls_count;
    ask_many_t many;
    uint64_t searches, searches_ms;     //  that ended
} registry_t;

//  How an operation is done.
typedef struct {
    const ProtobufCMessageDescriptor *request;
    const ProtobufCMessageDescriptor *reply;
    answer_call_fn *answer;
    bool changes;               //  asks those that take packages, and gives them all the time
} method_t;

static const method_t methods[] = {
    {&ggen__search_request__descriptor, &ggen__search_reply__descriptor, answers_search, false},
    {&ggen__get_package_request__descriptor, &ggen__package_reply__descriptor, answers_package,
     false},
    {&ggen__get_package_version_request__descriptor, &ggen__package_reply__descriptor,
     answers_package, false},
    {&ggen__list_versions_request__descriptor, &ggen__list_versions_reply__descriptor,
     answers_versions, false},
    {&ggen__publish_request__descriptor, &ggen__publish_reply__descriptor, answers_publish, true},
    {&ggen__delete_request__descriptor, &ggen__delete_reply__descriptor, answers_delete, true},
    {&ggen__exists_request__descriptor, &ggen__exists_reply__descriptor, answers_exists, false},
    {&ggen__metadata_request__descriptor, &ggen__metadata_reply__descriptor, answers_metadata,
     false},
    {&ggen__put_head_request__descriptor, &ggen__put_head_reply__descriptor, answers_put_head,
     true},
    {&ggen__get_heads_request__descriptor, &ggen__get_heads_reply__descriptor, answers_get_heads,
     false},
};

static const method_t *
method_of (const call_t *call)
{
    const method_t *method = methods;
    while (method->request != call->request->descriptor)
        method++;
    return method;
}

//  ---- the end of a call -------------------------------------------------------------------------

static void
end_call (registry_t *self, call_t *call)
{
    call_t **at = &self->calls;
    while (*at != call)
        at = &(*at)->next;
    *at = call->next;
    self->calls_count--;
    if (method_of (call)->answer == answers_search) {
        self->searches++;
        self->searches_ms += (uint64_t) (out_now_ms (self->out) - call->begun_ms);
    }
    call_destroy (&call);
}

static bool spread (registry_t *self, call_t *call);
static bool look_further (registry_t *self, call_t *call);

//  One more answer is in, or could not be asked for.
static void
proceed (registry_t *self, call_t *call)
{
    if (call->outstanding > 0)
        return;
    if (method_of (call)->answer == answers_publish && spread (self, call))
        return;
    if (look_further (self, call))
        return;
    //  Exists may have been answered; answering twice does nothing.
    if (!method_of (call)->changes && call_failures_count (call, CANCELLED) > 0)
        out_refuse (self->out, call->ticket, CANCELLED, "", "cancelled");
    else
        method_of (call)->answer (self->out, self->crypto, call);
    end_call (self, call);
}

static code_t
on_backend (void *self_, void *slot_, const answer_t *answer)
{
    registry_t *self = self_;
    slot_t *slot = slot_;
    call_t *call = slot->call;
    if (answer->progress)
        return OK;
    call->outstanding--;
    call_answered (slot, answer->message, answer->failure);
    if (answer->message && answer->message->descriptor == &ggen__exists_reply__descriptor
        && ((const Ggen__ExistsReply *) answer->message)->exists)
        out_answer (self->out, call->ticket, answer->message);
    proceed (self, call);
    return OK;
}

//  ---- asking ------------------------------------------------------------------------------------

//  Less than our asker has left: a backend that is late must not make us late. Changes have all
//  of it: whether they were made has to be known.
static uint32_t
budget_of (const registry_t *self, const method_t *method, int64_t left_ms)
{
    if (method->changes)
        return 0;
    uint32_t budget_ms = self->answer_ms;
    if (method->answer == answers_metadata && budget_ms > METADATA_MS)
        budget_ms = METADATA_MS;
    int64_t share_ms = left_ms - left_ms / 8;
    if (share_ms < budget_ms)
        budget_ms = share_ms > 0 ? (uint32_t) share_ms : 1;
    return budget_ms;
}

static void
ask_backend (registry_t *self, slot_t *slot, const ProtobufCMessage *message, uint32_t budget_ms)
{
    call_t *call = slot->call;
    ask_t ask = {.to = slot->backend->address,
                 .message = message,
                 .expect = method_of (call)->reply,
                 .budget_ms = budget_ms,
                 .parent = call->ticket,
                 .on_answer = on_backend,
                 .arg = slot};
    code_t code = out_ask (self->out, &ask);
    slot->asked = true;
    call->asked++;
    if (code == OK)
        call->outstanding++;
    else
        call_unanswered (slot, code);
}

//  Is this backend to be asked for a change? Only a publish may name those that are.
static bool
takes (const call_t *call, const backend_t *backend)
{
    const Ggen__PublishRequest *request = (const void *) call->request;
    if (!backend->writes || method_of (call)->answer != answers_publish)
        return backend->writes;
    bool named = request->n_registries == 0;
    for (size_t i = 0; i < request->n_registries; i++)
        named |= strcmp (request->registries[i], backend->name) == 0;
    return named;
}

//  A publish goes to one backend first, and to the others only when that one has it. Returns true
//  when others were asked.
static bool
spread (registry_t *self, call_t *call)
{
    if (call_replies_count (call) == 0 || call->asked > 1)
        return false;
    for (unsigned i = 0; i < call->slots_count; i++)
        if (!call->slots[i].asked && takes (call, call->slots[i].backend))
            ask_backend (self, &call->slots[i], call->request, 0);
    return call->outstanding > 0;
}

static void
ask_readers (registry_t *self, call_t *call, bool remote_too)
{
    for (unsigned i = 0; i < call->slots_count; i++) {
        slot_t *slot = &call->slots[i];
        if (slot->backend->enabled && !slot->asked && (remote_too || !slot->backend->remote))
            ask_backend (self, slot, call->request, call->budget_ms);
    }
}

//  May what is at hand be enough?
static bool
is_near (const ProtobufCMessage *message)
{
    const Ggen__ListVersionsRequest *request = (const void *) message;
    if (message->descriptor == &ggen__get_heads_request__descriptor)
        return ((const Ggen__GetHeadsRequest *) message)->local;
    return message->descriptor == &ggen__list_versions_request__descriptor
           && (request->local || *request->exact);
}

//  What is at hand was not enough: ask those that look into the network. Returns true when any were.
static bool
look_further (registry_t *self, call_t *call)
{
    const Ggen__ListVersionsRequest *request = (const void *) call->request;
    if (!is_near (call->request) || call->request->descriptor == &ggen__get_heads_request__descriptor
        || request->local || call_lists (call, request->exact))
        return false;
    ask_readers (self, call, true);
    return call->outstanding > 0;
}

//  OK, or BUSY.
static code_t
begin (registry_t *self, const delivery_t *at, const ProtobufCMessage *message, call_t **call_p)
{
    //  So that each can ask each backend.
    unsigned asked = 0;
    for (unsigned i = 0; i < self->backends_count; i++)
        asked += self->backends[i].enabled;
    unsigned calls_max = PENDING_MAX / (asked > 0 ? asked : 1);
    call_t *call = self->calls_count < calls_max
                       ? call_new (at->ticket, message, self->backends, self->backends_count)
                       : NULL;
    *call_p = call;
    if (!call)
        return BUSY;
    call->begun_ms = at->now_ms;
    call->next = self->calls;
    self->calls = call;
    self->calls_count++;
    return OK;
}

static int64_t
left_ms (const delivery_t *at)
{
    return at->deadline_ms == DEADLINE_NEVER ? INT64_MAX : at->deadline_ms - at->now_ms;
}

//  ---- requests ----------------------------------------------------------------------------------

static code_t
on_read (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    registry_t *self = self_;
    call_t *call;
    if (begin (self, at, message, &call) != OK)
        return BUSY;
    call->budget_ms = budget_of (self, method_of (call), left_ms (at));
    ask_readers (self, call, !is_near (message));
    proceed (self, call);
    return OK;
}

static code_t
on_many (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    registry_t *self = self_;
    int64_t share_ms = left_ms (at) - left_ms (at) / 8;
    uint32_t budget_ms = self->answer_ms;
    if (share_ms < budget_ms)
        budget_ms = share_ms > 0 ? (uint32_t) share_ms : 1;
    return ask_many (&self->many, at, message, budget_ms);
}

static code_t
on_change (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    registry_t *self = self_;
    call_t *call;
    if (begin (self, at, message, &call) != OK)
        return BUSY;
    bool first_only = method_of (call)->answer == answers_publish;
    for (unsigned i = 0; i < call->slots_count && !(first_only && call->asked > 0); i++)
        if (takes (call, call->slots[i].backend))
            ask_backend (self, &call->slots[i], message, 0);
    proceed (self, call);
    return OK;
}

static size_t
characters (const char *text)
{
    size_t count = 0;
    for (; *text; text++)
        count += ((unsigned char) *text & 0xC0) != 0x80;
    return count;
}

static bool
is_backend (const registry_t *self, const char *name)
{
    for (unsigned i = 0; i < self->backends_count; i++)
        if (strcmp (self->backends[i].name, name) == 0)
            return true;
    return false;
}

//  Is this backend, or a source that it stands for, to be asked?
static bool
is_named (const registry_t *self, const Ggen__SearchRequest *request, const backend_t *backend)
{
    bool named = request->n_registries == 0;
    for (size_t i = 0; i < request->n_registries; i++)
        named |= strcmp (request->registries[i], backend->name) == 0
                 || (backend->sources && !is_backend (self, request->registries[i]));
    return named && backend->enabled && !(request->local && backend->remote);
}

static void
warn_of_unknown (const registry_t *self, call_t *call, const Ggen__SearchRequest *request)
{
    for (unsigned i = 0; i < self->backends_count; i++)
        if (self->backends[i].sources && self->backends[i].enabled)
            return;                     //  It knows its names, and tells of the others
    for (size_t i = 0; i < request->n_registries; i++) {
        if (is_backend (self, request->registries[i]))
            continue;
        call->incomplete = true;
        call_warn (call, "registry '%.80s' is not enabled here", request->registries[i]);
    }
}

static unsigned
count_named (const registry_t *self, const Ggen__SearchRequest *request)
{
    unsigned count = 0;
    for (unsigned i = 0; i < self->backends_count; i++)
        count += is_named (self, request, &self->backends[i]);
    return count;
}

//  Of the names asked for, those of sources.
static void
ask_sources (registry_t *self, slot_t *slot, const Ggen__SearchRequest *request,
             const Ggen__SearchRequest *each, uint32_t budget_ms)
{
    Ggen__SearchRequest ask = *each;
    ask.registries = calloc (request->n_registries + 1, sizeof *ask.registries);
    for (size_t i = 0; ask.registries && i < request->n_registries; i++)
        if (!is_backend (self, request->registries[i]))
            ask.registries[ask.n_registries++] = request->registries[i];
    ask_backend (self, slot, &ask.base, budget_ms);
    free (ask.registries);
}

//  Several registries are each asked for all that the page could hold; one is asked for the page.
static code_t
on_search (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    registry_t *self = self_;
    const Ggen__SearchRequest *request = (const void *) message;
    if (request->limit == 0 || request->limit > REGISTRY_LIMIT_MAX)
        return out_fail (at, VALIDATION, "", "search: the limit is %u, it can be 1 to %d",
                         request->limit, REGISTRY_LIMIT_MAX);
    if (characters (request->query) > REGISTRY_QUERY_MAX)
        return out_fail (at, VALIDATION, "", "search: the query has more than %d characters",
                         REGISTRY_QUERY_MAX);
    call_t *call;
    if (begin (self, at, message, &call) != OK)
        return BUSY;
    warn_of_unknown (self, call, request);
    Ggen__SearchRequest each = *request;
    each.n_registries = 0;
    if (count_named (self, request) > 1) {
        uint64_t wanted = (uint64_t) request->offset + request->limit;
        each.offset = 0;
        each.limit = wanted < REGISTRY_LIMIT_MAX ? (uint32_t) wanted : REGISTRY_LIMIT_MAX;
    }
    uint32_t budget_ms = budget_of (self, method_of (call), left_ms (at));
    for (unsigned i = 0; i < call->slots_count; i++) {
        slot_t *slot = &call->slots[i];
        if (!is_named (self, request, slot->backend))
            continue;
        if (slot->backend->sources)
            ask_sources (self, slot, request, &each, budget_ms);
        else
            ask_backend (self, slot, &each.base, budget_ms);
    }
    proceed (self, call);
    return OK;
}

//  ---- sources -----------------------------------------------------------------------------------

static code_t
on_sources_changed (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) at;
    registry_t *self = self_;
    for (unsigned i = 0; i < self->backends_count; i++)
        if (self->backends[i].sources)
            self->backends[i].enabled = ((const Ggen__SourcesChanged *) message)->count > 0;
    return OK;
}

static code_t
on_status (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) message;
    const registry_t *self = self_;
    Ggen__RegistryStatusReply reply = GGEN__REGISTRY_STATUS_REPLY__INIT;
    reply.searches = self->searches;
    reply.searches_ms = self->searches_ms;
    reply.under_way = self->calls_count;
    return out_reply (at, &reply.base);
}

//  ---- life --------------------------------------------------------------------------------------

static void
destroy (void *self_)
{
    registry_t *self = self_;
    while (self->calls) {
        call_t *call = self->calls;
        self->calls = call->next;
        call_destroy (&call);
    }
    ask_many_forget (&self->many);
    for (unsigned i = 0; i < self->backends_count; i++)
        free (self->backends[i].address);
    free (self);
}

static bool
add_backend (registry_t *self, const registry_backend_t *settings, const char *own_name)
{
    size_t prefix = strlen (PREFIX);
    backend_t *backend = &self->backends[self->backends_count];
    if (self->backends_count == REGISTRY_BACKENDS_MAX || strcmp (settings->address, own_name) == 0)
        return false;
    backend->address = strdup (settings->address);
    if (!backend->address)
        return false;
    backend->name = backend->address;
    if (strncmp (backend->address, PREFIX, prefix) == 0)
        backend->name += prefix;
    backend->writes = settings->writes;
    backend->sources = settings->sources;
    backend->remote = settings->remote;
    backend->enabled = true;
    self->backends_count++;
    return true;
}

static void *
create (const actor_env_t *env)
{
    const registry_settings_t *settings = env->settings;
    registry_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->out = env->out;
    self->crypto = env->crypto;
    self->many = (ask_many_t) {.out = env->out, .crypto = env->crypto,
                               .backends = self->backends,
                               .backends_count = &self->backends_count};
    self->answer_ms = settings->answer_ms ? settings->answer_ms : ANSWER_MS;
    for (unsigned i = 0; i < settings->backends_count; i++)
        if (!add_backend (self, &settings->backends[i], env->name)) {
            destroy (self);
            return NULL;
        }
        else if (settings->backends[i].sources)
            self->backends[i].enabled = settings->sources_count > 0;
    return self;
}

static const handler_t rows[] = {
    {&ggen__search_request__descriptor, on_search, THIS_NODE},
    {&ggen__get_package_request__descriptor, on_read, THIS_NODE},
    {&ggen__get_package_version_request__descriptor, on_read, THIS_NODE},
    {&ggen__list_versions_request__descriptor, on_read, THIS_NODE},
    {&ggen__publish_request__descriptor, on_change, THIS_NODE},
    {&ggen__delete_request__descriptor, on_change, THIS_NODE},
    {&ggen__exists_request__descriptor, on_read, THIS_NODE},
    {&ggen__metadata_request__descriptor, on_read, THIS_NODE},
    {&ggen__put_head_request__descriptor, on_change, THIS_NODE},
    {&ggen__get_heads_request__descriptor, on_read, THIS_NODE},
    {&ggen__list_many_request__descriptor, on_many, THIS_NODE},
    {&ggen__heads_many_request__descriptor, on_many, THIS_NODE},
    {&ggen__sources_changed__descriptor, on_sources_changed, THIS_NODE},
    {&ggen__registry_status_request__descriptor, on_status, THIS_NODE},
    {0},
};

const actor_class_t registry_actor = {
    .name = "registry",
    .create = create,
    .destroy = destroy,
    .rows = rows,
    .service = &ggen__registry__descriptor,
};
