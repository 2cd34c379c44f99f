// SPDX-License-Identifier: MIT
//  What of the keyring takes long, as jobs: keys of passphrases, and hashes of files. Requests are
//  judged before; keys are read, and signatures made, after.
#include "keyring_self_io.h"

#include "minisign.h"

#include "runtime/host/job.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define READ_BYTES (256u << 10)

typedef enum { GENERATE, UNLOCK, MINISIGN } kind_t;

//  In locked memory; wiped when it goes.
typedef struct {
    kind_t kind;
    code_t code;                    //  CANCELLED until the work is done
    key_file_t file;                //  the key to be generated or opened
    passphrase_t passphrase;
    uint8_t box_key[KEY_LOCK_KEY_SIZE];
    char path[KEY_FILE_PATH_MAX];   //  of the file to be signed
    char comment[MINISIGN_COMMENT_MAX + 1];
    char key_name[KEYRING_NAME_MAX + 1];
    digest_t expected, found;
    uint8_t hash[MINISIGN_HASH_SIZE];
    int error;                      //  errno, when the file cannot be read
} work_t;

static work_t *
work_new (kind_t kind)
{
    work_t *self = sodium_malloc (sizeof *self);
    if (!self)
        return NULL;
    memset (self, 0, sizeof *self);
    self->kind = kind;
    self->code = CANCELLED;
    return self;
}

static void
work_free (work_t **self_p)
{
    sodium_free (*self_p);
    *self_p = NULL;
}

//  ---- what is open ------------------------------------------------------------------------------

unlocked_t *
keyring_unlocked (const keyring_t *self, const publisher_key_t *key)
{
    for (unsigned i = 0; i < KEYRING_UNLOCKED_MAX; i++)
        if (self->unlocked[i].until_ms > out_now_ms (self->out)
            && publisher_key_equal (&self->unlocked[i].key, key))
            return &self->unlocked[i];
    return NULL;
}

void
keyring_remember (keyring_t *self, const key_file_t *key, const uint8_t box_key[KEY_LOCK_KEY_SIZE])
{
    unlocked_t *place = keyring_unlocked (self, &key->key);
    for (unsigned i = 0; i < KEYRING_UNLOCKED_MAX && !place; i++)
        if (self->unlocked[i].until_ms == 0)
            place = &self->unlocked[i];
    for (unsigned i = 0; i < KEYRING_UNLOCKED_MAX && !place; i++)
        if (i == 0 || self->unlocked[i].until_ms < place->until_ms)
            place = &self->unlocked[i];
    place->key = key->key;
    memcpy (place->seed, key->seed, sizeof place->seed);
    memmove (place->box_key, box_key, sizeof place->box_key);
    place->until_ms = out_now_ms (self->out) + KEYRING_UNLOCK_MS;
}

code_t
keyring_tick (void *self_, int64_t now_ms, int64_t wall_ms)
{
    (void) wall_ms;
    keyring_t *self = self_;
    for (unsigned i = 0; i < KEYRING_UNLOCKED_MAX; i++)
        if (self->unlocked[i].until_ms > 0 && self->unlocked[i].until_ms <= now_ms)
            sodium_memzero (&self->unlocked[i], sizeof self->unlocked[i]);
    return OK;
}

int64_t
keyring_deadline_ms (const void *self_)
{
    const keyring_t *self = self_;
    int64_t first_ms = DEADLINE_NEVER;
    for (unsigned i = 0; i < KEYRING_UNLOCKED_MAX; i++)
        if (self->unlocked[i].until_ms > 0 && self->unlocked[i].until_ms < first_ms)
            first_ms = self->unlocked[i].until_ms;
    return first_ms;
}

//  ---- on the worker -----------------------------------------------------------------------------

//  0 or an errno; both hashes in one reading.
static int
hash_both (job_t *job, int file, EVP_MD_CTX *sha256, EVP_MD_CTX *blake2b, uint8_t *buffer)
{
    for (;;) {
        ssize_t size = read (file, buffer, READ_BYTES);
        if (size < 0 && errno == EINTR)
            continue;
        if (size <= 0)
            return size < 0 ? errno : 0;
        EVP_DigestUpdate (sha256, buffer, (size_t) size);
        EVP_DigestUpdate (blake2b, buffer, (size_t) size);
        if (job_cancelled (job))
            return ECANCELED;
    }
}

static int
hash_file (job_t *job, work_t *work)
{
    int file = open (work->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    EVP_MD_CTX *sha256 = EVP_MD_CTX_new (), *blake2b = EVP_MD_CTX_new ();
    uint8_t *buffer = malloc (READ_BYTES);
    int error = file < 0 ? errno : ENOMEM;
    if (file >= 0 && sha256 && blake2b && buffer
        && EVP_DigestInit_ex (sha256, EVP_sha256 (), NULL) == 1
        && EVP_DigestInit_ex (blake2b, EVP_blake2b512 (), NULL) == 1)
        error = hash_both (job, file, sha256, blake2b, buffer);
    if (error == 0
        && (EVP_DigestFinal_ex (sha256, work->found.bytes, NULL) != 1
            || EVP_DigestFinal_ex (blake2b, work->hash, NULL) != 1))
        error = ENOMEM;
    free (buffer);
    EVP_MD_CTX_free (sha256);
    EVP_MD_CTX_free (blake2b);
    if (file >= 0)
        close (file);
    return error;
}

static void
work_long (job_t *job, void *arg)
{
    work_t *self = arg;
    if (self->kind != MINISIGN) {
        self->code = key_lock_derive (&self->file, &self->passphrase, self->box_key);
        return;
    }
    self->error = hash_file (job, self);
    if (self->error == 0)
        self->code = digest_equal (&self->found, &self->expected) ? OK : CHECKSUM_MISMATCH;
    else if (self->error != ECANCELED)
        self->code = self->error == EACCES ? PERMISSION_DENIED : STORAGE;
}

//  ---- the ends ----------------------------------------------------------------------------------

static code_t
end_generate (keyring_t *self, ticket_t ticket, work_t *work)
{
    char path[KEY_FILE_PATH_MAX];
    Ggen__KeyInfo info;
    Ggen__KeyGenerateReply reply = GGEN__KEY_GENERATE_REPLY__INIT;
    key_file_generate (&work->file);
    key_lock_close (&work->file, work->box_key);
    code_t code = keyring_keep (self, &work->file);
    if (code)
        return code;
    keyring_remember (self, &work->file, work->box_key);
    keyring_describe (self, &work->file, path, &info);
    reply.key = &info;
    out_answer (self->out, ticket, &reply.base);
    return OK;
}

static code_t
end_unlock (keyring_t *self, ticket_t ticket, work_t *work)
{
    char path[KEY_FILE_PATH_MAX];
    Ggen__KeyInfo info;
    Ggen__KeyUnlockReply reply = GGEN__KEY_UNLOCK_REPLY__INIT;
    self->hint[0] = 0;
    code_t code = key_lock_open (&work->file, work->box_key);
    if (code) {
        snprintf (self->why, sizeof self->why, "this is not the passphrase of the key '%s'",
                  work->file.name);
        return code;
    }
    keyring_remember (self, &work->file, work->box_key);
    keyring_describe (self, &work->file, path, &info);
    reply.key = &info;
    out_answer (self->out, ticket, &reply.base);
    return OK;
}

static code_t
end_minisign (keyring_t *self, ticket_t ticket, const work_t *work)
{
    uint8_t secret[crypto_sign_SECRETKEYBYTES], public_key[crypto_sign_PUBLICKEYBYTES];
    uint8_t first[MINISIGN_SIGNATURE_SIZE], global[MINISIGN_SIGNATURE_SIZE];
    uint8_t bytes[MINISIGN_GLOBAL_MAX];
    char text[MINISIGN_TEXT_MAX];
    Ggen__MinisignReply reply = GGEN__MINISIGN_REPLY__INIT;
    AUTO (key_file_destroy) key_file_t *key = key_file_new ();
    code_t code = key ? keyring_read_open (self, work->key_name, key) : BUSY;
    if (code)
        return code;
    crypto_sign_seed_keypair (public_key, secret, key->seed);
    crypto_sign_detached (first, NULL, work->hash, sizeof work->hash, secret);
    size_t size = minisign_global_bytes (first, work->comment, bytes);
    crypto_sign_detached (global, NULL, bytes, size, secret);
    sodium_memzero (secret, sizeof secret);
    minisign_signature_text (&key->key, first, work->comment, global, text);
    reply.text = text;
    out_answer (self->out, ticket, &reply.base);
    return OK;
}

static code_t
end_work (keyring_t *self, ticket_t ticket, work_t *work)
{
    self->hint[0] = 0;
    snprintf (self->why, sizeof self->why, "%s",
              work->code == CANCELLED           ? "cancelled"
              : work->code == CHECKSUM_MISMATCH ? "the file to be signed has changed"
              : work->kind == MINISIGN          ? strerror (work->error)
                                                : "there is not enough memory for a passphrase");
    if (work->code)
        return work->code;
    return work->kind == GENERATE ? end_generate (self, ticket, work)
           : work->kind == UNLOCK ? end_unlock (self, ticket, work)
                                  : end_minisign (self, ticket, work);
}

code_t
keyring_job_done (void *self_, void *job, int64_t now_ms)
{
    (void) now_ms;
    keyring_t *self = self_;
    AUTO (work_free) work_t *work = job_arg (job);
    ticket_t ticket = job_ticket (job);
    code_t code = end_work (self, ticket, work);
    if (code)
        out_refuse (self->out, ticket, code, self->hint, "%s", self->why);
    return OK;
}

bool
keyring_cancelled (void *self, ticket_t ticket)
{
    return jobs_cancel (((keyring_t *) self)->jobs, ticket);
}

//  ---- requests ----------------------------------------------------------------------------------

//  Takes 'work'.
static code_t
start (keyring_t *self, const delivery_t *at, work_t **work_p)
{
    code_t code = jobs_start (self->jobs, at->ticket, work_long, *work_p);
    if (code == OK)
        *work_p = NULL;
    return code;
}

code_t
keyring_on_generate_locked (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    keyring_t *self = self_;
    const Ggen__KeyGenerateLockedRequest *request = (const void *) message;
    const char *name = keyring_or_default (request->name);
    AUTO (work_free) work_t *work = work_new (GENERATE);
    AUTO (key_file_destroy) key_file_t *there = key_file_new ();
    if (!work || !there)
        return BUSY;
    work->file.has_recovery = request->recovery_sha256.len > 0;
    if (!key_file_name_valid (name)
        || (work->file.has_recovery
            && digest_from_field (&work->file.recovery, request->recovery_sha256) != OK))
        return out_fail (at, VALIDATION, "", "not a key name, or no recovery hash");
    strcpy (work->file.name, name);
    work->file.created_at = at->wall_ms / 1000;
    key_lock_prepare (&work->file);
    self->hint[0] = 0;
    code_t code = key_lock_read (&work->passphrase, request->pipe, self->why);
    return code ? keyring_refuse (self, at, code) : start (self, at, &work);
}

code_t
keyring_on_unlock (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    keyring_t *self = self_;
    const Ggen__KeyUnlockRequest *request = (const void *) message;
    AUTO (work_free) work_t *work = work_new (UNLOCK);
    if (!work)
        return BUSY;
    code_t code = keyring_read (self, keyring_or_default (request->name), &work->file);
    if (code == OK && !work->file.encrypted) {
        self->hint[0] = 0;
        snprintf (self->why, sizeof self->why, "the key '%s' has no passphrase", work->file.name);
        code = VALIDATION;
    }
    if (code == OK)
        code = key_lock_read (&work->passphrase, request->pipe, self->why);
    return code ? keyring_refuse (self, at, code) : start (self, at, &work);
}

//  A name that can stand in a line of text.
static bool
is_plain (const char *text)
{
    for (const char *at = text; *at; at++)
        if ((uint8_t) *at < ' ' || (uint8_t) *at >= 0x7F)
            return false;
    return *text != 0;
}

code_t
keyring_on_minisign (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    keyring_t *self = self_;
    const Ggen__MinisignRequest *request = (const void *) message;
    const char *name = keyring_or_default (request->key_name);
    AUTO (work_free) work_t *work = work_new (MINISIGN);
    if (!work)
        return BUSY;
    if (request->path[0] != '/' || strlen (request->path) >= KEY_FILE_PATH_MAX
        || !key_file_name_valid (name) || !is_plain (request->file_name)
        || strlen (request->file_name) > 255
        || digest_from_field (&work->expected, request->sha256) != OK)
        return out_fail (at, VALIDATION, "", "no file, no key name, or no digest to sign");
    strcpy (work->path, request->path);
    strcpy (work->key_name, name);
    //  As minisign itself writes it.
    snprintf (work->comment, sizeof work->comment, "timestamp:%" PRId64 "\tfile:%s\thashed",
              at->wall_ms / 1000, request->file_name);
    return start (self, at, &work);
}
