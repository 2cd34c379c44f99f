// SPDX-License-Identifier: MIT
#include "args.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const option_t *
known (const args_t *self, const char *name)
{
    const option_t *option = command_option (self->verb, name, strlen (name));
    assert (option);
    return option;
}

static const char *
last_value (const args_t *self, const option_t *option)
{
    for (size_t at = self->given_count; at > 0; at--)
        if (self->given [at - 1].option == option)
            return self->given [at - 1].value;
    return NULL;
}

static bool
is_on (const args_t *self, const option_t *option)
{
    assert (option->kind == OPTION_FLAG);
    const char *value = last_value (self, option);
    if (!value)
        value = option->initial;
    return value && strcmp (value, "true") == 0;
}

bool
args_flag (const args_t *self, const char *name)
{
    return is_on (self, known (self, name));
}

bool
args_global (const args_t *self, const char *name)
{
    const option_t *option = command_option (NULL, name, strlen (name));
    assert (option);
    return is_on (self, option);
}

bool
args_given (const args_t *self, const char *name)
{
    return last_value (self, known (self, name)) != NULL;
}

const char *
args_value (const args_t *self, const char *name)
{
    const option_t *option = known (self, name);
    assert (option->kind != OPTION_FLAG);
    const char *value = last_value (self, option);
    return value ? value : option->initial;
}

size_t
args_values (const args_t *self, const char *name, const char *values [], size_t values_max)
{
    const option_t *option = known (self, name);
    assert (option->collects);
    size_t count = 0;
    for (size_t at = 0; at < self->given_count; at++) {
        if (self->given [at].option != option)
            continue;
        if (count < values_max)
            values [count] = self->given [at].value;
        count++;
    }
    return count;
}

uint64_t
args_count (const args_t *self, const char *name, uint64_t absent)
{
    assert (known (self, name)->kind == OPTION_COUNT);
    const char *value = args_value (self, name);
    return value ? strtoull (value, NULL, 10) : absent;
}

double
args_real (const args_t *self, const char *name, double absent)
{
    assert (known (self, name)->kind == OPTION_REAL);
    const char *value = args_value (self, name);
    return value ? strtod (value, NULL) : absent;
}

const char *
args_positional (const args_t *self, size_t at)
{
    return at < self->positionals_count ? self->positionals [at] : NULL;
}

bool
args_json (const args_t *self)
{
    if (args_global (self, "json"))
        return true;
    const size_t size = strlen ("format");
    const char *format = last_value (self, command_option (NULL, "format", size));
    const char *own = self->verb ? last_value (self, command_option (self->verb, "format", size)) : NULL;
    return (format && strcmp (format, "json") == 0) || (own && strcmp (own, "json") == 0);
}

//  Is one of these '|'-separated flags of the verb set?
static bool
any_flag (const args_t *self, const char *names)
{
    for (const option_t *option = self->verb->options; names && option && option->name; option++)
        if (command_is_choice (names, option->name, strlen (option->name))
            && args_flag (self, option->name))
            return true;
    return false;
}

needs_t
args_needs (const args_t *self)
{
    assert (self->verb);
    if (any_flag (self, self->verb->reads_if))
        return NEEDS_READ;
    if (any_flag (self, self->verb->writes_if))
        return NEEDS_WRITE;
    return self->verb->needs;
}
