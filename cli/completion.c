// SPDX-License-Identifier: MIT
//  All three scripts do the same: walk the words before the cursor through the table's groups to a
//  path, then offer the words, options or choices of that path, else file names.
//  The words of the table are letters, digits and '-': no shell needs quotes for them. Helps do.
#include "completion.h"

#include <string.h>

//  Print " word" for every verb and group directly in 'group', under all its names.
static void
print_children (FILE *out, const group_t *group)
{
    for (size_t at = 1; at < command_groups_count; at++) {
        const group_t *inner = &command_groups [at];
        const char *word = command_word (group, inner->path, inner->aliases);
        if (word)
            fprintf (out, " %s", word);
    }
    for (size_t at = 0; at < VERBS_COUNT; at++) {
        const verb_t *verb = &command_verbs [at];
        const char *word = command_word (group, verb->path, verb->aliases);
        if (word)
            fprintf (out, " %s", word);
    }
}

static void
print_options (FILE *out, const option_t *list)
{
    for (; list && list->name; list++)
        fprintf (out, " --%s", list->name);
}

static void
print_words_of (FILE *out, const char *choices)
{
    for (; *choices; choices++)
        putc (*choices == '|' ? ' ' : *choices, out);
}

//  The verb's argument is one of a few words ("bash|zsh|fish").
static bool
has_choices (const verb_t *verb)
{
    return verb->arguments && strchr (verb->arguments, '|') != NULL;
}

//  --- bash and zsh: one function in the language both share --------------------------------------

static void
print_step (FILE *out, const char *path, const char *const aliases [])
{
    fprintf (out, "            \"%s\"", path);
    for (size_t at = 0; at < COMMAND_ALIASES_MAX && aliases [at]; at++)
        fprintf (out, "|\"%s\"", aliases [at]);
    fprintf (out, ") where=\"%s\" ;;\n", path);
}

static void
print_steps (FILE *out)
{
    for (size_t at = 1; at < command_groups_count; at++)
        print_step (out, command_groups [at].path, command_groups [at].aliases);
    for (size_t at = 0; at < VERBS_COUNT; at++)
        print_step (out, command_verbs [at].path, command_verbs [at].aliases);
}

static void
print_option_choices (FILE *out, const char *path, const option_t *list)
{
    for (; list && list->name; list++) {
        if (list->kind == OPTION_FLAG)
            continue;
        fprintf (out, "        \"%s --%s\"", path, list->name);
        if (list->alias)
            fprintf (out, "|\"%s --%s\"", path, list->alias);
        if (list->letter)
            fprintf (out, "|\"%s -%c\"", path, list->letter);
        fputs (") ", out);
        if (list->kind == OPTION_CHOICE) {
            fputs ("offer=\"", out);
            print_words_of (out, list->value_name);
            fputs ("\"; ", out);
        }
        fprintf (out, "wants=%s ;;\n", list->kind == OPTION_PATH ? "file" : "text");
    }
}

static void
print_offers (FILE *out)
{
    for (size_t at = 0; at < command_groups_count; at++) {
        fprintf (out, "        \"%s\") offer=\"", command_groups [at].path);
        print_children (out, &command_groups [at]);
        fputs ("\" ;;\n", out);
    }
    for (size_t at = 0; at < VERBS_COUNT; at++) {
        const verb_t *verb = &command_verbs [at];
        fprintf (out, "        \"%s\") flags=\"", verb->path);
        print_options (out, verb->options);
        fputc ('"', out);
        if (has_choices (verb)) {
            fputs ("; offer=\"", out);
            print_words_of (out, verb->arguments);
            fputc ('"', out);
        }
        fputs (" ;;\n", out);
    }
}

//  Sets offer, flags and wants ("" | text | file) from the words before the cursor.
static void
print_walk (FILE *out)
{
    fputs ("_ggen_walk () {\n"
           "    local word last=\"\"\n"
           "    where=\"\" offer=\"\" flags=\"\" wants=\"\"\n"
           "    for word in \"$@\"; do\n"
           "        last=$word\n"
           "        case \"${where:+$where }$word\" in\n", out);
    print_steps (out);
    fputs ("        esac\n"
           "    done\n"
           "    case \"$where $last\" in\n", out);
    for (size_t at = 0; at < VERBS_COUNT; at++)
        print_option_choices (out, command_verbs [at].path, command_verbs [at].options);
    fputs ("    esac\n"
           "    [ -z \"$wants\" ] || return 0\n"
           "    case \" $last\" in\n", out);
    print_option_choices (out, "", command_globals);
    fputs ("    esac\n"
           "    [ -z \"$wants\" ] || return 0\n"
           "    case \"$where\" in\n", out);
    print_offers (out);
    fputs ("    esac\n"
           "    flags=\"$flags", out);
    print_options (out, command_globals);
    fputs ("\"\n}\n", out);
}

static void
print_bash (FILE *out)
{
    fputs ("# bash completion for ggen: source <(ggen completion bash)\n", out);
    print_walk (out);
    fputs ("_ggen () {\n"
           "    local where offer flags wants cur=${COMP_WORDS[COMP_CWORD]}\n"
           "    _ggen_walk \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"\n"
           "    case $wants$cur in -*) offer=$flags ;; esac\n"
           "    COMPREPLY=($(compgen -W \"$offer\" -- \"$cur\"))\n"
           "}\n"
           "complete -o default -F _ggen ggen\n", out);
}

static void
print_zsh (FILE *out)
{
    fputs ("#compdef ggen\n"
           "# zsh completion for ggen: source <(ggen completion zsh)\n", out);
    print_walk (out);
    fputs ("_ggen () {\n"
           "    local where offer flags wants cur=${words[CURRENT]}\n"
           "    _ggen_walk \"${(@)words[2,CURRENT-1]}\"\n"
           "    case $wants$cur in -*) offer=$flags ;; esac\n"
           "    if [[ -n $offer ]]; then compadd -- ${=offer}; else _files; fi\n"
           "}\n"
           "compdef _ggen ggen\n", out);
}

//  --- fish ---------------------------------------------------------------------------------------

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
        print_words_of (out, option->value_name);
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

static void
print_fish (FILE *out)
{
    fputs ("# fish completion for ggen: ~/.config/fish/completions/ggen.fish\n"
           "function __ggen_at\n"
           "    set -l where ''\n"
           "    for word in (commandline -opc)[2..-1]\n"
           "        switch (string trim \"$where $word\")\n", out);
    for (size_t at = 1; at < command_groups_count; at++)
        print_fish_step (out, command_groups [at].path, command_groups [at].aliases);
    for (size_t at = 0; at < VERBS_COUNT; at++)
        print_fish_step (out, command_verbs [at].path, command_verbs [at].aliases);
    fputs ("        end\n    end\n    test \"$where\" = \"$argv[1]\"\nend\n", out);
    for (size_t at = 0; at < command_groups_count; at++)
        print_fish_group (out, &command_groups [at]);
    for (size_t at = 0; at < VERBS_COUNT; at++) {
        const verb_t *verb = &command_verbs [at];
        for (const option_t *option = verb->options; option && option->name; option++)
            print_fish_option (out, verb->path, option);
        if (has_choices (verb)) {
            fprintf (out, "complete -c ggen -f -n '__ggen_at \"%s\"' -a '", verb->path);
            print_words_of (out, verb->arguments);
            fputs ("'\n", out);
        }
    }
    for (const option_t *option = command_globals; option->name; option++)
        print_fish_option (out, NULL, option);
}

code_t
completion_print (FILE *out, const char *shell)
{
    if (strcmp (shell, "bash") == 0)
        print_bash (out);
    else if (strcmp (shell, "zsh") == 0)
        print_zsh (out);
    else if (strcmp (shell, "fish") == 0)
        print_fish (out);
    else
        return FEATURE_NOT_ENABLED;
    return OK;
}
