// SPDX-License-Identifier: MIT
#include "greet.h"

#include "dials.h"
#include "mail_out.h"
#include "places.h"
#include "runtime/actor/wire.h"
#include "sessions.h"
#include "speak.h"

#include <stdio.h>
#include <string.h>

//  ---- ends --------------------------------------------------------------------------------------

void
greet_failed (swarm_t *self, link_t *link, code_t code, const char *reason)
{
    if (!link->inbound) {
        dials_next (self, link, code);
        return;
    }
    if (reason)
        speak_goodbye (self, link, code, reason, FULL_PAUSE_SECS);
    speak_close (self, link);
    links_remove (self->links, &link);
}

//  ---- up ----------------------------------------------------------------------------------------

static void
see (link_t *link, ProtobufCBinaryData address)
{
    if (address.len == 0 || address.len > LINKS_SEEN_MAX)
        return;
    memcpy (link->seen, address.data, address.len);
    link->seen_size = (uint8_t) address.len;
}

static void
say_hello (swarm_t *self, link_t *link)
{
    greeting_t *greeting = link->greeting;
    Ggen__Hello hello = GGEN__HELLO__INIT;
    rng_bytes (self->rng, greeting->nonce, sizeof greeting->nonce);
    hello.kept = greeting->said = greeting->kept;
    hello.version = GREETING_VERSION;
    hello.nonce = (ProtobufCBinaryData) {sizeof greeting->nonce, greeting->nonce};
    greeting->sent_ms = out_now_ms (self->out);
    speak_message (self, link, &hello.base);
}

static void
trial_up (swarm_t *self, link_t *link)
{
    bytes_t address;
    uint16_t cursor = 0;
    unsigned number = 0;
    while (cursor < link->greeting->current
           && addresses_next (&link->greeting->addresses, &cursor, &address))
        number++;
    link->greeting->reached |= (uint16_t) (1u << number);
    dials_next (self, link, OK);
}

static void
up_dialled (swarm_t *self, link_t *link, const Ggen__LinkUp *up)
{
    greeting_t *greeting = link->greeting;
    if (link->state != LINK_DIALLING)
        return;
    if (!greeting->any_key
        && memcmp (up->transport_key.data, greeting->transport_key, CRYPTO_KEY_BYTES) != 0) {
        greet_failed (self, link, SECURITY, NULL);
        return;
    }
    memcpy (greeting->transport_key, up->transport_key.data, CRYPTO_KEY_BYTES);
    if (greeting->trial) {
        trial_up (self, link);
        return;
    }
    see (link, up->address);
    links_set (self->links, link, LINK_GREETING, false);
    links_deadline (self->links, link, out_now_ms (self->out) + GREETING_MS);
    say_hello (self, link);
}

static bool
is_loopback (ProtobufCBinaryData address)
{
    multiaddr_t value;
    return multiaddr_decode (&value, (bytes_t) {address.data, address.len}) == OK
           && multiaddr_is_loopback (&value);
}

//  May one more from this address come in? (SPEC 8)
static bool
has_room (const swarm_t *self, ProtobufCBinaryData address)
{
    census_t census = links_census (self->links);
    if (census.greetings >= GREETINGS_MAX)
        return false;
    if ((census.greetings < STRANGERS_MAX && census.inbound < NEIGHBOURS_MAX)
        || is_loopback (address))
        return true;
    uint32_t strangers = 0, neighbours = 0, cursor = 0;
    const link_t *link;
    while ((link = links_next (self->links, &cursor)) != NULL) {
        if (!link->inbound
            || !addresses_same_host (link_seen (link), (bytes_t) {address.data, address.len}))
            continue;
        strangers += link->state == LINK_GREETING;
        neighbours += link->state == LINK_SESSION;
    }
    return strangers < STRANGERS_MAX && neighbours < NEIGHBOURS_MAX;
}

static void
close_number (swarm_t *self, uint64_t number)
{
    Ggen__LinkClose close = GGEN__LINK_CLOSE__INIT;
    close.link = number;
    out_event (self->out, "link", &close.base);
}

static void
up_inbound (swarm_t *self, const Ggen__LinkUp *up)
{
    link_t *link = NULL;
    int64_t banned_ms =
        bans_left_ms (&self->bans, up->transport_key.data, out_now_ms (self->out));
    if (banned_ms > 0)
        self->refused_banned++;
    else if (out_now_ms (self->out) < self->bans_due_ms)
        self->refused_full++;
    else if (!has_room (self, up->address))
        self->refused_full++;
    else if ((link = links_add (self->links)) != NULL
             && (link->greeting = greeting_new ()) == NULL)
        links_remove (self->links, &link);
    if (!link) {
        close_number (self, up->link);
        return;
    }
    links_number (self->links, link, up->link);
    links_came_in (self->links, link);
    links_set (self->links, link, LINK_GREETING, false);
    see (link, up->address);
    memcpy (link->greeting->transport_key, up->transport_key.data, CRYPTO_KEY_BYTES);
    links_deadline (self->links, link, out_now_ms (self->out) + GREETING_MS);
}

void
greet_up (swarm_t *self, const Ggen__LinkUp *up)
{
    link_t *link = links_find (self->links, up->link);
    if (up->link == 0 || up->transport_key.len != CRYPTO_KEY_BYTES)
        close_number (self, up->link);
    else if (link && !link->inbound && link->greeting)
        up_dialled (self, link, up);
    else if (!link && up->inbound)
        up_inbound (self, up);
    else if (!link)
        close_number (self, up->link);
}

//  ---- Hello and Identify ------------------------------------------------------------------------

static void
say_identify (swarm_t *self, link_t *link)
{
    greeting_t *greeting = link->greeting;
    ProtobufCBinaryData addresses[MULTIADDR_PEER_MAX];
    char *protocols[SWARM_PROTOCOLS_MAX];
    uint8_t signature[CRYPTO_SIGNATURE_BYTES];
    const char *const *names = self->settings->protocols;
    Ggen__Identify identify = GGEN__IDENTIFY__INIT;
    identify.nonce = (ProtobufCBinaryData) {sizeof greeting->nonce, greeting->nonce};
    identify.answers = (ProtobufCBinaryData) {sizeof greeting->theirs, greeting->theirs};
    identify.addresses = addresses;
    identify.n_addresses = addresses_fields (&self->listening, addresses);
    identify.protocols = protocols;
    for (; names && names[identify.n_protocols] && identify.n_protocols < SWARM_PROTOCOLS_MAX;
         identify.n_protocols++)
        protocols[identify.n_protocols] = (char *) names[identify.n_protocols];
    identify.tier = sessions_tier (self);
    identify.wall_ms = out_wall_ms (self->out);
    identify.observed = (ProtobufCBinaryData) {link->seen_size, link->seen};
    greeting->answered = true;
    greeting->described = self->described;
    greeting->sent_ms = out_now_ms (self->out);
    if (greeting_sign (&identify, self->settings->identity, signature))
        speak_message (self, link, &identify.base);
}

static void
on_hello (swarm_t *self, link_t *link, const Ggen__Hello *hello)
{
    greeting_t *greeting = link->greeting;
    char reason[64];
    if (!link->inbound || greeting->answered || hello->nonce.len != GREETING_NONCE_SIZE) {
        greet_failed (self, link, VALIDATION, "not the Hello that was due");
        return;
    }
    if (hello->version != GREETING_VERSION) {
        snprintf (reason, sizeof reason, "version %u is not spoken here, %u is", hello->version,
                  GREETING_VERSION);
        greet_failed (self, link, FEATURE_NOT_ENABLED, reason);
        return;
    }
    greeting->kept = greeting->said = hello->kept;
    if (!places_left (self, hello->kept)) {
        self->refused_full++;
        greet_failed (self, link, BUSY, "no room for more sessions");
        return;
    }
    memcpy (greeting->theirs, hello->nonce.data, GREETING_NONCE_SIZE);
    rng_bytes (self->rng, greeting->nonce, sizeof greeting->nonce);
    say_identify (self, link);
}

static bool
is_self (const swarm_t *self, const peer_key_t *key)
{
    return memcmp (self->settings->identity->key, key->bytes, PEER_KEY_SIZE) == 0;
}

//  The one that was dialled says Identify first and takes one only after it.
static void
on_identify (swarm_t *self, link_t *link, const Ggen__Identify *identify)
{
    greeting_t *greeting = link->greeting;
    peer_key_t key;
    if (link->inbound != greeting->answered) {
        greet_failed (self, link, VALIDATION, "not the Identify that was due");
        return;
    }
    code_t code = greeting_check (greeting, identify, self->crypto, &key);
    if (code == OK
        && (is_self (self, &key) || (link->named && !peer_key_equal (&key, &link->key))
            || (link->inbound
                && memcmp (greeting->theirs, identify->nonce.data, GREETING_NONCE_SIZE) != 0)))
        code = SECURITY;
    if (code) {
        greet_failed (self, link, code, "Identify does not hold");
        return;
    }
    //  Since it came in; until now nobody knew whose link this is.
    if (bans_left_ms (&self->bans, greeting->transport_key, out_now_ms (self->out)) > 0) {
        self->refused_banned++;
        greet_failed (self, link, LOW_REPUTATION, "banned");
        return;
    }
    link->rtt_us = (uint32_t) (1000 * (out_now_ms (self->out) - greeting->sent_ms) + 1);
    if (!link->inbound) {
        memcpy (greeting->theirs, identify->nonce.data, GREETING_NONCE_SIZE);
        say_identify (self, link);
    }
    sessions_begin (self, link, &key, identify);
}

//  ---- what comes in -----------------------------------------------------------------------------

static void
on_goodbye (swarm_t *self, link_t *link, const Ggen__Goodbye *goodbye)
{
    if (link->named)
        book_pause (self->book, &link->key, sessions_pause_ms (self, goodbye));
    code_t code = goodbye->code == BUSY || goodbye->code == LOW_REPUTATION ? goodbye->code
                                                                           : CONNECTION_FAILED;
    greet_failed (self, link, code, NULL);
}

static ProtobufCMessage *
unpack (const ProtobufCMessageDescriptor *descriptor, const char *type, bytes_t body)
{
    if (strcmp (descriptor->short_name, type) != 0 || body.size > GREETING_SIZE_MAX
        || !wire_valid (descriptor, body))
        return NULL;
    return protobuf_c_message_unpack (descriptor, NULL, body.size, body.data);
}

void
greet_received (swarm_t *self, link_t *link, const char *type, bytes_t body)
{
    ProtobufCMessage *message;
    if (link->state != LINK_GREETING)
        return;
    if ((message = unpack (&ggen__hello__descriptor, type, body)) != NULL)
        on_hello (self, link, (const void *) message);
    else if ((message = unpack (&ggen__identify__descriptor, type, body)) != NULL)
        on_identify (self, link, (const void *) message);
    else if ((message = unpack (&ggen__goodbye__descriptor, type, body)) != NULL)
        on_goodbye (self, link, (const void *) message);
    else {
        self->dropped_invalid++;
        greet_failed (self, link, VALIDATION, "not what was due before a session");
    }
    if (message)
        protobuf_c_message_free_unpacked (message, NULL);
}
