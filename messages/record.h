// SPDX-License-Identifier: MIT
//  Signed records: what they are made of, and what makes one acceptable (SPEC 9, record.proto).
//  Nothing here trusts anybody: who may sign for a name is the trust actor's to say. Signatures are
//  checked by a function that the caller brings.
//  The order for bytes that others sent: record_open, record_check, then record_release,
//  record_head or record_rotation; discovery_valid.h has the same for the other kinds.
#ifndef GGEN_RECORD_H
#define GGEN_RECORD_H

#include "digest.h"
#include "publisher_key.h"
#include "publisher.pb-c.h"
#include "record.pb-c.h"

#define RECORD_SIGNATURE_SIZE 64            //  bytes, Ed25519

//  64 KiB. The largest archive allowed by default (100 MiB) has 400 chunks: 12.8 KB of digests. An
//  archive above some 500 MiB has no room for its digests, which is what bounds a record's archive.
#define RECORD_PAYLOAD_MAX 65536
//  A packed SignedRecord: the payload, key, signature and their tags.
#define RECORD_SIZE_MAX (RECORD_PAYLOAD_MAX + 128)

//  Does 'signature' (RECORD_SIGNATURE_SIZE bytes) by 'key' (PUBLISHER_KEY_SIZE bytes) hold for
//  'message'? 'context' is what the caller of record_check () gave.
typedef bool (record_verify_fn) (void *context, const uint8_t *signature,
    const uint8_t *message, size_t size, const uint8_t *key);

//  The bytes that are signed: "ggen record 1" NUL kind-name NUL payload, where the kind's name is
//  as record.proto spells it ("RELEASE"). The caller frees them.
//  Returns NULL when 'kind' is none that is known or the payload is above RECORD_PAYLOAD_MAX.
uint8_t *
    record_signing_bytes (Ggen__RecordKind kind, bytes_t payload, size_t *size_p);

//  Unpack a SignedRecord. Strict: a record has one encoding only. What is not signed must not
//  travel with it, nor make another record of it, so unknown fields, fields given twice and numbers
//  written longer than needed are refused. A field added later has to be inside the payload.
//  OK             *record_p is the record, which the caller destroys.
//  SERIALIZATION  not a SignedRecord, too large, of unknown kind, or key or signature of another
//                 size; *record_p is NULL.
must_use code_t
    record_open (Ggen__SignedRecord **record_p, bytes_t packed);

//  Check the signature of a record that record_open () gave.
//  INVALID_SIGNATURE  'verify' says no.
must_use code_t
    record_check (const Ggen__SignedRecord *record, record_verify_fn *verify, void *context);

//  Unpack the payload of a record that record_open () gave. Unknown fields at its end are accepted:
//  they are signed, and of a later version.
//  OK             *release_p (*head_p, *rotation_p) is set and acceptable; the caller destroys it.
//  SERIALIZATION  the payload is no Release (Head, Rotation), or not in its one encoding: this also
//                 refuses strings with a NUL inside. The pointer is NULL.
//  VALIDATION     the function of record_valid.h for its kind says no. The pointer is NULL.
must_use code_t
    record_release (Ggen__Release **release_p, const Ggen__SignedRecord *record);
must_use code_t
    record_head (Ggen__Head **head_p, const Ggen__SignedRecord *record);
must_use code_t
    record_rotation (Ggen__Rotation **rotation_p, const Ggen__SignedRecord *record);

//  The payload of a record that record_open () gave, as the message of its kind, unpacked as above
//  but not judged. NULL: another kind, or what SERIALIZATION means above. The caller frees it.
ProtobufCMessage *
    record_payload (const Ggen__SignedRecord *record, Ggen__RecordKind kind,
        const ProtobufCMessageDescriptor *type);

//  Free and set to NULL; NULL is accepted.
void
    record_destroy (Ggen__SignedRecord **record_p);
void
    record_release_destroy (Ggen__Release **release_p);
void
    record_head_destroy (Ggen__Head **head_p);
void
    record_rotation_destroy (Ggen__Rotation **rotation_p);

#endif
