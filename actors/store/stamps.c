// SPDX-License-Identifier: MIT
#include "stamps.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_SIZE (3 * 21 + 2)
#define HEAD_MAX_SIZE (sizeof "ggen-stamps 1 " + SHA256_HEX_SIZE + 24)

char *
stamps_format (const file_list_t *list, const uint8_t files_sha256 [SHA256_SIZE],
               int64_t written_ns, size_t *size_p)
{
    size_t count = file_list_count (list), room = HEAD_MAX_SIZE + count * LINE_MAX_SIZE;
    char *text = malloc (room);
    if (!text)
        return NULL;
    char hex [SHA256_HEX_SIZE + 1];
    sha256_to_hex (files_sha256, hex);
    size_t used = (size_t) snprintf (text, room, "ggen-stamps 1 %s %" PRId64 "\n", hex, written_ns);
    for (size_t i = 0; i < count; i++) {
        const file_stamp_t *stamp = &file_list_at (list, i)->stamp;
        used += (size_t) snprintf (text + used, room - used,
                                   "%" PRIu64 " %" PRId64 " %" PRId64 "\n",
                                   stamp->inode, stamp->mtime_ns, stamp->ctime_ns);
    }
    *size_p = used;
    return text;
}

//  One number and the byte that must follow it. The text ends in a newline, which stops strtoll.
static bool
take_number (const char **at, char follows, uint64_t *value)
{
    char *end;
    if ((**at < '0' || **at > '9') && **at != '-')
        return false;
    errno = 0;
    *value = **at == '-' ? (uint64_t) strtoll (*at, &end, 10) : strtoull (*at, &end, 10);
    if (errno || *end != follows)
        return false;
    *at = end + 1;
    return true;
}

static bool
parse (const char *text, size_t size, const uint8_t files_sha256 [SHA256_SIZE], int64_t settled_ns,
       file_list_t *list)
{
    const char head [] = "ggen-stamps 1 ";
    const char *end = text + size, *at = text + strlen (head) + SHA256_HEX_SIZE + 1;
    uint8_t digest [SHA256_SIZE];
    if (size < strlen (head) + SHA256_HEX_SIZE + 3 || end [-1] != '\n'
        || memcmp (text, head, strlen (head))
        || !sha256_from_hex (text + strlen (head), SHA256_HEX_SIZE, digest)
        || memcmp (digest, files_sha256, SHA256_SIZE) || at [-1] != ' ')
        return false;
    uint64_t written, inode, mtime, ctime;
    if (!take_number (&at, '\n', &written))
        return false;
    if (settled_ns > (int64_t) written)
        written = (uint64_t) settled_ns;
    for (size_t i = 0; i < file_list_count (list); i++) {
        if (at >= end || !take_number (&at, ' ', &inode) || !take_number (&at, ' ', &mtime)
            || !take_number (&at, '\n', &ctime))
            return false;
        bool racy = (int64_t) ctime >= (int64_t) written - STAMPS_RACY_NS;
        file_list_at (list, i)->stamp =
            racy ? (file_stamp_t) {0}
                 : (file_stamp_t) {.inode = inode, .mtime_ns = (int64_t) mtime,
                                   .ctime_ns = (int64_t) ctime};
    }
    return at == end;
}

bool
stamps_parse (const char *text, size_t size, const uint8_t files_sha256 [SHA256_SIZE],
              int64_t settled_ns, file_list_t *list)
{
    if (parse (text, size, files_sha256, settled_ns, list))
        return true;
    for (size_t i = 0; i < file_list_count (list); i++)
        file_list_at (list, i)->stamp = (file_stamp_t) {0};
    return false;
}
