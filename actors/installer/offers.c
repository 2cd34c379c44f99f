// SPDX-License-Identifier: MIT
#include "offers.h"

#include "memory.h"
#include "semver.h"
#include "semver_range.h"
#include "message.h"

#include <stdlib.h>
#include <string.h>

//  A candidate while it is judged.
typedef struct {
    const Ggen__Package *package;
    semver_t version;
    bool installed, trusted, refused;
    Ggen__Verdict why;                  //  when refused
    size_t unfit_count;
} judged_t;

//  Newest first; of one version the smaller digest first, as the resolver has it.
static int
compare_judged (const void *a_, const void *b_)
{
    const judged_t *a = a_, *b = b_;
    int order = semver_order (&b->version, &a->version);
    if (order != 0)
        return order;
    const ProtobufCBinaryData x = a->package->sha256, y = b->package->sha256;
    if (x.len != y.len)
        return x.len < y.len ? -1 : 1;
    return x.len > 0 ? memcmp (x.data, y.data, x.len) : 0;
}

//  "" and "*" are any version (resolver.h); what is no range is not resolved.
static bool
fits (const char *range_text, const semver_t *version)
{
    semver_range_t *range = NULL;
    if (!*range_text || strcmp (range_text, "*") == 0 || strcmp (range_text, "latest") == 0
        || semver_range_parse (&range, range_text) != OK)
        return true;
    bool satisfied = semver_range_satisfied (range, version);
    semver_range_destroy (&range);
    return satisfied;
}

static bool
is_accepted_unsigned (const offers_query_t *query, const char *source)
{
    for (size_t i = 0; i < query->unsigned_count; i++)
        if (strcmp (query->unsigned_registries [i], source) == 0)
            return true;
    return false;
}

static bool
is_by (const Ggen__Package *package, bytes_t key)
{
    return package->publisher && key.size > 0 && package->publisher->public_key.len == key.size
           && memcmp (package->publisher->public_key.data, key.data, key.size) == 0;
}

//  Whether the pinned publisher offers any version. If not, its key may have been followed by
//  another: that is for trust to say.
static bool
is_offered_by (const offers_query_t *query, bytes_t key)
{
    for (size_t i = 0; i < query->candidates_count; i++)
        if (is_by (query->candidates [i], key))
            return true;
    return false;
}

static void
refuse (judged_t *judged, Ggen__Verdict why)
{
    if (!judged->refused)
        judged->why = why;
    judged->refused = true;
}

static void
judge (const offers_query_t *query, judged_t *judged)
{
    const Ggen__Package *package = judged->package;
    const Ggen__LockedPackage *installed = query->installed;
    const ProtobufCBinaryData key =
        package->publisher ? package->publisher->public_key : (ProtobufCBinaryData) {0, NULL};
    const bytes_t pinned = query->pinned_key;
    judged->installed = installed && strcmp (installed->version, package->version) == 0
                        && message_same_bytes (installed->sha256, package->sha256);
    judged->trusted = is_by (package, pinned);
    if (key.len > 0 && !judged->trusted && is_offered_by (query, pinned))
        refuse (judged, GGEN__VERDICT__OTHER_PUBLISHER);
    if (key.len == 0 && !judged->installed && !is_accepted_unsigned (query, package->source))
        refuse (judged, GGEN__VERDICT__NOT_SIGNED);
    if (package->yanked && !judged->installed)
        refuse (judged, GGEN__VERDICT__YANKED);
    for (size_t i = 0; i < query->needs_count; i++)
        judged->unfit_count += !fits (query->needs [i].range, &judged->version);
    if (judged->unfit_count > 0)
        refuse (judged, GGEN__VERDICT__UNFIT);
}

//  The best of those that were not refused and are not older than what is installed; or NULL.
static const judged_t *
best_of (const judged_t *list, size_t count, const semver_t *installed)
{
    const judged_t *best = NULL;
    for (size_t i = 0; i < count; i++)
        if (!list [i].refused && (!installed || semver_compare (&list [i].version, installed) >= 0)
            && (!best || semver_compare_latest (&list [i].version, &best->version) > 0))
            best = &list [i];
    return best;
}

static Ggen__Verdict
verdict_of (const judged_t *judged, const judged_t *chosen, const char *chosen_version)
{
    semver_t version;
    if (judged == chosen)
        return GGEN__VERDICT__CHOSEN;
    if (judged->refused)
        return judged->why;
    if (!chosen_version || semver_parse (&version, chosen_version) != OK)
        return GGEN__VERDICT__OLDER;
    int order = semver_compare (&judged->version, &version);
    if (order == 0)
        return GGEN__VERDICT__OTHER_BYTES;
    if (semver_is_prerelease (&judged->version) && !semver_is_prerelease (&version))
        return GGEN__VERDICT__PRE_RELEASE;
    return order > 0 ? GGEN__VERDICT__NOT_LOCKED : GGEN__VERDICT__OLDER;
}

static Ggen__Package *
package_copy (const Ggen__Package *package)
{
    //  What is left out of a copy is left out of the original for as long as it is packed.
    Ggen__Package brief = *package;
    brief.readme = (char *) (uintptr_t) "";
    brief.record = brief.head = (ProtobufCBinaryData) {0, NULL};
    size_t size = ggen__package__get_packed_size (&brief);
    uint8_t *bytes = memory_new (size, 1);
    ggen__package__pack (&brief, bytes);
    Ggen__Package *copy = ggen__package__unpack (NULL, size, bytes);
    free (bytes);
    return copy;
}

static Ggen__Offer *
offer_new (const offers_query_t *query, const judged_t *judged)
{
    Ggen__Offer *offer = memory_new (1, sizeof *offer);
    ggen__offer__init (offer);
    offer->package = package_copy (judged->package);
    offer->installed = judged->installed;
    offer->trusted = judged->trusted;
    offer->unfit_for = memory_new (judged->unfit_count, sizeof (void *));
    for (size_t i = 0; i < query->needs_count; i++) {
        if (fits (query->needs [i].range, &judged->version))
            continue;
        Ggen__LockedDependency *need = memory_new (1, sizeof *need);
        ggen__locked_dependency__init (need);
        need->name = memory_strdup (query->needs [i].dependant);
        need->version = memory_strdup (query->needs [i].range);
        offer->unfit_for [offer->n_unfit_for++] = need;
    }
    return offer;
}

static const judged_t *
installed_of (const judged_t *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (list [i].installed)
            return &list [i];
    return NULL;
}

size_t
offers_judge (const offers_query_t *query, Ggen__Offer ***offers_p, const char **chosen_p,
              const char **updated_p)
{
    judged_t *list = memory_new (query->candidates_count, sizeof *list);
    size_t count = 0;
    for (size_t i = 0; i < query->candidates_count; i++) {
        list [count] = (judged_t) {.package = query->candidates [i]};
        if (semver_parse (&list [count].version, query->candidates [i]->version) == OK)
            judge (query, &list [count++]);
    }
    qsort (list, count, sizeof *list, compare_judged);
    semver_t now;
    bool has = query->installed && semver_parse (&now, query->installed->version) == OK;
    const judged_t *best = best_of (list, count, has ? &now : NULL);
    const judged_t *chosen = query->installed ? installed_of (list, count) : best;
    *chosen_p = query->installed ? query->installed->version : best ? best->package->version : NULL;
    *updated_p = best ? best->package->version : *chosen_p;
    *offers_p = memory_new (count, sizeof **offers_p);
    for (size_t i = 0; i < count; i++) {
        (*offers_p) [i] = offer_new (query, &list [i]);
        (*offers_p) [i]->verdict = verdict_of (&list [i], chosen, *chosen_p);
    }
    free (list);
    return count;
}
