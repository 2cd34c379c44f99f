// SPDX-License-Identifier: MIT
#include "served.h"

#include "runtime/actor/lasting.h"

#include <stdlib.h>
#include <string.h>

#define TABLE            "served"
#define PAGE             32         //  a page of the largest records fits a body
#define LOAD_TRIES       5
#define LOAD_RETRY_MS    1000
#define ROOM_FIRST       8

struct served_write_t {
    served_write_t *next;
    served_t *served;
    digest_t sha256;
    served_done_fn *done;
    void *arg;
};

static void load_page (served_t *self, ProtobufCBinaryData after);

//  ---- entries -----------------------------------------------------------------------------------

static void
count_hosted (served_t *self, const served_entry_t *entry, int sign)
{
    if (entry->reason != GGEN__SERVE_REASON__SERVE_HOSTED)
        return;
    self->hosted_count += (uint32_t) sign;
    self->hosted_bytes += (uint64_t) sign * entry->release->size_bytes;
}

static code_t
make_room (served_t *self)
{
    if (!self->map)
        self->map = map_new (SERVED_MAX, self->seed);
    if (!self->map)
        return BUSY;
    if (self->count < self->room)
        return OK;
    uint32_t room = self->room ? 2 * self->room : ROOM_FIRST;
    served_entry_t **list = reallocarray (self->list, room, sizeof *list);
    if (!list)
        return BUSY;
    self->list = list;
    self->room = room;
    return OK;
}

//  Takes 'release' when OK.
static code_t
insert (served_t *self, release_t **release_p, Ggen__ServeReason reason)
{
    const release_t *release = *release_p;
    if (self->count == SERVED_MAX
        || self->records_bytes + release->record_size > SERVED_RECORDS_BYTES_MAX)
        return INSUFFICIENT_DISK_SPACE;
    served_entry_t *entry = make_room (self) == OK ? calloc (1, sizeof *entry) : NULL;
    if (!entry || map_put (self->map, release->sha256.bytes, DIGEST_SIZE, entry) != OK) {
        free (entry);
        return BUSY;
    }
    *entry = (served_entry_t) {*release_p, reason, self->count, 0};
    *release_p = NULL;
    self->list[self->count++] = entry;
    self->records_bytes += release->record_size;
    count_hosted (self, entry, 1);
    return OK;
}

static void
erase (served_t *self, served_entry_t *entry)
{
    count_hosted (self, entry, -1);
    self->records_bytes -= entry->release->record_size;
    map_remove (self->map, entry->release->sha256.bytes, DIGEST_SIZE);
    served_entry_t *last = self->list[--self->count];
    self->list[entry->index] = last;
    last->index = entry->index;
    release_destroy (&entry->release);
    free (entry);
    if (self->count > 0)
        return;
    map_destroy (&self->map);
    free (self->list);
    self->list = NULL;
    self->room = 0;
}

served_entry_t *
served_get (const served_t *self, const digest_t *sha256)
{
    return self->map ? map_get (self->map, sha256->bytes, DIGEST_SIZE) : NULL;
}

uint64_t
served_hosted_of (const served_t *self, const publisher_key_t *signer)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < self->count; i++) {
        const served_entry_t *entry = self->list[i];
        if (entry->reason == GGEN__SERVE_REASON__SERVE_HOSTED
            && publisher_key_equal (&entry->release->signer, signer))
            bytes += entry->release->size_bytes;
    }
    return bytes;
}

served_entry_t *
served_spare (const served_t *self, uint32_t replicas)
{
    served_entry_t *spare = NULL;
    for (uint32_t i = 0; i < self->count; i++) {
        served_entry_t *entry = self->list[i];
        if (entry->reason == GGEN__SERVE_REASON__SERVE_HOSTED && entry->providers > replicas + 1
            && (!spare || entry->providers > spare->providers))
            spare = entry;
    }
    return spare;
}

//  ---- loading -----------------------------------------------------------------------------------

void
served_init (served_t *self, const actor_env_t *env, void (*on_loaded) (void *context),
             void *context)
{
    *self = (served_t) {.out = env->out,
                        .crypto = env->crypto,
                        .seed = rng_u64 (env->rng),
                        .on_loaded = on_loaded,
                        .context = context,
                        .retry_ms = DEADLINE_NEVER};
    load_page (self, (ProtobufCBinaryData) {0, NULL});
}

void
served_clear (served_t *self)
{
    while (self->count > 0)
        erase (self, self->list[self->count - 1]);
    while (self->writing) {
        served_write_t *write = self->writing;
        self->writing = write->next;
        free (write);
    }
}

bool
served_ready (const served_t *self)
{
    return self->loaded;
}

int64_t
served_deadline_ms (const served_t *self)
{
    return self->retry_ms;
}

void
served_tick (served_t *self, int64_t now_ms)
{
    if (now_ms < self->retry_ms)
        return;
    self->retry_ms = DEADLINE_NEVER;
    load_page (self, (ProtobufCBinaryData) {0, NULL});
}

static void
load_failed (served_t *self)
{
    if (++self->tries == LOAD_TRIES)
        self->loaded = true;
    else
        self->retry_ms = out_now_ms (self->out) + LOAD_RETRY_MS;
}

//  What does not decode is left alone: it costs nothing, and a later version may know it.
static void
take_entry (served_t *self, const Ggen__StateEntry *kept)
{
    Ggen__ServedEntry *value = ggen__served_entry__unpack (NULL, kept->value.len, kept->value.data);
    release_t *release = NULL;
    bytes_t record = value ? (bytes_t) {value->record.data, value->record.len} : (bytes_t) {0};
    record_verify_fn *verify = kept->unchecked ? self->crypto->verify : NULL;
    if (value && release_new (&release, record, verify) == OK
        && !served_get (self, &release->sha256))
        (void) !insert (self, &release, value->reason);
    release_destroy (&release);
    if (value)
        ggen__served_entry__free_unpacked (value, NULL);
}

static code_t
on_page (void *actor, void *self_, const answer_t *answer)
{
    (void) actor;
    served_t *self = self_;
    const Ggen__StateLoadReply *page = (const void *) answer->message;
    if (answer->progress)
        return OK;
    if (!page) {
        load_failed (self);
        return OK;
    }
    for (size_t i = 0; i < page->n_entries; i++)
        take_entry (self, page->entries[i]);
    if (page->next_key.len > 0 && page->n_entries > 0)
        load_page (self, page->next_key);
    else {
        self->loaded = true;
        self->on_loaded (self->context);
    }
    return OK;
}

static void
load_page (served_t *self, ProtobufCBinaryData after)
{
    Ggen__StateLoadRequest load = GGEN__STATE_LOAD_REQUEST__INIT;
    load.table = TABLE;
    load.after_key = after;
    load.limit = PAGE;
    if (lasting_load (self->out, &load, on_page, self) != OK)
        load_failed (self);
}

//  ---- keeping -----------------------------------------------------------------------------------

static code_t
on_kept (void *actor, void *write_, const answer_t *answer)
{
    (void) actor;
    served_write_t *write = write_;
    served_t *self = write->served;
    if (answer->progress)
        return OK;
    served_write_t **place = &self->writing;
    while (*place != write)
        place = &(*place)->next;
    *place = write->next;
    self->writes--;
    served_entry_t *entry = served_get (self, &write->sha256);
    if (answer->code && entry)
        erase (self, entry);
    write->done (self->context, write->arg, answer->failure);
    free (write);
    return OK;
}

//  Takes 'write' when OK.
static code_t
ask_put (served_t *self, const served_entry_t *entry, served_write_t *write)
{
    Ggen__ServedEntry value = GGEN__SERVED_ENTRY__INIT;
    value.record = (ProtobufCBinaryData) {entry->release->record_size, entry->release->record};
    value.reason = entry->reason;
    size_t size = ggen__served_entry__get_packed_size (&value);
    uint8_t *packed = malloc (size);
    if (!packed)
        return BUSY;
    ggen__served_entry__pack (&value, packed);
    Ggen__StateEntry put = GGEN__STATE_ENTRY__INIT, *puts[] = {&put};
    put.key = digest_to_field (&write->sha256);
    put.value = (ProtobufCBinaryData) {size, packed};
    Ggen__StatePutRequest request = GGEN__STATE_PUT_REQUEST__INIT;
    request.table = TABLE;
    request.put = puts;
    request.n_put = 1;
    request.urgent = true;
    code_t code = lasting_put (self->out, &request, on_kept, write);
    free (packed);
    if (code)
        return code;
    self->writes++;
    write->next = self->writing;
    self->writing = write;
    return OK;
}

//  Of a reason that counts for more the number is lower.
static code_t
enter (served_t *self, release_t **release_p, Ggen__ServeReason reason)
{
    served_entry_t *entry = served_get (self, &(*release_p)->sha256);
    if (!entry)
        return insert (self, release_p, reason);
    if (reason < entry->reason) {
        count_hosted (self, entry, -1);
        entry->reason = reason;
        count_hosted (self, entry, 1);
    }
    release_destroy (release_p);
    return OK;
}

code_t
served_put (served_t *self, release_t **release_p, Ggen__ServeReason reason, served_done_fn *done,
            void *arg)
{
    served_write_t *write = self->writes < SERVED_WRITES_MAX ? calloc (1, sizeof *write) : NULL;
    if (!write)
        return BUSY;
    *write = (served_write_t) {NULL, self, (*release_p)->sha256, done, arg};
    bool was_there = served_get (self, &write->sha256) != NULL;
    code_t code = enter (self, release_p, reason);
    if (code == OK) {
        code = ask_put (self, served_get (self, &write->sha256), write);
        if (code && !was_there)
            erase (self, served_get (self, &write->sha256));
    }
    if (code)
        free (write);
    return code;
}

void
served_drop (served_t *self, const digest_t *sha256)
{
    digest_t key = *sha256;         //  It may be the entry's own
    served_entry_t *entry = served_get (self, &key);
    if (!entry)
        return;
    erase (self, entry);
    ProtobufCBinaryData keys[] = {digest_to_field (&key)};
    Ggen__StatePutRequest request = GGEN__STATE_PUT_REQUEST__INIT;
    request.table = TABLE;
    request.remove = keys;
    request.n_remove = 1;
    //  One that stays in the table is dropped again when it turns out that its bytes are gone.
    (void) !lasting_put (self->out, &request, NULL, NULL);
}
