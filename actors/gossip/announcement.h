// SPDX-License-Identifier: MIT
//  An announcement as bytes: what makes one acceptable, and making one. Its id is the SHA-256 of its
//  bytes, all of them.
#ifndef GGEN_ANNOUNCEMENT_H
#define GGEN_ANNOUNCEMENT_H

#include "gossip.h"
#include "gossip.pb-c.h"
#include "id_table.h"

//  A packed announcement: items, their tags, the rest.
#define ANNOUNCEMENT_BYTES_MAX (GOSSIP_ITEM_BYTES_MAX + 4 * GOSSIP_ITEMS_MAX + 512)

//  1 .. GOSSIP_TOPIC_BYTES_MAX printable ASCII characters, the first of them '/'.
bool
    announcement_topic_valid (const char *topic);

//  Unpack it and check its shape, not its signature.
//  OK             *announcement_p is it; free it with ggen__announcement__free_unpacked.
//  SERIALIZATION  no announcement that a node of ours makes or forwards; or no memory.
must_use code_t
    announcement_open (Ggen__Announcement **announcement_p, bytes_t packed);

//  Does its signature hold? 'packed' is what announcement_open () took.
//  OK, INVALID_SIGNATURE, or BUSY without memory: nothing is known then.
must_use code_t
    announcement_verify (const Ggen__Announcement *announcement, bytes_t packed,
        const crypto_t *crypto);

//  Pack and sign; 'announcement' has all but origin and signature. The caller frees the bytes. NULL: no
//  memory.
uint8_t *
    announcement_seal (Ggen__Announcement *announcement, const identity_t *identity,
        size_t *size_p);

#endif
