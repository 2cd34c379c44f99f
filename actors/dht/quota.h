// SPDX-License-Identifier: MIT
//  What each signer, and each group of addresses, has of our room (SPEC 9: stored bytes are capped
//  per signer and IP group).
#ifndef GGEN_DHT_QUOTA_H
#define GGEN_DHT_QUOTA_H

#include "base.h"

//  Signers and groups that are counted; a new one beyond that is refused.
#define QUOTA_SIGNERS_MAX 131072
#define QUOTA_GROUPS_MAX  65536

typedef struct quota_t quota_t;

//  NULL: out of memory.
quota_t *
    quota_new (uint64_t signer_bytes_max, uint64_t group_bytes_max, uint64_t seed);
void
    quota_destroy (quota_t **self_p);

//  Room for 'size' more bytes of this signer, sent from this group (0 = none, which has no cap).
//  Returns false, and takes nothing, when one of them has its share.
bool
    quota_take (quota_t *self, uint64_t signer, uint32_t group, uint64_t size);

//  They are gone.
void
    quota_give_back (quota_t *self, uint64_t signer, uint32_t group, uint64_t size);

#endif
