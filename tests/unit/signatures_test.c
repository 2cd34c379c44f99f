// SPDX-License-Identifier: MIT
//  What is remembered of a signature, and that nothing else is.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "actors/trust/signatures.h"

#include <stdlib.h>
#include <string.h>

static unsigned checks;

//  A signature holds when it starts with the payload's last byte.
static bool
count_and_verify (void *context, const uint8_t *signature, const uint8_t *message, size_t size,
                  const uint8_t *key)
{
    (void) context;
    (void) key;
    checks++;
    return signature[0] == message[size - 1];
}

static crypto_t crypto;

static int
set_up (void **state)
{
    crypto = crypto_real;
    crypto.verify = count_and_verify;
    checks = 0;
    *state = signatures_new (&crypto);
    return 0;
}

static int
tear_down (void **state)
{
    signatures_t *self = *state;
    signatures_destroy (&self);
    return 0;
}

typedef struct {
    uint8_t payload[4], key[PUBLISHER_KEY_SIZE], signature[RECORD_SIGNATURE_SIZE];
    Ggen__SignedRecord record;
} signed_t;

static void
make (signed_t *self, uint32_t number)
{
    memset (self, 0, sizeof *self);
    ggen__signed_record__init (&self->record);
    memcpy (self->payload, &number, sizeof number);
    self->signature[0] = self->payload[3];
    self->record.kind = GGEN__RECORD_KIND__RELEASE;
    self->record.payload = (ProtobufCBinaryData) {sizeof self->payload, self->payload};
    self->record.key = (ProtobufCBinaryData) {sizeof self->key, self->key};
    self->record.signature = (ProtobufCBinaryData) {sizeof self->signature, self->signature};
}

static void
a_signature_that_holds_is_checked_once (void **state)
{
    signed_t one;
    make (&one, 1);
    assert_int_equal (signatures_check (*state, &one.record), OK);
    assert_int_equal (signatures_check (*state, &one.record), OK);
    assert_int_equal (checks, 1);
}

static void
one_that_does_not_hold_is_checked_each_time (void **state)
{
    signed_t one;
    make (&one, 1);
    one.signature[0] ^= 1;
    assert_int_equal (signatures_check (*state, &one.record), INVALID_SIGNATURE);
    assert_int_equal (signatures_check (*state, &one.record), INVALID_SIGNATURE);
    assert_int_equal (checks, 2);
}

static void
whatever_differs_is_another_signature (void **state)
{
    signed_t one;
    make (&one, 1);
    assert_int_equal (signatures_check (*state, &one.record), OK);
    one.key[31] ^= 1;
    assert_int_equal (signatures_check (*state, &one.record), OK);
    one.payload[0] ^= 1;
    assert_int_equal (signatures_check (*state, &one.record), OK);
    one.signature[63] ^= 1;
    assert_int_equal (signatures_check (*state, &one.record), OK);
    one.record.kind = GGEN__RECORD_KIND__HEAD;
    assert_int_equal (signatures_check (*state, &one.record), OK);
    assert_int_equal (checks, 5);
    one.signature[0] ^= 1;
    assert_int_equal (signatures_check (*state, &one.record), INVALID_SIGNATURE);
}

static void
hundreds_are_remembered_and_more_than_its_bound_are_checked_again (void **state)
{
    signed_t one;
    for (unsigned round = 0; round < 2; round++)
        for (uint32_t i = 0; i < SIGNATURES_MAX / 4; i++) {
            make (&one, i);
            assert_int_equal (signatures_check (*state, &one.record), OK);
        }
    //  Hardly any take each other's place
    assert_in_range (checks, SIGNATURES_MAX / 4, SIGNATURES_MAX / 4 + SIGNATURES_MAX / 128);
    for (unsigned round = 0; round < 2; round++)
        for (uint32_t i = 0; i < 8 * SIGNATURES_MAX; i++) {
            make (&one, i);
            assert_int_equal (signatures_check (*state, &one.record), OK);
        }
    assert_true (checks > 8 * SIGNATURES_MAX);
}

//  ---- many ------------------------------------------------------------------------------------------

static unsigned lessons;

static void
verify_each (crypto_check_t *list, size_t count)
{
    lessons++;
    for (size_t i = 0; i < count; i++)
        list[i].holds = crypto.verify (NULL, list[i].signature, list[i].message, list[i].size,
                                       list[i].key);
}

#define MANY SIGNATURES_LEARN_MAX

static void
make_many (signed_t *list, Ggen__SignedRecord **records, size_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        make (&list[i], i);
        records[i] = &list[i].record;
    }
}

static void
what_was_learnt_is_not_checked_again_and_what_does_not_hold_is_refused (void **state)
{
    static signed_t list[MANY];
    Ggen__SignedRecord *records[MANY];
    make_many (list, records, MANY);
    list[7].signature[0] ^= 1;
    crypto.verify_many = verify_each;
    lessons = 0;
    signatures_learn (*state, records, MANY);
    assert_int_equal (lessons, 1);
    assert_int_equal (checks, MANY);
    for (unsigned i = 0; i < MANY; i++)
        assert_int_equal (signatures_check (*state, records[i]), i == 7 ? INVALID_SIGNATURE : OK);
    assert_in_range (checks, MANY + 1, MANY + 1 + MANY / 32);
    //  What is known is not asked for again, but for the one that does not hold.
    checks = 0;
    signatures_learn (*state, records, MANY);
    assert_in_range (checks, 1, 1 + MANY / 32);
}

static void
more_than_fit_or_where_crypto_cannot_nothing_is_learnt (void **state)
{
    static signed_t list[MANY + 1];
    Ggen__SignedRecord *records[MANY + 1];
    make_many (list, records, MANY + 1);
    signatures_learn (*state, records, MANY + 1);
    assert_int_equal (checks, 0);
    crypto.verify_many = verify_each;
    signatures_learn (*state, records, MANY + 1);
    assert_int_equal (checks, MANY);
    assert_int_equal (signatures_check (*state, records[MANY]), OK);
    assert_int_equal (checks, MANY + 1);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown (a_signature_that_holds_is_checked_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown (one_that_does_not_hold_is_checked_each_time, set_up,
                                         tear_down),
        cmocka_unit_test_setup_teardown (whatever_differs_is_another_signature, set_up, tear_down),
        cmocka_unit_test_setup_teardown (
            hundreds_are_remembered_and_more_than_its_bound_are_checked_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown (
            what_was_learnt_is_not_checked_again_and_what_does_not_hold_is_refused, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown (more_than_fit_or_where_crypto_cannot_nothing_is_learnt,
                                         set_up, tear_down),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
