// SPDX-License-Identifier: MIT
//  What a publisher hands in agrees with itself: the package, its archive, its signed release and
//  its head. Who may publish under a name is the trust actor's to say.
//  Each check returns NULL, or the failure to answer with (reply.h), which names both sides.
#ifndef GGEN_PUBLICATION_H
#define GGEN_PUBLICATION_H

#include "messages/digest.h"
#include "messages/publisher_key.h"
#include "publisher.pb-c.h"
#include "registry.pb-c.h"
#include "runtime/actor/crypto.h"

//  Before the archive is read. VALIDATION: no package, no id, no SemVer version as it has to be
//  written, no digest of 32 bytes, no absolute archive path, or a head without a release.
Ggen__Failure *publication_check_shape (const Ggen__PublishRequest *request);

//  The archive as it was found. CHECKSUM_MISMATCH: other bytes, or another count of them.
Ggen__Failure *publication_check_archive (const Ggen__PublishRequest *request,
                                          const digest_t *digest, uint64_t size_bytes);

//  The release and head that are there; an unsigned package passes. *format_p becomes the release's
//  archive format (static), and stays as it is for an unsigned package.
//  SERIALIZATION      not a record, or of another kind.
//  VALIDATION         a record that no publisher should have signed (record_valid.h).
//  INVALID_SIGNATURE  not signed by the key it names.
//  CHECKSUM_MISMATCH  signs another archive, or another manifest.
//  SECURITY           signs another name, version or size; another publisher's key in package or
//                     head; a head that tells another digest of this version.
Ggen__Failure *publication_check_records (const Ggen__PublishRequest *request,
                                          const crypto_t *crypto, const char **format_p);

//  A head or rotation that comes by itself.
//  VALIDATION         no id, or a record of another kind, or one that nobody should have signed.
//  SERIALIZATION, INVALID_SIGNATURE    as above.
//  SECURITY           a head of another id.
Ggen__Failure *publication_check_head (const Ggen__PutHeadRequest *request,
                                       const crypto_t *crypto);

typedef enum {
    OWNER_NONE,         //  unsigned: it belongs to whoever has the directory
    OWNER_KEY,
    OWNER_UNKNOWN       //  its record is damaged
} owner_t;

//  Whose a package is: its release's signer, else the publisher it names. *key is set by OWNER_KEY.
owner_t publication_owner (const Ggen__Package *package, publisher_key_t *key);

//  May the holder of 'key' (empty: none) delete or replace it?
bool publication_may_change (const Ggen__Package *stored, ProtobufCBinaryData key);

#endif
