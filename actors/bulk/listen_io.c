// SPDX-License-Identifier: MIT
#include "listen_io.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG      64
#define ATTEMPTS     8          //  to find a port that is free at all addresses
#define TYPE         (SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC)
#define TOS          0x08       //  "throughput" (RFC 1349): others may go first

typedef union {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
} place_t;

static socklen_t
to_system (const multiaddr_t *address, uint16_t port, place_t *place)
{
    memset (place, 0, sizeof *place);
    if (address->kind == MULTIADDR_IP4) {
        place->v4.sin_family = AF_INET;
        place->v4.sin_port = htons (port);
        memcpy (&place->v4.sin_addr, address->ip, sizeof place->v4.sin_addr);
        return sizeof place->v4;
    }
    place->v6.sin6_family = AF_INET6;
    place->v6.sin6_port = htons (port);
    memcpy (&place->v6.sin6_addr, address->ip, sizeof place->v6.sin6_addr);
    return sizeof place->v6;
}

static void
from_system (const place_t *place, multiaddr_t *address)
{
    *address = (multiaddr_t) {.kind = MULTIADDR_IP4};
    if (place->any.sa_family == AF_INET) {
        memcpy (address->ip, &place->v4.sin_addr, sizeof place->v4.sin_addr);
        return;
    }
    const uint8_t *ip = place->v6.sin6_addr.s6_addr;
    const bool mapped = IN6_IS_ADDR_V4MAPPED (&place->v6.sin6_addr);
    address->kind = mapped ? MULTIADDR_IP4 : MULTIADDR_IP6;
    memcpy (address->ip, ip + (mapped ? 12 : 0), mapped ? 4 : 16);
}

//  What the other side does not acknowledge ends the connection as soon as what it does not read.
static void
tune (int fd, sa_family_t family)
{
    const int yes = 1, tos = TOS;
    const unsigned stall_ms = BULK_STALL_MS;
    setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    setsockopt (fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &stall_ms, sizeof stall_ms);
    if (family == AF_INET)
        setsockopt (fd, IPPROTO_IP, IP_TOS, &tos, sizeof tos);
    else
        setsockopt (fd, IPPROTO_IPV6, IPV6_TCLASS, &tos, sizeof tos);
}

//  ---- binding -------------------------------------------------------------------------------------

static uint16_t
port_of (int fd)
{
    place_t place;
    socklen_t size = sizeof place;
    if (getsockname (fd, &place.any, &size) != 0)
        return 0;
    return ntohs (place.any.sa_family == AF_INET ? place.v4.sin_port : place.v6.sin6_port);
}

//  The descriptor, or -1 with errno.
static int
bind_one (const multiaddr_t *address, uint16_t port, int v6_only)
{
    place_t place;
    const int yes = 1;
    socklen_t size = to_system (address, port, &place);
    int fd = socket (place.any.sa_family, TYPE, 0);
    if (fd < 0)
        return -1;
    setsockopt (fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (place.any.sa_family == AF_INET6)
        setsockopt (fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, sizeof v6_only);
    if (bind (fd, &place.any, size) == 0 && listen (fd, BACKLOG) == 0)
        return fd;
    const int why = errno;
    close (fd);
    errno = why;
    return -1;
}

//  Two ports of the link at one IP are one place here.
static bool
is_repeated (const bulk_settings_t *settings, size_t index)
{
    const multiaddr_t *it = &settings->addresses[index];
    for (size_t i = 0; i < index; i++)
        if (settings->addresses[i].kind == it->kind
            && memcmp (settings->addresses[i].ip, it->ip, sizeof it->ip) == 0)
            return true;
    return false;
}

//  The link takes IPv4 at the unspecified IPv6 address, too.
static bool
has_ip4 (const bulk_settings_t *settings)
{
    for (size_t i = 0; i < settings->addresses_count; i++)
        if (settings->addresses[i].kind == MULTIADDR_IP4)
            return true;
    return false;
}

//  0 or errno; *at is the address it is about.
static int
bind_all (listen_t *self, const bulk_settings_t *settings, const multiaddr_t **at)
{
    *self = (listen_t) {.port = settings->port};
    for (size_t i = 0; i < settings->addresses_count && self->count < LISTEN_MAX; i++) {
        if (is_repeated (settings, i))
            continue;
        *at = &settings->addresses[i];
        int fd = bind_one (*at, self->port, has_ip4 (settings));
        if (fd < 0) {
            const int why = errno;
            listen_close (self);
            return why;
        }
        self->fds[self->count++] = fd;
        self->port = port_of (fd);
    }
    return 0;
}

bool
listen_open (listen_t *self, const bulk_settings_t *settings, char *why, size_t why_size)
{
    const multiaddr_t *at = NULL;
    int error = bind_all (self, settings, &at);
    for (unsigned i = 1; i < ATTEMPTS && error == EADDRINUSE && settings->port == 0; i++)
        error = bind_all (self, settings, &at);
    if (error == 0)
        return true;
    char text[MULTIADDR_TEXT_MAX + 1];
    multiaddr_t place = *at;
    place.port = settings->port;
    multiaddr_text (&place, text);
    snprintf (why, why_size, "%s: %s", text, strerror (error));
    return false;
}

void
listen_close (listen_t *self)
{
    while (self->count > 0)
        close (self->fds[--self->count]);
}

//  ---- connections ---------------------------------------------------------------------------------

int
listen_accept (int fd, multiaddr_t *from, code_t *code)
{
    place_t place;
    socklen_t size = sizeof place;
    int got = accept4 (fd, &place.any, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (got < 0) {
        const bool short_of =
            errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
        *code = short_of ? NETWORK : BUSY;
        return -1;
    }
    from_system (&place, from);
    tune (got, place.any.sa_family);
    return got;
}

int
listen_dial (const multiaddr_t *to)
{
    place_t place;
    socklen_t size = to_system (to, to->port, &place);
    int fd = socket (place.any.sa_family, TYPE, 0);
    if (fd < 0)
        return -1;
    tune (fd, place.any.sa_family);
    if (connect (fd, &place.any, size) == 0 || errno == EINPROGRESS)
        return fd;
    close (fd);
    return -1;
}

bool
listen_connected (int fd)
{
    int error = 0;
    socklen_t size = sizeof error;
    return getsockopt (fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
}
