// SPDX-License-Identifier: MIT
//  From all candidates to the versions that will be installed.
#include "install.h"

#include "head.h"
#include "memory.h"
#include "record.h"
#include "resolver_explain.h"
#include "semver.h"
#include "message.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

//  Names that do not exist for which the registry is asked what is like them.
#define SUGGESTED_MAX 8

//  ---- candidates that no registry has ----------------------------------------------------------------

static bool
is_prerelease (const char *text)
{
    semver_t version;
    return semver_parse (&version, text) == OK && semver_is_prerelease (&version);
}

//  What an adopted package needs nobody signed: any version will do that replaces the one it has.
static char *
requirement_of (const Ggen__LockedPackage *locked, const char *version)
{
    char *text = NULL;
    if (!*locked->adopted)
        return memory_strdup (version);
    if (!is_prerelease (version))
        return memory_strdup ("*");
    //  Beside "*" nothing else counts (node-semver), and that has no pre-release.
    int size = asprintf (&text, "%s || >0.0.0", version);
    assert (size >= 0);
    return text;
}

//  What is installed can stay installed even if no registry has it any more.
static Ggen__Package *
package_of_locked (const Ggen__LockedPackage *locked)
{
    Ggen__Package *package = memory_new (1, sizeof *package);
    ggen__package__init (package);
    package->id = memory_strdup (locked->name);
    package->version = memory_strdup (locked->version);
    package->source = memory_strdup ("installed");
    package->description = memory_strdup (locked->description);
    package->sha256.data = memory_new (locked->sha256.len, 1);
    package->sha256.len = locked->sha256.len;
    if (locked->sha256.len > 0)
        memcpy (package->sha256.data, locked->sha256.data, locked->sha256.len);
    package->size_bytes = locked->size_bytes;
    package->dependencies = memory_new (locked->n_dependencies, sizeof (void *));
    for (size_t i = 0; i < locked->n_dependencies; i++) {
        Ggen__Dependency *dependency = memory_new (1, sizeof *dependency);
        ggen__dependency__init (dependency);
        dependency->name = memory_strdup (locked->dependencies [i]->name);
        dependency->requirement = requirement_of (locked, locked->dependencies [i]->version);
        package->dependencies [package->n_dependencies++] = dependency;
    }
    return package;
}

//  ---- what may be chosen at all ------------------------------------------------------------------------

static bool
publisher_of (const Ggen__Package *package, const uint8_t **key_p)
{
    if (!package->publisher || package->publisher->public_key.len != CRYPTO_KEY_BYTES)
        return false;
    *key_p = package->publisher->public_key.data;
    return true;
}

//  Not from a registry: named by path, or installed already.
static bool
is_own (const Ggen__Package *package)
{
    return strcmp (package->source, "path") == 0 || strcmp (package->source, "installed") == 0;
}

//  A path the user named is the only candidate of its id. What is installed stands for itself where
//  the registry tells of the same archive what was not signed: it must not add dependencies to it. What
//  was adopted stands for its version, whatever archive a registry has of that.
static bool
is_shadowed (const task_t *task, const Ggen__Package *package)
{
    const install_t *self = install_of (task);
    const Ggen__LockedPackage *locked = lock_find (task->before, package->id);
    bool adopted = locked && *locked->adopted && !is_own (package);
    for (size_t i = 0; i < self->gather->own_count; i++) {
        const Ggen__Package *own = self->gather->own [i];
        if (own == package || strcmp (own->id, package->id) != 0)
            continue;
        if (strcmp (own->source, "path") == 0
            || (strcmp (own->version, package->version) == 0
                && (adopted || message_same_bytes (own->sha256, package->sha256))))
            return true;
    }
    return false;
}

static bool
is_downgrade (const task_t *task, const Ggen__Package *package)
{
    const Ggen__LockedPackage *locked = lock_find (task->before, package->id);
    semver_t installed, offered;
    return locked && semver_parse (&installed, locked->version) == OK
           && semver_parse (&offered, package->version) == OK
           && semver_compare (&offered, &installed) < 0;
}

//  Does a head of this key list the release of another? Whether it may is trust's to say.
static bool
is_stood_for (const task_t *task, const Ggen__Package *package, ProtobufCBinaryData key)
{
    size_t count;
    bool stands = false;
    const ProtobufCBinaryData *records = install_records (task, package->id, &count);
    for (size_t i = 0; i < count && !stands; i++) {
        AUTO (record_destroy) Ggen__SignedRecord *record = NULL;
        AUTO (record_head_destroy) Ggen__Head *head = NULL;
        if (record_open (&record, (bytes_t) {records [i].data, records [i].len}) != OK
            || !message_same_bytes (record->key, key) || record_head (&head, record) != OK)
            continue;
        const Ggen__HeadVersion *one = head_find (head, package->version);
        stands = one && head_stands_for (one, package, task->crypto);
    }
    return stands;
}

//  Is one publisher asked for, of this name?
static bool
is_asked_of_one (const task_t *task, const char *name)
{
    return install_request (task)->publisher_key.len == CRYPTO_KEY_BYTES
           && install_wants (task, name);
}

//  Of a pinned name only what its publisher published; with --publisher, of the wanted names only
//  what that one did, or stands for; with --registry only what those have.
static bool
may_be_chosen (void *context, const Ggen__Package *package)
{
    task_t *task = context;
    const install_t *self = install_of (task);
    const Ggen__InstallRequest *request = install_request (task);
    const uint8_t *key = NULL, *pinned;
    if (is_shadowed (task, package) || (self->updates && is_downgrade (task, package)))
        return false;
    if (is_own (package))
        return true;
    bool from_asked = request->n_registries == 0;
    for (size_t i = 0; i < request->n_registries; i++)
        from_asked |= strcmp (request->registries [i], package->source) == 0;
    if (!from_asked)
        return false;
    bool is_signed = publisher_of (package, &key);
    if (is_asked_of_one (task, package->id))
        return is_signed && (memcmp (key, request->publisher_key.data, CRYPTO_KEY_BYTES) == 0
                             || is_stood_for (task, package, request->publisher_key));
    pinned = map_get (self->pins, package->id, strlen (package->id));
    if (!pinned || !is_signed || memcmp (key, pinned, CRYPTO_KEY_BYTES) == 0)
        return true;
    if (install_line_allows (task, package, package->publisher->public_key))
        return true;
    //  Where the trusted one has nothing at all, trust says what is the matter with the others.
    for (size_t i = 0; i < self->gather->candidates_count; i++) {
        const Ggen__Package *other = self->gather->candidates [i];
        const uint8_t *other_key;
        if (strcmp (other->id, package->id) == 0 && publisher_of (other, &other_key)
            && memcmp (other_key, pinned, CRYPTO_KEY_BYTES) == 0) {
            task_warn (task, "%s %s is by another publisher than the trusted one and was passed over",
                       package->id, package->version);
            return false;
        }
    }
    return true;
}

//  ---- roots ---------------------------------------------------------------------------------------

static bool
is_fresh (const install_t *self, const char *name)
{
    for (size_t i = 0; i < self->fresh_count; i++)
        if (strcmp (self->fresh [i], name) == 0)
            return true;
    return false;
}

static void
add_direct (install_t *self, const char *name)
{
    for (size_t i = 0; i < self->direct_count; i++)
        if (strcmp (self->direct [i], name) == 0)
            return;
    self->direct [self->direct_count++] = memory_strdup (name);
}

static bool
is_direct (const install_t *self, const char *name)
{
    for (size_t i = 0; i < self->direct_count; i++)
        if (strcmp (self->direct [i], name) == 0)
            return true;
    return false;
}

//  An optional dependency that is installed stays installed.
static bool
is_optional (const install_t *self, const Ggen__LockedPackage *locked, const char *dependency)
{
    const Ggen__Package *package =
        gather_find (self->gather, locked->name, locked->version, locked->sha256);
    for (size_t i = 0; package && i < package->n_dependencies; i++)
        if (strcmp (package->dependencies [i]->name, dependency) == 0)
            return package->dependencies [i]->optional;
    return false;
}

//  What was asked for now, what was asked for earlier, what was named by path. Ranges that have to
//  be made are kept in 'texts'.
static size_t
roots_of (task_t *task, resolver_root_t *roots, char **texts)
{
    install_t *self = install_of (task);
    const Ggen__InstallRequest *request = install_request (task);
    size_t count = 0;
    for (size_t i = 0; i < request->n_wants; i++) {
        char id [PACKAGE_ID_MAX + 1];
        const char *range;
        if (!install_want (request->wants [i], id, &range))
            continue;
        texts [count] = memory_strdup (id);
        roots [count] = (resolver_root_t) {texts [count], range ? range : "*"};
        count++;
        add_direct (self, id);
    }
    for (size_t i = 0; i < self->gather->own_count; i++) {
        const Ggen__Package *own = self->gather->own [i];
        if (strcmp (own->source, "path") == 0) {
            roots [count++] = (resolver_root_t) {own->id, own->version};
            add_direct (self, own->id);
        }
    }
    for (size_t i = 0; i < task->before->n_packages; i++) {
        const Ggen__LockedPackage *locked = task->before->packages [i];
        //  Without dependencies nothing needs the others: they stay because they are there.
        if ((!locked->direct && !request->no_dependencies) || is_direct (self, locked->name))
            continue;
        //  The rule of pre-releases would take another version than the one that is there.
        bool fixed = is_prerelease (locked->version) && !is_fresh (self, locked->name);
        roots [count++] = (resolver_root_t) {locked->name, fixed ? locked->version : "*"};
        if (locked->direct)
            add_direct (self, locked->name);
    }
    for (size_t i = 0; i < task->before->n_packages; i++) {
        const Ggen__LockedPackage *locked = task->before->packages [i];
        for (size_t j = 0; j < locked->n_dependencies; j++)
            if (is_optional (self, locked, locked->dependencies [j]->name))
                roots [count++] = (resolver_root_t) {locked->dependencies [j]->name, "*"};
    }
    return count;
}

//  ---- the result ----------------------------------------------------------------------------------

bool
install_replaces_adopted (const task_t *task, const Ggen__Package *package)
{
    const Ggen__LockedPackage *old = lock_find (task->before, package->id);
    return old && *old->adopted && strcmp (package->source, "installed") != 0;
}

static const Ggen__Package *
chosen_of (const install_t *self, const char *name)
{
    for (size_t i = 0; i < self->chosen_count; i++)
        if (strcmp (self->chosen [i]->id, name) == 0)
            return self->chosen [i];
    return NULL;
}

static void
lock_dependencies (const install_t *self, Ggen__LockedPackage *locked, const Ggen__Package *package)
{
    locked->dependencies = memory_new (package->n_dependencies, sizeof (void *));
    for (size_t i = 0; i < package->n_dependencies; i++) {
        const Ggen__Package *other = chosen_of (self, package->dependencies [i]->name);
        bool there = false;
        for (size_t j = 0; j < locked->n_dependencies; j++)
            there |= strcmp (locked->dependencies [j]->name, package->dependencies [i]->name) == 0;
        if (!other || there)
            continue;
        Ggen__LockedDependency *dependency = memory_new (1, sizeof *dependency);
        ggen__locked_dependency__init (dependency);
        dependency->name = memory_strdup (other->id);
        dependency->version = memory_strdup (other->version);
        locked->dependencies [locked->n_dependencies++] = dependency;
    }
}

static ProtobufCBinaryData
copy_bytes (ProtobufCBinaryData bytes)
{
    ProtobufCBinaryData copy = {bytes.len, memory_new (bytes.len, 1)};
    if (bytes.len > 0)
        memcpy (copy.data, bytes.data, bytes.len);
    return copy;
}

static Ggen__LockedPackage *
lock_package (task_t *task, const Ggen__Package *package)
{
    const install_t *self = install_of (task);
    Ggen__LockedPackage *locked = memory_new (1, sizeof *locked);
    ggen__locked_package__init (locked);
    locked->name = memory_strdup (package->id);
    locked->version = memory_strdup (package->version);
    locked->resolved = memory_strdup (package->source);
    locked->sha256 = copy_bytes (package->sha256);
    locked->size_bytes = package->size_bytes;
    locked->description = memory_strdup (package->description);
    locked->categories = memory_new (package->n_categories, sizeof (char *));
    for (size_t i = 0; i < package->n_categories; i++)
        locked->categories [locked->n_categories++] = memory_strdup (package->categories [i]);
    locked->installed_at = out_wall_ms (task->out) / 1000;
    locked->direct = is_direct (self, package->id);
    lock_dependencies (self, locked, package);
    return locked;
}

//  A package that stays is locked as it was, whatever the registry says of it now.
static void
keep_locked (Ggen__LockedPackage **locked_p, const Ggen__LockedPackage *old)
{
    Ggen__LockedPackage *kept = (Ggen__LockedPackage *) message_copy (&old->base);
    kept->direct = (*locked_p)->direct;
    //  Its dependencies may be of other versions now.
    Ggen__LockedDependency **dependencies = kept->dependencies;
    size_t count = kept->n_dependencies;
    kept->dependencies = (*locked_p)->dependencies;
    kept->n_dependencies = (*locked_p)->n_dependencies;
    (*locked_p)->dependencies = dependencies;
    (*locked_p)->n_dependencies = count;
    ggen__locked_package__free_unpacked (*locked_p, NULL);
    *locked_p = kept;
}

static const local_t *
local_of (const install_t *self, const Ggen__Package *package)
{
    for (size_t i = 0; i < self->locals_count; i++)
        if (self->locals [i].package == package)
            return &self->locals [i];
    return NULL;
}

static void
add_item (task_t *task, const Ggen__Package *package)
{
    const Ggen__InstallRequest *request = install_request (task);
    item_t *item = &task->items [task->items_count++];
    Ggen__LockedPackage *locked = lock_package (task, package);
    const Ggen__LockedPackage *old = lock_find (task->before, package->id);
    bool same = old && strcmp (old->version, package->version) == 0
                && (message_same_bytes (old->sha256, package->sha256) || package->sha256.len == 0);
    bool again = (request->force && install_wants (task, package->id))
                 || install_replaces_adopted (task, package);
    item->package = package;
    const local_t *local = local_of (install_of (task), package);
    item->local = local != NULL;
    if (local)
        locked->files_sha256 = copy_bytes (
            (ProtobufCBinaryData) {sizeof local->files_sha256, (uint8_t *) local->files_sha256});
    if (same && !again)
        keep_locked (&locked, old);
    item->changed = !same || again || install_of (task)->installed;
    item->locked = locked;
    task->after->packages [task->after->n_packages++] = locked;
}

static void
take_choice (task_t *task)
{
    install_t *self = install_of (task);
    task->items = memory_new (self->chosen_count, sizeof *task->items);
    task->after = memory_new (1, sizeof *task->after);
    ggen__lock__init (task->after);
    task->after->packages = memory_new (self->chosen_count, sizeof (void *));
    for (size_t i = 0; i < self->chosen_count; i++)
        add_item (task, self->chosen [i]);
    lock_sort (task->after);
    install_plan (task, task->before);
}

void
install_plan (task_t *task, const Ggen__Lock *before)
{
    install_t *self = install_of (task);
    const Ggen__InstallRequest *request = install_request (task);
    const char **again = memory_new (self->chosen_count, sizeof *again);
    size_t again_count = 0;
    for (size_t i = 0; i < self->chosen_count; i++)
        if ((request->force && install_wants (task, self->chosen [i]->id))
            || install_replaces_adopted (task, self->chosen [i]))
            again [again_count++] = self->chosen [i]->id;
    plan_query_t query = {.before = before,
                          .chosen = self->chosen,
                          .chosen_count = self->chosen_count,
                          .direct = {(const char *const *) self->direct, self->direct_count},
                          .reinstall = {again, again_count}};
    plan_destroy (&task->steps, task->steps_count);
    plan_make (&query, &task->steps, &task->steps_count);
    free (again);
}

//  ---- failures ------------------------------------------------------------------------------------

static void solve (task_t *task);

static void
on_like (task_t *task, void *item, const answer_t *answer)
{
    (void) item;
    install_t *self = install_of (task);
    const Ggen__SearchReply *reply = (const void *) answer->message;
    for (size_t i = 0; answer->code == OK && i < reply->n_results; i++)
        if (self->suggestions_count < self->suggestions_room)
            self->suggestions [self->suggestions_count++] = memory_strdup (reply->results [i]->id);
}

//  Ask the registry what is like the names that do not exist, then fail with what it knows.
static bool
suggest (task_t *task, const resolver_failure_t *failure)
{
    install_t *self = install_of (task);
    size_t asked = 0;
    if (self->suggested)
        return false;
    self->suggested = true;
    self->suggestions_room = 10 * SUGGESTED_MAX;
    self->suggestions = memory_new (self->suggestions_room, sizeof (char *));
    for (size_t i = 0; i < failure->lacks_count && asked < SUGGESTED_MAX; i++) {
        if (failure->lacks [i].exists)
            continue;
        Ggen__SearchRequest request = GGEN__SEARCH_REQUEST__INIT;
        request.query = (char *) failure->lacks [i].name;
        request.limit = 10;
        request.fuzzy = true;
        request.local = task->offline;
        task_ask (task, "registry", &request.base, &ggen__search_reply__descriptor, on_like, NULL,
                  true);
        asked++;
    }
    if (asked > 0)
        task_then (task, solve);
    return asked > 0;
}

//  An adopted package that no registry has.
static const char *
lacking_adopted (const task_t *task, const resolver_failure_t *failure)
{
    for (size_t i = 0; i < failure->lacks_count; i++) {
        const Ggen__LockedPackage *locked = lock_find (task->before, failure->lacks [i].name);
        if (!failure->lacks [i].exists && locked && *locked->adopted)
            return locked->name;
    }
    return NULL;
}

static void
explain (task_t *task, const resolver_failure_t *failure)
{
    char *text = resolver_explain (failure);
    char *hint = resolver_explain_hint (failure);
    const char *name = lacking_adopted (task, failure);
    if (name)
        task_fail (task, failure->code,
                   "it stays as it is; add a registry that has it, or install it by path",
                   "%s was adopted, and no registry has one to put in its place: %s", name, text);
    else
        task_fail (task, failure->code, hint, "%s", text);
    free (text);
    free (hint);
}

//  ---- the steps -----------------------------------------------------------------------------------

static void
solve (task_t *task)
{
    install_t *self = install_of (task);
    const Ggen__InstallRequest *request = install_request (task);
    size_t most = request->n_wants + self->gather->own_count + task->before->n_packages;
    for (size_t i = 0; i < task->before->n_packages; i++)
        most += task->before->packages [i]->n_dependencies;
    resolver_root_t *roots = memory_new (most, sizeof *roots);
    char **texts = memory_new (most, sizeof *texts);
    resolver_locked_t *locked = memory_new (task->before->n_packages, sizeof *locked);
    for (size_t i = 0; i < task->before->n_packages; i++)
        locked [i] = (resolver_locked_t) {task->before->packages [i]->name,
                                          task->before->packages [i]->version};
    if (!self->direct)
        self->direct = memory_new (most, sizeof *self->direct);
    for (size_t i = 0; i < self->direct_count; i++)
        free (self->direct [i]);
    self->direct_count = 0;
    resolver_query_t query = {.candidates = self->gather->candidates,
                              .candidates_count = self->gather->candidates_count,
                              .roots = roots,
                              .roots_count = roots_of (task, roots, texts),
                              .locked = locked,
                              .locked_count = task->before->n_packages,
                              .fresh = self->fresh,
                              .fresh_count = self->fresh_count,
                              .known_names = (const char *const *) self->suggestions,
                              .known_names_count = self->suggestions_count,
                              .with_optional = request->with_optional,
                              .ignore_dependencies = request->no_dependencies};
    resolver_failure_t *failure = NULL;
    code_t code = resolver_solve (&query, &self->chosen, &self->chosen_count, &failure);
    if (code == OK) {
        take_choice (task);
        task_then (task, self->when_chosen);
    }
    else if (!suggest (task, failure))
        explain (task, failure);
    resolver_failure_destroy (&failure);
    for (size_t i = 0; i < most; i++)
        free (texts [i]);
    free (texts);
    free (locked);
    free (roots);
}

static void
filter (task_t *task)
{
    gather_filter (install_of (task)->gather, may_be_chosen, task);
    solve (task);
}

//  Names of which there is something by another key than the pinned one: it may have been handed
//  over.
static bool
is_by_another (const install_t *self, const Ggen__Package *package)
{
    const uint8_t *key, *pinned = map_get (self->pins, package->id, strlen (package->id));
    return pinned && !is_own (package) && publisher_of (package, &key)
           && memcmp (key, pinned, CRYPTO_KEY_BYTES) != 0;
}

static bool
needs_records (const task_t *task, const Ggen__Package *package)
{
    return is_by_another (install_of (task), package)
           || (!is_own (package) && is_asked_of_one (task, package->id));
}

static void
ask_lines (task_t *task)
{
    const install_t *self = install_of (task);
    for (size_t i = 0; i < self->gather->candidates_count; i++)
        if (is_by_another (self, self->gather->candidates [i]))
            install_ask_line (task, self->gather->candidates [i]->id, (ProtobufCBinaryData) {0});
    task_then (task, filter);
}

static void
ask_records (task_t *task)
{
    const install_t *self = install_of (task);
    for (size_t i = 0; i < self->gather->candidates_count; i++)
        if (needs_records (task, self->gather->candidates [i]))
            install_ask_records (task, self->gather->candidates [i]->id);
    task_then (task, ask_lines);
}

static void
on_pins (task_t *task, void *item, const answer_t *answer)
{
    (void) item;
    install_t *self = install_of (task);
    const Ggen__TrustListReply *reply = (const void *) answer->message;
    self->trust = (Ggen__TrustListReply *) message_copy (answer->message);
    if (!self->trust)
        task_fail (task, INTERNAL, "", "out of memory");
    for (size_t i = 0; i < reply->n_pins; i++) {
        const Ggen__TrustPin *pin = reply->pins [i];
        if (pin->key.len != CRYPTO_KEY_BYTES)
            continue;
        void *key = memory_new (1, CRYPTO_KEY_BYTES);
        memcpy (key, pin->key.data, CRYPTO_KEY_BYTES);
        void *old = map_remove (self->pins, pin->name, strlen (pin->name));
        free (old);
        if (map_put (self->pins, pin->name, strlen (pin->name), key) != OK)
            free (key);
    }
}

static void
ask_pins (task_t *task)
{
    install_t *self = install_of (task);
    self->pins = map_new (GATHER_NAMES_MAX, 0);
    Ggen__TrustListRequest request = GGEN__TRUST_LIST_REQUEST__INIT;
    request.names = self->gather->names;
    request.n_names = self->gather->names_count;
    if (request.n_names > 0)
        task_ask (task, "trust", &request.base, &ggen__trust_list_reply__descriptor, on_pins, NULL,
                  false);
    task_then (task, ask_records);
}

void
install_choose (task_t *task, task_step_fn *next)
{
    install_t *self = install_of (task);
    self->when_chosen = next;
    for (size_t i = 0; i < task->before->n_packages; i++) {
        const Ggen__LockedPackage *locked = task->before->packages [i];
        const Ggen__Package *found =
            gather_find (self->gather, locked->name, locked->version, locked->sha256);
        //  Whoever names an adopted package wants one that is verified in its place.
        bool stays = *locked->adopted ? !install_wants (task, locked->name)
                                      : !found || !install_is_as_signed (task, found, locked);
        if (install_is_there (task, locked) && stays)
            gather_own (task, self->gather, package_of_locked (locked));
    }
    task_then (task, ask_pins);
}
