// SPDX-License-Identifier: MIT
#include "letters.h"

#include "runtime/actor/envelope.h"

#include <stdlib.h>
#include <string.h>

//  Sizes 64, 128, ... 1024 and then 2048, 4096, 8192 come from slabs; what is larger has its own memory.
#define STEP_BYTES    64u
#define STEPS_COUNT   16u
#define CLASSES_COUNT (STEPS_COUNT + 3u)
#define CLASS_OWN     CLASSES_COUNT
#define SLAB_BYTES        (64u << 10)

typedef struct slab_t {
    struct slab_t *next;
    max_align_t data[];
} slab_t;

struct letters_t {
    note_t *free[CLASSES_COUNT];
    slab_t *slabs;
    uint64_t count;
    size_t bytes, attached_bytes;
};

letters_t *
letters_new (void)
{
    letters_t *self = calloc (1, sizeof *self);
    if (!self)
        abort ();
    return self;
}

void
letters_destroy (letters_t **self_p)
{
    letters_t *self = *self_p;
    if (!self)
        return;
    while (self->slabs) {
        slab_t *next = self->slabs->next;
        free (self->slabs);
        self->slabs = next;
    }
    free (self);
    *self_p = NULL;
}

static size_t
class_bytes (unsigned class)
{
    return class < STEPS_COUNT ? (class + 1) * STEP_BYTES
                               : STEPS_COUNT * STEP_BYTES << (class - STEPS_COUNT + 1);
}

static unsigned
class_of (size_t size)
{
    if (size <= STEPS_COUNT * STEP_BYTES)
        return (unsigned) ((size - 1) / STEP_BYTES);
    unsigned class = STEPS_COUNT;
    while (class < CLASSES_COUNT && class_bytes (class) < size)
        class++;
    return class;
}

static void
refill (letters_t *self, unsigned class)
{
    size_t size = class_bytes (class);
    slab_t *slab = malloc (sizeof *slab + SLAB_BYTES);
    if (!slab)
        abort ();
    slab->next = self->slabs;
    self->slabs = slab;
    self->bytes += sizeof *slab + SLAB_BYTES;
    for (size_t at = 0; at + size <= SLAB_BYTES; at += size) {
        note_t *note = (note_t *) ((uint8_t *) slab->data + at);
        note->next = self->free[class];
        self->free[class] = note;
    }
}

static note_t *
allocate (letters_t *self, size_t size)
{
    unsigned class = class_of (size);
    note_t *note;
    if (class == CLASS_OWN) {
        note = malloc (size);
        if (!note)
            abort ();
    } else {
        if (!self->free[class])
            refill (self, class);
        note = self->free[class];
        self->free[class] = note->next;
    }
    memset (note, 0, sizeof *note);
    note->size_class = (uint8_t) class;
    self->count++;
    return note;
}

note_t *
letters_write (letters_t *self, const parcel_t *parcel)
{
    size_t head_size = envelope_size (parcel->envelope);
    size_t body_size = parcel_body_size (parcel);
    note_t *note = allocate (self, sizeof *note + head_size + body_size);
    note->end = LETTER_NO_LINK;
    note->kind = (uint8_t) parcel->envelope->kind;
    note->envelope_size = (uint32_t) head_size;
    note->body_size = (uint32_t) body_size;
    envelope_pack (parcel->envelope, note->bytes);
    parcel_body_write (parcel, note->bytes + head_size);
    if (parcel->attachment) {
        note->attachment = parcel->attachment;
        note->attachment_size = (uint32_t) parcel->attachment_size;
        note->free_attachment = parcel->free_attachment;
        self->attached_bytes += note->attachment_size;
        note->hint = parcel->hint;
    }
    return note;
}

void
letters_free (letters_t *self, note_t **note_p)
{
    note_t *note = *note_p;
    if (!note)
        return;
    *note_p = NULL;
    if (note->attachment) {
        self->attached_bytes -= note->attachment_size;
        note->free_attachment (note->attachment, note->hint);
    }
    self->count--;
    if (note->size_class == CLASS_OWN) {
        free (note);
        return;
    }
    note->next = self->free[note->size_class];
    self->free[note->size_class] = note;
}

mail_t
letters_mail (const note_t *note)
{
    mail_t mail = {.envelope = {note->bytes, note->envelope_size},
                   .body = {note->bytes + note->envelope_size, note->body_size}};
    if (note->attachment)
        mail.attachment = (bytes_t) {note->attachment, note->attachment_size};
    return mail;
}

uint64_t
letters_count (const letters_t *self)
{
    return self->count;
}

size_t
letters_bytes (const letters_t *self)
{
    return sizeof *self + self->bytes + self->attached_bytes;
}
