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

#define WHOLE 1000u         //  a token, in a bucket

static void
refill (bucket_t *self, uint32_t rate, uint32_t burst, int64_t now_ms)
{
    uint32_t passed_ms = (uint32_t) now_ms - self->at_ms;
    uint64_t fresh = (uint64_t) passed_ms * rate;
    self->missing = fresh < self->missing ? self->missing - (uint32_t) fresh : 0;
    if (self->missing > burst * WHOLE)
        self->missing = burst * WHOLE;
    self->at_ms = (uint32_t) now_ms;
}

static bool
has (const bucket_t *self, uint32_t tokens, uint32_t burst)
{
    return self->missing + (uint64_t) tokens * WHOLE <= (uint64_t) burst * WHOLE;
}

rates_t
rates_charge (bucket_t *peer, bucket_t *node, uint32_t cost, uint32_t peers_count, int64_t now_ms)
{
    uint32_t share = RATES_NODE_RATE / (peers_count > 0 ? peers_count : 1);
    refill (node, RATES_NODE_RATE, RATES_NODE_BURST, now_ms);
    bool crowded = !has (node, RATES_NODE_BURST / 2, RATES_NODE_BURST) && share < RATES_RATE;
    refill (peer, crowded ? share : RATES_RATE, RATES_BURST, now_ms);
    if (!has (node, cost, RATES_NODE_BURST) || (crowded && !has (peer, cost, share)))
        return RATES_SHARE;
    if (!has (peer, cost, RATES_BURST))
        return RATES_FLOOD;
    peer->missing += cost * WHOLE;
    node->missing += cost * WHOLE;
    return RATES_TAKE;
}
