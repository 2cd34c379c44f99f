// SPDX-License-Identifier: MIT
#include "history.h"

#include <stdlib.h>

typedef struct {
    uint8_t mark [ID_MARK_SIZE];
    body_t *body;
    int64_t taken_ms;
} seen_t;

struct history_t {
    id_table_t *seen;
    uint64_t bytes;
    uint32_t bytes_max;
    uint32_t bare;              //  so many of the oldest have no body
};

history_t *
history_new (uint32_t bytes_max, uint64_t seed)
{
    history_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->bytes_max = bytes_max;
    self->seen = id_table_new (GOSSIP_SEEN_MAX, ID_MARK_SIZE, sizeof (seen_t), seed);
    if (!self->seen)
        history_destroy (&self);
    return self;
}

static uint64_t
cost_of (const body_t *body)
{
    return sizeof *body + body->size;
}

static void
drop_body (history_t *self, seen_t *seen)
{
    if (!seen->body)
        return;
    self->bytes -= cost_of (seen->body);
    body_release (&seen->body);
}

static void
drop_oldest (history_t *self)
{
    drop_body (self, id_table_at (self->seen, 0));
    id_table_drop_oldest (self->seen);
    self->bare -= self->bare > 0;
}

void
history_destroy (history_t **self_p)
{
    history_t *self = *self_p;
    if (!self)
        return;
    while (self->seen && id_table_count (self->seen) > 0)
        drop_oldest (self);
    id_table_destroy (&self->seen);
    free (self);
    *self_p = NULL;
}

bool
history_has (const history_t *self, const uint8_t id [ID_SIZE])
{
    return id_table_find (self->seen, id) != NULL;
}

body_t *
history_find (const history_t *self, const uint8_t id [ID_SIZE])
{
    const seen_t *seen = id_table_find (self->seen, id);
    return seen ? seen->body : NULL;
}

//  Oldest bytes first, until the rest is within the bound.
static void
make_room (history_t *self, int64_t now_ms)
{
    bool bare = true;
    uint32_t count = id_table_count (self->seen);
    for (uint32_t i = self->bare; i < count && self->bytes > self->bytes_max; i++) {
        seen_t *seen = id_table_at (self->seen, i);
        int64_t age_ms = now_ms - seen->taken_ms;
        if (age_ms < HISTORY_RECENT_MS
            && self->bytes <= (uint64_t) HISTORY_RECENT_FACTOR * self->bytes_max)
            break;
        if (seen->body && seen->body->own && age_ms < HISTORY_OWN_MS) {
            bare = false;
            continue;
        }
        drop_body (self, seen);
        if (bare)
            self->bare = i + 1;
    }
}

void
history_add (history_t *self, body_t *body, int64_t now_ms)
{
    if (id_table_count (self->seen) == GOSSIP_SEEN_MAX)
        drop_oldest (self);
    seen_t *seen = id_table_add (self->seen, body->id);
    if (!seen)
        return;
    seen->taken_ms = now_ms;
    seen->body = body_hold (body);
    self->bytes += cost_of (body);
    make_room (self, now_ms);
}

//  An id is kept at least as long as its bytes.
static int64_t
leaves_ms (const seen_t *seen)
{
    return seen->taken_ms + (seen->body ? HISTORY_KEPT_MS : HISTORY_SEEN_MS);
}

void
history_expire (history_t *self, int64_t now_ms)
{
    while (id_table_count (self->seen) > 0 && leaves_ms (id_table_at (self->seen, 0)) <= now_ms)
        drop_oldest (self);
    make_room (self, now_ms);
}

int64_t
history_deadline_ms (const history_t *self)
{
    return id_table_count (self->seen) > 0 ? leaves_ms (id_table_at (self->seen, 0))
                                           : DEADLINE_NEVER;
}

uint32_t
history_count (const history_t *self)
{
    return id_table_count (self->seen);
}

body_t *
history_at (const history_t *self, uint32_t at)
{
    return ((const seen_t *) id_table_at (self->seen, at))->body;
}

uint64_t
history_bytes (const history_t *self)
{
    return self->bytes;
}

void
history_forget_peer (history_t *self, unsigned slot)
{
    for (uint32_t i = self->bare; i < id_table_count (self->seen); i++) {
        body_t *body = history_at (self, i);
        if (!body)
            continue;
        peer_set_remove (&body->knows, slot);
        if (body->pulled_from == slot)
            body->missed = false;
    }
}
