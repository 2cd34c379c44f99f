// SPDX-License-Identifier: MIT
#include "dht_inside.h"

#include <stdlib.h>
#include <string.h>

//  What is signed by a clock that is wrong is refused everywhere.
#define CLOCK_HINT "set this machine's clock: its peers' differ from it"

bool
dht_write_send (dht_t *self, op_t *op, const contact_t *contact, const digest_t *key,
                bytes_t packed, uint32_t age_secs)
{
    Ggen__StoredRecord stored = GGEN__STORED_RECORD__INIT;
    Ggen__PutRecordRequest put = GGEN__PUT_RECORD_REQUEST__INIT;
    digest_t copy = *key;
    stored.record = (ProtobufCBinaryData) {packed.size, (uint8_t *) packed.data};
    stored.age_secs = age_secs;
    put.key = digest_to_field (&copy);
    put.record = &stored;
    query_ask_t ask = {.kind = QUERY_PUT,
                       .op = op,
                       .contact = contact,
                       .message = &put.base,
                       .expect = &ggen__put_record_reply__descriptor};
    return dht_query_send (self, &ask);
}

bool
dht_write_tell (dht_t *self, const contact_t *contact, const digest_t *key,
                const element_t *element)
{
    return dht_query_has_room (self, QUERY_PUT)
        && dht_write_send (self, NULL, contact, key, (bytes_t) {element->packed, element->size},
                           element->by_signer_only
                               ? records_age_secs (element, out_now_ms (self->out))
                               : 0);
}

//  ---- to whom -----------------------------------------------------------------------------------

//  Are we one of those that should hold it, beside the 'closest' that were found?
static bool
is_ours (const dht_t *self, const op_t *op, size_t closest)
{
    uint64_t own = self->place ^ op->target;
    return dht_is_server (self)
        && (closest < KBUCKET_K || own <= (op->write.targets[closest - 1].place ^ op->target)
            || (op->region && own <= op->region->radius));
}

static void
keep_own (dht_t *self, op_t *op)
{
    Ggen__StoredRecord stored = GGEN__STORED_RECORD__INIT;
    stored.record = (ProtobufCBinaryData) {op->write.size, op->write.record};
    stored.age_secs = op->write.age_secs;
    records_put_t put = dht_serve_keep (self, &op->key, &op->write.element, &stored, 0, NULL);
    op->write.ours = true;
    if (op->write.targets_count == KBUCKET_K)
        op->write.targets_count--;      //  We take the place of the farthest
    op->write.asked++;
    op->write.here = put == RECORDS_STORED || put == RECORDS_KNOWN;
    op->write.acknowledged += op->write.here;
}

//  Returns false when there is nobody, not even us.
static bool
choose_targets (dht_t *self, op_t *op)
{
    const contact_t *found[KBUCKET_K];
    const region_t *region = op->region;
    size_t count = lookup_closest (op->lookup, found, KBUCKET_K, NULL);
    if (region)
        dht_region_choose (self, op);
    size_t more = region ? region->count : 0;
    op->write.targets = malloc ((count + more + 1) * sizeof *op->write.targets);
    if (!op->write.targets)
        return false;
    for (size_t i = 0; i < count; i++)
        op->write.targets[i] = *found[i];
    if (more > 0)
        memcpy (op->write.targets + count, region->list, more * sizeof *region->list);
    op->write.targets_count = (unsigned) (count + more);
    if (is_ours (self, op, count))
        keep_own (self, op);
    return count > 0 || op->write.ours;
}

void
dht_write_pump (dht_t *self, op_t *op)
{
    op->starved = false;
    while (op->write.sent < op->write.targets_count) {
        const contact_t *contact = &op->write.targets[op->write.sent];
        op->starved = !dht_query_has_room (self, QUERY_PUT);
        if (op->starved)
            return;
        op->write.sent++;
        op->write.asked++;
        op->extra += dht_write_send (self, op, contact, &op->key,
                                     (bytes_t) {op->write.record, op->write.size},
                                     op->write.age_secs);
    }
}

//  ---- how it ended ------------------------------------------------------------------------------

static void
answer (dht_t *self, op_t *op)
{
    Ggen__DhtWriteReply reply = GGEN__DHT_WRITE_REPLY__INIT;
    Ggen__DhtProvideReply provided = GGEN__DHT_PROVIDE_REPLY__INIT;
    provided.acknowledged = reply.acknowledged = op->write.acknowledged;
    provided.asked = reply.asked = op->write.asked;
    provided.here = reply.here = op->write.here;
    reply.newer = (ProtobufCBinaryData) {op->write.newer_size, op->write.newer};
    reply.full = 2 * op->write.full > op->write.asked;
    out_answer (self->out, op->ticket, op->write.provides ? &provided.base : &reply.base);
}

//  What we hold ourselves was sent round; or something newer was found.
static void
note_republished (dht_t *self, op_t *op)
{
    uint8_t id[RECORDS_ID_SIZE];
    records_id (id, self->crypto->sha256, &op->write.element);
    element_t *element = records_get (self->records, &op->key, id);
    if (element && op->write.acknowledged > 0)
        records_republished (self->records, &op->key, element, !op->write.ours,
                             dht_later_secs (self, self->settings->republish_ms),
                             out_now_ms (self->out));
}

static void
finish (dht_t *self, op_t *op)
{
    if (op->background)
        note_republished (self, op);
    else if (op->write.asked > 0)
        answer (self, op);
    else
        out_refuse (self->out, op->ticket, INSUFFICIENT_DHT_RESPONSES,
                    "check the connection: ggen p2p status",
                    "no node was found that could store it");
    dht_op_end (self, op);
}

bool
dht_write_event (dht_t *self, op_t *op, op_event_t event)
{
    bool waits = lookup_waiting (op->lookup) > 0;
    if (op->write.targets || event == OP_HARD_STOP) {
        finish (self, op);
        return true;
    }
    if (waits && lookup_answers (op->lookup) == 0)
        return false;
    if (!choose_targets (self, op)) {
        finish (self, op);
        return true;
    }
    int64_t until_ms = out_now_ms (self->out) + self->settings->query_timeout_ms;
    op->partial_ms = until_ms < op->hard_ms ? until_ms : op->hard_ms;
    op->woken = true;
    return false;
}

//  Holders may know something newer of the same signer; the newest is the answer.
static void
take_newer (dht_t *self, op_t *op, bytes_t packed)
{
    dht_element_t newer;
    if (packed.size == 0 || packed.size > RECORD_SIZE_MAX
        || harvest_check (&newer, self->crypto, &op->key, packed, dht_wall_ms (self)) != OK
        || newer.kind != op->write.element.kind || newer.seq <= op->write.element.seq
        || memcmp (newer.signer, op->write.element.signer, sizeof newer.signer) != 0
        || memcmp (newer.subject, op->write.element.subject, sizeof newer.subject) != 0)
        return;
    uint8_t *copy = malloc (packed.size);
    if (!copy)
        return;
    memcpy (copy, packed.data, packed.size);
    free (op->write.newer);
    op->write.newer = copy;
    op->write.newer_size = (uint32_t) packed.size;
    op->write.element.seq = newer.seq;
    if (op->background) {
        Ggen__StoredRecord stored = GGEN__STORED_RECORD__INIT;
        stored.record = (ProtobufCBinaryData) {packed.size, copy};
        dht_serve_keep (self, &op->key, &newer, &stored, 0, NULL);
    }
}

void
dht_write_answered (dht_t *self, op_t *op, const query_t *query, const answer_t *answer)
{
    (void) query;
    const Ggen__PutRecordReply *reply = (const void *) answer->message;
    if (answer->code)
        return;
    op->write.acknowledged += reply->stored != 0;
    op->write.full += reply->full && !reply->stored;
    take_newer (self, op, (bytes_t) {reply->newer.data, reply->newer.len});
}

//  ---- beginning ---------------------------------------------------------------------------------

//  NULL: out of memory.
static op_t *
new_write (const digest_t *key, bytes_t packed, const delivery_t *at)
{
    op_t *op = dht_op_new (OP_WRITE, dht_write_event, key, at);
    if (!op)
        return NULL;
    op->write.record = malloc (packed.size);
    op->write.size = (uint32_t) packed.size;
    if (!op->write.record) {
        dht_op_free (op);
        return NULL;
    }
    memcpy (op->write.record, packed.data, packed.size);
    return op;
}

code_t
dht_write_start (dht_t *self, const delivery_t *at, const digest_t *key, bytes_t packed,
                 bool provides)
{
    dht_element_t element;
    if (packed.size > RECORD_SIZE_MAX)
        return out_fail (at, VALIDATION, "", "a record of at most %d bytes", RECORD_SIZE_MAX);
    code_t code = harvest_check (&element, self->crypto, key, packed, dht_wall_ms (self));
    if (code)
        return out_fail (at, code, self->skew_ms != 0 ? CLOCK_HINT : "",
                         "this record cannot be stored under this key");
    op_t *op = new_write (key, packed, at);
    if (!op)
        return BUSY;
    op->write.element = element;
    op->write.provides = provides;
    if (!dht_op_submit (self, op))
        return out_fail (at, BUSY, "try again", "too many lookups wait already");
    dht_op_run (self);
    return OK;
}

code_t
dht_write (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    const Ggen__DhtWriteRequest *write = (const void *) message;
    digest_t key;
    if (at->ticket == 0)
        return OK;
    if (digest_from_field (&key, write->key) != OK)
        return out_fail (at, VALIDATION, "", "a key has 32 bytes");
    return dht_write_start (self, at, &key, (bytes_t) {write->record.data, write->record.len},
                            false);
}

bool
dht_write_alone (dht_t *self, const digest_t *key, bytes_t packed, uint32_t age_secs)
{
    dht_element_t element;
    if (harvest_check (&element, self->crypto, key, packed, dht_wall_ms (self)) != OK)
        return false;
    op_t *op = new_write (key, packed, NULL);
    if (!op)
        return false;
    op->write.element = element;
    op->write.age_secs = age_secs;
    return dht_op_submit (self, op);
}
