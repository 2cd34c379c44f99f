// SPDX-License-Identifier: MIT
#include "tables.h"

#include "trust.h"

#include "runtime/actor/lasting.h"
#include "utf8.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PINS, REGISTRIES, TABLES_COUNT };
static const char *const table_names[TABLES_COUNT] = {"pins", "unsigned_registries"};

typedef enum {
    LOADING,                    //  not known yet
    LOADED,
    WRITING,                    //  one change is on its way
    FAILED                      //  could not be loaded; tried again in the background
} phase_t;

//  A change on its way.
typedef struct {
    unsigned table;
    bool removes;
    pin_t *pins;                //  that are put; owned
    size_t pins_count;
    char *name;                 //  of a pin that is removed, or of a registry; owned
    tables_done_fn *done;
    void *context;
} change_t;

//  Why the last load failed.
typedef struct {
    char why[FAILURE_TEXT_MAX + 1];
    char hint[FAILURE_TEXT_MAX + 1];
} texts_t;

typedef char registry_name_t[UNSIGNED_NAME_MAX + 1];

struct tables_t {
    out_t *out;
    pins_t *pins;
    registry_name_t *registries;    //  sorted; NULL, or room for UNSIGNED_MAX
    unsigned registries_count;
    phase_t phase;
    unsigned loading;           //  table that is being loaded
    unsigned tries;             //  failed ones in a row
    int64_t retry_ms;
    change_t change;
    Ggen__Failure failure;      //  of the last load
    texts_t *texts;             //  NULL: none has failed
};

static void load_table (tables_t *self, unsigned table);

static void
forget_change (tables_t *self)
{
    free (self->change.pins);
    free (self->change.name);
    self->change.pins = NULL;
    self->change.name = NULL;
    self->change.pins_count = 0;
}

//  ---- life --------------------------------------------------------------------------------------

tables_t *
tables_new (const actor_env_t *env)
{
    tables_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->out = env->out;
    self->retry_ms = DEADLINE_NEVER;
    ggen__failure__init (&self->failure);
    self->pins = pins_new (rng_u64 (env->rng));
    if (!self->pins) {
        tables_destroy (&self);
        return NULL;
    }
    load_table (self, PINS);
    return self;
}

void
tables_destroy (tables_t **self_p)
{
    if (!*self_p)
        return;
    forget_change (*self_p);
    free ((*self_p)->registries);
    free ((*self_p)->texts);
    pins_destroy (&(*self_p)->pins);
    free (*self_p);
    *self_p = NULL;
}

bool
tables_ready (const tables_t *self)
{
    return self->phase == LOADED || self->phase == FAILED;
}

int64_t
tables_deadline_ms (const tables_t *self)
{
    return self->retry_ms;
}

void
tables_tick (tables_t *self, int64_t now_ms)
{
    if (now_ms < self->retry_ms)
        return;
    self->retry_ms = DEADLINE_NEVER;
    load_table (self, PINS);
}

const Ggen__Failure *
tables_failure (const tables_t *self)
{
    return self->phase == FAILED ? &self->failure : NULL;
}

const pins_t *
tables_pins (const tables_t *self)
{
    return self->pins;
}

//  ---- registries --------------------------------------------------------------------------------

bool
tables_registry_valid (const char *name)
{
    size_t size = strnlen (name, UNSIGNED_NAME_MAX + 1);
    for (size_t i = 0; i < size; i++)
        if ((uint8_t) name[i] < ' ' || name[i] == 0x7F)
            return false;
    return size > 0 && size <= UNSIGNED_NAME_MAX && utf8_valid (name);
}

//  Where it is, or would go.
static unsigned
registry_place (const tables_t *self, const char *name)
{
    unsigned at = 0;
    while (at < self->registries_count && strcmp (self->registries[at], name) < 0)
        at++;
    return at;
}

bool
tables_has_registry (const tables_t *self, const char *name)
{
    unsigned at = registry_place (self, name);
    return at < self->registries_count && strcmp (self->registries[at], name) == 0;
}

size_t
tables_registries (const tables_t *self, const char *names[UNSIGNED_MAX])
{
    for (unsigned i = 0; i < self->registries_count; i++)
        names[i] = self->registries[i];
    return self->registries_count;
}

//  Most nodes never have one.
static bool
has_room (tables_t *self)
{
    if (!self->registries)
        self->registries = malloc (UNSIGNED_MAX * sizeof *self->registries);
    return self->registries && self->registries_count < UNSIGNED_MAX;
}

static code_t
insert_registry (tables_t *self, const char *name)
{
    unsigned at = registry_place (self, name);
    if (tables_has_registry (self, name))
        return OK;
    if (!has_room (self))
        return STORAGE;
    memmove (self->registries[at + 1], self->registries[at],
             (self->registries_count++ - at) * sizeof self->registries[0]);
    snprintf (self->registries[at], sizeof self->registries[0], "%s", name);
    return OK;
}

static void
erase_registry (tables_t *self, const char *name)
{
    if (!tables_has_registry (self, name))
        return;
    unsigned at = registry_place (self, name);
    memmove (self->registries[at], self->registries[at + 1],
             (--self->registries_count - at) * sizeof self->registries[0]);
}

//  ---- loading -----------------------------------------------------------------------------------

//  Cut at whole characters: a message with half of one would be refused.
static void
print (char text[FAILURE_TEXT_MAX + 1], const char *prefix, const char *what)
{
    size_t size = (size_t) snprintf (text, FAILURE_TEXT_MAX + 1, "%s%s", prefix, what);
    if (size > FAILURE_TEXT_MAX)
        size = FAILURE_TEXT_MAX;
    while (!utf8_valid (text))
        text[--size] = 0;
}

static void
load_failed (tables_t *self, code_t code, const char *why, const char *hint)
{
    self->failure.code = code;
    if (!self->texts)
        self->texts = malloc (sizeof *self->texts);
    if (self->texts) {
        print (self->texts->why, "the pinned publishers cannot be loaded: ", why);
        print (self->texts->hint, "", hint);
        self->failure.message = self->texts->why;
        self->failure.hint = self->texts->hint;
    }
    if (self->tries < LOAD_TRIES)
        self->tries++;
    self->phase = self->tries < LOAD_TRIES ? LOADING : FAILED;
    self->retry_ms =
        out_now_ms (self->out) + (self->phase == FAILED ? LOAD_AGAIN_MS : LOAD_RETRY_MS);
}

//  Entries that no request can ask for are left alone: they are not ours to judge.
static code_t
take_entry (tables_t *self, const Ggen__StateEntry *entry)
{
    bytes_t key = {entry->key.data, entry->key.len}, value = {entry->value.data, entry->value.len};
    if (self->loading == PINS) {
        pin_t pin;
        return pin_from_entry (&pin, key, value) == OK ? pins_put (self->pins, &pin) : OK;
    }
    char name[UNSIGNED_NAME_MAX + 1] = "";
    if (key.size > 0 && key.size <= UNSIGNED_NAME_MAX)
        memcpy (name, key.data, key.size);
    return strlen (name) == key.size && tables_registry_valid (name) ? insert_registry (self, name)
                                                                     : OK;
}

static code_t on_page (void *actor, void *self, const answer_t *answer);

static void
ask_page (tables_t *self, ProtobufCBinaryData after)
{
    Ggen__StateLoadRequest load = GGEN__STATE_LOAD_REQUEST__INIT;
    load.table = (char *) table_names[self->loading];
    load.after_key = after;
    load.whole = true;
    if (lasting_load (self->out, &load, on_page, self) != OK)
        load_failed (self, BUSY, "too much is asked at once", "try again");
}

static void
load_table (tables_t *self, unsigned table)
{
    self->loading = table;
    if (table == PINS)
        pins_clear (self->pins);
    else
        self->registries_count = 0;
    ask_page (self, (ProtobufCBinaryData) {0, NULL});
}

static code_t
on_page (void *actor, void *self_, const answer_t *answer)
{
    (void) actor;
    tables_t *self = self_;
    const Ggen__StateLoadReply *page = (const void *) answer->message;
    if (answer->progress)
        return OK;
    if (answer->code) {
        load_failed (self, answer->code, answer->failure->message, answer->failure->hint);
        return OK;
    }
    for (size_t i = 0; i < page->n_entries; i++)
        if (take_entry (self, page->entries[i]) != OK) {
            load_failed (self, STORAGE, "there are more than this program keeps", "");
            return OK;
        }
    if (page->next_key.len > 0 && page->n_entries == 0)
        load_failed (self, SERIALIZATION, "an empty page is not the last", "");
    else if (page->next_key.len > 0)
        ask_page (self, page->next_key);
    else if (self->loading + 1 < TABLES_COUNT)
        load_table (self, self->loading + 1);
    else {
        self->phase = LOADED;
        self->tries = 0;
    }
    return OK;
}

//  ---- changing ----------------------------------------------------------------------------------

//  The change is on disk. It has room in memory: that was seen to before it was sent.
static code_t
apply (tables_t *self, const change_t *change)
{
    if (change->table == REGISTRIES) {
        if (!change->removes)
            return insert_registry (self, change->name);
        erase_registry (self, change->name);
        return OK;
    }
    if (change->removes)
        pins_remove (self->pins, change->name);
    code_t code = OK;
    for (size_t i = 0; i < change->pins_count && code == OK; i++)
        code = pins_put (self->pins, &change->pins[i]);
    return code;
}

static code_t
on_written (void *actor, void *self_, const answer_t *answer)
{
    (void) actor;
    tables_t *self = self_;
    if (answer->progress)
        return OK;
    assert (self->phase == WRITING);
    if (answer->code == OK && apply (self, &self->change) != OK)
        return FATAL;
    forget_change (self);
    self->phase = LOADED;
    self->change.done (self->change.context, answer->failure);
    //  A change that failed may have been made all the same: only "state" knows.
    if (answer->code) {
        self->phase = LOADING;
        self->tries = 0;
        load_table (self, PINS);
    }
    return OK;
}

static code_t
send_change (tables_t *self, const Ggen__StatePutRequest *put)
{
    //  Without a parent: who asked may go, what was begun is ended.
    code_t code = lasting_put (self->out, put, on_written, self);
    if (code == OK)
        self->phase = WRITING;
    return code;
}

static code_t
change (tables_t *self, unsigned table, const char *key, const Ggen__TrustPin *value)
{
    assert (self->phase == LOADED);
    uint8_t packed[1024];
    Ggen__StatePutRequest put = GGEN__STATE_PUT_REQUEST__INIT;
    Ggen__StateEntry entry = GGEN__STATE_ENTRY__INIT, *entries = &entry;
    put.table = (char *) table_names[table];
    put.urgent = true;
    put.whole = true;
    entry.key = (ProtobufCBinaryData) {strlen (key), (uint8_t *) key};
    self->change.table = table;
    self->change.removes = !value;
    if (value) {
        assert (ggen__trust_pin__get_packed_size (value) <= sizeof packed);
        entry.value = (ProtobufCBinaryData) {ggen__trust_pin__pack (value, packed), packed};
        put.put = &entries;
        put.n_put = 1;
    }
    else {
        put.remove = &entry.key;
        put.n_remove = 1;
    }
    return send_change (self, &put);
}

static code_t
change_name (tables_t *self, unsigned table, const char *name, const Ggen__TrustPin *value,
             tables_done_fn *done, void *context)
{
    self->change = (change_t) {.done = done, .context = context, .name = strdup (name)};
    if (!self->change.name)
        return BUSY;
    code_t code = change (self, table, self->change.name, value);
    if (code)
        forget_change (self);
    return code;
}

code_t
tables_put_pin (tables_t *self, const pin_t *pin, tables_done_fn *done, void *context)
{
    return tables_put_pins (self, pin, 1, done, context);
}

//  An entry of a put, with room for what it refers to.
typedef struct {
    Ggen__StateEntry entry;
    uint8_t packed[PIN_PACKED_MAX];
} put_pin_t;

static code_t
send_pins (tables_t *self)
{
    size_t count = self->change.pins_count;
    put_pin_t *rooms = malloc (count * sizeof *rooms);
    Ggen__StateEntry *list[PUT_PINS_MAX];
    Ggen__StatePutRequest put = GGEN__STATE_PUT_REQUEST__INIT;
    put.table = (char *) table_names[PINS];
    put.urgent = true;
    put.whole = true;
    put.put = list;
    put.n_put = rooms ? count : 0;
    for (size_t i = 0; i < put.n_put; i++) {
        pin_t *pin = &self->change.pins[i];
        Ggen__TrustPin value;
        pin_to_message (pin, &value);
        assert (ggen__trust_pin__get_packed_size (&value) <= sizeof rooms[i].packed);
        ggen__state_entry__init (list[i] = &rooms[i].entry);
        list[i]->key = (ProtobufCBinaryData) {strlen (pin->name), (uint8_t *) pin->name};
        list[i]->value = (ProtobufCBinaryData) {ggen__trust_pin__pack (&value, rooms[i].packed),
                                                rooms[i].packed};
    }
    code_t code = rooms ? send_change (self, &put) : BUSY;
    free (rooms);
    return code;
}

code_t
tables_put_pins (tables_t *self, const pin_t *pins, size_t count, tables_done_fn *done,
                 void *context)
{
    assert (self->phase == LOADED && count > 0 && count <= PUT_PINS_MAX);
    if (!pins_has_room (self->pins, pins, count))
        return STORAGE;
    self->change = (change_t) {.table = PINS, .done = done, .context = context};
    self->change.pins = malloc (count * sizeof *pins);
    if (!self->change.pins)
        return BUSY;
    memcpy (self->change.pins, pins, count * sizeof *pins);
    self->change.pins_count = count;
    code_t code = send_pins (self);
    if (code)
        forget_change (self);
    return code;
}

code_t
tables_remove_pin (tables_t *self, const char *name, tables_done_fn *done, void *context)
{
    return change_name (self, PINS, name, NULL, done, context);
}

code_t
tables_put_registry (tables_t *self, const char *name, tables_done_fn *done, void *context)
{
    if (!has_room (self) && !tables_has_registry (self, name))
        return STORAGE;
    Ggen__TrustPin value = GGEN__TRUST_PIN__INIT;
    value.how = PIN_ADDED;
    value.since = out_wall_ms (self->out) / 1000;
    return change_name (self, REGISTRIES, name, &value, done, context);
}

code_t
tables_remove_registry (tables_t *self, const char *name, tables_done_fn *done, void *context)
{
    return change_name (self, REGISTRIES, name, NULL, done, context);
}
