// SPDX-License-Identifier: MIT
//  Files of recorded messages: what goes in comes out, whatever is done to the file is told.
#include "cli/recording.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/temp_dir.h"

static char dir [TEMP_DIR_SIZE], path [TEMP_DIR_SIZE + 20];

static bytes_t
text (const char *bytes)
{
    return (bytes_t) {(const uint8_t *) bytes, strlen (bytes)};
}

static int
make_path (void **state)
{
    (void) state;
    temp_dir_make (dir);
    snprintf (path, sizeof path, "%s/recording", dir);
    return 0;
}

static int
remove_path (void **state)
{
    (void) state;
    return temp_dir_remove (dir);
}

static void
record_three (uint64_t bytes_max)
{
    char why [256];
    recording_t *recording;
    const heard_t first = {text ("SearchRequest"), text ("header"), text ("body")};
    const heard_t last = {text ("-"), text ("h"), {NULL, 0}};
    assert_int_equal (recording_new (&recording, path, bytes_max, why, sizeof why), OK);
    assert_int_equal (recording_add (recording, &first), OK);
    assert_int_equal (recording_lost (recording, UINT64_MAX - 1), OK);
    assert_int_equal (recording_add (recording, &last), OK);
    assert_int_equal (recording_flush (recording), OK);
    recording_destroy (&recording);
}

static size_t
read_file (char *bytes, size_t size)
{
    FILE *file = fopen (path, "r");
    assert_non_null (file);
    size = fread (bytes, 1, size, file);
    fclose (file);
    return size;
}

static void
write_file (const char *bytes, size_t size)
{
    FILE *file = fopen (path, "w");
    assert_non_null (file);
    assert_int_equal (fwrite (bytes, 1, size, file), size);
    fclose (file);
}

//  Read to the end; how many messages and losses there were.
static code_t
read_all (unsigned *count_p, char *why, size_t why_size)
{
    recorded_t *recorded;
    heard_t heard;
    uint64_t lost;
    *count_p = 0;
    code_t code = recorded_open (&recorded, path, why, why_size);
    if (code != OK)
        return code;
    while (recorded_next (recorded, &heard, &lost))
        ++*count_p;
    assert_false (recorded_next (recorded, &heard, &lost));
    code = recorded_end (recorded, why, why_size);
    recorded_close (&recorded);
    return code;
}

static bool
is_text (bytes_t bytes, const char *wanted)
{
    return bytes.size == strlen (wanted) && memcmp (bytes.data, wanted, bytes.size) == 0;
}

//  ---- tests ---------------------------------------------------------------------------------------

static void
what_is_recorded_is_read_again (void **state)
{
    (void) state;
    char why [256];
    heard_t heard;
    uint64_t lost;
    recorded_t *recorded;
    record_three (1 << 20);
    assert_int_equal (recorded_open (&recorded, path, why, sizeof why), OK);
    assert_true (recorded_next (recorded, &heard, &lost));
    assert_true (is_text (heard.topic, "SearchRequest") && is_text (heard.header, "header"));
    assert_true (is_text (heard.body, "body") && lost == 0);
    assert_true (recorded_next (recorded, &heard, &lost));
    assert_true (lost == UINT64_MAX - 1);
    assert_true (recorded_next (recorded, &heard, &lost));
    assert_true (is_text (heard.topic, "-") && heard.body.size == 0 && lost == 0);
    assert_false (recorded_next (recorded, &heard, &lost));
    assert_int_equal (recorded_end (recorded, why, sizeof why), OK);
    recorded_close (&recorded);
}

static void
a_file_cut_anywhere_is_told_unless_between_messages (void **state)
{
    (void) state;
    char bytes [256], why [256];
    unsigned count, wholes = 0;
    record_three (1 << 20);
    const size_t size = read_file (bytes, sizeof bytes);
    for (size_t cut = 0; cut < size; cut++) {
        write_file (bytes, cut);
        if (read_all (&count, why, sizeof why) == OK) {
            assert_int_equal (count, wholes);
            wholes++;
        }
        else
            assert_true (strstr (why, cut < strlen (RECORDING_HEADER) ? "not a recording"
                                                                       : "in the middle of message"));
    }
    assert_int_equal (wholes, 3);
}

static void
any_changed_byte_is_read_or_refused (void **state)
{
    (void) state;
    char bytes [256], why [256];
    unsigned count;
    record_three (1 << 20);
    const size_t size = read_file (bytes, sizeof bytes);
    for (size_t at = 0; at < size; at++) {
        bytes [at] = (char) ~bytes [at];
        write_file (bytes, size);
        const code_t code = read_all (&count, why, sizeof why);
        assert_true (code == OK || code == VALIDATION);
        assert_true (count <= 3);
        bytes [at] = (char) ~bytes [at];
    }
}

static void
a_full_recording_takes_nothing_more_and_stays_whole (void **state)
{
    (void) state;
    char why [256], bytes [1024];
    unsigned count;
    recording_t *recording;
    const heard_t message = {text ("T"), text ("h"), text ("0123456789")};
    assert_int_equal (recording_new (&recording, path, 100, why, sizeof why), OK);
    unsigned taken = 0;
    while (recording_add (recording, &message) == OK)
        taken++;
    assert_int_equal (recording_add (recording, &message), BUSY);
    assert_int_equal (recording_flush (recording), OK);
    recording_destroy (&recording);
    assert_in_range (read_file (bytes, sizeof bytes), 1, 100);
    assert_int_equal (read_all (&count, why, sizeof why), OK);
    assert_int_equal (count, taken);
    assert_int_equal (taken, (100 - strlen (RECORDING_HEADER)) / 24);
}

static void
a_file_that_is_there_is_not_overwritten (void **state)
{
    (void) state;
    char why [256];
    recording_t *recording;
    write_file ("precious", 8);
    assert_int_equal (recording_new (&recording, path, 100, why, sizeof why), ALREADY_EXISTS);
    assert_null (recording);
    assert_non_null (strstr (why, path));
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test_setup_teardown (what_is_recorded_is_read_again, make_path, remove_path),
        cmocka_unit_test_setup_teardown (a_file_cut_anywhere_is_told_unless_between_messages,
                                         make_path, remove_path),
        cmocka_unit_test_setup_teardown (any_changed_byte_is_read_or_refused, make_path,
                                         remove_path),
        cmocka_unit_test_setup_teardown (a_full_recording_takes_nothing_more_and_stays_whole,
                                         make_path, remove_path),
        cmocka_unit_test_setup_teardown (a_file_that_is_there_is_not_overwritten, make_path,
                                         remove_path)};
    cmocka_set_message_output (CM_OUTPUT_TAP);
    return cmocka_run_group_tests (tests, NULL, NULL);
}
