// SPDX-License-Identifier: MIT
//  Sets the checksums of tar headers right, which no fuzzer would guess.
#ifndef GGEN_TAR_FIX_H
#define GGEN_TAR_FIX_H

#include "messages/base.h"

//  Each block that has "ustar" in its place (and so many others do not) gets its sum.
void
    tar_fix (uint8_t *data, size_t size);

//  One gzip member of it, for a store or fast deflate. The caller's to free.
uint8_t *
    tar_gzip (const uint8_t *data, size_t size, size_t *packed_size);

#endif
