// SPDX-License-Identifier: MIT
//  Bytes from strangers: what is refused, what is bounded, and that nothing crashes.
#include "runtime/actor/wire.h"
#include "vocabulary.h"
#include "node.pb-c.h"
#include "registry.pb-c.h"
#include "seeded.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#define BYTES(...)                                                     \
    ((bytes_t) {(const uint8_t[]) {__VA_ARGS__}, sizeof (const uint8_t[]) {__VA_ARGS__}})

//  ---- text ----------------------------------------------------------------------------------------

//  A SearchRequest whose 'query' (field 1) or only tag (field 3) is 'text'. What lies behind it
//  would complete a truncated character, if it were looked at.
static bool
field_valid (uint8_t tag, const void *text, size_t size)
{
    uint8_t wire[64];
    memset (wire, 0x80, sizeof wire);
    wire[0] = tag;
    wire[1] = (uint8_t) size;
    memcpy (wire + 2, text, size);
    return wire_valid (&ggen__search_request__descriptor, (bytes_t) {wire, size + 2});
}

static bool
text_valid (const void *text, size_t size)
{
    bool valid = field_valid (0x0A, text, size);
    assert_int_equal (field_valid (0x1A, text, size), valid);
    return valid;
}

#define TEXT_VALID(literal) text_valid ("" literal, sizeof literal - 1)

static void
utf8_of_every_length_is_taken_up_to_its_ends (void **state)
{
    (void) state;
    assert_true (TEXT_VALID (""));
    assert_true (TEXT_VALID ("\x01 \x7F"));
    assert_true (TEXT_VALID ("\xC2\x80 \xDF\xBF"));
    assert_true (TEXT_VALID ("\xE0\xA0\x80 \xED\x9F\xBF \xEE\x80\x80 \xEF\xBF\xBF"));
    assert_true (TEXT_VALID ("\xF0\x90\x80\x80 \xF4\x8F\xBF\xBF"));
    assert_true (TEXT_VALID ("gr\xC3\xBC\xC3\x9F"));
}

//  Eight plain bytes are looked at together, whatever stands before and behind them.
static void
an_invalid_byte_is_found_wherever_it_stands (void **state)
{
    (void) state;
    static const uint8_t plain[] = {0x01, 'a', 0x7F}, invalid[] = {0x00, 0x80, 0xFF, 0xC3};
    for (size_t size = 1; size <= 27; size++)
        for (size_t at = 0; at < size; at++) {
            uint8_t text[27];
            for (size_t i = 0; i < size; i++)
                text[i] = plain[(i + at) % sizeof plain];
            assert_true (text_valid (text, size));
            for (size_t i = 0; i < sizeof invalid; i++) {
                text[at] = invalid[i];
                assert_false (text_valid (text, size));
            }
        }
}

static void
overlong_forms_are_refused (void **state)
{
    (void) state;
    assert_false (TEXT_VALID ("\xC0\x80"));
    assert_false (TEXT_VALID ("\xC1\xBF"));
    assert_false (TEXT_VALID ("\xE0\x80\x80"));
    assert_false (TEXT_VALID ("\xE0\x9F\xBF"));
    assert_false (TEXT_VALID ("\xF0\x80\x80\x80"));
    assert_false (TEXT_VALID ("\xF0\x8F\xBF\xBF"));
}

static void
surrogates_and_what_is_above_unicode_are_refused (void **state)
{
    (void) state;
    assert_false (TEXT_VALID ("\xED\xA0\x80"));
    assert_false (TEXT_VALID ("\xED\xBF\xBF"));
    assert_false (TEXT_VALID ("\xED\xA0\xBD\xED\xB8\x80"));
    assert_false (TEXT_VALID ("\xF4\x90\x80\x80"));
    assert_false (TEXT_VALID ("\xF5\x80\x80\x80"));
    assert_false (TEXT_VALID ("\xF8\x88\x80\x80\x80"));
    assert_false (TEXT_VALID ("\xFF"));
}

static void
a_nul_is_refused_wherever_it_is (void **state)
{
    (void) state;
    assert_false (TEXT_VALID ("\0"));
    assert_false (TEXT_VALID ("\0x"));
    assert_false (TEXT_VALID ("x\0"));
    assert_false (TEXT_VALID ("x\0y"));
}

static void
truncated_characters_and_lone_continuations_are_refused (void **state)
{
    (void) state;
    const char *whole[] = {"\xC3\xBC", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"};
    for (unsigned i = 0; i < COUNT_OF (whole); i++)
        for (size_t size = 1; size < strlen (whole[i]); size++) {
            char text[8];
            snprintf (text, sizeof text, "%.*sx", (int) size, whole[i]);
            assert_false (text_valid (whole[i], size));
            assert_false (text_valid (text, size + 1));
        }
    assert_false (TEXT_VALID ("\x80"));
    assert_false (TEXT_VALID ("x\xBF"));
}

static void
text_is_checked_at_every_depth_and_bytes_are_not (void **state)
{
    (void) state;
    //  Failure.details[0].key
    assert_true (wire_valid (&ggen__failure__descriptor, BYTES (0x22, 3, 0x0A, 1, 'k')));
    assert_false (wire_valid (&ggen__failure__descriptor, BYTES (0x22, 3, 0x0A, 1, 0xFF)));
    //  PublishRequest.manifest is of type bytes.
    assert_true (wire_valid (&ggen__publish_request__descriptor, BYTES (0x1A, 2, 0xFF, 0)));
    //  Of a field twice both are looked at, though protobuf keeps the last.
    assert_false (wire_valid (&ggen__failure__descriptor, BYTES (0x12, 1, 0xFF, 0x12, 1, 'x')));
}

//  ---- framing -------------------------------------------------------------------------------------

static bool
envelope_valid (bytes_t wire)
{
    return wire_valid (&ggen__envelope__descriptor, wire);
}

static void
unknown_fields_are_skipped_whatever_is_in_them (void **state)
{
    (void) state;
    assert_true (envelope_valid (BYTES (0xF8, 0x7F, 0)));
    assert_true (envelope_valid (BYTES (0xF9, 0x7F, 1, 2, 3, 4, 5, 6, 7, 8)));
    assert_true (envelope_valid (BYTES (0xFA, 0x7F, 2, 0xFF, 0)));
    assert_true (envelope_valid (BYTES (0xFD, 0x7F, 1, 2, 3, 4)));
}

static void
endless_and_truncated_numbers_are_refused (void **state)
{
    (void) state;
    uint8_t wire[40];
    memset (wire, 0xFF, sizeof wire);
    wire[0] = 0x08;
    for (size_t size = 1; size <= sizeof wire; size++)
        assert_false (envelope_valid ((bytes_t) {wire, size}));
    wire[10] = 0x01;
    assert_true (envelope_valid ((bytes_t) {wire, 11}));
    wire[10] = 0xFF, wire[11] = 0x01;
    assert_false (envelope_valid ((bytes_t) {wire, 12}));
    assert_false (envelope_valid (BYTES (0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF)));
    assert_false (envelope_valid (BYTES (0x11, 1, 2, 3, 4, 5, 6, 7)));
    assert_false (envelope_valid (BYTES (0x15, 1, 2, 3)));
}

static void
lengths_beyond_the_end_are_refused (void **state)
{
    (void) state;
    assert_false (envelope_valid (BYTES (0x1A)));
    assert_false (envelope_valid ((bytes_t) {(const uint8_t *) "\x1A\x02xy", 3}));
    assert_false (envelope_valid (
        BYTES (0x1A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01, 'x')));
    //  An inner length may reach to the end of its message only, not of the whole.
    assert_false (
        wire_valid (&ggen__failure__descriptor, BYTES (0x22, 3, 0x0A, 4, 'k', 'e', 'y', 's')));
}

static void
field_zero_groups_and_unknown_wire_types_are_refused (void **state)
{
    (void) state;
    assert_false (envelope_valid (BYTES (0x00, 1)));
    assert_false (envelope_valid (BYTES (0x02, 0)));
    assert_false (envelope_valid (BYTES (0x0B, 0x0C)));
    assert_false (envelope_valid (BYTES (0x0C)));
    assert_false (envelope_valid (BYTES (0x0E)));
    assert_false (envelope_valid (BYTES (0x0F)));
}

//  A MetadataReply in a MetadataReply in ...: 'depth' of them within the outermost.
static size_t
nest (uint8_t *wire, size_t wire_size, unsigned depth)
{
    size_t start = wire_size;
    for (unsigned i = 0; i < depth; i++) {
        size_t inside = wire_size - start;
        assert_true (inside < 128 && start >= 2);
        wire[--start] = (uint8_t) inside;
        wire[--start] = 0x42;
    }
    memmove (wire, wire + start, wire_size - start);
    return wire_size - start;
}

static void
messages_may_be_nested_16_deep_and_no_deeper (void **state)
{
    (void) state;
    uint8_t wire[128];
    size_t size = nest (wire, sizeof wire, WIRE_DEPTH_MAX);
    assert_true (wire_valid (&ggen__metadata_reply__descriptor, (bytes_t) {wire, size}));
    size = nest (wire, sizeof wire, WIRE_DEPTH_MAX + 1);
    assert_false (wire_valid (&ggen__metadata_reply__descriptor, (bytes_t) {wire, size}));
}

//  ---- arena ---------------------------------------------------------------------------------------

static void
an_arena_gives_aligned_memory_that_does_not_overlap (void **state)
{
    (void) state;
    rng_t rng = seeded_rng (3);
    wire_arena_t *arena = wire_arena_new (1 << 20);
    for (unsigned round = 0; round < 20; round++) {
        uint8_t *parts[100];
        size_t sizes[100];
        for (unsigned i = 0; i < 100; i++) {
            sizes[i] = rng_below (&rng, i % 10 == 0 ? 20000 : 100);
            parts[i] = wire_arena_alloc (arena, sizes[i]);
            assert_seeded (parts[i] && (uintptr_t) parts[i] % 16 == 0, round);
            memset (parts[i], (int) i, sizes[i]);
        }
        for (unsigned i = 0; i < 100; i++)
            for (size_t at = 0; at < sizes[i]; at++)
                assert_seeded (parts[i][at] == i, round);
        wire_arena_reset (arena);
    }
    wire_arena_destroy (&arena);
    assert_null (arena);
    wire_arena_destroy (&arena);
}

static size_t
given_until_refused (wire_arena_t *arena, size_t piece)
{
    size_t given = 0;
    while (given < 1 << 24 && wire_arena_alloc (arena, piece))
        given += piece;
    return given;
}

static void
an_arena_gives_no_more_than_its_bound_until_it_is_reset (void **state)
{
    (void) state;
    const size_t bound = 100000;
    wire_arena_t *arena = wire_arena_new (bound);
    assert_null (wire_arena_alloc (arena, bound + 1));
    assert_null (wire_arena_alloc (arena, SIZE_MAX));
    for (size_t piece = 1; piece < bound; piece = piece * 3 + 1) {
        size_t given = given_until_refused (arena, piece);
        assert_true (given <= bound);
        assert_true (piece < 16 || piece > bound / 4 || given > bound / 2);
        wire_arena_reset (arena);
    }
    wire_arena_limit (arena, 1000);
    assert_true (given_until_refused (arena, 16) <= 1000);
    wire_arena_destroy (&arena);
}

static void
an_arena_smaller_than_one_piece_gives_nothing (void **state)
{
    (void) state;
    for (size_t bound = 0; bound < 16; bound++) {
        wire_arena_t *arena = wire_arena_new (bound);
        assert_null (wire_arena_alloc (arena, 16));
        assert_null (wire_arena_alloc (arena, bound + 1));
        wire_arena_destroy (&arena);
    }
}

//  4,000 bytes of empty messages become 16 times as much in memory.
static void
a_message_that_unpacks_to_more_than_the_bound_is_refused (void **state)
{
    (void) state;
    uint8_t wire[4000];
    for (size_t i = 0; i < sizeof wire; i += 2)
        wire[i] = 0x42, wire[i + 1] = 0;
    wire_arena_t *arena = wire_arena_new (64 << 10);
    bytes_t bytes = {wire, sizeof wire};
    assert_null (wire_unpack (arena, &ggen__metadata_reply__descriptor, bytes));
    wire_arena_reset (arena);
    wire_arena_limit (arena, 1 << 20);
    const Ggen__MetadataReply *reply =
        (const void *) wire_unpack (arena, &ggen__metadata_reply__descriptor, bytes);
    assert_non_null (reply);
    assert_int_equal (reply->n_backends, 2000);
    wire_arena_destroy (&arena);
}

static void
a_message_comes_out_as_it_went_in (void **state)
{
    (void) state;
    uint8_t packed[200];
    Ggen__Envelope in = GGEN__ENVELOPE__INIT;
    in.kind = GGEN__KIND__REQUEST;
    in.id = 0x123456789ABCDEF0;
    in.from = "client-7";
    in.type = "Gr\xC3\xBC\xC3\x9F" "e";
    in.sent_us = UINT64_MAX;
    size_t size = ggen__envelope__pack (&in, packed);
    wire_arena_t *arena = wire_arena_new (1 << 16);
    const Ggen__Envelope *out = (const void *) wire_unpack (
        arena, &ggen__envelope__descriptor, (bytes_t) {packed, size});
    assert_non_null (out);
    assert_int_equal (out->kind, in.kind);
    assert_true (out->id == in.id && out->sent_us == in.sent_us);
    assert_string_equal (out->from, in.from);
    assert_string_equal (out->type, in.type);
    assert_string_equal (out->reply_to, "");
    wire_arena_destroy (&arena);
}

//  ---- hostile bytes -------------------------------------------------------------------------------

//  Whatever was taken can be packed again, and is valid then.
static void
check_taken (wire_arena_t *arena, const ProtobufCMessageDescriptor *descriptor, bytes_t wire,
             unsigned round)
{
    wire_arena_reset (arena);
    ProtobufCMessage *message = wire_unpack (arena, descriptor, wire);
    if (!message)
        return;
    size_t size = protobuf_c_message_get_packed_size (message);
    uint8_t *packed = malloc (size + 1);
    assert_non_null (packed);
    assert_seeded (protobuf_c_message_pack (message, packed) == size, round);
    assert_seeded (wire_valid (descriptor, (bytes_t) {packed, size}), round);
    free (packed);
}

//  The bytes are in memory of their very size, so that a sanitizer sees each step beyond them.
static void
try_bytes (wire_arena_t *arena, const ProtobufCMessageDescriptor *descriptor, const uint8_t *data,
           size_t size, unsigned round)
{
    uint8_t *exact = malloc (size ? size : 1);
    assert_non_null (exact);
    memcpy (exact, data, size);
    check_taken (arena, descriptor, (bytes_t) {exact, size}, round);
    free (exact);
}

static void
random_bytes_never_crash (void **state)
{
    (void) state;
    rng_t rng = seeded_rng (4);
    wire_arena_t *arena = wire_arena_new (1 << 16);
    for (unsigned round = 0; round < 20000; round++) {
        uint8_t bytes[300];
        size_t size = rng_below (&rng, sizeof bytes);
        rng_bytes (&rng, bytes, size);
        //  Half of them of small numbers: plausible tags, short lengths.
        for (size_t i = 0; i < size && round % 2; i++)
            bytes[i] &= 0x3F;
        try_bytes (arena, vocabulary[rng_below (&rng, vocabulary_count)], bytes, size, round);
    }
    wire_arena_destroy (&arena);
}

//  A message of every kind of field: nested, repeated, text, bytes, numbers.
static size_t
pack_sample (uint8_t *packed)
{
    char *words[] = {"one", "gr\xC3\xBC\xC3\x9F", ""};
    Ggen__Package package = GGEN__PACKAGE__INIT;
    Ggen__PublishRequest request = GGEN__PUBLISH_REQUEST__INIT;
    Ggen__Publisher publisher = GGEN__PUBLISHER__INIT;
    package.n_tags = COUNT_OF (words);
    package.tags = words;
    publisher.name = "somebody";
    package.publisher = &publisher;
    package.size_bytes = UINT64_MAX;
    package.created_at = -1;
    request.package = &package;
    request.archive_path = "/tmp/x.tar.gz";
    request.manifest = (ProtobufCBinaryData) {5, (uint8_t *) "[pac\xFF"};
    request.force = true;
    return ggen__publish_request__pack (&request, packed);
}

static void
flipped_bits_and_cut_ends_never_crash (void **state)
{
    (void) state;
    rng_t rng = seeded_rng (5);
    wire_arena_t *arena = wire_arena_new (1 << 16);
    uint8_t sample[1000], bytes[1000];
    size_t sample_size = pack_sample (sample);
    assert_true (
        wire_valid (&ggen__publish_request__descriptor, (bytes_t) {sample, sample_size}));
    for (unsigned round = 0; round < 20000; round++) {
        memcpy (bytes, sample, sample_size);
        for (uint64_t flips = 1 + rng_below (&rng, 4); flips > 0; flips--)
            bytes[rng_below (&rng, sample_size)] ^= (uint8_t) (1u << rng_below (&rng, 8));
        size_t size = round % 2 ? sample_size : rng_below (&rng, sample_size + 1);
        try_bytes (arena, &ggen__publish_request__descriptor, bytes, size, round);
    }
    wire_arena_destroy (&arena);
}

static void
an_arena_that_ends_anywhere_in_a_message_never_crashes (void **state)
{
    (void) state;
    wire_arena_t *arena = wire_arena_new (0);
    uint8_t sample[1000];
    size_t size = pack_sample (sample);
    bool taken = false;
    for (size_t bound = 0; bound < 4000; bound++) {
        wire_arena_reset (arena);
        wire_arena_limit (arena, bound);
        bool fits =
            wire_unpack (arena, &ggen__publish_request__descriptor, (bytes_t) {sample, size});
        assert_true (fits || !taken);
        taken = fits;
    }
    assert_true (taken);
    wire_arena_destroy (&arena);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (utf8_of_every_length_is_taken_up_to_its_ends),
        cmocka_unit_test (an_invalid_byte_is_found_wherever_it_stands),
        cmocka_unit_test (overlong_forms_are_refused),
        cmocka_unit_test (surrogates_and_what_is_above_unicode_are_refused),
        cmocka_unit_test (a_nul_is_refused_wherever_it_is),
        cmocka_unit_test (truncated_characters_and_lone_continuations_are_refused),
        cmocka_unit_test (text_is_checked_at_every_depth_and_bytes_are_not),
        cmocka_unit_test (unknown_fields_are_skipped_whatever_is_in_them),
        cmocka_unit_test (endless_and_truncated_numbers_are_refused),
        cmocka_unit_test (lengths_beyond_the_end_are_refused),
        cmocka_unit_test (field_zero_groups_and_unknown_wire_types_are_refused),
        cmocka_unit_test (messages_may_be_nested_16_deep_and_no_deeper),
        cmocka_unit_test (an_arena_gives_aligned_memory_that_does_not_overlap),
        cmocka_unit_test (an_arena_gives_no_more_than_its_bound_until_it_is_reset),
        cmocka_unit_test (an_arena_smaller_than_one_piece_gives_nothing),
        cmocka_unit_test (a_message_that_unpacks_to_more_than_the_bound_is_refused),
        cmocka_unit_test (a_message_comes_out_as_it_went_in),
        cmocka_unit_test (random_bytes_never_crash),
        cmocka_unit_test (flipped_bits_and_cut_ends_never_crash),
        cmocka_unit_test (an_arena_that_ends_anywhere_in_a_message_never_crashes),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
