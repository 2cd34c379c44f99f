// SPDX-License-Identifier: MIT
//  Runs a fuzz target once over each file of a directory, its corpus: a test without a fuzzer, by
//  any compiler. A file that fails ends the process, its name printed before.
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX (1u << 20)            //  Bytes of a file; more is no input of a small corpus

static int
is_input (const struct dirent *entry)
{
    return *entry->d_name != '.';
}

static void
replay (const char *directory, const char *name)
{
    char path [4096];
    snprintf (path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen (path, "rb");
    must_hold (file != NULL);
    uint8_t *data = malloc (INPUT_MAX);
    must_hold (data != NULL);
    size_t size = fread (data, 1, INPUT_MAX, file);
    must_hold (size < INPUT_MAX && !ferror (file));
    fclose (file);
    //  Exactly as large, so that a read beyond it is seen by a sanitizer
    uint8_t *exact = malloc (size ? size : 1);
    must_hold (exact != NULL);
    memcpy (exact, data, size);
    free (data);
    LLVMFuzzerTestOneInput (exact, size);
    free (exact);
}

int
main (int argc, char **argv)
{
    if (argc != 2) {
        fprintf (stderr, "usage: %s CORPUS\n", *argv);
        return 2;
    }
    struct dirent **list;
    int count = scandir (argv [1], &list, is_input, alphasort);
    if (count < 0) {
        perror (argv [1]);
        return 1;
    }
    printf ("1..%d\n", count);
    for (int i = 0; i < count; i++) {
        printf ("# %s\n", list [i]->d_name);
        fflush (stdout);
        replay (argv [1], list [i]->d_name);
        printf ("ok %d - %s\n", i + 1, list [i]->d_name);
        free (list [i]);
    }
    free (list);
    return 0;
}
