// SPDX-License-Identifier: MIT
//  An archive, unpacked for real into a directory in memory. The first byte of the input: odd, the
//  rest is a tar stream, whose checksums are set and which is packed; even, it is the file itself.
//  What is unpacked is what its list says; of what is refused nothing is left.
#include "actors/store/tree_io.h"
#include "actors/store/unpack_io.h"
#include "tests/fuzz/lib/fuzz.h"
#include "tests/fuzz/lib/tar_fix.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int
file_of (const uint8_t *data, size_t size)
{
    int fd = memfd_create ("archive", MFD_CLOEXEC);
    must_hold (fd != -1 && write (fd, data, size) == (ssize_t) size);
    return fd;
}

static void
unpack (const uint8_t *data, size_t size)
{
    const unpack_options_t options = {.limits = {.packed_bytes = 1u << 20,
                                                 .unpacked_bytes = 1u << 20,
                                                 .unpacked_floor_bytes = 1u << 20,
                                                 .ratio = 20, .entries = 200, .path_bytes = 512,
                                                 .depth = 16, .manifest_bytes = 4096}};
    int directory = fuzz_directory (NULL), fd = file_of (data, size);
    unpacked_t out;
    refusal_t refusal = {0};
    code_t code = unpack_archive (fd, size, directory, "tree", &options, &out, &refusal);
    struct stat status;
    if (code) {
        must_hold (*refusal.text && refusal.code == code);
        must_hold (fstatat (directory, "tree", &status, AT_SYMLINK_NOFOLLOW) == -1);
    }
    else {
        tree_checked_t checked;
        must_hold (tree_check (directory, "tree", out.files, TREE_BY_CONTENT, NULL, NULL, &checked,
                               &refusal) == OK);
        must_hold (checked.findings_count == 0);
        must_hold (*out.top && out.unpacked_bytes <= options.limits.unpacked_bytes);
        must_hold (tree_remove (directory, "tree", &refusal) == OK);
    }
    unpacked_done (&out);
    close (fd);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    if (!size)
        return 0;
    if (*data % 2 == 0) {
        unpack (data + 1, size - 1);
        return 0;
    }
    size_t packed_size;
    uint8_t *tar = malloc (size);
    must_hold (tar != NULL);
    memcpy (tar, data + 1, --size);
    tar_fix (tar, size);
    uint8_t *packed = tar_gzip (tar, size, &packed_size);
    unpack (packed, packed_size);
    free (packed);
    free (tar);
    return 0;
}
