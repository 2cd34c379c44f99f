// SPDX-License-Identifier: MIT
#include "actors/registry/publication.h"

#include <inttypes.h>
#include <string.h>

#include "actors/registry/reply.h"
#include "messages/package_id.h"
#include "messages/record.h"
#include "messages/semver.h"
#include "message.h"

static bytes_t
bytes_of (ProtobufCBinaryData field)
{
    return (bytes_t) {field.data, field.len};
}

Ggen__Failure *
publication_check_shape (const Ggen__PublishRequest *request)
{
    const Ggen__Package *package = request->package;
    if (!package)
        return reply_failure (VALIDATION, "", "there is no package in the request");
    if (!package_id_valid (package->id))
        return reply_failure (VALIDATION, "an id is name, ns/name or @scope/name",
                              "'%.*s' is no package id", PACKAGE_ID_MAX, package->id);
    if (!semver_is_canonical (package->version))
        return reply_failure (VALIDATION, "a version is MAJOR.MINOR.PATCH (semver.org)",
                              "'%.*s' of %s is no version", SEMVER_TEXT_MAX, package->version,
                              package->id);
    if (package->sha256.len != DIGEST_SIZE)
        return reply_failure (VALIDATION, "", "%s@%s comes with a digest of %zu bytes, not %d",
                              package->id, package->version, package->sha256.len, DIGEST_SIZE);
    if (request->archive_path [0] != '/')
        return reply_failure (VALIDATION, "", "the archive's path '%s' is not absolute",
                              request->archive_path);
    if (package->head.len > 0 && package->record.len == 0)
        return reply_failure (VALIDATION, "", "%s@%s has a head but no signed release",
                              package->id, package->version);
    return NULL;
}

//  Two digests that should be one.
static Ggen__Failure *
digests_differ (const Ggen__Package *package, const char *what, ProtobufCBinaryData expected,
                ProtobufCBinaryData actual)
{
    digest_t digests [2];
    char hex [2] [DIGEST_HEX_SIZE + 1];
    if (digest_from_field (&digests [0], expected) != OK
        || digest_from_field (&digests [1], actual) != OK)
        return reply_failure (CHECKSUM_MISMATCH, "", "%s of %s@%s has no SHA-256", what,
                              package->id, package->version);
    digest_to_hex (&digests [0], hex [0]);
    digest_to_hex (&digests [1], hex [1]);
    Ggen__Failure *failure
        = reply_failure (CHECKSUM_MISMATCH, "", "%s of %s@%s has SHA-256 %s, not %s", what,
                         package->id, package->version, hex [1], hex [0]);
    reply_add_detail (failure, "expected", "%s", hex [0]);
    reply_add_detail (failure, "actual", "%s", hex [1]);
    return failure;
}

Ggen__Failure *
publication_check_archive (const Ggen__PublishRequest *request, const digest_t *digest,
                           uint64_t size_bytes)
{
    const Ggen__Package *package = request->package;
    digest_t found = *digest;
    if (size_bytes == package->size_bytes
        && message_same_bytes (digest_to_field (&found), package->sha256))
        return NULL;
    if (size_bytes == package->size_bytes)
        return digests_differ (package, request->archive_path, package->sha256,
                               digest_to_field (&found));
    Ggen__Failure *failure = reply_failure (
        CHECKSUM_MISMATCH, "", "%s of %s@%s has %" PRIu64 " bytes, not %" PRIu64,
        request->archive_path, package->id, package->version, size_bytes, package->size_bytes);
    reply_add_detail (failure, "expected", "%" PRIu64 " bytes", package->size_bytes);
    reply_add_detail (failure, "actual", "%" PRIu64 " bytes", size_bytes);
    return failure;
}

//  Opens a record and checks its signature.
static Ggen__Failure *
open_signed (const Ggen__Package *package, const char *what, ProtobufCBinaryData packed,
             const crypto_t *crypto, Ggen__SignedRecord **record_p)
{
    code_t code = record_open (record_p, bytes_of (packed));
    if (code != OK)
        return reply_failure (code, "", "the %s of %s@%s is no signed record", what, package->id,
                              package->version);
    code = record_check (*record_p, crypto->verify, NULL);
    if (code == OK)
        return NULL;
    record_destroy (record_p);
    return reply_failure (code, "", "the %s of %s@%s was not signed by the key it names", what,
                          package->id, package->version);
}

static Ggen__Failure *
check_release (const Ggen__PublishRequest *request, const Ggen__Release *release,
               const crypto_t *crypto)
{
    const Ggen__Package *package = request->package;
    if (strcmp (release->name, package->id) != 0
        || strcmp (release->version, package->version) != 0)
        return reply_failure (SECURITY, "", "the release of %s@%s signs %s@%s", package->id,
                              package->version, release->name, release->version);
    if (!message_same_bytes (release->sha256, package->sha256))
        return digests_differ (package, "the archive", release->sha256, package->sha256);
    if (release->size_bytes != package->size_bytes)
        return reply_failure (SECURITY, "",
                              "the release of %s@%s signs %" PRIu64 " bytes, the archive has %"
                              PRIu64, package->id, package->version, release->size_bytes,
                              package->size_bytes);
    if (request->manifest.len == 0)
        return NULL;
    digest_t manifest;
    crypto->sha256 (request->manifest.data, request->manifest.len, manifest.bytes);
    return message_same_bytes (release->manifest_sha256, digest_to_field (&manifest))
               ? NULL
               : digests_differ (package, "the manifest", release->manifest_sha256,
                                 digest_to_field (&manifest));
}

static Ggen__Failure *
keys_differ (const Ggen__Package *package, const char *what, ProtobufCBinaryData key,
             ProtobufCBinaryData signer)
{
    publisher_key_t keys [2];
    char text [2] [PUBLISHER_KEY_TEXT_SIZE + 1] = {"no key", "no key"};
    if (publisher_key_from_field (&keys [0], key) == OK)
        publisher_key_to_text (&keys [0], text [0]);
    if (publisher_key_from_field (&keys [1], signer) == OK)
        publisher_key_to_text (&keys [1], text [1]);
    return reply_failure (SECURITY, "", "%s of %s@%s is of %s, its release of %s", what,
                          package->id, package->version, text [0], text [1]);
}

static Ggen__Failure *
check_head (const Ggen__Package *package, const Ggen__Head *head)
{
    if (strcmp (head->name, package->id) != 0)
        return reply_failure (SECURITY, "", "the head of %s@%s is one of %s", package->id,
                              package->version, head->name);
    for (size_t i = 0; i < head->n_versions; i++) {
        const Ggen__HeadVersion *told = head->versions [i];
        if (strcmp (told->version, package->version) == 0
            && !message_same_bytes (told->sha256, package->sha256)) {
            Ggen__Failure *failure
                = digests_differ (package, "by its head, the archive", package->sha256,
                                  told->sha256);
            failure->code = SECURITY;
            return failure;
        }
    }
    return NULL;
}

static Ggen__Failure *
check_signed_head (const Ggen__Package *package, ProtobufCBinaryData signer,
                   const crypto_t *crypto)
{
    AUTO (record_destroy) Ggen__SignedRecord *record = NULL;
    AUTO (record_head_destroy) Ggen__Head *head = NULL;
    Ggen__Failure *failure = open_signed (package, "head", package->head, crypto, &record);
    if (failure)
        return failure;
    if (!message_same_bytes (record->key, signer))
        return keys_differ (package, "the head", record->key, signer);
    code_t code = record_head (&head, record);
    return code == OK ? check_head (package, head)
                      : reply_failure (code, "", "the head of %s@%s is not acceptable",
                                       package->id, package->version);
}

Ggen__Failure *
publication_check_records (const Ggen__PublishRequest *request, const crypto_t *crypto,
                           const char **format_p)
{
    const Ggen__Package *package = request->package;
    AUTO (record_destroy) Ggen__SignedRecord *record = NULL;
    AUTO (record_release_destroy) Ggen__Release *release = NULL;
    if (package->record.len == 0)
        return NULL;
    Ggen__Failure *failure = open_signed (package, "release", package->record, crypto, &record);
    if (failure)
        return failure;
    code_t code = record_release (&release, record);
    if (code != OK)
        return reply_failure (code, "", "the release of %s@%s is not acceptable", package->id,
                              package->version);
    *format_p = strcmp (release->archive_format, "tar.zst") == 0 ? "tar.zst" : "tar.gz";
    failure = check_release (request, release, crypto);
    if (!failure && package->publisher && package->publisher->public_key.len > 0
        && !message_same_bytes (package->publisher->public_key, record->key))
        failure = keys_differ (package, "the publisher", package->publisher->public_key,
                               record->key);
    if (!failure && package->head.len > 0)
        failure = check_signed_head (package, record->key, crypto);
    return failure;
}

Ggen__Failure *
publication_check_head (const Ggen__PutHeadRequest *request, const crypto_t *crypto)
{
    AUTO (record_destroy) Ggen__SignedRecord *record = NULL;
    AUTO (record_head_destroy) Ggen__Head *head = NULL;
    AUTO (record_rotation_destroy) Ggen__Rotation *rotation = NULL;
    if (!package_id_valid (request->id))
        return reply_failure (VALIDATION, "", "'%.*s' is no package id", PACKAGE_ID_MAX,
                              request->id);
    code_t code = record_open (&record, bytes_of (request->record));
    if (code == OK)
        code = record_check (record, crypto->verify, NULL);
    if (code == OK && record->kind == GGEN__RECORD_KIND__ROTATION)
        code = record_rotation (&rotation, record);
    else if (code == OK && record->kind == GGEN__RECORD_KIND__HEAD)
        code = record_head (&head, record);
    else if (code == OK)
        code = VALIDATION;
    if (code != OK)
        return reply_failure (code, "", "what is given for %s is no head or rotation of its signer",
                              request->id);
    if (head && strcmp (head->name, request->id) != 0)
        return reply_failure (SECURITY, "", "the head given for %s is one of %s", request->id,
                              head->name);
    return NULL;
}

owner_t
publication_owner (const Ggen__Package *package, publisher_key_t *key)
{
    ProtobufCBinaryData named = {0};
    AUTO (record_destroy) Ggen__SignedRecord *record = NULL;
    if (package->record.len > 0 && (record_open (&record, bytes_of (package->record)) != OK
                                    || record->kind != GGEN__RECORD_KIND__RELEASE))
        return OWNER_UNKNOWN;
    if (record)
        named = record->key;
    else if (package->publisher)
        named = package->publisher->public_key;
    return publisher_key_from_field (key, named) == OK ? OWNER_KEY : OWNER_NONE;
}

bool
publication_may_change (const Ggen__Package *stored, ProtobufCBinaryData key)
{
    publisher_key_t owner, caller;
    switch (publication_owner (stored, &owner)) {
        case OWNER_NONE:
            return true;
        case OWNER_KEY:
            return publisher_key_from_field (&caller, key) == OK
                   && publisher_key_equal (&owner, &caller);
        default:
            return false;
    }
}
