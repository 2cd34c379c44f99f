// SPDX-License-Identifier: MIT
//  The inside of trust.c, for tests that look on; nobody else includes it.
#ifndef GGEN_TRUST_SELF_H
#define GGEN_TRUST_SELF_H

#include "policy.h"
#include "tables.h"

//  What is answered when the change on its way is on disk.
typedef struct {
    ticket_t ticket;
    verdict_t *verdict;             //  CheckRelease: what it said
    pin_t *pin;                     //  TrustAdd, TrustRemove: the pin that is now, or was; or NULL
    bool replaces;
    publisher_key_t replaced;
} waiting_change_t;

typedef struct {
    out_t *out;
    signatures_t *signatures;
    tables_t *tables;
    waiting_change_t change;
} trust_t;

#endif
