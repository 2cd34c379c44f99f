// SPDX-License-Identifier: MIT
//  "state": keeps for other actors what must outlive them (messages/state.proto), in one SQLite
//  file. Asks nobody. Its thread waits for the disk inside its handlers: that is its whole purpose,
//  and only who wants something kept waits with it.
//
//  StatePutRequest   urgent: durable before the answer, in a transaction of its own. Else in a
//                    batch, which is written at most STATE_BATCH_MS later (sooner when it is full,
//                    when something urgent comes, or when the actor ends); the answer comes then.
//                    A put is applied whole or not at all; 'changed' counts entries written or
//                    removed. What fails takes its batch with it, and everybody in it is told.
//  SaveRequest       what waits is written; from now on every put is urgent.
//  StateLoadRequest  entries in the order of their keys, also those of the batch; 'limit' 0 is
//                    STATE_PAGE_ENTRIES_MAX. Ask for what is after next_key until that is empty.
//                    Loading never creates the file. An entry that is not what was put, because
//                    the disk has lost a bit of it, is not there.
//
//  Both with 'whole': STORAGE as long as a damaged file lies aside (state_db.h), which a person has to
//  decide about. Without it a table begins anew.
//
//  Failures: VALIDATION (a bound below), and those of state_db.h with path and reason. In a home
//  that may not be written loads work and puts are refused with PERMISSION_DENIED.
#ifndef GGEN_STATE_IO_H
#define GGEN_STATE_IO_H

#include "runtime/actor/actor.h"

#define STATE_BATCH_MS          1000
#define STATE_BATCH_BYTES_MAX   (4u << 20)
#define STATE_TABLE_MAX         64          //  bytes of a table's name: [a-z0-9_]
#define STATE_KEY_MAX           1024        //  bytes; at least 1
#define STATE_VALUE_MAX         (256u << 10)
#define STATE_PUT_ENTRIES_MAX   1000        //  put and removed together
#define STATE_PAGE_ENTRIES_MAX  1000
#define STATE_PAGE_BYTES_MAX    (1u << 20)  //  keys and values of a page

typedef struct {
    const char *path;           //  of the file, absolute ("HOME/p2p/state.db"); borrowed for create
    bool read_only;             //  puts are refused with PERMISSION_DENIED
} state_settings_t;

extern const actor_class_t state_actor;

#endif
