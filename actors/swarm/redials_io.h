// SPDX-License-Identifier: MIT
//  Dials to an endpoint that has a link yet, most often one that is being closed: ZeroMQ knows a
//  connection that it made by its endpoint alone, so the next one to the same place has to wait.
#ifndef GGEN_REDIALS_IO_H
#define GGEN_REDIALS_IO_H

#include "multiaddr.h"

#define REDIALS_MAX      32         //  one more is refused
#define REDIALS_WAIT_MS  1000       //  longest; a link that stays is no reason to wait longer
#define REDIALS_LOOK_MS  20

typedef struct {
    uint64_t number;                //  of the link
    multiaddr_t address;
    uint8_t key[32];                //  X25519 that is expected there
    int64_t ends_ms;                //  when the dial is over
} outbound_t;

typedef struct {
    outbound_t dial;
    int64_t until_ms;
} redial_t;

//  All zero is empty.
typedef struct {
    redial_t *list[REDIALS_MAX];
    unsigned count;
    int64_t look_ms;                //  when to look at them; meaningless with none
} redials_t;

void redials_clear (redials_t *self);

//  Copied. False: as many wait as may, or no memory.
bool redials_put (redials_t *self, const outbound_t *dial, int64_t now_ms);

//  It is not wanted any more; unknown ones are no error.
void redials_drop (redials_t *self, uint64_t number);

//  DEADLINE_NEVER with none.
int64_t redials_next_ms (const redials_t *self);

#endif
