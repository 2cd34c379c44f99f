// SPDX-License-Identifier: MIT
//  Is this release one we accept? The rules of SPEC 9, in their order; the first that refuses ends.
//    1. bounds of the request                          VALIDATION
//    2. unsigned: only when allowed                    MISSING_SIGNATURE
//       and never for a name whose publisher we know, or where the caller insists on a key: who
//       strips the signature off must not get further than who forges it
//                                                      UNTRUSTED_PUBLISHER
//    3. structure and signature                        INVALID_SIGNATURE
//    4. name and version are those asked for           SECURITY
//    5. the key the caller insists on: it signed this, or it has the name from the key that did and
//       its head stands for this very release (succession.h)
//                                                      UNTRUSTED_PUBLISHER
//    6. the pin: another key only after the name was handed over to it (succession.h), or when whom
//       the name was handed to stands in its head for this very release: mostly one of a former key,
//       which the line may leave out, for a recovery leads past the keys after the first
//                                                      UNTRUSTED_PUBLISHER
//       The key that handed the name over publishes nothing that its successor does not list
//                                                      SECURITY
//       (also with 'publisher_key': it chooses among strangers, it does not replace a pin)
//    7. first use where others publish the name too, and did not hand it over: the caller has to
//       choose
//                                                      UNTRUSTED_PUBLISHER
//    8. the head, when there is one (heads.h)          INVALID_SIGNATURE, SECURITY
//       A head of another key has no say: SECURITY, but for one that hands over to this very key,
//       which says no more than a pin that moved already; it is left aside with a warning.
//       Of several heads of the key that has the name the newest counts. With 'require_fresh' there
//       has to be one, and it must not have expired
//                                                      SECURITY
#ifndef GGEN_POLICY_H
#define GGEN_POLICY_H

#include "findings.h"
#include "pins.h"
#include "record.h"
#include "succession.h"

//  Rivals of one request, and of them named in the text of a refusal.
#define RIVALS_MAX   256
#define RIVALS_SHOWN 8

//  Records beside the release and its head.
#define RECORDS_MAX 512

typedef struct {
    findings_t findings;
    Ggen__SignedRecord *record;     //  NULL: unsigned
    Ggen__Release *release;
    publisher_key_t key;            //  of the record
    bool first_use;                 //  signed, and no pin before
    bool changes;                   //  accepting it means to keep 'pin': new, moved or a newer head
    pin_t pin;
} verdict_t;

//  'pin' is what is known of request->name, or NULL.
//  OK, or a code as above with findings.message and .hint. *verdict_p is set in either case (NULL:
//  out of memory, BUSY); the caller destroys it.
must_use code_t policy_judge (verdict_t **verdict_p, const Ggen__CheckReleaseRequest *request,
                              const pin_t *pin, signatures_t *signatures,
                              int64_t wall_ms);
//  Where a line of keys begins: with the pin, or with 'key' when that is NULL.
succession_start_t policy_begin (const pin_t *pin, const publisher_key_t *key);

void policy_destroy (verdict_t **verdict_p);

#endif
