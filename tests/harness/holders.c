// SPDX-License-Identifier: MIT
#include "holders.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

//  0: there is none in this table.
static uint64_t
inode_in (const char *table, uint16_t port, uint16_t door)
{
    char line[512];
    uint64_t found = 0;
    FILE *file = fopen (table, "r");
    while (file && !found && fgets (line, sizeof line, file)) {
        unsigned local, remote;
        uint64_t inode;
        if (sscanf (line, " %*[^:]: %*[^:]:%x %*[^:]:%x %*s %*s %*s %*s %*s %*s %" SCNu64, &local,
                    &remote, &inode) == 3
            && local == port && remote == door)
            found = inode;
    }
    if (file)
        fclose (file);
    return found;
}

static bool
has_open (pid_t pid, const char *socket)
{
    char path[64], link[64];
    snprintf (path, sizeof path, "/proc/%d/fd", (int) pid);
    DIR *directory = opendir (path);
    if (!directory)
        return false;
    bool found = false;
    const struct dirent *entry;
    while (!found && (entry = readdir (directory)) != NULL) {
        ssize_t size = readlinkat (dirfd (directory), entry->d_name, link, sizeof link - 1);
        link[size > 0 ? size : 0] = 0;
        found = strcmp (link, socket) == 0;
    }
    closedir (directory);
    return found;
}

int
holders_find (uint16_t port, uint16_t door, const pid_t *pids, unsigned count)
{
    char socket[64];
    uint64_t inode = inode_in ("/proc/self/net/tcp", port, door);
    if (!inode)
        inode = inode_in ("/proc/self/net/tcp6", port, door);
    snprintf (socket, sizeof socket, "socket:[%" PRIu64 "]", inode);
    for (unsigned i = 0; inode && i < count; i++)
        if (pids[i] && has_open (pids[i], socket))
            return (int) i;
    return -1;
}
