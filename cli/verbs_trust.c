// SPDX-License-Identifier: MIT
//  trust list, add, remove: which publisher may publish which name.
#include "verbs.h"
#include "render.h"
#include "session.h"
#include "shape.h"
#include "table.h"
#include "text.h"
#include "wording.h"
#include "trust.pb-c.h"

#include <stdlib.h>
#include <string.h>

static json_t *
pin_shape (const Ggen__TrustPin *pin)
{
    return pin ? shape_trust_pin (pin) : json_null ();
}

//  ---- list --------------------------------------------------------------------------------------

static code_t
print_pins (const screen_t *screen, const Ggen__TrustListReply *reply)
{
    static const column_t columns [] = {{"PACKAGE", 0}, {"PUBLISHER", 0}, {"HOW", TABLE_CUT},
                                        {"SINCE", 0}, {"KEY", 0}};
    AUTO (table_destroy) table_t *table = table_new (screen, columns, COUNT_OF (columns));
    code_t code = table ? OK : INTERNAL;
    for (size_t at = 0; code == OK && at < reply->n_pins; at++) {
        const Ggen__TrustPin *pin = reply->pins [at];
        char fingerprint [WORDING_PUBLISHER_MAX], key [PUBLISHER_KEY_TEXT_SIZE + 1];
        char time [TEXT_TIME_MAX];
        code = table_row (table, (const char *const []) {
            pin->name, wording_publisher (pin->key, fingerprint), pin->how,
            pin->since ? text_time (pin->since, time) : "", wording_key (pin->key, key)});
    }
    if (code == OK)
        table_print (table);
    return code;
}

static int
print_list (const screen_t *screen, const Ggen__TrustListReply *reply)
{
    if (print_pins (screen, reply) != OK) {
        render_error (screen, INTERNAL, "out of memory", NULL);
        return VERB_FAILED;
    }
    for (size_t at = 0; at < reply->n_unsigned_registries; at++) {
        AUTO (text_free) char *name = text_clean (reply->unsigned_registries [at]);
        fprintf (screen->out, "Unsigned packages of the registry \"%s\" are accepted.\n",
                 name ? name : "");
    }
    if (reply->n_pins == 0)
        screen_say (screen, "No publisher is pinned. The first install of a package pins its "
                            "publisher.\n");
    return VERB_DONE;
}

int
trust_list_run (const args_t *args, const screen_t *screen)
{
    Ggen__TrustListRequest request = GGEN__TRUST_LIST_REQUEST__INIT;
    AUTO (session_close) session_t *session = session_open (args, screen);
    const Ggen__TrustListReply *reply =
        session_ask (session, "trust", &request.base, &ggen__trust_list_reply__descriptor);
    if (!reply)
        return session_status (session);
    if (!screen->json)
        return print_list (screen, reply);
    json_t *document = json_object (), *pins = json_array ();
    for (size_t at = 0; at < reply->n_pins; at++)
        shape_append (&pins, shape_trust_pin (reply->pins [at]));
    shape_set (&document, "pins", pins);
    shape_set (&document, "unsigned_registries",
               shape_texts (reply->unsigned_registries, reply->n_unsigned_registries));
    shape_set (&document, "total", json_integer ((json_int_t) reply->n_pins));
    render_json (screen, document);
    return VERB_DONE;
}

//  ---- add, remove -------------------------------------------------------------------------------

static int
usage (const screen_t *screen, const char *message, const char *hint)
{
    render_error (screen, VALIDATION, message, hint);
    return VERB_USAGE;
}

static void
say_registry (const screen_t *screen, const char *registry, const char *what)
{
    AUTO (text_free) char *name = text_clean (registry);
    screen_say (screen, "%s Unsigned packages of the registry \"%s\" %s.\n",
                render_mark (screen, MARK_GOOD), name ? name : "", what);
}

static int
print_add (const screen_t *screen, const Ggen__TrustAddReply *reply, const char *registry)
{
    if (screen->json) {
        json_t *document = json_object ();
        shape_set (&document, "pin", pin_shape (reply->pin));
        shape_set (&document, "replaced_key", shape_key (reply->replaced_key));
        shape_set (&document, "unsigned_registry", shape_text (registry));
        render_json (screen, document);
        return VERB_DONE;
    }
    if (*registry)
        say_registry (screen, registry, "are accepted from now on");
    if (!reply->pin || *registry)
        return VERB_DONE;
    char fingerprint [WORDING_PUBLISHER_MAX], old [WORDING_PUBLISHER_MAX];
    AUTO (text_free) char *name = text_clean (reply->pin->name);
    screen_say (screen, "%s %s is accepted from publisher %s", render_mark (screen, MARK_GOOD),
                name ? name : "", wording_publisher (reply->pin->key, fingerprint));
    if (reply->replaced_key.len > 0)
        screen_say (screen, ", no longer from %s", wording_publisher (reply->replaced_key, old));
    screen_say (screen, ".\n");
    return VERB_DONE;
}

int
trust_add_run (const args_t *args, const screen_t *screen)
{
    const char *registry = args_value (args, "unsigned");
    const char *text = args_positional (args, 1);
    publisher_key_t key;
    if (registry && args->positionals_count > 0)
        return usage (screen, "--unsigned stands instead of PKG and KEY",
                      "see: ggen market trust add --help");
    if (!registry && !text)
        return usage (screen, "a package and a publisher's key are missing",
                      "see: ggen market trust add --help");
    if (!registry && publisher_key_from_text (&key, text) != OK)
        return usage (screen, "this is no publisher's key",
                      "it is ed25519: and 64 hex digits, as `ggen market info PKG` shows it");
    Ggen__TrustAddRequest request = GGEN__TRUST_ADD_REQUEST__INIT;
    request.name = wording_borrow (args_positional (args, 0));
    request.unsigned_registry = wording_borrow (registry);
    if (!registry)
        request.key = publisher_key_to_field (&key);
    AUTO (session_close) session_t *session = session_open (args, screen);
    const Ggen__TrustAddReply *reply =
        session_ask (session, "trust", &request.base, &ggen__trust_add_reply__descriptor);
    return reply ? print_add (screen, reply, request.unsigned_registry)
                 : session_status (session);
}

static int
print_removed (const screen_t *screen, const Ggen__TrustRemoveReply *reply, const char *registry)
{
    if (screen->json) {
        json_t *document = json_object ();
        shape_set (&document, "pin", pin_shape (reply->pin));
        shape_set (&document, "unsigned_registry", shape_text (registry));
        render_json (screen, document);
        return VERB_DONE;
    }
    if (*registry)
        say_registry (screen, registry, "are refused again");
    if (!reply->pin || *registry)
        return VERB_DONE;
    char fingerprint [WORDING_PUBLISHER_MAX];
    AUTO (text_free) char *name = text_clean (reply->pin->name);
    screen_say (screen, "%s Publisher %s of %s is forgotten; the next install pins anew.\n",
                render_mark (screen, MARK_GOOD), wording_publisher (reply->pin->key, fingerprint),
                name ? name : "");
    return VERB_DONE;
}

int
trust_remove_run (const args_t *args, const screen_t *screen)
{
    const char *registry = args_value (args, "unsigned");
    if (!registry == !args->positionals_count)
        return usage (screen, "name a package, or --unsigned REGISTRY",
                      "see: ggen market trust remove --help");
    Ggen__TrustRemoveRequest request = GGEN__TRUST_REMOVE_REQUEST__INIT;
    request.name = wording_borrow (args_positional (args, 0));
    request.unsigned_registry = wording_borrow (registry);
    AUTO (session_close) session_t *session = session_open (args, screen);
    const Ggen__TrustRemoveReply *reply =
        session_ask (session, "trust", &request.base, &ggen__trust_remove_reply__descriptor);
    return reply ? print_removed (screen, reply, request.unsigned_registry)
                 : session_status (session);
}
