// SPDX-License-Identifier: MIT
#include "help.h"
#include "text.h"

#include <string.h>

#define LEFT_COLUMNS 30         //  where the explanations begin
#define NARROW_COLUMNS 60       //  on narrower screens they have lines of their own,
#define NARROW_INDENT 8         //  which begin here
#define LEFT_MAX 256            //  bytes of what stands left of them; longer ones are cut

//  'left' indented by two, then 'right' in its own column, or on its own line when left is long.
static void
explain (FILE *out, const char *left, const char *right, size_t width)
{
    const bool narrow = width > 0 && width < NARROW_COLUMNS;
    const size_t indent = narrow ? NARROW_INDENT : LEFT_COLUMNS;
    fprintf (out, "  %s", left);
    size_t column = 2 + text_columns (left);
    if (narrow || column + 2 > indent) {
        putc ('\n', out);
        column = 0;
    }
    fprintf (out, "%*s", (int) (indent - column), "");
    text_wrap (out, right, indent, indent, width);
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

static void
list_verbs (FILE *out, const group_t *group, size_t width)
{
    char left [LEFT_MAX];
    for (size_t at = 0; at < VERBS_COUNT; at++) {
        const verb_t *verb = &command_verbs [at];
        const char *word = command_word (group, verb->path, verb->aliases);
        if (!word)
            continue;
        snprintf (left, sizeof left, "%s%s%s", word, verb->arguments ? " " : "",
                  verb->arguments ? verb->arguments : "");
        explain (out, left, verb->help, width);
    }
}

static void
list_groups (FILE *out, const group_t *group, size_t width)
{
    char left [LEFT_MAX];
    for (size_t at = 1; at < command_groups_count; at++) {
        const group_t *inner = &command_groups [at];
        const char *word = command_word (group, inner->path, inner->aliases);
        if (!word)
            continue;
        snprintf (left, sizeof left, "%s VERB...", word);
        explain (out, left, inner->help, width);
    }
}

void
help_group (FILE *out, const group_t *group, size_t width)
{
    const char *gap = *group->path ? " " : "";
    fprintf (out, "Usage: ggen%s%s VERB [OPTIONS] [ARGUMENTS]\n", gap, group->path);
    for (size_t at = 0; at < COMMAND_ALIASES_MAX && group->aliases [at]; at++)
        fprintf (out, "Also:  ggen %s VERB\n", group->aliases [at]);
    putc ('\n', out);
    sentence (out, group->help, width);
    fprintf (out, "\nVerbs:\n");
    //  Of ggen itself the groups are what people look for.
    if (!*group->path)
        list_groups (out, group, width);
    list_verbs (out, group, width);
    if (*group->path)
        list_groups (out, group, width);
    options (out, "Everywhere", NULL, command_globals, width);
    fprintf (out, "\nMore: ggen%s%s VERB --help\n", gap, group->path);
}

code_t
help_find (const char *const words [], size_t words_count, const group_t **group_p,
           const verb_t **verb_p, size_t *at_p)
{
    *group_p = &command_groups [0];
    *verb_p = NULL;
    for (*at_p = 0; *at_p < words_count; (*at_p)++) {
        *verb_p = command_verb (*group_p, words [*at_p]);
        if (*verb_p)
            return OK;
        const group_t *inner = command_group (*group_p, words [*at_p]);
        if (!inner)
            return PACKAGE_NOT_FOUND;
        *group_p = inner;
    }
    return OK;
}
