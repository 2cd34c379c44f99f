// SPDX-License-Identifier: MIT
#include "fetch_many.h"

#include "runtime/actor/out.h"

#include "cache.pb-c.h"
#include "many.pb-c.h"

#include <stdlib.h>

void
fetch_many_close (fetch_many_t *self)
{
    for (unsigned i = 0; i < FETCH_MANY_MAX; i++) {
        free (self->list[i]);
        self->list[i] = NULL;
    }
}

bool
fetch_many_has (const fetch_many_t *self, const digest_t *digest)
{
    for (unsigned i = 0; i < FETCH_MANY_MAX; i++)
        for (size_t j = 0; self->list[i] && j < self->list[i]->count; j++)
            if (digest_equal (&self->list[i]->digests[j], digest))
                return true;
    return false;
}

//  An index that is full forgets nothing on disk: the blob is listed again at the next start.
static void
keep_taken (fetch_many_t *self, const digest_t *digest, const Ggen__BlobTaken *taken)
{
    if (taken->found)
        self->hits++;
    else
        self->misses++;
    if (lru_put (self->lru, digest, taken->size_bytes, out_now_ms (self->out)) != OK)
        lru_remove (self->lru, digest);
}

static void
answer_taken (fetch_many_t *self, const many_t *many, const Ggen__BlobTakeManyReply *taken)
{
    Ggen__FetchReply fetched[MANY_FETCHES_MAX], *list[MANY_FETCHES_MAX];
    Ggen__FetchManyReply reply = GGEN__FETCH_MANY_REPLY__INIT;
    reply.fetched = list;
    for (size_t i = 0; i < many->count; i++) {
        Ggen__FetchReply *one = list[reply.n_fetched++] = &fetched[i];
        ggen__fetch_reply__init (one);
        if (i >= taken->n_blobs || !*taken->blobs[i]->path)
            continue;
        keep_taken (self, &many->digests[i], taken->blobs[i]);
        one->path = taken->blobs[i]->path;
        one->size_bytes = taken->blobs[i]->size_bytes;
        one->source = (char *) (taken->blobs[i]->found ? "cache" : "file");
    }
    out_answer (self->out, many->ticket, &reply.base);
}

static code_t
on_taken (void *cache, void *many_, const answer_t *answer)
{
    (void) cache;
    many_t *many = many_;
    fetch_many_t *self = many->owner;
    if (answer->progress)
        return OK;
    if (answer->code == OK)
        answer_taken (self, many, (const void *) answer->message);
    else
        out_refuse_as (self->out, many->ticket, answer->failure);
    self->list[many->place] = NULL;
    free (many);
    eviction_run (self->eviction);
    return OK;
}

//  NULL: all places are taken, or there is no memory.
static many_t *
many_new (fetch_many_t *self, const delivery_t *at, size_t count)
{
    unsigned place = 0;
    while (place < FETCH_MANY_MAX && self->list[place])
        place++;
    many_t *many = place < FETCH_MANY_MAX ? malloc (sizeof *many) : NULL;
    if (many) {
        many->owner = self;
        many->ticket = at->ticket;
        many->place = place;
        many->count = count;
    }
    return many;
}

static bool
is_path (const Ggen__FetchRequest *fetch)
{
    return fetch->n_sources == 1 && *fetch->sources[0]->location == '/';
}

//  What "blobs" is asked for; 'imports' has room for all. OK or VALIDATION.
static code_t
fill (many_t *many, const Ggen__FetchManyRequest *ask, Ggen__BlobImportRequest *imports)
{
    for (size_t i = 0; i < many->count; i++) {
        const Ggen__FetchRequest *fetch = ask->fetches[i];
        if (!is_path (fetch) || digest_from_field (&many->digests[i], fetch->sha256) != OK)
            return VALIDATION;
        ggen__blob_import_request__init (&imports[i]);
        imports[i].sha256 = fetch->sha256;
        imports[i].size_bytes = fetch->size_bytes;
        imports[i].path = fetch->sources[0]->location;
    }
    return OK;
}

static code_t
send (fetch_many_t *self, many_t *many, Ggen__BlobImportRequest *imports)
{
    Ggen__BlobImportRequest *list[MANY_FETCHES_MAX];
    Ggen__BlobTakeManyRequest request = GGEN__BLOB_TAKE_MANY_REQUEST__INIT;
    request.blobs = list;
    while (request.n_blobs < many->count) {
        list[request.n_blobs] = &imports[request.n_blobs];
        request.n_blobs++;
    }
    ask_t question = {.to = self->blobs,
                      .message = &request.base,
                      .expect = &ggen__blob_take_many_reply__descriptor,
                      .parent = many->ticket,
                      .on_answer = on_taken,
                      .arg = many};
    return out_ask (self->out, &question);
}

code_t
fetch_many (fetch_many_t *self, const delivery_t *at, const ProtobufCMessage *message)
{
    const Ggen__FetchManyRequest *ask = (const void *) message;
    Ggen__BlobImportRequest imports[MANY_FETCHES_MAX];
    if (ask->n_fetches > MANY_FETCHES_MAX)
        return VALIDATION;
    many_t *many = many_new (self, at, ask->n_fetches);
    if (!many)
        return BUSY;
    code_t code = fill (many, ask, imports);
    if (code == OK)
        code = send (self, many, imports);
    if (code == OK)
        self->list[many->place] = many;
    else
        free (many);
    return code;
}
