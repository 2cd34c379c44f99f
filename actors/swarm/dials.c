// SPDX-License-Identifier: MIT
#include "dials.h"

#include "link.pb-c.h"
#include "mail_out.h"
#include "speak.h"

#include <string.h>

#define REFUSED(code, why) ((dial_refusal_t) {code, why})
#define GRANTED            REFUSED (OK, "")

//  ---- trying addresses ----------------------------------------------------------------------------

static bool
dial_one (swarm_t *self, link_t *link)
{
    greeting_t *greeting = link->greeting;
    bytes_t address;
    int64_t now_ms = out_now_ms (self->out), until_ms = now_ms + DIAL_MS;
    greeting->current = greeting->next;
    if (now_ms >= greeting->until_ms
        || !addresses_next (&greeting->addresses, &greeting->next, &address))
        return false;
    if (until_ms > greeting->until_ms)
        until_ms = greeting->until_ms;
    Ggen__LinkDial dial = GGEN__LINK_DIAL__INIT;
    self->number += 2;
    links_number (self->links, link, self->number);
    link->state = LINK_DIALLING;
    link->seen_size = 0;
    links_deadline (self->links, link, until_ms);
    dial.link = link->number;
    dial.address = (ProtobufCBinaryData) {address.size, (uint8_t *) address.data};
    if (!greeting->any_key)
        dial.transport_key = (ProtobufCBinaryData) {CRYPTO_KEY_BYTES, greeting->transport_key};
    dial.budget_ms = (uint32_t) (until_ms - now_ms);
    out_event (self->out, "link", &dial.base);
    return true;
}

static const char *
failure_text (code_t code)
{
    switch (code) {
    case TIMEOUT:
        return "it cannot be reached: no answer in time";
    case SECURITY:
    case INVALID_SIGNATURE:
        return "another node answers at its address";
    case BUSY:
        return "it takes no more sessions now";
    case LOW_REPUTATION:
        return "it is banned";
    default:
        return "it cannot be reached";
    }
}

void
dials_next (swarm_t *self, link_t *link, code_t code)
{
    link->greeting->code = code;
    speak_close (self, link);
    if (dial_one (self, link))
        return;
    code_t end = code == TIMEOUT || code == BUSY || code == LOW_REPUTATION ? code
                                                                           : CONNECTION_FAILED;
    dials_fail (self, link, end, failure_text (code));
}

//  ---- ends ----------------------------------------------------------------------------------------

static void
end_trial (swarm_t *self, const greeting_t *greeting)
{
    Ggen__DialBackReply reply = GGEN__DIAL_BACK_REPLY__INIT;
    ProtobufCBinaryData all[MULTIADDR_PEER_MAX], reached[MULTIADDR_PEER_MAX];
    size_t count = addresses_fields (&greeting->addresses, all);
    reply.reached = reached;
    for (size_t i = 0; i < count; i++)
        if (greeting->reached >> i & 1)
            reached[reply.n_reached++] = all[i];
    out_answer (self->out, greeting->trial, &reply.base);
}

void
dials_fail (swarm_t *self, link_t *link, code_t code, const char *why)
{
    speak_close (self, link);
    if (link->greeting->trial)
        end_trial (self, link->greeting);
    mail_out_fail_all (self, link, code, why);
    links_remove (self->links, &link);
}

//  ---- beginnings ----------------------------------------------------------------------------------

static link_t *
add_link (swarm_t *self, addresses_t *addresses)
{
    link_t *link = links_add (self->links);
    greeting_t *greeting = link ? greeting_new () : NULL;
    if (!greeting) {
        if (link)
            links_remove (self->links, &link);
        addresses_clear (addresses);
        return NULL;
    }
    greeting->addresses = *addresses;
    *addresses = (addresses_t) {0};
    greeting->until_ms = out_now_ms (self->out) + DIAL_ALL_MS;
    link->greeting = greeting;
    return link;
}

dial_refusal_t
dials_begin (swarm_t *self, const dial_t *dial, link_t **link_p)
{
    *link_p = NULL;
    uint8_t transport_key[CRYPTO_KEY_BYTES] = {0};
    code_t code = OK;
    if (dial->key && memcmp (dial->key->bytes, self->settings->identity->key, PEER_KEY_SIZE) == 0)
        code = CONNECTION_FAILED;
    else if (dial->key && !self->crypto->transport_key (dial->key->bytes, transport_key))
        code = VALIDATION;
    link_t *link = code == OK && links_census (self->links).dials < DIALS_MAX ? add_link (self, dial->addresses)
                                                               : NULL;
    if (!link) {
        addresses_clear (dial->addresses);
        return code == CONNECTION_FAILED ? REFUSED (code, "that is this node")
               : code == VALIDATION      ? REFUSED (code, "its key is no key")
                                         : REFUSED (BUSY, "too many are being dialled");
    }
    memcpy (link->greeting->transport_key, transport_key, sizeof transport_key);
    link->greeting->any_key = !dial->key;
    link->greeting->kept = dial->kept;
    link->greeting->persistent = dial->persistent;
    if (dial->key)
        links_name (self->links, link, dial->key, dial->text);
    dial_one (self, link);
    *link_p = link;
    return GRANTED;
}

dial_refusal_t
dials_for (swarm_t *self, const char *text, bytes_t route, link_t **link_p)
{
    peer_key_t key;
    char why[128], canonical[PEER_ID_TEXT + 1];
    *link_p = NULL;
    if (peer_id_parse (&key, text, why, sizeof why) != OK)
        return REFUSED (VALIDATION, "it has no peer id");
    peer_id_text (&key, canonical);
    if (strcmp (canonical, text) != 0)
        return REFUSED (VALIDATION, "its peer id is written in another way than 12D3KooW...");
    addresses_t addresses;
    if (!addresses_unpack (&addresses, route, &key))
        return REFUSED (BUSY, "out of memory");
    if (addresses.size == 0)
        return REFUSED (CONNECTION_FAILED, "no address of it is known");
    dial_t dial = {.key = &key, .text = text, .addresses = &addresses};
    return dials_begin (self, &dial, link_p);
}

dial_refusal_t
dials_trial (swarm_t *self, ticket_t ticket, addresses_t *addresses,
             const uint8_t transport_key[CRYPTO_KEY_BYTES])
{
    link_t *link = links_census (self->links).dials < DIALS_MAX ? add_link (self, addresses) : NULL;
    addresses_clear (addresses);
    if (!link)
        return REFUSED (BUSY, "too many are being dialled");
    memcpy (link->greeting->transport_key, transport_key, CRYPTO_KEY_BYTES);
    link->greeting->trial = ticket;
    if (!dial_one (self, link))
        dials_fail (self, link, CONNECTION_FAILED, "");
    return GRANTED;
}
