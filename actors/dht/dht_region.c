// SPDX-License-Identifier: MIT
//  When the closest to a key lie far closer together than the network is dense, they were put there:
//  whoever has ground as many keys as a key has holders decides what is found under it. Then a
//  region of the key space counts instead of a number of nodes: all places within which k of the
//  network's nodes, or up to twice as many, are expected ("region-based queries" of Sridhar et al.,
//  "Content Censorship in the InterPlanetary File System", NDSS 2024). Each cell of it, in which one
//  node is expected, gives two at most, so that no crowd takes the places of all others.
//
//  Answers name the closest to the key only, which is the crowd. So the rest of the region is found
//  by lookups of other places in it, which nobody can know before: one in each half of what the one
//  before has left. And how dense the network is says a lookup in the other half of the key space.
#include "dht_inside.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

//  A crowd: where the k closest lie, less than this part of k is expected. By chance that happens
//  once in 30,000 times where the estimate is right, once in a hundred where it is 40 % too low.
//  Whoever stays above it leaves as many places among the k to others.
#define CROWD_SHARE 3

#define CELL_MAX 2u

#define FOUND_MAX ((REGION_SCANS + 1) * LOOKUP_CANDIDATES_MAX)

static bool
is_for_region (const dht_t *self, const op_t *op)
{
    return self->settings->regions && (op->kind == OP_READ || op->kind == OP_WRITE)
        && !(op->kind == OP_READ && op->read.found);
}

static uint64_t
nodes_of (const dht_t *self)
{
    uint64_t nodes = estimate_median (&self->estimate);
    return nodes > 0 ? nodes : estimate_nodes (self->table, self->place);
}

//  How far away the last of the k closest is that this lookup found; 0 = it found less.
static uint64_t
extent_of (const lookup_t *lookup, uint64_t target)
{
    const contact_t *found[KBUCKET_K];
    return lookup_closest (lookup, found, KBUCKET_K, NULL) == KBUCKET_K
             ? found[KBUCKET_K - 1]->place ^ target
             : 0;
}

//  Of the closest, so many count: of each cell CELL_MAX at most.
static unsigned
fair_count (const contact_t *const *found, uint64_t target, uint64_t nodes)
{
    unsigned count = 0, of_cell = 0;
    double last = -1;
    for (unsigned i = 0; i < KBUCKET_K; i++) {
        double cell = floor (estimate_within (nodes, found[i]->place ^ target));
        of_cell = cell == last ? of_cell + 1 : 1;
        count += of_cell <= CELL_MAX;
        last = cell;
    }
    return count;
}

//  Would these be a crowd in a network of so many nodes? All of them too close, or most of them in one
//  place: around another key.
static bool
is_crowd (const lookup_t *lookup, uint64_t target, uint64_t nodes)
{
    const contact_t *found[KBUCKET_K];
    if (lookup_closest (lookup, found, KBUCKET_K, NULL) < KBUCKET_K)
        return false;
    double within = estimate_within (nodes, found[KBUCKET_K - 1]->place ^ target);
    return within * CROWD_SHARE < KBUCKET_K
        || fair_count (found, target, nodes) * CROWD_SHARE < KBUCKET_K;
}

//  What lookups find says how large the network is, but for a crowd. It may have grown since: our
//  neighbours know first. A crowd that makes them many lies closer to the key than to us.
static bool
is_suspect (dht_t *self, const op_t *op)
{
    uint64_t extent = extent_of (op->lookup, op->target), nodes = nodes_of (self);
    bool suspect = is_crowd (op->lookup, op->target,
                             nodes > self->nodes_estimate ? nodes : self->nodes_estimate);
    if (extent > 0 && !suspect)
        estimate_note (&self->estimate, op->target, extent);
    return suspect;
}

//  ---- finding the region ------------------------------------------------------------------------

//  Where a lookup begins: with what we know, or (far) with those that the first scan found. A crowd
//  may be all that we know of its half of the key space; they know others there.
static size_t
seeds_of (const dht_t *self, const region_t *region, uint64_t target, contact_t *seeds)
{
    const contact_t *found[KBUCKET_K];
    size_t count =
        region->scans[0] ? lookup_closest (region->scans[0], found, KBUCKET_K, NULL) : 0;
    for (size_t i = 0; i < count; i++)
        seeds[i] = *found[i];
    return count > 0 ? count : kbucket_closest (self->table, target, NULL, seeds, KBUCKET_K);
}

//  Look up a place whose distance from the key is between 'half' and twice that.
static bool
scan (dht_t *self, op_t *op, unsigned number, uint64_t half)
{
    contact_t seeds[KBUCKET_K];
    lookup_shape_t shape = dht_shape (self, 1);
    region_t *region = op->region;
    uint64_t target = op->target ^ (half | rng_below (self->rng, half));
    size_t count = seeds_of (self, region, target, seeds);
    region->targets[number] = target;
    region->scans[number] = lookup_new (target, &self->own, &shape);
    if (!region->scans[number])
        return false;
    lookup_seed (region->scans[number], seeds, count);
    return true;
}

//  As long as a lookup may take, for each step, within what the operation may take.
static void
take_time (const dht_t *self, op_t *op)
{
    int64_t until_ms = out_now_ms (self->out) + self->settings->query_timeout_ms;
    op->partial_ms = until_ms < op->hard_ms ? until_ms : op->hard_ms;
}

static bool
begin (dht_t *self, op_t *op)
{
    op->region = calloc (1, sizeof *op->region);
    if (!op->region || !scan (self, op, 0, UINT64_C (1) << 63))
        return false;
    take_time (self, op);
    return true;
}

//  The network as it is far away from the key, or as we know it: who makes it look larger makes the
//  region smaller, so the lower number counts. Returns whether there is a crowd: the network may
//  just have grown since we looked at it last.
static bool
measure (dht_t *self, const op_t *op)
{
    region_t *region = op->region;
    uint64_t there = extent_of (region->scans[0], region->targets[0]);
    uint64_t nodes = there > 0 ? estimate_note (&self->estimate, region->targets[0], there) : 0;
    region->nodes = nodes_of (self);
    if (nodes > 0 && nodes < region->nodes)
        region->nodes = nodes;
    region->radius = UINT64_MAX;
    while (estimate_within (region->nodes, region->radius / 2) >= KBUCKET_K)
        region->radius /= 2;
    return is_crowd (op->lookup, op->target, nodes > 0 ? nodes : region->nodes);
}

static bool
scan_region (dht_t *self, op_t *op)
{
    for (unsigned i = 1; i < REGION_SCANS; i++)
        if (!scan (self, op, i, (op->region->radius >> i) + 1))
            return false;
    take_time (self, op);
    return true;
}

//  ---- choosing from it --------------------------------------------------------------------------

typedef struct {
    uint64_t distance;
    const contact_t *contact;
    bool known;                 //  it had its turn as one that the key's own lookup found
} found_t;

static int
by_distance (const void *a_, const void *b_)
{
    const found_t *a = a_, *b = b_;
    return (a->distance > b->distance) - (a->distance < b->distance);
}

//  Those of the key's own lookup that were asked, or are written to, anyway: a read asks each that
//  answers, a write tells the k closest.
static size_t
known_of (const op_t *op)
{
    return op->kind == OP_READ ? LOOKUP_CANDIDATES_MAX : KBUCKET_K;
}

//  All that answered in any of the lookups, the nearest first, some of them twice. Returns how many.
static size_t
gather (const op_t *op, found_t *found)
{
    const contact_t *closest[LOOKUP_CANDIDATES_MAX];
    size_t count = 0;
    for (unsigned i = 0; i <= REGION_SCANS; i++) {
        const lookup_t *lookup = i == 0 ? op->lookup : op->region->scans[i - 1];
        size_t answered =
            lookup ? lookup_closest (lookup, closest, LOOKUP_CANDIDATES_MAX, NULL) : 0;
        for (size_t j = 0; j < answered; j++)
            found[count++] = (found_t) {.distance = closest[j]->place ^ op->target,
                                        .contact = closest[j],
                                        .known = i == 0 && j < known_of (op)};
    }
    qsort (found, count, sizeof *found, by_distance);
    return count;
}

//  Neighbours in the list that are one node become its first place. Returns how many are left.
static size_t
unite (found_t *found, size_t count)
{
    size_t left = 0;
    for (size_t i = 0; i < count; i++)
        if (left > 0 && peer_key_equal (&found[left - 1].contact->key, &found[i].contact->key))
            found[left - 1].known |= found[i].known;
        else
            found[left++] = found[i];
    return left;
}

void
dht_region_choose (dht_t *self, op_t *op)
{
    region_t *region = op->region;
    if (region->chosen)
        return;
    region->chosen = true;
    if (region->nodes == 0 && !measure (self, op))
        return;
    found_t *found = malloc (FOUND_MAX * sizeof *found);
    region->list = malloc (REGION_MAX * sizeof *region->list);
    unsigned of_cell[2 * KBUCKET_K] = {0};
    size_t count = found && region->list ? unite (found, gather (op, found)) : 0;
    for (size_t i = 0; i < count && found[i].distance <= region->radius; i++) {
        double cell = estimate_within (region->nodes, found[i].distance);
        if (cell < COUNT_OF (of_cell) && of_cell[(unsigned) cell]++ < CELL_MAX && !found[i].known)
            region->list[region->count++] = *found[i].contact;
    }
    free (found);
}

//  ---- steps -------------------------------------------------------------------------------------

bool
dht_region_next (dht_t *self, op_t *op)
{
    if (!op->region)
        return lookup_done (op->lookup) && is_suspect (self, op) && is_for_region (self, op)
            && begin (self, op);
    if (op->region->nodes == 0) {
        if (measure (self, op))
            return scan_region (self, op);
        op->region->chosen = true;      //  Nobody more: it was no crowd
    }
    dht_region_choose (self, op);
    return op->kind == OP_READ && !op->read.found && op->region->sent < op->region->count;
}

void
dht_region_ask (dht_t *self, op_t *op)
{
    region_t *region = op->region;
    Ggen__GetRecordsRequest get = GGEN__GET_RECORDS_REQUEST__INIT;
    get.key = digest_to_field (&op->key);
    op->starved = false;
    while (region->sent < region->count && !op->starved) {
        query_ask_t ask = {.kind = QUERY_REGION,
                           .op = op,
                           .candidate = CANDIDATE_NONE,
                           .contact = &region->list[region->sent],
                           .message = &get.base,
                           .expect = &ggen__get_records_reply__descriptor};
        op->starved = !dht_query_has_room (self, QUERY_REGION);
        if (op->starved)
            return;
        region->sent++;
        op->extra += dht_query_send (self, &ask);
    }
}

void
dht_region_destroy (region_t **self_p)
{
    region_t *self = *self_p;
    if (!self)
        return;
    for (unsigned i = 0; i < REGION_SCANS; i++)
        lookup_destroy (&self->scans[i]);
    free (self->list);
    free (self);
    *self_p = NULL;
}
