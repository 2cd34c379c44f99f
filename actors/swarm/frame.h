// SPDX-License-Identifier: MIT
//  The envelope as another node wrote it: read where it lies, without memory of its own, because
//  every message that comes in has one.
#ifndef GGEN_SWARM_FRAME_H
#define GGEN_SWARM_FRAME_H

#include "swarm.h"

#define FRAME_TYPE_MAX 64       //  bytes of a message's name

typedef struct {
    Ggen__Kind kind;            //  any number that the other side wrote
    uint64_t id;
    uint64_t trace;
    uint32_t budget_ms;
    char from[SWARM_NAME_MAX + 1];
    char to[SWARM_NAME_MAX + 1];
    char type[FRAME_TYPE_MAX + 1];
} frame_t;

//  False: it is no envelope, or a name in it is none: 'from' and 'to' are 1 to SWARM_NAME_MAX of
//  a-z 0-9 _ -, a type 0 to FRAME_TYPE_MAX of A-Z a-z 0-9. Reply_to, sent_us and route of others
//  mean nothing here and are skipped.
bool frame_read (frame_t *self, bytes_t wire);

//  Is this a name that can be said to other nodes?
bool frame_name_valid (const char *name);

#endif
