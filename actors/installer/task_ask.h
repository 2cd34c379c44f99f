// SPDX-License-Identifier: MIT
//  The asks of a task, between task.c and task_many.c; nobody else includes it.
#ifndef GGEN_TASK_ASK_H
#define GGEN_TASK_ASK_H

#include "task.h"

typedef struct task_ask_t {
    struct task_ask_t *following;
    task_t *task;
    char *to;
    ProtobufCMessage *message;
    const ProtobufCMessageDescriptor *expect;
    task_answer_fn *on_answer;
    void *item;
    bool tolerant;
    bool alone;                     //  not together with others
    bool aside;                     //  no answer means anything
    struct task_ask_t *together;    //  those that this one stands for: it has no on_answer
} task_ask_t;

//  An answer to an ask has come: to who asked, or as the task's failure.
void
    task_take_answer (task_t *task, const task_ask_t *ask, const answer_t *answer);

void
    task_ask_free (task_ask_t *ask);

//  ---- task_many.c -----------------------------------------------------------------------------------

//  When those at the head of the queue can be asked together, one ask takes their place.
void
    task_bring_together (task_t *task);

//  The answer to such an ask, to each that it stands for; those that were left out are queued again,
//  to be asked by themselves.
void
    task_take_together (task_t *task, task_ask_t *ask, const answer_t *answer);

#endif
