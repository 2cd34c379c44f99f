// SPDX-License-Identifier: MIT
#include "actors/registry/layout.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "messages/semver.h"

static bool
is_word (char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.'
           || c == '_' || c == '-';
}

//  One part of an id: not empty, not "." or "..".
static bool
part_is_valid (const char *part, size_t length)
{
    if (length == 0 || (length == 1 && part [0] == '.')
        || (length == 2 && part [0] == '.' && part [1] == '.'))
        return false;
    for (size_t i = 0; i < length; i++)
        if (!is_word (part [i]))
            return false;
    return true;
}

bool
layout_id_is_valid (const char *id)
{
    size_t length = strlen (id);
    if (length == 0 || length > LAYOUT_ID_MAX || layout_is_reserved (id))
        return false;
    const char *slash = strchr (id, '/');
    if (!slash)
        return part_is_valid (id, length);
    const char *scope = id [0] == '@' ? id + 1 : id;
    return part_is_valid (scope, (size_t) (slash - scope))
           && part_is_valid (slash + 1, strlen (slash + 1));
}

bool
layout_version_is_valid (const char *version)
{
    return strlen (version) <= LAYOUT_VERSION_MAX && semver_is_canonical (version);
}

bool
layout_is_reserved (const char *name)
{
    static const char *whole [] = {".trash", ".lock", "generation"};
    //  With their companions: index.db-journal, index.json.corrupted.
    static const char *prefixes [] = {".tmp-", "index.json", "index.db"};
    size_t length = strcspn (name, "/");
    for (size_t i = 0; i < COUNT_OF (whole); i++)
        if (length == strlen (whole [i]) && strncasecmp (name, whole [i], length) == 0)
            return true;
    for (size_t i = 0; i < COUNT_OF (prefixes); i++)
        if (strncasecmp (name, prefixes [i], strlen (prefixes [i])) == 0)
            return true;
    return false;
}

void
layout_version_path (char path [LAYOUT_PATH_MAX], const char *id, const char *version)
{
    snprintf (path, LAYOUT_PATH_MAX, "%s/%s", id, version);
}

bool
layout_archive_name (char name [LAYOUT_NAME_MAX + 1], const char *id, const char *version,
                     const char *format)
{
    int length = snprintf (name, LAYOUT_NAME_MAX + 1, "%s-%s.%s", id, version, format);
    if (length < 0 || length > LAYOUT_NAME_MAX)
        return false;
    for (char *c = name; *c; c++)
        if (*c == '/')
            *c = '-';
    return true;
}

char *
layout_url (const char *path)
{
    char *url = malloc (3 * strlen (path) + 1);
    if (!url)
        return NULL;
    char *to = url;
    for (; *path; path++) {
        if (is_word (*path) || *path == '~' || *path == '/')
            *to++ = *path;
        else
            to += sprintf (to, "%%%02X", (unsigned) (unsigned char) *path);
    }
    *to = 0;
    return url;
}
