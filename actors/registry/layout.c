// SPDX-License-Identifier: MIT
#include "actors/registry/layout.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "messages/package_id.h"
#include "messages/semver.h"

bool
layout_id_is_valid (const char *id)
{
    return package_id_valid (id) && !layout_is_reserved (id);
}

bool
layout_version_is_valid (const char *version)
{
    return strlen (version) <= LAYOUT_VERSION_MAX && semver_is_canonical (version);
}

bool
layout_is_reserved (const char *name)
{
    static const char *whole [] = {LAYOUT_STAGES, LAYOUT_TRASH, ".lock", "generation"};
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
    char flat [PACKAGE_ID_MAX + 1];
    package_id_flat (id, flat);
    int length = snprintf (name, LAYOUT_NAME_MAX + 1, "%s-%s.%s", flat, version, format);
    return length >= 0 && length <= LAYOUT_NAME_MAX;
}

static bool
is_unreserved (char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.'
           || c == '_' || c == '-' || c == '~';
}

char *
layout_url (const char *path)
{
    char *url = malloc (3 * strlen (path) + 1);
    if (!url)
        return NULL;
    char *to = url;
    for (; *path; path++) {
        if (is_unreserved (*path) || *path == '/')
            *to++ = *path;
        else
            to += snprintf (to, 4, "%%%02X", (unsigned) (unsigned char) *path);
    }
    *to = 0;
    return url;
}
