// SPDX-License-Identifier: MIT
#include "sim_state.h"

#include "tests/memory_state.h"

struct sim_state_t {
    memory_state_t tables;
};

sim_state_t *
sim_state_new (unsigned page_max)
{
    sim_state_t *self = calloc (1, sizeof *self);
    if (!self)
        abort ();
    self->tables.page_max = page_max;
    return self;
}

void
sim_state_destroy (sim_state_t **self_p)
{
    if (!*self_p)
        return;
    memory_state_clear (&(*self_p)->tables);
    free (*self_p);
    *self_p = NULL;
}

void
sim_state_fail (sim_state_t *self, code_t code)
{
    self->tables.load_code = self->tables.put_code = code;
}

Ggen__TrustPin *
sim_state_pin (const sim_state_t *self, size_t index)
{
    size_t at = memory_state_find (&self->tables, "pins", (ProtobufCBinaryData) {0, NULL}) + index;
    const memory_entry_t *entry = &self->tables.entries[at];
    return at < self->tables.count && strcmp (entry->table, "pins") == 0
               ? ggen__trust_pin__unpack (NULL, entry->value_size, entry->value)
               : NULL;
}

//  It writes nothing that could be lost half-way: the settings are the state.
const actor_class_t sim_state_actor = {.name = "state",
                                       .create = memory_state_create,
                                       .destroy = memory_state_destroy,
                                       .rows = memory_state_rows};
