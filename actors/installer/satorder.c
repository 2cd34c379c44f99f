// SPDX-License-Identifier: MIT
#include "satorder.h"

#include <stdlib.h>

#include "memory.h"
#include "order.h"

//  A graph of versions and, numbered behind them, sets: a version leads to the sets it needs, a set
//  to its versions. Small where versions x accepted versions would be large.
typedef struct {
    uint32_t *starts;
    uint32_t *targets;
} graph_t;

static bool
is_need (const satsolver_edge_t *edge)
{
    return edge->from != SATSOLVER_ROOT && !edge->excludes;
}

static graph_t
make_graph (const satsolver_problem_t *problem)
{
    size_t versions = problem->versions_count, sets = problem->sets_count;
    const uint32_t *starts = problem->set_starts;
    graph_t graph = {memory_new (versions + sets + 2, sizeof (uint32_t)),
        memory_new (problem->edges_count + problem->set_starts [sets], sizeof (uint32_t))};

    //  Counting sort by version: starts [v + 2] counts, then starts [v + 1] is where the next one
    //  goes
    for (size_t index = 0; index < problem->edges_count; index++)
        if (is_need (&problem->edges [index]))
            graph.starts [problem->edges [index].from + 2]++;
    for (size_t version = 0; version < versions; version++)
        graph.starts [version + 2] += graph.starts [version + 1];
    for (size_t index = 0; index < problem->edges_count; index++) {
        const satsolver_edge_t *edge = &problem->edges [index];
        if (is_need (edge))
            graph.targets [graph.starts [edge->from + 1]++] = (uint32_t) versions + edge->set;
    }
    uint32_t at = graph.starts [versions];
    for (size_t set = 0; set < sets; set++) {
        for (uint32_t at_item = starts [set]; at_item < starts [set + 1]; at_item++)
            graph.targets [at++] = problem->set_items [at_item];
        graph.starts [versions + set + 1] = at;
    }
    return graph;
}

static void
mark_accepted (const satsolver_problem_t *problem, bool *accepted)
{
    const uint32_t *starts = problem->set_starts;
    bool *met = memory_new (problem->sets_count, sizeof *met);
    for (size_t index = 0; index < problem->edges_count; index++) {
        uint32_t set = problem->edges [index].set;
        if (problem->edges [index].excludes || met [set])
            continue;
        met [set] = true;
        for (uint32_t item = starts [set]; item < starts [set + 1]; item++)
            accepted [problem->set_items [item]] = true;
    }
    free (met);
}

size_t
satorder_list (const satsolver_problem_t *problem, uint32_t *order)
{
    size_t nodes_count = problem->versions_count + problem->sets_count, count = 0;
    bool *accepted = memory_new (problem->versions_count, sizeof *accepted);
    uint32_t *nodes = memory_new (nodes_count, sizeof *nodes);
    graph_t graph = make_graph (problem);
    mark_accepted (problem, accepted);
    order_walk (&(order_graph_t) {nodes_count, graph.starts, graph.targets}, nodes);
    for (size_t index = 0; index < nodes_count; index++)
        if (nodes [index] < problem->versions_count && accepted [nodes [index]])
            order [count++] = nodes [index];

    free (graph.targets);
    free (graph.starts);
    free (nodes);
    free (accepted);
    return count;
}
