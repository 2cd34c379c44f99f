// SPDX-License-Identifier: MIT
//  "registry": the coordinator. It answers the eight operations of the Registry service (SPEC 4) by
//  asking the enabled registries at one time and merging what they say (merge.h). It can itself be
//  the backend of another coordinator.
//  It asks its backends the same operations, in the order of the settings, which is the order
//  in which they are believed and their bytes are cheap: file, p2p, http.
//
//  A backend's short name is its address without "registry_" ("file", "p2p", "http"); people and
//  SearchRequest.registries use it.
//
//  Search, ListVersions
//      One that fails or does not answer in time makes the answer incomplete, with a warning that
//      names it; all of them, and it is the failure. VALIDATION for a query above
//      REGISTRY_QUERY_MAX characters, a limit of 0 or above REGISTRY_LIMIT_MAX. Registries asked
//      for by name that are not enabled: a warning, or FEATURE_NOT_ENABLED when no other is left.
//      Of several registries only the first REGISTRY_LIMIT_MAX results each are merged, so beyond
//      them a page is incomplete, and 'total' counts twice what was found twice.
//  ListVersions of an 'exact' version
//      Backends that look into the network are asked only when the others do not have it.
//  Search, ListVersions, GetHeads with 'local'
//      Backends that look into the network are not asked.
//  GetPackage, GetPackageVersion
//      PACKAGE_NOT_FOUND when one at least says so and none has it.
//  Exists
//      Answered with the first yes.
//  Publish
//      To the first backend that takes packages, whose failure it is; then to the others, whose
//      failures are warnings. 'acknowledged' is the sum of theirs.
//  Delete
//      From all that take packages. PACKAGE_NOT_FOUND when none had it; any other failure is told,
//      with where it was deleted nevertheless.
//  Metadata
//      Never fails; a backend that did has the feature "unavailable: CODE". packages_count is the
//      largest of theirs: at least so many there are.
//
//  And beside the service:
//  PutHeadRequest
//      To all that take packages; done when one has it, the failures of others are warnings: a
//      registry that never had the name has nothing to keep.
//  GetHeadsRequest
//      What all have, or with 'local' those at hand, without what is there twice; who answers with a failure
//      is a warning.
//  RegistryStatusRequest
//      What it has done since it was born (metrics.proto).
//
//  One of the backends may stand for named sources (registry_sources_io.h). It is asked only while
//  there are any, as SourcesChanged tells; names in SearchRequest.registries that are no backend's
//  are its sources'. Where it has found two digests of one version, that is the answer.
//
//  Two digests of one version are SECURITY {each source: its digest}; in a Search, which hands out
//  no bytes, a warning: one liar must not be able to stop every search. Releases of two keys are no such
//  thing when one is from the network (merge.h): ListVersions tells both, GetPackageVersion the first.
#ifndef GGEN_REGISTRY_H
#define GGEN_REGISTRY_H

#include "runtime/actor/actor.h"

#define REGISTRY_BACKENDS_MAX 17
#define REGISTRY_LIMIT_MAX    1000
#define REGISTRY_QUERY_MAX    1000      //  characters

//  Operations at one time: PENDING_MAX divided by the number of backends that are asked. More are
//  refused: BUSY.

typedef struct {
    const char *address;        //  "registry_file"
    bool writes;                //  takes publishes and deletes
    bool sources;               //  stands for named sources
    bool remote;                //  looks into the network
} registry_backend_t;

//  env->settings; borrowed for create only.
typedef struct {
    const registry_backend_t *backends;
    unsigned backends_count;    //  at most REGISTRY_BACKENDS_MAX; none of them this actor itself
    uint32_t answer_ms;         //  how long a backend may take to answer a question; 0 = 10 s
    unsigned sources_count;     //  that there are at the start
} registry_settings_t;

extern const actor_class_t registry_actor;

#endif
