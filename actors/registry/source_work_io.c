// SPDX-License-Identifier: MIT
//  What each request to the "sources" actor does, on its worker.
#include "actors/registry/sources_self_io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "actors/registry/catalog_io.h"
#include "actors/registry/disk_io.h"
#include "actors/registry/import_io.h"
#include "actors/registry/mirror_io.h"
#include "actors/registry/reply.h"
#include "actors/registry/shelf_io.h"
#include "actors/registry/source_file_io.h"
#include "actors/registry/web_copy_io.h"

#define IMPORTED_DIR "sources"      //  in the home
#define COPIES_MAX   100000         //  numbers of an import's directory
#define WHY_MAX      5000

static void printf_like (4, 5)
fail (source_task_t *task, code_t code, const char *hint, const char *format, ...)
{
    char text [WHY_MAX];
    va_list arguments;
    va_start (arguments, format);
    vsnprintf (text, sizeof text, format, arguments);
    va_end (arguments);
    if (!task->failure)
        task->failure = reply_failure (code, hint, "%s", text);
}

//  ---- the list ----------------------------------------------------------------------------------

static bool
load (source_task_t *task)
{
    char why [WHY_MAX] = "";
    code_t code = source_file_read (task->owner->home, &task->list, why, sizeof why);
    if (code != OK)
        fail (task, code, "repair the file, or remove it and add the sources again", "%s", why);
    return code == OK;
}

static bool
is_listed (const source_task_t *task, const char *directory)
{
    for (unsigned i = 0; i < task->list.count; i++)
        if (strcmp (task->list.items [i]->directory, directory) == 0)
            return true;
    return false;
}

//  Directories of imports that no source is made of any more. What cannot go now goes later.
static void
sweep (const source_task_t *task)
{
    char path [PATH_MAX + 1];
    snprintf (path, sizeof path, "%s/" IMPORTED_DIR, task->owner->home);
    int fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd == -1 ? NULL : fdopendir (fd);
    if (!dir) {
        disk_close (&fd);
        return;
    }
    struct dirent *entry;
    while ((entry = readdir (dir))) {
        char place [PATH_MAX + sizeof entry->d_name + 2];
        snprintf (place, sizeof place, "%s/%s", path, entry->d_name);
        if (strcmp (entry->d_name, ".") != 0 && strcmp (entry->d_name, "..") != 0
            && !is_listed (task, place))
            (void) !disk_remove (fd, entry->d_name);
    }
    closedir (dir);
}

static bool
save (source_task_t *task)
{
    char why [WHY_MAX] = "";
    code_t code = source_file_write (task->owner->home, &task->list, why, sizeof why);
    if (code != OK)
        fail (task, code, "", "%s", why);
    else
        //  Only now: what the file still names must stay.
        sweep (task);
    task->changed = code == OK;
    return code == OK;
}

//  ---- one source --------------------------------------------------------------------------------

//  The copy of an URL's index, fetched anew when it may be and is old.
static void
look_at_web (const source_task_t *task, const char *url, bool asks, web_copy_t *copy)
{
    const web_copy_ask_t ask = {.cache = task->owner->cache,
                                .url = url,
                                .asks = asks,
                                .wall_s = task->wall_s,
                                .crypto = task->owner->crypto,
                                .job = task->job};
    web_copy_look (&ask, copy);
}

//  Count its packages, or say why it cannot be asked.
static void
look_at (const source_task_t *task, Ggen__Source *source)
{
    if (source->kind == GGEN__SOURCE_KIND__SOURCE_WEB) {
        web_copy_t copy;
        look_at_web (task, source->location, false, &copy);
        if (!*copy.directory) {
            reply_set_text (&source->problem, copy.why);
            return;
        }
        reply_set_text (&source->directory, copy.directory);
    }
    bool home = source->kind == GGEN__SOURCE_KIND__SOURCE_HOME;
    if (access (source->directory, R_OK | X_OK) != 0) {
        if (!home || errno != ENOENT)
            reply_set_text (&source->problem, strerror (errno));
        return;
    }
    bool ours = source->kind != GGEN__SOURCE_KIND__SOURCE_DIRECTORY;
    catalog_t *catalog
        = ours ? catalog_new (&(registry_file_settings_t) {.directory = source->directory, .looks = true},
                              task->owner->crypto)
               : catalog_new_foreign (source->directory, task->owner->crypto);
    Ggen__MetadataRequest request = GGEN__METADATA_REQUEST__INIT;
    catalog_call_t call = {.request = &request.base, .wall_s = task->wall_s, .job = task->job};
    if (catalog && catalog_metadata (catalog, &call) == OK)
        source->packages_count
            = (uint32_t) ((const Ggen__MetadataReply *) call.reply)->packages_count;
    if (call.reply)
        protobuf_c_message_free_unpacked (call.reply, NULL);
    catalog_destroy (&catalog);
}

static Ggen__Source *
shown (const source_task_t *task, const Ggen__Source *source)
{
    Ggen__Source *copy = source_new (source->name, source->kind, source->location,
                                     source->directory, source->added_at);
    if (copy)
        look_at (task, copy);
    return copy;
}

void
source_work_list (source_task_t *task)
{
    if (!load (task))
        return;
    if (source_list_add_url (&task->list, task->owner->url) != OK) {
        fail (task, BUSY, "", "out of memory");
        return;
    }
    Ggen__SourceListReply *reply = reply_new (&ggen__source_list_reply__descriptor);
    task->reply = &reply->base;
    reply->sources = calloc (task->list.count + 1, sizeof *reply->sources);
    Ggen__Source *home = source_new ("file", GGEN__SOURCE_KIND__SOURCE_HOME, task->owner->registry,
                                     task->owner->registry, 0);
    if (!reply->sources || !home) {
        fail (task, BUSY, "", "out of memory");
        ggen__source__free_unpacked (home, NULL);
        return;
    }
    look_at (task, home);
    reply->sources [reply->n_sources++] = home;
    for (unsigned i = 0; i < task->list.count; i++) {
        Ggen__Source *source = shown (task, task->list.items [i]);
        if (source)
            reply->sources [reply->n_sources++] = source;
    }
}

//  ---- add, remove -------------------------------------------------------------------------------

static bool
check_name (source_task_t *task, const char *name)
{
    if (source_name_is_valid (name))
        return true;
    fail (task, VALIDATION, "a name is 1 to 64 of a-z 0-9 . _ -, and none that means something else "
                            "(file, p2p, http, all, ...)",
          "'%.80s' cannot be the name of a source", name);
    return false;
}

static code_t
first_version (void *arg, const Ggen__Package *package)
{
    (void) package;
    *(bool *) arg = true;
    return CANCELLED;
}

//  Is this a registry directory?
static bool
check_directory (source_task_t *task, const char *name, const char *path)
{
    shelf_t *shelf;
    uint64_t generation = 0;
    int64_t wall_s;
    size_t damaged;
    bool any = false;
    if (path [0] != '/' || shelf_open_foreign (&shelf, path) != OK) {
        fail (task, VALIDATION, "a source is a registry directory, or an http(s) URL",
              "%s is no directory that can be read", path);
        return false;
    }
    code_t code = shelf_generation (shelf, &generation, &wall_s);
    if (code == OK && generation == 0) {
        code = shelf_walk (shelf, first_version, &any, &damaged);
        code = any ? OK : code;
    }
    shelf_close (&shelf);
    if (code == OK && (generation != 0 || any))
        return true;
    char index [PATH_MAX + 16], hint [PATH_MAX + 128];
    snprintf (index, sizeof index, "%s/index.json", path);
    snprintf (hint, sizeof hint, "its index can be taken over: ggen market registry import %s "
                                 "--name %s", index, name);
    fail (task, VALIDATION, access (index, R_OK) == 0 ? hint : "", "%s is no registry directory",
          path);
    return false;
}

//  Does its index answer?
static bool
check_url (source_task_t *task, const char *url)
{
    web_copy_t copy;
    look_at_web (task, url, true, &copy);
    if (copy.code == OK)
        return true;
    fail (task, copy.code, "an HTTP registry is a directory with an index.json, or another node's "
                           "http.listen",
          "%s", copy.why);
    return false;
}

static bool
insert (source_task_t *task, const char *name, Ggen__SourceKind kind, const char *location,
        const char *directory)
{
    Ggen__Source *source = source_new (name, kind, location, directory, task->wall_s);
    if (source && source_list_add (&task->list, source) == OK)
        return true;
    if (source)
        ggen__source__free_unpacked (source, NULL);
    fail (task, source ? VALIDATION : BUSY, "remove one: ggen market registry remove NAME",
          "a home has at most %d sources", SOURCE_LIST_MAX);
    return false;
}

void
source_work_add (source_task_t *task)
{
    const Ggen__SourceAddRequest *request = (const void *) task->request;
    char path [PATH_MAX] = "", registry [PATH_MAX];
    bool web = source_is_web (request->location);
    if (!check_name (task, request->name) || !load (task))
        return;
    if (strlen (request->location) > SOURCE_LOCATION_MAX) {
        fail (task, VALIDATION, "", "the location has more than %d bytes", SOURCE_LOCATION_MAX);
        return;
    }
    if (source_list_find (&task->list, request->name)) {
        fail (task, ALREADY_EXISTS, "see: ggen market registry list",
              "there is a source named %s already", request->name);
        return;
    }
    if (!web && !realpath (request->location, path))
        snprintf (path, sizeof path, "%s", request->location);
    if (!web && realpath (task->owner->registry, registry) && strcmp (path, registry) == 0) {
        fail (task, VALIDATION, "", "%s is the home's own registry, which is always asked", path);
        return;
    }
    if (!(web ? check_url (task, request->location) : check_directory (task, request->name, path))
        || !insert (task, request->name,
                    web ? GGEN__SOURCE_KIND__SOURCE_WEB : GGEN__SOURCE_KIND__SOURCE_DIRECTORY,
                    request->location, path)
        || !save (task))
        return;
    Ggen__SourceAddReply *reply = reply_new (&ggen__source_add_reply__descriptor);
    reply->source = shown (task, source_list_find (&task->list, request->name));
    task->reply = &reply->base;
}

void
source_work_remove (source_task_t *task)
{
    const Ggen__SourceRemoveRequest *request = (const void *) task->request;
    if (!load (task))
        return;
    Ggen__Source *source = source_list_take (&task->list, request->name);
    if (!source) {
        fail (task, PACKAGE_NOT_FOUND, "see: ggen market registry list",
              "there is no source named %s", request->name);
        return;
    }
    Ggen__SourceRemoveReply *reply = reply_new (&ggen__source_remove_reply__descriptor);
    reply->source = source;
    task->reply = &reply->base;
    if (save (task) && source->kind == GGEN__SOURCE_KIND__SOURCE_WEB)
        web_copy_drop (task->owner->cache, source->location);
}

//  ---- import ------------------------------------------------------------------------------------

//  The first "HOME/sources/NAME.N" that is free.
static bool
free_directory (source_task_t *task, const char *name, char path [PATH_MAX])
{
    char own [PATH_MAX + 1];
    AUTO (disk_close) int home
        = open (task->owner->home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int size = snprintf (own, sizeof own, "%s/" IMPORTED_DIR "/%s", task->owner->home, name);
    code_t code = home == -1 ? disk_code (errno) : disk_make_directories (home, IMPORTED_DIR);
    if (code != OK || size < 0 || size + 10 >= PATH_MAX) {
        fail (task, code == OK ? VALIDATION : code, "", "%s: %s", own,
              code == OK ? "the path is too long" : strerror (errno));
        return false;
    }
    for (unsigned i = 1; i < COPIES_MAX; i++) {
        snprintf (path, PATH_MAX, "%.*s.%u", PATH_MAX - 10, own, i);
        if (access (path, F_OK) != 0 && errno == ENOENT)
            return true;
    }
    fail (task, STORAGE, "", "%s.N: all numbers are taken", own);
    return false;
}

//  The directory is complete: from now on it is the source.
static bool
make_source (source_task_t *task, const Ggen__SourceImportRequest *request, const char *directory)
{
    Ggen__Source *old = source_list_find (&task->list, request->name);
    if (old) {
        reply_set_text (&old->location, request->path);
        reply_set_text (&old->directory, directory);
        old->added_at = task->wall_s;
    } else if (!insert (task, request->name, GGEN__SOURCE_KIND__SOURCE_IMPORTED, request->path,
                        directory))
        return false;
    return save (task);
}

void
source_work_import (source_task_t *task)
{
    const Ggen__SourceImportRequest *request = (const void *) task->request;
    char directory [PATH_MAX];
    Ggen__SourceImportReply *reply = NULL;
    if (!check_name (task, request->name) || !load (task))
        return;
    const Ggen__Source *old = source_list_find (&task->list, request->name);
    if (old && old->kind != GGEN__SOURCE_KIND__SOURCE_IMPORTED) {
        fail (task, ALREADY_EXISTS, "choose another one with --name",
              "there is a source named %s already, which was not imported", request->name);
        return;
    }
    sweep (task);
    if (!free_directory (task, request->name, directory))
        return;
    const import_t ask = {.path = request->path,
                          .directory = directory,
                          .wall_s = task->wall_s,
                          .crypto = task->owner->crypto,
                          .job = task->job};
    code_t code = request->path [0] == '/' ? import_run (&ask, &reply, &task->failure) : VALIDATION;
    if (code == OK) {
        task->reply = &reply->base;
        if (make_source (task, request, directory))
            reply->source = shown (task, source_list_find (&task->list, request->name));
    } else {
        fail (task, code, "", "%s is no absolute path", request->path);
        sweep (task);
    }
}

//  ---- sync --------------------------------------------------------------------------------------

//  The directory that 'from' names; NULL after fail (). 'copy' is where that of an URL is kept.
static const char *
find_directory (source_task_t *task, const char *from, web_copy_t *copy)
{
    const Ggen__Source *source = source_list_find (&task->list, from);
    bool url = strcmp (from, SOURCE_URL_NAME) == 0 && task->owner->url;
    if (url || (source && source->kind == GGEN__SOURCE_KIND__SOURCE_WEB)) {
        look_at_web (task, url ? task->owner->url : source->location, true, copy);
        if (copy->code == OK)
            return copy->directory;
        fail (task, copy->code, "", "%s", copy->why);
        return NULL;
    }
    if (strcmp (from, "file") == 0)
        return task->owner->registry;
    if (from [0] == '/')
        return check_directory (task, "NAME", from) ? from : NULL;
    if (!source)
        fail (task, PACKAGE_NOT_FOUND, "see: ggen market registry list",
              "there is no source named %s", from);
    else
        return source->directory;
    return NULL;
}

void
source_work_sync (source_task_t *task)
{
    const Ggen__SourceSyncRequest *request = (const void *) task->request;
    Ggen__SourceSyncReply *reply = NULL;
    if (!load (task))
        return;
    if (request->to [0] != '/') {
        fail (task, VALIDATION, "", "'%s' is no absolute directory", request->to);
        return;
    }
    web_copy_t copy;
    const char *from = find_directory (task, request->from, &copy);
    if (!from)
        return;
    const mirror_t ask = {.from = from,
                          .to = request->to,
                          .ids = request->ids,
                          .ids_count = request->n_ids,
                          .dry_run = request->dry_run,
                          .wall_s = task->wall_s,
                          .crypto = task->owner->crypto,
                          .job = task->job};
    if (mirror_run (&ask, &reply, &task->failure) == OK)
        task->reply = &reply->base;
}
