// SPDX-License-Identifier: MIT
//  All versions of the names that an installation may touch: asks the registry name by name, and
//  for the names that those depend on, until nothing new turns up.
#ifndef GGEN_INSTALLER_GATHER_H
#define GGEN_INSTALLER_GATHER_H

#include "resolver.h"
#include "task.h"

//  Names one installation may touch; more fail it.
#define GATHER_NAMES_MAX 50000

typedef struct {
    map_t *asked;                           //  name -> itself, once asked for
    char **names;
    size_t names_count, names_room;
    Ggen__ListVersionsReply **lists;
    size_t lists_count, lists_room;
    Ggen__Package **own;                    //  from paths and from the lock
    size_t own_count, own_room;
    const Ggen__Package **candidates;       //  all of the above, for the resolver
    size_t candidates_count, candidates_room;
    bool with_optional;
    bool no_dependencies;
} gather_t;

gather_t *
    gather_new (bool with_optional, bool no_dependencies);
void
    gather_destroy (gather_t **self_p);

//  Ask for a name and, as the answers come, for what its versions depend on.
void
    gather_name (task_t *task, gather_t *self, const char *name);

//  The same when no other version will do than this one, if it is no range and not NULL.
void
    gather_exact (task_t *task, gather_t *self, const char *name, const char *version);

//  A candidate that no registry has; taken. Its dependencies are asked for.
void
    gather_own (task_t *task, gather_t *self, Ggen__Package *package);

//  Whether a registry has this version with this digest (or any, when it is empty).
const Ggen__Package *
    gather_find (const gather_t *self, const char *name, const char *version,
                 ProtobufCBinaryData sha256);

//  Take out candidates that 'keep' says no to.
void
    gather_filter (gather_t *self, bool (*keep) (void *context, const Ggen__Package *package),
                   void *context);

#endif
