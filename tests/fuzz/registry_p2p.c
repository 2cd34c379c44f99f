// SPDX-License-Identifier: MIT
//  Mail to the actor 'registry_p2p', as lib/player.h plays it: news that gossip brings, records that the
//  DHT finds, and what it is asked for.
#include "actors/registry/registry_p2p.h"
#include "tests/fuzz/lib/fuzz.h"
#include "tests/fuzz/lib/player.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    registry_p2p_settings_t settings = registry_p2p_settings_default;
    settings.discovered_max = 16;
    settings.signer_max = 4;
    player_play_as (&registry_p2p_actor, &settings, PLAYER_BELIEVES | PLAYER_RESTLESS, data, size);
    return 0;
}
