// SPDX-License-Identifier: MIT
#include "interfaces.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

static bool
is_unspecified (const multiaddr_t *address)
{
    static const uint8_t nowhere [16];
    return (address->kind == MULTIADDR_IP4 && memcmp (address->ip, nowhere, 4) == 0)
           || (address->kind == MULTIADDR_IP6 && memcmp (address->ip, nowhere, 16) == 0);
}

//  Put an interface's address in the place of the unspecified one. False: it has none that fits.
static bool
take_ip (multiaddr_t *address, const struct ifaddrs *interface)
{
    const struct sockaddr *at = interface->ifa_addr;
    if (!at || !(interface->ifa_flags & IFF_UP))
        return false;
    if (address->kind == MULTIADDR_IP4 && at->sa_family == AF_INET)
        memcpy (address->ip, &((const struct sockaddr_in *) at)->sin_addr, 4);
    else if (address->kind == MULTIADDR_IP6 && at->sa_family == AF_INET6)
        memcpy (address->ip, &((const struct sockaddr_in6 *) at)->sin6_addr, 16);
    else
        return false;
    return multiaddr_is_dialable (address);
}

size_t
interfaces_reach (const multiaddr_t *listening, multiaddr_t list [INTERFACES_MAX])
{
    size_t count = 0;
    struct ifaddrs *all = NULL;
    if (is_unspecified (listening) && getifaddrs (&all) == 0) {
        for (int loopback = 0; loopback <= 1; loopback++)
            for (const struct ifaddrs *one = all; one && count < INTERFACES_MAX; one = one->ifa_next) {
                list [count] = *listening;
                if (take_ip (&list [count], one)
                    && multiaddr_is_loopback (&list [count]) == (loopback == 1))
                    count++;
            }
        freeifaddrs (all);
    }
    if (count == 0)
        list [count++] = *listening;
    return count;
}
