// SPDX-License-Identifier: MIT
//  Questions of one step that are alike, asked together (many.proto).
#include "task_ask.h"

#include "many.h"
#include "many.pb-c.h"
#include "memory.h"

#include <string.h>

//  Fewer go by themselves, beside each other.
#define TOGETHER_MIN 8

typedef struct {
    const ProtobufCMessageDescriptor *one, *many, *reply;
} kind_t;

static const kind_t kinds [] = {
    {&ggen__list_versions_request__descriptor, &ggen__list_many_request__descriptor,
     &ggen__list_many_reply__descriptor},
    {&ggen__get_heads_request__descriptor, &ggen__heads_many_request__descriptor,
     &ggen__heads_many_reply__descriptor},
    {&ggen__check_release_request__descriptor, &ggen__check_many_request__descriptor,
     &ggen__check_many_reply__descriptor},
};

static const kind_t *
kind_of (const task_ask_t *ask)
{
    for (size_t i = 0; i < COUNT_OF (kinds); i++)
        if (!ask->alone && ask->message->descriptor == kinds [i].one)
            return &kinds [i];
    return NULL;
}

//  How many from the head of the queue on fit into one message; they are in 'messages'.
static size_t
count_alike (const task_t *task, const kind_t *kind, ProtobufCMessage **messages)
{
    size_t count = 0, size = 0;
    for (const task_ask_t *ask = task->queue; ask && count < MANY_QUESTIONS_MAX;
         ask = ask->following) {
        size += protobuf_c_message_get_packed_size (ask->message) + 8;      //  Its tag and length
        if (kind_of (ask) != kind || strcmp (ask->to, task->queue->to) != 0
            || size > MANY_BYTES_MAX)
            break;
        messages [count++] = ask->message;
    }
    return count;
}

void
task_bring_together (task_t *task)
{
    ProtobufCMessage *messages [MANY_QUESTIONS_MAX];
    const kind_t *kind = kind_of (task->queue);
    size_t count = kind ? count_alike (task, kind, messages) : 0;
    if (count < TOGETHER_MIN)
        return;
    task_ask_t *ask = memory_new (1, sizeof *ask), *last = task->queue;
    for (size_t i = 1; i < count; i++)
        last = last->following;
    *ask = (task_ask_t) {.following = last->following,
                         .task = task,
                         .to = memory_strdup (task->queue->to),
                         .message = many_questions (kind->many, messages, count),
                         .expect = kind->reply,
                         .together = task->queue};
    last->following = NULL;
    task->queue = ask;
    if (!ask->following)
        task->queue_last = ask;
    task->queued -= (unsigned) count - 1;
}

//  At the head of the queue, in their order.
static void
queue_again (task_t *task, task_ask_t *first, task_ask_t *last, unsigned count)
{
    if (!first)
        return;
    last->following = task->queue;
    task->queue = first;
    if (!task->queue_last)
        task->queue_last = last;
    task->queued += count;
}

void
task_take_together (task_t *task, task_ask_t *ask, const answer_t *answer)
{
    task_ask_t *left_out = NULL, *last = NULL;
    unsigned left_count = 0;
    size_t count = answer->code == OK ? many_count (answer->message) : 0;
    for (size_t i = 0; ask->together; i++) {
        task_ask_t *one = ask->together;
        const ProtobufCMessage *reply =
            i < count ? many_reply_in (many_at (answer->message, i)) : NULL;
        ask->together = one->following;
        one->following = NULL;
        if (reply) {
            answer_t part = *answer;
            part.message = reply;
            task_take_answer (task, one, &part);
            task_ask_free (one);
            continue;
        }
        one->alone = true;
        if (last)
            last->following = one;
        else
            left_out = one;
        last = one;
        left_count++;
    }
    queue_again (task, left_out, last, left_count);
}
