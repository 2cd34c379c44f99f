// SPDX-License-Identifier: MIT
//  The hot tier as others ask for it (messages/hot.proto). HotPut and HotDrop also come as events.
//  VALIDATION for a key out of bounds; a value that is too large is just not kept.
#ifndef GGEN_HOT_SERVE_H
#define GGEN_HOT_SERVE_H

#include "hot.h"

#include "runtime/actor/out.h"

//  Each returns as handlers do.
code_t hot_serve_get (hot_t *hot, const delivery_t *at, const ProtobufCMessage *message);
code_t hot_serve_put (hot_t *hot, const delivery_t *at, const ProtobufCMessage *message);
code_t hot_serve_drop (hot_t *hot, const delivery_t *at, const ProtobufCMessage *message);
code_t hot_serve_status (hot_t *hot, const delivery_t *at, const ProtobufCMessage *message);

#endif
