// SPDX-License-Identifier: MIT
#include "dht_inside.h"

#include <stdlib.h>
#include <string.h>

#define LIMIT_DEFAULT 256
#define LIMIT_MAX     4096
#define QUORUM_MAX    KBUCKET_K

//  Answers that make up a quorum unless the request says otherwise, if there are so many nodes.
#define QUORUM_DEFAULT 3

//  ---- answering ---------------------------------------------------------------------------------

//  Contacts of the providers among the records, with room for what they refer to.
static contact_message_t *
add_providers (const harvest_t *harvest, Ggen__DhtReadReply *reply, Ggen__Contact **list)
{
    contact_message_t *rooms = malloc ((harvest_count (harvest) + 1) * sizeof *rooms);
    for (size_t i = 0; rooms && i < harvest_count (harvest); i++) {
        const harvest_item_t *item = harvest_item (harvest, i);
        if (item->element.kind != GGEN__RECORD_KIND__PROVIDER || item->element.withdrawn)
            continue;
        contact_to_message (&item->provider, &rooms[reply->n_providers]);
        list[reply->n_providers] = &rooms[reply->n_providers].message;
        reply->n_providers++;
    }
    reply->providers = list;
    return rooms;
}

static void
answer (dht_t *self, op_t *op, bool incomplete)
{
    size_t count = harvest_count (op->harvest);
    ProtobufCBinaryData *records = malloc ((count + 1) * sizeof *records);
    Ggen__Contact **list = malloc ((count + 1) * sizeof *list);
    Ggen__DhtReadReply reply = GGEN__DHT_READ_REPLY__INIT;
    contact_message_t *rooms = list ? add_providers (op->harvest, &reply, list) : NULL;
    if (records && rooms) {
        for (size_t i = 0; i < count; i++) {
            const harvest_item_t *item = harvest_item (op->harvest, i);
            records[i] = (ProtobufCBinaryData) {item->size, item->packed};
        }
        reply.records = records;
        reply.n_records = count;
        reply.responders = op->lookup ? lookup_answers (op->lookup) : 0;
        reply.quorum = op->read.quorum;
        reply.incomplete = incomplete || harvest_is_cut (op->harvest);
        reply.hops = op->read.hops;
        reply.messages = op->messages;
        reply.took_ms = out_now_ms (self->out) - op->asked_ms;
        reply.full = 3 * op->read.full > reply.responders;
        out_answer (self->out, op->ticket, &reply.base);
    }
    else
        out_refuse (self->out, op->ticket, BUSY, "try again", "dht: no memory for an answer");
    free (rooms);
    free (list);
    free (records);
}

//  Those that hold something older are told; where there is one element only, also those of the
//  closest that have nothing.
static void
correct (dht_t *self, op_t *op)
{
    size_t cursor = 0;
    uint16_t from;
    unsigned left = self->settings->corrections;
    const harvest_item_t *item;
    while (left > 0 && (item = harvest_behind (op->harvest, &cursor, &from)) != NULL)
        if (from != CANDIDATE_NONE && dht_query_has_room (self, QUERY_PUT)) {
            dht_write_send (self, NULL, lookup_contact (op->lookup, from), &op->key,
                            (bytes_t) {item->packed, item->size}, 0);
            left--;
        }
    if (harvest_count (op->harvest) != 1)
        return;
    uint16_t closest[KBUCKET_K];
    size_t count = lookup_closest_ids (op->lookup, closest, KBUCKET_K);
    item = harvest_item (op->harvest, 0);
    for (size_t i = 0; i < count && left > 0; i++)
        if (!harvest_has (op->harvest, closest[i]) && dht_query_has_room (self, QUERY_PUT)) {
            dht_write_send (self, NULL, lookup_contact (op->lookup, closest[i]), &op->key,
                            (bytes_t) {item->packed, item->size}, 0);
            left--;
        }
}

static bool
is_torn_head (const harvest_t *harvest)
{
    for (size_t i = 0; i < harvest_count (harvest); i++)
        if (harvest_item (harvest, i)->torn
            && harvest_item (harvest, i)->element.kind == GGEN__RECORD_KIND__HEAD)
            return true;
    return false;
}

static void
finish (dht_t *self, op_t *op, bool incomplete)
{
    unsigned answers = lookup_answers (op->lookup);
    if (!op->read.found)
        lookup_closest (op->lookup, NULL, 1, &op->read.hops);
    //  It stores nothing itself, so it has to have asked somebody.
    incomplete |= self->settings->brief && answers == 0;
    if (!op->read.first_valid && answers < op->read.quorum)
        out_refuse (self->out, op->ticket,
                    answers == 0 && incomplete ? DHT_TIMEOUT : INSUFFICIENT_DHT_RESPONSES,
                    "try again, or check the connection: ggen p2p status",
                    "%u of the %u nodes that have to agree answered", answers, op->read.quorum);
    else if (is_torn_head (op->harvest))
        out_refuse (self->out, op->ticket, DHT_CONSENSUS_FAILURE,
                    "its publisher's key signed two different states as one; ask its publisher",
                    "the network holds two different heads with one sequence number");
    else
        answer (self, op, incomplete);
    if (!op->read.first_valid && !incomplete)
        correct (self, op);
    dht_op_end (self, op);
}

static bool
on_event (dht_t *self, op_t *op, op_event_t event)
{
    unsigned answers = lookup_answers (op->lookup);
    bool waits = lookup_waiting (op->lookup) > 0;
    bool enough = answers >= op->read.quorum && answers > 0;
    if (event == OP_LOOKED_UP && !op->read.found && !enough && waits)
        return false;           //  Late ones may still make it enough
    if (event == OP_PARTIAL && !enough && harvest_count (op->harvest) == 0 && waits)
        return false;
    finish (self, op, event != OP_LOOKED_UP);
    return true;
}

//  ---- what comes in -----------------------------------------------------------------------------

static void
ask_page (dht_t *self, op_t *op, const query_t *query, ProtobufCBinaryData after)
{
    Ggen__GetRecordsRequest get = GGEN__GET_RECORDS_REQUEST__INIT;
    if (after.len == 0 || op->read.first_valid || op->read.pages == DHT_PAGES_MAX
        || !dht_query_has_room (self, QUERY_PAGE))
        return;
    get.key = digest_to_field (&op->key);
    get.after = after;
    query_ask_t ask = {.kind = QUERY_PAGE,
                       .op = op,
                       .candidate = query->candidate,
                       .contact = &query->contact,
                       .message = &get.base,
                       .expect = &ggen__get_records_reply__descriptor};
    if (!dht_query_send (self, &ask))
        return;
    op->read.pages++;
    op->extra++;
}

void
dht_read_answered (dht_t *self, op_t *op, const query_t *query, const answer_t *answer)
{
    const Ggen__GetRecordsReply *got = (const void *) answer->message;
    bool any = false;
    if (got->n_records > 2 * DHT_REPLY_RECORDS_MAX) {
        dht_observe (self, &query->contact.key, GGEN__EXPERIENCE__MISBEHAVED, "too many records");
        return;
    }
    for (size_t i = 0; i < got->n_records && i < DHT_REPLY_RECORDS_MAX; i++) {
        code_t code = harvest_add (op->harvest, query->candidate, got->records[i],
                                   dht_wall_ms (self));
        any |= code == OK;
        if (code == INVALID_SIGNATURE) {
            dht_observe (self, &query->contact.key, GGEN__EXPERIENCE__FORGED, "dht: a record");
            break;
        }
        self->refused_invalid += code != OK && code != BUSY;
    }
    if (any && !op->read.found) {
        op->read.found = op->read.first_valid && harvest_has_valid (op->harvest);
        if (query->candidate != CANDIDATE_NONE)
            op->read.hops = lookup_hops (op->lookup, query->candidate);
    }
    op->read.full += got->full && query->kind == QUERY_LOOKUP;
    ask_page (self, op, query, got->next);
}

//  What lies here is part of the union.
static void
add_own (dht_t *self, op_t *op, const delivery_t *at)
{
    const element_t *element = NULL;
    while ((element = records_next (self->records, &op->key, element ? element->id : NULL,
                                    at->now_ms))
           != NULL) {
        Ggen__StoredRecord stored = GGEN__STORED_RECORD__INIT;
        stored.record = (ProtobufCBinaryData) {element->size, element->packed};
        if (harvest_add (op->harvest, CANDIDATE_NONE, &stored, dht_wall_ms (self)) != OK)
            self->refused_invalid++;
    }
    op->read.found = op->read.first_valid && harvest_has_valid (op->harvest);
}

static unsigned
quorum_of (const dht_t *self, const Ggen__DhtReadRequest *read)
{
    if (read->first_valid)
        return 0;
    uint32_t reachable = kbucket_count (self->table);
    unsigned quorum = reachable < QUORUM_DEFAULT ? reachable : QUORUM_DEFAULT;
    return read->quorum == 0 ? quorum : read->quorum < QUORUM_MAX ? read->quorum : QUORUM_MAX;
}

code_t
dht_read (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    dht_t *self = self_;
    const Ggen__DhtReadRequest *read = (const void *) message;
    digest_t key;
    if (at->ticket == 0)
        return OK;
    if (digest_from_field (&key, read->key) != OK || read->paths > LOOKUP_PATHS_MAX)
        return out_fail (at, VALIDATION, "", "a key of 32 bytes, and at most %d paths",
                         LOOKUP_PATHS_MAX);
    op_t *op = dht_op_new (OP_READ, on_event, &key, at);
    if (!op)
        return BUSY;
    op->paths = (uint8_t) read->paths;
    op->read.first_valid = read->first_valid;
    op->read.quorum = quorum_of (self, read);
    uint32_t limit = read->limit == 0 ? LIMIT_DEFAULT : read->limit;
    op->harvest = harvest_new (&key, self->crypto, limit < LIMIT_MAX ? limit : LIMIT_MAX);
    if (!op->harvest) {
        dht_op_free (op);
        return BUSY;
    }
    add_own (self, op, at);
    if (op->read.found) {
        answer (self, op, false);
        dht_op_free (op);
        return OK;
    }
    if (!dht_op_submit (self, op))
        return out_fail (at, BUSY, "try again", "too many lookups wait already");
    dht_op_run (self);
    return OK;
}
