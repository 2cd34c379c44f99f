// SPDX-License-Identifier: MIT
//  From a link that is up to a session: the two sides of the handshake.
#ifndef GGEN_SWARM_GREET_H
#define GGEN_SWARM_GREET_H

#include "link.pb-c.h"
#include "swarm_self.h"

//  LinkUp.
void greet_up (swarm_t *self, const Ggen__LinkUp *up);

//  What comes in before there is a session; all but the next word of the handshake ends the link.
void greet_received (swarm_t *self, link_t *link, const char *type, bytes_t body);

//  A link that is not a session yet is due, down, or at fault; it may be gone after it.
void greet_failed (swarm_t *self, link_t *link, code_t code, const char *reason);

#endif
