// SPDX-License-Identifier: MIT
//  Mail to the actor 'installer', as lib/player.h plays it.
#include "actors/installer/installer.h"
#include "tests/fuzz/lib/fuzz.h"
#include "tests/fuzz/lib/player.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    player_play (&installer_actor, NULL, data, size);
    return 0;
}
