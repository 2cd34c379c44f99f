// SPDX-License-Identifier: MIT
//  What a read brings in: the union of all answers, of each element the highest seq. Every record
//  is checked whole before it counts. Remembers who had something older, to tell them.
#ifndef GGEN_DHT_HARVEST_H
#define GGEN_DHT_HARVEST_H

#include "records.h"

//  Signed times may be ahead of our clock by this (SPEC 8).
#define HARVEST_SKEW_SECS 600

//  Answers of which the seq is remembered; of more nobody is corrected.
#define HARVEST_NOTES_MAX 64

typedef struct {
    uint8_t id[RECORDS_ID_SIZE];
    dht_element_t element;
    uint8_t *packed;
    size_t size;
    contact_t provider;             //  of a PROVIDER record: its signer
    bool torn;                      //  two different ones have this seq
} harvest_item_t;

typedef struct harvest_t harvest_t;

//  At most 'items_max' elements; more are left out. NULL: out of memory. 'key' is copied.
harvest_t *
    harvest_new (const digest_t *key, const crypto_t *crypto, size_t items_max);
void
    harvest_destroy (harvest_t **self_p);

//  Take one record in that node 'from' (a number of the caller's) sent.
//  OK             it is part of the union now, or was.
//  SECURITY, INVALID_SIGNATURE, SERIALIZATION, VALIDATION   as dht_key_check; or it is of the future,
//                 or over.
//  BUSY           there is no room for it.
must_use code_t
    harvest_add (harvest_t *self, uint16_t from, const Ggen__StoredRecord *record, int64_t wall_ms);

size_t
    harvest_count (const harvest_t *self);
const harvest_item_t *
    harvest_item (const harvest_t *self, size_t at);

//  Is there anything in it that was not withdrawn?
bool
    harvest_has_valid (const harvest_t *self);

//  Something was left out.
bool
    harvest_is_cut (const harvest_t *self);

//  Walk those that sent something older than what is known now: begin with *cursor = 0. Returns the
//  item they should have, NULL at the end.
const harvest_item_t *
    harvest_behind (const harvest_t *self, size_t *cursor, uint16_t *from_p);

//  Did this node send anything that is part of the union, as new as it is?
bool
    harvest_has (const harvest_t *self, uint16_t from);

//  Check a record that was sent to us: dht_key_check and its times.
must_use code_t
    harvest_check (dht_element_t *element, const crypto_t *crypto, const digest_t *key,
        bytes_t packed, int64_t wall_ms);

//  The signer of a PROVIDER record that was checked, and where it says it is; 'hints' are used when
//  it does not say.
void
    harvest_provider (contact_t *provider, bytes_t packed, const dht_element_t *element,
        const ProtobufCBinaryData *hints, size_t hints_count, sha256_fn *sha256);

#endif
