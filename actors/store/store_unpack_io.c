// SPDX-License-Identifier: MIT
//  From an archive to a tree that waits for its commit.
#include "store_call_io.h"

#include "archive_digest_io.h"
#include "archive_dl.h"
#include "beneath_io.h"
#include "commit_io.h"
#include "many.h"
#include "sandbox_io.h"
#include "stamps_io.h"
#include "tree_io.h"
#include "unpack_io.h"

#include "many.pb-c.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

//  ---- beforehand ----------------------------------------------------------------------------------

//  Loading the libraries takes milliseconds. Whoever unpacks tells when one is not to be had.
code_t
store_prepare (store_call_t *call)
{
    char why [REFUSAL_TEXT_MAX];
    AUTO (sha256_destroy) sha256_t *hasher = sha256_new ();
    (void) hasher;
    (void) !archive_dl_load (why, sizeof why);
    Ggen__PrepareReply *reply = malloc (sizeof *reply);
    ggen__prepare_reply__init (reply);
    call->reply = &reply->base;
    return OK;
}

//  ---- one archive ---------------------------------------------------------------------------------

//  SPEC 9: the digest of the bytes comes before unpacking.
static code_t
check_archive (store_call_t *call, const Ggen__UnpackRequest *request, int fd,
               uint8_t sha256 [SHA256_SIZE], uint64_t *size_p)
{
    const char *name = request->archive_path;
    if (request->sha256.len == 0)
        return archive_digest (fd, name, call->store->settings->limits.packed_bytes, sha256, size_p,
                               &call->refusal);
    if (request->sha256.len != SHA256_SIZE)
        return VALIDATION;
    memcpy (sha256, request->sha256.data, SHA256_SIZE);
    *size_p = request->size_bytes;
    return archive_digest_check (fd, name, request->size_bytes, sha256, &call->refusal);
}

static code_t
write_files (int dirfd, const file_list_t *files, refusal_t *refusal)
{
    size_t size;
    char *text = file_list_format (files, &size);
    int fd = text ? openat (dirfd, "files", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444) : -1;
    bool written = fd >= 0 && beneath_write_all (fd, text, size);
    int error = text ? errno : ENOMEM;
    if (fd >= 0)
        close (fd);
    free (text);
    return written ? OK : refusal_system (refusal, error, "files", "write");
}

static code_t
expect_files (store_call_t *call, const Ggen__UnpackRequest *request, const unpacked_t *unpacked)
{
    if (request->files_sha256.len == 0
        || (request->files_sha256.len == SHA256_SIZE
            && memcmp (request->files_sha256.data, unpacked->files_sha256, SHA256_SIZE) == 0))
        return OK;
    refusal_set (&call->refusal, REFUSED_MANIFEST, request->subject, strlen (request->subject),
                 "its files are not the ones that were signed");
    return SECURITY;
}

static Ggen__UnpackReply *
make_reply (const unpacked_t *unpacked, Ggen__Manifest *manifest,
            const uint8_t sha256 [SHA256_SIZE], uint64_t size_bytes)
{
    Ggen__UnpackReply *reply = malloc (sizeof *reply);
    ggen__unpack_reply__init (reply);
    store_set_bytes (&reply->files_sha256, unpacked->files_sha256, SHA256_SIZE);
    store_set_bytes (&reply->sha256, sha256, SHA256_SIZE);
    reply->files_count = unpacked->files_count;
    reply->unpacked_bytes = unpacked->unpacked_bytes;
    reply->size_bytes = size_bytes;
    reply->manifest = manifest;
    return reply;
}

//  Fill the instance 'dirfd' (in the making) from the archive.
static code_t
fill_instance (store_call_t *call, const Ggen__UnpackRequest *request, int archive, int dirfd,
               unpacked_t *unpacked, Ggen__UnpackReply **reply_p)
{
    uint8_t sha256 [SHA256_SIZE];
    uint64_t size_bytes;
    Ggen__Manifest *manifest = NULL;
    unpack_options_t options = {.limits = call->store->settings->limits,
                                .progress = store_progress,
                                .argument = call};
    call->subject = request->subject;
    code_t code = check_archive (call, request, archive, sha256, &size_bytes);
    if (code == OK)
        code = unpack_archive (archive, size_bytes, dirfd, "tree", &options, unpacked,
                               &call->refusal);
    if (code)
        return code;
    code = expect_files (call, request, unpacked);
    int tree = openat (dirfd, "tree", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (code == OK && tree < 0)
        code = refusal_system (&call->refusal, errno, "tree", "open");
    if (code == OK)
        code = store_manifest_in (tree, request->subject, options.limits.manifest_bytes, &manifest,
                                  &call->refusal);
    if (tree >= 0)
        close (tree);
    if (code == OK)
        code = write_files (dirfd, unpacked->files, &call->refusal);
    if (code == OK)
        code = stamps_create (dirfd, "stamps", unpacked->files, unpacked->files_sha256,
                              &call->refusal);
    if (code == OK)
        *reply_p = make_reply (unpacked, manifest, sha256, size_bytes);
    else if (manifest)
        ggen__manifest__free_unpacked (manifest, NULL);
    return code;
}

static code_t
unpack_into (store_call_t *call, const Ggen__UnpackRequest *request, int archive,
             const place_t *place, Ggen__UnpackReply **reply_p)
{
    store_t *store = call->store;
    staged_t staged = {.root = request->root};
    pthread_mutex_lock (&store->mutex);
    store_temporary (store, staged.name);
    pthread_mutex_unlock (&store->mutex);
    code_t code = OK;
    int made = mkdirat (place->store_fd, staged.name, 0755);
    if (made != 0 && errno == EEXIST) {
        code = tree_remove (place->store_fd, staged.name, &call->refusal);
        made = code ? -1 : mkdirat (place->store_fd, staged.name, 0755);
    }
    if (code)
        return code;
    if (made != 0)
        return refusal_system (&call->refusal, errno, staged.name, "create directory");
    int dirfd = openat (place->store_fd, staged.name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dirfd < 0)
        return refusal_system (&call->refusal, errno, staged.name, "open directory");
    unpacked_t unpacked = {0};
    code = fill_instance (call, request, archive, dirfd, &unpacked, reply_p);
    close (dirfd);
    if (code == OK) {
        memcpy (staged.files_sha256, unpacked.files_sha256, SHA256_SIZE);
        pthread_mutex_lock (&store->mutex);
        code = store_stage (store, &staged);
        pthread_mutex_unlock (&store->mutex);
    }
    if (code && tree_remove (place->store_fd, staged.name, NULL) != OK)
        call->hint = "the next installation removes what is left";
    if (unpacked.files)
        unpacked_done (&unpacked);
    return code;
}

static code_t
unpack (store_call_t *call, const Ggen__UnpackRequest *request, const place_t *place,
        Ggen__UnpackReply **reply_p)
{
    int archive = open (request->archive_path, O_RDONLY | O_CLOEXEC);
    if (archive < 0)
        return refusal_system (&call->refusal, errno, request->archive_path, "open");
    code_t code = unpack_into (call, request, archive, place, reply_p);
    close (archive);
    if (code && *reply_p) {
        ggen__unpack_reply__free_unpacked (*reply_p, NULL);
        *reply_p = NULL;
    }
    return code;
}

static code_t
open_to_unpack (store_call_t *call, const char *root, place_t *place)
{
    pthread_mutex_lock (&call->store->mutex);
    code_t code = store_open_place (call, root, true, place);
    pthread_mutex_unlock (&call->store->mutex);
    return code;
}

code_t
store_unpack (store_call_t *call)
{
    const Ggen__UnpackRequest *request = (const void *) call->request;
    Ggen__UnpackReply *reply = NULL;
    place_t place;
    code_t code = open_to_unpack (call, request->root, &place);
    if (code)
        return code;
    code = unpack (call, request, &place, &reply);
    place_close (&place);
    call->reply = reply ? &reply->base : NULL;
    return code;
}

//  ---- many ----------------------------------------------------------------------------------------

static bool
is_of_one_root (const Ggen__UnpackManyRequest *request)
{
    for (size_t i = 1; i < request->n_archives; i++)
        if (strcmp (request->archives [i]->root, request->archives [0]->root) != 0)
            return false;
    return request->n_archives > 0 && request->n_archives <= MANY_UNPACKS_MAX;
}

typedef struct {
    store_call_t *call;
    const Ggen__UnpackManyRequest *request;
    const place_t *place;
    Ggen__UnpackManyReply *reply;
} series_t;

static code_t
unpack_each (void *self_)
{
    series_t *self = self_;
    code_t code = OK;
    for (size_t i = 0; i < self->request->n_archives && code == OK; i++) {
        code = job_cancelled (self->call->job)
                   ? CANCELLED
                   : unpack (self->call, self->request->archives [i], self->place,
                             &self->reply->unpacked [i]);
        self->reply->n_unpacked += code == OK;
    }
    return code;
}

code_t
store_unpack_many (store_call_t *call)
{
    const Ggen__UnpackManyRequest *request = (const void *) call->request;
    place_t place;
    if (!is_of_one_root (request))
        return VALIDATION;
    code_t code = open_to_unpack (call, request->archives [0]->root, &place);
    if (code)
        return code;
    Ggen__UnpackManyReply *reply = malloc (sizeof *reply);
    ggen__unpack_many_reply__init (reply);
    reply->unpacked = calloc (request->n_archives, sizeof *reply->unpacked);
    call->reply = &reply->base;
    series_t series = {call, request, &place, reply};
    if (sandbox_series (unpack_each, &series, &code) != OK)
        code = refusal_system (&call->refusal, EAGAIN, place.base, "start a thread to unpack in");
    place_close (&place);
    return code;
}

//  ---- what is there already -----------------------------------------------------------------------

code_t
store_has_trees (store_call_t *call)
{
    const Ggen__HasTreesRequest *request = (const void *) call->request;
    place_t place;
    uint64_t generation = request->generation;
    code_t code = store_open_place (call, request->root, false, &place);
    if (code)
        return code;
    if (generation == 0 && (code = place_current (&place, &generation, &call->refusal)) != OK) {
        place_close (&place);
        return code;
    }
    Ggen__HasTreesReply *reply = malloc (sizeof *reply);
    ggen__has_trees_reply__init (reply);
    reply->missing = calloc (request->n_trees + 1, sizeof *reply->missing);
    reply->edited = calloc (request->n_trees + 1, sizeof *reply->edited);
    store_clean_begin (call->store, request->root, request->n_trees);
    for (size_t i = 0; i < request->n_trees && !job_cancelled (call->job); i++) {
        const Ggen__Tree *tree = request->trees [i];
        char instance [PLACE_INSTANCE_MAX] = "";
        bool known = tree->files_sha256.len == SHA256_SIZE;
        if (*tree->adopted)
            continue;               //  Never in the store: neither missing nor edited
        bool clean = known
                     && place_clean_instance (&place, tree->files_sha256.data,
                                              call->store->settings->writable, instance);
        if (clean)
            store_clean_add (call->store, tree->files_sha256.data, instance);
        else if (!(known && store_find_staged (call->store, request->root, tree->files_sha256.data)))
            reply->missing [reply->n_missing++] = (uint32_t) i;
        if (known
            && place_is_edited (&place, generation, tree->id, tree->files_sha256.data,
                                clean ? instance : ""))
            reply->edited [reply->n_edited++] = (uint32_t) i;
    }
    place_close (&place);
    call->reply = &reply->base;
    return OK;
}

//  A failure here is told: the commit would not hear of it again.
code_t
store_flush (store_call_t *call)
{
    const Ggen__FlushRequest *request = (const void *) call->request;
    place_t place;
    code_t code = store_open_place (call, request->root, false, &place);
    if (code)
        return code;
    if (place.store_fd >= 0 && syncfs (place.store_fd) != 0)
        code = refusal_system (&call->refusal, errno, "store", "sync");
    place_close (&place);
    Ggen__FlushReply *reply = malloc (sizeof *reply);
    ggen__flush_reply__init (reply);
    call->reply = &reply->base;
    return code;
}

code_t
store_discard (store_call_t *call)
{
    const Ggen__DiscardRequest *request = (const void *) call->request;
    place_t place;
    code_t code = store_open_place (call, request->root, false, &place);
    if (code)
        return code;
    store_forget (call->store, &place, request->root, true);
    place_close (&place);
    Ggen__DiscardReply *reply = malloc (sizeof *reply);
    ggen__discard_reply__init (reply);
    call->reply = &reply->base;
    return OK;
}
