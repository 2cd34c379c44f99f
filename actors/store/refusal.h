// SPDX-License-Identifier: MIT
//  Why an archive, a tree or one entry of them was refused: class, path and a sentence.
#ifndef GGEN_REFUSAL_H
#define GGEN_REFUSAL_H

#include "base.h"

typedef enum {
    REFUSED_ABSOLUTE_PATH,
    REFUSED_PATH_TRAVERSAL,
    REFUSED_TOP_DIRECTORY,
    REFUSED_SYMLINK,
    REFUSED_HARDLINK,
    REFUSED_DEVICE,
    REFUSED_FIFO,
    REFUSED_ODD_TYPE,
    REFUSED_RESERVED_NAME,
    REFUSED_NAME,
    REFUSED_DUPLICATE,
    REFUSED_COLLISION,
    REFUSED_LIMITS,
    REFUSED_BOMB,
    REFUSED_MALFORMED,
    REFUSED_WRONG_FORMAT,
    REFUSED_MANIFEST,
    REFUSED_CHANGED,        //  A source file changed while it was being packed
    REFUSED_SYSTEM,         //  The operating system said no: disk full, permission, I/O error
    REFUSED_COUNT
} refusal_class_t;

#define REFUSAL_PATH_MAX 512
#define REFUSAL_TEXT_MAX 1024

typedef struct {
    code_t code;
    refusal_class_t kind;
    char path [REFUSAL_PATH_MAX];   //  Printable: hostile bytes are written \xNN; cut with "..."
    char text [REFUSAL_TEXT_MAX];   //  "path: class: reason", for the user
} refusal_t;

//  "symlink", "path traversal", ...: stable words, used by tests, logs and --json.
const char *
    refusal_name (refusal_class_t kind);

//  Fill in 'self' (NULL: only the code is wanted) and return its code: SECURITY for what only an
//  attack does, VALIDATION for what can be a mistake. 'path' is 'path_size' bytes of anything.
code_t
    refusal_set (refusal_t *self, refusal_class_t kind, const char *path, size_t path_size,
                 const char *format, ...) printf_like (5, 6);

//  A system call failed with 'error' (an errno). INSUFFICIENT_DISK_SPACE for ENOSPC and EDQUOT,
//  PERMISSION_DENIED for EACCES, EPERM and EROFS, ALREADY_EXISTS for EEXIST, else STORAGE.
code_t
    refusal_system (refusal_t *self, int error, const char *path, const char *action);

#endif
