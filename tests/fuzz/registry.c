// SPDX-License-Identifier: MIT
//  Mail to the actor 'registry' with two backends, as lib/player.h plays it.
#include "actors/registry/registry.h"
#include "tests/fuzz/lib/fuzz.h"
#include "tests/fuzz/lib/player.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    const registry_backend_t backends [] = {{.address = "registry_file", .writes = true},
                                            {.address = "registry_p2p", .writes = true}};
    const registry_settings_t settings = {.backends = backends, .backends_count = 2};
    player_play (&registry_actor, &settings, data, size);
    return 0;
}
