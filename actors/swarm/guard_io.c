// SPDX-License-Identifier: MIT
#include "actors/swarm/guard_io.h"

#include <arpa/inet.h>
#include <linux/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

//  What a handshake and framing take beside messages, per connection and per message.
#define SLACK_BYTES       4096u
#define SLACK_MESSAGE     128u

typedef struct {
    int fd;
    multiaddr_t address;
    bool proven;
    uint64_t read_bytes;
} connection_t;

struct guard_t {
    connection_t *list;
    unsigned count, size;
};

guard_t *
guard_new (void)
{
    return calloc (1, sizeof (guard_t));
}

void
guard_destroy (guard_t **self_p)
{
    if (*self_p)
        free ((*self_p)->list);
    free (*self_p);
    *self_p = NULL;
}

static connection_t *
find (const guard_t *self, int fd)
{
    for (unsigned i = 0; i < self->count; i++)
        if (self->list[i].fd == fd)
            return &self->list[i];
    return NULL;
}

static void
read_address (int fd, multiaddr_t *address)
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

//  How many of its address there are, in one state, with itself.
static unsigned
alike (const guard_t *self, const connection_t *it)
{
    unsigned count = 0;
    for (unsigned i = 0; i < self->count; i++) {
        const connection_t *other = &self->list[i];
        count += other->proven == it->proven && other->address.kind == it->address.kind
                 && memcmp (other->address.ip, it->address.ip, sizeof it->address.ip) == 0;
    }
    return count;
}

void
guard_cut (guard_t *self, int fd)
{
    if (find (self, fd))
        shutdown (fd, SHUT_RDWR);
}

static bool
room (guard_t *self)
{
    if (self->count < self->size)
        return true;
    unsigned size = self->size ? 2 * self->size : 16;
    connection_t *list = realloc (self->list, size * sizeof *list);
    if (!list)
        return false;
    self->list = list;
    self->size = size;
    return true;
}

bool
guard_accepted (guard_t *self, int fd)
{
    guard_closed (self, fd);
    if (self->count >= LINK_CONNECTIONS_MAX || !room (self)) {
        shutdown (fd, SHUT_RDWR);
        return false;
    }
    connection_t *it = &self->list[self->count++];
    *it = (connection_t) {.fd = fd};
    read_address (fd, &it->address);
    if (multiaddr_is_loopback (&it->address) || alike (self, it) <= LINK_UNPROVEN_MAX)
        return true;
    guard_cut (self, fd);
    return false;
}

bool
guard_proven (guard_t *self, int fd)
{
    connection_t *it = find (self, fd);
    if (!it || it->proven)
        return true;
    it->proven = true;
    if (multiaddr_is_loopback (&it->address) || alike (self, it) <= LINK_PROVEN_MAX)
        return true;
    guard_cut (self, fd);
    return false;
}

void
guard_read (guard_t *self, int fd, size_t bytes)
{
    connection_t *it = find (self, fd);
    if (it)
        it->read_bytes += bytes + SLACK_MESSAGE;
}

void
guard_closed (guard_t *self, int fd)
{
    connection_t *it = find (self, fd);
    if (it)
        *it = self->list[--self->count];
}

bool
guard_address (const guard_t *self, int fd, multiaddr_t *address)
{
    const connection_t *it = find (self, fd);
    if (it)
        *address = it->address;
    return it != NULL;
}

unsigned
guard_look (guard_t *self)
{
    unsigned cut = 0;
    for (unsigned i = 0; i < self->count; i++) {
        const connection_t *it = &self->list[i];
        struct tcp_info info;
        socklen_t size = sizeof info;
        if (getsockopt (it->fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0
            || info.tcpi_bytes_received <= it->read_bytes + LINK_GUARD_BYTES + SLACK_BYTES)
            continue;
        shutdown (it->fd, SHUT_RDWR);
        cut++;
    }
    return cut;
}

unsigned
guard_count (const guard_t *self)
{
    return self->count;
}
