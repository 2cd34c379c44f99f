// SPDX-License-Identifier: MIT
//  The links that a `--target DIR` has to its packages (place_io.h): DIR/ID and DIR/ggen.lock, each
//  leading through DIR/.ggen/current. What else is in DIR is its owner's and is left alone.
#ifndef GGEN_TARGET_IO_H
#define GGEN_TARGET_IO_H

#include "place_io.h"

#define TARGET_LINK_MAX 600     //  bytes of such a link's text, with its NUL

//  Where the link of 'id' leads: "../.ggen/current/@scope/name".
void
    target_link_text (const char *id, char text [TARGET_LINK_MAX]);

//  Make the links of these ids; one that is not in the current generation dangles until the switch.
//  Nothing to do for the home. Nothing is made unless all of them can be. With 'replaces_lock' a file
//  DIR/ggen.lock stays until target_take_lock, for which all is made ready.
//  ALREADY_EXISTS   something that ggen did not make is where a link would be.
//  STORAGE, PERMISSION_DENIED, INSUFFICIENT_DISK_SPACE: as the system says.
must_use code_t
    target_link (const place_t *place, const char *const *ids, size_t count, bool replaces_lock,
                 refusal_t *refusal);

//  After the switch: the link takes the place of a file DIR/ggen.lock, by one rename. Should that
//  fail (false, and errno), the file says what was asked for, and stays.
bool
    target_take_lock (const place_t *place);

//  Remove the links of ours that lead nowhere, and directories that this leaves empty.
void
    target_tidy (const place_t *place);

#endif
