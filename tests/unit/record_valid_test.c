// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "messages/record_valid.h"

#include <stdio.h>
#include <string.h>

static uint8_t zeros [64];

static ProtobufCBinaryData
bytes_of (size_t size)
{
    return (ProtobufCBinaryData) {size, zeros};
}

static Ggen__Release
make_release (void)
{
    Ggen__Release release = GGEN__RELEASE__INIT;
    release.name = "pkg";
    release.version = "1.0.0";
    release.sha256 = release.files_sha256 = release.manifest_sha256 = bytes_of (32);
    release.size_bytes = 1;
    release.chunk_bytes = RECORD_CHUNK_BYTES;
    release.chunks = bytes_of (32);
    release.files_count = 1;
    release.archive_format = "tar.zst";
    return release;
}

static Ggen__Head
make_head (void)
{
    Ggen__Head head = GGEN__HEAD__INIT;
    head.name = "pkg";
    head.seq = 1;
    head.expires_at = 1;
    return head;
}

//  The least acceptable message, after a change.
#define RELEASE(verdict, change) \
    do { \
        Ggen__Release it = make_release (); \
        change; \
        assert_int_equal (record_valid_release (&it), verdict); \
    } while (0)
#define HEAD(verdict, change) \
    do { \
        Ggen__Head it = make_head (); \
        change; \
        assert_int_equal (record_valid_head (&it), verdict); \
    } while (0)

static void
a_release_needs_a_name_a_version_and_digests (void **state)
{
    (void) state;
    RELEASE (true, (void) 0);
    RELEASE (false, it.name = "");
    RELEASE (false, it.name = "../x");
    RELEASE (false, it.version = "");
    RELEASE (false, it.version = "v1.0.0");
    RELEASE (false, it.version = " 1.0.0");
    RELEASE (false, it.sha256 = bytes_of (31));
    RELEASE (false, it.files_sha256 = bytes_of (0));
    RELEASE (false, it.manifest_sha256 = bytes_of (33));
    RELEASE (false, it.files_count = 0);
    RELEASE (false, it.published_at = -1);
    RELEASE (false, it.archive_format = "");
    RELEASE (false, it.archive_format = "zip");
    RELEASE (true, it.archive_format = "tar.gz");
    RELEASE (true, it.unpacked_bytes = RECORD_UNPACKED_MAX);
    RELEASE (false, it.unpacked_bytes = RECORD_UNPACKED_MAX + 1ull);
}

static void
a_release_has_as_many_chunks_as_its_size_asks_for (void **state)
{
    (void) state;
    RELEASE (false, it.size_bytes = 0);
    RELEASE (false, it.size_bytes = 0; it.chunks = bytes_of (0));
    RELEASE (true, it.size_bytes = 262144);
    RELEASE (false, it.size_bytes = 262145);
    RELEASE (true, it.size_bytes = 262145; it.chunks = bytes_of (64));
    RELEASE (false, it.chunks = bytes_of (64));
    RELEASE (false, it.chunks = bytes_of (33));
    RELEASE (false, it.chunks = bytes_of (0));
    RELEASE (false, it.chunk_bytes = 0);
    RELEASE (false, it.chunk_bytes = 1);
    RELEASE (false, it.size_bytes = UINT64_MAX);
}

static void
the_dependencies_of_a_release_are_ids_with_ranges (void **state)
{
    (void) state;
    Ggen__SignedDependency a = GGEN__SIGNED_DEPENDENCY__INIT, b = a;
    a.name = "a";
    a.requirement = "^1";
    b.name = "b";
    Ggen__SignedDependency *both [] = {&a, &b};
#define DEPENDENCIES(verdict) \
    RELEASE (verdict, it.n_dependencies = 2; it.dependencies = both)
    DEPENDENCIES (true);
    b.name = "a";
    DEPENDENCIES (false);
    b.name = "no id";
    DEPENDENCIES (false);
    b.name = "b";
    b.requirement = "../path";
    DEPENDENCIES (false);
    b.requirement = "*";
    b.publisher_key = bytes_of (32);
    DEPENDENCIES (true);
    b.publisher_key = bytes_of (31);
    DEPENDENCIES (false);
}

static void
the_dependencies_of_a_release_are_bounded (void **state)
{
    (void) state;
    static Ggen__SignedDependency many [RECORD_DEPENDENCIES_MAX + 1];
    static Ggen__SignedDependency *list [RECORD_DEPENDENCIES_MAX + 1];
    static char names [RECORD_DEPENDENCIES_MAX + 1] [8];
    for (size_t i = 0; i <= RECORD_DEPENDENCIES_MAX; i++) {
        many [i] = (Ggen__SignedDependency) GGEN__SIGNED_DEPENDENCY__INIT;
        snprintf (names [i], sizeof names [i], "p%zu", i);
        many [i].name = names [i];
        list [i] = &many [i];
    }
    RELEASE (true, it.n_dependencies = RECORD_DEPENDENCIES_MAX; it.dependencies = list);
    RELEASE (false, it.n_dependencies = RECORD_DEPENDENCIES_MAX + 1; it.dependencies = list);
    many [RECORD_DEPENDENCIES_MAX - 1].name = names [0];
    RELEASE (false, it.n_dependencies = RECORD_DEPENDENCIES_MAX; it.dependencies = list);
}

static void
a_head_needs_a_name_a_number_and_times (void **state)
{
    (void) state;
    HEAD (true, (void) 0);
    HEAD (false, it.name = "@x");
    HEAD (false, it.seq = 0);
    HEAD (true, it.seq = UINT64_MAX);
    HEAD (false, it.issued_at = -1);
    HEAD (false, it.issued_at = 1);
    HEAD (true, it.recovery_sha256 = bytes_of (32); it.rotated_to = bytes_of (32));
    HEAD (false, it.recovery_sha256 = bytes_of (31));
    HEAD (false, it.rotated_to = bytes_of (64));
}

static void
the_versions_of_a_head_are_unique_and_canonical (void **state)
{
    (void) state;
    char reason [RECORD_REASON_MAX + 2];
    memset (reason, 'x', sizeof reason);
    reason [RECORD_REASON_MAX + 1] = 0;
    Ggen__HeadVersion a = GGEN__HEAD_VERSION__INIT, b = a;
    a.version = "2.0.0";
    b.version = "1.0.0";
    a.sha256 = b.sha256 = bytes_of (32);
    Ggen__HeadVersion *both [] = {&a, &b};
#define VERSIONS(verdict) HEAD (verdict, it.n_versions = 2; it.versions = both)
    VERSIONS (true);
    b.version = "2.0.0";
    VERSIONS (false);
    b.version = "v1.0.0";
    VERSIONS (false);
    b.version = "1.0.0";
    b.sha256 = bytes_of (0);
    VERSIONS (false);
    b.sha256 = bytes_of (32);
    b.yank_reason = reason;
    VERSIONS (false);
    reason [RECORD_REASON_MAX] = 0;
    VERSIONS (true);
    reason [0] = '\xff';
    VERSIONS (false);
}

static void
a_version_by_a_former_key_has_the_digest_of_its_release_or_none (void **state)
{
    (void) state;
    Ggen__HeadVersion one = GGEN__HEAD_VERSION__INIT, *list [] = {&one};
    one.version = "1.0.0";
    one.sha256 = bytes_of (32);
    HEAD (true, it.n_versions = 1; it.versions = list; one.release_sha256 = bytes_of (32));
    HEAD (false, it.n_versions = 1; it.versions = list; one.release_sha256 = bytes_of (31));
    one.release_key = bytes_of (32);
    HEAD (true, it.n_versions = 1; it.versions = list; one.release_sha256 = bytes_of (32));
    HEAD (false, it.n_versions = 1; it.versions = list; one.release_sha256 = bytes_of (0));
    HEAD (false, it.n_versions = 1; it.versions = list; one.release_sha256 = bytes_of (32);
          one.release_key = bytes_of (31));
}

static void
the_versions_of_a_head_are_bounded (void **state)
{
    (void) state;
    static Ggen__HeadVersion many [RECORD_VERSIONS_MAX + 1];
    static Ggen__HeadVersion *list [RECORD_VERSIONS_MAX + 1];
    static char texts [RECORD_VERSIONS_MAX + 1] [12];
    for (size_t i = 0; i <= RECORD_VERSIONS_MAX; i++) {
        many [i] = (Ggen__HeadVersion) GGEN__HEAD_VERSION__INIT;
        snprintf (texts [i], sizeof texts [i], "1.0.%zu", i);
        many [i].version = texts [i];
        many [i].sha256 = bytes_of (32);
        list [i] = &many [i];
    }
    HEAD (true, it.n_versions = RECORD_VERSIONS_MAX; it.versions = list);
    HEAD (false, it.n_versions = RECORD_VERSIONS_MAX + 1; it.versions = list);
}

static void
a_rotation_is_from_one_key_to_another_with_a_number (void **state)
{
    (void) state;
    static uint8_t ones [32] = {1};
    const Ggen__Rotation good = {.base = PROTOBUF_C_MESSAGE_INIT (&ggen__rotation__descriptor),
                                 .former_key = bytes_of (32), .new_key = {32, ones}, .seq = 1};
    Ggen__Rotation it = good;
    assert_true (record_valid_rotation (&it));
    it.new_key = bytes_of (32);
    assert_false (record_valid_rotation (&it));
    it = good;
    it.former_key.len = 31;
    assert_false (record_valid_rotation (&it));
    it = good;
    it.new_key.len = 0;
    assert_false (record_valid_rotation (&it));
    it = good;
    it.seq = 0;
    assert_false (record_valid_rotation (&it));
    it = good;
    it.issued_at = -1;
    assert_false (record_valid_rotation (&it));
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (a_release_needs_a_name_a_version_and_digests),
        cmocka_unit_test (a_release_has_as_many_chunks_as_its_size_asks_for),
        cmocka_unit_test (the_dependencies_of_a_release_are_ids_with_ranges),
        cmocka_unit_test (the_dependencies_of_a_release_are_bounded),
        cmocka_unit_test (a_head_needs_a_name_a_number_and_times),
        cmocka_unit_test (the_versions_of_a_head_are_unique_and_canonical),
        cmocka_unit_test (a_version_by_a_former_key_has_the_digest_of_its_release_or_none),
        cmocka_unit_test (the_versions_of_a_head_are_bounded),
        cmocka_unit_test (a_rotation_is_from_one_key_to_another_with_a_number),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
