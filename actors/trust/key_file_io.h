// SPDX-License-Identifier: MIT
//  A publisher key as a file: text, so that people can see what it is and print it.
//
//      ggen publisher key 1
//      name default
//      created 1763600000
//      public ed25519:<64 hexadecimal digits>
//      recovery sha256-<64 digits>             or "recovery none"
//      secret <64 digits>                      the Ed25519 seed (RFC 8032), or
//      locked argon2id OPS MEMORY SALT NONCE BOX
//                                              the same in libsodium's secretbox, by a key made of a
//                                              passphrase (RFC 9106); all but OPS and MEMORY are digits
//
//  These lines in this order, each ended by a newline, and nothing else.
#ifndef GGEN_KEY_FILE_IO_H
#define GGEN_KEY_FILE_IO_H

#include "digest.h"
#include "keyring_io.h"
#include "publisher_key.h"

#define KEY_FILE_BYTES_MAX 768
#define KEY_FILE_PATH_MAX  4096
#define KEY_FILE_WHY_MAX   (2 * KEY_FILE_PATH_MAX)
#define KEY_FILE_SEED_SIZE 32

//  A file that asks for more is refused: whoever unlocks it would wait for ever, or run out of memory.
#define KEY_FILE_OPS_MAX    16
#define KEY_FILE_MEMORY_MAX (1u << 30)          //  bytes

#define KEY_FILE_SALT_SIZE  16
#define KEY_FILE_NONCE_SIZE 24
#define KEY_FILE_BOX_SIZE   (KEY_FILE_SEED_SIZE + 16)

typedef struct {
    char name[KEYRING_NAME_MAX + 1];
    int64_t created_at;                     //  wall seconds
    publisher_key_t key;
    bool has_recovery;
    digest_t recovery;                      //  SHA-256 of the offline recovery public key
    bool encrypted;                         //  then 'seed' is set only once key_lock.h opened it
    uint64_t ops, memory_bytes;             //  of argon2id
    uint8_t salt[KEY_FILE_SALT_SIZE], nonce[KEY_FILE_NONCE_SIZE], box[KEY_FILE_BOX_SIZE];
    uint8_t seed[KEY_FILE_SEED_SIZE];       //  the secret
} key_file_t;

//  Locked in memory as far as the system lets us. NULL: out of memory.
key_file_t *key_file_new (void);

//  Wiped first.
void key_file_destroy (key_file_t **self_p);

bool key_file_name_valid (const char *name);

//  Draw a fresh seed and set the public key of it.
void key_file_generate (key_file_t *self);

//  Read a file. 'ours': it has to be a file of this user that nobody else may read; else *open_p
//  says whether others may.
//  OK
//  MISSING_SIGNATURE   there is no such file
//  PERMISSION_DENIED   not ours, with the command that helps in 'hint'; or we may not read it
//  VALIDATION          not a key file, or its public key is not that of its secret (which of an
//                      encrypted one is seen when it is unlocked)
//  STORAGE             anything else
//  'why' and 'hint' (KEY_FILE_WHY_MAX bytes each) are set but for OK; they have the path.
must_use code_t key_file_read (key_file_t *self, const char *path, bool ours, bool *open_p,
                               char *why, char *hint);

//  Write it to a new file at 'path' (0600), durable when this returns OK. With 'atomic' it appears
//  whole or not at all, whatever happens; without, it needs a file system with fewer features.
//  Codes as private_file_create.
must_use code_t key_file_write (const key_file_t *self, const char *path, bool atomic, char *why);

//  Write it in the place of the file at 'path', by one rename.
must_use code_t key_file_replace (const key_file_t *self, const char *path, char *why);

//  The public key of a seed.
void key_file_public (const uint8_t seed[KEY_FILE_SEED_SIZE], publisher_key_t *key);

#endif
