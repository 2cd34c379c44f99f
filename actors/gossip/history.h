// SPDX-License-Identifier: MIT
//  What has been here: ids of announcements for HISTORY_SEEN_MS, and their bytes for HISTORY_KEPT_MS
//  within a bound, for those who missed them or come later.
#ifndef GGEN_HISTORY_H
#define GGEN_HISTORY_H

#include "body.h"

#define HISTORY_SEEN_MS  120000
#define HISTORY_KEPT_MS  600000     //  signed times are accepted for as long
#define HISTORY_RECENT_MS 5000      //  for so long others may ask for them, whatever a flood brings:
#define HISTORY_RECENT_FACTOR 8     //  up to so many times the bound
#define HISTORY_OWN_MS   60000      //  our own stay for so long, whatever else comes

typedef struct history_t history_t;

//  'bytes_max' counts what is kept with each of its bytes, too. NULL: out of memory.
history_t *
    history_new (uint32_t bytes_max, uint64_t seed);

void
    history_destroy (history_t **self_p);

bool
    history_has (const history_t *self, const uint8_t id [ID_SIZE]);

//  Its bytes, while they are kept; borrowed until the next add or expire. NULL: not here.
body_t *
    history_find (const history_t *self, const uint8_t id [ID_SIZE]);

//  Note it, and hold it. Older bytes leave when there are too many, and the oldest id at
//  GOSSIP_SEEN_MAX. Without memory it is not noted, and may be heard of again.
void
    history_add (history_t *self, body_t *body, int64_t now_ms);

void
    history_expire (history_t *self, int64_t now_ms);

//  When there is something to expire; DEADLINE_NEVER when nothing is here.
int64_t
    history_deadline_ms (const history_t *self);

//  All that is noted, oldest first. NULL: its bytes have gone.
uint32_t
    history_count (const history_t *self);
body_t *
    history_at (const history_t *self, uint32_t at);

uint64_t
    history_bytes (const history_t *self);

//  A neighbour's slot has a new neighbour, who knows nothing.
void
    history_forget_peer (history_t *self, unsigned slot);

#endif
