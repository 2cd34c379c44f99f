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

//  The other side.
typedef struct {
    multiaddr_kind_t kind;      //  IP4 or IP6
    uint8_t ip[16];
    uint16_t port;
} place_t;

typedef struct {
    int fd;
    place_t place;
    bool dialled;
    bool loopback;
    bool proven;
    bool is_cut;                //  by us; its end has not been told yet
    int64_t since_ms;
    uint64_t unread_bytes;      //  at the last look
    uint64_t read_bytes;
} connection_t;

struct guard_t {
    connection_t *list;
    unsigned *by_fd;            //  1 + where it is in the list; 0: nowhere
    unsigned fds_count;
    unsigned count, size, max;
    unsigned accepted;          //  of them
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
    if (*self_p) {
        free ((*self_p)->list);
        free ((*self_p)->by_fd);
    }
    free (*self_p);
    *self_p = NULL;
}

static connection_t *
find (const guard_t *self, int fd)
{
    return fd >= 0 && (unsigned) fd < self->fds_count && self->by_fd[fd] > 0
               ? &self->list[self->by_fd[fd] - 1]
               : NULL;
}

//  Who has one IPv6 address has the whole network of 64 bits.
static size_t
own_bytes (const place_t *place)
{
    return place->kind == MULTIADDR_IP6 ? 8 : 4;
}

//  How many of its address were accepted and are in one state, with itself.
static unsigned
alike (const guard_t *self, const connection_t *it)
{
    unsigned count = 0;
    for (unsigned i = 0; i < self->count; i++) {
        const connection_t *other = &self->list[i];
        count += !other->dialled && other->proven == it->proven
                 && other->place.kind == it->place.kind
                 && memcmp (other->place.ip, it->place.ip, own_bytes (&it->place)) == 0;
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
    if (now.port != 0 && now.port == it->place.port && now.kind == it->place.kind
        && memcmp (now.ip, it->place.ip, sizeof now.ip) == 0)
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
room_in_list (guard_t *self)
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

static bool
room_for (guard_t *self, int fd)
{
    if ((unsigned) fd < self->fds_count)
        return true;
    const unsigned count = 2 * ((unsigned) fd + 1);
    unsigned *by_fd = realloc (self->by_fd, count * sizeof *by_fd);
    if (!by_fd)
        return false;
    memset (by_fd + self->fds_count, 0, (count - self->fds_count) * sizeof *by_fd);
    self->by_fd = by_fd;
    self->fds_count = count;
    return true;
}

static void
forget (guard_t *self, connection_t *it)
{
    self->accepted -= !it->dialled;
    self->by_fd[it->fd] = 0;
    *it = self->list[--self->count];
    if (it != &self->list[self->count])
        self->by_fd[it->fd] = (unsigned) (it - self->list) + 1;
}

//  NULL: there is no room, and it was cut off.
static connection_t *
add (guard_t *self, int fd, bool dialled, int64_t now_ms)
{
    connection_t *last = find (self, fd);
    if (last)
        forget (self, last);
    connection_t one = {.fd = fd, .dialled = dialled, .since_ms = now_ms};
    multiaddr_t address;
    ports_peer (fd, &address);
    one.place = (place_t) {.kind = address.kind, .port = address.port};
    memcpy (one.place.ip, address.ip, sizeof one.place.ip);
    one.loopback = multiaddr_is_loopback (&address);
    if (fd < 0 || (!dialled && self->accepted >= self->max) || !room_in_list (self)
        || !room_for (self, fd)) {
        cut (&one);
        return NULL;
    }
    self->accepted += !dialled;
    self->list[self->count++] = one;
    self->by_fd[fd] = self->count;
    return &self->list[self->count - 1];
}

bool
guard_accepted (guard_t *self, int fd, int64_t now_ms)
{
    const connection_t *it = add (self, fd, false, now_ms);
    if (!it || it->loopback || alike (self, it) <= LINK_UNPROVEN_MAX)
        return it != NULL;
    cut (it);
    return false;
}

bool
guard_dialled (guard_t *self, int fd, int64_t now_ms)
{
    return add (self, fd, true, now_ms) != NULL;
}

bool
guard_proven (guard_t *self, int fd)
{
    connection_t *it = find (self, fd);
    if (!it || it->proven)
        return true;
    it->proven = true;
    if (it->dialled || it->loopback || alike (self, it) <= LINK_PROVEN_MAX)
        return true;
    cut (it);
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
guard_closed (guard_t *self, int fd, bool dialled)
{
    connection_t *it = find (self, fd);
    if (it && it->dialled == dialled)
        forget (self, it);
}

bool
guard_address (const guard_t *self, int fd, multiaddr_t *address)
{
    const connection_t *it = find (self, fd);
    if (!it)
        return false;
    *address = (multiaddr_t) {.kind = it->place.kind, .port = it->place.port};
    memcpy (address->ip, it->place.ip, sizeof address->ip);
    return true;
}

//  Bytes that came in and are no message yet, with what waits here to be read. What the slack was too much
//  for messages until now is no credit for later.
static uint64_t
unread (connection_t *it)
{
    struct tcp_info info;
    socklen_t size = sizeof info;
    if (getsockopt (it->fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0)
        return 0;
    const uint64_t received_bytes = info.tcpi_bytes_received;
    if (received_bytes >= it->read_bytes + SLACK_BYTES)
        return received_bytes - it->read_bytes - SLACK_BYTES;
    it->read_bytes = received_bytes > SLACK_BYTES ? received_bytes - SLACK_BYTES : 0;
    return 0;
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
