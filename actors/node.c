// SPDX-License-Identifier: MIT
#include "node.h"

#include "network.h"

#include "actors/cache/blobs_io.h"
#include "actors/cache/cache.h"
#include "actors/cache/web_io.h"
#include "actors/installer/installer.h"
#include "actors/registry/registry.h"
#include "actors/registry/registry_file_io.h"
#include "actors/registry/registry_sources_io.h"
#include "actors/registry/source_file_io.h"
#include "actors/registry/sources_io.h"
#include "actors/store/sandbox_io.h"
#include "actors/store/store_io.h"
#include "actors/trust/keyring_io.h"
#include "actors/trust/trust.h"
#include "config/config.h"
#include "runtime/actor/rehearsal.h"
#include "runtime/host/host.h"
#include "runtime/host/log.h"
#include "runtime/host/notify.h"
#include "runtime/host/state_io.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROLES_MAX 24

typedef struct {
    host_t *host;
    role_t roles[ROLES_MAX];
    unsigned roles_count;
    network_t *network;         //  NULL: this node is not of the network
    bool tapped;                //  somebody may listen to its tap
    bool may_be_left;           //  running, by a process that ends

    //  What the actors are told; the texts belong to the node.
    char *home;
    char *registry_dir;
    char *cache_dir;
    char *url;                  //  of the HTTP registry, when it is asked
    char *state_path;
    char *keys_dir;
    registry_backend_t backends[3];
    registry_settings_t registry;
    registry_file_settings_t registry_file;
    registry_sources_settings_t registry_sources;
    sources_settings_t sources;
    installer_settings_t installer;
    cache_settings_t cache;
    blobs_settings_t blobs;
    web_settings_t web;
    store_settings_t store;
    state_settings_t state;
    keyring_settings_t keyring;

    //  Paths for the bus.
    char bus_path[sizeof ((home_t *) 0)->bus_path];
    char tap_path[sizeof ((home_t *) 0)->tap_path];
    char tap_lock_path[sizeof ((home_t *) 0)->tap_lock_path];
} node_t;

static char *
join (const char *dir, const char *name)
{
    size_t size = strlen (dir) + strlen (name) + 2;
    char *path = malloc (size);
    if (path)
        snprintf (path, size, "%s/%s", dir, name);
    return path;
}

static void
node_free (node_t *self)
{
    free (self->home);
    free (self->registry_dir);
    free (self->cache_dir);
    free (self->url);
    free (self->state_path);
    free (self->keys_dir);
    network_close (&self->network);
    free (self);
}

static archive_limits_t
limits_of (const config_t *config)
{
    return (archive_limits_t) {
        .packed_bytes = (uint64_t) config_bytes (config, "limits.packed_mib"),
        .unpacked_bytes = (uint64_t) config_bytes (config, "limits.unpacked_mib"),
        .unpacked_floor_bytes = (uint64_t) config_bytes (config, "limits.unpacked_floor_mib"),
        .ratio = (uint32_t) config_int (config, "limits.unpacked_ratio"),
        .entries = (uint32_t) config_int (config, "limits.entries"),
        .path_bytes = (uint32_t) config_int (config, "limits.path_bytes"),
        .depth = (uint32_t) config_int (config, "limits.depth"),
        .manifest_bytes = (uint32_t) config_int (config, "limits.manifest_bytes")};
}

//  Is this kind of registry asked, as registry.mode says?
static bool
wants (const config_t *config, const char *kind)
{
    const char *mode = config_string (config, "registry.mode");
    return strcmp (mode, "hybrid") == 0 || strcmp (mode, kind) == 0;
}

static unsigned
list_backends (node_t *self, const config_t *config)
{
    unsigned count = 0;
    if (wants (config, "file"))
        self->backends[count++] =
            (registry_backend_t) {.address = registry_file_actor.name, .writes = true};
    if (wants (config, "file") || wants (config, "http"))
        self->backends[count++] =
            (registry_backend_t) {.address = registry_sources_actor.name, .sources = true};
    if (self->network)
        self->backends[count++] =
            (registry_backend_t) {.address = NETWORK_REGISTRY,
                                  .writes = !network_is_brief (self->network),
                                  .remote = true};
    return count;
}

//  Has the network to be told of what is published, and is nobody here to do it?
static bool
tells_later (const node_t *self, const config_t *config)
{
    return (!self->network || network_is_brief (self->network)) && network_built ()
           && wants (config, "p2p") && config_bool (config, "p2p.enabled")
           && strcmp (config_string (config, "node.tier"), "bootstrap") != 0;
}

static bool
fill_settings (node_t *self, const node_options_t *options, const home_t *home, bool writable)
{
    const config_t *config = options->config;
    self->home = strdup (home->dir);
    self->registry_dir = config_path (config, "registry.registry_path");
    self->cache_dir = config_path (config, "storage.cache_dir");
    self->state_path = join (home->dir, "p2p/state.db");
    self->keys_dir = join (home->dir, "keys");
    if (!self->home || !self->registry_dir || !self->cache_dir || !self->state_path
        || !self->keys_dir)
        return false;
    if (wants (config, "http") && config_string (config, "registry.url")
        && !(self->url = strdup (config_string (config, "registry.url"))))
        return false;
    self->registry = (registry_settings_t) {.backends = self->backends,
                                            .backends_count = list_backends (self, config),
                                            .sources_count = source_file_count (self->home)
                                                             + (self->url != NULL)};
    self->registry_sources = (registry_sources_settings_t) {.home = self->home,
                                                            .cache = self->cache_dir,
                                                            .url = self->url,
                                                            .url_alone = !wants (config, "file"),
                                                            .dry = options->dry && !writable};
    self->sources = (sources_settings_t) {.home = self->home,
                                          .registry = self->registry_dir,
                                          .cache = self->cache_dir,
                                          .url = self->url,
                                          .writable = writable};
    self->registry_file = (registry_file_settings_t) {.directory = self->registry_dir,
                                                       .writable = writable,
                                                       .looks = options->dry && !writable};
    self->installer.require_fresh = config_bool (config, "security.require_fresh");
    self->installer.tells_later = tells_later (self, config);
    self->cache.bytes_max = (uint64_t) config_bytes (config, "storage.max_cache_size");
    self->cache.hot = (hot_limits_t) {
        .entries_max = (uint32_t) config_int (config, "storage.cache_capacity"),
        .bytes_max = HOT_BYTES_DEFAULT,
        .ttl_ms = config_ms (config, "storage.hot_ttl"),
        .absent_ttl_ms = HOT_ABSENT_TTL_MS};
    self->blobs.directory = self->cache_dir;
    self->web.directory = self->cache_dir;
    self->store = (store_settings_t) {self->home, writable, limits_of (config)};
    self->state.path = self->state_path;
    self->state.read_only = !writable;
    self->keyring.dir = self->keys_dir;
    memcpy (self->bus_path, home->bus_path, sizeof self->bus_path);
    memcpy (self->tap_path, home->tap_path, sizeof self->tap_path);
    memcpy (self->tap_lock_path, home->tap_lock_path, sizeof self->tap_lock_path);
    return true;
}

static void
cast (node_t *self, const actor_class_t *class, const void *settings)
{
    self->roles[self->roles_count++] = (role_t) {NULL, class, settings};
}

//  Everything that runs in a node.
static void
cast_all (node_t *self)
{
    cast (self, &installer_actor, &self->installer);
    cast (self, &registry_actor, &self->registry);
    cast (self, &registry_file_actor, &self->registry_file);
    cast (self, &registry_sources_actor, &self->registry_sources);
    cast (self, &sources_actor, &self->sources);
    cast (self, &trust_actor, NULL);
    cast (self, &keyring_actor, &self->keyring);
    cast (self, &cache_actor, &self->cache);
    cast (self, &blobs_actor, &self->blobs);
    cast (self, &web_actor, &self->web);
    cast (self, &store_actor, &self->store);
    cast (self, &state_actor, &self->state);
    for (unsigned i = 0;
         self->network && network_role (self->network, i, &self->roles[self->roles_count]); i++)
        self->roles_count++;
}

void
node_settle (char *argv[])
{
#ifndef GGEN_INSTRUMENTED
    //  By its path, for the process has the name of what was started.
    char path[PATH_MAX];
    const ssize_t size = readlink ("/proc/self/exe", path, sizeof path - 1);
    if (size <= 0 || getenv ("GLIBC_TUNABLES")
        || setenv ("GLIBC_TUNABLES", "glibc.malloc.tcache_count=2", 1) != 0)
        return;
    path[size] = 0;
    execv (path, argv);
    unsetenv ("GLIBC_TUNABLES");        //  It runs as well without
#else
    (void) argv;
#endif
}

void
node_log_level (const char *name)
{
    log_level_t level;
    if (log_level_parse (name, &level))
        log_set_level (level);
}

void
node_log_http (const char *url)
{
    log_info ("node.http", "url=%s", url);
}

//  A build that has no network runs all the same, unless nothing else was asked for.
static code_t
without_network (code_t code, const config_t *config, const home_t *home)
{
    if (code != FEATURE_NOT_ENABLED || strcmp (config_string (config, "registry.mode"), "p2p") == 0)
        return code;
    log_info ("node.without_network", "home=%s reason=built-without-it", home->dir);
    return OK;
}

//  A daemon is of the network; one call looks into it.
static code_t
join_network (node_t *self, const node_options_t *options, const home_t *home, bool daemon,
              char *why, size_t why_size)
{
    const config_t *config = options->config;
    if (!config_bool (config, "p2p.enabled") || !wants (config, "p2p"))
        return OK;
    if (daemon)
        return without_network (network_open (&self->network, config, home->dir, why, why_size),
                                config, home);
    const bool asked = options->reach == NODE_ASKS_ANYWAY;
    if (options->reach == NODE_LOCAL || !network_has_way_in (config, asked))
        return OK;
    return network_open_brief (&self->network, config, home->dir, asked, why, why_size);
}

code_t
node_start (void *context, const home_t *home, bool daemon, void **node_p,
            const char **endpoint_p, char *why, size_t why_size)
{
    const node_options_t *options = context;
    *node_p = NULL;
    node_t *self = calloc (1, sizeof *self);
    code_t code = self ? join_network (self, options, home, daemon, why, why_size) : OK;
    if (code) {
        node_free (self);
        return code;
    }
    if (!self || !fill_settings (self, options, home, daemon || options->writable)) {
        snprintf (why, why_size, "out of memory");
        if (self)
            node_free (self);
        return INTERNAL;
    }
    self->cache.keeps_hot = daemon;
    cast_all (self);
    //  Without a daemon only somebody's `ggen tap` can listen, and it binds the path.
    self->tapped = daemon || home_socket_alive (home->tap_path);
    self->may_be_left = !self->tapped && !self->network && !options->writable && !options->dry;
    bus_setup_t setup = {.roles = self->roles,
                         .roles_count = self->roles_count,
                         .ipc_path = daemon ? self->bus_path : NULL,
                         .tap_path = self->tapped ? self->tap_path : NULL,
                         .tap_lock_path = daemon ? self->tap_lock_path : NULL,
                         .home = self->home,
                         .version = GGEN_VERSION,
                         .eager = daemon,
                         .daemon = daemon,
                         .alone = !daemon && !self->tapped && !self->network};
    code = host_start (&self->host, &setup, why, why_size);
    if (code) {
        node_free (self);
        return code;
    }
    *endpoint_p = host_endpoint (self->host);
    *node_p = self;
    return OK;
}

bool
node_has_landlock (void)
{
    return sandbox_available ();
}

void
node_stop (void *context, void **node_p)
{
    (void) context;
    node_t *self = *node_p;
    if (!self)
        return;
    const bool tapped = self->tapped;
    host_stop (&self->host);
    node_free (self);
    *node_p = NULL;
    if (tapped)
        host_flush ();
}

bool
node_may_be_left (const void *node)
{
    return ((const node_t *) node)->may_be_left;
}

static code_t
enter (home_t *home, const char *dir, char *why, size_t why_size)
{
    home_result_t result;
    int pid;
    code_t code = home_init (home, dir);
    if (code) {
        snprintf (why, why_size, "the path of the home is too long");
        return code;
    }
    if (strlen (home->bus_path) >= HOME_SOCKET_MAX) {
        snprintf (why, why_size, "%s: a Unix socket's path has at most %d bytes", home->bus_path,
                  HOME_SOCKET_MAX - 1);
        return VALIDATION;
    }
    code = home_enter (home, HOME_DAEMON, NULL, NULL, &result, &pid, why, why_size);
    if (code == ALREADY_EXISTS)
        snprintf (why, why_size, "already running (pid %d)", pid);
    return code;
}

static code_t
serve (node_t *self, const node_options_t *options, home_t *home, const volatile int *interrupted,
       void (*ready) (const home_t *home), char *why, size_t why_size)
{
    const network_t *network = self->network;
    home_write_pid (home);
    if (ready)
        ready (home);
    log_info ("node.started", "home=%s pid=%d version=%s peer=%s", home->dir, (int) getpid (),
              GGEN_VERSION, network ? network_peer_id (network) : "");
    notify_say ("READY=1");
    code_t code = host_wait (self->host, interrupted);
    notify_say ("STOPPING=1");
    if (options->ending)
        options->ending ();
    if (code == OK)
        host_drain (self->host);
    if (code)
        snprintf (why, why_size, "an actor failed too often; the node has stopped");
    return code;
}

code_t
node_run (const node_options_t *options, const char *dir, const volatile int *interrupted,
          void (*ready) (const home_t *home), char *why, size_t why_size)
{
    home_t home;
    host_init ();
    code_t code = enter (&home, dir, why, why_size);
    if (code)
        return code;
    node_options_t writable = {.config = options->config, .writable = true};
    void *node = NULL;
    const char *endpoint;
    if (options->logs && log_to_file (home.log_path, NODE_LOG_BYTES_MAX) != OK) {
        snprintf (why, why_size, "%s: %s", home.log_path, strerror (errno));
        code = STORAGE;
    }
    if (code == OK)
        code = node_start (&writable, &home, true, &node, &endpoint, why, why_size);
    if (code == OK) {
        code = serve (node, options, &home, interrupted, ready, why, why_size);
        node_stop (NULL, &node);
        log_info ("node.stopped", "home=%s pid=%d code=%s", home.dir, (int) getpid (),
                  code_name (code));
    }
    home_leave (&home);
    return code;
}

//  ---- one actor by itself -------------------------------------------------------------------------

typedef struct {
    node_t *node;               //  whose host never starts
    rehearsal_t *rehearsal;
} stage_t;

static const role_t *
role_of (const node_t *node, const char *name)
{
    for (unsigned i = 0; i < node->roles_count; i++)
        if (strcmp (node->roles[i].class->name, name) == 0)
            return &node->roles[i];
    return NULL;
}

static bool
has_io (const actor_class_t *class)
{
    return class->job_done || class->sockets || class == &state_actor;
}

static void
list_pure (const node_t *node, char *text, size_t size)
{
    size_t used = 0;
    *text = 0;
    for (unsigned i = 0; i < node->roles_count && used < size; i++)
        if (!has_io (node->roles[i].class))
            used += (size_t) snprintf (text + used, size - used, "%s%s", used > 0 ? ", " : "",
                                       node->roles[i].class->name);
}

static code_t
cast_stage (stage_t *self, const char *actor, char *why, size_t why_size)
{
    char names[512];
    const role_t *role = role_of (self->node, actor);
    list_pure (self->node, names, sizeof names);
    if (!role || has_io (role->class)) {
        snprintf (why, why_size, "%s '%.100s'; it can be one of %s",
                  role ? "what an actor with I/O got is not in a recording:" : "there is no actor",
                  actor, names);
        return VALIDATION;
    }
    self->rehearsal = rehearsal_new (role->class, role->class->name, role->settings);
    return self->rehearsal ? OK : INTERNAL;
}

//  It neither listens nor creates anything.
static code_t
look_into_network (node_t *node, const config_t *config, const home_t *home, bool brief, char *why,
                   size_t why_size)
{
    if (!config_bool (config, "p2p.enabled") || !wants (config, "p2p"))
        return OK;
    code_t code = brief ? network_open_brief (&node->network, config, home->dir, true, why, why_size)
                        : network_open_still (&node->network, config, home->dir, why, why_size);
    return code == FEATURE_NOT_ENABLED ? OK : code;
}

code_t
node_stage_open (const node_options_t *options, const char *dir, const char *actor, bool brief,
                 void **stage_p, char *why, size_t why_size)
{
    home_t home;
    stage_t *self = *stage_p = calloc (1, sizeof *self);
    snprintf (why, why_size, "out of memory");
    if (!self || home_init (&home, dir) != OK || !(self->node = calloc (1, sizeof *self->node))) {
        node_stage_close (stage_p);
        return INTERNAL;
    }
    code_t code = look_into_network (self->node, options->config, &home, brief, why, why_size);
    if (code == OK && !fill_settings (self->node, options, &home, false))
        code = INTERNAL;
    if (code == OK) {
        self->node->cache.keeps_hot = true;
        cast_all (self->node);
        code = cast_stage (self, actor, why, why_size);
    }
    if (code != OK)
        node_stage_close (stage_p);
    return code;
}

void
node_stage_close (void **stage_p)
{
    stage_t *self = *stage_p;
    if (!self)
        return;
    rehearsal_destroy (&self->rehearsal);
    if (self->node)
        node_free (self->node);
    free (self);
    *stage_p = NULL;
}

code_t
node_stage_hear (void *stage, const Ggen__TapHeader *header, bytes_t body)
{
    return rehearsal_add (((stage_t *) stage)->rehearsal, header, body);
}

code_t
node_stage_play (void *stage, Ggen__RehearsalReply **reply_p)
{
    return rehearsal_run (((stage_t *) stage)->rehearsal, reply_p);
}
