// SPDX-License-Identifier: MIT
//  A peer as it lies in "state": ReputationKept (messages/reputation.proto).
#ifndef GGEN_KEPT_H
#define GGEN_KEPT_H

#include "known.h"

#include "reputation.pb-c.h"

//  No value is larger.
#define KEPT_BYTES_MAX 512

//  Is there anything to keep of it? A peer that was only seen is not kept.
bool kept_worth (const known_peer_t *peer);

//  The key in "state".
void kept_key (const uint8_t *key, uint8_t state_key[KNOWN_KEY_BYTES]);

//  Returns the size.
size_t kept_pack (const known_peer_t *peer, int64_t now_ms, int64_t wall_ms,
                  uint8_t bytes[KEPT_BYTES_MAX]);

//  Read what lies in "state". NULL: kept_pack never makes such. protobuf_c_message_free_unpacked.
Ggen__ReputationKept *kept_unpack (bytes_t state_key, bytes_t value);

//  Give it to a peer. What was counted of it since the start is added; the rest is as it was kept.
//  OK, or BUSY: memory is short, and the peer has a part of it.
must_use code_t kept_restore (known_peer_t *peer, const Ggen__ReputationKept *kept, int64_t now_ms,
                              int64_t wall_ms);

#endif
