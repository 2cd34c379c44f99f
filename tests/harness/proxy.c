// SPDX-License-Identifier: MIT
#include "proxy.h"

#include "holders.h"

#include "runtime/actor/rng.h"
#include "runtime/host/clock.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define SEGMENT_MAX  16384u
#define EVENTS_MAX   64
#define IDLE_MS      1000
#define NOBODY       (-1)

//  Bytes on their way.
typedef struct segment_t {
    struct segment_t *next;
    int64_t due_us;
    uint32_t size, sent;
    uint8_t data[];
} segment_t;

//  One direction of a connection: read at 'from', written to 'to'.
typedef struct {
    segment_t *first, *last;
    uint32_t queued_bytes;
    bool ended;                     //  there is no more to read
    bool told;                      //  and the other side knows
} way_t;

typedef enum { END_DOOR, END_NODE } end_t;

typedef struct connection_t {
    struct connection_t *next, *previous;
    int fds[2];                     //  END_DOOR: of who dialled; END_NODE: of whom was dialled; -1
    uint32_t watched[2];            //  what epoll was told
    way_t ways[2];                  //  from END_DOOR, from END_NODE
    int from;                       //  node that dialled, or NOBODY
    unsigned to;                    //  node
    uint16_t port;                  //  where that listens
    bool dead;
} connection_t;

typedef struct {
    int fd;
    unsigned node;
    uint16_t number;                //  its port
    uint16_t port;                  //  where it goes
} door_t;

struct proxy_t {
    pthread_t thread;
    pthread_mutex_t lock;           //  of all below
    int poller, waker;
    bool ends;
    rng_t rng;
    door_t doors[PROXY_DOORS_MAX];
    unsigned doors_count;
    proxy_rule_t rules[PROXY_NODES_MAX];
    pid_t pids[PROXY_NODES_MAX];
    connection_t *connections;
    proxy_counts_t counts;
};

//  ---- rules ---------------------------------------------------------------------------------------

static bool
passes (const proxy_t *self, const connection_t *connection)
{
    const proxy_rule_t *to = &self->rules[connection->to];
    if (connection->from == NOBODY)
        return !to->unplugged;
    const proxy_rule_t *from = &self->rules[connection->from];
    return !to->unplugged && !from->unplugged && to->group == from->group;
}

static void
add_rule (proxy_rule_t *sum, const proxy_rule_t *rule)
{
    sum->delay_us += rule->delay_us;
    sum->lost = 1 - (1 - sum->lost) * (1 - rule->lost);
    sum->changed = 1 - (1 - sum->changed) * (1 - rule->changed);
}

static proxy_rule_t
rule_of (const proxy_t *self, const connection_t *connection)
{
    proxy_rule_t sum = {0};
    add_rule (&sum, &self->rules[connection->to]);
    if (connection->from != NOBODY)
        add_rule (&sum, &self->rules[connection->from]);
    return sum;
}

//  ---- connections ---------------------------------------------------------------------------------

static void
way_clear (way_t *way)
{
    while (way->first) {
        segment_t *next = way->first->next;
        free (way->first);
        way->first = next;
    }
}

//  Between fork and exec a node that is being started has all our descriptors, too: to close ours alone
//  does not end what epoll reports.
static void
hang_up (const proxy_t *self, int fd)
{
    if (fd < 0)
        return;
    epoll_ctl (self->poller, EPOLL_CTL_DEL, fd, NULL);
    close (fd);
}

static void
connection_destroy (proxy_t *self, connection_t *connection)
{
    for (end_t end = END_DOOR; end <= END_NODE; end++) {
        hang_up (self, connection->fds[end]);
        way_clear (&connection->ways[end]);
    }
    if (connection->next)
        connection->next->previous = connection->previous;
    if (connection->previous)
        connection->previous->next = connection->next;
    else
        self->connections = connection->next;
    self->counts.connections--;
    free (connection);
}

//  The end goes into the lowest bit of what epoll remembers.
static void
watch (proxy_t *self, connection_t *connection, end_t end, uint32_t events)
{
    if (connection->fds[end] < 0 || connection->watched[end] == events)
        return;
    struct epoll_event event = {.events = events, .data.u64 = (uintptr_t) connection | end};
    epoll_ctl (self->poller, EPOLL_CTL_MOD, connection->fds[end], &event);
    connection->watched[end] = events;
}

static void
adopt (proxy_t *self, connection_t *connection, end_t end, int fd)
{
    const int one = 1;
    struct epoll_event event = {.events = 0, .data.u64 = (uintptr_t) connection | end};
    setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    epoll_ctl (self->poller, EPOLL_CTL_ADD, fd, &event);
    connection->fds[end] = fd;
}

static bool
dial (proxy_t *self, connection_t *connection)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons (connection->port),
                             .sin_addr.s_addr = htonl (INADDR_LOOPBACK)};
    int fd = socket (AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    if (connect (fd, (struct sockaddr *) &at, sizeof at) != 0 && errno != EINPROGRESS) {
        close (fd);
        return false;
    }
    adopt (self, connection, END_NODE, fd);
    return true;
}

static void
take_connection (proxy_t *self, const door_t *door)
{
    struct sockaddr_in from;
    socklen_t size = sizeof from;
    int fd = accept4 (door->fd, (struct sockaddr *) &from, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return;
    connection_t *connection = calloc (1, sizeof *connection);
    assert (connection);
    connection->fds[END_NODE] = -1;
    connection->to = door->node;
    connection->port = door->port;
    connection->from =
        holders_find (ntohs (from.sin_port), door->number, self->pids, PROXY_NODES_MAX);
    connection->next = self->connections;
    if (connection->next)
        connection->next->previous = connection;
    self->connections = connection;
    self->counts.connections++;
    self->counts.opened++;
    self->counts.unknown += connection->from == NOBODY;
    adopt (self, connection, END_DOOR, fd);
}

//  ---- bytes ---------------------------------------------------------------------------------------

static void
append (proxy_t *self, const connection_t *connection, way_t *way, const uint8_t *data, size_t size)
{
    segment_t *segment = malloc (sizeof *segment + size);
    assert (segment);
    const proxy_rule_t rule = rule_of (self, connection);
    *segment = (segment_t) {.due_us = (int64_t) clock_us () + rule.delay_us, .size = (uint32_t) size};
    memcpy (segment->data, data, size);
    if (rule.lost > 0 && rng_unit (&self->rng) < rule.lost)
        segment->due_us += PROXY_AGAIN_US;
    if (rule.changed > 0 && rng_unit (&self->rng) < rule.changed)
        segment->data[rng_below (&self->rng, size)] ^= (uint8_t) (1u << rng_below (&self->rng, 8));
    //  TCP keeps the order: what follows a lost segment waits for it.
    if (way->last && way->last->due_us > segment->due_us)
        segment->due_us = way->last->due_us;
    if (way->last)
        way->last->next = segment;
    else
        way->first = segment;
    way->last = segment;
    way->queued_bytes += segment->size;
}

static void
read_end (proxy_t *self, connection_t *connection, end_t end)
{
    uint8_t data[SEGMENT_MAX];
    way_t *way = &connection->ways[end];
    while (way->queued_bytes < PROXY_QUEUE_MAX && !way->ended) {
        ssize_t size = recv (connection->fds[end], data, sizeof data, 0);
        if (size > 0)
            append (self, connection, way, data, (size_t) size);
        else if (size < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        else if (size < 0)
            connection->dead = true;
        if (size <= 0)
            way->ended = true;
    }
}

//  Write what is due. Returns when the next is (INT64_MAX: nothing waits for its time).
static int64_t
write_way (proxy_t *self, connection_t *connection, end_t end, int64_t now_us)
{
    way_t *way = &connection->ways[end];
    int to = connection->fds[1 - end];
    while (way->first && to >= 0) {
        segment_t *segment = way->first;
        if (segment->due_us > now_us)
            return segment->due_us;
        ssize_t size = send (to, segment->data + segment->sent, segment->size - segment->sent,
                             MSG_NOSIGNAL);
        if (size < 0) {
            if (errno != EAGAIN && errno != EINTR && errno != ENOTCONN)
                connection->dead = true;
            return INT64_MAX;
        }
        self->counts.passed_bytes += (uint64_t) size;
        segment->sent += (uint32_t) size;
        if (segment->sent < segment->size)
            return INT64_MAX;
        way->first = segment->next;
        if (!way->first)
            way->last = NULL;
        way->queued_bytes -= segment->size;
        free (segment);
    }
    if (way->ended && !way->first && !way->told && to >= 0) {
        shutdown (to, SHUT_WR);
        way->told = true;
    }
    return INT64_MAX;
}

//  All that can be done for a connection now. Returns when the next is due.
static int64_t
serve (proxy_t *self, connection_t *connection)
{
    int64_t next_us = INT64_MAX, now_us = (int64_t) clock_us ();
    const bool may = passes (self, connection);
    if (may && connection->fds[END_NODE] < 0 && !dial (self, connection))
        connection->dead = true;
    for (end_t end = END_DOOR; may && end <= END_NODE && !connection->dead; end++) {
        int64_t due_us = write_way (self, connection, end, now_us);
        next_us = due_us < next_us ? due_us : next_us;
    }
    if (connection->ways[END_DOOR].told && connection->ways[END_NODE].told)
        connection->dead = true;
    if (connection->dead) {
        connection_destroy (self, connection);
        return INT64_MAX;
    }
    for (end_t end = END_DOOR; end <= END_NODE; end++) {
        const way_t *in = &connection->ways[end], *out = &connection->ways[1 - end];
        bool reads = may && !in->ended && in->queued_bytes < PROXY_QUEUE_MAX;
        bool writes = may && out->first && out->first->due_us <= now_us;
        watch (self, connection, end, (reads ? EPOLLIN : 0u) | (writes ? EPOLLOUT : 0u));
    }
    return next_us;
}

//  ---- the thread ----------------------------------------------------------------------------------

static void
take_event (proxy_t *self, const struct epoll_event *event)
{
    if (event->data.u64 < PROXY_DOORS_MAX) {
        take_connection (self, &self->doors[event->data.u64]);
        return;
    }
    if (event->data.u64 == PROXY_DOORS_MAX) {
        uint64_t count;
        (void) !read (self->waker, &count, sizeof count);
        return;
    }
    connection_t *connection = (connection_t *) (uintptr_t) (event->data.u64 & ~UINT64_C (1));
    end_t end = (end_t) (event->data.u64 & 1);
    if (event->events & (EPOLLERR | EPOLLHUP))
        connection->dead = true;
    if (event->events & EPOLLIN || connection->dead)
        read_end (self, connection, end);
}

//  How long to wait for events, in milliseconds.
static int
serve_all (proxy_t *self)
{
    int64_t next_us = INT64_MAX;
    for (connection_t *next, *at = self->connections; at; at = next) {
        next = at->next;
        int64_t due_us = serve (self, at);
        next_us = due_us < next_us ? due_us : next_us;
    }
    int64_t wait_us = next_us == INT64_MAX ? IDLE_MS * 1000 : next_us - (int64_t) clock_us ();
    return wait_us <= 0 ? 0 : wait_us > IDLE_MS * 1000 ? IDLE_MS : (int) ((wait_us + 999) / 1000);
}

static void *
run (void *self_)
{
    proxy_t *self = self_;
    struct epoll_event events[EVENTS_MAX];
    pthread_mutex_lock (&self->lock);
    while (!self->ends) {
        int wait_ms = serve_all (self);
        pthread_mutex_unlock (&self->lock);
        int count = epoll_wait (self->poller, events, EVENTS_MAX, wait_ms);
        pthread_mutex_lock (&self->lock);
        for (int i = 0; i < count; i++)
            take_event (self, &events[i]);
    }
    pthread_mutex_unlock (&self->lock);
    return NULL;
}

static void
wake (proxy_t *self)
{
    const uint64_t one = 1;
    (void) !write (self->waker, &one, sizeof one);
}

//  ---- for the others ------------------------------------------------------------------------------

proxy_t *
proxy_new (uint64_t seed, char *why, size_t why_size)
{
    proxy_t *self = calloc (1, sizeof *self);
    assert (self);
    uint8_t key[RNG_KEY_BYTES] = "proxy";
    memcpy (key + 8, &seed, sizeof seed);
    rng_init (&self->rng, key);
    pthread_mutex_init (&self->lock, NULL);
    self->poller = epoll_create1 (EPOLL_CLOEXEC);
    self->waker = eventfd (0, EFD_NONBLOCK | EFD_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = PROXY_DOORS_MAX};
    if (self->poller < 0 || self->waker < 0
        || epoll_ctl (self->poller, EPOLL_CTL_ADD, self->waker, &event) != 0
        || pthread_create (&self->thread, NULL, run, self) != 0) {
        snprintf (why, why_size, "the proxy: %s", strerror (errno));
        free (self);
        return NULL;
    }
    return self;
}

void
proxy_destroy (proxy_t **self_p)
{
    proxy_t *self = *self_p;
    if (!self)
        return;
    pthread_mutex_lock (&self->lock);
    self->ends = true;
    wake (self);
    pthread_mutex_unlock (&self->lock);
    pthread_join (self->thread, NULL);
    while (self->connections)
        connection_destroy (self, self->connections);
    for (unsigned i = 0; i < self->doors_count; i++)
        close (self->doors[i].fd);
    close (self->poller);
    close (self->waker);
    pthread_mutex_destroy (&self->lock);
    free (self);
    *self_p = NULL;
}

uint16_t
proxy_open (proxy_t *self, unsigned node)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    int fd = socket (AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || self->doors_count == PROXY_DOORS_MAX || bind (fd, (struct sockaddr *) &at, sizeof at) != 0
        || listen (fd, 128) != 0 || getsockname (fd, (struct sockaddr *) &at, &size) != 0) {
        if (fd >= 0)
            close (fd);
        return 0;
    }
    assert (node < PROXY_NODES_MAX);
    pthread_mutex_lock (&self->lock);
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = self->doors_count};
    self->doors[self->doors_count++] =
        (door_t) {.fd = fd, .node = node, .number = ntohs (at.sin_port)};
    epoll_ctl (self->poller, EPOLL_CTL_ADD, fd, &event);
    pthread_mutex_unlock (&self->lock);
    return ntohs (at.sin_port);
}

void
proxy_target (proxy_t *self, uint16_t door, uint16_t port)
{
    pthread_mutex_lock (&self->lock);
    for (unsigned i = 0; i < self->doors_count; i++)
        if (self->doors[i].number == door)
            self->doors[i].port = port;
    pthread_mutex_unlock (&self->lock);
}

void
proxy_process (proxy_t *self, unsigned node, pid_t pid)
{
    pthread_mutex_lock (&self->lock);
    self->pids[node] = pid;
    pthread_mutex_unlock (&self->lock);
}

void
proxy_rule (proxy_t *self, unsigned node, const proxy_rule_t *rule)
{
    pthread_mutex_lock (&self->lock);
    self->rules[node] = *rule;
    wake (self);
    pthread_mutex_unlock (&self->lock);
}

unsigned
proxy_break (proxy_t *self, unsigned count)
{
    unsigned ended = 0;
    pthread_mutex_lock (&self->lock);
    for (; ended < count && ended < self->counts.connections; ended++) {
        uint64_t skip = rng_below (&self->rng, self->counts.connections - ended);
        connection_t *at = self->connections;
        while (at->dead || skip-- > 0)
            at = at->next;
        at->dead = true;
    }
    wake (self);
    pthread_mutex_unlock (&self->lock);
    return ended;
}

proxy_counts_t
proxy_counts (proxy_t *self)
{
    pthread_mutex_lock (&self->lock);
    proxy_counts_t counts = self->counts;
    pthread_mutex_unlock (&self->lock);
    return counts;
}
