// SPDX-License-Identifier: MIT
//  The one loop that turns any actor class into a thread on the bus: receives, measures, ticks,
//  runs jobs, and starts a new incarnation when the actor ends by FATAL.
#ifndef GGEN_SHELL_H
#define GGEN_SHELL_H

#include "mailbox.h"

#include <czmq.h>

//  So many FATALs in so many milliseconds, and the shell gives up and tells the bus.
#define SHELL_FATALS_MAX       5
#define SHELL_FATALS_WINDOW_MS 60000

//  While so much of what it said waits for the bus, an actor is given no input of its sockets.
#define SHELL_UNFETCHED_MESSAGES 64
#define SHELL_UNFETCHED_BYTES    (2u << 20)
#define SHELL_UNFETCHED_MS       2          //  between two looks

typedef struct {
    const actor_class_t *class;
    const char *name;
    const void *settings;
    mailbox_t *mailbox;         //  outlives the shell
} shell_setup_t;

//  All that the thread does. Ends on $TERM, whatever is queued; 'setup' outlives it.
void shell_main (zsock_t *pipe, const shell_setup_t *setup);

#endif
