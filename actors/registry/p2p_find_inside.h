// SPDX-License-Identifier: MIT
//  What p2p_find.c (rounds and reads) and p2p_find_take.c (what came back) share; nobody else
//  includes it.
#ifndef GGEN_P2P_FIND_INSIDE_H
#define GGEN_P2P_FIND_INSIDE_H

#include "p2p_self.h"

#include "hot.pb-c.h"
#include "trust.pb-c.h"

//  A publisher of this key, made if need be. NULL: there are FIND_PUBLISHERS_MAX (then the find is cut).
find_publisher_t *find_add (find_t *self, const publisher_key_t *key);

//  What was heard of the name before.
void find_take_known (find_t *self);

//  Releases that our outbox tells of.
void find_take_own (find_t *self);

//  Records under a key of the DHT, each checked; those that do not belong are passed over.
void find_take_listings (find_t *self, const Ggen__DhtReadReply *reply);
void find_take_heads (find_t *self, const Ggen__DhtReadReply *reply);
void find_take_rotations (find_t *self, const Ggen__DhtReadReply *reply);
void find_take_releases (find_t *self, const Ggen__DhtReadReply *reply);
void find_take_pin (find_t *self, const Ggen__TrustListReply *reply);

//  ---- p2p_hot.c -----------------------------------------------------------------------------------

//  Is this a look-up that the hot tier can know?
bool find_is_hot_kind (const find_t *self);

//  Its key there. Returns its size.
#define FIND_HOT_KEY_MAX 255
size_t find_hot_key (const find_t *self, uint8_t key[FIND_HOT_KEY_MAX]);

//  What it had. Sets self->hot when that is all there is to know.
void find_take_hot (find_t *self, const Ggen__HotGetReply *reply);

//  Put in what was found, or that there is nothing.
void find_put_hot (const find_t *self);

//  ---- p2p_find_take.c -----------------------------------------------------------------------------

//  Which versions of a publisher are wanted, by his head as it is now. Returns how many; borrowed until
//  the head changes.
size_t find_wanted (find_t *self, find_publisher_t *publisher,
                    const Ggen__HeadVersion *wanted[FIND_VERSIONS_MAX]);

//  The end: give each publisher his versions, with the releases that came.
void find_match (find_t *self);

#endif
