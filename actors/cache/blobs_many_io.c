// SPDX-License-Identifier: MIT
//  Many blobs by one question, in one job. Whatever is unusual about one of them is left to a
//  question of its own, whose answer tells what is wrong.
#include "blobs_self_io.h"

#include "blob_held_io.h"
#include "blobs_io.h"

#include "many.h"
#include "many.pb-c.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    digest_t digest;
    uint64_t size_bytes;
    char *source;
    bool there;                     //  a file of that name and size,
    bool checked;                   //  whose bytes we have read before
    code_t code;
    blob_stamp_t stamp;
    char *path;                     //  set when code is OK
} one_t;

struct blobs_many_t {
    size_t count;
    one_t list[];
};

void
blobs_many_destroy (blobs_many_t **self_p)
{
    if (!*self_p)
        return;
    for (size_t i = 0; i < (*self_p)->count; i++) {
        free ((*self_p)->list[i].source);
        free ((*self_p)->list[i].path);
    }
    free (*self_p);
    *self_p = NULL;
}

//  ---- on a worker -------------------------------------------------------------------------------

static void
take (blobs_work_t *work, one_t *one, const blob_watch_t *watch)
{
    one->code = OK;
    blob_store_path (work->store, &one->digest, work->path);
    if (one->there && !one->checked)
        one->code = blob_store_check (work->path, &one->digest, one->size_bytes, watch, &one->stamp,
                                      &work->failure);
    else if (!one->there)
        one->code = blob_store_import (work->store, one->source, &one->digest, one->size_bytes,
                                       watch, work->path, &one->stamp, &work->failure);
    //  A store that cannot be written gives the source itself.
    if (one->code == OK && strcmp (work->path, one->source) == 0)
        one->code = PERMISSION_DENIED;
    if (one->code == OK && !(one->path = strdup (work->path)))
        one->code = BUSY;
}

void
blobs_many_run (blobs_work_t *work, const blob_watch_t *watch)
{
    blobs_many_t *many = work->many;
    work->code = OK;
    for (size_t i = 0; i < many->count && work->code == OK; i++) {
        //  What progress tells of.
        free (work->source);
        work->source = strdup (many->list[i].source);
        take (work, &many->list[i], watch);
        if (many->list[i].code == CANCELLED)
            work->code = work->failure.code = CANCELLED;
    }
}

//  ---- the actor ---------------------------------------------------------------------------------

void
blobs_many_done (blobs_t *self, ticket_t ticket, blobs_work_t *work)
{
    const blobs_many_t *many = work->many;
    Ggen__BlobTaken taken[MANY_FETCHES_MAX], *list[MANY_FETCHES_MAX];
    Ggen__BlobTakeManyReply reply = GGEN__BLOB_TAKE_MANY_REPLY__INIT;
    if (work->code) {
        blobs_answer_failure (self, ticket, &work->digest, &work->failure);
        return;
    }
    reply.blobs = list;
    reply.n_blobs = many->count;
    for (size_t i = 0; i < many->count; i++) {
        const one_t *one = &many->list[i];
        list[i] = &taken[i];
        ggen__blob_taken__init (list[i]);
        if (one->code)
            continue;
        blobs_remember (self, &one->digest, &one->stamp);
        list[i]->path = one->path;
        list[i]->size_bytes = one->stamp.size_bytes;
        list[i]->found = one->there;
    }
    out_answer (self->out, ticket, &reply.base);
}

//  As a question for one blob looks for it.
static void
look (blobs_t *self, one_t *one)
{
    one->there = blob_held_restore (self->store, &one->digest)
                 && blob_store_look (self->store, &one->digest, one->size_bytes, &one->stamp);
    one->checked = one->there && blobs_is_checked (self, &one->digest, &one->stamp);
    one->there = one->there && blob_store_use (self->store, &one->digest, &one->stamp);
}

//  VALIDATION, or BUSY without memory.
static code_t
add (blobs_t *self, blobs_many_t *many, const Ggen__BlobImportRequest *ask)
{
    one_t *one = &many->list[many->count];
    if (digest_from_field (&one->digest, ask->sha256) != OK || *ask->path != '/'
        || strlen (ask->path) >= BLOB_PATH_MAX)
        return VALIDATION;
    one->size_bytes = ask->size_bytes;
    one->source = strdup (ask->path);
    one->code = CANCELLED;
    if (!one->source)
        return BUSY;
    look (self, one);
    many->count++;
    return OK;
}

code_t
blobs_on_take_many (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    blobs_t *self = self_;
    const Ggen__BlobTakeManyRequest *ask = (const void *) message;
    if (ask->n_blobs > MANY_FETCHES_MAX)
        return VALIDATION;
    AUTO (blobs_work_destroy) blobs_work_t *work = blobs_work_new (self, BLOBS_TAKE_MANY);
    if (work)
        work->many = calloc (1, sizeof *work->many + ask->n_blobs * sizeof *work->many->list);
    if (!work || !work->many)
        return BUSY;
    for (size_t i = 0; i < ask->n_blobs; i++) {
        code_t code = add (self, work->many, ask->blobs[i]);
        if (code)
            return code;
    }
    blobs_work_t *started = work;
    work = NULL;
    return blobs_start (self, at->ticket, started);
}
