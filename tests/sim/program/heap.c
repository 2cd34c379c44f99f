// SPDX-License-Identifier: MIT
#include "heap.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>

static size_t bytes;

size_t
heap_bytes (void)
{
    return bytes;
}

#ifndef GGEN_INSTRUMENTED

//  glibc's own, whose place the functions below take in the whole process.
void *__libc_malloc (size_t size);
void *__libc_calloc (size_t count, size_t size);
void *__libc_realloc (void *memory, size_t size);
void *__libc_memalign (size_t alignment, size_t size);
void __libc_free (void *memory);

static void *
counted (void *memory)
{
    bytes += memory ? malloc_usable_size (memory) : 0;
    return memory;
}

void *
malloc (size_t size)
{
    return counted (__libc_malloc (size));
}

void *
calloc (size_t count, size_t size)
{
    return counted (__libc_calloc (count, size));
}

void *
realloc (void *memory, size_t size)
{
    size_t before = memory ? malloc_usable_size (memory) : 0;
    void *moved = __libc_realloc (memory, size);
    if (moved || size == 0)
        bytes -= before;
    return counted (moved);
}

void *
memalign (size_t alignment, size_t size)
{
    return counted (__libc_memalign (alignment, size));
}

void *
aligned_alloc (size_t alignment, size_t size)
{
    return memalign (alignment, size);
}

int
posix_memalign (void **memory_p, size_t alignment, size_t size)
{
    void *memory = memalign (alignment, size);
    if (memory)
        *memory_p = memory;
    return memory ? 0 : ENOMEM;
}

void
free (void *memory)
{
    bytes -= memory ? malloc_usable_size (memory) : 0;
    __libc_free (memory);
}

#endif
