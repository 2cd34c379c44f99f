// SPDX-License-Identifier: MIT
//  Which process has the other end of a TCP connection of this machine: from /proc/net/tcp and tcp6 the
//  socket's inode, from /proc/PID/fd who has it open.
#ifndef GGEN_HARNESS_HOLDERS_H
#define GGEN_HARNESS_HOLDERS_H

#include <stdint.h>
#include <sys/types.h>

//  Index into 'pids' (0 = none there) of the process that has the socket bound to 'port' and connected to
//  'door'; -1: none of them.
int holders_find (uint16_t port, uint16_t door, const pid_t *pids, unsigned count);

#endif
