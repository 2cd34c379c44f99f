// SPDX-License-Identifier: MIT
//  How a bulk connection begins. The one that was offered it ("caller") sends an opening, the other
//  ("host") one answer; both prove that their sender has the token of the offer, which only the session
//  told. As in Noise's NNpsk0 (Perrin 2018), keys come from a fresh X25519 exchange and the token, so
//  neither who records the network nor who reads the token later opens anything.
//
//  Opening: magic, id of the token, caller's key, cipher, tag. Answer: tag. A tag is the record number
//  0 of its direction, empty, over all bytes before it.
#ifndef GGEN_BULK_OPENING_H
#define GGEN_BULK_OPENING_H

#include "seal.h"

#define OPENING_TOKEN_BYTES  32
#define OPENING_SECRET_BYTES 32                     //  an X25519 secret key
#define OPENING_KEY_BYTES    32                     //  its public one
#define OPENING_MAGIC        "ggbulk1"              //  with its NUL
#define OPENING_ID_BYTES     16
#define OPENING_CLEAR_BYTES  (8 + OPENING_ID_BYTES + OPENING_KEY_BYTES + 1)
#define OPENING_BYTES        (OPENING_CLEAR_BYTES + SEAL_TAG_BYTES)
#define OPENING_ANSWER_BYTES SEAL_TAG_BYTES

//  Both directions, as one side has them. Zeroed: none.
typedef struct {
    seal_t *closes;
    seal_t *opens;
} seals_t;

void seals_clear (seals_t *self);

//  The key that goes with a secret.
void opening_key (const uint8_t secret[OPENING_SECRET_BYTES], uint8_t key[OPENING_KEY_BYTES]);

//  What an opening says in the place of the token.
void opening_id (const uint8_t token[OPENING_TOKEN_BYTES], uint8_t id[OPENING_ID_BYTES]);

//  The caller writes its opening, for the token and key it was offered. 'secret' is fresh.
//  SECURITY: the key is no point of the curve that can be used; BUSY: no memory.
must_use code_t opening_write (const uint8_t token[OPENING_TOKEN_BYTES],
                               const uint8_t host_key[OPENING_KEY_BYTES],
                               const uint8_t secret[OPENING_SECRET_BYTES], seal_cipher_t cipher,
                               uint8_t bytes[OPENING_BYTES], seals_t *seals);

//  The host looks which token is meant. VALIDATION: it is no opening.
must_use code_t opening_peek (const uint8_t bytes[OPENING_BYTES], uint8_t id[OPENING_ID_BYTES]);

//  The host checks it and writes its answer. 'secret' goes with the key that was offered.
//  SECURITY: its sender has not the token; VALIDATION: no cipher of ours; BUSY: no memory.
must_use code_t opening_read (const uint8_t bytes[OPENING_BYTES],
                              const uint8_t token[OPENING_TOKEN_BYTES],
                              const uint8_t secret[OPENING_SECRET_BYTES],
                              uint8_t answer[OPENING_ANSWER_BYTES], seals_t *seals);

//  The caller checks the answer to its 'opening'. SECURITY: the other side has not the token.
must_use code_t opening_confirm (seals_t *seals, const uint8_t opening[OPENING_BYTES],
                                 uint8_t answer[OPENING_ANSWER_BYTES]);

#endif
