// SPDX-License-Identifier: MIT
//  A publisher key's file. What is read is written to the same bytes: there is one form only.
#include "actors/trust/key_file_io.h"
#include "tests/fuzz/lib/fuzz.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void
put (int directory, const uint8_t *data, size_t size)
{
    int fd = openat (directory, "key", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    must_hold (fd != -1 && write (fd, data, size) == (ssize_t) size);
    close (fd);
}

static void
write_again (const key_file_t *key, int directory, const char *directory_path,
             const uint8_t *data, size_t size)
{
    char path [128], why [KEY_FILE_WHY_MAX];
    uint8_t again [KEY_FILE_BYTES_MAX + 1];
    snprintf (path, sizeof path, "%s/again", directory_path);
    must_hold (key_file_write (key, path, false, why) == OK);
    int fd = openat (directory, "again", O_RDONLY | O_CLOEXEC);
    must_hold (fd != -1 && read (fd, again, sizeof again) == (ssize_t) size);
    must_hold (memcmp (again, data, size) == 0);
    close (fd);
    unlinkat (directory, "again", 0);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    must_hold (sodium_init () >= 0);
    const char *directory_path;
    int directory = fuzz_directory (&directory_path);
    put (directory, data, size);
    char path [128], why [KEY_FILE_WHY_MAX], hint [KEY_FILE_WHY_MAX];
    snprintf (path, sizeof path, "%s/key", directory_path);
    bool open = false;
    AUTO (key_file_destroy) key_file_t *key = key_file_new ();
    must_hold (key != NULL);
    code_t code = key_file_read (key, path, false, &open, why, hint);
    must_hold (code == OK || code == VALIDATION);
    if (code == OK) {
        must_hold (key_file_name_valid (key->name) && !open);
        write_again (key, directory, directory_path, data, size);
    }
    unlinkat (directory, "key", 0);
    return 0;
}
