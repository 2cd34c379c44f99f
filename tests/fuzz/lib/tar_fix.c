// SPDX-License-Identifier: MIT
#include "tar_fix.h"
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define BLOCK 512
#define SUM 148
#define SUM_SIZE 8
#define MAGIC 257
#define GZIP_BITS (MAX_WBITS + 16)

void
tar_fix (uint8_t *data, size_t size)
{
    for (; size >= BLOCK; data += BLOCK, size -= BLOCK) {
        if (memcmp (data + MAGIC, "ustar", 5))
            continue;
        memset (data + SUM, ' ', SUM_SIZE);
        unsigned sum = 0;
        for (size_t i = 0; i < BLOCK; i++)
            sum += data [i];
        snprintf ((char *) data + SUM, SUM_SIZE, "%06o", sum);
    }
}

uint8_t *
tar_gzip (const uint8_t *data, size_t size, size_t *packed_size)
{
    z_stream stream = {0};
    must_hold (deflateInit2 (&stream, 1, Z_DEFLATED, GZIP_BITS, 8, 0) == Z_OK);
    size_t room = deflateBound (&stream, size) + 32;
    uint8_t *packed = malloc (room);
    must_hold (packed != NULL);
    stream.next_in = (Bytef *) (uintptr_t) data;
    stream.avail_in = (uInt) size;
    stream.next_out = packed;
    stream.avail_out = (uInt) room;
    must_hold (deflate (&stream, Z_FINISH) == Z_STREAM_END);
    *packed_size = room - stream.avail_out;
    deflateEnd (&stream);
    return packed;
}
