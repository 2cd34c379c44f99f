// SPDX-License-Identifier: MIT
//  One version as a registry directory has it, and whether it still is what was signed.
#ifndef GGEN_STORED_IO_H
#define GGEN_STORED_IO_H

#include "actors/registry/shelf_io.h"
#include "publisher.pb-c.h"
#include "runtime/actor/crypto.h"
#include "runtime/host/job.h"

typedef struct {
    Ggen__Package *package;         //  as of shelf_get
    uint8_t *manifest;              //  NULL: it has none
    size_t manifest_size;
    const char *manifest_name;
    char *minisig;                  //  the same
    const char *format;             //  of the archive, by stored_judge (static); NULL = not known
} stored_t;

//  Codes of shelf_get; stored_clear also after a failure. A manifest or minisig that does not read is
//  none.
must_use code_t stored_read (stored_t *self, shelf_t *shelf, const char *id, const char *version);
void stored_clear (stored_t *self);

//  What of its records is not as publication.h wants it, to be freed; or NULL.
Ggen__Failure *stored_judge_records (stored_t *self, const crypto_t *crypto);

//  The same, and the archive: its bytes when there is a 'job', which is told of progress and asked
//  whether to stop (then CANCELLED), else only that a file of its size is there.
Ggen__Failure *stored_judge (stored_t *self, const crypto_t *crypto, job_t *job);

#endif
