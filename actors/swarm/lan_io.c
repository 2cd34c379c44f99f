// SPDX-License-Identifier: MIT
#include "actors/swarm/lan_io.h"

#include "runtime/host/socket_address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

//  The system keeps no more of a flood than this.
#define BUFFER_BYTES 65536

typedef struct {
    unsigned interface;
    multiaddr_t ip;
    unsigned prefix_bits;
} place_t;

struct lan_t {
    int v4, v6, changes;            //  -1: not there
    place_t places[LAN_PLACES_MAX];
    unsigned count;
};

static void
set_number (int fd, int level, int option, int value)
{
    setsockopt (fd, level, option, &value, sizeof value);
}

//  ---- sockets -------------------------------------------------------------------------------------

static int
open_datagrams (int family)
{
    int fd = socket (family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd == -1)
        return -1;
    set_number (fd, SOL_SOCKET, SO_REUSEADDR, 1);       //  several nodes of one host
    set_number (fd, SOL_SOCKET, SO_RCVBUF, BUFFER_BYTES);
    return fd;
}

static int
bind_or_close (int fd, const void *address, socklen_t size)
{
    if (bind (fd, address, size) == 0)
        return fd;
    int error = errno;
    close (fd);
    errno = error;
    return -1;
}

//  Bound to the group, it gets nothing that was sent to this host alone.
static int
open_v4 (void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons (LAN_PORT)};
    int fd = open_datagrams (AF_INET);
    if (fd == -1)
        return -1;
    inet_pton (AF_INET, LAN_GROUP4, &at.sin_addr);
    set_number (fd, IPPROTO_IP, IP_MULTICAST_ALL, 0);
    set_number (fd, IPPROTO_IP, IP_MULTICAST_TTL, 1);
    set_number (fd, IPPROTO_IP, IP_PKTINFO, 1);
    return bind_or_close (fd, &at, sizeof at);
}

//  A group of one link cannot be bound on all links: lan_hear looks where it was sent to.
static int
open_v6 (void)
{
    struct sockaddr_in6 at = {.sin6_family = AF_INET6, .sin6_port = htons (LAN_PORT)};
    int fd = open_datagrams (AF_INET6);
    if (fd == -1)
        return -1;
    set_number (fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    set_number (fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0);
    set_number (fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 1);
    set_number (fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
    return bind_or_close (fd, &at, sizeof at);
}

static int
open_changes (void)
{
    struct sockaddr_nl at = {.nl_family = AF_NETLINK,
                             .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR};
    int fd = socket (AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
    return fd == -1 ? -1 : bind_or_close (fd, &at, sizeof at);
}

lan_t *
lan_new (void)
{
    lan_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->v4 = open_v4 ();
    self->v6 = open_v6 ();
    self->changes = open_changes ();
    if (self->v4 == -1 && self->v6 == -1)
        lan_destroy (&self);
    return self;
}

void
lan_destroy (lan_t **self_p)
{
    lan_t *self = *self_p;
    if (!self)
        return;
    const int all[] = {self->v4, self->v6, self->changes};
    const int error = errno;
    for (unsigned i = 0; i < COUNT_OF (all); i++)
        if (all[i] != -1)
            close (all[i]);
    free (self);
    errno = error;
    *self_p = NULL;
}

//  ---- interfaces ----------------------------------------------------------------------------------

static unsigned
ones (const uint8_t *mask, size_t size)
{
    unsigned count = 0;
    while (count < 8 * size && (mask[count / 8] & 0x80 >> count % 8) != 0)
        count++;
    return count;
}

//  False: it is no address that others of its network could dial.
static bool
read_place (place_t *place, const struct ifaddrs *from)
{
    const unsigned needed = IFF_UP | IFF_MULTICAST;
    if (!from->ifa_addr || !from->ifa_netmask || (from->ifa_flags & needed) != needed
        || (from->ifa_flags & IFF_LOOPBACK) != 0)
        return false;
    memset (place, 0, sizeof *place);
    place->interface = if_nametoindex (from->ifa_name);
    place->ip.port = 1;
    if (from->ifa_addr->sa_family == AF_INET) {
        const struct sockaddr_in *at = (const void *) from->ifa_addr;
        const struct sockaddr_in *mask = (const void *) from->ifa_netmask;
        place->ip.kind = MULTIADDR_IP4;
        memcpy (place->ip.ip, &at->sin_addr, 4);
        place->prefix_bits = ones ((const uint8_t *) &mask->sin_addr, 4);
    } else if (from->ifa_addr->sa_family == AF_INET6) {
        const struct sockaddr_in6 *at = (const void *) from->ifa_addr;
        const struct sockaddr_in6 *mask = (const void *) from->ifa_netmask;
        place->ip.kind = MULTIADDR_IP6;
        memcpy (place->ip.ip, &at->sin6_addr, 16);
        place->prefix_bits = ones ((const uint8_t *) &mask->sin6_addr, 16);
    } else
        return false;
    return place->interface != 0 && multiaddr_is_dialable (&place->ip);
}

static bool
is_there (const place_t *places, unsigned count, const place_t *place)
{
    for (unsigned i = 0; i < count; i++)
        if (places[i].interface == place->interface
            && multiaddr_equal (&places[i].ip, &place->ip))
            return true;
    return false;
}

//  Once more on the same interface is refused, which is fine.
static void
join (const lan_t *self, const place_t *place)
{
    if (place->ip.kind == MULTIADDR_IP4) {
        struct ip_mreqn group = {.imr_ifindex = (int) place->interface};
        inet_pton (AF_INET, LAN_GROUP4, &group.imr_multiaddr);
        setsockopt (self->v4, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof group);
    } else {
        struct ipv6_mreq group = {.ipv6mr_interface = place->interface};
        inet_pton (AF_INET6, LAN_GROUP6, &group.ipv6mr_multiaddr);
        setsockopt (self->v6, IPPROTO_IPV6, IPV6_JOIN_GROUP, &group, sizeof group);
    }
}

bool
lan_refresh (lan_t *self)
{
    place_t before[LAN_PLACES_MAX], place;
    const unsigned before_count = self->count;
    struct ifaddrs *all = NULL;
    bool news = false;
    memcpy (before, self->places, sizeof before);
    self->count = 0;
    if (getifaddrs (&all) != 0)
        return false;
    for (const struct ifaddrs *one = all; one && self->count < LAN_PLACES_MAX; one = one->ifa_next) {
        if (!read_place (&place, one))
            continue;
        join (self, &place);
        news |= !is_there (before, before_count, &place);
        self->places[self->count++] = place;
    }
    freeifaddrs (all);
    return news;
}

bool
lan_place (const lan_t *self, unsigned index, multiaddr_t *ip)
{
    if (index >= self->count)
        return false;
    *ip = self->places[index].ip;
    return true;
}

unsigned
lan_descriptors (const lan_t *self, bool deaf, int descriptors[LAN_DESCRIPTORS])
{
    unsigned count = 0;
    if (self->changes != -1)
        descriptors[count++] = self->changes;
    if (!deaf && self->v4 != -1)
        descriptors[count++] = self->v4;
    if (!deaf && self->v6 != -1)
        descriptors[count++] = self->v6;
    return count;
}

bool
lan_changed (lan_t *self)
{
    uint8_t news[4096];
    bool any = false;
    if (self->changes == -1)
        return false;
    //  What is told does not matter; ENOBUFS says that it was much.
    while (recv (self->changes, news, sizeof news, 0) >= 0 || errno == ENOBUFS || errno == EINTR)
        any = true;
    return any;
}

//  ---- saying --------------------------------------------------------------------------------------

typedef union {
    struct cmsghdr align;
    uint8_t bytes[CMSG_SPACE (sizeof (struct in6_pktinfo)) + CMSG_SPACE (64)];
} control_t;

static void
put_control (struct msghdr *message, control_t *control, int level, int type, const void *data,
             size_t size)
{
    memset (control, 0, sizeof *control);
    message->msg_control = control;
    message->msg_controllen = CMSG_SPACE (size);
    struct cmsghdr *header = CMSG_FIRSTHDR (message);
    header->cmsg_level = level;
    header->cmsg_type = type;
    header->cmsg_len = CMSG_LEN (size);
    memcpy (CMSG_DATA (header), data, size);
}

static bool
say_v4 (const lan_t *self, const place_t *place, struct msghdr *message)
{
    control_t control;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons (LAN_PORT)};
    struct in_pktinfo from = {.ipi_ifindex = (int) place->interface};
    inet_pton (AF_INET, LAN_GROUP4, &to.sin_addr);
    memcpy (&from.ipi_spec_dst, place->ip.ip, 4);
    message->msg_name = &to;
    message->msg_namelen = sizeof to;
    put_control (message, &control, IPPROTO_IP, IP_PKTINFO, &from, sizeof from);
    return sendmsg (self->v4, message, 0) >= 0;
}

static bool
say_v6 (const lan_t *self, const place_t *place, struct msghdr *message)
{
    control_t control;
    struct sockaddr_in6 to = {.sin6_family = AF_INET6,
                              .sin6_port = htons (LAN_PORT),
                              .sin6_scope_id = place->interface};
    struct in6_pktinfo from = {.ipi6_ifindex = place->interface};
    inet_pton (AF_INET6, LAN_GROUP6, &to.sin6_addr);
    memcpy (&from.ipi6_addr, place->ip.ip, 16);
    message->msg_name = &to;
    message->msg_namelen = sizeof to;
    put_control (message, &control, IPPROTO_IPV6, IPV6_PKTINFO, &from, sizeof from);
    return sendmsg (self->v6, message, 0) >= 0;
}

bool
lan_say (lan_t *self, unsigned index, const uint8_t *bytes, size_t size)
{
    struct iovec part = {.iov_base = (void *) bytes, .iov_len = size};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    const place_t *place = &self->places[index];
    return place->ip.kind == MULTIADDR_IP4 ? say_v4 (self, place, &message)
                                           : say_v6 (self, place, &message);
}

//  ---- hearing -------------------------------------------------------------------------------------

static bool
same_network (const place_t *place, const multiaddr_t *ip)
{
    const unsigned bytes = place->prefix_bits / 8, bits = place->prefix_bits % 8;
    const uint8_t mask = (uint8_t) (0xFF00 >> bits);
    return place->ip.kind == ip->kind && memcmp (place->ip.ip, ip->ip, bytes) == 0
           && (bits == 0 || ((place->ip.ip[bytes] ^ ip->ip[bytes]) & mask) == 0);
}

static bool
is_of_link (const lan_t *self, unsigned interface, const multiaddr_t *ip)
{
    for (unsigned i = 0; i < self->count; i++)
        if (self->places[i].interface == interface && same_network (&self->places[i], ip))
            return true;
    return false;
}

//  The interface it came in by; 0: it was not sent to the group.
static unsigned
interface_of (struct msghdr *message)
{
    struct in6_addr group;
    inet_pton (AF_INET6, LAN_GROUP6, &group);
    for (struct cmsghdr *at = CMSG_FIRSTHDR (message); at; at = CMSG_NXTHDR (message, at)) {
        if (at->cmsg_level == IPPROTO_IP && at->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;
            memcpy (&info, CMSG_DATA (at), sizeof info);
            return (unsigned) info.ipi_ifindex;
        }
        if (at->cmsg_level == IPPROTO_IPV6 && at->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;
            memcpy (&info, CMSG_DATA (at), sizeof info);
            return memcmp (&info.ipi6_addr, &group, sizeof group) == 0 ? info.ipi6_ifindex : 0;
        }
    }
    return 0;
}

code_t
lan_hear (lan_t *self, uint8_t bytes[LAN_DATAGRAM_MAX], size_t *size, multiaddr_t *ip)
{
    const int sockets[] = {self->v4, self->v6};
    for (unsigned i = 0; i < COUNT_OF (sockets); i++) {
        struct sockaddr_storage from;
        control_t control;
        struct iovec part = {.iov_base = bytes, .iov_len = LAN_DATAGRAM_MAX};
        struct msghdr message = {.msg_name = &from,
                                 .msg_namelen = sizeof from,
                                 .msg_iov = &part,
                                 .msg_iovlen = 1,
                                 .msg_control = &control,
                                 .msg_controllen = sizeof control};
        ssize_t got = sockets[i] == -1 ? -1 : recvmsg (sockets[i], &message, 0);
        if (got < 0)
            continue;
        *size = (size_t) got;
        socket_address_read (&from, ip);
        ip->port = 0;
        return is_of_link (self, interface_of (&message), ip) ? OK : VALIDATION;
    }
    return BUSY;
}
