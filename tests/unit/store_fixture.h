// SPDX-License-Identifier: MIT
//  What the tests of actors/store share: a temporary directory, files in it, and archives made by
//  hand, so that they can be wrong in ways that no packer would make them.
#ifndef GGEN_STORE_FIXTURE_H
#define GGEN_STORE_FIXTURE_H

#include "actors/store/tree_io.h"
#include "actors/store/unpack_io.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "tests/temp_dir.h"

#define UNUSED __attribute__ ((unused))

typedef struct {
    char name [TEMP_DIR_SIZE];
    int fd;
} temp_t;

static UNUSED temp_t
temp_new (void)
{
    temp_t self;
    temp_dir_make (self.name);
    self.fd = open (self.name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true (self.fd >= 0);
    return self;
}

static UNUSED void
temp_done (temp_t *self)
{
    refusal_t refusal;
    close (self->fd);
    if (tree_remove (AT_FDCWD, self->name, &refusal))
        fail_msg ("%s", refusal.text);
}

static UNUSED void
put_bytes (int dirfd, const char *path, const void *data, size_t size, mode_t mode)
{
    int fd = openat (dirfd, path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true (fd >= 0);
    assert_int_equal (write (fd, data, size), (ssize_t) size);
    assert_int_equal (fchmod (fd, mode), 0);
    close (fd);
}

static UNUSED void
put (int dirfd, const char *path, const char *text)
{
    put_bytes (dirfd, path, text, strlen (text), 0644);
}

static UNUSED unsigned
entries_in (int dirfd)
{
    unsigned count = 0;
    DIR *dir = fdopendir (openat (dirfd, ".", O_RDONLY | O_DIRECTORY));
    assert_non_null (dir);
    for (const struct dirent *entry; (entry = readdir (dir));)
        count += strcmp (entry->d_name, ".") && strcmp (entry->d_name, "..");
    closedir (dir);
    return count;
}

//  ---- archives by hand ------------------------------------------------------------------------

typedef struct {
    uint8_t data [1 << 16];
    size_t size;
} tar_t;

static UNUSED void
put_octal (uint8_t *field, size_t digits, uint64_t value)
{
    for (; digits-- > 0; value >>= 3)
        field [digits] = (uint8_t) ('0' + (value & 7));
}

static UNUSED void
tar_header (tar_t *self, const char *name, char type, uint64_t size, unsigned mode)
{
    uint8_t *block = self->data + self->size;
    assert_true (self->size + 512 <= sizeof self->data && strlen (name) <= 100);
    memset (block, 0, 512);
    memcpy (block, name, strlen (name));
    put_octal (block + 100, 7, mode);
    put_octal (block + 108, 7, 0);
    put_octal (block + 116, 7, 0);
    put_octal (block + 124, 11, size);
    put_octal (block + 136, 11, 0);
    memset (block + 148, ' ', 8);
    block [156] = (uint8_t) type;
    memcpy (block + 257, "ustar\00000", 8);
    unsigned sum = 0;
    for (size_t i = 0; i < 512; i++)
        sum += block [i];
    put_octal (block + 148, 6, sum);
    block [154] = 0;
    self->size += 512;
}

static UNUSED void
tar_data (tar_t *self, const void *data, size_t size)
{
    size_t padded = (size + 511) / 512 * 512;
    assert_true (self->size + padded <= sizeof self->data);
    memcpy (self->data + self->size, data, size);
    memset (self->data + self->size + size, 0, padded - size);
    self->size += padded;
}

static UNUSED void
tar_file (tar_t *self, const char *name, const char *text)
{
    tar_header (self, name, '0', strlen (text), 0644);
    tar_data (self, text, strlen (text));
}

static UNUSED void
tar_pax (tar_t *self, char type, const char *records, size_t size)
{
    tar_header (self, "pax", type, size, 0644);
    tar_data (self, records, size);
}

static UNUSED void
tar_end (tar_t *self)
{
    assert_true (self->size + 1024 <= sizeof self->data);
    memset (self->data + self->size, 0, 1024);
    self->size += 1024;
}

//  One gzip member. Returns its size.
static UNUSED size_t
gzip (const void *data, size_t size, uint8_t *out, size_t room)
{
    z_stream stream = {0};
    assert_int_equal (deflateInit2 (&stream, 6, Z_DEFLATED, MAX_WBITS + 16, 8, 0), Z_OK);
    stream.next_in = (Bytef *) (uintptr_t) data;
    stream.avail_in = (uInt) size;
    stream.next_out = out;
    stream.avail_out = (uInt) room;
    assert_int_equal (deflate (&stream, Z_FINISH), Z_STREAM_END);
    deflateEnd (&stream);
    return room - stream.avail_out;
}

//  A file to unpack, unlinked already.
static UNUSED int
file_of (int dirfd, const void *data, size_t size)
{
    put_bytes (dirfd, "archive", data, size, 0600);
    int fd = openat (dirfd, "archive", O_RDONLY);
    unlinkat (dirfd, "archive", 0);
    assert_true (fd >= 0);
    return fd;
}

static UNUSED int
gzip_file_of (int dirfd, const tar_t *tar, uint64_t *size_p)
{
    static uint8_t packed [1 << 17];
    size_t size = gzip (tar->data, tar->size, packed, sizeof packed);
    *size_p = size;
    return file_of (dirfd, packed, size);
}

#endif
