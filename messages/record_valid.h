// SPDX-License-Identifier: MIT
//  What makes the payload of a signed record acceptable, whoever signed it. For publishers before
//  they sign, and for record.c after it unpacked what others signed.
#ifndef GGEN_RECORD_VALID_H
#define GGEN_RECORD_VALID_H

#include "base.h"
#include "publisher.pb-c.h"
#include "record.pb-c.h"

#define RECORD_CHUNK_BYTES 262144           //  256 KiB, the one chunk size there is
#define RECORD_UNPACKED_MAX 536870912       //  512 MiB (SPEC 3.3)
#define RECORD_DEPENDENCIES_MAX 512
#define RECORD_VERSIONS_MAX 1024            //  of one head
#define RECORD_REASON_MAX 1024              //  bytes of a yank reason

//  A release: a valid name and a canonical version; digests of 32 bytes; at least one byte and one
//  file; ceil (size / RECORD_CHUNK_BYTES) chunks; at most RECORD_UNPACKED_MAX bytes unpacked; at
//  most RECORD_DEPENDENCIES_MAX dependencies, no name twice, each with a range of semver_range.h
//  and a key of 0 or 32 bytes; a format we read; a time that is not negative.
bool
    record_valid_release (const Ggen__Release *release);

//  A head: a valid name; seq at least 1; 0 <= issued < expires; at most RECORD_VERSIONS_MAX
//  canonical versions, none twice, with digests of 32 bytes and reasons of at most
//  RECORD_REASON_MAX bytes of UTF-8 and digests of releases of 0 or 32; recovery and successor of
//  0 or 32 bytes.
bool
    record_valid_head (const Ggen__Head *head);

//  A rotation: two different keys of 32 bytes; seq at least 1; a time that is not negative.
bool
    record_valid_rotation (const Ggen__Rotation *rotation);

#endif
