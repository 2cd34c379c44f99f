// SPDX-License-Identifier: MIT
//  A folder of a test's own, below $TMPDIR, which the runner removes whatever happens. Include after
//  cmocka.h.
#ifndef GGEN_TESTS_TEMP_DIR_H
#define GGEN_TESTS_TEMP_DIR_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEMP_DIR_SIZE 64            //  bytes of its name, with the NUL

static inline void
temp_dir_make (char dir [TEMP_DIR_SIZE])
{
    static const char name [] = "/ggen-XXXXXX";
    const char *base = getenv ("TMPDIR");
    if (!base || base [0] != '/' || strlen (base) + sizeof name > TEMP_DIR_SIZE)
        base = "/tmp";
    snprintf (dir, TEMP_DIR_SIZE, "%s%s", base, name);
    assert_non_null (mkdtemp (dir));
}

static inline int
temp_dir_remove_one (const char *path, const struct stat *info, int kind, struct FTW *at)
{
    (void) info;
    (void) kind;
    (void) at;
    return remove (path);
}

//  With all that is in it. Returns 0, as a teardown does; what is not there is no error.
static inline int
temp_dir_remove (const char *dir)
{
    nftw (dir, temp_dir_remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return 0;
}

#endif
