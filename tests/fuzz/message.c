// SPDX-License-Identifier: MIT
//  The bytes as an envelope, by hand and by protobuf-c's tables; and as every message there is.
#include "message.h"
#include "messages/vocabulary.h"
#include "runtime/actor/envelope.h"
#include "tests/fuzz/lib/fuzz.h"

#include <stdlib.h>
#include <string.h>

#define ARENA_MAX (1u << 20)

//  Pack, and check that what we would send is what we would accept. The caller frees it.
static uint8_t *
pack (const ProtobufCMessage *message, size_t *size)
{
    *size = protobuf_c_message_get_packed_size (message);
    uint8_t *packed = malloc (*size + 1);
    must_hold (packed != NULL);
    must_hold (protobuf_c_message_pack (message, packed) == *size);
    must_hold (wire_valid (message->descriptor, (bytes_t) {packed, *size}));
    return packed;
}

static void
read_envelope (wire_arena_t *arena, bytes_t wire)
{
    Ggen__Envelope by_hand;
    wire_arena_reset (arena);
    bool read = envelope_unpack (&by_hand, arena, wire);
    Ggen__Envelope *by_table = ggen__envelope__unpack (NULL, wire.size, wire.data);
    //  Ours is stricter about strings; what it takes the other takes, too
    must_hold (!read || by_table);
    must_hold (read == (by_table && wire_valid (&ggen__envelope__descriptor, wire)));
    if (read) {
        size_t size, size_by_table;
        uint8_t *packed = pack (&by_hand.base, &size);
        uint8_t *ours = malloc (envelope_size (&by_hand) + 1);
        must_hold (ours && envelope_pack (&by_hand, ours) == size);
        must_hold (memcmp (packed, ours, size) == 0);
        free (ours);
        unsigned unknown = by_table->base.n_unknown_fields;
        by_table->base.n_unknown_fields = 0;        //  They are skipped by hand
        uint8_t *packed_by_table = pack (&by_table->base, &size_by_table);
        by_table->base.n_unknown_fields = unknown;
        must_hold (size == size_by_table && memcmp (packed, packed_by_table, size) == 0);
        free (packed);
        free (packed_by_table);
    }
    ggen__envelope__free_unpacked (by_table, NULL);
}

static void
read_message (wire_arena_t *arena, const ProtobufCMessageDescriptor *descriptor, bytes_t wire)
{
    wire_arena_reset (arena);
    bool valid = wire_valid (descriptor, wire);
    ProtobufCMessage *message = wire_unpack (arena, descriptor, wire);
    must_hold (valid || !message);
    if (!message)
        return;
    size_t size;
    free (pack (message, &size));
    ProtobufCMessage *copy = message_copy (message);
    must_hold (copy != NULL);
    protobuf_c_message_free_unpacked (copy, NULL);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    wire_arena_t *arena = wire_arena_new (ARENA_MAX);
    must_hold (arena != NULL);
    read_envelope (arena, (bytes_t) {data, size});
    for (size_t i = 0; i < vocabulary_count; i++)
        read_message (arena, vocabulary [i], (bytes_t) {data, size});
    wire_arena_destroy (&arena);
    return 0;
}
