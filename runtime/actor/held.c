// SPDX-License-Identifier: MIT
#include "held.h"

#include "message.h"

#include <stdlib.h>
#include <string.h>

#define ROOM_FIRST 4u

static bytes_t
append (uint8_t **end_p, bytes_t part)
{
    if (part.size == 0)
        return (bytes_t) {NULL, 0};
    memcpy (*end_p, part.data, part.size);
    bytes_t copy = {*end_p, part.size};
    *end_p += part.size;
    return copy;
}

static bool
make_room (held_t *self)
{
    if (self->count < self->room)
        return true;
    unsigned room = self->room ? 2 * self->room : ROOM_FIRST;
    if (room > HELD_MAX)
        room = HELD_MAX;
    held_request_t *requests =
        room > self->room ? realloc (self->requests, room * sizeof *requests) : NULL;
    if (!requests)
        return false;
    self->requests = requests;
    self->room = room;
    return true;
}

bool
held_add (held_t *self, const Ggen__Envelope *envelope, const mail_t *mail)
{
    size_t size = mail->envelope.size + mail->body.size + mail->attachment.size;
    uint8_t *end = make_room (self) ? malloc (size) : NULL;
    held_request_t kept = {.envelope = end ? message_copy (&envelope->base) : NULL, .bytes = end};
    if (!kept.envelope) {
        free (end);
        return false;
    }
    kept.mail.envelope = append (&end, mail->envelope);
    kept.mail.body = append (&end, mail->body);
    kept.mail.attachment = append (&end, mail->attachment);
    self->requests[self->count++] = kept;
    return true;
}

static void
take (held_t *self, unsigned index, held_request_t *taken)
{
    held_request_t *from = self->requests + index;
    *taken = *from;
    memmove (from, from + 1, (--self->count - index) * sizeof *from);
    if (self->count > 0)
        return;
    free (self->requests);
    *self = (held_t) {0};
}

bool
held_take (held_t *self, held_request_t *taken)
{
    if (self->count == 0)
        return false;
    take (self, 0, taken);
    return true;
}

bool
held_take_of (held_t *self, const char *from, const uint64_t *id, held_request_t *taken)
{
    for (unsigned i = 0; i < self->count; i++) {
        const Ggen__Envelope *envelope = self->requests[i].envelope;
        if (strcmp (envelope->from, from) == 0 && (!id || envelope->id == *id)) {
            take (self, i, taken);
            return true;
        }
    }
    return false;
}

void
held_request_free (held_request_t *self)
{
    ggen__envelope__free_unpacked (self->envelope, NULL);
    free (self->bytes);
    *self = (held_request_t) {0};
}

void
held_clear (held_t *self)
{
    held_request_t taken;
    while (held_take (self, &taken))
        held_request_free (&taken);
    free (self->requests);
    *self = (held_t) {0};
}
