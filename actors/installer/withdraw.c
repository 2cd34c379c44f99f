// SPDX-License-Identifier: MIT
//  yank and unpublish: see that the version is ours, sign the next head, have it kept, and for
//  unpublish only then take the version out. A crash between the two leaves a version that its
//  publisher's head does not list; asking again takes it out.
#include "task.h"

#include "head.h"
#include "later.h"
#include "memory.h"
#include "package_id.h"
#include "record_valid.h"
#include "semver.h"
#include "message.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    const char *name, *version;
    bool unpublish, undo;
    const char *reason;
    Ggen__KeyInfo *key;
    Ggen__ListVersionsReply *versions;
    Ggen__GetHeadsReply *records;
    Ggen__SuccessionReply *line;
    const Ggen__Package *package;   //  the version
    Ggen__Head *head;               //  the newest of ours, or NULL
    Ggen__Head *next;
    ProtobufCBinaryData signed_next;
    bool changed;
} withdraw_t;

static void
withdraw_free (void *more)
{
    withdraw_t *self = more;
    if (self->key)
        ggen__key_info__free_unpacked (self->key, NULL);
    if (self->versions)
        ggen__list_versions_reply__free_unpacked (self->versions, NULL);
    if (self->records)
        ggen__get_heads_reply__free_unpacked (self->records, NULL);
    if (self->line)
        ggen__succession_reply__free_unpacked (self->line, NULL);
    record_head_destroy (&self->head);
    record_head_destroy (&self->next);
    free (self->signed_next.data);
    free (self);
}

static ProtobufCBinaryData
publisher_of (const withdraw_t *self)
{
    return self->package->publisher ? self->package->publisher->public_key
                                    : (ProtobufCBinaryData) {0};
}

//  ---- the end -------------------------------------------------------------------------------------

static void
answer_yank (task_t *task)
{
    const withdraw_t *self = task->more;
    const Ggen__Head *head = self->next ? self->next : self->head;
    Ggen__YankReply reply = GGEN__YANK_REPLY__INIT;
    reply.name = (char *) (uintptr_t) self->name;
    reply.version = (char *) (uintptr_t) self->version;
    reply.yanked = !self->undo;
    const Ggen__HeadVersion *one = head ? head_find (head, self->version) : NULL;
    if (one)
        reply.reason = one->yank_reason;
    reply.changed = self->changed;
    reply.seq = head ? head->seq : 0;
    reply.warnings = task->warnings;
    reply.n_warnings = task->warnings_count;
    task_answer (task, &reply.base);
}

static void
answer_unpublish (task_t *task)
{
    const withdraw_t *self = task->more;
    Ggen__UnpublishReply reply = GGEN__UNPUBLISH_REPLY__INIT;
    reply.name = (char *) (uintptr_t) self->name;
    reply.version = (char *) (uintptr_t) self->version;
    reply.seq = self->next ? self->next->seq : 0;
    reply.versions_left = (uint32_t) self->versions->n_versions - 1;
    reply.warnings = task->warnings;
    reply.n_warnings = task->warnings_count;
    task_answer (task, &reply.base);
}

static void
on_deleted (task_t *task, void *item, const answer_t *message)
{
    (void) task;
    (void) item;
    (void) message;
}

//  Registries let only the signer of a version delete it. That it is ours, also when a former key of
//  ours signed it, was seen above.
static void
take_out (task_t *task)
{
    const withdraw_t *self = task->more;
    Ggen__DeleteRequest request = GGEN__DELETE_REQUEST__INIT;
    request.id = (char *) (uintptr_t) self->name;
    request.version = (char *) (uintptr_t) self->version;
    request.publisher_key = publisher_of (self);
    task_ask (task, "registry", &request.base, &ggen__delete_reply__descriptor, on_deleted, NULL,
              false);
    task_then (task, answer_unpublish);
}

//  ---- the next head -------------------------------------------------------------------------------

static void
on_put (task_t *task, void *item, const answer_t *message)
{
    (void) item;
    const Ggen__PutHeadReply *reply = (const void *) message->message;
    task_take_warnings (task, reply->warnings, reply->n_warnings);
}

static void
note (task_t *task)
{
    const withdraw_t *self = task->more;
    later_note (task, self->name, "", NULL);
    task_then (task, self->unpublish ? take_out : answer_yank);
}

static void
put_head (task_t *task)
{
    withdraw_t *self = task->more;
    Ggen__PutHeadRequest request = GGEN__PUT_HEAD_REQUEST__INIT;
    request.id = (char *) (uintptr_t) self->name;
    request.record = self->signed_next;
    self->changed = true;
    task_ask (task, "registry", &request.base, &ggen__put_head_reply__descriptor, on_put, NULL,
              false);
    task_then (task, note);
}

static void
on_signed (task_t *task, void *field, const answer_t *message)
{
    (void) task;
    head_set_bytes (field, ((const Ggen__SignReply *) (const void *) message->message)->record);
}

static void
sign_next (task_t *task)
{
    withdraw_t *self = task->more;
    Ggen__SignRequest request = GGEN__SIGN_REQUEST__INIT;
    if (!record_valid_head (self->next)) {
        task_fail (task, VALIDATION, "a reason has at most 1024 bytes",
                   "the head of %s cannot be signed so", self->name);
        return;
    }
    request.kind = GGEN__RECORD_KIND__HEAD;
    request.payload.len = protobuf_c_message_get_packed_size (&self->next->base);
    request.payload.data = memory_new (request.payload.len, 1);
    protobuf_c_message_pack (&self->next->base, request.payload.data);
    task_ask (task, "keyring", &request.base, &ggen__sign_reply__descriptor, on_signed,
              &self->signed_next, false);
    free (request.payload.data);
    task_then (task, put_head);
}

static void
make_next (task_t *task)
{
    withdraw_t *self = task->more;
    const Ggen__HeadVersion *now = self->head ? head_find (self->head, self->version) : NULL;
    if (!self->unpublish && now && !now->yanked == self->undo
        && (self->undo || strcmp (now->yank_reason, self->reason) == 0)) {
        answer_yank (task);
        return;
    }
    if (self->unpublish && self->head && !now) {
        take_out (task);
        return;
    }
    self->next = head_next (self->head, self->name, self->key, out_wall_ms (task->out) / 1000);
    if (self->unpublish)
        head_unlist (self->next, self->version);
    else {
        Ggen__HeadVersion *one = head_find (self->next, self->version);
        if (!one)
            one = head_list (self->next, self->version, self->package->sha256);
        one->yanked = !self->undo;
        head_set_text (&one->yank_reason, self->undo ? "" : self->reason);
    }
    sign_next (task);
}

//  ---- whose it is ---------------------------------------------------------------------------------

static bool
is_ours (const withdraw_t *self)
{
    ProtobufCBinaryData key = publisher_of (self);
    bool handed_over = self->head && self->head->rotated_to.len > 0;
    if (message_same_bytes (key, self->key->public_key))
        return !handed_over;
    //  A former key of ours: by the line of the name, and by a head of ours that lists it.
    bool former = false;
    for (size_t i = 0; self->line && i < self->line->n_former_keys; i++)
        former |= message_same_bytes (self->line->former_keys [i], key);
    return former && message_same_bytes (self->line->key, self->key->public_key) && self->head
           && head_find (self->head, self->version);
}

static void
decide (task_t *task)
{
    const withdraw_t *self = task->more;
    if (is_ours (self))
        make_next (task);
    else
        task_fail (task, PERMISSION_DENIED, "only its publisher can do that: ggen market info",
                   "%s %s is not published by your key", self->name, self->version);
}

static void
on_line (task_t *task, void *item, const answer_t *message)
{
    (void) item;
    withdraw_t *self = task->more;
    if (message->code == OK)
        self->line = (Ggen__SuccessionReply *) message_copy (message->message);
}

static void
ask_line (task_t *task)
{
    withdraw_t *self = task->more;
    Ggen__SuccessionRequest request = GGEN__SUCCESSION_REQUEST__INIT;
    request.name = (char *) (uintptr_t) self->name;
    request.key = publisher_of (self);
    if (self->records) {
        request.records = self->records->records;
        request.n_records = self->records->n_records;
    }
    task_ask (task, "trust", &request.base, &ggen__succession_reply__descriptor, on_line, NULL, true);
    task_then (task, decide);
}

//  ---- what there is -------------------------------------------------------------------------------

static void
take_heads (task_t *task)
{
    withdraw_t *self = task->more;
    for (size_t i = 0; i < self->versions->n_versions; i++) {
        const ProtobufCBinaryData *packed = &self->versions->versions [i]->head;
        head_take_newest (&self->head, (bytes_t) {packed->data, packed->len}, self->name,
                          self->key->public_key, task->crypto->verify);
    }
    for (size_t i = 0; self->records && i < self->records->n_records; i++) {
        const ProtobufCBinaryData *packed = &self->records->records [i];
        head_take_newest (&self->head, (bytes_t) {packed->data, packed->len}, self->name,
                          self->key->public_key, task->crypto->verify);
    }
}

static void
look (task_t *task)
{
    withdraw_t *self = task->more;
    for (size_t i = 0; i < self->versions->n_versions; i++)
        if (strcmp (self->versions->versions [i]->version, self->version) == 0)
            self->package = self->versions->versions [i];
    if (!self->package) {
        task_fail (task, PACKAGE_NOT_FOUND, "see its versions: ggen market info",
                   "there is no %s %s", self->name, self->version);
        return;
    }
    take_heads (task);
    //  Nobody signed it: it belongs to whoever has the registry, and there is no head to change.
    if (publisher_of (self).len == 0 && self->unpublish)
        take_out (task);
    else if (publisher_of (self).len == 0)
        task_fail (task, MISSING_SIGNATURE, "take it out: ggen market unpublish",
                   "%s %s is not signed: no head can yank it", self->name, self->version);
    else
        ask_line (task);
}

static void
on_key (task_t *task, void *item, const answer_t *message)
{
    (void) item;
    withdraw_t *self = task->more;
    const Ggen__KeyShowReply *reply = (const void *) message->message;
    if (reply->key)
        self->key = (Ggen__KeyInfo *) message_copy (&reply->key->base);
    if (!self->key)
        task_fail (task, INTERNAL, "", "the keyring's answer lacks the key");
}

static void
on_versions (task_t *task, void *item, const answer_t *message)
{
    (void) item;
    withdraw_t *self = task->more;
    self->versions = (Ggen__ListVersionsReply *) message_copy (message->message);
    if (!self->versions)
        task_fail (task, INTERNAL, "", "out of memory");
}

static void
on_records (task_t *task, void *item, const answer_t *message)
{
    (void) item;
    withdraw_t *self = task->more;
    if (message->code == OK)
        self->records = (Ggen__GetHeadsReply *) message_copy (message->message);
}

static void
start (task_t *task, withdraw_t parts)
{
    withdraw_t *self = task->more = memory_new (1, sizeof *self);
    task->free_more = withdraw_free;
    *self = parts;
    if (!package_id_valid (self->name) || !semver_is_canonical (self->version)) {
        task_fail (task, VALIDATION, "a name and one version: PKG@1.2.3",
                   "'%.214s@%.64s' is no version of a package", self->name, self->version);
        return;
    }
    Ggen__KeyShowRequest key = GGEN__KEY_SHOW_REQUEST__INIT;
    Ggen__ListVersionsRequest versions = GGEN__LIST_VERSIONS_REQUEST__INIT;
    Ggen__GetHeadsRequest records = GGEN__GET_HEADS_REQUEST__INIT;
    versions.id = records.id = (char *) (uintptr_t) self->name;
    task_ask (task, "keyring", &key.base, &ggen__key_show_reply__descriptor, on_key, NULL, false);
    task_ask (task, "registry", &versions.base, &ggen__list_versions_reply__descriptor, on_versions,
              NULL, false);
    task_ask (task, "registry", &records.base, &ggen__get_heads_reply__descriptor, on_records, NULL,
              true);
    task_then (task, look);
}

void
yank_start (task_t *task)
{
    const Ggen__YankRequest *request = (const void *) task->request;
    start (task, (withdraw_t) {.name = request->name, .version = request->version,
                               .undo = request->undo, .reason = request->reason});
}

void
unpublish_start (task_t *task)
{
    const Ggen__UnpublishRequest *request = (const void *) task->request;
    start (task, (withdraw_t) {.name = request->name, .version = request->version,
                               .unpublish = true, .reason = ""});
}
