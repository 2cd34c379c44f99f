// SPDX-License-Identifier: MIT
//  "trust": who may publish a name (SPEC 9). It answers whether a release is one we accept, and
//  remembers the publisher of each name. Asks "state" to load its tables ("pins",
//  "unsigned_registries") at birth and to keep each change; nothing else, nobody else.
//
//  One change at a time: from the moment a pin is sent to "state" until that acknowledges it,
//  requests wait (actor_class_t.ready), so every decision is made on what is on disk, and an answer
//  that rests on a new pin comes after the pin is kept. A change that fails is answered with its
//  failure, and the tables are loaded again: what "state" has is the truth.
//
//  When the tables cannot be loaded (LOAD_TRIES times) every request is answered with that failure:
//  without its pins it knows nobody, and would take any key for a first use. It goes on trying. So
//  it is when "state" had to set a damaged file aside, until a person has decided about that.
//
//  CheckReleaseRequest  the rules, and their order and codes, are in policy.h. Without 'pin'
//                       nothing is kept (a dry run). 'rivals' and the key of a refused release are also in
//                       the details of the failure, as "publisher" = "ed25519:...", and its name as
//                       "package".
//  SuccessionRequest    succession.h, from the pin; what it finds is not kept: CheckRelease does that
//                       when something of the new key is accepted.
//  PinReleasesRequest   the same for up to PUT_PINS_MAX releases of different names, with 'pin' or
//                       not: all are accepted and kept in one change, or the first refusal is the
//                       answer and nothing is kept.
//  TrustListRequest     by name. A pin that does not decode is listed without a key; its name is
//                       refused until TrustAdd or TrustRemove.
//  TrustAddRequest      a name with a key, or the name of a registry whose unsigned packages
//                       the caller may accept (it asks TrustList; CheckRelease does not know
//                       registries).
//  TrustRemoveRequest   PACKAGE_NOT_FOUND when there is no such pin or registry.
//
//  VALIDATION for requests out of bounds; STORAGE at PINS_MAX names or UNSIGNED_MAX registries.
#ifndef GGEN_TRUST_H
#define GGEN_TRUST_H

#include "runtime/actor/actor.h"

//  Tries to load before requests are answered with the failure, and the pause between two.
#define LOAD_TRIES    3
#define LOAD_RETRY_MS 500

//  Pause between tries after that.
#define LOAD_AGAIN_MS 5000

extern const actor_class_t trust_actor;

#endif
