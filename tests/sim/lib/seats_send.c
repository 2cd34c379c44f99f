// SPDX-License-Identifier: MIT
//  Of seats: where mail goes that is sent, and what the bus itself answers.
#include "world_inside.h"

#include <string.h>

//  ---- names ---------------------------------------------------------------------------------------

uint8_t
seats_find (const node_t *node, const char *name)
{
    for (uint32_t i = 0; i < node->seats_count; i++)
        if (strcmp (node->seats[i].name, name) == 0)
            return (uint8_t) i;
    return WORLD_SEATS_MAX;
}

//  ---- sending -------------------------------------------------------------------------------------

void
seats_post (world_t *self, uint32_t node, uint8_t seat, note_t *note, int64_t at_us)
{
    note->node = node;
    note->life = self->nodes[node].life;
    note->seat = seat;
    note->at_us = at_us;
    agenda_push (self->agenda, DUE_LETTER, (due_t) {.at_us = at_us, .thing = note});
}

const char *
seats_asker (const Ggen__Envelope *request)
{
    return *request->reply_to ? request->reply_to : request->from;
}

//  As the bus answers in the place of a mailbox.
void
seats_refuse (world_t *self, uint32_t node, const char *asked, const char *asker,
        const Ggen__Envelope *about, code_t code, const char *why)
{
    Ggen__Failure failure = GGEN__FAILURE__INIT;
    failure.code = code;
    failure.message = (char *) why;
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__REPLY;
    envelope.id = about->id;
    envelope.trace = about->trace;
    envelope.from = (char *) asked;
    seats_say (self, node, asker, &envelope, &failure.base);
}

//  There is no such name on the node: the envelope keeps what it was.
static void
send_nowhere (world_t *self, uint32_t node, const parcel_t *parcel, int64_t at_us)
{
    Ggen__Envelope envelope = *parcel->envelope;
    envelope.to = (char *) parcel->to;
    parcel_t named = *parcel;
    named.envelope = &envelope;
    seats_post (self, node, SEAT_NOBODY, letters_write (self->letters, &named), at_us);
}

void
seats_nowhere (world_t *self, const note_t *note)
{
    self->counts.nowhere++;
    Ggen__Envelope *about = note->kind == GGEN__KIND__REQUEST ? world_envelope (note) : NULL;
    if (!about)
        return;
    seats_refuse (self, note->node, about->to, seats_asker (about), about,
            strchr (about->to, '@') ? NODE_NOT_STARTED : FEATURE_NOT_ENABLED,
            "this node has no such actor");
    ggen__envelope__free_unpacked (about, NULL);
}

//  The bus's one rule: no '@', an actor of this node; '@', to "swarm".
static void
send_from (world_t *self, uint32_t node, const parcel_t *parcel, int64_t at_us)
{
    uint32_t client;
    const node_t *place = &self->nodes[node];
    uint8_t seat = strchr (parcel->to, '@') ? place->swarm : seats_find (place, parcel->to);
    if (seat < WORLD_SEATS_MAX)
        seats_post (self, node, seat, letters_write (self->letters, parcel), at_us);
    else if (strcmp (parcel->to, "link") == 0)
        cables_take (self, node, parcel);
    else if (clients_number (parcel->to, &client)) {
        note_t *note = letters_write (self->letters, parcel);
        note->client = client;
        seats_post (self, node, SEAT_CLIENTS, note, at_us);
    } else
        send_nowhere (self, node, parcel, at_us);
}

void
seats_port_send (void *context, const parcel_t *parcel)
{
    world_t *self = context;
    send_from (self, self->speaker, parcel, self->speaking_us + WORLD_HOP_US);
}

uint64_t
seats_port_clock_us (void *context)
{
    const world_t *self = context;
    return clocks_mono_us (&self->nodes[self->speaker].traits.clocks, self->now_us);
}

void
seats_say (world_t *self, uint32_t node, const char *to, Ggen__Envelope *envelope,
           const ProtobufCMessage *body)
{
    envelope->sent_us = clocks_mono_us (&self->nodes[node].traits.clocks, self->now_us);
    if (strchr (to, '@'))
        envelope->to = (char *) to;
    if (body)
        envelope->type = (char *) body->descriptor->short_name;
    parcel_t parcel = {.to = to, .envelope = envelope, .body = body};
    send_from (self, node, &parcel, self->now_us + WORLD_HOP_US);
}
