// SPDX-License-Identifier: MIT
#include "shrink.h"

#include "tests/sim/lib/script.h"

#define NODES_MIN   4u
#define MINUTES_MIN 0.5

static bool
try (scenario_options_t *options, const scenario_options_t *smaller, shrink_try_fn *fails,
     void *context)
{
    if (!fails (context, smaller))
        return false;
    *options = *smaller;
    return true;
}

static void
without_faults (scenario_options_t *options, shrink_try_fn *fails, void *context, FILE *progress)
{
    char why[256];
    script_t *script = script_read (SCRIPT_SIM, options->file, why, sizeof why);
    for (unsigned i = 0; script && i < script->count; i++) {
        const script_line_t *line = &script->lines[i];
        scenario_options_t smaller = *options;
        if (!line->verb->fault || smaller.without_count == SCENARIO_WITHOUT_MAX)
            continue;
        smaller.without[smaller.without_count++] = line->line;
        if (!try (options, &smaller, fails, context))
            fprintf (progress, "shrink: line %u is needed: %s\n", line->line, line->verb->name);
    }
    script_destroy (&script);
}

static void
with_fewer_nodes (scenario_options_t *options, shrink_try_fn *fails, void *context, FILE *progress)
{
    for (uint32_t part = 2; part <= 8; part *= 2)
        for (;;) {
            scenario_options_t smaller = *options;
            smaller.nodes -= options->nodes / part;
            if (smaller.nodes == options->nodes || smaller.nodes < NODES_MIN
                || !try (options, &smaller, fails, context))
                break;
            fprintf (progress, "shrink: %u nodes will do\n", options->nodes);
        }
}

static void
shorter (scenario_options_t *options, shrink_try_fn *fails, void *context, FILE *progress)
{
    for (double part = 0.5; part < 0.95; part += 0.2)
        for (;;) {
            scenario_options_t smaller = *options;
            smaller.minutes *= part;
            if (smaller.minutes < MINUTES_MIN || !try (options, &smaller, fails, context))
                break;
            fprintf (progress, "shrink: %.3g minutes will do\n", options->minutes);
        }
}

void
shrink (scenario_options_t *options, shrink_try_fn *fails, void *context, FILE *progress)
{
    if (options->file)
        without_faults (options, fails, context, progress);
    with_fewer_nodes (options, fails, context, progress);
    shorter (options, fails, context, progress);
}
