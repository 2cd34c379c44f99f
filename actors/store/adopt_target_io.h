// SPDX-License-Identifier: MIT
//  Packages in a `--target DIR` that were there before ggen, by the word of DIR/ggen.lock: they become
//  generation 0 of the target, and DIR/ID links to them as to all others. What else is in DIR is its
//  owner's. No step changes what DIR/ID leads to, nor what is installed:
//
//      DIR/.ggen/generations/0/ID          the text of the link that DIR/ID will be,
//      DIR/.ggen/generations/0/.ggen/current -> DIR      through which it leads to DIR/ID until then
//      DIR/.ggen/generations/0/ggen.lock   a copy
//      DIR/.ggen/current -> generations/0  from here on it is adopted
//      DIR/ID <-> DIR/.ggen/generations/0/ID             exchanged, one by one
//      DIR/ggen.lock                       gives way to the link, and generations/0/.ggen goes
#ifndef GGEN_ADOPT_TARGET_IO_H
#define GGEN_ADOPT_TARGET_IO_H

#include "place_io.h"

//  Adopt 'paths', which are all directories of DIR; or, with none, finish what a crash left of that.
//  Nothing happens in the home.
//  ALREADY_EXISTS   something else is in the place of a name.
//  STORAGE, PERMISSION_DENIED, INSUFFICIENT_DISK_SPACE: as the system says; what was done holds.
must_use code_t
    adopt_target (const place_t *place, char *const *paths, size_t count, refusal_t *refusal);

#endif
