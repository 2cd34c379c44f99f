// SPDX-License-Identifier: MIT
#include "letter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

letter_t *
letter_new (const parcel_t *parcel)
{
    size_t envelope_size = ggen__envelope__get_packed_size (parcel->envelope);
    size_t body_size = parcel_body_size (parcel);
    size_t attachment_size = parcel->attachment ? parcel->attachment_size : 0;
    letter_t *self = calloc (1, sizeof *self + envelope_size + body_size + attachment_size);
    if (!self)
        abort ();
    self->envelope_size = envelope_size;
    self->body_size = body_size;
    self->attachment_size = attachment_size;
    snprintf (self->to, sizeof self->to, "%s", parcel->to);
    ggen__envelope__pack (parcel->envelope, self->bytes);
    parcel_body_write (parcel, self->bytes + envelope_size);
    if (parcel->attachment) {
        memcpy (self->bytes + envelope_size + body_size, parcel->attachment, attachment_size);
        parcel->free_attachment (parcel->attachment, parcel->hint);
    }
    return self;
}

void
letter_destroy (letter_t **self_p)
{
    free (*self_p);
    *self_p = NULL;
}

mail_t
letter_mail (const letter_t *self)
{
    const uint8_t *body = self->bytes + self->envelope_size;
    mail_t mail = {.envelope = {self->bytes, self->envelope_size},
                   .body = {body, self->body_size}};
    if (self->attachment_size > 0)
        mail.attachment = (bytes_t) {body + self->body_size, self->attachment_size};
    return mail;
}

size_t
letter_size (const letter_t *self)
{
    return self->envelope_size + self->body_size + self->attachment_size;
}
