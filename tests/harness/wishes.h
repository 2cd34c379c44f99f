// SPDX-License-Identifier: MIT
//  What people ask of a node, over its bus: each is one question to an actor, and its answer judged.
//  With a failure asker_reason () says why.
#ifndef GGEN_HARNESS_WISHES_H
#define GGEN_HARNESS_WISHES_H

#include "asker.h"
#include "shelf.h"

#define WISH_SEARCH_MS  45000u
#define WISH_INSTALL_MS 120000u
#define WISH_PUBLISH_MS 120000u

//  A publisher's key, unless it has one.
bool wish_key (asker_t *asker, const member_t *member);

//  Publish a folder. NULL: it failed.
const Ggen__Package *wish_publish (asker_t *asker, const member_t *member, const char *path);

//  Does a search of the network for 'word' tell of 'name'? False with asker_code () OK: it does not.
bool wish_find (asker_t *asker, const member_t *member, const char *word, const char *name);

//  Install "name" or "name@version".
bool wish_install (asker_t *asker, const member_t *member, const char *want);

//  Is a version in the node's own registry?
bool wish_own (asker_t *asker, const member_t *member, const char *name, const char *version);

//  Does it serve all of these bytes?
bool wish_holds (asker_t *asker, const member_t *member, const digest_t *sha256);

//  Releases that the node has still to bring to the network; -1: it does not say.
int wish_unsent (asker_t *asker, const member_t *member);

//  DHT records that it keeps; -1: it does not say.
int wish_records (asker_t *asker, const member_t *member);

bool wish_ban (asker_t *asker, const member_t *member, const peer_key_t *peer, uint32_t secs);
//  Whom it bans, at most 'max'. Returns how many; -1: it does not say.
int wish_bans (asker_t *asker, const member_t *member, peer_key_t *peers, unsigned max);

//  What it has seen of others, good and bad; -1: it does not say.
long wish_experience (asker_t *asker, const member_t *member);

//  Chunks with wrong bytes that it was given; -1: it does not say.
int wish_wrong_chunks (asker_t *asker, const member_t *member);

bool wish_is_banned (asker_t *asker, const member_t *member, const peer_key_t *peer);

#endif
