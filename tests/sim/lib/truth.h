// SPDX-License-Identifier: MIT
//  What was really signed by those who are honest. An honest node and an honest publisher sign through
//  an identity of this file, which notes what it signs; whoever judges a run asks here whether what a
//  node believes was ever said. What liars sign with keys of their own is theirs: it is not judged.
#ifndef GGEN_TESTS_TRUTH_H
#define GGEN_TESTS_TRUTH_H

#include "record.pb-c.h"
#include "runtime/actor/crypto.h"

typedef struct truth_t truth_t;

truth_t *truth_new (void);
void truth_destroy (truth_t **self_p);

//  Signs as 'inner' does, which outlives the truth. Greetings of sessions are not noted. Owned by the
//  truth.
const identity_t *truth_identity (truth_t *self, const identity_t *inner);

//  Is this the key of somebody honest?
bool truth_is_honest (const truth_t *self, ProtobufCBinaryData key);

//  Was this said by its signer? True as well when that one is not honest.
bool truth_record (const truth_t *self, bytes_t packed);

#endif
