// SPDX-License-Identifier: MIT
//  One line an event on stderr: `level event key=value ...`. Only the host and I/O actors log;
//  pure actors send messages, and the tap shows those.
#ifndef GGEN_LOG_H
#define GGEN_LOG_H

#include "base.h"

typedef enum { LEVEL_TRACE, LEVEL_DEBUG, LEVEL_INFO, LEVEL_WARN, LEVEL_ERROR } log_level_t;

//  Lines below 'level' are not written. Until it is called: LEVEL_WARN.
void log_set_level (log_level_t level);

//  "trace" .. "error"; returns false for anything else.
bool log_level_parse (const char *text, log_level_t *level_p);

//  From now on lines go to the file 'path' (0600, appended to), and so does all else that is written
//  to stderr. With 'bytes_max' bytes in it, it becomes 'path'.1, whatever that was, and a new one
//  begins: at most twice as much is on disk. Where that fails the old one grows.
//  OK; STORAGE: it cannot be opened (errno); nothing has changed.
must_use code_t log_to_file (const char *path, uint64_t bytes_max);

//  'event' is a fixed name ("host.actor_failed"), 'format' makes the key=value part.
//  A line is cut at 1,000 bytes; control characters become '?'.
void log_line (log_level_t level, const char *event, const char *format, ...) printf_like (3, 4);

#define log_debug(...) log_line (LEVEL_DEBUG, __VA_ARGS__)
#define log_info(...)  log_line (LEVEL_INFO, __VA_ARGS__)
#define log_warn(...)  log_line (LEVEL_WARN, __VA_ARGS__)
#define log_error(...) log_line (LEVEL_ERROR, __VA_ARGS__)

#endif
