// SPDX-License-Identifier: MIT
//  protobuf-c takes any bytes for a string: text that others wrote is checked before it is used.
#ifndef GGEN_UTF8_H
#define GGEN_UTF8_H

#include "base.h"

//  Is 'text' well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF)?
bool
    utf8_valid (const char *text);

//  Drop what is left of a character that was cut at the end of 'text'.
void
    utf8_trim (char *text);

#endif
