// SPDX-License-Identifier: MIT
//  From a list of packages to their trees in the store: which are missing, where their archives
//  are, fetch, unpack, and look whether what came out is what was asked for. Then the commit.
#include "task.h"

#include "lockfile.h"
#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

//  ---- trees in messages ----------------------------------------------------------------------------

static Ggen__Tree **
make_trees (Ggen__LockedPackage *const *packages, size_t count)
{
    Ggen__Tree **trees = memory_new (count, sizeof *trees);
    for (size_t i = 0; i < count; i++) {
        trees [i] = memory_new (1, sizeof *trees [i]);
        ggen__tree__init (trees [i]);
        trees [i]->id = packages [i]->name;
        trees [i]->version = packages [i]->version;
        trees [i]->files_sha256 = packages [i]->files_sha256;
    }
    return trees;
}

Ggen__Tree **
task_trees (const task_t *task, size_t *count_p)
{
    *count_p = task->after->n_packages;
    return make_trees (task->after->packages, task->after->n_packages);
}

void
task_trees_destroy (Ggen__Tree **trees, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free (trees [i]);
    free (trees);
}

void
task_items_from_lock (task_t *task, const Ggen__Lock *lock)
{
    task->after = lock_copy (lock);
    task->items = memory_new (lock->n_packages, sizeof *task->items);
    for (size_t i = 0; i < lock->n_packages; i++)
        task->items [task->items_count++].locked = task->after->packages [i];
}

static const item_t *
item_of (const task_t *task, const char *name)
{
    for (size_t i = 0; i < task->items_count; i++)
        if (strcmp (task->items [i].locked->name, name) == 0)
            return &task->items [i];
    return NULL;
}

void
task_tell_publishers (task_t *task)
{
    for (size_t i = 0; i < task->steps_count; i++) {
        Ggen__PlanStep *step = task->steps [i];
        const item_t *item = item_of (task, step->name);
        if (!item)
            continue;
        const ProtobufCBinaryData *key = &item->locked->publisher_key;
        free (step->publisher_key.data);
        step->publisher_key.data = memory_new (key->len, 1);
        step->publisher_key.len = key->len;
        if (key->len > 0)
            memcpy (step->publisher_key.data, key->data, key->len);
        step->first_use = item->first_use;
    }
}

//  ---- unpack --------------------------------------------------------------------------------------

//  SPEC 3.3: name and version inside equal those asked for. Where the list of files was signed (or
//  is the one installed before), its publisher may have given it another version (publish --version).
static bool
manifest_fits (task_t *task, const item_t *item, const Ggen__Manifest *manifest)
{
    Ggen__Package *inside = task_package_of (task, manifest, item->locked->name, NULL);
    bool fits = inside && strcmp (inside->id, item->locked->name) == 0
                && (item->locked->files_sha256.len > 0
                    || strcmp (inside->version, item->locked->version) == 0);
    if (inside)
        ggen__package__free_unpacked (inside, NULL);
    return fits;
}

static void
on_unpacked (task_t *task, void *item_, const answer_t *answer)
{
    item_t *item = item_;
    const Ggen__UnpackReply *reply = (const void *) answer->message;
    if (!reply->manifest || !manifest_fits (task, item, reply->manifest)) {
        task_fail (task, SECURITY, "", "%s %s: manifest: the archive is of another package",
                   item->locked->name, item->locked->version);
        return;
    }
    ProtobufCBinaryData *digest = &item->locked->files_sha256;
    if (digest->len == 0) {
        free (digest->data);
        digest->data = memory_new (reply->files_sha256.len, 1);
        digest->len = reply->files_sha256.len;
        memcpy (digest->data, reply->files_sha256.data, digest->len);
    }
}

static void
on_fetched (task_t *task, void *item_, const answer_t *answer)
{
    item_t *item = item_;
    const Ggen__FetchReply *reply = (const void *) answer->message;
    char subject [512];
    snprintf (subject, sizeof subject, "%s@%s", item->locked->name, item->locked->version);
    Ggen__UnpackRequest request = GGEN__UNPACK_REQUEST__INIT;
    request.archive_path = reply->path;
    request.sha256 = item->locked->sha256;
    request.size_bytes = reply->size_bytes;
    request.files_sha256 = item->locked->files_sha256;
    request.root = (char *) task->root;
    request.subject = subject;
    task->fetched_bytes += reply->size_bytes;
    task->staged = true;
    //  First, so that one archive is unpacked while the next is fetched.
    task_ask_first (task, "store", &request.base, &ggen__unpack_reply__descriptor, on_unpacked,
                    item);
}

//  ---- fetch ---------------------------------------------------------------------------------------

//  An entry of an imported index may tell of a version that nobody has the bytes of.
static void
lacks_archive (task_t *task, const item_t *item)
{
    const Ggen__Package *package = item->package;
    bool placed = package && *package->location;
    task_fail (task, PACKAGE_NOT_FOUND,
               "get the archive, and install it by its path: ggen market install ./FILE.tar.gz",
               "%s %s: %s%s lists it without its archive and the archive's checksum%s%s",
               item->locked->name, item->locked->version, package ? "the registry " : "ggen.lock",
               package ? package->source : "", placed ? "; it would be at " : "",
               placed ? package->location : "");
}

static void
ask_fetch (task_t *task, item_t *item)
{
    if (item->locked->sha256.len == 0) {
        lacks_archive (task, item);
        return;
    }
    char subject [512];
    snprintf (subject, sizeof subject, "%s@%s", item->locked->name, item->locked->version);
    Ggen__FetchSource source = GGEN__FETCH_SOURCE__INIT, *sources [] = {&source};
    Ggen__FetchRequest request = GGEN__FETCH_REQUEST__INIT;
    request.sha256 = item->locked->sha256;
    request.size_bytes = item->locked->size_bytes;
    request.subject = subject;
    request.offline = task->offline;
    if (item->package && *item->package->location) {
        source.registry = item->package->source;
        source.location = item->package->location;
        source.record = item->package->record;
        if (strcmp (source.registry, "path") == 0)
            source.registry = "file";
        request.sources = sources;
        request.n_sources = 1;
    }
    task_ask (task, "cache", &request.base, &ggen__fetch_reply__descriptor, on_fetched, item, false);
}

static bool
is_archive_of (const item_t *item, const Ggen__Package *package)
{
    return package->sha256.len == item->locked->sha256.len
           && (package->sha256.len == 0
               || memcmp (package->sha256.data, item->locked->sha256.data, package->sha256.len) == 0);
}

static void
on_package (task_t *task, void *item_, const answer_t *answer)
{
    item_t *item = item_;
    if (answer->code == OK) {
        const Ggen__PackageReply *reply = (const void *) answer->message;
        if (reply->package && is_archive_of (item, reply->package)) {
            item->own_package = (Ggen__Package *) message_copy (&reply->package->base);
            item->package = item->own_package;
        }
    }
    ask_fetch (task, item);
}

//  A package that stays, whose tree was edited or lost: ask where its archive is now.
static void
ask_package (task_t *task, item_t *item)
{
    Ggen__GetPackageVersionRequest request = GGEN__GET_PACKAGE_VERSION_REQUEST__INIT;
    request.id = item->locked->name;
    request.version = item->locked->version;
    task_ask (task, "registry", &request.base, &ggen__package_reply__descriptor, on_package, item,
              true);
}

static void
on_has (task_t *task, void *none, const answer_t *answer)
{
    (void) none;
    const Ggen__HasTreesReply *reply = (const void *) answer->message;
    for (size_t i = 0; i < reply->n_edited; i++)
        if (reply->edited [i] < task->items_count)
            task->items [reply->edited [i]].edited = true;
    for (size_t i = 0; i < reply->n_missing; i++) {
        if (reply->missing [i] >= task->items_count)
            continue;
        item_t *item = &task->items [reply->missing [i]];
        item->missing = true;
        if (item->package && *item->package->location)
            ask_fetch (task, item);
        else
            ask_package (task, item);
    }
}

static void
warn_of_edits (task_t *task)
{
    for (size_t i = 0; i < task->items_count; i++)
        if (task->items [i].edited && !task->items [i].changed)
            task_warn (task,
                       "%s %s was edited; the new state has the original, the edited files stay in "
                       "generation %llu",
                       task->items [i].locked->name, task->items [i].locked->version,
                       (unsigned long long) task->current);
    task_then (task, task->materialised);
}

void
materialise (task_t *task, task_step_fn *next)
{
    task->materialised = next;
    Ggen__LockedPackage **packages = memory_new (task->items_count, sizeof *packages);
    for (size_t i = 0; i < task->items_count; i++)
        packages [i] = task->items [i].locked;
    Ggen__HasTreesRequest request = GGEN__HAS_TREES_REQUEST__INIT;
    request.trees = make_trees (packages, task->items_count);
    request.n_trees = task->items_count;
    request.root = (char *) task->root;
    request.generation = task->generation;
    task_ask (task, "store", &request.base, &ggen__has_trees_reply__descriptor, on_has, NULL, false);
    task_trees_destroy (request.trees, request.n_trees);
    free (packages);
    task_then (task, warn_of_edits);
}

//  ---- commit --------------------------------------------------------------------------------------

static void
on_committed (task_t *task, void *item, const answer_t *answer)
{
    (void) item;
    task->generation = ((const Ggen__CommitReply *) (const void *) answer->message)->generation;
    task->committed = true;
}

void
task_commit (task_t *task, task_step_fn *next)
{
    char *text = NULL, *why = NULL;
    code_t code = lockfile_write (task->after, &text, &why);
    if (code) {
        task_fail (task, code, "", "the new state is not consistent: %s", why ? why : code_name (code));
        free (why);
        return;
    }
    Ggen__CommitRequest request = GGEN__COMMIT_REQUEST__INIT;
    request.lock = (ProtobufCBinaryData) {strlen (text), (uint8_t *) text};
    request.trees = task_trees (task, &request.n_trees);
    request.root = (char *) task->root;
    request.expected = task->current;
    request.replaces_lock = task->replaces_lock;
    task_ask (task, "store", &request.base, &ggen__commit_reply__descriptor, on_committed, NULL,
              false);
    task_trees_destroy (request.trees, request.n_trees);
    free (text);
    task_then (task, next);
}
