// SPDX-License-Identifier: MIT
//  What was there before ggen (actors/store/adopt_io.h) as a lock: from an old ggen.lock, where there is
//  one that reads, and from the manifests in its directories.
#ifndef GGEN_INSTALLER_ADOPTED_H
#define GGEN_INSTALLER_ADOPTED_H

#include "base.h"
#include "installer.pb-c.h"
#include "package.pb-c.h"
#include "store.pb-c.h"

//  One entry of generation 0, and what its manifest tells; NULL: it has none, or it does not read.
typedef struct {
    const Ggen__AdoptedEntry *entry;
    Ggen__Package *package;
} adopted_found_t;

//  Something the user should know; 'argument' is the caller's.
typedef void (adopted_warn_fn) (void *argument, const char *text);

//  A lock of all packages among them, each marked as adopted, without publisher, and asked for itself
//  (so that nothing leaves unless it is named). Those that 'old' names (NULL: none) are as it says, if
//  there is a directory for them: that of their name, or whose manifest has it; else they are left out.
//  Then the others that have a manifest, unless one of that name is there already, or something else lies
//  where it would be linked. 'found' is sorted by path; 'where' they lie ("packages/") is for warnings.
//  Everything is copied; the lock passes lock_check () and is the caller's.
Ggen__Lock *
    adopted_lock (const Ggen__Lock *old, const adopted_found_t *found, size_t count,
                  const char *where, adopted_warn_fn *warn, void *argument);

//  "name" or "scope/name", as generation 0 can have it.
bool
    adopted_path_valid (const char *path);

#endif
