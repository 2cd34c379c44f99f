// SPDX-License-Identifier: MIT
//  ggen.lock: what is read is written, read and written again to the same bytes.
#include "actors/installer/lockfile.h"
#include "tests/fuzz/lib/fuzz.h"

#include <stdlib.h>
#include <string.h>

static void
write_and_read (const Ggen__Lock *lock)
{
    char *text, *again, *why = NULL;
    must_hold (lockfile_write (lock, &text, &why) == OK);
    Ggen__Lock *copy = NULL;
    must_hold (lockfile_read (text, strlen (text), &copy, &why) == OK);
    must_hold (lockfile_write (copy, &again, &why) == OK);
    must_hold (strcmp (text, again) == 0);
    ggen__lock__free_unpacked (copy, NULL);
    free (text);
    free (again);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    Ggen__Lock *lock = NULL;
    char *why = NULL;
    code_t code = lockfile_read ((const char *) data, size, &lock, &why);
    must_hold ((code == OK) == (lock != NULL));
    must_hold (code == OK || why);
    if (lock)
        write_and_read (lock);
    ggen__lock__free_unpacked (lock, NULL);
    free (why);
    return 0;
}
