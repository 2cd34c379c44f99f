// SPDX-License-Identifier: MIT
//  "registry_sources": the named sources of a home (source_list.h) as one registry, read only. It
//  answers the Registry service (SPEC 4) by asking each source's directory, one after another on its
//  worker, and merging what they say as the coordinator does (answers.h). It asks nobody.
//
//  A source that is an URL is asked through a copy of its index (web_copy_io.h); where that cannot be
//  fetched the last copy answers, and the answer is incomplete. What failed is not tried again for
//  REGISTRY_SOURCES_RETRY_S. With 'local' in a request nothing is fetched. registry.url is the
//  last source, "http".
//
//  A package's 'source' is the name of its source. A source that cannot be read (its directory is
//  gone, its index was never fetched) makes an answer incomplete, with a warning that names it; all of
//  them, and it is the failure. Two sources with two digests of one version are SECURITY. Of a
//  SearchRequest's registries, those named are asked; a name that is no source's is a warning.
//  Publish and Delete are PERMISSION_DENIED.
//  The list is read again whenever its file was replaced.
#ifndef GGEN_REGISTRY_SOURCES_IO_H
#define GGEN_REGISTRY_SOURCES_IO_H

#include "runtime/actor/actor.h"

#define REGISTRY_SOURCES_RETRY_S 30

//  Borrowed for create only.
typedef struct {
    const char *home;           //  absolute: registries.json is in it
    const char *cache;          //  absolute: where copies of indexes are kept
    const char *url;            //  registry.url, when it is to be asked; or NULL
    bool url_alone;             //  the named sources are not asked (registry.mode = "http")
    bool dry;                   //  nothing may be written: what is fetched lies below $TMPDIR until the end
} registry_sources_settings_t;

extern const actor_class_t registry_sources_actor;

#endif
