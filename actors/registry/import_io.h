// SPDX-License-Identifier: MIT
//  `registry import`: an index file of any shape (import_index.h) becomes a registry directory of its
//  own. Archives come along where download_url is a file: "file:///absolute", or relative to the index.
//  Their digest and size are computed, and have to be those that the index tells, if it does. What
//  has no archive is listed with its URL as location. A record that does not hold makes its version
//  be skipped; without record a version is unsigned. Heads and rotations that hold are taken over.
//
//  An index that was fetched has a base: then nothing on this machine is looked for, and each version
//  is listed with its URL, made absolute (RFC 3986, section 5), or with none when that is neither http
//  nor https.
#ifndef GGEN_IMPORT_IO_H
#define GGEN_IMPORT_IO_H

#include "runtime/actor/crypto.h"
#include "runtime/host/job.h"
#include "sources.pb-c.h"

typedef struct {
    const char *path;               //  absolute, of the index file
    const char *base;               //  URL of that file; NULL: it is this machine's
    const char *directory;          //  absolute, to be made; not there yet
    int64_t wall_s;
    const crypto_t *crypto;
    job_t *job;
} import_t;

//  OK             *reply_p has the counts, without its source; it is the caller's.
//  VALIDATION, SERIALIZATION      the file is none that can be imported.
//  CANCELLED, BUSY; STORAGE, PERMISSION_DENIED, INSUFFICIENT_DISK_SPACE: the disk's answer.
//  Except after OK, *failure_p is the caller's, and the directory may be half made.
must_use code_t import_run (const import_t *ask, Ggen__SourceImportReply **reply_p,
                            Ggen__Failure **failure_p);

#endif
