// SPDX-License-Identifier: MIT
//  Calls about what is signed of an id apart from its versions.
#include "actors/registry/catalog_self_io.h"

#include <stdlib.h>
#include <string.h>

#include "actors/registry/publication.h"

code_t
catalog_put_head (catalog_t *self, catalog_call_t *call)
{
    const Ggen__PutHeadRequest *request = (const void *) call->request;
    code_t code = catalog_open_to_change (self, call);
    if (code != OK)
        return code;
    Ggen__Failure *failure = publication_check_head (request, self->crypto);
    if (failure)
        return catalog_fail (call, failure);
    code = catalog_lock (self, call);
    if (code != OK)
        return code;
    const char *warning = NULL;
    code = shelf_keep_record (self->shelf, request->id,
                              (bytes_t) {request->record.data, request->record.len},
                              call->wall_s);
    if (code == OK)
        catalog_follow (self, request->id, NULL, &warning);
    else
        catalog_shelf_failed (self, call, code);
    if (code == OK) {
        Ggen__PutHeadReply *reply = reply_new (&ggen__put_head_reply__descriptor);
        reply->acknowledged = 1;
        if (warning)
            reply_add_text (&reply->base, "warnings", warning);
        catalog_answer (self, call, reply);
    }
    shelf_unlock (self->shelf);
    return code;
}

typedef struct {
    Ggen__GetHeadsReply *reply;
    size_t size;
    bool cut;
} heads_t;

static void
add_record (void *arg, bytes_t record)
{
    heads_t *self = arg;
    uint8_t *copy = self->size + record.size <= CATALOG_REPLY_MAX ? malloc (record.size) : NULL;
    if (!copy) {
        self->cut = true;
        return;
    }
    memcpy (copy, record.data, record.size);
    self->reply->records [self->reply->n_records++] = (ProtobufCBinaryData) {record.size, copy};
    self->size += record.size;
}

code_t
catalog_get_heads (catalog_t *self, catalog_call_t *call)
{
    const Ggen__GetHeadsRequest *request = (const void *) call->request;
    code_t code = call->opened ? OK : catalog_open (self, call);
    if (code != OK)
        return code;
    heads_t heads = {.reply = reply_new (&ggen__get_heads_reply__descriptor)};
    heads.reply->records = calloc (SHELF_HEADS_MAX, sizeof *heads.reply->records);
    if (!heads.reply->records)
        code = STORAGE;
    else if (self->shelf)
        code = shelf_records (self->shelf, request->id, add_record, &heads);
    if (code != OK) {
        ggen__get_heads_reply__free_unpacked (heads.reply, NULL);
        return catalog_shelf_failed (self, call, code);
    }
    if (heads.cut)
        reply_add_text (&heads.reply->base, "warnings", "some heads did not fit into one answer");
    return catalog_answer (self, call, heads.reply);
}
