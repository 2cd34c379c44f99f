// SPDX-License-Identifier: MIT
#include "mail_out.h"

#include "dials.h"
#include "frame.h"
#include "lanes.h"
#include "sessions.h"
#include "speak.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

//  Mail on its way, with its address taken apart.
typedef struct {
    const transit_t *mail;
    const char *asker;                      //  where its answer goes
    char actor[SWARM_NAME_MAX + 1];         //  that is addressed
    const char *text;                       //  peer id
    link_t *link;                           //  NULL: nobody talks to the peer yet
} letter_t;

//  ---- failing -----------------------------------------------------------------------------------

//  Say it in the place of 'from', which was asked.
static void
say_failure (swarm_t *self, const char *asker, const char *from, uint64_t id, uint64_t trace,
             code_t code, const char *why)
{
    char text[ADDRESS_MAX + 256];
    snprintf (text, sizeof text, "%s: %s", from, why);
    Ggen__Failure failure = GGEN__FAILURE__INIT;
    failure.code = code;
    failure.message = text;
    uint8_t body[sizeof text + 16];
    size_t size = ggen__failure__pack (&failure, body);
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__REPLY;
    envelope.id = id;
    envelope.trace = trace;
    envelope.from = (char *) from;
    envelope.type = (char *) ggen__failure__descriptor.short_name;
    out_pass (self->out, asker, &envelope, (bytes_t) {body, size}, (bytes_t) {NULL, 0});
}

static code_t
refuse (swarm_t *self, const letter_t *letter, code_t code, const char *why)
{
    const Ggen__Envelope *envelope = letter->mail->envelope;
    if (envelope->kind == GGEN__KIND__REQUEST)
        say_failure (self, letter->asker, envelope->to, envelope->id, envelope->trace, code, why);
    return OK;
}

static void
fail_flight (swarm_t *self, link_t *link, uint64_t number, code_t code, const char *why)
{
    const flight_t *flight = flights_get (self->flights, link, number);
    char from[ADDRESS_MAX + 1];
    peer_id_address (&link->key, flight_asked (flight), from);
    say_failure (self, flight_asker (flight), from, flight->id, flight->trace, code, why);
    if (link->greeting)
        parked_forget (&link->greeting->parked, &self->parked_bytes, number);
    flights_end (self->flights, link, number);
}

void
mail_out_fail_all (swarm_t *self, link_t *link, code_t code, const char *why)
{
    if (link->greeting)
        parked_clear (&link->greeting->parked, &self->parked_bytes);
    uint64_t number;
    while ((number = flights_first (self->flights, link)) != 0)
        fail_flight (self, link, number, code, why);
}

void
mail_out_fail_bulky (swarm_t *self, link_t *link, const char *why)
{
    uint64_t number;
    while ((number = flights_bulky (self->flights, link)) != 0)
        fail_flight (self, link, number, NETWORK, why);
}

void
mail_out_expire (swarm_t *self, int64_t now_ms)
{
    uint64_t number;
    uint16_t slot;
    while ((number = flights_due (self->flights, now_ms, &slot)) != 0)
        fail_flight (self, links_at (self->links, slot), number, TIMEOUT, "no answer in time");
}

//  ---- sending -----------------------------------------------------------------------------------

static uint32_t
budget_left (const swarm_t *self, uint64_t number)
{
    int64_t left_ms = flights_due_ms (self->flights, number) - out_now_ms (self->out);
    return left_ms > 0 ? (uint32_t) left_ms : 1;
}

static void
send (swarm_t *self, link_t *link, const said_mail_t *mail)
{
    uint32_t budget_ms = 0;
    if (mail->kind == GGEN__KIND__REQUEST) {
        flights_get (self->flights, link, mail->id)->sent_ms = out_now_ms (self->out);
        budget_ms = budget_left (self, mail->id);
    }
    link->used_ms = out_now_ms (self->out);
    speak_mail (self, link, mail, budget_ms);
}

void
mail_out_flush (swarm_t *self, link_t *link)
{
    parked_t *parked = &link->greeting->parked;
    const said_mail_t *mail;
    while ((mail = parked_first (parked)) != NULL) {
        send (self, link, mail);
        parked_drop (parked, &self->parked_bytes);
    }
}

static said_mail_t
said_of (const letter_t *letter, uint64_t id)
{
    const Ggen__Envelope *envelope = letter->mail->envelope;
    return (said_mail_t) {.kind = envelope->kind,
                          .id = id,
                          .trace = envelope->trace,
                          .from = envelope->from,
                          .to = letter->actor,
                          .type = envelope->type,
                          .body = letter->mail->body,
                          .attachment = letter->mail->attachment};
}

//  ---- by kind -----------------------------------------------------------------------------------

static code_t
add_flight (swarm_t *self, const letter_t *letter, uint64_t *number_p)
{
    const Ggen__Envelope *envelope = letter->mail->envelope;
    uint32_t budget_ms = envelope->budget_ms;
    if (budget_ms == 0 || budget_ms > BUDGET_OUT_MS)
        budget_ms = BUDGET_OUT_MS;
    flight_t flight = {.id = envelope->id,
                       .trace = envelope->trace,
                       .bulky = lanes_is_bulky (envelope->type)};
    *number_p = flights_add (self->flights, letter->link, &flight, letter->asker, letter->actor,
                             letter->mail->now_ms + budget_ms);
    return *number_p ? OK : BUSY;
}

static code_t
pass_request (swarm_t *self, letter_t *letter)
{
    const Ggen__Envelope *envelope = letter->mail->envelope;
    letter->link = sessions_peer (self, letter->text);
    if (!letter->link) {
        dial_refusal_t refusal = dials_for (self, letter->text,
                                            (bytes_t) {envelope->route.data, envelope->route.len},
                                            &letter->link);
        if (refusal.code)
            return refuse (self, letter, refusal.code, refusal.why);
    }
    link_t *link = letter->link;
    uint64_t number;
    bool session = link->state == LINK_SESSION;
    if (session && link->unwritten_bytes > UNWRITTEN_MAX)
        return refuse (self, letter, BUSY, "it does not read what was sent");
    if (add_flight (self, letter, &number) != OK)
        return refuse (self, letter, BUSY, "too much is asked of it");
    said_mail_t mail = said_of (letter, number);
    //  One chunk alone is not worth a connection
    if (lanes_is_bulky (envelope->type) && flights_bulky (self->flights, link))
        lanes_prepare (self, link);
    if (session)
        send (self, link, &mail);
    else if (parked_add (&link->greeting->parked, &self->parked_bytes, &mail) != OK)
        fail_flight (self, link, number, BUSY, "too much waits for it");
    return OK;
}

//  Its answer still comes, unless the other side never heard of it.
static code_t
pass_cancel (swarm_t *self, const letter_t *letter)
{
    link_t *link = letter->link;
    const Ggen__Envelope *envelope = letter->mail->envelope;
    uint64_t number =
        link ? flights_number (self->flights, link, letter->asker, envelope->id) : 0;
    if (number == 0)
        return OK;
    flight_t *flight = flights_get (self->flights, link, number);
    if (flight->sent_ms == 0) {
        fail_flight (self, link, number, CANCELLED, "cancelled");
        return OK;
    }
    flight->odd = true;
    said_mail_t mail = said_of (letter, number);
    send (self, link, &mail);
    return OK;
}

static code_t
pass_reply (swarm_t *self, const letter_t *letter)
{
    link_t *link = letter->link;
    if (!link || (link->state != LINK_SESSION && link->state != LINK_LEAVING))
        return OK;
    if (link->owed > 0)
        link->owed--;
    said_mail_t mail = said_of (letter, letter->mail->envelope->id);
    if (mail.attachment.size > 0 && lanes_open (link))
        speak_bulk (self, link, &mail);
    else if (link->unwritten_bytes > REPLIES_MAX)
        sessions_end (self, link, BUSY, "it does not read what it asked for");
    else
        send (self, link, &mail);
    return OK;
}

//  What may be lost: progress and events.
static code_t
pass_loose (swarm_t *self, const letter_t *letter)
{
    link_t *link = letter->link;
    said_mail_t mail = said_of (letter, letter->mail->envelope->id);
    bool open = link && (link->state == LINK_SESSION || link->state == LINK_LEAVING);
    if (open && link->unwritten_bytes <= UNWRITTEN_MAX)
        send (self, link, &mail);
    else if (link && link->greeting && mail.kind == GGEN__KIND__EVENT
             && parked_add (&link->greeting->parked, &self->parked_bytes, &mail) != OK)
        return OK;
    return OK;
}

//  ---- what no node takes ------------------------------------------------------------------------

//  Whoever asked for it learns that it does not come.
static code_t
pass_failure (swarm_t *self, letter_t *letter)
{
    uint8_t body[128];
    Ggen__Envelope envelope = *letter->mail->envelope;
    Ggen__Failure failure = GGEN__FAILURE__INIT;
    transit_t mail = *letter->mail;
    failure.code = INTERNAL;
    failure.message = "the answer is larger than nodes take";
    envelope.type = (char *) ggen__failure__descriptor.short_name;
    mail.envelope = &envelope;
    mail.body = (bytes_t) {body, ggen__failure__pack (&failure, body)};
    mail.attachment = (bytes_t) {NULL, 0};
    letter->mail = &mail;
    return pass_reply (self, letter);
}

//  The other side would end the session for it.
static code_t
keep_back (swarm_t *self, letter_t *letter)
{
    if (letter->mail->envelope->kind == GGEN__KIND__REPLY)
        return pass_failure (self, letter);
    return refuse (self, letter, VALIDATION, "larger than nodes take");
}

//  ---- addresses ---------------------------------------------------------------------------------

static bool
read_address (letter_t *letter, const Ggen__Envelope *envelope)
{
    const char *at = strchr (envelope->to, '@');
    size_t size = (size_t) (at - envelope->to);
    if (size > SWARM_NAME_MAX)
        return false;
    memcpy (letter->actor, envelope->to, size);
    letter->actor[size] = 0;
    letter->text = at + 1;
    return frame_name_valid (letter->actor) && frame_name_valid (letter->asker)
           && strlen (envelope->type) <= FRAME_TYPE_MAX && frame_name_valid (envelope->from);
}

code_t
mail_out_transit (void *self_, const transit_t *mail)
{
    swarm_t *self = self_;
    const Ggen__Envelope *envelope = mail->envelope;
    letter_t letter = {.mail = mail,
                       .asker = *envelope->reply_to ? envelope->reply_to : envelope->from};
    if (!read_address (&letter, envelope))
        return refuse (self, &letter, VALIDATION, "not an address of an actor elsewhere");
    letter.link = links_peer (self->links, letter.text);
    if (mail->body.size > SWARM_BODY_MAX)
        return keep_back (self, &letter);
    switch (envelope->kind) {
    case GGEN__KIND__REQUEST:
        return pass_request (self, &letter);
    case GGEN__KIND__CANCEL:
        return pass_cancel (self, &letter);
    case GGEN__KIND__REPLY:
        return pass_reply (self, &letter);
    case GGEN__KIND__PROGRESS:
    case GGEN__KIND__EVENT:
        return pass_loose (self, &letter);
    default:
        return OK;
    }
}
