// SPDX-License-Identifier: MIT
//  A host with a file registry in a directory of its own, a client that asks it, and packages that
//  are really signed.
#ifndef GGEN_REGISTRY_FILE_FIXTURE_H
#define GGEN_REGISTRY_FILE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sodium.h>
#include <sys/file.h>

#include "actors/registry/registry_file_io.h"
#include "messages/record.h"
#include "registry.pb-c.h"
#include "runtime/host/clock.h"
#include "runtime/host/frames.h"
#include "runtime/host/host.h"
#include "tests/temp_dir.h"

#include <czmq.h>

#define ANSWER_MS 20000
#define MANIFEST "name = \"x\"\n"

typedef struct {
    char base [TEMP_DIR_SIZE];          //  holds the registry and the archives
    char directory [80];
    unsigned lock_attempt_ms;           //  0 until a test sets it and restarts
    registry_file_settings_t settings;
    role_t role;
    host_t *host;
    zsock_t *dealer;
    uint64_t last_id;
    ProtobufCMessage *reply;            //  of the last ask; NULL: it failed
    Ggen__Failure *failure;             //  of the last ask; NULL: it succeeded
    Ggen__Progress *progress;           //  the last one heard
} fixture_t;

//  ---- the host

static inline void
forget (fixture_t *self)
{
    if (self->reply)
        protobuf_c_message_free_unpacked (self->reply, NULL);
    if (self->failure)
        ggen__failure__free_unpacked (self->failure, NULL);
    if (self->progress)
        ggen__progress__free_unpacked (self->progress, NULL);
    self->reply = NULL;
    self->failure = NULL;
    self->progress = NULL;
}

static inline void
stop (fixture_t *self)
{
    forget (self);
    zsock_destroy (&self->dealer);
    host_stop (&self->host);
}

static inline void
start (fixture_t *self, bool writable)
{
    char why [200] = "";
    self->settings = (registry_file_settings_t) {.directory = self->directory,
                                                 .writable = writable,
                                                 .lock_attempt_ms = self->lock_attempt_ms};
    self->role = (role_t) {NULL, &registry_file_actor, &self->settings};
    bus_setup_t setup
        = {.roles = &self->role, .roles_count = 1, .home = self->base, .version = "test"};
    assert_int_equal (host_start (&self->host, &setup, why, sizeof why), OK);
    self->dealer = zsock_new (ZMQ_DEALER);
    zsock_set_linger (self->dealer, 0);
    assert_int_equal (zsock_connect (self->dealer, "%s", host_endpoint (self->host)), 0);
}

static inline void
restart (fixture_t *self, bool writable)
{
    stop (self);
    start (self, writable);
}

static inline void
make_base (fixture_t *self)
{
    temp_dir_make (self->base);
    assert_int_equal (chmod (self->base, 0755), 0);
    snprintf (self->directory, sizeof self->directory, "%s/registry", self->base);
}

static inline int
setup (void **state)
{
    fixture_t *self = calloc (1, sizeof *self);
    host_init ();
    make_base (self);
    start (self, true);
    *state = self;
    return 0;
}

static inline int
teardown (void **state)
{
    fixture_t *self = *state;
    stop (self);
    temp_dir_remove (self->base);
    free (self);
    return 0;
}

//  A file's text, at most 4,095 bytes of it; NULL without a file. Lives until the next call.
static inline char *
read_file (const char *path)
{
    static char text [4096];
    FILE *in = fopen (path, "r");
    if (!in)
        return NULL;
    text [fread (text, 1, sizeof text - 1, in)] = 0;
    fclose (in);
    return text;
}

//  ---- asking

static inline uint64_t
post (fixture_t *self, Ggen__Kind kind, const ProtobufCMessage *body, uint64_t id)
{
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = kind;
    envelope.id = id ? id : ++self->last_id;
    envelope.from = (char *) "test";
    if (body)
        envelope.type = (char *) body->descriptor->short_name;
    envelope.sent_us = clock_us ();
    parcel_t parcel = {.to = "registry_file", .envelope = &envelope, .body = body};
    frames_t frames;
    frames_pack (&frames, &parcel);
    assert_int_equal (frames_send (&frames, zsock_resolve (self->dealer), 0), 0);
    return envelope.id;
}

//  Takes one message in; its kind. Fails the test when none comes.
static inline Ggen__Kind
hear (fixture_t *self, const ProtobufCMessageDescriptor *expect)
{
    frames_t frames;
    int64_t until_ms = clock_ms () + ANSWER_MS;
    while (frames_recv (&frames, zsock_resolve (self->dealer)) != OK) {
        zmq_pollitem_t item = {zsock_resolve (self->dealer), 0, ZMQ_POLLIN, 0};
        assert_true (clock_ms () < until_ms);
        zmq_poll (&item, 1, 100);
    }
    bytes_t packed = frames_bytes (&frames, 0), body = frames_bytes (&frames, 1);
    Ggen__Envelope *envelope = ggen__envelope__unpack (NULL, packed.size, packed.data);
    assert_non_null (envelope);
    Ggen__Kind kind = envelope->kind;
    if (kind == GGEN__KIND__PROGRESS) {
        if (self->progress)
            ggen__progress__free_unpacked (self->progress, NULL);
        self->progress = ggen__progress__unpack (NULL, body.size, body.data);
    } else if (kind == GGEN__KIND__REPLY && strcmp (envelope->type, "Failure") == 0)
        self->failure = ggen__failure__unpack (NULL, body.size, body.data);
    else if (kind == GGEN__KIND__REPLY) {
        assert_string_equal (envelope->type, expect->short_name);
        self->reply = protobuf_c_message_unpack (expect, NULL, body.size, body.data);
        assert_non_null (self->reply);
    }
    ggen__envelope__free_unpacked (envelope, NULL);
    frames_close (&frames);
    return kind;
}

//  Asks and waits; the reply, or NULL when it failed. It lives until the next ask.
static inline void *
ask (fixture_t *self, const ProtobufCMessage *request, const ProtobufCMessageDescriptor *expect)
{
    forget (self);
    post (self, GGEN__KIND__REQUEST, request, 0);
    while (hear (self, expect) != GGEN__KIND__REPLY)
        ;
    return self->reply;
}

static inline Ggen__SearchReply *
search (fixture_t *self, const char *query)
{
    Ggen__SearchRequest request = GGEN__SEARCH_REQUEST__INIT;
    request.query = (char *) query;
    request.limit = 20;
    return ask (self, &request.base, &ggen__search_reply__descriptor);
}

static inline Ggen__Package *
get (fixture_t *self, const char *id)
{
    Ggen__GetPackageRequest request = GGEN__GET_PACKAGE_REQUEST__INIT;
    request.id = (char *) id;
    Ggen__PackageReply *reply = ask (self, &request.base, &ggen__package_reply__descriptor);
    return reply ? reply->package : NULL;
}

static inline Ggen__Package *
get_version (fixture_t *self, const char *id, const char *version)
{
    Ggen__GetPackageVersionRequest request = GGEN__GET_PACKAGE_VERSION_REQUEST__INIT;
    request.id = (char *) id;
    request.version = (char *) version;
    Ggen__PackageReply *reply = ask (self, &request.base, &ggen__package_reply__descriptor);
    return reply ? reply->package : NULL;
}

//  "1.0.0 1.1.0 "
static inline const char *
versions (fixture_t *self, const char *id)
{
    static char text [4096];
    size_t used = 0;
    Ggen__ListVersionsRequest request = GGEN__LIST_VERSIONS_REQUEST__INIT;
    request.id = (char *) id;
    Ggen__ListVersionsReply *reply
        = ask (self, &request.base, &ggen__list_versions_reply__descriptor);
    assert_non_null (reply);
    text [0] = 0;
    for (size_t i = 0; i < reply->n_versions; i++)
        used += (size_t) snprintf (text + used, sizeof text - used, "%s ",
                                   reply->versions [i]->version);
    return text;
}

static inline bool
exists (fixture_t *self, const char *id)
{
    Ggen__ExistsRequest request = GGEN__EXISTS_REQUEST__INIT;
    request.id = (char *) id;
    Ggen__ExistsReply *reply = ask (self, &request.base, &ggen__exists_reply__descriptor);
    assert_non_null (reply);
    return reply->exists;
}

static inline Ggen__MetadataReply *
metadata (fixture_t *self)
{
    Ggen__MetadataRequest request = GGEN__METADATA_REQUEST__INIT;
    Ggen__MetadataReply *reply = ask (self, &request.base, &ggen__metadata_reply__descriptor);
    assert_non_null (reply);
    return reply;
}

static inline bool
delete (fixture_t *self, const char *id, const char *version, const uint8_t *key)
{
    Ggen__DeleteRequest request = GGEN__DELETE_REQUEST__INIT;
    request.id = (char *) id;
    request.version = (char *) version;
    if (key)
        request.publisher_key = (ProtobufCBinaryData) {32, (uint8_t *) key};
    return ask (self, &request.base, &ggen__delete_reply__descriptor) != NULL;
}

static inline code_t
failure_code (const fixture_t *self)
{
    assert_non_null (self->failure);
    return self->failure->code;
}

//  ---- packages

typedef struct {
    uint8_t public [32];
    uint8_t secret [64];
} signer_t;

static inline signer_t
make_signer (uint8_t number)
{
    signer_t self;
    uint8_t seed [32] = {number};
    crypto_sign_seed_keypair (self.public, self.secret, seed);
    return self;
}

static inline ProtobufCBinaryData
pack (const ProtobufCMessage *message)
{
    ProtobufCBinaryData packed = {protobuf_c_message_get_packed_size (message), NULL};
    packed.data = malloc (packed.len + 1);
    assert_non_null (packed.data);
    protobuf_c_message_pack (message, packed.data);
    return packed;
}

//  A packed SignedRecord.
static inline ProtobufCBinaryData
sign (const signer_t *signer, Ggen__RecordKind kind, const ProtobufCMessage *message)
{
    size_t size;
    uint8_t signature [64];
    ProtobufCBinaryData payload = pack (message);
    uint8_t *bytes = record_signing_bytes (kind, (bytes_t) {payload.data, payload.len}, &size);
    assert_non_null (bytes);
    crypto_sign_detached (signature, NULL, bytes, size, signer->secret);
    free (bytes);
    Ggen__SignedRecord record = GGEN__SIGNED_RECORD__INIT;
    record.kind = kind;
    record.payload = payload;
    record.key = (ProtobufCBinaryData) {32, (uint8_t *) signer->public};
    record.signature = (ProtobufCBinaryData) {64, signature};
    ProtobufCBinaryData packed = pack (&record.base);
    free (payload.data);
    return packed;
}

//  A publication in the making: change it, sign it, send it, drop it.
typedef struct {
    Ggen__PublishRequest request;
    Ggen__Package package;
    Ggen__Release release;
    uint8_t digest [32], manifest_digest [32];
    char path [128];
} draft_t;

static inline void
write_file (const char *path, const void *data, size_t size)
{
    FILE *out = fopen (path, "w");
    assert_non_null (out);
    assert_int_equal (fwrite (data, 1, size, out), size);
    assert_int_equal (fclose (out), 0);
}

//  The archive is the text 'content', in a file of its own. Texts are borrowed.
static inline void
draft (fixture_t *self, draft_t *draft, const char *id, const char *version, const char *content)
{
    static unsigned number;
    *draft = (draft_t) {.request = GGEN__PUBLISH_REQUEST__INIT,
                        .package = GGEN__PACKAGE__INIT,
                        .release = GGEN__RELEASE__INIT};
    snprintf (draft->path, sizeof draft->path, "%s/%d-%u.tar.gz", self->base, (int) getpid (),
              number++);
    write_file (draft->path, content, strlen (content));
    crypto_hash_sha256 (draft->digest, (const uint8_t *) content, strlen (content));
    crypto_hash_sha256 (draft->manifest_digest, (const uint8_t *) MANIFEST, strlen (MANIFEST));
    draft->package.id = (char *) id;
    draft->package.version = (char *) version;
    draft->package.sha256 = (ProtobufCBinaryData) {32, draft->digest};
    draft->package.size_bytes = strlen (content);
    draft->request.package = &draft->package;
    draft->request.archive_path = draft->path;
    draft->request.manifest = (ProtobufCBinaryData) {strlen (MANIFEST), (uint8_t *) MANIFEST};
    draft->request.manifest_name = (char *) "gpack.toml";
    draft->release.name = (char *) id;
    draft->release.version = (char *) version;
    draft->release.sha256 = draft->release.files_sha256 = draft->release.chunks
        = draft->package.sha256;
    draft->release.manifest_sha256 = (ProtobufCBinaryData) {32, draft->manifest_digest};
    draft->release.size_bytes = strlen (content);
    draft->release.chunk_bytes = 262144;
    draft->release.unpacked_bytes = 10;
    draft->release.files_count = 1;
    draft->release.published_at = 1763600000;
    draft->release.archive_format = (char *) "tar.gz";
}

static inline void
sign_draft (draft_t *draft, const signer_t *signer)
{
    free (draft->package.record.data);
    draft->package.record = sign (signer, GGEN__RECORD_KIND__RELEASE, &draft->release.base);
}

//  Publishes and drops the draft; the reply, or NULL.
static inline Ggen__PublishReply *
send_draft (fixture_t *self, draft_t *draft)
{
    void *reply = ask (self, &draft->request.base, &ggen__publish_reply__descriptor);
    free (draft->package.record.data);
    free (draft->package.head.data);
    unlink (draft->path);
    return reply;
}

//  Unsigned.
static inline Ggen__PublishReply *
publish (fixture_t *self, const char *id, const char *version, const char *content)
{
    draft_t made;
    draft (self, &made, id, version, content);
    return send_draft (self, &made);
}

static inline Ggen__PublishReply *
publish_signed (fixture_t *self, const char *id, const char *version, const char *content,
                const signer_t *signer)
{
    draft_t made;
    draft (self, &made, id, version, content);
    sign_draft (&made, signer);
    return send_draft (self, &made);
}

#endif
