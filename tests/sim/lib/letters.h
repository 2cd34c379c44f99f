// SPDX-License-Identifier: MIT
//  Messages on their way, as bytes: one allocation each, from free lists by size. An attachment is
//  not copied; its letter owns it.
#ifndef GGEN_TESTS_LETTERS_H
#define GGEN_TESTS_LETTERS_H

#include "runtime/actor/actor.h"

#define LETTER_NO_LINK UINT32_MAX

typedef struct note_t {
    struct note_t *next;        //  in a mailbox, or a free list
    void *attachment;
    void (*free_attachment) (void *data, void *hint);
    void *hint;
    uint8_t size_class;         //  of letters.c
    //  From here to the end of the bytes all is part of the run's digest.
    int64_t at_us;              //  when it arrives
    uint32_t node;
    uint32_t life;              //  of the node; a letter to an earlier one is lost
    uint32_t end;               //  of the link that it came over, or LETTER_NO_LINK
    union {
        uint32_t generation;    //  of that link
        uint32_t client;        //  number of the client that it is for
    };
    uint32_t envelope_size, body_size, attachment_size;
    uint8_t seat;
    uint8_t kind;               //  Ggen__Kind
    uint8_t ends_link;          //  it says that the link has ended
    uint8_t bytes[];            //  envelope, body
} note_t;

typedef struct letters_t letters_t;

letters_t *letters_new (void);

//  All that it ever gave is freed with it.
void letters_destroy (letters_t **self_p);

//  Packs the parcel and takes its attachment. Aborts when memory is short.
note_t *letters_write (letters_t *self, const parcel_t *parcel);
void letters_free (letters_t *self, note_t **note_p);

//  Borrowed from the letter.
mail_t letters_mail (const note_t *note);

//  Bytes of its content, as a mailbox counts them.
static inline size_t
letters_size (const note_t *note)
{
    return (size_t) note->envelope_size + note->body_size + note->attachment_size;
}

//  Letters that are not freed, and bytes held for letters, free or not, and for what is attached.
uint64_t letters_count (const letters_t *self);
size_t letters_bytes (const letters_t *self);

#endif
