// SPDX-License-Identifier: MIT
//  What the files of the keyring share among themselves.
#ifndef GGEN_KEYRING_SELF_IO_H
#define GGEN_KEYRING_SELF_IO_H

#include "key_file_io.h"
#include "key_lock_io.h"
#include "keyring_io.h"
#include "publisher.pb-c.h"

#include "runtime/actor/out.h"

typedef struct jobs_t jobs_t;
typedef struct job_t job_t;

#define KEYRING_DIR_MAX (KEY_FILE_PATH_MAX - KEYRING_NAME_MAX - 16)

//  A key that its passphrase opened; in locked memory.
typedef struct {
    publisher_key_t key;
    uint8_t seed[KEY_FILE_SEED_SIZE];
    uint8_t box_key[KEY_LOCK_KEY_SIZE];         //  for the key that will follow it
    int64_t until_ms;                           //  0: no key
} unlocked_t;

typedef struct {
    out_t *out;
    jobs_t *jobs;
    unlocked_t *unlocked;           //  KEYRING_UNLOCKED_MAX
    char dir[KEYRING_DIR_MAX];
    char why[KEY_FILE_WHY_MAX];
    char hint[KEY_FILE_WHY_MAX];
} keyring_t;

//  ---- keyring_io.c

void keyring_path (const keyring_t *self, const char *name, char path[KEY_FILE_PATH_MAX]);
const char *keyring_or_default (const char *name);

//  Refuse with self->why and self->hint.
code_t keyring_refuse (keyring_t *self, const delivery_t *at, code_t code);

//  Read a key file; its seed is set unless it is encrypted.
must_use code_t keyring_read (keyring_t *self, const char *name, key_file_t *key);

//  The same, opened: PERMISSION_DENIED when it is locked.
must_use code_t keyring_read_open (keyring_t *self, const char *name, key_file_t *key);

//  Keep a new key. Never in the place of another.
must_use code_t keyring_keep (keyring_t *self, const key_file_t *key);

//  What may be told of a key; borrows from all three.
void keyring_describe (const keyring_t *self, key_file_t *key, char path[KEY_FILE_PATH_MAX],
                       Ggen__KeyInfo *info);

//  ---- keyring_unlock_io.c

//  The key as it was opened, or NULL.
unlocked_t *keyring_unlocked (const keyring_t *self, const publisher_key_t *key);
void keyring_remember (keyring_t *self, const key_file_t *key,
                       const uint8_t box_key[KEY_LOCK_KEY_SIZE]);
code_t keyring_tick (void *self, int64_t now_ms, int64_t wall_ms);
int64_t keyring_deadline_ms (const void *self);

code_t keyring_on_generate_locked (void *self, const delivery_t *at, const ProtobufCMessage *message);
code_t keyring_on_unlock (void *self, const delivery_t *at, const ProtobufCMessage *message);
code_t keyring_on_minisign (void *self, const delivery_t *at, const ProtobufCMessage *message);
code_t keyring_job_done (void *self, void *job, int64_t now_ms);
bool keyring_cancelled (void *self, ticket_t ticket);

//  ---- keyring_succeed_io.c

code_t keyring_on_succeed (void *self, const delivery_t *at, const ProtobufCMessage *message);
code_t keyring_on_promote (void *self, const delivery_t *at, const ProtobufCMessage *message);

#endif
