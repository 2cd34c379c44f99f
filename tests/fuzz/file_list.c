// SPDX-License-Identifier: MIT
//  The list of a tree's files: whatever parses formats to the same bytes, and then its stamps. The
//  list ends at the first empty line; stamps follow, without their first line.
#include "actors/store/stamps.h"
#include "tests/fuzz/lib/fuzz.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WRITTEN_NS INT64_C (1763600000000000000)

static void
read_stamps (file_list_t *list, const uint8_t *data, size_t size)
{
    static const uint8_t digest [SHA256_SIZE] = {1, 2, 3};
    char hex [SHA256_HEX_SIZE + 1], *text;
    sha256_to_hex (digest, hex);
    int length = asprintf (&text, "ggen-stamps 1 %s %.*s", hex, (int) size, (const char *) data);
    must_hold (length > 0);
    bool read = stamps_parse (text, (size_t) length, digest, 0, list);
    free (text);
    if (!read)
        return;
    //  All are either unknown now, or come back as they are
    size_t text_size;
    text = stamps_format (list, digest, WRITTEN_NS, &text_size);
    must_hold (text && stamps_parse (text, text_size, digest, 0, list));
    free (text);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    const archive_limits_t limits = ARCHIVE_LIMITS_DEFAULT;
    const uint8_t *empty = size ? memmem (data, size, "\n\n", 2) : NULL;
    size_t list_size = empty ? (size_t) (empty - data) + 1 : size;
    file_list_t *list = NULL;
    if (file_list_parse ((const char *) data, list_size, &limits, &list) != OK) {
        must_hold (list == NULL);
        return 0;
    }
    size_t text_size;
    char *text = file_list_format (list, &text_size);
    must_hold (text && text_size == list_size && !memcmp (text, data, list_size));
    free (text);
    for (size_t i = 0; i < file_list_count (list); i++) {
        size_t index;
        must_hold (file_list_find (list, file_list_at (list, i)->path, &index) && index == i);
    }
    if (empty)
        read_stamps (list, empty + 2, size - list_size - 1);
    file_list_destroy (&list);
    return 0;
}
