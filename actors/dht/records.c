// SPDX-License-Identifier: MIT
#include "records.h"

#include "runtime/actor/map.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

//  Sweeps look at everything: they are this far apart, or so far while records are due.
#define SWEEP_MIN_MS 10000
#define NEXT_DUE_MS  1000

typedef struct {
    digest_t key;
    uint32_t at;                //  in 'sets'
    uint16_t count;
    uint16_t room;
    element_t *elements;        //  by id
} set_t;

struct records_t {
    records_limits_t limits;
    sha256_fn *sha256;
    records_changed_fn *changed;
    void *context;
    map_t *by_key;
    set_t **sets;
    uint32_t sets_count;
    uint32_t sets_room;
    quota_t *quota;
    uint64_t bytes;
    uint64_t far_bytes;
    uint32_t count;
    int64_t sweep_ms;
    int64_t swept_ms;
};

records_t *
records_new (const records_limits_t *limits, uint64_t seed, sha256_fn *sha256,
             records_changed_fn *changed, void *context)
{
    records_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->limits = *limits;
    self->sha256 = sha256;
    self->changed = changed;
    self->context = context;
    self->sweep_ms = INT64_MAX;
    self->swept_ms = INT64_MIN / 2;
    self->by_key = map_new (limits->sets_max, seed);
    self->quota = quota_new (limits->signer_bytes_max, limits->group_bytes_max, seed);
    if (!self->by_key || !self->quota)
        records_destroy (&self);
    return self;
}

static void
set_free (set_t *set)
{
    for (unsigned i = 0; i < set->count; i++)
        free (set->elements[i].packed);
    free (set->elements);
    free (set);
}

void
records_destroy (records_t **self_p)
{
    records_t *self = *self_p;
    if (!self)
        return;
    for (uint32_t i = 0; i < self->sets_count; i++)
        set_free (self->sets[i]);
    free (self->sets);
    map_destroy (&self->by_key);
    quota_destroy (&self->quota);
    free (self);
    *self_p = NULL;
}

void
records_id (uint8_t id[RECORDS_ID_SIZE], sha256_fn *sha256, const dht_element_t *element)
{
    uint8_t text[1 + sizeof element->signer + sizeof element->subject], hash[DIGEST_SIZE];
    text[0] = (uint8_t) element->kind;
    memcpy (text + 1, element->signer, sizeof element->signer);
    memcpy (text + 1 + sizeof element->signer, element->subject, sizeof element->subject);
    sha256 (text, sizeof text, hash);
    memcpy (id, hash, RECORDS_ID_SIZE);
}

//  ---- sets --------------------------------------------------------------------------------------

static set_t *
set_of (const records_t *self, const digest_t *key)
{
    return map_get (self->by_key, key->bytes, DIGEST_SIZE);
}

//  Where an id is, or would go.
static unsigned
place_in (const set_t *set, const uint8_t *id)
{
    unsigned low = 0, high = set->count;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (memcmp (set->elements[middle].id, id, RECORDS_ID_SIZE) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static element_t *
get_in (const set_t *set, const uint8_t *id)
{
    unsigned at = place_in (set, id);
    bool found = at < set->count && memcmp (set->elements[at].id, id, RECORDS_ID_SIZE) == 0;
    return found ? &set->elements[at] : NULL;
}

element_t *
records_get (const records_t *self, const digest_t *key, const uint8_t id[RECORDS_ID_SIZE])
{
    const set_t *set = set_of (self, key);
    return set ? get_in (set, id) : NULL;
}

static set_t *
set_make (records_t *self, const digest_t *key)
{
    if (self->sets_count == self->sets_room) {
        uint32_t room = self->sets_room + self->sets_room / 2 + 8;
        set_t **sets = realloc (self->sets, room * sizeof *sets);
        if (!sets)
            return NULL;
        self->sets = sets;
        self->sets_room = room;
    }
    set_t *set = calloc (1, sizeof *set);
    if (!set || map_put (self->by_key, key->bytes, DIGEST_SIZE, set) != OK) {
        free (set);
        return NULL;
    }
    set->key = *key;
    set->at = self->sets_count;
    self->sets[self->sets_count++] = set;
    return set;
}

static void
set_drop (records_t *self, set_t *set)
{
    map_remove (self->by_key, set->key.bytes, DIGEST_SIZE);
    self->sets[set->at] = self->sets[--self->sets_count];
    self->sets[set->at]->at = set->at;
    set_free (set);
}

static bool
tell_changed (records_t *self, const digest_t *key, const uint8_t *id)
{
    uint8_t state_key[RECORDS_STATE_SIZE];
    memcpy (state_key, key->bytes, DIGEST_SIZE);
    memcpy (state_key + DIGEST_SIZE, id, RECORDS_ID_SIZE);
    return self->changed (self->context, state_key);
}

static void
mark_unsaved (records_t *self, const digest_t *key, element_t *element)
{
    if (element->unsaved)
        return;
    element->unsaved = tell_changed (self, key, element->id);
}

//  ---- life --------------------------------------------------------------------------------------

static int64_t
end_ms (const element_t *element)
{
    return 1000 * ((int64_t) element->since_secs + element->life_secs);
}

static bool
is_alive (const element_t *element, int64_t now_ms)
{
    return now_ms < end_ms (element);
}

uint32_t
records_age_secs (const element_t *element, int64_t now_ms)
{
    int64_t age_secs = now_ms / 1000 - element->since_secs;
    return age_secs > 0 ? (uint32_t) age_secs : 0;
}

static void
sweep_by (records_t *self, int64_t at_ms)
{
    int64_t earliest_ms = self->swept_ms + SWEEP_MIN_MS;
    if (at_ms < earliest_ms)
        at_ms = earliest_ms;
    if (at_ms < self->sweep_ms)
        self->sweep_ms = at_ms;
}

static void
sweep_for (records_t *self, const element_t *element)
{
    sweep_by (self, end_ms (element));
    if (element->due_secs != INT32_MAX)
        sweep_by (self, 1000 * (int64_t) element->due_secs);
}

static void
account (records_t *self, const element_t *element, bool here)
{
    uint64_t size = element->size;
    self->bytes += here ? size : -size;
    if (element->far)
        self->far_bytes += here ? size : -size;
    self->count += here ? 1u : -1u;
}

//  The set may be gone afterwards.
static void
remove_at (records_t *self, set_t *set, unsigned at)
{
    element_t *element = &set->elements[at];
    account (self, element, false);
    quota_give_back (self->quota, element->signer, element->sender_group, element->size);
    tell_changed (self, &set->key, element->id);
    free (element->packed);
    memmove (element, element + 1, (--set->count - at) * sizeof *element);
    if (set->count == 0)
        set_drop (self, set);
}

void
records_remove (records_t *self, const digest_t *key, const uint8_t id[RECORDS_ID_SIZE])
{
    set_t *set = set_of (self, key);
    element_t *element = set ? get_in (set, id) : NULL;
    if (element)
        remove_at (self, set, (unsigned) (element - set->elements));
}

//  ---- putting -----------------------------------------------------------------------------------

//  Shares of this set: what one signer, and providers of one group of addresses, may have of it.
static bool
fits_set (const records_t *self, const set_t *set, uint64_t signer, uint32_t group)
{
    unsigned of_signer = 0, of_group = 0;
    for (unsigned i = 0; i < set->count; i++) {
        of_signer += set->elements[i].signer == signer;
        of_group += group != 0 && set->elements[i].group == group;
    }
    return set->count < self->limits.set_max && of_signer < self->limits.signer_set_max
        && of_group < self->limits.group_set_max;
}

//  Remove records that others are closer to until 'size' bytes fit. Returns false when they do not.
static bool
make_room (records_t *self, uint64_t size, bool far)
{
    if (far)
        return self->far_bytes + size <= self->limits.far_bytes_max
            && self->bytes + size <= self->limits.bytes_max;
    for (uint32_t i = self->sets_count; i-- > 0 && self->bytes + size > self->limits.bytes_max;) {
        set_t *set = self->sets[i];
        for (unsigned j = set->count; self->far_bytes > 0 && j-- > 0;)
            if (set->elements[j].far) {
                bool last = set->count == 1;
                remove_at (self, set, j);
                if (last)
                    break;
            }
    }
    return self->bytes + size <= self->limits.bytes_max;
}

static uint32_t
life_of (const dht_element_t *element)
{
    uint32_t life_secs = element->ttl_secs > 0 && element->ttl_secs < RECORDS_KEEP_SECS
                             ? element->ttl_secs
                             : RECORDS_KEEP_SECS;
    //  What says that something is no longer true has to outlive every copy that says it is.
    return element->withdrawn ? RECORDS_KEEP_SECS : life_secs;
}

static element_t
make_element (const offer_t *offer, const uint8_t *id, int64_t now_ms)
{
    const dht_element_t *from = offer->element;
    element_t element = {.seq = from->seq,
                         .signer = contact_place_of (from->signer),
                         .size = (uint32_t) offer->packed.size,
                         .sender_group = offer->sender_group,
                         .group = offer->group,
                         .since_secs = (int32_t) (now_ms / 1000) - (int32_t) offer->age_secs,
                         .life_secs = life_of (from),
                         .due_secs = offer->due_secs,
                         .sent_secs = INT32_MIN,
                         .kind = (uint8_t) from->kind,
                         .by_signer_only = from->renewed_by_signer_only,
                         .withdrawn = from->withdrawn,
                         .far = offer->far};
    if (from->renewed_by_signer_only || from->withdrawn)
        element.due_secs = INT32_MAX;
    memcpy (element.id, id, RECORDS_ID_SIZE);
    return element;
}

//  Bytes of its own, and its share.
static bool
take_share (records_t *self, element_t *element, bytes_t packed)
{
    element->packed = malloc (packed.size);
    if (!element->packed)
        return false;
    memcpy (element->packed, packed.data, packed.size);
    if (quota_take (self->quota, element->signer, element->sender_group, element->size))
        return true;
    free (element->packed);
    return false;
}

static bool
insert (records_t *self, set_t *set, const element_t *element)
{
    if (set->count == set->room) {
        uint16_t room = (uint16_t) (set->room + set->room / 2 + 1);
        element_t *elements = realloc (set->elements, room * sizeof *elements);
        if (!elements)
            return false;
        set->elements = elements;
        set->room = room;
    }
    unsigned at = place_in (set, element->id);
    memmove (set->elements + at + 1, set->elements + at,
             (set->count++ - at) * sizeof *set->elements);
    set->elements[at] = *element;
    account (self, element, true);
    sweep_for (self, element);
    mark_unsaved (self, &set->key, &set->elements[at]);
    return true;
}

static records_put_t
put_new (records_t *self, const offer_t *offer, element_t *element)
{
    if (element->kind == GGEN__RECORD_KIND__HEAD && element->seq > RECORDS_JUMP_MAX * 1000000)
        return RECORDS_REFUSED;
    set_t *set = set_of (self, offer->key);
    if ((set && !fits_set (self, set, element->signer, element->group))
        || !make_room (self, element->size, element->far))
        return RECORDS_NO_ROOM;
    set = set_of (self, offer->key);        //  Making room may have removed it
    if (!set)
        set = set_make (self, offer->key);
    if (set && take_share (self, element, offer->packed)) {
        if (insert (self, set, element))
            return RECORDS_STORED;
        quota_give_back (self->quota, element->signer, element->sender_group, element->size);
        free (element->packed);
    }
    if (set && set->count == 0)
        set_drop (self, set);
    return RECORDS_NO_ROOM;
}

//  The signer says something newer: it takes the place of the former, with its own share.
static records_put_t
put_newer (records_t *self, const offer_t *offer, element_t *known, element_t *element)
{
    if (element->kind == GGEN__RECORD_KIND__HEAD && element->seq - known->seq > RECORDS_JUMP_MAX)
        return RECORDS_REFUSED;
    element->far &= known->far;
    if (element->size > known->size && !make_room (self, element->size - known->size, element->far))
        return RECORDS_NO_ROOM;
    known = records_get (self, offer->key, element->id);
    if (!known)
        return put_new (self, offer, element);
    quota_give_back (self->quota, known->signer, known->sender_group, known->size);
    if (!take_share (self, element, offer->packed)) {
        if (!quota_take (self->quota, known->signer, known->sender_group, known->size))
            abort ();           //  It was given back just now
        return RECORDS_NO_ROOM;
    }
    account (self, known, false);
    free (known->packed);
    element->unsaved = known->unsaved;
    *known = *element;
    account (self, known, true);
    sweep_for (self, known);
    mark_unsaved (self, offer->key, known);
    return RECORDS_STORED;
}

//  The same again: somebody republished it, so we need not for a while.
static records_put_t
put_again (records_t *self, const offer_t *offer, element_t *known, const element_t *element)
{
    known->due_secs = element->due_secs;
    if (known->by_signer_only || known->withdrawn)
        return RECORDS_KNOWN;
    known->since_secs = element->since_secs;
    if (known->far && !element->far) {
        self->far_bytes -= known->size;
        known->far = false;
    }
    sweep_for (self, known);
    mark_unsaved (self, offer->key, known);
    return RECORDS_KNOWN;
}

records_put_t
records_put (records_t *self, const offer_t *offer, int64_t now_ms, const element_t **newer_p)
{
    uint8_t id[RECORDS_ID_SIZE];
    records_id (id, self->sha256, offer->element);
    element_t element = make_element (offer, id, now_ms);
    element_t *known = records_get (self, offer->key, id);
    if (!is_alive (&element, now_ms))
        return RECORDS_REFUSED;
    if (known && !is_alive (known, now_ms)) {
        records_remove (self, offer->key, id);
        known = NULL;
    }
    if (!known)
        return put_new (self, offer, &element);
    if (element.seq > known->seq)
        return put_newer (self, offer, known, &element);
    if (element.seq == known->seq && element.size == known->size
        && memcmp (known->packed, offer->packed.data, known->size) == 0)
        return put_again (self, offer, known, &element);
    if (newer_p)
        *newer_p = known;
    return RECORDS_OLDER;
}

//  ---- reading -----------------------------------------------------------------------------------

const element_t *
records_next (const records_t *self, const digest_t *key, const uint8_t *after, int64_t now_ms)
{
    const set_t *set = set_of (self, key);
    if (!set)
        return NULL;
    unsigned at = after ? place_in (set, after) : 0;
    if (after && at < set->count && memcmp (set->elements[at].id, after, RECORDS_ID_SIZE) == 0)
        at++;
    for (; at < set->count; at++)
        if (is_alive (&set->elements[at], now_ms) && !set->elements[at].dead)
            return &set->elements[at];
    return NULL;
}

bool
records_is_full (const records_t *self, const digest_t *key)
{
    const set_t *set = set_of (self, key);
    return set && set->count >= self->limits.set_max;
}

element_t *
records_walk (const records_t *self, uint64_t *cursor, const digest_t **key_p)
{
    uint32_t set_at = (uint32_t) (*cursor >> 16), at = *cursor & 0xFFFF;
    if (set_at < self->sets_count && at >= self->sets[set_at]->count) {
        set_at++;
        at = 0;
    }
    if (set_at >= self->sets_count)
        return NULL;
    *key_p = &self->sets[set_at]->key;
    *cursor = (uint64_t) set_at << 16 | (at + 1);
    return &self->sets[set_at]->elements[at];
}

uint64_t
records_bytes (const records_t *self)
{
    return self->bytes;
}

uint32_t
records_count (const records_t *self)
{
    return self->count;
}

//  ---- upkeep ------------------------------------------------------------------------------------

void
records_hurry (records_t *self, element_t *element, int64_t now_ms, uint32_t within_secs,
               rng_t *rng)
{
    int64_t now_secs = now_ms / 1000;
    int64_t earliest_secs = (int64_t) element->sent_secs + within_secs;
    int64_t latest_secs = now_secs + within_secs;
    if (element->due_secs <= latest_secs)
        return;
    if (earliest_secs < now_secs)
        earliest_secs = now_secs;
    uint64_t choice = (uint64_t) (latest_secs - earliest_secs) + 1;
    element->due_secs = (int32_t) (earliest_secs + (int64_t) rng_below (rng, choice));
    sweep_by (self, 1000 * (int64_t) element->due_secs);
}

void
records_republished (records_t *self, const digest_t *key, element_t *element, bool far,
                     int32_t due_secs, int64_t now_ms)
{
    if (far && !element->far && self->far_bytes + element->size > self->limits.far_bytes_max) {
        records_remove (self, key, element->id);
        return;
    }
    if (far != element->far) {
        self->far_bytes += far ? element->size : -(uint64_t) element->size;
        element->far = far;
    }
    if (!far && !element->by_signer_only && !element->withdrawn)
        element->since_secs = (int32_t) (now_ms / 1000);
    element->due_secs = element->by_signer_only || element->withdrawn ? INT32_MAX : due_secs;
    element->sent_secs = (int32_t) (now_ms / 1000);
    sweep_for (self, element);
    mark_unsaved (self, key, element);
}

static void
remove_dead (records_t *self, int64_t now_ms)
{
    for (uint32_t i = self->sets_count; i-- > 0;)
        for (unsigned j = self->sets[i]->count; j-- > 0;)
            if (!is_alive (&self->sets[i]->elements[j], now_ms)) {
                bool last = self->sets[i]->count == 1;
                remove_at (self, self->sets[i], j);
                if (last)
                    break;      //  Another set may be here now; it was looked at
            }
}

const element_t *
records_sweep (records_t *self, int64_t now_ms, const digest_t **key_p)
{
    element_t *due = NULL;
    uint64_t cursor = 0;
    const digest_t *key;
    element_t *element;
    remove_dead (self, now_ms);
    self->sweep_ms = INT64_MAX;
    self->swept_ms = now_ms;
    while ((element = records_walk (self, &cursor, &key)) != NULL) {
        sweep_for (self, element);
        if (due && element->due_secs <= now_ms / 1000)
            self->sweep_ms = now_ms + NEXT_DUE_MS;
        if (!due && element->due_secs != INT32_MAX && element->due_secs <= now_ms / 1000) {
            due = element;
            *key_p = key;
        }
    }
    if (due)
        due->due_secs = (int32_t) (now_ms / 1000) + RECORDS_RETRY_SECS;
    return due;
}

int64_t
records_sweep_ms (const records_t *self)
{
    return self->sweep_ms;
}
