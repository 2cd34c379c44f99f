// SPDX-License-Identifier: MIT
#include "lasting.h"

#include "node.pb-c.h"

code_t
lasting_load (out_t *out, const Ggen__StateLoadRequest *load, answer_fn *on_page, void *arg)
{
    ask_t ask = {.to = "state",
                 .message = &load->base,
                 .expect = &ggen__state_load_reply__descriptor,
                 .budget_ms = LASTING_BUDGET_MS,
                 .on_answer = on_page,
                 .arg = arg};
    return out_ask (out, &ask);
}

static code_t
on_nothing (void *actor, void *arg, const answer_t *answer)
{
    (void) actor;
    (void) arg;
    (void) answer;
    return OK;
}

code_t
lasting_put (out_t *out, const Ggen__StatePutRequest *put, answer_fn *on_answer, void *arg)
{
    ask_t ask = {.to = "state",
                 .message = &put->base,
                 .expect = &ggen__state_put_reply__descriptor,
                 .budget_ms = LASTING_BUDGET_MS,
                 .on_answer = on_answer ? on_answer : on_nothing,
                 .arg = arg};
    return out_ask (out, &ask);
}

void
lasting_saved (out_t *out, ticket_t *saving_p)
{
    Ggen__SaveReply reply = GGEN__SAVE_REPLY__INIT;
    out_answer (out, *saving_p, &reply.base);
    *saving_p = 0;
}
