// SPDX-License-Identifier: MIT
//  What comes in on a bulk connection. The first byte of the input says what the rest is: 0, the inside
//  of a record of a peer that has the key; 1, a record of somebody who has not; 2, an opening.
//  What is taken for a record lies in the bytes that came and within its bounds; without the key
//  nothing is.
#include "actors/bulk/bulk_record.h"
#include "actors/bulk/opening.h"
#include "tests/fuzz/lib/fuzz.h"

#include <stdlib.h>
#include <string.h>

#define INSIDE_MAX (1u << 16)

static const uint8_t key[SEAL_KEY_BYTES] = {1};

static void
write_header (uint8_t header[BULK_HEADER_BYTES], size_t size)
{
    for (unsigned i = 0; i < BULK_HEADER_BYTES; i++)
        header[i] = (uint8_t) (size >> (8 * i));
}

static void
read_inside (const uint8_t *data, size_t size)
{
    uint8_t header[BULK_HEADER_BYTES], *bytes = malloc (size + SEAL_TAG_BYTES);
    AUTO (seal_destroy) seal_t *closes = seal_new (SEAL_CHACHA20_POLY1305, key, SEAL_CLOSES);
    AUTO (seal_destroy) seal_t *opens = seal_new (SEAL_CHACHA20_POLY1305, key, SEAL_OPENS);
    must_hold (bytes && closes && opens);
    write_header (header, size + SEAL_TAG_BYTES);
    const bytes_t part = {data, size};
    must_hold (seal_close (closes, (bytes_t) {header, sizeof header}, &part, 1, bytes) == OK);
    bulk_record_t record;
    if (bulk_record_sealed (header) > 0
        && bulk_record_read (&record, opens, header, bytes, size + SEAL_TAG_BYTES) == OK) {
        must_hold (record.envelope.data == bytes + BULK_SIZES_BYTES);
        must_hold (record.body.data == record.envelope.data + record.envelope.size);
        must_hold (record.attachment.data == record.body.data + record.body.size);
        must_hold (record.attachment.data + record.attachment.size == bytes + size);
        must_hold (bulk_record_size (&record) == BULK_HEADER_BYTES + size + SEAL_TAG_BYTES);
        must_hold (memcmp (bytes, data, size) == 0);
    }
    free (bytes);
}

static void
read_strange (const uint8_t *data, size_t size)
{
    if (size < BULK_HEADER_BYTES)
        return;
    const size_t sealed = bulk_record_sealed (data);
    must_hold (sealed == 0 || (sealed >= BULK_SEALED_MIN && sealed <= BULK_SEALED_MAX));
    size -= BULK_HEADER_BYTES;
    uint8_t *bytes = malloc (size + 1);
    AUTO (seal_destroy) seal_t *opens = seal_new (SEAL_AES_256_GCM, key, SEAL_OPENS);
    must_hold (bytes && opens);
    memcpy (bytes, data + BULK_HEADER_BYTES, size);
    bulk_record_t record;
    must_hold (bulk_record_read (&record, opens, data, bytes, size) == SECURITY);
    free (bytes);
}

static void
read_opening (const uint8_t *data, size_t size)
{
    const uint8_t token[OPENING_TOKEN_BYTES] = {2}, secret[OPENING_SECRET_BYTES] = {3};
    uint8_t opening[OPENING_BYTES] = {0}, answer[OPENING_ANSWER_BYTES], id[OPENING_ID_BYTES];
    seals_t seals = {0};
    memcpy (opening, data, size < sizeof opening ? size : sizeof opening);
    const code_t peeked = opening_peek (opening, id);
    must_hold (peeked == OK || peeked == VALIDATION);
    must_hold (opening_read (opening, token, secret, answer, &seals) != OK);
    must_hold (!seals.closes && !seals.opens);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    if (size == 0 || size > INSIDE_MAX)
        return 0;
    switch (*data) {
    case 0:
        read_inside (data + 1, size - 1);
        break;
    case 1:
        read_strange (data + 1, size - 1);
        break;
    case 2:
        read_opening (data + 1, size - 1);
        break;
    default:
        break;
    }
    return 0;
}
