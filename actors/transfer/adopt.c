// SPDX-License-Identifier: MIT
#include "transfer_inside.h"

#include <stdlib.h>

#define BLOBS_BUDGET_MS   30000
#define PROVIDE_BUDGET_MS 60000

struct adoption_t {
    adoption_t *next;
    transfer_t *transfer;
    release_t *release;             //  until it is served
    digest_t sha256;
    Ggen__ServeReason reason;
    ticket_t ticket;
    uint32_t number;
    adopted_fn *done;
};

//  ---- life --------------------------------------------------------------------------------------

static void
unlink_adoption (adoption_t *self)
{
    adoption_t **at = &self->transfer->adoptions;
    while (*at != self)
        at = &(*at)->next;
    *at = self->next;
    self->transfer->adoptions_count--;
}

static void
adoption_destroy (adoption_t *self)
{
    release_destroy (&self->release);
    free (self);
}

void
adopt_clear (transfer_t *self)
{
    while (self->adoptions) {
        adoption_t *adoption = self->adoptions;
        unlink_adoption (adoption);
        adoption_destroy (adoption);
    }
}

static void
end (adoption_t *self, const Ggen__Failure *failure)
{
    transfer_t *transfer = self->transfer;
    unlink_adoption (self);
    if (!failure)
        upkeep_wake (transfer);
    adopted_t adopted = {self->ticket, self->sha256, self->number, failure};
    self->done (transfer, &adopted);
    adoption_destroy (self);
}

static void
end_busy (adoption_t *self, code_t code)
{
    Ggen__Failure failure = GGEN__FAILURE__INIT;
    failure.code = code;
    failure.message = code == INSUFFICIENT_DISK_SPACE ? "as many packages are served as can be"
                                                      : "transfer: too much is asked at once";
    end (self, &failure);
}

//  ---- telling the DHT ---------------------------------------------------------------------------

static code_t
on_told (void *self, void *arg, const answer_t *answer)
{
    (void) self;
    (void) arg;
    (void) answer;
    return OK;
}

static code_t
ask_provide (transfer_t *self, const digest_t *sha256, bool withdraw, answer_fn *on_answer,
             void *arg)
{
    digest_t key = *sha256;
    Ggen__DhtProvideRequest request = GGEN__DHT_PROVIDE_REQUEST__INIT;
    request.sha256 = digest_to_field (&key);
    request.withdraw = withdraw;
    ask_t ask = {.to = "dht",
                 .message = &request.base,
                 .expect = &ggen__dht_provide_reply__descriptor,
                 .budget_ms = PROVIDE_BUDGET_MS,
                 .on_answer = on_answer,
                 .arg = arg};
    return out_ask (self->out, &ask);
}

void
adopt_provide (transfer_t *self, const digest_t *sha256, bool withdraw)
{
    if (withdraw || !self->undialable)
        (void) !ask_provide (self, sha256, withdraw, on_told, NULL);
}

//  ---- the steps ---------------------------------------------------------------------------------

static code_t
on_provided (void *transfer, void *self_, const answer_t *answer)
{
    (void) transfer;
    adoption_t *self = self_;
    if (!answer->progress)
        end (self, NULL);
    return OK;
}

static void
on_kept (void *transfer_, void *self_, const Ggen__Failure *failure)
{
    transfer_t *transfer = transfer_;
    adoption_t *self = self_;
    if (failure)
        end (self, failure);
    else if (transfer->undialable
             || ask_provide (transfer, &self->sha256, false, on_provided, self) != OK)
        end (self, NULL);
}

static code_t
on_held (void *transfer_, void *self_, const answer_t *answer)
{
    transfer_t *transfer = transfer_;
    adoption_t *self = self_;
    if (answer->progress)
        return OK;
    if (answer->code) {
        end (self, answer->failure);
        return OK;
    }
    code_t code = served_put (&transfer->served, &self->release, self->reason, on_kept, self);
    if (code)
        end_busy (self, code);
    return OK;
}

static code_t
ask_hold (transfer_t *self, const digest_t *sha256, bool release, answer_fn *on_answer, void *arg)
{
    digest_t key = *sha256;
    Ggen__BlobHoldRequest request = GGEN__BLOB_HOLD_REQUEST__INIT;
    request.sha256 = digest_to_field (&key);
    request.release = release;
    ask_t ask = {.to = "blobs",
                 .message = &request.base,
                 .expect = &ggen__blob_hold_reply__descriptor,
                 .budget_ms = BLOBS_BUDGET_MS,
                 .on_answer = on_answer,
                 .arg = arg};
    return out_ask (self->out, &ask);
}

code_t
adopt (transfer_t *self, release_t **release_p, Ggen__ServeReason reason, ticket_t ticket,
       uint32_t number, adopted_fn *done)
{
    adoption_t *adoption = self->adoptions_count < TRANSFER_ADOPTIONS_MAX
                               ? calloc (1, sizeof *adoption)
                               : NULL;
    if (!adoption)
        return BUSY;
    *adoption = (adoption_t) {.next = self->adoptions,
                              .transfer = self,
                              .sha256 = (*release_p)->sha256,
                              .reason = reason,
                              .ticket = ticket,
                              .number = number,
                              .done = done};
    code_t code = ask_hold (self, &adoption->sha256, false, on_held, adoption);
    if (code) {
        free (adoption);
        return code;
    }
    adoption->release = *release_p;
    *release_p = NULL;
    self->adoptions = adoption;
    self->adoptions_count++;
    return OK;
}

void
adopt_drop (transfer_t *self, const digest_t *sha256)
{
    digest_t key = *sha256;         //  It may be the entry's own
    if (!served_get (&self->served, &key))
        return;
    served_drop (&self->served, &key);
    (void) !ask_hold (self, &key, true, on_told, NULL);
    adopt_provide (self, &key, true);
}
