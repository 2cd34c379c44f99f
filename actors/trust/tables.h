// SPDX-License-Identifier: MIT
//  What trust remembers, in memory and in "state": loaded at birth, changed one entry at a time,
//  and never believed before it is on disk.
#ifndef GGEN_TABLES_H
#define GGEN_TABLES_H

#include "pins.h"

#include "runtime/actor/out.h"

//  Pins of one change; packed they are far below what a put may have (state_io.h).
#define PUT_PINS_MAX      256

//  Registries whose unsigned packages may be accepted.
#define UNSIGNED_MAX      64
#define UNSIGNED_NAME_MAX 255           //  bytes of a registry's name or URL

typedef struct tables_t tables_t;

//  Begins to load. NULL: out of memory.
tables_t *tables_new (const actor_env_t *env);
void tables_destroy (tables_t **self_p);

//  For actor_class_t: false while something loads or is being written.
bool tables_ready (const tables_t *self);
void tables_tick (tables_t *self, int64_t now_ms);
int64_t tables_deadline_ms (const tables_t *self);

//  NULL when everything is loaded; else why not. Borrowed until the next tick or message.
const Ggen__Failure *tables_failure (const tables_t *self);

//  Borrowed; to be read only.
const pins_t *tables_pins (const tables_t *self);

//  The registries, sorted. Borrowed until the next change.
size_t tables_registries (const tables_t *self, const char *names[UNSIGNED_MAX]);
bool tables_has_registry (const tables_t *self, const char *name);

//  Is it 1 .. UNSIGNED_NAME_MAX bytes of UTF-8 without control characters?
bool tables_registry_valid (const char *name);

//  Called once when a change is on disk and in memory ('failure' is NULL), or is not.
typedef void (tables_done_fn) (void *context, const Ggen__Failure *failure);

//  Change one entry; only while tables_ready and without tables_failure. 'done' is called later.
//  OK
//  STORAGE  PINS_MAX or UNSIGNED_MAX entries are there; 'done' will not be called.
//  BUSY     memory is short; 'done' will not be called.
must_use code_t tables_put_pin (tables_t *self, const pin_t *pin, tables_done_fn *done,
                                void *context);

//  The same for 1 .. PUT_PINS_MAX pins of different names, all or none of them. They are copied.
must_use code_t tables_put_pins (tables_t *self, const pin_t *pins, size_t count,
                                 tables_done_fn *done, void *context);
must_use code_t tables_remove_pin (tables_t *self, const char *name, tables_done_fn *done,
                                   void *context);
must_use code_t tables_put_registry (tables_t *self, const char *name, tables_done_fn *done,
                                     void *context);
must_use code_t tables_remove_registry (tables_t *self, const char *name, tables_done_fn *done,
                                        void *context);

#endif
