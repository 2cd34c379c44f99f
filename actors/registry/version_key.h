// SPDX-License-Identifier: MIT
//  A SemVer 2.0.0 version as bytes whose memcmp order is its precedence (section 11), so that a
//  database can sort versions without knowing what they are.
#ifndef GGEN_VERSION_KEY_H
#define GGEN_VERSION_KEY_H

#include "messages/base.h"

#define VERSION_KEY_TEXT_MAX 255    //  bytes of a version that has a key
#define VERSION_KEY_MAX 800         //  two bytes beside each of its identifiers

typedef struct {
    uint8_t bytes [VERSION_KEY_MAX];
    size_t size;
    bool prerelease;
} version_key_t;

//  False when 'version' is no SemVer version (a leading "v" included) or is too long.
//  Build metadata is checked and ignored: two versions that differ in it only have one key.
must_use bool version_key (version_key_t *self, const char *version);

#endif
