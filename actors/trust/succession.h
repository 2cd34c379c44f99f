// SPDX-License-Identifier: MIT
//  Whose a name is now, as far as signed records prove it (SPEC 9). Two things hand a name over:
//
//    a head    signed by the key that has the name, naming its successor
//    rotation  signed by the recovery key whose hash is known of the name. It beats every head: a
//              stolen publishing key can sign heads, the recovery key lies in a drawer.
//
//  So first the rotation of the highest seq, if it is newer than the one that was obeyed last; then
//  heads, from key to key. Records that do not hold, or are of other names, are not heeded: whoever
//  gives them must not be able to stop anything with them.
#ifndef GGEN_SUCCESSION_H
#define GGEN_SUCCESSION_H

#include "heads.h"

//  Records that are looked at, for each costs a signature check; more are not heeded.
#define EVIDENCE_RECORDS_MAX 128

//  Keys from the first to the last. A longer line leads nowhere: it stays with the first.
#define SUCCESSION_KEYS_MAX 10

typedef struct evidence_t evidence_t;

//  Open and check records of 'name'; 'signatures' is borrowed. NULL: out of memory.
evidence_t *evidence_new (const char *name, signatures_t *signatures);
void evidence_add (evidence_t *self, bytes_t packed);
void evidence_destroy (evidence_t **self_p);

//  What is known of a name before.
typedef struct {
    publisher_key_t key;
    uint64_t head_seq;              //  highest seen of 'key'; its heads may not go back
    bool has_recovery;              //  else the one in the oldest head of 'key' counts
    digest_t recovery;
    uint64_t rotation_seq;          //  of the last rotation that was obeyed; 0 = none
} succession_start_t;

typedef struct {
    publisher_key_t keys[SUCCESSION_KEYS_MAX];      //  [0] the first, [keys_count - 1] the last
    size_t keys_count;
    bool by_recovery;               //  a rotation had a say,
    uint64_t rotation_seq;          //  of this seq; else as in the start
    const signed_head_t *head;      //  newest of the last key, or NULL; borrowed from the evidence
} succession_t;

void succession_follow (succession_t *self, const evidence_t *evidence,
                        const succession_start_t *start);

const publisher_key_t *succession_last (const succession_t *self);
bool succession_has (const succession_t *self, const publisher_key_t *key);

//  A release that another key signed.
typedef struct {
    const Ggen__Release *release;
    publisher_key_t signer;
    bool is_former;                 //  the name came from 'signer', as the line or a pin knows
    digest_t payload_sha256;
} foreign_release_t;

//  Does the last key's head stand for it: version, archive, the very payload that was signed, and who
//  signed it? A head that does not name the signer (older ones) means a former key; that may be in
//  wrong hands.
bool succession_vouches (const succession_t *self, const foreign_release_t *foreign);

#endif
