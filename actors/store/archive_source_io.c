// SPDX-License-Identifier: MIT
#include "archive_source_io.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

//  Headers, padding and extended headers of one entry, generously: bounds the whole stream.
#define ENTRY_OVERHEAD_MAX 4096

//  Packed bytes from which on a thread of its own expands, while what it expanded before is audited,
//  hashed and written: both take about as long. For less a thread costs more than it saves.
#define AHEAD_MIN ((uint64_t) 1 << 20)

//  One piece of the uncompressed archive, or why there is none.
typedef struct {
    bool full;                      //  Under the mutex: the reader's, else the expander's
    code_t code;
    size_t used;                    //  0: the end
    uint64_t at;                    //  Packed bytes read so far
    refusal_t refusal;
    uint8_t out [ARCHIVE_SOURCE_OUT_SIZE];
} piece_t;

struct archive_source {
    //  The expander's
    int fd;
    uint64_t at, size;
    expand_t *expand;
    bytes_t input;
    bool ended;
    uint8_t in [ARCHIVE_SOURCE_IN_SIZE];
    //  The reader's
    uint64_t stream_left;           //  Uncompressed bytes that may still come
    tar_audit_t *audit;
    const piece_t *piece;           //  The last one read
    unsigned next;                  //  Of 'pieces'
    //  Both
    bool ahead;                     //  There is a thread
    bool stopping;                  //  Under the mutex
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    piece_t pieces [2];
};

static code_t
refuse_cut (refusal_t *refusal)
{
    return refusal_set (refusal, REFUSED_MALFORMED, "", 0, "the archive is cut");
}

//  Input is empty: read more of the file. At its end the input stays empty.
static code_t
fill (archive_source_t *self, refusal_t *refusal)
{
    uint64_t left = self->size - self->at;
    size_t wanted = left < sizeof self->in ? (size_t) left : sizeof self->in;
    ssize_t got;
    do
        got = wanted ? pread (self->fd, self->in, wanted, (off_t) self->at) : 0;
    while (got == -1 && errno == EINTR);
    if (got == -1)
        return refusal_system (refusal, errno, "", "read the archive");
    self->input = (bytes_t) {self->in, (size_t) got};
    self->at += (uint64_t) got;
    return OK;
}

//  ---- expanding -----------------------------------------------------------------------------------

//  Fill the piece, or reach the end.
static code_t
expand_some (archive_source_t *self, piece_t *piece)
{
    piece->used = 0;
    while (!self->ended && piece->used < sizeof piece->out) {
        code_t code = self->input.size ? OK : fill (self, &piece->refusal);
        size_t had = self->input.size, more = 0;
        if (!code)
            code = expand_step (self->expand, &self->input, piece->out + piece->used,
                                sizeof piece->out - piece->used, &more, &piece->refusal);
        if (code)
            return code;
        piece->used += more;
        self->ended = expand_ended (self->expand);
        if (!self->ended && !more && !had)
            return refuse_cut (&piece->refusal);
    }
    return OK;
}

//  Also bytes that were not read yet may not follow the end.
static code_t
finish (archive_source_t *self, piece_t *piece)
{
    size_t used;
    code_t code = fill (self, &piece->refusal);
    return code ? code
                : expand_step (self->expand, &self->input, piece->out, 0, &used, &piece->refusal);
}

static void
make_piece (archive_source_t *self, piece_t *piece)
{
    piece->code = expand_some (self, piece);
    if (!piece->code && !piece->used)
        piece->code = finish (self, piece);
    piece->at = self->at;
}

static bool
is_last (const piece_t *piece)
{
    return piece->code || !piece->used;
}

//  ---- ahead ---------------------------------------------------------------------------------------

static void *
expand_ahead (void *self_)
{
    archive_source_t *self = self_;
    bool last = false;
    for (unsigned next = 0; !last; next ^= 1) {
        piece_t *piece = &self->pieces [next];
        pthread_mutex_lock (&self->mutex);
        while (piece->full && !self->stopping)
            pthread_cond_wait (&self->changed, &self->mutex);
        last = self->stopping;
        pthread_mutex_unlock (&self->mutex);
        if (last)
            break;
        make_piece (self, piece);
        last = is_last (piece);
        pthread_mutex_lock (&self->mutex);
        piece->full = true;
        pthread_cond_signal (&self->changed);
        pthread_mutex_unlock (&self->mutex);
    }
    return NULL;
}

//  Without the thread it takes longer, nothing else. Signals are for the main thread.
static void
start_ahead (archive_source_t *self)
{
    sigset_t all, old;
    pthread_mutex_init (&self->mutex, NULL);
    pthread_cond_init (&self->changed, NULL);
    sigfillset (&all);
    pthread_sigmask (SIG_SETMASK, &all, &old);
    self->ahead = pthread_create (&self->thread, NULL, expand_ahead, self) == 0;
    pthread_sigmask (SIG_SETMASK, &old, NULL);
    if (self->ahead)
        return;
    pthread_cond_destroy (&self->changed);
    pthread_mutex_destroy (&self->mutex);
}

static void
stop_ahead (archive_source_t *self)
{
    if (!self->ahead)
        return;
    pthread_mutex_lock (&self->mutex);
    self->stopping = true;
    pthread_cond_signal (&self->changed);
    pthread_mutex_unlock (&self->mutex);
    pthread_join (self->thread, NULL);
    pthread_cond_destroy (&self->changed);
    pthread_mutex_destroy (&self->mutex);
}

//  Give the last piece back, and wait for the next.
static void
exchange (archive_source_t *self)
{
    piece_t *next = &self->pieces [self->next];
    pthread_mutex_lock (&self->mutex);
    if (self->piece)
        self->pieces [self->next ^ 1].full = false;
    pthread_cond_signal (&self->changed);
    while (!next->full)
        pthread_cond_wait (&self->changed, &self->mutex);
    pthread_mutex_unlock (&self->mutex);
    self->next ^= 1;
    self->piece = next;
}

//  The last piece is the answer to every further read.
static const piece_t *
next_piece (archive_source_t *self)
{
    if (self->piece && is_last (self->piece))
        return self->piece;
    if (self->ahead)
        exchange (self);
    else {
        make_piece (self, &self->pieces [0]);
        self->piece = &self->pieces [0];
    }
    return self->piece;
}

//  ---- reading -------------------------------------------------------------------------------------

code_t
archive_source_new (int fd, uint64_t size_bytes, const archive_limits_t *limits,
                    archive_source_t **self_p, refusal_t *refusal)
{
    *self_p = NULL;
    if (size_bytes > limits->packed_bytes)
        return refusal_set (refusal, REFUSED_LIMITS, "", 0, "the archive is too large");
    archive_source_t *self = malloc (sizeof *self);
    if (!self)
        return INTERNAL;
    uint64_t unpacked_max = archive_limits_unpacked (limits, size_bytes);
    self->fd = fd;
    self->at = 0;
    self->size = size_bytes;
    self->stream_left =
        unpacked_max + (uint64_t) limits->entries * ENTRY_OVERHEAD_MAX + TAR_AUDIT_PADDING_MAX;
    self->expand = NULL;
    self->ended = self->ahead = self->stopping = false;
    self->piece = NULL;
    self->next = 0;
    self->pieces [0].full = self->pieces [1].full = false;
    self->audit = tar_audit_new (limits, unpacked_max);
    code_t code = self->audit ? fill (self, refusal) : INTERNAL;
    if (!code)
        code = expand_new (self->input.data, self->input.size, &self->expand, refusal);
    if (code)
        archive_source_destroy (&self);
    else if (size_bytes >= AHEAD_MIN)
        start_ahead (self);
    *self_p = self;
    return code;
}

void
archive_source_destroy (archive_source_t **self_p)
{
    archive_source_t *self = *self_p;
    if (!self)
        return;
    stop_ahead (self);
    expand_destroy (&self->expand);
    tar_audit_destroy (&self->audit);
    free (self);
    *self_p = NULL;
}


code_t
archive_source_read (archive_source_t *self, bytes_t *piece, refusal_t *refusal)
{
    const piece_t *got = next_piece (self);
    code_t code = got->code;
    if (code && refusal)
        *refusal = got->refusal;
    if (!code && got->used > self->stream_left)
        code = refusal_set (refusal, REFUSED_BOMB, "", 0,
                            "it unpacks to more than its size allows");
    if (!code)
        code = tar_audit_feed (self->audit, got->out, got->used, refusal);
    if (!code && !got->used)
        code = tar_audit_end (self->audit, refusal);
    self->stream_left -= code ? 0 : got->used;
    *piece = (bytes_t) {got->out, got->used};
    return code;
}

uint64_t
archive_source_position (const archive_source_t *self)
{
    return self->piece ? self->piece->at : 0;
}

tar_audit_totals_t
archive_source_totals (const archive_source_t *self)
{
    return tar_audit_totals (self->audit);
}
