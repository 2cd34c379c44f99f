// SPDX-License-Identifier: MIT
//  clean and policy: what nothing needs, and what would be chosen.
#include "verbs.h"
#include "path.h"
#include "render.h"
#include "session.h"
#include "shape.h"
#include "table.h"
#include "text.h"
#include "wording.h"
#include "upkeep.pb-c.h"

#include <inttypes.h>
#include <stdlib.h>

//  ---- clean -------------------------------------------------------------------------------------

static json_t *
clean_shape (const Ggen__CleanReply *reply)
{
    json_t *document = json_object (), *generations = json_array ();
    for (size_t at = 0; at < reply->n_generations; at++)
        shape_append (&generations, json_integer ((json_int_t) reply->generations [at]));
    shape_set (&document, "freed_bytes", json_integer ((json_int_t) reply->freed_bytes));
    shape_set (&document, "generations", generations);
    shape_set (&document, "generations_bytes",
               json_integer ((json_int_t) reply->generations_bytes));
    shape_set (&document, "trees_count", json_integer (reply->instances_count));
    shape_set (&document, "trees_bytes", json_integer ((json_int_t) reply->instances_bytes));
    shape_set (&document, "archives_count", json_integer (reply->blobs_count));
    shape_set (&document, "archives_bytes", json_integer ((json_int_t) reply->blobs_bytes));
    shape_set (&document, "temporary_count", json_integer (reply->temporary_count));
    shape_set (&document, "temporary_bytes", json_integer ((json_int_t) reply->temporary_bytes));
    shape_set (&document, "dry_run", json_boolean (reply->dry_run));
    shape_set (&document, "warnings", shape_texts (reply->warnings, reply->n_warnings));
    return document;
}

static void
print_part (const screen_t *screen, uint64_t count, const char *thing, uint64_t bytes)
{
    char counted [WORDING_COUNT_MAX], size [TEXT_SIZE_MAX];
    if (count > 0 && bytes > 0)
        screen_say (screen, "  %s, %s\n", wording_count (count, thing, counted),
                    text_size (bytes, size));
    else if (count > 0)
        screen_say (screen, "  %s\n", wording_count (count, thing, counted));
}

static void
print_clean (const screen_t *screen, const Ggen__CleanReply *reply)
{
    char size [TEXT_SIZE_MAX];
    render_warnings (screen, reply->warnings, reply->n_warnings);
    fprintf (screen->out, "%s: %s\n", reply->dry_run ? "Would free" : "Freed",
             text_size (reply->freed_bytes, size));
    print_part (screen, reply->n_generations, "old generation", reply->generations_bytes);
    print_part (screen, reply->instances_count, "unpacked tree", reply->instances_bytes);
    print_part (screen, reply->blobs_count, "archive", reply->blobs_bytes);
    print_part (screen, reply->temporary_count, "leftover", reply->temporary_bytes);
}

int
clean_run (const args_t *args, const screen_t *screen)
{
    AUTO (text_free) char *root = NULL;
    if (!path_take (screen, args_value (args, "target"), PATH_EXISTS, &root))
        return VERB_FAILED;
    Ggen__CleanRequest request = GGEN__CLEAN_REQUEST__INIT;
    request.root = root;
    request.all = args_flag (args, "all");
    request.dry_run = args_flag (args, "dry-run");

    AUTO (session_close) session_t *session = session_open (args, screen);
    const Ggen__CleanReply *reply =
        session_ask (session, "installer", &request.base, &ggen__clean_reply__descriptor);
    if (!reply)
        return session_status (session);
    if (screen->json)
        render_json (screen, clean_shape (reply));
    else
        print_clean (screen, reply);
    return VERB_DONE;
}

//  ---- policy ------------------------------------------------------------------------------------

typedef struct {
    const char *word, *text;        //  for programs, for people
} verdict_t;

static const verdict_t *
verdict_of (Ggen__Verdict verdict)
{
    static const verdict_t verdicts [] = {
        [GGEN__VERDICT__CHOSEN] = {"chosen", "chosen"},
        [GGEN__VERDICT__OLDER] = {"older", "older"},
        [GGEN__VERDICT__NOT_LOCKED] = {"not_locked", "newer than what is locked"},
        [GGEN__VERDICT__YANKED] = {"yanked", "yanked"},
        [GGEN__VERDICT__PRE_RELEASE] = {"pre_release", "pre-release"},
        [GGEN__VERDICT__OTHER_PUBLISHER] = {"other_publisher", "not the pinned publisher"},
        [GGEN__VERDICT__NOT_SIGNED] = {"not_signed", "unsigned"},
        [GGEN__VERDICT__UNFIT] = {"unfit", "does not fit"},
        [GGEN__VERDICT__OTHER_BYTES] = {"other_bytes", "other bytes of this version"}};
    static const verdict_t unknown = {"unknown", "?"};
    return (size_t) verdict < COUNT_OF (verdicts) ? &verdicts [verdict] : &unknown;
}

static ProtobufCBinaryData
key_of (const Ggen__Package *package)
{
    return package->publisher ? package->publisher->public_key : (ProtobufCBinaryData) {0, NULL};
}

static json_t *
offer_shape (const Ggen__Offer *offer)
{
    const Ggen__Package *package = offer->package;
    json_t *one = json_object ();
    shape_set (&one, "version", shape_text (package->version));
    shape_set (&one, "verdict", json_string (verdict_of (offer->verdict)->word));
    shape_set (&one, "installed", json_boolean (offer->installed));
    shape_set (&one, "yanked", json_boolean (package->yanked));
    shape_set (&one, "trusted", json_boolean (offer->trusted));
    shape_set (&one, "publisher_key", shape_key (key_of (package)));
    shape_set (&one, "registry", shape_text (package->source));
    shape_set (&one, "location", shape_text (package->location));
    shape_set (&one, "sha256", shape_digest (package->sha256));
    shape_set (&one, "size_bytes", json_integer ((json_int_t) package->size_bytes));
    shape_set (&one, "created_at", shape_time (package->created_at));
    shape_set (&one, "unfit_for",
               shape_locked_dependencies (offer->unfit_for, offer->n_unfit_for, "range"));
    return one;
}

static json_t *
text_or_null (const char *text)
{
    return *text ? shape_text (text) : json_null ();
}

static json_t *
policy_shape (const Ggen__PolicyReply *reply)
{
    json_t *document = json_object (), *offers = json_array ();
    for (size_t at = 0; at < reply->n_offers; at++)
        shape_append (&offers, offer_shape (reply->offers [at]));
    shape_set (&document, "name", shape_text (reply->name));
    shape_set (&document, "installed", text_or_null (reply->installed));
    shape_set (&document, "installed_from", text_or_null (reply->installed_from));
    shape_set (&document, "direct", json_boolean (reply->direct));
    shape_set (&document, "chosen", text_or_null (reply->chosen));
    shape_set (&document, "updated", text_or_null (reply->updated));
    shape_set (&document, "refused", text_or_null (reply->refused));
    shape_set (&document, "pinned_key", shape_key (reply->pinned_key));
    shape_set (&document, "pinned_at", shape_time (reply->pinned_at));
    shape_set (&document, "needed_by",
               shape_locked_dependencies (reply->needed_by, reply->n_needed_by, "range"));
    shape_set (&document, "offers", offers);
    shape_set (&document, "warnings", shape_texts (reply->warnings, reply->n_warnings));
    return document;
}

static void
print_summary (const screen_t *screen, const Ggen__PolicyReply *reply)
{
    char installed [400], key [PUBLISHER_KEY_TEXT_SIZE + 1], pinned [200], time [TEXT_TIME_MAX];
    AUTO (text_free) char *needs = wording_dependencies (reply->needed_by, reply->n_needed_by);
    snprintf (installed, sizeof installed, "%s (%s, from %s)", reply->installed,
              reply->direct ? "asked for" : "a dependency", reply->installed_from);
    snprintf (pinned, sizeof pinned, "%s since %s", wording_key (reply->pinned_key, key),
              reply->pinned_at ? text_time (reply->pinned_at, time) : "?");
    render_field (screen, "Package", reply->name);
    render_field (screen, "Installed", *reply->installed ? installed : "no");
    render_field (screen, "Chosen", *reply->chosen ? reply->chosen : "none of these");
    if (*reply->installed)
        render_field (screen, "By update", reply->updated);
    render_field (screen, "Publisher", reply->pinned_key.len ? pinned : "none is pinned yet");
    render_field (screen, "Refused", reply->refused);
    render_field (screen, "Needed by", needs);
}

//  "does not fit greeting-rest ^1.0", or the verdict alone; "installed" is said too.
static char *
explain (const Ggen__Offer *offer)
{
    char *text = NULL;
    size_t size;
    AUTO (text_free) char *needs = wording_dependencies (offer->unfit_for, offer->n_unfit_for);
    FILE *out = open_memstream (&text, &size);
    if (!out)
        return NULL;
    fprintf (out, "%s", verdict_of (offer->verdict)->text);
    if (offer->verdict == GGEN__VERDICT__UNFIT && needs)
        fprintf (out, " %s", needs);
    if (offer->package->yanked && offer->verdict != GGEN__VERDICT__YANKED)
        fprintf (out, ", yanked");
    if (offer->installed)
        fprintf (out, ", installed");
    fclose (out);
    return text;
}

static code_t
print_offers (const screen_t *screen, const Ggen__PolicyReply *reply)
{
    static const column_t columns [] = {{"VERSION", 0}, {"WHY", TABLE_WRAP}, {"REGISTRY", 0},
                                        {"PUBLISHER", 0}, {"", 0}, {"SIZE", TABLE_RIGHT},
                                        {"WHERE", TABLE_WRAP}};
    const size_t columns_count = COUNT_OF (columns) - (screen->verbose ? 0 : 1);
    AUTO (table_destroy) table_t *table = table_new (screen, columns, columns_count);
    code_t code = table ? OK : INTERNAL;
    for (size_t at = 0; code == OK && at < reply->n_offers; at++) {
        const Ggen__Offer *offer = reply->offers [at];
        const Ggen__Package *package = offer->package;
        char publisher [WORDING_PUBLISHER_MAX], size [TEXT_SIZE_MAX];
        AUTO (text_free) char *why = explain (offer);
        code = table_row (table, (const char *const []) {
            package->version, why, package->source,
            wording_publisher (key_of (package), publisher), offer->trusted ? "pinned" : "",
            text_size (package->size_bytes, size), package->location});
    }
    if (code == OK && reply->n_offers > 0) {
        screen_say (screen, "\n");
        table_print (table);
    }
    return code;
}

int
policy_run (const args_t *args, const screen_t *screen)
{
    AUTO (text_free) char *root = NULL;
    if (!path_take (screen, args_value (args, "target"), PATH_EXISTS, &root))
        return VERB_FAILED;
    Ggen__PolicyRequest request = GGEN__POLICY_REQUEST__INIT;
    request.name = wording_borrow (args_positional (args, 0));
    request.root = root;

    AUTO (session_close) session_t *session = session_open (args, screen);
    const Ggen__PolicyReply *reply =
        session_ask (session, "installer", &request.base, &ggen__policy_reply__descriptor);
    if (!reply)
        return session_status (session);
    if (screen->json) {
        render_json (screen, policy_shape (reply));
        return VERB_DONE;
    }
    render_warnings (screen, reply->warnings, reply->n_warnings);
    print_summary (screen, reply);
    if (print_offers (screen, reply) == OK)
        return VERB_DONE;
    render_error (screen, INTERNAL, "out of memory", NULL);
    return VERB_FAILED;
}
