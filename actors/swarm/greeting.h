// SPDX-License-Identifier: MIT
//  A link that has no session yet: the addresses still to be tried, what waits for the session, and
//  the handshake. The one that dialled says Hello with a nonce; the other one answers Identify, and
//  is answered Identify. Each is signed with both nonces, so neither can be used a second time, and
//  names a key that maps to the transport key which the link has proven (SPEC 8).
#ifndef GGEN_SWARM_GREETING_H
#define GGEN_SWARM_GREETING_H

#include "addresses.h"
#include "parked.h"
#include "runtime/actor/actor.h"
#include "swarm.pb-c.h"

#define GREETING_VERSION    1u
#define GREETING_NONCE_SIZE 32u
#define GREETING_SIZE_MAX   16384u          //  bytes of an Identify, packed

typedef struct {
    uint8_t nonce[GREETING_NONCE_SIZE];     //  ours
    uint8_t theirs[GREETING_NONCE_SIZE];
    uint8_t transport_key[CRYPTO_KEY_BYTES];    //  expected of a link that is dialled; then proven
    bool any_key;                           //  dialled without knowing whom
    bool answered;                          //  our Identify has left
    uint32_t described;                     //  swarm_t.described of then
    bool kept;                              //  the session is meant to stay
    bool said;                              //  'kept' as Hello had it
    bool persistent;
    code_t code;                            //  why the last address failed
    int64_t sent_ms;                        //  when the other side was last asked for its part
    int64_t until_ms;                       //  end of the whole dial; 0 = nobody here dialled
    addresses_t addresses;                  //  to dial
    uint16_t next, current;                 //  of them: addresses_next
    uint32_t calls;                         //  bit i: calls.h number i waits for it
    ticket_t trial;                         //  a dial back for this asker: no session comes of it
    uint16_t reached;                       //  trial: bit i: the i-th address was up
    parked_t parked;
} greeting_t;

//  NULL: out of memory. What is parked has to be cleared before it is destroyed.
greeting_t *greeting_new (void);
void greeting_destroy (greeting_t **self_p);

//  The address that is being dialled; empty when there is none.
bytes_t greeting_address (const greeting_t *self);

//  Sign what we say: peer_key and signature are set; 'signature' has to live as long as *identify.
//  False: out of memory.
bool greeting_sign (Ggen__Identify *identify, const identity_t *identity,
                    uint8_t signature[CRYPTO_SIGNATURE_BYTES]);

//  Is this who it says, and is it said to us, now? *key is the peer. Otherwise why not: SECURITY
//  (key or nonce of another), INVALID_SIGNATURE, VALIDATION.
must_use code_t greeting_check (const greeting_t *self, const Ggen__Identify *identify,
                                const crypto_t *crypto, peer_key_t *key);

#endif
