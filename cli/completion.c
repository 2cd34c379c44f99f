// SPDX-License-Identifier: MIT
//  All three scripts do the same: walk the words before the cursor through the table's groups to a
//  path, then offer the words, options, choices or names of that path, else file names.
//  The words of the table are letters, digits and '-': no shell needs quotes for them. Helps do.
#include "completion.h"
#include "config/schema.h"

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

void
completion_words (FILE *out, const char *choices)
{
    for (; *choices; choices++)
        putc (*choices == '|' ? ' ' : *choices, out);
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
            completion_words (out, list->value_name);
            fputs ("\"; ", out);
        }
        fprintf (out, "wants=%s ;;\n", list->kind == OPTION_PATH ? "file" : "text");
    }
}

static void
print_settings (FILE *out)
{
    for (const schema_key_t *key = schema_keys; key->key; key++)
        fprintf (out, " %s", key->key);
}

//  What comes after the verb: words in 'offer', and 'takes' when files are none of it.
static void
print_arguments (FILE *out, const verb_t *verb)
{
    static const char *const names [] = {
        [TAKES_INSTALLED] = "_ggen_installed", [TAKES_PUBLISHED] = "_ggen_published",
        [TAKES_PACKAGE] = "_ggen_published",   [TAKES_GENERATION] = "_ggen_generations"};
    if (verb->takes < COUNT_OF (names) && names [verb->takes])
        fprintf (out, " %s;", names [verb->takes]);
    if (verb->takes == TAKES_CHOICE || verb->takes == TAKES_SETTING || verb->takes == TAKES_VERB) {
        fputs (" offer=\"", out);
        if (verb->takes == TAKES_CHOICE)
            completion_words (out, verb->arguments);
        else if (verb->takes == TAKES_SETTING)
            print_settings (out);
        else
            print_children (out, &command_groups [0]);
        fputs ("\";", out);
    }
    if (verb->takes != TAKES_FILE && verb->takes != TAKES_PACKAGE)
        fputs (" takes=text;", out);
}

static void
print_offers (FILE *out)
{
    for (size_t at = 0; at < command_groups_count; at++) {
        fprintf (out, "        \"%s\") takes=text; offer=\"", command_groups [at].path);
        print_children (out, &command_groups [at]);
        fputs ("\" ;;\n", out);
    }
    for (size_t at = 0; at < VERBS_COUNT; at++) {
        const verb_t *verb = &command_verbs [at];
        fprintf (out, "        \"%s\")", verb->path);
        print_arguments (out, verb);
        fputs (" flags=\"", out);
        print_options (out, verb->options);
        fputs ("\" ;;\n", out);
    }
}

//  Names of what lies in the home, by their files: no program is started, and only what begins with
//  the word at the cursor is looked at. bash expands what it is offered, so a name that is none of
//  ours (someone else's file in a --target) is left out: it could be a command.
static void
print_names (FILE *out)
{
    fputs ("_ggen_add () {\n"
           "    case $1 in *[!A-Za-z0-9._@/-]*|ggen.lock) ;; *) offer=\"$offer $1\" ;; esac\n"
           "}\n"
           "_ggen_installed () {\n"
           "    local at inner dir=${root:-$home/packages}\n"
           "    for at in \"$dir/$cur\"*; do\n"
           "        if [ -L \"$at\" ]; then\n"
           "            _ggen_add \"${at#\"$dir/\"}\"\n"
           "        elif [ -d \"$at\" ]; then\n"
           "            for inner in \"$at\"/*; do\n"
           "                [ ! -L \"$inner\" ] || _ggen_add \"${inner#\"$dir/\"}\"\n"
           "            done\n"
           "        fi\n"
           "    done\n"
           "}\n"
           "_ggen_published () {\n"
           "    local at name before=\"\"\n"
           "    for at in \"$home/registry/$cur\"*/*/; do\n"
           "        name=${at#\"$home/registry/\"} name=${name%/}\n"
           "        case ${name##*/} in [0-9]*.*.*) name=${name%/*} ;; esac\n"
           "        [ ! -d \"$at\" ] || [ \"$name\" = \"$before\" ] || _ggen_add \"$name\"\n"
           "        before=$name\n"
           "    done\n"
           "}\n"
           "_ggen_generations () {\n"
           "    local at dir=$home/generations\n"
           "    [ -z \"$root\" ] || dir=$root/.ggen/generations\n"
           "    for at in \"$dir/$cur\"*; do\n"
           "        [ ! -d \"$at\" ] || _ggen_add \"${at##*/}\"\n"
           "    done\n"
           "}\n", out);
}

//  Sets offer, flags, wants and takes from the words before the cursor: 'wants' ("" | text | file)
//  is of an option's value, 'takes' ("" | text) of an argument.
static void
print_walk (FILE *out)
{
    print_names (out);
    fputs ("_ggen_walk () {\n"
           "    local word last=\"\" root=\"\" home=${GGEN_HOME:-${HOME-}/.ggen}\n"
           "    where=\"\" offer=\"\" flags=\"\" wants=\"\" takes=\"\"\n"
           "    for word in \"$@\"; do\n"
           "        case $word in =) continue ;; esac\n"
           "        case $last in\n"
           "            --home) home=$word ;;\n"
           "            --target|--directory|-t) root=$word ;;\n"
           "        esac\n"
           "        case $word in\n"
           "            --home=*) home=${word#*=} ;;\n"
           "            --target=*|--directory=*) root=${word#*=} ;;\n"
           "        esac\n"
           "        last=$word\n"
           "        case $where in help) where=\"\" ;; esac\n"
           "        case \"${where:+$where }$word\" in\n", out);
    print_steps (out);
    fputs ("        esac\n"
           "    done\n"
           "    home=${home/#\\~/${HOME-}} root=${root/#\\~/${HOME-}}\n"
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
    fputs ("\"\n"
           "    case $cur in -*) offer=$flags takes=text ;; esac\n"
           "}\n", out);
}

//  bash makes words of '=' too, and offers files by itself when nothing else fits.
static void
print_bash (FILE *out)
{
    fputs ("# bash completion for ggen: source <(ggen completion bash)\n", out);
    print_walk (out);
    fputs ("_ggen () {\n"
           "    local where offer flags wants takes cur=${COMP_WORDS[COMP_CWORD]}\n"
           "    case $cur in =) cur=\"\" ;; esac\n"
           "    _ggen_walk \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"\n"
           "    COMPREPLY=($(compgen -W \"$offer\" -- \"$cur\" || :))\n"
           "    case ${wants:-$takes} in text) compopt +o default 2>/dev/null || : ;; esac\n"
           "}\n"
           "complete -o default -F _ggen ggen\n", out);
}

//  Sourced, or found by its name in $fpath: then the file is the function's first call.
static void
print_zsh (FILE *out)
{
    fputs ("#compdef ggen\n"
           "# zsh completion for ggen: source <(ggen completion zsh)\n", out);
    print_walk (out);
    fputs ("_ggen () {\n"
           "    setopt localoptions no_nomatch\n"
           "    local where offer flags wants takes cur=${words[CURRENT]}\n"
           "    _ggen_walk \"${(@)words[2,CURRENT-1]}\"\n"
           "    [[ -n $offer ]] && compadd -- ${=offer} && return\n"
           "    [[ ${wants:-$takes} == text ]] || _files\n"
           "}\n"
           "if [[ $funcstack[1] == _ggen ]]; then _ggen \"$@\"; else compdef _ggen ggen; fi\n", out);
}

code_t
completion_print (FILE *out, const char *shell)
{
    if (strcmp (shell, "bash") == 0)
        print_bash (out);
    else if (strcmp (shell, "zsh") == 0)
        print_zsh (out);
    else if (strcmp (shell, "fish") == 0)
        completion_fish (out);
    else
        return FEATURE_NOT_ENABLED;
    return OK;
}
