// SPDX-License-Identifier: MIT
#include "network.h"

#include "actors/bulk/bulk_io.h"
#include "actors/dht/dht.h"
#include "actors/gossip/gossip.h"
#include "actors/registry/registry_p2p.h"
#include "actors/reputation/reputation.h"
#include "actors/swarm/beacon_io.h"
#include "actors/swarm/identity_io.h"
#include "actors/swarm/link_io.h"
#include "actors/swarm/names_io.h"
#include "actors/swarm/ports_io.h"
#include "actors/swarm/swarm.h"
#include "actors/transfer/transfer.h"
#include "config/config.h"

#include <assert.h>
#include <jansson.h>
#include <math.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert (DHT_SESSIONS_MAX >= SWARM_PEERS_MAX + SWARM_TRANSIENTS_MAX,
                "the dht knows of all sessions that swarm has");

#define ADDRESSES_MAX 8
#define TEXTS_MAX     64
#define ROLES_MAX     10

//  A node that lives for one call.
#define BRIEF_PEERS_MAX 16              //  that it keeps
#define BRIEF_PEERS     3               //  that it wants
#define BRIEF_JOIN_MS   5000            //  longest that it waits for the first
#define BRIEF_LAN_MS    1500            //  and for the local network alone

struct network_t {
    identity_file_t *identity;
    char peer_id[PEER_ID_TEXT + 1];
    bool brief;
    role_t roles[ROLES_MAX];
    unsigned roles_count;
    multiaddr_t listen[ADDRESSES_MAX];
    uint8_t announced_bytes[ADDRESSES_MAX][MULTIADDR_SIZE_MAX];
    bytes_t announced[ADDRESSES_MAX];
    uint8_t bootstrap_bytes[SWARM_BOOTSTRAPS_MAX][MULTIADDR_SIZE_MAX];
    swarm_bootstrap_t bootstraps[SWARM_BOOTSTRAPS_MAX];
    const char *private_ids[TEXTS_MAX];
    const char *categories[TEXTS_MAX];
    link_settings_t link;
    beacon_settings_t beacon;
    bulk_settings_t bulk;
    swarm_settings_t swarm;
    dht_settings_t dht;
    gossip_settings_t gossip;
    reputation_settings_t reputation;
    transfer_settings_t transfer;
    registry_p2p_settings_t registry;
};

static const char *const protocols[] = {"dht/1", "gossip/1", "transfer/1", NULL};
static const char *const protocols_of_clients[] = {"gossip/1", "transfer/1", NULL};
static const char *const nothing[] = {NULL};
static const char *const bulk_alone[] = {"bulk/1", NULL};
static const char *const bulk_protocols[] = {"dht/1", "gossip/1", "transfer/1", "bulk/1", NULL};
static const char *const bulk_protocols_of_clients[] = {"gossip/1", "transfer/1", "bulk/1", NULL};
static const char *const reachable[] = {"dht", "gossip", "transfer", NULL};
static const char *const listeners[] = {"dht", NULL};
static const char *const kept_listeners[] = {"gossip", "transfer", "reputation", "registry_p2p",
                                             NULL};
static const char *const kept_listeners_of_a_call[] = {"transfer", "reputation", "registry_p2p",
                                                       NULL};
static const char *const clock_listeners[] = {"dht", "gossip", NULL};
static const char *const clock_listeners_of_a_call[] = {"dht", NULL};

//  ---- addresses -----------------------------------------------------------------------------------

static code_t
parse (const char *key, const char *text, multiaddr_t *address, char *why, size_t why_size)
{
    char reason[160];
    if (multiaddr_parse (address, text, reason, sizeof reason) == OK)
        return OK;
    snprintf (why, why_size, "%s: %s: %s", key, text, reason);
    return CONFIG;
}

static code_t
too_many (const char *key, size_t max, char *why, size_t why_size)
{
    snprintf (why, why_size, "%s: more than %zu", key, max);
    return CONFIG;
}

static code_t
read_listen (network_t *self, const config_t *config, char *why, size_t why_size)
{
    const char *key = "network.listen_addresses";
    const json_t *list = config_list (config, key);
    if (json_array_size (list) > ADDRESSES_MAX)
        return too_many (key, ADDRESSES_MAX, why, why_size);
    self->link.addresses = self->listen;
    for (size_t i = 0; i < json_array_size (list); i++) {
        const char *text = json_string_value (json_array_get (list, i));
        code_t code = parse (key, text, &self->listen[i], why, why_size);
        if (code != OK)
            return code;
        if (self->listen[i].kind > MULTIADDR_IP6) {
            snprintf (why, why_size, "%s: %s: only an IP can be listened on", key, text);
            return CONFIG;
        }
        self->link.addresses_count++;
    }
    return OK;
}

static code_t
read_announced (network_t *self, const config_t *config, char *why, size_t why_size)
{
    const char *key = "network.announce_addresses";
    const json_t *list = config_list (config, key);
    if (json_array_size (list) > ADDRESSES_MAX)
        return too_many (key, ADDRESSES_MAX, why, why_size);
    self->swarm.announced = self->announced;
    for (size_t i = 0; i < json_array_size (list); i++) {
        multiaddr_t address;
        const char *text = json_string_value (json_array_get (list, i));
        code_t code = parse (key, text, &address, why, why_size);
        //  Who is told a name by a stranger does not look it up (actors/swarm/addresses.h).
        if (code == OK && (address.kind > MULTIADDR_IP6 || !multiaddr_is_dialable (&address))) {
            snprintf (why, why_size, "%s: %s: %s", key, text,
                      address.kind > MULTIADDR_IP6 ? "it has to be an IP" : "nobody can dial that");
            code = CONFIG;
        }
        if (code != OK)
            return code;
        address.has_peer = false;
        self->announced[i] = (bytes_t) {self->announced_bytes[i],
                                        multiaddr_encode (&address, self->announced_bytes[i])};
        self->swarm.announced_count++;
    }
    return OK;
}

static code_t
read_bootstraps (network_t *self, const config_t *config, char *why, size_t why_size)
{
    const char *key = "network.bootstrap_nodes";
    const json_t *list = config_list (config, key);
    if (json_array_size (list) > SWARM_BOOTSTRAPS_MAX)
        return too_many (key, SWARM_BOOTSTRAPS_MAX, why, why_size);
    self->swarm.bootstraps = self->bootstraps;
    for (size_t i = 0; i < json_array_size (list); i++) {
        multiaddr_t address;
        const char *text = json_string_value (json_array_get (list, i));
        code_t code = parse (key, text, &address, why, why_size);
        if (code == OK && !address.has_peer && address.kind != MULTIADDR_DNSADDR) {
            snprintf (why, why_size, "%s: %s: it has to end with /p2p/ID, the node's peer id", key,
                      text);
            code = CONFIG;
        }
        if (code != OK)
            return code;
        size_t size = multiaddr_encode (&address, self->bootstrap_bytes[i]);
        self->bootstraps[i] =
            (swarm_bootstrap_t) {{self->bootstrap_bytes[i], size}, (uint32_t) i};
        self->swarm.bootstraps_count++;
    }
    return OK;
}

static size_t
read_texts (const config_t *config, const char *key, const char *texts[TEXTS_MAX])
{
    const json_t *list = config_list (config, key);
    size_t count = json_array_size (list) < TEXTS_MAX ? json_array_size (list) : TEXTS_MAX;
    for (size_t i = 0; i < count; i++)
        texts[i] = json_string_value (json_array_get (list, i));
    return count;
}

//  ---- settings ------------------------------------------------------------------------------------

static void
fill_swarm (network_t *self, const config_t *config, const identity_t *identity)
{
    const bool server = config_bool (config, "network.dht_server_mode");
    swarm_settings_t *swarm = &self->swarm;
    swarm_settings_default (swarm);
    swarm->identity = identity;
    swarm->tier = server ? GGEN__TIER__COMMUNITY : GGEN__TIER__CLIENT;
    if (strcmp (config_string (config, "node.tier"), "bootstrap") == 0)
        swarm->tier = GGEN__TIER__BOOTSTRAP;
    swarm->bulk = config_bool (config, "network.bulk");
    if (swarm->bulk)
        swarm->protocols = server ? bulk_protocols : bulk_protocols_of_clients;
    else
        swarm->protocols = server ? protocols : protocols_of_clients;
    swarm->asked_protocols = swarm->bulk ? bulk_protocols : protocols;
    self->bulk.port = (uint16_t) config_int (config, "network.bulk_port");
    self->bulk.announced_port = (uint16_t) config_int (config, "network.announce_bulk_port");
    swarm->reachable = reachable;
    swarm->listeners = listeners;
    swarm->waits_for_bans = true;
    swarm->kept_listeners = kept_listeners;
    swarm->clock_listeners = clock_listeners;
    int64_t max_peers = config_int (config, "performance.max_peers");
    swarm->max_peers =
        max_peers < SWARM_PEERS_MAX ? (uint32_t) max_peers : SWARM_PEERS_MAX;
    swarm->min_peers = (uint32_t) config_int (config, "performance.min_peers");
}

static void
fill_others (network_t *self, const config_t *config, const identity_t *identity)
{
    self->dht = dht_settings_default (identity);
    self->dht.server = config_bool (config, "network.dht_server_mode");
    self->dht.query_timeout_ms = (uint32_t) config_ms (config, "performance.dht_query_timeout");
    self->gossip = gossip_settings_default ();
    self->gossip.identity = identity;
    self->gossip.follower = registry_p2p_actor.name;
    self->gossip.heartbeat_ms = (uint32_t) config_ms (config, "performance.gossipsub_heartbeat");

    reputation_settings_t *reputation = &self->reputation;
    *reputation = (reputation_settings_t) REPUTATION_SETTINGS_DEFAULT;
    reputation->identity = identity;
    reputation->ban_threshold = (uint32_t) config_int (config, "security.ban_threshold");
    reputation->min_peer_reputation = config_real (config, "security.min_peer_reputation", 0.7);
    reputation->prune_threshold = config_real (config, "reputation.prune_threshold", 0.2);
    reputation->prune_after_days = (uint32_t) config_int (config, "reputation.prune_after_days");
    reputation->latitude = config_real (config, "location.latitude", NAN);
    reputation->longitude = config_real (config, "location.longitude", NAN);
    reputation->located = !isnan (reputation->latitude) && !isnan (reputation->longitude);
}

static void
fill_packages (network_t *self, const config_t *config, const identity_t *identity)
{
    size_t private_count = read_texts (config, "p2p.private", self->private_ids);
    size_t categories_count = read_texts (config, "network.categories", self->categories);
    uint32_t replicas = (uint32_t) config_int (config, "storage.replicas");
    self->transfer = (transfer_settings_t) TRANSFER_SETTINGS_DEFAULT;
    self->transfer.identity = identity;
    self->transfer.hosts = self->swarm.tier == GGEN__TIER__COMMUNITY;
    self->transfer.host_max_bytes = (uint64_t) config_bytes (config, "storage.host_max");
    self->transfer.replicas = replicas;
    self->transfer.share_installed = config_bool (config, "storage.share_installed");
    self->transfer.private_patterns = self->private_ids;
    self->transfer.private_count = private_count;

    registry_p2p_settings_t *registry = &self->registry;
    *registry = registry_p2p_settings_default;
    registry->topic = config_string (config, "network.packages_topic");
    registry->categories = self->categories;
    registry->categories_count = (unsigned) categories_count;
    registry->private_ids = self->private_ids;
    registry->private_count = (unsigned) private_count;
    registry->replicas = replicas;
    registry->routes_only = self->swarm.tier == GGEN__TIER__BOOTSTRAP;
    registry->answer_ms = self->dht.query_timeout_ms;
    registry->refresh_ms = config_ms (config, "storage.hot_ttl") / 2;
    registry->min_publish_age_secs = config_ms (config, "security.min_publish_age") / 1000;
    registry->require_fresh = config_bool (config, "security.require_fresh");
}

//  STILL: nothing of it runs; BRIEF: for one call; ASKED: and the user wants the network.
typedef enum { STAYS, STILL, BRIEF, BRIEF_ASKED } life_t;

//  N1 and N3 of SPEC 6: what people are told while nobody is there.
static const char *
alone_text (const network_t *self)
{
    return self->swarm.bootstraps_count > 0 ? "P2P network unreachable, using local registry"
                                            : "operating in offline mode";
}

//  Somebody who set it wants it; by default every call would wait for an answer of nobody.
static bool
looks_around (const config_t *config, life_t life)
{
    return config_bool (config, "network.lan_discovery")
           && (life != BRIEF
               || strcmp (config_origin (config, "network.lan_discovery"), "default") != 0);
}

static void
make_brief (network_t *self)
{
    self->brief = true;
    self->swarm.tier = GGEN__TIER__CLIENT;
    self->swarm.protocols = self->swarm.bulk ? bulk_alone : nothing;
    self->swarm.reachable = nothing;
    self->swarm.kept_listeners = kept_listeners_of_a_call;
    self->swarm.clock_listeners = clock_listeners_of_a_call;
    self->swarm.max_peers = BRIEF_PEERS_MAX;
    self->swarm.min_peers = BRIEF_PEERS;
    //  Reputation wakes with the first peer, and ends its session if that one is banned.
    self->swarm.waits_for_bans = false;
    self->dht.server = false;
    self->dht.brief = true;
    self->transfer.hosts = self->transfer.share_installed = false;
    self->registry.brief = true;
    self->registry.join_ms = BRIEF_JOIN_MS;
}

static void
fill_beacon (network_t *self, const identity_t *identity)
{
    memcpy (self->beacon.key.bytes, identity->key, PEER_KEY_SIZE);
    self->beacon.silent = self->swarm.tier == GGEN__TIER__CLIENT;
    self->link.beacon = beacon_actor.name;
    self->registry.lan_ms = BRIEF_LAN_MS;
}

static void
cast (network_t *self, const actor_class_t *class, const void *settings)
{
    assert (self->roles_count < ROLES_MAX);
    self->roles[self->roles_count++] = (role_t) {NULL, class, settings};
}

static void
cast_roles (network_t *self)
{
    cast (self, &link_actor, &self->link);
    if (self->link.beacon)
        cast (self, &beacon_actor, &self->beacon);
    cast (self, &swarm_actor, &self->swarm);
    cast (self, &names_actor, NULL);
    cast (self, &dht_actor, &self->dht);
    if (!self->brief)
        cast (self, &gossip_actor, &self->gossip);
    cast (self, &reputation_actor, &self->reputation);
    cast (self, &transfer_actor, &self->transfer);
    cast (self, &registry_p2p_actor, &self->registry);
    if (self->swarm.bulk)
        cast (self, &bulk_actor, &self->bulk);
}

//  ---- life ----------------------------------------------------------------------------------------

static code_t
open_identity (network_t *self, const char *home, bool borrow, char *why, size_t why_size)
{
    char path[4096];
    if ((size_t) snprintf (path, sizeof path, "%s/p2p/keypair", home) >= sizeof path) {
        snprintf (why, why_size, "%s: too long", home);
        return VALIDATION;
    }
    code_t code = borrow ? identity_file_borrow (&self->identity, path)
                         : identity_file_open (&self->identity, path, why, why_size);
    if (code != OK)
        return code;
    peer_key_t key;
    const identity_t *identity = identity_file_identity (self->identity);
    memcpy (key.bytes, identity->key, sizeof key.bytes);
    peer_id_text (&key, self->peer_id);
    identity_file_transport (self->identity, self->link.public_key, self->link.secret_key);
    return OK;
}

//  "bulk" does without a port that it cannot have; one that was named should not go missing.
static code_t
try_bulk_port (const network_t *self, char *why, size_t why_size)
{
    multiaddr_t places[ADDRESSES_MAX];
    size_t count = 0;
    for (; self->swarm.bulk && self->bulk.port && count < self->link.addresses_count; count++) {
        if (self->listen[count].port == self->bulk.port) {
            snprintf (why, why_size, "network.bulk_port: %u is in network.listen_addresses, too",
                      self->bulk.port);
            return CONFIG;
        }
        places[count] = self->listen[count];
        places[count].port = self->bulk.port;
    }
    return ports_try (places, count, why, why_size);
}

//  Where others reach us.
static code_t
open_to_others (network_t *self, const config_t *config, life_t life, char *why, size_t why_size)
{
    code_t code = read_listen (self, config, why, why_size);
    self->bulk.addresses = self->listen;
    self->bulk.addresses_count = self->link.addresses_count;
    if (code == OK)
        code = read_announced (self, config, why, why_size);
    if (code == OK && life == STAYS)
        code = ports_try (self->listen, self->link.addresses_count, why, why_size);
    if (code == OK && life == STAYS)
        code = try_bulk_port (self, why, why_size);
    return code;
}

static code_t
open_network (network_t **self_p, const config_t *config, const char *home, life_t life, char *why,
              size_t why_size)
{
    const bool brief = life == BRIEF || life == BRIEF_ASKED;
    snprintf (why, why_size, "no memory");
    network_t *self = *self_p = calloc (1, sizeof *self);
    if (!self)
        return STORAGE;
    code_t code = open_identity (self, home, life != STAYS, why, why_size);
    if (code == OK) {
        const identity_t *identity = identity_file_identity (self->identity);
        fill_swarm (self, config, identity);
        fill_others (self, config, identity);
        fill_packages (self, config, identity);
        if (brief)
            make_brief (self);
        if (looks_around (config, life))
            fill_beacon (self, identity);
        cast_roles (self);
        code = read_bootstraps (self, config, why, why_size);
        self->registry.alone_text = alone_text (self);
    }
    if (code == OK && !brief)
        code = open_to_others (self, config, life, why, why_size);
    if (code != OK)
        network_close (self_p);
    return code;
}

code_t
network_open (network_t **self_p, const config_t *config, const char *home, char *why,
              size_t why_size)
{
    return open_network (self_p, config, home, STAYS, why, why_size);
}

code_t
network_open_still (network_t **self_p, const config_t *config, const char *home, char *why,
                    size_t why_size)
{
    return open_network (self_p, config, home, STILL, why, why_size);
}

code_t
network_open_brief (network_t **self_p, const config_t *config, const char *home, bool asked,
                    char *why, size_t why_size)
{
    return open_network (self_p, config, home, asked ? BRIEF_ASKED : BRIEF, why, why_size);
}

bool
network_built (void)
{
    return true;
}

bool
network_has_way_in (const config_t *config, bool asked)
{
    return json_array_size (config_list (config, "network.bootstrap_nodes")) > 0
           || looks_around (config, asked ? BRIEF_ASKED : BRIEF);
}

void
network_close (network_t **self_p)
{
    network_t *self = *self_p;
    if (!self)
        return;
    identity_file_close (&self->identity);
    sodium_memzero (self->link.secret_key, sizeof self->link.secret_key);
    free (self);
    *self_p = NULL;
}

bool
network_is_brief (const network_t *self)
{
    return self->brief;
}

bool
network_role (const network_t *self, unsigned index, role_t *role)
{
    if (index >= self->roles_count)
        return false;
    *role = self->roles[index];
    return true;
}

const char *
network_peer_id (const network_t *self)
{
    return self->peer_id;
}
