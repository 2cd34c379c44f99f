// SPDX-License-Identifier: MIT
//  Calls that change the registry. Everything is judged before the lock is taken; what goes wrong
//  after a rename is a warning, for the change is true by then and the index finds out by itself.
#include "actors/registry/catalog_self_io.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/registry/archive_io.h"
#include "actors/registry/disk_io.h"
#include "actors/registry/publication.h"
#include "messages/package_id.h"
#include "runtime/host/job.h"
#include "runtime/host/log.h"

#define LOCK_SLICE_MS 20        //  between two looks at whether to stop

static code_t
cancelled (catalog_call_t *call)
{
    return catalog_fail (call, reply_failure (CANCELLED, "", "cancelled"));
}

//  ---- the lock

typedef struct {
    catalog_call_t *call;
    unsigned attempt_ms;
    unsigned waited_ms;
    unsigned told;              //  attempts that the asker knows of
    int pid;
} waiting_t;

static void
on_waiting (void *arg, int pid, unsigned attempt, unsigned attempts)
{
    (void) attempt;
    (void) attempts;
    waiting_t *self = arg;
    char subject [80];
    self->pid = pid;
    if (self->waited_ms / self->attempt_ms < self->told)
        return;
    snprintf (subject, sizeof subject, "another installation in progress (pid %d)", pid);
    job_progress (self->call->job, "waiting", subject, ++self->told, SHELF_LOCK_ATTEMPTS,
                  "attempts");
}

//  Waits as SPEC 6, S3 says, in slices: who waits may also be cancelled.
code_t
catalog_lock (catalog_t *self, catalog_call_t *call)
{
    const unsigned wait_ms = SHELF_LOCK_ATTEMPTS * self->lock_attempt_ms;
    waiting_t waiting = {.call = call, .attempt_ms = self->lock_attempt_ms};
    for (; waiting.waited_ms < wait_ms; waiting.waited_ms += LOCK_SLICE_MS) {
        code_t code = shelf_lock (self->shelf, 1, LOCK_SLICE_MS, on_waiting, &waiting);
        if (code == OK)
            return OK;
        if (code != LOCK_TIMEOUT)
            return catalog_shelf_failed (self, call, code);
        if (job_cancelled (call->job))
            return cancelled (call);
    }
    Ggen__Failure *failure = reply_failure (
        LOCK_TIMEOUT, "try again when it has finished",
        "%s/.lock is held by pid %d, waited %u ms", self->directory, waiting.pid, wait_ms);
    reply_add_detail (failure, "path", "%s/.lock", self->directory);
    reply_add_detail (failure, "waited", "%u ms", wait_ms);
    reply_add_detail (failure, "pid", "%d", waiting.pid);
    return catalog_fail (call, failure);
}

void
catalog_follow (catalog_t *self, const char *id, const char *version, const char **warning_p)
{
    *warning_p = NULL;
    if (index_update (self->index, id, version) != OK || index_write_json (self->index) != OK)
        *warning_p = index_error (self->index);
}

//  ---- publish

//  Everything about a request that can be judged without the registry. *format_p is the archive's.
static code_t
judge (const catalog_t *self, catalog_call_t *call, const char **format_p)
{
    const Ggen__PublishRequest *request = (const void *) call->request;
    archive_t archive;
    Ggen__Failure *failure = publication_check_shape (request);
    if (failure)
        return catalog_fail (call, failure);
    failure = publication_check_records (request, self->crypto, format_p);
    if (failure)
        return catalog_fail (call, failure);
    int error = archive_read (&archive, request->archive_path, call->job);
    if (error == ECANCELED)
        return cancelled (call);
    if (error != 0)
        return catalog_fail (
            call, reply_failure (error == ENOENT || error == EINVAL ? VALIDATION
                                                                    : disk_code (error),
                                 "", "%s cannot be read: %s", request->archive_path,
                                 error == EINVAL ? "it is no file" : strerror (error)));
    failure = publication_check_archive (request, &archive.digest, archive.size_bytes);
    if (failure)
        return catalog_fail (call, failure);
    if (!*format_p)
        *format_p = archive.format;
    return OK;
}

static code_t
not_theirs (catalog_call_t *call, const Ggen__Package *stored)
{
    publisher_key_t owner;
    char text [PUBLISHER_KEY_TEXT_SIZE + 1] = "somebody unknown: its record is damaged";
    if (publication_owner (stored, &owner) == OWNER_KEY)
        publisher_key_to_text (&owner, text);
    return catalog_fail (
        call, reply_failure (PERMISSION_DENIED, "use the key it was published with",
                             "%s@%s belongs to %s", stored->id, stored->version, text));
}

//  Is it what damage has left of these very bytes? Then its release does not tell whose it was.
static bool
is_left_of (const catalog_t *self, Ggen__Package *stored, const Ggen__Package *package)
{
    Ggen__PublishRequest request = GGEN__PUBLISH_REQUEST__INIT;
    const char *format;
    request.package = stored;
    if (stored->sha256.len != package->sha256.len
        || memcmp (stored->sha256.data, package->sha256.data, stored->sha256.len) != 0)
        return false;
    Ggen__Failure *failure = publication_check_records (&request, self->crypto, &format);
    if (failure)
        ggen__failure__free_unpacked (failure, NULL);
    return failure != NULL;
}

//  A version is replaced by its publisher only.
static code_t
check_replaced (catalog_t *self, catalog_call_t *call)
{
    const Ggen__PublishRequest *request = (const void *) call->request;
    publisher_key_t key;
    Ggen__Package *stored;
    //  What is not there, or cannot be read, belongs to nobody.
    if ((!request->force && !request->again)
        || shelf_peek (self->shelf, request->package->id, request->package->version, &stored)
               != OK)
        return OK;
    ProtobufCBinaryData ours = {0};
    if (publication_owner (request->package, &key) == OWNER_KEY)
        ours = publisher_key_to_field (&key);
    code_t code = publication_may_change (stored, ours)
                          || (request->again && is_left_of (self, stored, request->package))
                      ? OK
                      : not_theirs (call, stored);
    ggen__package__free_unpacked (stored, NULL);
    return code;
}

static char *
location_of (catalog_t *self, const Ggen__Package *package)
{
    Ggen__Package *stored;
    if (shelf_peek (self->shelf, package->id, package->version, &stored) != OK)
        return NULL;
    char *location = strdup (stored->location);
    ggen__package__free_unpacked (stored, NULL);
    return location;
}

//  Under the lock.
static code_t
put (catalog_t *self, catalog_call_t *call, const char *format)
{
    const Ggen__PublishRequest *request = (const void *) call->request;
    const Ggen__Package *package = request->package;
    shelf_put_t item = {
        .package = package,
        .archive_path = request->archive_path,
        .archive_format = format,
        .manifest = {request->manifest.data, request->manifest.len},
        .manifest_name = request->manifest_name [0] ? request->manifest_name : NULL,
        .minisig = request->minisig [0] ? request->minisig : NULL,
        .force = request->force,
        .again = request->again,
        .wall_s = call->wall_s,
    };
    bool already_there;
    code_t code = check_replaced (self, call);
    if (code != OK)
        return code;
    code = shelf_put (self->shelf, &item, &already_there);
    if (code != OK)
        return catalog_shelf_failed (self, call, code);
    const char *warning;
    catalog_follow (self, package->id, package->version, &warning);
    Ggen__PublishReply *reply = reply_new (&ggen__publish_reply__descriptor);
    char *location = location_of (self, package);
    reply->already_there = already_there;
    reply->acknowledged = 1;
    if (location)
        reply_set_text (&reply->location, location);
    free (location);
    if (warning)
        reply_add_text (&reply->base, "warnings", warning);
    return catalog_answer (self, call, reply);
}

code_t
catalog_publish (catalog_t *self, catalog_call_t *call)
{
    const char *format = NULL;
    code_t code = catalog_open_to_change (self, call);
    if (code == OK)
        code = judge (self, call, &format);
    if (code == OK)
        code = catalog_lock (self, call);
    if (code != OK)
        return code;
    code = put (self, call, format);
    shelf_unlock (self->shelf);
    return code;
}

//  ---- delete

//  Under the lock.
static code_t
take_out (catalog_t *self, catalog_call_t *call)
{
    const Ggen__DeleteRequest *request = (const void *) call->request;
    Ggen__Package *stored;
    code_t code = shelf_peek (self->shelf, request->id, request->version, &stored);
    if (code == PACKAGE_NOT_FOUND)
        return catalog_no_version (self, call, request->id, request->version);
    if (code != OK)
        return catalog_shelf_failed (self, call, code);
    code = publication_may_change (stored, request->publisher_key) ? OK
                                                                   : not_theirs (call, stored);
    ggen__package__free_unpacked (stored, NULL);
    if (code != OK)
        return code;
    code = shelf_delete (self->shelf, request->id, request->version, call->wall_s);
    if (code != OK)
        return catalog_shelf_failed (self, call, code);
    const char *warning;
    catalog_follow (self, request->id, request->version, &warning);
    if (warning)
        log_warn ("registry_file.index_behind", "id=%s why=%s", request->id, warning);
    shelf_sweep (self->shelf);
    return catalog_answer (self, call, reply_new (&ggen__delete_reply__descriptor));
}

code_t
catalog_delete (catalog_t *self, catalog_call_t *call)
{
    code_t code = catalog_open_to_change (self, call);
    if (code == OK)
        code = catalog_lock (self, call);
    if (code != OK)
        return code;
    code = take_out (self, call);
    shelf_unlock (self->shelf);
    return code;
}

//  ---- downloads

code_t
catalog_installed (catalog_t *self, catalog_call_t *call)
{
    const Ggen__InstalledRequest *request = (const void *) call->request;
    code_t code = catalog_open_to_change (self, call);
    if (code != OK)
        return code;
    for (size_t i = 0; i < request->n_ids; i++)
        if (!package_id_valid (request->ids [i]))
            return catalog_fail (call, reply_failure (VALIDATION, "", "'%.*s' is no package id",
                                                      PACKAGE_ID_MAX, request->ids [i]));
    code = index_count_downloads (self->index, request->ids, request->n_ids);
    if (code != OK)
        code = catalog_index_failed (self, call, code);
    else
        call->reply = reply_new (&ggen__installed_reply__descriptor);
    return code;
}
