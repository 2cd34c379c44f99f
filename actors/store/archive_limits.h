// SPDX-License-Identifier: MIT
//  What a package archive may hold. One set of numbers for packing and unpacking, so that whatever
//  can be published can be installed.
#ifndef GGEN_ARCHIVE_LIMITS_H
#define GGEN_ARCHIVE_LIMITS_H

#include <stdint.h>

typedef struct {
    uint64_t packed_bytes;          //  Size of the archive itself
    uint64_t unpacked_bytes;        //  Sum of the sizes of its files, never more than this
    uint64_t unpacked_floor_bytes;  //  This much may be unpacked whatever the ratio is
    uint32_t ratio;                 //  Above the floor: unpacked <= ratio * packed
    uint32_t entries;               //  Files and directories named in the archive
    uint32_t path_bytes;            //  Of a whole path, the top directory included
    uint32_t depth;                 //  Components of a path below the top directory
    uint32_t manifest_bytes;        //  Of a manifest file
} archive_limits_t;

#define ARCHIVE_LIMITS_DEFAULT                                                                     \
    {                                                                                              \
        .packed_bytes = 100u << 20, .unpacked_bytes = 512u << 20,                                  \
        .unpacked_floor_bytes = 16u << 20, .ratio = 20, .entries = 50000, .path_bytes = 1024,      \
        .depth = 64, .manifest_bytes = 1u << 20                                                    \
    }

//  No configuration may allow a longer path: buffers are this large.
#define ARCHIVE_PATH_MAX 4096
//  The longest name of one file or directory, in bytes. What file systems allow; not configurable.
#define ARCHIVE_COMPONENT_MAX 255

//  How many bytes the files of an archive of 'packed_bytes' may have together.
static inline uint64_t
archive_limits_unpacked (const archive_limits_t *self, uint64_t packed_bytes)
{
    uint64_t allowed = self->unpacked_floor_bytes;
    if (self->ratio && packed_bytes > allowed / self->ratio)
        allowed = packed_bytes > UINT64_MAX / self->ratio ? UINT64_MAX : packed_bytes * self->ratio;
    return allowed < self->unpacked_bytes ? allowed : self->unpacked_bytes;
}

#endif
