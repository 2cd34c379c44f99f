// SPDX-License-Identifier: MIT
//  `registry sync`: what one registry directory has, copied into another that any web server can
//  serve (SPEC 2.1). The copy is a registry directory itself: index.json, and for each version its
//  archive, record, head and manifest. Each version becomes true by one rename; one that is there
//  with the right bytes is left alone, but for a newer head, which brings yanks. Nothing is removed.
//
//  A version whose archive is an URL is downloaded, into 'to'; that of 'from' may be a copy of an HTTP
//  registry's index (web_copy_io.h).
//
//  Before it is copied a version is checked as a publish is (publication.h): the archive's bytes
//  against its digest, the digest against what was signed, the signatures. One that fails is left out
//  and told, the others are copied.
#ifndef GGEN_MIRROR_IO_H
#define GGEN_MIRROR_IO_H

#include "runtime/actor/crypto.h"
#include "runtime/host/job.h"
#include "sources.pb-c.h"

#define MIRROR_ENTRIES_MAX 10000        //  told one by one; more are counted

typedef struct {
    const char *from, *to;              //  absolute directories
    char *const *ids;                   //  none = all
    size_t ids_count;
    bool dry_run;                       //  nothing is hashed at 'from' or written at 'to'
    int64_t wall_s;
    const crypto_t *crypto;
    job_t *job;
} mirror_t;

//  OK             *reply_p tells of each version; it is the caller's. Some may have failed.
//  VALIDATION     one directory is the other, or inside it.
//  CANCELLED      what was copied until then is there.
//  LOCK_TIMEOUT   another process writes to 'to'.
//  STORAGE, PERMISSION_DENIED, INSUFFICIENT_DISK_SPACE     the disk's answer.
//  Except after OK, *failure_p is the caller's and says what failed.
must_use code_t mirror_run (const mirror_t *ask, Ggen__SourceSyncReply **reply_p,
                            Ggen__Failure **failure_p);

#endif
