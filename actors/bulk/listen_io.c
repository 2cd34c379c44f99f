// SPDX-License-Identifier: MIT
#include "listen_io.h"

#include "runtime/host/socket_address.h"

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
    struct sockaddr_storage at = {.ss_family = AF_UNSPEC};
    multiaddr_t address;
    socklen_t size = sizeof at;
    if (getsockname (fd, (struct sockaddr *) &at, &size) != 0)
        return 0;
    socket_address_read (&at, &address);
    return address.port;
}

//  The descriptor, or -1 with errno.
static int
bind_one (const multiaddr_t *address, uint16_t port, int v6_only)
{
    struct sockaddr_storage at;
    const int yes = 1;
    multiaddr_t place = *address;
    place.port = port;
    socklen_t size = socket_address_from (&place, &at);
    int fd = socket (at.ss_family, TYPE, 0);
    if (fd < 0)
        return -1;
    setsockopt (fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (at.ss_family == AF_INET6)
        setsockopt (fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, sizeof v6_only);
    if (bind (fd, (struct sockaddr *) &at, size) == 0 && listen (fd, BACKLOG) == 0)
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
    struct sockaddr_storage at;
    socklen_t size = sizeof at;
    int got = accept4 (fd, (struct sockaddr *) &at, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (got < 0) {
        const bool short_of =
            errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
        *code = short_of ? NETWORK : BUSY;
        return -1;
    }
    socket_address_read (&at, from);
    from->port = 0;
    tune (got, at.ss_family);
    return got;
}

int
listen_dial (const multiaddr_t *to)
{
    struct sockaddr_storage at;
    socklen_t size = socket_address_from (to, &at);
    int fd = socket (at.ss_family, TYPE, 0);
    if (fd < 0)
        return -1;
    tune (fd, at.ss_family);
    if (connect (fd, (struct sockaddr *) &at, size) == 0 || errno == EINPROGRESS)
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
