// SPDX-License-Identifier: MIT
//  --registry, and --p2p: which registries a verb is to ask, as messages name them.
#ifndef GGEN_REGISTRIES_H
#define GGEN_REGISTRIES_H

#include "session.h"

//  Fields 'registries' and 'n_registries' of a request; count 0 = all there are.
typedef struct {
    char *names [1];
    size_t count;
} registries_t;

//  What the command line names. The node is asked whether it has that registry: false when not, and
//  that was printed (FEATURE_NOT_ENABLED; VALIDATION for a name that is no registry), or when it
//  did not answer.
bool
    registries_take (registries_t *self, session_t *session, const args_t *args,
                     const screen_t *screen);

//  Whether this call is to look into the network, its flags considered. There must be a verb.
reach_t
    registries_reach (const args_t *args);

//  Do the settings of this home name bootstrap nodes, and may the network be asked?
bool
    registries_bootstrapped (const args_t *args);

//  Whether this call asked only what is on this machine although its settings would have it ask the
//  network: no node runs, and no way into it is configured. Asks "registry" what there is.
bool
    registries_alone (session_t *session, const args_t *args);

#endif
