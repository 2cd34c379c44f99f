// SPDX-License-Identifier: MIT
//  What will happen and when: a 4-ary min-heap of small entries (a node of it is one and a half cache
//  lines). Of equal times the one pushed first comes first, so a run depends on nothing but its seed.
#ifndef GGEN_TESTS_AGENDA_H
#define GGEN_TESTS_AGENDA_H

#include "base.h"

typedef struct agenda_t agenda_t;

//  24 bytes. What 'a' and 'b', or 'thing', mean is for the kind to say.
typedef struct {
    int64_t at_us;
    uint64_t order_kind;        //  number of the push << 3 | kind; set by agenda_push
    union {
        void *thing;
        struct {
            uint32_t a, b;
        };
    };
} due_t;

#define AGENDA_KINDS_MAX 8u

agenda_t *agenda_new (void);

//  Does not free what entries point to; agenda_pop them first.
void agenda_destroy (agenda_t **self_p);

//  Aborts when memory is short (it is a test's).
void agenda_push (agenda_t *self, unsigned kind, due_t due);

//  The next entry at or before 'until_us'; false when there is none.
bool agenda_pop (agenda_t *self, int64_t until_us, due_t *due_p);

static inline unsigned
agenda_kind (const due_t *due)
{
    return due->order_kind & (AGENDA_KINDS_MAX - 1);
}

size_t agenda_count (const agenda_t *self);

//  Bytes it takes.
size_t agenda_bytes (const agenda_t *self);

#endif
