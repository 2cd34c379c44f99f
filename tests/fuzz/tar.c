// SPDX-License-Identifier: MIT
//  The strict reading of a tar stream: cut in pieces anywhere it says the same. The first byte of
//  the input is the size of the pieces, in 16 bytes.
#include "actors/store/tar_audit.h"
#include "tests/fuzz/lib/tar_fix.h"
#include "tests/fuzz/lib/fuzz.h"

#include <stdlib.h>
#include <string.h>

#define UNPACKED_MAX (16u << 20)

static code_t
audit (const uint8_t *data, size_t size, size_t piece, tar_audit_totals_t *totals)
{
    const archive_limits_t limits = ARCHIVE_LIMITS_DEFAULT;
    refusal_t refusal = {0};
    tar_audit_t *self = tar_audit_new (&limits, UNPACKED_MAX);
    must_hold (self != NULL);
    code_t code = OK;
    for (size_t at = 0; at < size && !code; at += piece)
        code = tar_audit_feed (self, data + at, piece < size - at ? piece : size - at, &refusal);
    if (!code)
        code = tar_audit_end (self, &refusal);
    must_hold (!code || *refusal.text);
    *totals = tar_audit_totals (self);
    must_hold (totals->data_bytes <= UNPACKED_MAX && totals->entries <= limits.entries);
    tar_audit_destroy (&self);
    return code;
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    if (!size)
        return 0;
    size_t piece = 1 + (size_t) *data * 16;
    uint8_t *fixed = malloc (size);
    must_hold (fixed != NULL);
    memcpy (fixed, data + 1, --size);
    tar_fix (fixed, size);
    tar_audit_totals_t whole, pieces;
    code_t code = audit (fixed, size, size ? size : 1, &whole);
    must_hold (audit (fixed, size, piece, &pieces) == code);
    must_hold (code || !memcmp (&whole, &pieces, sizeof whole));
    free (fixed);
    return 0;
}
