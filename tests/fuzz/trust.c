// SPDX-License-Identifier: MIT
//  Mail to the actor 'trust', as lib/player.h plays it.
#include "actors/trust/trust.h"
#include "tests/fuzz/lib/fuzz.h"
#include "tests/fuzz/lib/player.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    player_play (&trust_actor, NULL, data, size);
    return 0;
}
