// SPDX-License-Identifier: MIT
#include "parked.h"

#include <stdlib.h>
#include <string.h>

struct parked_mail_t {
    parked_mail_t *next;
    said_mail_t mail;
    uint32_t size_bytes;
};

static const char *
keep_text (uint8_t **end, const char *text)
{
    char *kept = (char *) *end;
    *end += strlen (text) + 1;
    return strcpy (kept, text);
}

static bytes_t
keep_bytes (uint8_t **end, bytes_t bytes)
{
    bytes_t kept = {*end, bytes.size};
    if (bytes.size > 0)
        memcpy (*end, bytes.data, bytes.size);
    *end += bytes.size;
    return kept;
}

code_t
parked_add (parked_t *self, size_t *all_bytes, const said_mail_t *mail)
{
    size_t texts = strlen (mail->from) + strlen (mail->to) + strlen (mail->type) + 3;
    size_t size = sizeof (parked_mail_t) + texts + mail->body.size + mail->attachment.size;
    if (self->count == PARKED_MAX || self->size_bytes + size > PARKED_BYTES_MAX
        || *all_bytes + size > PARKED_ALL_MAX)
        return BUSY;
    parked_mail_t *kept = malloc (size);
    if (!kept)
        return BUSY;
    uint8_t *end = (uint8_t *) (kept + 1);
    *kept = (parked_mail_t) {.mail = *mail, .size_bytes = (uint32_t) size};
    kept->mail.from = keep_text (&end, mail->from);
    kept->mail.to = keep_text (&end, mail->to);
    kept->mail.type = keep_text (&end, mail->type);
    kept->mail.body = keep_bytes (&end, mail->body);
    kept->mail.attachment = keep_bytes (&end, mail->attachment);
    if (self->last)
        self->last->next = kept;
    else
        self->first = kept;
    self->last = kept;
    self->count++;
    self->size_bytes += kept->size_bytes;
    *all_bytes += size;
    return OK;
}

const said_mail_t *
parked_first (const parked_t *self)
{
    return self->first ? &self->first->mail : NULL;
}

static void
take_out (parked_t *self, size_t *all_bytes, parked_mail_t *mail, parked_mail_t *before)
{
    if (before)
        before->next = mail->next;
    else
        self->first = mail->next;
    if (self->last == mail)
        self->last = before;
    self->count--;
    self->size_bytes -= mail->size_bytes;
    *all_bytes -= mail->size_bytes;
    free (mail);
}

void
parked_drop (parked_t *self, size_t *all_bytes)
{
    if (self->first)
        take_out (self, all_bytes, self->first, NULL);
}

void
parked_forget (parked_t *self, size_t *all_bytes, uint64_t id)
{
    parked_mail_t *before = NULL, *mail = self->first;
    while (mail && (mail->mail.kind != GGEN__KIND__REQUEST || mail->mail.id != id)) {
        before = mail;
        mail = mail->next;
    }
    if (mail)
        take_out (self, all_bytes, mail, before);
}

void
parked_clear (parked_t *self, size_t *all_bytes)
{
    while (self->first)
        parked_drop (self, all_bytes);
}
