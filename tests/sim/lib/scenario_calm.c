// SPDX-License-Identifier: MIT
//  Nodes join, provide, and look up what others provide; nothing goes wrong.
#include "scenario.h"

#include "clients.h"
#include "dht.pb-c.h"
#include "honest.h"
#include "network.h"

#include <stdlib.h>
#include <string.h>

#define SECOND        INT64_C (1000000)
#define BOOTSTRAPS    8u
#define JOINS_SECOND  100u          //  nodes that start in a second
#define SETTLE_SECS   60            //  then they are left alone
#define LOOKUP_SECS   30            //  between two lookups of one node
#define BUDGET_MS     30000u

typedef struct {
    world_t *world;
    honest_t *honest;
    uint32_t nodes, joined;
    rng_t rng;
    uint64_t lookups, answered, found, provides, provided;
    uint64_t hops, messages;
    int64_t took_ms;
} calm_t;

//  ---- what nodes do -------------------------------------------------------------------------------

//  Of each node one: the SHA-256 of its number.
static void
blob_of (const calm_t *self, uint32_t node, uint8_t digest[CRYPTO_HASH_BYTES])
{
    world_crypto (self->world)->sha256 (&node, sizeof node, digest);
}

static void
on_provided (void *self_, world_t *world, const client_reply_t *reply)
{
    calm_t *self = self_;
    (void) world;
    self->provided += reply->code == OK;
}

static void
provide (calm_t *self, uint32_t node)
{
    uint8_t digest[CRYPTO_HASH_BYTES];
    Ggen__DhtProvideRequest request = GGEN__DHT_PROVIDE_REQUEST__INIT;
    blob_of (self, node, digest);
    request.sha256 = (ProtobufCBinaryData) {sizeof digest, digest};
    self->provides++;
    clients_ask (self->world, node, "dht", &request.base, BUDGET_MS, on_provided, self);
}

static void
on_found (void *self_, world_t *world, const client_reply_t *reply)
{
    calm_t *self = self_;
    (void) world;
    self->answered++;
    Ggen__DhtReadReply *answer = clients_unpack (reply, &ggen__dht_read_reply__descriptor);
    if (!answer)
        return;
    self->found += answer->n_records > 0;
    self->hops += answer->hops;
    self->messages += answer->messages;
    self->took_ms += answer->took_ms;
    ggen__dht_read_reply__free_unpacked (answer, NULL);
}

static void
look_up (calm_t *self, uint32_t node)
{
    uint8_t digest[CRYPTO_HASH_BYTES];
    Ggen__DhtReadRequest request = GGEN__DHT_READ_REQUEST__INIT;
    blob_of (self, (uint32_t) rng_below (&self->rng, self->nodes), digest);
    request.key = (ProtobufCBinaryData) {sizeof digest, digest};
    request.first_valid = true;
    self->lookups++;
    clients_ask (self->world, node, "dht", &request.base, BUDGET_MS, on_found, self);
}

//  Ten times a second: some nodes start, or some nodes look something up.
static void
go_on (void *self_, world_t *world)
{
    calm_t *self = self_;
    int64_t joined_us = self->nodes / JOINS_SECOND * SECOND;
    for (unsigned i = 0; i < JOINS_SECOND / 10 && self->joined < self->nodes; i++, self->joined++)
        world_start (world, honest_add (self->honest, world));
    int64_t settled_us = joined_us + SETTLE_SECS * SECOND, now_us = world_now_us (world);
    if (now_us < settled_us)
        return;
    uint32_t count = self->nodes / (LOOKUP_SECS * 10) + 1;
    for (uint32_t i = 0; i < count && self->provides < self->nodes; i++)
        provide (self, (uint32_t) self->provides);
    if (now_us >= settled_us + (LOOKUP_SECS + SETTLE_SECS) * SECOND)
        for (uint32_t i = 0; i < count; i++)
            look_up (self, (uint32_t) rng_below (&self->rng, self->nodes));
}

//  ---- the scenario --------------------------------------------------------------------------------

static void *
create (scenario_options_t *options, world_setup_t *setup)
{
    calm_t *self = calloc (1, sizeof *self);
    if (!self)
        abort ();
    self->nodes = options->nodes;
    honest_options_t honest = {
        .nodes_max = options->nodes,
        .market = true,
        .bootstraps = options->nodes < BOOTSTRAPS ? options->nodes : BOOTSTRAPS};
    self->honest = honest_new (&honest);
    setup->compose = honest_compose;
    setup->context = self->honest;
    setup->skew_ms_max = 2000;
    setup->loss = 0.0;
    return self;
}

static void
destroy (void *self_)
{
    calm_t *self = self_;
    honest_destroy (&self->honest);
    free (self);
}

static void
begin (void *self_, world_t *world)
{
    calm_t *self = self_;
    self->world = world;
    world_rng (world, &self->rng, "calm", 0);
    world_every (world, SECOND / 10, go_on, self);
}

static double
mean (uint64_t sum, uint64_t count)
{
    return count ? (double) sum / (double) count : 0.0;
}

static void
report (void *self_, const world_t *world, FILE *file, bool json)
{
    const calm_t *self = self_;
    (void) world;
    fprintf (file,
             json ? ", \"provides\": %llu, \"provided\": %llu, \"lookups\": %llu, \"answered\": %llu,"
                    " \"found\": %llu, \"hops\": %.2f, \"messages\": %.1f, \"lookup_ms\": %.0f"
                  : "  provides %llu (%llu acknowledged), lookups %llu (%llu answered, %llu found), in"
                    " the mean %.2f hops, %.1f messages, %.0f ms\n",
             (unsigned long long) self->provides, (unsigned long long) self->provided,
             (unsigned long long) self->lookups, (unsigned long long) self->answered,
             (unsigned long long) self->found,
             mean (self->hops, self->found), mean (self->messages, self->found),
             mean ((uint64_t) self->took_ms, self->found));
}

const scenario_t scenario_calm = {.name = "calm",
                                  .help = "nodes join, provide, and look up; nothing goes wrong",
                                  .create = create,
                                  .destroy = destroy,
                                  .begin = begin,
                                  .report = report};
