// SPDX-License-Identifier: MIT
//  Mail to the actor 'cache', as lib/player.h plays it.
#include "actors/cache/cache.h"
#include "tests/fuzz/lib/fuzz.h"
#include "tests/fuzz/lib/player.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    const cache_settings_t settings = {.bytes_max = 100000, .hot = {4, 1000, 1000, 100}};
    player_play (&cache_actor, &settings, data, size);
    return 0;
}
