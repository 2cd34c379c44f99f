// SPDX-License-Identifier: MIT
#include "notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void
notify_say (const char *lines)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *path = getenv ("NOTIFY_SOCKET");
    size_t size = path ? strlen (path) : 0;
    if (size < 2 || size >= sizeof address.sun_path || (path[0] != '/' && path[0] != '@'))
        return;
    memcpy (address.sun_path, path, size);
    //  A name without a file begins with a NUL, for which '@' stands.
    if (path[0] == '@')
        address.sun_path[0] = 0;
    int said = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (said < 0)
        return;
    ssize_t sent = sendto (said, lines, strlen (lines), MSG_NOSIGNAL, (struct sockaddr *) &address,
                           (socklen_t) (offsetof (struct sockaddr_un, sun_path) + size));
    (void) sent;
    close (said);
}
