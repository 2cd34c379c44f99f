// SPDX-License-Identifier: MIT
//  network.h in a build without the network (make P2P=0).
#include "network.h"

#include <stdio.h>

static code_t
refuse (network_t **self_p, char *why, size_t why_size)
{
    *self_p = NULL;
    snprintf (why, why_size, "this ggen was built without the peer-to-peer network");
    return FEATURE_NOT_ENABLED;
}

code_t
network_open (network_t **self_p, const config_t *config, const char *home, char *why,
              size_t why_size)
{
    (void) config;
    (void) home;
    return refuse (self_p, why, why_size);
}

code_t
network_open_brief (network_t **self_p, const config_t *config, const char *home, bool asked,
                    char *why, size_t why_size)
{
    (void) config;
    (void) home;
    (void) asked;
    return refuse (self_p, why, why_size);
}

code_t
network_open_still (network_t **self_p, const config_t *config, const char *home, char *why,
                    size_t why_size)
{
    return network_open (self_p, config, home, why, why_size);
}

bool
network_built (void)
{
    return false;
}

bool
network_has_way_in (const config_t *config, bool asked)
{
    (void) config;
    (void) asked;
    return false;
}

bool
network_is_brief (const network_t *self)
{
    (void) self;
    return false;
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
