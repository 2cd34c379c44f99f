// SPDX-License-Identifier: MIT
//  Grammar and reasons: command.h.
#include "args.h"
#include "utf8.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    int argc;
    char *const *argv;
    int at;                 //  The word being read
    args_t *args;
} reader_t;

static printf_like (2, 3) code_t
wrong (args_t *args, const char *format, ...)
{
    va_list values;
    va_start (values, format);
    vsnprintf (args->problem, sizeof args->problem, format, values);
    va_end (values);
    if (!*args->hint) {
        const char *path = args->verb ? args->verb->path : args->group->path;
        snprintf (args->hint, sizeof args->hint, "see: ggen %s%s--help", path, *path ? " " : "");
    }
    return VALIDATION;
}

static printf_like (2, 3) void
advise (args_t *args, const char *format, ...)
{
    va_list values;
    va_start (values, format);
    vsnprintf (args->hint, sizeof args->hint, format, values);
    va_end (values);
}

static code_t
wrong_word (args_t *args, const char *word)
{
    const char *path = args->group->path, *near = command_near (args->group, word);
    if (near)
        advise (args, "did you mean: ggen %s", near);
    return wrong (args, "there is no `ggen %s%s%s`", path, *path ? " " : "", word);
}

static code_t
wrong_option (args_t *args, const char *word, size_t word_size)
{
    char name [ARGS_TEXT_MAX];
    snprintf (name, sizeof name, "%.*s", (int) word_size, word);
    const char *near = command_near_option (args->verb, name);
    if (near)
        advise (args, "did you mean: --%s", near);
    else if (!args->verb)
        advise (args, "options of a verb come after it; see: ggen --help");
    return wrong (args, "unknown option --%s", name);
}

static const char *
as_bool (const char *text)
{
    if (command_is_choice ("true|yes|1|on", text, strlen (text)))
        return "true";
    if (command_is_choice ("false|no|0|off", text, strlen (text)))
        return "false";
    return NULL;
}

//  Whole numbers are compared as doubles: every maximum in the table is below 2^53.
static bool
is_number (const option_t *option, const char *text)
{
    char *end = NULL;
    errno = 0;
    if (option->kind == OPTION_COUNT && strspn (text, "0123456789") != strlen (text))
        return false;
    if (!isdigit ((unsigned char) *text) && *text != '-' && *text != '.')
        return false;
    const double value = strtod (text, &end);
    return errno == 0 && end != text && *end == 0 && value >= option->min && value <= option->max;
}

static code_t
wrong_choice (args_t *args, const option_t *option, const char *value)
{
    advise (args, "it is one of: %s", option->value_name);
    return wrong (args, "--%s does not know '%s'", option->name, value);
}

static code_t
give (args_t *args, const option_t *option, const char *value)
{
    if (args->given_count == ARGS_OPTIONS_MAX)
        return wrong (args, "more than %d options", ARGS_OPTIONS_MAX);
    if (option->kind == OPTION_CHOICE
        && !command_is_choice (option->value_name, value, strlen (value)))
        return wrong_choice (args, option, value);
    if ((option->kind == OPTION_COUNT || option->kind == OPTION_REAL)
        && !is_number (option, value))
        return wrong (args, "--%s takes a number from %.15g to %.15g, not '%s'", option->name,
                      option->min, option->max, value);
    if (option->kind == OPTION_PATH && !*value)
        return wrong (args, "--%s needs a path", option->name);
    args->given [args->given_count++] = (given_t) {option, value};
    return OK;
}

//  The next word as the value of 'option'. One that looks like an option is refused: far more often
//  a forgotten value than meant, and --x=-y says it when meant.
static code_t
give_next (reader_t *self, const option_t *option)
{
    const char *next = self->at + 1 < self->argc ? self->argv [self->at + 1] : NULL;
    if (!next || (next [0] == '-' && next [1] && !isdigit ((unsigned char) next [1]))) {
        if (next)
            advise (self->args, "if '%s' is the value, write --%s=%s", next, option->name, next);
        return wrong (self->args, "--%s needs a value: --%s %s", option->name, option->name,
                      option->value_name);
    }
    self->at++;
    return give (self->args, option, next);
}

static code_t
give_flag (reader_t *self, const option_t *option, const char *value)
{
    if (!value) {
        const char *next = self->at + 1 < self->argc ? as_bool (self->argv [self->at + 1]) : NULL;
        self->at += next != NULL;
        return give (self->args, option, next ? next : "true");
    }
    if (!as_bool (value))
        return wrong (self->args, "--%s is true or false, not '%s'", option->name, value);
    return give (self->args, option, as_bool (value));
}

static code_t
read_long (reader_t *self, const char *word)
{
    const size_t size = strcspn (word, "=");
    const char *value = word [size] == '=' ? word + size + 1 : NULL;
    const option_t *option = command_option (self->args->verb, word, size);
    if (!option && size > 3 && strncmp (word, "no-", 3) == 0) {
        option = command_option (self->args->verb, word + 3, size - 3);
        if (option && option->kind == OPTION_FLAG && !value)
            return give (self->args, option, "false");
        option = NULL;
    }
    if (!option)
        return wrong_option (self->args, word, size);
    if (option->kind == OPTION_FLAG)
        return give_flag (self, option, value);
    return value ? give (self->args, option, value) : give_next (self, option);
}

static code_t
read_letters (reader_t *self, const char *letters)
{
    for (; *letters; letters++) {
        const option_t *option = command_letter (self->args->verb, *letters);
        if (!option)
            return wrong (self->args, "unknown option -%c", *letters);
        if (option->kind != OPTION_FLAG) {
            const char *value = letters + 1 + (letters [1] == '=');
            return letters [1] ? give (self->args, option, value) : give_next (self, option);
        }
        const code_t code = give (self->args, option, "true");
        if (code != OK)
            return code;
    }
    return OK;
}

static code_t
read_word (args_t *args, const char *word)
{
    if (args->verb) {
        if (args->positionals_count == ARGS_POSITIONALS_MAX)
            return wrong (args, "more than %d arguments", ARGS_POSITIONALS_MAX);
        args->positionals [args->positionals_count++] = word;
        return OK;
    }
    args->verb = command_verb (args->group, word);
    if (args->verb)
        return OK;
    const group_t *group = command_group (args->group, word);
    if (!group)
        return wrong_word (args, word);
    args->group = group;
    return OK;
}

//  Messages carry UTF-8. What needs no node may be any bytes: a path of `config validate`.
static code_t
check_text (args_t *args)
{
    const char *bad = NULL;
    for (size_t at = 0; at < args->positionals_count; at++)
        if (!utf8_valid (args->positionals [at]))
            bad = args->positionals [at];
    for (size_t at = 0; at < args->given_count; at++)
        if (!utf8_valid (args->given [at].value))
            bad = args->given [at].value;
    if (!bad || args->verb->needs == NEEDS_NONE)
        return OK;
    advise (args, "names, queries and paths are UTF-8");
    return wrong (args, "'%s' is no UTF-8 text", bad);
}

static code_t
check_arguments (args_t *args)
{
    const verb_t *verb = args->verb;
    if (!verb || args_global (args, "help") || args_global (args, "version"))
        return OK;
    const char *names = verb->arguments ? verb->arguments : "";
    if (args->positionals_count < verb->arguments_min) {
        advise (args, "usage: ggen %s %s", verb->path, names);
        return wrong (args, "`ggen %s` needs %s", verb->path, names);
    }
    if (args->positionals_count > verb->arguments_max) {
        advise (args, "usage: ggen %s%s%s", verb->path, *names ? " " : "", names);
        return wrong (args, "`ggen %s` does not take '%s'", verb->path,
                      args->positionals [verb->arguments_max]);
    }
    return check_text (args);
}

code_t
command_parse (int argc, char *const argv [], args_t *args)
{
    *args = (args_t) {.group = &command_groups [0]};
    reader_t reader = {.argc = argc, .argv = argv, .at = 1, .args = args};
    bool options_ended = false;
    for (; reader.at < argc; reader.at++) {
        const char *word = argv [reader.at];
        code_t code = OK;
        if (options_ended || word [0] != '-' || !word [1])
            code = read_word (args, word);
        else if (strcmp (word, "--") == 0)
            options_ended = true;
        else if (word [1] == '-')
            code = read_long (&reader, word + 2);
        else
            code = read_letters (&reader, word + 1);
        if (code != OK)
            return code;
    }
    return check_arguments (args);
}
