// SPDX-License-Identifier: MIT
//  Dependencies before dependants, or the cycle that forbids it (depth-first search, as in
//  Cormen et al., Introduction to Algorithms, 22.3-22.4). The same graph gives the same answer.
#ifndef GGEN_INSTALLER_ORDER_H
#define GGEN_INSTALLER_ORDER_H

#include "base.h"

//  Node i depends on targets [starts [i]] .. targets [starts [i + 1] - 1]. Borrowed.
typedef struct {
    size_t nodes_count;
    const uint32_t *starts;         //  nodes_count + 1 of them
    const uint32_t *targets;
} order_graph_t;

//  'order' has room for nodes_count numbers; *count says how many were written.
//  OK                    all nodes, each after what it depends on; nodes and targets are visited in
//                        the order given.
//  CIRCULAR_DEPENDENCY   the nodes of one cycle, each depending on the next, the last on the first.
must_use code_t
    order_sort (const order_graph_t *graph, uint32_t *order, size_t *count);

//  The same without refusal: where there is a cycle, one of its nodes comes before something it
//  depends on. 'order' gets all nodes_count of them.
void
    order_walk (const order_graph_t *graph, uint32_t *order);

#endif
