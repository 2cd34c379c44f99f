// SPDX-License-Identifier: MIT
//  tap --replay FILE --into ACTOR: play a recording to a fresh actor and say where it first does
//  otherwise.
#ifndef GGEN_REHEARSE_H
#define GGEN_REHEARSE_H

#include "recording.h"
#include "screen.h"

//  'path' is of the recording, 'dir' is the home whose settings the actor gets. Returns the exit
//  status: VERB_FAILED also when it differs.
int
    rehearse (const screen_t *screen, const char *dir, const char *path, const char *actor);

#endif
