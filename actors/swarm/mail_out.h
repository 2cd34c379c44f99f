// SPDX-License-Identifier: MIT
//  Mail of actors here for actors of other nodes.
#ifndef GGEN_SWARM_MAIL_OUT_H
#define GGEN_SWARM_MAIL_OUT_H

#include "swarm_self.h"

//  The class's transit.
code_t mail_out_transit (void *self, const transit_t *mail);

//  The peer has a session: send what waited for it.
void mail_out_flush (swarm_t *self, link_t *link);

//  Nothing that waits or was asked gets an answer any more: fail it all.
void mail_out_fail_all (swarm_t *self, link_t *link, code_t code, const char *why);

//  The same for what was to be answered by the peer's lane.
void mail_out_fail_bulky (swarm_t *self, link_t *link, const char *why);

//  Fail what is due.
void mail_out_expire (swarm_t *self, int64_t now_ms);

#endif
