// SPDX-License-Identifier: MIT
//  A node's disk, which outlives its incarnations: the tables of "state" (storage_state.h), and the
//  room that blobs take. Changes are made in batches: the open one, and the one that is being written.
//  A crash takes back what was not written; of the batch under way all is there or nothing, as a
//  database promises. Aborts when memory is short.
#ifndef GGEN_TESTS_STORAGE_H
#define GGEN_TESTS_STORAGE_H

#include "runtime/actor/rng.h"

typedef struct storage_t storage_t;

storage_t *storage_new (void);
void storage_destroy (storage_t **self_p);

//  ---- faults --------------------------------------------------------------------------------------

//  From now on reads, and changes, fail with these codes; OK: no more. INSUFFICIENT_DISK_SPACE and
//  STORAGE (an I/O error) are what disks do.
void storage_fail (storage_t *self, code_t read_code, code_t write_code);

//  It has room for so many bytes of keys, values and blobs. UINT64_MAX: no end.
void storage_limit (storage_t *self, uint64_t bytes_max);

//  What a read, or a change, would fail with now.
code_t storage_read_code (const storage_t *self);
code_t storage_write_code (const storage_t *self);

//  The process died.
void storage_crash (storage_t *self, rng_t *rng);

//  ---- tables --------------------------------------------------------------------------------------

//  Set, or remove, in the open batch. *changed_p counts what this made or unmade.
//  OK, INSUFFICIENT_DISK_SPACE, or the code of storage_fail: nothing changed.
must_use code_t storage_put (storage_t *self, const char *table, bytes_t key, bytes_t value,
                             uint32_t *changed_p);
must_use code_t storage_remove (storage_t *self, const char *table, bytes_t key,
                                uint32_t *changed_p);

//  Take back the open batch.
void storage_undo (storage_t *self);

//  The open batch is being written from now on; there is none under way. Then it is on disk.
void storage_write (storage_t *self);
void storage_written (storage_t *self);

bool storage_is_writing (const storage_t *self);

//  Entries of a table in the order of their keys, after 'after' (empty: from the first), also those
//  not written yet, until 'visit' returns false. 'key' and 'value' are borrowed for the call.
typedef bool (storage_visit_fn) (void *context, bytes_t key, bytes_t value);
void storage_read (const storage_t *self, const char *table, bytes_t after,
                   storage_visit_fn *visit, void *context);

//  ---- room ----------------------------------------------------------------------------------------

//  Take room for a blob, or give it back. OK, or why it cannot be written.
must_use code_t storage_take (storage_t *self, uint64_t bytes);
void storage_give (storage_t *self, uint64_t bytes);

//  Bytes of keys, values and blobs.
uint64_t storage_used_bytes (const storage_t *self);

//  Memory that it takes; blobs are others'.
size_t storage_bytes (const storage_t *self);

#endif
