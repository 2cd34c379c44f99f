// SPDX-License-Identifier: MIT
//  Stand-ins for the value types, so that the manifest is tested by itself.
#ifndef GGEN_MANIFEST_RULES_H
#define GGEN_MANIFEST_RULES_H

#include <regex.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "actors/installer/manifest.h"

static inline bool
matches (const char *text, const char *pattern)
{
    regex_t compiled;
    if (regcomp (&compiled, pattern, REG_EXTENDED | REG_NOSUB) != 0)
        abort ();
    bool result = regexec (&compiled, text, 0, NULL, 0) == 0;
    regfree (&compiled);
    return result;
}

static inline bool
rule_is_id (const char *text)
{
    return strlen (text) <= 214
        && matches (text, "^(@?[A-Za-z0-9_.-]*[A-Za-z0-9_-][A-Za-z0-9_.-]*/)?"
                          "[A-Za-z0-9_.-]*[A-Za-z0-9_-][A-Za-z0-9_.-]*$");
}

static inline bool
rule_is_version (const char *text)
{
    return matches (text, "^[0-9]+\\.[0-9]+\\.[0-9]+(-[0-9A-Za-z.-]+)?(\\+[0-9A-Za-z.-]+)?$");
}

static inline bool
rule_is_range (const char *text)
{
    return matches (text, "^ *([~^]|[<>]=?|=)? *(\\*|[0-9]+(\\.([0-9]+|[x*])){0,2})"
                          "(-[0-9A-Za-z.-]+)?( +[<>]=? *[0-9.]+)* *$");
}

static const manifest_rules_t lenient = {rule_is_id, rule_is_version, rule_is_range, NULL, false,
                                         false};

#endif
