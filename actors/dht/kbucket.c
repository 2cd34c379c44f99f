// SPDX-License-Identifier: MIT
#include "kbucket.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define GROWTH 5u               //  nodes that a bucket grows by

typedef struct {
    node_t *nodes;              //  the longest silent first
    node_t *spares;             //  KBUCKET_SPARES of them, when there are any; the oldest first
    uint8_t count;
    uint8_t room;
    uint8_t spares_count;
} bucket_t;

struct kbucket_t {
    uint64_t own_place;
    kbucket_limits_t limits;
    uint32_t count;
    uint32_t buckets_count;
    bucket_t *buckets;
};

kbucket_t *
kbucket_new (uint64_t own_place, const kbucket_limits_t *limits)
{
    kbucket_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->own_place = own_place;
    self->limits = *limits;
    self->buckets_count = 1;
    self->buckets = calloc (1, sizeof *self->buckets);
    if (!self->buckets)
        kbucket_destroy (&self);
    return self;
}

static void
clear_all (node_t *nodes, uint8_t count)
{
    for (unsigned i = 0; i < count; i++)
        kept_contact_clear (&nodes[i].contact);
    free (nodes);
}

void
kbucket_destroy (kbucket_t **self_p)
{
    kbucket_t *self = *self_p;
    if (!self)
        return;
    for (uint32_t i = 0; self->buckets && i < self->buckets_count; i++) {
        clear_all (self->buckets[i].nodes, self->buckets[i].count);
        clear_all (self->buckets[i].spares, self->buckets[i].spares_count);
    }
    free (self->buckets);
    free (self);
    *self_p = NULL;
}

//  Bits that a place has in common with ours.
static uint32_t
common_bits (const kbucket_t *self, uint64_t place)
{
    uint64_t distance = place ^ self->own_place;
    return distance ? (uint32_t) __builtin_clzll (distance) : KBUCKET_BUCKETS_MAX - 1;
}

uint32_t
kbucket_index (const kbucket_t *self, uint64_t place)
{
    uint32_t bits = common_bits (self, place);
    return bits < self->buckets_count ? bits : self->buckets_count - 1;
}

bool
kbucket_is_near (const kbucket_t *self, uint64_t place)
{
    return kbucket_index (self, place) == self->buckets_count - 1;
}

static int
find (const node_t *nodes, uint8_t count, const peer_key_t *key)
{
    for (int i = 0; i < count; i++)
        if (peer_key_equal (&nodes[i].contact.key, key))
            return i;
    return -1;
}

const node_t *
kbucket_get (const kbucket_t *self, const peer_key_t *key, uint64_t place)
{
    const bucket_t *bucket = &self->buckets[kbucket_index (self, place)];
    int at = find (bucket->nodes, bucket->count, key);
    return at < 0 ? NULL : &bucket->nodes[at];
}

//  ---- room --------------------------------------------------------------------------------------

static unsigned
count_group (const bucket_t *bucket, uint32_t group)
{
    unsigned count = 0;
    for (unsigned i = 0; i < bucket->count; i++)
        count += bucket->nodes[i].contact.group == group;
    return count;
}

//  May another node of this group be in this bucket?
static bool
group_fits (const kbucket_t *self, const bucket_t *bucket, uint32_t group)
{
    if (group == 0)
        return true;
    if (self->limits.group_bucket_max > 0
        && count_group (bucket, group) >= self->limits.group_bucket_max)
        return false;
    unsigned count = 0;
    for (uint32_t i = 0; i < self->buckets_count; i++)
        count += count_group (&self->buckets[i], group);
    return self->limits.group_table_max == 0 || count < self->limits.group_table_max;
}

static bool
append (bucket_t *bucket, const node_t *node)
{
    if (bucket->count == bucket->room) {
        uint8_t room = (uint8_t) (bucket->room + GROWTH);
        node_t *nodes = realloc (bucket->nodes, room * sizeof *nodes);
        if (!nodes)
            return false;
        bucket->nodes = nodes;
        bucket->room = room;
    }
    bucket->nodes[bucket->count++] = *node;
    return true;
}

static void
take_out (node_t *nodes, uint8_t *count, int at)
{
    memmove (nodes + at, nodes + at + 1, (size_t) (--*count - at) * sizeof *nodes);
}

static void
drop (node_t *nodes, uint8_t *count, int at)
{
    kept_contact_clear (&nodes[at].contact);
    take_out (nodes, count, at);
}

//  Move what is nearer than the last bucket's own distance into one of its own.
static bool
split_last (kbucket_t *self)
{
    if (self->buckets_count == KBUCKET_BUCKETS_MAX)
        return false;
    bucket_t *buckets =
        realloc (self->buckets, (self->buckets_count + 1) * sizeof *self->buckets);
    if (!buckets)
        return false;
    self->buckets = buckets;
    bucket_t *last = &buckets[self->buckets_count - 1], *next = &buckets[self->buckets_count];
    *next = (bucket_t) {0};
    uint8_t kept = 0;
    for (unsigned i = 0; i < last->count; i++) {
        bool moves = common_bits (self, last->nodes[i].contact.place) >= self->buckets_count;
        if (!moves || !append (next, &last->nodes[i]))
            last->nodes[kept++] = last->nodes[i];
    }
    last->count = kept;
    self->buckets_count++;
    return true;
}

//  ---- news --------------------------------------------------------------------------------------

static void
note (node_t *node, kbucket_news_t news, int64_t now_ms)
{
    node->seen_secs = (uint32_t) (now_ms / 1000);
    node->failures = 0;
    node->young = news.young;
    if (news.rtt_ms > 0 && node->rtt_ms > 0)
        node->rtt_ms = (uint16_t) ((node->rtt_ms * 7u + news.rtt_ms + 4) / 8);
    else if (news.rtt_ms > 0)
        node->rtt_ms = news.rtt_ms;
}

//  Its place goes to one that is older; -1 when all are.
static int
yielding (const bucket_t *bucket)
{
    for (int i = bucket->count - 1; i >= 0; i--)
        if (bucket->nodes[i].young)
            return i;
    return -1;
}

static bool
keep_spare (bucket_t *bucket, const node_t *node)
{
    int at = find (bucket->spares, bucket->spares_count, &node->contact.key);
    if (!bucket->spares)
        bucket->spares = calloc (KBUCKET_SPARES, sizeof *bucket->spares);
    if (!bucket->spares)
        return false;
    if (at >= 0)
        drop (bucket->spares, &bucket->spares_count, at);
    else if (bucket->spares_count == KBUCKET_SPARES)
        drop (bucket->spares, &bucket->spares_count, 0);
    bucket->spares[bucket->spares_count++] = *node;
    return true;
}

//  Takes what the node has, unless it is refused.
static kbucket_put_t
enter (kbucket_t *self, const node_t *node)
{
    bucket_t *bucket = &self->buckets[kbucket_index (self, node->contact.place)];
    if (!group_fits (self, bucket, node->contact.group))
        return KBUCKET_REFUSED;
    while (bucket->count == KBUCKET_K
           && bucket == &self->buckets[self->buckets_count - 1] && split_last (self))
        bucket = &self->buckets[kbucket_index (self, node->contact.place)];
    if (bucket->count == KBUCKET_K) {
        int at = node->young ? -1 : yielding (bucket);
        if (at < 0)
            return keep_spare (bucket, node) ? KBUCKET_SPARE : KBUCKET_REFUSED;
        drop (bucket->nodes, &bucket->count, at);
        self->count--;
    }
    if (!append (bucket, node))
        return KBUCKET_REFUSED;
    self->count++;
    return KBUCKET_ENTERED;
}

static kbucket_put_t
put_new (kbucket_t *self, const contact_t *contact, kbucket_news_t news, int64_t now_ms)
{
    node_t node = {.failures = 0};
    if (!kept_contact_set (&node.contact, contact))
        return KBUCKET_REFUSED;
    note (&node, news, now_ms);
    kbucket_put_t put = enter (self, &node);
    if (put == KBUCKET_REFUSED)
        kept_contact_clear (&node.contact);
    return put;
}

kbucket_put_t
kbucket_answered (kbucket_t *self, const contact_t *contact, kbucket_news_t news, int64_t now_ms)
{
    if (contact->place == self->own_place)
        return KBUCKET_REFUSED;
    bucket_t *bucket = &self->buckets[kbucket_index (self, contact->place)];
    int at = find (bucket->nodes, bucket->count, &contact->key);
    if (at < 0)
        return put_new (self, contact, news, now_ms);
    node_t node = bucket->nodes[at];
    if (contact->addresses_size > 0 && !kept_contact_set (&node.contact, contact))
        return KBUCKET_REFUSED;
    note (&node, news, now_ms);
    take_out (bucket->nodes, &bucket->count, at);
    bucket->nodes[bucket->count++] = node;
    return KBUCKET_KNOWN;
}

//  The spare one that was seen last and whose group fits takes the free place. It has not answered
//  for a while: it leaves at its first failure.
static void
promote_spare (kbucket_t *self, bucket_t *bucket)
{
    for (int i = bucket->spares_count - 1; i >= 0; i--) {
        node_t node = bucket->spares[i];
        if (!group_fits (self, bucket, node.contact.group))
            continue;
        take_out (bucket->spares, &bucket->spares_count, i);
        node.failures = KBUCKET_FAILURES_MAX - 1;
        if (append (bucket, &node))
            self->count++;
        else
            kept_contact_clear (&node.contact);
        return;
    }
}

bool
kbucket_failed (kbucket_t *self, const peer_key_t *key, uint64_t place)
{
    bucket_t *bucket = &self->buckets[kbucket_index (self, place)];
    int at = find (bucket->spares, bucket->spares_count, key);
    if (at >= 0)
        drop (bucket->spares, &bucket->spares_count, at);
    at = find (bucket->nodes, bucket->count, key);
    if (at < 0 || ++bucket->nodes[at].failures < KBUCKET_FAILURES_MAX)
        return false;
    drop (bucket->nodes, &bucket->count, at);
    self->count--;
    promote_spare (self, bucket);
    return true;
}

bool
kbucket_wants (const kbucket_t *self, const contact_t *contact)
{
    const bucket_t *bucket = &self->buckets[kbucket_index (self, contact->place)];
    if (contact->place == self->own_place
        || find (bucket->nodes, bucket->count, &contact->key) >= 0
        || find (bucket->spares, bucket->spares_count, &contact->key) >= 0)
        return false;
    bool room = bucket->count < KBUCKET_K || bucket->spares_count < KBUCKET_SPARES
             || bucket == &self->buckets[self->buckets_count - 1] || yielding (bucket) >= 0;
    return room && group_fits (self, bucket, contact->group);
}

//  ---- the closest -------------------------------------------------------------------------------

typedef struct {
    uint64_t place;
    const peer_key_t *except;
    bool failed;                //  those that failed, or those that did not
    contact_t *found;
    size_t count;
    size_t from;                //  before it, others are sorted already
    size_t max;
} search_t;

//  Insert into the sorted part that this search fills.
static void
consider (search_t *search, const node_t *node)
{
    uint64_t distance = node->contact.place ^ search->place;
    if ((node->failures > 0) != search->failed
        || (search->except && peer_key_equal (&node->contact.key, search->except)))
        return;
    size_t at = search->count;
    while (at > search->from && (search->found[at - 1].place ^ search->place) > distance)
        at--;
    if (at == search->max)
        return;
    size_t tail = search->count < search->max ? search->count - at : search->max - at - 1;
    memmove (search->found + at + 1, search->found + at, tail * sizeof *search->found);
    kept_contact_get (&node->contact, &search->found[at]);
    if (search->count < search->max)
        search->count++;
}

static void
search_bucket (search_t *search, const bucket_t *bucket)
{
    for (unsigned i = 0; i < bucket->count; i++)
        consider (search, &bucket->nodes[i]);
}

//  Nearest to the place is what shares its bucket, then all buckets beyond (they differ from the
//  place in the same first bit), then one bucket after the other back to the first.
static void
search_table (const kbucket_t *self, search_t *search)
{
    uint32_t index = kbucket_index (self, search->place);
    search_bucket (search, &self->buckets[index]);
    if (search->count < search->max)
        for (uint32_t i = index + 1; i < self->buckets_count; i++)
            search_bucket (search, &self->buckets[i]);
    while (search->count < search->max && index-- > 0)
        search_bucket (search, &self->buckets[index]);
}

size_t
kbucket_closest (const kbucket_t *self, uint64_t place, const peer_key_t *except,
                 contact_t *found, size_t max)
{
    search_t search = {.place = place, .except = except, .found = found, .max = max};
    search_table (self, &search);
    if (search.count < max) {
        search.failed = true;
        search.from = search.count;
        search_table (self, &search);
    }
    return search.count;
}

size_t
kbucket_closer_count (const kbucket_t *self, uint64_t place, uint64_t distance, size_t max)
{
    size_t count = 0;
    for (uint32_t i = 0; i < self->buckets_count; i++)
        for (unsigned j = 0; j < self->buckets[i].count && count < max; j++) {
            const node_t *node = &self->buckets[i].nodes[j];
            count += node->failures == 0 && (node->contact.place ^ place) < distance;
        }
    return count;
}

//  ---- looking in --------------------------------------------------------------------------------

uint32_t
kbucket_count (const kbucket_t *self)
{
    return self->count;
}

uint32_t
kbucket_buckets (const kbucket_t *self)
{
    return self->buckets_count;
}

uint32_t
kbucket_bucket_count (const kbucket_t *self, uint32_t bucket)
{
    assert (bucket < self->buckets_count);
    return self->buckets[bucket].count;
}

unsigned
kbucket_oldest (const kbucket_t *self, uint32_t bucket, const node_t *oldest[], unsigned max)
{
    assert (bucket < self->buckets_count);
    unsigned count = 0;
    for (; count < max && count < self->buckets[bucket].count; count++)
        oldest[count] = &self->buckets[bucket].nodes[count];
    return count;
}

uint64_t
kbucket_random_place (const kbucket_t *self, uint32_t bucket, uint64_t random)
{
    assert (bucket < self->buckets_count);
    uint64_t rest = UINT64_MAX >> bucket;
    uint64_t first = (rest >> 1) + 1;       //  The bit in which this bucket differs from us
    uint64_t place = (self->own_place & ~rest) | (random & rest);
    if (bucket + 1 < self->buckets_count)
        place = (place & ~first) | (~self->own_place & first);
    return place;
}
