// SPDX-License-Identifier: MIT
#include "cli/progress.h"

#include <fcntl.h>
#include <jansson.h>
#include <locale.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

typedef struct {
    screen_t screen;
    char *err;
    size_t err_size;
    size_t seen;            //  Bytes of err that drawn () has compared
} fixture_t;

static void
set_up (fixture_t *self, size_t err_width)
{
    *self = (fixture_t) {0};
    self->screen.err_width = err_width;
    self->screen.err = open_memstream (&self->err, &self->err_size);
}

//  What was drawn since the last call.
static void
drawn (fixture_t *self, const char *expected)
{
    fflush (self->screen.err);
    assert_string_equal (self->err + self->seen, expected);
    self->seen = self->err_size;
}

static void
tear_down (fixture_t *self)
{
    fclose (self->screen.err);
    free (self->err);
}

static void
update (progress_t *progress, const char *subject, uint64_t done, uint64_t total, int64_t now_ms)
{
    Ggen__Progress now = GGEN__PROGRESS__INIT;
    now.stage = "fetch";
    now.subject = (char *) (uintptr_t) subject;
    now.done = done;
    now.total = total;
    now.unit = "bytes";
    progress_update (progress, &now, now_ms);
}

static void
short_work_shows_nothing (void **state)
{
    (void) state;
    fixture_t it;
    set_up (&it, 80);
    progress_t *progress = progress_new (&it.screen, -1, 1000);
    update (progress, "demo", 1, 10, 1000);
    update (progress, "demo", 9, 10, 1499);
    progress_destroy (&progress);
    assert_null (progress);
    drawn (&it, "");
    tear_down (&it);
}

static void
long_work_shows_amount_rate_and_time_left (void **state)
{
    (void) state;
    fixture_t it;
    set_up (&it, 80);
    progress_t *progress = progress_new (&it.screen, -1, 0);
    update (progress, "demo@1.0.0", 0, 10 << 20, 0);
    update (progress, "demo@1.0.0", 2 << 20, 10 << 20, 1000);
    drawn (&it, "\rfetch demo@1.0.0  2.0 MiB / 10 MiB  20%  2.0 MiB/s  ETA 4s\033[K");
    progress_clear (progress);
    drawn (&it, "\r\033[K");
    progress_clear (progress);
    drawn (&it, "");
    progress_destroy (&progress);
    tear_down (&it);
}

static void
the_line_is_rewritten_at_most_ten_times_a_second (void **state)
{
    (void) state;
    fixture_t it;
    set_up (&it, 80);
    progress_t *progress = progress_new (&it.screen, -1, 0);
    update (progress, "demo", 1, 0, 600);
    drawn (&it, "\rfetch demo  1 B\033[K");
    update (progress, "demo", 2, 0, 699);
    drawn (&it, "");
    update (progress, "demo", 3, 0, 700);
    drawn (&it, "\rfetch demo  3 B\033[K");
    progress_destroy (&progress);
    drawn (&it, "\r\033[K");
    tear_down (&it);
}

static void
nothing_is_drawn_without_a_terminal_or_with_quiet (void **state)
{
    (void) state;
    fixture_t it;
    set_up (&it, 0);
    progress_t *progress = progress_new (&it.screen, -1, 0);
    update (progress, "demo", 1, 10, 5000);
    progress_destroy (&progress);
    it.screen.err_width = 80;
    it.screen.quiet = true;
    progress = progress_new (&it.screen, -1, 0);
    update (progress, "demo", 1, 10, 5000);
    progress_destroy (&progress);
    drawn (&it, "");
    tear_down (&it);
}

static void
a_hostile_subject_is_cleaned_and_cut_to_the_width (void **state)
{
    (void) state;
    fixture_t it;
    set_up (&it, 20);
    char subject [5000];
    memset (subject, 'a', sizeof subject);
    subject [sizeof subject - 1] = 0;
    memcpy (subject, "\033[2J\n\r", 6);
    progress_t *progress = progress_new (&it.screen, -1, 0);
    update (progress, subject, 1, 10, 600);
    drawn (&it, "\rfetch  aaaaaaaaaaaa\033[K");
    progress_destroy (&progress);
    tear_down (&it);
}

static void
each_subject_has_its_own_rate (void **state)
{
    (void) state;
    fixture_t it;
    set_up (&it, 80);
    progress_t *progress = progress_new (&it.screen, -1, 0);
    update (progress, "a", 0, 0, 1000);
    update (progress, "b", 0, 0, 1000);
    update (progress, "a", 1024, 0, 2000);
    update (progress, "b", 4096, 0, 2000);
    drawn (&it, "\rfetch a\033[K\rfetch b\033[K\rfetch a  1.0 KiB  1.0 KiB/s\033[K");
    update (progress, "b", 4096, 0, 2100);
    drawn (&it, "\rfetch b  4.0 KiB  4.0 KiB/s\033[K");
    progress_destroy (&progress);
    tear_down (&it);
}

static void
work_that_starts_over_or_lies_does_no_harm (void **state)
{
    (void) state;
    fixture_t it;
    set_up (&it, 80);
    progress_t *progress = progress_new (&it.screen, -1, 0);
    update (progress, "a", UINT64_MAX, 5, 1000);
    drawn (&it, "\rfetch a  16 EiB / 5 B\033[K");
    update (progress, "a", 0, 5, 2000);
    drawn (&it, "\rfetch a  0 B / 5 B  0%\033[K");
    update (progress, "a", UINT64_MAX, 0, 3000);
    drawn (&it, "\rfetch a  16 EiB\033[K");
    update (progress, "a", 0, UINT64_MAX, 3100);
    for (int at = 0; at < 3 * PROGRESS_SUBJECTS_MAX; at++) {
        const char subject [] = {(char) ('a' + at), 0};
        update (progress, subject, 1, 2, 4000 + at);
    }
    update (NULL, "a", 1, 2, 0);
    progress_destroy (&progress);
    tear_down (&it);
}

static void
a_file_descriptor_gets_one_json_line_per_update (void **state)
{
    (void) state;
    fixture_t it;
    int ends [2];
    char lines [8192] = "";
    set_up (&it, 0);
    assert_int_equal (pipe (ends), 0);
    progress_t *progress = progress_new (&it.screen, ends [1], 0);
    char subject [2000];
    memset (subject, 1, sizeof subject);
    for (size_t at = 0; at < 600; at++)
        memcpy (subject + 3 * at, "\xE6\x97\xA5", 3);
    subject [1800] = 0;
    update (progress, "demo", 1, 10, 0);
    update (progress, subject, 2, 10, 1);
    progress_destroy (&progress);
    close (ends [1]);
    assert_true (read (ends [0], lines, sizeof lines - 1) > 0);
    close (ends [0]);
    char *second = strchr (lines, '\n');
    assert_non_null (second);
    *second++ = 0;
    assert_string_equal (lines, "{\"stage\":\"fetch\",\"subject\":\"demo\",\"done\":1,\"total\":10,"
                                "\"unit\":\"bytes\"}");
    json_t *document = json_loads (second, 0, NULL);
    assert_int_equal (json_integer_value (json_object_get (document, "done")), 2);
    assert_int_equal (json_string_length (json_object_get (document, "subject")), 126);
    json_decref (document);
    tear_down (&it);
}

static void
a_reader_that_sleeps_or_leaves_delays_nobody (void **state)
{
    (void) state;
    fixture_t it;
    int ends [2];
    set_up (&it, 0);
    signal (SIGPIPE, SIG_IGN);
    assert_int_equal (pipe (ends), 0);
    progress_t *progress = progress_new (&it.screen, ends [1], 0);
    for (uint64_t at = 0; at < 5000; at++)
        update (progress, "nobody reads this", at, 5000, 0);
    close (ends [0]);
    update (progress, "nobody can read this", 1, 2, 1);

    //  After the error nothing more is written, even where it could be.
    int fresh [2];
    char byte = 0;
    assert_int_equal (pipe2 (fresh, O_NONBLOCK), 0);
    assert_int_equal (dup2 (fresh [1], ends [1]), ends [1]);
    update (progress, "nor this", 1, 2, 1);
    assert_int_equal (read (fresh [0], &byte, 1), -1);
    progress_destroy (&progress);
    close (ends [1]);
    close (fresh [0]);
    close (fresh [1]);
    tear_down (&it);
}

int
main (void)
{
    setlocale (LC_CTYPE, "C.UTF-8");
    alarm (60);             //  Should a full pipe block after all
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (short_work_shows_nothing),
        cmocka_unit_test (long_work_shows_amount_rate_and_time_left),
        cmocka_unit_test (the_line_is_rewritten_at_most_ten_times_a_second),
        cmocka_unit_test (nothing_is_drawn_without_a_terminal_or_with_quiet),
        cmocka_unit_test (a_hostile_subject_is_cleaned_and_cut_to_the_width),
        cmocka_unit_test (each_subject_has_its_own_rate),
        cmocka_unit_test (work_that_starts_over_or_lies_does_no_harm),
        cmocka_unit_test (a_file_descriptor_gets_one_json_line_per_update),
        cmocka_unit_test (a_reader_that_sleeps_or_leaves_delays_nobody),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
