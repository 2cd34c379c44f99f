// SPDX-License-Identifier: MIT
#include "eviction.h"

#include "cache.pb-c.h"

static code_t
on_removed (void *actor, void *self_, const answer_t *answer)
{
    (void) actor;
    eviction_t *self = self_;
    if (answer->progress)
        return OK;
    self->removes--;
    eviction_run (self);
    return OK;
}

//  Returns false when it cannot be asked for now.
static bool
ask_remove (eviction_t *self, digest_t digest)
{
    Ggen__BlobRemoveRequest request = GGEN__BLOB_REMOVE_REQUEST__INIT;
    request.sha256 = digest_to_field (&digest);
    ask_t ask = {.to = self->blobs,
                 .message = &request.base,
                 .expect = &ggen__blob_remove_reply__descriptor,
                 .on_answer = on_removed,
                 .arg = self};
    if (out_ask (self->out, &ask) != OK)
        return false;
    self->removes++;
    lru_remove (self->lru, &digest);
    return true;
}

void
eviction_run (eviction_t *self)
{
    int64_t now_ms = out_now_ms (self->out);
    const digest_t *victim;
    while (self->removes < EVICTION_REMOVES_MAX
           && (victim = lru_victim (self->lru, now_ms - self->grace_ms, self->pinned, self->arg)))
        if (!ask_remove (self, *victim))
            break;
    self->again_ms = lru_exceeded (self->lru) ? now_ms + self->grace_ms : DEADLINE_NEVER;
}
