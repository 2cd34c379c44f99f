// SPDX-License-Identifier: MIT
//  Every request ends once: no reply has no request, no request has two replies. That each has an end
//  is for clients (work.h) and for the checker "leaks" to see.
#include "check.h"

#include "glance.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

//  Requests as numbers, with what became of them: open addressing; all of a run.
typedef struct {
    uint64_t *marks;                //  lowest bit: has been answered; 0: free
    size_t room, count;
} watch_t;

static void *
create (play_t *play)
{
    watch_t *self = calloc (1, sizeof *self);
    (void) play;
    if (!self)
        abort ();
    return self;
}

static void
destroy (void *self_)
{
    watch_t *self = self_;
    free (self->marks);
    free (self);
}

static size_t
place_of (const watch_t *self, uint64_t mark)
{
    size_t at = (size_t) (mark >> 1) & (self->room - 1);
    while (self->marks[at] != 0 && self->marks[at] >> 1 != mark >> 1)
        at = (at + 1) & (self->room - 1);
    return at;
}

static void
grow (watch_t *self)
{
    watch_t larger = {.room = self->room ? 2 * self->room : 4096, .count = self->count};
    larger.marks = calloc (larger.room, sizeof *larger.marks);
    if (!larger.marks)
        abort ();
    for (size_t i = 0; i < self->room; i++)
        if (self->marks[i] != 0)
            larger.marks[place_of (&larger, self->marks[i])] = self->marks[i];
    free (self->marks);
    *self = larger;
}

//  A request is known by its node, its asker and its number.
static uint64_t
mark_of (uint32_t node, bytes_t asker, uint64_t id)
{
    uint64_t mark;
    uint8_t hash[16], text[128];
    size_t size = asker.size < 100 ? asker.size : 100;
    memcpy (text, &node, sizeof node);
    memcpy (text + 4, &id, sizeof id);
    memcpy (text + 12, asker.data, size);
    crypto_generichash (hash, sizeof hash, text, 12 + size, NULL, 0);
    memcpy (&mark, hash, sizeof mark);
    return (mark | 2) & ~UINT64_C (1);
}

//  Requests are seen where they arrive: at an actor here, or at swarm for one elsewhere.
static void
asked (watch_t *self, const note_t *note)
{
    bytes_t from = glance_from (note);
    if (memchr (from.data, '@', from.size))
        return;                     //  Another node's: it was seen there
    if (2 * self->count >= self->room)
        grow (self);
    uint64_t mark = mark_of (note->node, from, glance_id (note));
    size_t at = place_of (self, mark);
    self->count += self->marks[at] == 0;
    if (self->marks[at] == 0)
        self->marks[at] = mark;
}

static void
answered (watch_t *self, play_t *play, const note_t *note)
{
    const char *seat = world_seat_name (play->world, note->node, note->seat);
    if (strcmp (seat, "client") == 0 || self->room == 0)
        return;
    //  On its way through swarm to another node: "to" is not ours.
    bytes_t to = glance_to (note);
    if (to.size > 0 && memchr (to.data, '@', to.size))
        return;
    uint64_t mark = mark_of (note->node, (bytes_t) {(const uint8_t *) seat, strlen (seat)},
                             glance_id (note));
    size_t at = place_of (self, mark);
    bytes_t type = glance_type (note), from = glance_from (note);
    if (self->marks[at] == 0)
        world_violation (play->world, "ends: node %u, %s: %.*s from %.*s answers no request",
                         note->node, seat, (int) type.size, (const char *) type.data,
                         (int) from.size, (const char *) from.data);
    else if (self->marks[at] & 1)
        world_violation (play->world, "ends: node %u, %s: %.*s from %.*s is a second answer",
                         note->node, seat, (int) type.size, (const char *) type.data,
                         (int) from.size, (const char *) from.data);
    self->marks[at] |= 1;
}

static void
arrives (void *self, play_t *play, const note_t *note)
{
    if (!players_is_honest (play, note->node))
        return;
    if (note->kind == GGEN__KIND__REQUEST)
        asked (self, note);
    else if (note->kind == GGEN__KIND__REPLY)
        answered (self, play, note);
}

const check_t check_ends = {.name = "ends",
                            .help = "a request has one answer, and an answer a request",
                            .create = create,
                            .destroy = destroy,
                            .arrives = arrives};
