// SPDX-License-Identifier: MIT
//  The patterns of a .ggenignore, in gitignore's syntax (gitignore(5)):
//    # comment, blank lines, \# and \! for names that begin so, trailing spaces dropped unless "\ "
//    !pattern     takes back what an earlier line ignored; the last line that matches decides
//    pattern/     directories only
//    /pattern, a/b   with a slash before its end: from the top; without: a name at any depth
//    *  any bytes but a slash    ?  one byte but a slash    [a-z] [!a-z]  the same, of these
//    **/x  at any depth    x/**  everything below    a/**/b  any directories between
//  What is below an ignored directory cannot be taken back: the directory is not entered.
//  Only one file is read, at the top of the package; git reads one in every directory.
#ifndef GGEN_IGNORE_H
#define GGEN_IGNORE_H

#include "base.h"

#define IGNORE_PATTERNS_MAX 1000
#define IGNORE_PATTERN_SIZE_MAX 1024
#define IGNORE_FILE_SIZE_MAX 65536

typedef struct ignore ignore_t;

//  Read a .ggenignore.
//  OK          *self_p is the new object (of no patterns when size is 0).
//  VALIDATION  more than the limits above.
//  INTERNAL    no memory.
must_use code_t
    ignore_parse (const char *text, size_t size, ignore_t **self_p);
void
    ignore_destroy (ignore_t **self_p);

//  Is this path (relative to the top, no trailing slash, NUL-terminated) ignored?
bool
    ignore_matches (const ignore_t *self, const char *path, bool directory);

#endif
