// SPDX-License-Identifier: MIT
#include "follower.h"

#include "gossip.pb-c.h"
#include "nodes.h"
#include "runtime/actor/out.h"

#include <stdlib.h>

#define AGAIN_MS 1000

typedef struct {
    out_t *out;
    int64_t ask_ms;                 //  when to ask (again); DEADLINE_NEVER: it is followed
} follower_t;

static code_t
on_followed (void *self_, void *arg, const answer_t *answer)
{
    follower_t *self = self_;
    (void) arg;
    if (answer->code)
        self->ask_ms = answer->now_ms + AGAIN_MS;
    return OK;
}

static code_t
tick (void *self_, int64_t now_ms, int64_t wall_ms)
{
    follower_t *self = self_;
    (void) wall_ms;
    if (now_ms < self->ask_ms)
        return OK;
    Ggen__FollowRequest follow = GGEN__FOLLOW_REQUEST__INIT;
    follow.topic = (char *) NODES_TOPIC;
    const ask_t ask = {.to = "gossip",
                       .message = &follow.base,
                       .expect = &ggen__follow_reply__descriptor,
                       .budget_ms = 10000,
                       .on_answer = on_followed};
    self->ask_ms = out_ask (self->out, &ask) == OK ? DEADLINE_NEVER : now_ms + AGAIN_MS;
    return OK;
}

static int64_t
deadline_ms (const void *self_)
{
    const follower_t *self = self_;
    return self->ask_ms;
}

static void *
create (const actor_env_t *env)
{
    follower_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    *self = (follower_t) {.out = env->out, .ask_ms = env->now_ms};
    return self;
}

static code_t
on_announced (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) self, (void) at, (void) message;
    return OK;
}

static const handler_t rows[] = {{&ggen__announced__descriptor, on_announced, THIS_NODE}, {0}};

const actor_class_t follower_actor = {.name = "follower",
                                      .create = create,
                                      .destroy = free,
                                      .rows = rows,
                                      .tick = tick,
                                      .deadline_ms = deadline_ms};
