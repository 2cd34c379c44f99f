// SPDX-License-Identifier: MIT
#include "download_inside.h"

#include "transfer.pb-c.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define BEATEN_MAX          3       //  late chunks in a row that others gave first
#define SLOW_MS             5000    //  a chunk that takes longer is worth telling reputation
#define CHUNK_BUDGET_MS     60000
#define HAVE_BUDGET_MS      10000
#define WRITE_FAILURES_MAX  8

//  ---- wants -------------------------------------------------------------------------------------

static want_t *
want_new (download_t *self, unsigned source, uint32_t chunk)
{
    want_t *want = calloc (1, sizeof *want);
    if (!want)
        return NULL;
    want->download = self;
    want->source = (uint16_t) source;
    want->chunk = chunk;
    want->asked_ms = out_now_ms (self->all->out);
    want->asked_for = download_leader (self);
    return want;
}

static void
want_link (want_t *want)
{
    download_t *self = want->download;
    want->next = self->wants;
    self->wants = want;
    self->in_flight++;
    self->all->in_flight++;
    download_source_of (want)->in_flight++;
    if (download_wants_chunk (want))
        chunks_ask (&self->chunks, want->chunk);
}

//  It is no longer asked of its source.
static void
want_landed (want_t *want)
{
    download_t *self = want->download;
    self->in_flight--;
    self->all->in_flight--;
    download_source_of (want)->in_flight--;
    if (download_wants_chunk (want))
        chunks_unask (&self->chunks, want->chunk);
}

static void
want_free (want_t *want)
{
    want_t **at = &want->download->wants;
    while (*at != want)
        at = &(*at)->next;
    *at = want->next;
    free (want);
}

static code_t on_chunk (void *actor, void *want, const answer_t *answer);
static code_t on_have (void *actor, void *want, const answer_t *answer);
static code_t on_written (void *actor, void *want, const answer_t *answer);

static void
want_forget (want_t *want)
{
    out_t *out = want->download->all->out;
    if (want->writing) {
        out_forget (out, on_written, want);
        want->download->all->writing--;
    }
    else {
        out_forget (out, download_wants_chunk (want) ? on_chunk : on_have, want);
        want_landed (want);
    }
    want_free (want);
}

void
download_forget_wants (download_t *self)
{
    while (self->wants)
        want_forget (self->wants);
}

//  Take back what is asked of this source (all its wants but writes), or of others for this chunk.
static void
forget_source (download_t *self, unsigned source)
{
    for (want_t *at = self->wants, *next; at; at = next) {
        next = at->next;
        if (at->source == source && !at->writing)
            want_forget (at);
    }
}

static bool forget_one (download_t *self, uint32_t chunk);

static void
forget_chunk (download_t *self, uint32_t chunk)
{
    while (self->chunks.asked[chunk] > 0 && forget_one (self, chunk))
        ;
}

//  ---- asking ------------------------------------------------------------------------------------

static code_t
ask_source (download_t *self, want_t *want, const ProtobufCMessage *message,
            const ProtobufCMessageDescriptor *expect, uint32_t budget_ms, answer_fn *on_answer)
{
    char address[ADDRESS_MAX + 1];
    const source_t *source = download_source_of (want);
    peer_id_address (&source->key, "transfer", address);
    ask_t ask = {.to = address,
                 .message = message,
                 .expect = expect,
                 .budget_ms = budget_ms,
                 .parent = want->asked_for,
                 .on_answer = on_answer,
                 .arg = want,
                 .route = {source->route, source->route_size},
                 .quiet = true};
    code_t code = out_ask (self->all->out, &ask);
    if (code == OK)
        want_link (want);
    else
        free (want);
    return code;
}

bool
download_ask_chunk (download_t *self, unsigned index, uint32_t chunk)
{
    want_t *want = want_new (self, index, chunk);
    if (!want)
        return false;
    source_t *source = download_source_of (want);
    Ggen__ChunkRequest request = GGEN__CHUNK_REQUEST__INIT;
    request.sha256 = digest_to_field (&self->release->sha256);
    request.chunk = chunk;
    request.arrived_bytes = source->untold_bytes;
    if (ask_source (self, want, &request.base, &ggen__chunk_reply__descriptor, CHUNK_BUDGET_MS,
                    on_chunk)
        != OK)
        return false;
    source->untold_bytes = 0;
    return true;
}

static bool
ask_have (download_t *self, unsigned index)
{
    want_t *want = want_new (self, index, CHUNKS_NONE);
    if (!want)
        return false;
    Ggen__HaveRequest request = GGEN__HAVE_REQUEST__INIT;
    request.sha256 = digest_to_field (&self->release->sha256);
    return ask_source (self, want, &request.base, &ggen__have_reply__descriptor, HAVE_BUDGET_MS,
                       on_have)
           == OK;
}

//  ---- when a provider is no good ----------------------------------------------------------------

static void
gone (download_t *self, unsigned index, int64_t took_ms)
{
    download_tell_failed (self, &self->sources.list[index], took_ms);
    forget_source (self, index);
}

static void
wrong (download_t *self, unsigned index, const char *what)
{
    source_t *source = &self->sources.list[index];
    source_end (source, CHECKSUM_MISMATCH);
    self->wrong_chunks++;
    self->all->wrong_chunks++;
    download_tell_wrong (self, source, what);
    forget_source (self, index);
}

//  It says that it has not what it was asked for.
static void
lacks (download_t *self, unsigned index, int64_t took_ms)
{
    source_t *source = &self->sources.list[index];
    if (source->state == SOURCE_READY && !source->has) {
        source->state = SOURCE_HAVE_ASKED;
        if (ask_have (self, index))
            return;
    }
    if (source->state == SOURCE_HAVE_ASKED && source->in_flight > 0)
        return;
    source_end (source, PACKAGE_NOT_FOUND);
    gone (self, index, took_ms);
}

static void
failed (download_t *self, unsigned index, code_t code, int64_t asked_ms)
{
    source_t *source = &self->sources.list[index];
    int64_t now_ms = out_now_ms (self->all->out);
    bool ended;
    if (code == PACKAGE_NOT_FOUND) {
        lacks (self, index, now_ms - asked_ms);
        return;
    }
    //  A dial that took too long says nothing about the time that chunks take.
    if (code == TIMEOUT && now_ms - asked_ms < CHUNK_BUDGET_MS)
        code = CONNECTION_FAILED;
    if (code == BUSY)
        ended = source_busy (source, now_ms, rng_unit (self->all->rng));
    else
        ended = source_failed (source, code, asked_ms, now_ms);
    if (ended)
        gone (self, index, now_ms - asked_ms);
}

//  Take one of the requests for this chunk back, because another source gave it.
static bool
forget_one (download_t *self, uint32_t chunk)
{
    want_t *want = self->wants;
    while (want && (want->chunk != chunk || want->writing))
        want = want->next;
    if (!want)
        return false;
    const unsigned index = want->source;
    source_t *source = download_source_of (want);
    int64_t took_ms = out_now_ms (self->all->out) - want->asked_ms;
    bool beaten = want->late && ++source->beaten >= BEATEN_MAX;
    want_forget (want);
    if (!beaten)
        return true;
    //  Set aside: it may be the last one left later.
    source_end (source, CANCELLED);
    if (took_ms >= SLOW_MS)
        gone (self, index, took_ms);
    else
        forget_source (self, index);
    return true;
}

//  What it was asked for has got lost, or never comes.
void
download_silent (download_t *self, unsigned index, int64_t since_ms)
{
    int64_t now_ms = out_now_ms (self->all->out);
    if (source_failed (&self->sources.list[index], TIMEOUT, since_ms, now_ms))
        gone (self, index, now_ms - since_ms);
    else
        forget_source (self, index);
}

//  ---- a chunk comes -----------------------------------------------------------------------------

static const char *
fault (const download_t *self, uint32_t chunk, bytes_t bytes)
{
    uint8_t hash[CRYPTO_HASH_BYTES];
    if (bytes.size != release_chunk_bytes (self->release, chunk))
        return "a chunk of another size";
    self->all->crypto->sha256 (bytes.data, bytes.size, hash);
    return memcmp (hash, release_chunk_digest (self->release, chunk), sizeof hash) == 0
               ? NULL
               : "a chunk with another hash";
}

static void
free_copy (void *data, void *hint)
{
    (void) hint;
    free (data);
}

//  Takes 'want', whose chunk has arrived.
static void
write_chunk (want_t *want, bytes_t bytes)
{
    download_t *self = want->download;
    Ggen__PartWriteRequest request = GGEN__PART_WRITE_REQUEST__INIT;
    request.sha256 = digest_to_field (&self->release->sha256);
    request.chunk = want->chunk;
    ask_t ask = {.to = "blobs",
                 .message = &request.base,
                 .expect = &ggen__part_write_reply__descriptor,
                 .parent = download_leader (self),
                 .budget_ms = CHUNK_BUDGET_MS,
                 .on_answer = on_written,
                 .arg = want,
                 .quiet = true,
                 .attachment = malloc (bytes.size),
                 .attachment_size = bytes.size,
                 .free_attachment = free_copy};
    if (ask.attachment) {
        memcpy (ask.attachment, bytes.data, bytes.size);
        if (out_ask (self->all->out, &ask) == OK) {
            want->writing = true;
            self->all->writing++;
            return;
        }
    }
    chunks_written (&self->chunks, want->chunk, false);
    self->not_before_ms = out_now_ms (self->all->out) + DOWNLOAD_RETRY_MS;
    want_free (want);
}

static void
note_time (downloads_t *self, int64_t took_ms)
{
    uint32_t ms = took_ms < 1 ? 1 : took_ms > CHUNK_BUDGET_MS ? CHUNK_BUDGET_MS : (uint32_t) took_ms;
    self->usual_ms = self->usual_ms == 0 ? ms : (7 * self->usual_ms + 3 * ms) / 10;
}

//  Takes 'want', which has landed.
static void
arrived (want_t *want, const answer_t *answer)
{
    download_t *self = want->download;
    source_t *source = download_source_of (want);
    const Ggen__ChunkReply *reply = (const void *) answer->message;
    const uint32_t chunk = want->chunk;
    //  An attachment can get lost between the two actors of a node that is short of memory.
    if (!answer->attachment.data) {
        failed (self, want->source, SERIALIZATION, want->asked_ms);
        want_free (want);
        return;
    }
    const char *what = reply->chunk != chunk ? "another chunk than it was asked for"
                                             : fault (self, chunk, answer->attachment);
    if (what) {
        wrong (self, want->source, what);
        want_free (want);
        return;
    }
    note_time (self->all, answer->now_ms - want->asked_ms);
    self->all->received_bytes += answer->attachment.size;
    source_gave (source, (uint32_t) answer->attachment.size, answer->now_ms - want->asked_ms,
                 answer->now_ms);
    self->calm_ms = answer->now_ms;
    if (!chunks_missing (&self->chunks, chunk)) {
        want_free (want);
        return;
    }
    chunks_arrive (&self->chunks, chunk);
    forget_chunk (self, chunk);
    write_chunk (want, answer->attachment);
}

static code_t
on_chunk (void *actor, void *want_, const answer_t *answer)
{
    (void) actor;
    want_t *want = want_;
    download_t *self = want->download;
    downloads_t *all = self->all;
    if (answer->progress)
        return OK;
    want_landed (want);
    want->writing = true;               //  What takes back others lets this one be
    if (answer->code == OK)
        arrived (want, answer);
    else {
        //  Cancelled with the request it was made for, while others still wait: nobody's fault.
        if (answer->code != CANCELLED || want->asked_for == download_leader (self))
            failed (self, want->source, answer->code, want->asked_ms);
        want_free (want);
    }
    downloads_schedule (all);
    return OK;
}

static code_t
on_have (void *actor, void *want_, const answer_t *answer)
{
    (void) actor;
    want_t *want = want_;
    download_t *self = want->download;
    downloads_t *all = self->all;
    source_t *source = download_source_of (want);
    if (answer->progress)
        return OK;
    want_landed (want);
    want->writing = true;
    const Ggen__HaveReply *reply = (const void *) answer->message;
    source->has = reply && !reply->all ? bitmap_copy (reply->bitmap, self->chunks.count) : NULL;
    if (source->has && bitmap_count (source->has, self->chunks.count) > 0
        && chunks_partial (&self->chunks, source->has) == OK)
        source->state = SOURCE_READY;
    else {
        source_end (source, reply ? PACKAGE_NOT_FOUND : answer->code);
        gone (self, want->source, answer->now_ms - want->asked_ms);
    }
    want_free (want);
    downloads_schedule (all);
    return OK;
}

//  ---- a chunk is written ------------------------------------------------------------------------

static bool
passes (code_t code)
{
    return code == BUSY || code == TIMEOUT || code == CANCELLED;
}

static code_t
on_written (void *actor, void *want_, const answer_t *answer)
{
    (void) actor;
    want_t *want = want_;
    download_t *self = want->download;
    downloads_t *all = self->all;
    if (answer->progress)
        return OK;
    all->writing--;
    chunks_written (&self->chunks, want->chunk, answer->code == OK);
    want_free (want);
    if (answer->code == OK) {
        self->write_failures = 0;
        download_tell_progress (self);
        if (chunks_complete (&self->chunks))
            download_complete (self);
    }
    else if (!passes (answer->code) || ++self->write_failures == WRITE_FAILURES_MAX)
        download_end (self, answer->code, answer->failure, NULL);
    else
        self->not_before_ms = answer->now_ms + DOWNLOAD_RETRY_MS;
    downloads_schedule (all);
    return OK;
}
