// SPDX-License-Identifier: MIT
//  Whether there is anybody to ask. A node that lives for one call has no peers when its only questions
//  come, so it goes into the network at birth, and reads of the DHT wait until one peer is there: of the
//  configured bootstraps, else one that is known from before, else one of the local network. When
//  that fails, or settings.join_ms have passed, they fail with NETWORK. A node that has only just
//  started learns by our coming that it can be dialled, and says so a moment later: JOIN_SETTLE_MS.
//  Any node says so with its answers while it has no peer (settings.alone_text).
#ifndef GGEN_P2P_JOIN_H
#define GGEN_P2P_JOIN_H

#include "runtime/actor/out.h"

#define JOIN_SETTLE_MS 500

struct registry_p2p;

typedef struct {
    bool joining;                       //  reads wait
    bool alone;                         //  no peer, as far as we know
    int64_t until_ms;                   //  DEADLINE_NEVER: it is over
} join_t;

void join_begin (struct registry_p2p *home);
void join_tick (struct registry_p2p *home, int64_t now_ms);

//  Swarm says that there is a peer ('useful': it knows where records lie), or that there is none left.
void join_peer (struct registry_p2p *home, bool useful, int64_t now_ms);
void join_changed (struct registry_p2p *home, bool alone);

//  Words for why nobody can be asked; NULL: somebody can, or there is nothing to say of it.
const char *join_alone_text (const struct registry_p2p *home);

#endif
