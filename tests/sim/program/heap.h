// SPDX-License-Identifier: MIT
//  Bytes on the heap of this process, counted at each call of the allocator: asked twice an event, where
//  mallinfo2 would walk over all free memory.
#ifndef GGEN_TESTS_HEAP_H
#define GGEN_TESTS_HEAP_H

#include <stddef.h>

//  0 in a build that is instrumented: a sanitizer has the allocator.
size_t heap_bytes (void);

#endif
