// SPDX-License-Identifier: MIT
//  A registry directory that is asked and changed by the messages of the Registry service (SPEC 4):
//  the shelf, which is the truth, and its index. Both are opened by the first call and made current
//  by each: other processes may change the directory, or remove it, at any time.
//
//  Not writable: nothing is published, deleted or counted, and a directory that does not exist is
//  an empty registry and stays away. An index that is stale is still brought up to date, but in
//  memory where the settings say that nothing may be written ('looks').
//  When the disk refuses that (read-only, full), the index is made in memory instead, at a tenth of
//  a millisecond a version; a change tries the disk again.
//
//  Every call may take long (rebuilding an index, hashing an archive, waiting for the lock), so it
//  is for a worker. One thread at a time.
#ifndef GGEN_CATALOG_IO_H
#define GGEN_CATALOG_IO_H

#include "publisher.pb-c.h"
#include "registry.pb-c.h"
#include "actors/registry/registry_file_io.h"
#include "runtime/actor/crypto.h"

//  Packed bytes of an answer. Half of what a message may have: what does not fit is left out, and a
//  warning tells.
#define CATALOG_REPLY_MAX (2u << 20)

typedef struct catalog catalog_t;
typedef struct job_t job_t;

//  'settings' are copied; 'crypto' is borrowed for its life. Opens nothing.
catalog_t *catalog_new (const registry_file_settings_t *settings, const crypto_t *crypto);

//  A registry directory that belongs to somebody else: nothing is ever written to it, so its index
//  is made in memory, anew whenever the directory's generation has moved.
//  STORAGE is then also the answer when the directory is not there.
catalog_t *catalog_new_foreign (const char *directory, const crypto_t *crypto);
void catalog_destroy (catalog_t **self_p);

//  Has a version that the index lists ever been missed in the directory?
bool catalog_has_lost (const catalog_t *self);

//  One request and what became of it.
typedef struct {
    const ProtobufCMessage *request;    //  borrowed
    int64_t wall_s;                     //  when it was asked
    job_t *job;                         //  whose it is: asked whether to stop, told of progress
    bool opened;                        //  a part of a call that has looked at the registry already
    ProtobufCMessage *reply;            //  set by OK; the caller's to free
    Ggen__Failure *failure;             //  set by any other code; the caller's to free
} catalog_call_t;

//  Returns the failure's code. Besides those told below: STORAGE, BUSY, PERMISSION_DENIED,
//  INSUFFICIENT_DISK_SPACE, FEATURE_NOT_ENABLED (no SQLite), LOCK_TIMEOUT: the disk's answer, or
//  another process's; CANCELLED.
typedef code_t (catalog_fn) (catalog_t *self, catalog_call_t *call);

//  VALIDATION            limit, query or filters are outside of what index_io.h allows.
catalog_fn catalog_search;

//  PACKAGE_NOT_FOUND     the hint has ids that are close, or the versions that are there.
catalog_fn catalog_get;
catalog_fn catalog_get_version;

catalog_fn catalog_list_versions;

//  What fails, or does not fit, is left out. VALIDATION: more than MANY_QUESTIONS_MAX.
catalog_fn catalog_list_many;
catalog_fn catalog_heads_many;

catalog_fn catalog_exists;

//  OK whatever happens; the count is then 0.
catalog_fn catalog_metadata;

//  The same without looking at the directory, with this count. For any thread.
Ggen__MetadataReply *catalog_describe (const catalog_t *self, uint64_t packages_count);

//  As publication.h and shelf_put tell, and
//  PERMISSION_DENIED     not writable, or 'force' over another publisher's version.
//  CHECKSUM_MISMATCH     the archive is not the one told.
catalog_fn catalog_publish;

//  PACKAGE_NOT_FOUND, and PERMISSION_DENIED: not writable, or not the caller's.
catalog_fn catalog_delete;

//  A PutHeadRequest.
//  PACKAGE_NOT_FOUND     there never was anything of this id.
//  SERIALIZATION, INVALID_SIGNATURE, VALIDATION    no record, not signed by its key, not a head or
//                        rotation, or not newer than what is there.
//  SECURITY              a head of another id.
//  PERMISSION_DENIED     not writable.
catalog_fn catalog_put_head;

//  A GetHeadsRequest.
catalog_fn catalog_get_heads;

//  An InstalledRequest.
catalog_fn catalog_installed;

//  A ReindexRequest: both indexes anew.
catalog_fn catalog_reindex;

//  A CheckVersionRequest.
//  PACKAGE_NOT_FOUND     as above.
catalog_fn catalog_check_version;

//  A HasArchivesRequest: the archive's file is looked for, its bytes are not read.
catalog_fn catalog_has_archives;

#endif
