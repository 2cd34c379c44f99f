// SPDX-License-Identifier: MIT
#include "help.h"
#include "text.h"

#include <string.h>

#define LEFT_COLUMNS 30         //  where the explanations begin
#define LEFT_MAX 256            //  bytes of what stands left of them; longer ones are cut

//  'left' indented by two, then 'right' in its own column, or on its own line when left is long.
static void
explain (FILE *out, const char *left, const char *right, size_t width)
{
    fprintf (out, "  %s", left);
    size_t column = 2 + text_columns (left);
    if (column + 2 > LEFT_COLUMNS) {
        putc ('\n', out);
        column = 0;
    }
    fprintf (out, "%*s", (int) (LEFT_COLUMNS - column), "");
    text_wrap (out, right, LEFT_COLUMNS, LEFT_COLUMNS, width);
}

static void
option_left (const option_t *option, char left [LEFT_MAX])
{
    char letter [] = "    ";
    if (option->letter)
        snprintf (letter, sizeof letter, "-%c, ", option->letter);
    snprintf (left, LEFT_MAX, "%s--%s%s%s%s", letter, option->name,
              option->value_name ? " " : "", option->value_name ? option->value_name : "",
              option->collects ? "..." : "");
}

static void
option_right (const option_t *option, char right [LEFT_MAX])
{
    int size = snprintf (right, LEFT_MAX, "%s", option->help);
    if (option->initial && size >= 0 && size < LEFT_MAX)
        size += snprintf (right + size, LEFT_MAX - (size_t) size, " (default: %s)",
                          option->initial);
    if (option->alias && size >= 0 && size < LEFT_MAX)
        snprintf (right + size, LEFT_MAX - (size_t) size, " (also --%s)", option->alias);
}

//  A global option that the verb has one of the same name as is not the one meant: leave it out.
static bool
is_hidden (const verb_t *verb, const option_t *option)
{
    return command_option (verb, option->name, strlen (option->name)) != option;
}

static void
options (FILE *out, const char *title, const verb_t *verb, const option_t *list, size_t width)
{
    char left [LEFT_MAX], right [LEFT_MAX];
    if (!list)
        return;
    fprintf (out, "\n%s:\n", title);
    for (; list->name; list++) {
        if (is_hidden (verb, list))
            continue;
        option_left (list, left);
        option_right (list, right);
        explain (out, left, right, width);
    }
}

//  Help lines in the table begin in lower case, as they follow a name there.
static void
sentence (FILE *out, const char *help, size_t width)
{
    char text [LEFT_MAX];
    snprintf (text, sizeof text, "%s%s", help, help [strlen (help) - 1] == '.' ? "" : ".");
    if (text [0] >= 'a' && text [0] <= 'z')
        text [0] = (char) (text [0] - 'a' + 'A');
    text_wrap (out, text, 0, 0, width);
}

void
help_verb (FILE *out, const verb_t *verb, size_t width)
{
    fprintf (out, "Usage: ggen %s [OPTIONS]%s%s\n", verb->path, verb->arguments ? " " : "",
             verb->arguments ? verb->arguments : "");
    for (size_t at = 0; at < COMMAND_ALIASES_MAX && verb->aliases [at]; at++)
        fprintf (out, "Also:  ggen %s\n", verb->aliases [at]);
    putc ('\n', out);
    sentence (out, verb->help, width);
    if (verb->more)
        text_wrap (out, verb->more, 0, 0, width);
    options (out, "Options", verb, verb->options, width);
    options (out, "Everywhere", verb, command_globals, width);
    if (verb->examples [0])
        fprintf (out, "\nExamples:\n");
    for (size_t at = 0; at < COMMAND_EXAMPLES_MAX && verb->examples [at]; at++)
        fprintf (out, "  %s\n", verb->examples [at]);
}

void
help_group (FILE *out, const group_t *group, size_t width)
{
    char left [LEFT_MAX];
    const char *gap = *group->path ? " " : "";
    fprintf (out, "Usage: ggen%s%s VERB [OPTIONS] [ARGUMENTS]\n", gap, group->path);
    for (size_t at = 0; at < COMMAND_ALIASES_MAX && group->aliases [at]; at++)
        fprintf (out, "Also:  ggen %s VERB\n", group->aliases [at]);
    putc ('\n', out);
    sentence (out, group->help, width);
    fprintf (out, "\nVerbs:\n");
    for (size_t at = 0; at < VERBS_COUNT; at++) {
        const verb_t *verb = &command_verbs [at];
        const char *word = command_word (group, verb->path, verb->aliases);
        if (!word)
            continue;
        snprintf (left, sizeof left, "%s%s%s", word, verb->arguments ? " " : "",
                  verb->arguments ? verb->arguments : "");
        explain (out, left, verb->help, width);
    }
    for (size_t at = 1; at < command_groups_count; at++) {
        const group_t *inner = &command_groups [at];
        const char *word = command_word (group, inner->path, inner->aliases);
        if (!word)
            continue;
        snprintf (left, sizeof left, "%s VERB...", word);
        explain (out, left, inner->help, width);
    }
    options (out, "Everywhere", NULL, command_globals, width);
    fprintf (out, "\nMore: ggen%s%s VERB --help\n", gap, group->path);
}

code_t
help_words (FILE *out, const char *const words [], size_t words_count, size_t width)
{
    const group_t *group = &command_groups [0];
    for (size_t at = 0; at < words_count; at++) {
        const verb_t *verb = command_verb (group, words [at]);
        if (verb) {
            help_verb (out, verb, width);
            return OK;
        }
        group = command_group (group, words [at]);
        if (!group)
            return PACKAGE_NOT_FOUND;
    }
    help_group (out, group, width);
    return OK;
}

//  Text in roff. No text of the table begins with '.', which would be a request; a test checks.
static void
roff (FILE *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '\\')
            fputs ("\\e", out);
        else if (*text == '-')
            fputs ("\\-", out);
        else if (*text == '\'')
            fputs ("\\(aq", out);
        else
            putc (*text, out);
    }
}

static void
roff_options (FILE *out, const option_t *list)
{
    char left [LEFT_MAX], right [LEFT_MAX];
    for (; list && list->name; list++) {
        option_left (list, left);
        option_right (list, right);
        fputs (".TP\n.B ", out);
        roff (out, left + strspn (left, " "));
        putc ('\n', out);
        roff (out, right);
        putc ('\n', out);
    }
}

static void
roff_verb (FILE *out, const verb_t *verb)
{
    fputs (".SS ggen ", out);
    roff (out, verb->path);
    if (verb->arguments) {
        putc (' ', out);
        roff (out, verb->arguments);
    }
    putc ('\n', out);
    for (size_t at = 0; at < COMMAND_ALIASES_MAX && verb->aliases [at]; at++)
        fprintf (out, "Also: ggen %s.\n", verb->aliases [at]);
    fputs (".PP\n", out);
    roff (out, verb->help);
    fputs (".\n", out);
    if (verb->more) {
        roff (out, verb->more);
        putc ('\n', out);
    }
    roff_options (out, verb->options);
    for (size_t at = 0; at < COMMAND_EXAMPLES_MAX && verb->examples [at]; at++) {
        fputs (".PP\n.EX\n", out);
        roff (out, verb->examples [at]);
        fputs ("\n.EE\n", out);
    }
}

void
help_man (FILE *out)
{
    fputs (".TH GGEN 1 \"\" \"ggen " GGEN_VERSION "\"\n.SH NAME\nggen \\- ", out);
    roff (out, command_groups [0].help);
    fputs ("\n.SH SYNOPSIS\n.B ggen\n.I VERB\n[\\fIOPTIONS\\fR] [\\fIARGUMENTS\\fR]\n"
           ".SH VERBS\n", out);
    for (size_t at = 0; at < VERBS_COUNT; at++)
        roff_verb (out, &command_verbs [at]);
    fputs (".SH OPTIONS EVERYWHERE\n", out);
    roff_options (out, command_globals);
    fputs (".SH EXIT STATUS\n.TP\n0\ndone\n.TP\n1\nfailed\n.TP\n2\nwrong usage\n.TP\n3\n"
           "something is outdated\n", out);
}
