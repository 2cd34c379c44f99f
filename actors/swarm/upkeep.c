// SPDX-License-Identifier: MIT
#include "upkeep.h"

#include "bootstraps.h"
#include "connectivity.h"
#include "dials.h"
#include "keep.h"
#include "sessions.h"
#include "stay.h"

#include <string.h>

//  What is still to be done in one run.
typedef struct {
    int64_t now_ms;
    int64_t next_ms;                //  when there will be something to do
} run_t;

static void
wait_until (run_t *run, int64_t at_ms)
{
    if (at_ms < run->next_ms)
        run->next_ms = at_ms;
}

void
upkeep_soon (swarm_t *self)
{
    self->upkeep_ms = out_now_ms (self->out);
}

bool
upkeep_begin (swarm_t *self)
{
    self->upkeep_ms = out_now_ms (self->out);
    return bootstraps_begin (self);
}

//  ---- dialling ----------------------------------------------------------------------------------

//  False: nobody is dialled now.
static bool
dial (swarm_t *self, const peer_key_t *key, addresses_t *addresses, bool kept, link_t **link_p)
{
    char text[PEER_ID_TEXT + 1];
    dial_t request = {.key = key, .addresses = addresses, .kept = kept};
    *link_p = NULL;
    if (key) {
        peer_id_text (key, text);
        if (sessions_peer (self, text)) {
            addresses_clear (addresses);
            return false;
        }
    }
    return dials_begin (self, &request, link_p).code == OK;
}

static bool
copy_addresses (addresses_t *copy, const addresses_t *addresses)
{
    ProtobufCBinaryData fields[MULTIADDR_PEER_MAX];
    size_t count = addresses_fields (addresses, fields);
    return addresses_set (copy, fields, count, NULL, NULL);
}

static void
dial_known (swarm_t *self, known_t *known, run_t *run)
{
    addresses_t addresses;
    link_t *link;
    const peer_key_t key = known->key;
    bool persistent = known->persistent;
    known->tried_ms = run->now_ms;
    known->next_ms = run->now_ms + BOOK_RETRY_MS;
    if (!copy_addresses (&addresses, &known->addresses)
        || !dial (self, &key, &addresses, true, &link)) {
        wait_until (run, run->now_ms + BOOK_RETRY_MS);
        return;
    }
    link->greeting->persistent = persistent;
}

static void
dial_bootstrap (swarm_t *self, bootstrap_t *bootstrap, run_t *run)
{
    addresses_t addresses;
    link_t *link;
    uint32_t number = (uint32_t) (bootstrap - self->bootstraps);
    bytes_t address = self->settings->bootstraps[number].address;
    ProtobufCBinaryData field = {address.size, (uint8_t *) address.data};
    self->bootstrapped_ms = run->now_ms;
    bootstrap->next_ms = run->now_ms + BOOK_RETRY_MS;
    peer_key_t its;
    const peer_key_t *key = bootstraps_key (self, bootstrap, &its) ? &its : NULL;
    if (!addresses_set (&addresses, &field, 1, NULL, key)
        || !dial (self, key, &addresses, false, &link)) {
        wait_until (run, run->now_ms + BOOK_RETRY_MS);
        return;
    }
    link->bootstrap = (uint8_t) (number + 1);
    bootstrap->linked = true;
}

//  ---- choosing ----------------------------------------------------------------------------------

static int64_t
due_ms (const swarm_t *self, const known_t *known)
{
    if (connectivity_eager (self)) {
        int64_t again_ms = known->tried_ms + UPKEEP_EAGER_RETRY_MS;
        return again_ms < known->next_ms && known->tries > 0 ? again_ms : known->next_ms;
    }
    return known->next_ms;
}

//  Of those that are due one with the fewest failures, by chance.
static known_t *
next_known (swarm_t *self, run_t *run)
{
    known_t *best = NULL;
    uint32_t equals = 0;
    for (uint32_t i = 0; i < book_count (self->book); i++) {
        known_t *known = book_at (self->book, i);
        if (known->linked || known->addresses.size == 0)
            continue;
        if (due_ms (self, known) > run->now_ms) {
            wait_until (run, due_ms (self, known));
            continue;
        }
        if (best && known->tries > best->tries)
            continue;
        equals = best && known->tries == best->tries ? equals + 1 : 1;
        if (equals == 1 || rng_below (self->rng, equals) == 0)
            best = known;
    }
    return best;
}

static void
dial_persistent (swarm_t *self, run_t *run)
{
    for (uint32_t i = 0; i < book_count (self->book); i++) {
        known_t *known = book_at (self->book, i);
        if (!known->persistent || known->linked)
            continue;
        if (due_ms (self, known) <= run->now_ms)
            dial_known (self, known, run);
        else
            wait_until (run, due_ms (self, known));
    }
}

//  A session that we have and that was not meant to stay.
static link_t *
at_hand (const swarm_t *self, run_t *run)
{
    link_t *best = NULL, *link;
    uint32_t cursor = 0;
    while ((link = links_next (self->links, &cursor)) != NULL) {
        if (link->state != LINK_SESSION || link->kept
            || (link->tier == GGEN__TIER__CLIENT && link->inbound))
            continue;
        if (!stay_may_ask (self, link))
            wait_until (run, link->apart_ms);
        else if (!best || link->tier > best->tier
                 || (link->tier == best->tier && best->inbound && !link->inbound))
            best = link;
    }
    return best;
}

//  Bootstrap nodes have many to serve: those with enough other peers let them go.
static void
release_bootstraps (swarm_t *self)
{
    uint32_t others = 0, cursor = 0;
    link_t *link;
    while ((link = links_next (self->links, &cursor)) != NULL)
        others += link->state == LINK_SESSION && link->kept
                  && link->tier != GGEN__TIER__BOOTSTRAP;
    if (others < self->settings->min_peers)
        return;
    cursor = 0;
    while ((link = links_next (self->links, &cursor)) != NULL)
        if (link->state == LINK_SESSION && link->kept && !link->persistent && !link->inbound
            && link->tier == GGEN__TIER__BOOTSTRAP)
            stay_release (self, link);
}

static known_t *
one_of_the_lost (const swarm_t *self)
{
    known_t *found = NULL;
    uint32_t count = 0;
    for (uint32_t i = 0; i < book_count (self->book); i++) {
        known_t *known = book_at (self->book, i);
        if (known->lost_ms == 0 || known->linked || known->addresses.size == 0)
            continue;
        if (rng_below (self->rng, ++count) == 0)
            found = known;
    }
    return found;
}

static void
probe (swarm_t *self, run_t *run)
{
    if (run->now_ms >= self->probe_until_ms)
        return;
    if (self->probe_ms <= run->now_ms) {
        known_t *known = one_of_the_lost (self);
        if (!known)
            return;
        self->probe_ms = run->now_ms + book_jitter_ms (self->rng, UPKEEP_EAGER_RETRY_MS / 2);
        dial_known (self, known, run);
    }
    wait_until (run, self->probe_ms);
}

static uint32_t
kept_dials (const swarm_t *self)
{
    uint32_t count = 0, cursor = 0;
    const link_t *link;
    while ((link = links_next (self->links, &cursor)) != NULL)
        count += link->greeting && !link->inbound && (link->greeting->kept || link->bootstrap);
    return count;
}

void
upkeep_run (swarm_t *self, int64_t now_ms)
{
    run_t run = {.now_ms = now_ms, .next_ms = DEADLINE_NEVER};
    if (now_ms < self->bans_due_ms) {
        self->upkeep_ms = self->bans_due_ms;
        return;
    }
    uint32_t wanted = connectivity_wanted (self), dials = kept_dials (self);
    uint32_t dials_max = connectivity_eager (self) ? 2 * UPKEEP_DIALS_MAX : UPKEEP_DIALS_MAX;
    dial_persistent (self, &run);
    probe (self, &run);
    uint32_t kept = links_census (self->links).kept;
    link_t *link;
    known_t *known;
    bootstrap_t *bootstrap;
    for (; kept < wanted && (link = at_hand (self, &run)) != NULL; kept++)
        stay_keep (self, link, false);
    while (kept + dials < wanted && dials < dials_max
           && (known = next_known (self, &run)) != NULL) {
        dial_known (self, known, &run);
        dials++;
    }
    while (kept + dials < wanted && dials < dials_max
           && (bootstrap = bootstraps_next (self, now_ms, &run.next_ms)) != NULL) {
        dial_bootstrap (self, bootstrap, &run);
        dials++;
    }
    if (kept >= wanted)
        release_bootstraps (self);
    self->upkeep_ms = run.next_ms;
}

//  ---- what happened -----------------------------------------------------------------------------

void
upkeep_dialled (swarm_t *self, const link_t *link)
{
    known_t *known = link->named ? book_find (self->book, &link->key) : NULL;
    if (known)
        known->linked = true;
}

void
upkeep_failed (swarm_t *self, const link_t *link)
{
    bootstrap_t *bootstrap = bootstraps_of (self, link);
    if (bootstrap)
        bootstraps_failed (self, bootstrap);
    if (!link->named)
        return;
    known_t *known = book_find (self->book, &link->key);
    if (known)
        known->linked = false;
    book_failed (self->book, &link->key, self->rng, out_now_ms (self->out));
    if (link->greeting->kept || bootstrap)
        upkeep_soon (self);
}

//  Names that somebody gave it: they stay true when its IP does not.
static size_t
add_names (ProtobufCBinaryData fields[MULTIADDR_PEER_MAX], const known_t *known)
{
    size_t count = 0;
    uint16_t cursor = 0;
    bytes_t address;
    while (known && addresses_next (&known->addresses, &cursor, &address))
        if (addresses_is_name (address))
            fields[count++] = (ProtobufCBinaryData) {address.size, (uint8_t *) address.data};
    return count;
}

//  The address that was dialled first, then names, then what the peer says of itself.
static bool
all_addresses (const swarm_t *self, addresses_t *all, const link_t *link, bytes_t dialled)
{
    ProtobufCBinaryData fields[2 * MULTIADDR_PEER_MAX + 1];
    size_t count = 0;
    if (dialled.size > 0)
        fields[count++] = (ProtobufCBinaryData) {dialled.size, (uint8_t *) dialled.data};
    count += add_names (fields + count, book_find (self->book, &link->key));
    ProtobufCBinaryData said[MULTIADDR_PEER_MAX];
    size_t said_count = addresses_fields (&link->addresses, said);
    for (size_t i = 0; i < said_count; i++)
        if (dialled.size != said[i].len || memcmp (said[i].data, dialled.data, dialled.size) != 0)
            fields[count++] = said[i];
    return addresses_set (all, fields, count, NULL, &link->key);
}

//  One that was lost is back: so may be the others.
static void
found_again (swarm_t *self, known_t *known)
{
    int64_t now_ms = out_now_ms (self->out);
    known->lost_ms = 0;
    if (now_ms >= self->probe_until_ms)
        return;
    self->probe_ms = now_ms;
    book_forgive (self->book, now_ms);
    upkeep_soon (self);
}

void
upkeep_up (swarm_t *self, link_t *link, bytes_t dialled)
{
    bootstrap_t *bootstrap = bootstraps_of (self, link);
    if (bootstrap) {
        bootstrap->linked = true;
        bootstrap->tries = 0;
        link->bootstrap = (uint8_t) (bootstrap - self->bootstraps + 1);
    }
    book_reached (self->book, &link->key);
    addresses_t all;
    if (!(link->inbound && link->tier == GGEN__TIER__CLIENT)
        && all_addresses (self, &all, link, dialled)) {
        known_t *known =
            all.size > 0 ? keep_known (self, &link->key, &all) : book_find (self->book, &link->key);
        if (known) {
            if (known->lost_ms > 0)
                found_again (self, known);
            known->linked = true;
            if (link->apart_ms < known->apart_ms)
                link->apart_ms = known->apart_ms;
            known->persistent |= link->persistent;
            link->persistent = known->persistent;
            if (!link->inbound && known->good_at == 0)
                known->dirty = true;
            if (!link->inbound)
                known->good_at = out_wall_ms (self->out) / 1000;
        }
        addresses_clear (&all);
        keep_soon (self);
    }
    if (link->persistent && !link->kept)
        stay_keep (self, link, true);
    if (links_census (self->links).kept < connectivity_wanted (self) || link->kept)
        upkeep_soon (self);
}

void
upkeep_down (swarm_t *self, const link_t *link, code_t code)
{
    int64_t now_ms = out_now_ms (self->out);
    bootstrap_t *bootstrap = bootstraps_of (self, link);
    if (bootstrap) {
        bootstrap->linked = false;
        int64_t next_ms = now_ms + book_jitter_ms (self->rng, BOOK_RETRY_MS);
        if (bootstrap->next_ms < next_ms)
            bootstrap->next_ms = next_ms;
    }
    known_t *known = book_find (self->book, &link->key);
    if (known) {
        known->linked = false;
        if (known->next_ms < now_ms)
            known->next_ms = now_ms + book_jitter_ms (self->rng, BOOK_RETRY_MS / 2);
    }
    if (link->kept && code == CONNECTION_FAILED) {
        if (known)
            book_lost (self->book, known, now_ms);
        if (self->lost_ms > 0 && now_ms - self->lost_ms < UPKEEP_BURST_MS)
            self->probe_until_ms = now_ms + UPKEEP_EAGER_MS;
        self->lost_ms = now_ms;
    }
    if (link->kept)
        upkeep_soon (self);
}

void
upkeep_refused (swarm_t *self, const link_t *link)
{
    bootstrap_t *bootstrap = bootstraps_of (self, link);
    known_t *known = book_find (self->book, &link->key);
    if (bootstrap && bootstrap->next_ms < link->apart_ms)
        bootstrap->next_ms = link->apart_ms;
    if (known)
        known->apart_ms = link->apart_ms;
    book_pause (self->book, &link->key, link->apart_ms);
    upkeep_soon (self);
}

bool
upkeep_persist (swarm_t *self, const peer_key_t *key, const addresses_t *addresses)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < book_count (self->book); i++)
        count += book_at (self->book, i)->persistent;
    known_t *known = book_find (self->book, key);
    if (known && known->persistent)
        return true;
    if (count < BOOK_PERSISTENT_MAX && !known)
        known = keep_known (self, key, addresses);
    if (count == BOOK_PERSISTENT_MAX || !known)
        return false;
    known->dirty = known->persistent = true;
    keep_soon (self);
    upkeep_soon (self);
    return true;
}

void
upkeep_leave (swarm_t *self, const peer_key_t *key)
{
    int64_t until_ms = out_now_ms (self->out) + LEAVE_PAUSE_SECS * INT64_C (1000);
    for (uint32_t i = 0; i < book_count (self->book); i++) {
        known_t *known = book_at (self->book, i);
        if (key && !peer_key_equal (&known->key, key))
            continue;
        known->dirty |= known->persistent;
        known->persistent = false;
        known->lost_ms = 0;
        if (known->next_ms < until_ms)
            known->next_ms = until_ms;
    }
    bootstraps_leave (self, key, until_ms);
    keep_soon (self);
}
