// SPDX-License-Identifier: MIT
#include "cli/completion.h"
#include "cli/help.h"
#include "cli/man.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void
verb_text (const verb_t *verb, size_t width, char **text)
{
    size_t size = 0;
    FILE *out = open_memstream (text, &size);
    help_verb (out, verb, width);
    fclose (out);
}

static void
has (const char *text, const char *what, const char *where)
{
    if (!strstr (text, what))
        fail_msg ("%s: no '%s' in:\n%s", where, what, text);
}

static void
help_of_a_verb_mentions_every_option_with_its_default (void **state)
{
    (void) state;
    for (size_t at = 0; at < VERBS_COUNT; at++) {
        const verb_t *verb = &command_verbs [at];
        char *text = NULL, wanted [256];
        verb_text (verb, 0, &text);
        for (const option_t *option = verb->options; option && option->name; option++) {
            snprintf (wanted, sizeof wanted, "--%s", option->name);
            has (text, wanted, verb->path);
            has (text, option->help, verb->path);
            snprintf (wanted, sizeof wanted, "(default: %s)", option->initial);
            if (option->initial)
                has (text, wanted, verb->path);
            snprintf (wanted, sizeof wanted, "(also --%s)", option->alias);
            if (option->alias)
                has (text, wanted, verb->path);
        }
        has (text, "--home DIR", verb->path);
        free (text);
    }
}

static void
help_of_rollback_is_exactly_this (void **state)
{
    (void) state;
    char *text = NULL;
    verb_text (&command_verbs [VERB_ROLLBACK], 72, &text);
    assert_string_equal (text,
        "Usage: ggen market rollback [OPTIONS] [GENERATION]\n"
        "\n"
        "Go back to an earlier installed state.\n"
        "Without GENERATION to the one before. Files that were edited get their\n"
        "original bytes. Generation 0 is what lay in packages/ before ggen, as\n"
        "it is now.\n"
        "\n"
        "Options:\n"
        "  -t, --target DIR            use the packages in DIR instead of those\n"
        "                              in the home (also --directory)\n"
        "\n"
        "Everywhere:\n"
        "  -h, --help                  this text\n"
        "      --json                  one JSON document on stdout and nothing\n"
        "                              else\n"
        "      --format text|json      how to print results; json is the same as\n"
        "                              --json (default: text)\n"
        "  -q, --quiet                 print results only; log errors only\n"
        "  -v, --verbose               print more, and the reasons; log what\n"
        "                              happens\n"
        "      --home DIR              where ggen keeps everything (default:\n"
        "                              $GGEN_HOME, else ~/.ggen)\n"
        "      --timeout SECS          give up after so many seconds\n"
        "      --no-color              no colours; also with NO_COLOR set, and\n"
        "                              when stdout is no terminal\n"
        "  -y, --yes                   answer yes to every question\n"
        "      --progress-fd N         write progress to file descriptor N, one\n"
        "                              JSON line each\n"
        "  -V, --version               versions of ggen and its libraries, and\n"
        "                              the features built in\n"
        "\n"
        "Examples:\n"
        "  ggen market rollback\n"
        "  ggen market rollback 7\n");
    free (text);
}

static void
help_never_shows_a_global_option_that_the_verb_hides (void **state)
{
    (void) state;
    char *text = NULL;
    verb_text (&command_verbs [VERB_PUBLISH], 0, &text);
    has (text, "--version VERSION", "publish");
    assert_null (strstr (text, "versions of ggen"));
    free (text);
}

static void
no_line_of_help_is_wider_than_asked (void **state)
{
    (void) state;
    for (size_t at = 0; at < VERBS_COUNT; at++) {
        char *text = NULL;
        verb_text (&command_verbs [at], 80, &text);
        //  Usage and examples are commands: they are never broken.
        char *body = strstr (text, "\n\n"), *examples = strstr (text, "\nExamples:");
        if (examples)
            *examples = 0;
        for (const char *line = body; line; line = strchr (line, '\n'))
            if (strcspn (++line, "\n") >= 80)
                fail_msg ("%s: %.*s", command_verbs [at].path, (int) strcspn (line, "\n"), line);
        free (text);
    }
}

static char *
words_text (const char *const words [], size_t words_count)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream (&text, &size);
    const group_t *group;
    const verb_t *verb;
    size_t at;
    assert_int_equal (help_find (words, words_count, &group, &verb, &at), OK);
    assert_null (verb);
    help_group (out, group, 80);
    fclose (out);
    return text;
}

static void
help_of_a_group_lists_what_is_in_it (void **state)
{
    (void) state;
    char *market = words_text ((const char *const []) {"marketplace"}, 1);
    has (market, "\n  install [PKG[@RANGE]...]", "market");
    has (market, "\n  key VERB...", "market");
    assert_null (strstr (market, "generate"));
    char *key = words_text ((const char *const []) {"market", "key"}, 2);
    has (key, "\n  generate ", "key");
    assert_null (strstr (key, "install"));
    char *p2p = words_text ((const char *const []) {"p2p"}, 1);
    has (p2p, "\n  start ", "p2p");
    has (p2p, "\n  config VERB...", "p2p");
    free (market);
    free (key);
    free (p2p);
}

static void
help_finds_verbs_and_says_which_word_leads_nowhere (void **state)
{
    (void) state;
    const group_t *group;
    const verb_t *verb;
    size_t at;
    assert_int_equal (help_find ((const char *const []) {"market", "add"}, 2, &group, &verb, &at),
                      OK);
    assert_ptr_equal (verb, &command_verbs [VERB_INSTALL]);
    assert_int_equal (help_find ((const char *const []) {"market", "sing"}, 2, &group, &verb, &at),
                      PACKAGE_NOT_FOUND);
    assert_string_equal (group->path, "market");
    assert_int_equal (at, 1);
}

static void
on_a_narrow_screen_explanations_have_lines_of_their_own (void **state)
{
    (void) state;
    char *text = NULL;
    verb_text (&command_verbs [VERB_ROLLBACK], 40, &text);
    has (text, "\n  -t, --target DIR\n"
               "        use the packages in DIR instead\n"
               "        of those in the home (also\n", "rollback");
    free (text);
}

static void
man_text (const verb_t *verb, char **text)
{
    size_t size = 0;
    FILE *out = open_memstream (text, &size);
    man_print (out, verb);
    fclose (out);
}

//  Lines that begin with a dot or a quote are requests; no text of the table may become one.
static void
check_requests (const char *text, const char *where)
{
    static const char *const requests [] = {".TH ", ".SH ", ".PP\n", ".TP\n", ".B ", ".BR ",
                                            ".I ", ".EX\n", ".EE\n", ".br\n"};
    for (const char *line = text; *line; line = strchr (line, '\n') + 1) {
        bool known = *line != '.' && *line != '\'';
        for (size_t i = 0; i < COUNT_OF (requests); i++)
            known = known || strncmp (line, requests [i], strlen (requests [i])) == 0;
        if (!known)
            fail_msg ("%s: stray request: %.40s", where, line);
    }
}

static void
every_verb_has_a_manual_page_with_its_options_and_no_stray_request (void **state)
{
    (void) state;
    char name [MAN_NAME_MAX], wanted [256];
    for (size_t at = 0; at < VERBS_COUNT; at++) {
        const verb_t *verb = &command_verbs [at];
        char *text = NULL;
        man_text (verb, &text);
        man_name (verb, name);
        check_requests (text, name);
        has (text, ".SH NAME\nggen\\-", name);
        has (text, ".SH OPTIONS EVERYWHERE\n", name);
        has (text, ".SH EXIT STATUS\n", name);
        size_t options = 0, printed = 0;
        for (const option_t *option = verb->options; option && option->name; option++)
            options++;
        const char *end = strstr (text, ".SH OPTIONS EVERYWHERE");
        for (const char *line = text; (line = strstr (line, "\n.TP\n")) && line < end; line++)
            printed++;
        assert_int_equal (printed, options);
        free (text);
    }
    assert_string_equal (man_name (&command_verbs [VERB_INSTALL], name), "ggen-market-install");
    char *text = NULL;
    man_text (NULL, &text);
    check_requests (text, "ggen");
    for (size_t at = 0; at < VERBS_COUNT; at++) {
        size_t used = (size_t) snprintf (wanted, sizeof wanted, "\n\\fBggen ");
        for (const char *c = command_verbs [at].path; *c; c++)
            used += (size_t) snprintf (wanted + used, sizeof wanted - used, "%s%c",
                                       *c == '-' ? "\\" : "", *c);
        snprintf (wanted + used, sizeof wanted - used, "\\fR");
        has (text, wanted, "ggen");
    }
    free (text);
}

static void
the_manual_page_of_rollback_is_exactly_this (void **state)
{
    (void) state;
    char *text = NULL;
    man_text (&command_verbs [VERB_ROLLBACK], &text);
    char *everywhere = strstr (text, ".SH OPTIONS EVERYWHERE\n");
    assert_non_null (everywhere);
    *everywhere = 0;
    assert_string_equal (text,
        ".TH GGEN-MARKET-ROLLBACK 1 " GGEN_RELEASED " \"ggen " GGEN_VERSION "\" \"ggen manual\"\n"
        ".SH NAME\n"
        "ggen\\-market\\-rollback \\- go back to an earlier installed state\n"
        ".SH SYNOPSIS\n"
        ".B ggen market rollback\n"
        "[\\fIOPTIONS\\fR] [GENERATION]\n"
        ".SH DESCRIPTION\n"
        "Go back to an earlier installed state.\n"
        ".PP\n"
        "Without GENERATION to the one before.\n"
        "Files that were edited get their original bytes.\n"
        "Generation 0 is what lay in packages/ before ggen, as it is now.\n"
        ".SH OPTIONS\n"
        ".TP\n"
        "\\fB\\-t\\fR, \\fB\\-\\-target\\fR \\fIDIR\\fR\n"
        "Use the packages in DIR instead of those in the home.\n"
        "Also \\fB\\-\\-directory\\fR.\n");
    free (text);
}

static void
completion_of_every_shell_knows_every_verb_and_option (void **state)
{
    (void) state;
    static const char *const shells [] = {"bash", "zsh", "fish"};
    for (size_t shell = 0; shell < COUNT_OF (shells); shell++) {
        char *text = NULL, wanted [128];
        size_t size = 0;
        FILE *out = open_memstream (&text, &size);
        assert_int_equal (completion_print (out, shells [shell]), OK);
        fclose (out);
        for (size_t at = 0; at < VERBS_COUNT; at++) {
            const verb_t *verb = &command_verbs [at];
            has (text, verb->path, shells [shell]);
            for (const option_t *option = verb->options; option && option->name; option++) {
                snprintf (wanted, sizeof wanted, shell == 2 ? " -l %s " : " --%s", option->name);
                has (text, wanted, shells [shell]);
            }
        }
        free (text);
    }
    assert_int_equal (completion_print (stderr, "tcsh"), FEATURE_NOT_ENABLED);
}

//  Ask bash itself what the script offers.
static void
bash_offers (const char *words, const char *expected)
{
    char command [1024], answer [1024] = "";
    char name [] = "/tmp/completion_test.XXXXXX";
    const int fd = mkstemp (name);
    assert_true (fd >= 0);
    FILE *script = fdopen (fd, "w");
    assert_int_equal (completion_print (script, "bash"), OK);
    fprintf (script, "COMP_WORDS=(%s); COMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n"
                     "_ggen || :; echo \"${COMPREPLY[*]}\"\n", words);
    fclose (script);
    snprintf (command, sizeof command, "bash -eu %s", name);
    FILE *bash = popen (command, "r");
    assert_non_null (fgets (answer, sizeof answer, bash));
    assert_int_equal (pclose (bash), 0);
    remove (name);
    answer [strcspn (answer, "\n")] = 0;
    assert_string_equal (answer, expected);
}

static void
bash_completes_verbs_options_and_choices (void **state)
{
    (void) state;
    bash_offers ("ggen mark", "market");
    bash_offers ("ggen marketplace p2p ''",
                 "config start tap status peers connect disconnect metrics publish search peer-info "
                 "bootstrap ban unban stop");
    bash_offers ("ggen market key ex", "export");
    bash_offers ("ggen market add --fro", "--frozen");
    bash_offers ("ggen market search --sort ''", "relevance downloads name updated");
    bash_offers ("ggen market search x --sort rel", "relevance");
    bash_offers ("ggen market install -t --f", "");
    bash_offers ("ggen --home ''", "");
    bash_offers ("ggen completion ''", "bash zsh fish");
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (help_of_a_verb_mentions_every_option_with_its_default),
        cmocka_unit_test (help_of_rollback_is_exactly_this),
        cmocka_unit_test (help_never_shows_a_global_option_that_the_verb_hides),
        cmocka_unit_test (no_line_of_help_is_wider_than_asked),
        cmocka_unit_test (help_of_a_group_lists_what_is_in_it),
        cmocka_unit_test (help_finds_verbs_and_says_which_word_leads_nowhere),
        cmocka_unit_test (on_a_narrow_screen_explanations_have_lines_of_their_own),
        cmocka_unit_test (every_verb_has_a_manual_page_with_its_options_and_no_stray_request),
        cmocka_unit_test (the_manual_page_of_rollback_is_exactly_this),
        cmocka_unit_test (completion_of_every_shell_knows_every_verb_and_option),
        cmocka_unit_test (bash_completes_verbs_options_and_choices),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
