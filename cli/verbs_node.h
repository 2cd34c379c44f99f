// SPDX-License-Identifier: MIT
//  node run: a node in the foreground, or in the background (--daemon). main.c, which alone knows the
//  actors, gives what runs it.
#ifndef GGEN_VERBS_NODE_H
#define GGEN_VERBS_NODE_H

#include "screen.h"
#include "runtime/host/home.h"

//  Run a node for the home 'dir' until the interrupt and call 'ready' once it serves.
//  OK, or as node_run of actors/node.h; 'why' has the reason.
typedef code_t (node_runner_t) (void *context, const char *dir,
                                void (*ready) (const home_t *home), char *why, size_t why_size);

//  The verb: says one line (or document) when the node serves, and ends with it; with --daemon it
//  returns once a node in the background answers. Once a process, before there is any thread.
int
    node_verb (const args_t *args, const screen_t *screen, node_runner_t *run, void *context);

#endif
