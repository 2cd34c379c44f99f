// SPDX-License-Identifier: MIT
//  What is written by hand against what protobuf-c does.
#include "runtime/actor/envelope.h"
#include "seeded.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define BYTES_MAX 2048

static const char *
some_text (rng_t *rng)
{
    static const char *const texts[] = {"",         "", "installer", "dht@12D3KooW", "Progress",
                                        "\xC3\xA9", "x"};
    static char long_text[400];
    size_t at = rng_below (rng, COUNT_OF (texts) + 1);
    if (at < COUNT_OF (texts))
        return texts[at];
    //  Around the 127 bytes to which a length takes one byte.
    size_t size = 120 + rng_below (rng, 270);
    memset (long_text, 'a', size);
    long_text[size] = 0;
    return long_text;
}

//  Zero, small, or anything.
static uint64_t
some_number (rng_t *rng)
{
    switch (rng_below (rng, 3)) {
    case 0:
        return 0;
    case 1:
        return rng_below (rng, 300);
    default:
        return rng_u64 (rng) >> rng_below (rng, 64);
    }
}

static Ggen__Envelope
some_envelope (rng_t *rng)
{
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = (Ggen__Kind) (int32_t) some_number (rng);
    envelope.id = some_number (rng);
    envelope.from = (char *) some_text (rng);
    envelope.reply_to = (char *) some_text (rng);
    envelope.type = (char *) some_text (rng);
    envelope.budget_ms = (uint32_t) some_number (rng);
    envelope.trace = some_number (rng);
    envelope.sent_us = some_number (rng);
    envelope.to = (char *) some_text (rng);
    const char *route = some_text (rng);
    envelope.route = (ProtobufCBinaryData) {strlen (route), (uint8_t *) route};
    return envelope;
}

static bool
same_bytes (const Ggen__Envelope *envelope)
{
    uint8_t ours[BYTES_MAX], theirs[BYTES_MAX];
    size_t size = ggen__envelope__pack (envelope, theirs);
    return envelope_size (envelope) == size && envelope_pack (envelope, ours) == size
           && memcmp (ours, theirs, size) == 0;
}

static bool
same (const Ggen__Envelope *a, const Ggen__Envelope *b)
{
    return a->kind == b->kind && a->id == b->id && strcmp (a->from, b->from) == 0
           && strcmp (a->reply_to, b->reply_to) == 0 && strcmp (a->type, b->type) == 0
           && a->budget_ms == b->budget_ms && a->trace == b->trace && a->sent_us == b->sent_us
           && strcmp (a->to, b->to) == 0 && a->route.len == b->route.len
           && (a->route.len == 0 || memcmp (a->route.data, b->route.data, a->route.len) == 0);
}

//  Both take it and see the same, or both refuse it. It is read from memory of just its size, so
//  that a sanitizer sees a look beyond the end.
static bool
same_reading (wire_arena_t *arena, const uint8_t *bytes, size_t size, bool *taken)
{
    uint8_t *exact = malloc (size ? size : 1);
    memcpy (exact, bytes, size);
    const bytes_t wire = {exact, size};
    Ggen__Envelope ours;
    wire_arena_reset (arena);
    *taken = envelope_unpack (&ours, arena, wire);
    const Ggen__Envelope *theirs =
        (const void *) wire_unpack (arena, &ggen__envelope__descriptor, wire);
    bool result = *taken ? theirs && same (&ours, theirs) : !theirs;
    free (exact);
    return result;
}

static void
every_field_of_the_envelope_is_known_here (void **state)
{
    (void) state;
    const ProtobufCMessageDescriptor *descriptor = &ggen__envelope__descriptor;
    assert_int_equal (descriptor->n_fields, 10);
    for (unsigned i = 0; i < descriptor->n_fields; i++)
        assert_int_equal (descriptor->fields[i].id, i + 1);
}

static void
an_envelope_has_the_bytes_of_protobuf (void **state)
{
    (void) state;
    rng_t rng = seeded_rng (1);
    for (unsigned round = 0; round < 20000; round++) {
        const Ggen__Envelope envelope = some_envelope (&rng);
        assert_seeded (same_bytes (&envelope), round);
    }
    Ggen__Envelope empty = GGEN__ENVELOPE__INIT;
    assert_true (same_bytes (&empty));
    empty.from = NULL;
    assert_true (same_bytes (&empty));
}

static void
what_was_packed_reads_the_same (void **state)
{
    (void) state;
    rng_t rng = seeded_rng (2);
    wire_arena_t *arena = wire_arena_new (1 << 20);
    for (unsigned round = 0; round < 20000; round++) {
        uint8_t bytes[BYTES_MAX];
        const Ggen__Envelope envelope = some_envelope (&rng);
        bool taken;
        assert_seeded (same_reading (arena, bytes, envelope_pack (&envelope, bytes), &taken),
                       round);
        assert_seeded (taken, round);
    }
    wire_arena_destroy (&arena);
}

//  Flipped bits, cut ends, two in one, and bytes of any kind.
static size_t
damage (rng_t *rng, uint8_t *bytes, size_t size)
{
    const Ggen__Envelope second = some_envelope (rng);
    if (rng_below (rng, 4) == 0)
        size += envelope_pack (&second, bytes + size);
    if (rng_below (rng, 6) == 0)
        rng_bytes (rng, bytes, size = rng_below (rng, 30));
    for (uint64_t flips = rng_below (rng, 4); flips > 0 && size > 0; flips--)
        bytes[rng_below (rng, size)] ^= (uint8_t) (1u << rng_below (rng, 8));
    return rng_below (rng, 3) ? size : rng_below (rng, size + 1);
}

static void
what_is_damaged_is_refused_as_protobuf_does_and_else_reads_the_same (void **state)
{
    (void) state;
    rng_t rng = seeded_rng (3);
    wire_arena_t *arena = wire_arena_new (1 << 20);
    unsigned takes = 0;
    for (unsigned round = 0; round < 100000; round++) {
        uint8_t bytes[2 * BYTES_MAX];
        const Ggen__Envelope envelope = some_envelope (&rng);
        bool taken;
        size_t size = damage (&rng, bytes, envelope_pack (&envelope, bytes));
        assert_seeded (same_reading (arena, bytes, size, &taken), round);
        takes += taken;
    }
    //  Neither nearly all nor nearly none, or the test says little.
    assert_in_range (takes, 10000, 90000);
    wire_arena_destroy (&arena);
}

static void
strings_beyond_the_arena_are_refused (void **state)
{
    (void) state;
    uint8_t bytes[BYTES_MAX];
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT, read;
    envelope.from = "installer";
    const bytes_t wire = {bytes, envelope_pack (&envelope, bytes)};
    wire_arena_t *arena = wire_arena_new (8);
    assert_false (envelope_unpack (&read, arena, wire));
    wire_arena_limit (arena, 64);
    assert_true (envelope_unpack (&read, arena, wire));
    assert_string_equal (read.from, "installer");
    wire_arena_destroy (&arena);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (every_field_of_the_envelope_is_known_here),
        cmocka_unit_test (an_envelope_has_the_bytes_of_protobuf),
        cmocka_unit_test (what_was_packed_reads_the_same),
        cmocka_unit_test (what_is_damaged_is_refused_as_protobuf_does_and_else_reads_the_same),
        cmocka_unit_test (strings_beyond_the_arena_are_refused),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
