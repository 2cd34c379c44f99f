// SPDX-License-Identifier: MIT
//  Items for the follower, as events. It is told no faster than it can be expected to read: its mailbox
//  refuses events when it is half full.
#include "gossip_inside.h"

#include <stdlib.h>

#define NEWS_MAX    1024            //  announcements that wait; more are dropped, and counted
#define ITEMS_BURST 64
#define ITEMS_RATE  1               //  a millisecond

struct news_t {
    news_t *next;
    body_t *body;
    size_t told;                    //  of its items
};

void
news_add (gossip_t *self, body_t *body)
{
    news_t *news = self->news_count < NEWS_MAX ? calloc (1, sizeof *news) : NULL;
    if (!news) {
        self->counts.dropped_full++;
        return;
    }
    news->body = body_hold (body);
    news_t **last = self->news_last ? &self->news_last->next : &self->news;
    *last = self->news_last = news;
    self->news_count++;
    gossip_due (self, DUE_DELIVER, self->now_ms);
}

static void
drop_first (gossip_t *self)
{
    news_t *news = self->news;
    self->news = news->next;
    if (!self->news)
        self->news_last = NULL;
    self->news_count--;
    body_release (&news->body);
    free (news);
}

//  Returns true when all its items have been told.
static bool
tell (gossip_t *self, news_t *news)
{
    const body_t *body = news->body;
    Ggen__Announcement *announcement =
        ggen__announcement__unpack (NULL, body->size, body->bytes);
    if (!announcement) {
        self->counts.dropped_full++;
        return true;
    }
    Ggen__Announced announced = GGEN__ANNOUNCED__INIT;
    announced.topic = announcement->topic;
    announced.origin = announcement->origin;
    announced.wall_ms = announcement->wall_ms;
    announced.id = (ProtobufCBinaryData) {ID_SIZE, (uint8_t *) body->id};
    for (; news->told < announcement->n_items && self->news_tokens > 0; self->news_tokens--) {
        announced.item = announcement->items [news->told++];
        out_event (self->out, self->settings->follower, &announced.base);
    }
    bool all = news->told == announcement->n_items;
    ggen__announcement__free_unpacked (announcement, NULL);
    return all;
}

void
news_deliver (gossip_t *self)
{
    if (self->due_ms [DUE_DELIVER] > self->now_ms)
        return;
    int64_t tokens = self->news_tokens + (self->now_ms - self->news_at_ms) * ITEMS_RATE;
    self->news_tokens = (int32_t) (tokens < ITEMS_BURST ? tokens : ITEMS_BURST);
    self->news_at_ms = self->now_ms;
    while (self->news && self->news_tokens > 0 && tell (self, self->news))
        drop_first (self);
    self->due_ms [DUE_DELIVER] =
        self->news ? self->now_ms + ITEMS_BURST / 2 / ITEMS_RATE : DEADLINE_NEVER;
}

void
news_done (gossip_t *self)
{
    while (self->news)
        drop_first (self);
}
