// SPDX-License-Identifier: MIT
//  The publisher of each name, as long as we know one: a bounded map, and how a pin is kept.
#ifndef GGEN_PINS_H
#define GGEN_PINS_H

#include "digest.h"
#include "package_id.h"
#include "publisher_key.h"
#include "trust.pb-c.h"

#include "runtime/actor/actor.h"

//  A list of all of them has to fit a message. More are refused, never forgotten: to forget a pin
//  would be to accept anybody.
#define PINS_MAX 12000

//  Why we trust the key, as TrustPin.how has it.
#define PIN_FIRST_USE "first use"
#define PIN_ADDED     "added"
#define PIN_ROTATED   "rotated"
#define PIN_DAMAGED   "damaged"

#define PIN_HOW_MAX 15

//  Keys that a name came from which are remembered; the oldest are forgotten first.
#define FORMER_KEYS_MAX 8

//  A packed TrustPin at its largest, with tag and length inside a list, which is without the former
//  keys.
#define PIN_PACKED_MAX                                                                            \
    (PACKAGE_ID_MAX + 3 + PUBLISHER_KEY_SIZE + 2 + 11 + PIN_HOW_MAX + 2 + 11 + DIGEST_SIZE + 2 + 11 + 3)

typedef struct {
    char name[PACKAGE_ID_MAX + 1];
    publisher_key_t key;
    int64_t since;              //  wall seconds
    uint64_t head_seq;          //  highest seq of a head of this key that we have seen; 0 = none
    char how[PIN_HOW_MAX + 1];
    bool has_recovery;
    digest_t recovery;          //  SHA-256 of the recovery key: of the first head that named one
    uint64_t rotation_seq;      //  of the last rotation by the recovery key; 0 = none
    publisher_key_t former[FORMER_KEYS_MAX];    //  that handed the name over; oldest first
    unsigned former_count;
    ProtobufCBinaryData former_fields[FORMER_KEYS_MAX];     //  room for pin_to_message
    bool damaged;               //  what was kept does not decode: the name has a publisher, but
                                //  which is not known
} pin_t;

typedef struct pins_t pins_t;

//  NULL: out of memory.
pins_t *pins_new (uint64_t seed);
void pins_destroy (pins_t **self_p);

//  Copies the pin, over an earlier one of its name.
//  OK, or STORAGE: PINS_MAX are there, or memory is short.
must_use code_t pins_put (pins_t *self, const pin_t *pin);

//  Is there room for these pins, all of other names?
bool pins_has_room (const pins_t *self, const pin_t *pins, size_t count);

//  The pin of a name, or NULL. Borrowed until the next put or remove.
const pin_t *pins_get (const pins_t *self, const char *name);

void pins_remove (pins_t *self, const char *name);
void pins_clear (pins_t *self);

//  All pins by name; the caller frees the list, not the pins. NULL: out of memory.
const pin_t **pins_sorted (const pins_t *self, size_t *count_p);

//  Remember a key that handed the name over; one that is known already becomes the youngest.
void pin_add_former (pin_t *self, const publisher_key_t *key);

//  As a message that borrows from *self. A damaged pin has no key.
void pin_to_message (pin_t *self, Ggen__TrustPin *message);

//  From an entry of the table "pins": its key is the name, its value a packed TrustPin.
//  OK          *self is set; damaged when the value is no pin of this name.
//  VALIDATION  the key is not a package id: nobody can ask for it.
must_use code_t pin_from_entry (pin_t *self, bytes_t key, bytes_t value);

#endif
