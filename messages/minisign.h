// SPDX-License-Identifier: MIT
//  Texts that minisign(1) reads (https://jedisct1.github.io/minisign/, "signature format"): public
//  keys, and signatures of files that were hashed with BLAKE2b-512 before ("ED").
#ifndef GGEN_MINISIGN_H
#define GGEN_MINISIGN_H

#include "publisher_key.h"

#define MINISIGN_TEXT_MAX      1024         //  bytes of either text, with its NUL
#define MINISIGN_COMMENT_MAX   512          //  bytes of a trusted comment
#define MINISIGN_HASH_SIZE     64
#define MINISIGN_SIGNATURE_SIZE 64
#define MINISIGN_GLOBAL_MAX    (MINISIGN_SIGNATURE_SIZE + MINISIGN_COMMENT_MAX)

//  A public key file: one line of comment, one of Base64. Its key id is the first 8 bytes of the key.
void
    minisign_public_text (const publisher_key_t *key, char text [MINISIGN_TEXT_MAX]);

//  What the second signature of a file is made over: the first one and the trusted comment. Returns
//  how many bytes that is. 'comment' has at most MINISIGN_COMMENT_MAX bytes, and no line ends.
size_t
    minisign_global_bytes (const uint8_t signature [MINISIGN_SIGNATURE_SIZE], const char *comment,
                           uint8_t bytes [MINISIGN_GLOBAL_MAX]);

//  A signature file. 'signature' is over the BLAKE2b-512 of the file, 'global' over
//  minisign_global_bytes, both Ed25519 by 'key'.
void
    minisign_signature_text (const publisher_key_t *key,
                             const uint8_t signature [MINISIGN_SIGNATURE_SIZE], const char *comment,
                             const uint8_t global [MINISIGN_SIGNATURE_SIZE],
                             char text [MINISIGN_TEXT_MAX]);

#endif
