// SPDX-License-Identifier: MIT
//  policy: who offers which version of a name, which one would be taken, why, and what trust says.
#include "install.h"
#include "memory.h"
#include "offers.h"
#include "package_id.h"

#include "upkeep.pb-c.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    gather_t *gather;
    Ggen__TrustListReply *trust;
    const Ggen__LockedPackage **dependants;
    size_t dependants_count;
    const Ggen__Package **offered;  //  candidates of the name
    offers_need_t *needs;
    offers_query_t query;
    char *refused;                  //  what trust says against the one that would be taken
} policy_t;

static void
policy_free (void *more)
{
    policy_t *self = more;
    gather_destroy (&self->gather);
    if (self->trust)
        ggen__trust_list_reply__free_unpacked (self->trust, NULL);
    free (self->dependants);
    free (self->offered);
    free (self->needs);
    free (self->refused);
    free (self);
}

static const char *
name_of (const task_t *task)
{
    return ((const Ggen__PolicyRequest *) (const void *) task->request)->name;
}

//  The range of an installed dependant: what its package says, else the version it was locked to.
static const char *
range_of (const policy_t *self, const Ggen__LockedPackage *dependant, const char *name)
{
    const Ggen__Package *package =
        gather_find (self->gather, dependant->name, dependant->version, dependant->sha256);
    for (size_t i = 0; package && i < package->n_dependencies; i++)
        if (strcmp (package->dependencies [i]->name, name) == 0)
            return package->dependencies [i]->requirement;
    for (size_t i = 0; i < dependant->n_dependencies; i++)
        if (strcmp (dependant->dependencies [i]->name, name) == 0)
            return dependant->dependencies [i]->version;
    return "*";
}

static const Ggen__TrustPin *
pin_of (const policy_t *self, const char *name)
{
    for (size_t i = 0; self->trust && i < self->trust->n_pins; i++)
        if (strcmp (self->trust->pins [i]->name, name) == 0)
            return self->trust->pins [i];
    return NULL;
}

static void
policy_answer (task_t *task)
{
    policy_t *self = task->more;
    const offers_query_t *query = &self->query;
    const Ggen__TrustPin *pin = pin_of (self, name_of (task));
    Ggen__PolicyReply reply = GGEN__POLICY_REPLY__INIT;
    const char *chosen, *updated;
    reply.n_offers = offers_judge (query, &reply.offers, &chosen, &updated);
    reply.name = (char *) (uintptr_t) name_of (task);
    if (pin) {
        reply.pinned_key = pin->key;
        reply.pinned_at = pin->since;
    }
    if (query->installed) {
        reply.installed = query->installed->version;
        reply.installed_from = query->installed->resolved;
        reply.direct = query->installed->direct;
    }
    reply.chosen = (char *) (uintptr_t) (chosen ? chosen : "");
    reply.updated = (char *) (uintptr_t) (updated ? updated : "");
    reply.refused = self->refused ? self->refused : reply.refused;
    Ggen__LockedDependency *needs = memory_new (query->needs_count, sizeof *needs);
    reply.needed_by = memory_new (query->needs_count, sizeof (void *));
    for (size_t i = 0; i < query->needs_count; i++) {
        ggen__locked_dependency__init (&needs [i]);
        needs [i].name = (char *) (uintptr_t) query->needs [i].dependant;
        needs [i].version = (char *) (uintptr_t) query->needs [i].range;
        reply.needed_by [reply.n_needed_by++] = &needs [i];
    }
    reply.warnings = task->warnings;
    reply.n_warnings = task->warnings_count;
    task_answer (task, &reply.base);
    for (size_t i = 0; i < reply.n_offers; i++)
        ggen__offer__free_unpacked (reply.offers [i], NULL);
    free (reply.offers);
    free (reply.needed_by);
    free (needs);
}

//  ---- what trust says ---------------------------------------------------------------------------

static void
on_judged (task_t *task, void *item, const answer_t *answer)
{
    (void) task;
    policy_t *self = item;
    if (answer->code != OK)
        self->refused = memory_strdup (answer->failure->message);
}

//  Nothing is pinned by asking.
static void
ask_trust (task_t *task, const Ggen__Package *package)
{
    policy_t *self = task->more;
    ProtobufCBinaryData rivals [RIVALS_MAX];
    Ggen__CheckReleaseRequest check = GGEN__CHECK_RELEASE_REQUEST__INIT;
    check.record = package->record;
    check.name = package->id;
    check.version = package->version;
    check.allow_unsigned = package->record.len == 0;
    check.head = install_head (self->gather, package);
    check.rivals = rivals;
    check.n_rivals = install_rivals (self->gather, package, rivals);
    task_ask (task, "trust", &check.base, &ggen__check_release_reply__descriptor, on_judged, self,
              true);
}

//  The candidate that an update takes, or an install of what is not installed; NULL: none is new.
static const Ggen__Package *
taken (const policy_t *self)
{
    Ggen__Offer **offers;
    const char *chosen, *updated;
    const Ggen__Package *found = NULL;
    size_t count = offers_judge (&self->query, &offers, &chosen, &updated);
    for (size_t i = 0; i < count; i++) {
        const Ggen__Package *package = offers [i]->package;
        bool fits = offers [i]->verdict == GGEN__VERDICT__CHOSEN
                    || offers [i]->verdict == GGEN__VERDICT__NOT_LOCKED;
        if (!found && fits && !offers [i]->installed && strcmp (package->version, updated) == 0)
            found = gather_find (self->gather, package->id, package->version, package->sha256);
        ggen__offer__free_unpacked (offers [i], NULL);
    }
    free (offers);
    return found;
}

static void
policy_judge (task_t *task)
{
    policy_t *self = task->more;
    const char *name = name_of (task);
    const Ggen__TrustPin *pin = pin_of (self, name);
    offers_query_t *query = &self->query;
    self->offered = memory_new (self->gather->candidates_count, sizeof *self->offered);
    self->needs = memory_new (self->dependants_count, sizeof *self->needs);
    *query = (offers_query_t) {.candidates = self->offered,
                               .installed = lock_find (task->before, name),
                               .needs = self->needs,
                               .needs_count = self->dependants_count};
    for (size_t i = 0; i < self->gather->candidates_count; i++)
        if (strcmp (self->gather->candidates [i]->id, name) == 0)
            self->offered [query->candidates_count++] = self->gather->candidates [i];
    for (size_t i = 0; i < self->dependants_count; i++)
        self->needs [i] = (offers_need_t) {self->dependants [i]->name,
                                           range_of (self, self->dependants [i], name)};
    if (pin)
        query->pinned_key = (bytes_t) {pin->key.data, pin->key.len};
    query->unsigned_registries = (const char *const *) self->trust->unsigned_registries;
    query->unsigned_count = self->trust->n_unsigned_registries;
    const Ggen__Package *package = taken (self);
    if (package)
        ask_trust (task, package);
    task_then (task, policy_answer);
}

static void
on_trust (task_t *task, void *item, const answer_t *answer)
{
    policy_t *self = item;
    self->trust = (Ggen__TrustListReply *) message_copy (answer->message);
    if (!self->trust)
        task_fail (task, INTERNAL, "", "out of memory");
}

//  The registry knows best what to say of a name that it does not have.
static void
on_package (task_t *task, void *item, const answer_t *answer)
{
    (void) item;
    (void) answer;
    task_fail (task, PACKAGE_NOT_FOUND, "try again", "%s was not there a moment ago",
               name_of (task));
}

static void
policy_gathered (task_t *task)
{
    policy_t *self = task->more;
    char *name = (char *) (uintptr_t) name_of (task);
    bool known = lock_find (task->before, name) != NULL;
    for (size_t i = 0; i < self->gather->candidates_count; i++)
        known |= strcmp (self->gather->candidates [i]->id, name) == 0;
    if (!known) {
        Ggen__GetPackageRequest get = GGEN__GET_PACKAGE_REQUEST__INIT;
        get.id = name;
        task_ask (task, "registry", &get.base, &ggen__package_reply__descriptor, on_package, NULL,
                  false);
        task_then (task, policy_judge);
        return;
    }
    Ggen__TrustListRequest request = GGEN__TRUST_LIST_REQUEST__INIT;
    request.names = &name;
    request.n_names = 1;
    task_ask (task, "trust", &request.base, &ggen__trust_list_reply__descriptor, on_trust, self,
              false);
    task_then (task, policy_judge);
}

static void
policy_gather (task_t *task)
{
    policy_t *self = task->more;
    const char *name = name_of (task);
    self->dependants_count =
        plan_dependants (task->before, name, (plan_names_t) {NULL, 0}, &self->dependants);
    gather_name (task, self->gather, name);
    for (size_t i = 0; i < self->dependants_count; i++)
        gather_name (task, self->gather, self->dependants [i]->name);
    task_then (task, policy_gathered);
}

void
policy_start (task_t *task)
{
    policy_t *self = memory_new (1, sizeof *self);
    task->root = ((const Ggen__PolicyRequest *) (const void *) task->request)->root;
    task->more = self;
    task->free_more = policy_free;
    self->gather = gather_new (false, true);
    if (!package_id_valid (name_of (task)))
        task_fail (task, VALIDATION, "an id looks like demo-pack, @scope/name or ns/name",
                   "'%s' is no package id", name_of (task));
    else
        task_read_root (task, 0, policy_gather);
}
