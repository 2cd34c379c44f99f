// SPDX-License-Identifier: MIT
#include "calls.h"

#include "dials.h"
#include "link.pb-c.h"
#include "sessions.h"
#include "stay.h"
#include "upkeep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAILURES_MAX   10u          //  that a reply names
#define CALL_KNOWN_MAX 8u           //  peers of before that are dialled for one call

struct call_t {
    ticket_t ticket;
    bool bootstrap;
    uint32_t wanted;
    uint32_t connected, failed, waiting;
    code_t code;                    //  of the last failure
    char *failures[FAILURES_MAX];
    unsigned failures_count;
};

//  ---- ends --------------------------------------------------------------------------------------

static void
forget (swarm_t *self, unsigned number)
{
    call_t *call = self->calls[number];
    for (unsigned i = 0; i < call->failures_count; i++)
        free (call->failures[i]);
    free (call);
    self->calls[number] = NULL;
    uint32_t cursor = 0;
    link_t *link;
    while ((link = links_next (self->links, &cursor)) != NULL)
        if (link->greeting)
            link->greeting->calls &= ~(1u << number);
}

void
calls_destroy (swarm_t *self)
{
    for (unsigned i = 0; i < CALLS_MAX; i++)
        if (self->calls[i])
            forget (self, i);
}

bool
calls_cancelled (void *self_, ticket_t ticket)
{
    swarm_t *self = self_;
    for (unsigned i = 0; i < CALLS_MAX; i++)
        if (self->calls[i] && self->calls[i]->ticket == ticket)
            forget (self, i);
    return false;
}

static void
answer_bootstrap (swarm_t *self, const call_t *call)
{
    Ggen__BootstrapReply reply = GGEN__BOOTSTRAP_REPLY__INIT;
    if (call->connected == 0) {
        out_refuse (self->out, call->ticket, BOOTSTRAP_TIMEOUT,
                    "look at the addresses: ggen p2p config show", "no bootstrap was reached%s%s",
                    call->failures_count ? ": " : "",
                    call->failures_count ? call->failures[0] : "");
        return;
    }
    reply.connected = call->connected;
    reply.failed = call->failed;
    reply.failures = (char **) call->failures;
    reply.n_failures = call->failures_count;
    out_answer (self->out, call->ticket, &reply.base);
}

//  Answer a bootstrap when it has what it wants, or can get no more.
static void
settle (swarm_t *self, unsigned number)
{
    call_t *call = self->calls[number];
    if (call->connected < call->wanted && call->waiting > 0)
        return;
    answer_bootstrap (self, call);
    forget (self, number);
}

static void
answer_connect (swarm_t *self, unsigned number, const link_t *link, bool was_connected)
{
    Ggen__ConnectReply reply = GGEN__CONNECT_REPLY__INIT;
    reply.peer_key = peer_key_to_field (&link->key);
    reply.address = (ProtobufCBinaryData) {link->seen_size, (uint8_t *) link->seen};
    reply.was_connected = was_connected;
    out_answer (self->out, self->calls[number]->ticket, &reply.base);
    forget (self, number);
}

static void
up_one (swarm_t *self, unsigned number, const link_t *link, bool was_connected)
{
    call_t *call = self->calls[number];
    if (!call->bootstrap) {
        answer_connect (self, number, link, was_connected);
        return;
    }
    call->connected++;
    call->waiting--;
    settle (self, number);
}

static void
note_failure (call_t *call, bytes_t address, const char *why)
{
    char text[MULTIADDR_TEXT_MAX + 1] = "", *line;
    multiaddr_t value;
    if (address.size > 0 && multiaddr_decode (&value, address) == OK)
        multiaddr_text (&value, text);
    size_t size = strlen (text) + strlen (why) + 3;
    if (call->failures_count == FAILURES_MAX || !(line = malloc (size)))
        return;
    snprintf (line, size, "%s: %s", text, why);
    call->failures[call->failures_count++] = line;
}

static void
fail_one (swarm_t *self, unsigned number, bytes_t address, code_t code, const char *why)
{
    call_t *call = self->calls[number];
    note_failure (call, address, why);
    if (!call->bootstrap) {
        const char *shown = call->failures_count ? call->failures[0] : why;
        out_refuse (self->out, call->ticket, code, "", "%s", shown);
        forget (self, number);
        return;
    }
    call->failed++;
    call->waiting--;
    settle (self, number);
}

void
calls_up (swarm_t *self, uint32_t calls, const link_t *link)
{
    for (unsigned i = 0; i < CALLS_MAX; i++)
        if (calls >> i & 1 && self->calls[i])
            up_one (self, i, link, false);
}

void
calls_failed (swarm_t *self, uint32_t calls, bytes_t address, code_t code, const char *why)
{
    for (unsigned i = 0; i < CALLS_MAX; i++)
        if (calls >> i & 1 && self->calls[i])
            fail_one (self, i, address, code, why);
}

//  ---- beginnings --------------------------------------------------------------------------------

//  A number for a new call; CALLS_MAX: none is free.
static unsigned
begin (swarm_t *self, ticket_t ticket, bool bootstrap)
{
    unsigned number = 0;
    while (number < CALLS_MAX && self->calls[number])
        number++;
    if (number == CALLS_MAX || !(self->calls[number] = calloc (1, sizeof (call_t))))
        return CALLS_MAX;
    self->calls[number]->ticket = ticket;
    self->calls[number]->bootstrap = bootstrap;
    return number;
}

//  Have a session with 'key' (NULL: whoever is at 'address') and have this call wait for it.
static void
want (swarm_t *self, unsigned number, const peer_key_t *key, bytes_t address, bool persistent)
{
    char text[PEER_ID_TEXT + 1];
    link_t *link = NULL;
    self->calls[number]->waiting++;
    if (key) {
        peer_id_text (key, text);
        link = sessions_peer (self, text);
    }
    if (link && link->state == LINK_SESSION) {
        if (persistent && !upkeep_persist (self, key, &link->addresses))
            persistent = false;
        stay_keep (self, link, persistent);
        up_one (self, number, link, true);
        return;
    }
    if (link && link->greeting->calls >> number & 1) {
        self->calls[number]->waiting--;
        return;
    }
    addresses_t addresses;
    if (!dials_addresses (self, key, address, &addresses)) {
        fail_one (self, number, address, CONNECTION_FAILED, "no address of it is known");
        return;
    }
    if (persistent && key && !upkeep_persist (self, key, &addresses)) {
        addresses_clear (&addresses);
        fail_one (self, number, address, BUSY, "as many peers are persistent as can be");
        return;
    }
    if (link)
        dials_add (link, &addresses);
    else {
        dial_t dial = {.key = key, .addresses = &addresses};
        dial_refusal_t refusal = dials_begin (self, &dial, &link);
        if (refusal.code) {
            fail_one (self, number, address, refusal.code, refusal.why);
            return;
        }
    }
    link->greeting->kept = true;
    link->greeting->persistent |= persistent;
    link->greeting->calls |= 1u << number;
}

//  Whom does the request name? VALIDATION, INVALID_MULTIADDR.
static code_t
read_target (const Ggen__ConnectRequest *request, peer_key_t *key, bool *has_key)
{
    multiaddr_t address;
    *has_key = request->peer_key.len > 0;
    if (*has_key && peer_key_from_field (key, request->peer_key) != OK)
        return VALIDATION;
    if (request->address.len == 0)
        return *has_key ? OK : VALIDATION;
    if (multiaddr_decode (&address, (bytes_t) {request->address.data, request->address.len}) != OK)
        return INVALID_MULTIADDR;
    if (*has_key && address.has_peer && !peer_key_equal (key, &address.peer))
        return VALIDATION;
    if (address.has_peer) {
        *key = address.peer;
        *has_key = true;
    }
    return OK;
}

code_t
calls_connect (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    swarm_t *self = self_;
    const Ggen__ConnectRequest *request = (const void *) message;
    peer_key_t key;
    bool has_key;
    if (at->ticket == 0)
        return OK;
    code_t code = read_target (request, &key, &has_key);
    if (code)
        return out_fail (at, code, "", "neither a peer nor an address that can be dialled");
    unsigned number = begin (self, at->ticket, false);
    if (number == CALLS_MAX)
        return BUSY;
    want (self, number, has_key ? &key : NULL,
          (bytes_t) {request->address.data, request->address.len}, request->persistent);
    return OK;
}

static void
want_address (swarm_t *self, unsigned number, bytes_t address)
{
    multiaddr_t value;
    if (multiaddr_decode (&value, address) == OK)
        want (self, number, value.has_peer ? &value.peer : NULL, address, false);
    else {
        self->calls[number]->waiting++;
        fail_one (self, number, (bytes_t) {NULL, 0}, INVALID_MULTIADDR, "no address");
    }
}

//  Any will do.
static void
want_known (swarm_t *self, unsigned number)
{
    uint32_t count = book_count (self->book);
    for (uint32_t i = 0; i < count && i < CALL_KNOWN_MAX; i++) {
        const peer_key_t key = book_at (self->book, i)->key;
        want (self, number, &key, (bytes_t) {NULL, 0}, false);
    }
}

static void
want_addresses (swarm_t *self, unsigned number, const Ggen__BootstrapRequest *request,
                size_t count)
{
    for (size_t i = 0; i < count; i++)
        want_address (self, number,
                      request->n_addresses ? (bytes_t) {request->addresses[i].data,
                                                        request->addresses[i].len}
                                           : self->settings->bootstraps[i].address);
}

//  A node of one call starts its actors when they are first spoken to. With "link" the beacon comes to
//  life, so who is on the local network is heard even when nobody can be dialled.
static void
wake_link (const swarm_t *self)
{
    Ggen__LinkClose nothing = GGEN__LINK_CLOSE__INIT;
    out_event (self->out, "link", &nothing.base);
}

code_t
calls_bootstrap (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    swarm_t *self = self_;
    const Ggen__BootstrapRequest *request = (const void *) message;
    size_t count = request->n_addresses ? request->n_addresses : self->settings->bootstraps_count;
    if (at->ticket == 0)
        return OK;
    wake_link (self);
    if (request->known ? book_count (self->book) == 0 : count == 0)
        return out_fail (at, CONFIG, "name one: ggen p2p bootstrap MULTIADDR",
                         request->known ? "no peer is known"
                                        : "no bootstrap node is configured");
    if (count > SWARM_BOOTSTRAPS_MAX)
        count = SWARM_BOOTSTRAPS_MAX;
    unsigned number = begin (self, at->ticket, true);
    if (number == CALLS_MAX)
        return BUSY;
    call_t *call = self->calls[number];
    call->wanted = UINT32_MAX;
    call->waiting = 1;              //  this loop
    if (request->known)
        want_known (self, number);
    else
        want_addresses (self, number, request, count);
    call->wanted = request->wanted ? request->wanted : UINT32_MAX;
    call->waiting--;
    settle (self, number);
    return OK;
}

code_t
calls_disconnect (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    swarm_t *self = self_;
    const Ggen__DisconnectRequest *request = (const void *) message;
    Ggen__DisconnectReply reply = GGEN__DISCONNECT_REPLY__INIT;
    peer_key_t key;
    bool one = request->peer_key.len > 0;
    if (one && peer_key_from_field (&key, request->peer_key) != OK)
        return out_fail (at, VALIDATION, "", "not a peer");
    upkeep_leave (self, one ? &key : NULL);
    uint32_t cursor = 0;
    link_t *link;
    while ((link = links_next (self->links, &cursor)) != NULL)
        if (link->state == LINK_SESSION && (!one || peer_key_equal (&link->key, &key))) {
            reply.peers_count++;
            sessions_goodbye (self, link, OK, "disconnected", LEAVE_PAUSE_SECS);
        }
    return out_reply (at, &reply.base);
}
