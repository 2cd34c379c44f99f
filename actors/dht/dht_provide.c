// SPDX-License-Identifier: MIT
#include "dht_inside.h"

#include "runtime/actor/lasting.h"
#include "discovery.pb-c.h"

#include <stdlib.h>
#include <string.h>

//  A renewal that could not be begun is tried again.
#define AGAIN_SECS 30

typedef struct {
    digest_t sha256;
    uint64_t seq;               //  of the last record we signed
    int32_t due_secs;           //  when to renew it
} provided_t;

struct provide_t {
    provided_t *list;           //  by digest
    uint32_t count;
    uint32_t room;
    int32_t due_secs;           //  of the first of them
};

provide_t *
dht_provide_new (void)
{
    provide_t *self = calloc (1, sizeof *self);
    if (self)
        self->due_secs = INT32_MAX;
    return self;
}

void
dht_provide_destroy (provide_t **self_p)
{
    if (!*self_p)
        return;
    free ((*self_p)->list);
    free (*self_p);
    *self_p = NULL;
}

uint32_t
dht_provide_count (const dht_t *self)
{
    return self->provide->count;
}

//  ---- the list ----------------------------------------------------------------------------------

static uint32_t
place_of (const provide_t *self, const digest_t *sha256)
{
    uint32_t low = 0, high = self->count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (memcmp (self->list[middle].sha256.bytes, sha256->bytes, DIGEST_SIZE) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static provided_t *
get (const provide_t *self, const digest_t *sha256)
{
    uint32_t at = place_of (self, sha256);
    bool found = at < self->count && digest_equal (&self->list[at].sha256, sha256);
    return found ? &self->list[at] : NULL;
}

//  The one of this digest, made when there is none; NULL when there are too many.
static provided_t *
make (provide_t *self, const digest_t *sha256)
{
    provided_t *known = get (self, sha256);
    if (known)
        return known;
    if (self->count == DHT_PROVIDED_MAX)
        return NULL;
    if (self->count == self->room) {
        uint32_t room = self->room + self->room / 2 + 4;
        provided_t *list = realloc (self->list, room * sizeof *list);
        if (!list)
            return NULL;
        self->list = list;
        self->room = room;
    }
    uint32_t at = place_of (self, sha256);
    memmove (self->list + at + 1, self->list + at, (self->count++ - at) * sizeof *self->list);
    self->list[at] = (provided_t) {.sha256 = *sha256, .due_secs = INT32_MAX};
    return &self->list[at];
}

static void
drop (provide_t *self, const digest_t *sha256)
{
    provided_t *known = get (self, sha256);
    if (!known)
        return;
    uint32_t at = (uint32_t) (known - self->list);
    memmove (known, known + 1, (--self->count - at) * sizeof *known);
}

static void
set_due (provide_t *self, provided_t *provided, int32_t due_secs)
{
    provided->due_secs = due_secs;
    if (due_secs < self->due_secs)
        self->due_secs = due_secs;
}

//  ---- keeping it --------------------------------------------------------------------------------

static void
keep_one (dht_t *self, const provided_t *provided, bool gone)
{
    uint8_t packed[16];
    digest_t sha256 = provided->sha256;
    Ggen__KeptProvided value = GGEN__KEPT_PROVIDED__INIT;
    Ggen__StateEntry entry = GGEN__STATE_ENTRY__INIT, *entries = &entry;
    Ggen__StatePutRequest put = GGEN__STATE_PUT_REQUEST__INIT;
    value.seq = provided->seq;
    entry.key = digest_to_field (&sha256);
    entry.value = (ProtobufCBinaryData) {ggen__kept_provided__pack (&value, packed), packed};
    put.table = "dht_provided";
    put.put = &entries;
    put.n_put = !gone;
    put.remove = &entry.key;
    put.n_remove = gone;
    //  What was not kept is said again by who has the bytes.
    (void) !lasting_put (self->out, &put, NULL, NULL);
}

//  What we had before we stopped is announced again, a little after the start.
void
dht_provide_load (dht_t *self, const Ggen__StateEntry *entry)
{
    digest_t sha256;
    if (digest_from_field (&sha256, entry->key) != OK)
        return;
    Ggen__KeptProvided *kept =
        ggen__kept_provided__unpack (NULL, entry->value.len, entry->value.data);
    provided_t *provided = kept ? make (self->provide, &sha256) : NULL;
    if (provided) {
        provided->seq = kept->seq;
        set_due (self->provide, provided,
                 dht_later_secs (self, self->settings->refresh_ms / 10));
    }
    if (kept)
        ggen__kept_provided__free_unpacked (kept, NULL);
}

//  ---- the record --------------------------------------------------------------------------------

//  Sign a payload. The caller frees *packed_p. Returns its size, 0 when memory is short.
static size_t
sign (const dht_t *self, bytes_t payload, uint8_t **packed_p)
{
    const identity_t *identity = self->settings->identity;
    Ggen__SignedRecord record = GGEN__SIGNED_RECORD__INIT;
    uint8_t signature[CRYPTO_SIGNATURE_BYTES];
    size_t size;
    uint8_t *bytes = record_signing_bytes (GGEN__RECORD_KIND__PROVIDER, payload, &size);
    if (!bytes)
        return 0;
    identity->sign (identity->context, bytes, size, signature);
    free (bytes);
    record.kind = GGEN__RECORD_KIND__PROVIDER;
    record.payload = (ProtobufCBinaryData) {payload.size, (uint8_t *) payload.data};
    record.key = (ProtobufCBinaryData) {CRYPTO_KEY_BYTES, (uint8_t *) identity->key};
    record.signature = (ProtobufCBinaryData) {sizeof signature, signature};
    *packed_p = malloc (ggen__signed_record__get_packed_size (&record));
    return *packed_p ? ggen__signed_record__pack (&record, *packed_p) : 0;
}

//  Our record of this digest, newer than all before. As sign ().
static size_t
make_record (const dht_t *self, provided_t *provided, bool withdraw, uint8_t **packed_p)
{
    int64_t wall_ms = dht_wall_ms (self);
    Ggen__Provider provider = GGEN__PROVIDER__INIT;
    uint64_t now = wall_ms > 0 ? (uint64_t) wall_ms : 1;
    provided->seq = provided->seq < now ? now : provided->seq + 1;
    provider.sha256 = digest_to_field (&provided->sha256);
    provider.seq = provided->seq;
    provider.issued_at = wall_ms / 1000;
    provider.ttl_secs = self->settings->provider_ttl_secs;
    provider.withdrawn = withdraw;
    if (self->addresses && !withdraw) {
        provider.addresses = self->addresses->addresses;
        provider.n_addresses = self->addresses->n_addresses;
    }
    size_t size = ggen__provider__get_packed_size (&provider);
    uint8_t *payload = malloc (size + 1);
    if (!payload)
        return 0;
    ggen__provider__pack (&provider, payload);
    size = sign (self, (bytes_t) {payload, size}, packed_p);
    free (payload);
    return size;
}

//  ---- doing it ----------------------------------------------------------------------------------

code_t
dht_provide (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    dht_t *self = self_;
    const Ggen__DhtProvideRequest *request = (const void *) message;
    digest_t sha256;
    uint8_t *packed = NULL;
    if (digest_from_field (&sha256, request->sha256) != OK)
        return out_fail (at, VALIDATION, "", "a SHA-256 has 32 bytes");
    provided_t *provided = make (self->provide, &sha256);
    if (!provided)
        return out_fail (at, STORAGE, "stop sharing some packages",
                         "%d packages are provided already", DHT_PROVIDED_MAX);
    size_t size = make_record (self, provided, request->withdraw, &packed);
    set_due (self->provide, provided,
             dht_later_secs (self, self->settings->provider_ttl_secs * 500u));
    keep_one (self, provided, request->withdraw);
    if (request->withdraw)
        drop (self->provide, &sha256);
    code_t code =
        size > 0 ? dht_write_start (self, at, &sha256, (bytes_t) {packed, size}, true) : BUSY;
    free (packed);
    return code;
}

int64_t
dht_provide_deadline_ms (const dht_t *self)
{
    int32_t due_secs = self->provide->due_secs;
    return due_secs == INT32_MAX ? DEADLINE_NEVER : 1000 * (int64_t) due_secs;
}

static void
renew (dht_t *self, provided_t *provided)
{
    uint8_t *packed = NULL;
    size_t size = make_record (self, provided, false, &packed);
    bool begun = size > 0
              && dht_write_alone (self, &provided->sha256, (bytes_t) {packed, size}, 0);
    free (packed);
    if (begun)
        keep_one (self, provided, false);
    provided->due_secs =
        begun ? dht_later_secs (self, self->settings->provider_ttl_secs * 500u)
              : (int32_t) (out_now_ms (self->out) / 1000) + AGAIN_SECS;
}

//  One at a time: the next follows when this one is on its way.
void
dht_provide_tick (dht_t *self, int64_t now_ms)
{
    provide_t *provide = self->provide;
    if (now_ms < dht_provide_deadline_ms (self))
        return;
    bool renewed = false;
    provide->due_secs = INT32_MAX;
    for (uint32_t i = 0; i < provide->count; i++) {
        provided_t *provided = &provide->list[i];
        if (!renewed && 1000 * (int64_t) provided->due_secs <= now_ms) {
            renewed = true;
            renew (self, provided);
        }
        set_due (provide, provided,
                 1000 * (int64_t) provided->due_secs <= now_ms ? (int32_t) (now_ms / 1000) + 1
                                                               : provided->due_secs);
    }
}
