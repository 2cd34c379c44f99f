// SPDX-License-Identifier: MIT
//  What the files of the catalog share among themselves.
#ifndef GGEN_CATALOG_SELF_IO_H
#define GGEN_CATALOG_SELF_IO_H

#include "actors/registry/catalog_io.h"
#include "actors/registry/index_io.h"
#include "actors/registry/reply.h"
#include "actors/registry/shelf_io.h"

struct catalog {
    char *directory;
    bool writable;
    bool looks;
    bool foreign;               //  somebody else's: never written to
    unsigned lock_attempt_ms;
    const crypto_t *crypto;
    shelf_t *shelf;             //  NULL until opened, and while there is no directory
    index_t *index;             //  the same
    bool in_memory;             //  the index is
    bool has_lost;              //  files that the index lists
    char *warning;              //  told with the next answer that can carry it, or NULL
};

//  The call fails with this failure, which is taken; returns its code.
code_t catalog_fail (catalog_call_t *call, Ggen__Failure *failure);

//  It fails with the words of shelf or index.
code_t catalog_shelf_failed (const catalog_t *self, catalog_call_t *call, code_t code);
code_t catalog_index_failed (const catalog_t *self, catalog_call_t *call, code_t code);

//  There is no such id; the hint has some that are close.
code_t catalog_no_package (catalog_t *self, catalog_call_t *call, const char *id);
//  There is no such version; the hint has those that are there.
code_t catalog_no_version (catalog_t *self, catalog_call_t *call, const char *id,
                           const char *version);

//  Long work on the index is told to this job, until it is NULL.
void catalog_watch (catalog_t *self, job_t *job);

//  Shelf and index are open and current; or both are NULL: there is no directory.
must_use code_t catalog_open (catalog_t *self, catalog_call_t *call);
//  The same for a change: not without the disk.
must_use code_t catalog_open_to_change (catalog_t *self, catalog_call_t *call);

//  The writers' lock for a call, waiting as SPEC 6, S3 says and as a job may; the call fails without it.
//  shelf_unlock gives it back.
must_use code_t catalog_lock (catalog_t *self, catalog_call_t *call);

//  Take over a text, or NULL, that the next answer that can carry one tells.
void catalog_keep_warning (catalog_t *self, char *text);

//  Index and index.json follow the shelf. *warning_p: why they do not; borrowed, or NULL.
void catalog_follow (catalog_t *self, const char *id, const char *version,
                     const char **warning_p);

//  The call succeeds with 'reply', which is taken and gets the warning that waits.
code_t catalog_answer (catalog_t *self, catalog_call_t *call, void *reply);

#endif
