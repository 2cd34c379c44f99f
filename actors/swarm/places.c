// SPDX-License-Identifier: MIT
#include "places.h"

#include "sessions.h"

//  Does one side still wait for an answer?
bool
places_busy (const link_t *link, int64_t now_ms)
{
    return link->flights_count > 0
           || (link->owed > 0 && now_ms - link->used_ms < OWED_SECS * INT64_C (1000));
}

//  May it make way for another?
static bool
is_idle (const swarm_t *self, const link_t *link)
{
    int64_t now_ms = out_now_ms (self->out);
    return link->state == LINK_SESSION && !link->kept && now_ms - link->used_ms >= EVICT_IDLE_MS
           && !places_busy (link, now_ms);
}

//  The transient session that was used longest ago and waits for nothing.
link_t *
places_idlest (const swarm_t *self)
{
    link_t *found = NULL, *link;
    uint32_t cursor = 0;
    while ((link = links_next (self->links, &cursor)) != NULL)
        if (is_idle (self, link) && (!found || link->used_ms < found->used_ms))
            found = link;
    return found;
}

static uint32_t
neighbours (const swarm_t *self, const link_t *link)
{
    uint64_t group = addresses_group (link_seen (link));
    uint32_t count = 0, cursor = 0;
    const link_t *other;
    while (group != 0 && (other = links_next (self->links, &cursor)) != NULL)
        count += other->state == LINK_SESSION && other->kept
                 && addresses_group (link_seen (other)) == group;
    return count;
}

//  Of those that came in by themselves one from the most crowded IP group, the youngest.
static link_t *
least_missed (const swarm_t *self)
{
    link_t *found = NULL, *link;
    uint32_t cursor = 0, most = 0;
    while ((link = links_next (self->links, &cursor)) != NULL) {
        if (link->state != LINK_SESSION || !link->kept || !link->inbound || link->persistent)
            continue;
        uint32_t count = neighbours (self, link);
        if (!found || count > most || (count == most && link->since_ms > found->since_ms)) {
            found = link;
            most = count;
        }
    }
    return found;
}

//  A quarter of the places is for those whom we dialled: nobody can surround us by dialling us.
bool
places_keep (swarm_t *self, bool inbound, census_t census)
{
    uint32_t max = self->settings->max_peers;
    if (inbound)
        return census.kept < max && census.kept_inbound < max - max / 4;
    if (census.kept < max)
        return true;
    link_t *link = least_missed (self);
    if (link)
        sessions_goodbye (self, link, BUSY, "others need the place", FULL_PAUSE_SECS);
    return link != NULL;
}

static uint32_t
left_of (uint32_t max, uint32_t taken)
{
    return taken < max ? max - taken : 0;
}

//  Those who have our Identify count already: their session begins before we can refuse it.
bool
places_left (const swarm_t *self, bool kept)
{
    census_t census = links_census (self->links);
    uint32_t max = self->settings->max_peers, promised = 0, cursor = 0;
    uint32_t places = left_of (self->settings->max_transients, census.transients);
    uint32_t all = left_of (max, census.kept);
    uint32_t inbound = left_of (max - max / 4, census.kept_inbound);
    if (kept)
        places += all < inbound ? all : inbound;
    if (places > census.greetings)
        return true;
    const link_t *link;
    while ((link = links_next (self->links, &cursor)) != NULL) {
        promised += link->inbound && link->greeting && link->greeting->answered;
        places += is_idle (self, link);
    }
    return places > promised;
}

//  Make room for one more. False: there is none; *kept says as what it may stay.
bool
places_take (swarm_t *self, bool inbound, bool *kept)
{
    census_t census = links_census (self->links);
    if (*kept && places_keep (self, inbound, census))
        return true;
    *kept = false;
    if (census.transients < self->settings->max_transients)
        return true;
    link_t *link = places_idlest (self);
    if (link)
        sessions_goodbye (self, link, BUSY, "others need the place", 0);
    return link != NULL;
}
