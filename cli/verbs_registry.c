// SPDX-License-Identifier: MIT
//  registry list, add, remove, import, sync: where packages come from besides the home itself.
#include "verbs.h"
#include "path.h"
#include "render.h"
#include "session.h"
#include "shape.h"
#include "table.h"
#include "text.h"
#include "wording.h"
#include "sources.pb-c.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

//  Skipped entries, and versions of a sync, that people are shown; --verbose shows all.
#define SHOWN_MAX 20

static const char *
kind_text (Ggen__SourceKind kind)
{
    static const char *const kinds [] = {"home", "directory", "imported", "web"};
    return (unsigned) kind < COUNT_OF (kinds) ? kinds [kind] : "";
}

static json_t *
count (uint64_t value)
{
    return json_integer ((json_int_t) value);
}

static json_t *
source_shape (const Ggen__Source *from)
{
    if (!from)
        return json_null ();
    json_t *self = json_object ();
    shape_set (&self, "name", shape_text (from->name));
    shape_set (&self, "kind", shape_text (kind_text (from->kind)));
    shape_set (&self, "location", shape_text (from->location));
    shape_set (&self, "directory", shape_text (from->directory));
    shape_set (&self, "added_at", shape_time (from->added_at));
    shape_set (&self, "packages_count", count (from->packages_count));
    shape_set (&self, "problem", shape_text (from->problem));
    return self;
}

static int
print_source (const screen_t *screen, const Ggen__Source *source, const char *said)
{
    if (screen->json) {
        json_t *document = json_object ();
        shape_set (&document, "source", source_shape (source));
        render_json (screen, document);
        return VERB_DONE;
    }
    AUTO (text_free) char *name = text_clean (source ? source->name : "");
    AUTO (text_free) char *location = text_clean (source ? source->location : "");
    AUTO (text_free) char *problem = text_clean (source ? source->problem : "");
    screen_say (screen, "%s %s %s: %s\n", render_mark (screen, MARK_GOOD), name ? name : "", said,
                location ? location : "");
    if (problem && *problem)
        render_warning (screen, problem);
    return VERB_DONE;
}

//  ---- list --------------------------------------------------------------------------------------

static code_t
print_sources (const screen_t *screen, const Ggen__SourceListReply *reply)
{
    static const column_t columns [] = {{"NAME", 0}, {"KIND", 0}, {"PACKAGES", TABLE_RIGHT},
                                        {"LOCATION", TABLE_WRAP}, {"PROBLEM", TABLE_WRAP}};
    AUTO (table_destroy) table_t *table = table_new (screen, columns, COUNT_OF (columns));
    code_t code = table ? OK : INTERNAL;
    for (size_t at = 0; code == OK && at < reply->n_sources; at++) {
        const Ggen__Source *source = reply->sources [at];
        char packages [24];
        snprintf (packages, sizeof packages, "%" PRIu32, source->packages_count);
        code = table_row (table, (const char *const []) {
            source->name, kind_text (source->kind), *source->problem ? "" : packages,
            source->location, source->problem});
    }
    if (code == OK)
        table_print (table);
    return code;
}

int
registry_list_run (const args_t *args, const screen_t *screen)
{
    Ggen__SourceListRequest request = GGEN__SOURCE_LIST_REQUEST__INIT;
    AUTO (session_close) session_t *session = session_open (args, screen);
    const Ggen__SourceListReply *reply =
        session_ask (session, "sources", &request.base, &ggen__source_list_reply__descriptor);
    if (!reply)
        return session_status (session);
    if (screen->json) {
        json_t *document = json_object (), *sources = json_array ();
        for (size_t at = 0; at < reply->n_sources; at++)
            shape_append (&sources, source_shape (reply->sources [at]));
        shape_set (&document, "sources", sources);
        shape_set (&document, "total", count (reply->n_sources));
        render_json (screen, document);
        return VERB_DONE;
    }
    if (print_sources (screen, reply) == OK)
        return VERB_DONE;
    render_error (screen, INTERNAL, "out of memory", NULL);
    return VERB_FAILED;
}

//  ---- add, remove -------------------------------------------------------------------------------

int
registry_add_run (const args_t *args, const screen_t *screen)
{
    const char *given = args_positional (args, 1);
    AUTO (text_free) char *path = NULL;
    if (!strstr (given, "://") && !path_take (screen, given, PATH_EXISTS, &path))
        return VERB_FAILED;
    Ggen__SourceAddRequest request = GGEN__SOURCE_ADD_REQUEST__INIT;
    request.name = wording_borrow (args_positional (args, 0));
    request.location = path ? path : wording_borrow (given);
    AUTO (session_close) session_t *session = session_open (args, screen);
    const Ggen__SourceAddReply *reply =
        session_ask (session, "sources", &request.base, &ggen__source_add_reply__descriptor);
    return reply ? print_source (screen, reply->source, "is asked from now on")
                 : session_status (session);
}

int
registry_remove_run (const args_t *args, const screen_t *screen)
{
    Ggen__SourceRemoveRequest request = GGEN__SOURCE_REMOVE_REQUEST__INIT;
    request.name = wording_borrow (args_positional (args, 0));
    AUTO (session_close) session_t *session = session_open (args, screen);
    const Ggen__SourceRemoveReply *reply =
        session_ask (session, "sources", &request.base, &ggen__source_remove_reply__descriptor);
    return reply ? print_source (screen, reply->source, "is not asked any more")
                 : session_status (session);
}

//  ---- import ------------------------------------------------------------------------------------

static json_t *
import_shape (const Ggen__SourceImportReply *reply)
{
    json_t *document = json_object (), *skipped = json_array ();
    for (size_t at = 0; at < reply->n_skipped; at++) {
        json_t *entry = json_object ();
        shape_set (&entry, "name", shape_text (reply->skipped [at]->name));
        shape_set (&entry, "version", shape_text (reply->skipped [at]->version));
        shape_set (&entry, "reason", shape_text (reply->skipped [at]->reason));
        shape_append (&skipped, entry);
    }
    shape_set (&document, "source", source_shape (reply->source));
    shape_set (&document, "shape", shape_text (reply->shape));
    shape_set (&document, "entries", count (reply->entries_count));
    shape_set (&document, "packages", count (reply->packages_count));
    shape_set (&document, "versions", count (reply->versions_count));
    shape_set (&document, "archives", count (reply->archives_count));
    shape_set (&document, "signed", count (reply->signed_count));
    shape_set (&document, "skipped", skipped);
    shape_set (&document, "skipped_total", count (reply->skipped_count));
    shape_set (&document, "warnings", shape_texts (reply->warnings, reply->n_warnings));
    return document;
}

static void
print_skipped (const screen_t *screen, const Ggen__SourceImportReply *reply, bool all)
{
    size_t shown = all || reply->n_skipped < SHOWN_MAX ? reply->n_skipped : SHOWN_MAX;
    for (size_t at = 0; at < shown; at++) {
        const Ggen__SkippedEntry *entry = reply->skipped [at];
        AUTO (text_free) char *name = text_clean (entry->name);
        AUTO (text_free) char *version = text_clean (entry->version);
        AUTO (text_free) char *reason = text_clean (entry->reason);
        fprintf (screen->out, "  skipped %s%s%s: %s\n", name ? name : "",
                 version && *version ? " " : "", version ? version : "", reason ? reason : "");
    }
    if (reply->skipped_count > shown)
        fprintf (screen->out, "  and %zu more\n", (size_t) reply->skipped_count - shown);
}

static int
print_import (const args_t *args, const screen_t *screen, const Ggen__SourceImportReply *reply)
{
    if (screen->json) {
        render_json (screen, import_shape (reply));
        return VERB_DONE;
    }
    char packages [WORDING_COUNT_MAX], versions [WORDING_COUNT_MAX], archives [WORDING_COUNT_MAX];
    AUTO (text_free) char *name = text_clean (reply->source ? reply->source->name : "");
    AUTO (text_free) char *shape = text_clean (reply->shape);
    render_warnings (screen, reply->warnings, reply->n_warnings);
    fprintf (screen->out,
             "%s %s lists %s (%s) of %" PRIu32 " entries, shape \"%s\": %s, %" PRIu32
             " signed, %" PRIu32 " skipped.\n",
             render_mark (screen, MARK_GOOD), name ? name : "",
             wording_count (reply->packages_count, "package", packages),
             wording_count (reply->versions_count, "version", versions), reply->entries_count,
             shape ? shape : "", wording_count (reply->archives_count, "archive", archives),
             reply->signed_count, reply->skipped_count);
    print_skipped (screen, reply, args_flag (args, "verbose"));
    if (reply->signed_count < reply->versions_count)
        screen_say (screen, "  To install what nobody signed: ggen market trust add --unsigned "
                            "%s\n", name ? name : "");
    return VERB_DONE;
}

int
registry_import_run (const args_t *args, const screen_t *screen)
{
    AUTO (text_free) char *path = NULL;
    if (!path_take (screen, args_positional (args, 0), PATH_EXISTS, &path))
        return VERB_FAILED;
    Ggen__SourceImportRequest request = GGEN__SOURCE_IMPORT_REQUEST__INIT;
    request.path = path;
    request.name = wording_borrow (args_value (args, "name"));
    AUTO (session_close) session_t *session = session_open (args, screen);
    const Ggen__SourceImportReply *reply =
        session_ask (session, "sources", &request.base, &ggen__source_import_reply__descriptor);
    return reply ? print_import (args, screen, reply) : session_status (session);
}

//  ---- sync --------------------------------------------------------------------------------------

static const char *
action_text (Ggen__SyncAction action)
{
    static const char *const actions [] = {"copied", "present", "repaired", "head", "failed"};
    return (unsigned) action < COUNT_OF (actions) ? actions [action] : "";
}

static json_t *
sync_shape (const Ggen__SourceSyncReply *reply)
{
    json_t *document = json_object (), *entries = json_array ();
    for (size_t at = 0; at < reply->n_entries; at++) {
        const Ggen__SyncEntry *from = reply->entries [at];
        json_t *entry = json_object ();
        shape_set (&entry, "action", shape_text (action_text (from->action)));
        shape_set (&entry, "id", shape_text (from->id));
        shape_set (&entry, "version", shape_text (from->version));
        shape_set (&entry, "size_bytes", count (from->size_bytes));
        shape_set (&entry, "reason", shape_text (from->reason));
        shape_append (&entries, entry);
    }
    shape_set (&document, "from", shape_text (reply->from));
    shape_set (&document, "to", shape_text (reply->to));
    shape_set (&document, "entries", entries);
    shape_set (&document, "copied", count (reply->copied_count));
    shape_set (&document, "present", count (reply->present_count));
    shape_set (&document, "failed", count (reply->failed_count));
    shape_set (&document, "copied_bytes", count (reply->copied_bytes));
    shape_set (&document, "dry_run", json_boolean (reply->dry_run));
    shape_set (&document, "warnings", shape_texts (reply->warnings, reply->n_warnings));
    return document;
}

static void
print_entries (const screen_t *screen, const Ggen__SourceSyncReply *reply, bool all)
{
    size_t shown = all || reply->n_entries < SHOWN_MAX ? reply->n_entries : SHOWN_MAX;
    for (size_t at = 0; at < reply->n_entries; at++) {
        const Ggen__SyncEntry *entry = reply->entries [at];
        //  What went wrong is always told.
        bool failed = entry->action == GGEN__SYNC_ACTION__SYNC_FAILED;
        if (at >= shown && !failed)
            continue;
        AUTO (text_free) char *id = text_clean (entry->id);
        AUTO (text_free) char *version = text_clean (entry->version);
        AUTO (text_free) char *reason = text_clean (entry->reason);
        fprintf (screen->out, "  %-8s %s%s%s%s%s\n", action_text (entry->action), id ? id : "",
                 version && *version ? "@" : "", version ? version : "",
                 reason && *reason ? ": " : "", reason ? reason : "");
    }
    if (reply->n_entries > shown)
        fprintf (screen->out, "  %zu lines more with --verbose\n", reply->n_entries - shown);
}

static int
print_sync (const args_t *args, const screen_t *screen, const Ggen__SourceSyncReply *reply)
{
    if (screen->json) {
        render_json (screen, sync_shape (reply));
        return reply->failed_count ? VERB_FAILED : VERB_DONE;
    }
    char size [TEXT_SIZE_MAX], versions [WORDING_COUNT_MAX];
    AUTO (text_free) char *to = text_clean (reply->to);
    render_warnings (screen, reply->warnings, reply->n_warnings);
    print_entries (screen, reply, args_flag (args, "verbose"));
    fprintf (screen->out, "%s %s %s (%s) to %s; %" PRIu32 " there already, %" PRIu32 " failed.\n",
             render_mark (screen, reply->failed_count ? MARK_WARNING : MARK_GOOD),
             wording_count (reply->copied_count, "version", versions),
             reply->dry_run ? "would be copied" : "copied", text_size (reply->copied_bytes, size),
             to ? to : "", reply->present_count, reply->failed_count);
    return reply->failed_count ? VERB_FAILED : VERB_DONE;
}

//  A name, or a directory: which has a slash, or is "." or "..".
static bool
is_path (const char *text)
{
    return strchr (text, '/') || text [0] == '.';
}

int
registry_sync_run (const args_t *args, const screen_t *screen)
{
    const char *from = args_value (args, "from"), *to = args_value (args, "to");
    AUTO (text_free) char *from_path = NULL;
    AUTO (text_free) char *to_path = NULL;
    if (!to) {
        render_error (screen, VALIDATION, "--to DIR is missing",
                      "see: ggen market registry sync --help");
        return VERB_USAGE;
    }
    if ((is_path (from) && !path_take (screen, from, PATH_EXISTS, &from_path))
        || !path_take (screen, to, PATH_MAY_EXIST, &to_path))
        return VERB_FAILED;
    Ggen__SourceSyncRequest request = GGEN__SOURCE_SYNC_REQUEST__INIT;
    char *ids [ARGS_POSITIONALS_MAX];
    request.from = from_path ? from_path : wording_borrow (from);
    request.to = to_path;
    request.dry_run = args_flag (args, "dry-run");
    request.ids = ids;
    for (; request.n_ids < args->positionals_count; request.n_ids++)
        ids [request.n_ids] = wording_borrow (args_positional (args, request.n_ids));
    AUTO (session_close) session_t *session = session_open (args, screen);
    const Ggen__SourceSyncReply *reply =
        session_ask (session, "sources", &request.base, &ggen__source_sync_reply__descriptor);
    return reply ? print_sync (args, screen, reply) : session_status (session);
}
