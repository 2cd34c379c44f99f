// SPDX-License-Identifier: MIT
//  A contact as the routing table keeps it: as contact_t, in 56 bytes. Addresses that are no more
//  than one of IPv4 are in them; others have memory of their own.
#ifndef GGEN_DHT_KEPT_CONTACT_H
#define GGEN_DHT_KEPT_CONTACT_H

#include "contact.h"

#define KEPT_CONTACT_NEAR_MAX 11u       //  bytes of addresses, as contact_t counts them

//  All zero is nobody. Copied as it is, it is the same one in another place: one of the two is cleared.
typedef struct {
    uint64_t place;
    peer_key_t key;
    uint32_t group;
    uint8_t addresses_size;
    uint8_t room[KEPT_CONTACT_NEAR_MAX];    //  the addresses, or where they are
} kept_contact_t;

//  Copy 'contact' in the place of what it was. False: out of memory; it is as it was.
bool
    kept_contact_set (kept_contact_t *self, const contact_t *contact);
void
    kept_contact_get (const kept_contact_t *self, contact_t *contact);
void
    kept_contact_clear (kept_contact_t *self);

#endif
