// SPDX-License-Identifier: MIT
//  Bans hit only liars. A node that was ill itself, or whose peer was, may have been banned for failing,
//  which is what the rule is for; for anything else no honest node ever is.
#include "check.h"

#include "glance.h"
#include "reputation.pb-c.h"

#include <string.h>

#define ILL_US INT64_C (120000000)      //  so long after trouble a node may still be banned for it

static void *
create (play_t *play)
{
    return play;
}

static void
destroy (void *self)
{
    (void) self;
}

static bool
may_have_failed (const play_t *play, uint32_t node)
{
    return !players_is_well (play, node, play_now_us (play) - ILL_US);
}

static void
arrives (void *self, play_t *play, const note_t *note)
{
    uint32_t node;
    (void) self;
    if (note->kind != GGEN__KIND__EVENT || !players_is_honest (play, note->node)
        || !glance_is (note, "BanOrder") || !glance_is_local (note))
        return;
    Ggen__BanOrder *order = glance_body (note, &ggen__ban_order__descriptor);
    if (order && order->secs > 0 && order->peer_key.len == CRYPTO_KEY_BYTES
        && world_node_of_key (play->world, order->peer_key.data, &node)
        && players_is_honest (play, node)
        && !(strstr (order->reason, "fail")
             && (may_have_failed (play, node) || may_have_failed (play, note->node))))
        world_violation (play->world, "bans: node %u bans node %u, which is honest: %s", note->node,
                         node, order->reason);
    if (order)
        ggen__ban_order__free_unpacked (order, NULL);
}

const check_t check_bans = {.name = "bans",
                            .help = "nobody honest is banned",
                            .create = create,
                            .destroy = destroy,
                            .arrives = arrives};
