// SPDX-License-Identifier: MIT
//  Ids of what was not taken because its origin is over its rate. Each is offered by many neighbours:
//  without this it would be fetched of each of them.
#ifndef GGEN_REFUSALS_H
#define GGEN_REFUSALS_H

#include "id_table.h"

#define REFUSALS_MAX     2048u      //  an id takes the place of another one
#define REFUSALS_KEPT_MS 10000      //  after the last one all are forgotten

//  All zero is empty.
typedef struct {
    uint64_t *marks;                //  NULL: none
    int64_t last_ms;
} refusals_t;

void
    refusals_done (refusals_t *self);

void
    refusals_note (refusals_t *self, const uint8_t id [ID_SIZE], int64_t now_ms);

bool
    refusals_has (const refusals_t *self, const uint8_t id [ID_SIZE]);

void
    refusals_expire (refusals_t *self, int64_t now_ms);

#endif
