// SPDX-License-Identifier: MIT
//  What file names need of Unicode, from GNU libunistring; nothing else here calls that library.
#ifndef GGEN_UNICODE_H
#define GGEN_UNICODE_H

#include "base.h"

//  Valid UTF-8 (shortest forms, no surrogates, <= U+10FFFF) without NUL.
bool
    unicode_is_utf8 (const char *text, size_t size);

//  Valid UTF-8 and no character that hides, reorders or breaks text: controls (C0, DEL, C1), format
//  characters (bidi marks, embeddings and isolates, soft hyphen, BOM, tags), line and paragraph
//  separators. The two joiners U+200C and U+200D stay allowed: Persian, Indic scripts and emoji
//  are written with them.
bool
    unicode_is_plain (const char *text, size_t size);

//  The key under which two names are the same on some file system: full case folding, canonical
//  decomposition (NFC and NFD agree; UAX 15 and Unicode 3.13 R4), joiners dropped as HFS+ does.
//  'text' must be valid UTF-8. Writes at most 'room' bytes, no NUL, and returns the size of the
//  key, or 0 when it does not fit (or text is empty).
size_t
    unicode_fold (const char *text, size_t size, char *key, size_t room);

#endif
