// SPDX-License-Identifier: MIT
//  How "dht" gets to know others: what becomes of a refresh that is answered late, or not at all.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "actors/dht/dht_inside.h"
#include "tests/memory_state.h"
#include "tests/puppet.h"
#include "tests/unit/dht_signed.h"

typedef struct {
    puppet_t dht, state;
    memory_state_t disk;
    identity_t identity;
    dht_settings_t settings;
} rig_t;

static rig_t rig;

//  A node, as others name it.
typedef struct {
    peer_key_t key;
    char address[ADDRESS_MAX + 1];
    uint8_t at[16];
    ProtobufCBinaryData addresses[1];
    Ggen__Contact contact;
} other_t;

static void
make_other (other_t *other, uint8_t number)
{
    const uint8_t at[] = {4, 24, number, 0, 1, 6, 0x0F, 0xA1};     //  /ip4/24.NUMBER.0.1/tcp/4001
    signer_t signer = signer_of (number);
    memcpy (other->key.bytes, signer.key.bytes, sizeof other->key.bytes);
    peer_id_address (&other->key, "dht", other->address);
    memcpy (other->at, at, sizeof at);
    other->addresses[0] = (ProtobufCBinaryData) {sizeof at, other->at};
    ggen__contact__init (&other->contact);
    other->contact.peer_key = peer_key_to_field (&other->key);
    other->contact.addresses = other->addresses;
    other->contact.n_addresses = 1;
}

static int
begin (void **state)
{
    (void) state;
    rig = (rig_t) {.disk = {.count = 0}};
    signer_t node = signer_of (200);
    memcpy (rig.identity.key, node.key.bytes, sizeof rig.identity.key);
    rig.settings = dht_settings_default (&rig.identity);
    puppet_start (&rig.state, &memory_state_actor, &rig.disk);
    puppet_start (&rig.dht, &dht_actor, &rig.settings);
    while (puppet_relay (&rig.dht, &rig.state))
        ;
    return 0;
}

static int
end (void **state)
{
    (void) state;
    puppet_stop (&rig.dht);
    puppet_stop (&rig.state);
    memory_state_clear (&rig.disk);
    return 0;
}

//  What was asked of it, with what it is answered; false: nothing was.
static bool
answers (const other_t *other, other_t *named)
{
    said_t said = {0};
    Ggen__FindNodeReply reply = GGEN__FIND_NODE_REPLY__INIT;
    Ggen__Contact *closer[] = {named ? &named->contact : NULL};
    if (!puppet_take (&rig.dht, other->address, &said))
        return false;
    reply.closer = closer;
    reply.n_closer = named != NULL;
    puppet_reply (&rig.dht, &said, &reply.base);
    return true;
}

static bool
refuses (const other_t *other)
{
    said_t said = {0};
    bool asked = puppet_take (&rig.dht, other->address, &said);
    if (asked)
        puppet_refuse (&rig.dht, &said, BUSY);
    return asked;
}

//  It has a session with us, and is asked whether it is there: its first answer.
static void
meet (other_t *other)
{
    char *protocols[] = {"dht/1"};
    Ggen__PeerUp up = GGEN__PEER_UP__INIT;
    up.peer_key = peer_key_to_field (&other->key);
    up.addresses = other->addresses;
    up.n_addresses = 1;
    up.protocols = protocols;
    up.n_protocols = 1;
    up.tier = GGEN__TIER__COMMUNITY;
    puppet_ask_from (&rig.dht, "swarm", &up.base, 0);
    puppet_wait (&rig.dht, 1);
    assert_true (answers (other, NULL));
}

static void
tell (Ggen__Connectivity connectivity)
{
    Ggen__ConnectivityChanged changed = GGEN__CONNECTIVITY_CHANGED__INIT;
    changed.connectivity = connectivity;
    puppet_ask_from (&rig.dht, "swarm", &changed.base, 0);
}

//  Else a node that joins by one that is slow for once knows nobody but it for ten minutes.
static void
whom_the_only_one_known_names_late_is_asked (void **state)
{
    (void) state;
    other_t first, second;
    make_other (&first, 1);
    make_other (&second, 2);
    meet (&first);
    puppet_wait (&rig.dht, 2000);
    assert_true (answers (&first, &second));
    puppet_wait (&rig.dht, 1);
    assert_true (answers (&second, NULL));
    assert_int_equal (kbucket_count (((dht_t *) actor_state (rig.dht.actor))->table), 2);
}

static void
a_refresh_that_nobody_answers_is_made_again_in_half_a_minute (void **state)
{
    (void) state;
    other_t first;
    make_other (&first, 1);
    meet (&first);
    for (unsigned i = 0; i < 3; i++) {
        puppet_wait (&rig.dht, 10);
        assert_true (refuses (&first));
        puppet_wait (&rig.dht, 20000);
        assert_false (refuses (&first));
        puppet_wait (&rig.dht, 11000);
    }
    puppet_wait (&rig.dht, 10);
    assert_true (answers (&first, NULL));
    puppet_wait (&rig.dht, 60000);
    assert_false (refuses (&first));
}

static void
without_a_network_it_waits_for_one (void **state)
{
    (void) state;
    other_t first;
    make_other (&first, 1);
    meet (&first);
    puppet_wait (&rig.dht, 10);
    tell (GGEN__CONNECTIVITY__OFFLINE);
    assert_true (refuses (&first));
    puppet_wait (&rig.dht, 120000);
    assert_false (refuses (&first));
    tell (GGEN__CONNECTIVITY__CONNECTED);
    puppet_wait (&rig.dht, 10);
    assert_true (refuses (&first));
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown (whom_the_only_one_known_names_late_is_asked, begin, end),
        cmocka_unit_test_setup_teardown (
            a_refresh_that_nobody_answers_is_made_again_in_half_a_minute, begin, end),
        cmocka_unit_test_setup_teardown (without_a_network_it_waits_for_one, begin, end),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
