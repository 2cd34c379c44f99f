// SPDX-License-Identifier: MIT
//  The simulator's letters and its agenda (lib/letters.h, lib/agenda.h).
#include "lib/agenda.h"
#include "lib/letters.h"
#include "tests/unit/seeded.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

static void
count_free (void *data, void *hint)
{
    ++*(unsigned *) hint;
    free (data);
}

static note_t *
write_letter (letters_t *letters, size_t body_size, unsigned *freed)
{
    uint8_t *body = malloc (body_size + 1);
    assert_non_null (body);
    memset (body, 0xA5, body_size);
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__EVENT;
    envelope.from = "dht@12D3KooWpeer";
    parcel_t parcel = {.to = "dht", .envelope = &envelope, .packed = {body, body_size}};
    if (freed) {
        parcel.attachment = calloc (1, 1000);
        parcel.attachment_size = 1000;
        parcel.free_attachment = count_free;
        parcel.hint = freed;
    }
    note_t *note = letters_write (letters, &parcel);
    free (body);
    return note;
}

static void
a_letter_has_its_envelope_and_a_body_that_was_packed_before_as_they_were (void **state)
{
    (void) state;
    letters_t *letters = letters_new ();
    static const size_t sizes[] = {0, 1, 20, 100, 1000, 9000, 300000};
    for (unsigned i = 0; i < COUNT_OF (sizes); i++) {
        note_t *note = write_letter (letters, sizes[i], NULL);
        mail_t mail = letters_mail (note);
        assert_int_equal (note->kind, GGEN__KIND__EVENT);
        assert_int_equal (note->end, LETTER_NO_LINK);
        assert_int_equal (mail.body.size, sizes[i]);
        for (size_t k = 0; k < sizes[i]; k++)
            assert_int_equal (mail.body.data[k], 0xA5);
        Ggen__Envelope *envelope =
            ggen__envelope__unpack (NULL, mail.envelope.size, mail.envelope.data);
        assert_non_null (envelope);
        assert_string_equal (envelope->from, "dht@12D3KooWpeer");
        assert_int_equal (letters_size (note), mail.envelope.size + sizes[i]);
        ggen__envelope__free_unpacked (envelope, NULL);
        letters_free (letters, &note);
        assert_null (note);
    }
    assert_int_equal (letters_count (letters), 0);
    letters_destroy (&letters);
}

static void
an_attachment_is_freed_once_with_its_letter (void **state)
{
    (void) state;
    letters_t *letters = letters_new ();
    unsigned freed = 0;
    note_t *note = write_letter (letters, 10, &freed);
    assert_int_equal (letters_mail (note).attachment.size, 1000);
    assert_int_equal (freed, 0);
    letters_free (letters, &note);
    assert_int_equal (freed, 1);
    letters_destroy (&letters);
}

static void
memory_of_letters_is_used_again (void **state)
{
    (void) state;
    letters_t *letters = letters_new ();
    note_t *note = write_letter (letters, 50, NULL);
    letters_free (letters, &note);
    size_t bytes = letters_bytes (letters);
    for (unsigned i = 0; i < 10000; i++) {
        note = write_letter (letters, 50, NULL);
        letters_free (letters, &note);
    }
    assert_int_equal (letters_bytes (letters), bytes);
    letters_destroy (&letters);
}

static void
of_equal_times_the_one_pushed_first_comes_first (void **state)
{
    (void) state;
    rng_t rng = seeded_rng (1);
    agenda_t *agenda = agenda_new ();
    due_t due;
    assert_false (agenda_pop (agenda, INT64_MAX, &due));
    for (uint32_t i = 0; i < 5000; i++)
        agenda_push (agenda, i % AGENDA_KINDS_MAX,
                     (due_t) {.at_us = (int64_t) rng_below (&rng, 50), .a = i, .b = i + 1});
    assert_int_equal (agenda_count (agenda), 5000);
    int64_t last_us = -1;
    uint32_t last = 0;
    assert_false (agenda_pop (agenda, -1, &due));
    for (unsigned i = 0; i < 5000; i++) {
        assert_true (agenda_pop (agenda, 50, &due));
        assert_seeded (due.at_us >= last_us, i);
        assert_seeded (due.at_us > last_us || due.a > last, i);
        assert_int_equal (agenda_kind (&due), due.a % AGENDA_KINDS_MAX);
        assert_int_equal (due.b, due.a + 1);
        last_us = due.at_us;
        last = due.a;
    }
    assert_false (agenda_pop (agenda, INT64_MAX, &due));
    agenda_destroy (&agenda);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (a_letter_has_its_envelope_and_a_body_that_was_packed_before_as_they_were),
        cmocka_unit_test (an_attachment_is_freed_once_with_its_letter),
        cmocka_unit_test (memory_of_letters_is_used_again),
        cmocka_unit_test (of_equal_times_the_one_pushed_first_comes_first),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
