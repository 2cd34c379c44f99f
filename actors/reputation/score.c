// SPDX-License-Identifier: MIT
#include "score.h"

#include <math.h>

#define WEIGHT_SUCCESS      0.50
#define WEIGHT_RESPONSE     0.25
#define WEIGHT_AVAILABILITY 0.15
#define WEIGHT_RECENCY      0.10
#define WEIGHT_GEO          0.10

#define RESPONSE_GOOD_MS  1000.0
#define PACKAGES_GOOD     10.0
#define NEAR_KM           100.0
#define HOUR_SECS         3600.0

double
score_success (const score_facts_t *facts)
{
    double tried = (double) facts->successes + facts->failures;
    return tried > 0 ? facts->successes / tried : 1;
}

static double
response (const score_facts_t *facts)
{
    return facts->average_ms < 0 ? 1 : fmin (1, RESPONSE_GOOD_MS / (facts->average_ms + 1));
}

static double
recency (const score_facts_t *facts)
{
    return facts->seen ? 1 / (fmax (0, facts->idle_secs) / HOUR_SECS + 1) : 0;
}

double
score_earned (const score_facts_t *facts)
{
    return WEIGHT_SUCCESS * score_success (facts) + WEIGHT_RESPONSE * response (facts)
           + WEIGHT_AVAILABILITY * fmin (1, facts->packages / PACKAGES_GOOD)
           + WEIGHT_RECENCY * recency (facts);
}

double
score_geo (const score_facts_t *facts)
{
    if (facts->distance_km < 0 || facts->distance_km >= NEAR_KM)
        return 0;
    return WEIGHT_GEO * (1 - facts->distance_km / NEAR_KM);
}

double
score_rank (const score_facts_t *facts)
{
    return score_earned (facts) + score_geo (facts);
}

double
score_total (const score_facts_t *facts)
{
    return fmin (1, score_rank (facts));
}

bool
score_trusted (const score_facts_t *facts)
{
    return score_earned (facts) > SCORE_TRUSTED && facts->successes >= SCORE_TRUSTED_SUCCESSES;
}

double
score_average_ms (double average_ms, uint32_t took_ms)
{
    return average_ms < 0 ? took_ms : (1 - SCORE_NEWEST) * average_ms + SCORE_NEWEST * took_ms;
}
