// SPDX-License-Identifier: MIT
//  Where a recording is played to a fresh actor (tap --into). main.c, which alone knows the actors,
//  provides it.
#ifndef GGEN_STAGE_H
#define GGEN_STAGE_H

#include "screen.h"
#include "node.pb-c.h"
#include "rehearsal.pb-c.h"

typedef struct {
    void *context;
    //  Prepare the actor of this name as a node of the home 'dir' (absolute) would have it, or with 'brief'
    //  as one call in the network. Nothing runs.
    //  OK; VALIDATION: there is no such actor, or it does I/O, which no recording has; others as
    //  starting that node. 'why' has the words.
    code_t (*open) (void *context, const char *dir, const char *actor, bool brief, void **stage_p,
                    char *why, size_t why_size);
    //  The next message of the recording, of whatever actor. OK, BUSY, VALIDATION as rehearsal_add.
    code_t (*hear) (void *stage, const Ggen__TapHeader *header, bytes_t body);
    //  Play them. As rehearsal_run.
    code_t (*play) (void *stage, Ggen__RehearsalReply **reply_p);
    void (*close) (void **stage_p);
} stage_t;

//  Say which stage there is, once, before any verb runs. Borrowed.
void
    stage_provide (const stage_t *stage);

#endif
