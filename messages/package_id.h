// SPDX-License-Identifier: MIT
//  Package ids, and what people write to name a package. SPEC 3.1.
#ifndef GGEN_PACKAGE_ID_H
#define GGEN_PACKAGE_ID_H

#include "base.h"

#define PACKAGE_ID_MAX 214          //  bytes

//  Is 'id' a package id? 1-214 bytes: "name", "ns/name" or "@scope/name", where each part is of
//  [A-Za-z0-9._-] and not "." or "..".
//  Ids are also paths beside files of ours, so three more kinds are refused: a first part that
//  begins with "." (.ggen, .lock, staging), one that is ggen.lock, index.json or
//  index.json.corrupted in any case, and "ns/1.0.0", which is where version 1.0.0 of "ns" is kept.
bool
    package_id_valid (const char *id);

//  Do two ids differ only in case? Such a pair would be one directory on some file systems, and
//  look alike on all. Equal ids do not collide.
bool
    package_id_collides (const char *a, const char *b);

//  Split "PKG" or "PKG@RANGE" at the last '@' that is not the first byte. 'id' gets the package id.
//  OK          *range_p is what follows the '@' inside 'text', not looked at; NULL without an '@'.
//  VALIDATION  what stands before the '@' is not a package id; *id is "" and *range_p NULL.
must_use code_t
    package_id_split (const char *text, char id [PACKAGE_ID_MAX + 1], const char **range_p);

//  The id as one path component, for archive names: '/' becomes '-'. Not unique: "a/b" and "a-b"
//  are both "a-b". 'id' is valid.
void
    package_id_flat (const char *id, char flat [PACKAGE_ID_MAX + 1]);

//  Does a pattern of ids (p2p.private) fit all of this one? '*' is any run of bytes, '?' any
//  one. 'id' need not be valid, nor end in a NUL.
bool
    package_id_fits (const char *pattern, bytes_t id);

//  Does an argument of install mean a directory or an archive, not a package id? It does when it
//  is "." or "..", begins with "/", "./" or "../", or ends in .tar.gz, .tgz or .tar.zst.
bool
    package_id_is_path (const char *text);

#endif
