// SPDX-License-Identifier: MIT
//  What was there before ggen (SPEC 3.6): a real directory HOME/packages. It is generation 0, where it
//  lies until the first commit moves it, in one rename with the switch:
//
//      HOME/packages.0             the directory; as deep as it was, so that its relative links hold
//      HOME/generations/0          -> ../packages.0
//      HOME/generations/N/ENTRY    -> ../0/ENTRY, for whatever of it N has no package in the place of
//
//  Of a target it is what adopt_target_io.h says, a directory DIR/.ggen/generations/0.
//
//  What of it is a package is the installer's to say; here it is entries. A generation leads to those
//  that the one before it leads to: what was removed does not come back, nor does a package that gave way
//  to one of ours. What is no package does when the one that took its place leaves.
#ifndef GGEN_ADOPT_IO_H
#define GGEN_ADOPT_IO_H

#include "place_io.h"

//  Entries that one survey tells of; more are in reach, and not told of.
#define ADOPT_ENTRIES_MAX 8192

//  Is there a directory that the switch has to adopt?
bool
    adopt_is_due (const place_t *place);

//  Open generation 0, moved or not. -1 and errno: there is none, or it cannot be opened.
int
    adopt_open (const place_t *place);

//  Whether there is a generation 0 with anything in it.
bool
    adopt_is_there (const place_t *place);

typedef enum {
    ADOPT_OTHER,
    ADOPT_DIRECTORY,
    ADOPT_PACKAGE           //  a directory with a manifest
} adopt_kind_t;

//  Returns false to stop.
typedef bool (adopt_visit_fn) (void *argument, const char *path, adopt_kind_t kind);

//  Its entries, and the directories in such of them as are directories without a manifest ("@scope/name").
//  In no order; names that are no UTF-8 are left out, since no package has one. Links to directories
//  count as these.
//  STORAGE, PERMISSION_DENIED: as the system says.
must_use code_t
    adopt_survey (const place_t *place, adopt_visit_fn *visit, void *argument, refusal_t *refusal);

//  The same of these paths of a target alone, as they are in DIR: links are no directories.
must_use code_t
    adopt_survey_named (const place_t *place, char *const *paths, size_t count,
                        adopt_visit_fn *visit, void *argument, refusal_t *refusal);

//  Link the entries of generation 0 in one that is being made, where nothing of theirs is: those that
//  generation 'current' leads to (0: all), but for the 'dropped' paths. All of them, or the generation
//  must not be switched to: whoever had something in packages/ would miss it there.
//  STORAGE, PERMISSION_DENIED, INSUFFICIENT_DISK_SPACE: as the system says.
must_use code_t
    adopt_link (const place_t *place, int generation_fd, uint64_t current, char *const *dropped,
                size_t dropped_count, refusal_t *refusal);

//  Put a link to 'target' in its place, and it in generation 0's.
//  ALREADY_EXISTS   there is a generation 0: another one was adopted before. Nothing has changed.
//  STORAGE, PERMISSION_DENIED: as the system says; it has not moved.
must_use code_t
    adopt_switch (const place_t *place, const char *target, refusal_t *refusal);

#endif
