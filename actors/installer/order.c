// SPDX-License-Identifier: MIT
#include "order.h"

#include <assert.h>
#include <stdlib.h>

#include "memory.h"

typedef enum { NEW = 0, OPEN, DONE } mark_t;

typedef struct {
    const order_graph_t *graph;
    uint32_t *path;             //  Nodes being visited, outermost first
    uint32_t *next;             //  Per node: its next target to look at
    unsigned char *marks;       //  Per node: mark_t
    size_t depth;
    bool tolerant;              //  Of cycles
} search_t;

static void
enter (search_t *self, uint32_t node)
{
    self->marks [node] = OPEN;
    self->next [node] = self->graph->starts [node];
    self->path [self->depth++] = node;
}

//  The path from 'node', which is on it, to its end is a cycle.
static code_t
report_cycle (const search_t *self, uint32_t node, uint32_t *order, size_t *count)
{
    size_t from = self->depth;
    while (self->path [from - 1] != node)
        from--;
    *count = 0;
    for (size_t index = from - 1; index < self->depth; index++)
        order [(*count)++] = self->path [index];
    return CIRCULAR_DEPENDENCY;
}

//  Visit everything below 'root'. No recursion: a chain may be as long as there are packages.
static code_t
visit (search_t *self, uint32_t root, uint32_t *order, size_t *count)
{
    enter (self, root);
    while (self->depth) {
        uint32_t node = self->path [self->depth - 1];
        if (self->next [node] == self->graph->starts [node + 1]) {
            self->marks [node] = DONE;
            order [(*count)++] = node;
            self->depth--;
            continue;
        }
        uint32_t target = self->graph->targets [self->next [node]++];
        if (self->marks [target] == OPEN && !self->tolerant)
            return report_cycle (self, target, order, count);
        if (self->marks [target] == NEW)
            enter (self, target);
    }
    return OK;
}

static code_t
run (const order_graph_t *graph, bool tolerant, uint32_t *order, size_t *count)
{
    search_t search = {.graph = graph,
        .path = memory_new (graph->nodes_count, sizeof (uint32_t)),
        .next = memory_new (graph->nodes_count, sizeof (uint32_t)),
        .marks = memory_new (graph->nodes_count, 1),
        .tolerant = tolerant};

    code_t code = OK;
    *count = 0;
    for (uint32_t node = 0; node < graph->nodes_count && code == OK; node++)
        if (search.marks [node] == NEW)
            code = visit (&search, node, order, count);

    free (search.path);
    free (search.next);
    free (search.marks);
    return code;
}

code_t
order_sort (const order_graph_t *graph, uint32_t *order, size_t *count)
{
    return run (graph, false, order, count);
}

void
order_walk (const order_graph_t *graph, uint32_t *order)
{
    size_t count = 0;
    code_t code = run (graph, true, order, &count);
    assert (code == OK && count == graph->nodes_count);
}
