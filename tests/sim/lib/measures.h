// SPDX-License-Identifier: MIT
//  What is counted in a run, by name: for "expect", for people, for --json. Of a measure that counts
//  tries, "lookups" is the share that went well and "lookups-count" how many there were. Of one that
//  has samples, "lookup-ms" is their mean, beside it "-p50", "-p99", "-max" and "-count".
#ifndef GGEN_TESTS_MEASURES_H
#define GGEN_TESTS_MEASURES_H

#include "base.h"

#include <stdio.h>

typedef enum {
    //  tries
    MEASURE_LOOKUPS, MEASURE_LOOKUPS_AWAY, MEASURE_WRITES, MEASURE_SEARCHES,
    MEASURE_INSTALLS, MEASURE_INSTALLS_AWAY, MEASURE_GOSSIP, MEASURE_SETTLED, MEASURE_YANKS,
    MEASURE_HEIRS, MEASURE_LIARS_BANNED,
    //  samples
    MEASURE_JOIN_MS, MEASURE_LOOKUP_MS, MEASURE_LOOKUP_HOPS, MEASURE_MESSAGES_FIRST_VALID,
    MEASURE_MESSAGES_FULL, MEASURE_WRITE_MS, MEASURE_WRITE_ACKS, MEASURE_SEARCH_MS,
    MEASURE_INSTALL_MS, MEASURE_GOSSIP_MS, MEASURE_GOSSIP_BODIES, MEASURE_HEAL_MS,
    MEASURE_CONTACTS, MEASURE_SESSIONS, MEASURE_RECORDS, MEASURE_MAILBOX, MEASURE_BAN_MS,
    MEASURE_LIAR_BANS, MEASURE_LIAR_SESSIONS,
    MEASURE_COUNT
} measure_t;

typedef struct measures_t measures_t;

measures_t *measures_new (void);
void measures_destroy (measures_t **self_p);

//  A try, and whether it went well; a sample.
void measures_try (measures_t *self, measure_t measure, bool well);
void measures_add (measures_t *self, measure_t measure, double sample);

//  Why a try went wrong: OK means that the answer was not what is true. Beside measures_try.
void measures_why (measures_t *self, measure_t measure, code_t code);

//  By name, as above. False: there is none of this name. *counted_p: tries or samples behind it; the
//  value is 0 without any.
bool measures_value (const measures_t *self, const char *name, double *value_p,
                     uint64_t *counted_p);

//  All that were counted: lines "  name value ...", or members of a JSON object, each after a comma.
void measures_print (const measures_t *self, FILE *file, bool json);

#endif
