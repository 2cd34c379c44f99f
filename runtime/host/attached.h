// SPDX-License-Identifier: MIT
//  The clients attached to a bus: which connection is "client-7", and whom it has asked, so that
//  those hear of it when it vanishes.
#ifndef GGEN_ATTACHED_H
#define GGEN_ATTACHED_H

#include "base.h"

#define ATTACHED_MAX    128
#define ATTACHED_ID_MAX 32      //  bytes of a connection's ZeroMQ routing id

typedef struct {
    char name[32];
    uint8_t id[ATTACHED_ID_MAX];
    uint8_t id_size;            //  0 = free
    uint64_t asked;             //  bit i: it sent something to seat i
    uint32_t open;              //  requests that have got no reply yet
} attached_t;

typedef struct {
    attached_t clients[ATTACHED_MAX];
    unsigned count;
    uint32_t named;
} attached_set_t;

//  The client of this connection; a new one gets the next name. NULL: ATTACHED_MAX are there,
//  or the id is too long.
attached_t *attached_by_id (attached_set_t *self, bytes_t id);

//  By address, or NULL.
attached_t *attached_by_name (attached_set_t *self, const char *name);

void attached_forget (attached_set_t *self, attached_t *client);

#endif
