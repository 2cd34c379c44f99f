// SPDX-License-Identifier: MIT
//  "registry_sources": the named sources of a home (source_list.h) as one registry, read only. It
//  answers the Registry service (SPEC 4) by asking each source's directory, one after another on its
//  worker, and merging what they say as the coordinator does (answers.h). It asks nobody.
//
//  A package's 'source' is the name of its source. A source that cannot be read (its directory is
//  gone, it is an URL) makes an answer incomplete, with a warning that names it; all of them, and it
//  is the failure. Two sources with two digests of one version are SECURITY. Of a SearchRequest's
//  registries, those named are asked; a name that is no source's is a warning.
//  Publish and Delete are PERMISSION_DENIED.
//  The list is read again whenever its file was replaced.
#ifndef GGEN_REGISTRY_SOURCES_IO_H
#define GGEN_REGISTRY_SOURCES_IO_H

#include "runtime/actor/actor.h"

//  Borrowed for create only.
typedef struct {
    const char *home;           //  absolute: registries.json is in it
} registry_sources_settings_t;

extern const actor_class_t registry_sources_actor;

#endif
