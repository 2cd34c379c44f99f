// SPDX-License-Identifier: MIT
#include "lanes.h"

#include "mail_in.h"
#include "mail_out.h"
#include "speak.h"

#include <string.h>

#define BULK      "bulk"
#define SLOT_BITS 16

static const char *const bulky[] = {"ChunkRequest"};

bool
lanes_is_bulky (const char *type)
{
    for (unsigned i = 0; i < COUNT_OF (bulky); i++)
        if (strcmp (type, bulky[i]) == 0)
            return true;
    return false;
}

uint64_t
lanes_number (const link_t *link)
{
    return (uint64_t) link->lane << SLOT_BITS | link->slot;
}

bool
lanes_open (const link_t *link)
{
    return link->lane_state == LANE_UP;
}

//  NULL: its session is over, or it has had another lane since.
static link_t *
find (const swarm_t *self, uint64_t number)
{
    link_t *link = links_at (self->links, (uint16_t) number);
    return link && link->lane > 0 && lanes_number (link) == number ? link : NULL;
}

static bool
speaks_bulk (const swarm_t *self, const link_t *link)
{
    const char *const *ours = swarm_asked_protocols (self);
    for (unsigned i = 0; self->settings->bulk && ours && ours[i]; i++)
        if (strcmp (ours[i], LANE_PROTOCOL) == 0)
            return (link->protocols >> i & 1) != 0;
    return false;
}

//  ---- making ------------------------------------------------------------------------------------

//  Does it stand, is it being made, or was it tried lately?
static bool
is_busy (const swarm_t *self, const link_t *link)
{
    return lanes_open (link) || out_now_ms (self->out) / 1000 < link->lane_until;
}

static void
set (const swarm_t *self, link_t *link, lane_state_t state, uint32_t secs)
{
    link->lane_state = state & 3u;
    link->lane_until = (uint32_t) (out_now_ms (self->out) / 1000) + secs;
}

static void
make (swarm_t *self, link_t *link)
{
    link->lane = ++self->lanes;
    set (self, link, LANE_MADE, LANE_MAKE_SECS);
}

static void
invite (swarm_t *self, link_t *link)
{
    make (self, link);
    Ggen__BulkInvite message = GGEN__BULK_INVITE__INIT;
    message.lane = lanes_number (link);
    out_event (self->out, BULK, &message.base);
}

void
lanes_prepare (swarm_t *self, link_t *link)
{
    if (link->state != LINK_SESSION || is_busy (self, link) || !speaks_bulk (self, link))
        return;
    if (link->inbound) {
        invite (self, link);
        return;
    }
    Ggen__BulkWanted wanted = GGEN__BULK_WANTED__INIT;
    set (self, link, LANE_WANTED, LANE_ASK_SECS);
    speak_message (self, link, &wanted.base);
}

void
lanes_wanted (swarm_t *self, link_t *link)
{
    if (!is_busy (self, link) && speaks_bulk (self, link))
        invite (self, link);
}

code_t
lanes_invited (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) at;
    swarm_t *self = self_;
    const Ggen__BulkInvited *invited = (const void *) message;
    link_t *link = find (self, invited->lane);
    if (link && link->state == LINK_SESSION && invited->offer)
        speak_message (self, link, &invited->offer->base);
    return OK;
}

//  Only by the one that dialled: nobody is to choose for us what we connect to.
void
lanes_offered (swarm_t *self, link_t *link, const Ggen__BulkOffer *offer)
{
    const bytes_t seen = link_seen (link);
    const bool asked = link->lane_state == LANE_WANTED;
    if (link->inbound || !speaks_bulk (self, link) || seen.size == 0
        || (!asked && is_busy (self, link)))
        return;
    make (self, link);
    Ggen__BulkDial dial = GGEN__BULK_DIAL__INIT;
    dial.lane = lanes_number (link);
    dial.address = (ProtobufCBinaryData) {seen.size, (uint8_t *) seen.data};
    dial.offer = (Ggen__BulkOffer *) offer;
    out_event (self->out, BULK, &dial.base);
}

//  ---- standing ----------------------------------------------------------------------------------

code_t
lanes_up (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) at;
    swarm_t *self = self_;
    const uint64_t number = ((const Ggen__BulkUp *) message)->lane;
    link_t *link = find (self, number);
    if (link)
        link->lane_state = LANE_UP;
    else {
        Ggen__BulkClose close = GGEN__BULK_CLOSE__INIT;
        close.lane = number;
        out_event (self->out, BULK, &close.base);
    }
    return OK;
}

code_t
lanes_received (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    swarm_t *self = self_;
    const Ggen__BulkReceived *received = (const void *) message;
    link_t *link = find (self, received->lane);
    if (link)
        mail_in_bulk (self, link, received, at->attachment);
    return OK;
}

//  ---- ending ------------------------------------------------------------------------------------

static void
forget (swarm_t *self, link_t *link, code_t code)
{
    set (self, link, LANE_NONE, code == OK ? 0 : LANE_PAUSE_SECS);
}

void
lanes_close (swarm_t *self, link_t *link)
{
    if (link->lane_state != LANE_MADE && link->lane_state != LANE_UP)
        return;
    Ggen__BulkClose close = GGEN__BULK_CLOSE__INIT;
    close.lane = lanes_number (link);
    forget (self, link, OK);
    out_event (self->out, BULK, &close.base);
}

//  Whoever is on the way can break a seal, so it is no proof against the peer, and counts as a failure.
code_t
lanes_down (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) at;
    swarm_t *self = self_;
    const Ggen__BulkDown *down = (const void *) message;
    link_t *link = find (self, down->lane);
    if (!link)
        return OK;
    const bool stood = lanes_open (link);
    forget (self, link, down->code);
    if (stood && (down->code == SECURITY || down->code == VALIDATION))
        swarm_complain (self, link, GGEN__EXPERIENCE__FAILED, down->reason);
    //  What was on its way there is lost; what comes by the session after all is nobody's answer.
    if (stood)
        mail_out_fail_bulky (self, link, "the bulk connection has ended");
    return OK;
}

//  It has ended, which was not known here when this was sent.
code_t
lanes_returned (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    swarm_t *self = self_;
    const Ggen__BulkReturned *returned = (const void *) message;
    link_t *link = find (self, returned->lane);
    if (!link)
        return OK;
    if (lanes_open (link))
        forget (self, link, NETWORK);
    speak_again (self, link, returned, at->attachment);
    return OK;
}
