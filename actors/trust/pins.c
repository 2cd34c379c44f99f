// SPDX-License-Identifier: MIT
#include "pins.h"

#include "runtime/actor/map.h"
#include "utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert (PINS_MAX * PIN_PACKED_MAX < BODY_BYTES_MAX - (64 << 10),
                "a list of all pins fits a message, with the registries beside it");
_Static_assert (PACKAGE_ID_MAX <= MAP_KEY_MAX, "a name is a key");

struct pins_t {
    map_t *map;
};

pins_t *
pins_new (uint64_t seed)
{
    pins_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->map = map_new (PINS_MAX, seed);
    if (!self->map)
        pins_destroy (&self);
    return self;
}

void
pins_destroy (pins_t **self_p)
{
    if (!*self_p)
        return;
    if ((*self_p)->map)
        pins_clear (*self_p);
    map_destroy (&(*self_p)->map);
    free (*self_p);
    *self_p = NULL;
}

static pin_t *
find (const pins_t *self, const char *name)
{
    return map_get (self->map, name, strlen (name));
}

code_t
pins_put (pins_t *self, const pin_t *pin)
{
    pin_t *there = find (self, pin->name);
    if (there) {
        *there = *pin;
        return OK;
    }
    pin_t *copy = malloc (sizeof *copy);
    if (!copy)
        return STORAGE;
    *copy = *pin;
    if (map_put (self->map, copy->name, strlen (copy->name), copy) == OK)
        return OK;
    free (copy);
    return STORAGE;
}

bool
pins_has_room (const pins_t *self, const pin_t *pins, size_t count)
{
    size_t needed = map_count (self->map);
    for (size_t i = 0; i < count; i++)
        needed += !find (self, pins[i].name);
    return needed <= PINS_MAX;
}

const pin_t *
pins_get (const pins_t *self, const char *name)
{
    return find (self, name);
}

void
pins_remove (pins_t *self, const char *name)
{
    free (map_remove (self->map, name, strlen (name)));
}

void
pins_clear (pins_t *self)
{
    for (;;) {
        uint32_t cursor = 0;
        const pin_t *pin = map_next (self->map, &cursor, NULL);
        if (!pin)
            return;
        pins_remove (self, pin->name);
    }
}

static int
by_name (const void *a, const void *b)
{
    return strcmp ((*(const pin_t *const *) a)->name, (*(const pin_t *const *) b)->name);
}

const pin_t **
pins_sorted (const pins_t *self, size_t *count_p)
{
    *count_p = map_count (self->map);
    const pin_t **list = malloc ((*count_p + 1) * sizeof *list);
    if (!list)
        return NULL;
    uint32_t cursor = 0;
    for (size_t i = 0; i < *count_p; i++)
        list[i] = map_next (self->map, &cursor, NULL);
    qsort (list, *count_p, sizeof *list, by_name);
    return list;
}

void
pin_add_former (pin_t *self, const publisher_key_t *key)
{
    unsigned at = 0;
    while (at < self->former_count && !publisher_key_equal (&self->former[at], key))
        at++;
    if (at == FORMER_KEYS_MAX)
        at = 0;
    if (at < self->former_count)
        memmove (&self->former[at], &self->former[at + 1],
                 (--self->former_count - at) * sizeof self->former[0]);
    self->former[self->former_count++] = *key;
}

void
pin_to_message (pin_t *self, Ggen__TrustPin *message)
{
    ggen__trust_pin__init (message);
    message->name = self->name;
    if (!self->damaged)
        message->key = publisher_key_to_field (&self->key);
    message->since = self->since;
    message->how = self->how;
    message->head_seq = self->head_seq;
    if (self->has_recovery)
        message->recovery_sha256 = digest_to_field (&self->recovery);
    message->rotation_seq = self->rotation_seq;
    for (unsigned i = 0; i < self->former_count; i++)
        self->former_fields[i] = publisher_key_to_field (&self->former[i]);
    message->former_keys = self->former_fields;
    message->n_former_keys = self->former_count;
}

//  What a pin has besides its key.
static bool
read_history (pin_t *self, const Ggen__TrustPin *kept)
{
    self->since = kept->since;
    self->head_seq = kept->head_seq;
    self->rotation_seq = kept->rotation_seq;
    self->has_recovery = kept->recovery_sha256.len > 0;
    if (self->has_recovery && digest_from_field (&self->recovery, kept->recovery_sha256) != OK)
        return false;
    for (size_t i = 0; i < kept->n_former_keys && i < FORMER_KEYS_MAX; i++)
        if (publisher_key_from_field (&self->former[self->former_count++], kept->former_keys[i])
            != OK)
            return false;
    return kept->n_former_keys <= FORMER_KEYS_MAX;
}

code_t
pin_from_entry (pin_t *self, bytes_t key, bytes_t value)
{
    memset (self, 0, sizeof *self);
    if (key.size == 0 || key.size > PACKAGE_ID_MAX || memchr (key.data, 0, key.size))
        return VALIDATION;
    memcpy (self->name, key.data, key.size);
    if (!package_id_valid (self->name))
        return VALIDATION;
    Ggen__TrustPin *kept = ggen__trust_pin__unpack (NULL, value.size, value.data);
    self->damaged = !kept || strcmp (kept->name, self->name) != 0
                    || strlen (kept->how) > PIN_HOW_MAX || !utf8_valid (kept->how)
                    || publisher_key_from_field (&self->key, kept->key) != OK
                    || !read_history (self, kept);
    strcpy (self->how, self->damaged ? PIN_DAMAGED : kept->how);
    ggen__trust_pin__free_unpacked (kept, NULL);
    return OK;
}
