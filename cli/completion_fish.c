// SPDX-License-Identifier: MIT
//  fish: one line for each word, option and kind of argument.
#include "completion.h"
#include "config/schema.h"

#include <string.h>

//  A text in single quotes; fish knows \\ and \' in them.
static void
print_quoted (FILE *out, const char *text)
{
    putc ('\'', out);
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\')
            putc ('\\', out);
        putc (*text, out);
    }
    putc ('\'', out);
}

static void
print_fish_option (FILE *out, const char *path, const option_t *option)
{
    fputs ("complete -c ggen", out);
    if (path)
        fprintf (out, " -n '__ggen_at \"%s\"'", path);
    fprintf (out, " -l %s", option->name);
    if (option->letter)
        fprintf (out, " -s %c", option->letter);
    if (option->kind == OPTION_PATH)
        fputs (" -r -F", out);
    else if (option->kind != OPTION_FLAG)
        fputs (" -x", out);
    if (option->kind == OPTION_CHOICE) {
        fputs (" -a '", out);
        completion_words (out, option->value_name);
        putc ('\'', out);
    }
    fputs (" -d ", out);
    print_quoted (out, option->help);
    putc ('\n', out);
}

static void
print_fish_word (FILE *out, const group_t *group, const char *word, const char *help)
{
    if (!word)
        return;
    fprintf (out, "complete -c ggen -f -n '__ggen_at \"%s\"' -a %s -d ", group->path, word);
    print_quoted (out, help);
    putc ('\n', out);
}

static void
print_fish_group (FILE *out, const group_t *group)
{
    for (size_t at = 0; at < VERBS_COUNT; at++) {
        const verb_t *verb = &command_verbs [at];
        print_fish_word (out, group, command_word (group, verb->path, verb->aliases), verb->help);
    }
    for (size_t at = 1; at < command_groups_count; at++) {
        const group_t *inner = &command_groups [at];
        print_fish_word (out, group, command_word (group, inner->path, inner->aliases),
                         inner->help);
    }
}

static void
print_fish_step (FILE *out, const char *path, const char *const aliases [])
{
    fprintf (out, "            case '%s'", path);
    for (size_t at = 0; at < COMMAND_ALIASES_MAX && aliases [at]; at++)
        fprintf (out, " '%s'", aliases [at]);
    fprintf (out, "\n                set where '%s'\n", path);
}

//  The words after --home and --target, then names by their files; no program is started.
static void
print_names (FILE *out)
{
    fputs ("function __ggen_names\n"
           "    set -l home \"$GGEN_HOME\"\n"
           "    set -l root ''\n"
           "    set -l last ''\n"
           "    test -n \"$home\"; or set home \"$HOME/.ggen\"\n"
           "    for word in (commandline -opc)\n"
           "        switch $last\n"
           "            case --home\n"
           "                set home (string replace -r '^~' $HOME -- $word)\n"
           "            case --target --directory -t\n"
           "                set root (string replace -r '^~' $HOME -- $word)\n"
           "        end\n"
           "        set last $word\n"
           "    end\n"
           "    switch $argv[1]\n"
           "        case installed\n"
           "            test -n \"$root\"; or set root $home/packages\n"
           "            for at in $root/* $root/*/*\n"
           "                test -L $at; and string replace -- $root/ '' $at\n"
           "            end | string match -v -r '^ggen.lock$|/.*/'\n"
           "        case published\n"
           "            for at in $home/registry/*/*/\n"
           "                string replace -- $home/registry/ '' $at\n"
           "            end | string replace -r '(/[0-9]+[.][^/]*[.][^/]*)?/$' ''\n"
           "        case generations\n"
           "            set -l dir $home/generations\n"
           "            test -n \"$root\"; and set dir $root/.ggen/generations\n"
           "            for at in $dir/*\n"
           "                test -d $at; and string replace -- $dir/ '' $at\n"
           "            end\n"
           "    end\n"
           "end\n", out);
}

static void
print_arguments (FILE *out, const verb_t *verb)
{
    static const char *const names [] = {
        [TAKES_INSTALLED] = "installed", [TAKES_PUBLISHED] = "published",
        [TAKES_PACKAGE] = "published", [TAKES_GENERATION] = "generations",
        [TAKES_VERB] = NULL};
    if (verb->takes == TAKES_FILE)
        return;
    fprintf (out, "complete -c ggen%s -n '__ggen_at \"%s\"'",
             verb->takes == TAKES_PACKAGE ? "" : " -f", verb->path);
    if (verb->takes == TAKES_CHOICE || verb->takes == TAKES_SETTING) {
        fputs (" -a '", out);
        if (verb->takes == TAKES_CHOICE)
            completion_words (out, verb->arguments);
        for (const schema_key_t *key = schema_keys; verb->takes == TAKES_SETTING && key->key; key++)
            fprintf (out, " %s", key->key);
        fputc ('\'', out);
    }
    else if (names [verb->takes])
        fprintf (out, " -a '(__ggen_names %s)'", names [verb->takes]);
    putc ('\n', out);
}

//  After `ggen help` come the words of ggen itself.
static void
print_help_words (FILE *out)
{
    const group_t *top = &command_groups [0];
    fputs ("complete -c ggen -f -n '__ggen_at help' -a '", out);
    for (size_t at = 1; at < command_groups_count; at++)
        if (command_word (top, command_groups [at].path, command_groups [at].aliases))
            fprintf (out, " %s", command_groups [at].path);
    for (size_t at = 0; at < VERBS_COUNT; at++)
        if (command_word (top, command_verbs [at].path, command_verbs [at].aliases))
            fprintf (out, " %s", command_verbs [at].path);
    fputs ("'\n", out);
}

void
completion_fish (FILE *out)
{
    fputs ("# fish completion for ggen: ~/.config/fish/completions/ggen.fish\n"
           "function __ggen_at\n"
           "    set -l where ''\n"
           "    for word in (commandline -opc)[2..-1]\n"
           "        test \"$where\" = help; and set where ''\n"
           "        switch (string trim \"$where $word\")\n", out);
    for (size_t at = 1; at < command_groups_count; at++)
        print_fish_step (out, command_groups [at].path, command_groups [at].aliases);
    for (size_t at = 0; at < VERBS_COUNT; at++)
        print_fish_step (out, command_verbs [at].path, command_verbs [at].aliases);
    fputs ("        end\n    end\n    test \"$where\" = \"$argv[1]\"\nend\n", out);
    print_names (out);
    for (size_t at = 0; at < command_groups_count; at++)
        print_fish_group (out, &command_groups [at]);
    for (size_t at = 0; at < VERBS_COUNT; at++) {
        const verb_t *verb = &command_verbs [at];
        for (const option_t *option = verb->options; option && option->name; option++)
            print_fish_option (out, verb->path, option);
        print_arguments (out, verb);
    }
    print_help_words (out);
    for (const option_t *option = command_globals; option->name; option++)
        print_fish_option (out, NULL, option);
}
