// SPDX-License-Identifier: MIT
//  What time it is for others. Each greeting says what the peer's wall clock shows; the median of
//  the last ones says how far off ours is, and stays right while less than half of them lie or are
//  wrong themselves.
//
//  A sample is kept as the distance of the peer's wall clock from our monotonic one, so that it
//  holds on when our wall clock is set or drifts. But when that jumps the machine may have slept
//  instead, which the monotonic clock does not count, and then all samples are wrong. Sessions tell
//  the two apart: after a sleep they break. So after a jump only those with a session count, and
//  only as long as it lasts.
//
//  Whom we dialled we chose. Those who dialled us may be many of one: they count only as long as
//  there are less than PEER_CLOCKS_MIN of the others.
#ifndef GGEN_SWARM_PEER_CLOCKS_H
#define GGEN_SWARM_PEER_CLOCKS_H

#include "peer_id.h"

#define PEER_CLOCKS_MAX     32u     //  then the one worth least makes way, the oldest of them
#define PEER_CLOCKS_MIN     3u      //  with fewer nobody is told: two of three have to lie
#define PEER_CLOCKS_STEP_MS 60000   //  less is no news, and no reason to correct anything
#define PEER_CLOCKS_JUMP_MS 60000   //  between two looks at our clocks: it was set

typedef struct {
    uint64_t peer;                  //  the first bytes of its key: one sample each
    int64_t ahead_ms;               //  its wall clock minus our monotonic one
    bool chosen;                    //  we dialled it
    bool up;                        //  we have a session
    bool doubted;                   //  there was a jump since
} peer_clock_t;

//  All zero is empty.
typedef struct {
    peer_clock_t *samples;          //  the oldest first
    uint8_t count, room;
    bool watched;
    int64_t own_ahead_ms;           //  our wall clock minus our monotonic one, when last looked at
    int64_t told_ms;                //  peer_clocks_news
} peer_clocks_t;

void peer_clocks_clear (peer_clocks_t *self);

//  Our clocks, now. Call it before the others, and often: it is how jumps are seen. Returns true
//  when there was one.
bool peer_clocks_watch (peer_clocks_t *self, int64_t now_ms, int64_t wall_ms);

//  A session begins with a peer that says its wall clock shows 'wall_ms'. Without memory for it
//  nothing is kept.
void peer_clocks_add (peer_clocks_t *self, const peer_key_t *peer, bool chosen, int64_t wall_ms,
                      int64_t now_ms);

//  The session has ended.
void peer_clocks_down (peer_clocks_t *self, const peer_key_t *peer);

//  Median of the peers' clocks minus ours; 0 without a sample. Of an even number the one of the two in the
//  middle that is nearer to ours.
int64_t peer_clocks_skew_ms (const peer_clocks_t *self);

//  Is there something to tell those who judge signed times? Then *skew_ms_p is what to add to our
//  wall clock: 0 when it differs by less than PEER_CLOCKS_STEP_MS, or samples are too few.
bool peer_clocks_news (peer_clocks_t *self, int64_t *skew_ms_p);

#endif
