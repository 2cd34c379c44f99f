// SPDX-License-Identifier: MIT
#include "actors/registry/archive_io.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "actors/registry/disk_io.h"

#define HASH_BYTES (256u << 10)

//  Zstandard (RFC 8878, section 3.1.1) or else gzip, which is not checked here.
static const char *
format_of (const uint8_t *data, size_t size)
{
    static const uint8_t zstandard [] = {0x28, 0xb5, 0x2f, 0xfd};
    bool is_zstandard
        = size >= sizeof zstandard && memcmp (data, zstandard, sizeof zstandard) == 0;
    return is_zstandard ? "tar.zst" : "tar.gz";
}

//  0 or an errno; ECANCELED when the job should stop.
static int
hash_file (archive_t *self, int fd, uint64_t total, EVP_MD_CTX *hasher, uint8_t *buffer,
           job_t *job)
{
    for (;;) {
        ssize_t got = read (fd, buffer, HASH_BYTES);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return errno;
        if (got == 0)
            return 0;
        if (self->size_bytes == 0)
            self->format = format_of (buffer, (size_t) got);
        EVP_DigestUpdate (hasher, buffer, (size_t) got);
        self->size_bytes += (uint64_t) got;
        if (job_cancelled (job))
            return ECANCELED;
        if (self->size_bytes < total)
            job_progress (job, "hash", "archive", self->size_bytes, total, "bytes");
    }
}

int
archive_read (archive_t *self, const char *path, job_t *job)
{
    struct stat st;
    *self = (archive_t) {.format = "tar.gz"};
    AUTO (disk_close) int fd = open (path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd == -1 || fstat (fd, &st) != 0)
        return errno;
    if (!S_ISREG (st.st_mode))
        return EINVAL;
    EVP_MD_CTX *hasher = EVP_MD_CTX_new ();
    uint8_t *buffer = malloc (HASH_BYTES);
    int error = ENOMEM;
    if (hasher && buffer && EVP_DigestInit_ex (hasher, EVP_sha256 (), NULL) == 1)
        error = hash_file (self, fd, (uint64_t) st.st_size, hasher, buffer, job);
    if (error == 0 && EVP_DigestFinal_ex (hasher, self->digest.bytes, NULL) != 1)
        error = ENOMEM;
    free (buffer);
    EVP_MD_CTX_free (hasher);
    return error;
}
