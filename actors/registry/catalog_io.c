// SPDX-License-Identifier: MIT
//  Opening, and what all calls need.
#include "actors/registry/catalog_self_io.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/host/job.h"
#include "runtime/host/log.h"

catalog_t *
catalog_new (const registry_file_settings_t *settings, const crypto_t *crypto)
{
    assert (settings->directory [0] == '/');
    catalog_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->writable = settings->writable;
    self->looks = settings->looks;
    self->lock_attempt_ms = settings->lock_attempt_ms ? settings->lock_attempt_ms
                                                      : SHELF_LOCK_ATTEMPT_MS;
    self->crypto = crypto;
    self->directory = strdup (settings->directory);
    if (!self->directory)
        catalog_destroy (&self);
    return self;
}

catalog_t *
catalog_new_foreign (const char *directory, const crypto_t *crypto)
{
    const registry_file_settings_t settings = {.directory = directory};
    catalog_t *self = catalog_new (&settings, crypto);
    if (self)
        self->foreign = true;
    return self;
}

bool
catalog_has_lost (const catalog_t *self)
{
    return self->has_lost;
}

static void
close_all (catalog_t *self)
{
    index_close (&self->index);
    shelf_close (&self->shelf);
    self->in_memory = false;
}

void
catalog_destroy (catalog_t **self_p)
{
    catalog_t *self = *self_p;
    if (!self)
        return;
    close_all (self);
    free (self->warning);
    free (self->directory);
    free (self);
    *self_p = NULL;
}

code_t
catalog_fail (catalog_call_t *call, Ggen__Failure *failure)
{
    call->failure = failure;
    return failure->code;
}

//  What a person can do about a code of the disk.
static const char *
hint_of (code_t code)
{
    switch (code) {
        case LOCK_TIMEOUT:
        case BUSY:
            return "another process is using the registry; try again when it has finished";
        case PERMISSION_DENIED:
            return "check who owns the registry directory and its files";
        case INSUFFICIENT_DISK_SPACE:
            return "free some space on the disk";
        case ALREADY_EXISTS:
            return "choose a version, or a name, that is free";
        case FEATURE_NOT_ENABLED:
            return "install SQLite (libsqlite3-0)";
        case STORAGE:
            return "try again; if the disk fails, the system's log tells more";
        default:
            return "";
    }
}

code_t
catalog_shelf_failed (const catalog_t *self, catalog_call_t *call, code_t code)
{
    return catalog_fail (call, reply_failure (code, hint_of (code), "%s",
                                              shelf_error (self->shelf)));
}

code_t
catalog_index_failed (const catalog_t *self, catalog_call_t *call, code_t code)
{
    return catalog_fail (call, reply_failure (code, hint_of (code), "%s",
                                              index_error (self->index)));
}

//  Takes a text that the next answer should tell.
void
catalog_keep_warning (catalog_t *self, char *text)
{
    char *both = NULL;
    if (!text)
        return;
    if (self->warning && asprintf (&both, "%s; %s", self->warning, text) >= 0) {
        free (text);
        text = both;
    }
    free (self->warning);
    self->warning = text;
}

static code_t
open_foreign_index (catalog_t *self, char **warning_p)
{
    self->in_memory = true;
    return self->index ? index_refresh (self->index, warning_p)
                       : index_open_in_memory (&self->index, self->shelf, warning_p);
}

//  On disk, or where that is refused in memory.
static code_t
open_index (catalog_t *self, char **warning_p)
{
    if (self->foreign)
        return open_foreign_index (self, warning_p);
    code_t code = self->index ? index_refresh (self->index, warning_p)
                              : index_open (&self->index, self->shelf, warning_p);
    if (self->in_memory || (code != PERMISSION_DENIED && code != INSUFFICIENT_DISK_SPACE))
        return code;
    //  One that may only be read is meant to be so.
    if (!self->looks)
        log_line (code == PERMISSION_DENIED ? LEVEL_INFO : LEVEL_WARN, "registry_file.index_in_memory",
                  "directory=%s code=%s", self->directory, code_name (code));
    index_close (&self->index);
    free (*warning_p);
    code = index_open_in_memory (&self->index, self->shelf, warning_p);
    self->in_memory = code == OK;
    return code;
}

static code_t
open_shelf (catalog_t *self)
{
    //  Copied anew, it is another directory by the same name.
    if (self->foreign && self->shelf && !shelf_is_there (self->shelf))
        close_all (self);
    if (self->shelf)
        return OK;
    return self->foreign ? shelf_open_foreign (&self->shelf, self->directory)
           : self->looks ? shelf_open_to_look (&self->shelf, self->directory)
                         : shelf_open (&self->shelf, self->directory);
}

//  Making an index anew takes 0.1 ms a version: who asked is told that it goes on.
static void
tell_progress (void *job, uint64_t done, uint64_t total)
{
    job_progress (job, "index", "", done, total, "packages");
}

void
catalog_watch (catalog_t *self, job_t *job)
{
    shelf_watch (self->shelf, job ? tell_progress : NULL, job);
}

code_t
catalog_open (catalog_t *self, catalog_call_t *call)
{
    if (!self->writable && !self->foreign && access (self->directory, F_OK) != 0
        && errno == ENOENT) {
        close_all (self);
        return OK;
    }
    code_t code = open_shelf (self);
    if (code != OK)
        return catalog_fail (call, reply_failure (code, hint_of (code), "%s cannot be opened",
                                                  self->directory));
    char *warning = NULL;
    catalog_watch (self, call->job);
    code = open_index (self, &warning);
    catalog_watch (self, NULL);
    if (code == OK)
        catalog_keep_warning (self, warning);
    else {
        catalog_fail (call, reply_failure (code, hint_of (code), "%s",
                                           self->index ? index_error (self->index)
                                           : warning   ? warning
                                                       : "no memory"));
        free (warning);
    }
    return code;
}

code_t
catalog_open_to_change (catalog_t *self, catalog_call_t *call)
{
    if (!self->writable)
        return catalog_fail (call, reply_failure (PERMISSION_DENIED, "",
                                                  "%s is open for reading only",
                                                  self->directory));
    if (self->in_memory) {
        index_close (&self->index);
        self->in_memory = false;
    }
    return catalog_open (self, call);
}

code_t
catalog_answer (catalog_t *self, catalog_call_t *call, void *reply)
{
    call->reply = reply;
    if (self->warning && reply_add_text (call->reply, "warnings", self->warning)) {
        free (self->warning);
        self->warning = NULL;
    }
    return OK;
}
