// SPDX-License-Identifier: MIT
#include "cache.h"

#include "eviction.h"
#include "fetch.h"
#include "fetch_many.h"
#include "hot_keep.h"
#include "hot_serve.h"

#include "hot.pb-c.h"
#include "many.pb-c.h"
#include "node.pb-c.h"
#include "runtime/actor/out.h"
#include "transfer.pb-c.h"
#include "upkeep.pb-c.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOBS    "blobs"
#define TRANSFER "transfer"
#define WEB      "web"

//  Lists and drops that are asked for at one time.
#define UPKEEP_MAX 1

//  Asks of the hot tier to "state".
#define HOT_ASKS_MAX 3

_Static_assert(CACHE_FETCHES_MAX + EVICTION_REMOVES_MAX + UPKEEP_MAX + HOT_ASKS_MAX + FETCH_MANY_MAX
                   <= PENDING_MAX,
               "every fetch can ask at any time");

typedef struct cache_t cache_t;
typedef struct flight_t flight_t;

typedef enum {
    PARKED,                     //  another fetch of the same bytes goes first
    FINDING,
    IMPORTING,
    TRANSFERRING,               //  other nodes give it, into the store
    DOWNLOADING                 //  a web server does
} stage_t;

struct flight_t {
    flight_t *next;
    fetch_t *fetch;
    stage_t stage;
    ticket_t leader;            //  the request that the current ask was made for
};

struct cache_t {
    out_t *out;
    lru_t *lru;
    hot_t *hot;
    hot_keep_t hot_keep;
    bool keeps_hot;
    uint64_t bytes_max;
    flight_t *flights;          //  in the order of starting
    unsigned flights_count;
    fetch_many_t many;
    eviction_t eviction;
    unsigned upkeep;            //  lists and drops under way
    uint64_t hits;              //  and of 'many'
    uint64_t misses;
    bool loaded;
};

static void advance (cache_t *self, flight_t *flight);

static bool
is_fetched (const void *self, const digest_t *digest)
{
    for (const flight_t *at = ((const cache_t *) self)->flights; at; at = at->next)
        if (digest_equal (fetch_digest (at->fetch), digest))
            return true;
    return fetch_many_has (&((const cache_t *) self)->many, digest);
}

//  ---- the end of a fetch ------------------------------------------------------------------------

static void
flight_destroy (flight_t **flight_p)
{
    fetch_destroy (&(*flight_p)->fetch);
    free (*flight_p);
    *flight_p = NULL;
}

//  Let the next one go of those who wait for the same bytes, if none is under way.
static void
unpark (cache_t *self, const digest_t *digest)
{
    flight_t *next = NULL;
    for (flight_t *at = self->flights; at; at = at->next)
        if (digest_equal (fetch_digest (at->fetch), digest)) {
            if (at->stage != PARKED)
                return;
            if (!next)
                next = at;
        }
    if (next) {
        next->stage = FINDING;
        advance (self, next);
    }
}

//  Answer all who wait.
static void
land (cache_t *self, flight_t *flight, const ProtobufCMessage *message)
{
    ticket_t ticket;
    while ((ticket = fetch_pop (flight->fetch)) != 0)
        out_answer (self->out, ticket, message);
    flight_t **at = &self->flights;
    while (*at != flight)
        at = &(*at)->next;
    *at = flight->next;
    self->flights_count--;
    digest_t digest = *fetch_digest (flight->fetch);
    flight_destroy (&flight);
    unpark (self, &digest);
    eviction_run (&self->eviction);
}

static void
land_failed (cache_t *self, flight_t *flight, const Ggen__Failure *failure)
{
    land (self, flight, &failure->base);
}

static void
land_found (cache_t *self, flight_t *flight, char *path, uint64_t size_bytes, char *source)
{
    Ggen__FetchReply reply = GGEN__FETCH_REPLY__INIT;
    reply.path = path;
    reply.size_bytes = size_bytes;
    reply.source = source;
    land (self, flight, &reply.base);
}

//  ---- answers -----------------------------------------------------------------------------------

//  An index that is full forgets nothing on disk: the blob is listed again at the next start.
static void
keep (cache_t *self, const flight_t *flight, uint64_t size_bytes)
{
    if (lru_put (self->lru, fetch_digest (flight->fetch), size_bytes, out_now_ms (self->out)) != OK)
        lru_remove (self->lru, fetch_digest (flight->fetch));
}

static void
found (cache_t *self, flight_t *flight, const answer_t *answer)
{
    const Ggen__BlobFindReply *reply = (const void *) answer->message;
    if (reply && reply->found) {
        self->hits++;
        keep (self, flight, reply->size_bytes);
        land_found (self, flight, reply->path, reply->size_bytes, "cache");
        return;
    }
    //  No source helps when the store itself fails.
    if (!reply) {
        land_failed (self, flight, answer->failure);
        return;
    }
    self->misses++;
    lru_remove (self->lru, fetch_digest (flight->fetch));
    flight->stage = IMPORTING;
    advance (self, flight);
}

static void
imported (cache_t *self, flight_t *flight, const answer_t *answer)
{
    const Ggen__BlobImportReply *reply = (const void *) answer->message;
    const Ggen__FetchSource *source = fetch_source (flight->fetch);
    if (reply) {
        //  A store that cannot be written answers with the source itself: nothing was added.
        if (strcmp (reply->path, source->location) != 0)
            keep (self, flight, reply->size_bytes);
        land_found (self, flight, reply->path, reply->size_bytes, source->registry);
        return;
    }
    if (answer->code == INSUFFICIENT_DISK_SPACE) {
        land_failed (self, flight, answer->failure);
        return;
    }
    fetch_source_failed (flight->fetch, answer->failure);
    advance (self, flight);
}

//  Others have put it into the store, or failed to.
static void
brought (cache_t *self, flight_t *flight, const answer_t *answer)
{
    const Ggen__TransferFetchReply *transferred = (const void *) answer->message;
    const Ggen__WebFetchReply *downloaded = (const void *) answer->message;
    if (answer->message) {
        bool web = flight->stage == DOWNLOADING;
        uint64_t size_bytes = web ? downloaded->size_bytes : transferred->size_bytes;
        keep (self, flight, size_bytes);
        land_found (self, flight, web ? downloaded->path : transferred->path, size_bytes,
                    fetch_source (flight->fetch)->registry);
        return;
    }
    if (answer->code == INSUFFICIENT_DISK_SPACE) {
        land_failed (self, flight, answer->failure);
        return;
    }
    flight->stage = IMPORTING;
    fetch_source_failed (flight->fetch, answer->failure);
    advance (self, flight);
}

static code_t
on_step (void *self_, void *flight_, const answer_t *answer)
{
    cache_t *self = self_;
    flight_t *flight = flight_;
    if (answer->progress) {
        for (unsigned i = 0; i < fetch_waiters_count (flight->fetch); i++)
            out_progress (self->out, fetch_waiter (flight->fetch, i), answer->progress);
        return OK;
    }
    //  With its leader gone the work was cancelled; the others still want it.
    if (!out_wanted (self->out, flight->leader)) {
        fetch_leave (flight->fetch, flight->leader);
        out_refuse (self->out, flight->leader, CANCELLED, "", "the fetch was cancelled");
        if (answer->code == CANCELLED) {
            advance (self, flight);
            return OK;
        }
    }
    if (flight->stage == FINDING)
        found (self, flight, answer);
    else if (flight->stage == TRANSFERRING || flight->stage == DOWNLOADING)
        brought (self, flight, answer);
    else
        imported (self, flight, answer);
    return OK;
}

//  ---- asks --------------------------------------------------------------------------------------

//  Ask for the waiter that has most time left. Returns false when the fetch has ended instead.
static bool
ask_step (cache_t *self, flight_t *flight, const char *to, const ProtobufCMessage *message,
          const ProtobufCMessageDescriptor *expect)
{
    code_t code = CANCELLED;
    while (code == CANCELLED && (flight->leader = fetch_leader (flight->fetch)) != 0) {
        ask_t ask = {.to = to,
                     .message = message,
                     .expect = expect,
                     .parent = flight->leader,
                     .on_answer = on_step,
                     .arg = flight,
                     .quiet = true};
        code = out_ask (self->out, &ask);
        if (code == CANCELLED)
            fetch_leave (flight->fetch, flight->leader);
    }
    if (code == OK)
        return true;
    Ggen__Failure failure = GGEN__FAILURE__INIT;
    failure.code = code;
    failure.message = "the cache is too busy to ask anybody";
    land_failed (self, flight, &failure);
    return false;
}

static void
find (cache_t *self, flight_t *flight)
{
    digest_t digest = *fetch_digest (flight->fetch);
    Ggen__BlobFindRequest request = GGEN__BLOB_FIND_REQUEST__INIT;
    request.sha256 = digest_to_field (&digest);
    request.size_bytes = fetch_size_bytes (flight->fetch);
    ask_step (self, flight, BLOBS, &request.base, &ggen__blob_find_reply__descriptor);
}

static void
import (cache_t *self, flight_t *flight, const Ggen__FetchSource *source)
{
    digest_t digest = *fetch_digest (flight->fetch);
    Ggen__BlobImportRequest request = GGEN__BLOB_IMPORT_REQUEST__INIT;
    request.sha256 = digest_to_field (&digest);
    request.size_bytes = fetch_size_bytes (flight->fetch);
    request.path = source->location;
    ask_step (self, flight, BLOBS, &request.base, &ggen__blob_import_reply__descriptor);
}

//  Its stage tells on_step what comes back; a fetch that others wait for again begins here, too.
static void
transfer (cache_t *self, flight_t *flight, const Ggen__FetchSource *source)
{
    Ggen__TransferFetchRequest request = GGEN__TRANSFER_FETCH_REQUEST__INIT;
    digest_t digest = *fetch_digest (flight->fetch);
    flight->stage = TRANSFERRING;
    request.record = source->record;
    request.sha256 = digest_to_field (&digest);
    request.subject = (char *) fetch_subject (flight->fetch);
    ask_step (self, flight, TRANSFER, &request.base, &ggen__transfer_fetch_reply__descriptor);
}

static void
download (cache_t *self, flight_t *flight, const Ggen__FetchSource *source)
{
    Ggen__WebFetchRequest request = GGEN__WEB_FETCH_REQUEST__INIT;
    digest_t digest = *fetch_digest (flight->fetch);
    flight->stage = DOWNLOADING;
    request.url = source->location;
    request.sha256 = digest_to_field (&digest);
    request.size_bytes = fetch_size_bytes (flight->fetch);
    request.subject = (char *) fetch_subject (flight->fetch);
    ask_step (self, flight, WEB, &request.base, &ggen__web_fetch_reply__descriptor);
}

static bool
is_of_web (const flight_t *flight, const Ggen__FetchSource *source)
{
    return (strncmp (source->location, "http://", 7) == 0 || strncmp (source->location, "https://", 8) == 0)
           && !fetch_offline (flight->fetch);
}

static bool
is_of_other_nodes (const flight_t *flight, const Ggen__FetchSource *source)
{
    return strcmp (source->registry, "p2p") == 0 && source->record.len > 0
           && !fetch_offline (flight->fetch);
}

//  A lone source's failure is what people read: it tells what is missing, and where it would be.
static void
pass_over (flight_t *flight, const Ggen__FetchSource *source)
{
    bool offline = fetch_offline (flight->fetch);
    char text[FETCH_REASON_MAX];
    const char *subject = fetch_is_lone (flight->fetch) ? fetch_subject (flight->fetch) : "";
    snprintf (text, sizeof text, "%s%snot tried: %s (the archive is at %s)", subject,
              *subject ? ": " : "", offline ? "offline" : "this registry is not served here",
              source->location);
    Ggen__Failure failure = GGEN__FAILURE__INIT;
    failure.code = offline ? NETWORK : FEATURE_NOT_ENABLED;
    failure.message = text;
    fetch_source_failed (flight->fetch, &failure);
}

//  Take the next step of a fetch; it may be its last.
static void
advance (cache_t *self, flight_t *flight)
{
    if (flight->stage == FINDING) {
        find (self, flight);
        return;
    }
    const Ggen__FetchSource *source;
    while ((source = fetch_source (flight->fetch)) != NULL) {
        //  A path is on this machine, whatever the registry is called that told of it.
        if (strcmp (source->registry, "file") == 0 || source->location[0] == '/') {
            flight->stage = IMPORTING;
            import (self, flight, source);
            return;
        }
        if (is_of_other_nodes (flight, source)) {
            transfer (self, flight, source);
            return;
        }
        if (is_of_web (flight, source)) {
            download (self, flight, source);
            return;
        }
        pass_over (flight, source);
    }
    land_failed (self, flight, fetch_failure (flight->fetch));
}

//  ---- requests ----------------------------------------------------------------------------------

static flight_t *
flight_alike (const cache_t *self, const Ggen__FetchRequest *ask, const digest_t *digest)
{
    for (flight_t *at = self->flights; at; at = at->next)
        if (fetch_matches (at->fetch, ask, digest))
            return at;
    return NULL;
}

static flight_t *
flight_new (cache_t *self, const Ggen__FetchRequest *ask, const digest_t *digest)
{
    flight_t *flight = self->flights_count < CACHE_FETCHES_MAX ? calloc (1, sizeof *flight) : NULL;
    if (!flight)
        return NULL;
    flight->stage = is_fetched (self, digest) ? PARKED : FINDING;
    flight->fetch = fetch_new (ask, digest);
    if (!flight->fetch) {
        free (flight);
        return NULL;
    }
    return flight;
}

static code_t
on_fetch (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    cache_t *self = self_;
    const Ggen__FetchRequest *ask = (const void *) message;
    digest_t digest;
    if (digest_from_field (&digest, ask->sha256) != OK)
        return out_fail (at, VALIDATION, "", "%s: sha256 is not %d bytes", ask->subject,
                         DIGEST_SIZE);
    if (ask->n_sources > CACHE_SOURCES_MAX)
        return out_fail (at, VALIDATION, "", "%s: more than %d sources", ask->subject,
                         CACHE_SOURCES_MAX);
    flight_t *flight = flight_alike (self, ask, &digest);
    if (flight)
        return fetch_join (flight->fetch, at->ticket, at->deadline_ms);
    flight = flight_new (self, ask, &digest);
    if (!flight || fetch_join (flight->fetch, at->ticket, at->deadline_ms) != OK) {
        if (flight)
            flight_destroy (&flight);
        return BUSY;
    }
    flight_t **last = &self->flights;
    while (*last)
        last = &(*last)->next;
    *last = flight;
    self->flights_count++;
    if (flight->stage == FINDING)
        advance (self, flight);
    return OK;
}

static code_t
on_fetch_many (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    return fetch_many (&((cache_t *) self)->many, at, message);
}

static code_t
on_status (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) message;
    const cache_t *self = self_;
    Ggen__CacheStatusReply reply = GGEN__CACHE_STATUS_REPLY__INIT;
    reply.blobs_count = lru_count (self->lru);
    reply.size_bytes = lru_bytes (self->lru);
    reply.max_bytes = self->bytes_max;
    reply.hits = self->hits + self->many.hits;
    reply.misses = self->misses + self->many.misses;
    return out_reply (at, &reply.base);
}

//  ---- upkeep ------------------------------------------------------------------------------------

//  Pass an answer of the blob store on to the one who asked.
static void
pass_on (cache_t *self, ticket_t ticket, const answer_t *answer, const ProtobufCMessage *message)
{
    self->upkeep--;
    if (answer->code == OK)
        out_answer (self->out, ticket, message);
    else
        out_refuse_as (self->out, ticket, answer->failure);
}

static code_t
on_listed (void *self, void *ticket, const answer_t *answer)
{
    if (!answer->progress)
        pass_on (self, (ticket_t) (uintptr_t) ticket, answer, answer->message);
    return OK;
}

static code_t
ask_upkeep (cache_t *self, const delivery_t *at, const ProtobufCMessage *message,
            const ProtobufCMessageDescriptor *expect, answer_fn *on_answer)
{
    ask_t ask = {.to = BLOBS,
                 .message = message,
                 .expect = expect,
                 .parent = at->ticket,
                 .on_answer = on_answer,
                 .arg = (void *) (uintptr_t) at->ticket};
    code_t code = self->upkeep < UPKEEP_MAX ? out_ask (self->out, &ask) : BUSY;
    self->upkeep += code == OK;
    return code;
}

static code_t
on_cache_list (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) message;
    cache_t *self = self_;
    Ggen__BlobListRequest request = GGEN__BLOB_LIST_REQUEST__INIT;
    return ask_upkeep (self, at, &request.base, &ggen__blob_list_reply__descriptor, on_listed);
}

static code_t
on_dropped (void *self_, void *ticket, const answer_t *answer)
{
    cache_t *self = self_;
    const Ggen__BlobDropReply *dropped = (const void *) answer->message;
    Ggen__CacheDropReply reply = GGEN__CACHE_DROP_REPLY__INIT;
    if (answer->progress)
        return OK;
    for (size_t i = 0; answer->code == OK && i < dropped->n_sha256; i++) {
        digest_t digest;
        if (!dropped->dry_run && digest_from_field (&digest, dropped->sha256[i]) == OK)
            lru_remove (self->lru, &digest);
    }
    if (answer->code == OK) {
        reply.blobs_count = (uint32_t) dropped->n_sha256;
        reply.freed_bytes = dropped->freed_bytes;
    }
    pass_on (self, (ticket_t) (uintptr_t) ticket, answer, &reply.base);
    return OK;
}

static code_t
on_drop (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    cache_t *self = self_;
    const Ggen__CacheDropRequest *request = (const void *) message;
    Ggen__BlobDropRequest drop = GGEN__BLOB_DROP_REQUEST__INIT;
    drop.dry_run = request->dry_run;
    drop.sha256 = calloc (request->n_sha256 + 1, sizeof *drop.sha256);
    if (!drop.sha256)
        return BUSY;
    for (size_t i = 0; i < request->n_sha256; i++) {
        digest_t digest;
        if (digest_from_field (&digest, request->sha256[i]) == OK && !is_fetched (self, &digest))
            drop.sha256[drop.n_sha256++] = request->sha256[i];
    }
    code_t code =
        ask_upkeep (self, at, &drop.base, &ggen__blob_drop_reply__descriptor, on_dropped);
    free (drop.sha256);
    return code;
}

//  ---- the hot tier ------------------------------------------------------------------------------

static code_t
on_hot_get (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    return hot_serve_get (((cache_t *) self)->hot, at, message);
}

static code_t
on_hot_put (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    return hot_serve_put (((cache_t *) self)->hot, at, message);
}

static code_t
on_hot_drop (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    return hot_serve_drop (((cache_t *) self)->hot, at, message);
}

static code_t
on_hot_status (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    return hot_serve_status (((cache_t *) self)->hot, at, message);
}

static code_t
on_save (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) message;
    cache_t *self = self_;
    Ggen__SaveReply reply = GGEN__SAVE_REPLY__INIT;
    return self->keeps_hot ? hot_keep_save (&self->hot_keep, at) : out_reply (at, &reply.base);
}

//  ---- cancelling, ticking -----------------------------------------------------------------------

//  One of several waiters goes at once. The one whom the work is done for is answered when the
//  work has wound down (on_blobs).
static bool
cancelled (void *self_, ticket_t ticket)
{
    cache_t *self = self_;
    for (flight_t *at = self->flights; at; at = at->next)
        if (fetch_leave (at->fetch, ticket)) {
            if (at->stage != PARKED)
                return at->leader == ticket;
            if (fetch_waiters_count (at->fetch) == 0)
                land (self, at, NULL);
            return false;
        }
    return false;
}

static code_t
tick (void *self, int64_t now_ms, int64_t wall_ms)
{
    (void) now_ms;
    (void) wall_ms;
    eviction_run (&((cache_t *) self)->eviction);
    return OK;
}

static int64_t
deadline_ms (const void *self)
{
    return ((const cache_t *) self)->eviction.again_ms;
}

//  ---- life --------------------------------------------------------------------------------------

static int
compare_used (const void *a, const void *b)
{
    int64_t x = (*(Ggen__BlobEntry *const *) a)->used_at;
    int64_t y = (*(Ggen__BlobEntry *const *) b)->used_at;
    return (x > y) - (x < y);
}

//  The order is what counts; all of it was used before this actor was born.
static void
load (cache_t *self, const Ggen__BlobListReply *list)
{
    Ggen__BlobEntry **sorted = calloc (list->n_blobs + 1, sizeof *sorted);
    if (!sorted)
        return;
    for (size_t i = 0; i < list->n_blobs; i++)
        sorted[i] = list->blobs[i];
    qsort (sorted, list->n_blobs, sizeof *sorted, compare_used);
    for (size_t i = 0; i < list->n_blobs; i++) {
        digest_t digest;
        if (digest_from_field (&digest, sorted[i]->sha256) == OK
            && lru_put (self->lru, &digest, sorted[i]->size_bytes, INT64_MIN) != OK)
            break;
    }
    free (sorted);
}

//  A store that cannot be listed can still be asked for one blob after another.
static code_t
on_list (void *self_, void *arg, const answer_t *answer)
{
    (void) arg;
    cache_t *self = self_;
    if (answer->progress)
        return OK;
    if (answer->code == OK)
        load (self, (const void *) answer->message);
    self->loaded = true;
    eviction_run (&self->eviction);
    return OK;
}

static bool
ready (const void *self)
{
    return ((const cache_t *) self)->loaded;
}

static void
destroy (void *self_)
{
    cache_t *self = self_;
    while (self->flights) {
        flight_t *flight = self->flights;
        self->flights = flight->next;
        flight_destroy (&flight);
    }
    fetch_many_close (&self->many);
    lru_destroy (&self->lru);
    hot_destroy (&self->hot);
    free (self);
}

static void *
create (const actor_env_t *env)
{
    const cache_settings_t *settings = env->settings;
    cache_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->out = env->out;
    self->bytes_max = settings->bytes_max;
    self->lru = lru_new ((lru_limits_t) {settings->bytes_max, CACHE_BLOBS_MAX}, rng_u64 (env->rng));
    self->hot = hot_new (&settings->hot, rng_u64 (env->rng));
    self->eviction = (eviction_t) {.out = env->out,
                                   .blobs = BLOBS,
                                   .lru = self->lru,
                                   .grace_ms = CACHE_GRACE_MS,
                                   .pinned = is_fetched,
                                   .arg = self,
                                   .again_ms = DEADLINE_NEVER};
    self->many = (fetch_many_t) {.out = env->out, .blobs = BLOBS, .lru = self->lru,
                                 .eviction = &self->eviction};
    Ggen__BlobListRequest request = GGEN__BLOB_LIST_REQUEST__INIT;
    ask_t ask = {.to = BLOBS,
                 .message = &request.base,
                 .expect = &ggen__blob_list_reply__descriptor,
                 .on_answer = on_list};
    if (!self->lru || !self->hot || out_ask (self->out, &ask) != OK) {
        destroy (self);
        return NULL;
    }
    self->hot_keep = (hot_keep_t) {.out = env->out, .hot = self->hot};
    self->keeps_hot = settings->keeps_hot;
    if (self->keeps_hot)
        hot_keep_load (&self->hot_keep);
    return self;
}

static const handler_t rows[] = {
    {&ggen__fetch_request__descriptor, on_fetch, THIS_NODE},
    {&ggen__fetch_many_request__descriptor, on_fetch_many, THIS_NODE},
    {&ggen__cache_status_request__descriptor, on_status, THIS_NODE},
    {&ggen__cache_list_request__descriptor, on_cache_list, THIS_NODE},
    {&ggen__cache_drop_request__descriptor, on_drop, THIS_NODE},
    {&ggen__hot_get_request__descriptor, on_hot_get, THIS_NODE},
    {&ggen__hot_put_request__descriptor, on_hot_put, THIS_NODE},
    {&ggen__hot_drop_request__descriptor, on_hot_drop, THIS_NODE},
    {&ggen__hot_status_request__descriptor, on_hot_status, THIS_NODE},
    {&ggen__save_request__descriptor, on_save, THIS_NODE},
    {0},
};

const actor_class_t cache_actor = {
    .name = "cache",
    .create = create,
    .destroy = destroy,
    .rows = rows,
    .tick = tick,
    .deadline_ms = deadline_ms,
    .cancelled = cancelled,
    .ready = ready,
};
