// SPDX-License-Identifier: MIT
//  The sockets of a node: one bound ROUTER for those who dial us, one ROUTER for those we dial, what
//  their monitors tell, and ZAP. CURVE on all of it. Nothing reconnects by itself, so nothing is ever
//  said again to a peer that came back: swarm dials again and greets anew. ZeroMQ's own heartbeats are
//  off: with a full queue that nobody reads they abort the process (libzmq issues 3937, 4364, 4767).
#ifndef GGEN_WIRES_IO_H
#define GGEN_WIRES_IO_H

#include "actors/swarm/link_io.h"

#include <zmq.h>

#define WIRES_ROUTING_MAX  8        //  bytes of a routing id, ours or ZeroMQ's
#define WIRES_ENDPOINT_MAX 300

//  Frames of a message after its routing id: envelope, body, attachment.
#define WIRES_FRAMES_MAX 3

typedef enum { WIRES_IN, WIRES_OUT, WIRES_SIDES } wires_side_t;

typedef struct wires_t wires_t;

//  Binds 'settings'->addresses. NULL with the reason in 'why': no descriptors left, an address that
//  cannot be bound, ZAP is answered by nobody.
wires_t *wires_new (const link_settings_t *settings, char *why, size_t why_size);
void wires_destroy (wires_t **self_p);

//  What to wait for; their number.
unsigned wires_sockets (const wires_t *self, void **sockets);

//  Addresses that were bound, with their ports, as multiaddrs; entry 'index', 0 at the end.
size_t wires_listening (const wires_t *self, unsigned index, uint8_t bytes[MULTIADDR_SIZE_MAX]);

//  Begin to connect, with this routing id, to whoever holds 'transport_key'.
//  OK, or NETWORK: the system refuses at once.
must_use code_t wires_dial (wires_t *self, const char *endpoint, const uint8_t *routing,
                            size_t routing_size, const uint8_t transport_key[32]);

//  Send; the frames are given away when it returns OK, and not otherwise.
//  OK, BUSY (the queue to that peer is full), or NETWORK (there is no such peer any more).
must_use code_t wires_send (wires_t *self, wires_side_t side, const uint8_t *routing,
                            size_t routing_size, zmq_msg_t *frames, unsigned count);

typedef struct {
    uint8_t routing[WIRES_ROUTING_MAX];
    size_t routing_size;
    zmq_msg_t frames[WIRES_FRAMES_MAX];     //  the caller closes them (wires_forget)
    unsigned count;
    size_t bytes;
    int fd;                                 //  WIRES_IN: of its connection, or -1
    bool known;                             //  WIRES_IN: 'key' is there
    uint8_t key[32];                        //  that was proven
} wires_message_t;

//  OK; BUSY: none is there; VALIDATION: one of too many or too few frames, or whose sender chose a
//  routing id beyond WIRES_ROUTING_MAX ('routing_size' is 0 then), was thrown away.
must_use code_t wires_receive (wires_t *self, wires_side_t side, wires_message_t *message);
void wires_forget (wires_message_t *message);

//  Let go of what was dialled there. A message that came from anybody we dialled may be begun: a ROUTER
//  reads its first frames when it is only asked whether there is one, and ZeroMQ aborts the process when
//  that connection is gone before the rest is read (libzmq issue 3485; fq.cpp "!_more"). It is taken out
//  first: true, and *message is as of wires_receive () with OK.
bool wires_hang_up (wires_t *self, const char *endpoint, wires_message_t *message);

typedef enum { WIRES_ACCEPTED, WIRES_CONNECTED, WIRES_SECURED, WIRES_FAILED, WIRES_CLOSED } wires_news_t;

typedef struct {
    wires_news_t news;
    int fd;                                 //  -1: it has none
    char endpoint[WIRES_ENDPOINT_MAX + 1];
} wires_event_t;

//  The next thing a monitor tells; false when there is none. To be asked before wires_receive.
bool wires_event (wires_t *self, wires_side_t side, wires_event_t *event);

//  Answer ZAP. False: another node of this process does that; to be asked again from time to time,
//  for it may end.
bool wires_admit (wires_t *self);

#endif
