// SPDX-License-Identifier: MIT
#include "lookup.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define NOBODY UINT16_MAX
#define PATH_MIN 2u
#define GROWTH   24u             //  candidates that the list grows by

typedef enum { NEW, ASKED, LATE, ANSWERED, FAILED } phase_t;

typedef struct {
    contact_t contact;
    int32_t late_ms;            //  after since_ms
    uint16_t named_by;          //  a candidate, or NOBODY
    uint8_t known_on;           //  paths, a bit each
    uint8_t first_on;           //  the path whose room it takes
    uint8_t path;               //  on which it was asked
    uint8_t phase;
    uint8_t hops;
    uint8_t good;               //  of those it named: that answered,
    uint8_t bad;                //  that did not
    bool again;                 //  it failed under other addresses before
} candidate_t;

struct lookup_t {
    uint64_t target;
    int64_t since_ms;           //  the first was late then
    peer_key_t own;
    lookup_shape_t shape;
    candidate_t *candidates;
    uint16_t count;
    uint16_t room;
    uint16_t order[LOOKUP_CANDIDATES_MAX];      //  the nearest first
    uint16_t waiting;           //  ASKED and LATE
    uint16_t answers;
    uint8_t on_path[LOOKUP_PATHS_MAX];          //  candidates that take its room
};

lookup_t *
lookup_new (uint64_t target, const peer_key_t *own, const lookup_shape_t *shape)
{
    assert (shape->k > 0 && shape->k <= LOOKUP_K_MAX && shape->paths > 0
            && shape->paths <= LOOKUP_PATHS_MAX);
    lookup_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->target = target;
    self->own = *own;
    self->shape = *shape;
    return self;
}

void
lookup_destroy (lookup_t **self_p)
{
    if (!*self_p)
        return;
    free ((*self_p)->candidates);
    free (*self_p);
    *self_p = NULL;
}

static uint64_t
distance_of (const lookup_t *self, uint16_t id)
{
    return self->candidates[id].contact.place ^ self->target;
}

//  ---- candidates --------------------------------------------------------------------------------

static uint16_t
find (const lookup_t *self, const contact_t *contact)
{
    for (uint16_t i = 0; i < self->count; i++)
        if (self->candidates[i].contact.place == contact->place
            && peer_key_equal (&self->candidates[i].contact.key, &contact->key))
            return i;
    return NOBODY;
}

static void
put_in_order (lookup_t *self, uint16_t id, unsigned ordered)
{
    unsigned at = ordered;
    while (at > 0 && distance_of (self, self->order[at - 1]) > distance_of (self, id))
        at--;
    memmove (self->order + at + 1, self->order + at, (ordered - at) * sizeof self->order[0]);
    self->order[at] = id;
}

static bool
grow (lookup_t *self)
{
    unsigned room = self->room + GROWTH < LOOKUP_CANDIDATES_MAX ? self->room + GROWTH
                                                                : LOOKUP_CANDIDATES_MAX;
    candidate_t *candidates = realloc (self->candidates, room * sizeof *candidates);
    if (!candidates)
        return false;
    self->candidates = candidates;
    self->room = (uint16_t) room;
    return true;
}

//  The order's index of the farthest that this path did not ask, or -1.
static int
farthest_new (const lookup_t *self, uint8_t path)
{
    for (int i = self->count - 1; i >= 0; i--) {
        const candidate_t *candidate = &self->candidates[self->order[i]];
        if (candidate->first_on == path && candidate->phase == NEW)
            return i;
    }
    return -1;
}

//  A path has its share of the candidates, so that what a liar names costs its own path only.
static void
add (lookup_t *self, const candidate_t *candidate)
{
    bool full = self->on_path[candidate->first_on] >= LOOKUP_CANDIDATES_MAX / self->shape.paths;
    uint16_t id = self->count;
    unsigned ordered = self->count;
    if (full) {
        int farthest = farthest_new (self, candidate->first_on);
        if (farthest < 0
            || distance_of (self, self->order[farthest])
                   <= (candidate->contact.place ^ self->target))
            return;
        id = self->order[farthest];
        ordered--;
        memmove (self->order + farthest, self->order + farthest + 1,
                 (ordered - (unsigned) farthest) * sizeof self->order[0]);
    }
    else if (self->count == self->room && !grow (self))
        return;
    self->candidates[id] = *candidate;
    put_in_order (self, id, ordered);
    self->count = (uint16_t) (self->count + !full);
    self->on_path[candidate->first_on] = (uint8_t) (self->on_path[candidate->first_on] + !full);
}

void
lookup_seed (lookup_t *self, const contact_t *contacts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!peer_key_equal (&contacts[i].key, &self->own)
            && find (self, &contacts[i]) == NOBODY)
            add (self, &(candidate_t) {.contact = contacts[i],
                                       .named_by = NOBODY,
                                       .known_on = (uint8_t) (1u << i % self->shape.paths),
                                       .first_on = (uint8_t) (i % self->shape.paths),
                                       .hops = 1});
}

//  Named too many that did not answer, and none that did.
static bool
is_doubted (const lookup_t *self, uint16_t id)
{
    return id != NOBODY && self->candidates[id].good == 0
        && self->candidates[id].bad >= LOOKUP_DOUBT;
}

//  A candidate that is named again: on another path, by one that is believed more, or under
//  addresses that may work where others did not.
static void
name_again (lookup_t *self, uint16_t id, uint16_t by, const contact_t *contact)
{
    candidate_t *known = &self->candidates[id];
    bool other = contact->addresses_size > 0
              && (known->contact.addresses_size != contact->addresses_size
                  || memcmp (known->contact.addresses, contact->addresses,
                             contact->addresses_size) != 0);
    bool again = known->phase == FAILED && !known->again && other;
    known->known_on |= (uint8_t) (1u << self->candidates[by].path);
    if (!again && !(known->phase == NEW && is_doubted (self, known->named_by)))
        return;
    known->again |= again;
    known->phase = NEW;
    known->named_by = by;
    known->contact = *contact;
}

//  Of one group of addresses a path asks group_max nodes (those that do not answer not counted):
//  who has many nodes behind few networks gets no more of them asked.
static bool
is_one_too_many (const lookup_t *self, uint8_t path, uint32_t group)
{
    unsigned same = 0;
    for (unsigned i = 0; i < self->count && group != 0 && self->shape.group_max > 0; i++) {
        const candidate_t *candidate = &self->candidates[i];
        same += candidate->contact.group == group && candidate->first_on == path
             && candidate->phase != FAILED;
    }
    return self->shape.group_max > 0 && same >= self->shape.group_max;
}

static void
name (lookup_t *self, uint16_t by, const contact_t *closer, size_t count)
{
    const candidate_t namer = self->candidates[by];
    if (count > self->shape.k)
        count = self->shape.k;
    for (size_t i = 0; i < count; i++) {
        const contact_t *contact = &closer[i];
        uint16_t known = find (self, contact);
        if (peer_key_equal (&contact->key, &self->own))
            continue;
        if (known != NOBODY)
            name_again (self, known, by, contact);
        else if (!is_one_too_many (self, namer.path, contact->group))
            add (self, &(candidate_t) {.contact = *contact,
                                       .named_by = by,
                                       .known_on = (uint8_t) (1u << namer.path),
                                       .first_on = namer.path,
                                       .hops = (uint8_t) (namer.hops < 255 ? namer.hops + 1
                                                                           : 255)});
    }
}

//  ---- whom to ask -------------------------------------------------------------------------------

//  What a path is looking at: of what it knows the closest that are not given up, and that no other
//  path has asked.
typedef struct {
    uint8_t live;
    uint8_t asked;
    bool nearest_answered;      //  nothing nearer than what answered is known on it
} window_t;

typedef struct {
    window_t paths[LOOKUP_PATHS_MAX];
    uint8_t path[LOOKUP_CANDIDATES_MAX];        //  by order: whose it is, or would be
} view_t;

#define NO_PATH UINT8_MAX

static bool
is_live (const lookup_t *self, const candidate_t *candidate)
{
    return candidate->phase == ASKED || candidate->phase == ANSWERED
        || (candidate->phase == NEW && !is_doubted (self, candidate->named_by));
}

//  One that was not asked goes to the path that knows it and has least.
static uint8_t
path_for (const lookup_t *self, const candidate_t *candidate, const view_t *view)
{
    uint8_t best = NO_PATH;
    if (candidate->phase != NEW)
        return candidate->path;
    for (uint8_t i = 0; i < self->shape.paths; i++)
        if (candidate->known_on >> i & 1
            && (best == NO_PATH || view->paths[i].live < view->paths[best].live))
            best = i;
    return best;
}

static void
look (const lookup_t *self, view_t *view)
{
    memset (view->paths, 0, sizeof view->paths);
    for (unsigned i = 0; i < self->count; i++) {
        const candidate_t *candidate = &self->candidates[self->order[i]];
        view->path[i] = NO_PATH;
        if (!is_live (self, candidate))
            continue;
        view->path[i] = path_for (self, candidate, view);
        window_t *window = &view->paths[view->path[i]];
        if (window->live++ == 0)
            window->nearest_answered = candidate->phase == ANSWERED;
        window->asked = (uint8_t) (window->asked + (candidate->phase == ASKED));
    }
}

//  How many may wait on a path: few while each answer may bring nearer ones (but two, for one may
//  be dead), many when the rest only has to be asked.
static unsigned
allowed (const lookup_t *self, const window_t *window)
{
    unsigned all = window->nearest_answered ? self->shape.parallel_max : self->shape.parallel;
    unsigned share = all / self->shape.paths;
    return share < PATH_MIN && all > 1 ? PATH_MIN : share;
}

//  Each path wants its share of the k closest answered, and all of them together the k closest.
static unsigned
path_share (const lookup_t *self)
{
    return (self->shape.k + self->shape.paths - 1u) / self->shape.paths;
}

//  Walk the candidates that still matter, nearest first. Returns the first that may be asked now,
//  and on which path, or NOBODY; *left_p: one of them is new or asked.
static uint16_t
walk (const lookup_t *self, uint8_t *path_p, bool *left_p)
{
    view_t view;
    unsigned live = 0, share = path_share (self);
    uint8_t of_path[LOOKUP_PATHS_MAX] = {0}, seeds[LOOKUP_PATHS_MAX] = {0};
    uint16_t best = NOBODY;
    look (self, &view);
    *left_p = false;
    for (unsigned i = 0; i < self->count; i++) {
        uint8_t path = view.path[i];
        if (path == NO_PATH)
            continue;
        const candidate_t *candidate = &self->candidates[self->order[i]];
        bool wanted = live++ < self->shape.k;
        wanted |= of_path[path]++ < share;
        wanted |= candidate->named_by == NOBODY && seeds[candidate->first_on]++ < LOOKUP_SEEDS;
        if (!wanted || candidate->phase == ANSWERED)
            continue;
        *left_p = true;
        if (best == NOBODY && candidate->phase == NEW
            && view.paths[path].asked < allowed (self, &view.paths[path])) {
            best = self->order[i];
            *path_p = path;
        }
    }
    return self->waiting < LOOKUP_WAITING_MAX ? best : NOBODY;
}

bool
lookup_next (lookup_t *self, uint16_t *id_p, const contact_t **contact_p)
{
    bool left;
    uint8_t path;
    uint16_t id = walk (self, &path, &left);
    if (id == NOBODY)
        return false;
    self->candidates[id].path = path;
    *id_p = id;
    *contact_p = &self->candidates[id].contact;
    return true;
}

bool
lookup_done (const lookup_t *self)
{
    bool left;
    uint8_t path;
    walk (self, &path, &left);
    return !left;
}

//  ---- what came of it ---------------------------------------------------------------------------

void
lookup_asked (lookup_t *self, uint16_t id, int64_t late_ms)
{
    candidate_t *candidate = &self->candidates[id];
    assert (candidate->phase == NEW);
    candidate->phase = ASKED;
    if (self->since_ms == 0)
        self->since_ms = late_ms;
    candidate->late_ms = (int32_t) (late_ms - self->since_ms);
    self->waiting++;
}

static bool
is_waited_for (const lookup_t *self, uint16_t id)
{
    return id < self->count
        && (self->candidates[id].phase == ASKED || self->candidates[id].phase == LATE);
}

static void
tell_namer (lookup_t *self, const candidate_t *candidate, bool good)
{
    if (candidate->named_by == NOBODY)
        return;
    candidate_t *namer = &self->candidates[candidate->named_by];
    uint8_t *count = good ? &namer->good : &namer->bad;
    if (*count < UINT8_MAX)
        ++*count;
}

void
lookup_answered (lookup_t *self, uint16_t id, const contact_t *closer, size_t count)
{
    if (!is_waited_for (self, id))
        return;
    self->candidates[id].phase = ANSWERED;
    self->waiting--;
    self->answers++;
    tell_namer (self, &self->candidates[id], true);
    name (self, id, closer, count);
}

void
lookup_failed (lookup_t *self, uint16_t id)
{
    if (!is_waited_for (self, id))
        return;
    self->candidates[id].phase = FAILED;
    self->waiting--;
    tell_namer (self, &self->candidates[id], false);
}

bool
lookup_advance (lookup_t *self, int64_t now_ms)
{
    bool any = false;
    for (unsigned i = 0; i < self->count && self->waiting > 0; i++) {
        candidate_t *candidate = &self->candidates[i];
        if (candidate->phase == ASKED && self->since_ms + candidate->late_ms <= now_ms) {
            candidate->phase = self->shape.hedged ? LATE : ASKED;
            any |= self->shape.hedged;
        }
    }
    return any;
}

int64_t
lookup_hedge_ms (const lookup_t *self)
{
    int64_t earliest_ms = INT64_MAX;
    for (unsigned i = 0; i < self->count && self->waiting > 0 && self->shape.hedged; i++)
        if (self->candidates[i].phase == ASKED
            && self->since_ms + self->candidates[i].late_ms < earliest_ms)
            earliest_ms = self->since_ms + self->candidates[i].late_ms;
    return earliest_ms;
}

unsigned
lookup_waiting (const lookup_t *self)
{
    return self->waiting;
}

unsigned
lookup_answers (const lookup_t *self)
{
    return self->answers;
}

size_t
lookup_closest_ids (const lookup_t *self, uint16_t ids[], size_t max)
{
    size_t count = 0;
    for (unsigned i = 0; i < self->count && count < max; i++)
        if (self->candidates[self->order[i]].phase == ANSWERED)
            ids[count++] = self->order[i];
    return count;
}

size_t
lookup_closest (const lookup_t *self, const contact_t *found[], size_t max, unsigned *hops_p)
{
    uint16_t ids[LOOKUP_CANDIDATES_MAX];
    size_t count = lookup_closest_ids (self, ids, max);
    if (count > 0 && hops_p)
        *hops_p = self->candidates[ids[0]].hops;
    for (size_t i = 0; i < count && found; i++)
        found[i] = &self->candidates[ids[i]].contact;
    return count;
}

const contact_t *
lookup_contact (const lookup_t *self, uint16_t id)
{
    assert (id < self->count);
    return &self->candidates[id].contact;
}

unsigned
lookup_hops (const lookup_t *self, uint16_t id)
{
    assert (id < self->count);
    return self->candidates[id].hops;
}
