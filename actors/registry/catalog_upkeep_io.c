// SPDX-License-Identifier: MIT
//  What keeping a home in order asks of the file registry.
#include "actors/registry/catalog_self_io.h"
#include "actors/registry/stored_io.h"

#include "messages/digest.h"
#include "runtime/actor/map.h"
#include "upkeep.pb-c.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

//  ---- the indexes

code_t
catalog_reindex (catalog_t *self, catalog_call_t *call)
{
    code_t code = catalog_open_to_change (self, call);
    if (code == OK)
        code = catalog_lock (self, call);
    if (code != OK)
        return code;
    char *warning = NULL;
    Ggen__ReindexReply *reply = reply_new (&ggen__reindex_reply__descriptor);
    catalog_watch (self, call->job);
    code = index_rebuild (self->index, &warning);
    catalog_watch (self, NULL);
    catalog_keep_warning (self, warning);
    if (code == OK)
        code = index_count (self->index, &reply->packages_count);
    shelf_unlock (self->shelf);
    if (code == OK)
        return catalog_answer (self, call, reply);
    ggen__reindex_reply__free_unpacked (reply, NULL);
    return catalog_index_failed (self, call, code);
}

//  ---- one version

//  What is wrong with it as it lies there, or NULL.
static Ggen__Failure *
find_fault (const catalog_t *self, catalog_call_t *call, stored_t *stored)
{
    const Ggen__CheckVersionRequest *request = (const void *) call->request;
    const ProtobufCBinaryData *digest = &stored->package->sha256;
    const char *location = stored->package->location;
    //  An archive that lies elsewhere is not ours to look at.
    if (*location && *location != '/')
        return NULL;
    if (!*location)
        return reply_failure (CHECKSUM_MISMATCH, "", "its archive is gone");
    if (digest->len != request->sha256.len
        || memcmp (digest->data, request->sha256.data, digest->len) != 0)
        return reply_failure (CHECKSUM_MISMATCH, "", "it has another digest than the index says");
    return stored_judge (stored, self->crypto, request->bytes ? call->job : NULL);
}

code_t
catalog_check_version (catalog_t *self, catalog_call_t *call)
{
    const Ggen__CheckVersionRequest *request = (const void *) call->request;
    code_t code = catalog_open (self, call);
    if (code != OK)
        return code;
    AUTO (stored_clear) stored_t stored = {.package = NULL};
    code = self->shelf ? stored_read (&stored, self->shelf, request->id, request->version)
                       : PACKAGE_NOT_FOUND;
    if (code == PACKAGE_NOT_FOUND)
        return catalog_no_version (self, call, request->id, request->version);
    if (code != OK && code != SERIALIZATION)
        return catalog_shelf_failed (self, call, code);
    Ggen__Failure *fault = code == OK ? find_fault (self, call, &stored) : NULL;
    if (fault && fault->code == CANCELLED)
        return catalog_fail (call, fault);
    Ggen__CheckVersionReply *reply = reply_new (&ggen__check_version_reply__descriptor);
    if (fault || code != OK)
        reply_set_text (&reply->fault, fault ? fault->message : shelf_error (self->shelf));
    if (fault)
        ggen__failure__free_unpacked (fault, NULL);
    return catalog_answer (self, call, reply);
}

//  ---- archives

//  Digests that are asked about, in a map to their places in the request plus one.
typedef struct {
    map_t *wanted;
    Ggen__HasArchivesReply *reply;
} search_t;

static bool
is_there (const Ggen__Package *package)
{
    struct stat info;
    return stat (package->location, &info) == 0 && S_ISREG (info.st_mode)
           && (uint64_t) info.st_size == package->size_bytes;
}

static code_t
visit (void *search_, const Ggen__Package *package)
{
    search_t *search = search_;
    const ProtobufCBinaryData key = package->sha256;
    uintptr_t place = (uintptr_t) map_get (search->wanted, key.data, key.len);
    if (place == 0 || !is_there (package))
        return OK;
    map_remove (search->wanted, key.data, key.len);
    search->reply->found [search->reply->n_found++] = (uint32_t) (place - 1);
    return OK;
}

static code_t
look_for (catalog_t *self, const Ggen__HasArchivesRequest *request, search_t *search)
{
    search->wanted = map_new ((uint32_t) request->n_sha256 + 1, 0);
    search->reply->found = calloc (request->n_sha256 + 1, sizeof *search->reply->found);
    if (!search->wanted || !search->reply->found)
        return BUSY;
    for (size_t i = 0; i < request->n_sha256; i++) {
        const ProtobufCBinaryData key = request->sha256 [i];
        //  One that is asked about twice is found once: the asker has them from a list without.
        code_t code = map_put (search->wanted, key.data, key.len, (void *) (uintptr_t) (i + 1));
        if (code != OK)
            return code;
    }
    size_t damaged;
    return shelf_walk (self->shelf, visit, search, &damaged);
}

code_t
catalog_has_archives (catalog_t *self, catalog_call_t *call)
{
    code_t code = catalog_open (self, call);
    if (code != OK)
        return code;
    search_t search = {.reply = reply_new (&ggen__has_archives_reply__descriptor)};
    if (self->shelf)
        code = look_for (self, (const void *) call->request, &search);
    map_destroy (&search.wanted);
    if (code == OK)
        return catalog_answer (self, call, search.reply);
    ggen__has_archives_reply__free_unpacked (search.reply, NULL);
    return catalog_shelf_failed (self, call, code);
}
