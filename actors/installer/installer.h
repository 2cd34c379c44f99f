// SPDX-License-Identifier: MIT
//  The installer: decides what is installed, removed, restored and published, and in which order
//  (SPEC 9: release signature, publisher policy, digest of bytes, unpack, structure, commit).
//  Pure: it asks "registry" for versions, "trust" for publishers, "cache" for archives, "store"
//  to touch the disk, "keyring" to sign.
#ifndef GGEN_INSTALLER_H
#define GGEN_INSTALLER_H

#include "runtime/actor/actor.h"

//  Requests that wait for a turn; more are refused with BUSY.
#define INSTALLER_TASKS_MAX 64

//  env->settings; borrowed for create only. NULL: zeros.
typedef struct {
    bool require_fresh;         //  security.require_fresh: what is chosen as the latest comes with a head
                                //  that is in date; what is named exactly, or locked, need not
    bool tells_later;           //  the network is to be told of what is published, and no node is in it
                                //  now: it is noted in "state", table "unannounced" (p2p.proto)
} installer_settings_t;

extern const actor_class_t installer_actor;

#endif
