// SPDX-License-Identifier: MIT
#include "mail_in.h"

#include "frame.h"
#include "greet.h"
#include "lanes.h"
#include "runtime/actor/wire.h"
#include "sessions.h"
#include "speak.h"
#include "status.h"

#include <stdio.h>
#include <string.h>

//  A message of a session.
typedef struct {
    frame_t frame;
    bytes_t body;
    bytes_t attachment;
    link_t *link;
} arrival_t;

//  ---- refusing ----------------------------------------------------------------------------------

static void
misbehaved (swarm_t *self, const arrival_t *arrival, const char *detail)
{
    self->dropped_invalid++;
    swarm_complain (self, arrival->link, GGEN__EXPERIENCE__MISBEHAVED, detail);
}

static void
refuse (swarm_t *self, const arrival_t *arrival, code_t code, const char *why)
{
    const frame_t *frame = &arrival->frame;
    if (frame->kind != GGEN__KIND__REQUEST)
        return;
    char text[256];
    uint8_t body[sizeof text + 16];
    snprintf (text, sizeof text, "%s: %s", frame->type, why);
    Ggen__Failure failure = GGEN__FAILURE__INIT;
    failure.code = code;
    failure.message = text;
    said_mail_t mail = {.kind = GGEN__KIND__REPLY,
                        .id = frame->id,
                        .trace = frame->trace,
                        .from = frame->to,
                        .to = frame->from,
                        .type = ggen__failure__descriptor.short_name,
                        .body = {body, ggen__failure__pack (&failure, body)}};
    if (arrival->link->unwritten_bytes <= REPLIES_MAX)
        speak_mail (self, arrival->link, &mail, 0);
}

//  May it cost us what it costs? Otherwise it has been dealt with.
static bool
charge (swarm_t *self, const arrival_t *arrival)
{
    const frame_t *frame = &arrival->frame;
    Ggen__Kind kind = frame->kind == GGEN__KIND__REQUEST ? GGEN__KIND__REQUEST : GGEN__KIND__EVENT;
    uint32_t cost =
        rates_cost (kind, frame->type, arrival->body.size + arrival->attachment.size);
    switch (rates_charge (&arrival->link->bucket, &self->bucket, cost,
                           links_count (self->links), out_now_ms (self->out))) {
    case RATES_TAKE:
        return true;
    case RATES_SHARE:
        self->refused_rate++;
        refuse (self, arrival, BUSY, "too much is asked here now");
        return false;
    default:
        self->refused_rate++;
        swarm_complain (self, arrival->link, GGEN__EXPERIENCE__FLOODED, "over its rate");
        return false;
    }
}

//  ---- passing on --------------------------------------------------------------------------------

static void
pass (swarm_t *self, const arrival_t *arrival, const char *to, const char *actor,
      Ggen__Envelope *envelope)
{
    char text[PEER_ID_TEXT + 1], from[ADDRESS_MAX + 1];
    peer_id_text (&arrival->link->key, text);
    snprintf (from, sizeof from, "%s@%s", actor, text);
    envelope->kind = arrival->frame.kind;
    envelope->from = from;
    envelope->type = (char *) arrival->frame.type;
    out_pass (self->out, to, envelope, arrival->body, arrival->attachment);
}

static bool
is_reachable (const swarm_t *self, const frame_t *frame)
{
    if (strcmp (frame->to, "swarm") == 0)
        return frame->kind != GGEN__KIND__EVENT;
    const char *const *names = self->settings->reachable;
    for (unsigned i = 0; names && names[i]; i++)
        if (strcmp (names[i], frame->to) == 0)
            return true;
    return false;
}

//  Some are never answered, as those whose time was over when they arrived: after a while they are
//  forgotten, or nothing could be asked any more.
static bool
owe_one_more (link_t *link, int64_t now_ms)
{
    uint32_t now_secs = (uint32_t) (now_ms / 1000);
    if (link->owed == 0 || now_secs - link->owed_since >= OWED_SECS) {
        link->owed_since = now_secs;
        link->owed = 0;
    }
    if (link->owed == OWED_MAX)
        return false;
    link->owed++;
    return true;
}

static void
take_request (swarm_t *self, const arrival_t *arrival)
{
    const frame_t *frame = &arrival->frame;
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    if (!charge (self, arrival))
        return;
    if (arrival->attachment.size > 0) {
        misbehaved (self, arrival, "bulk bytes that were not asked for");
        return;
    }
    if (!is_reachable (self, frame)) {
        refuse (self, arrival, FEATURE_NOT_ENABLED, "there is no such actor here");
        return;
    }
    if (frame->kind == GGEN__KIND__REQUEST
        && !owe_one_more (arrival->link, out_now_ms (self->out))) {
        refuse (self, arrival, BUSY, "you have asked enough for now");
        return;
    }
    envelope.id = frame->id;
    envelope.trace = frame->trace;
    if (frame->kind == GGEN__KIND__REQUEST)
        envelope.budget_ms = frame->budget_ms > 0 && frame->budget_ms < BUDGET_IN_MS
                                 ? frame->budget_ms
                                 : BUDGET_IN_MS;
    pass (self, arrival, frame->to, frame->from, &envelope);
}

static void
measure (link_t *link, const flight_t *flight, int64_t now_ms)
{
    if (flight->odd)
        return;
    uint64_t sample_us = (uint64_t) (now_ms - flight->sent_ms) * 1000 + 1;
    uint64_t rtt_us = link->rtt_us ? (7u * (uint64_t) link->rtt_us + sample_us) / 8 : sample_us;
    link->rtt_us = rtt_us > UINT32_MAX ? UINT32_MAX : (uint32_t) rtt_us;
}

//  Under the names that its asker used; what it says of itself does not count.
static void
take_answer (swarm_t *self, const arrival_t *arrival)
{
    const frame_t *frame = &arrival->frame;
    link_t *link = arrival->link;
    flight_t *flight = flights_of_peer (self->flights, self->links, link, frame->id);
    if (!flight || flight->sent_ms == 0) {
        self->dropped_invalid++;
        charge (self, arrival);
        return;
    }
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.id = flight->id;
    envelope.trace = flight->trace;
    link = links_at (self->links, flight->link);
    if (frame->kind == GGEN__KIND__REPLY)
        measure (link, flight, out_now_ms (self->out));
    else {
        if (!charge (self, arrival))
            return;
        flight->odd = true;         //  No more time: another node could hold a place for ever by it
    }
    pass (self, arrival, flight_asker (flight), flight_asked (flight), &envelope);
    if (frame->kind == GGEN__KIND__REPLY) {
        flights_end (self->flights, link, frame->id);
        sessions_answered (self, link);
    }
}

//  ---- from swarm to swarm -----------------------------------------------------------------------

static void
take_own (swarm_t *self, const arrival_t *arrival)
{
    static const ProtobufCMessageDescriptor *const types[] = {
        &ggen__goodbye__descriptor, &ggen__session_update__descriptor,
        &ggen__bulk_wanted__descriptor, &ggen__bulk_offer__descriptor};
    const ProtobufCMessageDescriptor *type = NULL;
    for (unsigned i = 0; i < COUNT_OF (types); i++)
        if (strcmp (arrival->frame.type, types[i]->short_name) == 0)
            type = types[i];
    if (!type || arrival->body.size > GREETING_SIZE_MAX || !wire_valid (type, arrival->body)) {
        self->dropped_invalid++;
        return;
    }
    ProtobufCMessage *message =
        protobuf_c_message_unpack (type, NULL, arrival->body.size, arrival->body.data);
    if (!message)
        return;
    if (type == &ggen__goodbye__descriptor)
        sessions_left (self, arrival->link, (const void *) message);
    else if (arrival->link->state != LINK_SESSION)
        ;
    else if (type == &ggen__bulk_wanted__descriptor)
        lanes_wanted (self, arrival->link);
    else if (type == &ggen__bulk_offer__descriptor)
        lanes_offered (self, arrival->link, (const void *) message);
    else
        sessions_update (self, arrival->link, (const void *) message);
    protobuf_c_message_free_unpacked (message, NULL);
}

static void
take_event (swarm_t *self, const arrival_t *arrival)
{
    if (strcmp (arrival->frame.to, "swarm") != 0)
        take_request (self, arrival);
    else if (charge (self, arrival))
        take_own (self, arrival);
}

//  ---- arrivals ----------------------------------------------------------------------------------

static void
take (swarm_t *self, const arrival_t *arrival)
{
    switch (arrival->frame.kind) {
    case GGEN__KIND__REQUEST:
    case GGEN__KIND__CANCEL:
        take_request (self, arrival);
        break;
    case GGEN__KIND__EVENT:
        take_event (self, arrival);
        break;
    case GGEN__KIND__REPLY:
    case GGEN__KIND__PROGRESS:
        take_answer (self, arrival);
        break;
    default:
        misbehaved (self, arrival, "a kind of message that nodes do not send");
        break;
    }
}

static void
in_session (swarm_t *self, arrival_t *arrival, bytes_t envelope)
{
    link_t *link = arrival->link;
    const size_t size = envelope.size + arrival->body.size + arrival->attachment.size;
    link->received_bytes += size;
    if (arrival->body.size > SWARM_BODY_MAX) {
        misbehaved (self, arrival, "a body beyond every bound");
        sessions_goodbye (self, link, VALIDATION, "a body beyond every bound", FULL_PAUSE_SECS);
    } else if (!frame_read (&arrival->frame, envelope))
        misbehaved (self, arrival, "an envelope that no node writes");
    else {
        //  What the two swarms say of the session is no use of it.
        if (strcmp (arrival->frame.to, "swarm") != 0)
            link->used_ms = out_now_ms (self->out);
        status_traffic (self, arrival->frame.to)->received_bytes += size;
        take (self, arrival);
    }
}

void
mail_in_received (swarm_t *self, const Ggen__LinkReceived *received, bytes_t attachment)
{
    bytes_t envelope = {received->envelope.data, received->envelope.len};
    arrival_t arrival = {.body = {received->body.data, received->body.len},
                         .attachment = attachment,
                         .link = links_find (self->links, received->link)};
    link_t *link = arrival.link;
    if (!link) {
        Ggen__LinkClose close = GGEN__LINK_CLOSE__INIT;
        close.link = received->link;
        out_event (self->out, "link", &close.base);
        return;
    }
    if (link->state == LINK_DRAINING)
        arrival.link = links_at (self->links, link->heir);
    if (arrival.link->state == LINK_SESSION || arrival.link->state == LINK_LEAVING)
        in_session (self, &arrival, envelope);
    else if (frame_read (&arrival.frame, envelope) && arrival.frame.kind == GGEN__KIND__EVENT
             && strcmp (arrival.frame.to, "swarm") == 0)
        greet_received (self, link, arrival.frame.type, arrival.body);
    else
        self->dropped_invalid++;
}

void
mail_in_bulk (swarm_t *self, link_t *link, const Ggen__BulkReceived *received, bytes_t attachment)
{
    arrival_t arrival = {.body = {received->body.data, received->body.len},
                         .attachment = attachment,
                         .link = link};
    const size_t size = received->envelope.len + arrival.body.size + attachment.size;
    link->received_bytes += size;
    self->bulk_received_bytes += size;
    if (!frame_read (&arrival.frame, (bytes_t) {received->envelope.data, received->envelope.len})
        || arrival.frame.kind != GGEN__KIND__REPLY) {
        misbehaved (self, &arrival, "no answer, on a bulk connection");
        return;
    }
    status_traffic (self, arrival.frame.to)->received_bytes += size;
    link->used_ms = out_now_ms (self->out);
    take_answer (self, &arrival);
}
