// SPDX-License-Identifier: MIT
//  PutHead and Delete: what is said of a name without a new version (p2p_change.h).
#include "p2p_change.h"

#include "package_id.h"
#include "publication.h"
#include "semver.h"
#include "message.h"

#include <stdlib.h>
#include <string.h>

static bool
is_known (const find_t *find)
{
    for (unsigned i = 0; i < find->publishers_count; i++)
        if (find->publishers[i].head.payload || find->publishers[i].listing.payload)
            return true;
    return false;
}

static void
refuse_unknown (change_t *self, const find_t *find, const char *what)
{
    const char *words;
    code_t code = find_doubt (find, &words);
    if (code != PACKAGE_NOT_FOUND)
        change_refuse (self, code, "look at the network: ggen p2p status",
                       "%s cannot be looked up: %s", self->id, words);
    else
        change_refuse (self, code, "", "the network has no %s", what);
}

//  ---- PutHead -------------------------------------------------------------------------------------

static void
answer_put (change_t *self, const Ggen__OutboxState *state)
{
    Ggen__PutHeadReply reply = GGEN__PUT_HEAD_REPLY__INIT;
    bool told = state->records > 0 || !self->head.payload;
    reply.acknowledged = told ? 1 : 0;
    reply.warnings = self->warnings;
    reply.n_warnings = self->warnings_count;
    out_answer (self->home->out, self->ticket, &reply.base);
}

//  OK, ALREADY_EXISTS: the same is there; VALIDATION: something newer is.
static code_t
compare_head (const change_t *self, find_t *find)
{
    const find_publisher_t *publisher = find_publisher (find, &self->head.key);
    if (!publisher || !publisher->head.payload
        || publisher->head.head->seq < self->head.head->seq)
        return OK;
    return message_same_bytes (publisher->head.packed, self->head.packed) ? ALREADY_EXISTS
                                                                     : VALIDATION;
}

static code_t
compare_rotation (const change_t *self, const find_t *find)
{
    for (unsigned i = 0; i < find->rotations_count; i++) {
        const p2p_signed_t *other = &find->rotations[i];
        if (message_same_bytes (other->packed, self->rotation.packed))
            return ALREADY_EXISTS;
        if (publisher_key_equal (&other->key, &self->rotation.key)
            && message_same_bytes (other->rotation->former_key, self->rotation.rotation->former_key)
            && other->rotation->seq >= self->rotation.rotation->seq)
            return VALIDATION;
    }
    return OK;
}

static void
on_heads (find_t *find, void *self_)
{
    change_t *self = self_;
    if (!is_known (find)) {
        refuse_unknown (self, find, self->id);
        return;
    }
    code_t code = self->head.payload ? compare_head (self, find) : compare_rotation (self, find);
    if (code == VALIDATION) {
        change_refuse (self, VALIDATION, "", "the network has something newer of %s by this key",
                       self->id);
        return;
    }
    if (code == ALREADY_EXISTS) {
        Ggen__PutHeadReply reply = GGEN__PUT_HEAD_REPLY__INIT;
        reply.acknowledged = 1;
        out_answer (self->home->out, self->ticket, &reply.base);
        change_end (self);
        return;
    }
    if (self->head.payload)
        change_take_listings (self, find_publisher (find, &self->head.key));
    change_list (self);
}

static code_t
open_put (change_t *self, ProtobufCBinaryData record)
{
    bytes_t packed = {record.data, record.len};
    code_t code =
        p2p_signed_open (&self->head, GGEN__RECORD_KIND__HEAD, packed, self->home->crypto);
    return code == VALIDATION ? p2p_signed_open (&self->rotation, GGEN__RECORD_KIND__ROTATION,
                                                 packed, self->home->crypto)
                              : code;
}

code_t
p2p_on_put_head (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    registry_p2p_t *home = self_;
    const Ggen__PutHeadRequest *request = (const void *) message;
    Ggen__Failure *failure = publication_check_head (request, home->crypto);
    if (failure) {
        out_refuse_as (home->out, at->ticket, failure);
        ggen__failure__free_unpacked (failure, NULL);
        return OK;
    }
    if (p2p_is_private (home, request->id))
        return PACKAGE_NOT_FOUND;
    change_t *self = change_new (home, at, message);
    if (!self)
        return BUSY;
    self->id = ((const Ggen__PutHeadRequest *) (const void *) self->request)->id;
    self->answer = answer_put;
    code_t code = open_put (self, request->record);
    if (code != OK) {
        change_end (self);
        return code;
    }
    find_ask_t ask = {.name = self->id,
                      .depth = FIND_HEADS,
                      .all_answer = true,
                      .wants_rotations = self->rotation.payload != NULL,
                      .ticket = at->ticket,
                      .answer_at_ms = at->now_ms + home->settings->answer_ms,
                      .done = on_heads,
                      .arg = self};
    if (find_start (home, &ask) != OK)
        change_refuse (self, BUSY, "try again", "%s cannot be looked up now", self->id);
    return OK;
}

//  ---- Delete --------------------------------------------------------------------------------------

static void
answer_delete (change_t *self, const Ggen__OutboxState *state)
{
    (void) state;
    Ggen__DeleteReply reply = GGEN__DELETE_REPLY__INIT;
    out_answer (self->home->out, self->ticket, &reply.base);
}

static void
on_new_head (change_t *self, bytes_t record)
{
    if (record.size == 0
        || p2p_signed_open (&self->head, GGEN__RECORD_KIND__HEAD, record, self->home->crypto)
               != OK)
        change_refuse (self, MISSING_SIGNATURE, "the key that published it is needed",
                       "%s@%s: no head without it could be signed", self->id, self->version);
    else
        change_list (self);
}

//  What the publisher says now, without the version.
static void
sign_without (change_t *self, const Ggen__Head *head)
{
    Ggen__Head next = *head;
    next.versions = calloc (head->n_versions + 1, sizeof *next.versions);
    next.n_versions = 0;
    for (size_t i = 0; next.versions && i < head->n_versions; i++)
        if (strcmp (head->versions[i]->version, self->version) != 0)
            next.versions[next.n_versions++] = head->versions[i];
    next.seq = head->seq + 1;
    next.issued_at = out_wall_ms (self->home->out) / 1000;
    next.expires_at = next.issued_at + (head->expires_at - head->issued_at);
    if (next.versions)
        change_sign (self, GGEN__RECORD_KIND__HEAD, &next.base, on_new_head);
    else
        change_refuse (self, BUSY, "", "p2p: out of memory");
    free (next.versions);
}

static bool
others_have (const find_t *find, const publisher_key_t *key, const char *version)
{
    for (unsigned i = 0; i < find->publishers_count; i++) {
        const find_publisher_t *publisher = &find->publishers[i];
        if (!publisher_key_equal (&publisher->key, key) && publisher->head.payload
            && p2p_head_version (publisher->head.head, version))
            return true;
    }
    return false;
}

//  A head of ours does not list it any more: there are still its bytes.
static bool
take_release (change_t *self, const Ggen__DhtReadReply *reply)
{
    for (size_t i = 0; i < reply->n_records && !self->withdraws; i++) {
        p2p_signed_t found;
        if (p2p_signed_open (&found, GGEN__RECORD_KIND__RELEASE,
                             (bytes_t) {reply->records[i].data, reply->records[i].len},
                             self->home->crypto)
            != OK)
            continue;
        if (publisher_key_equal (&found.key, &self->key)
            && strcmp (found.release->name, self->id) == 0
            && strcmp (found.release->version, self->version) == 0)
            self->withdraws = digest_from_field (&self->withdrawn, found.release->sha256) == OK;
        p2p_signed_clear (&found);
    }
    return self->withdraws;
}

static code_t
on_release (void *home, void *self_, const answer_t *answer)
{
    (void) home;
    change_t *self = self_;
    if (answer->progress)
        return OK;
    if (answer->code != OK) {
        out_refuse_as (self->home->out, self->ticket, answer->failure);
        change_end (self);
    }
    else if (take_release (self, (const void *) answer->message))
        change_list (self);
    else
        change_refuse (self, PACKAGE_NOT_FOUND, "", "the network has no %s@%s", self->id,
                       self->version);
    return OK;
}

static void
read_release (change_t *self)
{
    digest_t key;
    dht_key_release (&key, self->home->crypto->sha256, self->id, self->version, &self->key);
    code_t code = p2p_read (self->home, &key, true, self->ticket, on_release, self);
    if (code != OK)
        change_refuse (self, code, "try again", "%s cannot be looked up now", self->id);
}

static void
on_publishers (find_t *find, void *self_)
{
    change_t *self = self_;
    find_publisher_t *mine = find_publisher (find, &self->key);
    const Ggen__HeadVersion *listed =
        mine && mine->head.payload ? p2p_head_version (mine->head.head, self->version) : NULL;
    if (listed) {
        self->withdraws = digest_from_field (&self->withdrawn, listed->sha256) == OK;
        change_take_listings (self, mine);
        sign_without (self, mine->head.head);
        return;
    }
    if (others_have (find, &self->key, self->version))
        change_refuse (self, PERMISSION_DENIED, "only its publisher can do that",
                       "%s@%s is not published by this key", self->id, self->version);
    else if (mine && mine->head.payload) {
        change_take_listings (self, mine);
        p2p_signed_move (&self->head, &mine->head);
        read_release (self);
    }
    else
        refuse_unknown (self, find, self->version);
}

code_t
p2p_on_delete (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    registry_p2p_t *home = self_;
    const Ggen__DeleteRequest *request = (const void *) message;
    publisher_key_t key;
    if (!package_id_valid (request->id) || !semver_is_canonical (request->version)
        || p2p_is_private (home, request->id))
        return PACKAGE_NOT_FOUND;
    //  Here nothing is without a publisher.
    if (publisher_key_from_field (&key, request->publisher_key) != OK)
        return PERMISSION_DENIED;
    change_t *self = change_new (home, at, message);
    if (!self)
        return BUSY;
    const Ggen__DeleteRequest *kept = (const void *) self->request;
    self->id = kept->id;
    self->version = kept->version;
    self->key = key;
    self->answer = answer_delete;
    find_ask_t ask = {.name = self->id,
                      .depth = FIND_HEADS,
                      .all_answer = true,
                      .ticket = at->ticket,
                      .answer_at_ms = at->now_ms + home->settings->answer_ms,
                      .done = on_publishers,
                      .arg = self};
    if (find_start (home, &ask) != OK)
        change_refuse (self, BUSY, "try again", "%s cannot be looked up now", self->id);
    return OK;
}
