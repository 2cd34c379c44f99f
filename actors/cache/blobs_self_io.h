// SPDX-License-Identifier: MIT
//  What blobs_io.c (blobs) shares with blobs_part_io.c (parts, and what is served of them); nobody
//  else includes it.
#ifndef GGEN_BLOBS_SELF_IO_H
#define GGEN_BLOBS_SELF_IO_H

#include "blob_store_io.h"
#include "part_io.h"
#include "runtime/actor/map.h"
#include "runtime/actor/out.h"
#include "runtime/host/job.h"
#include "upkeep.pb-c.h"

typedef enum {
    BLOBS_FIND,
    BLOBS_IMPORT,
    BLOBS_TAKE_MANY,
    BLOBS_LIST,
    BLOBS_DROP,
    BLOBS_PART_LOOK,                //  is it a blob already?
    BLOBS_PART_VERIFY,
    BLOBS_PART_FINISH
} blobs_task_t;

//  A job and what became of it; its ticket is job_ticket ().
typedef struct blobs_work_t blobs_work_t;
typedef struct blobs_many_t blobs_many_t;
struct blobs_work_t {
    blobs_work_t *next;
    blob_store_t *store;
    blobs_task_t task;
    digest_t digest;
    uint64_t size_bytes;
    char *source;                   //  IMPORT
    code_t code;
    blob_failure_t failure;
    blob_stamp_t stamp;
    char path[BLOB_PATH_MAX];
    Ggen__BlobListReply *list;      //  LIST
    Ggen__BlobDropRequest *drop;    //  DROP
    Ggen__BlobDropReply *dropped;
    blobs_many_t *many;             //  TAKE_MANY
    uint8_t *digests;               //  PART_LOOK, PART_VERIFY: of all chunks, or NULL
    uint8_t bitmap[PART_BITMAP_MAX];
    bool hold;                      //  PART_FINISH
};

typedef struct {
    out_t *out;
    jobs_t *jobs;
    blob_store_t *store;
    map_t *stamps;                  //  digest -> blob_stamp_t
    uint64_t seed;
    blobs_work_t *works;            //  started, not returned
} blobs_t;

//  ---- blobs_io.c --------------------------------------------------------------------------------

bool blobs_is_checked (const blobs_t *self, const digest_t *digest, const blob_stamp_t *stamp);
void blobs_remember (blobs_t *self, const digest_t *digest, const blob_stamp_t *stamp);

//  NULL: out of memory.
blobs_work_t *blobs_work_new (const blobs_t *self, blobs_task_t task);
void blobs_work_destroy (blobs_work_t **work_p);

//  Takes 'work'. OK or BUSY.
must_use code_t blobs_start (blobs_t *self, ticket_t ticket, blobs_work_t *work);

void blobs_answer_failure (blobs_t *self, ticket_t ticket, const digest_t *digest,
                           const blob_failure_t *cause);

//  ---- blobs_many_io.c ---------------------------------------------------------------------------

//  The work of TAKE_MANY, on a worker; and what follows from it.
void blobs_many_run (blobs_work_t *work, const blob_watch_t *watch);
void blobs_many_done (blobs_t *self, ticket_t ticket, blobs_work_t *work);
void blobs_many_destroy (blobs_many_t **self_p);

code_t blobs_on_take_many (void *self, const delivery_t *at, const ProtobufCMessage *message);

//  ---- blobs_part_io.c ---------------------------------------------------------------------------

//  The work of the tasks PART_..., on a worker; and what follows from it.
void blobs_part_run (blobs_work_t *work, const blob_watch_t *watch);
void blobs_part_done (blobs_t *self, ticket_t ticket, blobs_work_t *work);

//  Handlers.
code_t blobs_on_part_open (void *self, const delivery_t *at, const ProtobufCMessage *message);
code_t blobs_on_part_write (void *self, const delivery_t *at, const ProtobufCMessage *message);
code_t blobs_on_part_finish (void *self, const delivery_t *at, const ProtobufCMessage *message);
code_t blobs_on_part_drop (void *self, const delivery_t *at, const ProtobufCMessage *message);
code_t blobs_on_hold (void *self, const delivery_t *at, const ProtobufCMessage *message);
code_t blobs_on_read (void *self, const delivery_t *at, const ProtobufCMessage *message);

#endif
