// SPDX-License-Identifier: MIT
//  Paths that people give, as a node needs them: absolute, because its working directory is not
//  the command's.
#ifndef GGEN_PATH_H
#define GGEN_PATH_H

#include "screen.h"

typedef enum {
    PATH_EXISTS,        //  it has to be there
    PATH_MAY_EXIST      //  the last parts of it may be missing, but none of those is ".."
} path_need_t;

//  Make 'given' absolute, links resolved as far as it exists. NULL gives "".
//  OK                 *path_p is new, the caller's to free (text_free)
//  VALIDATION         not there, or not of the kind asked for; 'why' says it with the path
//  PERMISSION_DENIED  may not be looked at; 'why' as well
must_use code_t
    path_absolute (const char *given, path_need_t need, char **path_p, char *why, size_t why_size);

//  The same, and on failure the error is printed. Returns whether it went well.
must_use bool
    path_take (const screen_t *screen, const char *given, path_need_t need, char **path_p);

#endif
