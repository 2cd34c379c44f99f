// SPDX-License-Identifier: MIT
//  "reputation" in the hands of a test, with a state that the test drives, and peers by number.
//  Include after cmocka.h.
#ifndef GGEN_TESTS_REPUTATION_RIG_H
#define GGEN_TESTS_REPUTATION_RIG_H

#include "actors/reputation/ledger.h"
#include "actors/reputation/reputation.h"
#include "tests/memory_state.h"
#include "tests/puppet.h"

#include "reputation.pb-c.h"
#include "swarm.pb-c.h"

#define WALL_SECS 1763600000

static memory_state_t kept;
static puppet_t reputation, state;
static reputation_settings_t settings;
static identity_t identity;

//  ---- life --------------------------------------------------------------------------------------

static inline void
rig_settle (void)
{
    while (puppet_relay (&reputation, &state))
        ;
}

//  As it is at a start of the program: what was kept is there.
static inline void
rig_start (void)
{
    puppet_start (&state, &memory_state_actor, &kept);
    puppet_start (&reputation, &reputation_actor, &settings);
}

static inline void
rig_stop (void)
{
    puppet_stop (&reputation);
    puppet_stop (&state);
}

static inline void
rig_restart (void)
{
    rig_stop ();
    rig_start ();
    rig_settle ();
}

static inline int
rig_setup (void **unused)
{
    (void) unused;
    memset (&reputation, 0, sizeof reputation);
    memset (&state, 0, sizeof state);
    memory_state_clear (&kept);
    kept = (memory_state_t) {.count = 0};
    settings = (reputation_settings_t) REPUTATION_SETTINGS_DEFAULT;
    memset (identity.key, 0xEE, sizeof identity.key);
    settings.identity = &identity;
    rig_start ();
    rig_settle ();
    return 0;
}

static inline int
rig_teardown (void **unused)
{
    (void) unused;
    rig_stop ();
    memory_state_clear (&kept);
    return 0;
}

//  Time passes, and "state" answers meanwhile; what is due at the end is done.
static inline void
rig_wait (int64_t ms)
{
    int64_t until_ms = reputation.now_ms + ms;
    rig_settle ();
    while (reputation.now_ms < until_ms || actor_deadline_ms (reputation.actor) <= until_ms) {
        int64_t next_ms = actor_deadline_ms (reputation.actor);
        if (next_ms > until_ms)
            next_ms = until_ms;
        puppet_wait (&reputation, next_ms > reputation.now_ms ? next_ms - reputation.now_ms : 0);
        state.now_ms = reputation.now_ms;
        rig_settle ();
    }
}

//  ---- peers -------------------------------------------------------------------------------------

typedef struct {
    uint8_t bytes[32];
} peer_t;

static inline peer_t
peer (uint32_t number)
{
    peer_t key = {{0xAA}};
    memcpy (key.bytes + 4, &number, sizeof number);
    return key;
}

static inline ProtobufCBinaryData
field_of (peer_t *key)
{
    return (ProtobufCBinaryData) {sizeof key->bytes, key->bytes};
}

//  ---- events ------------------------------------------------------------------------------------

static inline void
rig_event (const ProtobufCMessage *message)
{
    size_t size;
    uint8_t *body = puppet_pack (message, &size);
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    envelope.kind = GGEN__KIND__EVENT;
    envelope.from = "swarm";
    envelope.type = (char *) message->descriptor->short_name;
    assert_int_equal (puppet_deliver (&reputation, &envelope, body, size), OK);
    free (body);
}

static inline void
saw_package (uint32_t number, Ggen__Experience experience, uint32_t took_ms, uint32_t package)
{
    peer_t key = peer (number);
    uint8_t digest[32] = {(uint8_t) (package >> 8), (uint8_t) package};
    Ggen__Observation seen = GGEN__OBSERVATION__INIT;
    seen.peer_key = field_of (&key);
    seen.experience = experience;
    seen.took_ms = took_ms;
    if (package)
        seen.sha256 = (ProtobufCBinaryData) {sizeof digest, digest};
    seen.detail = "chunk 7";
    rig_event (&seen.base);
}

static inline void
saw (uint32_t number, Ggen__Experience experience)
{
    saw_package (number, experience, 0, 0);
}

static inline void
comes_up_as (uint32_t number, bool kept_link)
{
    peer_t key = peer (number);
    Ggen__PeerUp up = GGEN__PEER_UP__INIT;
    up.peer_key = field_of (&key);
    up.kept = kept_link;
    rig_event (&up.base);
}

static inline void
comes_up (uint32_t number)
{
    comes_up_as (number, true);
}

static inline void
goes_down (uint32_t number, Ggen__Code code)
{
    peer_t key = peer (number);
    Ggen__PeerDown down = GGEN__PEER_DOWN__INIT;
    down.peer_key = field_of (&key);
    down.code = code;
    rig_event (&down.base);
}

//  So many of our peers, from number 1000 on, have a session and do nothing.
static inline void
has_company (uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        comes_up (1000 + i);
}

static inline void
says_where (uint32_t number, double latitude, double longitude)
{
    peer_t key = peer (number);
    Ggen__PeerLocation location = GGEN__PEER_LOCATION__INIT;
    location.peer_key = field_of (&key);
    location.latitude = latitude;
    location.longitude = longitude;
    rig_event (&location.base);
}

//  ---- what it says ------------------------------------------------------------------------------

//  Does it tell swarm that the bans of earlier runs are all told? Taken.
static inline bool
told_all (void)
{
    for (unsigned i = 0; i < reputation.said_count; i++)
        if (strcmp (reputation.said[i].envelope->type, "BansTold") == 0) {
            said_free (&reputation.said[i]);
            memmove (&reputation.said[i], &reputation.said[i + 1],
                     (--reputation.said_count - i) * sizeof reputation.said[0]);
            return true;
        }
    return false;
}

//  The next order to swarm, which has to be for this peer. Returns its seconds.
static inline uint32_t
next_order (uint32_t number)
{
    said_t said = {0};
    told_all ();
    assert_true (puppet_take (&reputation, "swarm", &said));
    assert_string_equal (said.envelope->type, "BanOrder");
    assert_int_equal (said.envelope->kind, GGEN__KIND__EVENT);
    Ggen__BanOrder *order = ggen__ban_order__unpack (NULL, said.body_size, said.body);
    assert_non_null (order);
    peer_t key = peer (number);
    assert_int_equal (order->peer_key.len, sizeof key.bytes);
    assert_memory_equal (order->peer_key.data, key.bytes, sizeof key.bytes);
    uint32_t secs = order->secs;
    ggen__ban_order__free_unpacked (order, NULL);
    said_free (&said);
    return secs;
}

static inline unsigned
orders_count (void)
{
    unsigned count = 0;
    for (unsigned i = 0; i < reputation.said_count; i++)
        count += strcmp (reputation.said[i].envelope->type, "BanOrder") == 0;
    return count;
}

//  What it says of one peer; free it with puppet_free.
static inline Ggen__ReputationReply *
asked_about (uint32_t number)
{
    peer_t key = peer (number);
    ProtobufCBinaryData field = field_of (&key);
    Ggen__ReputationRequest ask = GGEN__REPUTATION_REQUEST__INIT;
    ask.peer_keys = &field;
    ask.n_peer_keys = 1;
    puppet_ask (&reputation, &ask.base);
    Ggen__ReputationReply *reply = puppet_hear (&reputation, &ggen__reputation_reply__descriptor);
    assert_int_equal (reply->n_peers, 1);
    return reply;
}

static inline bool
is_banned (uint32_t number)
{
    Ggen__ReputationReply *reply = asked_about (number);
    bool banned = reply->peers[0]->score->banned;
    assert_int_equal (banned, reply->peers[0]->banned_until > 0);
    puppet_free (reply);
    return banned;
}

static inline Ggen__ReputationReply *
asked_about_all (void)
{
    Ggen__ReputationRequest ask = GGEN__REPUTATION_REQUEST__INIT;
    puppet_ask (&reputation, &ask.base);
    return puppet_hear (&reputation, &ggen__reputation_reply__descriptor);
}

//  Of peers 'first' .. 'last', the order in which they come.
static inline Ggen__RankReply *
ranked (uint32_t first, uint32_t last)
{
    peer_t keys[32];
    ProtobufCBinaryData fields[32];
    Ggen__RankRequest ask = GGEN__RANK_REQUEST__INIT;
    ask.peer_keys = fields;
    assert_true (last - first < COUNT_OF (keys));
    for (uint32_t number = first; number <= last; number++) {
        keys[ask.n_peer_keys] = peer (number);
        fields[ask.n_peer_keys] = field_of (&keys[ask.n_peer_keys]);
        ask.n_peer_keys++;
    }
    puppet_ask (&reputation, &ask.base);
    return puppet_hear (&reputation, &ggen__rank_reply__descriptor);
}

static inline void
expect_rank (const Ggen__RankReply *reply, size_t place, uint32_t number)
{
    peer_t key = peer (number);
    assert_memory_equal (reply->peers[place]->peer_key.data, key.bytes, sizeof key.bytes);
}

static inline void
ask_ban (uint32_t number, uint32_t secs)
{
    peer_t key = peer (number);
    Ggen__BanRequest ask = GGEN__BAN_REQUEST__INIT;
    ask.peer_key = field_of (&key);
    ask.secs = secs;
    ask.reason = "I say so";
    puppet_ask (&reputation, &ask.base);
}

static inline void
ask_unban (uint32_t number)
{
    peer_t key = peer (number);
    Ggen__UnbanRequest ask = GGEN__UNBAN_REQUEST__INIT;
    ask.peer_key = field_of (&key);
    puppet_ask (&reputation, &ask.base);
}

static inline void
expect_failure (code_t code)
{
    Ggen__Failure *failure = puppet_hear (&reputation, &ggen__failure__descriptor);
    assert_int_equal (failure->code, code);
    puppet_free (failure);
}

#endif
