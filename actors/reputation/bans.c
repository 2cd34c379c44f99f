// SPDX-License-Identifier: MIT
#include "bans.h"

#include "utf8.h"

#include <stdio.h>

//  ---- counting ----------------------------------------------------------------------------------

static void
increment (uint16_t *count)
{
    *count = (uint16_t) (*count + (*count < UINT16_MAX));
}

//  Minutes are kept modulo 2^16: a pause of just a multiple of 45 days looks like none, which is
//  harmless.
static void
count_flood (known_peer_t *peer, int64_t now_ms)
{
    uint16_t minute = (uint16_t) (now_ms / 60000);
    uint16_t pause = (uint16_t) (minute - peer->flood_minute);
    if (pause >= BAN_FLOOD_MS / 60000)
        peer->floods = 0;
    peer->flood_minute = minute;
    increment (&peer->floods);
}

bool
bans_count (known_peer_t *peer, Ggen__Experience experience, uint32_t threshold, int64_t now_ms)
{
    switch (experience) {
    case GGEN__EXPERIENCE__SERVED:
        peer->failed_in_row = 0;
        return false;
    case GGEN__EXPERIENCE__FAILED:
        increment (&peer->failed_in_row);
        return peer->failed_in_row >= threshold;
    case GGEN__EXPERIENCE__FLOODED:
        count_flood (peer, now_ms);
        return peer->floods > threshold;
    case GGEN__EXPERIENCE__WRONG_BYTES:
    case GGEN__EXPERIENCE__FORGED:
    case GGEN__EXPERIENCE__MISBEHAVED:
        return true;
    default:
        return false;
    }
}

const char *
bans_cause_name (Ggen__Experience cause)
{
    switch (cause) {
    case GGEN__EXPERIENCE__FAILED:
        return "failures in a row";
    case GGEN__EXPERIENCE__WRONG_BYTES:
        return "wrong bytes";
    case GGEN__EXPERIENCE__FLOODED:
        return "flooding";
    case GGEN__EXPERIENCE__FORGED:
        return "a forged signature";
    case GGEN__EXPERIENCE__MISBEHAVED:
        return "misbehaviour";
    default:
        return "banned by hand";
    }
}

//  ---- bans --------------------------------------------------------------------------------------

uint32_t
bans_secs (uint32_t before)
{
    uint64_t secs = BAN_SECS_FIRST;
    for (uint32_t i = 0; i < before && secs < BAN_SECS_MAX; i++)
        secs *= 2;
    return secs < BAN_SECS_MAX ? (uint32_t) secs : BAN_SECS_MAX;
}

code_t
bans_begin (known_peer_t *peer, Ggen__Experience cause, uint32_t secs, const char *reason,
            int64_t now_ms)
{
    known_ban_t *ban = known_ban_new (peer);
    if (!ban)
        return BUSY;
    if (secs == 0) {
        secs = bans_secs (ban->count);
        increment (&ban->count);
    }
    ban->secs = secs;
    ban->until_ms = now_ms + (int64_t) secs * 1000;
    ban->cause = (uint16_t) cause;
    snprintf (ban->reason, sizeof ban->reason, "%s", reason);
    utf8_trim (ban->reason);
    peer->flags |= KNOWN_BANNED;
    return OK;
}

static void
end_at (known_peer_t *peer, int64_t wall_secs)
{
    known_ban_t *ban = known_ban (peer);
    if (!ban || !(peer->flags & KNOWN_BANNED))
        return;
    peer->flags &= (uint16_t) ~KNOWN_BANNED;
    peer->failed_in_row = 0;
    peer->floods = 0;
    ban->ended = wall_secs;
}

void
bans_end (known_peer_t *peer, int64_t wall_ms)
{
    end_at (peer, wall_ms / 1000);
}

void
bans_take_back (known_peer_t *peer, int64_t wall_ms)
{
    known_ban_t *ban = known_ban (peer);
    end_at (peer, wall_ms / 1000);
    if (ban && ban->count > 0)
        ban->count--;
    if (ban && ban->count == 0)
        known_ban_forget (peer);
}

uint32_t
bans_left_secs (const known_peer_t *peer, int64_t now_ms)
{
    const known_ban_t *ban = known_ban (peer);
    if (!ban || !(peer->flags & KNOWN_BANNED) || ban->until_ms <= now_ms)
        return 0;
    return (uint32_t) ((ban->until_ms - now_ms + 999) / 1000);
}

int64_t
bans_until (const known_peer_t *peer, int64_t now_ms, int64_t wall_ms)
{
    const known_ban_t *ban = known_ban (peer);
    if (!ban)
        return 0;
    return peer->flags & KNOWN_BANNED ? wall_ms / 1000 + bans_left_secs (peer, now_ms) : ban->ended;
}

void
bans_resume (known_peer_t *peer, int64_t until, int64_t now_ms, int64_t wall_ms)
{
    known_ban_t *ban = known_ban (peer);
    int64_t left = until - wall_ms / 1000;
    if (!ban || left <= 0) {
        if (ban)
            ban->ended = until;
        return;
    }
    if (left > ban->secs)
        left = ban->secs;
    ban->until_ms = now_ms + left * 1000;
    peer->flags |= KNOWN_BANNED;
}

bool
bans_forgotten (const known_peer_t *peer, int64_t wall_ms)
{
    const known_ban_t *ban = known_ban (peer);
    return ban && !(peer->flags & KNOWN_BANNED) && wall_ms / 1000 - ban->ended > BAN_FORGET_SECS;
}
