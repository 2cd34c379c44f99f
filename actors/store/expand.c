// SPDX-License-Identifier: MIT
#define ZLIB_CONST
#include "expand.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

struct expand {
    z_stream gzip;
    ZSTD_DCtx *zstd;        //  NULL: gzip
    bool ended;
};

static const struct {
    const char *magic;
    size_t size;
    const char *name;
} foreign [] = {
    {"PK\x03\x04", 4, "a zip file"},      {"begin ", 6, "a uuencoded file"},
    {"\xfd"       "7zXZ", 5, "an xz file"},     {"BZh", 3, "a bzip2 file"},
    {"7z\xbc\xaf", 4, "a 7-Zip file"},    {"070701", 6, "a cpio archive"},
    {"070707", 6, "a cpio archive"},      {"!<arch>", 7, "an ar archive"},
    {"Rar!", 4, "a RAR file"},            {"\x04\x22\x4d\x18", 4, "an lz4 file"},
    {"xar!", 4, "a xar archive"},         {"MSCF", 4, "a cabinet file"},
};

static code_t
refuse_format (const uint8_t *head, size_t size, refusal_t *refusal)
{
    for (size_t i = 0; i < COUNT_OF (foreign); i++)
        if (size >= foreign [i].size && !memcmp (head, foreign [i].magic, foreign [i].size))
            return refusal_set (refusal, REFUSED_WRONG_FORMAT, "", 0,
                                "this is %s; a package is a .tar.gz or a .tar.zst",
                                foreign [i].name);
    return refusal_set (refusal, REFUSED_MALFORMED, "", 0, "neither gzip nor Zstandard");
}

static bool
start (expand_t *self, bool zstd)
{
    if (!zstd)
        return inflateInit2 (&self->gzip, MAX_WBITS + 16) == Z_OK;
    self->zstd = ZSTD_createDCtx ();
    return self->zstd
           && !ZSTD_isError (ZSTD_DCtx_setParameter (self->zstd, ZSTD_d_windowLogMax,
                                                     EXPAND_WINDOW_LOG_MAX));
}

code_t
expand_new (const uint8_t *head, size_t size, expand_t **self_p, refusal_t *refusal)
{
    *self_p = NULL;
    bool gzip = size >= 3 && head [0] == 0x1f && head [1] == 0x8b && head [2] == 8;
    bool zstd = size >= 4 && !memcmp (head, "\x28\xb5\x2f\xfd", 4);
    if (!gzip && !zstd)
        return refuse_format (head, size, refusal);
    expand_t *self = calloc (1, sizeof *self);
    if (self && !start (self, zstd))
        expand_destroy (&self);
    *self_p = self;
    return self ? OK : INTERNAL;
}

void
expand_destroy (expand_t **self_p)
{
    expand_t *self = *self_p;
    if (!self)
        return;
    inflateEnd (&self->gzip);
    ZSTD_freeDCtx (self->zstd);
    free (self);
    *self_p = NULL;
}

bool
expand_ended (const expand_t *self)
{
    return self->ended;
}

static code_t
step_gzip (expand_t *self, bytes_t *in, uint8_t *out, size_t room, size_t *used,
           refusal_t *refusal)
{
    z_stream *gzip = &self->gzip;
    assert (in->size <= UINT32_MAX && room <= UINT32_MAX);
    gzip->next_in = in->data;
    gzip->avail_in = (uInt) in->size;
    gzip->next_out = out;
    gzip->avail_out = (uInt) room;
    int result = inflate (gzip, Z_NO_FLUSH);
    *used = room - gzip->avail_out;
    *in = (bytes_t) {gzip->next_in, gzip->avail_in};
    self->ended = result == Z_STREAM_END;
    if (result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR)
        return OK;
    if (result == Z_MEM_ERROR)
        return INTERNAL;
    return refusal_set (refusal, REFUSED_MALFORMED, "", 0, "the gzip data are damaged (%s)",
                        gzip->msg ? gzip->msg : "a dictionary is asked for");
}

static code_t
step_zstd (expand_t *self, bytes_t *in, uint8_t *out, size_t room, size_t *used,
           refusal_t *refusal)
{
    ZSTD_inBuffer from = {in->data, in->size, 0};
    ZSTD_outBuffer to = {out, room, 0};
    size_t result = ZSTD_decompressStream (self->zstd, &to, &from);
    *used = to.pos;
    *in = (bytes_t) {in->data + from.pos, in->size - from.pos};
    if (ZSTD_isError (result))
        return refusal_set (refusal, REFUSED_MALFORMED, "", 0,
                            "the Zstandard data are damaged (%s)", ZSTD_getErrorName (result));
    self->ended = result == 0;
    return OK;
}

code_t
expand_step (expand_t *self, bytes_t *in, uint8_t *out, size_t room, size_t *used,
             refusal_t *refusal)
{
    *used = 0;
    code_t code = OK;
    if (!self->ended)
        code = self->zstd ? step_zstd (self, in, out, room, used, refusal)
                          : step_gzip (self, in, out, room, used, refusal);
    if (!code && self->ended && in->size)
        code = refusal_set (refusal, REFUSED_MALFORMED, "", 0,
                            "something follows the end of the compressed data");
    return code;
}
