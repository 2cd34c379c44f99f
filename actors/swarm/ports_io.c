// SPDX-License-Identifier: MIT
#include "actors/swarm/ports_io.h"

#include "runtime/host/socket_address.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

//  0 or errno. With SO_REUSEADDR as ZeroMQ sets it: what remains of our own last run is no obstacle.
static int
try_one (const multiaddr_t *address)
{
    struct sockaddr_storage at;
    const int yes = 1;
    socklen_t size = socket_address_from (address, &at);
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
    struct sockaddr_storage peer = {.ss_family = AF_UNSPEC};
    socklen_t size = sizeof peer;
    if (getpeername (fd, (struct sockaddr *) &peer, &size) != 0)
        peer.ss_family = AF_UNSPEC;
    socket_address_read (&peer, address);
}
