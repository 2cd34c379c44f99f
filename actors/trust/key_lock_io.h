// SPDX-License-Identifier: MIT
//  Passphrases of key files: argon2id makes a key of one (libsodium's crypto_pwhash, RFC 9106), and a
//  secretbox (XSalsa20-Poly1305) holds the seed. A passphrase comes through a FIFO: its bytes are in
//  the kernel until we read them, on no disk and in no message.
#ifndef GGEN_KEY_LOCK_IO_H
#define GGEN_KEY_LOCK_IO_H

#include "key_file_io.h"

#define PASSPHRASE_MAX    1024          //  bytes
#define KEY_LOCK_KEY_SIZE 32

//  Locked in memory, wiped by sodium_free.
typedef struct {
    char bytes[PASSPHRASE_MAX + 1];
    size_t size;
} passphrase_t;

//  Read it from the FIFO at 'path', which has to be of this user and open to nobody else.
//  VALIDATION         no FIFO, or empty, or longer than PASSPHRASE_MAX
//  PERMISSION_DENIED  others may open it, or we may not
//  STORAGE            anything else
must_use code_t key_lock_read (passphrase_t *self, const char *path, char *why);

//  The key of a passphrase, by what 'file' says of salt and cost. Takes a tenth of a second and
//  memory_bytes.
//  BUSY  not so much memory is there.
must_use code_t key_lock_derive (const key_file_t *file, const passphrase_t *passphrase,
                                 uint8_t key[KEY_LOCK_KEY_SIZE]);

//  Draw a salt and set the cost of today.
void key_lock_prepare (key_file_t *file);

//  Put the seed into the box; 'file' is encrypted from now on.
void key_lock_close (key_file_t *file, const uint8_t key[KEY_LOCK_KEY_SIZE]);

//  Take it out.
//  PERMISSION_DENIED  another passphrase, or a damaged file
must_use code_t key_lock_open (key_file_t *file, const uint8_t key[KEY_LOCK_KEY_SIZE]);

#endif
