// SPDX-License-Identifier: MIT
#include "attached.h"

#include <stdio.h>
#include <string.h>

attached_t *
attached_by_id (attached_set_t *self, bytes_t id)
{
    attached_t *vacant = NULL;
    if (id.size == 0 || id.size > ATTACHED_ID_MAX)
        return NULL;
    for (unsigned i = 0; i < ATTACHED_MAX; i++) {
        attached_t *client = &self->clients[i];
        if (client->id_size == id.size && memcmp (client->id, id.data, id.size) == 0)
            return client;
        if (client->id_size == 0 && !vacant)
            vacant = client;
    }
    if (!vacant)
        return NULL;
    snprintf (vacant->name, sizeof vacant->name, "client-%u", ++self->named);
    memcpy (vacant->id, id.data, id.size);
    vacant->id_size = (uint8_t) id.size;
    vacant->asked = 0;
    self->count++;
    return vacant;
}

attached_t *
attached_by_name (attached_set_t *self, const char *name)
{
    for (unsigned i = 0; i < ATTACHED_MAX; i++)
        if (self->clients[i].id_size > 0 && strcmp (self->clients[i].name, name) == 0)
            return &self->clients[i];
    return NULL;
}

void
attached_forget (attached_set_t *self, attached_t *client)
{
    memset (client, 0, sizeof *client);
    self->count--;
}
