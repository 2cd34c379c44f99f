// SPDX-License-Identifier: MIT
//  Publishing a directory: what `market publish` and `p2p publish` share (verbs_publish.c).
#ifndef GGEN_CLI_PUBLISH_H
#define GGEN_CLI_PUBLISH_H

#include "session.h"
#include "installer.pb-c.h"

//  A first key is made when there is none, the key is unlocked, then it is published. NULL: it failed,
//  and that was printed.
const Ggen__PublishTreeReply *
    publish_tree (session_t *session, const args_t *args, const screen_t *screen,
                  const Ggen__PublishTreeRequest *request);

//  Whether this is a directory; printed when not.
bool
    publish_is_directory (const screen_t *screen, const char *given, const char *path);

#endif
