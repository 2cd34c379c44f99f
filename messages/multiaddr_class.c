// SPDX-License-Identifier: MIT
#include "multiaddr_inside.h"

#include <string.h>

//  A network: the first 'bits' of an address.
typedef struct {
    multiaddr_kind_t kind;
    unsigned bits;
    uint8_t ip [16];
} network_t;

static bool
is_inside (const multiaddr_t *self, const network_t *network)
{
    unsigned bytes = network->bits / 8, bits = network->bits % 8;
    if (self->kind != network->kind || memcmp (self->ip, network->ip, bytes) != 0)
        return false;
    return bits == 0 || (self->ip [bytes] ^ network->ip [bytes]) >> (8 - bits) == 0;
}

static bool
is_in_any (const multiaddr_t *self, const network_t *networks, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (is_inside (self, &networks [i]))
            return true;
    return false;
}

bool
multiaddr_is_loopback (const multiaddr_t *self)
{
    static const network_t loopback [] = {
        {MULTIADDR_IP4, 8, {127}},
        {MULTIADDR_IP6, 128, {[15] = 1}},
    };
    return is_in_any (self, loopback, COUNT_OF (loopback));
}

bool
multiaddr_is_private (const multiaddr_t *self)
{
    static const network_t private [] = {
        {MULTIADDR_IP4, 8, {10}},               //  RFC 1918
        {MULTIADDR_IP4, 12, {172, 16}},
        {MULTIADDR_IP4, 16, {192, 168}},
        {MULTIADDR_IP4, 10, {100, 64}},         //  RFC 6598, behind a carrier's NAT
        {MULTIADDR_IP4, 16, {169, 254}},        //  RFC 3927, link-local
        {MULTIADDR_IP6, 7, {0xfc}},             //  RFC 4193
        {MULTIADDR_IP6, 10, {0xfe, 0x80}},      //  RFC 4291, link-local
    };
    return multiaddr_is_loopback (self) || is_in_any (self, private, COUNT_OF (private));
}

bool
multiaddr_is_dialable (const multiaddr_t *self)
{
    static const network_t never [] = {
        {MULTIADDR_IP4, 8, {0}},                //  RFC 6890, "this host"
        {MULTIADDR_IP4, 3, {224}},              //  Multicast, reserved, broadcast
        {MULTIADDR_IP6, 128, {0}},
        {MULTIADDR_IP6, 8, {0xff}},
        {MULTIADDR_IP6, 10, {0xfe, 0x80}},
    };
    return (self->kind == MULTIADDR_DNSADDR || self->port > 0)
        && !is_in_any (self, never, COUNT_OF (never));
}

bool
multiaddr_same_host (const multiaddr_t *a, const multiaddr_t *b)
{
    const size_t size = multiaddr_ip_size (a);
    return size > 0 && a->kind == b->kind && memcmp (a->ip, b->ip, size < 8 ? size : 8) == 0;
}

uint64_t
multiaddr_group (const multiaddr_t *self)
{
    if (multiaddr_ip_size (self) == 0 || multiaddr_is_private (self))
        return 0;
    uint64_t high = (uint64_t) self->ip [0] << 24 | (uint64_t) self->ip [1] << 16;
    if (self->kind == MULTIADDR_IP4)
        return 4ull << 32 | high;
    return 6ull << 32 | high | (uint64_t) self->ip [2] << 8 | self->ip [3];
}
