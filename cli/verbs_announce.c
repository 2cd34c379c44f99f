// SPDX-License-Identifier: MIT
//  p2p publish: a directory, or a version that the file registry has, to the network.
#include "verbs.h"
#include "outbox.h"
#include "path.h"
#include "peers.h"
#include "publish.h"
#include "render.h"
#include "shape.h"
#include "text.h"
#include "wording.h"
#include "package_id.h"
#include "registry.pb-c.h"
#include "semver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WAIT_POLL_MS 250

//  What was published, whichever way; texts are the session's.
typedef struct {
    const char *id, *version;
    ProtobufCBinaryData sha256;
    char *const *warnings;
    size_t warnings_count;
} published_t;

//  ---- a directory -----------------------------------------------------------------------------------

static bool
from_directory (published_t *self, session_t *session, const args_t *args, const screen_t *screen,
                const char *path)
{
    Ggen__PublishTreeRequest request = GGEN__PUBLISH_TREE_REQUEST__INIT;
    request.path = wording_borrow (path);
    request.version = wording_borrow (args_value (args, "version"));
    request.skip_verify = args_flag (args, "skip-verify");
    request.compression = wording_borrow ("gzip");
    request.unannounced = !args_flag (args, "announce");
    request.unrecorded = !args_flag (args, "dht-store");
    const Ggen__PublishTreeReply *reply = publish_tree (session, args, screen, &request);
    if (!reply)
        return false;
    if (!reply->package) {
        render_error (screen, SERIALIZATION, "the installer's answer lacks the package", NULL);
        return false;
    }
    *self = (published_t) {reply->package->id, reply->package->version, reply->package->sha256,
                           reply->warnings, reply->n_warnings};
    return true;
}

//  ---- a version that is here ------------------------------------------------------------------------

//  NULL: this home's file registry does not have it; printed.
static const Ggen__Package *
find_here (session_t *session, const screen_t *screen, const char *id, const char *version)
{
    char message [ARGS_TEXT_MAX];
    Ggen__ListVersionsRequest request = GGEN__LIST_VERSIONS_REQUEST__INIT;
    request.id = wording_borrow (id);
    request.local = true;
    const Ggen__ListVersionsReply *reply =
        session_ask (session, "registry", &request.base, &ggen__list_versions_reply__descriptor);
    for (size_t at = 0; reply && at < reply->n_versions; at++)
        if (strcmp (reply->versions [at]->version, version) == 0
            && strcmp (reply->versions [at]->source, "file") == 0)
            return reply->versions [at];
    if (!reply)
        return NULL;
    snprintf (message, sizeof message, "%.200s@%.100s is not in the file registry of this home", id,
              version);
    render_error (screen, PACKAGE_NOT_FOUND, message,
                  "publish its directory: ggen p2p publish PATH");
    return NULL;
}

static bool
from_registry (published_t *self, session_t *session, const args_t *args, const screen_t *screen,
               const char *id, const char *version)
{
    const Ggen__Package *package = find_here (session, screen, id, version);
    if (!package)
        return false;
    Ggen__PublishRequest request = GGEN__PUBLISH_REQUEST__INIT;
    request.package = (Ggen__Package *) (uintptr_t) package;
    request.archive_path = package->location;
    request.unannounced = !args_flag (args, "announce");
    request.unrecorded = !args_flag (args, "dht-store");
    const Ggen__PublishReply *reply = session_ask (session, "registry_p2p", &request.base,
                                                   &ggen__publish_reply__descriptor);
    if (!reply)
        return false;
    *self = (published_t) {package->id, package->version, package->sha256, reply->warnings,
                           reply->n_warnings};
    return true;
}

//  ---- which -----------------------------------------------------------------------------------------

//  PKG@VERSION, unless something of that name lies here.
static bool
is_version (const char *word, char id [PACKAGE_ID_MAX + 1], const char **version)
{
    semver_t parsed;
    if (package_id_is_path (word) || access (word, F_OK) == 0
        || package_id_split (word, id, version) != OK || !*version
        || semver_parse (&parsed, *version) != OK)
        return false;
    *version += **version == 'v';
    return true;
}

static bool
publish (published_t *self, session_t *session, const args_t *args, const screen_t *screen)
{
    char id [PACKAGE_ID_MAX + 1];
    const char *word = args_positional (args, 0), *version;
    if (!is_version (word, id, &version)) {
        AUTO (text_free) char *path = NULL;
        return path_take (screen, word, PATH_EXISTS, &path)
               && publish_is_directory (screen, word, path)
               && from_directory (self, session, args, screen, path);
    }
    if (!args_value (args, "version"))
        return from_registry (self, session, args, screen, id, version);
    render_error (screen, VALIDATION, "the version is named twice",
                  "--version is for a directory: ggen p2p publish PATH --version V");
    return false;
}

//  ---- the answer ------------------------------------------------------------------------------------

//  Until it is stored on as many hosts as it should be. False: interrupted, or no time is left
//  (printed).
static bool
wait_for_hosts (session_t *session, const screen_t *screen, const published_t *published)
{
    uint32_t told = UINT32_MAX;
    for (;;) {
        const Ggen__OutboxEntry *entry = outbox_ask (session, published->id, published->version);
        if (session_status (session) != VERB_DONE)
            return false;
        //  Interrupted before the network's part began, there is no entry, and nothing to be content with.
        const bool over = entry ? entry->stored >= entry->wanted : !session_interrupted ();
        if (entry && entry->stored != told && screen->err_width > 0 && !screen->quiet)
            fprintf (screen->err, "stored on %u of %u hosts\n", entry->stored, entry->wanted);
        told = entry ? entry->stored : told;
        session_drop (session);
        if (over)
            return true;
        if (!session_wait (session, WAIT_POLL_MS))
            return false;
    }
}

//  How many hosts have it is told by itself, as it is now.
static bool
is_of_hosts (const char *warning)
{
    return strncmp (warning, "p2p: ", 5) == 0 && strstr (warning, " is stored on ");
}

static void
print_published (const screen_t *screen, const published_t *published,
                 const Ggen__OutboxEntry *entry)
{
    AUTO (text_free) char *id = text_clean (published->id);
    AUTO (text_free) char *version = text_clean (published->version);
    for (size_t at = 0; at < published->warnings_count; at++)
        if (!is_of_hosts (published->warnings [at]))
            render_warning (screen, published->warnings [at]);
    if (!entry)
        screen_say (screen, "The network is not told of %s %s.\n", id ? id : "",
                    version ? version : "");
    else
        screen_say (screen, "%s Published %s %s to the network\n", render_mark (screen, MARK_GOOD),
                    id ? id : "", version ? version : "");
    outbox_print (screen, entry);
}

static json_t *
published_shape (const published_t *published, const Ggen__OutboxEntry *entry)
{
    json_t *document = json_object (), *warnings = json_array ();
    for (size_t at = 0; at < published->warnings_count; at++)
        if (!is_of_hosts (published->warnings [at]))
            shape_append (&warnings, shape_text (published->warnings [at]));
    shape_set (&document, "id", shape_text (published->id));
    shape_set (&document, "version", shape_text (published->version));
    shape_set (&document, "sha256", shape_digest (published->sha256));
    shape_set (&document, "network", outbox_shape (entry));
    shape_set (&document, "warnings", warnings);
    return document;
}

int
p2p_publish_run (const args_t *args, const screen_t *screen)
{
    published_t published = {.id = NULL};
    AUTO (session_close) session_t *session = session_open (args, screen);
    if (!peers_node_runs (session, screen))
        return peers_status (session);
    if (!outbox_networked (session)) {
        if (session_status (session) == VERB_DONE)
            render_error (screen, FEATURE_NOT_ENABLED, "the node of this home is not of the network",
                          "see p2p.enabled and registry.mode: ggen config show");
        return peers_status (session);
    }
    if (!publish (&published, session, args, screen))
        return peers_status (session);
    session_changed (session);
    const bool waited = !args_flag (args, "wait") || wait_for_hosts (session, screen, &published);
    const Ggen__OutboxEntry *entry = outbox_ask (session, published.id, published.version);
    //  What was reached is told, also when that took too long.
    if (!waited && !screen->json)
        print_published (screen, &published, entry);
    if (session_status (session) != VERB_DONE)
        return session_status (session);
    if (screen->json)
        render_json (screen, published_shape (&published, entry));
    else
        print_published (screen, &published, entry);
    return VERB_DONE;
}
