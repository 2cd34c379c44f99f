// SPDX-License-Identifier: MIT
//  What outbox.c (entries, their time, the disk) and outbox_steps.c (what is told) share; nobody else
//  includes it.
#ifndef GGEN_OUTBOX_INSIDE_H
#define GGEN_OUTBOX_INSIDE_H

#include "p2p_self.h"

//  Bits of OutboxState.done. Never given another meaning: they are on disk.
typedef enum {
    STEP_RELEASE = 0,
    STEP_HEAD = 1,
    STEP_LISTING = 2,
    STEP_PROVIDE = 3,
    STEP_REPLICATE = 4,
    STEP_WITHDRAW = 5,
    STEP_UNPROVIDE = 6,
    STEP_ROTATION = 7,
    STEP_KEYWORD = 8,           //  and 11 more
    STEP_NEWS = 24,
    STEP_CATEGORY = 25,         //  and 7 more
    STEPS_COUNT = 33
} step_t;

#define STEP_BIT(step)  (1ull << (step))
#define STEPS_OF_NEWS   (((1ull << 9) - 1) << STEP_NEWS)
#define STEPS_OF_NAME   (STEP_BIT (STEP_HEAD) | STEP_BIT (STEP_LISTING) \
                         | (((1ull << 12) - 1) << STEP_KEYWORD) | STEPS_OF_NEWS)

#define STEPS_OF_DHT    (STEP_BIT (STEP_RELEASE) | STEP_BIT (STEP_HEAD) | STEP_BIT (STEP_LISTING) \
                         | STEP_BIT (STEP_PROVIDE) | STEP_BIT (STEP_ROTATION) \
                         | (((1ull << 12) - 1) << STEP_KEYWORD))

//  What a head leads to: who reads it looks for these next.
#define STEPS_BEHIND_HEAD (STEP_BIT (STEP_RELEASE) | STEP_BIT (STEP_PROVIDE))

typedef struct outbox_errand outbox_errand_t;

struct outbox_entry {
    outbox_entry_t *next;
    registry_p2p_t *home;
    Ggen__OutboxState *state;
    publisher_key_t key;            //  of the head (of the rotation, without one)
    uint64_t seq;                   //  of the head
    uint64_t wanted;                //  steps that it has
    uint64_t todo;                  //  of this round: not yet asked
    uint64_t thin;                  //  steps that are done, but few others have what was written
    unsigned thin_tries;            //  how often these were written again
    outbox_errand_t *errands;       //  that wait for their answers
    unsigned in_flight;             //  so many
    unsigned behind;                //  of them: STEPS_BEHIND_HEAD
    bool active;
    bool written;                   //  it is on disk
    bool superseded;                //  it goes as soon as it is done
    uint8_t parts[12];              //  of keywords: tried now
    unsigned tries;
    int64_t retry_at_ms;            //  DEADLINE_NEVER: not before somebody wakes it

    //  Who waits for the first round.
    ticket_t ticket;
    int64_t answer_at_ms;
    outbox_asker_t asker;           //  zeros: nobody

    //  Opened while it is active.
    p2p_signed_t listing, signed_release, head, rotation;
};

//  Which steps it has. False: its records do not open.
bool steps_open (outbox_entry_t *entry);

//  Also forgets what is in flight, if any: there will be no answers any more.
void steps_close (outbox_entry_t *entry);

//  Ask for steps as far as there is room. When all have come back, entry_round_over () is called.
void steps_go (outbox_entry_t *entry);

//  In outbox.c.
void entry_round_over (outbox_entry_t *entry);

#endif
