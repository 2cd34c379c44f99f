// SPDX-License-Identifier: MIT
#include "recording.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SIZE_BYTES 4            //  of a part's size
#define LOST_BYTES 8

//  ---- writing one ---------------------------------------------------------------------------------

struct recording_t {
    FILE *file;
    uint64_t bytes, bytes_max;
};

static FILE *
create (const char *path)
{
    const int fd = open (path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    FILE *file = fd < 0 ? NULL : fdopen (fd, "w");
    if (fd >= 0 && !file)
        close (fd);
    return file;
}

code_t
recording_new (recording_t **self_p, const char *path, uint64_t bytes_max, char *why,
               size_t why_size)
{
    *self_p = NULL;
    FILE *file = create (path);
    if (!file) {
        const int error = errno;
        snprintf (why, why_size, "%s: %s", path, strerror (error));
        return error == EEXIST ? ALREADY_EXISTS : STORAGE;
    }
    recording_t *self = malloc (sizeof *self);
    if (!self)
        abort ();
    *self = (recording_t) {file, strlen (RECORDING_HEADER), bytes_max};
    *self_p = self;
    //  A disk that is full already is told by the first flush.
    fputs (RECORDING_HEADER, file);
    return OK;
}

static bool
write_frame (FILE *file, bytes_t bytes)
{
    const uint8_t size [SIZE_BYTES] = {(uint8_t) (bytes.size >> 24), (uint8_t) (bytes.size >> 16),
                              (uint8_t) (bytes.size >> 8), (uint8_t) bytes.size};
    return fwrite (size, 1, sizeof size, file) == sizeof size
           && (bytes.size == 0 || fwrite (bytes.data, 1, bytes.size, file) == bytes.size);
}

code_t
recording_add (recording_t *self, const heard_t *heard)
{
    const uint64_t bytes = 3 * SIZE_BYTES + heard->topic.size + heard->header.size + heard->body.size;
    if (bytes > self->bytes_max - self->bytes)
        return BUSY;
    self->bytes += bytes;
    return write_frame (self->file, heard->topic) && write_frame (self->file, heard->header)
                   && write_frame (self->file, heard->body) ? OK : STORAGE;
}

code_t
recording_lost (recording_t *self, uint64_t lost)
{
    uint8_t count [LOST_BYTES];
    for (size_t at = 0; at < sizeof count; at++)
        count [at] = (uint8_t) (lost >> 8 * (sizeof count - 1 - at));
    const heard_t heard = {.body = {count, sizeof count}};
    return recording_add (self, &heard);
}

code_t
recording_flush (recording_t *self)
{
    return fflush (self->file) == 0 && !ferror (self->file) ? OK : STORAGE;
}

void
recording_destroy (recording_t **self_p)
{
    recording_t *self = *self_p;
    if (!self)
        return;
    fclose (self->file);
    free (self);
    *self_p = NULL;
}

//  ---- reading one ---------------------------------------------------------------------------------

enum { TOPIC, HEAD, BODY, PARTS };

static const uint32_t parts_max [PARTS] = {RECORDING_TOPIC_MAX, RECORDING_HEAD_MAX,
                                           RECORDING_BODY_MAX};

struct recorded_t {
    FILE *file;
    char *path;
    uint64_t number;            //  of the message that is read
    uint8_t *parts [PARTS];
    code_t code;
    const char *problem;
};

//  Exactly so many bytes. Returns how many there were.
static size_t
read_bytes (FILE *file, void *bytes, size_t size)
{
    return size > 0 ? fread (bytes, 1, size, file) : 0;
}

static code_t
check_header (FILE *file, const char *path, char *why, size_t why_size)
{
    char line [sizeof RECORDING_HEADER - 1];
    const size_t same = strlen (RECORDING_HEADER) - 2;      //  all but the number and the line's end
    const size_t size = read_bytes (file, line, sizeof line);
    if (size == sizeof line && memcmp (line, RECORDING_HEADER, size) == 0)
        return OK;
    if (ferror (file)) {
        snprintf (why, why_size, "%s: %s", path, strerror (errno));
        return STORAGE;
    }
    const bool other = size == sizeof line && memcmp (line, RECORDING_HEADER, same) == 0;
    snprintf (why, why_size, other ? "%s: a recording of another version of ggen"
                                   : "%s: not a recording of `ggen tap --record`", path);
    return VALIDATION;
}

code_t
recorded_open (recorded_t **self_p, const char *path, char *why, size_t why_size)
{
    *self_p = NULL;
    FILE *file = fopen (path, "re");
    if (!file) {
        snprintf (why, why_size, "%s: %s", path, strerror (errno));
        return STORAGE;
    }
    const code_t code = check_header (file, path, why, why_size);
    if (code != OK) {
        fclose (file);
        return code;
    }
    recorded_t *self = calloc (1, sizeof *self);
    if (!self || !(self->path = strdup (path)))
        abort ();
    self->file = file;
    for (size_t part = 0; part < PARTS; part++)
        if (!(self->parts [part] = malloc (parts_max [part])))
            abort ();
    *self_p = self;
    return OK;
}

void
recorded_close (recorded_t **self_p)
{
    recorded_t *self = *self_p;
    if (!self)
        return;
    for (size_t part = 0; part < PARTS; part++)
        free (self->parts [part]);
    fclose (self->file);
    free (self->path);
    free (self);
    *self_p = NULL;
}

static bool
stop (recorded_t *self, code_t code, const char *problem)
{
    self->code = ferror (self->file) ? STORAGE : code;
    self->problem = ferror (self->file) ? "cannot be read" : problem;
    return false;
}

static bool
read_part (recorded_t *self, size_t part, bytes_t *bytes)
{
    uint8_t digits [SIZE_BYTES];
    const size_t got = read_bytes (self->file, digits, sizeof digits);
    if (got == 0 && part == TOPIC)
        return stop (self, OK, NULL);
    if (got < sizeof digits)
        return stop (self, VALIDATION, "ends in the middle of message");
    const uint32_t size = (uint32_t) digits [0] << 24 | (uint32_t) digits [1] << 16
                          | (uint32_t) digits [2] << 8 | digits [3];
    if (size > parts_max [part])
        return stop (self, VALIDATION, "has parts beyond every bound in message");
    if (read_bytes (self->file, self->parts [part], size) < size)
        return stop (self, VALIDATION, "ends in the middle of message");
    *bytes = (bytes_t) {self->parts [part], size};
    return true;
}

bool
recorded_next (recorded_t *self, heard_t *heard, uint64_t *lost_p)
{
    *lost_p = 0;
    if (self->problem)
        return false;
    self->number++;
    if (!read_part (self, TOPIC, &heard->topic) || !read_part (self, HEAD, &heard->header)
        || !read_part (self, BODY, &heard->body))
        return false;
    if (heard->topic.size > 0 || heard->header.size > 0)
        return true;
    if (heard->body.size != LOST_BYTES)
        return stop (self, VALIDATION, "has neither a message nor a loss as message");
    for (size_t at = 0; at < LOST_BYTES; at++)
        *lost_p = *lost_p << 8 | heard->body.data [at];
    return true;
}

code_t
recorded_end (const recorded_t *self, char *why, size_t why_size)
{
    if (self->code != OK)
        snprintf (why, why_size, "%s: %s %" PRIu64, self->path, self->problem, self->number);
    return self->code;
}
