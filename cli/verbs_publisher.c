// SPDX-License-Identifier: MIT
//  yank, unpublish: what a publisher does about what is published.
#include "verbs.h"
#include "package_id.h"
#include "render.h"
#include "semver.h"
#include "session.h"
#include "shape.h"
#include "text.h"
#include "unlock.h"
#include "wording.h"
#include "publisher.pb-c.h"

#include <stdlib.h>
#include <string.h>

static int
usage (const screen_t *screen, const char *message, const char *hint)
{
    render_error (screen, VALIDATION, message, hint);
    return VERB_USAGE;
}

static int
failed (const session_t *session)
{
    return session_status (session) ? session_status (session) : VERB_FAILED;
}

//  ---- yank, unpublish ---------------------------------------------------------------------------

//  PKG@VERSION taken apart, the version as it has to be written.
static bool
take_version (const char *text, char id [PACKAGE_ID_MAX + 1], char version [SEMVER_TEXT_MAX + 1])
{
    const char *given;
    semver_t parsed;
    if (package_id_split (text, id, &given) != OK || !given || strlen (given) > SEMVER_TEXT_MAX
        || semver_parse (&parsed, given) != OK)
        return false;
    strcpy (version, *given == 'v' ? given + 1 : given);
    return true;
}

static void
print_yank (const screen_t *screen, const Ggen__YankReply *reply)
{
    AUTO (text_free) char *name = text_clean (reply->name);
    AUTO (text_free) char *version = text_clean (reply->version);
    render_warnings (screen, reply->warnings, reply->n_warnings);
    screen_say (screen, "%s %s %s %s%s.\n", render_mark (screen, MARK_GOOD), name ? name : "",
                version ? version : "", reply->changed ? "is " : "was ",
                reply->changed ? (reply->yanked ? "yanked" : "not yanked any more")
                               : (reply->yanked ? "yanked before" : "not yanked"));
    if (reply->yanked && *reply->reason)
        render_field (screen, "reason", reply->reason);
}

int
yank_run (const args_t *args, const screen_t *screen)
{
    char id [PACKAGE_ID_MAX + 1], version [SEMVER_TEXT_MAX + 1];
    const char *reason = args_value (args, "reason");
    bool undo = args_flag (args, "undo");
    if (!take_version (args_positional (args, 0), id, version))
        return usage (screen, "one version of a package is meant", "write PKG@VERSION");
    if (!undo && (!reason || !*reason))
        return usage (screen, "a reason is missing", "say why: --reason TEXT");
    Ggen__YankRequest request = GGEN__YANK_REQUEST__INIT;
    request.name = id;
    request.version = version;
    request.undo = undo;
    request.reason = wording_borrow (undo ? NULL : reason);
    AUTO (session_close) session_t *session = session_open (args, screen);
    if (!unlock_key (session, args, screen, "default"))
        return failed (session);
    const Ggen__YankReply *reply =
        session_ask (session, "installer", &request.base, &ggen__yank_reply__descriptor);
    if (!reply)
        return session_status (session);
    if (!screen->json) {
        print_yank (screen, reply);
        return VERB_DONE;
    }
    json_t *document = json_object ();
    shape_set (&document, "name", shape_text (reply->name));
    shape_set (&document, "version", shape_text (reply->version));
    shape_set (&document, "yanked", json_boolean (reply->yanked));
    shape_set (&document, "reason", shape_text (reply->reason));
    shape_set (&document, "changed", json_boolean (reply->changed));
    shape_set (&document, "seq", json_integer ((json_int_t) reply->seq));
    shape_set (&document, "warnings", shape_texts (reply->warnings, reply->n_warnings));
    render_json (screen, document);
    return VERB_DONE;
}

int
unpublish_run (const args_t *args, const screen_t *screen)
{
    char id [PACKAGE_ID_MAX + 1], version [SEMVER_TEXT_MAX + 1];
    if (!take_version (args_positional (args, 0), id, version))
        return usage (screen, "one version of a package is meant", "write PKG@VERSION");
    Ggen__UnpublishRequest request = GGEN__UNPUBLISH_REQUEST__INIT;
    request.name = id;
    request.version = version;
    AUTO (session_close) session_t *session = session_open (args, screen);
    if (!unlock_key (session, args, screen, "default"))
        return failed (session);
    const Ggen__UnpublishReply *reply =
        session_ask (session, "installer", &request.base, &ggen__unpublish_reply__descriptor);
    if (!reply)
        return session_status (session);
    if (screen->json) {
        json_t *document = json_object ();
        shape_set (&document, "name", shape_text (reply->name));
        shape_set (&document, "version", shape_text (reply->version));
        shape_set (&document, "seq", json_integer ((json_int_t) reply->seq));
        shape_set (&document, "versions_left", json_integer (reply->versions_left));
        shape_set (&document, "warnings", shape_texts (reply->warnings, reply->n_warnings));
        render_json (screen, document);
        return VERB_DONE;
    }
    char left [WORDING_COUNT_MAX];
    render_warnings (screen, reply->warnings, reply->n_warnings);
    screen_say (screen, "%s %s %s is taken out; %s of it left.\n", render_mark (screen, MARK_GOOD),
                id, version, wording_count (reply->versions_left, "version", left));
    return VERB_DONE;
}
