// SPDX-License-Identifier: MIT
//  Who has the heap's bytes: what the heap grows by while an actor is born, handles and ends is booked on
//  the name of its seat, over all nodes.
#ifndef GGEN_TESTS_HEAPBOOK_H
#define GGEN_TESTS_HEAPBOOK_H

#include "base.h"

#define HEAPBOOK_NAMES_MAX 32u

typedef struct heapbook_t heapbook_t;

//  Says how many bytes are on the heap now.
typedef size_t (heap_fn) (void);

heapbook_t *heapbook_new (heap_fn *heap);
void heapbook_destroy (heapbook_t **self_p);

//  An actor begins to work, and has done it. 'own' are bytes of the simulator that may change meanwhile.
void heapbook_begin (heapbook_t *self, size_t own_bytes);
void heapbook_end (heapbook_t *self, const char *name, size_t own_bytes);

//  Number 'index' of the names, in the order in which they came; NULL at the end.
const char *heapbook_name (const heapbook_t *self, unsigned index, int64_t *bytes_p);

#endif
