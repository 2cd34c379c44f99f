// SPDX-License-Identifier: MIT
#include "rates.h"

#include <string.h>

//  What costs more than reading.
static const struct {
    const char *type;
    uint32_t cost;
} costs[] = {
    {"PutRecordRequest", RATES_VERIFY + RATES_STORE},
    {"PushRequest", RATES_VERIFY},
    {"HostRequest", RATES_VERIFY + RATES_STORE},
    {"DialBackRequest", RATES_VERIFY},
};

uint32_t
rates_cost (Ggen__Kind kind, const char *type, size_t size_bytes)
{
    uint32_t cost = kind == GGEN__KIND__EVENT ? RATES_EVENT : RATES_READ;
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

rates_t
rates_charge (bucket_t *peer, bucket_t *node, uint32_t cost, uint32_t peers_count, int64_t now_ms)
{
    uint32_t share = RATES_NODE_RATE / (peers_count > 0 ? peers_count : 1);
    refill (node, RATES_NODE_RATE, RATES_NODE_BURST, now_ms);
    bool crowded = node->missing > RATES_NODE_BURST / 2 && share < RATES_RATE;
    refill (peer, crowded ? share : RATES_RATE, RATES_BURST, now_ms);
    if (node->missing + cost > RATES_NODE_BURST || (crowded && peer->missing + cost > share))
        return RATES_SHARE;
    if (peer->missing + cost > RATES_BURST)
        return RATES_FLOOD;
    peer->missing += cost;
    node->missing += cost;
    return RATES_TAKE;
}
