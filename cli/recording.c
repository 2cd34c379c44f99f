// SPDX-License-Identifier: MIT
#include "recording.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct recording_t {
    FILE *file;
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
recording_new (recording_t **self_p, const char *path, char *why, size_t why_size)
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
    self->file = file;
    *self_p = self;
    //  A disk that is full already is told by the first flush.
    fputs (RECORDING_HEADER, file);
    return OK;
}

static bool
write_frame (FILE *file, bytes_t bytes)
{
    const uint8_t size [4] = {(uint8_t) (bytes.size >> 24), (uint8_t) (bytes.size >> 16),
                              (uint8_t) (bytes.size >> 8), (uint8_t) bytes.size};
    return fwrite (size, 1, sizeof size, file) == sizeof size
           && fwrite (bytes.data, 1, bytes.size, file) == bytes.size;
}

code_t
recording_add (recording_t *self, const heard_t *heard)
{
    return write_frame (self->file, heard->topic) && write_frame (self->file, heard->header)
                   && write_frame (self->file, heard->body) ? OK : STORAGE;
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
