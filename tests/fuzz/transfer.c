// SPDX-License-Identifier: MIT
//  Mail to the actor 'transfer', as lib/player.h plays it: what other nodes ask and tell it, what they
//  answer with chunks, and what "blobs" and "state" say.
#include "actors/transfer/transfer.h"
#include "tests/fuzz/lib/fuzz.h"
#include "tests/fuzz/lib/player.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    transfer_settings_t settings = TRANSFER_SETTINGS_DEFAULT;
    settings.identity = &player_identity;
    player_play_as (&transfer_actor, &settings, PLAYER_BELIEVES, data, size);
    return 0;
}
