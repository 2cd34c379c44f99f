// SPDX-License-Identifier: MIT
//  The one place of rules for the name of an archive entry (SPEC 3.3), the same for packing and
//  unpacking. Stateless: whether two names collide is path_set's business.
#ifndef GGEN_ENTRY_RULES_H
#define GGEN_ENTRY_RULES_H

#include "archive_limits.h"
#include "refusal.h"

//  Check a whole path as it stands in an archive, "top/dir/file", without a trailing slash.
//  OK, or the code of the refusal, which is filled in when 'refusal' is not NULL:
//    absolute path   starts with a slash
//    path traversal  a component "..", or a backslash anywhere
//    duplicate       a component "." or "" (a second spelling of another path)
//    name            empty, no UTF-8, a control, format or bidi character, a component > 255 bytes
//    reserved name   Windows: CON PRN AUX NUL COM0-9 LPT0-9 CONIN$ CONOUT$ with any extension, a
//                    colon, a trailing dot or space; ours: .git, git~1 and .ggen* in any case
//    limits          longer or deeper than 'limits' allow
must_use code_t
    entry_rules_check (const char *path, size_t size, const archive_limits_t *limits,
                       refusal_t *refusal);

//  ".git" or ".ggen*", in any case or normalisation: left out at publish, refused at install.
bool
    entry_rules_is_private (const char *component, size_t size);

//  "gpack.toml", "package.toml", "pack.toml", "package.json": what may be the manifest, when it is
//  directly in the top directory ('path' is relative to that).
bool
    entry_rules_is_manifest (const char *path);

#endif
