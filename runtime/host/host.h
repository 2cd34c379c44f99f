// SPDX-License-Identifier: MIT
//  Runs actors: checks their classes, starts the bus with all its seats, stops it again. One host
//  a process is usual; tests run several.
#ifndef GGEN_HOST_H
#define GGEN_HOST_H

#include "bus.h"

//  A daemon lives for months, and what its twenty threads free has to go back to the system. So they share
//  few heaps (in one of its own each would keep what it once needed), and free pages are given back
//  every HOST_TRIM_MS.
#define HOST_ARENAS  2
#define HOST_TRIM_MS 60000

//  Descriptors that there is room for from the start: more than one call has open.
#define HOST_DESCRIPTORS 256

typedef struct host_t host_t;

//  Once before any other call of runtime/host: ZeroMQ's and libsodium's setup. Idempotent.
void host_init (void);

//  Start a bus. 'setup' is copied, but what it points to must outlive the host; its 'inproc' is
//  set by the host.
//  OK          *self_p runs.
//  INTERNAL    a class lacks a row of its service, or there are too many roles; the reason is in
//              'why'.
//  NETWORK     the ipc path cannot be bound; the reason is in 'why'.
must_use code_t host_start (host_t **self_p, const bus_setup_t *setup, char *why,
                            size_t why_size);

//  Before host_stop: refuse new requests of clients, wait for the end of those that run, let actors write
//  what they keep back. At most BUS_DRAIN_MS + BUS_SAVE_MS.
void host_drain (host_t *self);

//  Stop every actor and the bus. What was queued is not handled.
void host_stop (host_t **self_p);

//  After the last host of a process: wait until what its sockets still hold is sent, or was too long
//  (each says how long). A process that ends without it may lose that.
void host_flush (void);

//  Endpoint for clients in this process. Borrowed.
const char *host_endpoint (const host_t *self);

//  Wait until the bus ended by itself (an actor failed for good) or 'interrupted' becomes true
//  (a signal handler sets it). Returns INTERNAL in the first case, OK in the second.
code_t host_wait (host_t *self, const volatile int *interrupted);

#endif
