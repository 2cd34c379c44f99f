// SPDX-License-Identifier: MIT
#include "limits.h"

#include <string.h>

//  What costs more than reading.
static const struct {
    const char *type;
    uint32_t cost;
} costs[] = {
    {"PutRecordRequest", LIMITS_VERIFY + LIMITS_STORE},
    {"PushRequest", LIMITS_VERIFY},
    {"HostRequest", LIMITS_VERIFY + LIMITS_STORE},
    {"DialBackRequest", LIMITS_VERIFY},
};

uint32_t
limits_cost (Ggen__Kind kind, const char *type, size_t size_bytes)
{
    uint32_t cost = kind == GGEN__KIND__EVENT ? LIMITS_EVENT : LIMITS_READ;
    for (size_t i = 0; i < COUNT_OF (costs) && kind == GGEN__KIND__REQUEST; i++)
        if (strcmp (costs[i].type, type) == 0)
            cost = costs[i].cost;
    return cost + (uint32_t) (size_bytes >> 10);
}

static void
refill (bucket_t *self, uint32_t rate, uint32_t burst, int64_t now_ms)
{
    uint32_t passed_ms = (uint32_t) now_ms - self->at_ms;
    uint64_t fresh = (uint64_t) passed_ms * rate / 1000;
    self->missing = fresh < self->missing ? self->missing - (uint32_t) fresh : 0;
    if (self->missing > burst)
        self->missing = burst;
    self->at_ms = (uint32_t) now_ms;
}

limits_t
limits_charge (bucket_t *peer, bucket_t *node, uint32_t cost, uint32_t peers_count, int64_t now_ms)
{
    uint32_t share = LIMITS_NODE_RATE / (peers_count > 0 ? peers_count : 1);
    refill (node, LIMITS_NODE_RATE, LIMITS_NODE_BURST, now_ms);
    bool crowded = node->missing > LIMITS_NODE_BURST / 2 && share < LIMITS_RATE;
    refill (peer, crowded ? share : LIMITS_RATE, LIMITS_BURST, now_ms);
    if (node->missing + cost > LIMITS_NODE_BURST || (crowded && peer->missing + cost > share))
        return LIMITS_SHARE;
    if (peer->missing + cost > LIMITS_BURST)
        return LIMITS_FLOOD;
    peer->missing += cost;
    node->missing += cost;
    return LIMITS_TAKE;
}
