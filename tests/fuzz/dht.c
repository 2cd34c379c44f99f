// SPDX-License-Identifier: MIT
//  Mail to the actor 'dht', as lib/player.h plays it: what other nodes ask and tell it, what they answer,
//  and rows of "state".
#include "actors/dht/dht.h"
#include "tests/fuzz/lib/fuzz.h"
#include "tests/fuzz/lib/player.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    dht_settings_t settings = dht_settings_default (&player_identity);
    settings.records.bytes_max = 4096;
    settings.records.sets_max = 8;
    settings.records.set_max = 4;
    player_play_as (&dht_actor, &settings, PLAYER_BELIEVES, data, size);
    return 0;
}
