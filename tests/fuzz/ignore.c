// SPDX-License-Identifier: MIT
//  A path, in the first line, and the patterns of a .ggenignore.
#include "actors/store/ignore.h"
#include "tests/fuzz/lib/fuzz.h"

#include <stdlib.h>

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    char *path = fuzz_line (&data, &size);
    ignore_t *rules = NULL;
    code_t code = ignore_parse ((const char *) data, size, &rules);
    must_hold ((code == OK) == (rules != NULL));
    if (rules) {
        bool file = ignore_matches (rules, path, false);
        must_hold (ignore_matches (rules, path, false) == file);
        (void) ignore_matches (rules, path, true);
    }
    ignore_destroy (&rules);
    free (path);
    return 0;
}
