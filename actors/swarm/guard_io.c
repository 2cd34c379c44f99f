// SPDX-License-Identifier: MIT
#include "actors/swarm/guard_io.h"

#include "actors/swarm/ports_io.h"

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
    bool is_cut;                //  by us; its end has not been told yet
    int64_t since_ms;
    uint64_t unread_bytes;      //  at the last look
    uint64_t read_bytes;
} connection_t;

struct guard_t {
    connection_t *list;
    unsigned count, size, max;
    uint64_t unread_bytes;      //  of all, at the last look
};

guard_t *
guard_new (unsigned max)
{
    guard_t *self = calloc (1, sizeof *self);
    if (self)
        self->max = max;
    return self;
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

//  Who has one IPv6 address has the whole network of 64 bits.
static size_t
own_bytes (const multiaddr_t *address)
{
    return address->kind == MULTIADDR_IP6 ? 8 : 4;
}

//  How many of its address there are, in one state, with itself.
static unsigned
alike (const guard_t *self, const connection_t *it)
{
    unsigned count = 0;
    for (unsigned i = 0; i < self->count; i++) {
        const connection_t *other = &self->list[i];
        count += other->proven == it->proven && other->address.kind == it->address.kind
                 && memcmp (other->address.ip, it->address.ip, own_bytes (&it->address)) == 0;
    }
    return count;
}

//  ZeroMQ closes it in a thread of its own, and tells afterwards: whose descriptor it is now shows
//  in the other side's address and port.
static void
cut (const connection_t *it)
{
    multiaddr_t now;
    ports_peer (it->fd, &now);
    if (now.port != 0 && now.port == it->address.port && now.kind == it->address.kind
        && memcmp (now.ip, it->address.ip, sizeof now.ip) == 0)
        shutdown (it->fd, SHUT_RDWR);
}

void
guard_cut (guard_t *self, int fd)
{
    const connection_t *it = find (self, fd);
    if (it)
        cut (it);
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
guard_accepted (guard_t *self, int fd, int64_t now_ms)
{
    guard_closed (self, fd);
    connection_t one = {.fd = fd, .since_ms = now_ms};
    ports_peer (fd, &one.address);
    if (self->count >= self->max || !room (self)) {
        cut (&one);
        return false;
    }
    connection_t *it = &self->list[self->count++];
    *it = one;
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

//  Bytes that came in and are no message yet, with what waits here to be read.
static uint64_t
unread (const connection_t *it)
{
    struct tcp_info info;
    socklen_t size = sizeof info;
    const uint64_t read_bytes = it->read_bytes + SLACK_BYTES;
    if (getsockopt (it->fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0
        || info.tcpi_bytes_received < read_bytes)
        return 0;
    return info.tcpi_bytes_received - read_bytes;
}

//  Cut off for good; what it sent does not count any more, as ZeroMQ is about to free it.
static void
give_up (guard_t *self, connection_t *it)
{
    cut (it);
    it->is_cut = true;
    self->unread_bytes -= it->unread_bytes;
}

static connection_t *
the_most_unread (const guard_t *self)
{
    connection_t *most = NULL;
    for (unsigned i = 0; i < self->count; i++) {
        connection_t *it = &self->list[i];
        if (!it->is_cut && (!most || it->unread_bytes > most->unread_bytes))
            most = it;
    }
    return most;
}

unsigned
guard_look (guard_t *self, int64_t now_ms)
{
    unsigned count = 0;
    self->unread_bytes = 0;
    for (unsigned i = 0; i < self->count; i++) {
        connection_t *it = &self->list[i];
        if (it->is_cut)
            continue;
        it->unread_bytes = unread (it);
        self->unread_bytes += it->unread_bytes;
        const bool idle = !it->proven && now_ms - it->since_ms >= LINK_UNPROVEN_MS;
        if (!idle && it->unread_bytes <= (it->proven ? LINK_GUARD_BYTES : LINK_FIRST_BYTES))
            continue;
        give_up (self, it);
        count++;
    }
    connection_t *most;
    while (self->unread_bytes > LINK_GUARD_ALL_BYTES && (most = the_most_unread (self)) != NULL) {
        give_up (self, most);
        count++;
    }
    return count;
}

uint64_t
guard_unread (const guard_t *self)
{
    return self->unread_bytes;
}

unsigned
guard_count (const guard_t *self)
{
    return self->count;
}
