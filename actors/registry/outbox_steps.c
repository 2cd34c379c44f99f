// SPDX-License-Identifier: MIT
#include "outbox_inside.h"

#include "gossip.pb-c.h"
#include "transfer.pb-c.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOPIC_MAX 256                   //  bytes; longer ones are not announced on
#define REPLICATE_BUDGET_MS 60000       //  between two signs of progress

//  A step on its way, in the list of its entry.
struct outbox_errand {
    outbox_errand_t *next;
    outbox_entry_t *entry;
    step_t step;
};

static outbox_errand_t *
errand_new (outbox_entry_t *entry, step_t step)
{
    outbox_errand_t *self = malloc (sizeof *self);
    if (!self)
        return NULL;
    *self = (outbox_errand_t) {entry->errands, entry, step};
    entry->errands = self;
    return self;
}

static void
errand_free (outbox_errand_t *self)
{
    outbox_errand_t **at = &self->entry->errands;
    while (*at != self)
        at = &(*at)->next;
    *at = self->next;
    free (self);
}

//  ---- opening -------------------------------------------------------------------------------------

static bool
open_one (p2p_signed_t *record, Ggen__RecordKind kind, ProtobufCBinaryData packed, bool *any)
{
    if (packed.len == 0)
        return true;
    *any = true;
    return p2p_signed_reopen (record, kind, (bytes_t) {packed.data, packed.len}) == OK;
}

static uint64_t
steps_of (const outbox_entry_t *entry)
{
    uint64_t steps = 0;
    if (entry->signed_release.payload)
        steps |= STEP_BIT (STEP_RELEASE) | STEP_BIT (STEP_PROVIDE) | STEP_BIT (STEP_REPLICATE);
    if (entry->head.payload)
        steps |= STEP_BIT (STEP_HEAD);
    if (entry->rotation.payload)
        steps |= STEP_BIT (STEP_ROTATION);
    if (entry->state->withdrawn_sha256.len == DIGEST_SIZE)
        steps |= STEP_BIT (STEP_WITHDRAW) | STEP_BIT (STEP_UNPROVIDE);
    if (!entry->listing.payload)
        return steps;
    const Ggen__Listing *listing = entry->listing.listing;
    steps |= STEP_BIT (STEP_LISTING) | STEP_BIT (STEP_NEWS);
    for (unsigned i = 0; i < listing->n_keywords && i < 12; i++)
        steps |= STEP_BIT (STEP_KEYWORD + i);
    for (unsigned i = 0; i < listing->n_categories && i < 8; i++)
        steps |= STEP_BIT (STEP_CATEGORY + i);
    return steps;
}

uint64_t
outbox_left_out (bool unannounced, bool unrecorded)
{
    return (unannounced ? STEPS_OF_NEWS : 0) | (unrecorded ? STEPS_OF_DHT : 0);
}

bool
steps_open (outbox_entry_t *entry)
{
    const Ggen__OutboxState *state = entry->state;
    bool any = state->withdrawn_sha256.len == DIGEST_SIZE;
    bool good =
        open_one (&entry->signed_release, GGEN__RECORD_KIND__RELEASE, state->release, &any)
        && open_one (&entry->head, GGEN__RECORD_KIND__HEAD, state->head, &any)
        && open_one (&entry->listing, GGEN__RECORD_KIND__LISTING, state->listing, &any)
        && open_one (&entry->rotation, GGEN__RECORD_KIND__ROTATION, state->rotation, &any);
    if (!good || !any) {
        steps_close (entry);
        return false;
    }
    entry->wanted = steps_of (entry) & ~state->left_out;
    entry->key = entry->head.payload ? entry->head.key : entry->rotation.key;
    entry->seq = entry->head.payload ? entry->head.head->seq : 0;
    return true;
}

void
steps_close (outbox_entry_t *entry)
{
    p2p_signed_clear (&entry->listing);
    p2p_signed_clear (&entry->signed_release);
    p2p_signed_clear (&entry->head);
    p2p_signed_clear (&entry->rotation);
    while (entry->errands)
        errand_free (entry->errands);
}

//  ---- answers -------------------------------------------------------------------------------------

static void
take_newer (const outbox_entry_t *entry, ProtobufCBinaryData newer)
{
    p2p_signed_t head;
    if (p2p_signed_open (&head, GGEN__RECORD_KIND__HEAD, (bytes_t) {newer.data, newer.len},
                         entry->home->crypto)
        != OK)
        return;
    if (publisher_key_equal (&head.key, &entry->key)
        && strcmp (head.head->name, entry->state->id) == 0
        && discovered_head (entry->home->discovered, &head) == OK)
        outbox_wake (entry->home, 0);
    p2p_signed_clear (&head);
}

//  What only this node holds is lost when it goes, and who looks elsewhere does not find it: just after
//  a start it may not have met anybody yet.
static bool
others_have (uint32_t acknowledged, bool here)
{
    return acknowledged > (here ? 1u : 0u);
}

//  What one of many took, when the network was cut, lies where nobody may look afterwards: it is done, and
//  written again after a while (outbox.c).
#define OTHERS_ENOUGH 3u

static void
note_thin (outbox_entry_t *entry, step_t step, uint32_t acknowledged, bool here)
{
    if (acknowledged < OTHERS_ENOUGH + (here ? 1u : 0u))
        entry->thin |= STEP_BIT (step);
}

//  Returns true when the step is done.
static bool
take_write (outbox_entry_t *entry, step_t step, const Ggen__DhtWriteReply *reply)
{
    if (step == STEP_HEAD && entry->state->records < reply->acknowledged)
        entry->state->records = reply->acknowledged;
    if (step == STEP_HEAD && reply->newer.len > 0)
        take_newer (entry, reply->newer);
    if (reply->newer.len > 0)
        return true;
    note_thin (entry, step, reply->acknowledged, reply->here);
    if (others_have (reply->acknowledged, reply->here))
        return true;
    //  Nobody of those asked took it: this part of the keyword is full.
    bool full = reply->full || (reply->acknowledged == 0 && reply->asked > 0);
    if (full && step >= STEP_KEYWORD && step < STEP_KEYWORD + 12
        && ++entry->parts[step - STEP_KEYWORD] < DHT_KEYWORD_PARTS_MAX)
        entry->todo |= STEP_BIT (step);
    return false;
}

static bool
take (outbox_entry_t *entry, step_t step, const ProtobufCMessage *message)
{
    if (message->descriptor == &ggen__dht_write_reply__descriptor)
        return take_write (entry, step, (const void *) message);
    if (message->descriptor == &ggen__dht_provide_reply__descriptor) {
        const Ggen__DhtProvideReply *reply = (const void *) message;
        if (step == STEP_UNPROVIDE)
            return true;
        note_thin (entry, step, reply->acknowledged, reply->here);
        return others_have (reply->acknowledged, reply->here);
    }
    if (message->descriptor == &ggen__replicate_reply__descriptor) {
        entry->state->stored = ((const Ggen__ReplicateReply *) (const void *) message)->stored;
        return entry->state->stored >= entry->home->settings->replicas;
    }
    if (message->descriptor == &ggen__announce_reply__descriptor) {
        uint32_t heard =
            ((const Ggen__AnnounceReply *) (const void *) message)->acknowledged;
        if (step == STEP_NEWS)
            entry->state->announced = heard;
        //  A category may have nobody who follows it.
        return heard > 0 || step != STEP_NEWS;
    }
    return true;
}

static code_t
on_step (void *home, void *errand_, const answer_t *answer)
{
    (void) home;
    outbox_errand_t *errand = errand_;
    outbox_entry_t *entry = errand->entry;
    const step_t step = errand->step;
    if (answer->progress)
        return OK;
    errand_free (errand);
    entry->in_flight--;
    entry->behind -= (STEP_BIT (step) & STEPS_BEHIND_HEAD) != 0;
    if (answer->code == OK && take (entry, step, answer->message))
        entry->state->done |= STEP_BIT (step);
    steps_go (entry);
    return OK;
}

//  ---- asking --------------------------------------------------------------------------------------

static code_t
send (outbox_entry_t *entry, step_t step, const char *to, const ProtobufCMessage *message,
      const ProtobufCMessageDescriptor *expect)
{
    outbox_errand_t *errand = errand_new (entry, step);
    if (!errand)
        return BUSY;
    out_t *out = entry->home->out;
    ask_t ask = {.to = to,
                 .message = message,
                 .expect = expect,
                 .budget_ms = step == STEP_REPLICATE ? REPLICATE_BUDGET_MS : 0,
                 .parent = out_wanted (out, entry->ticket) ? entry->ticket : 0,
                 .on_answer = on_step,
                 .arg = errand,
                 .quiet = step != STEP_REPLICATE};
    code_t code = out_ask (out, &ask);
    if (code != OK)
        errand_free (errand);
    return code;
}

static code_t
send_write (outbox_entry_t *entry, step_t step, digest_t *key, const p2p_signed_t *record)
{
    Ggen__DhtWriteRequest request = GGEN__DHT_WRITE_REQUEST__INIT;
    request.key = digest_to_field (key);
    request.record = record->packed;
    return send (entry, step, "dht", &request.base, &ggen__dht_write_reply__descriptor);
}

static code_t
send_record (outbox_entry_t *entry, step_t step)
{
    dht_hash_fn *sha256 = entry->home->crypto->sha256;
    const char *id = entry->state->id;
    publisher_key_t former;
    digest_t key;
    switch (step) {
        case STEP_RELEASE:
            dht_key_release (&key, sha256, id, entry->signed_release.release->version,
                             &entry->signed_release.key);
            return send_write (entry, step, &key, &entry->signed_release);
        case STEP_HEAD:
            dht_key_head (&key, sha256, id, &entry->head.key);
            return send_write (entry, step, &key, &entry->head);
        case STEP_LISTING:
            dht_key_name (&key, sha256, id);
            return send_write (entry, step, &key, &entry->listing);
        case STEP_ROTATION:
            if (publisher_key_from_field (&former, entry->rotation.rotation->former_key) != OK)
                return VALIDATION;
            dht_key_rotation (&key, sha256, &former);
            return send_write (entry, step, &key, &entry->rotation);
        default: {
            unsigned i = step - STEP_KEYWORD;
            dht_key_keyword (&key, sha256, entry->listing.listing->keywords[i], entry->parts[i]);
            return send_write (entry, step, &key, &entry->listing);
        }
    }
}

static code_t
send_news (outbox_entry_t *entry, step_t step)
{
    char topic[TOPIC_MAX];
    const Ggen__Listing *listing = entry->listing.listing;
    const char *base = entry->home->settings->topic;
    int size = step == STEP_NEWS
                   ? snprintf (topic, sizeof topic, "%s", base)
                   : snprintf (topic, sizeof topic, "%s/%s", base,
                               listing->categories[step - STEP_CATEGORY]);
    if (size >= (int) sizeof topic)
        return VALIDATION;
    Ggen__PackageNews news = GGEN__PACKAGE_NEWS__INIT;
    news.listing = entry->listing.packed;
    news.head = entry->head.packed;
    news.releases = &entry->signed_release.packed;
    news.n_releases = entry->signed_release.payload ? 1 : 0;
    news.rotations = &entry->rotation.packed;
    news.n_rotations = entry->rotation.payload ? 1 : 0;
    Ggen__AnnounceRequest request = GGEN__ANNOUNCE_REQUEST__INIT;
    request.topic = topic;
    request.item.len = ggen__package_news__get_packed_size (&news);
    request.item.data = malloc (request.item.len + 1);
    if (!request.item.data)
        return BUSY;
    ggen__package_news__pack (&news, request.item.data);
    code_t code =
        send (entry, step, "gossip", &request.base, &ggen__announce_reply__descriptor);
    free (request.item.data);
    return code;
}

static code_t
send_bytes (outbox_entry_t *entry, step_t step)
{
    Ggen__DhtProvideRequest provide = GGEN__DHT_PROVIDE_REQUEST__INIT;
    Ggen__ReplicateRequest replicate = GGEN__REPLICATE_REQUEST__INIT;
    Ggen__WithdrawBlobRequest withdraw = GGEN__WITHDRAW_BLOB_REQUEST__INIT;
    switch (step) {
        case STEP_PROVIDE:
            provide.sha256 = entry->signed_release.release->sha256;
            return send (entry, step, "dht", &provide.base,
                         &ggen__dht_provide_reply__descriptor);
        case STEP_UNPROVIDE:
            provide.sha256 = entry->state->withdrawn_sha256;
            provide.withdraw = true;
            return send (entry, step, "dht", &provide.base,
                         &ggen__dht_provide_reply__descriptor);
        case STEP_REPLICATE:
            replicate.record = entry->signed_release.packed;
            replicate.replicas = entry->home->settings->replicas;
            return send (entry, step, "transfer", &replicate.base,
                         &ggen__replicate_reply__descriptor);
        default:
            withdraw.sha256 = entry->state->withdrawn_sha256;
            return send (entry, step, "transfer", &withdraw.base,
                         &ggen__withdraw_blob_reply__descriptor);
    }
}

static code_t
send_step (outbox_entry_t *entry, step_t step)
{
    if (step >= STEP_NEWS)
        return send_news (entry, step);
    bool bytes = step == STEP_PROVIDE || step == STEP_UNPROVIDE || step == STEP_REPLICATE
                 || step == STEP_WITHDRAW;
    return bytes ? send_bytes (entry, step) : send_record (entry, step);
}

//  What may be asked now. Nothing is said of a version before its record and its archive can be found,
//  or were tried to be told. Then news first: hosts and the DHT may take long.
static uint64_t
steps_now (const outbox_entry_t *entry)
{
    bool held = entry->behind > 0 || (entry->todo & STEPS_BEHIND_HEAD) != 0;
    uint64_t now = held ? entry->todo & ~STEPS_OF_NAME : entry->todo;
    uint64_t news = now & STEPS_OF_NEWS;
    return news ? news : now;
}

void
steps_go (outbox_entry_t *entry)
{
    uint64_t now;
    while ((now = steps_now (entry)) != 0 && entry->in_flight < OUTBOX_STEPS_MAX) {
        step_t step = (step_t) __builtin_ctzll (now);
        entry->todo &= ~STEP_BIT (step);
        if (send_step (entry, step) != OK)
            continue;
        entry->in_flight++;
        entry->behind += (STEP_BIT (step) & STEPS_BEHIND_HEAD) != 0;
    }
    if (entry->in_flight == 0)
        entry_round_over (entry);
}
