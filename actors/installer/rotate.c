// SPDX-License-Identifier: MIT
//  rotate: hand every name of one key over to another. For each name the new key signs a head that
//  stands for all the former one published, and the former key, if we have it, its last head, which
//  names the new one. A rotation by the recovery key is kept beside them. Releases that are to be left
//  out (a thief had the former key) are not stood for: who follows the name refuses them.
#include "rotate_inside.h"

#include "head.h"
#include "later.h"
#include "memory.h"
#include "package_id.h"
#include "publisher_key.h"
#include "record_valid.h"
#include "message.h"

#include <stdlib.h>
#include <string.h>

#define PAGE_SIZE 200

static void
name_clear (rotate_name_t *self)
{
    if (self->versions)
        ggen__list_versions_reply__free_unpacked (self->versions, NULL);
    if (self->records)
        ggen__get_heads_reply__free_unpacked (self->records, NULL);
    record_head_destroy (&self->former);
    record_head_destroy (&self->fresh);
    free (self->signed_former.data);
    free (self->signed_fresh.data);
    free (self->name);
}

static void
rotate_free (void *more)
{
    rotate_t *self = more;
    for (size_t i = 0; i < self->names_count; i++)
        name_clear (&self->names [i]);
    if (self->key)
        ggen__key_info__free_unpacked (self->key, NULL);
    free (self->releases);
    free (self->names);
    free (self);
}

//  ---- the end -------------------------------------------------------------------------------------

static void
answer (task_t *task)
{
    const rotate_t *self = task->more;
    Ggen__RotateReply reply = GGEN__ROTATE_REPLY__INIT;
    reply.former_key = rotate_request (task)->former_key;
    if (self->key)
        reply.new_key = self->key->public_key;
    reply.names = memory_new (self->names_count, sizeof *reply.names);
    for (size_t i = 0; i < self->names_count; i++)
        reply.names [reply.n_names++] = self->names [i].name;
    reply.warnings = task->warnings;
    reply.n_warnings = task->warnings_count;
    reply.dry_run = rotate_request (task)->dry_run;
    reply.releases = memory_new (self->releases_count, sizeof *reply.releases);
    for (size_t i = 0; i < self->releases_count; i++)
        reply.releases [reply.n_releases++] = &self->releases [i];
    task_answer (task, &reply.base);
    free (reply.releases);
    free (reply.names);
}

static void
on_pinned (task_t *task, void *name, const answer_t *message)
{
    if (message->code != OK)
        task_warn (task, "%s: our own trust has not followed: %s", ((rotate_name_t *) name)->name,
                   message->failure->message);
}

//  Our own trust follows as everybody's: by a release that the new key stands for, and the heads.
static void
pin_name (task_t *task, rotate_name_t *name)
{
    const Ggen__Package *package = NULL;
    size_t known = name->records ? name->records->n_records : 0;
    ProtobufCBinaryData *records = memory_new (known + 3, sizeof *records);
    Ggen__CheckReleaseRequest check = GGEN__CHECK_RELEASE_REQUEST__INIT;
    for (size_t i = 0; i < name->versions->n_versions; i++) {
        const Ggen__Package *one = name->versions->versions [i];
        if (one->record.len > 0 && !rotate_leaves_out (task, one))
            package = one;
    }
    check.records = records;
    records [check.n_records++] = name->signed_fresh;
    records [check.n_records++] = name->signed_former;
    records [check.n_records++] = rotate_request (task)->rotation;
    for (size_t i = 0; i < known; i++)
        records [check.n_records++] = name->records->records [i];
    check.pin = true;
    if (package) {
        check.name = package->id;
        check.version = package->version;
        check.record = package->record;
        task_ask (task, "trust", &check.base, &ggen__check_release_reply__descriptor, on_pinned,
                  name, true);
    }
    free (records);
}

static void
pin_all (task_t *task)
{
    const rotate_t *self = task->more;
    for (size_t i = 0; i < self->names_count; i++)
        pin_name (task, &self->names [i]);
    for (size_t i = 0; i < self->names_count; i++)
        later_note (task, self->names [i].name, "", NULL);
    task_then (task, answer);
}

static void
on_put (task_t *task, void *item, const answer_t *message)
{
    (void) item;
    const Ggen__PutHeadReply *reply = (const void *) message->message;
    task_take_warnings (task, reply->warnings, reply->n_warnings);
}

static void
put (task_t *task, const rotate_name_t *name, ProtobufCBinaryData record)
{
    Ggen__PutHeadRequest request = GGEN__PUT_HEAD_REQUEST__INIT;
    request.id = name->name;
    request.record = record;
    if (record.len > 0)
        task_ask (task, "registry", &request.base, &ggen__put_head_reply__descriptor, on_put, NULL,
                  false);
}

static void
put_former (task_t *task)
{
    const rotate_t *self = task->more;
    for (size_t i = 0; i < self->names_count; i++)
        put (task, &self->names [i], self->names [i].signed_former);
    task_then (task, pin_all);
}

//  What the new key says is there before the former one points to it.
static void
put_fresh (task_t *task)
{
    const rotate_t *self = task->more;
    for (size_t i = 0; i < self->names_count; i++) {
        put (task, &self->names [i], self->names [i].signed_fresh);
        put (task, &self->names [i], rotate_request (task)->rotation);
    }
    task_then (task, put_former);
}

//  ---- signing -------------------------------------------------------------------------------------

static void
on_signed (task_t *task, void *field, const answer_t *message)
{
    (void) task;
    head_set_bytes (field, ((const Ggen__SignReply *) (const void *) message->message)->record);
}

static void
ask_signature (task_t *task, const char *key_name, const Ggen__Head *head,
               ProtobufCBinaryData *field)
{
    Ggen__SignRequest request = GGEN__SIGN_REQUEST__INIT;
    request.kind = GGEN__RECORD_KIND__HEAD;
    request.key_name = (char *) (uintptr_t) key_name;
    request.payload.len = protobuf_c_message_get_packed_size (&head->base);
    request.payload.data = memory_new (request.payload.len, 1);
    protobuf_c_message_pack (&head->base, request.payload.data);
    if (record_valid_head (head))
        task_ask (task, "keyring", &request.base, &ggen__sign_reply__descriptor, on_signed, field,
                  false);
    else
        task_fail (task, VALIDATION, "", "%s: its head cannot be signed: more than %d versions",
                   head->name, RECORD_VERSIONS_MAX);
    free (request.payload.data);
}

//  The new key stands for a version that another signed: for its very payload, and who signed it.
static void
stand_for (task_t *task, Ggen__Head *head, const Ggen__Package *package)
{
    AUTO (record_destroy) Ggen__SignedRecord *record = NULL;
    uint8_t payload_sha256 [CRYPTO_HASH_BYTES];
    if (record_open (&record, (bytes_t) {package->record.data, package->record.len}) != OK
        || record->kind != GGEN__RECORD_KIND__RELEASE)
        return;
    Ggen__HeadVersion *one = head_find (head, package->version);
    if (!one)
        one = head_list (head, package->version, package->sha256);
    task->crypto->sha256 (record->payload.data, record->payload.len, payload_sha256);
    if (!message_same_bytes (one->sha256, package->sha256))
        return;
    head_set_bytes (&one->release_sha256,
                    (ProtobufCBinaryData) {sizeof payload_sha256, payload_sha256});
    head_set_bytes (&one->release_key, record->key);
}

static void
sign_fresh (task_t *task, rotate_name_t *name)
{
    const rotate_t *self = task->more;
    AUTO (record_head_destroy) Ggen__Head *head =
        head_next (name->fresh ? name->fresh : name->former, name->name, self->key,
                   out_wall_ms (task->out) / 1000);
    for (size_t i = 0; i < name->versions->n_versions; i++) {
        const Ggen__Package *package = name->versions->versions [i];
        if (rotate_leaves_out (task, package))
            head_unlist (head, package->version);
        else if (rotate_is_of (package, rotate_request (task)->former_key))
            stand_for (task, head, package);
    }
    ask_signature (task, rotate_request (task)->new_name, head, &name->signed_fresh);
}

static void
sign_former (task_t *task, rotate_name_t *name)
{
    const Ggen__RotateRequest *request = rotate_request (task);
    const rotate_t *self = task->more;
    Ggen__KeyInfo key = GGEN__KEY_INFO__INIT;
    key.recovery_sha256 = name->former->recovery_sha256;
    AUTO (record_head_destroy) Ggen__Head *head =
        head_next (name->former, name->name, &key, out_wall_ms (task->out) / 1000);
    head_set_bytes (&head->rotated_to, self->key->public_key);
    ask_signature (task, request->former_name, head, &name->signed_former);
}

static void
sign_all (task_t *task)
{
    const Ggen__RotateRequest *request = rotate_request (task);
    rotate_t *self = task->more;
    for (size_t i = 0; i < self->names_count; i++) {
        rotate_name_t *name = &self->names [i];
        bool done = name->former && message_same_bytes (name->former->rotated_to, self->key->public_key);
        if (name->former && name->former->rotated_to.len > 0 && !done)
            task_warn (task, "%s was handed over to another key before", name->name);
        if (!done || !name->fresh || rotate_leaves_any_out (task, name))
            sign_fresh (task, name);
        if (*request->former_name && name->former && name->former->rotated_to.len == 0)
            sign_former (task, name);
    }
    task_then (task, put_fresh);
}

//  ---- what there is of each name --------------------------------------------------------------------

static bool
is_published (const rotate_name_t *name, ProtobufCBinaryData key)
{
    for (size_t i = 0; i < name->versions->n_versions; i++)
        if (rotate_is_of (name->versions->versions [i], key))
            return true;
    return name->former != NULL;
}

static void
take_heads (const task_t *task, rotate_name_t *name, const ProtobufCBinaryData *packed)
{
    const rotate_t *self = task->more;
    const bytes_t bytes = {packed->data, packed->len};
    head_take_newest (&name->former, bytes, name->name, rotate_request (task)->former_key,
                      task->crypto->verify);
    if (self->key)
        head_take_newest (&name->fresh, bytes, name->name, self->key->public_key,
                          task->crypto->verify);
}

//  Names of which the key has published nothing here drop out: a pin alone makes no publisher.
static void
look (task_t *task)
{
    rotate_t *self = task->more;
    size_t kept = 0;
    for (size_t i = 0; i < self->names_count; i++) {
        rotate_name_t *name = &self->names [i];
        for (size_t v = 0; v < name->versions->n_versions; v++)
            take_heads (task, name, &name->versions->versions [v]->head);
        for (size_t r = 0; name->records && r < name->records->n_records; r++)
            take_heads (task, name, &name->records->records [r]);
        if (is_published (name, rotate_request (task)->former_key))
            self->names [kept++] = *name;
        else
            name_clear (name);
    }
    self->names_count = kept;
    if (!rotate_list_releases (task))
        return;
    if (rotate_request (task)->dry_run)
        answer (task);
    else
        sign_all (task);
}

static void
on_versions (task_t *task, void *name, const answer_t *message)
{
    ((rotate_name_t *) name)->versions = (Ggen__ListVersionsReply *) message_copy (message->message);
    if (!((rotate_name_t *) name)->versions)
        task_fail (task, INTERNAL, "", "out of memory");
}

static void
on_records (task_t *task, void *name, const answer_t *message)
{
    (void) task;
    if (message->code == OK)
        ((rotate_name_t *) name)->records = (Ggen__GetHeadsReply *) message_copy (message->message);
}

static void
ask_of_names (task_t *task)
{
    rotate_t *self = task->more;
    for (size_t i = 0; i < self->names_count; i++) {
        Ggen__ListVersionsRequest versions = GGEN__LIST_VERSIONS_REQUEST__INIT;
        Ggen__GetHeadsRequest records = GGEN__GET_HEADS_REQUEST__INIT;
        versions.id = records.id = self->names [i].name;
        task_ask (task, "registry", &versions.base, &ggen__list_versions_reply__descriptor,
                  on_versions, &self->names [i], false);
        task_ask (task, "registry", &records.base, &ggen__get_heads_reply__descriptor, on_records,
                  &self->names [i], true);
    }
    task_then (task, look);
}

//  ---- which names -----------------------------------------------------------------------------------

static void
add_name (task_t *task, const char *text)
{
    rotate_t *self = task->more;
    for (size_t i = 0; i < self->names_count; i++)
        if (strcmp (self->names [i].name, text) == 0)
            return;
    if (self->names_count < ROTATE_NAMES_MAX)
        self->names [self->names_count++].name = memory_strdup (text);
    else
        task_fail (task, VALIDATION, "", "more than %d names are published by this key", ROTATE_NAMES_MAX);
}

//  Publishing pinned them.
static void
on_pins (task_t *task, void *item, const answer_t *message)
{
    (void) item;
    const Ggen__TrustListReply *reply = (const void *) message->message;
    for (size_t i = 0; i < reply->n_pins; i++)
        if (message_same_bytes (reply->pins [i]->key, rotate_request (task)->former_key))
            add_name (task, reply->pins [i]->name);
}

static void
on_found (task_t *task, void *item, const answer_t *message)
{
    (void) item;
    rotate_t *self = task->more;
    const Ggen__SearchReply *reply = (const void *) message->message;
    for (size_t i = 0; i < reply->n_results; i++) {
        const Ggen__Package *package = reply->results [i];
        if (rotate_is_of (package, rotate_request (task)->former_key))
            add_name (task, package->id);
    }
    self->total = reply->n_results > 0 ? reply->total : 0;
    self->offset += PAGE_SIZE;
}

static void
search (task_t *task)
{
    const rotate_t *self = task->more;
    Ggen__SearchRequest request = GGEN__SEARCH_REQUEST__INIT;
    request.limit = PAGE_SIZE;
    request.offset = self->offset;
    request.sort = GGEN__SORT_ORDER__BY_NAME;
    if (self->offset > 0 && self->offset >= self->total) {
        ask_of_names (task);
        return;
    }
    task_ask (task, "registry", &request.base, &ggen__search_reply__descriptor, on_found, NULL,
              false);
    task_then (task, search);
}

static void
on_key (task_t *task, void *item, const answer_t *message)
{
    (void) item;
    rotate_t *self = task->more;
    const Ggen__KeyShowReply *reply = (const void *) message->message;
    if (reply->key)
        self->key = (Ggen__KeyInfo *) message_copy (&reply->key->base);
    if (!self->key || message_same_bytes (self->key->public_key, rotate_request (task)->former_key))
        task_fail (task, VALIDATION, "", "a name is handed over from one key to another");
}

static void
on_former_key (task_t *task, void *item, const answer_t *message)
{
    (void) item;
    const Ggen__KeyShowReply *reply = (const void *) message->message;
    if (!reply->key || !message_same_bytes (reply->key->public_key, rotate_request (task)->former_key))
        task_fail (task, VALIDATION, "", "the key '%s' is not the one to be given up",
                   rotate_request (task)->former_name);
}

void
rotate_start (task_t *task)
{
    const Ggen__RotateRequest *request = rotate_request (task);
    rotate_t *self = task->more = memory_new (1, sizeof *self);
    task->free_more = rotate_free;
    self->names = memory_new (ROTATE_NAMES_MAX, sizeof *self->names);
    if (request->former_key.len != PUBLISHER_KEY_SIZE) {
        task_fail (task, VALIDATION, "", "a publisher key has %d bytes", PUBLISHER_KEY_SIZE);
        return;
    }
    Ggen__KeyShowRequest key = GGEN__KEY_SHOW_REQUEST__INIT;
    Ggen__TrustListRequest pins = GGEN__TRUST_LIST_REQUEST__INIT;
    key.name = request->new_name;
    if (!request->dry_run)
        task_ask (task, "keyring", &key.base, &ggen__key_show_reply__descriptor, on_key, NULL,
                  false);
    key.name = request->former_name;
    if (*request->former_name)
        task_ask (task, "keyring", &key.base, &ggen__key_show_reply__descriptor, on_former_key, NULL,
                  false);
    task_ask (task, "trust", &pins.base, &ggen__trust_list_reply__descriptor, on_pins, NULL, false);
    task_then (task, search);
}
