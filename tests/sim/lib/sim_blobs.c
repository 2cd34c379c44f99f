// SPDX-License-Identifier: MIT
#include "sim_blobs.h"

#include "cache.pb-c.h"
#include "many.h"
#include "many.pb-c.h"
#include "runtime/actor/out.h"
#include "sim_disk.h"

#include <stdio.h>
#include <string.h>

#define LIST_MAX 256            //  blobs told of; those beyond are found when they are asked for

static void *
create (const actor_env_t *env)
{
    return (void *) env->settings;
}

static void
destroy (void *self)
{
    (void) self;
}

static bool
path_of (ProtobufCBinaryData field, char path[SIM_PATH_MAX], digest_t *digest)
{
    char hex[DIGEST_HEX_SIZE + 1];
    if (digest_from_field (digest, field) != OK)
        return false;
    digest_to_hex (digest, hex);
    snprintf (path, SIM_PATH_MAX, SIM_BLOBS "%s", hex);
    return true;
}

//  A file that is no longer what its name says is as good as none, and goes.
static bool
is_whole (sim_disk_t *disk, const char *path, const digest_t *digest)
{
    digest_t found;
    if (!sim_disk_sha256 (disk, path, &found))
        return false;
    if (digest_equal (&found, digest))
        return true;
    sim_disk_remove (disk, path);
    return false;
}

static bool
is_whole_source (sim_disk_t *disk, const char *path, const digest_t *digest)
{
    digest_t found;
    return sim_disk_sha256 (disk, path, &found) && digest_equal (&found, digest);
}

static code_t
on_find (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    const Ggen__BlobFindRequest *find = (const void *) message;
    Ggen__BlobFindReply reply = GGEN__BLOB_FIND_REPLY__INIT;
    char path[SIM_PATH_MAX];
    digest_t digest;
    bytes_t content;
    if (!path_of (find->sha256, path, &digest))
        return VALIDATION;
    if (is_whole (self, path, &digest) && sim_disk_read (self, path, &content)) {
        reply.found = true;
        reply.path = path;
        reply.size_bytes = content.size;
    }
    return out_reply (at, &reply.base);
}

static code_t
on_import (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    const Ggen__BlobImportRequest *import = (const void *) message;
    Ggen__BlobImportReply reply = GGEN__BLOB_IMPORT_REPLY__INIT;
    char path[SIM_PATH_MAX];
    digest_t digest, found;
    bytes_t content;
    if (!path_of (import->sha256, path, &digest))
        return VALIDATION;
    if (!sim_disk_read (self, import->path, &content))
        return out_fail (at, STORAGE, "", "%s: there is no such file", import->path);
    sim_disk_sha256 (self, import->path, &found);
    if (!digest_equal (&found, &digest)
        || (import->size_bytes > 0 && import->size_bytes != content.size))
        return out_fail (at, CHECKSUM_MISMATCH, "", "%s: other bytes", import->path);
    reply.path = path;
    reply.size_bytes = content.size;
    sim_disk_write (self, path, content.data, content.size);
    return out_reply (at, &reply.base);
}

static code_t
on_take_many (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    const Ggen__BlobTakeManyRequest *take = (const void *) message;
    Ggen__BlobTaken taken[MANY_FETCHES_MAX], *list[MANY_FETCHES_MAX];
    Ggen__BlobTakeManyReply reply = GGEN__BLOB_TAKE_MANY_REPLY__INIT;
    char paths[MANY_FETCHES_MAX][SIM_PATH_MAX];
    reply.blobs = list;
    for (size_t i = 0; i < take->n_blobs && i < MANY_FETCHES_MAX; i++) {
        const Ggen__BlobImportRequest *import = take->blobs[i];
        Ggen__BlobTaken *one = list[reply.n_blobs++] = &taken[i];
        digest_t digest;
        bytes_t content;
        ggen__blob_taken__init (one);
        if (!path_of (import->sha256, paths[i], &digest))
            return VALIDATION;
        one->found = is_whole (self, paths[i], &digest);
        if (!one->found && is_whole_source (self, import->path, &digest)
            && sim_disk_read (self, import->path, &content))
            sim_disk_write (self, paths[i], content.data, content.size);
        if (!sim_disk_read (self, paths[i], &content)
            || (import->size_bytes > 0 && import->size_bytes != content.size))
            continue;
        one->path = paths[i];
        one->size_bytes = content.size;
    }
    return out_reply (at, &reply.base);
}

static code_t
on_remove (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    Ggen__BlobRemoveReply reply = GGEN__BLOB_REMOVE_REPLY__INIT;
    char path[SIM_PATH_MAX];
    digest_t digest;
    bytes_t content;
    if (!path_of (((const Ggen__BlobRemoveRequest *) message)->sha256, path, &digest))
        return VALIDATION;
    if (sim_disk_read (self, path, &content))
        reply.freed_bytes = content.size;
    sim_disk_remove (self, path);
    return out_reply (at, &reply.base);
}

static code_t
on_list (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) message;
    digest_t digests[LIST_MAX];
    Ggen__BlobEntry entries[LIST_MAX], *list[LIST_MAX];
    Ggen__BlobListReply reply = GGEN__BLOB_LIST_REPLY__INIT;
    reply.blobs = list;
    size_t cursor = 0;
    const char *path;
    while (reply.n_blobs < LIST_MAX && (path = sim_disk_next (self, SIM_BLOBS, &cursor)) != NULL) {
        Ggen__BlobEntry *entry = &entries[reply.n_blobs];
        digest_t *digest = &digests[reply.n_blobs];
        bytes_t content;
        if (digest_from_hex (digest, path + strlen (SIM_BLOBS)) != OK
            || !sim_disk_read (self, path, &content))
            continue;
        ggen__blob_entry__init (entry);
        entry->sha256 = digest_to_field (digest);
        entry->size_bytes = content.size;
        list[reply.n_blobs++] = entry;
    }
    return out_reply (at, &reply.base);
}

static const handler_t rows[] = {
    {&ggen__blob_find_request__descriptor, on_find, THIS_NODE},
    {&ggen__blob_import_request__descriptor, on_import, THIS_NODE},
    {&ggen__blob_take_many_request__descriptor, on_take_many, THIS_NODE},
    {&ggen__blob_remove_request__descriptor, on_remove, THIS_NODE},
    {&ggen__blob_list_request__descriptor, on_list, THIS_NODE},
    {0},
};

const actor_class_t sim_blobs_actor = {
    .name = "blobs", .create = create, .destroy = destroy, .rows = rows};
