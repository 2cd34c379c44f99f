// SPDX-License-Identifier: MIT
#include "dht_inside.h"

#include <stdlib.h>
#include <string.h>

//  Records in one answer: as many as fit, but not more than DHT_REPLY_RECORDS_MAX.
#define REPLY_BYTES_MAX 65536

static code_t
refuse_client (const delivery_t *at)
{
    return out_fail (at, FEATURE_NOT_ENABLED, "ask another node",
                     "this node stores and routes for nobody");
}

//  Contacts in an answer, with room for what they refer to.
typedef struct {
    contact_t found[KBUCKET_K];
    contact_message_t rooms[KBUCKET_K];
    Ggen__Contact *list[KBUCKET_K];
    size_t count;
} closer_t;

static void
add_closer (const dht_t *self, const delivery_t *at, uint64_t place, closer_t *closer)
{
    peer_key_t asker;
    bool remote = peer_id_of_address (&asker, at->from) == OK;
    closer->count =
        kbucket_closest (self->table, place, remote ? &asker : NULL, closer->found, KBUCKET_K);
    for (size_t i = 0; i < closer->count; i++) {
        contact_to_message (&closer->found[i], &closer->rooms[i]);
        closer->list[i] = &closer->rooms[i].message;
    }
}

code_t
dht_serve_find (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    dht_t *self = self_;
    const Ggen__FindNodeRequest *find = (const void *) message;
    digest_t target;
    peer_key_t asker;
    //  Who cannot be dialled still has to find others to keep what it publishes.
    if (!dht_is_server (self) && peer_id_of_address (&asker, at->from) == OK)
        return refuse_client (at);
    if (digest_from_field (&target, find->target) != OK)
        return VALIDATION;
    closer_t closer;
    Ggen__FindNodeReply reply = GGEN__FIND_NODE_REPLY__INIT;
    add_closer (self, at, contact_place_of (target.bytes), &closer);
    reply.closer = closer.list;
    reply.n_closer = closer.count;
    reply.up_secs = dht_up_secs (self);
    return out_reply (at, &reply.base);
}

//  ---- records out -------------------------------------------------------------------------------

typedef struct {
    Ggen__StoredRecord rooms[DHT_REPLY_RECORDS_MAX];
    Ggen__StoredRecord *list[DHT_REPLY_RECORDS_MAX];
    size_t count;
    const element_t *last;
    bool more;
} stored_t;

static void
add_records (const dht_t *self, const digest_t *key, const uint8_t *after, int64_t now_ms,
             stored_t *stored)
{
    size_t bytes = 0;
    const element_t *element = records_next (self->records, key, after, now_ms);
    for (; element; element = records_next (self->records, key, element->id, now_ms)) {
        if (stored->count == DHT_REPLY_RECORDS_MAX
            || (stored->count > 0 && bytes + element->size > REPLY_BYTES_MAX)) {
            stored->more = true;
            return;
        }
        Ggen__StoredRecord *room = &stored->rooms[stored->count];
        ggen__stored_record__init (room);
        room->record = (ProtobufCBinaryData) {element->size, element->packed};
        room->age_secs = element->by_signer_only ? records_age_secs (element, now_ms) : 0;
        stored->list[stored->count++] = room;
        stored->last = element;
        bytes += element->size;
    }
}

code_t
dht_serve_get (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    dht_t *self = self_;
    const Ggen__GetRecordsRequest *get = (const void *) message;
    digest_t key;
    if (!dht_is_server (self))
        return refuse_client (at);
    if (digest_from_field (&key, get->key) != OK
        || (get->after.len != 0 && get->after.len != RECORDS_ID_SIZE))
        return VALIDATION;
    closer_t closer;
    stored_t stored;
    stored.count = 0;
    stored.more = false;
    Ggen__GetRecordsReply reply = GGEN__GET_RECORDS_REPLY__INIT;
    add_records (self, &key, get->after.len ? get->after.data : NULL, at->now_ms, &stored);
    reply.records = stored.list;
    reply.n_records = stored.count;
    if (stored.more)
        reply.next = (ProtobufCBinaryData) {RECORDS_ID_SIZE, (uint8_t *) stored.last->id};
    if (get->closer) {
        add_closer (self, at, contact_place_of (key.bytes), &closer);
        reply.closer = closer.list;
        reply.n_closer = closer.count;
    }
    reply.full = records_is_full (self->records, &key);
    reply.up_secs = dht_up_secs (self);
    return out_reply (at, &reply.base);
}

//  ---- records in --------------------------------------------------------------------------------

//  How long ago it was signed, if that is what it lives from. Its signer's clock is a hint at least
//  as good as what the sender says.
static uint32_t
age_of (const dht_t *self, const dht_element_t *element, uint32_t said_secs)
{
    int64_t signed_secs = dht_wall_ms (self) / 1000 - HARVEST_SKEW_SECS - element->issued_at;
    uint32_t age_secs = said_secs < RECORDS_KEEP_SECS ? said_secs : RECORDS_KEEP_SECS;
    if (!element->renewed_by_signer_only)
        return 0;
    return signed_secs > age_secs
             ? (uint32_t) (signed_secs < RECORDS_KEEP_SECS ? signed_secs : RECORDS_KEEP_SECS)
             : age_secs;
}

records_put_t
dht_serve_keep (dht_t *self, const digest_t *key, const dht_element_t *element,
                const Ggen__StoredRecord *stored, uint32_t sender_group,
                const element_t **newer_p)
{
    uint64_t place = contact_place_of (key->bytes);
    contact_t provider = {.group = 0};
    offer_t offer = {.key = key,
                     .element = element,
                     .packed = {stored->record.data, stored->record.len},
                     .age_secs = age_of (self, element, stored->age_secs),
                     .sender_group = sender_group,
                     .due_secs = dht_later_secs (self, self->settings->republish_ms)};
    offer.far = kbucket_closer_count (self->table, place, place ^ self->place, KBUCKET_K)
             >= KBUCKET_K;
    if (element->kind == GGEN__RECORD_KIND__PROVIDER)
        harvest_provider (&provider, offer.packed, element, NULL, 0, self->crypto->sha256);
    offer.group = provider.group;
    return records_put (self->records, &offer, out_now_ms (self->out), newer_p);
}

//  A record that is refused says something about who sent it only when it is forged.
static code_t
refuse_record (dht_t *self, const delivery_t *at, const peer_key_t *sender, code_t code)
{
    self->refused_invalid++;
    if (code == INVALID_SIGNATURE && sender)
        dht_observe (self, sender, GGEN__EXPERIENCE__FORGED, "dht: a record");
    return out_fail (at, code, "", "this record cannot be stored under this key");
}

code_t
dht_serve_put (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    dht_t *self = self_;
    const Ggen__PutRecordRequest *put = (const void *) message;
    const element_t *newer = NULL;
    digest_t key;
    dht_element_t element;
    peer_key_t sender;
    bool remote = peer_id_of_address (&sender, at->from) == OK;
    if (!dht_is_server (self))
        return refuse_client (at);
    if (digest_from_field (&key, put->key) != OK || !put->record
        || put->record->record.len > RECORD_SIZE_MAX)
        return VALIDATION;
    bytes_t packed = {put->record->record.data, put->record->record.len};
    code_t code = harvest_check (&element, self->crypto, &key, packed, dht_wall_ms (self));
    if (code)
        return refuse_record (self, at, remote ? &sender : NULL, code);
    records_put_t kept = dht_serve_keep (self, &key, &element, put->record,
                                         remote ? dht_group_of (self, &sender) : 0, &newer);
    Ggen__PutRecordReply reply = GGEN__PUT_RECORD_REPLY__INIT;
    reply.stored = kept == RECORDS_STORED || kept == RECORDS_KNOWN
                || (newer && newer->seq > element.seq);
    if (newer)
        reply.newer = (ProtobufCBinaryData) {newer->size, newer->packed};
    reply.full = records_is_full (self->records, &key);
    self->refused_full += kept == RECORDS_NO_ROOM;
    self->refused_invalid += kept == RECORDS_REFUSED;
    return out_reply (at, &reply.base);
}

//  ---- providers that are gone -------------------------------------------------------------------

static element_t *
provider_of (const dht_t *self, const digest_t *key, const peer_key_t *peer)
{
    dht_element_t element = {.kind = GGEN__RECORD_KIND__PROVIDER};
    uint8_t id[RECORDS_ID_SIZE];
    memcpy (element.signer, peer->bytes, sizeof element.signer);
    memcpy (element.subject, key->bytes, sizeof element.subject);
    records_id (id, self->crypto->sha256, &element);
    return records_get (self->records, key, id);
}

static bool
is_checked (const dht_t *self, const digest_t *key, const peer_key_t *peer)
{
    for (const query_t *query = self->waiting; query; query = query->next)
        if (query->kind == QUERY_DEAD && peer_key_equal (&query->contact.key, peer)
            && memcmp (query->key.bytes, key->bytes, DIGEST_SIZE) == 0)
            return true;
    return false;
}

//  Ask it whether it is there, where its record says it is.
static void
check_provider (dht_t *self, const digest_t *key, const element_t *held)
{
    contact_t provider;
    dht_element_t element;
    Ggen__FindNodeRequest find = GGEN__FIND_NODE_REQUEST__INIT;
    bytes_t packed = {held->packed, held->size};
    digest_t target = *key;
    if (harvest_check (&element, self->crypto, key, packed, dht_wall_ms (self)) != OK)
        return;
    harvest_provider (&provider, packed, &element, NULL, 0, self->crypto->sha256);
    find.target = digest_to_field (&target);
    query_ask_t ask = {.kind = QUERY_DEAD,
                       .contact = &provider,
                       .message = &find.base,
                       .expect = &ggen__find_node_reply__descriptor,
                       .key = key};
    dht_query_send (self, &ask);
}

void
dht_serve_checked_dead (dht_t *self, const query_t *query, bool dead)
{
    element_t *element = provider_of (self, &query->key, &query->contact.key);
    if (element)
        element->dead = dead;
}

//  Those that hold its record hear of it from us.
static bool
spread_hint (dht_t *self, op_t *op, op_event_t event)
{
    const contact_t *found[KBUCKET_K];
    size_t count = lookup_closest (op->lookup, found, KBUCKET_K, NULL);
    Ggen__ProviderDead hint = GGEN__PROVIDER_DEAD__INIT;
    (void) event;
    hint.key = digest_to_field (&op->key);
    hint.peer_key = peer_key_to_field (&op->dead);
    for (size_t i = 0; i < count; i++) {
        char to[ADDRESS_MAX + 1];
        peer_id_address (&found[i]->key, "dht", to);
        out_event (self->out, to, &hint.base);
    }
    dht_op_end (self, op);
    return true;
}

code_t
dht_serve_dead (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    dht_t *self = self_;
    const Ggen__ProviderDead *hint = (const void *) message;
    digest_t key;
    peer_key_t peer, sender;
    if (digest_from_field (&key, hint->key) != OK
        || peer_key_from_field (&peer, hint->peer_key) != OK)
        return VALIDATION;
    element_t *element = provider_of (self, &key, &peer);
    if (element && !element->dead && dht_query_has_room (self, QUERY_DEAD)
        && !is_checked (self, &key, &peer))
        check_provider (self, &key, element);
    if (peer_id_of_address (&sender, at->from) != OK) {
        op_t *op = dht_op_new (OP_HINT, spread_hint, &key, NULL);
        if (op) {
            op->dead = peer;
            dht_op_submit (self, op);
            dht_op_run (self);
        }
    }
    return OK;
}
