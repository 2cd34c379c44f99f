// SPDX-License-Identifier: MIT
//  network.h in a build without the network (make P2P=0).
#include "network.h"

#include <stdio.h>

code_t
network_open (network_t **self_p, const config_t *config, const char *home, char *why,
              size_t why_size)
{
    (void) config;
    (void) home;
    *self_p = NULL;
    snprintf (why, why_size, "this ggen was built without the peer-to-peer network");
    return FEATURE_NOT_ENABLED;
}

void
network_close (network_t **self_p)
{
    *self_p = NULL;
}

bool
network_role (const network_t *self, unsigned index, role_t *role)
{
    (void) self;
    (void) index;
    (void) role;
    return false;
}

const char *
network_peer_id (const network_t *self)
{
    (void) self;
    return "";
}
