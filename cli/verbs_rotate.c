// SPDX-License-Identifier: MIT
//  key rotate: hand all names of one publisher key over to another. The recovery key signs here, in
//  this process, and is wiped; it is in no message.
#include "verbs.h"
#include "question.h"
#include "recovery.h"
#include "render.h"
#include "session.h"
#include "shape.h"
#include "table.h"
#include "text.h"
#include "unlock.h"
#include "wording.h"
#include "publisher.pb-c.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WITHOUT_MAX 1000        //  --without; more are refused

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

//  What is handed over, to whom, and by which right.
typedef struct {
    publisher_key_t former, next;
    digest_t recovery_known;
    bool knows_recovery;
    char former_name [128], next_name [128];    //  of the keyring; the former's empty: it is lost
    const char *without [WITHOUT_MAX];          //  NAME@VERSION
    size_t without_count;
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

//  What the keyring has under this name. NULL: that was said.
static const Ggen__KeyInfo *
show_key (session_t *session, const screen_t *screen, const char *name, publisher_key_t *key)
{
    Ggen__KeyShowRequest request = GGEN__KEY_SHOW_REQUEST__INIT;
    request.name = wording_borrow (name);
    const Ggen__KeyShowReply *reply =
        session_ask (session, "keyring", &request.base, &ggen__key_show_reply__descriptor);
    if (!reply)
        return NULL;
    if (reply->key && publisher_key_from_field (key, reply->key->public_key) == OK)
        return reply->key;
    render_error (screen, SERIALIZATION, "the keyring's answer lacks the key", NULL);
    return NULL;
}

//  A key whose secret is lost; the one that is there follows it.
static bool
take_lost (session_t *session, const screen_t *screen, const char *name, rotation_t *self)
{
    const Ggen__KeyInfo *key = show_key (session, screen, name, &self->next);
    if (key)
        snprintf (self->next_name, sizeof self->next_name, "%s", key->name);
    return key;
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

//  ---- what is told ------------------------------------------------------------------------------

static bool
print_releases (const screen_t *screen, const Ggen__RotateReply *reply)
{
    static const column_t columns [] = {{"RELEASE", 0}, {"PUBLISHED", 0}, {"REGISTRY", TABLE_CUT},
                                        {"", 0}};
    AUTO (table_destroy) table_t *table = table_new (screen, columns, COUNT_OF (columns));
    code_t code = table ? OK : INTERNAL;
    for (size_t at = 0; at < reply->n_releases && code == OK; at++) {
        const Ggen__RotatedRelease *release = reply->releases [at];
        char time [TEXT_TIME_MAX], name [512];
        snprintf (name, sizeof name, "%s@%s", release->name, release->version);
        code = table_row (table, (const char *const []) {
            name, release->published_at ? text_time (release->published_at, time) : "",
            release->source, release->left_out ? "left out" : ""});
    }
    if (code == OK && reply->n_releases > 0)
        table_print (table);
    return code == OK;
}

static void
print_rotated (const screen_t *screen, const Ggen__RotateReply *reply, const Ggen__KeyInfo *former)
{
    char old [WORDING_PUBLISHER_MAX], new [WORDING_PUBLISHER_MAX], count [WORDING_COUNT_MAX];
    render_warnings (screen, reply->warnings, reply->n_warnings);
    wording_count (reply->n_names, "package", count);
    wording_publisher (reply->former_key, old);
    if (reply->dry_run)
        screen_say (screen, "%s would be handed over from %s, with these releases:\n", count, old);
    else
        screen_say (screen, "%s %s handed over from %s to %s, with these releases:\n",
                    render_mark (screen, MARK_GOOD), count, old,
                    wording_publisher (reply->new_key, new));
    if (!screen->quiet && !print_releases (screen, reply))
        render_error (screen, INTERNAL, "out of memory", NULL);
    if (former)
        render_field (screen, "former key", former->path);
    if (reply->dry_run)
        screen_say (screen, "Dry run: nothing was changed. Leave out what is not yours: "
                            "--without NAME@VERSION.\n");
}

static json_t *
releases_shape (const Ggen__RotateReply *reply)
{
    json_t *releases = json_array ();
    for (size_t at = 0; at < reply->n_releases; at++) {
        const Ggen__RotatedRelease *release = reply->releases [at];
        json_t *one = json_object ();
        shape_set (&one, "name", shape_text (release->name));
        shape_set (&one, "version", shape_text (release->version));
        shape_set (&one, "published_at", shape_time (release->published_at));
        shape_set (&one, "source", shape_text (release->source));
        shape_set (&one, "left_out", json_boolean (release->left_out));
        shape_append (&releases, one);
    }
    return releases;
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
    shape_set (&document, "releases", releases_shape (reply));
    shape_set (&document, "dry_run", json_boolean (reply->dry_run));
    shape_set (&document, "warnings", shape_texts (reply->warnings, reply->n_warnings));
    render_json (screen, document);
    return VERB_DONE;
}

//  ---- doing it ----------------------------------------------------------------------------------

static const Ggen__RotateReply *
ask (session_t *session, rotation_t *self, bool dry_run)
{
    Ggen__RotateRequest request = GGEN__ROTATE_REQUEST__INIT;
    request.former_key = publisher_key_to_field (&self->former);
    request.former_name = self->former_name;
    request.new_name = self->next_name;
    request.rotation = self->rotation;
    request.without = (char **) (uintptr_t) self->without;
    request.n_without = self->without_count;
    request.dry_run = dry_run;
    return session_ask (session, "installer", &request.base, &ggen__rotate_reply__descriptor);
}

//  A key that was stolen may have signed what is not ours: look before we stand for it.
static bool
agrees (session_t *session, const args_t *args, const screen_t *screen, rotation_t *self)
{
    if (self->rotation.len == 0 || args_flag (args, "yes") || !screen->can_ask)
        return true;
    const Ggen__RotateReply *reply = ask (session, self, true);
    if (!reply)
        return false;
    print_releases (screen, reply);
    if (question_yes (args, screen, "The new key will stand for these, but those left out. Go on?",
                      true))
        return true;
    render_error (screen, CANCELLED, "nothing was handed over",
                  "leave out what is not yours: --without NAME@VERSION");
    return false;
}

//  Everything of the new key is signed and kept before it takes the name.
static int
hand_over (session_t *session, const screen_t *screen, const char *name, rotation_t *self)
{
    const Ggen__RotateReply *reply = ask (session, self, false);
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

//  The key that would be given up is looked at, and none is made that follows it.
static int
rehearse (const args_t *args, const screen_t *screen, session_t *session, rotation_t *self)
{
    const bool lost = args_value (args, "former") != NULL;
    if (!lost && !show_key (session, screen, args_value (args, "name"), &self->former))
        return failed (session);
    const Ggen__RotateReply *reply = ask (session, self, true);
    return reply ? print_rotation (screen, reply, NULL, false) : failed (session);
}

int
key_rotate_run (const args_t *args, const screen_t *screen)
{
    const char *lost = args_value (args, "former"), *name = args_value (args, "name");
    const bool dry_run = args_flag (args, "dry-run");
    bool by_recovery = args_flag (args, "recovery") || args_value (args, "recovery-file");
    AUTO (rotation_clear) rotation_t rotation = {.knows_recovery = false};
    if (lost && publisher_key_from_text (&rotation.former, lost) != OK)
        return usage (screen, "this is no publisher's key", "it is ed25519: and 64 hex digits");
    if (lost && !by_recovery && !dry_run)
        return usage (screen, "only the recovery key hands over what another key has",
                      "add --recovery, or --recovery-file FILE");
    rotation.without_count = args_values (args, "without", rotation.without, WITHOUT_MAX);
    if (rotation.without_count > WITHOUT_MAX)
        return usage (screen, "too many releases are left out at one time", NULL);
    AUTO (session_close) session_t *session = session_open (args, screen);
    if (dry_run)
        return rehearse (args, screen, session, &rotation);
    if (!unlock_key (session, args, screen, name))
        return failed (session);
    bool good = lost ? take_lost (session, screen, name, &rotation)
                     : take_succession (session, screen, name, &rotation);
    if (!good || (by_recovery && !sign_by_recovery (args, screen, &rotation))
        || !agrees (session, args, screen, &rotation))
        return failed (session);
    return hand_over (session, screen, name, &rotation);
}
