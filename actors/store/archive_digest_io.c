// SPDX-License-Identifier: MIT
#include "archive_digest_io.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUFFER_SIZE 262144

static code_t
refuse_size (refusal_t *refusal, const char *name, uint64_t size_max)
{
    return refusal_set (refusal, REFUSED_LIMITS, name, strlen (name),
                        "it is larger than %" PRIu64 " bytes", size_max);
}

static code_t
add_file (int fd, const char *name, uint64_t size_max, sha256_t *hasher, uint64_t *size_p,
          refusal_t *refusal)
{
    char *buffer = malloc (BUFFER_SIZE);
    if (!buffer)
        return INTERNAL;
    code_t code = OK;
    for (uint64_t at = 0; !code;) {
        uint64_t wanted = size_max - at;
        wanted = wanted < BUFFER_SIZE ? wanted + 1 : BUFFER_SIZE;
        ssize_t got = pread (fd, buffer, (size_t) wanted, (off_t) at);
        if (got == -1 && errno == EINTR)
            continue;
        if (got == -1)
            code = refusal_system (refusal, errno, name, "read");
        else if ((uint64_t) got > size_max - at)
            code = refuse_size (refusal, name, size_max);
        if (code || !got) {
            *size_p = at;
            break;
        }
        sha256_add (hasher, buffer, (size_t) got);
        at += (uint64_t) got;
    }
    free (buffer);
    return code;
}

code_t
archive_digest (int fd, const char *name, uint64_t size_max, uint8_t digest [SHA256_SIZE],
                uint64_t *size_p, refusal_t *refusal)
{
    AUTO (sha256_destroy) sha256_t *hasher = sha256_new ();
    if (!hasher)
        return INTERNAL;
    sha256_start (hasher);
    code_t code = add_file (fd, name, size_max, hasher, size_p, refusal);
    sha256_finish (hasher, digest);
    return code;
}

static code_t
mismatch (refusal_t *refusal)
{
    if (refusal)
        refusal->code = CHECKSUM_MISMATCH;
    return CHECKSUM_MISMATCH;
}

code_t
archive_digest_check (int fd, const char *name, uint64_t size_bytes,
                      const uint8_t expected [SHA256_SIZE], refusal_t *refusal)
{
    uint8_t digest [SHA256_SIZE];
    uint64_t size = 0;
    refusal_t local;
    refusal_t *told = refusal ? refusal : &local;
    code_t code = archive_digest (fd, name, size_bytes, digest, &size, told);
    if (code == INTERNAL)
        return code;
    if (code)       //  One byte more than was signed is another file
        return told->kind == REFUSED_LIMITS ? mismatch (told) : code;
    if (size == size_bytes && !memcmp (digest, expected, SHA256_SIZE))
        return OK;
    char wanted [SHA256_HEX_SIZE + 1], found [SHA256_HEX_SIZE + 1];
    sha256_to_hex (expected, wanted);
    sha256_to_hex (digest, found);
    refusal_set (told, REFUSED_CHANGED, name, strlen (name),
                 "expected %" PRIu64 " bytes with sha256 %s, found %" PRIu64 " with %s", size_bytes,
                 wanted, size, found);
    return mismatch (told);
}
