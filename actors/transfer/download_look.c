// SPDX-License-Identifier: MIT
//  More providers, while those at hand give nothing.
#include "download_inside.h"

#define LOOK_FIRST_MS  2000     //  without a chunk; twice as long before each look after it
#define LOOKS_MAX      4        //  of one download
#define LOOK_BUDGET_MS 10000

//  Those that are new take part as dht names them: reputation's order would move those at work.
//  Each of their chunks is hashed, and swarm dials none that is banned.
static code_t
on_looked (void *actor, void *self_, const answer_t *answer)
{
    (void) actor;
    download_t *self = self_;
    const Ggen__DhtReadReply *reply = (const void *) answer->message;
    if (answer->progress)
        return OK;
    self->looking = false;
    unsigned known = self->sources.count;
    if (reply)
        sources_add (&self->sources, reply->providers, reply->n_providers, self->all->own_key);
    for (unsigned i = known; i < self->sources.count; i++)
        self->sources.list[i].start =
            (uint32_t) rng_below (self->all->rng, self->chunks.count);
    downloads_schedule (self->all);
    return OK;
}

void
download_look (download_t *self, int64_t now_ms, int64_t *wake_p)
{
    if (self->looking || self->looks == LOOKS_MAX)
        return;
    int64_t due_ms = self->calm_ms + ((int64_t) LOOK_FIRST_MS << self->looks);
    if (due_ms > now_ms) {
        *wake_p = due_ms < *wake_p ? due_ms : *wake_p;
        return;
    }
    Ggen__DhtReadRequest request = GGEN__DHT_READ_REQUEST__INIT;
    request.key = digest_to_field (&self->release->sha256);
    request.limit = SOURCES_MAX;
    ask_t ask = {.to = "dht",
                 .message = &request.base,
                 .expect = &ggen__dht_read_reply__descriptor,
                 .budget_ms = LOOK_BUDGET_MS,
                 .parent = download_leader (self),
                 .on_answer = on_looked,
                 .arg = self,
                 .quiet = true};
    self->looks++;
    self->calm_ms = now_ms;
    self->looking = out_ask (self->all->out, &ask) == OK;
}

void
download_forget_look (download_t *self)
{
    if (self->looking)
        out_forget (self->all->out, on_looked, self);
    self->looking = false;
}
