// SPDX-License-Identifier: MIT
//  A record of a bulk connection: four bytes of size (lowest first), then as many sealed ones: the sizes
//  of envelope and body (two bytes each), envelope, body, attachment; tag. The four bytes are sealed
//  with it as AAD.
#ifndef GGEN_BULK_RECORD_H
#define GGEN_BULK_RECORD_H

#include "runtime/actor/actor.h"
#include "seal.h"

#define BULK_HEADER_BYTES   4
#define BULK_SIZES_BYTES    4
#define BULK_ENVELOPE_MAX   512u        //  bytes
#define BULK_BODY_MAX       4096u
#define BULK_SEALED_MIN     (BULK_SIZES_BYTES + SEAL_TAG_BYTES)
#define BULK_SEALED_MAX                                                                            \
    (BULK_SIZES_BYTES + BULK_ENVELOPE_MAX + BULK_BODY_MAX + ATTACHMENT_BYTES_MAX + SEAL_TAG_BYTES)

typedef struct {
    bytes_t envelope;
    bytes_t body;
    bytes_t attachment;
} bulk_record_t;

//  Bytes of it on the wire; 0: it is none that may be sent (a part is too long, or the envelope or
//  the attachment is missing).
size_t bulk_record_size (const bulk_record_t *self);

//  Into so many bytes. SECURITY as seal_close.
must_use code_t bulk_record_write (const bulk_record_t *self, seal_t *seal, uint8_t *bytes);

//  How many bytes follow a header; 0: no record is so short or so long.
size_t bulk_record_sealed (const uint8_t header[BULK_HEADER_BYTES]);

//  What followed 'header', opened where it lies; *self borrows from 'bytes'.
//  SECURITY as seal_open; VALIDATION: sealed well, but no record.
must_use code_t bulk_record_read (bulk_record_t *self, seal_t *seal,
                                  const uint8_t header[BULK_HEADER_BYTES], uint8_t *bytes,
                                  size_t size);

#endif
