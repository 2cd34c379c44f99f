// SPDX-License-Identifier: MIT
//  The beacon's sockets: one multicast group of IPv4 and one of IPv6, joined on every interface that
//  can do multicast. Datagrams do not leave the link: the time to live is 1, and what did not come
//  from a network of the interface it came in by is thrown away.
#ifndef GGEN_LAN_IO_H
#define GGEN_LAN_IO_H

#include "multiaddr.h"

#define LAN_PORT           24119                    //  UDP
#define LAN_GROUP4         "239.255.103.101"        //  RFC 2365: of local scope
#define LAN_GROUP6         "ff12::6767:656e"        //  RFC 4291: transient, of this link
#define LAN_PLACES_MAX     16                       //  addresses of interfaces; more are not used
#define LAN_DESCRIPTORS    3
#define LAN_DATAGRAM_MAX   64

typedef struct lan_t lan_t;

//  NULL: no socket of either family can be had; errno says why.
lan_t *lan_new (void);
void lan_destroy (lan_t **self_p);

//  Look at the interfaces again. True: an address is there that was not.
bool lan_refresh (lan_t *self);

//  The addresses it can be said from, number 'index'; false at the end.
bool lan_place (const lan_t *self, unsigned index, multiaddr_t *ip);

//  Say it from there. False: the system refuses.
bool lan_say (lan_t *self, unsigned index, const uint8_t *bytes, size_t size);

//  What to wait for; 'deaf': only for changes of the interfaces.
unsigned lan_descriptors (const lan_t *self, bool deaf, int descriptors[LAN_DESCRIPTORS]);

//  Did interfaces change since it was asked last?
bool lan_changed (lan_t *self);

//  OK: '*size' bytes from 'ip'; a longer one is cut off. BUSY: none is there. VALIDATION: one that
//  is not from this link was thrown away.
must_use code_t lan_hear (lan_t *self, uint8_t bytes[LAN_DATAGRAM_MAX], size_t *size,
                          multiaddr_t *ip);

#endif
