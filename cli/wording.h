// SPDX-License-Identifier: MIT
//  Fields of messages in words for people, and words of people as fields.
#ifndef GGEN_WORDING_H
#define GGEN_WORDING_H

#include "args.h"
#include "peer_id.h"
#include "publisher_key.h"
#include "installer.pb-c.h"

#define WORDING_PUBLISHER_MAX 24

//  "89ab 4567 cdef 0123", or "unsigned".
const char *
    wording_publisher (ProtobufCBinaryData key, char out [WORDING_PUBLISHER_MAX]);

//  The whole key as text, or "unsigned".
const char *
    wording_key (ProtobufCBinaryData key, char out [PUBLISHER_KEY_TEXT_SIZE + 1]);

//  The peer id of a key; "" when it is none. Returns 'out'.
const char *
    wording_peer (ProtobufCBinaryData key, char out [PEER_ID_TEXT + 1]);

//  Texts with ", " between them. New, the caller's (text_free); NULL only without memory.
char *
    wording_join (char *const texts [], size_t texts_count);

//  "name version, name version". New, the caller's (text_free); NULL only without memory.
char *
    wording_dependencies (Ggen__LockedDependency *const list [], size_t count);

//  "1 package", "2 packages".
#define WORDING_COUNT_MAX 64
const char *
    wording_count (uint64_t count, const char *thing, char out [WORDING_COUNT_MAX]);

//  A string that a message only borrows for a request.
char *
    wording_borrow (const char *text);

#endif
