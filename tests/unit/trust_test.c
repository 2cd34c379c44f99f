// SPDX-License-Identifier: MIT
//  Who may publish a name: every rule of policy.h, through the actor's messages.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "actors/trust/heads.h"
#include "actors/trust/policy.h"
#include "actors/trust/tables.h"
#include "actors/trust/trust.h"
#include "tests/memory_state.h"
#include "tests/puppet.h"

#include <sodium.h>

#define WALL_SECONDS 1763600000

//  ---- publishers and what they sign ----------------------------------------------------------------

typedef struct {
    publisher_key_t key;
    uint8_t secret[crypto_sign_SECRETKEYBYTES];
    char text[PUBLISHER_KEY_TEXT_SIZE + 1];
    char fingerprint[PUBLISHER_KEY_FINGERPRINT_SIZE + 1];
} signer_t;

static signer_t alice, bob, eve;
static uint8_t digest[DIGEST_SIZE], other_digest[DIGEST_SIZE];

typedef struct {
    uint8_t data[2048];
    size_t size;
} packed_t;

static void
make_signer (signer_t *self, uint8_t number)
{
    uint8_t seed[crypto_sign_SEEDBYTES] = {number};
    crypto_sign_seed_keypair (self->key.bytes, self->secret, seed);
    publisher_key_to_text (&self->key, self->text);
    publisher_key_fingerprint (&self->key, self->fingerprint);
}

static packed_t
sign (const signer_t *signer, Ggen__RecordKind kind, const ProtobufCMessage *message)
{
    packed_t payload = {.size = protobuf_c_message_get_packed_size (message)};
    assert_true (payload.size <= sizeof payload.data);
    protobuf_c_message_pack (message, payload.data);
    size_t size;
    uint8_t signature[RECORD_SIGNATURE_SIZE];
    uint8_t *bytes = record_signing_bytes (kind, (bytes_t) {payload.data, payload.size}, &size);
    crypto_sign_detached (signature, NULL, bytes, size, signer->secret);
    free (bytes);
    Ggen__SignedRecord record = GGEN__SIGNED_RECORD__INIT;
    record.kind = kind;
    record.payload = (ProtobufCBinaryData) {payload.size, payload.data};
    record.key = (ProtobufCBinaryData) {PUBLISHER_KEY_SIZE, (uint8_t *) signer->key.bytes};
    record.signature = (ProtobufCBinaryData) {sizeof signature, signature};
    packed_t packed = {.size = protobuf_c_message_get_packed_size (&record.base)};
    assert_true (packed.size <= sizeof packed.data);
    protobuf_c_message_pack (&record.base, packed.data);
    return packed;
}

static packed_t
release_of (const signer_t *signer, const char *name, const char *version)
{
    ProtobufCBinaryData field = {DIGEST_SIZE, digest};
    Ggen__Release release = GGEN__RELEASE__INIT;
    release.name = (char *) name;
    release.version = (char *) version;
    release.sha256 = release.files_sha256 = release.manifest_sha256 = release.chunks = field;
    release.size_bytes = 1000;
    release.chunk_bytes = 262144;
    release.unpacked_bytes = 5000;
    release.files_count = 3;
    release.published_at = WALL_SECONDS - 100;
    release.archive_format = "tar.gz";
    return sign (signer, GGEN__RECORD_KIND__RELEASE, &release.base);
}

//  What a head of the tests is made of; zeros are the usual.
typedef struct {
    const char *name;               //  "rust-cli"
    uint64_t seq;                   //  1
    int64_t issued_at, expires_at;  //  an hour ago, in a day
    const char *version;            //  "1.0.0"
    const uint8_t *sha256;          //  digest
    const char *yank_reason;        //  not yanked
    const signer_t *successor;      //  none
} head_t;

static packed_t
head_of (const signer_t *signer, head_t parts)
{
    Ggen__HeadVersion version = GGEN__HEAD_VERSION__INIT, *versions = &version;
    version.version = (char *) (parts.version ? parts.version : "1.0.0");
    version.sha256 =
        (ProtobufCBinaryData) {DIGEST_SIZE, (uint8_t *) (parts.sha256 ? parts.sha256 : digest)};
    version.yanked = parts.yank_reason != NULL;
    if (parts.yank_reason)
        version.yank_reason = (char *) parts.yank_reason;
    Ggen__Head head = GGEN__HEAD__INIT;
    head.name = (char *) (parts.name ? parts.name : "rust-cli");
    head.seq = parts.seq ? parts.seq : 1;
    head.issued_at = parts.issued_at ? parts.issued_at : WALL_SECONDS - 3600;
    head.expires_at = parts.expires_at ? parts.expires_at : WALL_SECONDS + 86400;
    head.versions = &versions;
    head.n_versions = 1;
    if (parts.successor)
        head.rotated_to =
            (ProtobufCBinaryData) {PUBLISHER_KEY_SIZE, (uint8_t *) parts.successor->key.bytes};
    return sign (signer, GGEN__RECORD_KIND__HEAD, &head.base);
}

//  ---- the actor, with a state that the test drives --------------------------------------------------

static memory_state_t kept;
static puppet_t trust, state;

static void
settle (void)
{
    while (puppet_relay (&trust, &state))
        ;
}

static int
setup (void **unused)
{
    (void) unused;
    make_signer (&alice, 1);
    make_signer (&bob, 2);
    make_signer (&eve, 3);
    memset (digest, 0xd1, sizeof digest);
    memset (other_digest, 0xe2, sizeof other_digest);
    kept = (memory_state_t) {0};
    trust = state = (puppet_t) {.wall_ms = (int64_t) WALL_SECONDS * 1000};
    puppet_start (&state, &memory_state_actor, &kept);
    puppet_start (&trust, &trust_actor, NULL);
    settle ();
    return 0;
}

static int
teardown (void **unused)
{
    (void) unused;
    puppet_stop (&trust);
    puppet_stop (&state);
    memory_state_clear (&kept);
    return 0;
}

static void
restart (void)
{
    puppet_stop (&trust);
    puppet_start (&trust, &trust_actor, NULL);
    settle ();
}

static ProtobufCBinaryData
key_field (const signer_t *signer)
{
    return (ProtobufCBinaryData) {PUBLISHER_KEY_SIZE, (uint8_t *) signer->key.bytes};
}

//  A check of rust-cli 1.0.0 that pins.
static Ggen__CheckReleaseRequest
check_of (const packed_t *record, const packed_t *head)
{
    Ggen__CheckReleaseRequest check = GGEN__CHECK_RELEASE_REQUEST__INIT;
    check.name = "rust-cli";
    check.version = "1.0.0";
    check.pin = true;
    if (record)
        check.record = (ProtobufCBinaryData) {record->size, (uint8_t *) record->data};
    if (head)
        check.head = (ProtobufCBinaryData) {head->size, (uint8_t *) head->data};
    return check;
}

static Ggen__CheckReleaseReply *
accepted (const Ggen__CheckReleaseRequest *check)
{
    puppet_ask (&trust, &check->base);
    settle ();
    return puppet_hear (&trust, &ggen__check_release_reply__descriptor);
}

static void
assert_accepted (const Ggen__CheckReleaseRequest *check)
{
    puppet_free (accepted (check));
}

static Ggen__Failure *
refused (const ProtobufCMessage *message)
{
    puppet_ask (&trust, message);
    settle ();
    return puppet_hear (&trust, &ggen__failure__descriptor);
}

//  Refused with this code, saying (message or hint) all of 'words' up to a NULL.
static void
assert_refused (const Ggen__CheckReleaseRequest *check, code_t code, const char *const words[])
{
    Ggen__Failure *failure = refused (&check->base);
    if (failure->code != code)
        fail_msg ("%s, not %s: %s", code_name (failure->code), code_name (code),
                  failure->message);
    for (; words && *words; words++)
        if (!strstr (failure->message, *words) && !strstr (failure->hint, *words))
            fail_msg ("'%s' is not in: %s / %s", *words, failure->message, failure->hint);
    puppet_free (failure);
}

#define WORDS(...) ((const char *const[]) {__VA_ARGS__, NULL})

//  rust-cli is pinned to 'signer' from now on, by first use.
static void
pin_to (const signer_t *signer)
{
    packed_t record = release_of (signer, "rust-cli", "1.0.0");
    Ggen__CheckReleaseRequest check = check_of (&record, NULL);
    assert_accepted (&check);
}

static Ggen__TrustListReply *
list (void)
{
    Ggen__TrustListRequest request = GGEN__TRUST_LIST_REQUEST__INIT;
    puppet_ask (&trust, &request.base);
    settle ();
    return puppet_hear (&trust, &ggen__trust_list_reply__descriptor);
}

//  Is exactly one name pinned, and so?
static void
assert_pinned (const signer_t *signer, const char *how, uint64_t head_seq)
{
    Ggen__TrustListReply *reply = list ();
    assert_int_equal (reply->n_pins, 1);
    assert_string_equal (reply->pins[0]->name, "rust-cli");
    assert_int_equal (reply->pins[0]->key.len, PUBLISHER_KEY_SIZE);
    assert_memory_equal (reply->pins[0]->key.data, signer->key.bytes, PUBLISHER_KEY_SIZE);
    assert_string_equal (reply->pins[0]->how, how);
    assert_int_equal (reply->pins[0]->head_seq, head_seq);
    puppet_free (reply);
}

//  ---- unsigned -------------------------------------------------------------------------------------

static void
an_unsigned_release_is_refused_with_the_flag_that_accepts_it (void **unused)
{
    (void) unused;
    Ggen__CheckReleaseRequest check = check_of (NULL, NULL);
    assert_refused (&check, MISSING_SIGNATURE, WORDS ("--allow-unsigned"));
    check.allow_unsigned = true;
    Ggen__CheckReleaseReply *reply = accepted (&check);
    assert_int_equal (reply->publisher_key.len, 0);
    assert_false (reply->first_use);
    assert_null (reply->release);
    puppet_free (reply);
    assert_int_equal (kept.puts, 0);
}

static void
an_unsigned_release_of_a_pinned_name_is_never_accepted (void **unused)
{
    (void) unused;
    pin_to (&alice);
    Ggen__CheckReleaseRequest check = check_of (NULL, NULL);
    assert_refused (&check, MISSING_SIGNATURE, WORDS ("another registry"));
    check.allow_unsigned = true;
    assert_refused (&check, UNTRUSTED_PUBLISHER,
                    WORDS (alice.fingerprint, "ggen market trust remove rust-cli"));
}

static void
an_unsigned_release_is_no_release_of_the_publisher_asked_for (void **unused)
{
    (void) unused;
    Ggen__CheckReleaseRequest check = check_of (NULL, NULL);
    check.allow_unsigned = true;
    check.publisher_key = key_field (&alice);
    assert_refused (&check, UNTRUSTED_PUBLISHER, NULL);
}

static void
an_unsigned_release_of_a_name_that_others_sign_is_warned_of (void **unused)
{
    (void) unused;
    ProtobufCBinaryData rivals[] = {key_field (&bob)};
    Ggen__CheckReleaseRequest check = check_of (NULL, NULL);
    check.allow_unsigned = true;
    check.rivals = rivals;
    check.n_rivals = 1;
    Ggen__CheckReleaseReply *reply = accepted (&check);
    assert_int_equal (reply->n_warnings, 1);
    puppet_free (reply);
}

//  ---- the record -----------------------------------------------------------------------------------

static void
every_flipped_bit_of_a_record_is_refused (void **unused)
{
    (void) unused;
    packed_t record = release_of (&alice, "rust-cli", "1.0.0");
    Ggen__CheckReleaseRequest check = check_of (&record, NULL);
    for (size_t bit = 0; bit < record.size * 8; bit++) {
        record.data[bit / 8] ^= (uint8_t) (1 << bit % 8);
        Ggen__Failure *failure = refused (&check.base);
        if (failure->code != INVALID_SIGNATURE)
            fail_msg ("bit %zu: %s", bit, code_name (failure->code));
        puppet_free (failure);
        record.data[bit / 8] ^= (uint8_t) (1 << bit % 8);
    }
    assert_int_equal (kept.puts, 0);
    assert_accepted (&check);
}

static void
every_shortened_record_is_refused (void **unused)
{
    (void) unused;
    packed_t record = release_of (&alice, "rust-cli", "1.0.0");
    for (size_t size = 1; size < record.size; size++) {
        Ggen__CheckReleaseRequest check = check_of (&record, NULL);
        check.record.len = size;
        assert_refused (&check, INVALID_SIGNATURE, NULL);
    }
}

static void
a_head_is_no_release (void **unused)
{
    (void) unused;
    packed_t head = head_of (&alice, (head_t) {0});
    Ggen__CheckReleaseRequest check = check_of (&head, NULL);
    assert_refused (&check, INVALID_SIGNATURE, WORDS ("malformed"));
}

static void
a_record_of_another_name_or_version_is_refused (void **unused)
{
    (void) unused;
    packed_t record = release_of (&alice, "rust-gui", "1.0.0");
    Ggen__CheckReleaseRequest check = check_of (&record, NULL);
    assert_refused (&check, SECURITY, WORDS ("rust-gui", "rust-cli"));
    record = release_of (&alice, "rust-cli", "0.9.0");
    check = check_of (&record, NULL);
    assert_refused (&check, SECURITY, WORDS ("0.9.0", "1.0.0"));
}

static void
requests_out_of_bounds_are_refused (void **unused)
{
    (void) unused;
    packed_t record = release_of (&alice, "rust-cli", "1.0.0");
    Ggen__CheckReleaseRequest check = check_of (&record, NULL);
    check.name = "../rust-cli";
    assert_refused (&check, VALIDATION, NULL);
    check = check_of (&record, NULL);
    check.publisher_key = (ProtobufCBinaryData) {31, alice.key.bytes};
    assert_refused (&check, VALIDATION, NULL);
    ProtobufCBinaryData rivals[RIVALS_MAX + 1];
    for (size_t i = 0; i < COUNT_OF (rivals); i++)
        rivals[i] = key_field (&bob);
    check = check_of (&record, NULL);
    check.rivals = rivals;
    check.n_rivals = COUNT_OF (rivals);
    assert_refused (&check, VALIDATION, NULL);
    rivals[0].len = 5;
    check.n_rivals = 1;
    assert_refused (&check, VALIDATION, NULL);
}

//  ---- publishers -----------------------------------------------------------------------------------

static void
first_use_pins_the_key_and_answers_with_the_release (void **unused)
{
    (void) unused;
    packed_t record = release_of (&alice, "rust-cli", "1.0.0");
    Ggen__CheckReleaseRequest check = check_of (&record, NULL);
    Ggen__CheckReleaseReply *reply = accepted (&check);
    assert_true (reply->first_use);
    assert_false (reply->yanked);
    assert_memory_equal (reply->publisher_key.data, alice.key.bytes, PUBLISHER_KEY_SIZE);
    assert_string_equal (reply->release->name, "rust-cli");
    assert_int_equal (reply->release->files_count, 3);
    assert_int_equal (reply->n_warnings, 0);
    puppet_free (reply);
    assert_pinned (&alice, "first use", 0);
    reply = accepted (&check);
    assert_false (reply->first_use);
    puppet_free (reply);
    assert_int_equal (kept.puts, 1);        //  Nothing new, nothing written
    assert_int_equal (kept.urgent, 1);
    restart ();
    assert_pinned (&alice, "first use", 0);
}

static void
without_pin_nothing_is_kept (void **unused)
{
    (void) unused;
    packed_t record = release_of (&alice, "rust-cli", "1.0.0"), head = head_of (&alice, (head_t) {0});
    Ggen__CheckReleaseRequest check = check_of (&record, &head);
    check.pin = false;
    for (unsigned i = 0; i < 2; i++) {
        Ggen__CheckReleaseReply *reply = accepted (&check);
        assert_true (reply->first_use);
        puppet_free (reply);
    }
    assert_int_equal (kept.puts, 0);
}

static void
another_key_than_the_pinned_one_is_refused_naming_both (void **unused)
{
    (void) unused;
    char command[160];
    pin_to (&alice);
    packed_t record = release_of (&eve, "rust-cli", "1.0.0");
    Ggen__CheckReleaseRequest check = check_of (&record, NULL);
    snprintf (command, sizeof command, "ggen market trust add rust-cli %s", eve.text);
    assert_refused (&check, UNTRUSTED_PUBLISHER,
                    WORDS (alice.fingerprint, eve.fingerprint, command));
    //  To insist on a key chooses among strangers; it does not replace a pin.
    check.publisher_key = key_field (&eve);
    assert_refused (&check, UNTRUSTED_PUBLISHER, WORDS (command));
    assert_pinned (&alice, "first use", 0);
}

static void
the_caller_can_insist_on_a_key (void **unused)
{
    (void) unused;
    packed_t record = release_of (&alice, "rust-cli", "1.0.0");
    Ggen__CheckReleaseRequest check = check_of (&record, NULL);
    check.publisher_key = key_field (&bob);
    assert_refused (&check, UNTRUSTED_PUBLISHER, WORDS (alice.fingerprint, bob.fingerprint));
    assert_int_equal (kept.puts, 0);
    check.publisher_key = key_field (&alice);
    assert_accepted (&check);
}

static void
of_several_unknown_publishers_the_caller_has_to_choose (void **unused)
{
    (void) unused;
    ProtobufCBinaryData rivals[] = {key_field (&alice), key_field (&bob), key_field (&eve)};
    packed_t record = release_of (&alice, "rust-cli", "1.0.0");
    Ggen__CheckReleaseRequest check = check_of (&record, NULL);
    check.rivals = rivals;
    check.n_rivals = 3;
    assert_refused (&check, UNTRUSTED_PUBLISHER,
                    WORDS ("3 publishers", alice.fingerprint, bob.fingerprint, eve.fingerprint,
                           "--publisher ed25519:", bob.text));
    Ggen__Failure *failure = refused (&check.base);
    assert_int_equal (failure->n_details, 4);
    assert_string_equal (failure->details[0]->key, "publisher");
    assert_string_equal (failure->details[0]->value, alice.text);
    puppet_free (failure);
    assert_int_equal (kept.puts, 0);
    check.publisher_key = key_field (&alice);
    assert_accepted (&check);
    check.publisher_key.len = 0;            //  And from then on it is pinned
    assert_accepted (&check);
    assert_pinned (&alice, "first use", 0);
}

static void
a_crowd_of_rivals_fits_the_answer (void **unused)
{
    (void) unused;
    ProtobufCBinaryData rivals[RIVALS_MAX];
    for (size_t i = 0; i < RIVALS_MAX; i++)
        rivals[i] = key_field (i % 2 ? &bob : &eve);
    packed_t record = release_of (&alice, "rust-cli", "1.0.0");
    Ggen__CheckReleaseRequest check = check_of (&record, NULL);
    check.rivals = rivals;
    check.n_rivals = RIVALS_MAX;
    assert_refused (&check, UNTRUSTED_PUBLISHER, WORDS ("257 publishers", "..."));
}

static void
a_rival_that_is_the_publisher_itself_is_none (void **unused)
{
    (void) unused;
    ProtobufCBinaryData rivals[] = {key_field (&alice)};
    packed_t record = release_of (&alice, "rust-cli", "1.0.0");
    Ggen__CheckReleaseRequest check = check_of (&record, NULL);
    check.rivals = rivals;
    check.n_rivals = 1;
    assert_accepted (&check);
}

//  ---- heads ----------------------------------------------------------------------------------------

//  What becomes of a release by alice with this head, also by alice.
static Ggen__CheckReleaseRequest
with_head (packed_t *record, packed_t *head, head_t parts)
{
    *record = release_of (&alice, "rust-cli", "1.0.0");
    *head = head_of (&alice, parts);
    return check_of (record, head);
}

static void
a_head_is_remembered_and_may_not_go_back (void **unused)
{
    (void) unused;
    packed_t record, head;
    Ggen__CheckReleaseRequest check = with_head (&record, &head, (head_t) {.seq = 7});
    assert_accepted (&check);
    assert_pinned (&alice, "first use", 7);
    check = with_head (&record, &head, (head_t) {.seq = 6});
    assert_refused (&check, SECURITY, WORDS ("6", "7"));
    restart ();
    assert_refused (&check, SECURITY, WORDS ("6", "7"));
    check = with_head (&record, &head, (head_t) {.seq = 7});
    assert_accepted (&check);
    check = with_head (&record, &head, (head_t) {.seq = 9});
    assert_accepted (&check);
    assert_pinned (&alice, "first use", 9);
    assert_int_equal (kept.puts, 2);
}

static void
a_head_may_not_jump_ahead (void **unused)
{
    (void) unused;
    packed_t record, head;
    Ggen__CheckReleaseRequest check =
        with_head (&record, &head, (head_t) {.seq = HEAD_FIRST_MAX + 1});
    assert_refused (&check, SECURITY, WORDS ("jumps"));
    check = with_head (&record, &head, (head_t) {.seq = UINT64_MAX});
    assert_refused (&check, SECURITY, WORDS ("jumps"));
    check = with_head (&record, &head, (head_t) {.seq = 10});
    assert_accepted (&check);
    check = with_head (&record, &head, (head_t) {.seq = 10 + HEAD_JUMP_MAX + 1});
    assert_refused (&check, SECURITY, WORDS ("jumps"));
    check = with_head (&record, &head, (head_t) {.seq = 10 + HEAD_JUMP_MAX});
    assert_accepted (&check);
}

static void
a_head_that_is_forged_or_of_another_name_is_refused (void **unused)
{
    (void) unused;
    packed_t record, head;
    Ggen__CheckReleaseRequest check = with_head (&record, &head, (head_t) {0});
    head.data[head.size - 1] ^= 1;
    assert_refused (&check, INVALID_SIGNATURE, WORDS ("head"));
    check = with_head (&record, &head, (head_t) {.name = "rust-gui"});
    assert_refused (&check, SECURITY, WORDS ("rust-gui"));
    check.head = check.record;
    assert_refused (&check, INVALID_SIGNATURE, WORDS ("head", "malformed"));
    head = head_of (&eve, (head_t) {0});
    check = check_of (&record, &head);
    assert_refused (&check, SECURITY, WORDS ("another key"));
    assert_int_equal (kept.puts, 0);
}

static void
a_head_with_another_digest_is_refused (void **unused)
{
    (void) unused;
    packed_t record, head;
    Ggen__CheckReleaseRequest check = with_head (&record, &head, (head_t) {.sha256 = other_digest});
    assert_refused (&check, SECURITY, WORDS ("digest"));
}

//  The only warning of an accepted check.
static void
assert_warned (const Ggen__CheckReleaseRequest *check, const char *word, bool yanked)
{
    Ggen__CheckReleaseReply *reply = accepted (check);
    assert_int_equal (reply->n_warnings, 1);
    assert_non_null (strstr (reply->warnings[0], word));
    assert_int_equal (reply->yanked, yanked);
    puppet_free (reply);
}

static void
heads_that_are_old_early_or_silent_only_warn (void **unused)
{
    (void) unused;
    packed_t record, head;
    Ggen__CheckReleaseRequest check = with_head (
        &record, &head, (head_t) {.issued_at = 5, .expires_at = WALL_SECONDS - 601});
    assert_warned (&check, "expired", false);
    check = with_head (&record, &head,
                       (head_t) {.issued_at = 5, .expires_at = WALL_SECONDS - 599, .seq = 2});
    Ggen__CheckReleaseReply *reply = accepted (&check);
    assert_int_equal (reply->n_warnings, 0);            //  Clocks may be off by ten minutes
    puppet_free (reply);
    check = with_head (&record, &head, (head_t) {.issued_at = WALL_SECONDS + 601, .seq = 3});
    assert_warned (&check, "future", false);
    check = with_head (&record, &head, (head_t) {.version = "2.0.0", .seq = 4});
    assert_warned (&check, "does not list", false);
}

static void
a_yanked_version_is_said_to_be (void **unused)
{
    (void) unused;
    packed_t record, head;
    Ggen__CheckReleaseRequest check =
        with_head (&record, &head, (head_t) {.yank_reason = "it deletes files"});
    assert_warned (&check, "it deletes files", true);
}

static void
a_longest_yank_reason_in_wide_characters_is_cut_whole (void **unused)
{
    (void) unused;
    char reason[RECORD_SIGNATURE_SIZE * 16 + 1] = "x";
    for (size_t i = 1; i + 2 < sizeof reason; i += 3)
        memcpy (reason + i, "\xe2\x82\xac", 4);
    packed_t record, head;
    Ggen__CheckReleaseRequest check = with_head (&record, &head, (head_t) {.yank_reason = reason});
    assert_warned (&check, "\xe2\x82\xac", true);
}

//  ---- rotation -------------------------------------------------------------------------------------

static void
a_rotation_by_the_pinned_key_moves_the_pin (void **unused)
{
    (void) unused;
    pin_to (&alice);
    packed_t record = release_of (&bob, "rust-cli", "1.0.0");
    packed_t head = head_of (&alice, (head_t) {.seq = 5, .version = "0.9.0", .successor = &bob});
    Ggen__CheckReleaseRequest check = check_of (&record, &head);
    check.pin = false;
    assert_accepted (&check);
    assert_pinned (&alice, "first use", 0);
    check.pin = true;
    Ggen__CheckReleaseReply *reply = accepted (&check);
    assert_false (reply->first_use);
    assert_int_equal (reply->n_warnings, 1);
    assert_memory_equal (reply->publisher_key.data, bob.key.bytes, PUBLISHER_KEY_SIZE);
    puppet_free (reply);
    assert_pinned (&bob, "rotated", 0);
    restart ();
    assert_pinned (&bob, "rotated", 0);
    //  The old key's last head is still about; it has no say any more, and does no harm.
    assert_warned (&check, "earlier key", false);
    //  And the old key has none.
    record = release_of (&alice, "rust-cli", "1.0.0");
    check = check_of (&record, NULL);
    assert_refused (&check, UNTRUSTED_PUBLISHER, NULL);
}

static void
a_rotation_that_is_not_the_pinned_keys_moves_nothing (void **unused)
{
    (void) unused;
    packed_t record, head;
    Ggen__CheckReleaseRequest check = with_head (&record, &head, (head_t) {.seq = 5});
    assert_accepted (&check);
    record = release_of (&eve, "rust-cli", "1.0.0");
    const struct {
        const signer_t *signer;
        head_t parts;
    } wrong[] = {{&eve, {.seq = 9, .successor = &eve}},         //  to herself
                 {&bob, {.seq = 9, .successor = &eve}},         //  by somebody else
                 {&alice, {.seq = 9, .successor = &bob}},       //  to somebody else
                 {&alice, {.seq = 9}},                          //  none at all
                 {&alice, {.seq = 4, .successor = &eve}},       //  of the past
                 {&alice, {.seq = 9, .name = "rust-gui", .successor = &eve}}};
    for (size_t i = 0; i < COUNT_OF (wrong); i++) {
        head = head_of (wrong[i].signer, wrong[i].parts);
        check = check_of (&record, &head);
        assert_refused (&check, UNTRUSTED_PUBLISHER,
                        WORDS (alice.fingerprint, eve.fingerprint));
    }
    assert_pinned (&alice, "first use", 5);
}

static void
every_flipped_bit_of_a_rotation_is_refused (void **unused)
{
    (void) unused;
    pin_to (&alice);
    packed_t record = release_of (&bob, "rust-cli", "1.0.0");
    packed_t head = head_of (&alice, (head_t) {.seq = 5, .successor = &bob});
    Ggen__CheckReleaseRequest check = check_of (&record, &head);
    for (size_t bit = 0; bit < head.size * 8; bit++) {
        head.data[bit / 8] ^= (uint8_t) (1 << bit % 8);
        assert_refused (&check, UNTRUSTED_PUBLISHER, NULL);
        head.data[bit / 8] ^= (uint8_t) (1 << bit % 8);
    }
    assert_accepted (&check);
}

static void
a_rotation_to_a_release_that_contradicts_it_is_refused (void **unused)
{
    (void) unused;
    pin_to (&alice);
    packed_t record = release_of (&bob, "rust-cli", "1.0.0");
    packed_t head =
        head_of (&alice, (head_t) {.seq = 5, .sha256 = other_digest, .successor = &bob});
    Ggen__CheckReleaseRequest check = check_of (&record, &head);
    assert_refused (&check, SECURITY, WORDS ("digest"));
    assert_pinned (&alice, "first use", 0);
}

static void
a_key_that_handed_over_publishes_nothing_new (void **unused)
{
    (void) unused;
    packed_t record, head;
    Ggen__CheckReleaseRequest check =
        with_head (&record, &head, (head_t) {.version = "0.9.0", .successor = &bob});
    assert_refused (&check, SECURITY, WORDS ("handed the name over"));
    check = with_head (&record, &head, (head_t) {.successor = &bob});
    assert_accepted (&check);                           //  What its last head lists stays good
}

//  ---- list, add, remove ----------------------------------------------------------------------------

static void
add (const signer_t *signer)
{
    Ggen__TrustAddRequest request = GGEN__TRUST_ADD_REQUEST__INIT;
    request.name = "rust-cli";
    request.key = key_field (signer);
    puppet_ask (&trust, &request.base);
    settle ();
}

static void
trust_add_replaces_a_pin_and_says_which (void **unused)
{
    (void) unused;
    packed_t record, head;
    Ggen__CheckReleaseRequest check = with_head (&record, &head, (head_t) {.seq = 7});
    assert_accepted (&check);
    add (&alice);
    Ggen__TrustAddReply *reply = puppet_hear (&trust, &ggen__trust_add_reply__descriptor);
    assert_int_equal (reply->replaced_key.len, 0);
    assert_int_equal (reply->pin->head_seq, 7);         //  The same key: its heads are known
    puppet_free (reply);
    add (&eve);
    reply = puppet_hear (&trust, &ggen__trust_add_reply__descriptor);
    assert_memory_equal (reply->replaced_key.data, alice.key.bytes, PUBLISHER_KEY_SIZE);
    assert_memory_equal (reply->pin->key.data, eve.key.bytes, PUBLISHER_KEY_SIZE);
    assert_int_equal (reply->pin->since, WALL_SECONDS);
    puppet_free (reply);
    restart ();
    assert_pinned (&eve, "added", 0);
    record = release_of (&eve, "rust-cli", "1.0.0");
    check = check_of (&record, NULL);
    assert_accepted (&check);
}

static void
trust_remove_forgets_and_says_what (void **unused)
{
    (void) unused;
    pin_to (&alice);
    Ggen__TrustRemoveRequest request = GGEN__TRUST_REMOVE_REQUEST__INIT;
    request.name = "rust-cli";
    puppet_ask (&trust, &request.base);
    settle ();
    Ggen__TrustRemoveReply *reply = puppet_hear (&trust, &ggen__trust_remove_reply__descriptor);
    assert_memory_equal (reply->pin->key.data, alice.key.bytes, PUBLISHER_KEY_SIZE);
    puppet_free (reply);
    Ggen__Failure *failure = refused (&request.base);
    assert_int_equal (failure->code, PACKAGE_NOT_FOUND);
    puppet_free (failure);
    restart ();
    Ggen__TrustListReply *all = list ();
    assert_int_equal (all->n_pins, 0);
    puppet_free (all);
    pin_to (&eve);
}

static void
registries_of_unsigned_packages_are_kept_sorted_and_bounded (void **unused)
{
    (void) unused;
    char name[32];
    Ggen__TrustAddRequest request = GGEN__TRUST_ADD_REQUEST__INIT;
    request.unsigned_registry = name;
    for (unsigned i = UNSIGNED_MAX; i > 0; i--) {
        snprintf (name, sizeof name, "https://r.example/%02u", i);
        puppet_ask (&trust, &request.base);
        settle ();
        puppet_free (puppet_hear (&trust, &ggen__trust_add_reply__descriptor));
    }
    puppet_ask (&trust, &request.base);                 //  One that is there is no more
    settle ();
    puppet_free (puppet_hear (&trust, &ggen__trust_add_reply__descriptor));
    snprintf (name, sizeof name, "https://r.example/xx");
    Ggen__Failure *failure = refused (&request.base);
    assert_int_equal (failure->code, STORAGE);
    puppet_free (failure);
    restart ();
    Ggen__TrustListReply *all = list ();
    assert_int_equal (all->n_unsigned_registries, UNSIGNED_MAX);
    assert_string_equal (all->unsigned_registries[0], "https://r.example/01");
    assert_string_equal (all->unsigned_registries[63], "https://r.example/64");
    puppet_free (all);
    Ggen__TrustRemoveRequest gone = GGEN__TRUST_REMOVE_REQUEST__INIT;
    gone.unsigned_registry = "https://r.example/07";
    puppet_ask (&trust, &gone.base);
    settle ();
    puppet_free (puppet_hear (&trust, &ggen__trust_remove_reply__descriptor));
    all = list ();
    assert_int_equal (all->n_unsigned_registries, UNSIGNED_MAX - 1);
    assert_string_equal (all->unsigned_registries[6], "https://r.example/08");
    puppet_free (all);
}

static void
what_cannot_be_added_or_removed_is_refused (void **unused)
{
    (void) unused;
    Ggen__TrustAddRequest both = GGEN__TRUST_ADD_REQUEST__INIT, bad_name = both, bad_key = both,
                          bad_registry = both;
    both.name = "rust-cli";
    both.unsigned_registry = "r";
    bad_name.name = "rust cli";
    bad_name.key = key_field (&alice);
    bad_key.name = "rust-cli";
    bad_registry.unsigned_registry = "r\n";
    Ggen__TrustRemoveRequest none = GGEN__TRUST_REMOVE_REQUEST__INIT;
    const ProtobufCMessage *all[] = {&both.base, &bad_name.base, &bad_key.base, &bad_registry.base,
                                     &none.base};
    for (size_t i = 0; i < COUNT_OF (all); i++) {
        Ggen__Failure *failure = refused (all[i]);
        assert_int_equal (failure->code, VALIDATION);
        puppet_free (failure);
    }
    assert_int_equal (kept.puts, 0);
}

//  ---- what is on disk ------------------------------------------------------------------------------

static void
no_answer_before_the_pin_is_acknowledged_and_others_wait (void **unused)
{
    (void) unused;
    packed_t record = release_of (&alice, "rust-cli", "1.0.0"),
             other = release_of (&eve, "rust-cli", "1.0.0");
    Ggen__CheckReleaseRequest check = check_of (&record, NULL), rival = check_of (&other, NULL);
    Ggen__TrustListRequest listing = GGEN__TRUST_LIST_REQUEST__INIT;
    puppet_ask (&trust, &check.base);
    puppet_ask (&trust, &rival.base);
    puppet_ask (&trust, &listing.base);
    assert_true (puppet_silent (&trust));
    assert_true (puppet_relay (&trust, &state));
    //  Now it is kept: the first is answered, and the second meets the pin of the first.
    puppet_free (puppet_hear (&trust, &ggen__check_release_reply__descriptor));
    Ggen__Failure *failure = puppet_hear (&trust, &ggen__failure__descriptor);
    assert_int_equal (failure->code, UNTRUSTED_PUBLISHER);
    puppet_free (failure);
    Ggen__TrustListReply *all = puppet_hear (&trust, &ggen__trust_list_reply__descriptor);
    assert_int_equal (all->n_pins, 1);
    puppet_free (all);
    assert_int_equal (kept.urgent, kept.puts);
}

static void
a_pin_that_cannot_be_kept_is_a_failure_and_no_pin (void **unused)
{
    (void) unused;
    packed_t record = release_of (&alice, "rust-cli", "1.0.0");
    Ggen__CheckReleaseRequest check = check_of (&record, NULL);
    kept.put_code = PERMISSION_DENIED;
    assert_refused (&check, PERMISSION_DENIED, WORDS ("cannot be written"));
    Ggen__TrustListReply *all = list ();
    assert_int_equal (all->n_pins, 0);
    puppet_free (all);
    kept.put_code = OK;
    pin_to (&alice);
}

static void
a_pin_whose_acknowledgement_is_lost_is_found_by_loading_again (void **unused)
{
    (void) unused;
    packed_t record = release_of (&alice, "rust-cli", "1.0.0");
    Ggen__CheckReleaseRequest check = check_of (&record, NULL);
    puppet_ask (&trust, &check.base);
    said_t put = {0}, lost = {0};
    assert_true (puppet_take (&trust, "state", &put));
    assert_int_equal (puppet_deliver (&state, put.envelope, put.body, put.body_size), OK);
    assert_true (puppet_take (&state, "trust", &lost));
    said_free (&lost);
    said_free (&put);
    puppet_wait (&trust, STATE_BUDGET_MS);
    Ggen__Failure *failure = puppet_hear (&trust, &ggen__failure__descriptor);
    assert_int_equal (failure->code, TIMEOUT);
    puppet_free (failure);
    settle ();
    assert_pinned (&alice, "first use", 0);
}

static void
an_event_is_not_a_way_around_the_wait (void **unused)
{
    (void) unused;
    packed_t record = release_of (&alice, "rust-cli", "1.0.0"),
             other = release_of (&eve, "rust-cli", "1.0.0");
    Ggen__CheckReleaseRequest check = check_of (&record, NULL), rival = check_of (&other, NULL);
    puppet_ask (&trust, &check.base);
    size_t size;
    uint8_t *body = puppet_pack (&rival.base, &size);
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__EVENT;
    envelope.from = PUPPET_TESTER;
    envelope.type = "CheckReleaseRequest";
    assert_int_equal (puppet_deliver (&trust, &envelope, body, size), OK);
    free (body);
    settle ();
    assert_int_equal (kept.puts, 1);
    puppet_free (puppet_hear (&trust, &ggen__check_release_reply__descriptor));
    assert_pinned (&alice, "first use", 0);
}

static void
requests_wait_until_everything_is_loaded (void **unused)
{
    (void) unused;
    pin_to (&alice);
    puppet_stop (&trust);
    puppet_start (&trust, &trust_actor, NULL);
    packed_t record = release_of (&eve, "rust-cli", "1.0.0");
    Ggen__CheckReleaseRequest check = check_of (&record, NULL);
    puppet_ask (&trust, &check.base);
    assert_true (puppet_relay (&trust, &state));        //  The pins
    assert_true (puppet_silent (&trust));
    assert_true (puppet_relay (&trust, &state));        //  The registries
    Ggen__Failure *failure = puppet_hear (&trust, &ggen__failure__descriptor);
    assert_int_equal (failure->code, UNTRUSTED_PUBLISHER);
    puppet_free (failure);
}

//  Put pins of p00000, p00001, ... straight into what is kept.
static void
keep_pins (unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++) {
        char name[16];
        uint8_t packed[128];
        snprintf (name, sizeof name, "p%05u", i);
        Ggen__TrustPin pin = GGEN__TRUST_PIN__INIT;
        pin.name = name;
        pin.key = key_field (&alice);
        pin.how = "added";
        size_t size = ggen__trust_pin__pack (&pin, packed);
        assert_true (memory_state_insert (
            &kept, "pins", (ProtobufCBinaryData) {strlen (name), (uint8_t *) name},
            (ProtobufCBinaryData) {size, packed}));
    }
}

static void
many_pages_are_loaded (void **unused)
{
    (void) unused;
    keep_pins (0, 1000);
    kept.page_max = 7;
    kept.loads = 0;
    restart ();
    assert_int_equal (kept.loads, 143 + 1);
    Ggen__TrustListReply *all = list ();
    assert_int_equal (all->n_pins, 1000);
    for (unsigned i = 0; i + 1 < all->n_pins; i++)
        assert_true (strcmp (all->pins[i]->name, all->pins[i + 1]->name) < 0);
    puppet_free (all);
}

static void
at_the_bound_a_new_name_is_refused_and_an_old_one_works (void **unused)
{
    (void) unused;
    keep_pins (0, PINS_MAX);
    restart ();
    Ggen__TrustListReply *all = list ();
    assert_int_equal (all->n_pins, PINS_MAX);           //  In one message
    puppet_free (all);
    packed_t record = release_of (&alice, "rust-cli", "1.0.0");
    Ggen__CheckReleaseRequest check = check_of (&record, NULL);
    assert_refused (&check, STORAGE, WORDS ("14000", "trust remove"));
    packed_t head = head_of (&alice, (head_t) {.name = "p00007", .seq = 3});
    record = release_of (&alice, "p00007", "1.0.0");
    check = check_of (&record, &head);
    check.name = "p00007";
    assert_accepted (&check);
    assert_int_equal (kept.puts, 1);
}

static void
tables_that_cannot_be_loaded_refuse_every_request_and_are_tried_again (void **unused)
{
    (void) unused;
    pin_to (&alice);
    kept.load_code = STORAGE;
    kept.loads = 0;
    puppet_stop (&trust);
    puppet_start (&trust, &trust_actor, NULL);
    packed_t record = release_of (&eve, "rust-cli", "1.0.0");
    Ggen__CheckReleaseRequest check = check_of (&record, NULL);
    puppet_ask (&trust, &check.base);
    for (unsigned i = 0; i < LOAD_TRIES - 1; i++) {
        settle ();
        assert_true (puppet_silent (&trust));
        puppet_wait (&trust, LOAD_RETRY_MS);
    }
    settle ();
    assert_int_equal (kept.loads, LOAD_TRIES);
    Ggen__Failure *failure = puppet_hear (&trust, &ggen__failure__descriptor);
    assert_int_equal (failure->code, STORAGE);
    assert_non_null (strstr (failure->message, "cannot be read"));
    puppet_free (failure);
    Ggen__TrustListRequest listing = GGEN__TRUST_LIST_REQUEST__INIT;
    failure = refused (&listing.base);
    assert_int_equal (failure->code, STORAGE);
    puppet_free (failure);
    //  While it tries again the answer stays the same; when it is there, all is well.
    kept.load_code = OK;
    puppet_wait (&trust, LOAD_AGAIN_MS);
    failure = puppet_silent (&trust) ? NULL : puppet_hear (&trust, &ggen__failure__descriptor);
    assert_null (failure);
    settle ();
    assert_pinned (&alice, "first use", 0);
    assert_refused (&check, UNTRUSTED_PUBLISHER, NULL);
}

static void
a_state_that_never_answers_is_a_failure_for_those_who_wait (void **unused)
{
    (void) unused;
    puppet_stop (&trust);
    puppet_start (&trust, &trust_actor, NULL);
    Ggen__TrustListRequest listing = GGEN__TRUST_LIST_REQUEST__INIT;
    puppet_ask (&trust, &listing.base);
    puppet_wait (&trust, LOAD_TRIES * (STATE_BUDGET_MS + LOAD_RETRY_MS));
    Ggen__Failure *failure = puppet_hear (&trust, &ggen__failure__descriptor);
    assert_int_equal (failure->code, TIMEOUT);
    puppet_free (failure);
}

static void
a_damaged_pin_is_nobody_s_first_use (void **unused)
{
    (void) unused;
    const ProtobufCBinaryData name = {8, (uint8_t *) "rust-cli"};
    const ProtobufCBinaryData values[] = {{3, (uint8_t *) "\xff\xff\xff"}, {0, NULL},
                                          {5, (uint8_t *) "\x0a\x03" "abc"}};
    packed_t record = release_of (&eve, "rust-cli", "1.0.0");
    Ggen__CheckReleaseRequest check = check_of (&record, NULL);
    for (size_t i = 0; i < COUNT_OF (values); i++) {
        assert_true (memory_state_insert (&kept, "pins", name, values[i]));
        restart ();
        assert_refused (&check, STORAGE, WORDS ("rust-cli", "ggen market trust add"));
        check.record.len = 0;
        check.allow_unsigned = true;
        assert_refused (&check, STORAGE, NULL);
        check = check_of (&record, NULL);
        Ggen__TrustListReply *all = list ();
        assert_int_equal (all->n_pins, 1);
        assert_int_equal (all->pins[0]->key.len, 0);
        puppet_free (all);
    }
    add (&alice);
    Ggen__TrustAddReply *reply = puppet_hear (&trust, &ggen__trust_add_reply__descriptor);
    assert_int_equal (reply->replaced_key.len, 0);
    puppet_free (reply);
    assert_pinned (&alice, "added", 0);
}

static void
entries_that_are_no_names_are_left_alone (void **unused)
{
    (void) unused;
    const ProtobufCBinaryData keys[] = {{2, (uint8_t *) ".."}, {3, (uint8_t *) "a\0b"},
                                        {1, (uint8_t *) "\xff"}};
    for (size_t i = 0; i < COUNT_OF (keys); i++)
        for (unsigned table = 0; table < 2; table++)
            assert_true (memory_state_insert (&kept, table ? "unsigned_registries" : "pins",
                                              keys[i], keys[i]));
    restart ();
    Ggen__TrustListReply *all = list ();
    assert_int_equal (all->n_pins, 0);
    puppet_free (all);
}

#define TEST(test) cmocka_unit_test_setup_teardown (test, setup, teardown)

int
main (void)
{
    const struct CMUnitTest tests[] = {
        TEST (an_unsigned_release_is_refused_with_the_flag_that_accepts_it),
        TEST (an_unsigned_release_of_a_pinned_name_is_never_accepted),
        TEST (an_unsigned_release_is_no_release_of_the_publisher_asked_for),
        TEST (an_unsigned_release_of_a_name_that_others_sign_is_warned_of),
        TEST (every_flipped_bit_of_a_record_is_refused),
        TEST (every_shortened_record_is_refused),
        TEST (a_head_is_no_release),
        TEST (a_record_of_another_name_or_version_is_refused),
        TEST (requests_out_of_bounds_are_refused),
        TEST (first_use_pins_the_key_and_answers_with_the_release),
        TEST (without_pin_nothing_is_kept),
        TEST (another_key_than_the_pinned_one_is_refused_naming_both),
        TEST (the_caller_can_insist_on_a_key),
        TEST (of_several_unknown_publishers_the_caller_has_to_choose),
        TEST (a_crowd_of_rivals_fits_the_answer),
        TEST (a_rival_that_is_the_publisher_itself_is_none),
        TEST (a_head_is_remembered_and_may_not_go_back),
        TEST (a_head_may_not_jump_ahead),
        TEST (a_head_that_is_forged_or_of_another_name_is_refused),
        TEST (a_head_with_another_digest_is_refused),
        TEST (heads_that_are_old_early_or_silent_only_warn),
        TEST (a_yanked_version_is_said_to_be),
        TEST (a_longest_yank_reason_in_wide_characters_is_cut_whole),
        TEST (a_rotation_by_the_pinned_key_moves_the_pin),
        TEST (a_rotation_that_is_not_the_pinned_keys_moves_nothing),
        TEST (every_flipped_bit_of_a_rotation_is_refused),
        TEST (a_rotation_to_a_release_that_contradicts_it_is_refused),
        TEST (a_key_that_handed_over_publishes_nothing_new),
        TEST (trust_add_replaces_a_pin_and_says_which),
        TEST (trust_remove_forgets_and_says_what),
        TEST (registries_of_unsigned_packages_are_kept_sorted_and_bounded),
        TEST (what_cannot_be_added_or_removed_is_refused),
        TEST (no_answer_before_the_pin_is_acknowledged_and_others_wait),
        TEST (a_pin_that_cannot_be_kept_is_a_failure_and_no_pin),
        TEST (a_pin_whose_acknowledgement_is_lost_is_found_by_loading_again),
        TEST (an_event_is_not_a_way_around_the_wait),
        TEST (requests_wait_until_everything_is_loaded),
        TEST (many_pages_are_loaded),
        TEST (at_the_bound_a_new_name_is_refused_and_an_old_one_works),
        TEST (tables_that_cannot_be_loaded_refuse_every_request_and_are_tried_again),
        TEST (a_state_that_never_answers_is_a_failure_for_those_who_wait),
        TEST (a_damaged_pin_is_nobody_s_first_use),
        TEST (entries_that_are_no_names_are_left_alone),
    };
    return sodium_init () < 0 || cmocka_run_group_tests (tests, NULL, NULL);
}
