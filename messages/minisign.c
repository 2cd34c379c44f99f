// SPDX-License-Identifier: MIT
#include "minisign.h"

#include "base64.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define KEY_ID_SIZE 8
#define PREFIX_SIZE 2               //  "Ed" of keys, "ED" of signatures of a hash

//  The longest text: three lines of words, and both signatures.
_Static_assert (MINISIGN_COMMENT_MAX + 3 * 64 + 2 * 112 < MINISIGN_TEXT_MAX, "a text fits");

void
minisign_public_text (const publisher_key_t *key, char text [MINISIGN_TEXT_MAX])
{
    uint8_t bytes [PREFIX_SIZE + KEY_ID_SIZE + PUBLISHER_KEY_SIZE] = "Ed";
    char base64 [64];
    assert (base64_encoded_size (sizeof bytes) < sizeof base64);
    memcpy (bytes + PREFIX_SIZE, key->bytes, KEY_ID_SIZE);
    memcpy (bytes + PREFIX_SIZE + KEY_ID_SIZE, key->bytes, PUBLISHER_KEY_SIZE);
    base64_encode (base64, bytes, sizeof bytes);
    snprintf (text, MINISIGN_TEXT_MAX, "untrusted comment: minisign public key of a ggen publisher\n%s\n",
              base64);
}

size_t
minisign_global_bytes (const uint8_t signature [MINISIGN_SIGNATURE_SIZE], const char *comment,
                       uint8_t bytes [MINISIGN_GLOBAL_MAX])
{
    size_t size = strlen (comment);
    assert (size <= MINISIGN_COMMENT_MAX);
    memcpy (bytes, signature, MINISIGN_SIGNATURE_SIZE);
    memcpy (bytes + MINISIGN_SIGNATURE_SIZE, comment, size);
    return MINISIGN_SIGNATURE_SIZE + size;
}

void
minisign_signature_text (const publisher_key_t *key,
                         const uint8_t signature [MINISIGN_SIGNATURE_SIZE], const char *comment,
                         const uint8_t global [MINISIGN_SIGNATURE_SIZE],
                         char text [MINISIGN_TEXT_MAX])
{
    uint8_t bytes [PREFIX_SIZE + KEY_ID_SIZE + MINISIGN_SIGNATURE_SIZE] = "ED";
    char first [112], second [112];
    assert (base64_encoded_size (sizeof bytes) < sizeof first);
    assert (strlen (comment) <= MINISIGN_COMMENT_MAX);
    memcpy (bytes + PREFIX_SIZE, key->bytes, KEY_ID_SIZE);
    memcpy (bytes + PREFIX_SIZE + KEY_ID_SIZE, signature, MINISIGN_SIGNATURE_SIZE);
    base64_encode (first, bytes, sizeof bytes);
    base64_encode (second, global, MINISIGN_SIGNATURE_SIZE);
    snprintf (text, MINISIGN_TEXT_MAX,
              "untrusted comment: signature by a ggen publisher\n%s\ntrusted comment: %s\n%s\n",
              first, comment, second);
}
