// SPDX-License-Identifier: MIT
#include "merge.h"

#include "merge_inside.h"
#include "relevance.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

//  A registry's results: those from 'at' to 'end' of what was added are still to come.
typedef struct {
    size_t at, end;
    const merge_entry_t *next;      //  what its next result became; NULL at the end
    relevance_t relevance;          //  of 'next'
} stream_t;

static int
find_id (const void *id, const void *entry)
{
    return strcmp (id, ((const merge_entry_t *) entry)->package.id);
}

//  The first entry of an id that was added, and with *end_p where its entries end.
static merge_entry_t *
entries_of (merge_t *self, const char *id, size_t *end_p)
{
    merge_entry_t *first =
        bsearch (id, self->entries, self->count, sizeof *self->entries, find_id);
    assert (first);
    while (first > self->entries && strcmp (first[-1].package.id, id) == 0)
        first--;
    size_t end = (size_t) (first - self->entries);
    while (end < self->count && strcmp (self->entries[end].package.id, id) == 0)
        end++;
    *end_p = end;
    return first;
}

//  Move on to the next result that no registry's was yet.
static void
look_ahead (merge_t *self, stream_t *stream, const Ggen__SearchRequest *request)
{
    for (stream->next = NULL; !stream->next && stream->at < stream->end; stream->at++) {
        size_t end;
        merge_entry_t *first = entries_of (self, self->added[stream->at].id, &end);
        if (!first->emitted)
            stream->next = merge_latest_of (self, (size_t) (first - self->entries), end);
    }
    if (stream->next)
        stream->relevance = relevance_of (request, &stream->next->package);
}

static int
descending (uint64_t a, uint64_t b)
{
    return (a < b) - (a > b);
}

//  Which result goes first?
static int
compare (const Ggen__SearchRequest *request, const stream_t *a, const stream_t *b)
{
    const Ggen__Package *x = &a->next->package, *y = &b->next->package;
    int order = 0;
    if (request->sort == GGEN__SORT_ORDER__RELEVANCE)
        order = (a->relevance > b->relevance) - (a->relevance < b->relevance);
    if (request->sort == GGEN__SORT_ORDER__BY_UPDATED)
        order = (x->created_at < y->created_at) - (x->created_at > y->created_at);
    if (order == 0 && request->sort != GGEN__SORT_ORDER__BY_NAME)
        order = descending (x->downloads, y->downloads);
    return order ? order : strcmp (x->id, y->id);
}

static stream_t *
best_of (stream_t *streams, unsigned count, const Ggen__SearchRequest *request)
{
    stream_t *best = NULL;
    for (stream_t *stream = streams; stream < streams + count; stream++)
        if (stream->next && (!best || compare (request, stream, best) < 0))
            best = stream;
    return best;
}

//  A stream for each registry that said anything.
static unsigned
open_streams (const merge_t *self, stream_t *streams)
{
    unsigned count = 0;
    for (size_t i = 0; i < self->added_count; i++) {
        if (i == 0 || self->added[i].registry != self->added[i - 1].registry)
            streams[count++].at = i;
        streams[count - 1].end = i + 1;
    }
    return count;
}

Ggen__Package **
merge_search (merge_t *self, const Ggen__SearchRequest *request, size_t *count_p)
{
    stream_t streams[MERGE_REGISTRIES_MAX] = {{0}};
    unsigned count = open_streams (self, streams);
    for (unsigned i = 0; i < count; i++)
        look_ahead (self, &streams[i], request);
    *count_p = 0;
    stream_t *best;
    while ((best = best_of (streams, count, request)) != NULL) {
        size_t end;
        merge_entry_t *first = entries_of (self, best->next->package.id, &end);
        if (!first->emitted)
            self->list[(*count_p)++] = (Ggen__Package *) &best->next->package;
        first->emitted = true;
        look_ahead (self, best, request);
    }
    return self->list;
}
