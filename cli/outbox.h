// SPDX-License-Identifier: MIT
//  How far a version that is published here has got in the network: what others have acknowledged.
#ifndef GGEN_CLI_OUTBOX_H
#define GGEN_CLI_OUTBOX_H

#include "session.h"
#include "p2p.pb-c.h"

#include <jansson.h>

//  Is the node that was attached to of the network? False too when it does not answer (printed).
bool
    outbox_networked (session_t *session);

//  NULL: the network is not told of it, or it was a failure (session_status). Borrowed until
//  session_drop, which frees this answer.
const Ggen__OutboxEntry *
    outbox_ask (session_t *session, const char *id, const char *version);

//  {"stored", "wanted", "records", "announced", "done"}; null for NULL.
json_t *
    outbox_shape (const Ggen__OutboxEntry *entry);

void
    outbox_print (const screen_t *screen, const Ggen__OutboxEntry *entry);

#endif
