// SPDX-License-Identifier: MIT
//  Keys that were ground until they lie where their owners want them: many are drawn, and the closest
//  taken (SPEC 8 makes it no harder: a node id costs what its key does).
#include "adversary.h"

#include "actors/dht/contact.h"
#include "dht_key.h"
#include "library.h"

#include <stdlib.h>
#include <string.h>

#define DRAWS      8192u
#define NUMBERS    (UINT64_C (1) << 40)     //  away from those of nodes

typedef struct {
    uint64_t distance;
    uint64_t number;
} drawn_t;

typedef struct {
    drawn_t drawn[DRAWS];           //  the closest first
} ground_t;

static int
compare (const void *a, const void *b)
{
    uint64_t x = ((const drawn_t *) a)->distance, y = ((const drawn_t *) b)->distance;
    return (x > y) - (x < y);
}

static ground_t *
grind (const play_t *play, uint64_t target)
{
    ground_t *self = calloc (1, sizeof *self);
    if (!self)
        abort ();
    const crypto_t *crypto = world_crypto (play->world);
    for (unsigned i = 0; i < DRAWS; i++) {
        crypto_sim_identity_t pair;
        peer_key_t key;
        crypto_sim_identity (&pair, crypto == &crypto_real, world_seed (play->world), "node",
                             NUMBERS + i);
        memcpy (key.bytes, pair.identity.key, sizeof key.bytes);
        self->drawn[i] = (drawn_t) {contact_place (&key, crypto->sha256) ^ target, NUMBERS + i};
    }
    qsort (self->drawn, DRAWS, sizeof self->drawn[0], compare);
    return self;
}

static void
join_at (band_t *band, uint32_t node, uint64_t target)
{
    if (!band->plan)
        band->plan = grind (band->play, target);
    const ground_t *ground = band->plan;
    world_rekey (band->play->world, node, ground->drawn[band->nodes_count % DRAWS].number);
}

//  The first package is the one that is read most.
void
sybil_join (band_t *band, uint32_t node)
{
    play_t *play = band->play;
    digest_t key;
    publisher_key_t publisher;
    memcpy (publisher.bytes, library_publisher (play->library, 0)->identity->key,
            sizeof publisher.bytes);
    dht_key_head (&key, world_crypto (play->world)->sha256, "tool0-market", &publisher);
    join_at (band, node, contact_place_of (key.bytes));
}

//  The victim is the node of the first publisher: what it stores and reads goes through us, if anything
//  does.
void
eclipse_join (band_t *band, uint32_t node)
{
    play_t *play = band->play;
    uint32_t victim = library_publisher (play->library, 0)->node;
    peer_key_t key;
    memcpy (key.bytes, world_identity (play->world, victim)->key, sizeof key.bytes);
    join_at (band, node, contact_place (&key, world_crypto (play->world)->sha256));
}
