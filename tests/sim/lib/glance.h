// SPDX-License-Identifier: MIT
//  What a letter's envelope says, without unpacking it: for those who look at every letter.
#ifndef GGEN_TESTS_GLANCE_H
#define GGEN_TESTS_GLANCE_H

#include "letters.h"

//  Its type is this one.
bool glance_is (const note_t *note, const char *type);

//  Text fields of the envelope, borrowed from the letter; not ended by a NUL. Empty: not there.
bytes_t glance_type (const note_t *note);
bytes_t glance_from (const note_t *note);
bytes_t glance_to (const note_t *note);

//  Its sender is of the same node: it does not say "actor@PEER".
bool glance_is_local (const note_t *note);

//  Its number; 0: none.
uint64_t glance_id (const note_t *note);

//  Its body, as a message; free it with protobuf_c_message_free_unpacked. NULL: it does not decode.
void *glance_body (const note_t *note, const ProtobufCMessageDescriptor *descriptor);

#endif
