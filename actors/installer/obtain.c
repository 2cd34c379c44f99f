// SPDX-License-Identifier: MIT
#include "obtain.h"

#include "many.h"
#include "many.pb-c.h"
#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
take_tree (task_t *task, item_t *item, const Ggen__UnpackReply *reply)
{
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
on_unpacked (task_t *task, void *item, const answer_t *answer)
{
    take_tree (task, item, (const void *) answer->message);
}

typedef char subject_t [512];       //  for people: name@version

static void
fill_unpack (task_t *task, const item_t *item, const Ggen__FetchReply *fetched,
             Ggen__UnpackRequest *request, subject_t subject)
{
    snprintf (subject, sizeof (subject_t), "%s@%s", item->locked->name, item->locked->version);
    ggen__unpack_request__init (request);
    request->archive_path = fetched->path;
    request->sha256 = item->locked->sha256;
    request->size_bytes = fetched->size_bytes;
    request->files_sha256 = item->locked->files_sha256;
    request->root = (char *) task->root;
    request->subject = subject;
    task->fetched_bytes += fetched->size_bytes;
    task->staged = true;
}

static void
on_fetched (task_t *task, void *item, const answer_t *answer)
{
    subject_t subject;
    Ggen__UnpackRequest request;
    fill_unpack (task, item, (const void *) answer->message, &request, subject);
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

//  What a FetchRequest refers to.
typedef struct {
    Ggen__FetchRequest request;
    Ggen__FetchSource source, *sources [1];
    subject_t subject;
} fetch_ask_t;

static void
fill_fetch (const task_t *task, const item_t *item, fetch_ask_t *ask)
{
    Ggen__FetchRequest *request = &ask->request;
    snprintf (ask->subject, sizeof ask->subject, "%s@%s", item->locked->name,
              item->locked->version);
    ggen__fetch_request__init (request);
    request->sha256 = item->locked->sha256;
    request->size_bytes = item->locked->size_bytes;
    request->subject = ask->subject;
    request->offline = task->offline;
    if (item->package && *item->package->location) {
        Ggen__FetchSource *source = ask->sources [0] = &ask->source;
        ggen__fetch_source__init (source);
        source->registry = item->package->source;
        source->location = item->package->location;
        source->record = item->package->record;
        if (strcmp (source->registry, "path") == 0)
            source->registry = "file";
        request->sources = ask->sources;
        request->n_sources = 1;
    }
}

static void
ask_fetch (task_t *task, item_t *item)
{
    if (item->locked->sha256.len == 0) {
        lacks_archive (task, item);
        return;
    }
    fetch_ask_t ask;
    fill_fetch (task, item, &ask);
    task_ask (task, "cache", &ask.request.base, &ggen__fetch_reply__descriptor, on_fetched, item,
              false);
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

//  ---- many ----------------------------------------------------------------------------------------

//  From so many archives of this machine on they are asked for together. Fewer are not worth it: one
//  by one they are unpacked beside each other at once.
#define TOGETHER_MIN 8

typedef struct {
    item_t *items [MANY_FETCHES_MAX];
    size_t count;
} group_t;

static void
on_many_unpacked (task_t *task, void *group_, const answer_t *answer)
{
    group_t *group = group_;
    const Ggen__UnpackManyReply *reply = (const void *) answer->message;
    if (reply->n_unpacked != group->count)
        task_fail (task, INTERNAL, "", "the store unpacked %zu of %zu archives", reply->n_unpacked,
                   group->count);
    for (size_t i = 0; i < group->count && !task->failure; i++)
        take_tree (task, group->items [i], reply->unpacked [i]);
}

typedef struct {
    Ggen__UnpackRequest requests [MANY_UNPACKS_MAX], *list [MANY_UNPACKS_MAX];
    subject_t subjects [MANY_UNPACKS_MAX];
    group_t *group;                 //  NULL: none is being filled
} unpacks_t;

static void
ask_unpacks (task_t *task, unpacks_t *unpacks)
{
    Ggen__UnpackManyRequest request = GGEN__UNPACK_MANY_REQUEST__INIT;
    if (!unpacks->group)
        return;
    request.archives = unpacks->list;
    request.n_archives = unpacks->group->count;
    task_ask_first (task, "store", &request.base, &ggen__unpack_many_reply__descriptor,
                    on_many_unpacked, unpacks->group);
    unpacks->group = NULL;
}

static void
add_unpack (task_t *task, unpacks_t *unpacks, item_t *item, const Ggen__FetchReply *fetched)
{
    if (!unpacks->group)
        unpacks->group = task_room (task, sizeof *unpacks->group);
    size_t at = unpacks->group->count++;
    unpacks->group->items [at] = item;
    unpacks->list [at] = &unpacks->requests [at];
    fill_unpack (task, item, fetched, &unpacks->requests [at], unpacks->subjects [at]);
    if (unpacks->group->count == MANY_UNPACKS_MAX)
        ask_unpacks (task, unpacks);
}

//  What could not be had together is asked for by itself: whatever is wrong is told as ever.
static void
on_many_fetched (task_t *task, void *group_, const answer_t *answer)
{
    const group_t *group = group_;
    const Ggen__FetchManyReply *reply =
        answer->code == OK ? (const void *) answer->message : NULL;
    unpacks_t unpacks = {.group = NULL};
    for (size_t i = 0; i < group->count; i++)
        if (reply && i < reply->n_fetched && *reply->fetched [i]->path)
            add_unpack (task, &unpacks, group->items [i], reply->fetched [i]);
        else
            ask_fetch (task, group->items [i]);
    ask_unpacks (task, &unpacks);
}

static void
ask_fetches (task_t *task, group_t *group)
{
    fetch_ask_t asks [MANY_FETCHES_MAX];
    Ggen__FetchRequest *list [MANY_FETCHES_MAX];
    Ggen__FetchManyRequest request = GGEN__FETCH_MANY_REQUEST__INIT;
    request.fetches = list;
    request.n_fetches = group->count;
    for (size_t i = 0; i < group->count; i++) {
        fill_fetch (task, group->items [i], &asks [i]);
        list [i] = &asks [i].request;
    }
    task_ask (task, "cache", &request.base, &ggen__fetch_many_reply__descriptor, on_many_fetched,
              group, true);
}

static bool
is_of_this_machine (const item_t *item)
{
    return item->missing && item->package && *item->package->location == '/'
           && item->locked->sha256.len > 0;
}

//  The odd ones first: so there is something to unpack sooner, and no question more.
static void
obtain_together (task_t *task, size_t count)
{
    group_t *group = NULL;
    size_t room = (count - 1) % MANY_FETCHES_MAX + 1;
    for (size_t i = 0; i < task->items_count; i++) {
        if (!is_of_this_machine (&task->items [i]))
            continue;
        if (!group)
            group = task_room (task, sizeof *group);
        group->items [group->count++] = &task->items [i];
        if (group->count == room) {
            ask_fetches (task, group);
            group = NULL;
            room = MANY_FETCHES_MAX;
        }
    }
}

void
obtain (task_t *task)
{
    size_t count = 0;
    for (size_t i = 0; i < task->items_count; i++)
        count += is_of_this_machine (&task->items [i]);
    if (count >= TOGETHER_MIN)
        obtain_together (task, count);
    for (size_t i = 0; i < task->items_count; i++) {
        item_t *item = &task->items [i];
        if (!item->missing || (count >= TOGETHER_MIN && is_of_this_machine (item)))
            continue;
        if (item->package && *item->package->location)
            ask_fetch (task, item);
        else
            ask_package (task, item);
    }
}
