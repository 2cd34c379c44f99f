// SPDX-License-Identifier: MIT
//  list and verify: what is installed, and whether it is what was signed.
#include "verbs.h"
#include "path.h"
#include "render.h"
#include "session.h"
#include "shape.h"
#include "table.h"
#include "text.h"
#include "wording.h"
#include "installer.pb-c.h"

#include <inttypes.h>
#include <stdlib.h>

//  ---- list --------------------------------------------------------------------------------------

static json_t *
list_shape (const Ggen__ListInstalledReply *reply)
{
    json_t *document = json_object (), *packages = json_array ();
    for (size_t at = 0; at < reply->n_packages; at++)
        shape_append (&packages, shape_locked_package (reply->packages [at]));
    shape_set (&document, "packages", packages);
    shape_set (&document, "total", json_integer ((json_int_t) reply->n_packages));
    shape_set (&document, "generation", json_integer ((json_int_t) reply->generation));
    shape_set (&document, "warnings", shape_texts (reply->warnings, reply->n_warnings));
    return document;
}

static size_t
count_adopted (const Ggen__ListInstalledReply *reply)
{
    size_t count = 0;
    for (size_t at = 0; at < reply->n_packages; at++)
        count += *reply->packages [at]->adopted != 0;
    return count;
}

static code_t
brief_row (table_t *table, const Ggen__LockedPackage *package, bool marked)
{
    const char *mark = *package->adopted ? "adopted" : "";
    return table_row (table, (const char *const []) {package->name, package->version,
                                                     marked ? mark : package->description,
                                                     package->description});
}

static code_t
detailed_row (table_t *table, const Ggen__LockedPackage *package)
{
    char size [TEXT_SIZE_MAX], time [TEXT_TIME_MAX], publisher [WORDING_PUBLISHER_MAX];
    AUTO (text_free) char *categories = wording_join (package->categories, package->n_categories);
    return table_row (table, (const char *const []) {
        package->name, package->version,
        *package->adopted ? "adopted" : package->direct ? "asked for" : "dependency",
        package->description, categories, text_size (package->size_bytes, size),
        *package->adopted ? "not verified" : wording_publisher (package->publisher_key, publisher),
        package->resolved,
        package->installed_at ? text_time (package->installed_at, time) : ""});
}

static code_t
print_list (const screen_t *screen, const Ggen__ListInstalledReply *reply, bool detailed)
{
    static const column_t brief [] = {{"PACKAGE", 0}, {"VERSION", 0}, {"DESCRIPTION", TABLE_CUT}};
    static const column_t marked [] = {{"PACKAGE", 0}, {"VERSION", 0}, {"", 0},
                                       {"DESCRIPTION", TABLE_CUT}};
    static const column_t full [] = {
        {"PACKAGE", 0},        {"VERSION", 0},           {"WHY", 0},
        {"DESCRIPTION", TABLE_WRAP}, {"CATEGORY", TABLE_WRAP}, {"SIZE", TABLE_RIGHT},
        {"PUBLISHER", 0},      {"FROM", TABLE_WRAP},     {"INSTALLED", 0}};
    const bool marks = count_adopted (reply) > 0;
    AUTO (table_destroy) table_t *table =
        detailed ? table_new (screen, full, COUNT_OF (full))
        : marks  ? table_new (screen, marked, COUNT_OF (marked))
                 : table_new (screen, brief, COUNT_OF (brief));
    code_t code = table ? OK : INTERNAL;
    for (size_t at = 0; code == OK && at < reply->n_packages; at++)
        code = detailed ? detailed_row (table, reply->packages [at])
                        : brief_row (table, reply->packages [at], marks);
    if (code == OK)
        table_print (table);
    return code;
}

int
list_run (const args_t *args, const screen_t *screen)
{
    AUTO (text_free) char *root = NULL;
    if (!path_take (screen, args_value (args, "target"), PATH_EXISTS, &root))
        return VERB_FAILED;
    Ggen__ListInstalledRequest request = GGEN__LIST_INSTALLED_REQUEST__INIT;
    request.root = root;
    request.category = wording_borrow (args_value (args, "category"));

    AUTO (session_close) session_t *session = session_open (args, screen);
    const Ggen__ListInstalledReply *reply =
        session_ask (session, "installer", &request.base, &ggen__list_installed_reply__descriptor);
    if (!reply)
        return session_status (session);
    if (screen->json) {
        render_json (screen, list_shape (reply));
        return VERB_DONE;
    }
    render_warnings (screen, reply->warnings, reply->n_warnings);
    if (print_list (screen, reply, args_flag (args, "detailed")) != OK) {
        render_error (screen, INTERNAL, "out of memory", NULL);
        return VERB_FAILED;
    }
    char count [WORDING_COUNT_MAX];
    const size_t adopted = count_adopted (reply);
    if (adopted > 0)
        screen_say (screen,
                    "\n%s, generation %" PRIu64
                    "; %zu adopted: there before ggen, and never verified\n",
                    wording_count (reply->n_packages, "package", count), reply->generation, adopted);
    else if (reply->n_packages > 0)
        screen_say (screen, "\n%s, generation %" PRIu64 "\n",
                    wording_count (reply->n_packages, "package", count), reply->generation);
    else if (*request.category)
        screen_say (screen, "Nothing of this category is installed.\n");
    else
        screen_say (screen, "Nothing is installed.\n  Find something: ggen market search\n");
    return VERB_DONE;
}

//  ---- verify ------------------------------------------------------------------------------------

static char
letter (Ggen__Finding finding)
{
    static const char letters [] = {
        [GGEN__FINDING__CHANGED] = 'C', [GGEN__FINDING__MISSING] = 'M',
        [GGEN__FINDING__EXTRA] = 'E',   [GGEN__FINDING__MODE] = 'm',
        [GGEN__FINDING__KIND] = 'K',    [GGEN__FINDING__ADOPTED] = 'A',
        [GGEN__FINDING__UNVERIFIABLE] = '?'};
    return (size_t) finding < COUNT_OF (letters) ? letters [finding] : '?';
}

//  An adopted package that nothing is known of is told, but is no difference.
static size_t
count_wrong (const Ggen__VerifyReply *reply)
{
    size_t count = 0;
    for (size_t at = 0; at < reply->n_findings; at++)
        count += !reply->findings [at]->fixed
                 && reply->findings [at]->finding != GGEN__FINDING__ADOPTED;
    return count;
}

static size_t
count_unknown (const Ggen__VerifyReply *reply)
{
    size_t count = 0;
    for (size_t at = 0; at < reply->n_findings; at++)
        count += reply->findings [at]->finding == GGEN__FINDING__ADOPTED;
    return count;
}

static json_t *
verify_shape (const Ggen__VerifyReply *reply)
{
    json_t *document = json_object (), *findings = json_array ();
    for (size_t at = 0; at < reply->n_findings; at++)
        shape_append (&findings, shape_verify_finding (reply->findings [at]));
    shape_set (&document, "ok", json_boolean (count_wrong (reply) == 0));
    shape_set (&document, "findings", findings);
    shape_set (&document, "packages_count", json_integer (reply->packages_count));
    shape_set (&document, "files_count", json_integer (reply->files_count));
    shape_set (&document, "bytes_count", json_integer ((json_int_t) reply->bytes_count));
    shape_set (&document, "warnings", shape_texts (reply->warnings, reply->n_warnings));
    return document;
}

//  What there is to say behind a finding.
static const char *
remark (const Ggen__VerifyFinding *finding)
{
    if (finding->finding != GGEN__FINDING__ADOPTED)
        return finding->fixed ? "  (fixed)" : "";
    return *finding->expected
               ? "  adopted: nothing here tells what is in the archive that its ggen.lock names"
               : "  adopted: nothing to compare with";
}

static void
print_finding (const screen_t *screen, const Ggen__VerifyFinding *finding)
{
    AUTO (text_free) char *package = text_clean (finding->package);
    AUTO (text_free) char *version = text_clean (finding->version);
    AUTO (text_free) char *path = text_clean (finding->path);
    AUTO (text_free) char *expected = text_clean (finding->expected);
    AUTO (text_free) char *actual = text_clean (finding->actual);
    if (!package || !version || !path || !expected || !actual)
        return;
    fprintf (screen->out, "%c %s %s%s%s%s\n", letter (finding->finding), package, version,
             *path ? "  " : "", path, remark (finding));
    if (screen->verbose && (*expected || *actual))
        fprintf (screen->out, "    expected %s\n    actual   %s\n", *expected ? expected : "-",
                 *actual ? actual : "-");
}

static int
print_verify (const screen_t *screen, const Ggen__VerifyReply *reply, bool fix)
{
    char packages [WORDING_COUNT_MAX], files [WORDING_COUNT_MAX], size [TEXT_SIZE_MAX];
    char findings [WORDING_COUNT_MAX];
    const size_t wrong = count_wrong (reply), unknown = count_unknown (reply);
    render_warnings (screen, reply->warnings, reply->n_warnings);
    for (size_t at = 0; at < reply->n_findings; at++)
        print_finding (screen, reply->findings [at]);
    wording_count (reply->packages_count, "package", packages);
    wording_count (reply->files_count, "file", files);
    text_size (reply->bytes_count, size);
    if (wrong == 0 && reply->n_findings > unknown)
        screen_say (screen, "%s %s, %s, %s: %s fixed.\n", render_mark (screen, MARK_GOOD), packages,
                    files, size, wording_count (reply->n_findings - unknown, "difference", findings));
    else if (wrong == 0 && unknown > 0)
        screen_say (screen, "%s %s, %s, %s: no difference. Adopted, with nothing to compare with: %zu.\n",
                    render_mark (screen, MARK_GOOD), packages, files, size, unknown);
    else if (wrong == 0)
        screen_say (screen, "%s %s, %s, %s: all as published.\n",
                    render_mark (screen, MARK_GOOD), packages, files, size);
    else
        screen_say (screen, "%s %s, %s, %s: %s.%s\n", render_mark (screen, MARK_BAD), packages,
                    files, size, wording_count (wrong, "difference", findings),
                    fix ? "" : " Restore the originals: ggen market verify --fix");
    return wrong == 0 ? VERB_DONE : VERB_FAILED;
}

int
verify_run (const args_t *args, const screen_t *screen)
{
    AUTO (text_free) char *root = NULL;
    if (!path_take (screen, args_value (args, "target"), PATH_EXISTS, &root))
        return VERB_FAILED;
    Ggen__VerifyRequest request = GGEN__VERIFY_REQUEST__INIT;
    request.names = (char **) (uintptr_t) args->positionals;
    request.n_names = args->positionals_count;
    request.root = root;
    request.fix = args_flag (args, "fix");

    AUTO (session_close) session_t *session = session_open (args, screen);
    const Ggen__VerifyReply *reply =
        session_ask (session, "installer", &request.base, &ggen__verify_reply__descriptor);
    if (!reply)
        return session_status (session);
    if (!screen->json)
        return print_verify (screen, reply, request.fix);
    render_json (screen, verify_shape (reply));
    return count_wrong (reply) == 0 ? VERB_DONE : VERB_FAILED;
}
