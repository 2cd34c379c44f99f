// SPDX-License-Identifier: MIT
#include "command.h"
#include "suggest.h"

#include <stdio.h>
#include <string.h>

const char *
command_word (const group_t *group, const char *path, const char *const aliases [])
{
    const size_t size = strlen (group->path);
    for (size_t at = 0; at <= COMMAND_ALIASES_MAX; at++) {
        const char *text = at == 0 ? path : aliases [at - 1];
        if (!text)
            break;
        const char *word = NULL;
        if (size == 0)
            word = text;
        else if (strncmp (text, group->path, size) == 0 && text [size] == ' ')
            word = text + size + 1;
        if (word && *word && !strchr (word, ' '))
            return word;
    }
    return NULL;
}

static bool
leads_to (const group_t *group, const char *word, const char *path, const char *const aliases [])
{
    char wanted [COMMAND_PATH_MAX];
    const int size = snprintf (wanted, sizeof wanted, "%s%s%s", group->path,
                               *group->path ? " " : "", word);
    if (size < 0 || (size_t) size >= sizeof wanted)
        return false;
    if (strcmp (wanted, path) == 0)
        return true;
    for (size_t at = 0; at < COMMAND_ALIASES_MAX && aliases [at]; at++)
        if (strcmp (wanted, aliases [at]) == 0)
            return true;
    return false;
}

const verb_t *
command_verb (const group_t *group, const char *word)
{
    for (size_t at = 0; at < VERBS_COUNT; at++)
        if (leads_to (group, word, command_verbs [at].path, command_verbs [at].aliases))
            return &command_verbs [at];
    return NULL;
}

const group_t *
command_group (const group_t *group, const char *word)
{
    for (size_t at = 1; at < command_groups_count; at++)
        if (leads_to (group, word, command_groups [at].path, command_groups [at].aliases))
            return &command_groups [at];
    return NULL;
}

static bool
is_name (const char *name, const char *word, size_t word_size)
{
    return name && strlen (name) == word_size && memcmp (name, word, word_size) == 0;
}

const option_t *
command_option (const verb_t *verb, const char *name, size_t name_size)
{
    const option_t *lists [] = {verb ? verb->options : NULL, command_globals};
    for (size_t list = 0; list < COUNT_OF (lists); list++)
        for (const option_t *option = lists [list]; option && option->name; option++)
            if (is_name (option->name, name, name_size) || is_name (option->alias, name, name_size))
                return option;
    return NULL;
}

const option_t *
command_letter (const verb_t *verb, char letter)
{
    const option_t *lists [] = {verb ? verb->options : NULL, command_globals};
    for (size_t list = 0; list < COUNT_OF (lists); list++)
        for (const option_t *option = lists [list]; option && option->name; option++)
            if (option->letter && option->letter == letter)
                return option;
    return NULL;
}

bool
command_is_choice (const char *choices, const char *word, size_t word_size)
{
    while (*choices) {
        const size_t size = strcspn (choices, "|");
        if (size == word_size && memcmp (choices, word, size) == 0)
            return true;
        choices += size + (choices [size] == '|');
    }
    return false;
}

static const char *
last_word (const char *path)
{
    const char *space = strrchr (path, ' ');
    return space ? space + 1 : path;
}

static void
offer_here (suggest_t *near, const group_t *group, const char *path, const char *const aliases [])
{
    const char *word = command_word (group, path, aliases);
    if (word)
        suggest_offer (near, word, path);
}

const char *
command_near (const group_t *group, const char *word)
{
    suggest_t near;
    suggest_start (&near, word);
    for (size_t at = 1; at < command_groups_count; at++)
        offer_here (&near, group, command_groups [at].path, command_groups [at].aliases);
    for (size_t at = 0; at < VERBS_COUNT; at++)
        offer_here (&near, group, command_verbs [at].path, command_verbs [at].aliases);
    for (size_t at = 0; at < VERBS_COUNT; at++) {
        const verb_t *verb = &command_verbs [at];
        suggest_offer (&near, last_word (verb->path), verb->path);
        for (size_t alias = 0; alias < COMMAND_ALIASES_MAX && verb->aliases [alias]; alias++)
            suggest_offer (&near, last_word (verb->aliases [alias]), verb->path);
    }
    return near.best;
}

const char *
command_near_option (const verb_t *verb, const char *name)
{
    suggest_t near;
    suggest_start (&near, name);
    const option_t *lists [] = {verb ? verb->options : NULL, command_globals};
    for (size_t list = 0; list < COUNT_OF (lists); list++)
        for (const option_t *option = lists [list]; option && option->name; option++) {
            suggest_offer (&near, option->name, option->name);
            if (option->alias)
                suggest_offer (&near, option->alias, option->alias);
        }
    return near.best;
}
