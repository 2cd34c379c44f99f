// SPDX-License-Identifier: MIT
//  list, verify, remove, rollback: what is done with what is installed.
#include "task.h"

#include "memory.h"
#include "package_id.h"
#include "record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

//  ---- list ----------------------------------------------------------------------------------------

static bool
in_category (const Ggen__LockedPackage *package, const char *category)
{
    for (size_t i = 0; i < package->n_categories; i++)
        if (strcmp (package->categories [i], category) == 0)
            return true;
    return !*category;
}

static void
list_answer (task_t *task)
{
    const Ggen__ListInstalledRequest *request = (const void *) task->request;
    Ggen__ListInstalledReply reply = GGEN__LIST_INSTALLED_REPLY__INIT;
    reply.generation = task->generation;
    reply.packages = memory_new (task->before->n_packages, sizeof (void *));
    for (size_t i = 0; i < task->before->n_packages; i++)
        if (in_category (task->before->packages [i], request->category))
            reply.packages [reply.n_packages++] = task->before->packages [i];
    reply.warnings = task->warnings;
    reply.n_warnings = task->warnings_count;
    task_answer (task, &reply.base);
    free (reply.packages);
}

void
list_start (task_t *task)
{
    task->root = ((const Ggen__ListInstalledRequest *) (const void *) task->request)->root;
    task_read_root (task, 0, list_answer);
}

//  ---- names that the user gave ----------------------------------------------------------------------

//  False, after task_fail, when one of them is not installed.
static bool
all_installed (task_t *task, char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!lock_find (task->before, names [i])) {
            task_fail (task, PACKAGE_NOT_FOUND, "`ggen market list` shows what is installed",
                       "%s is not installed", names [i]);
            return false;
        }
    return true;
}

static bool
is_named (const char *name, char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp (names [i], name) == 0)
            return true;
    return false;
}

//  ---- verify --------------------------------------------------------------------------------------

static void
verify_free (void *more)
{
    Ggen__CheckTreesReply *found = more;
    if (found)
        ggen__check_trees_reply__free_unpacked (found, NULL);
}

static void
verify_answer (task_t *task)
{
    const Ggen__CheckTreesReply *found = task->more;
    Ggen__VerifyReply reply = GGEN__VERIFY_REPLY__INIT;
    reply.findings = found->findings;
    reply.n_findings = found->n_findings;
    reply.packages_count = found->packages_count;
    reply.files_count = found->files_count;
    reply.bytes_count = found->bytes_count;
    reply.warnings = task->warnings;
    reply.n_warnings = task->warnings_count;
    task_answer (task, &reply.base);
}

//  What was adopted cannot be put back: its original is not ours.
static bool
can_be_fixed (const task_t *task, const Ggen__VerifyFinding *finding)
{
    const Ggen__LockedPackage *locked = lock_find (task->before, finding->package);
    return locked && !*locked->adopted;
}

static void
verify_fixed (task_t *task)
{
    Ggen__CheckTreesReply *found = task->more;
    for (size_t i = 0; i < found->n_findings; i++)
        found->findings [i]->fixed = can_be_fixed (task, found->findings [i]);
    verify_answer (task);
}

static void
verify_commit (task_t *task)
{
    task_commit (task, verify_fixed);
}

static void
verify_found (task_t *task)
{
    const Ggen__VerifyRequest *request = (const void *) task->request;
    const Ggen__CheckTreesReply *found = task->more;
    size_t count = 0;
    for (size_t i = 0; i < found->n_findings; i++)
        count += can_be_fixed (task, found->findings [i]);
    if (!request->fix || count == 0) {
        verify_answer (task);
        return;
    }
    task_items_from_lock (task, task->before);
    materialise (task, verify_commit);
}

static void
on_checked (task_t *task, void *item, const answer_t *answer)
{
    (void) item;
    task->more = message_copy (answer->message);
    task->free_more = verify_free;
    if (!task->more)
        task_fail (task, INTERNAL, "", "out of memory");
}

static void
check_trees (task_t *task)
{
    const Ggen__VerifyRequest *request = (const void *) task->request;
    Ggen__Tree *trees = memory_new (task->before->n_packages, sizeof *trees);
    Ggen__Tree **list = memory_new (task->before->n_packages, sizeof *list);
    Ggen__CheckTreesRequest check = GGEN__CHECK_TREES_REQUEST__INIT;
    check.root = (char *) task->root;
    check.trees = list;
    for (size_t i = 0; i < task->before->n_packages; i++) {
        const Ggen__LockedPackage *locked = task->before->packages [i];
        if (request->n_names > 0 && !is_named (locked->name, request->names, request->n_names))
            continue;
        ggen__tree__init (&trees [i]);
        trees [i].id = locked->name;
        trees [i].version = locked->version;
        trees [i].files_sha256 = locked->files_sha256;
        trees [i].sha256 = locked->sha256;
        trees [i].adopted = locked->adopted;
        list [check.n_trees++] = &trees [i];
    }
    task_ask (task, "store", &check.base, &ggen__check_trees_reply__descriptor, on_checked, NULL,
              false);
    free (list);
    free (trees);
    task_then (task, verify_found);
}

//  An old ggen.lock has the digest of an archive. Who published that signed the list of its files, too,
//  which a tree can be compared with.
static void
on_releases (task_t *task, void *locked_, const answer_t *answer)
{
    Ggen__LockedPackage *locked = locked_;
    const Ggen__ListVersionsReply *reply = (const void *) answer->message;
    for (size_t i = 0; answer->code == OK && i < reply->n_versions; i++) {
        AUTO (record_destroy) Ggen__SignedRecord *record = NULL;
        AUTO (record_release_destroy) Ggen__Release *release = NULL;
        const Ggen__Package *package = reply->versions [i];
        if (locked->files_sha256.len > 0
            || record_open (&record, (bytes_t) {package->record.data, package->record.len}) != OK
            || record_check (record, task->crypto->verify, NULL) != OK
            || record_release (&release, record) != OK
            || strcmp (release->name, locked->name) != 0 || release->sha256.len != locked->sha256.len
            || memcmp (release->sha256.data, locked->sha256.data, locked->sha256.len) != 0)
            continue;
        locked->files_sha256 = release->files_sha256;
        release->files_sha256 = (ProtobufCBinaryData) {0};
    }
}

static void
verify_check (task_t *task)
{
    const Ggen__VerifyRequest *request = (const void *) task->request;
    if (!all_installed (task, request->names, request->n_names))
        return;
    for (size_t i = 0; i < task->before->n_packages; i++) {
        Ggen__LockedPackage *locked = task->before->packages [i];
        if (!*locked->adopted || locked->sha256.len == 0 || locked->files_sha256.len > 0)
            continue;
        Ggen__ListVersionsRequest list = GGEN__LIST_VERSIONS_REQUEST__INIT;
        list.id = locked->name;
        list.exact = locked->version;
        list.local = true;
        task_ask (task, "registry", &list.base, &ggen__list_versions_reply__descriptor, on_releases,
                  locked, true);
    }
    task_then (task, check_trees);
}

void
verify_start (task_t *task)
{
    task->root = ((const Ggen__VerifyRequest *) (const void *) task->request)->root;
    task_read_root (task, 0, verify_check);
}

//  ---- steps between two locks -------------------------------------------------------------------------

//  The steps from 'before' to 'after' as the asker is shown them.
static void
plan_steps (task_t *task)
{
    plan_between (task->before, task->after, &task->steps, &task->steps_count);
}

//  ---- remove --------------------------------------------------------------------------------------

static void
remove_answer (task_t *task)
{
    Ggen__RemoveReply reply = GGEN__REMOVE_REPLY__INIT;
    reply.steps = task->steps;
    reply.n_steps = task->steps_count;
    reply.generation = task->generation;
    reply.warnings = task->warnings;
    reply.n_warnings = task->warnings_count;
    task_answer (task, &reply.base);
}

static void
remove_commit (task_t *task)
{
    task_commit (task, remove_answer);
}

//  False, after task_fail, when somebody who stays needs one of the names.
static bool
nobody_needs (task_t *task, plan_names_t leaving)
{
    const Ggen__RemoveRequest *request = (const void *) task->request;
    for (size_t i = 0; i < leaving.count; i++) {
        const Ggen__LockedPackage **dependants;
        size_t count = plan_dependants (task->before, leaving.items [i], leaving, &dependants);
        char names [1024] = "";
        for (size_t j = 0, used = 0; j < count && used < sizeof names - 300; j++)
            used += (size_t) snprintf (names + used, sizeof names - used, "%s%s %s", j ? ", " : "",
                                       dependants [j]->name, dependants [j]->version);
        free (dependants);
        if (count > 0 && request->force)
            task_warn (task, "%s needs %s, which is being removed", names, leaving.items [i]);
        else if (count > 0) {
            task_fail (task, DEPENDENCY, "remove those too, or use --force",
                       "%s is needed by %s", leaving.items [i], names);
            return false;
        }
    }
    return true;
}

//  Dependencies on what goes are no longer told in the lock of those that stay (--force).
static void
forget_dependency (Ggen__LockedPackage *locked, const Ggen__Lock *lock)
{
    size_t kept = 0;
    for (size_t i = 0; i < locked->n_dependencies; i++)
        if (lock_find (lock, locked->dependencies [i]->name))
            locked->dependencies [kept++] = locked->dependencies [i];
        else
            ggen__locked_dependency__free_unpacked (locked->dependencies [i], NULL);
    locked->n_dependencies = kept;
}

static void
take_out (task_t *task, plan_names_t leaving)
{
    const Ggen__LockedPackage **orphans;
    size_t orphans_count = plan_orphans (task->before, leaving, &orphans);
    task->after = lock_copy (task->before);
    size_t kept = 0;
    for (size_t i = 0; i < task->after->n_packages; i++) {
        Ggen__LockedPackage *locked = task->after->packages [i];
        bool goes = is_named (locked->name, (char *const *) (const void *) leaving.items,
                              leaving.count);
        for (size_t j = 0; j < orphans_count; j++)
            goes |= strcmp (orphans [j]->name, locked->name) == 0;
        if (goes)
            ggen__locked_package__free_unpacked (locked, NULL);
        else
            task->after->packages [kept++] = locked;
    }
    task->after->n_packages = kept;
    for (size_t i = 0; i < kept; i++)
        forget_dependency (task->after->packages [i], task->after);
    task->items = memory_new (kept, sizeof *task->items);
    for (size_t i = 0; i < kept; i++)
        task->items [task->items_count++].locked = task->after->packages [i];
    free (orphans);
}

static void
remove_decide (task_t *task)
{
    const Ggen__RemoveRequest *request = (const void *) task->request;
    plan_names_t leaving = {(const char *const *) request->names, request->n_names};
    if (!all_installed (task, request->names, request->n_names) || !nobody_needs (task, leaving))
        return;
    take_out (task, leaving);
    plan_steps (task);
    if (request->dry_run)
        remove_answer (task);
    else
        materialise (task, remove_commit);
}

void
remove_start (task_t *task)
{
    task->root = ((const Ggen__RemoveRequest *) (const void *) task->request)->root;
    task_read_root (task, 0, remove_decide);
}

//  ---- rollback ------------------------------------------------------------------------------------

typedef struct {
    Ggen__Lock *now;            //  what is installed before
    uint64_t to;
} rollback_t;

static void
rollback_free (void *more)
{
    rollback_t *self = more;
    if (self->now)
        ggen__lock__free_unpacked (self->now, NULL);
    free (self);
}

static void
on_activated (task_t *task, void *item, const answer_t *answer)
{
    (void) item;
    const Ggen__ActivateReply *done = (const void *) answer->message;
    Ggen__RollbackReply reply = GGEN__ROLLBACK_REPLY__INIT;
    task_tell_publishers (task);
    reply.from_generation = done->from_generation;
    reply.generation = done->generation;
    reply.steps = task->steps;
    reply.n_steps = task->steps_count;
    reply.restored = memory_new (task->items_count, sizeof (char *));
    for (size_t i = 0; i < task->items_count; i++)
        if (task->items [i].edited)
            reply.restored [reply.n_restored++] = task->items [i].locked->name;
    task_answer (task, &reply.base);
    free (reply.restored);
}

static void
rollback_activate (task_t *task)
{
    Ggen__ActivateRequest request = GGEN__ACTIVATE_REQUEST__INIT;
    request.generation = ((const rollback_t *) task->more)->to;
    request.trees = task_trees (task, &request.n_trees);
    request.root = (char *) task->root;
    task_ask (task, "store", &request.base, &ggen__activate_reply__descriptor, on_activated, NULL,
              false);
    task_trees_destroy (request.trees, request.n_trees);
}

static void
rollback_target (task_t *task)
{
    rollback_t *self = task->more;
    //  Steps are told from what is installed now to what will be.
    task_items_from_lock (task, task->before);
    Ggen__Lock *target = task->before;
    task->before = self->now;
    plan_steps (task);
    task->before = target;
    materialise (task, rollback_activate);
}

static uint64_t
one_before (const task_t *task)
{
    uint64_t before = 0;
    for (size_t i = 0; i < task->generations_count; i++)
        if (task->generations [i] < task->current)
            before = task->generations [i];
    return before;
}

static void
rollback_decide (task_t *task)
{
    rollback_t *self = task->more;
    const Ggen__RollbackRequest *request = (const void *) task->request;
    self->to = request->generation || request->to_adopted ? request->generation : one_before (task);
    bool to_adopted = request->to_adopted
                      || (self->to == 0 && task->current > 0 && task->has_adopted);
    if (to_adopted && task->adopts) {
        //  Nothing has moved it yet.
        Ggen__RollbackReply reply = GGEN__ROLLBACK_REPLY__INIT;
        task_answer (task, &reply.base);
        return;
    }
    if (to_adopted) {
        self->now = lock_copy (task->before);
        task_read_adopted_root (task, rollback_target);
        return;
    }
    if (self->to == 0) {
        if (task->current == 0 && task->has_adopted)
            task_fail (task, PACKAGE_NOT_FOUND, "`ggen market history` lists those there are",
                       "there is no generation before 0, what was there before ggen");
        else if (task->current == 0)
            task_fail (task, PACKAGE_NOT_FOUND, "find something: `ggen market search`",
                       "nothing was installed yet, so there is nothing to go back to");
        else
            task_fail (task, PACKAGE_NOT_FOUND,
                       "`ggen market verify --fix` restores edited files of this one",
                       "there is no generation before %llu, the current one",
                       (unsigned long long) task->current);
        return;
    }
    self->now = lock_copy (task->before);
    task_read_root (task, self->to, rollback_target);
}

void
rollback_start (task_t *task)
{
    task->root = ((const Ggen__RollbackRequest *) (const void *) task->request)->root;
    task->more = memory_new (1, sizeof (rollback_t));
    task->free_more = rollback_free;
    task_read_any_root (task, rollback_decide);
}
