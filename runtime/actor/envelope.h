// SPDX-License-Identifier: MIT
//  The envelope, written and read by hand: every message carries one, and protobuf-c's tables took
//  more than a quarter of all instructions that a small message cost. The bytes are protobuf's; a
//  unit test holds the two against each other, and against a field that is new.
#ifndef GGEN_ENVELOPE_H
#define GGEN_ENVELOPE_H

#include "wire.h"

//  Bytes that envelope_pack writes.
size_t envelope_size (const Ggen__Envelope *self);

//  Write what ggen__envelope__pack would, and return how much it was.
size_t envelope_pack (const Ggen__Envelope *self, uint8_t *bytes);

//  Check as wire_valid does, and read. Strings live in 'arena' until its next reset; fields that
//  are unknown are skipped. Returns false, with *self undefined, when it is malformed, has an
//  invalid string, or the arena is at its bound.
bool envelope_unpack (Ggen__Envelope *self, wire_arena_t *arena, bytes_t wire);

#endif
