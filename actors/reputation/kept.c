// SPDX-License-Identifier: MIT
#include "kept.h"

#include "bans.h"
#include "utf8.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

bool
kept_worth (const known_peer_t *peer)
{
    return peer->successes > 0 || peer->failures > 0 || known_ban (peer);
}

void
kept_key (const uint8_t *key, uint8_t state_key[KNOWN_KEY_BYTES])
{
    memcpy (state_key, key, KNOWN_KEY_BYTES);
    state_key[KNOWN_KEY_BYTES - 1] &= 0x7F;
}

//  ---- out ---------------------------------------------------------------------------------------

static void
fill_ban (Ggen__ReputationKeptBan *kept, const known_peer_t *peer, int64_t now_ms, int64_t wall_ms)
{
    known_ban_t *ban = known_ban (peer);
    kept->until = bans_until (peer, now_ms, wall_ms);
    kept->over = !(peer->flags & KNOWN_BANNED);
    kept->secs = ban->secs;
    kept->count = ban->count;
    kept->cause = (Ggen__Experience) ban->cause;
    kept->reason = ban->reason;
}

size_t
kept_pack (const known_peer_t *peer, int64_t now_ms, int64_t wall_ms,
           uint8_t bytes[KEPT_BYTES_MAX])
{
    uint8_t packages[DISTINCT_REGISTERS + 1], trend[TREND_PACKED_SIZE (TREND_POINTS_MAX)];
    Ggen__ReputationKeptBan ban = GGEN__REPUTATION_KEPT_BAN__INIT;
    Ggen__ReputationKept kept = GGEN__REPUTATION_KEPT__INIT;
    kept.peer_key = (ProtobufCBinaryData) {KNOWN_KEY_BYTES, (uint8_t *) peer->key};
    kept.successes = peer->successes;
    kept.failures = peer->failures;
    kept.average_ms = peer->average_ms;
    kept.failed_in_row = peer->failed_in_row;
    kept.seen = peer->flags & KNOWN_SEEN ? peer->seen : 0;
    const known_more_t *more = peer->more;
    if (more) {
        kept.packages =
            (ProtobufCBinaryData) {distinct_pack (&more->packages, packages), packages};
        trend_pack (&more->trend, trend);
        kept.trend = (ProtobufCBinaryData) {TREND_PACKED_SIZE (more->trend.count), trend};
        kept.located = (peer->flags & KNOWN_LOCATED) != 0;
        kept.latitude_e7 = more->place.latitude_e7;
        kept.longitude_e7 = more->place.longitude_e7;
    }
    if (known_ban (peer)) {
        fill_ban (&ban, peer, now_ms, wall_ms);
        kept.ban = &ban;
    }
    assert (ggen__reputation_kept__get_packed_size (&kept) <= KEPT_BYTES_MAX);
    return ggen__reputation_kept__pack (&kept, bytes);
}

//  ---- in ----------------------------------------------------------------------------------------

static bool
is_kept (bytes_t state_key, const Ggen__ReputationKept *kept)
{
    uint8_t key[KNOWN_KEY_BYTES];
    geo_t place;
    if (kept->peer_key.len != KNOWN_KEY_BYTES || state_key.size != KNOWN_KEY_BYTES)
        return false;
    kept_key (kept->peer_key.data, key);
    return memcmp (key, state_key.data, KNOWN_KEY_BYTES) == 0 && isfinite (kept->average_ms)
           && geo_from_degrees (&place, kept->latitude_e7 / 1e7, kept->longitude_e7 / 1e7) == OK;
}

Ggen__ReputationKept *
kept_unpack (bytes_t state_key, bytes_t value)
{
    Ggen__ReputationKept *kept = ggen__reputation_kept__unpack (NULL, value.size, value.data);
    if (kept && !is_kept (state_key, kept)) {
        ggen__reputation_kept__free_unpacked (kept, NULL);
        return NULL;
    }
    return kept;
}

static void
add (uint32_t *count, uint32_t more)
{
    *count = *count > UINT32_MAX - more ? UINT32_MAX : *count + more;
}

static void
restore_counts (known_peer_t *peer, const Ggen__ReputationKept *kept)
{
    uint32_t in_row = peer->failed_in_row;
    if (peer->successes == 0)
        add (&in_row, kept->failed_in_row);
    peer->failed_in_row = (uint16_t) (in_row < UINT16_MAX ? in_row : UINT16_MAX);
    add (&peer->successes, kept->successes);
    add (&peer->failures, kept->failures);
    if (peer->average_ms < 0)
        peer->average_ms = kept->average_ms;
    if (!(peer->flags & KNOWN_SEEN) && kept->seen > 0) {
        peer->seen = kept->seen;
        peer->flags |= KNOWN_SEEN;
    }
}

static code_t
restore_more (known_peer_t *peer, const Ggen__ReputationKept *kept)
{
    if (kept->packages.len == 0 && kept->trend.len <= TREND_PACKED_SIZE (0) && !kept->located)
        return OK;
    known_more_t *more = known_more (peer);
    if (!more)
        return BUSY;
    if (kept->located && !(peer->flags & KNOWN_LOCATED)) {
        more->place = (geo_t) {kept->latitude_e7, kept->longitude_e7};
        peer->flags |= KNOWN_LOCATED;
    }
    trend_clear (&more->trend);
    //  What does not decode is not worth a refusal of the rest.
    bytes_t packages = {kept->packages.data, kept->packages.len};
    if (distinct_unpack (&more->packages, packages) != OK)
        more->packages = (distinct_t) {0};
    code_t code = trend_unpack (&more->trend, (bytes_t) {kept->trend.data, kept->trend.len});
    return code == BUSY ? BUSY : OK;
}

static code_t
restore_ban (known_peer_t *peer, const Ggen__ReputationKeptBan *kept, int64_t now_ms,
             int64_t wall_ms)
{
    known_ban_t *ban = known_ban_new (peer);
    if (!ban)
        return BUSY;
    uint32_t count = ban->count;
    add (&count, kept->count);
    ban->count = (uint16_t) (count < UINT16_MAX ? count : UINT16_MAX);
    if (peer->flags & KNOWN_BANNED)
        return OK;              //  Again, since the start: that one is newer
    ban->secs = kept->secs;
    ban->cause = (uint16_t) kept->cause;
    ban->ended = kept->until;
    if (utf8_valid (kept->reason)) {
        snprintf (ban->reason, sizeof ban->reason, "%s", kept->reason);
        utf8_trim (ban->reason);
    }
    if (!kept->over)
        bans_resume (peer, kept->until, now_ms, wall_ms);
    return OK;
}

code_t
kept_restore (known_peer_t *peer, const Ggen__ReputationKept *kept, int64_t now_ms,
              int64_t wall_ms)
{
    restore_counts (peer, kept);
    code_t code = restore_more (peer, kept);
    if (code == OK && kept->ban)
        code = restore_ban (peer, kept->ban, now_ms, wall_ms);
    return code;
}
