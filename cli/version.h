// SPDX-License-Identifier: MIT
//  What `ggen --version` says: the program, its libraries, the features built in.
#ifndef GGEN_VERSION_H
#define GGEN_VERSION_H

#include "screen.h"

//  Whether this build has it: "p2p", "http".
bool
    version_has (const char *feature);

//  Print it; with --json as {"version","libraries":{},"features":{}}. Linked libraries are asked
//  for their versions. Those loaded on first use are not loaded for this: their headers' are told.
//  'landlock': the kernel walls in what unpacks; a feature of the system, not of the build.
void
    version_print (const screen_t *screen, bool landlock);

#endif
