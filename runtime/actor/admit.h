// SPDX-License-Identifier: MIT
//  What a mailbox takes at which depth: one rule for the bus and for the simulator.
#ifndef GGEN_ADMIT_H
#define GGEN_ADMIT_H

#include "actor.h"

//  Above these a mailbox takes no more requests and events; no more cancels; no more news of
//  vanished clients. What is left above is enough for all replies its actor can be waiting for.
#define ADMIT_REQUESTS_MAX       (MAILBOX_MESSAGES_MAX / 2)
#define ADMIT_REQUESTS_BYTES_MAX (MAILBOX_BYTES_MAX / 2)
#define ADMIT_GONE_MAX           (MAILBOX_MESSAGES_MAX - PENDING_MAX)
#define ADMIT_CANCELS_MAX        (ADMIT_GONE_MAX - 24)

//  A reply up to this size is never stripped, and the last bytes are kept for such: the refusal that
//  takes the place of a stripped one always fits.
#define ADMIT_SMALL_BYTES         1024u
#define ADMIT_REPLIES_BYTES_MAX   (MAILBOX_BYTES_MAX - PENDING_MAX * ADMIT_SMALL_BYTES)

_Static_assert(ADMIT_REQUESTS_MAX < ADMIT_CANCELS_MAX, "cancels pass where requests do not");

typedef enum {
    ADMIT_TAKE,
    ADMIT_BUSY,                 //  a request: its asker has to be told
    ADMIT_DROP,                 //  lost at the bound
    ADMIT_STRIP                 //  a reply too large for the room left: tell its asker BUSY instead
} admit_t;

//  Whether a message of this kind and size fits into a mailbox that holds so much. Replies always
//  do by number, because an actor waits for fewer of them than the room kept; one that nobody
//  waits for may be lost.
admit_t admit_message (Ggen__Kind kind, size_t size, uint64_t depth_messages,
                       uint64_t depth_bytes);

#endif
