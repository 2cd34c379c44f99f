// SPDX-License-Identifier: MIT
//  The index of an HTTP registry, as a registry directory in the cache. It is asked for with what was
//  remembered of the last answer (ETag), so an index that has not changed costs one short answer; one that
//  has is taken over whole (import_io.h), its records checked, beside the one in use.
//
//      DIRECTORY/web/KEY/current    {"url", "etag", "directory", "version"}; replaced by rename
//                        N/         the registry directory
//                        .index.json    being fetched
//                        .lock      held by who fetches
//  KEY is the beginning of the URL's SHA-256. The time of modification of 'current' says when it was
//  asked for last. The directory before the current one stays for those who are just reading it.
#ifndef GGEN_WEB_COPY_IO_H
#define GGEN_WEB_COPY_IO_H

#include <limits.h>

#include "runtime/actor/crypto.h"
#include "runtime/host/job.h"

#define WEB_COPY_FRESH_S 60         //  so long it is not asked for again

typedef struct {
    const char *cache;              //  absolute: storage.cache_dir; made when it is not there
    const char *url;                //  of index.json, or of the directory that it lies in
    bool asks;                      //  may the network be asked?
    int64_t wall_s;
    const crypto_t *crypto;
    job_t *job;
} web_copy_ask_t;

typedef struct {
    char directory [PATH_MAX];      //  the copy; "" when there is none
    int64_t asked_at;               //  wall seconds of the last answer
    code_t code;                    //  why it was not asked for now, or not taken over; OK
    char why [1024];                //  the words
} web_copy_t;

//  The copy, fetched when it is older than WEB_COPY_FRESH_S. Failures leave the one that was there, and
//  'code' tells: as web_get, import_run; VALIDATION: what is there is no index; BUSY: another process is just
//  fetching it; PERMISSION_DENIED, STORAGE, INSUFFICIENT_DISK_SPACE: the cache cannot be written.
void web_copy_look (const web_copy_ask_t *ask, web_copy_t *copy);

//  It was asked for less than WEB_COPY_FRESH_S ago. One of the future is as good as old: a clock was set.
bool web_copy_is_fresh (const web_copy_t *copy, int64_t wall_s);

//  This copy is not what its server sent any more: who may ask next has the index sent whole.
void web_copy_doubt (const char *cache, const char *url, const char *directory);

//  What was kept of this URL goes. A failure leaves it.
void web_copy_drop (const char *cache, const char *url);

#endif
