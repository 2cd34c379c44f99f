// SPDX-License-Identifier: MIT
//  The head of a publisher, as its owner works on it: find the newest, make the next.
#ifndef GGEN_INSTALLER_HEAD_H
#define GGEN_INSTALLER_HEAD_H

#include "record.h"
#include "registry.pb-c.h"
#include "trust.pb-c.h"

#include "runtime/actor/crypto.h"

//  How long a head is fresh. Whatever is published of the name renews it.
#define HEAD_LIFETIME_S (365 * 86400)

//  Take this record when it is a head of 'name' signed by 'key', newer than *newest_p (NULL: none).
//  What does not hold is left aside.
void
    head_take_newest (Ggen__Head **newest_p, bytes_t packed, const char *name,
                      ProtobufCBinaryData key, record_verify_fn *verify);

//  The next one after 'last' (NULL: the first), of this key: its seq one higher, dated now, with the
//  same versions. record_head_destroy frees it.
Ggen__Head *
    head_next (const Ggen__Head *last, const char *name, const Ggen__KeyInfo *key, int64_t now_s);

//  The entry of a version, or NULL.
Ggen__HeadVersion *
    head_find (const Ggen__Head *self, const char *version);

//  Does a head that has this entry stand for a release that another key signed: for its very payload,
//  and for that key where it names one?
bool
    head_stands_for (const Ggen__HeadVersion *entry, const Ggen__Package *package,
                     const crypto_t *crypto);

//  List a version with this archive, or say so of one that is listed, as if never yanked.
Ggen__HeadVersion *
    head_list (Ggen__Head *self, const char *version, ProtobufCBinaryData sha256);

//  List it no longer; one that is not listed is fine.
void
    head_unlist (Ggen__Head *self, const char *version);

//  Bytes and texts of a message of our own memory, replaced by copies.
void
    head_set_bytes (ProtobufCBinaryData *field, ProtobufCBinaryData value);
void
    head_set_text (char **field, const char *text);

#endif
