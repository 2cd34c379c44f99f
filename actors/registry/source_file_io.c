// SPDX-License-Identifier: MIT
#include "actors/registry/source_file_io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "actors/registry/disk_io.h"

static int
open_home (const char *home)
{
    return open (home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

code_t
source_file_read (const char *home, source_list_t *list, char *why, size_t why_size)
{
    *list = (source_list_t) {.count = 0};
    AUTO (disk_close) int dir = open_home (home);
    if (dir == -1 && errno == ENOENT)
        return OK;
    uint8_t *text = NULL;
    size_t size = 0;
    code_t code = dir == -1 ? disk_code (errno)
                            : disk_read (dir, SOURCE_LIST_FILE, SOURCE_LIST_TEXT_MAX, &text, &size);
    char reason [200] = "";
    if (code != OK)
        snprintf (reason, sizeof reason, "%s", strerror (errno));
    else if (text)
        code = source_list_read (list, (char *) text, size, reason, sizeof reason);
    if (code != OK)
        snprintf (why, why_size, "%s/%s: %s", home, SOURCE_LIST_FILE, reason);
    free (text);
    return code;
}

source_file_stamp_t
source_file_stamp (const char *home)
{
    struct stat st;
    AUTO (disk_close) int dir = open_home (home);
    if (dir == -1 || fstatat (dir, SOURCE_LIST_FILE, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return (source_file_stamp_t) {.device = 0};
    return (source_file_stamp_t) {.device = st.st_dev,
                                  .inode = st.st_ino,
                                  .size_bytes = (uint64_t) st.st_size,
                                  .modified_ns = st.st_mtim.tv_sec * 1000000000
                                                 + st.st_mtim.tv_nsec};
}

code_t
source_file_write (const char *home, const source_list_t *list, char *why, size_t why_size)
{
    char *text = source_list_text (list);
    if (!text) {
        snprintf (why, why_size, "%s/%s: out of memory, or a path is no UTF-8", home,
                  SOURCE_LIST_FILE);
        return INTERNAL;
    }
    AUTO (disk_close) int dir = open_home (home);
    bytes_t bytes = {(const uint8_t *) text, strlen (text)};
    code_t code = dir == -1 ? disk_code (errno) : disk_replace (dir, SOURCE_LIST_FILE, bytes);
    if (code != OK)
        snprintf (why, why_size, "%s/%s: %s", home, SOURCE_LIST_FILE, strerror (errno));
    free (text);
    return code;
}

unsigned
source_file_count (const char *home)
{
    source_list_t list;
    char why [SOURCE_LOCATION_MAX];
    if (source_file_read (home, &list, why, sizeof why) != OK)
        return 0;
    unsigned count = list.count;
    source_list_clear (&list);
    return count;
}
