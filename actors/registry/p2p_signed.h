// SPDX-License-Identifier: MIT
//  A signed record that came over the network (or will go there): opened, its signature checked, its
//  payload acceptable. What others sent is used in this form only.
#ifndef GGEN_P2P_SIGNED_H
#define GGEN_P2P_SIGNED_H

#include "discovery.pb-c.h"
#include "messages/publisher_key.h"
#include "messages/record.h"
#include "runtime/actor/crypto.h"

//  Zeroed, it is empty.
typedef struct {
    ProtobufCBinaryData packed;     //  the SignedRecord, as received
    publisher_key_t key;            //  who signed it
    union {                         //  by its kind; NULL when empty
        ProtobufCMessage *payload;
        Ggen__Listing *listing;
        Ggen__Head *head;
        Ggen__Release *release;
        Ggen__Rotation *rotation;
    };
} p2p_signed_t;

//  Open a record that has to be of 'kind': LISTING, HEAD, RELEASE or ROTATION.
//  OK                 *self is set; the caller clears it.
//  SERIALIZATION, VALIDATION, INVALID_SIGNATURE   as record.h and discovery_valid.h; VALIDATION also for
//                     another kind; *self is empty.
//  BUSY               out of memory.
must_use code_t p2p_signed_open (p2p_signed_t *self, Ggen__RecordKind kind, bytes_t packed,
                                 const crypto_t *crypto);

//  The same without looking at the signature: for what was checked before it was kept.
must_use code_t p2p_signed_reopen (p2p_signed_t *self, Ggen__RecordKind kind, bytes_t packed);

//  Frees what it has; it is empty then.
void p2p_signed_clear (p2p_signed_t *self);

//  Take the content of another one, which is empty then.
void p2p_signed_move (p2p_signed_t *self, p2p_signed_t *from);

bytes_t p2p_signed_bytes (const p2p_signed_t *self);

//  ---- fields of messages --------------------------------------------------------------------------

//  A copy in memory of its own. False: out of memory.
must_use bool p2p_copy_bytes (ProtobufCBinaryData *to, bytes_t from);

//  The version of a head, or NULL.
const Ggen__HeadVersion *p2p_head_version (const Ggen__Head *head, const char *version);

//  The version that a head's publisher calls latest: not yanked, highest; NULL: none.
const Ggen__HeadVersion *p2p_head_latest (const Ggen__Head *head);

#endif
