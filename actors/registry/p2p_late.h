// SPDX-License-Identifier: MIT
//  What was published while no node ran (SPEC 3.4): the installer left its names in the table
//  "unannounced" of "state". Once a neighbour is there each is asked of the file registry and published
//  as if its publisher did it now, one after another; so are, for a name without a version, the heads
//  and rotations that the file registry has of it. What has reached the outbox, or is not in the file
//  registry any more, leaves the table. What is refused stays, and is tried again with the next round.
#ifndef GGEN_P2P_LATE_H
#define GGEN_P2P_LATE_H

#include "package_id.h"
#include "semver.h"

#include "runtime/actor/out.h"

#define LATE_DELAY_MS 1000              //  from the first neighbour to the first look
#define LATE_STEP_MS  2000              //  from a publish to the look whether it is in the outbox
#define LATE_ROUND_MS 600000            //  between rounds, while anything is left

//  Packed as the table's keys are: id NUL version, which may be empty.
#define LATE_KEY_MAX (PACKAGE_ID_MAX + SEMVER_TEXT_MAX + 1)

struct registry_p2p;

typedef struct {
    int64_t at_ms;                      //  DEADLINE_NEVER: nothing to do, or an answer is awaited
    uint8_t *key;                       //  of the one at hand, or the last, with two NULs behind
                                        //  it; LATE_KEY_MAX + 2 bytes, or NULL between rounds
    size_t key_size;                    //  0: none yet in this round
    bool trying;                        //  it was told: is it in the outbox?
    bool any_left;                      //  this round has left something
    bool woken;                         //  a neighbour has come
    bool over;                          //  the table is empty, or this node does not look
} late_t;

void late_begin (struct registry_p2p *home);
void late_end (late_t *self);

//  A neighbour has come.
void late_wake (struct registry_p2p *home);

void late_tick (struct registry_p2p *home, int64_t now_ms);

#endif
