// SPDX-License-Identifier: MIT
//  outdated, update and history: what could be newer, making it so, and what was before.
#include "verbs.h"
#include "path.h"
#include "render.h"
#include "session.h"
#include "shape.h"
#include "steps.h"
#include "table.h"
#include "text.h"
#include "wording.h"
#include "upkeep.pb-c.h"

#include <inttypes.h>
#include <stdlib.h>

static int
out_of_memory (const screen_t *screen)
{
    render_error (screen, INTERNAL, "out of memory", NULL);
    return VERB_FAILED;
}

//  ---- outdated ----------------------------------------------------------------------------------

static json_t *
outdated_shape (const Ggen__OutdatedReply *reply)
{
    json_t *document = json_object (), *packages = json_array ();
    for (size_t at = 0; at < reply->n_packages; at++) {
        const Ggen__OutdatedPackage *package = reply->packages [at];
        json_t *one = json_object ();
        shape_set (&one, "name", shape_text (package->name));
        shape_set (&one, "current", shape_text (package->current));
        shape_set (&one, "wanted", shape_text (package->wanted));
        shape_set (&one, "latest", shape_text (package->latest));
        shape_set (&one, "direct", json_boolean (package->direct));
        shape_set (&one, "yanked", json_boolean (package->yanked));
        shape_set (&one, "needed_by",
                   shape_locked_dependencies (package->needed_by, package->n_needed_by, "version"));
        shape_append (&packages, one);
    }
    shape_set (&document, "packages", packages);
    shape_set (&document, "total", json_integer ((json_int_t) reply->n_packages));
    shape_set (&document, "installed_count", json_integer (reply->installed_count));
    shape_set (&document, "warnings", shape_texts (reply->warnings, reply->n_warnings));
    return document;
}

static code_t
print_outdated (const screen_t *screen, const Ggen__OutdatedReply *reply)
{
    static const column_t columns [] = {{"PACKAGE", 0}, {"CURRENT", 0}, {"WANTED", 0},
                                        {"LATEST", 0}, {"NEEDED BY", TABLE_WRAP}};
    AUTO (table_destroy) table_t *table = table_new (screen, columns, COUNT_OF (columns));
    code_t code = table ? OK : INTERNAL;
    for (size_t at = 0; code == OK && at < reply->n_packages; at++) {
        const Ggen__OutdatedPackage *package = reply->packages [at];
        AUTO (text_free) char *needed_by =
            wording_dependencies (package->needed_by, package->n_needed_by);
        code = table_row (table, (const char *const []) {
            package->name, package->current, package->wanted, package->latest,
            package->n_needed_by > 0 ? needed_by : package->direct ? "(asked for)" : ""});
    }
    if (code == OK)
        table_print (table);
    return code;
}

static int
tell_outdated (const screen_t *screen, const Ggen__OutdatedReply *reply)
{
    char count [WORDING_COUNT_MAX], installed [WORDING_COUNT_MAX];
    const int status = reply->n_packages > 0 ? VERB_FOUND : VERB_DONE;
    if (screen->json) {
        render_json (screen, outdated_shape (reply));
        return status;
    }
    render_warnings (screen, reply->warnings, reply->n_warnings);
    if (print_outdated (screen, reply) != OK)
        return out_of_memory (screen);
    wording_count (reply->installed_count, "package", installed);
    if (reply->n_packages > 0)
        screen_say (screen, "\n%s of %" PRIu32 " can be newer: ggen market update\n",
                    wording_count (reply->n_packages, "package", count), reply->installed_count);
    else if (reply->installed_count > 0)
        screen_say (screen, "%s %s: none can be newer.\n", render_mark (screen, MARK_GOOD),
                    installed);
    else
        screen_say (screen, "Nothing is installed.\n");
    return status;
}

//  Also `update --check`.
static int
check_outdated (const args_t *args, const screen_t *screen, char *root)
{
    Ggen__OutdatedRequest request = GGEN__OUTDATED_REQUEST__INIT;
    request.names = (char **) (uintptr_t) args->positionals;
    request.n_names = args->positionals_count;
    request.root = root;
    AUTO (session_close) session_t *session = session_open (args, screen);
    const Ggen__OutdatedReply *reply =
        session_ask (session, "installer", &request.base, &ggen__outdated_reply__descriptor);
    return reply ? tell_outdated (screen, reply) : session_status (session);
}

int
outdated_run (const args_t *args, const screen_t *screen)
{
    AUTO (text_free) char *root = NULL;
    if (!path_take (screen, args_value (args, "target"), PATH_EXISTS, &root))
        return VERB_FAILED;
    return check_outdated (args, screen, root);
}

//  ---- update ------------------------------------------------------------------------------------

static json_t *
update_shape (const Ggen__UpdateReply *reply, bool reindexed)
{
    json_t *document = json_object ();
    shape_set (&document, "steps", steps_shape (reply->steps, reply->n_steps));
    shape_set (&document, "generation", json_integer ((json_int_t) reply->generation));
    shape_set (&document, "dry_run", json_boolean (reply->dry_run));
    shape_set (&document, "fetched_bytes", json_integer ((json_int_t) reply->fetched_bytes));
    shape_set (&document, "indexed_count",
               reindexed ? json_integer ((json_int_t) reply->indexed_count) : json_null ());
    shape_set (&document, "warnings", shape_texts (reply->warnings, reply->n_warnings));
    return document;
}

static int
print_update (const screen_t *screen, const Ggen__UpdateReply *reply, bool reindexed)
{
    if (screen->json) {
        render_json (screen, update_shape (reply, reindexed));
        return VERB_DONE;
    }
    char count [WORDING_COUNT_MAX], fetched [TEXT_SIZE_MAX];
    const size_t changing = steps_changing (reply->steps, reply->n_steps);
    render_warnings (screen, reply->warnings, reply->n_warnings);
    if (reindexed)
        screen_say (screen, "%s Index made anew: %s.\n", render_mark (screen, MARK_GOOD),
                    wording_count (reply->indexed_count, "package", count));
    if (steps_print (screen, reply->steps, reply->n_steps, reply->dry_run) != OK)
        return out_of_memory (screen);
    if (reply->dry_run)
        screen_say (screen, "Dry run: nothing was changed.\n");
    else if (changing == 0)
        screen_say (screen, "Nothing to do: %s.\n",
                    reply->n_steps > 0 ? "no newer version fits" : "nothing is installed");
    else
        screen_say (screen, "%s Updated: %s, %s fetched, generation %" PRIu64 ".\n",
                    render_mark (screen, MARK_GOOD), wording_count (changing, "change", count),
                    text_size (reply->fetched_bytes, fetched), reply->generation);
    return VERB_DONE;
}

//  False, and told, when the words contradict each other.
static bool
update_makes_sense (const args_t *args, const screen_t *screen)
{
    const bool looks_only = args_flag (args, "check") || args_flag (args, "dry-run");
    if (args_flag (args, "all") && args->positionals_count > 0)
        render_error (screen, VALIDATION, "--all and names of packages exclude each other",
                      "ggen market update --all, or ggen market update PKG...");
    else if (args_flag (args, "force") && looks_only)
        render_error (screen, VALIDATION,
                      "--force makes the index anew: not with --check or --dry-run",
                      "first: ggen market update --force");
    else
        return true;
    return false;
}

int
update_run (const args_t *args, const screen_t *screen)
{
    AUTO (text_free) char *root = NULL;
    if (!update_makes_sense (args, screen))
        return VERB_USAGE;
    if (!path_take (screen, args_value (args, "target"), PATH_EXISTS, &root))
        return VERB_FAILED;
    if (args_flag (args, "check"))
        return check_outdated (args, screen, root);
    Ggen__UpdateRequest request = GGEN__UPDATE_REQUEST__INIT;
    request.names = (char **) (uintptr_t) args->positionals;
    request.n_names = args->positionals_count;
    request.root = root;
    request.dry_run = args_flag (args, "dry-run");
    request.reindex = args_flag (args, "force");
    request.offline = args_flag (args, "offline");
    request.allow_unsigned = args_flag (args, "allow-unsigned");

    AUTO (session_close) session_t *session = session_open (args, screen);
    const Ggen__UpdateReply *reply =
        session_ask (session, "installer", &request.base, &ggen__update_reply__descriptor);
    return reply ? print_update (screen, reply, request.reindex) : session_status (session);
}

//  ---- history -----------------------------------------------------------------------------------

//  Changes of one generation that are told unless --verbose.
#define CHANGES_SHOWN 6

static json_t *
history_shape (const Ggen__HistoryReply *reply)
{
    json_t *document = json_object (), *entries = json_array ();
    bool adopted = reply->n_entries > 0 && reply->entries [reply->n_entries - 1]->adopted;
    for (size_t at = 0; at < reply->n_entries; at++) {
        const Ggen__HistoryEntry *entry = reply->entries [at];
        bool has_previous = entry->previous > 0 || (adopted && entry->generation == 1);
        json_t *one = json_object ();
        shape_set (&one, "generation", json_integer ((json_int_t) entry->generation));
        shape_set (&one, "created_at", shape_time (entry->created_at));
        shape_set (&one, "current", json_boolean (entry->current));
        shape_set (&one, "damaged", json_boolean (entry->damaged));
        shape_set (&one, "adopted", json_boolean (entry->adopted));
        shape_set (&one, "previous", has_previous ? json_integer ((json_int_t) entry->previous)
                                                  : json_null ());
        shape_set (&one, "packages_count", json_integer (entry->packages_count));
        shape_set (&one, "steps", steps_shape (entry->steps, entry->n_steps));
        shape_append (&entries, one);
    }
    shape_set (&document, "generations", entries);
    shape_set (&document, "total", json_integer (reply->total));
    return document;
}

static void
write_change (const screen_t *screen, FILE *out, const Ggen__PlanStep *step)
{
    const char *arrow = render_mark (screen, MARK_ARROW);
    switch (step->action) {
    case GGEN__ACTION__ADD:
        fprintf (out, "+%s %s", step->name, step->version);
        break;
    case GGEN__ACTION__REMOVE:
        fprintf (out, "-%s %s", step->name, step->previous);
        break;
    case GGEN__ACTION__UPGRADE:
    case GGEN__ACTION__DOWNGRADE:
        fprintf (out, "%s %s %s %s", step->name, step->previous, arrow, step->version);
        break;
    default:
        fprintf (out, "%s %s again", step->name, step->version);
    }
}

//  What a generation changed, in words. New, the caller's; NULL without memory.
static char *
describe_changes (const screen_t *screen, const Ggen__HistoryEntry *entry)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream (&text, &size);
    if (!out)
        return NULL;
    const size_t shown = screen->verbose || entry->n_steps <= CHANGES_SHOWN ? entry->n_steps
                                                                             : CHANGES_SHOWN;
    for (size_t at = 0; at < shown; at++) {
        fprintf (out, "%s", at > 0 ? ", " : "");
        write_change (screen, out, entry->steps [at]);
    }
    if (shown < entry->n_steps)
        fprintf (out, " and %zu more", entry->n_steps - shown);
    if (entry->adopted)
        fprintf (out, "(adopted: there before ggen)");
    else if (entry->damaged)
        fprintf (out, "its ggen.lock does not read");
    else if (entry->n_steps == 0 && entry->previous == 0 && entry->generation > 1)
        fprintf (out, "(the one before is not there any more)");
    else if (entry->n_steps == 0)
        fprintf (out, "(no package changed)");
    fclose (out);
    return text;
}

static code_t
print_history (const screen_t *screen, const Ggen__HistoryReply *reply)
{
    static const column_t columns [] = {{"GENERATION", TABLE_RIGHT}, {"", 0}, {"MADE", 0},
                                        {"PACKAGES", TABLE_RIGHT}, {"CHANGES", TABLE_WRAP}};
    AUTO (table_destroy) table_t *table = table_new (screen, columns, COUNT_OF (columns));
    code_t code = table ? OK : INTERNAL;
    for (size_t at = 0; code == OK && at < reply->n_entries; at++) {
        const Ggen__HistoryEntry *entry = reply->entries [at];
        char number [24], packages [24], time [TEXT_TIME_MAX];
        AUTO (text_free) char *changes = describe_changes (screen, entry);
        snprintf (number, sizeof number, "%" PRIu64, entry->generation);
        snprintf (packages, sizeof packages, "%" PRIu32, entry->packages_count);
        code = table_row (table, (const char *const []) {
            number, entry->current ? "current" : "",
            entry->created_at ? text_time (entry->created_at, time) : "", packages, changes});
    }
    if (code == OK)
        table_print (table);
    return code;
}

int
history_run (const args_t *args, const screen_t *screen)
{
    AUTO (text_free) char *root = NULL;
    if (!path_take (screen, args_value (args, "target"), PATH_EXISTS, &root))
        return VERB_FAILED;
    Ggen__HistoryRequest request = GGEN__HISTORY_REQUEST__INIT;
    request.root = root;
    request.limit = (uint32_t) args_count (args, "limit", 0);

    AUTO (session_close) session_t *session = session_open (args, screen);
    const Ggen__HistoryReply *reply =
        session_ask (session, "installer", &request.base, &ggen__history_reply__descriptor);
    if (!reply)
        return session_status (session);
    if (screen->json) {
        render_json (screen, history_shape (reply));
        return VERB_DONE;
    }
    if (print_history (screen, reply) != OK)
        return out_of_memory (screen);
    if (reply->total == 0)
        screen_say (screen, "Nothing was ever installed here.\n");
    else if (reply->total > reply->n_entries)
        screen_say (screen, "\n%zu of %" PRIu32 " generations; more: --limit %" PRIu32 "\n",
                    reply->n_entries, reply->total, reply->total);
    return VERB_DONE;
}
