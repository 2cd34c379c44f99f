// SPDX-License-Identifier: MIT
//  What actors take that have nothing to do: the simulator seats them by the ten thousand.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "actors/cache/cache.h"
#include "actors/reputation/reputation.h"
#include "actors/trust/trust.h"
#include "tests/memory_state.h"
#include "tests/puppet.h"

#include "cache.pb-c.h"
#include "upkeep.pb-c.h"

#include <malloc.h>

#define MANY 64

static void *
blank_create (const actor_env_t *env)
{
    (void) env;
    return malloc (1);
}

static const handler_t blank_rows[] = {{0}};
static const actor_class_t blank_actor = {
    .name = "blank", .create = blank_create, .destroy = free, .rows = blank_rows};

//  Answer what it asks at birth: there is nothing.
static void
settle (puppet_t *actor)
{
    static memory_state_t nothing;
    puppet_t state = {.wall_ms = 1};
    said_t said = {0};
    puppet_start (&state, &memory_state_actor, &nothing);
    while (puppet_relay (actor, &state))
        ;
    puppet_stop (&state);
    if (puppet_take (actor, "blobs", &said)) {
        Ggen__BlobListReply none = GGEN__BLOB_LIST_REPLY__INIT;
        puppet_reply (actor, &said, &none.base);
    }
    puppet_take (actor, "swarm", &said);        //  BansTold
    assert_int_equal (actor->said_count, 0);
}

//  What one of them takes.
static size_t
idle_bytes (const actor_class_t *class, const void *settings)
{
    static puppet_t many[MANY];
    for (unsigned warm = 0;; warm++) {
        size_t before = mallinfo2 ().uordblks;
        for (size_t i = 0; i < MANY; i++) {
            many[i] = (puppet_t) {.wall_ms = 1763600000000};
            puppet_start (&many[i], class, settings);
            settle (&many[i]);
        }
        size_t bytes = (mallinfo2 ().uordblks - before) / MANY;
        for (size_t i = 0; i < MANY; i++)
            puppet_stop (&many[i]);
        if (warm == 1)
            return bytes;
    }
}

//  Beside what every actor takes.
static size_t
own_bytes (const actor_class_t *class, const void *settings)
{
    size_t blank = idle_bytes (&blank_actor, NULL), bytes = idle_bytes (class, settings);
    return bytes > blank ? bytes - blank : 0;
}

//  An instrumented allocator takes more for each block.
static void
takes_at_most (const actor_class_t *class, const void *settings, size_t bytes_max)
{
#ifdef GGEN_INSTRUMENTED
    skip ();
#endif
    assert_in_range (own_bytes (class, settings), 100, bytes_max);
}

static void
an_idle_reputation_takes_less_than_1_KiB (void **state)
{
    (void) state;
    const reputation_settings_t settings = REPUTATION_SETTINGS_DEFAULT;
    takes_at_most (&reputation_actor, &settings, 1024);
}

static void
an_idle_cache_takes_less_than_2_KiB (void **state)
{
    (void) state;
    const cache_settings_t settings = {
        .bytes_max = 1000,
        .hot = {HOT_ENTRIES_DEFAULT, HOT_BYTES_DEFAULT, HOT_TTL_MS, HOT_ABSENT_TTL_MS}};
    takes_at_most (&cache_actor, &settings, 2048);
}

static void
an_idle_trust_takes_less_than_3_KiB (void **state)
{
    (void) state;
    takes_at_most (&trust_actor, NULL, 3072);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (an_idle_reputation_takes_less_than_1_KiB),
        cmocka_unit_test (an_idle_cache_takes_less_than_2_KiB),
        cmocka_unit_test (an_idle_trust_takes_less_than_3_KiB),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
