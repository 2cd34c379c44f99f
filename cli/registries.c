// SPDX-License-Identifier: MIT
#include "registries.h"
#include "render.h"
#include "wording.h"
#include "registry.pb-c.h"

#include <stdio.h>
#include <string.h>

//  NULL for all.
static const char *
named (const args_t *args)
{
    const char *name = args_value (args, "registry");
    if (args->verb->id == VERB_SEARCH && args_flag (args, "p2p"))
        name = "p2p";
    if (strcmp (name, "all") == 0)
        return NULL;
    return strcmp (name, "central") == 0 ? "http" : name;
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

static void
refuse (const screen_t *screen, const char *name)
{
    char message [128];
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
    refuse (screen, name);
    return false;
}
