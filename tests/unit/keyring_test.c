// SPDX-License-Identifier: MIT
//  Our own publisher keys, with real files. Every byte that the actor sends in these tests is
//  searched for its secrets.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "actors/trust/keyring_io.h"
#include "digest.h"
#include "discovery_valid.h"
#include "hex.h"
#include "publisher_key.h"
#include "publisher.pb-c.h"
#include "record.h"
#include "record_valid.h"
#include "runtime/host/log.h"
#include "tests/puppet.h"
#include "tests/temp_dir.h"
#include "trust.pb-c.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECRETS_MAX 8
#define SEED_SIZE   crypto_sign_SEEDBYTES

static char home[TEMP_DIR_SIZE], keys_dir[128], default_path[192];
static keyring_settings_t settings = {keys_dir};
static puppet_t puppet;

//  ---- no secret leaves --------------------------------------------------------------------------

static uint8_t secrets[SECRETS_MAX][SEED_SIZE];
static unsigned secrets_count;
static size_t watched_bytes;

static void
look_for_secrets (void *context, const uint8_t *data, size_t size)
{
    (void) context;
    watched_bytes += size;
    for (unsigned i = 0; i < secrets_count; i++) {
        char text[2 * SEED_SIZE + 1];
        hex_encode (text, secrets[i], SEED_SIZE);
        //  Half of a secret is too much as well.
        for (size_t half = 0; half < 2; half++) {
            assert_null (memmem (data, size, secrets[i] + half * SEED_SIZE / 2, SEED_SIZE / 2));
            assert_null (memmem (data, size, text + half * SEED_SIZE, SEED_SIZE));
        }
    }
}

static size_t
read_file (const char *path, char text[1024])
{
    int file = open (path, O_RDONLY);
    assert_true (file >= 0);
    ssize_t size = read (file, text, 1023);
    assert_true (size >= 0);
    text[size] = 0;
    close (file);
    return (size_t) size;
}

//  Watch for the secret of this file too.
static void
learn_secret (const char *path)
{
    char text[1024];
    read_file (path, text);
    char *secret = strstr (text, "\nsecret ");
    assert_non_null (secret);
    secret += strlen ("\nsecret ");
    secret[2 * SEED_SIZE] = 0;
    assert_true (secrets_count < SECRETS_MAX);
    assert_int_equal (hex_decode (secrets[secrets_count++], SEED_SIZE, secret), OK);
}

//  ---- set-up ------------------------------------------------------------------------------------

static int
setup (void **state)
{
    (void) state;
    temp_dir_make (home);
    snprintf (keys_dir, sizeof keys_dir, "%s/keys", home);
    snprintf (default_path, sizeof default_path, "%s/default.key", keys_dir);
    secrets_count = 0;
    watched_bytes = 0;
    log_set_level (LEVEL_ERROR);
    puppet = (puppet_t) {.watch = look_for_secrets};
    puppet_start (&puppet, &keyring_actor, &settings);
    return 0;
}

static int
teardown (void **state)
{
    (void) state;
    puppet_stop (&puppet);
    return temp_dir_remove (home);
}

static mode_t
mode_of (const char *file)
{
    struct stat info;
    return stat (file, &info) == 0 ? info.st_mode & 07777 : 0;
}

static void
write_file (const char *path, const char *text, mode_t mode)
{
    int file = open (path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true (file >= 0);
    assert_int_equal (write (file, text, strlen (text)), strlen (text));
    assert_int_equal (fchmod (file, mode), 0);
    close (file);
}

static void
assert_refused (const ProtobufCMessage *request, code_t code, const char *word)
{
    puppet_ask (&puppet, request);
    Ggen__Failure *failure = puppet_hear (&puppet, &ggen__failure__descriptor);
    if (failure->code != code)
        fail_msg ("%s, not %s: %s", code_name (failure->code), code_name (code),
                  failure->message);
    if (word && !strstr (failure->message, word) && !strstr (failure->hint, word))
        fail_msg ("'%s' is not in: %s / %s", word, failure->message, failure->hint);
    puppet_free (failure);
}

//  Make a key and learn its secret.
static publisher_key_t
generate (const char *name)
{
    publisher_key_t key;
    Ggen__KeyGenerateRequest request = GGEN__KEY_GENERATE_REQUEST__INIT;
    request.name = (char *) name;
    puppet_ask (&puppet, &request.base);
    said_t *said = &puppet.said[0];
    assert_int_equal (puppet.said_count, 1);
    Ggen__KeyGenerateReply *reply =
        ggen__key_generate_reply__unpack (NULL, said->body_size, said->body);
    assert_non_null (reply);
    assert_non_null (reply->key);
    learn_secret (reply->key->path);
    look_for_secrets (NULL, said->body, said->body_size);   //  It was sent before we knew
    assert_int_equal (publisher_key_from_field (&key, reply->key->public_key), OK);
    ggen__key_generate_reply__free_unpacked (reply, NULL);
    puppet_free (puppet_hear (&puppet, &ggen__key_generate_reply__descriptor));
    return key;
}

static void
assert_shown (const char *name, const publisher_key_t *key)
{
    Ggen__KeyShowRequest request = GGEN__KEY_SHOW_REQUEST__INIT;
    request.name = (char *) name;
    puppet_ask (&puppet, &request.base);
    Ggen__KeyShowReply *reply = puppet_hear (&puppet, &ggen__key_show_reply__descriptor);
    assert_memory_equal (reply->key->public_key.data, key->bytes, PUBLISHER_KEY_SIZE);
    puppet_free (reply);
}

static void
restart (void)
{
    puppet_stop (&puppet);
    puppet_start (&puppet, &keyring_actor, &settings);
}

//  ---- generate and show -------------------------------------------------------------------------

static void
a_generated_key_is_a_private_file_and_there_after_a_restart (void **state)
{
    (void) state;
    mode_t umask_before = umask (0);
    publisher_key_t key = generate ("");
    umask (umask_before);
    assert_int_equal (mode_of (default_path), 0600);
    assert_int_equal (mode_of (keys_dir), 0700);
    restart ();
    assert_shown ("", &key);
    assert_shown ("default", &key);
    publisher_key_t other = generate ("work");
    assert_false (publisher_key_equal (&key, &other));
    assert_shown ("work", &other);
    assert_true (watched_bytes > 400);
}

static void
a_key_says_when_it_was_made_and_its_recovery (void **state)
{
    (void) state;
    uint8_t recovery[DIGEST_SIZE] = {9, 8, 7};
    Ggen__KeyGenerateRequest request = GGEN__KEY_GENERATE_REQUEST__INIT;
    request.name = "work";
    request.recovery_sha256 = (ProtobufCBinaryData) {sizeof recovery, recovery};
    puppet_ask (&puppet, &request.base);
    puppet_free (puppet_hear (&puppet, &ggen__key_generate_reply__descriptor));
    restart ();
    Ggen__KeyShowRequest show = GGEN__KEY_SHOW_REQUEST__INIT;
    show.name = "work";
    puppet_ask (&puppet, &show.base);
    Ggen__KeyShowReply *reply = puppet_hear (&puppet, &ggen__key_show_reply__descriptor);
    assert_string_equal (reply->key->name, "work");
    assert_int_equal (reply->key->created_at, 1763600000);
    assert_int_equal (reply->key->recovery_sha256.len, DIGEST_SIZE);
    assert_memory_equal (reply->key->recovery_sha256.data, recovery, DIGEST_SIZE);
    assert_non_null (strstr (reply->key->path, "/keys/work.key"));
    puppet_free (reply);
    request.name = "other";
    request.recovery_sha256.len = 31;
    assert_refused (&request.base, VALIDATION, "recovery");
}

static void
a_key_is_never_overwritten (void **state)
{
    (void) state;
    publisher_key_t key = generate ("");
    Ggen__KeyGenerateRequest request = GGEN__KEY_GENERATE_REQUEST__INIT;
    assert_refused (&request.base, ALREADY_EXISTS, default_path);
    assert_shown ("", &key);
    //  Not even one that does not work.
    write_file (default_path, "broken\n", 0600);
    assert_refused (&request.base, ALREADY_EXISTS, default_path);
}

static void
what_a_killed_generate_left_is_in_nobodys_way (void **state)
{
    (void) state;
    char draft[256];
    assert_int_equal (mkdir (keys_dir, 0700), 0);
    snprintf (draft, sizeof draft, "%s.new", default_path);
    write_file (draft, "ggen publisher key 1\nname def", 0600);
    publisher_key_t key = generate ("");
    assert_shown ("", &key);
    assert_int_equal (mode_of (draft), 0);
}

static void
a_key_that_is_not_there_says_how_to_make_one (void **state)
{
    (void) state;
    Ggen__KeyShowRequest show = GGEN__KEY_SHOW_REQUEST__INIT;
    assert_refused (&show.base, MISSING_SIGNATURE, "ggen market key generate");
    Ggen__KeyListRequest list = GGEN__KEY_LIST_REQUEST__INIT;
    puppet_ask (&puppet, &list.base);
    Ggen__KeyListReply *reply = puppet_hear (&puppet, &ggen__key_list_reply__descriptor);
    assert_int_equal (reply->n_keys, 0);
    puppet_free (reply);
    assert_int_equal (mode_of (keys_dir), 0);           //  Looking makes nothing
}

static void
names_that_are_paths_are_refused (void **state)
{
    (void) state;
    char *const names[] = {"../default", "a/b", ".", ".hidden", "a b", "n\xc3\xa4me",
                           "0123456789012345678901234567890123456789012345678901234567890123x"};
    for (size_t i = 0; i < COUNT_OF (names); i++) {
        Ggen__KeyGenerateRequest make = GGEN__KEY_GENERATE_REQUEST__INIT;
        Ggen__KeyShowRequest show = GGEN__KEY_SHOW_REQUEST__INIT;
        Ggen__KeyImportRequest import = GGEN__KEY_IMPORT_REQUEST__INIT;
        make.name = show.name = import.name = names[i];
        import.path = default_path;
        assert_refused (&make.base, VALIDATION, NULL);
        assert_refused (&show.base, VALIDATION, NULL);
        assert_refused (&import.base, VALIDATION, NULL);
    }
}

static void
keys_are_listed_by_name_and_nothing_else_is (void **state)
{
    (void) state;
    char path[256];
    generate ("work");
    generate ("");
    generate ("Zoo");
    snprintf (path, sizeof path, "%s/README", keys_dir);
    write_file (path, "hello\n", 0644);
    snprintf (path, sizeof path, "%s/.key", keys_dir);
    write_file (path, "hello\n", 0644);
    Ggen__KeyListRequest list = GGEN__KEY_LIST_REQUEST__INIT;
    puppet_ask (&puppet, &list.base);
    Ggen__KeyListReply *reply = puppet_hear (&puppet, &ggen__key_list_reply__descriptor);
    assert_int_equal (reply->n_keys, 3);
    assert_string_equal (reply->keys[0]->name, "Zoo");
    assert_string_equal (reply->keys[1]->name, "default");
    assert_string_equal (reply->keys[2]->name, "work");
    assert_string_equal (reply->keys[1]->path, default_path);
    puppet_free (reply);
}

static void
more_keys_than_the_bound_are_an_error_that_says_so (void **state)
{
    (void) state;
    assert_int_equal (mkdir (keys_dir, 0700), 0);
    for (unsigned i = 0; i < KEYRING_KEYS_MAX + 1; i++) {
        char path[256];
        snprintf (path, sizeof path, "%s/k%u.key", keys_dir, i);
        write_file (path, "", 0600);
    }
    Ggen__KeyListRequest list = GGEN__KEY_LIST_REQUEST__INIT;
    assert_refused (&list.base, STORAGE, "256");
}

//  ---- bad files ---------------------------------------------------------------------------------

static void
a_key_that_others_may_read_is_refused_with_the_remedy (void **state)
{
    (void) state;
    char remedy[256];
    publisher_key_t key = generate ("");
    snprintf (remedy, sizeof remedy, "chmod 600 '%s'", default_path);
    const mode_t modes[] = {0640, 0604, 0620, 0610, 0644, 0777};
    Ggen__KeyShowRequest show = GGEN__KEY_SHOW_REQUEST__INIT;
    for (size_t i = 0; i < COUNT_OF (modes); i++) {
        assert_int_equal (chmod (default_path, modes[i]), 0);
        assert_refused (&show.base, PERMISSION_DENIED, remedy);
    }
    assert_int_equal (chmod (default_path, 0400), 0);
    assert_shown ("", &key);
}

//  Replace the first 'from' in the key file by 'to' (or cut there), and see it refused.
static void
assert_spoilt (const char *original, const char *from, const char *to)
{
    char text[2048];
    const char *at = strstr (original, from);
    assert_non_null (at);
    snprintf (text, sizeof text, "%.*s%s%s", (int) (at - original), original, to ? to : "",
              to ? at + strlen (from) : "");
    write_file (default_path, text, 0600);
    Ggen__KeyShowRequest show = GGEN__KEY_SHOW_REQUEST__INIT;
    assert_refused (&show.base, VALIDATION, default_path);
}

static void
a_file_that_is_no_key_is_refused_with_its_path (void **state)
{
    (void) state;
    char original[1024], seed[2 * SEED_SIZE + 1];
    generate ("");
    read_file (default_path, original);
    hex_encode (seed, secrets[0], SEED_SIZE);
    assert_spoilt (original, "key 1", "key 2");
    assert_spoilt (original, "name default", "name work");
    assert_spoilt (original, "name default", "name ../x");
    assert_spoilt (original, "created 1", "created -1");
    assert_spoilt (original, "created 1", "created 01");
    assert_spoilt (original, "created 1", "created 99999999999999999999991");
    assert_spoilt (original, "recovery none", "recovery no");
    assert_spoilt (original, "secret ", "secret A");
    assert_spoilt (original, "secret ", "mystery ");
    assert_spoilt (original, "public ", "public x");
    assert_spoilt (original, "name default\n", "");
    assert_spoilt (original, "name default\n", "name default\r\n");
    assert_spoilt (original, seed, "00");
    assert_spoilt (original, "name", NULL);
    assert_spoilt (original, "ggen", NULL);
    seed[0] = seed[0] == '0' ? '1' : '0';
    char other[2 * SEED_SIZE + 1];
    hex_encode (other, secrets[0], SEED_SIZE);
    assert_spoilt (original, other, seed);              //  Another secret than the public key's
    char longer[1024];
    snprintf (longer, sizeof longer, "%.900sx", original);
    write_file (default_path, longer, 0600);
    Ggen__KeyShowRequest show = GGEN__KEY_SHOW_REQUEST__INIT;
    assert_refused (&show.base, VALIDATION, default_path);
    write_file (default_path, original, 0600);
    puppet_ask (&puppet, &show.base);
    puppet_free (puppet_hear (&puppet, &ggen__key_show_reply__descriptor));
}

static void
what_is_no_plain_file_is_refused_and_does_not_hang (void **state)
{
    (void) state;
    Ggen__KeyShowRequest show = GGEN__KEY_SHOW_REQUEST__INIT;
    assert_int_equal (mkdir (keys_dir, 0700), 0);
    assert_int_equal (mkfifo (default_path, 0600), 0);
    assert_refused (&show.base, VALIDATION, default_path);
    assert_int_equal (unlink (default_path), 0);
    assert_int_equal (mkdir (default_path, 0700), 0);
    assert_refused (&show.base, VALIDATION, default_path);
    assert_int_equal (rmdir (default_path), 0);
    generate ("work");
    char work[256];
    snprintf (work, sizeof work, "%s/work.key", keys_dir);
    assert_int_equal (symlink (work, default_path), 0);
    assert_refused (&show.base, STORAGE, default_path);
}

static void
a_renamed_key_file_is_noticed (void **state)
{
    (void) state;
    char work[256];
    generate ("");
    snprintf (work, sizeof work, "%s/work.key", keys_dir);
    assert_int_equal (rename (default_path, work), 0);
    Ggen__KeyShowRequest show = GGEN__KEY_SHOW_REQUEST__INIT;
    show.name = "work";
    assert_refused (&show.base, VALIDATION, "renamed");
}

//  ---- export and import -------------------------------------------------------------------------

static void
an_exported_key_can_be_imported_elsewhere (void **state)
{
    (void) state;
    char copy[192];
    snprintf (copy, sizeof copy, "%s/my.key", home);
    publisher_key_t key = generate ("");
    Ggen__KeyExportRequest export = GGEN__KEY_EXPORT_REQUEST__INIT;
    export.path = copy;
    mode_t umask_before = umask (0);
    puppet_ask (&puppet, &export.base);
    umask (umask_before);
    Ggen__KeyExportReply *exported = puppet_hear (&puppet, &ggen__key_export_reply__descriptor);
    assert_string_equal (exported->path, copy);
    assert_memory_equal (exported->key->public_key.data, key.bytes, PUBLISHER_KEY_SIZE);
    puppet_free (exported);
    assert_int_equal (mode_of (copy), 0600);
    assert_refused (&export.base, ALREADY_EXISTS, copy);
    export.path = "my.key";
    assert_refused (&export.base, VALIDATION, NULL);

    Ggen__KeyImportRequest import = GGEN__KEY_IMPORT_REQUEST__INIT;
    import.path = copy;
    assert_refused (&import.base, ALREADY_EXISTS, default_path);
    import.name = "second";
    assert_int_equal (chmod (copy, 0644), 0);           //  Warned of, not refused
    puppet_ask (&puppet, &import.base);
    Ggen__KeyImportReply *imported = puppet_hear (&puppet, &ggen__key_import_reply__descriptor);
    assert_string_equal (imported->key->name, "second");
    assert_int_equal (mode_of (imported->key->path), 0600);
    puppet_free (imported);
    assert_shown ("second", &key);
    assert_int_equal (unlink (default_path), 0);
    import.name = "";
    puppet_ask (&puppet, &import.base);
    puppet_free (puppet_hear (&puppet, &ggen__key_import_reply__descriptor));
    restart ();
    assert_shown ("", &key);
}

static void
an_import_of_what_is_no_key_keeps_nothing (void **state)
{
    (void) state;
    char copy[192], text[1024];
    snprintf (copy, sizeof copy, "%s/my.key", home);
    Ggen__KeyImportRequest import = GGEN__KEY_IMPORT_REQUEST__INIT;
    import.path = copy;
    assert_refused (&import.base, STORAGE, copy);
    import.path = "my.key";
    assert_refused (&import.base, VALIDATION, NULL);
    import.path = copy;
    generate ("");
    size_t size = read_file (default_path, text);
    text[size - 2] = text[size - 2] == '0' ? '1' : '0'; //  The secret's last digit
    write_file (copy, text, 0600);
    assert_int_equal (unlink (default_path), 0);
    assert_refused (&import.base, VALIDATION, "not that of its secret");
    write_file (copy, "hello\n", 0600);
    assert_refused (&import.base, VALIDATION, copy);
    assert_int_equal (mode_of (default_path), 0);
}

//  ---- signing -----------------------------------------------------------------------------------

static size_t
pack_head (uint8_t packed[256], uint64_t seq)
{
    Ggen__Head head = GGEN__HEAD__INIT;
    head.name = "rust-cli";
    head.seq = seq;
    head.expires_at = 10;
    assert_true (ggen__head__get_packed_size (&head) <= 256);
    return ggen__head__pack (&head, packed);
}

static bool
verify (void *context, const uint8_t *signature, const uint8_t *message, size_t size,
        const uint8_t *key)
{
    (void) context;
    return crypto_sign_verify_detached (signature, message, size, key) == 0;
}

static void
a_signed_record_holds_for_everybody (void **state)
{
    (void) state;
    uint8_t payload[256];
    publisher_key_t key = generate ("");
    Ggen__SignRequest request = GGEN__SIGN_REQUEST__INIT;
    request.kind = GGEN__RECORD_KIND__HEAD;
    request.payload = (ProtobufCBinaryData) {pack_head (payload, 3), payload};
    puppet_ask (&puppet, &request.base);
    Ggen__SignReply *reply = puppet_hear (&puppet, &ggen__sign_reply__descriptor);
    assert_memory_equal (reply->key.data, key.bytes, PUBLISHER_KEY_SIZE);
    AUTO (record_destroy) Ggen__SignedRecord *record = NULL;
    AUTO (record_head_destroy) Ggen__Head *head = NULL;
    assert_int_equal (record_open (&record, (bytes_t) {reply->record.data, reply->record.len}), OK);
    assert_int_equal (record_check (record, verify, NULL), OK);
    assert_memory_equal (record->key.data, key.bytes, PUBLISHER_KEY_SIZE);
    assert_int_equal (record_head (&head, record), OK);
    assert_int_equal (head->seq, 3);
    puppet_free (reply);
    request.key_name = "work";
    assert_refused (&request.base, MISSING_SIGNATURE, "work.key");
}

static void
what_is_no_valid_record_is_never_signed (void **state)
{
    (void) state;
    uint8_t payload[256];
    generate ("");
    Ggen__SignRequest request = GGEN__SIGN_REQUEST__INIT;
    request.payload = (ProtobufCBinaryData) {pack_head (payload, 3), payload};
    request.kind = GGEN__RECORD_KIND__RECORD_NONE;
    assert_refused (&request.base, VALIDATION, NULL);
    request.kind = GGEN__RECORD_KIND__RELEASE;          //  A head's payload
    assert_refused (&request.base, VALIDATION, NULL);
    request.kind = (Ggen__RecordKind) 7;
    assert_refused (&request.base, VALIDATION, NULL);
    request.kind = GGEN__RECORD_KIND__HEAD;
    request.payload.len = pack_head (payload, 0);       //  No seq
    assert_refused (&request.base, VALIDATION, NULL);
    request.payload.len = pack_head (payload, 3) - 1;
    assert_refused (&request.base, VALIDATION, NULL);
    request.payload = (ProtobufCBinaryData) {11, (uint8_t *) "hello world"};
    assert_refused (&request.base, VALIDATION, NULL);
    request.payload.len = 0;
    assert_refused (&request.base, VALIDATION, NULL);
}

static size_t
pack_listing (uint8_t packed[256], uint32_t ttl_secs)
{
    uint8_t sha256[32] = {1};
    Ggen__Listing listing = GGEN__LISTING__INIT;
    listing.name = "rust-cli";
    listing.seq = 3;
    listing.ttl_secs = ttl_secs;
    listing.version = "1.0.0";
    listing.sha256 = (ProtobufCBinaryData) {sizeof sha256, sha256};
    listing.size_bytes = 1;
    return ggen__listing__pack (&listing, packed);
}

static void
a_valid_listing_is_signed (void **state)
{
    (void) state;
    uint8_t payload[256];
    generate ("");
    Ggen__SignRequest request = GGEN__SIGN_REQUEST__INIT;
    request.kind = GGEN__RECORD_KIND__LISTING;
    request.payload = (ProtobufCBinaryData) {pack_listing (payload, 60), payload};
    puppet_ask (&puppet, &request.base);
    Ggen__SignReply *reply = puppet_hear (&puppet, &ggen__sign_reply__descriptor);
    AUTO (record_destroy) Ggen__SignedRecord *record = NULL;
    AUTO (discovery_listing_destroy) Ggen__Listing *listing = NULL;
    assert_int_equal (record_open (&record, (bytes_t) {reply->record.data, reply->record.len}), OK);
    assert_int_equal (record_check (record, verify, NULL), OK);
    assert_int_equal (discovery_listing (&listing, record), OK);
    puppet_free (reply);
    request.payload.len = pack_listing (payload, 0);
    assert_refused (&request.base, VALIDATION, "only a valid release, head or listing");
    request.payload.len = pack_listing (payload, 60);
    request.kind = GGEN__RECORD_KIND__HEAD;
    assert_refused (&request.base, VALIDATION, "only a valid release, head or listing");
}

//  Each is a good payload of its kind.
static void
what_nodes_and_recovery_keys_sign_is_never_signed_by_a_publisher (void **state)
{
    (void) state;
    uint8_t payload[256], sha256[32] = {1}, next[32] = {2};
    generate ("");
    Ggen__Provider provider = GGEN__PROVIDER__INIT;
    provider.sha256 = (ProtobufCBinaryData) {sizeof sha256, sha256};
    provider.seq = provider.ttl_secs = 1;
    assert_true (discovery_valid_provider (&provider));
    Ggen__PeerRecord peer = GGEN__PEER_RECORD__INIT;
    peer.seq = peer.ttl_secs = 1;
    assert_true (discovery_valid_peer (&peer));
    Ggen__Rotation rotation = GGEN__ROTATION__INIT;
    rotation.former_key = provider.sha256;
    rotation.new_key = (ProtobufCBinaryData) {sizeof next, next};
    rotation.seq = 1;
    assert_true (record_valid_rotation (&rotation));
    const struct {
        Ggen__RecordKind kind;
        const ProtobufCMessage *payload;
    } rows[] = {{GGEN__RECORD_KIND__PROVIDER, &provider.base},
                {GGEN__RECORD_KIND__PEER, &peer.base},
                {GGEN__RECORD_KIND__ROTATION, &rotation.base}};
    for (size_t i = 0; i < COUNT_OF (rows); i++) {
        Ggen__SignRequest request = GGEN__SIGN_REQUEST__INIT;
        request.kind = rows[i].kind;
        request.payload = (ProtobufCBinaryData) {protobuf_c_message_pack (rows[i].payload, payload),
                                                 payload};
        assert_refused (&request.base, VALIDATION, "only a valid release, head or listing");
    }
}

#define TEST(test) cmocka_unit_test_setup_teardown (test, setup, teardown)

//  ---- rotation ----------------------------------------------------------------------------------

static publisher_key_t
succeed (void)
{
    publisher_key_t next;
    Ggen__KeySucceedRequest request = GGEN__KEY_SUCCEED_REQUEST__INIT;
    puppet_ask (&puppet, &request.base);
    Ggen__KeySucceedReply *reply = puppet_hear (&puppet, &ggen__key_succeed_reply__descriptor);
    assert_int_equal (publisher_key_from_field (&next, reply->next->public_key), OK);
    assert_string_equal (reply->next->name, "default-next");
    puppet_free (reply);
    return next;
}

static void
a_next_key_takes_the_name_and_the_former_is_kept (void **state)
{
    (void) state;
    char text[PUBLISHER_KEY_TEXT_SIZE + 1], former_path[400];
    publisher_key_t key = generate (""), next = succeed ();
    assert_false (publisher_key_equal (&key, &next));
    publisher_key_t again = succeed ();                 //  A rotation that goes on after a crash
    assert_true (publisher_key_equal (&again, &next));
    assert_shown ("", &key);
    Ggen__KeyPromoteRequest promote = GGEN__KEY_PROMOTE_REQUEST__INIT;
    puppet_ask (&puppet, &promote.base);
    puppet_free (puppet_hear (&puppet, &ggen__key_promote_reply__descriptor));
    assert_shown ("", &next);
    publisher_key_to_text (&key, text);
    snprintf (former_path, sizeof former_path, "default-%.8s", text + 8);
    assert_shown (former_path, &key);
    assert_refused (&promote.base, MISSING_SIGNATURE, "default-next");
}

static void
a_promotion_that_was_cut_short_is_done_again (void **state)
{
    (void) state;
    char text[PUBLISHER_KEY_TEXT_SIZE + 1], command[600];
    publisher_key_t key = generate (""), next = succeed ();
    publisher_key_to_text (&key, text);
    //  The former key was written under its own name already.
    snprintf (command, sizeof command,
              "sed 's/^name default$/name default-%.8s/' '%s' > '%s/default-%.8s.key' &&"
              " chmod 600 '%s/default-%.8s.key'",
              text + 8, default_path, keys_dir, text + 8, keys_dir, text + 8);
    assert_int_equal (system (command), 0);
    Ggen__KeyPromoteRequest promote = GGEN__KEY_PROMOTE_REQUEST__INIT;
    puppet_ask (&puppet, &promote.base);
    puppet_free (puppet_hear (&puppet, &ggen__key_promote_reply__descriptor));
    assert_shown ("", &next);
}

//  ---- passphrases: what is refused before any work ------------------------------------------------

static void
a_passphrase_comes_through_a_private_fifo_only (void **state)
{
    (void) state;
    char path[200];
    Ggen__KeyGenerateLockedRequest request = GGEN__KEY_GENERATE_LOCKED_REQUEST__INIT;
    snprintf (path, sizeof path, "%s/pipe", home);
    request.pipe = path;
    assert_refused (&request.base, STORAGE, path);
    write_file (path, "secret", 0600);
    assert_refused (&request.base, VALIDATION, "FIFO");
    assert_int_equal (unlink (path), 0);
    assert_int_equal (mkfifo (path, 0600), 0);
    assert_int_equal (chmod (path, 0620), 0);
    assert_refused (&request.base, PERMISSION_DENIED, "others");
    assert_int_equal (chmod (path, 0600), 0);
    assert_refused (&request.base, VALIDATION, "empty");
    request.name = "../x";
    assert_refused (&request.base, VALIDATION, NULL);
    Ggen__KeyUnlockRequest unlock = GGEN__KEY_UNLOCK_REQUEST__INIT;
    generate ("");
    unlock.pipe = path;
    assert_refused (&unlock.base, VALIDATION, "has no passphrase");
}

static void
a_locked_key_is_shown_but_signs_nothing (void **state)
{
    (void) state;
    char text[1024], locked[1400], path[200];
    generate ("");
    read_file (default_path, text);
    *strstr (text, "secret ") = 0;
    char zeros[97];
    memset (zeros, '0', 96);
    zeros[96] = 0;
    snprintf (locked, sizeof locked, "%slocked argon2id 2 67108864 %.32s %.48s %s\n", text, zeros,
              zeros, zeros);
    write_file (default_path, locked, 0600);
    Ggen__KeyShowRequest show = GGEN__KEY_SHOW_REQUEST__INIT;
    puppet_ask (&puppet, &show.base);
    Ggen__KeyShowReply *reply = puppet_hear (&puppet, &ggen__key_show_reply__descriptor);
    assert_true (reply->key->encrypted && !reply->key->unlocked);
    puppet_free (reply);
    Ggen__KeySucceedRequest succession = GGEN__KEY_SUCCEED_REQUEST__INIT;
    assert_refused (&succession.base, PERMISSION_DENIED, "locked");
    snprintf (path, sizeof path, "%s/out.key", home);
    Ggen__KeyExportRequest export = GGEN__KEY_EXPORT_REQUEST__INIT;
    export.path = path;
    puppet_ask (&puppet, &export.base);
    puppet_free (puppet_hear (&puppet, &ggen__key_export_reply__descriptor));
    read_file (path, text);
    assert_string_equal (text, locked);                 //  As locked as it was
    //  A cost that nobody would wait for, and other lines that are none.
    const char *const wrong[] = {"99 67108864", "2 99999999999", "2 1", "0 67108864", "2", "x y"};
    for (size_t i = 0; i < COUNT_OF (wrong); i++) {
        char *at = strstr (text, "locked ");
        snprintf (at, 400, "locked argon2id %s %.32s %.48s %s\n", wrong[i], zeros, zeros, zeros);
        write_file (default_path, text, 0600);
        assert_refused (&show.base, VALIDATION, default_path);
    }
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        TEST (a_generated_key_is_a_private_file_and_there_after_a_restart),
        TEST (a_key_says_when_it_was_made_and_its_recovery),
        TEST (a_key_is_never_overwritten),
        TEST (what_a_killed_generate_left_is_in_nobodys_way),
        TEST (a_key_that_is_not_there_says_how_to_make_one),
        TEST (names_that_are_paths_are_refused),
        TEST (keys_are_listed_by_name_and_nothing_else_is),
        TEST (more_keys_than_the_bound_are_an_error_that_says_so),
        TEST (a_key_that_others_may_read_is_refused_with_the_remedy),
        TEST (a_file_that_is_no_key_is_refused_with_its_path),
        TEST (what_is_no_plain_file_is_refused_and_does_not_hang),
        TEST (a_renamed_key_file_is_noticed),
        TEST (an_exported_key_can_be_imported_elsewhere),
        TEST (an_import_of_what_is_no_key_keeps_nothing),
        TEST (a_signed_record_holds_for_everybody),
        TEST (what_is_no_valid_record_is_never_signed),
        TEST (a_valid_listing_is_signed),
        TEST (what_nodes_and_recovery_keys_sign_is_never_signed_by_a_publisher),
        TEST (a_next_key_takes_the_name_and_the_former_is_kept),
        TEST (a_promotion_that_was_cut_short_is_done_again),
        TEST (a_passphrase_comes_through_a_private_fifo_only),
        TEST (a_locked_key_is_shown_but_signs_nothing),
    };
    return sodium_init () < 0 || cmocka_run_group_tests (tests, NULL, NULL);
}
