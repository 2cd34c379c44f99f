// SPDX-License-Identifier: MIT
//  "web": brings archives from web servers into the blob store, for the cache actor. Up to
//  JOBS_WORKERS_MAX downloads run beside each other (runtime/host/web.h). It asks nobody.
//
//  WebFetchRequest     OK: the bytes were hashed and are a blob now. As web_get, blob_store_import, and
//                      INSUFFICIENT_DISK_SPACE: less than twice the missing bytes is free (SPEC 6, S2).
//
//      DIRECTORY/web/<64 digits>.part    what came so far; a later request goes on from there. Those
//                                        not written to for WEB_PART_LIFE_S are removed at the start.
//  One that turns out to have other bytes begins anew, once.
#ifndef GGEN_WEB_IO_H
#define GGEN_WEB_IO_H

#include "runtime/actor/actor.h"

#define WEB_PART_LIFE_S (24 * 3600)

//  env->settings; borrowed for create only.
typedef struct {
    const char *directory;      //  absolute: storage.cache_dir
} web_settings_t;

extern const actor_class_t web_actor;

#endif
