// SPDX-License-Identifier: MIT
//  "cache": bytes by digest, from the cheapest verified place that has them; and how much of them
//  is kept.
//  It asks "blobs" (blobs_io.h) to find, import, remove, list and drop.
//
//  FetchRequest    the blob store, then each source in order. "file" is a path of this machine,
//                  imported into the store; "p2p" is other nodes, from which "transfer" gets it (it
//                  needs the source's record; FEATURE_NOT_ENABLED where there is none). Those of
//                  other registries are passed over, as all but "file" are when 'offline'. Requests
//                  alike made at one time are one fetch; another one for the same bytes waits for
//                  its end, and finds them in the store then. Fails with
//                      the source's own failure    when there was one source only: for wrong bytes
//                                                  CHECKSUM_MISMATCH {expected, actual}
//                      ALL_PROVIDERS_FAILED        naming each source and what was wrong with it,
//                                                  as text and as details (registry, reason)
//                      INSUFFICIENT_DISK_SPACE     at once: another source needs the same room
//                      VALIDATION                  no digest, or above CACHE_SOURCES_MAX sources
//                      BUSY                        CACHE_FETCHES_MAX are going on
//  FetchMany       up to MANY_FETCHES_MAX, each from one path of this machine, by one question to
//                  "blobs". What cannot be had so is left out of the answer; a FetchRequest tells
//                  why. BUSY: FETCH_MANY_MAX (fetch_many.h) are going on.
//  CacheList       all blobs, as the store lists them.
//  CacheDrop       these blobs are removed, but for those that are being fetched.
//  CacheStatus     what the store holds, and how often it had what was asked for.
//
//  HotGet, HotPut,
//  HotDrop, HotStatus  what was found out lately, in memory (hot.h, hot_serve.h): not of blobs, and
//                      nothing of it is on disk while the node runs (hot_keep.h).
//
//  Above the limits, blobs used longest ago are removed: never one that is being fetched, and none
//  that was handed out less than CACHE_GRACE_MS ago, for whoever asked is about to open it.
#ifndef GGEN_CACHE_H
#define GGEN_CACHE_H

#include "hot.h"

#include "runtime/actor/actor.h"

#define CACHE_FETCHES_MAX 64        //  at one time; each has one ask under way
#define CACHE_SOURCES_MAX 64        //  of one request
#define CACHE_GRACE_MS    60000
#define CACHE_BLOBS_MAX   40000     //  blobs kept, whatever their size

//  env->settings; borrowed for create only.
typedef struct {
    uint64_t bytes_max;             //  storage.max_cache_size
    hot_limits_t hot;               //  storage.cache_capacity, storage.hot_ttl; zeros: no hot tier
    bool keeps_hot;                 //  the hot tier outlives the node (hot_keep.h); else SaveRequest does
                                    //  nothing
} cache_settings_t;

extern const actor_class_t cache_actor;

#endif
