// SPDX-License-Identifier: MIT
//  Two lines: what a user writes for a package, and another. What is valid is a safe path.
#include "messages/package_id.h"
#include "tests/fuzz/lib/fuzz.h"

#include <stdlib.h>
#include <string.h>

static void
check_id (const char *id)
{
    must_hold (*id && strlen (id) <= PACKAGE_ID_MAX);
    must_hold (*id != '/' && *id != '.' && !strstr (id, "//") && !strchr (id, '\\'));
    must_hold (!strstr (id, "/../") && !strstr (id, "/./") && id [strlen (id) - 1] != '/');
    char flat [PACKAGE_ID_MAX + 1];
    package_id_flat (id, flat);
    must_hold (strlen (flat) == strlen (id) && !strchr (flat, '/'));
}

static void
split (const char *text)
{
    char id [PACKAGE_ID_MAX + 1];
    const char *range = NULL;
    code_t code = package_id_split (text, id, &range);
    must_hold (code == OK || (code == VALIDATION && !*id && !range));
    if (code)
        return;
    check_id (id);
    must_hold (strncmp (text, id, strlen (id)) == 0);
    must_hold (!range || (range > text && range [-1] == '@'));
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    char *a = fuzz_line (&data, &size), *b = fuzz_line (&data, &size);
    if (package_id_valid (a))
        check_id (a);
    split (a);
    must_hold (package_id_collides (a, b) == package_id_collides (b, a));
    must_hold (!package_id_collides (a, a));
    (void) package_id_is_path (a);
    free (a);
    free (b);
    return 0;
}
