// SPDX-License-Identifier: MIT
#include "blobs_self_io.h"

#include "blob_held_io.h"
#include "record_valid.h"
#include "sha256_io.h"
#include "transfer.pb-c.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert(PART_CHUNK_BYTES == RECORD_CHUNK_BYTES, "chunks are those of releases");

static code_t
bad_digest (const delivery_t *at)
{
    return out_fail (at, VALIDATION, "", "blobs: sha256 is not %d bytes", DIGEST_SIZE);
}

static code_t
fail_as (blobs_t *self, const delivery_t *at, const digest_t *digest,
         const blob_failure_t *failure)
{
    blobs_answer_failure (self, at->ticket, digest, failure);
    return OK;
}

//  ---- on a worker -------------------------------------------------------------------------------

//  What is wrong is thrown away: nobody knows which of its chunks it was.
static void
finish (blobs_work_t *work, const blob_watch_t *watch)
{
    char part[BLOB_PATH_MAX];
    part_path (work->store, &work->digest, part);
    work->code = blob_store_check (part, &work->digest, work->size_bytes, watch, &work->stamp,
                                   &work->failure);
    if (work->code == CHECKSUM_MISMATCH)
        part_drop (work->store, &work->digest);
    if (work->code == OK)
        work->code = blob_held_take (work->store, part, &work->digest, work->hold, work->path,
                                     &work->stamp, &work->failure);
    if (work->code == OK)
        part_forget_map (work->store, &work->digest);
}

void
blobs_part_run (blobs_work_t *work, const blob_watch_t *watch)
{
    if (work->task == BLOBS_PART_LOOK)
        work->code = blob_store_check (work->path, &work->digest, work->size_bytes, watch,
                                       &work->stamp, &work->failure);
    else if (work->task == BLOBS_PART_VERIFY)
        work->code = part_verify (work->store, &work->digest, work->size_bytes, work->digests,
                                  watch, work->bitmap, &work->failure);
    else
        finish (work, watch);
}

//  ---- opening -----------------------------------------------------------------------------------

static void
answer_opened (blobs_t *self, ticket_t ticket, uint64_t size_bytes, uint8_t *bitmap)
{
    Ggen__PartOpenReply reply = GGEN__PART_OPEN_REPLY__INIT;
    reply.bitmap = (ProtobufCBinaryData) {part_bitmap_bytes (size_bytes), bitmap};
    out_answer (self->out, ticket, &reply.base);
}

static void
answer_complete (blobs_t *self, ticket_t ticket, char *path)
{
    Ggen__PartOpenReply reply = GGEN__PART_OPEN_REPLY__INIT;
    reply.complete = true;
    reply.path = path;
    out_answer (self->out, ticket, &reply.base);
}

//  Have a part. Takes 'work', which knows what of.
static void
open_part (blobs_t *self, ticket_t ticket, blobs_work_t *work)
{
    bool trusted;
    blob_failure_t failure = {.code = OK};
    const digest_t digest = work->digest;
    code_t code = part_open (self->store, &digest, work->size_bytes, work->bitmap, &trusted,
                             &failure);
    //  Without digests there is no telling what of it is good.
    if (code == OK && !trusted && !work->digests) {
        part_drop (self->store, &digest);
        code = part_open (self->store, &digest, work->size_bytes, work->bitmap, &trusted, &failure);
    }
    if (code == OK && !trusted) {
        work->task = BLOBS_PART_VERIFY;
        code = blobs_start (self, ticket, work);
        if (code)
            out_refuse (self->out, ticket, code, "try again", "blobs: too much to verify");
        return;
    }
    if (code)
        blobs_answer_failure (self, ticket, &digest, &failure);
    else
        answer_opened (self, ticket, work->size_bytes, work->bitmap);
    blobs_work_destroy (&work);
}

static blobs_work_t *
open_work (const blobs_t *self, const Ggen__PartOpenRequest *ask, const digest_t *digest)
{
    blobs_work_t *work = blobs_work_new (self, BLOBS_PART_LOOK);
    if (!work)
        return NULL;
    work->digest = *digest;
    work->size_bytes = ask->size_bytes;
    if (ask->size_bytes <= BLOB_BYTES_MAX
        && ask->chunks.len == (size_t) part_chunks (ask->size_bytes) * DIGEST_SIZE) {
        work->digests = malloc (ask->chunks.len + 1);
        if (work->digests && ask->chunks.len > 0)
            memcpy (work->digests, ask->chunks.data, ask->chunks.len);
    }
    return work;
}

code_t
blobs_on_part_open (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    blobs_t *self = self_;
    const Ggen__PartOpenRequest *ask = (const void *) message;
    digest_t digest;
    blob_stamp_t stamp;
    if (digest_from_field (&digest, ask->sha256) != OK)
        return bad_digest (at);
    blobs_work_t *work = open_work (self, ask, &digest);
    if (!work)
        return BUSY;
    bool there = blob_held_restore (self->store, &digest)
                 && blob_store_look (self->store, &digest, ask->size_bytes, &stamp);
    if (!there) {
        open_part (self, at->ticket, work);
        return OK;
    }
    blob_store_path (self->store, &digest, work->path);
    if (!blobs_is_checked (self, &digest, &stamp))
        return blobs_start (self, at->ticket, work);
    if (blob_store_use (self->store, &digest, &stamp))
        blobs_remember (self, &digest, &stamp);
    answer_complete (self, at->ticket, work->path);
    blobs_work_destroy (&work);
    return OK;
}

//  A blob that turned out damaged goes, held or not, and is put together anew; so does one that the
//  disk does not give back. What cannot be read for another reason may be sound.
static void
after_look (blobs_t *self, ticket_t ticket, blobs_work_t *work)
{
    blob_failure_t failure;
    uint64_t freed_bytes;
    if (work->code == OK) {
        blobs_remember (self, &work->digest, &work->stamp);
        answer_complete (self, ticket, work->path);
        return;
    }
    if (work->code != CHECKSUM_MISMATCH && work->code != STORAGE) {
        blobs_answer_failure (self, ticket, &work->digest, &work->failure);
        return;
    }
    blobs_work_t *again = blobs_work_new (self, BLOBS_PART_LOOK);
    if (!again) {
        out_refuse (self->out, ticket, BUSY, "", "blobs: out of memory");
        return;
    }
    again->digest = work->digest;
    again->size_bytes = work->size_bytes;
    again->digests = work->digests;
    work->digests = NULL;
    (void) !blob_held_release (self->store, &work->digest, &failure);
    (void) !blob_store_remove (self->store, &work->digest, &freed_bytes, &failure);
    open_part (self, ticket, again);
}

void
blobs_part_done (blobs_t *self, ticket_t ticket, blobs_work_t *work)
{
    if (work->task == BLOBS_PART_LOOK)
        after_look (self, ticket, work);
    else if (work->code)
        blobs_answer_failure (self, ticket, &work->digest, &work->failure);
    else if (work->task == BLOBS_PART_VERIFY)
        answer_opened (self, ticket, work->size_bytes, work->bitmap);
    else {
        Ggen__PartFinishReply reply = GGEN__PART_FINISH_REPLY__INIT;
        if (!work->hold)
            blobs_remember (self, &work->digest, &work->stamp);
        reply.path = work->path;
        out_answer (self->out, ticket, &reply.base);
    }
}

//  ---- writing, finishing ------------------------------------------------------------------------

code_t
blobs_on_part_write (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    blobs_t *self = self_;
    const Ggen__PartWriteRequest *ask = (const void *) message;
    Ggen__PartWriteReply reply = GGEN__PART_WRITE_REPLY__INIT;
    blob_failure_t failure = {.code = OK};
    digest_t digest;
    if (digest_from_field (&digest, ask->sha256) != OK)
        return bad_digest (at);
    return part_write (self->store, &digest, ask->chunk, at->attachment, &failure) == OK
               ? out_reply (at, &reply.base)
               : fail_as (self, at, &digest, &failure);
}

code_t
blobs_on_part_finish (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    blobs_t *self = self_;
    const Ggen__PartFinishRequest *ask = (const void *) message;
    digest_t digest;
    if (digest_from_field (&digest, ask->sha256) != OK)
        return bad_digest (at);
    if (!part_complete (self->store, &digest, ask->size_bytes))
        return out_fail (at, STORAGE, "", "blobs: not all chunks of it are there");
    blobs_work_t *work = blobs_work_new (self, BLOBS_PART_FINISH);
    if (!work)
        return BUSY;
    work->digest = digest;
    work->size_bytes = ask->size_bytes;
    work->hold = ask->hold;
    part_path (self->store, &digest, work->path);
    return blobs_start (self, at->ticket, work);
}

code_t
blobs_on_part_drop (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    blobs_t *self = self_;
    Ggen__PartDropReply reply = GGEN__PART_DROP_REPLY__INIT;
    digest_t digest;
    if (digest_from_field (&digest, ((const Ggen__PartDropRequest *) message)->sha256) != OK)
        return bad_digest (at);
    part_drop (self->store, &digest);
    return out_reply (at, &reply.base);
}

//  ---- what is served ----------------------------------------------------------------------------

code_t
blobs_on_hold (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    blobs_t *self = self_;
    const Ggen__BlobHoldRequest *ask = (const void *) message;
    Ggen__BlobHoldReply reply = GGEN__BLOB_HOLD_REPLY__INIT;
    blob_failure_t failure = {.code = OK};
    digest_t digest;
    if (digest_from_field (&digest, ask->sha256) != OK)
        return bad_digest (at);
    code_t code = ask->release ? blob_held_release (self->store, &digest, &failure)
                               : blob_held_add (self->store, &digest, &failure);
    return code == OK ? out_reply (at, &reply.base) : fail_as (self, at, &digest, &failure);
}

static void
free_bytes (void *data, void *hint)
{
    (void) hint;
    free (data);
}

//  What comes is not checked here: who serves it knows what each chunk has to be.
code_t
blobs_on_read (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    blobs_t *self = self_;
    const Ggen__BlobReadRequest *ask = (const void *) message;
    Ggen__BlobReadReply reply = GGEN__BLOB_READ_REPLY__INIT;
    blob_failure_t failure = {.code = OK};
    digest_t digest;
    if (digest_from_field (&digest, ask->sha256) != OK)
        return bad_digest (at);
    if (ask->size_bytes == 0 || ask->size_bytes > PART_CHUNK_BYTES
        || ask->offset > BLOB_BYTES_MAX)
        return VALIDATION;
    AUTO (sha256_close) int file = blob_held_read (self->store, &digest, &failure);
    if (file < 0)
        return failure.code ? fail_as (self, at, &digest, &failure)
                            : out_fail (at, PACKAGE_NOT_FOUND, "", "there is no such blob");
    uint8_t *bytes = malloc (ask->size_bytes);
    if (!bytes)
        return BUSY;
    ssize_t count = part_read_at (file, bytes, ask->size_bytes, (off_t) ask->offset);
    if (count != (ssize_t) ask->size_bytes) {
        bool is_short = count >= 0;
        free (bytes);
        return out_fail (at, is_short ? PACKAGE_NOT_FOUND : STORAGE, "",
                         is_short ? "the blob is shorter" : "the blob cannot be read");
    }
    return out_reply_with (at, &reply.base, bytes, ask->size_bytes, free_bytes, NULL);
}
