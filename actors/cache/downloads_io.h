// SPDX-License-Identifier: MIT
//  "downloads": archives from web servers (runtime/host/web.h). Up to JOBS_WORKERS_MAX run beside each
//  other. It asks nobody; the cache asks it for sources that are URLs.
//
//  DownloadRequest   The file at the URL, with the digest checked. What an earlier one brought before it
//                    broke off is kept, and only the rest asked for; when the whole has another digest
//                    then, it is brought once more from its beginning.
//      VALIDATION            no digest, no URL of http or https, or larger than size_bytes, or than
//                            DOWNLOADS_BYTES_MAX.
//      CHECKSUM_MISMATCH     {expected, actual}: other bytes, of which nothing is kept.
//      PACKAGE_NOT_FOUND, NETWORK, FEATURE_NOT_ENABLED     as web_get.
//      INSUFFICIENT_DISK_SPACE, PERMISSION_DENIED, STORAGE the disk's answer.
//      CANCELLED
//
//      DIRECTORY/<64 digits>.part      of this digest, in the making; one process writes it at a time
//                                      (flock): LOCK_TIMEOUT when another one does
//      DIRECTORY/<64 digits>           whole
//
//  Those that nobody has written to for DOWNLOADS_KEPT_SECS are removed when it does its first work.
#ifndef GGEN_DOWNLOADS_IO_H
#define GGEN_DOWNLOADS_IO_H

#include "runtime/actor/actor.h"

#define DOWNLOADS_BYTES_MAX (1ull << 30)
#define DOWNLOADS_KEPT_SECS (7 * 24 * 3600)

//  Borrowed for create only.
typedef struct {
    const char *directory;          //  absolute: it is made when it is missing
    uint64_t bytes_max;             //  limits.packed_mib; 0 or more than DOWNLOADS_BYTES_MAX: that
} downloads_settings_t;

extern const actor_class_t downloads_actor;

#endif
