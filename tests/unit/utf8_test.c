// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <string.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "messages/utf8.h"

static void
well_formed_utf8_is_told_from_other_bytes (void **state)
{
    (void) state;
    static const char *const good [] = {
        "", "plain", "caf\xc3\xa9", "\xc2\x80", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
        "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "\xe2\x82\xac!"
    };
    static const char *const bad [] = {
        "\x80", "\xc3", "\xc3(", "\xc0\xaf", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xe2\x82",
        "\xe2\x82(", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff",
        "\xf0\x90\x80"
    };
    for (size_t i = 0; i < COUNT_OF (good); i++)
        assert_true (utf8_valid (good [i]));
    for (size_t i = 0; i < COUNT_OF (bad); i++)
        assert_false (utf8_valid (bad [i]));
}

static void
a_character_cut_at_the_end_goes_whole (void **state)
{
    (void) state;
    const struct {
        const char *cut, *left;
    } cases [] = {{"", ""},           {"abc", "abc"},         {"ab\xC3", "ab"},
                  {"ab\xC3\xA9", "ab\xC3\xA9"}, {"\xE2\x82", ""},      {"a\xE2\x82\xAC", "a\xE2\x82\xAC"},
                  {"a\xF0\x9F\x98", "a"},         {"a\xF0\x9F\x98\x80", "a\xF0\x9F\x98\x80"}};
    for (size_t i = 0; i < COUNT_OF (cases); i++) {
        char text [16];
        strcpy (text, cases [i].cut);
        utf8_trim (text);
        assert_string_equal (text, cases [i].left);
    }
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (a_character_cut_at_the_end_goes_whole),
        cmocka_unit_test (well_formed_utf8_is_told_from_other_bytes),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
