// SPDX-License-Identifier: MIT
//  Which generations there are, and which of them stay when the rest is cleaned away.
#ifndef GGEN_INSTALLER_HISTORY_H
#define GGEN_INSTALLER_HISTORY_H

#include "base.h"
#include "upkeep.pb-c.h"

//  Generations that one answer tells of, and the largest 'limit'.
#define HISTORY_MAX 1000

//  Generations that `clean` keeps, beside the current one, unless all are to go.
#define HISTORY_KEPT 5

//  Which of the generations (ascending) stay: the current one, and the newest HISTORY_KEPT unless
//  'all' is to go. *kept_p is an array of numbers, ascending; free () it. Returns how many.
size_t
    history_kept (const Ggen__GenerationsReply *there, bool all, uint64_t **kept_p);

#endif
