// SPDX-License-Identifier: MIT
#include "archive_source_io.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

//  Headers, padding and extended headers of one entry, generously: bounds the whole stream.
#define ENTRY_OVERHEAD_MAX 4096

struct archive_source {
    int fd;
    uint64_t at, size;
    uint64_t stream_left;           //  Uncompressed bytes that may still come
    expand_t *expand;
    tar_audit_t *audit;
    bytes_t input;
    bool ended;
    uint8_t in [ARCHIVE_SOURCE_IN_SIZE];
    uint8_t out [ARCHIVE_SOURCE_OUT_SIZE];
};

static code_t
refuse_cut (refusal_t *refusal)
{
    return refusal_set (refusal, REFUSED_MALFORMED, "", 0, "the archive is cut");
}

//  Input is empty: read more of the file. At its end the input stays empty.
static code_t
fill (archive_source_t *self, refusal_t *refusal)
{
    uint64_t left = self->size - self->at;
    size_t wanted = left < sizeof self->in ? (size_t) left : sizeof self->in;
    ssize_t got;
    do
        got = wanted ? pread (self->fd, self->in, wanted, (off_t) self->at) : 0;
    while (got == -1 && errno == EINTR);
    if (got == -1)
        return refusal_system (refusal, errno, "", "read the archive");
    self->input = (bytes_t) {self->in, (size_t) got};
    self->at += (uint64_t) got;
    return OK;
}

code_t
archive_source_new (int fd, uint64_t size_bytes, const archive_limits_t *limits,
                    archive_source_t **self_p, refusal_t *refusal)
{
    *self_p = NULL;
    if (size_bytes > limits->packed_bytes)
        return refusal_set (refusal, REFUSED_LIMITS, "", 0, "the archive is too large");
    archive_source_t *self = malloc (sizeof *self);
    if (!self)
        return INTERNAL;
    uint64_t unpacked_max = archive_limits_unpacked (limits, size_bytes);
    self->fd = fd;
    self->at = 0;
    self->size = size_bytes;
    self->stream_left =
        unpacked_max + (uint64_t) limits->entries * ENTRY_OVERHEAD_MAX + TAR_AUDIT_PADDING_MAX;
    self->expand = NULL;
    self->ended = false;
    self->audit = tar_audit_new (limits, unpacked_max);
    code_t code = self->audit ? fill (self, refusal) : INTERNAL;
    if (!code)
        code = expand_new (self->input.data, self->input.size, &self->expand, refusal);
    if (code)
        archive_source_destroy (&self);
    *self_p = self;
    return code;
}

void
archive_source_destroy (archive_source_t **self_p)
{
    archive_source_t *self = *self_p;
    if (!self)
        return;
    expand_destroy (&self->expand);
    tar_audit_destroy (&self->audit);
    free (self);
    *self_p = NULL;
}

//  Fill the output buffer, or reach the end.
static code_t
expand_some (archive_source_t *self, size_t *used, refusal_t *refusal)
{
    *used = 0;
    while (!self->ended && *used < sizeof self->out) {
        code_t code = self->input.size ? OK : fill (self, refusal);
        size_t had = self->input.size, more = 0;
        if (!code)
            code = expand_step (self->expand, &self->input, self->out + *used,
                                sizeof self->out - *used, &more, refusal);
        if (code)
            return code;
        *used += more;
        self->ended = expand_ended (self->expand);
        if (!self->ended && !more && !had)
            return refuse_cut (refusal);
    }
    return OK;
}

//  Also bytes that were not read yet may not follow the end.
static code_t
finish (archive_source_t *self, refusal_t *refusal)
{
    size_t used;
    code_t code = fill (self, refusal);
    if (!code)
        code = expand_step (self->expand, &self->input, self->out, 0, &used, refusal);
    return code ? code : tar_audit_end (self->audit, refusal);
}

code_t
archive_source_read (archive_source_t *self, bytes_t *piece, refusal_t *refusal)
{
    size_t used;
    code_t code = expand_some (self, &used, refusal);
    if (!code && used > self->stream_left)
        code = refusal_set (refusal, REFUSED_BOMB, "", 0,
                            "it unpacks to more than its size allows");
    if (!code)
        code = tar_audit_feed (self->audit, self->out, used, refusal);
    if (!code && !used)
        code = finish (self, refusal);
    self->stream_left -= code ? 0 : used;
    *piece = (bytes_t) {self->out, used};
    return code;
}

uint64_t
archive_source_position (const archive_source_t *self)
{
    return self->at;
}

tar_audit_totals_t
archive_source_totals (const archive_source_t *self)
{
    return tar_audit_totals (self->audit);
}
