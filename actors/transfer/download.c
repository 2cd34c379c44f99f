// SPDX-License-Identifier: MIT
#include "download_inside.h"

#include "transfer.pb-c.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define SUBJECT_MAX        300      //  bytes; more is cut
#define DHT_LIMIT          SOURCES_MAX
#define RANK_BUDGET_MS     2000
#define BLOBS_BUDGET_MS    60000    //  hashing the whole may take a while on a slow disk
#define DHT_BUDGET_MS      30000
#define RESTARTS_MAX       1

static void open_part (download_t *self);
static code_t on_step (void *actor, void *download, const answer_t *answer);

//  ---- who waits ---------------------------------------------------------------------------------

ticket_t
download_leader (const download_t *self)
{
    return self->listeners ? self->listeners->ticket : 0;
}

static code_t
join (download_t *self, const download_ask_t *ask)
{
    listener_t *listener = calloc (1, sizeof *listener);
    if (!listener)
        return BUSY;
    listener->ticket = ask->ticket;
    listener->end = ask->end;
    listener->progress_ms = ask->progress_ms;
    listener->told_ms = out_now_ms (self->all->out);
    listener_t **last = &self->listeners;
    while (*last)
        last = &(*last)->next;
    *last = listener;
    self->hold = self->hold || ask->hold;
    return OK;
}

//  ---- life --------------------------------------------------------------------------------------

static download_t *
find (const downloads_t *all, const digest_t *sha256)
{
    for (download_t *at = all->first; at; at = at->next)
        if (digest_equal (&at->release->sha256, sha256))
            return at;
    return NULL;
}

bool
downloads_has (const downloads_t *self, const digest_t *sha256)
{
    return find (self, sha256) != NULL;
}

static void
unlink_download (download_t *self)
{
    download_t **at = &self->all->first;
    while (*at != self)
        at = &(*at)->next;
    *at = self->next;
    self->all->count--;
    if (self->phase != DOWNLOAD_QUEUED)
        self->all->active--;
}

static void
destroy (download_t *self)
{
    while (self->listeners) {
        listener_t *listener = self->listeners;
        self->listeners = listener->next;
        free (listener);
    }
    while (self->wants) {
        want_t *want = self->wants;
        self->wants = want->next;
        free (want);
    }
    sources_clear (&self->sources);
    chunks_clear (&self->chunks);
    release_destroy (&self->release);
    free (self->subject);
    free (self);
}

//  Those that wait go on when there is room.
static void
start_queued (downloads_t *all)
{
    for (download_t *at = all->first; at && all->active < DOWNLOADS_ACTIVE_MAX;) {
        download_t *next = at->next;
        if (at->phase == DOWNLOAD_QUEUED) {
            at->phase = DOWNLOAD_OPENING;
            all->active++;
            open_part (at);
            //  It may have ended at once, and others with it.
            next = all->first;
        }
        at = next;
    }
}

//  Who waits is told when the download is no longer among the others, so that it may be begun anew.
void
download_end (download_t *self, code_t code, const Ggen__Failure *failure, const char *path)
{
    downloads_t *all = self->all;
    download_end_t end = {.code = code,
                          .failure = failure,
                          .release = self->release,
                          .path = path,
                          .wrong_chunks = self->wrong_chunks,
                          .took_ms = out_now_ms (all->out) - self->started_ms};
    for (unsigned i = 0; i < self->sources.count; i++)
        end.peers += self->sources.list[i].chunks > 0;
    out_forget (all->out, on_step, self);
    download_forget_look (self);
    download_forget_wants (self);
    download_tell_arrived (self);
    download_tell_served (self, code == OK);
    unlink_download (self);
    for (listener_t *at = self->listeners; at; at = at->next)
        at->end (all->context, at->ticket, &end);
    destroy (self);
    start_queued (all);
    downloads_schedule (all);
}

static void
end_short (download_t *self, code_t code, const char *why)
{
    Ggen__Failure failure = GGEN__FAILURE__INIT;
    failure.code = code;
    failure.message = (char *) why;
    download_end (self, code, &failure, NULL);
}

static download_t *
download_new (downloads_t *all, const download_ask_t *ask)
{
    download_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->all = all;
    self->wake_ms = DEADLINE_NEVER;
    self->started_ms = out_now_ms (all->out);
    self->subject = strndup (ask->subject, SUBJECT_MAX);
    if (!self->subject || join (self, ask) != OK) {
        destroy (self);
        return NULL;
    }
    return self;
}

code_t
downloads_start (downloads_t *self, release_t **release_p, const download_ask_t *ask)
{
    download_t *download = find (self, &(*release_p)->sha256);
    if (download) {
        code_t code = join (download, ask);
        if (code)
            return code;
        sources_add (&download->sources, ask->providers, ask->providers_count, self->own_key);
        release_destroy (release_p);
        downloads_schedule (self);
        return OK;
    }
    download = self->count < DOWNLOADS_MAX ? download_new (self, ask) : NULL;
    if (!download)
        return BUSY;
    download->release = *release_p;
    *release_p = NULL;
    sources_add (&download->sources, ask->providers, ask->providers_count, self->own_key);
    download_t **last = &self->first;
    while (*last)
        last = &(*last)->next;
    *last = download;
    self->count++;
    start_queued (self);
    return OK;
}

bool
downloads_leave (downloads_t *self, ticket_t ticket)
{
    for (download_t *download = self->first; download; download = download->next)
        for (listener_t **at = &download->listeners; *at; at = &(*at)->next) {
            listener_t *listener = *at;
            if (listener->ticket != ticket)
                continue;
            *at = listener->next;
            free (listener);
            if (!download->listeners)
                end_short (download, CANCELLED, "nobody waits for it");
            return true;
        }
    return false;
}

void
downloads_clear (downloads_t *self)
{
    while (self->first) {
        download_t *download = self->first;
        unlink_download (download);
        destroy (download);
    }
}

//  ---- asking of this node -----------------------------------------------------------------------

//  Ask for the one step that the download is at.
static void
ask_step (download_t *self, const char *to, const ProtobufCMessage *message,
          const ProtobufCMessageDescriptor *expect, uint32_t budget_ms)
{
    ask_t ask = {.to = to,
                 .message = message,
                 .expect = expect,
                 .budget_ms = budget_ms,
                 .parent = download_leader (self),
                 .on_answer = on_step,
                 .arg = self,
                 .quiet = true};
    self->asked_for = ask.parent;
    if (out_ask (self->all->out, &ask) != OK)
        end_short (self, BUSY, "transfer: too much is asked at once");
}

static void
open_part (download_t *self)
{
    Ggen__PartOpenRequest request = GGEN__PART_OPEN_REQUEST__INIT;
    request.sha256 = digest_to_field (&self->release->sha256);
    request.size_bytes = self->release->size_bytes;
    request.chunks.data = (uint8_t *) self->release->digests;
    request.chunks.len = (size_t) self->release->chunks_count * DIGEST_SIZE;
    ask_step (self, "blobs", &request.base, &ggen__part_open_reply__descriptor, BLOBS_BUDGET_MS);
}

//  The first look takes the first valid answer; later ones want all that is known.
static void
find_sources (download_t *self)
{
    Ggen__DhtReadRequest request = GGEN__DHT_READ_REQUEST__INIT;
    self->phase = DOWNLOAD_FINDING;
    self->rounds++;
    request.key = digest_to_field (&self->release->sha256);
    request.first_valid = self->rounds == 1;
    request.limit = DHT_LIMIT;
    ask_step (self, "dht", &request.base, &ggen__dht_read_reply__descriptor, DHT_BUDGET_MS);
}

static void
rank_sources (download_t *self)
{
    ProtobufCBinaryData keys[SOURCES_MAX];
    Ggen__RankRequest request = GGEN__RANK_REQUEST__INIT;
    self->phase = DOWNLOAD_RANKING;
    request.peer_keys = keys;
    for (unsigned i = 0; i < self->sources.count; i++)
        keys[request.n_peer_keys++] =
            (ProtobufCBinaryData) {PEER_KEY_SIZE, self->sources.list[i].key.bytes};
    ask_step (self, "reputation", &request.base, &ggen__rank_reply__descriptor, RANK_BUDGET_MS);
}

//  ---- the steps ---------------------------------------------------------------------------------

static void
run (download_t *self)
{
    self->phase = DOWNLOAD_RUNNING;
    self->calm_ms = out_now_ms (self->all->out);
    for (unsigned i = 0; i < self->sources.count; i++)
        if (self->sources.list[i].chunks == 0)
            self->sources.list[i].start =
                (uint32_t) rng_below (self->all->rng, self->chunks.count);
    downloads_schedule (self->all);
}

static void
opened (download_t *self, const answer_t *answer)
{
    const Ggen__PartOpenReply *reply = (const void *) answer->message;
    if (!reply) {
        download_end (self, answer->code, answer->failure, NULL);
        return;
    }
    if (reply->complete) {
        download_end (self, OK, NULL, reply->path);
        return;
    }
    uint32_t count = self->release->chunks_count;
    uint8_t *done = bitmap_copy (reply->bitmap, count);
    chunks_clear (&self->chunks);
    code_t code = chunks_init (&self->chunks, count, done);
    free (done);
    if (code)
        end_short (self, code, "transfer: out of memory");
    else if (chunks_complete (&self->chunks))
        download_complete (self);
    else if (self->sources.count > 0)
        rank_sources (self);
    else
        find_sources (self);
}

void
download_deserted (download_t *self)
{
    //  Those left have not the chunks that are missing; maybe they have at the next look.
    for (unsigned i = 0; i < self->sources.count; i++)
        if (self->sources.list[i].state != SOURCE_GONE)
            source_end (&self->sources.list[i], PACKAGE_NOT_FOUND);
    //  A pause will hardly bring new ones; it can bring back one that could not be reached. When that is
    //  true of all, they are gone rather than starting anew: somebody waits to be told so.
    bool hopeless = self->rounds >= 2 && !sources_revivable (&self->sources);
    unsigned rounds_max
        = sources_unreached (&self->sources) ? DOWNLOAD_ROUNDS_CUT : DOWNLOAD_ROUNDS_MAX;
    if (self->rounds >= rounds_max || hopeless) {
        download_end_deserted (self);
        return;
    }
    if (self->rounds < 2) {
        find_sources (self);
        return;
    }
    int64_t pause_ms = DOWNLOAD_PAUSE_MS;
    for (unsigned i = 2; i < self->rounds; i++)
        pause_ms *= 3;
    self->phase = DOWNLOAD_PAUSING;
    self->wake_ms = out_now_ms (self->all->out) + pause_ms;
}

static void
found (download_t *self, const answer_t *answer)
{
    const Ggen__DhtReadReply *reply = (const void *) answer->message;
    if (reply)
        sources_add (&self->sources, reply->providers, reply->n_providers, self->all->own_key);
    if (sources_alive (&self->sources) == 0)
        download_deserted (self);
    else
        rank_sources (self);
}

//  Without reputation the order is dht's.
static void
ranked (download_t *self, const answer_t *answer)
{
    if (answer->code == OK)
        sources_rank (&self->sources, (const void *) answer->message);
    run (self);
}

void
download_complete (download_t *self)
{
    Ggen__PartFinishRequest request = GGEN__PART_FINISH_REQUEST__INIT;
    self->phase = DOWNLOAD_FINISHING;
    self->wake_ms = DEADLINE_NEVER;
    download_forget_wants (self);
    download_forget_look (self);
    request.sha256 = digest_to_field (&self->release->sha256);
    request.size_bytes = self->release->size_bytes;
    request.hold = self->hold;
    ask_step (self, "blobs", &request.base, &ggen__part_finish_reply__descriptor,
              BLOBS_BUDGET_MS);
}

//  Every chunk was verified on its way in, so a whole that is wrong was changed on the disk.
static void
finished (download_t *self, const answer_t *answer)
{
    if (answer->code == OK) {
        const Ggen__PartFinishReply *reply = (const void *) answer->message;
        download_end (self, OK, NULL, reply->path);
    }
    else if (answer->code == CHECKSUM_MISMATCH && self->restarts < RESTARTS_MAX) {
        self->restarts++;
        self->phase = DOWNLOAD_OPENING;
        open_part (self);
    }
    else
        download_end (self, answer->code, answer->failure, NULL);
}

static void
step (download_t *self, const answer_t *answer)
{
    switch (self->phase) {
    case DOWNLOAD_OPENING:
        opened (self, answer);
        break;
    case DOWNLOAD_FINDING:
        found (self, answer);
        break;
    case DOWNLOAD_RANKING:
        ranked (self, answer);
        break;
    case DOWNLOAD_FINISHING:
        finished (self, answer);
        break;
    default:
        assert (false);
    }
}

//  The request that an ask was made for may be over while others still wait: then it was cancelled
//  with it, and is asked again.
static code_t
on_step (void *actor, void *self_, const answer_t *answer)
{
    (void) actor;
    download_t *self = self_;
    if (answer->progress) {
        download_tell_progress (self);
        return OK;
    }
    if (answer->code != CANCELLED || self->asked_for == download_leader (self)) {
        step (self, answer);
        return OK;
    }
    switch (self->phase) {
    case DOWNLOAD_OPENING:
        open_part (self);
        break;
    case DOWNLOAD_FINDING:
        self->rounds--;
        find_sources (self);
        break;
    case DOWNLOAD_RANKING:
        rank_sources (self);
        break;
    default:
        download_complete (self);
        break;
    }
    return OK;
}

//  ---- time --------------------------------------------------------------------------------------

static void
wake (download_t *self)
{
    self->wake_ms = DEADLINE_NEVER;
    if (self->phase == DOWNLOAD_PAUSING)
        find_sources (self);
}

void
downloads_tick (downloads_t *self, int64_t now_ms)
{
    bool woken = false;
    for (download_t *at = self->first; at;) {
        if (at->wake_ms > now_ms) {
            at = at->next;
            continue;
        }
        woken = true;
        wake (at);
        //  It may have ended, and others begun.
        at = self->first;
    }
    if (woken)
        downloads_schedule (self);
}

int64_t
downloads_deadline_ms (const downloads_t *self)
{
    int64_t deadline_ms = DEADLINE_NEVER;
    for (const download_t *at = self->first; at; at = at->next)
        if (at->wake_ms < deadline_ms)
            deadline_ms = at->wake_ms;
    return deadline_ms;
}
