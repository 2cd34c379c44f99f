// SPDX-License-Identifier: MIT
//  Whom we dial of ourselves: persistent peers always, and while peers are missing those that are
//  at hand, those that are known, and bootstrap nodes (SPEC 6, N1 and N4). When several sessions
//  break at once, one of the lost peers is dialled every few seconds even if others are there: two
//  halves of a network would else stay two.
#ifndef GGEN_SWARM_UPKEEP_H
#define GGEN_SWARM_UPKEEP_H

#include "swarm_self.h"

#define UPKEEP_DIALS_MAX  4u        //  of ourselves at one time; in a partition twice as many
#define UPKEEP_EAGER_MS   600000    //  so long known peers are redialled often after one began
#define UPKEEP_EAGER_RETRY_MS 5000
#define UPKEEP_BURST_MS   60000     //  two kept sessions broke so close: maybe a partition

//  False: out of memory.
bool upkeep_begin (swarm_t *self);

//  Look at it when this input has been dealt with.
void upkeep_soon (swarm_t *self);

//  Its time has come (swarm_t.upkeep_ms).
void upkeep_run (swarm_t *self, int64_t now_ms);

//  A dial has begun; it failed; it or one that came in has become a session; that ended.
void upkeep_dialled (swarm_t *self, const link_t *link);
void upkeep_failed (swarm_t *self, const link_t *link);
void upkeep_up (swarm_t *self, link_t *link, bytes_t dialled);
void upkeep_down (swarm_t *self, const link_t *link, code_t code);

//  It does not want us to keep this link, nor to ask again before link->apart_ms.
void upkeep_refused (swarm_t *self, const link_t *link);

//  Redial it for ever, at these addresses when no others are known. False: as many are kept as can
//  be.
bool upkeep_persist (swarm_t *self, const peer_key_t *key, const addresses_t *addresses);

//  Do not dial this one (NULL: any) for a while, nor for ever.
void upkeep_leave (swarm_t *self, const peer_key_t *key);

#endif
