// SPDX-License-Identifier: MIT
//  Where signed records lie in the DHT (SPEC 8). A key is SHA-256 over a text of its own kind, so
//  that no key of one kind can be made to meet one of another. A provider's key is the digest
//  itself, which anybody may choose: whoever reads a key heeds only the kind he looks for.
//      name      "ggen name 1" NUL name                        LISTING of each publisher of it
//      head      "ggen head 1" NUL name NUL key                HEAD of that publisher
//      digest    the SHA-256 of an archive                     PROVIDER of each node that has it
//      keyword   "ggen keyword 1" NUL word NUL part            LISTING; 'part' is one byte: a full
//                                                              keyword goes on under the next
//      release   "ggen release 1" NUL name NUL version NUL key RELEASE
//      rotation  "ggen rotation 1" NUL former key              ROTATION
//      peer      the 38 bytes of the peer id                   PEER
//  Texts are of any length, and must hold no NUL to mean one thing only: valid ids, versions and
//  keywords never do.
#ifndef GGEN_DHT_KEY_H
#define GGEN_DHT_KEY_H

#include "digest.h"
#include "discovery.pb-c.h"
#include "peer_id.h"
#include "record.h"

#define DHT_KEYWORD_PARTS_MAX 8

//  SHA-256, as the caller has it: shaped as sha256 of runtime/actor/crypto.h.
typedef void (dht_hash_fn) (const void *data, size_t size, uint8_t hash [DIGEST_SIZE]);

void
    dht_key_name (digest_t *key, dht_hash_fn *sha256, const char *name);
void
    dht_key_head (digest_t *key, dht_hash_fn *sha256, const char *name,
        const publisher_key_t *publisher);
void
    dht_key_release (digest_t *key, dht_hash_fn *sha256, const char *name, const char *version,
        const publisher_key_t *publisher);
void
    dht_key_rotation (digest_t *key, dht_hash_fn *sha256, const publisher_key_t *former);
//  'word' is a keyword (discovery_valid.h), 'part' below DHT_KEYWORD_PARTS_MAX.
void
    dht_key_keyword (digest_t *key, dht_hash_fn *sha256, const char *word, unsigned part);
void
    dht_key_peer (digest_t *key, dht_hash_fn *sha256, const peer_key_t *peer);

//  What a record is in the DHT.
typedef struct {
    Ggen__RecordKind kind;
    uint8_t signer [32];
    uint8_t subject [32];           //  Of two records with one signer, kind and subject the higher
                                    //  seq is true. Its first key above; for a LISTING that of its
                                    //  name, under whichever keyword it lies
    uint64_t seq;                   //  0 for a RELEASE
    uint32_t ttl_secs;              //  0 = as long as holders republish it: HEAD, RELEASE,
                                    //  ROTATION
    int64_t issued_at;              //  wall seconds, as the signer says
    bool withdrawn;
    bool renewed_by_signer_only;    //  PROVIDER, PEER
} dht_element_t;

//  Does this record belong under this key, and what is it there? Opens and checks it whole:
//  encoding, signature, bounds (discovery_valid.h, record_valid.h), key. 'verify' gets a NULL
//  context.
//  OK                *element is set.
//  SERIALIZATION, INVALID_SIGNATURE, VALIDATION  as record.h; *element is undefined.
//  SECURITY          it is good, but not for this key; *element is set.
must_use code_t
    dht_key_check (dht_element_t *element, dht_hash_fn *sha256, record_verify_fn *verify,
        const digest_t *key, bytes_t record);

#endif
