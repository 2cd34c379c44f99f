// SPDX-License-Identifier: MIT
//  The file registry: answers the Registry service (SPEC 4) from a directory (SPEC 3.4), keeps
//  and tells heads and rotations (PutHeadRequest, GetHeadsRequest), and counts downloads by
//  InstalledRequest. Every request is a job on the actor's worker, one after another in
//  their order, so an asker sees its own changes; see catalog_io.h for what each does.
#ifndef GGEN_REGISTRY_FILE_IO_H
#define GGEN_REGISTRY_FILE_IO_H

#include "runtime/actor/actor.h"

//  Borrowed for create only.
typedef struct {
    const char *directory;      //  absolute: HOME/registry
    bool writable;              //  false: publishes, deletes and counts nothing
    bool looks;                 //  writes nothing at all: an index that is not current is made in
                                //  memory; only when not writable
    unsigned lock_attempt_ms;   //  a change waits SHELF_LOCK_ATTEMPTS times so long for the lock;
                                //  0: as the SPEC says
} registry_file_settings_t;

extern const actor_class_t registry_file_actor;

#endif
