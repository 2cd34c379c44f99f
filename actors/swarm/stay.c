// SPDX-License-Identifier: MIT
#include "stay.h"

#include "connectivity.h"
#include "places.h"
#include "sessions.h"
#include "upkeep.h"

static void
keep (swarm_t *self, link_t *link)
{
    links_set (self->links, link, LINK_SESSION, true);
    links_deadline (self->links, link, DEADLINE_NEVER);
    link->apart_ms = 0;
}

//  Its place among the kept is free. Without one among the others it goes, or one that is idle
//  does. False: it is gone.
static bool
let_go (swarm_t *self, link_t *link)
{
    if (links_census (self->links).transients >= self->settings->max_transients) {
        link_t *victim = places_idlest (self);
        sessions_goodbye (self, victim ? victim : link, BUSY, "others need the place", 0);
        if (!victim)
            return false;
    }
    links_set (self->links, link, LINK_SESSION, false);
    links_deadline (self->links, link, out_now_ms (self->out) + IDLE_MS);
    return true;
}

//  We do not keep it, and will not for so long.
static void
refuse (swarm_t *self, link_t *link)
{
    link->apart_ms = out_now_ms (self->out) + FULL_PAUSE_SECS * INT64_C (1000);
    link->apart_ours = true;
    sessions_renew (self, link, FULL_PAUSE_SECS);
}

void
stay_keep (swarm_t *self, link_t *link, bool persistent)
{
    link->persistent |= persistent;
    if (link->kept || !places_keep (self, false, links_census (self->links)))
        return;
    keep (self, link);
    sessions_renew (self, link, 0);
    sessions_tell (self, link);
    connectivity_changed (self, true);
}

void
stay_release (swarm_t *self, link_t *link)
{
    if (!let_go (self, link))
        return;
    refuse (self, link);
    sessions_tell (self, link);
    connectivity_changed (self, false);
}

void
stay_settle (swarm_t *self, link_t *link, bool said)
{
    if (said && !link->kept)
        refuse (self, link);
    else if (!said && link->kept)
        sessions_renew (self, link, 0);
}

bool
stay_may_ask (const swarm_t *self, const link_t *link)
{
    return link->apart_ours || out_now_ms (self->out) >= link->apart_ms;
}

//  It keeps what we do not: we do so too, if there is room and it is not what we just let go of.
static void
asked (swarm_t *self, link_t *link)
{
    int64_t now_ms = out_now_ms (self->out);
    if ((link->apart_ours && now_ms < link->apart_ms)
        || !places_keep (self, link->inbound, links_census (self->links)))
        refuse (self, link);
    else
        keep (self, link);
}

//  It does not keep it, nor wants to be asked for a while: others are looked for.
static bool
refused (swarm_t *self, link_t *link, uint32_t secs)
{
    secs = secs < PAUSE_MAX_SECS ? secs : PAUSE_MAX_SECS;
    link->apart_ms = out_now_ms (self->out) + secs * INT64_C (1000);
    link->apart_ours = false;
    upkeep_refused (self, link);
    return !link->kept || let_go (self, link);
}

bool
stay_heard (swarm_t *self, link_t *link, const Ggen__SessionUpdate *update)
{
    if (update->pause_secs > 0)
        return refused (self, link, update->pause_secs);
    if (update->kept && !link->kept)
        asked (self, link);
    else if (!update->kept && link->kept)
        sessions_renew (self, link, 0);
    return true;
}
