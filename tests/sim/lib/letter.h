// SPDX-License-Identifier: MIT
//  A message on its way, as bytes in memory of its own.
#ifndef GGEN_TESTS_LETTER_H
#define GGEN_TESTS_LETTER_H

#include "runtime/actor/actor.h"

typedef struct letter_t {
    struct letter_t *next;      //  in a mailbox
    char to[ADDRESS_MAX + 1];
    size_t envelope_size, body_size, attachment_size;
    uint8_t bytes[];            //  envelope, body, attachment
} letter_t;

//  Packs the parcel; its attachment is copied and freed. Aborts when memory is short.
letter_t *letter_new (const parcel_t *parcel);
void letter_destroy (letter_t **self_p);

//  Borrowed from the letter.
mail_t letter_mail (const letter_t *self);

size_t letter_size (const letter_t *self);

#endif
