// SPDX-License-Identifier: MIT
#include "keyring_io.h"

#include "discovery_valid.h"
#include "keyring_self_io.h"
#include "record.h"

#include "runtime/host/job.h"
#include "runtime/host/log.h"
#include "runtime/host/private_file.h"

#include <dirent.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SUFFIX       ".key"
#define NO_KEY_HINT  "make one: ggen market key generate"

static void *
keyring_create (const actor_env_t *env)
{
    const keyring_settings_t *settings = env->settings;
    if (settings->dir[0] != '/' || strlen (settings->dir) >= KEYRING_DIR_MAX || sodium_init () < 0)
        return NULL;
    keyring_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->out = env->out;
    self->jobs = env->host;
    self->unlocked = sodium_malloc (KEYRING_UNLOCKED_MAX * sizeof *self->unlocked);
    if (!self->unlocked) {
        free (self);
        return NULL;
    }
    memset (self->unlocked, 0, KEYRING_UNLOCKED_MAX * sizeof *self->unlocked);
    strcpy (self->dir, settings->dir);
    return self;
}

static void
keyring_destroy (void *self_)
{
    keyring_t *self = self_;
    sodium_free (self->unlocked);
    free (self);
}

//  ---- keys --------------------------------------------------------------------------------------

void
keyring_path (const keyring_t *self, const char *name, char path[KEY_FILE_PATH_MAX])
{
    snprintf (path, KEY_FILE_PATH_MAX, "%s/%s" SUFFIX, self->dir, name);
}

//  'self' has the reason.
code_t
keyring_refuse (keyring_t *self, const delivery_t *at, code_t code)
{
    return out_fail (at, code, *self->hint ? self->hint : private_file_hint (code), "%s",
                     self->why);
}

code_t
keyring_read (keyring_t *self, const char *name, key_file_t *key)
{
    bool open;
    char path[KEY_FILE_PATH_MAX];
    self->hint[0] = 0;
    if (!key_file_name_valid (name)) {
        snprintf (self->why, sizeof self->why,
                  "not a key name: letters, digits, '-' and '_', at most %d", KEYRING_NAME_MAX);
        return VALIDATION;
    }
    keyring_path (self, name, path);
    code_t code = key_file_read (key, path, true, &open, self->why, self->hint);
    if (code == MISSING_SIGNATURE)
        snprintf (self->hint, sizeof self->hint, "%s", NO_KEY_HINT);
    if (code == OK && strcmp (key->name, name) != 0) {
        snprintf (self->why, sizeof self->why, "%s: is the key '%s', renamed", path, key->name);
        return VALIDATION;
    }
    return code;
}

code_t
keyring_read_open (keyring_t *self, const char *name, key_file_t *key)
{
    code_t code = keyring_read (self, name, key);
    if (code || !key->encrypted)
        return code;
    const unlocked_t *open = keyring_unlocked (self, &key->key);
    if (open) {
        memcpy (key->seed, open->seed, sizeof key->seed);
        return OK;
    }
    snprintf (self->why, sizeof self->why, "the key '%s' is locked with a passphrase", key->name);
    snprintf (self->hint, sizeof self->hint,
              "on a terminal it is asked for; else give --passphrase-file FILE");
    return PERMISSION_DENIED;
}

code_t
keyring_keep (keyring_t *self, const key_file_t *key)
{
    char path[KEY_FILE_PATH_MAX];
    keyring_path (self, key->name, path);
    self->hint[0] = 0;
    code_t code = private_file_make_dir (path, self->why, sizeof self->why);
    if (code == OK)
        code = key_file_write (key, path, true, self->why);
    if (code == ALREADY_EXISTS)
        snprintf (self->hint, sizeof self->hint,
                  "export it and move %s away first; a key is never overwritten", path);
    return code;
}

void
keyring_describe (const keyring_t *self, key_file_t *key, char path[KEY_FILE_PATH_MAX],
                  Ggen__KeyInfo *info)
{
    ggen__key_info__init (info);
    keyring_path (self, key->name, path);
    info->name = key->name;
    info->public_key = publisher_key_to_field (&key->key);
    if (key->has_recovery)
        info->recovery_sha256 = digest_to_field (&key->recovery);
    info->created_at = key->created_at;
    info->path = path;
    info->encrypted = key->encrypted;
    info->unlocked = key->encrypted && keyring_unlocked (self, &key->key);
}

const char *
keyring_or_default (const char *name)
{
    return *name ? name : KEYRING_DEFAULT;
}

//  ---- one key -----------------------------------------------------------------------------------

static code_t
on_generate (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    keyring_t *self = self_;
    const Ggen__KeyGenerateRequest *request = (const void *) message;
    const char *name = keyring_or_default (request->name);
    AUTO (key_file_destroy) key_file_t *key = key_file_new ();
    if (!key)
        return BUSY;
    key->has_recovery = request->recovery_sha256.len > 0;
    if (key->has_recovery && digest_from_field (&key->recovery, request->recovery_sha256) != OK)
        return out_fail (at, VALIDATION, "", "a recovery hash has %d bytes", DIGEST_SIZE);
    if (!key_file_name_valid (name))
        return out_fail (at, VALIDATION, "",
                         "not a key name: letters, digits, '-' and '_', at most %d",
                         KEYRING_NAME_MAX);
    strcpy (key->name, name);
    key->created_at = at->wall_ms / 1000;
    key_file_generate (key);
    code_t code = keyring_keep (self, key);
    if (code)
        return keyring_refuse (self, at, code);
    char path[KEY_FILE_PATH_MAX];
    Ggen__KeyInfo info;
    Ggen__KeyGenerateReply reply = GGEN__KEY_GENERATE_REPLY__INIT;
    keyring_describe (self, key, path, &info);
    reply.key = &info;
    return out_reply (at, &reply.base);
}

static code_t
on_show (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    keyring_t *self = self_;
    const Ggen__KeyShowRequest *request = (const void *) message;
    AUTO (key_file_destroy) key_file_t *key = key_file_new ();
    if (!key)
        return BUSY;
    code_t code = keyring_read (self, keyring_or_default (request->name), key);
    if (code)
        return keyring_refuse (self, at, code);
    char path[KEY_FILE_PATH_MAX];
    Ggen__KeyInfo info;
    Ggen__KeyShowReply reply = GGEN__KEY_SHOW_REPLY__INIT;
    keyring_describe (self, key, path, &info);
    reply.key = &info;
    return out_reply (at, &reply.base);
}

static bool
is_path (const char *path)
{
    return path[0] == '/' && strnlen (path, KEY_FILE_PATH_MAX) < KEY_FILE_PATH_MAX;
}

static code_t
on_export (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    keyring_t *self = self_;
    const Ggen__KeyExportRequest *request = (const void *) message;
    AUTO (key_file_destroy) key_file_t *key = key_file_new ();
    if (!key)
        return BUSY;
    if (!is_path (request->path))
        return out_fail (at, VALIDATION, "", "the path to export to is not absolute, or too long");
    code_t code = keyring_read (self, keyring_or_default (request->name), key);
    if (code == OK)
        code = key_file_write (key, request->path, false, self->why);
    if (code == ALREADY_EXISTS)
        snprintf (self->hint, sizeof self->hint, "name a new file; none is ever overwritten");
    if (code)
        return keyring_refuse (self, at, code);
    char path[KEY_FILE_PATH_MAX];
    Ggen__KeyInfo info;
    Ggen__KeyExportReply reply = GGEN__KEY_EXPORT_REPLY__INIT;
    keyring_describe (self, key, path, &info);
    reply.key = &info;
    reply.path = request->path;
    return out_reply (at, &reply.base);
}

static code_t
on_import (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    keyring_t *self = self_;
    const Ggen__KeyImportRequest *request = (const void *) message;
    AUTO (key_file_destroy) key_file_t *key = key_file_new ();
    if (!key)
        return BUSY;
    if (!is_path (request->path) || (*request->name && !key_file_name_valid (request->name)))
        return out_fail (at, VALIDATION, "", "not an absolute path, or not a key name");
    bool open = false;
    code_t code = key_file_read (key, request->path, false, &open, self->why, self->hint);
    if (code == MISSING_SIGNATURE)
        code = STORAGE;
    if (code == OK && *request->name)
        strcpy (key->name, request->name);
    if (code == OK)
        code = keyring_keep (self, key);
    if (code)
        return keyring_refuse (self, at, code);
    if (open)
        log_warn ("keyring.imported_open_file", "path=%s others_may_read=yes", request->path);
    char path[KEY_FILE_PATH_MAX];
    Ggen__KeyInfo info;
    Ggen__KeyImportReply reply = GGEN__KEY_IMPORT_REPLY__INIT;
    keyring_describe (self, key, path, &info);
    reply.key = &info;
    return out_reply (at, &reply.base);
}

//  ---- all keys ----------------------------------------------------------------------------------

typedef struct {
    char names[KEYRING_KEYS_MAX][KEYRING_NAME_MAX + 1];
    char paths[KEYRING_KEYS_MAX][KEY_FILE_PATH_MAX];
    key_file_t keys[KEYRING_KEYS_MAX];          //  without seeds
    Ggen__KeyInfo infos[KEYRING_KEYS_MAX];
    Ggen__KeyInfo *list[KEYRING_KEYS_MAX];
    size_t count;
} listing_t;

static void
listing_free (listing_t **self_p)
{
    free (*self_p);
}

static int
by_name (const void *a, const void *b)
{
    return strcmp (a, b);
}

//  The name of a key file, or false. What else lies there is not ours.
static bool
name_of (const char *file, char name[KEYRING_NAME_MAX + 1])
{
    size_t size = strlen (file), suffix = sizeof SUFFIX - 1;
    if (size <= suffix || size - suffix > KEYRING_NAME_MAX
        || strcmp (file + size - suffix, SUFFIX) != 0)
        return false;
    snprintf (name, KEYRING_NAME_MAX + 1, "%.*s", (int) (size - suffix), file);
    return key_file_name_valid (name);
}

static code_t
read_names (keyring_t *self, listing_t *listing)
{
    DIR *dir = opendir (self->dir);
    self->hint[0] = 0;
    if (!dir)
        return errno == ENOENT ? OK : private_file_explain (self->dir, self->why, sizeof self->why);
    code_t code = OK;
    const struct dirent *entry;
    char name[KEYRING_NAME_MAX + 1];
    while (code == OK && (entry = readdir (dir))) {
        if (!name_of (entry->d_name, name))
            continue;
        if (listing->count < KEYRING_KEYS_MAX)
            strcpy (listing->names[listing->count++], name);
        else {
            snprintf (self->why, sizeof self->why, "%s: more than %d keys", self->dir,
                      KEYRING_KEYS_MAX);
            code = STORAGE;
        }
    }
    closedir (dir);
    qsort (listing->names, listing->count, sizeof listing->names[0], by_name);
    return code;
}

static code_t
read_all (keyring_t *self, listing_t *listing)
{
    AUTO (key_file_destroy) key_file_t *key = key_file_new ();
    code_t code = key ? read_names (self, listing) : BUSY;
    for (size_t i = 0; i < listing->count && code == OK; i++) {
        code = keyring_read (self, listing->names[i], key);
        sodium_memzero (key->seed, sizeof key->seed);
        listing->keys[i] = *key;
        keyring_describe (self, &listing->keys[i], listing->paths[i], &listing->infos[i]);
        listing->list[i] = &listing->infos[i];
    }
    return code;
}

static code_t
on_list (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) message;
    keyring_t *self = self_;
    AUTO (listing_free) listing_t *listing = calloc (1, sizeof *listing);
    if (!listing)
        return BUSY;
    code_t code = read_all (self, listing);
    if (code)
        return keyring_refuse (self, at, code);
    Ggen__KeyListReply reply = GGEN__KEY_LIST_REPLY__INIT;
    reply.keys = listing->list;
    reply.n_keys = listing->count;
    return out_reply (at, &reply.base);
}

//  ---- signing -----------------------------------------------------------------------------------

//  We sign what everybody else would accept, and nothing that could mean something elsewhere: where
//  a node is and what it has are said by its own key, a successor by a recovery key.
static bool
is_record (const Ggen__SignedRecord *record)
{
    AUTO (record_release_destroy) Ggen__Release *release = NULL;
    AUTO (record_head_destroy) Ggen__Head *head = NULL;
    AUTO (discovery_listing_destroy) Ggen__Listing *listing = NULL;
    if (record->payload.len == 0)
        return false;
    switch (record->kind) {
        case GGEN__RECORD_KIND__RELEASE:
            return record_release (&release, record) == OK;
        case GGEN__RECORD_KIND__HEAD:
            return record_head (&head, record) == OK;
        case GGEN__RECORD_KIND__LISTING:
            return discovery_listing (&listing, record) == OK;
        default:
            return false;
    }
}

static code_t
sign (const key_file_t *key, Ggen__RecordKind kind, ProtobufCBinaryData payload,
      uint8_t signature[RECORD_SIGNATURE_SIZE])
{
    size_t size;
    uint8_t secret[crypto_sign_SECRETKEYBYTES], public_key[crypto_sign_PUBLICKEYBYTES];
    uint8_t *bytes = record_signing_bytes (kind, (bytes_t) {payload.data, payload.len}, &size);
    if (!bytes)
        return VALIDATION;
    crypto_sign_seed_keypair (public_key, secret, key->seed);
    crypto_sign_detached (signature, NULL, bytes, size, secret);
    sodium_memzero (secret, sizeof secret);
    free (bytes);
    return OK;
}

static code_t
answer_signed (const delivery_t *at, const Ggen__SignedRecord *record)
{
    Ggen__SignReply reply = GGEN__SIGN_REPLY__INIT;
    uint8_t *packed = malloc (ggen__signed_record__get_packed_size (record));
    if (!packed)
        return BUSY;
    reply.record = (ProtobufCBinaryData) {ggen__signed_record__pack (record, packed), packed};
    reply.key = record->key;
    out_reply (at, &reply.base);
    free (packed);
    return OK;
}

static code_t
on_sign (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    keyring_t *self = self_;
    const Ggen__SignRequest *request = (const void *) message;
    uint8_t signature[RECORD_SIGNATURE_SIZE];
    Ggen__SignedRecord record = GGEN__SIGNED_RECORD__INIT;
    record.kind = request->kind;
    record.payload = request->payload;
    if (!is_record (&record))
        return out_fail (at, VALIDATION, "",
                         "only a valid release, head or listing is ever signed");
    AUTO (key_file_destroy) key_file_t *key = key_file_new ();
    if (!key)
        return BUSY;
    code_t code = keyring_read_open (self, keyring_or_default (request->key_name), key);
    if (code)
        return keyring_refuse (self, at, code);
    code = sign (key, request->kind, request->payload, signature);
    if (code)
        return code;
    record.key = publisher_key_to_field (&key->key);
    record.signature = (ProtobufCBinaryData) {sizeof signature, signature};
    return answer_signed (at, &record);
}

static const handler_t rows[] = {{&ggen__key_generate_request__descriptor, on_generate, THIS_NODE},
                                 {&ggen__key_show_request__descriptor, on_show, THIS_NODE},
                                 {&ggen__key_list_request__descriptor, on_list, THIS_NODE},
                                 {&ggen__key_export_request__descriptor, on_export, THIS_NODE},
                                 {&ggen__key_import_request__descriptor, on_import, THIS_NODE},
                                 {&ggen__sign_request__descriptor, on_sign, THIS_NODE},
                                 {&ggen__key_generate_locked_request__descriptor,
                                  keyring_on_generate_locked, THIS_NODE},
                                 {&ggen__key_unlock_request__descriptor, keyring_on_unlock,
                                  THIS_NODE},
                                 {&ggen__key_succeed_request__descriptor, keyring_on_succeed,
                                  THIS_NODE},
                                 {&ggen__key_promote_request__descriptor, keyring_on_promote,
                                  THIS_NODE},
                                 {&ggen__minisign_request__descriptor, keyring_on_minisign,
                                  THIS_NODE},
                                 {0}};

const actor_class_t keyring_actor = {.name = "keyring",
                                     .create = keyring_create,
                                     .destroy = keyring_destroy,
                                     .rows = rows,
                                     .tick = keyring_tick,
                                     .deadline_ms = keyring_deadline_ms,
                                     .cancelled = keyring_cancelled,
                                     .job_done = keyring_job_done};
