// SPDX-License-Identifier: MIT
//  Saying something on a link.
#ifndef GGEN_SWARM_SPEAK_H
#define GGEN_SWARM_SPEAK_H

#include "bulk.pb-c.h"
#include "swarm_self.h"

//  Mail, with what is left of its budget. The attachment is copied.
void speak_mail (swarm_t *self, link_t *link, const said_mail_t *mail, uint32_t budget_ms);

//  The same by the link's lane, which stands.
void speak_bulk (swarm_t *self, link_t *link, const said_mail_t *mail);

//  On the link, what could not be said by its lane.
void speak_again (swarm_t *self, link_t *link, const Ggen__BulkReturned *returned,
                  bytes_t attachment);

//  A message of ours to the swarm on the other side.
void speak_message (swarm_t *self, link_t *link, const ProtobufCMessage *message);

//  Say why it ends, and that we are not to be dialled for so long; then close it.
void speak_goodbye (swarm_t *self, link_t *link, code_t code, const char *reason,
                    uint32_t pause_secs);

//  The same, but the other side closes it.
void speak_leave (swarm_t *self, link_t *link, code_t code, const char *reason,
                  uint32_t pause_secs);

//  Close it; it has no number any more.
void speak_close (swarm_t *self, link_t *link);

#endif
