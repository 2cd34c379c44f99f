// SPDX-License-Identifier: MIT
#include "sha256_io.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <unistd.h>

void
sha256_close (int *fd_p)
{
    int error = errno;
    if (*fd_p >= 0)
        close (*fd_p);
    *fd_p = -1;
    errno = error;
}

static bool
write_all (int copy, const uint8_t *data, size_t size)
{
    while (size > 0) {
        ssize_t written = write (copy, data, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        data += written;
        size -= (size_t) written;
    }
    return true;
}

static sha256_end_t
copy_blocks (int source, int copy, const sha256_watch_t *watch, EVP_MD_CTX *hash, uint8_t *block)
{
    uint64_t done = 0;
    for (;;) {
        ssize_t size = pread (source, block, SHA256_BLOCK_BYTES, (off_t) done);
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0)
            return SHA256_READ_FAILED;
        if (size == 0)
            return SHA256_DONE;
        done += (uint64_t) size;
        if (done > watch->total)
            return SHA256_TOO_LONG;
        errno = ENOMEM;
        if (EVP_DigestUpdate (hash, block, (size_t) size) != 1)
            return SHA256_READ_FAILED;
        if (copy >= 0 && !write_all (copy, block, (size_t) size))
            return SHA256_WRITE_FAILED;
        if (!watch->go_on (watch->arg, done, watch->total))
            return SHA256_STOPPED;
    }
}

sha256_end_t
sha256_copy (int source, int copy, const sha256_watch_t *watch, digest_t *digest_p)
{
    EVP_MD_CTX *hash = EVP_MD_CTX_new ();
    uint8_t *block = malloc (SHA256_BLOCK_BYTES);
    sha256_end_t end = SHA256_READ_FAILED;
    errno = ENOMEM;
    if (hash && block && EVP_DigestInit_ex (hash, EVP_sha256 (), NULL) == 1)
        end = copy_blocks (source, copy, watch, hash, block);
    if (end == SHA256_DONE && EVP_DigestFinal_ex (hash, digest_p->bytes, NULL) != 1)
        end = SHA256_READ_FAILED;
    int error = errno;
    free (block);
    EVP_MD_CTX_free (hash);
    errno = error;
    return end;
}
