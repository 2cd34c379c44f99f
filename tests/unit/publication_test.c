// SPDX-License-Identifier: MIT
//  What the file registry refuses to publish, and that nothing of it stays.
#include "registry_file_fixture.h"

#include "actors/registry/publication.h"
#include "messages/discovery_valid.h"

typedef struct {
    fixture_t *fixture;
    draft_t draft;
    signer_t signer, other;
} attempt_t;

//  Sends the draft, which must be refused with this code and these words.
static void
expect (attempt_t *self, code_t code, const char *words)
{
    assert_null (send_draft (self->fixture, &self->draft));
    if (self->fixture->failure->code != code || !strstr (self->fixture->failure->message, words))
        fail_msg ("%s: %s", code_name (self->fixture->failure->code),
                  self->fixture->failure->message);
    assert_string_equal (versions (self->fixture, "a"), "");
    assert_int_equal (search (self->fixture, "")->total, 0);
}

//  A good draft, unsigned, in the place of one that was sent.
static void
again (attempt_t *self)
{
    draft (self->fixture, &self->draft, "a", "1.0.0", "archive");
}

static void
begin (attempt_t *self, void **state)
{
    *self = (attempt_t) {*state, .signer = make_signer (1), .other = make_signer (2)};
    again (self);
}

static void
a_request_out_of_shape_is_refused (void **state)
{
    attempt_t self;
    begin (&self, state);
    self.draft.package.id = (char *) "../a";
    expect (&self, VALIDATION, "'../a' is no package id");
    again (&self);
    self.draft.package.version = (char *) "1.0";
    expect (&self, VALIDATION, "'1.0' of a is no version");
    again (&self);
    self.draft.package.version = (char *) "v1.0.0";
    expect (&self, VALIDATION, "'v1.0.0' of a is no version");
    again (&self);
    self.draft.package.sha256.len = 31;
    expect (&self, VALIDATION, "31 bytes, not 32");
    again (&self);
    self.draft.request.archive_path = (char *) "a.tar.gz";
    expect (&self, VALIDATION, "not absolute");
    again (&self);
    self.draft.request.package = NULL;
    expect (&self, VALIDATION, "no package");
    again (&self);
    self.draft.request.manifest_name = (char *) "../gpack.toml";
    expect (&self, VALIDATION, "manifest");
}

static void
an_archive_that_cannot_be_read_is_refused (void **state)
{
    attempt_t self;
    begin (&self, state);
    unlink (self.draft.path);
    expect (&self, VALIDATION, "No such file");
    again (&self);
    self.draft.request.archive_path = self.fixture->base;
    expect (&self, VALIDATION, "it is no file");
}

static void
an_archive_of_other_bytes_is_refused_with_both_digests (void **state)
{
    attempt_t self;
    begin (&self, state);
    write_file (self.draft.path, "ARCHIVE", 7);
    expect (&self, CHECKSUM_MISMATCH, "1.0.0 has SHA-256 ");
    again (&self);
    write_file (self.draft.path, "ARCHIVE", 7);
    send_draft (self.fixture, &self.draft);
    const Ggen__Failure *failure = self.fixture->failure;
    assert_int_equal (failure->n_details, 2);
    assert_string_equal (failure->details [0]->key, "expected");
    assert_string_equal (failure->details [1]->key, "actual");
    assert_string_not_equal (failure->details [0]->value, failure->details [1]->value);
    assert_int_equal (strlen (failure->details [1]->value), 64);
    again (&self);
    write_file (self.draft.path, "archive+", 8);
    expect (&self, CHECKSUM_MISMATCH, "has 8 bytes, not 7");
}

static void
a_record_that_is_none_or_not_signed_by_its_key_is_refused (void **state)
{
    attempt_t self;
    begin (&self, state);
    self.draft.package.record = (ProtobufCBinaryData) {4, (uint8_t *) strdup ("junk")};
    expect (&self, SERIALIZATION, "no signed record");
    again (&self);
    sign_draft (&self.draft, &self.signer);
    self.draft.package.record.data [self.draft.package.record.len - 1] ^= 1;
    expect (&self, INVALID_SIGNATURE, "was not signed by the key it names");
    again (&self);
    self.draft.release.files_count = 0;
    sign_draft (&self.draft, &self.signer);
    expect (&self, VALIDATION, "not acceptable");
    again (&self);
    Ggen__Head head = GGEN__HEAD__INIT;
    head.name = (char *) "a";
    head.seq = 1;
    head.expires_at = 5;
    self.draft.package.record = sign (&self.signer, GGEN__RECORD_KIND__HEAD, &head.base);
    expect (&self, SERIALIZATION, "not acceptable");
}

static void
a_release_of_something_else_is_refused (void **state)
{
    attempt_t self;
    begin (&self, state);
    self.draft.release.name = (char *) "b";
    sign_draft (&self.draft, &self.signer);
    expect (&self, SECURITY, "the release of a@1.0.0 signs b@1.0.0");
    again (&self);
    self.draft.release.version = (char *) "1.0.1";
    sign_draft (&self.draft, &self.signer);
    expect (&self, SECURITY, "the release of a@1.0.0 signs a@1.0.1");
    again (&self);
    self.draft.release.sha256 = self.draft.release.manifest_sha256;
    sign_draft (&self.draft, &self.signer);
    expect (&self, CHECKSUM_MISMATCH, "the archive of a@1.0.0 has SHA-256 ");
    again (&self);
    self.draft.release.size_bytes = 8;
    sign_draft (&self.draft, &self.signer);
    expect (&self, SECURITY, "signs 8 bytes, the archive has 7");
    again (&self);
    self.draft.release.manifest_sha256 = self.draft.release.sha256;
    sign_draft (&self.draft, &self.signer);
    expect (&self, CHECKSUM_MISMATCH, "the manifest of a@1.0.0 has SHA-256 ");
}

static void
another_publisher_than_the_signer_is_refused (void **state)
{
    attempt_t self;
    begin (&self, state);
    Ggen__Publisher publisher = GGEN__PUBLISHER__INIT;
    publisher.public_key = (ProtobufCBinaryData) {32, self.other.public};
    self.draft.package.publisher = &publisher;
    sign_draft (&self.draft, &self.signer);
    expect (&self, SECURITY, "the publisher of a@1.0.0 is of ed25519:");
}

//  A head that tells of 1.0.0 with this digest.
static ProtobufCBinaryData
make_head (const signer_t *signer, const char *id, ProtobufCBinaryData digest)
{
    Ggen__HeadVersion version = GGEN__HEAD_VERSION__INIT, *list [] = {&version};
    Ggen__Head head = GGEN__HEAD__INIT;
    version.version = (char *) "1.0.0";
    version.sha256 = digest;
    head.name = (char *) id;
    head.seq = 3;
    head.expires_at = 1;
    head.versions = list;
    head.n_versions = 1;
    return sign (signer, GGEN__RECORD_KIND__HEAD, &head.base);
}

static void
a_head_that_does_not_belong_is_refused (void **state)
{
    attempt_t self;
    begin (&self, state);
    self.draft.package.head = make_head (&self.signer, "a", self.draft.package.sha256);
    expect (&self, VALIDATION, "a head but no signed release");
    again (&self);
    sign_draft (&self.draft, &self.signer);
    self.draft.package.head = make_head (&self.other, "a", self.draft.package.sha256);
    expect (&self, SECURITY, "the head of a@1.0.0 is of ed25519:");
    again (&self);
    sign_draft (&self.draft, &self.signer);
    self.draft.package.head = make_head (&self.signer, "b", self.draft.package.sha256);
    expect (&self, SECURITY, "the head of a@1.0.0 is one of b");
    again (&self);
    sign_draft (&self.draft, &self.signer);
    self.draft.package.head = make_head (&self.signer, "a", self.draft.release.manifest_sha256);
    expect (&self, SECURITY, "by its head, the archive of a@1.0.0 has SHA-256 ");
    again (&self);
    sign_draft (&self.draft, &self.signer);
    self.draft.package.head = make_head (&self.signer, "a", self.draft.package.sha256);
    self.draft.package.head.data [self.draft.package.head.len - 1] ^= 1;
    expect (&self, INVALID_SIGNATURE, "the head of a@1.0.0");
}

static void
what_agrees_is_published_with_its_head_and_format (void **state)
{
    attempt_t self;
    begin (&self, state);
    sign_draft (&self.draft, &self.signer);
    self.draft.package.head = make_head (&self.signer, "a", self.draft.package.sha256);
    assert_non_null (send_draft (self.fixture, &self.draft));
    assert_true (get (self.fixture, "a")->head.len > 0);
    draft (self.fixture, &self.draft, "b", "1.0.0", "\x28\xb5\x2f\xfd zstandard");
    Ggen__PublishReply *reply = send_draft (self.fixture, &self.draft);
    assert_non_null (reply);
    assert_non_null (strstr (reply->location, "/b/1.0.0/b-1.0.0.tar.zst"));
}

//  ---- what other kinds of records are for -------------------------------------------------------

//  A good record of each kind but RELEASE.
static ProtobufCBinaryData
make_other (const signer_t *signer, Ggen__RecordKind kind)
{
    uint8_t bytes [32] = {1}, next [32] = {2};
    const ProtobufCBinaryData digest = {sizeof bytes, bytes};
    Ggen__Listing listing = GGEN__LISTING__INIT;
    Ggen__Provider provider = GGEN__PROVIDER__INIT;
    Ggen__PeerRecord peer = GGEN__PEER_RECORD__INIT;
    Ggen__Rotation rotation = GGEN__ROTATION__INIT;
    switch (kind) {
        case GGEN__RECORD_KIND__LISTING:
            listing.name = (char *) "a";
            listing.version = (char *) "1.0.0";
            listing.sha256 = digest;
            listing.seq = listing.ttl_secs = 1;
            listing.size_bytes = 1;
            assert_true (discovery_valid_listing (&listing));
            return sign (signer, kind, &listing.base);
        case GGEN__RECORD_KIND__PROVIDER:
            provider.sha256 = digest;
            provider.seq = provider.ttl_secs = 1;
            assert_true (discovery_valid_provider (&provider));
            return sign (signer, kind, &provider.base);
        case GGEN__RECORD_KIND__PEER:
            peer.seq = peer.ttl_secs = 1;
            assert_true (discovery_valid_peer (&peer));
            return sign (signer, kind, &peer.base);
        case GGEN__RECORD_KIND__ROTATION:
            rotation.former_key = digest;
            rotation.new_key = (ProtobufCBinaryData) {sizeof next, next};
            rotation.seq = 1;
            return sign (signer, kind, &rotation.base);
        default:
            return make_head (signer, "a", digest);
    }
}

static const Ggen__RecordKind found_by [] = {
    GGEN__RECORD_KIND__LISTING, GGEN__RECORD_KIND__PROVIDER, GGEN__RECORD_KIND__PEER};

static void
what_packages_are_found_by_is_neither_release_nor_head (void **state)
{
    attempt_t self;
    begin (&self, state);
    for (size_t i = 0; i < COUNT_OF (found_by); i++) {
        self.draft.package.record = make_other (&self.signer, found_by [i]);
        expect (&self, SERIALIZATION, "the release of a@1.0.0 is not acceptable");
        again (&self);
        sign_draft (&self.draft, &self.signer);
        self.draft.package.head = make_other (&self.signer, found_by [i]);
        expect (&self, SERIALIZATION, "the head of a@1.0.0 is not acceptable");
        again (&self);
    }
    sign_draft (&self.draft, &self.signer);
    assert_non_null (send_draft (self.fixture, &self.draft));
}

//  PutHead takes heads and rotations of their signers.
static void
no_other_kind_is_put_as_a_head (void **state)
{
    (void) state;
    signer_t signer = make_signer (1);
    for (int kind = GGEN__RECORD_KIND__HEAD; kind <= GGEN__RECORD_KIND__PEER; kind++) {
        Ggen__PutHeadRequest request = GGEN__PUT_HEAD_REQUEST__INIT;
        request.id = (char *) "a";
        bool taken = kind == GGEN__RECORD_KIND__HEAD || kind == GGEN__RECORD_KIND__ROTATION;
        request.record = make_other (&signer, (Ggen__RecordKind) kind);
        Ggen__Failure *failure = publication_check_head (&request, &crypto_real);
        assert_int_equal (!failure, taken);
        if (failure)
            assert_int_equal (failure->code, VALIDATION);
        ggen__failure__free_unpacked (failure, NULL);
        free (request.record.data);
    }
}

//  A stored package whose record is of a node belongs to nobody who could prove it.
static void
only_a_release_says_whose_a_package_is (void **state)
{
    (void) state;
    signer_t signer = make_signer (1);
    for (size_t i = 0; i < COUNT_OF (found_by); i++) {
        Ggen__Package package = GGEN__PACKAGE__INIT;
        publisher_key_t owner;
        package.record = make_other (&signer, found_by [i]);
        assert_int_equal (publication_owner (&package, &owner), OWNER_UNKNOWN);
        assert_false (publication_may_change (&package,
                                              (ProtobufCBinaryData) {32, signer.public}));
        free (package.record.data);
    }
}

#define T(name) cmocka_unit_test_setup_teardown (name, setup, teardown)

int
main (void)
{
    const struct CMUnitTest tests [] = {
        T (a_request_out_of_shape_is_refused),
        T (an_archive_that_cannot_be_read_is_refused),
        T (an_archive_of_other_bytes_is_refused_with_both_digests),
        T (a_record_that_is_none_or_not_signed_by_its_key_is_refused),
        T (a_release_of_something_else_is_refused),
        T (another_publisher_than_the_signer_is_refused),
        T (a_head_that_does_not_belong_is_refused),
        T (what_agrees_is_published_with_its_head_and_format),
        T (what_packages_are_found_by_is_neither_release_nor_head),
        T (no_other_kind_is_put_as_a_head),
        T (only_a_release_says_whose_a_package_is),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
