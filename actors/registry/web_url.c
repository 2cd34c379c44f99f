// SPDX-License-Identifier: MIT
#include "actors/registry/web_url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "actors/registry/import_index.h"

//  Bytes of "scheme://host:port"; 0: not there.
static size_t
origin_size (const char *url)
{
    size_t scheme = strncasecmp (url, "http://", 7) == 0    ? 7
                    : strncasecmp (url, "https://", 8) == 0 ? 8
                                                            : 0;
    size_t host = scheme ? strcspn (url + scheme, "/?#") : 0;
    return host ? scheme + host : 0;
}

bool
web_url_is_one (const char *url)
{
    return origin_size (url) > 0;
}

char *
web_url_index (const char *registry)
{
    static const char end [] = ".json";
    size_t size = strlen (registry);
    char *index = NULL;
    if (size > sizeof end && strcmp (registry + size - (sizeof end - 1), end) == 0)
        return strdup (registry);
    while (size > origin_size (registry) && registry [size - 1] == '/')
        size--;
    return asprintf (&index, "%.*s/index.json", (int) size, registry) < 0 ? NULL : index;
}

//  Bytes of the index's URL that its references stand below: all up to its last '/'.
static size_t
directory_size (const char *index)
{
    size_t size = strcspn (index, "?#");
    while (size > 0 && index [size - 1] != '/')
        size--;
    return size;
}

char *
web_url_join (const char *index, const char *reference)
{
    char *url = NULL;
    if (web_url_is_one (reference))
        return strdup (reference);
    bool rooted = reference [0] == '/';
    //  One that names a host of its own ("//host/path") has a second slash.
    char *path = import_index_path (reference + rooted);
    size_t size = rooted ? origin_size (index) + 1 : directory_size (index);
    if (path && (rooted || size > origin_size (index))
        && asprintf (&url, "%.*s%s%s", (int) (rooted ? size - 1 : size), index, rooted ? "/" : "",
                     reference + rooted)
               < 0)
        url = NULL;
    free (path);
    return url;
}
