// SPDX-License-Identifier: MIT
#include "gossip_inside.h"

#define ALARM_PEERS_MIN 4           //  fewer say nothing about us
#define ALARM_PAUSE_MS  60000       //  forgiven once in this time

int
score_of (const peer_t *peer, int64_t now_ms)
{
    uint32_t passed_s = (uint32_t) (now_ms / 1000) - peer->score_at_s;
    unsigned halves = passed_s / SCORE_HALF_SECS;
    return halves > 15 ? 0 : peer->score / (1 << halves);
}

static void
set (peer_t *peer, int score, int64_t now_ms)
{
    //  What has passed of the running half life is not lost by a change.
    uint32_t now_s = (uint32_t) (now_ms / 1000);
    uint32_t passed_s = now_s - peer->score_at_s;
    peer->score_at_s = now_s - passed_s % SCORE_HALF_SECS;
    peer->score = (int16_t) (score > SCORE_MAX ? SCORE_MAX : score < SCORE_MIN ? SCORE_MIN : score);
}

static void
check_alarm (gossip_t *self)
{
    unsigned bad = 0;
    peer_t *peer;
    for (unsigned slot = 0; (peer = peers_next (self, &slot)) != NULL; slot++)
        bad += score_of (peer, self->now_ms) < 0;
    if (self->peers_count < ALARM_PEERS_MIN || 2 * bad <= self->peers_count
        || self->now_ms < self->alarm_ms + ALARM_PAUSE_MS)
        return;
    self->counts.alarms++;
    self->alarm_ms = self->now_ms;
    for (unsigned slot = 0; (peer = peers_next (self, &slot)) != NULL; slot++)
        if (score_of (peer, self->now_ms) < 0)
            set (peer, 0, self->now_ms);
}

void
score_change (gossip_t *self, peer_t *peer, int change)
{
    int before = score_of (peer, self->now_ms);
    set (peer, before + change, self->now_ms);
    if (before >= 0 && before + change < 0) {
        check_alarm (self);
        mesh_soon (self);
    }
}

void
score_report (gossip_t *self, peer_t *peer, Ggen__Experience experience, const char *detail)
{
    if ((uint32_t) self->now_ms - peer->complained_at < REPORT_MS)
        return;
    peer->complained_at = (uint32_t) self->now_ms;
    Ggen__Observation observation = GGEN__OBSERVATION__INIT;
    observation.peer_key = peer_key_to_field (&peer->key);
    observation.experience = experience;
    observation.detail = (char *) detail;
    out_event (self->out, "reputation", &observation.base);
}
