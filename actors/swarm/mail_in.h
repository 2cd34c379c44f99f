// SPDX-License-Identifier: MIT
//  Mail of other nodes for actors here. Who sent it is what the link has proven, not what it says;
//  it reaches only the actors of the settings, and an answer only whoever asked for it (SPEC 9).
#ifndef GGEN_SWARM_MAIL_IN_H
#define GGEN_SWARM_MAIL_IN_H

#include "bulk.pb-c.h"
#include "link.pb-c.h"
#include "swarm_self.h"

//  LinkReceived.
void mail_in_received (swarm_t *self, const Ggen__LinkReceived *received, bytes_t attachment);

//  What came by the lane of this link: answers only.
void mail_in_bulk (swarm_t *self, link_t *link, const Ggen__BulkReceived *received,
                   bytes_t attachment);

#endif
