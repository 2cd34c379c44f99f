// SPDX-License-Identifier: MIT
#include "entry_rules.h"
#include "unicode.h"

#include <string.h>
#include <strings.h>

bool
entry_rules_is_private (const char *component, size_t size)
{
    char key [ARCHIVE_COMPONENT_MAX * 4];
    size_t key_size = unicode_fold (component, size, key, sizeof key);
    return (key_size == 4 && !memcmp (key, ".git", 4))
           || (key_size == 5 && !memcmp (key, "git~1", 5))      //  Its short name on NTFS
           || (key_size >= 5 && !memcmp (key, ".ggen", 5));
}

bool
entry_rules_is_manifest (const char *path)
{
    static const char *const names [] = {"gpack.toml", "package.toml", "pack.toml", "package.json"};
    for (size_t i = 0; i < COUNT_OF (names); i++)
        if (!strcmp (path, names [i]))
            return true;
    return false;
}

//  Windows reserves these with any extension, and with spaces before it.
static bool
is_windows_device (const char *name, size_t size)
{
    const char *dot = memchr (name, '.', size);
    size_t base = dot ? (size_t) (dot - name) : size;
    while (base && name [base - 1] == ' ')
        base--;
    static const char *const exact [] = {"con", "prn", "aux", "nul", "conin$", "conout$"};
    for (size_t i = 0; i < COUNT_OF (exact); i++)
        if (base == strlen (exact [i]) && !strncasecmp (name, exact [i], base))
            return true;
    if (strncasecmp (name, "com", 3) && strncasecmp (name, "lpt", 3))
        return false;
    if (base == 4)
        return name [3] >= '0' && name [3] <= '9';
    //  Superscript one, two and three count as digits there
    return base == 5
           && (!memcmp (name + 3, "\xc2\xb9", 2) || !memcmp (name + 3, "\xc2\xb2", 2)
               || !memcmp (name + 3, "\xc2\xb3", 2));
}

//  What is wrong with one component; NULL when nothing is.
static const char *
reserved_reason (const char *name, size_t size)
{
    if (memchr (name, ':', size))
        return "':' is not allowed in names on Windows";
    if (name [size - 1] == '.' || name [size - 1] == ' ')
        return "Windows drops a trailing dot or space";
    if (size >= 3 && is_windows_device (name, size))
        return "it names a device on Windows";
    if (entry_rules_is_private (name, size))
        return "it belongs to git or ggen";
    return NULL;
}

typedef struct {
    refusal_class_t kind;
    const char *reason;         //  NULL: nothing wrong
} verdict_t;

static verdict_t
judge_component (const char *name, size_t size)
{
    if (size == 2 && name [0] == '.' && name [1] == '.')
        return (verdict_t) {REFUSED_PATH_TRAVERSAL, "a component is '..'"};
    if (size == 0 || (size == 1 && name [0] == '.'))
        return (verdict_t) {REFUSED_DUPLICATE, "an empty component or '.' spells another path"};
    if (size > ARCHIVE_COMPONENT_MAX)
        return (verdict_t) {REFUSED_NAME, "a component is longer than 255 bytes"};
    return (verdict_t) {REFUSED_RESERVED_NAME, reserved_reason (name, size)};
}

static verdict_t
judge_components (const char *path, size_t size, uint32_t depth_max)
{
    uint32_t depth = 0;
    for (const char *at = path, *end = path + size;; depth++) {
        const char *slash = memchr (at, '/', (size_t) (end - at));
        verdict_t verdict = judge_component (at, (size_t) ((slash ? slash : end) - at));
        if (verdict.reason)
            return verdict;
        if (depth > depth_max)
            return (verdict_t) {REFUSED_LIMITS, "directories are nested too deep"};
        if (!slash)
            return (verdict_t) {REFUSED_NAME, NULL};
        at = slash + 1;
    }
}

static verdict_t
judge (const char *path, size_t size, const archive_limits_t *limits)
{
    if (size == 0)
        return (verdict_t) {REFUSED_NAME, "it is empty"};
    if (size > limits->path_bytes || size >= ARCHIVE_PATH_MAX)
        return (verdict_t) {REFUSED_LIMITS, "the path is too long"};
    if (*path == '/')
        return (verdict_t) {REFUSED_ABSOLUTE_PATH, "paths must be relative"};
    if (memchr (path, '\\', size))
        return (verdict_t) {REFUSED_PATH_TRAVERSAL, "a backslash separates paths on Windows"};
    if (!unicode_is_utf8 (path, size))
        return (verdict_t) {REFUSED_NAME, "it is not valid UTF-8"};
    if (!unicode_is_plain (path, size))
        return (verdict_t) {REFUSED_NAME, "it holds a control, format or bidi character"};
    return judge_components (path, size, limits->depth);
}

code_t
entry_rules_check (const char *path, size_t size, const archive_limits_t *limits,
                   refusal_t *refusal)
{
    verdict_t verdict = judge (path, size, limits);
    if (!verdict.reason)
        return OK;
    return refusal_set (refusal, verdict.kind, path, size, "%s", verdict.reason);
}
