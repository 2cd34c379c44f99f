// SPDX-License-Identifier: MIT
//  What the network is to be told of, but by a node that runs later: it is noted in "state"
//  (table "unannounced", p2p.proto).
#ifndef GGEN_INSTALLER_LATER_H
#define GGEN_INSTALLER_LATER_H

#include "task.h"

//  Note a version, or with version "" what is said of the name by itself (heads, rotations), if the
//  settings want it (tells_later). *noted_p, which may be NULL and lives as long as the task, becomes
//  true when it is on disk; a failure is a warning.
void later_note (task_t *task, const char *name, const char *version, bool *noted_p);

#endif
