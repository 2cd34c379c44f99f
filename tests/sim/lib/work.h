// SPDX-License-Identifier: MIT
//  What people do, by the actors that their nodes have. Nobody else includes it but work*.c.
#ifndef GGEN_TESTS_WORK_H
#define GGEN_TESTS_WORK_H

#include "clients.h"
#include "play.h"

//  Have the package's newest version, and head, signed and told. False: its publisher is not there.
bool work_publish (play_t *play, uint32_t package);

//  The same of a head alone: something was yanked, or all is withdrawn.
bool work_tell_head (play_t *play, uint32_t package);

//  A node looks for its head, searches it by a word of its own, installs it.
void work_read (play_t *play, uint32_t node, uint32_t package, bool full);
void work_search (play_t *play, uint32_t node, uint32_t package);
void work_install (play_t *play, uint32_t node, uint32_t package);

//  It looks for it when nothing goes wrong any more: not to find it is a violation.
void work_look_finally (play_t *play, uint32_t node, uint32_t package);

//  Count a try by its end. No end at all is a violation, unless its node was in trouble.
void work_try (play_t *play, measure_t measure, bool well, const client_reply_t *reply);

//  How long people wait for the end of what takes long.
#define WORK_BUDGET_MS 60000

//  ---- work_dht.c: with a DHT and nothing else -------------------------------------------------------

bool work_dht_publish (play_t *play, uint32_t package);
void work_dht_read (play_t *play, uint32_t node, uint32_t package, bool full, bool final);

//  ---- work_market.c: with all actors ----------------------------------------------------------------

bool work_market_publish (play_t *play, uint32_t package);
bool work_market_tell_head (play_t *play, uint32_t package);
void work_market_search (play_t *play, uint32_t node, uint32_t package);
void work_market_install (play_t *play, uint32_t node, uint32_t package, bool final);

//  ---- work_keys.c: names go from key to key ---------------------------------------------------------

void work_rotate (deed_t *deed);
void work_steal (deed_t *deed);
void work_recover (deed_t *deed);

//  ---- work_heir.c -----------------------------------------------------------------------------------

//  Is this a name that went to another key, or was stolen?
bool work_is_handed (play_t *play, uint32_t package);

//  An install of such a name, as far as trust's word, with all of the installer's rules: of what is listed
//  the newest that the line of keys allows. Who sees the name for the first time insists on the key that
//  its publisher has made known.
void work_heir_install (play_t *play, uint32_t node, uint32_t package, bool final);

//  So long after a name was taken back all have heard of it.
#define WORK_HEARD_US INT64_C (90000000)

#endif
