// SPDX-License-Identifier: MIT
//  yank, unpublish, key rotate: what a publisher does about what is published. The recovery key signs
//  here, in this process, and is wiped; it is in no message.
#include "verbs.h"
#include "package_id.h"
#include "recovery.h"
#include "render.h"
#include "semver.h"
#include "session.h"
#include "shape.h"
#include "text.h"
#include "unlock.h"
#include "wording.h"
#include "publisher.pb-c.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

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

//  ---- key rotate --------------------------------------------------------------------------------

//  What is handed over, to whom, and by which right.
typedef struct {
    publisher_key_t former, next;
    digest_t recovery_known;
    bool knows_recovery;
    char former_name [128], next_name [128];    //  of the keyring; the former's empty: it is lost
    ProtobufCBinaryData rotation;
} rotation_t;

static void
rotation_clear (rotation_t *self)
{
    free (self->rotation.data);
}

//  A key that goes on under its name.
static bool
take_succession (session_t *session, const screen_t *screen, const char *name, rotation_t *self)
{
    Ggen__KeySucceedRequest request = GGEN__KEY_SUCCEED_REQUEST__INIT;
    request.name = wording_borrow (name);
    const Ggen__KeySucceedReply *reply =
        session_ask (session, "keyring", &request.base, &ggen__key_succeed_reply__descriptor);
    if (!reply)
        return false;
    if (!reply->key || !reply->next
        || publisher_key_from_field (&self->former, reply->key->public_key) != OK
        || publisher_key_from_field (&self->next, reply->next->public_key) != OK) {
        render_error (screen, SERIALIZATION, "the keyring's answer lacks a key", NULL);
        return false;
    }
    self->knows_recovery =
        digest_from_field (&self->recovery_known, reply->key->recovery_sha256) == OK;
    snprintf (self->former_name, sizeof self->former_name, "%s", reply->key->name);
    snprintf (self->next_name, sizeof self->next_name, "%s", reply->next->name);
    return true;
}

//  A key whose secret is lost; the one that is there follows it.
static bool
take_lost (session_t *session, const screen_t *screen, const char *name, rotation_t *self)
{
    Ggen__KeyShowRequest request = GGEN__KEY_SHOW_REQUEST__INIT;
    request.name = wording_borrow (name);
    const Ggen__KeyShowReply *reply =
        session_ask (session, "keyring", &request.base, &ggen__key_show_reply__descriptor);
    if (!reply)
        return false;
    if (!reply->key || publisher_key_from_field (&self->next, reply->key->public_key) != OK) {
        render_error (screen, SERIALIZATION, "the keyring's answer lacks the key", NULL);
        return false;
    }
    snprintf (self->next_name, sizeof self->next_name, "%s", reply->key->name);
    return true;
}

static bool
sign_by_recovery (const args_t *args, const screen_t *screen, rotation_t *self)
{
    char secret [UNLOCK_SECRET_MAX + 1] = "";
    AUTO (recovery_wipe) recovery_t recovery;
    code_t code = VALIDATION;
    bool given = unlock_secret (screen, "recovery key", args_value (args, "recovery-file"),
                                "--recovery-file", secret);
    if (given)
        code = recovery_read (&recovery, secret);
    sodium_memzero (secret, sizeof secret);
    if (!given)
        return false;
    if (code != OK)
        render_error (screen, VALIDATION, "this is no recovery key",
                      "it is recovery: and 64 hex digits, as `ggen market key generate` showed it");
    else if (self->knows_recovery && !digest_equal (&recovery.public_sha256, &self->recovery_known))
        render_error (screen, PERMISSION_DENIED, "this is the recovery key of another key", NULL);
    else if (recovery_rotate (&recovery, &self->former, &self->next, time (NULL), &self->rotation)
             != OK)
        render_error (screen, INTERNAL, "out of memory", NULL);
    return self->rotation.len > 0;
}

static void
print_rotated (const screen_t *screen, const Ggen__RotateReply *reply, const Ggen__KeyInfo *former)
{
    char old [WORDING_PUBLISHER_MAX], new [WORDING_PUBLISHER_MAX], count [WORDING_COUNT_MAX];
    render_warnings (screen, reply->warnings, reply->n_warnings);
    screen_say (screen, "%s %s handed over from %s to %s.\n", render_mark (screen, MARK_GOOD),
                wording_count (reply->n_names, "package", count),
                wording_publisher (reply->former_key, old), wording_publisher (reply->new_key, new));
    for (size_t at = 0; at < reply->n_names; at++) {
        AUTO (text_free) char *name = text_clean (reply->names [at]);
        screen_say (screen, "  %s\n", name ? name : "");
    }
    if (former)
        render_field (screen, "former key", former->path);
}

static int
print_rotation (const screen_t *screen, const Ggen__RotateReply *reply, const Ggen__KeyInfo *former,
                bool by_recovery)
{
    if (!screen->json) {
        print_rotated (screen, reply, former);
        return VERB_DONE;
    }
    json_t *document = json_object ();
    shape_set (&document, "former_key", shape_key (reply->former_key));
    shape_set (&document, "new_key", shape_key (reply->new_key));
    shape_set (&document, "former_path", shape_text (former ? former->path : ""));
    shape_set (&document, "by_recovery", json_boolean (by_recovery));
    shape_set (&document, "names", shape_texts (reply->names, reply->n_names));
    shape_set (&document, "warnings", shape_texts (reply->warnings, reply->n_warnings));
    render_json (screen, document);
    return VERB_DONE;
}

//  Everything of the new key is signed and kept before it takes the name.
static int
hand_over (session_t *session, const screen_t *screen, const char *name, rotation_t *self)
{
    Ggen__RotateRequest request = GGEN__ROTATE_REQUEST__INIT;
    request.former_key = publisher_key_to_field (&self->former);
    request.former_name = self->former_name;
    request.new_name = self->next_name;
    request.rotation = self->rotation;
    const Ggen__RotateReply *reply =
        session_ask (session, "installer", &request.base, &ggen__rotate_reply__descriptor);
    if (!reply)
        return session_status (session);
    const bool by_recovery = self->rotation.len > 0;
    if (!*self->former_name)
        return print_rotation (screen, reply, NULL, by_recovery);
    Ggen__KeyPromoteRequest promote = GGEN__KEY_PROMOTE_REQUEST__INIT;
    promote.name = wording_borrow (name);
    const Ggen__KeyPromoteReply *keys =
        session_ask (session, "keyring", &promote.base, &ggen__key_promote_reply__descriptor);
    return keys ? print_rotation (screen, reply, keys->former, by_recovery)
                : session_status (session);
}

int
key_rotate_run (const args_t *args, const screen_t *screen)
{
    const char *lost = args_value (args, "former"), *name = args_value (args, "name");
    bool by_recovery = args_flag (args, "recovery") || args_value (args, "recovery-file");
    AUTO (rotation_clear) rotation_t rotation = {.knows_recovery = false};
    if (lost && publisher_key_from_text (&rotation.former, lost) != OK)
        return usage (screen, "this is no publisher's key", "it is ed25519: and 64 hex digits");
    if (lost && !by_recovery)
        return usage (screen, "only the recovery key hands over what another key has",
                      "add --recovery, or --recovery-file FILE");
    AUTO (session_close) session_t *session = session_open (args, screen);
    if (!unlock_key (session, args, screen, name))
        return failed (session);
    bool good = lost ? take_lost (session, screen, name, &rotation)
                     : take_succession (session, screen, name, &rotation);
    if (!good || (by_recovery && !sign_by_recovery (args, screen, &rotation)))
        return failed (session);
    return hand_over (session, screen, name, &rotation);
}
