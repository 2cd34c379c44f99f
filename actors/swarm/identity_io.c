// SPDX-License-Identifier: MIT
#include "actors/swarm/identity_io.h"

#include "hex.h"
#include "runtime/host/private_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEED_BYTES crypto_sign_SEEDBYTES
#define FILE_BYTES (2 * SEED_BYTES + 1)

//  In memory that libsodium keeps out of core files, and wipes.
struct identity_file {
    identity_t identity;
    uint8_t secret[crypto_sign_SECRETKEYBYTES];
    int lock;                   //  descriptor of the file that is borrowed, or -1
};

static void
sign (void *context, const void *message, size_t size, uint8_t signature[CRYPTO_SIGNATURE_BYTES])
{
    const identity_file_t *self = context;
    crypto_sign_detached (signature, NULL, message, size, self->secret);
}

static code_t
read_seed (const char *path, char text[FILE_BYTES + 1], char *why, size_t why_size)
{
    struct stat st;
    int fd = open (path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd == -1)
        return private_file_explain (path, why, why_size);
    ssize_t got = fstat (fd, &st) == 0 ? read (fd, text, FILE_BYTES + 1) : -1;
    close (fd);
    if (got < 0)
        return private_file_explain (path, why, why_size);
    if (st.st_mode & (S_IRWXG | S_IRWXO)) {
        snprintf (why, why_size, "%s: others may read it; make it 0600", path);
        return VALIDATION;
    }
    if (!S_ISREG (st.st_mode) || got != FILE_BYTES || text[FILE_BYTES - 1] != '\n') {
        snprintf (why, why_size, "%s: it is no key pair of a node; put a copy back, or remove it to be "
                  "another node", path);
        return VALIDATION;
    }
    text[FILE_BYTES - 1] = 0;
    return OK;
}

static code_t
make_seed (const char *path, char *why, size_t why_size)
{
    uint8_t seed[SEED_BYTES];
    char text[FILE_BYTES + 1];
    randombytes_buf (seed, sizeof seed);
    hex_encode (text, seed, sizeof seed);
    text[FILE_BYTES - 1] = '\n';
    code_t code = private_file_make_dir (path, why, why_size);
    if (code == OK)
        code = private_file_create (path, (bytes_t) {(const uint8_t *) text, FILE_BYTES}, why,
                                    why_size);
    sodium_memzero (seed, sizeof seed);
    sodium_memzero (text, sizeof text);
    return code;
}

static code_t
take_seed (identity_file_t *self, const char *path, const char *text, char *why, size_t why_size)
{
    uint8_t seed[SEED_BYTES];
    code_t code = hex_decode (seed, sizeof seed, text);
    if (code == OK)
        crypto_sign_seed_keypair (self->identity.key, self->secret, seed);
    else
        snprintf (why, why_size, "%s: it is no key pair of a node", path);
    sodium_memzero (seed, sizeof seed);
    return code;
}

static identity_file_t *
identity_new (void)
{
    //  A rehearsal has no host that has done so.
    identity_file_t *self = sodium_init () < 0 ? NULL : sodium_malloc (sizeof *self);
    if (!self)
        return NULL;
    memset (self, 0, sizeof *self);
    self->identity.sign = sign;
    self->identity.context = self;
    self->lock = -1;
    return self;
}

code_t
identity_file_open (identity_file_t **self_p, const char *path, char *why, size_t why_size)
{
    *self_p = NULL;
    char text[FILE_BYTES + 1];
    code_t code = OK;
    if (access (path, F_OK) != 0 && errno == ENOENT)
        code = make_seed (path, why, why_size);
    //  Somebody else may have made it meanwhile: theirs is as good.
    if (code == OK || code == ALREADY_EXISTS)
        code = read_seed (path, text, why, why_size);
    identity_file_t *self = code == OK ? identity_new () : NULL;
    if (code == OK && !self) {
        snprintf (why, why_size, "no memory");
        code = STORAGE;
    }
    if (self)
        code = take_seed (self, path, text, why, why_size);
    sodium_memzero (text, sizeof text);
    *self_p = self;
    if (code != OK)
        identity_file_close (self_p);
    return code;
}

//  Is it there and ours now? The lock lasts as long as the descriptor.
static bool
borrow (identity_file_t *self, const char *path)
{
    char text[FILE_BYTES + 1], why[512];
    self->lock = open (path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    bool taken = self->lock >= 0 && flock (self->lock, LOCK_EX | LOCK_NB) == 0
                 && read_seed (path, text, why, sizeof why) == OK
                 && take_seed (self, path, text, why, sizeof why) == OK;
    sodium_memzero (text, sizeof text);
    return taken;
}

code_t
identity_file_borrow (identity_file_t **self_p, const char *path)
{
    identity_file_t *self = *self_p = identity_new ();
    if (!self)
        return STORAGE;
    if (!borrow (self, path))
        crypto_sign_keypair (self->identity.key, self->secret);
    return OK;
}

void
identity_file_close (identity_file_t **self_p)
{
    if (*self_p && (*self_p)->lock >= 0)
        close ((*self_p)->lock);
    sodium_free (*self_p);
    *self_p = NULL;
}

const identity_t *
identity_file_identity (const identity_file_t *self)
{
    return &self->identity;
}

void
identity_file_transport (const identity_file_t *self, uint8_t public_key[CRYPTO_KEY_BYTES],
                         uint8_t secret_key[CRYPTO_KEY_BYTES])
{
    //  Neither fails for a pair that libsodium made of a seed.
    int failed = crypto_sign_ed25519_pk_to_curve25519 (public_key, self->identity.key);
    failed |= crypto_sign_ed25519_sk_to_curve25519 (secret_key, self->secret);
    (void) failed;
}
