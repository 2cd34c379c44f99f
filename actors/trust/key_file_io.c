// SPDX-License-Identifier: MIT
#include "key_file_io.h"

#include "hex.h"

#include "runtime/host/private_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert (KEY_FILE_SEED_SIZE == crypto_sign_SEEDBYTES, "a seed is libsodium's");
_Static_assert (KEY_FILE_PATH_MAX <= PRIVATE_PATH_MAX, "paths fit");

//  ---- memory ------------------------------------------------------------------------------------

//  libsodium keeps it out of swap and core files where the limit on locked memory allows it, puts
//  guard pages around it, and wipes it in sodium_free.
static void *
locked_new (size_t size)
{
    void *memory = sodium_malloc (size);
    if (memory)
        memset (memory, 0, size);
    return memory;
}

typedef struct {
    char bytes[KEY_FILE_BYTES_MAX + 1];
    size_t size;
} text_t;

static void
text_free (text_t **self_p)
{
    sodium_free (*self_p);
}

key_file_t *
key_file_new (void)
{
    return locked_new (sizeof (key_file_t));
}

void
key_file_destroy (key_file_t **self_p)
{
    sodium_free (*self_p);
    *self_p = NULL;
}

//  ---- content -----------------------------------------------------------------------------------

bool
key_file_name_valid (const char *name)
{
    size_t size = strspn (name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
    return size > 0 && size <= KEYRING_NAME_MAX && name[size] == 0;
}

void
key_file_public (const uint8_t seed[KEY_FILE_SEED_SIZE], publisher_key_t *key)
{
    uint8_t secret[crypto_sign_SECRETKEYBYTES];
    crypto_sign_seed_keypair (key->bytes, secret, seed);
    sodium_memzero (secret, sizeof secret);
}

void
key_file_generate (key_file_t *self)
{
    randombytes_buf (self->seed, sizeof self->seed);
    key_file_public (self->seed, &self->key);
}

static void
print_locked (const key_file_t *self, char *at)
{
    at += sprintf (at, "locked argon2id %" PRIu64 " %" PRIu64 " ", self->ops, self->memory_bytes);
    hex_encode (at, self->salt, sizeof self->salt);
    at += 2 * sizeof self->salt;
    *at++ = ' ';
    hex_encode (at, self->nonce, sizeof self->nonce);
    at += 2 * sizeof self->nonce;
    *at++ = ' ';
    hex_encode (at, self->box, sizeof self->box);
}

static void
print (const key_file_t *self, text_t *text)
{
    char public_key[PUBLISHER_KEY_TEXT_SIZE + 1], recovery[DIGEST_INTEGRITY_SIZE + 1] = "none";
    publisher_key_to_text (&self->key, public_key);
    if (self->has_recovery)
        digest_to_integrity (&self->recovery, recovery);
    int size = snprintf (text->bytes, sizeof text->bytes,
                         "ggen publisher key 1\nname %s\ncreated %" PRId64
                         "\npublic %s\nrecovery %s\n",
                         self->name, self->created_at, public_key, recovery);
    if (self->encrypted)
        print_locked (self, text->bytes + size);
    else
        hex_encode (stpcpy (text->bytes + size, "secret "), self->seed, sizeof self->seed);
    strcat (text->bytes, "\n");
    text->size = strlen (text->bytes);
}

_Static_assert (22 + 5 + KEYRING_NAME_MAX + 9 + 20 + 8 + PUBLISHER_KEY_TEXT_SIZE + 10
                        + DIGEST_INTEGRITY_SIZE + 16 + 42
                        + 2 * (KEY_FILE_SALT_SIZE + KEY_FILE_NONCE_SIZE + KEY_FILE_BOX_SIZE) + 4
                    < KEY_FILE_BYTES_MAX,
                "the longest key file fits");

//  The value of the next line, which has to begin with 'label'; NULL when it does not. The line is
//  cut off *at_p.
static char *
next_line (char **at_p, const char *label)
{
    size_t size = strlen (label);
    char *line = *at_p, *end = strchr (line, '\n');
    if (!end || strncmp (line, label, size) != 0)
        return NULL;
    *end = 0;
    *at_p = end + 1;
    return line + size;
}

static bool
parse_number (const char *text, int64_t *number_p)
{
    char *end, again[24];
    errno = 0;
    *number_p = strtoll (text, &end, 10);
    snprintf (again, sizeof again, "%" PRId64, *number_p);
    return errno == 0 && *number_p >= 0 && strcmp (again, text) == 0;
}

//  'line' is taken apart.
static bool
parse_locked (key_file_t *self, char *line)
{
    char *rest = line;
    const char *ops = strsep (&rest, " "), *memory = strsep (&rest, " "),
               *salt = strsep (&rest, " "), *nonce = strsep (&rest, " ");
    int64_t numbers[2];
    if (!rest || !parse_number (ops, &numbers[0]) || !parse_number (memory, &numbers[1])
        || numbers[0] < 1 || numbers[0] > KEY_FILE_OPS_MAX || numbers[1] < 8192
        || numbers[1] > KEY_FILE_MEMORY_MAX)
        return false;
    self->encrypted = true;
    self->ops = (uint64_t) numbers[0];
    self->memory_bytes = (uint64_t) numbers[1];
    return hex_decode (self->salt, sizeof self->salt, salt) == OK
           && hex_decode (self->nonce, sizeof self->nonce, nonce) == OK
           && hex_decode (self->box, sizeof self->box, rest) == OK;
}

//  'text' is taken apart.
static bool
parse (key_file_t *self, text_t *text)
{
    char *at = text->bytes;
    const char *title = next_line (&at, "ggen publisher key 1"), *name = next_line (&at, "name "),
               *created = next_line (&at, "created "), *key = next_line (&at, "public "),
               *recovery = next_line (&at, "recovery "), *secret = next_line (&at, "secret ");
    char *locked = secret ? NULL : next_line (&at, "locked argon2id ");
    if (!title || *title || !name || !created || !key || !recovery || (!secret && !locked)
        || at != text->bytes + text->size || !key_file_name_valid (name)
        || !parse_number (created, &self->created_at)
        || publisher_key_from_text (&self->key, key) != OK
        || (locked ? !parse_locked (self, locked)
                   : hex_decode (self->seed, sizeof self->seed, secret) != OK))
        return false;
    strcpy (self->name, name);
    self->has_recovery = strcmp (recovery, "none") != 0;
    return !self->has_recovery || digest_from_integrity (&self->recovery, recovery) == OK;
}

//  ---- reading -----------------------------------------------------------------------------------

//  May we use what this descriptor is?
static code_t
check_file (int file, const char *path, bool ours, bool *open_p, char *why, char *hint)
{
    struct stat info;
    if (fstat (file, &info) != 0)
        return private_file_explain (path, why, KEY_FILE_WHY_MAX);
    if (!S_ISREG (info.st_mode)) {
        snprintf (why, KEY_FILE_WHY_MAX, "%s: not a file", path);
        return VALIDATION;
    }
    *open_p = (info.st_mode & 077) != 0;
    if (ours && *open_p) {
        snprintf (why, KEY_FILE_WHY_MAX, "%s: others may read this key (mode %04o)", path,
                  (unsigned) info.st_mode & 07777);
        snprintf (hint, KEY_FILE_WHY_MAX, "chmod 600 '%s'", path);
        return PERMISSION_DENIED;
    }
    if (ours && info.st_uid != geteuid () && geteuid () != 0) {
        snprintf (why, KEY_FILE_WHY_MAX, "%s: belongs to user %u, not to %u", path,
                  (unsigned) info.st_uid, (unsigned) geteuid ());
        return PERMISSION_DENIED;
    }
    return OK;
}

//  Straight into locked memory: a stream would keep a copy in its buffer.
static code_t
read_text (int file, const char *path, text_t *text, char *why)
{
    while (text->size < KEY_FILE_BYTES_MAX) {
        ssize_t size = read (file, text->bytes + text->size, KEY_FILE_BYTES_MAX - text->size);
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0)
            return private_file_explain (path, why, KEY_FILE_WHY_MAX);
        if (size == 0)
            break;
        text->size += (size_t) size;
    }
    return OK;
}

static code_t
parse_and_prove (key_file_t *self, const char *path, text_t *text, char *why)
{
    publisher_key_t key;
    self->encrypted = false;
    if (!parse (self, text)) {
        snprintf (why, KEY_FILE_WHY_MAX, "%s: not a publisher key of ggen", path);
        return VALIDATION;
    }
    if (self->encrypted)
        return OK;
    key_file_public (self->seed, &key);
    if (publisher_key_equal (&key, &self->key))
        return OK;
    snprintf (why, KEY_FILE_WHY_MAX, "%s: its public key is not that of its secret", path);
    return VALIDATION;
}

code_t
key_file_read (key_file_t *self, const char *path, bool ours, bool *open_p, char *why, char *hint)
{
    *hint = 0;
    AUTO (text_free) text_t *text = locked_new (sizeof *text);
    if (!text) {
        snprintf (why, KEY_FILE_WHY_MAX, "out of memory");
        return BUSY;
    }
    int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (ours ? O_NOFOLLOW : 0);
    int file = open (path, flags);
    if (file < 0) {
        bool missing = errno == ENOENT;
        code_t code = private_file_explain (path, why, KEY_FILE_WHY_MAX);
        return missing ? MISSING_SIGNATURE : code;
    }
    code_t code = check_file (file, path, ours, open_p, why, hint);
    if (code == OK)
        code = read_text (file, path, text, why);
    close (file);
    return code ? code : parse_and_prove (self, path, text, why);
}

//  ---- writing -----------------------------------------------------------------------------------

//  Unlike rename () this never takes the place of another file.
static bool
name_finished (const char *draft, const char *path)
{
    if (renameat2 (AT_FDCWD, draft, AT_FDCWD, path, RENAME_NOREPLACE) == 0)
        return true;
    //  For file systems that cannot: for a moment it has two names.
    return (errno == EINVAL || errno == ENOSYS) && link (draft, path) == 0 && unlink (draft) == 0;
}

static code_t
create_whole (const char *path, bytes_t content, char *why)
{
    char draft[KEY_FILE_PATH_MAX + 8];
    snprintf (draft, sizeof draft, "%s.new", path);
    if (unlink (draft) != 0 && errno != ENOENT)         //  Of a run that was killed
        return private_file_explain (draft, why, KEY_FILE_WHY_MAX);
    code_t code = private_file_create (draft, content, why, KEY_FILE_WHY_MAX);
    if (code)
        return code;
    if (name_finished (draft, path))
        return private_file_sync_dir (path, why, KEY_FILE_WHY_MAX);
    code = private_file_explain (path, why, KEY_FILE_WHY_MAX);
    unlink (draft);
    return code;
}

code_t
key_file_write (const key_file_t *self, const char *path, bool atomic, char *why)
{
    AUTO (text_free) text_t *text = locked_new (sizeof *text);
    if (!text) {
        snprintf (why, KEY_FILE_WHY_MAX, "out of memory");
        return BUSY;
    }
    print (self, text);
    bytes_t content = {(const uint8_t *) text->bytes, text->size};
    return atomic ? create_whole (path, content, why)
                  : private_file_create (path, content, why, KEY_FILE_WHY_MAX);
}

code_t
key_file_replace (const key_file_t *self, const char *path, char *why)
{
    char draft[KEY_FILE_PATH_MAX + 8];
    snprintf (draft, sizeof draft, "%s.new", path);
    if (unlink (draft) != 0 && errno != ENOENT)         //  Of a run that was killed
        return private_file_explain (draft, why, KEY_FILE_WHY_MAX);
    code_t code = key_file_write (self, draft, false, why);
    if (code == OK && rename (draft, path) != 0)
        code = private_file_explain (path, why, KEY_FILE_WHY_MAX);
    return code ? code : private_file_sync_dir (path, why, KEY_FILE_WHY_MAX);
}
