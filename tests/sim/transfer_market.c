// SPDX-License-Identifier: MIT
//  Transfer among honest nodes as they are: the real "dht" says who has what, the real "reputation"
//  whom to ask first.
#include "lib/clients.h"
#include "lib/honest.h"
#include "lib/network.h"
#include "tests/unit/seeded.h"
#include "transfer.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#define NODES  40u
#define KIB    1024u
#define SECOND INT64_C (1000000)

typedef struct {
    honest_t *honest;
    world_t *world;
    const sim_content_t *content;
    uint8_t *record;
    size_t record_size;
    uint32_t stored;
    unsigned ended, good, details;
    code_t code;
    int64_t longest_ms;
} market_t;

static void
market_open (market_t *self, uint64_t size_bytes)
{
    honest_options_t options = {.nodes_max = NODES, .bootstraps = 3, .market = true};
    *self = (market_t) {.honest = honest_new (&options)};
    world_setup_t setup = {
        .seed = seed_of_run (), .compose = honest_compose, .context = self->honest, .natted = 0.2};
    self->world = world_new (&setup);
    for (uint32_t i = 0; i < NODES; i++)
        world_start (self->world, honest_add (self->honest, self->world));
    self->content = sim_contents_derive (honest_contents (self->honest), 77, size_bytes);
    self->record = sim_content_record (self->content, "rust-cli", "1.0.0",
                                       world_identity (self->world, 0), &self->record_size);
    world_run (self->world, 120 * SECOND);
}

static void
market_close (market_t *self)
{
    world_destroy (&self->world);
    honest_destroy (&self->honest);
    free (self->record);
}

static sim_parts_t *
disk_of (const market_t *self, uint32_t node)
{
    return honest_settings (self->honest, self->world, node)->market->blobs;
}

static void
on_replicated (void *context, world_t *world, const client_reply_t *reply)
{
    (void) world;
    market_t *self = context;
    Ggen__ReplicateReply *stored = clients_unpack (reply, &ggen__replicate_reply__descriptor);
    self->ended++;
    self->code = reply->code;
    if (!stored)
        return;
    self->stored = stored->stored;
    ggen__replicate_reply__free_unpacked (stored, NULL);
}

static void
publish (market_t *self, uint32_t node)
{
    Ggen__ReplicateRequest request = GGEN__REPLICATE_REQUEST__INIT;
    sim_parts_put (disk_of (self, node), self->content);
    request.record = (ProtobufCBinaryData) {self->record_size, self->record};
    request.replicas = 3;
    clients_ask (self->world, node, "transfer", &request.base, 120000, on_replicated, self);
}

static void
on_fetched (void *context, world_t *world, const client_reply_t *reply)
{
    (void) world;
    market_t *self = context;
    self->ended++;
    self->good += reply->code == OK;
    if (reply->took_us / 1000 > self->longest_ms)
        self->longest_ms = reply->took_us / 1000;
    if (reply->failure)
        print_message ("node %u: %s\n", reply->node, reply->failure->message);
}

static void
fetch (market_t *self, uint32_t node)
{
    Ggen__TransferFetchRequest request = GGEN__TRANSFER_FETCH_REQUEST__INIT;
    request.record = (ProtobufCBinaryData) {self->record_size, self->record};
    request.subject = "rust-cli@1.0.0";
    clients_ask (self->world, node, "transfer", &request.base, 120000, on_fetched, self);
}

static unsigned
copies (const market_t *self)
{
    unsigned count = 0;
    for (uint32_t i = 0; i < NODES; i++)
        count += sim_parts_has (disk_of (self, i), &self->content->sha256);
    return count;
}

static void
what_one_publishes_all_others_get_also_when_the_publisher_has_gone (void **state)
{
    (void) state;
    market_t market;
    market_open (&market, 600 * KIB);
    publish (&market, NODES - 1);
    world_run (market.world, 240 * SECOND);
    assert_int_equal (market.ended, 1);
    assert_int_equal (market.code, OK);
    assert_int_equal (market.stored, 3);
    assert_int_equal (copies (&market), 4);
    world_vanish (market.world, NODES - 1);
    market.ended = 0;
    for (uint32_t i = 0; i < NODES - 1; i++) {
        fetch (&market, i);
        world_run (market.world, world_now_us (market.world) + SECOND);
    }
    world_run (market.world, world_now_us (market.world) + 200 * SECOND);
    assert_int_equal (market.ended, NODES - 1);
    assert_int_equal (market.good, NODES - 1);
    assert_in_range (market.longest_ms, 1, 30000);
    assert_null (world_fault (market.world));
    market_close (&market);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (what_one_publishes_all_others_get_also_when_the_publisher_has_gone),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
