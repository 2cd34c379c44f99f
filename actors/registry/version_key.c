// SPDX-License-Identifier: MIT
//  Layout of a key. A number is its count of digits (one byte), then the digits: without leading
//  zeros a longer number is the greater one, whatever its size. Then RELEASE, or PRERELEASE and
//  the identifiers, each with its type before it; END is below every type, so that a list that is
//  the beginning of another is the lower one.
#include "actors/registry/version_key.h"

#include <string.h>

enum { END = 0, NUMBER = 1, TEXT = 2, PRERELEASE = 1, RELEASE = 2 };

static bool
is_digit (char c)
{
    return c >= '0' && c <= '9';
}

static bool
is_identifier (char c)
{
    return is_digit (c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
}

static void
put (version_key_t *self, const void *bytes, size_t size)
{
    memcpy (self->bytes + self->size, bytes, size);
    self->size += size;
}

static void
put_byte (version_key_t *self, uint8_t byte)
{
    self->bytes [self->size++] = byte;
}

//  A number without leading zeros at *at; *at moves behind it.
static bool
put_number (version_key_t *self, const char **at)
{
    size_t length = 0;
    while (is_digit ((*at) [length]))
        length++;
    if (length == 0 || (length > 1 && (*at) [0] == '0'))
        return false;
    put_byte (self, (uint8_t) length);
    put (self, *at, length);
    *at += length;
    return true;
}

//  One identifier of a pre-release at *at.
static bool
put_identifier (version_key_t *self, const char **at)
{
    size_t length = 0;
    bool number = true;
    for (; is_identifier ((*at) [length]); length++)
        number = number && is_digit ((*at) [length]);
    if (length == 0)
        return false;
    if (number) {
        put_byte (self, NUMBER);
        return put_number (self, at);
    }
    put_byte (self, TEXT);
    put (self, *at, length);
    put_byte (self, END);           //  Below every character of an identifier
    *at += length;
    return true;
}

static bool
build_is_valid (const char *at)
{
    size_t length = 0;
    for (;; at++) {
        if (is_identifier (*at)) {
            length++;
            continue;
        }
        if (length == 0 || (*at && *at != '.'))
            return false;
        if (!*at)
            return true;
        length = 0;
    }
}

bool
version_key (version_key_t *self, const char *version)
{
    self->size = 0;
    if (strlen (version) > VERSION_KEY_TEXT_MAX)
        return false;
    const char *at = version;
    for (int i = 0; i < 3; i++) {
        if (i > 0 && *at++ != '.')
            return false;
        if (!put_number (self, &at))
            return false;
    }
    self->prerelease = *at == '-';
    put_byte (self, self->prerelease ? PRERELEASE : RELEASE);
    if (self->prerelease) {
        do {
            at++;
            if (!put_identifier (self, &at))
                return false;
        } while (*at == '.');
        put_byte (self, END);
    }
    return *at == '+' ? build_is_valid (at + 1) : *at == 0;
}
