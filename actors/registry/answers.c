// SPDX-License-Identifier: MIT
#include "answers.h"

#include "digest.h"
#include "merge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

//  Left of a body for all but packages.
#define BODY_SLACK (256u << 10)

void
answers_give (out_t *out, const call_t *call, const ProtobufCMessage *reply)
{
    if (call->take_reply)
        call->take_reply (call->take_reply_arg, reply);
    else
        out_answer (out, call->ticket, reply);
}

//  ---- failures ----------------------------------------------------------------------------------

void
answers_failure (out_t *out, call_t *call)
{
    const Ggen__Failure *failure = call_failure (call);
    if (call->asked == 0) {
        out_refuse (out, call->ticket, FEATURE_NOT_ENABLED, "see registry.mode",
                    "registry: none is enabled for this%s%s", call->warnings_count ? ": " : "",
                    call->warnings_count ? call->warnings[0] : "");
        return;
    }
    if (call->asked == 1 && failure) {
        out_refuse_as (out, call->ticket, failure);
        return;
    }
    char text[FAILURE_TEXT_MAX];
    call_describe (call, text, sizeof text);
    out_refuse (out, call->ticket, failure ? failure->code : BUSY, failure ? failure->hint : "",
                "%s", text);
}

static void
refuse_not_found (out_t *out, call_t *call, const char *id, const char *version)
{
    char text[FAILURE_TEXT_MAX], hint[FAILURE_TEXT_MAX];
    call_describe (call, text, sizeof text);
    snprintf (hint, sizeof hint, *version ? "see its versions: ggen market info %s"
                                          : "find names like it: ggen market search --fuzzy %s", id);
    out_refuse (out, call->ticket, PACKAGE_NOT_FOUND, hint, "%s%s%s: no such package here (%s)", id,
                *version ? "@" : "", version, text);
}

static void
conflict_hex (const merge_conflict_t *conflict, char hex[2][DIGEST_HEX_SIZE + 1])
{
    for (unsigned i = 0; i < 2; i++) {
        digest_t digest;
        memcpy (digest.bytes, conflict->digests[i], sizeof digest.bytes);
        digest_to_hex (&digest, hex[i]);
    }
}

static void
refuse_conflict (out_t *out, call_t *call, const merge_conflict_t *conflict)
{
    char hex[2][DIGEST_HEX_SIZE + 1], text[1000];
    conflict_hex (conflict, hex);
    snprintf (text, sizeof text, "%s@%s: registries disagree: '%s' has sha256 %s, '%s' has %s",
              conflict->id, conflict->version, conflict->sources[0], hex[0], conflict->sources[1],
              hex[1]);
    Ggen__Detail rooms[2], *details[2];
    for (unsigned i = 0; i < 2; i++) {
        ggen__detail__init (&rooms[i]);
        rooms[i].key = (char *) conflict->sources[i];
        rooms[i].value = hex[i];
        details[i] = &rooms[i];
    }
    Ggen__Failure failure = GGEN__FAILURE__INIT;
    failure.code = SECURITY;
    failure.message = text;
    failure.hint = "one of them is wrong or lies: find out which before you install either";
    failure.details = details;
    failure.n_details = 2;
    out_answer (out, call->ticket, &failure.base);
}

//  ---- merging -----------------------------------------------------------------------------------

//  What a reply says of packages.
typedef struct {
    Ggen__Package *const *packages;
    size_t count;
    char *const *warnings;
    size_t warnings_count;
    bool incomplete;
    uint64_t total;
} said_t;

static said_t
said_by (const ProtobufCMessage *reply)
{
    if (reply->descriptor == &ggen__package_reply__descriptor) {
        const Ggen__PackageReply *one = (const void *) reply;
        return (said_t) {.packages = &one->package,
                         .count = one->package ? 1 : 0,
                         .warnings = one->warnings,
                         .warnings_count = one->n_warnings};
    }
    if (reply->descriptor == &ggen__list_versions_reply__descriptor) {
        const Ggen__ListVersionsReply *versions = (const void *) reply;
        return (said_t) {.packages = versions->versions,
                         .count = versions->n_versions,
                         .warnings = versions->warnings,
                         .warnings_count = versions->n_warnings,
                         .incomplete = versions->incomplete};
    }
    const Ggen__SearchReply *found = (const void *) reply;
    return (said_t) {.packages = found->results,
                     .count = found->n_results,
                     .warnings = found->warnings,
                     .warnings_count = found->n_warnings,
                     .incomplete = found->incomplete,
                     .total = found->total};
}

static void
destroy_merge (merge_t **merge_p)
{
    merge_destroy (merge_p);
}

//  All that was said, merged; NULL: out of memory. Failures and what was left out become warnings.
static merge_t *
merge_replies (call_t *call, const crypto_t *crypto)
{
    merge_t *merge = merge_new (crypto);
    for (unsigned i = 0; merge && i < call->slots_count; i++) {
        const slot_t *slot = &call->slots[i];
        if (!slot->reply)
            continue;
        said_t said = said_by (slot->reply);
        if (merge_add (merge, slot->backend->name, said.packages, said.count) != OK)
            merge_destroy (&merge);
        call->incomplete |= said.incomplete;
        for (size_t w = 0; w < said.warnings_count; w++)
            call_warn (call, "%s", said.warnings[w]);
    }
    call_warn_of_failures (call);
    if (merge && merge_finish (merge) != OK)
        merge_destroy (&merge);
    if (merge && merge_dropped_count (merge) > 0)
        call_warn (call, "%zu malformed entries were left out", merge_dropped_count (merge));
    return merge;
}

static void
refuse_memory (out_t *out, const call_t *call)
{
    out_refuse (out, call->ticket, BUSY, "", "registry: out of memory");
}

//  Adds a package to what is in a body already. Returns false when it does not fit.
static bool
fits (const Ggen__Package *package, size_t *size_p)
{
    *size_p += ggen__package__get_packed_size (package) + 8;
    return *size_p <= BODY_BYTES_MAX - BODY_SLACK;
}

static void
warn_of_size (call_t *call, const char *which, size_t kept, size_t count)
{
    if (kept == count)
        return;
    call->incomplete = true;
    call_warn (call, "only the %s %zu of %zu fit into one answer", which, kept, count);
}

//  A backend that stands for several has found two digests of one version. What the others say does
//  not make that harmless. Returns whether this was the answer.
static bool
refuse_as_conflict (out_t *out, const call_t *call)
{
    for (unsigned i = 0; i < call->slots_count; i++)
        if (call->slots[i].failure && call->slots[i].failure->code == SECURITY) {
            out_refuse_as (out, call->ticket, call->slots[i].failure);
            return true;
        }
    return false;
}

//  ---- reading -----------------------------------------------------------------------------------

//  Hits of all registries, each id once as far as it can be seen.
static uint64_t
total_of (const call_t *call, size_t merged_count)
{
    uint64_t total = 0, listed = 0;
    for (unsigned i = 0; i < call->slots_count; i++)
        if (call->slots[i].reply) {
            said_t said = said_by (call->slots[i].reply);
            total += said.total > said.count ? said.total : said.count;
            listed += said.count;
        }
    return total - (listed - merged_count);
}

static void
warn_of_conflicts (call_t *call, const merge_t *merge)
{
    for (size_t i = 0; i < merge_conflicts_count (merge); i++) {
        const merge_conflict_t *conflict = merge_conflict (merge, i);
        char hex[2][DIGEST_HEX_SIZE + 1];
        conflict_hex (conflict, hex);
        call_warn (call, "SECURITY: %s@%s: '%s' has sha256 %s, '%s' has %s", conflict->id,
                   conflict->version, conflict->sources[0], hex[0], conflict->sources[1], hex[1]);
    }
}

//  The page of 'request' out of what was merged. A lone registry has turned to it already.
static void
cut_page (call_t *call, const Ggen__SearchRequest *request, Ggen__SearchReply *reply,
          Ggen__Package **all, size_t count)
{
    size_t offset = call->asked == 1 ? 0 : request->offset;
    if (offset > count)
        offset = count;
    reply->results = all + offset;
    reply->n_results = count - offset < request->limit ? count - offset : request->limit;
    bool short_page = reply->n_results < request->limit
                      && (uint64_t) request->offset + reply->n_results < reply->total;
    if (call->asked > 1 && short_page) {
        call->incomplete = true;
        call_warn (call, "of several registries only the first %d results each are merged",
                   REGISTRY_LIMIT_MAX);
    }
    size_t size = 0, wanted = reply->n_results;
    for (reply->n_results = 0; reply->n_results < wanted; reply->n_results++)
        if (!fits (reply->results[reply->n_results], &size))
            break;
    warn_of_size (call, "first", reply->n_results, wanted);
}

void
answers_search (out_t *out, const crypto_t *crypto, call_t *call)
{
    if (call_replies_count (call) == 0) {
        answers_failure (out, call);
        return;
    }
    const Ggen__SearchRequest *request = (const void *) call->request;
    AUTO (destroy_merge) merge_t *merge = merge_replies (call, crypto);
    if (!merge) {
        refuse_memory (out, call);
        return;
    }
    warn_of_conflicts (call, merge);
    size_t count;
    Ggen__Package **all = merge_search (merge, request, &count);
    Ggen__SearchReply reply = GGEN__SEARCH_REPLY__INIT;
    uint64_t total = total_of (call, count);
    reply.total = total < UINT32_MAX ? (uint32_t) total : UINT32_MAX;
    cut_page (call, request, &reply, all, count);
    reply.incomplete = call->incomplete;
    reply.warnings = call->warnings;
    reply.n_warnings = call->warnings_count;
    out_answer (out, call->ticket, &reply.base);
}

void
answers_package (out_t *out, const crypto_t *crypto, call_t *call)
{
    unsigned not_found = call_failures_count (call, PACKAGE_NOT_FOUND);
    if (refuse_as_conflict (out, call))
        return;
    if (call_replies_count (call) + not_found == 0) {
        answers_failure (out, call);
        return;
    }
    AUTO (destroy_merge) merge_t *merge = merge_replies (call, crypto);
    if (!merge) {
        refuse_memory (out, call);
        return;
    }
    if (merge_conflicts_count (merge) > 0) {
        refuse_conflict (out, call, merge_conflict (merge, 0));
        return;
    }
    //  A version asked for by name is answered also when it is yanked.
    bool exact = call->request->descriptor == &ggen__get_package_version_request__descriptor;
    size_t count;
    Ggen__Package **all = merge_versions (merge, &count);
    Ggen__Package *package = exact ? (count > 0 ? all[0] : NULL) : merge_latest (merge);
    if (!package) {
        const Ggen__GetPackageVersionRequest *version = (const void *) call->request;
        const Ggen__GetPackageRequest *latest = (const void *) call->request;
        refuse_not_found (out, call, exact ? version->id : latest->id,
                          exact ? version->version : "");
        return;
    }
    Ggen__PackageReply reply = GGEN__PACKAGE_REPLY__INIT;
    reply.package = package;
    reply.warnings = call->warnings;
    reply.n_warnings = call->warnings_count;
    out_answer (out, call->ticket, &reply.base);
}

void
answers_versions (out_t *out, const crypto_t *crypto, call_t *call)
{
    if (refuse_as_conflict (out, call))
        return;
    if (call_replies_count (call) + call_failures_count (call, PACKAGE_NOT_FOUND) == 0) {
        answers_failure (out, call);
        return;
    }
    AUTO (destroy_merge) merge_t *merge = merge_replies (call, crypto);
    if (!merge) {
        refuse_memory (out, call);
        return;
    }
    if (merge_conflicts_count (merge) > 0) {
        refuse_conflict (out, call, merge_conflict (merge, 0));
        return;
    }
    Ggen__ListVersionsReply reply = GGEN__LIST_VERSIONS_REPLY__INIT;
    size_t count, oldest, size = 0;
    Ggen__Package **all = merge_versions (merge, &count);
    for (oldest = count; oldest > 0; oldest--)
        if (!fits (all[oldest - 1], &size))
            break;
    reply.versions = all + oldest;
    reply.n_versions = count - oldest;
    warn_of_size (call, "newest", reply.n_versions, count);
    reply.incomplete = call->incomplete;
    reply.warnings = call->warnings;
    reply.n_warnings = call->warnings_count;
    answers_give (out, call, &reply.base);
}

void
answers_exists (out_t *out, const crypto_t *crypto, call_t *call)
{
    (void) crypto;
    if (call_replies_count (call) == 0) {
        answers_failure (out, call);
        return;
    }
    Ggen__ExistsReply reply = GGEN__EXISTS_REPLY__INIT;
    for (unsigned i = 0; i < call->slots_count; i++)
        if (call->slots[i].reply)
            reply.exists |= ((const Ggen__ExistsReply *) call->slots[i].reply)->exists;
    out_answer (out, call->ticket, &reply.base);
}
