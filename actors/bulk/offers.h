// SPDX-License-Identifier: MIT
//  Offers of a bulk connection that nobody has taken yet: each can be taken once, for a few seconds.
#ifndef GGEN_BULK_OFFERS_H
#define GGEN_BULK_OFFERS_H

#include "opening.h"

#define BULK_OFFERS_MAX 64              //  one more is refused with BUSY
#define BULK_OFFERS_MS  10000           //  that an offer holds

typedef struct {
    uint64_t lane;
    int64_t ends_ms;
    uint8_t id[OPENING_ID_BYTES];
    uint8_t token[OPENING_TOKEN_BYTES];
    uint8_t secret[OPENING_SECRET_BYTES];
} offer_t;

//  Zeroed: none.
typedef struct {
    offer_t *list;                      //  while there are any
    unsigned count;
} offers_t;

void offers_clear (offers_t *self);

//  An offer for this lane, in the place of its last one; 'token' and 'secret' are random.
//  BUSY at BULK_OFFERS_MAX or without memory.
must_use code_t offers_add (offers_t *self, uint64_t lane,
                            const uint8_t token[OPENING_TOKEN_BYTES],
                            const uint8_t secret[OPENING_SECRET_BYTES], int64_t now_ms);

//  Take it, once; the caller wipes '*offer' (offer_wipe). False: there is none such (any more).
bool offers_take (offers_t *self, const uint8_t id[OPENING_ID_BYTES], offer_t *offer);

//  The lane needs none any more.
void offers_drop (offers_t *self, uint64_t lane);

//  One whose time is over, as offers_take.
bool offers_expired (offers_t *self, int64_t now_ms, offer_t *offer);

//  When the first of them ends; INT64_MAX when there is none.
int64_t offers_earliest_ms (const offers_t *self);

void offer_wipe (offer_t *self);

#endif
