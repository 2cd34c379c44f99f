// SPDX-License-Identifier: MIT
#include "actors/registry/index_json.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/registry/layout.h"
#include "messages/rfc3339.h"


//  A string whatever its bytes are: only a file that somebody edited holds bytes that are no UTF-8.
static json_t *
string (const char *text)
{
    json_t *value = json_string (text);
    char *copy = value ? NULL : strdup (text);
    if (!copy)
        return value;
    for (char *c = copy; *c; c++)
        if ((unsigned char) *c >= 0x80)
            *c = '?';
    value = json_string (copy);
    free (copy);
    return value;
}

static json_t *
strings (char *const *texts, size_t count)
{
    json_t *list = json_array ();
    for (size_t i = 0; i < count; i++)
        json_array_append_new (list, string (texts [i]));
    return list;
}

static json_t *
author (const Ggen__Package *package)
{
    if (package->n_authors == 0)
        return string (package->publisher ? package->publisher->name : "");
    char *joined = NULL;
    size_t size = 0;
    FILE *out = open_memstream (&joined, &size);
    if (!out)
        return NULL;
    for (size_t i = 0; i < package->n_authors; i++)
        fprintf (out, "%s%s", i ? ", " : "", package->authors [i]);
    json_t *value = fclose (out) == 0 ? string (joined) : NULL;
    free (joined);
    return value;
}

//  The text of 'value', which is taken.
static char *
dump (json_t *value)
{
    char *text = value ? json_dumps (value, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    json_decref (value);
    return text;
}

char *
index_json_package (const Ggen__Package *package)
{
    return dump (json_pack (
        "{so so so so so so so so}", "name",
        string (package->title [0] ? package->title : package->id), "description",
        string (package->description), "author", author (package), "category",
        string (package->n_categories ? package->categories [0] : ""), "tags",
        strings (package->tags, package->n_tags), "repository", string (package->repository),
        "license", string (package->license), "homepage", string (package->homepage)));
}

static json_t *
dependencies (const Ggen__Package *package)
{
    json_t *list = json_array ();
    for (size_t i = 0; i < package->n_dependencies; i++) {
        const Ggen__Dependency *needs = package->dependencies [i];
        json_array_append_new (
            list, json_pack ("{so so sb}", "name", string (needs->name), "version_req",
                             string (needs->requirement), "optional", (int) needs->optional));
    }
    return list;
}

static json_t *
checksum (const Ggen__Package *package)
{
    char hex [2 * 32 + 1] = "";
    for (size_t i = 0; i < package->sha256.len && i < 32; i++)
        snprintf (hex + 2 * i, 3, "%02x", package->sha256.data [i]);
    return json_string (hex);
}

char *
index_json_version (const Ggen__Package *package, const char *archive)
{
    char published_at [RFC3339_SIZE + 1];
    rfc3339_write (package->created_at, published_at);
    char *url = archive [0] ? layout_url (archive) : strdup (package->location);
    if (!url)
        return NULL;
    char *text = dump (json_pack (
        "{so so so so ss sI}", "version", string (package->version), "download_url", string (url),
        "checksum", checksum (package), "dependencies", dependencies (package), "published_at",
        published_at, "size_bytes", (json_int_t) package->size_bytes));
    free (url);
    return text;
}

char *
index_json_text (const char *text)
{
    return dump (string (text));
}
