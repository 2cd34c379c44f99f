// SPDX-License-Identifier: MIT
//  What will happen and when: a binary min-heap of events. Of equal times the one pushed first
//  comes first, so a run depends on nothing but its seed.
#ifndef GGEN_TESTS_EVENT_HEAP_H
#define GGEN_TESTS_EVENT_HEAP_H

#include "letter.h"

typedef enum { EVENT_ARRIVE, EVENT_WORK, EVENT_WAKE } event_kind_t;

typedef struct {
    int64_t at_us;
    uint64_t order;             //  given by push
    event_kind_t kind;
    unsigned place;
    letter_t *letter;           //  EVENT_ARRIVE: owned
} event_t;

typedef struct event_heap_t event_heap_t;

event_heap_t *event_heap_new (void);

//  Also the letters of what never happened.
void event_heap_destroy (event_heap_t **self_p);

//  Copies the event; aborts when memory is short (it is a test's).
void event_heap_push (event_heap_t *self, const event_t *event);

//  The next event at or before 'until_us'; false when there is none.
bool event_heap_pop (event_heap_t *self, int64_t until_us, event_t *event_p);

#endif
