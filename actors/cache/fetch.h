// SPDX-License-Identifier: MIT
//  One fetch of the cache actor: what is wanted, who waits for it, where to look next, and what was
//  wrong with the places looked at so far. It decides nothing and sends nothing.
#ifndef GGEN_FETCH_H
#define GGEN_FETCH_H

#include "runtime/actor/actor.h"
#include "cache.pb-c.h"
#include "digest.h"

//  Text kept of each source's failure; more is cut.
#define FETCH_REASON_MAX 400
#define FETCH_TEXT_MAX 4096

typedef struct fetch_t fetch_t;

//  Copies what it needs of 'ask'. NULL: out of memory.
fetch_t *fetch_new (const Ggen__FetchRequest *ask, const digest_t *digest);
void fetch_destroy (fetch_t **self_p);

const digest_t *fetch_digest (const fetch_t *self);
uint64_t fetch_size_bytes (const fetch_t *self);
bool fetch_offline (const fetch_t *self);

//  What it is for people, or "". Borrowed.
const char *fetch_subject (const fetch_t *self);

//  Is there one source only?
bool fetch_is_lone (const fetch_t *self);

//  True when a request wants just this: the same digest and size from the same sources.
bool fetch_matches (const fetch_t *self, const Ggen__FetchRequest *ask, const digest_t *digest);

//  ---- who waits ---------------------------------------------------------------------------------

//  OK; or BUSY when memory is short.
must_use code_t fetch_join (fetch_t *self, ticket_t ticket, int64_t deadline_ms);

//  Returns false when it does not wait here.
bool fetch_leave (fetch_t *self, ticket_t ticket);

//  Take one out; 0 when nobody waits any more.
ticket_t fetch_pop (fetch_t *self);

//  Who has most time left, and whose request the work is therefore done for; 0 when nobody waits.
ticket_t fetch_leader (const fetch_t *self);

unsigned fetch_waiters_count (const fetch_t *self);
ticket_t fetch_waiter (const fetch_t *self, unsigned index);

//  ---- where to look -----------------------------------------------------------------------------

//  The source to try now; NULL when all were tried. Borrowed until fetch_destroy.
const Ggen__FetchSource *fetch_source (const fetch_t *self);

//  It failed like this: the next one is to be tried. 'failure' is copied.
void fetch_source_failed (fetch_t *self, const Ggen__Failure *failure);

//  Why the fetch as a whole failed, when all sources did (or there was none). Borrowed until the
//  next call; strings are the fetch's.
const Ggen__Failure *fetch_failure (fetch_t *self);

#endif
