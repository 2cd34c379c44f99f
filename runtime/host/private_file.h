// SPDX-License-Identifier: MIT
//  Files and directories that only their owner may read: keys, node state. SPEC 3.6.
#ifndef GGEN_PRIVATE_FILE_H
#define GGEN_PRIVATE_FILE_H

#include "base.h"

#define PRIVATE_PATH_MAX 4096       //  bytes of a path, with its NUL

//  What errno means for 'path', and its text in 'why' ("PATH: REASON").
//  PERMISSION_DENIED (EACCES, EPERM, EROFS), ALREADY_EXISTS (EEXIST), INSUFFICIENT_DISK_SPACE
//  (ENOSPC, EDQUOT), else STORAGE.
must_use code_t private_file_explain (const char *path, char *why, size_t why_size);

//  Make the directory that 'path' (absolute) lies in, and those above it, each new one 0700.
//  OK, also when it is there already; VALIDATION: 'path' is too long; else as above.
must_use code_t private_file_make_dir (const char *path, char *why, size_t why_size);

//  Create the file 'path' (0600) with 'content' and make both it and its name durable.
//  OK, or as above; on an error nothing of it is left. ALREADY_EXISTS: whatever is there (also a
//  link) was not touched.
must_use code_t private_file_create (const char *path, bytes_t content, char *why,
                                     size_t why_size);

//  Make the names in the directory of 'path' durable. OK, or as above.
must_use code_t private_file_sync_dir (const char *path, char *why, size_t why_size);

//  What a person can do about an error of these; "" when there is nothing to say.
const char *private_file_hint (code_t code);

#endif
