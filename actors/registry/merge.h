// SPDX-License-Identifier: MIT
//  What several registries say of packages, made one (SPEC 4, "Merge"). Entries are the same when id,
//  version, signer and digest are; the registry that was added first is believed for the rest, except
//  that
//      the newest head that any of them has of a publisher (heads.h) decides what is yanked, of
//      the versions and digests it lists;
//      the highest count of downloads is told;
//      a record, readme or digest that one of them lacks is taken from another.
//  Two digests of one version are a conflict. Releases of one version by different keys, of which one is
//  from MERGE_OPEN_SOURCE, where anybody may publish, are none: they are rivals, and told beside each
//  other, up to MERGE_RIVALS_MAX. Entries whose id or version is malformed are left out and counted, as
//  are more rivals.
#ifndef GGEN_MERGE_H
#define GGEN_MERGE_H

#include "runtime/actor/crypto.h"
#include "registry.pb-c.h"

#define MERGE_REGISTRIES_MAX 16         //  merge_adds of one merge
#define MERGE_ENTRIES_MAX   65536       //  of all registries; those beyond are left out and counted
#define MERGE_OPEN_SOURCE   "p2p"       //  packages' source
#define MERGE_RIVALS_MAX    32          //  of one version
#define MERGE_CONFLICTS_MAX 16          //  told; there may be more

typedef struct merge_t merge_t;

typedef struct {
    const char *id, *version;
    const char *sources[2];             //  the registries that disagree
    const uint8_t *digests[2];          //  32 bytes each
} merge_conflict_t;

//  'crypto' checks signatures of heads. NULL: out of memory.
merge_t *merge_new (const crypto_t *crypto);
void merge_destroy (merge_t **self_p);

//  Add what one registry said, in its order. All is borrowed until merge_destroy. An entry without
//  a source gets 'source'.
//  OK, or BUSY: out of memory.
must_use code_t merge_add (merge_t *self, const char *source, Ggen__Package *const *packages,
                           size_t count);

//  Once, after the last merge_add. OK, or BUSY: out of memory.
must_use code_t merge_finish (merge_t *self);

//  ---- after merge_finish; what is returned is borrowed until merge_destroy ----------------------

size_t merge_conflicts_count (const merge_t *self);
const merge_conflict_t *merge_conflict (const merge_t *self, size_t index);

//  Entries that were left out.
size_t merge_dropped_count (const merge_t *self);

//  The version called latest of all there is, yanked ones apart; NULL without any. For one id.
Ggen__Package *merge_latest (merge_t *self);

//  All versions, by id and then ascending.
Ggen__Package **merge_versions (merge_t *self, size_t *count_p);

//  One entry of each id, its latest, in the order that 'request' wants. The order that each
//  registry gave its own results is kept: the merge only decides whose next one comes first. By
//  relevance that is who is better of id equal, id contains, other match of the name (a fuzzy one),
//  description, tag or keyword; then downloads, then id. Ids that have yanked versions only
//  are left out.
Ggen__Package **merge_search (merge_t *self, const Ggen__SearchRequest *request, size_t *count_p);

#endif
