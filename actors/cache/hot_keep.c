// SPDX-License-Identifier: MIT
#include "hot_keep.h"

#include "runtime/actor/lasting.h"
#include "hot.pb-c.h"

#include <stdlib.h>

#define TABLE "hot"

static bytes_t
bytes_of (ProtobufCBinaryData field)
{
    return (bytes_t) {field.data, field.len};
}

//  ---- loading -------------------------------------------------------------------------------------

//  What was looked up since is newer.
static void
take_entry (hot_keep_t *self, const Ggen__StateEntry *entry, const answer_t *answer)
{
    Ggen__HotKept *kept = ggen__hot_kept__unpack (NULL, entry->value.len, entry->value.data);
    if (!kept)
        return;
    const int64_t age_ms = answer->wall_ms - kept->at_ms;
    bytes_t key = bytes_of (entry->key), value = {NULL, 0};
    if (!kept->absent)
        value = (bytes_t) {kept->value.len > 0 ? kept->value.data : entry->key.data, kept->value.len};
    //  Too old, too large or out of bounds: it is not there.
    if (age_ms >= 0 && age_ms < hot_limits (self->hot)->ttl_ms && !hot_has (self->hot, key))
        (void) !hot_put (self->hot, key, value, answer->now_ms - age_ms);
    ggen__hot_kept__free_unpacked (kept, NULL);
}

//  They are in memory now, and would be old when they are wanted again.
static void
forget (hot_keep_t *self, const Ggen__StateLoadReply *page)
{
    Ggen__StatePutRequest put = GGEN__STATE_PUT_REQUEST__INIT;
    put.table = TABLE;
    put.remove = calloc (page->n_entries + 1, sizeof *put.remove);
    for (size_t i = 0; put.remove && i < page->n_entries; i++)
        put.remove[put.n_remove++] = page->entries[i]->key;
    if (put.n_remove > 0)
        (void) !lasting_put (self->out, &put, NULL, NULL);
    free (put.remove);
}

static void ask_page (hot_keep_t *self, ProtobufCBinaryData after);

static code_t
on_page (void *actor, void *self_, const answer_t *answer)
{
    (void) actor;
    hot_keep_t *self = self_;
    const Ggen__StateLoadReply *page = (const void *) answer->message;
    if (answer->progress || answer->code)
        return OK;
    for (size_t i = 0; i < page->n_entries; i++)
        take_entry (self, page->entries[i], answer);
    forget (self, page);
    if (page->next_key.len > 0 && page->n_entries > 0)
        ask_page (self, page->next_key);
    return OK;
}

static void
ask_page (hot_keep_t *self, ProtobufCBinaryData after)
{
    Ggen__StateLoadRequest load = GGEN__STATE_LOAD_REQUEST__INIT;
    load.table = TABLE;
    load.after_key = after;
    load.limit = HOT_KEEP_MAX;
    (void) !lasting_load (self->out, &load, on_page, self);
}

void
hot_keep_load (hot_keep_t *self)
{
    ask_page (self, (ProtobufCBinaryData) {0, NULL});
}

//  ---- saving --------------------------------------------------------------------------------------

typedef struct {
    Ggen__StatePutRequest request;
    Ggen__StateEntry rooms[HOT_KEEP_MAX], *list[HOT_KEEP_MAX];
    size_t bytes;
    int64_t wall_ms;
} batch_t;

static bool
add (void *batch_, const hot_view_t *view)
{
    batch_t *batch = batch_;
    Ggen__HotKept kept = GGEN__HOT_KEPT__INIT;
    kept.value = (ProtobufCBinaryData) {view->value.size, (uint8_t *) view->value.data};
    kept.absent = !view->value.data;
    kept.at_ms = batch->wall_ms - view->age_ms;
    const size_t size = ggen__hot_kept__get_packed_size (&kept);
    //  A value as large as can be has no room for the rest beside it.
    if (size > HOT_VALUE_MAX)
        return true;
    if (batch->request.n_put == HOT_KEEP_MAX || size > HOT_KEEP_BYTES_MAX - batch->bytes)
        return false;
    Ggen__StateEntry *entry = &batch->rooms[batch->request.n_put];
    ggen__state_entry__init (entry);
    entry->key = (ProtobufCBinaryData) {view->key.size, (uint8_t *) view->key.data};
    entry->value.data = malloc (size + 1);
    if (!entry->value.data)
        return false;
    entry->value.len = ggen__hot_kept__pack (&kept, entry->value.data);
    batch->list[batch->request.n_put++] = entry;
    batch->bytes += size;
    return true;
}

static code_t
on_saved (void *actor, void *self_, const answer_t *answer)
{
    (void) actor;
    hot_keep_t *self = self_;
    if (!answer->progress)
        lasting_saved (self->out, &self->saving);
    return OK;
}

code_t
hot_keep_save (hot_keep_t *self, const delivery_t *at)
{
    batch_t *batch = malloc (sizeof *batch);
    if (!batch)
        return BUSY;
    self->saving = at->ticket;
    batch->bytes = 0;
    batch->wall_ms = at->wall_ms;
    ggen__state_put_request__init (&batch->request);
    batch->request.table = TABLE;
    batch->request.put = batch->list;
    hot_each (self->hot, at->now_ms, add, batch);
    if (batch->request.n_put == 0 || lasting_put (self->out, &batch->request, on_saved, self) != OK)
        lasting_saved (self->out, &self->saving);
    for (size_t i = 0; i < batch->request.n_put; i++)
        free (batch->rooms[i].value.data);
    free (batch);
    return OK;
}
