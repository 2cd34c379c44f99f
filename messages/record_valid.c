// SPDX-License-Identifier: MIT
#include "record_valid.h"

#include "digest.h"
#include "package_id.h"
#include "publisher_key.h"
#include "semver_range.h"
#include "utf8.h"

#include <stdlib.h>
#include <string.h>

static int
by_text (const void *a, const void *b)
{
    return strcmp (*(const char *const *) a, *(const char *const *) b);
}

//  Sorts 'texts'.
static bool
are_unique (const char **texts, size_t count)
{
    qsort (texts, count, sizeof *texts, by_text);
    for (size_t i = 1; i < count; i++)
        if (strcmp (texts [i - 1], texts [i]) == 0)
            return false;
    return true;
}

static bool
is_digest (ProtobufCBinaryData field)
{
    return field.len == DIGEST_SIZE;
}

static bool
is_digest_or_none (ProtobufCBinaryData field)
{
    return field.len == 0 || field.len == DIGEST_SIZE;
}

static bool
is_key_or_none (ProtobufCBinaryData field)
{
    return field.len == 0 || field.len == PUBLISHER_KEY_SIZE;
}

static bool
is_range (const char *text)
{
    AUTO (semver_range_destroy) semver_range_t *range = NULL;
    return semver_range_parse (&range, text) == OK;
}

static bool
are_dependencies (Ggen__SignedDependency **dependencies, size_t count)
{
    const char *names [RECORD_DEPENDENCIES_MAX];
    if (count > RECORD_DEPENDENCIES_MAX)
        return false;
    for (size_t i = 0; i < count; i++) {
        const Ggen__SignedDependency *one = dependencies [i];
        if (!package_id_valid (one->name) || !is_range (one->requirement)
        ||  !is_key_or_none (one->publisher_key))
            return false;
        names [i] = one->name;
    }
    return are_unique (names, count);
}

//  The list is as long as the size asks for, to the byte.
static bool
are_chunks (const Ggen__Release *release)
{
    uint64_t count = release->chunks.len / DIGEST_SIZE;
    return release->chunk_bytes == RECORD_CHUNK_BYTES && release->size_bytes > 0
        && release->chunks.len % DIGEST_SIZE == 0
        && release->size_bytes / RECORD_CHUNK_BYTES
            + (release->size_bytes % RECORD_CHUNK_BYTES > 0) == count;
}

bool
record_valid_release (const Ggen__Release *release)
{
    return package_id_valid (release->name) && semver_is_canonical (release->version)
        && is_digest (release->sha256) && is_digest (release->files_sha256)
        && is_digest (release->manifest_sha256) && are_chunks (release)
        && release->files_count > 0 && release->unpacked_bytes <= RECORD_UNPACKED_MAX
        && release->published_at >= 0
        && (strcmp (release->archive_format, "tar.gz") == 0
            || strcmp (release->archive_format, "tar.zst") == 0)
        && are_dependencies (release->dependencies, release->n_dependencies);
}

static bool
is_reason (const char *text)
{
    return strnlen (text, RECORD_REASON_MAX + 1) <= RECORD_REASON_MAX && utf8_valid (text);
}

static bool
are_versions (Ggen__HeadVersion **versions, size_t count)
{
    const char *texts [RECORD_VERSIONS_MAX];
    if (count > RECORD_VERSIONS_MAX)
        return false;
    for (size_t i = 0; i < count; i++) {
        const Ggen__HeadVersion *one = versions [i];
        if (!semver_is_canonical (one->version) || !is_digest (one->sha256)
        ||  !is_reason (one->yank_reason) || !is_digest_or_none (one->release_sha256)
        ||  !is_key_or_none (one->release_key)
        ||  (one->release_key.len > 0 && one->release_sha256.len == 0))
            return false;
        texts [i] = one->version;
    }
    return are_unique (texts, count);
}

bool
record_valid_head (const Ggen__Head *head)
{
    return package_id_valid (head->name) && head->seq > 0
        && head->issued_at >= 0 && head->expires_at > head->issued_at
        && is_digest_or_none (head->recovery_sha256) && is_key_or_none (head->rotated_to)
        && are_versions (head->versions, head->n_versions);
}

bool
record_valid_rotation (const Ggen__Rotation *rotation)
{
    publisher_key_t former, next;
    return publisher_key_from_field (&former, rotation->former_key) == OK
        && publisher_key_from_field (&next, rotation->new_key) == OK
        && !publisher_key_equal (&former, &next)
        && rotation->seq > 0 && rotation->issued_at >= 0;
}
