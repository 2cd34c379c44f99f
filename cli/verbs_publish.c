// SPDX-License-Identifier: MIT
//  init and publish: from a directory to a package.
#include "verbs.h"
#include "keygen.h"
#include "outbox.h"
#include "path.h"
#include "publish.h"
#include "registries.h"
#include "render.h"
#include "shape.h"
#include "text.h"
#include "unlock.h"
#include "wording.h"
#include "installer.pb-c.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

//  ---- init --------------------------------------------------------------------------------------

int
init_run (const args_t *args, const screen_t *screen)
{
    const char *dir = args_positional (args, 0);
    AUTO (text_free) char *path = NULL;
    if (!path_take (screen, dir ? dir : ".", PATH_MAY_EXIST, &path))
        return VERB_FAILED;
    const bool makes_directory = access (path, F_OK) != 0;
    Ggen__InitRequest request = GGEN__INIT_REQUEST__INIT;
    request.path = path;
    request.name = wording_borrow (args_value (args, "name"));
    AUTO (session_close) session_t *session = session_open (args, screen);
    const Ggen__InitReply *reply =
        session_ask (session, "installer", &request.base, &ggen__init_reply__descriptor);
    if (!reply)
        return session_status (session);
    if (screen->json) {
        json_t *document = json_object ();
        shape_set (&document, "path", shape_text (reply->path));
        shape_set (&document, "name", shape_text (reply->name));
        shape_set (&document, "made_directory", json_boolean (makes_directory));
        render_json (screen, document);
        return VERB_DONE;
    }
    AUTO (text_free) char *name = text_clean (reply->name);
    AUTO (text_free) char *made = text_clean (reply->path);
    AUTO (text_free) char *directory = text_clean (path);
    if (makes_directory)
        screen_say (screen, "Made the directory %s\n", directory ? directory : "");
    screen_say (screen, "%s Package %s begins in %s\n  Describe it there, then: "
                        "ggen market publish %s\n",
                render_mark (screen, MARK_GOOD), name ? name : "", made ? made : "",
                dir ? dir : ".");
    return VERB_DONE;
}

//  ---- publish -----------------------------------------------------------------------------------

//  Releases are signed: without any key there has to be one first, but not for what cannot be
//  published anyway. Told on err, because out is for what was published.
static bool
make_first_key (session_t *session, const screen_t *screen,
                const Ggen__PublishTreeRequest *request)
{
    Ggen__KeyListRequest list = GGEN__KEY_LIST_REQUEST__INIT;
    const Ggen__KeyListReply *keys =
        session_ask (session, "keyring", &list.base, &ggen__key_list_reply__descriptor);
    if (!keys)
        return false;
    if (keys->n_keys > 0)
        return true;
    Ggen__PublishTreeRequest dry = *request;
    dry.dry_run = true;
    if (!session_ask (session, "installer", &dry.base, &ggen__publish_tree_reply__descriptor))
        return false;
    AUTO (recovery_wipe) recovery_t recovery;
    const Ggen__KeyInfo *key = keygen_make (session, screen, "default", NULL, &recovery);
    if (!key)
        return false;
    fputs ("note: you have no publisher key yet, so one was made.\n\n", screen->err);
    keygen_tell (screen->err, key, &recovery);
    fputc ('\n', screen->err);
    return true;
}

static json_t *
publish_shape (const Ggen__PublishTreeReply *reply, const Ggen__OutboxEntry *entry)
{
    json_t *document = json_object ();
    shape_set (&document, "package", shape_package (reply->package));
    shape_set (&document, "files_count", json_integer (reply->files_count));
    shape_set (&document, "unpacked_bytes", json_integer ((json_int_t) reply->unpacked_bytes));
    shape_set (&document, "already_there", json_boolean (reply->already_there));
    shape_set (&document, "location", shape_text (reply->location));
    shape_set (&document, "acknowledged", json_integer (reply->acknowledged));
    shape_set (&document, "network", outbox_shape (entry));
    shape_set (&document, "told_later", json_boolean (reply->told_later));
    shape_set (&document, "dry_run", json_boolean (reply->dry_run));
    shape_set (&document, "warnings", shape_texts (reply->warnings, reply->n_warnings));
    return document;
}

static void
print_published (const screen_t *screen, const Ggen__PublishTreeReply *reply,
                 const Ggen__OutboxEntry *entry)
{
    const Ggen__Package *package = reply->package;
    char size [TEXT_SIZE_MAX], unpacked [TEXT_SIZE_MAX], files [WORDING_COUNT_MAX], line [256];
    char fingerprint [WORDING_PUBLISHER_MAX], hex [DIGEST_HEX_SIZE + 1] = "";
    AUTO (text_free) char *id = text_clean (package->id);
    AUTO (text_free) char *version = text_clean (package->version);
    digest_t digest;
    if (digest_from_field (&digest, package->sha256) == OK)
        digest_to_hex (&digest, hex);
    render_warnings (screen, reply->warnings, reply->n_warnings);
    if (screen->quiet)
        return;
    screen_say (screen, "%s %s %s %s\n", render_mark (screen, MARK_GOOD),
                reply->dry_run         ? "Would publish"
                : reply->already_there ? "Published before, unchanged:"
                                       : "Published",
                id ? id : "", version ? version : "");
    render_field (screen, "sha256", hex);
    snprintf (line, sizeof line, "%s, %s packed, %s unpacked",
              wording_count (reply->files_count, "file", files),
              text_size (package->size_bytes, size), text_size (reply->unpacked_bytes, unpacked));
    render_field (screen, "size", line);
    if (package->publisher && package->publisher->public_key.len)
        render_field (screen, "publisher",
                      wording_publisher (package->publisher->public_key, fingerprint));
    render_field (screen, "location", reply->location);
    outbox_print (screen, entry);
    if (reply->dry_run)
        screen_say (screen, "Dry run: nothing was changed.\n");
}

static int
print_publish (const screen_t *screen, const Ggen__PublishTreeReply *reply,
               const Ggen__OutboxEntry *entry)
{
    if (!reply->package) {
        render_error (screen, SERIALIZATION, "the installer's answer lacks the package", NULL);
        return VERB_FAILED;
    }
    if (screen->json)
        render_json (screen, publish_shape (reply, entry));
    else
        print_published (screen, reply, entry);
    return VERB_DONE;
}

bool
publish_is_directory (const screen_t *screen, const char *given, const char *path)
{
    struct stat info;
    char message [ARGS_TEXT_MAX];
    if (stat (path, &info) == 0 && S_ISDIR (info.st_mode))
        return true;
    snprintf (message, sizeof message, "%.400s is no directory", given);
    render_error (screen, VALIDATION, message, "name the directory that has the gpack.toml");
    return false;
}

const Ggen__PublishTreeReply *
publish_tree (session_t *session, const args_t *args, const screen_t *screen,
              const Ggen__PublishTreeRequest *request)
{
    if (!request->dry_run && (!make_first_key (session, screen, request)
                              || !unlock_key (session, args, screen, "default")))
        return NULL;
    return session_ask (session, "installer", &request->base,
                        &ggen__publish_tree_reply__descriptor);
}

//  Who has a way into the network would think that it knows.
static void
tell_of_network (const screen_t *screen, const Ggen__Package *package)
{
    AUTO (text_free) char *id = text_clean (package->id);
    AUTO (text_free) char *version = text_clean (package->version);
    if (!screen->json && !screen->quiet)
        fprintf (screen->err, "note: the network is told of %s %s when a node runs on this home: "
                              "ggen node run --daemon\n", id ? id : "", version ? version : "");
}

//  How far the network has it by now.
static const Ggen__OutboxEntry *
ask_network (session_t *session, const Ggen__PublishTreeReply *reply)
{
    if (reply->dry_run || !reply->package || !outbox_networked (session))
        return NULL;
    return outbox_ask (session, reply->package->id, reply->package->version);
}

int
publish_run (const args_t *args, const screen_t *screen)
{
    AUTO (text_free) char *path = NULL;
    if (!path_take (screen, args_positional (args, 0), PATH_EXISTS, &path)
        || !publish_is_directory (screen, args_positional (args, 0), path))
        return VERB_FAILED;
    Ggen__PublishTreeRequest request = GGEN__PUBLISH_TREE_REQUEST__INIT;
    request.path = path;
    request.version = wording_borrow (args_value (args, "version"));
    request.dry_run = args_flag (args, "dry-run");
    request.force = args_flag (args, "force");
    request.strict = args_flag (args, "strict");
    request.skip_verify = args_flag (args, "skip-verify");
    request.compression = wording_borrow (args_value (args, "compression"));

    registries_t registries;
    AUTO (session_close) session_t *session = session_open (args, screen);
    if (!registries_take (&registries, session, args, screen))
        return session_status (session) ? session_status (session) : VERB_FAILED;
    request.registries = registries.names;
    request.n_registries = registries.count;
    const Ggen__PublishTreeReply *reply = publish_tree (session, args, screen, &request);
    if (!reply)
        return session_status (session) ? session_status (session) : VERB_FAILED;
    const int status = print_publish (screen, reply, ask_network (session, reply));
    if (status == VERB_DONE && reply->told_later && registries_bootstrapped (args))
        tell_of_network (screen, reply->package);
    return status;
}
