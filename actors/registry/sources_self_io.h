// SPDX-License-Identifier: MIT
//  What the files of the "sources" actor share: sources_io.c takes requests, source_work_io.c does them.
#ifndef GGEN_SOURCES_SELF_IO_H
#define GGEN_SOURCES_SELF_IO_H

#include "actors/registry/source_list.h"
#include "runtime/actor/out.h"
#include "runtime/host/job.h"

typedef struct {
    out_t *out;
    jobs_t *jobs;
    const crypto_t *crypto;
    char *home;
    char *registry;
    char *cache;
    char *url;                      //  or NULL
    bool writable;
    struct source_task *tasks;      //  whose jobs have not come back, or wait for trust
} sources_t;

typedef struct source_task {
    struct source_task *next;
    const sources_t *owner;
    ProtobufCMessage *request;
    ticket_t ticket;
    int64_t wall_s;
    job_t *job;
    source_list_t list;             //  as read, and as written
    ProtobufCMessage *reply;        //  the answer, or
    Ggen__Failure *failure;         //  this
    bool changed;                   //  the list was
} source_task_t;

//  On the worker: the request's work, which sets reply or failure; neither: it was cancelled.
typedef void (source_work_fn) (source_task_t *task);

source_work_fn source_work_list, source_work_add, source_work_remove, source_work_import,
    source_work_sync;

#endif
