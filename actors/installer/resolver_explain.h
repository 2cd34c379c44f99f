// SPDX-License-Identifier: MIT
//  A resolver's failure in words.
#ifndef GGEN_INSTALLER_RESOLVER_EXPLAIN_H
#define GGEN_INSTALLER_RESOLVER_EXPLAIN_H

#include "resolver.h"

//  What one text shows; beyond it "... and N more". The failure itself holds all of them. Names
//  that lack are always all shown.
#define RESOLVER_EXPLAIN_REASONS_MAX  40
#define RESOLVER_EXPLAIN_WANTS_MAX     8
#define RESOLVER_EXPLAIN_VERSIONS_MAX  8

//  What happened and why: one or more lines without a final newline. The caller frees it.
char *
    resolver_explain (const resolver_failure_t *failure);

//  What to do next, in one line; "" when there is nothing to suggest. The caller frees it.
char *
    resolver_explain_hint (const resolver_failure_t *failure);

#endif
