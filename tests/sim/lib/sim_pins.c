// SPDX-License-Identifier: MIT
#include "sim_pins.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
ask (sim_pins_t *self, const sim_pin_t *pin, bool remove)
{
    if (self->asked_count == SIM_PINS_MAX)
        abort ();
    self->asked[self->asked_count] = *pin;
    self->asked_remove[self->asked_count++] = remove;
}

void
sim_pins_asked_add (sim_pins_t *self, const char *name, ProtobufCBinaryData key)
{
    sim_pin_t pin = {.head_seq = 0};
    snprintf (pin.name, sizeof pin.name, "%s", name);
    if (publisher_key_from_field (&pin.key, key) == OK)
        ask (self, &pin, false);
}

void
sim_pins_asked_remove (sim_pins_t *self, const char *name)
{
    sim_pin_t pin = {.head_seq = 0};
    snprintf (pin.name, sizeof pin.name, "%s", name);
    ask (self, &pin, true);
}

//  Was this asked for? Then it has happened.
static bool
take_asked (sim_pins_t *self, const char *name, const publisher_key_t *key)
{
    for (size_t i = 0; i < self->asked_count; i++) {
        if (self->asked_remove[i] != !key || strcmp (self->asked[i].name, name) != 0
            || (key && !publisher_key_equal (&self->asked[i].key, key)))
            continue;
        self->asked[i] = self->asked[--self->asked_count];
        self->asked_remove[i] = self->asked_remove[self->asked_count];
        return true;
    }
    return false;
}

static const sim_pin_t *
find (const sim_pin_t *pins, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp (pins[i].name, name) == 0)
            return &pins[i];
    return NULL;
}

static size_t
read_all (const sim_state_t *state, sim_pin_t pins[SIM_PINS_MAX])
{
    size_t count = 0;
    Ggen__TrustPin *kept;
    while ((kept = sim_state_pin (state, count)) != NULL) {
        if (count == SIM_PINS_MAX)
            abort ();
        sim_pin_t *pin = &pins[count++];
        *pin = (sim_pin_t) {.head_seq = kept->head_seq};
        snprintf (pin->name, sizeof pin->name, "%s", kept->name);
        if (publisher_key_from_field (&pin->key, kept->key) != OK)
            abort ();
        ggen__trust_pin__free_unpacked (kept, NULL);
    }
    return count;
}

const char *
sim_pins_compare (sim_pins_t *self, const sim_state_t *state)
{
    static sim_pin_t now[SIM_PINS_MAX];
    static char changed[PACKAGE_ID_MAX + 1];
    size_t count = read_all (state, now);
    *changed = 0;
    for (size_t i = 0; i < self->count; i++) {
        const sim_pin_t *before = &self->pins[i], *after = find (now, count, before->name);
        bool same = after && publisher_key_equal (&after->key, &before->key);
        bool good = same ? after->head_seq >= before->head_seq
                         : take_asked (self, before->name, after ? &after->key : NULL);
        if (!good)
            snprintf (changed, sizeof changed, "%s", before->name);
    }
    memcpy (self->pins, now, count * sizeof now[0]);
    self->count = count;
    return *changed ? changed : NULL;
}
