// SPDX-License-Identifier: MIT
//  Plays an input as mail to one actor that has no bus: requests, answers to what it asked, and the
//  passing of time. An input is a sequence of
//
//      [op][a][b][size, u16 little-endian][size bytes]
//
//  op % 8:  0 REQUEST   body = bytes, of the message of row a, from client b; from 128 on that is one of
//                      another node
//           1 REPLY     body = bytes, of the message that is expected, to the a-th thing it asked; with
//                      b = 1 they are its attachment
//           2 REPLY     the same with a Failure
//           3 PROGRESS  the same with a Progress
//           4 CANCEL    client b cancels its request number a; or, with a = 255, is GONE
//           5 EVENT     body = bytes, of the message of row a
//           6 time      a * 256 + b milliseconds pass
//           7 any mail  the first a bytes are the envelope, the others the body
//
//  Whatever comes: what the actor sends must decode at its receiver, its bounds must hold, and when
//  nobody says anything more, all it owes ends.
#ifndef GGEN_PLAYER_H
#define GGEN_PLAYER_H

#include "runtime/actor/actor.h"

#define PLAYER_OPS_MAX 96

void
    player_play (const actor_class_t *class, const void *settings, const uint8_t *data,
                 size_t size);

//  Flags: every signature holds, so that what comes after is reached; and it asks again and again of
//  itself, so only what it owes has to end.
enum { PLAYER_BELIEVES = 1, PLAYER_RESTLESS = 2 };

void
    player_play_as (const actor_class_t *class, const void *settings, unsigned flags,
                    const uint8_t *data, size_t size);

//  Of the node that is played.
extern const identity_t player_identity;

#endif
