// SPDX-License-Identifier: MIT
#include "download_inside.h"

#include "record_valid.h"
#include "transfer.pb-c.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAILURES_SHOWN 16

//  ---- progress ----------------------------------------------------------------------------------

static uint64_t
done_bytes (const download_t *self)
{
    uint32_t last = self->chunks.count - 1;
    uint64_t bytes = (uint64_t) self->chunks.done_count * RECORD_CHUNK_BYTES;
    if (self->chunks.done && bitmap_get (self->chunks.done, last))
        bytes -= RECORD_CHUNK_BYTES - release_chunk_bytes (self->release, last);
    return bytes;
}

static Ggen__Progress
progress_of (const download_t *self, const char *stage)
{
    Ggen__Progress progress = GGEN__PROGRESS__INIT;
    progress.stage = (char *) stage;
    progress.subject = self->subject;
    progress.done = done_bytes (self);
    progress.total = self->release->size_bytes;
    progress.unit = "bytes";
    return progress;
}

//  What people see of a peer that lies (N5 of SPEC 6).
static void
tell_people_of_wrong (const download_t *self)
{
    Ggen__Progress progress =
        progress_of (self, "verification failed, trying alternate source");
    for (listener_t *at = self->listeners; at; at = at->next)
        out_progress (self->all->out, at->ticket, &progress);
}

void
download_tell_progress (download_t *self)
{
    downloads_t *all = self->all;
    int64_t now_ms = out_now_ms (all->out);
    Ggen__Progress progress = progress_of (self, "fetch");
    for (listener_t *at = self->listeners; at; at = at->next)
        if (now_ms - at->told_ms >= at->progress_ms) {
            at->told_ms = now_ms;
            out_progress (all->out, at->ticket, &progress);
        }
}

//  ---- reputation, dht, the sources --------------------------------------------------------------

static ProtobufCBinaryData
key_field (const source_t *source)
{
    return (ProtobufCBinaryData) {PEER_KEY_SIZE, (uint8_t *) source->key.bytes};
}

static ProtobufCBinaryData
sha256_field (const download_t *self)
{
    return (ProtobufCBinaryData) {DIGEST_SIZE, self->release->sha256.bytes};
}

void
download_tell_wrong (const download_t *self, const source_t *source, const char *what)
{
    Ggen__Observation seen = GGEN__OBSERVATION__INIT;
    seen.peer_key = key_field (source);
    seen.experience = GGEN__EXPERIENCE__WRONG_BYTES;
    seen.detail = (char *) what;
    out_event (self->all->out, "reputation", &seen.base);
    tell_people_of_wrong (self);
}

//  That it is gone is told to dht too, which checks it before others hear of it.
void
download_tell_failed (const download_t *self, const source_t *source, int64_t took_ms)
{
    Ggen__Observation seen = GGEN__OBSERVATION__INIT;
    seen.peer_key = key_field (source);
    seen.experience = GGEN__EXPERIENCE__FAILED;
    seen.took_ms = took_ms > 0 && took_ms < UINT32_MAX ? (uint32_t) took_ms : 0;
    seen.detail = (char *) code_name (source->why);
    out_event (self->all->out, "reputation", &seen.base);
    if (source->why == BUSY || source->why == CANCELLED)
        return;
    Ggen__ProviderDead dead = GGEN__PROVIDER_DEAD__INIT;
    dead.key = sha256_field (self);
    dead.peer_key = key_field (source);
    out_event (self->all->out, "dht", &dead.base);
}

static void
tell_arrived (const download_t *self, source_t *source)
{
    char address[ADDRESS_MAX + 1];
    Ggen__ChunksArrived arrived = GGEN__CHUNKS_ARRIVED__INIT;
    arrived.arrived_bytes = source->untold_bytes;
    source->untold_bytes = 0;
    peer_id_address (&source->key, "transfer", address);
    out_event (self->all->out, address, &arrived.base);
}

//  Servers count what we have not told as still on its way. Mostly the next request tells it; where
//  none goes out now, for credit or disk allow none, servers might wait for it with our requests.
void
download_tell_arrived (download_t *self)
{
    for (unsigned i = 0; i < self->sources.count; i++)
        if (self->sources.list[i].untold_bytes > 0)
            tell_arrived (self, &self->sources.list[i]);
}

void
download_tell_served (download_t *self, bool whole)
{
    for (unsigned i = 0; i < self->sources.count; i++) {
        const source_t *source = &self->sources.list[i];
        if (source->chunks == 0)
            continue;
        Ggen__Observation seen = GGEN__OBSERVATION__INIT;
        seen.peer_key = key_field (source);
        seen.experience = GGEN__EXPERIENCE__SERVED;
        seen.took_ms = (uint32_t) (source->took_ms / source->chunks);
        seen.bytes_count = source->given_bytes;
        if (whole)
            seen.sha256 = sha256_field (self);
        out_event (self->all->out, "reputation", &seen.base);
    }
}

//  ---- the end without bytes ---------------------------------------------------------------------

typedef struct {
    Ggen__Detail detail;
    char peer[PEER_ID_TEXT + 1];
} tried_t;

static const char *
reason (const source_t *source)
{
    switch (source->why) {
    case CHECKSUM_MISMATCH:
        return "sent wrong bytes";
    case PACKAGE_NOT_FOUND:
        return "has it no longer";
    case BUSY:
        return "is too busy";
    case CANCELLED:
    case TIMEOUT:
        return "was too slow";
    case LOW_REPUTATION:
        return "is banned here";
    default:
        return code_name (source->why);
    }
}

void
download_end_deserted (download_t *self)
{
    tried_t tried[FAILURES_SHOWN];
    Ggen__Detail *details[FAILURES_SHOWN];
    char text[FAILURE_TEXT_MAX + 1];
    Ggen__Failure failure = GGEN__FAILURE__INIT;
    failure.code = ALL_PROVIDERS_FAILED;
    failure.message = text;
    failure.details = details;
    failure.hint = "try again later, or name another registry";
    int used = snprintf (text, sizeof text, "%s: %s", self->subject,
                         self->sources.count > 0 ? "every provider failed"
                                                 : "no provider is known");
    for (unsigned i = 0; i < self->sources.count && i < FAILURES_SHOWN; i++) {
        const source_t *source = &self->sources.list[i];
        tried_t *one = &tried[i];
        ggen__detail__init (&one->detail);
        peer_id_text (&source->key, one->peer);
        one->detail.key = one->peer;
        one->detail.value = (char *) reason (source);
        details[failure.n_details++] = &one->detail;
        used += snprintf (text + used, sizeof text - (size_t) used, "%s %s %s", i ? "," : ":",
                          one->peer, one->detail.value);
    }
    download_end (self, ALL_PROVIDERS_FAILED, &failure, NULL);
}
