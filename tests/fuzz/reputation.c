// SPDX-License-Identifier: MIT
//  Mail to the actor 'reputation', as lib/player.h plays it: events, requests, and rows of "state".
#include "actors/reputation/reputation.h"
#include "tests/fuzz/lib/fuzz.h"
#include "tests/fuzz/lib/player.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    reputation_settings_t settings = REPUTATION_SETTINGS_DEFAULT;
    settings.peers_max = 8;
    settings.located = true;
    player_play (&reputation_actor, &settings, data, size);
    return 0;
}
