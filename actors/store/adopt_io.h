// SPDX-License-Identifier: MIT
//  A real directory HOME/packages, of a time before generations (SPEC 3.6): the first commit makes it
//  generations/0, in one rename with the switch. What is in it is nobody's package any more, but stays
//  in reach: every generation has links to those entries that it has no package of its own for.
#ifndef GGEN_ADOPT_IO_H
#define GGEN_ADOPT_IO_H

#include "place_io.h"

//  Is there a directory that the switch has to adopt?
bool
    adopt_is_due (const place_t *place);

//  Link the entries of that directory (adopted, or about to be) in a generation that is being made,
//  where nothing of theirs is. All of them, or the generation must not be switched to: whoever had
//  something in packages/ would miss it there.
//  STORAGE, PERMISSION_DENIED, INSUFFICIENT_DISK_SPACE: as the system says.
must_use code_t
    adopt_link (const place_t *place, int generation_fd, refusal_t *refusal);

//  Put a link to 'target' in its place, and it in generations/0.
//  ALREADY_EXISTS   there is a generations/0: another one was adopted before. Nothing has changed.
//  STORAGE, PERMISSION_DENIED: as the system says; it has not moved.
must_use code_t
    adopt_switch (const place_t *place, const char *target, refusal_t *refusal);

#endif
