// SPDX-License-Identifier: MIT
//  "sources": keeps a home's list of named sources, takes older indexes over, mirrors registries.
//  Work is done by jobs, one after another. It asks "trust" (TrustRemove: a name that goes takes
//  with it that its unsigned packages were accepted), and tells "registry" (SourcesChanged).
//
//  SourceListRequest     with the home's own registry as the first, named "file", and that of
//                        registry.url as the last, named "http". Nothing is fetched.
//  SourceAddRequest      VALIDATION: no name for a source, no absolute directory or URL, no registry
//                        in it, SOURCE_LIST_MAX are there; ALREADY_EXISTS. The index of an URL is
//                        fetched, with the codes of web_copy_io.h.
//  SourceRemoveRequest   PACKAGE_NOT_FOUND. What was imported goes with it; a directory stays.
//  SourceImportRequest   as import_io.h, and VALIDATION, ALREADY_EXISTS: a source of that name is
//                        there and was not imported.
//  SourceSyncRequest     as mirror_io.h, and PACKAGE_NOT_FOUND: no such source; of an URL the codes of
//                        web_copy_io.h.
//  PERMISSION_DENIED: a change, in a process that holds the home only to read.
//
//      HOME/registries.json    the list (source_list.h); its rename makes each change true
//      HOME/sources/NAME.N/    registry directories of imported sources; those that the list does not
//                              name are swept by the next change
#ifndef GGEN_SOURCES_IO_H
#define GGEN_SOURCES_IO_H

#include "runtime/actor/actor.h"

//  Borrowed for create only.
typedef struct {
    const char *home;           //  absolute
    const char *registry;       //  absolute: the home's own registry
    const char *cache;          //  absolute: where copies of indexes are kept
    const char *url;            //  registry.url, when it is asked; or NULL
    bool writable;
} sources_settings_t;

extern const actor_class_t sources_actor;

#endif
