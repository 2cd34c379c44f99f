// SPDX-License-Identifier: MIT
//  update: an installation in which the newest versions of the named packages are preferred and the
//  others stay locked. outdated: the same up to the choice, told instead of done.
#include "install.h"

#include "memory.h"
#include "semver.h"
#include "similar.h"

#include "upkeep.pb-c.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

//  ---- which names -------------------------------------------------------------------------------

static void
not_installed (task_t *task, const char *name)
{
    similar_t similar = {.wanted = name};
    char hint [SIMILAR_TEXT_MAX + 128] = "`ggen market list` shows what is installed";
    for (size_t i = 0; i < task->before->n_packages; i++)
        similar_offer (&similar, task->before->packages [i]->name);
    if (similar.count > 0)
        snprintf (hint, sizeof hint, "did you mean %s? `ggen market list` shows what is installed",
                  similar.names [0]);
    task_fail (task, PACKAGE_NOT_FOUND, hint, "%s is not installed", name);
}

static int
compare_names (const void *a, const void *b)
{
    return strcmp (*(const char *const *) a, *(const char *const *) b);
}

//  Of what was adopted only the name is known: what a registry has by that name may be something else.
static void
tell_of_adopted (task_t *task)
{
    char names [700] = "";
    size_t used = 0, count = 0;
    for (size_t i = 0; i < task->before->n_packages; i++) {
        const Ggen__LockedPackage *locked = task->before->packages [i];
        if (!*locked->adopted)
            continue;
        if (used < sizeof names - 250)
            used += (size_t) snprintf (names + used, sizeof names - used, "%s%s",
                                       count ? ", " : "", locked->name);
        else if (strcmp (names + used - 5, ", ...") != 0)
            used += (size_t) snprintf (names + used, sizeof names - used, ", ...");
        count++;
    }
    if (count > 0)
        task_warn (task, "adopted, and left as it is unless it is named: %s", names);
}

//  Those named, or all but what was adopted or the user took from a path: that has no newer version
//  anywhere but where it came from. False after task_fail.
static bool
take_names (task_t *task, char *const *names, size_t names_count)
{
    install_t *self = install_of (task);
    self->updates = true;
    self->fresh = memory_new (names_count + task->before->n_packages, sizeof *self->fresh);
    for (size_t i = 0; i < names_count; i++) {
        const Ggen__LockedPackage *locked = lock_find (task->before, names [i]);
        if (!locked) {
            not_installed (task, names [i]);
            return false;
        }
        self->fresh [self->fresh_count++] = locked->name;
    }
    for (size_t i = 0; i < task->before->n_packages && names_count == 0; i++) {
        const Ggen__LockedPackage *locked = task->before->packages [i];
        if (*locked->adopted)
            continue;
        if (strcmp (locked->resolved, "path") != 0)
            self->fresh [self->fresh_count++] = locked->name;
        else
            task_warn (task,
                       "%s was installed from a path and stays as it is; name it to update it",
                       locked->name);
    }
    if (names_count == 0)
        tell_of_adopted (task);
    qsort (self->fresh, self->fresh_count, sizeof *self->fresh, compare_names);
    return true;
}

static Ggen__InstallRequest *
request_new (const char *root)
{
    Ggen__InstallRequest *request = memory_new (1, sizeof *request);
    ggen__install_request__init (request);
    request->root = memory_strdup (root);
    return request;
}

//  ---- outdated ----------------------------------------------------------------------------------

static bool
is_newer (const char *a_text, const char *b_text)
{
    semver_t a, b;
    return semver_parse (&a, a_text) == OK && semver_parse (&b, b_text) == OK
           && semver_compare_latest (&a, &b) > 0;
}

//  The newest candidate, never older than what is installed: older ones are no candidates.
static const char *
latest_of (const install_t *self, const Ggen__LockedPackage *locked)
{
    const char *latest = NULL;
    for (size_t i = 0; i < self->gather->candidates_count; i++) {
        const Ggen__Package *package = self->gather->candidates [i];
        if (strcmp (package->id, locked->name) == 0 && !package->yanked
            && (!latest || is_newer (package->version, latest)))
            latest = package->version;
    }
    return latest ? latest : locked->version;
}

static const char *
wanted_of (const install_t *self, const Ggen__LockedPackage *locked)
{
    for (size_t i = 0; i < self->chosen_count; i++)
        if (strcmp (self->chosen [i]->id, locked->name) == 0)
            return self->chosen [i]->version;
    return locked->version;
}

static bool
is_yanked (const install_t *self, const Ggen__LockedPackage *locked)
{
    const Ggen__Package *package =
        gather_find (self->gather, locked->name, locked->version, locked->sha256);
    return package && package->yanked;
}

static Ggen__OutdatedPackage *
describe (const task_t *task, const Ggen__LockedPackage *locked)
{
    const install_t *self = install_of (task);
    Ggen__OutdatedPackage *told = memory_new (1, sizeof *told);
    ggen__outdated_package__init (told);
    told->name = memory_strdup (locked->name);
    told->current = memory_strdup (locked->version);
    told->wanted = memory_strdup (wanted_of (self, locked));
    told->latest = memory_strdup (latest_of (self, locked));
    told->direct = locked->direct;
    told->yanked = is_yanked (self, locked);
    const Ggen__LockedPackage **list;
    size_t count = plan_dependants (task->before, locked->name, (plan_names_t) {NULL, 0}, &list);
    told->needed_by = memory_new (count, sizeof (void *));
    for (size_t i = 0; i < count; i++) {
        Ggen__LockedDependency *dependant = memory_new (1, sizeof *dependant);
        ggen__locked_dependency__init (dependant);
        dependant->name = memory_strdup (list [i]->name);
        dependant->version = memory_strdup (list [i]->version);
        told->needed_by [told->n_needed_by++] = dependant;
    }
    free (list);
    return told;
}

static bool
is_asked_for (const Ggen__OutdatedRequest *request, const char *name)
{
    for (size_t i = 0; i < request->n_names; i++)
        if (strcmp (request->names [i], name) == 0)
            return true;
    return request->n_names == 0;
}

static void
outdated_answer (task_t *task)
{
    const Ggen__OutdatedRequest *request = (const void *) task->request;
    Ggen__OutdatedReply reply = GGEN__OUTDATED_REPLY__INIT;
    reply.packages = memory_new (task->before->n_packages, sizeof (void *));
    for (size_t i = 0; i < task->before->n_packages; i++) {
        const Ggen__LockedPackage *locked = task->before->packages [i];
        if (!is_asked_for (request, locked->name))
            continue;
        Ggen__OutdatedPackage *told = describe (task, locked);
        if (strcmp (told->latest, told->current) != 0 || strcmp (told->wanted, told->current) != 0)
            reply.packages [reply.n_packages++] = told;
        else
            ggen__outdated_package__free_unpacked (told, NULL);
    }
    reply.installed_count = (uint32_t) task->before->n_packages;
    reply.warnings = task->warnings;
    reply.n_warnings = task->warnings_count;
    task_answer (task, &reply.base);
    for (size_t i = 0; i < reply.n_packages; i++)
        ggen__outdated_package__free_unpacked (reply.packages [i], NULL);
    free (reply.packages);
}

//  Names are looked at for their being installed only: what one can become depends on the others.
static void
outdated_names (task_t *task)
{
    const Ggen__OutdatedRequest *request = (const void *) task->request;
    for (size_t i = 0; i < request->n_names; i++)
        if (!lock_find (task->before, request->names [i])) {
            not_installed (task, request->names [i]);
            return;
        }
    if (take_names (task, NULL, 0))
        install_gather (task);
}

void
outdated_start (task_t *task)
{
    const Ggen__OutdatedRequest *asked = (const void *) task->request;
    Ggen__InstallRequest *request = request_new (asked->root);
    install_t *self = install_begin (task, request, outdated_answer);
    self->own_request = request;
    self->after_choice = outdated_answer;
    task_read_root (task, 0, outdated_names);
}

//  ---- update ------------------------------------------------------------------------------------

static void
update_answer (task_t *task)
{
    const Ggen__UpdateRequest *asked = (const void *) task->request;
    Ggen__UpdateReply reply = GGEN__UPDATE_REPLY__INIT;
    task_tell_publishers (task);
    reply.steps = task->steps;
    reply.n_steps = task->steps_count;
    reply.generation = task->generation;
    reply.warnings = task->warnings;
    reply.n_warnings = task->warnings_count;
    reply.dry_run = asked->dry_run;
    reply.fetched_bytes = task->fetched_bytes;
    reply.indexed_count = install_of (task)->indexed_count;
    task_answer (task, &reply.base);
}

static void
update_names (task_t *task)
{
    const Ggen__UpdateRequest *asked = (const void *) task->request;
    if (take_names (task, asked->names, asked->n_names))
        install_gather (task);
}

static void
update_read (task_t *task)
{
    task_read_root (task, 0, update_names);
}

static void
on_reindexed (task_t *task, void *item, const answer_t *answer)
{
    (void) item;
    const Ggen__ReindexReply *reply = (const void *) answer->message;
    install_of (task)->indexed_count = reply->packages_count;
    task_take_warnings (task, reply->warnings, reply->n_warnings);
}

void
update_start (task_t *task)
{
    const Ggen__UpdateRequest *asked = (const void *) task->request;
    Ggen__InstallRequest *request = request_new (asked->root);
    request->dry_run = asked->dry_run;
    request->offline = asked->offline;
    request->allow_unsigned = asked->allow_unsigned;
    install_begin (task, request, update_answer)->own_request = request;
    if (asked->reindex) {
        Ggen__ReindexRequest reindex = GGEN__REINDEX_REQUEST__INIT;
        task_ask (task, "registry_file", &reindex.base, &ggen__reindex_reply__descriptor,
                  on_reindexed, NULL, false);
    }
    task_then (task, update_read);
}
