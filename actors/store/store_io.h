// SPDX-License-Identifier: MIT
//  The store: the actor that packs, unpacks, commits and checks trees on disk. It decides nothing;
//  the installer tells it what (messages/store.proto). Everything runs as a job, one after another.
//  Asks nobody.
#ifndef GGEN_STORE_IO_H
#define GGEN_STORE_IO_H

#include "archive_limits.h"

#include "runtime/actor/actor.h"

typedef struct {
    const char *home;           //  absolute
    bool writable;              //  this process holds the home to write (SPEC 3.6)
    archive_limits_t limits;
} store_settings_t;

extern const actor_class_t store_actor;

#endif
