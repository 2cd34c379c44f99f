// SPDX-License-Identifier: MIT
//  Removing what nothing needs from a place: generations, instances that no other generation links
//  to, and what a crash left in the making.
//
//  First all is looked at, and whatever cannot be read ends it: what a generation links to that
//  cannot be read is not known. Then generations are renamed to COMMIT_TEMPORARY names, which is
//  synced; then instances, synced too; then what has such a name is removed. A crash at any point
//  leaves every other generation whole, and leftovers that commit_sweep removes.
#ifndef GGEN_SWEEP_IO_H
#define GGEN_SWEEP_IO_H

#include "place_io.h"

//  Entries of one directory that are looked at; more is VALIDATION.
#define SWEEP_ENTRIES_MAX 1000000

typedef struct {
    char **items;
    size_t count, room;
} sweep_names_t;

typedef struct {
    sweep_names_t generations;      //  that go
    uint64_t generations_bytes;
    sweep_names_t instances;        //  that go
    uint64_t instances_bytes;
    uint32_t temporary_count;       //  in the making, of whomever
    uint64_t temporary_bytes;
} sweep_t;

//  Asked before each thing that is removed. Returns false to stop (CANCELLED).
typedef bool (sweep_go_on_fn) (void *argument, size_t done, size_t total);

//  What would go if these generations did, but for the current one. 'self' is to be released
//  whatever is returned.
//  STORAGE, PERMISSION_DENIED: something cannot be read. VALIDATION: too much, or no link of ours
//  where the current generation should be.
must_use code_t
    sweep_survey (sweep_t *self, const place_t *place, const uint64_t *generations, size_t count,
                  refusal_t *refusal);
void
    sweep_release (sweep_t *self);

//  Remove generations and instances of a survey, which was made under place_take. Not what was in
//  the making: who takes the place has swept that.
must_use code_t
    sweep_run (const sweep_t *self, const place_t *place, sweep_go_on_fn *go_on, void *argument,
               refusal_t *refusal);

#endif
