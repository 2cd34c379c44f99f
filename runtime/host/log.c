// SPDX-License-Identifier: MIT
#include "log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const names[] = {"trace", "debug", "info", "warn", "error"};
static _Atomic int least = LEVEL_WARN;

void
log_set_level (log_level_t level)
{
    atomic_store (&least, (int) level);
}

bool
log_level_parse (const char *text, log_level_t *level_p)
{
    for (unsigned i = 0; i < COUNT_OF (names); i++)
        if (strcmp (text, names[i]) == 0) {
            *level_p = (log_level_t) i;
            return true;
        }
    return false;
}

void
log_line (log_level_t level, const char *event, const char *format, ...)
{
    if ((int) level < atomic_load_explicit (&least, memory_order_relaxed))
        return;
    char line[1024];
    int size = snprintf (line, sizeof line, "%s %s ", names[level], event);
    va_list args;
    va_start (args, format);
    int more = vsnprintf (line + size, 1000 - (size_t) size, format, args);
    va_end (args);
    size = more < 0 ? size : size + more;
    if (size > 999)
        size = 999;
    for (int i = 0; i < size; i++)
        if ((unsigned char) line[i] < 0x20 || line[i] == 0x7F)
            line[i] = '?';
    line[size++] = '\n';
    //  One write a line, so that lines of several threads do not mix. Nothing to do if it fails.
    ssize_t written = write (STDERR_FILENO, line, (size_t) size);
    (void) written;
}
