// SPDX-License-Identifier: MIT
#include "cli/args.h"
#include "cli/suggest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define WORDS_MAX 2048

//  Parse a line whose words are separated by single spaces. 'line' must outlive 'args'.
static code_t
parse (char *line, args_t *args)
{
    static char *words [WORDS_MAX];
    int count = 0;
    for (char *word = strtok (line, " "); word; word = strtok (NULL, " ")) {
        assert_true (count < WORDS_MAX);
        words [count++] = word;
    }
    return command_parse (count, words, args);
}

#define PARSED(line_)                                                                              \
    char line [] = line_;                                                                          \
    args_t args;                                                                                   \
    assert_int_equal (parse (line, &args), OK)

static void
refused (const char *text, const char *problem, const char *hint)
{
    char line [256];
    args_t args;
    snprintf (line, sizeof line, "%s", text);
    assert_int_equal (parse (line, &args), VALIDATION);
    if (!strstr (args.problem, problem) || !strstr (args.hint, hint))
        fail_msg ("%s\n  said: %s\n  hint: %s", text, args.problem, args.hint);
}

static verb_id_t
verb_of (const char *text)
{
    char line [256];
    args_t args;
    snprintf (line, sizeof line, "%s --help", text);
    if (parse (line, &args) != OK || !args.verb)
        fail_msg ("no verb: %s: %s", text, args.problem);
    return args.verb->id;
}

static void
a_verb_is_reached_by_every_path_and_alias (void **state)
{
    (void) state;
    assert_int_equal (verb_of ("ggen market search"), VERB_SEARCH);
    assert_int_equal (verb_of ("ggen marketplace search"), VERB_SEARCH);
    assert_int_equal (verb_of ("ggen market add"), VERB_INSTALL);
    assert_int_equal (verb_of ("ggen marketplace ls"), VERB_LIST);
    assert_int_equal (verb_of ("ggen market uninstall"), VERB_REMOVE);
    assert_int_equal (verb_of ("ggen marketplace p2p config show"), VERB_CONFIG_SHOW);
    assert_int_equal (verb_of ("ggen p2p config path"), VERB_CONFIG_PATH);
    assert_int_equal (verb_of ("ggen config validate"), VERB_CONFIG_VALIDATE);
    assert_int_equal (verb_of ("ggen p2p start"), VERB_NODE_RUN);
    assert_int_equal (verb_of ("ggen p2p tap"), VERB_TAP);
    assert_int_equal (verb_of ("ggen market key generate"), VERB_KEY_GENERATE);
}

//  No letter or name of a verb's option means two things; only these hide a global one.
static void
check_options (const verb_t *verb)
{
    for (const option_t *option = verb->options; option && option->name; option++) {
        const bool hides = command_option (NULL, option->name, strlen (option->name)) != NULL;
        assert_true (!hides || (verb->id == VERB_PUBLISH && strcmp (option->name, "version") == 0)
                     || (verb->id == VERB_P2P_PUBLISH && strcmp (option->name, "version") == 0)
                     || (verb->id == VERB_P2P_SEARCH && strcmp (option->name, "timeout") == 0)
                     || (verb->id == VERB_P2P_BOOTSTRAP && strcmp (option->name, "timeout") == 0)
                     || (verb->id == VERB_P2P_PEERS && strcmp (option->name, "format") == 0));
        assert_ptr_equal (command_option (verb, option->name, strlen (option->name)), option);
        if (option->alias)
            assert_ptr_equal (command_option (verb, option->alias, strlen (option->alias)), option);
        if (option->letter) {
            assert_ptr_equal (command_letter (verb, option->letter), option);
            assert_null (command_letter (NULL, option->letter));
        }
        assert_int_equal (option->kind == OPTION_FLAG, option->value_name == NULL);
        if (option->kind == OPTION_CHOICE && option->initial)
            assert_true (command_is_choice (option->value_name, option->initial,
                                            strlen (option->initial)));
        if (option->kind == OPTION_COUNT || option->kind == OPTION_REAL)
            assert_true (option->min < option->max);
    }
}

static void
every_row_is_sound_and_stands_at_its_id (void **state)
{
    (void) state;
    for (size_t at = 0; at < VERBS_COUNT; at++) {
        const verb_t *verb = &command_verbs [at];
        char words [COMMAND_PATH_MAX + 8];
        assert_int_equal (verb->id, at);
        assert_true (strlen (verb->path) < COMMAND_PATH_MAX);
        snprintf (words, sizeof words, "ggen %s", verb->path);
        assert_int_equal (verb_of (words), at);
        for (size_t alias = 0; alias < COMMAND_ALIASES_MAX && verb->aliases [alias]; alias++) {
            assert_true (strlen (verb->aliases [alias]) < COMMAND_PATH_MAX);
            snprintf (words, sizeof words, "ggen %s", verb->aliases [alias]);
            assert_int_equal (verb_of (words), at);
        }
        assert_true (verb->arguments_min <= verb->arguments_max);
        assert_int_equal (verb->arguments == NULL, verb->arguments_max == 0);
        assert_true (verb->help && *verb->help);
        check_options (verb);
    }
}

static void
every_example_in_the_table_parses (void **state)
{
    (void) state;
    for (size_t at = 0; at < VERBS_COUNT; at++)
        for (size_t i = 0; i < COMMAND_EXAMPLES_MAX && command_verbs [at].examples [i]; i++) {
            char line [256];
            args_t args;
            const char *command = strstr (command_verbs [at].examples [i], "ggen ");
            assert_non_null (command);
            snprintf (line, sizeof line, "%s", command);
            line [strcspn (line, "|>)")] = 0;
            if (parse (line, &args) != OK)
                fail_msg ("%s: %s", command, args.problem);
            assert_ptr_equal (args.verb, &command_verbs [at]);
        }
}

static void
options_come_before_and_after_arguments (void **state)
{
    (void) state;
    PARSED ("ggen --home /h market install -f a@^1 --dry-run b -t /x c");
    assert_int_equal (args.positionals_count, 3);
    assert_string_equal (args_positional (&args, 0), "a@^1");
    assert_string_equal (args_positional (&args, 2), "c");
    assert_null (args_positional (&args, 3));
    assert_true (args_flag (&args, "force"));
    assert_true (args_flag (&args, "dry-run"));
    assert_false (args_flag (&args, "offline"));
    assert_string_equal (args_value (&args, "home"), "/h");
    assert_string_equal (args_value (&args, "target"), "/x");
}

static void
booleans_are_written_in_four_ways (void **state)
{
    (void) state;
    static const struct { const char *words; bool on; size_t arguments; } cases [] = {
        {"--fuzzy", true, 0},          {"--fuzzy=yes", true, 0},  {"--fuzzy=0", false, 0},
        {"--fuzzy on", true, 0},       {"--fuzzy off", false, 0}, {"--fuzzy false", false, 0},
        {"--no-fuzzy", false, 0},      {"--fuzzy word", true, 1}, {"--fuzzy onward", true, 1},
        {"--fuzzy --no-fuzzy", false, 0}, {"--no-fuzzy --fuzzy", true, 0}};
    for (size_t at = 0; at < COUNT_OF (cases); at++) {
        char line [128];
        args_t args;
        snprintf (line, sizeof line, "ggen market search %s", cases [at].words);
        assert_int_equal (parse (line, &args), OK);
        assert_int_equal (args_flag (&args, "fuzzy"), cases [at].on);
        assert_int_equal (args.positionals_count, cases [at].arguments);
    }
    refused ("ggen market search --fuzzy=maybe", "true or false", "");
    refused ("ggen market search --no-limit", "unknown option --no-limit", "");
}

static void
an_option_whose_name_begins_with_no_is_itself (void **state)
{
    (void) state;
    PARSED ("ggen market install --no-dependencies --no-color=false x");
    assert_true (args_flag (&args, "no-dependencies"));
    assert_false (args_flag (&args, "no-color"));
}

static void
values_are_written_in_every_usual_way (void **state)
{
    (void) state;
    static const char *const ways [] = {"--limit 7", "--limit=7", "-l 7", "-l7", "-l=7",
                                        "-ql7", "-qvl 7", "--limit 3 --limit 7"};
    for (size_t at = 0; at < COUNT_OF (ways); at++) {
        char line [128];
        args_t args;
        snprintf (line, sizeof line, "ggen market search %s word", ways [at]);
        assert_int_equal (parse (line, &args), OK);
        assert_int_equal (args_count (&args, "limit", 0), 7);
        assert_int_equal (args.positionals_count, 1);
    }
}

static void
defaults_are_those_of_the_table (void **state)
{
    (void) state;
    PARSED ("ggen market search");
    assert_int_equal (args_count (&args, "limit", 0), 20);
    assert_string_equal (args_value (&args, "sort"), "relevance");
    assert_true (args_real (&args, "timeout", 9) == 9);
    assert_null (args_value (&args, "author"));
    assert_false (args_given (&args, "limit"));
    assert_int_equal (args_needs (&args), NEEDS_READ);
}

static void
a_collecting_option_keeps_every_value_in_order (void **state)
{
    (void) state;
    PARSED ("ggen market search -c a --category=b --tags t -c c");
    const char *values [2];
    assert_int_equal (args_values (&args, "category", values, 2), 3);
    assert_string_equal (values [0], "a");
    assert_string_equal (values [1], "b");
    assert_int_equal (args_values (&args, "tags", values, 2), 1);
}

static void
two_dashes_end_the_options (void **state)
{
    (void) state;
    PARSED ("ggen market install -f -- --offline -");
    assert_int_equal (args.positionals_count, 2);
    assert_string_equal (args_positional (&args, 0), "--offline");
    assert_string_equal (args_positional (&args, 1), "-");
    assert_false (args_flag (&args, "offline"));
}

static void
a_verbs_option_hides_the_global_one (void **state)
{
    (void) state;
    PARSED ("ggen market publish . --version 1.2.3");
    assert_string_equal (args_value (&args, "version"), "1.2.3");
    assert_false (args_global (&args, "version"));
}

static void
version_and_help_need_no_arguments (void **state)
{
    (void) state;
    PARSED ("ggen --version");
    assert_true (args_global (&args, "version"));
    assert_null (args.verb);
    char again [] = "ggen market publish -h";
    assert_int_equal (parse (again, &args), OK);
    assert_true (args_global (&args, "help"));
}

static void
json_is_asked_for_in_two_ways (void **state)
{
    (void) state;
    PARSED ("ggen market list");
    assert_false (args_json (&args));
    char flag [] = "ggen --json market list", format [] = "ggen market list --format json";
    assert_int_equal (parse (flag, &args), OK);
    assert_true (args_json (&args));
    assert_int_equal (parse (format, &args), OK);
    assert_true (args_json (&args));
}

static void
flags_change_the_lock_that_is_needed (void **state)
{
    (void) state;
    static const struct { const char *words; needs_t needs; } cases [] = {
        {"market install x", NEEDS_WRITE}, {"market install x --dry-run", NEEDS_READ},
        {"market verify", NEEDS_READ},     {"market verify --fix", NEEDS_WRITE},
        {"completion bash", NEEDS_NONE}};
    for (size_t at = 0; at < COUNT_OF (cases); at++) {
        char line [128];
        args_t args;
        snprintf (line, sizeof line, "ggen %s", cases [at].words);
        assert_int_equal (parse (line, &args), OK);
        assert_int_equal (args_needs (&args), cases [at].needs);
    }
}

static void
wrong_usage_says_what_and_what_to_do (void **state)
{
    (void) state;
    refused ("ggen search", "no `ggen search`", "did you mean: ggen market search");
    refused ("ggen market serach x", "no `ggen market serach`", "did you mean: ggen market search");
    refused ("ggen makret", "", "did you mean: ggen market");
    refused ("ggen ls", "", "did you mean: ggen market list");
    refused ("ggen market qqqqqqqq", "no `ggen market qqqqqqqq`", "see: ggen market --help");
    refused ("ggen market install --offlin", "--offlin", "did you mean: --offline");
    refused ("ggen market install --skip-dependencis", "", "did you mean: --skip-dependencies");
    refused ("ggen --limit 3 market search", "--limit", "after it");
    refused ("ggen market search -Z", "-Z", "see: ggen market search --help");
    refused ("ggen market search --limit", "needs a value", "");
    refused ("ggen market search --author --fuzzy", "needs a value", "--author=--fuzzy");
    refused ("ggen market info", "needs PKG", "usage: ggen market info PKG");
    refused ("ggen market list extra", "does not take 'extra'", "usage: ggen market list");
    refused ("ggen market search a b", "does not take 'b'", "[QUERY]");
    refused ("ggen market search --sort up", "does not know 'up'", "relevance|");
    refused ("ggen market list --target=", "needs a path", "");
}

static void
numbers_out_of_range_or_shape_are_refused (void **state)
{
    (void) state;
    static const char *const bad [] = {"--limit 0", "--limit 1001", "--limit -1", "--limit 1.5",
        "--limit=", "--limit 0x10", "--limit 99999999999999999999", "--timeout 86401",
        "--timeout nan", "--timeout inf", "--timeout 0.5x", "--timeout 0"};
    for (size_t at = 0; at < COUNT_OF (bad); at++) {
        char line [128];
        snprintf (line, sizeof line, "ggen market search %s", bad [at]);
        refused (line, "takes a number from", "");
    }
}

static void
too_many_words_are_refused (void **state)
{
    (void) state;
    static char line [WORDS_MAX * 2] = "ggen market install";
    static args_t args;
    for (size_t at = 0; at < ARGS_POSITIONALS_MAX + 1; at++)
        strcat (line, " x");
    assert_int_equal (parse (line, &args), VALIDATION);
    assert_non_null (strstr (args.problem, "more than 1024 arguments"));

    strcpy (line, "ggen market install");
    for (size_t at = 0; at < ARGS_OPTIONS_MAX + 1; at++)
        strcat (line, " -f");
    assert_int_equal (parse (line, &args), VALIDATION);
    assert_non_null (strstr (args.problem, "more than 256 options"));
}

static void
a_very_long_word_is_refused_not_overrun (void **state)
{
    (void) state;
    char word [5000], option [5000];
    args_t args;
    memset (word, 'a', sizeof word - 1);
    word [sizeof word - 1] = 0;
    memcpy (option, word, sizeof word);
    memcpy (option, "--", 2);
    char ggen [] = "ggen";
    char *words [] = {ggen, word}, *options [] = {ggen, option};
    assert_int_equal (command_parse (2, words, &args), VALIDATION);
    assert_true (strlen (args.problem) < ARGS_TEXT_MAX);
    assert_int_equal (command_parse (2, options, &args), VALIDATION);
    char *none [] = {NULL};
    assert_int_equal (command_parse (0, none, &args), OK);
    assert_null (args.verb);
}

static void
distance_counts_edits_and_swaps (void **state)
{
    (void) state;
    assert_int_equal (suggest_distance ("", ""), 0);
    assert_int_equal (suggest_distance ("abc", ""), 3);
    assert_int_equal (suggest_distance ("kitten", "sitting"), 3);
    assert_int_equal (suggest_distance ("serach", "search"), 1);
    assert_int_equal (suggest_distance ("ca", "abc"), 3);
    char longer [SUGGEST_WORD_MAX + 2];
    memset (longer, 'a', sizeof longer - 1);
    longer [sizeof longer - 1] = 0;
    assert_true (suggest_distance (longer, "a") == SIZE_MAX);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (a_verb_is_reached_by_every_path_and_alias),
        cmocka_unit_test (every_row_is_sound_and_stands_at_its_id),
        cmocka_unit_test (every_example_in_the_table_parses),
        cmocka_unit_test (options_come_before_and_after_arguments),
        cmocka_unit_test (booleans_are_written_in_four_ways),
        cmocka_unit_test (an_option_whose_name_begins_with_no_is_itself),
        cmocka_unit_test (values_are_written_in_every_usual_way),
        cmocka_unit_test (defaults_are_those_of_the_table),
        cmocka_unit_test (a_collecting_option_keeps_every_value_in_order),
        cmocka_unit_test (two_dashes_end_the_options),
        cmocka_unit_test (a_verbs_option_hides_the_global_one),
        cmocka_unit_test (version_and_help_need_no_arguments),
        cmocka_unit_test (json_is_asked_for_in_two_ways),
        cmocka_unit_test (flags_change_the_lock_that_is_needed),
        cmocka_unit_test (wrong_usage_says_what_and_what_to_do),
        cmocka_unit_test (numbers_out_of_range_or_shape_are_refused),
        cmocka_unit_test (too_many_words_are_refused),
        cmocka_unit_test (a_very_long_word_is_refused_not_overrun),
        cmocka_unit_test (distance_counts_edits_and_swaps),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
