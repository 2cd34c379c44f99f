// SPDX-License-Identifier: MIT
//  A signed record from others. What opens has one encoding only: packed again it is the input.
//  The signature is not looked at, as that would hide all that comes after it.
#include "messages/record.h"
#include "messages/record_valid.h"
#include "tests/fuzz/lib/fuzz.h"

#include <stdlib.h>
#include <string.h>

static void
check_encoding (const Ggen__SignedRecord *record, const uint8_t *data, size_t size)
{
    must_hold (ggen__signed_record__get_packed_size (record) == size);
    uint8_t *packed = malloc (size + 1);
    must_hold (packed != NULL);
    ggen__signed_record__pack (record, packed);
    must_hold (memcmp (packed, data, size) == 0);
    free (packed);
}

static void
read_payload (const Ggen__SignedRecord *record)
{
    AUTO (record_release_destroy) Ggen__Release *release = NULL;
    AUTO (record_head_destroy) Ggen__Head *head = NULL;
    if (record->kind == GGEN__RECORD_KIND__RELEASE) {
        must_hold ((record_release (&release, record) == OK) == (release != NULL));
        must_hold (!release || record_valid_release (release));
    }
    else {
        must_hold ((record_head (&head, record) == OK) == (head != NULL));
        must_hold (!head || record_valid_head (head));
    }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    AUTO (record_destroy) Ggen__SignedRecord *record = NULL;
    code_t code = record_open (&record, (bytes_t) {data, size});
    must_hold ((code == OK) == (record != NULL));
    if (!record)
        return 0;
    check_encoding (record, data, size);
    size_t signed_size;
    free (record_signing_bytes (record->kind,
                                (bytes_t) {record->payload.data, record->payload.len},
                                &signed_size));
    read_payload (record);
    return 0;
}
