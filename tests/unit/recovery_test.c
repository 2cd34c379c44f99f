// SPDX-License-Identifier: MIT
//  The recovery key: read as a person typed it, and what it signs.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cli/recovery.h"
#include "record.h"
#include "runtime/actor/crypto.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
what_was_made_is_read_again_with_spaces_around_it (void **state)
{
    (void) state;
    recovery_t made, read;
    char text [128];
    assert_int_equal (recovery_make (&made), OK);
    snprintf (text, sizeof text, "  %s \r\n", made.text);
    assert_int_equal (recovery_read (&read, text), OK);
    assert_string_equal (read.text, made.text);
    assert_true (digest_equal (&read.public_sha256, &made.public_sha256));
}

static void
what_is_no_recovery_key_is_refused (void **state)
{
    (void) state;
    recovery_t made, read;
    char text [128];
    assert_int_equal (recovery_make (&made), OK);
    const char *wrong [] = {"", " ", "recovery:", "recovery:12", made.text + 9};
    for (size_t i = 0; i < COUNT_OF (wrong); i++)
        assert_int_equal (recovery_read (&read, wrong [i]), VALIDATION);
    snprintf (text, sizeof text, "%s0", made.text);
    assert_int_equal (recovery_read (&read, text), VALIDATION);
    strcpy (text, made.text);
    text [20] = 'G';
    assert_int_equal (recovery_read (&read, text), VALIDATION);
    strcpy (text, made.text);
    text [0] = 'R';
    assert_int_equal (recovery_read (&read, text), VALIDATION);
}

static void
its_rotation_is_a_record_that_everybody_accepts (void **state)
{
    (void) state;
    recovery_t recovery;
    publisher_key_t former = {{1}}, next = {{2}};
    ProtobufCBinaryData packed = {0};
    digest_t signer;
    assert_int_equal (recovery_make (&recovery), OK);
    assert_int_equal (recovery_rotate (&recovery, &former, &next, 1763600000, &packed), OK);
    Ggen__SignedRecord *record;
    Ggen__Rotation *rotation;
    assert_int_equal (record_open (&record, (bytes_t) {packed.data, packed.len}), OK);
    assert_int_equal (record_check (record, crypto_real.verify, NULL), OK);
    assert_int_equal (record_rotation (&rotation, record), OK);
    assert_memory_equal (rotation->former_key.data, former.bytes, PUBLISHER_KEY_SIZE);
    assert_memory_equal (rotation->new_key.data, next.bytes, PUBLISHER_KEY_SIZE);
    assert_int_equal (rotation->seq, 1763600000);
    crypto_real.sha256 (record->key.data, record->key.len, signer.bytes);
    assert_true (digest_equal (&signer, &recovery.public_sha256));
    record_rotation_destroy (&rotation);
    record_destroy (&record);
    free (packed.data);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (what_was_made_is_read_again_with_spaces_around_it),
        cmocka_unit_test (what_is_no_recovery_key_is_refused),
        cmocka_unit_test (its_rotation_is_a_record_that_everybody_accepts),
    };
    return sodium_init () < 0 || cmocka_run_group_tests (tests, NULL, NULL);
}
