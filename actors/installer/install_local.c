// SPDX-License-Identifier: MIT
//  Directories and archives that the user named: they need no signature (SPEC 9).
#include "install.h"

#include "memory.h"

#include <stdlib.h>
#include <string.h>

static bool
is_archive (const char *path)
{
    static const char *const ends [] = {".tar.gz", ".tgz", ".tar.zst"};
    size_t size = strlen (path);
    for (size_t i = 0; i < COUNT_OF (ends); i++) {
        size_t end = strlen (ends [i]);
        if (size > end && strcmp (path + size - end, ends [i]) == 0)
            return true;
    }
    return false;
}

static void
set_bytes (ProtobufCBinaryData *field, ProtobufCBinaryData value)
{
    free (field->data);
    field->data = memory_new (value.len, 1);
    field->len = value.len;
    if (value.len > 0)
        memcpy (field->data, value.data, value.len);
}

static void
set_text (char **field, const char *value)
{
    if (*field != protobuf_c_empty_string)
        free (*field);
    *field = memory_strdup (value);
}

//  The archive is kept, so that verify --fix and later generations have the original. Without it
//  the installation goes on.
static void
on_kept (task_t *task, void *item, const answer_t *answer)
{
    if (answer->code != OK)
        task_warn (task, "%s: its archive is not kept: %s", ((const local_t *) item)->path,
                   answer->failure->message);
}

static void
keep_archive (task_t *task, local_t *local)
{
    Ggen__FetchSource source = GGEN__FETCH_SOURCE__INIT, *sources [] = {&source};
    Ggen__FetchRequest request = GGEN__FETCH_REQUEST__INIT;
    source.registry = "file";
    source.location = local->package->location;
    request.sources = sources;
    request.n_sources = 1;
    request.sha256 = local->package->sha256;
    request.size_bytes = local->package->size_bytes;
    request.subject = (char *) local->path;
    task_ask (task, "cache", &request.base, &ggen__fetch_reply__descriptor, on_kept, local, true);
}

static void
on_unpacked (task_t *task, void *item, const answer_t *answer)
{
    local_t *local = item;
    const Ggen__UnpackReply *reply = (const void *) answer->message;
    const char *archive = local->archive_path ? local->archive_path : local->path;
    if (!reply->manifest) {
        task_fail (task, VALIDATION, "", "%s: manifest: there is none in it", local->path);
        return;
    }
    Ggen__Package *package = task_package_of (task, reply->manifest, local->path, NULL);
    if (!package)
        return;
    set_bytes (&package->sha256, reply->sha256);
    package->size_bytes = reply->size_bytes;
    set_text (&package->source, "path");
    set_text (&package->location, archive);
    local->package = package;
    if (reply->files_sha256.len == sizeof local->files_sha256)
        memcpy (local->files_sha256, reply->files_sha256.data, sizeof local->files_sha256);
    gather_own (task, install_of (task)->gather, package);
    keep_archive (task, local);
}

static void
ask_unpack (task_t *task, local_t *local)
{
    Ggen__UnpackRequest request = GGEN__UNPACK_REQUEST__INIT;
    request.archive_path = (char *) (local->archive_path ? local->archive_path : local->path);
    request.root = (char *) task->root;
    request.subject = (char *) local->path;
    task->staged = true;
    task_ask (task, "store", &request.base, &ggen__unpack_reply__descriptor, on_unpacked, local,
              false);
}

static void
on_packed (task_t *task, void *item, const answer_t *answer)
{
    local_t *local = item;
    local->archive_path = memory_strdup (((const Ggen__PackReply *) answer->message)->archive_path);
    ask_unpack (task, local);
}

static void
on_manifest (task_t *task, void *item, const answer_t *answer)
{
    local_t *local = item;
    const Ggen__ReadManifestReply *reply = (const void *) answer->message;
    if (!reply->manifest) {
        task_lacks_manifest (task, local->path);
        return;
    }
    local->manifest = task_package_of (task, reply->manifest, local->path, NULL);
    if (!local->manifest)
        return;
    if (install_request (task)->dry_run) {
        Ggen__Package *package = local->manifest;
        local->manifest = NULL;
        local->package = package;
        set_text (&package->source, "path");
        gather_own (task, install_of (task)->gather, package);
        return;
    }
    Ggen__PackRequest request = GGEN__PACK_REQUEST__INIT;
    request.path = (char *) local->path;
    request.id = local->manifest->id;
    request.version = local->manifest->version;
    request.compression = "gzip";
    task->staged = true;
    task_ask (task, "store", &request.base, &ggen__pack_reply__descriptor, on_packed, local, false);
}

void
install_locals (task_t *task, task_step_fn *next)
{
    install_t *self = install_of (task);
    for (size_t i = 0; i < self->locals_count; i++) {
        local_t *local = &self->locals [i];
        if (!is_archive (local->path)) {
            Ggen__ReadManifestRequest request = GGEN__READ_MANIFEST_REQUEST__INIT;
            request.path = (char *) local->path;
            task_ask (task, "store", &request.base, &ggen__read_manifest_reply__descriptor,
                      on_manifest, local, false);
        }
        else if (install_request (task)->dry_run)
            task_fail (task, VALIDATION, "install it without --dry-run",
                       "%s: an archive tells what it is only when it is unpacked", local->path);
        else
            ask_unpack (task, local);
    }
    task_then (task, next);
}
