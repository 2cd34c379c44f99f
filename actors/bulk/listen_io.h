// SPDX-License-Identifier: MIT
//  Sockets of the bulk connections: bound, accepted and connecting ones. None of them blocks.
#ifndef GGEN_BULK_LISTEN_IO_H
#define GGEN_BULK_LISTEN_IO_H

#include "bulk_io.h"

#define LISTEN_MAX 8

typedef struct {
    int fds[LISTEN_MAX];
    unsigned count;
    uint16_t port;
} listen_t;

//  Bind the addresses of 'settings', all with one port. False with the reason in 'why': one of them
//  cannot be bound; then none is.
bool listen_open (listen_t *self, const bulk_settings_t *settings, char *why, size_t why_size);
void listen_close (listen_t *self);

//  A connection that has come, and from where (its port is 0). -1: BUSY, there is none; NETWORK, the
//  system has no descriptors or memory left for it now.
int listen_accept (int fd, multiaddr_t *from, code_t *code);

//  Begin to connect; it is writable when that has ended. -1: the system refuses.
int listen_dial (const multiaddr_t *to);

//  How it has ended.
bool listen_connected (int fd);

#endif
