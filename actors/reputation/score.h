// SPDX-License-Identifier: MIT
//  The score of a peer (SPEC 7), from what was counted of it.
//
//      score        = min (1, 0.50 success + 0.25 response + 0.15 availability + 0.10 recency + geo)
//      success      = successes / (successes + failures); 1 without any
//      response     = min (1, 1000 / (average_ms + 1)); 1 without a sample
//      availability = min (1, packages / 10)
//      recency      = 1 / (hours since it was seen + 1); 0 when it never was
//      geo          = 0.1 (1 - d / 100 km) for a distance d below 100 km; else 0
//
//  geo rests on what the peer says of itself, so it decides nothing: 'low' and 'trusted' look at
//  the score without it, and as it is never above 0.1 it only orders peers that are otherwise that
//  near.
#ifndef GGEN_SCORE_H
#define GGEN_SCORE_H

#include "base.h"

//  Weight of the newest sample in the average response.
#define SCORE_NEWEST 0.3

//  Above this score, with that many successes, a peer is trusted.
#define SCORE_TRUSTED           0.8
#define SCORE_TRUSTED_SUCCESSES 10

//  Before the first sample, or when a place is not known.
#define SCORE_UNKNOWN (-1.0)

typedef struct {
    uint32_t successes;
    uint32_t failures;
    double average_ms;          //  SCORE_UNKNOWN without a sample
    uint32_t packages;          //  distinct ones, verified
    double idle_secs;           //  since it was seen; below 0 counts as 0
    bool seen;                  //  ever
    double distance_km;         //  SCORE_UNKNOWN when one of the two is not located
} score_facts_t;

double score_success (const score_facts_t *facts);

//  Without geo.
double score_earned (const score_facts_t *facts);

double score_geo (const score_facts_t *facts);

//  The whole, as shown.
double score_total (const score_facts_t *facts);

//  What orders peers: as the total, but not cut at 1.
double score_rank (const score_facts_t *facts);

bool score_trusted (const score_facts_t *facts);

//  The average with one more sample in it: 0.7 old + 0.3 new, the first as it is.
double score_average_ms (double average_ms, uint32_t took_ms);

#endif
