// SPDX-License-Identifier: MIT
//  "follower": in nodes that have no registry, the actor that follows the topic of packages. What it is
//  told is for observers to see.
#ifndef GGEN_TESTS_FOLLOWER_H
#define GGEN_TESTS_FOLLOWER_H

#include "runtime/actor/actor.h"

extern const actor_class_t follower_actor;

#endif
