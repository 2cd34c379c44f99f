// SPDX-License-Identifier: MIT
#include "feed.h"
#include "decode.h"
#include "shape.h"
#include "text.h"

#include <fnmatch.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ASKER_MAX 128           //  bytes of an address with its NUL; longer ones are not followed
#define ID_DIGITS 16

typedef struct {
    char asker [ASKER_MAX];     //  "" = free
    uint64_t id;
    uint64_t passed_us;         //  Monotonic, when the request passed the bus
} call_t;

typedef struct {
    uint64_t next;              //  Sequence number that continues it; 0 = free
    uint64_t heard;             //  Order of its last message
} stream_t;

struct feed_t {
    const feed_filter_t *filter;
    uint64_t heard;
    stream_t streams [FEED_STREAMS];
    call_t calls [FEED_CALLS];
};

feed_t *
feed_new (const feed_filter_t *filter)
{
    feed_t *self = calloc (1, sizeof *self);
    if (self)
        self->filter = filter;
    return self;
}

void
feed_destroy (feed_t **self_p)
{
    free (*self_p);
    *self_p = NULL;
}

//  ---- losses ------------------------------------------------------------------------------------

//  The stream that 'sequence' continues, else of those it is ahead of the one heard last, or NULL.
static stream_t *
find_stream (feed_t *self, uint64_t sequence)
{
    stream_t *exact = NULL, *ahead = NULL;
    for (size_t at = 0; at < FEED_STREAMS; at++) {
        stream_t *stream = &self->streams [at];
        if (stream->next == 0 || sequence < stream->next)
            continue;
        stream_t **best = stream->next == sequence ? &exact : &ahead;
        if (!*best || (*best)->heard < stream->heard)
            *best = stream;
    }
    return exact ? exact : ahead;
}

static stream_t *
stalest_stream (feed_t *self)
{
    stream_t *stalest = &self->streams [0];
    for (size_t at = 1; at < FEED_STREAMS; at++)
        if (self->streams [at].heard < stalest->heard)
            stalest = &self->streams [at];
    return stalest;
}

static uint64_t
count_lost (feed_t *self, uint64_t sequence)
{
    stream_t *stream = find_stream (self, sequence);
    const uint64_t lost = stream ? sequence - stream->next : 0;
    if (!stream)
        stream = stalest_stream (self);
    stream->next = sequence + 1;
    stream->heard = ++self->heard;
    return lost;
}

//  ---- latency -----------------------------------------------------------------------------------

//  FNV-1a (Fowler, Noll, Vo), to spread calls over the table.
static call_t *
call_slot (feed_t *self, const char *asker, uint64_t id)
{
    uint64_t hash = 14695981039346656037u ^ id;
    for (const char *byte = asker; *byte; byte++)
        hash = (hash ^ (uint8_t) *byte) * 1099511628211u;
    return &self->calls [(hash ^ hash >> 32) % FEED_CALLS];
}

static uint64_t
latency_of (feed_t *self, const Ggen__TapHeader *header)
{
    const Ggen__Envelope *envelope = header->envelope;
    const bool asks = envelope->kind == GGEN__KIND__REQUEST;
    const char *asker = !asks ? header->to : *envelope->reply_to ? envelope->reply_to
                                                                 : envelope->from;
    const uint64_t passed_us = envelope->sent_us + header->latency_us;
    if ((!asks && envelope->kind != GGEN__KIND__REPLY) || !*asker || strlen (asker) >= ASKER_MAX)
        return header->latency_us;
    call_t *call = call_slot (self, asker, envelope->id);
    if (asks) {
        strcpy (call->asker, asker);
        call->id = envelope->id;
        call->passed_us = passed_us;
        return header->latency_us;
    }
    if (call->id != envelope->id || strcmp (call->asker, asker) != 0
        || passed_us < call->passed_us)
        return header->latency_us;
    *call->asker = 0;
    return passed_us - call->passed_us;
}

//  ---- filters -----------------------------------------------------------------------------------

static bool
is_actor (const char *address, const char *actor)
{
    const size_t size = strcspn (address, "@");
    return strcmp (address, actor) == 0
           || (strlen (actor) == size && strncmp (address, actor, size) == 0);
}

static bool
is_peer (const char *address, const char *peer)
{
    const char *at = strchr (address, '@');
    return at && strcmp (at + 1, peer) == 0;
}

//  Where the message goes: on another node the whole address is in the envelope.
static const char *
receiver (const Ggen__TapHeader *header)
{
    return *header->envelope->to ? header->envelope->to : header->to;
}

static bool
is_wanted (const feed_filter_t *filter, const Ggen__TapHeader *header)
{
    const char *from = header->envelope->from, *to = receiver (header);
    if (filter->type && fnmatch (filter->type, header->envelope->type, 0) != 0)
        return false;
    if (filter->actor && !is_actor (from, filter->actor) && !is_actor (to, filter->actor)
        && !is_actor (header->to, filter->actor))
        return false;
    return !filter->peer || is_peer (from, filter->peer) || is_peer (to, filter->peer);
}

bool
feed_take (feed_t *self, feed_message_t *message)
{
    message->lost = 0;
    message->latency_us = 0;
    if (!message->header->envelope)
        return false;
    message->lost = count_lost (self, message->header->sequence);
    message->latency_us = latency_of (self, message->header);
    return is_wanted (self->filter, message->header);
}

//  ---- showing -----------------------------------------------------------------------------------

//  A cancellation has no type, only a kind.
static const char *
kind_name (Ggen__Kind kind)
{
    const ProtobufCEnumValue *found =
        protobuf_c_enum_descriptor_get_value (&ggen__kind__descriptor, (int) kind);
    return found ? found->name : "?";
}

static void
print_time (FILE *out, int64_t at_us)
{
    const time_t seconds = (time_t) (at_us / 1000000);
    struct tm parts;
    if (at_us >= 0 && gmtime_r (&seconds, &parts))
        fprintf (out, "%02d:%02d:%02d.%03d", parts.tm_hour, parts.tm_min, parts.tm_sec,
                 (int) (at_us / 1000 % 1000));
    else
        fputs ("--:--:--.---", out);
}

void
feed_print (FILE *out, const feed_message_t *message)
{
    const Ggen__TapHeader *header = message->header;
    const Ggen__Envelope *envelope = header->envelope;
    AUTO (text_free) char *type = text_clean (*envelope->type ? envelope->type
                                                              : kind_name (envelope->kind));
    AUTO (text_free) char *from = text_clean (envelope->from);
    AUTO (text_free) char *to = text_clean (receiver (header));
    if (!type || !from || !to)
        return;
    print_time (out, header->at_us);
    fprintf (out, " %-24s %s -> %s  %0*" PRIx64 "  %" PRIu32, type, from, to, ID_DIGITS,
             envelope->id, header->body_bytes);
    if (header->attachment_bytes > 0)
        fprintf (out, "+%" PRIu64, header->attachment_bytes);
    fprintf (out, " B  %" PRIu64 " us\n", message->latency_us);
}

static json_t *
shape_count (uint64_t count)
{
    return json_integer (count > INT64_MAX ? INT64_MAX : (json_int_t) count);
}

static json_t *
shape_id (uint64_t id)
{
    char digits [ID_DIGITS + 1];
    snprintf (digits, sizeof digits, "%0*" PRIx64, ID_DIGITS, id);
    return json_string (digits);
}

json_t *
feed_shape (const feed_message_t *message)
{
    const Ggen__TapHeader *header = message->header;
    const Ggen__Envelope *envelope = header->envelope;
    json_t *self = json_object (), *body = decode_bytes (envelope->type, message->body);
    shape_set (&self, "at_us", json_integer (header->at_us));
    shape_set (&self, "sequence", shape_count (header->sequence));
    shape_set (&self, "kind", json_string (kind_name (envelope->kind)));
    shape_set (&self, "type", shape_text (envelope->type));
    shape_set (&self, "from", shape_text (envelope->from));
    shape_set (&self, "to", shape_text (receiver (header)));
    shape_set (&self, "id", shape_id (envelope->id));
    shape_set (&self, "trace", shape_id (envelope->trace));
    shape_set (&self, "budget_ms", json_integer (envelope->budget_ms));
    shape_set (&self, "body_bytes", json_integer (header->body_bytes));
    shape_set (&self, "attachment_bytes", shape_count (header->attachment_bytes));
    shape_set (&self, "attachment_sha256", shape_digest (header->attachment_sha256));
    shape_set (&self, "latency_us", shape_count (message->latency_us));
    shape_set (&self, "body", body ? body : json_null ());
    return self;
}
