// SPDX-License-Identifier: MIT
//  What `ggen tap` makes of the messages it hears: which to show, how long an answer took, how many
//  were lost, one line each. No socket and no clock here.
#ifndef GGEN_FEED_H
#define GGEN_FEED_H

#include "base.h"
#include "node.pb-c.h"

#include <jansson.h>
#include <stdio.h>

//  Requests whose answer is waited for; a later one may take the place of an earlier one, whose
//  answer then shows its time on the bus only.
#define FEED_CALLS 4096

//  Nodes told apart by their sequence numbers; the one heard longest ago is forgotten for another.
#define FEED_STREAMS 16

//  All may be NULL = any.
typedef struct {
    const char *type;           //  glob
    const char *actor;          //  "registry": it or "registry@PEER", as sender or receiver
    const char *peer;           //  what stands behind '@', as sender or receiver
} feed_filter_t;

typedef struct feed_t feed_t;

//  A message as heard; borrowed.
typedef struct {
    const Ggen__TapHeader *header;
    bytes_t body;
    uint64_t latency_us;        //  set by feed_take
    uint64_t lost;              //  set by feed_take: messages lost before this one
} feed_message_t;

//  'filter' is borrowed. NULL only without memory.
feed_t *
    feed_new (const feed_filter_t *filter);
void
    feed_destroy (feed_t **self_p);

//  Count a message in. Every message heard has to be, also those not shown, as answers and losses
//  are told by them. Its header has an envelope, or nothing is done. Returns whether to show it;
//  message->lost counts either way.
//  Latency: of a reply, the time since its request passed the bus, if that was heard; else the time
//  from being sent to passing the bus.
//  Losses: sequence numbers are of one node each, and several may be heard at a time, so a number
//  belongs to the node it continues; a jump ahead is a loss of the one heard last below it.
bool
    feed_take (feed_t *self, feed_message_t *message);

//  "HH:MM:SS.mmm TYPE  FROM -> TO  ID  SIZE[+ATTACHMENT]  LATENCY us", wall time in UTC.
void
    feed_print (FILE *out, const feed_message_t *message);

//  The same with its decoded body. New, the caller's; NULL only without memory.
json_t *
    feed_shape (const feed_message_t *message);

#endif
