// SPDX-License-Identifier: MIT
//  Where a version lies in the registry directory, and how its archive is called (SPEC 3.3, 3.4).
//  Pure text: ids and versions that pass the checks here are safe as parts of a path.
#ifndef GGEN_LAYOUT_H
#define GGEN_LAYOUT_H

#include "messages/base.h"

#define LAYOUT_VERSION_MAX 255  //  bytes of a version
#define LAYOUT_NAME_MAX 255     //  bytes of one file name
#define LAYOUT_PATH_MAX 768     //  bytes of "ID/VERSION/FILE" and its NUL

//  What is being made and what is being removed lies in these.
#define LAYOUT_STAGES ".tmp"
#define LAYOUT_TRASH ".trash"

//  True for an id that has a place in the registry: a package id (SPEC 3.1) whose first part is no
//  name that the registry itself uses (layout_is_reserved).
bool layout_id_is_valid (const char *id);

//  True for a SemVer 2.0.0 version (so neither "." nor "..", and no '/').
bool layout_version_is_valid (const char *version);

//  True for the names at the top of the registry directory that are no ids: the lock, the
//  generation, the indexes with their companions, ".tmp", ".tmp-*" (files that are being replaced) and
//  ".trash".
bool layout_is_reserved (const char *name);

//  "ID/VERSION" relative to the registry directory. Both have passed the checks above.
void layout_version_path (char path [LAYOUT_PATH_MAX], const char *id, const char *version);

//  "NAME-VERSION.FORMAT"; '/' in the id becomes '-'. False when it is too long for a file name.
bool layout_archive_name (char name [LAYOUT_NAME_MAX + 1], const char *id, const char *version,
                          const char *format);

//  A path as a relative URL: all but RFC 3986's unreserved characters and '/' are percent-encoded.
//  The caller frees the result; NULL when there is no memory.
char *layout_url (const char *path);

#endif
