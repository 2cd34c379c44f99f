// SPDX-License-Identifier: MIT
//  Mail that waits until its peer has a session, in the order in which it came.
#ifndef GGEN_SWARM_PARKED_H
#define GGEN_SWARM_PARKED_H

#include "base.h"

#define PARKED_MAX       32u                //  for one peer; the next is refused with BUSY
#define PARKED_BYTES_MAX (256u << 10)       //  for one peer, as above
#define PARKED_ALL_MAX   (4u << 20)         //  bytes for all peers together, as above

//  What is said, borrowed.
typedef struct {
    Ggen__Kind kind;
    uint64_t id;                            //  as it goes out
    uint64_t trace;
    const char *from, *to, *type;
    bytes_t body;
    bytes_t attachment;
} said_mail_t;

typedef struct parked_mail_t parked_mail_t;

//  All zero is empty.
typedef struct {
    parked_mail_t *first, *last;
    uint32_t count;
    uint32_t size_bytes;
} parked_t;

//  Copy it behind the others. '*all_bytes' counts those of all peers. BUSY: a bound, or no memory.
must_use code_t parked_add (parked_t *self, size_t *all_bytes, const said_mail_t *mail);

//  The first, which lives until parked_drop; NULL: none.
const said_mail_t *parked_first (const parked_t *self);

//  Forget the first.
void parked_drop (parked_t *self, size_t *all_bytes);

//  Forget the request with this id, if it waits here.
void parked_forget (parked_t *self, size_t *all_bytes, uint64_t id);

void parked_clear (parked_t *self, size_t *all_bytes);

#endif
