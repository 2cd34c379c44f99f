// SPDX-License-Identifier: MIT
//  The metrics of SPEC 10, made of what a node says of itself: one table of families, one list of
//  values, and two ways to write them.
#ifndef GGEN_METRICS_H
#define GGEN_METRICS_H

#include "status.h"

//  Values of a node; with more actors than a bus has seats they would be cut.
#define METRICS_MAX 320

typedef struct {
    const char *family;         //  "marketplace_p2p_peers"
    const char *label;          //  "actor", or NULL
    const char *of;             //  its value; borrowed from the status
    double value;
} metric_t;

//  Values of one family stand together, those of actors last. Returns how many.
size_t
    metrics_of (const status_t *status, metric_t metrics [METRICS_MAX]);

//  As Prometheus reads it (text exposition format 0.0.4).
void
    metrics_print (FILE *out, const metric_t metrics [], size_t metrics_count);

//  {"marketplace_p2p_peers": 3, "marketplace_handler_seconds_total{actor=\"dht\"}": 0.2}. New, the
//  caller's; NULL only without memory.
json_t *
    metrics_shape (const metric_t metrics [], size_t metrics_count);

#endif
