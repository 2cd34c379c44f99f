// SPDX-License-Identifier: MIT
#include "path.h"
#include "render.h"
#include "text.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define WHY_MAX (PATH_MAX + 256)

static code_t
explain (const char *given, int error, char *why, size_t why_size)
{
    snprintf (why, why_size, "%s: %s", given, strerror (error));
    return error == EACCES || error == EPERM ? PERMISSION_DENIED : VALIDATION;
}

//  Whether some part of 'path' is "..": beyond what exists it cannot be followed.
static bool
climbs (const char *path)
{
    for (const char *part = path; *part; part += strspn (part, "/")) {
        const size_t size = strcspn (part, "/");
        if (size == 2 && memcmp (part, "..", 2) == 0)
            return true;
        part += size;
    }
    return false;
}

//  Append the parts of 'rest' to 'base' (of PATH_MAX bytes), without "." and double slashes.
static bool
append (char *base, const char *rest)
{
    size_t used = strlen (base);
    for (const char *part = rest + strspn (rest, "/"); *part; part += strspn (part, "/")) {
        const size_t size = strcspn (part, "/");
        const bool here = size == 1 && *part == '.';
        if (!here && used + size + 2 > PATH_MAX)
            return false;
        if (!here) {
            if (used > 1)
                base [used++] = '/';
            memcpy (base + used, part, size);
            used += size;
            base [used] = 0;
        }
        part += size;
    }
    return true;
}

//  Resolve the longest start of 'given' that exists; the rest stays as written.
static code_t
resolve_start (const char *given, char real [PATH_MAX], char *why, size_t why_size)
{
    AUTO (text_free) char *start = strdup (given);
    if (!start)
        return explain (given, ENOMEM, why, why_size);
    size_t end = strlen (start);
    while (!realpath (end > 0 ? start : ".", real)) {
        if (errno != ENOENT)
            return explain (given, errno, why, why_size);
        while (end > 0 && start [end - 1] == '/')
            end--;
        while (end > 0 && start [end - 1] != '/')
            end--;
        start [end] = 0;
    }
    if (climbs (given + end))
        return explain (given, ENOENT, why, why_size);
    return append (real, given + end) ? OK : explain (given, ENAMETOOLONG, why, why_size);
}

code_t
path_absolute (const char *given, path_need_t need, char **path_p, char *why, size_t why_size)
{
    char real [PATH_MAX] = "";
    *path_p = NULL;
    if (given && !*given) {
        snprintf (why, why_size, "a path is empty");
        return VALIDATION;
    }
    if (given && need == PATH_EXISTS && !realpath (given, real))
        return explain (given, errno, why, why_size);
    if (given && need == PATH_MAY_EXIST) {
        const code_t code = resolve_start (given, real, why, why_size);
        if (code != OK)
            return code;
    }
    *path_p = strdup (real);
    return *path_p ? OK : explain (given ? given : "", ENOMEM, why, why_size);
}

bool
path_take (const screen_t *screen, const char *given, path_need_t need, char **path_p)
{
    char why [WHY_MAX];
    const code_t code = path_absolute (given, need, path_p, why, sizeof why);
    if (code != OK)
        render_error (screen, code, why, NULL);
    return code == OK;
}
