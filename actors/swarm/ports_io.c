// SPDX-License-Identifier: MIT
#include "actors/swarm/ports_io.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static socklen_t
to_system (const multiaddr_t *address, struct sockaddr_storage *at)
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

//  0 or errno. With SO_REUSEADDR as ZeroMQ sets it: what remains of our own last run is no obstacle.
static int
try_one (const multiaddr_t *address)
{
    struct sockaddr_storage at;
    const int yes = 1;
    socklen_t size = to_system (address, &at);
    int fd = socket (at.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd == -1)
        return errno;
    setsockopt (fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    int error = bind (fd, (const struct sockaddr *) &at, size) == 0 ? 0 : errno;
    close (fd);
    return error;
}

code_t
ports_try (const multiaddr_t *addresses, size_t count, char *why, size_t why_size)
{
    for (size_t i = 0; i < count; i++) {
        int error = try_one (&addresses[i]);
        if (error == 0)
            continue;
        char text[MULTIADDR_TEXT_MAX + 1];
        multiaddr_text (&addresses[i], text);
        snprintf (why, why_size, "cannot listen on %s: %s", text, strerror (error));
        return NETWORK;
    }
    return OK;
}

void
ports_peer (int fd, multiaddr_t *address)
{
    struct sockaddr_storage peer;
    socklen_t size = sizeof peer;
    *address = (multiaddr_t) {.kind = MULTIADDR_IP4};
    if (getpeername (fd, (struct sockaddr *) &peer, &size) != 0)
        return;
    if (peer.ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *) &peer;
        memcpy (address->ip, &v4->sin_addr, 4);
        address->port = ntohs (v4->sin_port);
        return;
    }
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *) &peer;
    const bool mapped = IN6_IS_ADDR_V4MAPPED (&v6->sin6_addr);
    address->kind = mapped ? MULTIADDR_IP4 : MULTIADDR_IP6;
    memcpy (address->ip, v6->sin6_addr.s6_addr + (mapped ? 12 : 0), mapped ? 4 : 16);
    address->port = ntohs (v6->sin6_port);
}
