// SPDX-License-Identifier: MIT
//  A gzip member or Zstandard frame, whole and a byte at a time: the same bytes, the same end.
#include "actors/store/expand.h"
#include "tests/fuzz/lib/fuzz.h"

#include <stdlib.h>
#include <string.h>

#define OUT_MAX (1u << 16)              //  More is not looked at

typedef struct {
    code_t code;
    bool ended;
    size_t size;
    uint8_t out [OUT_MAX];
} result_t;

static void
expand (result_t *self, const uint8_t *data, size_t size, size_t piece)
{
    memset (self, 0, offsetof (result_t, out));
    refusal_t refusal = {0};
    expand_t *expander = NULL;
    self->code = expand_new (data, size < EXPAND_HEAD_SIZE ? size : EXPAND_HEAD_SIZE, &expander,
                             &refusal);
    while (!self->code && self->size < OUT_MAX) {
        size_t used = 0, room = OUT_MAX - self->size;
        bytes_t in = {data, piece < size ? piece : size};
        self->code = expand_step (expander, &in, self->out + self->size,
                                  piece < room ? piece : room, &used, &refusal);
        size_t taken = (size_t) (in.data - data);
        must_hold (taken <= size);
        data += taken;
        size -= taken;
        self->size += used;
        self->ended = !self->code && expand_ended (expander);
        if (!taken && !used)
            break;
    }
    must_hold (!self->code || *refusal.text);
    expand_destroy (&expander);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    static result_t whole, bytes;
    expand (&whole, data, size, OUT_MAX);
    expand (&bytes, data, size, 1);
    size_t common = whole.size < bytes.size ? whole.size : bytes.size;
    must_hold (memcmp (whole.out, bytes.out, common) == 0);
    if (whole.size < OUT_MAX && bytes.size < OUT_MAX && !whole.code && !bytes.code)
        must_hold (whole.ended == bytes.ended && whole.size == bytes.size);
    return 0;
}
