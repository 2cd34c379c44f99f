// SPDX-License-Identifier: MIT
//  ggen.lock: a Lock as JSON text (SPEC 3.5). Beside the fields of the specification each package
//  carries files_sha256, direct, description, categories and size_bytes, so that the lock alone can
//  list what is installed; and an adopted one (adopted.h) the path it has in generation 0.
#ifndef GGEN_INSTALLER_LOCKFILE_H
#define GGEN_INSTALLER_LOCKFILE_H

#include "lock.h"

#define LOCKFILE_TEXT_MAX (64 * 1024 * 1024)        //  bytes; longer text is refused

//  Read 'size' bytes of text. Unknown fields are ignored. Older shapes are understood: a version as
//  text or none at all, packages as a list or keyed by name only, dependencies as a list,
//  "checksum" for "integrity", a digest without "sha256-" or none, no publisher, no time. Where no
//  package says whether it is direct, those are that no other needs.
//  OK                    *lock_p is sorted and lock_check ()ed; ggen__lock__free_unpacked (*lock_p,
//                        NULL)
//  SERIALIZATION         not JSON, or not of this shape
//  VALIDATION            too long, from a later program, or refused by lock_check ()
//  CIRCULAR_DEPENDENCY   *why_p is the path
//  Except after OK, *lock_p is NULL and *why_p says what is wrong; the caller frees it.
must_use code_t
    lockfile_read (const char *text, size_t size, Ggen__Lock **lock_p, char **why_p);

//  Write a sorted lock: keys sorted, two spaces of indent, a final newline. Equal locks give equal
//  bytes.
//  OK                    *text_p is the text; the caller frees it
//  VALIDATION, CIRCULAR_DEPENDENCY   as lock_check (); *text_p is NULL, and *why_p is the caller's
//                                    to free
must_use code_t
    lockfile_write (const Ggen__Lock *lock, char **text_p, char **why_p);

#endif
