// SPDX-License-Identifier: MIT
//  Toys ask each other for echoes: what the engine itself costs.
#include "scenario.h"

#include "toy.h"

#include <stdlib.h>

#define INTERVAL_MS 2000u

typedef struct {
    uint32_t nodes;
    toy_settings_t *settings;
} toy_scenario_t;

static void
compose (void *context, world_t *world, uint32_t node, node_plan_t *plan)
{
    toy_scenario_t *self = context;
    self->settings[node] = (toy_settings_t) {world, node, INTERVAL_MS};
    world_plan_add (plan, &toy_swarm_actor, &self->settings[node]);
    world_plan_add (plan, &toy_actor, &self->settings[node]);
}

static void *
create (scenario_options_t *options, world_setup_t *setup)
{
    toy_scenario_t *self = calloc (1, sizeof *self);
    if (!self)
        abort ();
    self->nodes = options->nodes;
    self->settings = calloc (options->nodes, sizeof *self->settings);
    if (!self->settings)
        abort ();
    setup->compose = compose;
    setup->natted = 0.0;
    return self;
}

static void
destroy (void *self_)
{
    toy_scenario_t *self = self_;
    free (self->settings);
    free (self);
}

static void
begin (void *self_, world_t *world)
{
    const toy_scenario_t *self = self_;
    for (uint32_t i = 0; i < self->nodes; i++)
        world_start (world, world_add (world, NULL));
}

static toy_counts_t
sum (const toy_scenario_t *self, const world_t *world)
{
    toy_counts_t all = {0};
    for (uint32_t i = 0; i < self->nodes; i++) {
        const void *toy = world_actor (world, i, "toy");
        toy_counts_t one = toy ? toy_counts (toy) : (toy_counts_t) {0};
        all.asked += one.asked;
        all.answered += one.answered;
        all.failed += one.failed;
        all.rtt_ms_sum += one.rtt_ms_sum;
    }
    return all;
}

static void
end (void *self, world_t *world)
{
    toy_counts_t all = sum (self, world);
    if (all.asked > 0 && all.answered == 0)
        world_violation (world, "of %llu echoes none came back", (unsigned long long) all.asked);
}

static void
report (void *self, const world_t *world, FILE *file, bool json)
{
    toy_counts_t all = sum (self, world);
    double rtt_ms = all.answered ? (double) all.rtt_ms_sum / (double) all.answered : 0.0;
    fprintf (file,
             json ? ", \"asked\": %llu, \"answered\": %llu, \"failed\": %llu, \"rtt_ms\": %.1f"
                  : "  asked %llu, answered %llu, failed %llu, after %.1f ms in the mean\n",
             (unsigned long long) all.asked, (unsigned long long) all.answered,
             (unsigned long long) all.failed, rtt_ms);
}

const scenario_t scenario_toy = {.name = "toy",
                                 .help = "toys ask each other for echoes",
                                 .create = create,
                                 .destroy = destroy,
                                 .begin = begin,
                                 .end = end,
                                 .report = report};
