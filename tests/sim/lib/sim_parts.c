// SPDX-License-Identifier: MIT
#include "sim_parts.h"

#include "cache.pb-c.h"
#include "record_valid.h"
#include "runtime/actor/out.h"
#include "transfer.pb-c.h"
#include "upkeep.pb-c.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_MAX_BYTES 80
#define NO_CHUNK       UINT32_MAX

//  A blob, or a part of one.
typedef struct {
    const sim_content_t *content;
    uint8_t *bitmap;                //  of a part; NULL = a blob
    uint32_t damaged;               //  chunk, or NO_CHUNK
    bool held;
    bool wrong;                     //  a part has bytes that are not its content's
} item_t;

struct sim_parts_t {
    const sim_contents_t *contents;
    item_t *items;
    uint32_t count, room;
    uint64_t bytes, bytes_max;
    uint64_t wrong;
    bool full;
};

static void *
grown (void *memory, size_t count, size_t size)
{
    memory = reallocarray (memory, count, size);
    if (!memory)
        abort ();
    return memory;
}

//  ---- the disk ----------------------------------------------------------------------------------

sim_parts_t *
sim_parts_new (const sim_contents_t *contents, uint64_t bytes_max)
{
    sim_parts_t *self = grown (NULL, 1, sizeof *self);
    *self = (sim_parts_t) {.contents = contents, .bytes_max = bytes_max};
    return self;
}

void
sim_parts_destroy (sim_parts_t **self_p)
{
    sim_parts_t *self = *self_p;
    if (!self)
        return;
    for (uint32_t i = 0; i < self->count; i++)
        free (self->items[i].bitmap);
    free (self->items);
    free (self);
    *self_p = NULL;
}

static item_t *
find (const sim_parts_t *self, const digest_t *sha256)
{
    for (uint32_t i = 0; i < self->count; i++)
        if (digest_equal (&self->items[i].content->sha256, sha256))
            return &self->items[i];
    return NULL;
}

static item_t *
blob (const sim_parts_t *self, const digest_t *sha256)
{
    item_t *item = find (self, sha256);
    return item && !item->bitmap ? item : NULL;
}

static item_t *
add (sim_parts_t *self, const sim_content_t *content)
{
    if (self->count == self->room) {
        self->room = self->room ? 2 * self->room : 4;
        self->items = grown (self->items, self->room, sizeof *self->items);
    }
    self->bytes += content->size_bytes;
    self->items[self->count] = (item_t) {.content = content, .damaged = NO_CHUNK};
    return &self->items[self->count++];
}

static void
erase (sim_parts_t *self, item_t *item)
{
    self->bytes -= item->content->size_bytes;
    free (item->bitmap);
    *item = self->items[--self->count];
}

void
sim_parts_put (sim_parts_t *self, const sim_content_t *content)
{
    item_t *item = find (self, &content->sha256);
    if (item && item->bitmap)
        erase (self, item);
    if (!blob (self, &content->sha256))
        add (self, content);
}

bool
sim_parts_has (const sim_parts_t *self, const digest_t *sha256)
{
    return blob (self, sha256) != NULL;
}

bool
sim_parts_held (const sim_parts_t *self, const digest_t *sha256)
{
    const item_t *item = blob (self, sha256);
    return item && item->held;
}

static bool
has_chunk (const item_t *item, uint32_t chunk)
{
    return item->bitmap[chunk / 8] >> chunk % 8 & 1;
}

uint32_t
sim_parts_done (const sim_parts_t *self, const digest_t *sha256)
{
    const item_t *item = find (self, sha256);
    uint32_t done = 0;
    for (uint32_t i = 0; item && item->bitmap && i < item->content->chunks_count; i++)
        done += has_chunk (item, i);
    return done;
}

uint64_t
sim_parts_bytes (const sim_parts_t *self)
{
    return self->bytes;
}

void
sim_parts_damage (sim_parts_t *self, const digest_t *sha256, uint32_t chunk)
{
    item_t *item = find (self, sha256);
    if (item)
        item->damaged = chunk;
}

void
sim_parts_fill (sim_parts_t *self, bool full)
{
    self->full = full;
}

uint64_t
sim_parts_wrong (const sim_parts_t *self)
{
    return self->wrong;
}

//  ---- the actor ---------------------------------------------------------------------------------

//  A chunk that is on its way to the disk.
typedef struct {
    ticket_t ticket;
    digest_t sha256;
    uint32_t chunk;
    bool wrong;
    int64_t done_ms;
} write_t;

typedef struct {
    out_t *out;
    sim_parts_t *disk;
    write_t *writes;
    unsigned writes_count;
} parts_t;

static void *
create (const actor_env_t *env)
{
    parts_t *self = grown (NULL, 1, sizeof *self);
    *self = (parts_t) {.out = env->out, .disk = (void *) env->settings};
    return self;
}

static void
destroy (void *self_)
{
    parts_t *self = self_;
    free (self->writes);
    free (self);
}

static void
path_of (const digest_t *sha256, char path[PATH_MAX_BYTES])
{
    char hex[DIGEST_HEX_SIZE + 1];
    digest_to_hex (sha256, hex);
    snprintf (path, PATH_MAX_BYTES, "/blobs/%s", hex);
}

static code_t
no_room (const delivery_t *at)
{
    return out_fail (at, INSUFFICIENT_DISK_SPACE, "free some space", "the disk is full");
}

//  ---- parts -------------------------------------------------------------------------------------

static code_t
on_open (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    sim_parts_t *disk = ((parts_t *) self_)->disk;
    const Ggen__PartOpenRequest *ask = (const void *) message;
    Ggen__PartOpenReply reply = GGEN__PART_OPEN_REPLY__INIT;
    char path[PATH_MAX_BYTES];
    digest_t sha256;
    if (digest_from_field (&sha256, ask->sha256) != OK)
        return VALIDATION;
    item_t *item = find (disk, &sha256);
    if (item && !item->bitmap) {
        path_of (&sha256, path);
        reply.complete = true;
        reply.path = path;
        return out_reply (at, &reply.base);
    }
    //  Of bytes that nobody has made nothing can be kept.
    const sim_content_t *content = sim_contents_find (disk->contents, &sha256);
    if (!content || content->size_bytes != ask->size_bytes)
        return out_fail (at, VALIDATION, "", "the simulator has no such content");
    size_t size = (content->chunks_count + 7) / 8;
    if (!item) {
        if (disk->full || disk->bytes + content->size_bytes > disk->bytes_max)
            return no_room (at);
        item = add (disk, content);
        item->bitmap = calloc (1, size);
        if (!item->bitmap)
            abort ();
    }
    reply.bitmap = (ProtobufCBinaryData) {size, item->bitmap};
    return out_reply (at, &reply.base);
}

static bool
is_wrong (const sim_content_t *content, uint32_t chunk, bytes_t bytes)
{
    uint8_t hash[CRYPTO_HASH_BYTES];
    crypto_real.sha256 (bytes.data, bytes.size, hash);
    return memcmp (hash, content->digests + (size_t) chunk * DIGEST_SIZE, sizeof hash) != 0;
}

static code_t
on_write (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    parts_t *self = self_;
    const Ggen__PartWriteRequest *ask = (const void *) message;
    write_t write = {.ticket = at->ticket,
                     .chunk = ask->chunk,
                     .done_ms = at->now_ms + SIM_PARTS_WRITE_MS};
    if (digest_from_field (&write.sha256, ask->sha256) != OK)
        return VALIDATION;
    const item_t *item = find (self->disk, &write.sha256);
    if (!item || !item->bitmap || ask->chunk >= item->content->chunks_count
        || at->attachment.size != sim_content_chunk_bytes (item->content, ask->chunk))
        return out_fail (at, VALIDATION, "", "no such chunk of an open part");
    if (self->disk->full)
        return no_room (at);
    if (self->writes_count == SIM_PARTS_WRITES_MAX)
        return BUSY;
    write.wrong = is_wrong (item->content, ask->chunk, at->attachment);
    if (!self->writes)
        self->writes = grown (NULL, SIM_PARTS_WRITES_MAX, sizeof *self->writes);
    self->writes[self->writes_count++] = write;
    return OK;
}

static void
written (parts_t *self, const write_t *write)
{
    Ggen__PartWriteReply reply = GGEN__PART_WRITE_REPLY__INIT;
    item_t *item = find (self->disk, &write->sha256);
    if (item && item->bitmap) {
        item->bitmap[write->chunk / 8] |= (uint8_t) (1u << write->chunk % 8);
        item->wrong = item->wrong || write->wrong;
    }
    self->disk->wrong += write->wrong;
    out_answer (self->out, write->ticket, &reply.base);
}

static code_t
tick (void *self_, int64_t now_ms, int64_t wall_ms)
{
    (void) wall_ms;
    parts_t *self = self_;
    unsigned done = 0;
    while (done < self->writes_count && self->writes[done].done_ms <= now_ms)
        written (self, &self->writes[done++]);
    self->writes_count -= done;
    memmove (self->writes, self->writes + done, self->writes_count * sizeof *self->writes);
    return OK;
}

static int64_t
deadline_ms (const void *self_)
{
    const parts_t *self = self_;
    return self->writes_count > 0 ? self->writes[0].done_ms : DEADLINE_NEVER;
}

static bool
is_whole (const item_t *item, const sim_parts_t *disk)
{
    return !item->wrong && item->damaged == NO_CHUNK
           && sim_parts_done (disk, &item->content->sha256) == item->content->chunks_count;
}

static code_t
on_finish (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    sim_parts_t *disk = ((parts_t *) self_)->disk;
    const Ggen__PartFinishRequest *ask = (const void *) message;
    Ggen__PartFinishReply reply = GGEN__PART_FINISH_REPLY__INIT;
    char path[PATH_MAX_BYTES];
    digest_t sha256;
    if (digest_from_field (&sha256, ask->sha256) != OK)
        return VALIDATION;
    item_t *item = find (disk, &sha256);
    if (!item)
        return out_fail (at, STORAGE, "", "no such part");
    if (item->bitmap && !is_whole (item, disk)) {
        erase (disk, item);
        return out_fail (at, CHECKSUM_MISMATCH, "", "the whole is wrong");
    }
    free (item->bitmap);
    item->bitmap = NULL;
    item->held = item->held || ask->hold;
    path_of (&sha256, path);
    reply.path = path;
    return out_reply (at, &reply.base);
}

static code_t
on_part_drop (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    sim_parts_t *disk = ((parts_t *) self_)->disk;
    Ggen__PartDropReply reply = GGEN__PART_DROP_REPLY__INIT;
    digest_t sha256;
    if (digest_from_field (&sha256, ((const Ggen__PartDropRequest *) message)->sha256) != OK)
        return VALIDATION;
    item_t *item = find (disk, &sha256);
    if (item && item->bitmap)
        erase (disk, item);
    return out_reply (at, &reply.base);
}

//  ---- blobs -------------------------------------------------------------------------------------

static code_t
on_hold (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    sim_parts_t *disk = ((parts_t *) self_)->disk;
    const Ggen__BlobHoldRequest *ask = (const void *) message;
    Ggen__BlobHoldReply reply = GGEN__BLOB_HOLD_REPLY__INIT;
    digest_t sha256;
    if (digest_from_field (&sha256, ask->sha256) != OK)
        return VALIDATION;
    item_t *item = blob (disk, &sha256);
    if (!item && !ask->release)
        return out_fail (at, PACKAGE_NOT_FOUND, "", "no such blob");
    if (item)
        item->held = !ask->release;
    return out_reply (at, &reply.base);
}

static void
free_bytes (void *data, void *hint)
{
    (void) hint;
    free (data);
}

static code_t
on_read (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    const sim_parts_t *disk = ((parts_t *) self_)->disk;
    const Ggen__BlobReadRequest *ask = (const void *) message;
    Ggen__BlobReadReply reply = GGEN__BLOB_READ_REPLY__INIT;
    digest_t sha256;
    if (digest_from_field (&sha256, ask->sha256) != OK || ask->size_bytes == 0
        || ask->size_bytes > RECORD_CHUNK_BYTES)
        return VALIDATION;
    const item_t *item = blob (disk, &sha256);
    if (!item)
        return out_fail (at, PACKAGE_NOT_FOUND, "", "no such blob");
    if (ask->offset > item->content->size_bytes
        || ask->size_bytes > item->content->size_bytes - ask->offset)
        return VALIDATION;
    uint8_t *bytes = grown (NULL, 1, ask->size_bytes);
    sim_content_read (item->content, ask->offset, ask->size_bytes, bytes);
    if (ask->offset / RECORD_CHUNK_BYTES == item->damaged)
        bytes[0] ^= 1;
    return out_reply_with (at, &reply.base, bytes, ask->size_bytes, free_bytes, NULL);
}

//  One that is damaged is as good as none, and goes.
static code_t
on_find (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    sim_parts_t *disk = ((parts_t *) self_)->disk;
    Ggen__BlobFindReply reply = GGEN__BLOB_FIND_REPLY__INIT;
    char path[PATH_MAX_BYTES];
    digest_t sha256;
    if (digest_from_field (&sha256, ((const Ggen__BlobFindRequest *) message)->sha256) != OK)
        return VALIDATION;
    item_t *item = blob (disk, &sha256);
    if (item && item->damaged != NO_CHUNK) {
        erase (disk, item);
        item = NULL;
    }
    if (item) {
        path_of (&sha256, path);
        reply.found = true;
        reply.path = path;
        reply.size_bytes = item->content->size_bytes;
    }
    return out_reply (at, &reply.base);
}

static code_t
on_remove (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    sim_parts_t *disk = ((parts_t *) self_)->disk;
    Ggen__BlobRemoveReply reply = GGEN__BLOB_REMOVE_REPLY__INIT;
    digest_t sha256;
    if (digest_from_field (&sha256, ((const Ggen__BlobRemoveRequest *) message)->sha256) != OK)
        return VALIDATION;
    item_t *item = blob (disk, &sha256);
    if (item && !item->held) {
        reply.freed_bytes = item->content->size_bytes;
        erase (disk, item);
    }
    return out_reply (at, &reply.base);
}

static code_t
on_list (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) message;
    const sim_parts_t *disk = ((parts_t *) self_)->disk;
    Ggen__BlobListReply reply = GGEN__BLOB_LIST_REPLY__INIT;
    uint32_t most = disk->count < SIM_PARTS_LIST_MAX ? disk->count : SIM_PARTS_LIST_MAX;
    Ggen__BlobEntry *entries = grown (NULL, most + 1, sizeof *entries);
    reply.blobs = grown (NULL, most + 1, sizeof *reply.blobs);
    for (uint32_t i = 0; i < most; i++) {
        item_t *item = &disk->items[i];
        if (item->bitmap)
            continue;
        Ggen__BlobEntry *entry = &entries[reply.n_blobs];
        ggen__blob_entry__init (entry);
        entry->sha256 =
            (ProtobufCBinaryData) {DIGEST_SIZE, (uint8_t *) item->content->sha256.bytes};
        entry->size_bytes = item->content->size_bytes;
        reply.blobs[reply.n_blobs++] = entry;
    }
    out_reply (at, &reply.base);
    free (reply.blobs);
    free (entries);
    return OK;
}

static const handler_t rows[] = {
    {&ggen__part_open_request__descriptor, on_open, THIS_NODE},
    {&ggen__part_write_request__descriptor, on_write, THIS_NODE},
    {&ggen__part_finish_request__descriptor, on_finish, THIS_NODE},
    {&ggen__part_drop_request__descriptor, on_part_drop, THIS_NODE},
    {&ggen__blob_hold_request__descriptor, on_hold, THIS_NODE},
    {&ggen__blob_read_request__descriptor, on_read, THIS_NODE},
    {&ggen__blob_find_request__descriptor, on_find, THIS_NODE},
    {&ggen__blob_remove_request__descriptor, on_remove, THIS_NODE},
    {&ggen__blob_list_request__descriptor, on_list, THIS_NODE},
    {0},
};

const actor_class_t sim_parts_actor = {.name = "blobs",
                                       .create = create,
                                       .destroy = destroy,
                                       .rows = rows,
                                       .tick = tick,
                                       .deadline_ms = deadline_ms};
