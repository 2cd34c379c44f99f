// SPDX-License-Identifier: MIT
#include "look.h"

#include "actors/trust/trust_self.h"

#include <stdlib.h>

void
look_trust (const void *state, look_bound_fn *bound, void *context)
{
    const trust_t *trust = state;
    const char *names[UNSIGNED_MAX];
    size_t count;
    const pin_t **pins = pins_sorted (tables_pins (trust->tables), &count);
    free (pins);
    const look_bound_t bounds[] = {
        {"trust: pins", count, PINS_MAX},
        {"trust: unsigned registries", tables_registries (trust->tables, names), UNSIGNED_MAX}};
    for (unsigned i = 0; i < COUNT_OF (bounds); i++)
        bound (context, &bounds[i]);
}

bool
look_trust_pins (const void *state, look_pin_fn *visit, void *context)
{
    const trust_t *trust = state;
    size_t count;
    if (!tables_ready (trust->tables) || tables_failure (trust->tables))
        return false;
    const pin_t **pins = pins_sorted (tables_pins (trust->tables), &count);
    if (!pins)
        abort ();
    for (size_t i = 0; i < count; i++) {
        const look_pin_t pin = {pins[i]->name, pins[i]->damaged ? NULL : pins[i]->key.bytes,
                                pins[i]->head_seq, pins[i]->rotation_seq};
        visit (context, &pin);
    }
    free (pins);
    return true;
}

uint64_t
look_trust_stored (const void *state)
{
    size_t count;
    const pin_t **pins = pins_sorted (tables_pins (((const trust_t *) state)->tables), &count);
    free (pins);
    return count * sizeof (pin_t);
}
