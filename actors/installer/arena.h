// SPDX-License-Identifier: MIT
//  Memory that is freed all at once: for structures built once, read, and thrown away whole.
#ifndef GGEN_INSTALLER_ARENA_H
#define GGEN_INSTALLER_ARENA_H

#include "base.h"

typedef struct arena_t arena_t;

//  An empty arena. Never NULL: out of memory ends the process.
arena_t *
    arena_new (void);

//  Free everything allocated from it. NULLs *self_p; *self_p may be NULL.
void
    arena_destroy (arena_t **self_p);

//  'size' zeroed bytes, aligned for any type. Never NULL, also for size 0.
void *
    arena_alloc (arena_t *self, size_t size);

//  A copy of 'text'.
char *
    arena_strdup (arena_t *self, const char *text);

//  A list in an arena that grows by doubling. T is the element type:
//      ARENA_PUSH (arena, list.items, list.count, list.room, value);
//  The old block stays in the arena, so a list costs at most twice its final size.
#define ARENA_PUSH(arena, items, count, room, value)                                               \
    do {                                                                                           \
        if ((count) == (room))                                                                     \
            (items) = arena_grow (arena, items, &(room), sizeof *(items));                         \
        (items) [(count)++] = (value);                                                             \
    } while (0)

//  Twice the room (at least 8 elements) with the old elements copied.
void *
    arena_grow (arena_t *self, const void *items, size_t *room, size_t item_bytes);

#endif
