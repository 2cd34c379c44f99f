// SPDX-License-Identifier: MIT
//  Every honest subscriber that is well hears every announcement of an honest node in bounded time; and
//  what one half of a cut network announced the other half hears soon after healing.
#include "check.h"

#include "glance.h"
#include "gossip.pb-c.h"
#include "look.h"
#include "runtime/actor/map.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define BOUND_US    INT64_C (30000000)
#define AGAIN_US    INT64_C (5000000)
#define NEWS_MAX    (1u << 20)
#define MARK_SIZE   16u

typedef struct news_t {
    struct news_t *next;            //  by time
    int64_t at_us;
    int64_t look_us;                //  when it is looked at
    uint32_t origin;
    uint32_t audience;              //  nodes that there were
    bool cut;                       //  the network was, when it was announced
    uint8_t mark[MARK_SIZE];
    uint8_t *heard, *far;           //  a bit a node: has heard it; was on the other side
} news_t;

typedef struct {
    map_t *by_mark;
    news_t *first, *last;
} watch_t;

static void *
create (play_t *play)
{
    watch_t *self = calloc (1, sizeof *self);
    (void) play;
    if (!self || !(self->by_mark = map_new (NEWS_MAX, 1)))
        abort ();
    return self;
}

static void
news_free (watch_t *self, news_t *news)
{
    map_remove (self->by_mark, news->mark, MARK_SIZE);
    free (news->heard);
    free (news->far);
    free (news);
}

static void
destroy (void *self_)
{
    watch_t *self = self_;
    for (news_t *next, *news = self->first; news; news = next) {
        next = news->next;
        news_free (self, news);
    }
    map_destroy (&self->by_mark);
    free (self);
}

static void
mark_of (uint8_t mark[MARK_SIZE], ProtobufCBinaryData item)
{
    crypto_generichash (mark, MARK_SIZE, item.data, item.len, NULL, 0);
}

static void
set_bit (uint8_t *bits, uint32_t at)
{
    bits[at / 8] |= (uint8_t) (1u << at % 8);
}

static bool
has_bit (const uint8_t *bits, uint32_t at)
{
    return bits[at / 8] >> at % 8 & 1;
}

static void
announced (watch_t *self, play_t *play, const note_t *note)
{
    Ggen__AnnounceRequest *ask = glance_body (note, &ggen__announce_request__descriptor);
    news_t *news = calloc (1, sizeof *news);
    uint32_t count = play->players_count;
    if (!ask || !news)
        abort ();
    *news = (news_t) {.at_us = play_now_us (play), .origin = note->node, .audience = count};
    news->look_us = news->at_us + BOUND_US;
    news->heard = calloc (count / 8 + 1, 1);
    news->far = calloc (count / 8 + 1, 1);
    if (!news->heard || !news->far)
        abort ();
    mark_of (news->mark, ask->item);
    ggen__announce_request__free_unpacked (ask, NULL);
    for (uint32_t i = 0; i < count; i++)
        if (play->players[i].group != play->players[note->node].group) {
            set_bit (news->far, i);
            news->cut = true;
        }
    set_bit (news->heard, note->node);
    //  The same words a second time are the same news.
    if (map_get (self->by_mark, news->mark, MARK_SIZE)
        || map_put (self->by_mark, news->mark, MARK_SIZE, news) != OK) {
        free (news->heard);
        free (news->far);
        free (news);
        return;
    }
    if (self->last)
        self->last->next = news;
    else
        self->first = news;
    self->last = news;
}

static void
heard (watch_t *self, play_t *play, const note_t *note)
{
    uint8_t mark[MARK_SIZE];
    Ggen__Announced *message = glance_body (note, &ggen__announced__descriptor);
    if (!message)
        return;
    mark_of (mark, message->item);
    ggen__announced__free_unpacked (message, NULL);
    news_t *news = map_get (self->by_mark, mark, MARK_SIZE);
    if (!news || note->node >= news->audience || has_bit (news->heard, note->node))
        return;
    set_bit (news->heard, note->node);
    int64_t now_us = play_now_us (play);
    if (!has_bit (news->far, note->node)
        && players_is_well (play, note->node, news->at_us - PLAY_READY_US))
        measures_add (play->measures, MEASURE_GOSSIP_MS, (double) (now_us - news->at_us) / 1000);
    else if (has_bit (news->far, note->node) && play->healed_us > news->at_us)
        measures_add (play->measures, MEASURE_HEAL_MS,
                      (double) (now_us - play->healed_us) / 1000);
}

static void
arrives (void *self, play_t *play, const note_t *note)
{
    if (note->kind == GGEN__KIND__REQUEST && players_is_honest (play, note->node)
        && glance_is (note, "AnnounceRequest") && glance_is_local (note))
        announced (self, play, note);
    else if (note->kind == GGEN__KIND__EVENT && glance_is (note, "Announced")
             && glance_is_local (note))
        heard (self, play, note);
}

//  ---- judging -------------------------------------------------------------------------------------

//  It must have heard it: all that time it was there, and well, as was who announced it.
static bool
should_have (const play_t *play, const news_t *news, uint32_t node)
{
    if (has_bit (news->far, node))
        return play->healed_us > news->at_us && players_is_well (play, node, play->healed_us)
               && players_is_well (play, news->origin, play->healed_us);
    return players_is_well (play, node, news->at_us - PLAY_READY_US)
           && players_is_well (play, news->origin, news->at_us - PLAY_READY_US);
}

static void
look (play_t *play, const news_t *news)
{
    for (uint32_t i = 0; i < news->audience; i++) {
        if (i == news->origin || !should_have (play, news, i))
            continue;
        measures_try (play->measures, MEASURE_GOSSIP, has_bit (news->heard, i));
        if (!has_bit (news->heard, i))
            world_violation (play->world, "gossip: node %u did not hear what node %u announced %.1f s ago",
                             i, news->origin, (double) (play_now_us (play) - news->at_us) / 1e6);
    }
}

static bool
is_cut (const play_t *play)
{
    for (uint32_t i = 0; i < play->players_count; i++)
        if (play->players[i].group != 0)
            return true;
    return false;
}

static void
second (void *self_, play_t *play)
{
    watch_t *self = self_;
    int64_t now_us = play_now_us (play);
    //  One that waits for healing keeps those that come after it waiting, too.
    while (self->first && self->first->look_us <= now_us) {
        news_t *news = self->first;
        if (news->cut && is_cut (play)) {
            news->look_us = now_us + AGAIN_US;
            break;
        }
        if (news->cut && play->healed_us > news->at_us && now_us < play->healed_us + BOUND_US) {
            news->look_us = play->healed_us + BOUND_US;
            break;
        }
        look (play, news);
        self->first = news->next;
        self->last = self->first ? self->last : NULL;
        news_free (self, news);
    }
}

//  Bodies that crossed links for each announcement that was new to a node. Nodes that are off by now took
//  their counts with them.
static void
end (void *self, play_t *play)
{
    (void) self;
    uint64_t sent = 0, delivered = 0;
    for (uint32_t i = 0; i < play->players_count; i++) {
        const void *gossip = world_actor (play->world, i, "gossip");
        if (!gossip || !players_is_honest (play, i) || !players_is_on (play, i))
            continue;
        look_gossip_t counts = look_gossip_counts (gossip);
        sent += counts.sent_bodies;
        delivered += counts.delivered;
    }
    if (delivered > 0)
        measures_add (play->measures, MEASURE_GOSSIP_BODIES, (double) sent / (double) delivered);
}

const check_t check_gossip = {.name = "gossip",
                              .help = "who is well hears what honest nodes announce within 30 s",
                              .create = create,
                              .destroy = destroy,
                              .arrives = arrives,
                              .second = second,
                              .end = end};
