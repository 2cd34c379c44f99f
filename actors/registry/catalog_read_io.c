// SPDX-License-Identifier: MIT
//  Calls that change nothing.
#include "actors/registry/catalog_self_io.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/registry/words.h"

#define CLOSE_MAX 3             //  ids that a hint names
#define CLOSE_SEARCHED 20
#define VERSIONS_NAMED_MAX 8    //  versions that a hint names, the highest
#define HINT_MAX 2600           //  bytes: as many versions of 255, and words
#define WARNING_MAX 512
#define INDEX_JSON_VERSION "1.0.0"      //  the schema of index.json

//  ---- hints

//  Could somebody who typed 'id' have meant 'other'?
static bool
is_close (const char *id, const char *other)
{
    size_t length = strlen (id);
    unsigned tolerance = words_tolerance (length);
    if (length > WORDS_DISTANCE_TEXT_MAX)
        return false;
    return words_distance (id, other, tolerance) <= tolerance
           || (length >= WORDS_SHORT && strcasestr (other, id));
}

static Ggen__SearchReply *
search_close (catalog_t *self, const char *id)
{
    Ggen__SearchRequest request = GGEN__SEARCH_REQUEST__INIT;
    Ggen__SearchReply *found = NULL;
    request.query = (char *) id;
    request.limit = CLOSE_SEARCHED;
    request.fuzzy = true;
    if (!self->index || index_search (self->index, &request, &found) != OK)
        return NULL;                //  A hint less: the answer is the same
    return found;
}

code_t
catalog_no_package (catalog_t *self, catalog_call_t *call, const char *id)
{
    char hint [HINT_MAX] = "";
    size_t used = 0;
    Ggen__SearchReply *found = search_close (self, id);
    for (size_t i = 0, named = 0; found && i < found->n_results && named < CLOSE_MAX; i++)
        if (is_close (id, found->results [i]->id))
            used += (size_t) snprintf (hint + used, sizeof hint - used, "%s%s",
                                       named++ ? ", " : "did you mean ", found->results [i]->id);
    if (used > 0)
        snprintf (hint + used, sizeof hint - used, "?");
    if (found)
        ggen__search_reply__free_unpacked (found, NULL);
    return catalog_fail (call, reply_failure (PACKAGE_NOT_FOUND, hint, "%s is not in %s", id,
                                              self->directory));
}

code_t
catalog_no_version (catalog_t *self, catalog_call_t *call, const char *id, const char *version)
{
    char hint [HINT_MAX] = "", **versions = NULL;
    size_t count = 0;
    if (!self->shelf || shelf_versions (self->shelf, id, &versions, &count) != OK || count == 0) {
        free (versions);
        return catalog_no_package (self, call, id);
    }
    size_t used = (size_t) snprintf (hint, sizeof hint, "available: ");
    for (size_t i = count; i-- > 0;) {
        if (count - i <= VERSIONS_NAMED_MAX)
            used += (size_t) snprintf (hint + used, sizeof hint - used, "%s%s",
                                       i + 1 < count ? ", " : "", versions [i]);
        free (versions [i]);
    }
    free (versions);
    if (count > VERSIONS_NAMED_MAX)
        snprintf (hint + used, sizeof hint - used, " and %zu older", count - VERSIONS_NAMED_MAX);
    return catalog_fail (call, reply_failure (PACKAGE_NOT_FOUND, hint, "%s@%s is not in %s", id,
                                              version, self->directory));
}

//  ---- answers that fit into a message

//  How many packages, from the first ('step' 1) or the last (-1), fit into an answer.
static size_t
fitting (Ggen__Package *const *packages, size_t count, int step)
{
    size_t size = 0, fit = 0;
    for (; fit < count; fit++) {
        const Ggen__Package *next = step > 0 ? packages [fit] : packages [count - 1 - fit];
        size += ggen__package__get_packed_size (next) + 8;      //  Its tag and length
        if (size > CATALOG_REPLY_MAX)
            break;
    }
    return fit;
}

static void
drop_packages (Ggen__Package **packages, size_t count)
{
    for (size_t i = 0; i < count; i++)
        ggen__package__free_unpacked (packages [i], NULL);
}

//  ---- calls

code_t
catalog_search (catalog_t *self, catalog_call_t *call)
{
    const Ggen__SearchRequest *request = (const void *) call->request;
    code_t code = catalog_open (self, call);
    if (code != OK)
        return code;
    if (!self->index)
        return catalog_answer (self, call, reply_new (&ggen__search_reply__descriptor));
    Ggen__SearchReply *reply;
    code = index_search (self->index, request, &reply);
    if (code == VALIDATION)
        return catalog_fail (
            call, reply_failure (code, "",
                                 "a search has a limit of 1 to %d (this one: %" PRIu32
                                 "), a query of up to %d characters (%zu), up to %d categories "
                                 "(%zu) and tags (%zu), and one of the orders told",
                                 INDEX_LIMIT_MAX, request->limit, WORDS_QUERY_MAX,
                                 words_characters (request->query), INDEX_FILTERS_MAX,
                                 request->n_categories, request->n_tags));
    if (code != OK)
        return catalog_index_failed (self, call, code);
    size_t fit = fitting (reply->results, reply->n_results, 1), more = reply->n_results - fit;
    drop_packages (reply->results + fit, more);
    reply->n_results = fit;
    if (more) {
        char text [WARNING_MAX];
        snprintf (text, sizeof text, "%zu results did not fit; ask for them with offset %zu", more,
                  request->offset + fit);
        reply_add_text (&reply->base, "warnings", text);
    }
    return catalog_answer (self, call, reply);
}

//  The readme is not in the index. Without it the answer is still one.
static void
add_readme (catalog_t *self, Ggen__PackageReply *reply)
{
    Ggen__Package *package = reply->package, *stored;
    if (shelf_get (self->shelf, package->id, package->version, &stored) != OK) {
        reply_add_text (&reply->base, "warnings", shelf_error (self->shelf));
        return;
    }
    if (ggen__package__get_packed_size (package) + strlen (stored->readme) > CATALOG_REPLY_MAX)
        reply_add_text (&reply->base, "warnings", "the readme is too long to be shown");
    else
        reply_set_text (&package->readme, stored->readme);
    ggen__package__free_unpacked (stored, NULL);
}

//  The files are the truth. A record that was damaged after it was indexed is answered as it is, and
//  refused by whoever checks its signature; one that cannot be read is none.
//  PACKAGE_NOT_FOUND: the whole version was removed behind our back.
static code_t
take_record (catalog_t *self, Ggen__Package *package, ProtobufCMessage *reply)
{
    uint8_t *record = NULL;
    size_t size = 0;
    code_t code = shelf_record (self->shelf, package->id, package->version, &record, &size);
    if (code == PACKAGE_NOT_FOUND)
        return code;
    if (package->record.len == 0) {
        free (record);
        return OK;
    }
    if (code != OK)
        reply_add_text (reply, "warnings", shelf_error (self->shelf));
    free (package->record.data);
    package->record.data = record;
    package->record.len = record ? size : 0;
    return OK;
}

//  The index lists a version that the directory has not. It learns that if it may be written now.
static void
tell_gone (catalog_t *self, const Ggen__Package *package, ProtobufCMessage *reply)
{
    char text [WARNING_MAX];
    const char *ignored;
    self->has_lost = true;
    snprintf (text, sizeof text,
              "the files of %.100s@%.100s are gone from the registry; publish it again",
              package->id, package->version);
    if (reply)
        reply_add_text (reply, "warnings", text);
    if (!self->writable || self->in_memory || shelf_lock (self->shelf, 0, 0, NULL, NULL) != OK)
        return;
    catalog_follow (self, package->id, package->version, &ignored);
    shelf_unlock (self->shelf);
}

static code_t
answer_package (catalog_t *self, catalog_call_t *call, Ggen__Package *package)
{
    Ggen__PackageReply *reply = reply_new (&ggen__package_reply__descriptor);
    reply->package = package;
    if (take_record (self, package, &reply->base) == OK) {
        add_readme (self, reply);
        return catalog_answer (self, call, reply);
    }
    tell_gone (self, package, NULL);
    catalog_fail (call, reply_failure (PACKAGE_NOT_FOUND, "publish it again",
                                       "the files of %s@%s are gone from %s", package->id,
                                       package->version, self->directory));
    ggen__package_reply__free_unpacked (reply, NULL);
    return PACKAGE_NOT_FOUND;
}

static code_t
all_yanked (catalog_call_t *call, const char *id)
{
    return catalog_fail (call, reply_failure (PACKAGE_NOT_FOUND,
                                              "name one of its versions if you really want it",
                                              "all versions of %s were withdrawn", id));
}

code_t
catalog_get (catalog_t *self, catalog_call_t *call)
{
    const char *id = ((const Ggen__GetPackageRequest *) (const void *) call->request)->id;
    code_t code = catalog_open (self, call);
    if (code != OK)
        return code;
    if (!self->index)
        return catalog_no_package (self, call, id);
    Ggen__Package *package;
    code = index_latest (self->index, id, &package);
    if (code == OK)
        return answer_package (self, call, package);
    if (code != PACKAGE_NOT_FOUND)
        return catalog_index_failed (self, call, code);
    bool exists = false;
    code = index_exists (self->index, id, &exists);
    if (code != OK)
        return catalog_index_failed (self, call, code);
    return exists ? all_yanked (call, id) : catalog_no_package (self, call, id);
}

code_t
catalog_get_version (catalog_t *self, catalog_call_t *call)
{
    const Ggen__GetPackageVersionRequest *request = (const void *) call->request;
    code_t code = catalog_open (self, call);
    if (code != OK)
        return code;
    if (!self->index)
        return catalog_no_package (self, call, request->id);
    Ggen__Package *package;
    code = index_exact (self->index, request->id, request->version, &package);
    if (code == OK)
        return answer_package (self, call, package);
    if (code == PACKAGE_NOT_FOUND)
        return catalog_no_version (self, call, request->id, request->version);
    return catalog_index_failed (self, call, code);
}

code_t
catalog_list_versions (catalog_t *self, catalog_call_t *call)
{
    const Ggen__ListVersionsRequest *request = (const void *) call->request;
    code_t code = call->opened ? OK : catalog_open (self, call);
    if (code != OK)
        return code;
    if (!self->index)
        return catalog_answer (self, call, reply_new (&ggen__list_versions_reply__descriptor));
    Ggen__ListVersionsReply *reply;
    code = index_versions (self->index, request->id, &reply);
    if (code != OK)
        return catalog_index_failed (self, call, code);
    size_t there = 0;
    for (size_t i = 0; i < reply->n_versions; i++) {
        Ggen__Package *package = reply->versions [i];
        if (take_record (self, package, &reply->base) == OK)
            reply->versions [there++] = package;
        else {
            tell_gone (self, package, &reply->base);
            ggen__package__free_unpacked (package, NULL);
        }
    }
    reply->n_versions = there;
    //  The lowest go: whoever lists versions wants the highest, and records must not go missing.
    size_t fit = fitting (reply->versions, reply->n_versions, -1), less = reply->n_versions - fit;
    drop_packages (reply->versions, less);
    memmove (reply->versions, reply->versions + less, fit * sizeof *reply->versions);
    reply->n_versions = fit;
    if (less) {
        char text [WARNING_MAX];
        snprintf (text, sizeof text, "the %zu lowest versions did not fit", less);
        reply_add_text (&reply->base, "warnings", text);
        reply->incomplete = true;
    }
    return catalog_answer (self, call, reply);
}

code_t
catalog_exists (catalog_t *self, catalog_call_t *call)
{
    const Ggen__ExistsRequest *request = (const void *) call->request;
    bool exists = false;
    code_t code = catalog_open (self, call);
    if (code != OK)
        return code;
    code = self->index ? index_exists (self->index, request->id, &exists) : OK;
    if (code != OK)
        return catalog_index_failed (self, call, code);
    Ggen__ExistsReply *reply = reply_new (&ggen__exists_reply__descriptor);
    reply->exists = exists;
    return catalog_answer (self, call, reply);
}

Ggen__MetadataReply *
catalog_describe (const catalog_t *self, uint64_t packages_count)
{
    static const char *const features []
        = {"search", "fuzzy", "filters", "yank", "downloads", "index.json"};
    char *url = NULL;
    Ggen__MetadataReply *reply = reply_new (&ggen__metadata_reply__descriptor);
    reply_set_text (&reply->name, "file");
    if (asprintf (&url, "file://%s", self->directory) >= 0)
        reply_set_text (&reply->url, url);
    free (url);
    reply_set_text (&reply->version, INDEX_JSON_VERSION);
    reply->packages_count = packages_count;
    reply->supports_publish = self->writable;
    for (size_t i = 0; i < COUNT_OF (features); i++)
        reply_add_text (&reply->base, "features", features [i]);
    return reply;
}

code_t
catalog_metadata (catalog_t *self, catalog_call_t *call)
{
    uint64_t count = 0;
    if (catalog_open (self, call) == OK && self->index
        && index_count (self->index, &count) != OK)
        count = 0;
    if (call->failure)
        ggen__failure__free_unpacked (call->failure, NULL);
    call->failure = NULL;
    return catalog_answer (self, call, catalog_describe (self, count));
}
