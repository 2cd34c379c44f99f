// SPDX-License-Identifier: MIT
//  publish: read the manifest, look what is published already, pack, sign the release and a head
//  that tells of it, see that our own trust accepts them, hand all of it to the registry. And init.
#include "task.h"

#include "head.h"
#include "later.h"
#include "manifest.h"
#include "memory.h"
#include "publisher_key.h"
#include "package_id.h"
#include "record.h"
#include "record_valid.h"
#include "message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    Ggen__Package *package;
    Ggen__Manifest *manifest;
    Ggen__PackReply *packed;
    Ggen__ListVersionsReply *versions;
    Ggen__GetHeadsReply *records;   //  NULL: no registry keeps any
    Ggen__KeyInfo *key;
    Ggen__Head *head;               //  the newest of ours, or NULL
    char *minisig;                  //  for minisign(1), beside the archive
    Ggen__PublishReply *published;
    bool noted;                     //  it is, for a node that will tell the network
    bool again;                     //  the registry's own copy of these very bytes is no good
} publish_t;

static const Ggen__PublishTreeRequest *
request_of (const task_t *task)
{
    return (const Ggen__PublishTreeRequest *) (const void *) task->request;
}

static void
publish_free (void *more)
{
    publish_t *self = more;
    if (self->package)
        ggen__package__free_unpacked (self->package, NULL);
    if (self->manifest)
        ggen__manifest__free_unpacked (self->manifest, NULL);
    if (self->packed)
        ggen__pack_reply__free_unpacked (self->packed, NULL);
    if (self->versions)
        ggen__list_versions_reply__free_unpacked (self->versions, NULL);
    if (self->records)
        ggen__get_heads_reply__free_unpacked (self->records, NULL);
    if (self->key)
        ggen__key_info__free_unpacked (self->key, NULL);
    if (self->published)
        ggen__publish_reply__free_unpacked (self->published, NULL);
    record_head_destroy (&self->head);
    free (self->minisig);
    free (self);
}

static char *
copy_text (const char *text)
{
    return memory_strdup (text);
}

//  ---- the end -------------------------------------------------------------------------------------

static void
answer (task_t *task)
{
    publish_t *self = task->more;
    Ggen__PublishTreeReply reply = GGEN__PUBLISH_TREE_REPLY__INIT;
    reply.package = self->package;
    reply.files_count = self->packed->files_count;
    reply.unpacked_bytes = self->packed->unpacked_bytes;
    reply.dry_run = request_of (task)->dry_run;
    if (self->published) {
        task_take_warnings (task, self->published->warnings, self->published->n_warnings);
        reply.already_there = self->published->already_there;
        reply.location = self->published->location;
        reply.acknowledged = self->published->acknowledged;
    }
    reply.told_later = self->noted;
    reply.warnings = task->warnings;
    reply.n_warnings = task->warnings_count;
    task_answer (task, &reply.base);
}

//  It is published; who runs a node later does not have to remember it.
static void
note (task_t *task)
{
    publish_t *self = task->more;
    if (request_of (task)->n_registries == 0)
        later_note (task, self->package->id, self->package->version, &self->noted);
    task_then (task, answer);
}

static void
on_published (task_t *task, void *item, const answer_t *message)
{
    (void) item;
    ((publish_t *) task->more)->published = (Ggen__PublishReply *) message_copy (message->message);
    task->committed = true;
}

static void
hand_over (task_t *task)
{
    publish_t *self = task->more;
    Ggen__PublishRequest request = GGEN__PUBLISH_REQUEST__INIT;
    request.package = self->package;
    request.archive_path = self->packed->archive_path;
    request.manifest = self->manifest->content;
    request.manifest_name = self->manifest->name;
    request.force = request_of (task)->force;
    request.again = self->again;
    request.registries = request_of (task)->registries;
    request.n_registries = request_of (task)->n_registries;
    request.unannounced = request_of (task)->unannounced;
    request.unrecorded = request_of (task)->unrecorded;
    if (self->minisig)
        request.minisig = self->minisig;
    task_ask (task, "registry", &request.base, &ggen__publish_reply__descriptor, on_published, NULL,
              false);
    task_then (task, note);
}

//  What we ask of others we ask of ourselves: the record has to pass like a stranger's, and the
//  name is ours from now on.
static void
on_accepted (task_t *task, void *item, const answer_t *message)
{
    (void) item;
    const Ggen__CheckReleaseReply *reply = (const void *) message->message;
    task_take_warnings (task, reply->warnings, reply->n_warnings);
}

static void
check_ourselves (task_t *task)
{
    const publish_t *self = task->more;
    Ggen__CheckReleaseRequest check = GGEN__CHECK_RELEASE_REQUEST__INIT;
    check.record = self->package->record;
    check.name = self->package->id;
    check.version = self->package->version;
    check.publisher_key = self->key->public_key;
    check.head = self->package->head;
    check.pin = true;
    if (self->records) {
        check.records = self->records->records;
        check.n_records = self->records->n_records;
    }
    task_ask (task, "trust", &check.base, &ggen__check_release_reply__descriptor, on_accepted, NULL,
              false);
    task_then (task, hand_over);
}

//  ---- signing -------------------------------------------------------------------------------------

static void
on_signed (task_t *task, void *field, const answer_t *message)
{
    (void) task;
    head_set_bytes (field, ((const Ggen__SignReply *) (const void *) message->message)->record);
}

static void
ask_signature (task_t *task, Ggen__RecordKind kind, const ProtobufCMessage *payload,
               ProtobufCBinaryData *field)
{
    Ggen__SignRequest request = GGEN__SIGN_REQUEST__INIT;
    request.kind = kind;
    request.payload.len = protobuf_c_message_get_packed_size (payload);
    request.payload.data = memory_new (request.payload.len, 1);
    protobuf_c_message_pack (payload, request.payload.data);
    task_ask (task, "keyring", &request.base, &ggen__sign_reply__descriptor, on_signed, field, false);
    free (request.payload.data);
}

static void
on_minisigned (task_t *task, void *item, const answer_t *message)
{
    (void) item;
    publish_t *self = task->more;
    free (self->minisig);
    self->minisig = copy_text (((const Ggen__MinisignReply *) (const void *) message->message)->text);
}

//  For those who have the archive and minisign(1), but no ggen.
static void
sign_archive (task_t *task)
{
    const publish_t *self = task->more;
    char name [600], *slash;
    snprintf (name, sizeof name, "%s-%s.%s", self->package->id, self->package->version,
              self->packed->archive_format);
    while ((slash = strchr (name, '/')) != NULL)
        *slash = '-';
    Ggen__MinisignRequest request = GGEN__MINISIGN_REQUEST__INIT;
    request.path = self->packed->archive_path;
    request.sha256 = self->package->sha256;
    request.file_name = name;
    //  Longer names than a file may have are refused by the registry as well.
    if (strlen (name) <= 255)
        task_ask (task, "keyring", &request.base, &ggen__minisign_reply__descriptor, on_minisigned,
                  NULL, false);
}

//  All versions of ours that are published, and the new one.
static void
sign_head (task_t *task)
{
    publish_t *self = task->more;
    Ggen__Package *package = self->package;
    Ggen__Head *head = head_next (self->head, package->id, self->key,
                                  out_wall_ms (task->out) / 1000);
    head_list (head, package->version, package->sha256);
    if (record_valid_head (head))
        ask_signature (task, GGEN__RECORD_KIND__HEAD, &head->base, &package->head);
    else
        task_fail (task, VALIDATION, "", "%s has %zu versions, at most %d fit into its head",
                   head->name, head->n_versions, RECORD_VERSIONS_MAX);
    record_head_destroy (&head);
}

static void
sign (task_t *task)
{
    publish_t *self = task->more;
    Ggen__Package *package = self->package;
    Ggen__SignedDependency *dependencies = memory_new (package->n_dependencies, sizeof *dependencies);
    Ggen__SignedDependency **list = memory_new (package->n_dependencies, sizeof *list);
    Ggen__Release release = GGEN__RELEASE__INIT;
    uint8_t manifest_sha256 [CRYPTO_HASH_BYTES];
    task->crypto->sha256 (self->manifest->content.data, self->manifest->content.len, manifest_sha256);
    release.name = package->id;
    release.version = package->version;
    release.sha256 = package->sha256;
    release.size_bytes = package->size_bytes;
    release.chunk_bytes = RECORD_CHUNK_BYTES;
    release.chunks = self->packed->chunks;
    release.files_sha256 = self->packed->files_sha256;
    release.unpacked_bytes = self->packed->unpacked_bytes;
    release.files_count = self->packed->files_count;
    release.published_at = package->created_at;
    release.archive_format = self->packed->archive_format;
    release.manifest_sha256 = (ProtobufCBinaryData) {sizeof manifest_sha256, manifest_sha256};
    release.dependencies = list;
    for (size_t i = 0; i < package->n_dependencies; i++) {
        const Ggen__Dependency *dependency = package->dependencies [i];
        ggen__signed_dependency__init (&dependencies [i]);
        dependencies [i].name = dependency->name;
        dependencies [i].requirement = dependency->requirement;
        dependencies [i].optional = dependency->optional;
        dependencies [i].publisher_key = dependency->publisher_key;
        list [release.n_dependencies++] = &dependencies [i];
    }
    if (record_valid_release (&release)) {
        ask_signature (task, GGEN__RECORD_KIND__RELEASE, &release.base, &package->record);
        sign_head (task);
        sign_archive (task);
    }
    else
        task_fail (task, VALIDATION, "",
                   "%s %s cannot be signed: more than %d dependencies, or one is named twice",
                   package->id, package->version, RECORD_DEPENDENCIES_MAX);
    free (list);
    free (dependencies);
    task_then (task, check_ourselves);
}

//  ---- packing -------------------------------------------------------------------------------------

static const Ggen__Package *
published_version (const publish_t *self)
{
    for (size_t i = 0; i < self->versions->n_versions; i++)
        if (strcmp (self->versions->versions [i]->version, self->package->version) == 0)
            return self->versions->versions [i];
    return NULL;
}

static void
answer_unchanged (task_t *task)
{
    publish_t *self = task->more;
    self->published = memory_new (1, sizeof *self->published);
    ggen__publish_reply__init (self->published);
    self->published->already_there = true;
    self->published->location = copy_text (published_version (self)->location);
    answer (task);
}

static bool
is_ours (const publish_t *self, const Ggen__Package *old)
{
    return self->key && old->publisher
           && message_same_bytes (old->publisher->public_key, self->key->public_key);
}

//  Whoever publishes again what is published may do it because it cannot be had.
static void
decide_again (task_t *task)
{
    publish_t *self = task->more;
    if (self->again)
        sign (task);
    else
        answer_unchanged (task);
}

static void
on_checked (task_t *task, void *item, const answer_t *message)
{
    (void) item;
    publish_t *self = task->more;
    const char *id = self->package->id, *version = self->package->version;
    const Ggen__CheckVersionReply *reply = (const void *) message->message;
    const bool ours = is_ours (self, published_version (self));
    if (message->code == OK && *reply->fault) {
        self->again = ours;
        task_warn (task, "the registry's copy of %s %s is damaged: %s; %s", id, version, reply->fault,
                   ours ? "it is put again" : "only its publisher's key can put it again");
    }
    else if (message->code == PACKAGE_NOT_FOUND && ours) {
        self->again = request_of (task)->force;
        if (!self->again)
            task_warn (task, "%s %s is published, but not in the registry of this home; --force puts "
                             "it there", id, version);
    }
}

//  Unchanged, if our own registry has it whole; 'force' wants to know it exactly.
static void
check_copy (task_t *task)
{
    const publish_t *self = task->more;
    Ggen__CheckVersionRequest check = GGEN__CHECK_VERSION_REQUEST__INIT;
    check.id = self->package->id;
    check.version = self->package->version;
    check.sha256 = self->package->sha256;
    check.bytes = request_of (task)->force;
    task_ask (task, "registry_file", &check.base, &ggen__check_version_reply__descriptor,
              on_checked, NULL, true);
    task_then (task, decide_again);
}

static bool
goes_to_file (const task_t *task)
{
    const Ggen__PublishTreeRequest *request = request_of (task);
    bool goes = request->n_registries == 0;
    for (size_t i = 0; i < request->n_registries; i++)
        goes |= strcmp (request->registries [i], "file") == 0;
    return goes;
}

static void
decide (task_t *task)
{
    publish_t *self = task->more;
    const Ggen__Package *old = published_version (self);
    bool unchanged = old && message_same_bytes (old->sha256, self->package->sha256);
    if (unchanged && (request_of (task)->dry_run || !goes_to_file (task)))
        answer_unchanged (task);
    else if (unchanged)
        check_copy (task);
    else if (old && !request_of (task)->force)
        task_fail (task, ALREADY_EXISTS, "raise the version in the manifest, or use --version",
                   "%s %s is published already, with other bytes", self->package->id,
                   self->package->version);
    else if (request_of (task)->dry_run)
        answer (task);
    else
        sign (task);
}

static void
on_packed (task_t *task, void *item, const answer_t *message)
{
    (void) item;
    publish_t *self = task->more;
    self->packed = (Ggen__PackReply *) message_copy (message->message);
    head_set_bytes (&self->package->sha256, self->packed->sha256);
    self->package->size_bytes = self->packed->size_bytes;
    if (self->packed->files_count == 0)
        task_fail (task, VALIDATION, "", "there are no files to publish");
}

static void
pack (task_t *task)
{
    publish_t *self = task->more;
    const Ggen__PublishTreeRequest *asked = request_of (task);
    Ggen__PackRequest request = GGEN__PACK_REQUEST__INIT;
    request.path = asked->path;
    request.id = self->package->id;
    request.version = self->package->version;
    request.compression = asked->compression;
    request.dry_run = asked->dry_run;
    task->staged = !asked->dry_run;
    task_ask (task, "store", &request.base, &ggen__pack_reply__descriptor, on_packed, NULL, false);
    task_then (task, decide);
}

//  ---- what is known already -------------------------------------------------------------------------

//  The newest head of ours, wherever it lies: a seq never goes back.
static void
look_at_versions (task_t *task)
{
    publish_t *self = task->more;
    const char *id = self->package->id;
    for (size_t i = 0; self->key && i < self->versions->n_versions; i++) {
        const ProtobufCBinaryData *packed = &self->versions->versions [i]->head;
        head_take_newest (&self->head, (bytes_t) {packed->data, packed->len}, id,
                          self->key->public_key, task->crypto->verify);
    }
    for (size_t i = 0; self->key && self->records && i < self->records->n_records; i++) {
        const ProtobufCBinaryData *packed = &self->records->records [i];
        head_take_newest (&self->head, (bytes_t) {packed->data, packed->len}, id,
                          self->key->public_key, task->crypto->verify);
    }
    publisher_key_t successor;
    char text [PUBLISHER_KEY_TEXT_SIZE + 1];
    if (!self->head || publisher_key_from_field (&successor, self->head->rotated_to) != OK) {
        pack (task);
        return;
    }
    publisher_key_to_text (&successor, text);
    task_fail (task, PERMISSION_DENIED, "publish with that key", "your key has handed %s over to %s",
               id, text);
}

//  No registry has to keep heads by themselves.
static void
on_records (task_t *task, void *item, const answer_t *message)
{
    (void) item;
    publish_t *self = task->more;
    if (message->code == OK)
        self->records = (Ggen__GetHeadsReply *) message_copy (message->message);
}

static void
on_versions (task_t *task, void *item, const answer_t *message)
{
    (void) item;
    publish_t *self = task->more;
    self->versions = (Ggen__ListVersionsReply *) message_copy (message->message);
    if (!self->versions)
        task_fail (task, INTERNAL, "", "out of memory");
}

//  Who published a dependency is signed with the release, so it must not be what a registry merely
//  says: it is whom we trust with the name, else who signed what we were shown, else not known.
static void
on_dependency (task_t *task, void *item, const answer_t *message)
{
    const Ggen__PackageReply *reply = (const void *) message->message;
    Ggen__Dependency *dependency = item;
    const Ggen__Package *package = message->code == OK ? reply->package : NULL;
    Ggen__SignedRecord *record = NULL;
    if (package && package->publisher && package->record.len > 0
        && record_open (&record, (bytes_t) {package->record.data, package->record.len}) == OK
        && message_same_bytes (record->key, package->publisher->public_key)
        && record_check (record, task->crypto->verify, NULL) == OK)
        head_set_bytes (&dependency->publisher_key, record->key);
    record_destroy (&record);
}

static void
on_pins (task_t *task, void *item, const answer_t *message)
{
    (void) item;
    publish_t *self = task->more;
    const Ggen__TrustListReply *reply = (const void *) message->message;
    for (size_t i = 0; i < self->package->n_dependencies; i++)
        for (size_t j = 0; j < reply->n_pins; j++)
            if (strcmp (self->package->dependencies [i]->name, reply->pins [j]->name) == 0)
                head_set_bytes (&self->package->dependencies [i]->publisher_key, reply->pins [j]->key);
}

static void
ask_pins (task_t *task)
{
    publish_t *self = task->more;
    Ggen__TrustListRequest request = GGEN__TRUST_LIST_REQUEST__INIT;
    request.n_names = self->package->n_dependencies;
    request.names = memory_new (request.n_names, sizeof *request.names);
    for (size_t i = 0; i < request.n_names; i++)
        request.names [i] = self->package->dependencies [i]->name;
    if (request.n_names > 0)
        task_ask (task, "trust", &request.base, &ggen__trust_list_reply__descriptor, on_pins, NULL,
                  false);
    free (request.names);
    task_then (task, look_at_versions);
}

static void
on_key (task_t *task, void *item, const answer_t *message)
{
    (void) item;
    publish_t *self = task->more;
    if (message->code != OK) {
        if (!request_of (task)->dry_run)
            task_fail (task, message->code, message->failure->hint, "%s", message->failure->message);
        return;
    }
    const Ggen__KeyShowReply *reply = (const void *) message->message;
    if (!reply->key)
        return;
    self->key = (Ggen__KeyInfo *) message_copy (&reply->key->base);
    if (!self->package->publisher) {
        self->package->publisher = memory_new (1, sizeof *self->package->publisher);
        ggen__publisher__init (self->package->publisher);
    }
    head_set_bytes (&self->package->publisher->public_key, self->key->public_key);
}

static void
ask_around (task_t *task)
{
    publish_t *self = task->more;
    Ggen__KeyShowRequest key = GGEN__KEY_SHOW_REQUEST__INIT;
    Ggen__ListVersionsRequest versions = GGEN__LIST_VERSIONS_REQUEST__INIT;
    versions.id = self->package->id;
    task_ask (task, "keyring", &key.base, &ggen__key_show_reply__descriptor, on_key, NULL, true);
    task_ask (task, "registry", &versions.base, &ggen__list_versions_reply__descriptor, on_versions,
              NULL, false);
    Ggen__GetHeadsRequest records = GGEN__GET_HEADS_REQUEST__INIT;
    records.id = self->package->id;
    task_ask (task, "registry", &records.base, &ggen__get_heads_reply__descriptor, on_records, NULL,
              true);
    for (size_t i = 0; i < self->package->n_dependencies; i++) {
        Ggen__GetPackageRequest request = GGEN__GET_PACKAGE_REQUEST__INIT;
        request.id = self->package->dependencies [i]->name;
        task_ask (task, "registry", &request.base, &ggen__package_reply__descriptor, on_dependency,
                  self->package->dependencies [i], true);
    }
    task_then (task, ask_pins);
}

//  Beside the description, which the manifest's reader looks for, what a stranger wants to know.
static void
check_license (task_t *task)
{
    const publish_t *self = task->more;
    const Ggen__PublishTreeRequest *request = request_of (task);
    if (request->skip_verify || *self->package->license)
        return;
    if (request->strict)
        task_fail (task, VALIDATION, "name it as SPDX does: license = \"MIT\"",
                   "%s/%s: manifest: license: missing", request->path, self->manifest->name);
    else
        task_warn (task, "%s: license: missing", self->manifest->name);
}

static void
on_manifest (task_t *task, void *item, const answer_t *message)
{
    (void) item;
    publish_t *self = task->more;
    const Ggen__PublishTreeRequest *request = request_of (task);
    const Ggen__ReadManifestReply *reply = (const void *) message->message;
    if (!reply->manifest) {
        task_lacks_manifest (task, request->path);
        return;
    }
    self->manifest = (Ggen__Manifest *) message_copy (&reply->manifest->base);
    self->package = task_package_of (task, reply->manifest, request->path, request);
    if (!self->package)
        return;
    self->package->created_at = out_wall_ms (task->out) / 1000;
    check_license (task);
}

void
publish_start (task_t *task)
{
    const Ggen__PublishTreeRequest *request = request_of (task);
    task->more = memory_new (1, sizeof (publish_t));
    task->free_more = publish_free;
    Ggen__ReadManifestRequest read = GGEN__READ_MANIFEST_REQUEST__INIT;
    read.path = request->path;
    task_ask (task, "store", &read.base, &ggen__read_manifest_reply__descriptor, on_manifest, NULL,
              false);
    task_then (task, ask_around);
}

//  ---- init ----------------------------------------------------------------------------------------

//  The name asked for, or the directory's.
static const char *
init_name (const task_t *task)
{
    const Ggen__InitRequest *request = (const void *) task->request;
    const char *slash = strrchr (request->path, '/');
    return *request->name ? request->name : slash ? slash + 1 : request->path;
}

static void
on_written (task_t *task, void *item, const answer_t *message)
{
    (void) item;
    Ggen__InitReply reply = GGEN__INIT_REPLY__INIT;
    reply.path = ((const Ggen__WriteNewReply *) (const void *) message->message)->path;
    reply.name = (char *) init_name (task);
    task_answer (task, &reply.base);
}

static void
init_write (task_t *task)
{
    const Ggen__InitRequest *request = (const void *) task->request;
    if (!package_id_valid (init_name (task))) {
        task_fail (task, VALIDATION,
                   "choose one with --name: letters, digits, '.', '_', '-', at most 214 bytes",
                   "'%s' is no package id", init_name (task));
        return;
    }
    char path [4200];
    snprintf (path, sizeof path, "%s/%s", request->path, manifest_names [0]);
    char *text = manifest_init_text (init_name (task));
    Ggen__WriteNewRequest write = GGEN__WRITE_NEW_REQUEST__INIT;
    write.path = path;
    write.content = (ProtobufCBinaryData) {strlen (text), (uint8_t *) text};
    task_ask (task, "store", &write.base, &ggen__write_new_reply__descriptor, on_written, NULL,
              false);
    free (text);
}

//  A manifest of any name means that there is nothing to write.
static void
on_existing (task_t *task, void *item, const answer_t *message)
{
    (void) item;
    const Ggen__InitRequest *request = (const void *) task->request;
    const Ggen__ReadManifestReply *reply = (const void *) message->message;
    if (reply->manifest)
        task_fail (task, ALREADY_EXISTS, "edit that file", "%s/%s is there already", request->path,
                   reply->manifest->name);
}

void
init_start (task_t *task)
{
    const Ggen__InitRequest *request = (const void *) task->request;
    Ggen__ReadManifestRequest read = GGEN__READ_MANIFEST_REQUEST__INIT;
    read.path = request->path;
    //  One that does not parse is a failure, too: the file is there.
    task_ask (task, "store", &read.base, &ggen__read_manifest_reply__descriptor, on_existing, NULL,
              false);
    task_then (task, init_write);
}
