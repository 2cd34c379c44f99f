// SPDX-License-Identifier: MIT
#include "resolve.h"

#include "calls.h"
#include "dials.h"
#include "keep.h"
#include "names.pb-c.h"
#include "names.h"
#include "sessions.h"

#include <string.h>

//  What a name leads to: addresses with an IP.
typedef struct {
    multiaddr_t list[NAMES_ANSWERS_MAX];
    size_t count;
} answers_t;

static void
read_answers (answers_t *answers, const Ggen__ResolveReply *reply)
{
    answers->count = 0;
    for (size_t i = 0; i < reply->n_addresses && answers->count < NAMES_ANSWERS_MAX; i++) {
        multiaddr_t *at = &answers->list[answers->count];
        const ProtobufCBinaryData *field = &reply->addresses[i];
        if (multiaddr_decode (at, (bytes_t) {field->data, field->len}) == OK
            && (at->kind == MULTIADDR_IP4 || at->kind == MULTIADDR_IP6))
            answers->count++;
    }
}

//  ---- addresses of one peer -------------------------------------------------------------------------

//  Those that 'key' may be at (NULL: anybody), then 'others'.
static bool
collect (addresses_t *addresses, const answers_t *answers, const peer_key_t *key,
         const ProtobufCBinaryData *others, size_t others_count)
{
    uint8_t bytes[MULTIADDR_PEER_MAX][MULTIADDR_SIZE_MAX];
    ProtobufCBinaryData fields[2 * MULTIADDR_PEER_MAX];
    size_t count = 0;
    for (size_t i = 0; i < answers->count && count < MULTIADDR_PEER_MAX; i++) {
        const multiaddr_t *at = &answers->list[i];
        if (key && at->has_peer && !peer_key_equal (&at->peer, key))
            continue;
        fields[count] = (ProtobufCBinaryData) {multiaddr_encode (at, bytes[count]), bytes[count]};
        count++;
    }
    for (size_t i = 0; i < others_count; i++)
        fields[count++] = others[i];
    return addresses_set (addresses, fields, count, NULL, key);
}

//  In the place of those of the dial that were tried.
static bool
replace (link_t *link, const answers_t *answers)
{
    greeting_t *greeting = link->greeting;
    ProtobufCBinaryData others[MULTIADDR_PEER_MAX];
    size_t count = 0;
    uint16_t cursor = greeting->next;
    bytes_t address;
    addresses_t addresses;
    while (addresses_next (&greeting->addresses, &cursor, &address))
        others[count++] = (ProtobufCBinaryData) {address.size, (uint8_t *) address.data};
    if (!collect (&addresses, answers, link->named ? &link->key : NULL, others, count)
        || addresses.size == 0)
        return false;
    addresses_clear (&greeting->addresses);
    greeting->addresses = addresses;
    greeting->next = greeting->current = 0;
    return true;
}

//  ---- whom to dial ----------------------------------------------------------------------------------

//  A name may lead to many peers: the others are dialled when peers are missing.
static void
remember (swarm_t *self, const answers_t *answers, const peer_key_t *chosen)
{
    for (size_t i = 0; i < answers->count; i++) {
        const multiaddr_t *at = &answers->list[i];
        addresses_t addresses;
        if (!at->has_peer || peer_key_equal (&at->peer, chosen)
            || memcmp (at->peer.bytes, self->settings->identity->key, PEER_KEY_SIZE) == 0
            || book_find (self->book, &at->peer)
            || book_count (self->book) >= self->settings->max_known
            || !collect (&addresses, answers, &at->peer, NULL, 0))
            continue;
        keep_known (self, &at->peer, &addresses);
        addresses_clear (&addresses);
    }
}

static link_t *
talks_to (swarm_t *self, const multiaddr_t *address)
{
    char text[PEER_ID_TEXT + 1];
    peer_id_text (&address->peer, text);
    return sessions_peer (self, text);
}

//  Whoever is there was wanted, and the name says who may be. False: there is nobody to dial, and
//  those who wait have been told if one of them is a peer already.
static bool
choose (swarm_t *self, link_t *link, const answers_t *answers)
{
    const size_t first = rng_below (self->rng, answers->count);
    bool any_named = false;
    for (size_t i = 0; i < answers->count; i++) {
        const multiaddr_t *at = &answers->list[(first + i) % answers->count];
        if (!at->has_peer)
            continue;
        any_named = true;
        link_t *other = talks_to (self, at);
        if (other && other->state == LINK_SESSION && link->greeting->calls) {
            const uint32_t calls = link->greeting->calls;
            link->greeting->calls = 0;
            calls_up (self, calls, other);
            return false;
        }
        if (!other && dials_name (self, link, &at->peer)) {
            remember (self, answers, &at->peer);
            return true;
        }
    }
    return !any_named;
}

//  ---- asking ----------------------------------------------------------------------------------------

static link_t *
find (const swarm_t *self, const void *arg)
{
    uint32_t cursor = 0;
    link_t *link;
    while ((link = links_next (self->links, &cursor)) != NULL)
        if ((uintptr_t) link->number == (uintptr_t) arg)
            return link;
    return NULL;
}

static code_t
on_resolved (void *self_, void *arg, const answer_t *answer)
{
    swarm_t *self = self_;
    link_t *link = find (self, arg);
    answers_t answers = {.count = 0};
    if (answer->progress || !link || link->state != LINK_DIALLING)
        return OK;
    if (answer->code == OK)
        read_answers (&answers, (const void *) answer->message);
    if (answers.count > 0 && link->greeting->any_key && !choose (self, link, &answers))
        dials_fail (self, link, CONNECTION_FAILED, "those whom its name leads to are peers already");
    else if (answers.count > 0 && replace (link, &answers))
        dials_next (self, link, CONNECTION_FAILED);
    else
        dials_next (self, link, answer->code == TIMEOUT ? TIMEOUT : INVALID_MULTIADDR);
    return OK;
}

bool
resolve_begin (swarm_t *self, const link_t *link, bytes_t address)
{
    Ggen__ResolveRequest request = GGEN__RESOLVE_REQUEST__INIT;
    request.address = (ProtobufCBinaryData) {address.size, (uint8_t *) address.data};
    const ask_t ask = {.to = "names",
                       .message = &request.base,
                       .expect = &ggen__resolve_reply__descriptor,
                       .budget_ms = RESOLVE_MS,
                       .on_answer = on_resolved,
                       .arg = (void *) (uintptr_t) link->number};
    return out_ask (self->out, &ask) == OK;
}
