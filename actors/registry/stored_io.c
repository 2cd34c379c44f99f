// SPDX-License-Identifier: MIT
#include "actors/registry/stored_io.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "actors/registry/archive_io.h"
#include "actors/registry/disk_io.h"
#include "actors/registry/publication.h"
#include "actors/registry/reply.h"

code_t
stored_read (stored_t *self, shelf_t *shelf, const char *id, const char *version)
{
    *self = (stored_t) {.package = NULL};
    code_t code = shelf_get (shelf, id, version, &self->package);
    if (code == OK
        && shelf_manifest (shelf, id, version, &self->manifest, &self->manifest_size,
                           &self->manifest_name)
               != OK)
        self->manifest = NULL;
    if (code == OK && shelf_minisig (shelf, id, version, &self->minisig) != OK)
        self->minisig = NULL;
    return code;
}

void
stored_clear (stored_t *self)
{
    if (self->package)
        ggen__package__free_unpacked (self->package, NULL);
    free (self->manifest);
    free (self->minisig);
    *self = (stored_t) {.package = NULL};
}

//  As if it came from its publisher now.
static Ggen__PublishRequest
request_of (const stored_t *self)
{
    Ggen__PublishRequest request = GGEN__PUBLISH_REQUEST__INIT;
    request.package = self->package;
    request.archive_path = self->package->location;
    if (self->manifest) {
        request.manifest = (ProtobufCBinaryData) {self->manifest_size, self->manifest};
        request.manifest_name = (char *) (uintptr_t) self->manifest_name;
    }
    return request;
}

Ggen__Failure *
stored_judge_records (stored_t *self, const crypto_t *crypto)
{
    const Ggen__PublishRequest request = request_of (self);
    return publication_check_records (&request, crypto, &self->format);
}

static Ggen__Failure *
unreadable (int error)
{
    return reply_failure (error == ECANCELED ? CANCELLED : disk_code (error), "",
                          "its archive cannot be read: %s",
                          error == EINVAL ? "it is no file" : strerror (error));
}

static Ggen__Failure *
judge_size (const stored_t *self)
{
    struct stat info;
    if (stat (self->package->location, &info) != 0)
        return unreadable (errno);
    if (!S_ISREG (info.st_mode))
        return unreadable (EINVAL);
    if ((uint64_t) info.st_size == self->package->size_bytes)
        return NULL;
    return reply_failure (CHECKSUM_MISMATCH, "", "its archive has %" PRIu64 " bytes, not %" PRIu64,
                          (uint64_t) info.st_size, self->package->size_bytes);
}

Ggen__Failure *
stored_judge (stored_t *self, const crypto_t *crypto, job_t *job)
{
    const Ggen__PublishRequest request = request_of (self);
    archive_t archive;
    Ggen__Failure *failure = publication_check_shape (&request);
    if (!failure)
        failure = publication_check_records (&request, crypto, &self->format);
    if (failure || !job)
        return failure ? failure : judge_size (self);
    int error = archive_read (&archive, request.archive_path, job);
    if (error != 0)
        return unreadable (error);
    if (!self->format)
        self->format = archive.format;
    return publication_check_archive (&request, &archive.digest, archive.size_bytes);
}
