// SPDX-License-Identifier: MIT
//  A packet of up to FRAMES_MAX parts: the first byte is how many, each part has its length (u16,
//  little-endian) before it. What is read lies inside the part it was read from; packed again, it
//  is the same.
#include "runtime/host/packet.h"
#include "runtime/actor/envelope.h"
#include "tests/fuzz/lib/fuzz.h"

#include <string.h>

static void
add_part (frames_t *frames, const uint8_t **data, size_t *size)
{
    size_t length = *size < 2 ? 0 : (size_t) (*data) [0] | (size_t) (*data) [1] << 8;
    size_t head = *size < 2 ? *size : 2;
    *data += head;
    *size -= head;
    length = length < *size ? length : *size;
    zmq_msg_t *part = &frames->part [frames->count++];
    must_hold (zmq_msg_init_size (part, length) == 0);
    if (length)
        memcpy (zmq_msg_data (part), *data, length);
    *data += length;
    *size -= length;
}

static void
check_inside (bytes_t whole, bytes_t part)
{
    must_hold (!part.size || (part.data >= whole.data
                              && part.data + part.size <= whole.data + whole.size));
}

static void
pack_again (const packet_t *packet)
{
    wire_arena_t *arena = wire_arena_new (1u << 20);
    must_hold (arena != NULL);
    Ggen__Envelope envelope;
    if (envelope_unpack (&envelope, arena, packet->envelope)) {
        frames_t again = {.count = 0};
        packet_t copy;
        must_hold (packet_wrap (&again, packet->address, &envelope, packet->body, NULL) == OK);
        must_hold (packet_read (&copy, &again));
        must_hold (strcmp (copy.address, packet->address) == 0);
        must_hold (copy.body.size == packet->body.size
                   && (!copy.body.size
                       || memcmp (copy.body.data, packet->body.data, copy.body.size) == 0));
        frames_close (&again);
    }
    wire_arena_destroy (&arena);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    if (!size)
        return 0;
    frames_t frames = {.count = 0};
    unsigned parts = *data++ % (FRAMES_MAX + 1);
    size--;
    for (unsigned i = 0; i < parts; i++)
        add_part (&frames, &data, &size);
    packet_t packet;
    if (packet_read (&packet, &frames)) {
        bytes_t whole = frames_bytes (&frames, 0);
        size_t length = strlen (packet.address);
        must_hold (length >= 1 && length <= ADDRESS_MAX);
        check_inside (whole, (bytes_t) {(const uint8_t *) packet.address, length + 1});
        check_inside (whole, packet.envelope);
        check_inside (whole, packet.body);
        pack_again (&packet);
    }
    frames_close (&frames);
    return 0;
}
