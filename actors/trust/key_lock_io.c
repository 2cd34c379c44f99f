// SPDX-License-Identifier: MIT
#include "key_lock_io.h"

#include "runtime/host/private_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert (KEY_FILE_SALT_SIZE == crypto_pwhash_SALTBYTES, "a salt is libsodium's");
_Static_assert (KEY_FILE_NONCE_SIZE == crypto_secretbox_NONCEBYTES, "a nonce is libsodium's");
_Static_assert (KEY_FILE_BOX_SIZE == KEY_FILE_SEED_SIZE + crypto_secretbox_MACBYTES, "a box as well");
_Static_assert (KEY_LOCK_KEY_SIZE == crypto_secretbox_KEYBYTES, "and its key");

static code_t
check_pipe (int file, const char *path, char *why)
{
    struct stat info;
    if (fstat (file, &info) != 0)
        return private_file_explain (path, why, KEY_FILE_WHY_MAX);
    if (!S_ISFIFO (info.st_mode)) {
        snprintf (why, KEY_FILE_WHY_MAX, "%s: a passphrase comes through a FIFO", path);
        return VALIDATION;
    }
    if ((info.st_mode & 077) != 0 || (info.st_uid != geteuid () && geteuid () != 0)) {
        snprintf (why, KEY_FILE_WHY_MAX, "%s: others may open it", path);
        return PERMISSION_DENIED;
    }
    return OK;
}

code_t
key_lock_read (passphrase_t *self, const char *path, char *why)
{
    int file = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY);
    if (file < 0)
        return private_file_explain (path, why, KEY_FILE_WHY_MAX);
    code_t code = check_pipe (file, path, why);
    //  It is there in one piece: a writer puts less than PIPE_BUF into it before it asks.
    ssize_t size = code == OK ? read (file, self->bytes, sizeof self->bytes) : 0;
    close (file);
    if (code)
        return code;
    if (size > 0 && size <= PASSPHRASE_MAX) {
        self->size = (size_t) size;
        return OK;
    }
    snprintf (why, KEY_FILE_WHY_MAX, "the passphrase is empty, or longer than %d bytes",
              PASSPHRASE_MAX);
    return VALIDATION;
}

void
key_lock_prepare (key_file_t *file)
{
    randombytes_buf (file->salt, sizeof file->salt);
    file->ops = crypto_pwhash_OPSLIMIT_INTERACTIVE;
    file->memory_bytes = crypto_pwhash_MEMLIMIT_INTERACTIVE;
}

code_t
key_lock_derive (const key_file_t *file, const passphrase_t *passphrase,
                 uint8_t key[KEY_LOCK_KEY_SIZE])
{
    return crypto_pwhash (key, KEY_LOCK_KEY_SIZE, passphrase->bytes, passphrase->size, file->salt,
                          file->ops, (size_t) file->memory_bytes, crypto_pwhash_ALG_ARGON2ID13)
                   == 0
               ? OK
               : BUSY;
}

void
key_lock_close (key_file_t *file, const uint8_t key[KEY_LOCK_KEY_SIZE])
{
    randombytes_buf (file->nonce, sizeof file->nonce);
    crypto_secretbox_easy (file->box, file->seed, sizeof file->seed, file->nonce, key);
    file->encrypted = true;
}

code_t
key_lock_open (key_file_t *file, const uint8_t key[KEY_LOCK_KEY_SIZE])
{
    publisher_key_t found;
    if (crypto_secretbox_open_easy (file->seed, file->box, sizeof file->box, file->nonce, key) != 0)
        return PERMISSION_DENIED;
    key_file_public (file->seed, &found);
    if (publisher_key_equal (&found, &file->key))
        return OK;
    sodium_memzero (file->seed, sizeof file->seed);
    return PERMISSION_DENIED;
}
