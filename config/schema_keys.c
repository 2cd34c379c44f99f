// SPDX-License-Identifier: MIT
#include "config/schema.h"

//  What settings without effect wait for.
#define PEERS         "the peer-to-peer network"
#define HTTP          "the HTTP registry and endpoint"
#define HOT_TIER      "a cache in memory"
#define RELEASE_AGE   "a choice of versions by age"
#define PACKAGES_PATH "a choice of where packages appear"

const schema_key_t schema_keys [] = {
    {"network.bootstrap_nodes", SCHEMA_PEERS, "[]", 0, 0, "/", "GGEN_P2P_BOOTSTRAP", PEERS,
     "nodes to join the network by; a smaller priority is dialled first"},
    {"network.listen_addresses", SCHEMA_LIST, "[\"/ip4/0.0.0.0/tcp/0\"]", 0, 0, "/",
     "GGEN_P2P_LISTEN", PEERS, "where this node accepts peers; port 0 = any free one"},
    {"network.dht_server_mode", SCHEMA_BOOL, "true", 0, 0, NULL, "GGEN_P2P_DHT_SERVER", PEERS,
     "keep DHT records for others, when peers can dial this node"},
    {"network.packages_topic", SCHEMA_TEXT, "\"/ggen/packages/v1\"", 0, 0, "/", NULL, PEERS,
     "gossip topic of package announcements"},
    {"network.lan_discovery", SCHEMA_BOOL, "true", 0, 0, NULL, NULL, PEERS,
     "find nodes of the local network by a UDP beacon"},
    {"network.categories", SCHEMA_LIST, "[]", 0, 0, NULL, NULL, PEERS,
     "categories whose announcements to follow; empty = all"},

    {"performance.max_peers", SCHEMA_INT, "128", 1, 4096, NULL, NULL, PEERS,
     "peers connected at once"},
    {"performance.min_peers", SCHEMA_INT, "5", 0, 4096, NULL, NULL, PEERS,
     "with fewer peers the node looks for more"},
    {"performance.dht_query_timeout", SCHEMA_SECONDS, "10", 0.1, 300, NULL, NULL, PEERS,
     "a DHT query answers with what it has after this, and ends at three times this"},
    {"performance.gossipsub_heartbeat", SCHEMA_SECONDS, "1", 0.1, 60, NULL, NULL, PEERS,
     "time between two rounds of mesh upkeep"},

    {"storage.cache_dir", SCHEMA_PATH, "\"cache\"", 0, 0, NULL, NULL, NULL,
     "where downloaded archives are kept"},
    {"storage.max_cache_size", SCHEMA_MIB, "1024", 1, 1048576, NULL, NULL, NULL,
     "archives beyond this are dropped, least recently used first"},
    {"storage.cache_capacity", SCHEMA_INT, "100", 1, 100000, NULL, NULL, HOT_TIER,
     "packages in the hot tier, in memory"},
    {"storage.hot_ttl", SCHEMA_SECONDS, "300", 0, 86400, NULL, NULL, HOT_TIER,
     "how long what is in the hot tier counts as true"},
    {"storage.replicas", SCHEMA_INT, "3", 0, 20, NULL, NULL, PEERS,
     "hosts that should hold what this node publishes"},
    {"storage.host_max", SCHEMA_MIB, "1024", 0, 1048576, NULL, NULL, PEERS,
     "space for packages hosted for others; 0 = host none"},
    {"storage.share_installed", SCHEMA_BOOL, "false", 0, 0, NULL, NULL, PEERS,
     "announce and serve installed packages; tells others what is installed here"},

    {"security.enable_tls", SCHEMA_BOOL, "true", 0, 0, NULL, NULL, PEERS,
     "encrypt connections (CURVE); false is accepted only when listening on loopback alone"},
    {"security.min_peer_reputation", SCHEMA_REAL, "0.7", 0, 1, NULL, NULL, PEERS,
     "peers below this are tried last"},
    {"security.ban_threshold", SCHEMA_INT, "10", 1, 1000, NULL, NULL, PEERS,
     "failures in a row, or flood violations, before a peer is banned"},
    {"security.min_publish_age", SCHEMA_SECONDS, "0", 0, 31536000, NULL, NULL, RELEASE_AGE,
     "versions younger than this are not chosen; one named exactly is"},
    {"security.require_fresh", SCHEMA_BOOL, "false", 0, 0, NULL, NULL, NULL,
     "refuse to choose 'latest' from an expired head"},

    {"reputation.prune_threshold", SCHEMA_REAL, "0.2", 0, 1, NULL, NULL, PEERS,
     "peers below this are forgotten"},
    {"reputation.prune_after_days", SCHEMA_INT, "7", 1, 3650, NULL, NULL, PEERS,
     "days before a peer below the threshold is forgotten"},

    {"location.latitude", SCHEMA_REAL, "null", -90, 90, NULL, NULL, PEERS,
     "degrees north; only to prefer near peers"},
    {"location.longitude", SCHEMA_REAL, "null", -180, 180, NULL, NULL, PEERS, "degrees east"},
    {"location.region", SCHEMA_TEXT, "null", 0, 0, NULL, NULL, PEERS, "shown to peers, free text"},

    {"node.tier", SCHEMA_CHOICE, "\"community\"", 0, 0, "community|bootstrap|client", NULL, PEERS,
     "bootstrap only routes and never publishes; client asks and never stores for others"},

    {"registry.mode", SCHEMA_CHOICE, "\"hybrid\"", 0, 0, "hybrid|file|p2p|http", NULL, NULL,
     "which registries answer; hybrid = all that are configured"},
    {"registry.url", SCHEMA_TEXT, "null", 0, 0, "http://|https://", "GGEN_REGISTRY_URL", HTTP,
     "HTTP registry: a mirror or another node"},
    {"registry.registry_path", SCHEMA_PATH, "\"registry\"", 0, 0, NULL, NULL, NULL,
     "the file registry"},
    {"registry.packages_path", SCHEMA_PATH, "\"packages\"", 0, 0, NULL, NULL, PACKAGES_PATH,
     "where installed packages appear"},

    {"p2p.enabled", SCHEMA_BOOL, "true", 0, 0, NULL, "GGEN_P2P_ENABLED|P2P_ENABLED", PEERS,
     "take part in the peer-to-peer network"},
    {"p2p.private", SCHEMA_LIST, "[]", 0, 0, NULL, NULL, PEERS,
     "patterns of ids (*, ?) that are never asked about or announced"},

    {"http.listen", SCHEMA_ENDPOINT, "\"\"", 0, 0, NULL, NULL, HTTP,
     "serve the registry, /metrics and /health over HTTP; empty = off"},

    {"log.level", SCHEMA_CHOICE, "\"info\"", 0, 0, "trace|debug|info|warn|error",
     "GGEN_LOG|RUST_LOG", NULL, "least important events to log"},

    {"limits.packed_mib", SCHEMA_MIB, "100", 1, 4096, NULL, NULL, NULL,
     "size of a package archive"},
    {"limits.unpacked_mib", SCHEMA_MIB, "512", 1, 16384, NULL, NULL, NULL,
     "size of a package unpacked, whatever its ratio"},
    {"limits.unpacked_floor_mib", SCHEMA_MIB, "16", 0, 16384, NULL, NULL, NULL,
     "up to this size the ratio is not looked at"},
    {"limits.unpacked_ratio", SCHEMA_INT, "20", 1, 1000, NULL, NULL, NULL,
     "unpacked size over packed size"},
    {"limits.entries", SCHEMA_INT, "50000", 1, 1000000, NULL, NULL, NULL,
     "files and directories of a package"},
    {"limits.path_bytes", SCHEMA_INT, "1024", 16, 4096, NULL, NULL, NULL,
     "length of a path inside a package"},
    {"limits.depth", SCHEMA_INT, "64", 1, 256, NULL, NULL, NULL,
     "directories inside each other in a package"},
    {"limits.manifest_bytes", SCHEMA_INT, "1048576", 1024, 1048576, NULL, NULL, NULL,
     "size of a manifest"},
    {"limits.rpc_rate", SCHEMA_INT, "20000", 1, 10000000, NULL, NULL, PEERS,
     "cost a peer's requests may have per second (read 1, store 5, verify 10)"},
    {"limits.rpc_burst", SCHEMA_INT, "40000", 1, 10000000, NULL, NULL, PEERS,
     "cost a peer's requests may have at once"},
    {"limits.search_per_minute", SCHEMA_INT, "10", 0, 100000, NULL, NULL, PEERS,
     "searches a peer may ask"},
    {"limits.gossip_per_second", SCHEMA_INT, "1000", 1, 1000000, NULL, NULL, PEERS,
     "gossip messages a peer may send"},
    {0}
};
