// SPDX-License-Identifier: MIT
#include "registries.h"
#include "render.h"
#include "wording.h"
#include "config/config.h"
#include "registry.pb-c.h"
#include "text.h"
#include "version.h"

#include <stdio.h>
#include <string.h>

//  NULL for all.
static const char *
named (const args_t *args)
{
    if (args->verb->id == VERB_P2P_SEARCH)
        return "p2p";
    const char *name = args_value (args, "registry");
    if (args->verb->id == VERB_SEARCH && args_flag (args, "p2p"))
        name = "p2p";
    if (strcmp (name, "all") == 0)
        return NULL;
    return strcmp (name, "central") == 0 ? "http" : name;
}

static bool
has_option (const args_t *args, const char *name)
{
    return command_option (args->verb, name, strlen (name)) != NULL;
}

reach_t
registries_reach (const args_t *args)
{
    if (args->verb->reach == REACH_HERE || (has_option (args, "offline") && args_flag (args, "offline")))
        return REACH_HERE;
    const bool names = args->verb->id == VERB_P2P_SEARCH || has_option (args, "registry");
    const char *name = names ? named (args) : NULL;
    if (!name)
        return args->verb->reach;
    return strcmp (name, "p2p") == 0 ? REACH_P2P : REACH_HERE;
}

//  The settings of the home; NULL: they cannot be read.
static config_t *
load_config (const args_t *args)
{
    AUTO (text_free) char *home = config_home (args_value (args, "home"));
    config_t *config = home ? config_new (home) : NULL;
    if (config && config_load (config) != OK)
        config_destroy (&config);
    return config;
}

//  It may be asked, so what is missing is a node or a way into the network.
static bool
p2p_is_wanted (const config_t *config)
{
    const char *mode = config_string (config, "registry.mode");
    return version_has ("p2p") && config_bool (config, "p2p.enabled")
           && (strcmp (mode, "hybrid") == 0 || strcmp (mode, "p2p") == 0);
}

bool
registries_bootstrapped (const args_t *args)
{
    AUTO (config_destroy) config_t *config = load_config (args);
    return config && p2p_is_wanted (config)
           && json_array_size (config_list (config, "network.bootstrap_nodes")) > 0;
}

//  Named sources are below the one backend that stands for them; theirs are nobody's.
static bool
is_there (const Ggen__MetadataReply *all, const char *name, unsigned depth)
{
    for (size_t at = 0; at < all->n_backends; at++)
        if (strcmp (all->backends [at]->name, name) == 0
        ||  (depth > 0 && is_there (all->backends [at], name, depth - 1)))
            return true;
    return false;
}

bool
registries_alone (session_t *session, const args_t *args)
{
    AUTO (config_destroy) config_t *config = session_embedded (session) ? load_config (args) : NULL;
    if (!config || !p2p_is_wanted (config) || registries_reach (args) == REACH_HERE)
        return false;
    Ggen__MetadataRequest request = GGEN__METADATA_REQUEST__INIT;
    const Ggen__MetadataReply *all =
        session_ask (session, "registry", &request.base, &ggen__metadata_reply__descriptor);
    return all && !is_there (all, "p2p", 0);
}

static void
refuse (const screen_t *screen, const args_t *args, const char *name, bool embedded)
{
    char message [128];
    AUTO (config_destroy) config_t *config = embedded ? load_config (args) : NULL;
    if (strcmp (name, "p2p") == 0 && config && p2p_is_wanted (config)) {
        render_error (screen, NODE_NOT_STARTED,
                      "no node runs on this home, and no way into the network is configured",
                      "start a node: ggen p2p start; or name a bootstrap node: "
                      "network.bootstrap_nodes, GGEN_P2P_BOOTSTRAP");
        return;
    }
    if (strcmp (name, "file") == 0 || strcmp (name, "p2p") == 0 || strcmp (name, "http") == 0) {
        snprintf (message, sizeof message, "the %s registry is not enabled here", name);
        render_error (screen, FEATURE_NOT_ENABLED, message,
                      "leave --registry out to ask all there are; `ggen --version` tells what this "
                      "build has, registry.mode what of it is asked");
        return;
    }
    snprintf (message, sizeof message, "there is no registry called %.64s", name);
    render_error (screen, VALIDATION, message,
                  "`ggen market registry list` names them, `ggen market registry add` adds one");
}

bool
registries_take (registries_t *self, session_t *session, const args_t *args,
                 const screen_t *screen)
{
    const char *name = named (args);
    *self = (registries_t) {.names = {wording_borrow (name)}, .count = name ? 1 : 0};
    if (!name)
        return true;
    Ggen__MetadataRequest request = GGEN__METADATA_REQUEST__INIT;
    const Ggen__MetadataReply *all =
        session_ask (session, "registry", &request.base, &ggen__metadata_reply__descriptor);
    if (!all || is_there (all, name, 1))
        return all != NULL;
    refuse (screen, args, name, session_embedded (session));
    return false;
}
