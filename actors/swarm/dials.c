// SPDX-License-Identifier: MIT
#include "dials.h"

#include "calls.h"
#include "link.pb-c.h"
#include "mail_out.h"
#include "resolve.h"
#include "speak.h"
#include "upkeep.h"

#include <string.h>

#define REFUSED(code, why) ((dial_refusal_t) {code, why})
#define GRANTED            REFUSED (OK, "")

//  ---- trying addresses --------------------------------------------------------------------------

//  The link gets a new number, and 'budget_ms' at most from now on.
static uint32_t
begin_try (swarm_t *self, link_t *link, int64_t budget_ms)
{
    int64_t now_ms = out_now_ms (self->out), left_ms = link->greeting->until_ms - now_ms;
    if (budget_ms > left_ms)
        budget_ms = left_ms;
    self->number += 2;
    links_number (self->links, link, self->number);
    links_set (self->links, link, LINK_DIALLING, false);
    link->seen_size = 0;
    links_deadline (self->links, link, now_ms + budget_ms);
    return (uint32_t) budget_ms;
}

static void
dial_ip (swarm_t *self, link_t *link, bytes_t address)
{
    greeting_t *greeting = link->greeting;
    Ggen__LinkDial dial = GGEN__LINK_DIAL__INIT;
    dial.budget_ms = begin_try (self, link, DIAL_MS);
    dial.link = link->number;
    dial.address = (ProtobufCBinaryData) {address.size, (uint8_t *) address.data};
    if (!greeting->any_key)
        dial.transport_key = (ProtobufCBinaryData) {CRYPTO_KEY_BYTES, greeting->transport_key};
    out_event (self->out, "link", &dial.base);
}

static bool
dial_one (swarm_t *self, link_t *link)
{
    greeting_t *greeting = link->greeting;
    bytes_t address;
    for (;;) {
        greeting->current = greeting->next;
        if (out_now_ms (self->out) >= greeting->until_ms
            || !addresses_next (&greeting->addresses, &greeting->next, &address))
            return false;
        if (!addresses_is_name (address)) {
            dial_ip (self, link, address);
            return true;
        }
        begin_try (self, link, RESOLVE_MS);
        if (resolve_begin (self, link, address))
            return true;
    }
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
    case INVALID_MULTIADDR:
        return "its name leads nowhere";
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

//  ---- ends --------------------------------------------------------------------------------------

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

//  The one that was tried last, for people.
static bytes_t
last_address (const greeting_t *greeting)
{
    bytes_t address = {NULL, 0};
    uint16_t cursor = 0;
    while (addresses_next (&greeting->addresses, &cursor, &address))
        ;
    return address;
}

void
dials_fail (swarm_t *self, link_t *link, code_t code, const char *why)
{
    speak_close (self, link);
    if (link->greeting->trial)
        end_trial (self, link->greeting);
    else
        upkeep_failed (self, link);
    mail_out_fail_all (self, link, code, why);
    calls_failed (self, link->greeting->calls, last_address (link->greeting), code, why);
    links_remove (self->links, &link);
}

//  ---- beginnings --------------------------------------------------------------------------------

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

//  Whether this peer may be dialled at all; its transport key, if it is known.
static dial_refusal_t
may_dial (const swarm_t *self, const peer_key_t *key, uint8_t transport_key[CRYPTO_KEY_BYTES])
{
    if (links_census (self->links).dials >= DIALS_MAX)
        return REFUSED (BUSY, "too many are being dialled");
    if (!key)
        return GRANTED;
    if (memcmp (key->bytes, self->settings->identity->key, PEER_KEY_SIZE) == 0)
        return REFUSED (CONNECTION_FAILED, "that is this node");
    if (!self->crypto->transport_key (key->bytes, transport_key))
        return REFUSED (VALIDATION, "its key is no key");
    if (bans_left_ms (&self->bans, transport_key, out_now_ms (self->out)) > 0)
        return REFUSED (LOW_REPUTATION, "it is banned");
    return GRANTED;
}

bool
dials_name (swarm_t *self, link_t *link, const peer_key_t *key)
{
    uint8_t transport_key[CRYPTO_KEY_BYTES];
    if (may_dial (self, key, transport_key).code != OK)
        return false;
    memcpy (link->greeting->transport_key, transport_key, sizeof transport_key);
    link->greeting->any_key = false;
    links_name (self->links, link, key);
    upkeep_dialled (self, link);
    return true;
}

void
dials_add (link_t *link, addresses_t *addresses)
{
    ProtobufCBinaryData fields[2 * MULTIADDR_PEER_MAX];
    addresses_t all, *known = &link->greeting->addresses;
    size_t known_count = addresses_fields (known, fields), count = known_count;
    bytes_t address;
    for (uint16_t cursor = 0; addresses_next (addresses, &cursor, &address);) {
        bool is_there = false;
        for (size_t i = 0; i < known_count; i++)
            is_there |= fields[i].len == address.size
                        && memcmp (fields[i].data, address.data, address.size) == 0;
        if (!is_there)
            fields[count++] = (ProtobufCBinaryData) {address.size, (uint8_t *) address.data};
    }
    if (addresses_set (&all, fields, count, NULL, NULL)) {
        addresses_clear (known);
        *known = all;
    }
    addresses_clear (addresses);
}

dial_refusal_t
dials_begin (swarm_t *self, const dial_t *dial, link_t **link_p)
{
    uint8_t transport_key[CRYPTO_KEY_BYTES] = {0};
    dial_refusal_t refusal = may_dial (self, dial->key, transport_key);
    link_t *link = refusal.code == OK ? add_link (self, dial->addresses) : NULL;
    *link_p = NULL;
    addresses_clear (dial->addresses);
    if (!link)
        return refusal.code ? refusal : REFUSED (BUSY, "too many links");
    memcpy (link->greeting->transport_key, transport_key, sizeof transport_key);
    link->greeting->any_key = !dial->key;
    link->greeting->kept = dial->kept;
    if (!dial_one (self, link)) {
        links_remove (self->links, &link);
        return REFUSED (CONNECTION_FAILED, "no address of it is known");
    }
    if (dial->key)
        links_name (self->links, link, dial->key);
    upkeep_dialled (self, link);
    *link_p = link;
    return GRANTED;
}

bool
dials_addresses (const swarm_t *self, const peer_key_t *key, bytes_t address,
                 addresses_t *addresses)
{
    ProtobufCBinaryData fields[MULTIADDR_PEER_MAX + 1];
    size_t count = 0;
    const known_t *known = key ? book_find (self->book, key) : NULL;
    if (address.size > 0)
        fields[count++] = (ProtobufCBinaryData) {address.size, (uint8_t *) address.data};
    if (known)
        count += addresses_fields (&known->addresses, fields + count);
    return addresses_set (addresses, fields, count, NULL, key) && addresses->size > 0;
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
    if (book_missed_until_ms (self->book, &key) > out_now_ms (self->out))
        return REFUSED (CONNECTION_FAILED, "it could not be reached just now");
    addresses_t addresses;
    if (!addresses_unpack (&addresses, route, &key))
        return REFUSED (BUSY, "out of memory");
    if (addresses.size == 0
        && !dials_addresses (self, &key, (bytes_t) {NULL, 0}, &addresses))
        return REFUSED (CONNECTION_FAILED, "no address of it is known");
    dial_t dial = {.key = &key, .addresses = &addresses};
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
