// SPDX-License-Identifier: MIT
//  Signatures that were checked before. A release and its head are judged once before their archive
//  is fetched and once more when their publisher is pinned, and a head is looked at by two rules of
//  each judgement: an Ed25519 check takes as long as a hundred of the two hashes that know it again.
//
//  Only those that hold are remembered, by a SHA-256 over key, signature and all that was signed;
//  so whoever can make this say yes could as well have found a collision of SHA-256.
#ifndef GGEN_SIGNATURES_H
#define GGEN_SIGNATURES_H

#include "record.h"

#include "runtime/actor/crypto.h"

//  Signatures remembered, 32 bytes each; room is made as they come. At more, a newer one takes the
//  place of an older, which is then checked again.
#define SIGNATURES_MAX 1024

typedef struct signatures_t signatures_t;

//  'crypto' is borrowed. NULL: out of memory.
signatures_t *signatures_new (const crypto_t *crypto);
void signatures_destroy (signatures_t **self_p);

const crypto_t *signatures_crypto (const signatures_t *self);

//  As record_check (). Out of memory nothing is remembered.
must_use code_t signatures_check (signatures_t *self, const Ggen__SignedRecord *record);

//  Records of one call of signatures_learn ().
#define SIGNATURES_LEARN_MAX 128

//  Remember those of these records (more than SIGNATURES_LEARN_MAX are not looked at) whose signatures
//  hold, checked together: it takes less time than one by one, where several processors do it. Out of
//  memory, or where crypto cannot, nothing is learnt, and signatures_check () does it later.
void signatures_learn (signatures_t *self, Ggen__SignedRecord *const *records, size_t count);

#endif
