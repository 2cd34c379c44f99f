// SPDX-License-Identifier: MIT
#include "fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char directory [64];
static int directory_fd = -1;

void
fuzz_must_hold (bool holds, const char *words, const char *file, int line)
{
    if (holds)
        return;
    fprintf (stderr, "%s:%d: does not hold: %s\n", file, line, words);
    abort ();
}

char *
fuzz_text (const uint8_t *data, size_t size)
{
    char *text = malloc (size + 1);
    must_hold (text != NULL);
    if (size)
        memcpy (text, data, size);
    text [size] = 0;
    return text;
}

char *
fuzz_line (const uint8_t **data, size_t *size)
{
    const uint8_t *end = *size ? memchr (*data, '\n', *size) : NULL;
    size_t length = end ? (size_t) (end - *data) : *size;
    char *line = fuzz_text (*data, length);
    size_t taken = length + (end != NULL);
    *data += taken;
    *size -= taken;
    return line;
}

static void
remove_directory (void)
{
    rmdir (directory);
}

int
fuzz_directory (const char **path_p)
{
    if (directory_fd == -1) {
        const char *memory = access ("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
        snprintf (directory, sizeof directory, "%s/ggen-fuzz-XXXXXX", memory);
        must_hold (mkdtemp (directory) != NULL);
        atexit (remove_directory);
        directory_fd = open (directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        must_hold (directory_fd != -1);
    }
    if (path_p)
        *path_p = directory;
    return directory_fd;
}
