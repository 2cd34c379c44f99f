// SPDX-License-Identifier: MIT
//  What people do, by the actors that their nodes have. Nobody else includes it but work*.c.
#ifndef GGEN_TESTS_WORK_H
#define GGEN_TESTS_WORK_H

#include "clients.h"
#include "play.h"

//  Have the package's newest head signed and told. False: its publisher is not there.
bool work_dht_publish (play_t *play, uint32_t package);

//  Count a try by its end. No end at all is a violation, unless its node was in trouble.
void work_try (play_t *play, measure_t measure, bool well, const client_reply_t *reply);

//  How long people wait for the end of what takes long.
#define WORK_BUDGET_MS 60000

//  A node looks for it.
void work_dht_read (play_t *play, uint32_t node, uint32_t package, bool full);

//  The same when nothing goes wrong any more: not to find it is a violation.
void work_look_finally (play_t *play, uint32_t node, uint32_t package);

#endif
