// SPDX-License-Identifier: MIT
//  The keyring's part in a rotation. What signs under a name changes by one rename; before it the
//  former key was written under a name of its own.
#include "keyring_self_io.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NEXT "-next"
#define FORMER_DIGITS 8             //  of the key's fingerprint

//  Longest name that can be rotated: "NAME-01234567" has to be one.
#define ROTATED_NAME_MAX (KEYRING_NAME_MAX - 1 - FORMER_DIGITS)

static code_t
check_name (keyring_t *self, const char *name)
{
    self->hint[0] = 0;
    if (strlen (name) <= ROTATED_NAME_MAX)
        return OK;
    snprintf (self->why, sizeof self->why, "the name of a key to be rotated has at most %d bytes",
              ROTATED_NAME_MAX);
    return VALIDATION;
}

//  The next key has the passphrase of the one before.
static code_t
make_next (keyring_t *self, const key_file_t *key, const char *name, int64_t wall_ms,
           key_file_t *next)
{
    strcpy (next->name, name);
    next->created_at = wall_ms / 1000;
    next->has_recovery = key->has_recovery;
    next->recovery = key->recovery;
    key_file_generate (next);
    if (key->encrypted) {
        const unlocked_t *open = keyring_unlocked (self, &key->key);
        next->ops = key->ops;
        next->memory_bytes = key->memory_bytes;
        memcpy (next->salt, key->salt, sizeof next->salt);
        key_lock_close (next, open->box_key);
        keyring_remember (self, next, open->box_key);
    }
    return keyring_keep (self, next);
}

code_t
keyring_on_succeed (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    keyring_t *self = self_;
    const Ggen__KeySucceedRequest *request = (const void *) message;
    const char *name = keyring_or_default (request->name);
    char next_name[2 * KEYRING_NAME_MAX + sizeof NEXT], paths[2][KEY_FILE_PATH_MAX];
    AUTO (key_file_destroy) key_file_t *key = key_file_new ();
    AUTO (key_file_destroy) key_file_t *next = key_file_new ();
    if (!key || !next)
        return BUSY;
    code_t code = check_name (self, name);
    if (code == OK)
        code = keyring_read_open (self, name, key);
    if (code)
        return keyring_refuse (self, at, code);
    snprintf (next_name, sizeof next_name, "%s" NEXT, name);
    code = keyring_read (self, next_name, next);
    if (code == MISSING_SIGNATURE)
        code = make_next (self, key, next_name, at->wall_ms, next);
    if (code)
        return keyring_refuse (self, at, code);
    //  One that an earlier try left has the passphrase that was just given.
    const unlocked_t *open = keyring_unlocked (self, &key->key);
    if (next->encrypted && open && key_lock_open (next, open->box_key) == OK)
        keyring_remember (self, next, open->box_key);
    Ggen__KeyInfo infos[2];
    Ggen__KeySucceedReply reply = GGEN__KEY_SUCCEED_REPLY__INIT;
    keyring_describe (self, key, paths[0], &infos[0]);
    keyring_describe (self, next, paths[1], &infos[1]);
    reply.key = &infos[0];
    reply.next = &infos[1];
    return out_reply (at, &reply.base);
}

//  The former key under a name of its own; it is there already when an earlier try ended here.
static code_t
keep_former (keyring_t *self, key_file_t *key)
{
    char name[2 * KEYRING_NAME_MAX + FORMER_DIGITS + 2], hex[PUBLISHER_KEY_TEXT_SIZE + 1];
    publisher_key_to_text (&key->key, hex);
    snprintf (name, sizeof name, "%s-%.*s", key->name, FORMER_DIGITS, hex + strlen ("ed25519:"));
    strcpy (key->name, name);
    AUTO (key_file_destroy) key_file_t *there = key_file_new ();
    if (!there)
        return BUSY;
    if (keyring_read (self, name, there) == OK && publisher_key_equal (&there->key, &key->key))
        return OK;
    return keyring_keep (self, key);
}

static code_t
exchange (keyring_t *self, const char *name, key_file_t *key, key_file_t *next)
{
    char path[KEY_FILE_PATH_MAX], next_path[KEY_FILE_PATH_MAX];
    keyring_path (self, next->name, next_path);
    code_t code = keep_former (self, key);
    if (code)
        return code;
    strcpy (next->name, name);
    keyring_path (self, name, path);
    code = key_file_replace (next, path, self->why);
    if (code == OK && unlink (next_path) != 0 && errno != ENOENT)
        code = STORAGE;
    return code;
}

code_t
keyring_on_promote (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    keyring_t *self = self_;
    const Ggen__KeyPromoteRequest *request = (const void *) message;
    const char *name = keyring_or_default (request->name);
    char next_name[2 * KEYRING_NAME_MAX + sizeof NEXT], paths[2][KEY_FILE_PATH_MAX];
    AUTO (key_file_destroy) key_file_t *key = key_file_new ();
    AUTO (key_file_destroy) key_file_t *next = key_file_new ();
    if (!key || !next)
        return BUSY;
    snprintf (next_name, sizeof next_name, "%.*s" NEXT, KEYRING_NAME_MAX, name);
    code_t code = check_name (self, name);
    if (code == OK)
        code = keyring_read (self, name, key);
    if (code == OK)
        code = keyring_read (self, next_name, next);
    if (code == OK)
        code = exchange (self, name, key, next);
    if (code)
        return keyring_refuse (self, at, code);
    Ggen__KeyInfo infos[2];
    Ggen__KeyPromoteReply reply = GGEN__KEY_PROMOTE_REPLY__INIT;
    keyring_describe (self, next, paths[0], &infos[0]);
    keyring_describe (self, key, paths[1], &infos[1]);
    reply.key = &infos[0];
    reply.former = &infos[1];
    return out_reply (at, &reply.base);
}
