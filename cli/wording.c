// SPDX-License-Identifier: MIT
#include "wording.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *
wording_publisher (ProtobufCBinaryData key, char out [WORDING_PUBLISHER_MAX])
{
    publisher_key_t publisher;
    if (publisher_key_from_field (&publisher, key) != OK)
        return "unsigned";
    publisher_key_fingerprint (&publisher, out);
    return out;
}

const char *
wording_key (ProtobufCBinaryData key, char out [PUBLISHER_KEY_TEXT_SIZE + 1])
{
    publisher_key_t publisher;
    if (publisher_key_from_field (&publisher, key) != OK)
        return "unsigned";
    publisher_key_to_text (&publisher, out);
    return out;
}

char *
wording_join (char *const texts [], size_t texts_count)
{
    size_t size = 1;
    for (size_t at = 0; at < texts_count; at++)
        size += strlen (texts [at]) + 2;
    char *joined = malloc (size);
    if (!joined)
        return NULL;
    char *end = joined;
    *end = 0;
    for (size_t at = 0; at < texts_count; at++)
        end = stpcpy (stpcpy (end, at > 0 ? ", " : ""), texts [at]);
    return joined;
}

char *
wording_dependencies (Ggen__LockedDependency *const list [], size_t count)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream (&text, &size);
    for (size_t at = 0; out && at < count; at++)
        fprintf (out, "%s%s %s", at > 0 ? ", " : "", list [at]->name, list [at]->version);
    if (out)
        fclose (out);
    return text;
}

const char *
wording_count (uint64_t count, const char *thing, char out [WORDING_COUNT_MAX])
{
    snprintf (out, WORDING_COUNT_MAX, "%" PRIu64 " %s%s", count, thing, count == 1 ? "" : "s");
    return out;
}

char *
wording_borrow (const char *text)
{
    return (char *) (uintptr_t) (text ? text : "");
}

const char *
wording_peer (ProtobufCBinaryData key, char out [PEER_ID_TEXT + 1])
{
    peer_key_t peer;
    out [0] = 0;
    if (peer_key_from_field (&peer, key) == OK)
        peer_id_text (&peer, out);
    return out;
}
