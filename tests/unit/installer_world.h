// SPDX-License-Identifier: MIT
//  The world of the installer, all of it made of tables: a registry, a trust, a keyring, a cache and
//  a store that answer in one thread. Records are signed for real.
#ifndef GGEN_INSTALLER_WORLD_H
#define GGEN_INSTALLER_WORLD_H

#include "tests/fake_port.h"

#include "actors/installer/installer.h"
#include "actors/installer/lockfile.h"
#include "cache.pb-c.h"
#include "installer.pb-c.h"
#include "many.h"
#include "many.pb-c.h"
#include "publisher.pb-c.h"
#include "record.h"
#include "registry.pb-c.h"
#include "message.h"
#include "state.pb-c.h"
#include "store.pb-c.h"
#include "trust.pb-c.h"
#include "upkeep.pb-c.h"

#include <sodium.h>
#include <stdio.h>

#define UNUSED __attribute__ ((unused))

#define WORLD_MAX 256
#define UNSIGNED  (-1)

typedef struct {
    Ggen__Package *package;
    uint8_t files_sha256 [CRYPTO_HASH_BYTES];
    char inside_id [64], inside_version [32];       //  what its manifest says
    bool lost;                                      //  no archive anywhere
} entry_t;

typedef struct {
    uint8_t public_key [32], secret [64];
} pair_t;

typedef struct {
    char *lock;
    uint8_t trees [WORLD_MAX] [CRYPTO_HASH_BYTES];
    size_t trees_count;
} generation_t;

typedef struct {
    fake_t fake;
    pair_t keys [4];
    int own_key;                    //  of the keyring; UNSIGNED: there is none

    entry_t entries [WORLD_MAX];
    size_t entries_count;

    struct { char name [64]; uint8_t key [32]; } pins [WORLD_MAX];
    size_t pins_count;
    const char *unsigned_registry;
    struct { char id [64]; ProtobufCBinaryData record; } heads [16];    //  put by themselves
    size_t heads_count;
    bool has_successor;             //  every name was handed over
    int former, successor;

    generation_t generations [32];
    uint64_t generations_count, current, lost_lock;
    uint8_t trees [WORLD_MAX] [CRYPTO_HASH_BYTES];   //  in the store
    size_t trees_count;
    uint8_t staged [WORLD_MAX] [CRYPTO_HASH_BYTES];
    size_t staged_count;
    const char *edited;             //  id whose tree a user edited
    struct { const char *path, *id, *version; } directories [4];
    const char *needs;              //  what the directories depend on

    //  What was asked.
    unsigned deletes;
    char followed [32];             //  version of the last check
    char fresh_checked [400];       //  names whose head has to be in date; of all checks, in order
    unsigned commits, activations, discards, flushes, prepares;
    unsigned fetches, unpacks, packs, publishes, pinned, pinnings,
        offline, manies, questions;
    size_t first_many;              //  archives that were asked for together first
    char order [1024];              //  of unpacking
    ProtobufCMessage **part;        //  where an answer goes that is one of many
    unsigned reindexed;
    const char *fault;              //  of what the file registry has; NULL: it is whole
    bool not_here, checked_bytes;   //  it has not the version; how it was looked at
    bool published_again;           //  by the last publish
    char noted [80];                //  for a node to tell: of the last, as ID@VERSION
    char swept [128], dropped [256];        //  generations; blobs, by their number

    //  Blobs in the cache: archives of these entries (number in 'entries'), and whether the file
    //  registry has lost its copy.
    size_t blobs [16], blobs_count;
    bool registry_lost [WORLD_MAX];

    const ProtobufCMessageDescriptor *hold;         //  requests that stay without an answer
    const fake_sent_t *held [64];
    size_t held_count;
    const ProtobufCMessageDescriptor *fail;         //  requests that fail
    code_t fail_code;

    uint64_t asked;                 //  the request the answer of which is awaited
    const ProtobufCMessageDescriptor *expect;
    ProtobufCMessage *reply;
    Ggen__Failure *failure;
    size_t replies;
    unsigned served;                //  of fake.sent
} world_t;

//  ---- small things --------------------------------------------------------------------------------

static UNUSED void
hash_text (const char *text, uint8_t hash [CRYPTO_HASH_BYTES])
{
    crypto_real.sha256 (text, strlen (text), hash);
}

static UNUSED ProtobufCBinaryData
bytes_new (const void *data, size_t size)
{
    ProtobufCBinaryData bytes = {size, malloc (size + 1)};
    memcpy (bytes.data, data, size);
    return bytes;
}

static UNUSED bool
is_same (ProtobufCBinaryData field, const uint8_t hash [CRYPTO_HASH_BYTES])
{
    return field.len == CRYPTO_HASH_BYTES && memcmp (field.data, hash, CRYPTO_HASH_BYTES) == 0;
}

static UNUSED bool
has_tree (uint8_t (*list) [CRYPTO_HASH_BYTES], size_t count, ProtobufCBinaryData tree)
{
    for (size_t i = 0; i < count; i++)
        if (is_same (tree, list [i]))
            return true;
    return false;
}

//  ---- signing -------------------------------------------------------------------------------------

static UNUSED ProtobufCBinaryData
sign_payload (const pair_t *pair, Ggen__RecordKind kind, bytes_t payload)
{
    uint8_t signature [64];
    size_t size;
    uint8_t *bytes = record_signing_bytes (kind, payload, &size);
    assert_non_null (bytes);
    crypto_sign_detached (signature, NULL, bytes, size, pair->secret);
    free (bytes);
    Ggen__SignedRecord record = GGEN__SIGNED_RECORD__INIT;
    record.kind = kind;
    record.payload = (ProtobufCBinaryData) {payload.size, (uint8_t *) (uintptr_t) payload.data};
    record.key = (ProtobufCBinaryData) {32, (uint8_t *) (uintptr_t) pair->public_key};
    record.signature = (ProtobufCBinaryData) {64, signature};
    ProtobufCBinaryData packed = {ggen__signed_record__get_packed_size (&record), NULL};
    packed.data = malloc (packed.len);
    ggen__signed_record__pack (&record, packed.data);
    return packed;
}

static UNUSED ProtobufCBinaryData
sign_message (const pair_t *pair, Ggen__RecordKind kind, const ProtobufCMessage *message)
{
    size_t size = protobuf_c_message_get_packed_size (message);
    uint8_t *payload = malloc (size + 1);
    protobuf_c_message_pack (message, payload);
    ProtobufCBinaryData record = sign_payload (pair, kind, (bytes_t) {payload, size});
    free (payload);
    return record;
}

static UNUSED ProtobufCBinaryData
sign_release (const pair_t *pair, const entry_t *entry)
{
    const Ggen__Package *package = entry->package;
    Ggen__Release release = GGEN__RELEASE__INIT;
    Ggen__SignedDependency dependencies [16], *list [16];
    uint8_t chunk [CRYPTO_HASH_BYTES] = {7};
    release.name = package->id;
    release.version = package->version;
    release.sha256 = package->sha256;
    release.size_bytes = package->size_bytes;
    release.chunk_bytes = 262144;
    release.chunks = (ProtobufCBinaryData) {sizeof chunk, chunk};
    release.files_sha256 =
        (ProtobufCBinaryData) {CRYPTO_HASH_BYTES, (uint8_t *) (uintptr_t) entry->files_sha256};
    release.unpacked_bytes = 10;
    release.files_count = 1;
    release.published_at = 1;
    release.archive_format = "tar.gz";
    release.manifest_sha256 = (ProtobufCBinaryData) {sizeof chunk, chunk};
    release.dependencies = list;
    for (size_t i = 0; i < package->n_dependencies; i++) {
        ggen__signed_dependency__init (&dependencies [i]);
        dependencies [i].name = package->dependencies [i]->name;
        dependencies [i].requirement = package->dependencies [i]->requirement;
        dependencies [i].optional = package->dependencies [i]->optional;
        dependencies [i].publisher_key = package->dependencies [i]->publisher_key;
        list [release.n_dependencies++] = &dependencies [i];
    }
    return sign_message (pair, GGEN__RECORD_KIND__RELEASE, &release.base);
}

//  ---- what there is -------------------------------------------------------------------------------

static UNUSED void
world_start (world_t *self)
{
    assert_true (sodium_init () >= 0);
    memset (self, 0, sizeof *self);
    for (uint8_t i = 0; i < 4; i++) {
        uint8_t seed [32] = {i, 1};
        crypto_sign_seed_keypair (self->keys [i].public_key, self->keys [i].secret, seed);
    }
    fake_start (&self->fake, &installer_actor, NULL);
}

static UNUSED void
world_forget (world_t *self)
{
    if (self->reply)
        protobuf_c_message_free_unpacked (self->reply, NULL);
    if (self->failure)
        ggen__failure__free_unpacked (self->failure, NULL);
    self->reply = NULL;
    self->failure = NULL;
}

static UNUSED void
world_stop (world_t *self)
{
    world_forget (self);
    fake_stop (&self->fake);
    for (size_t i = 0; i < self->entries_count; i++)
        ggen__package__free_unpacked (self->entries [i].package, NULL);
    for (size_t i = 0; i < self->heads_count; i++)
        free (self->heads [i].record.data);
    for (uint64_t i = 0; i <= self->generations_count; i++)
        free (self->generations [i].lock);
}

//  A published version. 'needs' is "name range, name range?, ..."; '?' makes it optional. 'key' signs.
static UNUSED entry_t *
world_add (world_t *self, const char *id, const char *version, const char *needs, int key)
{
    assert_true (self->entries_count < WORLD_MAX);
    entry_t *entry = &self->entries [self->entries_count];
    Ggen__Package *package = calloc (1, sizeof *package);
    char text [200];
    uint8_t hash [CRYPTO_HASH_BYTES];
    ggen__package__init (package);
    entry->package = package;
    package->id = strdup (id);
    package->version = strdup (version);
    package->source = strdup ("file");
    snprintf (text, sizeof text, "/reg/%zu", self->entries_count++);
    package->location = strdup (text);
    package->size_bytes = 100;
    snprintf (text, sizeof text, "%s %s archive %d", id, version, key);
    hash_text (text, hash);
    package->sha256 = bytes_new (hash, sizeof hash);
    snprintf (text, sizeof text, "%s %s files", id, version);
    hash_text (text, entry->files_sha256);
    strcpy (entry->inside_id, id);
    strcpy (entry->inside_version, version);
    package->dependencies = calloc (16, sizeof (void *));
    char *copy = strdup (needs), *rest = copy, *one;
    while ((one = strsep (&rest, ",")) != NULL && *one) {
        one += strspn (one, " ");
        char *name = strsep (&one, " ");
        Ggen__Dependency *dependency = calloc (1, sizeof *dependency);
        ggen__dependency__init (dependency);
        dependency->optional = one [strlen (one) - 1] == '?';
        dependency->name = strdup (name);
        dependency->requirement = strndup (one, strlen (one) - (dependency->optional ? 1 : 0));
        package->dependencies [package->n_dependencies++] = dependency;
    }
    free (copy);
    if (key != UNSIGNED) {
        package->publisher = calloc (1, sizeof *package->publisher);
        ggen__publisher__init (package->publisher);
        package->publisher->public_key = bytes_new (self->keys [key].public_key, 32);
        package->record = sign_release (&self->keys [key], entry);
    }
    return entry;
}

//  The same signed again, after something of it was changed.
static UNUSED void
world_sign_again (world_t *self, entry_t *entry, int key)
{
    free (entry->package->record.data);
    entry->package->record = sign_release (&self->keys [key], entry);
}

static UNUSED void
world_pin (world_t *self, const char *name, int key)
{
    strcpy (self->pins [self->pins_count].name, name);
    memcpy (self->pins [self->pins_count++].key, self->keys [key].public_key, 32);
}

static UNUSED const uint8_t *
pin_of (const world_t *self, const char *name)
{
    for (size_t i = 0; i < self->pins_count; i++)
        if (strcmp (self->pins [i].name, name) == 0)
            return self->pins [i].key;
    return NULL;
}

//  ---- answers: the registry -----------------------------------------------------------------------

//  Of many questions in one message: what is refused is left out.
static UNUSED void
refuse_it (world_t *self, const fake_sent_t *asked, code_t code, const char *text)
{
    if (!self->part)
        fake_answer_failure (&self->fake, asked, code, text);
}

static UNUSED void
give (world_t *self, const fake_sent_t *asked, const ProtobufCMessage *reply)
{
    if (self->part)
        *self->part = message_copy (reply);
    else
        fake_answer (&self->fake, asked, reply);
}

static UNUSED void
serve_versions (world_t *self, const fake_sent_t *asked, const ProtobufCMessage *message)
{
    const Ggen__ListVersionsRequest *request = (const void *) message;
    Ggen__ListVersionsReply reply = GGEN__LIST_VERSIONS_REPLY__INIT;
    Ggen__Package *list [WORLD_MAX];
    reply.versions = list;
    for (size_t i = 0; i < self->entries_count; i++)
        if (strcmp (self->entries [i].package->id, request->id) == 0)
            list [reply.n_versions++] = self->entries [i].package;
    give (self, asked, &reply.base);
}

static UNUSED void
serve_package (world_t *self, const fake_sent_t *asked, const char *id, const char *version)
{
    Ggen__PackageReply reply = GGEN__PACKAGE_REPLY__INIT;
    for (size_t i = 0; i < self->entries_count; i++)
        if (strcmp (self->entries [i].package->id, id) == 0
            && (!version || strcmp (self->entries [i].package->version, version) == 0))
            reply.package = self->entries [i].package;
    if (reply.package)
        fake_answer (&self->fake, asked, &reply.base);
    else
        refuse_it (self, asked, PACKAGE_NOT_FOUND, id);
}

static UNUSED void
serve_search (world_t *self, const fake_sent_t *asked, const ProtobufCMessage *message)
{
    const Ggen__SearchRequest *request = (const void *) message;
    Ggen__SearchReply reply = GGEN__SEARCH_REPLY__INIT;
    Ggen__Package *list [WORLD_MAX];
    reply.results = list;
    for (size_t i = 0; i < self->entries_count; i++)
        if (!*request->query || strncmp (self->entries [i].package->id, request->query, 3) == 0)
            if (reply.total++ >= request->offset && reply.n_results < request->limit)
                list [reply.n_results++] = self->entries [i].package;
    fake_answer (&self->fake, asked, &reply.base);
}

static UNUSED void
serve_publish (world_t *self, const fake_sent_t *asked, const ProtobufCMessage *message)
{
    const Ggen__PublishRequest *request = (const void *) message;
    Ggen__PublishReply reply = GGEN__PUBLISH_REPLY__INIT;
    entry_t *entry = &self->entries [self->entries_count++];
    memset (entry, 0, sizeof *entry);
    entry->package = (Ggen__Package *) message_copy (&request->package->base);
    self->publishes++;
    self->published_again = request->again;
    reply.location = "/reg/published";
    reply.acknowledged = 1;
    fake_answer (&self->fake, asked, &reply.base);
}

//  ---- answers: trust and keys -----------------------------------------------------------------------

//  First use pins when asked to; another key than the pinned one is refused. What is
//  accepted is answered when 'answers'.
static UNUSED bool
judge_check (world_t *self, const fake_sent_t *asked, const Ggen__CheckReleaseRequest *request,
             bool answers)
{
    if (request->require_fresh)
        snprintf (self->fresh_checked + strlen (self->fresh_checked),
                  sizeof self->fresh_checked - strlen (self->fresh_checked), "%s%s",
                  *self->fresh_checked ? " " : "", request->name);
    Ggen__CheckReleaseReply reply = GGEN__CHECK_RELEASE_REPLY__INIT;
    snprintf (self->followed, sizeof self->followed, "%s", request->version);
    if (request->record.len == 0) {
        if (!request->allow_unsigned)
            refuse_it (self, asked, MISSING_SIGNATURE, request->name);
        else if (answers)
            give (self, asked, &reply.base);
        return request->allow_unsigned;
    }
    bool accepted = false;
    Ggen__SignedRecord *record = NULL;
    Ggen__Release *release = NULL;
    const uint8_t *pin = pin_of (self, request->name);
    assert_int_equal (record_open (&record, (bytes_t) {request->record.data, request->record.len}),
                      OK);
    if (record_check (record, crypto_real.verify, NULL) != OK
        || record_release (&release, record) != OK || strcmp (release->name, request->name)
        || strcmp (release->version, request->version))
        refuse_it (self, asked, INVALID_SIGNATURE, request->name);
    else if ((pin && memcmp (pin, record->key.data, 32) != 0
              && !(self->has_successor
                   && memcmp (self->keys [self->successor].public_key, record->key.data, 32) == 0))
             || (request->publisher_key.len == 32
                 && memcmp (request->publisher_key.data, record->key.data, 32) != 0)
             || (!pin && request->n_rivals > 0))
        refuse_it (self, asked, UNTRUSTED_PUBLISHER, request->name);
    else {
        if (!pin && request->pin) {
            strcpy (self->pins [self->pins_count].name, request->name);
            memcpy (self->pins [self->pins_count++].key, record->key.data, 32);
            self->pinned++;
        }
        reply.publisher_key = record->key;
        reply.first_use = !pin;
        reply.release = release;
        accepted = true;
        if (answers)
            give (self, asked, &reply.base);
    }
    record_release_destroy (&release);
    record_destroy (&record);
    return accepted;
}

static UNUSED void
serve_pinning (world_t *self, const fake_sent_t *asked, const ProtobufCMessage *message)
{
    const Ggen__PinReleasesRequest *request = (const void *) message;
    Ggen__PinReleasesReply reply = GGEN__PIN_RELEASES_REPLY__INIT;
    for (size_t i = 0; i < request->n_releases; i++)
        if (!judge_check (self, asked, request->releases [i], false))
            return;
    self->pinnings++;
    fake_answer (&self->fake, asked, &reply.base);
}

static UNUSED void
serve_pins (world_t *self, const fake_sent_t *asked, const ProtobufCMessage *message)
{
    const Ggen__TrustListRequest *request = (const void *) message;
    Ggen__TrustListReply reply = GGEN__TRUST_LIST_REPLY__INIT;
    Ggen__TrustPin pins [WORLD_MAX], *list [WORLD_MAX];
    char *registries [] = {(char *) (uintptr_t) self->unsigned_registry};
    reply.pins = list;
    const bool all = request->n_names == 0;
    for (size_t i = 0; i < (all ? self->pins_count : request->n_names); i++) {
        const char *name = all ? self->pins [i].name : request->names [i];
        const uint8_t *key = pin_of (self, name);
        if (!key)
            continue;
        Ggen__TrustPin *pin = list [reply.n_pins] = &pins [reply.n_pins];
        reply.n_pins++;
        ggen__trust_pin__init (pin);
        pin->name = (char *) (uintptr_t) name;
        pin->key = (ProtobufCBinaryData) {32, (uint8_t *) (uintptr_t) key};
    }
    reply.unsigned_registries = registries;
    reply.n_unsigned_registries = self->unsigned_registry != NULL;
    fake_answer (&self->fake, asked, &reply.base);
}

//  The keys are "key-0" and so on; every other name is its own.
static UNUSED int
key_named (const world_t *self, const char *name)
{
    return strncmp (name, "key-", 4) == 0 ? name [4] - '0' : self->own_key;
}

static UNUSED void
serve_key (world_t *self, const fake_sent_t *asked, const ProtobufCMessage *message)
{
    int number = key_named (self, ((const Ggen__KeyShowRequest *) (const void *) message)->name);
    Ggen__KeyShowReply reply = GGEN__KEY_SHOW_REPLY__INIT;
    Ggen__KeyInfo key = GGEN__KEY_INFO__INIT;
    if (number == UNSIGNED) {
        refuse_it (self, asked, PACKAGE_NOT_FOUND, "there is no key");
        return;
    }
    key.public_key = (ProtobufCBinaryData) {32, self->keys [number].public_key};
    reply.key = &key;
    fake_answer (&self->fake, asked, &reply.base);
}

static UNUSED void
serve_minisign (world_t *self, const fake_sent_t *asked)
{
    Ggen__MinisignReply reply = GGEN__MINISIGN_REPLY__INIT;
    reply.text = "minisig\n";
    fake_answer (&self->fake, asked, &reply.base);
}

static UNUSED void
serve_heads (world_t *self, const fake_sent_t *asked, const ProtobufCMessage *message)
{
    const Ggen__GetHeadsRequest *request = (const void *) message;
    Ggen__GetHeadsReply reply = GGEN__GET_HEADS_REPLY__INIT;
    ProtobufCBinaryData list [COUNT_OF (self->heads)];
    reply.records = list;
    for (size_t i = 0; i < self->heads_count; i++)
        if (strcmp (self->heads [i].id, request->id) == 0)
            list [reply.n_records++] = self->heads [i].record;
    give (self, asked, &reply.base);
}

static UNUSED void
serve_put_head (world_t *self, const fake_sent_t *asked, const ProtobufCMessage *message)
{
    const Ggen__PutHeadRequest *request = (const void *) message;
    Ggen__PutHeadReply reply = GGEN__PUT_HEAD_REPLY__INIT;
    assert_true (self->heads_count < COUNT_OF (self->heads));
    strcpy (self->heads [self->heads_count].id, request->id);
    self->heads [self->heads_count++].record = bytes_new (request->record.data, request->record.len);
    reply.acknowledged = 1;
    fake_answer (&self->fake, asked, &reply.base);
}

static UNUSED void
serve_delete (world_t *self, const fake_sent_t *asked, const ProtobufCMessage *message)
{
    const Ggen__DeleteRequest *request = (const void *) message;
    Ggen__DeleteReply reply = GGEN__DELETE_REPLY__INIT;
    for (size_t i = 0; i < self->entries_count; i++) {
        Ggen__Package *package = self->entries [i].package;
        if (strcmp (package->id, request->id) || strcmp (package->version, request->version))
            continue;
        ggen__package__free_unpacked (package, NULL);
        self->entries [i] = self->entries [--self->entries_count];
        self->deletes++;
        fake_answer (&self->fake, asked, &reply.base);
        return;
    }
    refuse_it (self, asked, PACKAGE_NOT_FOUND, request->id);
}

//  A line as the test wants it: 'succeeds' has handed the name over to 'successor'.
static UNUSED void
serve_succession (world_t *self, const fake_sent_t *asked, const ProtobufCMessage *message)
{
    const Ggen__SuccessionRequest *request = (const void *) message;
    const uint8_t *pin = pin_of (self, request->name);
    Ggen__SuccessionReply reply = GGEN__SUCCESSION_REPLY__INIT;
    ProtobufCBinaryData former = {32, self->keys [self->former].public_key};
    reply.key = pin ? (ProtobufCBinaryData) {32, (uint8_t *) (uintptr_t) pin} : request->key;
    if (self->has_successor) {
        reply.key = (ProtobufCBinaryData) {32, self->keys [self->successor].public_key};
        reply.former_keys = &former;
        reply.n_former_keys = 1;
    }
    fake_answer (&self->fake, asked, &reply.base);
}

static UNUSED void
serve_sign (world_t *self, const fake_sent_t *asked, const ProtobufCMessage *message)
{
    const Ggen__SignRequest *request = (const void *) message;
    Ggen__SignReply reply = GGEN__SIGN_REPLY__INIT;
    reply.record = sign_payload (&self->keys [key_named (self, request->key_name)], request->kind,
                                 (bytes_t) {request->payload.data, request->payload.len});
    fake_answer (&self->fake, asked, &reply.base);
    free (reply.record.data);
}

//  ---- answers: cache and store ----------------------------------------------------------------------

static UNUSED void
serve_fetch (world_t *self, const fake_sent_t *asked, const ProtobufCMessage *message)
{
    const Ggen__FetchRequest *request = (const void *) message;
    Ggen__FetchReply reply = GGEN__FETCH_REPLY__INIT;
    char path [64];
    self->fetches++;
    self->offline += request->offline ? 1 : 0;
    for (size_t i = 0; i < self->entries_count; i++)
        if (self->entries [i].package->sha256.len == request->sha256.len
            && memcmp (self->entries [i].package->sha256.data, request->sha256.data,
                       request->sha256.len) == 0
            && !self->entries [i].lost) {
            snprintf (path, sizeof path, "/blob/%zu", i);
            reply.path = path;
            reply.source = "file";
            reply.size_bytes = self->entries [i].package->size_bytes;
            fake_answer (&self->fake, asked, &reply.base);
            return;
        }
    refuse_it (self, asked, ALL_PROVIDERS_FAILED, request->subject);
}

static UNUSED void
serve_unpack (world_t *self, const fake_sent_t *asked, const ProtobufCMessage *message)
{
    const Ggen__UnpackRequest *request = (const void *) message;
    Ggen__UnpackReply reply = GGEN__UNPACK_REPLY__INIT;
    Ggen__Manifest manifest = GGEN__MANIFEST__INIT;
    uint8_t files [CRYPTO_HASH_BYTES], archive [CRYPTO_HASH_BYTES];
    char json [256];
    size_t index = 0;
    self->unpacks++;
    if (sscanf (request->archive_path, "/blob/%zu", &index) == 1) {
        const entry_t *entry = &self->entries [index];
        memcpy (files, entry->files_sha256, sizeof files);
        memcpy (archive, entry->package->sha256.data, sizeof archive);
        snprintf (json, sizeof json, "{\"name\":\"%s\",\"version\":\"%s\"}", entry->inside_id,
                  entry->inside_version);
    }
    else {
        char text [128];
        assert_int_equal (sscanf (request->archive_path, "/packed/%zu", &index), 1);
        snprintf (text, sizeof text, "%s %s files", self->directories [index].id,
                  self->directories [index].version);
        hash_text (text, files);
        hash_text (self->directories [index].path, archive);
        snprintf (json, sizeof json, "{\"name\":\"%s\",\"version\":\"%s\"}",
                  self->directories [index].id, self->directories [index].version);
    }
    if (request->files_sha256.len > 0 && !is_same (request->files_sha256, files)) {
        refuse_it (self, asked, SECURITY, "other files than were signed");
        return;
    }
    snprintf (self->order + strlen (self->order), sizeof self->order - strlen (self->order), "%s ",
              request->subject);
    memcpy (self->staged [self->staged_count++], files, sizeof files);
    manifest.name = "package.json";
    manifest.json = json;
    reply.manifest = &manifest;
    reply.files_sha256 = (ProtobufCBinaryData) {sizeof files, files};
    reply.sha256 = (ProtobufCBinaryData) {sizeof archive, archive};
    reply.size_bytes = 100;
    fake_answer (&self->fake, asked, &reply.base);
}

//  In the world's order: those that are lost are left out.
static UNUSED void
serve_fetch_many (world_t *self, const fake_sent_t *asked, const ProtobufCMessage *message)
{
    const Ggen__FetchManyRequest *request = (const void *) message;
    Ggen__FetchReply fetched [MANY_FETCHES_MAX], *list [MANY_FETCHES_MAX];
    char paths [MANY_FETCHES_MAX] [64];
    Ggen__FetchManyReply reply = GGEN__FETCH_MANY_REPLY__INIT;
    assert_true (request->n_fetches <= MANY_FETCHES_MAX);
    reply.fetched = list;
    for (size_t i = 0; i < request->n_fetches; i++) {
        list [i] = &fetched [i];
        ggen__fetch_reply__init (list [i]);
        list [i]->size_bytes = 100;
        for (size_t j = 0; j < self->entries_count; j++)
            if (is_same (self->entries [j].package->sha256,
                         request->fetches [i]->sha256.data) && !self->entries [j].lost) {
                snprintf (paths [i], sizeof paths [i], "/blob/%zu", j);
                list [i]->path = paths [i];
            }
        reply.n_fetched++;
    }
    if (self->manies++ == 0)
        self->first_many = request->n_fetches;
    fake_answer (&self->fake, asked, &reply.base);
}

static UNUSED void
serve_unpack_many (world_t *self, const fake_sent_t *asked, const ProtobufCMessage *message)
{
    const Ggen__UnpackManyRequest *request = (const void *) message;
    Ggen__UnpackReply unpacked [MANY_UNPACKS_MAX], *list [MANY_UNPACKS_MAX];
    Ggen__Manifest manifests [MANY_UNPACKS_MAX];
    char json [MANY_UNPACKS_MAX] [256];
    Ggen__UnpackManyReply reply = GGEN__UNPACK_MANY_REPLY__INIT;
    assert_true (request->n_archives <= MANY_UNPACKS_MAX);
    reply.unpacked = list;
    for (size_t i = 0; i < request->n_archives; i++) {
        size_t index = 0;
        assert_int_equal (sscanf (request->archives [i]->archive_path, "/blob/%zu", &index), 1);
        entry_t *entry = &self->entries [index];
        list [reply.n_unpacked++] = &unpacked [i];
        ggen__unpack_reply__init (&unpacked [i]);
        ggen__manifest__init (&manifests [i]);
        snprintf (json [i], sizeof json [i], "{\"name\":\"%s\",\"version\":\"%s\"}",
                  entry->inside_id, entry->inside_version);
        manifests [i].name = "package.json";
        manifests [i].json = json [i];
        unpacked [i].manifest = &manifests [i];
        unpacked [i].files_sha256 = (ProtobufCBinaryData) {CRYPTO_HASH_BYTES, entry->files_sha256};
        memcpy (self->staged [self->staged_count++], entry->files_sha256, CRYPTO_HASH_BYTES);
        self->unpacks++;
    }
    fake_answer (&self->fake, asked, &reply.base);
}

static UNUSED void
serve_root (world_t *self, const fake_sent_t *asked, const ProtobufCMessage *message)
{
    const Ggen__ReadRootRequest *request = (const void *) message;
    Ggen__ReadRootReply reply = GGEN__READ_ROOT_REPLY__INIT;
    uint64_t numbers [32], wanted = request->generation ? request->generation : self->current;
    if (wanted > self->generations_count || (wanted && wanted == self->lost_lock)) {
        refuse_it (self, asked, PACKAGE_NOT_FOUND, "there is no such generation");
        return;
    }
    reply.current = self->current;
    reply.generation = wanted;
    reply.generations = numbers;
    for (uint64_t i = 1; i <= self->generations_count; i++)
        numbers [reply.n_generations++] = i;
    if (self->generations [wanted].lock)
        reply.lock = (ProtobufCBinaryData) {strlen (self->generations [wanted].lock),
                                            (uint8_t *) self->generations [wanted].lock};
    fake_answer (&self->fake, asked, &reply.base);
}

static UNUSED void
serve_has (world_t *self, const fake_sent_t *asked, const ProtobufCMessage *message)
{
    const Ggen__HasTreesRequest *request = (const void *) message;
    Ggen__HasTreesReply reply = GGEN__HAS_TREES_REPLY__INIT;
    uint32_t missing [WORLD_MAX], edited [WORLD_MAX];
    reply.missing = missing;
    reply.edited = edited;
    for (size_t i = 0; i < request->n_trees; i++) {
        const Ggen__Tree *tree = request->trees [i];
        bool is_edited = self->edited && strcmp (self->edited, tree->id) == 0;
        if (is_edited)
            edited [reply.n_edited++] = (uint32_t) i;
        if ((!has_tree (self->trees, self->trees_count, tree->files_sha256) || is_edited)
            && !has_tree (self->staged, self->staged_count, tree->files_sha256))
            missing [reply.n_missing++] = (uint32_t) i;
    }
    fake_answer (&self->fake, asked, &reply.base);
}

static UNUSED bool
take_trees (world_t *self, Ggen__Tree **trees, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool staged = has_tree (self->staged, self->staged_count, trees [i]->files_sha256);
        bool edited = self->edited && strcmp (self->edited, trees [i]->id) == 0;
        if (!staged && (edited || !has_tree (self->trees, self->trees_count, trees [i]->files_sha256)))
            return false;
        if (staged && edited)
            self->edited = NULL;
        if (staged)
            memcpy (self->trees [self->trees_count++], trees [i]->files_sha256.data,
                    CRYPTO_HASH_BYTES);
    }
    self->staged_count = 0;
    return true;
}

static UNUSED void
serve_commit (world_t *self, const fake_sent_t *asked, const ProtobufCMessage *message)
{
    const Ggen__CommitRequest *request = (const void *) message;
    Ggen__CommitReply reply = GGEN__COMMIT_REPLY__INIT;
    if (request->expected != self->current) {
        refuse_it (self, asked, BUSY, "another installation was faster");
        return;
    }
    if (!take_trees (self, request->trees, request->n_trees)) {
        refuse_it (self, asked, STORAGE, "a tree is not there");
        return;
    }
    generation_t *generation = &self->generations [++self->generations_count];
    generation->lock = strndup ((const char *) request->lock.data, request->lock.len);
    self->current = reply.generation = self->generations_count;
    self->commits++;
    fake_answer (&self->fake, asked, &reply.base);
}

static UNUSED void
serve_activate (world_t *self, const fake_sent_t *asked, const ProtobufCMessage *message)
{
    const Ggen__ActivateRequest *request = (const void *) message;
    Ggen__ActivateReply reply = GGEN__ACTIVATE_REPLY__INIT;
    if (!take_trees (self, request->trees, request->n_trees)) {
        refuse_it (self, asked, STORAGE, "a tree is not there");
        return;
    }
    reply.from_generation = self->current;
    self->current = reply.generation = request->generation;
    self->activations++;
    fake_answer (&self->fake, asked, &reply.base);
}

static UNUSED void
serve_trees (world_t *self, const fake_sent_t *asked, const ProtobufCMessage *message)
{
    const Ggen__CheckTreesRequest *request = (const void *) message;
    Ggen__CheckTreesReply reply = GGEN__CHECK_TREES_REPLY__INIT;
    Ggen__VerifyFinding finding = GGEN__VERIFY_FINDING__INIT, *list [] = {&finding};
    reply.findings = list;
    for (size_t i = 0; i < request->n_trees; i++) {
        reply.packages_count++;
        if (!self->edited || strcmp (self->edited, request->trees [i]->id) != 0)
            continue;
        finding.package = request->trees [i]->id;
        finding.path = "readme";
        reply.n_findings = 1;
    }
    fake_answer (&self->fake, asked, &reply.base);
}

static UNUSED void
serve_manifest (world_t *self, const fake_sent_t *asked, const ProtobufCMessage *message)
{
    const Ggen__ReadManifestRequest *request = (const void *) message;
    Ggen__ReadManifestReply reply = GGEN__READ_MANIFEST_REPLY__INIT;
    Ggen__Manifest manifest = GGEN__MANIFEST__INIT;
    char json [256];
    if (strcmp (request->path, "/broken") == 0) {
        refuse_it (self, asked, VALIDATION, "/broken/pack.toml:1:1: manifest");
        return;
    }
    for (size_t i = 0; i < COUNT_OF (self->directories); i++)
        if (self->directories [i].path && strcmp (self->directories [i].path, request->path) == 0) {
            snprintf (json, sizeof json,
                      "{\"name\":\"%s\",\"version\":\"%s\",\"description\":\"d\","
                      "\"dependencies\":{%s%s%s}}",
                      self->directories [i].id, self->directories [i].version,
                      self->needs ? "\"" : "", self->needs ? self->needs : "",
                      self->needs ? "\":\"*\"" : "");
            manifest.name = "package.json";
            manifest.json = json;
            manifest.content = (ProtobufCBinaryData) {strlen (json), (uint8_t *) json};
            reply.manifest = &manifest;
        }
    fake_answer (&self->fake, asked, &reply.base);
}

static UNUSED void
serve_pack (world_t *self, const fake_sent_t *asked, const ProtobufCMessage *message)
{
    const Ggen__PackRequest *request = (const void *) message;
    Ggen__PackReply reply = GGEN__PACK_REPLY__INIT;
    uint8_t hash [CRYPTO_HASH_BYTES], files [CRYPTO_HASH_BYTES];
    char text [128], path [64] = "";
    for (size_t i = 0; i < COUNT_OF (self->directories) && !request->dry_run; i++)
        if (self->directories [i].path && strcmp (self->directories [i].path, request->path) == 0)
            snprintf (path, sizeof path, "/packed/%zu", i);
    self->packs++;
    hash_text (request->path, hash);
    snprintf (text, sizeof text, "%s %s files", request->id, request->version);
    hash_text (text, files);
    reply.archive_path = path;
    reply.archive_format = "tar.gz";
    reply.sha256 = (ProtobufCBinaryData) {sizeof hash, hash};
    reply.chunks = reply.sha256;
    reply.files_sha256 = (ProtobufCBinaryData) {sizeof files, files};
    reply.size_bytes = 100;
    reply.files_count = 1;
    reply.unpacked_bytes = 10;
    fake_answer (&self->fake, asked, &reply.base);
}

static UNUSED void
serve_write_new (world_t *self, const fake_sent_t *asked, const ProtobufCMessage *message)
{
    Ggen__WriteNewReply reply = GGEN__WRITE_NEW_REPLY__INIT;
    reply.path = ((const Ggen__WriteNewRequest *) (const void *) message)->path;
    fake_answer (&self->fake, asked, &reply.base);
}

//  ---- answers: upkeep ---------------------------------------------------------------------------

static UNUSED void
serve_generations (world_t *self, const fake_sent_t *asked)
{
    Ggen__GenerationsReply reply = GGEN__GENERATIONS_REPLY__INIT;
    Ggen__Generation generations [32], *list [32];
    reply.current = self->current;
    reply.generations = list;
    for (uint64_t i = 1; i <= self->generations_count; i++) {
        Ggen__Generation *generation = &generations [reply.n_generations];
        ggen__generation__init (generation);
        generation->number = i;
        generation->created_at = (int64_t) (1000 + i);
        list [reply.n_generations++] = generation;
    }
    fake_answer (&self->fake, asked, &reply.base);
}

static UNUSED void
serve_sweep (world_t *self, const fake_sent_t *asked, const ProtobufCMessage *message)
{
    const Ggen__SweepRequest *request = (const void *) message;
    Ggen__SweepReply reply = GGEN__SWEEP_REPLY__INIT;
    for (size_t i = 0; i < request->n_generations; i++)
        snprintf (self->swept + strlen (self->swept), sizeof self->swept - strlen (self->swept),
                  "%s%llu", i ? " " : "", (unsigned long long) request->generations [i]);
    reply.generations = request->generations;
    reply.n_generations = request->n_generations;
    reply.instances_count = 2;
    reply.instances_bytes = 1000;
    reply.temporary_count = 1;
    reply.temporary_bytes = 10;
    fake_answer (&self->fake, asked, &reply.base);
}

static UNUSED void
serve_blob_list (world_t *self, const fake_sent_t *asked)
{
    Ggen__BlobListReply reply = GGEN__BLOB_LIST_REPLY__INIT;
    Ggen__BlobEntry blobs [16], *list [16];
    reply.blobs = list;
    for (size_t i = 0; i < self->blobs_count; i++) {
        ggen__blob_entry__init (&blobs [i]);
        blobs [i].sha256 = self->entries [self->blobs [i]].package->sha256;
        list [reply.n_blobs++] = &blobs [i];
    }
    fake_answer (&self->fake, asked, &reply.base);
}

static UNUSED size_t
blob_of (const world_t *self, ProtobufCBinaryData sha256)
{
    size_t at = 0;
    while (!is_same (sha256, self->entries [self->blobs [at]].package->sha256.data))
        assert_true (++at < self->blobs_count);
    return self->blobs [at];
}

static UNUSED void
serve_drop (world_t *self, const fake_sent_t *asked, const ProtobufCMessage *message)
{
    const Ggen__CacheDropRequest *request = (const void *) message;
    Ggen__CacheDropReply reply = GGEN__CACHE_DROP_REPLY__INIT;
    for (size_t i = 0; i < request->n_sha256; i++)
        snprintf (self->dropped + strlen (self->dropped),
                  sizeof self->dropped - strlen (self->dropped), "%s%s", i ? " " : "",
                  self->entries [blob_of (self, request->sha256 [i])].package->version);
    reply.blobs_count = (uint32_t) request->n_sha256;
    reply.freed_bytes = 100 * request->n_sha256;
    fake_answer (&self->fake, asked, &reply.base);
}

static UNUSED void
serve_archives (world_t *self, const fake_sent_t *asked, const ProtobufCMessage *message)
{
    const Ggen__HasArchivesRequest *request = (const void *) message;
    Ggen__HasArchivesReply reply = GGEN__HAS_ARCHIVES_REPLY__INIT;
    uint32_t found [16];
    reply.found = found;
    for (size_t i = 0; i < request->n_sha256; i++)
        if (!self->registry_lost [blob_of (self, request->sha256 [i])])
            found [reply.n_found++] = (uint32_t) i;
    fake_answer (&self->fake, asked, &reply.base);
}

static UNUSED void
serve_check_version (world_t *self, const fake_sent_t *asked, const ProtobufCMessage *message)
{
    Ggen__CheckVersionReply reply = GGEN__CHECK_VERSION_REPLY__INIT;
    self->checked_bytes = ((const Ggen__CheckVersionRequest *) (const void *) message)->bytes;
    if (self->fault)
        reply.fault = (char *) (uintptr_t) self->fault;
    if (self->not_here)
        refuse_it (self, asked, PACKAGE_NOT_FOUND, "it is not here");
    else
        fake_answer (&self->fake, asked, &reply.base);
}

static UNUSED void
serve_state_put (world_t *self, const fake_sent_t *asked, const ProtobufCMessage *message)
{
    const Ggen__StatePutRequest *request = (const void *) message;
    Ggen__StatePutReply reply = GGEN__STATE_PUT_REPLY__INIT;
    const ProtobufCBinaryData key = request->put [0]->key;
    const char *id = (const char *) key.data;
    snprintf (self->noted, sizeof self->noted, "%s@%.*s", id, (int) (key.len - strlen (id) - 1),
              id + strlen (id) + 1);
    fake_answer (&self->fake, asked, &reply.base);
}

static UNUSED bool
serve_upkeep (world_t *self, const fake_sent_t *asked, const ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *type = message->descriptor;
    if (type == &ggen__generations_request__descriptor)
        serve_generations (self, asked);
    else if (type == &ggen__sweep_request__descriptor)
        serve_sweep (self, asked, message);
    else if (type == &ggen__cache_list_request__descriptor)
        serve_blob_list (self, asked);
    else if (type == &ggen__cache_drop_request__descriptor)
        serve_drop (self, asked, message);
    else if (type == &ggen__has_archives_request__descriptor)
        serve_archives (self, asked, message);
    else if (type == &ggen__state_put_request__descriptor)
        serve_state_put (self, asked, message);
    else if (type == &ggen__check_version_request__descriptor)
        serve_check_version (self, asked, message);
    else if (type == &ggen__reindex_request__descriptor) {
        Ggen__ReindexReply reply = GGEN__REINDEX_REPLY__INIT;
        reply.packages_count = 7;
        self->reindexed++;
        fake_answer (&self->fake, asked, &reply.base);
    }
    else
        return false;
    return true;
}

//  ---- turning -------------------------------------------------------------------------------------

static void serve (world_t *self, const fake_sent_t *asked, const ProtobufCMessage *message);

static UNUSED void
serve_questions (world_t *self, const fake_sent_t *asked, const ProtobufCMessage *message,
                 const ProtobufCMessageDescriptor *type)
{
    ProtobufCMessage *replies [MANY_QUESTIONS_MAX] = {0};
    size_t count = many_count (message);
    assert_in_range (count, 1, MANY_QUESTIONS_MAX);
    self->questions++;
    for (size_t i = 0; i < count; i++) {
        self->part = &replies [i];
        serve (self, asked, many_at (message, i));
    }
    self->part = NULL;
    ProtobufCMessage *reply = many_replies (type, replies, count);
    fake_answer (&self->fake, asked, reply);
    many_free (&reply);
    for (size_t i = 0; i < count; i++)
        if (replies [i])
            protobuf_c_message_free_unpacked (replies [i], NULL);
}

static UNUSED void
serve (world_t *self, const fake_sent_t *asked, const ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *type = message->descriptor;
    if (type == &ggen__list_versions_request__descriptor)
        serve_versions (self, asked, message);
    else if (type == &ggen__get_package_request__descriptor)
        serve_package (self, asked, ((const Ggen__GetPackageRequest *) (const void *) message)->id,
                       NULL);
    else if (type == &ggen__get_package_version_request__descriptor) {
        const Ggen__GetPackageVersionRequest *request = (const void *) message;
        serve_package (self, asked, request->id, request->version);
    }
    else if (type == &ggen__search_request__descriptor)
        serve_search (self, asked, message);
    else if (type == &ggen__publish_request__descriptor)
        serve_publish (self, asked, message);
    else if (type == &ggen__check_release_request__descriptor)
        judge_check (self, asked, (const void *) message, true);
    else if (type == &ggen__pin_releases_request__descriptor)
        serve_pinning (self, asked, message);
    else if (type == &ggen__trust_list_request__descriptor)
        serve_pins (self, asked, message);
    else if (type == &ggen__key_show_request__descriptor)
        serve_key (self, asked, message);
    else if (type == &ggen__sign_request__descriptor)
        serve_sign (self, asked, message);
    else if (type == &ggen__minisign_request__descriptor)
        serve_minisign (self, asked);
    else if (type == &ggen__get_heads_request__descriptor)
        serve_heads (self, asked, message);
    else if (type == &ggen__put_head_request__descriptor)
        serve_put_head (self, asked, message);
    else if (type == &ggen__delete_request__descriptor)
        serve_delete (self, asked, message);
    else if (type == &ggen__succession_request__descriptor)
        serve_succession (self, asked, message);
    else if (type == &ggen__fetch_request__descriptor)
        serve_fetch (self, asked, message);
    else if (type == &ggen__unpack_request__descriptor)
        serve_unpack (self, asked, message);
    else if (type == &ggen__fetch_many_request__descriptor)
        serve_fetch_many (self, asked, message);
    else if (type == &ggen__unpack_many_request__descriptor)
        serve_unpack_many (self, asked, message);
    else if (type == &ggen__list_many_request__descriptor)
        serve_questions (self, asked, message, &ggen__list_many_reply__descriptor);
    else if (type == &ggen__heads_many_request__descriptor)
        serve_questions (self, asked, message, &ggen__heads_many_reply__descriptor);
    else if (type == &ggen__check_many_request__descriptor)
        serve_questions (self, asked, message, &ggen__check_many_reply__descriptor);
    else if (type == &ggen__read_root_request__descriptor)
        serve_root (self, asked, message);
    else if (type == &ggen__has_trees_request__descriptor)
        serve_has (self, asked, message);
    else if (type == &ggen__commit_request__descriptor)
        serve_commit (self, asked, message);
    else if (type == &ggen__activate_request__descriptor)
        serve_activate (self, asked, message);
    else if (type == &ggen__check_trees_request__descriptor)
        serve_trees (self, asked, message);
    else if (type == &ggen__read_manifest_request__descriptor)
        serve_manifest (self, asked, message);
    else if (type == &ggen__pack_request__descriptor)
        serve_pack (self, asked, message);
    else if (type == &ggen__write_new_request__descriptor)
        serve_write_new (self, asked, message);
    else if (type == &ggen__discard_request__descriptor) {
        Ggen__DiscardReply reply = GGEN__DISCARD_REPLY__INIT;
        self->discards++;
        self->staged_count = 0;
        fake_answer (&self->fake, asked, &reply.base);
    }
    else if (type == &ggen__prepare_request__descriptor) {
        Ggen__PrepareReply reply = GGEN__PREPARE_REPLY__INIT;
        self->prepares++;
        fake_answer (&self->fake, asked, &reply.base);
    }
    else if (type == &ggen__flush_request__descriptor) {
        Ggen__FlushReply reply = GGEN__FLUSH_REPLY__INIT;
        self->flushes++;
        fake_answer (&self->fake, asked, &reply.base);
    }
    else if (type == &ggen__installed_request__descriptor) {
        Ggen__InstalledReply reply = GGEN__INSTALLED_REPLY__INIT;
        fake_answer (&self->fake, asked, &reply.base);
    }
    else if (!serve_upkeep (self, asked, message))
        fail_msg ("nobody answers %s", type->short_name);
}

static const ProtobufCMessageDescriptor *const world_types [] = {
    &ggen__list_versions_request__descriptor, &ggen__get_package_request__descriptor,
    &ggen__get_package_version_request__descriptor, &ggen__search_request__descriptor,
    &ggen__publish_request__descriptor, &ggen__check_release_request__descriptor,
    &ggen__pin_releases_request__descriptor,
    &ggen__trust_list_request__descriptor, &ggen__key_show_request__descriptor,
    &ggen__sign_request__descriptor, &ggen__fetch_request__descriptor,
    &ggen__unpack_request__descriptor, &ggen__read_root_request__descriptor,
    &ggen__fetch_many_request__descriptor, &ggen__unpack_many_request__descriptor,
    &ggen__list_many_request__descriptor, &ggen__heads_many_request__descriptor,
    &ggen__check_many_request__descriptor,
    &ggen__has_trees_request__descriptor, &ggen__commit_request__descriptor,
    &ggen__activate_request__descriptor, &ggen__check_trees_request__descriptor,
    &ggen__read_manifest_request__descriptor, &ggen__pack_request__descriptor,
    &ggen__write_new_request__descriptor, &ggen__discard_request__descriptor,
    &ggen__flush_request__descriptor, &ggen__prepare_request__descriptor,
    &ggen__installed_request__descriptor, &ggen__generations_request__descriptor,
    &ggen__sweep_request__descriptor, &ggen__cache_list_request__descriptor,
    &ggen__cache_drop_request__descriptor, &ggen__has_archives_request__descriptor,
    &ggen__reindex_request__descriptor, &ggen__check_version_request__descriptor,
    &ggen__state_put_request__descriptor,
    &ggen__minisign_request__descriptor,
    &ggen__get_heads_request__descriptor, &ggen__put_head_request__descriptor,
    &ggen__delete_request__descriptor, &ggen__succession_request__descriptor};

static UNUSED void
serve_sent (world_t *self, fake_sent_t *sent)
{
    for (size_t i = 0; i < COUNT_OF (world_types); i++) {
        const ProtobufCMessageDescriptor *type = world_types [i];
        if (strcmp (type->short_name, sent->envelope->type) != 0)
            continue;
        if (!sent->message)
            sent->message = protobuf_c_message_unpack (type, NULL, sent->body_size, sent->body);
        if (type == self->fail)
            refuse_it (self, sent, self->fail_code, "as the test wants it");
        else
            serve (self, sent, sent->message);
        return;
    }
    fail_msg ("nobody knows %s", sent->envelope->type);
}

static UNUSED void
world_turn (world_t *self)
{
    for (; self->served < self->fake.sent_count; self->served++) {
        fake_sent_t *sent = &self->fake.sent [self->served];
        const Ggen__Envelope *envelope = sent->envelope;
        if (envelope->kind == GGEN__KIND__REPLY) {
            self->replies++;
            if (envelope->id != self->asked)
                continue;
            world_forget (self);
            if (strcmp (envelope->type, self->expect->short_name) == 0)
                self->reply = protobuf_c_message_unpack (self->expect, NULL, sent->body_size,
                                                         sent->body);
            else
                self->failure = ggen__failure__unpack (NULL, sent->body_size, sent->body);
        }
        else if (envelope->kind == GGEN__KIND__REQUEST && self->hold
                 && strcmp (envelope->type, self->hold->short_name) == 0)
            self->held [self->held_count++] = sent;
        else if (envelope->kind == GGEN__KIND__REQUEST)
            serve_sent (self, sent);
        else if (envelope->kind == GGEN__KIND__CANCEL) {
            for (size_t i = 0; i < self->held_count; i++)
                if (self->held [i] && self->held [i]->envelope->id == envelope->id) {
                    const fake_sent_t *held = self->held [i];
                    self->held [i] = NULL;
                    refuse_it (self, held, CANCELLED, "cancelled");
                }
        }
    }
}

//  Answer now what was held back.
static UNUSED void
world_release (world_t *self)
{
    self->hold = NULL;
    for (size_t i = 0; i < self->held_count; i++)
        if (self->held [i])
            serve_sent (self, (fake_sent_t *) (uintptr_t) self->held [i]);
    self->held_count = 0;
    world_turn (self);
}

//  Ask the installer; INTERNAL with no failure: it has not answered yet.
static UNUSED code_t
world_ask (world_t *self, const ProtobufCMessage *request, const ProtobufCMessageDescriptor *expect)
{
    world_forget (self);
    self->expect = expect;
    *self->order = 0;
    //  The answer may come before the call returns.
    self->asked = self->fake.next_id + 1;
    fake_request (&self->fake, "cli", request, 0);
    world_turn (self);
    return self->reply ? OK : self->failure ? self->failure->code : INTERNAL;
}

#endif
