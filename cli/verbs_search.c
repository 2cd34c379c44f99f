// SPDX-License-Identifier: MIT
//  search and info: what the registries have.
#include "verbs.h"
#include "registries.h"
#include "render.h"
#include "session.h"
#include "shape.h"
#include "table.h"
#include "text.h"
#include "wording.h"
#include "digest.h"
#include "installer.pb-c.h"
#include "package_id.h"
#include "registry.pb-c.h"
#include "semver.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

//  ---- search ------------------------------------------------------------------------------------

static Ggen__SortOrder
sort_order (const char *word)
{
    static const char *const words [] = {[GGEN__SORT_ORDER__RELEVANCE] = "relevance",
                                         [GGEN__SORT_ORDER__BY_DOWNLOADS] = "downloads",
                                         [GGEN__SORT_ORDER__BY_NAME] = "name",
                                         [GGEN__SORT_ORDER__BY_UPDATED] = "updated"};
    for (size_t at = 0; at < COUNT_OF (words); at++)
        if (strcmp (word, words [at]) == 0)
            return (Ggen__SortOrder) at;
    return GGEN__SORT_ORDER__RELEVANCE;
}

static json_t *
search_shape (const Ggen__SearchReply *reply)
{
    json_t *document = json_object (), *results = json_array ();
    for (size_t at = 0; at < reply->n_results; at++)
        shape_append (&results, shape_package (reply->results [at]));
    shape_set (&document, "results", results);
    shape_set (&document, "total", json_integer (reply->total));
    shape_set (&document, "incomplete", json_boolean (reply->incomplete));
    shape_set (&document, "warnings", shape_texts (reply->warnings, reply->n_warnings));
    return document;
}

static code_t
result_row (table_t *table, const Ggen__Package *package)
{
    const char *text = *package->description ? package->description : package->title;
    return table_row (table, (const char *const []) {package->id, package->version, text});
}

static code_t
detailed_row (table_t *table, const Ggen__Package *package)
{
    static ProtobufCBinaryData unsigned_key;
    char size [TEXT_SIZE_MAX], publisher [WORDING_PUBLISHER_MAX];
    AUTO (text_free) char *tags = wording_join (package->tags, package->n_tags);
    AUTO (text_free) char *categories = wording_join (package->categories, package->n_categories);
    const ProtobufCBinaryData key = package->publisher ? package->publisher->public_key
                                                       : unsigned_key;
    const char *text = *package->description ? package->description : package->title;
    return table_row (table, (const char *const []) {
        package->id, package->version, text, tags, categories, package->license,
        wording_publisher (key, publisher), text_size (package->size_bytes, size),
        package->source});
}

static code_t
print_results (const screen_t *screen, const Ggen__SearchReply *reply, bool detailed)
{
    static const column_t brief [] = {{"PACKAGE", 0}, {"VERSION", 0}, {"DESCRIPTION", TABLE_CUT}};
    static const column_t full [] = {
        {"PACKAGE", 0},           {"VERSION", 0}, {"DESCRIPTION", TABLE_WRAP}, {"TAGS", TABLE_WRAP},
        {"CATEGORY", TABLE_WRAP}, {"LICENSE", 0}, {"PUBLISHER", 0},  {"SIZE", TABLE_RIGHT},
        {"FROM", 0}};
    AUTO (table_destroy) table_t *table =
        detailed ? table_new (screen, full, COUNT_OF (full))
                 : table_new (screen, brief, COUNT_OF (brief));
    code_t code = table ? OK : INTERNAL;
    for (size_t at = 0; code == OK && at < reply->n_results; at++)
        code = detailed ? detailed_row (table, reply->results [at])
                        : result_row (table, reply->results [at]);
    if (code == OK)
        table_print (table);
    return code;
}

//  'is_alone': the network was not asked (registries_alone). 'of_p2p': the verb asks nothing else.
static void
print_no_results (const screen_t *screen, const Ggen__SearchRequest *request, uint64_t total,
                  bool is_alone, bool of_p2p)
{
    AUTO (text_free) char *query = text_clean (request->query);
    const bool filtered = request->n_categories || request->n_tags || *request->author
                          || *request->license || (request->n_registries && !of_p2p);
    if (total > 0) {
        screen_say (screen, "No more results: there are %" PRIu64 ", and --offset is %u.\n", total,
                    request->offset);
        return;
    }
    if (*request->query)
        screen_say (screen, "No package matches \"%s\".\n", query ? query : "");
    else
        screen_say (screen, "No packages.\n");
    if (*request->query && !request->fuzzy)
        screen_say (screen, "  Names that differ by a letter or two: --fuzzy\n");
    if (is_alone)
        screen_say (screen, "  The network was not asked, as no node runs: ggen p2p search, or "
                            "ggen node run\n");
    if (filtered)
        screen_say (screen, "  Leave out a filter to find more.\n");
    else if (*request->query && !of_p2p)
        screen_say (screen, "  Everything there is: ggen market search\n");
    else
        screen_say (screen, "  Publish one: ggen market publish PATH\n");
}

static void
print_footer (const screen_t *screen, const Ggen__SearchRequest *request,
              const Ggen__SearchReply *reply)
{
    char count [WORDING_COUNT_MAX];
    const char *partial = reply->incomplete ? " (incomplete)" : "";
    const uint64_t next = (uint64_t) request->offset + reply->n_results;
    if (next < reply->total)
        screen_say (screen, "\n%zu of %s%s; more: --offset %" PRIu64 "\n", reply->n_results,
                    wording_count (reply->total, "package", count), partial, next);
    else if (reply->n_results > 0 || reply->incomplete)
        screen_say (screen, "\n%s%s\n", wording_count (reply->total, "package", count), partial);
}

static int
print_search (const screen_t *screen, const Ggen__SearchRequest *request,
              const Ggen__SearchReply *reply, const args_t *args, bool is_alone)
{
    if (screen->json) {
        render_json (screen, search_shape (reply));
        return VERB_DONE;
    }
    render_warnings (screen, reply->warnings, reply->n_warnings);
    if (reply->n_results == 0)
        print_no_results (screen, request, reply->total, is_alone, args->verb->id == VERB_P2P_SEARCH);
    else if (print_results (screen, reply, args_flag (args, "detailed")) != OK) {
        render_error (screen, INTERNAL, "out of memory", NULL);
        return VERB_FAILED;
    }
    print_footer (screen, request, reply);
    return VERB_DONE;
}

int
search_run (const args_t *args, const screen_t *screen)
{
    const char *categories [ARGS_OPTIONS_MAX], *tags [ARGS_OPTIONS_MAX];
    Ggen__SearchRequest request = GGEN__SEARCH_REQUEST__INIT;
    request.query = wording_borrow (args_positional (args, 0));
    request.n_categories = args_values (args, "category", categories, COUNT_OF (categories));
    request.categories = (char **) (uintptr_t) categories;
    request.n_tags = args_values (args, "tags", tags, COUNT_OF (tags));
    request.tags = (char **) (uintptr_t) tags;
    request.author = wording_borrow (args_value (args, "author"));
    request.license = wording_borrow (args_value (args, "license"));
    request.limit = (uint32_t) args_count (args, "limit", 20);
    request.offset = (uint32_t) args_count (args, "offset", 0);
    request.sort = sort_order (args_value (args, "sort"));
    request.fuzzy = args_flag (args, "fuzzy");

    registries_t registries;
    AUTO (session_close) session_t *session = session_open (args, screen);
    if (!registries_take (&registries, session, args, screen))
        return session_status (session) ? session_status (session) : VERB_FAILED;
    request.registries = registries.names;
    request.n_registries = registries.count;
    const Ggen__SearchReply *reply =
        session_ask (session, "registry", &request.base, &ggen__search_reply__descriptor);
    if (!reply)
        return session_status (session);
    const bool is_alone = reply->n_results == 0 && !screen->json && !screen->quiet
                          && registries_alone (session, args);
    return print_search (screen, &request, reply, args, is_alone);
}

//  ---- info --------------------------------------------------------------------------------------

static json_t *
version_shape (const Ggen__Package *package)
{
    json_t *self = json_object ();
    shape_set (&self, "version", shape_text (package->version));
    shape_set (&self, "sha256", shape_digest (package->sha256));
    shape_set (&self, "size_bytes", json_integer ((json_int_t) package->size_bytes));
    shape_set (&self, "created_at", shape_time (package->created_at));
    shape_set (&self, "yanked", json_boolean (package->yanked));
    shape_set (&self, "yank_reason", shape_text (package->yank_reason));
    shape_set (&self, "source", shape_text (package->source));
    return self;
}

static json_t *
info_shape (const Ggen__PackageReply *one, const Ggen__ListVersionsReply *all)
{
    json_t *document = json_object (), *versions = json_array ();
    json_t *warnings = shape_texts (one->warnings, one->n_warnings);
    for (size_t at = 0; at < all->n_versions; at++)
        shape_append (&versions, version_shape (all->versions [at]));
    for (size_t at = 0; at < all->n_warnings; at++)
        shape_append (&warnings, shape_text (all->warnings [at]));
    shape_set (&document, "package", shape_package (one->package));
    shape_set (&document, "versions", versions);
    shape_set (&document, "incomplete", json_boolean (all->incomplete));
    shape_set (&document, "warnings", warnings);
    return document;
}

static void
print_joined (const screen_t *screen, const char *title, char *const texts [], size_t texts_count)
{
    AUTO (text_free) char *joined = wording_join (texts, texts_count);
    render_field (screen, title, joined);
}

static void
print_publisher (const screen_t *screen, const Ggen__Package *package)
{
    char fingerprint [WORDING_PUBLISHER_MAX], text [512];
    const Ggen__Publisher *publisher = package->publisher;
    if (!publisher || publisher->public_key.len == 0) {
        render_field (screen, "publisher", "unsigned");
        return;
    }
    snprintf (text, sizeof text, "%s%s%s%s%s%s", publisher->name, *publisher->name ? " " : "",
              *publisher->email ? "<" : "", publisher->email, *publisher->email ? "> " : "",
              wording_publisher (publisher->public_key, fingerprint));
    render_field (screen, "publisher", text);
    char key [PUBLISHER_KEY_TEXT_SIZE + 1];
    render_field (screen, "key", wording_key (publisher->public_key, key));
}

static void
write_dependencies (FILE *out, const Ggen__Package *package)
{
    for (size_t at = 0; at < package->n_dependencies; at++) {
        const Ggen__Dependency *dependency = package->dependencies [at];
        fprintf (out, "%s%s %s%s", at > 0 ? ", " : "", dependency->name, dependency->requirement,
                 dependency->optional ? " (optional)" : "");
    }
}

static void
write_versions (FILE *out, const Ggen__ListVersionsReply *all)
{
    for (size_t at = all->n_versions; at > 0; at--)
        fprintf (out, "%s%s%s", at < all->n_versions ? ", " : "", all->versions [at - 1]->version,
                 all->versions [at - 1]->yanked ? " (yanked)" : "");
    fputs (all->incomplete ? " (incomplete)" : "", out);
}

//  Two fields whose values are lists made of several parts each.
static void
print_lists (const screen_t *screen, const Ggen__Package *package,
             const Ggen__ListVersionsReply *all)
{
    AUTO (text_free) char *needs = NULL;
    AUTO (text_free) char *versions = NULL;
    size_t size;
    FILE *out = open_memstream (&needs, &size);
    if (out) {
        write_dependencies (out, package);
        fclose (out);
    }
    out = open_memstream (&versions, &size);
    if (out) {
        write_versions (out, all);
        fclose (out);
    }
    render_field (screen, "needs", needs);
    render_field (screen, "versions", versions);
}

static void
print_archive (const screen_t *screen, const Ggen__Package *package)
{
    char size [TEXT_SIZE_MAX], time [TEXT_TIME_MAX];
    digest_t digest;
    char hex [DIGEST_HEX_SIZE + 1] = "";
    if (digest_from_field (&digest, package->sha256) == OK)
        digest_to_hex (&digest, hex);
    render_field (screen, "sha256", hex);
    render_field (screen, "size", package->size_bytes ? text_size (package->size_bytes, size) : "");
    render_field (screen, "published", package->created_at ? text_time (package->created_at, time)
                                                           : "");
    render_field (screen, "from", package->source);
    render_field (screen, "location", package->location);
}

//  Both questions can have met the same trouble.
static void
print_more_warnings (const screen_t *screen, const Ggen__PackageReply *one,
                     const Ggen__ListVersionsReply *all)
{
    for (size_t at = 0; at < all->n_warnings; at++) {
        bool told = false;
        for (size_t i = 0; i < one->n_warnings; i++)
            told |= strcmp (one->warnings [i], all->warnings [at]) == 0;
        if (!told)
            render_warning (screen, all->warnings [at]);
    }
}

static void
print_info (const screen_t *screen, const Ggen__PackageReply *one,
            const Ggen__ListVersionsReply *all)
{
    const Ggen__Package *package = one->package;
    render_warnings (screen, one->warnings, one->n_warnings);
    print_more_warnings (screen, one, all);
    render_field (screen, "package", package->id);
    render_field (screen, "version", package->version);
    if (package->yanked)
        render_field (screen, "yanked", *package->yank_reason ? package->yank_reason : "yes");
    if (strcmp (package->title, package->id) != 0)
        render_field (screen, "title", package->title);
    render_field (screen, "description", package->description);
    print_joined (screen, "authors", package->authors, package->n_authors);
    print_joined (screen, "categories", package->categories, package->n_categories);
    print_joined (screen, "tags", package->tags, package->n_tags);
    print_joined (screen, "keywords", package->keywords, package->n_keywords);
    render_field (screen, "license", package->license);
    render_field (screen, "repository", package->repository);
    render_field (screen, "homepage", package->homepage);
    render_field (screen, "ggen", package->ggen_compat);
    print_lists (screen, package, all);
    print_publisher (screen, package);
    print_archive (screen, package);
}

//  PKG or PKG@VERSION; a range would be a question for install.
static bool
read_package (const screen_t *screen, const char *text, char id [PACKAGE_ID_MAX + 1],
              const char **version_p)
{
    semver_t version;
    char message [ARGS_TEXT_MAX];
    *version_p = NULL;
    if (package_id_split (text, id, version_p) != OK)
        snprintf (message, sizeof message, "\"%s\" is no package id", text);
    else if (*version_p && semver_parse (&version, *version_p) != OK)
        snprintf (message, sizeof message, "\"%s\" is no version of %s", *version_p, id);
    else
        return true;
    render_error (screen, VALIDATION, message, "write PKG or PKG@VERSION, as in demo-pack@1.2.0");
    return false;
}

static const Ggen__PackageReply *
ask_package (session_t *session, const char *id, const char *version)
{
    Ggen__GetPackageRequest latest = GGEN__GET_PACKAGE_REQUEST__INIT;
    Ggen__GetPackageVersionRequest exact = GGEN__GET_PACKAGE_VERSION_REQUEST__INIT;
    latest.id = exact.id = wording_borrow (id);
    //  A leading v is accepted and dropped.
    exact.version = wording_borrow (version && *version == 'v' ? version + 1 : version);
    return session_ask (session, "registry", version ? &exact.base : &latest.base,
                        &ggen__package_reply__descriptor);
}

//  After a failure: no registry has it, and yet it may be installed.
static void
tell_of_installed (const screen_t *screen, session_t *session, const char *id)
{
    const Ggen__Failure *failure = session_failure (session);
    if (screen->json || !failure || failure->code != PACKAGE_NOT_FOUND)
        return;
    Ggen__ListInstalledRequest request = GGEN__LIST_INSTALLED_REQUEST__INIT;
    const Ggen__ListInstalledReply *reply =
        session_ask (session, "installer", &request.base, &ggen__list_installed_reply__descriptor);
    for (size_t at = 0; reply && at < reply->n_packages; at++) {
        const Ggen__LockedPackage *package = reply->packages [at];
        AUTO (text_free) char *version = text_clean (package->version);
        if (strcmp (package->name, id) == 0)
            fprintf (screen->err, "note: %s %s is %s: ggen market list --detailed\n", id,
                     version ? version : "", *package->adopted ? "installed (adopted)" : "installed");
    }
}

int
info_run (const args_t *args, const screen_t *screen)
{
    char id [PACKAGE_ID_MAX + 1];
    const char *version;
    if (!read_package (screen, args_positional (args, 0), id, &version))
        return VERB_USAGE;
    AUTO (session_close) session_t *session = session_open (args, screen);
    const Ggen__PackageReply *one = ask_package (session, id, version);
    if (!one) {
        const int status = session_status (session);
        tell_of_installed (screen, session, id);
        return status;
    }
    Ggen__ListVersionsRequest request = GGEN__LIST_VERSIONS_REQUEST__INIT;
    request.id = id;
    const Ggen__ListVersionsReply *all =
        session_ask (session, "registry", &request.base, &ggen__list_versions_reply__descriptor);
    if (!all)
        return session_status (session);
    if (!one->package) {
        render_error (screen, SERIALIZATION, "the registry's answer lacks the package", NULL);
        return VERB_FAILED;
    }
    if (screen->json)
        render_json (screen, info_shape (one, all));
    else
        print_info (screen, one, all);
    return VERB_DONE;
}
