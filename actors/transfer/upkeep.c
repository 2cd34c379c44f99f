// SPDX-License-Identifier: MIT
//  Looking after what is served: one entry after the other, all of them in settings.check_secs. The
//  DHT says who else has it; where that is hardly enough, they are asked whether they really do,
//  and others are asked to keep it when too few are left. Of several holders that notice, the one
//  closest to the digest acts at once and each other one only now and then.
#include "transfer_inside.h"

#include <stdlib.h>
#include <string.h>

#define CHECK_MIN_MS    5000        //  between two entries
#define READ_BUDGET_MS  30000
#define HAVE_BUDGET_MS  10000
#define PROBES_MAX      8           //  of one check; where more have it, none is asked
#define PROBES_AT_ONCE  4
#define SPARE           2           //  more than needed: so many are not asked whether they have it
#define OTHERS_ONE_IN   4           //  chance of a holder that is not the closest to act

//  A holder that is asked whether it still is one.
typedef struct {
    check_t *check;
    unsigned source;
} probe_t;

struct check_t {
    transfer_t *transfer;
    digest_t sha256;
    sources_t holders;
    probe_t probes[PROBES_MAX];
    unsigned asked, answered, live;
};

static code_t on_read (void *transfer, void *check, const answer_t *answer);
static code_t on_have (void *transfer, void *probe, const answer_t *answer);

//  ---- when --------------------------------------------------------------------------------------

//  Each entry once in check_secs, give or take half of it.
static int64_t
pause_ms (const transfer_t *self)
{
    double each_ms = 1000.0 * self->settings->check_secs / self->served.count;
    int64_t ms = (int64_t) (each_ms * (0.5 + rng_unit (self->rng)));
    return ms > CHECK_MIN_MS ? ms : CHECK_MIN_MS;
}

void
upkeep_wake (transfer_t *self)
{
    if (self->served.count > 0 && self->check_ms == DEADLINE_NEVER && !self->check)
        self->check_ms = out_now_ms (self->out) + pause_ms (self);
}

void
upkeep_clear (transfer_t *self)
{
    if (!self->check)
        return;
    sources_clear (&self->check->holders);
    free (self->check);
    self->check = NULL;
}

static void
end (transfer_t *self)
{
    upkeep_clear (self);
    self->check_ms = DEADLINE_NEVER;
    upkeep_wake (self);
}

//  ---- what follows ------------------------------------------------------------------------------

static bool
is_closer (const uint8_t *a, const uint8_t *b, const digest_t *to)
{
    for (unsigned i = 0; i < DIGEST_SIZE; i++) {
        uint8_t from_a = a[i] ^ to->bytes[i], from_b = b[i] ^ to->bytes[i];
        if (from_a != from_b)
            return from_a < from_b;
    }
    return false;
}

static bool
is_ours_to_do (const check_t *self)
{
    const uint8_t *own = self->transfer->settings->identity->key;
    for (unsigned i = 0; i < self->holders.count; i++)
        if (self->holders.list[i].state != SOURCE_GONE
            && is_closer (self->holders.list[i].key.bytes, own, &self->sha256))
            return rng_below (self->transfer->rng, OTHERS_ONE_IN) == 0;
    return true;
}

static void
conclude (check_t *self)
{
    transfer_t *transfer = self->transfer;
    served_entry_t *entry = served_get (&transfer->served, &self->sha256);
    const uint32_t replicas = transfer->settings->replicas;
    if (entry) {
        entry->providers = (uint8_t) (self->live < UINT8_MAX ? self->live + 1 : UINT8_MAX);
        bool needed = entry->reason != GGEN__SERVE_REASON__SERVE_SHARED && self->live < replicas;
        AUTO (release_destroy) release_t *release =
            needed && is_ours_to_do (self) ? release_copy (entry->release) : NULL;
        //  Busy with others: next time.
        if (release)
            (void) !replicate (transfer, &release, 0, replicas - self->live, &self->holders);
    }
    end (transfer);
}

//  ---- do they have it? --------------------------------------------------------------------------

static void
tell_dead (const check_t *self, const source_t *source)
{
    digest_t key = self->sha256;
    Ggen__ProviderDead dead = GGEN__PROVIDER_DEAD__INIT;
    dead.key = digest_to_field (&key);
    dead.peer_key = peer_key_to_field (&source->key);
    out_event (self->transfer->out, "dht", &dead.base);
}

static bool
ask_have (check_t *self, unsigned index)
{
    const source_t *source = &self->holders.list[index];
    char address[ADDRESS_MAX + 1];
    peer_id_address (&source->key, "transfer", address);
    Ggen__HaveRequest request = GGEN__HAVE_REQUEST__INIT;
    request.sha256 = digest_to_field (&self->sha256);
    self->probes[index] = (probe_t) {self, index};
    ask_t ask = {.to = address,
                 .message = &request.base,
                 .expect = &ggen__have_reply__descriptor,
                 .budget_ms = HAVE_BUDGET_MS,
                 .on_answer = on_have,
                 .arg = &self->probes[index],
                 .route = {source->route, source->route_size}};
    return out_ask (self->transfer->out, &ask) == OK;
}

//  Ask the next ones; conclude when all have answered.
static void
probe (check_t *self)
{
    while (self->asked < self->holders.count && self->asked - self->answered < PROBES_AT_ONCE)
        if (!ask_have (self, self->asked++)) {
            //  We are too busy to know: it is taken to be alive.
            self->answered++;
            self->live++;
        }
    if (self->answered == self->holders.count)
        conclude (self);
}

static code_t
on_have (void *transfer, void *probe_, const answer_t *answer)
{
    (void) transfer;
    const probe_t *asked = probe_;
    check_t *self = asked->check;
    const Ggen__HaveReply *reply = (const void *) answer->message;
    if (answer->progress)
        return OK;
    self->answered++;
    if ((reply && reply->all) || answer->code == BUSY)
        self->live++;
    else {
        source_end (&self->holders.list[asked->source], PACKAGE_NOT_FOUND);
        tell_dead (self, &self->holders.list[asked->source]);
    }
    probe (self);
    return OK;
}

//  ---- who says that it has it? ------------------------------------------------------------------

static bool
names_us (const Ggen__DhtReadReply *reply, const uint8_t *own_key)
{
    for (size_t i = 0; i < reply->n_providers; i++)
        if (reply->providers[i]->peer_key.len == PEER_KEY_SIZE
            && memcmp (reply->providers[i]->peer_key.data, own_key, PEER_KEY_SIZE) == 0)
            return true;
    return false;
}

static code_t
on_read (void *transfer_, void *check, const answer_t *answer)
{
    transfer_t *transfer = transfer_;
    check_t *self = check;
    const uint8_t *own_key = transfer->settings->identity->key;
    const Ggen__DhtReadReply *reply = (const void *) answer->message;
    if (answer->progress)
        return OK;
    //  A DHT that cannot be read says nothing about who has what.
    if (!reply) {
        end (transfer);
        return OK;
    }
    if (!names_us (reply, own_key))
        adopt_provide (transfer, &self->sha256, false);
    sources_add (&self->holders, reply->providers, reply->n_providers, own_key);
    if (self->holders.count > transfer->settings->replicas + SPARE
        || self->holders.count > PROBES_MAX) {
        self->live = self->holders.count;
        conclude (self);
    }
    else
        probe (self);
    return OK;
}

void
upkeep_tick (transfer_t *self, int64_t now_ms)
{
    if (self->check_ms > now_ms)
        return;
    self->check_ms = DEADLINE_NEVER;
    if (self->check || self->served.count == 0)
        return;
    check_t *check = calloc (1, sizeof *check);
    if (check) {
        const served_entry_t *entry =
            self->served.list[self->check_next++ % self->served.count];
        check->transfer = self;
        check->sha256 = entry->release->sha256;
        self->check = check;
        Ggen__DhtReadRequest request = GGEN__DHT_READ_REQUEST__INIT;
        request.key = digest_to_field (&check->sha256);
        request.first_valid = true;
        request.limit = SOURCES_MAX;
        ask_t ask = {.to = "dht",
                     .message = &request.base,
                     .expect = &ggen__dht_read_reply__descriptor,
                     .budget_ms = READ_BUDGET_MS,
                     .on_answer = on_read,
                     .arg = check};
        if (out_ask (self->out, &ask) == OK)
            return;
    }
    end (self);
}
