// SPDX-License-Identifier: MIT
#include "kept_contact.h"

#include <stdlib.h>
#include <string.h>

//  NULL: the addresses are in 'room'.
static uint8_t *
far_of (const kept_contact_t *self)
{
    uint8_t *far = NULL;
    if (self->addresses_size > KEPT_CONTACT_NEAR_MAX)
        memcpy (&far, self->room, sizeof far);
    return far;
}

bool
kept_contact_set (kept_contact_t *self, const contact_t *contact)
{
    kept_contact_t set = {.place = contact->place,
                          .key = contact->key,
                          .group = contact->group,
                          .addresses_size = contact->addresses_size};
    if (set.addresses_size > KEPT_CONTACT_NEAR_MAX) {
        uint8_t *far = malloc (set.addresses_size);
        if (!far)
            return false;
        memcpy (far, contact->addresses, set.addresses_size);
        memcpy (set.room, &far, sizeof far);
    } else
        memcpy (set.room, contact->addresses, set.addresses_size);
    kept_contact_clear (self);
    *self = set;
    return true;
}

void
kept_contact_get (const kept_contact_t *self, contact_t *contact)
{
    const uint8_t *far = far_of (self);
    *contact = (contact_t) {.place = self->place,
                            .key = self->key,
                            .group = self->group,
                            .addresses_size = self->addresses_size};
    memcpy (contact->addresses, far ? far : self->room, self->addresses_size);
}

void
kept_contact_clear (kept_contact_t *self)
{
    free (far_of (self));
    *self = (kept_contact_t) {0};
}
