// SPDX-License-Identifier: MIT
#include "socket_address.h"

#include <netinet/in.h>
#include <string.h>

socklen_t
socket_address_from (const multiaddr_t *address, struct sockaddr_storage *at)
{
    memset (at, 0, sizeof *at);
    if (address->kind == MULTIADDR_IP4) {
        struct sockaddr_in *v4 = (struct sockaddr_in *) at;
        v4->sin_family = AF_INET;
        v4->sin_port = htons (address->port);
        memcpy (&v4->sin_addr, address->ip, sizeof v4->sin_addr);
        return sizeof *v4;
    }
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *) at;
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons (address->port);
    memcpy (&v6->sin6_addr, address->ip, sizeof v6->sin6_addr);
    return sizeof *v6;
}

void
socket_address_read (const struct sockaddr_storage *at, multiaddr_t *address)
{
    *address = (multiaddr_t) {.kind = MULTIADDR_IP4};
    if (at->ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *) at;
        memcpy (address->ip, &v4->sin_addr, sizeof v4->sin_addr);
        address->port = ntohs (v4->sin_port);
    } else if (at->ss_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *) at;
        const bool mapped = IN6_IS_ADDR_V4MAPPED (&v6->sin6_addr);
        address->kind = mapped ? MULTIADDR_IP4 : MULTIADDR_IP6;
        memcpy (address->ip, v6->sin6_addr.s6_addr + (mapped ? 12 : 0), mapped ? 4 : 16);
        address->port = ntohs (v6->sin6_port);
    }
}
