// SPDX-License-Identifier: MIT
#include "package_id.h"

#include "semver.h"

#include <assert.h>
#include <string.h>

//  Not isalnum () and tolower (): those ask the locale.
static bool
is_id_char (char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
        || c == '.' || c == '_' || c == '-';
}

static char
lower (char c)
{
    return c >= 'A' && c <= 'Z' ? (char) (c - 'A' + 'a') : c;
}

static bool
equal_but_case (const char *a, const char *b, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (lower (a [i]) != lower (b [i]))
            return false;
    return true;
}

static bool
is_part (const char *part, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (!is_id_char (part [i]))
            return false;
    bool dots = (size == 1 && part [0] == '.') || (size == 2 && part [0] == '.' && part [1] == '.');
    return size > 0 && !dots;
}

static bool
is_reserved (const char *part, size_t size)
{
    static const char *const names [] = {"ggen.lock", "index.json", "index.json.corrupted"};
    for (size_t i = 0; i < COUNT_OF (names); i++)
        if (size == strlen (names [i]) && equal_but_case (part, names [i], size))
            return true;
    return *part == '.';
}

bool
package_id_valid (const char *id)
{
    size_t size = strnlen (id, PACKAGE_ID_MAX + 1);
    if (size > PACKAGE_ID_MAX)
        return false;
    bool scoped = *id == '@';
    const char *first = scoped ? id + 1 : id;
    const char *slash = strchr (first, '/');
    if (!slash)
        return is_part (id, size) && !is_reserved (id, size);     //  '@' is of no part
    size_t first_size = (size_t) (slash - first);
    const char *second = slash + 1;
    if (!is_part (first, first_size) || !is_part (second, strlen (second)))
        return false;
    return scoped || (!is_reserved (first, first_size) && !semver_is_canonical (second));
}

bool
package_id_collides (const char *a, const char *b)
{
    size_t size = strlen (a);
    return size == strlen (b) && equal_but_case (a, b, size) && strcmp (a, b) != 0;
}

code_t
package_id_split (const char *text, char id [PACKAGE_ID_MAX + 1], const char **range_p)
{
    *id = 0;
    *range_p = NULL;
    const char *at = strrchr (text, '@');
    if (at == text)
        at = NULL;
    size_t size = at ? (size_t) (at - text) : strlen (text);
    if (size > PACKAGE_ID_MAX)
        return VALIDATION;
    memcpy (id, text, size);
    id [size] = 0;
    if (!package_id_valid (id)) {
        *id = 0;
        return VALIDATION;
    }
    *range_p = at ? at + 1 : NULL;
    return OK;
}

void
package_id_flat (const char *id, char flat [PACKAGE_ID_MAX + 1])
{
    size_t size = strlen (id);
    assert (size <= PACKAGE_ID_MAX);
    for (size_t i = 0; i <= size; i++)
        flat [i] = id [i] == '/' ? '-' : id [i];
}

static bool
begins_with (const char *text, const char *prefix)
{
    return strncmp (text, prefix, strlen (prefix)) == 0;
}

static bool
ends_with (const char *text, const char *suffix)
{
    size_t size = strlen (text), suffix_size = strlen (suffix);
    return size > suffix_size && strcmp (text + size - suffix_size, suffix) == 0;
}

bool
package_id_is_path (const char *text)
{
    return strcmp (text, ".") == 0 || strcmp (text, "..") == 0
        || begins_with (text, "/") || begins_with (text, "./") || begins_with (text, "../")
        || ends_with (text, ".tar.gz") || ends_with (text, ".tgz") || ends_with (text, ".tar.zst");
}

//  Goes back to the last '*' only, which is enough (Krauss 2008).
bool
package_id_fits (const char *pattern, bytes_t id)
{
    const char *star = NULL;
    size_t at = 0, again = 0;
    while (at < id.size) {
        if (*pattern == '*') {
            star = pattern++;
            again = at;
        } else if (*pattern && (*pattern == '?' || *pattern == (char) id.data [at])) {
            pattern++;
            at++;
        } else if (star) {
            pattern = star + 1;
            at = ++again;
        } else
            return false;
    }
    while (*pattern == '*')
        pattern++;
    return !*pattern;
}
