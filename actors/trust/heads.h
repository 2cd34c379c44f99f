// SPDX-License-Identifier: MIT
//  What a publisher's head says of one release (SPEC 9; the attacks are TUF's list: rollback,
//  freeze, fast-forward, mix-and-match).
#ifndef GGEN_HEADS_H
#define GGEN_HEADS_H

#include "findings.h"
#include "pins.h"
#include "record.h"
#include "signatures.h"

//  Fast-forward: a stolen key could sign the highest seq there is, and nothing its owner signs
//  later would count. So a seq may be at most so far above the one we know (a publisher who signs a
//  head each minute needs two years for that), and a stolen key has to be used 2^44 times.
#define HEAD_JUMP_MAX (1ull << 20)

//  The same for the first head we see of a key: room for a million such jumps.
#define HEAD_FIRST_MAX (1ull << 40)

//  Seconds that signed times may be off (SPEC 8).
#define HEAD_CLOCK_SECONDS 600

typedef struct {
    Ggen__SignedRecord *record;
    Ggen__Head *head;
    publisher_key_t key;            //  who signed it
    bool rotates;                   //  it hands the name over, to:
    publisher_key_t successor;
} signed_head_t;

//  Open a packed head of 'name' and check what it needs nobody's opinion for.
//  OK                 *self is set; the caller destroys it.
//  INVALID_SIGNATURE  no head, or its signature does not hold; the finding says which.
//  SECURITY           it is of another name.
must_use code_t heads_open (signed_head_t *self, bytes_t packed, const char *name,
                            signatures_t *signatures, findings_t *findings);
void heads_destroy (signed_head_t *self);

//  Compare its seq with the highest one we have seen of its key (0: none).
//  SECURITY  it is below (rollback), or too far above (fast-forward).
must_use code_t heads_check_seq (const signed_head_t *self, uint64_t seen_seq,
                                 findings_t *findings);

//  What it says of 'release': sets findings->yanked, and warns when it is expired (never blocks:
//  SPEC 9), of the future, or does not list this version (release and head travel separately).
//  SECURITY  it lists this version with another digest, or it is its key's last one, which hands
//            the name over, and does not list this version of the same key: a retired key does not
//            publish.
must_use code_t heads_check_release (const signed_head_t *self, const Ggen__Release *release,
                                     const publisher_key_t *release_key, int64_t wall_ms,
                                     findings_t *findings);

#endif
