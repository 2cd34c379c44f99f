// SPDX-License-Identifier: MIT
//  key generate, show, list, export, import: publisher keys. No secret passes through here but the
//  recovery key, which is made here.
#include "verbs.h"
#include "keygen.h"
#include "path.h"
#include "render.h"
#include "shape.h"
#include "table.h"
#include "text.h"
#include "unlock.h"
#include "wording.h"
#include "minisign.h"

#include <stdlib.h>

static void
print_key (const screen_t *screen, const Ggen__KeyInfo *key)
{
    char fingerprint [WORDING_PUBLISHER_MAX], text [PUBLISHER_KEY_TEXT_SIZE + 1];
    char time [TEXT_TIME_MAX];
    render_field (screen, "name", key->name);
    render_field (screen, "fingerprint", wording_publisher (key->public_key, fingerprint));
    render_field (screen, "public key", wording_key (key->public_key, text));
    render_field (screen, "recovery",
                  key->recovery_sha256.len > 0 ? "there is a recovery key" : "none");
    render_field (screen, "passphrase", key->encrypted ? "needed to sign" : "none");
    render_field (screen, "created", key->created_at ? text_time (key->created_at, time) : "");
    render_field (screen, "path", key->path);
}

static json_t *
key_shape (const Ggen__KeyInfo *key)
{
    json_t *document = json_object ();
    shape_set (&document, "key", shape_key_info (key));
    return document;
}

//  The end of a verb whose answer is one key. 'done' is said before it, if not NULL.
static int
print_one (const screen_t *screen, const Ggen__KeyInfo *key, const char *done)
{
    if (!key) {
        render_error (screen, SERIALIZATION, "the keyring's answer lacks the key", NULL);
        return VERB_FAILED;
    }
    if (screen->json) {
        render_json (screen, key_shape (key));
        return VERB_DONE;
    }
    if (done)
        screen_say (screen, "%s %s\n", render_mark (screen, MARK_GOOD), done);
    print_key (screen, key);
    return VERB_DONE;
}

int
key_generate_run (const args_t *args, const screen_t *screen)
{
    AUTO (recovery_wipe) recovery_t recovery;
    AUTO (session_close) session_t *session = session_open (args, screen);
    AUTO (unlock_pipe_close) unlock_pipe_t *pipe = NULL;
    bool locked = args_flag (args, "passphrase") || args_value (args, "passphrase-file");
    if (locked && !session_status (session) && !unlock_pipe_open (&pipe, args, screen, true))
        return VERB_FAILED;
    const Ggen__KeyInfo *key = keygen_make (session, screen, args_value (args, "name"),
                                            unlock_pipe_path (pipe), &recovery);
    if (!key)
        return session_status (session) ? session_status (session) : VERB_FAILED;
    if (screen->json) {
        json_t *document = key_shape (key);
        shape_set (&document, "recovery_key", json_string (recovery.text));
        render_json (screen, document);
    }
    else
        keygen_tell (screen->out, key, &recovery);
    return VERB_DONE;
}

static int
print_minisign (const screen_t *screen, const Ggen__KeyInfo *info)
{
    publisher_key_t key;
    char text [MINISIGN_TEXT_MAX];
    if (publisher_key_from_field (&key, info->public_key) != OK) {
        render_error (screen, SERIALIZATION, "the keyring's answer lacks the key", NULL);
        return VERB_FAILED;
    }
    minisign_public_text (&key, text);
    json_t *document = screen->json ? key_shape (info) : NULL;
    if (screen->json) {
        shape_set (&document, "minisign", shape_text (text));
        render_json (screen, document);
    }
    else
        fputs (text, screen->out);
    return VERB_DONE;
}

int
key_show_run (const args_t *args, const screen_t *screen)
{
    Ggen__KeyShowRequest request = GGEN__KEY_SHOW_REQUEST__INIT;
    request.name = wording_borrow (args_value (args, "name"));
    AUTO (session_close) session_t *session = session_open (args, screen);
    const Ggen__KeyShowReply *reply =
        session_ask (session, "keyring", &request.base, &ggen__key_show_reply__descriptor);
    if (!reply)
        return session_status (session);
    return reply->key && args_flag (args, "minisign") ? print_minisign (screen, reply->key)
                                                      : print_one (screen, reply->key, NULL);
}

static int
print_keys (const screen_t *screen, const Ggen__KeyListReply *reply)
{
    static const column_t columns [] = {{"NAME", 0}, {"FINGERPRINT", 0}, {"CREATED", 0},
                                        {"PUBLIC KEY", 0}};
    AUTO (table_destroy) table_t *table = table_new (screen, columns, COUNT_OF (columns));
    code_t code = table ? OK : INTERNAL;
    for (size_t at = 0; code == OK && at < reply->n_keys; at++) {
        const Ggen__KeyInfo *key = reply->keys [at];
        char fingerprint [WORDING_PUBLISHER_MAX], text [PUBLISHER_KEY_TEXT_SIZE + 1];
        char time [TEXT_TIME_MAX];
        code = table_row (table, (const char *const []) {
            key->name, wording_publisher (key->public_key, fingerprint),
            key->created_at ? text_time (key->created_at, time) : "",
            wording_key (key->public_key, text)});
    }
    if (code != OK) {
        render_error (screen, code, "out of memory", NULL);
        return VERB_FAILED;
    }
    table_print (table);
    if (reply->n_keys == 0)
        screen_say (screen, "No publisher keys.\n  Make one: ggen market key generate\n");
    return VERB_DONE;
}

int
key_list_run (const args_t *args, const screen_t *screen)
{
    Ggen__KeyListRequest request = GGEN__KEY_LIST_REQUEST__INIT;
    AUTO (session_close) session_t *session = session_open (args, screen);
    const Ggen__KeyListReply *reply =
        session_ask (session, "keyring", &request.base, &ggen__key_list_reply__descriptor);
    if (!reply)
        return session_status (session);
    if (!screen->json)
        return print_keys (screen, reply);
    json_t *document = json_object (), *keys = json_array ();
    for (size_t at = 0; at < reply->n_keys; at++)
        shape_append (&keys, shape_key_info (reply->keys [at]));
    shape_set (&document, "keys", keys);
    shape_set (&document, "total", json_integer ((json_int_t) reply->n_keys));
    render_json (screen, document);
    return VERB_DONE;
}

static int
print_export (const screen_t *screen, const Ggen__KeyExportReply *reply)
{
    if (!reply->key)
        return print_one (screen, NULL, NULL);
    if (screen->json) {
        json_t *document = key_shape (reply->key);
        shape_set (&document, "path", shape_text (reply->path));
        render_json (screen, document);
        return VERB_DONE;
    }
    AUTO (text_free) char *path = text_clean (reply->path);
    AUTO (text_free) char *name = text_clean (reply->key->name);
    screen_say (screen, "%s The secret of key \"%s\" is in %s; only you can read it.\n"
                        "  Who has this file can publish as you.\n",
                render_mark (screen, MARK_GOOD), name ? name : "", path ? path : "");
    return VERB_DONE;
}

int
key_export_run (const args_t *args, const screen_t *screen)
{
    AUTO (text_free) char *path = NULL;
    if (!path_take (screen, args_positional (args, 0), PATH_MAY_EXIST, &path))
        return VERB_FAILED;
    Ggen__KeyExportRequest request = GGEN__KEY_EXPORT_REQUEST__INIT;
    request.name = wording_borrow (args_value (args, "name"));
    request.path = path;
    AUTO (session_close) session_t *session = session_open (args, screen);
    const Ggen__KeyExportReply *reply =
        session_ask (session, "keyring", &request.base, &ggen__key_export_reply__descriptor);
    return reply ? print_export (screen, reply) : session_status (session);
}

int
key_import_run (const args_t *args, const screen_t *screen)
{
    AUTO (text_free) char *path = NULL;
    if (!path_take (screen, args_positional (args, 0), PATH_EXISTS, &path))
        return VERB_FAILED;
    Ggen__KeyImportRequest request = GGEN__KEY_IMPORT_REQUEST__INIT;
    request.name = wording_borrow (args_value (args, "name"));
    request.path = path;
    AUTO (session_close) session_t *session = session_open (args, screen);
    const Ggen__KeyImportReply *reply =
        session_ask (session, "keyring", &request.base, &ggen__key_import_reply__descriptor);
    return reply ? print_one (screen, reply->key, "Imported:") : session_status (session);
}
