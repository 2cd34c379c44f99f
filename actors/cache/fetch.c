// SPDX-License-Identifier: MIT
#include "fetch.h"

#include "message.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    ticket_t ticket;
    int64_t deadline_ms;
} waiter_t;

struct fetch_t {
    Ggen__FetchRequest *ask;
    digest_t digest;
    waiter_t *waiters;
    unsigned waiters_count;
    unsigned waiters_room;
    Ggen__Failure **failures;       //  of each source tried, in order; NULL where memory was short
    size_t tried;
    //  What fetch_failure gives out.
    Ggen__Failure failure;
    Ggen__Detail *details;
    Ggen__Detail **detail_list;
    char text[FETCH_TEXT_MAX];
};

fetch_t *
fetch_new (const Ggen__FetchRequest *ask, const digest_t *digest)
{
    fetch_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->digest = *digest;
    self->ask = message_copy (&ask->base);
    size_t room = ask->n_sources + 1;
    self->failures = calloc (room, sizeof *self->failures);
    self->details = calloc (room, sizeof *self->details);
    self->detail_list = calloc (room, sizeof *self->detail_list);
    if (!self->ask || !self->failures || !self->details || !self->detail_list)
        fetch_destroy (&self);
    return self;
}

void
fetch_destroy (fetch_t **self_p)
{
    fetch_t *self = *self_p;
    if (!self)
        return;
    for (size_t i = 0; i < self->tried; i++)
        ggen__failure__free_unpacked (self->failures[i], NULL);
    if (self->ask)
        ggen__fetch_request__free_unpacked (self->ask, NULL);
    free (self->failures);
    free (self->details);
    free (self->detail_list);
    free (self->waiters);
    free (self);
    *self_p = NULL;
}

const digest_t *
fetch_digest (const fetch_t *self)
{
    return &self->digest;
}

uint64_t
fetch_size_bytes (const fetch_t *self)
{
    return self->ask->size_bytes;
}

const char *
fetch_subject (const fetch_t *self)
{
    return self->ask->subject;
}

bool
fetch_is_lone (const fetch_t *self)
{
    return self->ask->n_sources == 1;
}

bool
fetch_offline (const fetch_t *self)
{
    return self->ask->offline;
}

bool
fetch_matches (const fetch_t *self, const Ggen__FetchRequest *ask, const digest_t *digest)
{
    const Ggen__FetchRequest *own = self->ask;
    if (!digest_equal (&self->digest, digest) || own->size_bytes != ask->size_bytes
        || own->offline != ask->offline || own->n_sources != ask->n_sources)
        return false;
    for (size_t i = 0; i < own->n_sources; i++)
        if (strcmp (own->sources[i]->registry, ask->sources[i]->registry) != 0
            || strcmp (own->sources[i]->location, ask->sources[i]->location) != 0)
            return false;
    return true;
}

//  ---- who waits ---------------------------------------------------------------------------------

code_t
fetch_join (fetch_t *self, ticket_t ticket, int64_t deadline_ms)
{
    if (self->waiters_count == self->waiters_room) {
        unsigned room = self->waiters_room ? 2 * self->waiters_room : 4;
        waiter_t *waiters = reallocarray (self->waiters, room, sizeof *waiters);
        if (!waiters)
            return BUSY;
        self->waiters = waiters;
        self->waiters_room = room;
    }
    assert (self->waiters_count < OPEN_MAX);
    self->waiters[self->waiters_count++] = (waiter_t) {ticket, deadline_ms};
    return OK;
}

bool
fetch_leave (fetch_t *self, ticket_t ticket)
{
    for (unsigned i = 0; i < self->waiters_count; i++)
        if (self->waiters[i].ticket == ticket) {
            self->waiters[i] = self->waiters[--self->waiters_count];
            return true;
        }
    return false;
}

ticket_t
fetch_pop (fetch_t *self)
{
    return self->waiters_count > 0 ? self->waiters[--self->waiters_count].ticket : 0;
}

ticket_t
fetch_leader (const fetch_t *self)
{
    const waiter_t *leader = self->waiters;
    for (unsigned i = 1; i < self->waiters_count; i++)
        if (self->waiters[i].deadline_ms > leader->deadline_ms)
            leader = &self->waiters[i];
    return self->waiters_count > 0 ? leader->ticket : 0;
}

unsigned
fetch_waiters_count (const fetch_t *self)
{
    return self->waiters_count;
}

ticket_t
fetch_waiter (const fetch_t *self, unsigned index)
{
    assert (index < self->waiters_count);
    return self->waiters[index].ticket;
}

//  ---- where to look -----------------------------------------------------------------------------

const Ggen__FetchSource *
fetch_source (const fetch_t *self)
{
    return self->tried < self->ask->n_sources ? self->ask->sources[self->tried] : NULL;
}

void
fetch_source_failed (fetch_t *self, const Ggen__Failure *failure)
{
    assert (self->tried < self->ask->n_sources);
    self->failures[self->tried++] = message_copy (&failure->base);
}

//  The one failure that a person is to read about all sources.
static void
add_reason (fetch_t *self, size_t index)
{
    const Ggen__Failure *failure = self->failures[index];
    char *reason = failure ? failure->message : "";
    Ggen__Detail *detail = &self->details[index];
    ggen__detail__init (detail);
    detail->key = self->ask->sources[index]->registry;
    detail->value = reason;
    self->detail_list[index] = detail;
    size_t used = strlen (self->text);
    snprintf (self->text + used, sizeof self->text - used, "%s%s: %.*s: %s", index ? "; " : "",
              detail->key, FETCH_REASON_MAX, reason,
              code_name (failure ? failure->code : INTERNAL));
}

const Ggen__Failure *
fetch_failure (fetch_t *self)
{
    size_t count = self->ask->n_sources;
    if (count == 1 && self->tried == 1 && self->failures[0])
        return self->failures[0];
    char hex[DIGEST_HEX_SIZE + 1];
    digest_to_hex (&self->digest, hex);
    snprintf (self->text, sizeof self->text, "%s (sha256 %s): %s",
              *self->ask->subject ? self->ask->subject : "the archive", hex,
              count == 0 ? "not in the cache, and no source is known" : "every source failed: ");
    ggen__failure__init (&self->failure);
    for (size_t i = 0; i < self->tried; i++)
        add_reason (self, i);
    self->failure.code = ALL_PROVIDERS_FAILED;
    self->failure.message = self->text;
    self->failure.n_details = self->tried;
    self->failure.details = self->detail_list;
    return &self->failure;
}
