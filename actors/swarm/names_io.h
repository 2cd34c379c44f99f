// SPDX-License-Identifier: MIT
//  "names": resolves the names in multiaddrs by the system's resolver, on worker threads
//  (messages/names.proto; names.h has the rules). Hosts by getaddrinfo, so /etc/hosts and
//  nsswitch.conf count; TXT records by the DNS servers of /etc/resolv.conf, without search domains.
#ifndef GGEN_NAMES_IO_H
#define GGEN_NAMES_IO_H

#include "runtime/actor/actor.h"

//  One address has so long for all its lookups; one lookup under way then goes on for at most
//  NAMES_TRY_SECS for each server, twice if there is only one: a node that stops waits for it.
#define NAMES_ALL_MS   6000
#define NAMES_TRY_SECS 2

extern const actor_class_t names_actor;

#endif
