// SPDX-License-Identifier: MIT
#include "cli/render.h"
#include "cli/shape.h"
#include "cli/table.h"
#include "cli/text.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

//  A screen that writes to memory. 'out' and 'err' are valid after captured ().
typedef struct {
    screen_t screen;
    char *out, *err;
    size_t out_size, err_size;
} capture_t;

static void
capture (capture_t *self, size_t width)
{
    *self = (capture_t) {0};
    self->screen = (screen_t) {.width = width, .err_width = width, .utf8 = true};
    self->screen.out = open_memstream (&self->out, &self->out_size);
    self->screen.err = open_memstream (&self->err, &self->err_size);
}

static void
captured (capture_t *self)
{
    fclose (self->screen.out);
    fclose (self->screen.err);
}

static void
release (capture_t *self)
{
    free (self->out);
    free (self->err);
}

static void
cleaned (const char *text, const char *expected)
{
    AUTO (text_free) char *clean = text_clean (text);
    assert_string_equal (clean, expected);
}

static void
escape_sequences_are_stripped_whole (void **state)
{
    (void) state;
    cleaned ("plain", "plain");
    cleaned (NULL, "");
    cleaned ("a\033[31mred\033[0m", "ared");
    cleaned ("a\033[?25l\033[2Jb", "ab");
    cleaned ("\033]0;title\007x", "x");
    cleaned ("\033]8;;http://e\033\\link\033]8;;\033\\", "link");
    cleaned ("\033P1$r\033\\x\033_apc\033\\y\033^pm\033\\z", "xyz");
    cleaned ("\033(Bx\033cy\033M", "xy");
    cleaned ("\033", "");
    cleaned ("\033[", "");
    cleaned ("\033]never ends", "");
    cleaned ("\033\033[31mx", "x");
    cleaned ("\xC2\x9B" "31mx", "x");
    cleaned ("\xC2\x9D" "0;t\xC2\x9Cx", "x");
}

static void
controls_and_direction_overrides_are_stripped (void **state)
{
    (void) state;
    cleaned ("a\rb\bc\x7F" "d\x01", "abcd");
    cleaned ("a\nb\tc", "a b c");
    cleaned ("x\xC2\x85y\xC2\x80z", "xyz");
    cleaned ("\xE2\x80\xAEgnp\xE2\x80\xAC.exe", "gnp.exe");
    cleaned ("\xE2\x81\xA6" "a\xE2\x81\xA9\xE2\x80\x8E\xE2\x80\x8F\xD8\x9C", "a");
    cleaned ("\xEF\xBB\xBFx\xE2\x80\xA8y\xF3\xA0\x81\x81", "xy");
    AUTO (text_free) char *lines = text_clean_lines ("a\n\033[1mb\r\n");
    assert_string_equal (lines, "a\nb\n");
}

static void
other_characters_stay_and_broken_ones_become_question_marks (void **state)
{
    (void) state;
    cleaned ("Gr\xC3\xBC\xC3\x9F" "e \xE6\x97\xA5\xE6\x9C\xAC \xF0\x9F\x93\xA6",
             "Gr\xC3\xBC\xC3\x9F" "e \xE6\x97\xA5\xE6\x9C\xAC \xF0\x9F\x93\xA6");
    cleaned ("\x9B" "31m", "?31m");
    cleaned ("a\xC3", "a?");
    cleaned ("\xE0\x80\xAF \xF0\x80\x80\xAF", "??? ????");
    cleaned ("\xC0\xAF\xED\xA0\x80\xF5\x80\x80\x80", "?????????");
}

static void
text_is_measured_in_columns (void **state)
{
    (void) state;
    assert_int_equal (text_columns ("abc"), 3);
    assert_int_equal (text_columns ("\xE6\x97\xA5\xE6\x9C\xAC"), 4);
    assert_int_equal (text_fit ("\xE6\x97\xA5\xE6\x9C\xAC", 3), 3);
    assert_int_equal (text_fit ("\xE6\x97\xA5\xE6\x9C\xAC", 4), 6);
    assert_int_equal (text_fit ("abc", 0), 0);
}

static void
sizes_and_times_read_well (void **state)
{
    (void) state;
    char out [TEXT_TIME_MAX];
    assert_string_equal (text_size (0, out), "0 B");
    assert_string_equal (text_size (999, out), "999 B");
    assert_string_equal (text_size (1000, out), "1.0 KiB");
    assert_string_equal (text_size (1536, out), "1.5 KiB");
    assert_string_equal (text_size (100 << 20, out), "100 MiB");
    assert_string_equal (text_size ((1u << 20) - 1, out), "1.0 MiB");
    assert_string_equal (text_size (UINT64_MAX, out), "16 EiB");
    assert_string_equal (text_time (0, out), "1970-01-01T00:00:00Z");
    assert_string_equal (text_time (1795153560, out), "2026-11-20T05:46:00Z");
    assert_string_equal (text_time (INT64_MAX, out), "");
    assert_string_equal (text_time (INT64_MIN, out), "");
    assert_string_equal (text_ago (100, 100, out), "just now");
    assert_string_equal (text_ago (100, 160, out), "1 minute ago");
    assert_string_equal (text_ago (0, 3 * 86400, out), "3 days ago");
    assert_string_equal (text_ago (7200, 0, out), "in 2 hours");
    assert_string_equal (text_ago (0, 86400 * 400, out), "1970-01-01");
    assert_string_equal (text_ago (INT64_MIN, INT64_MAX, out), "");
    assert_string_equal (text_duration (125, out), "2m 05s");
}

static void
draw_table (capture_t *to, size_t width)
{
    static const column_t columns [] = {
        {"NAME", TABLE_LEFT}, {"SIZE", TABLE_RIGHT}, {"DESCRIPTION", TABLE_CUT}};
    capture (to, width);
    table_t *table = table_new (&to->screen, columns, COUNT_OF (columns));
    const char *const first [] = {"demo", "5 B", "a description that is long enough to be cut"};
    const char *const second [] = {"gr\xC3\xBCn\033[31m", "10 KiB", NULL};
    assert_int_equal (table_row (table, first), OK);
    assert_int_equal (table_row (table, second), OK);
    table_print (table);
    table_destroy (&table);
    captured (to);
}

static void
a_table_in_a_pipe_is_whole_and_clean (void **state)
{
    (void) state;
    capture_t to;
    draw_table (&to, 0);
    assert_string_equal (to.out,
        "NAME    SIZE  DESCRIPTION\n"
        "demo     5 B  a description that is long enough to be cut\n"
        "gr\xC3\xBCn  10 KiB\n");
    release (&to);
}

static void
a_table_fits_a_narrow_terminal (void **state)
{
    (void) state;
    capture_t to;
    draw_table (&to, 30);
    assert_non_null (strstr (to.out, "demo"));
    assert_null (strstr (to.out, "long enough"));
    for (char *line = strtok (to.out, "\n"); line; line = strtok (NULL, "\n"))
        assert_true (text_columns (line) <= 30);
    release (&to);
}

static void
a_wrapped_column_loses_nothing (void **state)
{
    (void) state;
    static const column_t columns [] = {{"NAME", TABLE_LEFT}, {"DESCRIPTION", TABLE_WRAP}};
    static const char *const cells [] = {"demo", "0123456789abcdefghijklmnopqrstuvwxyz"};
    char joined [128] = "";
    capture_t to;
    capture (&to, 24);
    table_t *table = table_new (&to.screen, columns, 2);
    assert_int_equal (table_row (table, cells), OK);
    table_print (table);
    table_destroy (&table);
    captured (&to);
    strtok (to.out, "\n");
    for (char *line = strtok (NULL, "\n"); line; line = strtok (NULL, "\n")) {
        assert_true (text_columns (line) <= 24);
        assert_true (strlen (line) > 6);
        sscanf (line + 6, "%60s", joined + strlen (joined));
    }
    assert_string_equal (joined, cells [1]);
    release (&to);
}

static void
an_empty_table_prints_nothing (void **state)
{
    (void) state;
    static const column_t columns [] = {{"NAME", TABLE_LEFT}};
    capture_t to;
    capture (&to, 80);
    table_t *table = table_new (&to.screen, columns, 1);
    table_print (table);
    table_destroy (&table);
    table_destroy (&table);
    captured (&to);
    assert_string_equal (to.out, "");
    release (&to);
}

static void
make_failure (Ggen__Failure *failure, Ggen__Detail details [3], Ggen__Detail *list [3])
{
    *failure = (Ggen__Failure) GGEN__FAILURE__INIT;
    for (size_t at = 0; at < 3; at++) {
        details [at] = (Ggen__Detail) GGEN__DETAIL__INIT;
        details [at].key = at == 0 ? "package" : "available";
        details [at].value = at == 0 ? "demo" : at == 1 ? "1.0.0" : "2.0.0";
        list [at] = &details [at];
    }
    failure->code = NO_MATCHING_VERSION;
    failure->message = "no version of demo fits ^3\nhint: rm -rf ~\033[2J";
    failure->hint = "try demo@^2";
    failure->n_details = 3;
    failure->details = list;
}

static void
a_failure_says_what_and_the_hint_and_cannot_pose_as_one (void **state)
{
    (void) state;
    Ggen__Failure failure;
    Ggen__Detail details [3], *list [3];
    capture_t to;
    make_failure (&failure, details, list);
    capture (&to, 0);
    render_failure (&to.screen, &failure);
    captured (&to);
    assert_string_equal (to.out, "");
    assert_string_equal (to.err, "error: no version of demo fits ^3\n"
                                 "  hint: rm -rf ~\n"
                                 "hint: try demo@^2\n");
    release (&to);
}

static void
a_verbose_failure_tells_code_and_details_in_colour (void **state)
{
    (void) state;
    Ggen__Failure failure;
    Ggen__Detail details [3], *list [3];
    capture_t to;
    make_failure (&failure, details, list);
    capture (&to, 80);
    to.screen.verbose = to.screen.err_colors = true;
    render_failure (&to.screen, &failure);
    captured (&to);
    assert_non_null (strstr (to.err, "\033[1;31merror:\033[0m no version"));
    assert_non_null (strstr (to.err, "code:\033[0m NO_MATCHING_VERSION\n"));
    assert_non_null (strstr (to.err, "available:\033[0m 2.0.0\n"));
    release (&to);
}

static void
a_failure_in_json_is_one_document_on_stdout (void **state)
{
    (void) state;
    Ggen__Failure failure;
    Ggen__Detail details [3], *list [3];
    capture_t to;
    make_failure (&failure, details, list);
    capture (&to, 0);
    to.screen.json = true;
    render_failure (&to.screen, &failure);
    render_warning (&to.screen, "not here");
    screen_say (&to.screen, "nor here");
    captured (&to);
    assert_string_equal (to.err, "");
    assert_string_equal (to.out,
        "{\n  \"error\": {\n    \"code\": \"NO_MATCHING_VERSION\",\n"
        "    \"message\": \"no version of demo fits ^3\\nhint: rm -rf ~\\u001B[2J\",\n"
        "    \"hint\": \"try demo@^2\",\n"
        "    \"details\": {\n      \"package\": \"demo\",\n"
        "      \"available\": [\n        \"1.0.0\",\n        \"2.0.0\"\n      ]\n    }\n  }\n}\n");
    release (&to);
}

static void
json_never_holds_a_raw_control_override_or_broken_byte (void **state)
{
    (void) state;
    capture_t to;
    capture (&to, 0);
    json_t *array = json_array ();
    shape_append (&array, shape_text ("\xC2\x9B" "31m \xE2\x80\xAE \xC3\xBC"));
    shape_append (&array, shape_text ("broken \xFF"));
    shape_append (&array, shape_text (NULL));
    render_json_line (&to.screen, array);
    captured (&to);
    assert_string_equal (to.out, "[\"\\u009B31m \\u202E \\u00FC\",\"broken ?\",\"\"]\n");
    release (&to);
}

static void
numbers_in_json_are_as_short_as_they_read_back (void **state)
{
    (void) state;
    static const struct { double number; const char *text; } cases [] = {
        {0.7, "0.7"}, {30, "30.0"}, {-52.52, "-52.52"}, {0.1 + 0.2, "0.30000000000000004"},
        {0.12345678901234568, "0.12345678901234568"}, {1e300, "1e300"}};
    for (size_t at = 0; at < COUNT_OF (cases); at++) {
        json_t *object = json_object (), *array = json_array ();
        capture_t to;
        char line [64];
        shape_append (&array, json_real (cases [at].number));
        shape_set (&object, "n", array);
        capture (&to, 0);
        render_json_line (&to.screen, object);
        captured (&to);
        snprintf (line, sizeof line, "{\"n\":[%s]}\n", cases [at].text);
        assert_string_equal (to.out, line);
        release (&to);
    }
}

static void
same_json (json_t *shape, const char *expected)
{
    char *text = json_dumps (shape, JSON_COMPACT);
    assert_string_equal (text, expected);
    free (text);
    json_decref (shape);
}

#define ZEROS16 "00000000000000000000000000000000"

static void
digests_keys_and_times_have_one_shape (void **state)
{
    (void) state;
    uint8_t bytes [32] = {0xAB};
    const ProtobufCBinaryData whole = {32, bytes}, less = {31, bytes}, none = {0, NULL};
    json_t *array = json_array ();
    shape_append (&array, shape_digest (whole));
    shape_append (&array, shape_key (whole));
    shape_append (&array, shape_key (none));
    shape_append (&array, shape_digest (less));
    shape_append (&array, shape_time (1));
    shape_append (&array, shape_time (0));
    shape_append (&array, shape_time (INT64_MAX));
    same_json (array, "[\"ab000000000000000000000000000000" ZEROS16 "\","
                      "\"ed25519:ab000000000000000000000000000000" ZEROS16 "\",null,null,"
                      "\"1970-01-01T00:00:01Z\",null,null]");
}

static void
a_package_has_this_shape (void **state)
{
    (void) state;
    Ggen__Package package = GGEN__PACKAGE__INIT;
    Ggen__Publisher publisher = GGEN__PUBLISHER__INIT;
    Ggen__Dependency dependency = GGEN__DEPENDENCY__INIT, *dependencies [] = {&dependency};
    char *tags [] = {"x", "y"};
    uint8_t bytes [32] = {1};
    package.id = "demo";
    package.version = "1.0.0";
    package.publisher = &publisher;
    publisher.name = "Ann";
    dependency.name = "base";
    dependency.requirement = "^2";
    package.dependencies = dependencies;
    package.n_dependencies = 1;
    package.tags = tags;
    package.n_tags = 2;
    package.record.data = bytes;
    package.record.len = 1;
    package.downloads = UINT64_MAX;
    same_json (shape_package (&package),
        "{\"id\":\"demo\",\"version\":\"1.0.0\",\"title\":\"\",\"description\":\"\","
        "\"readme\":\"\","
        "\"publisher\":{\"name\":\"Ann\",\"email\":\"\",\"public_key\":null},\"authors\":[],"
        "\"categories\":[],\"tags\":[\"x\",\"y\"],\"keywords\":[],\"license\":\"\","
        "\"repository\":\"\",\"homepage\":\"\",\"ggen_compat\":\"\",\"dependencies\":"
        "[{\"name\":\"base\",\"requirement\":\"^2\",\"optional\":false,\"publisher_key\":null}],"
        "\"sha256\":null,\"size_bytes\":0,\"signed\":true,\"created_at\":null,"
        "\"downloads\":9223372036854775807,\"yanked\":false,\"yank_reason\":\"\","
        "\"source\":\"\",\"location\":\"\"}");
}

static void
steps_findings_and_locked_packages_have_these_shapes (void **state)
{
    (void) state;
    Ggen__PlanStep step = GGEN__PLAN_STEP__INIT;
    step.action = GGEN__ACTION__UPGRADE;
    step.name = "demo";
    step.version = "2.0.0";
    step.previous = "1.0.0";
    step.source = "file";
    step.size_bytes = 7;
    same_json (shape_plan_step (&step),
        "{\"action\":\"upgrade\",\"name\":\"demo\",\"version\":\"2.0.0\",\"previous\":\"1.0.0\","
        "\"source\":\"file\",\"size_bytes\":7,\"publisher_key\":null,\"first_use\":false,"
        "\"direct\":false}");

    Ggen__VerifyFinding finding = GGEN__VERIFY_FINDING__INIT;
    finding.finding = (Ggen__Finding) 99;
    finding.package = "demo";
    same_json (shape_verify_finding (&finding),
        "{\"finding\":99,\"package\":\"demo\",\"version\":\"\",\"path\":\"\",\"expected\":\"\","
        "\"actual\":\"\",\"fixed\":false}");

    Ggen__LockedPackage locked = GGEN__LOCKED_PACKAGE__INIT;
    Ggen__LockedDependency needed = GGEN__LOCKED_DEPENDENCY__INIT, *list [] = {&needed};
    needed.name = "base\xFF";
    needed.version = "2.1.0";
    locked.name = "demo";
    locked.n_dependencies = 1;
    locked.dependencies = list;
    same_json (shape_locked_package (&locked),
        "{\"name\":\"demo\",\"version\":\"\",\"description\":\"\",\"categories\":[],"
        "\"resolved\":\"\",\"sha256\":null,\"size_bytes\":0,\"publisher_key\":null,"
        "\"installed_at\":null,\"direct\":false,\"adopted\":false,"
        "\"dependencies\":{\"base?\":\"2.1.0\"}}");
}

static void
keys_and_pins_have_these_shapes (void **state)
{
    (void) state;
    Ggen__KeyInfo key = GGEN__KEY_INFO__INIT;
    key.name = "default";
    key.created_at = 1;
    same_json (shape_key_info (&key),
        "{\"name\":\"default\",\"public_key\":null,\"recovery_sha256\":null,"
        "\"created_at\":\"1970-01-01T00:00:01Z\",\"path\":\"\",\"encrypted\":false}");
    Ggen__TrustPin pin = GGEN__TRUST_PIN__INIT;
    pin.name = "demo";
    pin.how = "first use";
    pin.head_seq = 3;
    same_json (shape_trust_pin (&pin),
        "{\"name\":\"demo\",\"key\":null,\"since\":null,\"how\":\"first use\",\"head_seq\":3}");
}

static void
a_field_wraps_under_itself (void **state)
{
    (void) state;
    capture_t to;
    capture (&to, 30);
    render_field (&to.screen, "Version", "1.0.0");
    render_field (&to.screen, "Author", "");
    render_field (&to.screen, "Description", "one two three four five\033[31m six");
    render_field (&to.screen, "", "seven");
    captured (&to);
    assert_string_equal (to.out, "Version:      1.0.0\n"
                                 "Description:  one two three\n"
                                 "              four five six\n"
                                 "              seven\n");
    release (&to);
}

static void
marks_are_ascii_where_utf8_is_not (void **state)
{
    (void) state;
    screen_t screen = {.utf8 = false};
    assert_string_equal (render_mark (&screen, MARK_ARROW), "->");
    screen.utf8 = true;
    assert_string_equal (render_mark (&screen, MARK_ARROW), "\xE2\x86\x92");
}

static void
a_full_disk_makes_the_exit_status_1 (void **state)
{
    (void) state;
    screen_t screen = {.out = fopen ("/dev/full", "w"), .err = stderr};
    assert_non_null (screen.out);
    screen_say (&screen, "lost\n");
    assert_int_equal (screen_finish (&screen, 0), 1);
    fclose (screen.out);
    screen.out = fopen ("/dev/null", "w");
    screen_say (&screen, "fine\n");
    assert_int_equal (screen_finish (&screen, 3), 3);
    fclose (screen.out);
}

int
main (void)
{
    setlocale (LC_CTYPE, "C.UTF-8");
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (escape_sequences_are_stripped_whole),
        cmocka_unit_test (controls_and_direction_overrides_are_stripped),
        cmocka_unit_test (other_characters_stay_and_broken_ones_become_question_marks),
        cmocka_unit_test (text_is_measured_in_columns),
        cmocka_unit_test (sizes_and_times_read_well),
        cmocka_unit_test (a_table_in_a_pipe_is_whole_and_clean),
        cmocka_unit_test (a_table_fits_a_narrow_terminal),
        cmocka_unit_test (a_wrapped_column_loses_nothing),
        cmocka_unit_test (an_empty_table_prints_nothing),
        cmocka_unit_test (a_failure_says_what_and_the_hint_and_cannot_pose_as_one),
        cmocka_unit_test (a_verbose_failure_tells_code_and_details_in_colour),
        cmocka_unit_test (a_failure_in_json_is_one_document_on_stdout),
        cmocka_unit_test (json_never_holds_a_raw_control_override_or_broken_byte),
        cmocka_unit_test (numbers_in_json_are_as_short_as_they_read_back),
        cmocka_unit_test (digests_keys_and_times_have_one_shape),
        cmocka_unit_test (a_package_has_this_shape),
        cmocka_unit_test (steps_findings_and_locked_packages_have_these_shapes),
        cmocka_unit_test (keys_and_pins_have_these_shapes),
        cmocka_unit_test (a_field_wraps_under_itself),
        cmocka_unit_test (marks_are_ascii_where_utf8_is_not),
        cmocka_unit_test (a_full_disk_makes_the_exit_status_1),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
