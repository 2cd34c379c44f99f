// SPDX-License-Identifier: MIT
//  What people do: publish, update, read, announce. When: by the script.
#include "work.h"

#include "gossip.pb-c.h"
#include "library.h"

#include <math.h>
#include <string.h>

#define ANNOUNCE_BUDGET_MS 30000u
#define ANNOUNCE_BYTES     200u

void
work_try (play_t *play, measure_t measure, bool well, const client_reply_t *reply)
{
    measures_try (play->measures, measure, well);
    if (!well)
        measures_why (play->measures, measure, reply->code);
    if (reply->code == TIMEOUT && reply->type[0] == 0
        && players_is_well (play, reply->node, play_now_us (play) - reply->took_us))
        world_violation (play->world, "ends: a client of node %u got no answer at all",
                         reply->node);
}

//  ---- what nodes are made of says how -----------------------------------------------------------------

bool
work_publish (play_t *play, uint32_t package)
{
    return play->mix == MIX_FULL ? work_market_publish (play, package)
                                 : work_dht_publish (play, package);
}

bool
work_tell_head (play_t *play, uint32_t package)
{
    return play->mix == MIX_FULL ? work_market_tell_head (play, package)
                                 : work_dht_publish (play, package);
}

void
work_read (play_t *play, uint32_t node, uint32_t package, bool full)
{
    work_dht_read (play, node, package, full, false);
}

void
work_search (play_t *play, uint32_t node, uint32_t package)
{
    if (play->mix == MIX_FULL)
        work_market_search (play, node, package);
}

void
work_install (play_t *play, uint32_t node, uint32_t package)
{
    if (play->mix == MIX_FULL)
        work_market_install (play, node, package, false);
}

void
work_look_finally (play_t *play, uint32_t node, uint32_t package)
{
    if (play->mix == MIX_FULL)
        work_market_install (play, node, package, true);
    else
        work_dht_read (play, node, package, true, true);
}

//  ---- publishing ----------------------------------------------------------------------------------

static void
publish_some (deed_t *deed)
{
    play_t *play = deed->play;
    if (play_is_calm (play))
        return;
    while (deed->nodes_count > 0) {
        uint32_t package = library_add (play->library);
        if (package == PLAY_NOBODY) {
            play_later (deed, 1, publish_some);
            return;
        }
        work_publish (play, package);
        deed->nodes_count--;
        if (deed->rate_us > 0) {
            play_at (deed, play_now_us (play) + deed->rate_us, publish_some);
            return;
        }
    }
}

static void
publish (deed_t *deed)
{
    deed->nodes_count = (uint32_t) script_number (deed->line, "<count>", 0, &deed->rng);
    int64_t over_us = play_time_us (deed, "over", 0);
    deed->rate_us = deed->nodes_count ? over_us / deed->nodes_count : 0;
    publish_some (deed);
}

//  ---- taking back ---------------------------------------------------------------------------------

static void
take_back (deed_t *deed)
{
    play_t *play = deed->play;
    uint32_t count = (uint32_t) script_number (deed->line, "<count>", 1, &deed->rng);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t number = library_draw (play->library, 0, &deed->rng);
        if (number == PLAY_NOBODY)
            return;
        package_t *package = library_package (play->library, number), before = *package;
        if (library_publisher (play->library, package->publisher)->robbed)
            continue;
        if (deed->line->verb->id == VERB_WITHDRAW)
            package->withdrawn = true;
        else {
            package->yanked |= UINT64_C (1) << (package->versions - 1);
            package->yanked_us = play_now_us (play);
        }
        if (!work_tell_head (play, number))
            *package = before;
    }
}

//  ---- again and again -----------------------------------------------------------------------------

static void
update (deed_t *deed)
{
    play_t *play = deed->play;
    uint32_t number = library_draw (play->library, 0, &deed->rng);
    if (number == PLAY_NOBODY)
        return;
    package_t *package = library_package (play->library, number);
    if (package->versions == LIBRARY_VERSIONS_MAX
        || library_publisher (play->library, package->publisher)->robbed)
        return;
    package->versions++;
    if (!work_publish (play, number))
        package->versions--;
}

static void
look_up (deed_t *deed)
{
    play_t *play = deed->play;
    double zipf = script_number (deed->line, "zipf", 0, &deed->rng);
    uint32_t package = library_draw (play->library, zipf, &deed->rng);
    uint32_t node = players_draw (play, &deed->rng);
    if (package == PLAY_NOBODY || node == PLAY_NOBODY)
        return;
    if (deed->line->verb->id == VERB_SEARCH)
        work_search (play, node, package);
    else if (deed->line->verb->id == VERB_INSTALL)
        work_install (play, node, package);
    else
        work_read (play, node, package,
                   strcmp (script_value (deed->line, "<how>")->word, "full") == 0);
}

static void
announce (deed_t *deed)
{
    play_t *play = deed->play;
    uint8_t item[ANNOUNCE_BYTES];
    uint32_t node = players_draw (play, &deed->rng);
    if (node == PLAY_NOBODY)
        return;
    rng_bytes (&deed->rng, item, sizeof item);
    Ggen__AnnounceRequest request = GGEN__ANNOUNCE_REQUEST__INIT;
    request.topic = (char *) NODES_TOPIC;
    request.item = (ProtobufCBinaryData) {sizeof item, item};
    clients_ask (play->world, node, "gossip", &request.base, ANNOUNCE_BUDGET_MS, NULL, NULL);
}

//  One of them now, the next after a time as of independent people.
static void
again (deed_t *deed)
{
    play_t *play = deed->play;
    if (play_now_us (play) >= deed->until_us || play_is_calm (play))
        return;
    switch (deed->line->verb->id) {
    case VERB_UPDATE:
        update (deed);
        break;
    case VERB_READ:
    case VERB_SEARCH:
    case VERB_INSTALL:
        look_up (deed);
        break;
    default:
        announce (deed);
    }
    play_later (deed, -log (1.0 - rng_unit (&deed->rng)) / deed->number, again);
}

bool
work_plan (deed_t *deed)
{
    switch (deed->line->verb->id) {
    case VERB_PUBLISH:
        play_at (deed, play_time_us (deed, "at", 0), publish);
        return true;
    case VERB_YANK:
    case VERB_WITHDRAW:
        play_at (deed, play_time_us (deed, "at", 0), take_back);
        return true;
    case VERB_UPDATE:
    case VERB_READ:
    case VERB_SEARCH:
    case VERB_INSTALL:
    case VERB_ANNOUNCE:
        deed->number = script_number (deed->line, "<rate>", 1, &deed->rng);
        deed->until_us = play_time_us (deed, "until", deed->play->end_us);
        if (deed->number > 0)
            play_at (deed, play_time_us (deed, "from", 0), again);
        return true;
    case VERB_ROTATE:
        play_at (deed, play_time_us (deed, "at", 0), work_rotate);
        return true;
    case VERB_STEAL:
        play_at (deed, play_time_us (deed, "at", 0), work_steal);
        return true;
    case VERB_RECOVER:
        play_at (deed, play_time_us (deed, "at", 0), work_recover);
        return true;
    default:
        return false;
    }
}
